"""What every service shares, one noun a module.

`service` builds an app, `serving` runs it. Around a request: `edge` (checks and accounting), `budget` (time),
`problems` (errors), `faults` (trouble by request). Behind it: `client` (calls to other services) with `breaker`,
`database` with `sqlite`, `idempotency`, `threads`. Beside it: `telemetry` (the only module that knows the
OpenTelemetry SDK), `logs`, `saturation`, `settings`, `products`, `whole`.
"""
