"""The desk: rights are given by two, last for a while, end at once, and nobody without one learns of them."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import pytest

from bot.domain.circle import make_code
from bot.domain.roles import Held, Role
from bot.i18n import _
from storage import audit, proposals, roles
from storage.database import Tx
from tests.family.looking import button, forge, id_of, press, rows
from tests.family.test_links import linked
from tests.stage import Actor, Stage

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OUTDATED = "This button is no longer in use. Please choose again:"
NEEDS = "Something new waits for you. Look at it when you are alone."


async def give(stage: Stage, who: Actor, what: Role) -> Held:
    """As the operator's command does."""
    person = await id_of(stage, who)
    return await stage.storage.write(partial(roles.give, who=person, what=what, now=stage.now()))


async def holders(stage: Stage, what: Role) -> list[int]:
    """Whoever holds a right now."""
    found = await stage.storage.read(partial(roles.holders, what=what, now=stage.now()))
    return [one.person for one in found]


async def people(stage: Stage, *names: str) -> list[Actor]:
    """People who know the bot and are in no circle together."""
    actors = [stage.actor(name.lower()) for name in names]
    for actor, name in zip(actors, names, strict=True):
        await actor.settles_in(name)
    return actors


async def stewards(stage: Stage) -> tuple[Actor, Actor, Actor]:
    """Two stewards, and somebody without a right."""
    anna, bahrom, candidate = await people(stage, "Anna", "Bahrom", "Chaman")
    await give(stage, anna, Role.STEWARD)
    await give(stage, bahrom, Role.STEWARD)
    return anna, bahrom, candidate


async def code_of(candidate: Actor) -> str:
    """The code that a candidate makes, who may have a right already."""
    await candidate.says("/desk")
    if any("More" in label for label in candidate.buttons):
        await candidate.presses("⋯ More")
    await candidate.stage.in_code(candidate, "desk.code")
    found = re.findall(r"\b\d{3} \d{3} \d{3} \d{3}\b", candidate.last)
    return str(found[-1])


async def proposes(steward: Actor, candidate: Actor, what: str = "moderator") -> str:
    """A steward proposes to give a candidate a right. The candidate's code."""
    code = await code_of(candidate)
    await steward.says("/desk")
    await steward.presses("Give a right")
    await steward.presses(what)
    await steward.says(code)
    return code


async def moderators(stage: Stage, *names: str) -> list[Actor]:
    """Moderators, in no circle."""
    actors = await people(stage, *names)
    for actor in actors:
        await give(stage, actor, Role.MODERATOR)
    return actors


# -- giving --------------------------------------------------------------------------------------------------------


async def test_two_stewards_give_a_right_to_whoever_read_them_a_code(stage: Stage) -> None:
    anna, bahrom, candidate = await stewards(stage)
    code = await proposes(anna, candidate)
    assert "Proposed. It happens when another steward agrees." in anna.last
    assert NEEDS in bahrom.last
    assert not candidate.sees(NEEDS)
    await bahrom.presses("Look")
    await bahrom.presses("Give a right: moderator")
    assert f"It must end with {code.replace(' ', '')[-4:]}." in bahrom.last
    assert re.search(r"Proposed by: steward \d+, just now\.", bahrom.last)
    await bahrom.presses("I agree")
    assert "Done. The person is told." in bahrom.last
    assert candidate.last == NEEDS, "a lock screen tells nothing of a right"
    await candidate.presses("Look")
    assert "You have a right here: moderator." in candidate.last
    assert await holders(stage, Role.MODERATOR) == [await id_of(stage, candidate)]
    for steward in (anna, bahrom):
        assert not steward.sees("Chaman"), "no steward reads a name"


async def test_one_steward_alone_can_not(stage: Stage) -> None:
    anna, bahrom, candidate = await stewards(stage)
    await proposes(anna, candidate)
    await anna.says("/desk")
    await anna.presses("Give a right: moderator")
    assert "Another person must agree." in anna.last
    assert not any("I agree" in label for label in anna.buttons)
    await bahrom.says("/desk")
    await bahrom.presses("Give a right: moderator")
    _message, yes = button(bahrom, "right.yes")
    await forge(stage, anna, yes)
    assert "Another person must do this: it is your own." in anna.last
    assert await holders(stage, Role.MODERATOR) == []
    await press(stage, bahrom, ("", yes))
    assert await holders(stage, Role.MODERATOR) != [], "the control: the same button in another's hand"


