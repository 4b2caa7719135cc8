"""A database made by an older program goes on with all its rows, or stays exactly as it was."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.pool import StaticPool
from sqlcipher3 import dbapi2

from storage import crypto, migrations, schema, sqlite
from storage.database import Unusable
from storage.migrations import LADDER, Ladder, bring_up_server, bring_up_sqlite, draft
from storage.postgres import make_engine, open_server
from storage.sqlite import open_file
from tests.faults import FULL
from tests.storage import quick_schema, rows
from tests.storage.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from storage.crypto import Keys
    from tests.storage.servers import Server

TRIAL = Ladder("trial", (*LADDER.folders, Path(__file__).parent / "rungs"))
RUNGS = TRIAL.rungs()
PRIVATE = 0o600
MANY = 10  # statements that any migration has at least
STEPS = list(pairwise(RUNGS))  # every migration ever written, and one that only these tests know
RELEASED = RUNGS[:-2]  # those never change again


def stride(after: str) -> int:
    """At every which statement a migration is broken off: the newest at each, older ones only in full at each."""
    return 1 if FULL or after not in RELEASED else 10


@pytest.fixture(autouse=True)
def by_alembic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every schema here is made by Alembic."""
    monkeypatch.setattr(Ladder, "climb", quick_schema.CLIMB)


def rung(revision: str) -> Ladder:
    """The ladder up to here."""
    return Ladder(revision, TRIAL.folders)


@contextmanager
def opened(path: Path, keys: Keys) -> Iterator[tuple[Any, sa.Connection]]:
    """The raw connection to a file, and SQLAlchemy's view of it."""
    raw = sqlite.connect(path, keys)
    engine = sa.create_engine("sqlite://", module=dbapi2, creator=lambda: raw, poolclass=StaticPool)
    crypto.attach(engine.dialect, keys)
    try:
        with engine.connect() as connection:
            yield raw, connection
    finally:
        raw.close()


def make_file(path: Path, keys: Keys, revision: str, *, full: bool = True) -> dict[str, int]:
    """A database as a program of that revision left it, with rows in every table; how many."""
    with opened(path, keys) as (raw, connection):
        bring_up_sqlite(raw, path, keys, ladder=rung(revision))
        if full:
            rows.fill(connection, keys)
            connection.commit()
        return rows.counts(connection)


def on_server(server: Server, name: str, keys: Keys, work: Callable[[sa.Connection], Any]) -> Any:  # noqa: ANN401 - whatever it returns
    """Run `work` in a transaction on a database of the server."""

    async def run() -> object:
        engine = make_engine(server.url(name), keys)
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(work)
        finally:
            await engine.dispose()

    return asyncio.run(run())


def differences(connection: sa.Connection) -> list[str]:
    """Where the migrated database and the code's schema differ: one sentence for each."""
    context = MigrationContext.configure(connection, opts=draft.options())
    return [str(difference) for difference in compare_metadata(context, schema.metadata)]


# -- the code and the migrations agree --------------------------------------------------------------------------------


def test_a_migrated_file_is_what_the_schema_says(tmp_path: Path, keys: Keys) -> None:
    make_file(tmp_path / "migrated", keys, LADDER.head, full=False)
    with opened(tmp_path / "migrated", keys) as (_, connection):
        assert differences(connection) == [], "run: python -m storage.migrations.draft (see its first lines)"
        migrated = shape(connection)
    with opened(tmp_path / "made", keys) as (_, connection):
        schema.metadata.create_all(connection)
        made = shape(connection)
    assert migrated - made == made - migrated == set()


def test_a_migrated_server_is_what_the_schema_says(postgres: Server, keys: Keys) -> None:
    def migrate(connection: sa.Connection) -> tuple[list[str], set[str]]:
        bring_up_server(connection)
        return differences(connection), shape(connection)

    def make(connection: sa.Connection) -> set[str]:
        schema.metadata.create_all(connection)
        return shape(connection)

    found, migrated = on_server(postgres, postgres.empty_database(), keys, migrate)
    assert found == [], "run: python -m storage.migrations.draft (see its first lines)"
    made = on_server(postgres, postgres.empty_database(), keys, make)
    assert migrated - made == made - migrated == set()


