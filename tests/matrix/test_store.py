"""The device's store: nothing in it can be read without its key, one process at a time, and what is old goes."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nio.crypto import Olm, OlmDevice, OutboundGroupSession
from nio.store import SqliteStore

from bot.platforms.matrix import store as stores
from bot.platforms.matrix.machine import Machine
from bot.platforms.matrix.shapes import Errand, Task
from bot.platforms.matrix.store import (
    HELD_FOR,
    OLM_SESSIONS_A_DEVICE,
    UNUSED_FOR,
    EncryptedStore,
    Held,
    InUse,
    Lock,
    StoreFailed,
    WrongKey,
)
from tests.matrix.crowd import Crowd
from tests.matrix.devices import Device, listen, meet

USER = "@payvand:example.org"
NOW = datetime(2026, 11, 22, 3, tzinfo=UTC).timestamp()
DAY = timedelta(days=1).total_seconds()


@pytest.fixture
def key() -> bytes:
    return os.urandom(32)


@pytest.fixture
def store(tmp_path: Path, key: bytes) -> EncryptedStore:
    return EncryptedStore(USER, "DEVICE", tmp_path, key)


def held(event: str, *, room: str = "!room", session: str = "session", at: float = NOW) -> Held:
    return Held(event, room, session, {"event_id": event}, int(at))


# -- secrets -----------------------------------------------------------------------------------------------------------


def everything(directory: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(directory.rglob("*")) if file.is_file())


async def test_no_token_id_or_name_can_be_found_in_the_files_and_the_control_shows_that_nio_writes_them(
    device: Device, crowd: Crowd, tmp_path: Path
) -> None:
    person = await crowd.neighbour("zarina")
    async with device.client() as bot:
        room = await meet(bot, person)
        await person.says("I am safe in Khorugh")
        await listen(bot)
        assert device.kept is not None
        open_files = everything(device.directory)  # with the log that is not folded in yet
    secrets = [person.user, person.device, bot.user, device.kept.device, room, "Khorugh", person.curve]
    secrets.append(device.kept.token)
    found = everything(device.directory)
    for secret in secrets:
        assert secret.encode() not in open_files + found
    assert device.kept.seeds not in open_files + found
    assert device.key not in open_files + found

    (tmp_path / "plain").mkdir()
    plain = SqliteStore(person.user, person.device, str(tmp_path / "plain"), "a passphrase")
    olm = Olm(person.user, person.device, plain)
    olm.store.save_device_keys({bot.user: {"NAME": OlmDevice(bot.user, "NAME", {"ed25519": "e"}, "Zarina's phone")}})
    control = everything(tmp_path / "plain")
    plain.database.close()
    for secret in (person.user, person.device, bot.user, "Zarina's phone"):
        assert secret.encode() in control


def test_the_files_are_for_nobody_else(store: EncryptedStore, tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    lock.take()
    names = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert set(names.values()) == {0o600}
    assert {"matrix.db", "matrix.db-wal", "matrix.lock"} <= set(names)
    lock.release()
    store.close()


def test_another_key_opens_nothing_and_the_operator_is_told_what_to_do(
    store: EncryptedStore, tmp_path: Path, key: bytes
) -> None:
    store.close()
    with pytest.raises(WrongKey, match=r"Put the right key back; or, if it is lost, remove matrix\.db"):
        EncryptedStore(USER, "DEVICE", tmp_path, os.urandom(32))
    EncryptedStore(USER, "DEVICE", tmp_path, key).close()  # and it did no harm
    with pytest.raises(ValueError, match="32 bytes"):
        EncryptedStore(USER, "DEVICE", tmp_path, b"a passphrase")


def test_a_damaged_file_says_the_same_and_can_be_removed_to_begin_anew(
    store: EncryptedStore, tmp_path: Path, key: bytes
) -> None:
    store.close()
    (tmp_path / "matrix.db").write_bytes(b"damaged" * 2000)
    with pytest.raises(WrongKey):
        EncryptedStore(USER, "DEVICE", tmp_path, key)
    assert stores.exists(tmp_path)
    stores.remove(tmp_path)
    assert not stores.exists(tmp_path)
    again = EncryptedStore(USER, "DEVICE", tmp_path, key)
    assert again.position() == ""
    again.close()


# -- one at a time -----------------------------------------------------------------------------------------------------


def test_two_processes_are_never_the_same_device(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    lock.take()
    program = (
        "import sys; from pathlib import Path; from bot.platforms.matrix.store import InUse, Lock\n"
        "try: Lock(Path(sys.argv[1])).take()\n"
        "except InUse as error: sys.exit(str(error))"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    root = Path(__file__).resolve().parents[2]
    other = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=root)
    assert other.returncode == 1
    assert "stop the other one" in other.stderr
    lock.release()
    control = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=root)
    assert control.returncode == 0
    lock.take()
    with pytest.raises(InUse):
        Lock(tmp_path).take()  # nor two in one process
    lock.release()


# -- what it remembers -------------------------------------------------------------------------------------------------


def test_the_place_in_the_news_and_the_errands_are_one_commit_and_survive(
    store: EncryptedStore, tmp_path: Path, key: bytes
) -> None:
    Machine(USER, "DEVICE", store, lambda: NOW)  # makes the account
    at = datetime.fromtimestamp(NOW, UTC)
    errand = Errand(Task.INVITE, "!room", "@zarina:example.org", at, direct=True)
    store.hold(held("$one"))
    store.settle("place", ["$one"], [errand, errand])
    store.close()
    again = EncryptedStore(USER, "DEVICE", tmp_path, key)
    assert again.position() == "place"
    assert again.errands() == [errand]
    assert again.count_held() == 0
    again.drop_errand(errand)
    assert again.errands() == []
    again.close()


def test_every_commit_is_on_the_disk_when_it_returns(store: EncryptedStore) -> None:
    pragma = {
        name: store.database.execute_sql(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
    }
    assert pragma == {"journal_mode": "wal", "synchronous": 2}
    assert store.database.execute_sql("PRAGMA secure_delete").fetchone()[0] == 1
    store.close()


def test_held_events_wait_for_their_key_for_14_days(store: EncryptedStore) -> None:
    store.hold(held("$old", at=NOW - HELD_FOR.total_seconds() - 1))
    store.hold(held("$later", at=NOW - 1))
    store.hold(held("$sooner", at=NOW - 2))
    store.hold(held("$other", session="another"))
    store.hold(held("$later", at=NOW - 1))  # it came twice
    assert store.count_held() == len(("$old", "$later", "$sooner", "$other"))
    store.prune(NOW)
    assert [one.event for one in store.held("!room", "session")] == ["$sooner", "$later"]
    assert store.waiting() == {("!room", "session"), ("!room", "another")}
    assert store.is_held("$sooner")
    assert not store.is_held("$old")
    store.close()


def test_a_stranger_who_sends_very_many_unreadable_events_pushes_out_only_their_own(
    store: EncryptedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_HELD_PER_ROOM", 5)
    store.hold(held("$of a friend", room="!friend", at=NOW - 100))
    for number in range(20):
        store.hold(held(f"${number}", room="!stranger", at=NOW + number))
    assert [one.event for one in store.held("!stranger", "session")] == [f"${number}" for number in range(15, 20)]
    assert store.is_held("$of a friend")
    store.close()


def test_room_keys_are_read_when_needed_and_go_after_90_days_without_use(store: EncryptedStore) -> None:
    clock = [NOW]
    machine = Machine(USER, "DEVICE", store, lambda: clock[0])
    kept, lost = give_key(machine, "!kept"), give_key(machine, "!lost")
    clock[0] += 60 * DAY
    with store.together():
        store.used(kept, clock[0])
    fresh = Machine(USER, "DEVICE", store, lambda: clock[0])
    assert list(fresh.inbound_group_store) == []  # nothing is loaded at the start
    assert fresh.has_key("!kept", kept)
    assert fresh.has_key("!lost", lost)
    assert not fresh.has_key("!kept", lost)
    clock[0] = NOW + UNUSED_FOR.total_seconds() + DAY
    store.prune(clock[0])
    later = Machine(USER, "DEVICE", store, lambda: clock[0])
    assert later.has_key("!kept", kept)
    assert not later.has_key("!lost", lost)
    store.close()


def give_key(machine: Machine, room: str) -> str:
    """Let a room key come as from somebody's device; its id."""
    session = OutboundGroupSession()
    machine.create_group_session("curve of somebody", "signing of somebody", room, session.id, session.session_key)
    return str(session.id)


