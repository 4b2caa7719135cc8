"""Petitions on a stage: a letter that was reviewed and opened, and its organisers' key, which no server has."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.domain import petition
from bot.domain.petition import Deed, Letter, State, Who
from storage import envelope, petitions
from storage.envelope import OrganiserKey
from storage.petitions import Petition

if TYPE_CHECKING:
    from storage.database import Tx

ADDRESSEES = ("icrc", "un-wgeid")


def letter(key: OrganiserKey, now: datetime, addressees: tuple[str, ...] = ADDRESSEES) -> Letter:
    """A letter that lacks nothing."""
    return Letter(
        petition="",
        version=0,
        key=envelope.public_text(key.public),
        addressees=addressees,
        goal=100,
        closes=(now + timedelta(days=30)).date(),
        texts={
            (language, part.key): f"The {part.key} in {language}."
            for language in petition.LANGUAGES
            for part in petition.Part
        },
        demands={
            (language, code): f"Do it, {code} ({language})." for language in petition.LANGUAGES for code in addressees
        },
        sources=("https://example.org/report",),
        sponsors=("Sponsora",),
    )


def opened(tx: Tx, author: int, reviewer: int, what: Letter, now: datetime) -> Petition:
    """A petition that can be signed."""
    made = petitions.create(tx, author, what, now)
    pass_on(tx, made.id, reviewer, now)
    found = petitions.find(tx, made.id)
    assert found is not None
    return found


def pass_on(tx: Tx, which: int, reviewer: int, now: datetime) -> None:
    """Offer the newest draft, and let a reviewer open it."""
    for deed, by, then in ((Deed.OFFER, Who.AUTHOR, State.REVIEW), (Deed.OPEN, Who.REVIEWER, State.OPEN)):
        one = petitions.newest(tx, which)
        assert one is not None
        assert petitions.take_step(tx, one, deed, by, now, reviewer=reviewer) is then
