"""One device of one Matrix account, encrypted: hears and sends, and stays up whatever anybody sends it.

matrix-nio's own client would kill its loop over one hostile message, hang, or write in the clear; so only its
encryption machine is used (see `machine`); rooms and news are read from plain JSON (see `timeline`).
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

from nio.crypto.attachments import decrypt_attachment, encrypt_attachment
from nio.exceptions import EncryptionError
from peewee import PeeweeException  # type: ignore[import-untyped]

from bot.platforms.matrix import store as stores
from bot.platforms.matrix.machine import Address, Machine
from bot.platforms.matrix.shapes import (
    Batch,
    Errand,
    Event,
    Facts,
    Health,
    How,
    Kept,
    Login,
)
from bot.platforms.matrix.signing import SEEDS, Outcome, establish
from bot.platforms.matrix.store import EncryptedStore, Lock, StoreFailed
from bot.platforms.matrix.timeline import ENCRYPTED, ENCRYPTION, Room, Timeline, array, mapping, mappings, strings
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

_PAGE: Final = 100
_PAGES: Final = 20  # of what was missed in one room: beyond 2000 events it is a gap
_PREPARATION_SECONDS: Final = 60.0
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
        self._timeline: Timeline | None = None
        self._ready = False
        self._synced_at: datetime | None = None

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

    @property
    def timeline(self) -> Timeline:
        """What the device knows of its rooms. Raises RuntimeError before the login."""
        if self._timeline is None:
            raise RuntimeError("not logged in yet")
        return self._timeline

    # -- coming and going ----------------------------------------------------------------------------------------------

    async def login_or_resume(
        self,
        kept: Kept | None,
        password: Callable[[], str],
        device_name: str,
        remember: Callable[[Kept], Awaitable[None]] | None = None,
    ) -> Login:
        """Be the device of `kept`, or become a new one; its keys are on the homeserver afterwards.

        Resumes when `kept` has its store here and its token is taken. A token that was only logged out softly is
        renewed. Otherwise (no `kept`, the store lost, the device deleted) a new device with an empty store is made,
        with the seeds of `kept` or, without it, fresh ones. What is new is given to `remember` before anybody can see
        its keys: a device that was seen and then forgotten in a crash takes people's words with it. Raises a
        MatrixError, `LoginRefused` when the password is wrong, `store.WrongKey`.
        """
        login = None if kept is None else await self._resumed(kept, password, device_name)
        if login is None:
            login = await self._anew(kept, password, device_name)
        if remember is not None and login.how is not How.RESUMED:
            await remember(login.kept)
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
        with suppress(StoreFailed):  # a full disk can be read
            self.store.prune(self._now().timestamp())
        self._machine = Machine(self.user, self.store.device_id, self.store, lambda: self._now().timestamp())
        self._position = self.store.position()
        self._timeline = Timeline(self.user, self._machine, self.store, self._now)
        self._ready = False

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
        path = f"client/v3/sendToDevice/{parts(ENCRYPTED, secrets.token_urlsafe(16))}"
        await self.wire.ask("PUT", path, body)

    async def _upkeep(self) -> None:
        """Do what the keys need. What fails is tried again before the next sync. Raises only TokenRevoked."""

        async def meet() -> None:
            people = {
                user for room in self.timeline.rooms.values() if room.encrypted for user in room.members | room.invited
            }
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
            joined = mappings(mapping(news.get("rooms")).get("join"))
            missed, gaps = await self._catch_up(joined)
            await self._meet_senders(joined, missed)
            try:
                batch = self.timeline.compose(news, missed, gaps, new_device=not self._position)
            except StoreFailed:
                self._load()
                raise
            self._ready, self._synced_at = True, self._now()
            return batch

    async def keep(self, batch: Batch, errands: Iterable[Errand] = ()) -> None:
        """Remember durably that all of `batch` is committed, and what it gave us to do.

        The next sync goes on from there. Raises `store.StoreFailed`.
        """
        self.store.settle(batch.position, [event.id for event in batch.events if event.late], errands)
        self._position = batch.position
        self.timeline.settled()

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
            malformed=self.timeline.malformed + machine.malformed,
            forged=self.timeline.forged,
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
                for message in array(mapping(news.get("to_device")).get("events")):
                    machine.hear(message)
        except (StoreFailed, PeeweeException):
            self._load()  # what memory learned and the disk didn't must be heard again
            raise StoreFailed from None
        machine.count(news)
        lists = mapping(news.get("device_lists"))
        machine.suspect(user for user in strings(lists.get("changed")) if user in machine.tracked_users)
        machine.tracked_users.difference_update(strings(lists.get("left")))

    async def _catch_up(self, joined: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, list[object]], list[str]]:
        """Fetch what a limited timeline left out, oldest first, by room; and the rooms of which it was too much."""
        missed: dict[str, list[object]] = {}
        gaps: list[str] = []
        if not self._position:
            return missed, gaps
        for room, news in joined.items():
            timeline = mapping(news.get("timeline"))
            start = timeline.get("prev_batch")
            if timeline.get("limited") is not True or not isinstance(start, str):
                continue
            found: list[object] = []
            for _ in range(_PAGES):
                try:
                    page = await self._page(room, start, self._position, _PAGE)
                except Forbidden:
                    page = {}
                chunk, end = array(page.get("chunk")), page.get("end")
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
            for event in (*missed.get(room, ()), *array(mapping(news.get("timeline")).get("events"))):
                if isinstance(event, dict) and event.get("type") == ENCRYPTED and isinstance(event.get("sender"), str):
                    senders.add(event["sender"])
        with suppress(Unsent, Unknown, Throttled, Denied):
            await self._ask_devices(self.machine.unknown(senders))

    # -- rooms ---------------------------------------------------------------------------------------------------------

    def rooms(self) -> Mapping[str, Facts]:
        """The rooms we are in, as of the last sync."""
        return MappingProxyType(self.timeline.facts)

    def direct_rooms(self) -> Mapping[str, Sequence[str]]:
        """Rooms that are marked as direct chats (account data ``m.direct``), by the other person's user id.

        The one that was used last stands last.
        """
        return self.timeline.direct

    def invited_by(self, user: str) -> datetime | None:
        """When somebody asked us into a direct chat that is no room of ours yet; None if no invitation stands."""
        return max((at for who, at in self.timeline.invitations.values() if who == user), default=None)

    async def mark_direct(self, user: str, room: str) -> None:
        """Mark a room as the direct chat with somebody, and as the one that was used last."""
        rooms = self.timeline.direct.get(user, [])
        if rooms[-1:] == [room]:
            return
        direct = {**self.timeline.direct, user: [*(one for one in rooms if one != room), room]}
        await self.wire.ask("PUT", f"client/v3/user/{parts(self.user)}/account_data/m.direct", direct)
        self.timeline.direct = direct

    async def create_direct(self, user: str) -> str:
        """Make an encrypted room for us and `user`, invite them, mark it as direct; its id.

        It can be written to once a sync brought it (`Batch.entered`).
        Raises Unknown.
        """
        body = {
            "preset": "trusted_private_chat",
            "is_direct": True,
            "invite": [user],
            "initial_state": [{"type": ENCRYPTION, "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}],
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
        self.timeline.invitations.pop(room, None)
        with suppress(Unsent, Unknown, Throttled, Denied):
            await self.wire.ask("POST", f"client/v3/rooms/{parts(room)}/forget", {})

    async def events(self, room: str, before: str = "", limit: int = 50) -> tuple[Event, ...]:
        """Up to `limit` events of a room before a position ("" for now), oldest first. Unreadable ones are left out."""
        page = await self._page(room, before, "", limit)
        return tuple(self.timeline.read(room, array(page.get("chunk"))[::-1]))

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
                        kind, content = ENCRYPTED, await self._sealed(room, known, kind, content)
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
        return bool(mapping(found.get("content"))) and "redacted_because" not in mapping(found.get("unsigned"))

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
        """The bytes of a file that an event's content speaks of, at most `limit` of them, decrypted if need be.

        Raises Refused.
        """
        file = mapping(content.get("file"))
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

    def _known(self, room: str) -> Room:
        known = self.timeline.rooms.get(room)
        if known is None:
            raise NotFound if self._ready else Unsent
        return known

    async def _ask_encryption(self, room: str, known: Room) -> None:
        """Before anything goes out in the clear the homeserver itself must say so: our memory may lack something."""
        if known.encrypted or known.asked:
            return
        try:
            await self.wire.ask("GET", f"client/v3/rooms/{parts(room)}/state/{ENCRYPTION}/")
        except NotFound:
            known.asked = True
            return
        self.timeline.is_encrypted(room, known)

    async def _sealed(self, room: str, known: Room, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
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
