"""From any script to sounds: one string for «Ҷамшед», “Djamched” and «جمشید», as near as their letters allow."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from bot.domain.folding import APOSTROPHE, composed, of_one_alphabet
from bot.domain.names import letters

LONGEST: Final = 120  # characters of a name that are looked at
MOST_WORDS: Final = 12  # of which articles make no part

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*'?\.?")
_ARABIC = re.compile("[\u0600-\u06ff]")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_CYRILLIC_PIECE = re.compile("|".join(letters.CYRILLIC_PIECES))
_RUN = re.compile(r"(.)\1+")
# «ال» where a word begins or behind a name of three letters, except in «عبدال», «الله», «الدین», «الماس», «الکوزی».
_ARTICLE = re.compile(
    "(?<!عبد)(?<![اوی])(?:\\b|(?<=[\u0621-\u06d3]{3}))ال(?!له|دین|دين|حاج|[یي]|(?:ماس|هام|هه|فت|برز|طاف)\\b|کوز|كوز)"
    "(?:(?=[\u0621-\u06d3]{3})|(?<=\\bال)(?=[\u0621-\u06d3]{2}))"
)
_FATHER_OF = re.compile("\\b([اأ]بو)ال(?=[\u0621-\u06d3]{3})")  # «ابوالقاسم» is Abu 'l-Qasim
# “…, born in 1963”, «… 1963 г. р.», «… соли таваллудаш 1963»: when somebody was born is no name.
_WHEN_BORN = re.compile(
    r"(?<=\w)[\s,(]+(?:(?:born|dob|date of birth|geb|geboren|род(?:ился|илась)?|таваллуд\w*|соли таваллуд\w*|متولد)\b"
    r"\D{0,20}\d|(?:1[89]|20)\d\d\b).*"
)
_THA = re.compile("(?<!t)th(?=[aeiou]|$)")
_JON = re.compile("(?<=[aeiou])J(?=[oa]n)|(?<=^sai)J")
_WRITTEN_WITH_D = re.compile("дж|d(?:zh|j)")
_FINAL_J = re.compile("(?<=[bkl]a)J$|(?<=e)J$")  # “Mamytbaj”, “Nikolaj”, “Sergej”: й as scholars write it
_HARAKAT = re.compile("[\u064b-\u065f\u0670\u0640]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a name as sounds, and as it was `written`, in small letters.

    `abjad`: in Arabic ones, which leave short vowels out.
    """

    sounds: str
    abjad: bool = False
    initial: bool = False
    written: str = ""
    or_else: str = ""  # other sounds that these letters may stand for


def words(name: str) -> list[Word]:
    """The words of a name in the order in which they are written. What has no sound is left out."""
    plain = APOSTROPHE.sub("'", _HARAKAT.sub("", composed(name[:LONGEST])))
    plain = _WHEN_BORN.sub("", plain)
    latin = _Latin(plain)
    found = []
    for written in _WORD.findall(_ARTICLE.sub(" ", _FATHER_OF.sub(r"\1 ", plain))):
        word = written.rstrip(".'")
        abjad = bool(_ARABIC.search(word))
        if abjad:
            sounds = _from_arabic(word)
        elif len(_CYRILLIC.findall(word)) * 2 >= len(word):
            sounds = _from_cyrillic(of_one_alphabet(word))
        else:
            sounds = latin.sounds(word)
        if sounds := _RUN.sub(r"\1", sounds):
            or_else = _RUN.sub(r"\1", latin.in_french(word) or latin.in_arabic(word) or _with_jon_apart(word, sounds))
            found.append(Word(sounds, abjad, _is_initial(word, dotted=written.endswith(".")), word, or_else))
    return found[:MOST_WORDS]


def _with_jon_apart(word: str, sounds: str) -> str:
    """In «Саиджон», “Saidjan”, “Saidjafar” a letter may have served for two: Saidҷon, not Saiҷon."""
    return _JON.sub("dJ", sounds, count=1) if _WRITTEN_WITH_D.search(word) and _JON.search(sounds) else ""


