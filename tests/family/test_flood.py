"""One account that floods the bot harms nobody else, and a call for help is heard even from it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.app import BURST, Patience
from bot.domain.conversation import Attached, Pressed, Reacted, Said, Sender
from handlers import dispatch
from tests.stage import BEGIN, Stage

FLOODER, OTHER = Sender("memory", "1", "flooder"), Sender("memory", "1", "other")


def test_a_flood_is_passed_over_and_whoever_rests_is_heard_again() -> None:
    patience = Patience()
    taken = [patience.takes(FLOODER, BEGIN) for _ in range(1000)]
    assert sum(taken) == BURST
    assert patience.takes(OTHER, BEGIN)
    assert not patience.takes(FLOODER, BEGIN + timedelta(milliseconds=100))
    assert patience.takes(FLOODER, BEGIN + timedelta(seconds=5))


async def test_a_call_for_help_is_heard_even_from_whoever_floods_us(stage: Stage) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    stage.app._patience = patience = Patience()  # noqa: SLF001 - off on the stage, where time stands still
    while patience.takes(stage.memory.address(zarina.account), stage.now()):
        pass
    before = zarina.screen
    await zarina.says("/people")
    assert zarina.screen == before
    await zarina.says("I need help")
    assert "Zarina: I need help." in daler.last


async def test_a_call_for_help_and_what_sends_it_wait_for_nobody_elses_news(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarina, daler = await stage.family("Zarina", "Daler")
    hurried: list[str] = []
    write = stage.storage.write

    async def watched(work: Any, *, urgent: bool = False) -> Any:  # noqa: ANN401 - whatever a work gives
        if urgent:
            hurried.append(work.func.__name__)
        return await write(work, urgent=urgent)

    monkeypatch.setattr(stage.storage, "write", watched)
    await daler.says("I am safe")
    assert "receive" not in hurried
    assert "claim" in hurried
    for call in ("I need help", "🆘", "/sos"):
        hurried.clear()
        await zarina.says(call)
        assert hurried[:2] == ["receive", "claim"]


def test_a_call_for_help_is_known_in_whatever_way_it_comes() -> None:
    for heard in (Said("I need help"), Pressed("help:1"), Attached("photo", caption="I need help"), Reacted("🆘", "7")):
        assert dispatch.is_urgent(heard)
    for other in (Said("I am safe"), Pressed("safe"), Attached("photo", caption="hello"), Reacted("👍", "7")):
        assert not dispatch.is_urgent(other)
