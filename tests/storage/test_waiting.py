"""The line before the one writer: a call for help waits for no check-in, and holds up nobody for long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from storage.database import BATCH, HURRIED, Tx, Waiting


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
