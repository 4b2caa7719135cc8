"""Two doors to what is kept: whatever one work does, the others are kept whole, once, and in their own time."""

from __future__ import annotations

import asyncio
import threading
import traceback
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import aiosqlite
import pytest
import sqlalchemy as sa

from storage import database, schema, sqlite
from storage.crypto import Keys
from storage.database import Broken, Busy, Full, Storage, StorageFault, Tx, Unusable
from storage.postgres import CHECK, Postgres, make_engine, open_server
from storage.sqlite import SQLite, _Hop, open_file, refuse_unsafe_library

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.storage.servers import Server

fact = schema.fact
MANY = 60
PATIENCE = 60.0  # seconds that a look goes on if nobody ends it
CANARY = "can" + "ary"  # so that no line of this file holds it


def note(tx: Tx, name: str, value: str = "") -> str:
    """Write one row."""
    tx.execute(fact.insert().values(name=name, value=value))
    return name


def names(tx: Tx) -> set[str]:
    """What stands there."""
    return set(tx.connection.scalars(sa.select(fact.c.name).where(fact.c.name != CHECK)))


def complain(tx: Tx) -> None:
    """Write something, then fail."""
    note(tx, "never")
    raise LookupError


def meeting(storage: Storage) -> tuple[Callable[[], None], asyncio.Event, Callable[[], None]]:
    """How a work can wait in its middle: called inside it; an event when it has arrived; called to let it go on."""
    arrived, go_on = asyncio.Event(), asyncio.Event()
    if isinstance(storage, Postgres):

        def wait() -> None:
            arrived.set()
            sa.util.await_only(go_on.wait())

        return wait, arrived, go_on.set
    loop = asyncio.get_running_loop()
    released = threading.Event()

    def block() -> None:
        loop.call_soon_threadsafe(arrived.set)
        released.wait()

    return block, arrived, released.set


# -- a long look -------------------------------------------------------------------------------------------------------

STEPS = 20


async def steps_beside(storage: Storage, read: Callable[[Any], Any], patience: float = PATIENCE) -> int:
    """How many writes are answered while a look that awaits nothing goes on, which waits for all of them."""
    loop, begun, enough = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    done = 0

    def reckon(tx: Tx) -> int:
        names(tx)
        loop.call_soon_threadsafe(begun.set)
        enough.wait(patience)  # the processor of a large export: it yields to nobody
        return done

    looking = asyncio.ensure_future(read(reckon))
    await begun.wait()
    for number in range(STEPS):
        await storage.write(partial(note, name=f"beside {number}"))
        done += 1
    enough.set()
    return await looking  # type: ignore[no-any-return]


async def test_nobody_waits_for_a_long_look(storage: Storage) -> None:
    assert await steps_beside(storage, storage.read_long) == STEPS
    assert len(await storage.read(names)) == STEPS


@pytest.mark.parametrize("engine", ["postgres"])
async def test_control_an_ordinary_look_holds_everybody_there(storage: Storage) -> None:
    assert await steps_beside(storage, storage.read, 0.2) == 0


def missing(tx: Tx) -> None:
    raise LookupError(len(names(tx)))


async def test_a_long_look_says_its_error_and_can_write_nothing(storage: Storage) -> None:
    with pytest.raises(LookupError):
        await storage.read_long(missing)
    with pytest.raises(sa.exc.DBAPIError):
        await storage.read_long(partial(note, name="never"))
    assert not await storage.read(names)


# -- many at once -----------------------------------------------------------------------------------------------------


