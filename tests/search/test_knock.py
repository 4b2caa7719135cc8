"""Looking and being found, choice by choice: who reads what, what is remembered, and what ends how."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from bot import i18n
from bot.domain import knock as rules
from bot.domain.knock import Case, Kind, Known, May
from handlers import rounds
from handlers.ask import base36
from storage import hard, knocks, schema, search
from tests.family.looking import forge, id_of
from tests.family.test_duress import FORCED, chooses
from tests.family.test_privacy import forget
from tests.search.test_walk import Phone
from tests.search.walk import hasten, holds, looks
from tests.storage.servers import ONE_ENGINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.search.looking_up import Found
    from storage.database import Tx
    from tests.stage import Actor, Stage

pytestmark = ONE_ENGINE
MINUTES = timedelta(minutes=2)
NEW = "something new for you"


async def people(stage: Stage, *names: str) -> list[Phone]:
    phones = [Phone(stage.actor(name.lower())) for name in names]
    for phone, name in zip(phones, names, strict=True):
        await phone.settles_in(name, "en")
    return phones


async def soon(stage: Stage) -> None:
    """Let what waits be looked up now."""
    await stage.storage.write(hasten)
    await stage.pass_time(MINUTES)


async def tries(seeker: Phone, answer: str = "Oysha", name: str = "Djamched Iorov", place: str = "Khorog") -> None:
    await looks(seeker, name, "1984", place, answer)


async def kept(karim: Phone) -> None:
    await holds(karim, "Moscow", "Ҷамшед", "Ҷамшед Ёров", "1984", "Хоруғ", "Ойша")


async def cases(stage: Stage) -> list[int]:
    return await stage.storage.read(lambda tx: list(tx.execute(sa.select(schema.candidate.c.state)).scalars()))


def got(actor: Actor) -> int:
    return actor.screen.count(NEW)


async def reads_alone(phone: Phone, words: str) -> None:
    """On a lock screen stands nothing of a search; behind the button it does."""
    await phone.reads(NEW)
    assert "search" not in phone.actor.last
    await phone.chooses("Open it")
    await phone.reads(words)


async def test_a_wrong_answer_goes_to_the_desk_and_disturbs_nobody(stage: Stage) -> None:
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo, "Fotima")
    await soon(stage)
    assert got(karim.actor) == got(zebo.actor) == 0
    assert await cases(stage) == [Case.DESK]


def _erased(tx: Tx) -> None:
    tx.execute(schema.knock.delete())


def _renamed(tx: Tx) -> None:
    (one,) = search.of_kind(tx, Kind.RELATIVE)
    search.replace(tx, one.id, Known(("Рустам Ёров",), 1984, ("Хоруғ",)))


def _shut(tx: Tx) -> None:
    (one,) = search.of_kind(tx, Kind.RELATIVE)
    search.allow(tx, one.id, May.NOBODY)


def _nothing(_tx: Tx) -> None:
    """The control: nothing happens meanwhile."""


async def compared(stage: Stage) -> tuple[Phone, Phone, list[Found]]:
    """Whoever looks, whoever holds, and what was found of it, which nobody has written yet."""
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo)
    await stage.storage.write(hasten)
    assert await stage.storage.write(partial(rounds.to_search, now=stage.now()))
    return zebo, karim, await stage.storage.read(partial(rounds.comparing, now=stage.now()))


@pytest.mark.parametrize("meanwhile", [_erased, _renamed, _shut, _nothing])
async def test_what_changes_while_searches_are_compared_counts(stage: Stage, meanwhile: Callable[[Tx], None]) -> None:
    _zebo, karim, found = await compared(stage)
    assert [len(one.hits) for one in found] == [1]
    await stage.storage.write(meanwhile)
    await stage.storage.write(partial(rounds.searching, found=found, now=stage.now()))
    await stage.settle()
    assert (len(await cases(stage)), got(karim.actor)) == ((1, 1) if meanwhile is _nothing else (0, 0))
    again = await stage.storage.read(partial(rounds.comparing, now=stage.now()))
    assert again == [], "it was looked up, or is there no more"


async def test_a_search_that_changes_while_it_is_compared_is_looked_up_next(stage: Stage) -> None:
    zebo, _karim, found = await compared(stage)
    await zebo.says("/search")
    await zebo.chooses("Djamched Iorov")
    await stage.pass_time(timedelta(seconds=1))
    await stage.storage.write(hasten)
    await zebo.chooses("Look longer")
    await stage.storage.write(partial(rounds.searching, found=found, now=stage.now()))
    assert await stage.storage.read(partial(rounds.comparing, now=stage.now())) != [], "still due"


async def test_after_three_wrong_answers_the_right_one_is_not_looked_at(stage: Stage) -> None:
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    for answer in ("Fotima", "Zulfiya", "Sabrina", "Oysha"):
        await tries(zebo, answer)
        await soon(stage)
    assert got(karim.actor) == 0
    assert await cases(stage) == [Case.DESK] * 4


async def test_not_the_same_person_is_remembered_also_in_another_search(stage: Stage) -> None:
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo)
    await soon(stage)
    await karim.chooses("Open it")
    await karim.chooses("Not the same person")
    await karim.reads("Two different people?")
    assert await cases(stage) == [Case.HOLDER], "one slip of a thumb parts nobody"
    await karim.chooses("Yes, two people")
    await karim.reads("Whoever looks is told nothing.")
    await tries(zebo)
    await soon(stage)
    assert got(karim.actor) == 1, "no other letter came"
    assert got(zebo.actor) == 0
    assert await cases(stage) == [Case.NOT_SAME]


async def test_anybody_of_the_community_needs_year_or_place_beside_the_name(stage: Stage) -> None:
    zebo, safar = await people(stage, "Zebo", "Safar")
    await safar.says("/search")
    await safar.chooses("Who may look for us")
    await safar.chooses("Me")
    await safar.chooses("Anybody of my community")
    await safar.says("Сафар Давлатов\nSafar Davlatov")
    await safar.says("about 40")
    await safar.says("Ванҷ")
    await safar.reads("anybody here who also knows", "Safar Davlatov")
    await looks(zebo, "Safar Dawlatow", "1930", "Panjakent", "Oysha")
    await soon(stage)
    assert got(safar.actor) == 0
    assert await cases(stage) == [Case.DESK]
    await looks(zebo, "Safar Dawlatow", "1986", "Vanj", "Oysha")
    await soon(stage)
    assert got(safar.actor) == 1
    await safar.chooses("Open it")
    await safar.reads("Somebody looks for you", "Safar Dawlatow")


async def test_nobody_is_the_rule_and_a_choice_can_be_taken_back(stage: Stage) -> None:
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo)
    await soon(stage)
    await karim.chooses("Open it")
    await karim.chooses("Yes: alive")
    await zebo.reads(NEW)
    await karim.says("/search")
    await karim.chooses("Who may look for us")
    await karim.chooses("Ҷамшед")
    await karim.chooses("Nobody")
    await karim.reads("every answer, is erased")
    assert await cases(stage) == [Case.OPEN]
    await karim.chooses("Yes, nobody")
    await karim.reads("Who may look: nobody.")
    await reads_alone(zebo, "can't be reached here any more")
    assert await cases(stage) == []
    assert await stage.storage.read(lambda tx: tx.execute(sa.select(schema.sought.c.id)).first()) is None


async def test_a_search_is_renewed_or_erased(stage: Stage) -> None:
    (zebo,) = await people(stage, "Zebo")
    await tries(zebo)
    now = stage.now()
    await stage.storage.write(lambda tx: tx.execute(schema.knock.update().values(remind_at=now)))
    await stage.pass_time(MINUTES)
    await reads_alone(zebo, "unless you look longer")
    await zebo.chooses("Look longer")
    await zebo.reads("I go on looking until")
    await stage.pass_time(MINUTES)
    assert got(zebo.actor) == 0
    await stage.storage.write(lambda tx: tx.execute(schema.knock.update().values(expires_at=now)))
    await stage.pass_time(MINUTES)
    await reads_alone(zebo, "is over, and erased")
    assert await stage.storage.read(lambda tx: tx.execute(sa.select(schema.knock.c.id)).first()) is None


async def test_found_closes_for_both_and_whoever_erases_a_search_ends_it_gently(stage: Stage) -> None:
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo)
    await soon(stage)
    await karim.chooses("Open it")
    await karim.chooses("Yes: alive")
    await zebo.chooses("Open it")
    await zebo.reads("alive, and known to us")
    await zebo.says("/search")
    await zebo.chooses("Djamched")
    await zebo.chooses("Erase it")
    await zebo.chooses("Yes, erase it")
    await reads_alone(karim, "A search that you answered is over.")
    assert await cases(stage) == []


async def test_whoever_is_forgotten_leaves_nothing_to_be_found_by_and_nothing_they_looked_for(stage: Stage) -> None:
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo)
    await soon(stage)
    for one in (zebo, karim):
        await one.says("/privacy")
        await one.chooses("Forget me")
        await one.chooses("Yes, forget me")

    def left(tx: Tx) -> tuple[int, set[int]]:
        tables = (schema.knock, schema.candidate, schema.sought)
        counted = sum(tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables)
        stored = [(one.mac, one.records) for one in tx.execute(sa.select(schema.sought_list))]
        return counted, {owner for owners in search._Hashes(tx).opened(stored) for owner in owners}  # noqa: SLF001

    assert await stage.storage.write(left) == (0, {search.NOBODY})


async def test_the_copy_of_what_is_known_holds_ones_own_search(stage: Stage) -> None:
    (zebo,) = await people(stage, "Zebo")
    await tries(zebo)
    await zebo.says("/privacy")
    await zebo.chooses("A copy for me")
    await zebo.chooses("Send the copy")
    sent = stage.memory.chat("zebo")[-1].attachment
    assert sent is not None
    assert b"Djamched Iorov" in sent.data
    assert b"aiSa" not in sent.data


@pytest.mark.parametrize("typed", ["<b>x</b>", "a\nb\nc\nd", "12345", "\u202eevil", "x" * 3000, "😀"])
async def test_what_is_no_name_is_refused_kindly_and_the_question_still_waits(stage: Stage, typed: str) -> None:
    (zebo,) = await people(stage, "Zebo")
    await zebo.says("/search")
    await zebo.chooses("Look for somebody")
    await zebo.says(typed)
    await zebo.reads("What is the name")
    mine = next(message for message in reversed(stage.memory.chat("zebo")) if not message.from_bot)
    await stage.pass_time(timedelta(minutes=58))
    assert mine in stage.memory.chat("zebo"), "control: not before"
    await stage.pass_time(timedelta(minutes=3))
    assert mine not in stage.memory.chat("zebo"), "what is refused doesn't stay either"
    await zebo.says("Djamched Iorov")
    assert "wrong on our side" not in zebo.actor.screen


@pytest.mark.parametrize(
    "code", ["knock.put", "knock.skip", "knock.is:kin", "knock.about:teacher", "found.about:teacher"]
)
async def test_buttons_of_a_form_that_is_over_change_nothing(stage: Stage, code: str) -> None:
    (zebo,) = await people(stage, "Zebo")
    await zebo.says("/search")
    await stage.in_code(zebo.actor, "knock.new")
    await zebo.says("/start")
    await forge(stage, zebo.actor, code)
    assert "wrong on our side" not in zebo.actor.screen
    assert await stage.storage.read(lambda tx: tx.execute(sa.select(schema.knock.c.id)).first()) is None


async def test_words_that_speak_of_a_death_go_to_nobody(stage: Stage) -> None:
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo)
    await soon(stage)
    await karim.chooses("Open it")
    await karim.chooses("Yes, and I write to them")
    await karim.says("He died in May.")
    assert got(zebo.actor) == 0
    assert await cases(stage) == [Case.HOLDER]


async def test_of_somebody_whose_death_is_known_only_a_way_to_be_reached_can_be_released(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo)
    await soon(stage)
    who = await stage.storage.read(lambda tx: tx.execute(sa.select(schema.sought.c.person_id)).scalar_one())
    monkeypatch.setattr(hard, "known_to", lambda _tx, _circle, _person: {who: None})
    await karim.chooses("Open it")
    await karim.reads("told only by voice")
    assert [one for one in karim.actor.buttons if one.startswith(("✅", "✍️"))] == []
    await karim.chooses("how to reach me")
    await karim.says("+7 000 000 00 00")
    await zebo.chooses("Open it")
    last = await zebo.reads("has answered, and would speak with you")
    assert "alive" not in last


async def test_two_accounts_of_one_person_look_as_one(stage: Stage) -> None:
    zebo, other = await people(stage, "Zebo", "Other")
    await tries(zebo)
    await tries(other)
    one, two = await id_of(stage, zebo.actor), await id_of(stage, other.actor)

    def unite(tx: Tx) -> int:
        knocks.unite(tx, two, one)
        search.unite(tx, two, one, stage.now())
        return len(knocks.of(tx, one))

    assert await stage.storage.write(unite) == 2  # noqa: PLR2004


async def test_a_branch_of_invitations_shares_a_quota_and_is_not_told(stage: Stage) -> None:
    strangers = await people(stage, *(f"S{n}" for n in range(15)))
    texts = set()
    for one in strangers:
        await tries(one)
        texts.add(one.actor.last)
    assert len(texts) == 1

    def spread(tx: Tx) -> list[timedelta]:
        rows = tx.execute(
            sa.select(schema.knock.c.made_at, schema.knock.c.search_at).order_by(schema.knock.c.search_at)
        )
        return [search_at - made_at for made_at, search_at in rows]

    waits = await stage.storage.read(spread)
    assert waits[0] <= rules.FIRST + rules.SPREAD < waits[-1]


async def test_a_forced_account_is_shown_no_case_and_what_it_does_reaches_nobody(stage: Stage) -> None:
    zarina, _daler, _maria = await stage.family("Zarina", "Daler", "Maria")
    await chooses(stage, zarina, "Daler", "Maria")
    (zebo,) = await people(stage, "Zebo")
    who = await id_of(stage, zarina)

    def hold(tx: Tx) -> None:
        known, answer = Known(("Зарина Назарова",), 1984, ("Хоруғ",)), rules.folded("Ойша")
        search.put(tx, Kind.MEMBER, known, stage.now(), person=who, may=May.KIN, question="grandmother", answer=answer)

    await stage.storage.write(hold)
    await zarina.says(FORCED)
    await stage.pass_time(MINUTES)
    await tries(zebo, name="Zarina Nazarova")
    await soon(stage)
    assert await cases(stage) == [Case.HOLDER]
    assert got(zarina) == 0
    which = await stage.storage.read(lambda tx: tx.execute(sa.select(schema.candidate.c.id)).scalar_one())
    for code in ("found", f"found.of:{base36(who)}", f"found.case:{base36(which)}", f"found.yes:{base36(which)}:1"):
        await forge(stage, zarina, code)
        assert not zarina.sees("Somebody looks")
        assert not zarina.sees("Zarina Nazarova")
    assert got(zebo.actor) == 0
    assert await cases(stage) == [Case.HOLDER]
    await tries(Phone(zarina), name="Djamched Iorov")
    looking = await stage.storage.read(lambda tx: tx.execute(sa.select(schema.knock.c.person_id)).scalars().all())
    assert list(looking) == [await id_of(stage, zebo.actor)], "whatever the screen says"


# -- circles change, phones are taken, and holders lie ---------------------------------------------------------------


async def exchanged(stage: Stage) -> tuple[Phone, Phone, Phone]:
    """Zebo has given Karim a way to be reached, and he her; Safar is in the circle, too."""
    zarina, daler, _maria = await stage.family("Karim", "Safar", "Maria")
    karim, safar = Phone(zarina), Phone(daler)
    (zebo,) = await people(stage, "Zebo")
    await karim.says("/circles")
    await karim.chooses("Family")
    await karim.chooses("Somebody without the bot")
    await karim.says("Ҷамшед")
    await lets(karim)
    await tries(zebo)
    await soon(stage)
    await karim.chooses("Open it")
    await karim.chooses("Yes, and how to reach me")
    await karim.says("number of Karim")
    await zebo.chooses("Open it")
    await zebo.chooses("How to reach me")
    await zebo.says("number of Zebo")
    await zebo.reads("number of Karim")
    return karim, safar, zebo


async def lets(karim: Phone) -> None:
    await karim.says("/search")
    await karim.chooses("Who may look for us")
    await karim.chooses("Ҷамшед")
    await karim.chooses("Kin who answer my question")
    for words in ("Ҷамшед Ёров", "1984", "Хоруғ"):
        await karim.says(words)
    await karim.chooses("Their mother’s mother")
    await karim.says("Ойша")
    await karim.reads("Kept.")


@pytest.mark.parametrize("how", ["handed over", "forgotten"])
async def test_whoever_keeps_the_circle_next_reads_nothing_that_was_written_to_the_one_before(
    stage: Stage, how: str
) -> None:
    karim, safar, zebo = await exchanged(stage)
    if how == "forgotten":
        await forget(karim.actor)
        heir = next(one for one in (safar.actor, stage.actor("maria")) if one.sees("You now keep"))
    else:
        await karim.says("/circles")
        await karim.chooses("Family")
        await karim.chooses("Hand over")
        await karim.chooses("Safar")
        heir = safar.actor
    await stage.pass_time(MINUTES)
    await reads_alone(zebo, "can't be reached here any more")
    which = await stage.storage.read(lambda tx: tx.execute(sa.select(schema.candidate.c.id)).scalar_one())
    await reads_alone(Phone(heir), "Who may look for us")
    await forge(stage, heir, f"found.case:{base36(which)}")
    assert "Somebody looks for Ҷамшед" in heir.last
    assert not heir.sees("number of")
    await forge(stage, zebo.actor, f"knock.case:{base36(which)}")
    assert "number of Karim" not in zebo.actor.last, "until the new one has said yes"
    await forge(stage, heir, f"found.yes:{base36(which)}:{base36(1)}")
    await zebo.chooses("Open it")
    last = await zebo.reads("alive, and known to us")
    assert "number of" not in last
    if how == "handed over":
        await forge(stage, karim.actor, f"found.case:{base36(which)}")
        assert "number of" not in karim.actor.last


@pytest.mark.parametrize("how", ["kin.removed", "kin.was", "circle.left"])
async def test_whoever_was_answered_is_told_when_nobody_answers_any_more(stage: Stage, how: str) -> None:
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo)
    await soon(stage)
    await karim.chooses("Open it")
    await karim.chooses("Yes: alive")
    me = await id_of(stage, karim.actor)
    circle, who = await stage.storage.read(
        lambda tx: tuple(tx.execute(sa.select(schema.relative.c.circle_id, schema.relative.c.person_id)).one())
    )
    more = {"kin.removed": f":{base36(who)}", "kin.was": f":{base36(who)}:{base36(me)}", "circle.left": ""}[how]
    await forge(stage, karim.actor, f"{how}:{base36(circle)}{more}")
    await stage.pass_time(MINUTES)
    await reads_alone(zebo, "can't be reached here any more")
    assert await cases(stage) == []


async def test_a_phone_that_is_taken_later_shows_no_name_and_no_answer(stage: Stage) -> None:
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo)

    def typed(account: str) -> str:
        said = [(i18n.plain(one.text), *(each.label for each in one.choices)) for one in stage.memory.chat(account)]
        return "\n".join(line for lines in said for line in lines)

    assert "Oysha" in typed("zebo")
    assert "Ойша" in typed("karim")
    await karim.says("/search")
    await karim.chooses("Who may look for us")
    await zebo.says("/search")
    assert "🔎 Djamched Iorov" in typed("zebo"), "the control: labels are read, too"
    await stage.pass_time(timedelta(hours=2), timedelta(minutes=30))
    for account in ("zebo", "karim"):
        for words in ("Oysha", "Ойша", "mother’s mother?", "What is the name of", "grew up in one house"):
            assert words not in typed(account).replace("Your question: What is the name of their mother’s mother?", "")
    await stage.pass_time(timedelta(hours=25), timedelta(hours=1))
    for account in ("zebo", "karim"):
        for words in ("Iorov", "Ёров", "🚪 Ҷамшед", "mother’s mother"):
            assert words not in typed(account)


async def test_nobody_lays_out_many_names_as_bait(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_RECORDS", 1)
    (karim,) = await people(stage, "Karim")
    await kept(karim)
    await karim.says("/search")
    await karim.chooses("Who may look for us")
    await karim.chooses("Me")
    await karim.chooses("Anybody of my community")
    await karim.reads("There can be 1 of these.")
    await karim.says("/search")
    await karim.chooses("Who may look for us")
    await karim.chooses("Ҷамшед")
    await karim.chooses("Change what is known")
    await karim.chooses("Name")
    await karim.reads("By which name")


async def test_nobody_fishes_with_one_name_after_another_and_taking_back_is_never_too_often(stage: Stage) -> None:
    (karim,) = await people(stage, "Karim")
    await kept(karim)
    who = await stage.storage.read(lambda tx: tx.execute(sa.select(schema.sought.c.person_id)).scalar_one())
    for _time in range(rules.MOST_CHOICES - 1):
        await forge(stage, karim.actor, f"found.may:{base36(who)}:{base36(2)}")
        assert "By which name" in karim.actor.last
    await forge(stage, karim.actor, f"found.may:{base36(who)}:{base36(2)}")
    assert "By which name" not in karim.actor.last
    await forge(stage, karim.actor, f"found.fix:{base36(who)}:names")
    assert "By which name" not in karim.actor.last
    await forge(stage, karim.actor, f"found.may:{base36(who)}:{base36(0)}")
    await karim.chooses("Yes, nobody")
    await karim.reads("Who may look: nobody.")
