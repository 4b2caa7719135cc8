"""A python-telegram-bot Application as its documentation has it: it says the same words back, and stores nothing."""

from __future__ import annotations

import sys

from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from benchmarks import machine


async def echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Say it back."""
    if update.message is not None:
        await update.message.reply_text(update.message.text or "")


def main(mode: str, arguments: list[str]) -> None:
    """``webhook [concurrent] URL TOKEN PORT`` or ``polling URL TOKEN``."""
    concurrent = arguments[0] == "concurrent"
    url, token, *port = arguments[concurrent:]
    builder = Application.builder().token(token).base_url(f"{url}/bot").concurrent_updates(concurrent)
    application = builder.build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    if mode == "polling":
        application.run_polling()
        return
    address = f"http://127.0.0.1:{port[0]}/telegram"
    application.run_webhook(
        "127.0.0.1",
        int(port[0]),
        "/telegram",
        webhook_url=address,
        secret_token="benchmark",  # noqa: S106
    )


machine.pin(machine.bot_core())
main(sys.argv[1], sys.argv[2:])
