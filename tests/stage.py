"""The stage: people talk to the real bot (router, rules, database, outbox) and we read what they read.

    async def test_...(stage):
        zarina, daler = await stage.family("Zarina", "Daler")
        await zarina.press("I am safe")
        assert "I am safe" in daler.last

Everybody reads English here unless told otherwise. Time stands still until `stage.pass_time`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot import i18n
from bot.app import App
from bot.domain.conversation import Incoming
from bot.outbox.pace import UNLIMITED
from bot.platforms.memory import MemoryPlatform, Message, deep_link
from storage import drafts, jobs

if TYPE_CHECKING:
    from storage.database import Storage, Tx

BEGIN = datetime(2026, 3, 21, 9, 0, tzinfo=UTC)
STEP = timedelta(seconds=20)  # time passes in such steps, and everything that is due happens at each


class Actor:
    """A person with a phone."""

    def __init__(self, stage: Stage, account: str, memory: MemoryPlatform | None = None) -> None:
        self.stage = stage
        self.account = account
        self.memory = memory or stage.memory

    # -- doing -------------------------------------------------------------------------------------------------------

    async def starts(self, payload: str = "") -> None:
        """Open the chat, perhaps by a link."""
        await self.memory.start(self.account, payload)
        await self.stage.settle()

    async def says(self, words: str) -> None:
        """Write words."""
        await self.memory.say(self.account, words)
        await self.stage.settle()

    async def presses(self, label: str) -> None:
        """Press the newest button whose label contains these words. Raises LookupError if there is none."""
        message, code = self._find(label)
        await self.memory.press(self.account, message.id, code)
        await self.stage.settle()

    async def settles_in(self, name: str, language: str = "en", payload: str = "") -> None:
        """Meet the bot: choose a language and give a name."""
        await self.starts(payload)
        await self.presses(i18n.LANGUAGE_NAMES[language])
        await self.says(name)

    # -- reading -----------------------------------------------------------------------------------------------------

    @property
    def messages(self) -> list[Message]:
        """What the bot has said and still stands on the screen, oldest first."""
        return [message for message in self.memory.chat(self.account) if message.from_bot]

    @property
    def screen(self) -> str:
        """All of it as plain text."""
        return "\n\n".join(i18n.plain(message.text) for message in self.messages)

    @property
    def last(self) -> str:
        """The newest message as plain text."""
        return i18n.plain(self.messages[-1].text)

    @property
    def buttons(self) -> list[str]:
        """The labels under the newest message."""
        return [button.label for button in self.messages[-1].choices]

    def sees(self, words: str) -> bool:
        """Whether these words stand anywhere on the screen."""
        return words in self.screen

    def _find(self, label: str) -> tuple[Message, str]:
        for message in reversed(self.messages):
            for button in message.choices:
                if label in button.label and button.code:
                    return message, button.code
        raise LookupError(label, self.screen)


class Stage:
    """One community on a memory platform, or on several: further ones are given as (platform, bot account)."""

    def __init__(self, storage: Storage, *further: tuple[str, str]) -> None:
        self._now = BEGIN
        self.storage = storage
        self.memory = MemoryPlatform(self.now)
        self.platforms = [self.memory, *(MemoryPlatform(self.now, platform, bot) for platform, bot in further)]
        self.app = self.open()

    def open(self) -> App:
        """Start the program that all platforms talk to (again: what is in the store is all that it knows)."""
        links = {(one.platform, one.bot): deep_link for one in self.platforms}
        app = App(self.storage, [(one, UNLIMITED) for one in self.platforms], links, self.now)
        for one in self.platforms:
            one.connect(self.hear)
        return app

    def now(self) -> datetime:
        """The present instant on the stage."""
        return self._now

    async def hear(self, batch: Sequence[Incoming]) -> None:
        """What the platform calls."""
        await self.app.receive(batch)

    async def settle(self) -> None:
        """Let everything that is due leave, with what slow work makes of it."""
        if await self.storage.read(self._has_slow_work):
            await self.app.work()
            await self.app.fetch()
            await self.app.look()
        await self.app.engine.drain()

    def _has_slow_work(self, tx: Tx) -> bool:
        """One look for all kinds: there is hardly ever any, and each look is a transaction."""
        return any(
            found is not None
            for found in (jobs.first(tx), drafts.to_fetch(tx, self._now), jobs.next_file(tx, self._now))
        )

    async def pass_time(self, by: timedelta, step: timedelta = timedelta()) -> None:
        """Let time pass, with all that happens because it passes; a long time in longer steps if no step is named."""
        end = self._now + by
        step = max(step, by / 500) if step else max(STEP, by / 100)
        while self._now < end:
            self._now = min(end, self._now + step)
            await self.app.round()
            await self.settle()

    def actor(self, account: str, platform: str = "") -> Actor:
        """Somebody who has never met the bot; on the first platform unless another is named."""
        found = next(one for one in self.platforms if platform in {"", one.platform})
        return Actor(self, account, found)

    async def family(self, *names: str, circle: str = "Family", languages: dict[str, str] | None = None) -> list[Actor]:
        """People who know the bot and are in one circle; the first keeps it."""
        chosen = languages or {}
        actors = [self.actor(name.lower()) for name in names]
        for actor, name in zip(actors, names, strict=True):
            await actor.settles_in(name, chosen.get(name, "en"))
        keeper = actors[0]
        await self.in_code(keeper, "circle.make")
        await keeper.says(circle)
        for actor in actors[1:]:
            await self.invite(keeper, actor)
        return actors

    async def invite(self, host: Actor, guest: Actor) -> None:
        """Let `guest` into the newest circle of `host`."""
        await host.says("/circles")
        await self.in_code(host, "circle")
        await self.in_code(host, "invite")
        await guest.starts(self.code_of(host))
        await self.in_code(guest, "join")
        await self.in_code(host, "door.open")
        await self.in_code(guest, "circle.hear")
        await guest.says("/start")
        await host.says("/start")

    def code_of(self, host: Actor) -> str:
        """The code that stands in the newest invitation on a screen."""
        code: str = re.findall(r"start=(\d+)", host.screen)[-1]
        return code

    async def in_code(self, actor: Actor, verb: str) -> None:
        """Press the newest button with this verb, whatever it says in the person's language."""
        for message in reversed(actor.messages):
            for button in message.choices:
                if button.code.split(":")[0] == verb:
                    await actor.memory.press(actor.account, message.id, button.code)
                    await self.settle()
                    return
        raise LookupError(verb, actor.screen)


@pytest.fixture
async def stage(storage: Storage) -> AsyncIterator[Stage]:
    """An empty stage, on each engine in turn."""
    i18n.open_catalogues(strict=False)
    community = Stage(storage)
    yield community
    assert community.memory.refused == [], "a message was malformed"


@pytest.fixture
async def both(storage: Storage) -> AsyncIterator[Stage]:
    """A stage on two platforms: “memory” and “matrix”."""
    i18n.open_catalogues(strict=False)
    community = Stage(storage, ("matrix", "@bot"))
    yield community
    assert [one.refused for one in community.platforms] == [[], []], "a message was malformed"
