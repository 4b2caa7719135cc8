"""Petitions that travel: whose letter we collect for, who collects for ours, and the files that say so.

A file is made and read here, and whoever signed it is checked; what of it is taken says `bot.domain.relay`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from bot.domain import relay
from bot.domain.checkpoint import Checkpoint
from bot.domain.petition import Deed, Who
from bot.domain.relay import Home, Known, Parcel, Statement, Trouble
from storage import notes, petition_logs, petitions, signing
from storage.database import Tx
from storage.notes import Online
from storage.petitions import Petition, Version
from storage.prepared import Prepared
from storage.schema import petition, petition_checkpoint, petition_relay
from storage.signing import NotCertified

FETCH: Final = "relay.fetch"  # a job: bring what somebody has sent
CARD: Final = "petition.card"  # a job: draw a card
GONE, TOO_LARGE = "gone", "too large"  # why a file could not be fetched


@dataclass(frozen=True, slots=True)
class Relayed:
    """What is known between a petition here and another community.

    `theirs` is the newest file that they have signed: with the letter if we collect for them, else their count. `given`
    is the newest count of ours that was made for them.
    """

    petition: int
    at: datetime
    theirs: Parcel
    given: Parcel | None

    @property
    def said(self) -> Statement:
        """What they say."""
        return self.theirs.said

    @property
    def known(self) -> Known:
        """It, with when it was signed."""
        return Known(self.said, self.at)


# -- who signed --------------------------------------------------------------------------------------------------------


def proven(parcel: Parcel, now: datetime) -> datetime | Trouble:
    """When a file was signed by the community that it names, or why nobody can say that it was."""
    try:
        text, vouching = parcel.certificate.encode(), parcel.vouching.encode()
        one = signing.read_certificate(text, vouching, parcel.said.key, None)
    except NotCertified:
        return Trouble.FORGED
    public = notes.public_key(one.key)
    at = None if public is None or one.purpose != notes.PURPOSE else notes.signed_at(parcel.note, public)
    if at is None or not one.since <= at < one.until:
        return Trouble.FORGED
    return Trouble.AHEAD if at > now + relay.CLOCKS else at


# -- what is kept ------------------------------------------------------------------------------------------------------


def _relayed(row: Any) -> Relayed:
    theirs = relay.read(row.file)
    assert theirs is not None  # noqa: S101 - it was read before it was kept
    return Relayed(row.petition_id, row.at, theirs, relay.read(row.given) if row.given else None)


def of(tx: Tx, which: int) -> list[Relayed]:
    """What other communities count for a petition of ours, those first that were heard of first."""
    return [one for one in _all(tx, which) if not one.said.is_home]


def home_of(tx: Tx, which: int) -> Relayed | None:
    """Whose petition it is, if it is another community's."""
    return next((one for one in _all(tx, which) if one.said.is_home), None)


_OF = Prepared(
    sa.select(petition_relay)
    .where(petition_relay.c.petition_id == sa.bindparam("which"))
    .order_by(petition_relay.c.community, petition_relay.c.version)
)


def _all(tx: Tx, which: int) -> list[Relayed]:
    return [_relayed(row) for row in tx.execute(_OF, {"which": which})]


def here(tx: Tx, said: Statement) -> int | None:
    """The number under which another community's letter was taken over here, if it was."""
    query = sa.select(petition_relay).where(
        petition_relay.c.community == said.key, petition_relay.c.version == said.version
    )
    found = (_relayed(row) for row in tx.execute(query))
    return next((one.petition for one in found if one.said.is_home and one.said.petition == said.petition), None)


def of_origin(tx: Tx, origin: str) -> Petition | None:
    """The petition with this log."""
    which: int | None = tx.execute(sa.select(petition.c.id).where(petition.c.origin == origin)).scalar()
    return None if which is None else petitions.find(tx, which)


def put(tx: Tx, which: int, parcel: Parcel, at: datetime) -> None:
    """Keep the newest that a community has signed for a version of a letter."""
    said = parcel.said
    key = {"petition_id": which, "community": said.key, "version": said.version}
    values = {"at": at, "file": str(parcel)}
    insert = tx.insert(petition_relay).values(**key, **values)
    tx.execute(insert.on_conflict_do_update(index_elements=[*key], set_=values))
    tx.note("relay", which, str(parcel), at)


def drop(tx: Tx, which: int, community: str, version: int) -> None:
    """Forget what a community counts for a version of a letter."""
    mine = (petition_relay.c.petition_id == which) & (petition_relay.c.community == community)
    tx.execute(petition_relay.delete().where(mine, petition_relay.c.version == version))
    tx.note("relay dropped", which, community, version)


# -- taking ------------------------------------------------------------------------------------------------------------


def welcome(tx: Tx, parcel: Parcel, ours: str, now: datetime) -> Trouble | None:
    """What speaks against taking over another community's letter."""
    at = proven(parcel, now)
    if isinstance(at, Trouble):
        return at
    return relay.welcome(parcel, ours, now) or (None if here(tx, parcel.said) is None else Trouble.OLD)


