"""How a story is played: a scene says what happens, and lets people do what they would do: press, write, wait.

Nothing is drawn by hand: what appears on the phones is what the bot answers.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from bot import i18n
from bot.domain import places
from bot.domain.checkin import State
from bot.domain.conversation import Line
from bot.i18n import _
from bot.village import CAST, Village, spoken
from handlers import words
from storage import bulletins, envelope, jobs, people, ties
from storage.database import Tx

if TYPE_CHECKING:
    from datetime import datetime

    from bot.platforms.playground.server import Tell

PACE: Final = 1.0  # real seconds to a second of the story; the tests have none to lose
CAPTION: Final = 4.5  # seconds to read what happens
DEED: Final = 1.6  # seconds between two things that somebody does
PATIENCE: Final = 15.0  # real seconds that an answer of the bot may take

LANGUAGE: Final = {persona.account: persona.language for persona in CAST}


@dataclass(slots=True)
class Play:
    """A community in which the story is played, and the lines of the card that was printed: sign and words."""

    village: Village
    paper: list[list[str]] = field(default_factory=list)


Deed: TypeAlias = "Callable[[Play], Awaitable[None]]"


@dataclass(frozen=True, slots=True)
class Scene:
    """What happens, in a sentence, and who does what."""

    caption: Line
    deeds: tuple[Deed, ...]


async def play(village: Village, tell: Tell, pace: float, scenes: Sequence[Scene]) -> None:
    """Play every scene. `pace` is how many real seconds a second of the story takes. Raises LookupError."""
    on = Play(village)
    await _prepare(village)
    for number, scene in enumerate(scenes, 1):
        tell(scene.caption, number, len(scenes))
        await asyncio.sleep(CAPTION * pace)
        for deed in scene.deeds:
            await deed(on)
            await asyncio.sleep(DEED * pace)


async def _prepare(village: Village) -> None:
    """What was before: Gulnora has said where she lives."""

    def know(tx: Tx, now: datetime) -> None:
        gulnora = people.meet(tx, village.memory.address("gulnora"), now).person
        if gulnora is not None:
            ties.say(tx, gulnora.id, places.search("Rushon")[0], lives=True)

    await village.app.storage.write(partial(know, now=village.clock.now()))


# -- what people do ------------------------------------------------------------------------------------------------


def presses(who: str, code: str, last: str = "") -> Deed:
    """Press the newest button whose code begins with `code` (and ends with `last`), as soon as it stands there."""

    async def deed(on: Play) -> None:
        message, found = await _until(on.village, lambda: _button(on.village, who, code, last), f"{who}: {code}")
        await on.village.memory.press(who, message, found)

    return deed


def picks(who: str, code: str, last: str = "") -> Deed:
    """Press a button of the newest message, and of none that stands above it."""

    async def deed(on: Play) -> None:
        def look() -> tuple[str, str] | None:
            found = _button(on.village, who, code, last)
            return found if found is not None and found[0] == on.village.memory.last(who).id else None

        message, found = await _until(on.village, look, f"{who}: {code} below everything")
        await on.village.memory.press(who, message, found)

    return deed


def writes(who: str, text: Line | str, language: str = "") -> Deed:
    """Write words in the person's language, or in another that they translate into."""

    async def deed(on: Play) -> None:
        await on.village.memory.say(who, spoken(on.village, text, language or LANGUAGE[who]))

    return deed


def answers(who: str, question: Line, text: Line | str, language: str = "", *, in_: str = "") -> Deed:
    """Write words as soon as they are asked for by the newest message, which may quote another language (`in_`)."""

    async def deed(on: Play) -> None:
        asked = _plainly(on.village, question, in_ or LANGUAGE[who])
        await _until(on.village, lambda: _newest(on.village, who, asked), f"{who} is asked: {question.msgid}")
        await writes(who, text, language)(on)

    return deed


def forwards_changed(who: str, ours: Line, theirs: Line) -> Deed:
    """Somebody got a copy of the newest bulletin in which a sentence was changed, and forwards it to the bot.

    Raises LookupError.
    """

    async def deed(on: Play) -> None:
        language = LANGUAGE[who]

        def copy(tx: Tx) -> str:
            return bulletins.editions(tx, bulletins.newest(tx, 1)[0].number)[language].text

        text = await on.village.app.storage.read(copy)
        one, other = (spoken(on.village, line, language) for line in (ours, theirs))
        if one not in text:
            raise LookupError(who)
        await on.village.memory.forward(who, text.replace(one, other))

    return deed


def is_answered(who: str) -> Deed:
    """Wait until the bot has answered the last thing that somebody wrote."""

    async def deed(on: Play) -> None:
        def look() -> tuple[str, str] | None:
            newest = on.village.memory.chat(who)[-1]
            return (newest.id, "") if newest.from_bot else None

        await _until(on.village, look, f"{who} is answered")

    return deed


