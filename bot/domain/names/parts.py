"""The parts of a name: what remains without titles, endings and polite words, and what each part seems to be."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from bot.domain import rollcall_words
from bot.domain.names import letters, name_words
from bot.domain.names.sounds import Word, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MOST_PARTS: Final = 6
_SHORTEST = 3  # sounds that an ending leaves of a name


class Kind(Enum):
    """What a part of a name seems to be."""

    NAME = "name"
    SURNAME = "surname"
    FATHER = "father"
    INITIAL = "initial"
    LIGHT = "light"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a name.

    `sounds` is the whole word; `root` it without endings of family; `core` also without those of respect and of God;
    `skeleton` the consonants of the core, by classes. `woman` is what its ending says, if it says it. `also` are the
    cores it may be a short form of. `written` is for a human eye.
    """

    sounds: str
    root: str
    core: str
    skeleton: str
    kind: Kind = Kind.NAME
    woman: bool | None = None
    abjad: bool = False
    also: tuple[str, ...] = ()
    written: str = ""

    @property
    def firsts(self) -> frozenset[str]:
        """What an initial of it may be: Абдусаттор is written А. and С."""
        return frozenset({self.skeleton[:1], skeleton(self.sounds[:1])})


@dataclass(frozen=True, slots=True)
class Name:
    """A name in parts, in the order in which they were written."""

    parts: tuple[Part, ...]


def parse(name: str) -> Name:
    """Take a name apart. A name of nothing but titles keeps them; one without letters has no parts."""
    said = words(name)
    whole = _joined(_set_right(said))
    kept = [(word, kind) for word, kind in whole if len(word.sounds) == 1 or loosely(word.sounds) not in _titles()]
    return Name(_with_a_name(tuple(_parts(kept or whole))[:MOST_PARTS]))


def loosely(sounds: str) -> str:
    """Sounds with one vowel for those that languages exchange: what the tables of words are looked up by."""
    return sounds.translate(_LOOSE)


_LOOSE = str.maketrans("oexqGJZ", "aihkgCC")


def skeleton(core: str) -> str:
    """The consonants of a core, by classes; a vowel where it begins is A."""
    if not core:
        return ""
    first = "A" if core[0] in "aeiouy" else core[0].translate(letters.CLASSES)
    rest = core[1:]
    if rest[-1:] in ("h", "x"):
        rest = rest[:-1]
    found = [first]
    for sound in rest.translate(_DROPPED).translate(letters.CLASSES):
        if sound != found[-1]:
            found.append(sound)
    return "".join(found)


_DROPPED = str.maketrans("", "", letters.VOWELS + "yv")


# -- words that belong together --------------------------------------------------------------------------------------

_RUN: Final = re.compile(r"(.)\1+")
_SERVANT_ALONE: Final = re.compile(r"abd(?:[aueoi]?[a-zA-Z]?|[aueoi]l)?$")
_GOD_ALONE: Final = re.compile(r"[aueo]l[aoe]+[hx]?$")
_FAITH_ALONE: Final = re.compile(r"[aueo]?d[ieay]{1,2}n$|[aueo]?ldin$|aldin$")
_OF_FAMILY: Final = re.compile(r"[oaei]va?$|vi[CS]$|vna$")
_ENDS_ALONE: Final = tuple(
    (re.compile(alone + "$"), ending)
    for alone, ending in (
        (r"z[oa]d[aehi]+", "zoda"),
        (r"z[oa]d", "zod"),
        (r"z(?:[aoe]?[iy]|oii?)", "zai"),
        (r"x[ei]l", "xel"),
        (r"pur", "pur"),
        (r"fa?r", "far"),
        (r"n[aei]?[JZ][oa]d", "neJod"),
    )
)

_OF_GODS_NAME: Final = re.compile(r"r[ae]hm|[hx][ae]q$|islom|islam|[hx]aq")
_ARTICLE_BEHIND: Final = re.compile(r"(?<=(?!abd).{3})u[rl]$")
_CHILD_ALONE: Final = re.compile(r"(?:z[oa]d[aehi]*|n[aei]?[JZ][oa]d)$")


def _joined(said: list[Word]) -> list[tuple[Word, Kind | None]]:
    """Words that make one part, joined: Abdul Rahim, Nur ullah, Karam ud-Din, Karim zada; and who is whose child."""
    found: list[tuple[Word, Kind | None]] = []
    child = False
    servant: Word | None = None
    for word in said:
        sounds = word.sounds
        if not word.initial and loosely(sounds) in _marks_of_father() and found:
            found[-1] = (found[-1][0], Kind.FATHER)
        elif not word.initial and loosely(sounds) in _son_of() and found:
            child = True
        elif not word.initial and loosely(sounds) in _articles() and word is not said[-1]:
            continue
        elif servant is not None and not word.initial and not _OF_FAMILY.search(sounds):
            joined = Word(_servant_of(servant.sounds, sounds), word.abjad, written=f"{servant.written} {word.written}")
            found.append((joined, Kind.FATHER if child else None))
            servant, child = None, False
        elif servant is None and _SERVANT_ALONE.match(sounds) and not word.initial:
            servant = word
        elif found and (pattern := _belongs_to(found[-1][0], word)):
            last, kind = found[-1]
            written = f"{last.written} {word.written}"
            found[-1] = (replace(last, sounds=_RUN.sub(r"\1", last.sounds + pattern), written=written), kind)
        else:
            if servant is not None:
                found.append((servant, None))
                servant = None
            found.append((word, Kind.FATHER if child else None))
            child = False
    if servant is not None:
        found.append((servant, None))
    return found


