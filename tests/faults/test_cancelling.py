"""A task is really cancelled at each of its awaits, once at each, and what is left behind can be seen."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults import cancelling
from tests.faults.cancelling import Attempt, Ending, Moment, at_every_await

if TYPE_CHECKING:
    from collections.abc import Coroutine


async def three_steps(seen: list[int]) -> str:
    """Wait three times in three ways."""
    await asyncio.sleep(0)
    seen.append(1)
    await asyncio.get_running_loop().run_in_executor(None, threading.Event().is_set)
    seen.append(2)
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(done.set_result, None)
    await done
    seen.append(3)
    return "through"


@pytest.mark.parametrize("moment", list(Moment))
async def test_it_is_cancelled_at_the_first_then_at_the_second_until_it_gets_through(moment: Moment) -> None:
    runs: list[list[int]] = []

    def make() -> Coroutine[Any, Any, str]:
        runs.append([])
        return three_steps(runs[-1])

    attempts = await at_every_await(make, moments=(moment,))
    assert runs == [[], [1], [1, 2], [1, 2, 3]]
    assert [attempt.ending for attempt in attempts] == [Ending.CANCELLED] * 3 + [Ending.RETURNED]
    assert [attempt.suspension for attempt in attempts] == [1, 2, 3, 4]
    assert [attempt.asked for attempt in attempts] == [True, True, True, False]
    assert attempts[-1].result == "through"


async def test_while_waiting_what_is_awaited_is_cancelled_too_and_when_answered_it_is_not() -> None:
    awaited: list[asyncio.Future[str]] = []

    def answer() -> None:
        if not awaited[-1].done():
            awaited[-1].set_result("the answer")

    async def wait() -> str:
        awaited.append(asyncio.get_running_loop().create_future())
        asyncio.get_running_loop().call_soon(answer)
        return await awaited[-1]

    await at_every_await(wait, moments=(Moment.WAITING,))
    assert awaited[0].cancelled()
    awaited.clear()
    attempts = await at_every_await(wait, moments=(Moment.ANSWERED,))
    assert awaited[0].result() == "the answer"
    assert attempts[0].ending is Ending.CANCELLED  # the answer was there, and nobody took it


async def test_awaits_in_what_it_calls_and_in_its_cleaning_up_count_too() -> None:
    async def inner() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def outer() -> None:
        try:
            await inner()
        finally:
            await asyncio.sleep(0)

    assert len(await at_every_await(outer, moments=(Moment.WAITING,))) == 4  # noqa: PLR2004 - three, and through


async def test_an_error_of_the_task_is_told_apart_from_the_cancellation() -> None:
    async def clumsy() -> None:
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            message = "lost in cleaning up"
            raise ValueError(message) from None

    first, last = await at_every_await(clumsy, moments=(Moment.WAITING,))
    assert first.ending is Ending.RAISED
    assert isinstance(first.error, ValueError)
    assert last.ending is Ending.RETURNED


async def test_a_task_that_swallows_its_cancellation_is_seen() -> None:
    async def deaf() -> str:
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            return "cancelled, and went on"
        return "through"

    attempts = await at_every_await(deaf, moments=(Moment.ANSWERED,))
    assert [attempt.result for attempt in attempts] == ["cancelled, and went on", "through"]


async def test_timeouts_inside_the_task_are_not_mistaken_for_it() -> None:
    async def patient() -> None:
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
            await asyncio.sleep(0)

    attempts = await at_every_await(patient)
    assert {attempt.ending for attempt in attempts if attempt.asked} == {Ending.CANCELLED}
    assert {attempt.ending for attempt in attempts if not attempt.asked} == {Ending.RETURNED}


async def test_a_lock_that_is_not_given_back_is_found() -> None:
    lock = asyncio.Lock()

    async def careless() -> None:
        await lock.acquire()
        await asyncio.sleep(0)
        lock.release()

    async def careful() -> None:
        async with lock:
            await asyncio.sleep(0)

    left: list[bool] = []

    async def check(_: Attempt[None]) -> None:
        left.append(lock.locked())
        if lock.locked():
            lock.release()

    await at_every_await(careful, check)
    assert not any(left)
    await at_every_await(careless, check)
    assert any(left)


async def test_a_task_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancelling, "LIMIT", 5)

    async def two_turns() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def endless() -> None:
        while True:
            await two_turns()

    with pytest.raises(RuntimeError, match="still waiting"):
        await at_every_await(endless)
