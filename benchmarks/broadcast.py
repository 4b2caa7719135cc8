"""A bulletin to many readers under the documented limits: how long it takes, and who waits for it meanwhile.

The bot's own app brings it from a published bulletin to the last reader, each delivery noted durably, while letters of
more urgent lanes are posted: they overtake. Beside it python-telegram-bot's AIORateLimiter and aiogram's client in a
loop that sleeps, which store nothing. The same in virtual time, where no machine is busy. And what planning for a
million readers costs.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks import community, machine, server, storm
from benchmarks.contest import RIVALS, ROOT, Contest, Contestant, Figure, Measured, module
from bot import i18n
from bot.app import App
from bot.domain.bulletin import Bulletin, Draft, Topic, Urgency
from bot.domain.conversation import Lane, Outgoing
from bot.i18n import LANGUAGES, _
from bot.outbox.pace import Limits
from bot.platforms.telegram import Telegram
from handlers.updates import broadcast
from storage import broadcasts, bulletins, outbox, readers, schema
from storage.database import Storage, Tx, random_id
from storage.signing import throwaway_signer
from tests.faults.simulation import Clock, Disk, Inline, Life, Loop
from tests.telegram.limits import Gate
from tests.telegram.limits import Limits as Documented

ALLOWED = 30  # messages a second, as documented
DEFAULT = Limits()
PAID = Limits(per_second=850.0, concurrency=256)
PATIENCE = 3600.0
PROBE = 5.0  # seconds between two replies, and between two alarms
TEXT = "📰 No. 1 · everywhere\nThe bridge at Darband is open again.\n" * 8


def publish(tx: Tx, now: datetime) -> Bulletin:
    """Publish No. 1 and let it go out."""
    signer = throwaway_signer("Benchmark", now)
    one = Draft(topic=Topic.ROADS)
    texts = dict.fromkeys(("tg", "ru", "en"), TEXT)
    made = bulletins.publish(tx, signer, one, texts, now, author=None, reviewer=None)
    broadcast.begin(tx, made, now, None)
    return made


def subscribe(tx: Tx, first: int, last: int) -> None:
    """Let these people read everything."""
    some = range(first, last)
    tx.execute(
        schema.reader.insert(),
        [{"person_id": who, "urgency": Urgency.NEWS.value, "digest_at": 1080} for who in some],
    )
    tx.execute(schema.reader_place.insert(), [{"person_id": who, "place": "", "name": ""} for who in some])


def _people(tx: Tx, first: int, last: int) -> None:
    tx.execute(
        schema.person.insert(),
        [{"id": who, "language": LANGUAGES[who % 3], "met_on": 20000} for who in range(first, last)],
    )


async def _everybody(storage: Storage, count: int) -> None:
    for first in range(1, count + 1, 1000):
        await storage.write(partial(subscribe, first=first, last=min(first + 1000, count + 1)))


async def _probe(  # noqa: PLR0913, PLR0917 - what is posted, and by which clock
    storage: Storage,
    lane: Lane,
    first: int,
    over: asyncio.Event,
    now: Callable[[], datetime],
    clock: Callable[[], float],
) -> list[float]:
    """Post a letter of a more urgent lane now and then; how long until each has left."""
    took: list[float] = []
    who = first
    while not over.is_set():
        began = clock()
        letter = Outgoing(who, _("Saved."), lane=lane)
        await storage.write(partial(outbox.post, letters=[letter], now=now()))

        def waits(tx: Tx, who: int = who) -> bool:
            mine = (schema.letter.c.person_id == who) & (schema.letter.c.lane == lane.value)
            return tx.execute(schema.letter.select().where(mine)).first() is not None

        while await storage.read(waits):  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(0.01)
        took.append(clock() - began)
        who += 1
        await asyncio.sleep(PROBE)
    return took


async def _probed(
    storage: Storage, count: int, now: Callable[[], datetime], clock: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Bring a bulletin to everybody; how long each reply and each alarm took meanwhile."""
    over = asyncio.Event()
    await storage.write(partial(publish, now=now()))
    probes = [
        asyncio.create_task(_probe(storage, lane, count + 1 + n * 500, over, now, clock))
        for n, lane in enumerate((Lane.REPLY, Lane.DANGER))
    ]
    while await storage.read(broadcasts.under_way):  # noqa: ASYNC110 - rows have no event
        await asyncio.sleep(0.2)
    over.set()
    replies, alarms = await asyncio.gather(*probes)
    return replies, alarms


