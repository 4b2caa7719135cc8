"""The two doors: `Storage.write(work)` and `Storage.read(work)`; a transaction is one plain function."""

from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from storage.prepared import Found, Prepared

T = TypeVar("T")

BATCH = 32  # works in one commit at the most: bounds how long one of them, and an urgent one behind it, waits
HURRIED = 4  # urgent works, and then the others have a turn


class StorageFault(Exception):  # noqa: N818
    """The store itself can't take a write now. Nothing of the work is kept; the same update may come again."""


class Full(StorageFault):
    """No room on the disk."""


class Busy(StorageFault):
    """Somebody else holds the database for longer than we wait."""


class Conflict(Busy):
    """Two transactions got in each other's way (PostgreSQL); the work is run again a bounded number of times."""


class Broken(StorageFault):
    """The disk or the server does not answer."""


class Unusable(Exception):  # noqa: N818
    """The store can't be opened. The message tells an operator what to do."""


_SAVEPOINT, _ROLLBACK, _RELEASE = (
    Prepared(sa.text(sql)) for sql in ("SAVEPOINT work", "ROLLBACK TO work", "RELEASE work")
)
_NOTHING = Prepared(sa.text("SELECT 1"))


@dataclass(slots=True)
class Tx:
    """One transaction, handed to a work function. Everything a work function may touch hangs on it.

    A work function may run more than once (a batch is undone and retried one by one; PostgreSQL retries a
    serialisation failure), so it has no effect outside `tx`.
    """

    connection: sa.Connection
    new_id: Callable[[], int]
    posted: bool = field(default=False)
    reading: bool = field(default=False)
    fault: StorageFault | None = field(default=None)
    noted: list[tuple[Any, ...]] | None = field(default=None)
    driver: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Know SQLite's own connection: what is prepared goes straight there."""
        if self.connection.dialect.name == "sqlite":
            self.driver = self.connection.connection.driver_connection

    @overload
    def execute(self, statement: Prepared, rows: Any = None) -> Found: ...

    @overload
    def execute(self, statement: sa.Executable, rows: Any = None) -> sa.CursorResult[*tuple[Any, ...]]: ...

    def execute(self, statement: sa.Executable | Prepared, rows: Any = None) -> Any:
        """Run one statement, once or for each of `rows`.

        After a StorageFault the engine may have undone everything, so nothing more can be written here: each later
        statement raises the same fault, and so does the commit, whoever swallowed the first one.
        """
        if self.fault is not None:
            raise self.fault
        try:
            if not isinstance(statement, Prepared):
                return self.connection.execute(statement, rows)
            if self.driver is not None:
                return statement.run(self.driver, self.connection.dialect, rows)
            return self.connection.execute(statement.statement(self.connection.dialect), rows)
        except sa.exc.DBAPIError as error:
            self.fault = fault_of(error, reading=self.reading)
            if self.fault is not None:
                raise self.fault from None
            raise

    def note(self, *deed: Any) -> None:
        """What was done to a petition, with plain values: kept while an account under duress does it (`deeds`)."""
        if self.noted is not None:
            self.noted.append(deed)

    def insert(self, table: sa.Table) -> Any:
        """An INSERT that knows ON CONFLICT, for the engine at hand."""
        return sqlite.insert(table) if self.connection.dialect.name == "sqlite" else postgresql.insert(table)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Return to keep what was written inside, raise to undo it.

        To survive a refused constraint, catch its error around a savepoint: PostgreSQL takes no other statement before.
        """
        noted = len(self.noted or ())
        self.execute(_SAVEPOINT)
        try:
            yield
        except BaseException:
            del (self.noted or [])[noted:]  # what is undone was not done
            try:
                self.execute(_ROLLBACK)
                self.execute(_RELEASE)
            except (StorageFault, sa.exc.DBAPIError):  # the first error is the one to tell; `fault` dooms the rest
                self.fault = self.fault or Broken("the savepoint is gone")
            raise
        self.execute(_RELEASE)

    def undo(self) -> None:
        """Undo what was written in the innermost savepoint, and stay in it."""
        self.execute(_ROLLBACK)

    def stay(self) -> None:
        """Take as many statements as `undo`, and change nothing."""
        self.execute(_NOTHING)


Work = Callable[[Tx], T]


def random_id() -> int:
    """A positive 62-bit number that tells nothing about how many there are."""
    return secrets.randbits(62) | 1


class Storage(ABC):
    """A database that is open. Made by ``storage.sqlite.open_file`` or ``storage.postgres.open_server``."""

    def __init__(self, *, new_id: Callable[[], int] = random_id) -> None:
        self._new_id = new_id
        self._watchers: list[Callable[[], None]] = []

    def on_posted(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` (in the event loop) after each commit that posted a letter."""
        self._watchers.append(watcher)

    def _tell_watchers(self) -> None:
        for watcher in self._watchers:
            asyncio.get_running_loop().call_soon(watcher)  # what a watcher raises harms no writer

    @abstractmethod
    async def write(self, work: Work[T], *, urgent: bool = False) -> T:
        """Run `work` in a transaction and return its result once it is durable.

        What is `urgent` does not wait for what came before it (see `Waiting`; a server writes several works at once,
        and there it waits for no more than one of those that don't run yet).

        Raises what `work` raised (then nothing of it is kept) or a StorageFault. If the caller is cancelled the work
        may still be committed: its idempotency is the caller's (an inbox id, a unique key).
        """

    @abstractmethod
    async def read(self, work: Work[T]) -> T:
        """Run `work` on a connection that can't write, beside the writer."""

    async def read_long(self, work: Work[T]) -> T:
        """As `read`, for what reads and makes much: also its own reckoning goes on beside the event loop."""
        return await self.read(work)

    @abstractmethod
    async def checkpoint(self) -> None:
        """Let what was erased be gone from every file of the store, as far as the engine can do it."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what is queued and close."""


