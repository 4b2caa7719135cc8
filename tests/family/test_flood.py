"""One account that floods the bot harms nobody else, and a call for help is heard even from it."""

from __future__ import annotations

from datetime import timedelta

from bot.app import BURST, Patience
from bot.domain.conversation import Sender
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
