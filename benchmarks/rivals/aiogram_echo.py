"""An aiogram bot as its documentation has it: it says the same words back, and stores nothing."""

from __future__ import annotations

import asyncio
import sys

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

from benchmarks import machine

SECRET = "benchmark"  # noqa: S105 - opens nothing


async def echo(message: Message) -> None:
    """Say it back."""
    await message.answer(message.text or "")


def main(mode: str, url: str, token: str, port: str = "0") -> None:
    """``webhook URL TOKEN PORT`` or ``polling URL TOKEN``."""
    bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))
    dispatcher = Dispatcher()
    dispatcher.message.register(echo)
    if mode == "polling":
        asyncio.run(dispatcher.start_polling(bot))
        return

    async def announce(_application: web.Application) -> None:
        await bot.set_webhook(f"http://127.0.0.1:{port}/telegram", secret_token=SECRET)

    application = web.Application()
    SimpleRequestHandler(dispatcher=dispatcher, bot=bot, secret_token=SECRET).register(application, path="/telegram")
    setup_application(application, dispatcher, bot=bot)
    application.on_startup.append(announce)
    web.run_app(application, host="127.0.0.1", port=int(port), print=lambda *_: None)


machine.pin(machine.bot_core())
main(*sys.argv[1:])
