"""`payvand role`: rights that the operator gives, renews and takes on the machine, by code and by number only."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bot.domain.circle import read_code
from bot.domain.roles import Held, Role
from handlers import desk
from storage import audit, outbox, roles
from storage.database import Tx

SHOWN: Final = 50  # deeds
_DAY: Final = "%Y-%m-%d"


class RightsFault(Exception):  # noqa: N818 - an operator reads the sentence, not the class
    """What was wanted can't be done. The message says why and what to do."""


def give(tx: Tx, what: str, code: str, now: datetime) -> str:
    """Give a right to whoever made this code. Raises RightsFault."""
    read = read_code(code)
    who = None if read is None else roles.candidate(tx, read, now)
    if who is None:
        message = (
            "There is no such code now. Codes last 24 hours and are used once: let the person write /desk to the bot "
            "and read you a new one."
        )
        raise RightsFault(message)
    outbox.post(tx, [desk.given(tx, who, Role(what), now, by=None)], now)
    held = roles.held(tx, who, Role(what), now)
    assert held is not None  # noqa: S101 - it was given a moment ago
    return f"Given: {_called(held)}, until {held.expires_at:{_DAY}}. The person is told when the bot runs."


def renew(tx: Tx, number: int, now: datetime) -> str:
    """Let a right last longer. Raises RightsFault."""
    held = _numbered(tx, number, now)
    outbox.post(tx, [desk.renewed(tx, held, now, by=None)], now)
    return f"Renewed: {_called(held)}, until {_numbered(tx, number, now).expires_at:{_DAY}}."


def take(tx: Tx, number: int, now: datetime) -> str:
    """End a right at once. Raises RightsFault."""
    held = _numbered(tx, number, now)
    outbox.post(tx, [desk.taken(tx, held, now, by=None)], now)
    return f"Taken: {_called(held)}. It no longer counts; the person is told when the bot runs."


def listed(tx: Tx, now: datetime) -> str:
    """Every right by its number; no name and no account."""
    every = [one for what in Role for one in roles.holders(tx, what, now)]
    if not every:
        return "Nobody holds a right."
    rows = (
        f"{one.number:>6}  {one.role.value:<9}  {one.given_at:{_DAY}}  {one.expires_at:{_DAY}}"
        for one in sorted(every, key=lambda held: held.number)
    )
    return "\n".join(("number  right      since       until", *rows))


def deeds(tx: Tx) -> str:
    """What was done with rights lately, the newest first. People are their numbers in the database."""
    rows = (
        f"{one.at:%Y-%m-%d %H:%M}  {'machine' if one.person is None else one.person:>7}  {one.deed}"
        for one in audit.latest(tx, SHOWN)
    )
    return "\n".join(("when (UTC)            who  deed", *rows))


def _numbered(tx: Tx, number: int, now: datetime) -> Held:
    held = roles.by_number(tx, number, now)
    if held is None:
        message = f"No right has the number {number}. See: payvand role list"
        raise RightsFault(message)
    return held


def _called(held: Held) -> str:
    return f"{held.role.value} {held.number}"