def test_control_a_schema_that_went_on_without_a_migration_is_seen(tmp_path: Path, keys: Keys) -> None:
    make_file(tmp_path / "migrated", keys, LADDER.head, full=False)
    with opened(tmp_path / "migrated", keys) as (_, connection):
        connection.exec_driver_sql("ALTER TABLE person DROP COLUMN zone")
        connection.exec_driver_sql("DROP INDEX ix_letter_topic")
        said = " ".join(differences(connection))
    assert "zone" in said
    assert "ix_letter_topic" in said


def test_control_a_rebuild_that_forgets_how_a_table_counts_is_seen(tmp_path: Path, keys: Keys) -> None:
    make_file(tmp_path / "migrated", keys, LADDER.head, full=False)
    with opened(tmp_path / "migrated", keys) as (_, connection):
        before = shape(connection)
        connection.exec_driver_sql("CREATE TABLE other (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)")
        connection.exec_driver_sql("DROP TABLE fact")
        connection.exec_driver_sql("ALTER TABLE other RENAME TO fact")
        assert "fact: strict=0 autoincrement=0" in shape(connection) - before


def test_the_schema_names_the_newest_migration() -> None:
    assert LADDER.rungs()[-1] == schema.HEAD
    written = sorted(path.name[1:5] for path in (migrations.HERE / "versions").glob("r*.py"))
    assert written == list(LADDER.rungs())


def test_a_draft_of_nothing_new_is_no_file(tmp_path: Path) -> None:
    shutil.copytree(migrations.HERE / "versions", tmp_path / "versions")
    assert draft.draft("nothing", folder=tmp_path / "versions") is None


def test_the_first_draft_is_the_first_migration(tmp_path: Path) -> None:
    if len(LADDER.rungs()) > 1:
        return  # released: it never changes again
    assert draft.draft(folder=tmp_path) == tmp_path / "r0001_first.py"
    kept = migrations.HERE / "versions" / "r0001_first.py"
    assert (tmp_path / "r0001_first.py").read_text() == kept.read_text()


# -- every step, with rows in every table -----------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), STEPS)
def test_a_file_keeps_every_row(before: str, after: str, tmp_path: Path, keys: Keys) -> None:
    path = tmp_path / "payvand.db"
    kept = make_file(path, keys, before)
    assert set(kept.values()) == {rows.COPIES}
    with opened(path, keys) as (raw, connection):
        bring_up_sqlite(raw, path, keys, ladder=rung(after))
        now = rows.counts(connection)
        assert {table: now[table] for table in kept if table in now} == {t: n for t, n in kept.items() if t in now}
        assert rows.opened(connection) > 0
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
        assert raw.execute("PRAGMA foreign_keys").fetchone() == (1,)


@pytest.mark.parametrize(("before", "after"), STEPS)
def test_a_server_keeps_every_row(before: str, after: str, postgres: Server, keys: Keys) -> None:
    name = postgres.empty_database()

    def make(connection: sa.Connection) -> dict[str, int]:
        bring_up_server(connection, ladder=rung(before))
        rows.fill(connection, keys)
        return rows.counts(connection)

    def migrate(connection: sa.Connection) -> dict[str, int]:
        bring_up_server(connection, ladder=rung(after))
        assert rows.opened(connection) > 0
        return rows.counts(connection)

    kept = on_server(postgres, name, keys, make)
    now = on_server(postgres, name, keys, migrate)
    assert {table: now[table] for table in kept if table in now} == {t: n for t, n in kept.items() if t in now}


def test_control_with_foreign_keys_on_a_rebuild_loses_the_children(tmp_path: Path, keys: Keys) -> None:
    path = tmp_path / "payvand.db"
    kept = make_file(path, keys, schema.HEAD)
    with opened(path, keys) as (raw, connection):
        raw.execute("PRAGMA foreign_keys = ON")
        with connection.begin():
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            TRIAL.climb(connection)
        now = rows.counts(connection)
    assert now["person"] == kept["person"]
    assert now["membership"] == 0 < kept["membership"]


def test_an_id_is_not_used_again_after_a_rebuild(tmp_path: Path, keys: Keys) -> None:
    path = tmp_path / "payvand.db"
    make_file(path, keys, schema.HEAD)
    with opened(path, keys) as (raw, _):
        raw.execute("INSERT INTO person (id, met_on) VALUES (77, 1)")
        raw.execute("DELETE FROM person WHERE id = 77")
        bring_up_sqlite(raw, path, keys, ladder=TRIAL)
        assert raw.execute("INSERT INTO person (met_on) VALUES (1) RETURNING id").fetchall() == [(78,)]


