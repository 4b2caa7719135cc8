"""Petitions and the versions of their letters: what they say, how far they are, and who follows them."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from bot.domain import petition as rules
from bot.domain import petition_log
from bot.domain.people import Person
from bot.domain.petition import Course, Deed, Letter, Organisation, Refusal, State, Who
from bot.domain.roles import Role
from storage import envelope, petition_logs
from storage.database import Tx
from storage.petition_logs import Unknown
from storage.prepared import MOST, ONE, Prepared, at_most
from storage.schema import (
    EPOCH,
    person,
    petition,
    petition_follower,
    petition_nullifier,
    petition_signature,
    petition_sponsor,
    petition_version,
    role,
)

KEY: Final = 32  # bytes with which nullifiers are made
AT_ONCE: Final = 20_000  # rows that are erased in one step
SIGNED: Final = (State.OPEN, State.CLOSING, State.CLOSED, State.ANONYMOUS)  # everybody may read them
NOTED: Final = frozenset({Deed.OPEN, Deed.REFUSE, Deed.CLOSE})  # what is done to a letter that others see, too
GROWING: Final = (State.OPEN, State.CLOSING, State.CLOSED)  # a signature is added or taken back: the log is signed


@dataclass(frozen=True, slots=True)
class Petition:
    """A petition. `state` is that of the newest version that was opened, or of its draft; its repr shows no key."""

    id: int
    origin: str
    author: int | None
    state: State
    size: int
    verified: int
    unverified: int
    held: int
    opened_at: datetime | None
    closes_at: datetime | None
    closed_at: datetime | None
    packed_at: datetime | None
    forget_at: datetime | None
    period: timedelta
    told: int
    vouched: int | None
    key: bytes | None = field(repr=False)

    @property
    def count(self) -> int:
        """The signatures that count."""
        return self.verified + self.unverified

    @property
    def course(self) -> Course:
        """How far it is, as the rules see it."""
        return Course(self.state, self.closed_at, self.packed_at, self.period)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a letter. `digest` is there once it was offered, `organisers` (their public key) once opened."""

    petition: int
    number: int
    state: State
    letter: Letter
    digest: bytes | None
    refusal: Refusal | None
    reviewer: int | None
    changed_at: datetime
    opened_at: datetime | None
    organisers: bytes | None


# -- the letter as it is kept ------------------------------------------------------------------------------------------


def packed(letter: Letter) -> str:
    """A letter, however unfinished, as a text."""
    return json.dumps(
        {
            "key": letter.key,
            "addressees": letter.addressees,
            "goal": letter.goal,
            "closes": letter.closes.isoformat(),
            "texts": [[*key, said] for key, said in letter.texts.items()],
            "demands": [[*key, said] for key, said in letter.demands.items()],
            "sources": letter.sources,
            "sponsors": letter.sponsors,
            "organisations": [[one.name, one.confirmed] for one in letter.organisations],
        },
        ensure_ascii=False,
    )


def unpacked(body: str, origin: str, version: int) -> Letter:
    """What `packed` has made."""
    held = json.loads(body)
    return Letter(
        petition=origin,
        version=version,
        key=held["key"],
        addressees=tuple(held["addressees"]),
        goal=held["goal"],
        closes=datetime.fromisoformat(held["closes"]).date(),
        texts={(language, part): said for language, part, said in held["texts"]},
        demands={(language, code): said for language, code, said in held["demands"]},
        sources=tuple(held["sources"]),
        sponsors=tuple(held["sponsors"]),
        organisations=tuple(Organisation(name, confirmed) for name, confirmed in held["organisations"]),
    )


_public = lru_cache(maxsize=8)(unpacked)  # everybody may read them, and each step of a signing does


def origin_of(community: str, which: int) -> str:
    """Whose log it is, as it stands in checkpoints: no blanks, no plus."""
    name = "-".join(re.findall(r"[\w.]+", community.lower())) or "community"
    return f"{name}/petition/{which:x}"


