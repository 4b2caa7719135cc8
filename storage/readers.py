"""Who has asked for bulletins: of which districts and topics, how urgent, and when. Read in parts, by district."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from bot.domain import places
from bot.domain.bulletin import Topic, Urgency
from bot.domain.people import Person
from storage.database import Tx
from storage.prepared import MOST, Prepared
from storage.schema import person, reader, reader_place

EVERYWHERE: Final = ""
EXACTLY: Final = 20_000  # so many are counted one by one; beyond them the shares of languages and topics are sampled
SLICES: Final = 64
IN_A_SLICE: Final = 50
_BITS: Final = {topic: 1 << n for n, topic in enumerate(Topic)}


@dataclass(frozen=True, slots=True)
class Reading:
    """What somebody wants to read. No places: everywhere. No topics: all. `digest_at`: minutes after midnight."""

    places: tuple[str, ...] = ()
    topics: frozenset[Topic] = frozenset()
    urgency: Urgency = Urgency.NEWS
    breaks: bool = False
    digest_at: int = 18 * 60


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody to whom a bulletin goes, with what they want as far as it matters for when."""

    person: Person
    urgency: Urgency = Urgency.CALM
    breaks: bool = False
    digest_at: int = 0


def bits(topics: Iterable[Topic]) -> int:
    """Topics as one number; 0 is all of them."""
    return sum(_BITS[topic] for topic in topics)


def topics_in(number: int) -> frozenset[Topic]:
    """The topics in such a number."""
    return frozenset(topic for topic, bit in _BITS.items() if number & bit)


# -- one reader ----------------------------------------------------------------------------------------------------


_OF = Prepared(sa.select(reader).where(reader.c.person_id == sa.bindparam("who")))
_PLACES_OF = Prepared(sa.select(reader_place.c.name).where(reader_place.c.person_id == sa.bindparam("who")))


def of(tx: Tx, who: int) -> Reading | None:
    """What somebody has asked for; None if they read nothing."""
    row = tx.execute(_OF, {"who": who}).first()
    if row is None:
        return None
    names = tx.execute(_PLACES_OF, {"who": who}).scalars()
    return Reading(
        tuple(sorted(name for name in names if name != EVERYWHERE)),
        topics_in(row.topics),
        Urgency(row.urgency),
        bool(row.breaks),
        row.digest_at,
    )


def keep(tx: Tx, who: int, one: Reading) -> None:
    """Keep what somebody wants to read, in place of what they wanted before."""
    values = {
        "topics": bits(one.topics),
        "urgency": one.urgency.value,
        "breaks": int(one.breaks),
        "digest_at": one.digest_at,
    }
    insert = tx.insert(reader).values(person_id=who, **values)
    tx.execute(insert.on_conflict_do_update(index_elements=["person_id"], set_=values))
    tx.execute(reader_place.delete().where(reader_place.c.person_id == who))
    names = one.places or (EVERYWHERE,)
    tx.execute(reader_place.insert(), [{"person_id": who, "place": name, "name": name} for name in names])


_STOP_PLACES = Prepared(reader_place.delete().where(reader_place.c.person_id == sa.bindparam("who")))
_STOP = Prepared(reader.delete().where(reader.c.person_id == sa.bindparam("who")))


def stop(tx: Tx, who: int) -> bool:
    """Somebody wants no bulletins any more. Whether they had any."""
    tx.execute(_STOP_PLACES, {"who": who})
    return tx.execute(_STOP, {"who": who}).rowcount == 1


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one: the one that stays has chosen, or the other one's choice is theirs."""
    theirs = of(tx, gone)
    stop(tx, gone)
    if theirs is not None and of(tx, kept) is None:
        keep(tx, kept, theirs)


# -- all of them, in parts -----------------------------------------------------------------------------------------


def concerned(place: str) -> tuple[str, ...]:
    """Whoever has chosen one of these districts reads what is said about `place`; an empty tuple is everybody."""
    if place == EVERYWHERE:
        return ()
    around = tuple(region for region in places.REGIONS if place in places.within(region))
    return tuple(dict.fromkeys((EVERYWHERE, *around, *places.within(place))))


