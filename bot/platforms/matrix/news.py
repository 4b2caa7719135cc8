"""What one sync brought, in the words of the house: who said what, who came and went, and what that asks us to do."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

import structlog

from bot.domain.conversation import Blocked, Heard, Incoming, Said, Sender, Started, Unblocked
from bot.platforms.matrix import translation
from bot.platforms.matrix.shapes import Batch, Errand, Event, Facts, Task
from bot.platforms.matrix.translation import MEMBER, PLATFORM, Place

log = structlog.get_logger(__name__)

_GONE: Final = frozenset({"leave", "ban"})
_KEPT: Final = 10_000


class Seen(Protocol):
    """What must be seen of our rooms."""

    def rooms(self) -> Mapping[str, Facts]:
        """The rooms we are in."""

    def direct_rooms(self) -> Mapping[str, Sequence[str]]:
        """Those marked as direct chats, by the other person; the one used last stands last."""


class Rooms:
    """Which room is whose. The direct chat in which somebody wrote last is where we write to them."""

    def __init__(self, client: Seen, me: str) -> None:
        self._client: Final = client
        self._me: Final = me
        self._latest: Final[OrderedDict[str, str]] = OrderedDict()

    def others(self, room: str) -> frozenset[str]:
        """Everybody else who is in a room of ours, or invited to it."""
        facts = self._client.rooms().get(room)
        return (facts.members | facts.invited) - {self._me} if facts else frozenset()

    def person(self, room: str) -> str:
        """Who shares a direct chat with us: the only other one who is there or invited. "" if it is none."""
        others = self.others(room)
        return next(iter(others)) if len(others) == 1 else ""

    def of(self, person: str) -> list[str]:
        """The direct chats with a person, the best to write to first."""
        marked = list(reversed(self._client.direct_rooms().get(person, ())))
        latest = self._latest.get(person)
        rooms = [room for room in dict.fromkeys([latest, *marked]) if room and self.person(room) == person]
        if not rooms:  # never marked, as in the moment after they invited us
            rooms = sorted(room for room in self._client.rooms() if self.person(room) == person)
        return sorted(rooms, key=lambda room: person in self._invited(room))

    def alone(self, person: str) -> list[str]:
        """Direct chats with a person in which only we are left: they went away, or declined."""
        marked = self._client.direct_rooms().get(person, ())
        return [room for room in marked if self._client.rooms().get(room) is not None and not self.others(room)]

    def used(self, person: str, room: str) -> bool:
        """Note where a person wrote; True if that is to be marked."""
        marked = self._client.direct_rooms().get(person, ())
        known = self._latest.get(person) or (marked[-1] if marked else "")
        self._latest[person] = room
        self._latest.move_to_end(person)
        if len(self._latest) > _KEPT:
            self._latest.popitem(last=False)
        return known != room

    def _invited(self, room: str) -> frozenset[str]:
        facts = self._client.rooms().get(room)
        return facts.invited if facts else frozenset()


class News:
    """Reads one batch after the other. `asked(room, inviter)` tells whether a moderator wants us in a larger room."""

    def __init__(
        self, client: Seen, me: str, rooms: Rooms, asked: Callable[[str, str], bool], now: Callable[[], datetime]
    ) -> None:
        self._client: Final = client
        self._me: Final = me
        self._rooms: Final = rooms
        self._asked: Final = asked
        self._now: Final = now
        self._unread: Final[OrderedDict[str, None]] = OrderedDict()
        self._persons: dict[str, str] = {}  # who shared which room with us when they were still there

    def read(self, batch: Batch) -> tuple[list[Incoming], list[Errand]]:
        """All that is to be heard, in order within each room, and the errands that it gives us."""
        now = self._now()
        for unread in batch.undecryptable:
            self._unread[unread.id] = None
            if len(self._unread) > _KEPT:
                self._unread.popitem(last=False)
        rooms: dict[str, list[Event]] = {room: [] for room in batch.entered}
        for event in batch.events:
            rooms.setdefault(event.room, []).append(event)
        heard: list[Incoming] = []
        errands = [Errand(Task.INVITE, one.room, one.inviter, now, direct=one.direct) for one in batch.invites]
        for room, events in rooms.items():
            place = Place(room, self._person(room, events))
            entered = room in batch.entered
            if entered:
                heard += self._greeted(place, events, errands)
            for event in events:
                if event.type == MEMBER:
                    heard += () if entered else self._coming_and_going(place, event)
                else:
                    heard += self._words(place, event, errands)
            self._persons[room] = place.person
        newest = {one.room: one for one in batch.undecryptable if one.sender == self._rooms.person(one.room)}
        errands += [Errand(Task.UNREAD, room, one.sender, now, one.id) for room, one in newest.items()]
        for departure in batch.departures:
            heard += self._departed(departure.room, departure.by, batch.position)
            self._persons.pop(departure.room, None)
        if batch.gaps:
            log.warning("messages.missed", rooms=len(batch.gaps))
        return heard, errands

    def _words(self, place: Place, event: Event, errands: list[Errand]) -> list[Incoming]:
        one = translation.incoming(event.json, place, self._me, self._now(), self._unread, late=event.late)
        if one is None:
            return []
        if place.person and self._rooms.used(place.person, place.room):
            errands.append(Errand(Task.DIRECT, place.room, place.person, self._now()))
        return [one]

    def _greeted(self, place: Place, events: Sequence[Event], errands: list[Errand]) -> list[Incoming]:
        """We have come into a room: to the one person there, or where a moderator asked for us, or by mistake."""
        facts = self._client.rooms().get(place.room)
        ours = {translation.membership(one.json, self._me): one for one in events}
        joined, invited = ours.get("join"), ours.get("invite")
        if facts is None or joined is None or facts.created_by == self._me:
            return []
        if place.person:
            self._rooms.used(place.person, place.room)
            errands.append(Errand(Task.DIRECT, place.room, place.person, self._now()))
            return [self._update(joined.id, place, Started(), joined.at)]
        if invited is not None and self._asked(place.room, invited.sender):
            return [self._update(joined.id, place, Said("", lists=True), joined.at)]
        errands.append(Errand(Task.LEAVE, place.room, "", self._now()))
        return []

    def _coming_and_going(self, place: Place, event: Event) -> list[Incoming]:
        change = translation.membership(event.json, place.person) if place.person else ""
        if change == "join":
            return [self._update(event.id, place, Unblocked(), event.at)]
        if change in _GONE and not self._rooms.of(place.person):
            return [self._update(event.id, place, Blocked(), event.at)]
        return []

    def _departed(self, room: str, by: str, position: str) -> list[Incoming]:
        """We were taken out of a room: its person, if it was a direct chat and their last one, has blocked us."""
        if by in ("", self._me):
            return []
        marked = self._client.direct_rooms()
        person = self._persons.get(room, "") or next((who for who, theirs in marked.items() if room in theirs), "")
        if person and (by != person or self._rooms.of(person)):
            return []
        return [self._update(f"{room}/out/{position}", Place(room, person), Blocked(), self._now())]

    def _person(self, room: str, events: Sequence[Event]) -> str:
        """Who shares a direct chat with us, or did until they left it just now."""
        if self._rooms.others(room):
            return self._rooms.person(room)
        left = {event.state for event in events if event.type == MEMBER and event.state not in (None, "", self._me)}
        return self._persons.get(room, "") or (str(next(iter(left))) if len(left) == 1 else "")

    def _update(self, name: str, place: Place, heard: Heard, at: datetime) -> Incoming:
        sender = Sender(PLATFORM, self._me, place.person or place.room)
        return Incoming(id=name, sender=sender, at=min(at, self._now()), heard=heard, group=not place.person)
