"""Signatures: sealed as they are given, found again only by who gave them, and never by whom anybody else asks for.

An account's signature is found by its nullifier as long as the petition's key lives, and then only by the secret of its
receipt. One that is held stands in the log as every other, and does not count until an organiser lets it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from bot.domain import petition as rules
from bot.domain import petition_log, signature
from bot.domain.petition import State, Way
from bot.domain.petition_log import Reason, Sign, Strike, Withdraw
from bot.domain.signature import Declared, Mode, Opening
from storage import envelope, petition_logs, petitions
from storage.database import Tx
from storage.petitions import Petition
from storage.prepared import MOST, ONE, Prepared, at_most
from storage.schema import EPOCH, address, petition, petition_nullifier, petition_signature, petition_version

MOST_HELD: Final = 5_000  # signatures that are held, let go or struck in one step

WAVE: Final = 16  # bytes of a wave's mark...
SHORT: Final = 8  # ...and so many of them in a button

Account = tuple[str, str]  # the platform, and by what its account is known here


@dataclass(frozen=True, slots=True)
class Given:
    """A signature that was written into the log: where, and what of it only this moment knows."""

    place: int
    opening: Opening = field(repr=False)
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is kept of a signature. `day` counts days since 1970."""

    place: int
    version: int
    day: int
    verified: bool
    held: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How many signatures there are, by what is known of them; held ones don't count yet."""

    verified: int = 0
    unverified: int = 0
    held: int = 0

    @property
    def counting(self) -> int:
        """Those that count."""
        return self.verified + self.unverified


# -- whose ---------------------------------------------------------------------------------------------------------

_ACCOUNTS = Prepared(
    sa.select(address.c.platform, address.c.account)
    .where(address.c.person_id == sa.bindparam("who"))
    .order_by(address.c.id)
)
_MARK = Prepared(
    sa.select(petition_nullifier.c.place).where(
        petition_nullifier.c.petition_id == sa.bindparam("which"), petition_nullifier.c.mark == sa.bindparam("mark")
    )
)
_STANDING = Prepared(
    sa.select(
        petition_signature.c.place,
        petition_signature.c.version,
        petition_signature.c.day,
        petition_signature.c.verified,
        petition_signature.c.held_at,
    ).where(
        petition_signature.c.petition_id == sa.bindparam("which"), petition_signature.c.place == sa.bindparam("place")
    )
)


def accounts(tx: Tx, who: int) -> list[Account]:
    """The accounts of a person, the first one first. Their numbers are not kept, only what they are compared by."""
    rows = tx.execute(_ACCOUNTS, {"who": who})
    return list(dict.fromkeys((row.platform, bytes(row.account).hex()) for row in rows))


def _marks(key: bytes, of: Iterable[Account]) -> list[bytes]:
    return [signature.nullifier(key, platform, account) for platform, account in of]


def places(tx: Tx, one: Petition, of: Iterable[Account]) -> list[int]:
    """Where the signatures of these accounts stand that were not taken back; none once the petition's key is gone."""
    return [place for place in _found(tx, one, of) if place >= 0]


def _found(tx: Tx, one: Petition, of: Iterable[Account]) -> list[int]:
    """The same, and below zero what accounts share that were one person's once: see `part`."""
    if one.key is None:
        return []
    found = (_place(tx, one.id, mark) for mark in _marks(one.key, of))
    return sorted({place for place in found if place is not None})


def _place(tx: Tx, which: int, mark: bytes) -> int | None:
    place: int | None = tx.execute(_MARK, {"which": which, "mark": mark}).scalar()
    return place


def standing(tx: Tx, which: int, place: int) -> Standing | None:
    """What is kept of the signature at a place; None if there is none (any more)."""
    row = tx.execute(_STANDING, {"which": which, "place": place}).first()
    return None if row is None else _standing(row)


def _standing(row: Any) -> Standing:
    return Standing(row.place, row.version, row.day, bool(row.verified), row.held_at is not None)


# -- signing -----------------------------------------------------------------------------------------------------------

