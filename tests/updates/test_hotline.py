"""The line to the moderators: neither side learns who the other is, nothing said is lost, and erased is erased."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from functools import partial

import pytest

from bot.domain import hotline as rules
from bot.domain.circle import checked
from bot.domain.conversation import Outgoing
from bot.domain.roles import Role
from bot.i18n import plain, speak
from handlers.ask import base36
from handlers.updates import hotline as handler
from handlers.words import NEVER_FIRST
from storage import hotline, merging, outbox, people, roles
from storage.database import Tx
from tests.family.looking import Rows, button, forge, id_of, press, rows
from tests.family.test_desk import give, moderators
from tests.family.test_desk import people as settled
from tests.family.test_duress import FORCED, family
from tests.family.test_links import linked
from tests.house.test_hard_news import callers
from tests.stage import Actor, Stage

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OUTDATED = "This button is no longer in use. Please choose again:"
QUESTION = "How do I send money home when the banks are shut?"
ANSWER = "By the office in Dushanbe, from Monday on."
TABLES = ("line_case", "line_voice", "line_word")


async def opens(actor: Actor) -> None:
    """Somebody opens the line."""
    await actor.says("/start")
    await actor.stage.in_code(actor, "more")
    await actor.stage.in_code(actor, "news")
    await actor.stage.in_code(actor, "hotline")


async def writes(actor: Actor, words: str = QUESTION) -> None:
    """Somebody begins a case."""
    await opens(actor)
    await actor.stage.in_code(actor, "hotline.new")
    await actor.says(words)


async def writes_more(actor: Actor, words: str) -> None:
    """Somebody goes on with the case that stands before them."""
    await actor.stage.in_code(actor, "hotline.add")
    await actor.says(words)


async def looks(moderator: Actor) -> None:
    """A moderator opens the first case of the queue."""
    await moderator.says("/desk")
    await moderator.presses("Hotline")
    await moderator.stage.in_code(moderator, "hotlines.one")


async def takes(moderator: Actor) -> None:
    """A moderator takes the first case of the queue."""
    await looks(moderator)
    await moderator.presses("Take it")


async def answers(moderator: Actor, words: str = ANSWER) -> None:
    """A moderator answers the case that stands before them."""
    await moderator.presses("✍️ Answer")
    await moderator.says(words)
    await moderator.presses("Send it")


async def reads(actor: Actor) -> None:
    """A member opens their newest case."""
    await opens(actor)
    await actor.stage.in_code(actor, "hotline.one")


async def cases(stage: Stage) -> list[hotline.Case]:
    """Every open case."""
    return await stage.storage.read(partial(hotline.waiting, but=0, most=99))


async def lines(stage: Stage) -> Rows:
    """Every row of the line."""
    found = await rows(stage)
    return {name: found[name] for name in TABLES}


# -- a case, from end to end ---------------------------------------------------------------------------------------


async def test_a_member_writes_a_moderator_takes_it_and_answers_and_the_letter_says_nothing(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    (zarina,) = await settled(stage, "Zarina")
    await writes(zarina)
    assert "without your name" in zarina.last
    assert all(one.sees("Something new waits for you.") for one in (anna, bahrom))
    await looks(anna)
    assert not anna.sees(QUESTION), "whoever reads a case has taken it"
    await reads(zarina)
    assert "No moderator has taken it yet." in zarina.last
    await anna.presses("Take it")
    assert QUESTION in anna.last
    await reads(zarina)
    assert "Moderator 1 has taken it." in zarina.last
    await anna.presses("✍️ Answer")
    await anna.says(ANSWER)
    shown = f"Moderator 1:\n{ANSWER}"
    assert shown in anna.last, "exactly what is sent"
    assert not zarina.sees(ANSWER)
    await anna.presses("Send it")
    assert zarina.last == "There is an answer for you. Open it when you are alone."
    assert not zarina.sees(ANSWER), "nothing of it stands on a lock screen"
    await zarina.presses("Look at the case")
    assert f"Moderator 1, just now:\n{ANSWER}" in zarina.last
    await writes_more(zarina, "And on Sunday?")
    assert anna.sees("Something new waits for you.")
    assert bahrom.screen.count("Something new waits for you.") == 1, "only whoever has taken it is told"


async def test_whoever_opens_the_line_reads_that_moderators_never_write_first_and_how_long_it_takes(
    stage: Stage,
) -> None:
    (zarina,) = await settled(stage, "Zarina")
    await opens(zarina)
    said = plain(speak(NEVER_FIRST, "en", stage.now()))
    assert said in zarina.last
    assert "There is no moderator now." in zarina.last
    assert not any("Write" in label for label in zarina.buttons)
    await forge(stage, zarina, "hotline.new")
    await zarina.says(QUESTION)
    assert await cases(stage) == [], "nothing is written where nobody would read it"
    (anna,) = await moderators(stage, "Anna")
    await opens(zarina)
    assert "One moderator reads it." in zarina.last
    assert "Nobody can say yet how long an answer takes." in zarina.last
    await moderators(stage, "Bahrom")
    await opens(zarina)
    assert "A few moderators read it." in zarina.last
    for n in range(rules.ENOUGH):
        member = (await settled(stage, f"Member{n}"))[0]
        await writes(member)
        await takes(anna)
        await stage.pass_time(100 * MINUTE, 20 * MINUTE)
        await looks(anna)
        await answers(anna)
        await anna.says("/desk")
    await opens(zarina)
    assert "Lately a first answer took about 2 hours." in zarina.last


def leaks(actor: Actor, posted: list[Outgoing], who: int, secrets: set[str]) -> set[str]:
    """Which of these words stand on somebody's screen, in its buttons, or in a letter that was ever posted to them."""
    buttons = [message.choices for message in actor.messages]
    letters = [one for one in posted if one.to == who]
    shown = f"{actor.screen} {buttons} {letters}"
    return {one for one in secrets if one in shown}