def _is_initial(word: str, *, dotted: bool) -> bool:
    """“J.”, “J”, and “Sh.”, “Dzh.” for one Cyrillic letter."""
    return len(word) == 1 or (dotted and len(word) <= 3)  # noqa: PLR2004


def _from_cyrillic(word: str) -> str:
    word = _CYRILLIC_PIECE.sub(lambda piece: letters.CYRILLIC_PIECES[piece[0]], word)
    return "".join(letters.CYRILLIC.get(letter, letter if letter in "JsS" else "") for letter in word)


class _Latin:
    """How one name uses Latin letters: a French passport, a Turkish alphabet, a Russian and a German habit differ."""

    def __init__(self, plain: str) -> None:
        self._pieces = dict(letters.LATIN_PIECES)
        self._letters = dict(letters.LATIN)
        self.is_french = any(sign in plain for sign in letters.SIGNS_OF_FRENCH)
        if self.is_french:
            self._pieces.update(letters.LATIN_PIECES_OF_FRENCH)
        if any(sign in plain for sign in letters.SIGNS_OF_TURKISH):
            self._letters.update(letters.LATIN_LETTERS_OF_TURKISH)
            del self._pieces["ce"], self._pieces["ci"]
        elif any(sign in plain for sign in letters.SIGNS_OF_J_AS_Y):
            self._letters["j"] = "y"
        self._piece = re.compile("|".join(self._pieces))

    def sounds(self, word: str) -> str:
        found, at = [], 0
        while at < len(word):
            piece = self._piece.match(word, at)
            if piece:
                found.append(self._pieces[piece[0]])
                at = piece.end()
            else:
                found.append(self._letter(word[at]))
                at += 1
        return _vowels_of_y(_FINAL_J.sub("y", "".join(found)))

    def in_french(self, word: str) -> str:
        """The sounds of a word if its “ch” is French, though nothing else in the name shows that; else nothing."""
        if self.is_french or "ch" not in word or "tch" in word or "sch" in word:
            return ""
        return self.sounds(word.replace("ch", "sh"))

    def in_arabic(self, word: str) -> str:
        """The sounds of a word if its “th” is ث, as in “Harith”; else nothing."""
        return self.sounds(word.replace("th", "s")) if _THA.search(word) else ""

    def _letter(self, letter: str) -> str:
        if letter in self._letters:
            return self._letters[letter]
        if letter in letters.CYRILLIC:  # “Zardёr”: half typed on another keyboard
            return letters.CYRILLIC[letter]
        return self._letters.get(unicodedata.normalize("NFD", letter)[0], "")


def _vowels_of_y(sounds: str) -> str:
    """Latin y is a consonant beside a vowel and a vowel elsewhere; i before a vowel is y where a word begins."""
    if sounds[:1] == "i" and sounds[1:2] in tuple("aou"):
        sounds = "y" + sounds[1:]
    return "".join("i" if sound == "y" and not _beside_vowel(sounds, at) else sound for at, sound in enumerate(sounds))


def _beside_vowel(sounds: str, at: int) -> bool:
    return sounds[at + 1 : at + 2] in tuple(letters.VOWELS) or (at > 0 and sounds[at - 1] in letters.VOWELS)


def _from_arabic(word: str) -> str:
    found = ""
    for at, letter in enumerate(word):
        if letter == letters.ARABIC_ALIF:
            found += "a" if at == 0 else "o"
        elif letter in letters.ARABIC_WEAK:
            consonant, vowel = letters.ARABIC_WEAK[letter]
            follows = word[at + 1 : at + 2]
            beside = follows in tuple("اآ") or (follows and found[-1:] in tuple("o"))
            if at == 0 or beside:
                found += consonant
            elif at == 1 and word[0] == letters.ARABIC_ALIF:
                found = vowel  # «ای», «او» where a word begins
            else:
                found += vowel
        elif letter == "ع":
            found += "" if word[at + 1 : at + 2] in tuple("اآ") else "a"
        elif letter in "هة" and at == len(word) - 1 and found[-1:] not in tuple("oaui"):
            found += "a"
        else:
            found += letters.ARABIC.get(letter, "")
    return found
