"""A bulletin on its way to its readers: who gets which words, how far it has come, and what can be done about it."""

from __future__ import annotations

from datetime import datetime

from bot.domain.bulletin import Bulletin
from bot.domain.conversation import Outgoing
from storage.database import Tx


def begin(tx: Tx, one: Bulletin, now: datetime, by: int | None) -> list[Outgoing]:
    """Let a published bulletin go out. `by` is who published it (none: the bot itself); they are shown how far it is.

    News goes to whoever subscribed to it; a correction or a withdrawal to exactly those who got, or asked about, what
    it replaces, and what they got is changed in place.
    """
    raise NotImplementedError


def translated(tx: Tx, one: Bulletin, language: str, now: datetime) -> list[Outgoing]:
    """A bulletin has a language more: those who were told “not yet translated” get it now."""
    raise NotImplementedError


def confirmed(tx: Tx, one: Bulletin, now: datetime) -> list[Outgoing]:
    """A second person has confirmed what one published alone: what readers got is changed in place, silently."""
    raise NotImplementedError


def planned(tx: Tx, one: Bulletin, now: datetime) -> dict[str, int]:
    """To how many readers it would go, by their language: for the preview. Takes a moment, however many there are."""
    raise NotImplementedError
