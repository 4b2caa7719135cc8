"""What the rivals' senders share: the words, and 128 at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from benchmarks import machine

FIRST = 7_000_001
CONCURRENCY = 128
WORDS = "<b>Person 0</b>: I am safe.\nFrom Person 0 in person, just now."


async def crowd(send: Callable[[int], Awaitable[None]], count: int) -> dict[str, float]:
    """Send to the people 0 to `count`, at most CONCURRENCY at once."""
    waiting = iter(range(count))

    async def one() -> None:
        for number in waiting:
            await send(number)

    with machine.spending() as spent:
        await asyncio.gather(*(one() for _ in range(CONCURRENCY)))
    return {
        "rate": count / spent.wall,
        "cpu_ms": spent.cpu / count * 1000,
        "rss": machine.greatest_memory(),
    }


def relatives_of(teller: int) -> range:
    """The relatives, from 1, of each teller, from 0: three, three and four in turn."""
    begin = teller // 3 * 10 + teller % 3 * 3
    return range(begin + 1, begin + 4 + (teller % 3 == 2))  # noqa: PLR2004


def told(chat: int, tellers: int) -> list[int]:
    """The chats in which a teller's relatives read."""
    return [FIRST + tellers + one for one in relatives_of(chat - FIRST - 1)]
