"""Who can be found, and how a name finds them: by equality of keyed hashes alone.

A key of a name becomes a number: a keyed hash with a secret of its own for each kind of key, cut to so many bits that a
record has about 32 lists to fall into. A row of a list is a record's number under a keystream that belongs to this row
alone, so that two rows of one record have nothing in common; rows of nobody fill each list up to a power of two. Rows
go in many at once and in no order, and erasing a record puts rows of nobody in the place of its rows.
"""

from __future__ import annotations

import hmac
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from random import Random
from typing import Any, Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.domain import names, places
from bot.domain.knock import Kind, Known, May
from bot.domain.names.blind import SLIP
from bot.domain.names.verdict import Verdict, beside, whereabouts, years
from storage import knocks
from storage.crypto import Keys
from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import fact, sought, sought_key

LISTS: Final = 32  # for each record: most lists hold one row, and cutting costs few wrong candidates
LEAST_BITS, STEP = 12, 2
RANKED: Final = 150  # records that are opened and compared
PLACED: Final = 50  # of them: those whose places are compared
TOO_LONG: Final = 16_384  # a list longer than this says too little
NEAR: Final = 0.8  # how much a key one slip away counts beside a key of the name
CHUNK: Final = 256  # keys in one question: always so many, so that a statement says nothing about the name
BATCH: Final = 500  # records that go into the index at once
_RECORD: Final = 488  # bytes to which a record is padded before it is sealed
_SALT, _NUMBER, _CHECK = 15, 32, 16  # bits of a row: a salt; a record's number and zeros, under the keystream
_HIDDEN: Final = _NUMBER + _CHECK
_STATE: Final = "search"  # the fact: how many records the index holds, and under how many bits

_LISTS_AT = Prepared(
    sa.select(sought_key.c.mac, sought_key.c.record).where(sought_key.c.mac.in_(sa.bindparam("macs", expanding=True)))
)
_RECORDS_AT = Prepared(
    sa.select(sought.c.id, sought.c.kind, sought.c.record).where(sought.c.id.in_(sa.bindparam("ids", expanding=True)))
)
_REMOVE = Prepared(
    sought_key.delete().where(sought_key.c.mac == sa.bindparam("at"), sought_key.c.record == sa.bindparam("row"))
)


