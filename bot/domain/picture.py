"""A picture or a PDF that is added to a draft: what can be in its way, and how long its bytes are asked for."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import Final

GIVEN_UP: Final = timedelta(hours=24)
MOST_PAGES: Final = 10  # of a PDF
_FIRST: Final = timedelta(seconds=5)
_LONGEST: Final = timedelta(minutes=30)


class Trouble(Enum):
    """Why a picture can't go out, or not yet."""

    NO_PICTURE = "no picture"  # and no PDF: another file
    TOO_LARGE = "too large"
    TOO_HEAVY = "too heavy"  # a PDF that does not become light enough and stays readable
    MOVING = "moving"
    LOCKED = "locked"  # a PDF that asks for a password
    TOO_LONG = "too long"  # a PDF of too many pages
    BROKEN = "broken"
    GONE = "gone"  # the platform does not have it any more
    LATER = "later"  # it can't be reached just now


def is_pdf(data: bytes) -> bool:
    """Whether what goes with a bulletin is a PDF; else it is a picture."""
    return data.startswith(b"%PDF-")


def pause(tries: int) -> timedelta:
    """How long to wait after so many attempts in vain."""
    return min(_LONGEST, _FIRST * int(3 ** min(tries, 8)))
