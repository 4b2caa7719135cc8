"""Looking for somebody nobody reaches: who may be found by whom, and what either side learns when. No I/O, no clock.

A knock is somebody's search. A record is somebody who can be found. A candidate is a knock and a record that may be the
same person: a case, with a number that tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

MOST_NAMES: Final = 3
MOST_PLACES: Final = 2


class Kind(IntEnum):
    """What a record is."""

    MEMBER = 0
    RELATIVE = 1
    LIST = 2  # a line of a list from a shelter or a hospital: nobody online holds it
    DECOY = 3  # nobody: whoever looks for it is trying names


class May(IntEnum):
    """Who may knock at a record. That nobody may is the rule, and then there is no record of a person at all."""

    NOBODY = 0
    KIN = 1  # who answers the question
    ANYONE = 2  # of the community, if something agrees beside the name


class Case(IntEnum):
    """Where a candidate stands."""

    DESK = 0  # two moderators look at it
    HOLDER = 1  # the holder of the record reads it
    OPEN = 2  # the holder has said yes
    NOT_SAME = 3  # somebody has said that they are two people
    CLOSED = 4


class Says(IntEnum):
    """How much one side releases. What both have released is what either learns."""

    NOTHING = 0
    ALIVE = 1  # alive and known to us
    MESSAGE = 2
    CONTACT = 3


class Looking(IntEnum):
    """Where a knock stands."""

    LOOKING = 0
    FOUND = 1


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of somebody, in anybody's words: names and spellings, a birth year, places."""

    names: tuple[str, ...]
    born: int | None = None
    places: tuple[str, ...] = ()
