"""A card of spoken codes: made for somebody at home, read out by telephone, and told to the right people."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from datetime import timedelta
from itertools import permutations, product
from typing import TYPE_CHECKING, NamedTuple

import pytest
import sqlalchemy as sa

from bot.domain import spoken
from bot.domain.checkin import State
from bot.domain.conversation import Said
from bot.domain.folding import in_latin
from bot.domain.spoken import KINDS, ROWS, SIGNS, TRIES
from bot.domain.word_lists import WORDS
from bot.jobs.codes import draw
from handlers.ask import base36
from storage import codes
from storage.schema import spoken_card, spoken_code
from tests.family.looking import button, forge, id_of, invite_to, make_circle, rows
from tests.family.paper import texts
from tests.family.test_hard import WAITS, names
from tests.family.test_links import code_at, linked, type_code
from tests.family.test_telling import adds, tells
from tests.stage import Actor, Stage
from tests.storage.servers import ONE_ENGINE

if TYPE_CHECKING:
    from storage.database import Tx

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WRONG = "These three words do not belong together."
KEYBOARD = str.maketrans("ғӣқӯҳҷ", "гикухч")  # a Russian one
THANKS = "Thank you. The right people learn it now."
Lines = list[tuple[str, ...]]


@pytest.fixture
def papers(monkeypatch: pytest.MonkeyPatch) -> list[Lines]:
    """The lines of every card that is drawn, sign and words, as somebody would read them off the paper."""
    found: list[Lines] = []

    def reading(lines: Lines) -> bytes:
        found.append(lines)
        return draw(lines)

    monkeypatch.setattr("bot.jobs.codes.draw", reading)
    return found


async def make_card(actor: Actor, name: str, language: str = "English") -> None:
    await actor.says("/start")
    await actor.presses("More")
    await actor.presses("Just in case")
    await actor.presses("Spoken codes")
    await actor.presses("A card of codes")
    await actor.presses(name)
    await actor.presses("card")
    await actor.presses(language)


def meanings(actor: Actor) -> dict[str, str]:
    """What each sign means, as it stands on the screen."""
    lines = (line.partition(" ") for line in actor.screen.splitlines())
    return {meaning: sign for sign, _space, meaning in lines if sign in SIGNS}


class Paper(NamedTuple):
    """A card, and what its holder knows of it."""

    lines: Lines
    signs: dict[str, str]

    def says(self, meaning: str, number: int = 0) -> str:
        """A line that means this, to be read out."""
        return " ".join([line[1:] for line in self.lines if line[0] == self.signs[meaning]][number])

    def line(self, number: int) -> str:
        """Any line, to be read out."""
        told = [line for line in self.lines if line[0] != self.signs["detained"]]  # that goes another way
        return " ".join(told[number][1:])


async def with_card(stage: Stage, papers: list[Lines]) -> tuple[Actor, Actor, Paper]:
    """A family of two on line, and a card in the hands of somebody without a telephone of their own."""
    daler, maria = await stage.family("Daler", "Maria")
    await adds(daler, "Bibi Gulnora")
    await make_card(daler, "Bibi Gulnora")
    return daler, maria, Paper(papers[-1], meanings(daler))


async def alive(stage: Stage) -> int:
    found = await rows(stage)
    return len(found["spoken_code"])


# -- making --------------------------------------------------------------------------------------------------------


async def test_a_card_comes_as_a_page_with_words_and_the_signs_are_explained_only_in_the_chat(
    stage: Stage, papers: list[Lines]
) -> None:
    daler, maria, paper = await with_card(stage, papers)
    assert set(meanings(daler)) == {"safe", "needs help", "detained", "had to leave home"}
    attached = next(message.attachment for message in reversed(daler.messages) if message.attachment)
    assert attached.name == "card.pdf"
    listed = texts(attached.data)
    assert listed == [word for _sign, *words in paper.lines for word in words]
    assert len(listed) == len(KINDS) * ROWS * 3
    assert set(listed) <= set(WORDS["en"])
    assert [sign for sign, *_words in paper.lines] != sorted(sign for sign, *_words in paper.lines), "in no order"
    assert "Daler has made a card of codes of Bibi Gulnora." in maria.last
    assert meanings(maria) == {}


async def test_card_and_signs_are_gone_from_the_chat_after_half_an_hour(stage: Stage, papers: list[Lines]) -> None:
    daler, _maria, paper = await with_card(stage, papers)
    await stage.pass_time(32 * MINUTE, MINUTE)
    assert not any(message.attachment for message in daler.messages)
    assert meanings(daler) == {}
    everything = str({name: found for name, found in (await rows(stage)).items() if name != "message"})
    for _sign, *words in paper.lines:
        assert " ".join(words) not in everything


async def test_the_signs_are_dealt_anew_for_each_card(stage: Stage, papers: list[Lines]) -> None:
    daler, _maria, _paper = await with_card(stage, papers)
    dealt = set()
    for _card in range(6):
        await make_card(daler, "Bibi Gulnora")
        dealt.add(tuple(sorted(meanings(daler).items())))
    assert len(dealt) > 1


async def test_the_circle_sees_that_there_is_a_card_since_when_and_how_much_of_it_is_left(
    stage: Stage, papers: list[Lines]
) -> None:
    _daler, maria, paper = await with_card(stage, papers)
    await maria.says(paper.says("safe"))
    await stage.pass_time(2 * HOUR, HOUR)
    await maria.says("/people")
    await maria.presses("News of somebody")
    await maria.presses("Bibi Gulnora")
    await maria.presses("A card of codes")
    assert "A card of codes was made 2 hours ago by Daler." in maria.last
    assert "23 codes still work." in maria.last


async def test_a_card_can_be_made_for_oneself_and_for_a_member_who_learns_of_it(
    stage: Stage, papers: list[Lines]
) -> None:
    daler, maria = await stage.family("Daler", "Maria")
    await make_card(daler, "Maria")
    assert "Daler has made a card of codes of Maria." in maria.last
    await make_card(maria, "Maria")
    assert "Maria has made a card of codes of Maria." in daler.last
    await daler.says(Paper(papers[-1], meanings(maria)).says("safe"))
    assert "Maria: safe." in maria.last
    assert "Source: Daler, heard a code of their card." in maria.last


async def test_a_new_card_ends_the_old_one_only_when_it_is_there(
    stage: Stage, papers: list[Lines], monkeypatch: pytest.MonkeyPatch
) -> None:
    daler, maria, old = await with_card(stage, papers)
    with monkeypatch.context() as broken:
        broken.setattr("bot.jobs.codes.draw", lambda _lines: 1 / 0)
        await make_card(daler, "Bibi Gulnora")
    assert daler.sees("As soon as there is a new card, the codes of the old one no longer work.")
    assert "Something went wrong on our side." in daler.last
    await stage.pass_time(2 * HOUR, HOUR)
    assert await alive(stage) == len(old.lines), "what nobody could draw is dropped"
    await maria.says(old.line(0))
    assert "Bibi Gulnora" in maria.screen
    await make_card(daler, "Bibi Gulnora")
    await maria.says(old.line(1))
    assert WRONG in maria.last


async def test_a_found_card_is_ended_by_any_member_and_everybody_learns_it(stage: Stage, papers: list[Lines]) -> None:
    daler, maria, paper = await with_card(stage, papers)
    await maria.says("/people")
    await maria.presses("News of somebody")
    await maria.presses("Bibi Gulnora")
    await maria.presses("A card of codes")
    await maria.presses("End this card")
    assert await alive(stage) == len(paper.lines), "it is asked before"
    await maria.presses("End this card")
    assert "Ended." in maria.last
    assert "Maria has ended the card of codes of Bibi Gulnora" in daler.last
    assert await alive(stage) == 0
    await daler.says(paper.line(0))
    assert WRONG in daler.last


async def test_nobody_makes_sees_or_ends_cards_of_another_circle(stage: Stage, papers: list[Lines]) -> None:
    daler, _maria, paper = await with_card(stage, papers)
    stranger, _friend = await stage.family("Safar", "Nigora", circle="Neighbours")
    (card,) = (await rows(stage))["spoken_card"]
    at = f"{base36(card[2])}:{base36(card[1])}"
    for verb in ("code.in", "code.of", "code.new", "code.end", "code.ended"):
        await forge(stage, stranger, f"{verb}:{at}")
        assert "This button is no longer in use." in stranger.last
    await forge(stage, stranger, f"code.make:{at}:en")
    assert "This button is no longer in use." in stranger.last
    assert await alive(stage) == len(paper.lines)
    await forge(stage, daler, f"code.of:{at}")
    assert "24 codes still work." in daler.last, "control"


@pytest.mark.parametrize(
    "code", ["code.make", "code.make:0:0:en", "code.make:{at}", "code.make:{at}:xx", "code.of:{at}:9"]
)
async def test_forged_buttons_make_nothing(stage: Stage, papers: list[Lines], code: str) -> None:
    daler, _maria, paper = await with_card(stage, papers)
    (card,) = (await rows(stage))["spoken_card"]
    await forge(stage, daler, code.format(at=f"{base36(card[2])}:{base36(card[1])}"))
    assert await alive(stage) == len(paper.lines)


# -- telling -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("meaning", "state"), [("safe", "safe"), ("had to leave home", "had to leave home"), ("needs help", "needs help")]
)
async def test_three_words_tell_the_circle_and_are_marked_as_a_code(
    stage: Stage, papers: list[Lines], meaning: str, state: str
) -> None:
    daler, maria, paper = await with_card(stage, papers)
    await maria.says(paper.says(meaning))
    assert f"Bibi Gulnora: {state}." in daler.last
    assert "Source: Maria, heard a code of their card. True just now." in daler.last
    assert maria.sees(THANKS)
    await daler.says("/people")
    assert f"Bibi Gulnora: {state}" in daler.last
    assert "↳ Maria: heard a code of their card" in daler.last


async def test_a_code_for_help_is_a_call_that_is_answered(stage: Stage, papers: list[Lines]) -> None:
    daler, maria, paper = await with_card(stage, papers)
    await maria.says(paper.says("needs help"))
    await daler.presses("I am taking care of it")
    assert maria.sees("Daler is taking care of it.")


async def test_whoever_is_in_no_circle_of_theirs_can_bring_a_code_and_learns_nothing(
    stage: Stage, papers: list[Lines]
) -> None:
    daler, maria, paper = await with_card(stage, papers)
    neighbour = stage.actor("neighbour")
    await neighbour.settles_in("Kamol")
    for meaning in ("safe", "needs help", "had to leave home"):
        before = len(neighbour.messages)
        await neighbour.says(paper.says(meaning))
        assert neighbour.last == THANKS
        assert len(neighbour.messages) == before + 1
        assert "Bibi Gulnora: " in daler.last
        assert "Source: somebody, heard a code of their card." in daler.last
    await maria.presses("I am taking care of it")
    for name in ("Gulnora", "Daler", "Maria", "Family", "help", "safe."):
        assert name not in neighbour.last
    for member in (daler, maria):
        assert not member.sees("Kamol")
        await member.says("/people")
        assert "Kamol" not in member.last
        assert "↳ somebody: heard a code of their card" in member.last


async def test_whoever_ends_the_call_of_a_code_is_named_only_to_those_who_are_in_a_circle_with_them(
    stage: Stage, papers: list[Lines]
) -> None:
    daler, maria = await stage.family("Daler", "Maria")
    await make_card(daler, "Maria")
    paper = Paper(papers[-1], meanings(daler))
    kamol = stage.actor("kamol")
    await kamol.settles_in("Kamol")
    await make_circle(stage, kamol, "Work")
    await invite_to(stage, kamol, "Work", maria)
    neighbour = stage.actor("neighbour")
    await neighbour.settles_in("Safar")
    await neighbour.says(paper.says("needs help"))
    assert "Maria: needs help." in daler.last
    await tells(kamol, "Maria", "I saw them", "Safe")
    assert "Maria: safe now, says somebody." in daler.screen
    assert not daler.sees("Kamol")


@pytest.mark.parametrize("meaning", ["needs help", "detained"])
async def test_an_urgent_code_of_ones_own_card_is_ones_own_call_for_help(
    stage: Stage, papers: list[Lines], meaning: str
) -> None:
    daler, maria = await stage.family("Daler", "Maria")
    await make_card(maria, "Maria")
    await maria.says(Paper(papers[-1], meanings(maria)).says(meaning))
    assert "Maria: I need help." in daler.last
    assert maria.sees("Your call for help: just now.")
    assert not daler.sees("detained")


async def test_only_the_circle_of_the_card_learns_it(stage: Stage, papers: list[Lines]) -> None:
    daler, maria, paper = await with_card(stage, papers)
    safar, _nigora = await stage.family("Safar", "Nigora", circle="Neighbours")
    await make_circle(stage, daler, "Work")
    await invite_to(stage, daler, "Work", safar)
    await daler.says(paper.says("safe"))
    assert "Bibi Gulnora: safe." in maria.last
    assert not safar.sees("Gulnora")


@pytest.mark.parametrize("written", ["{}", "/code {}", "1. {}", "{}!", "/ramz {}"])
async def test_the_words_are_understood_without_any_menu(stage: Stage, papers: list[Lines], written: str) -> None:
    daler, maria, paper = await with_card(stage, papers)
    await maria.says(written.format(paper.says("safe").upper().replace(" ", ", ")))
    assert "Bibi Gulnora: safe." in daler.last


async def test_a_whole_message_is_searched_for_a_code(stage: Stage, papers: list[Lines]) -> None:
    daler, maria, paper = await with_card(stage, papers)
    one, two, three = paper.says("safe").split()
    other = paper.says("had to leave home")
    await maria.says("/code")
    assert "Write the three words, in their order." in maria.last
    await maria.says(f"Salom! Today we saw {one} and the {two}, then {three}. Aunt sends: {other}. Kisses")
    assert daler.sees("Bibi Gulnora: safe.")
    assert daler.sees("Bibi Gulnora: had to leave home."), "two codes in one message are both told"
    assert await alive(stage) == len(paper.lines) - 2


async def test_a_message_that_was_passed_on_is_taken_where_a_code_is_waited_for(
    stage: Stage, papers: list[Lines]
) -> None:
    daler, maria, paper = await with_card(stage, papers)
    await stage.memory.hear(maria.account, Said(paper.says("safe"), forwarded=True))
    await stage.settle()
    assert "You have forwarded somebody else's words." in maria.last
    await maria.says("/code")
    await stage.memory.hear(maria.account, Said(paper.says("safe"), forwarded=True))
    await stage.settle()
    assert "Bibi Gulnora: safe." in daler.last


@pytest.mark.parametrize("circle", ["Family", "nobody's"])
@pytest.mark.parametrize("meaning", ["safe", "needs help"])
async def test_a_code_that_was_not_meant_is_taken_back(
    stage: Stage, papers: list[Lines], circle: str, meaning: str
) -> None:
    daler, maria, paper = await with_card(stage, papers)
    await maria.says(paper.says("had to leave home"))
    await stage.pass_time(HOUR, HOUR)
    typist = maria
    if circle != "Family":
        typist = stage.actor("neighbour")
        await typist.settles_in("Kamol")
    await typist.says(paper.says(meaning))
    assert daler.sees(f"Bibi Gulnora: {meaning}.")
    await typist.presses("Take it back")
    assert "Taken back." in typist.last
    assert daler.sees("Correction: the news of Bibi Gulnora by a code was taken back.")
    assert not daler.sees("Kamol")
    await daler.says("/people")
    assert "Bibi Gulnora: had to leave home" in daler.last
    await typist.says(paper.says(meaning))
    assert WRONG in typist.last, "the code stays used"


async def test_a_forged_button_names_nobody_who_only_brought_a_code(stage: Stage, papers: list[Lines]) -> None:
    daler, maria, paper = await with_card(stage, papers)
    neighbour = stage.actor("neighbour")
    await neighbour.settles_in("Kamol")
    await neighbour.says(paper.says("safe"))
    which = button(neighbour, "code.back")[1].split(":")[1]
    for verb in ("undo", "note", "place"):
        await forge(stage, neighbour, f"{verb}:{which}")
        assert "This button is no longer in use." in neighbour.last
    for actor in (daler, maria):
        assert not actor.sees("Kamol")
        assert not actor.sees("was taken back")


async def test_nobody_takes_back_what_somebody_else_brought_or_what_was_no_code(
    stage: Stage, papers: list[Lines]
) -> None:
    daler, maria, paper = await with_card(stage, papers)
    await maria.says(paper.says("safe"))
    await forge(stage, daler, button(maria, "code.back")[1])
    assert "This button is no longer in use." in daler.last
    await daler.says("I am safe")
    undo = button(daler, "undo")[1].replace("undo", "code.back")
    await forge(stage, daler, undo)
    assert "This button is no longer in use." in daler.last
    assert maria.sees("Daler: I am safe.")


async def test_that_somebody_was_detained_goes_only_to_those_who_are_named_for_it(
    stage: Stage, papers: list[Lines]
) -> None:
    daler, maria, safar = await stage.family("Daler", "Maria", "Safar")
    await adds(daler, "Bibi Gulnora")
    await names(stage, daler, "Daler", "Maria")
    await make_card(daler, "Bibi Gulnora")
    paper = Paper(papers[-1], meanings(daler))
    neighbour = stage.actor("neighbour")
    await neighbour.settles_in("Kamol")
    await neighbour.says(paper.says("detained"))
    assert neighbour.last == THANKS
    for reader in (daler, maria):
        assert reader.sees(WAITS)
    await maria.presses("Read it")
    assert "Bibi Gulnora" in maria.last
    assert "a code of their card" in maria.last
    assert "Kamol" not in maria.last
    assert not safar.sees(WAITS)
    assert not safar.sees("detained")
    await neighbour.says(paper.says("detained"))
    assert WRONG in neighbour.last, "the code is used"


# -- what is wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["never", "used", "swapped", "rotated", "one wrong", "mixed"])
async def test_the_answer_to_wrong_words_is_the_same_whatever_is_wrong(
    stage: Stage, papers: list[Lines], how: str
) -> None:
    daler, maria, paper = await with_card(stage, papers)
    one, two, three = paper.lines[0][1:]
    match how:
        case "never":
            said = "apple arrow autumn"
        case "used":
            said = f"{one} {two} {three}"
            await daler.says(said)
        case "swapped":
            said = f"{two} {one} {three}"
        case "rotated":
            said = f"{two} {three} {one}"
        case "one wrong":
            said = f"{one} {two} {next(w for w in WORDS['en'] if w not in paper.lines[0])}"
        case _:
            said = f"{one} {two} {next(line[3] for line in paper.lines if line[3] not in paper.lines[0])}"
    left = await alive(stage)
    before = len(daler.messages)
    await maria.says(said)
    assert maria.last == (f"{WRONG} Perhaps one was misheard, or the code was used before. Have it read once more.")
    assert len(daler.messages) == before
    assert await alive(stage) == left


async def test_after_a_wrong_word_the_right_ones_are_waited_for(stage: Stage, papers: list[Lines]) -> None:
    daler, maria, paper = await with_card(stage, papers)
    one, two, three = paper.says("safe").split()
    await maria.says(f"{two} {one} {three}")
    await maria.says(f"{one} {two} {three}xx")
    assert f"The word “{three}xx” stands on no card." in maria.last
    await maria.says(f"They say: {one}, {two}, {three}")
    assert "Bibi Gulnora: safe." in daler.last


async def test_a_used_code_is_dead_for_everybody(stage: Stage, papers: list[Lines]) -> None:
    daler, maria, paper = await with_card(stage, papers)
    said = paper.says("safe")
    await maria.says(said)
    told = len(daler.messages)
    for who in (maria, daler):
        await who.says(said)
        assert WRONG in who.last
    assert daler.screen.count("Bibi Gulnora: safe.") == 1
    assert len(daler.messages) == told + 1


async def test_of_many_who_write_one_code_at_once_one_tells_it(stage: Stage, papers: list[Lines]) -> None:
    daler, maria, paper = await with_card(stage, papers)
    crowd = [stage.actor(f"neighbour {n}") for n in range(7)]
    for number, one in enumerate(crowd):
        await one.settles_in(f"Neighbour {number}")
    crowd.append(maria)
    said = paper.says("safe")
    await asyncio.gather(*(stage.memory.say(who.account, said) for who in crowd))
    await stage.settle()
    assert sum(one.sees(THANKS) for one in crowd) == 1
    assert sum(one.sees(WRONG) for one in crowd) == len(crowd) - 1
    assert daler.screen.count("heard a code of their card") == 1


async def test_one_account_has_ten_wrong_tries_a_day_and_right_ones_cost_nothing(
    stage: Stage, papers: list[Lines]
) -> None:
    daler, maria, paper = await with_card(stage, papers)
    for line in paper.lines:
        await maria.says(" ".join(line[1:]))
    assert maria.sees(THANKS)
    assert not maria.sees(WRONG)
    await make_card(daler, "Bibi Gulnora")
    right = Paper(papers[-1], meanings(daler)).says("safe")
    for _try in range(TRIES):
        await maria.says("apple arrow autumn")
        assert WRONG in maria.last
    for said in ("apple arrow autumn", right):
        await maria.says(said)
        assert "That was too often. Please try again after 24 hours." in maria.last
    await daler.says(right)
    assert daler.sees(THANKS), "another account is not held up"
    await maria.says("/privacy")
    await maria.presses("Forget me")
    await maria.presses("Yes, forget me")
    await maria.settles_in("Maria")
    await maria.says("apple arrow autumn")
    assert "That was too often." in maria.last, "to be forgotten gives no new tries"
    await stage.pass_time(25 * HOUR, HOUR)
    await maria.says("apple arrow autumn")
    assert WRONG in maria.last


@ONE_ENGINE
@pytest.mark.parametrize("guesses", [1_000, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
async def test_many_accounts_that_guess_hit_nothing_and_learn_nothing(
    stage: Stage, papers: list[Lines], guesses: int
) -> None:
    """Fifty accounts guess; behind the brake even a right one is answered like a wrong one."""
    daler, maria, paper = await with_card(stage, papers)
    crowd = [stage.actor(f"guesser {n}") for n in range(50)]
    for number, one in enumerate(crowd):
        await one.settles_in(f"Guesser {number}")
    told = len(daler.messages)
    dice = random.Random(7)
    lines = {" ".join(line[1:]) for line in paper.lines}
    for _round in range(guesses // len(crowd)):
        said = [" ".join(dice.sample(WORDS["en"], 3)) for _one in crowd]
        assert not lines & set(said), "chance has hit none"
        await asyncio.gather(*(stage.memory.say(one.account, words) for one, words in zip(crowd, said, strict=True)))
        await stage.settle()
    for one in crowd:
        assert one.screen.count(WRONG) == TRIES
        assert "That was too often." in one.last
    assert len(daler.messages) == told
    assert await alive(stage) == len(paper.lines)
    late = stage.actor("late")
    await late.settles_in("Late")
    await late.says("apple arrow autumn")
    wrong = late.last
    assert "So for now I take codes only from the circle that they are for" in wrong
    right = paper.says("safe")
    await late.says(right)
    assert late.last == wrong
    assert await alive(stage) == len(paper.lines)
    await maria.says(right)
    assert maria.sees(THANKS), "the family is not held up by those who guess"
    await stage.pass_time(25 * HOUR, HOUR)
    await late.says(paper.line(0) if paper.line(0) != right else paper.line(1))
    assert late.last == THANKS


@pytest.mark.parametrize(
    "hostile",
    [
        "<b>apple</b> <a href='http://x'>arrow</a> autumn",
        "apple \u202earrow\u202c autumn",
        "apple\u200b arrow\u2066 autumn" + "\u0301" * 50,
        "apple arrow autumn " * 500,
        "'; DELETE FROM spoken_code; --",
        "🍏 🏹 🍂",
        "<script> apple </script>",
        "\x00 apple arrow",
        "x" * 4000,
    ],
)
async def test_hostile_words_do_no_harm(stage: Stage, papers: list[Lines], hostile: str) -> None:
    daler, maria, paper = await with_card(stage, papers)
    for _dialogue in (False, True):
        await maria.says(hostile)
        assert "went wrong" not in maria.last
        await maria.says("/code")
    assert await alive(stage) == len(paper.lines)
    await maria.says(paper.says("safe"))
    assert "Bibi Gulnora: safe." in daler.last


async def test_pasted_words_are_not_taken_for_ones_own_news(stage: Stage, papers: list[Lines]) -> None:
    daler, maria, _paper = await with_card(stage, papers)
    await maria.says("/code")
    await maria.says("I am safe")
    assert not daler.sees("Maria: I am safe.")
    assert "I could not find three words of a card in that." in maria.last or "stands on no card" in maria.last
    await maria.says("help me")
    assert daler.sees("Maria: I need help."), "what must never be overlooked is understood"


# -- who goes ------------------------------------------------------------------------------------------------------


async def test_codes_end_when_the_person_is_removed(stage: Stage, papers: list[Lines]) -> None:
    daler, maria, paper = await with_card(stage, papers)
    await daler.says("/people")
    await daler.presses("News of somebody")
    await daler.presses("Bibi Gulnora")
    await daler.presses("Remove")
    await daler.presses("Remove")
    assert await alive(stage) == 0
    await maria.says(paper.line(0))
    assert WRONG in maria.last


async def test_codes_of_a_member_end_when_they_leave_the_circle(stage: Stage) -> None:
    daler, maria = await stage.family("Daler", "Maria")
    await make_card(daler, "Maria")
    assert await alive(stage) > 0, "control"
    await maria.says("/circles")
    await maria.presses("Family")
    await maria.presses("Leave")
    await maria.presses("Leave")
    assert await alive(stage) == 0


async def test_a_card_goes_on_working_when_its_maker_is_forgotten(stage: Stage, papers: list[Lines]) -> None:
    daler, maria, _old = await with_card(stage, papers)
    await make_card(maria, "Bibi Gulnora")
    said = Paper(papers[-1], meanings(maria)).says("safe")
    await maria.says("/privacy")
    await maria.presses("Forget me")
    await maria.presses("Yes, forget me")
    await daler.says("/people")
    await daler.presses("News of somebody")
    await daler.presses("Bibi Gulnora")
    await daler.presses("A card of codes")
    assert "by somebody." in daler.last
    await daler.says(said)
    assert daler.sees("Bibi Gulnora: safe.")


async def test_the_keeper_is_told_which_cards_somebody_made_whom_they_remove(stage: Stage, papers: list[Lines]) -> None:
    daler, maria, _paper = await with_card(stage, papers)
    await make_card(maria, "Bibi Gulnora")
    await daler.says("/circles")
    await daler.presses("Family")
    await daler.presses("Remove")
    await daler.presses("Maria")
    await daler.presses("Remove")
    assert "Maria made cards of codes here, and may know their words: Bibi Gulnora." in daler.last
    await daler.presses("Bibi Gulnora")
    await daler.presses("End this card")
    await daler.presses("End this card")
    assert await alive(stage) == 0
    await maria.says(" ".join(papers[-1][0][1:]))
    assert WRONG in maria.last


async def test_a_card_that_is_being_drawn_reaches_nobody_who_has_left_meanwhile(
    stage: Stage, papers: list[Lines]
) -> None:
    daler, maria, old = await with_card(stage, papers)
    (card,) = (await rows(stage))["spoken_card"]
    working = stage.app.work
    stage.app.work = lambda: asyncio.sleep(0)  # type: ignore[method-assign]
    await forge(stage, maria, f"code.make:{base36(card[2])}:{base36(card[1])}:en")
    await daler.says("/circles")
    await daler.presses("Family")
    await daler.presses("Remove")
    await daler.presses("Maria")
    await daler.presses("Remove")
    stage.app.work = working  # type: ignore[method-assign]
    await stage.settle()
    assert not any(message.attachment for message in maria.messages)
    await daler.says(old.says("safe"))
    assert daler.sees(THANKS), "the old card still works"


@ONE_ENGINE
async def test_a_card_ends_after_four_hundred_days(stage: Stage, papers: list[Lines]) -> None:
    daler, _maria, paper = await with_card(stage, papers)
    await stage.pass_time(399 * DAY, DAY)
    await daler.says(paper.line(0))
    assert daler.sees(THANKS)
    await stage.pass_time(2 * DAY, DAY)
    await daler.says(paper.line(1))
    assert WRONG in daler.last
    assert await alive(stage) == 0


async def test_a_relative_who_comes_to_the_bot_keeps_the_card(stage: Stage, papers: list[Lines]) -> None:
    daler, maria, paper = await with_card(stage, papers)
    await daler.says("/people")
    await daler.presses("News of somebody")
    await daler.presses("Bibi Gulnora")
    await daler.presses("They use the bot now")
    await daler.presses("Maria")
    await daler.says(paper.says("safe"))
    assert "Maria: safe." in maria.last


async def test_the_codes_of_two_accounts_that_become_one_person_all_go_on(both: Stage, papers: list[Lines]) -> None:
    daler, maria = await both.family("Daler", "Maria")
    await make_card(daler, "Maria")
    first = papers[-1]
    other = both.actor("@maria:example.org", "matrix")
    await other.settles_in("Maria M")
    await both.invite(daler, other)
    await make_card(daler, "Maria M")
    second = papers[-1]
    await type_code(other, await code_at(maria))
    await maria.presses("Yes, it is mine")
    assert await id_of(both, other) == await id_of(both, maria)
    for lines in (first, second):
        await daler.says(" ".join(lines[0][1:]))
        assert WRONG not in daler.last


async def test_a_newly_linked_account_makes_and_ends_no_card_and_hears_none(both: Stage, papers: list[Lines]) -> None:
    daler, maria = await both.family("Daler", "Maria")
    await make_card(daler, "Maria")
    lines = papers[-1]
    (card,) = (await rows(both))["spoken_card"]
    at = f"{base36(card[2])}:{base36(card[1])}"
    other = await linked(both, maria, "maria.m")
    for pressed in (f"code.make:{at}:en", f"code.ended:{at}", f"code.of:{at}"):
        await forge(both, other, pressed)
        assert "linked" in other.last
    await other.says(" ".join(lines[0][1:]))
    assert "This account was linked a short while ago." in other.last
    assert await alive(both) == len(lines)
    await both.pass_time(2 * DAY, HOUR)
    await forge(both, other, f"code.ended:{at}")
    assert "This account was linked only a few days ago." in other.last
    assert await alive(both) == len(lines)


# -- in three languages --------------------------------------------------------------------------------------------


async def test_a_card_in_tajik_is_read_out_and_typed_on_any_keyboard(stage: Stage, papers: list[Lines]) -> None:
    daler, maria, safar = await stage.family("Далер", "Мария", "Safar", languages={"Далер": "tg", "Мария": "ru"})
    await daler.says("/mardum")
    for verb in ("tell", "kin.add"):
        await stage.in_code(daler, verb)
    await daler.says("Бибӣ Гулнора")
    await make_in_code(stage, daler, "tg")
    assert set(texts_of(daler)) <= set(WORDS["tg"])
    paper = Paper(papers[-1], meanings(daler))
    assert set(paper.signs) == {"дар амон", "кумак лозим", "боздошт шудааст", "хонаро маҷбуран тарк кард"}
    assert "Кто её сделал: Далер." in maria.last
    await safar.says(in_latin(paper.says("дар амон")))
    assert daler.sees("Бибӣ Гулнора: дар амон.")
    assert "Бибӣ Гулнора: в безопасности." in maria.last
    await maria.says(paper.says("хонаро маҷбуран тарк кард").translate(KEYBOARD).upper())
    assert "Бибӣ Гулнора: had to leave home." in safar.last
    await daler.says(paper.says("дар амон"))
    assert "Ин се калима ба ҳам мувофиқ нестанд." in daler.last


async def make_in_code(stage: Stage, actor: Actor, language: str) -> None:
    await actor.says("/start")
    for verb in ("more", "ready", "code", "code.whom", "code.of", "code.new"):
        await stage.in_code(actor, verb)
    message = actor.messages[-1]
    pressed = next(one.code for one in message.choices if one.code.endswith(f":{language}"))
    await stage.memory.press(actor.account, message.id, pressed)
    await stage.settle()


def texts_of(actor: Actor) -> Iterable[str]:
    return texts(next(message.attachment.data for message in reversed(actor.messages) if message.attachment))


# -- the set of living codes ---------------------------------------------------------------------------------------


async def test_no_misheard_word_and_no_swap_ever_makes_another_living_code(
    stage: Stage, papers: list[Lines], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nine words only, where chance alone would soon fail: the database refuses what is too much alike."""
    few = WORDS["en"][:9]
    monkeypatch.setattr(spoken, "WORDS", {"en": few})
    dice = random.Random(3)

    def fill(tx: Tx) -> list[tuple[str, ...]]:
        who = tx.execute(sa.select(spoken_card.c.person_id, spoken_card.c.circle_id)).one()
        card = codes.begin(tx, who[0], who[1], who[0], stage.now())
        drawn = [spoken.folded(spoken.make_code("en", dice.randrange)) for _code in range(3000)]
        living = [one for one in drawn if codes.put(tx, card, State.SAFE, one)]
        codes.drawn(tx, card, who[0], who[1], stage.now())
        return living

    await with_card(stage, papers)
    living = await stage.storage.write(fill)
    assert len(living) > 10, "control: there is something to confuse"  # noqa: PLR2004
    words = spoken.folded(few)

    def look(tx: Tx) -> int:
        tried = 0
        for one in living:
            found = codes.find(tx, one, stage.now())
            assert found is not None
            errors = {(*one[:place], word, *one[place + 1 :]) for place, word in product(range(3), words)}
            for wrong in (errors | set(permutations(one))) - {one}:
                assert codes.find(tx, wrong, stage.now()) is None
                tried += 1
        return tried

    assert await stage.storage.read(look) > 200  # noqa: PLR2004


