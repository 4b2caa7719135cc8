"""The whole way of a search through people's messengers, whichever they are.

A woman in Berlin looks for "Djamched Iorov" of Khorog. A circle in Moscow holds "Ҷамшед Ёров"; somebody else holds a
namesake; the proof question separates them; both sides say yes. A stranger who tries the same learns nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from storage import schema
from storage.database import Storage, Tx

FIXED = "Whether or not somebody is found"
WORDS = "I am Zebo, we grew up in one house on the river."
NEWS = "He is well and waits for your voice."
NUMBER = "+7 000 000 00 00"


class Hand(Protocol):
    """Somebody with a messenger. Every look waits for the newest message of the bot, and fails if it does not come."""

    async def settles_in(self, name: str, language: str) -> None:
        """Meet the bot."""

    async def says(self, words: str) -> None:
        """Write words."""

    async def chooses(self, label: str) -> None:
        """Take the choice whose label contains these words, once the newest message offers it."""

    async def reads(self, *words: str) -> str:
        """Wait until the newest message contains all these words. The whole message."""


async def walk(  # noqa: PLR0913, PLR0917 - the people of the story
    zebo: Hand, karim: Hand, other: Hand, stranger: Hand, storage: Storage, later: Callable[[], Awaitable[None]]
) -> str:
    """Walk the whole way. What the stranger read last."""
    for hand, name in ((zebo, "Zebo"), (karim, "Karim"), (other, "Olim"), (stranger, "Stranger")):
        await hand.settles_in(name, "en")
        await hand.reads(name)
    await holds(karim, "Moscow", "Ҷамшед", "Ҷамшед Ёров", "1984", "Хоруғ", "Ойша")
    await holds(other, "Kulob", "Ҷамшед", "Ҷамшед Ёров", "1961", "Кӯлоб", "Зулайхо")

    seen = await looks(zebo, "Djamched Iorov", "1984", "Khorog", "Oysha")
    tried = await looks(stranger, "Djamched Iorov", "1984", "Khorog", "Fotima")
    assert seen == tried, "nobody can tell from the answer"
    await storage.write(hasten)
    await later()

    await karim.reads("something new for you")
    await karim.chooses("Open it")
    await karim.reads("Djamched Iorov", WORDS, "answered your question rightly", "🟢 birth year")
    await karim.chooses("Yes, and I write to them")
    await karim.reads("Write to them.")
    await karim.says(NEWS)
    await karim.reads("as soon as they give the same")

    await zebo.reads("something new for you")
    await zebo.chooses("Open it")
    await zebo.reads("alive, and known to us", "Write to them (✍️), and you read it")
    await zebo.chooses("Write to them")
    await zebo.reads("Write to them.")
    await zebo.says("Tell him Zebo is in Berlin.")
    await zebo.reads("They write: " + NEWS)

    await karim.reads("something new for you")
    await karim.chooses("Open it")
    await karim.reads("They write: Tell him Zebo is in Berlin.")
    await karim.chooses("how to reach me")
    await karim.reads("How can they reach you?")
    await karim.says(NUMBER)
    await karim.reads("as soon as they give the same")
    await zebo.reads("something new for you")
    await zebo.chooses("Open it")
    await zebo.chooses("How to reach me")
    await zebo.reads("How can they reach you?")
    await zebo.says("@zebo_in_berlin")
    await zebo.reads("How to reach them: " + NUMBER)
    await zebo.chooses("Found. Close it")
    await zebo.reads("Then I look no further")
    await zebo.chooses("Yes, close it")
    await zebo.reads("Thank you for telling me. I look no further")

    await stranger.says("/search")
    await stranger.chooses("Djamched Iorov")
    return await stranger.reads("You have looked since")


def hasten(tx: Tx) -> None:
    """Let what waits to be looked up be due."""
    tx.execute(schema.knock.update().values(search_at=schema.knock.c.made_at))


async def holds(  # noqa: PLR0913, PLR0917 - what is known of somebody
    keeper: Hand, circle: str, called: str, name: str, born: str, place: str, answer: str
) -> None:
    """A circle holds somebody who is not online, and lets kin knock who know the answer."""
    await keeper.chooses("Make a circle")
    await keeper.reads("What shall the circle be called?")
    await keeper.says(circle)
    await keeper.reads(f"The circle “{circle}” is there.")
    await keeper.says("/circles")
    await keeper.chooses(circle)
    await keeper.chooses("Somebody without the bot")
    await keeper.reads("What do you call them?")
    await keeper.says(called)
    await keeper.reads(f"{called} is in “{circle}” now.")
    await keeper.says("/search")
    await keeper.chooses("Who may look for us")
    await keeper.chooses(called)
    await keeper.reads("Who may look: nobody.")
    await keeper.chooses("Kin who answer my question")
    await keeper.reads("By which name")
    await keeper.says(name)
    await keeper.reads("In which year")
    await keeper.says(born)
    await keeper.reads("Which village or district")
    await keeper.says(place)
    await keeper.reads("Choose what only kin know.")
    await keeper.chooses("Their mother’s mother")
    await keeper.reads("mother’s mother?")
    await keeper.says(answer)
    await keeper.reads("Kept.", "kin who answer my question", name)


async def looks(  # noqa: PLR0913, PLR0917 - what is known of somebody
    seeker: Hand, name: str, born: str, place: str, answer: str, words: str = WORDS
) -> str:
    """Somebody looks for somebody; the answer."""
    await seeker.says("/search")
    await seeker.chooses("Look for somebody")
    await seeker.reads("What is the name")
    await seeker.says(name)
    await seeker.reads("In which year")
    await seeker.says(born)
    await seeker.reads("Which village or district")
    await seeker.says(place)
    await seeker.reads("What are they to you?")
    await seeker.chooses("my brother or sister")
    await seeker.reads("What do only their kin know?")
    await seeker.chooses("Their mother’s mother")
    await seeker.reads("mother’s mother?")
    await seeker.says(answer)
    await seeker.reads("What do only their kin know?")
    await seeker.chooses("Go on")
    await seeker.reads("A few words")
    await seeker.says(words)
    await seeker.reads("May I look?", name, words)
    await seeker.chooses("Yes, look")
    return await seeker.reads(FIXED)
