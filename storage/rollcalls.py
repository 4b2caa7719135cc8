"""Roll-calls: which news came from which, and the lines that wait for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import rollcall, rollcall_line

LIFE = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line that is not clear yet. `body` is what whoever keeps it has written of it."""

    id: int
    rollcall: int
    number: int
    body: str


@dataclass(frozen=True, slots=True)
class Told:
    """A line that was told, with its news."""

    id: int
    rollcall: int
    number: int
    news: int


def begin(tx: Tx, who: int, now: datetime) -> int:
    """A new roll-call of this person. Its id."""
    new = tx.new_id()
    tx.execute(rollcall.insert(), {"id": new, "person_id": who, "expires_at": now + LIFE})
    return new


def is_of(tx: Tx, which: int, who: int, now: datetime) -> bool:
    """Whether a roll-call is this person's and not over."""
    query = sa.select(rollcall.c.id).where(
        rollcall.c.id == which, rollcall.c.person_id == who, rollcall.c.expires_at > now
    )
    return tx.execute(query).first() is not None


def wait(tx: Tx, which: int, number: int, body: str) -> int:
    """Keep a line that is not clear. Its id."""
    new = tx.new_id()
    tx.execute(rollcall_line.insert(), {"id": new, "rollcall_id": which, "number": number, "body": body})
    return new


def tell(tx: Tx, which: int, number: int, news: int) -> None:
    """Note that a line was told."""
    row = {"id": tx.new_id(), "rollcall_id": which, "number": number, "news_id": news}
    tx.execute(rollcall_line.insert(), row)


def change(tx: Tx, line: int, body: str) -> None:
    """Keep what is clear now of a line."""
    tx.execute(rollcall_line.update().where(rollcall_line.c.id == line).values(body=body))


def drop(tx: Tx, line: int) -> None:
    """A line waits no longer, or was taken back."""
    tx.execute(rollcall_line.delete().where(rollcall_line.c.id == line))


def drop_of(tx: Tx, line: int, who: int) -> None:
    """The same, if the line is this person's."""
    mine = sa.select(rollcall.c.id).where(rollcall.c.person_id == who)
    tx.execute(rollcall_line.delete().where(rollcall_line.c.id == line, rollcall_line.c.rollcall_id.in_(mine)))


_MINE = (
    sa.select(
        rollcall_line.c.id,
        rollcall_line.c.rollcall_id,
        rollcall_line.c.number,
        rollcall_line.c.body,
        rollcall_line.c.news_id,
    )
    .join(rollcall, rollcall_line.c.rollcall_id == rollcall.c.id)
    .where(rollcall.c.person_id == sa.bindparam("who"), rollcall.c.expires_at > sa.bindparam("now"))
    .order_by(rollcall.c.expires_at, rollcall_line.c.number, rollcall_line.c.id)
)
_WAITING = Prepared(_MINE.where(rollcall_line.c.news_id.is_(None)))
_COUNT = Prepared(
    sa.select(sa.func.count())
    .select_from(rollcall_line.join(rollcall, rollcall_line.c.rollcall_id == rollcall.c.id))
    .where(
        rollcall.c.person_id == sa.bindparam("who"),
        rollcall.c.expires_at > sa.bindparam("now"),
        rollcall_line.c.news_id.is_(None),
    )
)


def waiting(tx: Tx, who: int, now: datetime) -> list[Waiting]:
    """The lines that wait for this person's answer, the oldest roll-call first."""
    rows = tx.execute(_WAITING, {"who": who, "now": now})
    return [Waiting(row.id, row.rollcall_id, row.number, row.body) for row in rows]


def how_many_wait(tx: Tx, who: int, now: datetime) -> int:
    """The number of those lines."""
    count: int = tx.execute(_COUNT, {"who": who, "now": now}).scalar_one()
    return count


def told(tx: Tx, which: int, who: int, now: datetime) -> list[Told]:
    """The lines of a roll-call that were told, if it is this person's."""
    mine = _MINE.where(rollcall.c.id == which, rollcall_line.c.news_id.is_not(None))
    rows = tx.execute(mine, {"who": who, "now": now})
    return [Told(row.id, row.rollcall_id, row.number, row.news_id) for row in rows]


def told_line(tx: Tx, line: int, who: int, now: datetime) -> Told | None:
    """A line that was told, if it is this person's."""
    mine = _MINE.where(rollcall_line.c.id == line, rollcall_line.c.news_id.is_not(None))
    row = tx.execute(mine, {"who": who, "now": now}).first()
    return None if row is None else Told(row.id, row.rollcall_id, row.number, row.news_id)


def erase(tx: Tx, which: int) -> None:
    """Drop a roll-call with its lines; the news stay."""
    tx.execute(rollcall.delete().where(rollcall.c.id == which))


def expire(tx: Tx, now: datetime) -> None:
    """Drop those whose time is over."""
    tx.execute(rollcall.delete().where(rollcall.c.expires_at <= now))
