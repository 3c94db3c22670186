"""The container images of docker-compose.yml in one file, for `docker load`."""

from __future__ import annotations

import subprocess
from pathlib import Path

NAME = "images.tar"
_COMPOSE = ("docker", "compose", "--profile", "*")


class NoImages(Exception):
    """Docker is not here, or lacks an image that it cannot get."""

    exit_code = 4


def save(root: Path, archive: Path) -> None:
    """Fetch what is missing, build our own, and save all of them, for this machine's processor."""
    _run(root, *_COMPOSE, "pull", "--quiet", "--ignore-buildable", "--policy", "missing")
    _run(root, *_COMPOSE, "build", "--quiet")
    names = sorted(set(_run(root, *_COMPOSE, "config", "--images").split()))
    unfinished = archive.with_name(f"{archive.name}.new")
    try:
        _run(root, "docker", "save", "--output", str(unfinished), *names)
        unfinished.chmod(0o644)  # Docker lets its owner only read it, and a folder is made to be shared
        unfinished.replace(archive)
    finally:
        unfinished.unlink(missing_ok=True)


def _run(root: Path, *command: str) -> str:
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", errors="replace", check=False)
    except OSError as error:
        raise NoImages(
            f"--images needs Docker, and it does not start here ({error.strerror}): leave --images out, or install it."
        ) from error
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()] or [f"exit code {done.returncode}"]
        raise NoImages(f"`{' '.join(command[:2])} ...` failed while the images were got: {said[-1]}")
    return done.stdout
