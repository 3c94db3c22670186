"""The fixtures give what they promise."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import asyncpg
import pytest

from tests.real import postgres as database
from tests.real import process


def test_jaeger_answers(jaeger):
    """Jaeger's query API answers at the address that the fixture gives."""
    assert process.answers(f"{jaeger.query_url}/api/v3/services")


def test_zipkin_answers(zipkin):
    """Zipkin's query API answers at the address that the fixture gives."""
    assert process.answers(f"{zipkin.query_url}/api/v2/services")


def test_postgres_gives_a_fresh_database_each_time(postgres):
    """Two fresh databases are different ones, and empty."""
    one, other = postgres.fresh(), postgres.fresh()
    assert one != other
    for url in (one, other):
        assert (
            asyncio.run(_fetch(url, "SELECT count(*) FROM information_schema.tables WHERE table_schema='public'")) == 0
        )


@pytest.mark.skipif(os.name == "nt", reason="there is no kill -9 on Windows")
def test_a_killed_cluster_starts_again_with_its_data(tmp_path_factory):
    """What was committed before a kill -9 is there after the next start."""
    with database.cluster(tmp_path_factory.mktemp("cluster")) as own:
        url = own.server.fresh()
        asyncio.run(_fetch(url, "CREATE TABLE kept AS SELECT 42 AS number"))
        own.kill()
        own.start()
        assert asyncio.run(_fetch(url, "SELECT number FROM kept")) == 42


def test_chromium_runs_a_page(chromium):
    """The browser loads a page and runs what is in it."""
    page = "data:text/html,<p id=a></p><script>document.getElementById('a').textContent=6*7</script>"
    assert '<p id="a">42</p>' in chromium.document(page)


def test_a_missing_server_skips_and_says_how_to_get_it(tmp_path):
    """Without Jaeger anywhere its tests are skipped, and the summary's line says how to get it."""
    done = _run_without_anything(tmp_path, {})
    assert done.returncode == 0, done.stdout
    assert "1 skipped" in done.stdout
    assert "without jaeger: put the `jaeger` program" in done.stdout


def test_a_missing_server_that_is_required_fails(tmp_path):
    """With TRACELAB_REQUIRE the same is a failure that names the server."""
    done = _run_without_anything(tmp_path, {"TRACELAB_REQUIRE": "jaeger"})
    assert done.returncode == 1
    assert "no jaeger here" in done.stdout


def test_requiring_what_nobody_knows_is_wrong_use(tmp_path):
    """A misspelled name in TRACELAB_REQUIRE stops the run: it would require nothing."""
    done = _run_without_anything(tmp_path, {"TRACELAB_REQUIRE": "jeager"})
    assert done.returncode == 4
    assert "names jeager; known are jaeger" in done.stderr


def _run_without_anything(tmp_path, environment):
    """Run the Jaeger test above in an environment that knows no program and no address."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("TRACELAB_", "ZIPKIN_", "PATH"))}
    command = [sys.executable, "-m", "pytest", f"{__file__}::test_jaeger_answers", "-rs"]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**bare, "PATH": str(tmp_path), **environment}
    )


async def _fetch(url, statement):
    connection = await asyncpg.connect("postgresql://" + url.partition("://")[2])
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