def _set_right(said: list[Word]) -> list[Word]:
    """“ZADEH, Muhammad Khalil” is Khalilzadeh, and “Matiur Rahman” is “Mati ur-Rahman”."""
    if len(said) > 2 and _CHILD_ALONE.match(said[0].sounds):  # noqa: PLR2004
        said = [*said[1:], said[0]]
    return [
        replace(word, sounds=_ARTICLE_BEHIND.sub("", word.sounds)) if _OF_GODS_NAME.match(after) else word
        for word, after in zip(said, [*(word.sounds for word in said[1:]), ""], strict=False)
    ]


def _servant_of(servant: str, sounds: str) -> str:
    if _GOD_ALONE.match(sounds):
        return (servant if servant.endswith("l") else servant[:3]) + "ulo"
    return (servant if servant.endswith("l") else servant[:3] + "ul") + sounds


def _belongs_to(last: Word, word: Word) -> str:
    """The ending that a word is of the one before it; none is of a title: Qari Din is called Din."""
    if word.initial:
        return ""
    if loosely(last.sounds) in _titles() | _of_office() and (
        _GOD_ALONE.match(word.sounds) or _FAITH_ALONE.match(word.sounds)
    ):
        return ""
    if _GOD_ALONE.match(word.sounds):
        return "ulo"
    if _FAITH_ALONE.match(word.sounds):
        return "idin"
    return next((ending for alone, ending in _ENDS_ALONE if alone.match(word.sounds)), "")


