"""A Bot API server of our own: people and groups on one side, the bot's requests on the other, and the weather between.

It speaks the real protocol over real HTTP, keeps the documented limits over an injected clock, fails in every way that
a network can when asked to, and writes down whatever the Bot API's description doesn't know (`Emulator.problems`).

    async with Emulator() as emulator:
        ...                                      # a bot at emulator.url with emulator.token
        emulator.user(7001, language="tg")
        await emulator.start(7001)
        await emulator.hears(7001)               # what stands on her screen, once there is something new

As a process of its own, for tests that kill the bot: ``python -m tests.telegram.emulator --port 8081``; then
``POST /control`` takes ``{"do": "say", "args": {"user": 7001, "text": "..."}}`` (see `CONTROL` for what can be asked).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import socket
import struct
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Final, Self, TypeAlias
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

from tests.telegram.facts import Facts, Upload, length
from tests.telegram.limits import Gate, Limits
from tests.telegram.markup import Unparsable, read_html

TOKEN: Final = "5550001:AAemulatorEMULATORemulatorEMULATOR0"  # noqa: S105 - it opens nothing but this
SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
FOREVER: Final = 3600.0
PATIENCE: Final = 20.0

_DELETABLE: Final = 48 * 3600
_CALLED: Final = re.compile(r"/(?P<file>file/)?bot(?P<token>[^/]+)/(?P<rest>.+)")
_TOKEN_SHAPE: Final = re.compile(r"\d+:[\w-]+")
_DEFAULT_WANTED: Final = frozenset(
    {"message", "edited_message", "channel_post", "edited_channel_post", "callback_query", "my_chat_member"}
)
_TEXT_LIMIT: Final = 4096
_CAPTION_LIMIT: Final = 1024
_BUTTON_LIMIT: Final = 64
_FILE_LIMIT: Final = 20_000_000

Json: TypeAlias = dict[str, Any]


class No(Exception):  # noqa: N818 - the server's answer, not an error of ours
    """The server's refusal."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next `count` requests to `method` ("" for any), of `chat` (None for any).

    kinds: "reset" before reading; "drop" after reading, before accepting; "lost" accepted, then disconnected; "half"
    accepted, half an answer; "stall" accepted or not (`accept`), no answer for `seconds`; "html" a proxy's page with
    `code`; "json" an error of the Bot API with `code`, `description`, `parameters`; "junk" 200 with `body`.
    """

    kind: str
    method: str = ""
    count: int = 1
    chat: int | None = None
    code: int = 502
    description: str = ""
    parameters: dict[str, int] = field(default_factory=dict)
    seconds: float = FOREVER
    accept: bool = False
    body: str = ""


@dataclass(slots=True)
class User:
    """A person's account."""

    id: int
    language: str = "en"
    name: str = "Somebody"
    started: bool = False
    blocked: bool = False
    deactivated: bool = False


@dataclass(slots=True)
class Group:
    """A group, its people's doings left out: only whether the bot is in it, and where it moved."""

    id: int
    title: str = "A group"
    supergroup: bool = False
    channel: bool = False
    here: bool = True
    moved: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message, edit or deletion that the server accepted, when it did."""

    at: float
    chat: int
    message: int
    method: str
    text: str = ""
    silent: bool = False
    file: str = ""


@dataclass(frozen=True, slots=True)
class Wire:
    """One request as it came, and what became of it: an HTTP status or the name of a fault."""

    at: float
    method: str
    parameters: Json
    outcome: str


class Clock:
    """A time that only a test moves."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """The present, in seconds since 1970."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move the present forward."""
        self.now += seconds


def running_clock() -> Callable[[], float]:
    """Real time that never jumps."""
    start = time.time() - time.monotonic()
    return lambda: start + time.monotonic()


