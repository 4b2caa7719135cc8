"""“Is this true?”: what a question is about, when two questions are the same one, and which answers there are.

A text becomes a set of tokens: places, numbers, concepts in whatever language, and its other words. Two texts are the
same question only where nothing speaks against it; whatever is merely alike is shown to a moderator, who decides.
It is a bag of tokens and understands no sentence: so it rather opens a second ticket than gives a wrong answer.
Whatever may turn a sentence into its opposite must be the same in both: negations, words that have an opposite, the
order of a sentence that holds several of these; and no word may stand in the place of another one.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, IntEnum
from functools import cache
from typing import Final, TypeAlias

from bot.domain import places
from bot.domain.folding import LONGEST as LOOKED_AT
from bot.domain.folding import loosely, words
from bot.domain.rumour_words import CONCEPTS, EMPTY, NEGATED, NEGATIONS, NUMBERED, NUMBERS, OPPOSITES, PEOPLE

PROMISED: Final = timedelta(hours=48)  # within this an asker is told the verdict; once it may take as long again
FRESH: Final = timedelta(days=7)  # an older verdict answers no new question: what was false then may be true now
KEPT: Final = timedelta(days=30)  # so long a verdict is kept, and those who were told it can be told a correction
LONGEST: Final = 1500  # characters of a question
SAME: Final = 0.85
ALIKE: Final = 0.5
ROOT: Final = 6  # letters by which an unlisted word is compared: endings fall away
_SHORTEST_PLACE: Final = 4
_WHOLE: Final = 100  # tokens: a longer text is the same only as one that says all of it
_SHORTEST_NEGATED: Final = 3  # letters that are left of a Tajik word without the “na-” that turns it
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
    TURN = 9  # a word that has an opposite
    SEQUENCE = 10  # the order of all of it, where that matters


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
    Kind.TURN: 1.0,
}
CORE: Final = frozenset({Kind.PLACE, Kind.NUMBER, Kind.CONCEPT})
_MUST_BE_EQUAL: Final = (
    *(Kind.PLACE, Kind.REGION, Kind.NUMBER, Kind.CONCEPT),
    *(Kind.NEGATION, Kind.ORDER, Kind.TURN, Kind.SEQUENCE),
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody asks about."""

    tokens: Tokens
    topic: str
    danger: int


def read(text: str) -> Claim:
    """What a question is about. At most `LONGEST` characters are looked at."""
    said = _words(text)
    found: set[Token] = set()
    named = _places(said, found)
    order: list[Token] = []
    hits = dict.fromkeys(range(len(_LANGUAGES)), 0)
    for at, word in enumerate(said):
        for language in _empty().get(word, ()):
            hits[language] += 1
        if at in named:
            continue
        for token, languages in _tokens(word):
            for language in languages:
                hits[language] += 1
            found.add(token)
            order.append(token)
    concepts = list(dict.fromkeys(str(value) for kind, value in order if kind is Kind.CONCEPT))
    _order([str(value) for kind, value in order if kind in {Kind.CONCEPT, Kind.PEOPLE}], found)
    turning = [value for kind, value in found if kind in {Kind.CONCEPT, Kind.TURN} and value in _turning()]
    if (Kind.NEGATION, "not") in found or len(turning) > 1 or len(found) > _WHOLE:
        found.add((Kind.SEQUENCE, " ".join(f"{kind.value}:{value}" for kind, value in order)))
    best = max(hits.values())
    spoken = [language for language, n in hits.items() if n == best]
    if best and len(spoken) == 1:
        found.add((Kind.LANGUAGE, _LANGUAGES[spoken[0]]))
    weighty = max(concepts, key=lambda one: (_danger()[one][1], -concepts.index(one)), default="")
    topic, danger = _danger().get(weighty, ("other", 0))
    if (Kind.NEGATION, "not") in found and danger > 1:
        danger -= 1  # “nobody was shot?” is less pressing than “was anybody?”
    return Claim(frozenset(found), topic, danger)


def _tokens(word: str) -> list[tuple[Token, Collection[int]]]:
    """What one word says, and in which languages; nothing if it is one of those that say nothing."""
    if word.isdecimal() or word in _numbers():
        return [((Kind.NUMBER, str(_numbers().get(word) or int(word))), ())]
    meant = _meant(word)
    if meant is not None:
        return [(_token(meant[0]), meant[1])]
    if word in _empty():
        return []
    return _negated(word) or [((Kind.WORD, loosely(word)[:ROOT]), ())]


def _negated(word: str) -> list[tuple[Token, Collection[int]]]:
    """What a Tajik word says that “na-” turns into its opposite; nothing if it is no such word."""
    for rest in map(word.removeprefix, NEGATED):
        if rest == word or len(rest) < _SHORTEST_NEGATED:
            continue
        meant = _meant(rest)
        if meant is not None and 0 in meant[1]:
            return [((Kind.NEGATION, "not"), (0,)), (_token(meant[0]), (0,))]
        if 0 in _empty().get(rest, ()):
            return [((Kind.NEGATION, "not"), (0,))]
    return []


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
    if concept == "people":
        return Kind.PEOPLE, "people"
    return (Kind.CONCEPT, concept) if concept in _danger() else (Kind.TURN, concept)


def _order(concepts: Sequence[str], found: set[Token]) -> None:
    """Who did it to whom: the order of two or more kinds of people, because a bag of words forgets it."""
    actors = [one for one in dict.fromkeys(concepts) if _danger().get(one, ("",))[0] in {"forces", "protest", "people"}]
    if len(actors) > 1:
        found.add((Kind.ORDER, ">".join(actors)))


def _places(said: list[str], found: set[Token]) -> set[int]:
    """Add the places that are named, and tell which words name them."""
    taken: set[int] = set()
    order: list[tuple[int, str]] = []
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
                order.append((start, code))
                if code not in places.REGIONS:
                    found.add((Kind.PLACE, code))
                found.add((Kind.REGION, places.region_of(code)))
    way = list(dict.fromkeys(code for _start, code in sorted(order)))
    if len(way) > 1:  # from where to where
        found.add((Kind.ORDER, ">".join(way)))
    return taken


# -- comparing -----------------------------------------------------------------------------------------------------


def _of(tokens: Collection[Token], *kinds: Kind) -> frozenset[Token]:
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
    mine, theirs = _of(one, Kind.WORD), _of(other, Kind.WORD)
    if _of(one, Kind.LANGUAGE) == _of(other, Kind.LANGUAGE):
        return likeness(one, other) >= SAME and not (mine - theirs and theirs - mine)
    return bool(_of(one, *CORE)) and not (mine or theirs or _of(one, Kind.ORDER, Kind.SEQUENCE))


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
    rows += [(name, lists) for pair in OPPOSITES for name, *lists in pair if lists]
    for concept, lists in rows:
        for language, list_ in enumerate(lists):
            for entry, is_beginning in _entries(list_):
                known = (begun if is_beginning else whole).setdefault(entry, (concept, set()))
                if known[0] == concept:
                    known[1].add(language)
    return whole, begun


@cache
def _turning() -> frozenset[str]:
    """The concepts that have an opposite."""
    return frozenset(side[0] for pair in OPPOSITES for side in pair)


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
