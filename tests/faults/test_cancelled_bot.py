"""Whoever is cancelled inside the bot, at any await: nothing half done, nothing lost, nobody told twice unawares."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from bot import i18n
from bot.app import App
from bot.domain.conversation import Incoming, Said, Sender
from bot.outbox.engine import Route
from bot.outbox.pace import UNLIMITED
from storage import outbox, schema, sqlite
from storage.crypto import Keys
from storage.outbox import State as LetterState
from tests.faults.cancelling import Attempt, Ending, at_every_await
from tests.stage import BEGIN, Stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from bot.outbox.courier import Parcel
    from storage.database import Tx
    from storage.outbox import Delivered, Letter

REPEAT = "This message may reach you twice."


class Home:
    """Zarina and Daler, on a platform that really says everything twice that it is asked to say twice."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.storage = stage.storage
        self.told = 0
        self._seen = 0

    def news(self) -> Incoming:
        """Give an update in which Zarina tells news."""
        self.told += 1
        return Incoming(f"news{self.told}", Sender("memory", "1", "zarina"), BEGIN, Said("/safe"))

    def route(self) -> Route:
        """Give a way out, as each start makes it anew."""
        return Route(self.storage, self.stage.memory, self.stage.now, UNLIMITED)

    def app(self) -> App:
        """Give a bot, as each start makes it anew."""
        return App(self.storage, [(self.stage.memory, UNLIMITED)], {}, self.stage.now)

    def read_by_daler(self) -> list[str]:
        """Give each message with news that Daler has on his screen, oldest first."""
        screen = [i18n.plain(message.text) for message in self.stage.actor("daler").messages]
        return [words for words in screen if "Zarina: I am safe." in words]

    async def settle(self) -> None:
        """Let what was left behind end; then start anew as after a crash, and deliver everything."""
        mine = asyncio.current_task()
        left = {one for one in asyncio.all_tasks() if one is not mine and one.get_name() != "storage-writer"}
        if left:
            _done, stuck = await asyncio.wait(left, timeout=10)
            assert not stuck
        route = self.route()
        await route.recover()
        await route.drain()

    async def assert_whole(self) -> None:
        """Writing works, every piece of news is there once, nothing is under way, and Daler has read the newest."""
        await self.storage.write(lambda _: None)
        assert await self.storage.read(count_news) == self.told
        assert await self.storage.read(count_under_way) == 0
        read = self.read_by_daler()
        new = read[self._seen :]
        self._seen = len(read)
        assert new
        assert sum(REPEAT not in words for words in new) <= 1


def count_news(tx: Tx) -> int:
    count: int = tx.execute(sa.select(sa.func.count()).select_from(schema.news)).scalar_one()
    return count


def count_under_way(tx: Tx) -> int:
    waiting = schema.letter.c.state <= LetterState.FLYING.value
    count: int = tx.execute(sa.select(sa.func.count()).select_from(schema.letter).where(waiting)).scalar_one()
    return count


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    i18n.open_catalogues(strict=False)
    storage = await sqlite.open_file(tmp_path / "payvand.db", Keys(bytes(range(32))))
    stage = Stage(storage)
    stage.memory.idempotent = False
    await stage.family("Zarina", "Daler")
    stage.memory.latency = lambda _parcel: asyncio.sleep(0)
    yield Home(stage)
    await storage.close()
    assert stage.memory.refused == []


def endings(attempts: Iterable[Attempt[Any]]) -> set[Ending]:
    """Give what became of the runs that were cancelled; there were some."""
    found = {attempt.ending for attempt in attempts if attempt.asked}
    assert found
    return found


async def test_an_update_that_is_cancelled_at_any_await_and_comes_again_counts_once(home: Home) -> None:
    newest: list[Incoming] = []

    def hear() -> Coroutine[Any, Any, None]:
        newest.append(home.news())
        return home.stage.app.receive([newest[-1]])

    async def check(_: Attempt[None]) -> None:
        await home.stage.app.receive([newest[-1]])  # it was not confirmed, so the platform offers it again
        await home.settle()
        await home.assert_whole()

    assert endings(await at_every_await(hear, check)) == {Ending.CANCELLED}


