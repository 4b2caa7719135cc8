"""`payvand run`: a community's accounts on its platforms, plugged into the app as the settings say."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot import i18n, publishing
from bot.app import App, Link, Patience, present
from bot.outbox.courier import Courier
from bot.outbox.pace import Limits
from bot.settings import Settings, SettingsFault
from handlers.profile import profile
from storage import devices, feeds, inbox, outbox
from storage.crypto import Keys
from storage.database import Storage, StorageFault, Tx

if TYPE_CHECKING:
    from bot.platforms.matrix import Kept
    from bot.settings import MatrixSettings, TelegramSettings

log = structlog.get_logger(__name__)

COPIES_AGAIN = 6 * 3600.0  # seconds between two looks at old copies of the database
FEEDS_AGAIN = 60.0  # seconds between two looks whether a feed is to be read
SIGNER_AGAIN = 600.0  # seconds between two looks at the online key's files
ROOMS = 8  # letters in the air to one homeserver: more only wait there


@dataclass(frozen=True, slots=True)
class Account:
    """One bot account: its mouth with its limits, its ear, and how people find it."""

    courier: Courier
    limits: Limits
    link: Link
    name: Callable[[], str]
    listen: Callable[[App], Awaitable[None]]

    @property
    def key(self) -> tuple[str, str]:
        """Platform and bot."""
        return self.courier.platform, self.courier.bot


async def open_storage(settings: Settings) -> tuple[Storage, Keys]:
    """The community's database as the settings say, and its keys. Raises Unusable or KeyFault, with what to do."""
    from storage import keys  # noqa: PLC0415

    root = Keys(keys.read(settings.key_file))
    root.public = settings.public_key or ""
    if settings.database.server:
        from storage import postgres  # noqa: PLC0415

        return await postgres.open_server(settings.database.read_url().get_secret_value(), root), root
    from storage import sqlite  # noqa: PLC0415

    return await sqlite.open_file(settings.database_file, root), root


async def run(settings: Settings) -> None:
    """Serve a community until SIGTERM or SIGINT. Raises SettingsFault."""
    i18n.open_catalogues()
    if settings.telegram is None and settings.matrix is None:
        msg = "There is no bot account yet: add a part [telegram] or [matrix] to the settings (see `payvand init`)."
        raise SettingsFault(msg)
    async with AsyncExitStack() as stack:
        storage, keys = await open_storage(settings)
        stack.push_async_callback(storage.close)
        signer = asyncio.create_task(_keep_signer(settings, keys), name="signer")
        stack.callback(signer.cancel)
        copies = asyncio.create_task(_expire_copies(settings), name="copies")
        stack.callback(copies.cancel)
        if settings.bulletins.directory is not None:
            files = asyncio.create_task(publishing.keep_published(settings, storage), name="publishing")
            stack.callback(files.cancel)
        reading = asyncio.create_task(_read_feeds(settings, storage), name="feeds")
        stack.callback(reading.cancel)
        accounts: list[Account] = []
        if settings.telegram is not None:
            accounts.append(await _telegram(settings.telegram, stack))
        if settings.matrix is not None:
            accounts.append(await _matrix(settings, settings.matrix, storage, keys, stack))
        keep_what_is_loaded()
        await _serve(storage, accounts, stack, settings.public_key or "")


def keep_what_is_loaded() -> None:
    """Let no collection of garbage walk through the program itself again: each took a tenth of a second of everybody's.

    That is while a call for help may wait. Called once, when everything is loaded and nobody is served yet.
    """
    gc.collect()
    gc.freeze()


async def resend_unknown(settings: Settings) -> int:
    """Let the letters whose outcome nobody knows go out once more; how many. The bot must be stopped (Unusable)."""
    storage, _keys = await open_storage(settings)
    try:
        return await storage.write(partial(outbox.resend_unknown, now=present()))
    finally:
        await storage.close()


async def handle_again(settings: Settings) -> int:
    """Let messages that met a defect be handled once more when the bot runs; how many.

    The bot must be stopped (Unusable).
    """
    storage, _keys = await open_storage(settings)
    try:
        return await storage.write(inbox.handle_again)
    finally:
        await storage.close()


async def move(settings: Settings, file: Path) -> None:
    """Pour a database file into the empty server of the settings. Raises SettingsFault or Unusable, with what to do."""
    from storage import pouring, sqlite  # noqa: PLC0415

    if not settings.database.server:
        msg = "`database.url` must name the PostgreSQL server that the file is to be poured into."
        raise SettingsFault(msg)
    storage, keys = await open_storage(settings)
    try:
        with sqlite.lock(file):  # a bot that still writes into it would be left behind
            await storage.write(partial(pouring.from_file, path=file, keys=keys))
    finally:
        await storage.close()


