"""Who invited somebody into a circle or gave them a right: between the two there is too little distance to publish."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from storage.database import Tx
from storage.schema import vouched


def note(tx: Tx, who: int, by: Iterable[int]) -> None:
    """Somebody was let in, or given a right, by these."""
    rows = [{"person_id": who, "voucher_id": one} for one in sorted(set(by) - {who})]
    if rows:
        tx.execute(tx.insert(vouched).on_conflict_do_nothing(), rows)


def near(tx: Tx, who: int) -> set[int]:
    """Everybody who vouched for this person, and for whom this person did."""
    by = sa.select(vouched.c.voucher_id).where(vouched.c.person_id == who)
    of = sa.select(vouched.c.person_id).where(vouched.c.voucher_id == who)
    return {*tx.execute(by).scalars(), *tx.execute(of).scalars()}


def first_of(tx: Tx, who: int) -> int | None:
    """One who vouched for this person, always the same: the branch of invitations by which they came."""
    query = sa.select(sa.func.min(vouched.c.voucher_id)).where(vouched.c.person_id == who)
    found: int | None = tx.execute(query).scalar()
    return found


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one: near to one of them is near to both."""
    pairs = tx.execute(sa.select(vouched).where((vouched.c.person_id == gone) | (vouched.c.voucher_id == gone))).all()
    tx.execute(vouched.delete().where((vouched.c.person_id == gone) | (vouched.c.voucher_id == gone)))
    for pair in pairs:
        who, by = (kept if one == gone else one for one in pair)
        note(tx, who, [by])
