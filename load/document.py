"""Reads a TOML file into a typed struct; an error names the file, the key and what was expected there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from load.errors import WrongUse

T = TypeVar("T")

_WORDS = {
    "`float`": "a number",
    "`int`": "a whole number",
    "`str`": "a text",
    "`bool`": "true or false",
    "`array`": "a list",
    "`object`": "a table",
    "a text of length >= 1": "a text that is not empty",
}


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
        raise WrongUse(f"{path}: {complaint(error, kind)}.") from None
    except msgspec.DecodeError as error:
        raise WrongUse(f"{path} is not TOML: {error}.") from None


def complaint(error: msgspec.ValidationError, kind: Any) -> str:
    """Say in plain words what is wrong with a document of that kind: `phase[0].rate: expected a number > 0`."""
    what, _, place = str(error).partition(" - at `")
    of_key = place.startswith("key")
    path = place.removeprefix("key` in `").rstrip("`").removeprefix("$").lstrip(".")
    where = f"{path}: " if path else ""
    expected = _at(inspect.type_info(kind), path)
    if of_key and isinstance(expected, inspect.DictType):
        expected = expected.key_type
    return where + _plain(what, expected)


def _plain(what: str, expected: inspect.Type) -> str:
    """Put msgspec's message into words, with the choices that there are."""
    name = re.search("[`'](.*)[`']", what)
    if what.startswith("Invalid enum value") and name and isinstance(expected, inspect.LiteralType):
        return f"{name[1]!r} is none of: {', '.join(map(str, expected.values))}"
    if what.startswith("Object contains unknown") and name and isinstance(expected, inspect.StructType):
        return f"there is no key {name[1]!r}; there are: {', '.join(key.encode_name for key in expected.fields)}"
    if what.startswith("Object missing required") and name:
        return f"the key {name[1]!r} is missing"
    what = re.sub(r"(\d)\.0\b", r"\1", what.replace("Expected", "expected", 1))
    for word, plain in _WORDS.items():
        what = what.replace(word, plain)
    return what


def _at(kind: inspect.Type, path: str) -> inspect.Type:
    """Follow a path such as `phase[0].rate` to the type expected there."""
    for step in re.findall(r"\w+|\[[^]]*\]", path):
        if isinstance(kind, inspect.StructType):
            kind = next(field.type for field in kind.fields if field.encode_name == step)
        elif isinstance(kind, inspect.VarTupleType):
            kind = kind.item_type
        elif isinstance(kind, inspect.DictType):
            kind = kind.value_type
    return kind
