"""What a sync with the homeserver brought, in plain shapes: no library's type leaves this package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any


@dataclass(frozen=True, slots=True)
class Kept:
    """What must survive to stay the same device and the same identity: keep it sealed, and in the backup.

    `device` is the device's id, `token` its access token, `seeds` the three 32-byte seeds of the cross-signing
    identity (master, self-signing, user-signing) one after the other.
    """

    device: str
    token: str = field(repr=False)
    seeds: bytes = field(repr=False)


class How(Enum):
    """How a login came about."""

    RESUMED = "resumed"  # the same device as before
    RENEWED = "renewed"  # the same device with a new token
    ANEW = "anew"  # a new device: the first start, or the store or the device is lost


@dataclass(frozen=True, slots=True)
class Login:
    """We are logged in as `kept` says. Unless resumed it must be kept before anything else is done.

    `replaced` is the token of the device that this one replaces ("" if none): give it to `HardenedClient.retire`.
    """

    kept: Kept
    how: How
    replaced: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a room, decrypted if it was encrypted.

    `content` is what its sender wrote: unchecked JSON that may hold anything. `at` is when the sender's server says it
    was sent. `state` is the state key of a state event, None for others. `redacts` is the event that this one takes
    back. `verified`: encrypted by a device that belongs to its sender. `late`: it could not be read when it came.
    """

    room: str
    sender: str
    id: str
    at: datetime
    type: str
    content: Mapping[str, Any] = field(repr=False)
    encrypted: bool = False
    verified: bool = False
    state: str | None = None
    redacts: str = ""
    late: bool = False

    @property
    def json(self) -> dict[str, Any]:
        """The event as the homeserver would show it in the clear."""
        fields = {
            "event_id": self.id,
            "sender": self.sender,
            "type": self.type,
            "content": self.content,
            "origin_server_ts": round(self.at.timestamp() * 1000),
        }
        if self.redacts:
            fields["redacts"] = self.redacts
        return fields if self.state is None else {**fields, "state_key": self.state}


@dataclass(frozen=True, slots=True)
class Undecryptable:
    """An event that can't be read (yet): kept for 14 days, and tried again whenever its key may have come."""

    room: str
    sender: str
    id: str
    at: datetime
    session: str


@dataclass(frozen=True, slots=True)
class Invite:
    """`inviter` asks us into `room`; `direct`: they meant a chat of two; `encrypted`: as far as the invitation says."""

    room: str
    inviter: str
    direct: bool
    encrypted: bool


@dataclass(frozen=True, slots=True)
class Departure:
    """We are no longer in `room`. `by` is who took us out: ourselves, or somebody else ("" if it is not told)."""

    room: str
    by: str
    banned: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one sync brought, up to `position`: give it to `HardenedClient.keep` once it is committed.

    `events` are in order within each room, what was missed in between and fetched afterwards included, our own events
    too; an event that is late comes first. `entered` are rooms that have just appeared: now they can be written to; of
    one that we have just joined `events` begin with our invitation. A device that is new finds all rooms of the account
    in `entered`, with what was said there in the last 24 hours. `gaps` are rooms of which so much was missed that not
    all of it was fetched.
    """

    position: str
    events: tuple[Event, ...] = ()
    undecryptable: tuple[Undecryptable, ...] = ()
    invites: tuple[Invite, ...] = ()
    departures: tuple[Departure, ...] = ()
    entered: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()


class Task(Enum):
    """What there may be to do because of what was heard."""

    INVITE = "invite"  # answer an invitation
    LEAVE = "leave"  # go out of a room
    DIRECT = "direct"  # mark a room as somebody's direct chat
    UNREAD = "unread"  # tell somebody that their words could not be read
    TOLD = "told"  # remember that this was said


@dataclass(frozen=True, slots=True)
class Errand:
    """Something to be done, kept until it is: about `room` and perhaps `who` and an `event`, noted at `at`."""

    task: Task
    room: str
    who: str
    at: datetime
    event: str = ""
    direct: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What we know of a room we are in: who is in it, who is invited, whether it is encrypted, since when we are in."""

    members: frozenset[str]
    invited: frozenset[str]
    encrypted: bool
    joined_at: datetime | None
    created_by: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """What a watchdog looks at. Counts are since the start.

    `synced_at`: the last sync that went well. `one_time_keys`: how many the server has of ours, None before it said
    so. `withheld`: how often somebody's device kept a room key from us, by the reason it gave. `undecryptable`: events
    that are waiting for a key now. `malformed`: what was dropped because it was no proper event or message to the
    device. `forged`: events whose key belongs to somebody else than their sender, dropped.
    """

    synced_at: datetime | None
    one_time_keys: int | None
    withheld: Mapping[str, int]
    undecryptable: int
    malformed: int
    forged: int
