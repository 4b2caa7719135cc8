"""A bulletin, kills and an hour in which the platform is away, in virtual time: the real app, outbox and store.

Time passes as fast as there is something to do, so that the hour, the pace and every pause are the real ones.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import app as application
from bot import i18n
from bot.app import App
from bot.domain.bulletin import Urgency
from bot.domain.conversation import Sender
from bot.outbox import engine
from bot.outbox.courier import NotSent, Parcel, Receipt, Unknown
from bot.outbox.engine import Route
from bot.outbox.pace import Limits
from storage import outbox, schema, sqlite
from storage.broadcasts import GOT, Outcome
from storage.crypto import Keys
from storage.database import Storage, Tx
from storage.outbox import State as LetterState
from tests.faults import count
from tests.faults.community import KEY
from tests.faults.simulation import Clock, Disk, Inline, Life, Loop
from tests.faults.test_broadcast import publish

EACH = 40  # readers for each kill
HOUR = 3600.0
LIMITS = Limits()
REPEATED = 2 * engine.ASKED_MORE_SELDOM + 40  # letters that find out, in an hour, whether the platform is back


@dataclass(slots=True)
class Sky:
    """A platform 60 ms away, which can be silent; it writes down who was shown what."""

    loop: Loop
    away: tuple[float, float] = (0.0, 0.0)
    platform: str = "telegram"
    bot: str = "1"
    idempotent: bool = False
    lists: bool = False
    shown: dict[str, Counter[str]] = field(default_factory=dict)
    last: float = 0.0  # when somebody was shown something
    life: Life = field(default_factory=lambda: Life(1 << 60))

    async def deliver(self, parcel: Parcel) -> Receipt:
        """Show it, or be silent: in the first half of the hour nothing gets through, then answers get lost."""
        await asyncio.sleep(0.03)
        since, until = self.away
        if since <= self.loop.time() < until:
            await asyncio.sleep(5)
            raise NotSent if self.loop.time() < since + HOUR / 2 else Unknown
        await self.life.step()
        number = "2" if "No. 2" in parcel.text else "1"
        kind = "edit" if parcel.edit else "again" if "may reach you twice" in parcel.text else number
        self.shown.setdefault(f"{kind}", Counter())[parcel.address.account] += 1
        self.last = self.loop.time()
        await asyncio.sleep(0.03)
        await self.life.step()
        return Receipt(f"{number}/{parcel.address.account}")

    async def delete(self, where: Sender, messages: tuple[str, ...]) -> bool:
        """Nobody asks."""
        del where, messages
        return True

    async def typing(self, where: Sender) -> None:
        """Nobody looks."""

    async def describe(self, texts: object) -> None:
        """Nobody looks."""


@dataclass(slots=True)
class Hour:
    """What was tried, and what is known at the end."""

    sky: Sky
    disk: Disk
    loop: Loop
    clock: Clock
    readers: int
    under_way: list[int] = field(default_factory=list)  # at each kill: what nobody may repeat
    kept: dict[int, dict[int, Outcome]] = field(default_factory=dict)
    took: float = 0.0

    def open(self, life: Life) -> tuple[App, Storage]:
        """Start the program."""
        storage = Inline(self.disk, life, lambda _done: None, partial(random.getrandbits, 62))
        return App(storage, [(self.sky, LIMITS)], {}, self.clock.now), storage

    async def lives(self, fuse: int) -> bool:
        """Let the program live for so many steps, or until there is nothing more to do. Whether it was killed."""
        life = self.sky.life = Life(fuse)
        app, storage = self.open(life)
        before = asyncio.all_tasks()
        running = asyncio.create_task(app.run(_nobody()))
        dying = asyncio.create_task(life.dead.wait())
        done = asyncio.create_task(self._until_done(storage))
        await asyncio.wait({running, dying, done}, return_when=asyncio.FIRST_COMPLETED)
        assert not running.done(), running.exception()
        killed = not done.done()
        life.dead.set()
        theirs = asyncio.all_tasks() - before
        for task in theirs:
            task.cancel()
        await asyncio.gather(*theirs, return_exceptions=True)
        return killed

    async def _until_done(self, storage: Storage) -> None:
        while not await storage.read(_is_done):  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(5)

    async def brings(self, number: int, kills: int, dice: random.Random, *, outage: bool) -> None:
        """Let a bulletin go out, with kills, and with the hour in the middle."""
        _app, storage = self.open(Life(1 << 60))
        await storage.write(partial(publish, number=number, now=self.clock.now()))
        for n in range(kills):
            if outage and n == kills // 2:
                self.sky.away = (self.loop.time(), self.loop.time() + HOUR)
            if not await self.lives(dice.randint(1, EACH)):
                break
            self.under_way.append(self._flying())
        begun = self.loop.time()
        assert not await self.lives(1 << 60)
        self.took = self.loop.time() - begun

    def _flying(self) -> int:
        again = ",".join(str(int(lane)) for lane in outbox.SENT_AGAIN)
        query = f"SELECT count(*) FROM letter WHERE state = {int(LetterState.FLYING)} AND lane NOT IN ({again})"  # noqa: S608 - numbers
        self.disk.open().close()
        return int(self.disk.ask(query)[0][0])


async def _nobody() -> None:
    """Nobody writes to the bot."""
    await asyncio.Event().wait()


def _is_done(tx: Tx) -> bool:
    runs = sa.select(schema.broadcast.c.id).where(schema.broadcast.c.ended_at.is_(None)).limit(1)
    under_way = sa.select(schema.letter.c.id).where(schema.letter.c.state <= LetterState.FLYING.value).limit(1)
    return tx.execute(runs).first() is None and tx.execute(under_way).first() is None


def _settle(tx: Tx, count: int) -> None:
    people = range(1, count + 1)
    tx.execute(schema.person.insert(), [{"id": n, "language": "en", "name": "R", "met_on": 20000} for n in people])
    account = {"platform": "telegram", "bot": "1"}
    tx.execute(
        schema.address.insert(), [{**account, "person_id": n, "account": f"a{n}", "reach": str(n)} for n in people]
    )
    reads = [{"person_id": n, "urgency": Urgency.NEWS.value, "digest_at": 1080} for n in people]
    tx.execute(schema.reader.insert(), reads)
    tx.execute(schema.reader_place.insert(), [{"person_id": n, "place": "", "name": ""} for n in people])


def _outcomes(tx: Tx) -> dict[int, dict[int, Outcome]]:
    found: dict[int, dict[int, Outcome]] = {}
    for row in tx.execute(sa.select(schema.delivery)):
        found.setdefault(row.number, {})[row.person_id] = Outcome(row.outcome)
    return found


def weathered(path: Path, patch: pytest.MonkeyPatch, *, outage: bool) -> Hour:
    """Let No. 1 go out through kills and the hour, then what corrects it through as many kills."""
    i18n.open_catalogues(strict=False)
    kills = count(100)
    dice = random.Random(kills)
    loop = Loop()
    patch.setattr(application, "OFTEN", 120.0)  # of what else the program does as time passes, less than in life
    patch.setattr(application, "FEEDING", 2.0)

    async def make() -> None:
        await (await sqlite.open_file(path, Keys(KEY))).close()

    asyncio.run(make())
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        hour = Hour(Sky(loop), Disk(path), loop, Clock(loop), kills * EACH)

        async def all_of_it() -> None:
            _app, storage = hour.open(Life(1 << 60))
            await storage.write(partial(_settle, count=hour.readers))
            await hour.brings(1, kills, dice, outage=outage)
            await hour.brings(2, kills, dice, outage=False)
            _app, storage = hour.open(Life(1 << 60))
            hour.kept = await storage.read(_outcomes)
            hour.disk.close()

        runner.run(all_of_it())
    return hour


def assert_kept_its_word(hour: Hour) -> None:
    """Nobody is left out unsaid, nobody got it twice, and the correction is exact."""
    everybody = set(range(1, hour.readers + 1))
    first, second = hour.kept[1], hour.kept[2]
    got = {int(who): n for who, n in hour.sky.shown["1"].items()}
    unknown = {who for who, how in first.items() if how is Outcome.UNKNOWN}
    assert first.keys() == everybody, "nobody is left out"
    assert set(first.values()) <= GOT
    assert everybody - got.keys() <= unknown, "whoever did not get it is listed as unknown"
    assert max(got.values()) == 1, "nobody got it twice"
    assert len(unknown) <= sum(hour.under_way) + LIMITS.claim + REPEATED
    assert second.keys() == everybody, "all of them have, or may have, got what was wrong"
    assert set(second.values()) == {Outcome.DELIVERED}
    corrected = hour.sky.shown["2"] + hour.sky.shown.get("again", Counter())
    assert {int(who) for who in corrected} == everybody
    assert max(hour.sky.shown["2"].values()) == 1, "twice only if it says that it may come twice"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_an_hour_of_silence_and_kills_leave_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counted: Callable[[str], None]
) -> None:
    hour = weathered(tmp_path / "payvand.db", monkeypatch, outage=True)
    unknown = sum(how is Outcome.UNKNOWN for how in hour.kept[1].values())
    counted(
        f"{len(hour.under_way)} kills and an hour; {hour.readers} readers, of whom {unknown} are listed as unknown; at "
        f"most {max(hour.under_way)} letters in the air at one kill"
    )
    assert_kept_its_word(hour)
    assert max(hour.under_way) <= LIMITS.claim, "one batch: what is in the air, and what was claimed to follow it"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_control_who_takes_silence_for_no_outage_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SILENT", 1 << 60)
    hour = weathered(tmp_path / "payvand.db", monkeypatch, outage=True)
    with pytest.raises(AssertionError):
        assert_kept_its_word(hour)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_control_who_claims_ahead_without_a_measure_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "_lanes", lambda _self, room: (outbox.LAST, room))
    hour = weathered(tmp_path / "payvand.db", monkeypatch, outage=False)
    assert_kept_its_word(hour)
    assert max(hour.under_way) > LIMITS.claim
