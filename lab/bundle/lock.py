"""The lock as packages: `name==version ; marker --hash=sha256:...`, as pip's requirements files spell it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from lab.bundle.target import Target

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Package:
    """One package at its one version, and the SHA-256 sums that its files may have."""

    name: NormalizedName
    version: Version
    sums: frozenset[str]
    marker: Marker | None = None

    def is_for(self, target: Target) -> bool:
        """Tell whether that machine needs it: its marker is asked about that machine, not about this one."""
        return self.marker is None or self.marker.evaluate(dict(target.markers()))

    def line(self) -> str:
        """Spell it for pip, without the marker, which pip would ask about this machine."""
        return " ".join([f"{self.name}=={self.version}", *(f"--hash=sha256:{each}" for each in sorted(self.sums))])


def read(lock: Path) -> tuple[Package, ...]:
    """Read a lock."""
    joined = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    return tuple(_package(line) for line in joined.splitlines() if re.match(r"[A-Za-z0-9]", line))


def fingerprint(lock: Path) -> str:
    """The lock's own sum, as the bootstrap takes it."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def all_sums(packages: Iterable[Package]) -> frozenset[str]:
    """Every sum that the lock names."""
    return frozenset().union(*(package.sums for package in packages))


def _package(line: str) -> Package:
    requirement = Requirement(line.partition("--hash")[0].strip())
    (pinned,) = requirement.specifier
    return Package(
        canonicalize_name(requirement.name),
        Version(pinned.version),
        frozenset(_HASH.findall(line)),
        requirement.marker,
    )