def test_nobody_can_fill_the_store_with_sessions_of_one_device(store: EncryptedStore, key: bytes) -> None:
    machine = Machine(USER, "DEVICE", store, lambda: NOW)
    other = EncryptedStore("@other:example.org", "OTHER", Path(store.store_path) / "other", key)
    their = Machine("@other:example.org", "OTHER", other, lambda: NOW)
    curve = their.account.identity_keys["curve25519"]
    for _ in range(OLM_SESSIONS_A_DEVICE * 3):
        their.account.generate_one_time_keys(1)
        key = next(iter(their.account.one_time_keys["curve25519"].values()))
        their.account.mark_keys_as_published()
        machine.create_session(key, curve)
    rows = "SELECT count(*) FROM olmsessions"
    assert store.database.execute_sql(rows).fetchone()[0] == OLM_SESSIONS_A_DEVICE * 3
    newest = machine.session_store.get(curve).id
    store.prune(NOW)
    assert store.database.execute_sql(rows).fetchone()[0] == OLM_SESSIONS_A_DEVICE
    assert Machine(USER, "DEVICE", store, lambda: NOW).session_store.get(curve).id == newest
    other.close()
    store.close()


def test_a_disk_that_refuses_is_an_error_of_ours_that_says_nothing(store: EncryptedStore) -> None:
    Machine(USER, "DEVICE", store, lambda: NOW)
    store.settle("before", [], [])
    store.database.execute_sql("PRAGMA query_only = 1")
    with pytest.raises(StoreFailed, match="look at the disk"):
        store.settle("after", [], [])
    store.database.execute_sql("PRAGMA query_only = 0")
    assert store.position() == "before"
    store.close()
