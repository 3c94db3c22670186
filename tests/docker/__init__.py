"""The compose file, with a real engine."""
