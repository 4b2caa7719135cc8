"""“My districts”: said by search, shown to oneself only, forgotten with the person, and read in parts."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from bot.domain.conversation import Sender
from handlers.ask import base36
from storage import circles, merging, people, relatives, ties
from storage.database import Tx
from storage.ties import Tie
from tests.family.looking import forge, id_of, rows
from tests.stage import Actor, Stage

if TYPE_CHECKING:
    from storage.database import Storage

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def says_district(actor: Actor, words: str, which: str, button: str = "I live in") -> None:
    """Tell one district."""
    await actor.says("/start")
    await actor.presses("More")
    await actor.presses("Just in case")
    await actor.presses("My districts")
    await actor.presses(button)
    await actor.says(words)
    await actor.presses(which)


async def test_somebody_says_where_they_live_and_where_their_people_are(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    before = daler.screen
    await says_district(zarina, "душанбе", "Dushanbe")
    await says_district(zarina, "Хорог", "Khorog", "My people are in")
    assert "🏠 Dushanbe: lives here\n👪 Khorog: has people here" in zarina.last
    who = await id_of(stage, zarina)
    assert await stage.storage.read(partial(ties.of, who=who)) == [
        Tie("dushanbe", lives=True),
        Tie("khorugh", lives=False),
    ]
    await zarina.presses("✖️ Dushanbe")
    assert "Dushanbe" not in zarina.last
    assert daler.screen == before, "nobody is told"


async def test_a_place_that_nobody_knows_is_asked_for_again(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    await zarina.says("/start")
    await zarina.presses("More")
    await zarina.presses("Just in case")
    await zarina.presses("My districts")
    await zarina.presses("I live in")
    await zarina.says("Atlantis")
    assert "I do not know this place." in zarina.last
    await zarina.says("Khorog")
    await zarina.presses("Khorog")
    assert "🏠 Khorog: lives here" in zarina.last
    await forge(stage, zarina, "tie.say:1:0:nowhere")
    assert "This button is no longer in use." in zarina.last


async def test_a_dozen_districts_are_enough(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    codes = ["gbao", "dushanbe", "sughd", "khatlon", "drs", "khorugh", "ru.moscow", "de", "gb", "rushon", "ishkoshim"]
    for code in [*codes, "murghob"]:
        await forge(stage, zarina, f"tie.say:0:0:{code}")
    who = await id_of(stage, zarina)
    told = await stage.storage.read(partial(ties.of, who=who))
    assert len(told) == len(codes) + 1, [one.place for one in told]
    await forge(stage, zarina, "tie.say:0:0:shughnon")
    assert "You can name at most 12 districts." in zarina.last


async def test_a_relative_without_the_bot_lives_somewhere_too(stage: Stage) -> None:
    zarina, _daler = await stage.family("Zarina", "Daler")
    stranger = stage.actor("stranger")
    await stranger.settles_in("Stranger")
    me = await id_of(stage, zarina)

    def add(tx: Tx) -> int:
        return relatives.add(tx, circles.circles_of(tx, me)[0].id, "Bobo Karim", stage.now())

    bobo = await stage.storage.write(add)
    await zarina.says("/start")
    await zarina.presses("More")
    await zarina.presses("Just in case")
    await zarina.presses("My districts")
    await zarina.presses("A relative")
    await zarina.presses("Bobo Karim")
    await zarina.presses("They live in")
    await zarina.says("Khorog")
    await zarina.presses("Khorog")
    assert "Bobo Karim lives here:\n🏠 Khorog: lives here" in zarina.last
    assert await stage.storage.read(partial(ties.of, who=bobo)) == [Tie("khorugh", lives=True)]
    assert await stage.storage.read(partial(ties.tied_to, places=["khorugh"])) == [], "they can't be written to"
    for verb in ("ties.of:{}", "tie.find:1:{}", "tie.say:1:{}:dushanbe", "tie.drop:{}:khorugh"):
        await forge(stage, stranger, verb.format(base36(bobo)))
        assert "This button is no longer in use." in stranger.last


async def test_to_be_forgotten_forgets_the_districts_and_a_copy_holds_them(stage: Stage) -> None:
    (zarina,) = await stage.family("Zarina")
    await says_district(zarina, "Khorog", "Khorog")
    await zarina.says("/privacy")
    assert "You have named 1 district" in zarina.last
    await zarina.presses("A copy for me")
    await zarina.presses("Send the copy")
    copy = zarina.messages[-1].attachment
    assert copy is not None
    assert b'"district": "khorugh"' in copy.data
    await zarina.says("/privacy")
    await zarina.presses("Forget me")
    await zarina.presses("Yes, forget me")
    assert (await rows(stage))["tie"] == []


async def test_a_large_community_is_read_in_parts(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        made = []
        for number in range(25):
            met = people.meet(tx, Sender("memory", "1", f"a{number}"), NOW)
            assert met.person is not None
            made.append(met.person.id)
            if number % 5:
                ties.say(tx, met.person.id, "khorugh", lives=number % 2 == 0)
            if number % 3 == 0:
                ties.say(tx, met.person.id, "gbao", lives=True)
        tied = [who for number, who in enumerate(made) if number % 5 or number % 3 == 0]
        found: list[int] = []
        while part := ties.tied_to(tx, ["khorugh", "gbao"], found[-1] if found else 0, 4):
            assert len(part) <= 4  # noqa: PLR2004
            found += part
        assert found == tied, "each once, in order"
        assert ties.count(tx, ["khorugh", "gbao"]) == len(tied)

    await storage.write(work)


async def test_two_accounts_that_become_one_live_where_either_said(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        first, second = (people.meet(tx, Sender("memory", "1", name), NOW).person for name in "ab")
        assert first is not None
        assert second is not None
        ties.say(tx, first.id, "khorugh", lives=False)
        ties.say(tx, second.id, "khorugh", lives=True)
        ties.say(tx, second.id, "dushanbe", lives=False)
        merging.merge(tx, second.id, first.id, NOW)
        assert ties.of(tx, first.id) == [Tie("khorugh", lives=True), Tie("dushanbe", lives=False)]

    await storage.write(work)
