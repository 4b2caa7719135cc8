"""One circle on two messengers: who writes on Telegram and who writes on Matrix, and nobody notices."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from bot.app import App
from bot.outbox.pace import UNLIMITED
from bot.platforms.matrix import Kept, Matrix
from bot.platforms.telegram import Patience, Telegram
from storage import sqlite
from storage.crypto import Keys
from tests.telegram.emulator import Emulator
from tests.telegram.test_family import ZARINA, Phone

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.matrix.crowd import Crowd, Neighbour
    from tests.matrix.synapse import Synapse

KEYS = Keys(bytes(range(32)))


class House:
    """A bot with an account on each messenger, that can be stopped dead and started again."""

    def __init__(self, directory: Path, emulator: Emulator, synapse: Synapse) -> None:
        self.directory = directory
        self.emulator = emulator
        self.synapse = synapse
        self.account = synapse.register("payvand")
        self.user = self.account.user
        self.kept: Kept | None = None

    async def keep(self, kept: Kept) -> None:
        self.kept = kept

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        storage = await sqlite.open_file(self.directory / "payvand.db", KEYS)
        matrix = Matrix(
            self.synapse.url,
            self.user,
            password=lambda: self.account.password,
            directory=self.directory / "matrix",
            key=KEYS.derive("matrix"),
            kept=self.kept,
            keep=self.keep,
            hold=1,
        )
        patience = Patience(connect=5.0, answer=5.0)
        telegram = Telegram(self.emulator.token, base_url=self.emulator.url, patience=patience, hold=1)
        async with matrix, telegram:
            app = App(
                storage,
                [(telegram, UNLIMITED), (matrix, UNLIMITED)],
                {("telegram", telegram.bot): lambda payload: f"https://t.me/x?start={payload}"},
                names={("telegram", telegram.bot): lambda: "@nur_bot", ("matrix", matrix.bot): lambda: self.user},
            )
            running = asyncio.create_task(app.run(telegram.poll(app.receive), matrix.listen(app.receive)))
            try:
                yield
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                await storage.close()


def number_of(reader: Neighbour, label: str) -> str:
    """The number that stands before a choice in the newest list that has it."""
    for message in reversed(reader.messages):
        found = re.search(rf"^(\d+)\. .*{re.escape(label)}", message.body, re.MULTILINE)
        if found:
            return found[1]
    raise LookupError(label, reader.screen)


async def picks(reader: Neighbour, label: str) -> None:
    """Answer with the number of a choice, once it is there."""
    await reader.until(lambda: label in reader.screen)
    await reader.says(number_of(reader, label))


@pytest.mark.slow
async def test_a_circle_mixes_people_of_both_messengers_and_survives_a_restart_between_word_and_answer(
    tmp_path: Path, synapse: Synapse, crowd: Crowd
) -> None:
    async with Emulator() as emulator:
        house = House(tmp_path, emulator, synapse)
        zarina, daler = Phone(emulator, ZARINA), await crowd.neighbour("daler")
        async with house.open():
            await zarina.settles_in("Зарина", "tg")
            await zarina.presses("circle.make")
            await emulator.until(lambda: len(emulator.shown(ZARINA)) >= 3)  # noqa: PLR2004
            await zarina.says("Оила")
            await zarina.presses("invite")
            await zarina.reads(house.user)  # where the bot is on Matrix stands beside the link
            code = next(t for t in reversed(emulator.shown(ZARINA)) if "start=" in t).split("start=")[1].split()[0]
            await daler.invites(house.user)
            await picks(daler, "English")
            await daler.until(lambda: "name" in daler.last)
            await daler.says("Daler")
            await picks(daler, "I have an invitation")
            await daler.until(lambda: "twelve digits" in daler.last)
            await daler.says(code)
            await zarina.presses("door.open")
            await picks(daler, "they hear my news")
            await zarina.says("Ман дар амонам")
            await daler.until(lambda: "I am safe" in daler.screen and "Зарина" in daler.screen)
        await daler.says("I need help")  # while nobody is there to hear it
        async with house.open():
            await zarina.reads("Daler")
            await zarina.presses("caring")
            await daler.until(lambda: "Taking care" in daler.screen or "takes care" in daler.screen)
        assert daler.unreadable == []
        assert daler.in_clear == []