async def test_a_card_is_made_also_where_the_first_draws_are_taken(
    stage: Stage, papers: list[Lines], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two cards whose dice fall alike: the second draws again wherever the first was before."""
    dice = random.Random(1)
    monkeypatch.setattr("handlers.family.spoken.secrets.randbelow", dice.randrange)
    daler, _maria, first = await with_card(stage, papers)
    dice.seed(1)
    await make_card(daler, "Daler")
    second = papers[-1]
    assert not {line[1:] for line in first.lines} & {line[1:] for line in second}
    assert await alive(stage) == len(first.lines) + len(second)


async def test_where_all_words_are_taken_it_is_said(
    stage: Stage, papers: list[Lines], monkeypatch: pytest.MonkeyPatch
) -> None:
    daler, _maria, paper = await with_card(stage, papers)
    monkeypatch.setattr(spoken, "WORDS", {"en": WORDS["en"][:4], "tg": WORDS["tg"]})
    await make_card(daler, "Daler")
    assert "There are too many cards in this language now." in daler.last
    assert await alive(stage) == len(paper.lines), "nothing half-done"
    await make_in_code(stage, daler, "tg")
    assert set(papers[-1][0][1:]) <= set(WORDS["tg"]), "in another language there is room"


async def test_nothing_in_the_database_tells_a_line_from_another_without_the_key(
    stage: Stage, papers: list[Lines]
) -> None:
    """Kinds look alike, and the order of the rows is that of the paper, which is left to chance."""
    await with_card(stage, papers)

    def raw(tx: Tx) -> list[bytes]:
        query = sa.select(sa.type_coerce(spoken_code.c.kind, sa.LargeBinary)).order_by(spoken_code.c.id)
        return list(tx.execute(query).scalars())

    sealed = await stage.storage.read(raw)
    assert len({len(one) for one in sealed}) == 1
    assert len(set(sealed)) == len(sealed)