async def _serve(storage: Storage, accounts: list[Account], stack: AsyncExitStack, key: str) -> None:
    app = App(
        storage,
        [(one.courier, one.limits) for one in accounts],
        {one.key: one.link for one in accounts},
        patience=Patience(),
        names={one.key: one.name for one in accounts},
    )
    texts = profile(present(), key)
    for one in accounts:
        describing = asyncio.create_task(one.courier.describe(texts))
        stack.callback(describing.cancel)
        log.info("bot.serves", platform=one.courier.platform)
    running = asyncio.create_task(app.run(*(one.listen(app) for one in accounts)))
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


async def _keep_signer(settings: Settings, keys: Keys) -> None:
    """Know the online keys as their files are now: an operator renews a certificate while the bot runs."""
    from storage import notes, signing  # noqa: PLC0415

    kept = settings.data / "keys"
    while True:
        try:
            keys.signer = signing.open_signer(kept, settings.community, settings.public_key or "", present())
        except signing.NotCertified:
            keys.signer = None  # bulletins can't be published meanwhile, and `payvand check` says why
            log.warning("signer.none")
        try:
            keys.petitions = notes.open_online(kept, settings.community, settings.public_key or "", present())
        except signing.NotCertified:
            keys.petitions = None  # a community without petitions needs none; without it nothing can be signed
        await asyncio.sleep(SIGNER_AGAIN)


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


async def _read_feeds(settings: Settings, storage: Storage) -> None:
    """Look at the feeds that moderators have chosen. Without one, nothing is loaded and nothing leaves the machine."""
    while True:
        await asyncio.sleep(FEEDS_AGAIN)
        try:
            if await storage.read(partial(feeds.waits, now=present())):
                from bot.jobs import feeds as reading  # noqa: PLC0415

                await reading.work(storage, present, proxy=settings.feeds.proxy)
        except StorageFault as fault:
            log.warning("feeds.wait", why=type(fault).__name__)
        except Exception as error:  # noqa: BLE001 - one row that nobody can read must not end it
            log.error("feeds.defect", error=error)  # noqa: TRY400 - logs withhold the message


# -- the platforms ---------------------------------------------------------------------------------------------------


async def _telegram(chosen: TelegramSettings, stack: AsyncExitStack) -> Account:
    from bot.platforms.telegram import Telegram, Webhook  # noqa: PLC0415

    pace = chosen.pace
    limits = Limits(pace.per_second, pace.per_chat, pace.per_group)
    telegram = await stack.enter_async_context(Telegram(chosen.read_token().get_secret_value(), base_url=chosen.api))

    def link(payload: str) -> str:
        return f"https://t.me/{telegram.intake.me.username}?start={payload}"

    def name() -> str:
        known = telegram.intake.me.username
        return known and f"@{known}"

    def listen(app: App) -> Awaitable[None]:
        if chosen.mode == "webhook" and chosen.webhook is not None:
            door = chosen.webhook
            secret = door.read_secret().get_secret_value()
            return telegram.serve(app.receive, Webhook(door.url, secret, door.listen, door.port, door.path))
        return telegram.poll(app.receive)

    return Account(telegram, limits, link, name, listen)


async def _matrix(
    settings: Settings, chosen: MatrixSettings, storage: Storage, keys: Keys, stack: AsyncExitStack
) -> Account:
    from bot.platforms.matrix import Kept, Matrix  # noqa: PLC0415

    def find(tx: Tx) -> Kept | None:
        found = devices.find(tx, Matrix.platform, chosen.user)
        return None if found is None else Kept(*found)

    async def keep(kept: Kept) -> None:
        proof = (kept.device, kept.token, kept.seeds)
        await storage.write(partial(devices.keep, platform=Matrix.platform, bot=chosen.user, proof=proof))

    matrix = await stack.enter_async_context(
        Matrix(
            chosen.homeserver,
            chosen.user,
            password=lambda: chosen.read_password().get_secret_value(),
            directory=settings.data / "matrix",
            key=keys.derive("matrix"),
            kept=await storage.read(find),
            keep=keep,
            moderators=chosen.moderators,
            reactions=chosen.reactions,
        )
    )
    limits = Limits(chosen.per_second, 0.0, None, ROOMS, 0.0)
    return Account(
        matrix,
        limits,
        lambda _payload: f"https://matrix.to/#/{chosen.user}",
        lambda: chosen.user,
        lambda app: matrix.listen(app.receive),
    )
