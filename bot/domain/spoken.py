"""Spoken codes: three ordinary words that somebody at home reads out, and that tell how they are to those who know.

Which words make a code is left to chance, and the cards are kept so that no two living codes have two words in the same
two places or the same three words in another order. So two words name card, line and kind, the third checks them, and
one word that was misheard, or two that were swapped, never make another living code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache
from typing import Final, TypeAlias, TypeVar

from bot.domain.checkin import Hard, State
from bot.domain.folding import fold, in_latin, words
from bot.domain.word_lists import WORDS

Kind: TypeAlias = "State | Hard"
Roll: TypeAlias = "Callable[[int], int]"
Thing = TypeVar("Thing")

KINDS: Final[tuple[Kind, ...]] = (State.SAFE, State.HELP, Hard.DETAINED, State.MOVED)
SIGNS: Final = ("○", "△", "□", "✚")  # what they mean is agreed by voice, for each card anew
ROWS: Final = 6  # of each kind
LENGTH: Final = 3  # words of a code
LIFE: Final = timedelta(days=400)
MOST_WINDOWS: Final = 8  # places in one message that are tried as a code
TRIES: Final = 10  # wrong ones of one account
ALL_TRIES: Final = 300  # wrong ones of all accounts together, before only the card's own circle is heard
WITHIN: Final = timedelta(days=1)
LONGEST_WORD: Final = 30  # letters: what is longer is not said back


def make_code(language: str, roll: Roll) -> tuple[str, ...]:
    """Three different words. `roll(n)` gives a fair number from 0 to n-1."""
    left = list(WORDS.get(language) or WORDS["en"])
    return tuple(left.pop(roll(len(left))) for _word in range(LENGTH))


def shuffled(things: Sequence[Thing], roll: Roll) -> list[Thing]:
    """The things in an order left to chance."""
    left = list(things)
    return [left.pop(roll(len(left))) for _thing in things]


def folded(code: Sequence[str]) -> tuple[str, ...]:
    """The words of a code in the one spelling that is compared."""
    return tuple(map(fold, code))


@cache
def _listed() -> dict[str, str]:
    """Every spelling of a listed word, and the one that is compared."""
    listed = [word for words_there in WORDS.values() for word in words_there]
    # a few fold to something else when they are typed in Latin letters: “akvarium”, “dastshuyak”
    return {fold(in_latin(word)): fold(word) for word in listed} | {fold(word): fold(word) for word in listed}


def is_code(text: str) -> bool:
    """Whether a whole message is three words of the lists, and nothing else but numbers and signs between them."""
    said = _words(text)
    return len(said) == LENGTH and all(word in _listed() for word in said)


def windows(text: str) -> list[tuple[str, ...]]:
    """What in a text may be a code: each three listed words that follow each other, whatever stands between them."""
    said = [_listed()[word] for word in _words(text) if word in _listed()]
    return [tuple(said[i : i + LENGTH]) for i in range(len(said) - LENGTH + 1)][:MOST_WINDOWS]


def unlisted(text: str) -> str:
    """The first word that stands on no list, as it was typed, where three were; "" if each of them does.

    The lists are no secret: this tells nothing about any card.
    """
    if len(_words(text)) != LENGTH:
        return ""
    strays = (one.strip(".,;:!?()") for one in text.split() if set(_words(one)) - _listed().keys())
    return next((one for one in strays if len(one) <= LONGEST_WORD), "")


def _words(text: str) -> list[str]:
    return [word for word in words(text) if not word.isdecimal()]
