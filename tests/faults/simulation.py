"""A community for 24 hours in virtual time, with every fault we know, driven by seeded dice: each seed replays exactly.

``python -m tests.faults.simulation 17`` lives the day of seed 17 again and prints its trace. The program is the real
one (`App.run`: router, rules, group commit, SQLite, outbox, two platforms); only the clock, the dice and the disk's
syncing are not. Beside it an `Oracle` says after every step what must hold.

What is thrown at it: platforms that refuse, throttle, lose answers and are gone for an hour; updates that come late,
out of order and again; a process that is dropped at any commit or delivery and started anew on the same database; a
clock that jumps, is set back or stands still; a full disk; people who block the bot, leave, are removed, are forgotten;
deadlines that pass in silence while districts are declared offline, for longer and for shorter; codes that are misread,
swapped and used again, also those that say that somebody is detained.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import random
import selectors
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from unittest import mock

import sqlalchemy as sa
import structlog
from sqlalchemy.pool import StaticPool
from sqlcipher3 import dbapi2

from bot import app as bot_app
from bot import i18n
from bot.app import App
from bot.domain import places, spoken
from bot.domain.conversation import Incoming, Sender
from bot.domain.roles import Role
from bot.outbox import engine as bot_engine
from bot.outbox.courier import NotSent, Parcel, Receipt, Throttled, Unknown
from bot.outbox.pace import Limits
from bot.platforms.memory import Change, MemoryPlatform, Message, deep_link
from handlers import dispatch, rounds
from handlers.ask import base36
from handlers.family import outage
from storage import circles, codes, crypto, hard, outbox, people, relatives, roles, sqlite, ties, trustees
from storage.crypto import Keys
from storage.database import Batch, Full, Outcome, Storage, Tx, Waiting, Work, look
from storage.schema import address
from tests.faults.detained import HardRows
from tests.faults.oracle import LAPSE, Body, Oracle, Rows, Wrong
from tests.faults.silence import SilenceRows

T = TypeVar("T")

BEGIN: Final = datetime(2026, 3, 21, 4, 0, tzinfo=UTC)
DAY: Final = 24 * 3600.0
SETTLED: Final = 3600.0  # seconds of good weather at the end, in which everything must arrive
PEOPLE: Final = 32
CIRCLES: Final = 10
ACTS: Final = 165  # that people begin by themselves in a day; answers come on top
OFTEN: Final = 150.0  # how often the program looks at open calls here; in life it is two seconds
KEYS: Final = Keys(bytes(range(32)))
LIMITS: Final = Limits(per_second=29.0, concurrency=8)
LANGUAGES: Final = ("tg", "ru", "en")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
PLACES: Final = (places.search("Khorog")[0], places.search("Dushanbe")[0])
MODERATORS: Final = 4
HOW: Final = ("saw", "heard", "message", "told", "list")
NIGHTS: Final = ((21, 6), (23, 8), (0, 9))


# -- time ------------------------------------------------------------------------------------------------------------


class _Waiting(selectors.DefaultSelector):
    """Instead of waiting, time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            message = "everybody waits for somebody else"
            raise RuntimeError(message)
        self.moment += max(0.0, timeout)
        return []


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose time passes as fast as there is something to do."""

    def __init__(self) -> None:
        self.waiting = _Waiting()
        super().__init__(self.waiting)

    def time(self) -> float:
        """Virtual seconds since it began."""
        return self.waiting.moment


class Clock:
    """The clock of the machine: it can jump ahead, be set back and stand still."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._ahead = 0.0
        self._stopped: float | None = None

    def now(self) -> datetime:
        """What the machine believes."""
        seconds = self._loop.time() + self._ahead if self._stopped is None else self._stopped
        return BEGIN + timedelta(milliseconds=int(seconds * 1000))

    def jump(self, seconds: float) -> None:
        """It is later at once, or earlier."""
        self._ahead += seconds

    def stop(self) -> None:
        """It stands still."""
        if self._stopped is None:
            self._stopped = self._loop.time() + self._ahead

    def go(self) -> None:
        """It goes on from where it should be."""
        self._stopped = None


# -- the disk --------------------------------------------------------------------------------------------------------


