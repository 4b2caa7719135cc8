"""Whether a text is one that was published: the same, a part of it, altered in which words, or none of ours.

Line breaks, quotes, emoji and invisible marks are nothing. Letters are folded as far as people fold them when they type
what they read; whatever was folded away inside one alphabet is shown, so that it can hide no change. A digit is never
folded away.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import IntEnum
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from bot.domain import folding

FEWEST: Final = 6  # words by which a text can be told at all
MOST: Final = 1500  # words that are looked at
SHINGLE: Final = 3  # words in a row that are looked up together: short, because a slip spoils each that it stands in
SHOWN: Final = 12  # words of one change that are shown
LONGEST_SHOWN: Final = 160  # and characters
REPEATED: Final = 30_000  # pairs of equal words: what repeats itself more is made to cost time, and is no copy
_SLIP_FROM: Final = 5  # letters a word has, so that one wrong letter may be a slip; shorter ones are other words
_SLIPS_ONE_IN: Final = 6  # and so many words for each slip: a text that is full of them is another text

# Numbers keep what stands between their digits; "12 500" is one number.
_THIN: Final = "\u00a0\u2009\u202f"
_THOUSANDS = re.compile(r"(?<![\d.,:/])\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?![\d])")
_WORD = re.compile(r"(?:(?<=[\s(])|^)[-\u2212](?=\d)|[%$€£₽≠±]|\d+(?:[.,:/]\d+)+|[^\W_]+(?:'[^\W_]+)*")
_APOSTROPHE = re.compile("[\u2018\u2019\u02bc\u02bb\u02b9\u2032`´ʾʿ]")
_IN_WORD = re.compile(r"(?<=[^\W\d_])[03](?=[^\W\d_]|$)")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_LATIN = re.compile("[A-Za-z]")
# What a mark turns round is read as it is seen.
_OVERRIDDEN = re.compile("\u202e([^\u202a-\u202e\u2066-\u2069\n]*)")
# Marks of direction, and letters that pass for pictures: with them a text can look otherwise than it is read here.
_DISGUISE = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\U0001f150-\U0001f19a]|[\U0001f1e6-\U0001f1ff]{3}")
_HARMLESS = frozenset("\u0301\ufe0f\u20e3")  # the accent, and what makes a picture of a sign
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_ALIKE: Final = str.maketrans("oоз", "003")  # letters that look like digits, beside digits
_LATIN_LOOKS: Final = "ABCEHIKMOPTXYaceiopxykmt"
_CYRILLIC_LOOKS: Final = "АВСЕНІКМОРТХУасеіорхукмт"
_TO_CYRILLIC: Final = str.maketrans(_LATIN_LOOKS, _CYRILLIC_LOOKS)
_TO_LATIN: Final = str.maketrans(_CYRILLIC_LOOKS, _LATIN_LOOKS)
# What a Russian keyboard makes of Tajik letters, and everybody of ё: nobody means another word by it.
_TAJIK: Final = str.maketrans("ғӣқӯҳҷё", "гикухче")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it stands, what is compared of it, and what is compared inside one alphabet."""

    shown: str
    key: str
    strict: str


@dataclass(frozen=True, slots=True)
class Change:
    """Words of ours, and what a copy says in their place; either may be empty."""

    ours: str
    theirs: str


class Likeness(IntEnum):
    """How a text is like a published one; a lower one fits better."""

    SAME = 0
    PART = 1
    ALTERED = 2
    OTHER = 3


@dataclass(frozen=True, slots=True)
class Found:
    """How a text is like one published text. `spelled` are words that differ by a letter or a keyboard."""

    likeness: Likeness
    changes: tuple[Change, ...] = ()
    spelled: tuple[Change, ...] = ()

    @property
    def rank(self) -> tuple[int, int, int]:
        """What to sort by: the best first."""
        return self.likeness, len(self.changes), len(self.spelled)


def read(text: str) -> list[Word]:
    """Cut a text into words."""
    plain = _OVERRIDDEN.sub(lambda found: found[1][::-1], unicodedata.normalize("NFC", text))
    plain = "".join(one for one in plain if unicodedata.category(one) != "Cf")  # also inside a word or a number
    plain = _APOSTROPHE.sub("'", unicodedata.normalize("NFKC", plain))
    plain = "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in plain)
    plain = "".join(
        one for one in unicodedata.normalize("NFC", plain) if unicodedata.category(one) not in {"Cf", "Mn", "Me"}
    )
    plain = _THOUSANDS.sub(lambda found: re.sub(rf"[ {_THIN}]", "", found[0]), plain)
    return list(_signed(_WORD.findall(plain)[:MOST]))