@dataclass(frozen=True, slots=True)
class Held:
    """A record. `person` is the member or the relative it is of; lists and decoys have none."""

    id: int
    kind: Kind
    known: Known
    may: May = May.NOBODY
    person: int | None = None
    question: str = ""
    source: str = ""
    consent: bool = False
    touched_at: datetime | None = None
    since: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that may be the one: how alike the names are, and what year and place say. Odds only put in order."""

    record: int
    kind: Kind
    known: Known
    score: float
    odds: float
    born: Verdict
    place: Verdict
    mine: str  # the two names that are most alike, as written
    theirs: str


# -- records -------------------------------------------------------------------------------------------------------


def put(  # noqa: PLR0913 - a record is what it is
    tx: Tx,
    kind: Kind,
    known: Known,
    now: datetime,
    *,
    person: int | None = None,
    may: May = May.NOBODY,
    question: str = "",
    answer: str = "",
    source: str = "",
    consent: bool = False,
    expires_at: datetime | None = None,
) -> int:
    """A new record; its number. It can be found once `index` has run.

    `answer` is what `bot.domain.knock.folded` makes of the answer to `question`; only a keyed hash of it stays.
    """
    which = tx.new_id() % (1 << _NUMBER)
    while tx.execute(sa.select(sought.c.id).where(sought.c.id == which)).first() is not None:
        which = tx.new_id() % (1 << _NUMBER)
    tx.execute(
        sought.insert(),
        {
            "id": which,
            "kind": int(kind),
            "person_id": person,
            "record": _packed(known),
            "knock": int(may),
            "question": question or None,
            "answer": _proof(which, question, answer) if question else None,
            "source": source or None,
            "consent": int(consent),
            "since": now,
            "expires_at": expires_at,
        },
    )
    return which


def replace(tx: Tx, which: int, known: Known) -> None:
    """Change what is known of somebody. They are found by it once `index` has run, and by the old no more."""
    _unlist(tx, [which])
    tx.execute(sought.update().where(sought.c.id == which).values(record=_packed(known), bits=None))


def allow(tx: Tx, which: int, may: May, question: str = "", answer: str = "") -> None:
    """Change who may knock, and the question with its folded answer."""
    proof = _proof(which, question, answer) if question else None
    values = {"knock": int(may), "question": question or None, "answer": proof}
    tx.execute(sought.update().where(sought.c.id == which).values(**values))


def erase(tx: Tx, which: Iterable[int]) -> None:
    """Erase records, and every row of the index that is theirs."""
    them = list(which)
    _unlist(tx, them)
    for some in _some(them, CHUNK):
        tx.execute(sought.delete().where(sought.c.id.in_(some)))


def erase_of(tx: Tx, person: int) -> None:
    """Erase the record of somebody who is forgotten or removed: before their row goes."""
    erase(tx, tx.execute(sa.select(sought.c.id).where(sought.c.person_id == person)).scalars().all())


def unite(tx: Tx, gone: int, kept: int, now: datetime) -> None:
    """Two persons turn out to be one: one record stays, that of the one who stays if they have one."""
    own, other = held_of(tx, kept), held_of(tx, gone)
    if own is not None and other is not None:
        knocks.replaced(tx, other.id, own.id, now)
        knocks.answered(tx, other.id, own.id)
        erase_of(tx, gone)
    tx.execute(sought.update().where(sought.c.person_id == gone).values(person_id=kept))


def arrives(tx: Tx, relative: int, member: int, now: datetime) -> None:
    """A relative is this member, who chooses for themselves. What was said of the one holds for the other."""
    own, other = held_of(tx, member), held_of(tx, relative)
    if own is not None and other is not None:
        knocks.replaced(tx, other.id, own.id, now)


def over(tx: Tx, now: datetime, most: int = BATCH) -> list[Held]:
    """The records that `expire` would erase."""
    query = sa.select(*_COLUMNS).where(sought.c.expires_at <= now).order_by(sought.c.expires_at).limit(most)
    return [_held(row) for row in tx.execute(query)]


def expire(tx: Tx, now: datetime, most: int = BATCH) -> int:
    """Erase records whose time is over. How many there were."""
    over = sa.select(sought.c.id).where(sought.c.expires_at <= now).order_by(sought.c.expires_at).limit(most)
    them = tx.execute(over).scalars().all()
    erase(tx, them)
    return len(them)


def held(tx: Tx, which: int) -> Held | None:
    """A record by its number."""
    row = tx.execute(sa.select(*_COLUMNS).where(sought.c.id == which)).first()
    return None if row is None else _held(row)


def held_of(tx: Tx, person: int) -> Held | None:
    """The record of a member or a relative."""
    row = tx.execute(sa.select(*_COLUMNS).where(sought.c.person_id == person).order_by(sought.c.id)).first()
    return None if row is None else _held(row)


def of_kind(tx: Tx, kind: Kind, most: int = 1000, after: int = -1) -> list[Held]:
    """Records of one kind, by their numbers, from beyond `after` on."""
    query = sa.select(*_COLUMNS).where(sought.c.kind == int(kind), sought.c.id > after)
    return [_held(row) for row in tx.execute(query.order_by(sought.c.id).limit(most))]


def touch(tx: Tx, which: int, now: datetime) -> bool:
    """Somebody looked for a decoy. Whether it is the first time."""
    first = (sought.c.id == which) & sought.c.touched_at.is_(None)
    return bool(tx.execute(sought.update().where(first).values(touched_at=now)).rowcount)


def proves(tx: Tx, which: int, answers: Mapping[str, str]) -> bool:
    """Whether one of the folded answers is the answer to this record's question. Takes as long for a wrong one."""
    row = tx.execute(sa.select(sought.c.question, sought.c.answer).where(sought.c.id == which)).first()
    if row is None or not row.question:
        return False
    given = _keys(tx).blind("sought.answer", _proof(which, row.question, answers.get(row.question, "")))
    return hmac.compare_digest(given, row.answer or b"") and bool(answers.get(row.question))


_COLUMNS = (
    sought.c.id,
    sought.c.kind,
    sought.c.person_id,
    sought.c.record,
    sought.c.knock,
    sought.c.question,
    sought.c.source,
    sought.c.consent,
    sought.c.touched_at,
    sought.c.since,
    sought.c.expires_at,
)


def _held(row: Any) -> Held:
    return Held(
        row.id,
        Kind(row.kind),
        _unpacked(row.record),
        May(row.knock),
        row.person_id,
        row.question or "",
        row.source or "",
        bool(row.consent),
        row.touched_at,
        row.since,
        row.expires_at,
    )


