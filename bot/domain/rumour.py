"""“Is this true?”: what a question is about, when two questions are the same one, and which answers there are.

A text becomes a set of tokens: places, numbers, concepts in whatever language, and its other words. Two texts are the
same question only where nothing speaks against it; whatever is merely alike is shown to a moderator, who decides.
It is a bag of tokens and understands no sentence: so it rather opens a second ticket than gives a wrong answer.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, IntEnum
from functools import cache
from typing import Final, TypeAlias

from bot.domain import places
from bot.domain.folding import LONGEST as LOOKED_AT
from bot.domain.folding import loosely, words
from bot.domain.rumour_words import CONCEPTS, EMPTY, NEGATIONS, NUMBERED, NUMBERS, PEOPLE

PROMISED: Final = timedelta(hours=48)  # within this an asker is told the verdict; once it may take as long again
FRESH: Final = timedelta(days=7)  # an older verdict answers no new question: what was false then may be true now
KEPT: Final = timedelta(days=30)  # so long a verdict is kept, and those who were told it can be told a correction
LONGEST: Final = 1500  # characters of a question
SAME: Final = 0.85
ALIKE: Final = 0.5
ROOT: Final = 6  # letters by which an unlisted word is compared: endings fall away
_SHORTEST_PLACE: Final = 4
_RICH: Final = 3  # so many places, numbers and concepts say enough to be compared between languages
_LANGUAGES: Final = ("tg", "ru", "en")


class Kind(IntEnum):
    """What a token is."""

    PLACE = 0
    REGION = 1
    NUMBER = 2
    CONCEPT = 3
    PEOPLE = 4
    WORD = 5
    NEGATION = 6
    ORDER = 7
    LANGUAGE = 8


class Verdict(Enum):
    """What was found out."""

    CONFIRMED = "confirmed"
    PROBABLY_TRUE = "probably"
    DISPUTED = "disputed"
    PROBABLY_FALSE = "improbable"
    FALSE = "false"
    UNVERIFIABLE = "unverifiable"


Token: TypeAlias = "tuple[Kind, Hashable]"  # noqa: S105 - a piece of a text
Tokens: TypeAlias = "frozenset[tuple[Kind, Hashable]]"

_WEIGHTS: Final[Mapping[Kind, float]] = {
    Kind.PLACE: 3.0,
    Kind.NUMBER: 2.0,
    Kind.CONCEPT: 3.0,
    Kind.PEOPLE: 0.5,
    Kind.WORD: 2.0,
}
CORE: Final = frozenset({Kind.PLACE, Kind.NUMBER, Kind.CONCEPT})
_MUST_BE_EQUAL: Final = (Kind.PLACE, Kind.REGION, Kind.NUMBER, Kind.NEGATION, Kind.ORDER)


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody asks about."""

    tokens: Tokens
    topic: str
    danger: int


def read(text: str) -> Claim:  # noqa: C901 - each word is one of several things
    """What a question is about. At most `LONGEST` characters are looked at."""
    said = _words(text)
    found: set[Token] = set()
    named = _places(said, found)
    concepts: list[str] = []
    hits = dict.fromkeys(range(len(_LANGUAGES)), 0)
    for at, word in enumerate(said):
        for language in _empty().get(word, ()):
            hits[language] += 1
        if word.isdecimal():
            found.add((Kind.NUMBER, str(int(word))))
        elif word in _numbers():
            found.add((Kind.NUMBER, str(_numbers()[word])))
        elif at in named:
            continue
        elif (meant := _meant(word)) is not None:
            concept, languages = meant
            for language in languages:
                hits[language] += 1
            found.add(_token(concept))
            if concept not in concepts and concept not in {"people", "not"}:
                concepts.append(concept)
        elif word not in _empty():
            found.add((Kind.WORD, loosely(word)[:ROOT]))
    _order(concepts, found)
    best = max(hits.values())
    spoken = [language for language, n in hits.items() if n == best]
    if best and len(spoken) == 1:
        found.add((Kind.LANGUAGE, _LANGUAGES[spoken[0]]))
    weighty = max(concepts, key=lambda one: (_danger()[one][1], -concepts.index(one)), default="")
    topic, danger = _danger().get(weighty, ("other", 0))
    if (Kind.NEGATION, "not") in found and danger > 1:
        danger -= 1  # “nobody was shot?” is less pressing than “was anybody?”
    return Claim(frozenset(found), topic, danger)


def _words(text: str) -> list[str]:
    """The folded words of a long text: the folding looks at a part at a time."""
    text = text[:LONGEST]
    found: list[str] = []
    part = ""
    for piece in text.split():
        if len(part) + len(piece) + 1 > LOOKED_AT:
            found += words(part)
            part = ""
        part = f"{part} {piece[:LOOKED_AT]}" if part else piece[:LOOKED_AT]
    return found + words(part)


def _token(concept: str) -> Token:
    if concept == "not":
        return Kind.NEGATION, "not"
    return (Kind.PEOPLE, "people") if concept == "people" else (Kind.CONCEPT, concept)


