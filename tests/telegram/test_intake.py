"""News from Telegram is confirmed only after it is committed, and nothing that goes wrong on the way loses any."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest

from bot.domain.conversation import Incoming, Pressed, Said
from bot.platforms.telegram import Contested, Patience, Receive, Telegram, TokenRefused, Webhook
from bot.platforms.telegram.intake import SECRET_HEADER
from bot.platforms.telegram.wire import AiohttpRequest
from tests.telegram.emulator import TOKEN, Clock, Emulator

ZARINA = 7001
SECRET = "a-secret_Of-this-test"  # noqa: S105


class StorageFullError(Exception):
    """What storage might raise."""


class Journal:
    """A storage that commits batches, or fails to."""

    def __init__(self) -> None:
        self.kept: list[Incoming] = []
        self.failing = 0
        self.attempts = 0
        self.changed = asyncio.Condition()

    async def receive(self, batch: Sequence[Incoming]) -> None:
        """Commit a batch, leaving out what is there already."""
        self.attempts += 1
        await asyncio.sleep(0)
        if self.failing:
            self.failing -= 1
            raise StorageFullError
        known = {one.id for one in self.kept}
        self.kept += [one for one in batch if one.id not in known]
        async with self.changed:
            self.changed.notify_all()

    async def until(self, count: int) -> None:
        """Wait until so many are committed."""
        async with asyncio.timeout(20), self.changed:
            await self.changed.wait_for(lambda: len(self.kept) >= count)

    @property
    def words(self) -> list[str]:
        """What was said, as it was committed."""
        return [one.heard.text for one in self.kept if isinstance(one.heard, Said)]


@asynccontextmanager
async def running(work: Awaitable[None]) -> AsyncGenerator[asyncio.Task[None], None]:
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def naps() -> list[float]:
    """How long the bot would have slept."""
    return []


@pytest.fixture
async def telegram(emulator: Emulator, clock: Clock, naps: list[float]) -> AsyncIterator[Telegram]:
    """An account that doesn't sleep, and says how long it would have."""

    async def nap(seconds: float) -> None:
        naps.append(seconds)
        await asyncio.sleep(0)

    async with Telegram(
        emulator.token,
        base_url=emulator.url,
        hold=1,
        patience=Patience(connect=5.0, answer=5.0),
        clock=clock,
        sleep=nap,
        dice=random.Random(1),
    ) as account:
        yield account


# -- polling -----------------------------------------------------------------------------------------------------------


async def test_news_is_heard_in_order(telegram: Telegram, emulator: Emulator, journal: Journal) -> None:
    for number in range(250):
        await emulator.say(ZARINA, f"{number}")
    async with running(telegram.poll(journal.receive)):
        await journal.until(250)
    assert journal.words == [str(number) for number in range(250)]


async def test_what_waited_before_the_start_is_not_dropped(
    telegram: Telegram, emulator: Emulator, journal: Journal
) -> None:
    """A webhook may have been set, and messages may have come in while nobody listened."""
    emulator._set_webhook({"url": "http://127.0.0.1:9/nowhere"})  # noqa: SLF001
    await emulator.say(ZARINA, "I need help")
    async with running(telegram.poll(journal.receive)):
        await journal.until(1)
    assert journal.words == ["I need help"]
    for request in emulator.wire:
        assert request.parameters.get("drop_pending_updates") is not True
        wanted = ["message", "edited_message", "channel_post", "callback_query", "my_chat_member"]
        assert request.parameters.get("allowed_updates", wanted) == wanted


async def test_nothing_is_confirmed_before_it_is_committed(telegram: Telegram, emulator: Emulator) -> None:
    for number in range(3):
        await emulator.say(ZARINA, f"{number}")
    committed = asyncio.Event()
    begun = asyncio.Event()

    async def receive(_: Sequence[Incoming]) -> None:
        begun.set()
        await committed.wait()

    async with running(telegram.poll(receive)):
        await begun.wait()
        assert (emulator.confirmed, emulator.pending) == (0, 3)
        committed.set()
        await emulator.until(lambda: emulator.confirmed == 3)  # noqa: PLR2004


async def confirm_first(wire: AiohttpRequest, receive: Receive) -> None:
    """The control: a loop as the stock libraries have it, which confirms what it has only put aside."""
    offset = 0
    while True:
        result = await wire.ask("getUpdates", {"offset": offset, "timeout": 1})
        assert isinstance(result, list)
        if result:
            offset = max(update["update_id"] for update in result) + 1
            await wire.ask("getUpdates", {"offset": offset, "timeout": 0})
            await receive(result)


