"""Cards for those who lose an account: kept as a slow hash only, and what becomes of somebody who uses one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from bot.domain.card import ASKED_FOR, DELAY
from storage.crypto import Keys
from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import address, card, comeback

MAKE, LOOK = "card.make", "card.look"  # kinds of slow work
COST = 1 << 15  # scrypt's n: with r=8 about 32 MiB and a tenth of a second for each guess


@dataclass(frozen=True, slots=True)
class Comeback:
    """Somebody wants to go on as `person` from a new address; `confirmed_at` is when a member said yes."""

    id: int
    person: int
    address: int
    newcomer: int
    platform: str
    asked_at: datetime
    confirmed_at: datetime | None
    due_at: datetime


def salt_of(tx: Tx) -> bytes:
    """The community's own salt: equal words meet in the index, and without the key no guess can be tried."""
    keys: Keys = tx.connection.dialect.payvand_keys  # type: ignore[attr-defined]
    return keys.derive("card/salt")


def slowly(words: str, salt: bytes) -> str:
    """The slow hash of a card's words. Takes about a tenth of a second: never inside a transaction."""
    return Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(hashlib.sha256(words.encode()).digest()).hex()


def keep(tx: Tx, who: int, hashed: str, now: datetime) -> None:
    """A person's card: an older one no longer works."""
    drop(tx, who)
    tx.execute(card.insert(), {"person_id": who, "words": hashed, "made_at": now})


def made_at(tx: Tx, who: int) -> datetime | None:
    """When the person's card was made, if there is one."""
    at: datetime | None = tx.execute(sa.select(card.c.made_at).where(card.c.person_id == who)).scalar()
    return at


def drop(tx: Tx, who: int) -> None:
    """A person's card no longer works."""
    tx.execute(card.delete().where(card.c.person_id == who))


def owner(tx: Tx, hashed: str) -> int | None:
    """Whose card has these words."""
    who: int | None = tx.execute(sa.select(card.c.person_id).where(card.c.words == hashed)).scalar()
    return who


# -- coming back ---------------------------------------------------------------------------------------------------

_COMEBACK = sa.select(
    comeback.c.id,
    comeback.c.person_id,
    comeback.c.address_id,
    address.c.person_id.label("newcomer"),
    address.c.platform,
    comeback.c.asked_at,
    comeback.c.confirmed_at,
    comeback.c.due_at,
).join(address, comeback.c.address_id == address.c.id)


def ask(tx: Tx, who: int, where: int, now: datetime) -> Comeback | None:
    """Note that somebody at this address typed the words of a person's card.

    The newest try counts, unless a member has confirmed one already: then None.
    """
    confirmed = (comeback.c.person_id == who) & comeback.c.confirmed_at.is_not(None)
    if tx.execute(sa.select(comeback.c.id).where(confirmed)).first() is not None:
        return None
    tx.execute(comeback.delete().where((comeback.c.person_id == who) | (comeback.c.address_id == where)))
    new = tx.new_id()
    row = {"id": new, "person_id": who, "address_id": where, "asked_at": now, "due_at": now + ASKED_FOR}
    tx.execute(comeback.insert(), row)
    return by_id(tx, new)


def by_id(tx: Tx, which: int) -> Comeback | None:
    """A comeback that is not over."""
    row = tx.execute(_COMEBACK.where(comeback.c.id == which, address.c.person_id.is_not(None))).first()
    return None if row is None else Comeback(*row)


def of(tx: Tx, who: int) -> Comeback | None:
    """The comeback by which somebody wants to go on as this person."""
    row = tx.execute(_COMEBACK.where(comeback.c.person_id == who, address.c.person_id.is_not(None))).first()
    return None if row is None else Comeback(*row)


def confirm(tx: Tx, which: int, now: datetime) -> bool:
    """A member said yes; False if one did before."""
    open_ = (comeback.c.id == which) & comeback.c.confirmed_at.is_(None)
    return tx.execute(comeback.update().where(open_).values(confirmed_at=now, due_at=now + DELAY)).rowcount == 1


def stop(tx: Tx, which: int) -> None:
    """A comeback is over."""
    tx.execute(comeback.delete().where(comeback.c.id == which))


_DUE = Prepared(
    _COMEBACK.where(
        comeback.c.confirmed_at.is_not(None),
        comeback.c.due_at <= sa.bindparam("now"),
        address.c.person_id.is_not(None),
    ).order_by(comeback.c.id)
)


def due(tx: Tx, now: datetime) -> list[Comeback]:
    """Comebacks that were confirmed and whose delay is over."""
    return [Comeback(*row) for row in tx.execute(_DUE, {"now": now})]


_EXPIRE = Prepared(
    comeback.delete().where(
        ((comeback.c.due_at <= sa.bindparam("now")) & comeback.c.confirmed_at.is_(None))
        | (comeback.c.due_at <= sa.bindparam("before"))
    )
)


def expire(tx: Tx, now: datetime) -> None:
    """Drop comebacks that nobody confirmed in time, and those that can't be done (two accounts call for help)."""
    tx.execute(_EXPIRE, {"now": now, "before": now - ASKED_FOR})
