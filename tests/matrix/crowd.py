"""People on a Matrix server: neighbours, so light that two hundred fit in one test, and friends with a whole client.

    async def test_...(crowd):
        zarina = await crowd.neighbour("zarina")     # a new account that is logged in and has keys
        await zarina.invites(bot)                    # an encrypted direct room; the bot may join it
        event = await zarina.says("I am safe")       # encrypted for every device of the bot
        await zarina.until(lambda: "Told" in zarina.screen)
        assert zarina.unreadable == []

A neighbour (plain HTTP and vodozemac) hears only while `hears` or `until` runs. A friend (`crowd.friend`) is a whole
matrix-nio client with a store and a sync of its own, and has the same words: `invites`, `says`, `until`, `screen`...
"""

from __future__ import annotations

import asyncio
import base64
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote

import aiohttp
import nio
import vodozemac
from nio.store import SqliteStore

from tests.matrix.synapse import Refused, Synapse

if TYPE_CHECKING:
    from types import TracebackType

CLIENT: Final = "/_matrix/client/v3"
MEGOLM: Final = "m.megolm.v1.aes-sha2"
OLM: Final = "m.olm.v1.curve25519-aes-sha2"
ENCRYPTED: Final = "m.room.encrypted"
PATIENCE: Final = 30.0  # seconds that anybody waits for anything; generous, for a machine with other work
KEYS: Final = 10  # one-time keys that a neighbour keeps at the server
AT_ONCE: Final = 16  # neighbours that move in at the same time

Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a room, as its reader sees it: decrypted if it was encrypted."""

    id: str
    room: str
    sender: str
    kind: str
    content: Content
    encrypted: bool

    @property
    def body(self) -> str:
        """The words of a message, "" if it has none."""
        return str(self.content.get("body", ""))


@dataclass(slots=True)
class Reader:
    """What somebody has read. `events` holds what others sent; `unreadable` the ids of what could not be decrypted."""

    user: str
    events: list[Event] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    members: dict[tuple[str, str], str] = field(default_factory=dict)  # (room, user): join, invite, leave, ban
    withheld: list[Content] = field(default_factory=list)  # m.room_key.withheld: why somebody gives us no key
    _seen: set[str] = field(default_factory=set)
    _gone: set[str] = field(default_factory=set)

    @property
    def messages(self) -> list[Event]:
        """The messages of others that stand, in order: changed ones as they are now, deleted ones not at all."""
        shown: dict[str, Event] = {}
        for event in self.events:
            if event.kind != "m.room.message":
                continue
            relation = event.content.get("m.relates_to", {})
            if relation.get("rel_type") == "m.replace":
                old = shown.get(relation["event_id"])
                if old is not None and old.sender == event.sender:
                    new = event.content["m.new_content"]
                    shown[old.id] = Event(old.id, old.room, old.sender, old.kind, new, event.encrypted)
            else:
                shown[event.id] = event
        return [event for event in shown.values() if event.id not in self._gone]

    @property
    def screen(self) -> str:
        """The words of all of them."""
        return "\n\n".join(event.body for event in self.messages)

    @property
    def last(self) -> str:
        """The words of the newest."""
        return self.messages[-1].body

    @property
    def in_clear(self) -> list[Event]:
        """Messages of others that were not encrypted."""
        return [event for event in self.events if event.kind == "m.room.message" and not event.encrypted]

    def note(self, event: Event) -> None:
        """Take one event in, once."""
        if event.id in self._seen or event.sender == self.user:
            return
        self._seen.add(event.id)
        if event.kind == "m.room.redaction":
            self._gone.add(str(event.content.get("redacts", "")))
        self.events.append(event)

    def fail(self, event: str) -> None:
        """Take in that an event could not be decrypted."""
        if event not in self._seen:
            self._seen.add(event)
            self.unreadable.append(event)


class Neighbour(Reader):
    """A person with one device, in plain HTTP; made by `Crowd.neighbour`. `room` is the newest they made."""

    def __init__(self, http: aiohttp.ClientSession, url: str, user: str, device: str, token: str) -> None:
        super().__init__(user)
        self.device: Final = device
        self.token: Final = token
        self.room = ""
        self.partners: list[str] = []
        self.account: Final = vodozemac.Account()
        self._http: Final = http
        self._url: Final = url
        self._since = ""
        self._numbers: Final = count(1)
        self._devices: dict[str, dict[str, Content]] = {}  # user: device: keys
        self._olm: dict[str, list[vodozemac.Session]] = {}  # by the other's identity key
        self._out: dict[str, _Outbound] = {}  # by room
        self._in: dict[tuple[str, str], vodozemac.InboundGroupSession] = {}  # by room and session

    @property
    def curve(self) -> str:
        """The device's identity key."""
        return self.account.curve25519_key.to_base64()

    @property
    def ed(self) -> str:
        """The device's signing key, unpadded base64."""
        return self.account.ed25519_key.to_base64()

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def api(self, method: str, path: str, body: object = None, **parameters: str) -> Any:  # noqa: ANN401 - it is JSON
        """Ask the server anything. `path` begins with a slash, behind /_matrix/client/v3. Raises Refused."""
        url = self._url + (path if path.startswith("/_") else CLIENT + path)
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self._http.request(method, url, json=body, params=parameters, headers=headers) as answer:
            content = await answer.json()
            if not answer.ok:
                raise Refused(f"{answer.status} {content.get('errcode')} {content.get('error')}")
            return content

    async def publishes_keys(self) -> None:
        """Put this device's keys, one-time keys and a fallback key on the server."""
        keys = {f"curve25519:{self.device}": self.curve, f"ed25519:{self.device}": self.ed}
        device = {"user_id": self.user, "device_id": self.device, "algorithms": [OLM, MEGOLM], "keys": keys}
        fallback = {f"signed_curve25519:{name}": key for name, key in self._fallback_key().items()}
        await self.api(
            "POST",
            "/keys/upload",
            {
                "device_keys": self.signed(device),
                "one_time_keys": self._one_time_keys(KEYS),
                "fallback_keys": {
                    n: self.signed({"key": k.to_base64(), "fallback": True}) for n, k in fallback.items()
                },
            },
        )
        self.account.mark_keys_as_published()

    async def makes_room(self, *others: str, encrypted: bool = True, direct: bool = True) -> str:
        """Make a room, invite `others`, and speak in it from now on; its id."""
        body: Content = {"preset": "trusted_private_chat", "is_direct": direct, "invite": list(others)}
        if encrypted:
            state = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": MEGOLM}}
            body["initial_state"] = [state]
        self.room = (await self.api("POST", "/createRoom", body))["room_id"]
        self.partners = list(others)
        if not encrypted:
            self._out[self.room] = _Outbound(None)
        return self.room

    async def invites(self, bot: str, *, encrypted: bool = True) -> str:
        """Make a direct room with the bot; its id."""
        return await self.makes_room(bot, encrypted=encrypted)

    async def says(self, text: str, room: str = "", *, on: str = "", key: str = "") -> str:
        """Write words, perhaps in answer to the event `on`; the event's id. `key` is the transaction's id."""
        content: Content = {"msgtype": "m.text", "body": text}
        if on:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": on}}
        return await self.sends("m.room.message", content, room, key=key)

    async def changes(self, event: str, text: str, room: str = "") -> str:
        """Put other words in the place of one's own message; the id of the change."""
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": event}
        content = {**new, "body": f"* {text}", "m.new_content": new, "m.relates_to": relation}
        return await self.sends("m.room.message", content, room)

    async def reacts(self, event: str, sign: str, room: str = "") -> str:
        """Put a sign under a message. Nobody encrypts these."""
        content = {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": sign}}
        return await self.sends("m.reaction", content, room, encrypted=False)

    async def sends(
        self, kind: str, content: Content, room: str = "", *, encrypted: bool | None = None, key: str = ""
    ) -> str:
        """Send an event, encrypted if the room is (or as told); its id."""
        room = room or self.room
        outbound = self._out.setdefault(room, _Outbound(vodozemac.GroupSession()))
        if outbound.session is not None and encrypted is not False:
            await self._share(room, outbound, outbound.session)
            relation = content.get("m.relates_to")
            words = {"type": kind, "content": content, "room_id": room}
            ciphertext = outbound.session.encrypt(json.dumps(words).encode()).to_base64()
            names = {"algorithm": MEGOLM, "sender_key": self.curve, "device_id": self.device}
            content = {**names, "session_id": outbound.session.session_id, "ciphertext": ciphertext}
            if relation:
                content["m.relates_to"] = relation  # never encrypted: the server has to group by it
            kind = ENCRYPTED
        key = key or f"{self.device}{next(self._numbers)}"
        path = f"/rooms/{quote(room)}/send/{kind}/{quote(key, safe='')}"
        event: str = (await self.api("PUT", path, content))["event_id"]
        return event

    async def deletes(self, event: str, room: str = "") -> None:
        """Take a message away."""
        await self.api("PUT", f"/rooms/{quote(room or self.room)}/redact/{quote(event)}/r{next(self._numbers)}", {})

    async def joins(self, room: str) -> None:
        """Accept an invitation."""
        await self.api("POST", f"/join/{quote(room)}", {})

    async def leaves(self, room: str = "") -> None:
        """Leave a room."""
        await self.api("POST", f"/rooms/{quote(room or self.room)}/leave", {})

    async def slips(self, user: str, device: str, kind: str, content: Content) -> None:
        """Send anything to a device, past every room: the post of keys, and a way for mischief. "*" means all."""
        path = f"/sendToDevice/{kind}/{self.device}{next(self._numbers)}"
        await self.api("PUT", path, {"messages": {user: {device: content}}})

    async def takes_key(self, user: str, device: str) -> Content:
        """Take one of a device's one-time keys (or its fallback key) from the server, {} if there is none."""
        wish = {"one_time_keys": {user: {device: "signed_curve25519"}}}
        found = (await self.api("POST", "/keys/claim", wish))["one_time_keys"]
        keys: Content = found.get(user, {}).get(device, {})
        return keys

    def rotates(self, room: str = "") -> None:
        """Use a new room key from the next message on, as every app does now and then."""
        self._out[room or self.room] = _Outbound(vodozemac.GroupSession())

    # -- hearing -------------------------------------------------------------------------------------------------------

    async def hears(self, wait: float = 0.0) -> None:
        """Look once for what is new, waiting for it at most so long (seconds)."""
        limit = json.dumps({"room": {"timeline": {"limit": 100}}})
        parameters = {"timeout": str(int(wait * 1000)), "filter": limit}
        if self._since:
            parameters["since"] = self._since
        sync = await self.api("GET", "/sync", None, **parameters)
        for changed in sync.get("device_lists", {}).get("changed", ()):
            self._devices.pop(changed, None)
        for message in sync.get("to_device", {}).get("events", ()):
            self._take_post(message)
        rooms = sync.get("rooms", {})
        for room, part in rooms.get("invite", {}).items():
            self._members(room, part["invite_state"]["events"])
        for room, part in [*rooms.get("join", {}).items(), *rooms.get("leave", {}).items()]:
            self._members(room, [*part.get("state", {}).get("events", ()), *part["timeline"]["events"]])
            for event in part["timeline"]["events"]:
                self._take(room, event)
        left = sync.get("device_one_time_keys_count", {}).get("signed_curve25519", 0)
        self._since = sync["next_batch"]
        if left < KEYS // 2:
            await self.api("POST", "/keys/upload", {"one_time_keys": self._one_time_keys(KEYS - left)})
            self.account.mark_keys_as_published()

    async def until(self, condition: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Hear until something is so. Raises TimeoutError, with what was on the screen, after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    await self.hears(2)
        except TimeoutError:
            raise TimeoutError(f"never so; on the screen:\n{self.screen}\nunreadable: {self.unreadable}") from None

    async def devices_of(self, user: str) -> dict[str, Content]:
        """The keys of somebody's devices, fresh from the server."""
        found = await self.api("POST", "/keys/query", {"device_keys": {user: []}})
        devices: dict[str, Content] = found["device_keys"].get(user, {})
        return devices

    async def vouched_for(self, user: str) -> set[str]:
        """The devices of somebody whose owner has signed them, checked from the master key downwards."""
        found = await self.api("POST", "/keys/query", {"device_keys": {user: []}})
        master, middle = (found.get(name, {}).get(user) for name in ("master_keys", "self_signing_keys"))
        if not master or not middle or not is_signed(middle, user, _only_key(master)):
            return set()
        devices = found["device_keys"].get(user, {})
        return {name for name, keys in devices.items() if is_signed(keys, user, _only_key(middle))}

    # -- keys ----------------------------------------------------------------------------------------------------------

    def signed(self, thing: Content) -> Content:
        """A JSON object with this device's signature."""
        signature = self.account.sign(canonical(thing)).to_base64()
        return {**thing, "signatures": {self.user: {f"ed25519:{self.device}": signature}}}

    def _fallback_key(self) -> dict[str, vodozemac.Curve25519PublicKey]:
        self.account.generate_fallback_key()  # type: ignore[attr-defined] # the stubs are behind the library
        keys: dict[str, vodozemac.Curve25519PublicKey] = self.account.fallback_key  # type: ignore[attr-defined]
        return keys

    def _one_time_keys(self, number: int) -> Content:
        self.account.generate_one_time_keys(number)
        keys = self.account.one_time_keys.items()
        return {f"signed_curve25519:{name}": self.signed({"key": key.to_base64()}) for name, key in keys}

    async def _share(self, room: str, outbound: _Outbound, session: vodozemac.GroupSession) -> None:
        """Give the room key to each device that does not have it yet."""
        unknown = [user for user in self.partners if user not in self._devices]
        if unknown:
            found = await self.api("POST", "/keys/query", {"device_keys": {user: [] for user in unknown}})
            for user in unknown:
                self._devices[user] = found["device_keys"].get(user, {})
        key = {"algorithm": MEGOLM, "room_id": room, "session_id": session.session_id}
        key["session_key"] = session.session_key.to_base64()
        post: dict[str, dict[str, Content]] = {}
        reached: set[str] = set()
        for user in self.partners:
            for device, keys in self._devices[user].items():
                curve = keys["keys"][f"curve25519:{device}"]
                if curve in outbound.has_it or not await self._reach(user, device, curve):
                    continue
                reached.add(curve)
                post.setdefault(user, {})[device] = self._sealed(user, keys["keys"][f"ed25519:{device}"], curve, key)
        if post:
            path = f"/sendToDevice/{ENCRYPTED}/{self.device}{next(self._numbers)}"
            await self.api("PUT", path, {"messages": post})
            outbound.has_it |= reached  # only now: whoever says it again because the server was away shares it again

    async def _reach(self, user: str, device: str, curve: str) -> bool:
        if curve not in self._olm:
            for one in (await self.takes_key(user, device)).values():
                their, once = (vodozemac.Curve25519PublicKey.from_base64(key) for key in (curve, one["key"]))
                self._olm[curve] = [self.account.create_outbound_session(their, once)]
        return curve in self._olm

    def _sealed(self, user: str, ed: str, curve: str, key: Content) -> Content:
        words = {
            "type": "m.room_key",
            "content": key,
            "sender": self.user,
            "sender_device": self.device,
            "recipient": user,
            "recipient_keys": {"ed25519": ed},
            "keys": {"ed25519": self.ed},
        }
        kind, ciphertext = self._olm[curve][-1].encrypt(json.dumps(words).encode()).to_parts()
        return {
            "algorithm": OLM,
            "sender_key": self.curve,
            "ciphertext": {curve: {"type": kind, "body": _base64(ciphertext)}},
        }

    def _take_post(self, message: Content) -> None:
        content = message["content"]
        if message["type"] == "m.room_key.withheld":
            self.withheld.append(content)
        if message["type"] != ENCRYPTED or self.curve not in content.get("ciphertext", {}):
            return
        part = content["ciphertext"][self.curve]
        words = self._open(content["sender_key"], part["type"], part["body"])
        if words is None or words["type"] != "m.room_key" or words["recipient_keys"]["ed25519"] != self.ed:
            return
        key = words["content"]
        session = vodozemac.InboundGroupSession(vodozemac.SessionKey(key["session_key"]))
        self._in.setdefault((key["room_id"], session.session_id), session)

    def _open(self, their: str, kind: int, body: str) -> Content | None:
        sessions = self._olm.setdefault(their, [])
        message = vodozemac.AnyOlmMessage.from_parts(kind, _bytes(body))
        for session in reversed(sessions):
            try:
                words: Content = json.loads(session.decrypt(message))
            except vodozemac.OlmDecryptionException:
                continue
            return words
        first = message.to_pre_key()
        if first is None:
            return None
        key = vodozemac.Curve25519PublicKey.from_base64(their)
        session, plain = self.account.create_inbound_session(key, first)
        sessions.append(session)
        opened: Content = json.loads(plain)
        return opened

    # -- reading -------------------------------------------------------------------------------------------------------

    def _members(self, room: str, events: Iterable[Content]) -> None:
        for event in events:
            if event["type"] == "m.room.member" and "state_key" in event:
                self.members[room, event["state_key"]] = event["content"].get("membership", "")

    def _take(self, room: str, event: Content) -> None:
        if event["sender"] == self.user:
            return
        kind, content, encrypted = event["type"], event["content"], event["type"] == ENCRYPTED
        if encrypted and content:  # a deleted event has none
            session = self._in.get((room, content.get("session_id", "")))
            if session is None:
                self.fail(event["event_id"])
                return
            words = json.loads(session.decrypt(vodozemac.MegolmMessage.from_base64(content["ciphertext"])).plaintext)
            if words["room_id"] != room:
                self.fail(event["event_id"])
                return
            kind = words["type"]
            content = {**words["content"], **({"m.relates_to": r} if (r := content.get("m.relates_to")) else {})}
        if kind == "m.room.redaction" and "redacts" in event:
            content = {**content, "redacts": event["redacts"]}
        self.note(Event(event["event_id"], room, event["sender"], kind, content, encrypted))


@dataclass(slots=True)
class _Outbound:
    """A room key (None in a room without encryption) and the devices that have it."""

    session: vodozemac.GroupSession | None
    has_it: set[str] = field(default_factory=set)


class Friend(Reader):
    """A person with a whole matrix-nio client that syncs in the background; made by `Crowd.friend`."""

    def __init__(self, url: str, user: str, password: str, directory: Path) -> None:
        super().__init__(user)
        config = nio.AsyncClientConfig(
            store=SqliteStore, encryption_enabled=True, max_timeouts=10, max_limit_exceeded=20, pickle_key="friend"
        )
        self.client: Final = nio.AsyncClient(url, user, store_path=str(directory), config=config)
        self.room = ""
        self._password: Final = password
        self._changed: Final = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        _fine(await self.client.login(self._password, device_name="A friend's phone"))
        self.client.add_event_callback(self._hear, nio.Event)
        self.client.add_to_device_callback(self._hear_post, nio.UnknownToDeviceEvent)
        self.client.add_response_callback(self._wake, nio.SyncResponse)
        keys_are_there = asyncio.Event()

        async def note(_response: nio.KeysUploadResponse) -> None:
            keys_are_there.set()

        self.client.add_response_callback(note, nio.KeysUploadResponse)
        self._task = asyncio.create_task(self._sync())
        async with asyncio.timeout(PATIENCE):
            await keys_are_there.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self.client.close()

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def invites(self, bot: str, *, encrypted: bool = True) -> str:
        """Make a direct room with the bot, encrypted unless told otherwise; its id."""
        state = [nio.EnableEncryptionBuilder().as_dict()] if encrypted else []
        preset = nio.RoomPreset.trusted_private_chat
        made = await self.client.room_create(is_direct=True, invite=[bot], preset=preset, initial_state=state)
        self.room = _fine(made).room_id
        await self.until(lambda: self.room in self.client.rooms)
        return self.room

    async def says(self, text: str, room: str = "", *, on: str = "") -> str:
        """Write words, perhaps in answer to the event `on`; the event's id."""
        content: Content = {"msgtype": "m.text", "body": text}
        if on:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": on}}
        return await self.sends("m.room.message", content, room)

    async def changes(self, event: str, text: str, room: str = "") -> str:
        """Put other words in the place of one's own message; the id of the change."""
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": event}
        content = {**new, "body": f"* {text}", "m.new_content": new, "m.relates_to": relation}
        return await self.sends("m.room.message", content, room)

    async def reacts(self, event: str, sign: str, room: str = "") -> str:
        """Put a sign under a message."""
        content = {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": sign}}
        return await self.sends("m.reaction", content, room)

    async def sends(self, kind: str, content: Content, room: str = "") -> str:
        """Send an event, encrypted if the room is; its id."""
        sent = await self.client.room_send(room or self.room, kind, content, ignore_unverified_devices=True)
        event: str = _fine(sent).event_id
        return event

    async def deletes(self, event: str, room: str = "") -> None:
        """Take a message away."""
        _fine(await self.client.room_redact(room or self.room, event))

    async def joins(self, room: str) -> None:
        """Accept an invitation and wait until the room is there."""
        _fine(await self.client.join(room))
        await self.until(lambda: room in self.client.rooms)

    async def leaves(self, room: str = "") -> None:
        """Leave a room."""
        _fine(await self.client.room_leave(room or self.room))

    async def until(self, condition: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Wait until something is so. Raises TimeoutError, with what was on the screen, after so many seconds."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self._stopped() or condition())
        except TimeoutError:
            raise TimeoutError(f"never so; on the screen:\n{self.screen}\nunreadable: {self.unreadable}") from None
        if self._task is not None and self._task.done():
            await self._task

    # -- hearing -------------------------------------------------------------------------------------------------------

    def _stopped(self) -> bool:
        return self._task is not None and self._task.done()

    async def _sync(self) -> None:
        await self.client.sync_forever(timeout=10_000, full_state=True)

    async def _wake(self, _response: object) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _hear_post(self, event: nio.UnknownToDeviceEvent) -> None:
        if event.source.get("type") == "m.room_key.withheld":
            self.withheld.append(event.source["content"])

    async def _hear(self, room: nio.MatrixRoom, event: nio.Event) -> None:
        if isinstance(event, nio.RoomMemberEvent):
            self.members[room.room_id, event.state_key] = event.membership
        if isinstance(event, nio.MegolmEvent):
            if event.sender != self.user:
                self.fail(event.event_id)
        else:
            source = event.source
            content = dict(source["content"])
            if "redacts" in source:
                content["redacts"] = source["redacts"]
            self.note(Event(event.event_id, room.room_id, event.sender, source["type"], content, event.decrypted))
        await self._wake(event)


def _fine(response: Any) -> Any:  # noqa: ANN401 - nio gives an answer or an error, neither with types
    """The answer, if it is none of nio's errors."""
    if isinstance(response, nio.ErrorResponse):
        raise Refused(str(response))
    return response


class Crowd:
    """Everybody in a test. Leaving it logs nobody out: accounts are new in each test."""

    def __init__(self, server: Synapse) -> None:
        self.server: Final = server
        self._stack: Final = AsyncExitStack()
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        patience = aiohttp.ClientTimeout(total=PATIENCE * 2)
        made = aiohttp.ClientSession(timeout=patience, connector=aiohttp.TCPConnector(limit=0))
        self._http = await self._stack.enter_async_context(made)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def neighbour(self, prefix: str = "neighbour") -> Neighbour:
        """Somebody light, logged in on a device whose keys are on the server."""
        if self._http is None:
            raise RuntimeError("enter the crowd first")
        name = self.server.new_name(prefix)
        body = {"username": name, "password": name, "auth": {"type": "m.login.dummy"}}
        async with self._http.post(f"{self.server.url}{CLIENT}/register", json=body) as answer:
            made = await answer.json()
            if not answer.ok:
                raise Refused(f"{answer.status} {made.get('errcode')}")
        person = Neighbour(self._http, self.server.url, made["user_id"], made["device_id"], made["access_token"])
        await person.publishes_keys()
        return person

    async def neighbours(self, number: int, bot: str = "", *, encrypted: bool = True) -> list[Neighbour]:
        """Many of them, each with a direct room that `bot` is invited to (if one is named)."""
        door = asyncio.Semaphore(AT_ONCE)

        async def one() -> Neighbour:
            async with door:
                person = await self.neighbour()
                if bot:
                    await person.invites(bot, encrypted=encrypted)
                return person

        return list(await asyncio.gather(*(one() for _ in range(number))))

    async def friend(self, prefix: str = "friend") -> Friend:
        """Somebody with a whole client, logged in, whose keys are on the server; stopped with the crowd."""
        account = self.server.register(prefix)
        directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="payvand-friend-")))
        return await self._stack.enter_async_context(Friend(self.server.url, account.user, account.password, directory))


# -- JSON that is signed -----------------------------------------------------------------------------------------------


def canonical(thing: Mapping[str, Any]) -> bytes:
    """A JSON object as it is signed: sorted, without blanks, without its signatures."""
    plain = {name: value for name, value in thing.items() if name not in {"signatures", "unsigned"}}
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def is_signed(thing: Mapping[str, Any], user: str, key: str) -> bool:
    """Whether the object carries a signature of `user` by the Ed25519 key that is named by its own base64."""
    signature = thing.get("signatures", {}).get(user, {}).get(f"ed25519:{key}")
    if not signature:
        return False
    try:
        public = vodozemac.Ed25519PublicKey.from_base64(key)
        public.verify_signature(canonical(thing), vodozemac.Ed25519Signature.from_base64(signature))
    except ValueError:
        return False
    return True


def _only_key(thing: Mapping[str, Any]) -> str:
    key: str = next(iter(thing["keys"].values()))
    return key


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))
