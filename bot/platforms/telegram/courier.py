"""Letters out to Telegram: one parcel becomes one or more calls, and every no becomes what the outbox can do about it.

    a message came back            delivered
    connection refused, DNS, TLS,
    no free connection             NotSent       surely not sent
    429                            Throttled     surely not sent
    400 with a new chat id         Relocated     surely not sent
    edit: not found, not editable  Gone          surely not sent
    edit: "not modified"           delivered     it already says so
    403; 400 unknown or dead chat  Unreachable
    other 400, 409, 413            Refused
    401, 404                       Closed
    time-out, disconnect, 5xx,
    an answer that can't be read   Unknown       perhaps delivered

A text too long for one message goes out as several, the buttons under the last. Which of them have arrived is
remembered until the parcel is done, so that a second attempt goes on where the first one stopped.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final, TypeVar

import segno
import structlog
from markupsafe import Markup
from telegram import BotCommand, InlineKeyboardMarkup, InputFile, Message
from telegram.constants import ChatAction, ParseMode
from telegram.error import TelegramError

from bot.domain.conversation import Attachment, Sender
from bot.outbox.courier import (
    Button,
    Closed,
    CourierError,
    Gone,
    NoFile,
    NotSent,
    Parcel,
    Receipt,
    Refused,
    Relocated,
    Throttled,
    TooBig,
    Unknown,
    Unreachable,
)
from bot.platforms.pages import pages, units
from bot.platforms.telegram.translation import PLATFORM
from bot.platforms.telegram.wire import Answered, Oversized, SilentBot, Unsent

log = structlog.get_logger(__name__)

T = TypeVar("T")

TEXT_LIMIT: Final = 4096
CAPTION_LIMIT: Final = 1024
DELETE_LIMIT: Final = 100
# Ids of a message that went out in parts, in one word for the outbox.
_JOIN: Final = "+"

_NOT_MODIFIED: Final = "message is not modified"
_EDIT_GONE: Final = (
    "message to edit not found",
    "message can't be edited",
    "message not found",
    "message_id_invalid",
    "there is no text in the message",
    "message identifier is not specified",
)
_CHAT_GONE: Final = (
    "chat not found",
    "user is deactivated",
    "user not found",
    "peer_id_invalid",
    "user_is_blocked",
    "input_user_deactivated",
    "bot was kicked",
    "bot was blocked",
    "group chat was deactivated",
    "group chat was upgraded",  # without the new id there is nothing to rewrite
    "not enough rights",
    "have no rights to send",
    "need administrator rights",
    "chat_write_forbidden",
    "chat_restricted",
    "chat_admin_required",
)

_FILE_TOO_BIG: Final = "file is too big"
_UNSAID_PAUSE: Final = 5
_PARTLY_KEPT: Final = 1000
_LATELY_KEPT: Final = 10_000
_A_SECOND: Final = 1.05
_ELSEWHERE_SECONDS: Final = 5.0
_A_MINUTE: Final = 61.0
_GROUP_BUSY: Final = 18


@dataclass(frozen=True, slots=True)
class _Step:
    """One call of a parcel that needs several."""

    text: Markup
    buttons: tuple[tuple[Button, ...], ...] = ()
    attachment: Attachment | None = None


class TelegramCourier:
    """A `bot.outbox.courier.Courier` for one bot account.

    `bot` makes the calls; `account` is the bot's number. `clock` counts seconds.
    """

    def __init__(self, bot: SilentBot, account: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._api: Final = bot
        self._account: Final = account
        self._clock: Final = clock
        self._partly: Final[OrderedDict[str, list[tuple[_Step, str]]]] = OrderedDict()
        self._refused: tuple[str, float] | None = None
        self._lately: Final[OrderedDict[str, deque[float]]] = OrderedDict()

    @property
    def platform(self) -> str:
        """The platform's name."""
        return PLATFORM

    @property
    def bot(self) -> str:
        """The bot account's number."""
        return self._account

    @property
    def idempotent(self) -> bool:
        """Telegram has no key that would make two deliveries one (tdlib/telegram-bot-api issue 482)."""
        return False

    @property
    def lists(self) -> bool:
        """Telegram has buttons."""
        return False

    async def deliver(self, parcel: Parcel) -> Receipt:
        """Deliver one parcel; a `Receipt.message` of several messages joins their ids with ``+``.

        Raises a `CourierError`, as the table above says.
        """
        if not _is_account(parcel.address.account):
            raise Unreachable
        if parcel.edit:
            return await self._edit(parcel)
        steps = _steps(parcel)
        if len(steps) == 1:
            return Receipt(await self._step(parcel, steps[0]))
        return await self._in_parts(parcel, steps)

    async def delete(self, address: Sender, messages: tuple[str, ...]) -> bool:
        """Delete messages from a chat; False if any call failed or an id is not Telegram's. Raises Throttled."""
        words = [word for message in messages for word in message.split(_JOIN)]
        known = sorted({int(word) for word in words if word.isascii() and word.isdigit()})
        if not _is_account(address.account):
            return False
        done = len(known) == len(set(words))
        for start in range(0, len(known), DELETE_LIMIT):
            chunk = known[start : start + DELETE_LIMIT]
            try:
                call = self._api.unsay(int(address.account), chunk)
                done &= await self._attempt(call, address.account) is True
            except Throttled:
                raise
            except CourierError as error:
                log.info("messages.not_deleted", outcome=type(error).__name__, count=len(chunk))
                done = False
        return done

    async def fetch(self, reference: str, limit: int) -> bytes:
        """The bytes of what somebody has sent, at most `limit` of them. Raises NoFile, TooBig, Throttled or NotSent."""
        try:
            return await self._api.load(reference, limit)
        except TelegramError as error:
            failure = _unfetched(error)
        raise failure

    async def typing(self, address: Sender) -> None:
        """Show that an answer is being written. A courtesy: failures are dropped."""
        with suppress(TelegramError, ValueError):
            await self._api.send_chat_action(int(address.account), ChatAction.TYPING)

    async def answer(self, query: str) -> None:
        """Stop the little clock on a pressed button. A courtesy: failures (it may be too old) are dropped."""
        with suppress(TelegramError):
            await self._api.acknowledge(query)

    async def describe(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        """Set what the profile and the command menu say, per language, changing only what differs.

        `texts` maps a two-letter language ("" is for everybody else) to its sentences: ``name`` (1-64 characters),
        ``short`` (up to 120), ``description`` (up to 512), and one ``/command`` (1-256) each, in the menu's order.
        Reading first keeps restarts away from Telegram's narrow limit on changes. A language that the server refuses is
        passed over; a 429 ends the attempt, since the next start tries again. Never raises a CourierError.
        """
        for language, said in texts.items():
            try:
                await self._describe(language, said)
            except (Throttled, Closed, Unknown) as error:
                wait = error.wait.total_seconds() if isinstance(error, Throttled) else None
                log.warning("profile.unfinished", outcome=type(error).__name__, language=language, wait=wait)
                return
            except NotSent as error:
                log.warning("profile.unfinished", outcome=type(error).__name__, language=language)
                return

    async def _describe(self, language: str, said: Mapping[str, str]) -> None:
        code = language or None
        api = self._api
        menu = [BotCommand(key[1:], text) for key, text in said.items() if key.startswith("/")]

        async def name() -> bool:
            return (await api.get_my_name(code)).name == said["name"] or await api.set_my_name(said["name"], code)

        async def short() -> bool:
            told = (await api.get_my_short_description(code)).short_description
            return told == said["short"] or await api.set_my_short_description(said["short"], code)

        async def description() -> bool:
            told = (await api.get_my_description(code)).description
            return told == said["description"] or await api.set_my_description(said["description"], code)

        async def commands() -> bool:
            told = await api.get_my_commands(language_code=code)
            return list(told) == menu or await api.set_my_commands(menu, language_code=code)

        wanted = {"short": short, "description": description, "commands": commands, "name": name}
        for part, change in wanted.items():  # the name last: its limit is the narrowest
            if part not in said and not (part == "commands" and menu):
                continue
            try:
                await self._attempt(change(), "")
            except (Refused, Unreachable) as error:
                log.warning("profile.refused", part=part, language=language, outcome=type(error).__name__)

    async def _in_parts(self, parcel: Parcel, steps: Sequence[_Step]) -> Receipt:
        done = self._partly.pop(parcel.key, [])
        if [step for step, _ in done] != list(steps[: len(done)]):
            done = []  # the words have changed since (marked as a repeat): the parts no longer fit together
        try:
            for step in steps[len(done) :]:
                done.append((step, await self._step(parcel, step)))
        except (NotSent, Unknown):
            self._partly[parcel.key] = done
            while len(self._partly) > _PARTLY_KEPT:
                self._partly.popitem(last=False)
            raise
        return Receipt(_JOIN.join(message for _, message in done))

    async def _step(self, parcel: Parcel, step: _Step) -> str:
        account = parcel.address.account
        chat = int(account)
        keyboard = _keyboard(step.buttons)
        attachment = step.attachment
        if attachment is None:
            words = self._api.say(chat, str(step.text), keyboard, silent=parcel.silent)
            return _known(await self._attempt(words, account))
        code = attachment.kind == "qr"
        content = await asyncio.to_thread(_drawn, attachment.data) if code else attachment.data
        send = self._api.send_photo if code or attachment.kind == "picture" else self._api.send_document
        sent = send(
            chat,
            InputFile(content, filename=attachment.name),
            caption=str(step.text) or None,
            parse_mode=ParseMode.HTML,
            disable_notification=parcel.silent,
            protect_content=False,
            reply_markup=InlineKeyboardMarkup.de_json(keyboard, self._api) if keyboard else None,
        )
        message = await self._attempt(sent, account)
        return _known(message.message_id if isinstance(message, Message) else None)

    async def _edit(self, parcel: Parcel) -> Receipt:
        """Change a message in place. What can't be shown in one message of words is `Gone`: a new one will be sent."""
        account, texts = parcel.address.account, pages(parcel.text, TEXT_LIMIT)
        if parcel.attachment is not None or len(texts) > 1 or not (parcel.edit.isascii() and parcel.edit.isdigit()):
            raise Gone
        change = self._api.reword(int(account), int(parcel.edit), str(texts[0]), _keyboard(parcel.buttons))
        await self._attempt(change, account, editing=True)
        return Receipt(parcel.edit, edited=True)

    async def _attempt(self, call: Awaitable[T], account: str, *, editing: bool = False) -> T | None:
        """Make a call; raise what the outbox understands, outside the handler, so that no chain drags the cause along.

        An edit that changes nothing returns None.
        """
        try:
            done = await call
        except TelegramError as error:
            if editing and isinstance(error, Answered) and _NOT_MODIFIED in error.description:
                return None
            failure = self._sorted(error, account, editing=editing)
        except Exception as error:  # noqa: BLE001 - the request has left, and its answer could not be read
            log.warning("answer.unreadable", error=type(error).__name__)
            failure = Unknown()
        else:
            self._remember(account)
            return done
        raise failure

    def _sorted(self, error: TelegramError, account: str, *, editing: bool) -> CourierError:
        if not isinstance(error, Answered):
            return NotSent() if isinstance(error, Unsent) else Unknown()
        if error.status == HTTPStatus.TOO_MANY_REQUESTS:
            pause = timedelta(seconds=max(error.retry_after or _UNSAID_PAUSE, 1))
            return Throttled(pause, everywhere=self._refused_elsewhere(account) and not self._busy(account))
        return Relocated(str(error.migrate_to)) if error.migrate_to is not None else _refused(error, editing=editing)

    def _remember(self, account: str) -> None:
        times = self._lately.pop(account, None) or deque(maxlen=_GROUP_BUSY)
        times.append(self._clock())
        self._lately[account] = times
        if len(self._lately) > _LATELY_KEPT:
            self._lately.popitem(last=False)

    def _refused_elsewhere(self, account: str) -> bool:
        """Whether another chat was refused a moment ago too: only then is a 429 about the whole account.

        Otherwise one person who makes the bot write to them too often could silence it for everybody.
        """
        now = self._clock()
        before, self._refused = self._refused, (account, now)
        return before is not None and before[0] != account and now - before[1] < _ELSEWHERE_SECONDS

    def _busy(self, account: str) -> bool:
        """Whether this chat has used its own budget, so that a 429 is about it and not about the whole account."""
        times = self._lately.get(account)
        if not times:
            return False
        now = self._clock()
        full = account.startswith("-") and len(times) == _GROUP_BUSY and now - times[0] < _A_MINUTE
        return full or now - times[-1] < _A_SECOND


def _refused(error: Answered, *, editing: bool) -> CourierError:
    """What a no means that waiting won't turn into a yes."""
    if error.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}:
        return Closed()
    if error.status == HTTPStatus.FORBIDDEN or any(sign in error.description for sign in _CHAT_GONE):
        return Unreachable()
    if editing and any(sign in error.description for sign in _EDIT_GONE):
        return Gone()
    return Refused()