@dataclass(slots=True)
class Outcome:
    """What became of one work of a batch: its value, or its error."""

    value: Any = None
    error: BaseException | None = None

    def result(self) -> Any:
        """Its value. Raises its error."""
        if self.error is not None:
            raise self.error
        return self.value


class Waiting:
    """The works that wait for the one writer, each with the future of its caller.

    What is urgent goes before everything else, and in a commit of its own, so that it waits for no other work in it.
    After `HURRIED` of them comes one commit of others, so that nobody floods those out: whoever is urgent waits for
    the commit that runs and for one of others at the most, of `BATCH` works each.
    """

    def __init__(self) -> None:
        self._urgent: list[tuple[Work[Any], asyncio.Future[Any]]] = []
        self._others: list[tuple[Work[Any], asyncio.Future[Any]]] = []
        self._hurried = 0

    def __bool__(self) -> bool:
        return bool(self._urgent or self._others)

    def add(self, work: Work[Any], future: asyncio.Future[Any], *, urgent: bool) -> None:
        """Let one work wait, behind those of its kind."""
        (self._urgent if urgent else self._others).append((work, future))

    def take(self) -> list[tuple[Work[Any], asyncio.Future[Any]]]:
        """What goes into the next commit."""
        others = not self._urgent or (self._hurried >= HURRIED and bool(self._others))
        line = self._others if others else self._urgent
        taken = line[:BATCH]
        del line[:BATCH]
        self._hurried = 0 if others else self._hurried + len(taken)
        return taken


