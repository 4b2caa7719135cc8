"""A community for benchmarks: circles of five, in three languages, in an encrypted file of our own storage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot import i18n
from bot.domain.conversation import Sender
from storage import circles, keys, people, sqlite
from storage.crypto import Keys
from storage.database import Storage, Tx

CIRCLE = 5
FIRST = 7_000_001  # the first account's number


def sender(bot: str, number: int, platform: str = "telegram") -> Sender:
    """Where the n-th person writes from."""
    return Sender(platform, bot, str(FIRST + number))


@asynccontextmanager
async def opened(home: Path) -> AsyncIterator[sqlite.SQLite]:
    """An empty encrypted database with everything as in life: WAL, synchronous=FULL, group commit."""
    i18n.open_catalogues()
    storage = await sqlite.open_file(home / "community.db", Keys(keys.make()))
    try:
        yield storage
    finally:
        await storage.close()


async def settle(storage: Storage, bot: str, count: int, size: int = CIRCLE) -> None:
    """Let `count` people meet the bot and be in circles of `size` (each in one)."""
    now = datetime.now(UTC)

    def work(first: int, tx: Tx) -> None:
        inside = []
        for number in range(first, min(first + size, count)):
            met = people.meet(tx, sender(bot, number), now)
            if met.person is None:
                raise LookupError(number)
            people.change(tx, met.person.id, language=i18n.LANGUAGES[number % 3], name=f"Person {number}")
            inside.append(met.person.id)
        which = circles.make(tx, "Family", inside[0])
        for who in inside[1:]:
            circles.join(tx, which, who)

    for start in range(0, count, 100 * size):

        def several(tx: Tx, start: int = start) -> None:
            for first in range(start, min(start + 100 * size, count), size):
                work(first, tx)

        await storage.write(several)
    await storage.checkpoint()