async def test_neither_side_sees_the_other_in_screens_letters_or_what_a_moderator_can_load(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted: list[Outgoing] = []
    post = outbox.post

    def noted(tx: Tx, letters: Sequence[Outgoing], now: datetime) -> None:
        posted.extend(letters)
        post(tx, letters, now)

    (anna,) = await moderators(stage, "Anna")
    zarina, daler = await stage.family("Zarina", "Daler", circle="Mountains")
    monkeypatch.setattr(outbox, "post", noted)
    await writes(zarina)
    await takes(anna)
    await answers(anna)
    await reads(zarina)
    await writes_more(zarina, "Thank you, I am afraid")
    await looks(anna)
    await stage.pass_time(25 * HOUR, HOUR)
    await looks(anna)
    await zarina.says("I am safe")
    member, moderator, relative = [await id_of(stage, one) for one in (zarina, anna, daler)]
    theirs, mine = {"Zarina", "zarina", "Mountains", "Daler", "daler"}, {"Anna", "anna"}
    assert leaks(anna, posted, moderator, theirs) == set()
    assert leaks(zarina, posted, member, mine) == set()
    assert leaks(daler, posted, relative, theirs) >= {"Zarina"}, "the control: a name that is shown is found"
    about_it = [one for one in posted if one.to == moderator]
    assert all(one.about is None and one.circle is None for one in about_it)

    def loaded(tx: Tx) -> list[object]:
        found: list[object] = []
        for one in hotline.waiting(tx, moderator, 9):
            found += [one, hotline.words_of(tx, one.number, 99), hotline.draft_of(tx, one.number, moderator)]
        return found

    stored = await stage.storage.read(loaded)
    assert QUESTION in repr(stored), "the control: it is read"
    assert not [secret for secret in theirs | mine if secret in repr(stored)]
    assert {field.name for field in fields(hotline.Case)} & {"person", "address", "member"} == set()


def test_whose_a_case_is_is_asked_only_to_post_a_letter_or_to_leave_them_out() -> None:
    assert callers("hotline", "whose") == {
        "handlers/updates/hotline.py:_to_member",
        "handlers/updates/hotline.py:hand",
        "handlers/updates/hotline.py:_still_waiting",
    }


async def test_the_words_of_a_case_go_from_the_chats_by_themselves(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    (zarina,) = await settled(stage, "Zarina")
    await writes(zarina)
    await takes(anna)
    await answers(anna)
    await reads(zarina)
    assert zarina.sees(ANSWER)
    assert anna.sees(QUESTION)
    await stage.pass_time(2 * HOUR, 10 * MINUTE)
    assert not anna.sees(QUESTION)
    assert not anna.sees(ANSWER)
    await stage.pass_time(25 * HOUR, HOUR)
    everything = [plain(message.text) for message in stage.memory.chat("zarina")]
    assert not [one for one in everything if QUESTION in one or ANSWER in one]


# -- owning a case -------------------------------------------------------------------------------------------------


async def test_a_long_case_is_read_part_by_part_and_a_long_queue_as_well(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    (zarina,) = await settled(stage, "Zarina")
    who = await id_of(stage, zarina)

    def fill(tx: Tx) -> int:
        for n in range(handler.SHOWN):
            other = hotline.begin(tx, who, stage.now())
            hotline.say(tx, other.number, 1, f"Case {n}", 0, stage.now())
        one = hotline.begin(tx, who, stage.now())
        for n in range(30):
            hotline.say(tx, one.number, 1, f"Word {n}. " + "x" * 900, rules.URGENT, stage.now())
        return one.number

    which = await stage.storage.write(fill)
    await takes(anna)
    seen = anna.last
    assert "Word 29." in seen
    assert "Word 0." not in seen
    for _once in range(30):
        if not any("Earlier" in label for label in anna.buttons):
            break
        await anna.presses("Earlier")
        seen += anna.last
    assert all(seen.count(f"Word {n}. ") == 1 for n in range(30))
    await forge(stage, anna, f"hotlines.one:{base36(which)}:{base36((1 << 63) - 1)}")
    assert "Word 29." in anna.last
    await anna.says("/desk")
    await anna.presses("Hotline")
    assert len([label for label in anna.buttons if "free" in label or "yours" in label]) == handler.SHOWN
    await anna.presses("More cases")
    assert len([label for label in anna.buttons if "free" in label]) == 1
    await forge(stage, anna, f"hotlines:{base36((1 << 63) - 1)}")
    assert "No case is open." in anna.last


async def test_a_case_is_one_moderators_until_it_is_handed_over_or_they_are_silent(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    (zarina,) = await settled(stage, "Zarina")
    await writes(zarina)
    await takes(anna)
    await looks(bahrom)
    assert "Taken by: moderator 1." in bahrom.last
    assert "you can take it over in 12 hours" in bahrom.last
    (one,) = await cases(stage)
    for verb in ("hotlines.take", "hotlines.answer", "hotlines.send", "hotlines.hand", "hotlines.closed"):
        await forge(stage, bahrom, f"{verb}:{base36(one.number)}")
        assert not bahrom.sees(QUESTION), verb
    await stage.pass_time(13 * HOUR, HOUR)
    await looks(bahrom)
    await bahrom.presses("Take it over")
    assert QUESTION in bahrom.last
    assert "moderator 2" in bahrom.last
    await looks(anna)
    assert not any("Answer" in label for label in anna.buttons)
    await looks(bahrom)
    await answers(bahrom)
    await reads(zarina)
    assert f"Moderator 2, just now:\n{ANSWER}" in zarina.last
    await looks(bahrom)
    await bahrom.presses("Hand it over")
    assert "Something new waits for you." in anna.last
    await takes(anna)
    await answers(anna, "I go on with it.")
    await reads(zarina)
    assert "Moderator 1, just now:\nI go on with it." in zarina.last, "the same number as before"


async def test_of_two_who_take_a_case_at_once_one_has_it(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    (zarina,) = await settled(stage, "Zarina")
    await writes(zarina)
    await looks(anna)
    await looks(bahrom)
    kept = button(bahrom, "hotlines.take")
    await anna.presses("Take it")
    await press(stage, bahrom, kept)
    assert "Taken by: moderator 1." in bahrom.last
    assert not bahrom.sees(QUESTION)


async def test_an_answer_is_sent_as_it_was_shown_and_not_past_words_that_came_since(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    (zarina,) = await settled(stage, "Zarina")
    await writes(zarina)
    await takes(anna)
    await anna.presses("✍️ Answer")
    await anna.says(ANSWER)
    old = button(anna, "hotlines.send")
    await anna.presses("Other words")
    await anna.says("Other words")
    await press(stage, anna, old)
    assert "This was not sent" in anna.last
    await anna.presses("What I have begun")
    old = button(anna, "hotlines.send")
    await reads(zarina)
    await writes_more(zarina, "No, do not send anybody!")
    await press(stage, anna, old)
    assert "This was not sent" in anna.last
    assert "No, do not send anybody!" in anna.last
    assert not zarina.sees("There is an answer")
    await anna.presses("What I have begun")
    await anna.presses("Send it")
    await press(stage, anna, old)
    assert zarina.screen.count("There is an answer for you.") == 1
    await reads(zarina)
    assert zarina.last.count("Other words") == 1


async def test_a_moderator_is_warned_of_their_own_account_and_of_news_that_a_voice_must_tell(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    (zarina,) = await settled(stage, "Zarina")
    await writes(zarina)
    await takes(anna)
    await anna.presses("✍️ Answer")
    await anna.says("Write to me: @anna_here, or +992 900 11 22 33")
    assert "Give nobody your own." in anna.last
    await anna.presses("Other words")
    await anna.says("Your brother was arrested")
    assert "a voice must tell" in anna.last
    await anna.presses("Other words")
    await anna.says(ANSWER)
    assert "⚠️" not in anna.last, "the control"


async def test_a_moderator_writes_too_and_nobody_answers_their_own_case(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await writes(anna)
    assert not anna.sees("waits for you")
    assert bahrom.sees("Something new waits for you.")
    await anna.says("/desk")
    await anna.presses("Hotline")
    assert "No case is open." in anna.last
    (one,) = await cases(stage)
    code = f"hotlines.take:{base36(one.number)}"
    await forge(stage, anna, code)
    assert "Another person must do this: it is your own." in anna.last
    await takes(bahrom)
    assert QUESTION in bahrom.last
    await bahrom.presses("Hand it over")
    assert "Handed over." in bahrom.last, "that the only other moderator is the member is not told"


async def test_a_right_that_ends_leaves_the_case_to_others_and_reads_no_more(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    (zarina,) = await settled(stage, "Zarina")
    await writes(zarina)
    await takes(anna)
    kept = button(anna, "hotlines.answer")
    who = await id_of(stage, anna)

    def end(tx: Tx) -> None:
        roles.take_all(tx, who, stage.now())

    await stage.storage.write(end)
    await press(stage, anna, kept)
    assert anna.last == OUTDATED
    await stage.pass_time(2 * MINUTE)
    await takes(bahrom)
    assert QUESTION in bahrom.last


# -- danger, floods, waiting ---------------------------------------------------------------------------------------


async def test_words_of_danger_go_first_and_offer_the_call_for_help_at_once(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    zarina, daler = await stage.family("Zarina", "Daler")
    (farida,) = await settled(stage, "Farida")
    await writes(farida)
    await stage.pass_time(HOUR, 10 * MINUTE)
    await writes(zarina, "Они ломятся в дверь, нам страшно")
    assert "Are you in danger?" in zarina.last
    assert zarina.buttons[0] == "🆘 I need help"
    assert anna.sees("Something pressing waits for you.")
    await anna.says("/desk")
    await anna.presses("Hotline")
    assert [label[0] for label in anna.buttons[:2]] == ["🔴", "🟡"]
    await zarina.presses("I need help")
    assert "Zarina: I need help." in daler.last
    await stage.pass_time(61 * MINUTE, 10 * MINUTE)
    assert anna.sees("Something pressing waits for you.")


async def test_i_need_help_said_to_the_moderators_is_a_call_and_without_a_circle_goes_to_them(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    zarina, daler = await stage.family("Zarina", "Daler")
    (alone,) = await settled(stage, "Farida")
    await writes(zarina, "I am safe")
    assert "Zarina: I am safe." in daler.last
    await writes(zarina, "Мне нужна помощь")
    assert "Zarina: I need help." in daler.last
    assert await cases(stage) == []
    await writes(alone, "Мне нужна помощь")
    assert [one.danger for one in await cases(stage)] == [3]
    assert "you are in no circle that I could call" in alone.last
    assert anna.sees("Something pressing waits for you.")


async def test_a_flood_by_one_person_is_limited_kindly_and_words_of_danger_still_get_through(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    (zarina,) = await settled(stage, "Zarina")
    await writes(zarina)
    for n in range(rules.MOST_UNANSWERED - 1):
        await writes_more(zarina, f"More {n}")
    await writes_more(zarina, "One too many")
    assert "10 messages of yours wait for an answer" in zarina.last
    assert "🆘 I need help" in zarina.buttons
    assert anna.screen.count("Something new waits for you.") <= handler.WORDS_AN_HOUR
    await reads(zarina)
    await writes_more(zarina, "They are beating us")
    assert "Are you in danger?" in zarina.last
    assert (await cases(stage))[0].unanswered == rules.MOST_UNANSWERED + 1
    assert "One too many" not in repr(await lines(stage))


async def test_one_person_has_only_so_many_open_cases(stage: Stage) -> None:
    await moderators(stage, "Anna")
    (zarina,) = await settled(stage, "Zarina")
    for n in range(rules.MOST_OPEN):
        await writes(zarina, f"Question {n}")
    await opens(zarina)
    assert not any(label == "✍️ Write" for label in zarina.buttons)
    await forge(stage, zarina, "hotline.new")
    assert "at most 3 open cases" in zarina.last


async def test_without_an_answer_the_member_is_told_so_and_the_moderators_are_reminded(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    (zarina,) = await settled(stage, "Zarina")
    await writes(zarina)
    await stage.pass_time(23 * HOUR, HOUR)
    assert not zarina.sees("has not come yet")
    await stage.pass_time(2 * HOUR, HOUR)
    assert zarina.last == "What you wait for has not come yet. Open it when you are alone."
    await zarina.presses("Look at the case")
    assert "Nobody has answered in time. I have reminded the moderators." in zarina.last
    assert all(one.sees("Something pressing waits for you.") for one in (anna, bahrom))
    await stage.pass_time(30 * HOUR, HOUR)
    assert zarina.screen.count("has not come yet") == 1, "once"


# -- ending, erasing, forgetting -----------------------------------------------------------------------------------


async def test_the_member_ends_it_and_nothing_stays(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    (zarina,) = await settled(stage, "Zarina")
    await writes(zarina)
    await takes(anna)
    kept = button(anna, "hotlines.answer")
    await anna.presses("✍️ Answer")
    await anna.says(ANSWER)
    sending = button(anna, "hotlines.send")
    assert all((await lines(stage)).values()), "the control"
    await reads(zarina)
    await zarina.presses("End and erase it")
    await zarina.presses("Yes, erase it")
    assert "It is ended, and erased." in zarina.last
    assert not any((await lines(stage)).values())
    assert anna.last == "Something new waits for you. Look at it when you are alone."
    await anna.presses("Look")
    assert "was ended by the member, and is erased" in anna.last
    for one in (kept, sending):
        await press(stage, anna, one)
        assert anna.last == OUTDATED
    await stage.pass_time(2 * HOUR, 10 * MINUTE)
    assert not anna.sees(QUESTION)


async def test_whoever_is_forgotten_leaves_no_row_and_a_forgotten_moderator_leaves_the_case(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    (zarina,) = await settled(stage, "Zarina")
    await writes(zarina)
    await takes(anna)
    await answers(anna)
    await anna.says("/privacy")
    await anna.presses("Forget me")
    await anna.presses("Yes, forget me")
    found = await lines(stage)
    assert found["line_voice"] == []
    await reads(zarina)
    assert f"Moderator 1, just now:\n{ANSWER}" in zarina.last
    await writes_more(zarina, "Are you still there?")
    await takes(bahrom)
    assert "moderator 2" in bahrom.last, "nobody takes the number of somebody else"
    await zarina.says("/privacy")
    await zarina.presses("Forget me")
    await zarina.presses("Yes, forget me")
    assert not any((await lines(stage)).values())
    await bahrom.presses("Look")
    assert "was ended by the member, and is erased" in bahrom.last
    await stage.pass_time(2 * HOUR, HOUR)
    assert QUESTION not in repr(await rows(stage))


async def test_what_a_moderator_ended_can_be_opened_again_and_is_erased_after_a_while(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    zarina, farida = await settled(stage, "Zarina", "Farida")
    for member in (zarina, farida):
        await writes(member)
        await takes(anna)
        await answers(anna)
        await looks(anna)
        await anna.presses("End it")
        await anna.presses("Yes, end it")
        assert member.last == "There is something new for you. Open it when you are alone."
    await anna.says("/desk")
    await anna.presses("Hotline")
    assert "No case is open." in anna.last
    await reads(zarina)
    assert "A moderator has ended it" in zarina.last
    await writes_more(zarina, "One more thing")
    assert len(await cases(stage)) == 1
    await stage.pass_time(15 * DAY, DAY)
    assert len((await lines(stage))["line_case"]) == 1, "only what stayed ended is erased"


async def test_a_case_in_which_nobody_writes_is_erased_with_a_word_before(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    (zarina,) = await settled(stage, "Zarina")
    await writes(zarina)
    await takes(anna)
    await answers(anna)
    await stage.pass_time(22 * DAY, DAY)
    assert not zarina.sees("There is something new for you.")
    await stage.pass_time(2 * DAY, DAY)
    assert "There is something new for you." in zarina.last
    await zarina.presses("Look at the case")
    assert "Nobody has written here for long. It is erased by" in zarina.last
    await anna.presses("Look")
    assert "has been quiet for long, and is erased soon" in anna.last
    await stage.pass_time(8 * DAY, DAY)
    assert not any((await lines(stage)).values())


async def test_the_copy_of_ones_data_holds_what_one_wrote(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    (zarina,) = await settled(stage, "Zarina")
    await writes(zarina)
    await takes(anna)
    await answers(anna)
    found = await stage.storage.read(partial(hotline.said_by, who=await id_of(stage, zarina)))
    assert [words for _one, words in found] == [[QUESTION]], "their own words only"


# -- numbers, strangers, accounts, duress --------------------------------------------------------------------------


def test_a_case_number_has_a_check_digit_and_tells_no_count() -> None:
    dice = random.Random(7)
    drawn = [rules.number(dice.randrange) for _once in range(200)]
    assert all(checked(str(one)[:-1]) == str(one) for one in drawn)
    assert all(re.fullmatch(r"\d{3} \d{4}", rules.spelled(one)) for one in drawn)
    assert sorted(drawn) != drawn


@pytest.mark.parametrize(
    ("words", "pressing"),
    [
        (QUESTION, False),
        ("Кай роҳ кушода мешавад?", False),
        ("Маро таҳдид мекунанд", True),
        ("mne ugrozhayut", True),
        ("Брата задержали", True),
        ("x" * 700 + " they threaten us", True),
        ("", False),
    ],
)
def test_words_that_speak_of_danger_are_known(words: str, *, pressing: bool) -> None:
    assert (rules.danger(words) >= rules.URGENT) is pressing


@pytest.mark.parametrize("verb", ["hotline.one", "hotline.add", "hotline.end", "hotline.ended"])
async def test_a_guessed_number_tells_nothing(stage: Stage, verb: str) -> None:
    await moderators(stage, "Anna")
    zarina, stranger = await settled(stage, "Zarina", "Stranger")
    await writes(zarina)
    (one,) = await cases(stage)
    for which in (base36(one.number), base36(rules.number(lambda most: 7 % most)), "nonsense", "-1"):
        await forge(stage, stranger, f"{verb}:{which}")
        assert stranger.last == OUTDATED
    assert len(await cases(stage)) == 1


@pytest.mark.parametrize(
    "verb",
    [f"hotlines{part}" for part in ("", ".one", ".take", ".answer", ".look", ".send", ".hand", ".close", ".closed")],
)
async def test_a_stranger_reads_of_every_button_what_an_unknown_one_says(stage: Stage, verb: str) -> None:
    await moderators(stage, "Anna")
    zarina, stranger = await settled(stage, "Zarina", "Stranger")
    await writes(zarina)
    (one,) = await cases(stage)
    await forge(stage, stranger, f"{verb}:{base36(one.number)}")
    assert stranger.last == OUTDATED


async def test_bad_input_gets_a_kind_sentence_and_nothing_is_half_done(stage: Stage) -> None:
    await moderators(stage, "Anna")
    (zarina,) = await settled(stage, "Zarina")
    await opens(zarina)
    await stage.in_code(zarina, "hotline.new")
    await zarina.says("x" * (rules.LONGEST + 1))
    assert "at most 1500 characters" in zarina.last
    await zarina.says("\u202e\u200f  ")
    assert "could not read any words" in zarina.last
    await zarina.memory.attach(zarina.account, "photo")
    await stage.settle()
    assert "I can read only words. I have not kept what you sent." in zarina.last
    assert await cases(stage) == []
    await zarina.says("<b>Case 1</b>\nModerator 1: \u202ecall this number")
    await reads(zarina)
    assert "<b>Case 1</b> Moderator 1: call this number" in zarina.last, "on one line, and as words"


async def test_who_has_two_accounts_is_answered_where_they_wrote(both: Stage) -> None:
    (anna,) = await moderators(both, "Anna")
    zarina, _daler = await both.family("Zarina", "Daler")
    other = await linked(both, zarina)
    await forge(both, other, "hotline")
    assert "This account was linked a short while ago." in other.last
    await both.pass_time(8 * DAY, 4 * HOUR)
    await writes(other)
    await takes(anna)
    await answers(anna)
    assert other.sees("There is an answer for you.")
    assert not zarina.sees("There is an answer for you.")
    await reads(zarina)
    assert ANSWER in zarina.last, "and reads it at both"


async def test_two_persons_become_one_and_nobody_answers_themselves(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    zarina, farida = await settled(stage, "Zarina", "Farida")
    await writes(zarina)
    await takes(anna)
    await answers(anna)
    await writes(farida, "Another one")
    await takes(bahrom)
    one, two, third = [await id_of(stage, each) for each in (anna, zarina, bahrom)]

    def unite(tx: Tx) -> None:
        merging.merge(tx, two, one, stage.now())
        (own,) = hotline.of(tx, one)
        assert own.owner is None, "it is their own case now"
        assert not hotline.take(tx, own, one, stage.now())
        merging.merge(tx, one, third, stage.now())
        assert [case.owner for case in hotline.waiting(tx, third, 9)] == [third]

    await stage.storage.write(unite)
    found = await lines(stage)
    assert {row[1] for row in found["line_case"]} == {third, await id_of(stage, farida)}
    assert {row[1] for row in found["line_voice"]} == {third}


async def test_a_moderator_under_duress_is_shown_nothing_new_and_answers_nobody(stage: Stage) -> None:
    zarina, *_others = await family(stage)
    await give(stage, zarina, Role.MODERATOR)
    member, later = await settled(stage, "Member", "Later")
    await writes(member)
    await stage.pass_time(MINUTE)
    await zarina.says(FORCED)
    await stage.pass_time(MINUTE)
    await writes(later, "A new secret")
    await zarina.says("/desk")
    await zarina.presses("Hotline")
    assert len([label for label in zarina.buttons if "free" in label]) == 1
    await stage.in_code(zarina, "hotlines.one")
    await zarina.presses("Take it")
    assert QUESTION in zarina.last
    await answers(zarina, "Come to the bazaar at noon")
    assert "Sent." in zarina.last
    assert not member.sees("There is an answer")
    await reads(member)
    assert "No moderator has taken it yet." in member.last
    assert "bazaar" not in member.screen
    assert not zarina.sees("A new secret")


async def test_a_member_under_duress_writes_and_erases_only_on_the_screen(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    zarina, *_others = await family(stage)
    await writes(zarina)
    await takes(anna)
    await stage.pass_time(MINUTE)
    await zarina.says(FORCED)
    await stage.pass_time(MINUTE)
    await answers(anna)
    assert not zarina.sees("There is an answer")
    await reads(zarina)
    assert ANSWER not in zarina.screen
    await writes_more(zarina, "Who are you, moderator?")
    await reads(zarina)
    assert "Who are you, moderator?" in zarina.last
    await zarina.presses("End and erase it")
    await zarina.presses("Yes, erase it")
    assert "It is ended, and erased." in zarina.last
    assert len(await cases(stage)) == 1
    assert "Who are you, moderator?" not in repr(await lines(stage))
    who = await id_of(stage, zarina)
    assert await stage.storage.read(partial(people.find, who=who)) is not None
