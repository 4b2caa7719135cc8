"""A petition as time passes: it closes, is signed, loses its key and its names, and tells each milestone once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from bot.domain import milestones
from bot.domain.petition import ANONYMOUS_AFTER, WITHDRAWAL, State
from handlers import rounds
from handlers.ask import base36
from handlers.petitions import course as petition_course
from storage import ledger, outbox, petition_logs, petitions
from storage.database import Tx
from storage.schema import petition, petition_nullifier, petition_signature
from tests.family.looking import forge, id_of, rows
from tests.family.test_desk import moderators
from tests.petitions.ledgers import DAY, opened, signed, takes_back
from tests.petitions.signing import petition_of
from tests.stage import Stage
from tests.storage.servers import ONE_ENGINE
from tests.updates.casting import publishes
from tests.updates.test_outlets import registered, said

NEWS = "There is news of something that you follow"
MINUTES = timedelta(minutes=2)


async def test_it_closes_forgets_and_becomes_anonymous(stage: Stage) -> None:
    which, _anna = await opened(stage)
    await signed(stage, which, range(8))
    await stage.pass_time(30 * DAY, DAY)
    one = await petition_of(stage, which)
    assert one.state is State.CLOSING
    assert one.key is not None
    await takes_back(stage, which, 1)
    await stage.pass_time(WITHDRAWAL, DAY)
    one = await petition_of(stage, which)
    assert (one.state, one.key) == (State.CLOSED, None)
    found = await rows(stage)
    assert found["petition_nullifier"] == []
    assert "Publicia" in repr(found["petition_signature"])
    await stage.pass_time(ANONYMOUS_AFTER + DAY, 5 * DAY)
    one = await petition_of(stage, which)
    assert (one.state, one.author, one.count) == (State.ANONYMOUS, None, 7)
    found = await rows(stage)
    assert "Publicia" not in repr(found)
    for row in await stage.storage.read(lambda tx: tx.execute(sa.select(petition_signature)).all()):
        assert (row.tag, row.record, row.country, row.public_name, row.wave) == (None, None, None, None, None)
    assert len(found["petition_entry"]) == 10  # noqa: PLR2004 - the letter, eight signatures, one taken back
    assert len(found["petition_version"]) == 1
    assert found["petition_checkpoint"]


@ONE_ENGINE
async def test_marks_left_by_a_crash_after_the_key_went_are_erased_later(stage: Stage) -> None:
    which, _anna = await opened(stage)
    await signed(stage, which, range(6))

    def crashed(tx: Tx) -> None:
        tx.execute(petition.update().values(state=State.CLOSED.value, key=None))

    await stage.storage.write(crashed)
    await stage.pass_time(MINUTES)
    left = await stage.storage.read(lambda tx: tx.execute(sa.select(petition_nullifier)).all())
    assert left == []


@ONE_ENGINE
async def test_the_log_is_signed_daily_while_it_grows(stage: Stage) -> None:
    which, _anna = await opened(stage)

    async def sizes() -> list[int]:
        return await stage.storage.read(lambda tx: [size for size, _at, _note in petition_logs.checkpoints(tx, which)])

    await stage.pass_time(MINUTES)
    assert await sizes() == [1]
    await signed(stage, which, range(4))
    await stage.pass_time(timedelta(hours=3), timedelta(hours=1))
    assert await sizes() == [1]
    await stage.pass_time(DAY, timedelta(hours=6))
    assert await sizes() == [1, 5]
    await stage.pass_time(3 * DAY, DAY)
    assert await sizes() == [1, 5], "what does not grow is not signed again"


# -- milestones ----------------------------------------------------------------------------------------------------


def test_the_greatest_milestone_that_was_not_told() -> None:
    assert milestones.reached(0, 9, 20) == 0, "fewer than ten are nobody's news"
    assert milestones.reached(0, 10, 100) == 10  # noqa: PLR2004
    assert milestones.reached(10, 24, 100) == 0
    assert milestones.reached(10, 80, 100) == 75  # noqa: PLR2004 - one word for two
    assert milestones.reached(75, 100, 100) == 100  # noqa: PLR2004
    assert milestones.reached(100, 555, 100) == 500  # noqa: PLR2004
    assert milestones.reached(500, 600, 100) == 0
    assert milestones.reached(0, 250_000, 1_000_000) == 250_000  # noqa: PLR2004


def test_countries_stand_in_full_tens() -> None:
    found = milestones.classes({"DE": 19, "RU": 9, "TJ": 30, "FR": 10})
    assert found == [("TJ", 30), ("DE", 10), ("FR", 10)]


def watch(tx: Tx, stage: Stage) -> None:
    rounds.seldom(tx, stage.now())


def hasty(tx: Tx, stage: Stage) -> None:
    """As it must not be: who was told is noted in another transaction than the letters."""
    which = tx.execute(sa.select(petition.c.id)).scalar_one()
    people = petitions.followers(tx, which, 0, 100)
    letters = list(petition_course._tell(tx, stage.now()))  # noqa: SLF001
    outbox.post(tx, letters, stage.now())
    if people:
        tx.execute(petition.update().values(telling=0))


class Crash(Exception):  # noqa: N818
    """The machine stops."""


@ONE_ENGINE
@pytest.mark.parametrize(("work", "times"), [(watch, 1), (hasty, 2)])
async def test_a_milestone_is_told_once_also_after_a_crash(
    stage: Stage, work: Callable[[Tx, Stage], None], times: int
) -> None:
    which, _anna = await opened(stage)
    readers = [stage.actor(name) for name in ("zarina", "daler")]
    for actor in readers:
        await actor.settles_in(actor.account.title())
        await forge(stage, actor, f"petition.follow:{base36(which)}")
    await stage.pass_time(MINUTES)
    before = [actor.screen.count(NEWS) for actor in readers]
    await signed(stage, which, range(12))
    await stage.storage.write(lambda tx: ledger.told(tx, which, 0) if work is hasty else None)

    def crashing(tx: Tx) -> None:
        work(tx, stage)
        raise Crash

    for _ in range(3):
        with pytest.raises(Crash):
            await stage.storage.write(crashing)
    assert [actor.screen.count(NEWS) for actor in readers] == before, "nothing of it was kept"
    for _ in range(2):
        await stage.storage.write(lambda tx: work(tx, stage))
        await stage.settle()
    assert [actor.screen.count(NEWS) for actor in readers] == [n + times for n in before]


@ONE_ENGINE
async def test_followers_are_told_in_parts_and_each_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(petition_course, "AT_ONCE", 2)
    which, _anna = await opened(stage)
    readers = [stage.actor(f"reader{n}") for n in range(5)]
    for actor in readers:
        await actor.settles_in(actor.account.title())
        who = await id_of(stage, actor)
        await stage.storage.write(partial(petitions.follow, which=which, who=who, now=stage.now()))
    await stage.pass_time(timedelta(minutes=5))
    before = [actor.screen.count(NEWS) for actor in readers]
    await signed(stage, which, range(10))
    await stage.pass_time(timedelta(minutes=5))
    assert [actor.screen.count(NEWS) for actor in readers] == [n + 1 for n in before]
    one = await petition_of(stage, which)
    assert one.told == 10  # noqa: PLR2004
    await takes_back(stage, which, 3)
    await signed(stage, which, [3])
    await stage.pass_time(timedelta(minutes=5))
    assert [actor.screen.count(NEWS) for actor in readers] == [n + 1 for n in before], "the same one is not told again"


# -- how it goes ---------------------------------------------------------------------------------------------------


@ONE_ENGINE
async def test_everybody_sees_the_exact_count_and_the_growth(stage: Stage) -> None:
    which, anna = await opened(stage)
    await signed(stage, which, range(40))
    await stage.pass_time(2 * DAY, DAY)
    await signed(stage, which, range(40, 47))
    zarina = stage.actor("zarina")
    await zarina.settles_in("Zarina")
    for actor in (zarina, anna):
        await forge(stage, actor, f"petition.progress:{base36(which)}")
        assert "47" in actor.last
        await actor.presses("Growth")
        picture = actor.messages[-1].attachment
        assert picture is not None
        assert picture.data.startswith(b"\x89PNG")
        assert "Germany: 10+" in actor.last
        assert ("At the pace of the last week" in actor.last) == (actor is anna)
    assert not zarina.sees("Canary")


@ONE_ENGINE
async def test_groups_get_the_state_of_the_log_once_a_day_and_after_a_bulletin(stage: Stage) -> None:
    which, _anna = await opened(stage)
    (moderator,) = await moderators(stage, "Farida")
    await registered(stage, moderator)
    await signed(stage, which, range(3))
    await stage.pass_time(MINUTES)

    def states() -> list[str]:
        return [text for text in said(stage) if "State of the petitions" in text]

    assert len(states()) == 1
    one = await stage.storage.read(lambda tx: petition_logs.last_checkpoint(tx, which))
    assert one is not None
    assert one.text.splitlines()[2] in states()[0]
    await signed(stage, which, range(3, 6))
    await stage.pass_time(timedelta(hours=2), timedelta(hours=1))
    assert len(states()) == 1
    await publishes(stage)
    await stage.pass_time(MINUTES)
    assert len(states()) == 2  # noqa: PLR2004 - together with the bulletin
    assert not any("Canary" in text for text in said(stage))