class Disk:
    """One database file, which outlives the processes that use it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.full = False
        self._driver: dbapi2.Connection | None = None
        self._engine = sa.create_engine(
            "sqlite://", module=dbapi2, creator=lambda: self._driver, poolclass=StaticPool, hide_parameters=True
        )
        crypto.share(self._engine, KEYS)
        sa.event.listen(self._engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))

    def open(self) -> sa.Connection:
        """The connection of a process that has just started; whatever the last one had open is gone."""
        self.close()
        self._driver = sqlite.connect(self.path, KEYS)
        self._driver.execute("PRAGMA synchronous = OFF")  # here nobody cuts the power
        return self._engine.connect()

    def close(self) -> None:
        """The process is gone."""
        if self._driver is not None:
            self._driver.close()
            self._driver = None
            self._engine.dispose()

    def rows(self) -> Rows:
        """What is there now, in plain numbers."""
        assert self._driver is not None

        def ask(query: str) -> list[Any]:
            return list(self._driver.execute(query).fetchall())  # type: ignore[union-attr]

        readers: dict[int, set[int]] = {}
        for call, who in ask(
            "SELECT alarm_id, r.person_id FROM alarm_reader r JOIN alarm a ON a.id = alarm_id WHERE closed_at IS NULL"
        ):
            readers.setdefault(call, set()).add(who)
        sent = ask(
            "SELECT substr(topic, 7), person_id, count(DISTINCT coalesce(copies, -id)) FROM letter "
            "WHERE topic >= 'alarm:' AND topic < 'alarm;' AND lane = 0 GROUP BY 1, 2"
        )
        calls = ask("SELECT id, person_id, about_id, repeat_at FROM alarm WHERE closed_at IS NULL AND news_id > 0")
        alarms = ask("SELECT id FROM alarm WHERE closed_at IS NULL AND news_id IS NULL")
        deadlines = ask("SELECT id, person_id, due_at, stage, held, alarm_id FROM deadline")
        two: dict[int, set[int]] = {}
        for which, who in ask("SELECT hard_id, person_id FROM hard_reader"):
            two.setdefault(which, set()).add(who)
        went_out = {(int(call), who): count for call, who, count in sent}
        return Rows(
            set(ask("SELECT circle_id, person_id, tells FROM membership")),
            ask("SELECT id, person_id, teller_id, true_at, told_at FROM news ORDER BY told_at, id"),
            {(which, who): at for which, who, at in ask("SELECT circle_id, person_id, true_at FROM standing")},
            {number: (caller, about, due) for number, caller, about, due in calls},
            readers,
            went_out,
            SilenceRows(
                {which: (who, _instant(due), stage, held, call) for which, who, due, stage, held, call in deadlines},
                {which for (which,) in alarms},
                readers,
                went_out,
            ),
            ask("SELECT id, proposer_id FROM proposal ORDER BY made_at, id"),
            [(which, _instant(at)) for which, at in ask("SELECT id, until FROM outage WHERE ended_at IS NULL")],
            HardRows(
                {which: (who, where) for which, who, where in ask("SELECT id, person_id, circle_id FROM hard")}, two
            ),
        )

    def highest_letter(self) -> int:
        """The number of the newest letter."""
        assert self._driver is not None
        row = self._driver.execute("SELECT seq FROM sqlite_sequence WHERE name = 'letter'").fetchone()
        return int(row[0]) if row else 0

    def ask(self, query: str) -> list[Any]:
        """Any other question, at the end."""
        assert self._driver is not None
        return list(self._driver.execute(query).fetchall())


def _instant(at: int) -> datetime:
    return EPOCH + timedelta(milliseconds=at)


class Life:
    """One life of the process: after `fuse` more commits and deliveries it is dropped, wherever it is."""

    def __init__(self, fuse: int) -> None:
        self._fuse = fuse
        self.dead = asyncio.Event()

    def goes_on(self) -> bool:
        """Count one step; False if it was the last one, or the process is dead already."""
        self._fuse -= 1
        if self._fuse <= 0:
            self.dead.set()
        return not self.dead.is_set()

    def spare(self) -> None:
        """Nothing drops it any more."""
        self._fuse = 1 << 60

    async def step(self) -> None:
        """Go on living, or never come back."""
        if not self.goes_on():
            await asyncio.Event().wait()


class Inline(Storage):
    """The storage without a thread: what waits is committed together, as in life, and then the oracle hears of it."""

    def __init__(
        self, disk: Disk, life: Life, heard: Callable[[list[tuple[Work[Any], Any]]], None], new_id: Callable[[], int]
    ) -> None:
        super().__init__(new_id=new_id)
        self._disk = disk
        self._life = life
        self._heard = heard
        self._connection = disk.open()
        self._batch = Batch(self._connection, new_id)
        self._waiting = Waiting()

    async def write(self, work: Work[T], *, urgent: bool = False) -> T:
        await self._life.step()
        if self._disk.full:
            raise Full("SQLITE_FULL")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._commit)
        self._waiting.add(work, future, urgent=urgent)
        return await future

    def _commit(self) -> None:
        taken = self._waiting.take()
        if self._life.dead.is_set():
            return
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._commit)
        outcomes, posted = self._batch.run([work for work, _future in taken])
        pairs = zip(taken, outcomes, strict=True)
        self._heard([(work, outcome.value) for (work, _future), outcome in pairs if outcome.error is None])
        if not self._life.goes_on():  # dropped between the commit and whoever waits to hear of it
            return
        for (_work, future), outcome in zip(taken, outcomes, strict=True):
            self._tell(future, outcome)
        if posted:
            self._tell_watchers()

    @staticmethod
    def _tell(future: asyncio.Future[Any], outcome: Outcome) -> None:
        if not future.done():
            if outcome.error is not None:
                future.set_exception(outcome.error)
            else:
                future.set_result(outcome.value)

    async def read(self, work: Work[T]) -> T:
        if self._life.dead.is_set():
            await asyncio.Event().wait()
        value: T = look(self._connection, self._new_id, work).result()
        return value

    async def checkpoint(self) -> None:
        """Nothing to wait for."""

    async def close(self) -> None:
        """The disk is closed by whoever opens it next."""


# -- the wire --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Weather:
    """What the platforms do to a delivery, as shares of all."""

    refuses: float = 0.01
    throttles: float = 0.004
    loses: float = 0.012  # the answer; half of the messages arrive

    @classmethod
    def fine(cls) -> Weather:
        """Nothing happens."""
        return cls(0.0, 0.0, 0.0)


class Wire:
    """A platform as one process sees it through the network."""

    def __init__(self, day: Day, memory: MemoryPlatform, life: Life) -> None:
        self._day = day
        self._memory = memory
        self._life = life
        self.platform, self.bot = memory.platform, memory.bot
        self.idempotent, self.lists = memory.idempotent, memory.lists

    async def deliver(self, parcel: Parcel) -> Receipt:
        """Bring one parcel to its screen, or don't."""
        day, dice = self._day, self._day.dice
        await self._life.step()
        await asyncio.sleep(dice.uniform(0.02, 0.2))
        await self._life.step()
        fate = dice.random()
        weather = day.weather
        if self.platform in day.gone or fate < weather.refuses:
            raise NotSent
        fate -= weather.refuses
        if fate < weather.throttles:
            raise Throttled(timedelta(seconds=dice.randint(1, 40)), everywhere=dice.random() < 0.5)  # noqa: PLR2004
        fate -= weather.throttles
        if fate < weather.loses / 2:
            raise Unknown
        day.parcel = parcel
        receipt = await self._memory.deliver(parcel)
        await self._life.step()
        if fate < weather.loses:
            raise Unknown
        return receipt

    async def delete(self, where: Sender, messages: tuple[str, ...]) -> bool:
        """Clean a chat."""
        await self._life.step()
        return self.platform not in self._day.gone and await self._memory.delete(where, messages)

    async def typing(self, where: Sender) -> None:
        """Nobody looks."""

    async def describe(self, texts: Any) -> None:  # noqa: ANN401 - never called here
        """Nobody looks."""


