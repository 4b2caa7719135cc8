"""Schema changes, one file each, run by Alembic on the writer's own keyed connection.

To change the schema: change `storage/schema.py`, then `python -m storage.migrations.draft` writes what differs as the
next file in `versions/` (read it, and correct it by hand), and `schema.HEAD` names it. A table that SQLite must build
anew loses what Alembic can't read, so give ``batch_alter_table(..., table_kwargs={"sqlite_strict": True,
"sqlite_autoincrement": ...})``; a test tells if you did not. Alembic is imported only when there is something to do.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool
from sqlcipher3 import dbapi2

from storage import crypto, schema
from storage.database import Unusable
from storage.disk import sync_directory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alembic.config import Config

    from storage.crypto import Keys

HERE = Path(__file__).parent
NEWER = (
    "This database belongs to a newer program (schema {found}; this program knows {head}). "
    "Install that version of the program again, or restore a backup made before it."
)
FOREIGN = "This is not a database of this program: it holds tables but no schema version. Name another one."


@dataclass(frozen=True, slots=True)
class Ladder:
    """The migrations that lead up to one schema. Tests put their own rungs on top."""

    head: str = schema.HEAD
    folders: tuple[Path, ...] = field(default=(HERE / "versions",))

    def config(self) -> Config:
        """Alembic's configuration, without a file."""
        from alembic.config import Config  # noqa: PLC0415 - only when there is something to migrate

        config = Config()
        config.set_main_option("script_location", str(HERE).replace("%", "%%"))
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", "\n".join(str(f).replace("%", "%%") for f in self.folders))
        return config

    def rungs(self) -> tuple[str, ...]:
        """Every revision, oldest first."""
        from alembic.script import ScriptDirectory  # noqa: PLC0415 - only when there is something to migrate

        scripts = ScriptDirectory.from_config(self.config())
        return tuple(script.revision for script in scripts.walk_revisions("base", self.head))[::-1]

    def needs(self, found: str | None, *, empty: bool) -> bool:
        """Whether a database at revision `found` must be migrated. Raises Unusable if it can't be."""
        if found == self.head:
            return False
        if found is None and not empty:
            raise Unusable(FOREIGN)
        if found is not None and found not in self.rungs():
            raise Unusable(NEWER.format(found=found, head=self.head))
        return True

    def climb(self, connection: sa.Connection) -> None:
        """Run what is missing, inside the caller's transaction."""
        from alembic import command  # noqa: PLC0415 - only when there is something to migrate

        config = self.config()
        config.attributes["connection"] = connection
        with _ONE_AT_A_TIME:
            command.upgrade(config, self.head)


LADDER = Ladder()
_ONE_AT_A_TIME = threading.Lock()  # alembic.op is one object for the whole process


def copy_name(path: Path, revision: str) -> Path:
    """Where the copy of `path` stands that is made before it leaves `revision`. It is erased after 14 days."""
    return path.with_name(f"{path.name}.before-{revision}")


def bring_up_sqlite(connection: Any, path: Path, keys: Keys, *, ladder: Ladder = LADDER) -> None:
    """Make or migrate the schema on a DB-API connection that is in no transaction.

    An existing file is copied first (see `copy_name`). Raises Unusable, and then the old schema is untouched.
    """
    found, empty = _sqlite_revision(connection)
    if not ladder.needs(found, empty=empty):
        return
    if found is not None:
        _copy(connection, copy_name(path, found))
    engine = sa.create_engine(
        "sqlite://", module=dbapi2, creator=lambda: connection, poolclass=StaticPool, hide_parameters=True
    )
    crypto.attach(engine.dialect, keys)
    sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
    with _without_foreign_keys(connection), engine.begin() as c:
        arrived = c.exec_driver_sql("SELECT name, seq FROM sqlite_sequence").all() if found is not None else []
        ladder.climb(c)
        _keep_counting(c, arrived)
        orphans = c.exec_driver_sql("PRAGMA foreign_key_check").all()
        if orphans:
            tables = ", ".join(sorted({str(row[0]) for row in orphans}))
            msg = f"The migration to schema {ladder.head} would leave rows without their owner in: {tables}. "
            raise Unusable(msg + "Nothing was changed; please report it.")
    if found is not None:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # what a migration erased is in no log


def bring_up_server(connection: sa.Connection, *, ladder: Ladder = LADDER) -> bool:
    """Make or migrate the schema inside the caller's transaction; whether it was made new. Raises Unusable."""
    tables = sa.inspect(connection).get_table_names()
    found = None
    if "alembic_version" in tables:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if ladder.needs(found, empty=not tables):
        ladder.climb(connection)
    return found is None


def _sqlite_revision(connection: Any) -> tuple[str | None, bool]:
    """The schema's revision (None: none), and whether the file is empty."""
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "alembic_version" not in tables:
        return None, not tables
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return (row[0] if row else None), False


@contextmanager
def _without_foreign_keys(connection: Any) -> Iterator[None]:
    """No foreign keys, switched off before BEGIN: inside a transaction the PRAGMA does nothing.

    With them on, the rebuild of a parent table (DROP TABLE of the old one) deletes its ON DELETE CASCADE children.
    """
    connection.execute("PRAGMA foreign_keys = OFF")
    if connection.execute("PRAGMA foreign_keys").fetchone()[0]:
        msg = "a migration can't start inside a transaction"
        raise RuntimeError(msg)
    try:
        yield
    finally:
        connection.execute("PRAGMA foreign_keys = ON")


def _keep_counting(connection: sa.Connection, arrived: Iterable[Any]) -> None:
    """An id is never used again: the rebuild of a table forgets the ids of rows that are gone."""
    for name, seq in arrived:
        made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).scalar()
        if made and "AUTOINCREMENT" in made.upper():
            now = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (name,)).scalar() or 0
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            connection.exec_driver_sql("INSERT INTO sqlite_sequence VALUES (?, ?)", (name, max(seq, now)))


def _copy(connection: Any, target: Path) -> None:
    """A copy of the file under the same key, whole or not there at all."""
    draft = target.with_name(target.name + ".part")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        connection.execute("VACUUM INTO ?", (str(draft),))
        os.fsync(handle)
        draft.replace(target)
        sync_directory(target.parent)
    except (dbapi2.Error, OSError) as error:
        with suppress(OSError):
            draft.unlink()
        msg = f"The copy that is made before a migration could not be written ({error}). Make room at {target.parent}."
        raise Unusable(msg) from None
    finally:
        os.close(handle)
