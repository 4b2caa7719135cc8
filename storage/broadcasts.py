"""Bulletins on their way: a row and a cursor for each run, and for each reader what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, IntEnum
from typing import Any, Final

import sqlalchemy as sa

from bot.domain.bulletin import Kind
from bot.domain.conversation import Lane, Outgoing
from storage import outbox
from storage.database import Tx
from storage.outbox import State as LetterState
from storage.prepared import MOST, ONE, Prepared
from storage.schema import address, asked, broadcast, bulletin, delivery, letter, message, person

LOOKED_AGAIN: Final = timedelta(seconds=4)  # at a letter that has not ended
KEPT: Final = timedelta(days=90)  # who got a bulletin: so long a correction finds them
SETTLED: Final = 500  # deliveries looked at in one step


class Run(Enum):
    """What a run does."""

    TELL = "tell"  # bring a bulletin to its readers
    LANGUAGE = "language"  # bring its translation to those who waited for it
    MARK = "mark"  # change what stands in their chats


class State(IntEnum):
    """Where a run is."""

    RUNNING = 0
    PAUSED = 1
    CANCELLED = 2
    DONE = 3


class Outcome(IntEnum):
    """What became of one bulletin for one reader. Below DELIVERED it is not decided yet."""

    WAITING = 0  # a letter is on its way
    LATER = 1  # quiet hours, or the digest: no letter yet
    HELD = 2  # to be looked at: a correction, while what it corrects is in the air, and whom the cursor has missed
    DELIVERED = 3
    UNKNOWN = 4
    UNREACHABLE = 5
    EXPIRED = 6
    REFUSED = 7
    WITHDRAWN = 8


GOT: Final = frozenset({Outcome.DELIVERED, Outcome.UNKNOWN})
_ENDED: Final = {
    LetterState.DELIVERED: Outcome.DELIVERED,
    LetterState.UNKNOWN: Outcome.UNKNOWN,
    LetterState.UNREACHABLE: Outcome.UNREACHABLE,
    LetterState.EXPIRED: Outcome.EXPIRED,
    LetterState.REFUSED: Outcome.REFUSED,
}
_COUNTED: Final = {
    Outcome.DELIVERED: broadcast.c.delivered,
    Outcome.UNKNOWN: broadcast.c.unknown,
    Outcome.UNREACHABLE: broadcast.c.unreachable,
    Outcome.EXPIRED: broadcast.c.expired,
    Outcome.REFUSED: broadcast.c.refused,
    Outcome.WITHDRAWN: broadcast.c.withdrawn,
}


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One run. `counts` are the deliveries that are decided, by their outcome; `told` are all on the list."""

    id: int
    number: int
    run: Run
    language: str
    state: State
    reached: int
    highest: int
    fed: bool
    by: int | None
    started_at: datetime
    ended_at: datetime | None
    total: int
    told: int
    gone: int
    shown: int
    shown_at: datetime | None
    counts: Mapping[Outcome, int] = field(default_factory=dict)

    @property
    def decided(self) -> int:
        """Of how many it is known what became of it."""
        return sum(self.counts.values())


def _broadcast(row: Any) -> Broadcast:
    return Broadcast(
        row.id,
        row.number,
        Run(row.run),
        row.language,
        State(row.state),
        row.reached,
        row.highest,
        bool(row.fed),
        row.by_id,
        row.started_at,
        row.ended_at,
        row.total,
        row.told,
        row.gone,
        row.shown,
        row.shown_at,
        {outcome: getattr(row, column.name) for outcome, column in _COUNTED.items()},
    )


# -- runs ----------------------------------------------------------------------------------------------------------


def begin(  # noqa: PLR0913 - a run has this many parts
    tx: Tx,
    number: int,
    run: Run,
    now: datetime,
    *,
    by: int | None = None,
    language: str = "",
    total: int = 0,
    gone: int = 0,
) -> int:
    """Open a run; whoever is known by now can be reached by it. Its id. That is one row, however many there are."""
    highest: int = tx.execute(sa.select(sa.func.max(person.c.id))).scalar() or 0
    values = {
        "number": number,
        "run": run.value,
        "language": language,
        "highest": highest,
        "by_id": by,
        "started_at": now,
        "total": total,
        "gone": gone,
    }
    which: int = tx.execute(broadcast.insert().returning(broadcast.c.id), values).scalar_one()
    return which


