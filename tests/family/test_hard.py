"""Death and detention: two people check it, somebody calls the family, and nobody learns it from a screen before."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from bot.domain.hard import MOST_TOLD
from bot.domain.roles import Role
from bot.outbox.courier import Unreachable
from bot.platforms.memory import Message
from storage import merging, outbox, people, roles, schema
from tests.family.looking import button, forge, id_of, invite_to, make_circle, open_circle, press, rows
from tests.stage import Actor, Stage
from tests.storage.servers import ONE_ENGINE

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WAITS = "There is something that only you and one other can read. Open it when you are alone."
GONE = "This button is no longer in use."
NEW = "There is something new in what only few of you can read. Open it when you are alone."
ASKED = "Something is asked of you that needs a quiet moment. Open it when you are alone."
DIED = "Told about Rustam: died."
CANARIES = ("died", "detained")


async def relative(stage: Stage, member: Actor, name: str = "Rustam") -> None:
    """Put somebody without the bot into the newest circle."""
    await member.says("/circles")
    await stage.in_code(member, "circle")
    await stage.in_code(member, "kin.add")
    await member.says(name)


async def names(stage: Stage, keeper: Actor, *whom: str, circle: str = "Family") -> None:
    """Let the keeper name people who learn hard news first."""
    for name in whom:
        await open_circle(stage, keeper, circle)
        await keeper.presses("Who learns hard news first")
        await keeper.presses("Name somebody")
        await keeper.presses(name)


async def tells(
    teller: Actor, name: str = "Rustam", what: str = "Died", how: str = "Somebody told me", when: str = "Today"
) -> None:
    """Tell hard news by the buttons."""
    await teller.says("/people")
    for label in ("News of somebody", name, how, "Very bad news", what, when):
        await teller.presses(label)


async def confirms(reader: Actor, grade: str = "A document or an authority") -> None:
    """Read it, and confirm it."""
    await reader.presses("Read it")
    await reader.presses("I confirm it")
    await reader.presses(grade)


async def moderator(stage: Stage, name: str) -> Actor:
    """Somebody whom the community trusts, and who is in no circle of the family."""
    actor = stage.actor(name.lower())
    await actor.settles_in(name)
    who = await id_of(stage, actor)
    await stage.storage.write(partial(roles.give, who=who, what=Role.MODERATOR, now=stage.now()))
    return actor


async def prepared(stage: Stage) -> tuple[Actor, Actor, Actor, Actor]:
    """Zarina keeps the circle, Daler and Maria are named, Safar is told of; Rustam has no telephone."""
    zarina, daler, maria, safar = await stage.family("Zarina", "Daler", "Maria", "Safar")
    await relative(stage, zarina)
    await names(stage, zarina, "Daler", "Maria")
    return zarina, daler, maria, safar


async def told_and_confirmed(stage: Stage) -> tuple[Actor, Actor, Actor, Actor]:
    """Safar has told it, Daler and Maria have confirmed it, and Daler calls the family."""
    zarina, daler, maria, safar = await prepared(stage)
    await tells(safar)
    await confirms(daler)
    await daler.presses("I will call the family")
    await confirms(maria, "Whoever told it saw it")
    await daler.presses("Read it")
    return zarina, daler, maria, safar


async def opens(actor: Actor) -> None:
    """Open it anew, whatever stands there now."""
    if not any("Read it" in label for message in actor.messages for label in labels(message)):
        await actor.presses("Cover it up")
    await actor.presses("Read it")


def shown(actor: Actor) -> Message:
    """Where it stands open on this screen."""
    return next(one for one in reversed(actor.messages) if "🙈 Cover it up" in labels(one))


def shown_labels(actor: Actor) -> list[str]:
    """The buttons under it, where it stands open."""
    return labels(shown(actor))


def labels(message: Message) -> list[str]:
    """What the buttons of a message say."""
    return [choice.label for choice in message.choices]


def knows(actor: Actor) -> bool:
    """Whether anything on this screen says what has happened."""
    return any(word in actor.screen for word in CANARIES)


# -- telling -------------------------------------------------------------------------------------------------------


async def test_only_the_two_whom_the_circle_named_can_read_it_and_no_letter_says_it(stage: Stage) -> None:
    zarina, daler, maria, safar = await prepared(stage)
    await tells(safar)
    for reader in (daler, maria):
        assert reader.last == WAITS
        assert reader.buttons == ["Read it"]
    assert "Only two people can read it" in safar.last
    assert "Daler" not in safar.last
    assert not zarina.sees("There is something")
    assert not any(map(knows, (zarina, daler, maria, safar)))
    await daler.presses("Read it")
    assert f"{DIED}\nSafar: heard it from others. True 2 hours ago, told just now." in daler.last
    assert "No answer yet from Maria." in daler.last
    assert not any(map(knows, (zarina, maria, safar)))


async def test_whoever_could_not_be_reached_for_a_while_reads_it_later(stage: Stage) -> None:
    _zarina, daler, maria, safar = await prepared(stage)
    stage.memory.fail(Unreachable(), "maria")  # she has blocked the bot, and nobody knew of it
    await tells(safar)
    assert daler.last == WAITS
    assert WAITS not in maria.screen
    await stage.pass_time(HOUR)
    await maria.says("/start")
    assert maria.sees(WAITS)
    await maria.presses("Read it")
    assert DIED in maria.last


async def test_what_was_opened_and_could_not_be_shown_is_neither_kept_nor_shown_later(stage: Stage) -> None:
    _zarina, _daler, maria, safar = await prepared(stage)
    await tells(safar)
    stage.memory.fail(Unreachable(), "maria")  # she opens it, and the answer does not reach her
    await maria.presses("Read it")
    assert not knows(maria)
    await stage.pass_time(HOUR)
    await maria.says("/start")
    assert not knows(maria)
    bodies = await stage.storage.read(
        lambda tx: (
            tx.execute(sa.select(schema.letter.c.body).where(schema.letter.c.state == outbox.State.UNREACHABLE.value))
            .scalars()
            .all()
        )
    )
    assert not any(bodies)


async def test_whoever_comes_back_when_it_is_over_is_told_nothing_of_it(stage: Stage) -> None:
    _zarina, daler, maria, safar = await prepared(stage)
    stage.memory.fail(Unreachable(), "maria")
    await tells(safar)
    await safar.presses("Take it back")
    await stage.pass_time(HOUR)
    await maria.says("/start")
    assert WAITS not in maria.screen
    assert not knows(daler)


async def test_what_was_opened_is_covered_up_again_by_a_press_or_after_half_an_hour(stage: Stage) -> None:
    _zarina, daler, _maria, safar = await prepared(stage)
    await tells(safar)
    await daler.presses("Read it")
    await daler.presses("Cover it up")
    assert not knows(daler)
    await daler.presses("Read it")
    await daler.presses("I confirm it")
    await daler.presses("I can't say")
    assert knows(daler)
    await stage.pass_time(29 * MINUTE, MINUTE)
    assert knows(daler), "control: not before"
    await stage.pass_time(2 * MINUTE, MINUTE)
    assert not knows(daler)
    assert daler.last == "It is covered up. Open it when you are alone."
    await daler.presses("Read it")
    assert knows(daler)


async def test_what_was_opened_in_two_messages_is_covered_up_in_both(stage: Stage) -> None:
    _zarina, daler, maria, safar = await prepared(stage)
    await tells(safar)
    await daler.presses("Read it")
    await tells(maria)
    assert knows(daler)
    await daler.presses("Read it")
    assert daler.screen.count(DIED) == 1, "the older one is covered up at once"
    await stage.pass_time(31 * MINUTE, MINUTE)
    assert not knows(daler)


async def test_where_choices_are_typed_it_is_covered_up_as_well(both: Stage) -> None:
    both.platforms[1].lists = True
    zarina, _maria, safar = await both.family("Zarina", "Maria", "Safar")
    daler = both.actor("daler", "matrix")
    await daler.starts()
    await daler.says("English")
    await daler.says("Daler")
    await invite_to(both, zarina, "Family", daler)
    await relative(both, zarina)
    await names(both, zarina, "Daler", "Maria")
    await tells(safar)
    assert WAITS in daler.last
    await daler.says("Read it")
    assert DIED in daler.last
    await daler.says("Read it")
    assert daler.screen.count(DIED) == 1, "the older one is covered up at once"
    await both.pass_time(31 * MINUTE, MINUTE)
    assert not knows(daler)
    await daler.says("Read it")
    await daler.says("Cover it up")
    assert not knows(daler)


async def test_for_somebody_who_is_held_it_rings_at_night_and_for_a_death_it_does_not(stage: Stage) -> None:
    _zarina, daler, _maria, safar = await prepared(stage)
    who = await id_of(stage, daler)
    await stage.storage.write(partial(people.change, who=who, quiet_from=0, quiet_until=24 * 60 - 1))
    await tells(safar)
    assert daler.messages[-1].silent
    await tells(safar, what="Detained")
    assert daler.last == WAITS
    assert not daler.messages[-1].silent


async def test_a_note_can_follow_and_what_was_told_can_be_taken_back(stage: Stage) -> None:
    zarina, daler, maria, safar = await prepared(stage)
    await tells(safar)
    await safar.presses("Add a note")
    await safar.says("The neighbour was there")
    assert daler.last == NEW
    await daler.presses("Read it")
    assert "Note: The neighbour was there" in daler.last
    read = button(maria, "hard.read")[1]
    await press(stage, safar, button(safar, "hard.undo"))
    assert safar.sees("Taken back. Whoever could read it is told so.")
    for reader in (daler, maria):
        assert reader.sees("What only few of you could read was taken back by whoever told it.")
        await forge(stage, reader, read)
        assert GONE in reader.last
    assert (await rows(stage))["hard"] == []
    assert not zarina.sees("taken back")


async def test_telling_the_same_twice_is_one_matter_and_another_teller_adds_their_word(stage: Stage) -> None:
    zarina, daler, _maria, safar = await prepared(stage)
    await tells(safar)
    await tells(safar, how="I saw them")
    assert daler.screen.count(WAITS) == 1
    await tells(zarina)
    assert daler.last == NEW
    assert len((await rows(stage))["hard"]) == 1
    await daler.presses("Read it")
    assert "Safar: saw them." in daler.last
    assert "Zarina: heard it from others." in daler.last


async def test_whoever_frightens_families_can_do_it_only_so_often(stage: Stage) -> None:
    _zarina, _daler, _maria, safar = await prepared(stage)
    for _time in range(MOST_TOLD):
        await tells(safar)
        assert "I have what you know" in safar.last
    await tells(safar)
    assert "That was too often." in safar.last


@pytest.mark.parametrize("words", ["Rustam has died", "Рустам умер", "рустам вафот кард", "Rustamro dastgir kardand"])
async def test_words_that_speak_of_it_go_to_no_circle(stage: Stage, words: str) -> None:
    zarina, _daler, maria, safar = await prepared(stage)
    await safar.says("/start")
    await safar.presses("Other news")
    await safar.presses("Something else")
    await safar.says(words)
    assert "This sounds like a death or an arrest." in safar.last
    assert "🆘 I need help" in safar.buttons
    await safar.says("/people")
    for label in ("News of somebody", "Rustam", "Somebody told me", "📝 Something else", "Today"):
        await safar.presses(label)
    await safar.says(words)
    assert "This sounds like a death or an arrest." in safar.last
    await safar.says("/start")
    await safar.says("I am safe")
    await safar.presses("Add a note")
    await safar.says(words)
    assert "This sounds like a death or an arrest." in safar.last
    assert not zarina.sees(words)
    assert not maria.sees(words)
    await safar.says("We have no light here")
    assert zarina.sees("Safar adds: We have no light here"), "control: other words go"


# -- who reads it --------------------------------------------------------------------------------------------------


async def test_whoever_told_it_confirms_nothing_and_the_keeper_reads_in_their_place(stage: Stage) -> None:
    zarina, daler, maria, _safar = await prepared(stage)
    await tells(daler)
    assert zarina.last == maria.last == WAITS
    assert not daler.sees("There is something")
    await forge(stage, daler, button(maria, "hard.read")[1])
    assert GONE in daler.last


async def test_one_of_the_two_who_tells_it_as_well_is_no_second_voice(stage: Stage) -> None:
    zarina, daler, maria, safar = await prepared(stage)
    await tells(safar)
    await tells(daler)
    assert zarina.last == WAITS, "somebody else confirms it"
    await opens(daler)
    assert "You have told it yourself: somebody else confirms it." in daler.last
    assert not any("confirm" in label for label in daler.buttons)
    await confirms(maria)
    await maria.presses("I will call")
    assert "Calls the family: Maria." in maria.last
    assert "voice now" not in maria.last
    await confirms(zarina)
    assert zarina.sees("It is being told by voice now.")


async def test_where_nobody_is_named_two_whom_the_community_trusts_read_it_and_no_name_but_one(stage: Stage) -> None:
    zarina, _daler, safar = await stage.family("Zarina", "Daler", "Safar", circle="Pamir")
    await relative(stage, zarina)
    one, two = await moderator(stage, "Bahrom"), await moderator(stage, "Nigina")
    await tells(safar)
    for reader in (one, two):
        assert reader.last == WAITS
        await reader.presses("Read it")
        assert DIED in reader.last
        assert "Somebody of the circle: heard it from others." in reader.last
        assert not any(name in reader.screen for name in ("Pamir", "Zarina", "Daler", "Safar"))
        assert not any("call" in label for label in reader.buttons)
    assert not zarina.sees("named")
    await one.presses("I confirm it")
    await one.presses("Several people")
    await two.presses("I confirm it")
    await two.presses("A document")
    assert "The other one" not in one.last
    assert safar.last == ASKED, "whoever told it knows it already"
    await safar.presses("Read it")
    assert "Very hard news about somebody of “Pamir”" in safar.last
    assert not knows(safar)
    await safar.presses("I will call the family")
    assert DIED.replace("Told about", "About") in safar.last
    assert safar.buttons[:2] == ["Zarina", "Daler"]
    for reader in (one, two):
        assert not any(name in reader.screen for name in ("Pamir", "Zarina", "Daler", "Safar"))


async def test_one_named_person_reads_it_with_one_whom_the_community_trusts(stage: Stage) -> None:
    zarina, daler, safar = await stage.family("Zarina", "Daler", "Safar")
    await relative(stage, zarina)
    await names(stage, zarina, "Daler")
    readers = [await moderator(stage, "Bahrom"), await moderator(stage, "Nigina")]
    await tells(safar)
    assert daler.last == WAITS
    assert [reader.last == WAITS for reader in readers].count(True) == 1
    await daler.presses("Read it")
    assert "No answer yet from the other one." in daler.last


async def test_a_moderator_of_the_family_reads_it_only_if_there_is_no_other(stage: Stage) -> None:
    zarina, _daler, safar = await stage.family("Zarina", "Daler", "Safar")
    await relative(stage, zarina)
    who = await id_of(stage, zarina)
    await stage.storage.write(partial(roles.give, who=who, what=Role.MODERATOR, now=stage.now()))
    one, two = await moderator(stage, "Bahrom"), await moderator(stage, "Nigina")
    await tells(safar)
    assert one.last == two.last == WAITS
    assert not zarina.sees(WAITS)


async def test_whoever_has_lost_the_right_reads_nothing_more(stage: Stage) -> None:
    zarina, _daler, safar = await stage.family("Zarina", "Daler", "Safar")
    await relative(stage, zarina)
    one, _two = await moderator(stage, "Bahrom"), await moderator(stage, "Nigina")
    await tells(safar)
    await stage.pass_time(91 * DAY, DAY)
    await press(stage, one, button(one, "hard.read"))
    assert GONE in one.last
    assert not knows(one)


async def test_where_nobody_can_read_it_it_waits_until_the_keeper_names_two(stage: Stage) -> None:
    zarina, daler, maria, safar = await stage.family("Zarina", "Daler", "Maria", "Safar")
    await relative(stage, zarina)
    await tells(safar)
    assert "“Family” has named too few people for this. I keep it" in safar.last
    assert "“Family” has not yet named two people who learn hard news first." in zarina.last
    assert not any(actor.sees("There is something") for actor in (zarina, daler, maria, safar))
    await zarina.presses("Name them")
    await zarina.presses("Name somebody")
    await zarina.presses("Daler")
    assert daler.last == WAITS
    await zarina.presses("Name somebody")
    await zarina.presses("Maria")
    assert maria.last == WAITS
    await confirms(daler)
    assert knows(daler)


async def test_the_keeper_who_tells_it_where_nobody_is_named_can_name_two_at_once(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await relative(stage, zarina)
    await tells(zarina)
    await zarina.presses("Name them")
    await zarina.presses("Name somebody")
    await zarina.presses("Daler")
    assert daler.last == WAITS


# -- checking ------------------------------------------------------------------------------------------------------


async def test_it_takes_two_a_source_and_somebody_who_calls(stage: Stage) -> None:
    zarina, daler, maria, safar = await prepared(stage)
    await tells(safar)
    await confirms(daler)
    await daler.presses("I confirm it")
    await daler.presses("Several people")
    assert "Several people" not in maria.screen
    assert (await rows(stage))["hard_told"] == [], "twice the same one is not two"
    await confirms(maria, "I can't say")
    assert "Then it is not confirmed yet, and nobody is told." in maria.last
    await maria.presses("I confirm it")
    await maria.presses("hearsay")
    assert "It is confirmed. Now somebody must call the family." in maria.last
    assert (await rows(stage))["hard_told"] == [], "and without a caller nobody is told"
    await maria.presses("I will call the family")
    assert "Source: one person, who has it from others." in maria.last, "the weaker of the two"
    assert maria.buttons[:2] == ["Zarina", "Safar"]
    assert not knows(zarina)


async def test_one_no_is_enough_and_the_teller_learns_calmly_that_it_could_not_be_confirmed(stage: Stage) -> None:
    zarina, daler, maria, safar = await prepared(stage)
    await tells(safar)
    await confirms(daler)
    await maria.presses("Read it")
    await maria.presses("Not true, or not certain")
    assert "It is not certain, so nobody is told. It is erased after 30 days." in maria.last
    assert safar.last == "What you told about Rustam could not be confirmed. Nobody was told."
    assert safar.messages[-1].silent
    assert daler.last == NEW
    assert not knows(zarina)
    await maria.presses("I confirm it")
    await maria.presses("A document")
    assert "It is confirmed. Now somebody must call the family." in maria.last, "an answer can be changed"
    await maria.presses("Not true")
    await stage.pass_time(31 * DAY, DAY)
    found = await rows(stage)
    assert found["hard"] == found["hard_word"] == found["hard_reader"] == []


async def test_another_teller_opens_again_what_could_not_be_confirmed(stage: Stage) -> None:
    zarina, daler, maria, safar = await prepared(stage)
    await tells(safar)
    await maria.presses("Read it")
    await maria.presses("Not true")
    await tells(safar)
    await opens(maria)
    assert "It is not certain, so nobody is told." in maria.last, "the same one again changes nothing"
    await tells(zarina)
    assert daler.last == maria.last == NEW
    await maria.presses("Read it")
    assert "I write it to nobody else." in maria.last


# -- calling -------------------------------------------------------------------------------------------------------


async def test_somebody_else_is_asked_to_call_and_is_shown_nothing_before_it_is_sure(stage: Stage) -> None:
    zarina, daler, maria, safar = await prepared(stage)
    await tells(safar)
    await confirms(daler)
    await daler.presses("Somebody else calls")
    assert [label for label in daler.buttons if label != "🙈 Cover it up"] == ["Zarina", "Maria", "Safar"]
    await daler.presses("Zarina")
    assert "Asked: Zarina. Please call them first" in daler.last
    assert zarina.last == ASKED
    await zarina.presses("Read it")
    assert "Very hard news about somebody of “Family” must be told" in zarina.last
    assert "Rustam" not in zarina.last
    await zarina.presses("I will call the family")
    assert "Two people still check it." in zarina.last
    assert not knows(zarina)
    await confirms(maria)
    assert zarina.last == NEW
    await zarina.presses("Read it")
    assert DIED.replace("Told about", "About") in zarina.last
    assert "They know it: Zarina, Daler and Maria." in zarina.last


async def test_whoever_can_not_call_says_so_and_the_two_choose_anew(stage: Stage) -> None:
    zarina, daler, maria, safar = await prepared(stage)
    await tells(safar)
    await confirms(daler)
    await daler.presses("Somebody else calls")
    await daler.presses("Zarina")
    await zarina.presses("Read it")
    await zarina.presses("I can't")
    assert zarina.sees("Thank you for saying so.")
    assert daler.last == NEW
    await maria.presses("Read it")
    assert "📞 I will call the family" in maria.buttons


async def test_where_only_strangers_checked_it_the_keeper_is_asked_if_the_teller_can_not(stage: Stage) -> None:
    zarina, daler, safar = await stage.family("Zarina", "Daler", "Safar")
    await relative(stage, zarina)
    one, two = await moderator(stage, "Bahrom"), await moderator(stage, "Nigina")
    await tells(safar)
    await confirms(one)
    await confirms(two)
    await safar.presses("Read it")
    await safar.presses("I can't")
    assert zarina.last == ASKED
    await zarina.presses("Read it")
    await zarina.presses("Somebody else calls")
    await zarina.presses("Daler")
    assert daler.last == ASKED
    await daler.presses("Read it")
    await daler.presses("I will call the family")
    assert knows(daler)
    assert not knows(zarina)


# -- telling the family --------------------------------------------------------------------------------------------


async def test_only_who_was_told_by_voice_sees_it_under_my_people(stage: Stage) -> None:
    zarina, daler, maria, safar = await told_and_confirmed(stage)
    for actor in (zarina, safar):
        await actor.says("/people")
        assert "⚪ Rustam: no news yet" in actor.last
    await daler.presses("Zarina")
    assert "Have you told Zarina yourself, by voice or in person?" in daler.last
    await zarina.says("/people")
    assert not knows(zarina), "a finger may slip"
    await daler.presses("Yes, by voice")
    before = len(zarina.messages)
    assert "They know it: Zarina, Daler and Maria." in daler.last
    assert len(zarina.messages) == before, "no letter comes"
    await zarina.says("/people")
    line = "Rustam: died, 2 hours ago. You know it from Daler. Source: seen by whoever told it."
    assert line in zarina.last
    await zarina.presses("News of somebody")
    await zarina.presses("Rustam")
    assert line in zarina.last
    await safar.says("/people")
    assert not knows(safar)
    await maria.says("/people")
    assert "You know it from Daler." in maria.last
    await opens(daler)
    await daler.presses("Safar")
    await daler.presses("Yes, by voice")
    assert daler.sees("Everybody in the circle knows it now. Thank you for doing this.")
    await opens(maria)
    assert maria.sees("Everybody in the circle has been told by voice.")


async def test_whoever_comes_later_is_to_be_told_by_voice_too(stage: Stage) -> None:
    zarina, daler, _maria, _safar = await told_and_confirmed(stage)
    for name in ("Zarina", "Safar"):
        await daler.presses(name)
        await daler.presses("Yes, by voice")
    anna = stage.actor("anna")
    await anna.settles_in("Anna")
    await invite_to(stage, zarina, "Family", anna)
    await anna.says("/people")
    assert not knows(anna)
    assert daler.sees("There is something that Anna does not know yet.")
    await opens(daler)
    assert labels(shown(daler))[0] == "Anna"


async def test_what_was_said_later_of_them_stands_beside_it(stage: Stage) -> None:
    zarina, daler, _maria, safar = await told_and_confirmed(stage)
    await daler.presses("Zarina")
    await daler.presses("Yes, by voice")
    await stage.pass_time(HOUR, HOUR)
    await safar.says("/people")
    for label in ("News of somebody", "Rustam", "heard their voice", "✅ Safe"):
        await safar.presses(label)
    await zarina.says("/people")
    assert "Rustam: died, 3 hours ago." in zarina.last
    assert "Said later of Rustam: safe, just now." in zarina.last


async def test_whoever_knows_it_asks_that_account_no_more_how_it_is(stage: Stage) -> None:
    zarina, daler, maria, safar = await stage.family("Zarina", "Daler", "Maria", "Safar")
    await names(stage, zarina, "Daler", "Maria")
    await tells(zarina, "Safar", "Detained")
    await confirms(daler)
    await daler.presses("I will call")
    await confirms(maria)
    await maria.says("/ask")
    assert not any("Safar" in label for label in maria.buttons)
    await maria.presses("Everybody")
    assert not safar.sees("how are you?")
    await zarina.says("/ask")
    await zarina.presses("Safar")
    assert safar.sees("Zarina asks: how are you?"), "control: who has not been told asks as before"


async def test_what_was_wrong_is_said_at_once_to_exactly_those_who_were_told(stage: Stage) -> None:
    zarina, daler, maria, safar = await told_and_confirmed(stage)
    await daler.presses("Zarina")
    await daler.presses("Yes, by voice")
    await press(stage, maria, button(maria, "hard.wrong"))
    assert "Shall 3 people who were told learn at once that it was not true?" in maria.last
    assert not zarina.sees("wrong")
    await maria.presses("Yes, tell them")
    for actor in (zarina, daler):
        assert "What you were told about Rustam was wrong. Maria says so." in actor.last
        assert not actor.messages[-1].silent
    assert not safar.sees("wrong")
    for actor in (zarina, daler, maria):
        await actor.says("/people")
        assert "⚪ Rustam: no news yet" in actor.last


async def test_a_member_of_the_two_strangers_can_take_it_back_too_without_being_named(stage: Stage) -> None:
    zarina, _daler, safar = await stage.family("Zarina", "Daler", "Safar")
    await relative(stage, zarina)
    one, two = await moderator(stage, "Bahrom"), await moderator(stage, "Nigina")
    await tells(safar)
    await confirms(one)
    await confirms(two)
    await safar.presses("Read it")
    await safar.presses("I will call the family")
    await safar.presses("Zarina")
    await safar.presses("Yes, by voice")
    await opens(one)
    await one.presses("It was not true")
    await one.presses("Yes, tell them")
    assert "was wrong. Those who had checked it say so." in zarina.last
    assert not zarina.sees("Bahrom")
    assert "Zarina" not in one.screen


async def test_when_somebody_who_was_held_is_free_those_who_were_told_learn_it(stage: Stage) -> None:
    zarina, daler, maria, safar = await prepared(stage)
    await tells(safar, what="Detained")
    await confirms(daler)
    assert "They are free" not in " ".join(shown_labels(daler)), "not before it is sure"
    await daler.presses("I will call the family")
    assert daler.sees("Please call only when both of you have confirmed it.")
    await confirms(maria)
    await opens(daler)
    await daler.presses("Zarina")
    await daler.presses("Yes, by voice")
    await daler.presses("They are free")
    await daler.presses("Yes, tell them")
    for actor in (zarina, maria):
        assert "Rustam is free. Daler says so." in actor.last
        await actor.says("/people")
        assert "⚪ Rustam: no news yet" in actor.last
    assert not safar.sees("free")
    await tells(safar, what="Detained")
    assert WAITS in maria.last, "what happens again is new"


async def test_nobody_who_died_is_said_to_be_free(stage: Stage) -> None:
    _zarina, daler, _maria, _safar = await told_and_confirmed(stage)
    assert "They are free" not in " ".join(shown_labels(daler))
    await forge(stage, daler, button(daler, "hard.wrong")[1].replace("hard.wrong", "hard.free.yes"))
    assert GONE in daler.last


# -- about a member of the bot -------------------------------------------------------------------------------------


async def test_whoever_it_is_about_learns_nothing_and_reads_nothing_in_their_hands(stage: Stage) -> None:
    zarina, daler, maria, safar = await stage.family("Zarina", "Daler", "Maria", "Safar")
    await names(stage, zarina, "Daler", "Maria")
    before = len(maria.messages)
    await tells(safar, "Maria", "Detained")
    assert len(maria.messages) == before
    assert daler.last == zarina.last == WAITS, "the keeper reads it in the place of whom it is about"
    code = button(daler, "hard.read")[1]
    for verb in ("read", "again", "cover", "yes", "no", "call", "else", "pass", "wrong", "wrong.yes"):
        await forge(stage, maria, code.replace("hard.read", f"hard.{verb}"))
        assert GONE in maria.last
    await confirms(daler)
    await daler.presses("I will call")
    await confirms(zarina)
    await daler.presses("Read it")
    assert not any("Maria" in label for label in daler.buttons), "nor is she among those to be told"
    await maria.says("/people")
    await maria.presses("News of somebody")
    assert not knows(maria)
    await relative(stage, zarina)
    await tells(safar)
    assert not maria.sees("There is something"), "whose account is perhaps in wrong hands reads no other news either"
    assert daler.last == zarina.last == WAITS
    await maria.says("/privacy")
    await maria.presses("A copy for me")
    await maria.presses("Send the copy")
    assert b"detained" not in (maria.messages[-1].attachment.data if maria.messages[-1].attachment else b"")


async def test_their_other_account_learns_nothing_either_once_it_is_known_to_be_theirs(stage: Stage) -> None:
    zarina, daler, maria, safar = await stage.family("Zarina", "Daler", "Maria", "Safar")
    await names(stage, zarina, "Daler", "Maria")
    await stage.memory.block(daler.account, announce=False)
    await tells(zarina, "Safar", "Detained")
    one, two = await id_of(stage, daler), await id_of(stage, safar)
    await stage.storage.write(partial(merging.merge, gone=two, kept=one, now=stage.now()))
    await stage.memory.unblock(daler.account)
    await stage.pass_time(5 * MINUTE, MINUTE)
    assert not daler.sees("There is something")
    found = await rows(stage)
    assert [row[1] for row in found["hard_reader"]] == [await id_of(stage, maria)]
    assert found["hard"][0][1] == one


# -- named, leaving, forgotten -------------------------------------------------------------------------------------


async def test_the_circle_sees_who_is_named_and_each_of_them_can_decline(stage: Stage) -> None:
    zarina, daler, maria, safar = await prepared(stage)
    assert "“Family” has named you as one of two people who learn hard news first." in daler.last
    await open_circle(stage, safar, "Family")
    assert "Learn hard news first: Daler and Maria." in safar.last
    await safar.presses("Who learns hard news first")
    assert safar.buttons == ["⬅️ Back"], "only the keeper names"
    await daler.presses("I would rather not")
    assert "Daler no longer does it." in zarina.last
    await zarina.presses("Name them")
    assert "Learn hard news first: Maria." in zarina.last
    await zarina.presses("➖ Maria")
    assert "Nobody is named yet" in zarina.last
    assert "You are no longer one of the two people" in maria.last


async def test_nobody_names_a_third_and_nobody_but_the_keeper_names(stage: Stage) -> None:
    zarina, daler, maria, safar = await prepared(stage)
    await open_circle(stage, zarina, "Family")
    await zarina.presses("Who learns")
    which = button(zarina, "circle")[1].split(":")[1]
    for actor in (zarina, daler):
        await forge(stage, actor, f"hard.named:{which}:{await id_of(stage, safar):x}")
        assert GONE in actor.last
    await forge(stage, daler, f"hard.release:{which}:{await id_of(stage, maria):x}")
    assert GONE in daler.last
    assert len((await rows(stage))["bearer"]) == 2  # noqa: PLR2004


async def test_where_one_of_the_two_leaves_somebody_else_reads_it_and_the_place_is_free(stage: Stage) -> None:
    zarina, daler, maria, safar = await prepared(stage)
    await tells(safar)
    await open_circle(stage, daler, "Family")
    await daler.presses("Leave")
    await daler.presses("Leave")
    assert zarina.sees("Daler no longer does it.")
    await press(stage, daler, button(daler, "hard.read"))
    assert GONE in daler.last
    bahrom = await moderator(stage, "Bahrom")
    await stage.pass_time(25 * HOUR, HOUR)
    assert bahrom.last == WAITS
    assert "still waits for you" in maria.last


async def test_an_approval_goes_with_whoever_leaves_before_it_is_confirmed(stage: Stage) -> None:
    zarina, daler, maria, safar = await prepared(stage)
    await tells(safar)
    await confirms(daler)
    await open_circle(stage, zarina, "Family")
    await zarina.presses("➖ Remove")
    await zarina.presses("Daler")
    await zarina.presses("➖ Remove")
    await confirms(maria)
    await maria.presses("I will call")
    assert (await rows(stage))["hard_told"] == []


async def test_where_whoever_calls_leaves_the_two_are_asked_again(stage: Stage) -> None:
    _zarina, daler, maria, _safar = await told_and_confirmed(stage)
    await open_circle(stage, daler, "Family")
    await daler.presses("Leave")
    await daler.presses("Leave")
    assert maria.last == NEW or maria.sees(NEW)
    await opens(maria)
    await maria.presses("I will call the family")
    assert labels(shown(maria))[:2] == ["Zarina", "Safar"]
    await maria.says("/people")
    assert "Rustam: died, 2 hours ago. Source:" in maria.last


async def test_a_member_who_is_removed_because_their_account_is_in_wrong_hands_is_not_lost_from_sight(
    stage: Stage,
) -> None:
    zarina, daler, maria, _safar = await stage.family("Zarina", "Daler", "Maria", "Safar")
    await names(stage, zarina, "Daler", "Maria")
    await tells(zarina, "Safar", "Detained")
    await open_circle(stage, zarina, "Family")
    await zarina.presses("➖ Remove")
    await zarina.presses("Safar")
    await zarina.presses("➖ Remove")
    await confirms(daler)
    await daler.presses("I will call")
    await confirms(maria)
    await daler.presses("Read it")
    assert "About Safar: detained." in daler.last
    assert daler.buttons[0] == "Zarina"


async def test_who_is_forgotten_takes_their_own_part_and_what_was_told_of_them(stage: Stage) -> None:
    zarina, daler, maria, safar = await stage.family("Zarina", "Daler", "Maria", "Safar")
    await names(stage, zarina, "Daler", "Maria")
    await tells(safar, "Zarina", "Detained")
    await safar.says("/privacy")
    await safar.presses("Forget me")
    await safar.presses("Yes, forget me")
    await daler.presses("Read it")
    assert "Somebody outside the circle: heard it from others." in daler.last, "what they told stays, without them"
    await zarina.says("/privacy")
    await zarina.presses("Forget me")
    await zarina.presses("Yes, forget me")
    assert daler.sees("What only few of you could read is erased: whoever it was about is no longer here.")
    assert maria.sees("What only few of you could read is erased")
    found = await rows(stage)
    assert found["hard"] == found["hard_word"] == found["hard_reader"] == found["hard_told"] == []


async def test_a_relative_who_is_removed_takes_it_along(stage: Stage) -> None:
    zarina, daler, _maria, safar = await prepared(stage)
    await tells(safar)
    await zarina.says("/people")
    for label in ("News of somebody", "Rustam", "➖ Remove", "➖ Remove"):
        await zarina.presses(label)
    assert daler.sees("What only few of you could read is erased")
    assert (await rows(stage))["hard"] == []


async def test_two_circles_of_one_person_learn_nothing_of_each_other(stage: Stage) -> None:
    zarina, daler, maria, safar = await prepared(stage)
    anna = stage.actor("anna")
    await anna.settles_in("Anna")
    await make_circle(stage, maria, "Work")
    await invite_to(stage, maria, "Work", anna)
    await tells(safar)
    await confirms(daler)
    await daler.presses("I will call")
    await confirms(maria)
    await maria.says("/people")
    assert maria.last.count("Rustam: died") == 1
    await anna.says("/people")
    assert "Rustam" not in anna.screen
    assert not knows(zarina)


# -- time ----------------------------------------------------------------------------------------------------------


async def test_who_has_not_opened_it_is_reminded_and_then_somebody_else_reads_it(stage: Stage) -> None:
    zarina, daler, maria, safar = await prepared(stage)
    await tells(safar)
    await confirms(maria)
    await stage.pass_time(25 * HOUR, HOUR)
    assert "still waits for you" in daler.last
    assert maria.screen.count("still waits for you") == 0
    await stage.pass_time(24 * HOUR, HOUR)
    assert not zarina.sees(WAITS)
    await stage.pass_time(24 * HOUR, HOUR)
    assert zarina.last == WAITS
    await press(stage, daler, button(daler, "hard.read"))
    assert GONE in daler.last, "only two read it"


async def test_who_has_opened_it_is_waited_for(stage: Stage) -> None:
    zarina, daler, _maria, safar = await prepared(stage)
    await tells(safar)
    await daler.presses("Read it")
    await stage.pass_time(100 * HOUR, HOUR)
    assert daler.sees("still waits for you")
    assert WAITS in zarina.screen, "for Maria, who has not opened it"
    await opens(daler)
    assert knows(daler)


@ONE_ENGINE
async def test_what_everybody_knows_is_kept_until_the_circle_lets_old_last_news_go(stage: Stage) -> None:
    zarina, daler, _maria, _safar = await told_and_confirmed(stage)
    for name in ("Zarina", "Safar"):
        await daler.presses(name)
        await daler.presses("Yes, by voice")
    await zarina.says("I am safe")
    await stage.pass_time(500 * DAY, DAY)
    assert len((await rows(stage))["hard"]) == 1
    await zarina.says("/people")
    assert "Rustam: died, " in zarina.last
    await zarina.presses("Erase it")
    found = await rows(stage)
    assert found["hard"] == found["hard_told"] == found["hard_reader"] == found["hard_word"] == []


async def test_what_nobody_ever_confirmed_is_erased_after_a_long_time(stage: Stage) -> None:
    _zarina, _daler, _maria, safar = await prepared(stage)
    await tells(safar)
    await stage.pass_time(399 * DAY, DAY)
    assert len((await rows(stage))["hard"]) == 1
    await stage.pass_time(3 * DAY, DAY)
    assert (await rows(stage))["hard"] == []


# -- in three languages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "died", "waits"), [("tg", "вафот", "танҳо"), ("ru", "кончина", "наедине")])
async def test_the_two_read_it_in_their_own_language(stage: Stage, language: str, died: str, waits: str) -> None:
    zarina, daler, _maria, safar = await stage.family(
        "Zarina", "Daler", "Maria", "Safar", languages={"Daler": language}
    )
    await relative(stage, zarina)
    await names(stage, zarina, "Daler", "Maria")
    await tells(safar)
    assert waits in daler.last
    assert died not in daler.last
    await stage.in_code(daler, "hard.read")
    assert died in daler.last
    assert "Rustam" in daler.last
