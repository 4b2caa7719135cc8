"""Who waits for whose answer, in plain Python: a question to a circle or to one of it waits until there is news.

Part of the oracle of a day (`oracle.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.oracle import Act, Oracle

AGAIN_AFTER = timedelta(hours=3)  # the same asker, the same person
MOST_A_DAY = 6  # whoever asks


@dataclass(slots=True, eq=False)
class Question:
    """“How are you?”: to these people, of whom some wait to answer."""

    asker: int
    circle: int
    at: datetime
    whom: set[int]
    waits: set[int] = field(default_factory=set)


class Asked:
    """See the module."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self._questions: list[Question] = []

    def asks(self, act: Act) -> None:
        """Somebody asks a circle, or one of it."""
        which, me = act.number(), act.me.id
        inside = self._oracle.members.get(which, {})
        whom = set(inside) - {me}
        if act.verb == "ask.one":
            whom &= {act.number(1)}
        if me in inside:
            free = {who for who in whom if self._is_free(who, me, act.now)}
            if free:
                self._questions.append(Question(me, which, act.now, free, set(free)))

    def _is_free(self, who: int, asker: int, now: datetime) -> bool:
        times = [(one.at, one.asker) for one in self._questions if who in one.whom]
        mine = any(at > now - AGAIN_AFTER for at, by in times if by == asker)
        return not mine and sum(at > now - timedelta(days=1) for at, _by in times) < MOST_A_DAY

    def answers(self, who: int, circles: list[int]) -> None:
        """Somebody told how they are, to these circles."""
        for one in self._questions:
            if one.circle in circles:
                one.waits.discard(who)

    def waiting(self, who: int) -> set[int]:
        """The circles in which somebody's answer is waited for, by one who is there as they are."""
        return {
            one.circle
            for one in self._questions
            if who in one.waits and {who, one.asker} <= self._oracle.members.get(one.circle, {}).keys()
        }

    def left(self, who: int, which: int) -> None:
        """Somebody left a circle, with the questions that they asked there."""
        self._questions = [one for one in self._questions if (one.asker, one.circle) != (who, which)]

    def gone(self, who: int) -> None:
        """Somebody is forgotten."""
        self._questions = [one for one in self._questions if one.asker != who]
        for one in self._questions:
            one.whom.discard(who)
            one.waits.discard(who)
