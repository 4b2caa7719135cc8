"""Whoever waits for an answer that takes long sees that it is on its way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot import app

if TYPE_CHECKING:
    from tests.stage import Stage


async def test_slow_work_shows_typing_and_quick_work_does_not(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    zarina = stage.actor("zarina")
    await zarina.settles_in("Zarina")
    assert stage.memory.typed == []
    monkeypatch.setattr(app, "SLOW", 0.0)
    write = stage.storage.write
    shown = asyncio.Event()

    async def slowly(work: object) -> object:
        async with asyncio.timeout(10):
            while not stage.memory.typed:  # noqa: ASYNC110 - the timer of another task
                await asyncio.sleep(0)
        shown.set()
        return await write(work)  # type: ignore[arg-type]

    monkeypatch.setattr(stage.storage, "write", slowly)
    await stage.memory.say("zarina", "/start")
    assert shown.is_set()
    assert stage.memory.typed[0] == stage.memory.address("zarina")
