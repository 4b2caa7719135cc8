"""What one letter costs before the wire: claiming it, speaking it, and noting that it was delivered."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks import community, letters, machine
from benchmarks.contest import Contest, Contestant, Figure, Measured, module
from bot.outbox.engine import Route
from bot.platforms.memory import MemoryPlatform
from storage import outbox
from storage.database import Tx
from storage.outbox import Delivered

COUNT = 4000
AT_ONCE = 32


async def measure(home: Path) -> Measured:
    """Microseconds of processor time for one letter."""
    memory = MemoryPlatform(lambda: datetime.now(UTC))
    async with community.opened(home) as storage:
        await community.settle(storage, memory.bot, COUNT)
        batch = storage._batch  # noqa: SLF001 - the writer's thread sleeps meanwhile
        with machine.spending() as posting:
            await letters.post(storage, COUNT)
        route = Route(storage, memory, lambda: datetime.now(UTC), letters.UNBOUND)
        name = outbox.route_of("telegram", memory.bot)

        def run(work: Callable[[Tx], object]) -> object:
            (one,), _posted = batch.run([work])
            if one.error is not None:
                raise one.error
            return one.value

        claimed: list[outbox.Letter] = []
        with machine.spending() as claiming:
            while more := run(partial(outbox.claim, route=name, now=datetime.now(UTC), most=AT_ONCE)):
                claimed += more  # type: ignore[arg-type]
        with machine.spending() as speaking:
            for one in claimed:
                route.parcel(one)
        with machine.spending() as noting:
            for start in range(0, len(claimed), AT_ONCE):
                ended = [Delivered(one.id, one.address, one.topic, "4711") for one in claimed[start : start + AT_ONCE]]
                run(partial(outbox.delivered, letters=ended, now=datetime.now(UTC)))
        if len(claimed) != COUNT:
            raise RuntimeError(len(claimed))
    parts = {"posting": posting, "claiming": claiming, "speaking": speaking, "noting": noting}
    return {name: spent.cpu / COUNT * 1e6 for name, spent in parts.items()}


def contest(*, quick: bool) -> Contest:
    """What `python -m benchmarks speaking` measures."""
    del quick
    return Contest(
        title=f"What one letter costs before the wire (CPU µs, {AT_ONCE} in one commit)",
        contestants=(Contestant("µs", module("benchmarks.speaking")),),
        figures=(
            Figure("posting", "stored, 500 in one commit", 0),
            Figure("claiming", "claimed", 0),
            Figure("speaking", "spoken", 0),
            Figure("noting", "noted as delivered", 0),
        ),
        upright=True,
    )


def main() -> None:
    """One measurement, as JSON."""
    machine.pin(machine.bot_core())
    with tempfile.TemporaryDirectory() as home:
        print(json.dumps(asyncio.run(measure(Path(home)))))


if __name__ == "__main__":
    main()
