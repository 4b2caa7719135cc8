"""Take what is due, deliver it outside any transaction, write down what happened."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import structlog
from markupsafe import Markup

from bot import i18n
from bot.domain.conversation import Lane, Sender
from bot.i18n import _
from bot.outbox.courier import (
    Button,
    Closed,
    Courier,
    CourierError,
    Gone,
    NotSent,
    Parcel,
    Receipt,
    Refused,
    Relocated,
    Throttled,
    Unknown,
    Unreachable,
)
from bot.outbox.pace import Limits, Pace, back_off
from storage import outbox, people
from storage.database import Storage, StorageFault, Tx
from storage.outbox import Delivered, Letter, State

log = structlog.get_logger(__name__)

IDLE = 5.0  # seconds: how often to look although nobody woke us
DEFECTS = 5  # times that a letter may meet a defect of ours before an operator must look
SILENT = 5  # attempts in a row without an answer: the platform is away
ASKED_MORE_SELDOM = 9  # times: then every two to four minutes whether it is back
AHEAD = 0.1  # seconds of sending reserved before more is claimed
PATIENCE = 0.05  # seconds that a claim waits for more room than for one letter
_DICE = random.Random()  # noqa: S311 - spreads retries, guards nothing; used in the writer's thread too


class Route:
    """The way of letters to one bot account: claims, delivers and ends them. One per courier."""

    def __init__(
        self,
        storage: Storage,
        courier: Courier,
        now: Callable[[], datetime],
        limits: Limits,
        dice: Callable[[], float] = _DICE.random,
    ) -> None:
        self._storage = storage
        self._courier = courier
        self._now = now
        self._limits = limits
        self._pace = Pace(limits)
        self._dice = dice
        self.name = outbox.route_of(courier.platform, courier.bot)
        self._flying: set[asyncio.Task[None]] = set()
        self._ended: list[Delivered] = []
        self._woken = asyncio.Event()
        self._flush = asyncio.Event()
        self._once: set[int] = set()  # letters under way that a crash would leave unknown, until their end is noted
        self._silent = 0  # attempts in a row that the platform has not answered
        self._ask_at = now()
        self._untidy = asyncio.Event()
        self._roomy = asyncio.Event()
        self._turns = asyncio.Lock()
        self._queued = 0
        self._looked_at = now()
        self._enough = 1
        self._more = False  # the last claim may have left letters that only the budget held back
        self._closed = False
        self._stopping = False

    # -- running -----------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Look again: something was posted, or time has moved."""
        self._woken.set()
        self._untidy.set()

    async def recover(self) -> None:
        """After a crash: give what was under way the outcome that its lane's rule says."""
        work = partial(
            outbox.recover,
            route=self.name,
            now=self._now(),
            idempotent=self._courier.idempotent,
        )
        found = await self._storage.write(work)
        if found:
            log.info("letters.recovered", route=self.name, count=found)

    async def run(self) -> None:
        """Deliver until cancelled or the account is closed. What is in the air at the end is given time to land."""
        await self.recover()
        self._pace.begin(asyncio.get_running_loop().time())
        helpers = [
            asyncio.create_task(self._keep_flushing(), name=f"flush {self.name}"),
            asyncio.create_task(self._keep_cleaning(), name=f"clean {self.name}"),
        ]
        try:
            while not self._closed and not self._stopping:
                self._woken.clear()
                try:
                    if not await self._take_off() or not self._more:
                        await self._rest()
                except StorageFault as fault:
                    log.warning("outbox.waits", route=self.name, why=type(fault).__name__)
                    await asyncio.sleep(1)
        finally:
            await self._land()
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            await self._write_down()

    def stop(self) -> None:
        """Take nothing more off; `run` then lands and returns."""
        self._stopping = True
        self._woken.set()

    async def drain(self) -> None:
        """Deliver everything that is due now, then return: for tests and for commands that stop afterwards."""
        while await self._take_off():
            await self._land()
            await self._write_down()
        await self._clean()

    # -- one turn ----------------------------------------------------------------------------------------------------

    async def _take_off(self) -> bool:
        """Claim what the budget allows and send each on its way. False if nothing was due (or nothing may fly)."""
        loop = asyncio.get_running_loop()
        room = await self._room()
        if room <= 0:
            self._more = True
            return True
        ahead = self._pace.ahead(loop.time())
        if ahead > AHEAD:
            await asyncio.sleep(ahead - AHEAD)
        last, room = self._lanes(room)
        self._looked_at = self._now()
        claim = partial(
            outbox.claim, route=self.name, now=self._looked_at, most=room, last=last, lists=self._courier.lists
        )
        letters = await self._storage.write(claim, urgent=True)  # a call for help may be among them
        self._more = len(letters) >= room or last is not outbox.LAST
        if not self._courier.idempotent:
            self._once.update(letter.id for letter in letters if letter.lane not in outbox.SENT_AGAIN)
        for letter in letters:
            slot = self._pace.slot(loop.time())
            task = asyncio.create_task(self._deliver(letter, slot))
            self._flying.add(task)
            task.add_done_callback(self._landed)
        return bool(letters)

    async def _room(self) -> int:
        """How many letters may take off now. Each claim is a commit, so a little patience lets several land first."""
        limits = self._limits
        most = min(limits.claim, limits.concurrency)
        for enough, patience in ((min(most, limits.concurrency // 4), PATIENCE), (1, IDLE)):
            self._enough = max(enough, 1)
            self._roomy.clear()
            if limits.concurrency - len(self._flying) < self._enough:
                with suppress(TimeoutError):
                    async with asyncio.timeout(patience):
                        await self._roomy.wait()
        if self._queued >= most:  # the network is slower than the pace: what is claimed too early can't be overtaken
            await asyncio.sleep(PATIENCE)
        return min(most - self._queued, limits.concurrency - len(self._flying))

    def _lanes(self, room: int) -> tuple[Lane, int]:
        """Up to which lane to claim, and how many letters.

        What is claimed now follows what is in the air; together that is one batch of what nobody may repeat, so that a
        crash leaves no more than a batch unknown, and an outage little more. What is sent again anyway may be more.
        """
        if self._courier.idempotent:
            return outbox.LAST, room
        batch = self._pace.batch()
        if self._silent >= SILENT:  # an outage: one letter now and then finds out whether it is over
            batch = int(self._now() >= self._ask_at)
        free = batch - len(self._once)
        if free < max(1, batch // 3):  # each claim is a commit
            return outbox.LAST_SENT_AGAIN, room
        return outbox.LAST, min(room, free)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        if self._limits.concurrency - len(self._flying) >= self._enough:
            self._roomy.set()

    async def _rest(self) -> None:
        if self._woken.is_set():
            return
        due = await self._storage.read(partial(outbox.next_due, route=self.name, after=self._looked_at))
        seconds = IDLE if due is None else min(IDLE, max(0.02, (due - self._now()).total_seconds()))
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _land(self) -> None:
        if self._flying:
            await asyncio.wait(self._flying)

    # -- one letter --------------------------------------------------------------------------------------------------

    async def _deliver(self, letter: Letter, slot: float) -> None:
        loop = asyncio.get_running_loop()
        group = letter.person is None
        at = max(slot, self._pace.ready(letter.address, slot, group=group))
        if at > slot + 2 * self._limits.address_gap:  # a long wait is no reason to count as under way
            await self._put_back(letter, timedelta(seconds=at - loop.time()))
            return
        self._pace.sent(letter.address, at, group=group)
        await self._turn(at, letter.address)
        if letter.hollow or letter.withheld:  # up to here it went the way of every other
            self._note_delivered(letter, Receipt(""))
            return
        began = loop.time()
        try:
            try:
                receipt = await self._courier.deliver(self.parcel(letter))
            finally:
                self._pace.answered(loop.time() - began, loop.time())
        except CourierError as error:
            self._hear(answered=not isinstance(error, Unknown | NotSent))
            await self._failed(letter, error)
        except Exception as error:  # noqa: BLE001 - a defect in one letter must not stop the others
            log.error("courier.defect", route=self.name, letter=letter.id, error=error)  # noqa: TRY400 - logs withhold it
            await self._failed(letter, Unknown() if letter.attempts < DEFECTS else Refused())
        else:
            self._hear(answered=True)
            self._note_delivered(letter, receipt)
            return
        self._woken.set()  # the next letter of this address and lane may go now

    def _hear(self, *, answered: bool) -> None:
        """Count how long the platform has been silent; each attempt in vain makes the next one later.

        What was in the air together when the platform went away is one attempt, not many.
        """
        if answered:
            self._silent = 0
            return
        if self._silent >= SILENT and self._now() < self._ask_at:
            return
        self._silent += 1
        if self._silent >= SILENT:
            pause = back_off(min(self._silent - SILENT + 1, ASKED_MORE_SELDOM), self._dice)
            self._ask_at = self._now() + pause

    def _note_delivered(self, letter: Letter, receipt: Receipt) -> None:
        delivered = Delivered(
            letter.id,
            letter.address,
            letter.topic,
            receipt.message,
            letter.clean_after,
            receipt.edited,
            listed=self._courier.lists and bool(letter.choices),
            copied=letter.copied,
        )
        self._ended.append(delivered)
        self._ended += [Delivered(which, letter.address, "", "") for which in letter.merged]
        self._flush.set()

    async def _turn(self, at: float, address: int) -> None:
        """Wait for the slot, for the end of a pause that came meanwhile, and for room in the platform's second.

        Whoever had to wait for that room leaves late, and so does the next message to the same address.
        """
        loop = asyncio.get_running_loop()
        if at > loop.time():
            await asyncio.sleep(at - loop.time())
        while self._pace.held(loop.time()):  # noqa: ASYNC110 - a clock, not an event
            await asyncio.sleep(self._pace.slot(loop.time()) - loop.time())
        self._queued += 1
        try:
            while True:
                if wait := self._pace.early(address, loop.time()):
                    await asyncio.sleep(wait)
                async with self._turns:  # in their order
                    while wait := self._pace.full(loop.time()):  # noqa: ASYNC110 - a clock, not an event
                        await asyncio.sleep(wait)
                    if not self._pace.early(address, loop.time()):
                        self._pace.departs()
                        self._pace.left(address, loop.time())
                        return
        finally:
            self._queued -= 1

    def parcel(self, letter: Letter) -> Parcel:
        """The letter in its reader's language. Spoken now, so that the age of news is right."""
        now = self._now()
        language = letter.language or i18n.SOURCE_LANGUAGE
        text = i18n.speak(letter.text, language, now)
        if letter.again and not letter.edits and not self._courier.idempotent:
            repeat = i18n.speak(_("<i>(This message may reach you twice.)</i>"), language, now)
            text = Markup("{}\n{}").format(text, repeat)
        return Parcel(
            address=letter.to,
            key=f"{self.name}/{letter.sent_as}",
            text=text,
            buttons=tuple(
                tuple(Button(i18n.label(c.label, language, now), c.code, c.link) for c in row) for row in letter.choices
            ),
            edit=letter.edits,
            silent=letter.silent,
            attachment=letter.attachment,
            language=language,
            first=letter.first,
        )

    async def _failed(self, letter: Letter, error: CourierError) -> None:
        if isinstance(error, Throttled):
            now = asyncio.get_running_loop().time()
            wait = error.wait.total_seconds()
            self._pace.throttled(now, wait, letter.address, everywhere=error.everywhere)
        while True:
            try:
                await self._storage.write(partial(self._note_failure, letter=letter, error=error))
            except StorageFault as fault:  # until then it counts as under way
                log.warning("letter.unnoted", letter=letter.id, why=type(fault).__name__)
                await asyncio.sleep(1)
            else:
                break
        self._once.discard(letter.id)
        if isinstance(error, Closed):
            self._closed = True
            log.error("account.closed", route=self.name)

    def _note_failure(self, tx: Tx, letter: Letter, error: CourierError) -> None:
        now = self._now()
        perhaps = letter.again
        pause = back_off(letter.attempts, self._dice)
        match error:
            case Gone():
                outbox.without_edit(tx, letter.id, now)
                return
            case Relocated():
                people.move(tx, letter.address, error.account, letter.to.platform)
                pause = timedelta()
            case Throttled():
                pause = error.wait
            case Unreachable():
                people.unreachable(tx, letter.address, now)
                outbox.reroute(tx, letter.address, now)
                return
            case Refused():
                log.error("letter.refused", letter=letter.id, lane=letter.lane.name)
                outbox.end(tx, letter.id, State.REFUSED, now)
                for which in letter.merged:
                    outbox.later(tx, which, now, perhaps=perhaps)
                return
            case Unknown():
                if letter.lane not in outbox.SENT_AGAIN and not self._courier.idempotent:
                    outbox.end(tx, letter.id, State.UNKNOWN, now)
                    return
                perhaps = True
            case NotSent() | Closed() | _:
                pass
        for which in (letter.id, *letter.merged):
            outbox.later(tx, which, now + pause, perhaps=perhaps)

    async def _put_back(self, letter: Letter, pause: timedelta) -> None:
        def work(tx: Tx) -> None:
            for which in (letter.id, *letter.merged):
                outbox.later(tx, which, self._now() + pause, perhaps=letter.again)

        await self._storage.write(work)
        self._once.discard(letter.id)
        self._woken.set()

    # -- writing down ------------------------------------------------------------------------------------------------

    async def _keep_flushing(self) -> None:
        while True:
            await self._flush.wait()
            self._flush.clear()
            await self._write_down()

    async def _write_down(self) -> None:
        while self._ended:
            ended, self._ended = self._ended, []
            await self._note(ended)

    async def _note(self, ended: list[Delivered]) -> None:
        try:
            behind = await self._storage.write(partial(outbox.delivered, letters=ended, now=self._now()))
        except StorageFault:  # kept, and tried again: what was delivered must not be sent twice
            self._ended = ended + self._ended
            await asyncio.sleep(1)
        except Exception as error:  # noqa: BLE001 - each alone then: a bad one harms nobody else
            if len(ended) == 1:  # counts as under way until the next start
                log.error("letter.unnoted", letter=ended[0].letter, error=error)  # noqa: TRY400 - logs withhold it
                self._once.discard(ended[0].letter)
                return
            for one in ended:
                await self._note([one])
        else:
            self._once.difference_update(one.letter for one in ended)
            if behind or self._more:  # only now may the next letter of the same address and lane be claimed
                self._woken.set()

    # -- cleaning ----------------------------------------------------------------------------------------------------

    async def _keep_cleaning(self) -> None:
        """Beside the letters: a chat is cleaned even while many letters are on their way."""
        while True:
            self._untidy.clear()
            try:
                await self._clean()
            except StorageFault as fault:
                log.warning("cleaning.waits", route=self.name, why=type(fault).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE):
                    await self._untidy.wait()

    async def _clean(self) -> None:
        """Delete from chats what is to be cleaned now: several chats at once, and one commit for what came of it.

        Where the platform asks the account for a pause, nothing more is asked of it until it is over.
        """
        loop = asyncio.get_running_loop()
        due = partial(outbox.messages_due, route=self.name, now=self._now())
        while not self._pace.held(loop.time()) and (rows := await self._storage.read(due)):
            chats: dict[Sender, list[tuple[int, str]]] = {}
            for row, to, message in rows:
                chats.setdefault(to, []).append((row, message))
            gone = await asyncio.gather(
                *(
                    self._delete(to, tuple(dict.fromkeys(message for _row, message in messages)))
                    for to, messages in chats.items()
                )
            )
            cleaned: list[int] = []
            left: list[int] = []
            for is_gone, messages in zip(gone, chats.values(), strict=True):
                (cleaned if is_gone else left).extend(row for row, _message in messages)
            if left:  # perhaps the network: asked again until the platform would not do it any more
                log.info("chat.uncleaned", route=self.name, count=len(left))
            await self._storage.write(partial(outbox.cleaned, gone=cleaned, left=left, now=self._now()))

    async def _delete(self, to: Sender, messages: tuple[str, ...]) -> bool:
        try:
            return await self._courier.delete(to, messages)
        except Throttled as error:
            if error.everywhere:
                now = asyncio.get_running_loop().time()
                self._pace.throttled(now, error.wait.total_seconds(), 0, everywhere=True)
            return False


class Engine:
    """All routes together."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = tuple(routes)

    def wake(self) -> None:
        """Let every route look again."""
        for route in self.routes:
            route.wake()

    async def run(self) -> None:
        """Run every route until each has stopped."""
        await asyncio.gather(*(route.run() for route in self.routes))

    def stop(self) -> None:
        """Let every route land."""
        for route in self.routes:
            route.stop()

    async def drain(self) -> None:
        """Deliver everything that is due now, then return."""
        for route in self.routes:
            await route.drain()
