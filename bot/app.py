"""The composition root: the one place where platforms, handlers, storage and the outbox meet."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol
from weakref import WeakValueDictionary

import structlog
from markupsafe import Markup

from bot import exporting, i18n
from bot.domain import relay, textfile
from bot.domain.conversation import Incoming, Sender
from bot.domain.picture import Trouble
from bot.domain.textfile import Got, Paper, Unread
from bot.i18n import _
from bot.outbox.courier import Courier, CourierError, Fetches, NoFile, NotSent, Parcel, TooBig
from bot.outbox.engine import Engine, Route
from bot.outbox.pace import Limits
from handlers import dispatch, rounds
from storage import bulletins, cards, codes, drafts, inbox, jobs, ledger, regions, relays
from storage.database import Storage, StorageFault, Tx
from storage.drafts import Fetch
from storage.jobs import File

log = structlog.get_logger(__name__)

OFTEN = 2.0  # seconds between two looks at what is urgent
FEEDING = 1.0  # and between two steps of bulletins that go out, while the outbox has enough of them
AHEAD = 6.0  # seconds' worth of their letters that may wait there
AT_MOST = 1000  # and so many where no pace is known
SELDOM = 60.0  # seconds between two rounds of expiry
NOTICE_AGAIN = timedelta(minutes=5)  # “I could not save this” is said to one person no more often
BURST = 100.0  # updates of one account at once
A_SECOND = 2.0  # and then so many a second
REMEMBERED = 10_000  # accounts
SLOW = 1.5  # seconds after which somebody who waits for an answer sees that it is on its way
MOST = 1_500_000  # bytes of a file that somebody wants checked: no PDF of ours is larger, a text never
SHOWN = 4  # people who are shown so at once: more would be a storm of their own
BRINGING = 30.0  # seconds for a small file
LANDING = 20.0  # seconds that a stop waits for what is in the air

Now = Callable[[], datetime]


class Round(Protocol):
    """What is done again and again as time passes."""

    def __call__(self, tx: Tx, now: datetime) -> None:
        """Do it once."""


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


def _do(job: jobs.Job, salt: bytes) -> jobs.Done:
    # in the thread: only who wants a page waits for the library that draws it
    if job.kind == regions.PICTURE:
        from bot.jobs import boards  # noqa: PLC0415

        return boards.do(job)
    if job.kind == bulletins.SHEET:
        from bot.jobs import posters  # noqa: PLC0415

        return posters.do(job)
    if job.kind == relays.CARD:
        from bot.jobs import petition_cards  # noqa: PLC0415

        return petition_cards.do(job)
    if job.kind == codes.DRAW:
        from bot.jobs import codes as papers  # noqa: PLC0415

        return papers.do(job)
    from bot.jobs import cards as slow  # noqa: PLC0415

    return slow.do(job, salt)


def _sheet(key: str) -> bytes:
    from bot.jobs import posters  # noqa: PLC0415

    return posters.draw(key)


class App:
    """A community's bot: what platforms hear comes in by `receive`, what is posted leaves through the couriers.

    `couriers` are the bot accounts with the limits of each; `links` makes the link that opens a chat with an account,
    `names` is what people look for to find it (“@payvand:example.org”). Without `patience` nobody is passed over,
    however much they send.
    """

    def __init__(  # noqa: PLR0913 - everything meets here
        self,
        storage: Storage,
        couriers: Sequence[tuple[Courier, Limits]],
        links: Mapping[tuple[str, str], Link],
        now: Now = present,
        patience: Patience | None = None,
        *,
        names: Mapping[tuple[str, str], Callable[[], str]] | None = None,
    ) -> None:
        self.storage = storage
        self.now = now
        self._couriers = {(courier.platform, courier.bot): courier for courier, _limits in couriers}
        self._links = links
        self._names = names or {}
        self.engine = Engine([Route(storage, courier, now, limits) for courier, limits in couriers])
        self._moved = asyncio.Event()
        self._noticed: dict[Sender, datetime] = {}
        self._patience = patience
        self._room = {
            f"{courier.platform}/{courier.bot}": AT_MOST
            if limits.per_second is None
            else math.ceil(AHEAD * limits.per_second)
            for courier, limits in couriers
        }
        self._typing: set[asyncio.Task[None]] = set()
        self._turns: WeakValueDictionary[Sender, asyncio.Lock] = WeakValueDictionary()
        storage.on_posted(self.engine.wake)

    def _doors(self, platform: str, bot: str) -> tuple[Link, tuple[tuple[str, str], ...]]:
        """The way to the account that a person met, and the names of the bot's accounts on other platforms."""
        others = ((other.title(), name()) for (other, _bot), name in self._names.items() if other != platform)
        elsewhere = tuple(one for one in others if all(one))
        return self._links.get((platform, bot), lambda payload: payload), elsewhere

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
            patience = asyncio.get_running_loop().call_later(SLOW, self._show_typing, incoming.sender)
            try:
                return await self._handle(incoming)
            finally:
                patience.cancel()

    def _show_typing(self, sender: Sender) -> None:
        courier = self._couriers.get((sender.platform, sender.bot))
        if courier is not None and len(self._typing) < SHOWN:
            task = asyncio.create_task(courier.typing(sender))
            self._typing.add(task)
            task.add_done_callback(self._typing.discard)

    async def _handle(self, incoming: Incoming) -> StorageFault | None:
        now = self.now()
        flooding = self._patience is not None and not self._patience.takes(incoming.sender, now)
        urgent = dispatch.is_urgent(incoming.heard)
        if flooding and not urgent:
            log.info("update.flood", platform=incoming.sender.platform)
            return None
        try:
            handled = partial(dispatch.receive, incoming=incoming, now=now, doors=self._doors)
            await self.storage.write(handled, urgent=urgent)
        except StorageFault as fault:
            await self._not_saved(incoming.sender, now)
            return fault
        except Exception as error:  # noqa: BLE001 - one person's accident must not stop the others
            code = secrets.token_hex(2).upper()
            log.error("update.accident", code=code, error=error)  # noqa: TRY400 - logs withhold the message
            try:
                await self.storage.write(partial(dispatch.accident, incoming=incoming, now=now, code=code))
            except StorageFault as fault:
                return fault
            except Exception as second:  # noqa: BLE001 - a row nobody can read must not keep everybody waiting
                log.error("update.dropped", code=code, error=second)  # noqa: TRY400 - logs withhold the message
        return None

    async def again(self) -> None:
        """Handle what met a defect once more where an operator has said so after the repair, each by itself.

        Raises StorageFault: what is left waits for the next time.
        """
        for one in await self.storage.read(inbox.accidents):
            if one.kept is None or not one.kept.again:
                continue
            incoming = one.kept.incoming
            async with self._turns.setdefault(incoming.sender, asyncio.Lock()):
                try:
                    handled = partial(dispatch.again, code=one.code, now=self.now(), doors=self._doors)
                    await self.storage.write(handled, urgent=dispatch.is_urgent(incoming.heard))
                except StorageFault:
                    raise
                except Exception as error:  # noqa: BLE001 - not repaired: the others go on
                    log.error("update.accident", code=one.code, error=error)  # noqa: TRY400 - logs withhold the message
                    await self.storage.write(partial(inbox.give_up, code=one.code))

    async def _handle_again(self) -> None:
        try:
            await self.again()
        except StorageFault as fault:
            log.warning("rounds.wait", why=type(fault).__name__)
        except Exception as error:  # noqa: BLE001 - a row that nobody can read must not end what else the bot does
            log.error("rounds.defect", error=error)  # noqa: TRY400 - logs withhold the message

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
        """Do once what the passing of time asks for; in one transaction, since nothing else waits for it here."""
        now = self.now()

        def once(tx: Tx) -> bool:
            for work in (
                rounds.often,
                rounds.waiting,
                rounds.seldom,
                rounds.asking,
                rounds.answering,
                rounds.tidying,
            ):
                work(tx, now)
            return rounds.to_search(tx, now)

        await self.again()
        if await self.storage.write(once):
            await self._look_up(now)
        while await self.storage.write(self._feeding()):
            pass

    def _feeding(self) -> Callable[[Tx], bool]:
        return partial(rounds.broadcasting, now=self.now(), most=self._room)

    async def _keep_feeding(self) -> None:
        """Beside everything else: bulletins that go out are given to the outbox in small parts, and never too many."""
        while True:
            more = False
            try:
                more = await self.storage.write(self._feeding())
            except StorageFault as fault:
                log.warning("rounds.wait", why=type(fault).__name__)
            except Exception as error:  # noqa: BLE001 - a defect here must not end what else the bot does
                log.error("rounds.defect", error=error)  # noqa: TRY400 - logs withhold the message
            await asyncio.sleep(0 if more else FEEDING)

    async def _keep_time(self) -> None:
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            self._moved.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(OFTEN):
                    await self._moved.wait()
            await self._go_round(rounds.often)
            await self._go_round(rounds.waiting)
            if self._moved.is_set() or loop.time() - last >= SELDOM:
                last = loop.time()
                await self._handle_again()  # before what is old is dropped
                if await self._go_round(rounds.seldom):
                    await self._empty_log()
            await self._go_round(rounds.asking)
            await self._go_round(rounds.answering)
            await self._go_round(rounds.tidying)
            await self._survives(self.search())

    async def search(self) -> None:
        """Look up the searches that are due."""
        now = self.now()
        if await self.storage.write(partial(rounds.to_search, now=now)):
            await self._look_up(now)

    async def _look_up(self, now: datetime) -> None:
        """Searches are compared beside the writer; only what comes of it is written."""
        found = await self.storage.read_long(partial(rounds.comparing, now=now))
        await self.storage.write(partial(rounds.searching, found=found, now=now))

    async def _go_round(self, work: Round) -> bool:
        """One round in a transaction of its own. Whether it went."""
        return await self._survives(self.storage.write(partial(work, now=self.now())))

    async def _survives(self, going: Awaitable[object]) -> bool:
        """A defect in one thing that time asks for stops no other, and it comes again. Whether it went."""
        try:
            await going
        except StorageFault as fault:
            log.warning("rounds.wait", why=type(fault).__name__)
        except Exception as error:  # noqa: BLE001 - time goes on whatever one row does
            log.error("rounds.defect", error=error)  # noqa: TRY400 - logs withhold the message
        else:
            return True
        return False

    async def _empty_log(self) -> None:
        """Take what was erased out of the file's log."""
        try:
            await self.storage.checkpoint()
        except StorageFault as fault:
            log.warning("rounds.wait", why=type(fault).__name__)

    # -- slow work ---------------------------------------------------------------------------------------------------

    async def work(self) -> None:
        """Do the slow work that waits, one piece after the other, in a thread and outside any transaction."""
        while (job := await self.storage.read(jobs.first)) is not None:
            salt = await self.storage.read(cards.salt_of)
            try:
                done = await self._done(job, salt)
                await self.storage.write(partial(rounds.finish, job=job, done=done, now=self.now()))
            except StorageFault:
                raise
            except Exception as error:  # noqa: BLE001 - one piece that can't be done must not stop the others
                code = secrets.token_hex(2).upper()
                log.error("job.failed", code=code, error=error)  # noqa: TRY400 - logs withhold the message
                await self.storage.write(partial(rounds.give_up, job=job, code=code, now=self.now()))

    async def _done(self, job: jobs.Job, salt: bytes) -> jobs.Done:
        """What a piece of slow work finds. One about a petition reads it first, beside the writer."""
        if job.kind == relays.FETCH:
            return await self._brought(job)
        if job.kind not in exporting.KINDS:
            return await asyncio.to_thread(_do, job, salt)
        done = await self.storage.read_long(partial(exporting.do, job=job, now=self.now()))
        if job.kind == ledger.CHART:
            from bot.jobs import charts  # noqa: PLC0415

            done = await asyncio.to_thread(charts.do, done)
        return done

    async def _brought(self, job: jobs.Job) -> jobs.Done:
        """A small file that somebody has sent, or why it could not be fetched."""
        held = json.loads(job.body)
        courier = self._couriers.get((held["platform"], held["bot"]))
        try:
            async with asyncio.timeout(BRINGING):
                data = await courier.fetch(held["reference"], relay.LONGEST) if isinstance(courier, Fetches) else b""
        except TooBig:
            return jobs.Done(relays.TOO_LARGE)
        except (CourierError, TimeoutError) as error:
            log.info("file.missed", why=type(error).__name__)
            return jobs.Done(relays.GONE)
        return jobs.Done("", data)

    async def _keep_working(self) -> None:
        while True:
            await asyncio.sleep(OFTEN)
            try:
                if await self.storage.read(jobs.first) is not None:
                    await self.work()
            except StorageFault as fault:
                log.warning("rounds.wait", why=type(fault).__name__)
            except Exception as error:  # noqa: BLE001 - one row that nobody can read must not end all slow work
                log.error("rounds.defect", error=error)  # noqa: TRY400 - logs withhold the message

    # -- pictures ----------------------------------------------------------------------------------------------------

    async def fetch(self) -> None:
        """Fetch the pictures and PDFs that are due, one after the other; a process of its own makes each anew."""
        while (one := await self.storage.read(partial(drafts.to_fetch, now=self.now()))) is not None:
            try:
                got = await self._fetched(one)
            except Exception as error:  # noqa: BLE001 - one picture that nobody can fetch must not stop the others
                log.error("picture.failed", error=error)  # noqa: TRY400 - logs withhold the message
                got = Trouble.BROKEN
            await self.storage.write(partial(rounds.pictured, fetch=one, got=got, now=self.now()))

    async def look(self) -> None:
        """Look at the files that people want checked, one after the other. Nothing of them is kept."""
        while (one := await self.storage.read(partial(jobs.next_file, now=self.now()))) is not None:
            try:
                got = await self._looked_at(one)
            except Exception as error:  # noqa: BLE001 - one file that nobody can read must not stop the others
                log.error("file.failed", error=error)  # noqa: TRY400 - logs withhold the message
                got = Unread.OTHER
            await self.storage.write(partial(rounds.looked_at, one=one, got=got, now=self.now()))

    async def _looked_at(self, one: File) -> Got:
        courier = self._couriers.get((one.platform, one.bot))
        if courier is None:
            return Unread.LATER
        try:
            data = await courier.fetch(one.reference, MOST) if isinstance(courier, Fetches) else b""
        except NoFile:
            return Unread.GONE
        except TooBig:
            return Unread.TOO_LARGE
        except CourierError as error:
            log.info("file.waits", why=type(error).__name__)
            return Unread.LATER
        got = await asyncio.to_thread(textfile.read, data)
        key = await self.storage.read(bulletins.public_key) if got is Unread.PDF else ""
        if key and data == await asyncio.to_thread(_sheet, key):
            return Unread.SHEET
        return Paper(hashlib.sha256(data).hexdigest()) if got is Unread.PDF else got

    async def _fetched(self, one: Fetch) -> bytes | Trouble:
        from bot.jobs import pictures  # noqa: PLC0415

        courier = self._couriers.get((one.platform, one.bot))
        if courier is None:
            return Trouble.LATER  # an account that is switched off may come back
        try:
            data = await courier.fetch(one.reference, pictures.LARGEST) if isinstance(courier, Fetches) else b""
            return await asyncio.to_thread(pictures.clean, data)
        except NoFile:
            return Trouble.GONE
        except TooBig:
            return Trouble.TOO_LARGE
        except CourierError as error:
            log.info("picture.waits", why=type(error).__name__)
            return Trouble.LATER
        except pictures.BadPicture as bad:
            return Trouble(bad.why)

    async def _keep_fetching(self) -> None:
        while True:
            await asyncio.sleep(OFTEN)
            try:
                await self.fetch()
                await self.look()
            except StorageFault as fault:
                log.warning("rounds.wait", why=type(fault).__name__)
            except Exception as error:  # noqa: BLE001 - one row that nobody can read must not end all fetching
                log.error("rounds.defect", error=error)  # noqa: TRY400 - logs withhold the message

    # -- running -----------------------------------------------------------------------------------------------------

    async def run(self, *ears: Awaitable[None]) -> None:
        """Run until cancelled or the last ear stops: deliver, keep time, and listen with each of `ears`.

        One platform's trouble silences nobody on another one. At the end nothing more is heard, what is in the air is
        given time to land, and the rest waits in the store. Raises what stopped the ear that stopped last.
        """
        engine = asyncio.create_task(self.engine.run(), name="outbox")
        time = asyncio.create_task(self._keep_time(), name="rounds")
        work = asyncio.create_task(self._keep_working(), name="jobs")
        fetching = asyncio.create_task(self._keep_fetching(), name="pictures")
        feeding = asyncio.create_task(self._keep_feeding(), name="bulletins")
        listening = [asyncio.ensure_future(ear) for ear in ears]
        try:
            hearing = {engine, time, *listening}
            while True:
                done, hearing = await asyncio.wait(hearing, return_when=asyncio.FIRST_COMPLETED)
                if done & {engine, time} or not hearing & {*listening}:
                    break
                for task in done:
                    log.error("ear.stopped", error=None if task.cancelled() else task.exception())
            for task in done:
                task.result()
        finally:
            for task in (time, work, fetching, feeding, *listening):
                task.cancel()
            self.engine.stop()
            await asyncio.gather(time, work, fetching, feeding, *listening, return_exceptions=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(LANDING):
                    await asyncio.gather(engine, return_exceptions=True)
