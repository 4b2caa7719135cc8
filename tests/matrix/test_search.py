"""A search on Matrix: four people, each in an encrypted chat on a real homeserver."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.sqlite import open_file
from tests.matrix.crowd import Crowd
from tests.matrix.synapse import Synapse
from tests.matrix.test_desk import Phone
from tests.matrix.test_family import Bot
from tests.search.desk_walk import NAMES, desk_walk
from tests.search.walk import walk
from tests.telegram.test_search import nothing
from tests.updates.walk import with_signer


@pytest.mark.slow
async def test_a_sister_finds_her_brother_and_a_stranger_learns_nothing(
    synapse: Synapse, tmp_path: Path, crowd: Crowd
) -> None:
    store = await open_file(tmp_path / "payvand.db", with_signer())
    bot = Bot(synapse, tmp_path / "matrix", store)
    people = [await crowd.neighbour(name) for name in ("zebo", "karim", "olim", "stranger")]
    zebo, karim, olim, stranger = (Phone(person, bot.account.user) for person in people)
    last = ""

    async def story() -> None:
        nonlocal last
        last = await walk(zebo, karim, olim, stranger, store, nothing)

    try:
        await bot.while_running(story)
    finally:
        await store.close()
    assert "💬" not in last
    for person in people:
        assert person.unreadable == []
        assert person.in_clear == []
    for person in people[2:]:
        assert "something new for you" not in person.screen


@pytest.mark.slow
async def test_two_moderators_part_a_namesake_from_a_brother_and_see_nobody(
    synapse: Synapse, tmp_path: Path, crowd: Crowd
) -> None:
    store = await open_file(tmp_path / "payvand.db", with_signer())
    bot = Bot(synapse, tmp_path / "matrix", store)
    people = [await crowd.neighbour(f"d{name.lower()}") for name in NAMES]
    zebo, karim, olim, anna, bahrom = (Phone(person, bot.account.user) for person in people)
    hands = (zebo, karim, olim, anna, bahrom)
    try:
        await bot.while_running(lambda: desk_walk(*hands, store, datetime.now(UTC), nothing))
    finally:
        await store.close()
    for person in people:
        assert person.unreadable == []
        assert person.in_clear == []
    assert "something new for you" not in people[2].screen
