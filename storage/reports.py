"""Reports on many people: which news came from which, and the lines that wait for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import report, report_line

LIFE = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line that is not clear yet. `body` is what whoever keeps it has written of it."""

    id: int
    report: int
    number: int
    body: str


@dataclass(frozen=True, slots=True)
class Told:
    """A line that was told: with its news, or with the word that is told with more care."""

    id: int
    report: int
    number: int
    news: int | None
    word: int | None


def begin(tx: Tx, who: int, now: datetime) -> int:
    """A new report of this person. Its id."""
    new = tx.new_id()
    tx.execute(report.insert(), {"id": new, "person_id": who, "expires_at": now + LIFE})
    return new


def is_of(tx: Tx, which: int, who: int, now: datetime) -> bool:
    """Whether a report is this person's and not over."""
    query = sa.select(report.c.id).where(report.c.id == which, report.c.person_id == who, report.c.expires_at > now)
    return tx.execute(query).first() is not None


def wait(tx: Tx, which: int, number: int, body: str) -> int:
    """Keep a line that is not clear. Its id."""
    new = tx.new_id()
    tx.execute(report_line.insert(), {"id": new, "report_id": which, "number": number, "body": body})
    return new


def tell(tx: Tx, which: int, number: int, *, news: int | None = None, word: int | None = None) -> None:
    """Note that a line was told, with the id of what it became."""
    row = {"id": tx.new_id(), "report_id": which, "number": number, "news_id": news, "hard_word_id": word}
    tx.execute(report_line.insert(), row)


def change(tx: Tx, line: int, body: str) -> None:
    """Keep what is clear now of a line."""
    tx.execute(report_line.update().where(report_line.c.id == line).values(body=body))


def drop(tx: Tx, line: int) -> None:
    """A line waits no longer, or was taken back."""
    tx.execute(report_line.delete().where(report_line.c.id == line))


def drop_of(tx: Tx, line: int, who: int) -> None:
    """The same, if the line is this person's."""
    mine = sa.select(report.c.id).where(report.c.person_id == who)
    tx.execute(report_line.delete().where(report_line.c.id == line, report_line.c.report_id.in_(mine)))


_WAITS = report_line.c.news_id.is_(None) & report_line.c.hard_word_id.is_(None)
_MINE = (
    sa.select(
        report_line.c.id,
        report_line.c.report_id,
        report_line.c.number,
        report_line.c.body,
        report_line.c.news_id,
        report_line.c.hard_word_id,
    )
    .join(report, report_line.c.report_id == report.c.id)
    .where(report.c.person_id == sa.bindparam("who"), report.c.expires_at > sa.bindparam("now"))
    .order_by(report.c.expires_at, report_line.c.number, report_line.c.id)
)
_WAITING = Prepared(_MINE.where(_WAITS))
_COUNT = Prepared(
    sa.select(sa.func.count())
    .select_from(report_line.join(report, report_line.c.report_id == report.c.id))
    .where(
        report.c.person_id == sa.bindparam("who"),
        report.c.expires_at > sa.bindparam("now"),
        _WAITS,
    )
)


def waiting(tx: Tx, who: int, now: datetime) -> list[Waiting]:
    """The lines that wait for this person's answer, the oldest report first."""
    rows = tx.execute(_WAITING, {"who": who, "now": now})
    return [Waiting(row.id, row.report_id, row.number, row.body) for row in rows]


def how_many_wait(tx: Tx, who: int, now: datetime) -> int:
    """The number of those lines."""
    count: int = tx.execute(_COUNT, {"who": who, "now": now}).scalar_one()
    return count


def told(tx: Tx, which: int, who: int, now: datetime) -> list[Told]:
    """The lines of a report that were told, if it is this person's."""
    mine = _MINE.where(report.c.id == which, ~_WAITS)
    rows = tx.execute(mine, {"who": who, "now": now})
    return [Told(row.id, row.report_id, row.number, row.news_id, row.hard_word_id) for row in rows]


def told_line(tx: Tx, line: int, who: int, now: datetime) -> Told | None:
    """A line that was told, if it is this person's."""
    mine = _MINE.where(report_line.c.id == line, ~_WAITS)
    row = tx.execute(mine, {"who": who, "now": now}).first()
    return None if row is None else Told(row.id, row.report_id, row.number, row.news_id, row.hard_word_id)


def erase(tx: Tx, which: int) -> None:
    """Drop a report with its lines; the news stay."""
    tx.execute(report.delete().where(report.c.id == which))


_EXPIRE = Prepared(report.delete().where(report.c.expires_at <= sa.bindparam("now")))


def expire(tx: Tx, now: datetime) -> None:
    """Drop those whose time is over."""
    tx.execute(_EXPIRE, {"now": now})
