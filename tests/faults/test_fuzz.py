"""Whatever is sent to the bot, it neither trips over it, nor stops, nor answers with something malformed."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot import i18n
from bot.app import App
from bot.outbox.pace import UNLIMITED
from bot.platforms.memory import MemoryPlatform, deep_link
from bot.platforms.telegram import Telegram
from bot.platforms.telegram.translation import Me, incoming
from handlers import home, router
from storage import inbox, sqlite
from storage.crypto import Keys
from tests.faults import count, shapes
from tests.stage import BEGIN
from tests.telegram.emulator import Emulator, codes

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.ask import Answer, Ask
    from storage.database import Tx

AT_ONCE = 10  # updates in one example
BAD = frozenset({"update.accident", "courier.defect", "letter.refused", "letter.unnoted", "letter.unreadable"})
MEMORY = next((one for one in ("/dev/shm",) if os.access(one, os.W_OK)), None)  # noqa: S108 - no disk is needed
OURS = Me("1", "PayvandBot")


def many(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run so many examples, the same each time, and show the first that fails as it is: state goes on between them."""
    return settings(
        max_examples=examples,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )


class Bot:
    """The real bot on a platform in memory, which is told Telegram's updates as if they were its own."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.memory = MemoryPlatform(lambda: self.now, platform="telegram")
        self.heard: Counter[str] = Counter()
        self.sent = 0

    async def open(self, stack: AsyncExitStack, directory: Path) -> None:
        """Open the database."""
        self.storage = await sqlite.open_file(directory / "payvand.db", Keys(bytes(range(32))))
        stack.push_async_callback(self.storage.close)
        links = {("telegram", "1"): deep_link}
        self.app = App(self.storage, [(self.memory, UNLIMITED)], links, lambda: self.now)

    def codes(self, content: dict[str, Any]) -> list[str]:
        """The codes on the screen of whoever presses."""
        messages = self.memory.chat(str(shapes.presser(content)))
        return [button.code for message in messages[-12:] for button in message.choices if button.code]

    async def feed(self, batch: list[dict[str, Any]], passed: int) -> None:
        """Let some time pass, hand over the updates (one of them twice), and let everything leave."""
        self.now += timedelta(seconds=passed)
        numbered: list[object] = []
        for content in batch:
            self.sent += 1
            numbered.append({"update_id": self.sent, **shapes.with_live_button(content, self.codes(content))})
        heard = [one for one in (incoming(update, OURS, self.now) for update in (*numbered, numbered[0])) if one]
        self.heard.update(type(one.heard).__name__ for one in heard)
        await self.app.receive(heard)
        await self.app.engine.drain()
        await self.app.round()
        await self.app.engine.drain()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_update_of_any_shape_is_an_accident(counted: Callable[[str], None]) -> None:
    i18n.open_catalogues(strict=False)
    bot = Bot()
    with (
        asyncio.Runner() as runner,
        tempfile.TemporaryDirectory(dir=MEMORY) as place,
        structlog.testing.capture_logs() as said,
    ):
        stack = AsyncExitStack()
        runner.run(bot.open(stack, Path(place)))

        @many(count(50_000, 10) // AT_ONCE)
        @given(
            st.lists(shapes.update, min_size=AT_ONCE, max_size=AT_ONCE), st.sampled_from([0, 1, 30, 700, 4000, 90_000])
        )
        def feed(batch: list[dict[str, Any]], passed: int) -> None:
            runner.run(asyncio.wait_for(bot.feed(batch, passed), 30))
            assert [entry for entry in said if entry["event"] in BAD] == []
            assert bot.memory.refused == []
            said.clear()

        try:
            feed()
        finally:
            runner.run(stack.aclose())
    counted(f"{bot.sent} updates sent, heard as {dict(bot.heard)}")
    assert bot.sent >= count(50_000, 10) - AT_ONCE
    assert min(bot.heard[kind] for kind in ("Said", "Pressed", "Started", "Attached", "Blocked", "Moved")) > 0


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_update_of_any_shape_stops_the_ears_or_makes_a_request_that_telegram_does_not_know(
    counted: Callable[[str], None],
) -> None:
    i18n.open_catalogues(strict=False)
    emulator = Emulator(wire_kept=100)

    async def open_all(stack: AsyncExitStack, directory: Path) -> asyncio.Task[None]:
        storage = await sqlite.open_file(directory / "payvand.db", Keys(bytes(range(32))))
        stack.push_async_callback(storage.close)
        await stack.enter_async_context(emulator)
        for who in shapes.PEOPLE:
            emulator.user(who, started=True)
        for group in shapes.GROUPS:
            emulator.group(group)
        telegram = await stack.enter_async_context(Telegram(emulator.token, base_url=emulator.url, hold=1))
        links = {("telegram", telegram.bot): deep_link}
        app = App(storage, [(telegram, UNLIMITED)], links)
        running = asyncio.create_task(app.run(telegram.poll(app.receive)))

        async def stop() -> None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        stack.push_async_callback(stop)
        return running

    async def tell(batch: list[dict[str, Any]]) -> None:
        for content in batch:
            shown = emulator.chat(shapes.presser(content))[-12:]
            live = shapes.with_live_button(content, [code for message in shown for code in codes(message)])
            ((kind, payload),) = live.items()
            await emulator.update(kind, payload)
        await emulator.until(lambda: emulator.pending == 0)

    with (
        asyncio.Runner() as runner,
        tempfile.TemporaryDirectory(dir=MEMORY) as place,
        structlog.testing.capture_logs() as said,
    ):
        stack = AsyncExitStack()
        running = runner.run(open_all(stack, Path(place)))

        @many(count(5_000) // AT_ONCE)
        @given(st.lists(shapes.update, min_size=AT_ONCE, max_size=AT_ONCE))
        def feed(batch: list[dict[str, Any]]) -> None:
            runner.run(tell(batch))
            if running.done():
                running.result()  # whatever ended it
            assert not running.done()
            assert [entry for entry in said if entry["event"] in {*BAD, "updates.unsaved"}] == []
            assert emulator.problems == []
            said.clear()

        try:
            feed()
        finally:
            runner.run(stack.aclose())
    assert emulator.problems == []
    assert emulator.confirmed >= count(5_000) - AT_ONCE
    counted(f"{emulator.confirmed} updates confirmed, {len(emulator.sent)} messages sent")


def test_control_a_handler_that_trips_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def clumsy(ask: Ask, tx: Tx) -> Answer:
        del tx
        return home.menu()[int(ask.words)]  # type: ignore[return-value]

    monkeypatch.setattr(router, "WORDS", {**router.WORDS, "name": clumsy})
    i18n.open_catalogues(strict=False)
    bot = Bot()
    batch: list[dict[str, Any]] = [
        {"callback_query": {"data": "speak:en", "message": {"message_id": 1, "chat": {"id": 7001, "type": "private"}}}},
        {"message": {"chat": {"id": 7001, "type": "private"}, "text": "Zarina"}},
    ]

    async def run(directory: Path) -> int:
        async with AsyncExitStack() as stack:
            await bot.open(stack, directory)
            await bot.feed(batch, 0)
            return len(await bot.storage.read(inbox.accidents))

    with asyncio.Runner() as runner, tempfile.TemporaryDirectory(dir=MEMORY) as place:
        assert runner.run(run(Path(place))) == 1