# -- looking -----------------------------------------------------------------------------------------------------------

_PETITION = Prepared(sa.select(petition).where(petition.c.id == sa.bindparam("which")))


def _petition(row: Any) -> Petition:
    return Petition(
        row.id,
        row.origin,
        row.author_id,
        State(row.state),
        row.size,
        row.verified,
        row.unverified,
        row.held,
        row.opened_at,
        row.closes_at,
        row.closed_at,
        row.packed_at,
        row.forget_at,
        timedelta(days=row.period),
        row.told,
        row.vouched,
        None if row.key is None else bytes(row.key),
    )


def find(tx: Tx, which: int) -> Petition | None:
    """A petition by its number."""
    row = tx.execute(_PETITION, {"which": which}).first()
    return None if row is None else _petition(row)


def course(tx: Tx, which: int) -> Course | None:
    """How far a petition is."""
    found = find(tx, which)
    return None if found is None else found.course


def public(tx: Tx, most: int, skip: int = 0, *, states: Iterable[State] = SIGNED) -> list[Petition]:
    """Petitions that everybody may read, the newest first."""
    open_to_all = petition.c.state.in_([one.value for one in states])
    query = sa.select(petition).where(open_to_all, petition.c.opened_at.is_not(None))
    rows = tx.execute(query.order_by(petition.c.opened_at.desc(), petition.c.id).limit(most).offset(skip))
    return [_petition(row) for row in rows]


def of_author(tx: Tx, who: int) -> list[Petition]:
    """What an organiser has written, the newest first."""
    rows = tx.execute(sa.select(petition).where(petition.c.author_id == who).order_by(petition.c.id.desc()))
    return [_petition(row) for row in rows]


def _nobodys(now: datetime) -> Any:
    """Whoever looked after it was forgotten, or has lost the right."""
    holds = sa.exists().where(
        role.c.person_id == petition.c.author_id, role.c.role == Role.ORGANISER.value, role.c.expires_at > now
    )
    return petition.c.author_id.is_(None) | ~holds


def orphaned(tx: Tx, now: datetime, most: int) -> list[Petition]:
    """Petitions that people could sign, that go on, and that no organiser looks after any more."""
    going_on = petition.c.state.in_([State.OPEN.value, State.CLOSING.value, State.CLOSED.value])
    query = sa.select(petition).where(going_on, _nobodys(now)).order_by(petition.c.id)
    return [_petition(row) for row in tx.execute(query.limit(most))]


def is_orphaned(tx: Tx, which: int, now: datetime) -> bool:
    """Whether people could sign it, and no organiser looks after it any more."""
    opened = petition.c.opened_at.is_not(None)
    return tx.execute(sa.select(petition.c.id).where(petition.c.id == which, opened, _nobodys(now))).first() is not None


def hand_over(tx: Tx, which: int, before: int | None, who: int) -> bool:
    """Another organiser looks after it from now on. False if it is not `before`'s any more."""
    theirs = petition.c.author_id.is_(None) if before is None else petition.c.author_id == before
    done = tx.execute(petition.update().where(petition.c.id == which, theirs).values(author_id=who)).rowcount == 1
    if done:
        tx.note("handed over", which, before, who)
    return done


def _version(row: Any) -> Version:
    read = unpacked if row.opened_at is None else _public
    return Version(
        row.petition_id,
        row.version,
        State(row.state),
        read(row.body, row.origin, row.version),
        None if row.digest is None else bytes(row.digest),
        None if row.refusal is None else Refusal(row.refusal),
        row.reviewer_id,
        row.changed_at,
        row.opened_at,
        None if row.organisers is None else bytes(row.organisers),
    )


_VERSIONS = sa.select(petition_version, petition.c.origin).join(
    petition, petition_version.c.petition_id == petition.c.id
)


