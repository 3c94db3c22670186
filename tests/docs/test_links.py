"""Every link of the documents leads somewhere: files and headings are there, addresses are well-formed."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs.written import DOCUMENTS, ROOT, anchors, links


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(file: Path) -> None:
    """A link within the project is to a file that is there, and to a heading in it; another one is an address."""
    wrong = [link for link in links(file) if not (external(link) if ":" in link else internal(file, link))]
    assert not wrong, f"{file.relative_to(ROOT)}: {wrong} lead nowhere"


def internal(file: Path, link: str) -> bool:
    """Tell whether a relative link leads to a file within the project, and to a heading of it."""
    path, _, anchor = link.partition("#")
    there = (file.parent / path).resolve() if path else file
    return there.exists() and there.is_relative_to(ROOT) and (not anchor or anchor in anchors(there))


def external(link: str) -> bool:
    """Tell whether an address has a form that a browser takes; nobody is asked whether it still answers."""
    address = urlsplit(link)
    return address.scheme == "https" and "." in address.netloc and not set(link) & set("<>\"' \\")


def test_the_rule_for_headings(tmp_path: Path) -> None:
    """Marks go, other letters stay, a repeated heading is numbered, a comment in a block is none."""
    file = tmp_path / "some.md"
    file.write_text("# `find`: how?\n\n## Docker에서 쓰려면?\n\n## Twice\n\n## Twice\n\n```\n# none\n```\n", "utf-8")
    assert anchors(file) == {"find-how", "docker에서-쓰려면", "twice", "twice-1"}
