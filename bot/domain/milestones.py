"""Which counts of a petition are worth telling, and when it may reach its goal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final

SHARES: Final = (10, 25, 50, 75, 100)  # per cent of the goal
LEAST: Final = 10  # people: nobody is told of less, nor counted by country
WINDOW: Final = timedelta(days=7)  # by which the pace is measured
FARTHEST: Final = 366  # days: nobody guesses farther


def reached(told: int, count: int, goal: int) -> int:
    """The greatest milestone above what was told already and up to the count; 0 if there is none.

    Milestones are shares of the goal and round numbers (100, 200, 500, 1000, …). Whoever missed several hears of one.
    """
    marks = {-(-goal * share // 100) for share in SHARES} | set(_round(count))
    return max((mark for mark in marks if max(told, LEAST - 1) < mark <= count), default=0)


def _round(most: int) -> Iterable[int]:
    power = 100
    while power <= most:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def share(count: int, goal: int) -> int:
    """How much of the goal is reached, in per cent, and never more than is true."""
    return count * 100 // goal if goal > 0 else 0


def days_left(by_day: Iterable[tuple[date, int]], count: int, goal: int, today: date) -> int | None:
    """In how many days the goal is reached at the pace of the last week; None if it is, or nobody can say."""
    lately = sum(many for day, many in by_day if today - WINDOW < day <= today)
    if count >= goal or lately <= 0:
        return None
    days = -(-(goal - count) * WINDOW.days // lately)
    return days if days <= FARTHEST else None


def classes(by_country: Mapping[str, int], most: int = 8) -> list[tuple[str, int]]:
    """Countries of at least ten people, the greatest first, each in full tens: nobody is found in the difference."""
    full = [(code, many - many % LEAST) for code, many in by_country.items() if many >= LEAST]
    return sorted(full, key=lambda one: (-one[1], one[0]))[:most]
