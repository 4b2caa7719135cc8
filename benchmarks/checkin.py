"""Durable check-ins: one press of “I am safe” through router, savepoint, rules and storage, with four letters each.

Beside it what most people would write: the same rows in a plain SQLite file, awaited statement by statement through
aiosqlite, and through SQLAlchemy's asyncio extension on aiosqlite, each with a commit of its own.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import aiosqlite
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from benchmarks import community, machine, rooms
from benchmarks.contest import Contest, Contestant, Figure, module
from bot.app import App
from bot.domain.conversation import Incoming, Pressed
from handlers import dispatch
from storage.database import Tx

PEOPLE = 2000
CLIENTS = 64
BOT = "5550001"
WARM_UP = 1.0
SECONDS = 4.0

One = Callable[[int, int], Awaitable[None]]  # (who, which time): one check-in, durable when it returns


async def _storm(one: One, seconds: float, clients: int) -> dict[str, float]:
    """Let `clients` press at once, each for people of their own, and count after a warm-up."""
    waits: list[float] = []
    end = 0.0

    async def client(number: int) -> None:
        turn = 0
        while (began := time.perf_counter()) < end:
            await one(number + clients * (turn % (PEOPLE // clients)), turn)
            waits.append(time.perf_counter() - began)
            turn += 1

    async def crowd(duration: float) -> None:
        nonlocal end
        end = time.perf_counter() + duration
        await asyncio.gather(*(client(number) for number in range(clients)))

    await crowd(WARM_UP)
    waits.clear()
    with machine.spending() as spent:
        await crowd(seconds)
    return {
        "rate": len(waits) / spent.wall,
        "cpu_ms": spent.cpu / len(waits) * 1000,
        "p50_ms": machine.percentile(waits, 50) * 1000,
        "p99_ms": machine.percentile(waits, 99) * 1000,
    }


def _press(who: int, number: str) -> Incoming:
    return Incoming(number, community.sender(BOT, who), datetime.now(UTC), Pressed("safe", "4711"))


async def ours(home: Path, seconds: float, clients: int) -> dict[str, float]:
    """App.receive: router, savepoint, rules, storage; SQLCipher, synchronous=FULL, group commit."""
    async with community.opened(home) as storage:
        await community.settle(storage, BOT, PEOPLE)
        app = App(storage, [], {})
        count = 0

        async def one(who: int, turn: int) -> None:
            nonlocal count
            del turn
            count += 1
            await app.receive([_press(who, str(count))])

        return await _storm(one, seconds, clients)


# -- what most people would write --------------------------------------------------------------------------------------

PLAIN = """
CREATE TABLE person (id INTEGER PRIMARY KEY, account TEXT UNIQUE, language TEXT, name TEXT);
CREATE TABLE membership (circle_id INTEGER, person_id INTEGER, PRIMARY KEY (circle_id, person_id));
CREATE INDEX member ON membership (person_id);
CREATE TABLE inbox (id TEXT PRIMARY KEY, at INTEGER);
CREATE TABLE news (id INTEGER PRIMARY KEY, person_id INTEGER, state TEXT, at INTEGER);
CREATE TABLE standing (circle_id INTEGER, person_id INTEGER, news_id INTEGER, at INTEGER,
                       PRIMARY KEY (circle_id, person_id));