def versions(tx: Tx, which: int) -> list[Version]:
    """Every version of a petition's letter, the first one first."""
    query = _VERSIONS.where(petition_version.c.petition_id == which).order_by(petition_version.c.version)
    return [_version(row) for row in tx.execute(query)]


def version(tx: Tx, which: int, number: int) -> Version | None:
    """One of them."""
    query = _VERSIONS.where(petition_version.c.petition_id == which, petition_version.c.version == number)
    row = tx.execute(query).first()
    return None if row is None else _version(row)


_LAST = (
    _VERSIONS.where(petition_version.c.petition_id == sa.bindparam("which"))
    .order_by(petition_version.c.version.desc())
    .limit(ONE)
)
_NEWEST_VERSION = Prepared(_LAST)
_NEWEST_OPENED = Prepared(_LAST.where(petition_version.c.opened_at.is_not(None)))


def newest(tx: Tx, which: int, *, opened: bool = False) -> Version | None:
    """The last of them, or the last that was opened."""
    row = tx.execute(_NEWEST_OPENED if opened else _NEWEST_VERSION, {"which": which}).first()
    return None if row is None else _version(row)


_IN_STATE = Prepared(
    _VERSIONS.where(petition_version.c.state == sa.bindparam("state"))
    .order_by(petition_version.c.changed_at)
    .limit(MOST)
)


def in_state(tx: Tx, state: State, most: int = 50) -> list[Version]:
    """The versions in a state, those first that are in it the longest: drafts for review, say."""
    return [_version(row) for row in tx.execute(_IN_STATE, {"state": state.value, "most": most})]


# -- writing -----------------------------------------------------------------------------------------------------------


def create(tx: Tx, author: int, letter: Letter, now: datetime, *, period: timedelta = rules.WITHDRAWAL) -> Petition:
    """A petition with the draft of its first version; whose log and which version it is are put into the letter."""
    which = tx.new_id()
    keys = tx.connection.dialect.payvand_keys  # type: ignore[attr-defined]
    known = keys.petitions or keys.signer
    origin = origin_of(known.community if known is not None else "", which)
    row = {"id": which, "origin": origin, "author_id": author, "state": State.DRAFT.value, "period": period.days}
    tx.execute(petition.insert(), row)
    _add_version(tx, which, 1, letter, now)
    made = find(tx, which)
    assert made is not None  # noqa: S101 - it was written above
    return made


def _add_version(tx: Tx, which: int, number: int, letter: Letter, now: datetime) -> None:
    row = {"petition_id": which, "version": number, "state": State.DRAFT.value, "body": packed(letter)}
    tx.execute(petition_version.insert(), {**row, "changed_at": now})


def begin_version(tx: Tx, which: int, letter: Letter, now: datetime) -> int | None:
    """The draft of a later version; its number. None unless the newest one can be signed."""
    last = newest(tx, which)
    if last is None or last.state is not State.OPEN:
        return None
    _add_version(tx, which, last.number + 1, letter, now)
    return last.number + 1


def change(tx: Tx, which: int, number: int, letter: Letter, now: datetime) -> bool:
    """Put another text in a draft's place. False if this version can't be changed (any more)."""
    can_be = (State.DRAFT.value, State.REFUSED.value)
    mine = (petition_version.c.petition_id == which) & (petition_version.c.version == number)
    values = {"body": packed(letter), "changed_at": now, "warned_at": None, "digest": None}
    done = tx.execute(petition_version.update().where(mine, petition_version.c.state.in_(can_be)).values(**values))
    return done.rowcount == 1


