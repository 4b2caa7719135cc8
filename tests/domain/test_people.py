"""Quiet hours: over midnight, in any zone, and on the nights when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.people import HOME, Person, quiet_until, zone_of

ZONES = ("Asia/Dushanbe", "Europe/Moscow", "Europe/Berlin", "Europe/London", "America/New_York", "Asia/Kathmandu")


def sleeper(begin: int, end: int, zone: str = "Asia/Dushanbe") -> Person:
    """Somebody who is quiet between two full hours."""
    return Person(1, zone=zone, quiet_from=begin * 60, quiet_until=end * 60)


def at(zone: str, *when: int) -> datetime:
    """An instant by somebody's clock."""
    return datetime(*when, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("hour", "minute", "until"),
    [(21, 59, None), (22, 0, 7), (23, 59, 7), (0, 0, 7), (6, 59, 7), (7, 0, None), (12, 0, None)],
)
def test_quiet_hours_go_over_midnight(hour: int, minute: int, until: int | None) -> None:
    found = quiet_until(sleeper(22, 7), at("Asia/Dushanbe", 2026, 3, 21, hour, minute))
    assert (None if found is None else found.astimezone(ZoneInfo("Asia/Dushanbe")).hour) == until


def test_quiet_hours_within_one_day_end_on_it() -> None:
    found = quiet_until(sleeper(0, 9), at("Asia/Dushanbe", 2026, 3, 21, 3, 0))
    assert found == at("Asia/Dushanbe", 2026, 3, 21, 9, 0)


@pytest.mark.parametrize(("begin", "end"), [(None, None), (None, 5), (5, None), (7 * 60, 7 * 60)])
def test_without_hours_nobody_is_quiet(begin: int | None, end: int | None) -> None:
    person = Person(1, quiet_from=begin, quiet_until=end)
    assert quiet_until(person, datetime(2026, 3, 21, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("night", "slept"),
    [((2026, 3, 28), timedelta(hours=8)), ((2026, 10, 24), timedelta(hours=10)), ((2026, 6, 1), timedelta(hours=9))],
)
def test_the_night_ends_by_the_clock_on_the_wall_when_it_changes(night: tuple[int, int, int], slept: timedelta) -> None:
    begin = at("Europe/Berlin", *night, 22, 0)
    found = quiet_until(sleeper(22, 7, "Europe/Berlin"), begin)
    assert found is not None
    assert found - begin == slept
    assert found.astimezone(ZoneInfo("Europe/Berlin")).hour == 7  # noqa: PLR2004


@given(
    st.integers(0, 23),
    st.integers(0, 23),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - hypothesis wants them naive
)
def test_quiet_hours_always_end_within_a_day_and_then_they_are_over(
    begin: int, end: int, zone: str, naive: datetime
) -> None:
    person, now = sleeper(begin, end, zone), naive.replace(tzinfo=UTC)
    found = quiet_until(person, now)
    if found is None:
        return
    assert now < found <= now + timedelta(hours=25)
    assert quiet_until(person, found) is None


@pytest.mark.parametrize("zone", ["", "Nowhere/None", "../../etc/passwd", "\x00"])
def test_a_zone_that_is_none_is_home(zone: str) -> None:
    assert zone_of(Person(1, zone=zone)).key == HOME
