"""Published bulletins: numbered without a gap, and a chain of signed files, one for each language of each of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain import bulletin as shapes
from bot.domain.bulletin import Bulletin, Draft, Edition, Header, Kind, State, Topic, Urgency
from bot.domain.picture import is_pdf
from storage import copies
from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import bulletin, edition
from storage.signing import Signer

SHEET = "key.sheet"  # the kind of a job that draws the sheet with the public key

# -- signing -------------------------------------------------------------------------------------------------------


def signer(tx: Tx, now: datetime) -> Signer | None:
    """What bulletins are signed with; None while there is no online key, or its certificate is over."""
    found: Signer | None = tx.connection.dialect.payvand_keys.signer  # type: ignore[attr-defined]
    return found if found is not None and now < found.until else None


def public_key(tx: Tx) -> str:
    """The community's public key, with which anybody checks what it publishes; "" if it has none."""
    keys = tx.connection.dialect.payvand_keys  # type: ignore[attr-defined]
    return str(keys.public or (keys.signer.root if keys.signer is not None else ""))


def publish(  # noqa: PLR0913 - a publication has this many parts
    tx: Tx,
    by: Signer,
    draft: Draft,
    texts: Mapping[str, str],
    now: datetime,
    *,
    author: int | None,
    reviewer: int | None,
    unreviewed_until: datetime | None = None,
    picture: bytes | None = None,
) -> Bulletin:
    """Give a bulletin the next number, and sign it in each language of `texts` (what readers read, in their order).

    The bulletin that it corrects or withdraws is marked in the same step. Of other languages nothing is kept: what was
    begun in them nobody has seen.
    """
    draft = replace(draft, texts={language: said for language, said in draft.texts.items() if language in texts})
    last: int | None = tx.execute(sa.select(sa.func.max(bulletin.c.number))).scalar()
    number = (last or 0) + 1
    row = {
        "number": number,
        "kind": draft.kind.value,
        "about": draft.about,
        "place": draft.place,
        "topic": draft.topic.value,
        "urgency": draft.urgency.value,
        "exercise": int(draft.exercise),
        "state": State.CURRENT.value,
        "body": json.dumps(shapes.to_json(draft), ensure_ascii=False, separators=(",", ":")),
        "picture": picture,
        "author_id": author,
        "reviewer_id": reviewer,
        "published_at": now,
        "unreviewed_until": unreviewed_until,
        "alone": int(unreviewed_until is not None),
    }
    tx.execute(bulletin.insert(), row)
    if draft.about is not None:
        state = State.WITHDRAWN if draft.kind is Kind.WITHDRAWAL else State.CORRECTED
        old = (bulletin.c.number == draft.about) & (bulletin.c.state == State.CURRENT.value)
        tx.execute(bulletin.update().where(old).values(state=state.value, replaced_by=number))
    one = find(tx, number)
    assert one is not None  # noqa: S101 - it was stored a moment ago
    for language, text in texts.items():
        add_edition(tx, by, one, language, text, now)
    return one


def add_edition(tx: Tx, by: Signer, one: Bulletin, language: str, text: str, now: datetime) -> Edition:  # noqa: PLR0913, PLR0917
    """Sign a bulletin in one language and put it at the end of the chain: a translation, or a newer version."""
    last = tx.execute(sa.select(edition.c.entry, edition.c.file).order_by(edition.c.entry.desc()).limit(1)).first()
    entry, previous = (last.entry + 1, shapes.digest(last.file)) if last is not None else (1, shapes.BEGINNING)
    versions = sa.select(sa.func.max(edition.c.version))
    mine = (edition.c.number == one.number) & (edition.c.language == language)
    version = (tx.execute(versions.where(mine)).scalar() or 0) + 1
    picture = picture_of(tx, one.number)
    head = Header(
        community=by.community,
        number=one.number,
        language=language,
        version=version,
        entry=entry,
        previous=previous,
        kind=one.kind,
        about=one.about,
        published_at=now,
        reviewed=one.unreviewed_until is None,
        exercise=one.exercise,
        place=one.place,
        topic=one.topic,
        urgency=one.urgency,
        **_attached(picture),
    )
    file = shapes.make_file(head, text)
    signature = by.sign(file.encode(), shapes.comment(head)).decode()
    made = Edition(entry, one.number, language, version, text, file, signature, now)
    row = {
        name: getattr(made, name) for name in ("entry", "number", "language", "version", "text", "file", "signature")
    }
    tx.execute(edition.insert(), {**row, "at": now})
    copies.keep(tx, made, by, head.picture or head.document)
    return made


def _attached(picture: bytes | None) -> dict[str, str]:
    """What a header says of the picture or PDF that belongs to a bulletin."""
    if picture is None:
        return {}
    return {"document" if is_pdf(picture) else "picture": hashlib.sha256(picture).hexdigest()}


def confirm(tx: Tx, number: int, reviewer: int) -> bool:
    """A second person has seen what one published alone. False if it needed none, or is corrected or withdrawn."""
    waits = (bulletin.c.number == number) & bulletin.c.unreviewed_until.is_not(None)
    waits &= bulletin.c.state == State.CURRENT.value
    values = {"unreviewed_until": None, "reviewer_id": reviewer}
    return tx.execute(bulletin.update().where(waits).values(**values)).rowcount == 1