@pytest.mark.parametrize("ours", [True, False])
async def test_a_crash_before_the_commit_loses_nothing_unless_confirmed_first(
    telegram: Telegram, emulator: Emulator, journal: Journal, *, ours: bool
) -> None:
    for number in range(20):
        await emulator.say(ZARINA, f"{number}")
    dying = asyncio.Event()

    async def killed(_: Sequence[object]) -> None:
        dying.set()
        await asyncio.Event().wait()

    async with AiohttpRequest(TOKEN, base_url=emulator.url) as wire:
        async with running(telegram.poll(killed) if ours else confirm_first(wire, killed)):
            await dying.wait()
        assert journal.kept == []
    async with running(telegram.poll(journal.receive)):
        await emulator.say(ZARINA, "the last")
        await journal.until(21 if ours else 1)
    assert journal.words == [*(str(number) for number in range(20) if ours), "the last"]


async def test_a_full_disk_delays_news_and_loses_none(
    telegram: Telegram, emulator: Emulator, journal: Journal, naps: list[float]
) -> None:
    journal.failing = 5
    await emulator.say(ZARINA, "I need help")
    async with running(telegram.poll(journal.receive)):
        await journal.until(1)
        await emulator.until(lambda: emulator.confirmed == 1)
    assert journal.words == ["I need help"]
    assert journal.attempts == 6  # noqa: PLR2004
    assert len(naps) == 5  # noqa: PLR2004
    assert naps == sorted(naps)


@pytest.mark.parametrize(
    "faults",
    [
        [{"kind": "reset"}] * 3,
        [{"kind": "drop"}, {"kind": "lost"}, {"kind": "half"}],
        [{"kind": "html", "code": 502}] * 4,
        [{"kind": "json", "code": 500}, {"kind": "junk", "body": "nonsense"}, {"kind": "junk", "body": '{"ok":true}'}],
        [{"kind": "junk", "method": "getUpdates", "body": '{"ok": true, "result": {"update_id": 1}}'}],
        [{"kind": "junk", "method": "getUpdates", "body": '{"ok": true, "result": [{"no": "id"}, 5]}'}],
    ],
)
async def test_bad_weather_delays_news_and_loses_none(
    telegram: Telegram, emulator: Emulator, journal: Journal, naps: list[float], faults: list[dict[str, object]]
) -> None:
    for fault in faults:
        emulator.fault(**fault)  # type: ignore[arg-type]
    for number in range(5):
        await emulator.say(ZARINA, f"{number}")
    async with running(telegram.poll(journal.receive)):
        await journal.until(5)
        await emulator.until(lambda: emulator.pending == 0)
    assert journal.words == ["0", "1", "2", "3", "4"]
    assert 0 < len(naps) <= len(faults)
    assert emulator.faults == []


async def test_a_blackout_at_the_start_is_waited_out(telegram: Telegram, emulator: Emulator, journal: Journal) -> None:
    await emulator.pause()
    async with running(telegram.poll(journal.receive)):
        await asyncio.sleep(0)
        await emulator.resume()
        await emulator.say(ZARINA, "hello")
        await journal.until(1)


async def test_a_429_on_the_poll_is_obeyed(
    telegram: Telegram, emulator: Emulator, journal: Journal, naps: list[float]
) -> None:
    emulator.fault("json", "getUpdates", code=429, parameters={"retry_after": 17})
    await emulator.say(ZARINA, "hello")
    async with running(telegram.poll(journal.receive)):
        await journal.until(1)
    assert 17 <= naps[0] <= 18  # noqa: PLR2004


async def test_a_second_reader_stops_us_loudly(telegram: Telegram, emulator: Emulator, journal: Journal) -> None:
    async with running(telegram.poll(journal.receive)) as first:
        await emulator.until(lambda: emulator.methods["getUpdates"] > 0)
        async with AiohttpRequest(TOKEN, base_url=emulator.url) as other:
            with suppress(Exception):
                await other.ask("getUpdates", {"timeout": 0})
        with pytest.raises(Contested, match="Stop the other one"):
            await first


async def test_a_webhook_that_somebody_set_meanwhile_stops_us_loudly(
    telegram: Telegram, emulator: Emulator, journal: Journal
) -> None:
    async with running(telegram.poll(journal.receive)) as loop:
        await emulator.until(lambda: emulator.methods["getUpdates"] > 0)
        emulator._set_webhook({"url": "http://127.0.0.1:9/nowhere"})  # noqa: SLF001
        with pytest.raises(Contested):
            await loop


