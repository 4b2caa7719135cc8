"""News of people who are not online: from whom, how it is known, how old, and what else is said."""

from __future__ import annotations

from datetime import timedelta

from tests.family.looking import make_circle
from tests.stage import Actor, Stage


async def with_gulnora(stage: Stage) -> tuple[Actor, Actor]:
    """A family of two on line, who wait for news of somebody without a telephone."""
    daler, maria = await stage.family("Daler", "Maria")
    await adds(daler, "Bibi Gulnora")
    return daler, maria


async def adds(actor: Actor, name: str) -> None:
    await actor.says("/people")
    await actor.presses("News of somebody")
    await actor.presses("Somebody else")
    await actor.says(name)


async def tells(actor: Actor, name: str, how: str, what: str, when: str = "Just now") -> None:
    await actor.says("/people")
    await actor.presses("News of somebody")
    await actor.presses(name)
    await actor.presses(how)
    hearsay = how in {"Somebody told me", "I read it in a list"}
    if not hearsay and when != "Just now":
        await actor.presses("Earlier")
    await actor.presses(what)
    if what != "Needs help" and (hearsay or when != "Just now"):
        await actor.presses(when)


async def test_what_is_known_at_first_hand_takes_five_taps_from_the_menu(stage: Stage) -> None:
    daler, maria = await with_gulnora(stage)
    await daler.says("/start")
    for label in ("My people", "News of somebody", "Bibi Gulnora", "I heard their voice", "Safe"):
        await daler.presses(label)
    assert maria.sees("Bibi Gulnora: safe.")
    assert maria.sees("heard"), "with how it is known"


async def test_whoever_was_told_of_lately_stands_first_and_in_which_circle(stage: Stage) -> None:
    daler, maria = await with_gulnora(stage)
    await adds(daler, "Rustam")
    await make_circle(stage, daler, "Neighbours")
    await daler.says("/people")
    await daler.presses("News of somebody")
    assert "In which circle are they?" in daler.last, "nobody was told of yet"
    await daler.presses("Family")
    await daler.presses("Rustam")
    await daler.presses("I saw them")
    await daler.presses("Hurt")
    await daler.says("/people")
    await daler.presses("News of somebody")
    assert "If the name is not here, choose their circle." in daler.last
    assert daler.buttons[0] == "Rustam – Family"
    await daler.presses("Rustam – Family")
    assert "Rustam: hurt" in daler.last
    await maria.says("/people")
    await maria.presses("News of somebody")
    assert not any("–" in label for label in maria.buttons), "nobody sees whom another one told of"


async def test_the_day_of_hearsay_is_always_asked_and_of_what_one_saw_where_it_is_older(stage: Stage) -> None:
    daler, maria = await with_gulnora(stage)
    await tells(daler, "Bibi Gulnora", "I saw them", "Hurt", "2 days ago")
    assert maria.sees("2 days ago")
    await daler.says("/people")
    for label in ("News of somebody", "Bibi Gulnora", "Somebody told me", "Safe"):
        await daler.presses(label)
    assert "When was that? The day is enough." in daler.last
    assert not maria.sees("Bibi Gulnora: safe.")


async def test_news_of_somebody_without_a_telephone_reaches_the_circle_with_its_source_and_its_age(
    stage: Stage,
) -> None:
    daler, maria = await with_gulnora(stage)
    assert "Daler has added Bibi Gulnora to “Family”." in maria.last
    await tells(daler, "Bibi Gulnora", "I heard their voice", "Safe", "Yesterday")
    assert "Bibi Gulnora: safe." in maria.last
    assert "Source: Daler, heard their voice. True 26 hours ago." in maria.last
    assert "Told to 1 person: Maria." in daler.last
    await maria.says("/people")
    assert "🟡 Bibi Gulnora: safe, 26 hours ago (no longer fresh)\n↳ Daler: heard their voice" in maria.last


async def test_hearsay_is_never_shown_as_fresh(stage: Stage) -> None:
    daler, maria = await with_gulnora(stage)
    await tells(daler, "Bibi Gulnora", "Somebody told me", "Safe")
    await maria.says("/people")
    assert "🟡 Bibi Gulnora: safe, just now (no longer fresh)" in maria.last
    await tells(daler, "Bibi Gulnora", "I saw them", "Safe")  # the control
    await maria.says("/people")
    assert "🟢 Bibi Gulnora: safe, just now\n↳ Daler: saw them" in maria.last


