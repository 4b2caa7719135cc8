"""News about a person: what it says, how it is known, how old it is, and when an older truth must give way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import Enum

FRESH_FOR = timedelta(hours=24)
AGEING_FOR = timedelta(days=7)
AHEAD = timedelta(minutes=5)  # how far in the future a “when” may lie: clocks differ
CONTRADICTED_FOR = timedelta(days=7)
KEEPING = (7, 30, 90)  # days that replaced news can stay in a circle, as its keeper chooses
NOTES_KEPT = timedelta(days=7)  # of replaced news
BY_THE_HOUR = timedelta(days=2)  # from this age on the times of news are kept to the hour,
BY_THE_DAY = timedelta(days=14)  # and from this age on to the day
ASKED_AGAIN = timedelta(days=90)  # last news older than this stays while its circle wants it, which is asked so often
NOTE_LENGTH = 500


class State(Enum):
    """What a person says of themselves."""

    SAFE = "safe"
    HELP = "help"
    HURT = "hurt"
    MOVED = "moved"
    OTHER = "other"


class How(Enum):
    """How whoever tells news knows it. From the person in their own words, or through somebody else."""

    SELF = "self"
    SAW = "saw"
    HEARD = "heard"  # their voice
    MESSAGE = "message"  # from them
    CODE = "code"  # of their own card, read out by them
    TOLD = "told"  # by somebody else
    LIST = "list"  # of a shelter, a hospital, an authority


HEARSAY = frozenset({How.TOLD, How.LIST})  # nobody who tells it has it from the person
AT_FIRST_HAND = frozenset({How.SELF, How.SAW, How.HEARD})


class Hard(Enum):
    """What is never told like other news: it goes only to those whom a circle has named for it."""

    DETAINED = "detained"
    DEAD = "dead"


class Freshness(Enum):
    """How much a reader may still lean on a piece of news. It only ever falls until new news comes."""

    FRESH = "fresh"
    AGEING = "ageing"
    LAST_KNOWN = "last known"


@dataclass(frozen=True, slots=True)
class News:
    """One statement: about whom, by whom, what, when it was true and when it was told. `place` is a place code.

    `teller` is None once whoever told it is forgotten.
    """

    id: int
    person: int
    teller: int | None
    state: State
    true_at: datetime
    told_at: datetime
    note: str = ""
    place: str = ""
    how: How = How.SELF


def supersedes(news: News, latest: News | None) -> bool:
    """Whether `news` is now the latest truth. What was true earlier never overwrites what was true later."""
    return latest is None or (news.true_at, news.told_at) > (latest.true_at, latest.told_at)


def freshness(news: News, now: datetime) -> Freshness:
    """How far `news` may still be leaned on, in the three words a reader understands: hearsay is never fresh."""
    age = now - news.true_at
    if age <= FRESH_FOR and news.how not in HEARSAY:
        return Freshness.FRESH
    return Freshness.AGEING if age <= AGEING_FOR else Freshness.LAST_KNOWN


def on_day(days: int, now: datetime, zone: tzinfo) -> datetime:
    """The instant to store for “so many days ago”: midday there, and never in the future."""
    local = now.astimezone(zone) - timedelta(days=days)
    return min(now, local.replace(hour=12, minute=0, second=0, microsecond=0).astimezone(now.tzinfo))


def when_true(said_at: datetime, now: datetime) -> datetime:
    """The instant to store as “true at”: what the platform says, but never in the future."""
    return min(said_at, now) if said_at <= now + AHEAD else now


_WELL = frozenset({State.SAFE})
_ILL = frozenset({State.HELP, State.HURT})


def strength(how: How) -> int:
    """How much a way of knowing weighs against another: at first hand, from the person in another way, by hearsay."""
    return 2 if how in AT_FIRST_HAND else 0 if how in HEARSAY else 1


def contradicts(other: News, latest: News) -> bool:
    """Whether `other` says so different a thing of the same days that both must be shown beside each other.

    A change for the better or the worse that is told as surely as what it follows, a day later, is no contradiction.
    What somebody says of themselves afterwards settles everything.
    """
    if other.teller == latest.teller and other.teller is not None:
        return False
    unlike = (latest.state in _WELL and other.state in _ILL) or (latest.state in _ILL and other.state in _WELL)
    apart = abs(latest.true_at - other.true_at)
    if not unlike or apart > CONTRADICTED_FOR or latest.how is How.SELF:
        return False
    return apart <= FRESH_FOR or strength(latest.how) < strength(other.how)
