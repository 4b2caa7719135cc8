"""News, the newest truth each circle knows, calls for help, and questions that wait for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.alarm import Alarm, Reader
from bot.domain.checkin import How, News, State, supersedes
from storage import outages
from storage.database import Tx
from storage.prepared import ONE, Prepared
from storage.schema import EPOCH, alarm, alarm_reader, ask, ask_reader, news, person, standing, telling, tie

ASKS_KEPT = timedelta(days=14)
ASKS_KEPT_OFFLINE = timedelta(days=366)
SUPERSEDED_KEPT = timedelta(days=30)  # what others have said besides is shown no longer
ALARMS_KEPT = timedelta(days=30)

_NEWS = (news.c.id, news.c.person_id, news.c.teller_id, news.c.state, news.c.true_at, news.c.told_at)
_DETAILS = (news.c.note, news.c.place, news.c.how)


def _news(row: sa.Row[tuple[object, ...]]) -> News:
    return News(
        id=row.id,
        person=row.person_id,
        teller=row.teller_id,
        state=State(row.state),
        true_at=row.true_at,
        told_at=row.told_at,
        note=row.note or "",
        place=row.place or "",
        how=How(row.how) if row.how else How.SELF,
    )


_LATEST = Prepared(
    sa.select(*_NEWS, *_DETAILS)
    .where(news.c.person_id == sa.bindparam("who"))
    .order_by(news.c.true_at.desc(), news.c.told_at.desc())
    .limit(ONE)
)


def latest(tx: Tx, who: int) -> News | None:
    """The newest truth about a person, whoever was told."""
    row = tx.execute(_LATEST, {"who": who}).first()
    return None if row is None else _news(row)


_ADD = Prepared(news.insert())
_TELL = Prepared(telling.insert())


def _upsert(insert: Any) -> sa.Executable:
    made = insert(standing)
    upsert: sa.Executable = made.on_conflict_do_update(
        index_elements=["circle_id", "person_id"],
        set_={"news_id": made.excluded.news_id, "true_at": made.excluded.true_at},
        where=standing.c.true_at <= made.excluded.true_at,
    )
    return upsert


_STAND = Prepared(_upsert)


def add(tx: Tx, one: News, circles: Sequence[int]) -> None:
    """Store news and what it changes: each circle's standing moves only forward in truth."""
    tx.execute(
        _ADD,
        {
            "id": one.id,
            "person_id": one.person,
            "teller_id": one.teller,
            "how": None if one.how is How.SELF else one.how.value,
            "state": one.state.value,
            "note": one.note or None,
            "place": one.place or None,
            "true_at": one.true_at,
            "told_at": one.told_at,
        },
    )
    if not circles:
        return
    tx.execute(_TELL, [{"news_id": one.id, "circle_id": which} for which in circles])
    rows = [
        {"circle_id": which, "person_id": one.person, "news_id": one.id, "true_at": one.true_at} for which in circles
    ]
    tx.execute(_STAND, rows)


def told_by(tx: Tx, teller: int, since: datetime = EPOCH) -> list[News]:
    """All news that a person has told since then and that is still kept, the latest truth first."""
    query = sa.select(*_NEWS, *_DETAILS).where(news.c.teller_id == teller, news.c.told_at >= since)
    return [_news(row) for row in tx.execute(query.order_by(news.c.true_at.desc(), news.c.told_at.desc()))]


def last_told_at(tx: Tx, teller: int) -> datetime | None:
    """When a person last told any news."""
    at: datetime | None = tx.execute(sa.select(sa.func.max(news.c.told_at)).where(news.c.teller_id == teller)).scalar()
    return at


_TOLD_BY = Prepared(
    sa.select(*_NEWS, *_DETAILS).where(news.c.id == sa.bindparam("which"), news.c.teller_id == sa.bindparam("teller"))
)
_CIRCLES_TOLD = Prepared(sa.select(telling.c.circle_id).where(telling.c.news_id == sa.bindparam("which")))


def news_by(tx: Tx, which: int, teller: int) -> News | None:
    """A piece of news, if this person told it."""
    row = tx.execute(_TOLD_BY, {"which": which, "teller": teller}).first()
    return None if row is None else _news(row)


def newest_by(tx: Tx, teller: int, who: int) -> News | None:
    """What somebody told last of another person."""
    query = sa.select(*_NEWS, *_DETAILS).where(news.c.person_id == who, news.c.teller_id == teller)
    row = tx.execute(query.order_by(news.c.told_at.desc(), news.c.true_at.desc()).limit(ONE)).first()
    return None if row is None else _news(row)


