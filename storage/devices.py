"""How a bot account proves itself to its platform: sealed, and in each backup, so that it stays the same account."""

from __future__ import annotations

import sqlalchemy as sa

from storage.database import Tx
from storage.schema import device


def find(tx: Tx, platform: str, bot: str) -> tuple[str, str, bytes] | None:
    """The device of a bot account: its name, its token, its seeds."""
    mine = (device.c.platform == platform) & (device.c.bot == bot)
    row = tx.execute(sa.select(device.c.name, device.c.token, device.c.seeds).where(mine)).first()
    return None if row is None else (row.name, row.token, row.seeds)


def keep(tx: Tx, platform: str, bot: str, proof: tuple[str, str, bytes]) -> None:
    """Store (or replace) the device of a bot account: its name, its token, its seeds."""
    values = dict(zip(("name", "token", "seeds"), proof, strict=True))
    insert = tx.insert(device).values(platform=platform, bot=bot, **values)
    tx.execute(insert.on_conflict_do_update(index_elements=["platform", "bot"], set_=values))
