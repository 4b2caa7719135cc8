"""When the disk is full, whoever writes is told so once, and what they wrote counts when there is room again."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from bot import i18n
from bot.app import App
from bot.outbox.pace import UNLIMITED
from bot.platforms.telegram import Telegram
from storage import schema, sqlite
from storage.crypto import Keys
from storage.database import StorageFault
from tests.faults import count, full, killing
from tests.faults.community import BLOCK, KEY, Community, World, account, founded, kept
from tests.faults.conftest import PATIENCE
from tests.faults.killing import Sent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bot.domain.conversation import Incoming
    from storage.database import Tx
    from tests.faults.full import Room

NOTICE = "I could not save this just now"
COMMUNITY = Community(BLOCK)
BEFORE = 20  # numbers that are told while there is room
SIZE = 32 << 20  # bytes: room for the database and its log, when the ballast is gone
WAYS = ("file system", "file size", "pages")


def is_whole(tx: Tx) -> bool:
    """Whether each piece of news was told to a circle, and SQLite finds nothing wrong."""
    untold = sa.select(schema.news.c.id).where(~sa.exists().where(schema.telling.c.news_id == schema.news.c.id))
    sound = tx.connection.exec_driver_sql("PRAGMA integrity_check").scalar()
    return tx.execute(untold).first() is None and sound == "ok"


def notices(world: World) -> Counter[int]:
    """Count how often each person was told that their words were not saved."""
    return Counter(sent.chat for sent in world.sent if NOTICE in sent.text)


def unsaved(world: World, saved: Iterable[int]) -> set[int]:
    """Give the people whose words the bot was given, and could not save: a batch is confirmed whole or not at all."""
    given = {each.number for each in world.history.happenings if isinstance(each, Sent)}
    taken = killing.acknowledged(world.history.happenings).union(saved)
    return {int(account(COMMUNITY.teller(number))) for number in given - taken}


async def fill_up(way: str, directory: Path, dice: random.Random) -> None:
    """Serve, run out of room, look around, get room again, and see that everything counts that was told meanwhile."""
    data = directory / "data"
    data.mkdir(parents=True)
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(World(COMMUNITY, batch=10))
        world.until_number = BEFORE
        # where nothing may be mounted, the limit on files stands in for the file system
        small = stack.enter_context(full.small_file_system(data, SIZE)) if way == "file system" else None
        place = await founded(directory, world.url, COMMUNITY)
        limit = stack.enter_context(full.size_limit(data))
        storage = await sqlite.open_file(place.database, Keys(KEY))
        stack.push_async_callback(storage.close)

        async def pragma(words: str) -> int:
            return int(await storage.write(lambda tx: tx.connection.exec_driver_sql(f"PRAGMA {words}").scalar() or 0))

        room: Room = full.PageLimit(pragma) if way == "pages" else small or limit
        stack.push_async_callback(room.give)
        impatient = partial(asyncio.sleep, 0.02)
        telegram = Telegram(world.token, base_url=world.url, hold=1, sleep=lambda _: impatient())
        await stack.enter_async_context(telegram)
        app = App(storage, [(telegram, UNLIMITED)], {})
        serving = asyncio.create_task(app.run(telegram.poll(app.receive)))
        try:
            await world.history.until(lambda: len(killing.acknowledged(world.history.happenings)) == BEFORE)
            await storage.checkpoint()  # an emptied log must grow before anything can be written
            await room.take(dice.randrange(60_000))
            world.until_number = len(COMMUNITY.numbers)
            await world.until(lambda: bool(notices(world)))
            asked = world.methods["getUpdates"] + 6  # it comes back for the same updates again and again
            await world.until(lambda: world.methods["getUpdates"] >= asked)
            found = await storage.read(partial(kept, community=COMMUNITY))  # reads go on
            async with asyncio.timeout(PATIENCE):
                while not unsaved(world, found.numbers) <= set(notices(world)):
                    await asyncio.sleep(0.05)
                    found = await storage.read(partial(kept, community=COMMUNITY))
            assert await storage.read(is_whole)
            told = killing.acknowledged(world.history.happenings)  # a small batch may still find room
            assert told <= (await storage.read(partial(kept, community=COMMUNITY))).numbers
            await room.give()
            await world.history.until(lambda: everything(world))
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
        found = await storage.read(partial(kept, community=COMMUNITY))
        assert found.numbers == set(COMMUNITY.numbers)
        assert found.failed == 0
        assert await storage.read(is_whole)
        assert set(notices(world).values()) == {1}
        assert world.loud == []
        assert world.problems == []


def everything(world: World) -> bool:
    """Tell whether everything was told, confirmed and delivered."""
    happenings = world.history.happenings
    confirmed = killing.acknowledged(happenings) == set(COMMUNITY.numbers)
    return confirmed and not killing.missing(happenings, COMMUNITY.due)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("way", WAYS)
async def test_who_writes_to_a_full_disk_is_told_so_once_and_counts_when_there_is_room(
    way: str, tmp_path: Path
) -> None:
    i18n.open_catalogues(strict=False)
    for number in range(count(20)):
        await fill_up(way, tmp_path / str(number), random.Random(f"{way} {number}"))


async def test_control_a_bot_that_confirms_what_it_could_not_save_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive = App.receive

    async def careless(self: App, batch: Sequence[Incoming]) -> None:
        with suppress(StorageFault):
            await receive(self, batch)

    monkeypatch.setattr(App, "receive", careless)
    i18n.open_catalogues(strict=False)
    with pytest.raises(AssertionError, match="Extra items"):
        await fill_up("pages", tmp_path / "0", random.Random(1))
