"""What must happen when an agreed time passes in silence, in plain Python: the person, the circle, then the trustees.

Part of the oracle of a day (`oracle.py`), by the words that people are promised: I remind you an hour before; when the
time is over I ask you; if I hear nothing for so long more, I tell your circles; then those whom you chose. Any news of
yours ends it. If your district is offline and you agreed to wait, I tell nobody until the network is back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from tests.faults.offline import Offline

if TYPE_CHECKING:
    from bot.domain.conversation import Sender
    from tests.faults.oracle import Act, Oracle, Told

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DUSHANBE = 5 * HOUR  # ahead of UTC, summer and winter
MOST = 5  # of one person
SOONEST = 5 * MINUTE


class Stage(IntEnum):
    """How far it has gone."""

    WAITING = 0
    REMINDED = 1
    ASKED = 2
    CIRCLE = 3
    TRUSTEES = 4


@dataclass(slots=True, eq=False)
class Alarm:
    """What went out because somebody was silent: `sends` how often to each, `asks` whether as a question."""

    who: int
    since: int
    readers: dict[int, int]
    repeat_at: datetime | None
    id: int = 0
    closed: bool = False
    trustees: bool = False
    pressed: set[int] = field(default_factory=set)
    caring: set[int] = field(default_factory=set)
    sends: Counter[int] = field(default_factory=Counter)
    asks: dict[int, set[bool]] = field(default_factory=lambda: defaultdict(set))
    first: dict[int, int] = field(default_factory=dict)  # since when somebody reads it


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a word is waited for: once, `every` so long after the last one, or at a minute after midnight."""

    every: timedelta | None = None
    minute: int | None = None
    weekday: int | None = None  # only then

    @classmethod
    def read(cls, token: str) -> Rhythm:
        """As the last button of setting one says it."""
        match token[0]:
            case "e":
                return cls(every=int(token[1:]) * HOUR)
            case "d":
                return cls(minute=int(token[1:]))
            case "w":
                return cls(minute=int(token[3:]), weekday=int(token[1]))
            case _:
                return cls()

    @property
    def once(self) -> bool:
        """Whether no further word is waited for."""
        return self.every is None and self.minute is None

    @property
    def reminder(self) -> timedelta:
        """How long before the time is over they are reminded."""
        return HOUR if self.every is None else min(HOUR, self.every / 6)

    @property
    def counted(self) -> timedelta:
        """How long before the time is over a word counts already."""
        return 2 * HOUR if self.once else DAY if self.weekday is not None else 12 * HOUR

    def next(self, after: datetime, quiet: Quiet | None) -> datetime:
        """Until when the next word is waited for: by the clock in Dushanbe; so many hours later, but not in a night."""
        if self.every is not None:
            return wakes(after + self.every, quiet)
        local = after + DUSHANBE
        at = local.replace(hour=0, minute=0, second=0, microsecond=0) + (self.minute or 0) * MINUTE - DUSHANBE
        while at <= after or self.weekday not in {None, (at + DUSHANBE).weekday()}:
            at += DAY
        return at


Quiet = tuple[int, int]  # from which hour until which one somebody sleeps


def wakes(at: datetime, quiet: Quiet | None) -> datetime:
    """The same moment, or the end of the night that it falls into."""
    if quiet is None:
        return at
    local = at + DUSHANBE
    begin, end = quiet
    if not (begin <= local.hour < end if begin < end else local.hour >= begin or local.hour < end):
        return at
    ends = local.replace(hour=end, minute=0, second=0, microsecond=0)
    return (ends if ends > local else ends + DAY) - DUSHANBE


