"""The matching desk: two moderators with distance decide, a name alone never does, and little is shown."""

from __future__ import annotations

import re
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog

from bot import i18n
from bot import lists as incoming
from bot.domain import matching as rules
from bot.domain.hotline import URGENT, spelled
from bot.domain.knock import Case, Kind, Known, Looking, May
from bot.domain.roles import Role
from handlers.ask import base36
from handlers.search import match_desk
from storage import audit, circles, knocks, lists, matches, merging, relatives, roles, search, vouchers
from storage.crypto import Keys
from storage.database import Tx
from storage.knocks import Form, Knock
from storage.lists import Told
from storage.schema import candidate, candidate_note, sought
from storage.sqlite import open_file
from tests.family.looking import button, forge, id_of, invite_to, make_circle, press
from tests.family.test_desk import moderators
from tests.family.test_desk import people as settled
from tests.family.test_duress import FORCED, family
from tests.search.test_knock import people as phones
from tests.search.walk import hasten, looks
from tests.stage import Actor, Stage
from tests.storage.servers import ONE_ENGINE
from tests.storage.test_plans import Statements, whole

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OUTDATED = "This button is no longer in use. Please choose again:"
OVER = "This search has ended. Nothing is asked of you any more."
NEW = "There is something new for you."
ASKED = Known(("Djamched Iorov",), 1984, ("Хорог",))
HELD = Known(("Ҷамшед Ёров",), 1985, ("Khorugh",))
NAMESAKE = Known(("Ҷамшед Ёров",), 1951, ("Хуҷанд",))
BARE = Known(("Ҷамшед Ёров",))


def begin(  # noqa: PLR0913 - a case is what it is
    tx: Tx,
    stage: Stage,
    seeker: int,
    held: Known,
    *,
    asked: Known = ASKED,
    person: int | None = None,
    kind: Kind = Kind.MEMBER,
    proved: bool = False,
    danger: int = 0,
    district: str = "khorog",
    hard: bool = False,
) -> int:
    """A case at the desk: somebody's search, and a record."""
    now = stage.now()
    end = now + 90 * DAY
    which = knocks.add(
        tx,
        seeker,
        Form(asked, "sibling"),
        now,
        search_at=end,
        remind_at=end,
        expires_at=end,
        district=district,
        danger=danger,
    )
    one = knocks.find(tx, which)
    assert one is not None
    if kind is Kind.LIST:
        line = Told("Shelter 5", f"row/{which}", now, "believed_alive", "Школа 1", hard)
        lists.put(tx, line, held, now, end)
        (record,) = [row.id for row in search.of_kind(tx, Kind.LIST)]
    else:
        record = search.put(tx, kind, held, now, person=person, may=May.KIN)
    number = knocks.propose(tx, one, record, 2.0, proved=proved, state=Case.DESK, now=now)
    assert number is not None
    return number


async def case(stage: Stage, seeker: Actor, held: Known, holder: Actor | None = None, **more: object) -> int:
    """The same, by their accounts."""
    who = await id_of(stage, seeker)
    person = None if holder is None else await id_of(stage, holder)
    return await stage.storage.write(partial(begin, stage=stage, seeker=who, held=held, person=person, **more))  # type: ignore[arg-type]


async def people(stage: Stage) -> tuple[Actor, Actor, Actor, Actor, Actor]:
    """Three moderators, somebody who looks, and somebody who can be found."""
    anna, bahrom, chaman = await moderators(stage, "Anna", "Bahrom", "Chaman")
    seeker, holder = await settled(stage, "Seeker", "Holder")
    return anna, bahrom, chaman, seeker, holder


async def opens(moderator: Actor) -> None:
    """A moderator opens the queue."""
    await moderator.says("/desk")
    await moderator.presses("People looked for")


async def takes(moderator: Actor) -> None:
    """A moderator takes the first case of the queue."""
    await opens(moderator)
    await moderator.stage.in_code(moderator, "matches.one")
    await moderator.presses("Take it")


async def waits(stage: Stage, by: timedelta) -> None:
    """Time passes in one step: everything that is due happens at its end."""
    await stage.pass_time(by, by)


async def state(stage: Stage, number: int) -> Case:
    found = await stage.storage.read(partial(knocks.case, which=number))
    assert found is not None
    return found.state


# -- what is shown -------------------------------------------------------------------------------------------------


@ONE_ENGINE
async def test_a_case_shows_what_is_compared_and_never_who(stage: Stage) -> None:
    anna, _bahrom, _chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, HELD, holder)
    await opens(anna)
    assert not anna.sees("Djamched"), "the queue holds no words of a case"
    assert any(spelled(number) in label for label in anna.buttons)
    await anna.stage.in_code(anna, "matches.one")
    assert not anna.sees("Djamched"), "nor does a case that nobody has taken"
    await anna.presses("Take it")
    assert "🟡 birth year: 1984 · 1985" in anna.last
    assert "🟢 place: Хорог · Khorugh" in anna.last
    assert "djamched" in anna.last.lower()
    for secret in ("Seeker", "Holder", "seeker", "holder", "sibling"):
        assert secret not in anna.screen
    assert "You have taken it" not in seeker.screen
    assert not holder.sees(NEW)


