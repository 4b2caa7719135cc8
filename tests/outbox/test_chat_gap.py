"""A chat takes a message a second: also when one leaves later than planned, because the account's second was full."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import cast

import pytest

from bot.domain.conversation import Lane, Line, Sender
from bot.outbox.courier import Parcel, Receipt
from bot.outbox.engine import Route
from bot.outbox.pace import DOCUMENTED, Limits
from bot.platforms.memory import MemoryPlatform
from storage.database import Storage
from storage.outbox import Letter
from tests.faults.simulation import Loop
from tests.telegram import limits as server

CHAT = 7


class Leaving(MemoryPlatform):
    """A platform that writes down when each message left for it."""

    times: list[float]

    async def deliver(self, parcel: Parcel) -> Receipt:
        self.times.append(asyncio.get_running_loop().time())
        return Receipt(parcel.key)


def letter(number: int, lane: Lane) -> Letter:
    to = Sender("telegram", "5550001", "1")
    return Letter(number, 1, CHAT, to, "en", lane, Line("Hello"), (), "", "", False, None, None, 1, False)  # noqa: FBT003


async def leave(*, full: bool) -> list[float]:
    """Two messages to one chat, planned at once: when they leave, where the account's second may be full."""
    platform = Leaving(lambda: datetime.now(UTC))
    platform.times = []
    route = Route(cast("Storage", None), platform, lambda: datetime.now(UTC), Limits())
    pace, loop = route._pace, asyncio.get_running_loop()  # noqa: SLF001
    pace.begin(loop.time() - Limits().cold_start)
    if full:
        for _ in range(DOCUMENTED):
            pace.departs()
        for _ in range(DOCUMENTED):
            loop.call_later(0.2, lambda: pace.answered(0.2, loop.time()))
    letters = [letter(1, Lane.REPLY), letter(2, Lane.CHECKIN)]
    await asyncio.gather(*(route._deliver(one, pace.slot(loop.time())) for one in letters))  # noqa: SLF001
    return platform.times


@pytest.mark.parametrize("full", [False, True])
def test_what_leaves_late_makes_the_next_message_of_its_chat_as_late(*, full: bool) -> None:
    with asyncio.Runner(loop_factory=Loop) as runner:
        begun = runner.get_loop().time()
        first, second = runner.run(leave(full=full))
    assert (first - begun > 1) is full, "it was late because of the others"
    gate = server.Gate(server.Limits.documented())
    assert gate.refuse(CHAT, first) is None
    assert gate.refuse(CHAT, second) is None
