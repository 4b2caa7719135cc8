"""Slow work: noted by a handler, done outside any transaction, and its result written in another one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from storage.database import Tx
from storage.prepared import ONE, Prepared
from storage.schema import job, person

KEPT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of slow work: for whom, asked for at which address, of which kind, and what was said."""

    id: int
    person: int
    address: int
    kind: str
    body: str
    language: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """What slow work on a card has found: the slow hash of its words, and the drawn card if it was made."""

    hashed: str
    drawn: bytes = b""


_NEXT = Prepared(
    sa.select(job.c.id, job.c.person_id, job.c.address_id, job.c.kind, job.c.body, person.c.language, job.c.at)
    .join(person, job.c.person_id == person.c.id)
    .order_by(job.c.id)
    .limit(ONE)
)


def put(tx: Tx, who: int, where: int, kind: str, body: str, now: datetime) -> None:  # noqa: PLR0913, PLR0917 - its columns
    """Note slow work. It is begun after the commit."""
    tx.execute(job.insert(), {"person_id": who, "address_id": where, "kind": kind, "body": body, "at": now})
    tx.posted = True


def of(tx: Tx, who: int) -> list[Job]:
    """What is still to be done for a person."""
    query = sa.select(job, person.c.language).join(person, job.c.person_id == person.c.id).where(job.c.person_id == who)
    return [
        Job(row.id, who, row.address_id, row.kind, row.body, row.language or "", row.at)
        for row in tx.execute(query.order_by(job.c.id))
    ]


def first(tx: Tx) -> Job | None:
    """The oldest work that is not done yet."""
    row = tx.execute(_NEXT).first()
    return None if row is None else Job(row[0], row[1], row[2], row[3], row[4], row[5] or "", row[6])


def done(tx: Tx, which: int) -> bool:
    """Take work off the list; False if it is not there any more: then its result is nobody's."""
    return tx.execute(job.delete().where(job.c.id == which)).rowcount == 1


def expire(tx: Tx, now: datetime) -> None:
    """Drop what nobody waits for any more."""
    tx.execute(job.delete().where(job.c.at < now - KEPT))