async def test_two_moderators_are_needed_before_the_holder_is_asked(stage: Stage) -> None:
    anna, bahrom, _chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, HELD, holder)
    await takes(anna)
    await anna.presses("May be the same")
    assert "Nothing happens before another moderator" in anna.last
    assert await state(stage, number) is Case.DESK
    assert not holder.sees(NEW)
    await opens(anna)
    assert not any(spelled(number) in label for label in anna.buttons), "the first can't be the second"
    await takes(bahrom)
    assert "What they said is not shown" in bahrom.last
    await bahrom.presses("May be the same")
    assert await state(stage, number) is Case.HOLDER
    assert NEW in holder.last
    assert not seeker.sees(NEW), "whoever looks learns nothing yet"
    assert not seeker.sees("Ёров")


@ONE_ENGINE
async def test_the_first_can_not_be_the_second_by_a_kept_button(stage: Stage) -> None:
    anna, _bahrom, _chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, HELD, holder)
    await takes(anna)
    kept = button(anna, "matches.same")
    await press(stage, anna, kept)
    await press(stage, anna, kept)
    assert OUTDATED in anna.last
    assert await state(stage, number) is Case.DESK


@ONE_ENGINE
async def test_names_alone_are_never_enough(stage: Stage) -> None:
    anna, _bahrom, _chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, BARE, holder)
    await takes(anna)
    assert "Only the names agree." in anna.last
    assert not any("May be the same" in label for label in anna.buttons)
    _message, code = button(anna, "matches.other")
    await forge(stage, anna, code.replace("matches.other", "matches.same"))
    assert OUTDATED in anna.last
    assert await state(stage, number) is Case.DESK


@ONE_ENGINE
async def test_the_answer_that_only_kin_know_is_enough_beside_a_name(stage: Stage) -> None:
    anna, bahrom, _chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, BARE, holder, proved=True)
    for moderator in (anna, bahrom):
        await takes(moderator)
        assert "What only kin know was answered rightly." in moderator.last
        await moderator.presses("May be the same")
    assert await state(stage, number) is Case.HOLDER


@ONE_ENGINE
async def test_moderators_near_to_each_other_are_not_two(stage: Stage) -> None:
    anna, bahrom, chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, HELD, holder)
    let_in = [await id_of(stage, anna)]
    await stage.storage.write(partial(vouchers.note, who=await id_of(stage, bahrom), by=let_in))
    await takes(anna)
    await anna.presses("May be the same")
    await opens(bahrom)
    assert "No case waits here for you." in bahrom.last
    await takes(chaman)
    await chaman.presses("May be the same")
    assert await state(stage, number) is Case.HOLDER


@ONE_ENGINE
async def test_nobody_judges_about_their_own_circle(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    (far,) = await moderators(stage, "Far")
    (seeker,) = await settled(stage, "Seeker")
    for who in (zarina, daler):
        person = await id_of(stage, who)
        await stage.storage.write(partial(roles.give, who=person, what=Role.MODERATOR, now=stage.now()))
    mine = await case(stage, daler, HELD)
    theirs = await case(stage, seeker, HELD, daler)
    for moderator in (zarina, daler):
        await opens(moderator)
        assert "No case waits here for you." in moderator.last
        for number in (mine, theirs):
            await forge(stage, moderator, f"matches.take:{base36(number)}")
            assert OUTDATED in moderator.last
    await opens(far)
    assert sum(spelled(one) in label for one in (mine, theirs) for label in far.buttons) == 2  # noqa: PLR2004


@ONE_ENGINE
async def test_nobody_near_the_keeper_of_a_relatives_circle_gets_the_case(stage: Stage) -> None:
    anna, bahrom, chaman, seeker, holder = await people(stage)
    await make_circle(stage, anna, "Friends")
    await invite_to(stage, anna, "Friends", holder)
    await make_circle(stage, holder, "Home")
    keeper = await id_of(stage, holder)
    await stage.storage.write(partial(vouchers.note, who=keeper, by=[await id_of(stage, bahrom)]))

    def relative(tx: Tx) -> int:
        home = next(one.id for one in circles.circles_of(tx, keeper) if one.name == "Home")
        return relatives.add(tx, home, "Ҷамшед", stage.now())

    person = await stage.storage.write(relative)
    who = await id_of(stage, seeker)
    number = await stage.storage.write(
        partial(begin, stage=stage, seeker=who, held=HELD, person=person, kind=Kind.RELATIVE)
    )
    for near in (anna, bahrom):
        await opens(near)
        assert "No case waits here for you." in near.last
        await forge(stage, near, f"matches.take:{base36(number)}")
        assert OUTDATED in near.last
    await takes(chaman)
    assert "ёров" in chaman.last, "the control: somebody far away"


async def test_not_the_same_is_remembered(stage: Stage) -> None:
    anna, _bahrom, _chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, NAMESAKE, holder)
    await takes(anna)
    assert "🔴 birth year: 1984 · 1951" in anna.last
    await anna.presses("Not the same person")
    assert "They are not put beside each other again." in anna.last
    assert await state(stage, number) is Case.NOT_SAME
    assert not seeker.sees(NEW)
    assert not holder.sees(NEW)

    def again(tx: Tx) -> int | None:
        found = knocks.case(tx, number)
        assert found is not None
        one = knocks.find(tx, found.knock)
        assert one is not None
        tx.execute(candidate.delete())
        return knocks.propose(tx, one, found.sought, 2.0, proved=True, state=Case.DESK, now=stage.now())

    assert await stage.storage.write(again) is None