_OPEN = Prepared(sa.select(broadcast).where(broadcast.c.ended_at.is_(None)).order_by(broadcast.c.id))


def under_way(tx: Tx) -> list[Broadcast]:
    """Every run that has not ended, the oldest first."""
    return [_broadcast(row) for row in tx.execute(_OPEN).all()]


def find(tx: Tx, which: int) -> Broadcast | None:
    """A run by its id."""
    row = tx.execute(sa.select(broadcast).where(broadcast.c.id == which)).first()
    return None if row is None else _broadcast(row)


def telling(tx: Tx, number: int) -> Broadcast | None:
    """The run that brings a bulletin to its readers, or brought it."""
    query = sa.select(broadcast).where(broadcast.c.number == number, broadcast.c.run == Run.TELL.value)
    row = tx.execute(query).first()
    return None if row is None else _broadcast(row)


def note(tx: Tx, which: int, **values: Any) -> None:
    """Set fields of a run by their columns' names."""
    tx.execute(broadcast.update().where(broadcast.c.id == which).values(**values))


def end(tx: Tx, which: int, state: State, now: datetime) -> None:
    """Nothing more will happen in a run."""
    note(tx, which, state=state.value, ended_at=now)


# -- letters -------------------------------------------------------------------------------------------------------


def topic(number: int) -> str:
    """What the letters of a bulletin are about."""
    return f"bulletin:{number}"


_NEWEST = Prepared(sa.select(sa.func.max(letter.c.id)))
_POSTED = Prepared(
    sa.select(letter.c.id, letter.c.person_id, letter.c.address_id)
    .where(letter.c.id > sa.bindparam("after"))
    .order_by(letter.c.id)
)


def post(tx: Tx, letters: Sequence[Outgoing], now: datetime) -> tuple[dict[int, int], dict[int, int]]:
    """Post letters, at most one to each; the letters' numbers by person, and by the address of a group."""
    before = tx.execute(_NEWEST).scalar() or 0
    outbox.post(tx, letters, now)
    people: dict[int, int] = {}
    groups: dict[int, int] = {}
    to = {one.to for one in letters if not one.to_group}
    for row in tx.execute(_POSTED, {"after": before}):
        if row.person_id is None:
            groups[row.address_id] = row.id
        elif row.person_id in to:
            people[row.person_id] = row.id
    return people, groups


def room(tx: Tx, route: str, most: int) -> int:
    """How many letters of bulletins a route may be given before `most` of them wait there."""
    if most <= 0:
        return 0
    waiting = (
        sa.select(letter.c.id)
        .where(letter.c.route == route, letter.c.state == LetterState.WAITING.value)
        .where(letter.c.lane.in_([Lane.CORRECTION.value, Lane.BULLETIN.value, Lane.DIGEST.value]))
        .limit(most)
    )
    n: int = tx.execute(sa.select(sa.func.count()).select_from(waiting.subquery())).scalar_one()
    return most - n


_ROUTES = Prepared(
    sa.select(address.c.person_id, address.c.platform, address.c.bot)
    .where(address.c.person_id.in_(sa.bindparam("people", expanding=True)))
    # the same order as the outbox's, the best last
    .order_by(address.c.unreachable_at.is_(None), address.c.preferred, address.c.id.desc())
)


def routes(tx: Tx, people: Sequence[int]) -> dict[int, str]:
    """On which route each of these people is written to."""
    if not people:
        return {}
    return {
        row.person_id: outbox.route_of(row.platform, row.bot) for row in tx.execute(_ROUTES, {"people": list(people)})
    }


