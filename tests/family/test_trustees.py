"""Trustees: two people of one's circles who are told if one is in trouble, who know it, and who may say no."""

from __future__ import annotations

from datetime import timedelta

from storage import trustees
from storage.database import Tx
from tests.family.looking import button, forge, id_of, invite_to, make_circle, open_circle, press, rows
from tests.family.test_links import linked
from tests.stage import Actor, Stage

CHOSEN = "has chosen you as one of two people to be told if they are ever in trouble."


async def choose(actor: Actor, *names: str) -> None:
    """Choose these people."""
    await actor.says("/start")
    await actor.presses("More")
    await actor.presses("Just in case")
    await actor.presses("If I am in trouble")
    for name in names:
        await actor.presses(name)


async def chosen(stage: Stage, actor: Actor) -> list[str]:
    """The names of those whom somebody has chosen."""
    who = await id_of(stage, actor)

    def look(tx: Tx) -> list[str]:
        return sorted(one.name for one in trustees.of(tx, who))

    return await stage.storage.read(look)


async def test_two_people_are_chosen_and_each_learns_it_once_in_neutral_words(stage: Stage) -> None:
    zarina, daler, maria, anna = await stage.family("Zarina", "Daler", "Maria", "Anna")
    await choose(zarina, "Daler", "Maria")
    assert "Chosen now: Daler and Maria." in zarina.last
    for one in (daler, maria):
        assert f"Zarina {CHOSEN}" in one.last
        assert "Nothing has happened" in one.last
        assert one.screen.count(CHOSEN) == 1
    assert not anna.sees("Zarina has chosen")
    await choose(anna)
    assert "You have chosen nobody yet." in anna.last, "nobody else learns of it"


async def test_a_third_one_is_chosen_only_in_place_of_another(stage: Stage) -> None:
    zarina, _daler, _maria, anna = await stage.family("Zarina", "Daler", "Maria", "Anna")
    await choose(zarina, "Daler", "Maria", "Anna")
    assert "Two people are chosen already." in zarina.last
    assert not anna.sees(CHOSEN)
    await choose(zarina, "Daler", "Anna")
    assert await chosen(stage, zarina) == ["Anna", "Maria"]
    assert anna.sees(CHOSEN)


async def test_a_trustee_can_say_no_and_the_other_is_told(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await choose(zarina, "Daler")
    no = button(daler, "trust.no")
    await daler.presses("I can't do this")
    assert "They are told that you can't do this." in daler.last
    assert "Daler is no longer one of the people whom I tell if you are in trouble." in zarina.last
    assert await chosen(stage, zarina) == []
    await press(stage, daler, no)
    assert "This button is no longer in use." in daler.last


async def test_a_trustee_sees_who_chose_them_and_can_say_no_later(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await choose(zarina, "Daler")
    await choose(daler)
    assert "You were chosen by: Zarina." in daler.last
    await daler.presses("No longer for Zarina")
    assert await chosen(stage, zarina) == []


async def test_nobody_is_chosen_who_is_in_no_circle_with_the_person(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler", circle="One")
    (stranger,) = await stage.family("Stranger", circle="Two")
    await choose(zarina)
    _message, code = button(zarina, "trust.pick")
    await forge(stage, stranger, code)
    assert "This button is no longer in use." in stranger.last
    assert not daler.sees(CHOSEN)
    assert (await rows(stage))["trustee"] == []


async def test_the_choice_ends_with_the_last_circle_that_holds_both_and_not_before(stage: Stage) -> None:
    zarina, daler, _maria = await stage.family("Zarina", "Daler", "Maria", circle="Family")
    await make_circle(stage, zarina, "Work")
    await invite_to(stage, zarina, "Work", daler)
    await choose(zarina, "Daler", "Maria")
    for circle, left in (("Family", ["Daler", "Maria"]), ("Work", ["Maria"])):
        await open_circle(stage, daler, circle)
        await daler.presses("Leave")
        await daler.presses("Leave")
        assert await chosen(stage, zarina) == left
    assert zarina.screen.count("Daler is no longer one of the people") == 1


async def test_who_loses_a_trustee_because_they_are_removed_is_told(stage: Stage) -> None:
    _keeper, zarina, daler = await stage.family("Keeper", "Zarina", "Daler")
    await choose(zarina, "Daler")
    await open_circle(stage, _keeper, "Family")
    await _keeper.presses("Remove")
    await _keeper.presses("Zarina")
    await _keeper.presses("Remove")
    assert zarina.sees("Daler is no longer one of the people whom I tell")
    assert not daler.sees("is no longer one of the people")


async def test_who_loses_a_trustee_because_they_are_forgotten_is_told(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await choose(zarina, "Daler")
    await choose(daler, "Zarina")
    await daler.says("/privacy")
    await daler.presses("Forget me")
    await daler.presses("Yes, forget me")
    assert zarina.sees("Daler is no longer one of the people whom I tell")
    assert (await rows(stage))["trustee"] == []


async def test_a_new_account_sees_no_trustees_and_chooses_none(both: Stage) -> None:
    zarina, _daler = await both.family("Zarina", "Daler")
    await choose(zarina, "Daler")
    pick = button(zarina, "trust.pick")
    new = await linked(both, zarina)
    await forge(both, new, "trust")
    assert "Daler" not in new.last
    await forge(both, new, pick[1])
    assert await chosen(both, zarina) == ["Daler"]
    await both.pass_time(timedelta(hours=25), timedelta(hours=1))
    await forge(both, new, pick[1])
    assert "This account was linked only a few days ago." in new.last, "nor for the first days"


async def test_when_two_accounts_become_one_the_choices_of_both_are_one_and_nobody_is_their_own(both: Stage) -> None:
    zarina, daler, maria = await both.family("Zarina", "Daler", "Maria")
    other = both.actor("z2", "matrix")
    await other.settles_in("Zarina M")
    await open_circle(both, zarina, "Family")
    await invite_to(both, zarina, "Family", other)
    await choose(other, "Daler", "Zarina")
    await choose(maria, "Zarina M", "Zarina")
    one, two = await id_of(both, zarina), await id_of(both, other)

    def merge(tx: Tx) -> None:
        from storage import merging  # noqa: PLC0415 - what the confirmed link does

        merging.merge(tx, two, one, both.now())

    await both.storage.write(merge)
    assert await chosen(both, zarina) == ["Daler"]
    assert await chosen(both, maria) == ["Zarina"]
    assert await chosen(both, daler) == []