class Emulator:
    """The server, the people, and the oracle. Use it as an async context manager.

    `latency` and `jitter` are seconds: each request takes latency plus up to jitter, half of it before it is accepted.
    `callback_life` is how long a pressed button may be answered.
    """

    def __init__(  # noqa: PLR0913 - everything has a usable default
        self,
        token: str = TOKEN,
        *,
        username: str = "PayvandBot",
        seed: int = 0,
        clock: Callable[[], float] | None = None,
        limits: Limits | None = None,
        latency: float = 0.0,
        jitter: float = 0.0,
        callback_life: float = 900.0,
        hook_pause: float = 0.02,
        port: int = 0,
        wire_kept: int = 100_000,
        strict: bool = True,
    ) -> None:
        self.token = token
        self.username = username
        self.facts = Facts()
        self.problems: list[str] = []
        self.wire: deque[Wire] = deque(maxlen=wire_kept)
        self.sent: list[Sent] = []
        self.edits: list[Sent] = []
        self.deletes: list[Sent] = []
        self.answers: Counter[str] = Counter()
        self.methods: Counter[str] = Counter()
        self.refusals: Counter[int] = Counter()
        self.profile: dict[str, Json] = {}
        self.typing: list[int] = []
        self.faults: list[Fault] = []
        self.weather: dict[str, float] = {}
        self.refused_languages: set[str] = set()
        self.users: dict[int, User] = {}
        self.groups: dict[int, Group] = {}
        self.files: dict[str, Upload] = {}
        self.confirmed = 0
        self.skipped = 0
        self.duplicate = 0.0
        self.reorder = False
        self.latency, self.jitter = latency, jitter
        self.clock = clock or running_clock()
        self.gate = Gate(limits or Limits())
        self.callback_life = callback_life
        self._id = int(token.partition(":")[0])
        self._me: Json = {"id": self._id, "is_bot": True, "first_name": "Payvand", "username": username}
        self._dice = random.Random(seed)
        self._strict = strict
        self._hook_pause = hook_pause
        self._port = port
        self._next_update = self._dice.randrange(10_000_000, 900_000_000)
        self._next_message = self._next_query = 0
        self._messages: dict[int, dict[int, Json]] = {}
        self._queries: dict[str, float] = {}
        self._pending: list[Json] = []
        self._done: deque[Json] = deque(maxlen=100)
        self._wanted: frozenset[str] = _DEFAULT_WANTED
        self._poller = 0
        self._changed = asyncio.Condition()
        self._hook: Json = {}
        self._posting: set[int] = set()
        self._calls = self._methods()
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner: web.ServerRunner | None = None
        self._server: web.Server | None = None
        self._session: aiohttp.ClientSession | None = None
        self._site: web.TCPSite | None = None

    # -- life -------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Listen."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE))
        self._server = web.Server(self._serve, access_log=None)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=0.1)
        await self._runner.setup()
        await self.resume()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._disconnect()
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """The address to give to a bot as its Bot API server."""
        return f"http://127.0.0.1:{self._port}"

    async def pause(self) -> None:
        """Go away: refuse connections and drop those there are. What is known stays known."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        self._disconnect()

    async def resume(self) -> None:
        """Come back at the same address."""
        if self._runner is None:
            msg = "not started"
            raise RuntimeError(msg)
        self._site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await self._site.start()
        if not self._port:
            self._port = int(self._runner.addresses[0][1])

    def _disconnect(self) -> None:
        for connection in self._server.connections if self._server is not None else ():
            connection.force_close()

    # -- people -----------------------------------------------------------------------------------------------------

    def user(self, user: int, *, language: str = "en", name: str = "Somebody", started: bool = False) -> int:
        """Make an account (or change its language); `started` skips the first tap on the bot's start button."""
        known = self.users.setdefault(user, User(user, language, name))
        known.language, known.name, known.started = language, name, known.started or started
        return user

    def people(self, first: int, count: int) -> range:
        """Make many accounts that have started the bot: first, first + 1, ..."""
        for user in range(first, first + count):
            self.user(user, started=True)
        return range(first, first + count)

    def group(self, group: int, *, title: str = "A group", supergroup: bool = False) -> int:
        """Make a group (its id is negative) that has the bot in it. Says nothing about it to the bot: see `add_bot`."""
        self.groups[group] = Group(group, title, supergroup)
        return group

    def channel(self, channel: int, *, title: str = "A channel") -> int:
        """Make a channel (its id is negative) that has the bot among its administrators."""
        self.groups[channel] = Group(channel, title, channel=True)
        return channel

    async def post(self, channel: int, text: str, **more: object) -> int:
        """Let an administrator post in a channel: nobody is named as its author. Returns the message's id."""
        held: Json = {"text": text, "sender_chat": self._chat(channel), **more}
        self._next_message += 1
        message = {"message_id": self._next_message, "date": self._now(), "chat": self._chat(channel), **held}
        self._messages.setdefault(channel, {})[self._next_message] = message
        await self._emit("channel_post", message)
        return self._next_message

    async def say(self, user: int, text: str, *, chat: int | None = None, thread: Json | None = None) -> int:
        """Write to the bot, or into a group; `thread` adds fields to the message. Returns the message's id."""
        entities = [
            {"type": kind, "offset": length(text[: found.start()]), "length": length(found[0])}
            for kind, pattern in (("bot_command", r"(?<!\S)/\w+(?:@\w+)?"), ("mention", r"(?<!\w)@\w+"))
            for found in re.finditer(pattern, text)
        ]
        held: Json = {"text": text, **(thread or {})}
        if entities:
            held["entities"] = entities
        return await self._written(user, held, chat)

    async def start(self, user: int, payload: str = "") -> int:
        """Tap the bot's start button, perhaps of a link with a payload."""
        return await self.say(user, f"/start {payload}".strip())

    async def attach(  # noqa: PLR0913 - a message has this many sides
        self,
        user: int,
        kind: str,
        *,
        caption: str = "",
        chat: int | None = None,
        data: bytes = b"",
        mime: str = "",
        name: str = "note.pdf",
    ) -> int:
        """Send something that is not words: photo, document, voice, sticker, location or contact.

        With `data` the bot can fetch it; `mime` is what a document says of itself.
        """
        file = {"file_id": f"file{self._dice.randrange(10**9)}", "file_unique_id": f"u{self._dice.randrange(10**9)}"}
        if data:
            self.files[file["file_id"]] = Upload("", data, mime)
        size = {"width": 90, "height": 90}
        things: Json = {
            "photo": [{**file, **size, "file_size": 1000}],
            "document": {**file, "file_name": name, "mime_type": mime or "application/pdf"},
            "voice": {**file, "duration": 3},
            "sticker": {**file, **size, "type": "regular", "is_animated": False, "is_video": False},
            "location": {"latitude": 37.0, "longitude": 71.0},
            "contact": {"phone_number": "+100", "first_name": "Somebody"},
        }
        return await self._written(user, {kind: things[kind]} | ({"caption": caption} if caption else {}), chat)

    async def edit(self, user: int, message: int, text: str) -> None:
        """Change what one has written."""
        kept = self._messages[user][message]
        kept.update(text=text, edit_date=self._now())
        await self._emit("edited_message", dict(kept))

    async def tap(self, user: int, message: int, code: str, *, chat: int | None = None, old: bool = False) -> str:
        """Press a button of a message, which must be there unless `old`; returns the press's id (see `answers`)."""
        where = user if chat is None else chat
        kept = self._messages.get(where, {}).get(message)
        if not old and code not in codes(kept or {}):
            msg = f"message {message} has no button {code!r}"
            raise AssertionError(msg)
        self._next_query += 1
        query = f"{self._dice.randrange(10**15)}{self._next_query}"
        self._queries[query] = self.clock()
        held = kept or {"chat": self._chat(where), "message_id": message, "date": 0}
        await self._emit(
            "callback_query",
            {"id": query, "from": self._person(user), "chat_instance": f"c{where}", "data": code, "message": held},
        )
        return query

    async def block(self, user: int) -> None:
        """Block the bot."""
        self.users[user].blocked = True
        await self._membership(user, user, "member", "kicked")

    async def unblock(self, user: int) -> None:
        """Let the bot write again."""
        self.users[user].blocked = False
        await self._membership(user, user, "kicked", "member")

    async def deactivate(self, user: int) -> None:
        """Delete the account at Telegram. The bot isn't told."""
        self.users[user].deactivated = True

    async def add_bot(self, group: int, user: int) -> None:
        """Add the bot to a group: two updates, as in life."""
        self.groups[group].here = True
        await self._membership(group, user, "left", "member")
        await self._written(user, {"new_chat_members": [self._me]}, group)

    async def remove_bot(self, group: int, user: int) -> None:
        """Remove the bot from a group."""
        self.groups[group].here = False
        await self._membership(group, user, "member", "kicked")

    async def migrate(self, group: int, user: int) -> int:
        """Turn a group into a supergroup; returns its new id."""
        old = self.groups[group]
        new = self.group(-1_000_000_000_000 - abs(group), title=old.title, supergroup=True)
        await self._written(user, {"migrate_to_chat_id": new}, group)
        await self._written(user, {"migrate_from_chat_id": group}, new)
        old.moved = new
        return new

    async def update(self, kind: str, payload: object, *, checked: bool = False) -> int:
        """Deliver an update of any shape; returns its id."""
        return await self._emit(kind, payload, checked=checked)

    def renumber(self) -> None:
        """Choose the next update id anew and lower, as Telegram may after a week of silence."""
        self._next_update = self._dice.randrange(1, min(self._next_update, 9_000_000))

    # -- the screen and the oracle ----------------------------------------------------------------------------------

    def chat(self, chat: int) -> list[Json]:
        """What stands in a chat now, oldest first: the Bot API's own message objects."""
        return list(self._messages.get(chat, {}).values())

    def shown(self, chat: int) -> list[str]:
        """The words of the bot's messages that stand in a chat now."""
        return [_said(message) for message in self.chat(chat) if message["from"]["id"] == self._id]

    async def until(self, come: Callable[[], bool]) -> None:
        """Wait until something is true of the emulator."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(come)

    async def hears(self, chat: int, count: int = 1) -> list[str]:
        """Wait until the bot has `count` messages standing in a chat; returns their words."""
        await self.until(lambda: len(self.shown(chat)) >= count)
        return self.shown(chat)

    def stats(self) -> Json:
        """The oracle in numbers."""
        return {
            "sent": len(self.sent),
            "edits": len(self.edits),
            "deletes": len(self.deletes),
            "answered": sum(self.answers.values()),
            "too_many": self.refusals[429],
            "refusals": {str(code): count for code, count in self.refusals.items()},
            "max_in_a_second": self.max_in_a_second(),
            "methods": dict(self.methods),
            "pending": len(self._pending),
            "confirmed": self.confirmed,
            "skipped": self.skipped,
            "problems": self.problems[:20],
        }

    def max_in_a_second(self) -> int:
        """How many messages were accepted at most within any one second."""
        window: deque[float] = deque()
        most = 0
        for one in sorted(sent.at for sent in self.sent):
            window.append(one)
            while window[0] <= one - 1.0:
                window.popleft()
            most = max(most, len(window))
        return most

    def per_chat(self) -> Counter[int]:
        """How many messages each chat got."""
        return Counter(sent.chat for sent in self.sent)

    @property
    def pending(self) -> int:
        """How many updates aren't confirmed yet."""
        return len(self._pending)

    # -- the weather ------------------------------------------------------------------------------------------------

    def fault(self, kind: str, method: str = "", **options: Any) -> None:  # noqa: ANN401 - the fields of Fault
        """Let something go wrong once (or `count` times); see `Fault`."""
        self.faults.append(Fault(kind, method, **options))

    def storm(self, **chances: float) -> None:
        """Let faults come by chance: ``storm(lost=0.1, flood=0.2)``; no chances for fair weather.

        Besides the kinds of `Fault`, "flood" is a 429 and "error" a 500.
        """
        self.weather = chances

    def mischief(self, *, duplicate: float = 0.0, reorder: bool = False) -> None:
        """Deliver updates twice with a chance of `duplicate`, and in another order."""
        self.duplicate, self.reorder = duplicate, reorder

    def limit(self, **limits: Any) -> None:  # noqa: ANN401 - the fields of Limits
        """Set limits anew, or lift them."""
        self.gate = Gate(Limits(**limits))

    def slow(self, latency: float, jitter: float = 0.0) -> None:
        """Set how long requests take, in seconds."""
        self.latency, self.jitter = latency, jitter

    def _resets(self, method: str) -> bool:
        """Whether the connection breaks before the request is even read."""
        due = (one for one in self.faults if one.kind == "reset" and one.method.lower() in {"", method.lower()})
        one = next(due, None)
        if one is not None:
            self._spend(one)
        return one is not None

    def _spend(self, fault: Fault) -> None:
        fault.count -= 1
        if fault.count <= 0:
            self.faults.remove(fault)

    def _due(self, method: str, chat: int | None) -> Fault | None:
        for one in self.faults:
            if one.kind != "reset" and one.method in {"", method} and one.chat in {None, chat}:
                self._spend(one)
                return one
        for kind, chance in self.weather.items():
            if self._dice.random() < chance:
                if kind == "flood":
                    return Fault("json", code=429, parameters={"retry_after": self._dice.randint(1, 3)})
                return Fault("json", code=500) if kind == "error" else Fault(kind, seconds=0.5)
        return None

    # -- the server -------------------------------------------------------------------------------------------------

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/control":
            return await self._control(request)
        called = _CALLED.fullmatch(request.path)
        if called is None or not _TOKEN_SHAPE.fullmatch(called["token"]):
            return _json(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        if called["token"] != self.token:
            return _json(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
        if called["file"]:
            kept = self.files.get(called["rest"].removeprefix("photos/").removesuffix(".jpg"))
            return web.Response(body=kept.data) if kept else web.Response(status=404)
        return await self._method(request, called["rest"])

    async def _method(self, request: web.BaseRequest, name: str) -> web.StreamResponse:
        if self._resets(name):
            return self._cut(request, name, {}, "reset")
        delay = (self.latency + self._dice.random() * self.jitter) / 2
        if delay:
            await asyncio.sleep(delay)
        raw = await _read(request)
        method = self.facts.method(name)
        if method is None or method not in {*self._calls, "getUpdates"}:
            self.problems.append(f"{name}: no such method")
            return _json(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        parameters = self.facts.read(method, raw)
        self.problems += self.facts.request(method, parameters)
        self.methods[method] += 1
        chat = parameters.get("chat_id")
        fault = self._due(method, chat if isinstance(chat, int) else None)
        if fault is not None and not (fault.kind in {"lost", "half"} or (fault.kind == "stall" and fault.accept)):
            return await self._fail(request, method, parameters, fault)
        status, answer = await self._answer(method, parameters)
        self.wire.append(Wire(self.clock(), method, parameters, fault.kind if fault else str(status)))
        if delay:
            await asyncio.sleep(delay)
        if fault is None:
            return _json(status, answer)
        if fault.kind == "half":
            body = json.dumps(answer).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            if request.transport is not None:
                request.transport.write(head + body[: len(body) // 2])
                request.transport.close()
            return web.Response()
        if fault.kind == "stall":
            await asyncio.sleep(fault.seconds)
        return self._cut(request, method, parameters, "")

    async def _answer(self, method: str, parameters: Json) -> tuple[int, Json]:
        try:
            if method == "getUpdates":
                result: Any = await self._get_updates(parameters)
            else:
                result = self._calls[method](parameters)
                async with self._changed:
                    self._changed.notify_all()
        except No as no:
            self.refusals[no.code] += 1
            said: Json = {"ok": False, "error_code": no.code, "description": no.description}
            return no.code, said | ({"parameters": no.parameters} if no.parameters else {})
        if self._strict and method != "getUpdates":
            self.problems += self.facts.answer(method, result)
        return 200, {"ok": True, "result": result}

    async def _fail(self, request: web.BaseRequest, method: str, parameters: Json, fault: Fault) -> web.StreamResponse:
        """Fail without having done anything."""
        self.wire.append(Wire(self.clock(), method, parameters, fault.kind))
        if fault.kind == "stall":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "html":
            page = f"<html><h1>{fault.code}</h1></html>"
            return web.Response(status=fault.code, text=page, content_type="text/html")
        elif fault.kind == "junk":
            return web.Response(text=fault.body, content_type="application/json")
        elif fault.kind == "json":
            self.refusals[fault.code] += 1
            said: Json = {"ok": False, "error_code": fault.code, "description": fault.description or f"No {fault.code}"}
            return _json(fault.code, said | ({"parameters": fault.parameters} if fault.parameters else {}))
        return self._cut(request, method, parameters, "")

    def _cut(self, request: web.BaseRequest, method: str, parameters: Json, outcome: str) -> web.Response:
        """Reset the connection as a dying machine does: not even a polite end."""
        if outcome:
            self.wire.append(Wire(self.clock(), method, parameters, outcome))
        if request.transport is not None:
            wire = request.transport.get_extra_info("socket")
            with suppress(OSError, AttributeError):
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.transport.abort()
        return web.Response()

    # -- updates ----------------------------------------------------------------------------------------------------

    async def _emit(self, kind: str, payload: object, *, checked: bool = True) -> int:
        if kind not in self._wanted and checked:
            self.skipped += 1
            return 0
        number = self._next_update
        update: Json = {"update_id": number, kind: payload}
        self._next_update += 1
        if checked:
            # A copy, because a message may be edited before its update is fetched.
            update = json.loads(json.dumps(update))
            self.problems += self.facts.match("Update", update)
        self._pending.append(update)
        self._post_pending()
        async with self._changed:
            self._changed.notify_all()
        return number

    async def _get_updates(self, parameters: Json) -> list[Json]:
        if self._hook:
            raise No(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first")
        offset = parameters.get("offset", 0)
        limit = parameters.get("limit", 100)
        if "allowed_updates" in parameters:
            self._wanted = frozenset(parameters["allowed_updates"]) or _DEFAULT_WANTED
        if offset < 0:
            offset = self._pending[offset:][0]["update_id"] if self._pending else 0
        if offset:
            done = [one for one in self._pending if one["update_id"] < offset]
            self._pending = [one for one in self._pending if one["update_id"] >= offset]
            self.confirmed += len(done)
            self._done.extend(done)
        self._poller += 1
        mine = self._poller
        async with self._changed:
            self._changed.notify_all()
            with suppress(TimeoutError):
                async with asyncio.timeout(parameters.get("timeout", 0)):
                    await self._changed.wait_for(lambda: self._pending or self._poller != mine or self._hook)
        if self._poller != mine:
            raise No(409, "Conflict: terminated by other getUpdates request; make sure that only one bot is running")
        batch = list(self._pending[:limit])
        if batch and self.duplicate:
            batch += [one for one in (*self._done, *batch) if self._dice.random() < self.duplicate]
        if self.reorder:
            self._dice.shuffle(batch)
        return batch

    def _set_webhook(self, parameters: Json) -> bool:
        if parameters.get("drop_pending_updates"):
            self._pending.clear()
        if "allowed_updates" in parameters:
            self._wanted = frozenset(parameters["allowed_updates"]) or _DEFAULT_WANTED
        self._hook = dict(parameters) if parameters.get("url") else {}
        self._post_pending()
        return True

    def _delete_webhook(self, parameters: Json) -> bool:
        if parameters.get("drop_pending_updates"):
            self._pending.clear()
        self._hook = {}
        return True

    def _webhook_info(self) -> Json:
        url = self._hook.get("url", "")
        return {"url": url, "has_custom_certificate": False, "pending_update_count": len(self._pending)}

    def _post_pending(self) -> None:
        """Send what waits to the webhook, each update in a task of its own, up to as many as it allows."""
        if not self._hook:
            return
        waiting = [one for one in self._pending if one["update_id"] not in self._posting]
        if self.reorder:
            self._dice.shuffle(waiting)
        for update in waiting[: max(0, self._hook.get("max_connections", 40) - len(self._posting))]:
            self._posting.add(update["update_id"])
            task = asyncio.create_task(self._post(update))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _post(self, update: Json) -> None:
        pause = self._hook_pause
        number = update["update_id"]
        try:
            while self._hook and self._session is not None:
                headers = {SECRET_HEADER: self._hook["secret_token"]} if "secret_token" in self._hook else {}
                again = self._dice.random() < self.duplicate
                with suppress(aiohttp.ClientError, OSError, TimeoutError):
                    async with self._session.post(self._hook["url"], json=update, headers=headers) as response:
                        said = await response.read()
                        if response.ok and not again:
                            await self.performed(said)
                            self._pending = [one for one in self._pending if one["update_id"] != number]
                            self.confirmed += 1
                            return
                await asyncio.sleep(pause)
                pause = min(1.0, pause * 2)
        finally:
            self._posting.discard(number)
            self._post_pending()
            async with self._changed:
                self._changed.notify_all()

    async def performed(self, said: bytes) -> None:
        """Do what a webhook asks for in its answer to an update: a method and its parameters; it is told no result."""
        if said:
            raw: Json = json.loads(said)
            method = self.facts.method(str(raw.pop("method", "")))
            if method is None or method not in self._calls:
                self.problems.append("a webhook's answer: no such method")
                return
            parameters = self.facts.read(method, raw)
            self.problems += self.facts.request(method, parameters)
            self.methods[method] += 1
            await self._answer(method, parameters)

    # -- methods ----------------------------------------------------------------------------------------------------

    def _methods(self) -> dict[str, Callable[[Json], Any]]:
        calls: dict[str, Callable[[Json], Any]] = {
            "getMe": lambda _: self._get_me(),
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": lambda _: self._webhook_info(),
            "sendMessage": self._send_message,
            "sendPhoto": self._send_photo,
            "sendDocument": self._send_document,
            "editMessageText": self._edit_text,
            "editMessageCaption": self._edit_caption,
            "editMessageReplyMarkup": self._edit_markup,
            "deleteMessage": self._delete_message,
            "deleteMessages": self._delete_messages,
            "answerCallbackQuery": self._answer_query,
            "sendChatAction": self._chat_action,
            "getFile": self._get_file,
            "leaveChat": self._leave,
        }
        for method, key, missing in (
            ("MyCommands", "commands", []),
            ("MyName", "name", "Payvand"),
            ("MyDescription", "description", ""),
            ("MyShortDescription", "short_description", ""),
        ):
            calls[f"set{method}"] = self._setter(key)
            calls[f"get{method}"] = self._getter(key, missing)
        return calls

    def _get_me(self) -> Json:
        return self._me | {
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    def _send_message(self, parameters: Json) -> Json:
        text, entities = _words(parameters, "text", "entities")
        if not text:
            raise No(400, "Bad Request: message text is empty")
        if length(text) > _TEXT_LIMIT:
            raise No(400, "Bad Request: message is too long")
        held: Json = {"text": text}
        if entities:
            held["entities"] = entities
        return self._sent("sendMessage", parameters, held)

    def _send_photo(self, parameters: Json) -> Json:
        upload = self._file(parameters["photo"])
        if not upload.data.startswith((b"\x89PNG\r\n", b"\xff\xd8")):
            raise No(400, "Bad Request: IMAGE_PROCESS_FAILED")
        size = struct.unpack(">II", upload.data[16:24]) if upload.data.startswith(b"\x89PNG") else (90, 90)
        picture = {**self._kept(upload), "width": size[0], "height": size[1]}
        return self._sent("sendPhoto", parameters, {"photo": [picture], **_caption(parameters)}, upload)

    def _send_document(self, parameters: Json) -> Json:
        upload = self._file(parameters["document"])
        document = {**self._kept(upload), "file_name": upload.name, "mime_type": upload.kind or "text/plain"}
        return self._sent("sendDocument", parameters, {"document": document, **_caption(parameters)}, upload)

    def _file(self, given: Upload | str) -> Upload:
        if isinstance(given, Upload):
            return given
        if given not in self.files:
            raise No(400, "Bad Request: wrong file identifier/HTTP URL specified")
        return self.files[given]

    def _kept(self, upload: Upload) -> Json:
        name = f"file{len(self.files)}"
        self.files[name] = upload
        return {"file_id": name, "file_unique_id": f"u{name}", "file_size": len(upload.data)}

    def _sent(self, method: str, parameters: Json, held: Json, upload: Upload | None = None) -> Json:
        chat = self._open_chat(parameters["chat_id"])
        markup = _markup(parameters)
        self._pass(chat)
        self._next_message += 1
        number = self._next_message
        message = {
            "message_id": number,
            "date": self._now(),
            "chat": self._chat(chat),
            "from": self._me,
            **held,
            **({"reply_markup": markup} if markup else {}),
        }
        self._messages.setdefault(chat, {})[number] = message
        text = _said(held)
        silent = bool(parameters.get("disable_notification"))
        self.sent.append(
            Sent(self.clock(), chat, number, method, text, silent, upload.name if upload is not None else "")
        )
        return message

    def _pass(self, chat: int) -> None:
        wait = self.gate.refuse(chat, self.clock())
        if wait is not None:
            raise No(429, f"Too Many Requests: retry after {wait}", retry_after=wait)

    def _open_chat(self, given: object) -> int:
        """The chat that a bot may write to now."""
        if not isinstance(given, int):
            raise No(400, "Bad Request: chat not found")
        user, group = self.users.get(given), self.groups.get(given)
        if user is not None:
            if user.deactivated:
                raise No(403, "Forbidden: user is deactivated")
            if user.blocked:
                raise No(403, "Forbidden: bot was blocked by the user")
            if not user.started:
                raise No(403, "Forbidden: bot can't initiate conversation with a user")
            return given
        if group is None:
            raise No(400, "Bad Request: chat not found")
        if group.moved is not None:
            moved = "Bad Request: group chat was upgraded to a supergroup chat"
            raise No(400, moved, migrate_to_chat_id=group.moved)
        if not group.here:
            raise No(403, "Forbidden: bot was kicked from the group chat")
        return given

    def _edit_text(self, parameters: Json) -> Json:
        message = self._own(parameters)
        if "text" not in message:
            raise No(400, "Bad Request: there is no text in the message to edit")
        text, entities = _words(parameters, "text", "entities")
        if not text:
            raise No(400, "Bad Request: message text is empty")
        if length(text) > _TEXT_LIMIT:
            raise No(400, "Bad Request: MESSAGE_TOO_LONG")
        return self._edited("editMessageText", parameters, message, {"text": text, "entities": entities})

    def _edit_caption(self, parameters: Json) -> Json:
        message = self._own(parameters)
        if "text" in message:
            raise No(400, "Bad Request: there is no caption in the message to edit")
        caption = {"caption": "", "caption_entities": [], **_caption(parameters)}
        return self._edited("editMessageCaption", parameters, message, caption)

    def _edit_markup(self, parameters: Json) -> Json:
        return self._edited("editMessageReplyMarkup", parameters, self._own(parameters), {})

    def _own(self, parameters: Json) -> Json:
        chat = self._open_chat(parameters.get("chat_id"))
        message = self._messages.get(chat, {}).get(parameters.get("message_id", 0))
        if message is None:
            raise No(400, "Bad Request: message to edit not found")
        if message["from"]["id"] != self._id:
            raise No(400, "Bad Request: message can't be edited")
        return message

    def _edited(self, method: str, parameters: Json, message: Json, changes: Json) -> Json:
        after = {**message, **changes, "reply_markup": _markup(parameters)}
        after = {key: value for key, value in after.items() if value not in ({}, [], "", None)}
        if {**after, "edit_date": 0} == {**message, "edit_date": 0}:
            raise No(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the "
                "same as a current content and reply markup of the message",
            )
        self._pass(message["chat"]["id"])
        message.clear()
        message.update(after, edit_date=self._now())
        text = _said(after)
        self.edits.append(Sent(self.clock(), message["chat"]["id"], message["message_id"], method, text))
        return message

    def _delete_message(self, parameters: Json) -> bool:
        chat = self._messages.get(parameters["chat_id"], {})
        message = chat.get(parameters["message_id"])
        if message is None:
            raise No(400, "Bad Request: message to delete not found")
        return self._delete(parameters["chat_id"], [message])

    def _delete_messages(self, parameters: Json) -> bool:
        chat = self._messages.get(parameters["chat_id"], {})
        return self._delete(parameters["chat_id"], [chat[one] for one in parameters["message_ids"] if one in chat])

    def _delete(self, chat: int, messages: list[Json]) -> bool:
        self._open_chat(chat)
        for message in messages:
            foreign = message["from"]["id"] != self._id and chat < 0
            if foreign or self.clock() - message["date"] > _DELETABLE:
                raise No(400, "Bad Request: message can't be deleted for everyone")
        for message in messages:
            del self._messages[chat][message["message_id"]]
            self.deletes.append(Sent(self.clock(), chat, message["message_id"], "deleteMessages"))
        return True

    def _answer_query(self, parameters: Json) -> bool:
        query = parameters["callback_query_id"]
        pressed = self._queries.get(query)
        if pressed is None or self.clock() - pressed > self.callback_life:
            raise No(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.answers[query] += 1
        return True

    def _chat_action(self, parameters: Json) -> bool:
        self.typing.append(self._open_chat(parameters["chat_id"]))
        return True

    def _get_file(self, parameters: Json) -> Json:
        name = parameters["file_id"]
        if name not in self.files:
            raise No(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        size = len(self.files[name].data)
        if size > _FILE_LIMIT:
            raise No(400, "Bad Request: file is too big")
        return {"file_id": name, "file_unique_id": f"u{name}", "file_size": size, "file_path": f"photos/{name}.jpg"}

    def _leave(self, parameters: Json) -> bool:
        self.groups[self._open_chat(parameters["chat_id"])].here = False
        return True

    def _setter(self, key: str) -> Callable[[Json], bool]:
        def change(parameters: Json) -> bool:
            language = parameters.get("language_code", "")
            if language in self.refused_languages:
                raise No(400, "Bad Request: invalid language code specified")
            self.profile.setdefault(language, {})[key] = parameters.get(key, "")
            return True

        return change

    def _getter(self, key: str, missing: object) -> Callable[[Json], Any]:
        def look(parameters: Json) -> object:
            language = parameters.get("language_code", "")
            kept = self.profile.get(language, {}).get(key, self.profile.get("", {}).get(key, missing))
            return kept if key == "commands" else {key: kept}

        return look

    # -- objects ----------------------------------------------------------------------------------------------------

    def _now(self) -> int:
        return int(self.clock())

    def _person(self, user: int) -> Json:
        known = self.users.setdefault(user, User(user))
        return {"id": user, "is_bot": False, "first_name": known.name, "language_code": known.language}

    def _chat(self, chat: int) -> Json:
        group = self.groups.get(chat)
        if group is None:
            return {"id": chat, "type": "private", "first_name": self.users[chat].name}
        kind = "channel" if group.channel else "supergroup" if group.supergroup else "group"
        return {"id": chat, "type": kind, "title": group.title}

    async def _written(self, user: int, held: Json, chat: int | None) -> int:
        person = self._person(user)
        where = user if chat is None else chat
        if chat is None:
            self.users[user].started = True
            self.users[user].blocked = False
        self._next_message += 1
        number = self._next_message
        message = {
            "message_id": number,
            "date": self._now(),
            "chat": self._chat(where),
            "from": person,
            **held,
        }
        self._messages.setdefault(where, {})[number] = message
        await self._emit("message", message)
        return number

    async def _membership(self, chat: int, user: int, before: str, after: str) -> None:
        def member(status: str) -> Json:
            return {"status": status, "user": self._me} | ({"until_date": 0} if status == "kicked" else {})

        await self._emit(
            "my_chat_member",
            {
                "chat": self._chat(chat),
                "from": self._person(user),
                "date": self._now(),
                "old_chat_member": member(before),
                "new_chat_member": member(after),
            },
        )

    # -- control ----------------------------------------------------------------------------------------------------

    async def _control(self, request: web.BaseRequest) -> web.Response:
        asked = json.loads(await request.read())
        name, args = asked["do"], asked.get("args", {})
        if name not in CONTROL:
            return _json(404, {"ok": False, "description": f"no such wish: {name}"})
        try:
            wish: Any = getattr(self, name)
            result = wish(**args) if callable(wish) else wish
            if isinstance(result, Awaitable):
                result = await result
        except (AssertionError, KeyError, TypeError, TimeoutError) as error:
            return _json(400, {"ok": False, "description": f"{type(error).__name__}: {error}"})
        return _json(200, {"ok": True, "result": result})


# What the control endpoint of a separate process may ask for.
CONTROL: Final = frozenset(
    {
        *("user", "people", "group", "say", "start", "attach", "edit", "tap", "block", "unblock", "deactivate"),
        *("add_bot", "remove_bot", "migrate", "renumber", "update"),
        *("chat", "shown", "hears", "stats", "per_chat", "sent", "edits", "deletes", "problems", "pending", "profile"),
        *("fault", "storm", "mischief", "limit", "slow"),
    }
)


def _said(message: Json) -> str:
    return str(message.get("text", message.get("caption", "")))


def codes(message: Mapping[str, Any]) -> list[str]:
    """The codes of the buttons under a message."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["callback_data"] for row in rows for button in row if "callback_data" in button]


async def _read(request: web.BaseRequest) -> dict[str, object]:
    """The parameters of a request, in any of the encodings that the Bot API takes."""
    raw: dict[str, object] = dict(request.query)
    kind = request.content_type
    if kind == "application/json":
        raw |= json.loads(await request.read() or b"{}")
    elif kind == "multipart/form-data":
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                with value.file as file:
                    raw[name] = Upload(value.filename, file.read(), value.content_type)
            else:
                raw[name] = value
    else:
        raw |= dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
    return _attachments(raw)


def _attachments(raw: dict[str, object]) -> dict[str, object]:
    """Put files that are named by ``attach://`` where they are named."""
    named = {value[9:] for value in raw.values() if isinstance(value, str) and value.startswith("attach://")}
    return {
        name: raw.get(value[9:], value) if isinstance(value, str) and value.startswith("attach://") else value
        for name, value in raw.items()
        if name not in named
    }


def _words(parameters: Json, key: str, entities: str) -> tuple[str, list[Json]]:
    text = parameters.get(key, "")
    mode = parameters.get("parse_mode")
    if not mode:
        return text.strip(), parameters.get(entities, [])
    if mode != "HTML":
        raise No(400, "Bad Request: unsupported parse_mode")
    try:
        return read_html(text)
    except Unparsable as error:
        raise No(400, f"Bad Request: can't parse entities: {error}") from None


def _caption(parameters: Json) -> Json:
    text, entities = _words(parameters, "caption", "caption_entities")
    if length(text) > _CAPTION_LIMIT:
        raise No(400, "Bad Request: message caption is too long")
    return ({"caption": text} if text else {}) | ({"caption_entities": entities} if entities else {})


def _markup(parameters: Json) -> Json | None:
    markup: Json | None = parameters.get("reply_markup")
    for row in (markup or {}).get("inline_keyboard", []):
        for button in row:
            if not button.get("text"):
                raise No(400, "Bad Request: text buttons are unallowed in the inline keyboard")
            if len(button.get("callback_data", "x").encode()) not in range(1, _BUTTON_LIMIT + 1):
                raise No(400, "Bad Request: BUTTON_DATA_INVALID")
            if "url" in button and not re.match(r"(?:https?://[^\s.]+\.|tg://)", button["url"]):
                raise No(400, f"Bad Request: inline keyboard button URL '{button['url']}' is invalid")
    return markup


def _json(status: int, content: Json) -> web.Response:
    return web.Response(
        status=status, body=json.dumps(content, default=_plain).encode(), content_type="application/json"
    )


def _plain(value: object) -> object:
    if isinstance(value, Sent):
        return asdict(value)
    return list(value) if isinstance(value, range | deque | set | frozenset) else str(value)


async def _run(options: argparse.Namespace) -> None:
    limits = Limits.documented(options.penalty) if options.limits else None
    async with Emulator(
        options.token,
        seed=options.seed,
        port=options.port,
        latency=options.latency / 1000,
        jitter=options.jitter / 1000,
        limits=limits,
        strict=not options.trusting,
    ) as emulator:
        print(json.dumps({"url": emulator.url, "token": emulator.token}), flush=True)  # noqa: T201 - its one line
        await asyncio.Event().wait()


def main() -> None:
    """Run until killed. The first line on stdout is JSON with ``url`` and ``token``."""
    parser = argparse.ArgumentParser(description="A Bot API server for tests.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="milliseconds")
    parser.add_argument("--jitter", type=float, default=0.0, help="milliseconds on top, at most")
    parser.add_argument("--limits", action="store_true", help="keep the documented limits")
    parser.add_argument("--penalty", type=float, default=0.0, help="least seconds that a 429 costs")
    parser.add_argument("--trusting", action="store_true", help="don't check the emulator's own answers (faster)")
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
