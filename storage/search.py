"""Who can be found, and how a name finds them: by equality of keyed hashes alone.

A key of a name becomes a number: a keyed hash with a secret of its own for each kind of key, cut to so many bits that a
record has about 32 lists to fall into. A list is the numbers of its records under a keystream that is used once: two
places of one record have nothing in common. Places of nobody fill each list up to a power of two. Records go in many at
once, and erasing one puts nobody in its places.

A record is names, year and places as they were said, and the names in parts, so that comparing takes none apart: one
sealed value of one length.
"""

from __future__ import annotations

import hmac
import json
import math
import struct
import zlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as but
from datetime import datetime
from heapq import nlargest
from itertools import product
from random import Random
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.domain import names, places
from bot.domain.knock import Kind, Known, May
from bot.domain.names import kept
from bot.domain.names.blind import SLIP
from bot.domain.names.verdict import Verdict, beside, whereabouts, years
from storage import knocks, matches
from storage.crypto import Keys
from storage.database import Tx
from storage.prepared import MOST, Prepared
from storage.schema import circle, fact, relative, sought, sought_list

LISTS: Final = 32  # for each record: most lists hold one row, and cutting costs few wrong candidates
LEAST_BITS, STEP = 12, 2
RANKED: Final = 150  # records that are opened and compared, at the most
ANYWAY: Final = 20  # that are opened even if little speaks for them
BY_LOT: Final = 30  # of them, where more are worth it: whoever stands behind many of one name is opened another day
WORTH: Final = 0.3  # of what speaks for the likeliest: any other record for which less speaks is not opened
PLACED: Final = 50  # of them: those whose places are compared
# A list longer than a share of all records says too little for what its length tells a thief: it holds no number any
# more, but how many stand on it. In a small index every list may be so long, in any index none longer.
TOO_MANY, SHORT, TOO_LONG = 1 / 256, 64, 16_384
OF_ONE: Final = 2  # records of one holder that a list has, if it would be too long with more: nobody fills one alone
MOST_READ: Final = 65_536  # numbers that one question reads: the shortest lists first
NEAR: Final = 0.8  # how much a key one slip away counts beside a key of the name
OTHERS: Final = 0.3  # how much further keys of a record count beside its rarest one: they mostly say the same again
CHUNK: Final = 256  # keys in one question: always so many, so that a statement says nothing about the name
BATCH: Final = 500  # records that go into the index at once
RENEWED: Final = 200  # records whose names are taken apart anew at once, if the rules have changed
LAYOUT: Final = 3  # of the lists: raise it when they are kept otherwise, then the index is built anew
NOBODY: Final = (1 << 32) - 1  # the number that no record has
COUNTED: Final = 2  # places of a list that holds no numbers: nobody's, and how many stand on it
_RECORD: Final = 488  # bytes to which a record is padded before it is sealed
_NONCE, _NUMBER = 6, 4  # bytes: of a list's keystream; of a record's number
_STATE: Final = "search"  # the fact: how many records the index holds, and under how many bits
_FORMED: Final = "search.form"  # the fact: by which rules the parts of all names were kept, and how far that is

_LISTS_AT = Prepared(
    sa.select(sought_list.c.mac, sought_list.c.records).where(
        sought_list.c.mac.in_(sa.bindparam("macs", expanding=True))
    )
)
_RECORDS_AT = Prepared(
    sa.select(sought.c.id, sought.c.kind, sought.c.record).where(sought.c.id.in_(sa.bindparam("ids", expanding=True)))
)


def _put(insert: Any) -> Any:
    made = insert(sought_list)
    return made.on_conflict_do_update(index_elements=["mac"], set_={"records": made.excluded.records})


_IS_THERE = Prepared(sa.select(sought.c.id).where(sought.c.id == sa.bindparam("which")))
_MAKE = Prepared(sought.insert())
_PUT = Prepared(_put)
_DROP = Prepared(sought_list.delete().where(sought_list.c.mac == sa.bindparam("at")))


