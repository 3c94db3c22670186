"""What a batch of spans can be searched for, and a sieve that tells which batches to look into.

A sieve is the 32-bit hashes of a batch's words - names, tags, annotations - in order. It never denies a word that was
put in, and hardly ever admits another one, so that a search for what is rare opens few batches of thousands.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum
from zlib import crc32

from backend.criteria import Criteria


class Sort(IntEnum):
    """What a word is; part of its hash, so that a name and a tag of the same text differ."""

    KEY = 1  # a tag's key, or an annotation's text
    NAME = 2
    REMOTE = 3
    TAG = 4
    SERVICE = 5  # in no sieve: a column of the index


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that a search asks for; `key` is in lower case where it is a name, `value` is a tag's."""

    sort: Sort
    key: str
    value: str = ""


def asked(criteria: Criteria) -> list[Word]:
    """Return the words that a trace must have to meet a search."""
    tags = [Word(Sort.TAG if value else Sort.KEY, key, value) for key, value in criteria.tags.items()]
    names = [Word(Sort.NAME, criteria.name.lower())] if criteria.name else []
    remotes = [Word(Sort.REMOTE, criteria.remote.lower())] if criteria.remote else []
    return names + remotes + tags


def hashed(sort: Sort, text: str, value: str = "") -> int:
    """Return a word's hash, 32 bits, the same in every process."""
    return crc32(value.encode(), crc32(text.encode(), sort))


def sieve(hashes: Collection[int]) -> bytes:
    """Make the sieve of a batch's words."""
    return array("I", sorted(hashes)).tobytes()


def admits(sieve: bytes, word: int) -> bool:
    """Tell whether a word may be in the batch."""
    hashes = memoryview(sieve).cast("I")
    place = bisect_left(hashes, word)
    return place < len(hashes) and hashes[place] == word
