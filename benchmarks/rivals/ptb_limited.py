"""python-telegram-bot's own client behind its own AIORateLimiter, sending to ever new people for a while."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from itertools import count

from telegram.error import RetryAfter
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from benchmarks import machine
from benchmarks.rivals.sending import FIRST, WORDS

TASKS = 50


async def main(retries: int, url: str, token: str, seconds: float) -> None:
    """Send for `seconds`; what is refused more than `retries` times is lost."""
    limiter = AIORateLimiter(max_retries=retries)
    request = HTTPXRequest(connection_pool_size=256)
    people = count(FIRST)
    lost = 0

    async with ExtBot(token, base_url=f"{url}/bot", request=request, rate_limiter=limiter) as bot:
        end = time.monotonic() + seconds

        async def one() -> None:
            nonlocal lost
            while time.monotonic() < end:
                try:
                    await bot.send_message(next(people), WORDS, parse_mode="HTML")
                except RetryAfter:
                    lost += 1

        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(one() for _ in range(TASKS)))
    print(json.dumps({"lost": lost}))


machine.pin(machine.bot_core())
asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])))
