"""A call for help: who got it, who pressed what, when it is repeated, and when it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

REPEAT_AFTER = timedelta(minutes=10)
NOTICES = 3  # “has seen your call” as messages of their own; who answers later is shown in place
OPEN_FOR = timedelta(days=7)  # a call that nobody closes stops being watched then


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody a call for help went to, in which circle, and what they pressed."""

    person: int
    name: str
    circle: int = 0
    seen_at: datetime | None = None
    caring_at: datetime | None = None
    reached: bool | None = None  # None: still on its way

    @property
    def answered(self) -> bool:
        """Whether they pressed anything."""
        return self.seen_at is not None or self.caring_at is not None


@dataclass(frozen=True, slots=True)
class Alarm:
    """A call for help that was sent out by `person`, for themselves or `about` somebody else."""

    id: int
    person: int
    news: int | None
    opened_at: datetime
    repeat_at: datetime | None
    closed_at: datetime | None = None
    about: int | None = None

    @property
    def subject(self) -> int:
        """Who needs help."""
        return self.person if self.about is None else self.about

    @property
    def open(self) -> bool:
        """Whether it still waits for an end."""
        return self.closed_at is None


def needs_repeat(alarm: Alarm, readers: list[Reader], now: datetime) -> bool:
    """Whether the call must go out a second time: its ten minutes are over, and nobody takes care of it.

    It goes to those who have pressed nothing. That somebody else has seen it is no reason to leave them out: one
    false relative could otherwise silence a call by looking at it.
    """
    due = alarm.open and alarm.repeat_at is not None and alarm.repeat_at <= now
    cared_for = any(reader.caring_at is not None for reader in readers)
    return due and not cared_for and any(not reader.answered for reader in readers)


def can_call_again(alarm: Alarm, now: datetime) -> bool:
    """Whether a new call of the same caller takes the place of this one: before that it is a second tap on one need."""
    return now - alarm.opened_at >= REPEAT_AFTER
