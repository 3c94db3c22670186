"""A trace file of any form is shown and not stored; what is no trace is refused in a sentence."""

from __future__ import annotations

import gzip
import json

import pytest
from playwright.sync_api import expect

from backend import body
from tests.backend import made
from tests.backend.browser import page
from tests.backend.running import ask, builtin
from tests.discovery import forms


@pytest.fixture(scope="module")
def here():
    """An empty backend."""
    with builtin() as found:
        yield found


@pytest.fixture
def tab(here, window):
    """The upload's page."""
    with page(window, base_url=here.query_url) as opened:
        opened.goto("/upload")
        yield opened


def choose(tab, name, content):
    """Choose a file."""
    tab.locator("#file").set_input_files({"name": name, "mimeType": "application/json", "buffer": content})


@pytest.mark.parametrize("form", forms.FORMS)
def test_every_form_is_shown_and_none_is_stored(here, tab, form):
    """The small trace in each form is drawn, with its error; the backend still has no service."""
    choose(tab, "trace.json", forms.FORMS[form].encode())
    expect(tab.locator(".rows .row")).to_have_count(2)
    expect(tab.get_by_text("✗ 1 error")).to_be_visible()
    expect(tab.get_by_text("from trace.json, not stored")).to_be_visible()
    assert ask(f"{here.query_url}/api/v2/services").json == []


def test_a_file_can_be_dropped(tab):
    """A file dropped anywhere on the page is opened."""
    data = tab.evaluate_handle(
        "(text) => { const data = new DataTransfer(); data.items.add(new File([text], 'dropped.json')); return data; }",
        forms.FORMS["Zipkin"],
    )
    tab.dispatch_event("body", "drop", {"dataTransfer": data})
    expect(tab.locator(".rows .row")).to_have_count(2)
    expect(tab.get_by_text("from dropped.json, not stored")).to_be_visible()


def test_of_several_traces_one_is_chosen(tab):
    """A file with several traces lists them; after one, the others are still there."""
    spans = [made.span(1, None, 0, 9, name="first"), made.span(1, None, 0, 5, name="second", traceId="d")]
    choose(tab, "two.json", json.dumps(spans).encode())
    expect(tab.get_by_text("two.json holds 2 traces; which one?")).to_be_visible()
    tab.get_by_role("button", name="second").click()
    expect(tab.get_by_role("heading", name="order second")).to_be_visible()
    tab.get_by_role("button", name="Other traces of this file").click()
    tab.get_by_role("button", name="first").click()
    expect(tab.get_by_role("heading", name="order first")).to_be_visible()
    tab.keyboard.press("j")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("complementary", name="Span")).to_be_visible()


def test_a_packed_file_and_a_large_one(tab):
    """Gzip is unpacked; a file larger than a request may be fits, because the page packs it."""
    choose(tab, "trace.json.gz", gzip.compress(forms.FORMS["OTLP"].encode()))
    expect(tab.locator(".rows .row")).to_have_count(2)
    large = json.dumps(
        [made.span(number, None, number, 5, tags={"query": "x" * 30_000}) for number in range(1, 301)]
    ).encode()
    assert len(large) > body.MOST_SENT
    choose(tab, "large.json", large)
    expect(tab.get_by_text("300 spans", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "holds no span"),
        (b"hello", "is not JSON at line 1, column 1"),
        (b'{"hello": 1}', "is JSON, but no trace"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b'[{"traceId": "1"}]', "[0] has no id"),
        (b"\x1f\x8b broken", "The body is not valid gzip"),
    ],
)
def test_what_is_no_trace_is_refused_in_a_sentence(tab, content, sentence):
    """The page says what is wrong with the file, and takes the next one."""
    choose(tab, "wrong.json", content)
    expect(tab.get_by_role("status")).to_contain_text(sentence)
    choose(tab, "right.json", forms.FORMS["Zipkin"].encode())
    expect(tab.locator(".rows .row")).to_have_count(2)


def test_markup_and_halves_of_characters_stay_text(tab):
    """Text of a file is as harmless as that of a sender, be it no text at all."""
    evil = "<img src=x onerror='window.hacked=1'>\\ud800"
    content = json.dumps([made.span(1, None, 0, 5, name="NAME", tags={"a": "NAME"})]).replace("NAME", evil)
    choose(tab, "<img src=x>.json", content.encode())
    expect(tab.locator(".rows .row")).to_have_count(1)
    assert tab.locator("img").count() == 0
    assert tab.evaluate("window.hacked") is None


def test_too_large_is_refused(here):
    """A body past the limit, and a little one that inflates past the other, are refused with 413."""
    plain = ask(f"{here.query_url}/upload", body=b" " * (body.MOST_SENT + 1))
    packed = gzip.compress(b" " * (body.MOST_INFLATED + 1))
    assert plain.status == 413
    assert ask(f"{here.query_url}/upload", body=packed, content_encoding="gzip").status == 413
