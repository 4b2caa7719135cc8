"""How alike two names are: the parts in pairs, what is left over on both sides, and what that speaks for.

The score is in log odds: 0 is as likely the same name as not. It judges names, never people: namesakes score highest.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from bot.domain.names.distance import distance
from bot.domain.names.parts import Kind, Name, Part, common_skeletons, parse, skeleton, stands

if TYPE_CHECKING:
    from collections.abc import Sequence

    Found: TypeAlias = tuple[float, tuple[int, ...], tuple[int, ...]]  # how far apart; which of mine, which of theirs

# -- set by hand -----------------------------------------------------------------------------------------------------

TOO_FAR: Final = 0.4  # of the sounds: two parts further apart than this are two names
_OTHER_ENDING: Final = 0.06  # beside an equal core: -jon, -ullo, Abdu- on one side only
_SHORT_FORM: Final = 0.15
_INITIAL: Final = 0.1
_JOINED: Final = 0.05
_LONG: Final = 4  # consonants: of so many, more than half must be shared
_DOUBTFUL: Final = 0.15  # a pair this far apart may be one word and half of two
_AGAIN: Final = 0.1  # a part so near to one that is matched says nothing new
_WEIGHT: Final = {"name": 1.0, "surname": 1.0, "father": 0.8, "light": 0.3, "initial": 0.2}  # of a part
_COMMON: Final = 0.8  # of that, if very many people have it


@dataclass(frozen=True, slots=True)
class Pair:
    """Parts of both names that stand for each other, and how far apart they are. One side may be two parts."""

    mine: tuple[Part, ...]
    theirs: tuple[Part, ...]
    apart: float
    at: tuple[int, int] = (0, 0)  # where they stand

    @property
    def by_initial(self) -> bool:
        """Whether one of them is only a letter."""
        return self.mine[0].kind is Kind.INITIAL or self.theirs[0].kind is Kind.INITIAL

    @property
    def weight(self) -> float:
        """How much it counts."""
        return min(_weigh(self.mine), _weigh(self.theirs))


class Evidence(NamedTuple):
    """What two names have in common and what not, in numbers that `WEIGHTS` adds up."""

    matched: float  # the weight of the parts that stand for each other
    worst: float  # the greatest distance between two of them
    sibling: float  # how far apart the given names are where others agree
    other: float  # the weight of the matched parts whose consonants differ
    first: float  # of that: of those that begin otherwise
    ending: float  # the weight of the matched parts of which one has an ending of family and the other none
    turned: float  # 1: the parts stand in another order, but in the same circle; 2: in quite another
    conflict: float  # the weight of what is left over on both sides
    strange: float  # how far apart the nearest of that are
    kin: float  # where two other parts agree: the weight of what is left over on both sides but fathers' names
    omitted: float  # the weight of what one side has more
    unsaid: float  # of that: how many are neither a surname nor a father's name
    light: float  # 1: one side has a light part more
    gender: float  # 1: one is a woman's name, the other a man's
    initials: float  # how many letters stand for a part


# Fitted by logistic regression on pairs of names, not by hand.
WEIGHTS: Final = Evidence(
    matched=4.04,
    worst=-9.36,
    sibling=-4.21,
    other=-1.01,
    first=-1.5,
    ending=-1.7,
    turned=-0.52,
    conflict=-1.0,
    strange=-7.61,
    kin=-4.06,
    omitted=-0.86,
    unsaid=-0.99,
    light=-1.63,
    gender=-2.2,
    initials=1.34,
)
BIAS: Final = -1.98
LOWEST: Final = -30.0  # of two names that have nothing to compare


def score(one: Name | str, two: Name | str) -> float:
    """How much speaks for two names being the same, in log odds. Symmetric; names without letters score `LOWEST`."""
    return Asker(one).score(two)


class Asker:
    """One name that is compared with many. It remembers parts it has met: drop it after the question."""

    def __init__(self, name: Name | str) -> None:
        self._name = parse(name) if isinstance(name, str) else name
        self._joined = _joined(self._name)
        self._longest = max((len(part.skeleton) for part in self._name.parts), default=0) + 2
        self._is_woman = _is_woman(self._name)
        self._met: dict[tuple[str, str, bool, bool], float] = {}

    def score(self, other: Name | str) -> float:
        """The score of this name beside another."""
        theirs = parse(other) if isinstance(other, str) else other
        if not self._name.parts or not theirs.parts:
            return LOWEST
        evidence = self.evidence(theirs)
        return max(LOWEST, BIAS + sum(weight * said for weight, said in zip(WEIGHTS, evidence, strict=True)))

    def evidence(self, other: Name) -> Evidence:
        """What speaks for and against."""
        pairs, mine, theirs = self.pairs(other)
        full = [pair for pair in pairs if not pair.by_initial]
        matched = unlike = first = ending = worst = 0.0
        for pair in full:
            weight, (one, two) = pair.weight, _skeletons(pair)
            matched += weight
            worst = max(worst, pair.apart)
            if one != two:
                unlike += weight
                first += weight if one[:1] != two[:1] else 0.0
            if _of_family(pair.mine) is not _of_family(pair.theirs):
                ending += weight
        if not mine or not theirs:  # what says a part again is not left over: Салимов Карим Салимович
            mine = [part for part in mine if not self._is_again(part, other.parts)]
            theirs = [part for part in theirs if not self._is_again(part, self._name.parts)]
        left, left_over = _weigh(mine), _weigh(theirs)
        conflict = min(left, left_over)
        women = (self._is_woman, _is_woman(other))
        return Evidence(
            matched=matched,
            worst=worst if full else 1.0,
            sibling=_sibling(full),
            other=unlike,
            first=first,
            ending=ending,
            turned=_turned(pairs),
            conflict=conflict,
            strange=min(1.0, conflict) * min((self._apart(a, b) for a in mine for b in theirs), default=0.0),
            kin=min(_weigh(_own(mine)), _weigh(_own(theirs))) if len(full) > 1 else 0.0,
            omitted=max(left, left_over) - conflict,
            unsaid=0.0 if mine and theirs else float(len(_names(mine or theirs))),
            light=float(any(part.kind is Kind.LIGHT for part in (*mine, *theirs))),
            gender=float(None not in women and women[0] is not women[1]),
            initials=float(len(pairs) - len(full)),
        )

    def pairs(self, other: Name) -> tuple[list[Pair], list[Part], list[Part]]:
        """The parts that stand for each other, nearest first, and what is left over of this name and of the other."""
        mine, theirs = self._name.parts, other.parts
        found: list[Found] = [
            (apart, (one,), (two,))
            for one in range(len(mine))
            for two in range(len(theirs))
            if (apart := self._apart(mine[one], theirs[two])) < TOO_FAR
        ]
        paired = _paired(mine, theirs, found)
        pairs, left, left_over = paired
        doubtful = (left and left_over) or ((left or left_over) and any(pair.apart > _DOUBTFUL for pair in pairs))
        if doubtful and (joined := self._written_as_one(other)):
            return _paired(mine, theirs, found + joined)
        return paired

    def _written_as_one(self, other: Name) -> list[Found]:
        """Two neighbouring parts of one side that are one word on the other."""
        found: list[Found] = []
        for ones, joined in self._joined:
            for two, part in enumerate(other.parts):
                if _as_long(joined, part) and (apart := self._apart(joined, part) + _JOINED) < TOO_FAR / 2:
                    found.append((apart, ones, (two,)))
        for twos, joined in _joined(other, self._longest):
            for one, part in enumerate(self._name.parts):
                if _as_long(joined, part) and (apart := self._apart(part, joined) + _JOINED) < TOO_FAR / 2:
                    found.append((apart, (one,), twos))
        return found

    def _is_again(self, part: Part, others: Sequence[Part]) -> bool:
        return any(part.skeleton == one.skeleton and self._apart(part, one) < _AGAIN for one in others)

    def _apart(self, one: Part, two: Part) -> float:
        if one.kind is Kind.INITIAL or two.kind is Kind.INITIAL:
            return 1.0 if one.firsts.isdisjoint(two.firsts) else _INITIAL
        met = (one.sounds, two.sounds, one.abjad, two.abjad)
        known = self._met.get(met)
        if known is None:
            known = self._met[met] = _far(one, two)
        return known


def _far(one: Part, two: Part) -> float:
    """How far apart two parts are, by their roots, their cores, or what they are short for."""
    consonants, others = set(one.skeleton), set(two.skeleton)
    shared, longest = len(consonants & others), max(len(consonants), len(others))
    if shared * 2 < longest + (longest >= _LONG) and not one.also and not two.also:
        return 1 - shared / longest  # surely too far: not worth the walk
    if one.root != two.root and {one.root, two.root} <= stands():
        return TOO_FAR  # Ҳасан and Ҳусайн, near as they are, are two brothers
    abjad = one.abjad != two.abjad
    apart = distance(one.root, two.root, abjad=abjad)
    if apart > _OTHER_ENDING and (one.core != one.root or two.core != two.root):
        apart = min(apart, distance(one.core, two.core, abjad=abjad) + _OTHER_ENDING)
    if one.also or two.also:
        near = (distance(a, b, abjad=abjad) for a in (one.core, *one.also) for b in (two.core, *two.also))
        apart = min(apart, min(near) + _SHORT_FORM)
    return round(min(apart, 1.0), 6)


def _paired(
    mine: Sequence[Part], theirs: Sequence[Part], found: list[Found]
) -> tuple[list[Pair], list[Part], list[Part]]:
    """The nearest first; of equally near ones those that stand at the same place, so that no side is preferred."""
    used_mine: set[int] = set()
    used_theirs: set[int] = set()
    pairs = []
    for apart, ones, twos in sorted(found, key=_order):
        if used_mine.isdisjoint(ones) and used_theirs.isdisjoint(twos):
            used_mine.update(ones)
            used_theirs.update(twos)
            both = tuple(mine[at] for at in ones), tuple(theirs[at] for at in twos)
            pairs.append(Pair(*both, apart, (ones[0], twos[0])))
    return (
        pairs,
        [part for at, part in enumerate(mine) if at not in used_mine],
        [part for at, part in enumerate(theirs) if at not in used_theirs],
    )


def _order(found: Found) -> tuple[float, int, int, int]:
    apart, ones, twos = found
    return (apart, len(ones) + len(twos), abs(ones[0] - twos[0]), ones[0] + twos[0])


def _joined(name: Name, longest: int = 1000) -> list[tuple[tuple[int, ...], Part]]:
    """Neighbours as one word, and where they stand; only those of no more than `longest` consonants."""
    found: list[tuple[tuple[int, ...], Part]] = []
    for at, (one, two) in enumerate(pairwise(name.parts)):
        initial = one.kind is Kind.INITIAL or two.kind is Kind.INITIAL
        if len(one.skeleton) + len(two.skeleton) <= longest and not initial:
            root, core = one.root + two.root, one.core + two.core
            found.append(((at, at + 1), Part(root, root, core, skeleton(core), abjad=one.abjad)))
    return found


def _as_long(joined: Part, part: Part) -> bool:
    """Whether a word may be two: no more than one consonant longer or shorter than they are."""
    return abs(len(joined.skeleton) - len(part.skeleton)) <= 1


def _weigh(parts: Sequence[Part]) -> float:
    common = common_skeletons()
    return sum([_WEIGHT[part.kind.value] * (_COMMON if part.skeleton in common else 1.0) for part in parts])


def _own(parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if part.kind is not Kind.FATHER]


def _names(parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if part.kind is Kind.NAME]


def _skeletons(pair: Pair) -> tuple[str, str]:
    return _skeleton(pair.mine), _skeleton(pair.theirs)


def _skeleton(parts: Sequence[Part]) -> str:
    return parts[0].skeleton if len(parts) == 1 else skeleton("".join(part.core for part in parts))


def _of_family(parts: Sequence[Part]) -> bool:
    """Whether one has an ending of family: -ов, -зода, or the -ӣ that is no part of its root."""
    return any(part.kind is Kind.SURNAME or (part.sounds[-1:] == "i" and part.root[-1:] != "i") for part in parts)


def _turned(pairs: Sequence[Pair]) -> float:
    order = [theirs for _, theirs in sorted(pair.at for pair in pairs)]
    falls = sum(order[at - 1] > theirs for at, theirs in enumerate(order))  # from the last to the first as well
    return 0.0 if order == sorted(order) else 1.0 if falls == 1 else 2.0


def _sibling(full: Sequence[Pair]) -> float:
    given = [pair.apart for pair in full if Kind.NAME in {pair.mine[0].kind, pair.theirs[0].kind}]
    return max(given, default=0.0) if len(given) < len(full) else 0.0


def _is_woman(name: Name) -> bool | None:
    said = {part.woman for part in name.parts if part.woman is not None}
    return said.pop() if len(said) == 1 else None
