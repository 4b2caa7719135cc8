"""Somebody has lost their account: a card, a member's word and a day's patience together bring them back."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from fontTools.ttLib import TTFont

from bot.domain.card import COUNT, make_words, read_words
from bot.domain.folding import fold
from bot.domain.roles import Role
from bot.domain.word_lists import WORDS
from bot.jobs.cards import FONT, draw
from handlers.ask import base36
from storage import cards, roles
from storage.database import Tx
from storage.schema import comeback
from tests.family.looking import button, forge, id_of, press, rows
from tests.stage import Actor, Stage

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ANSWER = "Thank you. If the words are right, somebody of your circles is asked now whether they have spoken with you."
QUESTION = "has perhaps lost the account and wants to go on from a new one"
NOTICE = "A new account wants to take the place of this one"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash that is quick to try: its cost is no part of what is tested here."""
    monkeypatch.setattr(cards, "COST", 2)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The words of every card that is drawn, as somebody would read them off the paper."""
    found: list[list[str]] = []

    def reading(words: list[str]) -> bytes:
        found.append(words)
        return draw(words)

    monkeypatch.setattr("bot.jobs.cards.draw", reading)
    return found


async def make_card(actor: Actor) -> None:
    await actor.says("/privacy")
    await actor.presses("A card, if I lose this account")
    await actor.presses("Make the card")


async def type_words(actor: Actor, words: str) -> None:
    """From an account that is new."""
    await actor.starts()
    await actor.presses("I have lost my account")
    await actor.says(words)


async def stranger(stage: Stage, account: str = "new") -> Actor:
    actor = stage.actor(account)
    await actor.starts()
    await actor.presses("English")
    return actor


async def test_a_card_a_members_word_and_a_day_bring_somebody_back(stage: Stage, drawn: list[list[str]]) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await zarina.says("I am safe")
    await make_card(zarina)
    assert "Your card. Print it, or write the six words on paper." in zarina.last
    old = await id_of(stage, zarina)
    new = await stranger(stage)
    await type_words(new, " ".join(drawn[-1]).upper())
    assert ANSWER in new.last
    for member in (daler, maria):
        assert f"Zarina {QUESTION}" in member.last
    assert NOTICE not in zarina.screen, "nobody has said yes yet"
    assert "Somebody has written the words of your card at a new account" in zarina.last
    await daler.presses("Yes, I have spoken with them")
    assert NOTICE in zarina.last
    assert "Daler has said yes" in zarina.last
    await stage.pass_time(23 * HOUR, HOUR)
    assert await id_of(stage, new) != old
    await stage.pass_time(2 * HOUR, HOUR)
    assert new.sees("Welcome back, Zarina.")
    assert await id_of(stage, new) == old
    assert maria.sees("Zarina goes on from a new account.")
    await new.says("/people")
    assert "Daler" in new.last
    await daler.says("/people")
    assert "Zarina: safe" in daler.last
    await zarina.says("/people")
    assert "Choose a language" in zarina.last, "the lost account is nobody's any more"
    await new.says("I am safe")
    assert daler.screen.count("Zarina: I am safe.") == 2  # noqa: PLR2004


async def test_a_card_brings_back_no_right(stage: Stage, drawn: list[list[str]]) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    old = await id_of(stage, zarina)
    await stage.storage.write(partial(roles.give, who=old, what=Role.STEWARD, now=stage.now()))
    await make_card(zarina)
    new = await stranger(stage)
    await type_words(new, " ".join(drawn[-1]))
    await daler.presses("Yes, I have spoken with them")
    await stage.pass_time(24 * HOUR, HOUR)
    assert await id_of(stage, new) == old
    assert "What you were asked to do here for others has ended." in new.last
    assert await stage.storage.read(partial(roles.of, who=old, now=stage.now())) == []


async def test_a_found_card_alone_opens_nothing(stage: Stage, drawn: list[list[str]]) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await make_card(zarina)
    finder = await stranger(stage, "finder")
    await type_words(finder, " ".join(drawn[-1]))
    await stage.pass_time(80 * HOUR, HOUR)
    assert await id_of(stage, finder) != await id_of(stage, zarina)
    kept = button(daler, "card.yes")
    await press(stage, daler, kept)
    assert "This button is no longer in use." in daler.last, "after three days nobody can say yes any more"


async def test_a_member_alone_opens_nothing(stage: Stage, drawn: list[list[str]]) -> None:
    """A member who has found the card is asked by nobody, and can't say yes for themselves."""
    zarina, daler = await stage.family("Zarina", "Daler")
    await make_card(zarina)
    await daler.says("/start")
    await forge(stage, daler, "card.use")
    await daler.says(" ".join(drawn[-1]))
    assert ANSWER in daler.last
    assert not daler.sees(QUESTION)

    def which(tx: Tx) -> int:
        found: int = tx.execute(sa.select(comeback.c.id)).scalar_one()
        return found

    await forge(stage, daler, f"card.yes:{base36(await stage.storage.read(which))}")
    await stage.pass_time(30 * HOUR, HOUR)
    assert await id_of(stage, daler) != await id_of(stage, zarina)


