"""“Is this true?”: one ticket however many ask, a verdict by two, and a word to every asker by the deadline."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from handlers.ask import base36
from storage import people, rumours, vouchers
from storage.database import Tx
from storage.schema import rumour_asker
from tests.family.looking import forge, id_of, rows
from tests.family.test_desk import moderators
from tests.family.test_desk import people as settled
from tests.family.test_region import fill
from tests.stage import Actor, Stage

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OUTDATED = "This button is no longer in use. Please choose again:"
QUESTION = "Is it true that 200 people were killed in Khorog? My cousin Parvina says so"
PLAIN = "200 people were killed in Khorog?"


async def asks(actor: Actor, words: str = PLAIN) -> None:
    """Somebody asks whether something is true."""
    await actor.says("/rumour")
    await actor.says(words)


async def proposes(first: Actor, verdict: str = "❌ false", said: str = "Officials and the hospital count 12.") -> None:
    """A moderator writes a verdict on the first question, and proposes it."""
    await first.says("/desk")
    await first.presses("Questions")
    await first.stage.in_code(first, "rumours.one")
    await first.presses(verdict)
    await first.says("200 people were killed in Khorog.")
    await first.says(said)
    await first.says("The hospital, 24 July")
    await first.presses("Propose it")


async def agrees(second: Actor) -> None:
    """Another moderator agrees."""
    await second.says("/desk")
    await second.presses("Answer:")
    await second.presses("I agree")


async def test_a_question_gets_a_verdict_by_two_and_every_asker_is_told_once(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    zarina, daler = await settled(stage, "Zarina", "Daler")
    await asks(zarina)
    assert "without your name" in zarina.last
    assert "48 hours" in zarina.last
    await asks(daler, "Правда ли, что в Хороге убили двести человек?")
    assert len((await rows(stage))["rumour"]) == 1
    assert anna.sees("Something pressing waits for you.")
    await proposes(anna)
    assert not zarina.sees("Answer:")
    await bahrom.says("/desk")
    await bahrom.presses("Answer:")
    previewed = "It was asked whether this is true:\n200 people were killed in Khorog.\nAnswer: ❌ false\nOfficials and"
    assert previewed in bahrom.last
    await bahrom.presses("I agree")
    await stage.pass_time(5 * MINUTE)
    for actor in (zarina, daler):
        assert actor.screen.count(previewed) == 1, "exactly what was previewed, once"
    maria = (await settled(stage, "Maria"))[0]
    await asks(maria, "Оё рост аст, ки дар Хоруғ 200 нафар кушта шуд?")
    assert previewed in maria.last, "answered at once"


async def test_one_moderator_alone_publishes_nothing(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    (zarina,) = await settled(stage, "Zarina")
    await asks(zarina)
    await proposes(anna)
    assert "There is no other moderator yet who could agree." in anna.last
    which = (await rows(stage))["proposal"][0][0]
    await stage.in_code(anna, "desk")
    await forge(stage, anna, f"rumour.yes:{which}")
    await stage.pass_time(HOUR)
    assert not zarina.sees("Answer:")


async def test_without_a_verdict_there_is_a_word_at_the_deadline_and_an_honest_end_after_it(stage: Stage) -> None:
    await moderators(stage, "Anna")
    (zarina,) = await settled(stage, "Zarina")
    await asks(zarina)
    await stage.pass_time(47 * HOUR, HOUR)
    assert not zarina.sees("I need more time")
    await stage.pass_time(2 * HOUR, HOUR)
    assert zarina.screen.count("It is not clear yet. I need more time, until") == 1
    await stage.pass_time(50 * HOUR, HOUR)
    assert zarina.screen.count("❔ can't be verified") == 1
    assert all(row[3] is None for row in (await rows(stage))["rumour_asker"]), "their words are erased"


async def test_a_correction_reaches_everybody_who_was_told_the_old_verdict(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    zarina, daler = await settled(stage, "Zarina", "Daler")
    await asks(zarina)
    await proposes(anna)
    await agrees(bahrom)
    await stage.pass_time(MINUTE)
    await asks(daler)
    assert "❌ false" in daler.last
    await proposes(bahrom, "⚖️ disputed", "A UN hearing speaks of 41.")
    await agrees(anna)
    await stage.pass_time(5 * MINUTE)
    for actor in (zarina, daler):
        assert actor.screen.count("A correction: what I told you before has changed.") == 1
        assert actor.screen.count("A UN hearing speaks of 41.") == 1


async def test_a_flood_of_one_rumour_by_a_thousand_people_is_one_ticket(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    (zarina,) = await settled(stage, "Zarina")
    await asks(zarina)
    one = (await stage.storage.read(rumours.waiting))[0]
    crowd = await stage.storage.write(partial(fill, stage=stage, n=1000))

    def join(tx: Tx) -> None:
        for who in crowd:
            rumours.join(tx, one, who, PLAIN, stage.now())

    await stage.storage.write(join)
    assert len((await rows(stage))["rumour"]) == 1
    assert anna.screen.count("Something pressing waits for you.") == 1
    assert len(await stage.storage.read(partial(rumours.words_of, which=one.id))) == 3  # noqa: PLR2004
    await proposes(anna)
    await agrees(bahrom)
    await stage.pass_time(5 * MINUTE)

    def untold(tx: Tx) -> int:
        return int(tx.execute(sa.select(sa.func.count()).where(rumour_asker.c.answered == 0)).scalar_one())

    assert await stage.storage.read(untold) == 0
    assert len(stage.memory.chat("c7")) == 1
    assert len(stage.memory.chat("c999")) == 1


async def test_moderators_and_the_board_never_show_who_asks_and_the_board_no_words(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    zarina, daler = await settled(stage, "Zarina", "Daler")
    await asks(zarina, QUESTION)
    await proposes(anna)
    for actor in (anna, bahrom):
        assert "Zarina" not in actor.screen
    assert anna.sees("My cousin Parvina"), "the control: moderators read the words"
    await daler.says("/rumour")
    await daler.presses("What others ask")
    assert "🔴 violence: asked" in daler.last
    assert "Khorog" not in daler.screen
    assert "Parvina" not in daler.screen
    await agrees(bahrom)
    await stage.pass_time(MINUTE)
    assert not any("Parvina" in actor.screen for actor in (zarina, daler))
    await daler.says("/rumour")
    await daler.presses("What others ask")
    await daler.presses("❌ false")
    assert "Officials and the hospital count 12." in daler.last


async def test_a_missing_language_is_said_plainly_and_comes_when_it_is_translated(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    (zarina,) = await settled(stage, "Zarina")
    await asks(zarina)
    who = await id_of(stage, zarina)
    await stage.storage.write(partial(people.change, who=who, language="ru"))
    await proposes(anna)
    await agrees(bahrom)
    await stage.pass_time(MINUTE)
    assert not zarina.sees("Officials and the hospital"), "never silently in another language"
    await zarina.presses("English")
    assert zarina.sees("Officials and the hospital")
    await anna.says("/desk")
    await anna.presses("Questions")
    await stage.in_code(anna, "rumours.one")
    await anna.presses("Translate it")
    await anna.presses("Русский")
    await anna.says("В Хороге убили 200 человек.")
    await anna.says("Больница насчитала 12.")
    await anna.presses("Propose it")
    await agrees(bahrom)
    await stage.pass_time(MINUTE)
    assert zarina.screen.count("Больница насчитала 12.") == 1


async def test_whoever_is_forgotten_leaves_no_question(stage: Stage) -> None:
    (zarina,) = await settled(stage, "Zarina")
    await asks(zarina, QUESTION)
    assert len((await rows(stage))["rumour_asker"]) == 1
    who = await id_of(stage, zarina)
    await stage.storage.write(partial(people.forget, who=who))
    await stage.pass_time(2 * MINUTE)
    found = await rows(stage)
    assert found["rumour"] == found["rumour_token"] == found["rumour_asker"] == []


@pytest.mark.parametrize(
    "verb", ["rumours", "rumours.one", "rumours.same", "rumours.say", "rumours.put", "rumours.look", "rumour.yes"]
)
async def test_a_stranger_reads_of_every_button_what_an_unknown_one_says(stage: Stage, verb: str) -> None:
    zarina, stranger = await settled(stage, "Zarina", "Stranger")
    await asks(zarina)
    which = (await stage.storage.read(rumours.waiting))[0].id
    await forge(stage, stranger, f"{verb}:{which}:false")
    assert stranger.last == OUTDATED


async def test_one_person_asks_only_so_often_in_a_day(stage: Stage) -> None:
    (zarina,) = await settled(stage, "Zarina")
    for n in range(12):
        await asks(zarina, f"{n} people were killed in Khorog?")
    assert "That was too often." in zarina.last
    assert len((await rows(stage))["rumour"]) == 10  # noqa: PLR2004


async def test_a_moderator_unites_only_what_is_offered_as_alike(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    zarina, daler = await settled(stage, "Zarina", "Daler")
    await asks(zarina, "The road from Khorog to Rushan is closed?")
    await asks(daler, "Were 40 people arrested in Dushanbe yesterday?")
    one, other = (found.id for found in await stage.storage.read(rumours.waiting))
    await forge(stage, anna, f"rumours.same:{base36(one)}:{base36(other)}")
    assert anna.last == OUTDATED
    assert len(await stage.storage.read(rumours.waiting)) == 2  # noqa: PLR2004


async def test_no_question_is_out_of_the_moderators_reach(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    for name in ("Zarina", "Daler"):
        (asker,) = await settled(stage, name)
        for n in range(6):
            await asks(asker, f"{n + 40 + 10 * len(name)} people were killed in Khorog?")
    await forge(stage, anna, "rumours")
    assert sum("violence" in one for one in anna.buttons) == 10  # noqa: PLR2004
    await anna.presses("More")
    assert sum("violence" in one for one in anna.buttons) == 2  # noqa: PLR2004


async def test_whoever_is_near_does_not_agree_to_an_answer(stage: Stage) -> None:
    anna, bahrom, chaman = await moderators(stage, "Anna", "Bahrom", "Chaman")
    await stage.storage.write(partial(vouchers.note, who=await id_of(stage, bahrom), by=[await id_of(stage, anna)]))
    (zarina,) = await settled(stage, "Zarina")
    await asks(zarina)
    await proposes(anna)
    (one,) = (await rows(stage))["proposal"]
    await forge(stage, bahrom, f"rumour.yes:{base36(one[0])}")
    assert bahrom.last == OUTDATED
    await agrees(chaman)
    assert "Published." in chaman.last
