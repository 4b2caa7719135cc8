"""Deadlines: when they are to be looked at, and the alarms of those that passed in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.checkin import AHEAD, News
from bot.domain.deadline import LONGEST_LOOK, Deadline, Rhythm, Stage, Step, read_rhythm
from storage import checkins
from storage.crypto import Tampered
from storage.database import Tx
from storage.prepared import Prepared, at_most
from storage.schema import alarm, alarm_reader, deadline, membership, news

MINUTE = timedelta(minutes=1)
AT_ONCE = 100  # deadlines looked at in one transaction
SPOILT_AFTER = timedelta(hours=1)  # a row whose seal does not open is tried again then, and keeps nobody waiting


def _values(one: Deadline, look_at: datetime) -> dict[str, Any]:
    return {
        "id": one.id,
        "person_id": one.person,
        "rhythm": str(one.rhythm),
        "zone": one.zone,
        "note": one.note or None,
        "grace": one.grace // MINUTE,
        "pauses": int(one.pauses),
        "made_at": one.made_at,
        "due_at": one.due_at,
        "look_at": look_at,
        "stage": one.stage.value,
        "stage_at": one.stage_at,
        "resumed_at": one.resumed_at,
        "held": int(one.held),
        "alarm_id": one.alarm,
    }


def _deadline(row: sa.Row[tuple[object, ...]]) -> Deadline:
    rhythm = read_rhythm(row.rhythm)
    assert isinstance(rhythm, Rhythm)  # noqa: S101 - written by this module
    return Deadline(
        id=row.id,
        person=row.person_id,
        rhythm=rhythm,
        zone=row.zone,
        made_at=row.made_at,
        due_at=row.due_at,
        grace=row.grace * MINUTE,
        pauses=bool(row.pauses),
        stage=Stage(row.stage),
        stage_at=row.stage_at,
        resumed_at=row.resumed_at,
        held=bool(row.held),
        note=row.note or "",
        alarm=row.alarm_id,
    )


def add(tx: Tx, one: Step) -> None:
    """Keep a deadline that begins."""
    tx.execute(deadline.insert(), _values(one.deadline, one.look_at))


def save(tx: Tx, one: Step) -> None:
    """Keep what a deadline has become, and when to look again."""
    values = _values(one.deadline, one.look_at)
    tx.execute(deadline.update().where(deadline.c.id == one.deadline.id).values(**values))


def drop(tx: Tx, which: int) -> None:
    """No word is waited for any more."""
    tx.execute(deadline.delete().where(deadline.c.id == which))


def note(tx: Tx, which: int, words: str) -> None:
    """Keep the person's words for those who will be told."""
    tx.execute(deadline.update().where(deadline.c.id == which).values(note=words or None))


def of(tx: Tx, who: int) -> list[Deadline]:
    """A person's deadlines, the next one first."""
    query = sa.select(deadline).where(deadline.c.person_id == who).order_by(deadline.c.due_at, deadline.c.id)
    return [_deadline(row) for row in tx.execute(query)]


def one_of(tx: Tx, who: int, which: int) -> Deadline | None:
    """A deadline, if it is this person's."""
    row = tx.execute(sa.select(deadline).where(deadline.c.id == which, deadline.c.person_id == who)).first()
    return None if row is None else _deadline(row)


_DUE = Prepared(
    sa.select(deadline.c.id)
    .where(deadline.c.look_at <= sa.bindparam("now"))
    .order_by(deadline.c.look_at)
    .limit(at_most(AT_ONCE))
)


_BY_ID = Prepared(sa.select(deadline).where(deadline.c.id == sa.bindparam("which")))


def due(tx: Tx, now: datetime) -> list[Deadline]:
    """The deadlines that must be looked at now, those that wait longest first."""
    found = []
    for which in tx.execute(_DUE, {"now": now}).scalars():
        try:
            row = tx.execute(_BY_ID, {"which": which}).one()
        except Tampered:
            tx.execute(deadline.update().where(deadline.c.id == which).values(look_at=now + SPOILT_AFTER))
            continue
        found.append(_deadline(row))
    return found


_LOOK_NOW = Prepared(
    deadline.update()
    .where(deadline.c.person_id == sa.bindparam("who"), deadline.c.look_at > sa.bindparam("now"))
    .values(look_at=sa.bindparam("now"))
)


def look_now(tx: Tx, who: int, now: datetime) -> None:
    """Something has happened to a person: their deadlines are to be looked at in the next round."""
    tx.execute(_LOOK_NOW, {"who": who, "now": now})


