"""Bulletins reach whoever has asked for them, and nobody else; a moderator sees how far they are, and can stop them."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from bot.domain.bulletin import Kind, Topic, Urgency
from bot.domain.conversation import Lane
from bot.outbox.courier import NotSent, Unknown, Unreachable
from handlers import rounds
from handlers.updates import broadcast
from storage import broadcasts, bulletins, outbox, people, readers, ties
from storage.broadcasts import Outcome, State
from storage.database import Tx
from storage.readers import Reading
from storage.schema import letter
from tests.family.looking import forge, id_of
from tests.family.test_desk import moderators
from tests.family.test_desk import people as settled
from tests.stage import Stage
from tests.updates.casting import crowd, draft, outcomes, publishes, run_of, subscribes

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
TEXT = "The bridge stands."
OUTDATED = "This button is no longer in use. Please choose again:"


def waiting_letters(tx: Tx) -> int:
    n: int = tx.execute(sa.select(sa.func.count()).where(letter.c.state == 0)).scalar_one()
    return n


# -- who reads -----------------------------------------------------------------------------------------------------


async def test_nobody_is_subscribed_without_having_asked(stage: Stage) -> None:
    (zarina,) = await settled(stage, "Zarina")
    await publishes(stage)
    await stage.pass_time(MINUTE)
    assert not zarina.sees(TEXT)


async def test_one_tap_begins_and_one_tap_ends_it(stage: Stage) -> None:
    (zarina,) = await settled(stage, "Zarina")
    await zarina.says("/start")
    await zarina.presses("More")
    await zarina.presses("News")
    await zarina.presses("All important news")
    assert "Districts: everywhere" in zarina.last
    await publishes(stage)
    await stage.pass_time(MINUTE)
    assert zarina.last == "📰 No. 1\nThe bridge stands."
    await stage.in_code(zarina, "news.stop")
    await publishes(stage)
    await stage.pass_time(MINUTE)
    assert not zarina.sees("No. 2")


async def test_a_reader_chooses_districts_topics_and_how_soon(stage: Stage) -> None:
    (zarina,) = await settled(stage, "Zarina")
    who = await id_of(stage, zarina)
    await stage.storage.write(partial(ties.say, who=who, place="khorugh", lives=True))
    await zarina.says("/start")
    await stage.in_code(zarina, "more")
    await stage.in_code(zarina, "news")
    await zarina.presses("Choose what I want")
    await zarina.presses("My districts")
    await zarina.presses("A district")
    await zarina.says("Душанбе")
    await zarina.presses("Dushanbe")
    await zarina.presses("✖️ Dushanbe")
    await stage.in_code(zarina, "news")
    await zarina.presses("Topics")
    await zarina.presses("roads")
    await stage.in_code(zarina, "news")
    await zarina.presses("How soon")
    await zarina.presses("Only the urgent")
    await zarina.presses("Hour")
    await zarina.presses("20:00")
    await zarina.presses("Wake me for what is urgent")
    found = await stage.storage.read(partial(readers.of, who=who))
    assert found == Reading(("khorugh",), frozenset({Topic.ROADS}), Urgency.URGENT, True, 20 * 60)  # noqa: FBT003
    assert "📍 Districts: Khorog" in zarina.last


@pytest.mark.parametrize(
    ("places", "about", "reads"),
    [
        ((), "khorugh", True),
        (("khorugh",), "khorugh", True),
        (("khorugh",), "", True),
        (("khorugh",), "gbao", True),
        (("gbao",), "khorugh", True),
        (("rushon",), "khorugh", False),
        (("dushanbe",), "gbao", False),
    ],
)
async def test_a_district_is_read_by_whoever_chose_it_or_what_is_around_it(
    stage: Stage, places: tuple[str, ...], about: str, *, reads: bool
) -> None:
    (zarina,) = await settled(stage, "Zarina")
    await subscribes(stage, zarina, Reading(places))
    one = draft(place=about)
    planned = await stage.storage.write(
        lambda tx: readers.count(tx, about, Topic.SAFETY),
    )
    assert planned == ({"en": 1} if reads else {})
    await publishes(stage, one)
    await stage.pass_time(MINUTE)
    assert zarina.sees(TEXT) is reads


async def test_another_topic_is_not_read(stage: Stage) -> None:
    zarina, daler = await settled(stage, "Zarina", "Daler")
    await subscribes(stage, zarina, Reading(topics=frozenset({Topic.ROADS})))
    await subscribes(stage, daler, Reading(topics=frozenset({Topic.SAFETY, Topic.ROADS})))
    await publishes(stage)
    await stage.pass_time(MINUTE)
    assert not zarina.sees(TEXT)
    assert daler.sees(TEXT), "the control"


async def test_quiet_hours_are_kept_and_only_what_is_urgent_breaks_them_where_the_reader_allowed_it(
    stage: Stage,
) -> None:
    zarina, daler, maria = await settled(stage, "Zarina", "Daler", "Maria")
    for actor, breaks in ((zarina, False), (daler, True)):
        who = await subscribes(stage, actor, Reading(breaks=breaks))
        await stage.storage.write(partial(people.change, who=who, quiet_from=13 * 60, quiet_until=19 * 60))
    await subscribes(stage, maria)
    await publishes(stage)
    await publishes(stage, draft(urgency=Urgency.URGENT))
    await stage.pass_time(MINUTE)
    assert not zarina.sees("📰 No.")
    assert daler.sees("No. 2")
    assert not daler.sees("No. 1")
    assert maria.sees("No. 1"), "the control"

    assert await stage.storage.read(waiting_letters) == 0, "whoever waits has no letter: the table stays flat"
    await stage.pass_time(6 * HOUR, 10 * MINUTE)
    for actor in (zarina, daler):
        assert actor.screen.count("📰 No. 1") == actor.screen.count("📰 No. 2") == 1


async def test_what_is_less_urgent_comes_once_a_day_together_and_opens_by_a_button(stage: Stage) -> None:
    (zarina,) = await settled(stage, "Zarina")
    who = await subscribes(stage, zarina, Reading(urgency=Urgency.URGENT, digest_at=18 * 60))  # now it is two
    await publishes(stage)
    await publishes(stage, draft(urgency=Urgency.CALM), ["ru"])
    await publishes(stage, draft(urgency=Urgency.URGENT))
    await stage.pass_time(HOUR, MINUTE)
    assert zarina.sees("No. 3")
    assert not zarina.sees("No. 1")
    await stage.pass_time(4 * HOUR, 5 * MINUTE)
    assert zarina.last == (
        "📰 News of the day\n\n📰 No. 1\nThe bridge stands.\n\n📰 No. 2 is not yet translated into your language."
    )
    assert zarina.buttons == ["📰 No. 1", "📰 No. 2: Русский"]
    await zarina.presses("No. 2: Русский")
    assert zarina.last == "📰 No. 2\nМост стоит."
    assert (await outcomes(stage, 1))[who] is Outcome.DELIVERED
    await stage.pass_time(30 * HOUR, HOUR)
    assert zarina.screen.count("News of the day") == 1


async def test_whoever_stops_gets_no_digest_either(stage: Stage) -> None:
    (zarina,) = await settled(stage, "Zarina")
    who = await subscribes(stage, zarina, Reading(urgency=Urgency.URGENT))
    await publishes(stage)
    await stage.pass_time(MINUTE)
    assert (await outcomes(stage, 1))[who] is Outcome.LATER
    await forge(stage, zarina, "news.stop")
    await stage.pass_time(8 * HOUR, 10 * MINUTE)
    assert not zarina.sees("News of the day")
    assert (await run_of(stage, 1)).state is State.DONE


# -- languages -----------------------------------------------------------------------------------------------------


async def test_a_missing_language_is_said_and_comes_when_it_is_there(stage: Stage) -> None:
    zarina, daler = await settled(stage, "Zarina", "Daler")
    await subscribes(stage, zarina)
    await subscribes(stage, daler)
    one = await publishes(stage, languages=["ru", "tg"])
    await stage.pass_time(MINUTE)
    assert zarina.sees("No. 1 is not yet translated into your language.")
    assert zarina.buttons == ["Русский", "Тоҷикӣ"]
    await zarina.presses("Русский")
    assert zarina.sees("Мост стоит.")

    def add(tx: Tx) -> None:
        signer = bulletins.signer(tx, stage.now())
        assert signer is not None
        bulletins.add_edition(tx, signer, one, "en", "📰 No. 1\nThe bridge stands.", stage.now())
        broadcast.translated(tx, one, "en", stage.now())

    await stage.storage.write(add)
    await stage.pass_time(MINUTE)
    for actor in (zarina, daler):
        assert actor.screen.count("The bridge stands.") == 1
    assert (await run_of(stage, 1)).state is State.DONE


async def test_a_confirmed_bulletin_is_changed_in_place_and_silently(stage: Stage) -> None:
    (zarina,) = await settled(stage, "Zarina")
    await subscribes(stage, zarina)
    one = await publishes(stage)
    await stage.pass_time(MINUTE)
    before = len(zarina.messages)

    def confirm(tx: Tx) -> None:
        signer = bulletins.signer(tx, stage.now())
        assert signer is not None
        bulletins.add_edition(tx, signer, one, "en", "📰 No. 1\nReviewed by now.", stage.now())
        broadcast.confirmed(tx, one, stage.now())

    await stage.storage.write(confirm)
    await stage.pass_time(MINUTE)
    assert len(zarina.messages) == before
    assert zarina.last == "📰 No. 1\nReviewed by now."


# -- progress ------------------------------------------------------------------------------------------------------


async def test_the_moderator_sees_one_message_with_a_bar_and_the_reasons_at_the_end(stage: Stage) -> None:
    anna, _bahrom = await moderators(stage, "Anna", "Bahrom")
    by = await id_of(stage, anna)
    await stage.storage.write(partial(crowd, stage=stage, n=450))
    zarina, daler, maria = await settled(stage, "Zarina", "Daler", "Maria")
    for actor in (zarina, daler, maria):
        await subscribes(stage, actor)
    stage.memory.fail(Unreachable(), account="zarina")
    stage.memory.idempotent = False
    stage.memory.fail(Unknown(), account="daler")
    await publishes(stage, by=by)
    await stage.settle()
    assert "Something new waits for you." in anna.last
    await anna.presses("Look")
    assert "No. 1 goes out.\n░░░░░░░░░░\n0 of 453" in anna.last
    await stage.pass_time(MINUTE)
    assert not anna.sees("No. 1 goes out")
    assert anna.screen.count("No. 1 has gone out") == 1
    assert "451 of 453 reached." in anna.last
    assert "They have blocked me: 1" in anna.last
    assert "Perhaps reached: 1" in anna.last
    await anna.presses("Send the unknown again")
    await stage.pass_time(MINUTE)
    assert daler.sees("This message may reach you twice.")
    assert "452 of 453 reached." in anna.last
    assert (await run_of(stage, 1)).state is State.DONE


async def test_a_pause_works_at_once_and_nobody_gets_it_twice_when_it_goes_on(stage: Stage) -> None:
    anna, _bahrom = await moderators(stage, "Anna", "Bahrom")
    by = await id_of(stage, anna)
    everybody = await stage.storage.write(partial(crowd, stage=stage, n=300))
    await publishes(stage, by=by)
    await stage.storage.write(partial(rounds.broadcasting, now=stage.now(), most={"memory/1": 120}))
    await forge(stage, anna, "cast.pause:1")
    assert "Paused" in anna.last
    await stage.pass_time(5 * MINUTE)
    assert stage.memory.chat(f"c{everybody[0]}") == (), "not even what waited in the outbox"
    await anna.presses("Go on")
    await stage.pass_time(5 * MINUTE)
    assert [len(stage.memory.chat(f"c{who}")) for who in everybody] == [1] * 300
    assert set((await outcomes(stage, 1)).values()) == {Outcome.DELIVERED}


async def test_what_is_cancelled_reaches_nobody_else(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    by = await id_of(stage, anna)
    everybody = await stage.storage.write(partial(crowd, stage=stage, n=300))
    await publishes(stage, by=by)
    await stage.storage.write(partial(rounds.broadcasting, now=stage.now(), most={"memory/1": 120}))
    await stage.app.engine.drain()
    await stage.storage.write(partial(rounds.broadcasting, now=stage.now(), most={"memory/1": 120}))
    assert not bahrom.sees("Something new waits for you.")
    await forge(stage, anna, "cast.cancelled:1")
    assert "Cancelled." in anna.last
    assert bahrom.sees("Something new waits for you."), "nobody cancels unseen"
    await stage.pass_time(5 * MINUTE)
    got = [len(stage.memory.chat(f"c{who}")) for who in everybody]
    assert sum(got) == 120  # noqa: PLR2004 - what had left
    assert (await run_of(stage, 1)).state is State.CANCELLED


async def test_no_more_waits_in_the_outbox_than_a_few_seconds_of_it(stage: Stage) -> None:
    await stage.storage.write(partial(crowd, stage=stage, n=900))
    await publishes(stage)
    waiting = []
    for _step in range(20):
        await stage.storage.write(partial(rounds.broadcasting, now=stage.now(), most={"memory/1": 100}))
        waiting.append(await stage.storage.read(waiting_letters))
    assert max(waiting) == 100  # noqa: PLR2004


async def test_an_outage_of_the_platform_stops_nothing_for_good(stage: Stage) -> None:
    everybody = await stage.storage.write(partial(crowd, stage=stage, n=60))
    stage.memory.fail(NotSent(), times=200)
    await publishes(stage)
    await stage.pass_time(3 * HOUR, MINUTE)
    assert [len(stage.memory.chat(f"c{who}")) for who in everybody] == [1] * 60
    assert set((await outcomes(stage, 1)).values()) == {Outcome.DELIVERED}


async def test_a_reply_overtakes_what_goes_to_everybody(stage: Stage) -> None:
    (zarina,) = await settled(stage, "Zarina")
    await stage.storage.write(partial(crowd, stage=stage, n=300))
    await publishes(stage)
    await stage.storage.write(partial(rounds.broadcasting, now=stage.now(), most={"memory/1": 200}))
    await stage.memory.say("zarina", "/start")
    claim = partial(outbox.claim, route="memory/1", now=stage.now(), most=2)
    first, _second = await stage.storage.write(claim)
    assert (first.person, first.lane) == (await id_of(stage, zarina), Lane.REPLY)


@pytest.mark.parametrize(
    "verb", ["cast", "cast.look", "cast.pause", "cast.resume", "cast.cancel", "cast.cancelled", "cast.again"]
)
async def test_who_is_no_moderator_can_do_nothing_about_a_bulletin(stage: Stage, verb: str) -> None:
    (zarina,) = await settled(stage, "Zarina")
    await publishes(stage)
    await forge(stage, zarina, f"{verb}:1")
    assert OUTDATED in zarina.last
    assert (await run_of(stage, 1)).state is State.RUNNING


async def test_a_forgotten_reader_leaves_no_trace_and_stops_nothing(stage: Stage) -> None:
    zarina, daler = await settled(stage, "Zarina", "Daler")
    await subscribes(stage, zarina)
    who = await subscribes(stage, daler)
    await publishes(stage)
    await stage.storage.write(partial(people.forget, who=await id_of(stage, zarina)))
    await stage.pass_time(MINUTE)
    assert await outcomes(stage, 1) == {who: Outcome.DELIVERED}


async def test_planning_is_one_row_however_many_read(stage: Stage) -> None:
    await stage.storage.write(partial(crowd, stage=stage, n=500, languages=("en", "ru", "tg", "ru")))
    one = await publishes(stage)
    planned = await stage.storage.write(partial(broadcast.planned, one=one, now=stage.now()))
    assert planned == {"en": 125, "ru": 250, "tg": 125}
    runs = await stage.storage.read(broadcasts.under_way)
    assert [(run.number, run.total, run.told) for run in runs] == [(1, 500, 0)]


async def test_of_very_many_readers_the_languages_are_sampled(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "EXACTLY", 100)
    await stage.storage.write(partial(crowd, stage=stage, n=8000, languages=("en", "ru", "tg", "ru")))
    planned = await stage.storage.read(partial(readers.count, place="", topic=Topic.SAFETY))
    assert sum(planned.values()) == pytest.approx(8000, abs=3)
    assert planned["ru"] == pytest.approx(4000, rel=0.05)


def test_kinds_are_all_known() -> None:
    assert {kind.value for kind in Kind} == {"news", "correction", "withdrawal"}
