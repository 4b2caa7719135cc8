"""Looking for somebody nobody reaches: who may be found by whom, and what either side learns when. No I/O, no clock.

A knock is somebody's search. A record is somebody who can be found. A candidate is a knock and a record that may be the
same person: a case, with a number that tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import Final

from bot.domain import places
from bot.domain.names import name_words, parts, sounds
from bot.domain.names.verdict import Verdict

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


def goes_out(known: Known) -> Known:
    """What of this stands in a list that is passed on, if its people say yes: of places only the first."""
    return Known(known.names, known.born, known.places[:1])


PASSED_FOR: Final = (30, 90, 180)  # days for which somebody may say yes to it
LONGEST_RECIPIENT: Final = 80  # characters
_RECIPIENT: Final = re.compile(r"(?:[^\W_]|[ ,.()«»“”\"'’&-])*[^\W\d_](?:[^\W_]|[ ,.()«»“”\"'’&-])*")


def recipient(typed: str) -> str:
    """Who gets a list, as members read it: words, and no address that could be pressed. "" if it is none."""
    said = " ".join(typed.split())
    return said if _RECIPIENT.fullmatch(said) else ""


# -- what only kin know ----------------------------------------------------------------------------------------------

# Whoever looks can't be shown the holder's question: that would say that somebody was found. So both choose from one
# list, and whoever looks answers, unasked, what they can.
QUESTIONS: Final = ("grandmother", "nickname", "teacher", "friend", "animal")
RELATIONS: Final = ("child", "parent", "sibling", "spouse", "kin", "friend")


def folded(answer: str) -> str:
    """An answer as it is compared: by its sounds, whatever the script, and its numbers. "" says nothing."""
    said = "".join(parts.loosely(word.sounds) for word in sounds.words(answer)).replace("y", "i")
    return re.sub(r"(.)\1+", r"\1", said) + "".join(re.findall(r"\d+", answer))


# -- how long, how often -----------------------------------------------------------------------------------------------

LIFE: Final = timedelta(days=90)
REMINDED: Final = timedelta(days=10)  # before the end
REMINDED_AGAIN: Final = (timedelta(days=5), timedelta(days=2))  # as no letter stands in a chat for long
REPEATED: Final = (timedelta(days=3), timedelta(days=7), timedelta(days=20))  # a letter that nobody opened, each time
AFTERWARDS: Final = timedelta(days=14)  # that what was found stays readable
FIRST: Final = timedelta(minutes=10)  # at the soonest a knock is looked up so long after it was made...
SPREAD: Final = timedelta(minutes=50)  # ...and by lot up to so much later
AGAIN: Final = timedelta(hours=20)
REMEMBERED: Final = timedelta(days=30)  # what was looked for, for the quotas
TWO_PEOPLE: Final = timedelta(days=400)  # that two are not one
MOST_CASES: Final = 10  # of one search: that wait at the desk, and that go to holders at a time
MOST_OF_ONE: Final = 2  # of them: about records for which one person answers
MOST_ANSWERS: Final = 3  # by one person about one record: later ones are not looked at
MOST_KNOCKS: Final = 12  # that one person has at a time
MOST_RECORDS: Final = 12  # that one person lets be found: whoever would lay out names as bait has no more
MOST_CHOICES: Final = 24  # in a month, of who may look and by which names: nobody fishes with one name after another
FREE: Final = {"person": 3, "branch": 12, "stem": 48}  # searches in a month that make nobody wait
HEAVIEST: Final = 6  # more than are free: with so many the wait is the longest, and further ones are not counted
LONGEST_WAIT: Final = timedelta(days=8)
FOR_OTHERS: Final = timedelta(days=1)  # that somebody waits at the most for what others have used, for their own few


def wait(scope: str, used: int) -> timedelta:
    """How much later than others a knock is looked up, if so many were used of a quota before it. It is never said."""
    over = used + 1 - FREE[scope]
    return min(timedelta(hours=6) * 2 ** min(over - 1, 8), LONGEST_WAIT) if over > 0 else timedelta(0)


DECOYS: Final = 5  # that a steward makes at a time
MOST_DECOYS: Final = 100


def decoy(pick: Callable[[int], int]) -> Known:
    """Somebody who does not exist, made by lot from names that many people have. `pick(n)` gives one of 0 … n-1."""
    given = [full for full, _short in name_words.SHORT_FORMS if full[-1] not in "аоиуеӣӯй"]
    first, family = given[pick(len(given))], given[pick(len(given))]
    every = [code for region in places.REGIONS[:5] for code in places.in_region(region)]
    return Known((f"{first} {family}ов".title(),), 1945 + pick(60), (every[pick(len(every))],))


# -- who reads it ------------------------------------------------------------------------------------------------------

LIKELY: Final = 0.0  # log odds of the names: below that nobody is asked
TOUCHED: Final = 1.0  # a decoy: the names must be nearly its own


def goes_to(kind: Kind, may: May, *, proved: bool, second: bool) -> Case | None:
    """Who reads a candidate whose names are alike. `second` is whether year or place agree and neither contradicts.

    None: nobody at all. Names alone never reach a holder.
    """
    if kind is Kind.DECOY or (kind is not Kind.LIST and may is May.NOBODY):
        return None
    if kind is Kind.LIST:
        return Case.DESK
    return Case.HOLDER if proved or (may is May.ANYONE and second) else Case.DESK


def is_second(born: Verdict, place: Verdict) -> bool:
    """Whether something beside the name speaks for it, and nothing against."""
    said = {born, place}
    return Verdict.MISMATCH not in said and not said.isdisjoint({Verdict.MATCH, Verdict.NEAR})


def released(seeker: Says, holder: Says) -> Says:
    """What either learns: what both have released."""
    return min(seeker, holder)