def _order(concepts: list[str], found: set[Token]) -> None:
    """Who did it to whom: the order of two or more kinds of people, because a bag of words forgets it."""
    actors = [one for one in concepts if _danger()[one][0] in {"forces", "protest", "people"}]
    if len(actors) > 1:
        found.add((Kind.ORDER, ">".join(actors)))


def _places(said: list[str], found: set[Token]) -> set[int]:
    """Add the places that are named, and tell which words name them."""
    taken: set[int] = set()
    for length in (3, 2, 1):
        for start in range(len(said) - length + 1):
            span = range(start, start + length)
            if taken & set(span) or (length == 1 and len(said[start]) < _SHORTEST_PLACE):
                continue
            if length == 1 and (said[start] in _empty() or _meant(said[start]) is not None):
                continue
            code = places.exactly(" ".join(said[start : start + length]))
            if code:
                taken |= set(span)
                if code not in places.REGIONS:
                    found.add((Kind.PLACE, code))
                found.add((Kind.REGION, places.region_of(code)))
    return taken


# -- comparing -----------------------------------------------------------------------------------------------------


def _of(tokens: Tokens, *kinds: Kind) -> frozenset[Token]:
    return frozenset(one for one in tokens if one[0] in kinds)


def _weight(tokens: Collection[Token]) -> float:
    return sum(_WEIGHTS.get(kind, 0.0) for kind, _value in tokens)


def likeness(one: Tokens, other: Tokens) -> float:
    """How much of what two questions say is the same, from 0 to 1; words of different languages are not compared."""
    if _of(one, Kind.LANGUAGE) != _of(other, Kind.LANGUAGE) and _of(one, *CORE):
        one, other = one - _of(one, Kind.WORD), other - _of(other, Kind.WORD)
    whole = _weight(one) + _weight(other)
    return 2 * _weight(one & other) / whole if whole else 0.0


def contradict(one: Tokens, other: Tokens) -> bool:
    """Whether both name places, and not the same ones."""
    return any(
        bool(mine and theirs and not mine & theirs)
        for kind in (Kind.PLACE, Kind.REGION)
        for mine, theirs in [(_of(one, kind), _of(other, kind))]
    )


def is_same(one: Tokens, other: Tokens) -> bool:
    """Whether the verdict on one of them answers the other."""
    if any(_of(one, kind) != _of(other, kind) for kind in _MUST_BE_EQUAL):
        return False
    if _of(one, Kind.LANGUAGE) == _of(other, Kind.LANGUAGE):
        return likeness(one, other) >= SAME
    core = _of(one, *CORE)
    if core != _of(other, *CORE) or _of(one, Kind.ORDER):
        return False
    left = max(len(_of(tokens, Kind.WORD)) for tokens in (one, other))
    return left == 0 if len(core) < _RICH else left <= 1


def is_alike(one: Tokens, other: Tokens) -> bool:
    """Whether a moderator should be asked if they are the same."""
    return not contradict(one, other) and likeness(one, other) >= ALIKE


# -- the lexicon ---------------------------------------------------------------------------------------------------


def _entries(list_: str) -> list[tuple[str, bool]]:
    found = []
    for entry in list_.split():
        folded = "".join(words(entry.rstrip("*")))
        if folded:
            found.append((folded, entry.endswith("*")))
    return found


@cache
def _lexicon() -> tuple[dict[str, tuple[str, set[int]]], dict[str, tuple[str, set[int]]]]:
    """Whole words, and beginnings of words: to which concept each leads, and in which languages."""
    whole: dict[str, tuple[str, set[int]]] = {}
    begun: dict[str, tuple[str, set[int]]] = {}
    rows = [("not", NEGATIONS), *((name, lists) for name, _topic, _danger, *lists in CONCEPTS), ("people", PEOPLE)]
    for concept, lists in rows:
        for language, list_ in enumerate(lists):
            for entry, is_beginning in _entries(list_):
                known = (begun if is_beginning else whole).setdefault(entry, (concept, set()))
                if known[0] == concept:
                    known[1].add(language)
    return whole, begun


@cache
def _danger() -> dict[str, tuple[str, int]]:
    return {name: (topic, danger) for name, topic, danger, *_lists in CONCEPTS}


@cache
def _empty() -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for language, list_ in enumerate(EMPTY):
        for entry, _is_beginning in _entries(list_):
            found.setdefault(entry, []).append(language)
    return found


@cache
def _numbers() -> dict[str, int]:
    return {
        "".join(words(entry)): number
        for list_ in NUMBERS
        for entry, number in zip(list_.split(), NUMBERED, strict=True)
        if entry != "-"
    }


def _meant(word: str) -> tuple[str, set[int]] | None:
    """The concept of a word: as it is listed, or by its longest listed beginning."""
    whole, begun = _lexicon()
    if word in whole:
        return whole[word]
    if word in _empty():
        return None
    for length in range(len(word), 1, -1):
        if word[:length] in begun:
            return begun[word[:length]]
    return None