def detail(tx: Tx, which: int, *, note: str | None = None, place: str | None = None) -> None:
    """Add a note or a place to news that was told."""
    values = {name: value for name, value in (("note", note), ("place", place)) if value is not None}
    tx.execute(news.update().where(news.c.id == which).values(**values))


def told_of_lately(tx: Tx, teller: int, most: int) -> list[int]:
    """Of whom somebody told news that were not themselves, the last one first."""
    query = sa.select(news.c.person_id).where(news.c.teller_id == teller, news.c.person_id != teller)
    query = query.group_by(news.c.person_id).order_by(sa.func.max(news.c.told_at).desc(), news.c.person_id)
    return list(tx.execute(query.limit(most)).scalars())


def circles_told(tx: Tx, which: int) -> list[int]:
    """The circles that were told a piece of news."""
    return list(tx.execute(_CIRCLES_TOLD, {"which": which}).scalars())


def retract(tx: Tx, one: News) -> None:
    """Take news back: each circle that was told it knows again what it knew before."""
    circles = circles_told(tx, one.id)
    tx.execute(news.delete().where(news.c.id == one.id))
    for which in circles:
        query = (
            sa.select(*_NEWS, *_DETAILS)
            .join(telling, telling.c.news_id == news.c.id)
            .where(telling.c.circle_id == which, news.c.person_id == one.person)
        )
        before: News | None = None
        for row in tx.execute(query):
            candidate = _news(row)
            if supersedes(candidate, before):
                before = candidate
        mine = (standing.c.circle_id == which) & (standing.c.person_id == one.person)
        tx.execute(standing.delete().where(mine))
        if before is not None:
            row_of = {"circle_id": which, "person_id": one.person, "news_id": before.id, "true_at": before.true_at}
            tx.execute(standing.insert(), row_of)


def told_of(tx: Tx, which: int, since: datetime) -> dict[int, list[News]]:
    """What others have told a circle of each person since then, the latest truth first."""
    query = (
        sa.select(*_NEWS, *_DETAILS)
        .join(telling, telling.c.news_id == news.c.id)
        .where(telling.c.circle_id == which, news.c.told_at > since, news.c.how.is_not(None))
        .order_by(news.c.true_at.desc(), news.c.told_at.desc())
    )
    found: dict[int, list[News]] = {}
    for row in tx.execute(query):
        found.setdefault(row.person_id, []).append(_news(row))
    return found


_KNOWN_OF = Prepared(
    sa.select(*_NEWS, *_DETAILS)
    .join(standing, standing.c.news_id == news.c.id)
    .where(standing.c.circle_id == sa.bindparam("which"), standing.c.person_id == sa.bindparam("who"))
)


def known_of(tx: Tx, which: int, who: int) -> News | None:
    """What a circle knows of one person."""
    row = tx.execute(_KNOWN_OF, {"which": which, "who": who}).first()
    return None if row is None else _news(row)


def known_in(tx: Tx, which: int) -> dict[int, News]:
    """What a circle knows of each of its people."""
    query = (
        sa.select(*_NEWS, *_DETAILS)
        .join(standing, standing.c.news_id == news.c.id)
        .where(standing.c.circle_id == which)
    )
    return {one.person: one for one in map(_news, tx.execute(query))}


# -- calls for help ------------------------------------------------------------------------------------------------

_ALARM = sa.select(
    alarm.c.id,
    alarm.c.person_id,
    alarm.c.news_id,
    alarm.c.opened_at,
    alarm.c.repeat_at,
    alarm.c.closed_at,
    alarm.c.about_id,
).where(alarm.c.news_id.is_not(None))  # without news it is no call, but a deadline that passed in silence


_OPEN_OF = Prepared(
    _ALARM.where(alarm.c.person_id == sa.bindparam("caller"), alarm.c.closed_at.is_(None), alarm.c.about_id.is_(None))
)


def open_alarm(tx: Tx, one: Alarm, readers: Sequence[tuple[int, int]]) -> None:
    """Store a call for help and whom it goes to: (person, circle) pairs; a person in two circles counts once."""
    tx.execute(
        alarm.insert(),
        {
            "id": one.id,
            "person_id": one.person,
            "news_id": one.news,
            "opened_at": one.opened_at,
            "repeat_at": one.repeat_at,
            "about_id": one.about,
        },
    )
    if readers:
        rows = [{"alarm_id": one.id, "person_id": who, "circle_id": which} for who, which in readers]
        tx.execute(tx.insert(alarm_reader).on_conflict_do_nothing(), rows)


