"""The line to the moderators: cases by number, what was said in them, and who has taken them.

A `Case` does not hold whose it is. Only `whose` tells, to whoever posts a letter there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.hotline import IDLE, KEPT, TOLD, URGENT, WARNED, number, reminded_after, silent_after
from storage.database import Tx
from storage.prepared import MOST, Prepared
from storage.schema import line_case, line_voice, line_word

MEMBER = 0  # the voice of whoever has begun a case


@dataclass(frozen=True, slots=True)
class Case:
    """A case. `owner` is the moderator who has taken it, `voice` what they are called in it (“moderator 2”)."""

    number: int
    danger: int
    begun_at: datetime
    said_at: datetime
    words: int
    unanswered: int
    waits_at: datetime | None
    told: bool
    owner: int | None
    voice: int
    acted_at: datetime | None
    warned_at: datetime | None
    closed_at: datetime | None

    @property
    def open(self) -> bool:
        """Whether nobody has ended it."""
        return self.closed_at is None

    @property
    def urgent(self) -> bool:
        """Whether its words speak of a danger and wait."""
        return self.danger >= URGENT and self.waits_at is not None

    def free_at(self) -> datetime | None:
        """From when on another moderator may take it over; None as long as nobody waits."""
        if self.waits_at is None or self.acted_at is None:
            return None
        return max(self.waits_at, self.acted_at) + silent_after(self.danger)

    def may_be_taken(self, now: datetime) -> bool:
        """Whether a moderator who has not taken it may do so."""
        free_at = self.free_at()
        return self.open and (self.owner is None or (free_at is not None and free_at <= now))


@dataclass(frozen=True, slots=True)
class Word:
    """Something that was said in a case: by the member (voice 0), or by one of its moderators."""

    place: int
    voice: int
    at: datetime
    words: str


_C = line_case.c
_COLUMNS = (
    _C.id,
    _C.danger,
    _C.begun_at,
    _C.said_at,
    _C.words,
    _C.unanswered,
    _C.waits_at,
    _C.told,
    _C.owner_id,
    _C.owner_voice,
    _C.acted_at,
    _C.warned_at,
    _C.closed_at,
)


def _case(row: Any) -> Case:
    return Case(
        row.id,
        row.danger,
        row.begun_at,
        row.said_at,
        row.words,
        row.unanswered,
        row.waits_at,
        bool(row.told),
        row.owner_id,
        row.owner_voice,
        row.acted_at,
        row.warned_at,
        row.closed_at,
    )


def find(tx: Tx, which: int) -> Case | None:
    """A case by its number, as long as it is kept."""
    row = tx.execute(sa.select(*_COLUMNS).where(_C.id == which)).first()
    return None if row is None else _case(row)


def words_of(tx: Tx, which: int, most: int, before: int | None = None) -> list[Word]:
    """The newest words of a case (before the one at that place), the oldest of them first."""
    theirs = line_word.c.line_case_id == which
    if before is not None:
        theirs &= line_word.c.place < before
    query = sa.select(line_word).where(theirs).order_by(line_word.c.place.desc()).limit(most)
    return [Word(row.place, row.voice, row.at, row.words) for row in tx.execute(query)][::-1]


# -- the member ----------------------------------------------------------------------------------------------------


def begin(tx: Tx, who: int, now: datetime) -> Case:
    """A new case of a person. Its number tells nothing: it is drawn by lot."""
    which = number(lambda most: tx.new_id() % most)
    while find(tx, which) is not None:
        which = number(lambda most: tx.new_id() % most)
    row = {"id": which, "person_id": who, "danger": 0, "begun_at": now, "said_at": now}
    tx.execute(line_case.insert(), row)
    found = find(tx, which)
    assert found is not None  # noqa: S101 - it was stored a moment ago
    return found


def of(tx: Tx, who: int) -> list[Case]:
    """The cases of a person, those that are open first."""
    query = sa.select(*_COLUMNS).where(_C.person_id == who)
    return [_case(row) for row in tx.execute(query.order_by(_C.closed_at.is_not(None), _C.begun_at, _C.id))]


def mine(tx: Tx, which: int, who: int) -> Case | None:
    """A case, if it is this person's."""
    row = tx.execute(sa.select(*_COLUMNS).where(_C.id == which, _C.person_id == who)).first()
    return None if row is None else _case(row)


def say(tx: Tx, which: int, where: int, words: str, danger: int, now: datetime) -> None:  # noqa: PLR0913, PLR0917
    """The member says something; a case that was ended is open again. Answers go to the address `where`."""
    one = _said(tx, which, MEMBER, words, now)
    waiting = one.unanswered > 0
    pressing = max(danger, one.danger) if waiting else danger
    values: dict[str, Any] = {
        "address_id": where,
        "danger": pressing,
        "unanswered": one.unanswered + 1,
        "closed_at": None,
        "waits_at": one.waits_at if waiting else now,
    }
    if not waiting:
        values |= {"nudge_at": now + reminded_after(pressing), "told": 0}
    elif pressing >= URGENT > one.danger:
        values["nudge_at"] = now + reminded_after(pressing)
    tx.execute(line_case.update().where(_C.id == which).values(**values))


