"""News of a death or a detention: who reads it first, when it may be told, and by whom; never by a letter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.domain.checkin import Hard, How

READERS = 2  # so many check it, and no more than so many read it before it is confirmed
APPROVALS = 2
MOST_TOLD = 30  # cases that one account can begin in a day: after a disaster one person may speak for many
REMINDED_AFTER = timedelta(hours=24)
REPLACED_AFTER = timedelta(hours=72)  # who has not even opened it by then is not waited for
REMINDED_AGAIN = timedelta(days=3)
REMINDED_FOR = timedelta(days=30)
REFUSED_KEPT = timedelta(days=30)
CHECKED_FOR = timedelta(days=400)  # so long it waits to be read and confirmed
COVERED_AFTER = timedelta(minutes=30)  # so long its words stand on a screen


class Phase(Enum):
    """Where a case is."""

    CHECKING = "checking"
    REFUSED = "refused"  # somebody who checks it says that it is not true, or not certain
    TELLING = "telling"  # somebody tells the family, one after the other
    TOLD = "told"  # everybody in the circle knows
    WRONG = "wrong"  # it was confirmed, and turned out not to be so
    FREE = "free"  # somebody who was held is free


SURE = frozenset({Phase.TELLING, Phase.TOLD})
OVER = frozenset({Phase.WRONG, Phase.FREE})


class Grade(Enum):
    """How well a source can be leaned on, the weakest first."""

    HEARSAY = "hearsay"  # one person, who has it from others
    SEVERAL = "several"  # people who know it independently of each other
    SEEN = "seen"  # by whoever tells it
    DOCUMENT = "document"  # or an authority, a hospital, a lawyer


@dataclass(frozen=True, slots=True)
class Case:
    """One piece of hard news in one circle.

    `caller` is who is asked to tell the family, and does so once they have `agreed`. `grade` is how sure it was when it
    was confirmed.
    """

    id: int
    person: int
    circle: int
    what: Hard
    phase: Phase
    true_at: datetime
    opened_at: datetime
    grade: Grade | None = None
    caller: int | None = None
    agreed: bool = False

    @property
    def accepted(self) -> int | None:
        """Who has said that they tell the family."""
        return self.caller if self.agreed else None


@dataclass(frozen=True, slots=True)
class Word:
    """What one person says of it. `teller` is None once they are forgotten."""

    id: int
    teller: int | None
    how: How
    true_at: datetime
    told_at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """One of the two who check it. `grade` is how sure it is in their eyes; `refused` if it is not, or not certain."""

    person: int
    opened: bool = False
    refused: bool = False
    grade: Grade | None = None

    @property
    def answered(self) -> bool:
        """Whether they have said yes or no."""
        return self.refused or self.grade is not None


@dataclass(frozen=True, slots=True)
class Known:
    """Hard news as somebody knows it who was told by voice: what the board may show them."""

    what: Hard
    true_at: datetime
    grade: Grade | None
    caller: int | None
    caller_name: str = ""


def approvals(readers: Iterable[Reader], tellers: AbstractSet[int]) -> list[Reader]:
    """Who has confirmed it and said how sure it is. Nobody confirms their own news."""
    return [one for one in readers if one.grade is not None and not one.refused and one.person not in tellers]


def may_be_told(case: Case, readers: Sequence[Reader], tellers: AbstractSet[int]) -> bool:
    """Whether it may be told by voice: two have confirmed it, each with a source, and somebody will call the family."""
    enough = len(approvals(readers, tellers)) >= APPROVALS
    return enough and case.accepted is not None and not any(one.refused for one in readers)


def grade_of(readers: Iterable[Reader]) -> Grade | None:
    """How sure it is: the weaker of what those say who confirmed it."""
    said = [one.grade for one in readers if one.grade is not None]
    return min(said, key=list(Grade).index, default=None)


def draw(
    named: Sequence[int], keeper: int, others: Sequence[int], *, have: AbstractSet[int], never: AbstractSet[int]
) -> list[int]:
    """Who is to read it beside those who `have` it already, so that two do.

    First the named. Where one of the named can't, because they told it or it is about them, the keeper. Then the
    others, in their order. Nobody of `never`.
    """
    barred = any(one in never for one in named)
    order = [*named, *((keeper,) if barred else ()), *others]
    fit = [one for one in dict.fromkeys(order) if one not in never and one not in have]
    return fit[: max(READERS - len(have), 0)]


def next_reminder(opened_at: datetime, now: datetime) -> datetime | None:
    """When to remind whoever is waited for; None if it has been long enough."""
    if now < opened_at + REMINDED_AFTER:
        return opened_at + REMINDED_AFTER
    if now < opened_at + REPLACED_AFTER:
        return opened_at + REPLACED_AFTER
    return now + REMINDED_AGAIN if now < opened_at + REMINDED_FOR else None
