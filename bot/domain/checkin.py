"""News about a person: what it says, how old it is, and when an older truth must give way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

FRESH_FOR = timedelta(hours=24)
AGEING_FOR = timedelta(days=7)
AHEAD = timedelta(minutes=5)  # how far in the future a “when” may lie: clocks differ
KEPT = timedelta(days=400)  # the last known state of a person nobody reaches matters longer than a year
NOTE_LENGTH = 500


class State(Enum):
    """What a person says of themselves."""

    SAFE = "safe"
    HELP = "help"
    HURT = "hurt"
    MOVED = "moved"
    OTHER = "other"


class Freshness(Enum):
    """How much a reader may still lean on a piece of news. It only ever falls until new news comes."""

    FRESH = "fresh"
    AGEING = "ageing"
    LAST_KNOWN = "last known"


@dataclass(frozen=True, slots=True)
class News:
    """One statement: about whom, by whom, what, when it was true and when it was told. `place` is a place code."""

    id: int
    person: int
    teller: int
    state: State
    true_at: datetime
    told_at: datetime
    note: str = ""
    place: str = ""


def supersedes(news: News, latest: News | None) -> bool:
    """Whether `news` is now the latest truth. What was true earlier never overwrites what was true later."""
    return latest is None or (news.true_at, news.told_at) > (latest.true_at, latest.told_at)


def freshness(news: News, now: datetime) -> Freshness:
    """How old the truth of `news` is, in the three words a reader understands."""
    age = now - news.true_at
    if age <= FRESH_FOR:
        return Freshness.FRESH
    return Freshness.AGEING if age <= AGEING_FOR else Freshness.LAST_KNOWN


def when_true(said_at: datetime, now: datetime) -> datetime:
    """The instant to store as “true at”: what the platform says, but never in the future."""
    return min(said_at, now) if said_at <= now + AHEAD else now