_READY = Prepared(  # what is signed now, its organisers' key, and where the first account has signed: one statement
    sa.select(
        petition_version.c.version,
        petition_version.c.organisers,
        sa.select(petition_nullifier.c.place)
        .where(
            petition_nullifier.c.petition_id == sa.bindparam("which"), petition_nullifier.c.mark == sa.bindparam("mark")
        )
        .scalar_subquery()
        .label("place"),
    )
    .where(petition_version.c.petition_id == sa.bindparam("which"), petition_version.c.state == State.OPEN.value)
    .order_by(petition_version.c.version.desc())
    .limit(ONE)
)
_ADD = Prepared(petition_signature.insert())
_ADD_MARK = Prepared(petition_nullifier.insert())


def sign(  # noqa: PLR0913 - a signature has so many parts
    tx: Tx,
    one: Petition,
    of: Collection[Account],
    what: Declared,
    now: datetime,
    *,
    verified: bool,
    country: str = "",
    wave: str = "",
    held: bool = False,
    addressed: bool = False,
    dice: Callable[[int], bytes] = secrets.token_bytes,
) -> Given | None:
    """Write a signature of the first of somebody's accounts. None if it can't be signed, or one of them has signed.

    What is declared is sealed to the organisers and forgotten, with its salt. `country` is for counts of countries,
    `wave` says what came together with it, `addressed` that an addressee requires addresses: then each has that length.
    """
    if one.key is None or not of or not one.course.can_be_signed:
        return None
    mark, *others = _marks(one.key, of)
    ready = tx.execute(_READY, {"which": one.id, "mark": mark}).first()
    if ready is None or ready.organisers is None:
        return None
    number = ready.version
    secret = signature.secret_of(one.key, mark)
    opening = Opening(one.origin, number, what, dice(signature.SALT), signature.tag_of(secret))
    commitment, packed = opening.written(addressed=addressed)
    record = envelope.seal(bytes(ready.organisers), one.origin, packed)
    found = [place for place in (ready.place, *(_place(tx, one.id, other) for other in others)) if place is not None]
    # asked only now: so a second signature takes about as long as the first
    if any(place >= 0 or _is_taken(tx, one.id, -1 - place) for place in found):
        return None
    counted = {"held": 1} if held else {"verified": 1} if verified else {"unverified": 1}
    place = petition_logs.append(tx, one.id, Sign(number, now.date(), commitment), **counted)
    row = {
        "petition_id": one.id,
        "place": place,
        "version": number,
        "day": (now - EPOCH).days,
        "tag": opening.tag,
        "record": record,
        "country": country or None,
        "public_name": what.name if what.mode is Mode.PUBLIC else None,
        "verified": int(verified),
        "wave": wave or None,
        "held_at": EPOCH + timedelta(days=(now - EPOCH).days)
        if held
        else None,  # no finer than the day, as every other
    }
    tx.execute(_ADD, row)
    for shared in found:
        _share(tx, one.id, shared, -1 - place, without=_marks(one.key, of))
    tx.execute(_ADD_MARK, {"petition_id": one.id, "mark": mark, "place": place})
    tx.note("sign", one.id, [list(account) for account in of], now, verified, country, wave, held)
    return Given(place, opening, secret)


def secret_for(tx: Tx, one: Petition, of: Iterable[Account], place: int) -> bytes | None:
    """The secret of the receipt for the signature of one of these accounts at a place; None if it is not theirs."""
    if one.key is None:
        return None
    for mark in _marks(one.key, of):
        if tx.execute(_MARK, {"which": one.id, "mark": mark}).scalar() == place:
            return signature.secret_of(one.key, mark)
    return None


# -- ending ------------------------------------------------------------------------------------------------------------

_ERASE = Prepared(
    petition_signature.delete().where(
        petition_signature.c.petition_id == sa.bindparam("which"), petition_signature.c.place == sa.bindparam("place")
    )
)


