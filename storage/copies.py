"""Copies of published texts: found by words in a row; the archive's index of words; and what proves a signed file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from bot.domain import places, verifying
from bot.domain.bulletin import Edition, Topic
from bot.domain.verifying import Word
from storage.database import Tx
from storage.schema import archive_word, bulletin, certificate, edition, shingle
from storage.signing import Signer

COMMON = 50  # texts that share words in a row: what more of them say tells none of them apart, and is not kept
CANDIDATES = 8
AT_ONCE = 400  # values in one question


def keep(tx: Tx, made: Edition, by: Signer, attached: str = "") -> None:
    """Put an edition that was signed just now into the indexes, with the digest of what goes with it."""
    words = verifying.read(made.text)
    hashes = verifying.shingles(words)
    common = {one for one, count in _counted(tx, hashes) if count >= COMMON}
    rows = [{"hash": one, "entry": made.entry} for one in hashes if one not in common]
    if attached:
        rows.append({"hash": verifying.mark(attached), "entry": made.entry})
    if rows:
        tx.execute(shingle.insert(), rows)
    found = [{"word": one.encode(), "entry": made.entry} for one in verifying.indexed(made.text)]
    if found:
        tx.execute(archive_word.insert(), found)
    last = tx.execute(sa.select(certificate.c.text).order_by(certificate.c.entry.desc()).limit(1)).scalar()
    if last != by.certificate:
        row = {"entry": made.entry, "text": by.certificate, "signature": by.vouching}
        tx.execute(certificate.insert(), row)


def _counted(tx: Tx, hashes: Sequence[int]) -> Iterable[tuple[int, int]]:
    for n in range(0, len(hashes), AT_ONCE):
        some = shingle.c.hash.in_(hashes[n : n + AT_ONCE])
        query = sa.select(shingle.c.hash, sa.func.count()).where(some).group_by(shingle.c.hash)
        yield from ((row[0], row[1]) for row in tx.execute(query))


def candidates(tx: Tx, words: Sequence[Word]) -> list[int]:
    """The entries of the chain that share most with a text, the likeliest first."""
    hashes, counts = verifying.shingles(words), dict[int, int]()
    for n in range(0, len(hashes), AT_ONCE):
        some = shingle.c.hash.in_(hashes[n : n + AT_ONCE])
        query = sa.select(shingle.c.entry, sa.func.count()).where(some).group_by(shingle.c.entry)
        for entry, count in tx.execute(query):
            counts[entry] = counts.get(entry, 0) + count
    return sorted(counts, key=lambda entry: (-counts[entry], -entry))[:CANDIDATES]


def with_attached(tx: Tx, digest: str) -> list[int]:
    """The entries of the chain that may be of bulletins with this picture or PDF, the newest first."""
    query = sa.select(shingle.c.entry).where(shingle.c.hash == verifying.mark(digest))
    return list(tx.execute(query.order_by(shingle.c.entry.desc()).limit(COMMON)).scalars())


def certificate_of(tx: Tx, entry: int) -> tuple[bytes, bytes] | None:
    """The certificate of the key that signed an entry, and its signature: two files' contents."""
    query = sa.select(certificate.c.text, certificate.c.signature).where(certificate.c.entry <= entry)
    row = tx.execute(query.order_by(certificate.c.entry.desc()).limit(1)).first()
    return None if row is None else (row.text, row.signature)


def certificates(tx: Tx) -> list[tuple[int, bytes, bytes]]:
    """Every certificate that something was signed under: from which entry on, and two files' contents. Newest last."""
    query = sa.select(certificate.c.entry, certificate.c.text, certificate.c.signature).order_by(certificate.c.entry)
    return [(row.entry, row.text, row.signature) for row in tx.execute(query)]


def search(  # noqa: PLR0913 - each is a way to narrow it
    tx: Tx,
    most: int,
    *,
    before: int | None = None,
    words: Sequence[str] = (),
    place: str = "",
    topic: Topic | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[int]:
    """The numbers of the newest bulletins that fit, the newest first, beginning below the number `before`.

    `words` are beginnings of folded words, all of which one edition must hold.
    """
    query = sa.select(bulletin.c.number).order_by(bulletin.c.number.desc()).limit(most)
    if before is not None:
        query = query.where(bulletin.c.number < before)
    if place:
        query = query.where(bulletin.c.place.in_(sorted(places.within(place))))
    if topic is not None:
        query = query.where(bulletin.c.topic == topic.value)
    if since is not None and until is not None:
        query = query.where(bulletin.c.published_at >= since, bulletin.c.published_at < until)
    if words:
        holding = [
            sa.select(archive_word.c.entry).where(archive_word.c.word >= one, archive_word.c.word < one + b"\xff")
            for one in map(str.encode, words)
        ]
        held = sa.select(edition.c.number)
        for one in holding:
            held = held.where(edition.c.entry.in_(one))
        query = query.where(bulletin.c.number.in_(held))
    return list(tx.execute(query).scalars())