def is_told(who: str, text: Line) -> Deed:
    """Wait until words are the newest on somebody's screen."""

    async def deed(on: Play) -> None:
        said = _plainly(on.village, text, LANGUAGE[who])
        await _until(on.village, lambda: _newest(on.village, who, said), f"{who} is told: {text.msgid}")

    return deed


def is_shown(who: str, text: Line, *, in_: str = "") -> Deed:
    """Wait until words stand on somebody's screen, which may be another person's in another language (`in_`)."""

    async def deed(on: Play) -> None:
        words_ = spoken(on.village, text, in_ or LANGUAGE[who])
        await _until(on.village, lambda: _words(on.village, who, words_), f"{who} reads: {text.msgid}")

    return deed


def passes(length: timedelta) -> Deed:
    """Let time pass."""

    async def deed(on: Play) -> None:
        on.village.clock.advance(length)

    return deed


def reads(who: str, code: str) -> Deed:
    """Wait until a button with this code stands on somebody's screen: until they have got what it belongs to."""

    async def deed(on: Play) -> None:
        await _until(on.village, lambda: _button(on.village, who, code), f"{who} reads: {code}")

    return deed


def prints_card(who: str, language: str) -> Deed:
    """Have a card made, and look at the paper while it is drawn: nothing keeps its words. Raises LookupError."""

    async def deed(on: Play) -> None:
        await presses(who, "code.make", f":{language}")(on)
        job = await on.village.app.storage.read(jobs.first)
        if job is None:
            raise LookupError("no card")
        on.paper = json.loads(job.body)["rows"]
        await _until(on.village, lambda: _page(on.village, who), "the printed card")

    return deed


def hears(who: str, kind: State) -> Deed:
    """A line of the card that means this is read out on the telephone, and whoever hears it writes it down."""

    async def deed(on: Play) -> None:
        meaning = spoken(on.village, words.state_name(kind), LANGUAGE[who])
        screen = "\n".join(i18n.plain(message.text) for message in on.village.memory.history(who))
        line = next(words_ for sign, *words_ in on.paper if f"{sign} {meaning}" in screen)
        await on.village.memory.say(who, " ".join(line))

    return deed


def pastes_key(who: str) -> Deed:
    """An organiser makes a key on a computer of their own, and pastes the public half."""

    async def deed(on: Play) -> None:
        question = _("Paste the organisers' public key: it begins with PVO1.")
        await answers(who, question, envelope.public_text(envelope.make().public))(on)

    return deed


def tells_code(by: str, who: str, question: Line) -> Deed:
    """A code stands on one phone, and is read to somebody by telephone, who types it."""

    async def deed(on: Play) -> None:
        code = re.findall(r"\d{3} \d{3} \d{3} \d{3}", i18n.plain(on.village.memory.last(by).text))[-1]
        await answers(who, question, code)(on)

    return deed


def picks_named(who: str, code: str, name: Line) -> Deed:
    """Press the button of the newest message that bears a name."""

    async def deed(on: Play) -> None:
        called = spoken(on.village, name, LANGUAGE[who])

        def look() -> tuple[str, str] | None:
            newest = on.village.memory.last(who)
            named = (one for one in newest.choices if one.code.startswith(f"{code}:") and called in one.label)
            return next(((newest.id, one.code) for one in named), None)

        message, found = await _until(on.village, look, f"{who}: {code} with a name")
        await on.village.memory.press(who, message, found)

    return deed


def at_once(*deeds: Deed) -> Deed:
    """Several things as quickly as they can be done: what was seen before needs no second look."""

    async def deed(on: Play) -> None:
        for one in deeds:
            await one(on)

    return deed


async def _until(village: Village, look: Callable[[], tuple[str, str] | None], what: str) -> tuple[str, str]:
    """Wait for something on a screen. Raises LookupError with what did not come."""
    came = asyncio.Event()
    leave = village.memory.watch(lambda _change: came.set())
    try:
        async with asyncio.timeout(PATIENCE):
            while (found := look()) is None:
                came.clear()
                await came.wait()
    except TimeoutError:
        raise LookupError(what) from None
    finally:
        leave()
    return found


def _plainly(village: Village, line: Line, language: str) -> str:
    return i18n.plain(i18n.speak(line, language, village.clock.now()))


def _newest(village: Village, who: str, text: str) -> tuple[str, str] | None:
    newest = village.memory.last(who)
    return (newest.id, "") if text in i18n.plain(newest.text) else None


def _words(village: Village, who: str, text: str) -> tuple[str, str] | None:
    said = (one for one in village.memory.chat(who) if one.from_bot)
    return next(((one.id, "") for one in said if text in i18n.plain(one.text)), None)


def _page(village: Village, who: str) -> tuple[str, str] | None:
    return next(((one.id, "") for one in village.memory.chat(who) if one.attachment is not None), None)


def _button(village: Village, who: str, code: str, last: str = "") -> tuple[str, str] | None:
    for message in reversed(village.memory.chat(who)):
        for one in message.choices:
            if one.code and f"{one.code}:".startswith(f"{code}:") and one.code.endswith(last):
                return message.id, one.code
    return None
