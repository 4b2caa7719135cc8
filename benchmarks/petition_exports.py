"""What an export costs as a petition grows: time, memory and size, straight out of the store, and the packet of it.

python -m benchmarks.petition_exports 1000000          all of it, with progress and an estimate
python -m benchmarks.petition_exports 1000000 csv      the table alone, and with json the lines alone
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks import machine
from benchmarks.contest import Contest, Contestant, Figure, Measured, module
from benchmarks.petitions import MODES
from bot import dossier, exporting, packet
from bot.domain import petition
from bot.domain.addressees import ADDRESSEES
from bot.domain.petition import Deed, Letter, Who
from bot.domain.signature import Mode
from bot.packet import Wish
from storage import envelope, inspection, keys, notes, people, petitions, signatures, signing, sqlite
from storage.crypto import Keys
from storage.database import Tx
from storage.envelope import OrganiserKey

NOW = datetime.now(UTC).replace(microsecond=0)
AT_ONCE = 2_000


def _letter(key: OrganiserKey) -> Letter:
    return Letter(
        petition="",
        version=0,
        key=envelope.public_text(key.public),
        addressees=("icrc",),
        goal=1_000_000,
        closes=(NOW + timedelta(days=30)).date(),
        texts={(language, part.key): "Words." for language in petition.LANGUAGES for part in petition.Part},
        demands={(language, "icrc"): "Do it." for language in petition.LANGUAGES},
        sources=("https://example.org/report",),
        sponsors=("Sponsora",),
    )


def _open(tx: Tx, key: OrganiserKey) -> int:
    author, reviewer = people.new(tx, NOW), people.new(tx, NOW)
    made = petitions.create(tx, author, _letter(key), NOW)
    for deed, by in ((Deed.OFFER, Who.AUTHOR), (Deed.OPEN, Who.REVIEWER)):
        one = petitions.newest(tx, made.id)
        if one is None or petitions.take_step(tx, one, deed, by, NOW, reviewer=reviewer) is None:
            raise RuntimeError(deed)
    return made.id


def _sign(tx: Tx, which: int, begin: int, many: int) -> None:
    dice = random.Random(begin)
    one = petitions.find(tx, which)
    if one is None:
        raise RuntimeError(which)
    for number in range(begin, begin + many):
        who = MODES[number % len(MODES)]
        signatures.sign(tx, one, [("memory", f"{number:x}")], who, NOW, verified=False, dice=dice.randbytes)


async def _fill(file: Path, own: Keys, key: OrganiserKey, count: int) -> int:
    storage = await sqlite.open_file(file, own)
    try:
        which = await storage.write(partial(_open, key=key))
        show = machine.progress("signed", count)
        for begin in range(0, count, AT_ONCE):
            show(begin)
            await storage.write(partial(_sign, which=which, begin=begin, many=min(AT_ONCE, count - begin)))
        show(count)
        return which
    finally:
        await storage.close()


def shown(what: str) -> Callable[[int, int], None]:
    """Progress as `bot.exporting` and `bot.packet` tell it: with the total in each call."""
    show: Callable[[int], None] | None = None

    def tell(done: int, total: int) -> None:
        nonlocal show
        show = show or machine.progress(what, total)
        show(done)

    return tell


class _Table(packet.Listing):
    def line(self, place: int, mode: Mode, cells: list[str]) -> None:
        """Nothing."""


class _Lines(packet.Listing):
    def row(self, place: int, mode: Mode, cells: list[str]) -> None:
        """Nothing."""


LISTS: Final = {"csv": _Table, "json": _Lines}


def listing(what: str, count: int) -> Measured:
    """Lines of a packet, CSV or JSON alone, each with a name: seconds of the processor, MiB of memory and file."""
    before = machine.greatest_memory()
    show = machine.progress(f"lines of {what}", count)
    with tempfile.TemporaryDirectory() as folder:
        table, lines = Path(folder) / packet.TABLE, Path(folder) / packet.LINES
        with (
            machine.spending() as spent,
            table.open("w", encoding="utf-8-sig", newline="") as one,
            lines.open("w", encoding="utf-8", newline="\n") as other,
        ):
            made = LISTS[what](one, other, ADDRESSEES["icrc"])
            for number in range(count):
                if number % 1000 == 0:
                    show(number)
                made.add(number + 1, MODES[number % 3])
        show(count)
        size = (table if what == "csv" else lines).stat().st_size
        if made.counted.listed.total() != count:
            raise RuntimeError("not every line is there")
    return {
        "cpu": spent.cpu,
        "seconds": spent.wall,
        "size": size / machine.MIB,
        "memory": machine.greatest_memory(),
        "grown": machine.greatest_memory() - before,
    }


def measure(count: int) -> Measured:
    """Seconds, MiB of memory at the most, and MiB of files, for so many signatures."""
    key, root = envelope.make(), signing.make_pair()
    own = Keys(keys.make())
    by = own.petitions = notes.throwaway("Nur", NOW, root)
    found: Measured = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        which = asyncio.run(_fill(home / "payvand.db", own, key, count))
        before = machine.greatest_memory()
        begun = time.perf_counter()

        def export(tx: Tx) -> None:
            one = petitions.find(tx, which)
            if one is not None:
                exporting.export(tx, one, by, home / "export", NOW, shown("lines exported"))

        inspection.read(home / "payvand.db", own, export)
        found["export"] = time.perf_counter() - begun
        found["files"] = sum(file.stat().st_size for file in (home / "export").iterdir()) / machine.MIB
        begun = time.perf_counter()
        made = packet.make(
            Wish(home / "export", "icrc", home / "out", root.public, datetime.now(UTC)), key, progress=shown("lines")
        )
        found["packet"] = time.perf_counter() - begun
        found["memory"] = machine.greatest_memory()
        found["grown"] = found["memory"] - before
        if (
            made.counted.total != count
            or dossier.check(home / "export", root.public, datetime.now(UTC)).tally.count != count
        ):
            raise RuntimeError("the export does not hold what was signed")
        for what, name in (("csv", packet.TABLE), ("json", packet.LINES)):
            found[what] = (home / "out" / name).stat().st_size / machine.MIB
    return found


def contest(*, quick: bool, sizes: Sequence[int] = ()) -> Contest:
    """Each alone, and all of it out of the store."""
    sizes = sizes or ((1_000,) if quick else (10_000,))

    def one(title: str, what: str, size: int) -> Contestant:
        return Contestant(f"{title}, {size:,}", module("benchmarks.petition_exports", str(size), what))

    return Contest(
        title="Lists of a petition: CSV alone, JSON alone, and both out of the store, by export and packet",
        contestants=tuple(
            one(title, what, size)
            for size in sizes
            for title, what in (("CSV", "csv"), ("JSON", "json"), ("all of it", "all"))
        ),
        figures=(
            Figure("cpu", "lines written, CPU s", 2),
            Figure("size", "file, MiB", 1),
            Figure("export", "export, s", 1),
            Figure("files", "export, MiB", 1),
            Figure("packet", "packet with CSV and JSON, s", 1),
            Figure("csv", "CSV, MiB", 1),
            Figure("json", "JSON, MiB", 1),
            Figure("memory", "memory at most, MiB", 0),
            Figure("grown", "of it for that, MiB", 1),
        ),
        watched=True,
        patience=14_400.0,
    )


def main() -> None:
    """Measure one count, in a process of its own: then its memory is its own."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("what", nargs="?", choices=("all", *LISTS), default="all")
    wish = parser.parse_args()
    machine.pin(machine.bot_core())
    print(json.dumps(measure(wish.count) if wish.what == "all" else listing(wish.what, wish.count)))


if __name__ == "__main__":
    main()
