"""Keys of a name for a blind index: whoever asks needs only “are these two equal”, never the name itself.

They are plain text here. Nobody may store them so: storage makes each unreadable with a secret of its own.
"""

from __future__ import annotations

from itertools import combinations, permutations, product
from typing import TYPE_CHECKING, Final

from bot.domain.names.parts import Kind, Name, Part, adjacent, common_skeletons, parse, skeleton

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

VERSION: Final = 4  # raise it whenever tables or rules change which keys a name has: then stores build their index anew
BAND: Final = 4  # birth years that share a key
SLIP: Final = 2  # years by which a remembered birth year may be wrong
_CONSONANTS: Final = "kxCsSztdpbvflrmny"


def keys(name: Name | str, *, years: Iterable[int] = (), district: str = "") -> frozenset[str]:
    """The keys of a name: those of a record are stored, those of a question are looked up.

    `years` is the birth year of a record, or the years that a question allows; with a `district` they make keys of a
    single part of the name. A name with no part, such as “…”, has no keys.
    """
    parsed = parse(name) if isinstance(name, str) else name
    parts = _telling(parsed)
    found = {*_pairs(parts), *_joined(parsed, parts), *_firsts(parsed, parts)}
    for part in parts:
        found.update(f"Y{one}.{band}.{district}" for one in _skeletons(part) for band in bands(years) if district)
    return frozenset(found)


def bands(years: Iterable[int]) -> frozenset[int]:
    """The bands of birth years these fall in."""
    return frozenset(year // BAND for year in years)


def near(name: Name | str) -> frozenset[str]:
    """The pair keys of a name with one consonant lost, added, changed or swapped: only ever looked up, never stored.

    Of a name of two parts: in a longer one the slip leaves a pair that has none.
    """
    parsed = parse(name) if isinstance(name, str) else name
    parts = _telling(parsed)
    if len(parts) != 2:  # noqa: PLR2004
        return frozenset()
    found: set[str] = set()
    for one, two in permutations(parts, 2):
        found.update(_pair(slip, two.skeleton) for slip in _slips(one.skeleton))
    return frozenset(found) - keys(parsed)


def padded(count: int) -> int:
    """How many rows a list of `count` rows is made to have, so that its length tells little: the next power of two."""
    return 1 << max(0, count - 1).bit_length()


def _telling(name: Name) -> list[Part]:
    """The parts that can make a pair. Light ones only where there is nothing better."""
    full = [part for part in name.parts if part.kind is not Kind.INITIAL]
    heavy = [part for part in full if part.kind is not Kind.LIGHT]
    return heavy if len(heavy) > 1 else full


def _skeletons(part: Part) -> frozenset[str]:
    return frozenset({part.skeleton, *map(skeleton, part.also)})


def _pair(one: str, two: str) -> str:
    return "P" + "+".join(sorted((one, two)))


def _pairs(parts: list[Part]) -> Iterator[str]:
    for one, two in combinations(parts, 2):
        yield from (_pair(a, b) for a in _skeletons(one) for b in _skeletons(two))
    if len(parts) == 2 and {part.skeleton for part in parts} <= common_skeletons():  # noqa: PLR2004
        yield "T" + _pair(*(part.skeleton for part in parts))  # so that not all who have both fill one list


def _joined(name: Name, parts: list[Part]) -> Iterator[str]:
    heavy = [part for part in parts if part.kind is not Kind.LIGHT]
    alone = parts if len(parts) == 1 else heavy
    if len(alone) == 1:
        yield from (f"J{one}" for one in _skeletons(alone[0]))
    for glued, both in adjacent(name):
        yield f"J{glued}"
        yield from (_pair(glued, part.skeleton) for part in parts if all(part is not one for one in both))


def _firsts(name: Name, parts: list[Part]) -> Iterator[str]:
    """A whole part beside the beginning of another: for initials, and for another part that is misspelled."""
    common = common_skeletons()
    for part in parts:
        others = [other.firsts for other in name.parts if other is not part]
        for one in _skeletons(part):
            if one not in common:
                yield from (f"F{one}+{first}" for firsts in others for first in firsts)
            else:  # with two others beside it, even a common part tells something
                for two in combinations(others, 2):
                    yield from (f"F{one}+{''.join(sorted(both))}" for both in product(*two))


def _slips(one: str) -> Iterator[str]:
    if one[:1] in ("x", "A"):  # Ҳамид and Амид: an h that one language doesn't speak
        yield ("A" if one[0] == "x" else "x") + one[1:]
    for at in range(len(one)):
        rest = one[at + 1 :]
        yield one[:at] + rest
        yield from (one[:at] + other + rest for other in _CONSONANTS if other != one[at])
        if rest and at:
            yield one[:at] + rest[0] + one[at] + rest[1:]
    for at in range(1, len(one) + 1):
        yield from (one[:at] + other + one[at:] for other in _CONSONANTS)
