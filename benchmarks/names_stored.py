"""The index of names as the bot stores it: how long it takes to build, how large it is, and how long a search takes.

python -m benchmarks.names_stored                               10,000 made records, 200 questions, SQLite
python -m benchmarks.names_stored 1000000 --questions 500       the sizes that docs/search.md tells of
python -m benchmarks.names_stored 100000 --names FOLDER         real names that you have (see docs/names.md), or with
                                                                --dense with more namesakes among them
python -m benchmarks.names_stored 100000 --postgres URL         an empty database of yours; its own time is not counted

Questions are asked by a process that has built nothing. Before each one its cache of pages is emptied, and the system
is asked to drop what it keeps of the file. Processor time is user and system of that process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import machine, made_names
from bot.domain.knock import Kind, Known
from storage import search
from storage.crypto import Keys
from storage.postgres import open_server
from storage.sqlite import open_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from storage.database import Storage, Tx

RECORDS, QUESTIONS = 10_000, 200
NOW = datetime(2026, 11, 28, tzinfo=UTC)
AT_ONCE = 2000  # records that are kept at once
INDEXED = 20_000  # that go into the index at once: each list they share is then written once
MIB = 2**20
TABLES = {"sought": "records", "sought_list": "index"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the process that asks is told: where the index is, the questions, what each means, and which are real."""

    where: str
    questions: list[str]
    meant: list[str]
    real: list[bool]


async def opened(where: str) -> Storage:
    """The store: a file, or a PostgreSQL database."""
    keys = Keys(bytes(32))
    return await (open_server(where, keys) if "://" in where else open_file(Path(where), keys))


def put(tx: Tx, records: Sequence[str]) -> None:
    """Keep some records; they wait to go into the index."""
    for record in records:
        search.put(tx, Kind.LIST, Known((record,)), NOW)


def sizes(tx: Tx) -> dict[str, float]:
    """MiB by table; of a file, which does not tell them apart, as a whole."""
    if tx.connection.dialect.name == "sqlite":
        size, count = (tx.connection.exec_driver_sql(f"PRAGMA page_{what}").scalar_one() for what in ("size", "count"))
        return {"file": int(size) * int(count) / MIB}
    return {
        name: tx.connection.exec_driver_sql(f"SELECT pg_total_relation_size('{table}')").scalar_one() / MIB
        for table, name in TABLES.items()
    }


def shown(what: str, begun: float, done: int, of: int) -> None:
    """How far it is, and how long it will take."""
    left = (time.monotonic() - begun) / max(1, done) * (of - done)
    print(f"\r{what}: {done:,} of {of:,}, {left / 60:.1f} minutes left  ", end="", file=sys.stderr)


async def build(storage: Storage, records: Sequence[str]) -> dict[str, float]:
    """Keep all of them and put them into the index: seconds of processor time, MiB, places in lists."""
    empty, begun, cpu = await storage.read(sizes), time.monotonic(), time.process_time()
    for at in range(0, len(records), AT_ONCE):
        await storage.write(partial(put, records=records[at : at + AT_ONCE]))
        shown("records", begun, min(at + AT_ONCE, len(records)), len(records))
    kept, cpu_kept, begun, done = await storage.read(sizes), time.process_time(), time.monotonic(), 0
    while count := await storage.write(partial(search.index, most=INDEXED)):
        done += count
        shown("index", begun, min(done, len(records)), len(records))
    print(file=sys.stderr)
    built = await storage.read(sizes)
    seconds = {"s to keep": cpu_kept - cpu, "s to index": time.process_time() - cpu_kept}
    if "file" in built:
        built = {"records": kept["file"] - empty["file"], "index": built["file"] - kept["file"]}
    return {**seconds, **{f"{name} MiB": size for name, size in built.items()}}


def forgotten(tx: Tx) -> None:
    """Empty this connection's cache of pages."""
    if tx.connection.dialect.name == "sqlite":
        tx.connection.exec_driver_sql("PRAGMA shrink_memory")


