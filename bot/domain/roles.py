"""Rights in a community: which there are, how long they last, and the values that prove one to a handler.

Where one person alone must not be enough, one proposes and another one agrees: `storage.proposals`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

LASTS = timedelta(days=90)
RENEWED_FROM = timedelta(days=14)  # so long before the end the person is asked whether they want to keep it
CANDIDACY_LIFE = timedelta(hours=24)
PROPOSAL_LIFE = timedelta(hours=72)


class Role(Enum):
    """What somebody may do besides being a member. A steward gives rights; the others do what their feature says."""

    STEWARD = "steward"
    MODERATOR = "moderator"
    ORGANISER = "organiser"


@dataclass(frozen=True, slots=True)
class Held:
    """A right that a person holds. `number` is what it is called among stewards (“moderator 3”): never a name."""

    number: int
    person: int
    role: Role
    given_at: datetime
    expires_at: datetime

    def lasts(self, now: datetime) -> bool:
        """Whether it still counts."""
        return now < self.expires_at

    def ends_soon(self, now: datetime) -> bool:
        """Whether it is time to let it be renewed."""
        return self.expires_at - now <= RENEWED_FROM


@dataclass(frozen=True, slots=True)
class Authority:
    """That whoever presses holds a right at this moment. Only ``handlers.desk`` makes such values."""

    held: Held

    @property
    def person(self) -> int:
        """Whose right it is."""
        return self.held.person


@dataclass(frozen=True, slots=True)
class Steward(Authority):
    """The authority of a steward."""


@dataclass(frozen=True, slots=True)
class Moderator(Authority):
    """The authority of a moderator."""


@dataclass(frozen=True, slots=True)
class Organiser(Authority):
    """The authority of an organiser."""
