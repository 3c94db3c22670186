"""The inventory service: what can be sold, and what is held for whom."""
