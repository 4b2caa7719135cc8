"""The matching desk: open cases in the order in which they are worked on, who works on them, and what they noted.

A case holds whom somebody looks for and who may be the one; whose search it is stays in `storage.knocks`, out of the
moderators' sight.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import Any, Final

import sqlalchemy as sa

from bot.domain.hotline import URGENT
from bot.domain.knock import Case, Kind
from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import candidate, candidate_note, circle, knock, relative, sought

MOST_NOTES: Final = 10  # that one case keeps
MOST_UNSURE: Final = 2  # moderators who can't tell: after them nobody is asked

_C = candidate.c


class Opinion(IntEnum):
    """What the first of two moderators has said of a case."""

    NONE = 0
    SAME = 1  # they may be the same
    OTHER = 2  # they are not the same


@dataclass(frozen=True, slots=True)
class Open:
    """A case at the desk. `owner` works on it until `until`; `first` has said `opinion` of it, and is no second."""

    number: int
    knock: int
    sought: int
    kind: Kind
    danger: int
    since: datetime
    proved: bool
    owner: int | None
    until: datetime | None
    first: int | None
    opinion: Opinion

    @property
    def urgent(self) -> bool:
        """Whether the words of the search speak of a danger."""
        return self.danger >= URGENT

    def is_free(self, now: datetime) -> bool:
        """Whether nobody works on it."""
        return self.owner is None or self.until is None or self.until <= now


@dataclass(frozen=True, slots=True)
class Aside:
    """Who is not asked about a case: whoever can't tell, and two who disagree, until somebody else has spoken.

    If nobody else has by the day `until` (an ordinal, by UTC), there is perhaps nobody, and the two look once more.

    It stands where both sides of a case write to each other later: at the desk neither has.
    """

    unsure: frozenset[int] = frozenset()
    disagree: frozenset[int] = frozenset()
    until: int = 0

    def keeps_away(self, near: Collection[int], first: int | None, now: datetime) -> bool:
        """Whether a moderator with these people `near` is not asked now; `first` has spoken."""
        wait = first is None and now.toordinal() < self.until
        away = self.unsure | self.disagree if wait else self.unsure
        return len(self.unsure) >= MOST_UNSURE or not away.isdisjoint(near)


@dataclass(frozen=True, slots=True)
class Note:
    """What a moderator noted about a case; `by` is the number of their right."""

    words: str
    by: int
    at: datetime


_COLUMNS: Final = (
    *(_C.id, _C.knock_id, _C.sought_id, _C.proved, _C.since, _C.taken_id, _C.taken_until, _C.first_id, _C.first_says),
    *(sought.c.kind, knock.c.danger),
)
_JOINED: Final = (
    candidate.join(knock, knock.c.id == _C.knock_id)
    .join(sought, sought.c.id == _C.sought_id)
    .outerjoin(relative, relative.c.person_id == sought.c.person_id)
    .outerjoin(circle, circle.c.id == relative.c.circle_id)
)


def _open(row: Any) -> Open:
    return Open(
        number=row.id,
        knock=row.knock_id,
        sought=row.sought_id,
        kind=Kind(row.kind),
        danger=row.danger,
        since=row.since,
        proved=bool(row.proved),
        owner=row.taken_id,
        until=row.taken_until,
        first=row.first_id,
        opinion=Opinion(row.first_says),
    )


# Words of a road or a school are no danger: those cases stand among the others, by their age.
_DANGER: Final = sa.case((knock.c.danger >= URGENT, knock.c.danger), else_=0)


def _here(tx: Tx, far_from: Collection[int], now: datetime, *which: int) -> Any:
    """Cases at the desk (or one of them) of nobody among `far_from`.

    They do not look, are not to be found, do not answer for a relative who is, and have not judged.
    """
    near = list(far_from)
    away = [number for number, first, aside in _asides(tx, which) if aside.keeps_away(near, first, now)]
    return (
        (_C.state == int(Case.DESK))
        & (knock.c.expires_at > now)
        & knock.c.person_id.not_in(near)
        & (sought.c.person_id.is_(None) | sought.c.person_id.not_in(near))
        & (circle.c.keeper_id.is_(None) | circle.c.keeper_id.not_in(near))
        & (_C.first_id.is_(None) | _C.first_id.not_in(near))
        & _C.id.not_in(away)
    )


def _free(now: datetime) -> Any:
    return _C.taken_id.is_(None) | (_C.taken_until <= now)


def _may(tx: Tx, who: int, far_from: Collection[int], now: datetime, districts: Collection[str]) -> Any:
    """The cases that `who` may work on, of districts if some are named."""
    where = _here(tx, {*far_from, who}, now) & (_free(now) | (_C.taken_id == who))
    return where & knock.c.district.in_(list(districts)) if districts else where


def waiting(  # noqa: PLR0913 - a page of a queue is all this
    tx: Tx,
    who: int,
    far_from: Collection[int],
    now: datetime,
    most: int,
    *,
    districts: Collection[str] = (),
    skip: int = 0,
) -> list[Open]:
    """The cases that `who` may work on: those they have taken, then the most endangered, then the oldest."""
    query = sa.select(*_COLUMNS).select_from(_JOINED).where(_may(tx, who, far_from, now, districts))
    mine = sa.case(((_C.taken_id == who) & (_C.taken_until > now), 0), else_=1)
    order = (mine, _DANGER.desc(), _C.since, _C.id)
    return [_open(row) for row in tx.execute(query.order_by(*order).limit(most).offset(skip))]


def count(tx: Tx, who: int, far_from: Collection[int], now: datetime, *, districts: Collection[str] = ()) -> int:
    """How many cases `who` may work on."""
    query = sa.select(sa.func.count()).select_from(_JOINED).where(_may(tx, who, far_from, now, districts))
    found: int = tx.execute(query).scalar_one()
    return found


def any_free(tx: Tx, who: int, far_from: Collection[int], now: datetime) -> bool:
    """Whether there is a case that nobody works on and `who` may take."""
    where = _here(tx, {*far_from, who}, now) & _free(now)
    return tx.execute(sa.select(_C.id).select_from(_JOINED).where(where).limit(1)).first() is not None


def find(tx: Tx, which: int, who: int, far_from: Collection[int], now: datetime) -> Open | None:
    """A case at the desk by its number, if `who` may know of it."""
    where = (_C.id == which) & _here(tx, {*far_from, who}, now, which)
    row = tx.execute(sa.select(*_COLUMNS).select_from(_JOINED).where(where)).first()
    return None if row is None else _open(row)


def taken_by(tx: Tx, who: int, now: datetime) -> list[int]:
    """The cases that a moderator works on."""
    mine = (_C.taken_id == who) & (_C.taken_until > now) & (_C.state == int(Case.DESK))
    return list(tx.execute(sa.select(_C.id).where(mine).order_by(_C.taken_until)).scalars())


def take(tx: Tx, which: int, who: int, now: datetime, until: datetime) -> bool:
    """A moderator takes a case that nobody works on; of two who do it at once one is told no."""
    free = (_C.id == which) & (_C.state == int(Case.DESK)) & _free(now)
    return tx.execute(candidate.update().where(free).values(taken_id=who, taken_until=until)).rowcount == 1


def release(tx: Tx, which: int) -> None:
    """A case is free for other moderators."""
    tx.execute(candidate.update().where(_C.id == which).values(taken_id=None, taken_until=None))


def release_of(tx: Tx, who: Collection[int]) -> None:
    """These people are no moderators any more: what they worked on is free, and what they said of cases is dropped."""
    left = list(who)
    tx.execute(candidate.update().where(_C.taken_id.in_(left)).values(taken_id=None, taken_until=None))
    tx.execute(candidate.update().where(_C.first_id.in_(left)).values(first_id=None, first_says=0))
    _rename(tx, dict.fromkeys(left))


_TAKEN = Prepared(sa.select(_C.taken_id).where(_C.taken_id.is_not(None)).distinct())
_SPOKEN = Prepared(sa.select(_C.first_id).where(_C.first_id.is_not(None), _C.state == int(Case.DESK)).distinct())


_ASIDES = sa.select(_C.id, _C.first_id, _C.message).where(_C.state == int(Case.DESK), _C.message.is_not(None))
_ALL_ASIDES = Prepared(_ASIDES)


def workers(tx: Tx) -> set[int]:
    """Everybody who works on a case, or has said something of one that another must still look at."""
    aside = (who for _which, _first, one in _asides(tx) for who in one.unsure | one.disagree)
    return {*tx.execute(_TAKEN).scalars(), *tx.execute(_SPOKEN).scalars(), *aside}


def opine(tx: Tx, which: int, who: int | None, opinion: Opinion) -> None:
    """The first of two moderators says what they think (None: nobody has), and lets go of the case."""
    tx.execute(candidate.update().where(_C.id == which).values(first_id=who, first_says=int(opinion)))
    release(tx, which)


def disagree(tx: Tx, which: int, who: Collection[int], until: datetime) -> None:
    """Two have said the opposite: both words are dropped, and somebody else is to speak first, `until` that day."""
    _put(tx, which, Aside(_aside(tx, which).unsure, frozenset(who), until.toordinal()))
    opine(tx, which, None, Opinion.NONE)


def leave(tx: Tx, which: int, who: int) -> None:
    """A moderator can't tell, and lets go of the case: they, and after a second one all, are not asked again."""
    aside = _aside(tx, which)
    _put(tx, which, replace(aside, unsure=aside.unsure | {who}))
    release(tx, which)


