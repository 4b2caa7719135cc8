"""Who a person is to the bot, and when they want to be left in peace."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

NAME_LENGTH = 40
DAY = 24 * 60  # minutes
HOME = "Asia/Dushanbe"


_IN_NAMES = frozenset(" -'’ʼ‘.")  # besides letters; a dot only behind an initial: “t.me” is no name


_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"})  # Unicode's general categories
_MARKS = frozenset({"Mn", "Mc"})


def read_name(text: str) -> str | None:
    """The name in what was typed, on one line; None if it could be taken for something else than a name.

    A name stands in the bot's own sentences. So it holds letters and digits, at most one mark on a letter, and few
    signs: no colons, brackets, links or lines that could imitate news or an address.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    before = " "
    for i, sign in enumerate(name):
        kind = unicodedata.category(sign)
        plain = kind in _LETTERS or (sign in _IN_NAMES and sign != ".")
        is_mark = kind in _MARKS and before.isalpha()
        after_initial = sign == "." and before.isalpha() and name[i + 1 : i + 2] in {"", " "}
        if not (plain or is_mark or after_initial):
            return None
        before = sign
    return name if any(sign.isalpha() for sign in name) else None


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
