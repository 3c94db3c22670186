"""Faults that ride on a request: `plane` reads which; one module a kind says what it does.

Which requests are hit is not decided here but by whoever sends them.
"""
