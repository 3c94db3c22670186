"""What can go wrong on the way to a trace, each in one sentence for a person."""

from __future__ import annotations


class Malformed(ValueError):
    """The input is not a trace in a form that is read here; its text names the place and what was expected."""

    exit_code = 2


class Unreachable(Exception):
    """A backend does not answer, or answers like none of those known."""

    exit_code = 4


class NotFound(Exception):
    """The backend answers, but has no such trace."""

    exit_code = 4
