"""Whether a bulletin could lead somebody to its source: when so few can have known it, a hint to say less, or later."""

from __future__ import annotations

from datetime import date, timedelta
from enum import Enum
from typing import Final

from bot.domain import places
from bot.domain.bulletin import Draft, Grade, Kind, Topic

FRESH: Final = timedelta(days=1)
FEW: Final = 2  # claims: a longer bulletin mixes what many people know
GRAVE: Final = frozenset({Topic.DETENTIONS, Topic.SAFETY})


class Hint(Enum):
    """What would make it harder to find the source."""

    COARSER = "coarser"  # name the region and not the district
    LATER = "later"  # wait a day
    AGREED = "agreed"  # somebody who saw it themselves must have agreed


def region_of(place: str) -> str:
    """The region of a district; "" if the place is none, or is as large as one."""
    if not place or place in places.REGIONS:
        return ""
    return next((one for one in places.REGIONS if one != "world" and place in places.in_region(one)), "")


def hints(draft: Draft, today: date) -> frozenset[Hint]:
    """What to think of before this goes out. A drill and a withdrawal endanger nobody."""
    if draft.exercise or draft.kind is Kind.WITHDRAWAL:
        return frozenset()
    near = [one for claim in draft.claims for one in claim.sources if one.grade is Grade.FIRST_HAND]
    if not near:
        return frozenset()
    found = {Hint.AGREED}
    if draft.topic in GRAVE and len(draft.claims) <= FEW:
        if region_of(draft.place):
            found.add(Hint.COARSER)
        if any(one.on is None or today - one.on <= FRESH for one in near):
            found.add(Hint.LATER)
    return frozenset(found)