async def test_a_revoked_token_stops_us_with_what_to_do(emulator: Emulator, journal: Journal) -> None:
    async with Telegram(TOKEN[:-1] + "1", base_url=emulator.url) as stranger:
        with pytest.raises(TokenRefused, match="BotFather"):
            await stranger.poll(journal.receive)


@pytest.mark.parametrize("text", ["", "abc", "123", "123:", "12 3:abcdef", "123:abc/def"])
def test_what_is_no_token_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="BotFather") as caught:
        Telegram(text)
    assert not text or text not in str(caught.value)


async def test_repeated_and_shuffled_updates_are_each_heard_once(
    telegram: Telegram, emulator: Emulator, journal: Journal
) -> None:
    emulator.mischief(duplicate=0.3, reorder=True)
    for number in range(150):
        await emulator.say(ZARINA, f"{number}")
    async with running(telegram.poll(journal.receive)):
        await journal.until(150)
        await emulator.until(lambda: emulator.pending == 0)
    assert sorted(map(int, journal.words)) == list(range(150))


async def test_ids_that_start_anew_after_a_silent_week_swallow_nothing(
    telegram: Telegram, emulator: Emulator, journal: Journal
) -> None:
    async with running(telegram.poll(journal.receive)):
        await emulator.say(ZARINA, "before")
        await journal.until(1)
        polls = emulator.methods["getUpdates"]
        await emulator.until(lambda: emulator.methods["getUpdates"] >= polls + 2)
        emulator.renumber()
        await emulator.say(ZARINA, "after")
        await journal.until(2)
    assert journal.words == ["before", "after"]


async def test_a_kept_offset_would_have_swallowed_them(emulator: Emulator) -> None:
    """The control of the test above."""
    await emulator.say(ZARINA, "before")
    async with AiohttpRequest(TOKEN, base_url=emulator.url) as wire:
        updates = await wire.ask("getUpdates", {})
        assert isinstance(updates, list)
        emulator.renumber()
        await emulator.say(ZARINA, "after")
        assert await wire.ask("getUpdates", {"offset": updates[0]["update_id"] + 1}) == []
        assert await wire.ask("getUpdates", {}) == []


async def test_what_can_not_be_read_does_not_stop_the_rest(
    telegram: Telegram, emulator: Emulator, journal: Journal
) -> None:
    await emulator.update("message", {"chat": "nonsense"})
    await emulator.update("something_new", [1, 2, 3])
    await emulator.say(ZARINA, "hello")
    async with running(telegram.poll(journal.receive)):
        await journal.until(1)
        await emulator.until(lambda: emulator.pending == 0)
    assert journal.words == ["hello"]


async def test_a_press_is_answered_after_the_commit(telegram: Telegram, emulator: Emulator, journal: Journal) -> None:
    emulator.user(ZARINA, started=True)
    journal.failing = 2
    query = await emulator.tap(ZARINA, 1, "safe", old=True)
    async with running(telegram.poll(journal.receive)):
        await journal.until(1)
        await emulator.until(lambda: emulator.answers[query] == 1)
    assert [one.heard for one in journal.kept] == [Pressed("safe", "1")]


async def test_a_press_too_old_to_be_answered_harms_nobody(
    telegram: Telegram, emulator: Emulator, clock: Clock, journal: Journal
) -> None:
    emulator.user(ZARINA, started=True)
    await emulator.tap(ZARINA, 1, "safe", old=True)
    clock.advance(3600)
    async with running(telegram.poll(journal.receive)):
        await journal.until(1)
        await emulator.until(lambda: emulator.refusals[400] == 1)
        await emulator.say(ZARINA, "hello")
        await journal.until(2)


# -- webhook -----------------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def hook() -> Webhook:
    port = free_port()
    return Webhook(f"http://127.0.0.1:{port}/telegram", SECRET, port=port, limit=10_000)


@pytest.fixture
def post(hook: Webhook) -> Callable[..., Awaitable[int]]:
    async def send(body: bytes, secret: str | None = SECRET, method: str = "POST") -> int:
        headers = {} if secret is None else {SECRET_HEADER: secret}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, hook.url, data=body, headers=headers) as response,
        ):
            return response.status

    return send


@pytest.fixture
async def serving(
    telegram: Telegram, emulator: Emulator, journal: Journal, hook: Webhook
) -> AsyncIterator[asyncio.Task[None]]:
    async with running(telegram.serve(journal.receive, hook)) as task:
        await emulator.until(lambda: emulator.methods["setWebhook"] == 1)
        yield task


