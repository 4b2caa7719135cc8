"""aiogram's own client with its stock HTTP layer, 128 requests in flight, nothing stored."""

from __future__ import annotations

import asyncio
import json
import sys

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from benchmarks import machine
from benchmarks.rivals.sending import FIRST, WORDS, crowd


async def main(url: str, token: str, count: int) -> None:
    """Send one message to each of `count` people."""
    async with Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url), limit=256)) as bot:

        async def send(number: int) -> None:
            await bot.send_message(FIRST + number, WORDS, parse_mode="HTML")

        print(json.dumps(await crowd(send, count)))


machine.pin(machine.bot_core())
asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
