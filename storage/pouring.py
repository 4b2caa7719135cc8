"""Pours every row of one database into another as it is stored, still sealed, whatever the engines."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool
from sqlcipher3 import dbapi2

from storage import crypto, migrations, schema, sqlite
from storage.database import Unusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from storage.crypto import Keys
    from storage.database import Tx

CHUNK = 500  # rows in memory at once
OWN = frozenset({"key_check"})  # facts that belong to the engine, not to the community


def into_file(source: sa.Connection, path: Path, keys: Keys) -> None:
    """Make the new private SQLite file `path` with every row of `source`, both under `keys`; one moment of it."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with source.begin(), _file(path, keys) as (raw, target):
        _check_schema(source)
        pour(source, target)
        target.commit()
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        raw.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it


def from_file(tx: Tx, path: Path, keys: Keys) -> None:
    """A work that fills an empty database with every row of an SQLite file under the same keys, migrated if it is old.

    So a community moves to a server, or back. Raises Unusable if there is something already.
    """
    with _file(path, keys) as (_, source):
        pour(source, tx.connection)


@contextmanager
def _file(path: Path, keys: Keys) -> Iterator[tuple[Any, sa.Connection]]:
    """The file at the newest schema, raw and as SQLAlchemy sees it."""
    raw = sqlite.connect(path, keys)
    try:
        migrations.bring_up_sqlite(raw, path, keys)
        engine = sa.create_engine(
            "sqlite://", module=dbapi2, creator=lambda: raw, poolclass=StaticPool, hide_parameters=True
        )
        crypto.attach(engine.dialect, keys)
        sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
        with engine.connect() as connection:
            yield raw, connection
    finally:
        raw.close()


def _check_schema(source: sa.Connection) -> None:
    found = source.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if found != schema.HEAD:
        msg = f"The database has schema {found} and this program {schema.HEAD}. Start the program once, then try again."
        raise Unusable(msg)


def pour(source: sa.Connection, target: sa.Connection) -> None:
    """Copy every table from `source` to `target`, which has the same schema and no rows. Raises Unusable if it has."""
    for table in schema.metadata.sorted_tables:
        stored = plain(table)
        if target.execute(sa.select(sa.func.count()).select_from(stored).where(ours(stored))).scalar():
            msg = "There is something in this database already. Restore into an empty one."
            raise Unusable(msg)
        for rows in _chunks(source, stored):
            target.execute(stored.insert(), rows)
    _keep_counting(source, target)


def plain(table: sa.Table) -> sa.TableClause:
    """The table with what is stored: bytes stay sealed, instants stay numbers."""
    columns = []
    for column in table.columns:
        kind = column.type
        if isinstance(kind, crypto.Sealed | crypto.Blind):
            kind = sa.LargeBinary()
        elif isinstance(kind, schema.Instant):
            kind = schema.Id
        columns.append(sa.column(column.name, kind))
    return sa.table(table.name, *columns)


def ours(table: sa.TableClause) -> sa.ColumnElement[bool]:
    """Which rows of a plain table belong to the community."""
    return table.c.name.not_in(OWN) if table.name == schema.fact.name else sa.true()


def _chunks(source: sa.Connection, stored: sa.TableClause) -> Iterator[list[dict[str, Any]]]:
    query = sa.select(stored).where(ours(stored)).execution_options(yield_per=CHUNK)
    with source.execute(query) as result:
        for part in result.mappings().partitions():
            yield [dict(row) for row in part]


def _keep_counting(source: sa.Connection, target: sa.Connection) -> None:
    """An id is never used again, also after a move: go on counting where the source had arrived."""
    for table in schema.metadata.sorted_tables:
        if not table.dialect_options["sqlite"]["autoincrement"]:
            continue
        last = _last(source, table)
        if not last:
            continue
        if target.dialect.name == "sqlite":
            target.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
            target.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table.name, last))
        else:
            target.execute(sa.select(sa.func.setval(_sequence(table), last)))


def _last(source: sa.Connection, table: sa.Table) -> int | None:
    if source.dialect.name == "sqlite":
        row = source.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)).first()
        return row[0] if row else None
    found: int | None = source.scalar(sa.select(sa.func.pg_sequence_last_value(_sequence(table))))
    return found


def _sequence(table: sa.Table) -> Any:
    return sa.cast(sa.func.pg_get_serial_sequence(table.name, "id"), sa.dialects.postgresql.REGCLASS)
