"""Check-ins with a deadline: set in a few taps, put off by a word, and never an alarm lost or raised for nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.outbox.courier import NotSent
from tests.family.looking import button, forge, id_of, invite_to, make_circle, open_circle, press, rows
from tests.family.test_links import linked
from tests.family.test_trustees import choose
from tests.stage import Actor, Stage
from tests.storage.servers import ONE_ENGINE

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SILENT = "no word by the agreed time."
ONCE, TWICE = 1, 2
ASKED = "The time for your word is over"


async def begin(  # noqa: PLR0913 - a deadline has this many parts
    stage: Stage,
    actor: Actor,
    *,
    how: str = "Every day",
    time: str = "20:00",
    grace: str = "30 min",
    pauses: bool = False,
) -> None:
    """Set a deadline by the big buttons. On the stage it is 9:00 UTC, 14:00 in Dushanbe."""
    await actor.says("/start")
    await actor.presses("More")
    await actor.presses("Just in case")
    await actor.presses("Regular check-in")
    await actor.presses("New check-in")
    await actor.presses(how)
    if "What does your clock show" in actor.last:
        await actor.presses("Dushanbe")
    if "On which day" in actor.last:
        await actor.presses("Today" if how.startswith("Once") else "Monday")
    if "Until what time" in actor.last:
        await actor.says(time)
    await actor.presses(grace)
    if "Whom shall I tell last" in actor.last:
        await actor.presses("Go on")
    await actor.presses("Wait until it is back" if pauses else "Tell them all the same")
    assert "So this is agreed" in actor.last
    await actor.presses("Begin")
    assert "It has begun." in actor.last
    del stage


def count(actor: Actor, words: str) -> int:
    """How many messages on a screen hold these words."""
    return actor.screen.count(words)


async def test_a_deadline_is_set_one_question_at_a_time_and_shown_before_it_begins(stage: Stage) -> None:
    zarina, _daler, _maria = await stage.family("Zarina", "Daler", "Maria")
    await begin(stage, zarina)
    for line in (
        "I wait for your word every day until 20:00 (Dushanbe).",
        "The next time: today, 21 March 2026, 20:00.",
        "1. I remind you shortly before.",
        "2. When the time is over, I ask you aloud, on each of your accounts.",
        "3. If I hear nothing for 30 minutes more, I tell your circles: 2 people.",
        "I tell them all the same, and say that it is offline.",
    ):
        assert line in zarina.last


async def test_silence_goes_step_by_step_to_the_person_the_circle_and_the_trustees(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await zarina.says("I am safe")
    await choose(zarina, "Maria")
    await begin(stage, zarina)  # until 15:00 UTC
    await stage.pass_time(5 * HOUR, 5 * MINUTE)
    assert "I wait for a word of yours until: today, 21 March 2026, 20:00." in zarina.last
    assert not zarina.sees(ASKED)
    await stage.pass_time(HOUR, MINUTE)
    assert ASKED in zarina.last
    assert not zarina.messages[-1].silent
    await stage.pass_time(29 * MINUTE, MINUTE)
    assert not daler.sees(SILENT)
    await stage.pass_time(2 * MINUTE, MINUTE)
    for one in (daler, maria):
        assert f"Zarina: {SILENT}" in one.last
        assert "Agreed was: today, 21 March 2026, 20:00." in one.last
        assert "🟢 Zarina: safe, 6 hours ago" in one.last
        assert not one.messages[-1].silent
    assert "I have heard nothing of you, and have told 2 people." in zarina.last
    assert "Daler" not in zarina.last
    assert "Maria" not in zarina.last
    await stage.pass_time(30 * MINUTE, MINUTE)
    assert count(maria, SILENT) == TWICE + ONCE, "once more after ten minutes, and as the one who is told last"
    assert count(daler, SILENT) == TWICE
    await stage.pass_time(3 * DAY, HOUR)
    assert count(zarina, ASKED) == ONCE, "and no further alarm for the next days while this one is open"
    assert count(daler, SILENT) == TWICE


@pytest.mark.parametrize("how", ["word", "button", "other news"])
@ONE_ENGINE
async def test_a_word_in_time_means_no_alarm_and_the_next_day_is_waited_for(stage: Stage, how: str) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await begin(stage, zarina)
    await stage.pass_time(5 * HOUR + MINUTE, MINUTE)
    if how == "word":
        await zarina.says("ман зиндаам")
    elif how == "button":
        await stage.in_code(zarina, "safe")
    else:
        await forge(stage, zarina, "moved")
    await stage.pass_time(MINUTE)
    assert zarina.sees("I wait for your next word until: tomorrow, 22 March 2026, 20:00.")
    await stage.pass_time(20 * HOUR, 10 * MINUTE)
    assert not zarina.sees(ASKED)
    assert not daler.sees(SILENT)
    await stage.pass_time(6 * HOUR, 10 * MINUTE)
    assert daler.sees(SILENT), "control: a day later the silence is told"


async def test_a_word_long_before_does_not_count_for_it(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    await begin(stage, zarina, how="Once", time="23:00")
    await zarina.says("I am safe")
    await stage.pass_time(10 * HOUR, 10 * MINUTE)
    assert zarina.sees(ASKED)


@ONE_ENGINE
async def test_any_news_of_the_person_ends_the_alarm_everywhere(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await choose(zarina, "Maria")
    await begin(stage, zarina)
    await stage.pass_time(6 * HOUR + 35 * MINUTE, MINUTE)
    assert daler.sees(SILENT)
    await zarina.says("I am safe")
    await stage.pass_time(MINUTE)
    for one in (daler, maria):
        assert one.sees("Zarina: I am safe.")
        assert one.sees("This alarm is over.")
    told = count(daler, SILENT), count(maria, SILENT)
    await stage.pass_time(2 * HOUR, MINUTE)
    assert (count(daler, SILENT), count(maria, SILENT)) == told, "nothing more goes out"


@ONE_ENGINE
async def test_a_trustee_whose_circle_hears_nothing_is_told_and_told_of_the_end(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await make_circle(stage, zarina, "Work")
    maria = stage.actor("maria")
    await maria.settles_in("Maria")
    await invite_to(stage, zarina, "Work", maria)
    await choose(zarina, "Maria")
    await open_circle(stage, zarina, "Work")
    await zarina.presses("My news goes to this circle")
    await begin(stage, zarina)
    await stage.pass_time(6 * HOUR + 35 * MINUTE, MINUTE)
    assert daler.sees(SILENT)
    assert not maria.sees(SILENT)
    await stage.pass_time(30 * MINUTE, MINUTE)
    assert f"Zarina: {SILENT}" in maria.last
    await daler.presses("taking care")
    assert not maria.sees("Taking care: Daler"), "they are in no circle together"
    await zarina.says("I am safe")
    await stage.pass_time(MINUTE)
    assert maria.sees("Zarina: I am safe.")


# -- putting off, changing, stopping -------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["later 3", "баъдтар 3 соат", "отложить на 3 часа", "/later 3", "Дертар 3"])
async def test_a_word_from_any_device_puts_it_off(both: Stage, words: str) -> None:
    zarina, daler = await both.family("Zarina", "Daler")
    await begin(both, zarina)
    new = await linked(both, zarina)
    await both.pass_time(6 * HOUR, 5 * MINUTE)
    await new.says(words)
    assert "Put off. I wait until: today, 21 March 2026, 23:00." in new.last
    await both.pass_time(3 * HOUR, 5 * MINUTE)
    assert not daler.sees(SILENT)
    await both.pass_time(40 * MINUTE, 5 * MINUTE)
    assert daler.sees(SILENT), "control"


async def test_later_without_a_number_asks_by_how_much_and_buttons_do_it(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    await begin(stage, zarina)
    await zarina.says("позже")
    assert "Now I wait until: today, 21 March 2026, 20:00." in zarina.last
    await zarina.presses("12 hours later")
    assert "Put off. I wait until: tomorrow, 22 March 2026, 08:00." in zarina.last
    for _again in range(6):
        await zarina.says("later 24")
    assert "I can't put it off so far." in zarina.last


async def test_later_is_no_word_of_ours_for_who_has_no_deadline(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    await zarina.says("later")
    assert "I did not understand that." in zarina.last


async def test_to_put_it_off_ends_an_alarm_that_is_out(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await begin(stage, zarina)
    await stage.pass_time(7 * HOUR, 5 * MINUTE)
    assert daler.sees(SILENT)
    await zarina.says("later 2")
    assert daler.sees("Zarina: I need more time.")
    assert daler.sees("This alarm is over.")
    await stage.pass_time(2 * HOUR + 40 * MINUTE, 5 * MINUTE)
    assert SILENT in daler.last, "and the new time is waited for"


async def test_it_can_be_stopped_and_changed(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await begin(stage, zarina)
    await zarina.presses("My words")
    await zarina.says("I am on the road to Khorog, call Anna")
    assert "Your words for those whom I tell: I am on the road to Khorog, call Anna" in zarina.last
    assert not daler.sees("Khorog")
    await zarina.presses("Change")
    await zarina.presses("Every 12 hours")
    await zarina.presses("2 hours")
    await zarina.presses("Go on")
    await zarina.presses("Wait until it is back")
    await zarina.presses("Begin")
    assert "After each word of yours I wait 12 hours for the next one." in zarina.last
    assert len((await rows(stage))["deadline"]) == 1
    await stage.pass_time(14 * HOUR + 5 * MINUTE, 5 * MINUTE)
    assert "Words left for you: I am on the road to Khorog, call Anna" in daler.last
    await zarina.says("/start")
    await zarina.presses("More")
    await zarina.presses("Just in case")
    await zarina.presses("Regular check-in")
    await zarina.presses("⏰")
    await zarina.presses("Stop")
    await zarina.presses("Yes, stop")
    assert daler.sees("Zarina has ended this check-in.")
    assert (await rows(stage))["deadline"] == []


async def test_a_time_that_is_over_or_is_none_is_refused_kindly(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    await zarina.says("/start")
    await zarina.presses("More")
    await zarina.presses("Just in case")
    await zarina.presses("Regular check-in")
    await zarina.presses("New check-in")
    await zarina.presses("Once")
    await zarina.presses("Dushanbe")
    await zarina.presses("Today")
    await zarina.says("in the evening")
    assert "Please write it like this: 18:30." in zarina.last
    await zarina.says("13.30")
    assert "This time is over already." in zarina.last
    await zarina.says("18.30")
    assert "How long shall I then wait" in zarina.last


async def test_who_is_heard_by_nobody_is_told_so_before_they_rely_on_it(stage: Stage) -> None:
    (zarina,) = [stage.actor("zarina")]
    await zarina.settles_in("Zarina")
    await zarina.says("/start")
    await forge(stage, zarina, "late.new:0")
    assert "Nobody would hear you yet." in zarina.last


# -- the alarm -----------------------------------------------------------------------------------------------------


@ONE_ENGINE
async def test_who_sees_and_who_cares_is_shown_and_ends_the_repeating(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await begin(stage, zarina)
    await stage.pass_time(6 * HOUR + 31 * MINUTE, MINUTE)
    await daler.presses("I have seen it")
    assert "👁 Seen: Daler" in maria.screen
    await maria.presses("taking care")
    assert "🤝 Taking care: Maria" in daler.screen
    told = count(daler, SILENT)
    await stage.pass_time(20 * MINUTE, MINUTE)
    assert count(daler, SILENT) == told
    assert "Maria" not in zarina.screen.split(ASKED)[1], "the silent phone may be in other hands"


@ONE_ENGINE
async def test_that_somebody_else_saw_her_is_shown_and_ends_nothing(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await begin(stage, zarina)
    await stage.pass_time(6 * HOUR + 31 * MINUTE, MINUTE)
    await maria.says("/people")
    await maria.presses("News of somebody")
    await maria.presses("Zarina")
    await maria.presses("I saw them")
    await maria.presses("✅ Safe")
    await stage.pass_time(MINUTE)
    assert daler.sees("🟢 Zarina: safe, just now") or daler.sees("🟢 Zarina: safe, 1 minute ago")
    assert not daler.sees("This alarm is over.")
    await stage.pass_time(40 * MINUTE, MINUTE)
    assert ASKED in zarina.screen


@ONE_ENGINE
async def test_a_call_for_help_while_the_alarm_is_out_is_a_call_of_its_own(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await begin(stage, zarina)
    await stage.pass_time(6 * HOUR + 31 * MINUTE, MINUTE)
    await zarina.says("/sos")
    assert "Zarina: I need help." in daler.screen
    assert "Your call for help" in zarina.screen
    await stage.pass_time(MINUTE)
    assert daler.sees("This alarm is over."), "a sign of life, and of danger: the call takes its place"
    await daler.presses("taking care")
    assert zarina.sees("Daler is taking care of it.")


@ONE_ENGINE
async def test_buttons_of_an_alarm_work_only_for_those_who_got_it_and_while_it_is_open(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler", circle="One")
    (stranger,) = await stage.family("Stranger", circle="Two")
    await begin(stage, zarina)
    await stage.pass_time(6 * HOUR + 31 * MINUTE, MINUTE)
    kept = button(daler, "late.caring")
    await forge(stage, stranger, kept[1])
    assert "This button is no longer in use." in stranger.last
    await forge(stage, daler, kept[1].replace("late.caring", "caring"))
    assert "This button is no longer in use." in daler.last
    await zarina.says("I am safe")
    await stage.pass_time(MINUTE)
    await press(stage, daler, kept)
    assert "This call is over." in daler.last


@ONE_ENGINE
async def test_who_is_forgotten_with_an_alarm_out_leaves_nobody_to_wait_in_vain(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await begin(stage, zarina)
    await stage.pass_time(6 * HOUR + 31 * MINUTE, MINUTE)
    await zarina.says("/privacy")
    await zarina.presses("Forget me")
    await zarina.presses("Yes, forget me")
    assert daler.sees("Whoever was silent here has erased their data")
    assert not daler.sees("Zarina")
    found = await rows(stage)
    assert (found["deadline"], found["alarm"], found["alarm_reader"]) == ([], [], [])


# -- never lost ----------------------------------------------------------------------------------------------------


async def test_an_alarm_takes_the_other_platform_while_one_is_down(both: Stage) -> None:
    zarina, daler, maria = await both.family("Zarina", "Daler", "Maria")
    hers, his, trusted = (
        await linked(both, zarina),
        await linked(both, daler, "daler.m"),
        await linked(both, maria, "maria.m"),
    )
    await both.pass_time(2 * DAY, HOUR)
    await choose(zarina, "Maria")
    await begin(both, zarina)
    both.memory.fail(NotSent(), times=100_000)
    await both.pass_time(7 * HOUR + 5 * MINUTE, 5 * MINUTE)
    assert not zarina.sees(ASKED), "the first platform is down"
    assert not daler.sees(SILENT)
    assert hers.sees(ASKED)
    assert his.sees(SILENT)
    assert count(trusted, SILENT) >= TWICE


async def test_a_restart_between_any_two_stages_loses_nothing_and_repeats_nothing(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await choose(zarina, "Maria")
    await begin(stage, zarina)
    for _part in range(30):
        await stage.pass_time(15 * MINUTE, MINUTE)
        stage.app = stage.open()
    assert count(zarina, ASKED) == ONCE
    assert count(daler, SILENT) == TWICE, "and once more after ten minutes"
    assert count(maria, SILENT) == 2 * TWICE


async def test_after_weeks_of_a_stopped_program_what_is_overdue_goes_out_with_its_true_age(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await choose(zarina, "Maria")
    await begin(stage, zarina)
    stage._now += 21 * DAY  # noqa: SLF001 - nothing runs meanwhile
    await stage.pass_time(MINUTE)
    assert f"{ASKED}: 2 weeks ago" in zarina.last
    assert not zarina.sees("I wait for a word of yours until"), "a reminder of what is over is left out"
    assert not daler.sees(SILENT), "there is time to answer"
    await stage.pass_time(30 * MINUTE, MINUTE)
    assert "That is 2 weeks ago." in daler.last
    await stage.pass_time(10 * MINUTE, MINUTE)
    assert count(maria, SILENT) >= TWICE


async def test_a_word_that_was_on_its_way_when_the_program_stood_still_is_no_silence(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await begin(stage, zarina)
    stage._now += 9 * HOUR  # noqa: SLF001 - nothing runs meanwhile
    await zarina.says("I am safe")
    await stage.pass_time(HOUR, MINUTE)
    assert not zarina.sees(ASKED)
    assert not daler.sees(SILENT)


@ONE_ENGINE
async def test_a_clock_that_was_wrong_for_a_moment_makes_nobody_forgotten(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await begin(stage, zarina)
    right = stage.now()
    stage._now = right + 400 * DAY  # noqa: SLF001 - the machine's clock jumps ahead
    await stage.app.round()
    await zarina.says("I am safe")
    await stage.app.round()
    stage._now = right + MINUTE  # noqa: SLF001 - and is set right again
    await stage.pass_time(9 * HOUR, MINUTE)
    assert daler.sees(SILENT)


async def test_a_forged_or_old_button_opens_nobody_elses_deadline(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await begin(stage, zarina)
    for verb in ("late.one", "late.stop", "late.stopped", "late.later", "late.note", "late.new"):
        _message, code = button(zarina, "late.later")
        await forge(stage, daler, code.replace("late.later", verb))
        assert "This button is no longer in use." in daler.last
    for code in (
        "late.kind:0:x",
        "late.time:0:d:99999",
        "late.grace:0:d60:7",
        "late.sure:0:e0:30:0",
        "late.begin:0:w9:30",
    ):
        await forge(stage, daler, code)
        assert "This button is no longer in use." in daler.last
    assert len((await rows(stage))["deadline"]) == 1


async def test_a_new_account_can_put_off_but_neither_stop_nor_set(both: Stage) -> None:
    zarina, _daler = await both.family("Zarina", "Daler")
    await begin(both, zarina)
    code = button(zarina, "late.stop")[1]
    new = await linked(both, zarina)
    await forge(both, new, code)
    assert "is shown here in" in new.last
    await forge(both, new, code.replace("late.stop", "late.stopped"))
    assert "Please do this with your older account" in new.last
    assert len((await rows(both))["deadline"]) == 1
    assert await id_of(both, new) == await id_of(both, zarina)