# -- a day -----------------------------------------------------------------------------------------------------------


@dataclass(order=True)
class _Due:
    at: float
    number: int
    incoming: Incoming = field(compare=False)


class Day:
    """One community, one day, one seed."""

    def __init__(self, seed: int, disk: Disk, loop: Loop, *, acts: int = ACTS) -> None:
        self.seed = seed
        self.dice = random.Random(seed)
        self.loop = loop
        self.clock = Clock(loop)
        self.disk = disk
        self.oracle = Oracle()
        self.weather = Weather()
        self.gone: set[str] = set()
        self.parcel: Parcel | None = None
        self.trace: list[str] = []
        self.wrong: str = ""
        self.lives = 0
        self._acts = acts
        self._ids = random.Random(seed ^ 0x5EED)
        self._more = random.Random(seed ^ 0xCA2D)
        self._others = random.Random(seed ^ 0x07E4)
        self._used: list[tuple[str, ...]] = []
        self._platforms = [
            MemoryPlatform(self.clock.now, "memory", "1", idempotent=False),
            MemoryPlatform(self.clock.now, "matrix", "@bot", lists=True),
        ]
        self._hearing: list[_Due] = []
        self._numbers = 0
        self._words = 0
        self._over = asyncio.Event()
        self._life = Life(1)
        self._bodies: list[Body] = []
        self._circles: list[int] = []
        for memory in self._platforms:
            memory.connect(self._send)
            memory.watch(partial(self._appears, memory))

    # -- founding ----------------------------------------------------------------------------------------------------

    def found(self) -> None:
        """Let people live here, in circles that overlap, before the day begins."""
        connection = self.disk.open()
        _outcomes, _posted = Batch(connection, self._new_id).run([self._settle])
        _outcomes[0].result()

    def _new_id(self) -> int:
        return self._ids.getrandbits(60) | 1

    def _settle(self, tx: Tx) -> None:
        dice, now = self.dice, self.clock.now()
        for number in range(PEOPLE):
            places = self._platforms if number % 7 == 0 else [self._platforms[number % 2]]
            accounts = tuple(one.address(f"a{number:04d}") for one in places)
            met = people.meet(tx, accounts[0], now).person
            assert met is not None
            for further in accounts[1:]:
                known = people.meet(tx, further, now)
                assert known.person is not None
                tx.execute(address.update().where(address.c.id == known.address).values(person_id=met.id))
                people.forget(tx, known.person.id)
            name = f"Nx{number:04d}x"
            people.change(tx, met.id, language=LANGUAGES[dice.randrange(3)], name=name)
            body = Body(met.id, name, accounts)
            self._bodies.append(body)
            self.oracle.settle(body)
        for number in range(CIRCLES):
            inside = [one.id for one in dice.sample(self._bodies, dice.randint(3, 8))]
            which = circles.make(tx, f"Cx{number:04d}x", inside[0])
            for who in inside[1:]:
                circles.join(tx, which, who)
            self._circles.append(which)
            self.oracle.circle(which, f"Cx{number:04d}x", inside)
            for kin in range(2):
                name = f"Kx{number * 2 + kin:04d}x"
                self.oracle.relative(Body(relatives.add(tx, which, name, now), name), which)
        self._settle_further(tx, now)

    def _settle_further(self, tx: Tx, now: datetime) -> None:
        """Who lives where and sleeps when, who is told last, or of what is hard, who may declare an outage; cards."""
        dice, oracle = self._more, self.oracle
        for place in PLACES:
            oracle.offline.homes[place] = {one.id for one in dice.sample(self._bodies, PEOPLE * 3 // 4)}
            for who in sorted(oracle.offline.homes[place]):
                ties.say(tx, who, place, lives=True)
        for body in self._bodies[:MODERATORS]:
            roles.give(tx, body.id, Role.MODERATOR, now)
            oracle.offline.moderators.add(body.id)
        for body in self._bodies:
            near = sorted(
                {one for inside in oracle.members.values() if body.id in inside for one in inside} - {body.id}
            )
            chosen = dice.sample(near, min(2, len(near)))
            if dice.random() < 0.8:  # noqa: PLR2004
                trustees.name(tx, body.id, chosen)
                oracle.silence.trustees[body.id] = set(chosen)
            if self._others.random() < 0.3:  # noqa: PLR2004
                begin, end = oracle.silence.quiet[body.id] = self._others.choice(NIGHTS)
                people.change(tx, body.id, quiet_from=begin * 60, quiet_until=end * 60)
        for which in self._circles:
            if self._others.random() < 0.7:  # noqa: PLR2004
                oracle.detained.named[which] = set(self._others.sample(sorted(oracle.members[which]), 2))
                for who in sorted(oracle.detained.named[which]):
                    hard.name(tx, which, who)
            near = sorted([*oracle.members[which], *(one for one, where in oracle.kin.items() if where == which)])
            self._make_card(tx, dice.choice(near), which, now)

    def _make_card(self, tx: Tx, who: int, which: int, now: datetime) -> None:
        card = codes.begin(tx, who, which, self.oracle.keeper[which], now)
        made: dict[tuple[str, ...], spoken.Kind] = {}
        for number in range(2 * len(spoken.KINDS)):
            state = spoken.KINDS[number % len(spoken.KINDS)]
            code = spoken.folded(spoken.make_code("en", self._more.randrange))
            if codes.put(tx, card, state, code):
                made[code] = state
        codes.drawn(tx, card, who, which, now)
        self.oracle.card(who, which, made)

    # -- the program -------------------------------------------------------------------------------------------------

    async def live(self) -> None:
        """The whole day. `wrong` says what did not hold."""
        keepers = [asyncio.create_task(self._people()), asyncio.create_task(self._disasters())]
        try:
            await self._program({*keepers, *([task] if (task := asyncio.current_task()) else [])})
            if not self.wrong:
                self._look_back()
        finally:
            for task in keepers:
                task.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            self.disk.close()

    async def _program(self, ours: set[asyncio.Task[Any]]) -> None:
        end = asyncio.create_task(self._over.wait())
        ours.add(end)
        while not self._over.is_set():
            self.lives += 1
            fuse = self.dice.choice((60, 300, 1500, 4000)) if self.loop.time() < DAY else 1 << 60
            life = self._life = Life(self.dice.randint(fuse // 3, fuse))
            storage = Inline(self.disk, life, self._committed, self._new_id)
            wires = [(Wire(self, one, life), LIMITS) for one in self._platforms]
            app = App(storage, wires, {(w.platform, w.bot): deep_link for w, _limits in wires}, self.clock.now)
            self.note(f"life {self.lives} begins")
            running = asyncio.create_task(app.run(self._listen(app)))
            dying = asyncio.create_task(life.dead.wait())
            lasts = self.dice.uniform(3600, 80_000)
            good = self.loop.time() + lasts > DAY  # then everything is given time to arrive
            asked = asyncio.create_task(asyncio.sleep(2 * DAY if good else lasts))
            await asyncio.wait({running, dying, asked, end}, return_when=asyncio.FIRST_COMPLETED)
            stopped = running.exception() if running.done() and not running.cancelled() else None
            if stopped is not None and not isinstance(stopped, Full):  # a full disk as it starts: it is started again
                self.fails(f"the program stopped: {stopped!r}")
            if asked.done() and not dying.done() and not self._over.is_set():
                running.cancel()  # asked to stop, it lands first
                await asyncio.wait({running, dying}, return_when=asyncio.FIRST_COMPLETED)
            life.dead.set()
            theirs = asyncio.all_tasks() - ours
            waiting = theirs
            while waiting:  # some tidy up first, and that waits for a storage which is dead
                for task in waiting:
                    task.cancel()
                _done, waiting = await asyncio.wait(waiting, timeout=1)
            await asyncio.gather(*theirs, return_exceptions=True)
            self.note("it is gone")
            with suppress(TimeoutError):
                async with asyncio.timeout(self.dice.choice((0.5, 5.0, 60.0, 600.0))):
                    await self._over.wait()

    async def _listen(self, app: App) -> None:
        """What the platforms report is offered until it is taken; whatever was in hand at the end is offered again."""
        loop = asyncio.get_running_loop()
        while True:
            if not self._hearing or self._hearing[0].at > loop.time():
                wait = min(2.0, self._hearing[0].at - loop.time()) if self._hearing else 2.0
                await asyncio.sleep(max(0.001, wait))
                continue
            batch: list[_Due] = []
            while self._hearing and self._hearing[0].at <= loop.time() and len(batch) < 5:  # noqa: PLR2004
                batch.append(heapq.heappop(self._hearing))
            try:
                await app.receive([one.incoming for one in batch])
            except BaseException as error:
                for one in batch:  # unconfirmed
                    heapq.heappush(self._hearing, _Due(loop.time() + 5, one.number, one.incoming))
                if not isinstance(error, Full):
                    raise
            else:
                for one in batch:
                    if self.dice.random() < 0.06:  # noqa: PLR2004
                        self._later(one.incoming, self.dice.uniform(0, 3000))

    def _committed(self, done: list[tuple[Work[Any], Any]]) -> None:
        """These works were committed together, in this order."""
        if self.wrong:
            return
        try:
            for work, value in done:
                self._hears_of(getattr(work, "func", None), getattr(work, "keywords", {}), value)
            self.oracle.letters_until(self.disk.highest_letter())
            if any(getattr(work, "func", None) in _COMPARED for work, _value in done):
                self._compare()
        except Wrong as wrong:
            self.fails(str(wrong))

    def _hears_of(self, work: Any, given: dict[str, Any], value: Any) -> None:  # noqa: ANN401
        if work is dispatch.receive:
            incoming = given["incoming"]
            self.note(f"heard {incoming.id} of {incoming.sender.account}: {incoming.heard}")
            self.oracle.hears(incoming, given["now"])
        elif work is rounds.often:
            self.oracle.passes(given["now"])
        elif work is rounds.waiting:
            self.oracle.waits(given["now"])
        elif work is rounds.seldom:
            self.oracle.cleans(given["now"])
        elif work is outbox.claim:
            for letter in value:
                self.oracle.claims_letter(f"{given['route']}/{letter.id}", letter.lane, letter.topic)

    def _compare(self) -> None:
        rows = self.disk.rows()
        self.oracle.learn_news(rows)
        self.oracle.learn_calls(rows)
        for difference in self.oracle.differences(rows):
            raise Wrong(difference)

    def note(self, what: str) -> None:
        """Write one line of the trace."""
        self.trace.append(f"{self.loop.time():10.3f} {self.clock.now():%H:%M:%S} {what}")

    def fails(self, why: str) -> None:
        """Something did not hold: the day is over."""
        if not self.wrong:
            self.wrong = why
            self.note(f"WRONG: {why}")
        self._over.set()

    # -- screens -----------------------------------------------------------------------------------------------------

    def _appears(self, memory: MemoryPlatform, change: Change) -> None:
        message = change.message
        if not message.from_bot or change.kind == "deleted" or self.parcel is None or self.wrong:
            return
        text = i18n.plain(message.text)
        codes = [button.code for button in message.choices if button.code]
        where = memory.address(message.account)
        marked = any(one in text for one in self._repeats())
        self.note(f"{memory.platform}/{message.account} reads {change.kind} {message.id}: {text!r}")
        labels = "\n".join(button.label for button in message.choices)
        try:
            self.oracle.reads(
                where, self.parcel.key, f"{text}\n{labels}", codes, fresh=change.kind == "new", marked=marked
            )
        except Wrong as wrong:
            self.fails(str(wrong))
        if change.kind == "new":
            self._answer(memory, message, codes)

    @staticmethod
    def _repeats() -> tuple[str, ...]:
        line = i18n._("<i>(This message may reach you twice.)</i>")
        return tuple(i18n.plain(i18n.speak(line, one, BEGIN)) for one in LANGUAGES)

    def _answer(self, memory: MemoryPlatform, message: Message, codes: Sequence[str]) -> None:
        """People answer what they read, some at once and some late."""
        dice = self.dice
        for code in codes:
            verb = code.split(":")[0]
            share, slowest = _ANSWERS.get(verb, (0.0, 0.0))
            if dice.random() < share:
                self.loop.call_later(dice.uniform(2, slowest), self._presses, memory, message.account, code, message.id)
                if verb in {"note", "call.note"}:
                    self.loop.call_later(dice.uniform(slowest, slowest + 200), self._writes, memory, message.account)
                return

    def _presses(self, memory: MemoryPlatform, account: str, code: str, message: str = "") -> None:
        if self.loop.time() < DAY and memory.address(account) not in self.oracle.shut:
            asyncio.ensure_future(memory.press(account, message, code, stale=True))  # noqa: RUF006 - nothing in it waits

    def _says(self, memory: MemoryPlatform, account: str, text: str) -> None:
        if self.loop.time() < DAY and memory.address(account) not in self.oracle.shut:
            asyncio.ensure_future(memory.say(account, text))  # noqa: RUF006 - nothing in it waits

    def _writes(self, memory: MemoryPlatform, account: str) -> None:
        me = self.oracle.of(memory.address(account))
        if me is not None:
            self._words += 1
            token = f"Wx{self._words:04d}x"
            self.oracle.writes(token, me.id)
            self._says(memory, account, self.dice.choice(_WORDS).format(token))

    # -- people ------------------------------------------------------------------------------------------------------

    async def _send(self, batch: Sequence[Incoming]) -> None:
        """What a phone sends: mostly at once, at times late, and so out of order."""
        for incoming in batch:
            fate = self.dice.random()
            delay = self.dice.uniform(0.05, 2)
            if fate < 0.03:  # noqa: PLR2004
                delay = self.dice.uniform(60, 7200)
            elif fate < 0.12:  # noqa: PLR2004
                delay = self.dice.uniform(2, 300)
            self._later(incoming, delay)

    def _later(self, incoming: Incoming, delay: float) -> None:
        self._numbers += 1
        at = min(self.loop.time() + delay, max(DAY, self.loop.time() + 2))
        heapq.heappush(self._hearing, _Due(at, self._numbers, incoming))

    async def _people(self) -> None:
        times = sorted(self.dice.uniform(30, DAY) for _ in range(self._acts))
        for at in times:
            await asyncio.sleep(max(0.0, at - self.loop.time()))
            self._act()
        await asyncio.sleep(max(0.0, DAY - self.loop.time()))
        self.weather, self.disk.full = Weather.fine(), False
        self.gone.clear()
        self.clock.go()
        self._life.spare()
        self.note("the weather is fine")
        await asyncio.sleep(SETTLED)
        self._over.set()

    def _act(self) -> None:
        dice = self.dice
        body = dice.choice([one for one in self._bodies if not one.gone])
        sender = dice.choice(body.accounts)
        memory = next(one for one in self._platforms if one.platform == sender.platform)
        account = sender.account
        mine = sorted(which for which, inside in self.oracle.members.items() if body.id in inside)
        if sender in self.oracle.shut:
            if dice.random() < 0.7:  # noqa: PLR2004
                self.oracle.shut.discard(sender)
                asyncio.ensure_future(memory.unblock(account, announce=dice.random() < 0.8))  # noqa: PLR2004, RUF006
            return
        act = dice.choices(tuple(_ACTS), tuple(_ACTS.values()))[0]
        which = dice.choice(mine) if mine else 1
        inside = sorted(self.oracle.members.get(which, ()))
        kin = sorted(one for one, where in self.oracle.kin.items() if where == which)
        at = f"{base36(which)}:{base36(dice.choice([*inside, *kin] or [1]))}"
        how = dice.choice(HOW)
        others = [base36(one) for one in self._circles if one not in mine] or ["1"]
        match act:
            case "block":
                self.oracle.shuts(sender)
                asyncio.ensure_future(memory.block(account, announce=dice.random() < 0.6))  # noqa: PLR2004, RUF006
            case "else":
                self._presses(memory, account, "else")
                self.loop.call_later(dice.uniform(3, 90), self._writes, memory, account)
            case "chat":
                self._writes(memory, account)
            case "begin" | "stop" | "offline" | "code" | "list":
                self._acts_further(act, memory, account, body, mine)
            case "invited":
                self._invited(memory, account)
            case _ if act.startswith("/"):
                self._says(memory, account, act)
            case _:
                given = {
                    "tell.when": f":{at}:{how}:{dice.choice(('safe', 'hurt', 'moved'))}:{dice.randrange(2)}",
                    "tell.what": f":{at}:{how}:help",
                    "speak": f":{dice.choice(LANGUAGES)}",
                    "quiet.at": dice.choice((":l:6", ":0:9")),
                    **dict.fromkeys(("circle.removed", "circle.handed", "ask.one", "who"), f":{at}"),
                    **dict.fromkeys(_OF_A_CIRCLE, f":{base36(which)}"),
                }
                code = f"{act}{given.get(act, '')}"
                if act == "stolen":  # a button of a circle they are not in, as a changed app can send it
                    code = f"{dice.choice(_OF_A_CIRCLE)}:{dice.choice(others)}"
                self._presses(memory, account, code)

    def _acts_further(self, act: str, memory: MemoryPlatform, account: str, body: Body, mine: Sequence[int]) -> None:
        """What is more than one button of one's own."""
        match act:
            case "begin":
                self._begins(memory, account)
            case "offline":
                self._declares()
            case "code":
                self._reads_out(memory, account, body)
            case "list":
                self._calls_the_roll(memory, account, body, mine)
            case _:
                waits = [one.id for one in self.oracle.silence.waits if one.who == body.id and one.id]
                if waits:
                    self._presses(memory, account, f"late.stopped:{base36(self._more.choice(waits))}")

    def _begins(self, memory: MemoryPlatform, account: str) -> None:
        """Somebody presses the last button of setting a deadline: once, every day or week, or every so many hours."""
        dice = self._more
        at = self.clock.now() + timedelta(minutes=dice.randint(6, 400))
        token = f"o{base36((at - EPOCH) // timedelta(minutes=1))}"
        if dice.random() < 0.4:  # noqa: PLR2004
            token = f"d{((at - EPOCH) // timedelta(minutes=1) + 5 * 60) % (24 * 60)}"
        rhythm = self._others.random()
        if rhythm < 0.15:  # noqa: PLR2004
            local = at + timedelta(hours=5)
            token = f"w{local.weekday()}.{local.hour * 60 + local.minute}"
        elif rhythm < 0.4:  # noqa: PLR2004
            token = f"e{self._others.choice((3, 3, 6, 12))}"
        grace, pauses = dice.choice((30, 30, 120)), dice.choice((1, 1, 0))
        self._presses(memory, account, f"late.begin:0:{token}:{base36(grace)}:{pauses}")

    def _declares(self) -> None:
        """A moderator (at times somebody else) declares a district offline, agrees, renews, ends or overrules it."""
        dice, offline = self._more, self.oracle.offline
        living = [one for one in self._bodies if not one.gone]
        moderators = [one for one in living if one.id in offline.moderators] or living
        proposals = [one.id for one in offline.proposed if one.id and not one.agreed]
        outages = [(one.id, one.place) for one in offline.declared if one.id and not one.ended]
        body = dice.choice(moderators if dice.random() < 0.9 else living)  # noqa: PLR2004
        if proposals and dice.random() < 0.8:  # noqa: PLR2004
            which = dice.choice(proposals)
            code = f"outage.yes:{base36(which)}"
            barred = next(one.barred for one in offline.proposed if one.id == which)
            body = next((one for one in moderators if one.id not in barred), body) if barred else body
        elif outages and dice.random() < 0.5:  # noqa: PLR2004
            which, place = dice.choice(outages)
            code = f"outage.end:{base36(which)}"
            if self._others.random() < 0.5:  # noqa: PLR2004
                code = f"outage.renew:{base36(which)}"
                spoke = next(one.by for one in offline.declared if one.id == which)
                if self._others.random() < 0.6:  # noqa: PLR2004 - else it may be one of those who spoke last
                    body = next((one for one in reversed(moderators) if one.id not in spoke), body)
            elif dice.random() < 0.7:  # noqa: PLR2004
                code = f"outage.mine:{base36(which)}"
                body = dice.choice([one for one in living if one.id in offline.homes[place]] or living)
        else:
            code = f"outage.put:{dice.choice(PLACES)}:1"
        sender = dice.choice(body.accounts)
        memory = next(one for one in self._platforms if one.platform == sender.platform)
        self._presses(memory, sender.account, code)

    def _reads_out(self, memory: MemoryPlatform, account: str, body: Body) -> None:
        """Somebody writes a code that they heard: rightly, or swapped, or with a wrong word, or one that was used."""
        dice, living = self._more, self.oracle.living_codes()
        mine = [one for one in living if self.oracle.code_of(one)[0] != body.id]
        if not mine:
            return
        said = list(dice.choice(mine))
        match dice.randrange(6):
            case 0:
                said[dice.randrange(3)] = dice.choice(dice.choice(living))
            case 1:
                dice.shuffle(said)
            case 2 if self._used:
                said = list(dice.choice(self._used))
            case _:
                self._used.append(tuple(said))
        card = self.oracle.code_of(tuple(said)) if tuple(said) in living else None
        if card is None or card[0] != body.id:
            self._says(memory, account, " ".join(said))

    def _calls_the_roll(self, memory: MemoryPlatform, account: str, body: Body, mine: Sequence[int]) -> None:
        """Somebody writes a line for each of some people of their circles."""
        dice, oracle = self._more, self.oracle
        near = {one for which in mine for one in oracle.members[which]} | {
            one for one, where in oracle.kin.items() if where in mine
        }
        near.discard(body.id)
        names = [oracle.bodies[one].name for one in dice.sample(sorted(near), min(len(near), dice.randint(2, 5)))]
        states, hows = ("safe", "hurt", "moved"), ("saw", "heard")
        if names:
            self._says(
                memory, account, "\n".join(f"{one} – {dice.choice(states)} – {dice.choice(hows)}" for one in names)
            )

    def _invited(self, memory: MemoryPlatform, account: str) -> None:
        """Somebody uses a code that another one has on their screen."""
        codes = sorted(self.oracle.codes())
        if codes:
            self._presses(memory, account, f"join:{self.dice.choice(codes)}")

    async def _disasters(self) -> None:
        """What happens to the machine and to the platforms."""
        dice = self.dice
        happens: list[tuple[float, Callable[[], None]]] = []

        def span(begin: Callable[[], None], end: Callable[[], None], longest: float) -> None:
            at = dice.uniform(600, DAY - 2 * longest)
            happens.extend([(at, begin), (at + dice.uniform(longest / 10, longest), end)])

        for memory in self._platforms:
            if dice.random() < 0.7:  # noqa: PLR2004
                name = memory.platform
                span(partial(self.gone.add, name), partial(self.gone.discard, name), 3600)
        if dice.random() < 0.5:  # noqa: PLR2004
            span(partial(setattr, self.disk, "full", True), partial(setattr, self.disk, "full", False), 900)  # noqa: FBT003
        if dice.random() < 0.5:  # noqa: PLR2004
            span(self.clock.stop, self.clock.go, 600)
        jumps = range(dice.randrange(4))
        happens += [(dice.uniform(600, DAY - 3600), partial(self.clock.jump, dice.uniform(30, 1500))) for _ in jumps]
        back = self._others
        happens += [
            (back.uniform(600, DAY - 3 * 3600), partial(self.clock.jump, -back.uniform(60, 5400)))
            for _ in range(back.randint(1, 2))
        ]
        for at, happen in sorted(happens, key=lambda one: one[0]):
            await asyncio.sleep(max(0.0, at - self.loop.time()))
            happen()

    # -- at the end --------------------------------------------------------------------------------------------------

    def _look_back(self) -> None:
        self.disk.open()
        now = int((self.clock.now() - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
        late = self.disk.ask("SELECT lane, state, count(*), min(due_at) FROM letter WHERE state < 2 GROUP BY 1, 2")
        late = [row[:3] for row in late if row[3] <= now - 60_000]
        refused = self.disk.ask("SELECT lane, count(*) FROM letter WHERE state = 4 GROUP BY 1")
        if late:
            self.fails(f"letters still wait in good weather (lane, state, how many): {late}")
        if refused:
            self.fails(f"letters were refused (lane, how many): {refused}")
        if accidents := self.disk.ask("SELECT code FROM accident"):
            self.fails(f"there were accidents: {accidents}")
        malformed = [why for one in self._platforms for why in one.refused]
        if malformed:
            self.fails(f"messages were malformed: {malformed}")
        for difference in self.oracle.lasting(self._views()):
            self.fails(difference)
        for memory in self._platforms:
            for account in memory.accounts():
                where = memory.address(account)
                text = "\n".join(i18n.plain(message.text) for message in memory.chat(account))
                if self.oracle.said_detained(text) and not self.oracle.unsure[where]:
                    self.fails(f"{account} still shows who is detained")

    def _views(self) -> dict[int, str]:
        """The newest view of each call on its caller's screens."""
        views: dict[int, str] = {}
        for memory in self._platforms:
            for account in memory.accounts():
                for message in memory.chat(account):
                    for button in message.choices:
                        if button.code.startswith("call.safe:"):
                            which = int(button.code.split(":")[1], 36)
                            views[which] = f"{views.get(which, '')}\n{i18n.plain(message.text)}"
        return views


_ACTS: Final = {  # what people do by themselves, and how often
    "safe": 20, "/safe": 8, "hurt": 4, "moved": 3, "else": 8, "/sos": 6, "help": 2, "tell.when": 12, "tell.what": 2,
    "ask.all": 4, "ask.one": 4, "/people": 5, "people.in": 2, "circle": 2, "who": 2, "chat": 3, "circle.tells": 3,
    "circle.left": 2, "circle.removed": 2, "circle.handed": 2, "invite": 5, "invited": 4, "forgotten": 1, "block": 4,
    "speak": 3, "quiet.at": 2, "quiet.off": 1, "privacy": 1, "stolen": 3, "more": 1,
    "begin": 28, "stop": 2, "offline": 26, "code": 16, "list": 10,
}  # fmt: skip
_COMPARED: Final = {dispatch.receive, rounds.waiting, rounds.seldom}
_OF_A_CIRCLE: Final = ("circle", "people.in", "circle.left", "circle.tells", "ask.all", "invite")
_ANSWERS: Final = {  # which button under a new message is pressed, in how many cases, and how late
    "seen": (0.3, 2400.0),
    "caring": (0.4, 2400.0),
    "call.note": (0.3, 300.0),
    "call.safe": (0.5, 20_000.0),
    "call.mistake": (0.3, 3000.0),
    "note": (0.2, 60.0),
    "undo": (0.15, 4000.0),
    "door.open": (0.8, 2000.0),
    "circle.hear": (0.8, 600.0),
    "late.seen": (0.2, 2400.0),
    "late.caring": (0.3, 2400.0),
    "late.later": (0.1, 3000.0),
    "late.put": (0.7, 300.0),
    "safe": (0.05, 3000.0),
    "outage.safe": (0.9, 1200.0),
    "hard.read": (0.5, 3000.0),
    "forgotten": (0.0, 0.0),
}
_WORDS: Final = ("{}", "<b>{}</b>", "\u202e{}\u202c gnihton", "{} & <a href='x'>y</a>\nsecond line", "{} \u200f\u2067…")


# -- playing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a day."""

    seed: int
    wrong: str
    trace: tuple[str, ...]
    counts: dict[str, int]


class Stage:
    """Where days are played one after the other: the database is made once and copied."""

    def __init__(self, directory: Path) -> None:
        self._empty = directory / "empty.db"
        self._path = directory / "day.db"
        self._disk = Disk(self._path)
        i18n.open_catalogues(strict=False)
        asyncio.run(self._make())

    async def _make(self) -> None:
        storage = await sqlite.open_file(self._empty, KEYS)
        await storage.checkpoint()
        await storage.close()

    def play(self, seed: int, *, acts: int = ACTS) -> Played:
        """Live the day of a seed."""
        self._disk.close()
        for old in self._path.parent.glob("day.db*"):
            old.unlink()
        shutil.copy(self._empty, self._path)
        self._disk.full = False
        loop = Loop()
        with (
            asyncio.Runner(loop_factory=lambda: loop) as runner,
            _seeded(seed),
            structlog.testing.capture_logs() as said,
        ):
            day = runner.run(self._live(seed, loop, acts))
        errors = [entry for entry in said if entry["log_level"] in {"error", "critical"}]
        if errors and not day.wrong:
            day.fails(f"the program noted an error: {errors[0]}")
        oracle = day.oracle
        counts = {
            "lives": day.lives,
            "news": len(oracle.news),
            "calls": len(oracle.calls),
            "repeated": sum(any(n > 1 for n in one.sends.values()) for one in oracle.calls),
            "read": sum(map(len, oracle.lines.values())),
            "deadlines": sum(one.alarm is None for one in oracle.silence.waits) + len(oracle.silence.alarms),
            "alarms": len(oracle.silence.alarms),
            "last": sum(one.trustees for one in oracle.silence.alarms),
            "held": oracle.silence.held,
            "outages": len(oracle.offline.declared),
            "renewed": sum(one.renewed for one in oracle.offline.declared),
            "rhythms": sum(not one.rhythm.once for one in oracle.silence.waits),
            "to all": oracle.to_all,
            "detained": len(oracle.detained.cases),
            "codes": sum(one.how == "code" for one in oracle.news),
            "marked": sum(one.marked for lines in oracle.lines.values() for one in lines),
        }
        return Played(seed, day.wrong, tuple(day.trace), counts)

    async def _live(self, seed: int, loop: Loop, acts: int) -> Day:
        day = Day(seed, self._disk, loop, acts=acts)
        day.found()
        await day.live()
        return day


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Let everything that throws dice throw these, and let the program look at its clock less often than in life."""
    dice = random.Random(seed ^ 0xD1CE)
    bot_engine._DICE.seed(seed)  # noqa: SLF001 - the outbox's own dice
    with (
        mock.patch("secrets.randbelow", dice.randrange),
        mock.patch("secrets.token_hex", lambda n: f"{dice.getrandbits(8 * n):0{2 * n}x}"),
        mock.patch.object(bot_app, "OFTEN", OFTEN),
        mock.patch.object(bot_app, "FEEDING", OFTEN),
        mock.patch.object(bot_app, "SELDOM", 60 * OFTEN),
        mock.patch.object(bot_engine, "IDLE", 15 * OFTEN),
        mock.patch.object(outage, "LAPSES_AFTER", LAPSE),
    ):
        yield


def main() -> int:
    """Play seeds again."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.simulation", description="Live days of seeds again.")
    parser.add_argument("seeds", nargs="+", type=int, metavar="SEED")
    parser.add_argument("--trace", action="store_true", help="print the trace of each")
    wish = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as directory:
        stage = Stage(Path(directory))
        for seed in wish.seeds:
            played = stage.play(seed)
            lines = played.trace if wish.trace or (played.wrong and len(wish.seeds) == 1) else ()
            outcome = f"seed {seed}: {played.wrong or 'everything held'} {played.counts}"
            sys.stdout.write("\n".join((*lines, outcome, "")))
            failed |= bool(played.wrong)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
