"""A layered drawing of a directed graph: who calls stands above who is called.

The four steps of Sugiyama, Tagawa and Toda (Methods for visual understanding of hierarchical system structures, 1981):
turn around the edges that close a cycle, put each node one layer below its lowest caller, order the layers by the mean
place of their neighbours, and move the nodes towards these. An edge that passes a layer holds a place in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

Edge = tuple[str, str]
_SWEEPS = 8
_PASSING = 0.6  # columns that a passing edge takes; a node takes one


@dataclass(frozen=True, slots=True)
class Point:
    """A place in a drawing: columns from the left, layers from the top."""

    column: float
    layer: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each node stands, and by which places each edge goes, from its source to its target.

    A node is one column wide. An edge from a node to itself has no route; one against the layers' order goes upwards.
    """

    nodes: Mapping[str, Point]
    routes: Mapping[Edge, tuple[Point, ...]]
    columns: float
    layers: int


@dataclass(frozen=True, slots=True)
class _Passage:
    """Where an edge passes a layer without a stop."""

    edge: Edge
    layer: int


_Slot = str | _Passage


def layered(edges: Iterable[Edge]) -> Layout:
    """Lay out a graph; equal graphs are laid out equally."""
    distinct = sorted(set(edges))
    nodes = sorted({node for edge in distinct for node in edge})
    downward = {edge: _turned(edge) for edge in _closing(nodes, distinct)}
    downward = {edge: downward.get(edge, edge) for edge in distinct if edge[0] != edge[1]}
    layer = _layers(nodes, set(downward.values()))
    chains = {edge: _chain(layer, way) for edge, way in downward.items()}
    rows = _ordered(_rows(nodes, layer, chains.values()), chains.values())
    columns = _columns(rows, chains.values())
    place = {slot: Point(columns[slot], number) for number, row in enumerate(rows) for slot in row}
    routes = {
        edge: tuple(place[slot] for slot in (chain if downward[edge] == edge else reversed(chain)))
        for edge, chain in chains.items()
    }
    return Layout({node: place[node] for node in nodes}, routes, max(columns.values(), default=-0.5) + 0.5, len(rows))


def _turned(edge: Edge) -> Edge:
    return edge[1], edge[0]


def _closing(nodes: list[str], edges: list[Edge]) -> set[Edge]:
    """Find the edges that close a cycle, on walks that begin where nobody calls."""
    targets: defaultdict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        targets[source].append(target)
    called = {target for source, target in edges if source != target}
    found: set[Edge] = set()
    left: set[str] = set()
    above: set[str] = set()
    for first in sorted(nodes, key=lambda node: (node in called, node)):
        if first in left or first in above:
            continue
        above.add(first)
        walk = [(first, iter(targets[first]))]
        while walk:
            node, onward = walk[-1]
            following = next(onward, None)
            if following is None:
                walk.pop()
                above.discard(node)
                left.add(node)
            elif following in above:
                found.add((node, following))
            elif following not in left:
                above.add(following)
                walk.append((following, iter(targets[following])))
    return found


def _layers(nodes: list[str], edges: set[Edge]) -> dict[str, int]:
    """Number the layers from 0, each node one below its lowest caller; the edges hold no cycle."""
    layer = dict.fromkeys(nodes, 0)
    waiting = dict.fromkeys(nodes, 0)
    targets: defaultdict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        targets[source].append(target)
        waiting[target] += 1
    ready = [node for node in nodes if not waiting[node]]
    while ready:
        node = ready.pop()
        for target in targets[node]:
            layer[target] = max(layer[target], layer[node] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return layer


def _chain(layer: Mapping[str, int], edge: Edge) -> list[_Slot]:
    source, target = edge
    passed: list[_Slot] = [_Passage(edge, number) for number in range(layer[source] + 1, layer[target])]
    return [source, *passed, target]


def _rows(nodes: list[str], layer: Mapping[str, int], chains: Iterable[list[_Slot]]) -> list[list[_Slot]]:
    rows: list[list[_Slot]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for node in nodes:
        rows[layer[node]].append(node)
    for slot in (slot for chain in chains for slot in chain):
        if isinstance(slot, _Passage):
            rows[slot.layer].append(slot)
    return rows


def _neighbours(chains: Iterable[list[_Slot]]) -> tuple[Mapping[_Slot, list[_Slot]], Mapping[_Slot, list[_Slot]]]:
    """Return each slot's neighbours in the layer above, and those in the layer below."""
    above: defaultdict[_Slot, list[_Slot]] = defaultdict(list)
    below: defaultdict[_Slot, list[_Slot]] = defaultdict(list)
    for chain in chains:
        for upper, lower in pairwise(chain):
            above[lower].append(upper)
            below[upper].append(lower)
    return above, below


def _ordered(rows: list[list[_Slot]], chains: Iterable[list[_Slot]]) -> list[list[_Slot]]:
    """Order each layer by its neighbours' mean place, downwards and upwards in turns."""
    above, below = _neighbours(chains)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        beside = above if down else below
        for number in range(1, len(rows)) if down else range(len(rows) - 2, -1, -1):
            place = {slot: at for at, slot in enumerate(rows[number - 1 if down else number + 1])}
            own = {slot: float(at) for at, slot in enumerate(rows[number])}
            rows[number].sort(key=lambda slot, own=own, place=place: _mean(beside.get(slot), place, own[slot]))  # type: ignore[misc]
    return rows


def _columns(rows: list[list[_Slot]], chains: Iterable[list[_Slot]]) -> dict[_Slot, float]:
    """Give each slot the column of its middle: as near to its neighbours' mean as the order in its layer allows."""
    column: dict[_Slot, float] = {}
    for row in rows:
        offsets = _offsets(row)
        column.update((slot, offset - offsets[-1] / 2) for slot, offset in zip(row, offsets, strict=True))
    above, below = _neighbours(chains)
    for sweep in range(_SWEEPS):
        beside = above if sweep % 2 == 0 else below
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = [_mean(beside.get(slot), column, column[slot]) for slot in row]
            column.update(zip(row, _apart(wanted, _offsets(row)), strict=True))
    least = min(column.values(), default=0.0)
    return {slot: at - least + 0.5 for slot, at in column.items()}


def _offsets(row: list[_Slot]) -> list[float]:
    """Return how far right of the first each slot of a layer stands at least."""
    widths = [1.0 if isinstance(slot, str) else _PASSING for slot in row]
    found = [0.0]
    for one, other in pairwise(widths):
        found.append(found[-1] + (one + other) / 2)
    return found[: len(row)] or [0.0]


def _apart(wanted: list[float], offsets: list[float]) -> list[float]:
    """Return the places nearest to those wanted (least squares) that keep the order and the room between.

    Without the offsets this is isotonic regression, by pooling adjacent violators.
    """
    pools: list[tuple[float, int]] = []  # sum and number
    for want, offset in zip(wanted, offsets, strict=True):
        pools.append((want - offset, 1))
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            total, number = pools.pop()
            pools[-1] = (pools[-1][0] + total, pools[-1][1] + number)
    fitted = [total / number for total, number in pools for _ in range(number)]
    return [at + offset for at, offset in zip(fitted, offsets, strict=True)]


def _mean(slots: list[_Slot] | None, place: Mapping[_Slot, float], otherwise: float) -> float:
    return sum(place[slot] for slot in slots) / len(slots) if slots else otherwise