def take_step(  # noqa: PLR0913 - who does what to which, and why
    tx: Tx,
    one: Version,
    deed: Deed,
    by: Who,
    now: datetime,
    *,
    reviewer: int | None = None,
    refusal: Refusal | None = None,
) -> State | None:
    """Do something to a version by the rules; what it is then. None if it can't be done, and nothing is changed.

    Offering keeps the letter's digest. Opening writes the letter into the log and makes the petition's key the first
    time; the version before it is superseded. A dropped draft is erased, and with the first one its petition.
    """
    then = rules.after(one.state, deed, by)
    if then is None:
        return None
    if then is State.DROPPED:
        _drop(tx, one)
        return then
    values: dict[str, Any] = {"state": then.value, "changed_at": now, "warned_at": None}
    if deed is Deed.OFFER:
        values |= {"digest": one.letter.digest(), "refusal": None}
    elif deed is Deed.REFUSE:
        values |= {"refusal": refusal.value if refusal else None, "reviewer_id": reviewer}
    elif deed is Deed.OPEN:
        organisers = envelope.read_public(one.letter.key)
        if organisers is None or one.digest != one.letter.digest():
            return None
        values |= {"opened_at": now, "reviewer_id": reviewer, "organisers": organisers}
    if not _set(tx, one.petition, one.number, from_=one.state, **values):
        return None
    _follow(tx, one, deed, then, now)
    if deed in NOTED:
        tx.note("step", one.petition, one.number, deed.value, by.value, now, reviewer, refusal and refusal.value)
    return then


def _drop(tx: Tx, one: Version) -> None:
    if one.number == 1:
        tx.execute(petition.delete().where(petition.c.id == one.petition))
        return
    mine = (petition_version.c.petition_id == one.petition) & (petition_version.c.version == one.number)
    tx.execute(petition_version.delete().where(mine))


def forget_author(tx: Tx, who: int) -> None:
    """Erase what an organiser wrote and nobody could sign yet: a draft is its author's, and goes with them."""
    tx.execute(petition.delete().where(petition.c.author_id == who, petition.c.opened_at.is_(None)))
    theirs = sa.select(petition.c.id).where(petition.c.author_id == who)
    unopened = petition_version.c.opened_at.is_(None)
    tx.execute(petition_version.delete().where(petition_version.c.petition_id.in_(theirs), unopened))


def _set(tx: Tx, which: int, number: int, *, from_: State, **values: Any) -> bool:
    mine = (petition_version.c.petition_id == which) & (petition_version.c.version == number)
    still = petition_version.c.state == from_.value
    return tx.execute(petition_version.update().where(mine, still).values(**values)).rowcount == 1


def _follow(tx: Tx, one: Version, deed: Deed, then: State, now: datetime) -> None:
    """What a step of a version means for its petition."""
    found = find(tx, one.petition)
    if found is None:
        return
    values: dict[str, Any] = {}
    if deed is Deed.OPEN:
        if one.number > 1:
            superseded = {"state": State.SUPERSEDED.value, "changed_at": now}
            _set(tx, one.petition, one.number - 1, from_=State.OPEN, **superseded)
        closes = datetime.combine(one.letter.closes, time(), UTC)
        values = {"closes_at": closes, "opened_at": found.opened_at or now}
        if found.key is None and one.number == 1:
            values["key"] = secrets.token_bytes(KEY)
        values["telling"] = 0  # followers hear of a new version, and that it is closed
        petition_logs.append(tx, one.petition, petition_log.Letter(one.number, now.date(), one.letter.digest()))
    elif deed is Deed.CLOSE:
        forget_at = max(now, found.packed_at or now) + found.period
        values = {"closed_at": now, "closes_at": None, "forget_at": forget_at, "telling": 0}
        _drop_drafts(tx, one)
    elif deed is Deed.FORGET_KEY:
        values = {"key": None, "forget_at": None}
    if one.number == 1 or deed not in {Deed.OFFER, Deed.TAKE_BACK, Deed.REFUSE}:
        values["state"] = then.value
    if values:
        tx.execute(petition.update().where(petition.c.id == one.petition).values(**values))


