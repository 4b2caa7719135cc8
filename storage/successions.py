"""Which account of ours took the place of which. `people.meet` recognises people at the new one."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from storage import merging, outbox
from storage.database import Tx
from storage.schema import address, succession


def accounts(tx: Tx, platform: str) -> dict[str, int]:
    """The accounts of ours at which people are reached on a platform, with how many there are."""
    query = sa.select(address.c.bot, sa.func.count()).where(
        address.c.platform == platform, address.c.person_id.is_not(None)
    )
    return {row[0]: row[1] for row in tx.execute(query.group_by(address.c.bot).order_by(address.c.bot))}


def record(tx: Tx, platform: str, old: str, new: str, now: datetime) -> int:
    """From now on `new` stands where `old` stood: whoever writes to it is recognised. How many people can be.

    Nothing arrives at the old account any more, so its addresses are unreachable: letters go to people's other
    addresses, or wait until they press Start at the new one.
    """
    chain = (succession.c.platform == platform) & (succession.c.successor == old)
    tx.execute(succession.update().where(chain).values(successor=new))
    tx.execute(succession.delete().where(succession.c.platform == platform, succession.c.bot.in_([old, new])))
    tx.execute(succession.insert(), {"platform": platform, "bot": old, "successor": new, "at": now})
    olds = (address.c.platform == platform) & (address.c.bot == old)
    rows = tx.execute(sa.select(address.c.id, address.c.account, address.c.person_id).where(olds)).all()
    for row in rows:
        _met_already(tx, platform, new, row.id, row.account, row.person_id, now)
    tx.execute(address.update().where(olds, address.c.unreachable_at.is_(None)).values(unreachable_at=now))
    for row in rows:
        outbox.leave(tx, row.id, now, keep=True)
    count: int = tx.execute(sa.select(sa.func.count()).where(olds, address.c.person_id.is_not(None))).scalar_one()
    return count


def _met_already(  # noqa: PLR0913, PLR0917 - one row
    tx: Tx, platform: str, new: str, old: int, account: bytes, who: int | None, now: datetime
) -> None:
    """Somebody wrote to the new account before this was recorded, as a stranger: they are one person again."""
    here = (address.c.platform == platform) & (address.c.bot == new) & (address.c.account == account)
    met = tx.execute(sa.select(address.c.id, address.c.person_id).where(here)).first()
    if met is None:
        return
    if who is not None and met.person_id is not None and met.person_id != who:
        merging.merge(tx, met.person_id, who, now)
    tx.execute(address.update().where(address.c.id == met.id).values(person_id=who))
    outbox.move(tx, old, met.id, outbox.route_of(platform, new))
    tx.execute(address.delete().where(address.c.id == old))