@pytest.mark.usefixtures("serving")
async def test_a_webhook_hears_what_is_posted(emulator: Emulator, journal: Journal) -> None:
    for number in range(50):
        await emulator.say(ZARINA, f"{number}")
    await journal.until(50)
    await emulator.until(lambda: emulator.pending == 0)
    assert sorted(map(int, journal.words)) == list(range(50))


async def test_a_webhook_hears_what_waited_before_it_was_set(
    telegram: Telegram, emulator: Emulator, journal: Journal, hook: Webhook
) -> None:
    await emulator.say(ZARINA, "I need help")
    async with running(telegram.serve(journal.receive, hook)):
        await journal.until(1)


@pytest.mark.usefixtures("serving")
async def test_200_is_said_only_after_the_commit(emulator: Emulator, journal: Journal) -> None:
    journal.failing = 3
    await emulator.say(ZARINA, "I need help")
    await journal.until(1)
    await emulator.until(lambda: emulator.pending == 0)
    assert journal.words == ["I need help"]
    assert journal.attempts == 4  # noqa: PLR2004 - each failure was delivered again


async def test_200_waits_for_the_commit(telegram: Telegram, emulator: Emulator, hook: Webhook) -> None:
    begun, committed = asyncio.Event(), asyncio.Event()

    async def receive(_: Sequence[Incoming]) -> None:
        begun.set()
        await committed.wait()

    async with running(telegram.serve(receive, hook)):
        await emulator.say(ZARINA, "I need help")
        await begun.wait()
        assert emulator.pending == 1
        committed.set()
        await emulator.until(lambda: emulator.pending == 0)


@pytest.mark.usefixtures("serving")
async def test_repeated_and_shuffled_posts_are_each_heard_once(emulator: Emulator, journal: Journal) -> None:
    emulator.mischief(duplicate=0.3, reorder=True)
    for number in range(60):
        await emulator.say(ZARINA, f"{number}")
    await journal.until(60)
    await emulator.until(lambda: emulator.pending == 0)
    assert sorted(map(int, journal.words)) == list(range(60))


GOOD = b'{"update_id": 1, "message": {"chat": {"id": 1, "type": "private"}, "text": "hello"}}'


@pytest.mark.usefixtures("serving")
@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET.upper(), SECRET + "x", "\u00e9"])
async def test_who_does_not_know_the_secret_is_not_heard(
    post: Callable[..., Awaitable[int]], journal: Journal, secret: str | None
) -> None:
    assert await post(GOOD, secret) == 403  # noqa: PLR2004
    assert journal.attempts == 0
    assert await post(GOOD) == 200  # noqa: PLR2004
    assert journal.words == ["hello"]


@pytest.mark.usefixtures("serving")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"\xff\xfe\x00", 400),
        (b"[" * 9_000, 400),
        (b"x" * 20_000, 413),
        (b"{}", 200),
        (b'{"update_id": "x", "message": 5}', 200),
        (b'{"update_id": 5, "message": {"chat": null}}', 200),
    ],
)
async def test_nonsense_is_answered_and_does_not_stop_the_webhook(
    post: Callable[..., Awaitable[int]], journal: Journal, body: bytes, status: int
) -> None:
    assert await post(body) == status
    assert journal.attempts == 0
    assert await post(GOOD) == 200  # noqa: PLR2004
    assert journal.words == ["hello"]


@pytest.mark.usefixtures("serving")
async def test_only_posts_are_heard(post: Callable[..., Awaitable[int]]) -> None:
    assert await post(b"", method="GET") == 405  # noqa: PLR2004


@pytest.mark.usefixtures("serving")
async def test_a_press_through_the_webhook_is_answered(emulator: Emulator, journal: Journal) -> None:
    emulator.user(ZARINA, started=True)
    query = await emulator.tap(ZARINA, 1, "safe", old=True)
    await journal.until(1)
    await emulator.until(lambda: emulator.answers[query] == 1)


async def test_a_stopped_webhook_leaves_what_comes_at_telegram_s(
    telegram: Telegram, emulator: Emulator, journal: Journal, hook: Webhook
) -> None:
    async with running(telegram.serve(journal.receive, hook)):
        await emulator.until(lambda: emulator.methods["setWebhook"] == 1)
    await emulator.say(ZARINA, "while you slept")
    async with running(telegram.serve(journal.receive, hook)):
        await journal.until(1)
    assert journal.words == ["while you slept"]
