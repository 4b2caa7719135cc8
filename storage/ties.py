"""In which districts people live, and where their people are. Asked for by district, answered in parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from storage.database import Tx
from storage.prepared import MOST, Prepared
from storage.schema import relative, tie

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Tie:
    """A district (its place code) that somebody has told: they live there, or somebody of theirs does."""

    place: str
    lives: bool


_TIED_TO = Prepared(
    sa.select(tie.c.person_id)
    .where(tie.c.place == sa.bindparam("place"), tie.c.person_id > sa.bindparam("after"))
    .where(~sa.exists().where(relative.c.person_id == tie.c.person_id))
    .order_by(tie.c.person_id)
    .limit(MOST)
)


def tied_to(tx: Tx, places: Sequence[str], after: int = 0, most: int = AT_ONCE) -> list[int]:
    """Who has ties to these districts and can be written to: ids in order, beginning behind `after`.

    Somebody with ties to several of them is there once. The last id is where the next part begins.
    """
    # the first of all are among the first of each district, which the index gives without sorting
    found: set[int] = set()
    for place in places:
        found.update(tx.execute(_TIED_TO, {"place": place, "after": after, "most": most}).scalars())
    return sorted(found)[:most]


def count(tx: Tx, places: Sequence[str]) -> int:
    """How many `tied_to` gives in all."""
    query = sa.select(sa.func.count(tie.c.person_id.distinct())).where(
        tie.c.place.in_(list(places)), ~sa.exists().where(relative.c.person_id == tie.c.person_id)
    )
    n: int = tx.execute(query).scalar_one()
    return n


_OF = Prepared(sa.select(tie.c.name, tie.c.lives).where(tie.c.person_id == sa.bindparam("who")))


def of(tx: Tx, who: int) -> list[Tie]:
    """What somebody has told, or was told of a person without the bot: where they live first."""
    found = [Tie(row.name, bool(row.lives)) for row in tx.execute(_OF, {"who": who})]
    return sorted(found, key=lambda one: (not one.lives, one.place))


def say(tx: Tx, who: int, place: str, *, lives: bool) -> None:
    """Keep that somebody lives in a district, or that their people are there. What was told of it before gives way."""
    values = {"name": place, "lives": int(lives)}
    insert = tx.insert(tie).values(person_id=who, place=place, **values)
    tx.execute(insert.on_conflict_do_update(index_elements=["person_id", "place"], set_=values))


def drop(tx: Tx, who: int, place: str) -> None:
    """Forget a district."""
    tx.execute(tie.delete().where(tie.c.person_id == who, tie.c.place == place))


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one: they live where either of them said."""
    mine = {one.place: one for one in of(tx, kept)}
    for one in of(tx, gone):
        own = mine.get(one.place)
        say(tx, kept, one.place, lives=one.lives or (own is not None and own.lives))
    tx.execute(tie.delete().where(tie.c.person_id == gone))
