"""Fill a folder for a venue without network: wheels for the learners' machines, the project, and how to install."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from lab import state, up
from lab.bundle import mail, target
from lab.bundle.folder import Folder
from lab.learn.lesson import LANGUAGES
from lab.learn.words import chosen


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    systems, pythons = ",".join(target.SYSTEMS), f"{target.PYTHONS[0]}-{target.PYTHONS[-1]}"
    parser.add_argument("dir", nargs="?", type=Path, metavar="DIR", help="the folder, added to if it is one (bundle)")
    parser.add_argument(
        "--for", dest="systems", default=systems, metavar="SYSTEMS", help=f"the learners' systems ({systems})"
    )
    parser.add_argument(
        "--python", default=pythons, metavar="VERSIONS", help=f"their Pythons, such as 3.12 ({pythons})"
    )
    parser.add_argument("--images", action="store_true", help="the images of docker-compose.yml too")
    parser.add_argument("--mail", action="store_true", help="only print a mail to send to learners a week before")
    parser.add_argument("--lang", choices=LANGUAGES, help="the mail's language (the system's)")


def run(args: argparse.Namespace) -> int:
    """Fill the folder, or print the mail."""
    if args.mail:
        print(mail.mail(chosen(args.lang)), end="")
        return 0
    targets = target.read(args.systems, args.python)
    folder = Folder((args.dir or state.ROOT / "bundle").absolute(), state.ROOT / "requirements.lock")
    up.end_on_signals()
    try:
        with _progress() as tell:
            folder.fill(targets, tell, with_images=args.images)
    except KeyboardInterrupt:
        print(
            f"interrupted: what is in {folder.path} is kept, and the same command goes on from there", file=sys.stderr
        )
        return 130
    print(folder.summary())
    print(f"Take the whole folder to the venue; its {mail.README} says what to type there.")
    print(f"`{up.command()} bundle --mail` prints the mail to send a week before.")
    return 0


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show what is being done: one live line on a terminal, a plain line for each new stage elsewhere."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status("") as status:
            yield lambda text: status.update(text[: console.width - 3])
        return
    stages = set()

    def tell(text: str) -> None:
        stage = text.partition(": package")[0]
        if stage not in stages:
            stages.add(stage)
            print(stage, file=sys.stderr, flush=True)

    yield tell
