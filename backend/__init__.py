"""The built-in tracing backend: takes spans in, keeps the latest traces, answers queries and shows pages. Never traced itself."""
