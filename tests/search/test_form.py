"""The form of a search: every answer can be corrected, and what can't be read is asked once more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from bot.domain.knock import Kind
from storage import knocks, schema, search
from tests.family.looking import id_of
from tests.search.test_knock import cases, kept, people, soon, tries
from tests.search.test_walk import Phone
from tests.storage.servers import ONE_ENGINE

if TYPE_CHECKING:
    from storage.knocks import Knock
    from tests.stage import Stage

pytestmark = ONE_ENGINE


async def mine(stage: Stage) -> Knock:
    (number,) = await stage.storage.read(lambda tx: list(tx.execute(sa.select(schema.knock.c.id)).scalars()))
    found = await stage.storage.read(lambda tx: knocks.find(tx, number))
    assert found is not None
    return found


async def begins(zebo: Phone, name: str = "Djamched Iorov") -> None:
    await zebo.says("/search")
    await zebo.chooses("Look for somebody")
    await zebo.says(name)
    await zebo.reads("In which year")


async def test_what_can_not_be_read_is_asked_again_with_its_reason_and_can_be_left_out(stage: Stage) -> None:
    (zebo,) = await people(stage, "Zebo")
    await begins(zebo)
    for typed in ("сорок", "1342", "😀"):
        await zebo.says(typed)
        await zebo.reads("four digits", "In which year")
    await zebo.says("84")
    await zebo.chooses("Born in 1984")
    await zebo.reads("Which village")
    await zebo.says("https://x.tj")
    await zebo.reads("I do not know this place", "Which village")
    await zebo.says("не знаю")
    await zebo.chooses("my brother or sister")
    await zebo.chooses("Go on")
    await zebo.says("Our father died in 1999, I am his sister.")
    await zebo.reads("no words about a death", "A few words")
    await zebo.chooses("Leave it out")
    await zebo.reads("May I look?", "Born: 1984")
    assert "Places" not in zebo.actor.last
    assert "died" not in zebo.actor.last


async def test_back_is_one_question_and_what_was_said_stays(stage: Stage) -> None:
    (zebo,) = await people(stage, "Zebo")
    await begins(zebo)
    await zebo.says("1984")
    await zebo.reads("Which village")
    await zebo.chooses("Back")
    await zebo.reads("In which year")
    await zebo.chooses("Back")
    await zebo.reads("What is the name")
    await zebo.says("Jamshed Yorov")
    await zebo.says("1985")
    await zebo.says("Khorog")
    await zebo.chooses("my brother or sister")
    await zebo.chooses("Their first teacher")
    await zebo.chooses("Back")
    await zebo.reads("What do only their kin know?")
    await zebo.chooses("Go on")
    await zebo.chooses("Leave it out")
    await zebo.reads("May I look?", "Jamshed Yorov", "1985", "Khorog")


async def test_each_answer_is_corrected_where_everything_is_looked_at(stage: Stage) -> None:
    (zebo,) = await people(stage, "Zebo")
    await begins(zebo)
    await zebo.says("1984")
    await zebo.says("Khorog")
    await zebo.chooses("my brother or sister")
    await zebo.chooses("Go on")
    await zebo.says("I am Zebo.")
    for button, question, typed in (
        ("Name", "What is the name", "Jamshed Yorov"),
        ("Year", "In which year", "1985"),
        ("Place", "Which village", "Vanj"),
        ("Words", "A few words", "We grew up together."),
    ):
        await zebo.chooses(f"✏️ {button}")
        await zebo.reads(question)
        await zebo.chooses("Back")
        await zebo.reads("May I look?")
        await zebo.chooses(f"✏️ {button}")
        await zebo.says(typed)
        await zebo.reads("May I look?", typed)
    await zebo.chooses("✏️ Relation")
    await zebo.chooses("my child")
    await zebo.reads("my child")
    await zebo.chooses("✏️ What kin know")
    await zebo.chooses("Their first teacher")
    await zebo.says("Gulnora")
    await zebo.chooses("Go on")
    await zebo.reads("What only kin know: answered.", "Jamshed Yorov", "1985", "Vanj", "We grew up together.")
    await zebo.chooses("Yes, look")
    assert (await mine(stage)).form.known.born == 1985  # noqa: PLR2004


async def test_a_search_that_nobody_has_answered_is_changed_and_costs_what_a_new_one_costs(stage: Stage) -> None:
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo, "Fotima")
    await soon(stage)
    before = await mine(stage)
    who = await id_of(stage, zebo.actor)
    used = await stage.storage.read(lambda tx: knocks.used(tx, f"person/{who}", stage.now()))
    await zebo.says("/search")
    await zebo.chooses("Djamched")
    await zebo.chooses("Change it")
    await zebo.reads("May I look?", "Djamched Iorov", "1984", "Khorog", "answered")
    await zebo.chooses("✏️ Place")
    await zebo.says("Murghob")
    await zebo.chooses("Yes, look")
    after = await mine(stage)
    assert after.id != before.id
    assert after.form.known.places == ("Murghob",)
    assert after.form.known.born == before.form.known.born
    assert after.form.answers == before.form.answers
    assert await cases(stage) == []
    assert await stage.storage.read(lambda tx: knocks.used(tx, f"person/{who}", stage.now())) == used + 1


async def test_whoever_lets_somebody_be_found_changes_one_part_and_answers_nothing_anew(stage: Stage) -> None:
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await karim.says("/search")
    await karim.chooses("Who may look for us")
    await karim.chooses("Ҷамшед")
    await karim.chooses("Change what is known")
    await karim.chooses("Year")
    await karim.says("85")
    await karim.chooses("Born in 1985")
    await karim.reads("Kept.", "Born: 1985", "Ҷамшед Ёров", "Хоруғ", "mother’s mother")
    await tries(zebo)
    await soon(stage)
    await karim.reads("something new for you")
    await karim.chooses("Open it")
    await karim.reads("answered your question rightly")


@pytest.mark.parametrize("step", ["name", "answer"])
async def test_a_name_that_sounds_like_a_cry_asks_first(stage: Stage, step: str) -> None:
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await zebo.says("/search")
    await zebo.chooses("Look for somebody")
    if step == "answer":
        await zebo.says("Jamshed")
        await zebo.says("1984")
        await zebo.says("Khorog")
        await zebo.chooses("my child")
        await zebo.chooses("Their name at home")
    await zebo.says("Madad")
    assert await stage.storage.read(lambda tx: tx.execute(sa.select(schema.alarm.c.id)).first()) is None
    assert any("help" in one for one in zebo.actor.buttons), "and one press away it is"
    await zebo.says("Madad Yorov")
    assert "wrong on our side" not in zebo.actor.screen


async def test_words_that_come_when_the_question_is_gone_are_no_answer(stage: Stage) -> None:
    (zebo,) = await people(stage, "Zebo")
    await begins(zebo)
    await stage.pass_time(timedelta(minutes=58))
    await zebo.says("1984")
    await zebo.reads("Which village")
    await stage.pass_time(timedelta(hours=3), timedelta(minutes=30))
    await zebo.says("Салом духтарам чӣ хелӣ")
    assert "What are they to you?" not in zebo.actor.last


async def test_two_accounts_find_by_a_changed_record(stage: Stage) -> None:
    """The control of what is found: a record that was changed is in the index by what is known now."""
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await karim.says("/search")
    await karim.chooses("Who may look for us")
    await karim.chooses("Ҷамшед")
    await karim.chooses("Change what is known")
    await karim.chooses("Name")
    await karim.says("Сафар Давлатов")
    await karim.reads("Сафар Давлатов", "1984")
    record = await stage.storage.read(lambda tx: search.of_kind(tx, Kind.RELATIVE))
    assert [one.known.names for one in record] == [("Сафар Давлатов",)]
    await tries(zebo)
    await soon(stage)
    assert await cases(stage) == []
