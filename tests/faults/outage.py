"""Records the whole running bot at work, cuts its power at any place, and judges what our own storage finds then."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlcipher3 import dbapi2

from bot import i18n
from storage import sqlite
from storage.crypto import Keys
from storage.database import StorageFault, Tx, Unusable
from tests.faults import disks
from tests.faults.community import BLOCK, FIRST, KEY, Community, Kept, World, founded, kept
from tests.faults.disks import Cut, Disk
from tests.faults.killing import Acknowledged, Letter
from tests.faults.reopening import PROCESSES, Verdict

COMMUNITY: Final = Community(2 * BLOCK)
OFTEN: Final = "wal_autocheckpoint=60"  # pages: so small that the record holds many checkpoints
BATCH: Final = 10  # updates handed out at once: the record holds many commits


@dataclass(frozen=True, slots=True)
class Recording:
    """What a bot did to its files, what was there before it, and what when it had stopped by itself, half-way.

    At its end it is killed, perhaps between a write and the record of it, so only half-way both must be equal.
    """

    data: Path
    log: Path
    before: dict[str, bytes]
    halfway: dict[str, bytes]
    until_halfway: int  # events


async def recorded(directory: Path, recorder: Path, *ways: str) -> Recording:
    """Let the bot serve, stop it, let it serve again, kill it; all under the recorder."""
    i18n.open_catalogues(strict=False)
    log = directory / "record"
    marker = disks.Marker(log)
    async with World(COMMUNITY, on_mark=lambda kind, number: marker.mark(number, kind), batch=BATCH) as world:
        place = await founded(directory, world.url, COMMUNITY)
        before = disks.files_below(place.data)
        program = place.program(*ways, environment=disks.environment(recorder, place.data, log))
        for share, ending in ((2, signal.SIGTERM), (1, signal.SIGKILL)):  # half of the numbers, then all of them
            world.until_number = len(COMMUNITY.numbers) // share
            process = await program.start()
            async with asyncio.timeout(100):
                await world.history.until(partial(enough, world))
            process.send_signal(ending)
            assert await process.wait() in (0, -signal.SIGKILL), place.output.read_text()
            await world.drained()
            if ending is signal.SIGTERM:
                halfway, until_halfway = disks.files_below(place.data), len(disks.read(log))
        assert world.problems == []
    marker.close()
    return Recording(place.data, log, before, halfway, until_halfway)


def enough(world: World) -> bool:
    """Tell whether all that may be told is confirmed."""
    confirmed = sum(isinstance(each, Acknowledged) for each in world.history.happenings)
    return confirmed >= world.until_number


# -- what is found when the power is back ---------------------------------------------------------------------------


async def reopened(directory: Path) -> tuple[Kept, bool] | None:
    """Open what is there with our own storage, as the bot does; what it holds, and whether SQLite finds it sound."""
    try:
        storage = await sqlite.open_file(directory / "payvand.db", Keys(KEY))
    except (Unusable, StorageFault, dbapi2.DatabaseError, sa.exc.DBAPIError):
        return None
    try:
        return await storage.read(partial(kept, community=COMMUNITY)), await storage.read(is_sound)
    except (StorageFault, sa.exc.DBAPIError):
        return None
    finally:
        await storage.close()


def is_sound(tx: Tx) -> bool:
    """Let SQLite check itself."""
    rows = [
        tx.connection.exec_driver_sql(f"PRAGMA {check}").all() for check in ("integrity_check", "foreign_key_check")
    ]
    return [tuple(row) for row in rows[0]] == [("ok",)] and not rows[1]


def judge(verdict: Verdict, disk: Disk, found: tuple[Kept, bool] | None) -> None:
    """Take one disk into account: what was promised is there or was delivered, and no news stands without its letters.

    A delivered letter is gone from the database, so it counts as there.
    """
    promised = disk.promised()
    verdict.disks += 1
    verdict.promised += len(promised)
    if found is None or not found[1]:
        verdict.unsound += 1
    if found is None:
        verdict.lost += len(promised)
        return
    delivered = {
        Letter(number // COMMUNITY.size, str(FIRST + number % COMMUNITY.size)) for number in disk.promised("delivered")
    }
    letters = found[0].waiting | found[0].flying | delivered
    whole = {number for number in found[0].numbers if letters.issuperset(COMMUNITY.due(number))}
    verdict.lost += len(promised - whole)
    verdict.half += len(found[0].numbers - whole)


def part(recording: Recording, cuts: Sequence[Cut]) -> Verdict:
    """Judge some of the cuts."""
    i18n.open_catalogues(strict=False)
    events = disks.read(recording.log)
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as scratch, asyncio.Runner() as runner:
        for disk in disks.after(events, recording.data, cuts, before=recording.before):
            disk.put(Path(scratch))
            judge(verdict, disk, runner.run(reopened(Path(scratch))))
    return verdict


def cut(recording: Recording, cuts: int, seed: int) -> Verdict:
    """Cut the power at random places of a recording."""
    chosen = disks.anywhere(len(disks.read(recording.log)), cuts, seed)
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        parts = [pool.submit(part, recording, chosen[each::PROCESSES]) for each in range(PROCESSES)]
        return sum((one.result() for one in parts), Verdict())
