"""A storm: a district is online again, its people say within ten minutes that they are safe, and their relatives wait.

Three questions. Does a check-in cost the same with 10,000 and with 1,000,000 members in one table? How does the storm
go in virtual time, with the documented limits and without? And how does it go for real, on one core, against a Bot API
server without limits, beside bots that loop over the relatives and send at once?
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import sqlalchemy as sa

from benchmarks import community, letters, machine, server
from benchmarks.contest import RIVALS, ROOT, Contest, Contestant, Figure, Measured, module
from benchmarks.rivals.sending import relatives_of
from benchmarks.webhook import PATH, SECRET, _free_port
from bot import i18n
from bot.app import App
from bot.domain.conversation import Incoming, Lane, Pressed, Said, Sender
from bot.outbox.courier import Parcel, Receipt
from bot.outbox.pace import Limits
from bot.platforms.telegram import Telegram, Webhook
from bot.serving import keep_what_is_loaded
from handlers import dispatch
from storage import outbox, sqlite
from storage.database import Storage, Tx, random_id
from storage.prepared import Prepared
from storage.schema import address, circle, letter, membership, person
from tests.faults.simulation import KEYS, Clock, Disk, Inline, Life, Loop
from tests.telegram.emulator import SECRET_HEADER
from tests.telegram.limits import Gate
from tests.telegram.limits import Limits as Documented

BOT = "5550001"
CHUNK = 10_000
DANGER = 300  # one in so many calls for help instead of saying that they are safe
CONNECTIONS = 40  # Telegram's own default
MINUTES = 10
LONGEST = 3000.0  # seconds that a bot may take
SIZES = (3, 4, 5, 5, 6, 7, 9, 12)  # of circles, as families are

# -- people, many at once ----------------------------------------------------------------------------------------------

_PERSON, _ADDRESS, _CIRCLE, _MEMBER = map(
    Prepared, (person.insert(), address.insert(), circle.insert(), membership.insert())
)


async def populate(storage: Storage, people: int, inside: Sequence[tuple[int, Sequence[int]]], bot: str = BOT) -> None:
    """Let people 1 to `people` be here, and circles, each a number and the people in it (the first keeps it)."""

    def some(tx: Tx, numbers: range) -> None:
        rows = [{"id": n, "language": i18n.LANGUAGES[n % 3], "name": f"Person {n}", "met_on": 20_000} for n in numbers]
        tx.execute(_PERSON, rows)
        where = [
            {
                "id": n,
                "person_id": n,
                "platform": "telegram",
                "bot": bot,
                "account": f"telegram/{community.FIRST + n}",
                "reach": str(community.FIRST + n),
            }
            for n in numbers
        ]
        tx.execute(_ADDRESS, where)

    def several(tx: Tx, made: Sequence[tuple[int, Sequence[int]]]) -> None:
        tx.execute(_CIRCLE, [{"id": n, "name": "Family", "keeper_id": who[0]} for n, who in made])
        tx.execute(_MEMBER, [{"circle_id": n, "person_id": one, "tells": 1} for n, who in made for one in who])

    for start in range(1, people + 1, CHUNK):
        await storage.write(partial(some, numbers=range(start, min(start + CHUNK, people + 1))))
    for start in range(0, len(inside), CHUNK):
        await storage.write(partial(several, made=inside[start : start + CHUNK]))
    await storage.checkpoint()


def families(people: int, dice: random.Random) -> list[tuple[int, list[int]]]:
    """Circles of families, of such sizes that everybody is in one; and every third person in a second one."""
    made: list[tuple[int, list[int]]] = []
    everybody = [*range(1, people + 1)]
    for crowd in (everybody, dice.sample(everybody, people // 3)):
        begin = 0
        while begin < len(crowd):
            size = dice.choice(SIZES)
            made.append((dice.getrandbits(60), crowd[begin : begin + size]))
            begin += size
    return made


# -- (a) what one check-in costs ---------------------------------------------------------------------------------------


async def cost(home: Path, people: int, count: int) -> Measured:
    """Check-ins of people at random, inline, in batches of 64; then claims with 100,000 letters waiting."""
    dice = random.Random(1)
    async with community.opened(home) as storage:
        begun = time.perf_counter()
        await populate(storage, people, families(people, dice))
        loaded = time.perf_counter() - begun
        batch = storage._batch  # noqa: SLF001 - the writer's thread sleeps meanwhile
        statements = 0
        writer = storage._writer._conn  # noqa: SLF001

        def counts(_sql: str) -> None:
            nonlocal statements
            statements += 1

        number = 0

        def works() -> list[Callable[[Tx], None]]:
            nonlocal number
            made: list[Callable[[Tx], None]] = []
            for _ in range(64):
                number += 1
                sender = community.sender(BOT, dice.randint(1, people))
                incoming = Incoming(str(number), sender, datetime.now(UTC), Pressed("safe", "4711"))
                made.append(partial(dispatch.receive, incoming=incoming, now=datetime.now(UTC), doors=_doors))
            return made

        def run(many: int) -> None:
            for _ in range(many // 64):
                outcomes, _posted = batch.run(works())
                for one in outcomes:
                    one.result()

        run(640)
        read = machine.read_by_us()
        with machine.spending() as spent:
            run(count)
        done = count // 64 * 64
        pages = (machine.read_by_us() - read) / 4096 / done
        writer.set_trace_callback(counts)
        before = statements
        run(640)
        each = (statements - before) / 640
        writer.set_trace_callback(None)
        return {
            "us": spent.cpu / done * 1e6,
            "statements": each,
            "pages": pages,
            "loaded": loaded,
            **_claims(batch),
        }


def _doors(*_: str) -> tuple[Callable[[str], str], tuple[tuple[str, str], ...]]:
    return str, ()


BACKLOG = 100_000


def _claims(batch: Any) -> Measured:  # noqa: ANN401 - the storage's own
    """What it costs to claim seven pieces of news, and to ask when the next is due, with a backlog: microseconds."""
    now = datetime.now(UTC)
    route = outbox.route_of("telegram", BOT)

    def fill(tx: Tx) -> None:
        # answers would go first, and nothing is looked for that could go in one message with them
        tx.execute(letter.delete().where(letter.c.lane != Lane.CHECKIN.value))
        waiting = tx.execute(sa.select(sa.func.count()).where(letter.c.state == 0)).scalar_one()
        body = tx.execute(sa.select(letter.c.body).where(letter.c.lane == Lane.CHECKIN.value).limit(1)).scalar_one()
        rows = [
            {
                "person_id": n % 9000 + 1, "address_id": n % 9000 + 1, "route": route, "lane": 3, "body": body,
                "due_at": now + timedelta(hours=6 if n % 2 else 0), "expires_at": now + timedelta(days=7),
            }
            for n in range(BACKLOG - waiting)
        ]  # fmt: skip
        if rows:
            tx.execute(Prepared(letter.insert()), rows)

    batch.run([fill])[0][0].result()
    with machine.spending() as claiming:
        for _ in range(100):
            batch.run([partial(outbox.claim, route=route, now=datetime.now(UTC), most=7)])[0][0].result()
    with machine.spending() as looking:
        for _ in range(100):
            batch.run([partial(outbox.next_due, route=route, after=datetime.now(UTC))])[0][0].result()
    return {"claim_us": claiming.cpu * 1e4, "next_us": looking.cpu * 1e4}


def costs(*, quick: bool) -> Contest:
    """What a check-in costs in small and in large communities."""
    sizes = (10_000, 30_000) if quick else (10_000, 100_000, 1_000_000)
    count = "1280" if quick else "6400"
    return Contest(
        title="One check-in by the number of members in one table (circles of 3 to 12), batches of 64, one core",
        aim="the cost must not grow with the number of members",
        contestants=tuple(
            Contestant(f"{size:,} members", module("benchmarks.storm", "cost", str(size), count)) for size in sizes
        ),
        figures=(
            Figure("us", "CPU µs each", 0, ratio=True),
            Figure("statements", "statements each", 1),
            Figure("pages", "pages read each", 1),
            Figure("claim_us", "claim of 7 pieces of news, 100,000 waiting, µs", 0),
            Figure("next_us", "when is the next due, µs", 0),
        ),
    )


# -- a district and its relatives -----------------------------------------------------------------------------------


def district(tellers: int) -> list[tuple[int, list[int]]]:
    """A circle for each teller (people 1 to `tellers`), with three or four relatives: 30,000 have 100,000."""
    return [(n + 1, [n + 1, *(tellers + one for one in relatives_of(n))]) for n in range(tellers)]


# -- (b) in virtual time -----------------------------------------------------------------------------------------------

_TOLD = re.compile(r"Many people write now\. Everybody can read it in about (?:(\d+) hours?)? ?(?:(\d+) minutes?)?")


@dataclass(slots=True)
class Screens:
    """A platform in virtual time: 60 ms to each screen, and the documented limits if there is a `gate`."""

    clock: Callable[[], float]
    gate: Gate | None
    platform: str = "telegram"
    bot: str = BOT
    idempotent: bool = False
    lists: bool = False
    messages: int = 0
    refused: int = 0
    told: list[int] = field(default_factory=list)  # minutes of waiting that English readers were told of
    news: dict[str, float] = field(default_factory=dict)  # when each account got its first message
    last: float = 0.0  # when anybody got one

    async def deliver(self, parcel: Parcel) -> Receipt:
        """Show it."""
        await asyncio.sleep(0.03)
        if self.gate is not None and self.gate.refuse(int(parcel.address.account), self.clock()) is not None:
            self.refused += 1
        await asyncio.sleep(0.03)
        self.messages += 1
        self.last = self.clock()
        self.news.setdefault(parcel.address.account, self.last)  # a call is repeated after ten minutes
        if found := _TOLD.search(parcel.text):
            self.told.append(60 * int(found[1] or 0) + int(found[2] or 0))
        return Receipt(str(self.messages))

    async def delete(self, where: Sender, messages: tuple[str, ...]) -> bool:
        """Nobody asks."""
        del where, messages
        return True

    async def typing(self, where: Sender) -> None:
        """Nobody looks."""

    async def describe(self, texts: object) -> None:
        """Nobody looks."""


async def _made(path: Path) -> None:
    await (await sqlite.open_file(path, KEYS)).close()


async def virtual(home: Path, tellers: int, loop: Loop, *, limited: bool) -> Measured:
    """Ten minutes of check-ins, and the time until the last relative has read."""
    dice = random.Random(2)
    disk = Disk(home / "storm.db")
    storage = Inline(disk, Life(1 << 60), lambda _done: None, random_id)
    circles = district(tellers)
    people = tellers + sum(len(inside) - 1 for _n, inside in circles)
    await populate(storage, people, circles)
    screens = Screens(loop.time, Gate(Documented.documented(0)) if limited else None)
    clock = Clock(loop)
    app = App(storage, [(screens, Limits() if limited else letters.UNBOUND)], {}, clock.now)
    begun = loop.time()
    times = sorted((dice.uniform(0, 60 * MINUTES), n) for n in range(1, tellers + 1))

    async def feed() -> None:
        writing: set[asyncio.Task[None]] = set()
        for at, n in times:
            await asyncio.sleep(max(0.0, begun + at - loop.time()))
            calls = n % DANGER == 0
            heard = Said("/sos") if calls else Pressed("safe", "")
            incoming = Incoming(str(n), community.sender(BOT, n), clock.now(), heard)
            task = asyncio.create_task(app.receive([incoming]))
            writing.add(task)
            task.add_done_callback(writing.discard)
        await asyncio.gather(*writing)
        while disk.ask("SELECT 1 FROM letter WHERE state < 2 LIMIT 1"):  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(5)

    with machine.spending() as spent:
        await app.run(feed())
    waits: list[float] = []
    danger: list[float] = []
    for at, n in times:
        for one in circles[n - 1][1][1:]:
            read = screens.news.get(str(community.FIRST + one))
            if read is None:
                raise LookupError(one)
            (danger if n % DANGER == 0 else waits).append(read - begun - at)
    news = sum(len(inside) - 1 for _n, inside in circles)
    return {
        "relatives": people - tellers,
        "letters": news + tellers,
        "messages": screens.messages,
        "last": screens.last - begun,
        "p50": machine.percentile(waits, 50),
        "p95": machine.percentile(waits, 95),
        "danger_p95": machine.percentile(danger, 95),
        "told": max(screens.told, default=0),
        "too_many": screens.refused,
        "cpu": spent.cpu,
    }


def storms(*, quick: bool) -> Contest:
    """The storm in virtual time."""
    tellers = "1500" if quick else "30000"
    return Contest(
        title=f"{int(tellers):,} people say within {MINUTES} minutes that they are safe (virtual time, 60 ms each way)",
        aim="a call for help is read within 1 s (p95); whoever writes is told of the wait",
        contestants=tuple(
            Contestant(title, module("benchmarks.storm", "virtual", tellers, kind))
            for title, kind in (("limits lifted", "lifted"), ("documented limits, 30 a second", "limited"))
        ),
        figures=(
            Figure("relatives", "relatives", 0),
            Figure("messages", "messages", 0),
            Figure("p50", "read after, p50 s", 1),
            Figure("p95", "p95 s", 1),
            Figure("last", "the last one after, s", 0),
            Figure("danger_p95", "a call for help, p95 s", 2),
            Figure("told", "told of a wait of at most, min", 0),
            Figure("too_many", "429s", 0),
        ),
        patience=3600,
    )


# -- (c) for real ------------------------------------------------------------------------------------------------------


async def bot(home: Path, url: str, token: str, port: int, tellers: int) -> None:
    """The whole program behind a webhook, with the district in its store."""
    async with community.opened(home) as storage, Telegram(token, base_url=url) as telegram:
        circles = district(tellers)
        await populate(storage, max(max(inside) for _n, inside in circles), circles, telegram.bot)
        app = App(storage, [(telegram, letters.UNBOUND)], {})
        keep_what_is_loaded()
        door = Webhook(f"http://127.0.0.1:{port}{PATH}", SECRET, port=port, path=PATH)
        await app.run(telegram.serve(app.receive, door))


def _update(number: int, chat: int, text: str) -> dict[str, object]:
    who = {"id": chat, "is_bot": False, "first_name": "Somebody", "language_code": "en"}
    place = {"id": chat, "type": "private", "first_name": "Somebody"}
    said = {"message_id": number, "date": int(time.time()), "chat": place, "from": who, "text": text}
    return {"update_id": number, "message": said}


async def _write(address_of_bot: str, tellers: int) -> tuple[dict[int, float], dict[int, float]]:
    """Every teller writes once, as fast as 40 connections carry it: when each began, and when it was confirmed."""
    began: dict[int, float] = {}
    confirmed: dict[int, float] = {}
    waiting = iter(range(1, tellers + 1))
    async with aiohttp.ClientSession(headers={SECRET_HEADER: SECRET}) as session:

        async def connection() -> None:
            for n in waiting:
                text = "I need help" if n % DANGER == 0 else "I am safe"
                began[n] = time.time()
                async with session.post(address_of_bot, json=_update(n, community.FIRST + n, text)) as response:
                    if response.status != 200:  # noqa: PLR2004
                        raise RuntimeError(response.status)
                    await response.read()
                confirmed[n] = time.time()

        await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return began, confirmed


async def _against(command: tuple[str, ...], tellers: int, seconds: float) -> Measured:
    """Write to a bot, and watch when its letters arrive, for so many seconds at the most."""
    circles = district(tellers)
    people = max(max(inside) for _n, inside in circles)
    async with server.serving("calm") as remote:
        await remote.do("people", first=community.FIRST, count=people + 1)
        port = _free_port()
        process = await asyncio.create_subprocess_exec(
            *command, remote.url, remote.token, str(port), str(tellers), cwd=ROOT
        )
        try:
            async with asyncio.timeout(600):
                while "setWebhook" not in (await remote.do("figures"))["first"]:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.2)
            await asyncio.sleep(1)
            cpu, start = machine.cpu_of(process.pid), time.time()
            began, confirmed = await _write(f"http://127.0.0.1:{port}{PATH}", tellers)
            heard = time.time()
            firsts: dict[str, float] = {}
            before = -1
            while len(firsts) < people and time.time() < start + seconds:
                await asyncio.sleep(1)
                sent = (await remote.do("figures"))["sent"]
                if sent == before or sent >= people:
                    firsts = await remote.do("firsts")
                before = sent
            firsts = await remote.do("firsts")
            read: list[float] = []
            danger: list[float] = []
            lost = 0
            for n, inside in circles:
                for one in inside[1:]:
                    at = firsts.get(str(community.FIRST + one))
                    if at is None:
                        lost += 1
                    else:
                        (danger if n % DANGER == 0 else read).append(at - began[n])
            due = [confirmed[n] - began[n] for n in began]
            return {
                "rate": tellers / (heard - start),
                "whole": tellers / (max(firsts.values()) - start),
                **{f"due_p{p}": machine.percentile(due, p) * 1000 for p in (50, 95, 99)},
                **{f"read_p{p}": machine.percentile(read, p) for p in (50, 95, 99)},
                "danger_p95": machine.percentile(danger, 95),
                "lost": lost,
                "cpu_ms": (machine.cpu_of(process.pid) - cpu) / tellers * 1000,
                "rss": machine.memory_of(process.pid)[1],
            }
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def real(*, quick: bool) -> Contest:
    """The storm for real."""
    many, few = ("600", "300") if quick else ("30000", "3000")

    def one(title: str, command: tuple[str, ...], tellers: str) -> Contestant:
        return Contestant(f"{title}, {int(tellers):,}", module("benchmarks.storm", "against", tellers, *command))

    def rival(program: str) -> tuple[str, ...]:
        return (str(RIVALS), "-m", f"benchmarks.rivals.{program}")

    ours = module("benchmarks.storm", "bot")
    return Contest(
        title=f"People write at once that they are safe, one in {DANGER} that they need help; no limits, one core",
        aim="a call for help is read within 1 s (p95) under full load",
        contestants=(
            one("Payvand", ours, few),
            one("aiogram, a loop over the relatives", rival("aiogram_circle"), few),
            one("python-telegram-bot, the same", rival("ptb_circle"), few),
            one("Payvand", ours, many),
        ),
        figures=(
            Figure("rate", "heard/s", 0, ratio=True),
            Figure("whole", "with all letters read/s", 0, ratio=True),
            Figure("due_p50", "due p50 ms", 0),
            Figure("due_p95", "p95", 0),
            Figure("due_p99", "p99", 0),
            Figure("read_p50", "read p50 s", 1),
            Figure("read_p95", "p95", 1),
            Figure("danger_p95", "call read p95 s", 2, ratio=True),
            Figure("lost", "never read", 0),
            Figure("cpu_ms", "CPU ms each", 2),
            Figure("rss", "MiB", 0),
        ),
        patience=3600,
    )


def main() -> None:
    """One measurement, as JSON."""
    name, *rest = sys.argv[1:]
    if name == "against":
        tellers, *command = rest
        machine.pin(machine.other_core())
        print(json.dumps(asyncio.run(_against(tuple(command), int(tellers), LONGEST))))
        return
    machine.pin(machine.bot_core())
    with tempfile.TemporaryDirectory() as home:
        match name:
            case "cost":
                print(json.dumps(asyncio.run(cost(Path(home), int(rest[0]), int(rest[1])))))
            case "virtual":
                i18n.open_catalogues()
                asyncio.run(_made(Path(home) / "storm.db"))
                loop = Loop()
                with asyncio.Runner(loop_factory=lambda: loop) as runner:
                    limited = rest[1] == "limited"
                    print(json.dumps(runner.run(virtual(Path(home), int(rest[0]), loop, limited=limited))))
            case _:
                url, token, port, tellers = rest
                asyncio.run(bot(Path(home), url, token, int(port), int(tellers)))


if __name__ == "__main__":
    main()
