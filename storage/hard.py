"""News of a death or a detention: whom a circle named for it, who checks it, who tells the family, and who knows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.checkin import ASKED_AGAIN, Hard, How
from bot.domain.hard import (
    CHECKED_FOR,
    OVER,
    REFUSED_KEPT,
    SURE,
    Case,
    Grade,
    Known,
    Phase,
    Reader,
    Word,
    next_reminder,
)
from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import bearer, hard, hard_reader, hard_told, hard_word, letter, person

NO = "no"

# -- whom a circle named -------------------------------------------------------------------------------------------


_BEARERS = Prepared(
    sa.select(bearer.c.person_id).where(bearer.c.circle_id == sa.bindparam("circle")).order_by(bearer.c.person_id)
)


def bearers(tx: Tx, circle: int) -> list[int]:
    """Whom a circle has named to read hard news first."""
    return list(tx.execute(_BEARERS, {"circle": circle}).scalars())


def name(tx: Tx, circle: int, who: int) -> None:
    """Name somebody; nothing happens if they are named."""
    row = {"circle_id": circle, "person_id": who}
    tx.execute(tx.insert(bearer).on_conflict_do_nothing(), row)


def unname(tx: Tx, circle: int, who: int) -> bool:
    """Name somebody no longer; False if they were not."""
    mine = (bearer.c.circle_id == circle) & (bearer.c.person_id == who)
    return tx.execute(bearer.delete().where(mine)).rowcount == 1


# -- cases ---------------------------------------------------------------------------------------------------------

_CASE = sa.select(
    hard.c.id,
    hard.c.person_id,
    hard.c.circle_id,
    hard.c.what,
    hard.c.phase,
    hard.c.true_at,
    hard.c.opened_at,
    hard.c.grade,
    hard.c.caller_id,
    hard.c.agreed,
)


def _case(row: Any) -> Case:
    return Case(
        row.id,
        row.person_id,
        row.circle_id,
        Hard(row.what),
        Phase(row.phase),
        row.true_at,
        row.opened_at,
        Grade(row.grade) if row.grade else None,
        row.caller_id,
        bool(row.agreed) and row.caller_id is not None,
    )


def begin(tx: Tx, one: Case) -> None:
    """Store a case that somebody has told."""
    tx.execute(
        hard.insert(),
        {
            "id": one.id,
            "person_id": one.person,
            "circle_id": one.circle,
            "what": one.what.value,
            "phase": one.phase.value,
            "true_at": one.true_at,
            "opened_at": one.opened_at,
            "due_at": next_reminder(one.opened_at, one.opened_at),
            "ends_at": one.opened_at + CHECKED_FOR,
        },
    )


def by_id(tx: Tx, which: int) -> Case | None:
    """A case."""
    row = tx.execute(_CASE.where(hard.c.id == which)).first()
    return None if row is None else _case(row)


_INSIDE = Prepared(_CASE.where(hard.c.circle_id == sa.bindparam("circle")).order_by(hard.c.opened_at))


def inside(tx: Tx, circle: int) -> list[Case]:
    """The cases of a circle, the oldest first."""
    return [_case(row) for row in tx.execute(_INSIDE, {"circle": circle})]


def standing(tx: Tx, circle: int, who: int, what: Hard) -> Case | None:
    """The case of this in a circle, unless it is over."""
    for row in tx.execute(_CASE.where(hard.c.circle_id == circle, hard.c.person_id == who)):
        one = _case(row)
        if one.what is what and one.phase not in OVER:
            return one
    return None


def about(tx: Tx, who: int) -> list[Case]:
    """The cases about a person, in any circle."""
    return [_case(row) for row in tx.execute(_CASE.where(hard.c.person_id == who))]


def enter(tx: Tx, one: Case, phase: Phase, now: datetime) -> None:
    """Let a case go on to another phase: it decides whether anybody is reminded, and how long it is kept."""
    waits = phase in {Phase.CHECKING, Phase.TELLING}
    due = next_reminder(now, now) if waits else None
    ends = None if phase in SURE else now + (CHECKED_FOR if phase is Phase.CHECKING else REFUSED_KEPT)
    tx.execute(hard.update().where(hard.c.id == one.id).values(phase=phase.value, due_at=due, ends_at=ends))


def confirm(tx: Tx, one: Case, grade: Grade, now: datetime) -> None:
    """Note that it is confirmed, and how sure it is: from now on it is told by voice."""
    tx.execute(hard.update().where(hard.c.id == one.id).values(grade=grade.value))
    enter(tx, one, Phase.TELLING, now)


def let_call(tx: Tx, one: Case, who: int | None, *, agreed: bool) -> None:
    """Ask somebody to tell the family, or note that they have agreed to, or that nobody does."""
    tx.execute(hard.update().where(hard.c.id == one.id).values(caller_id=who, agreed=int(agreed)))


def erase(tx: Tx, one: Case) -> None:
    """Erase a case with all that was said of it."""
    tx.execute(hard.delete().where(hard.c.id == one.id))


_DUE = Prepared(_CASE.where(hard.c.due_at <= sa.bindparam("now")).order_by(hard.c.id))


def due(tx: Tx, now: datetime) -> list[Case]:
    """The cases in which somebody is to be reminded now."""
    return [_case(row) for row in tx.execute(_DUE, {"now": now})]


def remind(tx: Tx, one: Case, at: datetime | None) -> None:
    """When to remind next."""
    tx.execute(hard.update().where(hard.c.id == one.id).values(due_at=at))


def let_go(tx: Tx, circle: int, now: datetime) -> None:
    """A circle no longer keeps what is known of people since long ago: what everybody has been told goes as well."""
    for one in inside(tx, circle):
        if one.phase is Phase.TOLD and one.true_at < now - ASKED_AGAIN:
            erase(tx, one)


_EXPIRE = Prepared(hard.delete().where(hard.c.ends_at <= sa.bindparam("now")))


def expire(tx: Tx, now: datetime) -> None:
    """Erase cases whose time is over."""
    tx.execute(_EXPIRE, {"now": now})


# -- what was said of it -------------------------------------------------------------------------------------------

_WORD = sa.select(hard_word)


def _word(row: Any) -> Word:
    return Word(row.id, row.teller_id, How(row.how), row.true_at, row.told_at, row.note or "")


def say(tx: Tx, one: Case, word: Word) -> None:
    """Store what somebody says of it, in place of what they said before."""
    if word.teller is not None:
        mine = (hard_word.c.hard_id == one.id) & (hard_word.c.teller_id == word.teller)
        tx.execute(hard_word.delete().where(mine))
    values = {"how": word.how.value, "note": word.note or None, "true_at": word.true_at, "told_at": word.told_at}
    tx.execute(hard_word.insert(), {"id": word.id, "hard_id": one.id, "teller_id": word.teller, **values})


def words_of(tx: Tx, one: Case) -> list[Word]:
    """What was said of it, the oldest first."""
    query = _WORD.where(hard_word.c.hard_id == one.id).order_by(hard_word.c.told_at, hard_word.c.id)
    return [_word(row) for row in tx.execute(query)]


def tellers(tx: Tx, one: Case) -> set[int]:
    """Who has told it."""
    return {word.teller for word in words_of(tx, one) if word.teller is not None}


def word_by(tx: Tx, which: int, teller: int) -> tuple[Case, Word] | None:
    """What somebody has said, with its case."""
    row = tx.execute(_WORD.where(hard_word.c.id == which, hard_word.c.teller_id == teller)).first()
    case = None if row is None else by_id(tx, row.hard_id)
    return None if row is None or case is None else (case, _word(row))


def note(tx: Tx, which: int, written: str) -> None:
    """Add a note to what somebody said."""
    tx.execute(hard_word.update().where(hard_word.c.id == which).values(note=written))


def unsay(tx: Tx, which: int) -> None:
    """Erase what somebody said."""
    tx.execute(hard_word.delete().where(hard_word.c.id == which))


# -- the two -------------------------------------------------------------------------------------------------------


def _reader(row: Any) -> Reader:
    refused = row.answer == NO
    return Reader(row.person_id, bool(row.opened), refused, Grade(row.answer) if row.answer and not refused else None)


def readers(tx: Tx, one: Case) -> list[Reader]:
    """Who checks a case."""
    query = sa.select(hard_reader).where(hard_reader.c.hard_id == one.id).order_by(hard_reader.c.person_id)
    return [_reader(row) for row in tx.execute(query)]


def give(tx: Tx, one: Case, who: int) -> None:
    """Let somebody check a case."""
    tx.execute(tx.insert(hard_reader).on_conflict_do_nothing(), {"hard_id": one.id, "person_id": who})


def take(tx: Tx, one: Case, who: int) -> None:
    """Let somebody check it no longer."""
    mine = (hard_reader.c.hard_id == one.id) & (hard_reader.c.person_id == who)
    tx.execute(hard_reader.delete().where(mine))


def busy(tx: Tx) -> dict[int, int]:
    """How many cases each reader has."""
    query = sa.select(hard_reader.c.person_id, sa.func.count()).group_by(hard_reader.c.person_id)
    return {row[0]: row[1] for row in tx.execute(query)}


def note_read(tx: Tx, one: Case, who: int) -> None:
    """Somebody has opened it."""
    mine = (hard_reader.c.hard_id == one.id) & (hard_reader.c.person_id == who)
    tx.execute(hard_reader.update().where(mine).values(opened=1))


def answer(tx: Tx, one: Case, who: int, grade: Grade | None) -> None:
    """Somebody confirms it, with how sure it is; or (None) says that it is not true or not certain."""
    mine = (hard_reader.c.hard_id == one.id) & (hard_reader.c.person_id == who)
    tx.execute(hard_reader.update().where(mine).values(answer=NO if grade is None else grade.value))


def ask_again(tx: Tx, one: Case) -> None:
    """Nobody's no stands any longer: there is something new to be checked."""
    for reader in readers(tx, one):
        if reader.refused:
            mine = (hard_reader.c.hard_id == one.id) & (hard_reader.c.person_id == reader.person)
            tx.execute(hard_reader.update().where(mine).values(answer=None))


