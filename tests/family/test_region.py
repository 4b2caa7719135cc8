"""The roll-call of a region: opened by two, asked gently and once, answered with one tap, and only counts shown."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from bot.domain.checkin import News, State
from bot.domain.conversation import Lane, Sender
from bot.domain.region import Board, Cell
from bot.domain.roles import Role
from bot.jobs.boards import draw
from handlers import rounds
from handlers.ask import base36
from storage import checkins, outbox, people, regions, roles, ties
from storage.database import Tx
from storage.schema import address, letter, message, person, rollcall_reader
from storage.schema import tie as tie_table
from tests.family.looking import button, forge, id_of, press, rows
from tests.family.test_desk import give, moderators
from tests.family.test_desk import people as settled
from tests.stage import Actor, Stage

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OUTDATED = "This button is no longer in use. Please choose again:"
QUESTION = "People with ties to this place are asked how they are: Khorog.\nAre you well?\nYour circles"


async def tie(stage: Stage, *actors: Actor, place: str = "khorugh") -> None:
    """These people have said that they have ties to a district."""
    for actor in actors:
        who = await id_of(stage, actor)
        await stage.storage.write(partial(ties.say, who=who, place=place, lives=True))


async def propose(first: Actor, words: str = "Хорог", place: str = "Khorog", length: str = "24") -> None:
    """A moderator proposes a roll-call."""
    await first.says("/desk")
    await first.presses("Roll-calls")
    await first.presses("Ask a district")
    await first.says(words)
    await first.presses(place)
    await first.presses(f"{length} hours")
    await first.presses("Propose it")


async def agree(second: Actor, place: str = "Khorog") -> None:
    """Another moderator agrees."""
    await second.says("/desk")
    await second.presses(f"Roll-call: {place}")
    await second.presses("I agree")


async def opened(stage: Stage, first: Actor, second: Actor) -> int:
    """A roll-call of Khorog, opened by two. Its number."""
    await propose(first)
    await agree(second)
    await stage.in_code(first, "region.board")
    await stage.pass_time(MINUTE)
    return (await stage.storage.read(regions.under_way))[-1].id


async def counts(stage: Stage, which: int) -> dict[Cell, int]:
    return await stage.storage.read(partial(regions.counts, which=which))


def fill(tx: Tx, stage: Stage, n: int, place: str = "khorugh") -> list[int]:
    """So many people with ties to a district, whose phones nobody looks at."""
    before = tx.execute(sa.select(sa.func.max(person.c.id))).scalar() or 0
    tx.execute(person.insert(), [{"language": "en", "name": f"Crowd {n}", "met_on": 20000} for n in range(n)])
    found = list(tx.execute(sa.select(person.c.id).where(person.c.id > before).order_by(person.c.id)).scalars())
    addresses = [
        {
            "person_id": who,
            "platform": "memory",
            "bot": stage.memory.bot,
            "account": f"memory/c{who}",
            "reach": f"c{who}",
        }
        for who in found
    ]
    tx.execute(address.insert(), addresses)
    tx.execute(tie_table.insert(), [{"person_id": who, "place": place, "name": place, "lives": 1} for who in found])
    return found


# -- opening -------------------------------------------------------------------------------------------------------


async def test_two_moderators_open_it_and_everybody_with_ties_there_is_asked_once(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    zarina, daler, elsewhere = await settled(stage, "Zarina", "Daler", "Elsewhere")
    await tie(stage, zarina, daler)
    await tie(stage, elsewhere, place="dushanbe")
    await propose(anna)
    assert "Proposed. It begins when another moderator agrees." in anna.last
    assert not zarina.sees(QUESTION)
    await bahrom.says("/desk")
    await bahrom.presses("Roll-call: Khorog")
    assert QUESTION in bahrom.last, "the second one sees exactly what will be asked"
    assert "People who are asked, about: few" in bahrom.last
    assert "Answers are counted for 24 hours." in bahrom.last
    await bahrom.presses("I agree")
    await stage.in_code(anna, "region.board")
    await stage.pass_time(HOUR)
    for actor in (zarina, daler):
        assert actor.screen.count(QUESTION) == 1
        assert actor.buttons == ["✅ I am safe", "🆘 I need help", "🗣 I have news of somebody else", "Not now"]
    assert not elsewhere.sees("are asked how they are")
    for moderator in (anna, bahrom):
        assert moderator.sees("Roll-call: Khorog\n✅ ░ well: few\n🆘 ░ need help: few\n⏳ ░ no answer yet: few")


async def test_one_moderator_alone_opens_nothing(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    (zarina,) = await settled(stage, "Zarina")
    await tie(stage, zarina)
    await propose(anna)
    assert "There is no other moderator yet who could agree." in anna.last
    waiting = (await rows(stage))["proposal"]
    await forge(stage, anna, f"region.yes:{base36(waiting[0][0])}")
    await stage.pass_time(HOUR)
    assert await stage.storage.read(regions.under_way) == []
    assert not zarina.sees(QUESTION)


async def test_a_district_that_is_being_asked_is_not_asked_again(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await opened(stage, anna, bahrom)
    await propose(bahrom)
    assert "This district is being asked already." in bahrom.last


async def test_a_region_asks_its_districts_and_nobody_twice_within_a_day(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    zarina, daler = await settled(stage, "Zarina", "Daler")
    await tie(stage, zarina)
    await tie(stage, daler, place="rushon")
    await opened(stage, anna, bahrom)
    await propose(anna, "Бадахшон", "Badakhshan")
    await agree(bahrom, "Badakhshan")
    await stage.pass_time(2 * MINUTE)
    assert daler.screen.count("are asked how they are") == 1
    assert zarina.screen.count("are asked how they are") == 1, "asked an hour ago by the other one"
    await stage.pass_time(26 * HOUR, HOUR)
    await propose(anna, "Бадахшон", "Badakhshan")
    await agree(bahrom, "Badakhshan")
    await stage.pass_time(2 * MINUTE)
    assert zarina.screen.count("are asked how they are") == 2, "the control: a day later"  # noqa: PLR2004


async def test_quiet_hours_are_kept_and_whoever_answers_before_is_not_asked(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await tie(stage, zarina, daler, maria)
    for actor in (zarina, daler):
        who = await id_of(stage, actor)
        await stage.storage.write(partial(people.change, who=who, quiet_from=13 * 60, quiet_until=19 * 60))
    await opened(stage, anna, bahrom)  # at two in the afternoon in Dushanbe
    assert not zarina.sees(QUESTION)
    assert maria.sees(QUESTION), "the control"
    await daler.says("I am safe")
    await stage.pass_time(6 * HOUR, HOUR)
    assert zarina.sees(QUESTION)
    assert not daler.sees(QUESTION)


# -- answering -----------------------------------------------------------------------------------------------------


async def test_an_answer_is_ordinary_news_to_ones_own_circle_and_a_count_here(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await tie(stage, zarina, daler, maria)
    which = await opened(stage, anna, bahrom)
    await stage.in_code(zarina, "region.safe")
    assert daler.sees("Zarina: I am safe.")
    await stage.in_code(daler, "region.help")
    assert maria.sees("Daler: I need help.")
    await stage.pass_time(MINUTE)
    assert await counts(stage, which) == {Cell.WELL: 1, Cell.HELP: 1, Cell.SILENT: 1}
    await maria.says("жива")
    await stage.pass_time(MINUTE)
    assert (await counts(stage, which))[Cell.SILENT] == 0, "any own news counts"
    await stage.in_code(daler, "call.mistake")
    await stage.pass_time(MINUTE)
    assert await counts(stage, which) == {Cell.WELL: 2, Cell.HELP: 0, Cell.SILENT: 1}, (
        "what is taken back counts no more"
    )


async def test_news_that_others_tell_is_no_answer(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    zarina, daler = await stage.family("Zarina", "Daler")
    await tie(stage, zarina, daler)
    which = await opened(stage, anna, bahrom)
    teller, about = await id_of(stage, zarina), await id_of(stage, daler)

    def tell(tx: Tx) -> None:
        one = News(tx.new_id(), about, teller, State.SAFE, stage.now(), stage.now())
        checkins.add(tx, one, [])

    await stage.storage.write(tell)
    await stage.pass_time(MINUTE)
    assert await counts(stage, which) == {Cell.WELL: 0, Cell.HELP: 0, Cell.SILENT: 2}


async def test_somebody_without_a_circle_is_counted_and_told_plainly_that_nobody_hears(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    zarina, daler = await settled(stage, "Zarina", "Daler")
    await tie(stage, zarina, daler)
    which = await opened(stage, anna, bahrom)
    await zarina.presses("I am safe")
    assert "Your answer is counted, without your name." in zarina.last
    assert "No circle hears you" in zarina.last
    await daler.presses("I need help")
    assert "Nobody comes because of this." in daler.last
    assert "Please phone somebody who can come to you" in daler.last
    assert daler.buttons == ["⭕ Make a circle", "🔑 I have an invitation", "⬅️ Back"]
    assert await counts(stage, which) == {Cell.WELL: 1, Cell.HELP: 1, Cell.SILENT: 0}
    await forge(stage, daler, f"region.help:{base36(which + 1)}")
    assert "Nobody would hear you yet." in daler.last, "no such roll-call: as always without a circle"


async def test_whoever_lets_no_circle_hear_them_chooses_one_when_they_need_help(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    zarina, daler = await stage.family("Zarina", "Daler")
    await tie(stage, zarina)
    await opened(stage, anna, bahrom)
    await stage.in_code(zarina, "region.later")
    assert "You can say at any time how you are." in zarina.last
    await zarina.says("/circles")
    await stage.in_code(zarina, "circle")
    await stage.in_code(zarina, "circle.tells")
    which = (await stage.storage.read(regions.under_way))[0].id
    await forge(stage, zarina, f"region.help:{base36(which)}")
    assert "Whom shall I call for help?" in zarina.last
    await zarina.presses("Family")
    assert daler.sees("Zarina: I need help.")


# -- the board -----------------------------------------------------------------------------------------------------


async def test_the_board_is_one_message_that_changes_in_place_and_not_too_often(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    crowd = await stage.storage.write(partial(fill, stage=stage, n=40))
    which = await opened(stage, anna, bahrom)
    await stage.pass_time(2 * MINUTE)
    assert "⏳ ██████████ no answer yet: 40+" in anna.screen
    standing = len(anna.messages), len(bahrom.messages)

    def answer(tx: Tx, first: int, last: int) -> None:
        for who in crowd[first:last]:
            assert regions.answer(tx, which, who, Cell.WELL, stage.now())

    for first in range(0, 24, 4):
        await stage.storage.write(partial(answer, first=first, last=first + 4))
        await stage.pass_time(timedelta(seconds=2), timedelta(seconds=2))
    assert "well: few" in anna.screen, "within thirty seconds nothing moves"
    await stage.pass_time(MINUTE)
    for moderator in (anna, bahrom):
        assert moderator.screen.count("✅ ██████████ well: 20+") == 1
        assert "⏳ █████ no answer yet: 10+" in moderator.screen
    assert (len(anna.messages), len(bahrom.messages)) == standing


async def test_a_picture_of_the_board_holds_nothing_but_what_the_board_shows(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await stage.storage.write(partial(fill, stage=stage, n=12))
    await opened(stage, anna, bahrom)
    await stage.pass_time(MINUTE)
    await anna.presses("As a picture")
    attached = anna.messages[-1].attachment
    assert attached is not None
    assert (attached.kind, attached.name) == ("picture", "board.png")
    assert attached.data == draw(Board(None, None, 10))
    await stage.pass_time(48 * HOUR, HOUR)
    assert all(one.attachment is None for one in anna.messages), "and it leaves the chat"


async def test_a_removed_right_ends_the_board_and_every_button_at_once(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    crowd = await stage.storage.write(partial(fill, stage=stage, n=12))
    which = await opened(stage, anna, bahrom)
    await stage.pass_time(2 * MINUTE)
    kept = {verb: button(anna, verb) for verb in ("region.picture", "region.close", "region.away")}
    before = anna.screen
    held = (await stage.storage.read(partial(roles.holders, what=Role.MODERATOR, now=stage.now())))[0]
    assert held.person == await id_of(stage, anna)
    await stage.storage.write(partial(roles.take, one=held))

    def answer(tx: Tx) -> None:
        for who in crowd:
            assert regions.answer(tx, which, who, Cell.WELL, stage.now())

    await stage.storage.write(answer)
    await stage.pass_time(2 * MINUTE)
    assert "well: 10+" in bahrom.screen, "the control"
    assert anna.screen == before
    for one in kept.values():
        await press(stage, anna, one)
        assert anna.last == OUTDATED
    assert (await stage.storage.read(regions.under_way)) != [], "and nothing was ended"


VERBS = (
    "region",
    "region.new",
    "region.hours:khorugh",
    "region.look:khorugh:6",
    "region.put:khorugh:6",
    "region.see:1",
)
MORE = ("region.yes:1", "region.board:1", "region.away:1", "region.picture:1", "region.close:1", "region.closed:1")


@pytest.mark.parametrize("verb", [*VERBS, *MORE])
async def test_a_stranger_reads_of_every_button_what_an_unknown_one_says(stage: Stage, verb: str) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    (stranger,) = await settled(stage, "Stranger")
    which = await opened(stage, anna, bahrom)
    await forge(stage, stranger, verb.replace(":1", f":{base36(which)}") if verb in MORE else verb)
    assert stranger.last == OUTDATED


async def test_no_screen_of_a_moderator_ever_shows_a_name_of_anybody_asked(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    (third,) = await settled(stage, "Steward")
    await give(stage, third, Role.STEWARD)
    names = ("Zarina", "Daler", "Maria")
    family = await stage.family(*names)
    await tie(stage, *family)
    await opened(stage, anna, bahrom)
    for actor, verb in zip(family, ("region.safe", "region.help", "region.later"), strict=True):
        await stage.in_code(actor, verb)
    await stage.pass_time(5 * MINUTE)
    for actor in (anna, bahrom, third):
        await actor.says("/desk")
    for moderator in (anna, bahrom):
        await moderator.presses("Roll-calls")
        await moderator.presses("Khorog")
        await moderator.presses("As a picture")
    await third.presses("Rights")
    await stage.in_code(anna, "region.close")
    await anna.presses("Yes, end it")
    for actor in (anna, bahrom, third):
        everything = actor.screen + "".join(label for one in actor.messages for label in (c.label for c in one.choices))
        for name in names:
            assert name not in everything
            assert name.encode() not in b"".join(one.attachment.data for one in actor.messages if one.attachment)
    assert family[1].sees("Zarina"), "the control: the family itself reads names"


# -- ending --------------------------------------------------------------------------------------------------------


async def test_it_ends_by_its_time_and_after_a_week_nothing_says_who_was_asked(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    (zarina,) = await settled(stage, "Zarina")
    await tie(stage, zarina)
    which = await opened(stage, anna, bahrom)
    answer = button(zarina, "region.safe")
    await stage.pass_time(25 * HOUR, HOUR)
    assert "This roll-call is over." in anna.screen
    await press(stage, zarina, answer)
    assert "Nobody would hear you yet." in zarina.last, "it counts no more"
    found = await rows(stage)
    assert len(found["rollcall_reader"]) == 1
    await stage.pass_time(8 * DAY, 6 * HOUR)
    found = await rows(stage)
    assert found["rollcall"] == found["rollcall_reader"] == found["rollcall_watcher"] == []
    who = await id_of(stage, zarina)

    def left(tx: Tx) -> list[str]:
        letters = sa.select(letter.c.topic).where(letter.c.person_id == who)
        messages = sa.select(message.c.topic).join(address).where(address.c.person_id == who)
        return [*tx.execute(letters).scalars(), *tx.execute(messages).scalars()]

    assert set(await stage.storage.read(left)) <= {""}, "no letter and no message says it either"
    assert base36(which) in answer[1], "only the old button on their own phone knows the number"


async def test_a_moderator_ends_it_and_whoever_was_not_asked_is_not_asked_any_more(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    (zarina,) = await settled(stage, "Zarina")
    await tie(stage, zarina)
    who = await id_of(stage, zarina)
    await stage.storage.write(partial(people.change, who=who, quiet_from=13 * 60, quiet_until=19 * 60))
    await opened(stage, anna, bahrom)
    await stage.in_code(bahrom, "region.close")
    await bahrom.presses("Yes, end it")
    assert "This roll-call is over." in anna.screen
    await stage.pass_time(8 * HOUR, HOUR)
    assert not zarina.sees(QUESTION)


async def test_to_be_forgotten_takes_somebody_off_the_list(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    (zarina,) = await settled(stage, "Zarina")
    await tie(stage, zarina)
    which = await opened(stage, anna, bahrom)
    assert sum((await counts(stage, which)).values()) == 1
    await zarina.says("/privacy")
    await zarina.presses("Forget me")
    await zarina.presses("Yes, forget me")
    assert sum((await counts(stage, which)).values()) == 0


# -- many ----------------------------------------------------------------------------------------------------------


async def test_five_thousand_are_asked_in_parts_and_once_over_a_restart_in_the_middle(stage: Stage) -> None:
    crowd = await stage.storage.write(partial(fill, stage=stage, n=5000))
    which = await stage.storage.write(lambda tx: regions.begin(tx, "khorugh", stage.now(), stage.now() + DAY))
    late = await stage.storage.write(partial(fill_one, stage=stage))
    asked: list[int] = []
    dice = random.Random(6)

    def posted(tx: Tx) -> list[int]:
        query = sa.select(letter.c.person_id).where(letter.c.lane == Lane.DIGEST.value)
        found = list(tx.execute(query).scalars())
        tx.execute(letter.delete().where(letter.c.lane == Lane.DIGEST.value))
        return found

    rounds_needed = 0
    while len(asked) < len(crowd):
        if dice.random() < 0.1:  # noqa: PLR2004 - the program ends, and begins anew with what is stored
            stage.app = stage.open()
        if dice.random() < 0.1:  # noqa: PLR2004 - or in the middle of a round, of which then nothing is left
            await stage.storage.write(partial(_interrupted, stage=stage))
        await stage.storage.write(partial(rounds.asking, now=stage.now()))
        part = await stage.storage.write(posted)
        assert len(part) <= 50, "never many at once"  # noqa: PLR2004
        asked += part
        rounds_needed += 1
        assert rounds_needed < 200  # noqa: PLR2004
    for _more in range(3):
        await stage.storage.write(partial(rounds.asking, now=stage.now()))
        asked += await stage.storage.write(posted)
    assert sorted(asked) == crowd, "everybody once"
    assert late not in asked, "who came later is not asked"
    assert (await counts(stage, which))[Cell.SILENT] == len(crowd)

    def listed(tx: Tx) -> int:
        n: int = tx.execute(sa.select(sa.func.count()).select_from(rollcall_reader)).scalar_one()
        return n

    assert await stage.storage.read(listed) == len(crowd)


def fill_one(tx: Tx, stage: Stage) -> int:
    """Somebody who came after it began."""
    met = people.meet(tx, Sender("memory", "1", "latecomer"), stage.now())
    assert met.person is not None
    people.change(tx, met.person.id, language="en", name="Late")
    ties.say(tx, met.person.id, "khorugh", lives=True)
    return met.person.id


def _interrupted(tx: Tx, stage: Stage) -> None:
    with suppress(ZeroDivisionError), tx.savepoint():
        rounds.asking(tx, stage.now())
        _power_goes()


def _power_goes() -> None:
    raise ZeroDivisionError


async def test_a_question_of_a_rollcall_lets_everything_else_go_first(stage: Stage) -> None:
    await stage.storage.write(partial(fill, stage=stage, n=60))
    zarina, daler = await stage.family("Zarina", "Daler")
    await tie(stage, zarina)
    await stage.storage.write(lambda tx: regions.begin(tx, "khorugh", stage.now(), stage.now() + DAY))
    await stage.storage.write(partial(rounds.asking, now=stage.now()))
    await stage.memory.say(zarina.account, "I need help")
    await stage.memory.say(daler.account, "I am safe")
    first = await stage.storage.write(partial(outbox.claim, route="memory/1", now=stage.now(), most=4))
    assert [one.lane for one in first] == sorted(one.lane for one in first)
    assert Lane.DIGEST not in {one.lane for one in first}
