"""The two doors: `Storage.write(work)` and `Storage.read(work)`; a transaction is one plain function."""

from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")


class StorageFault(Exception):  # noqa: N818
    """The store itself can't take a write now. Nothing of the work is kept; the same update may come again."""


class Full(StorageFault):
    """No room on the disk."""


class Busy(StorageFault):
    """Somebody else holds the database for longer than we wait."""


class Broken(StorageFault):
    """The disk or the server does not answer."""


class Unusable(Exception):  # noqa: N818
    """The store can't be opened. The message tells an operator what to do."""


@dataclass(slots=True)
class Tx:
    """One transaction, handed to a work function. Everything a work function may touch hangs on it.

    A work function may run more than once (a batch is undone and retried one by one; PostgreSQL retries a
    serialisation failure), so it has no effect outside `tx`.
    """

    connection: sa.Connection
    new_id: Callable[[], int]
    posted: bool = field(default=False)

    def execute(
        self, statement: sa.Executable, rows: Any = None
    ) -> sa.CursorResult[Any]:
        """Run one statement, once or for each of `rows`."""
        result: sa.CursorResult[Any] = self.connection.execute(statement, rows)  # type: ignore[assignment]
        return result

    def insert(self, table: sa.Table) -> Any:
        """An INSERT that knows ON CONFLICT, for the engine at hand."""
        return (
            sqlite.insert(table)
            if self.connection.dialect.name == "sqlite"
            else postgresql.insert(table)
        )

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Return to keep what was written inside, raise to undo it."""
        driver = self.connection.exec_driver_sql
        driver("SAVEPOINT work")
        try:
            yield
        except BaseException:
            # a full disk may have rolled everything back already: the first error is the one to tell
            with suppress(sa.exc.DBAPIError):
                driver("ROLLBACK TO work")
                driver("RELEASE work")
            raise
        driver("RELEASE work")


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
            watcher()

    @abstractmethod
    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction and return its result once it is durable.

        Raises what `work` raised (then nothing of it is kept) or a StorageFault. If the caller is cancelled the work
        may still be committed: its idempotency is the caller's (an inbox id, a unique key).
        """

    @abstractmethod
    async def read(self, work: Work[T]) -> T:
        """Run `work` on a connection that can't write, beside the writer."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what is queued and close."""


@dataclass(slots=True)
class Outcome:
    """What became of one work of a batch: its value, or its error."""

    value: Any = None
    error: BaseException | None = None


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
        except StorageFault as fault:
            return [Outcome(error=fault) for _ in works], False
        except Exception as error:
            if len(works) == 1:
                return [Outcome(error=error)], False
        outcomes: list[Outcome] = []
        posted = False
        for work in works:
            one, did_post = self.run([work])
            outcomes += one
            posted |= did_post
        return outcomes, posted

    def _together(self, works: Sequence[Work[Any]]) -> tuple[list[Outcome], bool]:
        tx = Tx(self._connection, self._new_id)
        try:
            with self._connection.begin():
                outcomes = [Outcome(work(tx)) for work in works]
        except sa.exc.DBAPIError as error:
            raise _fault(error) from None
        return outcomes, tx.posted


def _fault(error: sa.exc.DBAPIError) -> Exception:
    """A StorageFault for what is the store's own trouble, otherwise the error itself without its parameters."""
    said = str(error.orig).lower()
    if "full" in said or "no space" in said:
        return Full()
    if "locked" in said or "busy" in said:
        return Busy()
    if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
        return Broken(type(error.orig).__name__)
    error.hide_parameters = True  # values of people never stand in a traceback
    return error


async def gather_outcomes(
    futures: Sequence[asyncio.Future[Any]], outcomes: Sequence[Outcome]
) -> None:
    """Hand each waiting caller its outcome; a caller that was cancelled meanwhile is passed over."""
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.done():
            continue
        if outcome.error is not None:
            future.set_exception(outcome.error)
        else:
            future.set_result(outcome.value)
