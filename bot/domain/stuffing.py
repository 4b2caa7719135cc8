"""Whether a count is being swelled: what can be seen of that without knowing who signs.

Nobody is refused. A signature that looks made up is held: it stands in the log and does not count until an organiser,
who sees numbers and never a name, lets it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

WAVE: Final = timedelta(hours=6)  # what comes within it belongs together
HOUR: Final = timedelta(hours=1)
YOUNG: Final = 2  # days: the day on which somebody first wrote, and the one after
MOST_OF_BRANCH: Final = 50  # signatures in a wave of people who were all let in by one person, directly or not
MOST_YOUNG: Final = 1_000  # signatures in an hour of people whom nobody let in, and who are here since yesterday
MOST_OTHERS: Final = 3_000  # and of those who were here before
SMALLEST: Final = 10  # signatures: of fewer than this the organisers' view says nothing
KEPT: Final = 3  # days: then a small wave is forgotten


@dataclass(frozen=True, slots=True)
class Signer:
    """What is known of whoever signs. `branch` is the first of those who let each other in, if somebody did.

    `days` are how long they are known here.
    """

    branch: int | None
    days: int

    @property
    def verified(self) -> bool:
        """Whether somebody here vouches for them."""
        return self.branch is not None

    @property
    def group(self) -> str:
        """With whom they are counted."""
        if self.branch is not None:
            return f"branch {self.branch}"
        return "young" if self.days < YOUNG else "others"

    @property
    def window(self) -> timedelta:
        """How long one count of the group lasts."""
        return WAVE if self.branch is not None else HOUR

    def is_too_many(self, so_far: int) -> bool:
        """Whether the signature that makes so many in its group is one too many to count at once."""
        if self.branch is not None:
            return so_far > MOST_OF_BRANCH
        return so_far > (MOST_YOUNG if self.days < YOUNG else MOST_OTHERS)


def wave_of(signer: Signer, now: datetime) -> str:
    """With what a signature came together: its group, within some hours."""
    return f"{signer.group}/{int(now.timestamp()) // int(WAVE.total_seconds())}"