# -- deliveries ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delivery:
    """One bulletin for one reader, with the state of its letter as far as that is still there."""

    number: int
    person: int
    outcome: Outcome
    letter: int | None
    language: str
    had: bool
    digest: bool
    digest_of: int | None
    letter_state: LetterState | None = None
    again: bool = False

    @property
    def got(self) -> bool | None:
        """Whether the reader has, or may have, got something of it; None while that is in the air."""
        if self.had or self.outcome in GOT:
            return True
        if self.outcome is not Outcome.WAITING:
            return False
        match self.letter_state:
            case None | LetterState.DELIVERED | LetterState.UNKNOWN:  # erased long ago: nobody knows
                return True
            case LetterState.FLYING:
                return None
            case LetterState.WAITING:
                return self.again
            case _:
                return False


_WITH_LETTER = sa.select(delivery, letter.c.state.label("letter_state"), letter.c.again).select_from(
    delivery.outerjoin(letter, delivery.c.letter == letter.c.id)
)
_OF_PEOPLE = Prepared(
    _WITH_LETTER.where(
        delivery.c.number.in_(sa.bindparam("numbers", expanding=True)),
        delivery.c.person_id.in_(sa.bindparam("people", expanding=True)),
    )
)
_LOOK = Prepared(
    _WITH_LETTER.where(
        delivery.c.number == sa.bindparam("number"),
        delivery.c.outcome == sa.bindparam("outcome"),
        delivery.c.look_at <= sa.bindparam("now"),
    )
    .order_by(delivery.c.look_at, delivery.c.person_id)
    .limit(MOST)
)


def _delivery(row: Any) -> Delivery:
    return Delivery(
        row.number,
        row.person_id,
        Outcome(row.outcome),
        row.letter,
        row.language,
        bool(row.had),
        bool(row.digest),
        row.digest_of,
        None if row.letter_state is None else LetterState(row.letter_state),
        bool(row.again),
    )


def of_people(tx: Tx, numbers: Sequence[int], people: Sequence[int]) -> list[Delivery]:
    """What these people have to do with these bulletins."""
    if not people or not numbers:
        return []
    rows = tx.execute(_OF_PEOPLE, {"numbers": list(numbers), "people": list(people)})
    return [_delivery(row) for row in rows]


def due(tx: Tx, number: int, outcome: Outcome, now: datetime, most: int) -> list[Delivery]:
    """Deliveries with this outcome that are to be looked at now."""
    values = {"number": number, "outcome": outcome.value, "now": now, "most": most}
    return [_delivery(row) for row in tx.execute(_LOOK, values)]


def undecided(tx: Tx, number: int, *outcomes: Outcome) -> bool:
    """Whether any delivery of a bulletin has one of these outcomes."""
    query = sa.select(delivery.c.person_id).where(
        delivery.c.number == number, delivery.c.outcome.in_([one.value for one in outcomes])
    )
    return tx.execute(query.limit(1)).first() is not None


