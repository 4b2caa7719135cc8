"""Feeds that moderators read, and what they have brought: titles and links, sealed, for two weeks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from bot.domain.feed import EVERY, KEPT, Feed, Item, Look, Trouble, next_look
from storage.database import Tx
from storage.prepared import ONE, Prepared
from storage.schema import feed, feed_item

FORGOTTEN: Final = timedelta(days=2)  # after which an item that the feed no longer shows would be new if it came again

_WAITS = Prepared(sa.select(feed.c.id).where(feed.c.due_at <= sa.bindparam("now")).limit(ONE))


def _feed(row: Any) -> Feed:
    trouble = Trouble(row.trouble) if row.trouble else None
    return Feed(
        row.id,
        row.title,
        row.address,
        row.due_at,
        row.looked_at,
        row.failures,
        trouble,
        row.etag or "",
        row.modified or "",
    )


def add(tx: Tx, address: str, now: datetime) -> int:
    """Read a feed from now on. Until it was read once, its address is its title. Its number."""
    new = tx.new_id()
    tx.execute(feed.insert(), {"id": new, "title": address, "address": address, "added_at": now, "due_at": now})
    return new


def remove(tx: Tx, which: int) -> bool:
    """Read a feed no more, and forget what it brought. False if there is none."""
    return tx.execute(feed.delete().where(feed.c.id == which)).rowcount == 1


def every(tx: Tx) -> list[Feed]:
    """Every feed, the oldest first."""
    return [_feed(row) for row in tx.execute(sa.select(feed).order_by(feed.c.added_at, feed.c.id))]


def find(tx: Tx, which: int) -> Feed | None:
    """A feed by its number."""
    row = tx.execute(sa.select(feed).where(feed.c.id == which)).first()
    return None if row is None else _feed(row)


# -- looking -------------------------------------------------------------------------------------------------------


def waits(tx: Tx, now: datetime) -> bool:
    """Whether a feed is to be looked at."""
    return tx.execute(_WAITS, {"now": now}).first() is not None


def take(tx: Tx, now: datetime) -> Feed | None:
    """The feed whose time came first; its next time is set at once."""
    row = tx.execute(sa.select(feed).where(feed.c.due_at <= now).order_by(feed.c.due_at, feed.c.id).limit(1)).first()
    if row is None:
        return None
    tx.execute(feed.update().where(feed.c.id == row.id).values(due_at=now + EVERY))
    return _feed(row)


def note(tx: Tx, of: Feed, look: Look, now: datetime) -> None:
    """Write down what a look has brought, if the feed is read still."""
    if find(tx, of.id) is None:
        return
    values: dict[str, Any]
    if look.trouble is not None:
        failures = of.failures + 1
        values = {"failures": failures, "trouble": look.trouble.value}
    else:
        failures = 0
        values = {"failures": 0, "trouble": None}
        if look.entries or look.title:
            values |= {"title": look.title or of.title, "etag": look.etag or None, "modified": look.modified or None}
        _keep(tx, of, look, now)
    values |= {"looked_at": now, "due_at": now + next_look(failures, look.wait)}
    tx.execute(feed.update().where(feed.c.id == of.id).values(**values))


def _keep(tx: Tx, of: Feed, look: Look, now: datetime) -> None:
    """Keep what is new. What is older than two weeks already is not; and no date lies in the future."""
    rows = [
        {
            "id": tx.new_id(),
            "feed_id": of.id,
            "key": f"{of.id} {one.key}",
            "title": one.title,
            "link": one.link or None,
            "at": one.at if one.at is not None and one.at <= now else None,
            "found_at": now,
            "seen_at": now,
        }
        for one in look.entries
        if one.at is None or one.at > now - KEPT
    ]
    if rows:
        made = tx.insert(feed_item)
        tx.execute(made.on_conflict_do_update(index_elements=["key"], set_={"seen_at": made.excluded.seen_at}), rows)


# -- reading -------------------------------------------------------------------------------------------------------


def _items(tx: Tx, which: sa.ColumnElement[bool], most: int, skip: int = 0) -> list[Item]:
    query = (
        sa.select(feed_item, feed.c.title.label("feed_title"))
        .join(feed, feed_item.c.feed_id == feed.c.id)
        .where(which, feed_item.c.title.is_not(None))
        .order_by(feed_item.c.found_at.desc(), feed_item.c.id)
        .limit(most)
        .offset(skip)
    )
    return [Item(row.id, row.feed_title, row.title, row.link or "", row.at, row.found_at) for row in tx.execute(query)]


def newest(tx: Tx, now: datetime, most: int, skip: int = 0) -> list[Item]:
    """What feeds have brought lately, the newest first."""
    return _items(tx, feed_item.c.found_at > now - KEPT, most, skip)


def item(tx: Tx, which: int, now: datetime) -> Item | None:
    """One of these, as long as it is kept."""
    found = _items(tx, (feed_item.c.id == which) & (feed_item.c.found_at > now - KEPT), 1)
    return found[0] if found else None


_OLD = feed_item.c.found_at <= sa.bindparam("before")
_EXPIRE_WORDS = Prepared(feed_item.update().where(_OLD, feed_item.c.title.is_not(None)).values(title=None, link=None))
_EXPIRE = Prepared(feed_item.delete().where(_OLD, feed_item.c.seen_at < sa.bindparam("forgotten")))


def expire(tx: Tx, now: datetime) -> None:
    """Erase the words of what is two weeks old; that it was there, when the feed shows it no more."""
    tx.execute(_EXPIRE_WORDS, {"before": now - KEPT})
    tx.execute(_EXPIRE, {"before": now - KEPT, "forgotten": now - FORGOTTEN})
