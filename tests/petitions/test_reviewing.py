"""A second person with distance opens exactly what they have read; others refuse with one of the fixed reasons."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from bot.domain.petition import Refusal, State
from bot.domain.roles import Role
from handlers.ask import base36
from storage import petitions, roles, vouchers
from storage import sponsors as under
from storage.database import Tx
from storage.schema import role
from tests.family.looking import button, forge, id_of, make_circle, press, rows
from tests.family.test_desk import give
from tests.family.test_desk import people as settled
from tests.family.test_duress import FORCED, family
from tests.petitions.writing import (
    KEY,
    TITLE,
    code_on,
    newest,
    offers,
    only,
    opened,
    opens,
    organisers,
    renews,
    sponsors,
    writes,
)
from tests.stage import Actor, Stage
from tests.storage.servers import ONE_ENGINE

OUTDATED = "This button is no longer in use. Please choose again:"
HOUR = timedelta(hours=1)
pytestmark = ONE_ENGINE


async def offered(stage: Stage) -> tuple[Actor, Actor, Actor, int]:
    """Anna has offered a letter under which Chaman stands; Bahrom is another organiser."""
    anna, bahrom = await organisers(stage, "Anna", "Bahrom")
    (chaman,) = await settled(stage, "Chaman")
    await writes(anna)
    await sponsors(anna, chaman, "Chaman")
    await offers(anna)
    who = await id_of(stage, anna)
    (one,) = await stage.storage.read(partial(petitions.of_author, who=who))
    return anna, bahrom, chaman, one.id


async def state(stage: Stage, which: int) -> State:
    return (await newest(stage, which)).state


async def test_the_author_can_not_agree_nor_refuse(stage: Stage) -> None:
    anna, bahrom, _chaman, which = await offered(stage)
    await bahrom.says("/desk")
    await bahrom.presses("Read: ")
    _message, code = button(bahrom, "letter.yes")
    await forge(stage, anna, code)
    assert "Another person must do this: it is your own." in anna.last
    await forge(stage, anna, f"letter.why:{code.split(':')[1]}:unclear")
    assert "Another person must do this: it is your own." in anna.last
    assert await state(stage, which) is State.REVIEW


async def test_whoever_stands_under_it_or_invited_the_author_neither_sees_nor_opens_it(stage: Stage) -> None:
    anna, bahrom = await organisers(stage, "Anna", "Bahrom")
    near, sponsor, far = await organisers(stage, "Near", "Sponsor", "Far")
    ids = [await id_of(stage, one) for one in (anna, near)]
    await stage.storage.write(lambda tx: vouchers.note(tx, ids[0], [ids[1]]))
    await writes(anna)
    await sponsors(anna, sponsor, "Sponsor")
    await offers(anna)
    await far.says("/desk")
    await far.presses("Read: ")
    _message, code = button(far, "letter.yes")
    for other in (near, sponsor):
        await other.says("/desk")
        assert not any("Read: " in label for label in other.buttons)
        for forged in (code, code.replace("letter.yes", "letter.see"), f"letter.why:{code.split(':')[1]}:unclear"):
            await forge(stage, other, forged)
            assert other.last == OUTDATED
    who = await id_of(stage, far)
    await stage.storage.write(lambda tx: vouchers.note(tx, who, [ids[0]]))  # after it was offered
    await forge(stage, far, code)
    assert "One of you two has invited the other" in far.last
    await bahrom.says("/desk")
    await bahrom.presses("Read: ")
    await bahrom.presses("Open it")
    assert (await only(stage)).state is State.OPEN


async def test_without_another_organiser_nothing_is_offered_and_the_letter_can_still_be_changed(stage: Stage) -> None:
    (anna,) = await organisers(stage, "Anna")
    (chaman,) = await settled(stage, "Chaman")
    await writes(anna)
    await sponsors(anna, chaman, "Chaman")
    await offers(anna)
    assert "There is no other organiser who could agree" in anna.last
    await anna.presses("Back")
    assert "Version 1: being written." in anna.last


async def test_a_letter_is_refused_for_a_fixed_reason_changed_and_offered_again(stage: Stage) -> None:
    anna, bahrom, chaman, which = await offered(stage)
    await bahrom.says("/desk")
    await bahrom.presses("Read: ")
    await bahrom.presses("Refuse it")
    assert len(bahrom.buttons) == len(Refusal) + 1
    await bahrom.presses("A statement has no source")
    assert "Refused. Its author is told why." in bahrom.last
    assert await state(stage, which) is State.REFUSED
    assert "new waits for you" in anna.last
    await anna.presses("Look")
    assert "Refused: A statement has no source." in anna.last
    await anna.presses("Change it")
    await anna.presses("Sources")
    await anna.says("Another report")
    await anna.presses("Back")
    await renews(anna, chaman)
    await offers(anna)
    await opens(bahrom)
    assert await state(stage, which) is State.OPEN


async def test_there_are_no_other_reasons(stage: Stage) -> None:
    _anna, bahrom, _chaman, which = await offered(stage)
    await bahrom.says("/desk")
    await bahrom.presses("Read: ")
    _message, code = button(bahrom, "letter.yes")
    for reason in ("", "none", "open", "ENDANGERS"):
        await forge(stage, bahrom, f"letter.why:{code.split(':')[1]}:{reason}")
        assert bahrom.last == OUTDATED
    assert await state(stage, which) is State.REVIEW


async def test_an_agreement_to_another_letter_opens_nothing(stage: Stage) -> None:
    anna, bahrom, chaman, which = await offered(stage)
    await bahrom.says("/desk")
    await bahrom.presses("Read: ")
    kept = button(bahrom, "letter.yes")
    await anna.says("/desk")
    await anna.presses("Petitions")
    await anna.presses(TITLE)
    await anna.presses("Take it back")
    await anna.presses("Change it")
    await anna.presses("Goal")
    await anna.says("5000")
    await renews(anna, chaman)
    await offers(anna)
    await press(stage, bahrom, kept)
    assert bahrom.last == OUTDATED
    await bahrom.says("/desk")
    await bahrom.presses("Read: ")
    _message, code = button(bahrom, "letter.yes")
    await forge(stage, bahrom, f"{code.rpartition(':')[0]}:{kept[1].rpartition(':')[2]}")
    assert "This has changed since you looked at it." in bahrom.last
    assert await state(stage, which) is State.REVIEW


async def test_what_waited_too_long_is_a_draft_and_is_offered_again(stage: Stage) -> None:
    anna, bahrom, _chaman, which = await offered(stage)
    await stage.pass_time(80 * HOUR, 10 * HOUR)
    await bahrom.says("/desk")
    assert not any("Read: " in label for label in bahrom.buttons)
    await anna.says("/desk")
    await anna.presses("Petitions")
    await anna.presses(TITLE)
    await offers(anna)
    await opens(bahrom)
    assert await state(stage, which) is State.OPEN


async def test_a_letter_whose_deadline_has_come_is_not_opened(stage: Stage) -> None:
    anna, bahrom = await organisers(stage, "Anna", "Bahrom")
    (chaman,) = await settled(stage, "Chaman")
    await writes(anna)
    await anna.presses("Change it")
    await anna.presses("Deadline")
    await anna.says("22.03.2026")
    await sponsors(anna, chaman, "Chaman")
    await offers(anna)
    await stage.pass_time(48 * HOUR, 12 * HOUR)
    await opens(bahrom)
    assert "Something is missing still" in bahrom.last


async def test_whose_right_has_ended_neither_writes_nor_opens(stage: Stage) -> None:
    anna, bahrom, _chaman, which = await offered(stage)
    await bahrom.says("/desk")
    await bahrom.presses("Read: ")
    kept = button(bahrom, "letter.yes")
    who = await id_of(stage, bahrom)

    def end(tx: Tx) -> None:
        held = roles.held(tx, who, Role.ORGANISER, stage.now())
        assert held is not None
        roles.take(tx, held)

    await stage.storage.write(end)
    await press(stage, bahrom, kept)
    assert bahrom.last == OUTDATED
    assert await state(stage, which) is State.REVIEW
    assert anna.last


# -- sponsors ------------------------------------------------------------------------------------------------------


async def test_a_code_works_once_and_a_guessed_one_says_nothing(stage: Stage) -> None:
    (anna,) = await organisers(stage, "Anna")
    chaman, other = await settled(stage, "Chaman", "Other")
    await writes(anna)
    await anna.presses("Sponsors")
    await anna.presses("A person")
    code = code_on(anna)
    for words, sentence in (("123", "A digit is missing or wrong."), ("000000000000", "There is no such code now.")):
        await other.says("/petitions")
        await other.presses("I have a code")
        await other.says(words)
        assert sentence in other.last
    await chaman.says("/petitions")
    await chaman.presses("I have a code")
    await chaman.says(code)
    assert "Everybody will read it, for ever" in chaman.last
    await chaman.says("Chaman <b>\u202e")
    assert "Please write only a name" in chaman.last
    await chaman.says("Chaman Nazarova")
    kept = button(chaman, "petition.stand")
    await press(stage, other, kept)
    assert other.last == OUTDATED
    await press(stage, chaman, kept)
    assert "Done." in chaman.last
    await press(stage, chaman, kept)
    assert chaman.last == OUTDATED
    await other.says("/petitions")
    await other.presses("I have a code")
    await other.says(code)
    assert "There is no such code now." in other.last


async def test_an_organisation_stands_there_once_its_authorised_person_has_said_so(stage: Stage) -> None:
    anna, bahrom = await organisers(stage, "Anna", "Bahrom")
    (chaman,) = await settled(stage, "Chaman")
    await writes(anna)
    await sponsors(anna, chaman, "Chaman")
    await anna.presses("Sponsors")
    await anna.presses("An organisation")
    await anna.says("Pamir Doctors")
    code = code_on(anna)
    await anna.presses("Back")
    assert "Pamir Doctors: has not said anything yet" in anna.last
    await anna.presses("Back")
    assert "Pamir Doctors" not in anna.last
    await bahrom.says("/petitions")
    await bahrom.presses("I have a code")
    await bahrom.says(code)
    assert "Pamir Doctors stands under this letter" in bahrom.last
    await bahrom.presses("Yes, it does")
    await anna.says("/desk")
    await anna.presses("Petitions")
    await anna.presses(TITLE)
    assert "Organisations that sign with us: Pamir Doctors" in anna.last
    await offers(anna)
    assert "There is no other organiser who could agree" in anna.last, "Bahrom speaks for it, and reviews nothing"


async def test_a_code_that_nobody_used_is_gone_after_its_time(stage: Stage) -> None:
    (anna,) = await organisers(stage, "Anna")
    (chaman,) = await settled(stage, "Chaman")
    await writes(anna)
    await anna.presses("Sponsors")
    await anna.presses("A person")
    code = code_on(anna)
    await stage.pass_time(8 * 24 * HOUR, 24 * HOUR)
    await chaman.says("/petitions")
    await chaman.presses("I have a code")
    await chaman.says(code)
    assert "There is no such code now." in chaman.last
    assert (
        await stage.storage.read(lambda tx: [under.of(tx, one.id) for one in petitions.orphaned(tx, stage.now(), 9)])
        == []
    )


# -- duress --------------------------------------------------------------------------------------------------------


async def test_somebody_under_duress_reads_what_everybody_reads_and_stands_under_nothing(stage: Stage) -> None:
    zarina, *_trustees = await family(stage)
    anna, bahrom = await organisers(stage, "Anna", "Bahrom")
    (chaman,) = await settled(stage, "Chaman")
    await zarina.says(FORCED)
    one = await opened(stage, anna, bahrom, chaman)
    await zarina.says("/petitions")
    await zarina.presses(TITLE)
    assert "0 people have signed. The goal is 1000." in zarina.last
    await anna.says("/desk")
    await anna.presses("Petitions")
    await anna.presses(TITLE)
    await anna.presses("A new version")
    await anna.presses("Sponsors")
    await anna.presses("A person")
    code = code_on(anna)
    await zarina.says("/petitions")
    await zarina.presses("I have a code")
    await zarina.says(code)
    who = await id_of(stage, zarina)
    assert who not in await stage.storage.read(partial(under.people_of, which=one.id))


async def test_an_organiser_under_duress_opens_nothing(stage: Stage) -> None:
    zarina, *_trustees = await family(stage)
    who = await id_of(stage, zarina)
    await stage.storage.write(partial(roles.give, who=who, what=Role.ORGANISER, now=stage.now()))
    anna, _bahrom, _chaman, which = await offered(stage)
    await zarina.says("/desk")
    await zarina.presses("Read: ")
    kept = button(zarina, "letter.yes")
    await zarina.says(FORCED)
    await press(stage, zarina, kept)
    assert await state(stage, which) is State.REVIEW
    assert anna.last


async def test_whoever_is_forgotten_stands_under_no_letter_that_is_being_written(stage: Stage) -> None:
    (anna,) = await organisers(stage, "Anna")
    (chaman,) = await settled(stage, "Chaman")
    await writes(anna)
    await sponsors(anna, chaman, "Chaman Nazarova")
    await chaman.says("/forget")
    await chaman.presses("Yes, forget me")
    await anna.says("/desk")
    await anna.presses("Petitions")
    await anna.presses(TITLE)
    assert "Chaman" not in anna.last
    assert "Somebody must stand under it" in anna.last


# -- a yes is to a text --------------------------------------------------------------------------------------------


async def changes(author: Actor, words: str) -> None:
    """The author writes another background."""
    await author.says("/desk")
    await author.presses("Petitions")
    await author.presses(TITLE)
    await author.presses("Change it")
    await author.presses("Texts")
    await author.presses("background")
    await author.says(words)
    await author.presses("Go on")


async def test_a_changed_text_asks_its_sponsors_again_and_is_not_offered_before(stage: Stage) -> None:
    anna, bahrom = await organisers(stage, "Anna", "Bahrom")
    (chaman,) = await settled(stage, "Chaman")
    await writes(anna)
    await sponsors(anna, chaman, "Chaman Nazarova")
    await changes(anna, "Something that Chaman has never read.")
    assert "1 who stands under it has said yes to an earlier text" in anna.last
    await anna.presses("Look at it and offer it")
    assert not anna.sees("Another organiser must agree before anybody can sign.")
    await renews(anna, chaman)
    assert chaman.sees("Something that Chaman has never read.")
    await offers(anna)
    await opens(bahrom)
    assert (await only(stage)).state is State.OPEN


async def test_a_text_that_changes_while_it_is_read_gets_no_yes(stage: Stage) -> None:
    (anna,) = await organisers(stage, "Anna")
    (chaman,) = await settled(stage, "Chaman")
    await writes(anna)
    await anna.presses("Sponsors")
    await anna.presses("A person")
    code = code_on(anna)
    await chaman.says("/petitions")
    await chaman.presses("I have a code")
    await chaman.says(code)
    await chaman.says("Chaman Nazarova")
    await changes(anna, "Something that Chaman has never read.")
    await chaman.presses("Yes, put it there")
    assert "This has changed since you looked at it." in chaman.last
    assert [one.confirmed for one in await stage.storage.read(_sponsors)] == [False]


def _sponsors(tx: Tx) -> list[under.Sponsor]:
    return [one for each in petitions.in_state(tx, State.DRAFT) for one in under.of(tx, each.petition)]


async def test_a_stale_yes_is_refused_at_the_opening_as_well(stage: Stage) -> None:
    anna, bahrom, _chaman, which = await offered(stage)
    await stage.storage.write(lambda tx: under.renew(tx, under.of(tx, which)[0], bytes(32), stage.now()))
    await opens(bahrom)
    assert await state(stage, which) is State.REVIEW
    assert anna.last


# -- nobody's ------------------------------------------------------------------------------------------------------


async def loses(stage: Stage, actor: Actor) -> None:
    """Their right is over."""
    who = await id_of(stage, actor)
    await stage.storage.write(lambda tx: tx.execute(role.delete().where(role.c.person_id == who)))


async def test_two_others_decide_who_looks_after_a_petition_whose_organiser_lost_the_right(stage: Stage) -> None:
    anna, bahrom, daler = await organisers(stage, "Anna", "Bahrom", "Daler")
    (chaman,) = await settled(stage, "Chaman")
    one = await opened(stage, anna, bahrom, chaman)
    await forge(stage, bahrom, f"petition.adopt:{base36(one.id)}")
    assert "no longer in use" in bahrom.last, "as long as somebody looks after it"
    await loses(stage, anna)
    await bahrom.says("/desk")
    await bahrom.presses("Petitions")
    assert "Nobody looks after it any more." in bahrom.last
    await forge(stage, bahrom, f"petition.one:{base36(one.id)}")
    assert "no longer in use" in bahrom.last, "one alone gets nothing"
    await bahrom.says("/desk")
    await bahrom.presses("Petitions")
    await bahrom.presses("Look after: ")
    await bahrom.presses("Look after it")
    assert "Proposed." in bahrom.last
    await daler.says("/desk")
    await daler.presses("Hand over: ")
    await daler.presses("I agree")
    assert "They look after it from now on." in daler.last
    await forge(stage, bahrom, f"petition.close:{base36(one.id)}")
    await bahrom.presses("Yes, close it")
    assert await state(stage, one.id) is State.CLOSING
    await give(stage, anna, Role.ORGANISER)
    await forge(stage, anna, f"petition.packets:{base36(one.id)}")
    assert "no longer in use" in anna.last
    assert KEY.public not in (await rows(stage))["petition"][0]


async def test_whoever_has_invited_the_other_can_not_agree_to_it(stage: Stage) -> None:
    anna, bahrom, daler = await organisers(stage, "Anna", "Bahrom", "Daler")
    (chaman,) = await settled(stage, "Chaman")
    one = await opened(stage, anna, bahrom, chaman)
    await loses(stage, anna)
    await make_circle(stage, bahrom, "Family")
    await stage.invite(bahrom, daler)
    await forge(stage, bahrom, f"petition.adopted:{base36(one.id)}")
    assert "There is no other organiser who could agree" in bahrom.last
    await daler.says("/desk")
    assert not any("Hand over" in label for label in daler.buttons)


# -- old drafts ----------------------------------------------------------------------------------------------------

DAY = 24 * HOUR


async def test_an_old_draft_is_dropped_after_a_word_to_its_author(stage: Stage) -> None:
    (anna,) = await organisers(stage, "Anna")
    await writes(anna)
    which = (await stage.storage.read(partial(petitions.in_state, state=State.DRAFT)))[0].petition
    await stage.pass_time(77 * DAY, 7 * DAY)
    await give(stage, anna, Role.ORGANISER)
    assert "Something new waits for you." in anna.last
    await anna.presses("Look")
    assert "Nobody has changed it for long: it is dropped in" in anna.last
    await stage.pass_time(10 * DAY, 2 * DAY)
    assert await stage.storage.read(partial(petitions.find, which=which)) is not None
    await stage.pass_time(5 * DAY, DAY)
    assert await stage.storage.read(partial(petitions.find, which=which)) is None


async def test_a_letter_that_nobody_has_agreed_to_in_time_is_a_draft_again(stage: Stage) -> None:
    anna, _bahrom, _chaman, which = await offered(stage)
    await stage.pass_time(71 * HOUR, 10 * HOUR)
    assert await state(stage, which) is State.REVIEW
    await stage.pass_time(2 * HOUR)
    assert await state(stage, which) is State.DRAFT
    await anna.presses("Look")
    assert any("offer it" in label for label in anna.buttons)
