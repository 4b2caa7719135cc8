"""How long news stays: as each circle wants it; the last known news of a person until the circle lets it go.

Rows are looked at in slices, a sixtieth each minute, so that a large community's old news keeps nobody waiting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from bot.domain.checkin import ASKED_AGAIN, BY_THE_DAY, BY_THE_HOUR, NOTES_KEPT
from storage import hard
from storage.database import Tx
from storage.prepared import Prepared, at_most
from storage.schema import EPOCH, alarm, circle, fact, news, person, standing, telling

SLICES: Final = 60
AT_ONCE: Final = 50  # circles whose keeper is asked in one minute
_IDS: Final = 1 << 62
_SWEPT: Final = "news.swept"  # the last minute whose slice was looked at
_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000
_MINUTE: Final = timedelta(minutes=1)


def _big(number: int) -> sa.BindParameter[int]:
    return sa.literal(number, sa.BigInteger)


_HERE = (news.c.id >= sa.bindparam("low")) & (news.c.id < sa.bindparam("high"))
_STANDS = sa.exists().where(standing.c.news_id == news.c.id)
_CALLED = sa.exists().where(alarm.c.news_id == news.c.id)
_STANDS_THERE = sa.exists().where(standing.c.news_id == telling.c.news_id, standing.c.circle_id == telling.c.circle_id)
_OVER = sa.exists().where(
    news.c.id == telling.c.news_id,
    _HERE,
    circle.c.id == telling.c.circle_id,
    sa.type_coerce(news.c.told_at, sa.BigInteger)
    < sa.bindparam("present", type_=sa.BigInteger) - circle.c.keeps_days * _big(_DAY_MS),
    ~_CALLED,
)
_ERASE_TELLINGS = Prepared(telling.delete().where(_OVER, ~_STANDS_THERE))
_UNTOLD = ~sa.exists().where(telling.c.news_id == news.c.id)
_ERASE_NEWS = Prepared(news.delete().where(_HERE, news.c.told_at < sa.bindparam("before"), _UNTOLD, ~_STANDS, ~_CALLED))
_ERASE_NOTES = Prepared(
    news.update()
    .where(_HERE, news.c.note.is_not(None), news.c.told_at < sa.bindparam("before"), ~_STANDS, ~_CALLED)
    .values(note=None)
)


def _rounded(unit: int) -> Prepared:
    """Exact times are kept only while somebody reads them to the minute."""
    whole = _big(unit)
    true, told = (sa.type_coerce(column, sa.BigInteger) for column in (news.c.true_at, news.c.told_at))
    exact = (true % whole != 0) | (told % whole != 0)
    return Prepared(
        news.update()
        .where(_HERE, news.c.told_at < sa.bindparam("before"), exact)
        .values(true_at=true - true % whole, told_at=told - told % whole)
        .returning(news.c.id, news.c.true_at)
    )


_ROUND = ((BY_THE_HOUR, _rounded(_HOUR_MS)), (BY_THE_DAY, _rounded(_DAY_MS)))


def _say(insert: Any) -> sa.Executable:
    made = insert(fact)
    said: sa.Executable = made.on_conflict_do_update(index_elements=["name"], set_={"value": made.excluded.value})
    return said


_LAST = Prepared(sa.select(fact.c.value).where(fact.c.name == _SWEPT))
_SAY = Prepared(_say)


def sweep(tx: Tx, now: datetime) -> None:
    """Erase news whose time is over and round the times of older news, in the slices of the minutes that passed."""
    minute = (now - EPOCH) // _MINUTE
    last = tx.execute(_LAST).scalar()
    first = max(int(last) + 1, minute - SLICES + 1) if last is not None else minute - SLICES + 1
    if first > minute:
        return
    begin, end = first % SLICES, minute % SLICES + 1
    parts = [(begin, end)] if begin < end else [(begin, SLICES), (0, end)]
    for low, high in parts if minute - first < SLICES - 1 else [(0, SLICES)]:
        _sweep(tx, {"low": low * _IDS // SLICES, "high": high * _IDS // SLICES}, now)
    tx.execute(_SAY, {"name": _SWEPT, "value": str(minute)})


def _sweep(tx: Tx, here: dict[str, int], now: datetime) -> None:
    tx.execute(_ERASE_TELLINGS, {**here, "present": (now - EPOCH) // timedelta(milliseconds=1)})
    tx.execute(_ERASE_NEWS, {**here, "before": now - BY_THE_HOUR})
    tx.execute(_ERASE_NOTES, {**here, "before": now - NOTES_KEPT})
    for age, rounding in _ROUND:
        for row in tx.execute(rounding, {**here, "before": now - age}).all():
            tx.execute(standing.update().where(standing.c.news_id == row.id).values(true_at=row.true_at))


# -- as a circle wants it ------------------------------------------------------------------------------------------


def keeps(tx: Tx, which: int) -> int:
    """How many days a circle keeps news that newer news has replaced."""
    days: int = tx.execute(sa.select(circle.c.keeps_days).where(circle.c.id == which)).scalar_one()
    return days


def keep(tx: Tx, which: int, days: int) -> None:
    """Let a circle keep replaced news for so many days."""
    tx.execute(circle.update().where(circle.c.id == which).values(keeps_days=days))


@dataclass(frozen=True, slots=True)
class Old:
    """A circle that still keeps very old last news: its keeper, and of whom, the oldest first."""

    circle: int
    name: str
    keeper: int
    people: tuple[tuple[str, datetime], ...]


_OLD = Prepared(
    sa.select(circle.c.id, circle.c.name, circle.c.keeper_id)
    .join(standing, standing.c.circle_id == circle.c.id)
    .where(standing.c.true_at < sa.bindparam("long_ago"))
    .where(circle.c.asked_at.is_(None) | (circle.c.asked_at < sa.bindparam("long_ago")))
    .distinct()
    .limit(at_most(AT_ONCE))
)


def old(tx: Tx, now: datetime) -> list[Old]:
    """Circles whose keeper is to be asked now whether the last news of long ago shall stay; noted as asked."""
    long_ago = now - ASKED_AGAIN
    found = []
    for row in tx.execute(_OLD, {"long_ago": long_ago}).all():
        people = (
            sa.select(person.c.name, standing.c.true_at)
            .join(person, standing.c.person_id == person.c.id)
            .where(standing.c.circle_id == row.id, standing.c.true_at < long_ago)
            .order_by(standing.c.true_at)
        )
        listed = tuple((one.name or "", one.true_at) for one in tx.execute(people))
        found.append(Old(row.id, row.name, row.keeper_id, listed))
        tx.execute(circle.update().where(circle.c.id == row.id).values(asked_at=now))
    return found


def let_go(tx: Tx, which: int, now: datetime) -> int:
    """Erase the last news of long ago that a circle keeps; how many there were. Other circles keep theirs."""
    hard.let_go(tx, which, now)
    theirs = (standing.c.circle_id == which) & (standing.c.true_at < now - ASKED_AGAIN)
    gone = tx.execute(standing.delete().where(theirs).returning(standing.c.news_id)).scalars().all()
    tx.execute(telling.delete().where(telling.c.circle_id == which, telling.c.news_id.in_(gone)))
    elsewhere = sa.exists().where(telling.c.news_id == news.c.id)
    called = sa.exists().where(alarm.c.news_id == news.c.id)
    tx.execute(news.delete().where(news.c.id.in_(gone), ~elsewhere, ~called))
    return len(gone)
