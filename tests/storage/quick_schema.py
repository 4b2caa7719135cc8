"""A plugin: a new file gets its schema as the first one of this process got it from Alembic, which takes half a second.

What Alembic makes is tried in test_migrations, where this is switched off.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from storage import migrations
from storage.migrations import LADDER, Ladder

CLIMB: Final = Ladder.climb
_made: list[str] = []  # the statements that make the newest schema


def _climb(ladder: Ladder, connection: sa.Connection) -> None:
    if ladder != LADDER or connection.dialect.name != "sqlite" or sa.inspect(connection).get_table_names():
        CLIMB(ladder, connection)
        return
    if not _made:
        CLIMB(ladder, connection)
        found = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        _made.extend(connection.exec_driver_sql(f"{found} ORDER BY type DESC, rowid").scalars())
        return
    for statement in _made:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (ladder.head,))


def pytest_configure() -> None:
    """From now on, in this process; the programs that tests start migrate as in life."""
    migrations.Ladder.climb = _climb  # type: ignore[assignment, method-assign]
