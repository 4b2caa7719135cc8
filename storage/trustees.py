"""Trustees: whom a person wants to be told if they are in trouble. Both are in one circle, or the choice is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from bot.domain.people import Person
from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import membership, person, trustee

MOST = 2  # one person's

_COLUMNS = (
    person.c.id,
    person.c.language,
    person.c.name,
    person.c.zone,
    person.c.quiet_from,
    person.c.quiet_until,
)


class Pair(NamedTuple):
    """Somebody, and whom they chose."""

    person: Person
    trustee: Person


_OF = Prepared(
    sa.select(*_COLUMNS)
    .join(trustee, trustee.c.trustee_id == person.c.id)
    .where(trustee.c.person_id == sa.bindparam("who"))
    .order_by(person.c.id)
)
_FOR_WHOM = Prepared(
    sa.select(*_COLUMNS)
    .join(trustee, trustee.c.person_id == person.c.id)
    .where(trustee.c.trustee_id == sa.bindparam("whom"))
    .order_by(person.c.id)
)


def _person(row: sa.Row[tuple[object, ...]]) -> Person:
    return Person(row.id, row.language or "", row.name or "", row.zone or "", row.quiet_from, row.quiet_until)


def of(tx: Tx, who: int) -> list[Person]:
    """The people whom a person has chosen to be told if they are in trouble, and who have not said no."""
    return [_person(row) for row in tx.execute(_OF, {"who": who})]


def for_whom(tx: Tx, whom: int) -> list[Person]:
    """The people who have chosen this one."""
    return [_person(row) for row in tx.execute(_FOR_WHOM, {"whom": whom})]


def name(tx: Tx, who: int, trustees: Sequence[int]) -> list[int]:
    """Let these be the trustees of a person, in place of any before; who of them was none until now."""
    before = {one.id for one in of(tx, who)}
    tx.execute(trustee.delete().where(trustee.c.person_id == who, trustee.c.trustee_id.not_in(list(trustees))))
    new = sorted({whom for whom in trustees if whom not in before and whom != who})
    if new:
        rows = [{"person_id": who, "trustee_id": whom} for whom in new]
        tx.execute(tx.insert(trustee).on_conflict_do_nothing(), rows)
    return new


def decline(tx: Tx, who: int, whom: int) -> bool:
    """A trustee says no to the person who chose them; False if they were not chosen."""
    mine = (trustee.c.person_id == who) & (trustee.c.trustee_id == whom)
    return tx.execute(trustee.delete().where(mine)).rowcount == 1


def part(tx: Tx, who: int) -> None:
    """Somebody has left a circle: a choice of theirs, or of them, is over where no circle holds both any more."""
    one, other = membership.alias(), membership.alias()
    together = sa.exists().where(
        one.c.person_id == trustee.c.person_id,
        other.c.person_id == trustee.c.trustee_id,
        one.c.circle_id == other.c.circle_id,
    )
    theirs = (trustee.c.person_id == who) | (trustee.c.trustee_id == who)
    tx.execute(trustee.delete().where(theirs, ~together))
