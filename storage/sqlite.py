"""The default store: one encrypted SQLite file, one writer with group commit, a few readers."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

import aiosqlite
import sqlalchemy as sa
from sqlalchemy.pool import StaticPool
from sqlcipher3 import dbapi2

from storage import crypto
from storage.crypto import Keys
from storage.database import (
    Batch,
    Broken,
    Outcome,
    Storage,
    Unusable,
    Waiting,
    Work,
    fault_of,
    gather_outcomes,
    look,
    random_id,
)

T = TypeVar("T")

# 3.7.0 to 3.51.2 can lose committed pages: the WAL-reset race, https://sqlite.org/wal.html
SAFE_VERSION = (3, 51, 3)
READERS = 2

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 67108864",
)


STATEMENTS = 512  # that a connection keeps planned, some 9 KiB each; a round alone takes ninety
CACHE = 32768  # KiB that the writer may keep of the file: each page that it must read again is decrypted again


class _Hop(aiosqlite.Connection):
    """aiosqlite's connection and thread, with one hop for a whole function instead of one for each statement."""

    async def run(self, work: Callable[[], T]) -> T:
        result: T = await self._execute(work)  # type: ignore[no-untyped-call]
        return result

    def engine(self, keys: Keys, *, begin: str = "BEGIN IMMEDIATE") -> sa.Engine:
        engine = sa.create_engine(
            "sqlite://",
            module=dbapi2,
            creator=lambda: self._conn,
            poolclass=StaticPool,
            hide_parameters=True,
        )
        crypto.share(engine, keys)
        sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql(begin))
        return engine


def connect(path: Path, keys: Keys, *, query_only: bool = False) -> dbapi2.Connection:
    """A keyed DB-API connection with our PRAGMAs. Raises Unusable if the key does not fit or the file can't be read."""
    try:
        connection = dbapi2.connect(
            str(path), isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS
        )
    except dbapi2.Error:
        msg = f"{path} can't be opened. Its directory must exist, and this user must be allowed to write there."
        raise Unusable(msg) from None
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")  # it would write to stderr; our own sentence says more
        connection.execute(f"PRAGMA key = \"x'{keys.derive('file').hex()}'\"")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        for pragma in PRAGMAS:
            connection.execute(pragma)
        if query_only:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA wal_autocheckpoint = 0")  # only the writer checkpoints
        else:
            connection.execute(f"PRAGMA cache_size = -{CACHE}")
    except dbapi2.DatabaseError as error:
        connection.close()
        if getattr(error, "sqlite_errorname", "") == "SQLITE_NOTADB":
            msg = f"The key does not open {path}. Use the key this database was made with (see your backup)."
        else:
            msg = f"{path} can't be read: {error}. See the disk, then your backup."
        raise Unusable(msg) from None
    return connection


def copy(path: Path, keys: Keys, target: Path) -> None:
    """Copy the database at `path`, as it stands now, to the new private file `target`, beside whoever uses it.

    Raises a StorageFault, and then there is no `target`.
    """
    connection = connect(path, keys)
    try:
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # only the writer checkpoints
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        try:
            connection.execute("VACUUM INTO ?", (str(target),))
        except dbapi2.DatabaseError as error:
            target.unlink()
            raise fault_of(sa.exc.DBAPIError(None, None, error)) or Broken("VACUUM INTO") from None
    finally:
        connection.close()


def refuse_unsafe_library(
    version: tuple[int, ...] = dbapi2.sqlite_version_info,
) -> None:
    """Raises Unusable on an SQLite that can lose committed data."""
    if version < SAFE_VERSION:
        found, wanted = (".".join(map(str, v)) for v in (version, SAFE_VERSION))
        msg = f"SQLite {found} can lose committed data. Install sqlcipher3 with SQLite {wanted} or later."
        raise Unusable(msg)


