"""A petition on Telegram: written, opened, signed in four modes and taken back, over real HTTP to the emulator."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.platforms.telegram import Telegram
from handlers.petitions import signing as petition_signing
from storage.sqlite import open_file
from tests.petitions.walk import community, walk
from tests.telegram.emulator import Emulator
from tests.telegram.test_desk import Phone
from tests.telegram.test_family import account, while_running

__all__ = ["account"]  # a fixture
NIGORA, RUSTAM, MARIA, DALER = 7001, 7002, 7003, 7004


@pytest.mark.slow
async def test_a_petition_goes_its_whole_way(
    emulator: Emulator, tmp_path: Path, account: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(petition_signing, "LAST_STANDS", timedelta(seconds=1))
    store = await open_file(tmp_path / "payvand.db", community())
    nigora, rustam, maria, daler = (Phone(emulator, user) for user in (NIGORA, RUSTAM, MARIA, DALER))
    try:
        await while_running(store, account, lambda: walk((nigora, rustam, maria, daler), store, tmp_path / "home"))
    finally:
        await store.close()
    assert emulator.stats()["refusals"] == {}
