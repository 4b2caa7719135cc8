"""The wire to Telegram: requests over pooled aiohttp, and each failure sorted by what is known of the request's fate.

The token lives here only. python-telegram-bot's `Bot` is given a placeholder and paths such as ``/sendMessage``, so
nothing that it prints, logs or raises can hold a secret; and every failure of aiohttp (whose sentences name the whole
address) is replaced by one of three of our own, raised in a frame that has no chain to it and never held it.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from telegram import Bot
from telegram.error import NetworkError, TelegramError
from telegram.request import BaseRequest, RequestData
from yarl import URL

OFFICIAL: Final = "https://api.telegram.org"

_TOKEN = re.compile(r"(?P<bot>[0-9]{1,20}):[A-Za-z0-9_-]{3,128}", re.ASCII)
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON: Final = {"Content-Type": "application/json"}  # a third of a form's bytes where words are Cyrillic
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# Below the server's own patience with idle connections: a request on a connection that the other end is just closing
# has an unknown fate, and each unknown may become a message said twice.
_IDLE_SECONDS: Final = 15.0
_UPLOAD_SECONDS: Final = 60.0
_FILE_SECONDS: Final = 120.0
# Where a file lies. A Bot API server in local mode gives a path on its own disk instead, which is not ours to open.
_FILE_PATH = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./-]{0,255}", re.ASCII)


class Unsent(NetworkError):  # noqa: N818 - it names what happened
    """No connection could be made (or none was free): not one byte of the request has left."""

    def __init__(self) -> None:
        super().__init__("no connection to the Bot API")


class Unanswered(NetworkError):  # noqa: N818 - it names what happened
    """The request left, and what came back does not tell whether it was done."""

    def __init__(self) -> None:
        super().__init__("no usable answer from the Bot API")


class Oversized(NetworkError):  # noqa: N818 - it names what happened
    """A file is larger than was asked for."""

    def __init__(self) -> None:
        super().__init__("the file is too large")


class Answered(TelegramError):  # noqa: N818 - it names what happened
    """The Bot API said no.

    `status` is the HTTP status (4xx), `description` the server's sentence in lower case (for comparing, never for
    logs), `retry_after` the pause in seconds that it asks for, `migrate_to` the new id of a chat that moved.
    """

    def __init__(self, status: int, description: str, retry_after: int | None, migrate_to: int | None) -> None:
        super().__init__(f"the Bot API answered {status}")
        self.status = status
        self.description = description.lower()
        self.retry_after = retry_after
        self.migrate_to = migrate_to


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds: for a connection (a free one in the pool included), and for an answer."""

    connect: float = 10.0
    answer: float = 20.0


