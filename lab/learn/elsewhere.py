"""A shop that is not ours to start: that of the compose file, which a lesson in a container uses as it is."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol
from urllib.parse import urlsplit

from discovery import client
from lab import plan
from lab.learn.lesson import Lesson
from lab.options import Options
from lab.shop import Shop
from lab.tracing import Tracing

_TRACE_URL = "{query}/trace/{{trace_id}}"


class Scene(Protocol):
    """What a lesson needs of a shop: where people open it, where its traces are, in which environment it is found."""

    @property
    def url(self) -> str:
        """The gateway's address for people."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """In which commands find it."""
        ...

    tracing: Tracing

    def wait(self) -> None:
        """Stay until interrupted."""
        ...


class Elsewhere:
    """The shop that the environment names."""

    def __init__(self) -> None:
        found = client.probe(os.environ.get("TRACELAB_BACKEND", "http://127.0.0.1:9411"))
        page = os.environ.get("TRACELAB_TRACE_URL") or _TRACE_URL.format(query=found.url)
        self.tracing = Tracing(found.make.value, found.url, page, {})
        self.url = plan.url("gateway", 0)
        self.environment: Mapping[str, str] = dict(os.environ)

    def wait(self) -> None:
        """Stay until interrupted."""
        threading.Event().wait()


def is_there() -> bool:
    """Whether the environment names a shop, as the compose file does."""
    return bool(os.environ.get("TRACELAB_TARGET"))


def suits(lesson: Lesson) -> bool:
    """Whether a lesson can do with such a shop: one that needs no start of its own, no copy and no log files."""
    parts = lesson.parts.values()
    has_all = lesson.kind != "mend" and not lesson.reads_logs
    return has_all and not any(part.environment or part.trial(1).at_start for part in parts)


def pages(shop: Scene) -> str:
    """Where people look at a shop's traces."""
    address = urlsplit(shop.tracing.page)
    return f"{address.scheme}://{address.netloc}"


def scene(options: Options, tell: Callable[[str], None]) -> AbstractContextManager[Scene]:
    """A shop of our own, or the one that is there."""
    return nullcontext(Elsewhere()) if is_there() else Shop(options, tell)
