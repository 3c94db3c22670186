"""The board of a room, on a real socket and in a real browser: who may report, what is kept, what is shown."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, expect

from lab.board import app, command
from lab.board.scores import Refused, Report, Scores
from lab.learn import finding, mystery, reporting
from lab.learn.seat import Playing, readable
from lab.learn.truth import Truth
from lab.learn.words import Words
from lab.options import WrongUse
from tests.backend.browser import browser, page
from tests.lab.conftest import Command
from tests.lab.learn.conftest import Learner

ROUND = Playing(41, 2)
HERE = frozenset(("127.0.0.1", "localhost"))
NAMES = (
    "<img src=x onerror=a()>",
    "</td><script>a()</script>",
    "{{ 7*7 }}",
    "\u202edlrow\u202c",
    "Z\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
    "👩‍🚀 Ada",
    "مريم",
    "W" * 24,
)
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Open:
    """A board that is open."""

    url: str
    scores: Scores

    def ask(self, path: str, content: object = None, host: str = "") -> tuple[int, str]:
        """Ask, and give status and text."""
        sent = content if content is None or isinstance(content, bytes) else json.dumps(content).encode()
        request = urllib.request.Request(self.url + path, sent, {"Host": host} if host else {})
        try:
            with _DIRECT.open(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def score(self, name: str, who: int = 1, **other: Any) -> dict[str, Any]:
        """Make a score as a learner's machine sends it."""
        told = {"code": self.scores.code, "who": f"{who:016x}", "name": name, "seed": 41, "level": 2}
        return {**told, "solved": False, "seconds": 61.5, "tries": 2, "right": 1, **other}

    def names(self) -> list[str]:
        """Give the names on the board, from the top."""
        return [each.name for each in self.scores.ranked()]


@pytest.fixture
def board() -> Iterator[Open]:
    """A board of round 41, level 2."""
    with opened() as found:
        yield found


