"""Reads a TOML file into a typed struct; an error names the file, the key and what was expected there."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from load.errors import WrongUse

T = TypeVar("T")


def read(path: Path, kind: type[T]) -> T:
    """Read a file; WrongUse where it is missing, no TOML, or not of that kind."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows editors put a byte order mark before UTF-8
    except FileNotFoundError:
        raise WrongUse(f"There is no file {path}.") from None
    except UnicodeDecodeError:
        raise WrongUse(f"{path} is not UTF-8 text; save it as UTF-8.") from None
    except OSError as error:
        raise WrongUse(f"{path} cannot be read: {error.strerror}.") from None
    try:
        return msgspec.toml.decode(text, type=kind)
    except msgspec.ValidationError as error:
        what, _, key = str(error).partition(" - at `$")
        place = key.rstrip("`").lstrip(".")
        raise WrongUse(f"{path}: {place + ': ' if place else ''}{what}.") from None
    except msgspec.DecodeError as error:
        raise WrongUse(f"{path} is not TOML: {error}.") from None
