"""Copies that this server can make and not open, and the drill that shows that they can be opened.

A backup is one age file (https://age-encryption.org/v1) for at least two people's offline keys. Inside is a tar with
everything needed to go on: the database (an SQLite file, whichever engine it came from, still under the community's
key), the key itself, and the settings. `age -d -i identity 2026-11-21.age | tar x` opens it without this program.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

import pyrage
import sqlalchemy as sa
from sqlalchemy.pool import StaticPool
from sqlcipher3 import dbapi2

from storage import crypto, keys, migrations, postgres, schema, sqlite
from storage.database import Unusable
from storage.disk import sync_directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DATABASE = "payvand.db"
KEY = "payvand.key"
MANIFEST = "manifest.json"
FORMAT = 1
ENDS = ".age"
PEOPLE = 2  # at least: one key is lost with one person
KEEP_DAYS = 14
SAMPLE = 100  # sealed values that a drill opens in each column
CHUNK = 1 << 20  # bytes
MAKING, RESTORING = ".making-", ".restoring-"

_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})(-\d+)?\.age")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_BEFORE = "*.before-*"  # copies made before a migration, see storage.migrations


class BackupFault(Exception):  # noqa: N818 - an operator reads the sentence, not the class
    """A backup can't be made or opened. The message says what to do; it never holds a key."""


class Source(Protocol):
    """Whatever can copy itself to a new file: an open Storage, or `beside` one."""

    async def copy_to(self, target: Path) -> None:
        """Write the database, as it stands now, to the new SQLite file `target`, under its own key."""


@dataclass(frozen=True, slots=True)
class _Beside:
    copy: Callable[[Path], Awaitable[None]]

    async def copy_to(self, target: Path) -> None:
        await self.copy(target)


def beside(place: Path | str, root: crypto.Keys) -> Source:
    """The database at a path or a server's address, copied beside the process that uses it, which goes on."""
    if isinstance(place, Path):
        return _Beside(lambda target: asyncio.to_thread(sqlite.copy, place, root, target))
    return _Beside(lambda target: postgres.copy(place, root, target))


# -- making ------------------------------------------------------------------------------------------------------------


async def backup(
    source: Source,
    directory: Path,
    recipients: Sequence[str],
    files: Mapping[str, Path],
    *,
    now: datetime | None = None,
) -> Path:
    """Make a backup in `directory` and return its path, ``2026-11-21.age``: nothing in its name but the day.

    `recipients` are age public keys. `files` are put beside the database under their plain names; one of them is
    ``payvand.key``. Raises BackupFault, or what `source` raises; then nothing is left behind.
    """
    to = _recipients(recipients)
    for name, path in files.items():
        if not _PLAIN_NAME.fullmatch(name) or name in (DATABASE, MANIFEST):
            raise BackupFault(f"{name!r} can't be a name inside a backup: plain letters, digits, dots and dashes only.")
        if not path.is_file():
            raise BackupFault(f"There is no {path}, and without it a backup can't be used. See the settings.")
    if KEY not in files:
        raise BackupFault(f"A backup without {KEY} opens nothing. Name the key file.")
    day = (now or datetime.now(UTC)).date()
    making = _room(directory)
    try:
        await source.copy_to(making / DATABASE)
        (making / MANIFEST).write_text(json.dumps({"format": FORMAT, "schema": schema.HEAD, "day": day.isoformat()}))
        inside = {MANIFEST: making / MANIFEST, DATABASE: making / DATABASE, **files}
        return await asyncio.to_thread(_seal, inside, making / "sealed", directory, day, to)
    except OSError as error:
        raise BackupFault(f"The backup could not be written: {error.strerror}. Make room at {directory}.") from None
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _room(directory: Path) -> Path:
    """A private directory beside the backups, on the same file system."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=MAKING, dir=directory))
    except OSError as error:
        raise BackupFault(f"Nothing can be written to {directory}: {error.strerror}.") from None


def _recipients(wanted: Sequence[str]) -> list[pyrage.x25519.Recipient]:
    found = []
    for word in dict.fromkeys(word.strip() for word in wanted):
        try:
            found.append(pyrage.x25519.Recipient.from_str(word))
        except pyrage.RecipientError:
            shown = f"{word[:12]}…" if word.startswith("age1") else "One of them"  # perhaps a secret key by mistake
            raise BackupFault(f"{shown} is not an age public key (age1…). Copy it again from `age-keygen`.") from None
    if len(found) < PEOPLE:
        raise BackupFault(
            f"A backup is sealed to at least {PEOPLE} different people's age keys, and {len(found)} stand in the "
            "settings. Each runs `age-keygen` on a computer of their own and sends you the age1… line."
        )
    return found


def _seal(inside: Mapping[str, Path], draft: Path, directory: Path, day: date, to: list[Any]) -> Path:
    """Write the tar into the age file as it is made: the key never stands on the disk a second time."""
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        pyrage.encrypt_io(_Reader(_tar(inside)), file, to)
        file.flush()
        os.fsync(file.fileno())
    number = 1
    while True:
        path = directory / (f"{day}{ENDS}" if number == 1 else f"{day}-{number}{ENDS}")
        try:
            path.hardlink_to(draft)  # unlike a rename, never over another one
        except FileExistsError:
            number += 1
            continue
        draft.unlink()
        sync_directory(directory)
        return path


def _tar(inside: Mapping[str, Path]) -> Iterator[bytes]:
    """A POSIX tar of some files, piece by piece, with nothing about who made it or when."""
    for name, path in inside.items():
        with path.open("rb") as file:
            info = tarfile.TarInfo(name)
            info.mode = 0o600
            info.size = left = os.fstat(file.fileno()).st_size
            yield info.tobuf(tarfile.USTAR_FORMAT)
            while left:
                piece = file.read(min(CHUNK, left))
                if not piece:
                    raise OSError(errno.EIO, f"{name} became shorter while it was read")
                left -= len(piece)
                yield piece
            yield bytes(-info.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


class _Reader:
    """Pieces as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = memoryview(piece)
        taken = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(taken) :]
        return bytes(taken)