def _alarm(row: sa.Row[tuple[object, ...]]) -> Alarm:
    return Alarm(row.id, row.person_id, row.news_id, row.opened_at, row.repeat_at, row.closed_at, row.about_id)


def alarm_by(tx: Tx, which: int, caller: int) -> Alarm | None:
    """A call for help, if this person made it."""
    row = tx.execute(_ALARM.where(alarm.c.id == which, alarm.c.person_id == caller)).first()
    return None if row is None else _alarm(row)


def alarm_for(tx: Tx, which: int, reader: int) -> Alarm | None:
    """A call for help, if it went to this person."""
    mine = sa.exists().where(alarm_reader.c.alarm_id == which, alarm_reader.c.person_id == reader)
    row = tx.execute(_ALARM.where(alarm.c.id == which, mine)).first()
    return None if row is None else _alarm(row)


def open_alarm_of(tx: Tx, caller: int) -> Alarm | None:
    """The open call for help of a person for themselves, if there is one."""
    row = tx.execute(_OPEN_OF, {"caller": caller}).first()
    return None if row is None else _alarm(row)


def open_alarms_for(tx: Tx, caller: int) -> list[Alarm]:
    """The open calls for help that a person made for others."""
    theirs = (alarm.c.person_id == caller) & alarm.c.about_id.is_not(None) & alarm.c.closed_at.is_(None)
    return [_alarm(row) for row in tx.execute(_ALARM.where(theirs).order_by(alarm.c.id))]


def open_alarms_about(tx: Tx, who: int) -> list[Alarm]:
    """The open calls for help that others made for a person."""
    query = _ALARM.where(alarm.c.about_id == who, alarm.c.closed_at.is_(None))
    return [_alarm(row) for row in tx.execute(query.order_by(alarm.c.id))]


_OPEN = Prepared(_ALARM.add_columns(alarm.c.shown).where(alarm.c.closed_at.is_(None)).order_by(alarm.c.id))


def open_alarms(tx: Tx) -> list[tuple[Alarm, str]]:
    """Every open call for help, with the counts its caller was last shown."""
    return [(_alarm(row), row.shown) for row in tx.execute(_OPEN)]


def note_shown(tx: Tx, which: int, shown: str) -> None:
    """Remember the counts the caller is shown now."""
    tx.execute(alarm.update().where(alarm.c.id == which).values(shown=shown))


_READERS = Prepared(
    sa.select(
        alarm_reader.c.person_id,
        person.c.name,
        alarm_reader.c.circle_id,
        alarm_reader.c.seen_at,
        alarm_reader.c.caring_at,
    )
    .join(person, alarm_reader.c.person_id == person.c.id)
    .where(alarm_reader.c.alarm_id == sa.bindparam("which"))
    .order_by(alarm_reader.c.person_id)
)


def readers_of(tx: Tx, which: int) -> list[Reader]:
    """Whom a call for help went to, without what became of the letters."""
    return [
        Reader(row.person_id, row.name or "", row.circle_id, row.seen_at, row.caring_at)
        for row in tx.execute(_READERS, {"which": which})
    ]


def called_by(tx: Tx, which: int) -> set[int]:
    """Whom the call for help went to that a piece of news is of."""
    query = sa.select(alarm_reader.c.person_id).join(alarm).where(alarm.c.news_id == which)
    return set(tx.execute(query).scalars())


def press(tx: Tx, which: int, reader: int, now: datetime, *, caring: bool) -> bool:
    """Note that a reader pressed a button of a call for help; False if they had pressed it before."""
    column = alarm_reader.c.caring_at if caring else alarm_reader.c.seen_at
    mine = (alarm_reader.c.alarm_id == which) & (alarm_reader.c.person_id == reader)
    return tx.execute(alarm_reader.update().where(mine, column.is_(None)).values({column: now})).rowcount == 1


def note_repeated(tx: Tx, which: int) -> None:
    """The call was repeated (or need not be): it is not repeated again."""
    tx.execute(alarm.update().where(alarm.c.id == which).values(repeat_at=None))


def close_alarm(tx: Tx, which: int, now: datetime) -> None:
    """End a call for help."""
    tx.execute(alarm.update().where(alarm.c.id == which).values(closed_at=now, repeat_at=None))


