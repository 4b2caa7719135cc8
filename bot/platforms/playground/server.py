"""Serves the playground's page to this one computer, and carries what people do there and what appears."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import segno
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from bot.i18n import LANGUAGES
from bot.platforms.playground.frame import JUMPS, frame, in_each_language
from bot.platforms.playground.nodes import nodes, words

if TYPE_CHECKING:
    from bot.domain.conversation import Attachment, Line
    from bot.platforms.memory import Change, Clock, MemoryPlatform, Message, Persona

Tell: TypeAlias = "Callable[[Line, int, int], None]"
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
Json: TypeAlias = dict[str, Any]

HOST = "127.0.0.1"
LONGEST_JUMP = timedelta(days=7)
# A person's own words end long before this; whatever is bigger does not come from the page.
LONGEST_REQUEST = 64 * 1024
LONGEST_TEXT = 4096
FIRST_LINE = 90
# How long a person waits for the answer to /language before the playground gives up choosing for them, in seconds.
PATIENCE = 5.0

PAGE = {
    "": ("page.html", "text/html"),
    "page.css": ("page.css", "text/css"),
    "page.js": ("page.js", "text/javascript"),
    "mark.svg": ("mark.svg", "image/svg+xml"),
}

log = structlog.get_logger(__name__)


class Tale(Protocol):
    """A story that the page can play, each time from its beginning."""

    async def play(self, playground: Playground, tell: Tell, view: str) -> None:
        """Play the one of a view. `tell` says what happens now, and which scene of how many this is."""


class Playground:
    """The page of a `cast` who talk to the bot through `memory`, in the time of `clock`; perhaps with a story.

    `views` are the accounts whose phones are shown together, by the view's name; without any all are shown.

    Only this computer can reach it: it binds the loopback address, answers to its own name only (a foreign page
    can't rebind its name to it), and everything lies under a random path made anew at each start.
    """

    def __init__(
        self,
        memory: MemoryPlatform,
        clock: Clock,
        cast: Sequence[Persona],
        tale: Tale | None = None,
        views: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._tale = tale
        self._views = views or {"": [persona.account for persona in cast]}
        self._playing: asyncio.Task[None] | None = None
        self._scene: Json | None = None
        self._memory = memory
        self._clock = clock
        self._cast = {persona.account: persona for persona in cast}
        self._token = secrets.token_urlsafe(24)
        self._hosts: frozenset[str] = frozenset()
        self._runner: web.AppRunner | None = None
        self._sockets: dict[web.WebSocketResponse, asyncio.Queue[str]] = {}
        self._leave: Callable[[], None] = lambda: None

    async def serve(self, port: int = 0) -> str:
        """Open the page on `port` (0: any free one) and give its address. Raises OSError if the port is taken."""
        app = web.Application(middlewares=[self._guard], client_max_size=LONGEST_REQUEST)
        app.router.add_get("/{token}/live", self._live)
        app.router.add_get("/{token}/file/{account}/{message}", self._file)
        app.router.add_get("/{token}/{name:[a-z.]*}", self._page)
        # No access log: the address holds the key to the page.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError:
            await runner.cleanup()
            raise
        taken: int = runner.addresses[0][1]
        self._hosts = frozenset({f"{HOST}:{taken}", f"localhost:{taken}"})
        self._runner = runner
        self._leave = self._memory.watch(self._changed)
        return f"http://{HOST}:{taken}/{self._token}/"

    def move_in(self, memory: MemoryPlatform, clock: Clock) -> None:
        """Show another community of the same cast: every open page begins anew."""
        self._leave()
        self._memory, self._clock = memory, clock
        self._leave = memory.watch(self._changed)
        self._tell(self._hello())

    async def close(self) -> None:
        """Say goodbye to every open page and free the port."""
        await self._stop()
        self._leave()
        for socket in tuple(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # -- who may come in -----------------------------------------------------------------------------------------

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        # A page elsewhere may point its own name at this address; the Host header then still tells its name.
        if request.headers.getall("Host", []) != [request.host] or request.host not in self._hosts:
            return _plainly(421, "This page answers only to its own address.")
        token = request.match_info.get("token", "")
        if not secrets.compare_digest(token.encode(), self._token.encode()):
            return _plainly(403, "Open the whole address that was printed at the start.")
        try:
            response = await handler(request)
        except web.HTTPException as refusal:
            return _plainly(refusal.status, refusal.reason)
        return response

    # -- what is served ------------------------------------------------------------------------------------------

    async def _page(self, request: web.Request) -> web.Response:
        found = PAGE.get(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        name, kind = found
        body = files(__package__).joinpath(name).read_bytes()
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=_headers(request.host))

    async def _file(self, request: web.Request) -> web.Response:
        account, name = request.match_info["account"], request.match_info["message"]
        for message in self._memory.chat(account):
            if message.id == name and message.attachment is not None:
                headers = _headers(request.host) | {"Content-Disposition": "attachment"}
                return web.Response(
                    body=message.attachment.data, content_type="application/octet-stream", headers=headers
                )
        raise web.HTTPNotFound

    # -- the live wire -------------------------------------------------------------------------------------------

    async def _live(self, request: web.Request) -> web.StreamResponse:
        # Browsers let any page open a socket to anywhere, so the socket itself asks where the page came from.
        if request.headers.getall("Origin", []) != [f"http://{request.host}"]:
            raise web.HTTPForbidden
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=LONGEST_REQUEST)
        await socket.prepare(request)
        outgoing: asyncio.Queue[str] = asyncio.Queue()
        outgoing.put_nowait(json.dumps(self._hello()))
        self._sockets[socket] = outgoing
        writing = asyncio.create_task(_write(socket, outgoing))
        try:
            async for frame_ in socket:
                if frame_.type is WSMsgType.TEXT and not await self._obey(frame_.data):
                    outgoing.put_nowait(json.dumps({"type": "trouble"}))
        finally:
            del self._sockets[socket]
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
        return socket

    async def _obey(self, frame_: str) -> bool:
        try:
            wish = json.loads(frame_)
            act = self._acts[wish["do"]]
            await act(self, wish)
        except (KeyError, LookupError, TypeError, ValueError):
            return False
        except Exception as failure:  # noqa: BLE001 - the page stays open whatever the bot does
            log.error("playground.failed", kind=type(failure).__name__)  # noqa: TRY400 - it may quote a person
            return False
        return True

    def _who(self, wish: Json) -> str:
        return self._cast[wish["who"]].account

    async def _say(self, wish: Json) -> None:
        text = str(wish["text"])
        if not text.strip() or len(text) > LONGEST_TEXT:
            raise ValueError
        await self._memory.say(self._who(wish), text)

    async def _press(self, wish: Json) -> None:
        await self._memory.press(self._who(wish), str(wish["message"]), str(wish["code"]))

    async def _start(self, wish: Json) -> None:
        await self._memory.start(self._who(wish), str(wish.get("payload", "")))

    async def _forward(self, wish: Json) -> None:
        by = timedelta(minutes=int(wish["minutes"]))
        if not timedelta(0) < by <= LONGEST_JUMP:
            raise ValueError
        self._clock.advance(by)
        self._tell(self._time())

    async def _now(self, _: Json) -> None:
        self._tell(self._time())

    async def _language(self, wish: Json) -> None:
        """Do what a person does: ask for the languages, unless they stand there already, and press one's own."""
        account, language = self._who(wish), str(wish["language"])
        if language not in LANGUAGES:
            raise ValueError
        standing = [message for message in self._memory.chat(account) if message.from_bot][-1:]
        offered = _offer(standing[0], language) if standing else ""
        if offered:
            await self._memory.press(account, standing[0].id, offered)
            return
        arrived: asyncio.Queue[Message] = asyncio.Queue()

        def look(change: Change) -> None:
            if change.message.account == account and _offer(change.message, language):
                arrived.put_nowait(change.message)

        leave = self._memory.watch(look)
        try:
            await self._memory.say(account, "/language")
            async with asyncio.timeout(PATIENCE):
                message = await arrived.get()
        except TimeoutError:
            raise LookupError from None
        finally:
            leave()
        await self._memory.press(account, message.id, _offer(message, language))

    async def _pass_on(self, wish: Json) -> None:
        """Let somebody forward words to the bot."""
        text = str(wish["text"])
        if not text.strip() or len(text) > LONGEST_TEXT:
            raise ValueError
        await self._memory.forward(self._who(wish), text)

    async def _play(self, wish: Json) -> None:
        """Play the story of a view from its beginning."""
        view = str(wish.get("view", ""))
        if self._tale is None or view not in self._views:
            raise LookupError
        await self._stop()
        self._playing = asyncio.create_task(self._perform(self._tale, view), name="story")

    async def _perform(self, tale: Tale, view: str) -> None:
        try:
            await tale.play(self, self._next_scene, view)
        except Exception as failure:  # noqa: BLE001 - the page stays open whatever the story does
            log.error("playground.failed", kind=type(failure).__name__)  # noqa: TRY400 - it may quote a person
            self._tell({"type": "trouble"})
        finally:
            self._scene = None
            self._tell({"type": "scene", "scene": None, "now": self._clock.now().isoformat()})

    def _next_scene(self, caption: Line, number: int, of: int) -> None:
        now = self._clock.now()
        self._scene = {"caption": in_each_language(caption, now), "number": number, "of": of}
        self._tell({"type": "scene", "scene": self._scene, "now": now.isoformat()})

    async def _stop(self, _: Json | None = None) -> None:
        """Let the story end where it is: what has happened stays."""
        playing, self._playing = self._playing, None
        if playing is not None:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)

    _acts: Mapping[str, Callable[[Playground, Json], Awaitable[None]]] = {
        "say": _say,
        "pass": _pass_on,
        "press": _press,
        "start": _start,
        "forward": _forward,
        "now": _now,
        "language": _language,
        "play": _play,
        "stop": _stop,
    }

    # -- what is told --------------------------------------------------------------------------------------------

    def _changed(self, change: Change) -> None:
        if change.message.account in self._cast:
            self._tell({"type": change.kind, "message": shown(change.message), "now": self._clock.now().isoformat()})

    def _tell(self, news: Json) -> None:
        text = json.dumps(news)
        for outgoing in self._sockets.values():
            outgoing.put_nowait(text)

    def _time(self) -> Json:
        return {"type": "clock", "now": self._clock.now().isoformat()}

    def _hello(self) -> Json:
        now = self._clock.now()
        return {
            "type": "hello",
            "now": now.isoformat(),
            "frame": {language: frame(language, now) for language in LANGUAGES},
            "jumps": [by // timedelta(minutes=1) for by, _ in JUMPS],
            "commands": self._commands(),
            "tale": self._tale is not None,
            "scene": self._scene,
            "views": self._views,
            "cast": [
                {
                    "account": persona.account,
                    "name": in_each_language(persona.name, now),
                    "about": in_each_language(persona.about, now),
                    "language": persona.language,
                    "zone": persona.zone,
                    "chat": [shown(message) for message in self._memory.history(persona.account)],
                }
                for persona in self._cast.values()
            ],
        }

    def _commands(self) -> dict[str, dict[str, str]]:
        return {
            language: {name: text for name, text in texts.items() if name.startswith("/")}
            for language, texts in self._memory.described.items()
        }


def shown(message: Message) -> Json:
    """Describe a message as the page needs it. Of a deleted one only the place where it stood is left."""
    if message.deleted:
        return {"id": message.id, "account": message.account, "deleted": True, "at": message.at.isoformat()}
    tree = nodes(message.text)
    return {
        "id": message.id,
        "account": message.account,
        "bot": message.from_bot,
        "text": tree,
        "first": words(tree).strip().partition("\n")[0][:FIRST_LINE],
        "at": message.at.isoformat(),
        "buttons": [
            [{"label": button.label, "code": button.code, "link": button.link} for button in row]
            for row in message.buttons
        ],
        "edits": message.edits,
        "silent": message.silent,
        "language": message.language,
        "forwarded": message.forwarded,
        "attachment": _attached(message.attachment),
    }


def _offer(message: Message, language: str) -> str:
    """Find the code of the button that chooses a language: ``verb:tg``, perhaps with more behind it. "" if none."""
    codes = (button.code for button in message.choices)
    return next((code for code in codes if code.split(":")[1:2] == [language]), "")


def _attached(attachment: Attachment | None) -> Json | None:
    if attachment is None:
        return None
    if attachment.kind == "qr":
        code = segno.make(attachment.data.decode(), micro=False, error="m")
        return {"kind": "qr", "name": attachment.name, "picture": code.svg_data_uri(scale=4, border=3, light="#fff")}
    if attachment.kind == "picture":
        kind = "jpeg" if attachment.data.startswith(b"\xff\xd8") else "png"
        picture = f"data:image/{kind};base64,{base64.b64encode(attachment.data).decode()}"
        return {"kind": "picture", "name": attachment.name, "picture": picture}
    return {"kind": "file", "name": attachment.name, "size": len(attachment.data)}


async def _write(socket: web.WebSocketResponse, outgoing: asyncio.Queue[str]) -> None:
    with suppress(ConnectionError):
        while True:
            await socket.send_str(await outgoing.get())


def _headers(host: str) -> dict[str, str]:
    """Nothing may come from elsewhere, nothing may go elsewhere, and no text may turn into a script."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cache-Control": "no-store",
    }


def _plainly(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, headers=_headers(HOST))
