"""Check-ins with a deadline: when the next one is due, and what is to be done once it has passed in silence.

`step` says everything: it is asked now and then, however late and by whatever clock, and answers with one thing to do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, IntEnum, auto
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.people import HOME, Person, quiet_until

MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)

# Between two stages at least, however late the first of them was: time to answer it.
PAUSE = 30 * MINUTE  # before the circle is told
SHORT_PAUSE = 10 * MINUTE  # before the trustees are
LONGEST_LOOK = DAY  # a clock that was wrong for a while must not keep us from looking again
SECOND_GRACE = 2 * HOUR  # between the circle and the trustees at most
POSTPONED_MOST = 72 * HOUR
HOURS = (1, 3, 12, 24)  # by which a deadline is put off with one tap
GRACES = (30 * MINUTE, 2 * HOUR, 12 * HOUR)
EVERY = (3, 6, 12, 24, 48)  # hours
MOST = 5  # deadlines of one person
SOONEST = 5 * MINUTE


class Kind(Enum):
    """How often a word is waited for."""

    ONCE = "o"
    EVERY = "e"  # so many hours after the last word
    DAILY = "d"
    WEEKLY = "w"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often, and when. `minute` is after local midnight, `weekday` counts from Monday as 0."""

    kind: Kind
    hours: int = 0
    minute: int = 0
    weekday: int = 0

    def __str__(self) -> str:
        match self.kind:
            case Kind.ONCE:
                return "o"
            case Kind.EVERY:
                return f"e{self.hours}"
            case Kind.DAILY:
                return f"d{self.minute}"
            case Kind.WEEKLY:
                return f"w{self.weekday}.{self.minute}"


_RHYTHM = re.compile(r"o|e(?P<hours>\d{1,3})|(?:d|w(?P<weekday>[0-6])\.)(?P<minute>\d{1,4})", re.ASCII)


def read_rhythm(text: str) -> Rhythm | None:
    """A rhythm as `str` has written it; None if it is none."""
    found = _RHYTHM.fullmatch(text)
    if found is None:
        return None
    hours, weekday, minute = (int(found[name] or 0) for name in ("hours", "weekday", "minute"))
    if minute >= DAY // MINUTE or (text[0] == "e" and not 0 < hours <= WEEK // HOUR):
        return None
    return Rhythm(Kind(text[0]), hours, minute, weekday)


_TIME = re.compile(r"\s*(\d{1,2})(?:\s*[:.\-\s]\s*(\d{2})|(\d{2}))?\s*")


def read_time(text: str) -> int | None:
    """Minutes after midnight in what was typed: “18:30”, “18.30”, “1830”, “18”; None if it is no time of day."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or found[3] or 0)
    return hour * 60 + minute if hour < 24 and minute < 60 else None  # noqa: PLR2004 - a day's hours, an hour's minutes


class Stage(IntEnum):
    """How far a deadline has gone: each stage is reached once, and in this order."""

    WAITING = 0
    REMINDED = 1
    ASKED = 2  # the time is over, and the person was asked
    CIRCLE = 3  # their circle was told
    TRUSTEES = 4


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when somebody has said that they will tell how they are, and what is to be done if they don't.

    `stage_at` is when the stage was reached. While `held`, an outage keeps the circle from being told; `resumed_at` is
    when the last one that did ended: the grace runs anew from then on.
    """

    id: int
    person: int
    rhythm: Rhythm
    zone: str
    made_at: datetime
    due_at: datetime
    grace: timedelta
    pauses: bool = False
    stage: Stage = Stage.WAITING
    stage_at: datetime | None = None
    resumed_at: datetime | None = None
    held: bool = False
    note: str = ""
    alarm: int | None = None

    @property
    def circle_at(self) -> datetime:
        """When the circle is told, if nothing is heard until then."""
        begins = self.due_at if self.resumed_at is None else max(self.due_at, self.resumed_at)
        return self._patient(begins + self.grace, Stage.ASKED, min(self.grace, PAUSE))

    @property
    def trustees_at(self) -> datetime:
        """When the trustees are told, if nothing is heard until then."""
        return self._patient(self.circle_at + second_grace(self.grace), Stage.CIRCLE, SHORT_PAUSE)

    def _patient(self, at: datetime, after: Stage, pause: timedelta) -> datetime:
        return at if self.stage is not after or self.stage_at is None else max(at, self.stage_at + pause)