def alone_since(tx: Tx, who: int, since: datetime) -> int:
    """How many bulletins somebody has published alone since then, confirmed meanwhile or not."""
    mine = (bulletin.c.author_id == who) & (bulletin.c.published_at > since) & (bulletin.c.alone == 1)
    found: int = tx.execute(sa.select(sa.func.count()).select_from(bulletin).where(mine)).scalar_one()
    return found


# -- reading -------------------------------------------------------------------------------------------------------

_COLUMNS = (
    bulletin.c.number,
    bulletin.c.kind,
    bulletin.c.about,
    bulletin.c.place,
    bulletin.c.topic,
    bulletin.c.urgency,
    bulletin.c.exercise,
    bulletin.c.state,
    bulletin.c.replaced_by,
    bulletin.c.published_at,
    bulletin.c.unreviewed_until,
)


def _bulletin(row: Any) -> Bulletin:
    return Bulletin(
        row.number,
        Kind(row.kind),
        row.about,
        row.place,
        Topic(row.topic),
        Urgency(row.urgency),
        bool(row.exercise),
        State(row.state),
        row.replaced_by,
        row.published_at,
        row.unreviewed_until,
    )


def find(tx: Tx, number: int) -> Bulletin | None:
    """A bulletin by its number."""
    row = tx.execute(sa.select(*_COLUMNS).where(bulletin.c.number == number)).first()
    return None if row is None else _bulletin(row)


def newest(tx: Tx, most: int, *, before: int | None = None) -> list[Bulletin]:
    """The newest bulletins, the newest first, beginning below the number `before`."""
    query = sa.select(*_COLUMNS).order_by(bulletin.c.number.desc()).limit(most)
    if before is not None:
        query = query.where(bulletin.c.number < before)
    return [_bulletin(row) for row in tx.execute(query)]


_OVERDUE = Prepared(
    sa.select(*_COLUMNS)
    .where(bulletin.c.unreviewed_until <= sa.bindparam("now"), bulletin.c.state == State.CURRENT.value)
    .order_by(bulletin.c.number)
)


def overdue(tx: Tx, now: datetime) -> list[Bulletin]:
    """What one person published alone and nobody has confirmed in time: current still, and to be withdrawn."""
    return [_bulletin(row) for row in tx.execute(_OVERDUE, {"now": now})]


def draft_of(tx: Tx, number: int) -> Draft:
    """What a bulletin was made of."""
    body: str = tx.execute(sa.select(bulletin.c.body).where(bulletin.c.number == number)).scalar_one()
    return shapes.from_json(json.loads(body))


def keep_draft(tx: Tx, number: int, draft: Draft) -> None:
    """What a bulletin is made of has changed: a translation came."""
    body = json.dumps(shapes.to_json(draft), ensure_ascii=False, separators=(",", ":"))
    tx.execute(bulletin.update().where(bulletin.c.number == number).values(body=body))


def picture_of(tx: Tx, number: int) -> bytes | None:
    """The picture or PDF that belongs to a bulletin."""
    found: bytes | None = tx.execute(sa.select(bulletin.c.picture).where(bulletin.c.number == number)).scalar()
    return found


def people_of(tx: Tx, number: int) -> tuple[int | None, int | None]:
    """Who wrote a bulletin and who agreed, as far as they are not forgotten."""
    row = tx.execute(sa.select(bulletin.c.author_id, bulletin.c.reviewer_id).where(bulletin.c.number == number)).one()
    return row.author_id, row.reviewer_id


def _editions(tx: Tx, which: sa.ColumnElement[bool], order: Any, *, most: int | None = None) -> list[Edition]:
    query = sa.select(edition).where(which).order_by(order).limit(most)
    return [
        Edition(row.entry, row.number, row.language, row.version, row.text, row.file, row.signature, row.at)
        for row in tx.execute(query)
    ]


def editions(tx: Tx, number: int) -> dict[str, Edition]:
    """A bulletin in each language that it has: the newest version of each."""
    found = _editions(tx, edition.c.number == number, edition.c.version)
    return {one.language: one for one in found}


def every_edition(tx: Tx, number: int) -> list[Edition]:
    """Every version of a bulletin in every language, in the order of the chain."""
    return _editions(tx, edition.c.number == number, edition.c.entry)


def chain(tx: Tx, after: int = 0, most: int = 100) -> list[Edition]:
    """A part of the chain, beginning behind the entry `after`."""
    return _editions(tx, edition.c.entry > after, edition.c.entry, most=most)


def by_entries(tx: Tx, entries: Iterable[int]) -> list[Edition]:
    """Editions by their places in the chain."""
    return _editions(tx, edition.c.entry.in_(sorted(set(entries))), edition.c.entry)


def versions(tx: Tx, number: int) -> Sequence[int]:
    """The numbers of everything that a bulletin corrects in the end, itself among them: the oldest last."""
    found: list[int] = []
    following: int | None = number
    while following is not None and following not in found:
        found.append(following)
        following = tx.execute(sa.select(bulletin.c.about).where(bulletin.c.number == following)).scalar()
    return found


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one."""
    for column in (bulletin.c.author_id, bulletin.c.reviewer_id):
        tx.execute(bulletin.update().where(column == gone).values({column: kept}))