class AiohttpRequest(BaseRequest):
    """A `BaseRequest` on one aiohttp session; it alone knows the token.

    `base_url` is the Bot API's address without token, as ``https://api.telegram.org``. `connections` bounds what is in
    flight at once. Nothing is ever retried here: whether a second attempt is safe is the outbox's to decide.
    """

    def __init__(
        self, token: str, *, base_url: str = OFFICIAL, connections: int = 256, patience: Patience | None = None
    ) -> None:
        shape = _TOKEN.fullmatch(token)
        if shape is None:
            msg = "The Telegram token is not one: copy it again from @BotFather (digits, a colon, letters)."
            raise ValueError(msg)
        self.bot: Final = shape["bot"]
        self._prefix: Final = URL(f"{base_url.rstrip('/')}/bot{token}/")
        self._files: Final = URL(f"{base_url.rstrip('/')}/file/bot{token}/")
        self._connections: Final = connections
        self._patience: Final = patience or Patience()
        self._session: aiohttp.ClientSession | None = None
        self._addresses: Final[dict[str, URL]] = {}

    def __repr__(self) -> str:
        """Name the bot account, and nothing that is secret."""
        return f"AiohttpRequest(bot={self.bot})"

    @property
    def read_timeout(self) -> float:
        """The default time to wait for an answer, in seconds."""
        return self._patience.answer

    async def initialize(self) -> None:
        """Open the pool (once)."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=_IDLE_SECONDS)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), headers={"User-Agent": "payvand"}
            )

    async def shutdown(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(  # noqa: PLR0913, PLR0917 - the signature is python-telegram-bot's
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ANN401 - their DefaultValue has no public name
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ANN401, ARG002
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ANN401, ARG002
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ANN401, ARG002
    ) -> tuple[int, bytes]:
        """Send one request of python-telegram-bot's. Raises `Unsent`, `Unanswered` or `Answered`."""
        answer = read_timeout if isinstance(read_timeout, int | float) else self._patience.answer
        name = url.lstrip("/")
        if request_data is not None and request_data.contains_files:
            form = aiohttp.FormData(request_data.json_parameters)
            for field, (filename, content, kind) in request_data.multipart_data.items():
                form.add_field(field, content, filename=filename, content_type=kind)
            return await self._exchange(name, form, {}, answer, _UPLOAD_SECONDS, method=method)
        body = request_data.url_encoded_parameters().encode() if request_data is not None else b""
        return await self._exchange(name, body, _FORM, answer, method=method)

    async def ask(self, method: str, parameters: Mapping[str, object], *, answer: float | None = None) -> object:
        """Call a method and return the bare ``result``. Raises `Unsent`, `Unanswered` or `Answered`.

        For updates: python-telegram-bot decodes a batch as a whole, so that one malformed update would hide the rest
        behind an exception, and it logs what it could not read.
        """
        wait = self._patience.answer if answer is None else answer
        _, payload = await self._exchange(method, _encode(parameters).encode(), _JSON, wait)
        return self.parse_json_payload(payload)["result"]

    async def download(self, path: str, limit: int) -> bytes:
        """The bytes of a file where `getFile` says that it lies, at most `limit` of them.

        Raises `Unsent`, `Unanswered`, `Oversized` or `Answered`.
        """
        if not _FILE_PATH.fullmatch(path):
            raise Answered(HTTPStatus.NOT_FOUND, "", None, None)
        outcome = await self._load(path, limit)
        if isinstance(outcome, TelegramError):
            raise outcome
        return outcome

    async def _load(self, path: str, limit: int) -> bytes | TelegramError:
        if self._session is None:
            return Unsent()
        connect, answer = self._patience.connect, self._patience.answer
        patience = aiohttp.ClientTimeout(
            total=connect + _FILE_SECONDS, connect=connect, sock_connect=connect, sock_read=answer
        )
        try:
            async with self._session.get(
                self._files.joinpath(*path.split("/")), allow_redirects=False, timeout=patience
            ) as response:
                got = bytearray()
                async for part in response.content.iter_chunked(65_536):
                    got += part
                    if len(got) > limit:
                        return Oversized()
                status = response.status
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Unsent()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return Unanswered()
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return Answered(status, "", None, None)
        return bytes(got) if status == HTTPStatus.OK else _refusal(status, bytes(got)) or Unanswered()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read a successful answer. Raises `Unanswered`, and unlike the original says nothing of what it saw."""
        data = _json_object(payload)
        if data is None or data.get("ok") is not True or "result" not in data:
            raise Unanswered
        return data

    async def _exchange(  # noqa: PLR0913 - one exchange has this many sides
        self,
        name: str,
        body: bytes | aiohttp.FormData,
        headers: Mapping[str, str],
        answer: float,
        upload: float = 10.0,
        *,
        method: str = "POST",
    ) -> tuple[int, bytes]:
        """Send a request and give back a success; raise in a frame that never saw the address."""
        connect = self._patience.connect
        patience = aiohttp.ClientTimeout(
            total=connect + upload + answer, connect=connect, sock_connect=connect, sock_read=answer
        )
        outcome = await self._attempt(method, name, body, headers, patience)
        if isinstance(outcome, TelegramError):
            raise outcome
        return outcome

    async def _attempt(
        self,
        method: str,
        name: str,
        body: bytes | aiohttp.FormData,
        headers: Mapping[str, str],
        patience: aiohttp.ClientTimeout,
    ) -> tuple[int, bytes] | TelegramError:
        if self._session is None:
            return Unsent()
        address = self._addresses.get(name)
        if address is None:
            address = self._addresses[name] = self._prefix.joinpath(name)
        try:
            async with self._session.request(
                method,
                address,
                data=body,
                headers=headers,
                allow_redirects=False,  # an answer that sends us elsewhere is not the Bot API's
                timeout=patience,
            ) as response:
                status, payload = response.status, await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Unsent()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return Unanswered()
        return _refusal(status, payload) or (status, payload)


class SilentBot(Bot):
    """python-telegram-bot's `Bot` without a token and without a voice: its debug lines would hold people's words.

    Words, nearly all that is ever sent, and what goes with them have a short way of their own: to build the hundred and
    more fields of the answer's `Message` costs more than the whole exchange, and only one number of it is needed.
    """

    __slots__ = ("_wire",)
    _LOGGER = logging.Logger("payvand.silent", logging.CRITICAL + 1)  # noqa: LOG001 - outside the tree: nobody can wake it

    def __init__(self, wire: AiohttpRequest) -> None:
        super().__init__(
            token=f"{wire.bot}:kept-by-the-wire",
            base_url=_nowhere,
            base_file_url=_nowhere,
            request=wire,
            get_updates_request=wire,
        )
        self._wire = wire

    async def say(
        self, chat: int, text: str, keyboard: Mapping[str, object] | None = None, *, silent: bool = False
    ) -> object:
        """Send words in Telegram's HTML, without previews; returns the new message's id, unless the answer is odd."""
        parameters = _words(chat, text, keyboard) | {"disable_notification": silent, "protect_content": False}
        result = await self._wire.ask("sendMessage", parameters)
        return result.get("message_id") if isinstance(result, dict) else None

    async def reword(self, chat: int, message: int, text: str, keyboard: Mapping[str, object] | None = None) -> None:
        """Change the words of a message; without a keyboard its buttons go."""
        await self._wire.ask("editMessageText", _words(chat, text, keyboard) | {"message_id": message})

    async def unsay(self, chat: int, messages: Sequence[int]) -> bool:
        """Delete up to 100 messages; whether Telegram says that it did."""
        return await self._wire.ask("deleteMessages", {"chat_id": chat, "message_ids": messages}) is True

    async def acknowledge(self, query: str) -> None:
        """Stop the little clock on a pressed button."""
        await self._wire.ask("answerCallbackQuery", {"callback_query_id": query})

    async def load(self, file: str, limit: int) -> bytes:
        """The bytes of what somebody has sent. Raises what the wire raises."""
        told = await self._wire.ask("getFile", {"file_id": file})
        fields = told if isinstance(told, dict) else {}
        size, path = fields.get("file_size"), fields.get("file_path")
        if isinstance(size, int) and size > limit:
            raise Oversized
        return await self._wire.download(path if isinstance(path, str) else "", limit)


def _words(chat: int, text: str, keyboard: Mapping[str, object] | None) -> dict[str, object]:
    parameters: dict[str, object] = {
        "chat_id": chat,
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    if keyboard is not None:
        parameters["reply_markup"] = keyboard
    return parameters


def _nowhere(_token: str) -> str:
    return ""


def _refusal(status: int, payload: bytes) -> TelegramError | None:
    """What an answer means that is not a success; None for a success, whose body is read later."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    data = _json_object(payload)
    if status == HTTPStatus.TOO_MANY_REQUESTS:  # also from a proxy in front, which doesn't speak JSON
        data = data or {}
    elif status not in range(400, 500) or data is None or data.get("ok") is not False:
        return Unanswered()
    told = data.get("parameters")
    parameters: Mapping[str, object] = told if isinstance(told, dict) else {}
    return Answered(
        status,
        str(data.get("description", "")),
        _whole(parameters.get("retry_after")),
        _whole(parameters.get("migrate_to_chat_id")),
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _json_object(payload: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
