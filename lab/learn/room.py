"""Where one learner sits: their language, their progress, the terminal, and the shop's options."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text as Plain

from discovery.waterfall import Waterfall
from lab import state, up
from lab.learn import progress, text, words
from lab.learn.here import Checked
from lab.learn.lesson import Lesson, lessons
from lab.learn.seat import Seat, taken
from lab.learn.text import Text
from lab.learn.words import Words
from lab.options import Options

_FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PORT = re.compile(r"127\.0\.0\.1:(\d+)")
_WIDTH = 80  # that text is not wider than; longer lines are hard to read
_MARKS = {True: ("✔", "+"), False: ("✗", "-")}


class Room:
    """One call of `tracelab learn`."""

    def __init__(self, args: argparse.Namespace) -> None:
        kept = progress.read()
        self.language = words.chosen(args.lang, kept.language)
        if args.lang and args.lang != kept.language:
            kept.language = args.lang
            progress.write(kept)
        self.console = Console(width=None if Console().width < _WIDTH else _WIDTH, highlight=False)
        self.words = Words(self.language)
        self._args = args

    @property
    def seed(self) -> int | None:
        """That of a mystery round, where one was asked for."""
        seed: int | None = self._args.seed
        return seed

    @property
    def level(self) -> int:
        """How hard a mystery round is to be."""
        level: int = self._args.level
        return level

    @property
    def seat(self) -> Seat | None:
        """A place at a room's board, where one was asked for; WrongUse where something of it is missing."""
        return taken(self._args.board, self._args.code, self._args.name)

    @property
    def is_asking(self) -> bool:
        """Whether somebody sits at the terminal."""
        return sys.stdin.isatty() and self.console.is_terminal

    def ask(self, question: str, key: str) -> str:
        """Ask for a line; Ctrl-D is Ctrl-C."""
        self.console.print(Plain(question, style="dim"))
        try:
            return input(f"{key}: ").strip()
        except EOFError:
            raise KeyboardInterrupt from None

    @property
    def options(self) -> Options:
        """How a lesson's shop is started."""
        offset = up.offset(self._args.port_offset)
        return Options(state=state.folder(), backend=self._args.backend, port_offset=offset)

    def current(self) -> Lesson | None:
        """The lesson begun last, else the first that is not over; None when all are."""
        kept = progress.read()
        if kept.current in lessons() and not kept.is_over(kept.current):
            return lessons()[kept.current]
        return next((each for number, each in lessons().items() if not kept.is_over(number)), None)

    def text(self, lesson: Lesson) -> Text:
        """A lesson's text."""
        return text.read(lesson, self.language)

    def say(self, name: str, /, **values: object) -> None:
        """Print a sentence."""
        self.console.print(Plain(self.words(name, **values)))

    def words_of(self, lesson: Lesson) -> Words:
        """The sentences of a lesson's own check, beside the general ones."""
        return Words(self.language, lesson)

    def plain(self, line: str) -> None:
        """Print a line as it is."""
        self.console.print(Plain(line), soft_wrap=True)

    def show(self, markdown: str) -> None:
        """Print a part of a text; what is to be typed stands as it is, on one line however long, so that it copies."""
        for number, piece in enumerate(_FENCE.split(self._as_here(markdown))):
            if number % 2:
                for line in piece.splitlines():
                    self.console.print(Plain(f"    {line}", style="cyan"), soft_wrap=True)
                self.console.print()
            elif piece.strip():
                self.console.print(Markdown(piece))
                self.console.print()

    def _as_here(self, markdown: str) -> str:
        """Spell ports and the command as they are on this machine."""
        moved = _PORT.sub(lambda found: f"127.0.0.1:{int(found[1]) + self.options.port_offset}", markdown)
        return moved.replace("./tracelab", up.command())

    def told(self, checked: Checked) -> None:
        """Print what a check saw, a line each."""
        for remark in checked.remarks:
            mark = _MARKS[remark.fine][self.console.options.ascii_only]
            style = "green" if remark.fine else "red"
            line = Plain.assemble((f"{mark} ", style), remark.text)
            self.console.print(line)
        if checked.trace is not None:
            self.console.print()
            self.console.print(Waterfall(checked.trace, evidence=checked.marked), crop=False)

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[None]:
        """Count down on a terminal; elsewhere say nothing."""
        if not self.console.is_terminal:
            yield
            return
        over, until = Event(), time.monotonic() + seconds
        with self.console.status("") as status:

            def count() -> None:
                while True:
                    status.update(self.words("seconds_left", seconds=f"{max(1, until - time.monotonic()):.0f}"))
                    if over.wait(0.5):
                        return

            counter = Thread(target=count, daemon=True)
            counter.start()
            try:
                yield
            finally:
                over.set()
                counter.join()
