"""The fictional community of the playground: a real bot with a real database, which is gone when you leave."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from bot import i18n
from bot.app import App, present
from bot.domain import places
from bot.domain.bulletin import Claim, Draft, Grade, Source, Status, Topic
from bot.domain.conversation import Line
from bot.domain.roles import Role
from bot.i18n import _, pgettext
from bot.outbox.pace import UNLIMITED
from bot.platforms.memory import MemoryPlatform, Persona, deep_link
from handlers.profile import profile
from handlers.updates import broadcast, wording
from storage import bulletins, keys, notes, outbox, people, readers, roles, signing, sqlite
from storage.crypto import Keys
from storage.database import Tx
from storage.readers import Reading

CAST: Final = (
    Persona("gulnora", pgettext("noun", "Gulnora"), "tg", _("lives in Rushon"), "Asia/Dushanbe"),
    Persona("daler", pgettext("noun", "Daler"), "ru", _("her brother, works in Moscow"), "Europe/Moscow"),
    Persona("maria", pgettext("noun", "Maria"), "en", _("her cousin, lives in London"), "Europe/London"),
    Persona("safar", pgettext("noun", "Safar"), "", _("has just opened the bot"), "Asia/Dushanbe"),
    Persona("nigora", pgettext("noun", "Nigora"), "tg", pgettext("noun", "moderator, Khorog"), "Asia/Dushanbe"),
    Persona("rustam", pgettext("noun", "Rustam"), "ru", pgettext("noun", "moderator, Warsaw"), "Europe/Warsaw"),
)
DESK: Final = ("nigora", "rustam")  # who check news, and know each other only as numbers
READERS: Final = ("gulnora", "maria")
VIEWS: Final = {
    "family": tuple(one.account for one in CAST if one.account not in DESK),
    "desk": (*DESK, *READERS),
    "petitions": (*DESK, "gulnora", "maria", "daler"),
    "search": ("gulnora", "rustam", "nigora", "daler"),
}
CIRCLE: Final = pgettext("noun", "Family")

# What the two have published before anybody looks: the topic, how sure, how near the source is; and the words.
PUBLISHED: Final = (
    (
        Topic.NETWORK,
        Claim(Status.PROBABLE, (Source(Grade.SECOND_HAND),)),
        {
            "title": _("Telephones in Rushon work in the mornings."),
            "claim.0": _("Since Monday calls from Rushon get through between six and nine o'clock."),
            "claim.0.source.0": _("Families outside who were called"),
            "unknown": _("How long it stays so."),
        },
    ),
    (
        Topic.HEALTH,
        Claim(Status.CONFIRMED, (Source(Grade.OFFICIAL),)),
        {
            "title": _("The hospital in Rushon takes patients again."),
            "claim.0": _("The hospital in Rushon is open every day from eight o'clock."),
            "claim.0.source.0": _("The hospital"),
            "unknown": _("Whether there is enough medicine."),
        },
    ),
)


class FictionalClock:
    """Real time, plus what was skipped with the playground's buttons."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self.on_moved: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        """The present instant of the fictional community."""
        return present() + self._ahead

    def advance(self, by: timedelta) -> None:
        """Move the present forward and let everything look at the clock."""
        self._ahead += by
        self.on_moved()


@dataclass(frozen=True, slots=True)
class Village:
    """The community: its bot, its messenger and its time."""

    app: App
    memory: MemoryPlatform
    clock: FictionalClock


async def build(stack: AsyncExitStack) -> Village:
    """Build it in a directory that goes with `stack`, and let its people meet."""
    i18n.open_catalogues()
    home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="payvand-")))
    clock = FictionalClock()
    own = Keys(keys.make())
    root = signing.make_pair()
    own.signer = signing.throwaway_signer("Payvand", clock.now(), root)
    own.petitions = notes.throwaway("Payvand", clock.now(), root)
    storage = await sqlite.open_file(home / "playground.db", own)
    stack.push_async_callback(storage.close)
    memory = MemoryPlatform(clock.now)
    app = App(storage, [(memory, UNLIMITED)], {(memory.platform, memory.bot): deep_link}, clock.now)
    clock.on_moved = app.wake
    memory.connect(app.receive)
    await memory.describe(profile(clock.now()))
    village = Village(app, memory, clock)
    await _let_them_meet(village)
    return village