@ONE_ENGINE
async def test_without_a_conflict_nobody_sets_a_case_aside_alone(stage: Stage) -> None:
    anna, bahrom, _chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, HELD, holder)
    await takes(anna)
    await anna.presses("Not the same person")
    assert await state(stage, number) is Case.DESK
    await takes(bahrom)
    await bahrom.presses("Not the same person")
    assert await state(stage, number) is Case.NOT_SAME


@ONE_ENGINE
async def test_two_who_say_the_opposite_decide_nothing(stage: Stage) -> None:
    anna, bahrom, chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, HELD, holder)
    await takes(anna)
    await anna.presses("Not the same person")
    await takes(bahrom)
    await bahrom.presses("May be the same")
    assert "others look at it anew" in bahrom.last
    assert await state(stage, number) is Case.DESK
    for moderator in (anna, bahrom):
        await opens(moderator)
        assert "No case waits here for you." in moderator.last, "somebody else goes first"
    await takes(chaman)
    assert "What they said" not in chaman.last
    await chaman.presses("May be the same")
    await takes(anna)
    await anna.presses("May be the same")
    assert await state(stage, number) is Case.HOLDER


@ONE_ENGINE
async def test_two_who_disagree_and_are_the_only_ones_look_once_more_after_a_week(stage: Stage) -> None:
    anna, bahrom, _chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, HELD, holder)
    await takes(anna)
    await anna.presses("Not the same person")
    await takes(bahrom)
    await bahrom.presses("May be the same")
    await stage.pass_time(timedelta(days=6))
    for moderator in (anna, bahrom):
        await opens(moderator)
        assert "No case waits here for you." in moderator.last
    await stage.pass_time(timedelta(days=1))
    for moderator, spoken in ((bahrom, False), (anna, True)):
        await takes(moderator)
        assert ("What they said is not shown" in moderator.last) is spoken
        await moderator.presses("May be the same")
    assert await state(stage, number) is Case.HOLDER


@ONE_ENGINE
async def test_no_log_says_what_is_compared_or_noted(stage: Stage) -> None:
    anna, bahrom, _chaman, seeker, holder = await people(stage)
    with structlog.testing.capture_logs() as entries:
        await case(stage, seeker, HELD, holder)
        for moderator in (anna, bahrom):
            await takes(moderator)
            await moderator.presses("Add a note")
            await moderator.says("A canary in a note")
            await moderator.presses("May be the same")
    for secret in ("Djamched", "Ёров", "Хорог", "canary", "1984"):
        assert secret not in repr(entries)
    deeds = await stage.storage.read(partial(audit.latest, most=20))
    assert {one.about for one in deeds} == {None}, "the list of deeds tells about no case"


# -- lists ---------------------------------------------------------------------------------------------------------


@ONE_ENGINE
async def test_whoever_looks_is_told_what_a_list_says_after_two_have_agreed(stage: Stage) -> None:
    anna, bahrom, _chaman, seeker, _holder = await people(stage)
    number = await case(stage, seeker, HELD, kind=Kind.LIST)
    await takes(anna)
    assert "Known from a list: Shelter 5" in anna.last
    await anna.presses("May be the same")
    assert not seeker.sees(NEW)
    await takes(bahrom)
    await bahrom.presses("May be the same")
    assert await state(stage, number) is Case.OPEN
    assert NEW in seeker.last
    assert "Shelter" not in seeker.screen, "the letter says nothing"
    await seeker.presses("Open it")
    assert "A list names somebody who may be Djamched Iorov." in seeker.last
    assert "Shelter 5" in seeker.last
    assert "It says: alive." in seeker.last
    assert "Place: Школа 1" in seeker.last
    assert "pay nobody for news" in seeker.last


@ONE_ENGINE
async def test_a_death_on_a_list_is_told_by_a_voice_alone(stage: Stage) -> None:
    anna, bahrom, _chaman, seeker, _holder = await people(stage)
    await case(stage, seeker, HELD, kind=Kind.LIST, hard=True)
    for moderator in (anna, bahrom):
        await takes(moderator)
        assert "something that only a voice may tell" in moderator.last
        await moderator.presses("May be the same")
    await seeker.presses("Open it")
    assert "should be told by a voice" in seeker.last
    for words in ("alive", "dead", "Школа"):
        assert words not in seeker.last


@ONE_ENGINE
async def test_nobody_else_opens_what_a_list_says(stage: Stage) -> None:
    anna, bahrom, chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, HELD, kind=Kind.LIST)
    for moderator in (anna, bahrom):
        await forge(stage, seeker, f"knock.case:{base36(number)}")
        assert OVER in seeker.last, "not before two have agreed"
        await takes(moderator)
        await moderator.presses("May be the same")
    for stranger in (holder, chaman, anna):
        await forge(stage, stranger, f"knock.case:{base36(number)}")
        assert OVER in stranger.last
    await seeker.presses("Open it")
    await seeker.presses("It is somebody else")
    await seeker.presses("Yes, two people")
    assert await state(stage, number) is Case.NOT_SAME


