"""Calls to other services: connections kept, a time budget, retries where they are safe, a circuit breaker.

The only user of httpx2. What may come back: an `Answer` (any 2xx); else a `Problem` - the other side's own for a 4xx,
429 and 504, and 503 for everything that means "it is down": a refused or broken connection after retries, any other
5xx, an open breaker. Time that runs out is `budget.OutOfTime`.
"""

from __future__ import annotations

import itertools
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx2
import stamina
from opentelemetry import trace

from services.kit import budget, manner, problems
from services.kit.breaker import Breaker, State
from services.kit.problems import Problem

logger = logging.getLogger("tracelab.client")

_ATTEMPTS = 3
_LIMITS = httpx2.Limits(max_connections=256, max_keepalive_connections=64, keepalive_expiry=15)
_SAFE = frozenset({"GET", "HEAD"})
_FAIR_SECONDS = 0.5  # a call that was given less and came to nothing tells of its caller's haste, not of the other side


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer; `body` is its JSON object or list."""

    status: int
    body: Any


class Peer:
    """Another service: one address or several that take turns, asked from async handlers."""

    def __init__(self, name: str, urls: tuple[str, ...], breaker: Breaker | None = None) -> None:
        self._calls = _Calls(name, urls, breaker)
        self._client = httpx2.AsyncClient(**_options(urls))

    async def get(self, path: str) -> Answer:
        """GET a path."""
        return await self._ask("GET", path, None, None)

    async def post(self, path: str, body: object, key: str) -> Answer:
        """POST a JSON body under an idempotency key, which is what makes a retry safe."""
        return await self._ask("POST", path, body, key)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, method: str, path: str, body: object, key: str | None) -> Answer:
        with self._calls.guarded() as call:
            async for attempt in stamina.retry_context(on=call.retriable(method, key), **call.retries()):
                with attempt:
                    return call.read(await self._client.request(method, call.url(path), **call.options(body, key)))
        raise AssertionError("unreachable: the last attempt returns or raises")


class BlockingPeer:
    """The same for plain `def` handlers on a worker thread."""

    def __init__(self, name: str, urls: tuple[str, ...], breaker: Breaker | None = None) -> None:
        self._calls = _Calls(name, urls, breaker)
        self._client = httpx2.Client(**_options(urls))

    def post(self, path: str, body: object, key: str) -> Answer:
        """POST a JSON body under an idempotency key."""
        with self._calls.guarded() as call:
            for attempt in stamina.retry_context(on=call.retriable("POST", key), **call.retries()):
                with attempt:
                    return call.read(self._client.request("POST", call.url(path), **call.options(body, key)))
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def close(self) -> None:
        """Close the connections."""
        self._client.close()


class _Calls:
    """What a blocking and an async peer have in common."""

    def __init__(self, name: str, urls: tuple[str, ...], breaker: Breaker | None) -> None:
        self.name = name
        self._turns = itertools.cycle(urls)
        self._breaker = breaker or Breaker(on_change=self._changed)

    @contextmanager
    def guarded(self) -> Iterator[_Calls]:
        """One call through the breaker, with the library's errors turned into ours."""
        given = min(budget.require(), manner.current().timeout or _FAIR_SECONDS)
        late = self._breaker.failed if given >= _FAIR_SECONDS else self._breaker.abandoned
        if not self._breaker.admit():
            self._say(self._breaker.state)
            raise problems.unavailable(
                f"{self.name} is cut off for now: it failed repeatedly.", self._breaker.retry_after()
            )
        try:
            yield self
        except httpx2.TimeoutException as error:
            late()
            raise budget.OutOfTime from error
        except httpx2.TransportError as error:
            self._breaker.failed()
            raise problems.unavailable(f"{self.name} cannot be reached.") from error
        except Problem as problem:
            judge = late if problem.status == 504 else self._breaker.failed
            judge() if problem.status >= 500 else self._breaker.succeeded()
            raise
        except BaseException:
            self._breaker.abandoned()
            raise
        self._breaker.succeeded()

    @staticmethod
    def retriable(method: str, key: str | None) -> Callable[[Exception], bool]:
        """What may be tried again: a broken connection, where asking twice does no more than asking once."""
        if manner.current().attempts > 1:
            return _is_failure
        safe = method in _SAFE or key is not None
        broken = (httpx2.NetworkError, httpx2.RemoteProtocolError) if safe else httpx2.ConnectError
        return lambda error: isinstance(error, broken)

    @staticmethod
    def retries() -> dict[str, Any]:
        """Three attempts, 25 ms and then about 50 ms apart, as long as there is time."""
        at_once = manner.current().attempts
        if at_once > 1:
            no_pause = {"wait_initial": 0, "wait_max": 0, "wait_jitter": 0}
            return {"attempts": at_once, "timeout": budget.require(), **no_pause}
        return {
            "attempts": _ATTEMPTS,
            "timeout": budget.require(),
            "wait_initial": 0.025,
            "wait_max": 0.2,
            "wait_jitter": 0.025,
        }

    def url(self, path: str) -> str:
        """The address to ask now: several take turns, a retry goes to the next."""
        if self.name in manner.current().deserted:
            return _nowhere() + path
        return next(self._turns) + path

    @staticmethod
    def options(body: object, key: str | None) -> dict[str, Any]:
        """Body, headers and the time left, as the library wants them."""
        left = budget.require()
        headers = {budget.HEADER: str(int(left * 1000))}
        if key is not None:
            headers["Idempotency-Key"] = key
        timeout = min(left, manner.current().timeout or left)
        return {"headers": headers, "timeout": timeout} | ({} if body is None else {"json": body})

    def read(self, response: httpx2.Response) -> Answer:
        """An answer's JSON, or the problem that it is."""
        if response.is_success:
            return Answer(response.status_code, response.json())
        if response.status_code == 504:
            raise problems.out_of_time(f"{self.name} ran out of time.")
        if response.status_code == 429:
            raise problems.busy(f"{self.name} is too busy.")
        if response.status_code >= 500:
            raise problems.unavailable(f"{self.name} failed.")
        raise _relayed(response)

    def _say(self, state: State) -> None:
        trace.get_current_span().add_event("circuit breaker", {"peer": self.name, "state": state.value})

    def _changed(self, state: State) -> None:
        self._say(state)
        logger.warning(
            "The circuit breaker for %s is %s.", self.name, state.value, extra={"peer": self.name, "state": state.value}
        )


def _options(urls: tuple[str, ...]) -> dict[str, Any]:
    # Certificates are 2 MB and 30 ms a client, for nothing where no address is https. A proxy is never ours to use.
    return {"limits": _LIMITS, "trust_env": False, "verify": any(url.startswith("https:") for url in urls)}


def _is_failure(error: Exception) -> bool:
    return isinstance(error, httpx2.TransportError) or (isinstance(error, Problem) and error.status >= 500)


@cache
def _nowhere() -> str:
    """An address of this machine where nobody listens, and nobody will: the port is taken, by a socket that is deaf."""
    deaf = socket.socket()
    deaf.bind(("127.0.0.1", 0))
    _deaf.append(deaf)
    return f"http://127.0.0.1:{deaf.getsockname()[1]}"


_deaf: list[socket.socket] = []  # kept open


def _relayed(response: httpx2.Response) -> Problem:
    """The other side's own problem, whatever of it can be read."""
    try:
        body = response.json()
        kind, detail = str(body["type"]).removeprefix("urn:tracelab:"), str(body["detail"])
    except (ValueError, KeyError, TypeError):
        kind, detail = "refused", f"The request was refused with status {response.status_code}."
    return Problem(response.status_code, kind, detail)
