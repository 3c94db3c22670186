"""The shop's only door, as a customer meets it."""