@pytest.mark.parametrize("how", ["right", "wrong", "nonsense", "used before", "replaced", "own"])
async def test_the_answer_to_words_tells_nothing(stage: Stage, drawn: list[list[str]], how: str) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await make_card(zarina)
    words = " ".join(drawn[-1])
    new = zarina if how == "own" else await stranger(stage)
    if how == "wrong":
        words = "apple " * 5 + "arrow"
    if how == "nonsense":
        words = "qwertz"
    if how == "used before":
        await type_words(new, words)
        await daler.presses("No, stop it")
        await forge(stage, zarina, "card.make")
    if how == "replaced":
        await make_card(zarina)
    before = daler.screen.count(QUESTION)
    if how == "own":
        await forge(stage, zarina, "card.use")
        await zarina.says(words)
    else:
        await type_words(new, words)
    assert new.last == f"{ANSWER} Call one of them. After their yes it takes 24 hours, and then I write to you here."
    asked = daler.screen.count(QUESTION) - before
    assert asked == (1 if how == "right" else 0)
    assert (await rows(stage))["job"] == []


async def test_words_are_guessed_only_a_few_times_a_day(stage: Stage) -> None:
    new = await stranger(stage)
    for _try in range(5):
        await type_words(new, "apple arrow autumn basket bell bird")
        assert ANSWER in new.last
    await type_words(new, "apple arrow autumn basket bell bird")
    assert "That was too often." in new.last


async def test_the_old_account_stops_it_and_the_card_is_dead(stage: Stage, drawn: list[list[str]]) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await make_card(zarina)
    thief = await stranger(stage, "thief")
    await type_words(thief, " ".join(drawn[-1]))
    await daler.presses("Yes, I have spoken with them")
    await zarina.presses("Stop it")
    assert "Your card no longer works" in zarina.last
    await stage.pass_time(30 * HOUR, HOUR)
    assert await id_of(stage, thief) != await id_of(stage, zarina)
    asked = daler.screen.count(QUESTION)
    await type_words(thief, " ".join(drawn[-1]))
    assert daler.screen.count(QUESTION) == asked


async def test_who_has_found_a_card_can_not_flood_a_circle_with_questions(stage: Stage, drawn: list[list[str]]) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await make_card(zarina)
    for number in range(5):
        finder = await stranger(stage, f"finder{number}")
        await type_words(finder, " ".join(drawn[-1]))
        assert ANSWER in finder.last
    assert daler.screen.count(QUESTION) == 3  # noqa: PLR2004 - a day


async def test_who_is_told_of_it_at_the_old_account_stops_it_before_anybody_says_yes(
    stage: Stage, drawn: list[list[str]]
) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await make_card(zarina)
    await type_words(await stranger(stage, "thief"), " ".join(drawn[-1]))
    await zarina.presses("Stop it")
    kept = button(daler, "card.yes")
    await press(stage, daler, kept)
    assert "This button is no longer in use." in daler.last


async def test_a_member_who_knows_better_stops_it_even_after_another_one_said_yes(
    stage: Stage, drawn: list[list[str]]
) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await make_card(zarina)
    thief = await stranger(stage, "thief")
    await type_words(thief, " ".join(drawn[-1]))
    await daler.presses("Yes, I have spoken with them")
    await maria.presses("No, stop it")
    assert "Maria has stopped it." in zarina.last
    await stage.pass_time(30 * HOUR, HOUR)
    assert await id_of(stage, thief) != await id_of(stage, zarina)


