"""A line to the server on which a test can cut, refuse, or change what passes: for both a bare client and the bot.

async with Line(synapse.url) as line:
    client = HardenedClient(line.url, ...)
    line.refuse("keys/claim")              # cut off before the server sees it
    line.answer("sendToDevice", 500, {})   # answered in the server's place
    line.swallow("/send/")                 # the server does it, but its answer never comes back
    line.change = lambda path, body: ...   # what the server says is said otherwise
    line.mend()
"""

from __future__ import annotations

import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from aiohttp import web
from yarl import URL


class Line:
    """A proxy on a free port of this machine. `asked` are the paths that came, in order."""

    def __init__(self, server: str) -> None:
        self.server: Final = server
        self.asked: list[str] = []
        self.change: Callable[[str, Any], Any] | None = None
        self._refused: list[str] = []
        self._swallowed: list[str] = []
        self._answers: dict[str, tuple[int, object]] = {}
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 28)
        app.router.add_route("*", "/{rest:.*}", self._pass)
        self._session = aiohttp.ClientSession(auto_decompress=False)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    def refuse(self, part: str) -> None:
        """From now on cut whatever has `part` in its path, before the server sees it."""
        self._refused.append(part)

    def swallow(self, part: str) -> None:
        """From now on pass such requests on and cut the line before the answer."""
        self._swallowed.append(part)

    def answer(self, part: str, status: int, body: object) -> None:
        """From now on answer such requests in the server's place."""
        self._answers[part] = (status, body)

    def mend(self) -> None:
        """Pass everything again."""
        self._refused, self._swallowed, self._answers, self.change = [], [], {}, None

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path
        self.asked.append(path)
        body = await request.read()
        if any(part in path for part in self._refused):
            return self._cut(request)
        for part, (status, answer) in self._answers.items():
            if part in path:
                return web.json_response(answer, status=status)
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers}
        address = URL(self.server + request.rel_url.raw_path_qs, encoded=True)
        assert self._session is not None
        async with self._session.request(request.method, address, data=body, headers=headers) as answered:
            content = await answered.read()
            if any(part in path for part in self._swallowed):
                return self._cut(request)
            if self.change is not None:
                content = json.dumps(self.change(path, json.loads(content))).encode()
            return web.Response(status=answered.status, body=content, content_type=answered.content_type)

    @staticmethod
    def _cut(request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
