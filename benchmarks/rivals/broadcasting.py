"""How a bulletin is usually sent: a limiter, or a loop that sleeps. Nothing is stored; a stop loses the rest."""

from __future__ import annotations

import asyncio
import json
import sys

from benchmarks import machine
from benchmarks.rivals.sending import FIRST

TEXT = "📰 No. 1 · everywhere\nThe bridge at Darband is open again.\n" * 8
TASKS = 50
SLEEP = 0.05  # seconds between two messages, as broadcasters for aiogram do


async def ptb(url: str, token: str, count: int) -> None:
    """python-telegram-bot with its AIORateLimiter, which tries again when it is refused."""
    from telegram.ext import AIORateLimiter, ExtBot  # noqa: PLC0415 - only one of the two is there at once
    from telegram.request import HTTPXRequest  # noqa: PLC0415

    request = HTTPXRequest(connection_pool_size=256)
    people = iter(range(FIRST, FIRST + count))
    async with ExtBot(token, base_url=f"{url}/bot", request=request, rate_limiter=AIORateLimiter(max_retries=5)) as bot:

        async def one() -> None:
            for chat in people:
                await bot.send_message(chat, TEXT)

        await asyncio.gather(*(one() for _ in range(TASKS)))


async def aiogram(url: str, token: str, count: int) -> None:
    """aiogram, one message after the other."""
    from aiogram import Bot  # noqa: PLC0415
    from aiogram.client.session.aiohttp import AiohttpSession  # noqa: PLC0415
    from aiogram.client.telegram import TelegramAPIServer  # noqa: PLC0415
    from aiogram.exceptions import TelegramRetryAfter  # noqa: PLC0415

    async with Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url))) as bot:
        for chat in range(FIRST, FIRST + count):
            try:
                await bot.send_message(chat, TEXT)
            except TelegramRetryAfter as error:
                await asyncio.sleep(error.retry_after)
                await bot.send_message(chat, TEXT)
            await asyncio.sleep(SLEEP)


machine.pin(machine.bot_core())
which, url, token, count = sys.argv[1:]
with machine.spending() as spent:
    asyncio.run({"ptb": ptb, "aiogram": aiogram}[which](url, token, int(count)))
print(json.dumps({"seconds": spent.wall, "cpu_ms": spent.cpu / int(count) * 1000, "rss": machine.greatest_memory()}))