def _drop_drafts(tx: Tx, one: Version) -> None:
    """A later version that was not opened can't be any more."""
    later = (petition_version.c.petition_id == one.petition) & (petition_version.c.version > one.number)
    tx.execute(petition_version.delete().where(later))


def packed_now(tx: Tx, which: int, now: datetime) -> None:
    """A packet was made now: from it the withdrawal period runs. Its row and its entry are the ledger's.

    Raises Unknown.
    """
    found = find(tx, which)
    if found is None:
        raise Unknown(which)
    values: dict[str, Any] = {"packed_at": now}
    if found.state is State.CLOSING:
        values["forget_at"] = now + found.period
    tx.execute(petition.update().where(petition.c.id == which).values(**values))


# -- under duress ------------------------------------------------------------------------------------------------------

Rows: TypeAlias = dict[tuple[int, ...], dict[str, Any]]  # by their primary key


_UNOPENED_TEXTS = sa.select(petition_version).join(petition, petition_version.c.petition_id == petition.c.id)
_UNOPENED_MINE = (petition.c.author_id == sa.bindparam("who"), petition_version.c.opened_at.is_(None))
_UNOPENED = Prepared(
    sa.select(petition).where(petition.c.author_id == sa.bindparam("who"), petition.c.opened_at.is_(None))
)
_UNOPENED_VERSIONS = Prepared(_UNOPENED_TEXTS.where(*_UNOPENED_MINE))
_ASKED_TO_STAND = Prepared(
    sa.select(petition_sponsor).where(
        petition_sponsor.c.petition_id.in_(
            _UNOPENED_TEXTS.with_only_columns(petition_version.c.petition_id).where(*_UNOPENED_MINE)
        )
    )
)


def unopened(tx: Tx, who: int) -> tuple[Rows, Rows, Rows]:
    """What an organiser writes and nobody else can read yet: petitions and versions that were not opened, as rows.

    With them go those who are asked to stand under such a letter: a code that opened nothing would tell whoever holds
    the phone as much as a letter that is gone.
    """
    mine = {"who": who}
    return (
        {(row.id,): row._asdict() for row in tx.execute(_UNOPENED, mine)},
        {(row.petition_id, row.version): row._asdict() for row in tx.execute(_UNOPENED_VERSIONS, mine)},
        {(row.id,): row._asdict() for row in tx.execute(_ASKED_TO_STAND, mine)},
    )


def put_unopened(tx: Tx, who: int, rows: tuple[Rows, Rows, Rows]) -> None:
    """Put such rows in the place of what is there."""
    tables = (petition, petition_version, petition_sponsor)
    for table, then, now in zip(tables, rows, unopened(tx, who), strict=True):
        keys = list(table.primary_key.columns)
        for key in now.keys() - then.keys():
            tx.execute(table.delete().where(*(column == value for column, value in zip(keys, key, strict=True))))
        for key, row in then.items():
            if now.get(key) != row:
                made = tx.insert(table).values(**row)
                tx.execute(made.on_conflict_do_update(index_elements=[column.name for column in keys], set_=row))


# -- as time passes ----------------------------------------------------------------------------------------------------


_TO_CLOSE = Prepared(
    sa.select(petition)
    .where(petition.c.closes_at <= sa.bindparam("now"), petition.c.state == State.OPEN.value)
    .order_by(petition.c.closes_at)
    .limit(at_most(50))
)


def to_close(tx: Tx, now: datetime) -> list[Petition]:
    """The petitions whose deadline has come."""
    return [_petition(row) for row in tx.execute(_TO_CLOSE, {"now": now})]


_TO_FORGET = Prepared(
    sa.select(petition)
    .where(petition.c.forget_at <= sa.bindparam("now"), petition.c.state == State.CLOSING.value)
    .order_by(petition.c.forget_at)
    .limit(at_most(50))
)


def to_forget(tx: Tx, now: datetime) -> list[Petition]:
    """The petitions whose key is to be destroyed."""
    return [_petition(row) for row in tx.execute(_TO_FORGET, {"now": now})]


