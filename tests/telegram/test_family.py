"""The whole bot on Telegram: real router, database and outbox, over real HTTP to the emulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import pytest

from bot.app import App
from bot.outbox.pace import UNLIMITED
from bot.platforms.telegram import Patience, Telegram
from storage.crypto import Keys
from storage.sqlite import SQLite, open_file
from tests.telegram.emulator import Emulator, codes

ZARINA, DALER = 7001, 7002


class Phone:
    """Somebody's Telegram, with the bot running at the other end."""

    def __init__(self, emulator: Emulator, user: int) -> None:
        self.emulator = emulator
        self.user = user

    async def reads(self, words: str) -> None:
        """Wait until these words stand in the chat."""
        await self.emulator.until(lambda: any(words in text for text in self.emulator.shown(self.user)))

    async def presses(self, verb: str) -> None:
        """Press the newest button with this verb, once it is there."""
        await self.emulator.until(lambda: self._button(verb) is not None)
        found = self._button(verb)
        assert found is not None
        await self.emulator.tap(self.user, *found)

    async def says(self, words: str) -> None:
        """Write words."""
        await self.emulator.say(self.user, words)

    def _button(self, verb: str) -> tuple[int, str] | None:
        for message in reversed(self.emulator.chat(self.user)):
            for code in codes(message):
                if code.split(":")[0] == verb or code == verb:
                    return message["message_id"], code
        return None

    async def settles_in(self, name: str, language: str, payload: str = "") -> None:
        """Meet the bot."""
        await self.emulator.start(self.user, payload)
        await self.emulator.until(lambda: self._button("speak") is not None)
        message = next(m for m in reversed(self.emulator.chat(self.user)) if codes(m))
        code = next(c for c in codes(message) if c.startswith(f"speak:{language}"))
        await self.emulator.tap(self.user, message["message_id"], code)
        await self.emulator.until(lambda: len(self.emulator.shown(self.user)) >= 2)  # noqa: PLR2004 - then comes the name
        await self.says(name)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLite]:
    storage = await open_file(tmp_path / "payvand.db", Keys(bytes(32)))
    yield storage
    await storage.close()


@pytest.fixture
async def account(emulator: Emulator) -> AsyncIterator[Telegram]:
    patience = Patience(connect=5.0, answer=5.0)
    async with Telegram(emulator.token, base_url=emulator.url, patience=patience, hold=1) as telegram:
        yield telegram


async def while_running(storage: SQLite, telegram: Telegram, story: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run the bot as `payvand run` does, for as long as the story takes."""
    app = App(
        storage,
        [(telegram, UNLIMITED)],
        {("telegram", telegram.bot): lambda payload: f"https://t.me/x?start={payload}"},
    )
    running = asyncio.create_task(app.run(telegram.poll(app.receive)))
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


async def test_a_check_in_and_a_call_for_help_cross_telegram_in_two_languages(
    emulator: Emulator, store: SQLite, account: Telegram
) -> None:
    zarina, daler = Phone(emulator, ZARINA), Phone(emulator, DALER)

    async def story() -> None:
        await zarina.settles_in("Зарина", "tg")
        await zarina.presses("circle.make")
        await emulator.until(lambda: len(emulator.shown(ZARINA)) >= 3)  # noqa: PLR2004
        await zarina.says("Оила")
        await zarina.presses("invite")
        await zarina.reads("start=")
        code = next(t for t in reversed(emulator.shown(ZARINA)) if "start=" in t).split("start=")[1].split()[0]
        await daler.settles_in("Далер", "ru", code)
        await daler.presses("join")
        await zarina.presses("door.open")
        await daler.presses("circle.hear")
        await daler.reads("Оила")
        await zarina.says("Ман дар амонам")
        await daler.reads("я в безопасности")
        await daler.presses("help")
        await zarina.reads("ба ман кумак лозим")
        await zarina.presses("caring")
        await daler.reads("Зарина")
        await daler.presses("call.safe")
        await zarina.reads("ман акнун дар амонам")

    await while_running(store, account, story)
    assert emulator.stats()["refusals"] == {}


async def test_what_was_said_while_the_bot_was_down_is_answered_when_it_is_back(
    emulator: Emulator, store: SQLite, account: Telegram
) -> None:
    zarina = Phone(emulator, ZARINA)
    await emulator.start(ZARINA)

    async def story() -> None:
        await zarina.reads("Choose a language")

    await while_running(store, account, story)
