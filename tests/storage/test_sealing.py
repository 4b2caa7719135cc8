"""Whoever steals what is stored, or changes it, gets nothing out of it: no name, no length, no wrong value."""

from __future__ import annotations

import subprocess
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlcipher3 import dbapi2

from storage import crypto, keys, pouring, schema, sqlite
from storage.crypto import NONCE, SIZES, Keys, Tampered
from storage.database import Storage, Tx
from storage.keys import KeyFault
from storage.postgres import Postgres
from storage.sqlite import open_file
from tests.storage.servers import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.storage.servers import Server

NAME, PLACE = "Canary Canarova", "person.name"
KEYS = Keys(ROOT)
OVERHEAD = 1 + NONCE + 16  # version, nonce, tag
person = schema.person


def add(tx: Tx, name: str = NAME, zone: str = "Asia/Dushanbe") -> int:
    """A person; their id."""
    made = person.insert().values(name=name, zone=zone, met_on=1).returning(person.c.id)
    who = int(tx.execute(made).scalar_one())
    tx.execute(schema.address.insert().values(person_id=who, platform="t", bot="b", account=name, reach=name))
    return who


def stored(tx: Tx, column: sa.Column[Any]) -> list[bytes]:
    """What stands in a column, as it is stored."""
    table = pouring.plain(column.table)
    return [bytes(value) for value in tx.connection.scalars(sa.select(table.c[column.name]))]


# -- one value --------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=9000))
def test_what_is_sealed_opens_as_it_was(plain: bytes) -> None:
    assert KEYS.open(b"a.b", KEYS.seal(b"a.b", plain)) == plain


@given(st.binary(max_size=300), st.integers(min_value=0))
def test_one_changed_bit_anywhere_is_refused(plain: bytes, where: int) -> None:
    sealed = bytearray(KEYS.seal(b"a.b", plain))
    sealed[where // 8 % len(sealed)] ^= 1 << where % 8
    with pytest.raises(Tampered):
        KEYS.open(b"a.b", bytes(sealed))


@given(st.binary(max_size=300), st.integers(min_value=1, max_value=400))
def test_what_was_cut_or_lengthened_is_refused(plain: bytes, number: int) -> None:
    sealed = KEYS.seal(b"a.b", plain)
    for wrong in (sealed[:-number], sealed[number:], sealed + bytes(number)):
        with pytest.raises(Tampered):
            KEYS.open(b"a.b", wrong)


def test_another_column_and_another_community_are_refused() -> None:
    sealed = KEYS.seal(b"person.name", b"x")
    for other in (partial(KEYS.open, b"person.zone"), partial(Keys(bytes(32)).open, b"person.name")):
        with pytest.raises(Tampered):
            other(sealed)


@given(st.integers(min_value=0, max_value=12000))
def test_a_sealed_value_tells_only_which_of_a_few_sizes_it_has(length: int) -> None:
    size = len(KEYS.seal(b"a.b", bytes(length))) - OVERHEAD
    assert size in SIZES or size % SIZES[-1] == 0
    assert size >= length + 4


def test_names_of_any_usual_length_look_alike() -> None:
    assert len({len(KEYS.seal(b"a.b", ("я" * letters).encode())) for letters in range(1, 23)}) == 1


def test_the_same_value_is_never_sealed_the_same_way_twice() -> None:
    assert len({KEYS.seal(b"a.b", b"same") for _ in range(100)}) == len(range(100))


def test_a_blind_index_meets_its_equal_and_only_in_its_own_place() -> None:
    assert KEYS.blind("address.account", "42") == KEYS.blind("address.account", "42")
    others = {
        KEYS.blind("address.account", "42"),
        KEYS.blind("address.account", "43"),
        KEYS.blind("invite.code", "42"),
        Keys(bytes(32)).blind("address.account", "42"),
    }
    assert len(others) == 4  # noqa: PLR2004 - all of them differ


def test_each_purpose_has_a_key_of_its_own_and_none_shows_in_a_repr() -> None:
    derived = {KEYS.derive(purpose) for purpose in ("file", "seal", "blind/a", "blind/b")}
    assert len(derived | {ROOT}) == 5  # noqa: PLR2004
    assert ROOT.hex() not in repr(KEYS)


TOGETHER = {"duress.free": "duress.phrase", "duress.forced": "duress.phrase"}  # compared with each other


def test_every_sealed_column_is_bound_to_its_own_place() -> None:
    for table in schema.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, crypto.Sealed):
                assert column.type.place == f"{table.name}.{column.name}"
            if isinstance(column.type, crypto.Blind):
                name = f"{table.name}.{column.name}"
                assert column.type.context == TOGETHER.get(name, name)


