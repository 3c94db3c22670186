"""Tests of the tracelab command."""
