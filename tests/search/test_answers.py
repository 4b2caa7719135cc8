"""What comes of an answer: no letter about it is lost, what was released stays readable, and its age is told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from bot.domain import knock as rules
from bot.domain.knock import Case
from handlers.ask import base36
from handlers.search import finding
from storage import hard, knocks, schema
from tests.family.looking import forge
from tests.family.test_links import TOO_NEW, linked
from tests.search.test_knock import NEW, cases, got, kept, people, soon, tries
from tests.storage.servers import ONE_ENGINE

if TYPE_CHECKING:
    from tests.search.test_walk import Phone
    from tests.stage import Stage

pytestmark = ONE_ENGINE
STEP = timedelta(minutes=40)  # a message can be deleted for two days


async def asked(stage: Stage) -> tuple[Phone, Phone]:
    """Karim has a letter: Zebo looks for his brother, and has answered rightly."""
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo)
    await soon(stage)
    assert got(karim.actor) == 1
    return zebo, karim


async def answered(stage: Stage) -> tuple[Phone, Phone]:
    """And has answered her."""
    zebo, karim = await asked(stage)
    await karim.chooses("Open it")
    await karim.chooses("Yes: alive")
    assert got(zebo.actor) == 1
    return zebo, karim


async def days(stage: Stage, n: int) -> None:
    await stage.pass_time(timedelta(days=n), STEP)


async def test_a_letter_that_nobody_opens_comes_again_and_is_marked_until_it_is_opened(stage: Stage) -> None:
    zebo, karim = await answered(stage)
    await days(stage, 2)
    assert got(zebo.actor) == 0, "it went from the chat by itself"
    await days(stage, 2)
    assert got(zebo.actor) == 1, "and came again"
    await days(stage, 3)
    assert got(zebo.actor) == 0
    await zebo.says("/search")
    await zebo.reads("💬 stands where something waits")
    await zebo.chooses("💬 Djamched Iorov")
    await zebo.chooses("An answer")
    await zebo.reads("alive, and known to us")
    await zebo.says("/search")
    await zebo.chooses("🔎 Djamched Iorov")
    await days(stage, 12)
    assert got(zebo.actor) == 0, "what was opened is not said again"
    assert got(karim.actor) == 0, karim.actor.screen


async def test_whoever_was_asked_is_asked_again_and_no_more_than_three_times(stage: Stage) -> None:
    _zebo, karim = await asked(stage)
    letters = 0
    for _day in range(50):
        before = got(karim.actor)
        await days(stage, 1)
        letters += got(karim.actor) > before
    assert letters == len(rules.REPEATED)
    await karim.says("/search")
    await karim.chooses("Who may look for us")
    await karim.chooses("💬 Ҷамшед")
    await karim.chooses("💬 Somebody looks")
    await karim.chooses("Yes: alive")
    await karim.says("/search")
    await karim.chooses("Who may look for us")
    await karim.chooses("🚪 Ҷамшед")
    await karim.chooses("✅ You answered")


async def test_a_second_message_takes_the_place_of_the_first_knowingly_and_makes_no_second_letter(stage: Stage) -> None:
    zebo, karim = await answered(stage)
    await zebo.chooses("Open it")
    await zebo.chooses("Write to them")
    await zebo.says("Mother lives at our aunt.")
    await zebo.reads("as soon as they give the same", "You wrote: Mother lives at our aunt.")
    assert got(karim.actor) == 2, "the letter that was opened, and a new one"  # noqa: PLR2004
    await zebo.chooses("Write to them")
    await zebo.reads("takes the place of what you wrote: Mother lives at our aunt.")
    await zebo.says("Mother lives at our aunt. Please hurry.")
    assert got(karim.actor) == 2, "one that was not opened stands already"  # noqa: PLR2004
    await karim.chooses("Open it")
    await karim.reads("Write to them (✍️), and you read it")
    await karim.chooses("I write to them")
    await karim.says("He is well.")
    await karim.reads("They can read it now.")
    await karim.chooses("Look at it")
    await karim.reads("They write: Mother lives at our aunt. Please hurry.", "You wrote: He is well.")


async def test_whoever_left_only_a_number_is_read_once_the_other_leaves_one(stage: Stage) -> None:
    zebo, karim = await asked(stage)
    await karim.chooses("Open it")
    await karim.chooses("how to reach me")
    await karim.says("+7 000 000 00 00")
    await karim.reads("as soon as they give the same")
    await zebo.chooses("Open it")
    await zebo.reads("Leave yours (📞), and you read it")
    assert "+7" not in zebo.actor.last
    await zebo.chooses("How to reach me")
    await zebo.says("zebo, the yellow house")
    await zebo.reads("They can read it now.", "How to reach them: +7 000 000 00 00")


async def test_found_is_asked_once_and_what_was_released_stays_readable_for_both(stage: Stage) -> None:
    zebo, karim = await asked(stage)
    await karim.chooses("Open it")
    await karim.chooses("how to reach me")
    await karim.says("+7 000 000 00 00")
    await zebo.chooses("Open it")
    await zebo.chooses("How to reach me")
    await zebo.says("zebo, the yellow house")
    await zebo.chooses("Found. Close it")
    await zebo.reads("Then I look no further.")
    assert await cases(stage) == [Case.OPEN]
    assert "+7 000 000 00 00" in zebo.actor.screen, "what was read stands there still"
    await zebo.chooses("Yes, close it")
    await zebo.reads("Thank you")
    await days(stage, 3)
    await zebo.says("/search")
    await zebo.chooses("Djamched")
    await zebo.reads("Found. It is erased on")
    assert not any("Look longer" in one or "Change" in one for one in zebo.actor.buttons)
    await zebo.chooses("An answer")
    await zebo.reads("How to reach them: +7 000 000 00 00")
    assert not any("Write" in one or "Found" in one for one in zebo.actor.buttons)
    await karim.says("/search")
    await karim.chooses("Who may look for us")
    await karim.chooses("Ҷамшед")
    await karim.chooses("🤝 Found")
    await karim.reads("zebo, the yellow house")
    assert karim.actor.buttons == ["⬅️ Back"]
    await days(stage, 13)
    assert await cases(stage) == []


async def test_alive_has_an_age_also_where_a_death_is_known_since(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    zebo, karim = await answered(stage)
    await days(stage, 10)
    who = await stage.storage.read(lambda tx: tx.execute(sa.select(schema.sought.c.person_id)).scalar_one())
    monkeypatch.setattr(hard, "known_to", lambda _tx, _circle, _person: {who: None})
    await zebo.says("/search")
    await zebo.chooses("Djamched")
    await zebo.chooses("An answer")
    await zebo.reads("alive, and known to us", "That was said 10 days ago.")
    await karim.says("/search")
    await karim.chooses("Who may look for us")
    await karim.chooses("Ҷамшед")
    await karim.chooses("You answered")
    await karim.reads("told only by voice", "What they read was said 10 days ago.")


async def test_whoever_parts_two_people_is_asked_once_and_the_other_side_reads_what_is_true(stage: Stage) -> None:
    zebo, karim = await answered(stage)
    await zebo.chooses("Open it")
    await zebo.chooses("It is somebody else")
    await zebo.reads("Two different people?")
    assert await cases(stage) == [Case.OPEN]
    await zebo.chooses("Back")
    await zebo.reads("alive, and known to us")
    await zebo.chooses("It is somebody else")
    await zebo.chooses("Yes, two people")
    assert await cases(stage) == [Case.NOT_SAME]
    await karim.reads(NEW)
    await karim.chooses("Open it")
    await karim.reads("says that it is somebody else")


@pytest.mark.parametrize("code", ["knock.case", "knock.one", "found.case"])
async def test_a_letter_about_a_search_that_has_ended_says_so_as_it_does_of_one_that_never_was(
    stage: Stage, code: str
) -> None:
    zebo, karim = await answered(stage)
    (case,) = await stage.storage.read(lambda tx: list(tx.execute(sa.select(schema.candidate.c.id)).scalars()))
    (knock,) = await stage.storage.read(lambda tx: list(tx.execute(sa.select(schema.knock.c.id)).scalars()))
    await zebo.says("/search")
    await zebo.chooses("Djamched")
    await zebo.chooses("Erase it")
    await zebo.chooses("Yes, erase it")
    number = knock if code == "knock.one" else case
    said = []
    for who, which in ((karim, number), (zebo, number), (karim, number + 1)):
        await forge(stage, who.actor, f"{code}:{base36(which)}")
        said.append(who.actor.last)
    assert len(set(said)) == 1
    assert "This search has ended." in said[0]


async def test_an_account_that_was_linked_lately_erases_and_parts_nothing(both: Stage) -> None:
    zebo, karim = await answered(both)
    (case,) = await both.storage.read(lambda tx: list(tx.execute(sa.select(schema.candidate.c.id)).scalars()))
    (knock,) = await both.storage.read(lambda tx: list(tx.execute(sa.select(schema.knock.c.id)).scalars()))
    new = await linked(both, zebo.actor)
    other = await linked(both, karim.actor, "karim.m")
    await both.pass_time(timedelta(hours=25), STEP)
    for code in (f"knock.ended:{base36(knock)}", f"knock.no:{base36(case)}:1", f"knock.found:{base36(case)}:1"):
        await forge(both, new, code)
        assert TOO_NEW in new.last, code
    for code in (f"found.no:{base36(case)}:1",):
        await forge(both, other, code)
        assert TOO_NEW in other.last, code
    assert await cases(both) == [Case.OPEN]


async def test_the_next_keeper_reads_nothing_of_a_search_that_was_found_before_and_whoever_looked_still_does(
    stage: Stage,
) -> None:
    zebo, karim = await asked(stage)
    await karim.chooses("Open it")
    await karim.chooses("how to reach me")
    await karim.says("+7 000 000 00 00")
    await zebo.chooses("Open it")
    await zebo.chooses("How to reach me")
    await zebo.says("zebo, the yellow house")
    await zebo.chooses("Found. Close it")
    await zebo.chooses("Yes, close it")
    (case,) = await stage.storage.read(lambda tx: list(tx.execute(sa.select(schema.candidate.c.id)).scalars()))
    await forge(stage, karim.actor, f"found.case:{base36(case)}")
    await karim.reads("zebo, the yellow house")  # the control: until then
    circle = await stage.storage.read(lambda tx: tx.execute(sa.select(schema.circle.c.id)).scalar_one())
    await stage.storage.write(lambda tx: finding.hands_over(tx, circle, 0, stage.now()))
    await forge(stage, karim.actor, f"found.case:{base36(case)}")
    await karim.reads("This search has ended.")
    kept_words = await stage.storage.read(lambda tx: knocks.case(tx, case))
    assert kept_words is not None
    assert "yellow" not in str(kept_words.messages)
    await zebo.says("/search")
    await zebo.chooses("Djamched")
    await zebo.chooses("An answer")
    await zebo.reads("+7 000 000 00 00")


async def test_a_question_that_was_never_chosen_is_not_said_anew(stage: Stage) -> None:
    (karim,) = await people(stage, "Karim")
    await karim.says("/search")
    await karim.chooses("Who may look for us")
    await karim.chooses("Me")
    await karim.chooses("Anybody of my community")
    for words in ("Сафар Давлатов", "1984", "Ванҷ"):
        await karim.says(words)
    who = await stage.storage.read(lambda tx: tx.execute(sa.select(schema.sought.c.person_id)).scalar_one())
    await forge(stage, karim.actor, f"found.fix:{base36(who)}:question")
    await karim.reads("no longer in use")
