"""Rumours: one ticket for each question, found again by its tokens; who asked it is known only to be written to."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.people import Person
from bot.domain.rumour import CORE, KEPT, PROMISED, Claim, Kind, Tokens, Verdict, is_alike, is_same
from storage.database import Tx
from storage.prepared import MOST, Prepared, at_most
from storage.schema import person, rumour, rumour_asker, rumour_token

WORDS_KEPT = 3  # of so many askers the moderators read the words
LOOKED_AT = 30  # rumours with tokens in common that are compared
MOST_TOKENS = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict as everybody reads it: the moderators' own wording of the claim and their sentence, by language."""

    verdict: Verdict
    wording: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    sources: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it is stored, and as it waits for a second person."""
        return {"verdict": self.verdict.value, "wording": self.wording, "said": self.said, "sources": self.sources}


def from_json(packed: dict[str, Any]) -> Answer:
    """What `Answer.to_json` has packed."""
    return Answer(Verdict(packed["verdict"]), packed["wording"], packed["said"], packed["sources"])


@dataclass(frozen=True, slots=True)
class Rumour:
    """One ticket. `form` is what moderators are writing."""

    id: int
    topic: str
    danger: int
    asked_at: datetime
    due_at: datetime | None
    extended: bool
    form: dict[str, Any]
    answer: Answer | None
    decided_at: datetime | None
    version: int

    @property
    def open(self) -> bool:
        """Whether it waits for a verdict."""
        return self.answer is None


def _rumour(row: Any) -> Rumour:
    return Rumour(
        row.id,
        row.topic,
        row.danger,
        row.asked_at,
        row.due_at,
        bool(row.extended),
        json.loads(row.form) if row.form else {},
        from_json(json.loads(row.verdict)) if row.verdict else None,
        row.decided_at,
        row.version,
    )


def find(tx: Tx, which: int) -> Rumour | None:
    """A rumour, as long as it is kept."""
    row = tx.execute(sa.select(rumour).where(rumour.c.id == which)).first()
    return None if row is None else _rumour(row)


# -- the same question ---------------------------------------------------------------------------------------------


def _hashed(tx: Tx, tokens: Tokens) -> Tokens:
    """Tokens as they are stored: what they are can't be read, only whether two are the same."""
    keys = tx.connection.dialect.payvand_keys  # type: ignore[attr-defined]
    ordered = sorted(tokens, key=lambda one: (one[0] is Kind.WORD, one[0], str(one[1])))[:MOST_TOKENS]
    return frozenset((kind, keys.blind("rumour_token.token", f"{kind.value}:{value}")) for kind, value in ordered)


def _tokens(tx: Tx, which: Collection[int]) -> dict[int, Tokens]:
    found: dict[int, set[tuple[Kind, bytes]]] = {one: set() for one in which}
    for row in tx.execute(sa.select(rumour_token).where(rumour_token.c.rumour_id.in_(list(which)))):
        found[row.rumour_id].add((Kind(row.kind), row.token))
    return {one: frozenset(tokens) for one, tokens in found.items()}


def _near(tx: Tx, tokens: Tokens, but: Collection[int] = ()) -> dict[int, Tokens]:
    """The rumours that have most tokens in common with these: found by the tokens, whatever else there is."""
    core = [value for kind, value in tokens if kind in CORE] or [
        value for kind, value in tokens if kind in {Kind.WORD, Kind.PEOPLE, Kind.NEGATION, Kind.TURN}
    ]
    if not core:
        return {}
    shared = sa.func.count().label("shared")
    query = (
        sa.select(rumour_token.c.rumour_id)
        .where(rumour_token.c.token.in_(core))
        .group_by(rumour_token.c.rumour_id)
        .order_by(shared.desc(), rumour_token.c.rumour_id.desc())
        .limit(LOOKED_AT)
    )
    return _tokens(tx, [one for one in tx.execute(query).scalars() if one not in but])


def same_as(tx: Tx, claim: Claim, *, after: datetime, but: Collection[int] = ()) -> Rumour | None:
    """The rumour that asks the same: one that waits, or whose verdict is newer than `after`. The newest of several."""
    mine = _hashed(tx, claim.tokens)
    found = [find(tx, which) for which, tokens in _near(tx, mine, but).items() if is_same(mine, tokens)]
    fresh = [one for one in found if one is not None and (one.decided_at is None or one.decided_at > after)]
    return max(fresh, key=lambda one: (one.asked_at, one.id), default=None)


def alike(tx: Tx, which: int, most: int) -> list[Rumour]:
    """Other rumours that perhaps ask the same, to be shown to a moderator."""
    mine = _tokens(tx, [which])[which]
    near = _near(tx, mine, {which})
    found = [find(tx, one) for one, tokens in near.items() if is_alike(mine, tokens)]
    return [one for one in found if one is not None][:most]


# -- asking --------------------------------------------------------------------------------------------------------