@dataclass(slots=True, eq=False)
class Wait:
    """Somebody's word is waited for. It is looked at when that is due (`look_at`), or as soon as something happens."""

    who: int
    due: datetime
    grace: timedelta
    pauses: bool
    rhythm: Rhythm
    made: datetime
    id: int = 0
    stage: Stage = Stage.WAITING
    stage_at: datetime | None = None
    resumed: datetime | None = None
    held: bool = False
    look_at: datetime = field(init=False)
    alarm: Alarm | None = None

    def begins(self, due: datetime, now: datetime | None = None) -> None:
        """It is waited for until then. With `now`: somebody has just set it, and needs no reminder of what is soon."""
        self.due, self.stage, self.stage_at, self.resumed, self.held, self.alarm = (
            due,
            Stage.WAITING,
            None,
            None,
            False,
            None,
        )
        if now is not None and due - self.rhythm.reminder <= now:
            self.reaches(Stage.REMINDED, now)

    def reaches(self, stage: Stage, now: datetime) -> None:
        """One stage further."""
        self.stage, self.stage_at = stage, now

    def set_back(self, now: datetime) -> None:
        """By the clock as it is now nothing happened in the future, and who was asked too early is asked again."""
        self.stage_at = None if self.stage_at is None else min(self.stage_at, now)
        self.resumed = None if self.resumed is None else min(self.resumed, now)
        self.made = min(self.made, now)
        if self.stage is Stage.ASKED and now < self.due:
            self.stage, self.held = Stage.REMINDED, False

    def looked(self, now: datetime) -> None:
        """When to look again: at what comes next, and within a day."""
        match self.stage:
            case Stage.WAITING:
                at = self.due - self.rhythm.reminder
            case Stage.REMINDED:
                at = self.due
            case Stage.ASKED if not self.held:
                at = self.circle_at
            case Stage.CIRCLE:
                at = self.trustees_at
            case _:
                at = now + DAY
        self.look_at = min(at, now + DAY)

    @property
    def _over_at(self) -> datetime:
        return (self.due if self.resumed is None else max(self.due, self.resumed)) + self.grace

    @property
    def circle_at(self) -> datetime:
        """Not before the agreed grace, and not before somebody who was asked late had time to answer."""
        asked = self.stage_at or self.due
        return max(self._over_at, asked + min(self.grace, 30 * MINUTE))

    @property
    def trustees_at(self) -> datetime:
        """So long after the circle, and not before it had time to do something."""
        told = self.stage_at or self.due
        return max(self._over_at + min(self.grace, 2 * HOUR), told + 10 * MINUTE)


@dataclass(frozen=True, slots=True)
class SilenceRows:
    """What the database holds of it: deadlines (person, due, stage, held, alarm), open alarms, readers, letters."""

    deadlines: Mapping[int, tuple[int, datetime, int, int, int | None]]
    alarms: set[int]
    readers: Mapping[int, set[int]]
    sent: Mapping[tuple[int, int], int]


