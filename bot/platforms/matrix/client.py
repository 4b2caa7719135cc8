"""One device of one Matrix account, encrypted: hears and sends, and stays up whatever anybody sends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.platforms.matrix.shapes import Batch, Event, Facts, Health, Kept, Login


class HardenedClient:
    """One device of `user` ("@bot:example.org") on the homeserver at `homeserver` ("https://…").

    Its store is a file in `directory`, encrypted with the 32 bytes of `key`, that only one process may hold. Every
    method that speaks with the homeserver makes one attempt and raises a `wire.MatrixError` (Unsent, Unknown,
    Throttled, TokenRevoked, Forbidden, NotFound, Refused); each wait is bounded.
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
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        """Take the lock on the store (raises `store.InUse`) and open the connections' pool. No request is made yet."""
        raise NotImplementedError

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything and let go of the lock."""
        raise NotImplementedError

    # -- coming and going ----------------------------------------------------------------------------------------------

    async def login_or_resume(self, kept: Kept | None, password: Callable[[], str], device_name: str) -> Login:
        """Be the device of `kept`, or become a new one; its keys are on the homeserver afterwards.

        Resumes when `kept` has its store here and its token is taken. A token that was only logged out softly is
        renewed. Otherwise (no `kept`, the store lost, the device deleted) a new device with an empty store is made,
        with the seeds of `kept` or, without it, fresh ones. Raises a MatrixError, `LoginRefused` when the password is
        wrong, `store.WrongKey`.
        """
        raise NotImplementedError

    async def retire(self, replaced: str) -> bool:
        """Log out the device that was replaced; True when it is gone. Never raises."""
        raise NotImplementedError

    # -- hearing -------------------------------------------------------------------------------------------------------

    async def sync(self, timeout: float = 0.0) -> Batch:  # noqa: ASYNC109 - the homeserver's own wait
        """Ask for news since the last batch that was kept, waiting up to `timeout` seconds for some.

        Before it asks it does what the keys need (one-time keys, devices of people, new Olm sessions); failures there
        are tried again with the next sync. Without `keep` the next sync brings the same again. Raises a MatrixError.
        """
        raise NotImplementedError

    async def keep(self, batch: Batch) -> None:
        """Remember durably that all of `batch` is committed: the next sync goes on from there."""
        raise NotImplementedError

    def health(self) -> Health:
        """What a watchdog looks at."""
        raise NotImplementedError

    @property
    def ready(self) -> bool:
        """Whether the first sync is done, so that rooms are known and can be written to."""
        raise NotImplementedError

    # -- rooms ---------------------------------------------------------------------------------------------------------

    def rooms(self) -> Mapping[str, Facts]:
        """The rooms we are in, as of the last sync."""
        raise NotImplementedError

    def direct_rooms(self) -> Mapping[str, Sequence[str]]:
        """Rooms that are marked as direct chats (account data ``m.direct``), by the other person's user id."""
        raise NotImplementedError

    async def mark_direct(self, user: str, room: str) -> None:
        """Mark a room as the direct chat with somebody."""
        raise NotImplementedError

    async def create_direct(self, user: str) -> str:
        """Make an encrypted room for us and `user`, invite them, mark it as direct; its id.

        It can be written to once a sync brought it (`Batch.entered`).
        """
        raise NotImplementedError

    async def join(self, room: str) -> None:
        """Accept an invitation. The room can be written to once a sync brought it."""
        raise NotImplementedError

    async def leave(self, room: str) -> None:
        """Leave a room or decline an invitation, and forget it."""
        raise NotImplementedError

    async def events(self, room: str, before: str = "", limit: int = 50) -> tuple[Event, ...]:
        """Up to `limit` events of a room before a position ("" for now), oldest first. Unreadable ones are left out."""
        raise NotImplementedError

    # -- saying --------------------------------------------------------------------------------------------------------

    async def send(self, room: str, kind: str, content: Mapping[str, Any], txn: str) -> str:
        """Send an event of type `kind` and return its id; with the same `txn` a second time it is one event.

        Encrypted if the room is (asked of the homeserver before the first time that something would go out in the
        clear, and never in the clear once a room was encrypted). Raises also `Unsent` when the keys could not be
        shared, `Unread` when nobody else's device could read it, `NotFound` when we are not in such a room.
        """
        raise NotImplementedError

    async def react(self, room: str, event: str, sign: str, txn: str) -> str:
        """Put a sign under an event: its id. Reactions are never encrypted: no secret may be in one."""
        raise NotImplementedError

    async def redact(self, room: str, event: str, txn: str) -> str:
        """Take an event back: the redaction's id."""
        raise NotImplementedError

    async def typing(self, room: str, seconds: float = 20.0) -> None:
        """Show for so long that we are writing; 0 stops it."""
        raise NotImplementedError

    async def upload(self, data: bytes, mime: str, name: str, *, encrypt: bool) -> dict[str, Any]:
        """Upload a file. Gives what an ``m.file`` event's content needs of it: filename, info, and url or file."""
        raise NotImplementedError

    async def download(self, content: Mapping[str, Any], limit: int) -> bytes:
        """The bytes of a file that an event's content speaks of, at most `limit` of them, decrypted if need be."""
        raise NotImplementedError

    async def call_ourselves(self, name: str) -> None:
        """Set our display name."""
        raise NotImplementedError
