"""Looks for the programs that some commands use, and that `tracelab up` by itself does without."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

from lab import shop
from lab.doctor import mends
from lab.doctor.check import Check, note
from lab.tracing import JAEGER_PORT, ZIPKIN_PORT

_PATIENCE = 5.0  # seconds for a program to say its version
_COMPOSE = (2, 24)
_JAEGER_PROGRAMS = "https://www.jaegertracing.io/download/"


def checks() -> Iterator[Check]:
    """Look for Docker, Compose, Jaeger and Zipkin."""
    docker = _docker()
    yield docker
    if docker.fine:
        yield _compose()
    yield _jaeger()
    yield _zipkin()


def _docker() -> Check:
    if shutil.which("docker") is None:
        install = mends.by_system(
            linux="curl -fsSL https://get.docker.com | sh",
            macos="brew install --cask docker-desktop",
            windows="winget install Docker.DockerDesktop",
        )
        return note("docker", "not on the PATH: `docker compose up` needs it; `tracelab up` does not.", install)
    code, text = _said("docker", "version", "--format", "{{.Server.Version}}")
    if code == 0:
        return Check("docker", fine=True, text=text)
    if "permission denied" in text.lower():
        allow = "sudo usermod -aG docker $USER && newgrp docker"
        return note("docker", "its engine runs, but this user may not use it.", allow)
    start = mends.by_system(
        linux="sudo systemctl start docker", macos="docker desktop start", windows="docker desktop start"
    )
    return note("docker", "it is installed, but its engine does not answer; `tracelab up` needs none.", start)


def _compose() -> Check:
    code, text = _said("docker", "compose", "version", "--short")
    found = re.match(r"v?(\d+)\.(\d+)", text)
    wanted = ".".join(map(str, _COMPOSE))
    if code == 0 and found and (int(found[1]), int(found[2])) >= _COMPOSE:
        return Check("compose", fine=True, text=text)
    install = mends.by_system(
        linux="curl -fsSL https://get.docker.com | sh",
        macos="brew upgrade --cask docker-desktop",
        windows="winget upgrade Docker.DockerDesktop",
    )
    has = f"{found[0]} is too old" if code == 0 and found else "not there"
    return note("compose", f"{has}: `docker compose up` needs {wanted}; `tracelab up` needs none.", install)


def _jaeger() -> Check:
    if path := shutil.which("jaeger"):
        return Check("jaeger", fine=True, text=path)
    url = f"http://127.0.0.1:{JAEGER_PORT}"
    if shop.answers(f"{url}/api/v3/services"):
        return Check("jaeger", fine=True, text=f"answers at {url}")
    text = "neither up nor on the PATH: `tracelab up --backend jaeger` needs it; the built-in backend needs nothing."
    return note("jaeger", text, mends.JAEGER if shutil.which("docker") else mends.opened(_JAEGER_PROGRAMS))


def _zipkin() -> Check:
    if path := shutil.which("zipkin"):
        return Check("zipkin", fine=True, text=path)
    if path := shutil.which("java"):
        return Check("zipkin", fine=True, text=f"{path} runs a zipkin.jar, where there is one")
    if shop.answers(f"http://127.0.0.1:{ZIPKIN_PORT}/zipkin/config.json"):
        return Check("zipkin", fine=True, text=f"answers at http://127.0.0.1:{ZIPKIN_PORT}")
    java = mends.by_system(
        linux="sudo apt install default-jre-headless",
        macos="brew install openjdk",
        windows="winget install EclipseAdoptium.Temurin.21.JRE",
    )
    text = "no java on the PATH: `tracelab up --backend zipkin` needs it; the built-in backend needs nothing."
    return note("zipkin", text, java)


def _said(*command: str) -> tuple[int, str]:
    """A program's exit code and what it printed; 1 where it does not end in time."""
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_PATIENCE, check=False, encoding="utf-8", errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, str(error)
    return done.returncode, (done.stdout or done.stderr).strip()
