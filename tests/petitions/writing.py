"""What the tests of writing do: an organiser writes a whole letter in three languages, and another one opens it."""

from __future__ import annotations

import re
from functools import partial

from bot.domain.roles import Role
from storage import envelope, petitions
from storage.database import Tx
from tests.family.test_desk import give
from tests.family.test_desk import people as settled
from tests.stage import Actor, Stage

TITLE = "Open the road to Rushon"
RUSSIAN = {"title": "Откройте дорогу в Рушан", "letter": "Дорога закрыта.\n\nЛюди не могут доехать до врача."}
TAJIK = {"title": "Роҳи Рӯшонро кушоед", "letter": "Роҳ баста аст.\n\nМардум ба назди духтур рафта наметавонанд."}
LETTER = "The road is closed.\n\nPeople can't get to a doctor."
KEY = envelope.make()


async def organisers(stage: Stage, *names: str) -> list[Actor]:
    """Organisers, in no circle."""
    actors = await settled(stage, *names)
    for actor in actors:
        await give(stage, actor, Role.ORGANISER)
    return actors


async def writes(author: Actor, title: str = TITLE, addressee: str = "International Committee") -> None:
    """An organiser writes a letter that lacks only its sponsor."""
    await author.says("/desk")
    await author.presses("Petitions")
    await author.presses("A new one")
    await author.says(title)
    await author.says(LETTER)
    await author.presses("Go on")
    await author.says("Since May the road is closed.")
    await author.presses("Go on")
    await author.says("Report of 14 May, https://example.org/report")
    await author.presses("Go on")
    await author.presses("Red Cross")
    await author.presses(addressee)
    await author.presses("Write to it")
    await author.presses("Go on")
    await author.says("Send a doctor.")
    await author.presses("1000")
    await author.presses("90 days")
    await author.says(envelope.public_text(KEY.public))
    await author.presses("Go on")
    for said, background, demand in (
        (TAJIK, "Аз моҳи май роҳ баста аст.", "Духтур фиристед."),
        (RUSSIAN, "С мая дорога закрыта.", "Пришлите врача."),
    ):
        await author.says(said["title"])
        await author.says(said["letter"])
        await author.presses("Go on")
        await author.says(background)
        await author.presses("Go on")
        await author.says(demand)


async def sponsors(author: Actor, who: Actor, name: str) -> None:
    """Somebody is asked to stand under the letter that stands before the author, and does."""
    await author.presses("Sponsors")
    await author.presses("A person")
    code = code_on(author)
    await who.says("/petitions")
    await who.presses("I have a code")
    await who.says(code)
    await who.says(name)
    await who.presses("Yes, put it there")
    await author.presses("Back")
    await author.presses("Back")


async def renews(author: Actor, sponsor: Actor, title: str = TITLE) -> None:
    """The author asks again, and the sponsor says yes to the text as it is now."""
    await author.presses("Sponsors")
    assert "has said yes to an earlier text" in author.last
    await author.presses("Ask them again")
    assert "petition" not in sponsor.last
    await sponsor.presses("Look")
    await sponsor.presses("Yes, it does")
    await author.says("/desk")
    await author.presses("Petitions")
    await author.presses(title)
    assert "earlier text" not in author.last


def code_on(author: Actor) -> str:
    """The code that stands in the newest message."""
    return str(re.findall(r"\b\d{3} \d{3} \d{3} \d{3}\b", author.last)[-1])


async def offers(author: Actor) -> None:
    """They offer the letter that stands before them."""
    await author.presses("Look at it and offer it")
    await author.presses("Offer it")


async def opens(reviewer: Actor, title: str = TITLE) -> None:
    """Another one reads it and agrees."""
    await reviewer.says("/desk")
    await reviewer.presses(f"Read: {title}")
    await reviewer.presses("Open it")


async def opened(stage: Stage, author: Actor, reviewer: Actor, sponsor: Actor) -> petitions.Petition:
    """A petition that can be signed, written and opened in the chat."""
    await writes(author)
    await sponsors(author, sponsor, "Sponsora Canary")
    await offers(author)
    await opens(reviewer)
    return await only(stage)


async def only(stage: Stage) -> petitions.Petition:
    """The only petition that everybody can read."""

    def look(tx: Tx) -> petitions.Petition:
        (one,) = petitions.public(tx, 9)
        return one

    return await stage.storage.read(look)


async def newest(stage: Stage, which: int) -> petitions.Version:
    """The newest version of a petition's letter."""
    found = await stage.storage.read(partial(petitions.newest, which=which))
    assert found is not None
    return found