def close(tx: Tx, which: int, by: Who, now: datetime) -> bool:
    """Nobody can sign any more."""
    last = newest(tx, which, opened=True)
    return last is not None and take_step(tx, last, Deed.CLOSE, by, now) is not None


UNREAD: Final = (State.DRAFT.value, State.REFUSED.value)


_AGEING = Prepared(
    _VERSIONS.add_columns(petition.c.author_id)
    .where(
        petition_version.c.state.in_(UNREAD),
        petition_version.c.changed_at <= sa.bindparam("before"),
        petition_version.c.warned_at.is_(None),
    )
    .limit(MOST)
)
_OLD = Prepared(
    _VERSIONS.where(
        petition_version.c.state.in_(UNREAD),
        petition_version.c.changed_at <= sa.bindparam("before"),
        petition_version.c.warned_at <= sa.bindparam("warned_before"),
    ).limit(MOST)
)


def ageing(tx: Tx, now: datetime, most: int = 50) -> list[tuple[Version, int | None]]:
    """Drafts whose authors are to be told that they will be dropped, with the author. They count as told from now."""
    before = now - rules.DRAFT_KEPT + rules.DRAFT_WARNED
    rows = tx.execute(_AGEING, {"before": before, "most": most}).all()
    for row in rows:
        _set(tx, row.petition_id, row.version, from_=State(row.state), warned_at=now)
    return [(_version(row), row.author_id) for row in rows]


def drop_old(tx: Tx, now: datetime, most: int = 50) -> None:
    """Drop drafts that nobody has touched for long, if their authors were told long enough before."""
    before = {"before": now - rules.DRAFT_KEPT, "warned_before": now - rules.DRAFT_WARNED}
    for row in tx.execute(_OLD, {**before, "most": most}).all():
        take_step(tx, _version(row), Deed.DROP, Who.TIME, now)


def forget_key(tx: Tx, which: int, now: datetime) -> bool:
    """Destroy the petition's key, if that is due. What is left of its nullifiers means nothing: see `erase_marks`."""
    found = find(tx, which)
    last = newest(tx, which, opened=True)
    if found is None or last is None or not found.course.key_is_due(now):
        return False
    return take_step(tx, last, Deed.FORGET_KEY, Who.TIME, now) is not None


def erase_marks(tx: Tx, which: int, most: int = AT_ONCE) -> bool:
    """Erase some of the nullifiers of a petition whose key is destroyed. True while some are left."""
    some = sa.select(petition_nullifier.c.mark).where(petition_nullifier.c.petition_id == which).limit(most)
    mine = (petition_nullifier.c.petition_id == which) & petition_nullifier.c.mark.in_(some.scalar_subquery())
    return tx.execute(petition_nullifier.delete().where(mine)).rowcount == most


def anonymise(tx: Tx, which: int, now: datetime) -> bool:
    """What is personal goes from here on (`erase_personal`); letter, log, counts and checkpoints stay."""
    last = newest(tx, which, opened=True)
    done = last is not None and take_step(tx, last, Deed.ANONYMISE, Who.TIME, now) is not None
    if done:
        tx.execute(petition.update().where(petition.c.id == which).values(author_id=None))
        tx.execute(petition_follower.delete().where(petition_follower.c.petition_id == which))
    return done


def erase_personal(tx: Tx, which: int, most: int = AT_ONCE) -> bool:
    """Erase what some signatures of an anonymous petition still hold. True while some are left."""
    table = petition_signature
    some = sa.select(table.c.place).where(table.c.petition_id == which, table.c.tag.is_not(None)).limit(most)
    mine = (table.c.petition_id == which) & table.c.place.in_(some.scalar_subquery())
    gone = dict.fromkeys(("tag", "record", "country", "public_name", "wave"))
    return tx.execute(table.update().where(mine).values(**gone)).rowcount == most