# -- who can't tell ------------------------------------------------------------------------------------------------


async def says_unsure(moderator: Actor) -> None:
    await takes(moderator)
    await moderator.presses("Can't tell")
    assert "Put aside." in moderator.last


async def sees_cases(moderator: Actor) -> bool:
    await opens(moderator)
    return "No case waits here for you." not in moderator.last


async def test_a_case_is_put_aside_for_who_can_not_tell_and_after_two_for_all_until_more_is_known(stage: Stage) -> None:
    anna, bahrom, chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, BARE, holder)
    await says_unsure(anna)
    assert not await sees_cases(anna)
    await forge(stage, anna, f"matches.take:{base36(number)}")
    assert OUTDATED in anna.last
    assert await sees_cases(bahrom)
    assert "a second look" not in " ".join(bahrom.buttons), "nobody has judged"
    await says_unsure(bahrom)
    assert not await sees_cases(chaman)
    assert await state(stage, number) is Case.DESK
    for other in (seeker, holder):
        assert not other.sees(NEW)

    def more_is_known(tx: Tx) -> None:
        found = knocks.case(tx, number)
        assert found is not None
        search.replace(tx, found.sought, HELD)

    await stage.storage.write(more_is_known)
    for moderator in (anna, bahrom):
        await takes(moderator)
        await moderator.presses("May be the same")
    assert await state(stage, number) is Case.HOLDER
    found = await stage.storage.read(partial(knocks.case, which=number))
    assert found is not None
    assert found.messages.keys() == {"holder"}, (
        "that a letter went out; the holder reads nothing of what was said at the desk"
    )


@ONE_ENGINE
async def test_what_the_first_said_of_a_record_that_has_changed_counts_no_more(stage: Stage) -> None:
    anna, bahrom, _chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, HELD, holder)
    await takes(anna)
    await anna.presses("May be the same")
    found = await stage.storage.read(partial(knocks.case, which=number))
    assert found is not None
    await takes(bahrom)
    kept = button(bahrom, "matches.same")
    await stage.storage.write(partial(search.replace, which=found.sought, known=replace(HELD, born=1984)))
    await press(stage, bahrom, kept)
    assert OUTDATED in bahrom.last, "he has read something else"
    await takes(bahrom)
    await bahrom.presses("May be the same")
    assert await state(stage, number) is Case.DESK
    await takes(anna)
    await anna.presses("May be the same")
    assert await state(stage, number) is Case.HOLDER


@ONE_ENGINE
async def test_two_who_are_near_to_each_other_put_no_case_aside_for_all(stage: Stage) -> None:
    anna, bahrom, chaman, seeker, holder = await people(stage)
    await case(stage, seeker, BARE, holder)
    by = [await id_of(stage, anna)]
    await stage.storage.write(partial(vouchers.note, who=await id_of(stage, bahrom), by=by))
    await says_unsure(anna)
    assert not await sees_cases(bahrom)
    assert await sees_cases(chaman)


@ONE_ENGINE
async def test_who_could_not_tell_and_is_no_moderator_any_more_has_said_nothing(stage: Stage) -> None:
    anna, bahrom, chaman, seeker, holder = await people(stage)
    await case(stage, seeker, BARE, holder)
    for moderator in (anna, bahrom):
        await says_unsure(moderator)
    who = await id_of(stage, anna)

    def take_away(tx: Tx) -> None:
        held = roles.held(tx, who, Role.MODERATOR, stage.now())
        assert held is not None
        roles.take(tx, held)

    await stage.storage.write(take_away)
    await waits(stage, 2 * MINUTE)
    assert await sees_cases(chaman)
    assert not await sees_cases(bahrom)


@ONE_ENGINE
async def test_two_accounts_of_one_moderator_who_can_not_tell_count_once(stage: Stage) -> None:
    anna, bahrom, chaman, seeker, holder = await people(stage)
    await case(stage, seeker, BARE, holder)
    for moderator in (anna, bahrom):
        await says_unsure(moderator)
    gone, kept = await id_of(stage, anna), await id_of(stage, bahrom)
    await stage.storage.write(partial(merging.merge, gone=gone, kept=kept, now=stage.now()))
    assert not await sees_cases(bahrom)
    assert await sees_cases(chaman)


# -- working on it -------------------------------------------------------------------------------------------------


@ONE_ENGINE
async def test_a_case_is_one_moderators_for_a_few_hours(stage: Stage) -> None:
    anna, bahrom, _chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, HELD, holder)
    await takes(anna)
    kept = button(anna, "matches.same")
    await opens(bahrom)
    assert "No case waits here for you." in bahrom.last
    await waits(stage, rules.TAKEN_FOR + MINUTE)
    await takes(bahrom)
    assert "birth year" in bahrom.last
    await press(stage, anna, kept)
    assert OUTDATED in anna.last
    assert await state(stage, number) is Case.DESK


@ONE_ENGINE
async def test_whoever_takes_a_case_too_late_is_told_so_and_finds_back(stage: Stage) -> None:
    anna, bahrom, _chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, HELD, holder)
    for moderator in (anna, bahrom):
        await opens(moderator)
        await stage.in_code(moderator, "matches.one")
    await anna.presses("Take it")
    await bahrom.presses("Take it")
    assert "Another moderator has just taken it." in bahrom.last
    await bahrom.presses("People looked for")
    assert "No case waits here for you." in bahrom.last
    await forge(stage, bahrom, f"matches.one:{base36(number)}")
    assert "Another moderator has just taken it." in bahrom.last
    assert not bahrom.sees("Djamched")


