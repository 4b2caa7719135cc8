"""How SQLite finds what a check-in and its letters need: by an index, so that the cost does not grow with the members.

Every statement is asked for its plan. A plan that reads a whole table, or sorts a backlog, is found here long before
anybody can measure it.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Self

import pytest

from bot import i18n
from bot.domain.bulletin import Kind
from bot.domain.roles import Role
from bot.outbox.courier import NotSent
from handlers import rounds
from storage import broadcasts, outbox
from storage.crypto import Keys
from storage.readers import Reading
from storage.sqlite import SQLite, open_file
from tests.family.looking import id_of
from tests.family.test_desk import give, moderators, people
from tests.stage import Stage
from tests.updates.casting import crowd, draft, publishes, subscribes
from tests.updates.test_hotline import answers, reads, takes
from tests.updates.test_hotline import writes as begins_a_case

LONG = (
    "delivery",
    "reader",
    "reader_place",
    "asked",
    "letter",
    "message",
    "person",
    "address",
)  # a row for each reader


@pytest.fixture
async def stage(tmp_path: Path, keys: Keys, migrated_file: Path) -> AsyncIterator[Stage]:
    """A stage on SQLite."""
    i18n.open_catalogues(strict=False)
    shutil.copy(migrated_file, tmp_path / "payvand.db")
    storage = await open_file(tmp_path / "payvand.db", keys)
    yield Stage(storage)
    await storage.close()


class Statements:
    """What the writer's connection was asked meanwhile, each statement once, and how it is found."""

    def __init__(self, stage: Stage) -> None:
        assert isinstance(stage.storage, SQLite)
        self._storage = stage.storage
        self._connection = stage.storage._writer._conn  # noqa: SLF001 - nobody else has the connection
        self.asked: set[str] = set()

    def __enter__(self) -> Self:
        self._connection.set_trace_callback(self.asked.add)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.set_trace_callback(None)

    async def plans(self) -> dict[str, list[str]]:
        """The plan of each."""
        words = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
        asked = sorted(one for one in self.asked if one.lstrip().upper().startswith(words))

        def explain() -> dict[str, list[str]]:
            return {
                one: [row[3] for row in self._connection.execute("EXPLAIN QUERY PLAN " + one).fetchall()]
                for one in asked
            }

        return await self._storage._writer.run(explain)  # noqa: SLF001


def whole(plan: list[str]) -> list[str]:
    """The steps of a plan that read a whole table or index."""
    return [step for step in plan if step.startswith("SCAN ") and not step.startswith(("SCAN CONSTANT", "SCAN ("))]


async def test_nothing_on_the_way_of_a_check_in_reads_a_whole_table(stage: Stage) -> None:
    zarina, _daler, _maria = await stage.family("Zarina", "Daler", "Maria")
    await zarina.says("/start")
    with Statements(stage) as statements:
        await zarina.presses("I am safe")
    plans = await statements.plans()
    assert len(plans) > 10, "the statements were seen"  # noqa: PLR2004
    assert {one: steps for one, plan in plans.items() if (steps := whole(plan))} == {}


async def test_a_backlog_is_neither_read_nor_sorted_to_find_what_goes_next(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    stage.memory.fail(NotSent(), times=9)
    with Statements(stage) as statements:
        await zarina.says("/safe")
        await stage.pass_time(timedelta(minutes=1))
        await stage.storage.write(partial(outbox.next_due, route="memory/1", after=stage.now()))
    plans = {one: plan for one, plan in (await statements.plans()).items() if "letter" in one and "SELECT" in one}
    claims = [plan for one, plan in plans.items() if "LIMIT" in one and "body" in one]
    assert claims
    assert [step for plan in claims for step in plan if "TEMP B-TREE" in step] == []
    assert {one: steps for one, plan in plans.items() if (steps := whole(plan))} == {}


async def test_nothing_that_is_asked_of_the_line_reads_all_that_was_ever_written_there(stage: Stage) -> None:
    zarina, anna = [stage.actor(name) for name in ("zarina", "anna")]
    for actor in (zarina, anna):
        await actor.settles_in(actor.account.title())
    await give(stage, anna, Role.MODERATOR)
    with Statements(stage) as statements:
        await begins_a_case(zarina)
        await takes(anna)
        await answers(anna)
        await stage.pass_time(timedelta(minutes=2))
        await reads(zarina)
        await zarina.presses("End and erase it")
        await zarina.presses("Yes, erase it")
    plans = {one: plan for one, plan in (await statements.plans()).items() if "line_" in one}
    assert len(plans) > 15, "the statements were seen"  # noqa: PLR2004
    assert {one: steps for one, plan in plans.items() if (steps := whole(plan))} == {}


async def test_a_bulletin_on_its_way_reads_no_whole_table_but_its_own_short_ones(stage: Stage) -> None:
    anna, _bahrom = await moderators(stage, "Anna", "Bahrom")
    (zarina,) = await people(stage, "Zarina")
    who = await subscribes(stage, zarina, Reading(places=("khorugh",)))
    everybody = await stage.storage.write(partial(crowd, stage=stage, n=40, languages=("en", "tg")))
    await publishes(stage, draft(place="khorugh"), ["en"], by=await id_of(stage, anna))
    step = partial(rounds.broadcasting, most={"memory/1": 100})
    with Statements(stage) as statements:
        await stage.storage.write(partial(step, now=stage.now()))
        await stage.app.engine.drain()
        await stage.storage.write(partial(broadcasts.note_asked, number=1, who=everybody[0], now=stage.now()))
        await publishes(stage, draft(Kind.CORRECTION, 1), ["en"])
        for _step in range(3):
            stage._now += timedelta(seconds=5)  # noqa: SLF001 - without what else happens as time passes
            await stage.storage.write(partial(step, now=stage.now()))
            await stage.app.engine.drain()
        await stage.storage.write(partial(broadcasts.unite, gone=everybody[-1], kept=who, now=stage.now()))
    plans = await statements.plans()
    ours = {one: plan for one, plan in plans.items() if any(table in one for table in LONG)}
    assert len(ours) > 30, "the statements were seen"  # noqa: PLR2004
    found = {one: [step for step in whole(plan) if step.split()[1] in LONG] for one, plan in ours.items()}
    assert {one: steps for one, steps in found.items() if steps} == {}


async def test_control_a_search_without_an_index_is_seen(stage: Stage) -> None:
    with Statements(stage) as statements:
        await stage.storage.write(lambda tx: tx.connection.exec_driver_sql("SELECT id FROM person WHERE met_on = 7"))
    plans = await statements.plans()
    assert [step for plan in plans.values() for step in whole(plan)] == ["SCAN person"]