def second_grace(grace: timedelta) -> timedelta:
    """How long after the circle the trustees are told."""
    return min(grace, SECOND_GRACE)


# -- when ----------------------------------------------------------------------------------------------------------


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name; Dushanbe's if there is none such."""
    try:
        return ZoneInfo(name or HOME)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(HOME)


def next_due(rhythm: Rhythm, zone: str, after: datetime, person: Person | None = None) -> datetime:
    """The first moment after `after` until which a word is waited for; that of ONCE is chosen, not reckoned.

    A local time that the clock leaves out (in spring) is as much later as it leaves out; of one that comes twice (in
    autumn) the first counts. What is so many hours after a word never falls into the person's quiet hours: they sleep.
    """
    if rhythm.kind is Kind.EVERY:
        due = after + rhythm.hours * HOUR
        return (quiet_until(person, due) or due) if person is not None else due
    local = zone_of(zone)
    today = after.astimezone(local).date()
    candidates = (
        datetime(day.year, day.month, day.day, *divmod(rhythm.minute, 60), tzinfo=local).astimezone(after.tzinfo)
        for day in (today + n * DAY for n in range(-1, 10))
        if rhythm.kind is not Kind.WEEKLY or day.weekday() == rhythm.weekday
    )
    return min(at for at in candidates if at > after)


def at_local(day: int, minute: int, zone: str, now: datetime) -> datetime:
    """A time of day in a zone, so many days after today there."""
    local = zone_of(zone)
    date = now.astimezone(local).date() + day * DAY
    return datetime(date.year, date.month, date.day, *divmod(minute, 60), tzinfo=local).astimezone(now.tzinfo)


def reminded_before(rhythm: Rhythm) -> timedelta:
    """How long before the deadline its reminder comes."""
    return min(HOUR, rhythm.hours * HOUR / 6) if rhythm.kind is Kind.EVERY else HOUR


def counted_before(rhythm: Rhythm) -> timedelta:
    """How long before the deadline a word already counts for it."""
    match rhythm.kind:
        case Kind.ONCE:
            return 2 * HOUR
        case Kind.EVERY:
            return timedelta(0)
        case Kind.DAILY:
            return 12 * HOUR
        case Kind.WEEKLY:
            return DAY


def longest(rhythm: Rhythm) -> timedelta:
    """How far ahead the next deadline of a rhythm can be at most."""
    periods = {Kind.EVERY: rhythm.hours * HOUR + DAY, Kind.DAILY: 2 * DAY, Kind.WEEKLY: 2 * WEEK}
    return periods.get(rhythm.kind, 400 * DAY) + counted_before(rhythm) + 3 * HOUR  # what a change of the clock adds


# -- what is to be done --------------------------------------------------------------------------------------------


