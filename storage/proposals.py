"""What one holder of a right has proposed, and another one must agree to before it happens."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from bot import i18n
from bot.domain.conversation import Line
from bot.domain.roles import PROPOSAL_LIFE, Role
from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import proposal, proposal_barred, role

AGREED: Final = "agreed"  # under duress: it stays off the list of whoever has agreed


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that needs a second person. `kind` names the feature that does it, `body` is that feature's own.

    `title` is what it is called in the list of what waits.
    """

    id: int
    kind: str
    role: Role
    proposer: int
    title: Line
    made_at: datetime
    expires_at: datetime
    body: dict[str, Any] = field(default_factory=dict)


def put(  # noqa: PLR0913, PLR0917 - a proposal has this many parts
    tx: Tx,
    kind: str,
    what: Role,
    proposer: int,
    title: Line,
    now: datetime,
    *,
    body: dict[str, Any],
    barred: Iterable[int] = (),
) -> Proposal:
    """Store a proposal. `barred` are people who must not be the second one."""
    one = Proposal(tx.new_id(), kind, what, proposer, title, now, now + PROPOSAL_LIFE, body)
    packed = json.dumps({"kind": kind, "title": i18n.to_json(title), "body": body}, ensure_ascii=False)
    row = {"id": one.id, "kind": kind, "role": what.value, "proposer_id": proposer, "body": packed}
    tx.execute(proposal.insert(), {**row, "made_at": now, "expires_at": one.expires_at})
    rows = [{"proposal_id": one.id, "person_id": who} for who in sorted(set(barred))]
    if rows:
        tx.execute(proposal_barred.insert(), rows)
    return one


def _proposal(row: Any, what: Role) -> Proposal:
    packed = json.loads(row.body)
    title = i18n.from_json(packed["title"])
    assert isinstance(title, Line)  # noqa: S101 - put() stored one
    return Proposal(row.id, packed["kind"], what, row.proposer_id, title, row.made_at, row.expires_at, packed["body"])


def _stands(what: Role, now: datetime) -> sa.ColumnElement[bool]:
    """It still has time, and whoever proposed it still holds the right."""
    holds = sa.exists().where(
        role.c.person_id == proposal.c.proposer_id, role.c.role == what.value, role.c.expires_at > now
    )
    return (proposal.c.role == what.value) & (proposal.c.expires_at > now) & holds


def _is_barred(who: int) -> sa.ColumnElement[bool]:
    return sa.exists().where(proposal_barred.c.proposal_id == proposal.c.id, proposal_barred.c.person_id == who)


def waiting(tx: Tx, what: Role, who: int, now: datetime) -> list[Proposal]:
    """What waits for a second one with this right, as far as `who` may know of it: the oldest first."""
    query = sa.select(proposal).where(_stands(what, now), ~_is_barred(who)).order_by(proposal.c.made_at, proposal.c.id)
    return [_proposal(row, what) for row in tx.execute(query)]


def of_kind(tx: Tx, kind: str, what: Role, now: datetime) -> list[Proposal]:
    """Every proposal of a kind that waits."""
    query = sa.select(proposal).where(_stands(what, now), proposal.c.kind == kind).order_by(proposal.c.made_at)
    return [_proposal(row, what) for row in tx.execute(query)]


def find(tx: Tx, which: int, kind: str, what: Role, who: int, now: datetime) -> Proposal | None:  # noqa: PLR0913, PLR0917
    """One that waits, if it is of this kind and `who` may know of it."""
    mine = (proposal.c.id == which) & (proposal.c.kind == kind) & ~_is_barred(who)
    row = tx.execute(sa.select(proposal).where(mine, _stands(what, now))).first()
    return None if row is None else _proposal(row, what)


def second(tx: Tx, one: Proposal, who: int, now: datetime) -> bool:
    """Another person agrees: the proposal is taken off the list, and whoever asked may do it now.

    False if they are the proposer or barred, or if somebody was quicker: of two seconds only one is told yes.
    """
    other = (proposal.c.proposer_id != who) & ~_is_barred(who)
    taken = proposal.delete().where(proposal.c.id == one.id, other, _stands(one.role, now))
    if tx.execute(taken).rowcount != 1:
        return False
    tx.note(AGREED, one.id)
    return True


def drop(tx: Tx, which: int) -> None:
    """Take one off the list, as whoever agreed to it does."""
    tx.execute(proposal.delete().where(proposal.c.id == which))


def withdraw(tx: Tx, one: Proposal, who: int) -> bool:
    """Whoever proposed it takes it back; False if it was not theirs, or is done or gone."""
    mine = (proposal.c.id == one.id) & (proposal.c.proposer_id == who)
    return tx.execute(proposal.delete().where(mine)).rowcount == 1


def drop_of(tx: Tx, who: int, what: Role) -> None:
    """Somebody has lost a right: what they proposed by it is gone."""
    tx.execute(proposal.delete().where(proposal.c.proposer_id == who, proposal.c.role == what.value))


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one: what one of them must not second, the other must not either."""
    tx.execute(proposal.update().where(proposal.c.proposer_id == gone).values(proposer_id=kept))
    barred = sa.select(proposal_barred.c.proposal_id).where(proposal_barred.c.person_id == kept)
    tx.execute(
        proposal_barred.delete().where(proposal_barred.c.person_id == gone, proposal_barred.c.proposal_id.in_(barred))
    )
    tx.execute(proposal_barred.update().where(proposal_barred.c.person_id == gone).values(person_id=kept))


_EXPIRE = Prepared(proposal.delete().where(proposal.c.expires_at <= sa.bindparam("now")))


def expire(tx: Tx, now: datetime) -> None:
    """Drop what nobody has agreed to in time."""
    tx.execute(_EXPIRE, {"now": now})
