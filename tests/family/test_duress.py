"""Duress: the forced phrase looks like the free one to whoever watches; from then on the account shows a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from bot import i18n
from bot.app import App
from bot.domain.circle import make_code
from bot.domain.conversation import Incoming
from bot.domain.duress import Duress
from bot.jobs.cards import draw
from bot.outbox.courier import NotSent, Parcel
from bot.outbox.pace import UNLIMITED
from handlers import dispatch, duress, router
from handlers.ask import base36
from storage import cards, outbox, pictures
from storage import duress as kept
from storage.database import Tx
from storage.duress import Own
from storage.prepared import Prepared
from storage.schema import duress as table
from storage.schema import letter
from tests.family.looking import Rows, forge, id_of, invite_to, make_circle, open_circle, rows, said_by_people
from tests.faults import is_tried
from tests.stage import Actor, Stage
from tests.storage.servers import ONE_ENGINE

FREE = "the apricots are ripe"
FORCED = "the apricots are sweet"
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


async def chooses(stage: Stage, actor: Actor, *names: str, phrases: tuple[str, str] = (FREE, FORCED)) -> None:
    """Choose two trustees, and the two phrases."""
    await forge(stage, actor, "trust")
    for name in names:
        await actor.presses(name)
    await forge(stage, actor, "own.set")
    for phrase in phrases:
        await actor.says(phrase)
    assert "Your two phrases are set." in actor.last


async def lifts(stage: Stage, trustee: Actor) -> None:
    """Say that one has spoken with them freely."""
    await stage.in_code(trustee, "own.lift")
    await stage.in_code(trustee, "own.lifted")


async def family(stage: Stage, mark: str = "") -> list[Actor]:
    """Zarina with phrases, her trustees Daler and Maria, and Farida, who is none. `mark` tells two families apart."""
    names = ["Zarina", "Daler", "Maria", "Farida"]
    actors = [stage.actor(f"{name.lower()}{mark}") for name in names]
    for actor, name in zip(actors, names, strict=True):
        await actor.settles_in(name)
    await make_circle(stage, actors[0], "Family")
    for actor in actors[1:]:
        await stage.invite(actors[0], actor)
    await chooses(stage, actors[0], "Daler", "Maria")
    return actors


# -- the same on the screen ----------------------------------------------------------------------------------------


def screen(actor: Actor) -> list[tuple[str, list[tuple[str, str]]]]:
    """All that stands there, buttons with their codes: numbers that are drawn anew each time by their order."""
    known: dict[str, str] = {}

    def plain(code: str) -> str:
        verb, *args = code.split(":")
        return ":".join((verb, *(known.setdefault(one, f"#{len(known)}") for one in args)))

    return [
        (re.sub(r"\d{3} ?\d{3} ?\d{3} ?\d{3}", "CODE", str(one.text)), [(c.label, plain(c.code)) for c in one.choices])
        for one in actor.messages
    ]


@dataclass
class Watched:
    """What happens while somebody is answered: statements, letters, parcels, log lines."""

    statements: list[tuple[str, int]] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)
    logs: list[Any] = field(default_factory=list)
    letters: list[tuple[str, int, int]] = field(default_factory=list)


@contextmanager
def watching(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """Note everything that one message makes the program do."""
    seen = Watched()
    receive, execute = dispatch.receive, Tx.execute
    inside: list[Tx] = []

    def noted(tx: Tx, statement: Any, given: Any = None) -> Any:  # noqa: ANN401 - as Tx.execute
        if tx in inside:
            made = statement.statement(tx.connection.dialect) if isinstance(statement, Prepared) else statement
            seen.statements.append((str(made), len(given) if isinstance(given, list) else 1))
        return execute(tx, statement, given)

    def received(tx: Tx, incoming: Incoming, now: datetime, doors: dispatch.Doors) -> None:
        inside.append(tx)
        receive(tx, incoming, now, doors)
        inside.clear()
        newest = sa.select(letter.c.route, letter.c.lane, letter.c.person_id, letter.c.state).order_by(letter.c.id)
        waiting = [row for row in tx.execute(newest) if row.state == outbox.State.WAITING]
        seen.letters = [(row.route, row.lane, row.state) for row in waiting]

    async def sent(parcel: Parcel) -> None:
        seen.parcels.append(parcel)

    with monkeypatch.context() as patched, structlog.testing.capture_logs() as logs:
        patched.setattr(Tx, "execute", noted)
        patched.setattr(dispatch, "receive", received)
        stage.memory.latency = sent
        yield seen
        stage.memory.latency = None
        seen.logs = [{name: value for name, value in one.items() if name != "letter"} for one in logs]


async def ended(stage: Stage) -> dict[tuple[str, str, str], int]:
    """How many letters there are of each route, lane and state."""
    found = await stage.storage.read(outbox.counts)
    return {(route, lane.name, state.name): n for (route, lane, state), n in found.items()}


SITUATIONS = ("nothing before", "asked", "answering a question of the bot", "calling for help", "a second circle")


async def prepare(stage: Stage, people: list[Actor], situation: str) -> None:
    zarina, daler, _maria, farida = people
    match situation:
        case "asked":
            await farida.says("/ask")
            await stage.in_code(farida, "ask.all")
        case "answering a question of the bot":
            await forge(stage, zarina, "name")
        case "calling for help":
            await zarina.says("I need help")
        case "a second circle":  # whose news only one of the trustees reads
            await make_circle(stage, zarina, "Work")
            await invite_to(stage, zarina, "Work", daler)
            await open_circle(stage, zarina, "Family")
            await zarina.presses("My news goes to this circle")


@pytest.mark.parametrize("situation", SITUATIONS)
async def test_the_forced_phrase_is_answered_byte_for_byte_like_the_free_one_with_as_much_work(
    stage: Stage, situation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, forced = await family(stage, "1"), await family(stage, "2")
    await prepare(stage, free, situation)
    await prepare(stage, forced, situation)
    before = [await ended(stage)]
    with watching(stage, monkeypatch) as one:
        await free[0].says(FREE)
    before.append(await ended(stage))
    with watching(stage, monkeypatch) as other:
        await forced[0].says(FORCED)
    before.append(await ended(stage))
    said = [(screen(people[0])) for people in (free, forced)]
    assert [(text.replace(FREE, FORCED), buttons) for text, buttons in said[0]] == said[1]
    assert one.letters == other.letters, "as many letters in the same lanes"
    grown = [
        {key: n - earlier.get(key, 0) for key, n in later.items() if n != earlier.get(key, 0)}
        for earlier, later in pairwise(before)
    ]
    assert grown[0] == grown[1], "and they end in the same states"
    assert one.logs == other.logs
    # the only statement that differs is the one that undoes, and the free phrase has one in its place
    differ = [pair for pair in zip(one.statements, other.statements, strict=True) if pair[0] != pair[1]]
    assert differ == [(("SELECT 1", 1), ("ROLLBACK TO work", 1))]


async def test_hollow_letters_reach_no_platform_and_the_circle_keeps_its_age(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarina, daler, maria, farida = await family(stage)
    await zarina.says(FREE)
    await stage.pass_time(3 * DAY, DAY / 8)
    await farida.says("/ask")
    await stage.in_code(farida, "ask.all")
    await farida.says("/people")
    board = farida.last
    assert "🟡 Zarina: safe, 3 days ago" in board
    shown = farida.screen
    with watching(stage, monkeypatch) as seen:
        await zarina.says(FORCED)
    assert {one.address.account for one in seen.parcels} == {"zarina", "daler", "maria"}
    assert len(seen.letters) == 5, "one answer, three hearers, one whose question is answered"  # noqa: PLR2004
    assert farida.screen == shown, "no news, and no answer to the question"
    for who in (daler, maria):
        assert "Their account has written the words that mean “I am being forced”: just now." in who.last
        assert who.screen.count("Zarina: I am safe.") == 1
    await farida.says("/people")
    assert farida.last == board
    await daler.says("/people")
    assert "🟡 Zarina: safe, 3 days ago" in daler.last


async def test_the_control_a_phrase_that_is_not_silenced_would_be_seen(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarina, _daler, _maria, farida = await family(stage)
    monkeypatch.setattr(duress, "_silenced", duress._answered)  # noqa: SLF001 - what the rule prevents
    await zarina.says(FORCED)
    assert farida.sees("Zarina: I am safe.")


async def test_each_trustee_alone_is_told_what_has_happened_and_what_to_do(stage: Stage) -> None:
    zarina, daler, maria, farida = await family(stage)
    await zarina.says(FORCED)
    for who, other in ((daler, "Maria"), (maria, "Daler")):
        assert "This is for you alone: Zarina has trusted you with it." in who.last
        assert "Do not write to that account about it, and do not speak of it in the circle." in who.last
        assert f"It ends when you and {other} have each spoken with them" in who.last
        assert who.buttons == ["✅ I have spoken with them"]
    for word in ("forced", "duress", "trusted"):
        assert word not in farida.screen
    await stage.pass_time(25 * timedelta(hours=1), timedelta(hours=1))
    assert not daler.sees("being forced"), "the letter is gone after a day"
    await forge(stage, daler, "own")
    assert "Zarina may be forced. Your word is still missing." in daler.last


async def test_the_forced_phrase_said_again_tells_the_trustees_again_and_nobody_else(stage: Stage) -> None:
    zarina, daler, maria, farida = await family(stage)
    await zarina.says(FORCED)
    shown = farida.screen
    await zarina.says(FORCED)
    await zarina.says(FREE)
    assert zarina.screen.count("Told to 3 people: Daler, Maria and Farida.") == 3  # noqa: PLR2004
    assert daler.screen.count("being forced”: just now") == maria.screen.count("being forced”: just now") == 2  # noqa: PLR2004
    assert farida.screen == shown


@pytest.mark.parametrize("said", ["asking", "a name"])
async def test_a_phrase_counts_also_while_a_dialogue_waits_for_words(stage: Stage, said: str) -> None:
    zarina, daler, _maria, _farida = await family(stage)
    await forge(stage, zarina, "name" if said == "a name" else "else")
    await zarina.says("The  APRICOTS are sweet!")
    assert "Told to 3 people" in zarina.last
    assert daler.sees("being forced")


async def test_somebody_elses_phrase_is_nothing_to_another_person(stage: Stage) -> None:
    zarina, daler, maria, farida = await family(stage)
    await farida.says(FORCED)
    assert "I did not understand that." in farida.last
    await chooses(stage, farida, "Daler", "Maria", phrases=(FORCED, FREE))  # the other way round
    await farida.says(FORCED)
    assert zarina.sees("Farida: I am safe.")
    assert not daler.sees("being forced")
    assert not maria.sees("being forced")


# -- what the account shows ----------------------------------------------------------------------------------------

SECRETS = "Nilufar|Rustam|cellar|hurt, |asks: how|being forced"


async def relative(stage: Stage, teller: Actor) -> int:
    """Add somebody who is not online to the circle."""
    await forge(stage, teller, f"kin.add:{base36((await rows(stage))['circle'][0][0])}")
    await teller.says("Bobo")
    (found,) = (await rows(stage))["relative"]
    return int(found[0])


async def tells(stage: Stage, teller: Actor, who: int, state: str) -> None:
    """Tell news of somebody who is not online, seen a moment ago."""
    which = base36((await rows(stage))["circle"][0][0])
    await forge(stage, teller, f"tell.when:{which}:{base36(who)}:saw:{state}:0")


@dataclass
class Held:
    """An account in hostile hands, and the world that goes on without it."""

    stage: Stage
    zarina: Actor
    others: list[Actor]
    ids: dict[str, list[int]]
    people: list[int]


async def held(stage: Stage) -> Held:
    """Everything with an id hangs on Zarina; she says the forced phrase; and then the others live on."""
    zarina, daler, maria, farida = await family(stage)
    await daler.says("I am safe")
    kin = await relative(stage, maria)
    await tells(stage, maria, kin, "safe")
    await zarina.says(FREE)
    await zarina.says("/ask")
    await stage.in_code(zarina, "ask.all")
    await farida.says("I need help")
    for _once in range(2):
        await open_circle(stage, zarina, "Family")
        await stage.in_code(zarina, "invite")
    guest = stage.actor("guest")
    await guest.settles_in("Guest", payload=stage.code_of(zarina))
    await stage.in_code(guest, "join")
    await zarina.says(FORCED)
    found = await rows(stage)
    ids = {name: [row[0] for row in found[name]] for name in ("circle", "news", "alarm", "ask", "invite", "newcomer")}
    people = [await id_of(stage, one) for one in (zarina, daler, maria, farida, guest)]
    people.append(kin)
    # what the account must never show
    await stage.pass_time(timedelta(hours=4), timedelta(hours=1))
    await forge(stage, daler, "name")
    await daler.says("Rustam")
    await maria.says("/start")
    await forge(stage, maria, "else")
    await maria.says("We are in the cellar")
    await tells(stage, daler, kin, "hurt")
    await maria.says("/ask")
    await stage.in_code(maria, "ask.all")
    await open_circle(stage, maria, "Family")
    await stage.in_code(maria, "invite")
    nilufar = stage.actor("nilufar")
    await nilufar.settles_in("Nilufar", payload=stage.code_of(maria))
    await stage.in_code(nilufar, "join")
    await stage.in_code(maria, "door.open")
    await stage.in_code(nilufar, "circle.hear")
    await nilufar.says("I am safe")
    return Held(stage, zarina, [daler, maria, farida, guest, nilufar], ids, people)


def codes(place: Held, verb: str) -> Iterator[str]:
    """A verb with everything that the account could know."""
    yield verb
    for found in place.ids.values():
        yield f"{verb}:{base36(found[0])}"
    who = place.people[1]
    which = base36(place.ids["circle"][0])
    yield f"{verb}:{which}:{base36(who)}"
    for who in (place.people[1], place.people[-1]):
        yield f"{verb}:{which}:{base36(who)}:saw:hurt:0"
    yield f"{verb}:{base36(place.ids['news'][0])}:dushanbe"


# Done for real: a call for help, and what concerns the account's own chat. Each has a test of its own.
REAL = {
    "help",
    "help.in",
    "region.help",
    "forgotten",
    "cleaned",
    "speak",
    "quiet.at",
    "quiet.zone",
    "quiet.off",
    "own.set",
}
WORDS = ("/people", "/circles", "/ask", "/privacy", "/start", "I am safe", "Zarina the Second", "123456789012", "хуб")


def told(found: Rows) -> Rows:
    """What people said and are, without what the account shows, what slow work is to be done, and what is cleaned."""
    return {
        name: here
        for name, here in said_by_people(found).items()
        if name not in {"duress", "job", "menu", "petition_talk"}
    }


async def nothing_is_learnt_or_done(place: Held, verbs: set[str], of: int = 1) -> None:
    """Press everything, write everything; assert that nothing new is shown and nothing is done.

    Each verb is pressed alone, and with everything that the account could know, or one `of` so many.
    """
    before, screens = told(await rows(place.stage)), [one.screen for one in place.others]
    for verb in sorted(verbs):
        for number, code in enumerate(codes(place, verb)):
            if number and not is_tried(f"{verb} {number}", of):
                continue
            await forge(place.stage, place.zarina, code)
            for words in (WORDS[6], "Kulyab") if verb in {"name", "circle.make", "note", "place", "else"} else ():
                await place.zarina.says(words)
        assert not re.search(f"{SECRETS}|Something went wrong", place.zarina.screen), verb
    for words in WORDS:
        await place.zarina.says(words)
    assert not re.search(SECRETS, place.zarina.screen)
    assert told(await rows(place.stage)) == before
    assert [one.screen for one in place.others] == screens


@ONE_ENGINE
@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_whoever_holds_the_account_learns_nothing_new_and_changes_nothing_with_any_button(stage: Stage) -> None:
    place = await held(stage)
    await nothing_is_learnt_or_done(place, set(router.BUTTONS) - REAL, of=3)


@pytest.mark.parametrize("verb", ["people", "circle", "circle.left", "safe", "name"])
async def test_without_the_picture_the_walk_above_would_fail(
    stage: Stage, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await held(stage)
    monkeypatch.setattr(duress, "_under_duress", lambda _tx, ask, _told, _said, way: way.answers(ask))
    monkeypatch.setattr(outbox, "_withheld", lambda _row: False)
    with pytest.raises(AssertionError):
        await nothing_is_learnt_or_done(place, {verb})


async def test_what_was_done_under_duress_stays_on_its_own_screen(stage: Stage) -> None:
    zarina, _daler, _maria, farida = await family(stage)
    await zarina.says(FORCED)
    await stage.in_code(zarina, "note")
    await zarina.says("by the river")
    assert "Sent after your news." in zarina.last
    await make_circle(stage, zarina, "Garden")
    await zarina.says("/circles")
    assert any("Garden (1)" in label for label in zarina.buttons)
    await forge(stage, zarina, "name")
    await zarina.says("Zaynab")
    await zarina.says("/start")
    assert "Hello, Zaynab!" in zarina.last
    await forge(stage, zarina, "copied")
    attachment = zarina.messages[-1].attachment
    assert attachment is not None
    assert "by the river" in attachment.data.decode()
    await open_circle(stage, zarina, "Family")
    await zarina.presses("Remove")
    await zarina.presses("Farida")
    await zarina.presses("Remove")
    await zarina.says("/people")
    assert "Farida" not in zarina.last
    await farida.says("/people")
    assert "⚪ Zarina: no news yet" in farida.last
    for never in ("by the river", "Garden", "Zaynab"):
        assert not farida.sees(never)


async def test_news_is_taken_back_under_duress_as_ever_and_told_nobody(stage: Stage) -> None:
    zarina, daler, _maria, farida = await family(stage)
    await zarina.says(FREE)
    shown = farida.screen
    await zarina.says(FORCED)
    await zarina.presses("Take it back")
    assert "Taken back. Everybody who got it is told." in zarina.last
    assert farida.screen == shown
    await daler.says("/people")
    assert "🟢 Zarina: safe" in daler.last


async def test_an_invitation_made_under_duress_opens_nothing_and_is_answered_like_any_code(stage: Stage) -> None:
    zarina, _daler, _maria, _farida = await family(stage)
    await open_circle(stage, zarina, "Family")
    await stage.in_code(zarina, "invite")
    older = stage.code_of(zarina)
    await zarina.says(FORCED)
    await open_circle(stage, zarina, "Family")
    await stage.in_code(zarina, "invite")
    guests = []
    for name, code in (("Nilufar", older), ("Parviz", stage.code_of(zarina)), ("Rudaki", make_code(lambda n: n - 1))):
        guest = stage.actor(name.lower())
        await guest.settles_in(name)
        await forge(stage, guest, "join")
        await guest.says(code)
        guests.append(guest)
    assert len({one.last for one in guests}) == 1
    assert "If the code is right, the person who invited you is being asked now" in guests[0].last
    assert not zarina.sees("has used your invitation")
    await stage.pass_time(4 * DAY, DAY / 8)
    found = await rows(stage)
    assert len(found["membership"]) == 4  # noqa: PLR2004
    assert found["newcomer"] == []


async def test_too_many_guesses_are_refused_under_duress_as_ever(stage: Stage) -> None:
    free, forced = await family(stage, "1"), await family(stage, "2")
    await free[0].says(FREE)
    await forced[0].says(FORCED)
    for zarina in (free[0], forced[0]):
        for guess in range(7):
            if guess < 6:  # noqa: PLR2004 - afterwards the question still stands
                await forge(stage, zarina, "join")
            await zarina.says(make_code(lambda n, guess=guess: guess % n))  # type: ignore[misc]
    assert "That was too often." in free[0].last
    assert [one.text for one in free[0].messages[-8:]] == [one.text for one in forced[0].messages[-8:]]


async def test_a_newcomer_at_the_door_is_let_in_only_on_the_screen(stage: Stage) -> None:
    zarina, _daler, _maria, farida = await family(stage)
    await open_circle(stage, zarina, "Family")
    await stage.in_code(zarina, "invite")
    guest = stage.actor("guest")
    await guest.settles_in("Guest", payload=stage.code_of(zarina))
    await stage.in_code(guest, "join")
    await zarina.says(FORCED)
    await zarina.presses("Let in")
    assert zarina.sees("Guest is now in “Family”.")
    await zarina.says("/people")
    assert "⚪ Guest: no news yet" in zarina.last
    assert not guest.sees("You are now in the circle")
    assert not farida.sees("Guest")


async def test_codes_and_cards_made_under_duress_open_nothing(both: Stage) -> None:
    zarina, _daler, _maria, _farida = await family(both)
    await zarina.says(FORCED)
    await forge(both, zarina, "link.make")
    code = re.findall(r"\d{3} \d{3} \d{3} \d{3}", zarina.last)[-1]
    other = both.actor("other", "matrix")
    await other.settles_in("Other")
    await forge(both, other, "link.type")
    await other.says(code)
    assert "If the code is right and not too old" in other.last
    assert not zarina.sees("Is that account yours?")
    await forge(both, zarina, "card.make")
    assert zarina.sees("Your card. Print it"), "the card comes as ever"
    found = await rows(both)
    assert found["card"] == []
    assert found["link"] == []
    assert found["job"] == []


async def test_whoever_gets_free_without_the_phone_comes_back_by_their_card_and_the_phone_can_not_stop_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "COST", 2)  # its cost is no part of what is tested here
    drawn: list[list[str]] = []

    def reading(words: list[str]) -> bytes:
        drawn.append(words)
        return draw(words)

    monkeypatch.setattr("bot.jobs.cards.draw", reading)
    zarina, daler, maria, farida = await family(stage)
    await forge(stage, zarina, "card.make")
    await zarina.says(FORCED)
    shown = zarina.screen
    new = stage.actor("new")
    await new.starts()
    await new.presses("English")
    await new.presses("I have lost my account")
    await new.says(" ".join(drawn[-1]))
    await farida.presses("Yes, I have spoken with them")
    (which,) = [row[0] for row in (await rows(stage))["comeback"]]
    assert zarina.screen == shown, "the phone is told nothing of it"
    await forge(stage, zarina, f"card.stop:{base36(which)}")
    await stage.pass_time(25 * timedelta(hours=1), timedelta(hours=1))
    assert "Welcome back, Zarina." in new.last
    await new.says("I am safe")
    assert not farida.sees("Zarina: I am safe."), "it is still under duress"
    for trustee in (daler, maria):
        await forge(stage, trustee, "own")  # the letter itself is gone by now
        await lifts(stage, trustee)
    await new.says("I am safe")
    assert farida.sees("Zarina: I am safe.")


async def test_accounts_are_linked_and_unlinked_only_on_the_screen(both: Stage) -> None:
    zarina, _daler, _maria, farida = await family(both)
    other, third = both.actor("other", "matrix"), both.actor("third", "matrix")
    for one, name in ((other, "Other"), (third, "Third")):
        await one.settles_in(name)
        await forge(both, zarina, "link.make")
        await forge(both, one, "link.type")
        await one.says(re.findall(r"\d{3} \d{3} \d{3} \d{3}", zarina.last)[-1])
        if one is other:
            await both.in_code(zarina, "link.yes")
    await both.pass_time(8 * DAY, DAY)
    await forge(both, zarina, "link.make")
    await forge(both, third, "link.type")
    await third.says(re.findall(r"\d{3} \d{3} \d{3} \d{3}", zarina.last)[-1])
    await zarina.says(FORCED)
    shown, there = third.screen, other.screen
    await both.in_code(zarina, "link.yes")
    assert zarina.sees("Linked: Matrix.")
    assert not zarina.sees("This account is linked with the other one now")
    assert third.screen == shown
    await forge(both, zarina, "link")
    await zarina.presses("2. Unlink")
    await both.in_code(zarina, "link.cut.yes")
    assert zarina.sees("Unlinked: Matrix.")
    assert other.screen == there
    await other.says("I am safe")
    assert "Told to 3 people" in other.last
    assert not farida.sees("Zarina: I am safe."), "the other account is under duress as well"


async def test_what_others_say_is_withheld_and_they_are_answered_as_ever(stage: Stage) -> None:
    zarina, daler, _maria, farida = await family(stage)
    await zarina.says(FORCED)
    shown = zarina.screen
    await farida.says("I am safe")
    assert "Told to 3 people: Zarina, Daler and Maria." in farida.last
    await farida.says("I need help")
    await stage.pass_time(timedelta(minutes=1))
    assert farida.sees("Reached so far: 3 of 3.")
    await daler.says("/ask")
    await stage.in_code(daler, "ask.all")
    assert daler.sees("⏳ Zarina: no answer yet")
    assert zarina.screen == shown


# -- a call for help -----------------------------------------------------------------------------------------------


async def test_a_call_for_help_goes_out_and_its_end_is_not_believed(stage: Stage) -> None:
    zarina, daler, maria, farida = await family(stage)
    await zarina.says(FORCED)
    await stage.pass_time(MINUTE)
    await zarina.says("I need help")
    assert "It is on its way to 3 people." in zarina.last
    for one in (daler, maria, farida):
        assert one.sees("Zarina: I need help.")
    assert daler.sees("A call for help came from the account of Zarina")
    assert not farida.sees("A call for help came from the account of Zarina")
    await stage.pass_time(MINUTE)
    assert zarina.sees("Reached so far: 3 of 3."), "as in any call"
    await zarina.presses("Add details")
    await zarina.says("Rudaki street 5")
    assert farida.sees("Zarina adds: Rudaki street 5")
    await farida.presses("taking care")
    await stage.pass_time(MINUTE)
    assert daler.sees("🤝 Taking care: Farida")
    assert not zarina.sees("Taking care"), "who answers is not shown"
    assert not zarina.sees("is taking care of it")
    await zarina.presses("I am safe now")
    assert zarina.sees("Everybody who got your call is told that you are safe now.")
    assert not farida.sees("I am safe now")
    assert not farida.sees("This call is over.")
    await farida.says("/people")
    assert "🆘 Zarina: needs help" in farida.last


async def test_a_call_by_the_button_under_a_question_to_a_district_goes_out(stage: Stage) -> None:
    zarina, daler, maria, farida = await family(stage)
    await zarina.says(FORCED)
    await forge(stage, zarina, "region.safe:1")
    assert not farida.sees("Zarina: I am safe."), "the control"
    await forge(stage, zarina, "region.help:1")
    assert "It is on its way to 3 people." in zarina.last
    for one in (daler, maria, farida):
        assert one.sees("Zarina: I need help.")
    assert daler.sees("A call for help came from the account of Zarina")
    await zarina.presses("Add details")
    await zarina.says("Rudaki street 5")
    assert farida.sees("Zarina adds: Rudaki street 5")


async def test_a_call_of_a_roll_call_of_before_goes_out_once_it_is_clear_whom_it_is_about(stage: Stage) -> None:
    zarina, daler, maria, farida = await family(stage)
    for name in ("Madina Karimova", "Madina Safarova"):
        await forge(stage, maria, f"kin.add:{base36((await rows(stage))['circle'][0][0])}")
        await maria.says(name)
    await zarina.says("/rollcall")
    await zarina.says("Madina - needs help")
    (code, *_others) = [one.code for one in zarina.messages[-1].choices if one.code.startswith("roll.who")]
    await zarina.says(FORCED)
    await forge(stage, zarina, code)
    for one in (daler, farida):
        assert "Madina Karimova: needs help" in one.screen


async def test_a_call_for_somebody_who_is_not_online_goes_out_and_that_they_are_safe_does_not(stage: Stage) -> None:
    zarina, _daler, maria, farida = await family(stage)
    kin, which = await relative(stage, maria), base36((await rows(stage))["circle"][0][0])
    await zarina.says(FORCED)
    await forge(stage, zarina, f"tell.what:{which}:{base36(kin)}:saw:help")
    assert farida.sees("Bobo")
    assert farida.buttons == ["👁 I have seen it", "🤝 I am taking care of it"]
    shown = farida.screen
    await tells(stage, zarina, kin, "safe")
    assert "Told to 3 people" in zarina.last
    assert farida.screen == shown


async def test_what_others_say_against_it_afterwards_is_not_shown(stage: Stage) -> None:
    zarina, daler, maria, farida = await family(stage)
    kin = await relative(stage, maria)
    await tells(stage, maria, kin, "safe")
    await zarina.says(FORCED)
    await stage.pass_time(MINUTE)
    await tells(stage, daler, kin, "hurt")
    await stage.pass_time(3 * DAY, timedelta(hours=6))
    await farida.says("/people")
    assert "hurt" in farida.last
    await zarina.says("/people")
    assert "Bobo: safe" in zarina.last
    assert "hurt" not in zarina.last


async def test_an_answer_about_somebody_elses_call_counts_only_on_the_screen(stage: Stage) -> None:
    zarina, daler, _maria, farida = await family(stage)
    await farida.says("I need help")
    await zarina.says(FORCED)
    await stage.in_code(zarina, "caring")
    assert not farida.sees("Zarina is taking care of it.")
    await stage.pass_time(11 * MINUTE)
    assert daler.screen.count("Farida: I need help.") == 2, "so it is repeated"  # noqa: PLR2004


# -- the end of it -------------------------------------------------------------------------------------------------


async def test_it_takes_the_word_of_both_trustees(stage: Stage) -> None:
    zarina, daler, maria, farida = await family(stage)
    await zarina.says(FORCED)
    await lifts(stage, daler)
    assert "Now this word is still missing: Maria." in daler.last
    assert "Daler has spoken with Zarina freely. Your word is still missing." in maria.last
    await lifts(stage, daler)
    await zarina.says("I am safe")
    assert not farida.sees("Zarina: I am safe."), "the same word twice is not two"
    shown = zarina.screen
    await lifts(stage, maria)
    assert "It is over: the account of Zarina shows and does everything again." in maria.last
    assert "It is over" in daler.last
    assert zarina.screen == shown, "nothing there tells of it"
    await farida.says("/people")
    assert "⚪ Zarina: no news yet" in farida.last, "what was forced is gone"
    await zarina.says("I am safe")
    assert farida.sees("Zarina: I am safe.")
    assert (
        await stage.storage.read(lambda tx: tx.execute(sa.select(table.c.mark, table.c.picture)).one()) == (None,) * 2
    )


async def test_nobody_but_a_trustee_lifts_it_and_not_one_who_is_under_duress(stage: Stage) -> None:
    zarina, daler, maria, farida = await family(stage)
    who = base36(await id_of(stage, zarina))
    await chooses(stage, daler, "Maria", "Farida", phrases=("old songs", "new songs"))
    await forge(stage, farida, f"own.lifted:{who}")
    assert "no longer in use" in farida.last, "while nobody is under duress"
    await zarina.says(FORCED)
    for one in (farida, zarina):
        await forge(stage, one, f"own.lifted:{who}")
        assert "no longer in use" in one.last
    await daler.says("new songs")
    await stage.in_code(daler, "own.lift")
    await stage.in_code(daler, "own.lifted")
    assert "Now this word is still missing: Maria." in daler.last
    assert not maria.sees("Daler has spoken with Zarina freely.")
    await zarina.says("I am safe")
    assert not farida.sees("Zarina: I am safe.")
    await forge(stage, maria, f"own.lifted:{who}")
    await zarina.says("I am safe")
    assert farida.sees("Zarina: I am safe."), "the word of the one who is free is enough"


async def test_a_trustee_who_is_gone_is_waited_for_by_nobody(stage: Stage) -> None:
    zarina, daler, maria, farida = await family(stage)
    await zarina.says(FORCED)
    await forge(stage, maria, "forgotten")
    await lifts(stage, daler)
    assert "It is over" in daler.last
    await zarina.says("I am safe")
    assert farida.sees("Zarina: I am safe.")


async def test_after_thirty_days_one_word_is_enough(stage: Stage) -> None:
    zarina, daler, _maria, farida = await family(stage)
    await zarina.says(FORCED)
    await lifts(stage, daler)
    await stage.pass_time(29 * DAY, DAY)
    await zarina.says("I am safe")
    assert not farida.sees("Zarina: I am safe.")
    await stage.pass_time(DAY, DAY)
    await zarina.says("I am safe")
    assert farida.sees("Zarina: I am safe.")


async def test_without_any_trustee_it_ends_after_thirty_days(stage: Stage) -> None:
    zarina, daler, maria, farida = await family(stage)
    await zarina.says(FORCED)
    await forge(stage, maria, "forgotten")
    await forge(stage, daler, "forgotten")
    await zarina.says("I am safe")
    assert not farida.sees("Zarina: I am safe.")
    await stage.pass_time(30 * DAY, DAY)
    await zarina.says("I am safe")
    assert farida.sees("Zarina: I am safe.")


async def test_to_be_forgotten_really_erases_and_only_the_trustees_learn_of_it(stage: Stage) -> None:
    zarina, daler, maria, farida = await family(stage)
    await zarina.says(FORCED)
    shown = farida.screen
    await forge(stage, zarina, "forgotten")
    assert "You are forgotten." in zarina.last
    assert await stage.storage.read(lambda tx: tx.execute(sa.select(table)).all()) == []
    for one in (daler, maria):
        assert "Everything that I knew of Zarina was erased from their own account." in one.screen
    assert farida.screen == shown


async def test_the_picture_survives_that_others_leave_are_forgotten_and_are_removed(stage: Stage) -> None:
    zarina, _daler, maria, farida = await family(stage)
    await farida.says("I am safe")
    await zarina.says("/people")
    board = zarina.last
    await zarina.says(FORCED)
    await forge(stage, farida, "forgotten")
    await forge(stage, maria, f"circle.left:{base36((await rows(stage))['circle'][0][0])}")
    await zarina.says("/people")
    assert zarina.last == board
    await zarina.says("I am safe")
    assert "Told to 3 people: Daler, Maria and Farida." in zarina.last
    assert "Something went wrong" not in zarina.screen


# -- setting the phrases -------------------------------------------------------------------------------------------


async def test_the_phrases_are_set_one_after_the_other_and_leave_no_trace_in_the_chat(stage: Stage) -> None:
    zarina, _daler, _maria = await stage.family("Zarina", "Daler", "Maria")
    await zarina.says("/privacy")
    await zarina.presses("My own words")
    assert "First choose two people whom you trust." in zarina.last
    await zarina.presses("Choose two people")
    await zarina.presses("Daler")
    await zarina.presses("Maria")
    await zarina.says("/privacy")
    await zarina.presses("My own words")
    await zarina.presses("Choose my two phrases")
    await zarina.says(FREE)
    assert "Now write the words for when you are forced." in zarina.last
    await zarina.says(FORCED)
    standing = [i18n.plain(one.text) for one in zarina.memory.chat("zarina")]
    assert not re.search("apricots|Now write|Write the words with which", "\n".join(standing))
    await zarina.presses("More")
    await zarina.presses("Privacy")
    await zarina.presses("My own words")
    assert "Your two phrases are set. I can't show them." in zarina.last
    assert zarina.buttons == ["✍️ Choose new phrases", "⬅️ Back"]
    found = repr(await rows(stage))
    assert "apricots" not in found
    await forge(stage, zarina, "copied")
    attachment = zarina.messages[-1].attachment
    assert attachment is not None
    assert not re.search("phrase|apricots|forced", attachment.data.decode())


@pytest.mark.parametrize(
    "bad", ["/safe", "one two three four five six seven eight nine", "12", "my people", "🙂", "!x"]
)
async def test_what_means_something_else_is_no_phrase(stage: Stage, bad: str) -> None:
    zarina, _daler, _maria = await stage.family("Zarina", "Daler", "Maria")
    await forge(stage, zarina, "trust")
    await zarina.presses("Daler")
    await zarina.presses("Maria")
    await forge(stage, zarina, "own.set")
    await zarina.says(bad)
    assert not zarina.sees("Now write the words for when you are forced.")


async def test_one_of_the_listed_phrases_may_be_the_forced_one_but_both_must_differ(stage: Stage) -> None:
    zarina, daler, maria = await stage.family("Zarina", "Daler", "Maria")
    await forge(stage, zarina, "trust")
    await zarina.presses("Daler")
    await zarina.presses("Maria")
    await forge(stage, zarina, "own.set")
    await zarina.says("I am safe")
    await zarina.says("I AM SAFE!")
    assert "The second phrase must be another one than the first." in zarina.last
    await zarina.says("I am alive")
    assert "Your two phrases are set." in zarina.last
    await zarina.says("I am alive")
    assert "Told to 2 people: Daler and Maria." in zarina.last
    assert daler.sees("being forced")
    assert not maria.sees("Zarina: I am safe.")


async def test_new_phrases_take_the_place_of_old_ones_and_an_old_one_said_meanwhile_begins_nothing(
    stage: Stage,
) -> None:
    zarina, daler, _maria, _farida = await family(stage)
    await forge(stage, zarina, "own.set")
    await zarina.says(FORCED)
    await zarina.says("plums")
    assert "Your two phrases are set." in zarina.last
    assert not daler.sees("being forced")
    await zarina.says(FORCED)
    assert daler.sees("Zarina: I am safe.")
    await zarina.says(FREE)
    assert "I did not understand that." in zarina.last
    await zarina.says("plums")
    assert daler.sees("being forced")


def test_an_account_that_was_linked_a_short_while_ago_neither_sets_phrases_nor_lifts() -> None:
    assert {duress.choose, duress.first, duress.second, duress.lift, duress.lifted} <= router.OLDER


# -- letters that nobody gets --------------------------------------------------------------------------------------


async def test_a_hollow_letter_that_was_in_the_air_at_a_crash_is_never_sent(stage: Stage) -> None:
    zarina, _daler, _maria, farida = await family(stage)
    shown = farida.screen
    await stage.memory.say("zarina", FORCED)
    assert await stage.storage.write(lambda tx: outbox.claim(tx, "memory/1", stage.now(), 10))
    stage.memory.idempotent = False
    app = App(stage.storage, [(stage.memory, UNLIMITED)], {}, stage.now)
    for route in app.engine.routes:
        await route.recover()
    await app.engine.drain()
    assert "Told to 3 people" in zarina.last
    assert farida.screen == shown
    assert await ended(stage) == {}


async def test_a_hollow_letter_goes_along_with_news_that_waited_and_says_nothing(stage: Stage) -> None:
    zarina, daler, _maria, farida = await family(stage)
    stage.memory.fail(NotSent(), "farida")
    await zarina.says(FORCED)
    await daler.says("I am safe")
    stage.memory.fail(NotSent(), "farida", times=0)
    await stage.pass_time(5 * MINUTE)
    assert "Daler: I am safe." in farida.last
    assert not farida.sees("Zarina: I am safe.")
    assert await ended(stage) == {}


async def test_what_a_trustee_must_know_is_never_put_together_with_other_news(stage: Stage) -> None:
    zarina, daler, _maria, farida = await family(stage)
    stage.memory.fail(NotSent(), "daler")
    await farida.says("I am safe")
    await zarina.says(FORCED)
    await farida.says("I am safe")
    await stage.pass_time(5 * MINUTE)
    (secret,) = [one for one in daler.messages if "being forced" in one.text]
    assert "Farida" not in secret.text
    assert [one.label for one in secret.choices] == ["✅ I have spoken with them"]
    assert daler.screen.count("Farida: I am safe.") == 2  # noqa: PLR2004


async def test_whoever_can_read_the_database_without_its_key_sees_of_both_phrases_the_same(stage: Stage) -> None:
    zarina, *_others = await family(stage)
    await zarina.says(FREE)
    who = await id_of(stage, zarina)
    told = Duress(stage.now(), 7, (1, 2))
    raw = sa.table("duress", *(sa.column(name, sa.LargeBinary()) for name in ("mark", "picture")))

    def written(tx: Tx, *, forced: bool) -> list[int]:
        kept.begin(tx, who, told, pictures.take(tx, who, stage.now()), forced=forced)
        return [len(value) for value in tx.execute(sa.select(*raw.c)).one()]

    def look(tx: Tx) -> tuple[Own | None, list[int], Own | None, list[int]]:
        free = written(tx, forced=False)
        after_free = kept.of(tx, who)
        forced = written(tx, forced=True)
        return after_free, free, kept.of(tx, who), forced

    after_free, free, after_forced, forced = await stage.storage.write(look)
    assert free == forced
    assert after_free is not None
    assert after_free.duress is None
    assert after_forced is not None
    assert after_forced.duress == told


def test_pictures_leave_out_nothing_that_a_handler_shows() -> None:
    """A new table is in every picture; whoever leaves one out says so here, and why nobody is shown it."""
    from storage.pictures import LEFT_OUT  # noqa: PLC0415

    machinery = {"accident", "device", "fact", "inbox", "job", "letter", "menu", "message", "succession", "throttle"}
    own = {"address", "dialogue", "duress"}
    published = {"asked", "delivery", "posting"}  # who got what everybody may read: no screen lists it
    petitions = {  # everybody may read them, and whose a signature is no row says
        *("petition", "petition_version", "petition_entry", "petition_node", "petition_checkpoint", "petition_packet"),
        *("petition_signature", "petition_nullifier", "petition_relay", "petition_talk", "petition_certificate"),
        "petition_follower",  # following goes on under duress: it is public, and harms nobody
    }
    search = {"sought_list", "sought_former", "not_same", "knock_quota"}  # nobody is shown these
    assert machinery | own | published | petitions | search == LEFT_OUT


async def test_two_people_of_one_circle_can_be_under_duress(stage: Stage) -> None:
    zarina, daler, _maria, farida = await family(stage)
    await chooses(stage, farida, "Daler", "Maria", phrases=("old songs", "new songs"))
    await zarina.says(FORCED)
    await farida.says("new songs")
    await zarina.says("I am safe")
    await farida.says("I am safe")
    assert "Told to 3 people" in zarina.last
    assert "Told to 3 people" in farida.last
    assert not daler.sees("I am safe.")
    await zarina.says("/people")
    assert "⚪ Farida: no news yet" in zarina.last


async def test_whoever_is_under_duress_is_not_shown_who_else_is(stage: Stage) -> None:
    zarina, daler, _maria, _farida = await family(stage)
    await chooses(stage, daler, "Maria", "Farida", phrases=("old songs", "new songs"))
    await daler.says("new songs")
    await stage.pass_time(MINUTE)
    await zarina.says(FORCED)
    assert not daler.sees("being forced")
    await forge(stage, daler, "own")
    assert "may be forced" not in daler.last
    assert daler.buttons == ["✍️ Choose new phrases", "⬅️ Back"]


async def test_a_name_that_changed_is_not_shown_in_old_buttons(stage: Stage) -> None:
    zarina, daler, _maria, _farida = await family(stage)
    await zarina.says(FORCED)
    await forge(stage, daler, "name")
    await daler.says("Rustam")
    await zarina.says("/ask")
    assert "Daler" in zarina.buttons
    assert "Rustam" not in zarina.buttons
    await zarina.presses("Daler")
    assert zarina.sees("⏳ Daler: no answer yet")


async def test_phrases_cost_nobody_else_a_statement(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    zarina, _daler, _maria, farida = await family(stage)
    with watching(stage, monkeypatch) as plain:
        await farida.says("I am safe")
    with watching(stage, monkeypatch) as own:
        await zarina.says("I am safe")
    assert plain.statements == own.statements, "nor to whoever has them and says something else"
    assert sum("duress" in statement for statement, _n in plain.statements) == 1, "it comes along with the person"
