"""Circles: who is in them, who may come in, and which of them hear a person's news."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.domain.people import Person
from storage import codes, hard, outbox, relatives, trustees
from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import (
    alarm,
    alarm_reader,
    ask,
    circle,
    invite,
    membership,
    newcomer,
    news,
    person,
    standing,
    telling,
)


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle as one of its members sees it."""

    id: int
    name: str
    keeper: int
    tells: bool
    size: int


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who used an invitation and waits for the inviter's word."""

    id: int
    circle: int
    circle_name: str
    person: int
    name: str
    inviter: int


_SIZE = sa.select(sa.func.count()).where(membership.c.circle_id == circle.c.id).correlate(circle).scalar_subquery()
_MINE = (
    sa.select(circle.c.id, circle.c.name, circle.c.keeper_id, membership.c.tells, _SIZE.label("size"))
    .join(membership)
    .where(membership.c.person_id == sa.bindparam("who"))
    .order_by(circle.c.id)
)
_ALL_MINE = Prepared(_MINE)
_ONE_OF_MINE = Prepared(_MINE.where(circle.c.id == sa.bindparam("which")))
_HEARERS = Prepared(
    sa.select(
        membership.c.circle_id,
        person.c.id,
        person.c.language,
        person.c.name,
        person.c.zone,
        person.c.quiet_from,
        person.c.quiet_until,
    )
    .join(person, membership.c.person_id == person.c.id)
    .where(membership.c.circle_id.in_(sa.bindparam("circles", expanding=True)))
    .order_by(membership.c.circle_id, person.c.id)
)
_TELLING = Prepared(
    sa.select(membership.c.circle_id).where(membership.c.person_id == sa.bindparam("who"), membership.c.tells == 1)
)


def circles_of(tx: Tx, who: int) -> list[Circle]:
    """The circles a person is in."""
    rows = tx.execute(_ALL_MINE, {"who": who})
    return [Circle(row.id, row.name, row.keeper_id, bool(row.tells), row.size) for row in rows]


def one_of(tx: Tx, who: int, which: int) -> Circle | None:
    """A circle, if this person is in it; None tells nothing about whether it exists."""
    rows = tx.execute(_ONE_OF_MINE, {"who": who, "which": which})
    return next((Circle(row.id, row.name, row.keeper_id, bool(row.tells), row.size) for row in rows), None)


def keeper_of(tx: Tx, which: int) -> int | None:
    """Who keeps a circle."""
    who: int | None = tx.execute(sa.select(circle.c.keeper_id).where(circle.c.id == which)).scalar()
    return who


def told_by(tx: Tx, who: int) -> list[int]:
    """The ids of the circles that hear a person's news."""
    return list(tx.execute(_TELLING, {"who": who}).scalars())


def members(tx: Tx, circles: Sequence[int]) -> dict[int, list[Person]]:
    """The people of each circle."""
    found: dict[int, list[Person]] = {which: [] for which in circles}
    if circles:
        for row in tx.execute(_HEARERS, {"circles": list(circles)}):
            who = Person(row.id, row.language or "", row.name or "", row.zone or "", row.quiet_from, row.quiet_until)
            found[row.circle_id].append(who)
    return found


def make(tx: Tx, name: str, keeper: int) -> int:
    """A new circle with one member, who keeps it. Its id."""
    which = tx.new_id()
    tx.execute(circle.insert(), {"id": which, "name": name, "keeper_id": keeper})
    join(tx, which, keeper)
    return which


_JOIN = Prepared(lambda insert: insert(membership).on_conflict_do_nothing())


def join(tx: Tx, which: int, who: int, *, tells: bool = True) -> None:
    """Put a person into a circle, which hears their news if it `tells`; nothing happens if they are in it."""
    tx.execute(_JOIN, {"circle_id": which, "person_id": who, "tells": int(tells)})


