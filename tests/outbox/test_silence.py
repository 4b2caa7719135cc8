"""How long a platform is left alone that does not answer: what was in the air together is one attempt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

from bot.outbox import engine
from bot.outbox.engine import SILENT, Route
from bot.outbox.pace import Limits, back_off
from bot.platforms.memory import MemoryPlatform
from storage.database import Storage

SECONDS = timedelta(seconds=1)
TOGETHER = 50  # letters in the air


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 21, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


def route(clock: Clock) -> Route:
    """A way to a platform that nothing is asked of: only its silence is counted."""
    nowhere = cast("Storage", None)
    return Route(nowhere, MemoryPlatform(clock.now), clock.now, Limits(), dice=lambda: 1.0)


def asks_again(one: Route, clock: Clock) -> timedelta:
    """How long it is until the next letter may ask whether the platform is back."""
    return one._ask_at - clock.at  # noqa: SLF001 - nobody else needs to know


async def test_what_was_in_the_air_together_is_one_attempt_and_the_next_question_comes_within_seconds() -> None:
    clock = Clock()
    one = route(clock)
    for _letter in range(TOGETHER):
        one._hear(answered=False)  # noqa: SLF001
    assert one._silent == SILENT  # noqa: SLF001
    assert timedelta() < asks_again(one, clock) <= back_off(1, lambda: 1.0) <= 10 * SECONDS


async def test_each_question_in_vain_makes_the_next_one_later_and_an_answer_ends_it() -> None:
    clock = Clock()
    one = route(clock)
    for _letter in range(TOGETHER):
        one._hear(answered=False)  # noqa: SLF001
    pauses = []
    for _question in range(4):
        clock.at = one._ask_at  # noqa: SLF001
        for _letter in range(3):  # also what comes back late from the time before
            one._hear(answered=False)  # noqa: SLF001
        pauses.append(asks_again(one, clock))
    assert pauses == sorted(set(pauses)), "later and later, by one step each"
    one._hear(answered=True)  # noqa: SLF001
    assert one._silent == 0  # noqa: SLF001
    one._hear(answered=False)  # noqa: SLF001
    assert one._silent == 1  # noqa: SLF001


async def test_control_counted_one_by_one_they_would_keep_everybody_waiting_for_minutes() -> None:
    assert back_off(min(TOGETHER - SILENT + 1, engine.ASKED_MORE_SELDOM), lambda: 1.0) > 100 * SECONDS