def withdraw(tx: Tx, one: Petition, of: Collection[Account], now: datetime) -> int:
    """Take back what these accounts have signed; how many signatures that were (one at the most, unless by a fault)."""
    if one.key is None or rules.withdrawal(one.course) is not Way.ACCOUNT:
        return 0
    ended = 0
    for mark in _marks(one.key, of):
        place = tx.execute(_MARK, {"which": one.id, "mark": mark}).scalar()
        if place is not None and _end(tx, one.id, Withdraw(now.date(), place)):  # one that was struck keeps its mark
            ended += 1
            _free(tx, one.id, place)
    if ended:
        tx.note("withdraw", one.id, [list(account) for account in of], now)
    return ended


def withdraw_by_receipt(tx: Tx, one: Petition, secret: bytes, now: datetime) -> bool:
    """Take back the signature of a receipt, whoever holds it. False if there is none to be taken back in this way."""
    if rules.withdrawal(one.course) is Way.NONE:
        return False
    tag = signature.tag_of(secret)
    mine = (petition_signature.c.petition_id == one.id) & (petition_signature.c.tag == tag)
    place = tx.execute(sa.select(petition_signature.c.place).where(mine)).scalar()
    if place is None or not _end(tx, one.id, Withdraw(now.date(), place)):
        return False
    if one.key is not None:
        _free(tx, one.id, place)
    tx.note("withdraw at", one.id, place, now)
    return True


def withdraw_at(tx: Tx, one: Petition, place: int, now: datetime) -> bool:
    """Take back the signature at a place, whoever's it is. False if there is none."""
    return _end(tx, one.id, Withdraw(now.date(), place))


def strike_all(tx: Tx, which: int, some: Collection[int], reason: Reason, now: datetime) -> None:
    """None of these signatures counts, and their accounts can't sign again."""
    tx.note("strike", which, list(some), reason.value, now, True)  # noqa: FBT003 - in their order
    for place in some:
        _strike(tx, which, place, reason, now, keep_mark=True)


def strike(  # noqa: PLR0913 - which, where, why and when
    tx: Tx, which: int, place: int, reason: Reason, now: datetime, *, keep_mark: bool = False
) -> bool:
    """A signature does not count. False if there is none there. With `keep_mark` its account can't sign again."""
    tx.note("strike", which, [place], reason.value, now, keep_mark)
    return _strike(tx, which, place, reason, now, keep_mark=keep_mark)


def _strike(  # noqa: PLR0913 - as strike
    tx: Tx, which: int, place: int, reason: Reason, now: datetime, *, keep_mark: bool
) -> bool:
    if not _end(tx, which, Strike(now.date(), place, reason)):
        return False
    if not keep_mark:
        gone = (petition_nullifier.c.petition_id == which) & (petition_nullifier.c.place == place)
        tx.execute(petition_nullifier.delete().where(gone))
    return True


def _end(tx: Tx, which: int, entry: Withdraw | Strike) -> bool:
    """Write that a signature ended, and erase what is kept of it."""
    found = standing(tx, which, entry.place)
    if found is None:
        return False
    counted = {"held": -1} if found.held else {"verified": -1} if found.verified else {"unverified": -1}
    petition_logs.append(tx, which, entry, **counted)
    tx.execute(_ERASE, {"which": which, "place": entry.place})
    return True


def unite(tx: Tx, gone: int, kept: int, now: datetime) -> None:
    """Two persons turn out to be one: of two signatures under one petition the later one is struck."""
    first, second = accounts(tx, gone), accounts(tx, kept)
    for one in petitions.with_living_key(tx) if first and second else ():
        struck = rules.to_strike(_signed(tx, one, first), _signed(tx, one, second))
        if struck is not None:
            strike(tx, one.id, struck, Reason.DOUBLE, now)


def _signed(tx: Tx, one: Petition, of: Collection[Account]) -> rules.Signed | None:
    """Where their signature stands, if it was not struck."""
    return next((rules.Signed(place) for place in places(tx, one, of) if standing(tx, one.id, place)), None)


# -- accounts that are no longer one person's ----------------------------------------------------------------------


