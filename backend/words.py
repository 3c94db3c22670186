"""What a batch of spans can be searched for, and a filter that tells which batches to look into.

A batch's words - names, tags, annotations - go into one Bloom filter (Bloom, "Space/time trade-offs in hash coding with
allowable errors", 1970): it never denies a word that was put in, and admits about one in fifty that was not. A search
for what is rare so opens few batches out of thousands.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum
from zlib import crc32

from backend.criteria import Criteria

_BITS_A_WORD = 16
_MIX = 0x9E3779B1  # the golden ratio's 32 bits (Knuth, TAOCP 6.4): makes a second, unlike position of the same hash


class Sort(IntEnum):
    """What a word is; part of its hash, so that a name and a tag of the same text differ."""

    KEY = 1  # a tag's key, or an annotation's text
    NAME = 2
    REMOTE = 3
    TAG = 4


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


def sifter(hashes: Collection[int]) -> bytes:
    """Make the filter of a batch's words; its size is a power of two."""
    size = 1 << max(6, (len(hashes) * _BITS_A_WORD - 1).bit_length())
    bits, mask = bytearray(size >> 3), size - 1
    for word in hashes:
        first, second = word & mask, (word * _MIX >> 11) & mask
        bits[first >> 3] |= 1 << (first & 7)
        bits[second >> 3] |= 1 << (second & 7)
    return bytes(bits)


def admits(sifter: bytes, word: int) -> bool:
    """Tell whether a word may be in the batch."""
    mask = (len(sifter) << 3) - 1
    first, second = word & mask, (word * _MIX >> 11) & mask
    return bool(sifter[first >> 3] >> (first & 7) & 1 and sifter[second >> 3] >> (second & 7) & 1)
