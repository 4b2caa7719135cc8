"""Circles: made, joined by a code and the inviter's word, left and handed over; a stranger learns nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import pytest

from bot.app import App
from bot.domain.circle import MOST_CIRCLES, MOST_MEMBERS, make_code
from bot.outbox.pace import UNLIMITED
from bot.platforms.memory import deep_link
from storage import circles, people
from storage.database import Tx
from tests.family.looking import (
    button,
    forge,
    id_of,
    invite_to,
    make_circle,
    open_circle,
    press,
    rows,
    said_by_people,
)
from tests.stage import Actor, Stage

THANKS = "Thank you. If the code is right, the person who invited you is being asked now"


async def invitation(stage: Stage, host: Actor, circle: str = "Family") -> str:
    """The code of a new invitation."""
    await open_circle(stage, host, circle)
    await stage.in_code(host, "invite")
    return stage.code_of(host)


async def newcomer(stage: Stage, name: str = "Guest") -> Actor:
    """Somebody who knows the bot and is in no circle."""
    guest = stage.actor(name.lower())
    await guest.settles_in(name)
    return guest


def guess(k: int) -> str:
    """A well-formed code that nobody was given."""
    return make_code(lambda n: n // (k + 3))


async def types(guest: Actor, code: str) -> None:
    """Write a code that was read out on the phone."""
    await guest.says("/circles")
    await guest.presses("I have an invitation")
    await guest.says(code)


# -- making --------------------------------------------------------------------------------------------------------


async def test_a_circle_is_made_with_a_name_and_one_member(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina", circle="  The\nwhole \u202efamily ")
    await zarina.says("/circles")
    assert "The whole family (1)" in zarina.buttons
    await open_circle(stage, zarina, "The whole family")
    assert "1 person: Zarina" in zarina.last
    assert "Kept by Zarina." in zarina.last


@pytest.mark.parametrize(("words", "answer"), [("x" * 41, "at most 40 characters"), ("\u200b", "could not read")])
async def test_a_circle_needs_a_name_that_can_be_read(stage: Stage, words: str, answer: str) -> None:
    zarina = await newcomer(stage, "Zarina")
    await make_circle(stage, zarina, words)
    assert answer in zarina.last
    await zarina.says("Family")
    assert "The circle “Family” is there." in zarina.last


async def test_a_circle_can_be_renamed_by_its_keeper(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await open_circle(stage, zarina, "Family")
    await zarina.presses("Rename")
    await zarina.says("Оила")
    assert "The circle is now called “Оила”." in zarina.last
    await daler.says("/circles")
    assert "Оила (2)" in daler.buttons


async def test_nobody_is_in_more_than_twenty_circles(stage: Stage) -> None:
    zarina, guest = await newcomer(stage, "Zarina"), await newcomer(stage)
    await make_circle(stage, zarina, "Family")
    who = await id_of(stage, guest)
    code = await invitation(stage, zarina)
    await types(guest, code)
    door = button(zarina, "door.open")
    await stage.storage.write(lambda tx: [circles.make(tx, str(n), who) for n in range(MOST_CIRCLES)] and None)
    await guest.says("/circles")
    await guest.presses("Make a circle")
    assert "at most 20 circles" in guest.last
    other = await invitation(stage, zarina)
    await types(guest, other)
    assert "at most 20 circles" in guest.last
    await press(stage, zarina, door)
    assert "They are in too many circles already." in zarina.last
    assert not guest.sees("You are now in")


# -- inviting ------------------------------------------------------------------------------------------------------


async def test_an_invitation_can_be_read_out_sent_and_photographed(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    code = await invitation(stage, zarina)
    spaced = " ".join(code[i : i + 3] for i in range(0, 12, 3))
    assert spaced in zarina.last
    assert deep_link(code) in zarina.last
    assert "It works once, for 72 hours." in zarina.last
    await zarina.presses("As a picture")
    attached = zarina.messages[-1].attachment
    assert attached is not None
    assert (attached.kind, attached.data.decode()) == ("qr", deep_link(code))


@pytest.mark.parametrize("as_typed", ["{0} {1} {2} {3}", "{0}-{1}-{2}-{3}", "{0}{1}{2}{3}", "  {0} {1}\n{2} {3}. "])
async def test_a_code_may_be_typed_the_way_it_was_heard(stage: Stage, as_typed: str) -> None:
    (zarina,) = await stage.family("Zarina")
    code = await invitation(stage, zarina)
    guest = await newcomer(stage)
    await types(guest, as_typed.format(*re.findall("...", code)))
    assert THANKS in guest.last
    assert "Guest has used your invitation to “Family”." in zarina.last


async def test_nobody_comes_in_before_the_inviter_says_so(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    guest = await newcomer(stage)
    await types(guest, await invitation(stage, zarina))
    await daler.presses("I am safe")
    assert not guest.sees("Daler")
    assert not guest.sees("Zarina")
    assert not guest.sees("Family")
    assert not daler.sees("Guest"), "and the others hear nothing of a stranger"
    await zarina.presses("Let in")
    assert "You are now in the circle “Family”. In it: Zarina and Daler." in guest.screen
    assert "Guest is now in “Family”." in daler.last


async def test_who_is_not_let_in_is_told_nothing(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    guest = await newcomer(stage)
    await types(guest, await invitation(stage, zarina))
    before = guest.screen
    await zarina.presses("I don't know them")
    assert "Not let in. They are told nothing." in zarina.last
    assert guest.screen == before
    await open_circle(stage, zarina, "Family")
    assert "1 person: Zarina" in zarina.last


async def test_a_wrong_code_is_answered_exactly_as_a_right_one(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    right = await invitation(stage, zarina)
    used = await invitation(stage, zarina)
    await types(await newcomer(stage, "First"), used)
    wrong = guess(0)
    assert wrong not in (right, used)
    answers = []
    for name, code in (("A", right), ("B", wrong), ("C", used)):
        guest = await newcomer(stage, name)
        await types(guest, code)
        newest = guest.messages[-1]
        answers.append((str(newest.text), newest.buttons, newest.silent, newest.attachment, len(guest.messages)))
    assert answers[0] == answers[1] == answers[2]
    await types(stage.actor("zarina"), await invitation(stage, zarina))
    newest = zarina.messages[-1]
    assert (str(newest.text), newest.buttons) == answers[0][:2], "a member who tries learns no more"


@pytest.mark.parametrize("change", ["one digit", "two neighbours", "one too few", "one too many", "letters"])
async def test_a_misread_code_is_told_kindly_and_costs_nothing(stage: Stage, change: str) -> None:
    (zarina,) = await stage.family("Zarina")
    code = await invitation(stage, zarina)
    wrong = {
        "one digit": str((int(code[0]) + 1) % 10) + code[1:],
        "two neighbours": _swapped(code),
        "one too few": code[:-1],
        "one too many": code + "1",
        "letters": code[:-1] + "O",
    }[change]
    guest = await newcomer(stage)
    await guest.says("/circles")
    await guest.presses("I have an invitation")
    for _again in range(8):
        await guest.says(wrong)
        assert "A digit is missing or wrong." in guest.last
    await guest.says(code)
    assert THANKS in guest.last
    assert "Guest has used" in zarina.last


def _swapped(code: str) -> str:
    at = next(i for i in range(11) if code[i] != code[i + 1])
    return code[:at] + code[at + 1] + code[at] + code[at + 2 :]


async def test_an_invitation_lasts_72_hours(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    code = await invitation(stage, zarina)
    await stage.pass_time(timedelta(hours=71, minutes=59), timedelta(hours=6))
    await types(await newcomer(stage, "Early"), code)
    assert "Early has used" in zarina.last
    code = await invitation(stage, zarina)
    await stage.pass_time(timedelta(hours=72), timedelta(hours=6))
    await types(await newcomer(stage, "Late"), code)
    assert not zarina.sees("Late has used")
    assert (await rows(stage))["invite"] == []


async def test_a_code_opens_once(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    code = await invitation(stage, zarina)
    await types(await newcomer(stage, "First"), code)
    await types(await newcomer(stage, "Second"), code)
    assert zarina.sees("First has used")
    assert not zarina.sees("Second has used")


async def test_who_tries_their_own_code_does_not_use_it_up(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    code = await invitation(stage, zarina)
    await types(zarina, code)
    await types(daler, code)
    guest = await newcomer(stage)
    await types(guest, code)
    assert "Guest has used" in zarina.last
    other = await invitation(stage, zarina)
    await types(guest, other)
    assert zarina.screen.count("Guest has used") == 1, "who waits already is asked about once"


async def test_an_invitation_for_several_replaces_the_one_for_one(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    for_one = await invitation(stage, zarina)
    await zarina.presses("For several people")
    assert "It works 10 times, for 72 hours." in zarina.last
    code = stage.code_of(zarina)
    for n in range(11):
        await types(await newcomer(stage, f"Guest{n}"), code)
    assert zarina.sees("Guest9 has used")
    assert not zarina.sees("Guest10 has used")
    await types(await newcomer(stage, "Other"), for_one)
    assert not zarina.sees("Other has used")


async def test_an_invitation_can_be_taken_back(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    code = await invitation(stage, zarina)
    kept = button(zarina, "invite.back")
    await zarina.presses("Take it back")
    assert "The invitation no longer works." in zarina.last
    await types(await newcomer(stage), code)
    assert not zarina.sees("Guest has used")
    await press(stage, zarina, kept)
    assert "This invitation was used already, or its time is over." in zarina.last


async def test_guessing_codes_is_slowed_down_through_every_door(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    code = await invitation(stage, zarina)
    guest = await newcomer(stage)
    for k in range(3):
        await types(guest, guess(k))
        assert THANKS in guest.last
    await forge(stage, guest, f"join:{guess(8)}")
    await forge(stage, guest, f"join:{guess(10)}")
    assert THANKS in guest.last
    for late in (code, guess(0)):
        await types(guest, late)
        assert "That was too often. Please try again after 1 hour." in guest.last
    await forge(stage, guest, f"join:{code}")
    assert "That was too often." in guest.last
    assert not zarina.sees("Guest has used")


async def test_the_count_of_guesses_survives_a_restart_and_being_forgotten(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    code = await invitation(stage, zarina)
    guest = await newcomer(stage)
    for k in range(5):
        await types(guest, guess(k))
    stage.app = App(stage.storage, [(stage.memory, UNLIMITED)], {}, stage.now)
    await types(guest, code)
    assert "That was too often." in guest.last
    await guest.says("/privacy")
    await guest.presses("Forget me")
    await guest.presses("Yes, forget me")
    await stage.pass_time(timedelta(minutes=10), timedelta(minutes=5))
    await guest.settles_in("Guest")
    await types(guest, code)
    assert "That was too often. Please try again after 50 minutes." in guest.last
    await stage.pass_time(timedelta(minutes=51), timedelta(minutes=51))
    await types(guest, code)
    assert "Guest has used" in zarina.last


async def test_after_the_last_try_words_still_do_what_they_say(stage: Stage) -> None:
    """Control of the guard above: only guesses are held back, never “I am safe”."""
    zarina, daler = await stage.family("Zarina", "Daler")
    for k in range(6):
        await types(zarina, guess(k))
    assert "That was too often." in zarina.last
    await zarina.says("I am safe")
    assert "Zarina: I am safe." in daler.last


async def test_an_inviter_who_never_answers_lets_nobody_in(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    guest = await newcomer(stage)
    await types(guest, await invitation(stage, zarina))
    door = button(zarina, "door.open")
    await stage.pass_time(timedelta(hours=73), timedelta(hours=8))
    await press(stage, zarina, door)
    assert "This button is no longer in use." in zarina.last
    assert not guest.sees("You are now in")
    await types(guest, await invitation(stage, zarina))
    await zarina.presses("Let in")
    assert guest.sees("You are now in the circle “Family”.")


async def test_a_circle_has_fifty_members_at_the_most(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    guest = await newcomer(stage)
    await types(guest, await invitation(stage, zarina))
    await stage.storage.write(partial(_crowd, zarina=await id_of(stage, zarina), most=MOST_MEMBERS - 1))
    await zarina.presses("Let in")
    assert "A circle can have at most 50 people." in zarina.last
    assert not guest.sees("You are now in")
    await open_circle(stage, zarina, "Family")
    await zarina.presses("Invite somebody")
    assert "A circle can have at most 50 people." in zarina.last
    await open_circle(stage, zarina, "Family")
    assert "50 people:" in zarina.last


def _crowd(tx: Tx, zarina: int, most: int) -> None:
    from bot.domain.conversation import Sender  # noqa: PLC0415
    from tests.stage import BEGIN  # noqa: PLC0415

    (one,) = circles.circles_of(tx, zarina)
    for n in range(most):
        met = people.meet(tx, Sender("memory", "1", f"crowd{n}"), BEGIN)
        assert met.person is not None
        people.change(tx, met.person.id, name="М" * 37 + f"{n:03}", language="ru")
        circles.join(tx, one.id, met.person.id)


# -- leaving -------------------------------------------------------------------------------------------------------


async def test_who_leaves_is_seen_no_more_and_hears_no_more(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await daler.presses("I am safe")
    await open_circle(stage, daler, "Family")
    await daler.presses("Leave")
    assert "Your news is erased there" in daler.last
    await daler.presses("Leave")
    assert "You are no longer in “Family”." in daler.last
    assert "Daler has left “Family”." in zarina.last
    await zarina.presses("I am safe")
    assert not daler.sees("Zarina: I am safe.")
    await maria.says("/people")
    assert "Daler" not in maria.last


async def test_the_keeper_must_hand_over_before_leaving(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await open_circle(stage, zarina, "Family")
    leave = button(zarina, "circle.leave")
    await press(stage, zarina, leave)
    assert "First hand it over to somebody else" in zarina.last
    await forge(stage, zarina, leave[1].replace("circle.leave", "circle.left"))
    assert "First hand it over to somebody else" in zarina.last
    await zarina.presses("My circles")
    await zarina.presses("Family")
    await zarina.presses("Hand over")
    await zarina.presses("Daler")
    assert "Daler now keeps “Family”." in zarina.last
    assert "Zarina has handed “Family” over to you" in daler.last
    await open_circle(stage, zarina, "Family")
    assert not any("Remove" in label for label in zarina.buttons)
    await zarina.presses("Leave")
    await zarina.presses("Leave")
    assert "You are no longer in “Family”." in zarina.last


async def test_the_last_one_to_leave_erases_the_circle(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    await open_circle(stage, zarina, "Family")
    await zarina.presses("Leave")
    assert "You are the last one: the circle is erased." in zarina.last
    await zarina.presses("Leave")
    found = await rows(stage)
    assert found["circle"] == found["membership"] == found["standing"] == []


async def test_who_is_removed_is_told_and_so_are_the_others_without_a_sound(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await open_circle(stage, zarina, "Family")
    await stage.in_code(zarina, "circle.remove")
    await zarina.presses("Daler")
    assert "Remove Daler from “Family”?" in zarina.last
    await zarina.presses("Remove")
    assert "You are no longer in “Family”." in daler.last
    assert "Daler is no longer in “Family”." in maria.last
    assert maria.messages[-1].silent
    await maria.presses("I am safe")
    assert not daler.sees("Maria: I am safe.")


async def test_a_keeper_who_is_forgotten_leaves_the_circle_to_somebody_who_learns_of_it(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await zarina.says("/privacy")
    await zarina.presses("Forget me")
    await zarina.presses("Yes, forget me")
    assert "You now keep “Family”" in daler.last
    await open_circle(stage, maria, "Family")
    assert "2 people: Daler and Maria" in maria.last
    assert "Kept by Daler." in maria.last


# -- apart ---------------------------------------------------------------------------------------------------------


async def test_a_person_in_two_shared_circles_gets_one_message(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler", circle="Family")
    await make_circle(stage, zarina, "Work")
    await invite_to(stage, zarina, "Work", daler)
    before = len(daler.messages)
    await zarina.presses("I am safe")
    assert len(daler.messages) == before + 1
    assert "Told to 1 person: Daler." in zarina.last


async def test_the_choice_of_circles_is_remembered(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler", circle="Family")
    await make_circle(stage, zarina, "Work")
    maria = await newcomer(stage, "Maria")
    await invite_to(stage, zarina, "Work", maria)
    await open_circle(stage, zarina, "Work")
    await zarina.presses("My news goes to this circle")
    for _twice in range(2):
        await zarina.says("I am safe")
        assert "Told to 1 person: Daler." in zarina.last
        await stage.pass_time(timedelta(days=1), timedelta(hours=12))
    assert not maria.sees("Zarina: I am safe.")
    await open_circle(stage, zarina, "Work")
    await zarina.presses("My news does not go here")
    await zarina.says("I am safe")
    assert "Told to 2 people: Daler and Maria." in zarina.last
    assert daler.sees("Zarina: I am safe.")


async def test_a_circle_that_shares_one_person_with_another_learns_nothing_of_it(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler", circle="Family")
    await make_circle(stage, zarina, "Work")
    maria = await newcomer(stage, "Maria")
    await invite_to(stage, zarina, "Work", maria)
    await zarina.presses("I am safe")
    await daler.says("I am safe")
    await maria.says("/ask")
    await maria.presses("Everybody")
    for words in ("Daler", "Family"):
        assert not maria.sees(words)
    for words in ("Maria", "Work"):
        assert not daler.sees(words)


async def test_a_refused_step_leaves_no_trace(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    before = said_by_people(await rows(stage))
    await open_circle(stage, zarina, "Family")
    await stage.in_code(zarina, "circle.leave")
    await types(daler, "123")
    assert said_by_people(await rows(stage)) == before
