"""The roll-call of a region: how long it lasts, and what its board may show so that nobody can count single people.

Everything that is shown, in words, bars or a picture, is made of a `Board`, and a `Board` knows no exact count: each
cell is rounded down to tens, and under ten it says only “few”. No total is shown. So whatever stands there at one
time, each cell that says “few” could hold any number from none to nine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from bot.domain.checkin import State

FEW = 10
HOURS = (6, 24, 72)  # how long a roll-call may last
AGAIN_AFTER = timedelta(hours=24)  # nobody is asked by another roll-call sooner
KEPT = timedelta(days=7)  # after the end: then everything that says who was asked is erased
SHOWN_EVERY = timedelta(seconds=30)  # the board is changed in place no more often
AT_ONCE = 50  # people who are asked in one round: so many that no reply waits for them
BAR = 10  # signs


class Cell(Enum):
    """What a roll-call knows of somebody who was asked."""

    WELL = "well"  # answered, and needs no help
    HELP = "help"  # answered that they need help, or are hurt
    SILENT = "silent"


def cell_of(state: State) -> Cell:
    """What news that somebody tells of themselves means to a roll-call."""
    return Cell.HELP if state in {State.HELP, State.HURT} else Cell.WELL


def rounded(count: int) -> int | None:
    """A count as it may be shown: full tens, or None for “few”."""
    return None if count < FEW else count - count % FEW


@dataclass(frozen=True, slots=True)
class Board:
    """What may be shown of a roll-call: full tens, or None for “few”."""

    well: int | None
    help: int | None
    silent: int | None

    @property
    def cells(self) -> tuple[int | None, int | None, int | None]:
        """The cells in the order in which they stand."""
        return self.well, self.help, self.silent


def board(counts: Mapping[Cell, int]) -> Board:
    """What may be shown of these counts."""
    return Board(*(rounded(counts.get(cell, 0)) for cell in (Cell.WELL, Cell.HELP, Cell.SILENT)))


def bars(shown: Board) -> tuple[str, str, str]:
    """A bar of signs for each cell, measured by the fullest; “few” has one light sign, however few they are."""
    fullest = max((cell for cell in shown.cells if cell is not None), default=FEW)
    well, in_need, silent = ("░" if cell is None else "█" * max(1, cell * BAR // fullest) for cell in shown.cells)
    return well, in_need, silent