def is_disguised(text: str) -> bool:
    """Whether a text may look otherwise than its words are: by direction, struck-out letters, others' digits."""
    plain = unicodedata.normalize("NFC", text)
    return _DISGUISE.search(plain) is not None or any(
        (unicodedata.category(one) in {"Mn", "Me"} and one not in _HARMLESS)
        or (one.isdecimal() and not unicodedata.normalize("NFKC", one).isascii())
        for one in plain
    )


def _signed(pieces: Sequence[str]) -> Iterator[Word]:
    minus = ""
    for piece in pieces:
        if piece in {"-", "\u2212"}:
            minus = "-"
            continue
        key, strict = _keys(piece)
        if key:
            yield Word(minus + piece, minus + key, minus + strict)
        minus = ""


@lru_cache(maxsize=8192)
def _keys(piece: str) -> tuple[str, str]:
    word = _in_one_alphabet(piece).casefold()
    if _DIGIT.search(word) and _LETTER.search(word):
        word = _without_false_digits(word)
    if _DIGIT.search(word):
        word = word.replace(",", ".").translate(_ALIKE)
        return _folded(word), word
    return _folded(word), word.translate(_TAJIK).replace("'", "")


def _in_one_alphabet(word: str) -> str:
    """A word with letters of another alphabet that look the same, in the alphabet of most of its letters."""
    cyrillic, latin = len(_CYRILLIC.findall(word)), len(_LATIN.findall(word))
    if not cyrillic or not latin:
        return word
    return word.translate(_TO_CYRILLIC if cyrillic >= latin else _TO_LATIN)


def _without_false_digits(word: str) -> str:
    """A word in which a digit stands for the letter it looks like: “д0рога”. Never two, never beside that letter."""
    letter = "o" if not _CYRILLIC.search(word) else "о"
    if len(_DIGIT.findall(word)) != 1 or len(_LETTER.findall(word.translate(_ALIKE))) < 2:  # noqa: PLR2004 - “M3” is a road
        return word
    put = _IN_WORD.sub(lambda found: letter if found[0] == "0" else "з" if letter == "о" else found[0], word)
    return word if letter * 2 in put or "зз" in put else put


def _folded(word: str) -> str:
    return folding.fold_word(word) if _said(word) else word


def _said(word: str) -> bool:
    """Whether it is a word or a number, and no sign."""
    return any(one.isalnum() for one in word)


# -- looking up ----------------------------------------------------------------------------------------------------


def shingles(words: Sequence[Word]) -> list[int]:
    """The hashes by which a text is looked up, each once: of every three words in a row."""
    keys = [one.key for one in words]
    rows = (" ".join(keys[n : n + SHINGLE]) for n in range(len(keys) - SHINGLE + 1))
    return list(dict.fromkeys(_hash(one) for one in rows))


def mark(digest: str) -> int:
    """The hash by which a picture or PDF is looked up, by its SHA-256. No words in a row have a line break in them."""
    return _hash(f"\n{digest}")


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) >> 1


# -- comparing -----------------------------------------------------------------------------------------------------


def compare(ours: Sequence[Word], theirs: Sequence[Word]) -> Found:
    """Hold a text against a published one."""
    one, two = [word.key for word in ours], [word.key for word in theirs]
    for start in range(len(one) - len(two) + 1):
        if one[start : start + len(two)] == two:  # an alignment of what repeats itself may miss it
            spelled = _spelled(ours[start : start + len(two)], theirs)
            return _judged(_Held(len(two), len(one) > len(two), spelled=spelled), ours, theirs)
    often = Counter(two)
    if sum(count * often[word] for word, count in Counter(one).items()) > REPEATED:
        return Found(Likeness.OTHER)
    return _judged(_aligned(ours, theirs), ours, theirs)


@dataclass(slots=True)
class _Held:
    """How many words are the same, whether something was left off at an end, and what differs."""

    matched: int = 0
    cut: bool = False
    changes: list[Change] = field(default_factory=list)
    spelled: list[Change] = field(default_factory=list)


