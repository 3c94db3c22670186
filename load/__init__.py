"""The client of the shop: a schedule made beforehand, requests sent on time, and a truthful report."""
