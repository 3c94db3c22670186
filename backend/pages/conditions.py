"""What a search's tag field says: `key=value and key`, as Zipkin's annotationQuery (zipkin2.storage.QueryRequest).

Beyond Zipkin's rule a value may stand in double quotes, so that it can hold ` and `; inside them a backslash keeps the
next character as it is.
"""

from __future__ import annotations

_AND = " and "


class Unreadable(ValueError):
    """The field does not follow the rule; the text says where."""


def conditions(text: str) -> dict[str, str]:
    """Read the field: each tag's key and value, an empty value where the key alone is asked for."""
    found: dict[str, str] = {}
    rest = text.strip()
    if rest == "and" or rest.endswith(_AND.rstrip()):
        raise Unreadable("A condition is missing after the last “and”.")
    while rest:
        key, value, rest = _first(rest)
        if not key:
            raise Unreadable("A key is missing; expected key=value, or a key alone, joined by “and”.")
        found[key] = value
    return found


def _first(text: str) -> tuple[str, str, str]:
    """Split off one condition: its key, its value and what follows."""
    before, equals, after = text.partition("=")
    if not equals or _AND in before:
        key, _, rest = text.partition(_AND)
        return key.strip(), "", rest.strip()
    after = after.lstrip()
    if after.startswith('"'):
        value, rest = _quoted(after)
    else:
        value, _, rest = after.partition(_AND)
    return before.strip(), value.strip(), rest.strip()


def _quoted(text: str) -> tuple[str, str]:
    """Read a value in double quotes, and return it with what stands behind the next ` and `."""
    value: list[str] = []
    place = 1
    while place < len(text) and text[place] != '"':
        place += text[place] == "\\" and place + 1 < len(text)
        value.append(text[place])
        place += 1
    if place >= len(text):
        raise Unreadable("A double quote is never closed.")
    between, _, rest = f"{text[place + 1 :]} ".partition(_AND)
    if between.strip():
        raise Unreadable(f"After a quoted value “and” is expected, not {between.strip()[:40]!r}.")
    return "".join(value), rest
