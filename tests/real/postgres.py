"""A real PostgreSQL server, with a fresh database for whoever asks."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg

from tests.real import process
from tests.real.absent import missing

IMAGE = "postgres:17"
_DEBIAN = Path("/usr/lib/postgresql")
_DRIVER = "postgresql+asyncpg"


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server; `url` is SQLAlchemy's, of a database from which others may be created."""

    url: str

    def fresh(self) -> str:
        """Create an empty database and return its URL."""
        name = f"test_{uuid4().hex[:12]}"
        # In a thread of its own, for tests that run in an event loop already
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, _execute(self.url, f'CREATE DATABASE "{name}"')).result()
        return f"{self.url.rpartition('/')[0]}/{name}"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A server of the tests' own, which a test may kill and start again."""

    programs: Path
    folder: Path
    port: int

    @property
    def server(self) -> Postgres:
        """What clients need to know."""
        return Postgres(f"{_DRIVER}://postgres@127.0.0.1:{self.port}/postgres")

    def start(self) -> None:
        """Start it on its data, recovering after a kill, and wait until it takes connections."""
        process.wait_until(self._starts, 30, said=lambda: (self.folder / "log").read_text("utf-8", "replace")[-2000:])

    def _starts(self) -> bool:
        """Try to start it: right after a kill the old server's children still hold its memory for a moment."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
        data, log = str(self.folder / "data"), str(self.folder / "log")
        try:
            self._run("pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start")
        except RuntimeError:
            return False
        return True

    def stop(self) -> None:
        """Stop it at once, as a shutdown of the machine would."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "fast", "-w", "stop")

    def kill(self) -> None:
        """Kill it as `kill -9` does, without a chance to write anything."""
        first_line = (self.folder / "data" / "postmaster.pid").read_text("utf-8").split()[0]
        os.kill(int(first_line), 9)

    def create(self) -> None:
        """Make its data folder."""
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")

    def _run(self, program: str, *arguments: str) -> None:
        command = [*_as_postgres(), str(self.programs / program), *arguments]
        # Not through a pipe: the server would inherit it and keep it open
        output = self.folder / f"{program}.out"
        with output.open("wb") as stream:
            done = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, cwd=self.folder, check=False)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {output.read_text('utf-8', 'replace')[-2000:]}")


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """Find or start PostgreSQL; `folder` is for its data and log."""
    if url := os.environ.get("TRACELAB_POSTGRES_URL"):
        yield Postgres(_DRIVER + "://" + url.partition("://")[2])
    elif programs := _programs():
        with cluster(folder, programs) as own:
            yield own.server
    elif docker := process.docker_engine():
        with process.container(docker, IMAGE, (5432,), ("-e", "POSTGRES_PASSWORD=postgres")) as [port]:
            found = Postgres(f"{_DRIVER}://postgres:postgres@127.0.0.1:{port}/postgres")
            process.wait_until(lambda: _connects(found.url), 60)
            yield found
    else:
        missing("postgres")


@contextmanager
def cluster(folder: Path, programs: Path | None = None) -> Iterator[Cluster]:
    """Start a server of the test's own, which it may kill; needs PostgreSQL's programs, not just an address."""
    found = programs or _programs() or missing("postgres")
    [port] = process.free_ports(1)
    own = Cluster(found, folder, port)
    if _as_postgres():
        _give_to_postgres(folder)
    own.create()
    own.start()
    try:
        yield own
    finally:
        with suppress(RuntimeError):  # the test may have killed it
            own.stop()


def _programs() -> Path | None:
    """Return the folder of `initdb`: on the PATH, where pg_config says, or where Debian keeps it."""
    if initdb := shutil.which("initdb"):
        return Path(initdb).resolve().parent
    if pg_config := shutil.which("pg_config"):
        folder = Path(
            subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=True).stdout.strip()
        )
        if (folder / "initdb").exists():
            return folder
    return max(_DEBIAN.glob("*/bin"), key=lambda folder: float(folder.parent.name), default=None)


def _as_postgres() -> list[str]:
    """Return what to put before a command: PostgreSQL refuses to run as root."""
    if os.name == "nt" or os.geteuid() != 0:
        return []
    if setpriv := shutil.which("setpriv"):
        return [setpriv, "--reuid=postgres", "--regid=postgres", "--init-groups"]
    return [shutil.which("runuser") or "runuser", "-u", "postgres", "--"]


def _give_to_postgres(folder: Path) -> None:
    shutil.chown(folder, "postgres", "postgres")
    for parent in folder.parents:  # pytest's own folders are closed to others; passing through them is enough
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o001)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect("postgresql://" + url.partition("://")[2])
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _connects(url: str) -> bool:
    try:
        asyncio.run(_execute(url, "SELECT 1"))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True