def _with_a_name(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """A part that is mostly an addition, as Muhammad, is somebody's name if nothing else can be it."""
    if any(part.kind is Kind.NAME for part in parts):
        return parts
    return tuple(replace(part, kind=Kind.NAME) if part.kind is Kind.LIGHT else part for part in parts)


# -- one part --------------------------------------------------------------------------------------------------------


def _parts(said: Iterable[tuple[Word, Kind | None]]) -> Iterator[Part]:
    for word, kind in said:
        if word.initial:
            yield Part(
                word.sounds, word.sounds, word.sounds, skeleton(word.sounds)[:1], Kind.INITIAL, written=word.written
            )
            continue
        for sounds in _apart(word):
            part = replace(_part(sounds, kind, abjad=word.abjad), written=word.written)
            if word.or_else and sounds == word.sounds:
                part = replace(part, also=(*part.also, _part(word.or_else, kind, abjad=False).core))
            yield part


# Шамсулҳақ is شمس الحق too, and Atta Rahman عطاالرحمن: the article goes.
_OF_TRUTH = re.compile(r"(?<=..)(?<!abd)[oaue]{0,2}l(?=(?:[hx][ae]?[qk]|r[ae]?[hx]m[aoe]?n)$)")
_OF_FAITH = re.compile(r"(?<=..)[oaue]l(?=d[ie]+n$)")  # قمرالدین is Qamaruddin
_MUHAMMAD = re.compile(r"(m[uoa]?[hx][ae]?m[ae]?d)(?=.{3})(?![oaei]v|iC|z[oa]d|i$|y[oa]n|Jon|xon)")


_GLUED = re.compile(r"(sid|mirzo|mulo|hoJi|doktr|anJi?ni?r)(?=.{3})")


def _apart(word: Word) -> tuple[str, ...]:
    """Muhammadali and Muhammad Ali are written either way, and Arabic writing often leaves out a space."""
    begun = _MUHAMMAD.match(word.sounds) or (_GLUED.match(word.sounds) if word.abjad else None)
    return (begun[1], word.sounds[begun.end() :]) if begun else (word.sounds,)


def _part(sounds: str, kind: Kind | None, *, abjad: bool) -> Part:
    sounds = _OF_FAITH.sub("i", _OF_TRUTH.sub("", sounds))
    root, found, woman = _root(sounds, abjad=abjad)
    root = _spellings().get((loosely(root), abjad), root)
    core = _core(root)
    also = tuple(full for full in _short_forms().get(loosely(root), ()) if full != core)
    if kind is None:
        bare = sounds if sounds[-1] == "i" else root  # Муҳаммадӣ is a family name
        kind = Kind.LIGHT if found is Kind.NAME and _light() & {loosely(sounds), loosely(bare)} else found
    return Part(sounds, root, core, skeleton(core), kind, woman, abjad, also)


def _root(sounds: str, *, abjad: bool = False) -> tuple[str, Kind, bool | None]:
    if abjad and (found := _OF_SURNAME_ABJAD.search(sounds)):
        return sounds[: found.start()], Kind.SURNAME, None
    for kind, endings in ((Kind.FATHER, _OF_FATHER), (Kind.SURNAME, _OF_SURNAME)):
        for ending, woman in endings:
            if (found := ending.search(sounds)) and found.start() >= _SHORTEST - 1:
                root, _, _ = _root(sounds[: found.start()])
                return root, kind, woman
    if (found := _OF_BIRTH.search(sounds)) and len(skeleton(sounds[: found.start()])) > 1:
        return sounds[: found.start()], Kind.SURNAME, None
    if len(sounds) > _SHORTEST and sounds.endswith("iy"):
        return sounds[:-2], Kind.NAME, None
    if len(sounds) > _SHORTEST and sounds[-1] == "i" and not _SERVANT_OF_LIFE.match(sounds):
        return sounds[:-1], Kind.NAME, None
    return sounds, Kind.NAME, None


def _core(root: str) -> str:
    core = root
    if (found := _OF_RESPECT.search(core)) and len(skeleton(core[: found.start()])) > 1:
        core = core[: found.start()]
    servant = _SERVANT.match(core)
    if servant and not _SERVANT_OF_GOD.match(core):
        return core[servant.end() :]
    if (found := _OF_GOD.search(core)) and not servant and len(skeleton(core[: found.start()])) > 1:
        core = core[: found.start()]
    return core


def _ending(patterns: Iterable[str], shortest: int) -> re.Pattern[str]:
    return re.compile(rf"(?<=.{{{shortest}}})(?:{'|'.join(patterns)})$")


_OF_FATHER = tuple((re.compile(ending + "$"), woman) for ending, woman in name_words.OF_FATHER)
_OF_SURNAME = tuple((re.compile(ending + "$"), woman) for ending, woman in name_words.OF_SURNAME)
_OF_SURNAME_ABJAD = re.compile(r"(?<=.{3})(?<!abdol[rt])(?<!mar)(?:y?[uoi]f|[ou]vo|[ie]vo)$")
_OF_BIRTH = _ending(name_words.OF_BIRTH, _SHORTEST)
_OF_RESPECT = _ending(name_words.OF_RESPECT, _SHORTEST - 1)
_OF_GOD = re.compile(rf"{name_words.OF_GOD}$")
_SERVANT = re.compile(rf"{name_words.SERVANT}(?:l(?!a?tif))?(?=.{{2}})")
_SERVANT_OF_LIFE = re.compile(r"abd[ou]l[hx]a?i$")
_SERVANT_OF_GOD = re.compile(rf"{name_words.SERVANT}l[aoe]*[hx]?$")


# -- tables by sounds ------------------------------------------------------------------------------------------------


def _sounds(written: Iterable[str]) -> frozenset[str]:
    return frozenset(loosely(word.sounds) for one in written for word in words(one))


@cache
def _titles() -> frozenset[str]:
    return _sounds((*name_words.TITLES, *rollcall_words.TITLES))


@cache
def _light() -> frozenset[str]:
    return _sounds(name_words.LIGHT)


@cache
def _of_office() -> frozenset[str]:
    return _sounds(name_words.OF_OFFICE)


@cache
def _articles() -> frozenset[str]:
    return _sounds(name_words.ARTICLES)


@cache
def _son_of() -> frozenset[str]:
    return _sounds(name_words.SON_OF)


@cache
def _marks_of_father() -> frozenset[str]:
    return _sounds(name_words.MARKS_OF_FATHER)


@cache
def _spellings() -> Mapping[tuple[str, bool], str]:
    """Each spelling's root, whether it leaves out vowels, and the root that stands for all of them."""
    found: dict[tuple[str, bool], str] = {}
    for first, *others in name_words.SPELLINGS:
        stands = _root(words(first)[0].sounds)[0]
        for other in (first, *others):
            word = words(other)[0]
            found.setdefault((loosely(_root(word.sounds)[0]), word.abjad), stands)
    return found


@cache
def stands() -> frozenset[str]:
    """The roots that stand for all spellings of a name: two of them are two names."""
    return frozenset(_spellings().values())


@cache
def _short_forms() -> Mapping[str, tuple[str, ...]]:
    """For each short form the cores of the full names it may stand for."""
    found: dict[str, set[str]] = {}
    for full, shorts in name_words.SHORT_FORMS:
        for short in shorts:
            found.setdefault(loosely(_known_root(short)), set()).add(_core(_known_root(full)))
    return {root: tuple(sorted(others)) for root, others in found.items()}


def _known_root(written: str) -> str:
    root = _root(words(written)[0].sounds)[0]
    return _spellings().get((loosely(root), False), root)


@cache
def common_skeletons() -> frozenset[str]:
    """The skeletons that so many people share that they are no key without something else."""
    return frozenset(skeleton(_core(_known_root(one))) for one in name_words.COMMON)


def adjacent(name: Name) -> Iterator[tuple[str, tuple[Part, Part]]]:
    """The skeletons of neighbouring parts written as one word, and the two parts."""
    for one, two in pairwise(part for part in name.parts if part.kind is not Kind.INITIAL):
        yield skeleton(one.core + two.core), (one, two)