# -- who knows -----------------------------------------------------------------------------------------------------


def told(tx: Tx, one: Case) -> set[int]:
    """Who has been told by voice."""
    return set(tx.execute(sa.select(hard_told.c.person_id).where(hard_told.c.hard_id == one.id)).scalars())


def mark(tx: Tx, one: Case, people: Sequence[int]) -> None:
    """Note who has been told: from now on they may see it."""
    rows = [{"hard_id": one.id, "person_id": who} for who in people if who != one.person]
    if rows:
        tx.execute(tx.insert(hard_told).on_conflict_do_nothing(), rows)


_KNOWN = Prepared(
    sa.select(*_CASE.selected_columns, person.c.name)
    .select_from(
        hard.join(hard_told, hard_told.c.hard_id == hard.c.id).outerjoin(person, person.c.id == hard.c.caller_id)
    )
    .where(hard.c.circle_id == sa.bindparam("circle"), hard_told.c.person_id == sa.bindparam("who"))
    .order_by(hard.c.true_at)
)


def known_to(tx: Tx, circle: int, who: int) -> dict[int, Known]:
    """The hard news of a circle that a person has been told by voice: by whom it is about, the latest of each."""
    found: dict[int, Known] = {}
    for row in tx.execute(_KNOWN, {"circle": circle, "who": who}):
        case = _case(row)
        if case.phase in SURE and case.person != who:
            found[case.person] = Known(case.what, case.true_at, case.grade, case.accepted, row.name or "")
    return found