def begin(tx: Tx, claim: Claim, now: datetime) -> Rumour:
    """A question that nobody has asked yet."""
    new = tx.new_id()
    row = {"id": new, "topic": claim.topic, "danger": claim.danger, "asked_at": now, "due_at": now + PROMISED}
    tx.execute(rumour.insert(), row)
    tokens = [{"rumour_id": new, "kind": int(kind), "token": value} for kind, value in _hashed(tx, claim.tokens)]
    if tokens:
        tx.execute(rumour_token.insert(), tokens)
    found = find(tx, new)
    assert found is not None  # noqa: S101 - it was stored a moment ago
    return found


def join(tx: Tx, one: Rumour, who: int, words: str, now: datetime) -> None:
    """Somebody asks it: they will be told. Their words are kept only if they are among the first."""
    mine = (rumour_asker.c.rumour_id == one.id) & (rumour_asker.c.person_id == who)
    if tx.execute(sa.select(rumour_asker.c.rumour_id).where(mine)).first() is not None:
        return
    kept = words if one.open and len(words_of(tx, one.id)) < WORDS_KEPT else None
    row = {"rumour_id": one.id, "person_id": who, "asked_at": now, "words": kept, "told": one.version}
    tx.execute(rumour_asker.insert(), row)


def answered(tx: Tx, one: Rumour, who: int, *, missing: bool) -> None:
    """Somebody was told the verdict."""
    mine = (rumour_asker.c.rumour_id == one.id) & (rumour_asker.c.person_id == who)
    values = {"told": one.version, "answered": 1, "missing": int(missing)}
    tx.execute(rumour_asker.update().where(mine).values(**values))


def asked_by(tx: Tx, who: int) -> list[tuple[Rumour, str | None]]:
    """What somebody has asked, with their words as far as they are kept."""
    query = sa.select(rumour_asker.c.rumour_id, rumour_asker.c.words).where(rumour_asker.c.person_id == who)
    rows = tx.execute(query.order_by(rumour_asker.c.asked_at)).all()
    found = [(find(tx, row.rumour_id), row.words) for row in rows]
    return [(one, words) for one, words in found if one is not None]


# -- what moderators and everybody see -----------------------------------------------------------------------------


def waiting(tx: Tx, most: int = 30) -> list[Rumour]:
    """The rumours without a verdict: danger first, then the oldest."""
    query = sa.select(rumour).where(rumour.c.due_at > _LONG_AGO)
    return [_rumour(row) for row in tx.execute(query.order_by(rumour.c.danger.desc(), rumour.c.asked_at).limit(most))]


def decided(tx: Tx, now: datetime, most: int = 10) -> list[Rumour]:
    """The newest verdicts, the newest first."""
    query = sa.select(rumour).where(rumour.c.decided_at > now - KEPT).order_by(rumour.c.decided_at.desc()).limit(most)
    return [_rumour(row) for row in tx.execute(query)]


def words_of(tx: Tx, which: int) -> list[str]:
    """The words of the first who asked, without who they are; none once there is a verdict."""
    query = sa.select(rumour_asker.c.words).where(rumour_asker.c.rumour_id == which, rumour_asker.c.words.is_not(None))
    return list(tx.execute(query.order_by(rumour_asker.c.asked_at, rumour_asker.c.person_id)).scalars())


def how_many(tx: Tx, which: int) -> int:
    """How many ask it. Only to be shown rounded."""
    query = sa.select(sa.func.count()).where(rumour_asker.c.rumour_id == which)
    return int(tx.execute(query).scalar_one())


# -- deciding ------------------------------------------------------------------------------------------------------


def write(tx: Tx, which: int, form: dict[str, Any]) -> None:
    """Keep what moderators are writing."""
    packed = json.dumps(form, ensure_ascii=False) if form else None
    tx.execute(rumour.update().where(rumour.c.id == which).values(form=packed))


def decide(tx: Tx, one: Rumour, answer: Answer, now: datetime) -> None:
    """Publish a verdict, or a correction of one: everybody who asked is to be told. The askers' words are erased.

    If only a language came, only those are told who waited for it.
    """
    old = one.answer
    only_more = old is not None and _is_translated(old, answer)
    packed = json.dumps(answer.to_json(), ensure_ascii=False)
    values: dict[str, Any] = {"verdict": packed, "due_at": None, "form": None, "telling": 1}
    if only_more:
        mine = (rumour_asker.c.rumour_id == one.id) & (rumour_asker.c.missing == 1)
        again = {"told": one.version - 1, "answered": 0, "missing": 0}
        tx.execute(rumour_asker.update().where(mine).values(**again))
    else:
        values |= {"decided_at": now, "version": one.version + 1}
    tx.execute(rumour.update().where(rumour.c.id == one.id).values(**values))
    tx.execute(rumour_asker.update().where(rumour_asker.c.rumour_id == one.id).values(words=None))


def _is_translated(old: Answer, new: Answer) -> bool:
    """Whether the newer one says what the older did, in more languages."""
    if (old.verdict, old.sources) != (new.verdict, new.sources) or old == new or not old.said:
        return False
    return all(mine.items() <= theirs.items() for mine, theirs in ((old.wording, new.wording), (old.said, new.said)))


