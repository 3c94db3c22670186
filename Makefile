# The same as ./tracelab, under the names that make users expect.
.PHONY: demo test install check

demo:
	./tracelab demo

test:
	./tracelab test

install:
	./tracelab install

check:
	./tracelab install --dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy --strict
	.venv/bin/mypy --strict tracelab
	.venv/bin/lint-imports
