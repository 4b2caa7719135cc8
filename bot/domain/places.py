"""The kept list of places: what a person may name as where they are, and how each is called in every language.

A place is a district, a city or a whole country, never finer: where somebody is must not lead anybody to their door.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from bot.domain.folding import fold, loosely, words
from bot.domain.place_list import GENERAL_WORDS, PLACES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REGIONS: Final = ("gbao", "dushanbe", "sughd", "khatlon", "drs", "ru", "world")
"""The shelves of the list, in the order to offer them; every one but ``world`` is itself a place."""

_LONGEST_QUERY: Final = 60
_SHORTEST_WITH_SLIP: Final = 4
# Russian makes an adjective of a district: its ending, in folded letters.
_CASE_ENDING: Final = re.compile("(?:ра|ам|ои|ах|а|е|у|и)$")  # of Tajik and Russian, loosely folded
_RUSSIAN_ENDING: Final = re.compile("(?:ин)?ск(?:и|ая|ое|ого|ом)$")


@dataclass(frozen=True, slots=True)
class _Known:
    region: str
    names: Mapping[str, str]


def named(code: str, language: str) -> str:
    """Name a place in a language. A code that is not on the list (any more) is its own name."""
    known = _list().get(code)
    return known.names.get(language, known.names["en"]) if known else code


def exists(code: str) -> bool:
    """Tell whether a code is on the list."""
    return code in _list()


def in_region(region: str) -> tuple[str, ...]:
    """List the places on one shelf of `REGIONS`, in the order of the list."""
    return tuple(code for code, known in _list().items() if known.region == region)


def within(code: str) -> tuple[str, ...]:
    """A place and, if it is itself a shelf of the list, every place on it: Badakhshan with each of its districts."""
    return (code, *(one for one in in_region(code) if one != code)) if code in REGIONS else (code,)


def search(text: str, limit: int = 8) -> list[str]:
    """Find places by what a person typed, in any alphabet and any of the languages: codes, the best first.

    Whole names come first, then beginnings of names, then names with one slip of the keyboard. If the whole text
    finds nothing, each of its words is tried, so that “I am in Khorog” finds Khorog.
    """
    typed = words(text[:_LONGEST_QUERY])
    said = [word for word in typed if word not in _general_words()]
    found = _found(loosely(" ".join(said)))
    if not found:
        roots = [_RUSSIAN_ENDING.sub("", word) for word in said]
        found = [code for root in roots if len(root) >= _SHORTEST_WITH_SLIP for code in _found(loosely(root))]
    return list(dict.fromkeys(found))[:limit]


def exactly(text: str) -> str:
    """The place whose whole name this is, in any language and perhaps with the ending of a case; "" if there is none.

    Nothing is guessed from a beginning or past a slip: it is for reading places out of sentences.
    """
    key = loosely(text)
    names = _index()
    roots = (key, _CASE_ENDING.sub("", key), _RUSSIAN_ENDING.sub("", key))
    return next((names[root][0] for root in roots if len(root) >= _SHORTEST_WITH_SLIP and root in names), "")


def region_of(code: str) -> str:
    """The shelf of the list on which a place stands."""
    return _list()[code].region


def _found(key: str) -> list[str]:
    if not key:
        return []
    names = _index()
    found = list(names.get(key, ()))
    begun = [(name not in _called(), code) for name, codes in names.items() if name.startswith(key) for code in codes]
    found += [code for _other, code in sorted(begun, key=lambda one: (one[0], _place_of(one[1])))]
    if len(key) >= _SHORTEST_WITH_SLIP:
        slips = _slips()
        found += sorted((code for variant in _one_letter_less(key) for code in slips.get(variant, ())), key=_place_of)
    return found


def _one_letter_less(key: str) -> Iterator[str]:
    """List a name with each one of its letters left out, and whole: two names one slip apart share one of these."""
    yield key
    for index in range(len(key)):
        yield key[:index] + key[index + 1 :]


def _place_of(code: str) -> int:
    return _order()[code]


@cache
def _list() -> dict[str, _Known]:
    return {
        code: _Known(region, {"tg": tajik, "ru": russian, "en": english})
        for code, region, tajik, russian, english, _others in PLACES
    }


@cache
def _order() -> dict[str, int]:
    return {code: index for index, code in enumerate(_list())}


@cache
def _index() -> dict[str, list[str]]:
    index: dict[str, list[str]] = {}
    for code, _region, tajik, russian, english, others in PLACES:
        names = (tajik, russian, english, *others.split(", "))
        for key in {loosely(name) for name in names} - {""}:
            index.setdefault(key, []).append(code)
    return index


@cache
def _called() -> frozenset[str]:
    """Fold the names places are called by now, without their other names."""
    return frozenset(loosely(name) for row in PLACES for name in row[2:5])


@cache
def _general_words() -> frozenset[str]:
    return frozenset(map(fold, GENERAL_WORDS))


@cache
def _slips() -> dict[str, list[str]]:
    slips: dict[str, list[str]] = {}
    for name, codes in _index().items():
        if len(name) >= _SHORTEST_WITH_SLIP:
            for variant in _one_letter_less(name):
                slips.setdefault(variant, []).extend(codes)
    return slips