def unite_tickets(tx: Tx, gone: int, kept: int) -> bool:
    """A moderator has said that two ask the same: who asked the one asks the other. False if either is gone."""
    one, other = find(tx, gone), find(tx, kept)
    if one is None or other is None or one.id == other.id or not one.open:
        return False
    there = sa.select(rumour_asker.c.person_id).where(rumour_asker.c.rumour_id == kept)
    theirs = rumour_asker.c.rumour_id == gone
    tx.execute(rumour_asker.delete().where(theirs, rumour_asker.c.person_id.in_(there)))
    told = other.version - 1 if not other.open else other.version
    moved: dict[str, Any] = {"rumour_id": kept, "told": told}
    if not other.open:
        moved["words"] = None
    tx.execute(rumour_asker.update().where(theirs).values(**moved))
    values: dict[str, Any] = {"danger": max(one.danger, other.danger), "asked_at": min(one.asked_at, other.asked_at)}
    if other.open:
        values["due_at"] = min(at for at in (one.due_at, other.due_at) if at is not None)
    else:
        values = {"telling": 1}
    tx.execute(rumour.update().where(rumour.c.id == kept).values(**values))
    tx.execute(rumour.delete().where(rumour.c.id == gone))
    return True


# -- as time passes ------------------------------------------------------------------------------------------------


_OVERDUE = Prepared(
    sa.select(rumour).where(rumour.c.due_at <= sa.bindparam("now")).order_by(rumour.c.due_at).limit(at_most(50))
)


def overdue(tx: Tx, now: datetime) -> list[Rumour]:
    """The rumours whose askers were promised a word by now."""
    return [_rumour(row) for row in tx.execute(_OVERDUE, {"now": now})]


def extend(tx: Tx, one: Rumour, now: datetime) -> None:
    """Take the same time once more: the askers are to be told so."""
    values = {"extended": 1, "due_at": now + PROMISED, "version": one.version + 1, "telling": 1}
    tx.execute(rumour.update().where(rumour.c.id == one.id).values(**values))


_TELLING = Prepared(sa.select(rumour).where(rumour.c.telling == 1).order_by(rumour.c.id))


def telling(tx: Tx) -> list[Rumour]:
    """The rumours of which some askers were not told the last word yet."""
    return [_rumour(row) for row in tx.execute(_TELLING)]


_TO_TELL = Prepared(
    sa.select(
        rumour_asker.c.person_id,
        rumour_asker.c.answered,
        rumour_asker.c.asked_at,
        person.c.language,
        person.c.name,
        person.c.zone,
        person.c.quiet_from,
        person.c.quiet_until,
    )
    .join(person, rumour_asker.c.person_id == person.c.id)
    .where(rumour_asker.c.rumour_id == sa.bindparam("which"), rumour_asker.c.told < sa.bindparam("version"))
    .order_by(rumour_asker.c.told, rumour_asker.c.person_id)
    .limit(MOST)
)


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who is to be told, and whether they were told another verdict before."""

    person: Person
    answered: bool
    asked_at: datetime


def to_tell(tx: Tx, one: Rumour, most: int) -> list[Asker]:
    """Who is to be told the last word next."""
    rows = tx.execute(_TO_TELL, {"which": one.id, "version": one.version, "most": most})
    return [
        Asker(
            Person(row.person_id, row.language or "", row.name or "", row.zone or "", row.quiet_from, row.quiet_until),
            bool(row.answered),
            row.asked_at,
        )
        for row in rows
    ]


def note_told(tx: Tx, one: Rumour, people: Iterable[int]) -> None:
    """These people are told that there is no verdict yet."""
    mine = (rumour_asker.c.rumour_id == one.id) & rumour_asker.c.person_id.in_(list(people))
    tx.execute(rumour_asker.update().where(mine).values(told=one.version))


def all_told(tx: Tx, which: int) -> None:
    """Everybody was told the last word."""
    tx.execute(rumour.update().where(rumour.c.id == which).values(telling=0))


_LONG_AGO = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


_EXPIRE = Prepared(rumour.delete().where(rumour.c.decided_at < sa.bindparam("before")))
_EXPIRE_UNASKED = Prepared(
    rumour.delete().where(
        rumour.c.due_at > _LONG_AGO,
        ~sa.exists().where(rumour_asker.c.rumour_id == rumour.c.id),
    )
)


def expire(tx: Tx, now: datetime) -> None:
    """Erase verdicts of long ago, and questions that nobody asks any more."""
    tx.execute(_EXPIRE, {"before": now - KEPT})
    tx.execute(_EXPIRE_UNASKED)


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one: they are told once."""
    both = rumour_asker.c.person_id.in_([gone, kept])
    found: dict[int, dict[str, Any]] = {}
    for row in tx.execute(sa.select(rumour_asker).where(both)).all():
        one, before = {**row._asdict(), "person_id": kept}, found.get(row.rumour_id)
        if before is not None:
            one = max(before, one, key=lambda each: (each["told"], each["answered"], each["words"] is not None))
        found[row.rumour_id] = one
    tx.execute(rumour_asker.delete().where(both))
    if found:
        tx.execute(rumour_asker.insert(), list(found.values()))
