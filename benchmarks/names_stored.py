"""The index of names as the bot stores it: how long it takes to build, how large it is, and how long a search takes.

python -m benchmarks.names_stored [RECORDS] [QUESTIONS]        100,000 and 200 unless said otherwise
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks import machine, made_names
from bot.domain.knock import Kind, Known
from storage import search
from storage.crypto import Keys
from storage.database import Storage, Tx
from storage.sqlite import open_file

RECORDS, QUESTIONS = 100_000, 200
NOW = datetime(2026, 11, 28, tzinfo=UTC)
AT_ONCE = 2000


def put(tx: Tx, records: list[str]) -> None:
    """Keep some records; they wait to go into the index."""
    for record in records:
        search.put(tx, Kind.LIST, Known((record,)), NOW)


def pages(tx: Tx) -> int:
    """The bytes that the database takes."""
    size, count = (tx.connection.exec_driver_sql(f"PRAGMA page_{what}").scalar_one() for what in ("size", "count"))
    return int(size) * int(count)


async def build(storage: Storage, records: list[str]) -> tuple[float, float]:
    """Keep all of them and put them into the index: its seconds of processor time, and its MiB."""
    for at in range(0, len(records), AT_ONCE):
        await storage.write(partial(put, records=records[at : at + AT_ONCE]))
    before = await storage.read(pages)
    begun, done = time.process_time(), 0
    while count := await storage.write(partial(search.index, most=AT_ONCE)):
        done += count
        print(f"\r{min(done, len(records)):,} of {len(records):,}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return time.process_time() - begun, (await storage.read(pages) - before) / 2**20


async def measured(home: Path, records: int, questions: int) -> dict[str, float]:
    """Everything measured of one index."""
    town = made_names.made(records, questions, 4)
    storage = await open_file(home / "names.db", Keys(bytes(32)))
    try:
        building, size = await build(storage, town.records)
        rows = await storage.read(
            lambda tx: tx.connection.exec_driver_sql("SELECT count(*) FROM sought_list").scalar_one()
        )
        times, found = [], 0
        for question in town.questions:
            begun = time.process_time()
            hits = await storage.read(partial(search.candidates, asked=Known((question.name,))))
            times.append(time.process_time() - begun)
            found += any(hit.known.names[0] == town.records[question.meant] for hit in hits)
        times.sort()
    finally:
        await storage.close()
    return {
        "records": records,
        "rows a record": round(rows / records, 1),
        "index MiB": round(size, 1),
        "seconds to build": round(building, 1),
        "ms, median": round(times[len(times) // 2] * 1000, 1),
        "ms, p95": round(times[len(times) * 95 // 100] * 1000, 1),
        "in the first 10": round(found / max(1, len(times)), 3),
        "MiB of the process": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    """Measure, and print it."""
    machine.pin(machine.bot_core())
    records, questions = (int(one) for one in (sys.argv[1:] + [str(RECORDS), str(QUESTIONS)][len(sys.argv) - 1 :])[:2])
    with tempfile.TemporaryDirectory() as home:
        json.dump(asyncio.run(measured(Path(home), records, questions)), sys.stdout)
    print()


if __name__ == "__main__":
    main()
