"""Circles of people who look out for each other, and the codes that let somebody in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

MOST_MEMBERS = 50
MOST_RELATIVES = 50  # in a circle, who do not use the bot
MOST_CIRCLES = 20  # one person's
NAME_LENGTH = 40
INVITE_LIFE = timedelta(hours=72)
NEWCOMER_LIFE = timedelta(hours=72)  # how long an inviter may think about a newcomer
SEVERAL = 10  # uses of an invitation for several people
DIGITS = 12  # of a code: eleven random ones and a check digit

# Damm's quasigroup of order 10 finds every single wrong digit and every swap of neighbours.
_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


def make_code(roll: Callable[[int], int]) -> str:
    """A fresh code of twelve digits. `roll(n)` gives a fair number from 0 to n-1."""
    return checked(f"{roll(10 ** (DIGITS - 1)):0{DIGITS - 1}d}")


def checked(digits: str) -> str:
    """Digits with one more, by which any single wrong digit and any swap of neighbours is found."""
    return digits + str(_damm(digits))


def spaced(code: str) -> str:
    """A code the way it is read aloud: groups of three."""
    return " ".join(code[i : i + 3] for i in range(0, len(code), 3))


def read_code(text: str) -> str | None:
    """The code in what somebody typed, with any spaces and dashes; None if it was misread or is none.

    Tells nothing about whether such an invitation exists: a misread digit is found by arithmetic alone.
    """
    digits = "".join(str(int(c)) for c in text if c.isdecimal())
    rest = [c for c in text if not c.isdecimal() and c not in " -–—.,\u00a0\n\t"]
    return digits if len(digits) == DIGITS and not rest and _damm(digits) == 0 else None


def _damm(digits: str) -> int:
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return interim
