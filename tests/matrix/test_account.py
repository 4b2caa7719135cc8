"""A bot account outlives its server's sleep, its token, its device, its store and its seeds, each as the papers say."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from markupsafe import Markup
from structlog.testing import capture_logs

from bot.domain.conversation import Incoming, Said, Sender
from bot.outbox.courier import Closed, NotSent, Parcel
from bot.platforms.matrix import IntakeStopped, Kept, Matrix
from tests.matrix.crowd import PATIENCE, Crowd, Neighbour
from tests.matrix.synapse import Account, Synapse


@dataclass
class Life:
    """What stays of the bot between two starts: where it lives, what it keeps, and what its operator wrote down."""

    server: Synapse
    directory: Path
    account: Account = field(init=False)
    password: str = field(init=False)
    key: bytes = b"k" * 32
    kept: Kept | None = None
    unsaved: int = 0
    heard: list[Incoming] = field(default_factory=list)
    ended: BaseException | None = None

    def __post_init__(self) -> None:
        self.account = self.server.register("payvand")
        self.password = self.account.password

    def matrix(self) -> Matrix:
        return Matrix(
            self.server.url,
            self.account.user,
            password=lambda: self.password,
            directory=self.directory,
            key=self.key,
            kept=self.kept,
            keep=self.keep,
            hold=1,
            dice=random.Random(7),
        )

    async def keep(self, kept: Kept) -> None:
        if self.unsaved:
            self.unsaved -= 1
            raise OSError("no space left on device")
        self.kept = kept

    def forget(self) -> None:
        """Lose device, token and seeds."""
        self.kept = None

    async def receive(self, batch: Sequence[Incoming]) -> None:
        self.heard += batch

    @asynccontextmanager
    async def lives(self) -> AsyncIterator[Matrix]:
        """Let it hear; what ended its hearing by itself is in `ended`."""
        async with self.matrix() as matrix:
            hearing = asyncio.create_task(matrix.listen(self.receive))
            ready = asyncio.create_task(matrix.intake.ready.wait())
            await asyncio.wait([hearing, ready], timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            try:
                yield matrix
            finally:
                hearing.cancel()
                ready.cancel()
                (self.ended, _) = await asyncio.gather(hearing, ready, return_exceptions=True)

    def says(self, words: str) -> bool:
        return Said(words, lists=True) in [one.heard for one in self.heard]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - many things may have happened
            await asyncio.sleep(0.02)


def letter(matrix: Matrix, to: str, words: str, key: str = "") -> Parcel:
    return Parcel(Sender("matrix", matrix.bot, to), key or words, Markup.escape(words))


async def master_key(person: Neighbour, bot: str) -> object:
    found = await person.api("POST", "/keys/query", {"device_keys": {bot: []}})
    return found["master_keys"][bot]["keys"]


@pytest.fixture
def life(synapse: Synapse, tmp_path: Path) -> Life:
    return Life(synapse, tmp_path / "matrix")


async def talk(life: Life, matrix: Matrix, person: Neighbour, words: str) -> None:
    """Words go one way and an answer the other, both encrypted."""
    await person.says(words)
    await until(lambda: life.says(words))
    await matrix.deliver(letter(matrix, person.user, f"heard: {words}"))
    await person.until(lambda: f"heard: {words}" in person.screen)


async def greeted(life: Life, person: Neighbour) -> None:
    await person.invites(life.account.user)
    await until(lambda: any(one.sender.account == person.user for one in life.heard))


# -- coming and going --------------------------------------------------------------------------------------------------


async def test_a_restart_is_the_same_device_and_nobody_logs_in(life: Life, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with life.lives() as matrix:
        await greeted(life, zarina)
        await talk(life, matrix, zarina, "one")
        health = matrix.health()
        assert (health.undecryptable, dict(health.withheld)) == (0, {})
        assert health.synced_at is not None
        assert health.one_time_keys
    kept, life.password = life.kept, "forgotten since"
    async with life.lives() as matrix:
        await talk(life, matrix, zarina, "two")
    assert life.kept == kept
    assert isinstance(life.ended, asyncio.CancelledError)
    assert set(await zarina.devices_of(life.account.user)) == await zarina.vouched_for(life.account.user)
    assert zarina.unreadable == []


async def test_two_processes_never_share_a_device(life: Life) -> None:
    async with life.lives():
        with pytest.raises(IntakeStopped, match="Another copy of the bot"):
            await life.matrix().__aenter__()
    async with life.lives() as matrix:  # the control: afterwards the device is free
        assert matrix.intake.ready.is_set()


async def test_a_letter_waits_until_the_rooms_are_known_and_nobody_is_invited_a_second_time(
    life: Life, crowd: Crowd
) -> None:
    zarina = await crowd.neighbour("zarina")
    async with life.lives():
        await greeted(life, zarina)
    async with life.matrix() as matrix:
        sending = asyncio.create_task(matrix.deliver(letter(matrix, zarina.user, "early")))
        await asyncio.sleep(0.2)
        assert not sending.done()
        hearing = asyncio.create_task(matrix.listen(life.receive))
        await sending
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
    await zarina.until(lambda: zarina.screen == "early")
    assert "invite" not in zarina.members.values()


async def test_without_hearing_nothing_is_sent(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.platforms.matrix.account._UNTIL_READY", 0.01)
    async with life.matrix() as matrix:
        with pytest.raises(NotSent):
            await matrix.deliver(letter(matrix, "@zarina:localhost", "early"))
        assert not await matrix.delete(Sender("matrix", matrix.bot, "@zarina:localhost"), ("$x",))
        await matrix.typing(Sender("matrix", matrix.bot, "@zarina:localhost"))


def test_an_account_names_nothing_secret_and_nobody(life: Life) -> None:
    life.kept = Kept("DEVICE", "syt_secret", b"s" * 96)
    shown = repr(life.matrix()) + repr(life.kept)
    for secret in ("syt_secret", "sss", life.password, life.account.user, "kkk"):
        assert secret not in shown


# -- what may be lost --------------------------------------------------------------------------------------------------


async def test_a_server_that_is_down_is_waited_for_at_the_start_and_in_the_middle(tmp_path: Path) -> None:
    with Synapse() as server:
        life = Life(server, tmp_path / "matrix")
        async with Crowd(server) as crowd:
            zarina = await crowd.neighbour("zarina")
            server.stop()
            with capture_logs() as logs:
                async with life.matrix() as matrix:
                    hearing = asyncio.create_task(matrix.listen(life.receive))
                    await until(lambda: [one for one in logs if one["event"] == "login.failed"])
                    server.start()
                    await until(matrix.intake.ready.is_set)
                    await greeted(life, zarina)
                    await talk(life, matrix, zarina, "one")
                    server.stop()
                    await until(lambda: [one for one in logs if one["event"] == "sync.failed"])
                    with pytest.raises(NotSent):
                        await matrix.deliver(letter(matrix, zarina.user, "meanwhile"))
                    server.start()
                    await talk(life, matrix, zarina, "two")
                    await matrix.deliver(letter(matrix, zarina.user, "meanwhile"))
                    hearing.cancel()
                    await asyncio.gather(hearing, return_exceptions=True)
            await zarina.until(lambda: "meanwhile" in zarina.screen)
            assert zarina.unreadable == []


@pytest.mark.parametrize("how", ["logged out", "device deleted"])
async def test_a_lost_device_is_replaced_by_one_that_the_same_identity_has_signed(
    life: Life, crowd: Crowd, how: str
) -> None:
    zarina = await crowd.neighbour("zarina")
    async with life.lives() as matrix:
        await greeted(life, zarina)
        await talk(life, matrix, zarina, "one")
        before, identity = life.kept, await master_key(zarina, life.account.user)
        assert before is not None
        if how == "logged out":
            life.server.request("POST", "/_matrix/client/v3/logout", {}, before.token)
        else:
            path = f"/_synapse/admin/v2/users/{life.account.user}/devices/{before.device}"
            life.server.request("DELETE", path, token=life.server.admin())
        await until(lambda: life.kept != before)
        await until(matrix.intake.ready.is_set)
        zarina.rotates()  # as an app does when it learns of another device
        zarina._devices.clear()  # noqa: SLF001 - it learns of it
        await talk(life, matrix, zarina, "two")
    assert life.kept is not None
    assert life.kept.device != before.device
    assert life.kept.seeds == before.seeds
    assert set(await zarina.devices_of(life.account.user)) == {life.kept.device}
    assert await zarina.vouched_for(life.account.user) == {life.kept.device}
    assert await master_key(zarina, life.account.user) == identity, "no app warns that the bot is somebody else"
    assert zarina.unreadable == []


async def test_a_lost_store_costs_a_device_and_nothing_else(life: Life, crowd: Crowd) -> None:
    """As after a restore: the device of `kept` has no store."""
    zarina = await crowd.neighbour("zarina")
    async with life.lives() as matrix:
        await greeted(life, zarina)
        await talk(life, matrix, zarina, "one")
    before, identity = life.kept, await master_key(zarina, life.account.user)
    shutil.rmtree(life.directory)
    async with life.lives() as matrix:
        zarina.rotates()
        zarina._devices.clear()  # noqa: SLF001 - an app hears of another device
        await talk(life, matrix, zarina, "two")
    assert life.kept is not None
    assert before is not None
    assert (life.kept.device != before.device, life.kept.seeds) == (True, before.seeds)
    assert (
        await zarina.vouched_for(life.account.user)
        == {life.kept.device}
        == set(await zarina.devices_of(life.account.user))
    ), "the device that was lost is logged out"
    assert await master_key(zarina, life.account.user) == identity


async def test_lost_seeds_are_a_new_identity_and_the_log_says_so(life: Life, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with life.lives() as matrix:
        await greeted(life, zarina)
    identity = await master_key(zarina, life.account.user)
    life.forget()
    with capture_logs() as logs:
        async with life.lives() as matrix:
            zarina.rotates()
            zarina._devices.clear()  # noqa: SLF001 - an app hears of another device
            await talk(life, matrix, zarina, "two")
    assert "identity.reset" in [one["event"] for one in logs]
    assert await master_key(zarina, life.account.user) != identity
    assert life.kept is not None
    assert life.kept.device in await zarina.vouched_for(life.account.user)


async def test_a_password_that_is_refused_stops_the_bot_with_a_sentence(life: Life, crowd: Crowd) -> None:
    del crowd
    async with life.lives():
        assert life.kept is not None
    life.server.request("POST", "/_matrix/client/v3/logout", {}, life.kept.token)
    life.password = "changed by somebody"  # noqa: S105 - the test's own
    with capture_logs() as logs:
        async with life.lives() as matrix:
            await until(lambda: matrix.courier.closed)
            with pytest.raises(Closed):
                await matrix.deliver(letter(matrix, "@zarina:localhost", "too late"))
    assert isinstance(life.ended, IntakeStopped)
    assert "password in the settings" in str(life.ended)
    shown = str(life.ended) + str(logs)
    assert not any(secret in shown for secret in (life.password, life.account.user, life.kept.token))


async def test_a_store_under_another_key_stops_the_bot_with_a_sentence(life: Life) -> None:
    async with life.lives():
        pass
    life.key = b"x" * 32
    async with life.lives():
        pass
    assert isinstance(life.ended, IntakeStopped)
    assert "another key" in str(life.ended)


async def test_a_new_device_is_kept_before_anything_else_is_done(life: Life) -> None:
    life.unsaved = 2
    with capture_logs() as logs:
        async with life.lives() as matrix:
            assert matrix.intake.ready.is_set()
    events = [one["event"] for one in logs]
    assert events[:3] == ["device.unsaved", "device.unsaved", "account.entered"]
    assert life.kept is not None
    assert life.kept.token not in str(logs)


async def test_a_token_of_nobodys_is_no_reason_to_stay_outside(life: Life) -> None:
    async with life.lives():
        pass
    assert life.kept is not None
    life.kept = replace(life.kept, token="syt_of_an_older_backup")  # noqa: S106 - the test's own
    async with life.lives() as matrix:
        assert matrix.intake.ready.is_set()
    assert life.kept.token != "syt_of_an_older_backup"  # noqa: S105 - as above