Places: TypeAlias = tuple[str, ...]


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
    which = tx.new_id() % NOBODY
    while tx.execute(_IS_THERE, {"which": which}).first() is not None:
        which = tx.new_id() % NOBODY
    tx.execute(
        _MAKE,
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
    before = held(tx, which)
    if before is not None and before.known != known:
        matches.anew(tx, which)
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
    if not them:
        return
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
_OVER = Prepared(
    sa.select(*_COLUMNS).where(sought.c.expires_at <= sa.bindparam("now")).order_by(sought.c.expires_at).limit(MOST)
)


def over(tx: Tx, now: datetime, most: int = BATCH) -> list[Held]:
    """The records that `expire` would erase."""
    return [_held(row) for row in tx.execute(_OVER, {"now": now, "most": most})]


def expire(tx: Tx, now: datetime, most: int = BATCH) -> int:
    """Erase records whose time is over. How many there were."""
    them = [one.id for one in over(tx, now, most)]
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


def _held(row: Any) -> Held:
    return Held(
        row.id,
        Kind(row.kind),
        _unpacked(row.record).known,
        May(row.knock),
        row.person_id,
        row.question or "",
        row.source or "",
        bool(row.consent),
        row.touched_at,
        row.since,
        row.expires_at,
    )


@dataclass(frozen=True, slots=True)
class _Record:
    """What is sealed of a record: what is known, and its names in parts. `stale`: these must be written anew."""

    known: Known
    parsed: tuple[names.Name, ...]
    stale: bool


def _form() -> int:
    """By which rules names are taken apart now."""
    return names.VERSION * 1000 + kept.FORM


def _packed(known: Known, parsed: Iterable[names.Name] = ()) -> bytes:
    """What is known, and the names in parts, or without these if they do not fit: at one length."""
    said = [known.names, known.born, known.places]
    parts = [kept.packed(one) for one in (parsed or map(names.parse, known.names))]
    whole = _squeezed([*said, _form(), parts])
    return (whole if len(whole) <= _RECORD else _squeezed(said)).ljust(_RECORD, b"\0")


def _squeezed(said: list[Any]) -> bytes:
    plain = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    return b"\0" + zlib.compress(plain, 9, -zlib.MAX_WBITS)


def _unpacked(record: bytes) -> _Record:
    if record[:1] == b"{":  # as they were kept before the parts were
        told = json.loads(record)
        said = [told["n"], told["b"], told["p"]]
    else:
        said = json.loads(zlib.decompressobj(-zlib.MAX_WBITS).decompress(record[1:]))
    named, born, where, *parts = said
    known = Known(tuple(named), born, tuple(where))
    if parts and parts[0] == _form():
        return _Record(known, tuple(map(kept.unpacked, parts[1])), stale=False)
    return _Record(known, tuple(map(names.parse, named)), stale=record[:1] == b"{" or bool(parts))


def _proof(which: int, question: str, answer: str) -> str:
    return f"{which}/{question}/{answer}"


# -- the index -----------------------------------------------------------------------------------------------------


def _version() -> int:
    """Of what lists are made of: both of the names' keys and of how a list is kept."""
    return names.VERSION * 1000 + LAYOUT


@dataclass(slots=True)
class _Index:
    """How many records there are in it, and with how many bits; `oldest` bits are still used by some."""

    records: int
    bits: int
    oldest: int
    version: int = field(default_factory=_version)

    @property
    def used(self) -> range:
        return range(self.oldest, self.bits + 1, STEP)


def index(tx: Tx, most: int = BATCH) -> int:
    """Put records into the index that wait for it, in no order. How many there were; call it until there are none.

    When the index has outgrown its bits, records move to more of them, as many at a time.
    """
    state = _state(tx)
    if state.version != _version():  # names have other keys now: everything goes into the index anew
        tx.execute(sought_list.delete())
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
            tx.execute(sought_list.delete().where(sought_list.c.mac < 1 << state.bits))
    if not rows:
        return 0
    lists: defaultdict[int, list[int]] = defaultdict(list)
    hashes = _Hashes(tx)
    for row in rows:
        for mac in hashes.macs(_keys_of(_unpacked(row.record)), state.bits):
            lists[mac].append(row.id)
    _enlist(tx, hashes, lists, _longest(state.records + waiting))
    for some in _some([row.id for row in rows], CHUNK):
        tx.execute(sought.update().where(sought.c.id.in_(some)).values(bits=state.bits))
    _keep(tx, state)
    return len(rows)


_SAID = Prepared(sa.select(fact.c.value).where(fact.c.name == sa.bindparam("name")))


def renew(tx: Tx, most: int = RENEWED) -> int:
    """Take names apart anew, by the rules of now, where that was done by others. How many records were looked at.

    Nothing waits for it: what is found under other rules is taken apart whenever it is compared.
    """
    said = tx.execute(_SAID, {"name": _FORMED}).scalar()
    form, after = map(int, said.split()) if said else (0, 0)
    if form == _form():
        return 0
    if form != -_form():
        after = -1
    query = sa.select(sought.c.id, sought.c.record).where(sought.c.id > after).order_by(sought.c.id).limit(most)
    rows = tx.execute(query).all()
    for row in rows:
        one = _unpacked(row.record)
        if one.stale:
            again = _packed(one.known, one.parsed)
            tx.execute(sought.update().where(sought.c.id == row.id).values(record=again))
    _say(tx, _FORMED, f"{-_form()} {rows[-1].id}" if rows else f"{_form()} 0")
    return len(rows)


def _waiting(which: sa.ColumnElement[bool], most: int) -> sa.Select[Any]:
    return sa.select(sought.c.id, sought.c.record).where(which).limit(most)


def _state(tx: Tx) -> _Index:
    said = tx.execute(_SAID, {"name": _STATE}).scalar()
    return _Index(*map(int, said.split())) if said else _Index(0, LEAST_BITS, LEAST_BITS)


def _keep(tx: Tx, state: _Index) -> None:
    _say(tx, _STATE, f"{max(0, state.records)} {state.bits} {state.oldest} {state.version}")


def _say(tx: Tx, name: str, value: str) -> None:
    made = tx.insert(fact).values(name=name, value=value)
    tx.execute(made.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def _keys_of(one: _Record) -> frozenset[str]:
    """What is stored of a record: the keys of each of its names."""
    born = () if one.known.born is None else (one.known.born,)
    return _all_keys(one.parsed, one.known, born)


def _all_keys(parsed: Iterable[names.Name], known: Known, born: Iterable[int]) -> frozenset[str]:
    allowed = tuple(born)
    districts = {found[0] for place in known.places if (found := places.search(place, 1))} or {""}
    return frozenset[str]().union(
        *(names.keys(name, years=allowed, district=district) for name, district in product(parsed, districts))
    )


class _Hashes:
    """The secrets of one transaction's work with the index."""

    def __init__(self, tx: Tx) -> None:
        self._keys = _keys(tx)
        self._cipher = Cipher(algorithms.AES(self._keys.derive("sought_list.records")), modes.ECB())  # noqa: S305
        self._dice = Random(tx.new_id())  # noqa: S311 - what is drawn is used once, and no secret

    def macs(self, keys: Iterable[str], bits: int) -> frozenset[int]:
        """The lists of some keys. Their numbers say how many bits they have, so that old and new never meet."""
        return frozenset(self._mac(key, bits) for key in keys)

    def _mac(self, key: str, bits: int) -> int:
        whole = int.from_bytes(self._keys.blind(f"sought_list.{key[0]}", key)[:8], "big")
        return 1 << bits | whole >> (64 - bits)

    def opened(self, lists: Sequence[tuple[int, bytes]]) -> list[tuple[int, ...]]:
        """The numbers in each of some lists, given as (list, what is stored of it). Some are `NOBODY`."""
        streams = self._streams([(mac, stored[:_NONCE], len(stored) - _NONCE) for mac, stored in lists])
        return [
            struct.unpack(f">{len(stream) // _NUMBER}I", _xor(stored[_NONCE:], stream))
            for (_mac, stored), stream in zip(lists, streams, strict=True)
        ]

    def hidden(self, lists: Sequence[tuple[int, Sequence[int]]]) -> list[bytes]:
        """What is stored of each of some lists, given as (list, numbers), under a new keystream."""
        nonces = [self._dice.randbytes(_NONCE) for _ in lists]
        streams = self._streams(
            [(mac, nonce, len(them) * _NUMBER) for (mac, them), nonce in zip(lists, nonces, strict=True)]
        )
        return [
            nonce + _xor(struct.pack(f">{len(them)}I", *them), stream)
            for (_mac, them), nonce, stream in zip(lists, nonces, streams, strict=True)
        ]

    def _streams(self, wanted: Sequence[tuple[int, bytes, int]]) -> Iterator[bytes]:
        """So many bytes of keystream for each (list, nonce): AES in counter mode, of all of them in one call."""
        blocks = []
        for mac, nonce, length in wanted:
            head = mac.to_bytes(6, "big") + nonce
            blocks += [head + at.to_bytes(4, "big") for at in range(-(-length // 16))]
        stream, at = self._cipher.encryptor().update(b"".join(blocks)), 0
        for _mac, _nonce, length in wanted:
            yield stream[at : at + length]
            at += -(-length // 16) * 16


def _xor(one: bytes, two: bytes) -> bytes:
    return (int.from_bytes(one, "big") ^ int.from_bytes(two, "big")).to_bytes(len(one), "big")


def _some(numbers: Sequence[int], most: int) -> Iterator[Sequence[int]]:
    return (numbers[at : at + most] for at in range(0, len(numbers), most))


def _keys(tx: Tx) -> Keys:
    keys: Keys = tx.connection.dialect.payvand_keys  # type: ignore[attr-defined]
    return keys


def _lists(tx: Tx, macs: Iterable[int]) -> list[tuple[int, bytes]]:
    """Some lists as they are stored. Every question asks for as many."""
    found = []
    for some in _some(sorted(macs), CHUNK):
        asked = [*some, *[-1] * (CHUNK - len(some))]
        found += [(row.mac, bytes(row.records)) for row in tx.execute(_LISTS_AT, {"macs": asked})]
    return found


def _longest(records: int) -> int:
    """How long a list may be in an index of so many."""
    return min(TOO_LONG, max(SHORT, int(records * TOO_MANY)))


def _enlist(tx: Tx, hashes: _Hashes, lists: Mapping[int, Sequence[int]], longest: int) -> None:
    """Put records into lists: in the places of nobody, and with new ones up to the next power of two."""
    stored = _lists(tx, lists)
    there = {mac: them for (mac, _stored), them in zip(stored, hashes.opened(stored), strict=True)}
    full = {mac: count + len(lists[mac]) for mac, them in there.items() if (count := _counted(them))}
    before = {mac: there.get(mac, ()) for mac in lists if mac not in full}
    more = {mac: ({*them, *lists[mac]} - {NOBODY}, len(them)) for mac, them in before.items()}
    _store(tx, hashes, more, full, longest)


def _unlist(tx: Tx, which: Sequence[int], *, leave: bool = True) -> None:
    """Put nobody in all places of some records; or make their lists shorter, where the whole list goes.

    If so few stand now on a list without any number that it could hold them again, the index is to be built anew.
    """
    hashes, taken = _Hashes(tx), 0
    macs: Counter[int] = Counter()
    for some in _some(which, CHUNK):
        query = sa.select(sought.c.record, sought.c.bits).where(sought.c.id.in_(some), sought.c.bits.is_not(None))
        for row in tx.execute(query):
            taken += 1
            macs.update(hashes.macs(_keys_of(_unpacked(row.record)), row.bits))
    stored, gone = _lists(tx, macs), {*which, NOBODY}
    opened = {mac: them for (mac, _stored), them in zip(stored, hashes.opened(stored), strict=True)}
    full = {mac: max(1, count - macs[mac]) for mac, them in opened.items() if (count := _counted(them))}
    less = {mac: ({*them} - gone, len(them) if leave else 0) for mac, them in opened.items() if mac not in full}
    _store(tx, hashes, less, full)
    if taken:
        state = _state(tx)
        if leave and any(2 * count <= _longest(state.records) for count in full.values()):
            state.version = 0
        state.records -= taken
        _keep(tx, state)


def _counted(them: Sequence[int]) -> int:
    """How many stand on a list that is too long to hold their numbers; 0 if this one does hold them."""
    return them[1] if len(them) == COUNTED and them[0] == NOBODY != them[1] else 0


def _store(
    tx: Tx,
    hashes: _Hashes,
    lists: Mapping[int, tuple[set[int], int]],
    full: Mapping[int, int],
    longest: int = TOO_LONG,
) -> None:
    """Store lists of records, each with how long it is at least, filled with nobody; and how many stand on `full` ones.

    One that would be longer than `longest` is full from now on, and stays so until the index is built anew or outgrows
    its bits. One that has nobody and no length goes.
    """
    filled: dict[int, Sequence[int]] = {mac: (NOBODY, count) for mac, count in full.items()}
    for mac, (those, least) in lists.items():
        them = those if names.padded(len(those)) <= longest else _few_of_each(tx, those)
        length = max(names.padded(len(them)) if them else 0, least)
        if names.padded(len(them)) > longest:
            filled[mac] = (NOBODY, len(them))
        elif length:
            filled[mac] = [*them, *[NOBODY] * (length - len(them))]
    if filled:
        put = sorted(filled.items())
        made = zip(put, hashes.hidden(put), strict=True)
        tx.execute(_PUT, [{"mac": mac, "records": stored} for (mac, _them), stored in made])
    if gone := sorted(lists.keys() - filled.keys()):
        tx.execute(_DROP, [{"at": mac} for mac in gone])


def _few_of_each(tx: Tx, them: Collection[int]) -> set[int]:
    """Of some records a few of everybody who answers for several, and all that nobody answers for."""
    of: Counter[int] = Counter()
    few = set()
    theirs = sought.outerjoin(relative, relative.c.person_id == sought.c.person_id)
    whose = sa.select(sought.c.id, sa.func.coalesce(circle.c.keeper_id, sought.c.person_id).label("holder"))
    whose = whose.select_from(theirs.outerjoin(circle, circle.c.id == relative.c.circle_id))
    for some in _some(sorted(them), CHUNK):
        for row in tx.execute(whose.where(sought.c.id.in_(some))):
            of[row.holder] += 1
            if row.holder is None or of[row.holder] <= OF_ONE:
                few.add(row.id)
    return few


# -- finding -------------------------------------------------------------------------------------------------------


def candidates(
    tx: Tx, asked: Known, most: int = 10, *, without: Iterable[int] = (), dice: Random | None = None
) -> list[Hit]:
    """The records that are most like what is asked for, the likeliest first. Nothing is kept after the call.

    Those beyond the first `PLACED` are not compared by their places. `without`: records that are not looked at. With
    `dice`, some of those that are opened are drawn by lot, where more are worth it.
    """
    parsed = tuple(map(names.parse, asked.names))
    votes = _votes(tx, asked, parsed)
    for record in without:
        votes.pop(record, None)
    best = _best(votes, dice)
    askers = [(name, names.Asker(one)) for name, one in zip(asked.names, parsed, strict=True)]
    found = [_hit(askers, asked, row) for row in _opened(tx, best)]
    found.sort(key=lambda hit: (-hit.odds, hit.record))
    said: dict[Places, Verdict] = {}
    placed = [_placed(asked, hit, said) for hit in found[:PLACED]]
    return [*sorted(placed, key=lambda hit: (-hit.odds, hit.record)), *found[PLACED:]][:most]


def _best(votes: Mapping[int, float], dice: Random | None) -> list[int]:
    """The records that are worth to be opened, those for which most speaks first, and some of too many by lot."""
    least = max(votes.values(), default=0.0) * WORTH
    best = nlargest(RANKED, votes, key=votes.__getitem__)
    if dice is not None and len(votes) > RANKED and votes[best[-1]] >= least:
        first = set(best[:-BY_LOT])
        best[-BY_LOT:] = dice.sample([one for one, vote in votes.items() if vote >= least and one not in first], BY_LOT)
    return [record for at, record in enumerate(best) if at < ANYWAY or votes[record] >= least]


def _votes(tx: Tx, asked: Known, parsed: Sequence[names.Name]) -> dict[int, float]:
    """How much speaks for each record: a list says the more, the fewer there are on it."""
    hashes, state = _Hashes(tx), _state(tx)
    born = () if asked.born is None else range(asked.born - SLIP, asked.born + SLIP + 1)
    keys = _all_keys(parsed, asked, born)
    near = frozenset[str]().union(*map(names.near, parsed)) - keys
    shares: dict[int, float] = {}
    for bits in state.used:
        shares |= dict.fromkeys(hashes.macs(near, bits), NEAR)
        shares |= dict.fromkeys(hashes.macs(keys, bits), 1.0)
    lists, read = sorted(_lists(tx, shares), key=lambda one: len(one[1])), 0
    for count, (_mac, stored) in enumerate(lists):
        read += len(stored) // _NUMBER
        if read > MOST_READ:
            del lists[count:]
            break
    weighed = [
        (shares[mac] * math.log(1 + state.records / len(them)), them)
        for (mac, _stored), them in zip(lists, hashes.opened(lists), strict=True)
        if them and not _counted(them)
    ]
    votes: dict[int, float] = {}
    for weight, them in sorted(weighed, reverse=True):
        for record in them:
            votes[record] = votes[record] + weight * OTHERS if record in votes else weight
    votes.pop(NOBODY, None)
    return votes


def _opened(tx: Tx, best: Sequence[int]) -> Iterator[tuple[int, Kind, _Record]]:
    asked = [*best, *[-1] * (RANKED - len(best))]
    for which, kind, record in tx.execute(_RECORDS_AT, {"ids": asked}):
        yield which, Kind(kind), _unpacked(record)


def _hit(askers: Sequence[tuple[str, names.Asker]], asked: Known, row: tuple[int, Kind, _Record]) -> Hit:
    which, kind, one = row
    known, beside_it = one.known, zip(one.known.names, one.parsed, strict=True)
    pairs = ((asker.score(parsed), mine, theirs) for (mine, asker), (theirs, parsed) in product(askers, beside_it))
    score, mine, theirs = max(pairs, default=(-math.inf, "", ""))
    born = years(asked.born, known.born)
    return Hit(which, kind, known, score, score + beside(born, Verdict.BLANK), born, Verdict.BLANK, mine, theirs)


def _placed(asked: Known, hit: Hit, said: dict[Places, Verdict]) -> Hit:
    where = hit.known.places
    if where not in said:
        said[where] = place_of(asked, hit.known)
    return but(hit, odds=hit.score + beside(hit.born, said[where]), place=said[where])


_BEST_FIRST = (Verdict.MATCH, Verdict.NEAR, Verdict.BLANK, Verdict.MISMATCH)


def place_of(one: Known, two: Known) -> Verdict:
    """How the places of two stand to each other: one that agrees is enough."""
    found = [whereabouts(mine, theirs) for mine, theirs in product(one.places, two.places)]
    said = [one for one in found if one is not Verdict.BLANK]
    return min(said, key=_BEST_FIRST.index, default=Verdict.BLANK)
