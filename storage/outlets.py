"""Groups and rooms where bulletins are posted: registered by a code that a moderator posts there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from bot.domain.bulletin import Bulletin, Topic
from storage.database import Tx
from storage.outbox import State as LetterState
from storage.prepared import Prepared
from storage.readers import bits, concerned, topics_in
from storage.schema import address, letter, outlet, posting

CODE_LIFE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Outlet:
    """One of them. `address` is ours of the group; "" as a place is everywhere, no topics are all."""

    id: int
    address: int
    platform: str
    language: str
    place: str
    topics: frozenset[Topic]

    def takes(self, one: Bulletin) -> bool:
        """Whether a bulletin is posted there."""
        about = not self.topics or one.topic in self.topics
        return bool(self.language) and about and (not one.place or self.place in concerned(one.place))


def _outlet(row: Any) -> Outlet:
    return Outlet(row.id, row.address_id, row.platform, row.language, row.place, topics_in(row.topics))


_KNOWN = sa.select(outlet, address.c.platform).join(address, outlet.c.address_id == address.c.id)


def make(tx: Tx, code: str, by: int, now: datetime) -> None:
    """Keep a code that is to be posted in a group, once, in place of an older one of this moderator."""
    tx.execute(outlet.delete().where(outlet.c.by_id == by, outlet.c.address_id.is_(None)))
    row = {"id": tx.new_id(), "code": code, "by_id": by, "expires_at": now + CODE_LIFE}
    tx.execute(outlet.insert(), row)


def maker(tx: Tx, code: str, now: datetime) -> int | None:
    """Who made a code that can be posted now; None if it is no such code."""
    mine = (outlet.c.code == code) & (outlet.c.expires_at > now) & outlet.c.address_id.is_(None)
    by: int | None = tx.execute(sa.select(outlet.c.by_id).where(mine)).scalar()
    return by


def posted(tx: Tx, code: str, where: int) -> bool:
    """A code was posted in a group, which is an outlet from now on. The code is used up. False if it was one before."""
    if tx.execute(sa.select(outlet.c.id).where(outlet.c.address_id == where)).first() is not None:
        tx.execute(outlet.delete().where(outlet.c.code == code))
        return False
    values = {"address_id": where, "code": None, "expires_at": None}
    tx.execute(outlet.update().where(outlet.c.code == code).values(**values))
    return True


def every(tx: Tx) -> list[Outlet]:
    """All that are registered, the oldest first."""
    return [_outlet(row) for row in tx.execute(_KNOWN.order_by(outlet.c.address_id))]


def find(tx: Tx, which: int) -> Outlet | None:
    """One of them."""
    row = tx.execute(_KNOWN.where(outlet.c.id == which)).first()
    return None if row is None else _outlet(row)


def change(tx: Tx, which: int, **values: Any) -> None:
    """Set language, place or topics of one."""
    if "topics" in values:
        values["topics"] = bits(values["topics"])
    tx.execute(outlet.update().where(outlet.c.id == which).values(**values))


def remove(tx: Tx, which: int) -> None:
    """Nothing more is posted there."""
    tx.execute(outlet.delete().where(outlet.c.id == which))


_EXPIRE = Prepared(outlet.delete().where(outlet.c.expires_at <= sa.bindparam("now")))


def expire(tx: Tx, now: datetime) -> None:
    """Drop codes that nobody has posted in time."""
    tx.execute(_EXPIRE, {"now": now})


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one."""
    tx.execute(outlet.update().where(outlet.c.by_id == gone).values(by_id=kept))


# -- what was posted -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Posting:
    """One bulletin in one outlet. `waits`: its letter has not left yet."""

    number: int
    outlet: int
    address: int
    letter: int
    language: str
    waits: bool
    failed: bool


def note(tx: Tx, number: int, which: int, by: int, language: str) -> None:
    """A bulletin was given to the outbox for an outlet, by this letter."""
    values = {"letter": by, "language": language}
    insert = tx.insert(posting).values(number=number, outlet_id=which, **values)
    tx.execute(insert.on_conflict_do_update(index_elements=["number", "outlet_id"], set_=values))


def postings(tx: Tx, numbers: Sequence[int]) -> list[Posting]:
    """Where these bulletins were posted."""
    query = (
        sa.select(posting, outlet.c.address_id, letter.c.state, letter.c.again)
        .select_from(posting.join(outlet).outerjoin(letter, posting.c.letter == letter.c.id))
        .where(posting.c.number.in_(list(numbers)))
        .order_by(posting.c.outlet_id, posting.c.number)
    )
    failed = {LetterState.UNREACHABLE.value, LetterState.REFUSED.value, LetterState.EXPIRED.value}
    return [
        Posting(
            row.number,
            row.outlet_id,
            row.address_id,
            row.letter,
            row.language,
            row.state == LetterState.WAITING.value and not row.again,
            row.state in failed,
        )
        for row in tx.execute(query)
    ]


def take_back(tx: Tx, found: Sequence[Posting], now: datetime) -> None:
    """Let the letters of these postings end unsent."""
    ids = [one.letter for one in found]
    values = {"state": LetterState.EXPIRED.value, "body": "", "ended_at": now}
    tx.execute(
        letter.update().where(letter.c.id.in_(ids), letter.c.state == LetterState.WAITING.value).values(**values)
    )
