"""A petition on Matrix: written, opened, signed in four modes and taken back, in encrypted chats on a homeserver."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from handlers.petitions import signing as petition_signing
from storage.sqlite import open_file
from tests.matrix.crowd import Crowd
from tests.matrix.synapse import Synapse
from tests.matrix.test_desk import Phone
from tests.matrix.test_family import Bot
from tests.petitions.walk import community, walk


@pytest.mark.slow
@pytest.mark.timeout(300)  # four people, and each of their messages encrypted
async def test_a_petition_goes_its_whole_way(
    synapse: Synapse, tmp_path: Path, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(petition_signing, "LAST_STANDS", timedelta(seconds=1))
    store = await open_file(tmp_path / "payvand.db", community())
    bot = Bot(synapse, tmp_path / "matrix", store)
    people = [await crowd.neighbour(name) for name in ("nigora", "rustam", "maria", "daler")]
    nigora, rustam, maria, daler = (Phone(person, bot.account.user) for person in people)
    try:
        await bot.while_running(lambda: walk((nigora, rustam, maria, daler), store, tmp_path / "home"))
    finally:
        await store.close()
    for person in people:
        assert person.unreadable == []
        assert person.in_clear == []
