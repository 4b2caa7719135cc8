"""Letters out to Matrix: one parcel becomes one or more events, and every no becomes what the outbox can do about it.

    an event id came back              delivered
    no connection, keys not shared,
    no device of theirs can read it    NotSent       surely not sent
    M_LIMIT_EXCEEDED                   Throttled     surely not sent
    edit: no such message of ours      Gone          surely not sent
    they left, declined or banned us   Unreachable
    malformed, too large               Refused
    the account is refused for good    Closed
    time-out, disconnect, 5xx          Unknown       asked again: the same transaction id makes it one event

A person's letters go to the direct chat in which they wrote last, or wait for the one to which they have just invited
us. If we know of none, one is made, encrypted; but whoever left ours is not invited again. Words that don't fit into
one event go out as several, the choices in the last.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import random
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol, TypeVar
from weakref import WeakValueDictionary

import segno
import structlog

from bot.domain.conversation import Attachment, Sender
from bot.outbox.courier import (
    Closed,
    CourierError,
    Gone,
    NotSent,
    Parcel,
    Receipt,
    Refused,
    Throttled,
    Unknown,
    Unreachable,
)
from bot.platforms.matrix import translation, wire
from bot.platforms.matrix.news import Rooms, Seen
from bot.platforms.matrix.shapes import Facts
from bot.platforms.matrix.translation import LARGEST, MESSAGE, PLATFORM

log = structlog.get_logger(__name__)

T = TypeVar("T")

ABREAST: Final = 8  # deliveries at once: beyond that a homeserver only answers later
_JOIN: Final = "+"  # ids of a letter that went out as several events, in one word for the outbox
_HINTS: Final = 2  # lists under which a chat is told how to choose, since the start
_NEW: Final = timedelta(hours=1)  # how long after we joined a chat may be told that it is not encrypted
_REACTIONS: Final = range(2, 5)
_SIGNS: Final = 10
_ANSWERED: Final = timedelta(minutes=5)  # that a letter waits for an invitation to become a room
_APPEARS: Final = 15.0  # seconds that a room we made may take to come with a sync
_KEPT: Final = 10_000

_USER = re.compile(r"@[^:\s]+:\S+")
_ROOM = re.compile(r"!\S+")


class Client(Seen, Protocol):
    """What the courier needs of the client."""

    def invited_by(self, user: str) -> datetime | None:
        """When somebody asked us into a direct chat that is no room of ours yet."""

    async def create_direct(self, user: str) -> str:
        """Make an encrypted room and invite somebody."""

    async def send(self, room: str, kind: str, content: Mapping[str, Any], txn: str) -> str:
        """Send an event, encrypted if the room is; with the same `txn` it is one event."""

    async def react(self, room: str, event: str, sign: str, txn: str) -> str:
        """Put a sign under an event."""

    async def redact(self, room: str, event: str, txn: str) -> str:
        """Take an event back."""

    async def stands(self, room: str, event: str) -> bool:
        """Whether an event of ours is in this room and was not taken back."""

    async def typing(self, room: str, seconds: float = 20.0) -> None:
        """Show that we are writing."""

    async def upload(self, data: bytes, mime: str, name: str, *, encrypt: bool) -> dict[str, Any]:
        """Upload a file."""

    async def call_ourselves(self, name: str) -> None:
        """Set our display name if it is another."""


class MatrixCourier:
    """A `bot.outbox.courier.Courier` for one bot account.

    With `reactions` (where the homeserver sets the account no limit) lists of two to four choices get signs to tap.
    `closed` tells that the account is refused for good; until then a token that is not taken any more is renewed.
    """

    def __init__(  # noqa: PLR0913 - the outside world has this many parts
        self,
        client: Client,
        me: str,
        rooms: Rooms,
        *,
        reactions: bool = False,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        dice: random.Random | None = None,
    ) -> None:
        self._client: Final = client
        self._me: Final = me
        self._rooms: Final = rooms
        self._reactions: Final = reactions
        self._clock: Final = clock
        self._now: Final = now
        self._sleep: Final = sleep
        self._dice: Final = dice or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._abreast: Final = asyncio.Semaphore(ABREAST)
        self._turns: Final[WeakValueDictionary[str, asyncio.Lock]] = WeakValueDictionary()
        self._held_until: float = 0.0
        self._began: Final[OrderedDict[str, str]] = OrderedDict()  # letters whose fate is open, and their room
        self._made: Final[OrderedDict[str, str]] = OrderedDict()  # rooms that we made for people
        self._where: Final[OrderedDict[str, str]] = OrderedDict()  # rooms of events
        self._hinted: Final[OrderedDict[str, int]] = OrderedDict()
        self._told: Final[OrderedDict[str, None]] = OrderedDict()
        self.closed = False

    @property
    def platform(self) -> str:
        """The platform's name."""
        return PLATFORM

    @property
    def bot(self) -> str:
        """The bot account's user id."""
        return self._me

    @property
    def idempotent(self) -> bool:
        """A transaction id makes two deliveries of one letter one event."""
        return True

    @property
    def lists(self) -> bool:
        """Matrix has no buttons."""
        return True

    async def deliver(self, parcel: Parcel) -> Receipt:
        """Deliver one parcel; a `Receipt.message` of several events joins their ids with ``+``.

        Raises a `CourierError`, as the table above says.
        """
        account = parcel.address.account
        if not _USER.fullmatch(account) and not _ROOM.fullmatch(account):
            raise Unreachable
        # One person's letters one after the other: their order holds, and a room's key is shared once.
        async with self._turns.setdefault(account, asyncio.Lock()), self._abreast:
            if (wait := self._held_until - self._clock()) > 0:
                raise Throttled(timedelta(seconds=wait))
            return await self._attempt(self._edit(parcel) if parcel.edit else self._send(parcel))

    async def delete(self, address: Sender, messages: tuple[str, ...]) -> bool:
        """Redact events; False if any was not: a person's own message only goes where they gave us the power.

        Raises Throttled.
        """
        done = True
        for event in dict.fromkeys(event for message in messages for event in message.split(_JOIN)):
            try:
                done &= await self._attempt(self._redact(address, event))
            except Throttled:
                raise
            except CourierError as error:
                log.info("messages.not_deleted", outcome=type(error).__name__)
                return False
        return done

    async def typing(self, address: Sender) -> None:
        """Show that an answer is being written. A courtesy: failures are dropped."""
        with suppress(wire.MatrixError):
            for room in self._known(address.account)[:1]:
                await self._client.typing(room)

    async def describe(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        """Set the display name: ``texts[""]["name"]``, which is for everybody. Never raises a CourierError.

        Matrix has no descriptions and no command menu, and a name has one language.
        """
        name = texts.get("", {}).get("name", "")
        if not name:
            return
        try:
            await self._attempt(self._client.call_ourselves(name))
        except CourierError as error:
            log.warning("profile.unfinished", outcome=type(error).__name__)

    # -- inside --------------------------------------------------------------------------------------------------------

    async def _send(self, parcel: Parcel) -> Receipt:
        account = parcel.address.account
        rooms = [self._began[parcel.key]] if parcel.key in self._began else await self._rooms_for(account)
        for room in rooms:
            try:
                return await self._send_to(room, parcel)
            except (wire.Forbidden, wire.NotFound):
                self._began.pop(parcel.key, None)
        raise Unreachable

    async def _send_to(self, room: str, parcel: Parcel) -> Receipt:
        facts = self._client.rooms().get(room)
        if facts is None:  # no sync has brought it yet, or it is gone
            raise wire.Unsent
        told = not facts.encrypted and self._is_new(room, facts)
        hint = self._hinted.get(room, 0) < _HINTS
        _remember(self._began, parcel.key, room)
        events = []
        if parcel.attachment is not None:
            content = await self._uploaded(parcel.attachment, encrypt=facts.encrypted)
            events.append(await self._client.send(room, MESSAGE, content, _txn(parcel.key, "file")))
        if parcel.text.strip() or parcel.buttons:
            made = translation.contents(parcel, self._now(), hint=hint, plain_room=told)
            for number, content in enumerate(made):
                events.append(await self._client.send(room, MESSAGE, content, _txn(parcel.key, str(number))))
        if not events:
            raise wire.Refused
        self._began.pop(parcel.key, None)
        for event in events:
            _remember(self._where, event, room)
        if told:
            _remember(self._told, room, None)
        if any(button.code for row in parcel.buttons for button in row):
            _remember(self._hinted, room, self._hinted.get(room, 0) + 1)
            await self._sign(room, events[-1], parcel)
        return Receipt(_JOIN.join(events))

    async def _edit(self, parcel: Parcel) -> Receipt:
        """Change a message in place. What can't be shown in one event of words is `Gone`: a new one will be sent."""
        (content, *more) = translation.contents(parcel, self._now())
        whole = translation.change(content, parcel.edit)
        if more or parcel.attachment is not None or _JOIN in parcel.edit or translation.size(whole) > LARGEST:
            raise Gone
        for room in self._candidates(parcel.address, parcel.edit):
            try:
                if await self._client.stands(room, parcel.edit):
                    await self._client.send(room, MESSAGE, whole, _txn(parcel.key, "change"))
                    return Receipt(parcel.edit, edited=True)
            except (wire.Forbidden, wire.NotFound):
                continue
        raise Gone

    async def _redact(self, address: Sender, event: str) -> bool:
        """Take an event back. In a wrong room a homeserver may well say yes, so the right one is looked for first."""
        for room in self._candidates(address, event):
            try:
                if not await self._client.stands(room, event):
                    return True
            except (wire.Forbidden, wire.NotFound):
                continue
            try:
                await self._client.redact(room, event, _txn(event, "redact"))
            except wire.Denied:  # without the power, or it is not to be taken back
                return False
            return True
        return False

    async def _sign(self, room: str, event: str, parcel: Parcel) -> None:
        """Put the numbers of a short list under it, to be tapped. A courtesy: failures are dropped."""
        count = sum(1 for row in parcel.buttons for button in row if button.code)
        if not self._reactions or count not in _REACTIONS or parcel.first + count - 1 > _SIGNS:
            return
        with suppress(wire.MatrixError):
            for number in range(parcel.first, parcel.first + count):
                txn = _txn(parcel.key, f"sign {number}")
                await self._client.react(room, event, translation.keycap(number), txn)

    async def _uploaded(self, attachment: Attachment, *, encrypt: bool) -> dict[str, Any]:
        if attachment.kind == "qr":
            data, side = await asyncio.to_thread(_drawn, attachment.data)
            uploaded = await self._client.upload(data, translation.PICTURE_TYPE, attachment.name, encrypt=encrypt)
            return translation.file_content(uploaded, attachment.name, len(data), sides=(side, side))
        if attachment.kind == "picture":
            data, sides = attachment.data, translation.sides_of(attachment.data)
            kind = translation.JPEG_TYPE if translation.is_jpeg(data) else translation.PICTURE_TYPE
            uploaded = await self._client.upload(data, kind, attachment.name, encrypt=encrypt)
            return translation.file_content(uploaded, attachment.name, len(data), sides=sides, kind=kind)
        kind = translation.PDF_TYPE if attachment.name.endswith(".pdf") else translation.FILE_TYPE
        uploaded = await self._client.upload(attachment.data, kind, attachment.name, encrypt=encrypt)
        return translation.file_content(uploaded, attachment.name, len(attachment.data), kind=kind)

    # -- whose room ----------------------------------------------------------------------------------------------------

    def _known(self, account: str) -> list[str]:
        if account.startswith("!"):
            return [account] if account in self._client.rooms() else []
        return self._rooms.of(account)

    async def _rooms_for(self, account: str) -> list[str]:
        rooms = self._known(account)
        if rooms:
            return rooms
        invited_at = self._client.invited_by(account)
        if invited_at is not None and self._now() - invited_at < _ANSWERED:
            raise NotSent  # they have made a chat of their own, and would look for nothing in another one
        if account.startswith("!") or (account not in self._made and self._rooms.alone(account)):
            raise Unreachable
        return [await self._new_room(account)]

    async def _new_room(self, person: str) -> str:
        """Make an encrypted chat with a person whom we know from elsewhere; it must come with a sync to be of use."""
        room = self._made.get(person, "")
        if not room:
            try:
                room = await self._client.create_direct(person)
            except wire.Throttled as error:  # rooms have a measure of their own: letters to others may go on
                raise Throttled(self._jittered(error.wait), everywhere=False) from None
            _remember(self._made, person, room)
        for _ in range(int(_APPEARS / 0.1)):
            if self._rooms.person(room) == person:
                self._made.pop(person, None)
                return room
            await self._sleep(0.1)
        raise NotSent

    def _candidates(self, address: Sender, event: str) -> Iterator[str]:
        known = self._where.get(event)
        if known is not None and known in self._client.rooms():
            yield known
        yield from (room for room in self._known(address.account) if room != known)

    def _is_new(self, room: str, facts: Facts) -> bool:
        """Whether we have joined a moment ago, and nobody was told yet that this chat is not encrypted."""
        new = facts.joined_at is not None and self._now() - facts.joined_at < _NEW
        return new and room not in self._told

    # -- outcomes ------------------------------------------------------------------------------------------------------

    async def _attempt(self, call: Awaitable[T]) -> T:
        """Make a call; raise what the outbox understands, outside the handler: no chain may drag the cause along."""
        try:
            return await call
        except wire.MatrixError as error:
            failure = self._sorted(error)
        raise failure

    def _sorted(self, error: wire.MatrixError) -> CourierError:
        match error:
            case wire.Throttled():
                wait = self._jittered(error.wait)
                self._held_until = max(self._held_until, self._clock() + wait.total_seconds())
                return Throttled(wait)
            case wire.TokenRevoked():
                return Closed() if self.closed else NotSent()
            case wire.Unsent() | wire.Unread():
                return NotSent()
            case wire.Forbidden() | wire.NotFound():
                return Unreachable()
            case wire.Refused():
                return Refused()
            case _:
                return Unknown()

    def _jittered(self, wait: timedelta) -> timedelta:
        """A little longer than asked, each a little differently: otherwise all come back in the same moment."""
        return wait * (1 + 0.2 * self._dice.random()) + timedelta(seconds=0.1 * self._dice.random())


def _txn(key: str, part: str) -> str:
    """The transaction id of one event of a letter: the same on every attempt, and it tells nothing of either."""
    return hashlib.sha256(f"{key}\n{part}".encode()).hexdigest()[:40]


def _remember(kept: OrderedDict[str, T], key: str, value: T) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _KEPT:
        kept.popitem(last=False)


def _drawn(text: bytes) -> tuple[bytes, int]:
    """A QR picture (PNG) of a text, with the quiet margin that cameras need, and the length of its side in pixels."""
    code = segno.make_qr(text.decode(), error="m")
    picture = io.BytesIO()
    code.save(picture, kind="png", scale=8, border=4)
    return picture.getvalue(), int(code.symbol_size(scale=8, border=4)[0])
