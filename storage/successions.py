"""Which account of ours took the place of which, and how people are recognised at the new one."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.domain.conversation import Sender
from storage import merging, outbox
from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import address, letter, message, succession


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
    _move_letters(tx, old, met.id, outbox.route_of(platform, new))
    tx.execute(address.delete().where(address.c.id == old))


_BEFORE = Prepared(
    sa.select(address.c.id)
    .where(
        address.c.platform == sa.bindparam("platform"),
        address.c.bot.in_(
            sa.select(succession.c.bot).where(
                succession.c.platform == sa.bindparam("platform"), succession.c.successor == sa.bindparam("bot")
            )
        ),
        address.c.account == sa.bindparam("account"),
        address.c.person_id.is_not(None),
    )
    .order_by(address.c.id)
)


def recognise(tx: Tx, sender: Sender, key: dict[str, str]) -> int | None:
    """The address of somebody who writes to a successor for the first time, moved to it; None for a stranger."""
    whom = {"platform": sender.platform, "bot": sender.bot, "account": key["account"]}
    where: int | None = tx.execute(_BEFORE, whom).scalar()
    if where is None:
        return None
    tx.execute(address.update().where(address.c.id == where).values(bot=sender.bot, reach=sender.account))
    tx.execute(message.delete().where(message.c.address_id == where))  # they stand in another chat
    _move_letters(tx, where, where, outbox.route_of(sender.platform, sender.bot))
    return where


def _move_letters(tx: Tx, old: int, new: int, route: str) -> None:
    tx.execute(letter.update().where(letter.c.address_id == old).values(address_id=new, route=route))
    waiting = (letter.c.address_id == new) & (letter.c.state == outbox.State.WAITING.value)
    for row in tx.execute(sa.select(letter.c.id, letter.c.body).where(waiting)).all():
        values = {"body": outbox.without_edits(row.body)}
        tx.execute(letter.update().where(letter.c.id == row.id).values(**values))
        tx.posted = True