async def test_a_linked_account_is_no_second_person(both: Stage) -> None:
    anna, bahrom, candidate = await stewards(both)
    new = await linked(both, anna, "anna.m")
    await both.pass_time(8 * DAY, 4 * HOUR)
    await proposes(anna, candidate)
    await bahrom.says("/desk")
    await bahrom.presses("Give a right: moderator")
    _message, yes = button(bahrom, "right.yes")
    await forge(both, new, yes)
    assert "it is your own" in new.last
    assert await holders(both, Role.MODERATOR) == []


async def test_two_who_become_one_person_are_one_afterwards(both: Stage) -> None:
    """A steward who proposed, and a second account with the same right: linked before the second agrees."""
    anna, _bahrom, candidate = await stewards(both)
    other = both.actor("anna.m", "matrix")
    await other.settles_in("Anna M")
    await give(both, other, Role.STEWARD)
    await proposes(anna, candidate)
    await other.says("/desk")
    await other.presses("Give a right: moderator")
    _message, yes = button(other, "right.yes")
    await anna.says("/start")
    await anna.presses("More")
    await anna.presses("Settings")
    await anna.presses("My other account")
    await anna.presses("Make a code")
    code = re.findall(r"\b\d{3} \d{3} \d{3} \d{3}\b", anna.last)[-1]
    await other.says("/start")
    await other.presses("More")
    await other.presses("Settings")
    await other.presses("My other account")
    await other.presses("I have a code")
    await other.says(code)
    await anna.presses("Yes, it is mine")
    assert await id_of(both, other) == await id_of(both, anna)
    await forge(both, anna, yes)
    assert "it is your own" in anna.last
    await forge(both, other, yes)
    assert await holders(both, Role.MODERATOR) == []


async def test_an_account_that_was_linked_lately_uses_no_right(both: Stage) -> None:
    anna, _bahrom, _candidate = await stewards(both)
    new = await linked(both, anna, "anna.m")
    await new.says("/desk")
    assert "Please do this with your older account" in new.last
    await forge(both, new, "desk.rights")
    assert "Please do this with your older account" in new.last


async def test_a_steward_can_not_name_themselves_nor_agree_about_themselves(stage: Stage) -> None:
    anna, bahrom, _candidate = await stewards(stage)
    code = await code_of(anna)
    await anna.says("/desk")
    await anna.presses("Give a right")
    await anna.presses("organiser")
    await anna.says(code)
    assert "it is your own" in anna.last
    code = await code_of(bahrom)
    await anna.says("/desk")
    await anna.presses("Give a right")
    await anna.presses("organiser")
    await anna.says(code)
    assert "There is no other steward who could agree." in anna.last
    await bahrom.says("/desk")
    assert not any("Give a right: organiser" in label for label in bahrom.buttons)


@pytest.mark.parametrize("how", ["wrong", "never made", "used", "old"])
async def test_a_code_is_good_once_and_for_a_day(stage: Stage, how: str) -> None:
    anna, _bahrom, candidate = await stewards(stage)
    code = await code_of(candidate)
    refused = "There is no such code now."
    if how == "wrong":
        code, refused = "123 456 789 019", "A digit is missing or wrong."
    if how == "never made":
        code = make_code(lambda _n: 12345678901)
    if how == "used":
        code = await proposes(anna, candidate)
    if how == "old":
        await stage.pass_time(25 * HOUR, HOUR)
    await anna.says("/desk")
    await anna.presses("Give a right")
    await anna.presses("moderator")
    await anna.says(code)
    assert refused in anna.last


# -- lasting and ending --------------------------------------------------------------------------------------------