async def test_news_that_contradicts_is_shown_beside_it_with_both_sources(stage: Stage) -> None:
    daler, maria = await with_gulnora(stage)
    await tells(daler, "Bibi Gulnora", "I heard their voice", "Hurt")
    await stage.pass_time(timedelta(hours=2), timedelta(hours=1))
    await tells(maria, "Bibi Gulnora", "Somebody told me", "Safe")
    await daler.says("/people")
    assert "Bibi Gulnora: safe, just now" in daler.last
    assert "↳ Maria: heard it from others" in daler.last
    assert "⚠️ But also: hurt, 2 hours ago. Daler: heard their voice" in daler.last
    await stage.pass_time(timedelta(days=2), timedelta(hours=12))
    await tells(daler, "Bibi Gulnora", "I saw them", "Safe")
    await maria.says("/people")
    assert "But also" not in maria.last


async def test_an_older_truth_that_is_told_later_does_not_cover_a_newer_one(stage: Stage) -> None:
    daler, maria = await with_gulnora(stage)
    await tells(daler, "Bibi Gulnora", "I heard their voice", "Safe", "Today")
    await tells(maria, "Bibi Gulnora", "I saw them", "Hurt", "A week ago")
    await daler.says("/people")
    assert "Bibi Gulnora: safe" in daler.last
    assert "hurt" not in daler.last


async def test_wrong_news_is_taken_back_and_everybody_who_read_it_learns_so(stage: Stage) -> None:
    daler, maria = await with_gulnora(stage)
    await tells(maria, "Bibi Gulnora", "I saw them", "Safe", "Yesterday")
    await tells(daler, "Bibi Gulnora", "Somebody told me", "Hurt")
    await daler.presses("Take it back")
    assert "Correction: the news of Bibi Gulnora was taken back by Daler." in maria.last
    await maria.says("/people")
    assert "Bibi Gulnora: safe" in maria.last