def part(tx: Tx, who: int, where: int) -> None:
    """An account is unlinked: of it and the others still only one can sign each petition that is open by now.

    They share a number below zero in place of a signature's: of the place -1 - number if one of them has signed, else
    drawn by lot. It keeps from signing alone: nobody withdraws or is given a receipt by it. It says that the accounts
    were one person's, to whoever has the petition's key, and goes with that.
    """
    row = tx.execute(sa.select(address.c.platform, address.c.account).where(address.c.id == where)).one()
    gone, mine = (row.platform, bytes(row.account).hex()), accounts(tx, who)
    others = [one for one in mine if one != gone]
    kept = address.c.account == bytes(row.account)
    again = sa.select(address.c.id).where(address.c.person_id == who, address.c.id != where, kept)
    if not others or tx.execute(again).first() is not None:
        return
    for one in petitions.with_living_key(tx):
        if one.key is None:
            continue
        marks = dict.fromkeys(_marks(one.key, mine))
        places_of = {mark: tx.execute(_MARK, {"which": one.id, "mark": mark}).scalar() for mark in marks}
        known = [place for place in places_of.values() if place is not None]
        shared = next((-1 - place for place in known if place >= 0), min(known, default=-1 - tx.new_id()))
        for mark, place in places_of.items():
            if place is None:
                tx.execute(_ADD_MARK, {"petition_id": one.id, "mark": mark, "place": shared})


def _is_taken(tx: Tx, which: int, place: int) -> bool:
    """Whether one of those who share a signature's place has signed."""
    mine = (petition_nullifier.c.petition_id == which) & (petition_nullifier.c.place == place)
    return tx.execute(sa.select(petition_nullifier.c.mark).where(mine).limit(1)).first() is not None


def _share(tx: Tx, which: int, before: int, after: int, *, without: Collection[bytes] = ()) -> None:
    """Those who share a number share another one from now on, but for some who have a place of their own."""
    mine = (petition_nullifier.c.petition_id == which) & (petition_nullifier.c.place == before)
    if without:
        tx.execute(petition_nullifier.delete().where(mine, petition_nullifier.c.mark.in_(list(without))))
    tx.execute(petition_nullifier.update().where(mine).values(place=after))


def _free(tx: Tx, which: int, place: int) -> None:
    """A signature was taken back: its account can sign again, and so can each of those that shared it, one of them."""
    if _is_taken(tx, which, -1 - place):
        _share(tx, which, place, -1 - place)
        return
    mine = (petition_nullifier.c.petition_id == which) & (petition_nullifier.c.place == place)
    tx.execute(petition_nullifier.delete().where(mine))


# -- holding -----------------------------------------------------------------------------------------------------------


def hold(tx: Tx, which: int, some: Collection[int], now: datetime) -> int:
    """These signatures don't count for now; how many of them did until now."""
    tx.note("hold", which, list(some), now)
    return _turn(tx, which, some, to=now)


def release(tx: Tx, which: int, some: Collection[int]) -> int:
    """These signatures count again; how many of them did not."""
    tx.note("release", which, list(some))
    return _turn(tx, which, some, to=None)


def _turn(tx: Tx, which: int, some: Collection[int], *, to: datetime | None) -> int:
    table = petition_signature
    now_held = table.c.held_at.is_(None) if to is not None else table.c.held_at.is_not(None)
    mine = (table.c.petition_id == which) & table.c.place.in_(list(some)) & now_held
    rows = tx.execute(sa.select(table.c.place, table.c.verified).where(mine)).all()
    if not rows:
        return 0
    tx.execute(table.update().where(mine).values(held_at=to))
    sign = -1 if to is not None else 1
    verified = sum(row.verified for row in rows)
    values = {
        "verified": petition.c.verified + sign * verified,
        "unverified": petition.c.unverified + sign * (len(rows) - verified),
        "held": petition.c.held - sign * len(rows),
    }
    tx.execute(petition.update().where(petition.c.id == which).values(**values))
    return len(rows)


