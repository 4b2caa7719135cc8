"""Whoever lays out names to hide somebody, tries answers, or begins anew: the right answer gets there."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from bot.domain import knock as rules
from bot.domain.conversation import Sender
from bot.domain.knock import Case, Kind, Known, May
from handlers.ask import base36
from handlers.search import looking_up
from storage import knocks, links, people, relatives, schema, search, vouchers
from tests.family.looking import forge, id_of
from tests.family.test_privacy import forget
from tests.search.test_knock import MINUTES, cases, got, kept, soon, tries
from tests.search.test_knock import people as several
from tests.storage.servers import ONE_ENGINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.database import Tx
    from tests.stage import Stage

pytestmark = ONE_ENGINE
DAY = timedelta(days=1)
EXACT = Known(("Djamched Iorov",), 1984, ("Khorog",))
STRANGER = 1 << 40  # a person whom the quotas alone know


async def baited(stage: Stage, holders: Sequence[int | None], may: May = May.ANYONE) -> list[int]:
    """Records with the very name, year and place that will be looked for: of each holder one."""

    def put(tx: Tx) -> list[int]:
        more = {"may": may, "question": "teacher", "answer": "x"} if may is May.KIN else {"may": may}
        return [search.put(tx, Kind.MEMBER, EXACT, stage.now(), person=one, **more) for one in holders]

    return await stage.storage.write(put)


async def karims(stage: Stage) -> int:
    """The record that the circle in Moscow holds."""
    return await stage.storage.read(
        lambda tx: tx.execute(sa.select(schema.sought.c.id).where(schema.sought.c.kind == 1)).scalar_one()
    )


@pytest.mark.parametrize("erased", [False, True])
async def test_many_accounts_that_lay_out_a_name_hide_nobody_from_kin(stage: Stage, *, erased: bool) -> None:
    zebo, karim, *bad = await several(stage, "Zebo", "Karim", *(f"B{at}" for at in range(6)))
    await kept(karim)
    baits = await baited(stage, [await id_of(stage, one.actor) for one in bad for _each in range(12)], May.KIN)
    if erased:
        await stage.storage.write(search.index)
        await stage.storage.write(partial(search.erase, which=baits))
    await tries(zebo)
    await soon(stage)
    assert got(karim.actor) == 1


async def test_behind_ten_who_are_not_the_one_the_eleventh_is_asked(stage: Stage) -> None:
    (zebo, *holders) = await several(stage, "Zebo", *(f"H{at}" for at in range(11)))
    await baited(stage, [await id_of(stage, one.actor) for one in holders])
    await tries(zebo)
    await soon(stage)
    assert sum(got(one.actor) for one in holders) == 10  # noqa: PLR2004
    for one in holders:
        if got(one.actor):
            await one.chooses("Open it")
            await one.chooses("Not the same person")
            await one.chooses("Yes, two people")
    await soon(stage)
    assert sorted(await cases(stage)) == [Case.HOLDER, *[Case.NOT_SAME] * 10]
    await forge(stage, zebo.actor, f"knock.ended:{base36(await _search(stage))}")
    await tries(zebo)
    await soon(stage)
    assert await cases(stage) == [Case.HOLDER], (
        "also in another search: those who were said not to be the one take no room"
    )


async def _search(stage: Stage) -> int:
    return await stage.storage.read(lambda tx: tx.execute(sa.select(schema.knock.c.id)).scalar_one())


async def test_one_account_with_the_very_name_hides_nobody_whose_kin_did_not_answer(stage: Stage) -> None:
    zebo, bad, karim = await several(stage, "Zebo", "Bad", "Karim")
    await kept(karim)
    await baited(stage, [await id_of(stage, bad.actor)] * 12, May.KIN)
    await tries(zebo, "Fotima")
    await soon(stage)
    assert await cases(stage) == [Case.DESK] * (rules.MOST_OF_ONE + 1), "two of one holder, and the brother"
    await soon(stage)
    assert await cases(stage) == [Case.DESK] * (rules.MOST_OF_ONE + 1), "no more as long as these wait"


async def test_the_desk_gets_no_more_than_ten_cases_of_a_search_at_a_time(stage: Stage) -> None:
    (zebo,) = await several(stage, "Zebo")
    await baited(stage, [None] * 14, May.KIN)
    await tries(zebo)
    for _day in range(2):
        await soon(stage)
    assert await cases(stage) == [Case.DESK] * rules.MOST_CASES
    ended = schema.candidate.update().values(state=int(Case.CLOSED))
    await stage.storage.write(lambda tx: tx.execute(ended))
    await soon(stage)
    assert sorted(await cases(stage)) == [Case.DESK] * 4 + [Case.CLOSED] * rules.MOST_CASES


async def test_a_decoy_takes_nobodys_place(stage: Stage) -> None:
    zebo, karim = await several(stage, "Zebo", "Karim")
    await kept(karim)
    await stage.storage.write(lambda tx: [search.put(tx, Kind.DECOY, EXACT, stage.now()) for _ in range(12)])
    await tries(zebo, "Fotima")
    await soon(stage)
    assert await cases(stage) == [Case.DESK]
    touched = await stage.storage.read(partial(search.of_kind, kind=Kind.DECOY))
    assert all(one.touched_at is not None for one in touched)


async def test_an_answer_that_is_right_at_last_reaches_the_holder(stage: Stage) -> None:
    zebo, karim = await several(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo, "Gulnora")
    await soon(stage)
    assert await cases(stage) == [Case.DESK]
    record = await karims(stage)
    right = rules.folded("Гулнора")
    await stage.storage.write(lambda tx: search.allow(tx, record, May.KIN, "grandmother", right))
    await soon(stage)
    assert (got(karim.actor), await cases(stage)) == (1, [Case.HOLDER])
    await karim.chooses("Open it")
    await karim.reads("answered your question rightly")


async def test_wrong_answers_about_whoever_stands_behind_ten_others_count_once_a_search(stage: Stage) -> None:
    zebo, karim = await several(stage, "Zebo", "Karim")
    await kept(karim)
    await baited(stage, [None] * 14, May.KIN)
    record, who = await karims(stage), await id_of(stage, zebo.actor)

    async def wrong() -> int:
        return await stage.storage.read(lambda tx: knocks.used(tx, f"person/{who}", stage.now(), str(record)))

    await tries(zebo, "Fotima")
    for _day in range(4):
        await soon(stage)
    assert await wrong() == 1
    for answer in ("Zulfiya", "Sabrina", "Oysha"):
        await tries(zebo, answer)
        await soon(stage)
    assert await wrong() == rules.MOST_ANSWERS
    assert got(karim.actor) == 0


# -- beginning anew ------------------------------------------------------------------------------------------------


async def test_whoever_has_themselves_forgotten_gets_no_further_answer_and_no_fresh_quota(stage: Stage) -> None:
    zebo, karim = await several(stage, "Zebo", "Karim")
    await kept(karim)
    for answer in ("Fotima", "Zulfiya", "Sabrina"):
        await tries(zebo, answer)
        await soon(stage)
    await forget(zebo.actor)
    await zebo.settles_in("Zebo", "en")
    await tries(zebo)
    (wait,) = await waits(stage)
    assert wait > rules.FIRST + rules.SPREAD
    await soon(stage)
    assert (got(karim.actor), await cases(stage)) == (0, [Case.DESK])
    await forget(zebo.actor)
    await stage.pass_time(31 * DAY, 31 * DAY)
    await zebo.settles_in("Zebo", "en")
    await tries(zebo)
    assert (await waits(stage))[-1] <= rules.FIRST + rules.SPREAD, "after a month nothing is left of it"


async def test_not_the_same_person_outlives_the_account_that_begins_anew(stage: Stage) -> None:
    zebo, karim = await several(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo)
    await soon(stage)
    await karim.chooses("Open it")
    await karim.chooses("Not the same person")
    await karim.chooses("Yes, two people")
    await forget(zebo.actor)
    await zebo.settles_in("Zebo", "en")
    await tries(zebo)
    await soon(stage)
    assert (got(karim.actor), await cases(stage)) == (1, [])


async def test_after_thirty_days_nothing_is_left_of_who_was_forgotten(stage: Stage) -> None:
    zebo, karim = await several(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo)
    await soon(stage)
    await karim.chooses("Open it")
    await karim.chooses("Not the same person")
    await karim.chooses("Yes, two people")
    await forget(zebo.actor)

    def marks(tx: Tx) -> int:
        tables = (schema.not_same, schema.knock_quota)
        return sum(tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables)

    assert await stage.storage.read(marks) > 0, "the control"
    await days(stage, 31)
    assert await stage.storage.read(marks) == 0


async def test_an_account_that_is_unlinked_keeps_what_was_used(stage: Stage) -> None:
    (zebo,) = await several(stage, "Zebo")
    who = await id_of(stage, zebo.actor)

    def again(tx: Tx) -> timedelta:
        for _each in range(3):
            looking_up.waits(tx, who, stage.now())
        links.part(tx, who, people.addresses(tx, who)[0].id, stage.now())
        return looking_up.waits(tx, who, stage.now())

    assert await stage.storage.write(again) > timedelta(0), "control: the person as well"
    met = await stage.storage.write(lambda tx: people.meet(tx, Sender("memory", "1", "zebo"), stage.now()).person)
    assert met is not None
    assert met.id != who
    assert await stage.storage.write(partial(looking_up.waits, who=met.id, now=stage.now())) > timedelta(0)


# -- how much, how often -------------------------------------------------------------------------------------------


async def waits(stage: Stage) -> list[timedelta]:
    """How long each search waits to be looked up, in the order in which they were made."""
    c = schema.knock.c
    rows = await stage.storage.read(lambda tx: tx.execute(sa.select(c.made_at, c.search_at).order_by(c.made_at)).all())
    return [row.search_at - row.made_at for row in rows]


@pytest.mark.parametrize(("days", "most"), [(10, False), (9, True), (1, True)])
async def test_three_searches_a_month_make_nobody_wait_and_more_do(stage: Stage, days: int, *, most: bool) -> None:
    def go(tx: Tx) -> list[timedelta]:
        return [looking_up.waits(tx, STRANGER, stage.now() + at * days * DAY) for at in range(40)]

    all_of_them = await stage.storage.write(go)
    assert (max(all_of_them) > timedelta(0)) is most
    rested = stage.now() + (39 * days + 30) * DAY
    assert await stage.storage.write(partial(looking_up.waits, who=STRANGER, now=rested)) == timedelta(0)


async def test_twenty_strangers_in_a_year_make_nobody_wait(stage: Stage) -> None:
    def go(tx: Tx) -> list[timedelta]:
        return [looking_up.waits(tx, STRANGER + at, stage.now() + 20 * at * DAY) for at in range(20)]

    assert set(await stage.storage.write(go)) == {timedelta(0)}


async def test_what_others_have_used_makes_ones_own_first_searches_wait_a_day_at_most(stage: Stage) -> None:
    def go(tx: Tx) -> list[timedelta]:
        for at in range(60):
            looking_up.waits(tx, STRANGER + 1 + at % 5, stage.now())
        return [looking_up.waits(tx, STRANGER, stage.now()) for _each in range(4)]

    assert await stage.storage.write(go) == [DAY, DAY, DAY, rules.LONGEST_WAIT]


async def test_whoever_lets_in_guests_of_their_own_gets_no_fresh_quota_for_them(stage: Stage) -> None:
    def go(tx: Tx) -> list[timedelta]:
        waited = []
        for at in range(25):
            root, guest = (STRANGER + 2 * at, STRANGER + 2 * at + 1)
            tx.execute(schema.person.insert(), [{"id": one, "met_on": 1, "name": f"P{one}"} for one in (root, guest)])
            vouchers.note(tx, guest, [root])
            waited += [looking_up.waits(tx, guest, stage.now()) for _each in range(3)]
        return waited

    waited = await stage.storage.write(go)
    assert set(waited[: rules.FREE["stem"]]) == {timedelta(0)}
    assert min(waited[rules.FREE["stem"] :]) > timedelta(0)


# -- who is hidden by whom -----------------------------------------------------------------------------------------


async def test_a_keeper_who_rejects_a_search_for_a_relative_hides_no_member_who_they_turn_out_to_be(
    stage: Stage,
) -> None:
    bad, safar, _maria = await stage.family("Badkeeper", "Safar", "Maria")
    (zebo,) = await several(stage, "Zebo")
    member = await id_of(stage, safar)

    def begin(tx: Tx) -> tuple[int, int]:
        circle = tx.execute(sa.select(schema.circle.c.id)).scalar_one()
        who = relatives.add(tx, circle, "Ghost", stage.now())
        search.put(tx, Kind.RELATIVE, EXACT, stage.now(), person=who, may=May.ANYONE)
        return circle, who

    circle, who = await stage.storage.write(begin)
    await tries(zebo)
    await soon(stage)
    await bad.presses("Open it")
    await bad.presses("Not the same person")
    await bad.presses("Yes, two people")
    await baited(stage, [member])
    await forge(stage, bad, f"kin.was:{base36(circle)}:{base36(who)}:{base36(member)}")
    await soon(stage)
    assert got(safar) == 1
    assert await cases(stage) == [Case.HOLDER]


# -- the end of a search -------------------------------------------------------------------------------------------


async def days(stage: Stage, count: int) -> None:
    await stage.pass_time(count * DAY, count * DAY)


async def test_a_search_is_asked_about_three_times_before_it_ends(stage: Stage) -> None:
    (zebo,) = await several(stage, "Zebo")
    await tries(zebo)
    told = []
    for count in (79, 2, 5, 3, 3):
        await days(stage, count)
        told.append(got(zebo.actor))
    assert told == [0, 1, 2, 3, 4]
    assert await stage.storage.read(lambda tx: tx.execute(sa.select(schema.knock.c.id)).first()) is None


async def test_whoever_is_asked_late_has_as_long_to_answer(stage: Stage) -> None:
    (zebo,) = await several(stage, "Zebo")
    await tries(zebo)
    await days(stage, 91)
    assert got(zebo.actor) == 1
    await days(stage, 9)
    assert await stage.storage.read(lambda tx: tx.execute(sa.select(schema.knock.c.id)).first()) is not None
    await zebo.chooses("Open it")
    await zebo.chooses("Look longer")
    await zebo.reads("I go on looking until")


async def test_a_search_that_was_found_ends_without_a_word(stage: Stage) -> None:
    zebo, karim = await several(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo)
    await soon(stage)
    await karim.chooses("Open it")
    await karim.chooses("Yes: alive")
    await zebo.chooses("Open it")
    await zebo.chooses("Found. Close it")
    await zebo.chooses("Yes, close it")
    await stage.pass_time(MINUTES)
    before = got(zebo.actor)
    await days(stage, 15)
    assert got(zebo.actor) == before
    assert await stage.storage.read(lambda tx: tx.execute(sa.select(schema.knock.c.id)).first()) is None
