"""What was kept can be had again: by two people, from one file, somewhere else, and by nobody besides."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyrage
import pytest
import sqlalchemy as sa

from storage import keys, pouring, schema, sqlite
from storage.backup import BackupFault, Drill, Source, backup, beside, drill, expire, restore
from storage.crypto import Keys
from storage.database import Full, Storage, Tx, Unusable
from storage.postgres import Postgres, open_server
from storage.sqlite import SQLite, open_file
from tests.storage import rows
from tests.storage.servers import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.storage.servers import Server

NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
PRIVATE_FILE, PRIVATE_DIRECTORY = 0o600, 0o700
SETTINGS = 'title = "canary"\n'


class Person:
    """Somebody who keeps an age key on a computer of their own."""

    def __init__(self, home: Path, name: str) -> None:
        identity = pyrage.x25519.Identity.generate()
        self.public = str(identity.to_public())
        self.secret = str(identity)
        self.file = home / f"{name}.txt"
        self.file.write_text(f"# created: today\n# public key: {self.public}\n{identity}\n")


@dataclass(slots=True)
class Home:
    """Where a community keeps its things, and the people it trusts with its backups."""

    directory: Path
    files: dict[str, Path]
    organiser: Person
    deputy: Person

    async def back_up(
        self, source: Source, to: Sequence[str] | None = None, more: Mapping[str, Path] | None = None
    ) -> Path:
        """Make a backup as the settings say, or to somebody else, or with more files."""
        people = [self.organiser.public, self.deputy.public] if to is None else to
        return await backup(source, self.directory, people, {**self.files, **(more or {})}, now=NOW)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """The key and the settings, as `payvand init` leaves them."""
    key, settings = tmp_path / "payvand.key", tmp_path / "payvand.toml"
    keys.write(key, ROOT)
    settings.write_text(SETTINGS)
    files = {"payvand.key": key, "payvand.toml": settings}
    return Home(tmp_path / "backups", files, Person(tmp_path, "organiser"), Person(tmp_path, "deputy"))


@pytest.fixture
def organiser(home: Home) -> Person:
    """Who opens it."""
    return home.organiser


@pytest.fixture
async def made(source: Source, home: Home) -> Path:
    """A backup of a store with rows in every table."""
    return await home.back_up(source)


@pytest.fixture
async def source(storage: Storage, keys: Keys) -> Source:
    """A store with rows in every table."""
    await storage.write(partial(fill, keys=keys))
    assert isinstance(storage, SQLite | Postgres)
    return storage


def fill(tx: Tx, keys: Keys) -> None:
    """Rows in every table."""
    rows.fill(tx.connection, keys)


# -- there and back ---------------------------------------------------------------------------------------------------


async def test_a_backup_holds_everything_needed_to_go_on(made: Path, organiser: Person, tmp_path: Path) -> None:
    new = tmp_path / "new" / "home"
    found = restore(made, organiser.file, new)
    assert {name: count for name, count in found.counts.items() if name != "fact"} == dict.fromkeys(
        {table.name for table in schema.metadata.sorted_tables} - {"fact"}, rows.COPIES
    )
    assert found.opened > rows.COPIES
    assert found.day == NOW.date()
    assert {path.name for path in new.iterdir()} == {"payvand.db", "payvand.key", "payvand.toml", "manifest.json"}
    assert stat.S_IMODE(new.stat().st_mode) == PRIVATE_DIRECTORY
    assert {stat.S_IMODE(path.stat().st_mode) for path in new.iterdir()} == {PRIVATE_FILE}
    assert (new / "payvand.toml").read_text() == SETTINGS
    storage = await open_file(new / "payvand.db", Keys(keys.read(new / "payvand.key")))
    await storage.write(lambda tx: tx.execute(schema.fact.insert().values(name="after", value="")).rowcount)
    assert await storage.read(lambda tx: rows.opened(tx.connection)) > 0
    await storage.close()


async def test_each_of_the_two_can_open_it_and_nobody_else(made: Path, home: Home, tmp_path: Path) -> None:
    assert drill(made, home.organiser.file) == drill(made, home.deputy.file)
    with pytest.raises(BackupFault, match="not sealed to this identity"):
        drill(made, Person(tmp_path, "stranger").file)


async def test_a_backup_tells_an_operator_what_it_holds(made: Path, organiser: Person) -> None:
    said = str(drill(made, organiser.file))
    assert "Backup of 2026-11-21" in said
    assert f"membership               {rows.COPIES}" in said


async def test_its_name_holds_the_day_and_no_more_and_none_is_overwritten(
    made: Path, source: Source, home: Home
) -> None:
    again = await home.back_up(source)
    assert [made.name, again.name] == ["2026-11-21.age", "2026-11-21-2.age"]
    assert sorted(path.name for path in made.parent.iterdir()) == ["2026-11-21-2.age", "2026-11-21.age"]
    assert stat.S_IMODE(made.stat().st_mode) == PRIVATE_FILE
    assert made.stat().st_nlink == 1


async def test_nothing_in_it_can_be_read_without_an_identity(made: Path) -> None:
    content = made.read_bytes()
    for word in (b"payvand", b"canary", b"ustar", b"SQLite", ROOT, ROOT.hex().encode()):
        assert word not in content


async def test_control_what_is_sealed_would_show_all_of_that(made: Path, organiser: Person) -> None:
    content = pyrage.decrypt(made.read_bytes(), [pyrage.x25519.Identity.from_str(organiser.secret)])
    for word in (b"payvand", b"canary", b"ustar", ROOT.hex().encode()):
        assert word in content


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_debians_age_opens_what_we_seal_and_we_open_what_it_seals(made: Path, home: Home, tmp_path: Path) -> None:
    if not shutil.which("age"):
        pytest.skip("age is not installed (apt-get install age): that it opens our backups was not tested")
    tar = subprocess.run(["age", "-d", "-i", str(home.deputy.file), str(made)], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(tar)) as inside:
        assert inside.getnames() == ["manifest.json", "payvand.db", "payvand.key", "payvand.toml"]
        assert {(member.uid, member.uname, member.mtime, member.mode) for member in inside} == {
            (0, "", 0, PRIVATE_FILE)
        }
    other = tmp_path / "other.age"
    subprocess.run(["age", "-r", home.organiser.public, "-o", str(other)], check=True, input=tar)
    assert drill(other, home.organiser.file) == drill(made, home.organiser.file)


# -- making -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_fewer_than_two_people_are_refused(source: Source, home: Home) -> None:
    one = home.organiser.public
    for who in ([], [one], [one, f" {one} "]):
        with pytest.raises(BackupFault, match="at least 2 different people"):
            await home.back_up(source, who)
    assert not home.directory.exists()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_recipient_that_is_none_is_refused_and_a_secret_one_is_not_repeated(source: Source, home: Home) -> None:
    for wrong in ("age1", home.organiser.public[:-1], home.deputy.secret, "ssh-ed25519 AAAA"):
        with pytest.raises(BackupFault, match="not an age public key") as caught:
            await home.back_up(source, [home.organiser.public, wrong])
        assert home.deputy.secret[:24] not in str(caught.value)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_backup_without_its_key_or_with_odd_names_is_refused(source: Source, home: Home) -> None:
    settings = home.files["payvand.toml"]
    for name in ("../out", "payvand.db", "manifest.json", ".hidden", ""):
        with pytest.raises(BackupFault, match="can't be a name"):
            await home.back_up(source, more={name: settings})
    with pytest.raises(BackupFault, match="There is no"):
        await home.back_up(source, more={"more": home.directory / "missing"})
    del home.files["payvand.key"]
    with pytest.raises(BackupFault, match=r"without payvand\.key"):
        await home.back_up(source)


async def test_a_backup_that_fails_leaves_nothing_behind(home: Home) -> None:
    class Failing:
        async def copy_to(self, target: Path) -> None:
            target.write_bytes(b"half")
            raise Full

    with pytest.raises(Full):
        await home.back_up(Failing())
    assert list(home.directory.iterdir()) == []
    home.directory.rmdir()
    home.directory.write_text("no directory")
    with pytest.raises(BackupFault, match="Nothing can be written"):
        await home.back_up(Failing())


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_while_a_backup_is_made_the_key_never_stands_on_the_disk_beside_it(
    source: Source, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    original = pyrage.encrypt_io

    def spy(reader: object, writer: object, to: object) -> None:
        original(reader, writer, to)
        (making,) = home.directory.iterdir()
        seen.extend(path.read_bytes() for path in making.iterdir())

    monkeypatch.setattr(pyrage, "encrypt_io", spy)
    await home.back_up(source)
    assert len(seen) > 1
    assert not any(ROOT.hex().encode() in content for content in seen)


async def test_a_backup_is_made_beside_the_process_that_writes(
    source: Source, home: Home, keys: Keys, store_path: Path
) -> None:
    place: Path | str = store_path
    if isinstance(source, Postgres):
        place = source._engine.url.render_as_string(hide_password=False)  # noqa: SLF001
    path = await home.back_up(beside(place, keys))
    assert drill(path, home.organiser.file).counts["person"] == rows.COPIES


# -- opening ----------------------------------------------------------------------------------------------------------


def sealed(path: Path, to: Person, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    """An age file that somebody else made."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as inside:
        for member, content in members:
            member.size = len(content)
            inside.addfile(member, io.BytesIO(content))
    path.write_bytes(pyrage.encrypt(tar.getvalue(), [pyrage.x25519.Recipient.from_str(to.public)]))
    return path


