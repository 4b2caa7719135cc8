"""What came in: ids against redelivery, throttles that survive a refusal, accidents to be handled after a repair."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, get_args

import sqlalchemy as sa

from bot.domain.conversation import Heard, Incoming, Sender
from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import accident, inbox, throttle

KEPT = timedelta(hours=48)  # Telegram re-randomises update ids after a quiet week, so older ids must go
ACCIDENT_KEPT = timedelta(hours=24)
_KINDS: Final = {kind.__name__: kind for kind in get_args(Heard)}

_NOTE = Prepared(lambda insert: insert(inbox).on_conflict_do_nothing())


def is_new(tx: Tx, sender: Sender, update: str, now: datetime) -> bool:
    """Note an update; False if it was noted before."""
    row = {"platform": sender.platform, "bot": sender.bot, "id": update, "at": now}
    return tx.execute(_NOTE, row).rowcount == 1


_EXPIRE = Prepared(inbox.delete().where(inbox.c.at < sa.bindparam("before")))
_EXPIRE_ACCIDENTS = Prepared(accident.delete().where(accident.c.at < sa.bindparam("before")))
_EXPIRE_USES = Prepared(throttle.delete().where(throttle.c.until < sa.bindparam("now")))


def expire(tx: Tx, now: datetime) -> None:
    """Drop what is older than it may be."""
    tx.execute(_EXPIRE, {"before": now - KEPT})
    tx.execute(_EXPIRE_ACCIDENTS, {"before": now - ACCIDENT_KEPT})
    tx.execute(_EXPIRE_USES, {"now": now})


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that met a defect, and the dialogue that was open then; `again` once it is to be handled once more."""

    incoming: Incoming
    dialogue: str | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Accident:
    """The number of an accident, when it was, and its message: None if it can't be read back (an older program's)."""

    code: str
    at: datetime
    kept: Kept | None


def note_accident(tx: Tx, code: str, kept: Kept, now: datetime) -> None:
    """Keep the message that met a defect, sealed, for 24 hours. If the number is taken, the first message stays."""
    insert = tx.insert(accident).on_conflict_do_nothing()
    tx.execute(insert, {"code": code, "at": now, "message": _packed(kept)})


_ACCIDENTS = Prepared(sa.select(accident).order_by(accident.c.at, accident.c.code))


def accidents(tx: Tx) -> list[Accident]:
    """What is kept of accidents, the oldest first."""
    return [Accident(row.code, row.at, _unpacked(row.message)) for row in tx.execute(_ACCIDENTS)]


def handle_again(tx: Tx) -> int:
    """Let every message that can be read back be handled once more; how many."""
    found = [one for one in accidents(tx) if one.kept is not None]
    for one in found:
        _mark(tx, one, again=True)
    return len(found)


def give_up(tx: Tx, code: str) -> None:
    """It met a defect once more: it stays until its time is over, or an operator says so anew."""
    for one in accidents(tx):
        if one.code == code:
            _mark(tx, one, again=False)


def _mark(tx: Tx, one: Accident, *, again: bool) -> None:
    if one.kept is not None:
        message = _packed(replace(one.kept, again=again))
        tx.execute(accident.update().where(accident.c.code == one.code).values(message=message))


def take_accident(tx: Tx, code: str) -> Kept | None:
    """Erase a message that is to be handled once more, and give it; None if there is none."""
    row = tx.execute(sa.select(accident.c.message).where(accident.c.code == code)).first()
    kept = None if row is None else _unpacked(row.message)
    if kept is None or not kept.again:
        return None
    tx.execute(accident.delete().where(accident.c.code == code))
    return kept


def forget_accidents(tx: Tx, sender: Sender) -> None:
    """Drop what is kept of an account's messages that met a defect: the account wishes to be forgotten."""
    for row in tx.execute(sa.select(accident.c.code, accident.c.message)).all():
        kept = _unpacked(row.message)
        if repr(sender) in row.message if kept is None else kept.incoming.sender == sender:
            tx.execute(accident.delete().where(accident.c.code == row.code))


def _packed(one: Kept) -> str:
    incoming = one.incoming
    said = {**asdict(incoming), "at": incoming.at.isoformat(), "kind": type(incoming.heard).__name__}
    return json.dumps({"incoming": said, "dialogue": one.dialogue, "again": one.again})


def _unpacked(message: str) -> Kept | None:
    """None of a message that an older program has kept in another form: it is only erased."""
    try:
        whole = json.loads(message)
        said = whole["incoming"]
        heard = _KINDS[said.pop("kind")](**said.pop("heard"))
        sender, at = Sender(**said.pop("sender")), datetime.fromisoformat(said.pop("at"))
        return Kept(Incoming(**said, sender=sender, at=at, heard=heard), whole["dialogue"], whole["again"])
    except (ValueError, KeyError, TypeError):
        return None


def remaining(tx: Tx, key: str, now: datetime) -> timedelta:
    """How long the present window of `key` still lasts."""
    until = tx.execute(sa.select(throttle.c.until).where(throttle.c.key == key, throttle.c.until > now)).scalar()
    return timedelta() if until is None else until - now


def uses(tx: Tx, key: str, now: datetime) -> int:
    """How often `key` was used in its present window."""
    query = sa.select(throttle.c.used).where(throttle.c.key == key, throttle.c.until > now)
    return tx.execute(query).scalar() or 0


def _use(insert: Any) -> sa.Executable:
    made = insert(throttle)
    lasts = throttle.c.until > sa.bindparam("present")
    counted: sa.Executable = made.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "used": sa.case((lasts, throttle.c.used + 1), else_=1),
            "until": sa.case((lasts, throttle.c.until), else_=made.excluded.until),
        },
    ).returning(throttle.c.used)
    return counted


_USE = Prepared(_use)


def use(tx: Tx, key: str, window: timedelta, now: datetime) -> int:
    """Count one use of `key` (who did what) in a window that begins with the first use; how many that makes."""
    row = {"key": key, "used": 1, "until": now + window, "present": now}
    used: int = tx.execute(_USE, row).scalar_one()
    return used


def reset(tx: Tx, key: str) -> None:
    """Forget how often `key` was used."""
    tx.execute(throttle.delete().where(throttle.c.key == key))
