"""Bulletins that are being written or translated: sealed, on whichever device, and never lost without a word."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain import bulletin as shapes
from bot.domain.bulletin import Draft
from storage.database import Tx
from storage.prepared import ONE, Prepared, at_most
from storage.schema import draft, translating

KEPT = timedelta(days=90)  # untouched
WARNED = timedelta(days=14)  # so long before the end its author is told
TAKEN_FOR = timedelta(hours=6)  # a language, by one translator


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft as it is kept. `left` are the questions that its author has not been asked yet.

    `of` is the number of a published bulletin that it translates into `tongue`; otherwise it is to be published.
    """

    id: int
    author: int | None
    draft: Draft
    changed_at: datetime
    offered: bool = False
    left: tuple[str, ...] = ()
    of: int | None = None
    tongue: str = ""

    def is_for(self, who: int) -> bool:
        """Whether somebody may go on with it: its author, or anybody once a forgotten one had offered it."""
        return self.author == who or (self.author is None and self.offered)


def _packed(one: Draft, left: Iterable[str], of: int | None, tongue: str) -> str:
    body = {"draft": shapes.to_json(one), "left": list(left), "of": of, "tongue": tongue}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _kept(row: Any) -> Kept:
    body = json.loads(row.body)
    return Kept(
        row.id,
        row.author_id,
        shapes.from_json(body["draft"]),
        row.changed_at,
        bool(row.state),
        tuple(body["left"]),
        body["of"],
        body["tongue"],
    )


_COLUMNS = (draft.c.id, draft.c.author_id, draft.c.body, draft.c.state, draft.c.changed_at)


def put(  # noqa: PLR0913 - a draft has this many parts
    tx: Tx,
    author: int | None,
    one: Draft,
    now: datetime,
    *,
    left: Iterable[str] = (),
    of: int | None = None,
    tongue: str = "",
) -> Kept:
    """Keep a new draft."""
    which = tx.new_id()
    offered = of is not None  # whoever comes may go on with it
    row = {"id": which, "author_id": author, "body": _packed(one, left, of, tongue), "changed_at": now}
    tx.execute(draft.insert(), {**row, "state": int(offered)})
    return Kept(which, author, one, now, offered, tuple(left), of, tongue)


def find(tx: Tx, which: int) -> Kept | None:
    """A draft by its number."""
    row = tx.execute(sa.select(*_COLUMNS).where(draft.c.id == which)).first()
    return None if row is None else _kept(row)


def of(tx: Tx, author: int, most: int) -> list[Kept]:
    """Somebody's drafts, and those for translation that a forgotten author left: the newest first."""
    mine = (draft.c.author_id == author) | (draft.c.author_id.is_(None) & (draft.c.state == 1))
    query = sa.select(*_COLUMNS).where(mine).order_by(draft.c.changed_at.desc(), draft.c.id).limit(most)
    return [_kept(row) for row in tx.execute(query)]


def offered(tx: Tx, most: int) -> list[Kept]:
    """Drafts that wait for a translation, the oldest first."""
    query = sa.select(*_COLUMNS).where(draft.c.state == 1).order_by(draft.c.changed_at, draft.c.id).limit(most)
    return [_kept(row) for row in tx.execute(query)]


def translations(tx: Tx, number: int) -> list[Kept]:
    """The translations of a published bulletin that are begun. What a draft is about is sealed: all are looked at."""
    rows = tx.execute(sa.select(*_COLUMNS).where(draft.c.state == 1).order_by(draft.c.id))
    return [one for one in map(_kept, rows) if one.of == number]


def save(tx: Tx, one: Kept, now: datetime) -> None:
    """Keep a draft as it is now. An author's touch counts for its ninety days."""
    values = {
        "author_id": one.author,
        "body": _packed(one.draft, one.left, one.of, one.tongue),
        "state": int(one.offered),
        "changed_at": now,
        "warned_at": None,
    }
    tx.execute(draft.update().where(draft.c.id == one.id).values(**values))


def drop(tx: Tx, which: int) -> bool:
    """Forget a draft: it is published, or its author does not want it. False if it is gone already."""
    return tx.execute(draft.delete().where(draft.c.id == which)).rowcount == 1


def forget_author(tx: Tx, who: int) -> None:
    """Erase what somebody wrote and did not offer for translation: such a draft is its author's, and goes with them."""
    tx.execute(draft.delete().where(draft.c.author_id == who, draft.c.state == 0))


# -- the picture ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fetch:
    """A picture or PDF that is still to be fetched for a draft.

    `platform`, `bot` and `reference` say where it lies, `address` (ours) where it was sent; `since` is when, `tries`
    how often it was tried in vain.
    """

    draft: int
    platform: str
    bot: str
    address: int
    reference: str
    since: datetime
    tries: int = 0