def _unfetched(error: TelegramError) -> CourierError:
    """What it means that a file did not come. Asking for it again harms nobody."""
    if isinstance(error, Oversized):
        return TooBig()
    if not isinstance(error, Answered):
        return NotSent()
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled(timedelta(seconds=max(error.retry_after or _UNSAID_PAUSE, 1)), everywhere=False)
    return TooBig() if _FILE_TOO_BIG in error.description else NoFile()


def _is_account(account: str) -> bool:
    digits = account.removeprefix("-")
    return digits.isascii() and digits.isdigit()


def _steps(parcel: Parcel) -> list[_Step]:
    attachment = parcel.attachment
    if attachment is None:
        *first, last = pages(parcel.text, TEXT_LIMIT)
        return [*map(_Step, first), _Step(last, parcel.buttons)]
    if units(parcel.text) <= CAPTION_LIMIT:
        return [_Step(parcel.text, parcel.buttons, attachment)]
    return [*map(_Step, pages(parcel.text, TEXT_LIMIT)), _Step(Markup(), parcel.buttons, attachment)]


def _keyboard(buttons: tuple[tuple[Button, ...], ...]) -> dict[str, object] | None:
    if not buttons:
        return None
    rows = [
        [
            {"text": one.label, "url": one.link} if one.link else {"text": one.label, "callback_data": one.code}
            for one in row
        ]
        for row in buttons
    ]
    return {"inline_keyboard": rows}


def _known(message: object) -> str:
    """A message's id. Without one something was done and can never be changed or deleted: its fate is unknown."""
    if not isinstance(message, int) or isinstance(message, bool):
        raise Unknown
    return str(message)


def _drawn(text: bytes) -> bytes:
    """A QR picture (PNG) of a text, with the quiet margin that cameras need."""
    picture = io.BytesIO()
    segno.make_qr(text.decode(), error="m").save(picture, kind="png", scale=8, border=4)
    return picture.getvalue()
