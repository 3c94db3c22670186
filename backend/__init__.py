"""The built-in tracing backend: takes spans in, keeps the latest traces, shows them. Never traced itself."""
