"""A trace in the terminal: a tree of spans beside their bars, to scale, the critical path marked.

Colours, widths and encodings are rich's matter. rich's own tree and table are not used: a tree has four columns a
level, and a table measures every cell, which takes seconds where a trace has thousands of spans. Importing this module
takes some 30 ms and 3 MB: where a drawing is seldom made, import it there.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from discovery import bar, duration, palette, terminal
from discovery.critical_path import Section, critical_path
from discovery.remarks import notes, remarks
from discovery.self_time import self_times
from discovery.trace import Span, Trace

_LEAST = 60  # columns
_TIME = 8  # columns of a duration and the space before it
_LEAST_NAME, _LEAST_TRACK = 20, 10
_UNNAMED = "(unnamed)"
_MOST_NOTES = 2  # lines below a red span
_MOST_EVIDENCE = 8  # spans pointed at
_LEVELS = 128  # of a tree are remembered: more than any line has room for
_DEEP = 8  # depth from which the tree is drawn in one column a level

_BOLD, _DIM, _RED, _MARK = Style(bold=True), Style(dim=True), Style(color="red"), Style(color="red", bold=True)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A trace as rich prints it, in lines of the console's width (60 columns at least: print it with crop=False).

    `evidence` names spans to point at. With any, only these and what leads to them is drawn.
    """

    trace: Trace
    evidence: frozenset[str] = frozenset()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it for a console."""
        wide = options.update_width(max(options.max_width, _LEAST))
        drawing = _drawing(self, console, wide)
        for line in drawing.lines():
            yield from line
            yield Segment.line()
        yield from console.render(Text(drawing.legend(), _DIM), wide)
        for remark in remarks(self.trace):
            yield from console.render(Text(terminal.printable(remark, wide.encoding)), wide)


def waterfall(trace: Trace, width: int) -> str:
    """Draw a trace as plain text in lines of at most `width` columns (60 at least), without a line end at the end."""
    file = io.StringIO()
    console = Console(file=file, width=max(width, _LEAST), color_system=None, legacy_windows=False, _environ={})
    console.print(Waterfall(trace), end="")
    return file.getvalue().rstrip("\n")


@dataclass(frozen=True, slots=True)
class _Row:
    span: Span
    branch: tuple[bool, ...]  # for the levels above and its own, the deepest of them: does a sibling follow?


def _rows(trace: Trace, drawn: frozenset[str]) -> Iterator[_Row]:
    waiting = [_Row(root, ()) for root in reversed(trace.roots) if root.span_id in drawn]
    while waiting:
        row = waiting.pop()
        yield row
        children = [child for child in trace.children[row.span.span_id] if child.span_id in drawn]
        last = children[-1] if children else None
        waiting += [_Row(child, (*row.branch, child is not last)[-_LEVELS:]) for child in reversed(children)]


def _drawn(picture: Waterfall) -> frozenset[str]:
    """Choose the spans to draw: all, or the first few of the evidence with all that is above them."""
    trace = picture.trace
    if not picture.evidence:
        return frozenset(trace.index)
    chosen: set[str] = set()
    for span in [span for span in trace.spans if span.span_id in picture.evidence][:_MOST_EVIDENCE]:
        current: Span | None = span
        while current is not None and current.span_id not in chosen:
            chosen.add(current.span_id)
            current = trace.span(current.parent_id)
    return frozenset(chosen)


def _drawing(picture: Waterfall, console: Console, options: ConsoleOptions) -> _Drawing:
    trace, drawn = picture.trace, _drawn(picture)
    sections: defaultdict[str, list[Section]] = defaultdict(list)
    for section in critical_path(trace):
        sections[section.span_id].append(section)
    width = options.max_width
    longest = max(
        2 + depth * 2 + cell_len(terminal.printable(f"{span.service or _UNNAMED} {span.name}", options.encoding))
        for span, depth in trace.walk()
        if span.span_id in drawn
    )
    name = max(_LEAST_NAME, min(longest, int(width * 0.45)))
    name = min(name, width - 2 * _TIME - 2 - _LEAST_TRACK)
    colours = terminal.colours(console)
    return _Drawing(
        trace=trace,
        encoding=options.encoding,
        glyphs=terminal.glyphs(options),
        colours={service: colours[palette.number(service)] for service in trace.services},
        width=width,
        name=name,
        track=width - name - 2 * _TIME - 2,
        self_times=self_times(trace),
        sections=sections,
        deep=max(depth for span, depth in trace.walk() if span.span_id in drawn) > _DEEP,
        evidence=picture.evidence,
        drawn=drawn,
    )


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What every line needs: the widths of the columns, the characters, and what was computed once."""

    trace: Trace
    encoding: str
    glyphs: terminal.Glyphs
    colours: dict[str, Style]
    width: int
    name: int
    track: int
    self_times: dict[str, int]
    sections: dict[str, list[Section]]
    deep: bool
    evidence: frozenset[str]
    drawn: frozenset[str]

    def lines(self) -> Iterator[list[Segment]]:
        """Draw everything but the words below."""
        yield from self._header()
        yield []
        yield [self._scale()]
        for row in _rows(self.trace, self.drawn):
            yield self._row(row)
            if row.span.error:
                yield from self._notes(row)
        if left := len(self.evidence & self.trace.index.keys() - self.drawn):
            yield [Segment(self._cut(f"  ... and {left} more like these", self.width), _DIM)]
        yield []

    def legend(self) -> str:
        """Explain the marks."""
        on, off, error = self.glyphs.on_path, self.glyphs.off_path, self.glyphs.error
        text = f"{on * 2} critical path: the trace's end waited for it   {off * 2} off it"
        if self.evidence:
            text = f"{on * 2} critical path   {off * 2} off it"
        text += f"   {error} error" if self.trace.errors else ""
        return text + (f"   {self.glyphs.proof} evidence" if self.evidence else "")

    def _header(self) -> Iterator[list[Segment]]:
        """Say which trace it is, and its size."""
        trace = self.trace
        services = ", ".join(service or _UNNAMED for service in trace.services)
        sizes = [
            f"{self._time(trace.duration)} in all",
            _counted(len(trace.spans), "span"),
            _counted(len(trace.services), "service"),
            _counted(trace.errors, "error"),
        ]
        yield [Segment(self._cut(f"trace {trace.trace_id}", self.width), _BOLD)]
        yield [Segment(self._cut(f" {self.glyphs.dot} ".join(sizes), self.width))]
        yield [Segment(self._cut(services, self.width), _DIM)]

    def _scale(self) -> Segment:
        """Draw the columns' names and the time axis."""
        total = self._time(self.trace.duration)
        middle = self._time(self.trace.duration / 2)
        axis = "0"
        if self.track >= len(total) + len(middle) + 10:
            axis += middle.rjust(self.track // 2 + len(middle) // 2 - 1)
        axis += total.rjust(self.track - len(axis))
        heading = f"  {'service operation'.ljust(self.name - 2)}{'time'.rjust(_TIME)}{'self'.rjust(_TIME)}  {axis}"
        return Segment(heading, _DIM)

    def _row(self, row: _Row) -> list[Segment]:
        span = row.span
        mark = Segment(self._mark(span), _MARK)
        times = self._time(span.duration).rjust(_TIME) + self._time(self.self_times[span.span_id]).rjust(_TIME)
        return [mark, *self._label(row), Segment(f"{times}  "), *self._bar(span)]

    def _mark(self, span: Span) -> str:
        proof = self.glyphs.proof if span.span_id in self.evidence else ""
        return f"{self.glyphs.error if span.error else ''}{proof}".ljust(2)

    def _label(self, row: _Row) -> list[Segment]:
        tree = self._tree(row.branch)
        service = self._safe(row.span.service or _UNNAMED)
        whole = f"{tree}{service} {self._safe(row.span.name)}"
        text = terminal.fitted(whole, self.name - 2, self.glyphs.ellipsis)
        end = len(tree) + len(service)
        return [
            Segment(text[: len(tree)], _DIM),
            Segment(text[len(tree) : end], self.colours[row.span.service]),
            Segment(text[end:], _RED if row.span.error else None),
        ]

    def _notes(self, row: _Row) -> Iterator[list[Segment]]:
        """Draw below a red span what it says of its error."""
        indent = self._tree(row.branch, below=True)
        for note in notes(row.span)[:_MOST_NOTES]:
            text = self._cut(f"{self.glyphs.arrow} {note}", self.width - 2 - len(indent))
            yield [Segment("  "), Segment(indent, _DIM), Segment(text, _RED)]

    def _tree(self, branch: tuple[bool, ...], *, below: bool = False) -> str:
        """Draw the lines that lead to a span, or those that pass below it."""
        glyphs = self.glyphs
        if self.deep:
            shown = branch[-(self.name // 2) :]  # no room for more; what is left out is the same on the lines around
            lines = "".join(glyphs.pipe if more else " " for more in shown)
            if below or not shown:
                return lines
            return lines[:-1] + (glyphs.tee if shown[-1] else glyphs.elbow)
        passing = "".join(f"{glyphs.pipe} " if more else "  " for more in (branch if below else branch[:-1]))
        if below or not branch:
            return passing
        return passing + (glyphs.tee if branch[-1] else glyphs.elbow) + " "

    def _bar(self, span: Span) -> list[Segment]:
        whole = max(self.trace.duration, 1)
        place = self._since_start(span.start, span.end)
        parts = [self._since_start(part.start, part.end) for part in self.sections.get(span.span_id, ())]
        first, last = bar.extent(place, whole, self.track)
        critical = bar.marked(place, parts, whole, self.track)
        marks = "".join(
            self.glyphs.on_path if cell in critical else self.glyphs.off_path for cell in range(first, last)
        )
        return [Segment(" " * first), Segment(marks, _RED if span.error else self.colours[span.service])]

    def _since_start(self, start: int, end: int) -> bar.Interval:
        return start - self.trace.start, end - self.trace.start

    def _cut(self, text: str, width: int) -> str:
        return terminal.cut(self._safe(text), width, self.glyphs.ellipsis)

    def _safe(self, text: str) -> str:
        return terminal.printable(text, self.encoding)

    def _time(self, microseconds: float) -> str:
        return duration.spelled(microseconds, self.glyphs.micro)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
