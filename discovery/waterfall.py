"""A trace as text: a tree of spans beside their bars, to scale, the critical path marked."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from discovery import bar, duration, terminal
from discovery.critical_path import Section, critical_path
from discovery.remarks import notes, remarks
from discovery.self_time import self_times
from discovery.trace import Span, Trace

_TIME = 8  # columns of a duration and the space before it
_LEAST_NAME, _LEAST_TRACK = 20, 10
_MOST_NOTES = 2  # lines below a red span
_LEVELS = 128  # of a tree are remembered: more than any line has room for
_DEEP = 8  # depth from which the tree is drawn in one column a level

_RESET, _BOLD, _DIM, _RED, _BRIGHT = "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[93m"
_SERVICE_COLOURS = ("\x1b[36m", "\x1b[32m", "\x1b[35m", "\x1b[34m", "\x1b[33m", "\x1b[96m", "\x1b[92m", "\x1b[95m")


def waterfall(trace: Trace, width: int = 80, charset: str = "utf-8", *, colour: bool = False, title: str = "") -> str:
    """Draw a trace in lines of at most `width` columns (60 at least), without a line end after the last.

    `charset` is the output's encoding: where it cannot spell the drawing's characters, plain ASCII is used. `title`
    stands above.
    """
    drawing = _drawing(trace, max(width, 60), charset, colour=colour)
    lines = [title] if title else []
    lines += [*drawing.header(), "", drawing.scale()]
    lines += [line for row in _rows(trace) for line in drawing.row(row)]
    lines += ["", *drawing.legend(), *(line for remark in remarks(trace) for line in drawing.wrapped(remark))]
    return "\n".join(line.rstrip() for line in lines)


@dataclass(frozen=True, slots=True)
class _Row:
    span: Span
    branch: tuple[bool, ...]  # for the levels above and its own, the deepest of them: does a sibling follow?


def _rows(trace: Trace) -> Iterator[_Row]:
    waiting = [_Row(root, ()) for root in reversed(trace.roots)]
    while waiting:
        row = waiting.pop()
        yield row
        children = trace.children[row.span.span_id]
        last = children[-1] if children else None
        waiting += [_Row(child, (*row.branch, child is not last)[-_LEVELS:]) for child in reversed(children)]


def _drawing(trace: Trace, width: int, charset: str, *, colour: bool) -> _Drawing:
    sections: defaultdict[str, list[Section]] = defaultdict(list)
    for section in critical_path(trace):
        sections[section.span_id].append(section)
    longest = max(2 + depth * 2 + terminal.cells(f"{span.service} {span.name}") for span, depth in trace.walk())
    name = max(_LEAST_NAME, min(longest, int(width * 0.45)))
    name = min(name, width - 2 * _TIME - 2 - _LEAST_TRACK)
    palette = {
        service: _SERVICE_COLOURS[number % len(_SERVICE_COLOURS)] for number, service in enumerate(trace.services)
    }
    return _Drawing(
        trace=trace,
        charset=charset,
        glyphs=terminal.glyphs(charset),
        colour=colour,
        width=width,
        name=name,
        track=width - name - 2 * _TIME - 2,
        palette=palette,
        self_times=self_times(trace),
        sections=sections,
        deep=max(depth for _, depth in trace.walk()) > _DEEP,
    )


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What every line needs: the widths of the columns, the characters, and what was computed once."""

    trace: Trace
    charset: str
    glyphs: terminal.Glyphs
    colour: bool
    width: int
    name: int
    track: int
    palette: dict[str, str]
    self_times: dict[str, int]
    sections: dict[str, list[Section]]
    deep: bool

    def header(self) -> Iterator[str]:
        """Say which trace it is, and its size."""
        trace = self.trace
        services = ", ".join(service or "(unnamed)" for service in trace.services)
        sizes = [
            f"{self._time(trace.duration)} in all",
            _counted(len(trace.spans), "span"),
            _counted(len(trace.services), "service"),
            _counted(trace.errors, "error"),
        ]
        yield self._painted(self._fitted(f"trace {trace.trace_id}", self.width), _BOLD)
        yield self._fitted(f" {self.glyphs.dot} ".join(sizes), self.width)
        yield self._painted(self._fitted(services, self.width), _DIM)

    def scale(self) -> str:
        """Draw the columns' names and the time axis."""
        total = self._time(self.trace.duration)
        middle = self._time(self.trace.duration / 2)
        axis = "0"
        if self.track >= len(total) + len(middle) + 10:
            axis += middle.rjust(self.track // 2 + len(middle) // 2 - 1)
        axis += total.rjust(self.track - len(axis))
        line = f"  {'service operation'.ljust(self.name - 2)}{'time'.rjust(_TIME)}{'self'.rjust(_TIME)}  {axis}"
        return self._painted(line, _DIM)

    def row(self, row: _Row) -> Iterator[str]:
        """Draw one span's line, and below a red one what it says of its error."""
        span = row.span
        mark = self._painted(f"{self.glyphs.error} ", _RED + _BOLD) if span.error else "  "
        times = self._time(span.duration).rjust(_TIME) + self._time(self.self_times[span.span_id]).rjust(_TIME)
        yield f"{mark}{self._label(row)}{times}  {self._bar(span)}"
        if span.error:
            indent = self._tree(row.branch, below=True)
            for note in notes(span)[:_MOST_NOTES]:
                text = self._fitted(f"{self.glyphs.arrow} {note}", self.width - 2 - len(indent)).rstrip()
                yield f"  {self._painted(indent, _DIM)}{self._painted(text, _RED)}"

    def legend(self) -> Iterator[str]:
        """Explain the marks."""
        on, off, error = self.glyphs.on_path, self.glyphs.off_path, self.glyphs.error
        text = f"{on * 2} critical path: the trace's end waited for it   {off * 2} off it"
        for line in self.wrapped(text + (f"   {error} error" if self.trace.errors else "")):
            yield self._painted(line, _DIM)

    def wrapped(self, remark: str) -> Iterator[str]:
        """Break a sentence into lines."""
        for line in textwrap.wrap(self._safe(remark), self.width):
            yield self._fitted(line, self.width).rstrip()

    def _label(self, row: _Row) -> str:
        tree = self._tree(row.branch)
        service = self._safe(row.span.service or "(unnamed)")
        text = self._fitted(f"{tree}{service} {self._safe(row.span.name)}", self.name - 2)
        end = len(tree) + len(service)
        parts = (
            self._painted(text[: len(tree)], _DIM),
            self._painted(text[len(tree) : end], self.palette[row.span.service]),
            self._painted(text[end:], _RED) if row.span.error else text[end:],
        )
        return "".join(parts)

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

    def _bar(self, span: Span) -> str:
        whole = max(self.trace.duration, 1)
        place = self._since_start(span.start, span.end)
        parts = [self._since_start(part.start, part.end) for part in self.sections.get(span.span_id, [])]
        first, last = bar.extent(place, whole, self.track)
        critical = bar.marked(place, parts, whole, self.track)
        marks = (self.glyphs.on_path if cell in critical else self.glyphs.off_path for cell in range(first, last))
        return " " * first + self._painted("".join(marks), _RED if span.error else self.palette[span.service])

    def _since_start(self, start: int, end: int) -> bar.Interval:
        return start - self.trace.start, end - self.trace.start

    def _painted(self, text: str, code: str) -> str:
        return f"{code}{text}{_RESET}" if self.colour and text else text

    def _fitted(self, text: str, width: int) -> str:
        return terminal.fitted(self._safe(text), width, self.glyphs.ellipsis)

    def _safe(self, text: str) -> str:
        return terminal.printable(text, self.charset)

    def _time(self, microseconds: float) -> str:
        return duration.spelled(microseconds, self.glyphs.micro)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
