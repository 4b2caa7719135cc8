"""The wire to a homeserver: one attempt at a request, and each failure sorted by what is known of the request's fate.

The access token lives here only. Nothing is ever retried here: how long to wait and whether a second attempt is safe
is for those to decide who keep the account's one budget. Failures are of our own kind, raised in a frame that never
saw an address, a token, an id or a text.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from types import SimpleNamespace, TracebackType
from typing import Any, Final, Self
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

_CODE: Final = re.compile(r"[A-Z][A-Z0-9_.]{1,63}", re.ASCII)
_IDLE_SECONDS: Final = 15.0
_UNSAID_PAUSE: Final = 5.0
_LONGEST_PAUSE: Final = 86_400.0
_DEEP: Final = 20_000


class MatrixError(Exception):
    """Something that was asked of the homeserver did not succeed. Carries no id, text, address or token."""


class Unsent(MatrixError):  # noqa: N818 - it names what happened
    """Surely not taken: no connection was made, or the keys that a message needs could not be shared."""


class Unknown(MatrixError):  # noqa: N818 - it names what happened
    """The request left, and what came back (or didn't) does not tell whether it was done."""


class Throttled(MatrixError):  # noqa: N818 - it names what happened
    """Surely not taken: the homeserver asks for a pause of `wait`."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"the homeserver asks to wait {wait.total_seconds():.1f} s")
        self.wait = wait


class TokenRevoked(MatrixError):  # noqa: N818 - it names what happened
    """The access token is no longer taken. `soft`: the device lives on, and a new login may keep it."""

    def __init__(self, *, soft: bool = False) -> None:
        super().__init__("the homeserver no longer takes the access token")
        self.soft = soft


class Denied(MatrixError):  # noqa: N818 - it names what happened
    """The homeserver said no. `status` is the HTTP status, `code` its word for it (as ``M_FORBIDDEN``) or ""."""

    def __init__(self, status: int = 0, code: str = "") -> None:
        super().__init__(f"the homeserver answered {status} {code}".rstrip())
        self.status = status
        self.code = code


class Forbidden(Denied):
    """We may not: not (or no longer) in the room, banned, or without the power."""


class NotFound(Denied):
    """There is no such thing."""


class Refused(Denied):
    """Refused for what it is (malformed, too large): trying again is useless."""


class Unread(MatrixError):  # noqa: N818 - it names what happened
    """Surely not sent: nobody else in the room has a device that could read it."""


class LoginRefused(MatrixError):  # noqa: N818 - it names what happened
    """The homeserver lets nobody in with this name and password, or not this way; the sentence says what to do."""


class Challenged(Denied):
    """The homeserver wants to see the password for this (user-interactive authentication): its session and ways."""

    def __init__(self, session: str, ways: tuple[tuple[str, ...], ...]) -> None:
        super().__init__(HTTPStatus.UNAUTHORIZED)
        self.session = session
        self.ways = ways


@dataclass(slots=True)
class _Departure:
    """Whether a request, or an earlier try of it that aiohttp made, has left on some connection."""

    left: bool = False


async def _departed(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _sent: aiohttp.TraceRequestHeadersSentParams
) -> None:
    context.trace_request_ctx.left = True


class Wire:
    """Requests to one homeserver over pooled aiohttp.

    `base` is its address, as ``https://matrix.example.org``; a ValueError that doesn't repeat it says when it is none.
    `connect` and `answer` bound the wait for a connection and for an answer, in seconds.
    """

    def __init__(self, base: str, *, connect: float = 10.0, answer: float = 30.0, connections: int = 32) -> None:
        url = URL(base.rstrip("/") + "/")
        if url.scheme not in {"http", "https"} or not url.host:
            msg = "The homeserver's address must look like https://matrix.example.org"
            raise ValueError(msg)
        self.token = ""
        self._base: Final = url
        self._connect: Final = connect
        self._answer: Final = answer
        self._connections: Final = connections
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        """Nothing that is secret."""
        return "Wire()"

    async def __aenter__(self) -> Self:
        """Open it."""
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()

    async def open(self) -> None:
        """Open the pool (once)."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=_IDLE_SECONDS)
            watch = aiohttp.TraceConfig()
            watch.on_request_headers_sent.append(_departed)
            self._session = aiohttp.ClientSession(
                connector=connector,
                headers={"User-Agent": "payvand"},
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[watch],
            )

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def ask(  # noqa: PLR0913 - a request has this many sides
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        hold: float = 0.0,
        token: str | None = None,
    ) -> dict[str, Any]:
        """Send JSON and return the answer's JSON object. Raises a `MatrixError`.

        `path` is below ``/_matrix/``, its parts already quoted (see `parts`). `hold` is how much longer (seconds) the
        server may take than usual, as when it waits for news. `token` speaks with another token than ours; "" with
        none.
        """
        data = None if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        payload = await self.send(method, path, data, query=query, hold=hold, token=token)
        answer = decoded(payload)
        if answer is None:
            raise Unknown
        return answer

    async def send(  # noqa: PLR0913 - a request has this many sides
        self,
        method: str,
        path: str,
        data: bytes | None,
        *,
        kind: str = "application/json",
        query: Mapping[str, str] | None = None,
        hold: float = 0.0,
        token: str | None = None,
        limit: int | None = None,
    ) -> bytes:
        """Send bytes and return the answer's bytes, at most `limit` of them. Raises a `MatrixError`."""
        outcome = await self._attempt(method, path, data, kind, query, hold, token, limit)
        if isinstance(outcome, MatrixError):
            raise outcome
        return outcome

    async def _attempt(  # noqa: PLR0913, PLR0917 - a request has this many sides
        self,
        method: str,
        path: str,
        data: bytes | None,
        kind: str,
        query: Mapping[str, str] | None,
        hold: float,
        token: str | None,
        limit: int | None,
    ) -> bytes | MatrixError:
        if self._session is None:
            return Unsent()
        headers = {"Content-Type": kind} if data is not None else {}
        spoken = self.token if token is None else token
        if spoken:
            headers["Authorization"] = f"Bearer {spoken}"
        wait = self._answer + hold
        patience = aiohttp.ClientTimeout(
            total=self._connect + wait + len(data or b"") / 20_000,  # as slow a line as 20 kB/s
            connect=self._connect,
            sock_connect=self._connect,
            sock_read=wait,
        )
        # Already quoted by us: yarl must not decode %2F in an id, which would make it another path.
        address = URL(f"{self._base}_matrix/{path}{'?' + urlencode(query) if query else ''}", encoded=True)
        departure = _Departure()
        try:
            async with self._session.request(
                method,
                address,
                data=data,
                headers=headers,
                allow_redirects=False,
                timeout=patience,
                trace_request_ctx=departure,
            ) as response:
                status = response.status
                if limit is None:
                    payload = await response.read()
                else:
                    payload = await response.content.read(limit + 1)
                    while len(payload) <= limit and (more := await response.content.read(limit + 1 - len(payload))):
                        payload += more
                    if len(payload) > limit:
                        return Refused(status, "M_TOO_LARGE")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            # aiohttp tries an idempotent request once more by itself: if that finds nobody, the first may have arrived
            return Unknown() if departure.left else Unsent()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return Unknown()
        return _refusal(status, payload, response.headers.get("Retry-After", "")) or payload


def parts(*names: str) -> str:
    """Put names (ids, types) together to a path, each of them quoted, so that no id can leave its place."""
    return "/".join(quote(name, safe="") for name in names)


def decoded(payload: bytes) -> dict[str, Any] | None:
    """Read a JSON object; None for anything else.

    Somebody's event may be nested nearly as deep as the homeserver can stand: then it is read with more room, since a
    sync that can't be read would come again for ever.
    """
    try:
        data = json.loads(payload)
    except RecursionError:
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(max(before, _DEEP))
        try:
            data = json.loads(payload)
        except (ValueError, RecursionError):
            return None
        finally:
            sys.setrecursionlimit(before)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _refusal(status: int, payload: bytes, retry_after: str) -> MatrixError | None:  # noqa: PLR0911 - one per kind
    """What an answer means that is not a success; None for a success."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    data = decoded(payload) or {}
    said = data.get("errcode")
    code = said if isinstance(said, str) and _CODE.fullmatch(said) else ""
    if status == HTTPStatus.TOO_MANY_REQUESTS or code == "M_LIMIT_EXCEEDED":
        return Throttled(timedelta(seconds=_pause(data.get("retry_after_ms"), retry_after)))
    if code in {"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED"}:
        return TokenRevoked(soft=data.get("soft_logout") is True)
    if status == HTTPStatus.UNAUTHORIZED and "flows" in data:
        return _challenge(data)
    if status not in range(400, 500) or status == HTTPStatus.REQUEST_TIMEOUT:
        return Unknown()
    if not code and not data:  # a proxy in front of the homeserver, and not the homeserver
        return Unknown()
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return Forbidden(status, code)
    if status == HTTPStatus.NOT_FOUND and code != "M_UNRECOGNIZED":
        return NotFound(status, code)
    return Refused(status, code)


def _challenge(data: Mapping[str, object]) -> Challenged:
    session, flows = data.get("session"), data.get("flows")
    ways: list[tuple[str, ...]] = []
    for flow in flows if isinstance(flows, list) else ():
        stages = flow.get("stages") if isinstance(flow, dict) else None
        if isinstance(stages, list):
            ways.append(tuple(one for one in stages if isinstance(one, str)))
    return Challenged(session if isinstance(session, str) else "", tuple(ways))


def _pause(milliseconds: object, seconds: str) -> float:
    """How long to wait, in seconds. Some servers say it in the body, newer ones in a header."""
    if isinstance(milliseconds, int | float) and not isinstance(milliseconds, bool) and milliseconds >= 0:
        return min(max(milliseconds / 1000, 0.1), _LONGEST_PAUSE)
    if seconds.isascii() and seconds.isdigit():
        return min(max(float(seconds), 0.1), _LONGEST_PAUSE)
    return _UNSAID_PAUSE