def lost(tx: Tx, circle: int) -> set[int]:
    """Whom confirmed news of a circle is about: they, or whoever has their phone, are given no hard news there."""
    return {one.person for one in inside(tx, circle) if one.phase in SURE}


# -- leaving -------------------------------------------------------------------------------------------------------


def part(tx: Tx, circle: int, who: int) -> None:
    """Somebody leaves a circle: they are no longer named there, and check and tell nothing there."""
    here = sa.select(hard.c.id).where(hard.c.circle_id == circle)
    unname(tx, circle, who)
    tx.execute(hard_reader.delete().where(hard_reader.c.person_id == who, hard_reader.c.hard_id.in_(here)))
    calls = (hard.c.circle_id == circle) & (hard.c.caller_id == who)
    tx.execute(hard.update().where(calls).values(caller_id=None, agreed=0))


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one: nobody checks news of themselves, or is told it."""
    both = [gone, kept]
    circles = set(tx.execute(sa.select(bearer.c.circle_id).where(bearer.c.person_id.in_(both))).scalars())
    tx.execute(bearer.delete().where(bearer.c.person_id.in_(both)))
    for which in sorted(circles):
        name(tx, which, kept)
    tx.execute(hard.update().where(hard.c.person_id == gone).values(person_id=kept))
    tx.execute(hard.update().where(hard.c.caller_id == gone).values(caller_id=kept))
    own = hard.c.caller_id == hard.c.person_id
    tx.execute(hard.update().where(own, hard.c.caller_id == kept).values(caller_id=None, agreed=0))
    tx.execute(hard_word.update().where(hard_word.c.teller_id == gone).values(teller_id=kept))
    mine = sa.select(hard.c.id).where(hard.c.person_id == kept)
    tx.execute(
        hard_word.update().where(hard_word.c.teller_id == kept, hard_word.c.hard_id.in_(mine)).values(teller_id=None)
    )
    subjects = set(tx.execute(mine).scalars())
    topics = [f"hard:{which}" for which in sorted(subjects)]
    tx.execute(letter.delete().where(letter.c.person_id.in_(both), letter.c.topic.in_(topics)))
    for table in (hard_reader, hard_told):
        rows: dict[int, dict[str, Any]] = {}
        found = tx.execute(sa.select(table).where(table.c.person_id.in_(both)).order_by(table.c.person_id == kept))
        for row in found:
            held = {name: value for name, value in row._asdict().items() if value is not None}
            rows[row.hard_id] = rows.get(row.hard_id, {}) | held | {"person_id": kept}
        tx.execute(table.delete().where(table.c.person_id.in_(both)))
        for which, values in sorted(rows.items()):
            if which not in subjects:
                tx.execute(table.insert().values(**values))
