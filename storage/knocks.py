"""Who looks for whom, which records may be the one, what two people are not, and how much was looked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from bot.domain.hotline import number as fresh
from bot.domain.knock import HEAVIEST, REMEMBERED, TWO_PEOPLE, Case, Known, Looking, Says, folded
from storage.database import Tx
from storage.prepared import MOST, Prepared
from storage.schema import address, candidate, candidate_note, knock, knock_quota, not_same, sought_former

_FORM: Final = 1000  # bytes to which a form is padded before it is sealed
_HUNDREDTHS: Final = 100


@dataclass(frozen=True, slots=True)
class Form:
    """Whom somebody looks for, in their words. `answers` are folded: by the question, what only kin would know."""

    known: Known
    relation: str = ""
    words: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Knock:
    """Somebody's search. Whose it is, is `person`: only for letters, and never shown to moderators or holders."""

    id: int
    person: int
    form: Form
    state: Looking
    danger: int
    made_at: datetime
    search_at: datetime | None
    remind_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A knock and a record that may be the one. `id` is the case number."""

    id: int
    knock: int
    sought: int
    score: float
    proved: bool
    state: Case
    seeker_says: Says
    holder_says: Says
    messages: Mapping[str, str]
    since: datetime
    taken: int | None
    taken_until: datetime | None
    first: int | None
    ended_at: datetime | None


# -- knocks --------------------------------------------------------------------------------------------------------


def add(  # noqa: PLR0913 - a knock is what it is
    tx: Tx,
    person: int,
    form: Form,
    now: datetime,
    *,
    search_at: datetime,
    remind_at: datetime,
    expires_at: datetime,
    district: str = "",
    danger: int = 0,
) -> int:
    """A new knock; its number."""
    which = tx.new_id()
    row = {"id": which, "person_id": person, "form": _packed(form), "state": int(Looking.LOOKING), "danger": danger}
    times = {"made_at": now, "search_at": search_at, "remind_at": remind_at, "expires_at": expires_at}
    tx.execute(knock.insert(), {**row, **times, "district": district})
    return which


def find(tx: Tx, which: int) -> Knock | None:
    """A knock by its number."""
    row = tx.execute(sa.select(knock).where(knock.c.id == which)).first()
    return None if row is None else _knock(row)


def of(tx: Tx, person: int) -> list[Knock]:
    """Somebody's knocks, the oldest first."""
    query = sa.select(knock).where(knock.c.person_id == person).order_by(knock.c.made_at, knock.c.id)
    return [_knock(row) for row in tx.execute(query)]


def _next_by(at: sa.Column[Any]) -> Prepared:
    return Prepared(sa.select(knock).where(at <= sa.bindparam("now")).order_by(at, knock.c.id).limit(MOST))


_DUE = _next_by(knock.c.search_at)


def due(tx: Tx, now: datetime, most: int) -> list[Knock]:
    """Those that are to be looked up now."""
    return [_knock(row) for row in tx.execute(_DUE, {"now": now, "most": most})]


def search_again(tx: Tx, which: int, at: datetime | None) -> None:
    """When a knock is looked up next; None: never again."""
    tx.execute(knock.update().where(knock.c.id == which).values(search_at=at))


_TO_REMIND = _next_by(knock.c.remind_at)


def to_remind(tx: Tx, now: datetime, most: int) -> list[Knock]:
    """Those whose makers are to be asked whether they still look."""
    return [_knock(row) for row in tx.execute(_TO_REMIND, {"now": now, "most": most})]


def renew(tx: Tx, which: int, remind_at: datetime | None, expires_at: datetime) -> None:
    """It goes on for another while."""
    tx.execute(knock.update().where(knock.c.id == which).values(remind_at=remind_at, expires_at=expires_at))


def found(tx: Tx, which: int) -> None:
    """Somebody was found: nothing more is looked up."""
    values = {"state": int(Looking.FOUND), "search_at": None, "remind_at": None}
    tx.execute(knock.update().where(knock.c.id == which).values(**values))


_OVER = _next_by(knock.c.expires_at)