async def test_letters_whose_taking_off_is_cancelled_at_any_await_arrive(home: Home) -> None:
    async def deliver() -> None:
        await home.route().drain()

    async def check(_: Attempt[None]) -> None:
        await home.settle()
        await home.assert_whole()
        await home.stage.app.receive([home.news()])

    await home.stage.app.receive([home.news()])
    assert endings(await at_every_await(deliver, check)) == {Ending.CANCELLED}


async def test_a_delivery_that_is_cancelled_at_any_await_arrives(home: Home) -> None:
    async def deliver() -> None:
        letters: list[Letter] = await home.storage.write(claim(home))
        route = home.route()
        for letter in letters:
            await route._deliver(letter, 0.0)  # noqa: SLF001
        await route._write_down()  # noqa: SLF001

    async def check(_: Attempt[None]) -> None:
        await home.settle()
        await home.assert_whole()
        await home.stage.app.receive([home.news()])

    await home.stage.app.receive([home.news()])
    assert endings(await at_every_await(deliver, check)) == {Ending.CANCELLED}


def claim(home: Home) -> Callable[[Tx], list[Letter]]:
    return partial(outbox.claim, route="memory/1", now=home.stage.now(), most=100)


async def test_the_outbox_that_is_cancelled_at_any_await_while_it_runs_loses_nothing(home: Home) -> None:
    async def run() -> None:
        route = home.route()

        async def fly(_: Parcel) -> None:
            asyncio.get_running_loop().call_later(0.01, route.stop)
            await asyncio.sleep(0)

        home.stage.memory.latency = fly
        await route.run()

    async def check(_: Attempt[None]) -> None:
        await home.settle()
        await home.assert_whole()
        await home.stage.app.receive([home.news()])

    await home.stage.app.receive([home.news()])
    assert endings(await at_every_await(run, check)) == {Ending.CANCELLED}


async def test_a_bot_that_is_cancelled_at_any_await_even_while_it_stops_loses_nothing(home: Home) -> None:
    newest: list[Incoming] = []

    async def serve() -> None:
        app = home.app()
        newest.append(home.news())

        async def hear() -> None:
            await app.receive([newest[-1]])
            await asyncio.sleep(0.01)

        await app.run(hear())

    async def check(_: Attempt[None]) -> None:
        await home.stage.app.receive([newest[-1]])
        await home.settle()
        await home.assert_whole()

    attempts = await at_every_await(serve, check)
    assert endings(attempts) == {Ending.CANCELLED}
    assert sum(attempt.asked for attempt in attempts) >= 4  # noqa: PLR2004 - also twice while it stops


async def test_a_delivery_that_can_not_be_noted_stops_no_other(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect in writing down one delivery, and the outbox would stand still for everybody."""
    note = outbox.delivered
    bad: set[int] = set()

    def clumsy(tx: Tx, letters: Iterable[Delivered], now: datetime) -> bool:
        kept = list(letters)
        bad.update(one.letter for one in kept[:1] if not bad)
        if bad & {one.letter for one in kept}:
            raise LookupError
        return note(tx, kept, now)

    monkeypatch.setattr(outbox, "delivered", clumsy)
    app = home.app()
    running = asyncio.create_task(app.run(asyncio.sleep(3600)))
    for _ in range(3):
        await app.receive([home.news()])
    async with asyncio.timeout(10):
        while sum(words.count("I am safe.") for words in home.read_by_daler()) < 3:  # noqa: ASYNC110, PLR2004 - the screen has no bell
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(bad) == 1
    monkeypatch.undo()
    await home.settle()
    assert await home.storage.read(count_under_way) == 0


async def test_control_a_letter_that_is_noted_before_it_is_sent_is_lost_by_a_cancellation(home: Home) -> None:
    async def deliver() -> None:
        letters = await home.storage.write(claim(home))
        route = home.route()
        done = [outbox.Delivered(one.id, one.address, one.topic, "") for one in letters]
        await home.storage.write(partial(outbox.delivered, letters=done, now=home.stage.now()))
        for letter in letters:
            await route._deliver(letter, 0.0)  # noqa: SLF001

    unread: list[bool] = []

    async def check(_: Attempt[None]) -> None:
        await home.settle()
        try:
            await home.assert_whole()
        except AssertionError:
            unread.append(True)
        await home.stage.app.receive([home.news()])

    await home.stage.app.receive([home.news()])
    await at_every_await(deliver, check)
    assert unread
