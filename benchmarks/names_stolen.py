"""What a thief of the database without its key learns of the index of names, measured on the index as it is stored.

python -m benchmarks.names_stolen [RECORDS] [--names FOLDER]        5,000 made names unless said otherwise

The thief sees how many bytes each list takes, knows every rule of the matcher, and has as many names of another town
whose names are drawn alike. Keys of that town are ranked by how many people have them, lists by their length, and the
list of one rank is said to be of the key of that rank. Keys that too many have are left out: a list without any number
looks like one of two. Lists of one length have no order: what is told is the mean of several. A record is exposed if a
key of it was named for a list that it stands on. The same attack on lists that are neither filled up, cut nor cut off
shows what it is good for.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from benchmarks import made_names
from benchmarks.names_stored import AT_ONCE, INDEXED, opened, put
from bot.domain import names
from storage import schema, search

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from storage.database import Storage, Tx

RECORDS = 5_000
ORDERS = 20  # of lists of one length
TOP = 100


@dataclass(frozen=True, slots=True)
class Stolen:
    """What the thief has, and what only we know: how long each list is; which keys stand for it, and for whom."""

    lengths: Mapping[int, float]
    lists_of: Mapping[str, int]  # the list of each key
    holders: Mapping[str, Sequence[int]]  # the records that have a key


@dataclass(frozen=True, slots=True)
class Exposed:
    """Per cent of records with a key named right, and how many of the hundred longest lists were."""

    records: float
    top: float


def attacked(stolen: Stolen, known: Counter[str], count: int, *, seed: int = 1) -> Exposed:
    """Rank both and name the lists, `ORDERS` times. `known` are the keys of the other town."""
    dice = random.Random(seed)
    guesses = [key for key, _ in sorted(known.items(), key=lambda one: (-one[1], one[0]))]
    records, top = 0, 0
    for _each in range(ORDERS):
        lists = list(stolen.lengths)
        dice.shuffle(lists)
        lists.sort(key=lambda one: -stolen.lengths[one])
        right = [
            (rank, key)
            for rank, (one, key) in enumerate(zip(lists, guesses, strict=False))
            if stolen.lists_of.get(key) == one
        ]
        records += len({record for _rank, key in right for record in stolen.holders[key]})
        top += sum(rank < TOP for rank, _key in right)
    return Exposed(records / ORDERS / count * 100, top / ORDERS)


def keys_of(records: Sequence[str]) -> dict[str, list[int]]:
    """Who has each key."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for number, record in enumerate(records):
        for key in names.keys(record):
            found[key].append(number)
    return found


def taken(tx: Tx, keys: Sequence[str]) -> tuple[dict[int, float], dict[str, int]]:
    """From the store: the bytes of each list, which is all that is read without the key; and the lists of some keys."""
    bits = search._state(tx).bits  # noqa: SLF001 - whoever has the file sees it there
    hashes = search._Hashes(tx)  # noqa: SLF001 - ours, to see whether the thief is right
    query = sa.select(schema.sought_list.c.mac, sa.func.length(schema.sought_list.c.records).label("size"))
    lengths = {one.mac: one.size for one in tx.execute(query)}
    return lengths, {key: next(iter(hashes.macs([key], bits))) for key in keys}


async def kept(storage: Storage, records: Sequence[str]) -> None:
    """Keep records and put them into the index."""
    for at in range(0, len(records), AT_ONCE):
        await storage.write(partial(put, records=records[at : at + AT_ONCE]))
    while await storage.write(partial(search.index, most=INDEXED)):
        pass


async def measured(storage: Storage, count: int, folder: Path | None = None) -> dict[str, Exposed]:
    """The attack on an index of `count` records as it is stored, and on one that is neither filled up nor cut off."""
    stolen, other = [
        (made_names.read(folder, count, 1, seed, dense=True) if folder else made_names.made(count, 1, seed)).records
        for seed in (4, 5)
    ]
    await kept(storage, stolen)
    holders = keys_of(stolen)
    known = Counter({key: len(them) for key, them in keys_of(other).items()})
    longest = search._longest(count)  # noqa: SLF001 - every rule is known
    short = Counter({key: many for key, many in known.items() if names.padded(many) <= longest})
    lengths, lists_of = await storage.read(partial(taken, keys=list(holders)))
    bare = {key: number for number, key in enumerate(holders)}
    return {
        "as stored": attacked(Stolen(lengths, lists_of, holders), short, count),
        "without all this": attacked(
            Stolen({number: len(holders[key]) for key, number in bare.items()}, bare, holders), known, count
        ),
    }


async def stolen_from_a_file(count: int, folder: Path | None) -> dict[str, Exposed]:
    """The same, in a file that is made for it."""
    with tempfile.TemporaryDirectory() as home:
        storage = await opened(str(Path(home) / "names.db"))
        try:
            return await measured(storage, count, folder)
        finally:
            await storage.close()


def main() -> None:
    """Measure, and print it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.names_stolen")
    parser.add_argument("records", nargs="?", type=int, default=RECORDS)
    parser.add_argument("--names", type=Path, metavar="FOLDER", help="real names, instead of made ones")
    wish = parser.parse_args()
    told = asyncio.run(stolen_from_a_file(wish.records, wish.names))
    for how, one in told.items():
        print(json.dumps({"lists": how, "% of records": round(one.records, 2), "of the longest": round(one.top, 1)}))


if __name__ == "__main__":
    main()
