"""The shop in containers, with Jaeger and with Zipkin. The tests of this file run in its order, on one shop."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.docker.shop import PROJECT, SERVICES, Shop, service, shape

GIB = 1024**3


def test_one_order_is_one_whole_trace(shop: Shop) -> None:
    """An order's trace, under the id that the answer names, crosses all four services and their databases."""
    trace = shop.whole_trace(shop.order()[0])
    assert set(trace.services) == set(SERVICES)
    assert trace.root.service == "gateway"
    assert not trace.missing
    assert not trace.errors
    databases = {span.service for span in trace.spans if "db.system.name" in span.attributes}
    assert databases == {"order", "payment", "inventory"}


def test_the_page_links_to_the_backend_in_use(shop: Shop) -> None:
    """The control page's links are the host's, and lead to the backend that was chosen."""
    page = {"jaeger": "/trace/{trace_id}", "zipkin": "/zipkin/traces/{trace_id}"}[shop.backend]
    assert shop.query_url + page in shop.page()


def test_every_container_is_confined(shop: Shop) -> None:
    """Each main process is no root and has no capability, its files are read-only, its ports are the host's alone."""
    for container in shop.containers():
        name, host = service(container), container["HostConfig"]
        status = shop.compose("exec", "-T", name, "cat", "/proc/1/status")
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert fields["Uid"].split()[1] != "0", name
        assert int(fields["CapEff"], 16) == 0, name
        assert fields["NoNewPrivs"] == "1", name
        assert host["ReadonlyRootfs"], name
        assert host["RestartPolicy"]["Name"] == "unless-stopped", name
        published = [binding for bindings in (host["PortBindings"] or {}).values() for binding in bindings]
        assert {binding["HostIp"] for binding in published} <= {"127.0.0.1"}, name
        # A volume that no name is given to stays behind unseen at every `down`.
        assert {mount["Name"] for mount in container["Mounts"] if mount["Type"] == "volume"} <= {f"{PROJECT}_database"}


def test_memory_is_limited_to_a_gigabyte_and_a_half(shop: Shop) -> None:
    """The limits of all containers, with the second payment and a load, come to less than 1.5 GiB."""
    limits = {service(container): container["HostConfig"]["Memory"] for container in shop.containers()}
    assert all(limits.values()), limits
    declared = json.loads(shop.compose("--profile", "*", "config", "--format", "json"))["services"]
    more = sum(int(declared[name]["mem_limit"]) for name in ("payment-2", "load"))
    assert sum(limits.values()) + more < 1.5 * GIB


def test_run_stays_on_the_backend_chosen(shop: Shop) -> None:
    """`docker compose run` starts nothing of the other backend, and its load is traced into the one in use."""
    before = shop.running()
    said = shop.compose("run", "--rm", "load", "steady", "--duration", "2s", "--json")
    assert shop.running() == before
    assert shop.backend in before
    slowest = json.loads(said)["slowest"]
    assert slowest["url"].startswith(shop.query_url)
    assert shop.whole_trace(slowest["trace_id"]).root.service == "client"


def test_the_culprit_is_named_from_a_container(shop: Shop) -> None:
    """`docker compose run lab find` reads the run that `load` left, and links to the host's pages."""
    where = f"runs/{shop.backend}-{time.time_ns()}"
    shop.compose("run", "--rm", "load", "slow-payment", "--duration", "14s", "--out", where)
    said = shop.compose("run", "--rm", "lab", "find", "--run", where)
    assert "=> payment: latency in" in said
    assert f"this trace    {shop.query_url}" in said


def test_a_lesson_is_solved_from_containers(shop: Shop) -> None:
    """A lesson uses the shop that is up; it is answered from other containers, and says what it cannot do here."""
    with shop.lesson(5):
        told = shop.compose("run", "--rm", "lab", "learn", "solution", "5").splitlines()
        answers = [line.strip().replace(" = ", "=", 1) for line in told if line.startswith("  ") and " = " in line]
        checked = shop.compose("run", "--rm", "lab", "learn", "check", "5", *answers)
    assert "exception, rightly" in checked
    assert "Lesson 5" in checked  # solved now, or before, with the other backend
    with pytest.raises(AssertionError, match="begin it on the host"):
        shop.compose("run", "--rm", "lab", "learn", "next", "6")


def test_a_trace_is_shown_in_the_terminal(shop: Shop) -> None:
    """`docker compose run lab show` finds a trace without being told where."""
    shown = shop.compose("run", "--rm", "lab", "show", shop.order()[0])
    assert all(service in shown for service in SERVICES)


def test_stop_right_after_fifty_orders_loses_no_span(shop: Shop) -> None:
    """What was still queued when `docker compose stop` came is sent: every trace has all that a healthy one has."""
    whole = shape(shop.whole_trace(shop.order()[0]))
    with ThreadPoolExecutor(8) as clients:
        orders = [trace_id for trace_id, _ in clients.map(lambda _: shop.order(), range(50))]
    shop.compose("stop", *SERVICES)
    assert len(set(orders)) == 50
    assert shop.short_of(orders, whole) == {}


def test_the_services_ended_in_order(shop: Shop) -> None:
    """Stopping was no killing: each service finished its work within its grace and left with 0."""
    ended = {
        service(container): container["State"]["ExitCode"]
        for container in shop.containers()
        if container["State"]["Status"] == "exited"
    }
    assert ended == dict.fromkeys(SERVICES, 0)


def test_two_payments_take_turns(shop: Shop) -> None:
    """With deploy/replicas.env there is a second payment, and the callers know of it."""
    shop.environment_files += ",deploy/replicas.env"
    shop.compose("up", "--detach", "--wait")
    orders = [shop.order()[0] for _ in range(2)]
    assert all(shop.whole_trace(trace_id) for trace_id in orders)
    documents = "".join(shop.document(trace_id) for trace_id in orders)
    assert {"payment-1", "payment-2"} <= set(re.findall(r"payment-\d", documents))


def test_down_leaves_only_the_orders(shop: Shop) -> None:
    """After `down` there is no container and no network, but the volume, and the other backend can follow."""
    shop.compose("down")
    assert shop.listed("ps", "--all") == []
    assert shop.listed("network", "ls") == []
    assert shop.listed("volume", "ls") == [f"{PROJECT}_database"]


def test_a_tool_works_as_the_owner_of_its_folder(shops: dict[str, Shop], tmp_path: Path) -> None:
    """What a tool writes to ./runs belongs to whoever owns that folder, not to root or a number of the image."""
    if os.getuid() == 0:
        os.chown(tmp_path, 12345, 12346)
    owner = tmp_path.stat()
    run = ["run", "--rm", "--user=root", "--cap-drop=ALL", "--cap-add=SETUID", "--cap-add=SETGID"]
    program = ["tracelab:0.1.0", "python", "/opt/tracelab/as-owner.py", "/runs", "touch", "/runs/report"]
    subprocess.run([shops["jaeger"].docker, *run, f"--volume={tmp_path}:/runs", *program], check=True)
    written = (tmp_path / "report").stat()
    assert (written.st_uid, written.st_gid) == (owner.st_uid, owner.st_gid)