def over(tx: Tx, now: datetime, most: int) -> list[Knock]:
    """Those whose time is over."""
    return [_knock(row) for row in tx.execute(_OVER, {"now": now, "most": most})]


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one: the searches of both are one's, and so is what a moderator has taken.

    What was looked for counts together, so that no second account gives a fresh quota.
    """
    tx.execute(knock.update().where(knock.c.person_id == gone).values(person_id=kept))
    tx.execute(candidate.update().where(candidate.c.taken_id == gone).values(taken_id=kept))
    tx.execute(candidate.update().where(candidate.c.first_id == gone).values(first_id=kept))
    _copy_not_same(tx, str(gone), str(kept))
    _drop(tx, seeker=str(gone))
    for kind in ("person", "branch", "stem"):
        _copy_quota(tx, f"{kind}/{gone}", f"{kind}/{kept}", int.__add__)
        _drop(tx, scope=f"{kind}/{gone}")


def _copy_not_same(tx: Tx, one: str, other: str, *, sooner: timedelta = timedelta(0)) -> None:
    theirs = sa.select(not_same.c.pair, not_same.c.expires_at).where(not_same.c.seeker == one)
    for row in tx.execute(theirs).all():
        _remember(tx, other, bytes(row.pair), row.expires_at - sooner)


def _copy_quota(tx: Tx, one: str, other: str, both: Callable[[int, int], int] = max) -> None:
    has = {bytes(row.about): row for row in tx.execute(sa.select(knock_quota).where(knock_quota.c.scope == other))}
    for row in tx.execute(sa.select(knock_quota).where(knock_quota.c.scope == one)).all():
        own = has.get(bytes(row.about), row)
        values = {
            "used": row.used if own is row else both(row.used, own.used),
            "expires_at": max(row.expires_at, own.expires_at),
        }
        made = tx.insert(knock_quota).values(scope=other, about=bytes(row.about), **values)
        tx.execute(made.on_conflict_do_update(index_elements=["scope", "about"], set_=values))


def _drop(tx: Tx, *, scope: str = "", seeker: str = "") -> None:
    tx.execute(not_same.delete().where(not_same.c.seeker == seeker))
    tx.execute(knock_quota.delete().where(knock_quota.c.scope == scope))


def replaced(tx: Tx, old: int, new: int, now: datetime) -> None:
    """Of two records of one person `new` stays: whoever was said not to be `old` is not `new`.

    The rows that remember it are hashes of the old number, so that number is kept, until the last of them is over.
    """
    tx.execute(sought_former.update().where(sought_former.c.sought_id == old).values(sought_id=new))
    row = {"id": tx.new_id(), "sought_id": new, "former": str(old), "expires_at": now + TWO_PEOPLE}
    tx.execute(sought_former.insert(), row)


def answered(tx: Tx, old: int, new: int) -> None:
    """Whoever was answered by one record of somebody goes on with the other; where both are open, with one of them."""
    is_open = candidate.c.state == int(Case.OPEN)
    answers = sa.select(candidate.c.knock_id).where(candidate.c.sought_id == old, is_open)
    asked = list(tx.execute(answers).scalars())
    tx.execute(candidate.delete().where(candidate.c.sought_id == new, ~is_open, candidate.c.knock_id.in_(asked)))
    has = sa.select(candidate.c.knock_id).where(candidate.c.sought_id == new)
    theirs = (candidate.c.sought_id == old) & is_open
    tx.execute(candidate.update().where(theirs, candidate.c.knock_id.not_in(has)).values(sought_id=new))


def forget(tx: Tx, person: int) -> None:
    """Somebody is forgotten: call it as long as their addresses are known as theirs.

    So that nobody gets a fresh quota, fresh tries or another answer by beginning anew, what they have used stays until
    it lapses, and who was not the one for as long since that was said, under a keyed mark of each account. No longer:
    with the key, whoever thinks of an account could look whether there is a mark.
    """
    for mark in _marks(tx, address.c.person_id == person):
        _keep_by(tx, mark, person)
    _drop(tx, scope=f"person/{person}", seeker=str(person))


def parts(tx: Tx, person: int, where: int) -> None:
    """An address is not this person's any more: as if it had been forgotten."""
    for mark in _marks(tx, address.c.id == where):
        _keep_by(tx, mark, person)


