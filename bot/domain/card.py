"""The card for somebody who loses an account: ordinary words, easy to keep, read in any spelling."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from bot.domain import folding
from bot.domain.word_lists import WORDS

COUNT: Final = 6  # words on a card; each is one of 512, so there are 2 to the power of 54 cards
ASKED_FOR: Final = timedelta(hours=72)  # how long the circle is asked about somebody who typed a card
DELAY: Final = timedelta(hours=24)  # from a member's word to the return: the old address can stop it meanwhile
LONGEST: Final = 200  # characters that are read as words of a card


def make_words(language: str, roll: Callable[[int], int]) -> tuple[str, ...]:
    """Fresh words for a card. `roll(n)` gives a fair number from 0 to n-1."""
    listed = WORDS.get(language) or WORDS["en"]
    return tuple(listed[roll(len(listed))] for _word in range(COUNT))


def read_words(text: str) -> str:
    """The words in what was typed, in the one spelling that is compared: no case, no commas, any keyboard."""
    return folding.fold(text[:LONGEST])
