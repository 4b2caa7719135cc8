"""Several addresses of one person: codes that link them, which one news goes to, and parting again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.domain.link import CODE_LIFE, SHOWN, UNSEEN
from storage import knocks, outbox
from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import address, link


@dataclass(frozen=True, slots=True)
class Claim:
    """A code that was typed: by whom, from which platform, when; and who made it, where."""

    id: int
    maker: int
    made_at: int  # the address
    claimant: int
    claimed_from: int  # the address
    platform: str
    claimed_at: datetime


def make(tx: Tx, who: int, where: int, code: str, now: datetime) -> int:
    """Keep a code in place of an older one of this person. Only a blind index of it is stored. Its id."""
    tx.execute(link.delete().where(link.c.person_id == who))
    new = tx.new_id()
    row = {"id": new, "person_id": who, "address_id": where, "code": code, "expires_at": now + CODE_LIFE}
    tx.execute(link.insert(), row)
    return new


def claim(tx: Tx, code: str, who: int, where: int, now: datetime) -> Claim | None:
    """Use a code once, from this address; None if there is no such code now, or it is the person's own."""
    fits = (link.c.code == code) & (link.c.expires_at > now) & link.c.claimant_id.is_(None) & (link.c.person_id != who)
    used = link.update().where(fits).values(claimant_id=where, claimed_at=now, expires_at=now + CODE_LIFE)
    which = tx.execute(used.returning(link.c.id)).scalar()
    return None if which is None else _claim(tx, which)


def claimed(tx: Tx, which: int, who: int, where: int, now: datetime) -> Claim | None:
    """A code that was typed, if this person made it at this address and there is still time to confirm it."""
    mine = (link.c.person_id == who) & (link.c.address_id == where) & (link.c.expires_at > now)
    row = tx.execute(sa.select(link.c.id).where(mine, link.c.id == which)).first()
    return None if row is None else _claim(tx, row.id)


def _claim(tx: Tx, which: int) -> Claim | None:
    query = (
        sa.select(
            link.c.id,
            link.c.person_id,
            link.c.address_id,
            address.c.person_id.label("claimant"),
            link.c.claimant_id,
            address.c.platform,
            link.c.claimed_at,
        )
        .join(address, link.c.claimant_id == address.c.id)
        .where(link.c.id == which, address.c.person_id.is_not(None), address.c.person_id != link.c.person_id)
    )
    row = tx.execute(query).first()
    return None if row is None else Claim(*row)


def drop(tx: Tx, which: int) -> None:
    """A code was confirmed or refused."""
    tx.execute(link.delete().where(link.c.id == which))


def begin(tx: Tx, addresses: list[int], now: datetime) -> None:
    """These addresses are linked now: for a while no circle news is shown there."""
    values = {"linked_at": now, "sees_at": now + UNSEEN, "preferred": 0}
    tx.execute(address.update().where(address.c.id.in_(addresses)).values(**values))


def prefer(tx: Tx, who: int, where: int) -> None:
    """News goes to this address of a person first."""
    mine = address.c.person_id == who
    tx.execute(address.update().where(mine).values(preferred=sa.case((address.c.id == where, 1), else_=0)))


def part(tx: Tx, who: int, where: int, now: datetime) -> None:
    """An address is no longer this person's: what waits for them there goes to another one, its chat is cleaned.

    `people.expire` erases the address once the farewell has left.
    """
    knocks.parts(tx, who, where)
    mine = (address.c.id == where) & (address.c.person_id == who)
    values = {"person_id": None, "preferred": 0, "linked_at": None, "sees_at": None}
    tx.execute(address.update().where(mine).values(**values))
    outbox.leave(tx, where, now)
    outbox.clean_chat(tx, where, now)
    tx.execute(link.delete().where((link.c.address_id == where) | (link.c.claimant_id == where)))


_EXPIRE = Prepared(link.delete().where(link.c.expires_at <= sa.bindparam("now")))
_LET_SEE = Prepared(
    address.update().where(address.c.sees_at <= sa.bindparam("now")).values(sees_at=None).returning(address.c.person_id)
)
_LINKED_LONG = Prepared(address.update().where(address.c.linked_at <= sa.bindparam("before")).values(linked_at=None))


def expire(tx: Tx, now: datetime) -> None:
    """Drop codes whose time is over, and let addresses that were linked a while ago be like any other."""
    tx.execute(_EXPIRE, {"now": now})
    for who in set(tx.execute(_LET_SEE, {"now": now}).scalars()):
        if who is not None:
            outbox.revive(tx, who, now)  # a call for help that found no other way
    tx.execute(_LINKED_LONG, {"before": now - SHOWN})
