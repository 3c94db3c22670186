"""The API gateway: the shop's only door."""
