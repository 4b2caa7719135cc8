"""The story that the playground plays: weeks of silence in Rushon, told by four phones in three minutes.

A scene says what happens, and lets people do what they would do: press, write, wait. Nothing is drawn by hand: what
appears on the phones is what the bot answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from bot.domain.conversation import Line
from bot.i18n import _, pgettext
from bot.village import CAST, Village, spoken

if TYPE_CHECKING:
    from bot.platforms.playground.server import Tell

PACE: Final = 1.0  # real seconds to a second of the story; the tests have none to lose
CAPTION: Final = 4.5  # seconds to read what happens
DEED: Final = 1.6  # seconds between two things that somebody does
PATIENCE: Final = 15.0  # real seconds that an answer of the bot may take

LANGUAGE: Final = {persona.account: persona.language for persona in CAST}
GRANDMOTHER: Final = pgettext("noun", "Bibi Sabo")

Deed: TypeAlias = "Callable[[Village], Awaitable[None]]"


@dataclass(frozen=True, slots=True)
class Scene:
    """What happens, in a sentence, and who does what."""

    caption: Line
    deeds: tuple[Deed, ...]


async def play(village: Village, tell: Tell, pace: float = PACE) -> None:
    """Play every scene. `pace` is how many real seconds a second of the story takes. Raises LookupError."""
    for number, scene in enumerate(SCENES, 1):
        tell(scene.caption, number, len(SCENES))
        await asyncio.sleep(CAPTION * pace)
        for deed in scene.deeds:
            await deed(village)
            await asyncio.sleep(DEED * pace)


# -- what people do ------------------------------------------------------------------------------------------------


def presses(who: str, code: str) -> Deed:
    """Press the newest button whose code is `code` or begins with it, as soon as it stands there."""

    async def deed(village: Village) -> None:
        message, found = await _until(village, lambda: _button(village, who, code), code)
        await village.memory.press(who, message, found)

    return deed


def writes(who: str, words: Line | str) -> Deed:
    """Write words in the person's language."""

    async def deed(village: Village) -> None:
        await village.memory.say(who, spoken(village, words, LANGUAGE.get(who, "en")))

    return deed


def passes(length: timedelta) -> Deed:
    """Let time pass."""

    async def deed(village: Village) -> None:
        village.clock.advance(length)

    return deed


def reads(who: str, words: Line) -> Deed:
    """Wait until somebody's screen shows a sentence (its part before the first hole)."""

    async def deed(village: Village) -> None:
        said = spoken(village, words, LANGUAGE.get(who, "en"))
        await _until(village, lambda: _shown(village, who, said), said)

    return deed


async def _until(village: Village, look: Callable[[], object], what: str) -> tuple[str, str]:
    """Wait for something on a screen. Raises LookupError with what did not come."""
    came = asyncio.Event()
    leave = village.memory.watch(lambda _change: came.set())
    try:
        async with asyncio.timeout(PATIENCE):
            while not (found := look()):
                came.clear()
                await came.wait()
    except TimeoutError:
        raise LookupError(what) from None
    finally:
        leave()
    return found if isinstance(found, tuple) else ("", "")


def _button(village: Village, who: str, code: str) -> tuple[str, str] | None:
    for message in reversed(village.memory.chat(who)):
        for one in message.choices:
            if one.code and f"{one.code}:".startswith(f"{code}:"):
                return message.id, one.code
    return None


def _shown(village: Village, who: str, words: str) -> bool:
    return any(words in str(message.text) for message in village.memory.chat(who))


# -- the story -----------------------------------------------------------------------------------------------------

SCENES: Final = (
    Scene(
        _("Daler's grandmother in Rushon has no telephone. He adds her, so that everybody can tell news of her."),
        (
            presses("daler", "people"),
            presses("daler", "tell"),
            presses("daler", "kin.add"),
            writes("daler", GRANDMOTHER),
        ),
    ),
)
