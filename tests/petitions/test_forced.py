"""Petitions under duress: every button answers as it would without, looks so the second time, and nothing is done."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from bot import i18n
from bot.domain.petition import LANGUAGES, Deed, Letter, Who
from bot.domain.roles import Role
from bot.domain.signature import Mode, declared
from bot.i18n import pgettext
from handlers import router
from handlers.ask import base36
from handlers.petitions.drafting import KIND
from storage import deeds, people, petitions, pictures, proposals, signatures, sponsors
from storage import duress as kept_duress
from storage.database import Tx
from storage.sqlite import open_file
from tests.family.looking import Rows, forge, id_of, rows
from tests.family.test_desk import give
from tests.family.test_duress import FORCED, FREE, MINUTE, family, screen
from tests.faults import FULL
from tests.petitions.ledgers import listing
from tests.petitions.signing import letter, opened
from tests.petitions.walk import community
from tests.petitions.writing import KEY, code_on, organisers
from tests.stage import BEGIN, Actor, Stage

if TYPE_CHECKING:
    from storage.crypto import Keys
    from storage.petitions import Petition

NEWEST = 12  # messages that are compared after each step
WAVE, HELD = "branch", {9, 10, 11}
TITLE = "The title in en."
SECOND = "Let the letters through"


@dataclass
class World:
    """A community in which Zarina organises, and has two phrases; `one` is hers and open, another one waits for her."""

    stage: Stage
    zarina: Actor
    one: Petition
    wave: str

    def code(self, of: str) -> str:
        """A button of hers."""
        return of.replace("WHICH", base36(self.one.id)).replace("WAVE", self.wave)

    def seen(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Her screen. What is drawn by lot stands there by its kind, and the phrase is the forced one."""
        found = []
        for text, choices in screen(self.zarina)[-NEWEST:]:
            plain = text.replace(FREE, FORCED)
            plain = re.sub(r"\bstart=p\w+", "LINK", plain)
            # twelve figures in a row of a digest have been taken for a code
            plain = re.sub(r"\b([0-9a-f]|CODE){40,64}\b|\b[0-9a-f]{4}( [0-9a-f]{4}){3}\b", "LOT", plain)
            found.append((plain, choices))
        return found


async def _world(stage: Stage) -> World:
    """Twelve have signed hers together; three of them are held."""
    zarina, *_trustees = await family(stage)
    anna, bahrom = await organisers(stage, "Anna", "Bahrom")
    await give(stage, zarina, Role.ORGANISER)
    who, first, second = [await id_of(stage, one) for one in (zarina, anna, bahrom)]
    what = replace(letter(KEY, stage.now(), ("icrc",)), goal=1000)
    one = await stage.storage.write(partial(opened, author=who, reviewer=first, what=what, now=stage.now()))
    await stage.storage.write(partial(_offered, author=second, what=what, now=stage.now()))
    await stage.storage.write(partial(_signatures, stage=stage, one=one))
    await stage.pass_time(3 * MINUTE)
    (wave,) = await stage.storage.read(partial(signatures.waves, which=one.id, least=10))
    return World(stage, zarina, one, wave.code)


def _offered(tx: Tx, author: int, what: Letter, now: datetime) -> None:
    """Another organiser's letter waits for a second person."""
    titles = {(language, "title"): SECOND for language in LANGUAGES}
    made = petitions.create(tx, author, replace(what, texts={**what.texts, **titles}), now)
    version = petitions.newest(tx, made.id)
    assert version is not None
    sponsors.ask(tx, made.id, "", "1" * 12, now, organisation=False)
    asked = sponsors.asked_by(tx, "1" * 12, now)
    assert asked is not None
    sponsors.confirm(tx, asked, "1" * 12, author, "Sponsora", version.letter.text_digest(), now)
    petitions.take_step(tx, version, Deed.OFFER, Who.AUTHOR, now)
    title = pgettext("button-wide", "📜 Read: {title}", title=SECOND)
    proposals.put(tx, KIND, Role.ORGANISER, author, title, now, body={"petition": made.id, "version": 1})


