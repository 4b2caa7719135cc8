"""A python-telegram-bot Application as most people would write it for a family: one relative after the other."""

from __future__ import annotations

import sys

from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from benchmarks import machine
from benchmarks.rivals.sending import told


def main(url: str, token: str, port: str, tellers: str) -> None:
    """Behind a webhook; nothing is stored."""

    async def tell(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        if update.message is not None:
            for one in told(update.message.chat.id, int(tellers)):
                await context.bot.send_message(one, f"<b>Person</b>: {update.message.text}", parse_mode="HTML")
            await update.message.reply_text("Told.")

    application = Application.builder().token(token).base_url(f"{url}/bot").build()
    application.add_handler(MessageHandler(filters.TEXT, tell))
    address = f"http://127.0.0.1:{port}/telegram"
    application.run_webhook(
        "127.0.0.1",
        int(port),
        "/telegram",
        webhook_url=address,
        secret_token="benchmark",  # noqa: S106
    )


machine.pin(machine.bot_core())
main(*sys.argv[1:])
