"""One bot account on Telegram: a mouth and two kinds of ears, plugged together over the wire."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self

from bot.domain.conversation import Sender
from bot.outbox.courier import Parcel, Receipt
from bot.platforms.telegram.courier import TelegramCourier
from bot.platforms.telegram.intake import Intake, Receive, Webhook
from bot.platforms.telegram.translation import PLATFORM
from bot.platforms.telegram.wire import OFFICIAL, AiohttpRequest, Patience, SilentBot


class Telegram:
    """One bot account on Telegram, a `Courier` and a pair of ears.

    `token` is @BotFather's; a ValueError that doesn't repeat it says when it is none. `base_url` is the Bot API
    server's address. `connections` bounds the requests in flight; `hold` is how long (seconds) a poll waits for news.
    """

    platform: Final = PLATFORM
    idempotent: Final = False  # sendMessage has no idempotency key: a repeat is a second message
    lists: Final = False  # Telegram has buttons

    def __init__(  # noqa: PLR0913 - the outside world has this many parts
        self,
        token: str,
        *,
        base_url: str = OFFICIAL,
        connections: int = 256,
        patience: Patience | None = None,
        hold: float = 50,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        dice: random.Random | None = None,
    ) -> None:
        self._out: Final = AiohttpRequest(token, base_url=base_url, connections=connections, patience=patience)
        # Ears of their own: a poll that hangs must never wait behind letters, nor letters behind it.
        self._in: Final = AiohttpRequest(token, base_url=base_url, connections=2, patience=patience)
        self.bot: Final = self._out.bot
        self.courier: Final = TelegramCourier(SilentBot(self._out), self.bot, clock=clock)
        self.intake: Final = Intake(self._in, self.courier.answer, hold=hold, now=now, sleep=sleep, dice=dice)

    def __repr__(self) -> str:
        """Name the bot account, and nothing that is secret."""
        return f"Telegram(bot={self.bot})"

    async def __aenter__(self) -> Self:
        """Open the connections' pools. No request is made yet."""
        await self._out.initialize()
        await self._in.initialize()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything."""
        await self.intake.close()
        await self._in.shutdown()
        await self._out.shutdown()

    async def poll(self, receive: Receive) -> None:
        """Hear by long polling, for ever. Raises `IntakeStopped` when an operator must act."""
        await self.intake.poll(receive)

    async def serve(self, receive: Receive, webhook: Webhook) -> None:
        """Hear through a webhook until cancelled. Raises `IntakeStopped` when an operator must act."""
        await self.intake.serve(receive, webhook)

    async def deliver(self, parcel: Parcel) -> Receipt:
        """Deliver one parcel. Raises a `CourierError`."""
        return await self.courier.deliver(parcel)

    async def delete(self, address: Sender, messages: tuple[str, ...]) -> bool:
        """Delete messages from a chat; False if Telegram did not do it. Raises Throttled."""
        return await self.courier.delete(address, messages)

    async def fetch(self, reference: str, limit: int) -> bytes:
        """The bytes of what somebody has sent. Raises NoFile, TooBig or NotSent."""
        return await self.courier.fetch(reference, limit)

    async def describe(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        """Set profile and command menu per language; see `TelegramCourier.describe`."""
        await self.courier.describe(texts)

    async def typing(self, address: Sender) -> None:
        """Show that an answer is being written. A courtesy: failures are dropped."""
        await self.courier.typing(address)
