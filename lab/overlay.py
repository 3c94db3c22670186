"""A learner's own copy of parts of the shop: `tracelab up --overlay DIR` serves it in place of the shop's own files.

DIR/services/inventory/shelf.py     instead of the shop's file of the same path
DIR/services/delivery/app.py        a service that the shop does not have; its `app` is served as well
DIR/settings.toml                   environment variables: [payment] for one service, [all] for every one
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

from lab.options import SERVICES, WrongUse

SETTINGS = "settings.toml"
VARIABLE = "TRACELAB_OVERLAY"
_PARTS = ("gateway", "services")  # what of the shop may be overlaid
_MOST_NEW = 5


def checked(folder: Path) -> Path:
    """Make it absolute; WrongUse where it is no overlay, or something in it cannot be read."""
    if not folder.is_dir():
        raise WrongUse(f"--overlay {folder}: expected a folder with files such as services/payment/app.py.")
    if not any((folder / part).exists() for part in (*_PARTS, SETTINGS)):
        parts = ", ".join(f"{part}/" for part in _PARTS)
        raise WrongUse(f"--overlay {folder}: nothing in it can be laid over the shop; expected {parts} or {SETTINGS}.")
    settings(folder)
    new_services(folder)
    for part in _PARTS:
        for file in sorted((folder / part).rglob("*.py")):
            _compiled(file)
    return folder.absolute()


def _compiled(file: Path) -> None:
    """Find what Python cannot read before a service dies of it."""
    try:
        compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise WrongUse(f"{file}, line {error.lineno}: {error.msg}; this is not Python yet.") from None
    except (OSError, ValueError) as error:
        raise WrongUse(f"{file}: {error}; expected a file of Python.") from None


def new_services(folder: Path) -> tuple[str, ...]:
    """Name the services that the shop does not have, in order."""
    found = sorted(file.parent.name for file in (folder / "services").glob("*/app.py"))
    new = tuple(name for name in found if name not in SERVICES)
    if bad := [name for name in new if not name.isidentifier() or name == "kit"]:
        raise WrongUse(f"{folder / 'services' / bad[0]}: a service's name must be a word, such as delivery.")
    if len(new) > _MOST_NEW:
        raise WrongUse(f"{folder / 'services'}: {len(new)} services of your own; {_MOST_NEW} at most.")
    return new


def settings(folder: Path) -> dict[str, dict[str, str]]:
    """Read the environment variables by service, `all` for every one; WrongUse says what is wrong, and where."""
    file = folder / SETTINGS
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    except (OSError, ValueError) as error:  # a TOMLDecodeError is one, and names line and column
        raise WrongUse(f'{file}: {error}; expected TOML such as [payment] and NAME = "value".') from None
    known = ("all", *SERVICES, *new_services(folder))
    for name, table in tables.items():
        if name not in known or not isinstance(table, dict):
            raise WrongUse(f"{file}: [{name}] is unknown; expected one of {', '.join(known)}.")
        if wrong := [key for key, value in table.items() if not isinstance(value, str)]:
            raise WrongUse(f'{file}: [{name}] {wrong[0]} must be a text, in quotes: {wrong[0]} = "...".')
    return tables


def of_service(folder: Path | None, name: str) -> Mapping[str, str]:
    """Give the environment of one service: what is for all, then its own."""
    if folder is None:
        return {}
    found = settings(folder)
    return {**found.get("all", {}), **found.get(name, {}), VARIABLE: str(folder)}


def install(folder: Path) -> None:
    """Import the overlay's modules from now on instead of the shop's."""
    sys.dont_write_bytecode = True  # in the learner's folder there is only what they wrote
    sys.meta_path.insert(0, _Finder(folder))


class _Finder(MetaPathFinder):
    """Finds a module of the shop in the overlay; what is not there is found as ever."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Give the overlay's file, or the folder of a service that is new."""
        del path, target
        part, _, rest = name.partition(".")
        place = self._folder.joinpath(*name.split("."))
        if part not in _PARTS:
            return None
        if place.with_suffix(".py").is_file():
            return spec_from_file_location(name, place.with_suffix(".py"))
        if part == "services" and rest not in ("", *SERVICES) and (place / "app.py").is_file():
            spec = ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = [str(place)]
            return spec
        return None
