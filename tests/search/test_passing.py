"""Whether somebody may stand in a list for others: asked plainly, shown exactly, taken back, and over by itself."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import lists as files
from bot.domain import pfif
from bot.domain.knock import Kind, Known, May
from handlers.ask import base36
from storage import knocks, lists, merging, schema, search
from storage.lists import Whose
from tests.family.looking import button, forge, id_of, press, rows
from tests.family.test_desk import moderators
from tests.family.test_duress import FORCED, chooses
from tests.family.test_privacy import forget
from tests.search.test_knock import kept, lets, people, tries
from tests.search.test_walk import Phone
from tests.stage import Actor, Stage
from tests.storage.servers import ONE_ENGINE

pytestmark = ONE_ENGINE
OUTDATED = "This button is no longer in use. Please choose again:"
RECIPIENT = "Red Cross, Switzerland"
DAY = timedelta(days=1)


async def named(stage: Stage, to: str = RECIPIENT) -> None:
    """Two moderators have said to whom the list goes."""
    await stage.storage.write(partial(lists.name_recipient, to=to))


async def written(stage: Stage, where: Path, version: str = "1.4") -> tuple[pfif.Person, ...]:
    """What stands in the file, if two agree to it now."""
    await stage.storage.write(partial(lists.agree, now=stage.now()))
    where.unlink(missing_ok=True)
    await files.write(stage.storage, files.Export(where, "nur.example.org", "Нур", stage.now(), version))
    return pfif.read(where.read_bytes()).people


async def asked_for_jamshed(karim: Phone) -> None:
    """The keeper of the circle opens the question about the relative."""
    await karim.says("/search")
    await karim.chooses("Who may look for us")
    await karim.chooses("Ҷамшед")
    await karim.chooses("In a list for others")


async def asked_for_search(zebo: Phone) -> None:
    """Whoever looks opens the question about their search."""
    await zebo.says("/search")
    await zebo.chooses("Djamched")
    await zebo.chooses("In a list for others")


async def test_nobody_is_asked_before_two_moderators_have_said_who_gets_the_list(stage: Stage) -> None:
    anna, bahrom, chaman = await moderators(stage, "Anna", "Bahrom", "Chaman")
    (karim,) = await people(stage, "Karim")
    await kept(karim)
    assert not any("In a list" in label for label in karim.actor.buttons)
    await anna.says("/desk")
    await anna.presses("People looked for")
    await anna.presses("Pass records on")
    assert "Nobody is named yet" in anna.last
    await anna.presses("Say who gets it")
    await anna.says("<b>x")
    await anna.says("/desk")
    await anna.presses("People looked for")
    await anna.presses("Pass records on")
    await anna.presses("Say who gets it")
    await anna.says(RECIPIENT)
    assert "Proposed." in anna.last
    assert RECIPIENT not in bahrom.screen, "not on a lock screen"
    assert await stage.storage.read(lists.recipient) == ""
    await bahrom.says("/desk")
    await bahrom.presses("Who gets the list")
    assert f"would go to: {RECIPIENT}" in bahrom.last
    seen = karim.actor.screen
    await bahrom.presses("I agree")
    assert await stage.storage.read(lists.recipient) == RECIPIENT
    assert karim.actor.screen == seen, "nobody is written to"
    await asked_for_jamshed(karim)
    await karim.reads("May this stand in a list", RECIPIENT)
    assert chaman.screen.count("Something new waits for you.") <= 1


async def test_an_agreement_for_one_recipient_is_none_for_another(stage: Stage) -> None:
    anna, bahrom, _chaman = await moderators(stage, "Anna", "Bahrom", "Chaman")
    await named(stage)
    await anna.says("/desk")
    await anna.presses("People looked for")
    await anna.presses("Pass records on")
    await anna.presses("Propose it")
    await named(stage, "Somebody else")
    await bahrom.says("/desk")
    await bahrom.presses("Pass records on")
    await bahrom.presses("I agree")
    assert OUTDATED in bahrom.last
    await stage.storage.write(partial(lists.agree, now=stage.now()))
    await named(stage, "A third")
    assert not await stage.storage.write(partial(lists.agreed, now=stage.now()))


async def test_what_was_shown_goes_out_and_is_taken_back(stage: Stage, tmp_path: Path) -> None:
    (karim,) = await people(stage, "Karim")
    await kept(karim)
    await named(stage)
    assert await written(stage, tmp_path / "out.xml") == ()
    await asked_for_jamshed(karim)
    shown = await karim.reads("In it stands exactly this:", "Ҷамшед Ёров", "1984", "Хоруғ", "only if they would")
    assert "Ойша" not in shown
    await karim.chooses("Yes, for 90 days")
    await karim.reads("It has not gone out yet.")
    (one,) = await written(stage, tmp_path / "out.xml")
    text = (tmp_path / "out.xml").read_text("utf-8")
    assert (one.names, one.born(), one.place(), one.status) == (("Ҷамшед Ёров",), 1984, "Хоруғ", "")
    assert one.fields["expiry_date"] == f"{stage.now() + 90 * DAY:%Y-%m-%dT00:00:00Z}"
    for secret in ("Karim", "Moscow", "grandmother", "karim"):
        assert secret not in text
    await asked_for_jamshed(karim)
    await karim.reads("It first went out")
    await karim.chooses("Take it back")
    await karim.reads("what others have copied, I can't erase")
    (over,) = await written(stage, tmp_path / "out.xml")
    assert over.stub
    assert over.id == one.id
    assert (await rows(stage))["passing"] == []


async def test_a_search_goes_out_as_somebody_who_is_looked_for_and_ends_when_they_are_found(
    stage: Stage, tmp_path: Path
) -> None:
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo)
    await named(stage)
    await asked_for_search(zebo)
    await zebo.reads("that somebody of this community looks for them", "If they hide from somebody")
    await zebo.chooses("Yes, for 30 days")
    (one,) = await written(stage, tmp_path / "out.xml")
    assert (one.names, one.status) == (("Djamched Iorov",), "information_sought")
    text = (tmp_path / "out.xml").read_text("utf-8")
    for secret in ("Zebo", "river", "sibling", "aiSa", "Ойша"):
        assert secret not in text
    which = await stage.storage.read(lambda tx: tx.execute(sa.select(schema.knock.c.id)).scalar_one())
    await stage.storage.write(partial(knocks.found, which=which))
    (over,) = await written(stage, tmp_path / "out.xml")
    assert over.stub
    await zebo.says("/search")
    await forge(stage, zebo.actor, f"pass:s:{base36(which)}")
    assert OUTDATED in zebo.actor.last


async def test_on_its_day_it_ends_and_nothing_of_it_stays(stage: Stage, tmp_path: Path) -> None:
    (karim,) = await people(stage, "Karim")
    await kept(karim)
    await named(stage)
    await asked_for_jamshed(karim)
    await karim.chooses("Yes, for 30 days")
    await written(stage, tmp_path / "out.xml")
    stage._now += 31 * DAY  # noqa: SLF001 - without what else happens as time passes
    (over,) = await written(stage, tmp_path / "out.xml")
    assert over.stub
    await stage.pass_time(timedelta(minutes=2))
    assert (await rows(stage))["passing"] == []
    assert await stage.storage.read(lambda tx: tx.execute(sa.select(schema.sought.c.id)).first()) is not None


async def test_a_yes_is_for_what_was_shown_and_for_whom(stage: Stage, tmp_path: Path) -> None:
    (karim,) = await people(stage, "Karim")
    await kept(karim)
    await named(stage)
    await asked_for_jamshed(karim)
    stale = button(karim.actor, "pass.yes")
    await named(stage, "Somebody else")
    await press(stage, karim.actor, stale)
    assert OUTDATED in karim.actor.last
    await named(stage)
    await asked_for_jamshed(karim)
    await karim.chooses("Yes, for 30 days")
    assert len(await written(stage, tmp_path / "out.xml")) == 1
    await named(stage, "Somebody else")
    assert [one.stub for one in await written(stage, tmp_path / "out.xml")] == [True]
    await asked_for_jamshed(karim)
    shown = await karim.reads("May this stand", "Somebody else")
    assert RECIPIENT not in shown
    await karim.chooses("Yes, for 30 days")
    who = await stage.storage.read(lambda tx: tx.execute(sa.select(schema.sought.c.person_id)).scalar_one())
    await forge(stage, karim.actor, f"found.may:{base36(who)}:{base36(2)}")
    for words in ("Ҷамшед Каримович Ёров", "1984", "Хоруғ"):
        await karim.says(words)
    await karim.reads("Kept. Whoever looks")
    assert (await rows(stage))["passing"] == [], "other words need another yes"


async def test_a_yes_does_not_come_back_with_the_one_it_was_for(stage: Stage, tmp_path: Path) -> None:
    (karim,) = await people(stage, "Karim")
    await kept(karim)
    await named(stage)
    await asked_for_jamshed(karim)
    await karim.chooses("Yes, for 90 days")
    await named(stage)
    assert len(await written(stage, tmp_path / "out.xml")) == 1, "naming the same one again changes nothing"
    await named(stage, "A ministry")
    await named(stage)
    assert [one.stub for one in await written(stage, tmp_path / "out.xml")] == [True]
    await asked_for_jamshed(karim)
    await karim.reads("May this stand in a list")
    assert (await rows(stage))["passing"] == []


async def test_a_yes_for_the_one_before_that_an_older_version_has_kept_counts_for_nobody(
    stage: Stage, tmp_path: Path
) -> None:
    (karim,) = await people(stage, "Karim")
    await kept(karim)
    await named(stage)
    await asked_for_jamshed(karim)
    await karim.chooses("Yes, for 90 days")
    await stage.storage.write(lambda tx: tx.execute(schema.passing.update().values(recipient="A ministry")))
    await asked_for_jamshed(karim)
    await karim.reads("May this stand in a list")
    await named(stage, "A ministry")
    assert await written(stage, tmp_path / "out.xml") == ()


async def test_whoever_keeps_a_circle_from_now_on_has_not_said_yes(stage: Stage, tmp_path: Path) -> None:
    keeper, safar, _maria = await stage.family("Karim", "Safar", "Maria")
    karim = Phone(keeper)
    await karim.says("/circles")
    await karim.chooses("Family")
    await karim.chooses("Somebody without the bot")
    await karim.says("Ҷамшед")
    await lets(karim)
    await named(stage)
    await asked_for_jamshed(karim)
    await karim.chooses("Yes, for 90 days")
    assert len(await written(stage, tmp_path / "out.xml")) == 1
    for label in ("Family", "Hand over", "Safar"):
        if label == "Family":
            await karim.says("/circles")
        await karim.chooses(label)
    assert [one.stub for one in await written(stage, tmp_path / "out.xml")] == [True]
    await asked_for_jamshed(Phone(safar))
    await Phone(safar).reads("May this stand in a list")


async def test_nobody_answers_for_what_is_not_theirs(stage: Stage) -> None:
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo)
    await named(stage)
    who, which = await stage.storage.read(
        lambda tx: (
            tx.execute(sa.select(schema.sought.c.person_id)).scalar_one(),
            tx.execute(sa.select(schema.knock.c.id)).scalar_one(),
        )
    )
    answers = set()
    for verb in ("pass", "pass.yes", "pass.no"):
        for actor, code in ((zebo, f"r:{base36(who)}"), (karim, f"s:{base36(which)}"), (zebo, "r:1"), (zebo, "x")):
            await forge(stage, actor.actor, f"{verb}:{code}:{base36(30)}:1")
            answers.add(actor.actor.last)
    assert len(answers) == 1
    assert OUTDATED in answers.pop()
    assert (await rows(stage))["passing"] == []


async def test_it_stands_in_the_copy_and_is_forgotten_with_the_account(stage: Stage, tmp_path: Path) -> None:
    (zebo,) = await people(stage, "Zebo")
    await tries(zebo)
    await named(stage)
    await asked_for_search(zebo)
    await zebo.chooses("Yes, for 30 days")
    await written(stage, tmp_path / "out.xml")
    await zebo.says("/privacy")
    await zebo.reads("You let 1 record stand in a list for others.")
    await zebo.chooses("A copy for me")
    await zebo.chooses("Send the copy")
    sent = stage.memory.chat("zebo")[-1].attachment
    assert sent is not None
    (given,) = json.loads(sent.data)["what may stand in a list for others"]
    assert (given["names"], given["to"]) == (["Djamched Iorov"], RECIPIENT)
    await forget(zebo.actor)
    found = await rows(stage)
    assert found["passing"] == []
    (over,) = await written(stage, tmp_path / "out.xml")
    assert over.stub


async def test_two_accounts_that_become_one_keep_one_yes_and_none_that_was_for_another_record(
    stage: Stage, tmp_path: Path
) -> None:
    zebo, other = await people(stage, "Zebo", "Other")
    gone, stays = await id_of(stage, other.actor), await id_of(stage, zebo.actor)
    await tries(other)
    await named(stage)
    await asked_for_search(other)
    await other.chooses("Yes, for 30 days")

    def hold(tx: object, who: int, name: str) -> None:
        which = search.put(tx, Kind.MEMBER, Known((name,)), stage.now(), person=who, may=May.KIN)  # type: ignore[arg-type]
        lists.say_yes(tx, Whose(record=which), RECIPIENT, stage.now(), stage.now() + 9 * DAY)  # type: ignore[arg-type]

    await stage.storage.write(partial(hold, who=gone, name="Олим Гулов"))
    await stage.storage.write(partial(hold, who=stays, name="Зебо Ёрова"))
    assert len(await written(stage, tmp_path / "out.xml")) == 3  # noqa: PLR2004
    await stage.storage.write(partial(merging.merge, gone=gone, kept=stays, now=stage.now()))
    found = await written(stage, tmp_path / "out.xml")
    assert sorted(one.names for one in found if not one.stub) == [("Djamched Iorov",), ("Зебо Ёрова",)]
    assert sum(one.stub for one in found) == 1
    await asked_for_search(zebo)
    await zebo.chooses("Take it back")


async def test_what_a_forced_account_says_yes_to_goes_nowhere(stage: Stage, tmp_path: Path) -> None:
    zarina, _daler, _maria = await stage.family("Zarina", "Daler", "Maria")
    await chooses(stage, zarina, "Daler", "Maria")
    await tries(Phone(zarina))
    await named(stage)
    await zarina.says(FORCED)
    await stage.pass_time(timedelta(minutes=1))
    await asked_for_search(Phone(zarina))
    await zarina.presses("Yes, for 30 days")
    assert "Kept." in zarina.last
    assert "It has not gone out yet." in zarina.last
    assert await written(stage, tmp_path / "out.xml") == ()
    await asked_for_search(Phone(zarina))
    assert "It has not gone out yet." in zarina.last, "whatever the screen says"
    await zarina.presses("Take it back")
    assert "Taken back." in zarina.last


@pytest.mark.parametrize("typed", ["", "12345", "\u202eevil", "x" * 3000, "a\nb"])
async def test_what_is_no_recipient_is_refused_kindly(stage: Stage, typed: str) -> None:
    anna: Actor
    anna, _bahrom, _chaman = await moderators(stage, "Anna", "Bahrom", "Chaman")
    await forge(stage, anna, "recipient")
    await anna.says(typed)
    assert "wrong on our side" not in anna.screen
    assert "\u202e" not in str(await rows(stage))
