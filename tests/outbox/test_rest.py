"""What the outbox spares itself: claims where nothing waits, and a request for each message of a chat to be cleaned."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from bot.domain.conversation import Lane, Line, Outgoing, Sender
from bot.outbox import engine
from bot.outbox.courier import Parcel, Receipt, Throttled
from bot.outbox.engine import Route
from bot.outbox.pace import UNLIMITED
from bot.platforms.memory import MemoryPlatform
from storage import outbox
from storage.database import Tx
from tests.stage import Stage
from tests.storage.servers import ONE_ENGINE
from tests.updates.casting import crowd

pytestmark = ONE_ENGINE

PEOPLE = 12
EACH = 3  # messages


class Slow(MemoryPlatform):
    """A platform on which a letter lands when the one before it was noted, and that tells what it was to delete."""

    deletions: list[tuple[Sender, tuple[str, ...]]]
    throttled: Throttled | None = None
    asked: Counter[str]
    turn: asyncio.Lock
    landed: int

    async def deliver(self, parcel: Parcel) -> Receipt:
        async with self.turn:
            while self.asked["delivered"] < self.landed:  # noqa: ASYNC110 - the store has no bell
                await asyncio.sleep(0.001)
            self.landed += 1
            return await super().deliver(parcel)

    async def delete(self, address: Sender, messages: tuple[str, ...]) -> bool:
        self.deletions.append((address, messages))
        if self.throttled is not None:
            raise self.throttled
        return await super().delete(address, messages)


async def delivers(stage: Stage, monkeypatch: pytest.MonkeyPatch, each: int = 1) -> tuple[Counter[str], Slow]:
    """Let `PEOPLE` get `each` letters by a route that never looks unless it is woken; what it asked of the store."""
    monkeypatch.setattr(engine, "IDLE", 3600.0)
    asked: Counter[str] = Counter()
    for name in ("claim", "next_due", "delivered", "cleaned"):
        monkeypatch.setattr(outbox, name, _counted(asked, name))
    platform = Slow(stage.now)
    platform.deletions, platform.asked, platform.turn, platform.landed = [], asked, asyncio.Lock(), 0
    route = Route(stage.storage, platform, stage.now, UNLIMITED)
    stage.storage.on_posted(route.wake)
    running = asyncio.create_task(route.run())
    who = await stage.storage.write(partial(crowd, stage=stage, n=PEOPLE, subscribed=False))

    def post(tx: Tx) -> None:
        letters = [
            Outgoing(one, Line(f"{n}"), lane=Lane.REPLY, clean_after=timedelta(minutes=1 + n))
            for n in range(each)
            for one in who
        ]
        outbox.post(tx, letters, stage.now())

    await stage.storage.write(post)
    async with asyncio.timeout(60):
        while await stage.storage.read(outbox.counts):  # noqa: ASYNC110 - the store has no bell
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    for one in who:
        assert [message.text for message in platform.chat(f"c{one}")] == [f"{n}" for n in range(each)], "in their order"
    return asked, platform


def _counted(asked: Counter[str], name: str) -> Any:  # noqa: ANN401 - whatever is counted
    work = getattr(outbox, name)

    def counting(*given: Any, **more: Any) -> Any:  # noqa: ANN401
        asked[name] += 1
        return work(*given, **more)

    return counting


async def test_a_letter_that_has_landed_makes_nobody_look_where_nothing_waits(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, _platform = await delivers(stage, monkeypatch)
    assert asked["delivered"] == PEOPLE, "they landed one by one"
    assert asked["claim"] <= 2, "at the start, and when they were posted"  # noqa: PLR2004
    assert asked["next_due"] <= 2  # noqa: PLR2004


async def test_the_next_letter_of_a_chat_leaves_when_the_one_before_it_has_landed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, _platform = await delivers(stage, monkeypatch, EACH)
    assert asked["claim"] >= EACH


async def test_a_chat_is_cleaned_with_one_request_however_its_messages_lie_between_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, platform = await delivers(stage, monkeypatch, EACH)
    stage._now += timedelta(hours=1)  # noqa: SLF001 - without what else happens as time passes
    route = Route(stage.storage, platform, stage.now, UNLIMITED)
    await route._clean()  # noqa: SLF001 - nothing else of it
    assert len({to for to, _messages in platform.deletions}) == len(platform.deletions) == PEOPLE
    assert {len(messages) for _to, messages in platform.deletions} == {EACH}
    assert not any(platform.chat(to.account) for to, _messages in platform.deletions)
    assert asked["cleaned"] == -(-PEOPLE // outbox.CHATS_AT_ONCE), "a commit for several chats"
    assert await stage.storage.read(partial(outbox.messages_due, route=route.name, now=stage.now())) == []


@pytest.mark.parametrize("everywhere", [True, False])
async def test_whoever_is_asked_for_a_pause_while_cleaning_asks_nothing_more_until_it_is_over(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, *, everywhere: bool
) -> None:
    _asked, platform = await delivers(stage, monkeypatch)
    stage._now += timedelta(hours=1)  # noqa: SLF001 - without what else happens as time passes
    route = Route(stage.storage, platform, stage.now, UNLIMITED)
    platform.throttled = Throttled(timedelta(seconds=1), everywhere=everywhere)
    await route._clean()  # noqa: SLF001 - nothing else of it
    await route._clean()  # noqa: SLF001
    assert len(platform.deletions) == (outbox.CHATS_AT_ONCE if everywhere else PEOPLE)
    platform.throttled = None
    await asyncio.sleep(1)
    stage._now += timedelta(hours=1)  # noqa: SLF001
    await route._clean()  # noqa: SLF001
    assert not any(platform.chat(to.account) for to, _messages in platform.deletions), "what was left went later"
