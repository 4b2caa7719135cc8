"""What happens because time passes: calls repeated, counts kept true, and everything dropped whose time is over."""

from __future__ import annotations

from datetime import datetime

from handlers import alarm
from storage import checkins, circles, inbox, outbox, people
from storage.database import Tx


def often(tx: Tx, now: datetime) -> None:
    """Every few seconds: open calls for help."""
    outbox.post(tx, alarm.watch(tx, now), now)


def seldom(tx: Tx, now: datetime) -> None:
    """Every minute: expiry."""
    inbox.expire(tx, now)
    outbox.expire(tx, now)
    circles.expire(tx, now)
    checkins.expire(tx, now)
    people.expire(tx, now)