# -- growing old -------------------------------------------------------------------------------------------------------


def expire(directory: Path, now: datetime, *, keep_days: int = KEEP_DAYS) -> list[Path]:
    """Delete the copies in `directory` that would be older than `keep_days` at the next daily run; which.

    Copies are backups, and what stands beside a database: those made before a migration, and what a killed backup
    left. So what a person had erased is in no copy on this server after `keep_days`.
    """
    before = now.astimezone(UTC).date() - timedelta(days=keep_days - 1)
    gone = []
    for path in sorted(directory.iterdir()) if directory.is_dir() else []:
        if dated := _DATED.fullmatch(path.name):
            old = date.fromisoformat(dated[1]) <= before
        elif path.match(_BEFORE) or path.name.startswith((MAKING, RESTORING)):
            old = datetime.fromtimestamp(path.lstat().st_mtime, UTC).date() <= before
        else:
            continue
        if old:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            gone.append(path)
    if gone:
        sync_directory(directory)
    return gone


# -- opening -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drill:
    """What a backup turned out to hold."""

    day: date
    schema: str
    counts: Mapping[str, int] = field(default_factory=dict)  # rows of each table
    opened: int = 0  # sealed values that were opened

    def __str__(self) -> str:
        rows = "\n".join(f"  {table:<16} {count:>9,}" for table, count in self.counts.items())
        older = (
            "" if self.schema == schema.HEAD else f" (older than this program's {schema.HEAD}: migrated at the start)"
        )
        return (
            f"Backup of {self.day}, schema {self.schema}{older}\n{rows}\n"
            f"The file is whole, every reference leads somewhere, {self.opened:,} sealed values opened with its key."
        )


