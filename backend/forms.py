"""The forms in which batches are kept, by their numbers in the file."""

from __future__ import annotations

from backend import otlp_form, zipkin_form
from backend.batch import Batch, Form, Opened


def described(form: int, body: bytes) -> Batch | None:
    """Describe a kept body again."""
    taken = zipkin_form.take(body) if form == Form.ZIPKIN else otlp_form.take(body)
    return taken.batch


def opened(form: int, body: bytes) -> Opened:
    """Read a kept body again."""
    return zipkin_form.ZipkinBatch(body) if form == Form.ZIPKIN else otlp_form.OtlpBatch(body)
