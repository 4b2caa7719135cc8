"""The bot's device in tests: an account of its own on the server, a directory and a key, whose client may come and go.

async def test_...(device, crowd):
    async with device.client() as bot:          # logged in, its keys on the server, rooms known
        zarina = await crowd.neighbour("zarina")
        room = await meet(bot, zarina)            # an encrypted chat of the two
        assert await hear(bot) == ["I am safe"]
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from bot.platforms.matrix.client import HardenedClient
from bot.platforms.matrix.shapes import Batch, Event, Kept, Login
from tests.matrix.crowd import Neighbour
from tests.matrix.synapse import Account, Synapse


class Device:
    """What stays of the bot between two starts. `login` is how the last one came about, `url` where the server is."""

    def __init__(self, server: Synapse, directory: Path) -> None:
        self.url = server.url
        self.account: Final[Account] = server.register("bot")
        self.directory: Final = directory
        self.key = os.urandom(32)
        self.kept: Kept | None = None
        self.login: Login | None = None

    @property
    def user(self) -> str:
        """The bot's user id."""
        return self.account.user

    @asynccontextmanager
    async def client(self, *, synced: bool = True) -> AsyncIterator[HardenedClient]:
        """The bot, logged in or resumed; with `synced` also its rooms are known and its place is kept."""
        async with HardenedClient(self.url, self.user, directory=self.directory, key=self.key) as client:
            self.login = await client.login_or_resume(self.kept, lambda: self.account.password, "Payvand")
            self.kept = self.login.kept
            if synced:
                await client.keep(await client.sync())
            yield client


async def meet(bot: HardenedClient, person: Neighbour, *, encrypted: bool = True) -> str:
    """Let a person invite the bot to a direct chat, and the bot come; the room's id."""
    room = await person.invites(bot.user, encrypted=encrypted)
    await bot.join(room)
    await until_in(bot, room)
    return room


async def until_in(bot: HardenedClient, room: str) -> None:
    """Sync until the room is there."""
    for _ in range(20):
        if room in bot.rooms():
            return
        await bot.keep(await bot.sync(2))
    raise AssertionError("the room never came")


async def listen(bot: HardenedClient, *, enough: int = 1) -> Batch:
    """Sync, keeping, until so many messages (or unreadable ones) came; all batches as one."""
    batches: list[Batch] = []
    for _ in range(20):
        batches.append(await bot.sync(2))
        await bot.keep(batches[-1])
        whole = together(batches)
        if len(words(whole.events)) + len(whole.undecryptable) >= enough:
            return whole
    raise AssertionError(f"only {together(batches)} came")


async def hear(bot: HardenedClient, *, enough: int = 1) -> list[str]:
    """The words that came, in order."""
    return words((await listen(bot, enough=enough)).events)


def together(batches: Iterable[Batch]) -> Batch:
    """Several batches as one."""
    several = list(batches)
    pick: dict[str, Any] = {
        name: tuple(one for batch in several for one in getattr(batch, name))
        for name in ("events", "undecryptable", "invites", "departures", "entered", "gaps")
    }
    return Batch(several[-1].position, **pick)


def words(events: Iterable[Event]) -> list[str]:
    """What the messages among them say."""
    return [str(event.content.get("body")) for event in events if event.type == "m.room.message"]
