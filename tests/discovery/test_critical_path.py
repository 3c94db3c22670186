"""The critical path is that of Jaeger's UI."""

from __future__ import annotations

import argparse
import json

import pytest
from hypothesis import given

from discovery import critical_path_command as module
from discovery import document, zipkin
from discovery.critical_path import critical_path
from tests.discovery.making import FIXTURES, recorded, span, trace
from tests.discovery.strategies import traces

CASES = sorted((FIXTURES / "jaeger-ui-critical-path").glob("*.json"))


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_equals_jaegers_ui(file, capsys):
    """Each of Jaeger's own nine cases gives the sections that its UI expects, in its order, through the command."""
    assert len(CASES) == 9
    parser = argparse.ArgumentParser()
    module.arguments(parser)
    assert module.run(parser.parse_args([str(file), "--json"])) == 0
    assert (
        json.loads(capsys.readouterr().out) == json.loads(file.read_text("utf-8"))["expected"]["criticalPathSections"]
    )


def test_names_cannot_command_the_terminal(tmp_path, capsys):
    """Control characters of a span never reach the terminal, for one trace as little as for many together."""
    file = tmp_path / "bent.json"
    file.write_text(json.dumps([zipkin.as_json(span("a", None, 0, 100, name="\x1b[2Jclean"))]), "utf-8")
    parser = argparse.ArgumentParser()
    module.arguments(parser)
    for words in ([str(file)], [str(file), "--all"]):
        assert module.run(parser.parse_args(words)) == 0
        said = capsys.readouterr().out
        assert "\x1b" not in said
        assert "?[2jclean" in said.lower()


@given(traces())
def test_covers_the_root_exactly_once(drawn):
    """Whatever the trace: sections follow one another without gap or overlap from the root's end to its start."""
    sections = critical_path(drawn)
    moment = drawn.root.end
    for section in sections:
        assert section.start < section.end == moment
        moment = section.start
    assert moment == drawn.root.start


@given(traces())
def test_each_section_lies_within_its_span(drawn):
    """A section is a part of the span that it names, and of a span that was waited for."""
    index = {each.span_id: each for each in drawn.spans}
    for section in critical_path(drawn):
        named = index[section.span_id]
        assert named.start <= section.start < section.end <= named.end
        assert not named.detached


def test_a_sibling_that_ends_as_the_next_starts_is_on_the_path():
    """Two children back to back are both on the path; the parent has no section between them."""
    sections = critical_path(trace(span("p", None, 0, 100), span("a", "p", 0, 50), span("b", "p", 50, 100)))
    assert [section.span_id for section in sections] == ["b", "a"]


def test_a_chain_deeper_than_pythons_stack():
    """Ten thousand spans, each the child of the one before, are no problem; the last one takes all the time."""
    chain = [span(str(number), str(number - 1) if number else None) for number in range(10_000)]
    assert [section.span_id for section in critical_path(trace(*chain))] == ["9999"]


def test_lines_for_people(capsys):
    """Without --json every section is a line with its span's service and operation."""
    parser = argparse.ArgumentParser()
    module.arguments(parser)
    module.run(parser.parse_args([str(FIXTURES / "zipkin" / "ascend.json")]))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(critical_path(recorded("ascend")))
    assert lines[0].endswith("mobile-gateway get")


def test_shared_spans_are_told_apart_on_the_path():
    """The client's and the server's half of a call under one id each have their own sections."""
    [found] = document.load(str(FIXTURES / "zipkin" / "skew.json"))
    named = [section.span_id for section in critical_path(found)]
    assert "74280ae0c10d8062" in named
    assert "74280ae0c10d8062-server" in named
