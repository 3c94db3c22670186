"""The shop's correctness: real processes, real sockets, both databases."""
