"""Who may read that somebody is detained, in plain Python: the two whom their circle named, or else two reviewers.

Part of the oracle of a day (`oracle.py`). It does not say which two are drawn where the named can't: only who must
never be one of them, that there are two where there can be, and that nobody else ever reads a word of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.oracle import Oracle

TWO = 2


@dataclass(slots=True, eq=False)
class Case:
    """Somebody is detained, says a circle's code. `ever` are all who were one of the two at any time."""

    who: int
    circle: int
    since: int
    tellers: set[int] = field(default_factory=set)
    must: set[int] = field(default_factory=set)  # whom the circle named, if both of them can read it
    enough: bool = False  # whether there surely are two who can
    id: int = 0
    readers: set[int] = field(default_factory=set)
    ever: set[int] = field(default_factory=set)
    may: set[int] = field(default_factory=set)
    over: bool = False


@dataclass(frozen=True, slots=True)
class HardRows:
    """What the database holds of it: cases with whom they are about and their circle, and who checks each."""

    cases: Mapping[int, tuple[int, int]]
    readers: Mapping[int, set[int]]


class Detained:
    """See the module."""

    def __init__(self, oracle: Oracle) -> None:
        self.named: dict[int, set[int]] = defaultdict(set)  # circle: whom it named
        self.cases: list[Case] = []
        self._oracle = oracle
        self._got: set[tuple[int, int]] = set()  # (case, who): who read that there is something

    def told(self, who: int, which: int, teller: int) -> None:
        """A code of a circle says that somebody is detained."""
        for case in self._standing():
            if (case.who, case.circle) == (who, which):
                case.tellers.add(teller)
                case.must.clear()  # one of the two may have told it: then another one reads it
                return
        case = Case(who, which, self._oracle.version, {teller})
        fit = {one for one in self._oracle.bodies if self._can(case, one)}
        named = self.named[which]
        case.must = set(named) if len(named) == TWO and named <= fit else set()
        case.enough = len(fit & (named | self._oracle.offline.moderators)) >= TWO
        self.cases.append(case)

    def _can(self, case: Case, who: int) -> bool:
        """Whether somebody can surely be one of the two: they did not tell it, and were never out of reach."""
        body = self._oracle.bodies[who]
        reached = bool(body.accounts) and not any(self._oracle.unsure[one] for one in body.accounts)
        return reached and not body.gone and who not in {case.who, *case.tellers}

    def _standing(self) -> list[Case]:
        return [one for one in self.cases if not one.over]

    def left(self, who: int, which: int) -> None:
        """Somebody left a circle: they are named there no more, and check nothing there."""
        self.named[which].discard(who)
        for case in self._standing():
            if case.circle == which:
                self._misses(case, who)
                case.over |= which not in self._oracle.members

    def gone(self, who: int) -> None:
        """Somebody is forgotten."""
        for case in self._standing():
            case.over |= case.who == who
            self._misses(case, who)

    @staticmethod
    def _misses(case: Case, who: int) -> None:
        """Somebody checks nothing any more: in the place of one of the two comes another one, if there is any."""
        if who in case.must:
            case.must.clear()
        case.enough = False

    # -- comparing ---------------------------------------------------------------------------------------------------

    def differences(self, rows: HardRows) -> Iterator[str]:
        """Learn the numbers of what is new and who checks it, and say what must not be so."""
        known = {one.id for one in self.cases}
        for case in self._standing():
            if not case.id:
                fits = (n for n, row in rows.cases.items() if row == (case.who, case.circle) and n not in known)
                case.id = next(fits, 0)
                known.add(case.id)
        still = {one.id: (one.who, one.circle) for one in self._standing()}
        if still != rows.cases:
            yield f"who is detained: {sorted(still.items() ^ rows.cases.items())}"
        for case in self._standing():
            case.readers = rows.readers.get(case.id, set())
            case.ever |= case.readers
            named = self.named[case.circle]
            case.may |= self._oracle.offline.moderators | named
            if named:  # where one of the named can't, the keeper may
                case.may.add(self._oracle.keeper[case.circle])
            yield from self._wrong(case)

    def _wrong(self, case: Case) -> Iterator[str]:
        reading = case.readers - case.tellers
        what = f"that {case.who} is detained"
        if len(reading) > TWO or not reading <= case.may - {case.who}:
            yield f"{sorted(reading)} may read {what}, of {sorted(case.may)}"
        if case.must and reading != case.must:
            yield f"{sorted(reading)} may read {what}, not the two whom their circle named: {sorted(case.must)}"
        if case.enough and len(case.tellers) == 1 and len(reading) < TWO:
            yield f"only {sorted(reading)} may read {what}"

    # -- what people read --------------------------------------------------------------------------------------------

    def may_read(self, who: int, about: int) -> bool:
        """Whether somebody is or was one of the two, and so may read whom it is about."""
        return any(who in one.ever and one.who == about for one in self.cases)

    def gets(self, who: int, which: int) -> str:
        """Somebody reads that there is something to be read; what is wrong with it, or ""."""
        self._got.add((which, who))
        fine = any(one.id == which and who in one.ever for one in self.cases)
        return "" if fine else f"{who} reads that there is something which is not for them"

    def lasting(self) -> Iterator[str]:
        """Who must have read by now that there is something, and has not."""
        for case in self._standing():
            for who in sorted(case.readers):
                moved = self._oracle.moved_since(who, case.since)
                if (case.id, who) not in self._got and not moved and not self._oracle.is_unsure(who):
                    yield f"{who} never read that there is something about {case.who}"
