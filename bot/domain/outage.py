"""A network that is down in a district: since when, until when the declaration counts, and who may renew it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

LAPSES_AFTER = timedelta(hours=72)
ASKED_BEFORE = timedelta(hours=12)  # moderators are asked so long before it lapses
SINCE = (0, 1, 3, 6, 12, 24, 48, 72)  # hours ago, to choose from
KEPT = timedelta(days=30)  # after its end


@dataclass(frozen=True, slots=True)
class Outage:
    """That a district (its place code) has no network. `by` are the two who declared it, or renewed it last."""

    id: int
    place: str
    since: datetime
    until: datetime
    ended_at: datetime | None = None
    by: frozenset[int] = frozenset()

    def holds(self, now: datetime) -> bool:
        """Whether it counts now. Nothing but two people's words, renewed by two others, keeps it longer."""
        return self.ended_at is None and now < self.until

    def lapsed(self, now: datetime) -> bool:
        """Whether nobody has ended or renewed it in time."""
        return self.ended_at is None and now >= self.until


def may_renew(one: Outage, people: Collection[int]) -> bool:
    """Whether these people may renew it: two, and neither is one of the two who spoke last."""
    return len(set(people)) > 1 and one.by.isdisjoint(people)