@ONE_ENGINE
async def test_a_case_too_many_is_refused_with_what_to_do(stage: Stage) -> None:
    anna, _bahrom, _chaman, seeker, holder = await people(stage)
    numbers = [await case(stage, seeker, HELD, holder) for _each in range(rules.AT_ONCE + 1)]
    for number in numbers:
        await forge(stage, anna, f"matches.take:{base36(number)}")
    assert f"You work on {rules.AT_ONCE} cases. Finish one or hand it over." in anna.last
    await anna.presses("People looked for")
    assert sum("yours" in label for label in anna.buttons) == rules.AT_ONCE


@ONE_ENGINE
async def test_a_case_says_when_its_words_go_and_how_long_it_is_ones_own(stage: Stage) -> None:
    anna, _bahrom, _chaman, seeker, holder = await people(stage)
    await case(stage, seeker, HELD, holder)
    await takes(anna)
    assert "It is yours for 6 hours." in anna.last
    assert "These words go from the chat after 1 hour." in anna.last
    await stage.pass_time(HOUR + 5 * MINUTE, 5 * MINUTE)
    assert not anna.sees("Djamched")
    await opens(anna)
    await stage.in_code(anna, "matches.one")
    assert "🟡 birth year: 1984 · 1985" in anna.last, "it can be opened again"


async def test_a_case_is_handed_over_with_a_note_that_expires(stage: Stage) -> None:
    anna, bahrom, _chaman, seeker, holder = await people(stage)
    await case(stage, seeker, HELD, holder)
    await takes(anna)
    await anna.presses("Add a note")
    await anna.says("I have asked the shelter by telephone.")
    assert "Noted." in anna.last
    await anna.presses("Hand it over")
    await takes(bahrom)
    assert "I have asked the shelter by telephone." in bahrom.last
    assert re.search(r"Note of moderator \d+", bahrom.last)
    await waits(stage, rules.NOTES_KEPT + DAY)
    await stage.storage.write(partial(knocks.sweep, now=stage.now()))
    await takes(bahrom)
    assert "I have asked the shelter" not in bahrom.last
    assert await stage.storage.read(lambda tx: tx.execute(sa.select(candidate_note)).all()) == []


@ONE_ENGINE
@pytest.mark.parametrize("words", ["x" * 400, "", "\u202e"])
async def test_a_bad_note_gets_a_kind_sentence(stage: Stage, words: str) -> None:
    anna, _bahrom, _chaman, seeker, holder = await people(stage)
    await case(stage, seeker, HELD, holder)
    await takes(anna)
    await anna.presses("Add a note")
    await anna.says(words)
    assert await stage.storage.read(lambda tx: tx.execute(sa.select(candidate_note)).all()) == []


@ONE_ENGINE
@pytest.mark.parametrize(
    "words",
    [
        "мама умерла, +992 90",
        "ask Ҷамшед",
        "спросите Джамшеда",
        "Yorov is known there",
        "ask @somebody",
        "see t.me/somebody",
        "see https://example.org/list",
        "born in 1984",
    ],
)
async def test_a_note_holds_nobodys_name_number_or_account(stage: Stage, words: str) -> None:
    anna, _bahrom, _chaman, seeker, holder = await people(stage)
    await case(stage, seeker, HELD, holder)
    await takes(anna)
    await anna.presses("Add a note")
    await anna.says(words)
    assert "This was not kept" in anna.last
    await anna.says("The shelter answers on Monday.")
    assert "Noted." in anna.last
    assert "The shelter answers on Monday." in anna.last
    kept = await stage.storage.read(lambda tx: list(tx.execute(sa.select(candidate_note.c.words)).scalars()))
    assert kept == ["The shelter answers on Monday."]
    await stage.pass_time(HOUR + 5 * MINUTE, 5 * MINUTE)
    assert not anna.sees(words), "what was refused goes from the chat as well"


@ONE_ENGINE
async def test_the_newest_notes_are_shown_and_the_others_at_a_press(stage: Stage) -> None:
    anna, _bahrom, _chaman, seeker, holder = await people(stage)
    await case(stage, seeker, HELD, holder)
    await takes(anna)
    for word in ("one", "two", "three", "four"):
        assert not any("All notes" in label for label in anna.buttons)
        await anna.presses("Add a note")
        await anna.says(f"note {word}")
        await waits(stage, MINUTE)
    assert "note one" not in anna.last
    assert "note four" in anna.last
    await anna.presses("All notes")
    assert "note one" in anna.last
    await anna.presses("Back")
    assert "birth year" in anna.last


@ONE_ENGINE
@pytest.mark.parametrize(
    "code",
    [
        "matches.one:zzzz",
        "matches.take:1",
        "matches.take",
        "matches.same:-1",
        "matches.one:\u0663",
        "matches:zz!",
        "matches.next:-1",
    ],
)
async def test_a_code_that_was_guessed_is_answered_like_an_old_button(stage: Stage, code: str) -> None:
    anna, _bahrom, _chaman, seeker, holder = await people(stage)
    await case(stage, seeker, HELD, holder)
    await forge(stage, anna, code)
    assert OUTDATED in anna.last


