"""A process that writes through the real storage, to be recorded: each number is promised once its write has returned.

    python -m tests.faults.writing DIRECTORY LOG SYNCHRONOUS NUMBERS

It opens the database, writes from many tasks at once, closes it cleanly, opens it again, writes, and kills itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from bot.domain.conversation import Lane, Line, Outgoing, Sender
from storage import inbox, outbox, people, sqlite
from storage.crypto import Keys
from storage.database import Storage, Tx
from storage.schema import letter
from tests.faults.disks import Marker

KEYS: Final = Keys(bytes(range(32)))
NAME: Final = "payvand.db"
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
TASKS: Final = 24
PEOPLE: Final = 7
CHECKPOINT: Final = 60  # pages: so small that every recording holds many checkpoints


def told(number: int, tx: Tx) -> None:
    """Take one update and post one letter about it: two rows that only make sense together."""
    sender = Sender("telegram", "5550001", str(number % PEOPLE))
    if not inbox.is_new(tx, sender, str(number), NOW):
        return
    met = people.meet(tx, sender, NOW)
    assert met.person is not None
    words = Line(f"{number} " * (1 + number % 40))
    outbox.post(tx, [Outgoing(met.person.id, words, Lane.CHECKIN, topic=str(number))], NOW)
    if number % 10 == 0:  # something is changed in place, too
        ago = str(number - 5 * TASKS)
        tx.execute(letter.update().where(letter.c.topic == ago).values(attempts=letter.c.attempts + 1, body="sent"))


async def write(storage: Storage, marker: Marker, numbers: range) -> None:
    """Write all the numbers from many tasks, and mark each when its write has returned."""
    waiting = iter(numbers)

    async def work() -> None:
        for number in waiting:
            await storage.write(partial(told, number))
            marker.mark(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(TASKS):
            group.create_task(work())


async def main() -> None:
    """Write, close, write, die."""
    directory, log, synchronous, numbers = sys.argv[1:]
    kept = [pragma for pragma in sqlite.PRAGMAS if "synchronous" not in pragma]
    if len(kept) != len(sqlite.PRAGMAS) - 1:
        message = "the storage does not set synchronous once"
        raise SystemExit(message)
    sync = next(pragma for pragma in sqlite.PRAGMAS if "synchronous" in pragma)
    if synchronous != "ours":
        sync = f"PRAGMA synchronous = {synchronous}"
    sqlite.PRAGMAS = (*kept, sync, f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")  # type: ignore[assignment]
    path, half = Path(directory) / NAME, int(numbers) // 2
    marker = Marker(Path(log))
    storage = await sqlite.open_file(path, KEYS)
    await write(storage, marker, range(half))
    await storage.close()
    storage = await sqlite.open_file(path, KEYS)
    await write(storage, marker, range(half, 2 * half))
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main())
