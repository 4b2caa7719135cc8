"""People of a circle who do not use the bot: others tell news of them, and nobody can write to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from bot.domain.people import Person
from storage import people, search
from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import membership, person, relative

_INSIDE = Prepared(
    sa.select(relative.c.circle_id, person.c.id, person.c.name)
    .join(person, relative.c.person_id == person.c.id)
    .where(relative.c.circle_id.in_(sa.bindparam("circles", expanding=True)))
    .order_by(relative.c.circle_id, person.c.id)
)


def add(tx: Tx, circle: int, name: str, now: datetime) -> int:
    """A new one. Their id, which is that of a person without any address."""
    who = people.new(tx, now)
    people.change(tx, who, name=name)
    tx.execute(relative.insert(), {"person_id": who, "circle_id": circle})
    return who


def inside(tx: Tx, circles: Sequence[int]) -> dict[int, list[Person]]:
    """Those of each circle."""
    found: dict[int, list[Person]] = {which: [] for which in circles}
    if circles:
        for row in tx.execute(_INSIDE, {"circles": list(circles)}):
            found[row.circle_id].append(Person(row.id, name=row.name or ""))
    return found


def circle_of(tx: Tx, who: int, member: int) -> int | None:
    """The circle that this relative is of, if `member` is in it."""
    query = (
        sa.select(relative.c.circle_id)
        .join(membership, membership.c.circle_id == relative.c.circle_id)
        .where(relative.c.person_id == who, membership.c.person_id == member)
    )
    which: int | None = tx.execute(query).scalar()
    return which


def circle(tx: Tx, who: int) -> int | None:
    """The circle that this relative is of."""
    which: int | None = tx.execute(sa.select(relative.c.circle_id).where(relative.c.person_id == who)).scalar()
    return which


def remove(tx: Tx, who: int) -> None:
    """Erase one, with all news of them, and what they could be found by."""
    search.erase_of(tx, who)
    is_one = sa.exists().where(relative.c.person_id == who)
    tx.execute(person.delete().where(person.c.id == who, is_one))


def erase_of(tx: Tx, circle: int) -> None:
    """Erase those of a circle that is about to go."""
    theirs = sa.select(relative.c.person_id).where(relative.c.circle_id == circle)
    for who in tx.execute(theirs).scalars().all():
        search.erase_of(tx, who)
    tx.execute(person.delete().where(person.c.id.in_(theirs)))
