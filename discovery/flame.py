"""A flame graph as SVG: call paths from the top down, each as wide as its time (Brendan Gregg, CACM 59:6, 2016).

Frames are laid out here and drawn without a style attribute or a script, so that a page with a strict
Content-Security-Policy can hold them as well as a file by itself. Text from traces is escaped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from discovery import duration, palette
from discovery.paths import Flame, Tree

WIDTH = 1200
_ROW = 22
_LETTER = 7.2  # pixels
_LEAST = 0.5  # pixels: what is narrower cannot be seen
_DEEPEST = 200  # frames, below which nobody looks


@dataclass(frozen=True, slots=True)
class Box:
    """One frame: its place in pixels, its name, microseconds with and without what is below, and its depth from 0."""

    x: float
    width: float
    depth: int
    service: str
    operation: str
    time: float
    own: float


def boxes(flame: Flame, tree: Tree, width: int = WIDTH) -> list[Box]:
    """Lay a flame out, the longest of siblings first; what is below a frame is as wide as its part of it."""
    totals: defaultdict[int, float] = defaultdict(float, flame.times)
    below: defaultdict[int, list[int]] = defaultdict(list)
    for number in sorted(_reached(flame, tree), reverse=True):  # a path before those that it prolongs
        below[tree.parents[number]].append(number)
        totals[tree.parents[number]] += totals[number]
    scale = width / totals[-1] if totals[-1] else 0.0
    placed: list[Box] = []
    waiting = [(-1, 0.0, 0)]
    while waiting:
        parent, x, depth = waiting.pop()
        for number in sorted(below[parent], key=lambda number: (-totals[number], tree.frames[number])):
            wide = totals[number] * scale
            if wide >= _LEAST and depth < _DEEPEST:
                own = flame.times.get(number, 0.0)
                placed.append(Box(x, wide, depth, *tree.frames[number], totals[number], own))
                waiting.append((number, x, depth + 1))
            x += wide
    return placed


def _reached(flame: Flame, tree: Tree) -> set[int]:
    """Every path that has time of its own, and all that lead to one."""
    found: set[int] = set()
    for number in flame.times:
        current = number
        while current >= 0 and current not in found:
            found.add(current)
            current = tree.parents[current]
    return found


def svg(flame: Flame, tree: Tree, width: int = WIDTH, link: Callable[[Box], str] | None = None) -> str:
    """Draw a flame; each frame says its name and times to a pointer and to assistive technology.

    With `link` each frame leads to an address.
    """
    found = boxes(flame, tree, width)
    height = (max((box.depth for box in found), default=0) + 1) * _ROW
    whole = sum(box.time for box in found if box.depth == 0)
    label = escape(f"Flame graph at p{flame.percentile}, {duration.spelled(flame.duration)}")
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    drawn = "\n".join(_drawn(box, whole, link(box) if link else "") for box in found)
    return f'<svg class="flame" {size} role="group" aria-label="{label}">\n{drawn}\n</svg>'


def _drawn(box: Box, whole: float, address: str) -> str:
    name = f"{box.service} {box.operation}"
    share = f"{box.time / whole:.0%}" if whole else ""
    told = escape(f"{name}: {duration.spelled(box.time)} ({share}), itself {duration.spelled(box.own)}")
    room = int((box.width - 8) / _LETTER)
    shown = name if len(name) <= room else f"{name[: room - 1]}…" if room > 2 else ""
    text = f'<text x="{box.x + 4:.1f}" y="{box.depth * _ROW + 15}">{escape(shown)}</text>' if shown else ""
    place = f'x="{box.x:.1f}" y="{box.depth * _ROW}" width="{max(box.width - 1, 0.5):.1f}" height="{_ROW - 2}"'
    inside = f'<title>{told}</title><rect {place} rx="2"/>{text}'
    said = f'class="frame service-{palette.number(box.service)}" aria-label="{told}"'
    if address:
        return f'<a href="{escape(address)}" {said}>{inside}</a>'
    return f'<g tabindex="0" role="img" {said}>{inside}</g>'
