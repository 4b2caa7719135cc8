"""What the tests of the family look at beside the screens: buttons that were kept, and every row of the database."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from storage.database import Tx
from storage.prepared import Prepared
from storage.schema import address, metadata
from tests.stage import Actor, Stage

Rows = dict[str, list[tuple[Any, ...]]]
_EVERY_ROW = {table.name: Prepared(sa.select(table)) for table in metadata.sorted_tables}


def button(actor: Actor, verb: str) -> tuple[str, str]:
    """The newest button with this verb: its message and its code, to be pressed again later by a changed app."""
    for message in reversed(actor.messages):
        for choice in message.choices:
            if choice.code.split(":")[0] == verb:
                return message.id, choice.code
    raise LookupError(verb, actor.screen)


async def press(stage: Stage, actor: Actor, kept: tuple[str, str]) -> None:
    """Press a button that perhaps no longer stands there."""
    await actor.memory.press(actor.account, *kept, stale=True)
    await stage.settle()


async def forge(stage: Stage, actor: Actor, code: str) -> None:
    """Press a button that never stood anywhere."""
    await press(stage, actor, ("no such message", code))


async def open_circle(stage: Stage, actor: Actor, circle: str) -> None:
    """Open the circle with this name."""
    await actor.says("/circles")
    message = actor.messages[-1]
    code = next(one.code for one in message.choices if circle in one.label)
    await actor.memory.press(actor.account, message.id, code)
    await stage.settle()


async def make_circle(stage: Stage, actor: Actor, circle: str) -> None:
    """Make one more circle."""
    await actor.says("/circles")
    await stage.in_code(actor, "circle.make")
    await actor.says(circle)


async def invite_to(stage: Stage, host: Actor, circle: str, guest: Actor) -> None:
    """Let `guest`, who knows the bot already, into a circle of `host`."""
    await open_circle(stage, host, circle)
    await stage.in_code(host, "invite")
    await guest.starts(stage.code_of(host))
    await stage.in_code(guest, "join")
    await stage.in_code(host, "door.open")
    await stage.in_code(guest, "circle.hear")
    await guest.says("/start")
    await host.says("/start")


async def rows(stage: Stage) -> Rows:
    """Every row of every table, opened."""

    def look(tx: Tx) -> Rows:
        return {name: sorted((tuple(row) for row in tx.execute(every)), key=repr) for name, every in _EVERY_ROW.items()}

    return await stage.storage.read(look)


async def id_of(stage: Stage, actor: Actor) -> int:
    """The person behind an account."""

    def look(tx: Tx) -> int:
        query = sa.select(address.c.person_id).where(address.c.account == f"{actor.memory.platform}/{actor.account}")
        who: int = tx.execute(query).scalar_one()
        return who

    return await stage.storage.read(look)


def said_by_people(found: Rows) -> Rows:
    """The rows that hold what people said and are: without what every message leaves (ids, letters, throttles)."""
    passing = {"inbox", "letter", "message", "throttle", "dialogue"}
    return {name: here for name, here in found.items() if name not in passing}