def enlist(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Put people on the list of a bulletin. Whoever is on it already stays as they are."""
    if rows:
        tx.execute(tx.insert(delivery).on_conflict_do_nothing(), list(rows))


_SENT = Prepared(
    delivery.update()
    .where(delivery.c.number == sa.bindparam("which"), delivery.c.person_id == sa.bindparam("who"))
    .values(
        outcome=Outcome.WAITING.value,
        letter=sa.bindparam("by"),
        language=sa.bindparam("spoken"),
        digest_of=sa.bindparam("together"),
        look_at=sa.bindparam("at"),
    )
)
_PUT = Prepared(
    delivery.update()
    .where(delivery.c.number == sa.bindparam("which"), delivery.c.person_id == sa.bindparam("who"))
    .values(outcome=sa.bindparam("how"), had=sa.bindparam("got"), look_at=sa.bindparam("at"))
)


def sent(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Letters were posted for these deliveries: which, who, by (the letter), spoken, together (a digest) and at."""
    if rows:
        tx.execute(_SENT, list(rows))


def put(tx: Tx, changes: Iterable[tuple[Delivery, Outcome, datetime | None]]) -> None:
    """Deliveries have another outcome now, and are looked at again then. The runs' counts follow."""
    rows = []
    moved: dict[int, dict[Outcome, int]] = {}
    for one, outcome, at in changes:
        got = one.had or outcome in GOT
        rows.append({"which": one.number, "who": one.person, "how": outcome.value, "got": int(got), "at": at})
        if outcome is not one.outcome:
            by = moved.setdefault(one.number, {})
            by[one.outcome] = by.get(one.outcome, 0) - 1
            by[outcome] = by.get(outcome, 0) + 1
    if rows:
        tx.execute(_PUT, rows)
    for number, by in moved.items():
        count(tx, number, by)


def count(tx: Tx, number: int, by: Mapping[Outcome, int], *, told: int = 0) -> None:
    """Add to what is counted of a bulletin."""
    values: dict[Any, Any] = {
        _COUNTED[outcome]: _COUNTED[outcome] + n for outcome, n in by.items() if outcome in _COUNTED and n
    }
    if told:
        values[broadcast.c.told] = broadcast.c.told + told
    if values:
        mine = (broadcast.c.number == number) & (broadcast.c.run == Run.TELL.value)
        tx.execute(broadcast.update().where(mine).values(values))


def remove(tx: Tx, rows: Sequence[Delivery]) -> None:
    """Take people off a list: they never got what this corrects."""
    for one in rows:
        mine = (delivery.c.number == one.number) & (delivery.c.person_id == one.person)
        if tx.execute(delivery.delete().where(mine)).rowcount:
            count(tx, one.number, {}, told=-1)


def in_digests(tx: Tx, number: int, people: Sequence[int]) -> None:
    """These people read it in their digest."""
    if people:
        theirs = (delivery.c.number == number) & delivery.c.person_id.in_(list(people))
        tx.execute(delivery.update().where(theirs).values(digest=1))


_WAIT_FOR = Prepared(
    delivery.update()
    .where(delivery.c.number == sa.bindparam("which"), delivery.c.person_id == sa.bindparam("who"))
    .values(digest=0, letter=None)
)


def anew(tx: Tx, found: Sequence[Delivery], now: datetime) -> None:
    """Let these deliveries be sent once more, as soon as there is room: each by itself, not in a digest."""
    if found:
        put(tx, [(one, Outcome.LATER, now) for one in found])
        tx.execute(_WAIT_FOR, [{"which": one.number, "who": one.person} for one in found])


def settle(tx: Tx, number: int, now: datetime, *, withdrawn: bool) -> int:
    """Note what became of letters that have ended, some at a time. `withdrawn`: it was taken back on purpose."""
    found = due(tx, number, Outcome.WAITING, now, SETTLED)
    changes: list[tuple[Delivery, Outcome, datetime | None]] = []
    for one in found:
        outcome = Outcome.UNKNOWN if one.letter_state is None else _ENDED.get(one.letter_state)
        if outcome is None:
            changes.append((one, Outcome.WAITING, now + LOOKED_AGAIN))
        elif outcome is Outcome.EXPIRED and withdrawn:
            changes.append((one, Outcome.WITHDRAWN, None))
        else:
            changes.append((one, outcome, None))
    put(tx, changes)
    return len(found)


# -- taking back ---------------------------------------------------------------------------------------------------

_STILL = Prepared(
    _WITH_LETTER.where(
        delivery.c.number == sa.bindparam("number"),
        delivery.c.outcome == Outcome.WAITING.value,
        letter.c.state == LetterState.WAITING.value,
    )
)
_TAKE = Prepared(
    letter.update()
    .where(letter.c.id == sa.bindparam("which"), letter.c.state == LetterState.WAITING.value)
    .values(state=sa.bindparam("how"), body="", attachment=None, ended_at=sa.bindparam("at"))
)
_TOGETHER = Prepared(
    _WITH_LETTER.where(delivery.c.person_id == sa.bindparam("who"), delivery.c.digest_of == sa.bindparam("together"))
)


def take_back(tx: Tx, number: int, now: datetime) -> list[Delivery]:
    """Let the letters of a bulletin that still wait end unsent. Of what may have arrived already, that is noted.

    Whatever else stood in the same digest is to be sent anew. Returns what certainly was not sent.
    """
    found = [_delivery(row) for row in tx.execute(_STILL, {"number": number}).all()]
    return take(tx, found, now)


def take(tx: Tx, found: Sequence[Delivery], now: datetime) -> list[Delivery]:
    """The same for these deliveries, whose letters wait."""
    if not found:
        return []
    rows = [
        {"which": one.letter, "how": (LetterState.UNKNOWN if one.again else LetterState.EXPIRED).value, "at": now}
        for one in found
    ]
    tx.execute(_TAKE, rows)
    put(tx, [(one, Outcome.UNKNOWN, None) for one in found if one.again])
    for one in found:
        if one.digest_of is not None and not one.again:
            others = tx.execute(_TOGETHER, {"who": one.person, "together": one.digest_of}).all()
            put(tx, [(_delivery(row), Outcome.LATER, now) for row in others if row.number != one.number])
    return [one for one in found if not one.again]


def withdraw(tx: Tx, number: int, now: datetime) -> None:
    """Nothing more of a bulletin goes out: not what waits, nor what was put off, nor again what is unknown."""
    put(tx, [(one, Outcome.WITHDRAWN, None) for one in take_back(tx, number, now)])
    later = (delivery.c.number == number) & (delivery.c.outcome == Outcome.LATER.value)
    n = tx.execute(delivery.update().where(later).values(outcome=Outcome.WITHDRAWN.value, look_at=None)).rowcount
    count(tx, number, {Outcome.WITHDRAWN: n})
    held = (delivery.c.number == number) & (delivery.c.outcome == Outcome.HELD.value)
    n = tx.execute(delivery.update().where(held).values(outcome=Outcome.WITHDRAWN.value, look_at=None)).rowcount
    count(tx, number, {Outcome.WITHDRAWN: n})
    unknown = sa.select(delivery.c.letter).where(
        delivery.c.number == number, delivery.c.outcome == Outcome.UNKNOWN.value, delivery.c.letter.is_not(None)
    )
    may_go = letter.c.id.in_(unknown) & (letter.c.state == LetterState.UNKNOWN.value)
    tx.execute(letter.update().where(may_go).values(expires_at=now))


def drop_news(tx: Tx, who: int) -> None:
    """Somebody wants no more news: what was put off for them is dropped, but for corrections of what they got."""
    query = _WITH_LETTER.join(bulletin, bulletin.c.number == delivery.c.number).where(
        delivery.c.person_id == who, delivery.c.outcome == Outcome.LATER.value, bulletin.c.kind == Kind.NEWS.value
    )
    found = [_delivery(row) for row in tx.execute(query).all()]
    put(tx, [(one, Outcome.WITHDRAWN, None) for one in found])


def send_again(tx: Tx, number: int, now: datetime, most: int) -> int:
    """On a moderator's word: what has an unknown outcome goes once more, marked as a repeat. How many."""
    query = _WITH_LETTER.where(
        delivery.c.number == number,
        delivery.c.outcome == Outcome.UNKNOWN.value,
        letter.c.state == LetterState.UNKNOWN.value,
        letter.c.body != "",
    )
    found = [_delivery(row) for row in tx.execute(query.limit(most)).all()]
    values = {"state": LetterState.WAITING.value, "again": 1, "due_at": now, "ended_at": None}
    values["expires_at"] = now + outbox.LIFE[Lane.BULLETIN]
    for one in found:
        tx.execute(letter.update().where(letter.c.id == one.letter).values(**values))
    put(tx, [(one, Outcome.WAITING, now + LOOKED_AGAIN) for one in found])
    tx.posted = True
    return len(found)


# -- who had it ----------------------------------------------------------------------------------------------------


def note_asked(tx: Tx, number: int, who: int, now: datetime, *, language: str = "") -> None:
    """Somebody has asked about a bulletin, or opened it: what corrects it goes to them as well."""
    insert = tx.insert(asked).values(number=number, person_id=who, at=now, language=language)
    if language:
        again = {"index_elements": ["number", "person_id"], "set_": {"language": language}}
        tx.execute(insert.on_conflict_do_update(**again))
    else:
        tx.execute(insert.on_conflict_do_nothing())


def opened_in(tx: Tx, number: int, people: Sequence[int]) -> dict[int, str]:
    """In which language each of these people has opened a bulletin, if they did."""
    query = sa.select(asked.c.person_id, asked.c.language).where(
        asked.c.number == number, asked.c.person_id.in_(list(people)), asked.c.language != ""
    )
    return {row.person_id: row.language for row in tx.execute(query)} if people else {}


_LISTED = Prepared(
    sa.select(delivery.c.person_id)
    .where(delivery.c.number == sa.bindparam("number"), delivery.c.person_id > sa.bindparam("after"))
    .order_by(delivery.c.person_id)
    .limit(MOST)
)
_ASKED = Prepared(
    sa.select(asked.c.person_id)
    .where(asked.c.number == sa.bindparam("number"), asked.c.person_id > sa.bindparam("after"))
    .order_by(asked.c.person_id)
    .limit(MOST)
)


def concerned(tx: Tx, numbers: Sequence[int], after: int, most: int) -> list[int]:
    """The next people who may have got, or have asked about, one of these bulletins, beginning behind `after`."""
    found: set[int] = set()
    for number in numbers:
        for query in (_LISTED, _ASKED):
            found.update(tx.execute(query, {"number": number, "after": after, "most": most}).scalars())
    return sorted(found)[:most]


def asked_by(tx: Tx, numbers: Sequence[int], people: Sequence[int], until: datetime) -> set[int]:
    """Those of these people who have asked about one of these bulletins by then."""
    if not people or not numbers:
        return set()
    query = sa.select(asked.c.person_id).where(
        asked.c.number.in_(list(numbers)), asked.c.person_id.in_(list(people)), asked.c.at <= until
    )
    return set(tx.execute(query).scalars())


def had(tx: Tx, numbers: Sequence[int]) -> dict[str, int]:
    """How many have got, or asked about, one of these bulletins, by their language."""
    got = sa.select(delivery.c.person_id).where(
        delivery.c.number.in_(list(numbers)), (delivery.c.had == 1) | (delivery.c.outcome == Outcome.WAITING.value)
    )
    query = sa.union(got, sa.select(asked.c.person_id).where(asked.c.number.in_(list(numbers)))).subquery()
    languages = sa.select(person.c.language, sa.func.count()).join(query, query.c.person_id == person.c.id)
    return {language or "": n for language, n in tx.execute(languages.group_by(person.c.language))}


def forgotten(tx: Tx, number: int) -> int:
    """How many of those who got a bulletin are no longer known."""
    one = telling(tx, number)
    if one is None:
        return 0
    query = sa.select(sa.func.count()).where(delivery.c.number == number, delivery.c.outcome.in_([*map(int, GOT)]))
    still: int = tx.execute(query).scalar_one()
    return max(0, one.counts[Outcome.DELIVERED] + one.counts[Outcome.UNKNOWN] - still)


def standing(tx: Tx, about: str, people: Sequence[int]) -> set[int]:
    """Those of these people in whose chats a message of this topic stands."""
    if not people:
        return set()
    query = sa.select(address.c.person_id).join(message, message.c.address_id == address.c.id)
    mine = address.c.person_id.in_(list(people)) & (message.c.topic == about)
    return set(tx.execute(query.where(mine).distinct()).scalars())


def picture_begins(tx: Tx, number: int) -> bytes:
    """The first bytes of the picture or PDF that belongs to a bulletin, which tell what it is; b"" if there is none."""
    beginning = sa.func.substr(bulletin.c.picture, 1, 8, type_=sa.LargeBinary)
    return bytes(tx.execute(sa.select(beginning).where(bulletin.c.number == number)).scalar() or b"")


def in_digest(tx: Tx, who: int, together: int) -> list[Delivery]:
    """What stood in one digest."""
    rows = tx.execute(_TOGETHER, {"who": who, "together": together}).all()
    return sorted((_delivery(row) for row in rows), key=lambda one: one.number)


_FOR_DIGEST = Prepared(
    _WITH_LETTER.where(
        delivery.c.person_id.in_(sa.bindparam("people", expanding=True)),
        delivery.c.outcome == Outcome.LATER.value,
        delivery.c.digest == 1,
        delivery.c.look_at <= sa.bindparam("now"),
    ).order_by(delivery.c.person_id, delivery.c.number)
)


def for_digest(tx: Tx, people: Sequence[int], now: datetime) -> dict[int, list[Delivery]]:
    """Everything that these people are to read in today's digest."""
    found: dict[int, list[Delivery]] = {}
    if people:
        for row in tx.execute(_FOR_DIGEST, {"people": list(people), "now": now}).all():
            found.setdefault(row.person_id, []).append(_delivery(row))
    return found


_OLD = Prepared(
    sa.select(broadcast.c.number)
    .where(broadcast.c.run == Run.TELL.value, broadcast.c.ended_at < sa.bindparam("before"))
    .where(
        sa.exists().where(delivery.c.number == broadcast.c.number)
        | sa.exists().where(asked.c.number == broadcast.c.number)
    )
    .limit(ONE)
)


def expire(tx: Tx, now: datetime) -> None:
    """Erase who got a bulletin, and who asked about it, three months after it went out; one bulletin at a time."""
    number = tx.execute(_OLD, {"before": now - KEPT}).scalar()
    if number is not None:
        tx.execute(delivery.delete().where(delivery.c.number == number))
        tx.execute(asked.delete().where(asked.c.number == number))


# -- two persons turn out to be one --------------------------------------------------------------------------------

_NEAREST: Final = (
    *(Outcome.DELIVERED, Outcome.UNKNOWN, Outcome.WAITING, Outcome.LATER, Outcome.HELD),
    *(Outcome.UNREACHABLE, Outcome.EXPIRED, Outcome.REFUSED, Outcome.WITHDRAWN),
)


def unite(tx: Tx, gone: int, kept: int, now: datetime) -> None:
    """Of two deliveries of one bulletin the one that came nearer to them stays, and what waits of the other does not.

    A run that would have come to the one that goes, and does not come to the other any more, looks at them once more.
    """
    of_number: dict[int, list[Any]] = {}
    for row in tx.execute(_WITH_LETTER.where(delivery.c.person_id.in_([gone, kept]))).all():
        of_number.setdefault(row.number, []).append(row)
    tx.execute(delivery.delete().where(delivery.c.person_id.in_([gone, kept])))
    twice = []
    for number, found in of_number.items():
        first, *rest = sorted(found, key=lambda row: _NEAREST.index(Outcome(row.outcome)))
        left = {name: getattr(first, name) for name in delivery.c.keys()}  # noqa: SIM118 - columns, not a mapping
        tx.execute(delivery.insert(), {**left, "person_id": kept, "had": max(one.had for one in found)})
        for one in rest:
            count(tx, number, {Outcome(one.outcome): -1}, told=-1)
            if one.outcome == Outcome.WAITING and one.digest_of is None and not one.again:
                twice.append({"which": one.letter, "how": LetterState.EXPIRED.value, "at": now})
    if twice:
        tx.execute(_TAKE, twice)
    questions = tx.execute(sa.select(asked).where(asked.c.person_id == gone)).all()
    for row in questions:
        note_asked(tx, row.number, kept, row.at, language=row.language)
    tx.execute(asked.delete().where(asked.c.person_id == gone))
    tx.execute(broadcast.update().where(broadcast.c.by_id == gone).values(by_id=kept))
    for run in under_way(tx):
        passed = run.reached < gone <= run.highest and not run.reached < kept <= run.highest
        if passed and run.run is not Run.TELL:
            which = begin(tx, run.number, run.run, now, language=run.language)
            note(tx, which, reached=kept - 1, highest=kept)
        elif passed and not run.fed and not of_people(tx, [run.number], [kept]):
            enlist(tx, [{**_NOT_YET, "number": run.number, "person_id": kept, "look_at": now}])
            count(tx, run.number, {}, told=1)


_NOT_YET: Final = {"outcome": Outcome.HELD.value, "letter": None, "language": "", "digest": 0}
