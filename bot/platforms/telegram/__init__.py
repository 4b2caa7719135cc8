"""Telegram: letters out through a `Courier`, news in through a poll loop or a webhook, and nothing decided here.

async with Telegram(token) as telegram:
    await telegram.poll(receive)        # receive(batch) returns once the batch is committed
"""

from __future__ import annotations

from bot.platforms.telegram.account import Telegram
from bot.platforms.telegram.intake import Contested, IntakeStopped, Receive, TokenRefused, Webhook
from bot.platforms.telegram.wire import OFFICIAL, Patience

__all__ = ["OFFICIAL", "Contested", "IntakeStopped", "Patience", "Receive", "Telegram", "TokenRefused", "Webhook"]