async def test_only_those_who_were_asked_can_answer(stage: Stage, drawn: list[list[str]]) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    outsider = stage.actor("outsider")
    await outsider.settles_in("Outsider")
    await make_card(zarina)
    new = await stranger(stage)
    await type_words(new, " ".join(drawn[-1]))
    _message, yes = button(daler, "card.yes")
    for one in (outsider, new, zarina):
        for code in (yes, yes.replace("yes", "no"), yes.replace("yes", "stop")):
            if one is not zarina or "stop" not in code:
                await forge(stage, one, code)
                assert "This button is no longer in use." in one.last
    await forge(stage, daler, yes)
    assert NOTICE in zarina.last, "control"


async def test_a_card_works_once(stage: Stage, drawn: list[list[str]]) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    await make_card(zarina)
    new = await stranger(stage)
    await type_words(new, " ".join(drawn[-1]))
    await daler.presses("Yes, I have spoken with them")
    await stage.pass_time(25 * HOUR, HOUR)
    assert new.sees("Welcome back, Zarina.")
    second = await stranger(stage, "second")
    asked = daler.screen.count(QUESTION)
    await type_words(second, " ".join(drawn[-1]))
    assert daler.screen.count(QUESTION) == asked


async def test_nothing_of_the_words_is_kept(stage: Stage, drawn: list[list[str]]) -> None:
    (zarina,) = await stage.family("Zarina")
    await make_card(zarina)
    new = await stranger(stage)
    await type_words(new, "apple arrow autumn basket bell bird")
    await stage.pass_time(40 * MINUTE, MINUTE)
    everything = await rows(stage)
    assert len(everything["card"]) == 1
    assert everything["job"] == []
    kept = str({name: found for name, found in everything.items() if name != "message"})
    for words in (drawn[-1], ["apple", "arrow", "autumn"]):
        assert " ".join(words[:3]) not in kept
    assert not any(message.attachment for message in zarina.messages), "the card is gone from the chat"


async def test_the_card_itself_says_neither_what_for_nor_whose(stage: Stage, drawn: list[list[str]]) -> None:
    (zarina,) = await stage.family("Zarina", circle="Daleronamarket")
    await make_card(zarina)
    attached = next(message.attachment for message in reversed(zarina.messages) if message.attachment)
    assert attached.name == "card.pdf"
    assert attached.data.startswith(b"%PDF")
    assert len(drawn[-1]) == COUNT
    for word in (b"ayvand", b"arina", b"telegram", b"2026"):
        assert word not in attached.data


@pytest.mark.parametrize("language", ["en", "ru", "tg"])
def test_the_words_of_a_card_are_read_in_any_spelling_and_each_is_its_own(language: str) -> None:
    listed = WORDS[language]
    assert len({fold(word) for word in listed}) == len(listed) == 512  # noqa: PLR2004
    words = make_words(language, lambda n: n - 1)
    typed = " ".join(words)
    assert read_words(typed) == read_words(", ".join(words).upper() + " ")
    if language == "tg":
        russian_keyboard = typed.translate(str.maketrans("ғӣқӯҳҷ", "гикухч"))
        assert read_words(typed) == read_words(russian_keyboard)
    for swapped in (words[::-1], words[:-1]):
        if swapped != words:
            assert len(set(words)) == 1 or read_words(" ".join(swapped)) != read_words(typed)


@pytest.mark.parametrize("language", ["en", "ru", "tg"])
def test_every_word_of_the_lists_can_be_printed(language: str) -> None:
    """The control: what the font does not have, the check would find."""
    known = set(TTFont(io.BytesIO(FONT.read_bytes())).getBestCmap())
    assert {ord(letter) for word in WORDS[language] for letter in word} <= known
    assert ord("ж") in known
    assert ord("한") not in known
    assert draw(list(WORDS[language][:6])).startswith(b"%PDF")


async def test_the_slow_hash_is_slow_keyed_and_the_same_for_the_same_words(stage: Stage) -> None:
    salt = await stage.storage.read(cards.salt_of)
    assert cards.slowly("a b", salt) == cards.slowly("a b", salt)
    assert cards.slowly("a b", salt) != cards.slowly("b a", salt)
    assert cards.slowly("a b", salt) != cards.slowly("a b", bytes(32))
    assert re.fullmatch("[0-9a-f]{64}", cards.slowly("a b", salt))


async def test_who_waits_for_slow_work_that_meets_a_defect_is_told_a_number_and_the_next_is_served(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    with monkeypatch.context() as broken:
        broken.setattr("bot.jobs.cards.draw", lambda _words: 1 / 0)
        await make_card(zarina)
    assert "Something went wrong on our side." in zarina.last
    await make_card(daler)
    assert "Your card." in daler.screen
