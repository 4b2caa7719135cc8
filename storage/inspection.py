"""What an operator's commands may look at while the bot runs: a connection beside it that can't write."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool
from sqlcipher3 import dbapi2

from storage import crypto, schema
from storage.crypto import Keys
from storage.database import Tx, Unusable, Work, random_id
from storage.postgres import _check_key, _unusable, make_engine
from storage.sqlite import connect

T = TypeVar("T")

KNOWN: str = schema.HEAD  # the newest schema of this program
LIBRARY: str = dbapi2.sqlite_version


def read(place: Path | str, keys: Keys, work: Work[T]) -> T:
    """What `work` reads from the file or the server at `place`. Not to be called inside an event loop.

    Raises Unusable, with what to do, if there is no database or it has another key.
    """
    if isinstance(place, Path):
        with look(place, keys) as tx:
            return work(tx)
    return asyncio.run(_read_server(place, keys, work))


async def _read_server(url: str, keys: Keys, work: Work[T]) -> T:
    def run(connection: sa.Connection) -> T:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        _check_key(connection, keys)
        return work(Tx(connection, random_id))

    engine = make_engine(url, keys)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(run)
    except (OSError, sa.exc.DBAPIError) as error:
        raise _unusable(error) from None
    finally:
        await engine.dispose()


@contextmanager
def look(path: Path, keys: Keys) -> Iterator[Tx]:
    """A transaction that can only read the file at `path`. Raises Unusable if there is none or the key is another."""
    if not path.is_file():
        msg = f"There is no database at {path} yet. `payvand run` makes it."
        raise Unusable(msg)
    connection = connect(path, keys, query_only=True)
    engine = sa.create_engine(
        "sqlite://", module=dbapi2, creator=lambda: connection, poolclass=StaticPool, hide_parameters=True
    )
    crypto.attach(engine.dialect, keys)
    sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN"))
    try:
        with engine.begin() as open_connection:
            yield Tx(open_connection, random_id)
    finally:
        engine.dispose()


def schema_of(tx: Tx) -> str | None:
    """The revision of the database's schema, or None if it has none."""
    if not sa.inspect(tx.connection).has_table("alembic_version"):
        return None
    found: str | None = tx.connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found


def is_held(path: Path) -> bool:
    """Whether another process has the database at `path` open for writing. Asks without making a file."""
    held = path.with_name(path.name + ".lock")
    if not held.exists():
        return False
    with held.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False
