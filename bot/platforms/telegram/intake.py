"""What comes in from Telegram, confirmed only after it is committed: a poll loop of our own, and a webhook."""

from __future__ import annotations

import asyncio
import hmac
import json
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, TypeAlias

import structlog
from aiohttp import web
from telegram.error import TelegramError

from bot.domain.conversation import Incoming
from bot.platforms.telegram.translation import WANTED, Me, incoming, pressed_query
from bot.platforms.telegram.wire import AiohttpRequest, Answered

log = structlog.get_logger(__name__)

Receive: TypeAlias = Callable[[Sequence[Incoming]], Awaitable[None]]

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
_BATCH: Final = 100
_SLACK_SECONDS: Final = 10.0
_LONGEST_BACKOFF: Final = 30.0
_COURTESIES: Final = 256


class IntakeStopped(Exception):  # noqa: N818 - it names what happened
    """Nothing more can be heard until an operator acts; the sentence says how."""


class Contested(IntakeStopped):
    """Two programs read the same bot account."""

    def __init__(self) -> None:
        super().__init__(
            "Telegram says that somebody else is reading this bot's messages: another copy of the bot, or a webhook. "
            "Stop the other one (or make a new token with @BotFather), then start again."
        )


class TokenRefused(IntakeStopped):
    """The token, or the server's address, is wrong."""

    def __init__(self) -> None:
        super().__init__(
            "Telegram refuses the bot's token. Copy it again from @BotFather into the settings, check the address of "
            "the Bot API server if you run your own, then start again."
        )


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where updates arrive: Telegram posts to `url` (HTTPS), whose proxy passes them to `path` on `host`:`port`.

    `secret` (1-256 of A-Z a-z 0-9 _ -) comes back in a header with each update. `limit` is in bytes.
    """

    url: str
    secret: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8080
    path: str = "/telegram"
    connections: int = 40
    limit: int = 1_048_576


class Intake:
    """The ears of one bot account.

    `receive` is awaited with each batch and returns only after everything in it is committed; if it raises, nothing of
    the batch is confirmed and Telegram delivers it again. `answer` stops the clock on a pressed button. `now`, `sleep`
    and `dice` are the outside world, so that a test can be it.
    """

    def __init__(  # noqa: PLR0913 - the outside world has this many parts
        self,
        wire: AiohttpRequest,
        answer: Callable[[str], Awaitable[None]],
        *,
        hold: float = 50,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        dice: random.Random | None = None,
    ) -> None:
        self._wire: Final = wire
        self._answer: Final = answer
        self._hold: Final = hold
        self._now: Final = now
        self._sleep: Final = sleep
        self._dice: Final = dice or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._courtesies: Final[set[asyncio.Task[None]]] = set()
        self.me = Me(wire.bot)

    async def poll(self, receive: Receive) -> None:
        """Hear by long polling, for ever. Raises `IntakeStopped` when an operator must act.

        It starts without an offset (Telegram then begins with the earliest update that was never confirmed), and
        forgets the offset as soon as it has done its work: after a week of silence update ids start anew at random,
        and a kept offset would swallow everything below it.
        """
        await self._identify()
        await self._insist("deleteWebhook", {"drop_pending_updates": False})
        offset: int | None = None
        failures = 0
        while True:
            try:
                updates = _updates(await self._fetch(offset))
            except TelegramError as error:
                failures += 1
                await self._back_off(error, failures)
                continue
            offset = None
            if not updates:
                failures = 0
                continue
            try:
                await self._hand_over(updates.values(), receive)
                self._stop_clocks(updates.values())
            except Exception as error:  # noqa: BLE001 - whatever it was, nothing of this batch may be confirmed
                failures += 1
                log.error("updates.unsaved", count=len(updates), error=type(error).__name__)  # noqa: TRY400 - no words in logs
                await self._pause(failures)
                continue
            failures = 0
            offset = max(updates) + 1

    async def serve(self, receive: Receive, webhook: Webhook) -> None:
        """Hear through a webhook until cancelled. It stays registered: what comes meanwhile waits at Telegram's."""
        await self._identify()
        runner = web.AppRunner(self.application(receive, webhook), access_log=None, shutdown_timeout=10)
        await runner.setup()
        try:
            await web.TCPSite(runner, webhook.host, webhook.port).start()
            await self._insist(
                "setWebhook",
                {
                    "url": webhook.url,
                    "secret_token": webhook.secret,
                    "allowed_updates": WANTED,
                    "max_connections": webhook.connections,
                    "drop_pending_updates": False,
                },
            )
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    def application(self, receive: Receive, webhook: Webhook) -> web.Application:
        """The webhook's web application: one POST, answered 200 only after `receive` has returned."""
        secret = webhook.secret.encode()

        async def hear(request: web.Request) -> web.Response:
            shown = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
            if not hmac.compare_digest(shown, secret):
                return web.Response(status=HTTPStatus.FORBIDDEN)
            try:
                update = json.loads(await request.read())
            except (ValueError, RecursionError):
                return web.Response(status=HTTPStatus.BAD_REQUEST)
            if not isinstance(update, dict):
                return web.Response(status=HTTPStatus.BAD_REQUEST)
            try:
                await self._hand_over([update], receive)
            except Exception as error:  # noqa: BLE001 - Telegram must deliver it again, whatever it was
                log.error("updates.unsaved", count=1, error=type(error).__name__)  # noqa: TRY400 - no words in logs
                return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
            query = pressed_query(update)
            if not query:
                return web.Response()
            # what the answer asks for is done without a request of its own; whether it was, nobody needs to know
            return web.json_response({"method": "answerCallbackQuery", "callback_query_id": query})

        application = web.Application(client_max_size=webhook.limit)
        application.router.add_post(webhook.path, hear)
        return application

    async def close(self) -> None:
        """Let go of courtesies that are still under way."""
        for task in self._courtesies:
            task.cancel()
        await asyncio.gather(*self._courtesies, return_exceptions=True)

    async def _hand_over(self, updates: Iterable[object], receive: Receive) -> None:
        """Translate, and wait for the commit: only then is answered what was pressed."""
        heard = [one for one in (incoming(update, self.me, self._now()) for update in updates) if one is not None]
        if heard:
            await receive(heard)

    def _stop_clocks(self, updates: Iterable[object]) -> None:
        """Answer what was pressed."""
        for query in filter(None, map(pressed_query, updates)):
            if len(self._courtesies) < _COURTESIES:
                task = asyncio.create_task(self._courtesy(query))
                self._courtesies.add(task)
                task.add_done_callback(self._courtesies.discard)

    async def _courtesy(self, query: str) -> None:
        try:
            await self._answer(query)
        except Exception as error:  # noqa: BLE001 - a spinning clock on a button harms nobody
            log.info("press.unanswered", error=type(error).__name__)

    async def _fetch(self, offset: int | None) -> object:
        parameters: dict[str, object] = {"limit": _BATCH, "timeout": int(self._hold), "allowed_updates": WANTED}
        if offset is not None:
            parameters["offset"] = offset
        return await self._wire.ask("getUpdates", parameters, answer=self._hold + _SLACK_SECONDS)

    async def _identify(self) -> None:
        """Learn our own name, which groups call us by."""
        told = await self._insist("getMe", {})
        name = told.get("username") if isinstance(told, dict) else None
        self.me = Me(self._wire.bot, name if isinstance(name, str) else "")

    async def _insist(self, method: str, parameters: dict[str, object]) -> object:
        """Ask until there is an answer: a blackout at the start must not need an operator at its end."""
        failures = 0
        while True:
            try:
                return await self._wire.ask(method, parameters)
            except TelegramError as error:
                failures += 1
                await self._back_off(error, failures)

    async def _back_off(self, error: TelegramError, failures: int) -> None:
        if isinstance(error, Answered):
            if error.status == HTTPStatus.CONFLICT:
                log.error("poll.contested", bot=self._wire.bot)
                raise Contested
            if error.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}:
                log.error("token.refused", bot=self._wire.bot)
                raise TokenRefused
            if error.retry_after is not None:
                log.warning("poll.throttled", wait=error.retry_after)
                await self._sleep(error.retry_after + self._dice.random())
                return
        log.warning("poll.failed", error=type(error).__name__, failures=failures)
        await self._pause(failures)

    async def _pause(self, failures: int) -> None:
        longest = min(_LONGEST_BACKOFF, 0.5 * 2 ** min(failures - 1, 10))
        await self._sleep(longest * self._dice.uniform(0.5, 1.0))


def _updates(result: object) -> dict[int, object]:
    """Updates by their id, in order. Raises `TelegramError` for what is no list of updates: it confirms nothing."""
    if not isinstance(result, list):
        msg = "not a list of updates"
        raise TelegramError(msg)
    numbered = {
        update["update_id"]: update
        for update in result
        if isinstance(update, dict) and isinstance(update.get("update_id"), int)
    }
    if result and not numbered:
        msg = "updates without ids"
        raise TelegramError(msg)
    return dict(sorted(numbered.items()))
