"""“How are you?”: asked of one or of all, answered with one tap, and no way to press anybody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.family.looking import invite_to, make_circle, open_circle, rows
from tests.stage import Actor, Stage

HOUR = timedelta(hours=1)


async def asks(asker: Actor, whom: str = "Everybody") -> None:
    """Ask somebody of the only circle."""
    await asker.says("/ask")
    await asker.presses(whom)


def comes_silently(actor: Actor) -> bool:
    """Whether the newest message made no sound."""
    return actor.messages[-1].silent


async def sleeps(stage: Stage, actor: Actor) -> None:
    """Set quiet hours from 21:00 to 06:00 in Dushanbe, and let it be 23:00."""
    await actor.says("/start")
    await actor.presses("More")
    await actor.presses("Settings")
    await actor.presses("Quiet hours")
    await actor.presses("21:00")
    await actor.presses("Dushanbe")
    await stage.pass_time(9 * HOUR, HOUR)


async def test_everybody_is_asked_and_the_asker_sees_who_answered_in_place(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await asks(zarina)
    for relative in (daler, maria):
        assert relative.last == "Zarina asks: how are you?"
        assert relative.buttons == ["✅ I am safe", "🆘 I need help", "📝 Other news"]
    assert "⏳ Daler: no answer yet\n⏳ Maria: no answer yet" in zarina.last
    standing = len(zarina.messages)
    await daler.presses("I am safe")
    assert "✅ Daler: safe\n⏳ Maria: no answer yet" in zarina.screen
    assert "Daler: I am safe." in zarina.last, "and the news itself comes as always"
    assert len(zarina.messages) == standing + 1


async def test_one_person_is_asked_and_nobody_else_hears_of_it(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    before = maria.screen
    await asks(zarina, "Daler")
    assert "Zarina asks: how are you?" in daler.last
    assert maria.screen == before


async def test_nobody_is_shamed_for_being_silent(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    await asks(zarina)
    await stage.pass_time(timedelta(days=2), timedelta(hours=6))
    assert "⏳ Daler: no answer yet" in zarina.last
    assert "Silence often means only that there is no network." in zarina.last
    for harsh in ("refus", "ignor", "late", "fail", "must"):
        assert harsh not in zarina.last


@pytest.mark.parametrize("words", ["нормально", "хуб", "ok", "👍", "ҳа", "I am safe", "жива"])
async def test_a_question_can_be_answered_in_everyday_words(stage: Stage, words: str) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await asks(zarina)
    await daler.says(words)
    assert "Daler: I am safe." in zarina.last
    assert any("Take it back" in label for label in daler.buttons), "what was understood from words can be undone"


@pytest.mark.parametrize("words", ["нормально", "хуб", "ok", "👍", "ҳа"])
async def test_everyday_words_mean_nothing_where_nobody_asked(stage: Stage, words: str) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await daler.says(words)
    assert "I did not understand that." in daler.last
    await asks(zarina)
    await daler.presses("I am safe")
    await daler.says("/start")
    await daler.says(words)
    assert "I did not understand that." in daler.last, "the question is answered already"
    assert zarina.screen.count("Daler: I am safe.") == 1


async def test_everyday_words_count_for_two_days(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await asks(zarina)
    await stage.pass_time(timedelta(days=2, minutes=1), timedelta(hours=12))
    await daler.says("хуб")
    assert "I did not understand that." in daler.last


async def test_the_same_person_can_not_be_asked_again_and_again(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await asks(zarina)
    await asks(zarina)
    assert "They were asked a short while ago. You can ask again after 3 hours." in zarina.last
    await asks(zarina, "Daler")
    assert "They were asked a short while ago." in zarina.last
    assert daler.screen.count("asks: how are you?") == 1
    await stage.pass_time(3 * HOUR, HOUR)
    await asks(zarina)
    assert daler.screen.count("asks: how are you?") == 2  # noqa: PLR2004


async def test_many_who_are_worried_can_not_flood_one_person(stage: Stage) -> None:
    names = [f"Aunt{n}" for n in range(8)]
    daler, *aunts = await stage.family("Daler", *names)
    for aunt in aunts:
        await asks(aunt, "Daler")
    assert daler.screen.count("asks: how are you?") == 6  # noqa: PLR2004
    assert "They were asked a short while ago." in aunts[-1].last


async def test_asking_everybody_passes_over_who_was_asked_just_now(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await asks(zarina, "Daler")
    await asks(zarina)
    assert daler.screen.count("asks: how are you?") == 1
    assert maria.screen.count("asks: how are you?") == 1


async def test_quiet_hours_delay_a_question_but_hold_back_neither_news_nor_a_call(
    stage: Stage,
) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await sleeps(stage, daler)
    await asks(zarina)
    assert not daler.sees("asks: how are you?")
    await maria.says("I am safe")
    assert "Maria: I am safe." in daler.last, "the question that waits for the morning holds back no news"
    assert comes_silently(daler)
    await zarina.says("I need help")
    assert "Zarina: I need help." in daler.last
    assert not comes_silently(daler)
    await stage.pass_time(7 * HOUR, HOUR)
    assert "Zarina asks: how are you?" in daler.screen


async def test_who_answers_before_the_question_has_come_is_not_asked_in_the_morning(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await sleeps(stage, daler)
    await sleeps(stage, maria)
    await stage.pass_time(15 * HOUR, HOUR)  # the next evening
    await asks(zarina)
    await daler.says("I am safe")
    assert "✅ Daler: safe" in zarina.screen
    await stage.pass_time(8 * HOUR, HOUR)
    assert not daler.sees("asks: how are you?")
    assert maria.sees("asks: how are you?"), "the others still are"


async def test_an_answer_counts_only_where_it_was_told(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler", circle="Family")
    maria = stage.actor("maria")
    await maria.settles_in("Maria")
    await make_circle(stage, maria, "Work")
    await invite_to(stage, maria, "Work", daler)
    await asks(zarina)
    await asks(maria)
    await open_circle(stage, daler, "Work")
    await daler.presses("My news goes to this circle")
    await daler.says("I am safe")
    assert "✅ Daler: safe" in zarina.screen
    assert "⏳ Daler: no answer yet" in maria.screen
    assert not maria.sees("I am safe.")


async def test_a_call_for_help_is_an_answer_too(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await asks(zarina)
    await daler.presses("I need help")
    assert "🆘 Daler: needs help" in zarina.screen
    await stage.pass_time(4 * HOUR, HOUR)
    await asks(zarina)
    await stage.in_code(daler, "call.safe")
    assert "✅ Daler: safe" in zarina.screen, "and so is its end"


async def test_who_is_alone_is_helped_to_make_a_circle(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    await zarina.says("/ask")
    assert "⭕ My circles" in zarina.buttons
    assert "Invite somebody first." in zarina.last
    safar = stage.actor("safar")
    await safar.settles_in("Safar")
    await safar.says("/ask")
    assert "⭕ Make a circle" in safar.buttons


async def test_with_several_circles_one_is_chosen_first(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler", circle="Family")
    await make_circle(stage, zarina, "Work")
    maria = stage.actor("maria")
    await maria.settles_in("Maria")
    await invite_to(stage, zarina, "Work", maria)
    await zarina.says("/ask")
    assert "Choose a circle:" in zarina.last
    await zarina.presses("Work")
    assert "Whom in “Work” do you want to ask how they are?" in zarina.last
    await zarina.presses("Everybody")
    assert maria.sees("asks: how are you?")
    assert not daler.sees("asks: how are you?")


async def test_questions_are_forgotten_after_two_weeks(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    await asks(zarina)
    await stage.pass_time(timedelta(days=15), timedelta(days=1))
    found = await rows(stage)
    assert found["ask"] == found["ask_reader"] == []