# How a case stands that nobody at the desk has looked at.
_NEW: Final[Mapping[str, Any]] = {
    "taken_id": None,
    "taken_until": None,
    "first_id": None,
    "first_says": 0,
    "message": None,
}


def anew(tx: Tx, sought_id: int) -> None:
    """What is known of somebody has changed: what was read and said of their cases at the desk counts no more."""
    theirs = (_C.sought_id == sought_id) & (_C.state == int(Case.DESK))
    tx.execute(candidate.update().where(theirs).values(**_NEW))


def decide(tx: Tx, which: int, state: Case, now: datetime, **says: int) -> bool:
    """Two have agreed: the case leaves the desk. Of two who do it at once one is told no."""
    ended = {"ended_at": now} if state in {Case.NOT_SAME, Case.CLOSED} else {}
    here = (_C.id == which) & (_C.state == int(Case.DESK))
    values: dict[str, Any] = {"state": int(state), **_NEW, **ended, **says}
    return tx.execute(candidate.update().where(here).values(**values)).rowcount == 1


def note(tx: Tx, which: int, words: str, by: int, now: datetime, expires_at: datetime) -> None:  # noqa: PLR0913, PLR0917
    """Note something about a case. Of too many notes the oldest go."""
    row = {"id": tx.new_id(), "candidate_id": which, "words": words, "by": by, "at": now, "expires_at": expires_at}
    tx.execute(candidate_note.insert(), row)
    here = candidate_note.c.candidate_id == which
    kept = (
        sa.select(candidate_note.c.id)
        .where(here)
        .order_by(candidate_note.c.at.desc())
        .offset(MOST_NOTES)
        .limit(MOST_NOTES)
    )
    tx.execute(candidate_note.delete().where(candidate_note.c.id.in_(list(tx.execute(kept).scalars()) or [-1])))


