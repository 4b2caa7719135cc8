"""The Bot API emulator of the tests as a process of its own, with weather from a list and without its strictness.

Checking each request against the Bot API's description costs more than many a bot needs to send it. That is the tests'
business; here the server shall be quicker than whoever writes to it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
from aiohttp import web

from benchmarks import machine
from benchmarks.contest import ROOT, module
from tests.telegram.emulator import Emulator, Sent, _read
from tests.telegram.limits import Limits
from tests.telegram.remote import Remote

# How long a request takes, in seconds, half of it before it is accepted. "wire" is the latency of the throughput
# contests. The other three were chosen before anything was measured with them, and nothing was tuned to them.
WEATHER: Final[Mapping[str, Callable[[random.Random], float]]] = {
    "calm": lambda _dice: 0.0,
    "wire": lambda dice: dice.uniform(0.060, 0.080),
    "steady": lambda dice: dice.uniform(0.040, 0.080),
    "mobile": lambda dice: min(0.6, dice.lognormvariate(math.log(0.090), 0.5)),
    "rough": lambda dice: dice.uniform(0.080, 0.100) + (0.4 if dice.random() < 0.02 else 0.0),  # noqa: PLR2004
}
PROFILES: Final = {
    "steady": "40–80 ms, uniform",
    "mobile": "90 ms, log-normal (σ 0.5), at most 600 ms",
    "rough": "80–100 ms, one request in fifty 400 ms more",
}


class Server(Emulator):
    """The emulator with such weather, and with a few figures for a benchmark."""

    def __init__(self, weather: str, limits: Limits | None, seed: int) -> None:
        self._draw = WEATHER[weather]
        self._weather_dice = random.Random(seed)
        super().__init__(seed=seed, limits=limits, strict=False, wire_kept=1)
        self.facts.request = lambda *_: []  # type: ignore[method-assign]
        self.first: dict[str, float] = {}

    @property
    def latency(self) -> float:
        """A new draw for each request."""
        return self._draw(self._weather_dice)

    @latency.setter
    def latency(self, _value: float) -> None:
        """The weather is what it is."""

    async def _method(self, request: web.BaseRequest, name: str) -> web.StreamResponse:
        """Take the commonest request the short way: the server must be quicker than whoever writes to it."""
        if name.lower() != "sendmessage":
            return await super()._method(request, name)
        delay = self.latency / 2
        if delay:
            await asyncio.sleep(delay)
        raw = await _read(request)
        chat, now = int(str(raw["chat_id"])), self.clock()
        wait = self.gate.refuse(chat, now)
        if wait is not None:
            self.refusals[429] += 1
            said: dict[str, object] = {"ok": False, "error_code": 429, "description": "Too Many Requests"}
            return web.json_response({**said, "parameters": {"retry_after": wait}}, status=429)
        self.sent.append(Sent(now, chat, len(self.sent) + 1, "sendMessage"))
        message = {
            "message_id": len(self.sent),
            "date": int(now),
            "chat": {"id": chat, "type": "private", "first_name": "Somebody"},
            "from": self._me,
            "text": raw["text"],
        }
        if delay:
            await asyncio.sleep(delay)
        return web.json_response({"ok": True, "result": message})

    async def _answer(self, method: str, parameters: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.first.setdefault(method, self.clock())
        return await super()._answer(method, parameters)

    async def _control(self, request: web.BaseRequest) -> web.Response:
        asked = json.loads(await request.read())
        match asked["do"]:
            case "figures":
                result: object = self._figures(float(asked["args"].get("since", 0)))
            case "arrivals":
                result = {str(one.chat): one.at for one in self.sent}
            case "firsts":
                result = {str(one.chat): one.at for one in reversed(self.sent)}
            case "forget":
                self.sent.clear()
                self.refusals.clear()
                result = None
            case _:
                return await super()._control(request)
        return web.json_response({"ok": True, "result": result})

    def _figures(self, since: float) -> dict[str, object]:
        times = [one.at for one in self.sent if one.at >= since]
        return {
            "first": self.first,
            "sent": len(times),
            "began": times[0] if times else 0.0,
            "ended": times[-1] if times else 0.0,
            "too_many": self.refusals[429],
            "most": self.max_in_a_second(),
            "cpu": time.process_time(),
        }


@asynccontextmanager
async def serving(weather: str, *, penalty: float | None = None, seed: int = 1) -> AsyncGenerator[Remote, None]:
    """Run it in a process on the other core. With a `penalty` (seconds, perhaps 0) the documented limits hold."""
    limits = [] if penalty is None else ["--penalty", str(penalty)]
    process = await asyncio.create_subprocess_exec(
        *module("benchmarks.server", weather, "--seed", str(seed), *limits), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        if process.stdout is None:
            raise RuntimeError
        async with asyncio.timeout(30):
            told = json.loads(await process.stdout.readline())
        async with aiohttp.ClientSession() as session:
            yield Remote(told["url"], told["token"], session)
    finally:
        process.kill()
        await process.wait()


async def _run(options: argparse.Namespace) -> None:
    limits = None if options.penalty is None else Limits.documented(options.penalty)
    async with Server(options.weather, limits, options.seed) as server:
        print(json.dumps({"url": server.url, "token": server.token}), flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Run until killed. The first line on stdout is JSON with ``url`` and ``token``."""
    parser = argparse.ArgumentParser(description="A Bot API server for benchmarks.")
    parser.add_argument("weather", choices=WEATHER)
    parser.add_argument("--penalty", type=float)
    parser.add_argument("--seed", type=int, default=1)
    machine.pin(machine.other_core())
    asyncio.run(_run(parser.parse_args(sys.argv[1:])))


if __name__ == "__main__":
    main()
