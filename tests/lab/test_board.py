"""The board of a room, on a real socket and in a real browser: who may report, what is kept, what is shown."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from lab.board import app, command
from lab.board.scores import Refused, Scores, cleaned
from lab.learn import reporting
from lab.learn.words import Words
from lab.options import WrongUse
from tests.backend.browser import browser, page
from tests.lab.conftest import Command

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
        told = {"code": self.scores.code, "who": f"{who:016x}", "name": name, "solved": False, "seconds": 61.5}
        return {**told, "tries": 2, "right": 1, **other}


@pytest.fixture
def board() -> Iterator[Open]:
    """A board in a thread of this process."""
    scores = Scores(41, 2)
    listening = command.listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    served = app.create(scores, Words("en"), url, frozenset(("127.0.0.1", "localhost")))
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
    with browser() as opened:
        yield opened


def test_the_code_lets_in(board: Open) -> None:
    """Seed and level are told to whoever has the code, in capitals or not; a wrong one is a sentence."""
    assert board.ask(f"/round?code={board.scores.code.lower()}") == (200, '{"seed":41,"level":2}')
    status, said = board.ask("/round?code=AAAAAA")
    assert (status, "six letters and digits" in said) == (403, True)
    assert board.ask("/round")[0] == 403


def test_guessing_is_slowed_down(board: Open) -> None:
    """After twenty wrong codes in a minute nobody is let in, not even with the right one."""
    assert [board.ask("/round?code=x")[0] for _ in range(21)] == [403] * 20 + [429]
    assert board.ask(f"/round?code={board.scores.code}")[0] == 429


def test_scores_are_kept_and_ranked(board: Open) -> None:
    """The fastest first, then who is nearest; what is solved stays solved; two of one name are told apart."""
    for who, (name, solved, seconds, right) in enumerate(
        [("Kim", False, 10, 2), ("Lee", True, 200, 4), ("Kim", True, 100, 4), ("Park", False, 5, 3)], 1
    ):
        assert board.ask("/scores", board.score(name, who, solved=solved, seconds=seconds, right=right))[0] == 200
    board.ask("/scores", board.score("Lee", 2, solved=False, seconds=999, right=0))
    assert [each.name for each in board.scores.ranked()] == ["Kim 2", "Lee", "Park", "Kim"]
    assert command.table(board.scores, Words("en")).splitlines()[0].split() == ["1", "Kim", "2", "1:40"]


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
    """No JSON, too much of it, a foreign Host, another path: refused, and the board goes on."""
    assert board.ask("/scores", b"\xff")[0] == 400
    assert board.ask("/scores", board.score("x" * 9_000))[0] == 413
    assert board.ask("/", host="evil.example")[0] == 403
    assert board.ask("/elsewhere")[0] == 404
    assert board.ask("/")[0] == 200


def test_a_full_board(board: Open) -> None:
    """After two hundred learners the next one is told so; those who are there go on."""
    for who in range(200):
        board.scores.take(board_report(board, who))
    with pytest.raises(Refused, match="full"):
        board.scores.take(board_report(board, 200))
    board.scores.take(board_report(board, 0))


def board_report(board: Open, who: int) -> Any:
    """One learner's report."""
    from lab.board.scores import Report

    return Report(**board.score(f"learner {who}", who))


@given(st.text(max_size=200))
def test_any_name_is_cleaned_or_refused(name: str) -> None:
    """What is shown is short, visible, and on one line."""
    try:
        shown = cleaned(name)
    except Refused:
        return
    assert 1 <= len(shown) <= 24
    assert "\n" not in shown
    assert not {"\u202e", "\u200b", "\x1b"} & set(shown)


def test_a_name_is_text(board: Open, window: Browser) -> None:
    """Markup in a name is shown as it is; nothing runs; the table and the line to type are there."""
    board.ask("/scores", board.score("<img src=x onerror=a>", 1))
    board.ask("/scores", board.score("민수", 2, solved=True, right=4, seconds=83))
    with page(window, viewport={"width": 390, "height": 800}) as tab:
        tab.goto(board.url)
        assert tab.locator("tbody tr").all_inner_texts()[0].split() == ["1", "민수", "✔", "solved", "1:23", "2"]
        assert "<img src=x onerror=a>" in tab.locator("tbody").inner_text()
        assert tab.locator("img").count() == 0
        assert f"--code {board.scores.code}" in tab.locator("code").inner_text()
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_learners_report(board: Open) -> None:
    """The learner's side gets the round and sends a score; a wrong code and an absent board are told apart."""
    assert reporting.playing(board.url, board.scores.code) == (41, 2)
    assert reporting.report(board.url, board.score("Kim")) == "Kim"
    with pytest.raises(WrongUse, match="six letters"):
        reporting.playing(board.url, "nope")
    with pytest.raises(reporting.Absent):
        reporting.playing("http://127.0.0.1:1", "nope")
    with pytest.raises(WrongUse, match="--board"):
        reporting.playing("file:///etc", "nope")


@pytest.mark.parametrize("host", ["0.0.0.0", "somewhere", "192.0.2.1", "::"])
def test_an_address_that_cannot_be(host: str) -> None:
    """Everybody's address, none at all, or another machine's: a sentence that says what was expected."""
    with pytest.raises(WrongUse, match=r"--host|address"):
        command.listen(host, 0)


def test_ctrl_c_prints_the_table(tracelab: Any) -> None:
    """It says where it is and what to type, and at the end who has found what."""
    running: Command = tracelab("board", "--port", "0", "--seed", "41", "--lang", "en")
    said = running.wait_for("Ctrl-C ends it.")
    assert "for this machine alone" in said
    running.signal(2)
    assert running.end() == 0
    assert "Nobody has answered yet." in running.text()
    assert "Traceback" not in running.text()