async def test_one_bad_work_among_many_harms_nobody_else(storage: Storage) -> None:
    works: list[Callable[[Tx], Any]] = [partial(note, name=str(number)) for number in range(MANY)]
    works.insert(MANY // 2, complain)
    outcomes = await asyncio.gather(*(storage.write(work) for work in works), return_exceptions=True)
    assert isinstance(outcomes.pop(MANY // 2), LookupError)
    assert outcomes == [str(number) for number in range(MANY)]
    assert await storage.read(names) == set(outcomes)


async def test_a_work_that_runs_again_has_no_double_effect(storage: Storage) -> None:
    runs: list[str] = []

    def counted(tx: Tx, name: str) -> None:
        runs.append(name)
        note(tx, name)

    wanted = {str(number) for number in range(MANY)}
    waiting = [storage.write(partial(counted, name=name)) for name in wanted]
    outcomes = await asyncio.gather(*waiting, storage.write(complain), return_exceptions=True)
    assert sum(outcome is not None for outcome in outcomes) == 1
    assert await storage.read(names) == wanted
    if isinstance(storage, SQLite):
        assert len(runs) > len(wanted)  # it did run again: with its batch, and then alone


async def test_control_without_isolation_one_bad_work_would_take_its_neighbours_along(storage: Storage) -> None:
    def batch(tx: Tx) -> None:
        note(tx, "neighbour")
        complain(tx)

    with pytest.raises(LookupError):
        await storage.write(batch)
    assert await storage.read(names) == set()


async def test_a_hot_row_that_all_want_to_change_gets_every_change(storage: Storage) -> None:
    def more(tx: Tx) -> None:
        now = int(tx.connection.scalar(sa.select(fact.c.value).where(fact.c.name == "hot")) or 0)
        tx.execute(fact.update().where(fact.c.name == "hot").values(value=str(now + 1)))

    await storage.write(partial(note, name="hot", value="0"))
    await asyncio.gather(*(storage.write(more) for _ in range(MANY)))
    query = sa.select(fact.c.value).where(fact.c.name == "hot")
    assert await storage.read(lambda tx: tx.connection.scalar(query)) == str(MANY)


@pytest.mark.parametrize("kind", [StopIteration, SystemExit, asyncio.CancelledError, GeneratorExit, KeyboardInterrupt])
async def test_whatever_a_work_raises_the_writer_lives_on(storage: Storage, kind: type[BaseException]) -> None:
    def odd(_: Tx) -> None:
        raise kind

    for door in (storage.write, storage.read):
        with pytest.raises(RuntimeError, match=kind.__name__):
            await door(odd)
    await storage.write(partial(note, name="after"))
    assert await storage.read(names) == {"after"}


# -- savepoints -------------------------------------------------------------------------------------------------------


async def test_what_was_written_inside_is_kept_on_return_and_undone_on_an_error(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        note(tx, "before")
        with tx.savepoint():
            note(tx, "kept")
            with suppress(LookupError), tx.savepoint():
                note(tx, "undone, inner")
                raise LookupError
        with suppress(sa.exc.IntegrityError), tx.savepoint():
            note(tx, "undone")
            note(tx, "kept")
        note(tx, "after")

    await storage.write(work)
    assert await storage.read(names) == {"before", "kept", "after"}


async def test_a_refused_constraint_is_the_works_own_and_no_fault_of_the_store(storage: Storage) -> None:
    await storage.write(partial(note, name="disk full, database locked"))
    with pytest.raises(sa.exc.IntegrityError):
        await storage.write(partial(note, name="disk full, database locked"))


async def test_bad_sql_is_a_defect_and_no_fault_of_the_store(storage: Storage) -> None:
    for door in (storage.write, storage.read):
        with pytest.raises(sa.exc.DBAPIError):
            await door(lambda tx: tx.execute(sa.text("SELECT nothing FROM nowhere")).all())


# -- callers who leave ------------------------------------------------------------------------------------------------


async def test_a_caller_who_is_cancelled_never_wedges_the_store(storage: Storage) -> None:
    def both(tx: Tx, number: int) -> None:
        note(tx, f"{number} first")
        note(tx, f"{number} second")

    tasks = [asyncio.create_task(storage.write(partial(both, number=number))) for number in range(MANY)]
    for number, task in enumerate(tasks):
        for _ in range(number % 7):
            await asyncio.sleep(0)  # at every moment of its way
        if number % 2:
            task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(*(storage.write(partial(note, name=f"later {number}")) for number in range(MANY)))
    kept = await storage.read(names)
    for number, outcome in enumerate(outcomes):
        halves = {f"{number} first", f"{number} second"} & kept
        assert len(halves) == 2 if outcome is None else len(halves) in (0, 2)  # noqa: PLR2004 - both or none
    assert len([name for name in kept if name.startswith("later")]) == MANY


async def test_control_a_transaction_spread_over_awaits_wedges_a_shared_connection(tmp_path: Path) -> None:
    async with aiosqlite.connect(tmp_path / "spread.db", isolation_level=None) as connection:
        await connection.execute("CREATE TABLE fact (name TEXT)")

        async def spread() -> None:
            await connection.execute("BEGIN")
            await connection.execute("INSERT INTO fact VALUES ('half')")
            await connection.execute("COMMIT")

        task = asyncio.create_task(spread())
        while not connection.in_transaction:  # noqa: ASYNC110 - another library's state, with no event for it
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(aiosqlite.OperationalError, match="within a transaction"):
            await spread()


async def test_a_reader_who_is_cancelled_gives_the_connection_back(storage: Storage) -> None:
    for _ in range(10):
        pause, arrived, go_on = meeting(storage)

        def look(_: Tx, pause: Callable[[], None] = pause) -> None:
            pause()
            raise LookupError  # nobody is there to hear it, and that is no trouble

        task = asyncio.create_task(storage.read(look))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on()
    assert await storage.read(names) == set()


async def test_closing_finishes_what_is_under_way(storage: Storage) -> None:
    tasks = [asyncio.create_task(storage.write(partial(note, name=str(number)))) for number in range(MANY)]
    await asyncio.sleep(0)
    await storage.close()
    assert await asyncio.gather(*tasks) == [str(number) for number in range(MANY)]
    for door in (storage.write, storage.read):
        with pytest.raises(RuntimeError, match="closed"):
            await door(names)


# -- the reading door -------------------------------------------------------------------------------------------------


async def test_a_reader_sees_only_what_is_committed(storage: Storage) -> None:
    pause, arrived, go_on = meeting(storage)

    def slow(tx: Tx) -> None:
        note(tx, "in the making")
        pause()

    task = asyncio.create_task(storage.write(slow))
    await arrived.wait()
    assert await storage.read(names) == set()
    go_on()
    await task
    assert await storage.read(names) == {"in the making"}


async def test_a_reader_sees_one_moment_from_beginning_to_end(storage: Storage) -> None:
    pause, arrived, go_on = meeting(storage)

    def look_twice(tx: Tx) -> tuple[set[str], set[str]]:
        first = names(tx)
        pause()
        return first, names(tx)

    task = asyncio.create_task(storage.read(look_twice))
    await arrived.wait()
    await storage.write(partial(note, name="meanwhile"))
    go_on()
    assert await task == (set(), set())


async def test_a_reader_cannot_write(storage: Storage) -> None:
    with pytest.raises(sa.exc.DBAPIError):  # a defect, and told as one
        await storage.read(partial(note, name="by a reader"))
    assert await storage.read(names) == set()
    await storage.write(partial(note, name="by a writer"))
    assert await storage.read(names) == {"by a writer"}


# -- two at the same moment -------------------------------------------------------------------------------------------


def meet_once(tx: Tx, account: str) -> int:
    """Look for an address, and make it if it is not there; its id."""
    address = schema.address
    query = sa.select(address.c.id).where(address.c.account == account)
    found = tx.connection.scalar(query)
    if found is not None:
        return int(found)
    made = address.insert().values(platform="telegram", bot="b", account=account, reach="r").returning(address.c.id)
    return int(tx.execute(made).scalar_one())


async def test_two_who_meet_the_same_account_at_once_meet_one_person(storage: Storage) -> None:
    ids = await asyncio.gather(*(storage.write(partial(meet_once, account="canary")) for _ in range(20)))
    assert len(set(ids)) == 1


def at_most_one(tx: Tx, name: str) -> bool:
    """A rule that no constraint holds: write only if nobody did."""
    if names(tx):
        return False
    note(tx, name)
    return True


async def test_a_quorum_counted_by_two_at_once_is_counted_right(storage: Storage) -> None:
    done = await asyncio.gather(*(storage.write(partial(at_most_one, name=str(number))) for number in range(20)))
    assert sum(done) == 1
    assert len(await storage.read(names)) == 1


async def test_control_two_connections_that_do_not_watch_each_other_both_write(postgres: Server, keys: Keys) -> None:
    engine = make_engine(postgres.url(await postgres.database(keys)), keys)
    careless = engine.execution_options(isolation_level="READ COMMITTED")
    async with careless.begin() as one, careless.begin() as other:
        done = [await c.run_sync(lambda c: at_most_one(Tx(c, int), str(id(c)))) for c in (one, other)]
    await engine.dispose()
    assert done == [True, True]


async def test_two_transactions_that_really_overlap_are_run_again(postgres: Server, keys: Keys) -> None:
    storage = await open_server(postgres.url(await postgres.database(keys)), keys)
    pause, arrived, go_on = meeting(storage)
    runs: list[str] = []

    def slow(tx: Tx) -> bool:
        runs.append("slow")
        first = not names(tx)
        if len(runs) == 1:
            pause()
        return first and at_most_one(tx, "slow")

    task = asyncio.create_task(storage.write(slow))
    await arrived.wait()
    assert await storage.write(partial(at_most_one, name="quick")) is True
    go_on()
    assert await task is False
    assert runs == ["slow", "slow"]
    assert await storage.read(names) == {"quick"}
    await storage.close()


async def test_what_was_erased_is_cleared_away_beside_the_work(storage: Storage) -> None:
    await storage.write(partial(note, name="here"))
    await storage.write(lambda tx: tx.execute(fact.delete().where(fact.c.name == "here")).rowcount)
    writes = [storage.write(partial(note, name=str(number))) for number in range(MANY)]
    await asyncio.gather(storage.checkpoint(), *writes, storage.checkpoint())
    assert len(await storage.read(names)) == MANY


# -- who may open -----------------------------------------------------------------------------------------------------


async def reopen(storage: Storage, server: Server | None, store_path: Path, keys: Keys) -> Storage:
    """Open the store of this test once more."""
    if server is None:
        return await open_file(store_path, keys)
    assert isinstance(storage, Postgres)
    return await open_server(storage._engine.url.render_as_string(hide_password=False), keys)  # noqa: SLF001


async def test_a_second_process_is_refused_until_the_first_is_gone(
    storage: Storage, server: Server | None, store_path: Path, keys: Keys
) -> None:
    await storage.write(partial(note, name="first"))
    with pytest.raises(Unusable, match="Another process is using"):
        await reopen(storage, server, store_path, keys)
    await storage.close()
    again = await reopen(storage, server, store_path, keys)
    assert await again.read(names) == {"first"}
    await again.close()


async def test_a_wrong_key_is_refused_and_changes_nothing(
    storage: Storage, server: Server | None, store_path: Path, keys: Keys
) -> None:
    await storage.write(partial(note, name="mine"))
    await storage.close()
    before = store_path.read_bytes() if server is None else b""
    with pytest.raises(Unusable, match=r"[Tt]he key does not"):
        await reopen(storage, server, store_path, Keys(b"another community's root key...."))
    assert before == (store_path.read_bytes() if server is None else b"")
    again = await reopen(storage, server, store_path, keys)
    assert await again.read(names) == {"mine"}
    await again.close()


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 51, 2)])
def test_an_sqlite_that_can_lose_data_is_refused(version: tuple[int, ...]) -> None:
    with pytest.raises(Unusable, match="can lose committed data"):
        refuse_unsafe_library(version)


def test_the_sqlite_we_stand_on_is_safe() -> None:
    refuse_unsafe_library()
    refuse_unsafe_library(sqlite.SAFE_VERSION)


async def test_a_place_where_nothing_can_be_kept_is_named(tmp_path: Path, keys: Keys) -> None:
    with pytest.raises(Unusable, match="nowhere"):
        await open_file(tmp_path / "nowhere" / "payvand.db", keys)


async def test_a_server_that_does_not_answer_is_said_without_its_password(tmp_path: Path, keys: Keys) -> None:
    address = f"postgresql://payvand:{CANARY}@/nothing?host={tmp_path}"
    with pytest.raises(Unusable, match="does not answer") as caught:
        await open_server(address, keys)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


async def test_a_server_without_the_database_says_how_to_make_it(postgres: Server, keys: Keys) -> None:
    with pytest.raises(Unusable, match="createdb"):
        await open_server(postgres.url("nothing"), keys)


async def test_an_address_that_is_none_is_said(keys: Keys) -> None:
    with pytest.raises(Unusable, match="postgresql://"):
        await open_server("canary", keys)


# -- letters that were posted -----------------------------------------------------------------------------------------


def post(tx: Tx) -> None:
    """As the outbox does."""
    note(tx, "letter")
    tx.posted = True


def post_in_vain(tx: Tx) -> None:
    """Post, then fail."""
    tx.posted = True
    raise LookupError


async def test_watchers_hear_of_a_letter_after_it_is_committed(storage: Storage) -> None:
    heard: asyncio.Queue[set[str]] = asyncio.Queue()
    tasks: list[asyncio.Task[None]] = []

    async def look() -> None:
        heard.put_nowait(await storage.read(names))

    storage.on_posted(lambda: tasks.append(asyncio.create_task(look())))
    await storage.write(post)
    assert await heard.get() == {"letter"}
    with pytest.raises(LookupError):
        await storage.write(post_in_vain)
    await storage.write(partial(note, name="no letter"))
    await asyncio.sleep(0)
    assert len(tasks) == 1


async def test_a_watcher_that_fails_harms_no_writer(storage: Storage) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    def stumble() -> None:
        raise LookupError

    storage.on_posted(stumble)
    await storage.write(post)
    await storage.write(partial(note, name="after"))
    assert await storage.read(names) == {"letter", "after"}
    assert len(complaints) == 1


# -- when the store is in trouble -------------------------------------------------------------------------------------


def pragma(words: str) -> Callable[[Tx], int]:
    """Run a PRAGMA on the writer's connection."""
    return lambda tx: int(tx.connection.exec_driver_sql(f"PRAGMA {words}").scalar() or 0)


@pytest.fixture
async def file(tmp_path: Path, keys: Keys) -> AsyncIterator[SQLite]:
    """An SQLite store that can be driven into trouble."""
    opened = await open_file(tmp_path / "payvand.db", keys)
    yield opened
    await opened.close()


async def fill_up(file: SQLite, pages: int = 0) -> None:
    """Leave room for some pages only."""
    await file.write(pragma(f"max_page_count = {await file.read(pragma('page_count')) + pages}"))


async def test_a_full_disk_is_told_and_writes_resume_when_there_is_room(file: SQLite) -> None:
    await fill_up(file)
    with pytest.raises(Full):
        await file.write(partial(note, name="big", value="x" * 1_000_000))
    assert await file.read(names) == set()
    await file.write(pragma("max_page_count = 1000000"))
    await file.write(partial(note, name="big", value="x" * 1_000_000))
    assert await file.read(names) == {"big"}


async def test_one_work_too_big_for_the_disk_does_not_take_the_small_ones_along(file: SQLite) -> None:
    await fill_up(file, pages=20)
    big = file.write(partial(note, name="big", value="x" * 1_000_000))
    small = [file.write(partial(note, name=str(number))) for number in range(10)]
    outcomes = await asyncio.gather(big, *small, return_exceptions=True)
    assert isinstance(outcomes[0], Full)
    assert await file.read(names) == {str(number) for number in range(10)}


async def test_a_work_that_swallows_a_full_disk_is_refused_all_the_same(file: SQLite) -> None:
    await fill_up(file)

    def stubborn(tx: Tx) -> None:
        note(tx, "before")
        for _ in range(2):
            with pytest.raises(Full), tx.savepoint():
                note(tx, "big", "x" * 1_000_000)

    with pytest.raises(Full):
        await file.write(stubborn)
    assert await file.read(names) == set()


async def test_somebody_who_holds_the_file_makes_it_busy_and_not_broken(
    file: SQLite, tmp_path: Path, keys: Keys
) -> None:
    await file.write(pragma("busy_timeout = 1"))
    other = sqlite.connect(tmp_path / "payvand.db", keys)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy):
        await file.write(partial(note, name="now"))
    other.execute("ROLLBACK")
    await file.write(partial(note, name="later"))
    assert await file.read(names) == {"later"}
    other.close()


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("53100", Full),
        ("55P03", Busy),
        ("53300", Busy),
        ("40001", Busy),
        ("40P01", Busy),
        ("57P01", Broken),
        ("58030", Broken),
    ],
)
async def test_the_servers_troubles_are_told_apart(
    postgres: Server, keys: Keys, state: str, kind: type[StorageFault]
) -> None:
    storage = await open_server(postgres.url(await postgres.database(keys)), keys)
    runs: list[int] = []

    def trouble(tx: Tx) -> None:
        runs.append(1)
        note(tx, "half")
        tx.execute(sa.text(f"DO $$ BEGIN RAISE EXCEPTION '{CANARY}' USING ERRCODE = '{state}'; END $$"))

    with pytest.raises(kind) as caught:
        await storage.write(trouble)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert (len(runs) > 1) == state.startswith("40")  # conflicts are tried again, a bounded number of times
    assert await storage.read(names) == set()
    await storage.write(partial(note, name="later"))
    await storage.close()