async def test_a_member_who_is_not_online_can_be_told_of_too_and_their_own_word_settles_it(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await tells(daler, "Zarina", "Somebody told me", "Hurt")
    assert "Zarina: hurt." in maria.last
    assert "Zarina: hurt." in zarina.last
    await stage.pass_time(timedelta(hours=1), timedelta(hours=1))
    await zarina.says("I am safe")
    await maria.says("/people")
    assert "🟢 Zarina: safe" in maria.last
    assert "But also" not in maria.last


async def test_that_somebody_needs_help_is_a_call_which_is_answered_and_ended(stage: Stage) -> None:
    daler, maria = await with_gulnora(stage)
    await tells(daler, "Bibi Gulnora", "I heard their voice", "Needs help")
    assert "Bibi Gulnora: needs help." in maria.last
    assert "Source: Daler, heard their voice." in maria.last
    assert daler.sees("Your call for help for Bibi Gulnora: just now.")
    await maria.presses("I am taking care of it")
    assert daler.sees("Maria is taking care of it.")
    await daler.presses("They are safe now")
    assert maria.sees("Bibi Gulnora: safe now, says Daler.")
    await maria.says("/people")
    assert "🟢 Bibi Gulnora: safe, just now" in maria.last


GONE = "The person whom this call for help was about is erased in Payvand. I do not know how they are."


async def test_a_call_for_somebody_who_is_removed_does_not_go_silently(stage: Stage) -> None:
    daler, maria = await with_gulnora(stage)
    await tells(maria, "Bibi Gulnora", "I heard their voice", "Needs help")
    assert daler.sees("Bibi Gulnora: needs help.")
    await daler.says("/people")
    await daler.presses("News of somebody")
    await daler.presses("Bibi Gulnora")
    await daler.presses("Remove")
    await daler.presses("Remove")
    assert daler.sees(GONE)
    assert maria.sees(GONE), "who called is told too"
    assert daler.sees("This call is over.")


async def test_a_call_for_somebody_who_wishes_to_be_forgotten_does_not_go_silently(stage: Stage) -> None:
    daler, maria, zarina = await stage.family("Daler", "Maria", "Zarina")
    await tells(maria, "Zarina", "I saw them", "Needs help")
    await zarina.says("/privacy")
    await zarina.presses("Forget me")
    await zarina.presses("Yes, forget me")
    assert daler.sees(GONE)
    assert maria.sees(GONE)
    assert not zarina.sees(GONE)


async def test_a_call_for_somebody_else_leaves_the_callers_own_news_alone(stage: Stage) -> None:
    daler, maria = await with_gulnora(stage)
    await tells(daler, "Bibi Gulnora", "I saw them", "Needs help")
    await daler.says("I am safe")
    assert "Daler: I am safe." in maria.last
    await daler.says("/sos")
    assert maria.sees("Daler: I need help.")
    assert not maria.sees("A newer call has taken the place of this one.")


async def test_no_circle_learns_of_the_relatives_of_another(stage: Stage) -> None:
    daler, maria = await with_gulnora(stage)
    stranger, _friend = await stage.family("Safar", "Nigora", circle="Neighbours")
    await tells(daler, "Bibi Gulnora", "I saw them", "Safe")
    for screen in (stranger.screen, _friend.screen):
        assert "Gulnora" not in screen
    await daler.says("/people")
    await daler.presses("News of somebody")
    which = next(b.code for b in daler.messages[-1].choices if b.code.startswith("who:"))
    await stage.memory.press(stranger.account, stranger.messages[-1].id, which, stale=True)
    await stage.settle()
    assert "This button is no longer in use." in stranger.last
    assert maria.sees("Bibi Gulnora: safe.")  # the control


async def test_the_teller_may_be_forgotten_and_the_news_stays(stage: Stage) -> None:
    daler, maria = await with_gulnora(stage)
    await tells(maria, "Bibi Gulnora", "I saw them", "Safe")
    await maria.says("/privacy")
    await maria.presses("Forget me")
    await maria.presses("Yes, forget me")
    await daler.says("/people")
    assert "🟢 Bibi Gulnora: safe, just now\n↳ somebody: saw them" in daler.last


async def test_the_keeper_renames_and_removes_and_nobody_else_does(stage: Stage) -> None:
    daler, maria = await with_gulnora(stage)
    await maria.says("/people")
    await maria.presses("News of somebody")
    await maria.presses("Bibi Gulnora")
    assert not any("Remove" in label for label in maria.buttons)
    await daler.says("/people")
    await daler.presses("News of somebody")
    await daler.presses("Bibi Gulnora")
    await daler.presses("Rename")
    await daler.says("Bibi Gulnora Rushoni")
    assert "Bibi Gulnora is now called Bibi Gulnora Rushoni." in maria.last
    await daler.says("/people")
    await daler.presses("News of somebody")
    await daler.presses("Bibi Gulnora")
    await daler.presses("Remove")
    await daler.presses("Remove")
    assert "Bibi Gulnora Rushoni is no longer in “Family”." in maria.last
    await maria.says("/people")
    assert "Gulnora" not in maria.last


async def test_a_relative_who_comes_to_the_bot_brings_their_news_along(stage: Stage) -> None:
    daler, maria = await with_gulnora(stage)
    await tells(maria, "Bibi Gulnora", "I saw them", "Safe", "Yesterday")
    gulnora = stage.actor("gulnora")
    await gulnora.settles_in("Gulnora")
    await stage.invite(daler, gulnora)
    await daler.says("/people")
    await daler.presses("News of somebody")
    await daler.presses("Bibi Gulnora")
    await daler.presses("They use the bot now")
    await daler.presses("Gulnora")
    assert "Bibi Gulnora is Gulnora: both stand as one now." in maria.last
    await maria.says("/people")
    assert "Bibi" not in maria.last
    assert "🟡 Gulnora: safe, 24 hours ago" in maria.last or "Gulnora: safe" in maria.last


async def test_a_circle_that_ends_takes_its_relatives_along(stage: Stage) -> None:
    (daler,) = await stage.family("Daler")
    await adds(daler, "Bibi Gulnora")
    await daler.says("/circles")
    await daler.presses("Family")
    await daler.presses("Leave")
    await daler.presses("Leave")
    await daler.says("/people")
    assert "Gulnora" not in daler.last