class Batch:
    """Runs several works inside one transaction: one fsync for all of them.

    A plain synchronous object: on aiosqlite's thread in production, inline in a deterministic simulation. If one work
    raises, the batch is undone and each runs alone, so that a bad one harms nobody else.
    """

    def __init__(self, connection: sa.Connection, new_id: Callable[[], int]) -> None:
        self._connection = connection
        self._new_id = new_id

    def run(self, works: Sequence[Work[Any]]) -> tuple[list[Outcome], bool]:
        """The outcome of each work, and whether any letter was posted."""
        try:
            return self._together(works)
        except BaseException as error:  # noqa: BLE001 - whatever one work raises, the writer lives on
            # one work may be too big for the disk and the others not; a store that is gone is gone for all
            if len(works) == 1 or (isinstance(error, StorageFault) and not isinstance(error, Full)):
                return [Outcome(error=as_result(error)) for _ in works], False
        outcomes: list[Outcome] = []
        posted = False
        for work in works:
            one, did_post = self.run([work])
            outcomes += one
            posted |= did_post
        return outcomes, posted

    def _together(self, works: Sequence[Work[Any]]) -> tuple[list[Outcome], bool]:
        tx = Tx(self._connection, self._new_id)
        with faults_named(), self._connection.begin():
            outcomes = [Outcome(work(tx)) for work in works]
            if tx.fault is not None:
                raise tx.fault
        return outcomes, tx.posted

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


def look(connection: sa.Connection, new_id: Callable[[], int], work: Work[Any]) -> Outcome:
    """Run one work in a transaction of its own on a connection that can't write."""
    try:
        with faults_named(reading=True), connection.begin():
            return Outcome(work(Tx(connection, new_id, reading=True)))
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is carried to the one who waits
        return Outcome(error=as_result(error))


@contextmanager
def faults_named(*, reading: bool = False) -> Iterator[None]:
    """Turn a driver's error into the StorageFault it means, if it means one."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        fault = fault_of(error, reading=reading)
        if fault is None:
            raise
        raise fault from None


def as_result(error: BaseException) -> BaseException:
    """An error that a future can carry: StopIteration and cancellation mean something else to those who wait."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    wrapped = RuntimeError(f"a work function raised {type(error).__name__}")
    wrapped.__cause__ = error
    return wrapped


# SQLite's primary result codes, https://sqlite.org/rescode.html
_READONLY = 8
_SQLITE: dict[int, type[StorageFault]] = {
    5: Busy,  # SQLITE_BUSY
    6: Busy,  # SQLITE_LOCKED
    _READONLY: Broken,  # the file system went read-only
    10: Broken,  # SQLITE_IOERR
    11: Broken,  # SQLITE_CORRUPT
    13: Full,  # SQLITE_FULL
    14: Broken,  # SQLITE_CANTOPEN
    26: Broken,  # SQLITE_NOTADB
}
# PostgreSQL's, https://www.postgresql.org/docs/current/errcodes-appendix.html: the whole code, else its class
_POSTGRES: dict[str, type[StorageFault]] = {
    "40001": Conflict,
    "40P01": Conflict,
    "55P03": Busy,  # lock_not_available
    "53100": Full,  # disk_full
    "53": Busy,  # too many connections, out of memory
    "57P": Broken,  # shut down by its administrator, crashed, starting
    "58": Broken,  # system_error, io_error
    "08": Broken,  # connection
    "XX": Broken,  # internal error, corrupted data
}


def fault_of(error: sa.exc.DBAPIError, *, reading: bool = False) -> StorageFault | None:
    """The StorageFault that a driver's error means; None if it is the work's own mistake. Carries no values."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        primary = code & 0xFF
        kind = None if reading and primary == _READONLY else _SQLITE.get(primary)
        return kind(getattr(error.orig, "sqlite_errorname", "")) if kind else None
    state = getattr(error.orig, "sqlstate", None) or ""
    kind = _POSTGRES.get(state) or _POSTGRES.get(state[:3]) or _POSTGRES.get(state[:2])
    if kind is None and (error.connection_invalidated or (not state and isinstance(error.orig, OSError))):
        kind = Broken
    return kind(state) if kind else None


async def gather_outcomes(futures: Sequence[asyncio.Future[Any]], outcomes: Sequence[Outcome]) -> None:
    """Hand each waiting caller its outcome; a caller that was cancelled meanwhile is passed over."""
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.done():
            continue
        if outcome.error is not None:
            future.set_exception(outcome.error)
        else:
            future.set_result(outcome.value)