def opened(path: Path, by: Person) -> list[tuple[tarfile.TarInfo, bytes]]:
    """What is inside a backup."""
    tar = pyrage.decrypt(path.read_bytes(), [pyrage.x25519.Identity.from_str(by.secret)])
    with tarfile.open(fileobj=io.BytesIO(tar)) as inside:
        return [(member, (inside.extractfile(member) or io.BytesIO()).read()) for member in inside]


def odd(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    """A member that no backup of ours has."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


ODD = {
    "a way up": odd("../out"),
    "an absolute path": odd("/tmp/out"),  # noqa: S108 - refused
    "a symbolic link": odd("out", tarfile.SYMTYPE, "/etc/passwd"),
    "a hard link": odd("out", tarfile.LNKTYPE, "payvand.key"),
    "a directory": odd("out", tarfile.DIRTYPE),
    "a device": odd("out", tarfile.CHRTYPE),
    "a second file of the same name": odd("payvand.key"),
    "a hidden file": odd(".tar"),
}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("trick", ODD)
async def test_a_file_full_of_tricks_writes_nowhere(trick: str, made: Path, organiser: Person, tmp_path: Path) -> None:
    bad = sealed(tmp_path / "bad.age", organiser, [*opened(made, organiser), (ODD[trick], b"")])
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BackupFault, match="no backup holds"):
        restore(bad, organiser.file, tmp_path / "home")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_control_the_same_file_without_a_trick_is_restored(made: Path, organiser: Person, tmp_path: Path) -> None:
    good = sealed(tmp_path / "good.age", organiser, opened(made, organiser))
    assert restore(good, organiser.file, tmp_path / "home") == drill(made, organiser.file)


def changed(members: list[tuple[tarfile.TarInfo, bytes]], name: str, content: bytes | None) -> list[Any]:
    """The same members with another content of one, or without it."""
    kept = [(member, old) for member, old in members if member.name != name]
    return kept if content is None else [*kept, (tarfile.TarInfo(name), content)]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "wrong",
    [
        ("payvand.db", None, "no payvand.db"),
        ("payvand.key", None, "no payvand.key"),
        ("manifest.json", None, "not a backup of this program"),
        ("manifest.json", b"[]", "not a backup of this program"),
        ("manifest.json", json.dumps({"format": 99, "day": "2026-11-21"}).encode(), "newer program"),
        ("payvand.key", b"not a key", "of no use"),
        ("payvand.key", b"11" * 32, "does not open with its key"),
        ("payvand.db", b"", "damaged"),
        ("payvand.db", os.urandom(8192), "does not open with its key"),
    ],
)
async def test_a_backup_that_could_not_be_used_is_found_out_in_the_drill(
    wrong: tuple[str, bytes | None, str], made: Path, organiser: Person, tmp_path: Path
) -> None:
    name, content, why = wrong
    bad = sealed(tmp_path / "bad.age", organiser, changed(opened(made, organiser), name, content))
    with pytest.raises(BackupFault, match=why):
        drill(bad, organiser.file)
    with pytest.raises(BackupFault, match=why):
        restore(bad, organiser.file, tmp_path / "home")
    assert not (tmp_path / "home").exists()
    assert not list(tmp_path.glob(".restoring-*"))


HARM = {
    "belong to nobody": "PRAGMA foreign_keys = OFF; DELETE FROM person WHERE id = 1",
    "sealed value": "UPDATE person SET name = zone WHERE id = 2",
    "newer program": "UPDATE alembic_version SET version_num = '9999'",
}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("why", HARM)
async def test_a_backup_of_a_damaged_database_is_found_out(
    why: str, made: Path, organiser: Person, keys: Keys, tmp_path: Path
) -> None:
    members = opened(made, organiser)
    path = tmp_path / "harmed.db"
    path.write_bytes({member.name: content for member, content in members}["payvand.db"])
    raw = sqlite.connect(path, keys)
    raw.executescript(HARM[why])
    raw.close()
    bad = sealed(tmp_path / "bad.age", organiser, changed(members, "payvand.db", path.read_bytes()))
    with pytest.raises(BackupFault, match=why):
        drill(bad, organiser.file)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_file_that_was_cut_or_changed_is_refused(made: Path, organiser: Person, tmp_path: Path) -> None:
    content = made.read_bytes()
    middle = len(content) // 2
    for number, bad in enumerate(
        (content[:-1], content[:middle], content[:middle] + b"x" + content[middle + 1 :], b"")
    ):
        path = tmp_path / f"{number}.age"
        path.write_bytes(bad)
        with pytest.raises(BackupFault):
            restore(path, organiser.file, tmp_path / "home")
        assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_nothing_is_overwritten(made: Path, organiser: Person, tmp_path: Path) -> None:
    new = tmp_path / "home"
    new.mkdir()
    restore(made, organiser.file, new)  # an empty directory is nothing
    before = {path.name: path.read_bytes() for path in new.iterdir()}
    with pytest.raises(BackupFault, match="Nothing is overwritten"):
        restore(made, organiser.file, new)
    with pytest.raises(BackupFault, match="Nothing is overwritten"):
        restore(made, organiser.file, new / "payvand.toml")
    assert {path.name: path.read_bytes() for path in new.iterdir()} == before


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_an_identity_file_that_is_none_is_said(made: Path, home: Home, tmp_path: Path) -> None:
    for wrong in (tmp_path / "missing", made):
        with pytest.raises(BackupFault, match=r"can't be read|no age identity"):
            drill(made, wrong)
    deputy = home.deputy
    deputy.file.write_text(f"{deputy.secret[:-1]}\n")
    with pytest.raises(BackupFault, match="no age identity") as caught:
        drill(made, deputy.file)
    assert deputy.secret[:-1] not in str(caught.value)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_drill_uses_the_key_in_the_backup_and_leaves_nothing(
    made: Path, organiser: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials, rooms = tmp_path / "credentials", tmp_path / "rooms"
    credentials.mkdir()
    rooms.mkdir()
    (credentials / "payvand.key").write_text("22" * 32)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    monkeypatch.setattr(tempfile, "tempdir", str(rooms))
    assert isinstance(drill(made, organiser.file), Drill)
    assert list(rooms.iterdir()) == []


# -- growing old ------------------------------------------------------------------------------------------------------


def test_what_was_erased_is_in_no_copy_after_fourteen_days_of_nightly_runs(tmp_path: Path) -> None:
    ages: list[timedelta] = []
    made: dict[Path, datetime] = {}
    for night in range(60):
        now = NOW + timedelta(days=night, hours=night % 5)  # never at quite the same time
        ages += [now - made[path] for path in expire(tmp_path, now)]
        path = tmp_path / f"{now.date()}.age"
        path.write_bytes(b"")
        made[path] = now
    longest = max(ages)
    assert timedelta(days=12) < longest <= timedelta(days=14)
    assert len(list(tmp_path.iterdir())) <= 14  # noqa: PLR2004 - one for each night


def test_only_copies_are_deleted(tmp_path: Path) -> None:
    long_ago = (NOW - timedelta(days=400)).timestamp()
    kept = ("payvand.db", "payvand.db-wal", "2026-01-01.age.txt", "notes.age", "2025-01-01")
    old = ("2026-01-01.age", "2026-01-01-2.age", "payvand.db.before-0001")
    for name in (*kept, *old):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (long_ago, long_ago))
    left = tmp_path / ".making-x"
    left.mkdir()
    (left / "payvand.db").write_bytes(b"")
    os.utime(left, (long_ago, long_ago))
    (tmp_path / "payvand.db.before-0002").write_bytes(b"made just now")
    os.utime(tmp_path / "payvand.db.before-0002", (NOW.timestamp(), NOW.timestamp()))
    assert {path.name for path in expire(tmp_path, NOW)} == {*old, ".making-x"}
    assert {path.name for path in tmp_path.iterdir()} == {*kept, "payvand.db.before-0002"}


def test_fewer_days_may_be_kept_and_a_missing_directory_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "2026-11-20.age").write_bytes(b"")
    assert expire(tmp_path, NOW) == []
    assert len(expire(tmp_path, NOW, keep_days=2)) == 1
    assert expire(tmp_path / "missing", NOW) == []


# -- from one engine to the other -------------------------------------------------------------------------------------


def raw_rows(connection: sa.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Everything as it is stored, sealed values as bytes."""
    stored = [pouring.plain(table) for table in schema.metadata.sorted_tables]
    return {
        table.name: sorted(tuple(row) for row in connection.execute(sa.select(table).where(pouring.ours(table))))
        for table in stored
    }


async def test_a_community_moves_to_a_server_and_back_with_every_row_as_it_is_sealed(
    postgres: Server, keys: Keys, tmp_path: Path
) -> None:
    file = await open_file(tmp_path / "payvand.db", keys)
    await file.write(partial(fill, keys=keys))
    await file.write(lambda tx: tx.execute(schema.person.insert().values(id=90, met_on=1)).rowcount)
    await file.write(lambda tx: tx.execute(schema.person.delete().where(schema.person.c.id == 90)).rowcount)  # noqa: PLR2004
    before = await file.read(lambda tx: raw_rows(tx.connection))
    await file.copy_to(tmp_path / "moving.db")
    await file.close()

    server = await open_server(postgres.url(await postgres.database(keys)), keys)
    await server.write(partial(pouring.from_file, path=tmp_path / "moving.db", keys=keys))
    assert await server.read(lambda tx: raw_rows(tx.connection)) == before
    assert await server.read(lambda tx: rows.opened(tx.connection)) > 0
    new = schema.person.insert().values(met_on=1).returning(schema.person.c.id)
    assert await server.write(lambda tx: tx.execute(new).scalar()) == 91  # noqa: PLR2004 - never one that was used
    with pytest.raises(Unusable, match="something in this database already"):
        await server.write(partial(pouring.from_file, path=tmp_path / "moving.db", keys=keys))
    await server.copy_to(tmp_path / "back.db")
    await server.close()

    back = await open_file(tmp_path / "back.db", keys)
    assert await back.write(lambda tx: tx.execute(new).scalar()) == 92  # noqa: PLR2004
    after = await back.read(lambda tx: raw_rows(tx.connection))
    del after["person"], before["person"]
    assert after == before
    await back.close()
