"""What is to be done because of what was heard, one thing after the other, at the pace that the homeserver allows.

Errands are noted in the same commit as the place in the news, so that a crash forgets none; and nothing here keeps the
next sync waiting.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, TypeAlias

import structlog

from bot.domain.conversation import Incoming, Sender, Unreadable
from bot.platforms.matrix import wire
from bot.platforms.matrix.news import Rooms, Seen
from bot.platforms.matrix.shapes import Errand, Task
from bot.platforms.matrix.translation import PLATFORM

log = structlog.get_logger(__name__)

Receive: TypeAlias = Callable[[Sequence[Incoming]], Awaitable[None]]

GRACE: Final = timedelta(seconds=20)  # a key may come a moment after its message
TOLD_AGAIN: Final = timedelta(hours=1)  # “I could not read this” is said in one chat no more often
MOST_ROOMS: Final = 10  # direct chats with one person
_LONGEST_PAUSE: Final = timedelta(minutes=10)
_OURS: Final = frozenset({Task.UNREAD, Task.TOLD})  # for which nobody asks the homeserver
_LOOK: Final = 1.0  # seconds between two looks at what is to be done
_TROUBLE: Final = 10.0  # the same, while even looking fails


class Client(Seen, Protocol):
    """What errands need of the client."""

    def errands(self) -> Sequence[Errand]:
        """What is to be done, the oldest first."""

    def add_errand(self, errand: Errand) -> None:
        """Note something to be done."""

    def drop_errand(self, errand: Errand) -> None:
        """Forget what is done."""

    def is_held(self, event: str) -> bool:
        """Whether an event still waits for its key."""

    async def mark_direct(self, user: str, room: str) -> None:
        """Mark a room as the direct chat with somebody that was used last."""

    async def join(self, room: str) -> None:
        """Accept an invitation."""

    async def leave(self, room: str) -> None:
        """Leave a room, or decline an invitation."""


class Errands:
    """Does what is to be done. `asked(room, inviter)` tells whether a moderator wants us in a larger room."""

    def __init__(  # noqa: PLR0913 - the outside world has this many parts
        self,
        client: Client,
        me: str,
        rooms: Rooms,
        asked: Callable[[str, str], bool],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        dice: random.Random | None = None,
    ) -> None:
        self._client: Final = client
        self._me: Final = me
        self._rooms: Final = rooms
        self._asked: Final = asked
        self._now: Final = now
        self._sleep: Final = sleep
        self._dice: Final = dice or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._told: set[str] = set()
        self._held_until = datetime.min.replace(tzinfo=UTC)
        self._failed: Final[dict[Errand, tuple[int, datetime]]] = {}  # how often, and when to try again

    async def run(self, receive: Receive) -> None:
        """Do errands, for ever."""
        while True:
            wait = _LOOK
            try:
                await self.round(receive)
            except Exception as error:  # noqa: BLE001 - a store that can't be read now can be read later
                log.warning("errands.wait", error=type(error).__name__)
                wait = _TROUBLE
            await self._sleep(wait)

    async def round(self, receive: Receive) -> None:
        """Do once all that can be done now: what the homeserver limits waits, and what is between us doesn't."""
        todo = self._client.errands()
        now = self._now()
        self._told = {one.room for one in todo if one.task is Task.TOLD and now - one.at < TOLD_AGAIN}
        for errand in todo:
            _failures, not_before = self._failed.get(errand, (0, now))
            if errand.task not in _OURS:
                not_before = max(not_before, self._held_until)
            if not_before <= now and await self._is_done(errand, receive):
                self._failed.pop(errand, None)
                self._client.drop_errand(errand)

    async def _is_done(self, errand: Errand, receive: Receive) -> bool:
        try:
            return await self._do(errand, receive)
        except wire.Throttled as error:
            self._held_until = self._now() + error.wait * (1 + 0.2 * self._dice.random())
            log.info("errand.throttled", task=errand.task.value, wait=round(error.wait.total_seconds(), 1))
        except (wire.Forbidden, wire.NotFound, wire.Refused) as error:  # the invitation was taken back, say
            log.info("errand.refused", task=errand.task.value, error=type(error).__name__)
            return True
        except Exception as error:  # noqa: BLE001 - one errand must not keep the others waiting
            failures, _ = self._failed.get(errand, (0, None))
            pause = timedelta(seconds=2 ** min(failures, 10)) * self._dice.uniform(0.5, 1.0)
            self._failed[errand] = (failures + 1, self._now() + min(_LONGEST_PAUSE, pause))
            log.warning("errand.failed", task=errand.task.value, error=type(error).__name__, failures=failures + 1)
        return False

    async def _do(self, errand: Errand, receive: Receive) -> bool:
        """Do one errand; False if it is not yet time."""
        match errand.task:
            case Task.INVITE:
                await self._answer_invitation(errand)
            case Task.LEAVE:
                await self._client.leave(errand.room)
            case Task.DIRECT:
                await self._mark(errand)
            case Task.UNREAD:
                return await self._tell(errand, receive)
            case Task.TOLD:
                return self._now() - errand.at >= TOLD_AGAIN
        return True

    async def _answer_invitation(self, errand: Errand) -> None:
        """Come to whoever wants to talk with us alone, or where a moderator asked for us; decline the rest."""
        wanted = errand.direct and len(self._rooms.of(errand.who)) < MOST_ROOMS
        if wanted or self._asked(errand.room, errand.who):
            await self._client.join(errand.room)
        else:
            await self._client.leave(errand.room)

    async def _mark(self, errand: Errand) -> None:
        """Mark a room as the latest chat with somebody, and go out of older ones in which only we are left."""
        await self._client.mark_direct(errand.who, errand.room)
        for room in self._rooms.alone(errand.who):
            self._client.add_errand(Errand(Task.LEAVE, room, "", self._now()))

    async def _tell(self, errand: Errand, receive: Receive) -> bool:
        """Let a person be told that their words could not be read, unless the key came, or it was said lately."""
        now = self._now()
        if errand.room in self._told or not self._client.is_held(errand.event):
            return True
        if now - errand.at < GRACE:
            return False
        sender = Sender(PLATFORM, self._me, errand.who)
        await receive([Incoming(errand.event, sender, errand.at, Unreadable())])
        self._client.add_errand(Errand(Task.TOLD, errand.room, "", now))
        self._told.add(errand.room)
        return True
