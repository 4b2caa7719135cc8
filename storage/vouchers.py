"""Who invited somebody into a circle or gave them a right: between the two there is too little distance to publish."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import vouched

_BY = Prepared(
    sa.select(sa.func.min(vouched.c.voucher_id).label("by")).where(vouched.c.person_id == sa.bindparam("who"))
)


def note(tx: Tx, who: int, by: Iterable[int]) -> None:
    """Somebody was let in, or given a right, by these."""
    rows = [{"person_id": who, "voucher_id": one} for one in sorted(set(by) - {who})]
    if rows:
        tx.execute(tx.insert(vouched).on_conflict_do_nothing(), rows)


def branch(tx: Tx, who: int, most: int = 12) -> int | None:
    """The first of those who let each other in, up to this person; None if nobody let them in."""
    seen = {who}
    at = who
    for _step in range(most):
        by = tx.execute(_BY, {"who": at}).scalar()
        if by is None or by in seen:
            break
        seen.add(by)
        at = by
    return None if at == who else at


def near(tx: Tx, who: int) -> set[int]:
    """Everybody who vouched for this person, and for whom this person did."""
    by = sa.select(vouched.c.voucher_id).where(vouched.c.person_id == who)
    of = sa.select(vouched.c.person_id).where(vouched.c.voucher_id == who)
    return {*tx.execute(by).scalars(), *tx.execute(of).scalars()}


def unite(tx: Tx, gone: int, kept: int) -> None:
    """Two persons turn out to be one: near to one of them is near to both."""
    pairs = tx.execute(sa.select(vouched).where((vouched.c.person_id == gone) | (vouched.c.voucher_id == gone))).all()
    tx.execute(vouched.delete().where((vouched.c.person_id == gone) | (vouched.c.voucher_id == gone)))
    for pair in pairs:
        who, by = (kept if one == gone else one for one in pair)
        note(tx, who, [by])