# -- half-way ---------------------------------------------------------------------------------------------------------


def migrate_and_watch(path: Path, keys: Keys, ladder: Ladder, places: Path, every: int) -> list[Path]:
    """Migrate, and keep what a program killed before one of `every` so many statements, or after, would have left."""
    left: list[Path] = []
    statements = count()

    def watch(_: str) -> None:
        if next(statements) % every == 0:
            keep()

    def keep() -> None:
        place = places / str(len(left))
        place.mkdir(parents=True)
        for file in path.parent.iterdir():
            if not file.name.endswith("-shm"):  # shared memory: the next program makes it anew from the log
                shutil.copy(file, place)
        left.append(place / path.name)

    with opened(path, keys) as (raw, _):
        raw.set_trace_callback(watch)
        bring_up_sqlite(raw, path, keys, ladder=ladder)
        raw.set_trace_callback(None)
        keep()
    return left


@pytest.mark.parametrize(("before", "after"), [(None, RUNGS[0]), *STEPS])
def test_a_program_killed_at_any_statement_leaves_the_old_schema(
    before: str | None, after: str, tmp_path: Path, keys: Keys
) -> None:
    path = tmp_path / "home" / "payvand.db"
    path.parent.mkdir()
    old = make_file(path, keys, before) if before else {}
    left = migrate_and_watch(path, keys, rung(after), tmp_path / "left", stride(after))
    revisions = []
    for number, place in enumerate(left):
        with opened(place, keys) as (raw, connection):
            tables = set(sa.inspect(connection).get_table_names())
            found = raw.execute("SELECT version_num FROM alembic_version").fetchone()[0] if tables else None
            revisions.append(found)
            if found == before:
                assert rows.counts(connection) == old
                if number * stride(after) % 10 == 0:  # and the program that starts next gets through
                    bring_up_sqlite(raw, place, keys, ladder=rung(after))
                    assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
                    grown = rows.counts(connection)
                    kept = {table: count for table, count in old.items() if table in grown}
                    assert grown == {**dict.fromkeys(grown, 0), **kept}  # new tables are empty, old rows all there
    switch = revisions.index(after)
    assert switch > MANY // stride(after)
    assert revisions == [before] * switch + [after] * (len(revisions) - switch)


def state(connection: sa.Connection) -> tuple[set[str], dict[str, int]]:
    """Everything a failed migration must leave alone."""
    return shape(connection), rows.counts(connection)


