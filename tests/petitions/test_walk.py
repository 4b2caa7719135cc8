"""The whole way of a petition, in the messenger of the playground."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import i18n
from storage.sqlite import open_file
from tests.petitions.walk import community, walk
from tests.stage import Actor, Stage
from tests.updates.walk import Hand


class Screen:
    """Somebody in front of the playground, who looks only at the newest message."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    async def settles_in(self, name: str, language: str) -> None:
        await self._actor.settles_in(name, language)
        await self._actor.says("/start")

    async def says(self, words: str) -> None:
        await self._actor.says(words)

    async def chooses(self, label: str) -> None:
        newest = self._actor.messages[-1]
        code = next((one.code for one in newest.choices if label in one.label and one.code), None)
        if code is None:
            raise LookupError(label, self._actor.screen)
        await self._actor.memory.press(self._actor.account, newest.id, code)
        await self._actor.stage.settle()

    async def reads(self, *words: str) -> str:
        if not all(each in self._actor.last for each in words):
            await self._actor.stage.pass_time(timedelta(minutes=1))
        if not all(each in self._actor.last for each in words):
            raise LookupError(words, self._actor.screen)
        return self._actor.last

    async def sees(self, words: str) -> None:
        assert self._actor.sees(words)

    async def passes_on(self, text: str) -> None:
        raise NotImplementedError(text)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage's clock shows the present: certificates and checkpoints are of today."""
    monkeypatch.setattr("tests.stage.BEGIN", datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1))


@pytest.mark.usefixtures("now")
async def test_a_petition_goes_its_whole_way_in_the_playground(tmp_path: Path) -> None:
    i18n.open_catalogues(strict=False)
    store = await open_file(tmp_path / "payvand.db", community())
    stage = Stage(store)
    nigora, rustam, maria, daler = (Screen(stage.actor(name)) for name in ("nigora", "rustam", "maria", "daler"))
    people: tuple[Hand, Hand, Hand, Hand] = (nigora, rustam, maria, daler)
    try:
        await walk(people, store, tmp_path / "home")
    finally:
        await store.close()
    assert stage.memory.refused == []
