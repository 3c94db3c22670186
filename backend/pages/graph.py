"""The dependencies page: who calls whom, how often and how often in vain, as a drawing and as a table."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from starlette.requests import Request
from starlette.responses import Response

from backend.pages import form, times
from backend.pages.layout import Edge, Layout, Point, layered
from backend.pages.page import page
from backend.store import Store
from discovery import palette
from discovery.dependencies import Link

_WIDTH, _HEIGHT, _DOWN = 176, 44, 116  # pixels: of a column, of a node, from one layer to the next
_NODE, _HEAD = 150, 10  # pixels: a node's width, an arrow's head
_MARGIN, _ASIDE = 14, 16  # round the drawing; between an upward edge and the downward one of the same two nodes
_LEAST, _MOST = 1.5, 7.0  # an edge's width
_LETTERS = 14  # of a name fit into a node
_DEFAULT = "1h"


@dataclass(frozen=True, slots=True)
class Node:
    """A service in the drawing: its box's left upper corner and size, and the link to its traces."""

    name: str
    short: str
    colour: int
    x: float
    y: float
    width: int
    height: int
    address: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """A link in the drawing: an SVG path, its width and label; the shares are of its calls, in percent."""

    link: Link
    path: str
    width: float
    x: float
    y: float
    address: str
    errors: str
    failed: float
    rate: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of it, in pixels."""

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    width: int
    height: int


def shown(request: Request) -> Response:
    """`GET /dependencies`: over `lookback`, around `service` where one is named."""
    store: Store = request.app.state.store
    lookback = request.query_params.get("lookback", _DEFAULT)
    if lookback not in times.LOOKBACKS:
        lookback = _DEFAULT
    service = request.query_params.get("service", "").strip()
    now = time.time_ns() // 1000
    until = times.LOOKBACKS[times.ALL] if lookback == times.ALL else now
    links = store.links(until - times.LOOKBACKS[lookback], until)
    near = [link for link in links if not service or service.lower() in (link.parent.lower(), link.child.lower())]
    return page(
        "dependencies.html",
        title=f"Dependencies {service}".rstrip(),
        host=request.url.netloc,
        drawing=_drawing(near, _Searches(store, lookback)),
        names=sorted({name for link in links for name in (link.parent, link.child)}),
        service=service,
        lookback=lookback,
        lookbacks={name: times.WORDS[name] for name in times.LOOKBACKS},
        nothing_yet=not links and not store.services(),
    )


class _Searches:
    """Makes the links to the traces behind nodes and edges, over one lookback."""

    def __init__(self, store: Store, lookback: str) -> None:
        self.store, self.lookback = store, lookback
        self.minutes = None if lookback == times.ALL else times.LOOKBACKS[lookback] / 60_000_000
        self._services = {name.lower() for name in store.services()}

    def of_service(self, name: str) -> str:
        """A service that sent no span itself is known as others' remote service only."""
        return self._address(service=name) if name.lower() in self._services else self._address(remote=name)

    def of_link(self, link: Link) -> str:
        """Where the caller did not name the other side, the traces of the one called come nearest."""
        named = {name.lower() for name in self.store.remotes(link.parent)}
        if link.child.lower() in named or link.child.lower() not in self._services:
            return self._address(service=link.parent, remote=link.child)
        return self._address(service=link.child)

    def rate(self, link: Link) -> str:
        """Calls a minute; none over an unknown time."""
        if not self.minutes:
            return ""
        rate = link.calls / self.minutes
        return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"

    def _address(self, **fields: str) -> str:
        return form.address(form.DEFAULTS, lookback=self.lookback, **fields)


def _drawing(links: Iterable[Link], searches: _Searches) -> Drawing:
    by_edge = {(link.parent, link.child): link for link in links}
    layout = layered(by_edge)
    most = max((link.calls for link in by_edge.values()), default=1)
    nodes = tuple(_node(name, point, searches) for name, point in sorted(layout.nodes.items(), key=_reading_order))
    arrows = tuple(_arrow(link, layout, most, searches) for link in by_edge.values())
    loop = 30 if any(link.parent == link.child for link in by_edge.values()) else 0
    width = round(layout.columns * _WIDTH) + 2 * _MARGIN + loop
    return Drawing(nodes, arrows, width, max(layout.layers - 1, 0) * _DOWN + _HEIGHT + 2 * _MARGIN)


def _reading_order(place: tuple[str, Point]) -> tuple[int, float]:
    return place[1].layer, place[1].column


def _node(name: str, point: Point, searches: _Searches) -> Node:
    x, y = _middle(point)
    short = name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…"
    address = searches.of_service(name)
    return Node(name, short, palette.number(name), x - _NODE / 2, y - _HEIGHT / 2, _NODE, _HEIGHT, address)


def _arrow(link: Link, layout: Layout, most: int, searches: _Searches) -> Arrow:
    share = 100 * link.errors / link.calls
    path = _path(layout, (link.parent, link.child))
    x, y = _label(path)
    return Arrow(
        link=link,
        path=_curve(path) if link.parent != link.child else _loop(path[0]),
        width=_LEAST + (_MOST - _LEAST) * math.sqrt(link.calls / most),
        x=x,
        y=y,
        address=searches.of_link(link),
        errors=f"{share:.3g}%" if link.errors else "",
        failed=share,
        rate=searches.rate(link),
    )


def _label(path: list[tuple[float, float]]) -> tuple[float, float]:
    """Return where an edge's label stands: nearer to its source, so that those of two opposite edges stand apart."""
    middle = len(path) // 2
    (x, y), (further_x, further_y) = path[middle - 1], path[middle]
    if (x, y) == (further_x, further_y):
        return x + 40, y - 26
    return x + 0.42 * (further_x - x), y + 0.42 * (further_y - y)


def _path(layout: Layout, edge: Edge) -> list[tuple[float, float]]:
    """Return the points of an edge from the border of one box to that of the other; upward edges stand aside."""
    if edge[0] == edge[1]:
        x, y = _middle(layout.nodes[edge[0]])
        return [(x + _NODE / 2, y), (x + _NODE / 2, y)]
    points = [_middle(point) for point in layout.routes[edge]]
    up = points[0][1] > points[-1][1]
    side = (-1 if up else 1) * _HEIGHT / 2
    aside = _ASIDE if up else -_ASIDE if edge[::-1] in layout.routes else 0
    points[0] = (points[0][0], points[0][1] + side)
    points[-1] = (points[-1][0], points[-1][1] - side - math.copysign(_HEAD, side))
    return [(x + aside, y) for x, y in points]


def _middle(point: Point) -> tuple[float, float]:
    return _MARGIN + point.column * _WIDTH, _MARGIN + _HEIGHT / 2 + point.layer * _DOWN


def _curve(points: list[tuple[float, float]]) -> str:
    """Draw through the points, upright in each."""
    drawn = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x, y), (next_x, next_y) in pairwise(points):
        half = (y + next_y) / 2
        drawn.append(f"C{x:.1f} {half:.1f} {next_x:.1f} {half:.1f} {next_x:.1f} {next_y:.1f}")
    return "".join(drawn)


def _loop(border: tuple[float, float]) -> str:
    x, y = border
    return f"M{x:.1f} {y - 12:.1f}C{x + 38:.1f} {y - 24:.1f} {x + 42:.1f} {y + 20:.1f} {x + _HEAD:.1f} {y + 10:.1f}"
