"""Who holds which right, until when; and the codes by which somebody is named who shall get one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.roles import CANDIDACY_LIFE, LASTS, RENEWED_FROM, Held, Role
from storage import audit, proposals
from storage.database import Tx
from storage.prepared import ONE, Prepared
from storage.schema import candidacy, role

_COLUMNS = (role.c.id, role.c.person_id, role.c.given_at, role.c.expires_at)
_HELD = Prepared(
    sa.select(*_COLUMNS).where(
        role.c.person_id == sa.bindparam("who"),
        role.c.role == sa.bindparam("what"),
        role.c.expires_at > sa.bindparam("now"),
    )
)
_HOLDS_ANY = Prepared(
    sa.select(role.c.id).where(role.c.person_id == sa.bindparam("who"), role.c.expires_at > sa.bindparam("now"))
)


def _held(row: Any, what: Role) -> Held:
    return Held(row.id, row.person_id, what, row.given_at, row.expires_at)


def held(tx: Tx, who: int, what: Role, now: datetime) -> Held | None:
    """The right of this kind that a person holds now."""
    row = tx.execute(_HELD, {"who": who, "what": what.value, "now": now}).first()
    return None if row is None else _held(row, what)


def holds_any(tx: Tx, who: int, now: datetime) -> bool:
    """Whether a person holds any right now."""
    return tx.execute(_HOLDS_ANY, {"who": who, "now": now}).first() is not None


def of(tx: Tx, who: int, now: datetime) -> list[Held]:
    """Every right that a person holds now."""
    found = (held(tx, who, what, now) for what in Role)
    return [one for one in found if one is not None]


_HOLDERS = Prepared(
    sa.select(*_COLUMNS)
    .where(role.c.role == sa.bindparam("what"), role.c.expires_at > sa.bindparam("now"))
    .order_by(role.c.id)
)


def holders(tx: Tx, what: Role, now: datetime) -> list[Held]:
    """Everybody who holds a right of this kind now, in the order of their numbers."""
    return [_held(row, what) for row in tx.execute(_HOLDERS, {"what": what.value, "now": now})]


def by_number(tx: Tx, number: int, now: datetime) -> Held | None:
    """The right with this number, if it still counts."""
    return next((one for one in _every(tx, role.c.id == number) if one.lasts(now)), None)


def _every(tx: Tx, which: sa.ColumnElement[bool], values: dict[str, datetime] | None = None) -> list[Held]:
    """Rights of any kind. The kind can only be compared, so it is asked for one after the other."""
    return [
        _held(row, what)
        for what in Role
        for row in tx.execute(sa.select(*_COLUMNS).where(which, role.c.role == what.value).order_by(role.c.id), values)
    ]


def give(tx: Tx, who: int, what: Role, now: datetime) -> Held:
    """Give a person a right for a while, or again for a while if they hold it."""
    values = {"given_at": now, "expires_at": now + LASTS, "asked_at": None}
    insert = tx.insert(role).values(person_id=who, role=what.value, **values)
    row = tx.execute(
        insert.on_conflict_do_update(index_elements=["person_id", "role"], set_=values).returning(*_COLUMNS)
    ).one()
    return _held(row, what)


def renew(tx: Tx, one: Held, now: datetime) -> Held:
    """Let a right last longer, from now on."""
    return give(tx, one.person, one.role, now)


def take(tx: Tx, one: Held) -> None:
    """End a right at once, with what its holder has proposed by it."""
    tx.execute(role.delete().where(role.c.id == one.number))
    proposals.drop_of(tx, one.person, one.role)


def take_all(tx: Tx, who: int, now: datetime) -> list[Held]:
    """End every right of a person. Those that they held."""
    ended = of(tx, who, now)
    for one in ended:
        take(tx, one)
    return ended


_ENDING = (
    role.c.asked_at.is_(None) & (role.c.expires_at > sa.bindparam("now")) & (role.c.expires_at <= sa.bindparam("soon"))
)
_ANY_ENDING = Prepared(sa.select(role.c.id).where(_ENDING).limit(ONE))


def ending(tx: Tx, now: datetime) -> list[Held]:
    """The rights that end soon and whose holders have not been asked yet. They count as asked from now on."""
    values = {"now": now, "soon": now + RENEWED_FROM}
    found = _every(tx, _ENDING, values) if tx.execute(_ANY_ENDING, values).first() else []
    for one in found:
        tx.execute(role.update().where(role.c.id == one.number).values(asked_at=now))
    return found


_OVER = role.c.expires_at <= sa.bindparam("now")
_ANY_OVER = Prepared(sa.select(role.c.id).where(_OVER).limit(ONE))


def lapsed(tx: Tx, now: datetime) -> list[Held]:
    """End the rights whose time is over. Those that were ended."""
    found = _every(tx, _OVER, {"now": now}) if tx.execute(_ANY_OVER, {"now": now}).first() else []
    for one in found:
        take(tx, one)
        audit.note(tx, None, f"lapsed: {one.role.value} {one.number}", now, about=one.person)
    return found


def had(tx: Tx, who: int, what: Role, since: datetime) -> bool:
    """Whether a right of somebody was taken or has lapsed since then."""
    return any(
        one.deed.startswith((f"taken: {what.value} ", f"lapsed: {what.value} ")) for one in audit.about(tx, who, since)
    )


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one: of two rights of one kind the one that lasts longer stays."""
    mine = {one.role: one for one in _every(tx, role.c.person_id == kept)}
    for one in _every(tx, role.c.person_id == gone):
        own = mine.get(one.role)
        if own is not None:
            shorter = min(own, one, key=lambda held_one: held_one.expires_at)
            tx.execute(role.delete().where(role.c.id == shorter.number))
    tx.execute(role.update().where(role.c.person_id == gone).values(person_id=kept))
    tx.execute(candidacy.delete().where(candidacy.c.person_id == gone))


# -- candidates ----------------------------------------------------------------------------------------------------


def stand(tx: Tx, who: int, code: str, now: datetime) -> None:
    """Keep a code in place of an older one of this person. Only a blind index of it is stored."""
    tx.execute(candidacy.delete().where(candidacy.c.person_id == who))
    tx.execute(candidacy.insert(), {"person_id": who, "code": code, "expires_at": now + CANDIDACY_LIFE})


def candidate(tx: Tx, code: str, now: datetime) -> int | None:
    """Use a code once: the person who made it; None if there is none such now."""
    used = candidacy.delete().where(candidacy.c.code == code, candidacy.c.expires_at > now)
    who: int | None = tx.execute(used.returning(candidacy.c.person_id)).scalar()
    return who


_EXPIRE = Prepared(candidacy.delete().where(candidacy.c.expires_at <= sa.bindparam("now")))


def expire(tx: Tx, now: datetime) -> None:
    """Drop codes whose time is over."""
    tx.execute(_EXPIRE, {"now": now})
