"""What a human at the matching desk sees of two records: match, near, mismatch or blank, part by part.

The odds here only put a short list in order. Nobody is told anything because of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from bot.domain import places
from bot.domain.names.blind import SLIP
from bot.domain.names.distance import distance
from bot.domain.names.parts import Kind, Name, Part, parse
from bot.domain.names.scoring import Asker, Pair
from bot.domain.names.sounds import Word, words

if TYPE_CHECKING:
    from collections.abc import Iterable

_SAME_PLACE: Final = 0.15  # of the sounds: two spellings of one village
_NEAR: Final = 0.12  # of the sounds: two parts further apart are only near
# Log odds beside those of the names: how much likelier each verdict is for one person than for two namesakes.
_YEAR: Final = {"match": 2.5, "near": 1.5, "mismatch": -3.0, "blank": 0.0}
_PLACE: Final = {"match": 2.0, "near": 0.5, "mismatch": -1.0, "blank": 0.0}


class Verdict(Enum):
    """How one part of a record stands to the other record's."""

    MATCH = "match"
    NEAR = "near"
    MISMATCH = "mismatch"
    BLANK = "blank"


class Field(Enum):
    """What is compared."""

    NAME = "name"
    SURNAME = "surname"
    FATHER = "father"
    BORN = "born"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of somebody: a name as written, a birth year, a place in anybody's words."""

    name: str
    born: int | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a comparison: what stands on either side, as written, and the verdict. Empty is unknown."""

    field: Field
    mine: str
    theirs: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two records beside each other. `odds` puts candidates in order and says nothing about people."""

    lines: tuple[Line, ...]
    odds: float

    @property
    def conflicts(self) -> tuple[Line, ...]:
        """What speaks against it."""
        return tuple(line for line in self.lines if line.verdict is Verdict.MISMATCH)


def compare(one: Record, two: Record) -> Comparison:
    """Put two records beside each other, part by part."""
    mine, theirs = parse(one.name), parse(two.name)
    asker = Asker(mine)
    born = Line(Field.BORN, _shown(one.born), _shown(two.born), years(one.born, two.born))
    place = Line(Field.PLACE, one.place, two.place, whereabouts(one.place, two.place))
    odds = asker.score(theirs) + beside(born.verdict, place.verdict)
    return Comparison((*_names(asker, theirs), born, place), odds)


def beside(born: Verdict, place: Verdict) -> float:
    """What year and place add to the odds of the names."""
    return _YEAR[born.value] + _PLACE[place.value]


def years(one: int | None, two: int | None) -> Verdict:
    """Birth years: people remember them within two years."""
    if one is None or two is None:
        return Verdict.BLANK
    if one == two:
        return Verdict.MATCH
    return Verdict.NEAR if abs(one - two) <= SLIP else Verdict.MISMATCH


def whereabouts(one: str, two: str) -> Verdict:
    """Places, by any of their names and in any spelling. Of one on no list, nothing but that it is equal."""
    if not one.strip() or not two.strip():
        return Verdict.BLANK
    if _sound_alike(one, two):
        return Verdict.MATCH
    mine, theirs = places.search(one, 1), places.search(two, 1)
    if not mine or not theirs:
        return Verdict.BLANK
    if mine == theirs:
        return Verdict.MATCH
    return Verdict.NEAR if _one_holds(mine[0], theirs[0]) else Verdict.MISMATCH


def _one_holds(one: str, two: str) -> bool:
    return one in places.within(two) or two in places.within(one)


def _sound_alike(one: str, two: str) -> bool:
    mine, theirs = words(one), words(two)
    if not mine or not theirs:
        return False
    abjad = mine[0].abjad != theirs[0].abjad
    return distance(_run(mine), _run(theirs), abjad=abjad) <= _SAME_PLACE


def _run(said: Iterable[Word]) -> str:
    return "".join(word.sounds for word in said)


def _names(asker: Asker, theirs: Name) -> list[Line]:
    pairs, left, left_over = asker.pairs(theirs)
    lines = [
        Line(_field(pair.mine[0], pair.theirs[0]), _written(pair.mine), _written(pair.theirs), _verdict(pair))
        for pair in pairs
    ]
    while left and left_over:
        one, two = _like_kinds(left, left_over)
        left.remove(one)
        left_over.remove(two)
        lines.append(Line(_field(one, two), one.written, two.written, Verdict.MISMATCH))
    lines += [Line(_field(part, part), part.written, "", Verdict.BLANK) for part in left]
    lines += [Line(_field(part, part), "", part.written, Verdict.BLANK) for part in left_over]
    return sorted(lines, key=lambda line: list(Field).index(line.field))


def _like_kinds(left: list[Part], left_over: list[Part]) -> tuple[Part, Part]:
    for one in left:
        for two in left_over:
            if one.kind is two.kind:
                return one, two
    return left[0], left_over[0]


def _verdict(pair: Pair) -> Verdict:
    initial = Kind.INITIAL in {pair.mine[0].kind, pair.theirs[0].kind}
    return Verdict.NEAR if initial or pair.apart > _NEAR else Verdict.MATCH


def _field(one: Part, two: Part) -> Field:
    kinds = {one.kind, two.kind}
    if Kind.SURNAME in kinds:
        return Field.SURNAME
    return Field.FATHER if Kind.FATHER in kinds else Field.NAME


def _written(parts: tuple[Part, ...]) -> str:
    return " ".join(part.written for part in parts)


def _shown(year: int | None) -> str:
    return "" if year is None else str(year)
