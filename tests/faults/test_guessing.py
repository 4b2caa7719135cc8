"""Whoever guesses invitations is slowed down, learns nothing from any answer, and can't wait the count away."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from bot import i18n
from bot.domain.circle import make_code
from bot.domain.conversation import Heard, Incoming, Pressed, Said, Sender
from handlers import router
from handlers.family import circle
from storage import people, schema, sqlite
from storage.crypto import Keys
from tests.faults import count
from tests.faults.community import BLOCK, FIRST, KEY, Community, founded
from tests.stage import Stage
from tests.telegram.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from storage.database import Tx

ANSWER = "Thank you. If the code is right"
NO_MORE = "That was too often."
REPEAT = "This message may reach you twice."
MOST = router.LIMITS[circle.joined].most  # guesses of one account in an hour, in whatever way
GUESSES = 15  # of each account, in each way


class Siege:
    """A family with an open invitation, and many strangers who want in."""

    def __init__(self, directory: Path, strangers: int) -> None:
        self.directory = directory
        self.accounts = [f"stranger{number}" for number in range(strangers)]
        self.code = ""
        self._updates = 0
        self._dice = random.Random(strangers)

    async def begin(self) -> None:
        """Let the family invite, and the strangers introduce themselves."""
        await self.open()
        await self.stage.family("Zarina", "Daler")
        zarina = self.stage.actor("zarina")
        await zarina.says("/circles")
        await self.stage.in_code(zarina, "circle")
        await self.stage.in_code(zarina, "invite")
        self.code = self.stage.code_of(zarina)
        await self.stage.storage.write(self._introduce)

    def _introduce(self, tx: Tx) -> None:
        for account in self.accounts:
            met = people.meet(tx, Sender("memory", "1", account), self.stage.now()).person
            assert met is not None
            people.change(tx, met.id, language="en", name="Somebody")

    async def open(self) -> None:
        """Start the bot."""
        self.stage = Stage(await sqlite.open_file(self.directory / "payvand.db", Keys(KEY)))

    async def close(self) -> None:
        """Stop the bot."""
        await self.stage.storage.close()
        assert self.stage.memory.refused == []

    async def all(self, heard: list[Heard]) -> list[tuple[str, object]]:
        """Let every stranger do one thing; what each of them then reads, with the buttons."""
        self._updates += 1
        now = self.stage.now()
        await self.stage.app.receive(
            [
                Incoming(f"{account} {self._updates}", Sender("memory", "1", account), now, one)
                for account, one in zip(self.accounts, heard, strict=True)
            ]
        )
        await self.stage.settle()
        screens = [self.stage.actor(account).messages[-1] for account in self.accounts]
        return [(str(message.text), message.buttons) for message in screens]

    def guesses(self) -> list[str]:
        """A guess for each: codes that read well."""
        return [make_code(self._dice.randrange) for _ in self.accounts]

    async def typed(self, codes: list[str]) -> list[tuple[str, object]]:
        """Let everybody ask to type a code, and type it."""
        await self.all([Pressed("join")] * len(codes))
        return await self.all([Said(code) for code in codes])

    async def forged(self, codes: list[str]) -> list[tuple[str, object]]:
        """Let everybody send the button of a code, as a changed app can."""
        return await self.all([Pressed(f"join:{code}") for code in codes])

    async def inside(self) -> int:
        """Count the people in circles."""
        found: int = await self.stage.storage.read(
            lambda tx: tx.execute(sa.select(sa.func.count()).select_from(schema.membership)).scalar_one()
        )
        return found


@pytest.fixture
async def siege(tmp_path: Path) -> AsyncIterator[Siege]:
    i18n.open_catalogues(strict=False)
    begun = Siege(tmp_path, count(300))
    await begun.begin()
    yield begun
    await begun.close()


async def test_every_account_that_guesses_is_slowed_down_and_none_gets_in(siege: Siege) -> None:
    kinds = Counter[str]()
    for _ in range(GUESSES):
        kinds.update(kind_of(text) for text, _ in await siege.typed(siege.guesses()))
        kinds.update(kind_of(text) for text, _ in await siege.forged(siege.guesses()))
    assert kinds == {ANSWER: MOST * len(siege.accounts), NO_MORE: (2 * GUESSES - MOST) * len(siege.accounts)}
    assert await siege.inside() == 2  # noqa: PLR2004 - the family
    assert "has used your invitation" not in siege.stage.actor("zarina").screen


def kind_of(text: str) -> str:
    """Whether an answer is the usual one, or the refusal."""
    return next((kind for kind in (ANSWER, NO_MORE) if kind in text), "")


async def test_a_right_and_a_wrong_code_are_answered_in_the_same_bytes(siege: Siege) -> None:
    wrong = siege.guesses()
    first = await siege.typed([siege.code, *wrong[1:]])
    assert ANSWER in first[0][0]
    assert set(map(repr, first)) == {repr(first[0])}
    assert siege.stage.actor("zarina").sees("has used your invitation")
    second = await siege.forged([siege.code, *siege.guesses()[1:]])  # used up meanwhile
    assert set(map(repr, second)) == {repr(second[0])}
    while kind_of(second[-1][0]) == ANSWER:
        second = await siege.forged([siege.code, *siege.guesses()[1:]])
    assert set(map(repr, second)) == {repr(second[0])}  # the refusal, too


async def test_whoever_has_themselves_forgotten_gets_no_new_guesses(siege: Siege) -> None:
    for _ in range(MOST):
        await siege.typed(siege.guesses())
    await siege.all([Pressed("forgotten")] * len(siege.accounts))
    await siege.all([Pressed("speak:en")] * len(siege.accounts))
    await siege.all([Said("Somebody else")] * len(siege.accounts))
    assert {kind_of(text) for text, _ in await siege.typed(siege.guesses())} == {NO_MORE}


async def test_the_count_outlives_the_refusal_and_a_restart(siege: Siege) -> None:
    answers = [await siege.typed(siege.guesses()) for _ in range(MOST)]
    assert {kind_of(text) for answer in answers for text, _ in answer} == {ANSWER}
    for _ in range(3):
        await siege.close()
        await siege.open()
        assert {kind_of(text) for text, _ in await siege.typed(siege.guesses())} == {NO_MORE}
    # the right code opens nothing any more, and is not used up by those who may not try it
    assert {kind_of(text) for text, _ in await siege.typed([siege.code] * len(siege.accounts))} == {NO_MORE}
    assert await siege.inside() == 2  # noqa: PLR2004
    assert "has used your invitation" not in siege.stage.actor("zarina").screen


async def test_control_without_the_count_the_guessing_goes_on(siege: Siege, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "LIMITS", {})
    answers = [await siege.typed(siege.guesses()) for _ in range(3 * MOST)]
    assert {kind_of(text) for answer in answers for text, _ in answer} == {ANSWER}


@pytest.mark.slow
async def test_the_count_outlives_a_kill(tmp_path: Path) -> None:
    i18n.open_catalogues(strict=False)
    who = FIRST + 2  # the first who reads English
    dice = random.Random(1)
    async with Emulator(strict=False) as emulator:
        place = await founded(tmp_path, emulator.url, Community(BLOCK))
        emulator.user(who, started=True)

        async def guess(answer: str, count: int) -> None:
            """Guess once, and wait until so many answers of a kind stand on the screen."""
            asked = sum("twelve digits" in words for words in emulator.shown(who))
            await emulator.tap(who, 999_999, "join", old=True)  # of a message that is gone
            await emulator.until(lambda: sum("twelve digits" in words for words in emulator.shown(who)) > asked)
            await emulator.say(who, make_code(dice.randrange))
            await emulator.until(lambda: sum(answer in words for words in emulator.shown(who)) >= count)

        process = await place.program().start()
        for number in range(1, MOST + 1):
            await guess(ANSWER, number)
        process.kill()
        await process.wait()
        process = await place.program().start()
        await guess(NO_MORE, 1)
        process.kill()
        await process.wait()
    assert sum(ANSWER in words and REPEAT not in words for words in emulator.shown(who)) == MOST
