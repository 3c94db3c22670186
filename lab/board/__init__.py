"""The facilitator's board: who of a room has solved the mystery round, and how fast. Nothing but names and scores."""
