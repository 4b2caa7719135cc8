"""Letters out while the documented limits hold: which share of 30 a second arrives, and how often the server says no.

Three kinds of weather, none of which anything was tuned to (see `benchmarks.server`), each without and with a penalty
of three seconds for every 429. Beside it python-telegram-bot's own rate limiter.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import community, letters, machine, server
from benchmarks.contest import RIVALS, ROOT, Contest, Contestant, Figure, Measured, module
from bot.outbox.engine import Route
from bot.outbox.pace import Limits
from bot.platforms.telegram import Telegram

ALLOWED = 30  # messages a second, as documented
SECONDS = 21.0
DEFAULT = Limits()


async def ours(home: Path, url: str, token: str, seconds: float, rate: float) -> None:
    """Deliver what is stored for so long, at a rate of the settings."""
    count = int(ALLOWED * seconds * 1.2)
    async with community.opened(home) as storage, Telegram(token, base_url=url) as telegram:
        await community.settle(storage, telegram.bot, count)
        await letters.post(storage, count)
        route = Route(storage, telegram, lambda: datetime.now(UTC), replace(DEFAULT, per_second=rate))
        running = asyncio.create_task(route.run())
        await asyncio.sleep(seconds + DEFAULT.cold_start)
        route.stop()
        await running


async def _against(weather: str, penalty: float, seconds: float, command: tuple[str, ...]) -> Measured:
    async with server.serving(weather, penalty=penalty) as remote:
        await remote.do("people", first=community.FIRST, count=int(ALLOWED * seconds * 2))
        process = await asyncio.create_subprocess_exec(
            *command, remote.url, remote.token, str(seconds), stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        told, _ = await process.communicate()
        figures = await remote.do("figures")
        measured: Measured = json.loads(told.splitlines()[-1]) if told else {}
        took = max(seconds, figures["ended"] - figures["began"])
        return {
            "share": 100 * figures["sent"] / took / ALLOWED,
            "too_many": figures["too_many"],
            "most": figures["most"],
            "lost": measured.get("lost", 0.0),
        }


def contests(*, quick: bool) -> list[Contest]:
    """What `python -m benchmarks limits` measures: a table for each kind of weather."""
    seconds = "4" if quick else str(SECONDS)

    def one(title: str, weather: str, penalty: int, command: tuple[str, ...]) -> Contestant:
        return Contestant(
            f"{title}, {penalty} s a refusal" if penalty else title,
            module("benchmarks.limits", "against", weather, str(penalty), seconds, *command),
        )

    def ours_at(rate: str) -> tuple[str, ...]:
        return module("benchmarks.limits", "ours", rate)

    rival = (str(RIVALS), "-m", "benchmarks.rivals.ptb_limited")
    default = f"{DEFAULT.per_second:g}"
    senders = (
        (f"Payvand at {default}/s (default)", ours_at(default)),
        ("AIORateLimiter, as it is", (*rival, "0")),
        ("AIORateLimiter, 5 retries", (*rival, "5")),
    )
    return [
        Contest(
            title=f"Letters out under the documented limits; latency {told}",
            aim="95 % of 30/s or more, no 429",
            contestants=tuple(
                one(title, weather, penalty, command) for title, command in senders for penalty in (0, 3)
            ),
            figures=(
                Figure("share", "% of 30/s", 1),
                Figure("too_many", "429s", 0),
                Figure("most", "most in a second", 0),
                Figure("lost", "lost", 0),
            ),
            at_once=2,
        )
        for weather, told in server.PROFILES.items()
    ]


def main() -> None:
    """One measurement, as JSON."""
    name, *rest = sys.argv[1:]
    if name == "against":
        weather, penalty, seconds, *command = rest
        print(json.dumps(asyncio.run(_against(weather, float(penalty), float(seconds), tuple(command)))))
        return
    rate, url, token, seconds = rest
    machine.pin(machine.bot_core())
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(ours(Path(home), url, token, float(seconds), float(rate)))


if __name__ == "__main__":
    main()
