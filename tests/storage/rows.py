"""Rows for every table of a database, whatever its schema: made from what the database itself says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from storage import schema
from storage.crypto import Sealed

if TYPE_CHECKING:
    from storage.crypto import Keys

COPIES = 3
OWN = ("alembic_version", "sqlite_sequence")


def fill(connection: sa.Connection, keys: Keys) -> None:
    """Put rows into every table; row n of a table belongs to row n of each table it refers to."""
    found = sa.MetaData()
    found.reflect(connection, only=lambda name, _: name not in OWN)
    for table in found.sorted_tables:
        connection.execute(
            table.insert(),
            [{column.name: _value(table, column, n, keys) for column in table.columns} for n in range(1, COPIES + 1)],
        )


def _value(table: sa.Table, column: sa.Column[Any], number: int, keys: Keys) -> bytes | int | str:
    if isinstance(column.type, sa.LargeBinary):
        return keys.seal(f"{table.name}.{column.name}".encode(), f"{column.name} {number}".encode())
    if isinstance(column.type, sa.Integer):
        return number
    if isinstance(column.type, sa.Text):
        return f"{column.name} {number}"
    msg = f"rows.fill does not know what stands in {table.name}.{column.name}: {column.type}"
    raise TypeError(msg)


def counts(connection: sa.Connection) -> dict[str, int]:
    """How many rows each table has."""
    names = [name for name in sa.inspect(connection).get_table_names() if name not in OWN]
    return {
        name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0 for name in sorted(names)
    }


def opened(connection: sa.Connection) -> int:
    """Open every sealed value that is there and that the schema of the code knows of; how many there were."""
    total = 0
    looked = sa.inspect(connection)
    there = {name: {column["name"] for column in looked.get_columns(name)} for name in looked.get_table_names()}
    for table in schema.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Sealed) and column.name in there.get(table.name, ()):
                total += len(connection.execute(sa.select(column).where(column.is_not(None))).all())
    return total
