"""The built-in backend on real sockets, in a thread of the test's process."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from backend import command
from backend.retention import Limits
from backend.store import Store
from tests.real.tracing import Tracing

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request got."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@contextmanager
def builtin(limits: Limits | None = None, **options: Any) -> Iterator[Tracing]:
    """Serve a fresh backend on two free ports until the block ends; options are those of `backend.app.create`."""
    sockets = [command.listen(0, "--port"), command.listen(0, "--otlp-port")]
    store = Store(limits=limits)
    server = command.server(store, **options)
    thread = threading.Thread(target=server.run, kwargs={"sockets": sockets})
    thread.start()
    while not server.started:
        time.sleep(0.005)
    query, otlp = (f"http://127.0.0.1:{each.getsockname()[1]}" for each in sockets)
    try:
        yield Tracing(query, f"{query}/api/v2/spans", otlp)
    finally:
        server.should_exit = True
        thread.join()
        store.close()


def ask(url: str, *, body: bytes | None = None, method: str | None = None, **headers: str) -> Answer:
    """Send a request and take any answer; in a header's name `_` stands for `-`."""
    spelled = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data=body, method=method, headers=spelled)
    try:
        with _OPENER.open(request, timeout=10) as response:
            return Answer(response.status, response.read(), dict(response.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read(), dict(error.headers))


def post_json(url: str, document: Any) -> Answer:
    """Post a document as JSON."""
    return ask(url, body=json.dumps(document).encode(), content_type="application/json")