def notes(tx: Tx, which: int, now: datetime) -> list[Note]:
    """What was noted about a case and is not over, the oldest first."""
    here = (candidate_note.c.candidate_id == which) & (candidate_note.c.expires_at > now)
    query = sa.select(candidate_note).where(here).order_by(candidate_note.c.at, candidate_note.c.id)
    return [Note(row.words, row.by, row.at) for row in tx.execute(query)]


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one: what one of them has said of a case, the other does not say again."""
    tx.execute(candidate.update().where(_C.taken_id == gone).values(taken_id=kept))
    tx.execute(candidate.update().where(_C.first_id == gone).values(first_id=kept))
    _rename(tx, {gone: kept})


# -- who is not asked again ----------------------------------------------------------------------------------------


def _asides(tx: Tx, which: Collection[int] = ()) -> list[tuple[int, int | None, Aside]]:
    """The cases at the desk, or those of some numbers, from which somebody is kept away; who has spoken; and whom."""
    rows = tx.execute(_ASIDES.where(_C.id.in_(which)) if which else _ALL_ASIDES)
    return [(row.id, row.first_id, _unpacked(row.message)) for row in rows]


def _aside(tx: Tx, which: int) -> Aside:
    return next((aside for _which, _first, aside in _asides(tx, [which])), Aside())


def _put(tx: Tx, which: int, aside: Aside) -> None:
    said = {"unsure": aside.unsure, "disagree": aside.disagree, "until": {aside.until} - {0}}
    whole = json.dumps({name: " ".join(map(str, sorted(some))) for name, some in said.items() if some})
    tx.execute(candidate.update().where(_C.id == which).values(message=whole))


def _unpacked(message: str) -> Aside:
    said = json.loads(message)
    unsure, disagree = (frozenset(map(int, said.get(name, "").split())) for name in ("unsure", "disagree"))
    return Aside(unsure, disagree, int(said.get("until", 0)))


def _rename(tx: Tx, new: Mapping[int, int | None]) -> None:
    """People are somebody else now, or nobody."""

    def renamed(some: Iterable[int]) -> frozenset[int]:
        return frozenset(one for who in some if (one := new.get(who, who)) is not None)

    for which, _first, aside in _asides(tx):
        if not new.keys().isdisjoint(aside.unsure | aside.disagree):
            _put(tx, which, replace(aside, unsure=renamed(aside.unsure), disagree=renamed(aside.disagree)))
