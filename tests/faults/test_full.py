"""When there is no room left, whoever wrote is told so, nothing is half kept, and all goes on when there is room."""

from __future__ import annotations

import asyncio
import random
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest

from storage import sqlite
from storage.database import StorageFault
from tests.faults import count, full, writing
from tests.faults.reopening import look

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from storage.database import Storage, Tx
    from tests.faults.full import Room

SIZE = 32 << 20  # bytes: room for the database and its log, when the ballast is gone
WAYS = ("file system", "file size", "pages")


@asynccontextmanager
async def opened(way: str, directory: Path) -> AsyncIterator[tuple[sqlite.SQLite, Room]]:
    """Open a storage in a place that can be filled up in this way."""
    with ExitStack() as places:
        small = places.enter_context(full.small_file_system(directory, SIZE)) if way == "file system" else None
        limit = places.enter_context(full.size_limit(directory))
        storage = await sqlite.open_file(directory / writing.NAME, writing.KEYS)

        async def pragma(words: str) -> int:
            def run(tx: Tx) -> int:
                return int(tx.connection.exec_driver_sql(f"PRAGMA {words}").scalar() or 0)

            return await storage.write(run)

        # where nothing may be mounted, the limit on files stands in for the file system
        room: Room = full.PageLimit(pragma) if way == "pages" else small or limit
        try:
            yield storage, room
        finally:
            await room.give()
            await storage.close()


async def tell(storage: Storage, numbers: range) -> tuple[set[int], set[int]]:
    """Write many numbers at once; those that are promised, and those that were refused for want of room."""
    results = await asyncio.gather(
        *(storage.write(partial(writing.told, number)) for number in numbers), return_exceptions=True
    )
    outcomes = dict(zip(numbers, results, strict=True))
    refused = {number for number, outcome in outcomes.items() if isinstance(outcome, StorageFault)}
    others = [outcome for outcome in results if outcome is not None and not isinstance(outcome, StorageFault)]
    assert others == []  # a full disk is told as what it is, never as a defect
    return set(numbers) - refused, refused


async def fill_up(way: str, directory: Path, dice: random.Random) -> None:
    """Run out of room at a random place, look around, get room again, and go on."""
    async with opened(way, directory) as (storage, room):
        promised, refused = await tell(storage, range(50))
        assert refused == set()
        await storage.checkpoint()  # an emptied log must grow before anything can be written
        await room.take(dice.randrange(120_000))
        start = 50
        while not refused:
            now_promised, refused = await tell(storage, range(start, start + 50))
            promised |= now_promised
            start += 50
        found = await storage.read(look)  # reads go on
        assert promised == found.numbers == found.letters  # nobody was told a lie, and nothing is half there
        assert not found.complaints
        await room.give()
        again, refused_again = await tell(storage, range(start))  # redelivered, the promised ones too
        found = await storage.read(look)
        assert refused_again == set()
        assert again == found.numbers == found.letters
        assert not found.complaints


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("way", WAYS)
async def test_a_full_disk_loses_nothing_that_was_promised(way: str, tmp_path: Path) -> None:
    for number in range(count(100)):
        directory = tmp_path / str(number)
        directory.mkdir()
        await fill_up(way, directory, random.Random(f"{way} {number}"))


async def test_control_a_bot_that_promises_without_waiting_would_have_lied(tmp_path: Path) -> None:
    async with opened("pages", tmp_path) as (storage, room):
        await room.take(0)
        said_too_early = set(range(300))
        await tell(storage, range(300))
        found = await storage.read(look)
        assert said_too_early - found.numbers
