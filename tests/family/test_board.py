"""“My people”: who, which state, how old, the oldest first; and an older truth never covers a newer one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.circle import MOST_MEMBERS
from bot.domain.conversation import Incoming, Sender
from storage import circles, people
from storage.database import Tx
from tests.family.looking import id_of, make_circle, press
from tests.stage import BEGIN, Actor, Stage

HOUR = timedelta(hours=1)


async def in_the_past(stage: Stage, actor: Actor, words: str, ago: timedelta) -> None:
    """Let words arrive now that were said some time ago, on a phone that had no network."""
    hear = stage.hear

    async def late(batch: Sequence[Incoming]) -> None:
        await hear([replace(one, at=one.at - ago) for one in batch])

    stage.memory.connect(late)
    await actor.says(words)
    stage.memory.connect(hear)


async def test_the_oldest_news_stands_first_and_no_news_before_it(stage: Stage) -> None:
    zarina, daler, maria, _safar = await stage.family("Zarina", "Daler", "Maria", "Safar")
    await maria.says("I am safe")
    await stage.pass_time(3 * HOUR, HOUR)
    await daler.says("I am safe")
    await zarina.says("/people")
    assert zarina.last == "Family\n⚪ Safar: no news yet\n🟢 Maria: safe, 3 hours ago\n🟢 Daler: safe, just now"


async def test_news_grows_old_step_by_step_and_never_young_again(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await daler.says("I am safe")
    seen = []
    for _day in range(16):
        await zarina.says("/people")
        seen.append(zarina.last.splitlines()[1][0])
        await stage.pass_time(timedelta(hours=12), timedelta(hours=12))
    assert seen == sorted(seen, key="🟢🟡⚪".index)
    assert set(seen) == set("🟢🟡⚪")


@pytest.mark.parametrize(
    ("button", "shown"), [("I am hurt", "hurt"), ("I had to leave home", "had to leave home"), (None, "other news")]
)
async def test_every_kind_of_news_stands_on_the_board(stage: Stage, button: str | None, shown: str) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await daler.says("/start")
    await daler.presses("Other news")
    if button:
        await daler.presses(button)
    else:
        await daler.presses("Something else")
        await daler.says("We have a new number")
        assert "Note: We have a new number" in zarina.last
    await zarina.says("/people")
    assert f"🟢 Daler: {shown}, just now" in zarina.last


async def test_a_need_for_help_stays_in_sight(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await daler.says("I need help")
    await stage.pass_time(timedelta(days=3), timedelta(hours=12))
    await zarina.says("/people")
    assert "🆘 Daler: needs help, 3 days ago" in zarina.last


async def test_an_older_truth_told_later_never_covers_a_newer_one_and_shows_both_instants(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await daler.says("I am safe")
    await stage.pass_time(HOUR, HOUR)
    await daler.says("/start")
    hear = stage.hear

    async def late(batch: Sequence[Incoming]) -> None:
        await hear([replace(one, at=one.at - 5 * HOUR) for one in batch])

    stage.memory.connect(late)
    await stage.in_code(daler, "other")
    await stage.in_code(daler, "hurt")
    assert "Daler: I am hurt." in zarina.last
    assert "From Daler in person. True 5 hours ago, told just now." in zarina.last
    await zarina.says("/people")
    assert "🟢 Daler: safe, 1 hour ago" in zarina.last


async def test_an_older_truth_is_shown_where_nothing_newer_is_known(stage: Stage) -> None:
    """The control: it is its age that keeps it off the board, not its coming late."""
    zarina, daler = await stage.family("Zarina", "Daler")
    await in_the_past(stage, daler, "I am safe", 30 * HOUR)
    await zarina.says("/people")
    assert "🟡 Daler: safe, 30 hours ago (no longer fresh)" in zarina.last


async def test_a_clock_that_runs_ahead_makes_no_news_from_the_future(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await in_the_past(stage, daler, "I am safe", -10 * HOUR)
    assert "From Daler in person, just now." in zarina.last
    await stage.pass_time(HOUR, HOUR)
    await daler.says("/start")
    await stage.in_code(daler, "other")
    await stage.in_code(daler, "hurt")
    await zarina.says("/people")
    assert "🟢 Daler: hurt, just now" in zarina.last


async def test_only_the_last_news_can_be_taken_back(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await daler.says("I am safe")
    older = (daler.messages[-1].id, next(one.code for one in daler.messages[-1].choices if "undo" in one.code))
    await stage.pass_time(HOUR, HOUR)
    await daler.says("/start")
    await daler.presses("Other news")
    await daler.presses("I am hurt")
    await press(stage, daler, older)
    assert "This button is no longer in use." in daler.last
    await zarina.says("/people")
    assert "Daler: hurt, 1 hour ago" not in zarina.last
    assert "🟢 Daler: hurt, just now" in zarina.last
    assert not zarina.sees("taken the last news back")


async def test_what_is_taken_back_never_arrives_before_what_it_corrects(stage: Stage) -> None:
    from bot.outbox.courier import NotSent  # noqa: PLC0415

    zarina, daler = await stage.family("Zarina", "Daler")
    stage.memory.fail(NotSent(), "zarina")
    await daler.says("I am safe")
    await daler.presses("Take it back")
    assert not zarina.sees("taken the last news back"), "the news itself still waits"
    await stage.pass_time(timedelta(minutes=1))
    assert re.search("Daler: I am safe.*Daler has taken the last news back", zarina.screen, re.DOTALL)


async def test_several_circles_stand_one_under_the_other(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler", circle="Family")
    await make_circle(stage, zarina, "Work")
    await zarina.says("/people")
    parts = zarina.last.split("\n\n")
    assert sorted(parts) == ["Family\n⚪ Daler: no news yet", "Work\nNobody else is here yet."]


@pytest.mark.parametrize("language", ["en", "ru", "tg"])
async def test_a_circle_of_fifty_with_the_longest_names_fits_on_every_screen(stage: Stage, language: str) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler", languages={"Zarina": language})
    me = await id_of(stage, zarina)
    found: list[int] = []

    def crowd(tx: Tx) -> None:
        (one,) = circles.circles_of(tx, me)
        found.append(one.id)
        for n in range(MOST_MEMBERS - one.size):
            met = people.meet(tx, Sender("memory", "1", f"crowd{n}"), BEGIN)
            assert met.person is not None
            people.change(tx, met.person.id, name="М" * 37 + f"{n:03}", language="ru")
            circles.join(tx, one.id, met.person.id)

    await stage.storage.write(crowd)
    for n in range(MOST_MEMBERS - 2):
        crowd_member = stage.actor(f"crowd{n}")
        await crowd_member.says("/start")
        await stage.in_code(crowd_member, "other")
        await stage.in_code(crowd_member, "moved")
    await stage.pass_time(timedelta(days=9), timedelta(days=9))
    await zarina.says("/people")
    names = set(re.findall(r"М+(\d{3})", zarina.last))
    assert len(names) == 24  # noqa: PLR2004 - and Daler
    await stage.in_code(zarina, "people.in")
    names |= set(re.findall(r"М+(\d{3})", zarina.last))
    assert len(names) == MOST_MEMBERS - 2
    assert "people.in" not in {one.code.split(":")[0] for one in zarina.messages[-1].choices}
    # The other screens of such a circle: the question, a call, and the circle itself (the stage finds what is refused).
    await zarina.says("/ask")
    await stage.in_code(zarina, "ask.all")
    await zarina.says("/sos")
    await zarina.says("/circles")
    await stage.in_code(zarina, "circle")
    assert len(zarina.last) > 40 * MOST_MEMBERS
    for n in range(MOST_MEMBERS - 2):
        await stage.in_code(stage.actor(f"crowd{n}"), "caring")
    assert stage.memory.refused == []


async def test_too_many_people_for_one_screen_are_chosen_by_circle(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler", circle="Family")
    me = await id_of(stage, zarina)

    def crowd(tx: Tx) -> None:
        which = circles.make(tx, "Village", me)
        for n in range(30):
            met = people.meet(tx, Sender("memory", "1", f"crowd{n}"), BEGIN)
            assert met.person is not None
            circles.join(tx, which, met.person.id)

    await stage.storage.write(crowd)
    await zarina.says("/people")
    assert zarina.last == "Which circle?"
    await zarina.presses("Family")
    assert zarina.last == "Family\n⚪ Daler: no news yet"
