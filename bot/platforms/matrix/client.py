"""One device of one Matrix account, encrypted: hears and sends, and stays up whatever anybody sends it.

matrix-nio's own client would kill its loop over one hostile message, hang, or write in the clear; so only its
encryption machine is used (see `machine`), and rooms, news and requests are read here from plain JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

from nio.crypto.attachments import decrypt_attachment, encrypt_attachment
from nio.exceptions import EncryptionError
from peewee import PeeweeException  # type: ignore[import-untyped]

from bot.platforms.matrix import store as stores
from bot.platforms.matrix.machine import Address, Forged, Machine, NoKey
from bot.platforms.matrix.shapes import (
    Batch,
    Departure,
    Errand,
    Event,
    Facts,
    Health,
    How,
    Invite,
    Kept,
    Login,
    Undecryptable,
)
from bot.platforms.matrix.signing import SEEDS, Outcome, establish
from bot.platforms.matrix.store import EncryptedStore, Held, Lock, StoreFailed
from bot.platforms.matrix.wire import (
    Denied,
    Forbidden,
    LoginRefused,
    MatrixError,
    NotFound,
    Refused,
    Throttled,
    TokenRevoked,
    Unknown,
    Unread,
    Unsent,
    Wire,
    parts,
)

_ENCRYPTED: Final = "m.room.encrypted"
_ENCRYPTION: Final = "m.room.encryption"
_MEMBER: Final = "m.room.member"
_PAGE: Final = 100
_PAGES: Final = 20  # of what was missed in one room: beyond 2000 events it is a gap
_DEEPEST: Final = 64
_PREPARATION_SECONDS: Final = 60.0
_NEWS_OF_BEFORE: Final = timedelta(hours=24)  # a new device hears nothing older: what is older was heard by another
_FILTER: Final = json.dumps(
    {
        "room": {
            "timeline": {"limit": _PAGE},
            "state": {"lazy_load_members": False},
            "ephemeral": {"not_types": ["*"]},
            "account_data": {"not_types": ["*"]},
        },
        "presence": {"not_types": ["*"]},
        "account_data": {"types": ["m.direct"]},
    }
)
_REFUSED: Final = (
    "The homeserver refuses the bot's Matrix account. Check its user id and password in the settings (and that the "
    "server allows logging in with a password), then start again."
)


@dataclass(slots=True)
class _Room:
    """A room we are in, as of the last sync."""

    members: set[str] = field(default_factory=set)
    invited: set[str] = field(default_factory=set)
    encrypted: bool = False
    asked: bool = False  # whether the homeserver itself said that it is not encrypted
    joined_at: datetime | None = None
    created_by: str = ""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def facts(self) -> Facts:
        """What others may know of it."""
        return Facts(frozenset(self.members), frozenset(self.invited), self.encrypted, self.joined_at, self.created_by)


@dataclass(slots=True)
class _News:
    """A batch while it is being put together."""

    events: list[Event] = field(default_factory=list)
    undecryptable: list[Undecryptable] = field(default_factory=list)
    invites: list[Invite] = field(default_factory=list)
    departures: list[Departure] = field(default_factory=list)
    entered: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


class HardenedClient:
    """One device of `user` ("@bot:example.org") on the homeserver at `homeserver` ("https://…").

    Its store is a file in `directory`, encrypted with the 32 bytes of `key`, that only one process may hold. Every
    method that speaks with the homeserver makes one attempt and raises a `wire.MatrixError` (Unsent, Unknown,
    Throttled, TokenRevoked, Forbidden, NotFound, Refused) or `store.StoreFailed`; each wait is bounded.
    """

    def __init__(
        self,
        homeserver: str,
        user: str,
        *,
        directory: Path,
        key: bytes,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if not user.startswith("@") or not all(user[1:].partition(":")):
            msg = "The Matrix account must look like @name:example.org"
            raise ValueError(msg)
        self.user: Final = user
        self.wire: Final = Wire(homeserver)
        self._directory: Final = directory
        self._key: Final = key
        self._now: Final = now
        self._lock: Final = Lock(directory)
        self._syncing: Final = asyncio.Lock()
        self._store: EncryptedStore | None = None
        self._machine: Machine | None = None
        self._position = ""
        self._rooms: dict[str, _Room] = {}
        self._facts: dict[str, Facts] = {}
        self._direct: dict[str, list[str]] = {}
        self._encrypted: set[str] = set()
        self._waiting: set[tuple[str, str]] = set()
        self._retry: set[tuple[str, str]] = set()
        self._ready = False
        self._synced_at: datetime | None = None
        self._malformed = 0
        self._forged = 0

    def __repr__(self) -> str:
        """Nothing that is secret."""
        return "HardenedClient()"

    async def __aenter__(self) -> Self:
        """Take the lock on the store (raises `store.InUse`) and open the connections' pool. No request is made yet."""
        self._lock.take()
        await self.wire.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything and let go of the lock."""
        await self.wire.close()
        self._shut()
        self._lock.release()

    @property
    def machine(self) -> Machine:
        """The encryption machine of the device. Raises RuntimeError before the login."""
        if self._machine is None:
            raise RuntimeError("not logged in yet")
        return self._machine

    @property
    def store(self) -> EncryptedStore:
        """The device's store. Raises RuntimeError before the login."""
        if self._store is None:
            raise RuntimeError("not logged in yet")
        return self._store

    # -- coming and going ----------------------------------------------------------------------------------------------

    async def login_or_resume(self, kept: Kept | None, password: Callable[[], str], device_name: str) -> Login:
        """Be the device of `kept`, or become a new one; its keys are on the homeserver afterwards.

        Resumes when `kept` has its store here and its token is taken. A token that was only logged out softly is
        renewed. Otherwise (no `kept`, the store lost, the device deleted) a new device with an empty store is made,
        with the seeds of `kept` or, without it, fresh ones. Raises a MatrixError, `LoginRefused` when the password is
        wrong, `store.WrongKey`.
        """
        login = None if kept is None else await self._resumed(kept, password, device_name)
        if login is None:
            login = await self._anew(kept, password, device_name)
        for _ in range(3):  # a second time when the server had other keys under the names of ours
            if self.machine.account.shared or await self._upload():
                return login
        raise Unknown

    async def _resumed(self, kept: Kept, password: Callable[[], str], device_name: str) -> Login | None:
        """Be the device of `kept` if that is still possible."""
        if not self._open(kept.device):
            return None
        self.wire.token = kept.token
        try:
            who = await self.wire.ask("GET", "client/v3/account/whoami")
        except TokenRevoked as revoked:
            if not revoked.soft:
                return None
            answer = await self._log_in(password, device_name, kept.device)
            if answer["device_id"] != kept.device:
                return None
            self.wire.token = answer["access_token"]
            return Login(Kept(kept.device, self.wire.token, kept.seeds), How.RENEWED)
        if (who.get("user_id"), who.get("device_id")) != (self.user, kept.device):
            return None
        return Login(kept, How.RESUMED)

    async def _anew(self, kept: Kept | None, password: Callable[[], str], device_name: str) -> Login:
        """Become a new device."""
        self._shut()
        answer = await self._log_in(password, device_name)
        stores.remove(self._directory)
        device = answer["device_id"]
        seeds = os.urandom(SEEDS) if kept is None else kept.seeds
        replaced = "" if kept is None else kept.token
        self._open(device)
        self.wire.token = answer["access_token"]
        return Login(Kept(device, self.wire.token, seeds), How.ANEW, replaced)

    async def _log_in(self, password: Callable[[], str], device_name: str, device: str = "") -> dict[str, str]:
        body: dict[str, object] = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.user},
            "password": password(),
            "initial_device_display_name": device_name,
        }
        if device:
            body["device_id"] = device
        try:
            answer = await self.wire.ask("POST", "client/v3/login", body, token="")
        except (Denied, TokenRevoked):
            raise LoginRefused(_REFUSED) from None
        token, name = answer.get("access_token"), answer.get("device_id")
        if not isinstance(token, str) or not isinstance(name, str) or answer.get("user_id") != self.user:
            raise LoginRefused(_REFUSED)
        return {"access_token": token, "device_id": name}

    async def sign(self, seeds: bytes, password: Callable[[], str]) -> Outcome:
        """See to it that this device is signed by the identity of `seeds`; see `signing.establish`."""
        return await establish(self.wire, self.machine, seeds, password)

    async def retire(self, replaced: str) -> bool:
        """Log out the device that was replaced; True when it is gone. Never raises."""
        if not replaced:
            return True
        try:
            await self.wire.ask("POST", "client/v3/logout", {}, token=replaced)
        except TokenRevoked:
            return True
        except MatrixError:
            return False
        return True

    def _open(self, device: str) -> bool:
        """Open the device's store; whether it was there already."""
        self._shut()
        self._store = EncryptedStore(self.user, device, self._directory, self._key)
        known = self._store.load_account() is not None
        self._load()
        return known

    def _load(self) -> None:
        """Take up what the store knows."""
        seconds = self._now().timestamp()
        self.store.prune(seconds)
        self._machine = Machine(self.user, self.store.device_id, self.store, lambda: self._now().timestamp())
        self._position = self.store.position()
        self._encrypted = self.store.load_encrypted_rooms()
        self._waiting = self.store.waiting()
        self._retry = set(self._waiting)
        self._rooms, self._facts, self._ready = {}, {}, False

    def _shut(self) -> None:
        opened, self._store, self._machine = self._store, None, None
        if opened is not None:
            opened.close()

    # -- the upkeep of keys --------------------------------------------------------------------------------------------

    async def _upload(self) -> bool:
        """Upload what is due of our keys; False if it must be tried again with other keys."""
        with self.store.together():
            body = self.machine.upload()
        if body is None:
            return True
        try:
            answer = await self.wire.ask("POST", "client/v3/keys/upload", body)
        except Denied:
            self._write(self.machine.upload_refused)
            return False
        self._write(self.machine.uploaded, answer)
        return True

    async def _ask_devices(self, users: Iterable[str]) -> None:
        """Learn which devices these people have. Raises a MatrixError."""
        asked = sorted(users)
        for start in range(0, len(asked), _PAGE):
            some = asked[start : start + _PAGE]
            try:
                answer = await self.wire.ask("POST", "client/v3/keys/query", self.machine.asking(some))
            except BaseException:
                self.machine.unanswered(some)
                raise
            self._write(self.machine.know, some, answer)

    async def _claim(self, wanted: dict[str, dict[str, str]]) -> None:
        """Begin Olm sessions with these devices, where they give us a key. Raises a MatrixError."""
        if wanted:
            answer = await self.wire.ask("POST", "client/v3/keys/claim", {"one_time_keys": wanted})
            self._write(self.machine.claimed, wanted, answer)

    async def _unwedge(self) -> None:
        """Begin anew with devices whose messages could not be read."""
        wanted = self.machine.wedged()
        if not wanted:
            return
        await self._claim(wanted)
        body = self.machine.greetings(wanted)
        if body["messages"]:
            await self._to_devices(body)

    async def _to_devices(self, body: dict[str, Any]) -> None:
        path = f"client/v3/sendToDevice/{parts(_ENCRYPTED, secrets.token_urlsafe(16))}"
        await self.wire.ask("PUT", path, body)

    async def _upkeep(self) -> None:
        """Do what the keys need. What fails is tried again before the next sync. Raises only TokenRevoked."""

        async def meet() -> None:
            people = {user for room in self._rooms.values() if room.encrypted for user in room.members | room.invited}
            await self._ask_devices(self.machine.unknown(people))

        chores: tuple[Callable[[], Awaitable[object]], ...] = (self._upload, meet, self._unwedge)
        for chore in chores:
            try:
                await chore()
            except TokenRevoked:
                raise
            except Throttled:
                return
            except MatrixError:
                continue

    def _write(self, work: Callable[..., None], *arguments: object) -> None:
        """Do something that writes to the store, as one commit."""
        with self.store.together():
            work(*arguments)

    # -- hearing -------------------------------------------------------------------------------------------------------

    async def sync(self, timeout: float = 0.0) -> Batch:  # noqa: ASYNC109 - the homeserver's own wait
        """Ask for news since the last batch that was kept, waiting up to `timeout` seconds for some.

        Before it asks it does what the keys need (one-time keys, devices of people, new Olm sessions); failures there
        are tried again with the next sync. Without `keep` the next sync brings the same again. Raises a MatrixError.
        """
        async with self._syncing:
            await self._upkeep()
            query = {"filter": _FILTER, "timeout": str(round(timeout * 1000) if self._ready else 0)}
            if self._position:
                query["since"] = self._position
            if not self._ready:
                query["full_state"] = "true"  # rooms are not stored: they are all told at the start
            news = await self.wire.ask("GET", "client/v3/sync", query=query, hold=timeout if self._ready else 60.0)
            position = news.get("next_batch")
            if not isinstance(position, str) or not position:
                raise Unknown
            self._hear_device(news)
            joined = _objects(_object(news.get("rooms")).get("join"))
            missed, gaps = await self._catch_up(joined)
            await self._meet_senders(joined, missed)
            batch = _News(gaps=gaps)
            try:
                with self.store.together():
                    self._compose(news, joined, missed, batch)
            except PeeweeException:
                raise StoreFailed from None
            self._ready, self._synced_at = True, self._now()
            return Batch(
                position,
                tuple(batch.events),
                tuple(batch.undecryptable),
                tuple(batch.invites),
                tuple(batch.departures),
                tuple(batch.entered),
                tuple(batch.gaps),
            )

    async def keep(self, batch: Batch, errands: Iterable[Errand] = ()) -> None:
        """Remember durably that all of `batch` is committed, and what it gave us to do.

        The next sync goes on from there. Raises `store.StoreFailed`.
        """
        self.store.settle(batch.position, [event.id for event in batch.events if event.late], errands)
        self._position = batch.position
        self._retry.clear()
        self._waiting = self.store.waiting()

    def errands(self) -> Sequence[Errand]:
        """What is to be done, the oldest first."""
        return self.store.errands()

    def add_errand(self, errand: Errand) -> None:
        """Note something to be done; the same is noted once, with its latest time."""
        self.store.add_errand(errand)

    def drop_errand(self, errand: Errand) -> None:
        """Forget what is done."""
        self.store.drop_errand(errand)

    def is_held(self, event: str) -> bool:
        """Whether an event could not be read yet."""
        return self.store.is_held(event)

    def health(self) -> Health:
        """What a watchdog looks at."""
        machine = self.machine
        return Health(
            synced_at=self._synced_at,
            one_time_keys=machine.uploaded_key_count,
            withheld=dict(machine.withheld),
            undecryptable=self.store.count_held(),
            malformed=self._malformed + machine.malformed,
            forged=self._forged,
        )

    @property
    def ready(self) -> bool:
        """Whether the first sync is done, so that rooms are known and can be written to."""
        return self._ready

    def _hear_device(self, news: Mapping[str, Any]) -> None:
        """Messages to the device, key counts, changed devices."""
        machine = self.machine
        try:
            with self.store.together():
                for message in _list(_object(news.get("to_device")).get("events")):
                    machine.hear(message)
        except (StoreFailed, PeeweeException):
            self._load()  # what memory learned and the disk didn't must be heard again
            raise StoreFailed from None
        machine.count(news)
        lists = _object(news.get("device_lists"))
        machine.suspect(user for user in _strings(lists.get("changed")) if user in machine.tracked_users)
        machine.tracked_users.difference_update(_strings(lists.get("left")))
        self._retry |= machine.came & self._waiting
        machine.came.clear()

    async def _catch_up(self, joined: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, list[object]], list[str]]:
        """Fetch what a limited timeline left out, oldest first, by room; and the rooms of which it was too much."""
        missed: dict[str, list[object]] = {}
        gaps: list[str] = []
        if not self._position:
            return missed, gaps
        for room, news in joined.items():
            timeline = _object(news.get("timeline"))
            start = timeline.get("prev_batch")
            if timeline.get("limited") is not True or not isinstance(start, str):
                continue
            found: list[object] = []
            for _ in range(_PAGES):
                try:
                    page = await self._page(room, start, self._position, _PAGE)
                except Forbidden:
                    page = {}
                chunk, end = _list(page.get("chunk")), page.get("end")
                found += chunk
                if not chunk or not isinstance(end, str) or end == start:
                    break
                start = end
            else:
                gaps.append(room)
            missed[room] = found[::-1]
        return missed, gaps

    async def _page(self, room: str, start: str, until: str, limit: int) -> dict[str, Any]:
        """A page of a room's events, newest first."""
        query = {"dir": "b", "limit": str(limit)}
        query |= {"from": start} if start else {}
        query |= {"to": until} if until else {}
        return await self.wire.ask("GET", f"client/v3/rooms/{parts(room)}/messages", query=query)

    async def _meet_senders(
        self, joined: Mapping[str, Mapping[str, Any]], missed: Mapping[str, Iterable[object]]
    ) -> None:
        """Learn the devices of who wrote encrypted, so that it can be told whether their keys are theirs."""
        senders = set()
        for room, news in joined.items():
            for event in (*missed.get(room, ()), *_list(_object(news.get("timeline")).get("events"))):
                if isinstance(event, dict) and event.get("type") == _ENCRYPTED and isinstance(event.get("sender"), str):
                    senders.add(event["sender"])
        with suppress(Unsent, Unknown, Throttled, Denied):
            await self._ask_devices(self.machine.unknown(senders))

    # -- putting a batch together --------------------------------------------------------------------------------------

    def _compose(
        self,
        news: Mapping[str, Any],
        joined: Mapping[str, Mapping[str, Any]],
        missed: Mapping[str, Iterable[object]],
        batch: _News,
    ) -> None:
        for event in _list(_object(news.get("account_data")).get("events")):
            if isinstance(event, dict) and event.get("type") == "m.direct":
                self._direct = {user: _strings(rooms) for user, rooms in _object(event.get("content")).items()}
        self._read_held(batch)
        rooms = _object(news.get("rooms"))
        for name, told in joined.items():
            self._compose_joined(name, told, missed.get(name, ()), batch)
        for name, told in _objects(rooms.get("invite")).items():
            batch.invites.append(self._invite(name, _list(_object(told.get("invite_state")).get("events"))))
        for name, told in _objects(rooms.get("leave")).items():
            self._compose_left(name, told, batch)

    def _compose_joined(self, name: str, told: Mapping[str, Any], before: Iterable[object], batch: _News) -> None:
        room = self._rooms.setdefault(name, _Room(encrypted=name in self._encrypted))
        for event in _list(_object(told.get("state")).get("events")):
            self._apply(name, room, event)
        timeline = _list(_object(told.get("timeline")).get("events"))
        for event in timeline:
            self._apply(name, room, event)
        self._facts[name] = room.facts()
        events = _once([*before, *timeline])
        if not self._position:
            batch.entered.append(name)
            horizon = (self._now() - _NEWS_OF_BEFORE).timestamp() * 1000
            events = [one for one in events if isinstance(at := one.get("origin_server_ts"), int) and at >= horizon]
        else:
            start = self._arrival(events)
            if start is not None:
                batch.entered.append(name)
                events = events[start:]
        for event in events:
            self._take(name, event, batch)

    def _compose_left(self, name: str, told: Mapping[str, Any], batch: _News) -> None:
        self._rooms.pop(name, None)
        self._facts.pop(name, None)
        timeline = _once(_list(_object(told.get("timeline")).get("events")))
        by, banned = "", False
        for event in (*_list(_object(told.get("state")).get("events")), *timeline):
            membership = self._own_membership(event)
            if membership in {"leave", "ban"}:
                by, banned = str(_object(event).get("sender")), membership == "ban"
        for event in timeline if self._position else ():
            self._take(name, event, batch)
        batch.departures.append(Departure(name, by, banned))

    def _invite(self, name: str, state: Iterable[object]) -> Invite:
        inviter, direct, encrypted = "", False, False
        for event in map(_object, state):
            if self._own_membership(event) == "invite":
                sender = event.get("sender")
                inviter = sender if isinstance(sender, str) else ""
                direct = _object(event.get("content")).get("is_direct") is True
            elif event.get("type") == _ENCRYPTION:
                encrypted = True
        return Invite(name, inviter, direct, encrypted)

    def _own_membership(self, event: object) -> str:
        """What a membership event says of us; "" for any other event."""
        fields = _object(event)
        if fields.get("type") != _MEMBER or fields.get("state_key") != self.user:
            return ""
        membership = _object(fields.get("content")).get("membership")
        return membership if isinstance(membership, str) else ""

    def _arrival(self, events: Sequence[Mapping[str, Any]]) -> int | None:
        """Where our stay begins if we have just come: at our invitation, whose words are meant for us already."""
        start: int | None = None
        inside = True
        come: int | None = None
        for place, event in enumerate(events):
            membership = self._own_membership(event)
            if membership in {"leave", "ban"}:
                start, inside, come = None, False, None
            elif membership == "invite":
                start, inside = place, False
            elif membership == "join" and (not inside or _newly(event)):
                come = place if start is None else start
                inside = True
        return come

    def _apply(self, name: str, room: _Room, event: object) -> None:
        """Let a state event change what we know of a room."""
        fields = _object(event)
        kind, key, content = fields.get("type"), fields.get("state_key"), _object(fields.get("content"))
        if kind == _MEMBER and isinstance(key, str):
            room.members.discard(key)
            room.invited.discard(key)
            membership = content.get("membership")
            if membership == "join":
                room.members.add(key)
                if key == self.user:
                    room.joined_at = self._at(fields)
            elif membership == "invite":
                room.invited.add(key)
        elif kind == _ENCRYPTION and key == "" and not room.encrypted:
            room.encrypted = True  # for good: no later word of the server's brings it back into the clear
            self._encrypted.add(name)
            self.store.save_encrypted_rooms([name])
        elif kind == "m.room.create" and isinstance(fields.get("sender"), str):
            room.created_by = fields["sender"]

    def _at(self, fields: Mapping[str, Any]) -> datetime:
        at = fields.get("origin_server_ts")
        try:
            return datetime.fromtimestamp(at / 1000, UTC) if isinstance(at, int) else self._now()
        except (ValueError, OverflowError, OSError):
            return self._now()

    def _take(self, room: str, event: Mapping[str, Any], batch: _News) -> None:
        """Take one event of a room, whatever it holds."""
        sender, kind, name, content = (event.get(one) for one in ("sender", "type", "event_id", "content"))
        if not (isinstance(sender, str) and isinstance(kind, str) and isinstance(name, str) and name):
            self._malformed += 1
            return
        if not isinstance(content, dict) or _too_deep(content):
            self._malformed += 1
            return
        if kind == _ENCRYPTED and "state_key" not in event:
            self._take_encrypted(room, event, batch)
            return
        key, redacts = event.get("state_key"), event.get("redacts", content.get("redacts"))
        batch.events.append(
            Event(
                room,
                sender,
                name,
                self._at(event),
                kind,
                content,
                state=key if isinstance(key, str) else None,
                redacts=redacts if isinstance(redacts, str) else "",
            )
        )

    def _take_encrypted(self, room: str, event: Mapping[str, Any], batch: _News) -> None:
        if not event["content"]:
            return  # it was taken back
        try:
            read = self._read(room, event)
        except NoKey:
            session = event["content"]["session_id"]
            if event["sender"] == self.user:
                return  # our own words; their key is not kept
            at = self._at(event)
            self.store.hold(Held(event["event_id"], room, session, event, int(at.timestamp())))
            self._waiting.add((room, session))
            batch.undecryptable.append(Undecryptable(room, event["sender"], event["event_id"], at, session))
        else:
            if read is not None:
                batch.events.append(read)

    def _read(self, room: str, event: Mapping[str, Any], *, late: bool = False) -> Event | None:
        """Decrypt an event; None if it is not to be heard. Raises NoKey."""
        try:
            read = self.machine.read(room, event)
        except NoKey:
            raise
        except Forged:
            self._forged += 1
            return None
        except (PeeweeException, stores.StoreError, MemoryError):
            raise
        except Exception:  # noqa: BLE001 - whatever it holds, it harms no other event
            self._malformed += 1
            return None
        if _too_deep(read.content):
            self._malformed += 1
            return None
        return Event(
            room,
            event["sender"],
            event["event_id"],
            self._at(event),
            read.type,
            read.content,
            encrypted=True,
            verified=read.verified,
            late=late,
        )

    def _read_held(self, batch: _News) -> None:
        """Try events again whose key may have come."""
        for room, session in sorted(self._retry):
            if not self.machine.has_key(room, session):
                continue
            for held in self.store.held(room, session):
                with suppress(NoKey):
                    event = self._read(room, held.json, late=True)
                    if event is not None:
                        batch.events.append(event)

    # -- rooms ---------------------------------------------------------------------------------------------------------

    def rooms(self) -> Mapping[str, Facts]:
        """The rooms we are in, as of the last sync."""
        return MappingProxyType(self._facts)

    def direct_rooms(self) -> Mapping[str, Sequence[str]]:
        """Rooms that are marked as direct chats (account data ``m.direct``), by the other person's user id.

        The one that was used last stands last.
        """
        return self._direct

    async def mark_direct(self, user: str, room: str) -> None:
        """Mark a room as the direct chat with somebody, and as the one that was used last."""
        rooms = self._direct.get(user, [])
        if rooms[-1:] == [room]:
            return
        direct = {**self._direct, user: [*(one for one in rooms if one != room), room]}
        await self.wire.ask("PUT", f"client/v3/user/{parts(self.user)}/account_data/m.direct", direct)
        self._direct = direct

    async def create_direct(self, user: str) -> str:
        """Make an encrypted room for us and `user`, invite them, mark it as direct; its id.

        It can be written to once a sync brought it (`Batch.entered`).
        """
        body = {
            "preset": "trusted_private_chat",
            "is_direct": True,
            "invite": [user],
            "initial_state": [{"type": _ENCRYPTION, "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}],
        }
        answer = await self.wire.ask("POST", "client/v3/createRoom", body)
        room = answer.get("room_id")
        if not isinstance(room, str):
            raise Unknown
        with suppress(Unsent, Unknown, Throttled, Denied):  # a mark for other apps; the room is there without it
            await self.mark_direct(user, room)
        return room

    async def join(self, room: str) -> None:
        """Accept an invitation. The room can be written to once a sync brought it."""
        await self.wire.ask("POST", f"client/v3/rooms/{parts(room)}/join", {})

    async def leave(self, room: str) -> None:
        """Leave a room or decline an invitation, and forget it."""
        await self.wire.ask("POST", f"client/v3/rooms/{parts(room)}/leave", {})
        with suppress(Unsent, Unknown, Throttled, Denied):
            await self.wire.ask("POST", f"client/v3/rooms/{parts(room)}/forget", {})

    async def events(self, room: str, before: str = "", limit: int = 50) -> tuple[Event, ...]:
        """Up to `limit` events of a room before a position ("" for now), oldest first. Unreadable ones are left out."""
        page = await self._page(room, before, "", limit)
        found: list[Event] = []
        for event in _once(_list(page.get("chunk")))[::-1]:
            batch = _News()
            if event.get("type") == _ENCRYPTED:
                with suppress(NoKey):
                    read = self._read(room, event) if isinstance(event.get("content"), dict) else None
                    batch.events += [read] if read is not None else []
            else:
                self._take(room, event, batch)
            found += batch.events
        return tuple(found)

    # -- saying --------------------------------------------------------------------------------------------------------

    async def send(self, room: str, kind: str, content: Mapping[str, Any], txn: str) -> str:
        """Send an event of type `kind` and return its id; with the same `txn` a second time it is one event.

        Encrypted if the room is (asked of the homeserver before the first time that something would go out in the
        clear, and never in the clear once a room was encrypted). Raises also `Unsent` when the keys could not be
        shared, `Unread` when nobody else's device could read it, `NotFound` when we are not in such a room.
        """
        known = self._known(room)
        async with known.lock:
            try:
                async with asyncio.timeout(_PREPARATION_SECONDS):
                    await self._ask_encryption(room, known)
                    if known.encrypted:
                        kind, content = _ENCRYPTED, await self._sealed(room, known, kind, content)
            except TimeoutError:
                raise Unsent from None
            except Unknown:
                raise Unsent from None  # whatever became of the keys, the message itself has not left
            return await self._put(f"{parts(room)}/send/{parts(kind, txn)}", content)

    async def react(self, room: str, event: str, sign: str, txn: str) -> str:
        """Put a sign under an event: its id. Reactions are never encrypted: no secret may be in one."""
        relation = {"rel_type": "m.annotation", "event_id": event, "key": sign}
        return await self._put(f"{parts(room)}/send/{parts('m.reaction', txn)}", {"m.relates_to": relation})

    async def redact(self, room: str, event: str, txn: str) -> str:
        """Take an event back: the redaction's id."""
        return await self._put(f"{parts(room)}/redact/{parts(event, txn)}", {})

    async def stands(self, room: str, event: str) -> bool:
        """Whether an event is still there and was not taken back. Raises NotFound, Forbidden."""
        found = await self.wire.ask("GET", f"client/v3/rooms/{parts(room)}/event/{parts(event)}")
        return bool(_object(found.get("content"))) and "redacted_because" not in _object(found.get("unsigned"))

    async def typing(self, room: str, seconds: float = 20.0) -> None:
        """Show for so long that we are writing; 0 stops it."""
        body = {"typing": True, "timeout": round(seconds * 1000)} if seconds else {"typing": False}
        await self.wire.ask("PUT", f"client/v3/rooms/{parts(room)}/typing/{parts(self.user)}", body)

    async def upload(self, data: bytes, mime: str, name: str, *, encrypt: bool) -> dict[str, Any]:
        """Upload a file. Gives what an ``m.file`` event's content needs of it: filename, info, and url or file."""
        content: dict[str, Any] = {"filename": name, "info": {"mimetype": mime, "size": len(data)}}
        if not encrypt:
            return {**content, "url": await self._put_media(data, mime)}
        sealed, keys = encrypt_attachment(data)
        return {**content, "file": {**keys, "url": await self._put_media(sealed, "application/octet-stream")}}

    async def download(self, content: Mapping[str, Any], limit: int) -> bytes:
        """The bytes of a file that an event's content speaks of, at most `limit` of them, decrypted if need be."""
        file = _object(content.get("file"))
        address = file.get("url") if file else content.get("url")
        server, _, media = address.removeprefix("mxc://").partition("/") if isinstance(address, str) else ("", "", "")
        if not server or not media or "/" in media:
            raise Refused
        where = parts(server, media)
        try:
            data = await self.wire.send("GET", f"client/v1/media/download/{where}", None, limit=limit)
        except Denied as denied:
            if denied.code != "M_UNRECOGNIZED":
                raise
            data = await self.wire.send("GET", f"media/v3/download/{where}", None, limit=limit)  # an older server
        if not file:
            return data
        try:
            return bytes(decrypt_attachment(data, file["key"]["k"], file["hashes"]["sha256"], file["iv"]))
        except (EncryptionError, KeyError, TypeError, ValueError, AttributeError):
            raise Refused from None

    async def call_ourselves(self, name: str) -> None:
        """Set our display name, if it is another: each change tells every room."""
        with suppress(NotFound):
            profile = await self.wire.ask("GET", f"client/v3/profile/{parts(self.user)}/displayname")
            if profile.get("displayname") == name:
                return
        await self.wire.ask("PUT", f"client/v3/profile/{parts(self.user)}/displayname", {"displayname": name})

    def _known(self, room: str) -> _Room:
        known = self._rooms.get(room)
        if known is None:
            raise NotFound if self._ready else Unsent
        return known

    async def _ask_encryption(self, room: str, known: _Room) -> None:
        """Before anything goes out in the clear the homeserver itself must say so: our memory may lack something."""
        if known.encrypted or known.asked:
            return
        try:
            await self.wire.ask("GET", f"client/v3/rooms/{parts(room)}/state/{_ENCRYPTION}/")
        except NotFound:
            known.asked = True
            return
        known.encrypted = True
        self._facts[room] = known.facts()
        self._encrypted.add(room)
        self._write(self.store.save_encrypted_rooms, [room])

    async def _sealed(self, room: str, known: _Room, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Encrypt, after everybody's devices have the key: each send looks, so that no new device is left out."""
        machine = self.machine
        people = known.members | known.invited
        await self._ask_devices(machine.unknown(people))
        if machine.unknown(people) and len(people) <= 2:  # noqa: PLR2004 - a chat of two whose other half is unknown
            raise Unsent
        readers = machine.readers(people)
        if not any(user != self.user for user, _ in readers):
            raise Unread
        session = machine.outbound(room, readers)
        lacking = {one: device for one, device in readers.items() if one not in session.users_shared_with}
        if lacking:
            await self._claim(machine.claims(lacking))
            for reached, body in machine.shares(room, session, list(lacking.values())):
                await self._to_devices(body)
                session.users_shared_with |= reached
        if not _others(session.users_shared_with, self.user):
            raise Unsent
        return machine.encrypt(room, session, kind, content)

    async def _put(self, path: str, content: Mapping[str, Any]) -> str:
        answer = await self.wire.ask("PUT", f"client/v3/rooms/{path}", content)
        event = answer.get("event_id")
        if not isinstance(event, str) or not event:
            raise Unknown
        return event

    async def _put_media(self, data: bytes, mime: str) -> str:
        answer = await self.wire.send("POST", "media/v3/upload", data, kind=mime)
        try:
            address = json.loads(answer).get("content_uri")
        except (ValueError, AttributeError):
            raise Unknown from None
        if not isinstance(address, str):
            raise Unknown
        return address


def _others(devices: Iterable[Address], user: str) -> bool:
    return any(owner != user for owner, _ in devices)


def _newly(event: Mapping[str, Any]) -> bool:
    """Whether a join is no mere change of name or picture."""
    before = _object(event.get("unsigned")).get("prev_content")
    return _object(before).get("membership") != "join"


def _once(events: Iterable[object]) -> list[Mapping[str, Any]]:
    """The events that are objects, each once."""
    seen: dict[object, Mapping[str, Any]] = {}
    for place, event in enumerate(events):
        if isinstance(event, dict):
            name = event.get("event_id")
            seen.setdefault(name if isinstance(name, str) else place, event)
    return list(seen.values())


def _too_deep(content: Mapping[str, Any]) -> bool:
    """Whether something is nested so deep that whoever walks through it could fall."""
    layer: list[Any] = [content]
    for _ in range(_DEEPEST):
        layer = [
            inner
            for one in layer
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ]
        if not layer:
            return False
    return True


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> dict[str, Mapping[str, Any]]:
    return {name: one for name, one in _object(value).items() if isinstance(one, dict)}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _strings(value: object) -> list[str]:
    return [one for one in _list(value) if isinstance(one, str)]
