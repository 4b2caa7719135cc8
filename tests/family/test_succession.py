"""The bot's account is gone: whoever presses Start at its recorded successor is recognised, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot import i18n
from storage import successions
from storage.database import Storage, Tx
from tests.family.looking import id_of, rows
from tests.stage import Actor, Stage

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RECOGNISED = "I have recognised you."


@pytest.fixture
async def old(storage: Storage) -> AsyncIterator[Stage]:
    """A community at the account “1”, which can be replaced by the account “2” of the same platform."""
    i18n.open_catalogues(strict=False)
    community = Stage(storage, ("memory", "2"))
    yield community
    assert [one.refused for one in community.platforms] == [[] for _one in community.platforms]


async def replace(stage: Stage, old: str = "1", new: str = "2", *, record: bool = True) -> int:
    """The old account is gone; what `payvand succession` writes, unless told otherwise."""
    stage.platforms = [one for one in stage.platforms if one.bot != old]
    stage.app = stage.open()
    if not record:
        return 0
    return await stage.storage.write(lambda tx: successions.record(tx, "memory", old, new, stage.now()))


def again(actor: Actor) -> Actor:
    """The same account, at the successor."""
    return Actor(actor.stage, actor.account, actor.stage.platforms[-1])


async def test_who_presses_start_at_the_successor_is_recognised_and_told(old: Stage) -> None:
    zarina, daler = await old.family("Zarina", "Daler")
    await zarina.says("I am safe")
    who = await id_of(old, zarina)
    assert await replace(old) == 2  # noqa: PLR2004 - people
    zarina, daler = again(zarina), again(daler)
    await zarina.starts()
    assert zarina.sees(f"Zarina, {RECOGNISED}")
    assert "Hello, Zarina!" in zarina.last
    assert await id_of(old, zarina) == who
    await daler.says("/people")
    assert daler.sees(f"Daler, {RECOGNISED}")
    assert "Zarina: safe" in daler.last
    await zarina.says("I am safe")
    assert daler.sees("Zarina: I am safe.")
    await daler.starts()
    assert daler.screen.count(RECOGNISED) == 1, "said once"
    assert all(row[3] == "2" for row in (await rows(old))["address"]), "no address of the dead account is left"


async def test_without_a_recorded_successor_nobody_is_recognised(old: Stage) -> None:
    """The control."""
    (zarina,) = await old.family("Zarina")
    await replace(old, record=False)
    zarina = again(zarina)
    await zarina.starts()
    assert "Choose a language" in zarina.last
    assert not zarina.sees(RECOGNISED)


async def test_nobody_else_is_recognised_by_a_successor(old: Stage) -> None:
    zarina, daler = await old.family("Zarina", "Daler")
    await replace(old)
    stranger = Actor(old, "stranger", old.platforms[-1])
    await stranger.starts()
    assert "Choose a language" in stranger.last
    del zarina, daler


async def test_letters_that_waited_come_from_the_new_account(old: Stage) -> None:
    zarina, daler = await old.family("Zarina", "Daler")
    old.platforms = [one for one in old.platforms if one.bot != "2"]
    from bot.outbox.courier import NotSent  # noqa: PLC0415

    old.memory.fail(NotSent(), "daler", times=2)
    await zarina.says("I am safe")
    await zarina.says("I need help")
    old.platforms.append(type(old.memory)(old.now, "memory", "2"))
    await replace(old)
    await old.pass_time(HOUR, MINUTE)
    there = again(daler)
    assert not there.messages, "nobody is written to before they press Start"
    await there.starts()
    assert there.sees("Zarina: I am safe.")
    assert there.sees("Zarina: I need help.")
    caller = again(zarina)
    await caller.starts()
    await there.presses("taking care")
    assert caller.sees("Daler is taking care of it.")


async def test_a_call_while_somebody_has_not_come_yet_reaches_them_when_they_come(old: Stage) -> None:
    zarina, daler = await old.family("Zarina", "Daler")
    await replace(old)
    zarina, daler = again(zarina), again(daler)
    await zarina.starts()
    await zarina.says("I need help")
    await old.pass_time(MINUTE)
    assert zarina.sees("Not reached: Daler")
    await daler.starts()
    assert daler.sees("Zarina: I need help.")


async def test_who_wrote_to_the_successor_too_early_is_made_one_person_again(old: Stage) -> None:
    zarina, daler = await old.family("Zarina", "Daler")
    who = await id_of(old, zarina)
    early = again(zarina)
    await early.settles_in("Zarina anew")
    assert await replace(old) == 1, "one of two is there already"
    await early.says("/people")
    assert "Daler" in early.last
    assert await id_of(old, early) == who
    assert [row[2] for row in (await rows(old))["person"] if row[0] == who] == ["Zarina"]
    del daler


async def test_a_successor_of_a_successor_knows_the_people_of_both(old: Stage) -> None:
    zarina, daler = await old.family("Zarina", "Daler")
    await replace(old)
    await again(zarina).starts()
    old.platforms.append(type(old.memory)(old.now, "memory", "3"))
    await replace(old, "2", "3")
    for actor in (zarina, daler):
        here = again(actor)
        await here.starts()
        assert here.sees(RECOGNISED)


async def test_a_person_of_two_platforms_gets_at_the_other_what_the_dead_account_can_not_bring(
    storage: Storage,
) -> None:
    from tests.family.test_links import linked  # noqa: PLC0415

    i18n.open_catalogues(strict=False)
    stage = Stage(storage, ("matrix", "@bot"), ("memory", "2"))
    zarina, daler = await stage.family("Zarina", "Daler")
    new = await linked(stage, zarina)
    await stage.pass_time(timedelta(days=8), HOUR)
    await replace(stage)
    daler = again(daler)
    await daler.starts()
    await daler.says("I am safe")
    assert new.sees("Daler: I am safe.")


async def test_the_account_that_is_gone_is_known_by_its_people(old: Stage) -> None:
    await old.family("Zarina", "Daler")

    def look(tx: Tx) -> dict[str, int]:
        return successions.accounts(tx, "memory")

    assert await old.storage.read(look) == {"1": 2}
