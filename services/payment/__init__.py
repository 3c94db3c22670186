"""The payment service: authorises, captures and voids, and asks the card issuer."""
