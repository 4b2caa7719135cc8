"""A search on Telegram: four people, over real HTTP to the emulator."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.platforms.telegram import Telegram
from storage.sqlite import open_file
from tests.search.desk_walk import desk_walk
from tests.search.walk import walk
from tests.telegram.emulator import Emulator
from tests.telegram.test_desk import Phone
from tests.telegram.test_family import account, while_running
from tests.updates.walk import with_signer

__all__ = ["account"]  # a fixture
PEOPLE = (7001, 7002, 7003, 7004)
DESK = (7011, 7012, 7013, 7014, 7015)


async def nothing() -> None:
    """Time passes by itself."""


@pytest.mark.slow
async def test_a_sister_finds_her_brother_and_a_stranger_learns_nothing(
    emulator: Emulator, tmp_path: Path, account: Telegram
) -> None:
    store = await open_file(tmp_path / "payvand.db", with_signer())
    zebo, karim, olim, stranger = (Phone(emulator, user) for user in PEOPLE)
    last = ""

    async def story() -> None:
        nonlocal last
        last = await walk(zebo, karim, olim, stranger, store, nothing)

    try:
        await while_running(store, account, story)
    finally:
        await store.close()
    assert "💬" not in last
    assert emulator.stats()["refusals"] == {}
    for user in PEOPLE[2:]:
        assert not any("something new for you" in text for text in emulator.shown(user))


@pytest.mark.slow
async def test_two_moderators_part_a_namesake_from_a_brother_and_see_nobody(
    emulator: Emulator, tmp_path: Path, account: Telegram
) -> None:
    store = await open_file(tmp_path / "payvand.db", with_signer())
    zebo, karim, olim, anna, bahrom = (Phone(emulator, user) for user in DESK)
    hands = (zebo, karim, olim, anna, bahrom)
    try:
        await while_running(store, account, lambda: desk_walk(*hands, store, datetime.now(UTC), nothing))
    finally:
        await store.close()
    assert emulator.stats()["refusals"] == {}
    assert not any("something new for you" in text for text in emulator.shown(DESK[2]))