async def break_off(url: str, keys: Keys, ladder: Ladder, every: int) -> tuple[int, list[tuple[set[str], Any]]]:
    """Migrate, failing at statement 0, then later and later until it is done; how often it failed, and what stayed."""
    engine = make_engine(url, keys)
    left = 0
    stayed: list[tuple[set[str], Any]] = []

    @sa.event.listens_for(engine.sync_engine, "before_cursor_execute")
    def _(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise InterruptedError

    while True:
        left = len(stayed) * every + 1
        try:
            async with engine.begin() as connection:
                await connection.run_sync(partial(bring_up_server, ladder=ladder))
        except InterruptedError:
            async with engine.connect() as connection:
                stayed.append(await connection.run_sync(state))
        else:
            await engine.dispose()
            return len(stayed), stayed


@pytest.mark.parametrize(("before", "after"), [(None, RUNGS[0]), *STEPS])
def test_a_server_migration_that_fails_at_any_statement_changes_nothing(
    before: str | None, after: str, postgres: Server, keys: Keys
) -> None:
    name = postgres.empty_database()

    def make(connection: sa.Connection) -> None:
        bring_up_server(connection, ladder=rung(before or ""))
        rows.fill(connection, keys)

    if before:
        on_server(postgres, name, keys, make)
    old = on_server(postgres, name, keys, state)
    times, stayed = asyncio.run(break_off(postgres.url(name), keys, rung(after), stride(after)))
    assert times > MANY // 2 // stride(after)
    assert stayed == [old] * times
    assert on_server(postgres, name, keys, state) != old


def test_a_migration_that_leaves_orphans_is_undone(tmp_path: Path, keys: Keys) -> None:
    folder = tmp_path / "rungs"
    folder.mkdir()
    (folder / "orphans.py").write_text(
        "from alembic import op\n"
        "from storage import schema\n"
        "revision, down_revision = 'orphans', schema.HEAD\n"
        "def upgrade():\n    op.execute('DELETE FROM circle')\n"
    )
    path = tmp_path / "payvand.db"
    kept = make_file(path, keys, schema.HEAD)
    with opened(path, keys) as (raw, connection):
        with pytest.raises(Unusable, match=r"without their owner in: .*membership"):
            bring_up_sqlite(raw, path, keys, ladder=Ladder("orphans", (*LADDER.folders, folder)))
        assert rows.counts(connection) == kept
        assert raw.execute("PRAGMA foreign_keys").fetchone() == (1,)


# -- the copy made before ---------------------------------------------------------------------------------------------


def test_before_a_migration_a_private_copy_is_made_under_the_same_key(tmp_path: Path, keys: Keys) -> None:
    path = tmp_path / "payvand.db"
    kept = make_file(path, keys, schema.HEAD)
    copy = migrations.copy_name(path, schema.HEAD)
    copy.write_bytes(b"of an older attempt")
    with opened(path, keys) as (raw, _):
        bring_up_sqlite(raw, path, keys, ladder=TRIAL)
    assert stat.S_IMODE(copy.stat().st_mode) == PRIVATE
    with opened(copy, keys) as (raw, connection):
        assert rows.counts(connection) == kept
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == (schema.HEAD,)
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(copy).execute("SELECT count(*) FROM sqlite_master")
    assert not list(tmp_path.glob("*.part"))


def test_a_new_file_is_not_copied(tmp_path: Path, keys: Keys) -> None:
    make_file(tmp_path / "payvand.db", keys, schema.HEAD, full=False)
    assert not list(tmp_path.glob("*.before-*"))


def test_without_room_for_the_copy_nothing_is_migrated(tmp_path: Path, keys: Keys) -> None:
    path = tmp_path / "payvand.db"
    make_file(path, keys, schema.HEAD)
    migrations.copy_name(path, schema.HEAD).mkdir()  # what is written can't be put in its place
    with opened(path, keys) as (raw, _):
        with pytest.raises(Unusable, match="Make room"):
            bring_up_sqlite(raw, path, keys, ladder=TRIAL)
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == (schema.HEAD,)


# -- whose database it is ---------------------------------------------------------------------------------------------


async def test_a_file_of_a_newer_program_is_refused(tmp_path: Path, keys: Keys) -> None:
    path = tmp_path / "payvand.db"
    make_file(path, keys, TRIAL.head)
    with pytest.raises(Unusable, match="belongs to a newer program"):
        await open_file(path, keys)


async def test_a_server_database_of_a_newer_program_is_refused(postgres: Server, keys: Keys) -> None:
    url = postgres.url(postgres.empty_database())
    await (await open_server(url, keys, ladder=TRIAL)).close()
    with pytest.raises(Unusable, match="belongs to a newer program"):
        await open_server(url, keys)


def test_somebody_elses_tables_are_left_alone(tmp_path: Path, keys: Keys) -> None:
    path = tmp_path / "payvand.db"
    with opened(path, keys) as (raw, _):
        raw.execute("CREATE TABLE recipes (name TEXT)")
        with pytest.raises(Unusable, match="not a database of this program"):
            bring_up_sqlite(raw, path, keys)
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


def test_alembic_is_imported_only_to_migrate(tmp_path: Path, keys: Keys) -> None:
    make_file(tmp_path / "payvand.db", keys, schema.HEAD)
    program = (
        "import asyncio, pathlib, sys\n"
        "from storage.crypto import Keys\n"
        "from storage.sqlite import open_file\n"
        "async def main():\n"
        "    await (await open_file(pathlib.Path(sys.argv[1]), Keys(bytes(range(32))))).close()\n"
        "asyncio.run(main())\n"
        "sys.exit('alembic' in sys.modules)\n"
    )
    for name, imported in (("payvand.db", 0), ("control-a-new-file.db", 1)):
        done = subprocess.run([sys.executable, "-c", program, str(tmp_path / name)], check=False, capture_output=True)
        assert done.returncode == imported, done.stderr