def _signatures(tx: Tx, stage: Stage, one: Petition) -> None:
    what = declared(Mode.COUNTED)
    assert what is not None
    for n in range(12):
        signatures.sign(
            tx, one, [("memory", f"{n:02}")], what, stage.now(), verified=n % 2 == 0, wave=WAVE, held=n in HELD
        )  # fmt: skip


@pytest.fixture
async def worlds(keys: Keys, migrated_file: Path, tmp_path: Path) -> AsyncIterator[tuple[World, World]]:
    """Two communities that are alike but for what is drawn by lot; in the second one she is forced."""
    i18n.open_catalogues(strict=False)
    certified = community(BEGIN)
    keys.signer, keys.petitions = certified.signer, certified.petitions
    made, stores = [], []
    for n in range(2):
        path = tmp_path / str(n) / "payvand.db"
        path.parent.mkdir()
        shutil.copy(migrated_file, path)
        stores.append(await open_file(path, keys, new_id=count(1 << 40).__next__))
        made.append(await _world(Stage(stores[-1])))
    await made[0].zarina.says(FREE)
    await made[1].zarina.says(FORCED)
    yield made[0], made[1]
    for one in stores:
        await one.close()


async def alike(worlds: tuple[World, World], label: str = "", *, says: str = "", code: str = "") -> None:
    """She presses or writes the same in both; then both screens are the same."""
    for one in worlds:
        if says:
            await one.zarina.says(says)
        elif code:
            await forge(one.stage, one.zarina, one.code(code))
        else:
            await one.zarina.presses(label)
    first, second = (one.seen() for one in worlds)
    for here, there in zip(first, second, strict=True):
        assert here == there, f"after {label or says or code}"


def public(found: Rows) -> Rows:
    """What is true of petitions."""
    return {
        name: here
        for name, here in found.items()
        if name.startswith("petition") and name not in {"petition_talk", "petition_follower"}
    }


async def story(worlds: tuple[World, World]) -> None:
    """An organiser does everything that she can do to a petition which others see."""
    await alike(worlds, code="petition.fraud:WHICH")
    await alike(worlds, "✋ Hold 1")
    await alike(worlds, code="petition.progress:WHICH")
    await alike(worlds, "✅ Let 1")
    await alike(worlds, "✋ Hold 1")
    await alike(worlds, "Strike them")
    await alike(worlds, "Yes, strike them")
    await alike(worlds, code="petition.progress:WHICH")
    await alike(worlds, code="petition:WHICH")


SIGNS = ("petition.sign:WHICH", "petition.mode:WHICH:no", "petition.as:WHICH:counted", "petition.signed:WHICH")


async def test_waves_are_held_let_and_struck_on_her_screen_and_nowhere_else(worlds: tuple[World, World]) -> None:
    before = public(await rows(worlds[1].stage))
    await story(worlds)
    assert "0 people have signed" in worlds[1].zarina.last
    assert public(await rows(worlds[1].stage)) == before


async def test_packets_and_a_supplement_stay_in_her_ledger(worlds: tuple[World, World]) -> None:
    before = public(await rows(worlds[1].stage))
    await alike(worlds, code="petition.let:WHICH")
    await alike(worlds, code="petition.made:WHICH:icrc")
    for one in worlds:
        await one.zarina.says(await listing(one.stage, one.one.id))
    await alike(worlds, "📦 No. 1")
    for label in ("It was handed over", "By hand", "They say it has come"):
        await alike(worlds, label)
    await alike(worlds, says="ICRC/17")
    await alike(worlds, code="petition.hold:WHICH:WAVE")
    await alike(worlds, code="petition.struck:WHICH")
    await alike(worlds, code="petition.packet:WHICH:1")
    assert "12 signatures in it have ended since." in worlds[1].zarina.last
    await alike(worlds, "Make a supplement")
    await alike(worlds, "📦 No. 2")
    await alike(worlds, code="petition.packet:WHICH:1")
    await alike(worlds, "They have answered")
    await alike(worlds, says="They look into it.")
    await alike(worlds, code="petition.progress:WHICH")
    await alike(worlds, code="petition.packets:WHICH")
    assert public(await rows(worlds[1].stage)) == before


