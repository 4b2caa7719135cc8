"""Conversations about signing that are to go from their chats. Of what, and what came of it, is not kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from storage import outbox
from storage.database import Tx
from storage.prepared import Prepared, at_most
from storage.schema import address, message, petition_talk

SOON: Final = timedelta(hours=2)  # within which every message of such a conversation goes by itself
SEEN_AFTER: Final = timedelta(minutes=3)  # so long the platform has for deleting, before it is looked at


@dataclass(frozen=True, slots=True)
class Talk:
    """One that is due: with whom, where, after which message it began, and with which it ended (if it has)."""

    address: int
    person: int | None
    after: int
    last: int | None


_DUE = Prepared(
    sa.select(petition_talk.c.address_id, address.c.person_id, petition_talk.c.after, petition_talk.c.last)
    .join(address, petition_talk.c.address_id == address.c.id)
    .where(petition_talk.c.due_at <= sa.bindparam("now"))
    .order_by(petition_talk.c.due_at)
    .limit(at_most(200))
)


def _go_on(insert: Any) -> Any:
    made = insert(petition_talk)
    return made.on_conflict_do_update(
        index_elements=["address_id"], set_={"due_at": made.excluded.due_at, "last": sa.null()}
    )


_GO_ON = Prepared(_go_on)


def go_on(tx: Tx, where: int, until: datetime, *, spoke: bool = False) -> None:
    """A conversation begins or goes on in a chat. If nothing is said until then, it is left.

    What is said there from now on and is to go soon belongs to it; if the person `spoke`, so does their newest message.
    """
    newest = outbox.newest_message(tx, where)
    if spoke:
        outbox.clean_last(tx, where, until + SOON)
    tx.execute(_GO_ON, {"address_id": where, "after": newest - spoke, "due_at": until})


def due(tx: Tx, now: datetime) -> list[Talk]:
    """Those that are over, or were left, and those that should be gone from their chats by now."""
    return [Talk(*row) for row in tx.execute(_DUE, {"now": now})]


_CLEAN = Prepared(
    petition_talk.update()
    .where(petition_talk.c.address_id == sa.bindparam("where"))
    .values(last=sa.bindparam("newest"), due_at=sa.bindparam("on"))
)


def clean(tx: Tx, one: Talk, now: datetime) -> None:
    """Let both sides of it go from the chat; whether they did is looked at a little later."""
    last = outbox.newest_message(tx, one.address)
    outbox.clean_sooner(tx, one.address, one.after, now + 2 * SOON, now)
    tx.execute(_CLEAN, {"where": one.address, "newest": last, "on": now + SEEN_AFTER})


def stands(tx: Tx, one: Talk, now: datetime) -> bool:
    """Whether some of it still stands in the chat, after it should have gone."""
    theirs = (message.c.address_id == one.address) & (message.c.id > one.after) & (message.c.id <= one.last)
    query = sa.select(message.c.id).where(theirs, message.c.due_at <= now + 2 * SOON).limit(1)
    return tx.execute(query).first() is not None


def drop(tx: Tx, where: int) -> None:
    """Nothing more is to be done about it."""
    tx.execute(petition_talk.delete().where(petition_talk.c.address_id == where))


# -- under duress ------------------------------------------------------------------------------------------------------


_OF = Prepared(
    sa.select(petition_talk.c.address_id, petition_talk.c.after, petition_talk.c.last, petition_talk.c.due_at)
    .join(address, petition_talk.c.address_id == address.c.id)
    .where(address.c.person_id == sa.bindparam("who"))
)


def of(tx: Tx, who: int) -> list[tuple[int, int, int | None, datetime]]:
    """A person's, as rows: address, after, last, due."""
    return [tuple(row) for row in tx.execute(_OF, {"who": who})]


def put(tx: Tx, rows: list[tuple[int, int, int | None, datetime]]) -> None:
    """Put such rows in the place of what is there of their chats."""
    for where, after, last, due_at in rows:
        drop(tx, where)
        row = {"address_id": where, "after": after, "last": last, "due_at": due_at}
        tx.execute(petition_talk.insert(), row)