async def test_a_server_that_restarts_is_broken_and_then_whole_again(postgres: Server, keys: Keys) -> None:
    name = await postgres.database(keys)
    storage = await open_server(postgres.url(name), keys)
    await storage.write(partial(note, name="before"))
    postgres.cut_off(name)
    written = set()
    for number in range(20):
        try:
            written.add(await storage.write(partial(note, name=str(number))))
        except Broken:
            continue
    assert "19" in written
    assert await storage.read(names) == {"before", *written}
    with pytest.raises(Unusable, match="Another process"):  # and it holds the lock again
        await open_server(postgres.url(name), keys)
    await storage.close()


async def test_nothing_is_written_beside_a_process_that_took_over(postgres: Server, keys: Keys) -> None:
    name = await postgres.database(keys)
    first = await open_server(postgres.url(name), keys)
    postgres.cut_off(name)
    second = await open_server(postgres.url(name), keys)
    for _ in range(3):
        with pytest.raises(Broken):
            await first.write(partial(note, name="by the first"))
    await second.write(partial(note, name="by the second"))
    assert await second.read(names) == {"by the second"}
    await first.close()
    await second.close()


# -- what errors say --------------------------------------------------------------------------------------------------


async def test_no_error_and_no_traceback_holds_a_value(storage: Storage) -> None:
    await storage.write(partial(note, name=CANARY))
    works: list[Callable[[Tx], Any]] = [
        partial(note, name=CANARY),
        lambda tx: tx.execute(fact.insert(), [{"name": CANARY, "value": CANARY}] * 3),
        lambda tx: tx.execute(fact.insert().values(name=CANARY, value=None)),
        lambda tx: tx.execute(schema.person.insert().values(met_on=CANARY)),
        lambda tx: tx.execute(
            schema.address.insert().values(person_id=5, platform=CANARY, bot=CANARY, account="c", reach="r")
        ),
        lambda tx: tx.execute(schema.dialogue.insert().values(person_id=5, form=CANARY, expires_at=CANARY)),
    ]
    for work in works:
        with pytest.raises(sa.exc.StatementError) as caught:
            await storage.write(work)
        assert CANARY not in "".join(traceback.format_exception(caught.value))
        assert CANARY not in repr(caught.value)


def test_a_fault_is_named_by_its_code_and_not_by_its_words() -> None:
    class RefusedError(Exception):
        sqlite_errorcode = 2067  # SQLITE_CONSTRAINT_UNIQUE

    error = sa.exc.OperationalError(
        "INSERT", None, RefusedError("UNIQUE constraint failed: disk.full, database.locked")
    )
    assert database.fault_of(error) is None


def test_a_file_that_another_key_opens_is_refused_in_one_sentence_and_leaves_no_thread_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def opened(key: bytes) -> None:
        await (await open_file(tmp_path / "payvand.db", Keys(key))).close()

    asyncio.run(opened(bytes(32)))
    stop = _Hop.stop

    def late(hop: _Hop) -> asyncio.Future[object] | None:
        hop._tx.put_nowait((None, lambda: threading.Event().wait(0.3)))  # noqa: SLF001 - a machine that is busy with something else
        return stop(hop)

    monkeypatch.setattr(_Hop, "stop", late)
    with pytest.raises(Unusable, match="The key does not open"):
        asyncio.run(opened(b"\x11" * 32))
    assert not [one.name for one in threading.enumerate() if "_connection_worker" in one.name]