_ASTRAY = Prepared(
    deadline.update().where(deadline.c.look_at > sa.bindparam("latest")).values(look_at=sa.bindparam("now"))
)


def astray(tx: Tx, now: datetime) -> None:
    """Whatever is to be looked at later than it ever can be, because a clock was wrong, is looked at now."""
    tx.execute(_ASTRAY, {"latest": now + LONGEST_LOOK + MINUTE, "now": now})


_LAST_SIGN = Prepared(
    sa.select(news.c.id)
    .where(
        news.c.person_id == sa.bindparam("who"),
        news.c.teller_id == sa.bindparam("who"),
        news.c.true_at <= sa.bindparam("latest"),
    )
    .order_by(news.c.true_at.desc(), news.c.told_at.desc())
    .limit(at_most(1))
)


def last_sign(tx: Tx, who: int, now: datetime) -> News | None:
    """The newest news that a person told of themselves; what a wrong clock has put into the future does not count."""
    which = tx.execute(_LAST_SIGN, {"who": who, "latest": now + AHEAD}).scalar()
    return None if which is None else checkins.news_by(tx, which, who)


# -- alarms --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Silence:
    """An alarm because somebody did not say how they are. `shown` is what its readers were last shown."""

    id: int
    person: int
    opened_at: datetime
    repeat_at: datetime | None
    closed_at: datetime | None
    shown: str

    @property
    def open(self) -> bool:
        """Whether it still waits for an end."""
        return self.closed_at is None


_SILENCE = sa.select(
    alarm.c.id,
    alarm.c.person_id,
    alarm.c.opened_at,
    alarm.c.repeat_at,
    alarm.c.closed_at,
    alarm.c.shown,
).where(alarm.c.news_id.is_(None))
_OPEN = Prepared(_SILENCE.where(alarm.c.closed_at.is_(None)).order_by(alarm.c.id))


def _silence(row: sa.Row[tuple[object, ...]]) -> Silence:
    return Silence(row.id, row.person_id, row.opened_at, row.repeat_at, row.closed_at, row.shown)


def raise_alarm(tx: Tx, who: int, now: datetime, repeat_at: datetime) -> int:
    """An alarm that goes to nobody yet. Its id."""
    new = tx.new_id()
    row = {"id": new, "person_id": who, "opened_at": now, "repeat_at": repeat_at}
    tx.execute(alarm.insert(), row)
    return new


def tell(tx: Tx, which: int, readers: Sequence[tuple[int, int]], repeat_at: datetime) -> None:
    """Let an alarm go to these people too: (person, circle) pairs. Whoever got it before keeps what they pressed."""
    if readers:
        rows = [{"alarm_id": which, "person_id": who, "circle_id": circle} for who, circle in readers]
        tx.execute(tx.insert(alarm_reader).on_conflict_do_nothing(), rows)
    tx.execute(alarm.update().where(alarm.c.id == which).values(repeat_at=repeat_at))


def silence(tx: Tx, which: int) -> Silence | None:
    """An alarm of a deadline."""
    row = tx.execute(_SILENCE.where(alarm.c.id == which)).first()
    return None if row is None else _silence(row)


def silence_for(tx: Tx, which: int, reader: int) -> Silence | None:
    """An alarm of a deadline, if it went to this person."""
    mine = sa.exists().where(alarm_reader.c.alarm_id == which, alarm_reader.c.person_id == reader)
    row = tx.execute(_SILENCE.where(alarm.c.id == which, mine)).first()
    return None if row is None else _silence(row)


def silences(tx: Tx) -> list[Silence]:
    """Every open alarm of a deadline."""
    return [_silence(row) for row in tx.execute(_OPEN)]


_BY_ALARM = Prepared(sa.select(deadline).where(deadline.c.alarm_id == sa.bindparam("which")))


def by_alarm(tx: Tx, which: int) -> Deadline | None:
    """The deadline that has raised an alarm."""
    row = tx.execute(_BY_ALARM, {"which": which}).first()
    return None if row is None else _deadline(row)


def near(tx: Tx, who: int) -> dict[int, set[int]]:
    """Everybody who is in a circle with a person, and in which of them."""
    mine, theirs = membership.alias(), membership.alias()
    query = (
        sa.select(theirs.c.person_id, theirs.c.circle_id)
        .join(mine, mine.c.circle_id == theirs.c.circle_id)
        .where(mine.c.person_id == who, theirs.c.person_id != who)
        .order_by(theirs.c.person_id, theirs.c.circle_id)
    )
    found: dict[int, set[int]] = {}
    for row in tx.execute(query):
        found.setdefault(row.person_id, set()).add(row.circle_id)
    return found