@contextmanager
def opened(hosts: frozenset[str] = HERE, playing: Playing = ROUND) -> Iterator[Open]:
    """Open a board in a thread of this process."""
    scores = Scores(playing)
    listening = command.listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    served = app.create(scores, Words("en"), url, hosts)
    server = uvicorn.Server(uvicorn.Config(served, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Open(url, scores)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    """The browser."""
    with browser() as started:
        yield started


@pytest.fixture
def learner(tmp_path: Path) -> Iterator[Learner]:
    """Somebody in the room."""
    found = Learner(tmp_path)
    yield found
    found.stop()


@contextmanager
def stranger(answer: bytes) -> Iterator[str]:
    """Open a port where something else than a board answers, once."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def once() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=once)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def test_the_code_lets_in(board: Open) -> None:
    """Seed and level are told to whoever has the code, in capitals or not; a wrong one is a sentence."""
    assert board.ask(f"/round?code={board.scores.code.lower()}") == (200, '{"seed":41,"level":2}')
    status, said = board.ask("/round?code=AAAAAA")
    assert (status, "six letters and digits" in said) == (403, True)
    assert board.ask("/round")[0] == 403


def test_guessing_is_slowed_down(board: Open) -> None:
    """After twenty wrong codes in a minute their address is let in no more, not even with the right one; others are."""
    assert [board.ask("/round?code=x")[0] for _ in range(21)] == [403] * 20 + [429]
    assert board.ask(f"/round?code={board.scores.code}")[0] == 429
    assert board.ask("/scores", board.score("Kim"))[0] == 429
    board.scores.admit(board.scores.code, "192.168.0.77")


def test_the_code_is_not_shown_to_the_network() -> None:
    """The page, which has the code on it, is for this machine; from another address it takes the code."""
    with opened(hosts=frozenset(("localhost",))) as board:  # of which 127.0.0.1 is none
        served = "localhost"
        status, said = board.ask("/", host=served)
        assert (status, board.scores.code in said) == (403, False)
        assert board.ask(f"/?code={board.scores.code}", host=served)[0] == 200
        assert board.ask("/board.js", host=served)[0] == 200


def test_another_round_is_not_counted(board: Open) -> None:
    """A learner who still plays the round of an earlier board is told so."""
    status, said = board.ask("/scores", board.score("Kim", seed=40))
    assert (status, "another one by now: seed 41, level 2" in said, board.names()) == (409, True, [])


def test_scores_are_kept_and_ranked(board: Open) -> None:
    """The fastest first, then who is nearest; what is solved stays solved; two of one name are told apart."""
    for who, (name, solved, seconds, right) in enumerate(
        [("Kim", False, 10, 2), ("Lee", True, 200, 4), ("Kim", True, 100, 4), ("Park", False, 5, 3)], 1
    ):
        assert board.ask("/scores", board.score(name, who, solved=solved, seconds=seconds, right=right))[0] == 200
    board.ask("/scores", board.score("Lee", 2, solved=False, seconds=999, right=0))
    assert board.names() == ["Kim 2", "Lee", "Park", "Kim"]
    first, *_, last = command.table(board.scores, Words("en")).splitlines()
    assert first.split() == ["1", "Kim", "2", "1:40", "answers:", "2"]
    assert last.split() == ["Kim", "2", "of", "4", "answers:", "2"]


def test_names_are_told_apart(board: Open) -> None:
    """Whatever their case and length, nobody is taken for another, and no name grows beyond its length."""
    for who, name in enumerate(("kim", "KIM", "x" * 24, "x" * 40)):
        board.ask("/scores", board.score(name, who))
    assert sorted(board.names()) == ["KIM 2", "kim", "x" * 22 + " 2", "x" * 24]


@pytest.mark.parametrize(
    "wrong",
    [
        {"seconds": -1},
        {"seconds": 1e9},
        {"tries": -1},
        {"right": 5},
        {"who": "1"},
        {"name": ""},
        {"name": "\u202e\u200b\n"},
        {"name": "\u3164\u0301"},
        {"more": 1},
        {"solved": "yes"},
    ],
    ids=str,
)
def test_what_is_no_score_is_refused(board: Open, wrong: dict[str, Any]) -> None:
    """Out of bounds, nameless or strange: one sentence, and nothing is kept."""
    status, said = board.ask("/scores", board.score("Kim") | wrong)
    assert status == 400
    assert said.strip()
    assert board.scores.ranked() == []


def test_odd_requests(board: Open) -> None:
    """No JSON, too much of it, a foreign Host, another path or method: refused, and the board goes on."""
    assert board.ask("/scores", b"\xff")[0] == 400
    assert board.ask("/scores", board.score("x" * 9_000))[0] == 413
    assert board.ask("/", host="evil.example") == (403, f"Use the address on the facilitator's screen: {board.url}\n")
    assert board.ask("/", b"{}")[0] == 405
    assert board.ask("/elsewhere")[0] == 404
    assert board.ask("/")[0] == 200


def test_a_full_board(board: Open) -> None:
    """After two hundred learners the next one is told so; those who are there go on."""
    for who in range(200):
        board.scores.take(Report(**board.score(f"learner {who}", who)), "127.0.0.1")
    with pytest.raises(Refused, match="full"):
        board.scores.take(Report(**board.score("one more", 200)), "127.0.0.1")
    assert board.ask("/scores", board.score("x", 0)) == (200, '{"name":"learner 0"}')


@given(st.text(max_size=200))
def test_any_name_can_be_shown(name: str) -> None:
    """What is shown of it is short and on one line, has nothing invisible, and is not cleaned further."""
    shown = readable(name)
    assert len(shown) <= 24
    assert all(each == " " or each.isprintable() for each in shown)
    assert not {"\u202e", "\u200b", "\x1b", "\u3164"} & set(shown)
    assert readable(shown) == shown


def test_a_name_is_text(board: Open, window: Browser) -> None:
    """Markup in a name is shown as it is; nothing runs; the table and the line to type are there."""
    for who, name in enumerate(NAMES, 1):
        assert board.ask("/scores", board.score(name, who))[0] == 200
    board.ask("/scores", board.score("민수", 99, solved=True, right=4, seconds=83))
    with page(window, viewport={"width": 390, "height": 800}) as tab:
        tab.goto(board.url)
        assert tab.locator("tbody tr").all_inner_texts()[0].split() == ["1", "민수", "✔", "solved", "1:23", "2"]
        assert tab.locator("tbody bdi").all_inner_texts() == board.names()
        assert {"<img src=x onerror=a()>", "</td><script>a()</script", "{{ 7*7 }}", "dlrow"} <= set(board.names())
        assert tab.locator("main img, main script").count() == 0
        assert f"--code {board.scores.code}" in tab.locator("code").inner_text()
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_learners_report(board: Open) -> None:
    """The learner's side gets the round and sends a score; a wrong code and an absent board are told apart."""
    assert reporting.playing(board.url, board.scores.code) == Playing(41, 2)
    assert reporting.report(board.url, board.score("Kim")) == "Kim"
    with pytest.raises(reporting.Refused, match="six letters"):
        reporting.playing(board.url, "nope")
    with pytest.raises(reporting.Refused, match="A name is needed"):
        reporting.report(board.url, board.score("\u200b", 2))
    with pytest.raises(reporting.Absent, match="refused"):
        reporting.playing("http://127.0.0.1:1", "nope")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n[]",
        b'HTTP/1.0 200 OK\r\n\r\n{"seed": 1, "level": 9}',
        b"HTTP/1.0 404 No\r\nContent-Type: text/html\r\n\r\n<p>No",
        b"HTTP/1.0 503 Later\r\nContent-Type: text/plain\r\n\r\nLater",
        b"HTTP/1.0 200 OK\r\nContent-Length: 99\r\n\r\n{",
        b"",
    ],
    ids=repr,
)
def test_something_else_than_a_board(answer: bytes) -> None:
    """Whatever answers at the address, it is no board, and never the end of a round."""
    with stranger(answer) as url, pytest.raises(reporting.Absent):
        reporting.playing(url, "ABC234")