# -- in the store -----------------------------------------------------------------------------------------------------


async def test_a_value_comes_back_to_who_has_the_key(storage: Storage) -> None:
    await storage.write(add)
    query = sa.select(person.c.name, person.c.zone)
    assert await storage.read(lambda tx: tx.execute(query).one()) == (NAME, "Asia/Dushanbe")
    found = sa.select(schema.address.c.id).where(schema.address.c.account == NAME)
    assert await storage.read(lambda tx: len(tx.execute(found).all())) == 1


async def test_a_value_moved_to_another_column_is_refused(storage: Storage) -> None:
    await storage.write(add)
    plain = pouring.plain(person)
    await storage.write(lambda tx: tx.execute(plain.update().values(name=plain.c.zone)).rowcount)
    with pytest.raises(Tampered):
        await storage.read(lambda tx: tx.execute(sa.select(person.c.name)).all())


async def test_a_value_that_somebody_changed_is_refused(storage: Storage) -> None:
    await storage.write(add)
    (sealed,) = await storage.read(lambda tx: stored(tx, person.c.name))
    changed = sealed[:-1] + bytes((sealed[-1] ^ 1,))
    await storage.write(lambda tx: tx.execute(pouring.plain(person).update().values(name=changed)).rowcount)
    with pytest.raises(Tampered):
        await storage.read(lambda tx: tx.execute(sa.select(person.c.name)).all())


def shapes_of(word: str) -> tuple[bytes, ...]:
    """How a word may stand in a file."""
    return word.encode(), word.encode("utf-16-le"), word.encode().hex().encode()


async def test_no_name_can_be_read_in_the_stolen_files(
    storage: Storage, store_path: Path, server: Server | None
) -> None:
    await storage.write(add)
    if isinstance(storage, Postgres):
        assert server is not None
        name = str(storage._engine.url.database)  # noqa: SLF001
        content = subprocess.run(  # noqa: ASYNC221
            [server.programs / "pg_dump", "-h", server.directory, "-U", "payvand", name],
            check=True,
            capture_output=True,
        ).stdout
    else:
        content = b"".join(path.read_bytes() for path in store_path.parent.glob("payvand.db*"))
    assert len(content) > 1000  # noqa: PLR2004
    for word in (*shapes_of(NAME), *shapes_of("Asia/Dushanbe")):
        assert word not in content


async def test_control_in_a_plain_file_the_name_stands_for_everybody(tmp_path: Path) -> None:
    plain = dbapi2.connect(str(tmp_path / "plain.db"), isolation_level=None)
    plain.execute("CREATE TABLE person (name TEXT)")
    plain.execute("INSERT INTO person VALUES (?)", (NAME,))
    plain.close()
    assert NAME.encode() in (tmp_path / "plain.db").read_bytes()


# -- erased -----------------------------------------------------------------------------------------------------------


def unlocked(path: Path, _keys: Keys, *, query_only: bool = False, secure: str = "ON") -> Any:  # noqa: ANN401
    """A connection like ours, but to a file that is not encrypted: so a test can look for bytes in it."""
    connection = dbapi2.connect(str(path), isolation_level=None, check_same_thread=False)
    for pragma in (*sqlite.PRAGMAS, f"PRAGMA secure_delete = {secure}", f"PRAGMA query_only = {int(query_only)}"):
        connection.execute(pragma)
    return connection


