"""Whatever has happened since, a picture can be put in its place, and the place is as before afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from storage import circles, people, pictures
from storage.database import Tx
from storage.pictures import OF_ONESELF, Picture
from storage.schema import metadata, person
from tests.storage.test_merging import MINUTE, NOW, SEEDS, World, _something, live

if TYPE_CHECKING:
    from storage.database import Storage

LATER = NOW + timedelta(hours=6)


def go_on(tx: Tx, world: World) -> None:
    """What happens after the picture: people tell, call, ask, invite; some are renamed, leave, are forgotten, come."""
    for step in range(20):
        _something(tx, world, LATER + step * MINUTE)
    dice = world.dice
    people.change(tx, dice.choice(world.people), name="renamed")
    for who in dice.sample(world.people, 2):
        for one in circles.circles_of(tx, who)[:1]:
            circles.leave(tx, one.id, who)
    for which in [one.id for one in circles.circles_of(tx, world.two)]:
        circles.leave(tx, which, world.two)
    kept = {row.keeper_id for row in tx.execute(sa.select(metadata.tables["circle"]))}
    if world.people[2] not in kept:
        people.forget(tx, world.people[2])
    stranger = people.new(tx, LATER)
    for which in [one.id for one in circles.circles_of(tx, world.one)]:
        circles.join(tx, which, stranger)


def plain(picture: Picture, who: int) -> Picture:
    """Without what is of the person themselves and not of the picture."""
    names = [column.name for column in person.columns]
    own = [place for place, name in enumerate(names) if name in OF_ONESELF or name == "id"]
    found = {name: dict(rows) for name, rows in picture.items()}
    found["person"][who,] = tuple(found["person"][who,][place] for place in own)
    return found


def everything(tx: Tx) -> dict[str, list[str]]:
    return {table.name: sorted(repr(row) for row in tx.execute(sa.select(table))) for table in metadata.sorted_tables}


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_picture_stands_in_the_place_of_what_is_so_and_leaves_no_trace(storage: Storage, seed: int) -> None:
    def work(tx: Tx) -> None:
        world = live(tx, seed)
        who = world.one
        picture = pictures.take(tx, who, LATER)
        packed = pictures.unpack(pictures.pack(picture))
        assert packed == picture
        go_on(tx, world)
        before = everything(tx)
        with tx.savepoint():
            pictures.show(tx, who, packed, LATER)
            circles_then = [key[0] for key in picture["circle"]]
            shown = pictures.take(tx, who, LATER)
            mine = [one.id for one in circles.circles_of(tx, who)]
            assert set(mine) <= set(circles_then)
            assert plain(shown, who) == plain(picture, who)
            tx.undo()
        assert everything(tx) == before

    await storage.write(work)


async def test_the_control_what_happens_afterwards_changes_what_is_shown(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        differ = 0
        for seed in list(SEEDS)[:5]:
            world = live(tx, seed)
            picture = pictures.take(tx, world.one, LATER)
            go_on(tx, world)
            differ += pictures.take(tx, world.one, LATER) != picture
        assert differ > 0

    await storage.write(work)


async def test_a_picture_of_an_older_program_can_be_shown(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        world = live(tx, 1)
        packed = pictures.pack(pictures.take(tx, world.one, LATER))
        older = packed.replace(b'"keeps_days"', b'"no longer there"')
        assert older != packed
        found = pictures.unpack(older)
        assert all(row[-2] == 30 for row in found["circle"].values()), "what it knows nothing of is as in a new row"  # noqa: PLR2004
        with tx.savepoint():
            pictures.show(tx, world.one, found, LATER)
            tx.undo()

    await storage.write(work)
