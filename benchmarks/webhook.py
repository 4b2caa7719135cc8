"""Updates in: from the POST of an update to its 200, and to the reply that reaches whoever wrote.

Payvand answers 200 once the news and its letters are committed. The rivals, each behind its own webhook, only say the
same words back and store nothing.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import aiohttp

from benchmarks import community, letters, machine, server
from benchmarks.contest import RIVALS, ROOT, Contest, Contestant, Figure, Measured, module
from bot.app import App
from bot.platforms.telegram import Telegram, Webhook
from tests.telegram.emulator import SECRET_HEADER
from tests.telegram.remote import Remote

CONNECTIONS = 40  # Telegram's own default
SECRET = "benchmark"  # noqa: S105 - opens nothing
PATH = "/telegram"
WORDS = "I am safe"
WARM_UP = 100


# -- the bot that is measured ------------------------------------------------------------------------------------------


async def bot(home: Path, url: str, token: str, port: int, *, replies: bool) -> None:
    """With `replies` the outbox runs, and nobody shares a circle; without, letters for circles of five stay stored."""
    size = 1 if replies else community.CIRCLE
    async with community.opened(home) as storage, Telegram(token, base_url=url) as telegram:
        await community.settle(storage, telegram.bot, 3000, size)
        app = App(storage, [(telegram, letters.UNBOUND)], {})
        door = Webhook(f"http://127.0.0.1:{port}{PATH}", SECRET, port=port, path=PATH)
        ear = telegram.serve(app.receive, door)
        await (app.run(ear) if replies else ear)


# -- whoever writes to it ----------------------------------------------------------------------------------------------


def _update(number: int, chat: int) -> dict[str, object]:
    person = {"id": chat, "is_bot": False, "first_name": "Somebody", "language_code": "en"}
    message = {
        "message_id": number,
        "date": int(time.time()),
        "chat": {"id": chat, "type": "private", "first_name": "Somebody"},
        "from": person,
        "text": WORDS,
    }
    return {"update_id": number, "message": message}


async def _write(address: str, chats: range) -> tuple[list[float], dict[int, float]]:
    """Post one update for each of `chats`: how long each 200 took, and when each post began."""
    waits: list[float] = []
    began: dict[int, float] = {}
    waiting = iter(chats)

    async with aiohttp.ClientSession(headers={SECRET_HEADER: SECRET}) as session:

        async def connection() -> None:
            for chat in waiting:
                start = time.perf_counter()
                began[chat] = time.time()
                async with session.post(address, json=_update(chat, chat)) as response:
                    if response.status != 200:  # noqa: PLR2004
                        raise RuntimeError(response.status)
                    await response.read()
                waits.append(time.perf_counter() - start)

        await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return waits, began


async def _arrived(remote: Remote, count: int) -> dict[str, float]:
    async with asyncio.timeout(120):
        while (await remote.do("figures"))["sent"] < count:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    arrivals: dict[str, float] = await remote.do("arrivals")
    return arrivals


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def _against(command: tuple[str, ...], count: int, *, replies: bool) -> Measured:
    async with server.serving("calm") as remote:
        await remote.do("people", first=community.FIRST, count=count + WARM_UP)
        port = _free_port()
        process = await asyncio.create_subprocess_exec(*command, remote.url, remote.token, str(port), cwd=ROOT)
        try:
            async with asyncio.timeout(60):
                while "setWebhook" not in (await remote.do("figures"))["first"]:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.05)
            await asyncio.sleep(0.5)
            address = f"http://127.0.0.1:{port}{PATH}"
            last = community.FIRST + WARM_UP
            await _write(address, range(community.FIRST, last))
            if replies:
                await _arrived(remote, WARM_UP)
            cpu, start = machine.cpu_of(process.pid), time.time()
            waits, began = await _write(address, range(last, last + count))
            end = time.time()
            measured = {
                "p50_ms": machine.percentile(waits, 50) * 1000,
                "p99_ms": machine.percentile(waits, 99) * 1000,
            }
            if replies:
                arrivals = await _arrived(remote, count + WARM_UP)
                end = max(arrivals.values())
                there = [arrivals[str(chat)] - at for chat, at in began.items()]
                measured["reply_p50_ms"] = machine.percentile(there, 50) * 1000
                measured["reply_p99_ms"] = machine.percentile(there, 99) * 1000
            measured["rate"] = count / (end - start)
            measured["cpu_ms"] = (machine.cpu_of(process.pid) - cpu) / count * 1000
            measured["rss"] = machine.memory_of(process.pid)[1]
            return measured
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _contest(title: str, aim: str, *, replies: bool, quick: bool) -> Contest:
    kind = "replies" if replies else "stores"

    def one(name: str, command: tuple[str, ...], count: int) -> Contestant:
        few = count // 5 if quick else count
        return Contestant(name, module("benchmarks.webhook", "against", kind, str(few), *command))

    def rival(program: str, *arguments: str) -> tuple[str, ...]:
        return (str(RIVALS), "-m", f"benchmarks.rivals.{program}", "webhook", *arguments)

    ours = "Payvand: stored, replied" if replies else "Payvand: news and five letters stored"
    times = (Figure("p50_ms", "p50 to 200, ms", 1), Figure("p99_ms", "p99 to 200, ms", 1))
    reply = (Figure("reply_p50_ms", "p50 to reply, ms", 0), Figure("reply_p99_ms", "p99 to reply, ms", 0))
    return Contest(
        title=title,
        aim=aim,
        contestants=(
            one(ours, module("benchmarks.webhook", "bot", kind), 2500),
            *(
                (
                    one("python-telegram-bot, echo", rival("ptb_echo"), 1500),
                    one("python-telegram-bot, echo, concurrent", rival("ptb_echo", "concurrent"), 800),
                    one("aiogram, echo", rival("aiogram_echo"), 2500),
                )
                if replies
                else ()
            ),
        ),
        figures=(
            Figure("rate", "updates/s", 0, ratio=replies),
            Figure("cpu_ms", "CPU ms each", 2),
            *times,
            *(reply if replies else ()),
            Figure("rss", "MiB", 0),
        ),
    )


def stored(*, quick: bool) -> Contest:
    """To the 200 after commit, nothing sent yet."""
    title = f"A webhook's update to its 200 after commit, letters stored and not yet sent, {CONNECTIONS} connections"
    return _contest(title, "", replies=False, quick=quick)


def replied(*, quick: bool) -> Contest:
    """To the reply."""
    title = f"A webhook's update to its delivered reply, {CONNECTIONS} connections, no latency"
    aim = "at least as fast as bots that only echo and store nothing"
    return _contest(title, aim, replies=True, quick=quick)


def main() -> None:
    """One measurement, as JSON; or the bot that is measured."""
    name, kind, *rest = sys.argv[1:]
    replies = kind == "replies"
    if name == "against":
        count, *command = rest
        machine.pin(machine.other_core())
        print(json.dumps(asyncio.run(_against(tuple(command), int(count), replies=replies))))
        return
    url, token, port = rest
    machine.pin(machine.bot_core())
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(bot(Path(home), url, token, int(port), replies=replies))


if __name__ == "__main__":
    main()
