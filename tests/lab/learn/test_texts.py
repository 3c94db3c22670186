"""Every lesson's files, without any server: both languages say the same, hints give nothing away, code is code."""

from __future__ import annotations

import ast
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from lab import state
from lab.cli import COMMANDS
from lab.evaluation.trial import name, service
from lab.learn import answers, checking, words, workplace
from lab.learn.command import _VERBS
from lab.learn.lesson import LANGUAGES, Lesson, lessons
from lab.learn.text import Text, read

LESSONS = [pytest.param(lesson, id=lesson.name) for lesson in lessons().values()]
every_lesson = pytest.mark.parametrize("lesson", LESSONS)
every_language = pytest.mark.parametrize("language", LANGUAGES)

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_STEP = re.compile(r"^(\d+)\. ", re.MULTILINE)
_TERM = re.compile(r"`([^`]+)`|\*([^*]+)\*|(\w{5,})")
_COMMAND = re.compile(r"\./tracelab ([a-z-]+)(?: ([a-z]+))?")
_LINK = re.compile(r"\[[^\]]+\]\(([^)]+)\)")
_PATH = re.compile(r"`((?:work/\d\d/)?(?:gateway|services|lab|load|docs|discovery|backend)/[\w./-]+\.\w+)`")


def test_numbers_have_no_gap():
    """Lessons are 1 to N, and a folder's name begins with its lesson's number."""
    assert list(lessons()) == list(range(1, len(lessons()) + 1))
    assert all(lesson.name.startswith(f"lesson{number:02}_") for number, lesson in lessons().items())


@every_language
@every_lesson
def test_a_text_has_all_its_sections(lesson: Lesson, language: str):
    """It parses, its title differs from other lessons', and steps are numbered from 1."""
    text = read(lesson, language)
    assert [text.title] == [each.title for each in _texts(language) if each.title == text.title]
    steps = [int(number) for number in _STEP.findall(_FENCE.sub("", text.steps))]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) >= 3


@every_lesson
def test_both_languages_have_the_same_code(lesson: Lesson):
    """The same steps, and every fence of code word for word; in the same section, so that a test can run them once."""
    one, other = (read(lesson, language) for language in LANGUAGES)
    for part in ("goal", "steps", "solution", "learnt", "next"):
        assert _FENCE.findall(getattr(one, part)) == _FENCE.findall(getattr(other, part)), part
    assert [_FENCE.findall(hint) for hint in one.hints] == [_FENCE.findall(hint) for hint in other.hints]
    assert len(_STEP.findall(one.steps)) == len(_STEP.findall(other.steps))


@every_language
@every_lesson
def test_code_fits_a_terminal(lesson: Lesson, language: str):
    """What a program printed is 80 columns wide at most; a command that is typed may be wider."""
    whole = (lesson.folder / f"{language}.md").read_text(encoding="utf-8")
    printed = [line for _, code in _FENCE.findall(whole) for line in code.splitlines() if not line.startswith("$ ")]
    assert [line for line in printed if len(line) > 80] == []


@every_language
@every_lesson
def test_hints_grow(lesson: Lesson, language: str):
    """All three differ, and each is longer than the one before or brings terms that it had not."""
    hints = read(lesson, language).hints
    assert len(set(hints)) == len(hints)
    for before, after in pairwise(hints):
        assert len(after) > len(before) or _terms(after) - _terms(before)


@every_language
@every_lesson
def test_no_hint_is_the_answer(lesson: Lesson, language: str):
    """No hint names both the service and the fault of what is hidden, nor holds a line of the solved code."""
    hidden = [part.faults[0] for part in lesson.parts.values() if part.faults and lesson.kind == "find"]
    for hint in read(lesson, language).hints:
        named = _spelt(hint)
        assert not [fault for fault in hidden if {service(fault), name(fault)} <= named]
        assert not [line for line in _solving(lesson) if line in " ".join(hint.split())]


@every_language
@every_lesson
def test_what_a_text_points_at_is_there(lesson: Lesson, language: str):
    """Links of the project's own, files that are named, and commands with their verbs."""
    whole = (lesson.folder / f"{language}.md").read_text(encoding="utf-8")
    copied = workplace.files(lesson, solved=True)
    links = [link.partition("#")[0] for link in _LINK.findall(whole) if "://" not in link]
    assert [link for link in links if not ((lesson.folder / link).exists() or (state.ROOT / link).exists())] == []
    paths = [re.sub(r"^work/\d\d/", "", path) for path in _PATH.findall(whole)]
    assert [path for path in paths if path not in copied and not (state.ROOT / path).exists()] == []
    commands = _COMMAND.findall(whole)
    assert {command for command, _ in commands} <= COMMANDS.keys()
    assert {verb for command, verb in commands if command == "learn" and verb} <= _VERBS.keys()


@every_lesson
def test_what_is_asked_has_words(lesson: Lesson):
    """A find lesson asks for what is hidden alone; any other has a check, and what it asks is a word and a sentence."""
    assert lesson.kind != "find" or (lesson.parts and not lesson.asks)
    assert lesson.kind == "find" or callable(checking.own(lesson).check)
    assert lesson.kind != "mend" or lesson.has_copy
    assert all(key.isidentifier() and question.en and question.ko for key, question in lesson.asks.items())
    assert answers.keys(lesson) or lesson.kind == "mend"


@every_lesson
def test_a_lessons_sentences_are_the_same_in_both_languages(lesson: Lesson):
    """Each has both languages, with the same gaps to fill."""
    for key, told in lesson.says.items():
        assert told.keys() == set(LANGUAGES), key
        assert _gaps(told["en"]) == _gaps(told["ko"]), key


