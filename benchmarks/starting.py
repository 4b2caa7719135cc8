"""From the command to the bot that listens: how long it takes, and how much memory it then holds.

A real community made by `payvand init`, and `payvand run` with Telegram on; beside it echo bots that poll.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from benchmarks import machine, server
from benchmarks.contest import RIVALS, ROOT, Contest, Contestant, Figure, Measured, module
from tests.telegram.remote import Remote

HEAVY = 25


def found(home: Path, url: str, token: str) -> Path:
    """A community at `home` whose Bot API server is at `url`."""
    (home / "token").write_text(token, "utf-8")
    (home / "phrase").write_text("a passphrase of a benchmark", "utf-8")
    settings = home / "payvand.toml"
    subprocess.run(  # noqa: S603 - our own program
        module(
            "bot", "--settings", str(settings), "init", "--no-questions", "--community", "Benchmark",
            "--token-file", str(home / "token"), "--passphrase-file", str(home / "phrase"),
        ),
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    written = settings.read_text("utf-8")
    settings.write_text(written.replace("[telegram]\n", f'[telegram]\napi = "{url}"\n'), "utf-8")
    return settings


async def _started(remote: Remote, command: tuple[str, ...]) -> Measured:
    """Start a bot, wait for its first look for news, and let it stand for two seconds."""
    begun = time.time()
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(60):
            while "getUpdates" not in (figures := await remote.do("figures"))["first"]:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)
        cpu = machine.cpu_of(process.pid)
        await asyncio.sleep(2)
        present, most = machine.memory_of(process.pid)
        return {
            "seconds": figures["first"]["getUpdates"] - begun,
            "cpu": cpu,
            "rss": present,
            "peak": most,
        }
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _against(who: str) -> Measured:
    async with server.serving("calm") as remote:
        if who == "ptb":
            return await _started(
                remote, (str(RIVALS), "-m", "benchmarks.rivals.ptb_echo", "polling", remote.url, remote.token)
            )
        if who == "aiogram":
            return await _started(
                remote, (str(RIVALS), "-m", "benchmarks.rivals.aiogram_echo", "polling", remote.url, remote.token)
            )
        with tempfile.TemporaryDirectory() as home:
            settings = found(Path(home), remote.url, remote.token)
            run = module("bot", "--settings", str(settings), "run")
            if who == "again":  # the database is there already
                async with server.serving("calm") as other:
                    text = settings.read_text("utf-8")
                    settings.write_text(text.replace(remote.url, other.url), "utf-8")
                    await _started(other, run)
                    settings.write_text(text, "utf-8")
            return await _started(remote, run)


def contest(*, quick: bool) -> Contest:
    """What `python -m benchmarks starting` measures."""
    del quick

    def one(title: str, who: str) -> Contestant:
        return Contestant(title, module("benchmarks.starting", who))

    return Contest(
        title="From the command to the first look for news, and the memory then",
        aim="under 1.5 s and 120 MiB",
        contestants=(
            one("Payvand", "again"),
            one("Payvand, its first start (makes the database)", "first"),
            one("python-telegram-bot, echo", "ptb"),
            one("aiogram, echo", "aiogram"),
        ),
        figures=(
            Figure("seconds", "s", 2, ratio=True),
            Figure("cpu", "CPU s", 2),
            Figure("rss", "MiB", 0),
            Figure("peak", "MiB at most", 0),
        ),
    )


def heaviest() -> str:
    """What importing takes for `payvand run`: the rooms and libraries with the most time of their own."""
    rooms = ("bot.__main__", "bot.settings", "bot.logs", "bot.app", "bot.platforms.telegram", "storage.sqlite")
    code = f"import {', '.join(rooms)}, storage.migrations"
    done = subprocess.run(  # noqa: S603 - our own program
        (sys.executable, "-X", "importtime", "-c", code), cwd=ROOT, capture_output=True, text=True, check=True
    )
    own: dict[str, int] = {}
    for line in done.stderr.splitlines():
        found = re.match(r"import time:\s*(\d+) \|\s*(\d+) \|(\s*)(\S+)", line)
        if found:
            top = found[4].split(".")[0]
            own[top] = own.get(top, 0) + int(found[1])
    total = sum(own.values())
    ranked = sorted(own.items(), key=lambda item: -item[1])[:HEAVY]
    lines = [f"{time_ / 1000:8.0f} ms  {name}" for name, time_ in ranked if time_ > total / 200]
    return "\n".join(
        (f"### What importing takes (each top package's own time; {total / 1000:.0f} ms in all)\n", *lines)
    )


def main() -> None:
    """One measurement, as JSON."""
    machine.pin(machine.bot_core())
    print(json.dumps(asyncio.run(_against(sys.argv[1]))))


if __name__ == "__main__":
    main()