@ONE_ENGINE
async def test_nobody_without_the_right_learns_that_there_is_a_desk(stage: Stage) -> None:
    _anna, _bahrom, _chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, HELD, holder)
    for code in (
        "matches",
        "matches.where",
        f"matches.one:{base36(number)}",
        f"matches.take:{base36(number)}",
        "export",
    ):
        await forge(stage, seeker, code)
        assert OUTDATED in seeker.last


async def test_who_loses_the_right_works_on_nothing_and_has_said_nothing(stage: Stage) -> None:
    anna, bahrom, chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, HELD, holder)
    await takes(anna)
    await anna.presses("May be the same")
    who = await id_of(stage, anna)

    def take_away(tx: Tx) -> None:
        held = roles.held(tx, who, Role.MODERATOR, stage.now())
        assert held is not None
        roles.take(tx, held)

    await stage.storage.write(take_away)
    await waits(stage, 2 * MINUTE)
    await takes(bahrom)
    await bahrom.presses("May be the same")
    assert await state(stage, number) is Case.DESK, "one of two is no moderator any more"
    await takes(chaman)
    await chaman.presses("May be the same")
    assert await state(stage, number) is Case.HOLDER


async def test_two_accounts_that_become_one_are_one_moderator(stage: Stage) -> None:
    anna, bahrom, _chaman, seeker, holder = await people(stage)
    number = await case(stage, seeker, HELD, holder)
    await takes(anna)
    await anna.presses("May be the same")
    gone, kept = await id_of(stage, anna), await id_of(stage, bahrom)
    await stage.storage.write(partial(merging.merge, gone=gone, kept=kept, now=stage.now()))
    await opens(bahrom)
    assert "No case waits here for you." in bahrom.last
    await forge(stage, bahrom, f"matches.take:{base36(number)}")
    assert OUTDATED in bahrom.last


# -- an infiltrated moderator --------------------------------------------------------------------------------------


@ONE_ENGINE
async def test_nobody_opens_more_than_a_few_at_once_nor_many_a_day(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "A_DAY", rules.AT_ONCE + 2)
    anna, _bahrom, _chaman, seeker, holder = await people(stage)
    for _ in range(rules.AT_ONCE + 3):
        await case(stage, seeker, HELD, holder)
    for _ in range(rules.AT_ONCE):
        await opens(anna)
        number = await _first_free(stage, anna)
        await forge(stage, anna, f"matches.take:{base36(number)}")
        assert "birth year" in anna.last
    number = await _first_free(stage, anna)
    await forge(stage, anna, f"matches.take:{base36(number)}")
    assert "birth year" not in anna.last
    await waits(stage, rules.TAKEN_FOR + MINUTE)
    for _ in range(2):
        await forge(stage, anna, f"matches.take:{base36(await _first_free(stage, anna))}")
        assert "birth year" in anna.last
    await forge(stage, anna, f"matches.take:{base36(await _first_free(stage, anna))}")
    assert "birth year" not in anna.last
    deeds = await stage.storage.read(partial(audit.latest, most=100))
    assert sum(one.deed == "opened: a case of the search" for one in deeds) == rules.A_DAY


async def _first_free(stage: Stage, moderator: Actor) -> int:
    who = await id_of(stage, moderator)
    found: Sequence[matches.Open] = await stage.storage.read(
        partial(matches.waiting, who=who, far_from=(), now=stage.now(), most=100)
    )
    return next(one.number for one in found if one.is_free(stage.now()))


@ONE_ENGINE
async def test_a_forced_moderator_sees_nothing(stage: Stage) -> None:
    zarina, *_others = await family(stage)
    who = await id_of(stage, zarina)
    await stage.storage.write(partial(roles.give, who=who, what=Role.MODERATOR, now=stage.now()))
    seeker, holder = await settled(stage, "Seeker", "Holder")
    number = await case(stage, seeker, HELD, holder)
    await opens(zarina)
    assert any(spelled(number) in label for label in zarina.buttons), "the control: before"
    await waits(stage, MINUTE)
    await zarina.says(FORCED)
    await waits(stage, MINUTE)
    await opens(zarina)
    assert "No case waits here for you." in zarina.last
    await forge(stage, zarina, f"matches.take:{base36(number)}")
    assert "birth year" not in zarina.last
    assert await state(stage, number) is Case.DESK
    found = await stage.storage.read(partial(knocks.case, which=number))
    assert found is not None
    assert found.taken is None


# -- the order of the queue ----------------------------------------------------------------------------------------


@ONE_ENGINE
async def test_the_most_endangered_come_first_and_then_the_oldest(stage: Stage) -> None:
    anna, _bahrom, _chaman, seeker, holder = await people(stage)
    old = await case(stage, seeker, HELD, holder)
    await waits(stage, HOUR)
    new = await case(stage, seeker, HELD, holder)
    pressing = await case(stage, seeker, HELD, holder, danger=URGENT)
    await opens(anna)
    shown = [label for label in anna.buttons if re.search(r"\d{3} \d{4}", label)]
    assert [next(one for one in (old, new, pressing) if spelled(one) in label) for label in shown] == [
        pressing,
        old,
        new,
    ]
    assert shown[0].startswith("🔴")