async def _let_them_meet(village: Village) -> None:
    """The first conversations, exactly as people would have them: the family circle is made and joined."""
    known = [persona for persona in CAST if persona.language]
    for persona in known:
        await start(village, persona.account)
        await press(village, persona.account, f"speak:{persona.language}")
        await say(village, persona.account, spoken(village, persona.name, persona.language))
    keeper, *others = (persona for persona in known if persona.account not in DESK)
    await press(village, keeper.account, "circle.make")
    await say(village, keeper.account, spoken(village, CIRCLE, keeper.language))
    for persona in others:
        await say(village, keeper.account, "/circles")
        await press(village, keeper.account, "circle")
        await press(village, keeper.account, "invite")
        code = re.findall(r"start=(\d+)", village.memory.last(keeper.account).text)[-1]
        await start(village, persona.account, code)
        await press(village, persona.account, "join")
        await press(village, keeper.account, "door.open")
        await press(village, persona.account, "circle.hear")
    for number in range(1, len(PUBLISHED) + 1):
        await village.app.storage.write(partial(_publish, village=village, number=number, now=village.clock.now()))
        await village.app.round()
        await village.app.engine.drain()
    await village.app.storage.write(partial(_let_them_organise, village=village, now=village.clock.now()))
    for persona in known:
        await start(village, persona.account)
    for account in DESK:
        await say(village, account, "/desk")


def _publish(tx: Tx, village: Village, number: int, now: datetime) -> None:
    """Two have the right of a moderator, and publish something; Maria reads news from the last one on."""
    author, reviewer = (_person(tx, village, account, now) for account in DESK)
    for who in (author, reviewer):
        roles.give(tx, who, Role.MODERATOR, now)
    if number == len(PUBLISHED):
        readers.keep(tx, _person(tx, village, "maria", now), Reading())
    topic, claim, words = PUBLISHED[number - 1]
    said = {one: {key: spoken(village, line, one) for key, line in words.items()} for one in i18n.LANGUAGES}
    place = places.search("Rushon")[0]
    draft = Draft(language="tg", place=place, topic=topic, claims=(claim,), texts=said)
    texts = wording.texts(draft, number, now, reviewed=True)
    signer = bulletins.signer(tx, now)
    assert signer is not None  # noqa: S101 - `build` made one
    made = bulletins.publish(tx, signer, draft, texts, now, author=author, reviewer=reviewer)
    outbox.post(tx, broadcast.begin(tx, made, now, None), now)


def _let_them_organise(tx: Tx, village: Village, now: datetime) -> None:
    """The same two have the right of an organiser."""
    for account in DESK:
        roles.give(tx, _person(tx, village, account, now), Role.ORGANISER, now)


def _person(tx: Tx, village: Village, account: str, now: datetime) -> int:
    """The person of an account that has met the bot."""
    found = people.meet(tx, village.memory.address(account), now).person
    assert found is not None  # noqa: S101 - they have met
    return found.id


async def start(village: Village, account: str, payload: str = "") -> None:
    """Let somebody open the chat, and the bot answer."""
    await village.memory.start(account, payload)
    await village.app.engine.drain()


async def say(village: Village, account: str, words: str) -> None:
    """Let somebody write, and the bot answer."""
    await village.memory.say(account, words)
    await village.app.engine.drain()


async def press(village: Village, account: str, code: str) -> None:
    """Press the newest button whose code is `code` or begins with it. Raises LookupError."""
    for message in reversed(village.memory.chat(account)):
        found = next((one.code for one in message.choices if f"{one.code}:".startswith(f"{code}:")), None)
        if found is not None:
            await village.memory.press(account, message.id, found)
            await village.app.engine.drain()
            return
    raise LookupError(code)


def spoken(village: Village, line: Line | str, language: str) -> str:
    """Say something in a language, as a person there types it."""
    return line if isinstance(line, str) else i18n.label(line, language, village.clock.now())
