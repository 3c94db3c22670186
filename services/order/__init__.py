"""The order service: takes an order through payment and stock, and undoes what failed half-way."""