@ONE_ENGINE
async def test_how_pressing_a_search_is_is_read_from_its_words_and_told_to_nobody_who_looks(stage: Stage) -> None:
    anna, *_others, holder = await people(stage)
    person = await id_of(stage, holder)
    await stage.storage.write(
        partial(search.put, kind=Kind.MEMBER, known=HELD, now=stage.now(), person=person, may=May.KIN)
    )
    (zebo,) = await phones(stage, "Zebo")
    answers: set[str] = set()
    for words in ("We went to one school.", "He walked along the road to the border.", "He is missing since May."):
        answers.add(await looks(zebo, "Djamched Iorov", "1984", "Khorog", "Fotima", words))
        await stage.storage.write(hasten)
        await waits(stage, 2 * MINUTE)
    await waits(stage, 2 * MINUTE)  # a round looks up no more than two
    assert len({re.sub(r"\d+:\d\d", "", answer) for answer in answers}) == 1, "whoever looks reads the same"
    school, road, missing = await stage.storage.read(
        lambda tx: list(tx.execute(sa.select(candidate.c.id).order_by(candidate.c.since)).scalars())
    )
    await opens(anna)
    shown = [label for label in anna.buttons if re.search(r"\d{3} \d{4}", label)]
    assert [f"{label[0]} {label[2:10]}" for label in shown] == [
        f"🔴 {spelled(missing)}",
        f"⚪ {spelled(school)}",
        f"⚪ {spelled(road)}",
    ]


@ONE_ENGINE
async def test_ones_own_cases_stand_on_top_and_it_is_said_how_many_wait(stage: Stage) -> None:
    anna, _bahrom, _chaman, seeker, holder = await people(stage)
    await case(stage, seeker, HELD, holder, danger=URGENT)
    for _each in range(19):
        last = await case(stage, seeker, HELD, holder)
        await waits(stage, MINUTE)
    await opens(anna)
    assert "Cases for you here: 20" in anna.last
    for _page in range(2):
        await anna.presses("More")
    third = anna.buttons
    assert spelled(last) in third[3]
    await anna.presses(spelled(last))
    assert re.search(r"It has waited since \d+ \w+ \d{4}\.", anna.last), "a day is enough, in no zone"
    await anna.presses("Back")
    assert anna.buttons == third, "back on the same page"
    await anna.presses(spelled(last))
    await anna.presses("Take it")
    await opens(anna)
    assert spelled(last) in anna.buttons[0]
    assert "yours" in anna.buttons[0]


@ONE_ENGINE
async def test_from_one_case_a_moderator_goes_on_to_the_next(stage: Stage) -> None:
    anna, _bahrom, _chaman, seeker, holder = await people(stage)
    first, second = [await case(stage, seeker, HELD, holder) for _each in range(2)]
    await opens(anna)
    await forge(stage, anna, f"matches.take:{base36(first)}")
    await anna.presses("May be the same")
    await anna.presses("Next one")
    assert f"Comparison {spelled(second)}" in anna.last
    assert "birth year" not in anna.last, "it is not taken before that is wanted"
    await anna.presses("Take it")
    await anna.presses("Can't tell")
    assert not any("Next one" in label for label in anna.buttons)
    await anna.presses("Back")
    assert "No case waits here for you." in anna.last


@ONE_ENGINE
async def test_fifteen_hundred_cases_are_pages_of_a_few(stage: Stage) -> None:
    anna, _bahrom, _chaman, seeker, holder = await people(stage)
    who, person = await id_of(stage, seeker), await id_of(stage, holder)

    def many(tx: Tx) -> None:
        now, end = stage.now(), stage.now() + 90 * DAY
        record = search.put(tx, Kind.MEMBER, HELD, now, person=person, may=May.KIN)
        for at in range(1500):
            district = "rushan" if at % 100 == 0 else "khorog"
            which = knocks.add(
                tx, who, Form(ASKED), now, search_at=end, remind_at=end, expires_at=end, district=district
            )
            one = Knock(which, who, Form(ASKED), Looking.LOOKING, 0, now, None, None, end)
            assert knocks.propose(tx, one, record, 2.0, proved=False, state=Case.DESK, now=now) is not None

    await stage.storage.write(many)
    await opens(anna)
    seen = [label for label in anna.buttons if re.search(r"\d{3} \d{4}", label)]
    assert len(seen) == 8  # noqa: PLR2004
    for _ in range(3):
        await anna.presses("More")
        seen += [label for label in anna.buttons if re.search(r"\d{3} \d{4}", label)]
    assert len(set(seen)) == len(seen) == 32  # noqa: PLR2004
    await forge(stage, anna, "matches:" + base36(1496))
    assert len([label for label in anna.buttons if re.search(r"\d{3} \d{4}", label)]) == 4  # noqa: PLR2004
    await forge(stage, anna, "matches:" + base36(1 << 40))
    assert len([label for label in anna.buttons if re.search(r"\d{3} \d{4}", label)]) == 4, "the last page"  # noqa: PLR2004
    await forge(stage, anna, "matches:0:rushan")
    here = await stage.storage.read(
        partial(matches.waiting, who=0, far_from=(), now=stage.now(), most=100, districts=["rushan"])
    )
    assert len(here) == 15  # noqa: PLR2004


