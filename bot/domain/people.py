"""Who a person is to the bot, and when they want to be left in peace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

NAME_LENGTH = 40
DAY = 24 * 60  # minutes
HOME = "Asia/Dushanbe"


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the bot knows them. "" means not told yet. Quiet hours are minutes after local midnight."""

    id: int
    language: str = ""
    name: str = ""
    zone: str = ""
    quiet_from: int | None = None
    quiet_until: int | None = None


def quiet_until(person: Person, now: datetime) -> datetime | None:
    """When the person's present quiet hours end; None if they are not quiet now."""
    start, end = person.quiet_from, person.quiet_until
    if start is None or end is None or start == end:
        return None
    local = now.astimezone(zone_of(person))
    minute = local.hour * 60 + local.minute
    quiet = start <= minute < end if start < end else minute >= start or minute < end
    if not quiet:
        return None
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    ends = midnight + timedelta(minutes=end)
    if ends <= local:
        ends += timedelta(days=1)
    return ends.astimezone(now.tzinfo)


def zone_of(person: Person) -> ZoneInfo:
    """The person's time zone; Dushanbe's if they told none."""
    try:
        return ZoneInfo(person.zone or HOME)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(HOME)