async def test_a_petition_is_closed_on_her_screen_and_goes_on_for_others(worlds: tuple[World, World]) -> None:
    before = public(await rows(worlds[1].stage))
    await alike(worlds, code="petition.one:WHICH")
    await alike(worlds, "⏹ Close it")
    await alike(worlds, "Yes, close it")
    for code in ("petition.one:WHICH", "petition:WHICH", "petition.packets:WHICH", "petition.withdraw:WHICH"):
        await alike(worlds, code=code)
    await alike(worlds, says="/petitions")
    await alike(worlds, "Those that are over")
    assert TITLE in worlds[1].zarina.last
    await alike(worlds, code="petition.sign:WHICH")
    assert public(await rows(worlds[1].stage)) == before


async def test_a_letter_that_she_reviews_is_open_on_her_screen(worlds: tuple[World, World]) -> None:
    before = public(await rows(worlds[1].stage))
    await alike(worlds, says="/desk")
    await alike(worlds, f"Read: {SECOND}")
    await alike(worlds, "✅ Open it")
    await alike(worlds, "👁 See it")
    assert "0 people have signed." in worlds[1].zarina.last
    await alike(worlds, "✍️ Sign")
    await alike(worlds, "No, nobody")
    await alike(worlds, "Only count me")
    await alike(worlds, "✅ Sign")
    await alike(worlds, says="/petitions")
    assert f"{SECOND}\n1 person has signed" in worlds[1].zarina.last
    await alike(worlds, says="/desk")
    assert public(await rows(worlds[1].stage)) == before


async def test_her_signature_is_counted_and_taken_back_on_her_screen(worlds: tuple[World, World]) -> None:
    before = public(await rows(worlds[1].stage))
    for _once in range(2):
        for code in SIGNS:
            await alike(worlds, code=code)
        await alike(worlds, code="petition:WHICH")
        assert "10 people have signed." in worlds[1].zarina.last
    for code in ("petition.withdraw:WHICH", "petition.withdrawn:WHICH", "petition:WHICH"):
        await alike(worlds, code=code)
    assert "9 people have signed." in worlds[1].zarina.last
    assert public(await rows(worlds[1].stage)) == before
    kept = await worlds[1].stage.storage.read(partial(_noted, stage=worlds[1].stage, who=await id_of(*_her(worlds[1]))))
    assert kept == ["sign", "withdraw"]


async def test_what_cannot_be_done_again_keeps_no_call_for_help_back(worlds: tuple[World, World]) -> None:
    """She agreed that somebody gets a petition, and they are forgotten since."""
    forced = worlds[1]
    gone = forced.stage.actor("gone")
    await gone.settles_in("Gone")
    who, her = await id_of(forced.stage, gone), await id_of(*_her(forced))
    await forced.stage.storage.write(partial(_note, who=her, one=("handed over", forced.one.id, her, who)))
    await forced.stage.storage.write(partial(people.forget, who=who))
    await forge(forced.stage, forced.zarina, forced.code("petition:WHICH"))
    assert "9 people have signed." in forced.zarina.last
    await forge(forced.stage, forced.zarina, "help")
    called = await rows(forced.stage)
    assert called["alarm"]


def test_a_wave_that_is_held_and_let_again_and_again_costs_each_look_but_once() -> None:
    known: list[deeds.Noted] = [("withdraw at", 1, 7, BEGIN)]
    for n in range(2 * deeds.MOST):
        wave = list(range(5000))
        known = deeds.joined(known, [("release", 1, wave[::-1]) if n % 2 else ("hold", 1, wave, BEGIN)])
    assert [one[0] for one in known] == ["withdraw at", "release"]
    known = deeds.joined(known, [("hold", 1, [1, 2], BEGIN), ("hold", 1, [1], BEGIN), ("release", 1, [1])])
    assert [one[0] for one in known] == ["withdraw at", "release", "hold", "release"]


