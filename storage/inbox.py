"""What came in: ids against redelivery, throttles that survive a refusal, and accidents an operator may replay."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.conversation import Sender
from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import accident, inbox, throttle

KEPT = timedelta(hours=48)  # Telegram re-randomises update ids after a quiet week, so older ids must go
ACCIDENT_KEPT = timedelta(hours=24)

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


def note_accident(tx: Tx, code: str, message: str, now: datetime) -> None:
    """Keep the message that met a defect, sealed, for 24 hours. If the number is taken, the first message stays."""
    insert = tx.insert(accident).on_conflict_do_nothing()
    tx.execute(insert, {"code": code, "at": now, "message": message})


def accidents(tx: Tx) -> list[tuple[str, datetime]]:
    """Numbers and times of the accidents that are kept."""
    rows = tx.execute(sa.select(accident.c.code, accident.c.at).order_by(accident.c.at))
    return [(row.code, row.at) for row in rows]


def forget_accidents(tx: Tx, sender: Sender) -> None:
    """Drop what is kept of an account's messages that met a defect: the account wishes to be forgotten."""
    for row in tx.execute(sa.select(accident.c.code, accident.c.message)).all():
        if repr(sender) in row.message:
            tx.execute(accident.delete().where(accident.c.code == row.code))


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
