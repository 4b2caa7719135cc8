"""A feed that moderators have chosen to read, what stands in it, and what became of the last look at it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

KEPT: Final = timedelta(days=14)  # the words of an item
EVERY: Final = timedelta(minutes=30)  # between two looks at one feed
SELDOM: Final = timedelta(hours=24)  # at the most, when it fails again and again
MOST: Final = 30  # feeds
AT_ONCE: Final = 50  # items of one look
LONGEST_ADDRESS: Final = 500
LONGEST_TITLE: Final = 300

# A name with a dot whose last part has a letter: neither a number of a machine nor a name of this machine.
_ADDRESS: Final = re.compile(
    r"(?:https://)?((?:[\w-]{1,63}\.){1,10}(?=[\w-]*[^\W\d_])[\w-]{2,63})(/[^\s#\\]*)?", re.IGNORECASE
)


class Trouble(Enum):
    """Why the last look at a feed brought nothing."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"  # its server says no
    GONE = "gone"
    UNREADABLE = "unreadable"  # it is no feed
    TOO_LARGE = "too large"
    FORBIDDEN = "forbidden"  # it leads to a place where the bot must not look


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed. `etag` and `modified` are its server's own words for the state that was read last."""

    id: int
    title: str
    address: str
    due_at: datetime
    looked_at: datetime | None = None
    failures: int = 0
    trouble: Trouble | None = None
    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a feed, as it was read. `key` tells it from the others there."""

    key: str
    title: str
    link: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a feed has brought: in which feed, what, and when it was found."""

    id: int
    feed: str
    title: str
    link: str
    at: datetime | None
    found_at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a feed has brought. Without `trouble` and entries nothing has changed there."""

    trouble: Trouble | None = None
    title: str = ""
    entries: tuple[Entry, ...] = ()
    etag: str = ""
    modified: str = ""
    wait: timedelta | None = None  # as long as its server asks us to wait


def read_address(typed: str) -> str | None:
    """The https address that somebody wrote; None if it is none where the bot may look."""
    text = typed.strip()
    found = _ADDRESS.fullmatch(text) if len(text) <= LONGEST_ADDRESS else None
    return None if found is None else f"https://{found[1].lower()}{found[2] or '/'}"


def next_look(failures: int, wait: timedelta | None) -> timedelta:
    """How long to leave a feed alone: twice as long after each failure, and as long as its server asks."""
    pause = min(SELDOM, EVERY * (1 << min(failures, 10)))
    return max(pause, min(wait, SELDOM)) if wait is not None else pause