def _aligned(ours: Sequence[Word], theirs: Sequence[Word]) -> _Held:
    held = _Held()
    blocks = SequenceMatcher(None, [one.key for one in ours], [one.key for one in theirs], autojunk=False)
    for what, a, b, c, d in blocks.get_opcodes():
        mine, other = ours[a:b], theirs[c:d]
        if what == "equal":
            held.matched += b - a
            held.spelled += _spelled(mine, other)
        elif what == "delete" and (a == 0 or b == len(ours)):
            held.cut = True
        else:
            if what == "replace":  # what a crop left out beside a changed word is no change
                if a == 0 and len(mine) > len(other) + 1:
                    mine, held.cut = mine[-len(other) :], True
                elif b == len(ours) and len(mine) > len(other) + 1:
                    mine, held.cut = mine[: len(other)], True
            slips = _slips(mine, other)
            if slips is None:
                held.changes.append(Change(_shown(mine), _shown(other)))
            else:
                held.matched += len(mine)
                held.spelled += slips
    return held


def _judged(held: _Held, ours: Sequence[Word], theirs: Sequence[Word]) -> Found:
    matched, changes, spelled = held.matched, held.changes, held.spelled
    if matched < FEWEST or (matched * 2 < len(theirs) and matched * 2 < len(ours)):
        return Found(Likeness.OTHER)
    slipped = [one for one in spelled if len(one.ours.split()) == 1 and one.ours]
    if changes:
        return Found(Likeness.ALTERED, tuple(changes), tuple(spelled))
    if len(slipped) * _SLIPS_ONE_IN > len(theirs):
        return Found(Likeness.ALTERED, tuple(spelled))
    return Found(Likeness.PART if held.cut else Likeness.SAME, (), tuple(spelled))


def _spelled(mine: Sequence[Word], other: Sequence[Word]) -> list[Change]:
    """Words that fold to the same and are written otherwise in the same alphabet, or in two at once: “били”, “ceл”."""
    return [
        Change(one.shown, two.shown)
        for one, two in zip(mine, other, strict=True)
        if one.strict != two.strict and _alphabet(two.strict) in {(True, True), _alphabet(one.strict)}
    ]


def _alphabet(word: str) -> tuple[bool, bool]:
    return bool(_CYRILLIC.search(word)), bool(_LATIN.search(word))


def _slips(mine: Sequence[Word], other: Sequence[Word]) -> list[Change] | None:
    """What differs by spaces or by single wrong letters only; None if it says something else."""
    if not mine or not other:
        return None
    both = "".join(one.key for one in mine), "".join(one.key for one in other)
    if both[0] == both[1] and not _DIGIT.search(both[0]) and "%" not in both[0]:
        return [Change(_shown(mine), _shown(other))]
    if len(mine) != len(other):
        return None
    unlike = [(one, two) for one, two in zip(mine, other, strict=True) if not _looks_alike(one, two)]
    if all(_is_slip(one.key, two.key) for one, two in unlike):
        return [Change(one.shown, two.shown) for one, two in unlike]
    return None


def _looks_alike(one: Word, two: Word) -> bool:
    return one.key == two.key or one.shown.translate(_TO_CYRILLIC) == two.shown.translate(_TO_CYRILLIC)


def _is_slip(one: str, two: str) -> bool:
    """One letter wrong, missing, too many or swapped, not the first, in a long word without a digit."""
    if min(len(one), len(two)) < _SLIP_FROM or abs(len(one) - len(two)) > 1 or one[0] != two[0]:
        return False
    if _DIGIT.search(one) or _DIGIT.search(two):
        return False
    start = 0
    while start < min(len(one), len(two)) and one[start] == two[start]:
        start += 1
    end = 0
    while end < min(len(one), len(two)) - start and one[-1 - end] == two[-1 - end]:
        end += 1
    rest = one[start : len(one) - end], two[start : len(two) - end]
    return max(map(len, rest)) <= 1 or (len(rest[0]) == 2 and rest[0] == rest[1][::-1])  # noqa: PLR2004 - two letters swapped


def _shown(words: Sequence[Word]) -> str:
    cut = [one.shown[:40] for one in words[:SHOWN]]
    shown = " ".join(cut)
    return shown if len(words) <= SHOWN and len(shown) <= LONGEST_SHOWN else shown[:LONGEST_SHOWN] + " …"


# -- words to search by --------------------------------------------------------------------------------------------


def indexed(text: str) -> list[str]:
    """Every folded word of a text once, as the archive keeps them."""
    return sorted({one.key for one in read(text) if _said(one.key)})


def wanted(text: str, most: int = 6) -> list[str]:
    """The beginnings of the words that are searched: endings, which three languages change, are left off."""
    return [_stem(one.key) for one in read(text[:200]) if _said(one.key)][:most]


def _stem(word: str) -> str:
    if _DIGIT.search(word) or len(word) < 5:  # noqa: PLR2004 - a short word has no ending to lose
        return word
    return word[:-2] if len(word) > 7 else word[:-1]  # noqa: PLR2004 - and a long one may have a longer ending
