"""Cards of spoken codes: of the words only blind indexes are kept, and a code that was used is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.domain.checkin import Hard, State
from bot.domain.spoken import LIFE, Kind
from storage.database import Tx
from storage.jobs import KEPT
from storage.prepared import Prepared
from storage.schema import spoken_card, spoken_code

DRAW = "spoken.draw"  # a kind of slow work
_KINDS: dict[str, Kind] = {kind.value: kind for kinds in (State, Hard) for kind in kinds}


@dataclass(frozen=True, slots=True)
class Cards:
    """What a circle may know of the codes of one of its people: who made the newest card and when, and what is left."""

    maker: int | None
    made_at: datetime
    left: int


@dataclass(frozen=True, slots=True)
class Code:
    """A living code: what it tells of whom, and to which circle."""

    id: int
    person: int
    circle: int
    kind: Kind


def begin(tx: Tx, who: int, circle: int, maker: int, now: datetime) -> int:
    """A card that is to be drawn: its codes work only then. Its id."""
    new = tx.new_id()
    row = {"id": new, "person_id": who, "circle_id": circle, "maker_id": maker, "expires_at": now + KEPT}
    tx.execute(spoken_card.insert(), row)
    return new


def put(tx: Tx, card: int, kind: Kind, code: Sequence[str]) -> bool:
    """Give a card one more code, in folded words; False if it is too much like another living one."""
    one, two, three = code
    row = {
        "spoken_card_id": card,
        "words": " ".join(code),
        "first_two": f"{one} {two}",
        "outer_two": f"{one} {three}",
        "last_two": f"{two} {three}",
        "anyhow": " ".join(sorted(code)),
        "kind": kind.value,
    }
    done = tx.execute(tx.insert(spoken_code).on_conflict_do_nothing(), row)
    return bool(done.rowcount == 1)


def begun(tx: Tx, card: int) -> tuple[int, int] | None:
    """Of whom a card is that is being drawn, and in which circle; None if they have left it meanwhile."""
    columns = (spoken_card.c.person_id, spoken_card.c.circle_id)
    row = tx.execute(sa.select(*columns).where(spoken_card.c.id == card, spoken_card.c.made_at.is_(None))).first()
    return None if row is None else (row.person_id, row.circle_id)


def drawn(tx: Tx, card: int, who: int, circle: int, now: datetime) -> None:
    """The card was drawn: it takes the place of older ones of this person in this circle."""
    end(tx, who, circle)
    tx.execute(spoken_card.update().where(spoken_card.c.id == card).values(made_at=now, expires_at=now + LIFE))


def of(tx: Tx, who: int, circle: int) -> Cards | None:
    """What there is of a person in a circle. Two cards only if two accounts, each with one, have become one person."""
    left = sa.func.count(spoken_code.c.id).over()
    query = (
        sa.select(spoken_card.c.maker_id, spoken_card.c.made_at, left)
        .join(spoken_code, isouter=True)
        .where(_drawn(who, circle))
        .order_by(spoken_card.c.made_at.desc())
        .limit(1)
    )
    row = tx.execute(query).first()
    return None if row is None else Cards(*row)


def made_by(tx: Tx, maker: int, circle: int) -> list[int]:
    """Of whom somebody has made cards in a circle: they know the words."""
    query = sa.select(spoken_card.c.person_id).where(
        spoken_card.c.maker_id == maker, spoken_card.c.circle_id == circle, spoken_card.c.made_at.is_not(None)
    )
    return list(tx.execute(query.distinct().order_by(spoken_card.c.person_id)).scalars())


def _drawn(who: int, circle: int) -> sa.ColumnElement[bool]:
    mine = (spoken_card.c.person_id == who) & (spoken_card.c.circle_id == circle)
    return mine & spoken_card.c.made_at.is_not(None)


def end(tx: Tx, who: int, circle: int) -> bool:
    """The codes of a person in a circle no longer work; False if there were none."""
    return tx.execute(spoken_card.delete().where(_drawn(who, circle))).rowcount > 0


def leave(tx: Tx, circle: int, who: int) -> None:
    """Somebody has left a circle: it learns nothing of them by any code any more, not even of one just being drawn."""
    theirs = (spoken_card.c.person_id == who) & (spoken_card.c.circle_id == circle)
    tx.execute(spoken_card.delete().where(theirs))


def find(tx: Tx, code: Sequence[str], now: datetime) -> Code | None:
    """The living code that these folded words are, in this order."""
    query = (
        sa.select(spoken_code.c.id, spoken_card.c.person_id, spoken_card.c.circle_id, spoken_code.c.kind)
        .join(spoken_card)
        .where(
            spoken_code.c.words == " ".join(code), spoken_card.c.made_at.is_not(None), spoken_card.c.expires_at > now
        )
    )
    row = tx.execute(query).first()
    return None if row is None else Code(row.id, row.person_id, row.circle_id, _KINDS[row.kind])


def use(tx: Tx, which: int) -> bool:
    """A code dies; False if somebody else has just used it."""
    return tx.execute(spoken_code.delete().where(spoken_code.c.id == which)).rowcount == 1


_EXPIRE = Prepared(spoken_card.delete().where(spoken_card.c.expires_at <= sa.bindparam("now")))


def expire(tx: Tx, now: datetime) -> None:
    """Drop cards whose time is over, and those that nobody could draw."""
    tx.execute(_EXPIRE, {"now": now})
