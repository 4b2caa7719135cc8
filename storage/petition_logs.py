"""The log of each petition: lines, the tree over them, and the checkpoints that were signed. It only grows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa

from bot.domain import checkpoint, merkle, petition_log
from bot.domain.checkpoint import Checkpoint, Note, Proof
from bot.domain.petition_log import Entry
from storage import notes
from storage.database import Tx
from storage.notes import Online
from storage.prepared import MOST, ONE, Prepared
from storage.schema import petition, petition_certificate, petition_checkpoint, petition_entry, petition_node

KEPT: Final = "kept"  # a true state of the log was signed: that stays, whoever asked for it
AT_ONCE: Final = 1_000  # lines that are read together

_FIRST: Final = date(1970, 1, 1)


class Unknown(LookupError):  # noqa: N818
    """There is no such petition, or its log does not reach so far."""


# -- who signs ---------------------------------------------------------------------------------------------------------


def signer(tx: Tx, now: datetime) -> Online | None:
    """What checkpoints are signed with; None while there is no online key for it, or its certificate is over."""
    found: Online | None = tx.connection.dialect.payvand_keys.petitions  # type: ignore[attr-defined]
    return found if found is not None and now < found.until else None


# -- growing -----------------------------------------------------------------------------------------------------------

_NODE = Prepared(
    sa.select(petition_node.c.hash).where(
        petition_node.c.petition_id == sa.bindparam("which"),
        petition_node.c.level == sa.bindparam("level"),
        petition_node.c.place == sa.bindparam("place"),
    )
)
_ADD_LINE = Prepared(petition_entry.insert())
_ADD_NODES = Prepared(petition_node.insert())
_DAY = sa.bindparam("new_day", type_=sa.Integer)
_GROW = Prepared(  # one step that also keeps others from the same place
    petition.update()
    .where(petition.c.id == sa.bindparam("which"))
    .values(
        size=petition.c.size + 1,
        day=sa.case((petition.c.day > _DAY, petition.c.day), else_=_DAY),
        verified=petition.c.verified + sa.bindparam("more_verified"),
        unverified=petition.c.unverified + sa.bindparam("more_unverified"),
        held=petition.c.held + sa.bindparam("more_held"),
    )
    .returning(petition.c.size, petition.c.day)
)


def append(  # noqa: PLR0913 - the counts change in the same statement
    tx: Tx, which: int, entry: Entry, *, verified: int = 0, unverified: int = 0, held: int = 0
) -> int:
    """Add an entry and say where it stands; the petition's counts change by so much. Raises Unknown.

    Days never go back in a log. If the clock does, the entry is of the day of the one before.
    """
    grown = {"which": which, "new_day": (entry.day - _FIRST).days}
    more = {"more_verified": verified, "more_unverified": unverified, "more_held": held}
    end = tx.execute(_GROW, {**grown, **more}).first()
    if end is None:
        raise Unknown(which)
    place: int = end.size - 1
    day = _date(end.day)
    line = petition_log.line_of(entry if day == entry.day else replace(entry, day=day))
    tx.execute(_ADD_LINE, {"petition_id": which, "place": place, "line": line})
    nodes = [
        {"petition_id": which, "level": level, "place": at, "hash": hashed}
        for level, at, hashed in merkle.grown(place, merkle.leaf(line.encode()), lambda *node: find(tx, which, *node))
    ]
    tx.execute(_ADD_NODES, nodes)
    return place


def find(tx: Tx, which: int, level: int, place: int) -> bytes:
    """The hash of a full node. Raises Unknown."""
    hashed = tx.execute(_NODE, {"which": which, "level": level, "place": place}).scalar()
    if hashed is None:
        raise Unknown(level, place)
    return bytes(hashed)


def _date(day: int) -> date:
    return date.fromordinal(_FIRST.toordinal() + day)


# -- reading -----------------------------------------------------------------------------------------------------------

_LINES = Prepared(
    sa.select(petition_entry.c.place, petition_entry.c.line)
    .where(petition_entry.c.petition_id == sa.bindparam("which"), petition_entry.c.place >= sa.bindparam("begin"))
    .order_by(petition_entry.c.place)
    .limit(MOST)
)
_LINE = Prepared(
    sa.select(petition_entry.c.line).where(
        petition_entry.c.petition_id == sa.bindparam("which"), petition_entry.c.place == sa.bindparam("place")
    )
)


def entry_at(tx: Tx, which: int, place: int) -> Entry:
    """The entry at a place. Raises Unknown."""
    line = tx.execute(_LINE, {"which": which, "place": place}).scalar()
    entry = None if line is None else petition_log.read_line(line)
    if entry is None:
        raise Unknown(place)
    return entry


def entries(tx: Tx, which: int, begin: int = 0, most: int | None = None) -> Iterator[tuple[int, Entry]]:
    """The log from `begin` on, at most `most` entries, each with its place; only some of them are held at once.

    Raises Unknown.
    """
    left = most
    while left is None or left > 0:
        wanted = AT_ONCE if left is None else min(AT_ONCE, left)
        rows = tx.execute(_LINES, {"which": which, "begin": begin, "most": wanted}).all()
        for row in rows:
            entry = petition_log.read_line(row.line)
            if entry is None:
                raise Unknown(row.place)
            yield row.place, entry
        if len(rows) < wanted:
            return
        begin += len(rows)
        left = None if left is None else left - len(rows)


def size(tx: Tx, which: int) -> int:
    """How many entries there are. Raises Unknown."""
    return int(_end(tx, which).size)


def root(tx: Tx, which: int, length: int | None = None) -> bytes:
    """The root over the first `length` entries, or over all. Raises Unknown."""
    length = size(tx, which) if length is None else length
    return merkle.root(length, lambda *node: find(tx, which, *node))


def proof(tx: Tx, which: int, place: int, length: int) -> list[bytes]:
    """The proof that the entry at `place` is among the first `length`. Raises ValueError, Unknown."""
    return merkle.inclusion(place, length, lambda *node: find(tx, which, *node))


def consistency(tx: Tx, which: int, old: int, new: int) -> list[bytes]:
    """The proof that the first `old` of `new` entries are what they were. Raises ValueError, Unknown."""
    return merkle.consistency(old, new, lambda *node: find(tx, which, *node))


def _end(tx: Tx, which: int) -> Any:
    end = tx.execute(
        sa.select(petition.c.origin, petition.c.size, petition.c.day).where(petition.c.id == which)
    ).first()
    if end is None:
        raise Unknown(which)
    return end


# -- checkpoints -------------------------------------------------------------------------------------------------------

_LAST = Prepared(
    sa.select(petition_checkpoint.c.size, petition_checkpoint.c.at, petition_checkpoint.c.note)
    .where(petition_checkpoint.c.petition_id == sa.bindparam("which"))
    .order_by(petition_checkpoint.c.size.desc())
    .limit(ONE)
)


def sign(tx: Tx, which: int, by: Online, now: datetime) -> Note:
    """The log as it is now, signed; nothing is kept of it. Raises Unknown.

    A clock that went back does not make it older than what the log holds, nor than the last published checkpoint.
    """
    end = _end(tx, which)
    last = tx.execute(_LAST, {"which": which}).first()
    at = max(now, datetime.combine(_date(end.day), time(), UTC), *(() if last is None else (last.at,)))
    return by.signer.sign(Checkpoint(end.origin, end.size, root(tx, which, end.size)), at)


def make_checkpoint(tx: Tx, which: int, by: Online, now: datetime) -> Note:
    """Sign the log as it is now, and keep that to be published. One that is there for this length is given again."""
    end = _end(tx, which)
    last = tx.execute(_LAST, {"which": which}).first()
    if last is not None and last.size == end.size and (kept := checkpoint.read_note(last.note)) is not None:
        return kept
    tx.note("checkpoint", which, now)
    note = sign(tx, which, by, now)
    at = max(now, datetime.combine(_date(end.day), time(), UTC), *(() if last is None else (last.at,)))
    tx.execute(petition_checkpoint.insert(), {"petition_id": which, "size": end.size, "at": at, "note": str(note)})
    tx.execute(petition.update().where(petition.c.id == which).values(day=max(end.day, (at.date() - _FIRST).days)))
    keep_certificate(tx, by)
    return note


def keep(tx: Tx, which: int, by: Online, note: Note) -> None:
    """Keep a checkpoint that `sign` has made while others may have been made as well. One of its length is left."""
    said, at = checkpoint.read_checkpoint(note.text), notes.signed_at(note, by.signer.public)
    if said is None or at is None:
        return
    row = {"petition_id": which, "size": said.size, "at": at, "note": str(note)}
    tx.execute(tx.insert(petition_checkpoint).on_conflict_do_nothing(), row)
    keep_certificate(tx, by)
    tx.note(KEPT, which, str(note), at)
    tx.note("checkpoint", which, at)  # of the log as an account under duress sees it


def keep_certificate(tx: Tx, by: Online) -> None:
    """Keep what vouches for the key that signs now: checkpoints are checked also after it was renewed."""
    row = {"digest": sha256(by.certificate).digest(), "text": by.certificate, "signature": by.vouching}
    tx.execute(tx.insert(petition_certificate).on_conflict_do_nothing(), row)


def certificates(tx: Tx) -> list[tuple[bytes, bytes]]:
    """Every certificate under which a checkpoint was signed, with the root key's signature."""
    rows = tx.execute(sa.select(petition_certificate).order_by(petition_certificate.c.digest))
    return [(bytes(row.text), bytes(row.signature)) for row in rows]


def checkpoints(tx: Tx, which: int) -> Iterator[tuple[int, datetime, Note]]:
    """What was published of the log's length, the shortest first."""
    query = sa.select(petition_checkpoint).where(petition_checkpoint.c.petition_id == which)
    for row in tx.execute(query.order_by(petition_checkpoint.c.size)):
        note = checkpoint.read_note(row.note)
        if note is not None:
            yield row.size, row.at, note


def last_checkpoint(tx: Tx, which: int) -> Note | None:
    """The newest of them."""
    last = tx.execute(_LAST, {"which": which}).first()
    return None if last is None else checkpoint.read_note(last.note)


def receipt(tx: Tx, which: int, place: int, note: Note, extra: bytes) -> Proof:
    """That the entry at `place` stands in the log of a checkpoint. Raises ValueError, Unknown."""
    said = checkpoint.read_checkpoint(note.text)
    if said is None:
        raise ValueError("this note is no checkpoint")
    return Proof(place, tuple(proof(tx, which, place, said.size)), note, extra)
