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

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
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


@dataclass(slots=True, eq=False)
class Wait:
    """Somebody's word is waited for. What an outage holds is looked at again (`look`) if something happens."""

    who: int
    due: datetime
    grace: timedelta
    pauses: bool
    daily: int | None  # minutes after midnight, if every day
    made: datetime
    id: int = 0
    stage: Stage = Stage.WAITING
    stage_at: datetime | None = None
    resumed: datetime | None = None
    held: bool = False
    look: bool = False
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
        if now is not None and due - HOUR <= now:
            self.stage = Stage.REMINDED

    def reaches(self, stage: Stage, now: datetime) -> None:
        """One stage further."""
        self.stage, self.stage_at = stage, now


def daily(minute: int, after: datetime) -> datetime:
    """The first time that the clock in Dushanbe shows this after an instant."""
    local = after + DUSHANBE
    at = local.replace(hour=0, minute=0, second=0, microsecond=0) + minute * MINUTE - DUSHANBE
    return at if at > after else at + 24 * HOUR


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
        self.held = 0  # how often an outage kept an alarm back
        self._oracle = oracle
        self._offline = offline
        self._seen: dict[tuple[int, int, Sender], list[bool]] = defaultdict(list)  # (alarm, reader, where): marked?

    # -- what people do ----------------------------------------------------------------------------------------------

    def looks(self, whom: Iterable[int]) -> None:
        """Something happened to these people: what is held is looked at again."""
        people = set(whom)
        for wait in self.waits:
            wait.look |= wait.who in people

    def begun(self, act: Act) -> None:
        """The last button of setting one was pressed."""
        token, grace, pauses = act.words[1], act.number(2) * MINUTE, bool(act.number(3))
        me = act.me.id
        hears = self._oracle.told_circles(me) or self.trustees[me]
        if not hears or sum(one.who == me for one in self.waits) >= MOST:
            return
        minute = int(token[1:]) if token[0] == "d" else None
        if minute is None:
            due = datetime.fromtimestamp(int(token[1:], 36) * 60, act.now.tzinfo)
            if due < act.now + SOONEST:
                return
        else:
            due = daily(minute, act.now + SOONEST)
        wait = Wait(me, due, grace, pauses, minute, act.now)
        wait.begins(due, act.now)
        self.waits.append(wait)

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
            wait.begins(max(wait.due, act.now) + act.number(1) * HOUR, act.now)

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
            self._passes(wait, now)
            wait.look = False
        for alarm in self.alarms:
            self._repeats(alarm, now)

    def _passes(self, wait: Wait, now: datetime) -> None:
        offline = self._offline.over(wait.who, now)
        word = self._oracle.last_word(wait.who)
        if word is not None and self._counts(wait, word.true_at):
            self._met(wait, word)
        elif wait.stage < Stage.ASKED:
            if now >= wait.due:
                wait.reaches(Stage.ASKED, now)
            elif wait.stage is Stage.WAITING and now >= wait.due - HOUR:
                wait.reaches(Stage.REMINDED, now)
        elif wait.held:
            if wait.look and not offline:  # the network is back: they are asked again, and have all the grace again
                wait.held, wait.resumed, wait.stage_at = False, now, now
        elif wait.stage is Stage.ASKED and now >= self._circle_at(wait):
            if wait.pauses and offline:
                wait.held = True
                self.held += 1
            else:
                self._tells_circle(wait, now)
        elif wait.stage is Stage.CIRCLE and now >= self._trustees_at(wait):
            self._tells_trustees(wait, now)

    @staticmethod
    def _over_at(wait: Wait) -> datetime:
        return (wait.due if wait.resumed is None else max(wait.due, wait.resumed)) + wait.grace

    def _circle_at(self, wait: Wait) -> datetime:
        """Not before the agreed grace, and not before somebody who was asked late had time to answer."""
        asked = wait.stage_at or wait.due
        return max(self._over_at(wait), asked + min(wait.grace, 30 * MINUTE))

    def _trustees_at(self, wait: Wait) -> datetime:
        told = wait.stage_at or wait.due
        return max(self._over_at(wait) + min(wait.grace, 2 * HOUR), told + 10 * MINUTE)

    @staticmethod
    def _counts(wait: Wait, at: datetime) -> bool:
        before = 2 * HOUR if wait.daily is None else 12 * HOUR
        return at > wait.made and at >= wait.due - before

    def _met(self, wait: Wait, word: Told) -> None:
        if wait.alarm is not None:
            self._oracle.may_hear(wait.alarm.sends, wait.who, word.state)
            self._closes(wait.alarm)
        if wait.daily is None:
            self.waits.remove(wait)
        else:
            wait.begins(daily(wait.daily, max(wait.due, word.true_at + 12 * HOUR)))

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