def lock(path: Path) -> IO[bytes]:
    """Hold the file for this process. Raises Unusable if another one has it."""
    try:
        handle = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        msg = f"{path} can't be opened: {error.strerror}. Make its directory, and let this user write there."
        raise Unusable(msg) from None
    file = os.fdopen(handle, "r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        msg = f"Another process is using {path}. Stop it first (`systemctl stop payvand`, or see `ps`)."
        raise Unusable(msg) from None
    return file


class SQLite(Storage):
    """See `open_file`."""

    def __init__(
        self, path: Path, writer: _Hop, readers: list[_Hop], keys: Keys, held: IO[bytes], **options: Any
    ) -> None:
        super().__init__(**options)
        self._path = path
        self._keys = keys
        self._writer = writer
        self._held = held
        self._batch = Batch(writer.engine(keys).connect(), self._new_id)
        self._waiting = Waiting()
        self._woken = asyncio.Event()
        self._closing = False
        self._reading: asyncio.Queue[tuple[_Hop, sa.Connection]] = asyncio.Queue()
        for reader in readers:
            self._reading.put_nowait((reader, reader.engine(keys, begin="BEGIN").connect()))
        self._readers = len(readers)
        self._task = asyncio.create_task(self._drain(), name="storage-writer")

    async def write(self, work: Work[T], *, urgent: bool = False) -> T:
        if self._closing:
            msg = "the storage is closed"
            raise RuntimeError(msg)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.add(work, future, urgent=urgent)
        self._woken.set()
        return await future

    async def _drain(self) -> None:
        while not (self._closing and not self._waiting):
            await self._woken.wait()
            self._woken.clear()
            while self._waiting:
                taken = self._waiting.take()
                works = [work for work, _ in taken]
                outcomes, posted = await self._writer.run(partial(self._batch.run, works))
                await gather_outcomes([future for _, future in taken], outcomes)
                if posted:
                    self._tell_watchers()

    async def read(self, work: Work[T]) -> T:
        if self._closing:
            msg = "the storage is closed"
            raise RuntimeError(msg)
        hop, connection = await self._reading.get()

        def give_back(_: asyncio.Task[Outcome]) -> None:
            self._reading.put_nowait((hop, connection))

        task = asyncio.ensure_future(hop.run(partial(look, connection, self._new_id, work)))
        # given back when the thread is done with it, also if the caller is cancelled meanwhile
        task.add_done_callback(give_back)
        value: T = (await asyncio.shield(task)).result()
        return value

    async def checkpoint(self) -> None:
        """Write the log into the file and empty it: what was erased is then in neither. Raises a StorageFault."""
        await self._writer.run(self._checkpoint)

    def _checkpoint(self) -> None:
        try:
            self._writer._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # noqa: SLF001
        except dbapi2.DatabaseError as error:
            raise fault_of(sa.exc.DBAPIError(None, None, error)) or Broken("checkpoint") from None

    async def copy_to(self, target: Path) -> None:
        """A compact copy of the file under the same key, without deleted rows, made beside readers and writers."""
        await asyncio.to_thread(copy, self._path, self._keys, target)

    async def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._woken.set()
        await self._task
        for _ in range(self._readers):  # whoever still reads finishes first
            hop, connection = await self._reading.get()
            await hop.run(connection.close)
            await hop.close()
        await self._writer.run(self._batch.close)
        await self._writer.close()
        self._held.close()


async def _hop(path: Path, keys: Keys, *, query_only: bool = False) -> _Hop:
    hop = _Hop(partial(connect, path, keys, query_only=query_only), 64)
    try:
        await hop
    except BaseException:
        # Its thread was told to stop and nobody waited: it would speak to a loop that is closed by then.
        await asyncio.to_thread(hop._thread.join)  # noqa: SLF001
        raise
    return hop


async def open_file(path: Path, keys: Keys, *, new_id: Callable[[], int] = random_id) -> SQLite:
    """Open (and if needed make or migrate) the database at `path`.

    Raises Unusable, with what to do, on a wrong key, a newer schema, an unsafe SQLite or a second process.
    """
    from storage import migrations  # noqa: PLC0415 - imports Alembic only when there is something to migrate

    refuse_unsafe_library()
    held = lock(path)
    hops: list[_Hop] = []
    try:
        # private from its first byte; SQLite gives the log beside it the same rights
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        hops.append(await _hop(path, keys))
        writer = hops[0]
        await writer.run(lambda: migrations.bring_up_sqlite(writer._conn, path, keys))  # noqa: SLF001
        hops += [await _hop(path, keys, query_only=True) for _ in range(READERS)]
    except BaseException as error:
        for hop in hops:
            await hop.close()
        held.close()
        if isinstance(error, OSError):
            msg = f"{path} can't be opened: {error.strerror}."
            raise Unusable(msg) from None
        raise
    return SQLite(path, writer, hops[1:], keys, held, new_id=new_id)
