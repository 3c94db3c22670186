"""The machines that a bundle can be made for, and what their pip takes.

Tags and markers are those of packaging.python.org: "Platform compatibility tags" and "Dependency specifiers".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging import tags

from lab.options import WrongUse

# As scripts/check-lock: all that the lock promises a wheel for.
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


@dataclass(frozen=True, slots=True)
class System:
    """An operating system on a processor: its markers, and the platforms of its wheels, the oldest first.

    The oldest first, because the wheel of an older platform runs on the newer ones too.
    """

    sys_platform: str
    platform_system: str
    machine: str
    platforms: tuple[str, ...]


def _linux(machine: str) -> System:
    """Any Linux with glibc 2.28 or newer: Debian 10, Ubuntu 20.04, RHEL 8."""
    names = ("manylinux1", "manylinux2010", "manylinux2014", *(f"manylinux_2_{minor}" for minor in range(5, 29)))
    return System("linux", "Linux", machine, tuple(f"{name}_{machine}" for name in names))


def _macos(machine: str, versions: Iterable[str]) -> System:
    """Any macOS from 12 on."""
    return System("darwin", "Darwin", machine, tuple(f"macosx_{version}_{machine}" for version in versions))


SYSTEMS = {
    "linux": _linux("x86_64"),
    "linux-arm64": _linux("aarch64"),
    "macos-arm64": _macos("arm64", ("11_0", "12_0")),
    "macos-x86_64": _macos("x86_64", ("10_13", "11_0", "12_0")),
    "windows": System("win32", "Windows", "AMD64", ("win_amd64",)),
}


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of machine: a system's name and a Python, such as `linux` and `3.12`."""

    system: str
    python: str

    def __str__(self) -> str:
        return f"{self.system}, Python {self.python}"

    @property
    def abi(self) -> str:
        """The binary interface of its CPython: `cp312`."""
        return "cp" + self.python.replace(".", "")

    def tags(self) -> frozenset[tags.Tag]:
        """The tags of the wheels that its pip takes."""
        major, minor = self.python.split(".")
        version, platforms = (int(major), int(minor)), list(_expanded(SYSTEMS[self.system]))
        return frozenset(
            [
                *tags.cpython_tags(version, [self.abi], platforms),
                *tags.compatible_tags(version, self.abi, platforms),
            ]
        )

    def markers(self) -> Mapping[str, str]:
        """What a marker such as `sys_platform == "win32"` is compared with there."""
        system = SYSTEMS[self.system]
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "nt" if system.sys_platform == "win32" else "posix",
            "platform_machine": system.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": system.platform_system,
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": system.sys_platform,
        }


def read(systems: str, pythons: str) -> list[Target]:
    """Read `--for` and `--python`, lists with commas, the latter with ranges; WrongUse names what is known."""
    chosen = _listed("--for", systems, SYSTEMS)
    versions = [version for part in pythons.split(",") for version in _range(part.strip(), pythons)]
    return [Target(system, python) for system in chosen for python in dict.fromkeys(versions)]


def _listed(option: str, text: str, known: Iterable[str]) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in text.split(",")))
    if unknown := [name for name in names if name not in known]:
        raise WrongUse(f"{option} {text}: {unknown[0]!r} is not known; known are {', '.join(known)}.")
    return names


def _range(part: str, whole: str) -> tuple[str, ...]:
    """The Pythons of `3.12` or `3.11-3.13`."""
    first, dash, last = part.partition("-")
    ends = _listed("--python", f"{first},{last}" if dash else first, PYTHONS)
    low, high = PYTHONS.index(ends[0]), PYTHONS.index(ends[-1])
    if low > high:
        raise WrongUse(f"--python {whole}: {part} runs backwards; expected such as {PYTHONS[0]}-{PYTHONS[-1]}.")
    return PYTHONS[low : high + 1]


def _expanded(system: System) -> Iterable[str]:
    """The platforms with those that each includes, as pip spells them out: a macOS takes the older ones' wheels."""
    if system.sys_platform != "darwin":
        return system.platforms
    newest = system.platforms[-1].split("_")
    return tags.mac_platforms((int(newest[1]), int(newest[2])), system.machine)
