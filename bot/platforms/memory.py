"""A whole messenger in memory: people write, press and read here in the playground, the console and the tests.

It keeps a `Courier`'s promises like any platform and misbehaves like one when asked to: an account that blocked the
bot, a pause, an answer that got lost, a message that is gone. Nothing here waits for real time or touches a disk.

    memory = MemoryPlatform(clock.now)
    memory.connect(app.receive)
    await memory.start("gulnora")
    await memory.press("gulnora", memory.last("gulnora").id, "language:tg")
    await memory.say("gulnora", "/help")
    memory.chat("gulnora")          # what stands on her screen, oldest first
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias
from urllib.parse import parse_qs, quote, urlsplit

from markupsafe import Markup

from bot.domain.conversation import (
    Attached,
    Attachment,
    Blocked,
    Heard,
    Incoming,
    Line,
    Pressed,
    Reacted,
    Said,
    Sender,
    Started,
    Unblocked,
)
from bot.outbox.courier import Button, CourierError, Gone, NoFile, Parcel, Receipt, Refused, TooBig, Unreachable

if TYPE_CHECKING:
    from datetime import datetime, timedelta

# The narrowest limits of the real platforms, so that what is too long for them is found here first.
TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
CODE_LIMIT = 64

Receive: TypeAlias = Callable[[Sequence[Incoming]], Awaitable[object]]
Watcher: TypeAlias = "Callable[[Change], object]"

_TAG = re.compile(r"<[^>]*>")
_SAFE_TAG = re.compile(r'</?(?:b|i|u|s|code|pre)>|<a href="[^"<>]*">|</a>')


class Clock(Protocol):
    """The time of the community that lives here. In the playground it can be moved forward."""

    def now(self) -> datetime:
        """Tell the present instant, aware, in UTC."""

    def advance(self, by: timedelta) -> None:
        """Move the present forward, and wake whoever waits for an instant that has come."""


@dataclass(frozen=True, slots=True)
class Persona:
    """An invented person with a phone.

    `language` is "" for a newcomer who has not chosen one. `zone` is the IANA name of the place whose clock their
    phone shows. `name` and `about` are spoken in the language of whoever looks on if they are Lines.
    """

    account: str
    name: Line | str
    language: str = ""
    about: Line | str = ""
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it stands on a screen now. A later edit puts another `Message` with the same `id` in its place.

    `text` is safe markup (a person's own words are escaped). `edits` counts the changes. `language` is the language
    the bot spoke, "" for a person's words. `first` is the number of the first choice, where they are a numbered list.
    `forwarded`: somebody else's words, passed on.
    """

    id: str
    account: str
    from_bot: bool
    text: Markup
    at: datetime
    buttons: tuple[tuple[Button, ...], ...] = ()
    edits: int = 0
    deleted: bool = False
    silent: bool = False
    attachment: Attachment | None = None
    language: str = ""
    first: int = 1
    forwarded: bool = False

    @property
    def edited(self) -> bool:
        """Whether it was changed after it was sent."""
        return self.edits > 0

    @property
    def choices(self) -> tuple[Button, ...]:
        """All its buttons, row after row."""
        return tuple(button for row in self.buttons for button in row)


@dataclass(frozen=True, slots=True)
class Change:
    """Something changed on a screen: `message` is how it stands now."""

    kind: Literal["new", "edited", "deleted"]
    message: Message


@dataclass(frozen=True, slots=True)
class _Fault:
    """One failure waiting for a delivery. `account` "" meets whoever comes first."""

    account: str
    error: CourierError
    arrives: bool