def held(tx: Tx, which: int, most: int = MOST_HELD) -> list[int]:
    """Where signatures stand that are held, those first that are held the longest."""
    table = petition_signature
    mine = sa.select(table.c.place).where(table.c.petition_id == which, table.c.held_at.is_not(None))
    return list(tx.execute(mine.order_by(table.c.held_at, table.c.place).limit(most)).scalars())


# -- counting ----------------------------------------------------------------------------------------------------------


_AT = Prepared(  # the first one from a place on
    sa.select(petition_signature.c.place, petition_signature.c.version)
    .where(petition_signature.c.petition_id == sa.bindparam("which"), petition_signature.c.place >= sa.bindparam("at"))
    .order_by(petition_signature.c.place)
    .limit(ONE)
)
_BETWEEN = (
    (petition_signature.c.petition_id == sa.bindparam("which"))
    & (petition_signature.c.place >= sa.bindparam("begin"))
    & (petition_signature.c.place < sa.bindparam("end"))
)
_MANY = Prepared(sa.select(sa.func.count()).select_from(petition_signature).where(_BETWEEN))
_MANY_HELD = Prepared(
    sa.select(sa.func.count())
    .select_from(petition_signature)
    .where(_BETWEEN, petition_signature.c.held_at.is_not(None))
)


def of_older(tx: Tx, one: Petition, newest: int) -> dict[int, int]:
    """How many signatures count for each version of the letter before the newest, by their number.

    Whoever signs signs the version that is open, so those of one version stand together in the log.
    """
    found: dict[int, int] = {}
    begin = 0
    for version in range(1, newest):
        end = _first_of(tx, one, version + 1)
        at = {"which": one.id, "begin": begin, "end": end}
        found[version] = int(tx.execute(_MANY, at).scalar_one() - tx.execute(_MANY_HELD, at).scalar_one())
        begin = end
    return found


def _first_of(tx: Tx, one: Petition, version: int) -> int:
    """From which place on there are only signatures of this version and later ones: found by halving."""
    low, high = 0, one.size
    while low < high:
        middle = (low + high) // 2
        row = tx.execute(_AT, {"which": one.id, "at": middle}).first()
        if row is None or row.version >= version:
            high = middle
        else:
            low = row.place + 1
    return low


def counts(tx: Tx, which: int) -> dict[int, Counts]:
    """How many signatures each version of the letter has. It goes through all of them: the sum is in the petition."""
    table = petition_signature
    is_held = sa.case((table.c.held_at.is_(None), 0), else_=1)
    query = sa.select(table.c.version, table.c.verified, is_held, sa.func.count()).where(table.c.petition_id == which)
    found: dict[int, Counts] = {}
    for version, verified, is_one_held, many in tx.execute(query.group_by(table.c.version, table.c.verified, is_held)):
        before = found.get(version, Counts())
        found[version] = Counts(
            before.verified + many * (verified and not is_one_held),
            before.unverified + many * (not verified and not is_one_held),
            before.held + many * is_one_held,
        )
    return found


_RECORDS = Prepared(
    sa.select(petition_signature.c.place, petition_signature.c.version, petition_signature.c.record)
    .where(
        petition_signature.c.petition_id == sa.bindparam("which"), petition_signature.c.place > sa.bindparam("after")
    )
    .order_by(petition_signature.c.place)
    .limit(MOST)
)


def records(tx: Tx, which: int, *, at_once: int = 1_000) -> Iterator[tuple[int, bytes]]:
    """The sealed signatures by their place in the log, for the organisers' export; only some are held at once."""
    after = -1
    while True:
        rows = tx.execute(_RECORDS, {"which": which, "after": after, "most": at_once}).all()
        for row in rows:
            if row.record is not None:
                yield row.place, bytes(row.record)
        if len(rows) < at_once:
            return
        after = rows[-1].place


