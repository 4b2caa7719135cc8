"""What lists of shelters and hospitals say of people whom nobody online holds; who may be passed on, and who was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from bot.domain.knock import Kind, Known, Looking
from storage import knocks, search
from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import exported, fact, knock, listed, passing, sought

TOLD_FOR: Final = timedelta(days=90)  # so long it is passed on that a record is over
AGREED_FOR: Final = timedelta(hours=48)  # after two moderators have agreed to one export
AGES: Final = 1  # years: by so much a birth year moves that is counted from an age
_BODY: Final = 700  # bytes to which what a list says is padded before it is sealed
_EXPORT: Final = "export"  # the fact: until when one export may be written
_RECIPIENT: Final = "export.recipient"  # the fact: to whom the list goes


@dataclass(frozen=True, slots=True)
class Told:
    """What a list says of somebody. `id` is what the record is called there, `at` of which day it is.

    `said_at` is when the status was true, `seen_at` when somebody was at the place; None where the list does not tell.
    Of a death or an arrest (`hard`) nobody is told by a message.
    """

    source: str
    id: str
    at: datetime | None
    status: str = ""
    place: str = ""
    hard: bool = False
    said_at: datetime | None = None
    seen_at: datetime | None = None


# -- lists come in -------------------------------------------------------------------------------------------------


def put(  # noqa: PLR0913 - a record and what is said of it
    tx: Tx, one: Told, known: Known, now: datetime, expires_at: datetime, *, consent: bool = False
) -> bool:
    """Keep what a list says of somebody, in the place of what the same list said before. Whether it is new.

    Somebody else under the same id (see `another`) is a new record, and the old one is erased: tell whoever had learnt
    from it first. It can be found once `search.index` has run.
    """
    which = numbered(tx, one.source, one.id)
    row = {"source": one.source, "body": _packed(one)}
    if which is not None and another(tx, which, known):
        search.erase(tx, [which])
        which = None
    if which is None:
        which = search.put(tx, Kind.LIST, known, now, source=one.source, consent=consent, expires_at=expires_at)
        tx.execute(listed.insert(), {"sought_id": which, "trace": _trace(one.source, one.id), **row})
        return True
    tx.execute(sought.update().where(sought.c.id == which).values(expires_at=expires_at, consent=int(consent)))
    tx.execute(listed.update().where(listed.c.sought_id == which).values(**row))
    return False


def numbered(tx: Tx, source: str, record: str) -> int | None:
    """The number of the record that a list calls so, if there is one."""
    query = sa.select(listed.c.sought_id).where(listed.c.trace == _trace(source, record))
    which: int | None = tx.execute(query).scalar()
    return which


def another(tx: Tx, which: int, known: Known) -> bool:
    """Whether a list means somebody else by now: other names, places, or a year further off than ages are exact.

    Lists give an id to somebody else, and cases, opinions and “not the same” are about who stood there before. Of
    somebody who stays, nothing is changed: it is what two moderators have compared.
    """
    before = search.held(tx, which)
    if before is None:
        return True
    return not _near(before.known.born, known.born) or _plain(before.known) != _plain(known)


def _near(one: int | None, two: int | None) -> bool:
    return one == two or (one is not None and two is not None and abs(one - two) <= AGES)


def _plain(known: Known) -> tuple[list[str], list[str]]:
    """Names and places, whatever letters are large."""
    return [one.casefold() for one in known.names], [one.casefold() for one in known.places]


def others(tx: Tx, source: str, after: int, most: int) -> list[tuple[int, str]]:
    """The records of a source, by their numbers, with what they are called there."""
    query = sa.select(listed.c.sought_id, listed.c.body).where(listed.c.source == source, listed.c.sought_id > after)
    return [
        (row.sought_id, _unpacked(row.body).id) for row in tx.execute(query.order_by(listed.c.sought_id).limit(most))
    ]


def of(tx: Tx, which: int) -> Told | None:
    """What the list says, of which this record is a line."""
    row = tx.execute(sa.select(listed.c.body).where(listed.c.sought_id == which)).first()
    return None if row is None else _unpacked(row.body)


def _trace(source: str, record: str) -> str:
    return f"{source}\n{record}"


def _packed(one: Told) -> bytes:
    said = {"s": one.source, "i": one.id, "t": one.status, "p": one.place, "h": one.hard}
    said |= {name: at and at.isoformat() for name, at in (("d", one.at), ("u", one.said_at), ("v", one.seen_at))}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode().ljust(_BODY)


def _unpacked(body: bytes) -> Told:
    """Of a list that came in with an older version no day is known: it may be that on which it came in."""
    said = json.loads(body)
    at, said_at, seen_at = (said.get(name) and datetime.fromisoformat(said[name]) for name in "duv")
    return Told(said["s"], said["i"], at, said["t"], said["p"], said["h"], said_at, seen_at)


# -- to whom, and who agreed ---------------------------------------------------------------------------------------


def recipient(tx: Tx) -> str:
    """To whom the list goes, in words that two moderators have agreed on; "" if nobody is named yet."""
    return tx.execute(sa.select(fact.c.value).where(fact.c.name == _RECIPIENT)).scalar() or ""


def name_recipient(tx: Tx, to: str) -> None:
    """The list goes to somebody else from now on: what was agreed for the one before counts no more.

    Every yes goes with it, so that none counts again if the one before is named once more.
    """
    if to != recipient(tx):
        tx.execute(passing.delete())
    _note(tx, _RECIPIENT, to)
    tx.execute(fact.delete().where(fact.c.name == _EXPORT))


def _note(tx: Tx, name: str, value: str) -> None:
    made = tx.insert(fact).values(name=name, value=value)
    tx.execute(made.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


@dataclass(frozen=True, slots=True)
class Consent:
    """A yes: for the list that goes to `recipient`, until `expires_at`. `went_at` is when it first stood in one."""

    recipient: str
    expires_at: datetime
    went_at: datetime | None


@dataclass(frozen=True, slots=True)
class Whose:
    """What somebody may say yes for: a record that can be found, or a search. Exactly one of the two is a number."""

    record: int | None = None
    search: int | None = None


def consent(tx: Tx, whose: Whose, now: datetime) -> Consent | None:
    """The yes for a record or a search, for the list as it goes now, if there is one that is not over."""
    query = (
        sa.select(passing.c.recipient, passing.c.expires_at, exported.c.at)
        .join_from(passing, exported, exported.c.passing_id == passing.c.id, isouter=True)
        .where(_of(whose), passing.c.expires_at > now)
    )
    row = tx.execute(query).first()
    return None if row is None or row.recipient != recipient(tx) else Consent(*row)


def say_yes(tx: Tx, whose: Whose, to: str, now: datetime, expires_at: datetime) -> None:
    """Somebody says yes, for the list that goes to `to`. For the same one only the day changes."""
    before = consent(tx, whose, now)
    if before is not None and before.recipient == to:
        tx.execute(passing.update().where(_of(whose)).values(expires_at=expires_at))
        return
    withdraw(tx, whose)
    row = {"id": tx.new_id(), "sought_id": whose.record, "knock_id": whose.search, "recipient": to}
    tx.execute(passing.insert(), {**row, "given_at": now, "expires_at": expires_at})


def withdraw(tx: Tx, whose: Whose) -> None:
    """The yes is taken back, or what was shown for it is no more so: the next list says that it is over."""
    tx.execute(passing.delete().where(_of(whose)))


_EXPIRE = Prepared(passing.delete().where(passing.c.expires_at <= sa.bindparam("now")))


def expire(tx: Tx, now: datetime) -> None:
    """What was said until a day ends on it."""
    tx.execute(_EXPIRE, {"now": now})


def _of(whose: Whose) -> Any:
    return passing.c.sought_id == whose.record if whose.search is None else passing.c.knock_id == whose.search


# -- records are passed on -----------------------------------------------------------------------------------------


def agree(tx: Tx, now: datetime) -> None:
    """Two have agreed to one export: it may be written on the machine for a while."""
    _note(tx, _EXPORT, (now + AGREED_FOR).isoformat())


def may_export(tx: Tx, now: datetime) -> bool:
    """Whether an export may be written."""
    until = tx.execute(sa.select(fact.c.value).where(fact.c.name == _EXPORT)).scalar()
    return until is not None and datetime.fromisoformat(until) > now


def agreed(tx: Tx, now: datetime) -> bool:
    """Whether an export may be written. Asking uses it up."""
    may = may_export(tx, now)
    tx.execute(fact.delete().where(fact.c.name == _EXPORT))
    return may


@dataclass(frozen=True, slots=True)
class Passed:
    """A record that is passed on under the name `record`; without `known` it is over, since `ends`.

    `missing`: it is somebody who is looked for. `source` is the list from which it comes, if any.
    """

    record: str
    at: datetime
    ends: datetime
    known: Known | None = None
    source: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """Everything that goes into an export, and what is to be noted once it is written: new rows, and those over."""

    passed: tuple[Passed, ...]
    new: tuple[Mapping[str, Any], ...]
    over: tuple[int, ...]


def passable(tx: Tx, now: datetime) -> int:
    """How many records may be passed on: with a yes, and with a day on which they end."""
    lines: int = tx.execute(sa.select(sa.func.count()).select_from(sought).where(_lines(now))).scalar_one()
    return lines + sum(1 for _row in _consents(tx, now))


def _lines(now: datetime) -> Any:
    """Lines of lists that came with the word that they may be passed on."""
    return (sought.c.kind == int(Kind.LIST)) & (sought.c.consent == 1) & (sought.c.expires_at > now)


def _consents(tx: Tx, now: datetime) -> list[Any]:
    """Who has said yes, for the list that goes to whom it goes to now, of searches: those that still look."""
    looks = sa.exists().where(
        knock.c.id == passing.c.knock_id, knock.c.state == int(Looking.LOOKING), knock.c.expires_at > now
    )
    here = (passing.c.expires_at > now) & (passing.c.sought_id.is_not(None) | looks)
    to = recipient(tx)
    rows = tx.execute(sa.select(passing).where(here).order_by(passing.c.expires_at))
    mine = [row for row in rows if to and row.recipient == to]
    return sorted(mine, key=lambda row: row.id)  # by lot: the order of the file does not tell who was first


def to_pass_on(tx: Tx, now: datetime, domain: str) -> Export:
    """Everything that goes into an export, and that what went into an earlier one and may no more is over.

    A record that is not from a list is called by a number that means nothing else, within `domain`, and of what members
    have said only the days go out: the second of a press could be laid beside the traffic of a phone. Nothing is noted.
    """
    before = tx.execute(sa.select(exported).order_by(exported.c.id)).all()
    known = {(row.sought_id, row.passing_id): row for row in before if row.ended_at is None}
    # erased, of which there may be many
    over = [row for row in before if row.ended_at is None and row.sought_id is None and row.passing_id is None]
    known.pop((None, None), None)
    new: list[dict[str, Any]] = []

    def called(line: int | None, yes: int | None, own: str = "") -> str:
        row = known.pop((line, yes), None)
        if row is not None:
            return str(row.record)
        number = tx.new_id()
        record = own if "." in own.partition("/")[0] else f"{domain}/{number}"
        new.append({"id": number, "sought_id": line, "passing_id": yes, "record": record, "at": now})
        return record

    passed: list[Passed] = []
    for which in tx.execute(sa.select(sought.c.id).where(_lines(now)).order_by(sought.c.id)).scalars().all():
        held, line = search.held(tx, which), of(tx, which)
        if held is not None and line is not None and held.expires_at is not None:
            name = called(which, None, line.id)
            passed.append(Passed(name, line.at or held.since or now, held.expires_at, held.known, line.source))
    for row in _consents(tx, now):
        found = _what(tx, row)
        if found is not None:
            passed.append(Passed(called(None, row.id), _day(row.given_at), _day(row.expires_at), *found))
    over += known.values()  # not among them any more: taken back, or its day has come
    again = {one.record for one in passed}  # a list has given the id to somebody else
    told = [(row, now) for row in over]
    told += [(row, row.ended_at) for row in before if row.ended_at is not None and row.ended_at > now - TOLD_FOR]
    passed += [Passed(row.record, _day(row.at), _day(ended)) for row, ended in told if row.record not in again]
    return Export(tuple(passed), tuple(new), tuple(row.id for row in over))


def passed_on(tx: Tx, export: Export, now: datetime) -> None:
    """The file is written: note what has gone out in it, and what it says is over."""
    tx.execute(exported.delete().where(exported.c.ended_at <= now - TOLD_FOR))
    for one in export.over:
        tx.execute(exported.update().where(exported.c.id == one).values(ended_at=now, sought_id=None, passing_id=None))
    if export.new:
        tx.execute(exported.insert(), [dict(row) for row in export.new])


def _what(tx: Tx, row: Any) -> tuple[Known, str, bool] | None:
    """What is passed on of a yes: what is known, no list from which it comes, whether somebody looks for them."""
    if row.knock_id is None:
        held = search.held(tx, row.sought_id)
        return None if held is None else (held.known, "", False)
    one = knocks.find(tx, row.knock_id)
    return None if one is None else (one.form.known, "", True)


def _day(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
