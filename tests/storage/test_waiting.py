"""The line before the one writer: a call for help waits for no check-in, and holds up nobody for long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from storage.database import BATCH, HURRIED, Storage, Tx, Waiting, Work


def work(name: str) -> object:
    def done(tx: Tx) -> None:
        del tx

    done.__name__ = name
    return done


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def add(waiting: Waiting, loop: asyncio.AbstractEventLoop, count: int, kind: str) -> None:
    for n in range(count):
        waiting.add(work(f"{kind} {n}"), loop.create_future(), urgent=kind == "call")  # type: ignore[arg-type]


def taken(waiting: Waiting) -> list[str]:
    return [one.__name__ for one, _future in waiting.take()]


def test_a_call_goes_before_all_that_waits_and_in_a_commit_of_its_own(loop: asyncio.AbstractEventLoop) -> None:
    waiting = Waiting()
    add(waiting, loop, 3 * BATCH, "check-in")
    taken(waiting)  # the writer is at work on these
    add(waiting, loop, 1, "call")
    assert taken(waiting) == ["call 0"]
    assert taken(waiting) == [f"check-in {n}" for n in range(BATCH, 2 * BATCH)]


def test_each_kind_keeps_its_order_and_nothing_is_lost(loop: asyncio.AbstractEventLoop) -> None:
    waiting = Waiting()
    add(waiting, loop, 5 * BATCH + 1, "check-in")
    add(waiting, loop, 2 * BATCH + 1, "call")
    gone: list[str] = []
    while waiting:
        some = taken(waiting)
        assert 0 < len(some) <= BATCH
        gone += some
    for kind, count in (("check-in", 5 * BATCH + 1), ("call", 2 * BATCH + 1)):
        assert [one for one in gone if one.startswith(kind)] == [f"{kind} {n}" for n in range(count)]


def test_whoever_calls_all_the_time_keeps_nobody_else_out(loop: asyncio.AbstractEventLoop) -> None:
    waiting = Waiting()
    add(waiting, loop, BATCH, "check-in")
    calls = 0
    while True:
        add(waiting, loop, 1, "call")
        if taken(waiting)[0].startswith("check-in"):
            break
        calls += 1
    assert calls == HURRIED


@pytest.mark.parametrize("urgent", [True, False])
async def test_on_each_engine_a_call_passes_those_that_do_not_run_yet(storage: Storage, urgent: bool) -> None:  # noqa: FBT001
    ran: list[str] = []

    def named(name: str) -> Work[None]:
        def look(tx: Tx) -> None:
            tx.execute(sa.text("SELECT 1"))
            ran.append(name)

        return look

    waiting = [asyncio.create_task(storage.write(named(f"check-in {n}"))) for n in range(3 * BATCH)]
    call = asyncio.create_task(storage.write(named("call"), urgent=urgent))
    await asyncio.gather(*waiting, call)
    assert len(ran) == 3 * BATCH + 1
    assert (ran.index("call") < BATCH) is urgent


async def test_on_each_engine_whoever_calls_all_the_time_keeps_nobody_else_out(storage: Storage) -> None:
    ran: list[str] = []
    done = asyncio.Event()

    def look(tx: Tx) -> None:
        tx.execute(sa.text("SELECT 1"))
        ran.append("call")

    def rest(tx: Tx) -> None:
        tx.execute(sa.text("SELECT 1"))
        ran.append("check-in")

    async def calls() -> None:
        while not done.is_set():
            await storage.write(look, urgent=True)

    callers = [asyncio.create_task(calls()) for _n in range(3 * HURRIED)]
    await asyncio.gather(*(storage.write(rest) for _n in range(BATCH)))
    done.set()
    await asyncio.gather(*callers)
    assert ran.count("check-in") == BATCH
    assert ran.count("call") > HURRIED, "the control: there were calls all the time"