class Do(Enum):
    """The one thing to be done now."""

    NOTHING = auto()
    REMIND = auto()
    ASK = auto()
    ASK_AGAIN = auto()  # an outage that held it is over: the grace begins anew
    HOLD = auto()  # an outage holds it: the trustees are told that it does
    TELL_CIRCLE = auto()
    TELL_TRUSTEES = auto()
    GO_ON = auto()  # there was a word: the next deadline is set
    END = auto()  # there was a word, and no further one is waited for


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done now, what the deadline is then, and when to look again."""

    do: Do
    deadline: Deadline
    look_at: datetime


def step(
    one: Deadline, now: datetime, *, offline: bool = False, sign: datetime | None = None, person: Person | None = None
) -> Step:
    """What is to be done about a deadline now: one thing at the most.

    `offline` says that a declared outage holds in the person's district, `sign` is from when the newest news is that
    they told of themselves. What is late is done at once, and what follows it only after a pause: so neither
    a long stop of the program nor a clock that jumps sends everything in one moment, and nothing is left out but a
    reminder of what is over.
    """
    one = _sane(one, now, person)
    if sign is not None and _counts(one, sign, person):
        return _met(one, sign, now, person)
    if one.stage < Stage.ASKED:
        return _before(one, now)
    if one.stage is Stage.ASKED:
        return _asked(one, now, offline=offline)
    if one.stage is Stage.CIRCLE and now >= one.trustees_at:
        return _look(Do.TELL_TRUSTEES, _reach(one, Stage.TRUSTEES, now), now)
    return _look(Do.NOTHING, one, now)


def _before(one: Deadline, now: datetime) -> Step:
    if now >= one.due_at:
        return _look(Do.ASK, _reach(one, Stage.ASKED, now), now)
    if one.stage is Stage.WAITING and now >= one.due_at - reminded_before(one.rhythm):
        return _look(Do.REMIND, _reach(one, Stage.REMINDED, now), now)
    return _look(Do.NOTHING, one, now)


def _asked(one: Deadline, now: datetime, *, offline: bool) -> Step:
    if one.held and not offline:
        return _look(Do.ASK_AGAIN, replace(one, held=False, resumed_at=now, stage_at=now), now)
    if one.held or now < one.circle_at:
        return _look(Do.NOTHING, one, now)
    if one.pauses and offline:
        return _look(Do.HOLD, replace(one, held=True), now)
    return _look(Do.TELL_CIRCLE, _reach(one, Stage.CIRCLE, now), now)


def _reach(one: Deadline, stage: Stage, now: datetime) -> Deadline:
    return replace(one, stage=stage, stage_at=now)


def _look(do: Do, one: Deadline, now: datetime) -> Step:
    match one.stage:
        case Stage.WAITING:
            at = one.due_at - reminded_before(one.rhythm)
        case Stage.REMINDED:
            at = one.due_at
        case Stage.ASKED:
            at = now + LONGEST_LOOK if one.held else one.circle_at
        case Stage.CIRCLE:
            at = one.trustees_at
        case Stage.TRUSTEES:
            at = now + LONGEST_LOOK
    return Step(do, one, min(at, now + LONGEST_LOOK))


def _counts(one: Deadline, sign: datetime, person: Person | None) -> bool:
    """Whether a word counts for the deadline that runs: one said long before it does not."""
    if sign <= one.made_at:
        return False
    if one.rhythm.kind is Kind.EVERY:
        return next_due(one.rhythm, one.zone, sign, person) > one.due_at or sign >= one.due_at
    return sign >= one.due_at - counted_before(one.rhythm)


def _met(one: Deadline, sign: datetime, now: datetime, person: Person | None) -> Step:
    if one.rhythm.kind is Kind.ONCE:
        return Step(Do.END, one, now)
    after = sign if one.rhythm.kind is Kind.EVERY else max(one.due_at, sign + counted_before(one.rhythm))
    fresh = begun(one, next_due(one.rhythm, one.zone, after, person))
    return _look(Do.GO_ON, fresh, now)


def begun(one: Deadline, due_at: datetime) -> Deadline:
    """The same deadline, to be waited for until `due_at`."""
    return replace(one, due_at=due_at, stage=Stage.WAITING, stage_at=None, resumed_at=None, held=False, alarm=None)


def first_look(one: Deadline, now: datetime) -> Step:
    """A deadline that begins now: whoever has just set it, so soon before, needs no reminder."""
    if one.due_at - reminded_before(one.rhythm) <= now:
        one = replace(one, stage=Stage.REMINDED, stage_at=now)
    return _look(Do.NOTHING, one, now)


def postponed(one: Deadline, hours: int, now: datetime) -> Deadline | None:
    """The same deadline so many hours later; None if that is too far off."""
    due_at = max(one.due_at, now) + hours * HOUR
    if hours < 1 or due_at > now + longest(one.rhythm) + POSTPONED_MOST:
        return None
    return begun(one, due_at)


def _sane(one: Deadline, now: datetime, person: Person | None) -> Deadline:
    """After the clock was set back: nothing has happened in the future, and no deadline is years away."""
    if one.stage_at is not None and one.stage_at > now:
        one = replace(one, stage_at=now)
    if one.resumed_at is not None and one.resumed_at > now:
        one = replace(one, resumed_at=now)
    if one.made_at > now:
        one = replace(one, made_at=now)
    if one.rhythm.kind is not Kind.ONCE and one.due_at > now + longest(one.rhythm) + POSTPONED_MOST:
        return begun(one, next_due(one.rhythm, one.zone, now, person))
    if one.stage is Stage.ASKED and now < one.due_at:
        return replace(one, stage=Stage.REMINDED, held=False)
    return one
