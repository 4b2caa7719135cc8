"""The composition root: the one place where platforms, handlers, storage and the outbox meet."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import structlog
from markupsafe import Markup

from bot import i18n
from bot.domain.conversation import Incoming, Sender
from bot.i18n import _
from bot.outbox.courier import Courier, CourierError, NotSent, Parcel
from bot.outbox.engine import Engine, Route
from bot.outbox.pace import Limits
from handlers import rounds, router
from handlers.profile import profile
from storage.crypto import Keys
from storage.database import Storage, StorageFault

if TYPE_CHECKING:
    from bot.settings import Settings, TelegramSettings

log = structlog.get_logger(__name__)

OFTEN = 2.0  # seconds between two looks at what is urgent
COPIES_AGAIN = 6 * 3600.0  # seconds between two looks at old copies of the database
SELDOM = 60.0  # seconds between two rounds of expiry
NOTICE_AGAIN = timedelta(minutes=5)  # “I could not save this” is said to one person no more often
BURST = 100.0  # updates of one account at once
A_SECOND = 2.0  # and then so many a second
REMEMBERED = 10_000  # accounts
LANDING = 20.0  # seconds that a stop waits for what is in the air

Now = Callable[[], datetime]
Link = Callable[[str], str]


def present() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


class Patience:
    """How many updates one account may send before it is passed over: a burst, then so many a second.

    What is passed over is lost, so the measure is far above what a person's fingers can do, and a call for help is
    never passed over.
    """

    def __init__(self) -> None:
        self._left: dict[Sender, tuple[float, datetime]] = {}

    def takes(self, sender: Sender, now: datetime) -> bool:
        """Count one update; False if it is one too many."""
        left, at = self._left.get(sender, (BURST, now))
        left = min(BURST, left + max(0.0, (now - at).total_seconds()) * A_SECOND)
        self._left[sender] = (max(0.0, left - 1), now)
        if len(self._left) > REMEMBERED:  # whoever has had time to rest need not be remembered
            rested = now - timedelta(seconds=BURST / A_SECOND)
            self._left = {who: (some, when) for who, (some, when) in self._left.items() if when > rested}
        return left >= 1


class App:
    """A community's bot: what platforms hear comes in by `receive`, what is posted leaves through the couriers.

    `couriers` are the bot accounts with the limits of each; `links` makes the link that opens a chat with an account;
    without `patience` nobody is passed over, however much they send.
    """

    def __init__(
        self,
        storage: Storage,
        couriers: Sequence[tuple[Courier, Limits]],
        links: Mapping[tuple[str, str], Link],
        now: Now = present,
        patience: Patience | None = None,
    ) -> None:
        self.storage = storage
        self.now = now
        self._couriers = {(courier.platform, courier.bot): courier for courier, _limits in couriers}
        self._links = links
        self.engine = Engine([Route(storage, courier, now, limits) for courier, limits in couriers])
        self._moved = asyncio.Event()
        self._noticed: dict[Sender, datetime] = {}
        self._patience = patience
        self._turns: WeakValueDictionary[Sender, asyncio.Lock] = WeakValueDictionary()
        storage.on_posted(self.engine.wake)

    def _link(self, platform: str, bot: str) -> Link:
        return self._links.get((platform, bot), lambda payload: payload)

    # -- in ----------------------------------------------------------------------------------------------------------

    async def receive(self, batch: Sequence[Incoming]) -> None:
        """Handle updates; returns when all of them are durably handled, so that the platform may forget them.

        Raises StorageFault if the store can't take them now: they must be offered again.
        """
        faults = await asyncio.gather(*(self._receive(incoming) for incoming in batch))
        for fault in faults:
            if fault is not None:
                raise fault

    async def _receive(self, incoming: Incoming) -> StorageFault | None:
        # one after the other for one sender, in the order they came; senders don't wait for each other
        async with self._turns.setdefault(incoming.sender, asyncio.Lock()):
            return await self._handle(incoming)

    async def _handle(self, incoming: Incoming) -> StorageFault | None:
        now = self.now()
        flooding = self._patience is not None and not self._patience.takes(incoming.sender, now)
        if flooding and not router.is_urgent(incoming.heard):
            log.info("update.flood", platform=incoming.sender.platform)
            return None
        try:
            await self.storage.write(partial(router.receive, incoming=incoming, now=now, links=self._link))
        except StorageFault as fault:
            await self._not_saved(incoming.sender, now)
            return fault
        except Exception as error:  # noqa: BLE001 - one person's accident must not stop the others
            code = secrets.token_hex(2).upper()
            log.error("update.accident", code=code, error=error)  # noqa: TRY400 - logs withhold the message
            try:
                await self.storage.write(partial(router.accident, incoming=incoming, now=now, code=code))
            except StorageFault as fault:
                return fault
            except Exception as second:  # noqa: BLE001 - a row nobody can read must not keep everybody waiting
                log.error("update.dropped", code=code, error=second)  # noqa: TRY400 - logs withhold the message
        return None

    async def _not_saved(self, sender: Sender, now: datetime) -> None:
        """Say plainly that nothing was saved: the only word that does not go through the outbox, which can't store."""
        courier = self._couriers.get((sender.platform, sender.bot))
        self._noticed = {who: at for who, at in self._noticed.items() if now - at < NOTICE_AGAIN}
        if courier is None or sender in self._noticed:
            return
        self._noticed[sender] = now
        line = _("I could not save this just now. I keep trying; you need not send it again.")
        said = Markup("\n").join(dict.fromkeys(i18n.speak(line, one, now) for one in i18n.LANGUAGES))
        key = f"unsaved/{now.timestamp()}"
        try:
            await courier.deliver(Parcel(sender, key, said))
        except NotSent:
            self._noticed.pop(sender, None)  # the next attempt at saving may say it
        except CourierError as error:
            log.info("update.unnoticed", why=type(error).__name__)

    # -- time --------------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Time has moved (the playground's clock): look at everything that may be due."""
        self._moved.set()
        self.engine.wake()

    async def round(self) -> None:
        """Do once what the passing of time asks for."""
        now = self.now()
        await self.storage.write(partial(rounds.often, now=now))
        await self.storage.write(partial(rounds.seldom, now=now))

    async def _keep_time(self) -> None:
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            self._moved.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(OFTEN):
                    await self._moved.wait()
            try:
                await self.storage.write(partial(rounds.often, now=self.now()))
                if self._moved.is_set() or loop.time() - last >= SELDOM:
                    last = loop.time()
                    await self.storage.write(partial(rounds.seldom, now=self.now()))
                    await self.storage.checkpoint()
            except StorageFault as fault:
                log.warning("rounds.wait", why=type(fault).__name__)
            except Exception as error:  # noqa: BLE001 - time goes on whatever one row does
                log.error("rounds.defect", error=error)  # noqa: TRY400 - logs withhold the message

    # -- running -----------------------------------------------------------------------------------------------------

    async def run(self, *ears: Awaitable[None]) -> None:
        """Run until cancelled or an ear stops: deliver, keep time, and listen with each of `ears`.

        At the end nothing more is heard, what is in the air is given time to land, and the rest waits in the store.
        """
        engine = asyncio.create_task(self.engine.run(), name="outbox")
        time = asyncio.create_task(self._keep_time(), name="rounds")
        listening = [asyncio.ensure_future(ear) for ear in ears]
        try:
            done, _pending = await asyncio.wait([engine, time, *listening], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (time, *listening):
                task.cancel()
            self.engine.stop()
            await asyncio.gather(time, *listening, return_exceptions=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(LANDING):
                    await asyncio.gather(engine, return_exceptions=True)


# -- payvand run -----------------------------------------------------------------------------------------------------


async def open_storage(settings: Settings) -> Storage:
    """The community's database as the settings say. Raises Unusable or KeyFault, with what to do."""
    from storage import keys  # noqa: PLC0415

    root = Keys(keys.read(settings.key_file))
    if settings.database.server:
        from storage import postgres  # noqa: PLC0415

        return await postgres.open_server(settings.database.read_url().get_secret_value(), root)
    from storage import sqlite  # noqa: PLC0415

    return await sqlite.open_file(settings.database_file, root)


async def run(settings: Settings) -> None:
    """Serve a community until SIGTERM or SIGINT."""
    from bot.settings import SettingsFault  # noqa: PLC0415

    i18n.open_catalogues()
    if settings.telegram is None:
        msg = "There is no bot account yet: add a part [telegram] to the settings (see `payvand init`)."
        raise SettingsFault(msg)
    async with AsyncExitStack() as stack:
        storage = await open_storage(settings)
        stack.push_async_callback(storage.close)
        copies = asyncio.create_task(_expire_copies(settings), name="copies")
        stack.callback(copies.cancel)
        await _serve_telegram(settings.telegram, storage, stack)


async def _expire_copies(settings: Settings) -> None:
    """Delete copies of the database that are older than they may be: what people had erased must go from them too."""
    from storage import backup  # noqa: PLC0415

    while True:
        for directory in {settings.backup.directory, settings.data, settings.database_file.parent}:
            try:
                await asyncio.to_thread(backup.expire, directory, present(), keep_days=settings.backup.keep_days)
            except OSError as error:
                log.warning("copies.kept", error=error)
        await asyncio.sleep(COPIES_AGAIN)


async def _serve_telegram(chosen: TelegramSettings, storage: Storage, stack: AsyncExitStack) -> None:
    from bot.platforms.telegram import Telegram, Webhook  # noqa: PLC0415

    pace = chosen.pace
    limits = Limits(pace.per_second, pace.per_chat, pace.per_group)
    telegram = await stack.enter_async_context(Telegram(chosen.read_token().get_secret_value(), base_url=chosen.api))

    def link(payload: str) -> str:
        return f"https://t.me/{telegram.intake.me.username}?start={payload}"

    app = App(storage, [(telegram, limits)], {(telegram.platform, telegram.bot): link}, patience=Patience())
    if chosen.mode == "webhook" and chosen.webhook is not None:
        door = chosen.webhook
        secret = door.read_secret().get_secret_value()
        ear = telegram.serve(app.receive, Webhook(door.url, secret, door.listen, door.port, door.path))
    else:
        ear = telegram.poll(app.receive)
    describing = asyncio.create_task(telegram.describe(profile(present())))
    stack.callback(describing.cancel)
    log.info("bot.serves", platform=telegram.platform, bot=telegram.bot, mode=chosen.mode)
    running = asyncio.create_task(app.run(ear))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        running.cancel()
    stopping.cancel()
    with suppress(asyncio.CancelledError):
        await running
    log.info("bot.stopped")