def take_over(tx: Tx, parcel: Parcel, author: int, reviewer: int, now: datetime) -> Petition | None:
    """Open another community's letter here, with a log of our own, as any letter that two people have agreed to."""
    letter, at = parcel.letter, proven(parcel, now)
    if letter is None or isinstance(at, Trouble):
        return None
    noted, tx.noted = tx.noted, None  # it is noted as a whole
    try:
        made = petitions.create(tx, author, letter, now)
        for deed, by in ((Deed.OFFER, Who.AUTHOR), (Deed.OPEN, Who.REVIEWER)):
            one = petitions.newest(tx, made.id)
            if one is None or petitions.take_step(tx, one, deed, by, now, reviewer=reviewer) is None:
                return None
        put(tx, made.id, parcel, at)
    finally:
        tx.noted = noted
    tx.note("taken over", made.id, str(parcel), author, reviewer, now)
    return petitions.find(tx, made.id)


def count_of(tx: Tx, parcel: Parcel, ours: str, now: datetime) -> tuple[Petition, Relayed | None, datetime] | Trouble:
    """For which petition of ours a count is, what was known from there, and when it was signed; or why not to take it.

    Nothing is kept of it: see `put`.
    """
    at = proven(parcel, now)
    if isinstance(at, Trouble):
        return at
    said = parcel.said
    one = of_origin(tx, said.petition)
    if one is None or one.opened_at is None or home_of(tx, one.id) is not None:
        return Trouble.OWN if said.key == ours else Trouble.FOREIGN
    others = of(tx, one.id)
    known = next((old for old in others if (old.said.key, old.said.version) == (said.key, said.version)), None)
    letters = {v.number: v.digest for v in petitions.versions(tx, one.id) if v.opened_at is not None and v.digest}
    home = Home(ours, one.origin, letters, [old.said for old in others])
    wrong = relay.accept(home, None if known is None else known.known, parcel, at)
    return wrong or (one, known, at)


# -- giving ------------------------------------------------------------------------------------------------------------


def letter_file(tx: Tx, one: Petition, by: Online, now: datetime) -> Parcel | None:
    """A petition of ours as it travels; None unless it was opened."""
    newest = petitions.newest(tx, one.id, opened=True)
    if newest is None or newest.digest is None or home_of(tx, one.id) is not None:
        return None
    log, at = _published(tx, one, by, now)
    said = Statement(
        log=log,
        key=by.root,
        name=relay.name_of(by.community),
        petition=one.origin,
        home=by.root,
        version=newest.number,
        digest=newest.digest,
        sequence=log.size,
        verified=one.verified,
        unverified=one.unverified,
    )
    return _signed(said, by, at, letter=newest.letter)


def count_file(tx: Tx, one: Petition, by: Online, now: datetime) -> Parcel | None:
    """What we count for another community's petition; the same file again, if nothing has changed.

    None if it is our own petition, or if what is signed here is not their letter (any more).
    """
    home = home_of(tx, one.id)
    newest = petitions.newest(tx, one.id, opened=True)
    if home is None or newest is None or not _is_theirs(newest, home.said):
        return None
    log, at = _published(tx, one, by, now)
    before = home.given
    if (
        before is not None
        and (before.said.log, before.said.verified, before.said.unverified)
        == (
            log,
            one.verified,
            one.unverified,
        )
        and _lasts(before, now)
    ):
        return before
    said = Statement(
        log=log,
        key=by.root,
        name=relay.name_of(by.community),
        petition=home.said.petition,
        home=home.said.key,
        version=home.said.version,
        digest=home.said.digest,
        sequence=1 if before is None else before.said.sequence + 1,
        verified=one.verified,
        unverified=one.unverified,
    )
    sizes = [] if before is None else sorted({*(before.grown or {}), before.said.log.size} - {log.size})
    grown = {size: tuple(petition_logs.consistency(tx, one.id, size, log.size)) for size in sizes[-relay.MOST_GROWN :]}
    made = _signed(said, by, at, grown=grown or None)
    mine = (petition_relay.c.petition_id == one.id) & (petition_relay.c.community == home.said.key)
    tx.execute(petition_relay.update().where(mine).values(given=str(made)))
    return made


def _lasts(parcel: Parcel, now: datetime) -> bool:
    return not isinstance(proven(parcel, now), Trouble)


def _is_theirs(version: Version, said: Statement) -> bool:
    return relay.as_home_has_it(version.letter, said.petition, said.version).digest() == said.digest


def _published(tx: Tx, one: Petition, by: Online, now: datetime) -> tuple[Checkpoint, datetime]:
    """The log as it is now, which is published with that, and the time for what is said of it: never an older one."""
    petition_logs.make_checkpoint(tx, one.id, by, now)
    size = petition_logs.size(tx, one.id)
    mine = petition_checkpoint.c.petition_id == one.id
    last: datetime = tx.execute(sa.select(sa.func.max(petition_checkpoint.c.at)).where(mine)).scalar_one()
    return Checkpoint(one.origin, size, petition_logs.root(tx, one.id, size)), max(now, last)


def _signed(said: Statement, by: Online, at: datetime, **more: Any) -> Parcel:
    note = by.signer.sign(said.log, at, said.more)
    return Parcel(by.certificate.decode(), by.vouching.decode(), note, said, **more)
