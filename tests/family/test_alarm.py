"""“I need help”: it goes out at once, is answered by name, is repeated once, and is closed for everyone who got it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.outbox.courier import NotSent, Parcel, Unknown
from handlers import rounds
from storage import outbox
from storage.database import Tx
from tests.family.looking import button, invite_to, make_circle, open_circle, press, rows
from tests.stage import Actor, Stage

MINUTES = timedelta(minutes=1)
TWICE = 2
MISTAKE = "my call for help was a mistake."


def count(actor: Actor, words: str) -> int:
    """How often these words stand on a screen."""
    return actor.screen.count(words)


async def test_one_tap_and_everybody_reads_it_at_once_with_two_buttons(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await zarina.presses("I need help")
    assert "It is on its way to 2 people." in zarina.last
    for relative in (daler, maria):
        assert "Zarina: I need help." in relative.last
        assert relative.buttons == ["👁 I have seen it", "🤝 I am taking care of it"]
        assert not relative.messages[-1].silent


@pytest.mark.parametrize(
    ("language", "call", "seen", "over"),
    [
        ("en", "Zarina: I need help.", "Seen: Zarina", "This call is over."),
        ("ru", "Zarina: мне нужна помощь.", "Кто видит: Zarina", "Эта просьба уже закрыта."),
        ("tg", "Zarina: ба ман кумак лозим.", "Кӣ дид: Zarina", "Ин дархост аллакай пӯшида шуд."),
    ],
)
async def test_a_whole_call_can_be_lived_in_each_language(
    stage: Stage, language: str, call: str, seen: str, over: str
) -> None:
    zarina, daler = await stage.family("Zarina", "Daler", languages={"Zarina": language, "Daler": language})
    await stage.in_code(zarina, "help")
    assert call in daler.last
    await stage.in_code(daler, "seen")
    assert seen.replace("Zarina", "Daler") in zarina.screen
    await stage.in_code(daler, "caring")
    await stage.in_code(zarina, "call.note")
    await zarina.says("42")
    assert "42" in daler.last
    await stage.in_code(zarina, "call.safe")
    assert over in daler.screen
    assert not any(one.code.startswith(("seen", "caring")) for m in daler.messages for one in m.choices)


async def test_a_call_overtakes_everything_that_waits(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    stage.memory.fail(NotSent(), "maria", times=1)
    await daler.says("I am safe")  # waits for Maria
    gone: list[str] = []

    async def note(parcel: Parcel) -> None:
        gone.append(str(parcel.text))

    stage.memory.latency = note
    await zarina.says("I need help")
    await stage.pass_time(2 * MINUTES)
    to_maria = [text for text in gone if "I need help" in text or "I am safe" in text]
    assert "I need help" in to_maria[0]
    assert maria.sees("Daler: I am safe.")
    assert "I need help" in gone[0] or "Your call for help" in gone[0], "and the danger lane goes first of all"


async def test_the_caller_sees_who_was_reached_who_was_not_and_who_answers(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await stage.memory.block("maria", announce=False)
    await zarina.presses("I need help")
    await stage.pass_time(timedelta(seconds=20))
    assert "Reached so far: 1 of 2." in zarina.screen
    assert "Not reached: Maria" in zarina.screen
    await daler.presses("I have seen it")
    assert "Daler has seen your call." in zarina.last
    assert "👁 Seen: Daler" in zarina.screen
    await daler.presses("I am taking care of it")
    assert "Daler is taking care of it." in zarina.last
    assert "🤝 Taking care: Daler" in zarina.screen
    assert "👁 Seen" not in zarina.screen
    assert maria.screen.count("I need help") == 0


async def test_whoever_is_known_to_be_unreachable_is_named_too(stage: Stage) -> None:
    zarina, _daler, _maria = await stage.family("Zarina", "Daler", "Maria")
    await stage.memory.block("maria")
    await zarina.presses("I need help")
    await stage.pass_time(timedelta(seconds=20))
    assert "Not reached: Maria" in zarina.screen


@pytest.mark.parametrize("announced", [True, False])
async def test_that_nobody_was_reached_is_told_at_once_and_in_a_message_of_its_own(
    stage: Stage, *, announced: bool
) -> None:
    zarina, _daler, _maria = await stage.family("Zarina", "Daler", "Maria")
    for account in ("daler", "maria"):
        await stage.memory.block(account, announce=announced)
    await zarina.presses("I need help")
    before = len(zarina.messages)
    await stage.pass_time(timedelta(seconds=20))
    assert len(zarina.messages) == before + 1
    assert "Reached so far: 0 of 2." in zarina.last
    assert "Nobody could be reached here. If you can, call somebody." in zarina.last
    assert not zarina.messages[-1].silent
    await stage.pass_time(5 * MINUTES)
    assert len(zarina.messages) == before + 1, "once"


async def test_an_empty_circle_is_told_plainly_and_nobody_is_claimed_to_have_been_called(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    await zarina.says("I need help")
    assert "Your circle is still empty: nobody can read this. Call somebody if you can." in zarina.last
    await stage.pass_time(15 * MINUTES)
    assert not zarina.sees("I have sent it once more")
    assert not zarina.sees("0 people")


async def test_who_is_in_no_circle_is_told_so_and_offered_one(stage: Stage) -> None:
    safar = stage.actor("safar")
    await safar.settles_in("Safar")
    await safar.says("I need help")
    assert "Nobody would hear you yet." in safar.last
    assert "⭕ Make a circle" in safar.buttons


# -- the repeat ----------------------------------------------------------------------------------------------------


async def test_with_no_answer_in_ten_minutes_it_is_repeated_exactly_once(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I need help")
    await stage.pass_time(timedelta(minutes=9, seconds=59), timedelta(seconds=30))
    assert count(daler, "Zarina: I need help.") == 1
    await stage.pass_time(timedelta(seconds=1))
    assert count(daler, "Zarina: I need help.") == TWICE
    assert "Nobody takes care of it yet." in daler.last
    assert daler.buttons == ["👁 I have seen it", "🤝 I am taking care of it"]
    assert zarina.sees("Nobody has answered in ten minutes. I have sent it once more. If you can, call somebody.")
    await stage.pass_time(timedelta(hours=3), timedelta(minutes=5))
    assert count(daler, "Zarina: I need help.") == TWICE
    assert count(zarina, "Nobody has answered in ten minutes.") == 1


@pytest.mark.parametrize("late", [timedelta(minutes=10), timedelta(hours=5), timedelta(days=2)])
async def test_a_round_that_comes_late_or_twice_repeats_it_once_all_the_same(stage: Stage, late: timedelta) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I need help")
    await stage.pass_time(late, late)
    for _twice in range(2):
        await stage.storage.write(lambda tx: rounds.often(tx, stage.now()))
    await stage.settle()
    assert count(daler, "Zarina: I need help.") == TWICE


@pytest.mark.parametrize("label", ["I have seen it", "I am taking care of it"])
async def test_it_is_repeated_to_those_who_have_not_answered_until_somebody_takes_care(
    stage: Stage, label: str
) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await zarina.presses("I need help")
    await stage.pass_time(9 * MINUTES, MINUTES)
    await daler.presses(label)
    await stage.pass_time(5 * MINUTES)
    repeated = "seen" in label  # that one relative has looked must not silence the call for the others
    assert count(maria, "Zarina: I need help.") == (TWICE if repeated else 1)
    assert count(daler, "Zarina: I need help.") == 1
    assert zarina.sees("I have sent it once more to those who have not answered.") is repeated


async def test_the_repeat_does_not_make_the_first_call_look_undelivered(stage: Stage) -> None:
    zarina, _daler, _maria = await stage.family("Zarina", "Daler", "Maria")
    await zarina.presses("I need help")
    await stage.pass_time(9 * MINUTES, MINUTES)
    await stage.memory.block("maria", announce=False)
    await stage.pass_time(3 * MINUTES)
    assert "Reached so far: 2 of 2." in zarina.screen
    assert "Not reached" not in zarina.screen


# -- pressing ------------------------------------------------------------------------------------------------------


async def test_everybody_in_the_circle_sees_who_takes_care(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await zarina.presses("I need help")
    before = len(maria.messages)
    await daler.presses("I am taking care of it")
    assert "🤝 Taking care: Daler" in maria.screen
    assert len(maria.messages) == before, "in place, without a new message"
    await maria.presses("I am taking care of it")
    assert "🤝 Taking care: Daler and Maria" in daler.screen
    assert "🤝 Taking care: Daler and Maria" in zarina.screen


async def test_pressing_twice_changes_nothing(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I need help")
    kept = button(daler, "seen")
    await press(stage, daler, kept)
    before = (zarina.screen, daler.screen)
    await press(stage, daler, kept)
    assert (zarina.screen, daler.screen) == before


async def test_many_who_have_seen_it_do_not_bury_the_caller_in_messages(stage: Stage) -> None:
    zarina, *relatives = await stage.family("Zarina", "A", "B", "C", "D", "E")
    await zarina.presses("I need help")
    before = len(zarina.messages)
    for relative in relatives:
        await relative.presses("I have seen it")
    assert len(zarina.messages) == before + 3
    assert "👁 Seen: A, B, C, D and E" in zarina.screen, "but each is named"
    await relatives[-1].presses("I am taking care of it")
    assert "E is taking care of it." in zarina.last, "and who takes care is always told"


async def test_a_second_tap_while_a_call_is_open_shows_the_same_call(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I need help")
    await zarina.says("/sos")
    assert "Your call for help: just now." in zarina.last
    assert "Reached so far: 1 of 1." in zarina.last
    assert count(daler, "Zarina: I need help.") == 1
    assert len((await rows(stage))["alarm"]) == 1


async def test_what_is_written_behind_the_command_goes_with_the_call(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("/sos we are in the cellar")
    assert "Zarina: I need help." in daler.last
    assert "we are in the cellar" in daler.last
    await zarina.says("/sos " + "the water rises " * 400)
    assert "Zarina adds: the water rises" in daler.last
    assert len((await rows(stage))["alarm"]) == 1


async def test_who_needs_help_later_calls_anew_and_the_old_call_gives_way(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I need help")
    old = button(daler, "seen")
    await press(stage, daler, old)
    await stage.pass_time(timedelta(days=3), timedelta(hours=6))
    await zarina.says("I need help")
    assert "Zarina: I need help." in daler.last
    assert "just now" in daler.last
    assert "A newer call has taken the place of this one." in daler.screen
    await press(stage, daler, old)
    assert "This call is over." in daler.last
    await stage.in_code(zarina, "call.safe")
    assert "Zarina: I am safe now." in daler.last or daler.sees("Zarina: I am safe now.")
    await stage.pass_time(timedelta(minutes=30), MINUTES)
    assert not zarina.sees("Nobody has answered")


# -- details -------------------------------------------------------------------------------------------------------


async def test_details_and_the_place_follow_at_once_and_aloud(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I need help")
    await zarina.presses("Add details")
    await zarina.says("меня задержали")
    assert "Zarina adds: меня задержали" in daler.last, "what sounds like a call is a detail of the call"
    assert "Sent." in zarina.last
    assert not daler.messages[-1].silent
    await zarina.presses("Add the place")
    await zarina.says("Khorog")
    await zarina.presses("Khorog")
    assert "Zarina is in this place: Khorog" in daler.last
    await daler.presses("I have seen it")
    assert "Place: Khorog\nNote: меня задержали" in daler.screen


async def test_details_can_be_left_out(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I need help")
    await zarina.presses("Add details")
    await zarina.says("стоп")
    assert "Stopped. Nothing was sent." in zarina.last
    await zarina.says("hello")
    assert not daler.sees("hello")


# -- ending --------------------------------------------------------------------------------------------------------


async def test_safe_now_is_told_to_everyone_who_got_the_call_and_is_news(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await zarina.presses("I need help")
    await stage.pass_time(3 * MINUTES)
    await zarina.presses("I am safe now")
    assert "Good. Everybody who got your call is told that you are safe now." in zarina.screen
    for relative in (daler, maria):
        assert "Zarina: I am safe now." in relative.last
        assert "This call is over." in relative.screen
        await relative.says("/people")
        assert "🟢 Zarina: safe, just now" in relative.last
    await stage.pass_time(timedelta(hours=1), timedelta(minutes=5))
    assert count(daler, "Zarina: I need help.") == 0, "it was changed in place and is not repeated"


async def test_a_mistake_is_told_and_the_board_knows_again_what_it_knew(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I am safe")
    await stage.pass_time(timedelta(hours=2), timedelta(hours=1))
    await zarina.says("I need help")
    await zarina.presses("It was a mistake")
    assert f"Zarina: {MISTAKE}" in daler.last
    await daler.says("/people")
    assert "🟢 Zarina: safe, 2 hours ago" in daler.last


async def test_the_big_button_i_am_safe_asks_before_it_ends_an_open_call(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("I need help")
    await zarina.says("/start")
    await stage.in_code(zarina, "safe")
    assert "Your call for help is open. Are you safe now?" in zarina.last
    await zarina.presses("I am safe now")
    assert "Zarina: I am safe now." in daler.last


async def test_the_word_alive_does_not_end_a_call_but_asks(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I need help")
    before = daler.screen
    await zarina.says("жива")
    assert "Your call for help is open. Are you safe now?" in zarina.last
    assert daler.screen == before
    await zarina.presses("I am safe now")
    assert "Zarina: I am safe now." in daler.last


@pytest.mark.parametrize("end", ["I am safe now", "It was a mistake"])
async def test_buttons_of_a_closed_call_are_answered_kindly(stage: Stage, end: str) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I need help")
    kept = [button(daler, "seen"), button(daler, "caring")]
    mine = [button(zarina, verb) for verb in ("call.note", "call.safe", "call.mistake")]
    await zarina.presses(end)
    told = zarina.screen
    for one in kept:
        await press(stage, daler, one)
        assert "This call is over." in daler.last or "This button is no longer in use." in daler.last
        assert daler.buttons
    assert zarina.screen == told, "the caller hears nothing of it"
    for one in mine:
        await press(stage, zarina, one)
        assert "This call is over." in zarina.last or "This button is no longer in use." in zarina.last


FATES = ("delivered", "unknown", "not sent", "blocked", "lost again and again")


@pytest.mark.parametrize("end", ["It was a mistake", "I am safe now"])
@pytest.mark.parametrize("idempotent", [True, False])
async def test_the_end_is_told_to_exactly_those_who_may_have_got_the_call(
    stage: Stage, end: str, *, idempotent: bool
) -> None:
    zarina, *relatives = await stage.family("Zarina", *(f"R{n}" for n in range(len(FATES))))
    stage.memory.idempotent = idempotent
    accounts = {fate: relative.account for fate, relative in zip(FATES, relatives, strict=True)}
    stage.memory.fail(Unknown(), accounts["unknown"], arrives=True)
    stage.memory.fail(Unknown(), accounts["lost again and again"], times=2)
    stage.memory.fail(NotSent(), accounts["not sent"])
    await stage.memory.block(accounts["blocked"], announce=False)
    await zarina.presses("I need help")
    await zarina.presses(end)
    words = MISTAKE if end == "It was a mistake" else "I am safe now."
    told = {fate for fate, one in zip(FATES, relatives, strict=True) if one.sees(f"Zarina: {words}")}
    await stage.pass_time(timedelta(hours=1), MINUTES)
    told |= {fate for fate, one in zip(FATES, relatives, strict=True) if one.sees(f"Zarina: {words}")}
    assert told == {"delivered", "unknown", "lost again and again"}
    never = relatives[FATES.index("not sent")]
    assert not never.sees("I need help")
    if end == "I am safe now":
        assert never.sees("Zarina: I am safe."), "for them it is plain good news"
    else:
        assert not never.sees("mistake")


async def test_who_got_the_call_but_not_its_repeat_is_told_of_the_end(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I need help")
    stage.memory.fail(NotSent(), "daler", times=1)
    await stage.pass_time(10 * MINUTES, 10 * MINUTES)
    assert count(daler, "I need help") == 1, "the repeat waits"
    await zarina.presses("It was a mistake")
    await stage.pass_time(5 * MINUTES)
    assert daler.sees(f"Zarina: {MISTAKE}")
    assert not daler.sees("Nobody takes care of it yet")


async def test_a_call_left_open_for_a_week_is_watched_no_more_and_shows_no_false_counts(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.presses("I need help")
    await daler.presses("I have seen it")
    await stage.pass_time(timedelta(days=6), timedelta(hours=12))
    shown = zarina.screen
    await stage.pass_time(timedelta(days=20), timedelta(days=1))
    assert zarina.screen == shown
    await daler.says("/people")
    assert "⚪ Zarina: last known 3 weeks ago: needs help" in daler.last


# -- who may know --------------------------------------------------------------------------------------------------


async def test_quiet_hours_never_hold_back_a_call(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await daler.says("/start")
    await daler.presses("More")
    await daler.presses("Settings")
    await daler.presses("Quiet hours")
    await daler.presses("21:00")
    await daler.presses("Dushanbe")
    await stage.pass_time(timedelta(hours=9), timedelta(hours=1))  # 23:00 in Dushanbe
    await zarina.says("I need help")
    assert "Zarina: I need help." in daler.last
    assert not daler.messages[-1].silent


async def test_a_call_goes_to_every_chosen_circle_once_and_keeps_them_apart(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler", circle="Family")
    await make_circle(stage, zarina, "Work")
    maria = stage.actor("maria")
    await maria.settles_in("Maria")
    await invite_to(stage, zarina, "Work", maria)
    await invite_to(stage, zarina, "Work", daler)
    await zarina.says("I need help")
    assert count(daler, "Zarina: I need help.") == 1
    await maria.presses("I am taking care of it")
    assert "🤝 Taking care: Maria" in daler.screen, "they share a circle that was called"


async def test_a_call_that_is_repeated_keeps_the_circles_apart(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler", circle="Family")
    await make_circle(stage, zarina, "Work")
    maria = stage.actor("maria")
    await maria.settles_in("Maria")
    await invite_to(stage, zarina, "Work", maria)
    await zarina.says("I need help")
    await maria.presses("I have seen it")
    await stage.pass_time(11 * MINUTES, MINUTES)
    assert "Nobody takes care of it yet." in daler.last
    assert not daler.sees("Maria"), "they share no circle"


async def test_who_left_the_circle_can_not_answer_its_calls(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await zarina.presses("I need help")
    kept = button(maria, "caring")
    await open_circle(stage, maria, "Family")
    await maria.presses("Leave")
    await maria.presses("Leave")
    await press(stage, maria, kept)
    assert "This button is no longer in use." in maria.last
    assert not daler.sees("Taking care: Maria")
    assert not zarina.sees("Maria is taking care")


async def test_every_letter_of_a_call_is_in_the_danger_lane(stage: Stage) -> None:
    """What is posted while nothing can leave: seen in the database before it flies."""
    zarina, _daler, _maria = await stage.family("Zarina", "Daler", "Maria")
    stage.memory.fail(NotSent(), times=3)
    await zarina.presses("I need help")

    def lanes(tx: Tx) -> dict[int, int]:
        return {int(lane): n for (_route, lane, state), n in outbox.counts(tx).items() if state is outbox.State.WAITING}

    assert await stage.storage.read(lanes) == {0: 3}


async def test_a_first_call_goes_before_the_tenth_of_somebody_else(stage: Stage) -> None:
    flooder, friend = await stage.family("Flooder", "Friend", circle="One")
    mother, son = await stage.family("Mother", "Son", circle="Two")
    stage.memory.latency = None
    for _ in range(5):
        await flooder.says("/sos")
        await flooder.presses("It was a mistake")
    arrived: list[str] = []
    stage.memory.watch(lambda change: arrived.append(change.message.account) if change.kind == "new" else None)
    await stage.memory.say(flooder.account, "/sos")  # nothing leaves before both have called
    await stage.memory.say(mother.account, "/sos")
    await stage.settle()
    assert arrived.index(son.account) < arrived.index(friend.account)


async def test_removing_the_caller_does_not_silence_the_call(stage: Stage) -> None:
    keeper, caller, anna = await stage.family("Keeper", "Caller", "Anna")
    await caller.says("I need help")
    await keeper.says("/circles")
    await stage.in_code(keeper, "circle")
    await stage.in_code(keeper, "circle.remove")
    await keeper.presses("Caller")
    await keeper.presses("Remove")
    assert anna.sees("Their call for help is not closed.")
    before = count(anna, "Caller: I need help.")
    await stage.pass_time(11 * MINUTES, MINUTES)
    assert count(anna, "Caller: I need help.") == before + 1
    await anna.presses("taking care")
    assert caller.sees("Anna is taking care of it.")


async def test_who_blocked_the_bot_gets_the_open_call_when_they_come_back(stage: Stage) -> None:
    zarina, daler, _maria = await stage.family("Zarina", "Daler", "Maria")
    await stage.memory.block(daler.account)
    await zarina.says("I need help")
    assert not daler.sees("Zarina: I need help.")
    await stage.memory.unblock(daler.account)
    await stage.settle()
    assert daler.sees("Zarina: I need help.")


async def test_who_comes_back_after_the_end_gets_no_old_call(stage: Stage) -> None:
    zarina, daler, _maria = await stage.family("Zarina", "Daler", "Maria")
    await stage.memory.block(daler.account)
    await zarina.says("I need help")
    await zarina.presses("It was a mistake")
    await stage.memory.unblock(daler.account)
    await stage.settle()
    assert not daler.sees("Zarina: I need help.")


async def test_in_danger_one_tap_is_enough_even_where_nobody_hears_yet(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await zarina.says("/circles")
    await stage.in_code(zarina, "circle")
    await zarina.presses("My news goes to this circle")
    await zarina.says("/sos")
    assert "Whom shall I call for help?" in zarina.last
    await zarina.presses("Family")
    assert daler.sees("Zarina: I need help.")
