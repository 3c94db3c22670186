"""Errors meant for a user: one sentence each, and the code that the command exits with."""

from __future__ import annotations


class WrongUse(Exception):
    """A command, a file or a setting that makes no sense; the sentence says what was expected."""

    exit_code = 2


class Unreachable(Exception):
    """Nothing that answers like the shop at the target."""

    exit_code = 4