async def ours(home: Path, url: str, token: str, count: int, rate: float) -> Measured:
    """Bring a bulletin to everybody; what it took."""
    base = PAID if rate > ALLOWED else DEFAULT
    async with community.opened(home) as storage, Telegram(token, base_url=url) as telegram:
        await community.settle(storage, telegram.bot, count + 1000)
        await _everybody(storage, count)
        limits = replace(base, per_second=rate)
        app = App(storage, [(telegram, limits)], {}, lambda: datetime.now(UTC))
        running = asyncio.create_task(app.run())
        await asyncio.sleep(limits.cold_start)
        with machine.spending() as spent:
            replies, alarms = await _probed(storage, count, app.now, time.perf_counter)
        app.engine.stop()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return {
            "seconds": spent.wall,
            "reply": 1000 * machine.percentile(replies, 95),
            "alarm": 1000 * machine.percentile(alarms, 95),
            "cpu_ms": spent.cpu / count * 1000,
            "rss": machine.greatest_memory(),
        }


async def virtual(home: Path, count: int, loop: Loop) -> Measured:
    """The same in virtual time: what the pace, the claims and the lanes do, whatever else the machine has to do."""
    storage = Inline(Disk(home / "bulletin.db"), Life(1 << 60), lambda _done: None, random_id)
    await storm.populate(storage, count + 1000, [])
    await _everybody(storage, count)
    screens = storm.Screens(loop.time, Gate(Documented.documented(0)))
    app = App(storage, [(screens, DEFAULT)], {}, Clock(loop).now)
    found: tuple[list[float], list[float]] = ([], [])
    begun = 0.0

    async def goes_out() -> None:
        nonlocal found, begun
        await asyncio.sleep(DEFAULT.cold_start)
        begun = loop.time()
        found = await _probed(storage, count, app.now, loop.time)

    with machine.spending() as spent:
        await app.run(goes_out())
    seconds = max(screens.news.values()) - begun
    return {
        "seconds": seconds,
        "rate": screens.messages / seconds,
        "times": seconds / (screens.messages / ALLOWED),
        "too_many": screens.refused,
        "reply": 1000 * machine.percentile(found[0], 95),
        "alarm": 1000 * machine.percentile(found[1], 95),
        "cpu_ms": spent.cpu / count * 1000,
        "rss": machine.greatest_memory(),
    }


async def planning(home: Path, count: int) -> Measured:
    """What it takes to count the readers, and to begin."""
    async with community.opened(home) as storage:
        for first in range(1, count + 1, 1000):
            await storage.write(partial(_people, first=first, last=min(first + 1000, count + 1)))
        await _everybody(storage, count)
        before = machine.greatest_memory()
        began = time.perf_counter()
        await storage.read(partial(readers.count, place="", topic=Topic.ROADS))
        counted = time.perf_counter()
        await storage.write(partial(publish, now=datetime.now(UTC)))
        begun = time.perf_counter()
        return {
            "count_ms": 1000 * (counted - began),
            "begin_ms": 1000 * (begun - counted),
            "grew": machine.greatest_memory() - before,
        }


