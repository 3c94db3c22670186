"""Fixtures that find or start the real servers: `jaeger`, `zipkin`, `postgres`, `chromium`, `docker`.

Each is found by its address in the environment, then on the PATH, then through Docker:

- `jaeger`: TRACELAB_JAEGER_URL, the query address (beside it TRACELAB_JAEGER_OTLP and TRACELAB_JAEGER_ZIPKIN where they
  are not 4318 and 9411 of the same host); `jaeger`; the image jaegertracing/jaeger
- `zipkin`: TRACELAB_ZIPKIN_URL; `zipkin`, or `java` with the server's jar in ZIPKIN_JAR; the image openzipkin/zipkin
- `postgres`: TRACELAB_POSTGRES_URL, of a user who may create databases; `initdb` or `pg_config`, or where Debian keeps
  them; the image postgres
- `chromium`: TRACELAB_CHROMIUM, the program; `chromium` or `google-chrome`
- `docker`: `docker`, with its engine running

A test that finds none is skipped with a line that says how to get it, and fails where TRACELAB_REQUIRE, a comma list of
these names, asks for it.
"""
