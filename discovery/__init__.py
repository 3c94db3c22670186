"""Reads traces from a backend or a file and computes over them: one immutable model, pure functions."""
