"""What comes in from Matrix: the homeserver is told to forget a batch only after it is committed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import structlog

from bot.platforms.matrix import errands, wire
from bot.platforms.matrix.errands import Errands, Receive
from bot.platforms.matrix.news import News, Rooms
from bot.platforms.matrix.shapes import Batch, Errand, Health
from bot.platforms.matrix.store import StoreFailed

log = structlog.get_logger(__name__)

HOLD: Final = 30.0  # seconds that a sync waits for news
LATE: Final = timedelta(minutes=5)
FEW_KEYS: Final = 10
_LONGEST_BACKOFF: Final = 30.0


class IntakeStopped(Exception):  # noqa: N818 - it names what happened
    """Nothing more can be heard until an operator acts; the sentence says how."""


class Client(errands.Client, Protocol):
    """What the intake needs of the client."""

    async def sync(self, timeout: float = 0.0) -> Batch:  # noqa: ASYNC109 - the homeserver's own wait
        """Ask for news."""

    async def keep(self, batch: Batch, errands: Iterable[Errand] = ()) -> None:
        """Remember that a batch is committed, and what it gave us to do."""

    def health(self) -> Health:
        """What a watchdog looks at."""


class Intake:
    """The ears of one bot account.

    `receive` is awaited with each batch and returns only after everything in it is committed; if it raises, the same is
    offered again. `asked(room, inviter)` tells whether a moderator wants the bot in a room with more people. `renew`
    logs in anew when the token is not taken any more, or raises `IntakeStopped`. `ready` is set while our rooms are
    known, so that letters can be sent. `now`, `sleep` and `dice` are the outside world, so that a test can be it.
    """

    def __init__(  # noqa: PLR0913 - the outside world has this many parts
        self,
        client: Client,
        me: str,
        rooms: Rooms,
        renew: Callable[[], Awaitable[None]],
        *,
        asked: Callable[[str, str], bool] = lambda _room, _inviter: False,
        hold: float = HOLD,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        dice: random.Random | None = None,
    ) -> None:
        self._client: Final = client
        self._renew: Final = renew
        self._hold: Final = hold
        self._now: Final = now
        self._sleep: Final = sleep
        self._dice: Final = dice or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._news: Final = News(client, me, rooms, asked, now)
        self._errands: Final = Errands(client, me, rooms, asked, now=now, sleep=sleep, dice=self._dice)
        self.ready: Final = asyncio.Event()
        self._withheld = 0
        self._undecryptable = 0
        self._few = False

    async def listen(self, receive: Receive) -> None:
        """Hear, for ever. Raises `IntakeStopped` when an operator must act."""
        beside = [
            asyncio.create_task(self._errands.run(receive), name="matrix errands"),
            asyncio.create_task(self._watch_time(), name="matrix watchdog"),
        ]
        failures = 0
        try:
            while True:
                try:
                    batch = await self._client.sync(self._hold)
                except wire.TokenRevoked:
                    self.ready.clear()
                    await self._renew()
                except (wire.MatrixError, StoreFailed) as error:
                    failures += 1
                    await self._back_off(error, failures)
                else:
                    failures = 0
                    self.ready.set()
                    await self._hand_over(batch, receive)
                    self._watch()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _hand_over(self, batch: Batch, receive: Receive) -> None:
        """Offer a batch until it is committed; only then its place is kept, and the next one may come."""
        heard, todo = self._news.read(batch)
        failures = 0
        while True:
            try:
                if heard:
                    await receive(heard)
                    heard = []
                await self._client.keep(batch, todo)
            except Exception as error:  # noqa: BLE001 - whatever it was, nothing of this batch may be skipped
                failures += 1
                log.error("updates.unsaved", count=len(heard), error=type(error).__name__)  # noqa: TRY400 - no words
                await self._pause(failures)
            else:
                return

    # -- patience ------------------------------------------------------------------------------------------------------

    async def _back_off(self, error: Exception, failures: int) -> None:
        if isinstance(error, wire.Throttled):
            wait = error.wait.total_seconds()
            log.warning("sync.throttled", wait=wait)
            await self._sleep(wait + self._dice.random())
            return
        log.warning("sync.failed", error=type(error).__name__, failures=failures)
        await self._pause(failures)

    async def _pause(self, failures: int) -> None:
        longest = min(_LONGEST_BACKOFF, 0.5 * 2 ** min(failures - 1, 10))
        await self._sleep(longest * self._dice.uniform(0.5, 1.0))

    # -- watchdog ------------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Say in the log what makes the bot hard of hearing, when it changes."""
        health = self._client.health()
        withheld = sum(health.withheld.values())
        if withheld > self._withheld:
            log.warning("keys.withheld", count=withheld)  # the reasons are a stranger's words
        if health.undecryptable > self._undecryptable:
            log.warning("messages.undecryptable", count=health.undecryptable)
        few = health.one_time_keys is not None and health.one_time_keys < FEW_KEYS
        if few and not self._few:
            log.warning("keys.few", count=health.one_time_keys)
        self._few = few
        self._withheld, self._undecryptable = withheld, health.undecryptable

    async def _watch_time(self) -> None:
        began = self._now()
        while True:
            await self._sleep(LATE.total_seconds())
            age = self._now() - (self._client.health().synced_at or began)
            if age > LATE:
                log.warning("sync.late", seconds=round(age.total_seconds()))