def dropped(where: str) -> None:
    """Ask the system to keep nothing of the file."""
    with suppress(OSError, AttributeError):
        file = os.open(where, os.O_RDONLY)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)


async def ask(asked: Asked) -> dict[str, float]:
    """Ask everything; milliseconds of processor time and by the clock, and MiB of this process."""
    storage = await opened(asked.where)
    times: list[tuple[float, float]] = []
    found: list[bool] = []
    first = 0

    def one(tx: Tx, name: str) -> list[search.Hit]:
        forgotten(tx)
        begun, cpu = time.perf_counter(), time.process_time()
        hits = search.candidates(tx, Known((name,)))
        times.append((time.process_time() - cpu, time.perf_counter() - begun))
        return hits

    try:
        await storage.read(partial(one, name=asked.questions[0]))  # tables of words are made at the first
        times.clear()
        for name, meant in zip(asked.questions, asked.meant, strict=True):
            dropped(asked.where)
            hits = await storage.read(partial(one, name=name))
            found.append(any(meant in hit.known.names for hit in hits))
            first += bool(hits) and meant in hits[0].known.names
    finally:
        await storage.close()
    real = [one for one, is_real in zip(found, asked.real, strict=True) if is_real]
    cpu, wall = (sorted(one[at] * 1000 for one in times) for at in (0, 1))
    return {
        "CPU ms, median": cpu[len(cpu) // 2],
        "CPU ms, p95": cpu[len(cpu) * 95 // 100],
        "ms, median": wall[len(wall) // 2],
        "ms, p95": wall[len(wall) * 95 // 100],
        "in the first 10": sum(found) / len(found),
        **({"real ones": sum(real) / len(real)} if real else {}),
        "first": first / len(times),
        "MiB of the process": machine.memory_of(os.getpid())[1],
    }


async def measured(wish: argparse.Namespace, home: Path) -> dict[str, float]:
    """Everything about one index."""
    make: Callable[..., made_names.Town] = (
        partial(made_names.read, wish.names, dense=wish.dense) if wish.names else made_names.made
    )
    town = make(wish.records, wish.questions, 4)
    where = wish.postgres or str(home / "names.db")
    storage = await opened(where)
    try:
        built = await build(storage, town.records)
        await storage.checkpoint()
    finally:
        await storage.close()
    asked = Asked(
        where,
        [one.name for one in town.questions],
        [town.records[one.meant] for one in town.questions],
        ["real" in one.done for one in town.questions],
    )
    (home / "asked.json").write_text(json.dumps(asdict(asked)), "utf-8")
    program = (sys.executable, "-m", "benchmarks.names_stored", "--ask", str(home / "asked.json"))
    told = await (await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)).communicate()
    return {"records": wish.records, "questions": len(town.questions), **built, **json.loads(told[0])}


def main() -> None:
    """Measure, and print it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.names_stored")
    parser.add_argument("records", nargs="?", type=int, default=RECORDS)
    parser.add_argument("--questions", type=int, default=QUESTIONS)
    parser.add_argument("--names", type=Path, metavar="FOLDER", help="real names, instead of made ones")
    parser.add_argument("--dense", action="store_true", help="with more namesakes among them")
    parser.add_argument("--postgres", metavar="URL", default="", help="an empty database, instead of a file")
    parser.add_argument("--home", type=Path, metavar="FOLDER", help="where the file is made (default: temporary)")
    parser.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    wish = parser.parse_args()
    machine.pin(machine.bot_core())
    if wish.ask:
        result = asyncio.run(ask(Asked(**json.loads(wish.ask.read_text("utf-8")))))
    else:
        with tempfile.TemporaryDirectory(dir=wish.home) as home:
            result = asyncio.run(measured(wish, Path(home)))
    print(json.dumps({name: round(value, 3 if value < 1 else 1) for name, value in result.items()}, indent=1))


if __name__ == "__main__":
    main()
