"""The rooms of one account and what is said in them, read from the plain JSON of a sync: nothing is taken on trust."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from peewee import PeeweeException  # type: ignore[import-untyped]

from bot.platforms.matrix.machine import Forged, Machine, NoKey
from bot.platforms.matrix.shapes import Batch, Departure, Event, Facts, Invite, Task, Undecryptable
from bot.platforms.matrix.store import EncryptedStore, Held, StoreError, StoreFailed

ENCRYPTED: Final = "m.room.encrypted"
ENCRYPTION: Final = "m.room.encryption"
MEMBER: Final = "m.room.member"

_DEEPEST: Final = 64
_NEWS_OF_BEFORE: Final = timedelta(hours=24)  # a new device hears nothing older: what is older was heard by another


@dataclass(slots=True)
class Room:
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


class Timeline:
    """What this device knows of its rooms, and its reading of what comes."""

    def __init__(self, user: str, machine: Machine, store: EncryptedStore, now: Callable[[], datetime]) -> None:
        self._user: Final = user
        self._machine: Final = machine
        self._store: Final = store
        self._now: Final = now
        self._encrypted: Final[set[str]] = store.load_encrypted_rooms()
        self._waiting = store.waiting()
        self._retry = set(self._waiting)
        self._new_device = False
        self.rooms: Final[dict[str, Room]] = {}
        self.facts: Final[dict[str, Facts]] = {}
        self.invitations: Final[dict[str, tuple[str, datetime]]] = {
            one.room: (one.who, one.at) for one in store.errands() if one.task is Task.INVITE and one.direct
        }
        """To direct chats, until they are rooms of ours or nothing came of it: who asked us into which, and when."""
        self.direct: dict[str, list[str]] = {}
        self.malformed = 0
        self.forged = 0

    def compose(
        self, news: Mapping[str, Any], missed: Mapping[str, Iterable[object]], gaps: Iterable[str], *, new_device: bool
    ) -> Batch:
        """All that a sync brought, `missed` (by room, oldest first) before it. Raises `StoreFailed`."""
        batch = _News(gaps=list(gaps))
        self._new_device = new_device
        self._retry |= self._machine.came & self._waiting
        self._machine.came.clear()
        try:
            with self._store.together():
                self._compose(news, missed, batch)
        except PeeweeException:
            raise StoreFailed from None
        return Batch(
            news["next_batch"],
            tuple(batch.events),
            tuple(batch.undecryptable),
            tuple(batch.invites),
            tuple(batch.departures),
            tuple(batch.entered),
            tuple(batch.gaps),
        )

    def settled(self) -> None:
        """The last batch was kept: what was read of it is not tried again."""
        self._retry.clear()
        self._waiting = self._store.waiting()

    def is_encrypted(self, name: str, room: Room) -> None:
        """The homeserver says so, whatever the news said."""
        room.encrypted = True
        if name in self.facts:
            self.facts[name] = room.facts()
        self._encrypted.add(name)
        with self._store.together():
            self._store.save_encrypted_rooms([name])

    def read(self, room: str, events: Iterable[object]) -> list[Event]:
        """Those of some events (oldest first) that can be read; nothing is kept of the others."""
        found = _News()
        for event in once(events):
            if event.get("type") == ENCRYPTED and isinstance(event.get("content"), dict):
                with suppress(NoKey):
                    read = self._read(room, event)
                    found.events += [read] if read is not None else []
            else:
                self._take(room, event, found)
        return found.events

    def _compose(
        self,
        news: Mapping[str, Any],
        missed: Mapping[str, Iterable[object]],
        batch: _News,
    ) -> None:
        for event in array(mapping(news.get("account_data")).get("events")):
            if isinstance(event, dict) and event.get("type") == "m.direct":
                self.direct = {user: strings(rooms) for user, rooms in mapping(event.get("content")).items()}
        self._read_held(batch)
        rooms = mapping(news.get("rooms"))
        for name, told in mappings(rooms.get("join")).items():
            self._compose_joined(name, told, missed.get(name, ()), batch)
        for name, told in mappings(rooms.get("invite")).items():
            invite = self._invite(name, array(mapping(told.get("invite_state")).get("events")))
            batch.invites.append(invite)
            if invite.direct:
                self.invitations[name] = (invite.inviter, self._now())
        for name, told in mappings(rooms.get("leave")).items():
            self._compose_left(name, told, batch)

    def _compose_joined(self, name: str, told: Mapping[str, Any], before: Iterable[object], batch: _News) -> None:
        room = self.rooms.setdefault(name, Room(encrypted=name in self._encrypted))
        self.invitations.pop(name, None)
        for event in array(mapping(told.get("state")).get("events")):
            self._apply(name, room, event)
        timeline = array(mapping(told.get("timeline")).get("events"))
        for event in timeline:
            self._apply(name, room, event)
        self.facts[name] = room.facts()
        events = once([*before, *timeline])
        if self._new_device:
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
        self.rooms.pop(name, None)
        self.facts.pop(name, None)
        self.invitations.pop(name, None)
        timeline = once(array(mapping(told.get("timeline")).get("events")))
        by, banned = "", False
        for event in (*array(mapping(told.get("state")).get("events")), *timeline):
            membership = self._own_membership(event)
            if membership in {"leave", "ban"}:
                by, banned = str(mapping(event).get("sender")), membership == "ban"
        for event in timeline if not self._new_device else ():
            self._take(name, event, batch)
        batch.departures.append(Departure(name, by, banned))

    def _invite(self, name: str, state: Iterable[object]) -> Invite:
        inviter, direct, encrypted = "", False, False
        for event in map(mapping, state):
            if self._own_membership(event) == "invite":
                sender = event.get("sender")
                inviter = sender if isinstance(sender, str) else ""
                direct = mapping(event.get("content")).get("is_direct") is True
            elif event.get("type") == ENCRYPTION:
                encrypted = True
        return Invite(name, inviter, direct, encrypted)

    def _own_membership(self, event: object) -> str:
        """What a membership event says of us; "" for any other event."""
        fields = mapping(event)
        if fields.get("type") != MEMBER or fields.get("state_key") != self._user:
            return ""
        membership = mapping(fields.get("content")).get("membership")
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

    def _apply(self, name: str, room: Room, event: object) -> None:
        """Let a state event change what we know of a room."""
        fields = mapping(event)
        kind, key, content = fields.get("type"), fields.get("state_key"), mapping(fields.get("content"))
        if kind == MEMBER and isinstance(key, str):
            room.members.discard(key)
            room.invited.discard(key)
            membership = content.get("membership")
            if membership == "join":
                room.members.add(key)
                if key == self._user:
                    room.joined_at = self._at(fields)
            elif membership == "invite":
                room.invited.add(key)
        elif kind == ENCRYPTION and key == "" and not room.encrypted:
            room.encrypted = True  # for good: no later word of the server's brings it back into the clear
            self._encrypted.add(name)
            self._store.save_encrypted_rooms([name])
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
            self.malformed += 1
            return
        if not isinstance(content, dict) or _too_deep(content):
            self.malformed += 1
            return
        if kind == ENCRYPTED and "state_key" not in event:
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
            if event["sender"] == self._user:
                return  # our own words; their key is not kept
            at = self._at(event)
            self._store.hold(Held(event["event_id"], room, session, event, int(at.timestamp())))
            self._waiting.add((room, session))
            batch.undecryptable.append(Undecryptable(room, event["sender"], event["event_id"], at, session))
        else:
            if read is not None:
                batch.events.append(read)

    def _read(self, room: str, event: Mapping[str, Any], *, late: bool = False) -> Event | None:
        """Decrypt an event; None if it is not to be heard. Raises NoKey."""
        try:
            read = self._machine.read(room, event)
        except NoKey:
            raise
        except Forged:
            self.forged += 1
            return None
        except (PeeweeException, StoreError, MemoryError):
            raise
        except Exception:  # noqa: BLE001 - whatever it holds, it harms no other event
            self.malformed += 1
            return None
        if _too_deep(read.content):
            self.malformed += 1
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
            if not self._machine.has_key(room, session):
                continue
            for held in self._store.held(room, session):
                with suppress(NoKey):
                    event = self._read(room, held.json, late=True)
                    if event is not None:
                        batch.events.append(event)


def _newly(event: Mapping[str, Any]) -> bool:
    """Whether a join is no mere change of name or picture."""
    before = mapping(event.get("unsigned")).get("prev_content")
    return mapping(before).get("membership") != "join"


def once(events: Iterable[object]) -> list[Mapping[str, Any]]:
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


def mapping(value: object) -> Mapping[str, Any]:
    """The object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> dict[str, Mapping[str, Any]]:
    """The objects in an object, by their names."""
    return {name: one for name, one in mapping(value).items() if isinstance(one, dict)}


def array(value: object) -> list[object]:
    """The list, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def strings(value: object) -> list[str]:
    """The words in a list."""
    return [one for one in array(value) if isinstance(one, str)]
