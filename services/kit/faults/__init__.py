"""Faults that ride on a request: `plane` reads which, one module a kind says what each does. Which request is hit is the load's choice."""