def _said(tx: Tx, which: int, voice: int, words: str, now: datetime) -> Case:
    """Keep somebody's words; the case as it was before."""
    one = find(tx, which)
    assert one is not None  # noqa: S101 - every caller has looked
    row = {"line_case_id": which, "place": one.words + 1, "voice": voice, "at": now, "words": words}
    tx.execute(line_word.insert(), row)
    values = {"words": one.words + 1, "said_at": now, "warned_at": None}
    tx.execute(line_case.update().where(_C.id == which).values(**values))
    return one


def erase(tx: Tx, which: int) -> None:
    """End a case for good: nothing of it stays."""
    tx.execute(line_case.delete().where(_C.id == which))


def said_by(tx: Tx, who: int) -> list[tuple[Case, list[str]]]:
    """A person's cases with what they have said in them themselves."""
    found = []
    for one in of(tx, who):
        query = sa.select(line_word.c.words).where(line_word.c.line_case_id == one.number, line_word.c.voice == MEMBER)
        found.append((one, list(tx.execute(query.order_by(line_word.c.place)).scalars())))
    return found


# -- moderators ----------------------------------------------------------------------------------------------------


def whose(tx: Tx, which: int) -> tuple[int, int | None]:
    """The person whose case it is and the address where they wrote: only to post a letter there."""
    row = tx.execute(sa.select(_C.person_id, _C.address_id).where(_C.id == which)).one()
    return row.person_id, row.address_id


def waiting(tx: Tx, but: int, most: int, skip: int = 0) -> list[Case]:
    """The open cases of others than `but`: whoever waits first, danger before everything, then the oldest."""
    query = sa.select(*_COLUMNS).where(_C.closed_at.is_(None), _C.person_id != but)
    order = (_C.waits_at.is_(None), (_C.danger >= URGENT).desc(), _C.waits_at, _C.begun_at, _C.id)
    return [_case(row) for row in tx.execute(query.order_by(*order).limit(most).offset(skip))]


def take(tx: Tx, one: Case, who: int, now: datetime) -> bool:
    """A moderator takes a case that is free or whose owner is silent; False if it is another's, or their own.

    What they are called in it is theirs for good, and is nobody else's.
    """
    free = _C.owner_id.is_(None) if one.owner is None else _C.owner_id == one.owner
    other = (_C.id == one.number) & (_C.person_id != who) & _C.closed_at.is_(None) & free
    if not one.may_be_taken(now) or tx.execute(line_case.update().where(other).values(owner_id=who)).rowcount != 1:
        return False
    voice = _voice(tx, one.number, who)
    tx.execute(line_case.update().where(_C.id == one.number).values(owner_voice=voice, acted_at=now))
    others = (line_voice.c.line_case_id == one.number) & (line_voice.c.person_id != who)
    tx.execute(line_voice.update().where(others).values(draft=None))
    return True


def _voice(tx: Tx, which: int, who: int) -> int:
    known: int | None = tx.execute(sa.select(line_voice.c.number).where(_is_voice(which, who))).scalar()
    if known is not None:
        return known
    count = line_case.update().where(_C.id == which).values(voices=_C.voices + 1).returning(_C.voices)
    made: int = tx.execute(count).scalar_one()
    tx.execute(line_voice.insert(), {"line_case_id": which, "person_id": who, "number": made})
    return made


def _is_voice(which: int, who: int) -> sa.ColumnElement[bool]:
    return (line_voice.c.line_case_id == which) & (line_voice.c.person_id == who)


def draft(tx: Tx, which: int, who: int, words: str | None) -> None:
    """Keep an answer that a moderator has written and not sent yet; None: there is none any more."""
    tx.execute(line_voice.update().where(_is_voice(which, who)).values(draft=words))


def draft_of(tx: Tx, which: int, who: int) -> str | None:
    """The answer that a moderator has written and not sent yet."""
    found: str | None = tx.execute(sa.select(line_voice.c.draft).where(_is_voice(which, who))).scalar()
    return found


def answer(tx: Tx, one: Case, words: str, now: datetime) -> None:
    """The moderator who has taken a case answers: nobody waits any more."""
    _said(tx, one.number, one.voice, words, now)
    values = {"unanswered": 0, "waits_at": None, "nudge_at": None, "told": 0, "acted_at": now}
    first = sa.func.coalesce(_C.answered_at, sa.literal(now, _C.answered_at.type))
    tx.execute(line_case.update().where(_C.id == one.number).values(**values, answered_at=first))