def leave(tx: Tx, which: int, who: int) -> None:
    """Take a person out of a circle, with everything by which they could still speak there, hear from it, or let in.

    Their news there goes, their questions, invitations and newcomers, their spoken codes, and what waits for them from
    there. An open call for help of theirs stays with its readers: to be removed must not silence a call. A circle
    without members goes.
    """
    my_news = sa.select(news.c.id).where(news.c.person_id == who)
    over = sa.select(alarm.c.id).where(alarm.c.person_id == who, alarm.c.closed_at.is_not(None))
    tx.execute(membership.delete().where(membership.c.circle_id == which, membership.c.person_id == who))
    _read_elsewhere(tx, which, who)
    hard.part(tx, which, who)
    tx.execute(standing.delete().where(standing.c.circle_id == which, standing.c.person_id == who))
    tx.execute(telling.delete().where(telling.c.circle_id == which, telling.c.news_id.in_(my_news)))
    tx.execute(alarm_reader.delete().where(alarm_reader.c.circle_id == which, alarm_reader.c.alarm_id.in_(over)))
    tx.execute(ask.delete().where(ask.c.circle_id == which, ask.c.asker_id == who))
    tx.execute(newcomer.delete().where(newcomer.c.circle_id == which, newcomer.c.inviter_id == who))
    tx.execute(invite.delete().where(invite.c.circle_id == which, invite.c.inviter_id == who))
    outbox.withdraw_from(tx, which, who)
    trustees.part(tx, who)
    codes.leave(tx, which, who)
    if tx.execute(sa.select(membership.c.person_id).where(membership.c.circle_id == which).limit(1)).first() is None:
        relatives.erase_of(tx, which)
        tx.execute(circle.delete().where(circle.c.id == which))


def _read_elsewhere(tx: Tx, which: int, who: int) -> None:
    """Calls that somebody reads in a circle they leave: read on in another circle that was called, or no more."""
    mine = (alarm_reader.c.circle_id == which) & (alarm_reader.c.person_id == who)
    for called in tx.execute(sa.select(alarm_reader.c.alarm_id).where(mine)).scalars().all():
        other = tx.execute(
            sa.select(telling.c.circle_id)
            .join(alarm, alarm.c.news_id == telling.c.news_id)
            .join(membership, membership.c.circle_id == telling.c.circle_id)
            .where(alarm.c.id == called, membership.c.person_id == who)
            .limit(1)
        ).scalar()
        if other is None:
            other = tx.execute(_shared_in_silence(called, who)).scalar()
        this = mine & (alarm_reader.c.alarm_id == called)
        if other is None:
            tx.execute(alarm_reader.delete().where(this))
        else:
            tx.execute(alarm_reader.update().where(this).values(circle_id=other))


def _shared_in_silence(called: int, who: int) -> sa.Select[tuple[int]]:
    """A circle in which somebody still is with the person whose deadline raised this alarm (which has no news)."""
    theirs = membership.alias()
    return (
        sa.select(membership.c.circle_id)
        .join(theirs, theirs.c.circle_id == membership.c.circle_id)
        .join(alarm, alarm.c.person_id == theirs.c.person_id)
        .where(alarm.c.id == called, alarm.c.news_id.is_(None), membership.c.person_id == who)
        .limit(1)
    )


def cancel_invites(tx: Tx, which: int) -> None:
    """No invitation to this circle works any more: somebody was removed who may hold one."""
    tx.execute(invite.delete().where(invite.c.circle_id == which))


def rename(tx: Tx, which: int, name: str) -> None:
    """Give a circle another name."""
    tx.execute(circle.update().where(circle.c.id == which).values(name=name))


def hand_over(tx: Tx, which: int, to: int) -> None:
    """Let another member keep the circle."""
    tx.execute(circle.update().where(circle.c.id == which).values(keeper_id=to))


def set_telling(tx: Tx, which: int, who: int, *, tells: bool) -> None:
    """Choose whether a circle hears a person's news."""
    mine = (membership.c.circle_id == which) & (membership.c.person_id == who)
    tx.execute(membership.update().where(mine).values(tells=int(tells)))


# -- invitations ---------------------------------------------------------------------------------------------------


def invite_to(  # noqa: PLR0913 - an invitation has this many parts
    tx: Tx, which: int, inviter: int, *, code: str, uses: int, expires_at: datetime
) -> int:
    """Keep an invitation. Of its code only a blind index is stored. Its id."""
    new = tx.new_id()
    row = {"id": new, "code": code, "circle_id": which, "inviter_id": inviter}
    tx.execute(invite.insert(), {**row, "uses_left": uses, "expires_at": expires_at})
    return new


