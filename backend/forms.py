"""The forms in which batches are kept, by their numbers in the file."""

from __future__ import annotations

from backend import otlp_form, zipkin_form
from backend.batch import Batch, Form, Opened, Taken
from discovery.errors import Malformed


def described(form: int, body: bytes) -> Batch:
    """Describe a kept body again; one that an earlier version took and this one cannot read has no spans."""
    try:
        taken = zipkin_form.take(body) if form == Form.ZIPKIN else otlp_form.take(body)
    except Malformed:
        taken = Taken(None)
    return taken.batch or Batch(Form(form), body, 0, [], set(), set(), b"")


def opened(form: int, body: bytes) -> Opened:
    """Read a kept body again."""
    return zipkin_form.ZipkinBatch(body) if form == Form.ZIPKIN else otlp_form.OtlpBatch(body)
