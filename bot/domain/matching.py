"""The matching desk: how long a case is somebody's, how many they open, and what it takes to tell anybody anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from bot.domain.knock import folded
from bot.domain.names.verdict import Field, Line, Verdict

TAKEN_FOR: Final = timedelta(hours=6)  # then a case is free again
NOTES_KEPT: Final = timedelta(days=14)
LONGEST_NOTE: Final = 300
AT_ONCE: Final = 5  # cases that one moderator works on
A_DAY: Final = 40  # cases that one moderator opens: whoever would read them all needs weeks, and is seen doing it
DISAGREED: Final = timedelta(days=7)  # that two who disagree wait for a third moderator: there may be none
TELLING: Final = timedelta(days=1)  # a moderator is told no more often that cases wait

_BESIDE: Final = frozenset({Field.BORN, Field.PLACE})
_AGREES: Final = frozenset({Verdict.MATCH, Verdict.NEAR})
_DIGITS: Final = 4  # in a note: a year, or part of a telephone number
_LINK: Final = re.compile(r"@|://|\bwww\.|\w\.(?:com|org|net|me|ru|tj|to|io|info)\b", re.IGNORECASE)
_SHORT: Final = 3  # letters of a name: a shorter one is not looked for at the beginning of other words


def is_enough(lines: Sequence[Line], *, proved: bool) -> bool:
    """Whether more than the names speaks for it: a name alone never leads to anybody."""
    return proved or any(line.field in _BESIDE and line.verdict in _AGREES for line in lines)


def conflicts(lines: Sequence[Line]) -> bool:
    """Whether anything speaks against it."""
    return any(line.verdict is Verdict.MISMATCH for line in lines)


def tells_who(note: str, names: Iterable[str]) -> bool:
    """Whether a note may say who somebody is or how to reach them: digits, an account, a link, or one of `names`.

    A name counts in any letters, and with the endings of a language behind it.
    """
    if len(re.findall(r"\d", note)) >= _DIGITS or _LINK.search(note):
        return True
    said = {folded(word) for word in re.split(r"[^\w'’]+", note)}
    parts = {folded(part) for name in names for part in re.split(r"[^\w'’]+", name)}
    return any(
        word == part or (len(part) > _SHORT and word.startswith(part)) for part in parts if part[1:] for word in said
    )