def picture_of(tx: Tx, which: int) -> bytes:
    """The picture or PDF of a draft, as it goes out; b"" if it has none."""
    found: bytes | None = tx.execute(sa.select(draft.c.picture).where(draft.c.id == which)).scalar()
    return found or b""


def put_picture(tx: Tx, which: int, picture: bytes) -> None:
    """Keep the picture or PDF of a draft (b"": it has none); nothing is fetched for it any more."""
    values = {"picture": picture or None, "fetching": None, "fetch_at": None}
    tx.execute(draft.update().where(draft.c.id == which).values(**values))


def fetch(tx: Tx, one: Fetch, due: datetime) -> None:
    """Note that a picture is to be fetched, in place of what was to be fetched before."""
    body = [one.platform, one.bot, one.address, one.reference, one.since.timestamp(), one.tries]
    values = {"fetching": json.dumps(body, ensure_ascii=False, separators=(",", ":")), "fetch_at": due}
    tx.execute(draft.update().where(draft.c.id == one.draft).values(**values))


def _fetch(which: int, packed: str) -> Fetch:
    platform, bot, address, reference, since, tries = json.loads(packed)
    return Fetch(which, platform, bot, address, reference, datetime.fromtimestamp(since, UTC), tries)


def fetching(tx: Tx, which: int) -> Fetch | None:
    """What is to be fetched for a draft."""
    packed: str | None = tx.execute(sa.select(draft.c.fetching).where(draft.c.id == which)).scalar()
    return None if packed is None else _fetch(which, packed)


_TO_FETCH = Prepared(
    sa.select(draft.c.id, draft.c.fetching)
    .where(draft.c.fetch_at <= sa.bindparam("now"))
    .order_by(draft.c.fetch_at, draft.c.id)
    .limit(ONE)
)


def to_fetch(tx: Tx, now: datetime) -> Fetch | None:
    """The picture that has waited longest to be fetched, if one is due."""
    row = tx.execute(_TO_FETCH, {"now": now}).first()
    return None if row is None else _fetch(row.id, row.fetching)


def stop_fetching(tx: Tx, which: int) -> None:
    """Nothing is fetched for a draft any more; a picture that it had stays."""
    tx.execute(draft.update().where(draft.c.id == which).values(fetching=None, fetch_at=None))


# -- translating ---------------------------------------------------------------------------------------------------


def take(tx: Tx, which: int, language: str, who: int, now: datetime) -> bool:
    """One translator takes a language for some hours; False if it is another's just now."""
    free = (translating.c.draft_id == which) & (translating.c.language == language)
    tx.execute(translating.delete().where(free, (translating.c.until <= now) | (translating.c.person_id == who)))
    row = {"draft_id": which, "language": language, "person_id": who, "until": now + TAKEN_FOR}
    taken: int = tx.execute(tx.insert(translating).on_conflict_do_nothing(), row).rowcount
    return taken == 1


def takers(tx: Tx, which: int) -> set[int]:
    """Whoever is translating a draft just now."""
    return set(tx.execute(sa.select(translating.c.person_id).where(translating.c.draft_id == which)).scalars())


def leave(tx: Tx, which: int, language: str) -> None:
    """A language is translated, or left to others."""
    mine = (translating.c.draft_id == which) & (translating.c.language == language)
    tx.execute(translating.delete().where(mine))


# -- as time passes ------------------------------------------------------------------------------------------------


_AGEING = Prepared(
    sa.select(*_COLUMNS)
    .where(draft.c.changed_at <= sa.bindparam("before"), draft.c.warned_at.is_(None))
    .limit(at_most(50))
)


def ageing(tx: Tx, now: datetime) -> list[Kept]:
    """Drafts whose authors are to be told that they will be dropped. They count as told from now on."""
    found = [_kept(row) for row in tx.execute(_AGEING, {"before": now - KEPT + WARNED})]
    if found:
        ids = [one.id for one in found]
        tx.execute(draft.update().where(draft.c.id.in_(ids)).values(warned_at=now))
    return found


_EXPIRE = Prepared(
    draft.delete().where(draft.c.changed_at <= sa.bindparam("before"), draft.c.warned_at <= sa.bindparam("warned"))
)
_EXPIRE_TRANSLATING = Prepared(translating.delete().where(translating.c.until <= sa.bindparam("now")))


def expire(tx: Tx, now: datetime) -> None:
    """Drop what nobody has touched for ninety days, if its author was told long enough before."""
    tx.execute(_EXPIRE, {"before": now - KEPT, "warned": now - WARNED})
    tx.execute(_EXPIRE_TRANSLATING, {"now": now})


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one."""
    tx.execute(draft.update().where(draft.c.author_id == gone).values(author_id=kept))
    tx.execute(translating.update().where(translating.c.person_id == gone).values(person_id=kept))