def public_names(tx: Tx, which: int, before: date, after: int, most: int) -> list[tuple[int, str]]:
    """Names that their signers want to be read by everybody, each with its place, those behind `after`.

    Only of the days before `before`: of a name that appears at once everybody could say when it was given.
    """
    table = petition_signature
    shown = (table.c.petition_id == which) & (table.c.place > after) & table.c.public_name.is_not(None)
    given = table.c.day < (before - EPOCH.date()).days
    query = sa.select(table.c.place, table.c.public_name).where(shown, given, table.c.held_at.is_(None))
    return [(row.place, row.public_name) for row in tx.execute(query.order_by(table.c.place).limit(at_most(most)))]


def countries(tx: Tx, which: int) -> dict[str, int]:
    """How many signatures come from where, as far as it was said: for classes of at least ten people."""
    table = petition_signature
    said = sa.select(table.c.country).where(table.c.petition_id == which, table.c.country.is_not(None))
    found: dict[str, int] = {}
    for (country,) in tx.execute(said.where(table.c.held_at.is_(None))):
        found[country] = found.get(country, 0) + 1
    return found


def by_day(tx: Tx, which: int) -> list[tuple[date, int]]:
    """How many signatures that count were given on each day."""
    table = petition_signature
    query = sa.select(table.c.day, sa.func.count()).where(table.c.petition_id == which, table.c.held_at.is_(None))
    rows = tx.execute(query.group_by(table.c.day).order_by(table.c.day))
    return [((EPOCH + day * rules.DAY).date(), many) for day, many in rows]


@dataclass(frozen=True, slots=True)
class Wave:
    """Signatures that came together: how many count, how many are held, on which days. `code` finds it again."""

    code: str
    first: date
    last: date
    counting: int
    held: int


def waves(tx: Tx, which: int, least: int, most: int = 20) -> list[Wave]:
    """What came together in at least so many, the greatest first. Whose they are nobody can say."""
    table = petition_signature
    is_held = sa.case((table.c.held_at.is_(None), 0), else_=1)
    many = sa.func.count()
    query = (
        sa.select(table.c.wave, sa.func.min(table.c.day), sa.func.max(table.c.day), many, sa.func.sum(is_held))
        .where(table.c.petition_id == which, table.c.wave.is_not(None))
        .group_by(table.c.wave)
        .having(many >= least)
        .order_by(many.desc(), table.c.wave)
        .limit(most)
    )
    return [
        Wave(
            bytes(code)[:SHORT].hex(),
            (EPOCH + one * rules.DAY).date(),
            (EPOCH + two * rules.DAY).date(),
            n - held,
            held,
        )
        for code, one, two, n, held in tx.execute(query)
    ]


def of_wave(tx: Tx, which: int, code: str, *, held: bool, most: int = MOST_HELD) -> list[int]:
    """Where those signatures of a wave stand that are held, or those that are not."""
    table = petition_signature
    try:
        first = bytes.fromhex(code).ljust(WAVE, b"\0")
    except ValueError:
        return []
    last = first[: len(code) // 2].ljust(WAVE, b"\xff")
    mine = (table.c.petition_id == which) & table.c.wave.between(first, last)
    so = table.c.held_at.is_not(None) if held else table.c.held_at.is_(None)
    return list(tx.execute(sa.select(table.c.place).where(mine, so).order_by(table.c.place).limit(most)).scalars())


def forget_waves(tx: Tx, which: int, before: datetime, smallest: int) -> None:
    """Of what came together in fewer than so many, long ago, nobody can say any more that it did."""
    table = petition_signature
    small = (
        sa.select(table.c.wave)
        .where(table.c.petition_id == which, table.c.wave.is_not(None))
        .group_by(table.c.wave)
        .having((sa.func.count() < smallest) & (sa.func.max(table.c.day) < (before - EPOCH).days))
    )
    waves_of_old = [bytes(code) for code in tx.execute(small).scalars()]
    for code in waves_of_old:
        mine = (table.c.petition_id == which) & (table.c.wave == code)
        tx.execute(table.update().where(mine).values(wave=None))


def opened_entry(tx: Tx, which: int, place: int) -> Sign | None:
    """The entry of a signature."""
    entry = petition_logs.entry_at(tx, which, place)
    return entry if isinstance(entry, petition_log.Sign) else None