def _note(tx: Tx, who: int, one: deeds.Noted) -> None:
    own, picture = kept_duress.of(tx, who), dict(kept_duress.picture_of(tx, who))
    assert own is not None
    assert own.duress is not None
    picture[pictures.NOTED] = {(0,): (deeds.packed(one),)}
    kept_duress.go_on(tx, who, own.duress, picture)


def _her(world: World) -> tuple[Stage, Actor]:
    return world.stage, world.zarina


def _noted(tx: Tx, stage: Stage, who: int) -> list[str]:
    del stage
    picture = kept_duress.picture_of(tx, who)
    return [deeds.unpacked(row[0])[0] for row in picture[pictures.NOTED].values()]


async def test_a_code_for_a_sponsor_is_one_and_those_who_follow_are_told(worlds: tuple[World, World]) -> None:
    await alike(worlds, code="petition.version:WHICH")
    await alike(worlds, "Sponsors")
    await alike(worlds, "A person")
    codes = [code_on(one.zarina) for one in worlds]
    await alike(worlds, "Back")
    assert "has not said anything yet" in worlds[1].zarina.last
    for one, code in zip(worlds, codes, strict=True):
        guest = one.stage.actor("guest")
        await guest.settles_in("Guest")
        await guest.says("/petitions")
        await guest.presses("I have a code")
        await guest.says(code)
        assert "stand under this letter with your name" in guest.last
    await alike(worlds, code="petition.follow:WHICH")
    for one in worlds:
        await one.stage.storage.write(partial(_more, stage=one.stage, one=one.one))
        await one.stage.pass_time(2 * MINUTE)
    await alike(worlds, says="/petitions")
    assert worlds[1].zarina.sees("There is news of something that you follow.")


def _more(tx: Tx, stage: Stage, one: Petition) -> None:
    what = declared(Mode.COUNTED)
    assert what is not None
    for n in range(100, 200):
        signatures.sign(tx, one, [("memory", f"{n:02}")], what, stage.now(), verified=True)


# A receipt comes only to whoever has signed, and is a signed state of the log, of which there must be but one.
APART = frozenset({"petition.give"})
SECOND_VALUE = {
    **dict.fromkeys(("petition.hold", "petition.let"), "WAVE"),
    **dict.fromkeys(("petition", "petition.asks", "petition.background", "petition.texts"), "ru"),
    **dict.fromkeys(("petition.made", "petition.to.see", "petition.to.add", "petition.to.drop"), "icrc"),
    "petition.ask": "goal",
    "petition.as": "counted",
    "petition.mode": "no",
    "petition.to": "un",
}


def verbs(seed: int) -> list[str]:
    """Every button of petitions, in some order."""
    ours = {"petition", "petitions", "letter", "relay"}
    found = sorted(verb for verb in router.BUTTONS if verb.split(".")[0] in ours and verb not in APART)
    Random(seed).shuffle(found)
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_every_button_of_petitions_is_answered_as_without_duress(worlds: tuple[World, World]) -> None:
    before = public(await rows(worlds[1].stage))
    for seed in range(4 if FULL else 1):
        for verb in verbs(seed):
            await alike(worlds, code=f"{verb}:WHICH:{SECOND_VALUE.get(verb, '1')}")
            if verb in {"petition.made", "petition.code", "petition.ask", "petition.answer"}:
                await alike(worlds, says="cd" * 32)
        for one in worlds:
            await one.stage.pass_time(timedelta(hours=1))
    after = public(await rows(worlds[1].stage))
    drafts = {"petition", "petition_version", "petition_sponsor"}  # hers that nobody else can read yet are kept
    assert {name: here for name, here in after.items() if name not in drafts} == {
        name: here for name, here in before.items() if name not in drafts
    }
    for name in drafts:
        assert all(row in after[name] for row in before[name])


async def test_the_control_without_what_was_noted_the_next_button_betrays_it(
    worlds: tuple[World, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deeds, "redo", lambda _tx, _some: None)
    with pytest.raises(AssertionError, match="after petition"):
        await story(worlds)