def restore(file: Path, identity: Path, target: Path) -> Drill:
    """Unpack a backup into the new directory `target`, after a drill of what it holds.

    `identity` is an age identity file (``AGE-SECRET-KEY-1…``). Raises BackupFault, and then `target` does not exist.
    """
    if target.is_symlink() or (target.exists() and not (target.is_dir() and not any(target.iterdir()))):
        raise BackupFault(f"{target} exists already. Nothing is overwritten: name a new directory.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        room = Path(tempfile.mkdtemp(prefix=RESTORING, dir=target.parent))
        try:
            found = _open_into(file, identity, room)
            _let_rest(room / DATABASE, _keys(room / KEY))
            room.replace(target)
            sync_directory(target.parent)
        finally:
            shutil.rmtree(room, ignore_errors=True)
    except OSError as error:
        raise BackupFault(f"The backup could not be unpacked: {error.strerror}. Make room at {target}.") from None
    return found


def _let_rest(path: Path, root: crypto.Keys) -> None:
    """What was under way when the copy was made is over: no old letter, call or invitation may come to life again."""
    database = sqlite.connect(path, root)
    try:
        database.execute("BEGIN IMMEDIATE")
        database.execute("DELETE FROM letter WHERE ended_at IS NULL")
        database.execute("UPDATE alarm SET closed_at = opened_at, repeat_at = NULL WHERE closed_at IS NULL")
        for table in ("invite", "newcomer", "dialogue", "link", "comeback", "job"):
            database.execute(f"DELETE FROM {table}")  # noqa: S608 - the names stand here
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        database.close()


def drill(file: Path, identity: Path) -> Drill:
    """Open a backup somewhere private, look whether it could be used, and leave nothing of it. Raises BackupFault."""
    with tempfile.TemporaryDirectory(prefix="payvand-drill-") as room:
        return _open_into(file, identity, Path(room))


def _open_into(file: Path, identity: Path, room: Path) -> Drill:
    packed = room / ".tar"
    with os.fdopen(os.open(packed, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w+b") as tar:
        _decrypt(file, _identities(identity), tar)
        tar.seek(0)
        _unpack(tar, room)
    packed.unlink()
    manifest = _manifest(room / MANIFEST)
    for name in (DATABASE, KEY):
        if not (room / name).is_file():
            raise BackupFault(f"There is no {name} in {file}: it is not a backup of this program.")
    found = _examine(room / DATABASE, _keys(room / KEY), manifest)
    for path in room.iterdir():
        with path.open("rb") as kept:
            os.fsync(kept.fileno())
    return found


def _identities(path: Path) -> list[pyrage.x25519.Identity]:
    try:
        lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except OSError as error:
        raise BackupFault(f"{path} can't be read: {error.strerror}.") from None
    except (UnicodeDecodeError, pyrage.IdentityError):
        found = []
    if not found:
        raise BackupFault(
            f"{path} holds no age identity (a line AGE-SECRET-KEY-1…). If it is locked with a passphrase, "
            "unlock it first: age -d."
        )
    return found


def _decrypt(file: Path, identities: list[Any], to: IO[bytes]) -> None:
    try:
        with file.open("rb") as sealed:
            pyrage.decrypt_io(sealed, to, identities)
    except OSError as error:
        raise BackupFault(f"{file} can't be opened: {error.strerror or 'it is cut off or changed'}.") from None
    except pyrage.DecryptError as error:
        why = "is not sealed to this identity" if "matching keys" in str(error) else "is cut off or changed"
        raise BackupFault(f"{file} {why}. Try another identity, or another copy.") from None


def _unpack(tar: IO[bytes], room: Path) -> None:
    """Only plain files with plain names, each once: whoever sealed the file, it can write nowhere else."""
    try:
        with tarfile.open(fileobj=tar, mode="r:") as members:
            for member in members:
                content = members.extractfile(member) if member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) else None
                if content is None or not _PLAIN_NAME.fullmatch(member.name) or (room / member.name).exists():
                    raise BackupFault("This file holds something that no backup holds. Do not trust it.")
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                with os.fdopen(os.open(room / member.name, flags, 0o600), "wb") as file:
                    shutil.copyfileobj(content, file, CHUNK)
    except tarfile.TarError:
        raise BackupFault("This is an age file, but not a backup of this program.") from None


def _manifest(path: Path) -> Mapping[str, Any]:
    try:
        manifest = json.loads(path.read_bytes())
        date.fromisoformat(manifest["day"])
        known = manifest["format"] <= FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        raise BackupFault("This is an age file, but not a backup of this program.") from None
    if not known:
        raise BackupFault("This backup was made by a newer program. Install that version, then try again.")
    result: Mapping[str, Any] = manifest
    return result


def _keys(path: Path) -> crypto.Keys:
    try:
        return crypto.Keys(keys.read_file(path))
    except keys.KeyFault as fault:
        raise BackupFault(f"The key in the backup is of no use: {fault}") from None


def _examine(path: Path, root: crypto.Keys, manifest: Mapping[str, Any]) -> Drill:
    """Look at every page, every reference, every table, and some sealed values of every column."""
    try:
        raw = sqlite.connect(path, root)
    except Unusable as error:
        raise BackupFault(f"The database in the backup does not open with its key: {error}") from None
    try:
        wrong = [row[0] for row in raw.execute("PRAGMA integrity_check") if row[0] != "ok"]
        wrong += [f"{row[0]} has rows that belong to nobody" for row in raw.execute("PRAGMA foreign_key_check")]
        if wrong:
            raise BackupFault(f"The database in the backup is damaged: {wrong[0]}. Try another copy.")
        found = raw.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        if found > schema.HEAD:
            raise BackupFault(migrations.NEWER.format(found=found, head=schema.HEAD))
        engine = sa.create_engine("sqlite://", module=dbapi2, creator=lambda: raw, poolclass=StaticPool)
        crypto.attach(engine.dialect, root)
        with engine.connect() as connection:
            counts = {name: _count(connection, name) for name in sorted(sa.inspect(connection).get_table_names())}
            counts.pop("alembic_version", None)
            opened = sum(_opened(connection, column) for column in _sealed(connection))
    except crypto.Tampered:
        raise BackupFault("A sealed value in the backup does not open with its key. Try another copy.") from None
    except (dbapi2.DatabaseError, sa.exc.DBAPIError):
        raise BackupFault("The database in the backup is damaged. Try another copy.") from None
    finally:
        raw.close()
    return Drill(date.fromisoformat(manifest["day"]), str(found), counts, opened)


def _count(connection: sa.Connection, name: str) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0


def _sealed(connection: sa.Connection) -> Iterator[sa.Column[Any]]:
    """The sealed columns that both this program and the (perhaps older) backup know."""
    inspector = sa.inspect(connection)
    for table in schema.metadata.sorted_tables:
        there = (
            {column["name"] for column in inspector.get_columns(table.name)} if inspector.has_table(table.name) else ()
        )
        yield from (c for c in table.columns if isinstance(c.type, crypto.Sealed) and c.name in there)


def _opened(connection: sa.Connection, column: sa.Column[Any]) -> int:
    query = sa.select(column).where(column.is_not(None)).order_by(sa.func.random()).limit(SAMPLE)
    return len(connection.execute(query).all())
