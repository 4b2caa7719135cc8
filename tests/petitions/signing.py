"""Petitions on a stage: a letter that was reviewed and opened, and its organisers' key, which no server has."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from bot.domain import petition
from bot.domain.petition import Deed, Letter, State, Who
from handlers.ask import base36
from storage import envelope, petitions
from storage.database import Tx
from storage.envelope import OrganiserKey
from storage.petitions import Petition
from tests.family.looking import forge, id_of
from tests.stage import Actor, Stage

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


async def begun(stage: Stage, key: OrganiserKey, *, addressees: tuple[str, ...] = ADDRESSEES) -> tuple[int, Actor]:
    """A petition on a stage that can be signed, and its organiser."""
    anna, bahrom = stage.actor("anna"), stage.actor("bahrom")
    for actor in (anna, bahrom):
        await actor.settles_in(actor.account.title())
    author, reviewer = await id_of(stage, anna), await id_of(stage, bahrom)
    what = letter(key, stage.now(), addressees)
    made = await stage.storage.write(partial(opened, author=author, reviewer=reviewer, what=what, now=stage.now()))
    return made.id, anna


async def signs(stage: Stage, actor: Actor, which: int, mode: str = "Only count me", *said: str) -> None:
    """Go through all of it."""
    await forge(stage, actor, f"petition.sign:{base36(which)}")
    await actor.presses("Yes, or I don't know")
    await actor.presses(mode)
    for words in said:
        await actor.says(words)
    await actor.presses("✅ Sign")


async def petition_of(stage: Stage, which: int) -> Petition:
    """The petition as it is now."""
    found = await stage.storage.read(partial(petitions.find, which=which))
    assert found is not None
    return found
