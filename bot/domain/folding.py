"""One spelling for many: how words typed on any keyboard become comparable. Nothing folded is stored or shown."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

LONGEST: Final = 400  # characters of a text that are looked at at all

# People type Tajik on a Russian keyboard, with look-alike letters from before Unicode, or in Latin; and Russian on a
# Tajik keyboard, which has no ц щ ы ь. Each letter goes to the plainest of the letters it is written with.
_PLAIN: Final = str.maketrans(
    {
        "ғ": "г",
        "ѓ": "г",
        "ӷ": "г",
        "ӣ": "и",
        "ї": "и",
        "й": "и",
        "ы": "и",
        "і": "и",
        "ѝ": "и",
        "қ": "к",
        "ќ": "к",
        "ҡ": "к",
        "ӯ": "у",
        "ў": "у",
        "ұ": "у",
        "ү": "у",
        "ҳ": "х",
        "њ": "х",
        "һ": "х",
        "ҷ": "ч",
        "љ": "ч",
        "ж": "ч",
        "ӌ": "ч",
        "ё": "е",
        "э": "е",
        "ә": "а",
        "щ": "ш",
        "ц": "с",
        "ъ": None,
        "ь": None,
    },
)
# Latin letters that look like Cyrillic ones, for words that mix both.
_LOOK_ALIKE: Final = str.maketrans("aceopxykmti", "асеорхукмти")
_LATIN: Final = (
    ("shch", "ш"),
    ("sch", "ш"),
    ("dzh", "ч"),
    ("tch", "ч"),
    ("sh", "ш"),
    ("ch", "ч"),
    ("zh", "ч"),
    ("dj", "ч"),
    ("gh", "г"),
    ("kh", "х"),
    ("ph", "ф"),
    ("ts", "с"),
    ("ye", "е"),
    ("yo", "е"),
    ("yu", "ю"),
    ("ya", "я"),
    ("iu", "ю"),
    ("ee", "и"),
    ("oo", "у"),
    ("o'", "у"),
    ("u'", "у"),
    ("g'", "г"),
)
_LATIN_LETTERS: Final = {
    **dict(zip("abcdefghijklmnopqrstuvwxyz", "абкдефгхичклмнопкрстуввхиз", strict=True)),
    "ç": "ч",
    "ş": "ш",
    "ı": "и",
    "ğ": "г",
    "ə": "а",
    "ß": "с",
    "č": "ч",
    "š": "ш",
    "ž": "ч",
    "ŝ": "ш",
    "ŭ": "у",
}
# And the other way round: how most people write each letter in Latin.
_CYRILLIC_LETTERS: Final = "а б в г ғ д е ё ж з и ӣ й к қ л м н о п р с т у ӯ ф х ҳ ц ч ҷ ш щ ъ ы ь э ю я"
_IN_LATIN: Final = "a b v g gh d e yo zh z i i y k q l m n o p r s t u u f kh h ts ch j sh shch - y - e yu ya"
_TO_LATIN: Final = str.maketrans(
    {one: two.strip("-") for one, two in zip(_CYRILLIC_LETTERS.split(), _IN_LATIN.split(), strict=True)}
)
_LATIN_PIECE = re.compile("|".join(piece for piece, _ in _LATIN))
_LATIN_PIECES: Final = dict(_LATIN)
_RUN = re.compile(r"(\D)\1+")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*'?")
APOSTROPHE: Final = re.compile("[\u2018\u2019\u02bc\u02bb\u02b9\u2032`´ʾʿ]")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_ASCII_LETTER = re.compile("[a-z]")


def words(text: str) -> list[str]:
    """Cut a text into folded words. At most `LONGEST` characters are looked at; what is no word is left out."""
    plain = composed(text[:LONGEST].casefold())
    folded = (_folded(word) for word in _WORD.findall(APOSTROPHE.sub("'", plain)))
    return [word for word in folded if word]


def fold_word(word: str) -> str:
    """Fold one word in small letters, without marks and signs of its own."""
    return _folded(word)


def fold(text: str) -> str:
    """Fold a text to its words, with one space between them."""
    return " ".join(words(text))


def in_latin(word: str) -> str:
    """A Tajik or Russian word in small letters as somebody without such a keyboard may type it."""
    return word.translate(_TO_LATIN)


def loosely(text: str) -> str:
    """Fold a name further, to one key: without spaces, and with one vowel for the “a” and “o” of Russian and Tajik."""
    return "".join(words(text)).replace("о", "а")


def composed(text: str) -> str:
    """Small letters in their composed form, without marks and invisible characters that belong to no letter."""
    normal = unicodedata.normalize("NFKC", text).casefold()
    # A mark that found no letter of its own tells nothing more, and an invisible character never did.
    return "".join(
        character
        for character in unicodedata.normalize("NFC", normal)
        if unicodedata.category(character) not in {"Cf", "Mn"}
    )


def of_one_alphabet(word: str) -> str:
    """A word of small letters that mixes Cyrillic and Latin look-alikes, all in Cyrillic; any other as it is."""
    return word.translate(_LOOK_ALIKE) if _CYRILLIC.search(word) and _ASCII_LETTER.search(word) else word


@lru_cache(maxsize=4096)
def _folded(word: str) -> str:
    word = of_one_alphabet(word) if _CYRILLIC.search(word) else _from_latin(word)
    word = word.replace("'", "").replace("дж", "ч").replace("тс", "с").translate(_PLAIN)
    return _RUN.sub(r"\1", word)


def _from_latin(word: str) -> str:
    letters = "".join(
        _LATIN_LETTERS[letter] if ord(letter) > 127 and letter in _LATIN_LETTERS else _without_marks(letter)  # noqa: PLR2004
        for letter in word
    )
    pieces = _LATIN_PIECE.sub(lambda piece: _LATIN_PIECES[piece[0]], letters)
    return "".join(_LATIN_LETTERS.get(letter, letter) for letter in pieces)


def _without_marks(letter: str) -> str:
    return unicodedata.normalize("NFD", letter)[0]
