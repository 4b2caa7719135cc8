"""Whatever the weather, "surely not sent" is the truth, and nothing said to the bot is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from markupsafe import Markup

from bot.domain.conversation import Incoming, Sender
from bot.outbox.courier import CourierError, NotSent, Parcel, Unknown
from bot.platforms.telegram import Patience, Telegram
from tests.telegram.emulator import TOKEN, Clock, Emulator

PATIENCE = Patience(connect=5.0, answer=0.1)
CHANCES = {"reset": 0.03, "drop": 0.05, "lost": 0.05, "half": 0.03, "html": 0.05, "error": 0.05, "flood": 0.1}


async def nap(_: float) -> None:
    await asyncio.sleep(0)


async def send_all(emulator: Emulator, again: type[CourierError] | tuple[type[CourierError], ...]) -> Counter[str]:
    """Send one letter to each of 150 people, repeating after some outcomes; returns how the letters ended."""
    ends: Counter[str] = Counter()

    async def send(telegram: Telegram, person: int) -> None:
        parcel = Parcel(Sender("telegram", telegram.bot, str(person)), str(person), Markup("x"))
        while True:
            try:
                await telegram.deliver(parcel)
            except again:
                continue
            except CourierError as error:
                ends[type(error).__name__] += 1
            else:
                ends["delivered"] += 1
            return

    async with Telegram(TOKEN, base_url=emulator.url, patience=PATIENCE) as telegram:
        await asyncio.gather(*(send(telegram, person) for person in emulator.people(1000, 150)))
    return ends


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_repeating_what_was_surely_not_sent_never_makes_a_second_message(seed: int) -> None:
    async with Emulator(seed=seed) as emulator:
        emulator.storm(**CHANCES)
        ends = await send_all(emulator, NotSent)
        got = emulator.per_chat()
        assert max(got.values()) == 1
        assert set(ends) == {"delivered", "Unknown"}
        assert ends["delivered"] <= len(got) <= ends["delivered"] + ends["Unknown"]
        assert emulator.problems == []


async def test_repeating_what_is_unknown_does(clock: Clock) -> None:
    """The control: the weather is bad enough to make second messages out of careless repeats."""
    async with Emulator(seed=1, clock=clock) as emulator:
        emulator.storm(**CHANCES)
        ends = await send_all(emulator, (NotSent, Unknown))
        assert ends == {"delivered": 150}
        assert max(emulator.per_chat().values()) > 1


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_weather_loses_what_was_said(seed: int) -> None:
    async with Emulator(seed=seed) as emulator:
        emulator.storm(**CHANCES)
        emulator.mischief(duplicate=0.1, reorder=True)
        said = {await emulator.say(7001, f"{number}") for number in range(400)}
        heard: set[int] = set()
        attempts = 0

        async def receive(batch: Sequence[Incoming]) -> None:
            nonlocal attempts
            attempts += 1
            await asyncio.sleep(0)
            if attempts % 3 == 0:
                raise OSError
            heard.update(int(one.message) for one in batch)

        async with Telegram(TOKEN, base_url=emulator.url, patience=PATIENCE, hold=0, sleep=nap) as telegram:
            loop = asyncio.ensure_future(telegram.poll(receive))
            await emulator.until(lambda: emulator.pending == 0)
            loop.cancel()
            await asyncio.wait([loop])
        assert heard == said
        assert emulator.problems == []
