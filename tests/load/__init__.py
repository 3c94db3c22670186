"""Tests of the load generator, against a tiny shop on a real socket."""
