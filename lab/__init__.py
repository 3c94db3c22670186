"""The tracelab command: bootstrap aside, everything that starts, drives and explains the shop."""
