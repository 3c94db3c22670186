"""A folder of wheels, each once, whichever machines share it; only what the lock's sums vouch for stays in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from packaging.tags import Tag
from packaging.utils import NormalizedName, parse_wheel_filename
from packaging.version import Version

from lab.bundle.lock import Package, all_sums
from lab.bundle.target import Target


class Wheels:
    """The wheels of a folder, as far as they are known."""

    def __init__(self, folder: Path, packages: Iterable[Package]) -> None:
        self.folder = folder
        self._sums = all_sums(packages)
        self._known: dict[Path, tuple[NormalizedName, Version, frozenset[Tag]]] = {}

    def look(self) -> None:
        """Take in what is new, and throw out what the lock does not name: of an older lock, or cut while written."""
        for path in sorted(self.folder.glob("*.whl")):
            if path in self._known:
                continue
            if digest(path) not in self._sums:
                path.unlink()
                continue
            name, version, _, tags = parse_wheel_filename(path.name)
            self._known[path] = name, version, tags

    def of(self, package: Package, tags: frozenset[Tag]) -> Path | None:
        """The wheel of a package for a machine that takes these tags, if it is here."""
        for path, (name, version, own) in self._known.items():
            if name == package.name and version == package.version and own & tags:
                return path
        return None

    def missing(self, packages: Iterable[Package], target: Target) -> list[Package]:
        """What a machine needs that is not here."""
        tags = target.tags()
        return [package for package in packages if package.is_for(target) and self.of(package, tags) is None]

    def all_of(self, packages: Iterable[Package], target: Target) -> list[Path]:
        """The wheels that one machine installs, as far as they are here."""
        tags = target.tags()
        found = (self.of(package, tags) for package in packages if package.is_for(target))
        return [path for path in found if path]

    @property
    def paths(self) -> list[Path]:
        """All of them."""
        return list(self._known)


def digest(path: Path) -> str:
    """The SHA-256 sum of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