# -- following ---------------------------------------------------------------------------------------------------------

_FOLLOWERS = Prepared(
    sa.select(
        petition_follower.c.person_id,
        person.c.language,
        person.c.name,
        person.c.zone,
        person.c.quiet_from,
        person.c.quiet_until,
    )
    .join(person, petition_follower.c.person_id == person.c.id)
    .where(
        petition_follower.c.petition_id == sa.bindparam("which"), petition_follower.c.person_id > sa.bindparam("after")
    )
    .order_by(petition_follower.c.person_id)
    .limit(MOST)
)


def follow(tx: Tx, which: int, who: int, now: datetime) -> None:
    """Somebody wants to be told how it goes on. Says nothing about a signature."""
    row = {"petition_id": which, "person_id": who, "since": (now - EPOCH).days}
    tx.execute(tx.insert(petition_follower).on_conflict_do_nothing(), row)


def unfollow(tx: Tx, which: int, who: int) -> None:
    """They don't want it any more."""
    mine = (petition_follower.c.petition_id == which) & (petition_follower.c.person_id == who)
    tx.execute(petition_follower.delete().where(mine))


def follows(tx: Tx, which: int, who: int) -> bool:
    """Whether they want it."""
    mine = (petition_follower.c.petition_id == which) & (petition_follower.c.person_id == who)
    return tx.execute(sa.select(petition_follower.c.since).where(mine)).first() is not None


def followed_by(tx: Tx, who: int) -> list[int]:
    """What somebody follows."""
    mine = sa.select(petition_follower.c.petition_id).where(petition_follower.c.person_id == who)
    return list(tx.execute(mine).scalars())


_FOLLOWING = Prepared(
    sa.select(petition_follower.c.petition_id, petition_follower.c.since).where(
        petition_follower.c.person_id == sa.bindparam("who")
    )
)


def following(tx: Tx, who: int) -> dict[int, int]:
    """What somebody follows, and since which day."""
    return {row.petition_id: row.since for row in tx.execute(_FOLLOWING, {"who": who})}


def follow_only(tx: Tx, who: int, wanted: Mapping[int, int]) -> None:
    """Let somebody follow these petitions and no others."""
    before = following(tx, who)
    for one in before.keys() - wanted.keys():
        unfollow(tx, one, who)
    for one in wanted.keys() - before.keys():
        follow(tx, one, who, EPOCH + timedelta(days=wanted[one]))


def followers(tx: Tx, which: int, after: int, most: int) -> list[Person]:
    """Who wants to be told, by their numbers, those behind `after`."""
    rows = tx.execute(_FOLLOWERS, {"which": which, "after": after, "most": most})
    return [
        Person(row.person_id, row.language or "", row.name or "", row.zone or "", row.quiet_from, row.quiet_until)
        for row in rows
    ]


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one: whatever either follows they follow."""
    theirs = sa.select(petition_follower.c.petition_id, petition_follower.c.since).where(
        petition_follower.c.person_id == gone
    )
    for row in tx.execute(theirs).all():
        made = {"petition_id": row.petition_id, "person_id": kept, "since": row.since}
        tx.execute(tx.insert(petition_follower).on_conflict_do_nothing(), made)
    tx.execute(petition_follower.delete().where(petition_follower.c.person_id == gone))
    tx.execute(petition.update().where(petition.c.author_id == gone).values(author_id=kept))
    tx.execute(petition_version.update().where(petition_version.c.reviewer_id == gone).values(reviewer_id=kept))


_WITH_LIVING_KEY = Prepared(
    sa.select(petition).where(petition.c.state.in_([State.OPEN.value, State.CLOSING.value])).order_by(petition.c.id)
)


def with_living_key(tx: Tx) -> list[Petition]:
    """The petitions of which accounts can still be asked whether they signed: their key lives."""
    return [_petition(row) for row in tx.execute(_WITH_LIVING_KEY)]
