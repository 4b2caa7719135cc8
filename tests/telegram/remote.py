"""The emulator as a process of its own, which lives on while a test kills the bot."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parents[2]


class Remote:
    """A hand on the emulator's control endpoint: ``await remote.do("say", user=7001, text="...")``."""

    def __init__(self, url: str, token: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.token = token
        self._session = session

    async def do(self, wish: str, **args: Any) -> Any:  # noqa: ANN401 - whatever the wish returns, as JSON
        """Ask for something of `tests.telegram.emulator.CONTROL`; raises AssertionError with its complaint."""
        async with self._session.post(f"{self.url}/control", json={"do": wish, "args": args}) as response:
            told = await response.json()
        if not told["ok"]:
            raise AssertionError(told["description"])
        return told["result"]


@asynccontextmanager
async def emulator_process(*options: str) -> AsyncGenerator[Remote, None]:
    """Start ``python -m tests.telegram.emulator`` with `options`, and end it afterwards."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.telegram.emulator", *options, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        if process.stdout is None:
            msg = "no output to read"
            raise RuntimeError(msg)
        async with asyncio.timeout(20):
            told = json.loads(await process.stdout.readline())
        async with aiohttp.ClientSession() as session:
            yield Remote(told["url"], told["token"], session)
    finally:
        process.kill()
        await process.wait()
