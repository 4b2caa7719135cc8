"""What was done with rights: who, what, about whom, when. Numbers of people only; kept for a year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import audit

KEPT = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was done. `person` is None if it was the operator's command, or they are forgotten."""

    person: int | None
    about: int | None
    deed: str
    at: datetime


def note(tx: Tx, who: int | None, deed: str, now: datetime, *, about: int | None = None) -> None:
    """Write down a deed: a few plain words of the program's own, never of a person's."""
    tx.execute(audit.insert(), {"person_id": who, "about_id": about, "deed": deed, "at": now})


def latest(tx: Tx, most: int) -> list[Deed]:
    """What was done last, the newest first."""
    query = sa.select(audit).order_by(audit.c.id.desc()).limit(most)
    return [Deed(row.person_id, row.about_id, row.deed, row.at) for row in tx.execute(query)]


def about(tx: Tx, who: int, since: datetime) -> list[Deed]:
    """What was done that concerns a person, since then."""
    query = sa.select(audit).where(audit.c.about_id == who, audit.c.at >= since).order_by(audit.c.id)
    return [Deed(row.person_id, row.about_id, row.deed, row.at) for row in tx.execute(query)]


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one."""
    tx.execute(audit.update().where(audit.c.person_id == gone).values(person_id=kept))
    tx.execute(audit.update().where(audit.c.about_id == gone).values(about_id=kept))


_EXPIRE = Prepared(audit.delete().where(audit.c.at < sa.bindparam("before")))


def expire(tx: Tx, now: datetime) -> None:
    """Drop what is older than a year."""
    tx.execute(_EXPIRE, {"before": now - KEPT})