def _keep_by(tx: Tx, mark: str, person: int) -> None:
    _copy_not_same(tx, str(person), mark, sooner=TWO_PEOPLE - REMEMBERED)
    _copy_quota(tx, f"person/{person}", mark)


def comes_back(tx: Tx, person: int) -> None:
    """Somebody looks: what was kept by the marks of their accounts counts for them again."""
    for mark in _marks(tx, address.c.person_id == person):
        _copy_not_same(tx, mark, str(person))
        _copy_quota(tx, mark, f"person/{person}")
        _drop(tx, scope=mark, seeker=mark)


def _marks(tx: Tx, whose: sa.ColumnElement[bool]) -> list[str]:
    """The marks of some accounts, which only compare: made of what the column of accounts holds, under its own key."""
    return [f"account/{bytes(one).hex()}" for one in tx.execute(sa.select(address.c.account).where(whose)).scalars()]


def erase(tx: Tx, which: int) -> None:
    """Erase a knock with its cases."""
    tx.execute(knock.delete().where(knock.c.id == which))


def _knock(row: Any) -> Knock:
    times = (row.made_at, row.search_at, row.remind_at, row.expires_at)
    return Knock(row.id, row.person_id, _unpacked(row.form), Looking(row.state), row.danger, *times)


def _packed(form: Form) -> bytes:
    known = form.known
    said = {"n": known.names, "b": known.born, "p": known.places, "r": form.relation, "w": form.words}
    whole = {**said, "a": dict(form.answers)}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode().ljust(_FORM)


def _unpacked(form: bytes) -> Form:
    said = json.loads(form)
    known = Known(tuple(said["n"]), said["b"], tuple(said["p"]))
    return Form(known, said["r"], said["w"], said["a"])


# -- candidates ----------------------------------------------------------------------------------------------------


def propose(  # noqa: PLR0913 - a case is what it is
    tx: Tx, which: Knock, sought: int, score: float, *, proved: bool, state: Case, now: datetime
) -> int | None:
    """A new case; its number. None if these two were beside each other already, or are known to be two people."""
    if is_other(tx, which, sought):
        return None
    number = fresh(lambda most: tx.new_id() % most)
    while case(tx, number) is not None:
        number = fresh(lambda most: tx.new_id() % most)
    row = {"id": number, "knock_id": which.id, "sought_id": sought, "score": round(score * _HUNDREDTHS)}
    more = {"proved": int(proved), "state": int(state), "seeker_says": int(Says.ALIVE), "since": now}
    made = tx.insert(candidate).values(**row, **more).on_conflict_do_nothing()
    return number if tx.execute(made).rowcount else None


def case(tx: Tx, which: int) -> Candidate | None:
    """A case by its number."""
    row = tx.execute(sa.select(candidate).where(candidate.c.id == which)).first()
    return None if row is None else _candidate(row)


def cases_of(tx: Tx, which: int) -> list[Candidate]:
    """The cases of a knock."""
    query = sa.select(candidate).where(candidate.c.knock_id == which).order_by(candidate.c.since, candidate.c.id)
    return [_candidate(row) for row in tx.execute(query)]


def cases_at(tx: Tx, sought: Iterable[int], states: Iterable[Case]) -> list[Candidate]:
    """The cases of some records in some states, the oldest first."""
    records = list(sought)
    if not records:
        return []
    where = candidate.c.sought_id.in_(records) & candidate.c.state.in_([int(one) for one in states])
    query = sa.select(candidate).where(where).order_by(candidate.c.since, candidate.c.id)
    return [_candidate(row) for row in tx.execute(query)]


def change(tx: Tx, which: int, **values: Any) -> None:
    """Change a case by its columns; `messages` is kept as one."""
    if "messages" in values:
        values["message"] = json.dumps(values.pop("messages"), ensure_ascii=False)
    plain = {name: int(value) if isinstance(value, (Case, Says, bool)) else value for name, value in values.items()}
    tx.execute(candidate.update().where(candidate.c.id == which).values(**plain))


