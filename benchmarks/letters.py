"""Letters out: from the store through the outbox and Telegram's room to a Bot API server, each noted durably.

Beside it the stock clients of python-telegram-bot and aiogram, which send the same words and note nothing.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import community, machine, server
from benchmarks.contest import RIVALS, ROOT, Contest, Contestant, Figure, Measured, module
from bot.domain.checkin import News, State
from bot.domain.conversation import Lane, Outgoing
from bot.outbox.engine import Route
from bot.outbox.pace import Limits
from bot.platforms.telegram import Telegram
from handlers import words
from storage import outbox
from storage.database import Storage, Tx

CONCURRENCY = 128
WORDS = "<b>Person 0</b>: I am safe.\nFrom Person 0 in person, just now."  # what the rivals send: the same in English
UNBOUND = Limits(per_second=None, address_gap=0.0, group_per_minute=None, concurrency=CONCURRENCY, cold_start=0.0)


async def post(storage: Storage, count: int) -> None:
    """A check-in letter for each of the people 1 to `count`."""
    now = datetime.now(UTC)
    for start in range(1, count + 1, 500):

        def work(tx: Tx, start: int = start) -> None:
            said = words.letter("Person 0", News(1, 1, 1, State.SAFE, now, now))
            some = range(start, min(start + 500, count + 1))
            outbox.post(tx, [Outgoing(who, said, lane=Lane.CHECKIN) for who in some], now)

        await storage.write(work)


async def left(storage: Storage, route: str) -> int:
    """How many letters have not ended."""
    counts = await storage.read(outbox.counts)
    return sum(n for (where, _, state), n in counts.items() if where == route and state < outbox.State.DELIVERED)


async def ours(home: Path, url: str, token: str, count: int) -> Measured:
    """Claim, speak, deliver, note; until nothing is left in the store."""
    async with community.opened(home) as storage, Telegram(token, base_url=url) as telegram:
        await community.settle(storage, telegram.bot, count)
        await post(storage, count)
        route = Route(storage, telegram, lambda: datetime.now(UTC), UNBOUND)
        with machine.spending() as spent:
            running = asyncio.create_task(route.run())
            while await left(storage, route.name):  # noqa: ASYNC110 - rows have no event
                await asyncio.sleep(0.05)
            route.stop()
            await running
        return {
            "rate": count / spent.wall,
            "cpu_ms": spent.cpu / count * 1000,
            "rss": machine.greatest_memory(),
        }


async def _against(weather: str, command: tuple[str, ...], count: int) -> Measured:
    """Let one sender write to a server of its own."""
    async with server.serving(weather) as remote:
        await remote.do("people", first=community.FIRST, count=count)
        process = await asyncio.create_subprocess_exec(
            *command, remote.url, remote.token, str(count), stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        told, _ = await process.communicate()
        measured: Measured = json.loads(told.splitlines()[-1])
        figures = await remote.do("figures")
        measured["arrived"] = figures["sent"]
        measured["server_ms"] = figures["cpu"] / count * 1000
        return measured


def contest(*, quick: bool) -> Contest:
    """What `python -m benchmarks letters` measures."""
    many, few = ("600", "200") if quick else ("6000", "800")

    def one(title: str, count: str, command: tuple[str, ...]) -> Contestant:
        return Contestant(title, module("benchmarks.letters", "against", count, *command))

    return Contest(
        title=f"Letters out at 60–80 ms, {CONCURRENCY} in flight, without limits",
        aim="1,000/s, each delivery noted durably",
        contestants=(
            one("Payvand, stored and noted", many, module("benchmarks.letters", "ours")),
            one("python-telegram-bot's client (httpx)", few, (str(RIVALS), "-m", "benchmarks.rivals.ptb_send")),
            one("aiogram's client", many, (str(RIVALS), "-m", "benchmarks.rivals.aiogram_send")),
        ),
        figures=(
            Figure("rate", "letters/s", 0, ratio=True),
            Figure("cpu_ms", "CPU ms each", 2),
            Figure("server_ms", "server's CPU ms each", 2),
            Figure("rss", "MiB", 0),
        ),
    )


def main() -> None:
    """One measurement, as JSON."""
    name, *rest = sys.argv[1:]
    if name == "against":
        count, *command = rest
        machine.pin(machine.other_core())
        print(json.dumps(asyncio.run(_against("wire", tuple(command), int(count)))))
        return
    url, token, count = rest
    machine.pin(machine.bot_core())
    with tempfile.TemporaryDirectory() as home:
        print(json.dumps(asyncio.run(ours(Path(home), url, token, int(count)))))


if __name__ == "__main__":
    main()
