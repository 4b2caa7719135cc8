"""Roll-calls of a region: who is asked when, what they answered, and counts; nobody's name leaves this room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain import places
from bot.domain.checkin import State
from bot.domain.people import Person
from bot.domain.region import AGAIN_AFTER, KEPT, SHOWN_EVERY, Cell, cell_of
from storage import ties
from storage.database import Tx
from storage.prepared import MOST, Prepared
from storage.schema import news, person, rollcall, rollcall_reader, rollcall_watcher

PICTURE = "region.picture"  # the kind of a job that draws a board
COUNTED = 1000  # news looked at in one round
OVERLAP = timedelta(seconds=10)  # news is dated before it is committed


@dataclass(frozen=True, slots=True)
class Rollcall:
    """One roll-call. `shown` is what its board last showed, `shown_at` when."""

    id: int
    place: str
    opened_at: datetime
    closes_at: datetime
    ended_at: datetime | None
    reached: int
    highest: int
    listed: bool
    looked_at: datetime
    shown: str
    shown_at: datetime | None

    @property
    def open(self) -> bool:
        """Whether people are still asked and counted."""
        return self.ended_at is None


def _rollcall(row: Any) -> Rollcall:
    return Rollcall(
        row.id,
        row.place,
        row.opened_at,
        row.closes_at,
        row.ended_at,
        row.reached,
        row.highest,
        bool(row.listed),
        row.looked_at,
        row.shown,
        row.shown_at,
    )


_OPEN = Prepared(sa.select(rollcall).where(rollcall.c.ended_at.is_(None)).order_by(rollcall.c.id))


def begin(tx: Tx, place: str, now: datetime, closes_at: datetime) -> int:
    """Open a roll-call: whoever is known by now and tied to the place will be asked. Its id."""
    highest: int = tx.execute(sa.select(sa.func.max(person.c.id))).scalar() or 0
    new = tx.new_id()
    row = {"id": new, "place": place, "opened_at": now, "closes_at": closes_at}
    tx.execute(rollcall.insert(), {**row, "highest": highest, "looked_at": now})
    return new


def under_way(tx: Tx) -> list[Rollcall]:
    """Every roll-call that is open."""
    return [_rollcall(row) for row in tx.execute(_OPEN)]


def find(tx: Tx, which: int) -> Rollcall | None:
    """A roll-call, open or over, as long as it is kept."""
    row = tx.execute(sa.select(rollcall).where(rollcall.c.id == which)).first()
    return None if row is None else _rollcall(row)


def end(tx: Tx, which: int, now: datetime) -> None:
    """Nobody is asked or counted any more."""
    tx.execute(rollcall.update().where(rollcall.c.id == which).values(ended_at=now))


_EXPIRE = Prepared(rollcall.delete().where(rollcall.c.ended_at < sa.bindparam("before")))


def expire(tx: Tx, now: datetime) -> None:
    """Erase roll-calls that ended a week ago, with everything that says who was asked."""
    tx.execute(_EXPIRE, {"before": now - KEPT})


# -- asking --------------------------------------------------------------------------------------------------------


def next_part(tx: Tx, one: Rollcall, most: int) -> list[int]:
    """The next people with ties to the place who are not on the list yet; an empty part is the last one."""
    found = ties.tied_to(tx, places.within(one.place), one.reached, most)
    return [who for who in found if who <= one.highest]


def asked_lately(tx: Tx, people: Sequence[int], but: int, now: datetime) -> set[int]:
    """Those of these people who were asked, or are about to be, by another roll-call."""
    query = sa.select(rollcall_reader.c.person_id).where(
        rollcall_reader.c.person_id.in_(list(people)),
        rollcall_reader.c.rollcall_id != but,
        rollcall_reader.c.due_at > now - AGAIN_AFTER,
    )
    return set(tx.execute(query).scalars())


def enlist(tx: Tx, one: Rollcall, people: Sequence[tuple[int, datetime]], *, reached: int | None) -> None:
    """Put people on the list, each with the instant at which to ask them. `reached` is None when the list is whole."""
    rows = [{"rollcall_id": one.id, "person_id": who, "due_at": due_at} for who, due_at in people]
    if rows:
        tx.execute(tx.insert(rollcall_reader).on_conflict_do_nothing(), rows)
        told = {"which": one.id, "since": one.opened_at, "people": [who for who, _due_at in people]}
        _count(tx, one.id, tx.execute(_TOLD_BY, told).all())  # who has said since the beginning how they are
    values = {"listed": 1} if reached is None else {"reached": reached}
    tx.execute(rollcall.update().where(rollcall.c.id == one.id).values(**values))


_DUE = Prepared(
    sa.select(
        rollcall_reader.c.person_id,
        person.c.language,
        person.c.name,
        person.c.zone,
        person.c.quiet_from,
        person.c.quiet_until,
    )
    .join(person, rollcall_reader.c.person_id == person.c.id)
    .where(
        rollcall_reader.c.rollcall_id == sa.bindparam("which"),
        rollcall_reader.c.asked_at.is_(None),
        rollcall_reader.c.due_at <= sa.bindparam("now"),
        rollcall_reader.c.answer.is_(None),
    )
    .order_by(rollcall_reader.c.due_at, rollcall_reader.c.person_id)
    .limit(MOST)
)


def due(tx: Tx, which: int, now: datetime, most: int) -> list[Person]:
    """Whom to ask now: on the list, not asked yet, and without an answer."""
    rows = tx.execute(_DUE, {"which": which, "now": now, "most": most})
    return [
        Person(row.person_id, row.language or "", row.name or "", row.zone or "", row.quiet_from, row.quiet_until)
        for row in rows
    ]


def note_asked(tx: Tx, which: int, people: Sequence[int], now: datetime) -> None:
    """These people are asked now, and never again by this roll-call."""
    mine = (rollcall_reader.c.rollcall_id == which) & rollcall_reader.c.person_id.in_(list(people))
    tx.execute(rollcall_reader.update().where(mine).values(asked_at=now))


def put_off(tx: Tx, which: int, who: int, due_at: datetime) -> None:
    """Ask somebody later: their quiet hours have begun meanwhile."""
    mine = (rollcall_reader.c.rollcall_id == which) & (rollcall_reader.c.person_id == who)
    tx.execute(rollcall_reader.update().where(mine).values(due_at=due_at))


# -- answers -------------------------------------------------------------------------------------------------------


def answer(tx: Tx, which: int, who: int, cell: Cell, now: datetime) -> bool:
    """Count an answer that no circle hears; False if this person is not asked by an open roll-call of that number."""
    still = sa.exists().where(rollcall.c.id == which, rollcall.c.ended_at.is_(None), rollcall.c.closes_at > now)
    mine = (rollcall_reader.c.rollcall_id == which) & (rollcall_reader.c.person_id == who)
    values = {"answer": cell.value, "told_at": now, "news_id": None, "alone": 1}
    return tx.execute(rollcall_reader.update().where(mine, still).values(**values)).rowcount == 1


_NEWS = (
    sa.select(news.c.id, news.c.person_id, news.c.state, news.c.told_at)
    .join(
        rollcall_reader,
        (rollcall_reader.c.person_id == news.c.person_id) & (rollcall_reader.c.rollcall_id == sa.bindparam("which")),
    )
    .where(
        news.c.told_at >= sa.bindparam("since"),
        news.c.teller_id == news.c.person_id,
        rollcall_reader.c.told_at.is_(None) | (rollcall_reader.c.told_at <= news.c.told_at),
    )
    .order_by(news.c.told_at, news.c.id)
)
_TOLD = Prepared(_NEWS.limit(MOST))
_TOLD_BY = Prepared(_NEWS.where(news.c.person_id.in_(sa.bindparam("people", expanding=True))))
_COUNT = Prepared(
    rollcall_reader.update()
    .where(
        rollcall_reader.c.rollcall_id == sa.bindparam("which"),
        rollcall_reader.c.person_id == sa.bindparam("who"),
    )
    .values(answer=sa.bindparam("cell"), told_at=sa.bindparam("at"), news_id=sa.bindparam("telling"), alone=0)
)


def count_news(tx: Tx, one: Rollcall, now: datetime) -> None:
    """Whatever people on the list have told of themselves since the last look is their answer, the newest word last.

    So the tap “I am safe” itself knows nothing of roll-calls, and costs what it always did.
    """
    since = max(one.opened_at, one.looked_at - OVERLAP)
    rows = tx.execute(_TOLD, {"which": one.id, "since": since, "most": COUNTED}).all()
    _count(tx, one.id, rows)
    if rows or now - one.looked_at >= SHOWN_EVERY:
        looked_at = now if len(rows) < COUNTED else max(rows[-1].told_at, one.looked_at) + OVERLAP
        tx.execute(rollcall.update().where(rollcall.c.id == one.id).values(looked_at=min(looked_at, now)))


def _count(tx: Tx, which: int, rows: Sequence[Any]) -> None:
    latest = {row.person_id: row for row in rows}
    if latest:
        values = [
            {
                "which": which,
                "who": row.person_id,
                "cell": cell_of(State(row.state)).value,
                "at": row.told_at,
                "telling": row.id,
            }
            for row in latest.values()
        ]
        tx.execute(_COUNT, values)


def counts(tx: Tx, which: int) -> dict[Cell, int]:
    """How many are well, need help, or were asked and are silent. Only to be shown as a `Board`."""
    counts_still = rollcall_reader.c.news_id.is_not(None) | (rollcall_reader.c.alone == 1)

    def those(cell: Cell) -> sa.ColumnElement[int]:
        return sa.func.coalesce(
            sa.func.sum(sa.case((counts_still & (rollcall_reader.c.answer == cell.value), 1), else_=0)), 0
        )

    everybody = rollcall_reader.c.asked_at.is_not(None) | rollcall_reader.c.answer.is_not(None)
    query = sa.select(sa.func.count().label("n"), those(Cell.WELL).label("well"), those(Cell.HELP).label("ill")).where(
        rollcall_reader.c.rollcall_id == which, everybody
    )
    row = tx.execute(query).one()
    return {Cell.WELL: int(row.well), Cell.HELP: int(row.ill), Cell.SILENT: int(row.n - row.well - row.ill)}


# -- the board -----------------------------------------------------------------------------------------------------


def note_shown(tx: Tx, which: int, shown: str, now: datetime) -> None:
    """Remember what the board shows now."""
    tx.execute(rollcall.update().where(rollcall.c.id == which).values(shown=shown, shown_at=now))


def watch(tx: Tx, which: int, who: int) -> None:
    """The board stands before this moderator."""
    tx.execute(tx.insert(rollcall_watcher).on_conflict_do_nothing(), {"rollcall_id": which, "person_id": who})


def unwatch(tx: Tx, which: int, who: int) -> None:
    """The board stands before this moderator no more."""
    mine = (rollcall_watcher.c.rollcall_id == which) & (rollcall_watcher.c.person_id == who)
    tx.execute(rollcall_watcher.delete().where(mine))


def watchers(tx: Tx, which: int) -> list[int]:
    """Before whom the board stands."""
    query = sa.select(rollcall_watcher.c.person_id).where(rollcall_watcher.c.rollcall_id == which)
    return list(tx.execute(query.order_by(rollcall_watcher.c.person_id)).scalars())


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one: asked once and counted once, by their newest answer."""
    both = rollcall_reader.c.person_id.in_([gone, kept])
    found: dict[int, dict[str, Any]] = {}
    for row in tx.execute(sa.select(rollcall_reader).where(both)).all():
        before = found.get(row.rollcall_id)
        one = {**row._asdict(), "person_id": kept}
        if before is not None:
            newer = max(before, one, key=lambda each: (each["told_at"] is not None, each["told_at"] or each["due_at"]))
            asked = [each["asked_at"] for each in (before, one) if each["asked_at"] is not None]
            one = {**newer, "asked_at": min(asked, default=None)}
        found[row.rollcall_id] = one
    tx.execute(rollcall_reader.delete().where(both))
    if found:
        tx.execute(rollcall_reader.insert(), list(found.values()))
    watched = sa.select(rollcall_watcher.c.rollcall_id).where(rollcall_watcher.c.person_id.in_([gone, kept]))
    rows = [{"rollcall_id": which, "person_id": kept} for which in sorted(set(tx.execute(watched).scalars()))]
    tx.execute(rollcall_watcher.delete().where(rollcall_watcher.c.person_id.in_([gone, kept])))
    if rows:
        tx.execute(rollcall_watcher.insert(), rows)