async def test_a_right_lapses_if_nobody_renews_it_and_its_holder_is_asked_before(stage: Stage) -> None:
    anna, bahrom, keeper = await stewards(stage)
    await give(stage, keeper, Role.MODERATOR)
    await stage.pass_time(75 * DAY, DAY)
    assert not keeper.sees("Do you want to keep it?")
    await stage.pass_time(2 * DAY, DAY)
    assert keeper.last == NEEDS
    await stage.pass_time(2 * DAY, DAY)
    assert keeper.screen.count(NEEDS) == 1, "asked once"
    await keeper.presses("Look")
    assert "Your right ends in" in keeper.last
    await keeper.presses("Yes, ask for it")
    assert "Two stewards, or whoever runs the machine, must agree." in keeper.last
    assert anna.last == NEEDS
    await anna.presses("Look")
    assert re.search(r"Somebody asks that a right be renewed: moderator \d+\.", anna.last)
    assert any("Renew it" in label for label in anna.buttons)
    await stage.pass_time(12 * DAY, DAY)
    assert keeper.last == NEEDS
    ended = button(keeper, "desk.over")
    await keeper.presses("Look")
    assert "Your right has ended: moderator." in keeper.last
    assert await holders(stage, Role.MODERATOR) == []
    await keeper.says("/start")
    await keeper.presses("More")
    assert not any("Desk" in label for label in keeper.buttons)
    await bahrom.presses("Look")
    assert "Your right has ended: steward." in bahrom.last
    await press(stage, bahrom, ended)
    assert bahrom.last == OUTDATED, "he was no moderator"


async def test_two_stewards_renew_a_right(stage: Stage) -> None:
    anna, bahrom, keeper = await stewards(stage)
    await give(stage, keeper, Role.MODERATOR)
    await stage.pass_time(80 * DAY, 2 * DAY)
    await anna.says("/desk")
    await anna.presses("Rights")
    await anna.presses("moderator")
    await anna.presses("Renew it")
    await bahrom.says("/desk")
    await bahrom.presses("Renew: moderator")
    await bahrom.presses("I agree")
    assert keeper.last == NEEDS
    await keeper.presses("Look")
    assert "You have a right here: moderator. It lasts" in keeper.last
    await stage.pass_time(20 * DAY, 2 * DAY)
    assert await holders(stage, Role.MODERATOR) == [await id_of(stage, keeper)]


async def test_a_right_that_two_have_taken_ends_at_once_also_for_an_old_button(stage: Stage) -> None:
    anna, bahrom, keeper = await stewards(stage)
    await give(stage, keeper, Role.STEWARD)
    await keeper.says("/desk")
    old = button(keeper, "desk.rights")
    await press(stage, keeper, old)
    assert "steward" in keeper.last, "the control: it works until then"
    await anna.says("/desk")
    await anna.presses("Rights")
    number = (await stage.storage.read(partial(roles.holders, what=Role.STEWARD, now=stage.now())))[-1].number
    await forge(stage, anna, f"desk.take:{number}")
    await bahrom.says("/desk")
    await bahrom.presses("Take away: steward")
    await bahrom.presses("I agree")
    assert keeper.last == NEEDS
    await keeper.presses("Look")
    assert "Your right has ended: steward." in keeper.last
    await press(stage, keeper, old)
    assert keeper.last == OUTDATED


async def test_what_somebody_proposed_is_gone_with_their_right(stage: Stage) -> None:
    anna, bahrom, candidate = await stewards(stage)
    await proposes(anna, candidate)
    await bahrom.says("/desk")
    await bahrom.presses("Give a right: moderator")
    yes = button(bahrom, "right.yes")
    await anna.says("/desk")
    await stage.in_code(anna, "desk.more")
    await stage.in_code(anna, "desk.leave")
    await anna.presses("Yes, give it back")
    assert "Given back." in anna.last
    await press(stage, bahrom, yes)
    assert bahrom.last == OUTDATED
    assert await holders(stage, Role.MODERATOR) == []


async def test_a_proposal_can_be_taken_back_and_is_dropped_after_three_days(stage: Stage) -> None:
    anna, bahrom, candidate = await stewards(stage)
    await proposes(anna, candidate)
    await anna.says("/desk")
    await anna.presses("Give a right: moderator")
    await anna.presses("Take it back")
    assert "Taken back. Nothing happens." in anna.last
    await bahrom.says("/desk")
    assert not any("Give a right: " in label for label in bahrom.buttons)
    await proposes(anna, candidate)
    await stage.pass_time(73 * HOUR, HOUR)
    await bahrom.says("/desk")
    assert not any("Give a right: " in label for label in bahrom.buttons)
    assert (await rows(stage))["proposal"] == []