@dataclass(slots=True)
class MemoryPlatform:
    """Chats of one bot account with any number of accounts, and the people behind them.

    `now` gives the instant of each message. `series` is a prefix of all ids: give another one when a second
    `MemoryPlatform` talks to a database that has heard a first one. With `idempotent` (as on Matrix, not as on
    Telegram) a parcel whose key was delivered before gives the first receipt again and changes nothing. With `lists`
    (as on Matrix) choices are numbered, and people may pick by typing.

    `latency`, if set, is awaited before each delivery. `deletes` False makes the platform refuse deletions.
    `hints` maps an account to the language its app claims. `refused` says why parcels were malformed: a test that
    expects none should find it empty. `typed` says to whom typing was shown. `heard` keeps the latest thousand updates,
    `described` what `describe` was given. `files` holds the bytes of what people send, by their reference.
    """

    now: Callable[[], datetime]
    platform: str = "memory"
    bot: str = "1"
    series: str = ""
    idempotent: bool = True
    lists: bool = False
    deletes: bool = True
    latency: Callable[[Parcel], Awaitable[object]] | None = None
    hints: dict[str, str] = field(default_factory=dict)
    heard: deque[Incoming] = field(default_factory=lambda: deque(maxlen=1000))
    refused: list[str] = field(default_factory=list)
    typed: list[Sender] = field(default_factory=list)
    described: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    _receive: Receive | None = None
    _chats: dict[str, dict[str, Message]] = field(default_factory=dict)
    _receipts: dict[tuple[str, str], Receipt] = field(default_factory=dict)
    _blocked: set[str] = field(default_factory=set)
    _faults: list[_Fault] = field(default_factory=list)
    _watchers: list[Watcher] = field(default_factory=list)
    _messages: int = 0
    _updates: int = 0

    # -- the courier's side --------------------------------------------------------------------------------------

    async def deliver(self, parcel: Parcel) -> Receipt:
        """Put one parcel on the screen of its address. Raises a CourierError as a real platform would."""
        if self.latency is not None:
            await self.latency(parcel)
        account = parcel.address.account
        fault = self._next_fault(account)
        if fault is not None and not fault.arrives:
            raise fault.error.with_traceback(None)
        receipt = self._deliver(parcel)
        if fault is not None:
            raise fault.error.with_traceback(None)
        return receipt

    async def delete(self, address: Sender, messages: tuple[str, ...]) -> bool:
        """Take messages off a screen. False if deletion is refused, or one of them was not there."""
        chat = self._chats.get(address.account, {})
        if not self.deletes or address.account in self._blocked:
            return False
        done = True
        for name in messages:
            message = chat.get(name)
            if message is None or message.deleted:
                done = False
            else:
                self._put(replace(message, deleted=True, buttons=()), "deleted")
        return done

    async def typing(self, address: Sender) -> None:
        """Note that somebody is shown that an answer is on its way."""
        self.typed.append(address)

    async def fetch(self, reference: str, limit: int) -> bytes:
        """The bytes of what a person has sent: those that a test (or nobody) has put into `files`.

        Raises TooBig, NoFile.
        """
        fault = self._next_fault(f"file/{reference}")
        if fault is not None:
            raise fault.error.with_traceback(None)
        data = self.files.get(reference)
        if data is None:
            raise NoFile
        if len(data) > limit:
            raise TooBig
        return data

    async def describe(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        """Keep the names, descriptions and command menus, per language."""
        self.described = texts

    # -- the people's side ---------------------------------------------------------------------------------------

    def connect(self, receive: Receive) -> None:
        """Say who hears the people. `receive` returns when what it was given is safely stored."""
        self._receive = receive

    async def start(self, account: str, payload: str = "") -> Incoming:
        """Let a person open the chat, perhaps through a link with a `payload`."""
        written = self._write(account, "/start")
        return await self.hear(account, Started(payload), message=written.id)

    async def say(self, account: str, text: str, *, group: bool = False, on: str = "") -> Incoming:
        """Let a person write words (or a command: words that begin with a slash), perhaps as an answer to a message."""
        written = self._write(account, text)
        return await self.hear(account, Said(text, lists=self.lists, on=on), message=written.id, group=group)

    async def forward(self, account: str, text: str) -> Incoming:
        """Let a person forward somebody else's words to the bot."""
        written = self._write(account, text, forwarded=True)
        return await self.hear(account, Said(text, forwarded=True, lists=self.lists), message=written.id)

    async def react(self, account: str, message: str, sign: str) -> Incoming:
        """Let a person put a sign under a message."""
        return await self.hear(account, Reacted(sign, message))

    async def press(self, account: str, message: str, code: str, *, stale: bool = False) -> Incoming:
        """Let a person press the button with this code. Raises LookupError if it does not stand on that message.

        `stale` presses all the same, as a screen may that has not yet shown the latest edit.
        """
        shown = self._chats.get(account, {}).get(message)
        if not stale and (shown is None or all(button.code != code for button in shown.choices)):
            missing = "no such button on that message"
            raise LookupError(missing)
        return await self.hear(account, Pressed(code, message))

    async def attach(self, account: str, kind: str, reference: str = "", caption: str = "") -> Incoming:
        """Let a person send a file, a picture or a voice message."""
        written = self._write(account, caption or kind)
        return await self.hear(account, Attached(kind, reference, caption), message=written.id)

    async def block(self, account: str, *, announce: bool = True) -> None:
        """Let a person block the bot: deliveries raise Unreachable. Without `announce` the bot is not told."""
        self._blocked.add(account)
        if announce:
            await self.hear(account, Blocked())

    async def unblock(self, account: str, *, announce: bool = True) -> None:
        """Let the bot write to a person again."""
        self._blocked.discard(account)
        if announce:
            await self.hear(account, Unblocked())

    def remove(self, account: str, message: str) -> None:
        """Let a person delete a message on their own side: an edit of it raises Gone. LookupError if unknown."""
        self._put(replace(self._chats[account][message], deleted=True, buttons=()), "deleted")

    async def hear(self, account: str, heard: Heard, *, message: str = "", group: bool = False) -> Incoming:
        """Report anything that a platform may report of an account; the others are made of it. Gives the update."""
        self._updates += 1
        incoming = Incoming(
            id=f"{self.series}u{self._updates}",
            sender=self.address(account),
            at=self.now(),
            heard=heard,
            hint=self.hints.get(account, ""),
            message=message,
            group=group,
        )
        self.heard.append(incoming)
        await self.redeliver(incoming)
        return incoming

    async def redeliver(self, *incoming: Incoming) -> None:
        """Report the same updates (or the latest one) again, as a platform does that saw no confirmation.

        Raises RuntimeError.
        """
        if self._receive is None:
            message = "nobody listens: call connect(receive) first"
            raise RuntimeError(message)
        await self._receive(incoming or (self.heard[-1],))

    # -- what stands on the screens ------------------------------------------------------------------------------

    def address(self, account: str) -> Sender:
        """Name the address of an account here."""
        return Sender(self.platform, self.bot, account)

    def chat(self, account: str) -> tuple[Message, ...]:
        """Show what stands on a person's screen, oldest first, without what was deleted."""
        return tuple(message for message in self._chats.get(account, {}).values() if not message.deleted)

    def history(self, account: str) -> tuple[Message, ...]:
        """Show the same with what was deleted (marked so)."""
        return tuple(self._chats.get(account, {}).values())

    def last(self, account: str) -> Message:
        """Show the latest message of the bot on a person's screen. Raises LookupError if there is none."""
        for message in reversed(self.chat(account)):
            if message.from_bot:
                return message
        nothing = "the bot has said nothing here"
        raise LookupError(nothing)

    def accounts(self) -> tuple[str, ...]:
        """List every account that has a chat."""
        return tuple(self._chats)

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher` with each `Change` from now on (``queue.put_nowait`` will do). Gives a call that ends it."""
        self._watchers.append(watcher)

        def leave() -> None:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

        return leave

    # -- what can go wrong ---------------------------------------------------------------------------------------

    def fail(self, error: CourierError, account: str = "", *, times: int = 1, arrives: bool = False) -> None:
        """Let the next `times` deliveries to `account` (to anybody if "") raise `error`.

        With `arrives` the message reaches the screen first and only the answer is lost: ``fail(Unknown(),
        arrives=True)``.
        """
        self._faults.extend([_Fault(account, error, arrives)] * times)

    # -- inside --------------------------------------------------------------------------------------------------

    def _deliver(self, parcel: Parcel) -> Receipt:
        account = parcel.address.account
        known = self._receipts.get((account, parcel.key)) if self.idempotent else None
        if known is not None:
            return known
        if account in self._blocked:
            raise Unreachable
        self._check(parcel)
        if parcel.edit:
            self._put(self._changed(account, parcel), "edited")
            receipt = Receipt(parcel.edit, edited=True)
        else:
            message = self._new(account, parcel)
            self._put(message, "new")
            receipt = Receipt(message.id)
        self._receipts[account, parcel.key] = receipt
        return receipt

    def _new(self, account: str, parcel: Parcel) -> Message:
        return Message(
            id=self._next_id(),
            account=account,
            from_bot=True,
            text=parcel.text,
            at=self.now(),
            buttons=parcel.buttons,
            silent=parcel.silent,
            attachment=parcel.attachment,
            language=parcel.language,
            first=parcel.first,
        )

    def _changed(self, account: str, parcel: Parcel) -> Message:
        before = self._chats.get(account, {}).get(parcel.edit)
        if before is None or before.deleted or not before.from_bot:
            raise Gone
        return replace(
            before,
            text=parcel.text,
            buttons=parcel.buttons,
            edits=before.edits + 1,
            attachment=parcel.attachment or before.attachment,
            language=parcel.language,
            first=parcel.first,
        )

    def _check(self, parcel: Parcel) -> None:
        limit = CAPTION_LIMIT if parcel.attachment else TEXT_LIMIT
        bare = Markup(_TAG.sub("", parcel.text)).unescape()  # noqa: S704 - only measured, never shown
        why = ""
        if not bare.strip() and parcel.attachment is None:
            why = "empty"
        elif len(bare) > limit:
            why = "too long"
        elif any(not _SAFE_TAG.fullmatch(tag) for tag in _TAG.findall(parcel.text)):
            why = "unknown tag"
        elif any(bool(button.code) == bool(button.link) for row in parcel.buttons for button in row):
            why = "a button needs a code or a link"
        elif any(len(button.code.encode()) > CODE_LIMIT for row in parcel.buttons for button in row):
            why = "a code is too long"
        if why:
            self.refused.append(why)
            raise Refused

    def _next_fault(self, account: str) -> _Fault | None:
        for fault in self._faults:
            if fault.account == account or (not fault.account and not account.startswith("file/")):
                self._faults.remove(fault)
                return fault
        return None

    def _write(self, account: str, text: str, *, forwarded: bool = False) -> Message:
        words = Markup.escape(text)
        message = Message(self._next_id(), account, from_bot=False, text=words, at=self.now(), forwarded=forwarded)
        self._put(message, "new")
        return message

    def _next_id(self) -> str:
        self._messages += 1
        return f"{self.series}{self._messages}"

    def _put(self, message: Message, kind: Literal["new", "edited", "deleted"]) -> None:
        self._chats.setdefault(message.account, {})[message.id] = message
        for watcher in tuple(self._watchers):
            watcher(Change(kind, message))


def deep_link(payload: str) -> str:
    """Write the address of an invitation: like Telegram's, on a host that can't exist. The playground opens it."""
    return f"https://payvand.invalid/?start={quote(payload, safe='')}"


def payload_of(link: str) -> str:
    """Read the payload of an invitation's address on any host; "" if it is none."""
    try:
        return parse_qs(urlsplit(link).query).get("start", [""])[0]
    except ValueError:
        return ""