def _packed(known: Known) -> bytes:
    said = {"n": known.names, "b": known.born, "p": known.places}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode().ljust(_RECORD)


def _unpacked(record: bytes) -> Known:
    said = json.loads(record)
    return Known(tuple(said["n"]), said["b"], tuple(said["p"]))


def _proof(which: int, question: str, answer: str) -> str:
    return f"{which}/{question}/{answer}"


# -- the index -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Index:
    """How many records there are in it, and with how many bits; `oldest` bits are still used by some."""

    records: int
    bits: int
    oldest: int
    version: int = field(default_factory=lambda: names.VERSION)

    @property
    def used(self) -> range:
        return range(self.oldest, self.bits + 1, STEP)


def index(tx: Tx, most: int = BATCH) -> int:
    """Put records into the index that wait for it, in no order. How many there were; call it until there are none.

    When the index has outgrown its bits, records move to more of them, as many at a time.
    """
    state = _state(tx)
    if state.version != names.VERSION:  # names have other keys now: everything goes into the index anew
        tx.execute(sought_key.delete())
        tx.execute(sought.update().where(sought.c.bits.is_not(None)).values(bits=None))
        state = _Index(0, LEAST_BITS, LEAST_BITS)
        _keep(tx, state)
    rows = tx.execute(_waiting(sought.c.bits.is_(None), most)).all()
    waiting = 0
    if len(rows) == most:  # many come: make room for all of them at once, so that nothing has to move twice
        count = sa.select(sa.func.count()).select_from(sought).where(sought.c.bits.is_(None))
        waiting = tx.execute(count).scalar_one() - len(rows)
    state.records += len(rows)
    while (state.records + waiting) * LISTS > 1 << state.bits:
        state.bits += STEP
    if not rows and state.oldest < state.bits:
        rows = tx.execute(_waiting(sought.c.bits < state.bits, most)).all()
        _unlist(tx, [row.id for row in rows], leave=False)
        if not rows:
            state.oldest = state.bits
            _keep(tx, state)
            tx.execute(sought_key.delete().where(sought_key.c.mac < 1 << state.bits))
    if not rows:
        return 0
    lists: defaultdict[int, list[int]] = defaultdict(list)
    hashes = _Hashes(tx)
    for row in rows:
        for mac in hashes.macs(_keys_of(_unpacked(row.record)), state.bits):
            lists[mac].append(row.id)
    _enlist(tx, lists)
    for some in _some([row.id for row in rows], CHUNK):
        tx.execute(sought.update().where(sought.c.id.in_(some)).values(bits=state.bits))
    _keep(tx, state)
    return len(rows)


def _waiting(which: sa.ColumnElement[bool], most: int) -> sa.Select[Any]:
    return sa.select(sought.c.id, sought.c.record).where(which).limit(most)


def _state(tx: Tx) -> _Index:
    said = tx.execute(sa.select(fact.c.value).where(fact.c.name == _STATE)).scalar()
    return _Index(*map(int, said.split())) if said else _Index(0, LEAST_BITS, LEAST_BITS)


