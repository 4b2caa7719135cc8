"""Which districts are declared offline, in plain Python: two moderators declare it, one ends it, or it lapses.

Two others can renew it: neither of the two who spoke last, nor with one of them.

Part of the oracle of a day (`oracle.py`): it hears the same buttons and knows no handler and no SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(slots=True, eq=False)
class Proposed:
    """One moderator wants a district to count as offline."""

    by: int
    place: str
    id: int = 0
    agreed: bool = False
    renews: Declared | None = None
    barred: frozenset[int] = frozenset()


@dataclass(slots=True, eq=False)
class Declared:
    """Two moderators said so."""

    place: str
    until: datetime
    by: set[int]
    id: int = 0
    ended: bool = False
    renewed: int = 0
    overruled: set[int] = field(default_factory=set)


class Offline:
    """See the module."""

    def __init__(self, lapse: timedelta) -> None:
        self.moderators: set[int] = set()
        self.homes: dict[str, set[int]] = {}  # place: who lives there
        self.proposed: list[Proposed] = []
        self.declared: list[Declared] = []
        self._lapse = lapse

    def over(self, who: int, now: datetime) -> bool:
        """Whether an outage counts for somebody: they live there, and have not said that it shall not."""
        mine = [one for one in self._in_force(now) if who in self.homes[one.place]]
        return bool(mine) and not any(who in one.overruled for one in mine)

    def _in_force(self, now: datetime) -> list[Declared]:
        return [one for one in self.declared if not one.ended and now < one.until]

    def proposes(self, who: int, place: str, now: datetime) -> None:
        """A button that proposes it was pressed."""
        if who in self.moderators and not any(one.place == place for one in self._in_force(now)):
            self.proposed.append(Proposed(who, place))

    def renews(self, who: int, which: int, now: datetime) -> None:
        """A button that proposes that it lasts longer was pressed."""
        found = next((one for one in self._in_force(now) if one.id == which), None)
        if found is not None and who in self.moderators and who not in found.by:
            self.proposed.append(Proposed(who, found.place, renews=found, barred=frozenset(found.by)))

    def agrees(self, who: int, which: int, now: datetime) -> set[int]:
        """A button that agrees was pressed: it counts if it was another moderator. Gives who lives in a new one."""
        found = next((one for one in self.proposed if one.id == which and not one.agreed), None)
        if found is None or who not in self.moderators or found.by == who or found.by not in self.moderators:
            return set()
        there = [one for one in self._in_force(now) if one.place == found.place]
        if found.renews is not None:
            if found.renews in there and who not in found.barred and not {who, found.by} & found.renews.by:
                found.agreed = True
                found.renews.until, found.renews.by = now + self._lapse, {who, found.by}
                found.renews.renewed += 1
            return set()
        if there:
            return set()
        found.agreed = True
        self.declared.append(Declared(found.place, now + self._lapse, {who, found.by}))
        return self.homes[found.place]

    def ends(self, who: int, which: int, now: datetime) -> set[int]:
        """A moderator says that the network is back. Gives who lives there."""
        found = next((one for one in self._in_force(now) if one.id == which), None)
        if found is None or who not in self.moderators:
            return set()
        found.ended = True
        return self.homes[found.place]

    def overrules(self, who: int, which: int, now: datetime) -> None:
        """Somebody who lives there says that it shall not count for them, or that it shall again."""
        found = next((one for one in self._in_force(now) if one.id == which), None)
        if found is not None and who in self.homes[found.place]:
            found.overruled ^= {who}

    def passes(self, now: datetime) -> set[int]:
        """What nobody renewed is over. Gives who lives there."""
        over = [one for one in self.declared if not one.ended and one.until <= now]
        for one in over:
            one.ended = True
        return {who for one in over for who in self.homes[one.place]}

    def gone(self, who: int) -> None:
        """Somebody is forgotten: their right and their proposals with them."""
        self.moderators.discard(who)
        self.proposed = [one for one in self.proposed if one.by != who]
        for inside in self.homes.values():
            inside.discard(who)
        for one in self.declared:
            one.by.discard(who)

    def differences(self, proposals: Iterable[tuple[int, int]], rows: Iterable[tuple[int, datetime]]) -> Iterator[str]:
        """Learn the numbers of what is new (proposals with who made them; outages with their ends), and compare."""
        known = {one.id for one in self.proposed}
        there = dict(proposals)
        for proposal in self.proposed:
            if not proposal.id:
                proposal.id = next((n for n, by in there.items() if by == proposal.by and n not in known), 0)
                known.add(proposal.id)
        waiting = {one.id for one in self.proposed if not one.agreed}
        if waiting != set(there):
            yield f"what moderators propose: {sorted(waiting ^ set(there))}"
        found = dict(rows)
        known = {one.id for one in self.declared}
        for one in self.declared:
            if not one.id:
                one.id = next((n for n, until in found.items() if until == one.until and n not in known), 0)
                known.add(one.id)
        still = {one.id: one.until for one in self.declared if not one.ended}
        if still != found:
            yield f"which districts are offline, and until when: {sorted(still.items() ^ found.items())}"
