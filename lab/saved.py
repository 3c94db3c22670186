"""Notices when something in a folder was saved, whoever writes it and however an editor does that."""

from __future__ import annotations

from pathlib import Path

Stamp = dict[Path, tuple[int, int]]


def stamp(folder: Path) -> Stamp:
    """Times and sizes of all files; two stamps differ where something was saved between them."""
    found: Stamp = {}
    for file in folder.rglob("*"):
        if "__pycache__" in file.parts or file.name.startswith(".") or file.name.endswith(("~", ".swp")):
            continue
        try:
            about = file.stat()
        except OSError:  # an editor that replaces files takes them away for a moment
            continue
        if file.is_file():
            found[file] = (about.st_mtime_ns, about.st_size)
    return found
