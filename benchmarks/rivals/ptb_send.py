"""python-telegram-bot's own client with its stock HTTP layer, 128 requests in flight, nothing stored."""

from __future__ import annotations

import asyncio
import json
import sys

from telegram import Bot
from telegram.request import HTTPXRequest

from benchmarks import machine
from benchmarks.rivals.sending import FIRST, WORDS, crowd


async def main(url: str, token: str, count: int) -> None:
    """Send one message to each of `count` people."""
    request = HTTPXRequest(connection_pool_size=256, read_timeout=120, connect_timeout=120, pool_timeout=120)
    async with Bot(token, base_url=f"{url}/bot", request=request) as bot:

        async def send(number: int) -> None:
            await bot.send_message(FIRST + number, WORDS, parse_mode="HTML")

        print(json.dumps(await crowd(send, count)))


machine.pin(machine.bot_core())
asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
