"""The line to the moderators: what a case is called, what in it is pressing, and who may go on with it when."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import cache
from typing import Final

from bot.domain import rumour
from bot.domain.circle import checked
from bot.domain.folding import LONGEST as LOOKED_AT
from bot.domain.folding import words
from bot.domain.hard_words import is_hard
from bot.domain.hotline_words import DISTRESS
from bot.domain.phrases import Intent, understand

LONGEST: Final = 1500  # characters of one message
MOST_OPEN: Final = 3  # cases of one person
MOST_UNANSWERED: Final = 10  # messages in a row; words that speak of a danger are always taken
URGENT: Final = 2  # from this danger on a case goes first
TOLD: Final = timedelta(hours=24)  # without an answer, the member is told so
REMINDED: Final = timedelta(hours=1)  # the moderators of a case that is urgent
SILENT: Final = timedelta(hours=12)  # after this another moderator may take a case over
SILENT_URGENT: Final = timedelta(hours=1)
KEPT: Final = timedelta(days=14)  # a case that a moderator has ended
IDLE: Final = timedelta(days=30)  # a case in which nobody says anything
WARNED: Final = timedelta(days=7)  # so long before its end both are told
LATELY: Final = timedelta(days=30)
ENOUGH: Final = 5  # first answers from which it is said how long they took
STANDS: Final = timedelta(hours=24)  # words of a case in a chat

_FIRST, _NUMBERS = 100_000, 900_000
_DIGITS: Final = 4  # of the second group
_HOUR: Final = timedelta(hours=1)

# An account, a link to one, or a telephone number.
_CONTACT: Final = re.compile(
    r"(?<!\w)@\w{3,}|\bt\.me/|\bwa\.me/|\bmatrix\.to/|\+?\d(?:[ ()\u2010-\u2015-]*\d){6,}", re.IGNORECASE
)


def number(roll: Callable[[int], int]) -> int:
    """A fresh case number: six random digits and a check digit. `roll(n)` gives a fair number from 0 to n-1."""
    return int(checked(str(_FIRST + roll(_NUMBERS))))


def spelled(case: int) -> str:
    """A case number the way it is read aloud: “482 1075”."""
    return f"{case // 10**_DIGITS} {case % 10**_DIGITS:0{_DIGITS}d}"


def danger(text: str) -> int:
    """How pressing words are, from 0 to 3. It errs on the side of danger."""
    if understand(text, asked=False) is Intent.HELP:
        return 3
    read = rumour.read(text).danger
    return max(read, URGENT) if any(is_hard(part) or _is_distress(part) for part in _parts(text)) else read


def _is_distress(text: str) -> bool:
    whole, beginnings = _distress()
    return any(word in whole or word.startswith(beginnings) for word in words(text))


def _parts(text: str) -> Iterator[str]:
    """A long text in pieces: the folding looks at no more than so many characters. They overlap, so no word is cut."""
    step = LOOKED_AT // 2
    for start in range(0, max(len(text) - step, 1), step):
        yield text[start : start + LOOKED_AT]


@cache
def _distress() -> tuple[frozenset[str], tuple[str, ...]]:
    entries = DISTRESS.split()
    whole = frozenset("".join(words(one)) for one in entries if not one.endswith("*"))
    return whole, tuple("".join(words(one[:-1])) for one in entries if one.endswith("*"))


def names_contact(text: str) -> bool:
    """Whether words seem to hold an account or a telephone number."""
    return _CONTACT.search(text) is not None


def silent_after(urgency: int) -> timedelta:
    """How long whoever has taken a case may leave the member waiting before another moderator may take it over."""
    return SILENT_URGENT if urgency >= URGENT else SILENT


def reminded_after(urgency: int) -> timedelta:
    """When the moderators are told that a case still waits."""
    return REMINDED if urgency >= URGENT else TOLD


def usual(waits: Sequence[timedelta]) -> timedelta | None:
    """How long a first answer took lately, in full hours; None if there were too few to say."""
    if len(waits) < ENOUGH:
        return None
    return max(_HOUR, -(-sorted(waits)[len(waits) // 2] // _HOUR) * _HOUR)