_IN = Prepared(
    sa.select(reader_place.c.person_id)
    .where(reader_place.c.place == sa.bindparam("place"), reader_place.c.person_id > sa.bindparam("after"))
    .order_by(reader_place.c.person_id)
    .limit(MOST)
)
_ANY = Prepared(
    sa.select(reader.c.person_id)
    .where(reader.c.person_id > sa.bindparam("after"))
    .order_by(reader.c.person_id)
    .limit(MOST)
)
_PERSON = (person.c.id, person.c.language, person.c.zone, person.c.quiet_from, person.c.quiet_until)
_READERS = Prepared(
    sa.select(*_PERSON, reader.c.topics, reader.c.urgency, reader.c.breaks, reader.c.digest_at)
    .select_from(reader.join(person))
    .where(reader.c.person_id.in_(sa.bindparam("people", expanding=True)))
    .order_by(reader.c.person_id)
)
_PEOPLE = Prepared(
    sa.select(*_PERSON, reader.c.urgency, reader.c.breaks, reader.c.digest_at)
    .select_from(person.outerjoin(reader))
    .where(person.c.id.in_(sa.bindparam("people", expanding=True)))
    .order_by(person.c.id)
)


def next_part(tx: Tx, place: str, after: int, most: int) -> list[int]:
    """The next people who read of a place, whatever the topic: ids in order, beginning behind `after`."""
    where = concerned(place)
    if not where:
        return list(tx.execute(_ANY, {"after": after, "most": most}).scalars())
    found: set[int] = set()
    for one in where:
        found.update(tx.execute(_IN, {"place": one, "after": after, "most": most}).scalars())
    return sorted(found)[:most]


def of_place(tx: Tx, place: str, people: Sequence[int]) -> list[int]:
    """Those of these people who read of a place, whatever the topic."""
    where = concerned(place)
    if not where or not people:
        return list(people)
    chosen = reader_place.c.person_id.in_(list(people)) & reader_place.c.place.in_(where)
    return sorted(tx.execute(sa.select(reader_place.c.person_id).where(chosen).distinct()).scalars())


def among(tx: Tx, people: Sequence[int], topic: Topic) -> list[Reader]:
    """Those of these people who read of a topic."""
    if not people:
        return []
    rows = tx.execute(_READERS, {"people": list(people)})
    return [_reader(row) for row in rows if row.topics == 0 or row.topics & _BITS[topic]]


def whoever(tx: Tx, people: Sequence[int]) -> list[Reader]:
    """These people, whether they are readers or not: for what they must be told in any case."""
    if not people:
        return []
    return [_reader(row) for row in tx.execute(_PEOPLE, {"people": list(people)})]


def _reader(row: Any) -> Reader:
    who = Person(row.id, row.language or "", "", row.zone or "", row.quiet_from, row.quiet_until)
    return Reader(who, Urgency(row.urgency or 0), bool(row.breaks), row.digest_at or 0)


def count(tx: Tx, place: str, topic: Topic) -> dict[str, int]:
    """How many read of a place and a topic, by their language.

    Up to `EXACTLY` people each is counted. Of more the sum for the place is exact (of somebody with several of its
    districts, nearly), and the shares of languages and topics are those of a sample spread over all of them.
    """
    where = concerned(place)
    query = sa.select(sa.func.count()).select_from(reader_place if where else reader)
    total: int = tx.execute(query.where(reader_place.c.place.in_(where)) if where else query).scalar_one()
    if total <= EXACTLY:
        return _exactly(tx, where, topic)
    highest: int = tx.execute(sa.select(sa.func.max(reader.c.person_id))).scalar() or 0
    looked, found = 0, Counter[str]()
    for n in range(SLICES):
        part = next_part(tx, place, highest * n // SLICES, IN_A_SLICE)
        looked += len(part)
        found.update(_languages(tx, part, topic))
    return {language: round(total * n / looked) for language, n in found.items()} if looked else {}


def _exactly(tx: Tx, where: Sequence[str], topic: Topic) -> dict[str, int]:
    reads = (reader.c.topics == 0) | (reader.c.topics.bitwise_and(_BITS[topic]) != 0)
    query = sa.select(person.c.language, sa.func.count()).select_from(reader.join(person)).where(reads)
    if where:
        chosen = sa.select(reader_place.c.person_id).where(reader_place.c.place.in_(where))
        query = query.where(reader.c.person_id.in_(chosen))
    return {language or "": n for language, n in tx.execute(query.group_by(person.c.language))}


def _languages(tx: Tx, people: Sequence[int], topic: Topic) -> dict[str, int]:
    return dict(Counter(one.person.language for one in among(tx, people, topic)))
