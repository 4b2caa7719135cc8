"""A Bot API server and a bot account for each test; no scenario may leave a complaint of the Bot API's description."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.platforms.telegram import Patience, Telegram
from tests.telegram.emulator import Clock, Emulator


@pytest.fixture
def clock() -> Clock:
    """The time at Telegram's and at the bot's; nothing moves it but the test."""
    return Clock()


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[Emulator]:
    """A server that complains afterwards about every request that the description doesn't know."""
    async with Emulator(clock=clock) as server:
        yield server
        assert server.problems == []


@pytest.fixture
async def telegram(emulator: Emulator, clock: Clock) -> AsyncIterator[Telegram]:
    """A bot account at that server, with little patience."""
    patience = Patience(connect=5.0, answer=0.3)
    async with Telegram(emulator.token, base_url=emulator.url, patience=patience, hold=0, clock=clock) as account:
        yield account
