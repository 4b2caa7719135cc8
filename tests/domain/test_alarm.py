"""A call for help: when it goes out a second time, whoever looks at the clock and however often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.alarm import REPEAT_AFTER, Alarm, Reader, can_call_again, needs_repeat

OPENED = datetime(2026, 3, 21, 9, 0, tzinfo=UTC)
CALL = Alarm(1, 2, 3, OPENED, OPENED + REPEAT_AFTER)
SILENT = [Reader(5, "Daler"), Reader(6, "Maria")]


@pytest.mark.parametrize(
    ("after", "due"),
    [(timedelta(), False), (REPEAT_AFTER - timedelta(seconds=1), False), (REPEAT_AFTER, True), (timedelta(9), True)],
)
def test_it_is_repeated_when_its_ten_minutes_are_over(after: timedelta, *, due: bool) -> None:
    assert needs_repeat(CALL, SILENT, OPENED + after) is due


def test_it_is_not_repeated_once_somebody_takes_care() -> None:
    caring = [Reader(5, "Daler", caring_at=OPENED), SILENT[1]]
    assert not needs_repeat(CALL, caring, OPENED + timedelta(hours=1))


def test_it_is_not_repeated_twice_nor_when_it_is_over_nor_to_nobody() -> None:
    late = OPENED + timedelta(hours=1)
    assert not needs_repeat(Alarm(1, 2, 3, OPENED, None), SILENT, late)
    assert not needs_repeat(Alarm(1, 2, 3, OPENED, OPENED + REPEAT_AFTER, closed_at=OPENED), SILENT, late)
    assert not needs_repeat(CALL, [], late)


def test_a_second_tap_within_ten_minutes_is_the_same_call() -> None:
    assert not can_call_again(CALL, OPENED + timedelta(minutes=9))
    assert can_call_again(CALL, OPENED + timedelta(minutes=10))