async def test_the_one_it_is_about_learns_nothing_before_it_happens(stage: Stage) -> None:
    anna, bahrom, third = await stewards(stage)
    await give(stage, third, Role.STEWARD)
    number = (await stage.storage.read(partial(roles.holders, what=Role.STEWARD, now=stage.now())))[-1].number
    before = third.screen
    await forge(stage, anna, f"desk.take:{number}")
    assert third.screen == before
    await third.says("/desk")
    assert not any("Take away" in label for label in third.buttons)
    await bahrom.says("/desk")
    assert any("Take away" in label for label in bahrom.buttons)


# -- who has none --------------------------------------------------------------------------------------------------

VERBS = (
    *("desk.give", "desk.give.to:moderator", "desk.rights", "desk.right:1", "desk.renew:1", "desk.take:1"),
    *("desk.more", "desk.keep:1", "desk.leave:1", "desk.left:1", "desk.withdraw:steward:right:1", "right.see:1"),
    "right.yes:1",
)


@pytest.mark.parametrize("verb", VERBS)
async def test_a_stranger_reads_of_every_button_of_the_desk_what_an_unknown_one_says(stage: Stage, verb: str) -> None:
    _anna, _bahrom, stranger = await stewards(stage)
    await forge(stage, stranger, "no.such.button:1")
    unknown = (stranger.last, stranger.buttons)
    await forge(stage, stranger, verb)
    assert (stranger.last, stranger.buttons) == unknown


async def test_nothing_of_the_desk_stands_in_the_menu_of_somebody_without_a_right(stage: Stage) -> None:
    anna, _bahrom, stranger = await stewards(stage)
    for actor, there in ((anna, True), (stranger, False)):
        await actor.says("/start")
        await actor.presses("More")
        assert any("Desk" in label for label in actor.buttons) is there


async def test_what_is_said_of_rights_leaves_the_chat_by_itself(stage: Stage) -> None:
    anna, bahrom, candidate = await stewards(stage)
    await proposes(anna, candidate)
    assert bahrom.sees(NEEDS)
    await stage.pass_time(48 * HOUR, HOUR)
    assert not bahrom.sees(NEEDS)


# -- what stays ----------------------------------------------------------------------------------------------------


async def test_every_deed_is_written_down_and_kept_a_year(stage: Stage) -> None:
    anna, bahrom, candidate = await stewards(stage)
    await proposes(anna, candidate)
    await bahrom.says("/desk")
    await bahrom.presses("Give a right: moderator")
    await bahrom.presses("I agree")
    deeds = await stage.storage.read(partial(audit.latest, most=9))
    first, second, third = [await id_of(stage, one) for one in (anna, bahrom, candidate)]
    assert [(one.deed.partition(" ")[0], one.person, one.about) for one in deeds] == [
        ("given:", second, third),
        ("agreed:", second, first),
        ("proposed:", first, None),
    ]
    await candidate.says("/privacy")
    await candidate.presses("Forget me")
    await candidate.presses("Yes, forget me")
    assert (await stage.storage.read(partial(audit.latest, most=1)))[0].about is None
    assert await holders(stage, Role.MODERATOR) == []
    await stage.storage.write(partial(audit.expire, now=stage.now() + 366 * DAY))
    assert await stage.storage.read(partial(audit.latest, most=1)) == []


async def test_of_two_who_agree_at_once_only_one_is_told_yes(stage: Stage) -> None:
    anna, bahrom, third = await people(stage, "Anna", "Bahrom", "Chaman")
    for actor in (anna, bahrom, third):
        await give(stage, actor, Role.MODERATOR)
    first, *others = [await id_of(stage, actor) for actor in (anna, bahrom, third)]

    def put(tx: Tx) -> proposals.Proposal:
        return proposals.put(tx, "x", Role.MODERATOR, first, _("Saved."), stage.now(), body={})

    one = await stage.storage.write(put)
    said = [await stage.storage.write(partial(proposals.second, one=one, who=who, now=stage.now())) for who in others]
    assert sorted(said) == [False, True]
    again = await stage.storage.write(put)
    assert not await stage.storage.write(partial(proposals.second, one=again, who=first, now=stage.now()))
