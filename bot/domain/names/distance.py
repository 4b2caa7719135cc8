"""How far apart two words are by their sounds: 0 for the same, 1 for nothing in common."""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from bot.domain.names import letters

_SOUNDS: Final = "".join(sorted({*letters.VOWELS, *"bpvfgGkqdtszJCZSlmnrxhy"}))
_SWAPPED: Final = 0.7  # two neighbouring sounds in the wrong order: a slip of the fingers
_VOWEL_WEIGHS: Final = 0.35
_ARABIC_W: Final = 0.15  # و and ی are a consonant or a vowel, and nothing says which


def _change(one: str, two: str) -> float:
    if one == two:
        return 0.0
    near = letters.NEAR.get(one + two, letters.NEAR.get(two + one))
    if near is not None:
        return near
    return letters.OTHER_VOWEL if one in letters.VOWELS and two in letters.VOWELS else 1.0


def _change_unwritten(one: str, two: str) -> float:
    if one in letters.VOWELS and two in letters.VOWELS:
        return min(letters.UNWRITTEN, _change(one, two))
    if one + two in _ALIKE_IN_ARABIC or two + one in _ALIKE_IN_ARABIC:
        return _ARABIC_W
    return _change(one, two)


_ALIKE_IN_ARABIC: Final = ("iy", "ey", "uv", "ov")
_CHANGE: Final = {one: {two: _change(one, two) for two in _SOUNDS} for one in _SOUNDS}
_CHANGE_UNWRITTEN: Final = {one: {two: _change_unwritten(one, two) for two in _SOUNDS} for one in _SOUNDS}
_LOST: Final = {sound: letters.LOST.get(sound, 1.0) for sound in _SOUNDS}
_LOST_UNWRITTEN: Final = {
    **_LOST,
    **dict.fromkeys(letters.VOWELS, letters.UNWRITTEN),
    "y": _ARABIC_W,
    "v": _LOST["v"] / 2,
    "h": _ARABIC_W,
}
_WEIGHS: Final = {sound: _VOWEL_WEIGHS if sound in letters.VOWELS else 1.0 for sound in _SOUNDS}


def distance(one: str, two: str, *, abjad: bool = False) -> float:
    """How far apart two words of sounds are, between 0 and 1. `abjad`: exactly one was written without its vowels."""
    if one == two:
        return 0.0
    weight = max(sum(map(_WEIGHS.__getitem__, one)), sum(map(_WEIGHS.__getitem__, two)))
    one, two = _unequal(one, two)
    change, lost = (_CHANGE_UNWRITTEN, _LOST_UNWRITTEN) if abjad else (_CHANGE, _LOST)
    before: list[float] = []
    row = list(accumulate(map(lost.__getitem__, two), initial=0.0))
    previous = ""
    for mine in one:
        lost_mine = lost[mine]
        changed = change[mine]
        last = row[0] + lost_mine
        now = [last]
        for at, theirs in enumerate(two):
            best = row[at] + changed[theirs]
            if (other := row[at + 1] + lost_mine) < best:
                best = other
            if (other := last + lost[theirs]) < best:
                best = other
            if theirs == previous and at and mine == two[at - 1] and (other := before[at - 1] + _SWAPPED) < best:
                best = other
            now.append(best)
            last = best
        before, row, previous = row, now, mine
    return min(1.0, row[-1] / weight)


def _unequal(one: str, two: str) -> tuple[str, str]:
    """Both without what they begin and end with alike: mostly little is left to walk over."""
    shorter = min(len(one), len(two))
    begin = 0
    while begin < shorter and one[begin] == two[begin]:
        begin += 1
    end = 0
    while end < shorter - begin and one[-1 - end] == two[-1 - end]:
        end += 1
    return one[begin : len(one) - end], two[begin : len(two) - end]
