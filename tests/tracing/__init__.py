"""The shop's traces, as real Jaeger, real Zipkin and the built-in backend keep them."""
