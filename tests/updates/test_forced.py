"""Bulletins and duress: what is public goes on; what only moderators see is shown as it was, and nothing is done."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from bot.domain.bulletin import Kind
from bot.domain.roles import Role
from storage import broadcasts, bulletins, readers
from tests.family.looking import forge, id_of
from tests.family.test_desk import give, moderators
from tests.family.test_duress import FORCED, family, lifts
from tests.stage import Actor, Stage
from tests.updates import casting
from tests.updates.desk import opens, proposes, writes


async def forced(stage: Stage) -> list[Actor]:
    """Zarina under duress, her trustees Daler and Maria, and Farida."""
    people = await family(stage)
    await casting.subscribes(stage, people[0])
    await people[0].says(FORCED)
    return people


async def test_bulletins_and_corrections_go_on_coming(stage: Stage) -> None:
    zarina, *_others = await forced(stage)
    await casting.publishes(stage)
    await stage.pass_time(timedelta(minutes=2))
    assert "The bridge stands." in zarina.last
    await casting.publishes(stage, casting.draft(Kind.CORRECTION, 1))
    await stage.pass_time(timedelta(minutes=2))
    assert "No. 2" in zarina.last
    who = await id_of(stage, zarina)
    found = [await casting.outcomes(stage, number) for number in (1, 2)]
    assert [one[who] for one in found] == [broadcasts.Outcome.DELIVERED] * 2


async def test_to_stop_and_to_begin_are_done_for_whoever_watches_would_see_it(stage: Stage) -> None:
    zarina, daler, maria, _farida = await forced(stage)
    who = await id_of(stage, zarina)
    await forge(stage, zarina, "news.stop")
    assert await stage.storage.read(partial(readers.of, who=who)) is None
    await casting.publishes(stage)
    await stage.pass_time(timedelta(minutes=2))
    assert not zarina.sees("The bridge stands.")
    await forge(stage, zarina, "news.all")
    await forge(stage, zarina, "news.topic:roads")
    reading = await stage.storage.read(partial(readers.of, who=who))
    assert reading is not None
    assert [one.value for one in reading.topics] == ["roads"]
    await lifts(stage, daler)
    await lifts(stage, maria)
    assert await stage.storage.read(partial(readers.of, who=who)) == reading


async def test_a_moderator_who_is_forced_publishes_nothing_and_sees_no_new_draft(stage: Stage) -> None:
    zarina, _daler, _maria, _farida = await family(stage)
    await give(stage, zarina, Role.MODERATOR)
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await writes(anna, "The bridge fell")
    await proposes(anna)
    await zarina.says(FORCED)
    await stage.pass_time(timedelta(minutes=2))
    await writes(bahrom, "What nobody may know yet")
    await bahrom.presses("Ask for translations")
    await forge(stage, zarina, "draft")
    assert not any("What nobody may know yet" in one for one in [zarina.screen, *zarina.buttons])
    await opens(zarina, "The bridge fell")
    await zarina.presses("Publish it")
    assert "Published: No. 1." in zarina.last
    assert await stage.storage.read(partial(bulletins.newest, most=1)) == []
    await opens(bahrom, "The bridge fell")
    await bahrom.presses("Publish it")
    assert [one.number for one in await stage.storage.read(partial(bulletins.newest, most=2))] == [1]


async def test_without_the_picture_the_draft_would_be_seen(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: otherwise the test above would prove nothing."""
    monkeypatch.setattr("storage.pictures._NEWER", ())
    zarina, *_others = await family(stage)
    await give(stage, zarina, Role.MODERATOR)
    (bahrom,) = await moderators(stage, "Bahrom")
    await zarina.says(FORCED)
    await stage.pass_time(timedelta(minutes=2))
    await writes(bahrom, "What nobody may know yet")
    await bahrom.presses("Ask for translations")
    await forge(stage, zarina, "draft")
    assert any("What nobody may know yet" in one for one in [zarina.screen, *zarina.buttons])
