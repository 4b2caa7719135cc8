"""A petition is written by form in three languages, never lost, read by a second person, and read by everybody."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from bot.domain import petition as rules
from bot.domain.petition import LANGUAGES, State
from storage import petitions
from storage.database import Tx
from tests.family.looking import forge, id_of
from tests.family.test_desk import people as settled
from tests.petitions.writing import (
    LETTER,
    RUSSIAN,
    TITLE,
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

pytestmark = ONE_ENGINE
OUTDATED = "This button is no longer in use. Please choose again:"
DAY = timedelta(days=1)


async def test_an_organiser_writes_a_letter_in_three_languages_and_another_one_opens_it(stage: Stage) -> None:
    anna, bahrom = await organisers(stage, "Anna", "Bahrom")
    (chaman,) = await settled(stage, "Chaman")
    await writes(anna)
    assert "Somebody must stand under it with their name" in anna.last
    await anna.presses("Change it")
    assert f"English: title {len(TITLE)}/120, letter {len(LETTER)}/6000" in anna.last
    await anna.presses("Back")
    await sponsors(anna, chaman, "Chaman Nazarova")
    assert "Sponsors: Chaman Nazarova" in anna.screen
    assert "What is lacking still" not in anna.screen
    await offers(anna)
    assert "Offered. It can be signed as soon as another organiser agrees." in anna.last
    await bahrom.says("/desk")
    await bahrom.presses(f"Read: {TITLE}")
    for words in (LETTER, RUSSIAN["letter"], "Роҳ баста аст.", "Send a doctor.", "Since May the road is closed."):
        assert bahrom.sees(words)
    await bahrom.presses("Open it")
    assert "It is open" in bahrom.last
    one = await only(stage)
    assert (one.state, one.size, one.count) == (State.OPEN, 1, 0)
    version = await newest(stage, one.id)
    assert version.letter.languages == LANGUAGES
    assert version.letter.sponsors == ("Chaman Nazarova",)
    assert rules.read_file(rules.file_of(version.letter)) == version.letter
    assert version.digest == version.letter.digest()


async def test_everybody_reads_an_open_letter_in_their_language_and_a_stranger_the_same(stage: Stage) -> None:
    anna, bahrom = await organisers(stage, "Anna", "Bahrom")
    (chaman,) = await settled(stage, "Chaman")
    one = await opened(stage, anna, bahrom, chaman)
    await chaman.says("/petitions")
    assert f"• {TITLE}\n0 people have signed; the goal is 1000." in chaman.last
    await chaman.presses(TITLE)
    assert LETTER in chaman.screen
    assert "0 people have signed. The goal is 1000." in chaman.last
    assert "To: International Committee of the Red Cross" in chaman.last
    assert "It can be signed until 19 June 2026." in chaman.last
    assert "Sponsors: Sponsora Canary" in chaman.last
    member = chaman.messages[-1].text, [choice.code for choice in chaman.messages[-1].choices]
    for label in ("Sign", "Follow", "I want to withdraw"):
        assert any(label in button for button in chaman.buttons)
    await chaman.presses("Background")
    assert "1. Report of 14 May, https://example.org/report" in chaman.last
    await chaman.presses("Back")
    await chaman.presses("What we ask")
    assert "What we ask of: International Committee of the Red Cross\nSend a doctor." in chaman.last
    await chaman.presses("Back")
    await chaman.presses("Русский")
    assert RUSSIAN["letter"] in chaman.messages[-2].text
    stranger = stage.actor("stranger")
    code = next(choice for choice in member[1] if choice.startswith("petition.sign")).partition(":")[2]
    await stranger.starts(f"p{code}")
    await stranger.presses("English")
    assert (stranger.messages[-1].text, [choice.code for choice in stranger.messages[-1].choices]) == member
    typed = stage.actor("typed")
    await typed.settles_in("Typed")
    await typed.says(f"/petitions p{code}")
    assert (typed.messages[-1].text, [choice.code for choice in typed.messages[-1].choices]) == member
    assert one.count == 0


async def test_a_link_to_nothing_and_one_to_a_draft_are_answered_alike(stage: Stage) -> None:
    (anna,) = await organisers(stage, "Anna")
    (reader,) = await settled(stage, "Reader")
    await writes(anna)
    which = next(one.code.split(":")[1] for one in anna.messages[-1].choices if one.code.startswith("petition.parts:"))
    for code in ("p0", "p1y2p0ij32e8e7", "pzzzzzzzzzzzzz", f"p{which}"):
        await reader.starts(code)
        assert reader.last == OUTDATED
    assert not reader.sees(TITLE)


async def test_a_letter_is_picked_up_on_another_day_after_the_program_began_anew(stage: Stage) -> None:
    (anna,) = await organisers(stage, "Anna")
    await anna.says("/desk")
    await anna.presses("Petitions")
    await anna.presses("A new one")
    await anna.says(TITLE)
    await anna.says(LETTER)
    stage.app = stage.open()
    await stage.pass_time(3 * DAY, DAY / 4)
    await anna.says("/desk")
    await anna.presses("Petitions")
    await anna.presses(TITLE)
    await anna.presses("Change it")
    assert "letter 50/6000" in anna.last
    await anna.presses("Back")
    await anna.presses("Go on")
    assert "The background" in anna.last


async def test_a_long_letter_comes_in_several_messages_and_never_grows_too_long(stage: Stage) -> None:
    (anna,) = await organisers(stage, "Anna")
    await anna.says("/desk")
    await anna.presses("Petitions")
    await anna.presses("A new one")
    await anna.says(TITLE)
    await anna.says("a" * 4000)
    await anna.says("b" * 1900)
    assert "Kept: 5902 of 6000 characters." in anna.last
    await anna.says("c" * 200)
    assert "That is too long. Please write at most 96 characters." in anna.last
    await anna.says("c" * 96)
    assert "Kept: 6000 of 6000 characters." in anna.last
    await anna.says("One word more")
    assert "That is too long." in anna.last
    await anna.presses("Begin it anew")
    await anna.says("Short.")
    assert "Kept: 6 of 6000 characters." in anna.last


async def test_a_letter_as_long_as_can_be_fits_into_messages(stage: Stage) -> None:
    anna, bahrom = await organisers(stage, "Anna", "Bahrom")
    (chaman,) = await settled(stage, "Chaman")
    await writes(anna)
    await sponsors(anna, chaman, "Chaman")

    def fill(tx: Tx) -> None:
        (one,) = petitions.of_author(tx, who)
        last = petitions.newest(tx, one.id)
        assert last is not None
        texts = {
            (language, part.key): ("🙂Ғ <b>& " * part.longest)[: part.longest].strip()
            for language, part in ((language, part) for language in LANGUAGES for part in rules.Part)
        }
        sources = tuple("<s>" + "x" * 297 for _n in range(20))
        letter = rules.Letter(
            **{
                **{name: getattr(last.letter, name) for name in last.letter.__slots__},
                "texts": texts,
                "sources": sources,
            }
        )
        assert petitions.change(tx, one.id, last.number, letter, stage.now())

    who = await id_of(stage, anna)
    await stage.storage.write(fill)
    await anna.says("/desk")
    await anna.presses("Petitions")
    await anna.presses("📜 🙂")
    await renews(anna, chaman, "📜 🙂")
    await offers(anna)
    await opens(bahrom, "🙂")
    await chaman.says("/petitions")
    await chaman.presses("📜 🙂")
    await chaman.presses("Background")
    await chaman.presses("Back")
    await chaman.presses("What we ask")
    assert stage.memory.refused == []


async def test_whatever_is_written_the_form_stays_whole(stage: Stage) -> None:
    (anna,) = await organisers(stage, "Anna")
    for words in (" ", "\u202e", "<b>" * 1300, "a" * 4096, "=1+1", "🙂" * 130, "x\ny\nz", "\u202etxet", "/nothing"):
        await anna.says("/desk")
        await anna.presses("Petitions")
        await anna.presses("A new one")
        await anna.says(words)
        await anna.says("/desk")
        await anna.presses("Petitions")
        await anna.presses("📜")
        assert "Version 1: being written." in anna.last
        await anna.presses("Change it")
        await anna.presses("Throw it away")
        await anna.presses("Yes, throw it away")
    assert stage.memory.refused == []


async def test_a_petition_is_its_authors_alone(stage: Stage) -> None:
    anna, bahrom = await organisers(stage, "Anna", "Bahrom")
    (stranger,) = await settled(stage, "Stranger")
    await writes(anna)
    codes = {choice.code for message in anna.messages for choice in message.choices if ":" in choice.code}
    assert len(codes) > 10  # noqa: PLR2004
    for code in sorted(codes):
        if code.split(":")[0] in {"petition", "petitions"}:
            continue
        for other in (bahrom, stranger):
            await forge(stage, other, code)
            assert other.last == OUTDATED, code


async def test_wrong_numbers_days_and_keys_get_a_kind_sentence(stage: Stage) -> None:
    (anna,) = await organisers(stage, "Anna")
    await writes(anna)
    for button, wrong, sentence, right in (
        ("Goal", ("many", "0", "-3", "9" * 30), "I could not read a number in that.", "10 000"),
        ("Deadline", ("soon", "01.01.2020", "14.05.2030", "31.02.2027"), "Please write a day to come", "01.06.2026"),
        ("Public key", ("PVO1abc", "PVOSECRET1" + "a" * 48, "x"), "This is no public key", ""),
    ):
        await anna.presses("Change it")
        await anna.presses(button)
        for words in wrong:
            await anna.says(words)
            assert sentence in anna.last, words
        if right:
            await anna.says(right)
            assert "What is lacking still" in anna.last
        else:
            await anna.presses("Back")
            await anna.says("/desk")
            await anna.presses("Petitions")
            await anna.presses(TITLE)


async def test_the_directory_says_what_an_addressee_wants_and_that_nobody_has_looked_it_up(stage: Stage) -> None:
    (anna,) = await organisers(stage, "Anna")
    await writes(anna)
    await anna.presses("Change it")
    await anna.presses("Addressees")
    await anna.presses("United Nations")
    await anna.presses("Enforced")
    assert "It wants to know besides the letter:" in anna.last
    assert "hrc-wg-eid@un.org" in anna.last
    assert "Nobody has compared this with its own pages yet." in anna.last
    await anna.presses("Write to it")
    await anna.presses("Go on")
    assert "What exactly do you ask of: UN Working Group on Enforced" in anna.last
    await anna.says("Look for them.")
    assert "Whom it is about, with the full name." in anna.last
    await anna.presses("Later")
    assert "UN Working Group on Enforced or Involuntary Disappearances wants to know 6 things more." in anna.last
    await anna.presses("Change it")
    await anna.presses("Addressees")
    await anna.presses("Enforced")
    await anna.presses("Take it out")
    await anna.presses("Back")
    assert "wants to know" not in anna.last


async def test_a_letter_that_was_opened_is_only_superseded_and_its_count_stays(stage: Stage) -> None:
    anna, bahrom = await organisers(stage, "Anna", "Bahrom")
    (chaman,) = await settled(stage, "Chaman")
    one = await opened(stage, anna, bahrom, chaman)
    kept = [
        choice.code
        for message in anna.messages
        for choice in message.choices
        if choice.code.startswith("petition.ask:")
    ]
    before = (await newest(stage, one.id)).letter
    for code in kept:
        await forge(stage, anna, code)
        assert anna.last == OUTDATED
    await anna.says("/desk")
    await anna.presses("Petitions")
    await anna.presses(TITLE)
    await anna.presses("A new version")
    await anna.presses("Change it")
    await anna.presses("Texts")
    await anna.presses("the title")
    await anna.says("Open the road and the bridge")
    assert (await stage.storage.read(partial(petitions.newest, which=one.id, opened=True))).letter == before  # type: ignore[union-attr]
    await renews(anna, chaman, "Open the road and the bridge")
    await offers(anna)
    await opens(bahrom, "Open the road and the bridge")
    assert [each.state for each in await stage.storage.read(partial(petitions.versions, which=one.id))] == [
        State.SUPERSEDED,
        State.OPEN,
    ]
    await chaman.says("/petitions")
    await chaman.presses("Open the road and the bridge")
    assert "This is version 2 of the letter." in chaman.last


async def test_an_organiser_closes_a_petition_and_then_nobody_signs(stage: Stage) -> None:
    anna, bahrom = await organisers(stage, "Anna", "Bahrom")
    (chaman,) = await settled(stage, "Chaman")
    await opened(stage, anna, bahrom, chaman)
    await anna.says("/desk")
    await anna.presses("Petitions")
    await anna.presses(TITLE)
    await anna.presses("Close it")
    await anna.presses("Yes, close it")
    assert "closed for signing" in anna.last
    await chaman.says("/petitions")
    assert "There is none now." in chaman.last
    await chaman.presses("Those that are over")
    await chaman.presses(TITLE)
    assert "It is over: nobody can sign any more." in chaman.last
    assert not any("Sign" in label for label in chaman.buttons)


async def test_a_draft_is_thrown_away_only_by_its_author(stage: Stage) -> None:
    (anna,) = await organisers(stage, "Anna")
    await writes(anna)
    await anna.presses("Change it")
    await anna.presses("Throw it away")
    await anna.presses("Yes, throw it away")
    assert "You have none yet." in anna.last


async def forgotten(actor: Actor) -> None:
    """They have themselves forgotten."""
    await actor.says("/forget")
    await actor.presses("Yes, forget me")


async def test_a_petition_whose_author_was_forgotten_goes_on_with_another_organiser(stage: Stage) -> None:
    anna, bahrom, daler = await organisers(stage, "Anna", "Bahrom", "Daler")
    (chaman,) = await settled(stage, "Chaman")
    await opened(stage, anna, bahrom, chaman)
    await forgotten(anna)
    await chaman.says("/petitions")
    await chaman.presses(TITLE)
    assert LETTER in chaman.screen
    await bahrom.says("/desk")
    await bahrom.presses("Petitions")
    await bahrom.presses("Look after: ")
    await bahrom.presses("Look after it")
    await daler.says("/desk")
    await daler.presses("Hand over: ")
    await daler.presses("I agree")
    await bahrom.presses("Look")
    await bahrom.presses("Close it")
    await bahrom.presses("Yes, close it")
    assert "closed for signing" in bahrom.last