CREATE TABLE letter (id INTEGER PRIMARY KEY, person_id INTEGER, lane INTEGER, state INTEGER, body TEXT, due_at INTEGER);
CREATE INDEX due ON letter (state, due_at);
"""
WHO = "SELECT id, name FROM person WHERE account = :account"
TOLD = "SELECT circle_id FROM membership WHERE person_id = :who"
HEARERS = (
    "SELECT person.id, person.language FROM membership JOIN person ON person.id = membership.person_id "
    "WHERE circle_id = :circle AND person.id <> :who"
)
NOTE = "INSERT INTO inbox VALUES (:id, :at) ON CONFLICT DO NOTHING"
TELL = "INSERT INTO news (person_id, state, at) VALUES (:who, 'safe', :at) RETURNING id"
STAND = (
    "INSERT INTO standing VALUES (:circle, :who, :news, :at) "
    "ON CONFLICT DO UPDATE SET news_id = excluded.news_id, at = excluded.at WHERE excluded.at >= standing.at"
)
POST = "INSERT INTO letter (person_id, lane, state, body, due_at) VALUES (:who, :lane, 0, :body, :at)"


def _plain_file(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.executescript("PRAGMA journal_mode = WAL;" + PLAIN)
        people = [(n, str(community.FIRST + n), "tg", f"Person {n}") for n in range(PEOPLE)]
        connection.executemany("INSERT INTO person VALUES (?, ?, ?, ?)", people)
        inside = [(n // community.CIRCLE, n) for n in range(PEOPLE)]
        connection.executemany("INSERT INTO membership VALUES (?, ?)", inside)
    connection.close()


def _letters(who: int, name: str, hearers: list[int], at: int) -> list[dict[str, object]]:
    body = json.dumps({"text": f"{name}: I am safe.", "at": at})
    reply = json.dumps({"text": f"Told to {len(hearers)} people.", "buttons": [["note", "place"], ["undo"], ["home"]]})
    return [
        {"who": who, "lane": 1, "body": reply, "at": at},
        *({"who": one, "lane": 3, "body": body, "at": at} for one in hearers),
    ]


async def plain_aiosqlite(home: Path, seconds: float, clients: int) -> dict[str, float]:
    """One shared aiosqlite connection, awaited statement by statement, one commit for each check-in."""
    path = home / "plain.db"
    _plain_file(path)
    turn_taking = asyncio.Lock()  # a connection holds one transaction at a time
    async with aiosqlite.connect(path, isolation_level=None) as db:
        await db.execute("PRAGMA synchronous = FULL")
        count = 0

        async def one(who: int, turn: int) -> None:
            nonlocal count
            del turn
            count += 1
            number, at = count, time.time_ns() // 1_000_000
            async with turn_taking:
                await db.execute("BEGIN IMMEDIATE")
                await db.execute(NOTE, {"id": str(number), "at": at})
                cursor = await db.execute(WHO, {"account": str(community.FIRST + who)})
                row = await cursor.fetchone()
                cursor = await db.execute(TOLD, {"who": who})
                told = [told[0] for told in await cursor.fetchall()]
                cursor = await db.execute(TELL, {"who": who, "at": at})
                news = await cursor.fetchone()
                await db.execute(STAND, {"circle": told[0], "who": who, "news": news and news[0], "at": at})
                cursor = await db.execute(HEARERS, {"circle": told[0], "who": who})
                hearers = [hearer[0] for hearer in await cursor.fetchall()]
                await db.executemany(POST, _letters(who, str(row and row[1]), hearers, at))
                await db.commit()

        return await _storm(one, seconds, clients)


async def plain_sqlalchemy(home: Path, seconds: float, clients: int) -> dict[str, float]:
    """SQLAlchemy's asyncio extension on aiosqlite, one commit for each check-in."""
    path = home / "plain.db"
    _plain_file(path)
    engine: AsyncEngine = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=1, max_overflow=0)

    @sa.event.listens_for(engine.sync_engine, "connect")
    def _(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA synchronous = FULL")

    note, who_is, told_by, tell, stand, heard, post = map(sa.text, (NOTE, WHO, TOLD, TELL, STAND, HEARERS, POST))
    turn_taking = asyncio.Lock()
    count = 0

    async def one(who: int, turn: int) -> None:
        nonlocal count
        del turn
        count += 1
        number, at = count, time.time_ns() // 1_000_000
        async with turn_taking, engine.begin() as db:
            await db.execute(note, {"id": str(number), "at": at})
            row = (await db.execute(who_is, {"account": str(community.FIRST + who)})).one()
            told = list((await db.execute(told_by, {"who": who})).scalars())
            news = (await db.execute(tell, {"who": who, "at": at})).scalar_one()
            await db.execute(stand, {"circle": told[0], "who": who, "news": news, "at": at})
            hearers = [one.id for one in await db.execute(heard, {"circle": told[0], "who": who})]
            await db.execute(post, _letters(who, row.name, hearers, at))

    try:
        return await _storm(one, seconds, clients)
    finally:
        await engine.dispose()


# -- where the time goes -----------------------------------------------------------------------------------------------


async def sampled(home: Path, seconds: float, clients: int) -> dict[str, float]:
    """The same transactions inline, on one thread: microseconds of one check-in that each room takes."""
    async with community.opened(home) as storage:
        await community.settle(storage, BOT, PEOPLE)
        count = 0

        def works() -> list[Callable[[Tx], None]]:
            nonlocal count
            count += clients
            presses = (_press(number % PEOPLE, str(number)) for number in range(count - clients, count))
            return [
                partial(dispatch.receive, incoming=one, now=datetime.now(UTC), doors=lambda *_: (str, ()))
                for one in presses
            ]

        batch = storage._batch  # noqa: SLF001 - the writer's thread sleeps meanwhile
        for _ in range(20):
            batch.run(works())
        before, end = count, time.perf_counter() + seconds
        with rooms.Sampler() as sampler:
            while time.perf_counter() < end:
                outcomes, _posted = batch.run(works())
                if any(one.error for one in outcomes):
                    raise RuntimeError
    return {room: share * 1e6 / (count - before) for room, share in sampler.rooms.items()}


# -- the contest -------------------------------------------------------------------------------------------------------

CONTESTANTS = {
    "ours": ours,
    "aiosqlite": plain_aiosqlite,
    "sqlalchemy": plain_sqlalchemy,
    "sampled": sampled,
}


def contest(*, quick: bool) -> Contest:
    """What `python -m benchmarks checkin` measures."""
    seconds = "1" if quick else str(SECONDS)

    def one(name: str, title: str, clients: int = CLIENTS) -> Contestant:
        return Contestant(title, module("benchmarks.checkin", name, seconds, str(clients)))

    return Contest(
        title="Durable check-ins: one press, one reply and four letters stored, synchronous=FULL, one core",
        aim="3,000/s or more",
        contestants=(
            one("ours", f"Payvand, encrypted, {CLIENTS} at once"),
            one("ours", "Payvand, encrypted, one after the other", 1),
            one("aiosqlite", "plain aiosqlite, a commit each"),
            one("sqlalchemy", "SQLAlchemy asyncio on aiosqlite"),
        ),
        figures=(
            Figure("rate", "check-ins/s", 0, ratio=True),
            Figure("cpu_ms", "CPU ms each", 3),
            Figure("p50_ms", "p50 ms", 1),
            Figure("p99_ms", "p99 ms", 1),
        ),
    )


def breakdown(*, quick: bool) -> Contest:
    """Where the time of a check-in goes, room by room."""
    return Contest(
        title="Where the time of one check-in goes (µs, transactions run inline in batches of 64)",
        contestants=(
            Contestant("µs", module("benchmarks.checkin", "sampled", "1" if quick else str(SECONDS), str(CLIENTS))),
        ),
        figures=(*(Figure(room, room, 0) for room in rooms.ROOMS), Figure("total", "all", 0)),
        upright=True,
    )


def main() -> None:
    """One measurement of one contestant, in a process of its own, as JSON."""
    name, seconds, clients = sys.argv[1:]
    machine.pin(machine.bot_core())
    with tempfile.TemporaryDirectory() as home:
        print(json.dumps(asyncio.run(CONTESTANTS[name](Path(home), float(seconds), int(clients)))))


if __name__ == "__main__":
    main()
