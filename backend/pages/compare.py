"""The compare page: two traces as one tree, what was added, what is gone, and what takes longer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from backend.pages.page import page
from backend.store import Store
from discovery import duration
from discovery.diff import Operation, Row, by_operation, diff
from discovery.remarks import remarks
from discovery.trace import Span, Trace

SHOWN = {"all": "everything", "changed": "what changed", "one": "only in one", "errors": "errors"}
SORTS = {"tree": "the tree", "time": "biggest change of time", "self": "biggest change of self time"}
_ROWS = 1000  # that are on the page unless all are asked for
_NOTABLE = 0.01  # of the longer trace: smaller changes are no news
_OPERATIONS = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """One trace's span in a row: how long it took, and where its bar lies, in percent of the longer trace."""

    took: str
    error: bool
    address: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Change:
    """A difference in words, and how many times as long; `way` is slower, faster or, where it is no news, empty."""

    words: str
    times: str
    way: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row as the page shows it. `context` says that it stands here for what is below it only."""

    row: Row
    depth: int
    a: Bar | None
    b: Bar | None
    change: Change
    self_change: Change
    context: bool

    @property
    def address(self) -> str:
        """Where a click leads: the span in the second trace, where it is there."""
        return next(bar.address for bar in (self.b, self.a) if bar)


@dataclass(frozen=True, slots=True)
class Sum:
    """What the spans of one operation take together, themselves, in each trace."""

    operation: Operation
    self_a: str
    self_b: str
    change: Change


def compared(request: Request) -> Response:
    """`GET /compare?a=ID&b=ID`: without both ids their form, with an id that is not here 404 and a sentence."""
    asked = request.query_params
    a, b = _trace_id(asked.get("a", "")), _trace_id(asked.get("b", ""))
    if "swap" in asked:
        return RedirectResponse(f"/compare?{urlencode({'a': b, 'b': a})}", 303)
    store: Store = request.app.state.store
    one, other = (store.trace(trace_id) if trace_id else None for trace_id in (a, b))
    missing = [trace_id for trace_id, found in ((a, one), (b, other)) if trace_id and found is None]
    facts = _Comparison(one, other).facts(asked) if one and other else {}
    left_out = {name: store.left_out(trace_id) for name, trace_id in (("A", a), ("B", b)) if facts}
    title = f"Compare {one.root.name[:60]}" if one and other else "Compare"
    return page(
        "compare.html", 404 if missing else 200, title=title, a=a, b=b, missing=missing, left_out=left_out, **facts
    )


def _trace_id(typed: str) -> str:
    """Read an id that somebody typed, or pasted with the link that it ends."""
    return typed.strip().partition("?")[0].rstrip("/").rpartition("/")[2]


class _Comparison:
    """Two traces, and all that is said of them on the page."""

    def __init__(self, a: Trace, b: Trace) -> None:
        self.a, self.b = a, b
        self.longest = max(a.duration, b.duration, 1)

    def facts(self, asked: Mapping[str, str]) -> dict[str, object]:
        """Make what the template fills in; `asked` are the query's parameters."""
        shown, sort = asked.get("show", ""), asked.get("sort", "")
        shown, sort = shown if shown in SHOWN else "all", sort if sort in SORTS else "tree"
        rows = diff(self.a, self.b)
        found = self._found(rows, shown, sort)
        on_page = found if asked.get("rows") == "all" else found[:_ROWS]
        return {
            "one": self.a,
            "other": self.b,
            "change": self._change(self.a.duration, self.b.duration),
            "longest": duration.spelled(self.longest),
            "both": sum(row.both for row in rows),
            "added": sum(row.a is None for row in rows),
            "removed": sum(row.b is None for row in rows),
            "sums": self._sums(rows),
            "services": dict.fromkeys(self.a.services + self.b.services),
            "lines": [self._line(row, flat=sort != "tree", context=not wanted) for row, wanted in on_page],
            "found": len(found),
            "remarks": [f"{name}: {said}" for name, each in (("A", self.a), ("B", self.b)) for said in remarks(each)],
            "shown": shown,
            "sort": sort,
            "shows": {name: (words, self._address(show=name, sort=sort)) for name, words in SHOWN.items()},
            "sorts": {name: (words, self._address(show=shown, sort=name)) for name, words in SORTS.items()},
            "all_rows": self._address(show=shown, sort=sort, rows="all"),
        }

    def _found(self, rows: tuple[Row, ...], shown: str, sort: str) -> list[tuple[Row, bool]]:
        """Choose and order the rows; False goes with those that only lead to others in the tree."""
        wanted = [row for row in rows if self._is_wanted(row, shown)]
        if sort == "tree":
            chosen = {id(row) for row in wanted}
            return [(row, id(row) in chosen) for row in _with_parents(rows, chosen)]
        by = (lambda row: -abs(row.self_change)) if sort == "self" else (lambda row: -abs(row.change))
        return [(row, True) for row in sorted(wanted, key=by)]

    def _is_wanted(self, row: Row, shown: str) -> bool:
        errors = [span.error for span in (row.a, row.b) if span]
        if shown == "errors":
            return any(errors)
        if shown == "one":
            return not row.both
        changed = self._is_notable(row.change) or self._is_notable(row.self_change)
        return shown == "all" or not row.both or changed or len(set(errors)) > 1

    def _is_notable(self, change: int) -> bool:
        return abs(change) >= _NOTABLE * self.longest

    def _line(self, row: Row, *, flat: bool, context: bool) -> Line:
        took = (row.a.duration if row.a else 0), (row.b.duration if row.b else 0)
        return Line(
            row=row,
            depth=0 if flat else row.depth,
            a=self._bar(self.a, row.a),
            b=self._bar(self.b, row.b),
            change=self._change(*took),
            self_change=self._change(row.self_a, row.self_b),
            context=context,
        )

    def _bar(self, trace: Trace, span: Span | None) -> Bar | None:
        if span is None:
            return None
        return Bar(
            took=duration.spelled(span.duration),
            error=span.error,
            address=f"/trace/{quote(trace.trace_id, safe='')}?{urlencode({'span': span.span_id})}",
            x=100 * (span.start - trace.start) / self.longest,
            width=100 * span.duration / self.longest,
        )

    def _change(self, before: int, after: int) -> Change:
        change = after - before
        if change == 0:
            return Change("same", "", "")
        words = f"{'+' if change > 0 else '−'}{duration.spelled(abs(change))}"  # noqa: RUF001 - a minus sign
        way = ("slower" if change > 0 else "faster") if self._is_notable(change) else ""
        return Change(words, _times(after / before) if before and after else "", way)

    def _sums(self, rows: tuple[Row, ...]) -> list[Sum]:
        """Name the operations whose own work changed most."""
        notable = [each for each in by_operation(rows) if self._is_notable(each.self_change)]
        return [
            Sum(
                each,
                duration.spelled(each.self_a),
                duration.spelled(each.self_b),
                self._change(each.self_a, each.self_b),
            )
            for each in notable[:_OPERATIONS]
        ]

    def _address(self, **choice: str) -> str:
        return f"/compare?{urlencode({'a': self.a.trace_id, 'b': self.b.trace_id, **choice})}"


def _times(ratio: float) -> str:
    """Spell how many times as long, with the digits that count; nothing where that is once."""
    spelled = f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}" if ratio >= 0.95 else f"{ratio:.2g}"
    return "" if spelled == "1.0" else f"×{spelled}"  # noqa: RUF001 - a multiplication sign


def _with_parents(rows: tuple[Row, ...], chosen: set[int]) -> Iterator[Row]:
    """Give the chosen rows, by their Python ids, and what leads to them in the tree."""
    kept: list[Row] = []
    parent = -1  # the depth at which the last row kept has its parent
    for row in reversed(rows):
        if id(row) in chosen or row.depth == parent:
            kept.append(row)
            parent = row.depth - 1
    return reversed(kept)
