"""One bot account on Matrix: one encrypted device with a mouth and ears, and what becomes of it when things are lost.

server down             it waits, longer and longer up to half a minute, and goes on
token revoked,
device deleted          logs in anew with the password: another device, signed by the same identity
store lost              the same; what people wrote meanwhile and could not be read they are asked to write again
seeds lost              a new identity: people's apps say that it was reset
password refused        stops, with a sentence for the operator
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import structlog

from bot.domain.conversation import Sender
from bot.outbox.courier import CourierError, NoFile, NotSent, Parcel, Receipt, TooBig
from bot.platforms.matrix import signing, wire
from bot.platforms.matrix.client import HardenedClient
from bot.platforms.matrix.courier import MatrixCourier
from bot.platforms.matrix.errands import Receive
from bot.platforms.matrix.intake import HOLD, Intake, IntakeStopped
from bot.platforms.matrix.news import Rooms
from bot.platforms.matrix.shapes import Health, Kept
from bot.platforms.matrix.store import StoreError, StoreFailed
from bot.platforms.matrix.translation import PLATFORM, referred
from bot.platforms.matrix.wire import Denied, MatrixError

log = structlog.get_logger(__name__)

DEVICE: Final = "Payvand"
_LONGEST_BACKOFF: Final = 30.0
_UNTIL_READY: Final = 15.0  # seconds that a letter waits for the rooms to be known


class Matrix:
    """One bot account on Matrix, a `Courier` and a pair of ears.

    `user` is the account's whole id. `password` is asked for only to log in: at the first start, and when the device is
    lost. `directory` holds the device's store, encrypted with the 32 bytes of `key`; one process at a time may hold it.
    `kept` is what `keep` was given last (None at the first start): device, token and seeds belong into the backup.
    `moderators` are who may invite the bot into larger rooms; `reactions` puts signs to tap under short lists. A
    ValueError says when the address or the account is none.
    """

    platform: Final = PLATFORM
    idempotent: Final = True
    lists: Final = True

    def __init__(  # noqa: PLR0913 - the outside world has this many parts
        self,
        homeserver: str,
        user: str,
        *,
        password: Callable[[], str],
        directory: Path,
        key: bytes,
        kept: Kept | None,
        keep: Callable[[Kept], Awaitable[None]],
        moderators: Collection[str] = (),
        reactions: bool = False,
        hold: float = HOLD,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        dice: random.Random | None = None,
    ) -> None:
        self.bot: Final = user
        self.client: Final = HardenedClient(homeserver, user, directory=directory, key=key, now=now)
        self._password: Final = password
        self._kept = kept
        self._keep: Final = keep
        self._replaced = ""
        self._sleep: Final = sleep
        self._dice: Final = dice or random.Random()  # noqa: S311 - spreads retries, guards nothing
        rooms = Rooms(self.client, user)
        self.courier: Final = MatrixCourier(
            self.client, user, rooms, reactions=reactions, clock=clock, now=now, sleep=sleep, dice=self._dice
        )
        chosen = frozenset(moderators)
        self.intake: Final = Intake(
            self.client,
            user,
            rooms,
            self._log_in,
            asked=lambda _room, inviter: inviter in chosen,
            hold=hold,
            now=now,
            sleep=sleep,
            dice=self._dice,
        )

    def __repr__(self) -> str:
        """Name the platform, and nothing that is secret or somebody's."""
        return "Matrix()"

    async def __aenter__(self) -> Self:
        """Take the lock on the device's store. Raises `IntakeStopped` if another process has it. No request is made."""
        try:
            await self.client.__aenter__()
        except StoreError as error:
            raise IntakeStopped(str(error)) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything and let go of the lock."""
        await self.client.__aexit__(kind, error, trace)

    async def listen(self, receive: Receive) -> None:
        """Log in and hear, for ever. Raises `IntakeStopped` when an operator must act."""
        await self._log_in()
        await self.intake.listen(receive)

    def health(self) -> Health:
        """What a watchdog looks at. Raises RuntimeError before the login."""
        return self.client.health()

    async def deliver(self, parcel: Parcel) -> Receipt:
        """Deliver one parcel. Raises a `CourierError`."""
        if not self.courier.closed:
            await self._until_ready(_UNTIL_READY)
        return await self.courier.deliver(parcel)

    async def delete(self, address: Sender, messages: tuple[str, ...]) -> bool:
        """Delete messages from a chat; False if Matrix did not do it. Raises Throttled."""
        try:
            await self._until_ready(_UNTIL_READY)
        except NotSent:
            return False
        return await self.courier.delete(address, messages)

    async def fetch(self, reference: str, limit: int) -> bytes:
        """The bytes of what somebody has sent, decrypted; at most `limit`. Raises NoFile, TooBig or NotSent."""
        await self._until_ready(_UNTIL_READY)
        failure: CourierError
        try:
            return await self.client.download(referred(reference), limit)
        except Denied as error:
            failure = TooBig() if error.code == "M_TOO_LARGE" else NoFile()
        except MatrixError:
            failure = NotSent()
        raise failure

    async def describe(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        """Set the display name, once we are logged in; see `MatrixCourier.describe`."""
        await self.intake.ready.wait()
        await self.courier.describe(texts)

    async def typing(self, address: Sender) -> None:
        """Show that an answer is being written. A courtesy: failures are dropped."""
        if self.intake.ready.is_set():
            await self.courier.typing(address)

    # -- being let in --------------------------------------------------------------------------------------------------

    async def _until_ready(self, seconds: float) -> None:
        """Before the first sync our rooms are not known, and everybody would seem to have none."""
        if self.intake.ready.is_set():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.intake.ready.wait()
                return
        raise NotSent

    async def _log_in(self) -> None:
        """Be a device of the account, signed by its identity. Raises `IntakeStopped` when an operator must act."""
        failures = 0
        while True:
            try:
                await self._log_in_once()
            except wire.LoginRefused as error:
                raise self._stopped(error) from None
            except (wire.MatrixError, StoreFailed) as error:
                failures += 1
                await self._back_off(error, failures)
            except StoreError as error:
                raise self._stopped(error) from None
            else:
                return

    def _stopped(self, error: Exception) -> IntakeStopped:
        self.courier.closed = True
        log.error("login.refused", error=type(error).__name__)
        return IntakeStopped(str(error))

    async def _log_in_once(self) -> None:
        login = await self.client.login_or_resume(self._kept, self._password, DEVICE, self._remember)
        outcome = await signing.establish(self.client.wire, self.client.machine, login.kept.seeds, self._password)
        log.info("account.entered", how=login.how.value, identity=outcome.value)
        if outcome is signing.Outcome.RESET:
            log.warning("identity.reset")
        if self._replaced and await self.client.retire(self._replaced):
            self._replaced = ""

    async def _remember(self, kept: Kept) -> None:
        """Keep the new device's token before anything else is done: each login costs, and servers allow few."""
        before, self._kept = self._kept, kept  # whatever fails from here on, the next attempt resumes this device
        if before is not None and before.device != kept.device:
            self._replaced = before.token
        failures = 0
        while True:
            try:
                await self._keep(kept)
            except Exception as error:  # noqa: BLE001 - a store that is full now may have room later
                failures += 1
                log.error("device.unsaved", error=type(error).__name__)  # noqa: TRY400 - no token in logs
                await self._pause(failures)
            else:
                return

    async def _back_off(self, error: Exception, failures: int) -> None:
        if isinstance(error, wire.Throttled):
            wait = error.wait.total_seconds()
            log.warning("login.throttled", wait=wait)
            await self._sleep(wait + self._dice.random())
            return
        log.warning("login.failed", error=type(error).__name__, failures=failures)
        await self._pause(failures)

    async def _pause(self, failures: int) -> None:
        longest = min(_LONGEST_BACKOFF, 0.5 * 2 ** min(failures - 1, 10))
        await self._sleep(longest * self._dice.uniform(0.5, 1.0))
