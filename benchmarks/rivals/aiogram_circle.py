"""An aiogram bot as most people would write it for a family: it sends what is said to each relative, one by one."""

from __future__ import annotations

import sys

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

from benchmarks import machine
from benchmarks.rivals.sending import told

SECRET = "benchmark"  # noqa: S105 - opens nothing


def main(url: str, token: str, port: str, tellers: str) -> None:
    """Behind a webhook; nothing is stored."""
    bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))
    dispatcher = Dispatcher()

    async def tell(message: Message) -> None:
        for one in told(message.chat.id, int(tellers)):
            await bot.send_message(one, f"<b>Person</b>: {message.text}", parse_mode="HTML")
        await message.answer("Told.")

    dispatcher.message.register(tell)

    async def announce(_application: web.Application) -> None:
        await bot.set_webhook(f"http://127.0.0.1:{port}/telegram", secret_token=SECRET)

    application = web.Application()
    SimpleRequestHandler(dispatcher=dispatcher, bot=bot, secret_token=SECRET).register(application, path="/telegram")
    setup_application(application, dispatcher, bot=bot)
    application.on_startup.append(announce)
    web.run_app(application, host="127.0.0.1", port=int(port), print=lambda *_: None)


machine.pin(machine.bot_core())
main(*sys.argv[1:])
