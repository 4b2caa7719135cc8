"""Who has two phrases of their own, who is under duress, and what an account shows meanwhile."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

import sqlalchemy as sa

from bot.domain.duress import Duress
from storage.database import Tx
from storage.pictures import Picture, pack, unpack
from storage.prepared import Prepared
from storage.schema import duress, letter

PLACE = "duress.phrase"


class Meant(Enum):
    """Which of somebody's own phrases a text is."""

    FREE = auto()
    FORCED = auto()


@dataclass(frozen=True, slots=True)
class Own:
    """Somebody's own phrases, as far as they can be compared, and the duress that one of them has begun."""

    free: bytes
    forced: bytes
    duress: Duress | None = None


def blind(tx: Tx, who: int, phrase: str) -> bytes:
    """What is kept of a folded phrase: bound to the person, so that the same words of two people have nothing alike."""
    found: bytes = tx.connection.dialect.payvand_keys.blind(PLACE, f"{who}/{phrase}")  # type: ignore[attr-defined]
    return found


def meant(tx: Tx, who: int, own: Own, phrase: str) -> Meant | None:
    """Which of their phrases this folded text is. Both are always compared."""
    said = blind(tx, who, phrase)
    free, forced = hmac.compare_digest(said, own.free), hmac.compare_digest(said, own.forced)
    return Meant.FORCED if forced else Meant.FREE if free else None


def opened(free: bytes | None, forced: bytes | None, mark: str | None) -> Own | None:
    """What a row of the table says, if there is one."""
    return None if free is None or forced is None else Own(free, forced, read_mark(mark))


def read_mark(mark: str | None) -> Duress | None:
    """The duress that a mark tells of; None if it was left by the free phrase."""
    if mark is None or not mark.strip():
        return None
    told = json.loads(mark)
    since = datetime.fromisoformat(told["since"])
    return Duress(since, told["after"], tuple(told["trustees"]), tuple(told["lifted"]))


def _mark(told: Duress) -> str:
    return json.dumps(
        {"since": told.since.isoformat(), "after": told.after, "trustees": told.trustees, "lifted": told.lifted}
    )


_KEEP = Prepared(
    lambda insert: (made := insert(duress)).on_conflict_do_update(
        index_elements=["person_id"], set_={"free": made.excluded.free, "forced": made.excluded.forced}
    )
)
_OF = Prepared(
    sa.select(duress.c.free, duress.c.forced, duress.c.mark).where(duress.c.person_id == sa.bindparam("who"))
)
_PICTURE = Prepared(sa.select(duress.c.picture).where(duress.c.person_id == sa.bindparam("who")))
_NOTE = Prepared(
    duress.update()
    .where(duress.c.person_id == sa.bindparam("who"))
    .values(mark=sa.bindparam("told"), picture=sa.bindparam("shown"))
)
_NEWEST = Prepared(sa.select(sa.func.max(letter.c.id)))


def keep(tx: Tx, who: int, free: bytes, forced: bytes) -> None:
    """Keep somebody's two phrases, in place of those before."""
    tx.execute(_KEEP, {"person_id": who, "free": free, "forced": forced})


def of(tx: Tx, who: int) -> Own | None:
    """Somebody's own phrases, and the duress they are under."""
    row = tx.execute(_OF, {"who": who}).first()
    return None if row is None else opened(row.free, row.forced, row.mark)


def picture_of(tx: Tx, who: int) -> Picture:
    """What the account of somebody under duress shows."""
    return unpack(tx.execute(_PICTURE, {"who": who}).scalar())


def begin(tx: Tx, who: int, told: Duress, picture: Picture, *, forced: bool) -> None:
    """Note what a phrase has begun. After the free one as much is written, which says nothing."""
    mark, shown = _mark(told), pack(picture)
    if not forced:
        mark, shown = " " * len(mark), bytes(len(shown))
    tx.execute(_NOTE, {"who": who, "told": mark, "shown": shown})


def go_on(tx: Tx, who: int, told: Duress, picture: Picture) -> None:
    """Note what the account shows now."""
    tx.execute(_NOTE, {"who": who, "told": _mark(told), "shown": pack(picture)})


def lift(tx: Tx, who: int, told: Duress) -> None:
    """Note that a trustee has lifted it; what the account shows is as it was."""
    tx.execute(duress.update().where(duress.c.person_id == who).values(mark=_mark(told)))


def end(tx: Tx, who: int) -> None:
    """It is over: what only seemed to be so is dropped."""
    tx.execute(_NOTE, {"who": who, "told": None, "shown": None})


def newest_letter(tx: Tx) -> int:
    """The number of the newest letter there is."""
    return tx.execute(_NEWEST).scalar() or 0


def renamed(tx: Tx, gone: int, kept: int) -> None:
    """A person has become another one: whoever counted on the first as a trustee counts on the second."""
    rows: Mapping[int, str] = {
        row.person_id: row.mark for row in tx.execute(sa.select(duress.c.person_id, duress.c.mark)) if row.mark
    }
    for who, mark in rows.items():
        told = read_mark(mark)
        if told is not None and gone in told.trustees:
            names = [
                tuple(dict.fromkeys(kept if one == gone else one for one in few))
                for few in (told.trustees, told.lifted)
            ]
            lift(tx, who, Duress(told.since, told.after, *names))
