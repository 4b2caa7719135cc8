"""Outages: which districts are declared offline, whom that concerns, and how far they have been told."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import IntEnum
from typing import Any

import sqlalchemy as sa

from bot.domain.outage import ASKED_BEFORE, KEPT, Outage
from storage import ties
from storage.database import Tx
from storage.prepared import ONE, Prepared
from storage.schema import (
    ask,
    ask_reader,
    deadline,
    membership,
    outage,
    outage_by,
    outage_overruled,
    person,
    relative,
    tie,
)


class Phase(IntEnum):
    """What people are being told about an outage, part by part."""

    BEGAN = 0
    TOLD = 1
    ENDED = 2
    OVER = 3


_IN_FORCE = Prepared(
    sa.select(outage).where(outage.c.ended_at.is_(None), outage.c.until > sa.bindparam("now")).order_by(outage.c.id)
)


def _outage(row: Any, by: Collection[int] = ()) -> Outage:
    return Outage(row.id, row.place, row.since, row.until, row.ended_at, frozenset(by))


def in_force(tx: Tx, now: datetime) -> list[Outage]:
    """The outages that count now, without who declared them."""
    return [_outage(row) for row in tx.execute(_IN_FORCE, {"now": now})]


def find(tx: Tx, which: int, now: datetime) -> Outage | None:
    """One that counts now, with who declared it or renewed it last."""
    row = tx.execute(sa.select(outage).where(outage.c.id == which)).first()
    if row is None:
        return None
    by = tx.execute(sa.select(outage_by.c.person_id).where(outage_by.c.outage_id == which)).scalars().all()
    one = _outage(row, by)
    return one if one.holds(now) else None


def declare(tx: Tx, one: Outage) -> None:
    """Keep that a district is offline."""
    row = {"id": one.id, "place": one.place, "since": one.since, "until": one.until}
    tx.execute(outage.insert(), row)
    _spoke(tx, one.id, one.by)


def renew(tx: Tx, which: int, until: datetime, by: Collection[int]) -> None:
    """Two others say that it is so still."""
    tx.execute(outage.update().where(outage.c.id == which).values(until=until, asked=0))
    _spoke(tx, which, by)


def _spoke(tx: Tx, which: int, by: Collection[int]) -> None:
    tx.execute(outage_by.delete().where(outage_by.c.outage_id == which))
    rows = [{"outage_id": which, "person_id": who} for who in sorted(by)]
    if rows:
        tx.execute(outage_by.insert(), rows)


def end(tx: Tx, one: Outage, now: datetime) -> None:
    """It is over: the deadlines of whoever lives there are looked at, and people will be told part by part."""
    values = {"ended_at": now, "phase": Phase.ENDED.value, "reached": 0}
    tx.execute(outage.update().where(outage.c.id == one.id, outage.c.ended_at.is_(None)).values(**values))
    look_again(tx, one.place, now)


def look_again(tx: Tx, place: str, now: datetime) -> None:
    """The deadlines of whoever lives in a district are looked at in the next round."""
    mine = deadline.c.person_id.in_(_living(place)) & (deadline.c.look_at > now)
    tx.execute(deadline.update().where(mine).values(look_at=now))


_LAPSED = Prepared(sa.select(outage).where(outage.c.ended_at.is_(None), outage.c.until <= sa.bindparam("now")))


def lapsed(tx: Tx, now: datetime) -> list[Outage]:
    """Those that nobody has ended or renewed in time."""
    return [_outage(row) for row in tx.execute(_LAPSED, {"now": now})]


_ENDING = Prepared(
    sa.select(outage)
    .where(outage.c.ended_at.is_(None), outage.c.asked == 0)
    .where(outage.c.until > sa.bindparam("now"), outage.c.until <= sa.bindparam("soon"))
)


def ending(tx: Tx, now: datetime) -> list[Outage]:
    """Those that lapse soon, and of which the moderators have not been told so. They count as told from now on."""
    rows = tx.execute(_ENDING, {"now": now, "soon": now + ASKED_BEFORE}).all()
    for row in rows:
        tx.execute(outage.update().where(outage.c.id == row.id).values(asked=1))
    return [_outage(row) for row in rows]


# -- whom it concerns ----------------------------------------------------------------------------------------------


def _living(place: str) -> sa.Select[tuple[int]]:
    return sa.select(tie.c.person_id).where(tie.c.place == place, tie.c.lives == 1)


def _concerned(place: str) -> sa.Select[tuple[int]]:
    """Who lives there, has people there, or is in a circle with somebody who lives there; whoever can be written to."""
    there = _living(place).scalar_subquery()
    near = sa.select(membership.c.circle_id).where(membership.c.person_id.in_(there))
    kin = sa.select(relative.c.circle_id).where(relative.c.person_id.in_(there))
    inside = membership.c.circle_id.in_(near) | membership.c.circle_id.in_(kin)
    tied = sa.select(tie.c.person_id).where(tie.c.place == place)
    return sa.select(person.c.id).where(
        person.c.id.in_(sa.select(membership.c.person_id).where(inside)) | person.c.id.in_(tied),
        ~sa.exists().where(relative.c.person_id == person.c.id),
    )


def concerns(tx: Tx, one: Outage, who: int) -> bool:
    """Whether an outage concerns a person."""
    return tx.execute(_concerned(one.place).where(person.c.id == who)).first() is not None


def lives_there(tx: Tx, one: Outage, who: int) -> bool:
    """Whether a person lives in the district."""
    return any(tied.lives and tied.place == one.place for tied in ties.of(tx, who))


def over(tx: Tx, who: int, now: datetime) -> Outage | None:
    """The outage that counts for a person: in a district where they live, unless they have said that it shall not."""
    every = in_force(tx, now)
    if not every:
        return None
    lived_in = {one.place for one in ties.of(tx, who) if one.lives}
    found = [one for one in every if one.place in lived_in]
    return None if not found or any(overruled(tx, one, who) for one in found) else found[0]


_OVERRULED = Prepared(
    sa.select(outage_overruled.c.person_id).where(
        outage_overruled.c.outage_id == sa.bindparam("which"), outage_overruled.c.person_id == sa.bindparam("who")
    )
)


def overruled(tx: Tx, one: Outage, who: int) -> bool:
    """Whether a person has said that an outage shall not count for them."""
    return tx.execute(_OVERRULED, {"which": one.id, "who": who}).first() is not None


def overrule(tx: Tx, one: Outage, who: int, *, on: bool) -> None:
    """Keep that an outage shall not count for a person, or that it shall again."""
    mine = (outage_overruled.c.outage_id == one.id) & (outage_overruled.c.person_id == who)
    tx.execute(outage_overruled.delete().where(mine))
    if on:
        tx.execute(outage_overruled.insert(), {"outage_id": one.id, "person_id": who})


_WAITING_PLACES = Prepared(sa.select(outage.c.place).where(outage.c.phase != Phase.OVER.value))


def waiting_places(tx: Tx) -> list[str]:
    """The districts whose people are offline, or have not all been told yet who looked for them."""
    return sorted(set(tx.execute(_WAITING_PLACES).scalars()))


# -- telling them, part by part ------------------------------------------------------------------------------------


_TELLING = Prepared(
    sa.select(outage)
    .where(outage.c.phase.in_([Phase.BEGAN.value, Phase.ENDED.value]))
    .order_by(outage.c.phase.desc(), outage.c.id)
    .limit(ONE)
)


def part(tx: Tx, most: int) -> tuple[Outage, Phase, list[int]] | None:
    """The next people who must be told of an outage or of its end, in the order of their numbers; None if all were.

    Whoever was told so far is remembered in the same transaction, so that a restart tells nobody twice.
    """
    row = tx.execute(_TELLING).first()
    if row is None:
        return None
    query = _concerned(row.place).where(person.c.id > row.reached).order_by(person.c.id).limit(most)
    people = list(tx.execute(query).scalars())
    done = len(people) < most
    values = {"phase": row.phase + int(done), "reached": 0 if done else people[-1]}
    tx.execute(outage.update().where(outage.c.id == row.id).values(**values))
    return _outage(row), Phase(row.phase), people


def asked_by(tx: Tx, who: int, since: datetime) -> list[tuple[int, int]]:
    """Whose questions wait for a person's answer: (asker, circle), as far as both are in that circle still."""
    mine, theirs = membership.alias(), membership.alias()
    query = (
        sa.select(ask.c.asker_id, ask.c.circle_id)
        .join(ask_reader, ask_reader.c.ask_id == ask.c.id)
        .join(mine, (mine.c.circle_id == ask.c.circle_id) & (mine.c.person_id == who))
        .join(theirs, (theirs.c.circle_id == ask.c.circle_id) & (theirs.c.person_id == ask.c.asker_id))
        .where(ask_reader.c.person_id == who, ask_reader.c.answered_at.is_(None), ask.c.asked_at >= since)
        .distinct()
        .order_by(ask.c.asker_id, ask.c.circle_id)
    )
    return [(row.asker_id, row.circle_id) for row in tx.execute(query)]


# -- as time passes ------------------------------------------------------------------------------------------------


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one: what one of them said of an outage, the other has said."""
    for table in (outage_by, outage_overruled):
        mine = sa.select(table.c.outage_id).where(table.c.person_id == kept)
        tx.execute(table.delete().where(table.c.person_id == gone, table.c.outage_id.in_(mine)))
        tx.execute(table.update().where(table.c.person_id == gone).values(person_id=kept))


_EXPIRE = Prepared(
    outage.delete().where(outage.c.ended_at < sa.bindparam("before"), outage.c.phase == Phase.OVER.value)
)


def expire(tx: Tx, now: datetime) -> None:
    """Drop what has been over for long."""
    tx.execute(_EXPIRE, {"before": now - KEPT})