def release(tx: Tx, which: int) -> None:
    """A case is free for other moderators. What its owner was writing is dropped."""
    values: dict[str, Any] = {"owner_id": None, "owner_voice": 0, "acted_at": None}
    tx.execute(line_case.update().where(_C.id == which).values(**values))
    tx.execute(line_voice.update().where(line_voice.c.line_case_id == which).values(draft=None))


def close(tx: Tx, which: int, now: datetime) -> None:
    """A moderator ends a case: it can be read for a while, and begun again by its member."""
    release(tx, which)
    values = {"unanswered": 0, "waits_at": None, "nudge_at": None, "closed_at": now}
    tx.execute(line_case.update().where(_C.id == which).values(**values))


def first_answers(tx: Tx, since: datetime, most: int) -> list[timedelta]:
    """How long the first answers took that came lately."""
    query = sa.select(_C.begun_at, _C.answered_at).where(_C.answered_at > since)
    return [row.answered_at - row.begun_at for row in tx.execute(query.order_by(_C.answered_at.desc()).limit(most))]


# -- as time passes ------------------------------------------------------------------------------------------------


_DUE = Prepared(sa.select(*_COLUMNS).where(_C.nudge_at <= sa.bindparam("now")).order_by(_C.nudge_at).limit(MOST))


def due(tx: Tx, now: datetime, most: int = 50) -> list[Case]:
    """The cases of which the moderators are to be told that they still wait. They count as told for a day."""
    found = [_case(row) for row in tx.execute(_DUE, {"now": now, "most": most})]
    for one in found:
        since = one.waits_at or now
        late = since + TOLD <= now
        values = {"nudge_at": now + TOLD if late else since + TOLD, "told": int(one.told or late)}
        tx.execute(line_case.update().where(_C.id == one.number).values(**values))
    return found


_OWNERS = Prepared(sa.select(_C.owner_id).where(_C.owner_id.is_not(None)).distinct())


def owners(tx: Tx) -> set[int]:
    """Everybody who has taken a case."""
    return set(tx.execute(_OWNERS).scalars())


def release_of(tx: Tx, who: Collection[int]) -> None:
    """These people are no moderators any more: what they had taken is free."""
    for which in tx.execute(sa.select(_C.id).where(_C.owner_id.in_(list(who)))).scalars().all():
        release(tx, which)


_IDLE = Prepared(
    sa.select(*_COLUMNS)
    .where(_C.said_at <= sa.bindparam("before"), _C.warned_at.is_(None), _C.closed_at.is_(None))
    .order_by(_C.said_at)
    .limit(MOST)
)


def idle(tx: Tx, now: datetime, most: int = 50) -> list[Case]:
    """The open cases of which the member is to be told that they end. They count as told from now on."""
    found = [_case(row) for row in tx.execute(_IDLE, {"before": now - IDLE + WARNED, "most": most})]
    if found:
        ids = [one.number for one in found]
        tx.execute(line_case.update().where(_C.id.in_(ids)).values(warned_at=now))
    return found


_EXPIRE_CLOSED = Prepared(line_case.delete().where(_C.closed_at <= sa.bindparam("before")))
_EXPIRE_IDLE = Prepared(
    line_case.delete().where(_C.said_at <= sa.bindparam("before"), _C.warned_at <= sa.bindparam("warned"))
)


def expire(tx: Tx, now: datetime) -> None:
    """Erase cases that were ended a while ago, and those in which nobody says anything."""
    tx.execute(_EXPIRE_CLOSED, {"before": now - KEPT})
    tx.execute(_EXPIRE_IDLE, {"before": now - IDLE, "warned": now - WARNED})


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one: nobody goes on with a case that is their own."""
    tx.execute(line_case.update().where(_C.person_id == gone).values(person_id=kept))
    there = sa.select(line_voice.c.line_case_id).where(line_voice.c.person_id == kept)
    tx.execute(line_voice.delete().where(line_voice.c.person_id == gone, line_voice.c.line_case_id.in_(there)))
    tx.execute(line_voice.update().where(line_voice.c.person_id == gone).values(person_id=kept))
    tx.execute(line_case.update().where(_C.owner_id == gone).values(owner_id=kept))
    number_there = sa.select(line_voice.c.number).where(
        line_voice.c.line_case_id == _C.id, line_voice.c.person_id == kept
    )
    taken = line_case.update().where(_C.owner_id == kept)
    tx.execute(taken.values(owner_voice=sa.func.coalesce(number_there.scalar_subquery(), 0)))
    own = (_C.owner_id == kept) & (_C.person_id == kept)
    for which in tx.execute(sa.select(_C.id).where(own)).scalars().all():
        release(tx, which)
    theirs = sa.select(_C.id).where(_C.person_id == kept)
    tx.execute(line_voice.delete().where(line_voice.c.person_id == kept, line_voice.c.line_case_id.in_(theirs)))
