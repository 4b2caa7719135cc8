"""The story that the playground plays: weeks of silence in Rushon, told by four phones in three minutes.

A scene says what happens, and lets people do what they would do: press, write, wait. Nothing is drawn by hand: what
appears on the phones is what the bot answers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from bot import i18n
from bot.domain import places
from bot.domain.checkin import State
from bot.domain.conversation import Line
from bot.domain.roles import Role
from bot.i18n import _, pgettext
from bot.village import CAST, Village, press, say, spoken, start
from handlers import words
from storage import jobs, people, roles, ties
from storage.database import Tx

if TYPE_CHECKING:
    from datetime import datetime

    from bot.platforms.playground.server import Tell

PACE: Final = 1.0  # real seconds to a second of the story; the tests have none to lose
CAPTION: Final = 4.5  # seconds to read what happens
DEED: Final = 1.6  # seconds between two things that somebody does
PATIENCE: Final = 15.0  # real seconds that an answer of the bot may take

LANGUAGE: Final = {persona.account: persona.language for persona in CAST}
DESK: Final = ("nigora", "rustam")  # two moderators, whose phones nobody sees
GRANDMOTHER: Final = pgettext("noun", "Bibi Sabo")
HOUR: Final = timedelta(hours=1)


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


async def play(village: Village, tell: Tell, pace: float = PACE) -> None:
    """Play every scene. `pace` is how many real seconds a second of the story takes. Raises LookupError."""
    on = Play(village)
    await _prepare(village)
    for number, scene in enumerate(SCENES, 1):
        tell(scene.caption, number, len(SCENES))
        await asyncio.sleep(CAPTION * pace)
        for deed in scene.deeds:
            await deed(on)
            await asyncio.sleep(DEED * pace)


async def _prepare(village: Village) -> None:
    """What was before: two moderators have their right, and Gulnora has said where she lives."""
    for account in DESK:
        await start(village, account)
        await press(village, account, "speak:en")
        await say(village, account, account.capitalize())

    def know(tx: Tx, now: datetime) -> None:
        for account in DESK:
            met = people.meet(tx, village.memory.address(account), now).person
            if met is not None:
                roles.give(tx, met.id, Role.MODERATOR, now)
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


def writes(who: str, text: Line | str) -> Deed:
    """Write words in the person's language."""

    async def deed(on: Play) -> None:
        await on.village.memory.say(who, spoken(on.village, text, LANGUAGE.get(who, "en")))

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
    """Have a card made, and look at the paper while it is drawn: nothing keeps its words."""

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


def _page(village: Village, who: str) -> tuple[str, str] | None:
    return next(((one.id, "") for one in village.memory.chat(who) if one.attachment is not None), None)


def _button(village: Village, who: str, code: str, last: str = "") -> tuple[str, str] | None:
    for message in reversed(village.memory.chat(who)):
        for one in message.choices:
            if one.code and f"{one.code}:".startswith(f"{code}:") and one.code.endswith(last):
                return message.id, one.code
    return None


# -- the story -----------------------------------------------------------------------------------------------------

SCENES: Final = (
    Scene(
        _("Gulnora lives in Rushon. She agrees with her family when she writes, and what happens if she does not."),
        (
            presses("gulnora", "more"),
            presses("gulnora", "late"),
            presses("gulnora", "late.new"),
            presses("gulnora", "late.kind", ":d"),
            presses("gulnora", "late.zone"),
            presses("gulnora", "late.time"),
            presses("gulnora", "late.grace"),
            presses("gulnora", "late.told"),
            presses("gulnora", "late.sure", ":1"),
            presses("gulnora", "late.begin"),
        ),
    ),
    Scene(
        _("Daler's grandmother in Rushon has no telephone. He adds her, so that everybody can tell news of her."),
        (
            presses("daler", "people"),
            presses("daler", "tell"),
            presses("daler", "kin.add"),
            writes("daler", GRANDMOTHER),
        ),
    ),
    Scene(
        _("He prints a card for her. It holds only ordinary words; each line of three tells one thing, once."),
        (
            presses("daler", "home"),
            presses("daler", "more"),
            presses("daler", "code"),
            presses("daler", "code.whom"),
            presses("daler", "code.of"),
            presses("daler", "code.new"),
            prints_card("daler", "ru"),
        ),
    ),
    Scene(
        _("The network in Rushon goes down. Two moderators declare it, and everybody reads that silence is expected."),
        (
            writes(DESK[0], "/desk"),
            presses(DESK[0], "outage"),
            presses(DESK[0], "outage.new"),
            writes(DESK[0], "Rushon"),
            presses(DESK[0], "outage.since"),
            presses(DESK[0], "outage.put"),
            writes(DESK[1], "/desk"),
            presses(DESK[1], "outage.see"),
            presses(DESK[1], "outage.yes"),
            passes(timedelta(minutes=2)),
            reads("gulnora", "outage.mine"),
        ),
    ),
    Scene(
        _("Two days pass without a word. Gulnora's deadline waits for the network, and nobody is alarmed."),
        (passes(24 * HOUR), passes(23 * HOUR)),
    ),
    Scene(
        _("Somebody in the village has found a line and tells Maria of everybody in one call. She writes it down."),
        (
            writes("maria", "Bibi Sabo - safe - I saw her - today\nGulnora - safe - I heard her voice - yesterday"),
            presses("maria", "people"),
        ),
    ),
    Scene(
        _("Bibi Sabo reads three words from her card on a bad line. Daler types what he hears: she needs help."),
        (hears("daler", State.HELP), presses("maria", "caring"), presses("daler", "call.safe")),
    ),
    Scene(
        _("The network is back. Gulnora reads who waits for her, and answers everybody with one tap."),
        (
            writes(DESK[0], "/desk"),
            presses(DESK[0], "outage"),
            presses(DESK[0], "outage.one"),
            presses(DESK[0], "outage.end"),
            passes(timedelta(minutes=3)),
            presses("gulnora", "outage.safe"),
            presses("maria", "people"),
        ),
    ),
)
