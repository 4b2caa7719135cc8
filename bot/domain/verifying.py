"""Is a text one of ours: the same, a part of it, altered by some words, or something else.

What a copy loses on its way (line breaks, emoji, marks, the right alphabet) is no change. A digit, a word or a sentence
that is another, is missing in the middle or was added, is one.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import IntEnum
from typing import Final

LONGEST: Final = 8192  # characters of a copy that are looked at: more than any platform carries in one message
FEWEST: Final = 6  # words: fewer are said by anybody, and tell nothing
RUN: Final = 4  # words in a row that find the texts a copy may be of
REPEATED: Final = 30_000  # pairs of equal words: what repeats itself more is made to cost time, and is no copy
LIKE: Final = 0.4  # of a copy, or of ours: below that they are two different texts

# A sign before a number and a percent or money sign are part of what is said.
_WORD: Final = re.compile(r"(?:(?<!\w)[-\u2212+](?=\d))?[^\W_]+|[%‰$€₽]")
_INVISIBLE: Final = frozenset({"Cf", "Mn", "Me"})
# Latin letters to the Cyrillic ones that look the same, large or small; then Tajik letters to those on a Russian
# keyboard, since a screenshot is typed off on whatever is at hand. A digit is never touched.
_ALIKE: Final = str.maketrans("abcehkmoptxyijsёғӷқӯўҳһҷӣӢ\u2212", "авсенкмортхуіјѕеггкууххчии-")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is compared, and as it was written."""

    folded: str
    shown: str


class Alike(IntEnum):
    """How near a copy is to one of our texts."""

    OTHER = 0
    ALTERED = 1
    PART = 2
    EQUAL = 3


@dataclass(frozen=True, slots=True)
class Change:
    """What stands in our text, and what the copy has in its place. Either may be empty."""

    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Found:
    """How a copy compares with one of our texts. `same` is how many of its words are ours."""

    alike: Alike
    changes: tuple[Change, ...] = ()
    same: int = 0


def words(text: str) -> list[Word]:
    """Cut a text into words that can be compared."""
    normal = unicodedata.normalize("NFKC", text[:LONGEST])
    plain = "".join(one for one in normal if unicodedata.category(one) not in _INVISIBLE)
    return [Word(_folded(shown), shown) for shown in _WORD.findall(plain)]


def _folded(word: str) -> str:
    letters = "".join(str(unicodedata.digit(one, one)) for one in word.casefold())
    return letters.translate(_ALIKE)


def too_short(copy: Sequence[Word]) -> bool:
    """Whether so few words can't be told from anybody's."""
    return len(copy) < FEWEST


def runs(text: Iterable[Word]) -> list[int]:
    """A number for each few words in a row, each only once: equal words have equal numbers."""
    folded = [one.folded for one in text]
    rows = (" ".join(folded[n : n + RUN]) for n in range(len(folded) - RUN + 1))
    return list(dict.fromkeys(_number(row) for row in rows))


def _number(row: str) -> int:
    return int.from_bytes(hashlib.blake2b(row.encode(), digest_size=8).digest()) >> 1  # as databases have numbers


def compare(ours: Sequence[Word], copy: Sequence[Word]) -> Found:
    """How a copy compares with a text of ours."""
    one, two = [word.folded for word in ours], [word.folded for word in copy]
    if one == two:
        return Found(Alike.EQUAL, same=len(two))
    if _within(one, two):
        return Found(Alike.PART, same=len(two))
    often = Counter(two)
    if sum(count * often[word] for word, count in Counter(one).items()) > REPEATED:
        return Found(Alike.OTHER)
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks() if block.size > 1)
    if same < RUN or same < LIKE * min(len(one), len(two)):
        return Found(Alike.OTHER, same=same)
    return Found(Alike.ALTERED, tuple(_changes(matcher.get_opcodes(), ours, copy)), same)


def _within(ours: list[str], copy: list[str]) -> bool:
    return any(ours[n : n + len(copy)] == copy for n in range(len(ours) - len(copy) + 1))


def _changes(
    steps: Sequence[tuple[str, int, int, int, int]], ours: Sequence[Word], copy: Sequence[Word]
) -> list[Change]:
    """What is another; what was only cropped at either end is none."""
    found = []
    for n, (what, since, until, first, last) in enumerate(steps):
        if what == "equal":
            continue
        here = ours[since:until]
        if n == 0:  # of what stands before the first equal words, as many of ours as the copy has
            here = here[max(0, len(here) - (last - first)) :]
        elif n == len(steps) - 1:
            here = here[: last - first]
        change = Change(_shown(here), _shown(copy[first:last]))
        if change.ours or change.theirs:
            found.append(change)
    return found


def _shown(some: Sequence[Word]) -> str:
    return " ".join(word.shown for word in some)
