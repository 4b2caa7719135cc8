"""Who stands under a petition with their name, or for an organisation: asked by a code, and only once they say so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import petition_sponsor

CODE_LIFE: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Sponsor:
    """Somebody who is asked, or has said yes. `name` of a person is "" until they have written it themselves."""

    id: int
    petition: int
    name: str
    organisation: bool
    person: int | None
    confirmed_at: datetime | None
    digest: bytes | None = None  # of the text to which they have said yes

    def stands(self, text: bytes) -> bool:
        """Whether they have said yes to exactly this text, by its digest."""
        return self.confirmed and self.digest == text

    @property
    def confirmed(self) -> bool:
        """Whether they have said that they stand there."""
        return self.confirmed_at is not None


def _sponsor(row: Any) -> Sponsor:
    digest = None if row.digest is None else bytes(row.digest)
    return Sponsor(row.id, row.petition_id, row.name, bool(row.organisation), row.person_id, row.confirmed_at, digest)


def ask(tx: Tx, which: int, name: str, code: str, now: datetime, *, organisation: bool) -> int:  # noqa: PLR0913
    """Somebody is asked, by a code of which only a blind index is kept. Their number."""
    one = tx.new_id()
    row = {"id": one, "petition_id": which, "code": code, "name": name, "organisation": int(organisation)}
    tx.execute(petition_sponsor.insert(), {**row, "expires_at": now + CODE_LIFE})
    return one


def of(tx: Tx, which: int) -> list[Sponsor]:
    """Everybody who is asked or stands there, in the order in which they said yes; then those who are asked."""
    query = sa.select(petition_sponsor).where(petition_sponsor.c.petition_id == which)
    found = [_sponsor(row) for row in tx.execute(query)]
    return sorted(found, key=lambda one: (one.confirmed_at is None, one.confirmed_at, one.id))


def asked_by(tx: Tx, code: str, now: datetime) -> Sponsor | None:
    """Who is asked by this code, if it still can be used."""
    mine = (petition_sponsor.c.code == code) & (petition_sponsor.c.expires_at > now)
    row = tx.execute(sa.select(petition_sponsor).where(mine)).first()
    return None if row is None else _sponsor(row)


def confirm(  # noqa: PLR0913, PLR0917 - who says yes, for whom, to which text
    tx: Tx, one: Sponsor, code: str, who: int, name: str, text: bytes, now: datetime
) -> bool:
    """They say that they stand under a text; the code is used. False if it can't be used any more."""
    mine = (petition_sponsor.c.id == one.id) & (petition_sponsor.c.code == code) & (petition_sponsor.c.expires_at > now)
    values: dict[str, Any] = {"code": None, "expires_at": None, "person_id": who, "name": name, "confirmed_at": now}
    values["digest"] = text
    return tx.execute(petition_sponsor.update().where(mine).values(**values)).rowcount == 1


def find(tx: Tx, which: int) -> Sponsor | None:
    """One of them."""
    row = tx.execute(sa.select(petition_sponsor).where(petition_sponsor.c.id == which)).first()
    return None if row is None else _sponsor(row)


def renew(tx: Tx, one: Sponsor, text: bytes, now: datetime) -> None:
    """They say yes to another text as well."""
    mine = petition_sponsor.c.id == one.id
    tx.execute(petition_sponsor.update().where(mine).values(digest=text, confirmed_at=now))


def drop(tx: Tx, which: int, one: int) -> bool:
    """Take somebody off the list; False if they are not on it."""
    mine = (petition_sponsor.c.id == one) & (petition_sponsor.c.petition_id == which)
    return tx.execute(petition_sponsor.delete().where(mine)).rowcount == 1


def people_of(tx: Tx, which: int) -> set[int]:
    """Everybody who has said that they, or their organisation, stand under a petition."""
    query = sa.select(petition_sponsor.c.person_id).where(petition_sponsor.c.petition_id == which)
    return {who for who in tx.execute(query).scalars() if who is not None}


def said_by(tx: Tx, who: int) -> list[Sponsor]:
    """Where somebody has said that they stand."""
    query = sa.select(petition_sponsor).where(petition_sponsor.c.person_id == who).order_by(petition_sponsor.c.id)
    return [_sponsor(row) for row in tx.execute(query)]


_EXPIRE = Prepared(petition_sponsor.delete().where(petition_sponsor.c.expires_at <= sa.bindparam("now")))


def expire(tx: Tx, now: datetime) -> None:
    """Take those off the list who have not said anything in time."""
    tx.execute(_EXPIRE, {"now": now})


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one."""
    tx.execute(petition_sponsor.update().where(petition_sponsor.c.person_id == gone).values(person_id=kept))