def test_a_server_cannot_write_on_the_terminal() -> None:
    """Controls in what is answered stay away from a learner's terminal."""
    answer = b"HTTP/1.0 403 No\r\nContent-Type: text/plain\r\n\r\n\x1b[31mgo\naway"
    with stranger(answer) as url, pytest.raises(reporting.Refused, match=r"^\[31mgo away$"):
        reporting.playing(url, "ABC234")


@pytest.mark.parametrize("host", ["0.0.0.0", "somewhere", "203.0.113.7", "::", "224.0.0.1", ""])
def test_an_address_that_cannot_be(host: str) -> None:
    """Everybody's address, none at all, or another machine's: a sentence that names one of this machine's."""
    with pytest.raises(WrongUse, match=rf"^--host {host}.* \d+\.\d+\.\d+\.\d+\.$"):
        command.listen(host, 0)


def test_a_port_that_is_taken(board: Open, tracelab: Any) -> None:
    """A sentence says so, and which option moves it."""
    running: Command = tracelab("board", "--port", board.url.rpartition(":")[2])
    assert running.end() == 2
    assert "cannot be had" in running.text()
    assert "--port" in running.text()


def test_the_page_follows(window: Browser) -> None:
    """Scores appear without a reload, under what a screen reader is told; when the board has ended they stay."""
    with page(window) as tab:
        with opened() as board:
            tab.goto(board.url)
            expect(tab.get_by_role("status")).to_have_text("Nobody has answered yet.")
            tab.evaluate("window.same = true")
            board.ask("/scores", board.score("Kim", solved=True, right=4))
            expect(tab.get_by_role("row", name="1 Kim solved 1:02 2")).to_be_visible(timeout=20_000)
            expect(tab.get_by_role("status")).to_have_text("1 of 1 have solved it")
            expect(tab.get_by_role("alert")).to_have_text("")
        expect(tab.get_by_role("alert")).to_contain_text("does not answer", timeout=20_000)
        expect(tab.locator("tbody tr")).to_have_count(1)
        assert tab.evaluate("window.same")


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("language", "nobody"), [("en", "Nobody has answered yet."), ("ko", "아직 답한 사람이 없습니다.")]
)
def test_the_end_prints_the_table(tracelab: Any, ending: int, language: str, nobody: str) -> None:
    """It says where it is and what to type, and at the end who has found what; it leaves no file behind."""
    running: Command = tracelab("board", "--port", "0", "--seed", "41", "--lang", language)
    said = running.wait_for("Ctrl-C")
    assert re.search(r"--board http://127\.0\.0\.1:\d+ --code [A-Z2-9]{6} --name", said)
    running.wait_for("--name")
    running.signal(ending)
    assert running.end() == 0
    assert running.text().endswith(f"\n{nobody}\n")
    assert list(running.output.parent.iterdir()) == [running.output]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"--code": "AAAAAA"}, "not the board's code"),
        ({"--code": ""}, "--code"),
        ({"--name": ""}, "1 to 24 characters"),
        ({"--name": " \u200b "}, "1 to 24 characters"),
        ({"--name": "x" * 10_000}, "1 to 24 characters"),
        ({"--board": "192.168.0.5:8090"}, "http://"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_seat_that_cannot_be_had(board: Open, learner: Learner, changed: dict[str, str], said: str) -> None:
    """What is missing or wrong is said before anything starts."""
    options = {"--board": board.url, "--code": board.scores.code, "--name": "Kim"} | changed
    arguments = [text for option in options.items() for text in option]
    assert learner.learn("mystery", *arguments, "--lang", "en").is_a_sentence(2, said)


def test_every_answer_is_reported(board: Open, learner: Learner) -> None:
    """The board learns name and score, and nothing of the answers; where it refuses or is gone, the round goes on."""
    file = learner.state / "learn" / "00" / "round.json"
    file.parent.mkdir(parents=True)
    seat = {"board": board.url, "code": board.scores.code, "name": "Kim", "who": "0" * 16}
    begun = {"seed": 41, "level": 2, "began": time.time() - 75, "seat": seat}
    file.write_text(json.dumps(begun), encoding="utf-8")
    assert "On the board as Kim." in learner.learn("check", "--lang", "en").output
    (score,) = board.scores.ranked()
    assert (score.name, score.solved, score.tries, score.right) == ("Kim", False, 1, 0)
    assert 75 <= score.seconds < 900
    for wrong, said in (
        ({"code": "AAAAAA"}, "The board says: This is not the board's code"),
        ({"board": "http://127.0.0.1:1"}, "is not reached ("),
    ):
        file.write_text(json.dumps(begun | {"seat": seat | wrong}), encoding="utf-8")
        done = learner.learn("check", "--lang", "en")
        assert done.code == 1
        assert said in done.text
        assert "goes on without it. Not yet; the clock runs." in done.text


@pytest.mark.skipif("CI" not in os.environ, reason="half a minute, which is for CI")
def test_a_round_of_the_room(learner: Learner) -> None:
    """A learner plays the board's round, not one of their own, and is on the board once it is solved."""
    with opened(playing=Playing(4, 1)) as board:
        seated = ("--board", board.url, "--code", board.scores.code, "--name", "민수 <b>")
        running = learner.begin("mystery", *seated, "--seed", "7", "--lang", "en")
        assert "Round 4, level 1" in running.wait_for("Answer in a second terminal", 180)
        truth = Truth(learner.state / "learn" / "00" / "round", mystery.draw(4, 1).faults[0])
        assert "On the board as 민수 <b>." in learner.learn("check", "service=nobody", "--lang", "en").output
        right = finding.solve({"round": truth})
        solved = learner.learn("check", *(f"{key}={value}" for key, value in right.items()), "--lang", "en")
        assert (solved.code, "On the board as" in solved.output) == (0, True)
        (score,) = board.scores.ranked()
        assert (score.name, score.solved, score.tries, score.right) == ("민수 <b>", True, 2, 4)
