"""The pace of one bot account: strictly spaced, held when told, slower after refusals, and patient within bounds."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.outbox.pace import FIRST_PAUSE, LONGEST_PAUSE, MINUTE, SLOWEST, UNLIMITED, Limits, Pace, back_off

LIMITS = Limits(per_second=10.0, address_gap=1.0, group_per_minute=3, cold_start=1.0)


def begun(limits: Limits = LIMITS) -> Pace:
    """A process that started long ago."""
    pace = Pace(limits)
    pace.begin(-100.0)
    return pace


def test_after_a_start_it_waits_because_the_last_process_may_have_sent_just_now() -> None:
    pace = Pace(LIMITS)
    pace.begin(50.0)
    assert pace.slot(50.0) == pytest.approx(51.0)


@given(st.lists(st.floats(0, 3), min_size=2, max_size=80))
def test_messages_are_strictly_spaced_and_never_come_in_a_burst(pauses: list[float]) -> None:
    pace, now, slots = begun(), 0.0, []
    for pause in pauses:
        now += pause
        slots.append(pace.slot(now))
        assert slots[-1] >= now
    for one, other in pairwise(slots):
        assert other - one >= 0.1 - 1e-9


def test_time_that_was_not_used_is_not_saved_up() -> None:
    pace = begun()
    slots = [pace.slot(1000.0) for _ in range(5)]
    assert slots == pytest.approx([1000.0, 1000.1, 1000.2, 1000.3, 1000.4])
    assert pace.ahead(1000.0) == pytest.approx(0.5)


def test_without_a_limit_nothing_waits() -> None:
    pace = begun(UNLIMITED)
    assert {pace.slot(5.0) for _ in range(1000)} == {5.0}
    pace.sent(1, 5.0, group=True)
    assert pace.ready(1, 5.0, group=True) == pytest.approx(5.0)


def test_a_pause_for_everybody_is_kept_to_its_end() -> None:
    pace = begun()
    pace.slot(0.0)
    pace.throttled(0.0, 7.0, 1, everywhere=True)
    assert pace.ahead(0.0) == pytest.approx(7.0)
    assert pace.slot(0.0) == pytest.approx(7.0)
    pace.throttled(7.0, 2.0, 1, everywhere=True)
    assert pace.slot(7.05) == pytest.approx(9.0)


def test_a_shorter_pause_never_cuts_a_longer_one() -> None:
    pace = begun()
    pace.throttled(0.0, 30.0, 1, everywhere=True)
    pace.throttled(1.0, 3.0, 2, everywhere=True)
    assert pace.slot(1.0) == pytest.approx(30.0)


def test_a_pause_for_one_address_holds_up_nobody_else() -> None:
    pace = begun()
    pace.throttled(0.0, 9.0, 1, everywhere=False)
    assert pace.ready(1, 0.0, group=False) == pytest.approx(9.0)
    assert pace.ready(2, 0.0, group=False) == 0.0
    assert pace.slot(0.0) == 0.0


def spacing(pace: Pace, now: float) -> float:
    """Seconds between two messages now."""
    first = pace.slot(now)
    return pace.slot(now) - first


def test_each_refusal_slows_by_a_fifth_one_storm_counts_once_and_calm_minutes_bring_it_back() -> None:
    pace = begun()
    assert spacing(pace, 10.0) == pytest.approx(0.1)
    for _storm in range(5):  # five letters in the air meet the same refusal
        pace.throttled(20.0, 3.0, 1, everywhere=True)
    assert spacing(pace, 30.0) == pytest.approx(1 / 8)
    pace.throttled(40.0, 3.0, 1, everywhere=True)
    assert spacing(pace, 50.0) == pytest.approx(1 / 6.4)
    now = 50.0
    for _minute in range(20):
        now += MINUTE + 1
        pace.slot(now)
    assert spacing(pace, now + 1) == pytest.approx(0.1)


def test_refusals_never_push_it_below_the_slowest_pace() -> None:
    pace = begun()
    for n in range(50):
        pace.throttled(n * 10.0, 1.0, 1, everywhere=True)
    assert spacing(pace, 500.0) == pytest.approx(1 / SLOWEST)
    slow = begun(Limits(per_second=2.0))
    slow.throttled(0.0, 1.0, 1, everywhere=True)
    assert spacing(slow, 100.0) == pytest.approx(0.5)


def test_one_person_gets_one_message_a_second() -> None:
    pace = begun()
    pace.sent(1, 5.0, group=False)
    assert pace.ready(1, 5.2, group=False) == pytest.approx(6.0)
    assert pace.ready(2, 5.2, group=False) == pytest.approx(5.2)
    assert pace.ready(1, 7.0, group=False) == pytest.approx(7.0)


def test_the_second_of_a_chat_counts_from_when_its_message_left_and_not_from_when_it_was_to_leave() -> None:
    pace = begun()
    pace.sent(1, 5.0, group=False)
    pace.left(1, 5.3)  # the platform's second was full until then
    assert pace.ready(1, 5.4, group=False) == pytest.approx(6.3, abs=0.01)
    assert pace.early(1, 6.0) == pytest.approx(0.3, abs=0.01)
    assert pace.early(1, 6.4) == 0
    assert pace.early(2, 5.4) == 0, "the control: another chat"


@given(st.lists(st.floats(0, 40), min_size=1, max_size=40))
def test_no_minute_of_a_group_ever_holds_more_than_its_limit(pauses: list[float]) -> None:
    pace, now, times = begun(), 0.0, []
    for pause in pauses:
        now = max(now + pause, pace.ready(9, now + pause, group=True))
        pace.sent(9, now, group=True)
        times.append(now)
    for first, fourth in zip(times, times[3:], strict=False):
        assert fourth - first >= MINUTE - 1e-6


def test_addresses_that_were_served_long_ago_are_forgotten() -> None:
    pace = begun()
    for address in range(1001):
        pace.sent(address, 0.0, group=False)
    pace.sent(5000, 10.0, group=False)
    assert pace.ready(5000, 10.0, group=False) == pytest.approx(11.0)
    assert len(pace._addresses) < 10  # noqa: PLR2004, SLF001 - memory is the promise


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_the_pause_after_a_failure_has_bounds(attempts: int, dice: float) -> None:
    pause = back_off(attempts, lambda: dice)
    assert FIRST_PAUSE / 2 <= pause <= LONGEST_PAUSE


def test_the_pause_doubles_until_its_cap() -> None:
    pauses = [back_off(n, lambda: 1.0) for n in range(1, 13)]
    assert pauses[:4] == [timedelta(seconds=2**n) for n in range(4)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