def _keep(tx: Tx, state: _Index) -> None:
    value = f"{max(0, state.records)} {state.bits} {state.oldest} {state.version}"
    made = tx.insert(fact).values(name=_STATE, value=value)
    tx.execute(made.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def _keys_of(known: Known) -> frozenset[str]:
    """What is stored of a record: the keys of each of its names."""
    born = () if known.born is None else (known.born,)
    return _all_keys(known, born)


def _all_keys(known: Known, born: Iterable[int]) -> frozenset[str]:
    allowed = tuple(born)
    districts = {found[0] for place in known.places if (found := places.search(place, 1))} or {""}
    return frozenset[str]().union(
        *(names.keys(name, years=allowed, district=district) for name, district in product(known.names, districts))
    )


class _Hashes:
    """The secrets of one transaction's work with the index."""

    def __init__(self, tx: Tx) -> None:
        self._keys = _keys(tx)
        self._cipher = Cipher(algorithms.AES(self._keys.derive("sought_key.record")), modes.ECB())  # noqa: S305
        self._dice = Random(tx.new_id())  # noqa: S311 - what is drawn is hidden under a keystream anyway

    def macs(self, keys: Iterable[str], bits: int) -> frozenset[int]:
        """The lists of some keys. Their numbers say how many bits they have, so that old and new never meet."""
        return frozenset(self._mac(key, bits) for key in keys)

    def _mac(self, key: str, bits: int) -> int:
        whole = int.from_bytes(self._keys.blind(f"sought_key.{key[0]}", key)[:8], "big")
        return 1 << bits | whole >> (64 - bits)

    def opened(self, rows: Sequence[tuple[int, int]]) -> list[int]:
        """Whose each row (list, row) is; -1 for a row of nobody."""
        mask = (1 << _CHECK) - 1
        found = []
        for (_mac, row), stream in zip(rows, self._streams([(mac, row >> _HIDDEN) for mac, row in rows]), strict=True):
            plain = (row ^ stream) & ((1 << _HIDDEN) - 1)
            found.append(-1 if plain & mask else plain >> _CHECK)
        return found

    def hidden(self, owners: Sequence[tuple[int, int]]) -> list[int]:
        """A new row for each (list, record); for nobody the record is -1."""
        salts = [self._dice.getrandbits(_SALT) for _ in owners]
        streams = self._streams([(mac, salt) for (mac, _), salt in zip(owners, salts, strict=True)])
        return [
            salt << _HIDDEN | (self._dice.getrandbits(_HIDDEN) if record < 0 else (record << _CHECK) ^ stream)
            for (_mac, record), salt, stream in zip(owners, salts, streams, strict=True)
        ]

    def _streams(self, places: Sequence[tuple[int, int]]) -> Iterator[int]:
        plain = b"".join(mac.to_bytes(8, "big") + salt.to_bytes(8, "big") for mac, salt in places)
        stream = self._cipher.encryptor().update(plain)
        return (int.from_bytes(stream[at : at + _HIDDEN // 8], "big") for at in range(0, len(stream), 16))

    def shuffle(self, rows: list[Any]) -> None:
        self._dice.shuffle(rows)


def _some(numbers: Sequence[int], most: int) -> Iterator[Sequence[int]]:
    return (numbers[at : at + most] for at in range(0, len(numbers), most))


def _keys(tx: Tx) -> Keys:
    keys: Keys = tx.connection.dialect.payvand_keys  # type: ignore[attr-defined]
    return keys


def _rows(tx: Tx, macs: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The rows of some lists. Every question asks for as many lists."""
    for some in _some(sorted(macs), CHUNK):
        asked = [*some, *[-1] * (CHUNK - len(some))]
        yield from ((mac, record) for mac, record in tx.execute(_LISTS_AT, {"macs": asked}))


def _enlist(tx: Tx, lists: Mapping[int, Sequence[int]]) -> None:
    """Put records into lists: in the place of rows of nobody, and with new ones up to the next power of two."""
    hashes = _Hashes(tx)
    rows = list(_rows(tx, lists))
    counts: Counter[int] = Counter()
    nobody: defaultdict[int, list[int]] = defaultdict(list)
    there: set[tuple[int, int]] = set()
    for (mac, row), owner in zip(rows, hashes.opened(rows), strict=True):
        counts[mac] += 1
        if owner < 0:
            nobody[mac].append(row)
        else:
            there.add((mac, owner))
    gone: list[tuple[int, int]] = []
    owners: list[tuple[int, int]] = []
    for mac, records in lists.items():
        new = [record for record in set(records) if (mac, record) not in there]
        real = counts[mac] - len(nobody[mac]) + len(new)
        length = max(names.padded(real), counts[mac])
        gone += [(mac, row) for row in nobody[mac][: len(new)]]
        fill = length - counts[mac] - len(new) + min(len(new), len(nobody[mac]))
        owners += [(mac, record) for record in new] + [(mac, -1)] * fill
    _exchange(tx, hashes, gone, owners)


def _unlist(tx: Tx, which: Sequence[int], *, leave: bool = True) -> None:
    """Put rows of nobody in the place of all rows of some records; or leave nothing, where the whole list goes."""
    hashes = _Hashes(tx)
    taken = 0
    macs: set[int] = set()
    for some in _some(which, CHUNK):
        query = sa.select(sought.c.record, sought.c.bits).where(sought.c.id.in_(some), sought.c.bits.is_not(None))
        for row in tx.execute(query):
            taken += 1
            macs |= hashes.macs(_keys_of(_unpacked(row.record)), row.bits)
    rows, those = list(_rows(tx, macs)), set(which)
    gone = [row for row, owner in zip(rows, hashes.opened(rows), strict=True) if owner in those]
    _exchange(tx, hashes, gone, [(mac, -1) for mac, _row in gone] if leave else [])
    if taken:
        state = _state(tx)
        state.records -= taken
        _keep(tx, state)


def _exchange(tx: Tx, hashes: _Hashes, gone: Sequence[tuple[int, int]], owners: list[tuple[int, int]]) -> None:
    hashes.shuffle(owners)
    if gone:
        tx.execute(_REMOVE, [{"at": mac, "row": row} for mac, row in gone])
    if owners:
        made = [{"mac": mac, "record": row} for (mac, _), row in zip(owners, hashes.hidden(owners), strict=True)]
        tx.execute(tx.insert(sought_key).on_conflict_do_nothing(), made)


# -- finding -------------------------------------------------------------------------------------------------------


def candidates(tx: Tx, asked: Known, most: int = 10) -> list[Hit]:
    """The records that are most like what is asked for, the likeliest first. Nothing is kept after the call."""
    votes = _votes(tx, asked)
    best = [record for record, _ in sorted(votes.items(), key=lambda one: (-one[1], one[0]))[:RANKED]]
    askers = [(name, names.Asker(name)) for name in asked.names]
    found = [_hit(askers, asked, row) for row in _opened(tx, best)]
    found.sort(key=lambda hit: (-hit.odds, hit.record))
    found[:PLACED] = [_placed(asked, hit) for hit in found[:PLACED]]
    return sorted(found[:PLACED], key=lambda hit: (-hit.odds, hit.record))[:most]


def _votes(tx: Tx, asked: Known) -> Counter[int]:
    """How much speaks for each record: a list says the more, the fewer there are on it."""
    hashes, state = _Hashes(tx), _state(tx)
    born = () if asked.born is None else range(asked.born - SLIP, asked.born + SLIP + 1)
    keys = _all_keys(asked, born)
    near = frozenset[str]().union(*(names.near(name) for name in asked.names)) - keys
    shares: dict[int, float] = {}
    for bits in state.used:
        shares |= dict.fromkeys(hashes.macs(near, bits), NEAR)
        shares |= dict.fromkeys(hashes.macs(keys, bits), 1.0)
    rows = list(_rows(tx, shares))
    lengths = Counter(mac for mac, _ in rows)
    weights = {mac: shares[mac] * math.log(1 + state.records / length) for mac, length in lengths.items()}
    votes: Counter[int] = Counter()
    for (mac, _row), record in zip(rows, hashes.opened(rows), strict=True):
        if record >= 0 and lengths[mac] <= TOO_LONG:
            votes[record] += weights[mac]  # type: ignore[assignment]
    return votes


def _opened(tx: Tx, best: Sequence[int]) -> Iterator[tuple[int, Kind, Known]]:
    asked = [*best, *[-1] * (RANKED - len(best))]
    for which, kind, record in tx.execute(_RECORDS_AT, {"ids": asked}):
        yield which, Kind(kind), _unpacked(record)


def _hit(askers: Sequence[tuple[str, names.Asker]], asked: Known, row: tuple[int, Kind, Known]) -> Hit:
    which, kind, known = row
    pairs = ((asker.score(theirs), mine, theirs) for mine, asker in askers for theirs in known.names)
    score, mine, theirs = max(pairs, default=(-math.inf, "", ""))
    born = years(asked.born, known.born)
    return Hit(which, kind, known, score, score + beside(born, Verdict.BLANK), born, Verdict.BLANK, mine, theirs)


def _placed(asked: Known, hit: Hit) -> Hit:
    place = place_of(asked, hit.known)
    odds = hit.score + beside(hit.born, place)
    return Hit(hit.record, hit.kind, hit.known, hit.score, odds, hit.born, place, hit.mine, hit.theirs)


_BEST_FIRST = (Verdict.MATCH, Verdict.NEAR, Verdict.BLANK, Verdict.MISMATCH)


def place_of(one: Known, two: Known) -> Verdict:
    """How the places of two stand to each other: one that agrees is enough."""
    found = [whereabouts(mine, theirs) for mine, theirs in product(one.places, two.places)]
    said = [one for one in found if one is not Verdict.BLANK]
    return min(said, key=_BEST_FIRST.index, default=Verdict.BLANK)
