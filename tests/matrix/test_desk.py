"""The desk on Matrix: two moderators and a reader, each in an encrypted chat on a real homeserver."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import i18n
from storage.sqlite import open_file
from tests.matrix import test_family
from tests.matrix.crowd import Crowd, Neighbour
from tests.matrix.synapse import Synapse
from tests.matrix.test_family import Bot
from tests.updates.walk import walk, with_signer


class Phone:
    """Somebody with an app that encrypts, who looks only at the newest message."""

    def __init__(self, person: Neighbour, bot: str) -> None:
        self.person = person
        self._bot = bot

    async def settles_in(self, name: str, language: str) -> None:
        await test_family.Phone(self.person).settles_in(self._bot, name, i18n.LANGUAGE_NAMES[language])

    async def says(self, words: str) -> None:
        await self.person.says(words)

    async def chooses(self, label: str) -> None:
        await self._until(lambda: self._number(label))
        await self.says(self._number(label))

    async def reads(self, *words: str) -> str:
        await self._until(lambda: all(each in self.person.last for each in words))
        return self.person.last

    async def sees(self, words: str) -> None:
        await self._until(lambda: words in self.person.screen)

    async def passes_on(self, text: str) -> None:
        before = self.person.messages[-1].id
        await self.says("/verify")  # Matrix does not tell what is forwarded
        await self._until(lambda: self.person.messages[-1].id != before)
        await self.says(text)

    def _number(self, label: str) -> str:
        found = re.search(rf"^(\d+)\. [^\n]*{re.escape(label)}", self.person.last, re.MULTILINE)
        return found[1] if found else ""

    async def _until(self, come: Callable[[], object]) -> None:
        try:
            await self.person.until(come)
        except TimeoutError:
            raise LookupError(self.person.last) from None


@pytest.mark.slow
async def test_two_moderators_publish_and_correct_and_a_changed_copy_is_found(
    synapse: Synapse, tmp_path: Path, crowd: Crowd
) -> None:
    store = await open_file(tmp_path / "payvand.db", with_signer())
    bot = Bot(synapse, tmp_path / "matrix", store)
    people = [await crowd.neighbour(name) for name in ("nigora", "rustam", "maria")]
    nigora, rustam, maria = (Phone(person, bot.account.user) for person in people)
    try:
        await bot.while_running(lambda: walk(nigora, rustam, maria, store))
    finally:
        await store.close()
    for person in people:
        assert person.unreadable == []
        assert person.in_clear == []
