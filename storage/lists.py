"""What lists of shelters and hospitals say of people whom nobody online holds, and what was passed on of whom."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from bot.domain.knock import Kind, Known
from storage import search
from storage.database import Tx
from storage.schema import exported, fact, listed, sought
from storage.search import Held

TOLD_FOR: Final = timedelta(days=90)  # so long it is passed on that a record is over
AGREED_FOR: Final = timedelta(hours=48)  # after two moderators have agreed to one export
_BODY: Final = 700  # bytes to which what a list says is padded before it is sealed
_EXPORT: Final = "export"  # the fact: until when one export may be written


@dataclass(frozen=True, slots=True)
class Told:
    """What a list says of somebody. `id` is what the record is called there, `at` when it was true.

    Of a death or an arrest (`hard`) nobody is told by a message.
    """

    source: str
    id: str
    at: datetime
    status: str = ""
    place: str = ""
    hard: bool = False


# -- lists come in -------------------------------------------------------------------------------------------------


def put(  # noqa: PLR0913 - a record and what is said of it
    tx: Tx, one: Told, known: Known, now: datetime, expires_at: datetime, *, consent: bool = False
) -> bool:
    """Keep what a list says of somebody, in the place of what the same list said before. Whether it is new.

    It can be found once `search.index` has run.
    """
    trace = _trace(one.source, one.id)
    which: int | None = tx.execute(sa.select(listed.c.sought_id).where(listed.c.trace == trace)).scalar()
    row = {"source": one.source, "body": _packed(one)}
    if which is None:
        which = search.put(tx, Kind.LIST, known, now, source=one.source, consent=consent, expires_at=expires_at)
        tx.execute(listed.insert(), {"sought_id": which, "trace": trace, **row})
        return True
    before = search.held(tx, which)
    if before is None or before.known != known:
        search.replace(tx, which, known)
    tx.execute(sought.update().where(sought.c.id == which).values(expires_at=expires_at, consent=int(consent)))
    tx.execute(listed.update().where(listed.c.sought_id == which).values(**row))
    return False


def over(tx: Tx, source: str, record: str) -> bool:
    """A list says that a record of it is over: nothing of it stays. Whether there was one."""
    trace = _trace(source, record)
    which = tx.execute(sa.select(listed.c.sought_id).where(listed.c.trace == trace)).scalar()
    if which is not None:
        search.erase(tx, [which])
    return which is not None


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
    said = {"s": one.source, "i": one.id, "a": one.at.isoformat(), "t": one.status, "p": one.place, "h": one.hard}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode().ljust(_BODY)


def _unpacked(body: bytes) -> Told:
    said = json.loads(body)
    return Told(said["s"], said["i"], datetime.fromisoformat(said["a"]), said["t"], said["p"], said["h"])


# -- records are passed on -----------------------------------------------------------------------------------------


def agree(tx: Tx, now: datetime) -> None:
    """Two have agreed to one export: it may be written on the machine for a while."""
    value = (now + AGREED_FOR).isoformat()
    made = tx.insert(fact).values(name=_EXPORT, value=value)
    tx.execute(made.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def agreed(tx: Tx, now: datetime) -> bool:
    """Whether an export may be written. Asking uses it up."""
    until = tx.execute(sa.select(fact.c.value).where(fact.c.name == _EXPORT)).scalar()
    tx.execute(fact.delete().where(fact.c.name == _EXPORT))
    return until is not None and datetime.fromisoformat(until) > now


@dataclass(frozen=True, slots=True)
class Passed:
    """A record that is passed on under the name `record`; `held` is None if it is over since `ended_at`."""

    record: str
    at: datetime
    held: Held | None = None
    line: Told | None = None
    ended_at: datetime | None = None


def passable(tx: Tx, now: datetime) -> int:
    """How many records may be passed on: with consent, and with a day on which they end."""
    count: int = tx.execute(sa.select(sa.func.count()).select_from(sought).where(_passable(now))).scalar_one()
    return count


def _passable(now: datetime) -> Any:
    kinds = (int(Kind.MEMBER), int(Kind.RELATIVE), int(Kind.LIST))
    return (sought.c.kind.in_(kinds)) & (sought.c.consent == 1) & (sought.c.expires_at > now)


def pass_on(tx: Tx, now: datetime, domain: str) -> list[Passed]:
    """Everything that goes into an export, and that what went into an earlier one and may no more is over.

    A record that is not from a list is called by a number that means nothing else, within `domain`.
    """
    tx.execute(exported.delete().where(exported.c.ended_at <= now - TOLD_FOR))
    going_on = tx.execute(sa.select(exported).where(exported.c.ended_at.is_(None))).all()
    known = {row.sought_id: row for row in going_on if row.sought_id is not None}
    _end(tx, (row.id for row in going_on if row.sought_id is None), now)  # erased meanwhile: there may be many
    passed: list[Passed] = []
    rows: list[dict[str, Any]] = []
    for which in tx.execute(sa.select(sought.c.id).where(_passable(now)).order_by(sought.c.id)).scalars().all():
        held, line = search.held(tx, which), of(tx, which)
        if held is None:
            continue
        row = known.pop(which, None)
        if row is None:
            number = tx.new_id()
            record = line.id if line is not None and "." in line.id.partition("/")[0] else f"{domain}/{number}"
            rows.append({"id": number, "sought_id": which, "record": record, "at": now})
        else:
            record = row.record
        passed.append(Passed(record, line.at if line else held.since or now, held, line))
    if rows:
        tx.execute(exported.insert(), rows)
    _end(tx, (row.id for row in known.values()), now)
    ended = sa.select(exported).where(exported.c.ended_at.is_not(None)).order_by(exported.c.id)
    passed += [Passed(row.record, row.at, ended_at=row.ended_at) for row in tx.execute(ended)]
    return passed


def _end(tx: Tx, which: Iterable[int], now: datetime) -> None:
    for one in which:
        tx.execute(exported.update().where(exported.c.id == one).values(ended_at=now, sought_id=None))