async def erased(tmp_path: Path, *, checkpoint: bool) -> bool:
    """Write somebody, delete them; whether their sealed name is gone from every file."""
    storage = await open_file(tmp_path / "payvand.db", KEYS)
    who = await storage.write(add)
    (sealed,) = await storage.read(lambda tx: stored(tx, person.c.name))
    await storage.checkpoint()

    def there() -> bool:
        return any(sealed in path.read_bytes() for path in tmp_path.glob("payvand.db*"))

    assert there()
    await storage.write(lambda tx: tx.execute(person.delete().where(person.c.id == who)).rowcount)
    if checkpoint:
        await storage.checkpoint()
    gone = not there()
    await storage.close()
    return gone


async def test_after_a_checkpoint_nothing_of_an_erased_person_is_left_even_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "connect", unlocked)
    assert await erased(tmp_path, checkpoint=True)


async def test_control_without_the_checkpoint_it_is_still_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "connect", unlocked)
    assert not await erased(tmp_path, checkpoint=False)


async def test_control_without_secure_delete_it_is_still_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "connect", partial(unlocked, secure="OFF"))
    assert not await erased(tmp_path, checkpoint=True)


# -- the root key -----------------------------------------------------------------------------------------------------


def test_a_key_is_private_from_its_first_byte_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "payvand.key"
    keys.write(path, ROOT)
    assert path.stat().st_mode & 0o777 == 0o600  # noqa: PLR2004
    assert keys.read(path) == ROOT
    with pytest.raises(KeyFault, match="exists already"):
        keys.write(path, keys.make())
    assert keys.read(path) == ROOT


def test_a_key_that_others_can_read_or_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "payvand.key"
    with pytest.raises(KeyFault, match="There is no key"):
        keys.read(path)
    keys.write(path, ROOT)
    path.chmod(0o640)
    with pytest.raises(KeyFault, match="chmod 600"):
        keys.read(path)
    path.chmod(0o600)
    for wrong in ("", "11" * 31, "zz" * 32, "ключ"):
        path.write_text(wrong)
        with pytest.raises(KeyFault, match="not a key"):
            keys.read(path)


def test_systemds_credential_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, other = tmp_path / "payvand.key", keys.make()
    keys.write(path, ROOT)
    (tmp_path / "given").mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "given"))
    assert keys.find(path) == path
    assert keys.read(path) == ROOT
    (tmp_path / "given" / "payvand.key").write_text(other.hex())
    assert keys.find(path) == tmp_path / "given" / "payvand.key"
    assert keys.read(path) == other
    assert keys.read_file(path) == ROOT


# -- engines that share what they have compiled ---------------------------------------------------------------------


async def test_engines_with_the_same_keys_compile_a_statement_once_and_with_others_never(tmp_path: Path) -> None:
    ours, theirs = Keys(ROOT), Keys(bytes(32))
    stores = [await open_file(tmp_path / f"{n}.db", keys) for n, keys in enumerate((ours, ours, theirs))]

    def read(tx: Tx) -> tuple[sa.Dialect, list[str]]:
        return tx.connection.dialect, list(tx.execute(sa.select(person.c.name)).scalars())

    for number, store in enumerate(stores):
        await store.write(partial(add, name=f"{NAME} {number}"))
    found = [await store.read(read) for store in stores]
    for store in stores:
        await store.close()
    assert [names for _, names in found] == [[f"{NAME} {number}"] for number in range(3)]
    assert found[0][0] is found[1][0]
    assert found[0][0] is not found[2][0]
    assert len(ours.dialects["sqlite"].payvand_compiled) > 0  # type: ignore[attr-defined]
    assert ours.dialects["sqlite"].payvand_compiled is not theirs.dialects["sqlite"].payvand_compiled  # type: ignore[attr-defined]