class Silence:
    """See the module."""

    def __init__(self, oracle: Oracle, offline: Offline) -> None:
        self.waits: list[Wait] = []
        self.alarms: list[Alarm] = []
        self.trustees: dict[int, set[int]] = defaultdict(set)
        self.quiet: dict[int, Quiet] = {}
        self.held = 0  # how often an outage kept an alarm back
        self._oracle = oracle
        self._offline = offline
        self._seen: dict[tuple[int, int, Sender], list[bool]] = defaultdict(list)  # (alarm, reader, where): marked?

    # -- what people do ----------------------------------------------------------------------------------------------

    def looks(self, whom: Iterable[int], now: datetime) -> None:
        """Something happened to these people: what is waited for from them is looked at in the next round."""
        people = set(whom)
        for wait in self.waits:
            if wait.who in people:
                wait.look_at = min(wait.look_at, now)

    def awaits(self, who: int) -> bool:
        """Whether a word of theirs is waited for."""
        return any(one.who == who for one in self.waits)

    def sleeps(self, act: Act) -> None:
        """Somebody says when they sleep, or that they do not."""
        self.quiet.pop(act.me.id, None)
        if act.verb == "quiet.at":
            self.quiet[act.me.id] = act.number(0), act.number(1)

    def astray(self, now: datetime) -> None:
        """What would be looked at later than in a day, because the clock was set back, is looked at now."""
        for wait in self.waits:
            if wait.look_at > now + DAY + MINUTE:
                wait.look_at = now

    def begun(self, act: Act) -> None:
        """The last button of setting one was pressed."""
        token, grace, pauses = act.words[1], act.number(2) * MINUTE, bool(act.number(3))
        me = act.me.id
        hears = self._oracle.told_circles(me) or self.trustees[me]
        if not hears or sum(one.who == me for one in self.waits) >= MOST:
            return
        rhythm = Rhythm.read(token)
        due = rhythm.next(act.now + SOONEST, self.quiet.get(me))
        if rhythm.once:
            due = datetime.fromtimestamp(int(token[1:], 36) * 60, act.now.tzinfo)
            if due < act.now + SOONEST:
                return
        wait = Wait(me, due, grace, pauses, rhythm, act.now)
        self._begins(wait, due, act.now)
        self.waits.append(wait)

    @staticmethod
    def _begins(wait: Wait, due: datetime, now: datetime) -> None:
        """Somebody sets it, or puts it off."""
        wait.begins(due, now)
        wait.looked(now)

    def _mine(self, act: Act) -> Wait | None:
        return next((one for one in self.waits if one.id == act.number() and one.who == act.me.id), None)

    def stopped(self, act: Act) -> None:
        """They no longer want it."""
        wait = self._mine(act)
        if wait is not None:
            self.waits.remove(wait)
            self._closes(wait.alarm)

    def put_off(self, act: Act) -> None:
        """So many hours later."""
        wait = self._mine(act)
        if wait is not None:
            self._closes(wait.alarm)
            self._begins(wait, max(wait.due, act.now) + act.number(1) * HOUR, act.now)

    def presses(self, act: Act, *, caring: bool) -> None:
        """A reader answers an alarm."""
        alarm = next((one for one in self.alarms if one.id == act.number()), None)
        me = act.me.id
        if alarm is None or alarm.closed or me not in alarm.readers:
            return
        alarm.pressed.add(me)
        if caring and me not in alarm.caring:
            alarm.caring.add(me)
            alarm.repeat_at = None

    def gone(self, who: int) -> None:
        """Somebody is forgotten."""
        for alarm in self.alarms:
            alarm.readers.pop(who, None)
            alarm.closed |= alarm.who == who
        self.waits = [one for one in self.waits if one.who != who]
        self.trustees.pop(who, None)
        self.quiet.pop(who, None)
        for chosen in self.trustees.values():
            chosen.discard(who)

    def left(self, who: int, which: int) -> None:
        """Somebody left a circle: they are trustees of nobody there with whom they share no other, and read no more."""
        for one, chosen in self.trustees.items():
            for other in list(chosen):
                if who in {one, other} and not self._oracle.shared(one, other):
                    chosen.discard(other)
        for alarm in self.alarms:
            if alarm.readers.get(who) == which:
                others = self._oracle.shared(who, alarm.who)
                if others and not alarm.closed:
                    alarm.readers[who] = others[0]
                else:
                    del alarm.readers[who]

    # -- as time passes ----------------------------------------------------------------------------------------------

    def passes(self, now: datetime) -> None:
        """The round that keeps deadlines was kept at `now`: of each one thing is done at most."""
        for wait in list(self.waits):
            if wait.look_at <= now:
                self._passes(wait, now)
                wait.looked(now)
        for alarm in self.alarms:
            self._repeats(alarm, now)

    def _passes(self, wait: Wait, now: datetime) -> None:
        wait.set_back(now)
        offline = self._offline.over(wait.who, now)
        word = self._oracle.last_word(wait.who, now)
        if word is not None and self._counts(wait, word.true_at):
            self._met(wait, word)
        elif wait.stage < Stage.ASKED:
            if now >= wait.due:
                wait.reaches(Stage.ASKED, now)
            elif wait.stage is Stage.WAITING and now >= wait.due - wait.rhythm.reminder:
                wait.reaches(Stage.REMINDED, now)
        elif wait.held:
            if not offline:  # the network is back: they are asked again, and have all the grace again
                wait.held, wait.resumed, wait.stage_at = False, now, now
        elif wait.stage is Stage.ASKED and now >= wait.circle_at:
            if wait.pauses and offline:
                wait.held = True
                self.held += 1
            else:
                self._tells_circle(wait, now)
        elif wait.stage is Stage.CIRCLE and now >= wait.trustees_at:
            self._tells_trustees(wait, now)

    def _counts(self, wait: Wait, at: datetime) -> bool:
        if wait.rhythm.every is None:
            return at > wait.made and at >= wait.due - wait.rhythm.counted
        # it winds the hours up again; within a night that both end in, it does not
        return at > wait.made and (at >= wait.due or wait.rhythm.next(at, self.quiet.get(wait.who)) > wait.due)

    def _met(self, wait: Wait, word: Told) -> None:
        if wait.alarm is not None:
            self._oracle.may_hear(wait.alarm.sends, wait.who, word.state)
            self._closes(wait.alarm)
        if wait.rhythm.once:
            self.waits.remove(wait)
            return
        after = word.true_at
        if wait.rhythm.every is None:
            after = max(wait.due, word.true_at + wait.rhythm.counted)
        wait.begins(wait.rhythm.next(after, self.quiet.get(wait.who)))

    @staticmethod
    def _closes(alarm: Alarm | None) -> None:
        if alarm is not None:
            alarm.closed = True

    def _sends(self, alarm: Alarm, whom: Iterable[int], now: datetime) -> None:
        for who in whom:
            alarm.sends[who] += 1
            alarm.first.setdefault(who, self._oracle.version)
            alarm.asks[who].add(self._offline.over(alarm.who, now))

    def _tells_circle(self, wait: Wait, now: datetime) -> None:
        readers = self._oracle.hearers(self._oracle.told_circles(wait.who), wait.who)
        wait.alarm = Alarm(wait.who, self._oracle.version, readers, now + 10 * MINUTE)
        self.alarms.append(wait.alarm)
        self._sends(wait.alarm, list(readers), now)
        wait.reaches(Stage.CIRCLE, now)

    def _tells_trustees(self, wait: Wait, now: datetime) -> None:
        alarm = wait.alarm
        assert alarm is not None
        chosen = [who for who in sorted(self.trustees[wait.who]) if self._oracle.shared(who, wait.who)]
        for who in chosen:
            alarm.readers.setdefault(who, self._oracle.shared(who, wait.who)[0])
        alarm.trustees, alarm.repeat_at = True, now + 10 * MINUTE
        self._sends(alarm, chosen, now)
        wait.reaches(Stage.TRUSTEES, now)

    def _repeats(self, alarm: Alarm, now: datetime) -> None:
        """Once more after ten minutes to whoever pressed nothing, unless somebody takes care: the last told, if any."""
        silent = [who for who in alarm.readers if who not in alarm.pressed]
        due = not alarm.closed and alarm.repeat_at is not None and alarm.repeat_at <= now
        if due and silent and not alarm.caring & alarm.readers.keys():
            alarm.repeat_at = None
            last = self.trustees[alarm.who] if alarm.trustees else set(silent)
            self._sends(alarm, [who for who in silent if who in last], now)

    # -- comparing ---------------------------------------------------------------------------------------------------

    def differences(self, rows: SilenceRows) -> Iterator[str]:
        """Learn the numbers of what is new, and say what the database holds otherwise than it must."""
        known = {one.id for one in self.waits}
        for wait in self.waits:
            if not wait.id:
                fits = (n for n, row in rows.deadlines.items() if row[:2] == (wait.who, wait.due) and n not in known)
                wait.id = next(fits, 0)
                known.add(wait.id)
            if wait.alarm is not None and not wait.alarm.id and wait.id in rows.deadlines:
                wait.alarm.id = rows.deadlines[wait.id][4] or 0
        mine = {one.id: (one.who, one.due, int(one.stage), int(one.held)) for one in self.waits}
        theirs = {n: row[:4] for n, row in rows.deadlines.items()}
        if mine != theirs:
            yield f"deadlines: {sorted(mine.items() - theirs.items())}, but {sorted(theirs.items() - mine.items())}"
        still = {one.id for one in self.alarms if not one.closed}
        if still != rows.alarms:
            yield f"open alarms of deadlines: {sorted(still ^ rows.alarms)}"
        for alarm in self.alarms:
            if not alarm.closed:
                yield from self._differs(alarm, rows)

    def _differs(self, alarm: Alarm, rows: SilenceRows) -> Iterator[str]:
        there = rows.readers.get(alarm.id, set())
        for who in sorted(there ^ set(alarm.readers)):
            if not self._left(alarm, who):
                yield f"the alarm about {alarm.who} has the readers {sorted(there)}, not {sorted(alarm.readers)}"
        for who in sorted(there | set(alarm.sends)):
            sent = rows.sent.get((alarm.id, who), 0)
            if sent != alarm.sends[who] and not self._left(alarm, who):
                yield f"the alarm about {alarm.who} went out {sent} times to {who}, not {alarm.sends[who]} times"

    def _left(self, alarm: Alarm, who: int) -> bool:
        since = alarm.first.get(who, alarm.since)
        return self._oracle.moved_since(who, since) or self._oracle.moved_since(alarm.who, since)

    # -- what people read --------------------------------------------------------------------------------------------

    def reads(self, who: int, sender: Sender, which: int, *, question: bool, marked: bool) -> str:
        """Somebody reads an alarm for the first time, or again; what is wrong with it, or ""."""
        alarm = next((one for one in self.alarms if one.id == which), None)
        if alarm is None or not alarm.sends[who]:
            return f"{who} reads an alarm that was not for them"
        if question not in alarm.asks[who]:
            return f"{who} reads the alarm about {alarm.who} as {'a question' if question else 'an alarm'}"
        self._seen[which, who, sender].append(marked)
        if self._seen[which, who, sender].count(False) > alarm.sends[who]:
            return f"{who} reads the alarm about {alarm.who} more often than it went out"
        return ""

    def lasting(self) -> Iterator[str]:
        """Whom an alarm that is still open never reached, though they can be reached."""
        for alarm in self.alarms:
            for who in sorted(alarm.readers):
                if alarm.closed or not alarm.sends[who] or self._left(alarm, who) or self._oracle.is_unsure(who):
                    continue
                if not any((alarm.id, who, one) in self._seen for one in self._oracle.bodies[who].accounts):
                    yield f"the alarm about {alarm.who} never reached {who}, who can be reached"
