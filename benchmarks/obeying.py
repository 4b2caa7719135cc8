"""A bot in a process of its own that does what it is told on its standard input and tells what that cost."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable

from benchmarks import machine

AT_ONCE = 8  # sends in the air: more only wait at the homeserver


async def obey(
    settled: Callable[[], Awaitable[bool]], send: Callable[[int], Awaitable[None]], living: asyncio.Task[None]
) -> None:
    """Say when it is `settled`; then for each number on a line `send` so many and say what it took; stop at the end."""
    while not await settled():
        if living.done():
            living.result()
        await asyncio.sleep(0.1)
    _tell({"settled": 1.0})
    while line := await asyncio.to_thread(sys.stdin.readline):
        count = int(line)
        with machine.spending() as spent:
            await send(count)
        present, _most = machine.memory_of(os.getpid())
        _tell({"rate": count / spent.wall, "cpu_ms": spent.cpu / count * 1000, "rss": present})
    living.cancel()
    await asyncio.wait([living])


def _tell(figures: dict[str, float]) -> None:
    print(json.dumps(figures), flush=True)
