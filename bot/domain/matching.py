"""The matching desk: how long a case is somebody's, how many they open, and what it takes to tell anybody anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from bot.domain.names.verdict import Field, Line, Verdict

TAKEN_FOR: Final = timedelta(hours=6)  # then a case is free again
NOTES_KEPT: Final = timedelta(days=14)
LONGEST_NOTE: Final = 300
AT_ONCE: Final = 5  # cases that one moderator works on
A_DAY: Final = 40  # cases that one moderator opens: whoever would read them all needs weeks, and is seen doing it
TELLING: Final = timedelta(hours=12)  # moderators are told no more often that cases wait

_BESIDE: Final = frozenset({Field.BORN, Field.PLACE})
_AGREES: Final = frozenset({Verdict.MATCH, Verdict.NEAR})


def is_enough(lines: Sequence[Line], *, proved: bool) -> bool:
    """Whether more than the names speaks for it: a name alone never leads to anybody."""
    return proved or any(line.field in _BESIDE and line.verdict in _AGREES for line in lines)


def conflicts(lines: Sequence[Line]) -> bool:
    """Whether anything speaks against it."""
    return any(line.verdict is Verdict.MISMATCH for line in lines)
