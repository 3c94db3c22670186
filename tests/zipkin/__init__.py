"""Zipkin's v2 API: one suite against the real server and the built-in backend."""
