"""The whole bot on Matrix: real router, database and outbox, a real homeserver, and people whose apps encrypt."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import pytest

from bot.app import App
from bot.outbox.pace import UNLIMITED
from bot.platforms.matrix import Kept, Matrix
from storage.crypto import Keys
from storage.sqlite import SQLite, open_file
from tests.matrix.crowd import Crowd, Neighbour
from tests.matrix.synapse import Account, Synapse


class Bot:
    """The bot on its homeserver: what stays of it, and its life in between."""

    def __init__(self, server: Synapse, directory: Path, storage: SQLite) -> None:
        self.account: Account = server.register("payvand")
        self.kept: list[Kept] = []
        self._server = server
        self._directory = directory
        self._storage = storage

    async def while_running(self, story: Callable[[], Coroutine[None, None, None]]) -> None:
        """Run it as `payvand run` does, for as long as the story takes."""
        async with Matrix(
            self._server.url,
            self.account.user,
            password=lambda: self.account.password,
            directory=self._directory,
            key=bytes(32),
            kept=self.kept[-1] if self.kept else None,
            keep=self._keep,
            hold=1,
        ) as matrix:
            link = {("matrix", matrix.bot): lambda _payload: f"https://matrix.to/#/{matrix.bot}"}
            app = App(self._storage, [(matrix, UNLIMITED)], link)
            running = asyncio.create_task(app.run(matrix.listen(app.receive)))
            telling = asyncio.create_task(story())
            try:
                await asyncio.wait([running, telling], return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    running.result()
                await telling
            finally:
                telling.cancel()
                running.cancel()
                await asyncio.gather(running, telling, return_exceptions=True)

    async def _keep(self, kept: Kept) -> None:
        self.kept.append(kept)


class Phone:
    """Somebody with an app that encrypts, in a direct chat with the bot."""

    def __init__(self, person: Neighbour) -> None:
        self.person = person
        self._read = 0

    async def opens(self, bot: str, *, encrypted: bool = True) -> None:
        """Start a chat with the bot."""
        await self.person.invites(bot, encrypted=encrypted)

    async def reads(self, words: str) -> str:
        """Wait for these words below everything that was read before; the whole message."""
        await self.person.until(lambda: self._find(words) is not None)
        found = self._find(words)
        assert found is not None
        self._read = found + 1
        return self.person.messages[found].body

    def _find(self, words: str) -> int | None:
        for place, message in enumerate(self.person.messages):
            if place >= self._read and message.sender != self.person.user and words in message.body:
                return place
        return None

    async def chooses(self, label: str) -> None:
        """Answer the newest list that has this choice with its number."""
        await self.says(self.number(label))

    def number(self, label: str) -> str:
        """The number of a choice in the newest list that has it."""
        for message in reversed(self.person.messages):
            if found := re.search(rf"^(\d+)\. [^\n]*{re.escape(label)}", message.body, re.MULTILINE):
                return found[1]
        raise LookupError(label, self.person.screen)

    async def says(self, words: str) -> None:
        """Write words."""
        await self.person.says(words)

    async def reacts(self, label: str) -> None:
        """Put the number of a choice, as a sign, under what was read last."""
        await self.person.reacts(self.person.messages[self._read - 1].id, f"{self.number(label)}\ufe0f\u20e3")

    async def settles_in(self, bot: str, name: str, language: str) -> None:
        """Meet the bot: choose a language by its number, and give a name."""
        await self.opens(bot)
        await self.reads(language)
        await self.chooses(language)
        await self.reads("")
        await self.says(name)
        await self.reads(name)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLite]:
    storage = await open_file(tmp_path / "payvand.db", Keys(bytes(32)))
    yield storage
    await storage.close()


@pytest.fixture
def bot(synapse: Synapse, tmp_path: Path, store: SQLite) -> Bot:
    return Bot(synapse, tmp_path / "matrix", store)


async def test_a_family_finds_each_other_in_encrypted_chats(bot: Bot, crowd: Crowd) -> None:
    zarina, daler = [Phone(await crowd.neighbour(name)) for name in ("zarina", "daler")]

    async def story() -> None:
        await zarina.settles_in(bot.account.user, "Zarina", "English")
        await zarina.chooses("Make a circle")
        await zarina.reads("What shall the circle be called")
        await zarina.says("Family")
        await zarina.reads("Family")
        await zarina.chooses("Invite")
        invitation = await zarina.reads("Read this code out")
        code = re.findall(r"^[\d ]{15}$", invitation, re.MULTILINE)[0]
        await daler.settles_in(bot.account.user, "Далер", "Русский")
        await daler.says("у меня приг")  # a choice by the beginning of its label
        await daler.reads("двенадцать цифр")
        await daler.says(code)
        await daler.reads("Спасибо")
        await zarina.reads("Далер")
        await zarina.reacts("Let in")  # a choice by a sign
        await daler.reads("«Family»")
        await daler.chooses("Да")
        await daler.says("я в безопасности")
        await zarina.reads("Далер: I am safe")
        await zarina.says("I am safe")
        await daler.reads("Zarina: я в безопасности")
        await daler.says("мне нужна помощь")
        await zarina.reads("I need help")

    await bot.while_running(story)
    for phone in (zarina, daler):
        assert phone.person.unreadable == []
        assert phone.person.in_clear == [], "not one word of the bot's went out in the clear"


async def test_who_was_offline_while_the_bot_was_down_loses_nothing(bot: Bot, crowd: Crowd) -> None:
    zarina = Phone(await crowd.neighbour("zarina"))

    async def meets() -> None:
        await zarina.settles_in(bot.account.user, "Zarina", "English")

    async def is_answered() -> None:
        await zarina.reads("Nobody would hear you yet")

    await bot.while_running(meets)
    await zarina.says("I am safe")
    await bot.while_running(is_answered)
    assert len(bot.kept) == 1, "the same device came back"
    assert zarina.person.unreadable == []


async def test_a_chat_that_is_not_encrypted_works_and_is_called_so_once(bot: Bot, crowd: Crowd) -> None:
    zarina = Phone(await crowd.neighbour("zarina"))

    async def story() -> None:
        await zarina.opens(bot.account.user, encrypted=False)
        assert "not encrypted" in await zarina.reads("English")
        await zarina.chooses("English")
        await zarina.reads("What do your relatives call you")
        await zarina.says("Zarina")
        await zarina.reads("Good, Zarina")

    await bot.while_running(story)
    assert zarina.person.screen.count("This chat is not encrypted") == 1


async def test_what_was_written_together_with_the_invitation_is_heard(bot: Bot, crowd: Crowd) -> None:
    zarina, daler = [Phone(await crowd.neighbour(name)) for name in ("zarina", "daler")]

    async def is_up() -> None:
        await daler.opens(bot.account.user)
        await daler.reads("English")

    async def is_answered() -> None:
        await zarina.reads("English")  # for the chat that she opened
        await zarina.reads("English")  # for her words, which the bot can answer when it knows her language

    await bot.while_running(is_up)
    await zarina.opens(bot.account.user)
    await zarina.says("Is anybody there?")
    await bot.while_running(is_answered)
    assert zarina.person.unreadable == []