def take_back(tx: Tx, which: int, inviter: int) -> bool:
    """Cancel an invitation of this inviter; False if there is none such any more."""
    mine = (invite.c.id == which) & (invite.c.inviter_id == inviter)
    return tx.execute(invite.delete().where(mine)).rowcount == 1


def use_invite(tx: Tx, code: str, who: int, now: datetime, waits_until: datetime) -> Newcomer | None:
    """Use an invitation once: this person now waits for the inviter's word.

    None if no code like this is valid now; and, without using it up, if they are in that circle or wait there already.
    """
    row = tx.execute(
        sa.select(
            invite.c.id, invite.c.circle_id, invite.c.inviter_id, invite.c.uses_left, circle.c.name, person.c.name
        )
        .join(circle, invite.c.circle_id == circle.c.id)
        .join(person, person.c.id == who)
        .where(invite.c.code == code, invite.c.expires_at > now)
    ).first()
    new = None if row is None else _wait_at_door(tx, row.circle_id, who, row.inviter_id, now, waits_until)
    if row is None or new is None:
        return None
    if row.uses_left <= 1:
        tx.execute(invite.delete().where(invite.c.id == row.id))
    else:
        tx.execute(invite.update().where(invite.c.id == row.id).values(uses_left=row.uses_left - 1))
    return Newcomer(new, row.circle_id, row[4], who, row[5] or "", row.inviter_id)


_NEWCOMER = (
    sa.select(
        newcomer.c.id, newcomer.c.circle_id, circle.c.name, newcomer.c.person_id, person.c.name, newcomer.c.inviter_id
    )
    .join(circle, newcomer.c.circle_id == circle.c.id)
    .join(person, newcomer.c.person_id == person.c.id)
)


def _wait_at_door(  # noqa: PLR0913, PLR0917 - a newcomer has this many parts
    tx: Tx, which: int, who: int, inviter: int, now: datetime, expires_at: datetime
) -> int | None:
    """The newcomer's id; None if they are in the circle or wait already."""
    too_late = (newcomer.c.circle_id == which) & (newcomer.c.person_id == who) & (newcomer.c.expires_at <= now)
    tx.execute(newcomer.delete().where(too_late))
    inside = sa.select(membership.c.person_id).where(membership.c.circle_id == which, membership.c.person_id == who)
    if tx.execute(inside).first() is not None:
        return None
    new = tx.new_id()
    row = {"id": new, "circle_id": which, "person_id": who, "inviter_id": inviter, "expires_at": expires_at}
    done = tx.execute(tx.insert(newcomer).on_conflict_do_nothing(), row)
    return new if done.rowcount == 1 else None


def newcomer_of(tx: Tx, which: int, inviter: int, now: datetime) -> Newcomer | None:
    """A newcomer, if it is this inviter who decides and there is still time."""
    row = tx.execute(
        _NEWCOMER.where(newcomer.c.id == which, newcomer.c.inviter_id == inviter, newcomer.c.expires_at > now)
    ).first()
    return None if row is None else Newcomer(row[0], row[1], row[2], row[3], row[4] or "", row[5])


def decide(tx: Tx, one: Newcomer, *, let_in: bool) -> None:
    """Let a newcomer in, or not."""
    tx.execute(newcomer.delete().where(newcomer.c.id == one.id))
    if let_in:
        join(tx, one.circle, one.person, tells=False)  # until they have seen who is in it, and say so


_EXPIRE_INVITES = Prepared(invite.delete().where(invite.c.expires_at <= sa.bindparam("now")))
_EXPIRE_NEWCOMERS = Prepared(newcomer.delete().where(newcomer.c.expires_at <= sa.bindparam("now")))


def expire(tx: Tx, now: datetime) -> None:
    """Drop invitations and newcomers whose time is over."""
    tx.execute(_EXPIRE_INVITES, {"now": now})
    tx.execute(_EXPIRE_NEWCOMERS, {"now": now})
