"""Slow work: noted by a handler, done outside any transaction, and its result written in another one."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from storage.database import Tx
from storage.prepared import ONE, Prepared
from storage.schema import Instant, job, person

KEPT = timedelta(hours=1)
FILE = "file"  # the kind of work that is not done in a thread: somebody's file is fetched and looked at


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


@dataclass(frozen=True, slots=True)
class File:
    """A file that a person wants looked at: where it lies, since when they wait, and how often it was tried in vain."""

    job: int
    person: int
    address: int
    platform: str
    bot: str
    reference: str
    since: datetime
    tries: int = 0


_NEXT = Prepared(
    sa.select(job.c.id, job.c.person_id, job.c.address_id, job.c.kind, job.c.body, person.c.language, job.c.at)
    .join(person, job.c.person_id == person.c.id)
    .where(job.c.kind != FILE)
    .order_by(job.c.id)
    .limit(ONE)
)


def put(tx: Tx, who: int, where: int, kind: str, body: str, now: datetime) -> None:  # noqa: PLR0913, PLR0917 - its columns
    """Note slow work. It is begun after the commit."""
    tx.execute(job.insert(), {"person_id": who, "address_id": where, "kind": kind, "body": body, "at": now})
    tx.posted = True


_OF = Prepared(
    sa.select(job, person.c.language)
    .join(person, job.c.person_id == person.c.id)
    .where(job.c.person_id == sa.bindparam("who"))
    .order_by(job.c.id)
)


def of(tx: Tx, who: int) -> list[Job]:
    """What is still to be done for a person."""
    return [
        Job(row.id, who, row.address_id, row.kind, row.body, row.language or "", row.at)
        for row in tx.execute(_OF, {"who": who})
    ]


def first(tx: Tx) -> Job | None:
    """The oldest work that is not done yet."""
    row = tx.execute(_NEXT).first()
    return None if row is None else Job(row[0], row[1], row[2], row[3], row[4], row[5] or "", row[6])


def put_file(tx: Tx, one: File, due: datetime) -> None:
    """Note a file that is to be fetched and looked at."""
    put(tx, one.person, one.address, FILE, _packed(one), due)


def later(tx: Tx, one: File, due: datetime) -> None:
    """A file could not be fetched: it is tried again then."""
    again = replace(one, tries=one.tries + 1)
    tx.execute(job.update().where(job.c.id == one.job).values(body=_packed(again), at=due))


def _packed(one: File) -> str:
    body = [one.platform, one.bot, one.reference, one.since.timestamp(), one.tries]
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


_FILE = Prepared(
    sa.select(job.c.id, job.c.person_id, job.c.address_id, job.c.body)
    .where(job.c.kind == FILE, job.c.at <= sa.bindparam("now", type_=Instant()))
    .order_by(job.c.at, job.c.id)
    .limit(ONE)
)


def next_file(tx: Tx, now: datetime) -> File | None:
    """The file that has waited longest to be looked at, if one is due."""
    row = tx.execute(_FILE, {"now": now}).first()
    if row is None:
        return None
    platform, bot, reference, since, tries = json.loads(row[3])
    return File(row[0], row[1], row[2], platform, bot, reference, datetime.fromtimestamp(since, UTC), tries)


def done(tx: Tx, which: int) -> bool:
    """Take work off the list; False if it is not there any more: then its result is nobody's."""
    return tx.execute(job.delete().where(job.c.id == which)).rowcount == 1


_EXPIRE = Prepared(job.delete().where(job.c.at < sa.bindparam("before")))


def expire(tx: Tx, now: datetime) -> None:
    """Drop what nobody waits for any more."""
    tx.execute(_EXPIRE, {"before": now - KEPT})
