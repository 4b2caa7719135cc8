"""The whole way of a case over the matching desk, through people's messengers, whichever they are.

A sister looks for "Djamched Iorov" and answers wrongly what only kin know. Two who can be found bear the name: her
brother, and a namesake. Two moderators, who see neither her nor either of them, part the namesake from him, and both
say that he may be the one. Only then is whoever holds him asked; only after their yes does she learn anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from bot.domain.knock import Case
from bot.domain.roles import Role
from storage import inbox, roles, schema
from storage.database import Storage, Tx
from tests.search.walk import FIXED, WORDS, Hand, hasten, holds, looks

PATIENCE = 300  # tenths of a second
NAMES = ("Zebo", "Karim", "Olim", "Anna", "Bahrom")


async def desk_walk(  # noqa: PLR0913, PLR0917 - the people of the story
    zebo: Hand,
    karim: Hand,
    olim: Hand,
    anna: Hand,
    bahrom: Hand,
    storage: Storage,
    now: datetime,
    later: Callable[[], Awaitable[None]],
) -> None:
    """Walk the whole way."""
    for hand, name in zip((anna, bahrom), NAMES[3:], strict=True):
        await hand.settles_in(name, "en")
        await hand.reads(name)
    await storage.write(partial(_give_rights, now=now))
    for hand, name in zip((zebo, karim, olim), NAMES[:3], strict=True):
        await hand.settles_in(name, "en")
        await hand.reads(name)
    await holds(karim, "Moscow", "Ҷамшед", "Ҷамшед Ёров", "1984", "Хоруғ", "Ойша")
    await holds(olim, "Kulob", "Ҷамшед", "Ҷамшед Ёров", "1961", "Кӯлоб", "Зулайхо")
    await looks(zebo, "Djamched Iorov", "1984", "Khorog", "Fotima")
    await storage.write(hasten)
    await later()
    await _until(storage, {Case.DESK: 2})

    parted = [await _judges(anna, "Nothing happens before another moderator") for _each in range(2)]
    assert sorted(parted) == [False, True], "that something conflicts with the namesake is enough"
    assert not await _judges(bahrom, "Agreed."), "and of the other one a second look is needed"
    await _until(storage, {Case.NOT_SAME: 1, Case.HOLDER: 1})

    await karim.reads("something new for you")
    await karim.chooses("Open it")
    shown = await karim.reads("Djamched Iorov", WORDS, "🟢 birth year")
    assert "answered your question" not in shown
    await zebo.reads(FIXED)
    await karim.chooses("Yes: alive, and known to us")
    await karim.reads("learns so much now")
    await zebo.reads("something new for you")
    await zebo.chooses("Open it")
    await zebo.reads("alive, and known to us")


async def _judges(moderator: Hand, kept: str) -> bool:
    """A moderator takes the first case that waits, and says what is so. Whether it was the namesake's."""
    await moderator.says("/desk")
    await moderator.chooses("People looked for")
    await moderator.reads("People looked for")
    await moderator.chooses("⚪")
    await moderator.reads("It has waited since")
    await moderator.chooses("Take it")
    shown = await moderator.reads("place:", "name:")
    assert not [name for name in (*NAMES, WORDS, "sister", "Moscow", "Fotima") if name in shown]
    if "🔴 birth year: 1984 · 1961" in shown:
        await moderator.chooses("Not the same person")
        await moderator.reads("these two are not the same person")
        return True
    await moderator.chooses("May be the same")
    await moderator.reads(kept)
    return False


def _give_rights(tx: Tx, now: datetime) -> None:
    """As the operator's command does. That cases wait is told once a day: not in the middle of this walk."""
    for who in tx.execute(sa.select(schema.person.c.id)).scalars().all():
        roles.give(tx, who, Role.MODERATOR, now)
        inbox.use(tx, f"matches.told/{who}", timedelta(days=1), now)


async def _until(storage: Storage, cases: dict[Case, int]) -> None:
    """Wait until there are so many cases in these states, and no others."""
    wanted = sorted(int(state) for state, count in cases.items() for _each in range(count))
    for _tenth in range(PATIENCE):
        found = await storage.read(lambda tx: sorted(tx.execute(sa.select(schema.candidate.c.state)).scalars()))
        if found == wanted:
            return
        await asyncio.sleep(0.1)
    raise LookupError(found)