def _candidate(row: Any) -> Candidate:
    says = (Says(row.seeker_says), Says(row.holder_says), json.loads(row.message or "{}"))
    work = (row.taken_id, row.taken_until, row.first_id, row.ended_at)
    score = row.score / _HUNDREDTHS
    return Candidate(
        row.id, row.knock_id, row.sought_id, score, bool(row.proved), Case(row.state), *says, row.since, *work
    )


# -- two people who are not one ------------------------------------------------------------------------------------


def are_two(tx: Tx, which: Knock, sought: int, expires_at: datetime) -> None:
    """Remember that whom this person looks for is not this record: also in another knock for a name of that sound."""
    for name in which.form.known.names:
        _remember(tx, str(which.person), _pair(_by_sound(name), sought), expires_at)


def _remember(tx: Tx, seeker: str, pair: str | bytes, expires_at: datetime) -> None:
    made = tx.insert(not_same).values(seeker=seeker, pair=pair, expires_at=expires_at)
    later = {"set_": {"expires_at": expires_at}, "where": not_same.c.expires_at < expires_at}
    tx.execute(made.on_conflict_do_update(index_elements=["seeker", "pair"], **later))


def is_other(tx: Tx, which: Knock, sought: int) -> bool:
    """Whether somebody has said that these are two people."""
    theirs = sa.select(sought_former.c.former).where(sought_former.c.sought_id == sought)
    numbers = [sought, *map(int, tx.execute(theirs).scalars())]
    names = {said for name in which.form.known.names for said in (_by_sound(name), name.casefold())}
    pairs = [_pair(name, one) for name in names for one in numbers]
    here = (not_same.c.seeker == str(which.person)) & not_same.c.pair.in_(pairs)
    return tx.execute(sa.select(not_same.c.pair).where(here)).first() is not None


def _pair(name: str, sought: int) -> str:
    return f"{sought}/{name}"


def _by_sound(name: str) -> str:
    """A name as it is remembered: whoever writes it in other letters, or in another order, asks for nobody new.

    Rows of an older version hold the name as it was written.
    """
    return " ".join(sorted(filter(None, map(folded, name.split())))) or name.casefold()


# -- how much was looked for ---------------------------------------------------------------------------------------


def used(tx: Tx, scope: str, now: datetime, about: str = "") -> int:
    """How much was used of a quota that rests as a whole; `about` tells several of one scope apart."""
    here = (knock_quota.c.scope == scope) & (knock_quota.c.about == about)
    return tx.execute(sa.select(knock_quota.c.used).where(here, knock_quota.c.expires_at > now)).scalar() or 0


def use(tx: Tx, scope: str, now: datetime, lasts: timedelta, *, about: str = "") -> None:
    """Use a quota once more; it is forgotten when it has rested for `lasts`."""
    _used(tx, scope, about, used(tx, scope, now, about) + 1, now + lasts)


def counted(tx: Tx, scope: str, now: datetime, free: int) -> int:
    """How many searches of a quota counted before this one, which counts from now on: `free` in a month do not.

    One counts no more for each so many parts of the month that went by; after a month of rest none does.
    """
    row = tx.execute(sa.select(knock_quota).where(knock_quota.c.scope == scope, knock_quota.c.about == "")).first()
    before, since = 0, now
    if row is not None and row.expires_at > now:
        each = REMEMBERED / free
        past = (now - (row.expires_at - REMEMBERED)) // each
        if row.used > past:
            before, since = row.used - past, row.expires_at - REMEMBERED + past * each
    _used(tx, scope, "", min(before + 1, free + HEAVIEST), since + REMEMBERED)
    return before


def _used(tx: Tx, scope: str, about: str, count: int, expires_at: datetime) -> None:
    values = {"used": count, "expires_at": expires_at}
    made = tx.insert(knock_quota).values(scope=scope, about=about, **values)
    tx.execute(made.on_conflict_do_update(index_elements=["scope", "about"], set_=values))


_SWEEP = tuple(
    Prepared(table.delete().where(table.c.expires_at <= sa.bindparam("now")))
    for table in (not_same, sought_former, knock_quota, candidate_note)
)


def sweep(tx: Tx, now: datetime) -> None:
    """Erase what has lasted long enough."""
    for statement in _SWEEP:
        tx.execute(statement, {"now": now})
