"""The store for a community that outgrows one machine: the same works on a PostgreSQL server."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage import crypto, schema
from storage.database import (
    Batch,
    Broken,
    Conflict,
    Outcome,
    Storage,
    StorageFault,
    Unusable,
    Work,
    fault_of,
    look,
    random_id,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path

    from storage.crypto import Keys
    from storage.migrations import Ladder

T = TypeVar("T")

OLDEST = (15,)  # the oldest server that the tests run on
WRITERS = 8  # transactions at once
READERS = 4
PAUSES = (0.0, 0.002, 0.01)  # seconds before a work that met a conflict runs again beside the others
ALONE = 5  # times it then runs with no other work of ours beside it
HOLD = 0x7061_7976_616E_64  # "payvand": the advisory lock of the one process on this database
CHECK = "key_check"

_MADE_OF = "The server refuses: {reason}. See `database` in the settings."
_WHY = {
    "28": "the user or the password is wrong",
    "3D": "there is no such database (make it with `createdb`)",
    "42": "this user may not make tables in it (make them its owner)",
    "53": "it has no connections left",
    "57": "it is starting or stopping; try again",
}


class Postgres(Storage):
    """See `open_server`."""

    def __init__(self, engine: AsyncEngine, held: AsyncConnection, keys: Keys, **options: Any) -> None:
        super().__init__(**options)
        self._engine = engine
        self._reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._held = held
        self._keys = keys
        self._holding = asyncio.Lock()
        self._turnstile = asyncio.Lock()  # all who are not urgent wait here, but for the first of them
        self._lonely = asyncio.Lock()
        self._writing = asyncio.Semaphore(WRITERS)
        self._reading = asyncio.Semaphore(READERS)
        self._running: set[asyncio.Task[Any]] = set()
        self._closing = False

    async def write(self, work: Work[T], *, urgent: bool = False) -> T:
        return await self._in_a_task(self._write(work, urgent=urgent))

    async def read(self, work: Work[T]) -> T:
        return await self._in_a_task(self._read(work))

    async def read_long(self, work: Work[T]) -> T:
        return await self._in_a_task(self._read_long(work))

    async def checkpoint(self) -> None:
        """Free the space of erased rows. Their bytes (sealed) may stay in the server's files until it is reused."""
        ours = ", ".join(table.name for table in schema.metadata.sorted_tables)
        async with _no_raw_errors(), self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.exec_driver_sql(f"VACUUM (SKIP_LOCKED) {ours}")

    async def copy_to(self, target: Path) -> None:
        """Everything as it stands now, as an SQLite file under the same keys."""
        async with self._reading, _no_raw_errors():
            await _copy(self._engine, self._keys, target)

    async def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        while self._running:
            await asyncio.wait(self._running)
        await self._held.close()
        await self._engine.dispose()

    async def _in_a_task(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run to the end even if the caller is cancelled: a connection is never left in the middle of a statement."""
        if self._closing:
            coroutine.close()
            msg = "the storage is closed"
            raise RuntimeError(msg)
        task = asyncio.create_task(coroutine)
        self._running.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # if the caller was cancelled nobody else asks, and asyncio would log it

    async def _write(self, work: Work[Any], *, urgent: bool) -> Any:
        """Beside other works first; after a few conflicts alone, so that it can't be starved.

        What is urgent passes the turnstile: of the others it waits for those that run and for one more at the most,
        and as that one has its place among the urgent ones, nobody floods the others out.
        """
        turnstile = nullcontext() if urgent else self._turnstile
        for pause in PAUSES:
            if pause:
                await asyncio.sleep(pause * (1 + secrets.randbelow(1000) / 1000))
            async with turnstile:
                await self._writing.acquire()
            try:
                outcome = await self._attempt(work)
            finally:
                self._writing.release()
            if not isinstance(outcome.error, Conflict):
                return outcome.result()
        async with AsyncExitStack() as all_doors:
            await all_doors.enter_async_context(turnstile)
            await all_doors.enter_async_context(self._lonely)  # two who had some doors each would wait for ever
            for _ in range(WRITERS):
                await all_doors.enter_async_context(self._writing)
            for _ in range(ALONE):
                outcome = await self._attempt(work)
                if not isinstance(outcome.error, Conflict):
                    break
        return outcome.result()

    async def _attempt(self, work: Work[Any]) -> Outcome:
        try:
            await self._still_held()
            async with _no_raw_errors(), self._engine.connect() as connection:
                (outcome,), posted = await connection.run_sync(lambda c: Batch(c, self._new_id).run([work]))
        except StorageFault as fault:
            return Outcome(error=fault)
        if posted and outcome.error is None:
            self._tell_watchers()
        return outcome

    async def _read(self, work: Work[Any]) -> Any:
        async with self._reading, _no_raw_errors(), self._reader.connect() as connection:
            outcome = await connection.run_sync(look, self._new_id, work)
        return outcome.result()

    async def _read_long(self, work: Work[Any]) -> Any:
        """In a thread with an event loop and a connection of its own: works run in the loop that their driver is in."""
        async with self._reading:
            return await asyncio.to_thread(asyncio.run, self._aside(work))

    async def _aside(self, work: Work[Any]) -> Any:
        engine = make_engine(self._engine.url, self._keys)
        reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        try:
            async with _no_raw_errors(), reader.connect() as connection:
                outcome = await connection.run_sync(look, self._new_id, work)
            return outcome.result()
        finally:
            await engine.dispose()

    async def _still_held(self) -> None:
        """The lock goes with its connection: take it again, or write nothing beside another process."""
        async with self._holding:
            if not await _is_closed(self._held):
                return
            with suppress(Exception):
                await self._held.invalidate()
                await self._held.close()
            try:
                async with _no_raw_errors():
                    self._held = await _hold(self._engine)
            except Unusable:
                msg = "another process has taken over this database"
                raise Broken(msg) from None


async def copy(url: str, keys: Keys, target: Path) -> None:
    """Copy the database at `url`, as it stands now, into the new SQLite file `target` under the same keys.

    Works beside the process that uses it. Raises Unusable or a StorageFault.
    """
    engine = make_engine(url, keys)
    try:
        await _copy(engine, keys, target)
    except (OSError, sa.exc.DBAPIError) as error:
        raise _unusable(error) from None
    finally:
        await engine.dispose()


async def _copy(engine: AsyncEngine, keys: Keys, target: Path) -> None:
    from storage import pouring  # noqa: PLC0415 - opens SQLite, which a server does without

    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        await connection.run_sync(pouring.into_file, target, keys)


async def open_server(
    url: str, keys: Keys, *, new_id: Callable[[], int] = random_id, ladder: Ladder | None = None
) -> Postgres:
    """Open (and if needed make or migrate) a database, ``postgresql://user:password@host/name``.

    It must exist, be UTF-8 and belong to its user. The connection must be direct: a pooler that shares sessions breaks
    the lock. Raises Unusable, with what to do, on a wrong key, a newer schema, a second process, or no answer.
    """
    from storage.migrations import LADDER, bring_up_server  # noqa: PLC0415 - brings SQLite's library along

    engine = make_engine(url, keys)
    held: AsyncConnection | None = None

    def prepare(connection: sa.Connection) -> None:
        _check_server(connection)
        tables = sa.inspect(connection).get_table_names()
        if "alembic_version" in tables and schema.fact.name in tables:
            _check_key(connection, keys)  # before anything is changed
        if bring_up_server(connection, ladder=ladder or LADDER):
            connection.execute(schema.fact.insert().values(name=CHECK, value=_proof(keys)))

    try:
        held = await _hold(engine)
        async with engine.begin() as connection:
            await connection.run_sync(prepare)
    except BaseException as error:  # noqa: BLE001 - told apart in `_unusable`, or raised again
        if held is not None:
            with suppress(sa.exc.DBAPIError, OSError):
                await held.close()
        await engine.dispose()
        raise _unusable(error) from None
    return Postgres(engine, held, keys, new_id=new_id)


def make_engine(url: str | sa.URL, keys: Keys) -> AsyncEngine:
    """An engine whose errors hold no values. Raises Unusable if `url` is none."""
    try:
        address = sa.make_url(url).set(drivername="postgresql+asyncpg")
    except sa.exc.ArgumentError:
        msg = "The address of the database is not like postgresql://user:password@host/name. See the settings."
        raise Unusable(msg) from None
    engine = create_async_engine(
        address,
        isolation_level="SERIALIZABLE",
        hide_parameters=True,
        pool_size=WRITERS + READERS + 2,  # and the lock's, and one for the vacuum
        max_overflow=0,
        connect_args={
            "timeout": 10,
            "server_settings": {
                "application_name": "payvand",
                "synchronous_commit": "on",  # whatever the server's default: what is acknowledged is on its disk
                "lock_timeout": "5000",
                "idle_in_transaction_session_timeout": "60000",
            },
        },
    )
    crypto.share(engine.sync_engine, keys)
    sa.event.listen(engine.sync_engine, "handle_error", _hush)
    return engine


def _hush(context: sa.ExceptionContext) -> None:
    """Take the values out of an error: PostgreSQL quotes the row it refuses, asyncpg the argument it can't send."""
    original = context.original_exception
    state = getattr(original, "sqlstate", None) or ""
    cause = original.__cause__
    where = [getattr(cause, part, None) for part in ("table_name", "column_name", "constraint_name")]
    said = " ".join(part for part in (state or type(cause or original).__name__, *where) if part)
    error: BaseException | None = original
    while error is not None:
        if not state.startswith("42"):  # those speak of our SQL, not of its values
            error.args = (said,)
        for part in ("message", "detail", "hint", "context", "internal_query"):
            if getattr(error, part, None) is not None:
                setattr(error, part, None)
        error = error.__cause__
    if context.sqlalchemy_exception is not None and not state.startswith("42"):
        context.sqlalchemy_exception.args = (said,)


@asynccontextmanager
async def _no_raw_errors() -> AsyncIterator[None]:
    """What goes wrong around a work (no server, a lost connection) is a StorageFault too."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise fault_of(error) or Broken(type(error.orig).__name__) from None
    except (OSError, sa.exc.InvalidRequestError) as error:
        raise Broken(type(error).__name__) from None


async def _hold(engine: AsyncEngine) -> AsyncConnection:
    """A connection that holds the lock as long as it lives. Raises Unusable if another process has it."""
    connection = await engine.connect()
    try:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if (await connection.execute(sa.select(sa.func.pg_try_advisory_lock(HOLD)))).scalar():
            return connection
    except BaseException:
        await connection.invalidate()
        raise
    await connection.close()
    msg = "Another process is using this database. Stop it first (`systemctl stop payvand`, also on other machines)."
    raise Unusable(msg)


async def _is_closed(connection: AsyncConnection) -> bool:
    if connection.closed or connection.invalidated:
        return True
    driver: Any = (await connection.get_raw_connection()).driver_connection
    return bool(driver.is_closed())


def _check_server(connection: sa.Connection) -> None:
    version = connection.dialect.server_version_info or ()
    if version < OLDEST:
        msg = f"PostgreSQL {'.'.join(map(str, version))} is too old. Install {OLDEST[0]} or later."
        raise Unusable(msg)
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        msg = f"The database is {encoding}, not UTF-8. Make one with `createdb --encoding=UTF8 --template=template0`."
        raise Unusable(msg)


def _proof(keys: Keys) -> str:
    return keys.blind("check", "payvand").hex()


def _check_key(connection: sa.Connection, keys: Keys) -> None:
    found = connection.scalar(sa.select(schema.fact.c.value).where(schema.fact.c.name == CHECK))
    if found != _proof(keys):
        msg = "The key does not fit this database. Use the key this database was made with (see your backup)."
        raise Unusable(msg)


def _unusable(error: BaseException) -> BaseException:
    """An operator's sentence for what a server says at the door. Never the address: it may hold a password."""
    if isinstance(error, OSError):
        return Unusable("The database server does not answer. Is it running, and is the address in the settings right?")
    if isinstance(error, sa.exc.DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return Unusable(_MADE_OF.format(reason=_WHY.get(state[:2]) or f"error {state or type(error.orig).__name__}"))
    return error