# -- questions -----------------------------------------------------------------------------------------------------


def put_ask(tx: Tx, asker: int, which: int, people: Sequence[int], now: datetime) -> int:
    """Store a question to people of a circle. Its id."""
    new = tx.new_id()
    tx.execute(ask.insert(), {"id": new, "asker_id": asker, "circle_id": which, "asked_at": now})
    tx.execute(ask_reader.insert(), [{"ask_id": new, "person_id": who} for who in people])
    return new


def last_asked(tx: Tx, people: Sequence[int], since: datetime, *, by: int | None = None) -> dict[int, list[datetime]]:
    """When each of these people was asked since then (by one asker, or by anybody)."""
    query = (
        sa.select(ask_reader.c.person_id, ask.c.asked_at)
        .join(ask, ask_reader.c.ask_id == ask.c.id)
        .where(ask_reader.c.person_id.in_(people), ask.c.asked_at > since)
        .order_by(ask.c.asked_at)
    )
    if by is not None:
        query = query.where(ask.c.asker_id == by)
    found: dict[int, list[datetime]] = {}
    for row in tx.execute(query):
        found.setdefault(row.person_id, []).append(row.asked_at)
    return found


_ANSWERED = Prepared(
    ask_reader.update()
    .where(
        ask_reader.c.person_id == sa.bindparam("who"),
        ask_reader.c.answered_at.is_(None),
        ask_reader.c.ask_id.in_(
            sa.select(ask.c.id).where(ask.c.circle_id.in_(sa.bindparam("circles", expanding=True)))
        ),
    )
    .values(answered_at=sa.bindparam("at"))
    .returning(ask_reader.c.ask_id)
)


def answer(tx: Tx, who: int, circles: Sequence[int], now: datetime) -> list[int]:
    """News to these circles answers every question that waits there for this person: the questions' ids."""
    if not circles:
        return []
    return list(tx.execute(_ANSWERED, {"who": who, "circles": list(circles), "at": now}).scalars())


_IS_ASKED = Prepared(
    sa.select(ask_reader.c.ask_id)
    .join(ask, ask_reader.c.ask_id == ask.c.id)
    .where(
        ask_reader.c.person_id == sa.bindparam("who"),
        ask_reader.c.answered_at.is_(None),
        ask.c.asked_at > sa.bindparam("since"),
    )
    .limit(ONE)
)


def is_asked(tx: Tx, who: int, since: datetime) -> bool:
    """Whether a question waits for this person."""
    return tx.execute(_IS_ASKED, {"who": who, "since": since}).first() is not None


def ask_by_id(tx: Tx, which: int) -> tuple[int, int, dict[int, datetime | None]] | None:
    """A question: its asker, its circle, and when each person answered."""
    row = tx.execute(sa.select(ask.c.asker_id, ask.c.circle_id).where(ask.c.id == which)).first()
    if row is None:
        return None
    people = tx.execute(
        sa.select(ask_reader.c.person_id, ask_reader.c.answered_at)
        .where(ask_reader.c.ask_id == which)
        .order_by(ask_reader.c.person_id)
    )
    return row.asker_id, row.circle_id, {one.person_id: one.answered_at for one in people}


# -- expiry --------------------------------------------------------------------------------------------------------


_OLD = ask.c.asked_at < sa.bindparam("before")
_EXPIRE_ASKS = Prepared(ask.delete().where(_OLD))
_EXPIRE_ALARMS = Prepared(alarm.delete().where(alarm.c.closed_at < sa.bindparam("before")))


def expire(tx: Tx, now: datetime) -> None:
    """Drop questions and calls that are older than they may be; of news see `storage.retention`.

    A question about somebody whose district is offline waits until they are told of it, months if it must be.
    """
    old = {"before": now - ASKS_KEPT}
    if places := outages.waiting_places(tx):
        living = sa.select(tie.c.person_id).where(tie.c.place.in_(places), tie.c.lives == 1)
        offline = (ask_reader.c.ask_id == ask.c.id) & ask_reader.c.answered_at.is_(None)
        waits = sa.exists().where(offline, ask_reader.c.person_id.in_(living)).correlate(ask)
        tx.execute(ask.delete().where(_OLD, ~waits | (ask.c.asked_at < now - ASKS_KEPT_OFFLINE)), old)
    else:
        tx.execute(_EXPIRE_ASKS, old)
    tx.execute(_EXPIRE_ALARMS, {"before": now - ALARMS_KEPT})
