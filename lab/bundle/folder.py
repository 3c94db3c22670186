"""A bundle's folder: `wheels/`, `tracelab.tar.gz`, perhaps `images.tar`, `README.txt`, `MANIFEST` with all sums."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab import state
from lab.bundle import images, lock, mail, project, record
from lab.bundle.download import Refused, Unreachable, download
from lab.bundle.target import PYTHONS, SYSTEMS, Target
from lab.bundle.wheels import Wheels, digest
from lab.options import WrongUse

MANIFEST = "MANIFEST"
WHEELS = "wheels"
_OURS = (WHEELS, project.NAME, images.NAME, mail.README, MANIFEST)

Tell = Callable[[str], None]


class Folder:
    """One bundle of a lock's packages, new or to be added to."""

    def __init__(self, path: Path, lock_file: Path) -> None:
        self.path = path
        self._packages = lock.read(lock_file)
        self._fingerprint = lock.fingerprint(lock_file)
        self._wheels = Wheels(path / WHEELS, self._packages)
        self._targets: list[Target] = []

    def fill(self, targets: Sequence[Target], tell: Tell, *, with_images: bool = False) -> None:
        """Add what these machines need; what an earlier call has put here stays, where the lock is still the same.

        WrongUse where the folder cannot be written or is somebody else's, Unreachable without a network, NoImages
        where Docker does not give them.
        """
        with self._writing():
            self._targets = self._begin(targets)
            if with_images:
                tell("the images (minutes)")
                images.save(state.ROOT, self.path / images.NAME)
            for number, target in enumerate(self._targets, 1):
                self._fetch(target, f"{target} ({number} of {len(self._targets)})", tell)
            tell("the project and the sums")
            without = frozenset(folder / name for folder in (self.path, state.ROOT) for name in _OURS)
            project.pack(state.ROOT, self.path / project.NAME, without)
            (self.path / mail.README).write_text(mail.readme(), encoding="utf-8", newline="\n")
            record.write(self._wheels.folder, self._fingerprint, self._targets)
            self._seal()

    def summary(self) -> str:
        """Say what there is, and how much of the wheels each machine installs, in MB."""
        wheels = self._wheels.paths
        pythons = [python for python in PYTHONS if any(target.python == python for target in self._targets)]
        systems = [system for system in SYSTEMS if any(target.system == system for target in self._targets)]
        parts = {
            path.name: _size([path])
            for path in (self.path / name for name in (project.NAME, images.NAME))
            if path.exists()
        }
        return "\n".join(
            [
                f"{self.path}: {_size(self._files())} MB",
                *(f"  {name:16}{size:>8} MB" for name, size in parts.items()),
                f"  {WHEELS + '/':16}{_size(wheels):>8} MB, {len(wheels)} files, of which one machine takes, in MB:",
                f"  {'':16}" + "".join(f"{python:>8}" for python in pythons),
                *(
                    f"    {system:14}" + "".join(self._share(system, python) for python in pythons)
                    for system in systems
                ),
            ]
        )

    def _share(self, system: str, python: str) -> str:
        target = Target(system, python)
        wheels = self._wheels.all_of(self._packages, target) if target in self._targets else None
        return f"{_size(wheels) if wheels else '-':>8}"

    def _begin(self, targets: Sequence[Target]) -> list[Target]:
        """Make the folder, throw out what is not of this lock, and say what the whole bundle is for."""
        folder = self._wheels.folder
        earlier = record.read(folder)
        if earlier is None and self.path.exists() and any(self.path.iterdir()):
            raise WrongUse(f"{self.path} holds other things, and no bundle: name a new folder, or a bundle's own.")
        folder.mkdir(parents=True, exist_ok=True)
        kept = earlier.targets if earlier and earlier.lock == self._fingerprint else []
        record.write(folder, self._fingerprint, kept)
        self._wheels.look()
        wanted = {*targets, *kept}
        return [Target(system, python) for system in SYSTEMS for python in PYTHONS if Target(system, python) in wanted]

    def _fetch(self, target: Target, stage: str, tell: Tell) -> None:
        missing = self._wheels.missing(self._packages, target)
        if not missing:
            return
        tell(stage)
        try:
            download(
                missing,
                target,
                self._wheels.folder,
                lambda number, name: tell(f"{stage}: package {number} of {len(missing)}: {name}"),
            )
        except (Unreachable, Refused) as error:
            self._wheels.look()
            kept = f"{len(self._wheels.paths)} wheels are kept in {self._wheels.folder}"
            raise type(error)(f"{error} {kept}.") from error
        self._wheels.look()
        if left := self._wheels.missing(self._packages, target):
            raise Refused(f"The package index sent no wheel of {left[0].name} that fits {target}.")

    def _files(self) -> list[Path]:
        """Everything of the bundle, but the manifest."""
        beside = [self.path / name for name in _OURS[1:-1]]
        found = [*beside, self._wheels.folder / record.NAME, *self._wheels.paths]
        return sorted(path for path in found if path.exists())

    def _seal(self) -> None:
        """Write the manifest, as `sha256sum --check` reads it."""
        lines = [f"{digest(path)}  {path.relative_to(self.path).as_posix()}\n" for path in self._files()]
        (self.path / MANIFEST).write_text("".join(lines), encoding="utf-8", newline="\n")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Explain what the system refuses to write."""
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise Refused(
                    f"The disk of {self.path} is full: make room, and start again; what is there is kept."
                ) from error
            reason = error.strerror or str(error)
            raise WrongUse(f"{self.path} cannot be written ({reason}): name a folder that you may write.") from error


def _size(paths: Iterable[Path]) -> str:
    """The size of files in MB."""
    return f"{sum(path.stat().st_size for path in paths) / 1e6:.1f}"
