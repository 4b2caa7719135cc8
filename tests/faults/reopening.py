"""What our own storage finds on a disk after the power is back, and whether that is what was promised."""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlcipher3 import dbapi2

from storage import schema, sqlite
from storage.database import StorageFault, Tx, Unusable
from tests.faults import disks, writing
from tests.faults.disks import Cut, Disk

PROCESSES: Final = 2


@dataclass(frozen=True, slots=True)
class Found:
    """What is there: updates taken in, letters posted about them, and what SQLite finds wrong."""

    numbers: frozenset[int]
    letters: frozenset[int]
    complaints: tuple[str, ...]


@dataclass(slots=True)
class Verdict:
    """What all the cuts together showed. `promised` counts promises, `lost` and `half` what became of them."""

    disks: int = 0
    promised: int = 0
    lost: int = 0
    half: int = 0
    unsound: int = 0

    def judge(self, disk: Disk, found: Found | None) -> None:
        """Take one disk into account; `found` is None if the storage could not be opened."""
        promised = disk.promised()
        self.disks += 1
        self.promised += len(promised)
        if found is None or found.complaints:
            self.unsound += 1
        if found is None:
            self.lost += len(promised)
        else:
            self.lost += len(promised - (found.numbers & found.letters))
            self.half += len(found.numbers ^ found.letters)

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(
            self.disks + other.disks,
            self.promised + other.promised,
            self.lost + other.lost,
            self.half + other.half,
            self.unsound + other.unsound,
        )


def look(tx: Tx) -> Found:
    """Read everything there is, unsealing it, and let SQLite check itself."""
    numbers = frozenset(int(number) for number in tx.execute(sa.select(schema.inbox.c.id)).scalars())
    letters = frozenset(int(row.topic) for row in tx.execute(sa.select(schema.letter.c.topic, schema.letter.c.body)))
    complaints = [
        str(row)
        for check in ("integrity_check", "foreign_key_check")
        for row in tx.connection.exec_driver_sql(f"PRAGMA {check}").all()
        if row != ("ok",)
    ]
    return Found(numbers, letters, tuple(complaints))


async def reopened(directory: Path) -> Found | None:
    """Open what is there with our own storage, as the bot does when the power is back; None if that is refused."""
    try:
        storage = await sqlite.open_file(directory / writing.NAME, writing.KEYS)
    except (Unusable, StorageFault, dbapi2.DatabaseError, sa.exc.DBAPIError):
        return None
    try:
        return await storage.read(look)
    except (StorageFault, sa.exc.DBAPIError):
        return None
    finally:
        await storage.close()


def _part(below: Path, log: Path, cuts: Sequence[Cut], *, lying: bool) -> Verdict:
    events = disks.read(log)
    if lying:
        events = disks.without_syncs(events)
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as scratch, asyncio.Runner() as runner:
        for disk in disks.after(events, below, cuts):
            disk.put(Path(scratch))
            verdict.judge(disk, runner.run(reopened(Path(scratch))))
    return verdict


def judge(below: Path, log: Path, cuts: int, seed: int, *, lying: bool = False) -> Verdict:
    """Cut the power at random places of a record, and see what our storage makes of each disk.

    `lying` makes it a disk that says it synced and did not. Runs in processes of its own: opening a storage is work
    for a whole processor, and Alembic can't migrate two databases in one process at the same time.
    """
    # a disk that lies has fewer records, so the places are chosen among those
    length = len(disks.without_syncs(disks.read(log)) if lying else disks.read(log))
    chosen = disks.anywhere(length, cuts, seed)
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        parts = [pool.submit(_part, below, log, chosen[each::PROCESSES], lying=lying) for each in range(PROCESSES)]
        return sum((part.result() for part in parts), Verdict())