@every_lesson
def test_a_check_says_only_what_has_words(lesson: Lesson):
    """Each sentence that a lesson's check names exists, and is given all it has gaps for; none is there for nobody."""
    if lesson.kind == "find":
        return
    known = {**words.sentences("en"), **{key: told["en"] for key, told in lesson.says.items()}}
    source = (lesson.folder / "check.py").read_text(encoding="utf-8")
    for key, given in _said(ast.parse(source)):
        assert key in known
        assert given is None or _gaps(known[key]) <= {*given, "me"}, key
    plain = {key.removesuffix("_not") for key in lesson.says}
    assert [key for key in plain if f'"{key}"' not in source] == []


def test_general_sentences_are_the_same_in_both_languages():
    """The same names, with the same gaps to fill."""
    one, other = (words.sentences(language) for language in LANGUAGES)
    assert list(one) == list(other)
    assert [key for key in one if _gaps(one[key]) != _gaps(other[key])] == []


def test_the_program_says_only_what_has_words():
    """Every sentence that the workshop's code names exists, with all that it has gaps for; none is there for nobody."""
    known = words.sentences("en")
    folder = Path(words.__file__).parent
    sources = {file: file.read_text(encoding="utf-8") for file in folder.glob("*.py")}
    board = {file: file.read_text(encoding="utf-8") for file in (folder.parent / "board").glob("*.[hp]*")}
    for file, source in sources.items():
        for key, given in _said(ast.parse(source)):
            assert key in known, file
            assert given is None or _gaps(known[key]) <= {*given, "me"}, key
    named = set(re.findall(r"""["'](\w+)["']""", "".join((*sources.values(), *board.values()))))
    judged = {f"{key}_{end}" for key in answers.FOUND for end in ("missing", "right", "wrong")}
    judged |= {f"explain_{key}" for key in answers.FOUND}
    judged |= {f"evidence_{trouble}" for trouble in ("unknown", "healthy", "no_span", "elsewhere")}
    assert known.keys() - named - judged == set()


@every_lesson
def test_changes_fit_the_shops_files(lesson: Lesson):
    """What a change replaces is in the shop's file once; begun and solved differ, and both are Python."""
    begun, solved = workplace.files(lesson), workplace.files(lesson, solved=True)
    assert not lesson.has_copy or begun != solved
    for files in (begun, solved):
        for path, text in files.items():
            if path.endswith(".py"):
                ast.parse(text, path)


@pytest.mark.parametrize("solved", [False, True], ids=["begun", "solved"])
@every_lesson
def test_a_copy_is_clean_code(lesson: Lesson, solved: bool):
    """A copy is checked as the shop's own file in that place is; one that is to be mended may have names left over."""
    left_over = [] if solved else ["--extend-ignore", "F401,ARG"]
    for path, text in workplace.files(lesson, solved=solved).items():
        if path.endswith(".py"):
            for check in (("check", "--quiet", *left_over), ("format", "--check")):
                command = [sys.executable, "-m", "ruff", *check, "--stdin-filename", path, "-"]
                done = subprocess.run(command, input=text, cwd=state.ROOT, capture_output=True, text=True, check=False)
                assert done.returncode == 0, f"{path}: {done.stdout}{done.stderr}"


def _texts(language: str) -> list[Text]:
    return [read(lesson, language) for lesson in lessons().values() if (lesson.folder / f"{language}.md").exists()]


def _terms(text: str) -> set[str]:
    return {next(filter(None, match.groups())) for match in _TERM.finditer(text)}


def _spelt(text: str) -> set[str]:
    """The names in a text: words in code, and words with a hyphen; `error` as a plain word is nobody's name."""
    code = " ".join(re.findall(r"`([^`]+)`", text))
    return {*re.findall(r"[\w-]+", code), *re.findall(r"\w+(?:-\w+)+", text), *re.findall(r"payment|inventory", text)}


def _solving(lesson: Lesson) -> Iterator[str]:
    """What only the solved copy has, line by line; short lines are anybody's."""
    begun = workplace.files(lesson)
    for path, text in workplace.files(lesson, solved=True).items():
        old = begun.get(path, "").splitlines()
        yield from (line.strip() for line in text.splitlines() if line not in old and len(line.strip()) > 20)


def _gaps(sentence: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(sentence) if field}


def _said(tree: ast.AST) -> Iterator[tuple[str, set[str] | None]]:
    """Each sentence that is named in a call of words, say or judge, and by which names its gaps are filled."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        given = {keyword.arg for keyword in call.keywords if keyword.arg}
        filled = given if len(given) == len(call.keywords) else None  # what ** brings is known when it runs
        if called == "words" or (called == "say" and len(call.args) == 1):
            yield from ((key, filled) for key in _constants(call.args[0]))
        elif called == "judge":  # which gives the answer as well
            for key in _constants(call.args[0]):
                more = None if filled is None else {*filled, "said"}
                yield from ((each, more) for each in (key, f"{key}_not"))
        elif called == "say" and len(call.args) == 2:
            fine = call.args[0].value if isinstance(call.args[0], ast.Constant) else None
            for key in _constants(call.args[1]):
                yield from [(key, filled)] if fine is not False else []
                yield from [(f"{key}_not", filled)] if fine is not True else []


def _constants(argument: ast.expr) -> Iterator[str]:
    """The texts that an argument can be."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value
    elif isinstance(argument, ast.IfExp):
        yield from _constants(argument.body)
        yield from _constants(argument.orelse)
