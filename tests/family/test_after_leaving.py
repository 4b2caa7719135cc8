"""Whoever has left a circle, or was removed from it, can no longer speak there, listen there, or open its door."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.outbox.courier import NotSent
from handlers import dispatch
from tests.family.looking import button, press
from tests.family.test_telling import tells
from tests.stage import Actor, Stage


async def remove(stage: Stage, keeper: Actor, name: str) -> None:
    """Let the keeper remove somebody."""
    await keeper.says("/circles")
    await stage.in_code(keeper, "circle")
    await stage.in_code(keeper, "circle.remove")
    await keeper.presses(name)
    await keeper.presses("Remove")


async def test_a_removed_member_can_add_nothing_to_news_they_told_before(stage: Stage) -> None:
    keeper, anna, informer = await stage.family("Keeper", "Anna", "Informer")
    await informer.says("/safe")
    note, place, undo = (button(informer, verb) for verb in ("note", "place", "undo"))
    await press(stage, informer, note)
    await informer.says("before")
    assert anna.sees("before")
    await remove(stage, keeper, "Informer")
    stood = anna.screen
    await press(stage, informer, note)
    await informer.says("afterwards")
    await press(stage, informer, place)
    await informer.says("Khorugh")
    await press(stage, informer, undo)
    assert anna.screen == stood


async def test_a_change_of_a_call_that_still_waits_does_not_reach_whoever_has_left_meanwhile(stage: Stage) -> None:
    keeper, anna, informer = await stage.family("Keeper", "Anna", "Informer")
    await keeper.presses("I need help")
    assert informer.sees("Keeper: I need help.")
    stage.memory.fail(NotSent(), "informer", times=1)
    await anna.presses("I have seen it")
    await remove(stage, keeper, "Informer")
    await stage.pass_time(timedelta(minutes=2))
    assert keeper.sees("Seen: Anna"), "the call goes on for the others"
    assert not informer.sees("Seen: Anna")


async def test_a_removed_member_can_neither_add_to_nor_take_back_what_they_told_of_somebody_else(stage: Stage) -> None:
    keeper, anna, informer = await stage.family("Keeper", "Anna", "Informer")
    await tells(informer, "Keeper", "I saw them", "Safe")
    note, place, undo = (button(informer, verb) for verb in ("note", "place", "undo"))
    await press(stage, informer, note)
    await informer.says("before")
    assert anna.sees("Informer adds to the news of Keeper: before")
    await press(stage, informer, note)
    await remove(stage, keeper, "Informer")
    stood = anna.screen
    await informer.says("afterwards")
    for kept in (note, place, undo, (undo[0], "undo:zz")):
        await press(stage, informer, kept)
        assert informer.last.startswith("This button is no longer in use."), "the same as for a number of no news"
    assert anna.screen == stood
    await anna.says("/people")
    assert "Keeper: safe" in anna.last


async def test_no_old_or_forged_button_takes_news_back_for_whoever_has_left(stage: Stage) -> None:
    keeper, anna, informer = await stage.family("Keeper", "Anna", "Informer")
    undo: list[tuple[str, str]] = []
    for _time in range(2):
        await informer.says("/safe")
        undo.append(button(informer, "undo"))
    await tells(informer, "Anna", "I saw them", "Safe")
    undo.append(button(informer, "undo"))
    await remove(stage, keeper, "Informer")
    stood = keeper.screen, anna.screen
    for kept in (*undo, *((undo[0][0], code) for _message, code in undo)):
        await press(stage, informer, kept)
        assert informer.last.startswith("This button is no longer in use.")
    assert (keeper.screen, anna.screen) == stood, "neither their own news nor another's names them any more"


async def test_a_list_is_taken_back_without_a_name_where_whoever_told_it_has_left(stage: Stage) -> None:
    keeper, anna, informer = await stage.family("Keeper", "Anna", "Informer")
    await informer.says("Anna - safe - saw")
    back = button(informer, "roll.back")
    await remove(stage, keeper, "Informer")
    await press(stage, informer, back)
    stood = anna.screen
    await stage.in_code(informer, "roll.back.yes")
    told = keeper.screen + anna.screen.removeprefix(stood)
    assert "Correction: the news of Anna was taken back." in told
    assert "by Informer" not in told


async def test_a_removed_member_lets_nobody_in(stage: Stage) -> None:
    keeper, anna, informer = await stage.family("Keeper", "Anna", "Informer")
    await informer.says("/circles")
    await stage.in_code(informer, "circle")
    await stage.in_code(informer, "invite")
    stranger = stage.actor("stranger")
    await stranger.settles_in("Stranger", payload=stage.code_of(informer))
    await stage.in_code(stranger, "join")
    door = button(informer, "door.open")
    await remove(stage, keeper, "Informer")
    await press(stage, informer, door)
    assert not stranger.sees("You are now in the circle")
    assert not anna.sees("Stranger")


async def test_a_removed_member_no_longer_learns_who_answers_their_question(stage: Stage) -> None:
    keeper, anna, informer = await stage.family("Keeper", "Anna", "Informer")
    await informer.says("/ask")
    await informer.presses("Everybody")
    assert informer.sees("Anna: no answer yet")
    await remove(stage, keeper, "Informer")
    await anna.says("/safe")
    assert not informer.sees("Anna: safe")


async def test_a_removed_caller_can_add_nothing_to_their_call(stage: Stage) -> None:
    keeper, anna, informer = await stage.family("Keeper", "Anna", "Informer")
    await informer.says("/sos")
    details = button(informer, "call.note")
    await remove(stage, keeper, "Informer")
    stood = anna.screen
    await press(stage, informer, details)
    await informer.says("come to this house")
    assert anna.screen == stood


async def test_a_button_with_a_number_that_no_database_keeps_is_only_out_of_use(stage: Stage) -> None:
    keeper, _anna = await stage.family("Keeper", "Anna")
    for verb in ("circle", "note", "seen", "door.open", "quiet.zone"):
        for number in ("z" * 50, "-9", "-1", "1y2p0ij32e8e8"):
            await press(stage, keeper, (keeper.messages[-1].id, f"{verb}:{number}"))
            assert keeper.last.startswith("This button is no longer in use.")


async def test_two_accidents_with_one_number_hold_up_nobody(stage: Stage) -> None:
    (keeper,) = await stage.family("Keeper")
    updates = ["one", "two"]
    for which in updates:
        incoming = replace(stage.memory.heard[-1], id=which)
        await stage.storage.write(partial(dispatch.accident, incoming=incoming, now=stage.now(), code="ABCD"))
    await stage.settle()
    assert keeper.screen.count("mention ABCD") == len(updates)
