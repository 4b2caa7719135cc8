"""Which of the people somebody knows a typed name means: surely one, several that fit equally, or only near ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain import rollcall_words
from bot.domain.folding import words

MOST_NEAR: Final = 6
_SLIPS_FROM = 5  # letters of a name in which a slip of the keyboard may be seen
_BEGINNING = 4  # letters by which a name may be recognised as begun
_STEM = 3

_TITLES: Final = frozenset(word for title in rollcall_words.TITLES for word in words(title))
_ENDINGS: Final = tuple("".join(words(one)) for one in rollcall_words.ENDINGS)
_OBJECT: Final = "".join(words(rollcall_words.OBJECT))
_NOMINATIVE, _ACCUSATIVE = ("".join(words(one)) for one in rollcall_words.RUSSIAN_ENDING)


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody whose name is known. The same person may stand there several times."""

    person: int
    name: str


@dataclass(frozen=True, slots=True)
class Fit:
    """Whom a typed name means: nobody, one person, or all that fit equally."""

    sure: tuple[int, ...] = ()

    @property
    def one(self) -> int | None:
        """The one person it means, if that is sure."""
        return self.sure[0] if len(self.sure) == 1 else None


class Names:
    """The names of the people somebody knows, ready to be looked up many times."""

    def __init__(self, people: Iterable[Known]) -> None:
        self._people = {one.person: _words(one.name) for one in people}
        self._with: dict[str, set[int]] = {}
        self._like: dict[str, set[int]] = {}
        for who, theirs in self._people.items():
            for word in theirs:
                self._with.setdefault(word, set()).add(who)
                self._like.setdefault(_loose(word), set()).add(who)

    def find(self, typed: str) -> Fit:
        """Whom a typed name surely means. A slip counts only beside another word that fits; alone it is only near."""
        said = _words(typed)
        if not said:
            return Fit()
        for found in (self._all_of(said), self._like_all_of(said), self._with_a_slip(said)):
            if found:
                whole = [who for who in found if sorted(self._people[who]) == sorted(said)]
                return Fit(tuple(sorted(whole or found)))
        return Fit()

    def near(self, typed: str) -> tuple[int, ...]:
        """Who may be meant by a name that nobody has: a few, the nearest first."""
        said = _words(typed)
        ranked = []
        for who, theirs in self._people.items():
            weight = sum(_nearness(word, one) for word in said for one in theirs)
            if weight:
                ranked.append((-weight, who))
        return tuple(who for _weight, who in sorted(ranked)[:MOST_NEAR])

    def named_in(self, text: str, but: int | None = None) -> set[int]:
        """Who is named by a word of a text; not `but`, nor who shares that word with them."""
        theirs = set(self._people.get(but, ())) if but is not None else set()
        return {
            who
            for word in words(text)
            if len(word) >= _STEM and word not in theirs
            for who in self._like.get(_loose(word), ())
            if who != but
        }

    def holds(self, typed: str) -> bool:
        """Whether every word of this is a word of one person's name."""
        return bool(self._all_of(_words(typed)))

    def _all_of(self, said: Sequence[str]) -> set[int]:
        """Who has each of these words in their name; a single letter stands for a word that begins with it."""
        full = [word for word in said if len(word) > 1]
        if not full:
            return set()
        found = set.intersection(*(self._with.get(word, set()) for word in full))
        return {who for who in found if self._has_initials(who, said, full)}

    def _has_initials(self, who: int, said: Sequence[str], full: Sequence[str]) -> bool:
        rest = [word for word in self._people[who] if word not in full]
        return all(any(word.startswith(letter) for word in rest) for letter in said if len(letter) == 1)

    def _like_all_of(self, said: Sequence[str]) -> set[int]:
        full = [word for word in said if len(word) > 1]
        if not full:
            return set()
        found = set.intersection(*(self._like_word(word) for word in full))
        return {
            who
            for who in found
            if len(self._people[who]) >= len(said)
            and self._has_initials(who, said, [theirs for theirs in self._people[who] if _is_like(theirs, full)])
        }

    def _like_word(self, word: str) -> set[int]:
        return {who for form in _forms(word) for who in self._like.get(_loose(form), ())}

    def _with_a_slip(self, said: Sequence[str]) -> set[int]:
        """Who has all of these words but one in their name, and one that differs by a slip from that."""
        if len(said) == 1:
            return set()
        found = set()
        for at, word in enumerate(said):
            rest = [one for one in (*said[:at], *said[at + 1 :]) if len(one) > 1]
            for who in set.intersection(*(self._with.get(one, set()) for one in rest)) if rest else ():
                if any(_is_slip(word, theirs) for theirs in self._people[who] if theirs not in rest):
                    found.add(who)
        return found


def _words(name: str) -> list[str]:
    """The words of a name without titles, unless it is nothing else."""
    said = words(name)
    return [word for word in said if word not in _TITLES] or said


def _loose(word: str) -> str:
    """A name without the endings of affection and respect, and with one vowel for “a” and “o”."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM:
            word = word.removesuffix(ending)
            break
    return word.replace(*rollcall_words.ONE_VOWEL)


def _forms(word: str) -> set[str]:
    """A name as typed, and without the ending that its sentence may have given it."""
    forms = {word}
    if word.endswith(_OBJECT) and len(word) - len(_OBJECT) >= _STEM:
        forms.add(word.removesuffix(_OBJECT))
    if word.endswith(_ACCUSATIVE) and len(word) > _STEM:
        forms.add(word.removesuffix(_ACCUSATIVE) + _NOMINATIVE)
    return forms


def _is_like(known: str, typed: Sequence[str]) -> bool:
    return any(_loose(form) == _loose(known) for word in typed for form in _forms(word))


def _is_slip(typed: str, known: str) -> bool:
    """Whether two words differ by one slip of the keyboard. The first letter and the last make other names."""
    if min(len(typed), len(known)) < _SLIPS_FROM or typed[0] != known[0] or typed[-1] != known[-1] or typed == known:
        return False
    begin = 0
    while begin < min(len(typed), len(known)) and typed[begin] == known[begin]:
        begin += 1
    rest, other = typed[begin:], known[begin:]
    if len(rest) == len(other):
        swapped = rest[:2] == other[1::-1] if begin else False
        return rest[1:] == other[1:] or (swapped and rest[2:] == other[2:])
    longer, shorter = (rest, other) if len(rest) > len(other) else (other, rest)
    return longer[1:] == shorter


def _nearness(typed: str, known: str) -> int:
    if _loose(typed) == _loose(known):
        return 4
    if _is_slip(typed, known):
        return 3
    short, long = sorted((typed, known), key=len)
    if len(short) >= _BEGINNING and long.startswith(short):
        return 2
    similar = len(typed) >= _BEGINNING and len(known) >= _BEGINNING and abs(len(typed) - len(known)) <= 1
    return 1 if similar and sum(a != b for a, b in zip(typed, known, strict=False)) <= 1 else 0
