"""What a check has at hand: the answers, the words, the shop that is up, and shops of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from discovery import client
from discovery.errors import NotFound
from discovery.trace import Trace
from lab import overlay, ports, state, tracing
from lab.customer import Customer
from lab.evaluation import running
from lab.learn import elsewhere, evidence, stage, workplace
from lab.learn.lesson import Lesson
from lab.learn.remark import Remark
from lab.learn.words import Words
from lab.options import Options
from lab.plan import PORTS
from lab.shop import Shop

_BESIDE = (tracing.ZIPKIN_PORT, tracing.OTLP_PORT, max(PORTS.values()) + 1)  # the backend, a service of the learner's


class NotUp(Exception):
    """The lesson's shop is not up."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check said, and a trace that shows it, with the spans to mark in it."""

    remarks: tuple[Remark, ...]
    trace: Trace | None = None
    marked: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Here:
    """One check of one lesson."""

    lesson: Lesson
    words: Words
    answers: Mapping[str, str]

    @property
    def run(self) -> Path:
        """The run of a lesson that sends orders without any fault."""
        return stage.folder(self.lesson.number) / "run" / "run"

    def say(self, fine: bool, name: str, /, **values: object) -> Remark:
        """Remark on one thing, in the learner's words: `name`, or `name_not` where it is not fine."""
        return Remark(fine, self.words(name if fine else f"{name}_not", **values))

    def judge(self, key: str, right: bool, **values: object) -> Remark:
        """Remark on an answer; one that is not given yet is asked for again."""
        said = self.answers.get(key, "")
        return self.say(right, key, said=said, **values) if said else self.missing(key)

    def missing(self, key: str) -> Remark:
        """Ask for an answer again."""
        asked = self.lesson.asks[key]
        told = asked.ko if self.words.language == "ko" else asked.en
        return Remark(fine=False, text=self.words("answer_missing", key=key, asked=told))

    def environment(self) -> Mapping[str, str]:
        """In which the shop that is up is found; NotUp where none is."""
        up = state.running(state.folder())
        if up is None and elsewhere.is_there():
            return os.environ
        if up is None:
            raise NotUp(self.words("not_up", number=self.lesson.number))
        return up.environment

    def trace(self, key: str) -> tuple[Trace | None, Remark | None]:
        """The trace of an answer, read from the backend in use; else what to say about its lack."""
        said = self.answers.get(key, "")
        pasted = evidence.read(said)
        if pasted is None:
            name = "trace_unreadable" if said else "trace_missing"
            return None, Remark(fine=False, text=self.words(name, key=key, said=said[:60]))
        backend = client.probe(self.environment()["TRACELAB_BACKEND"])
        try:
            return client.read(backend, pasted.trace_id, wait=3.0), None
        except NotFound:
            return None, Remark(fine=False, text=self.words("trace_absent", trace=pasted.trace_id, backend=backend.url))

    @contextmanager
    def shop(self) -> Iterator[Customer]:
        """A shop of the check's own, on free ports, which serves the learner's copy; with a customer at its door."""
        place = stage.folder(self.lesson.number) / "check"
        state.must_be_free(place)  # a check in another terminal
        shutil.rmtree(place, ignore_errors=True)  # books and traces of an earlier check
        copy = workplace.folder(self.lesson)
        offset = ports.free_offset([*running.SHOP, *_BESIDE], running.offsets())
        options = Options(state=place, port_offset=offset, overlay=overlay.checked(copy))
        with Shop(options) as shop:
            yield Customer(shop.url, shop.tracing.query)
