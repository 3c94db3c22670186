"""The project itself as `tracelab.tar.gz`: its tracked files as they are here, for unpacking beside the wheels."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

NAME = "tracelab.tar.gz"


def pack(root: Path, archive: Path, without: frozenset[Path]) -> None:
    """Write the archive, at once or not at all; `without` names what a bundle puts beside the project."""
    unfinished = archive.with_name(f"{archive.name}.new")
    with tarfile.open(unfinished, "w:gz") as tar:
        for path in sorted(files(root)):
            if path.is_file() and not any(path.is_relative_to(each) for each in without):
                unowned = partial(_unowned, program=_is_program(path))
                tar.add(path, path.relative_to(root).as_posix(), filter=unowned)
    unfinished.replace(archive)


def files(root: Path) -> Iterator[Path]:
    """The project's files: those that git tracks, or all but the ignored ones where there is no git."""
    if (root / ".git").exists():
        try:
            listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout  # noqa: S607
        except (OSError, subprocess.CalledProcessError):
            pass
        else:
            yield from (root / name for name in listed.decode("utf-8").split("\0") if name)
            return
    lines = (root / ".gitignore").read_text(encoding="utf-8").split()
    yield from _unignored(root, root, [".git/", *lines])


def _unignored(root: Path, folder: Path, patterns: list[str]) -> Iterator[Path]:
    for path in folder.iterdir():
        if any(_matches(path, pattern, root) for pattern in patterns):
            continue
        if path.is_dir():
            yield from _unignored(root, path, patterns)
        else:
            yield path


def _matches(path: Path, pattern: str, root: Path) -> bool:
    """Tell whether a line of .gitignore means this path; ours are names, with `/` before those of the top only."""
    anchored = pattern.startswith("/")
    return fnmatch(path.name, pattern.strip("/")) and (not anchored or path.parent == root)


def _unowned(member: tarfile.TarInfo, *, program: bool) -> tarfile.TarInfo:
    """Say nothing of who packed it, and mark programs as such, which Windows does not."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if program else 0o644
    return member


def _is_program(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"#!"