async def test_the_queue_is_found_by_an_index(tmp_path: Path, keys: Keys, migrated_file: Path) -> None:
    i18n.open_catalogues(strict=False)
    shutil.copy(migrated_file, tmp_path / "payvand.db")
    storage = await open_file(tmp_path / "payvand.db", keys)
    stage = Stage(storage)
    anna, bahrom, _chaman, seeker, holder = await people(stage)
    await case(stage, seeker, HELD, holder)
    with Statements(stage) as statements:
        await opens(anna)
        await anna.presses("A district")
        await anna.presses("Khatlon")
        for moderator in (anna, bahrom):
            await takes(moderator)
            await moderator.presses("Add a note")
            await moderator.says("Words")
            await moderator.presses("May be the same")
        await stage.storage.write(partial(match_desk.watch, now=stage.now()))
    plans = await statements.plans()
    mine = {one: plan for one, plan in plans.items() if re.search(r"\b(candidate|candidate_note|listed)\b", one)}
    assert len(mine) > 10, "the statements were seen"  # noqa: PLR2004
    assert {one: steps for one, plan in mine.items() if (steps := whole(plan))} == {}
    await storage.close()


async def _ends_by_its_day(stage: Stage) -> None:
    before = stage.now()
    await stage.storage.write(lambda tx: tx.execute(sought.update().values(expires_at=before)))


async def _ends_by_the_next_list(stage: Stage) -> None:
    wish = incoming.Wish("name\nАлишер Раҳимов\n".encode(), "Shelter 5", stage.now(), whole=True)
    assert (await incoming.take(stage.storage, wish, incoming.read(wish))).over == 1


@ONE_ENGINE
@pytest.mark.parametrize("ends", [_ends_by_its_day, _ends_by_the_next_list])
async def test_whoever_was_answered_by_a_list_is_told_when_its_line_ends(
    stage: Stage, ends: Callable[[Stage], Awaitable[None]]
) -> None:
    anna, bahrom, _chaman, seeker, holder = await people(stage)
    await case(stage, seeker, HELD, holder=None, kind=Kind.LIST)
    for moderator in (anna, bahrom):
        await takes(moderator)
        await moderator.presses("May be the same")
    assert NEW in seeker.last
    await ends(stage)
    await waits(stage, 2 * MINUTE)
    await seeker.presses("Open it")
    assert "can't be reached here any more" in seeker.last
    assert not holder.sees(NEW)


# -- passing on ----------------------------------------------------------------------------------------------------


@ONE_ENGINE
async def test_an_export_needs_two_moderators_and_comes_to_no_chat(stage: Stage) -> None:
    anna, bahrom, _chaman, _seeker, _holder = await people(stage)
    await opens(anna)
    await anna.presses("Pass records on")
    await anna.presses("Propose it")
    assert not await stage.storage.write(partial(lists.agreed, now=stage.now()))
    await anna.says("/desk")
    await anna.presses("Pass records on")
    assert not any("I agree" in label for label in anna.buttons)
    await bahrom.says("/desk")
    await bahrom.presses("Pass records on")
    await bahrom.presses("I agree")
    assert "can write the file within" in bahrom.last
    assert await stage.storage.write(partial(lists.agreed, now=stage.now()))
    assert not await stage.storage.write(partial(lists.agreed, now=stage.now())), "it counts once"


@ONE_ENGINE
async def test_moderators_are_told_now_and_then_that_cases_wait(stage: Stage) -> None:
    anna, _bahrom, _chaman, seeker, holder = await people(stage)
    for _ in range(3):
        await case(stage, seeker, HELD, holder)
        await waits(stage, 5 * MINUTE)
    assert anna.screen.count("Something new waits for you.") == 1
    assert "Djamched" not in anna.screen


@ONE_ENGINE
async def test_they_are_told_again_as_long_as_a_case_waits_that_they_may_take(stage: Stage) -> None:
    anna, bahrom, chaman, seeker, holder = await people(stage)
    await case(stage, seeker, HELD, holder)
    for moderator in (anna, bahrom, chaman):
        await opens(moderator)  # so that each letter is a new one
    await waits(stage, 2 * MINUTE)
    assert [told(one) for one in (anna, bahrom, chaman)] == [1, 1, 1]
    await anna.presses("Look")
    await stage.in_code(anna, "matches.one")
    await anna.presses("Take it")
    await anna.presses("May be the same")
    await waits(stage, DAY)
    assert told(anna) == 0, "she has opened it, and may take nothing more"
    assert told(bahrom) == 1, "the letter before still stands"
    await waits(stage, DAY)
    await waits(stage, 2 * MINUTE)
    assert told(bahrom) == 1, "it has gone from the chat, and a new one has come, for a second look"
    await bahrom.presses("Look")
    assert "a second look" in " ".join(bahrom.buttons)
    await waits(stage, DAY)
    assert told(bahrom) == 1, "he has looked, and still it waits"
    assert told(anna) == 0


def told(moderator: Actor) -> int:
    """How many letters stand in a moderator's chat that say that something waits."""
    return sum("Something new waits for you." in message.text for message in moderator.messages)