async def _against(count: int, penalty: float, command: tuple[str, ...]) -> Measured:
    """Let one sender write to a server of its own, which holds the documented limits (a negative penalty: none)."""
    async with server.serving("steady", penalty=penalty if penalty >= 0 else None) as remote:
        await remote.do("people", first=community.FIRST, count=count + 1000)
        process = await asyncio.create_subprocess_exec(
            *command, remote.url, remote.token, str(count), stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        told, _err = await process.communicate()
        measured: Measured = json.loads(told.splitlines()[-1]) if told else {}
        figures = await remote.do("figures")
        measured["seconds"] = figures["ended"] - figures["began"]  # from the first message to the last
        measured["rate"] = figures["sent"] / measured["seconds"]
        measured["times"] = measured["seconds"] / (figures["sent"] / ALLOWED)  # with the replies and alarms
        measured["too_many"] = figures["too_many"]
        return measured


def contests(*, quick: bool) -> list[Contest]:
    """What `python -m benchmarks broadcast` measures."""
    count, paid, many = ("300", "2000", "20000") if quick else ("10000", "20000", "1000000")

    def one(title: str, command: tuple[str, ...], penalty: str = "0", readers_: str = count) -> Contestant:
        return Contestant(title, module("benchmarks.broadcast", "against", readers_, penalty, *command))

    rival = (str(RIVALS), "-m", "benchmarks.rivals.broadcasting")
    figures = (
        Figure("seconds", "s", 0, ratio=True),
        Figure("times", "x the least", 2),
        Figure("too_many", "429s", 0),
        Figure("reply", "reply's p95, ms", 0),
        Figure("alarm", "alarm's p95, ms", 0),
        Figure("cpu_ms", "CPU ms each", 2),
        Figure("rss", "MiB", 0),
    )
    return [
        Contest(
            title=f"A bulletin to {int(count):,} readers under the documented limits",
            aim="1.05 x the least or less, no 429",
            contestants=(
                one("Payvand, stored and noted", module("benchmarks.broadcast", "ours", f"{DEFAULT.per_second:g}")),
                one("python-telegram-bot, AIORateLimiter", (*rival, "ptb")),
                one("aiogram in a loop that sleeps", (*rival, "aiogram")),
            ),
            figures=figures,
            at_once=3,
            patience=PATIENCE,
        ),
        Contest(
            title=f"The same to {int(count):,} readers in virtual time (60 ms each way), where no machine is busy",
            aim="1.05 x the least or less, no 429; a reply's and an alarm's p95 below 1 s",
            contestants=(Contestant("Payvand", module("benchmarks.broadcast", "virtual", count)),),
            figures=figures,
            patience=PATIENCE,
        ),
        Contest(
            title=f"The same to {int(paid):,} readers in the paid lane",
            aim="850/s",
            contestants=(one("Payvand, stored and noted", module("benchmarks.broadcast", "ours", "850"), "-1", paid),),
            figures=(Figure("rate", "a second", 0), *figures),
            patience=PATIENCE,
        ),
        Contest(
            title=f"Planning for {int(many):,} readers",
            aim="under a second, memory flat",
            contestants=(Contestant("Payvand", module("benchmarks.broadcast", "planning", many)),),
            figures=(
                Figure("count_ms", "counted, ms", 0),
                Figure("begin_ms", "begun, ms", 0),
                Figure("grew", "MiB more", 1),
            ),
            patience=PATIENCE,
        ),
    ]


def main() -> None:
    """One measurement, as JSON."""
    name, *rest = sys.argv[1:]
    if name == "against":
        count, penalty, *command = rest
        machine.pin(machine.other_core())
        print(json.dumps(asyncio.run(_against(int(count), float(penalty), tuple(command)))))
        return
    machine.pin(machine.bot_core())
    with tempfile.TemporaryDirectory() as home:
        if name == "virtual":
            i18n.open_catalogues()
            asyncio.run(storm._made(Path(home) / "bulletin.db"))  # noqa: SLF001 - of the same house
            loop = Loop()
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                print(json.dumps(runner.run(virtual(Path(home), int(rest[0]), loop))))
            return
        if name == "planning":
            print(json.dumps(asyncio.run(planning(Path(home), int(rest[0])))))
            return
        rate, url, token, count = rest
        print(json.dumps(asyncio.run(ours(Path(home), url, token, int(count), float(rate)))))


if __name__ == "__main__":
    main()
