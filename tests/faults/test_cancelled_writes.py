"""Whoever is cancelled while writing or reading leaves no half of anything, and nobody else notices."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from functools import partial
from typing import TYPE_CHECKING

import aiosqlite
import pytest

from storage import sqlite
from tests.faults import count, writing
from tests.faults.cancelling import Attempt, Ending, at_every_await
from tests.faults.reopening import look

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[sqlite.SQLite]:
    opened = await sqlite.open_file(tmp_path / writing.NAME, writing.KEYS)
    yield opened
    await opened.close()


async def test_a_write_that_is_cancelled_at_any_await_is_whole_or_absent(storage: sqlite.SQLite) -> None:
    numbers = iter(range(1000))
    probes = iter(range(1_000_000, 1_001_000))

    async def check(_: Attempt[None]) -> None:
        probe = next(probes)
        await storage.write(partial(writing.told, probe))
        found = await storage.read(look)
        assert probe in found.numbers
        assert found.numbers == found.letters
        assert not found.complaints

    attempts = await at_every_await(lambda: storage.write(partial(writing.told, next(numbers))), check)
    assert {attempt.ending for attempt in attempts if attempt.asked} == {Ending.CANCELLED}
    assert sum(attempt.asked for attempt in attempts) >= 2  # noqa: PLR2004 - at each moment at least once


async def test_a_read_that_is_cancelled_at_any_await_gives_its_connection_back(storage: sqlite.SQLite) -> None:
    async def check(_: Attempt[object]) -> None:
        await asyncio.gather(*(storage.read(look) for _ in range(sqlite.READERS + 1)))
        await storage.write(lambda _: None)

    attempts = await at_every_await(lambda: storage.read(look), check)
    assert {attempt.ending for attempt in attempts if attempt.asked} == {Ending.CANCELLED}


async def test_a_storm_of_cancellations_loses_nothing_that_was_promised(storage: sqlite.SQLite) -> None:
    dice = random.Random(1)
    promised: set[int] = set()

    async def tell(number: int) -> None:
        await storage.write(partial(writing.told, number))
        promised.add(number)

    async def doom(task: asyncio.Task[None]) -> None:
        for _ in range(dice.randrange(12)):
            await asyncio.sleep(0)
        task.cancel()

    numbers = iter(range(100 * count(100)))
    for _ in range(count(100)):
        tasks = [asyncio.create_task(tell(next(numbers))) for _ in range(100)]
        await asyncio.gather(*(doom(task) for task in tasks if dice.random() < 0.5))  # noqa: PLR2004 - every other
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(result) for result in results} <= {type(None), asyncio.CancelledError}
    found = await storage.read(look)
    assert promised <= found.numbers
    assert found.numbers == found.letters
    assert not found.complaints


async def test_control_a_transaction_of_several_awaits_is_left_open_by_a_cancellation(tmp_path: Path) -> None:
    connection = await aiosqlite.connect(tmp_path / "plain.db", isolation_level=None)
    await connection.execute("CREATE TABLE told (n INTEGER)")

    async def spread() -> None:
        await connection.execute("BEGIN IMMEDIATE")
        await connection.execute("INSERT INTO told VALUES (1)")
        await connection.execute("COMMIT")

    harmed: list[bool] = []

    async def check(_: Attempt[None]) -> None:
        await asyncio.sleep(0.01)  # the thread finishes what was cancelled
        try:
            await connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            harmed.append(True)
        await connection.execute("ROLLBACK")

    await at_every_await(spread, check)
    await connection.close()
    assert harmed
