"""What an export costs as a petition grows: time, memory and size, straight out of the store, and the packet of it."""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bot import dossier, exporting, packet
from bot.domain import petition
from bot.domain.petition import Deed, Letter, Who
from bot.packet import Wish
from storage import envelope, inspection, keys, notes, people, petitions, signatures, signing, sqlite
from storage.crypto import Keys
from storage.database import Tx
from storage.envelope import OrganiserKey

from benchmarks.petitions import MODES  # isort: skip

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


def _sign(tx: Tx, which: int, begin: int, dice: random.Random) -> None:
    one = petitions.find(tx, which)
    if one is None:
        raise RuntimeError(which)
    for number in range(begin, begin + AT_ONCE):
        who = MODES[number % len(MODES)]
        signatures.sign(tx, one, [("memory", f"{number:x}")], who, NOW, verified=False, dice=dice.randbytes)


async def _fill(file: Path, own: Keys, key: OrganiserKey, count: int) -> int:
    storage = await sqlite.open_file(file, own)
    try:
        which = await storage.write(partial(_open, key=key))
        for begin in range(0, count, AT_ONCE):
            await storage.write(partial(_sign, which=which, begin=begin, dice=random.Random(begin)))
        return which
    finally:
        await storage.close()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(count: int) -> dict[str, float]:
    """Seconds, MiB of memory at the most, and MB of files, for so many signatures."""
    key, root = envelope.make(), signing.make_pair()
    own = Keys(keys.make())
    by = own.petitions = notes.throwaway("Nur", NOW, root)
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        which = asyncio.run(_fill(home / "payvand.db", own, key, count))
        found["memory before"] = _peak()
        begun = time.perf_counter()

        def export(tx: Tx) -> None:
            one = petitions.find(tx, which)
            if one is not None:
                exporting.export(tx, one, by, home / "export", NOW)

        inspection.read(home / "payvand.db", own, export)
        found["export"] = time.perf_counter() - begun
        found["memory of export"] = _peak()
        found["files"] = sum(file.stat().st_size for file in (home / "export").iterdir()) / 1e6
        begun = time.perf_counter()
        made = packet.make(Wish(home / "export", "icrc", home / "out", root.public, datetime.now(UTC)), key)
        found["packet with CSV and JSON"] = time.perf_counter() - begun
        found["memory of packet"] = _peak()
        if made.counted.total != count or dossier.check(home / "export", root.public, NOW).tally.count != count:
            raise RuntimeError("the export does not hold what was signed")
        for name in (packet.TABLE, packet.LINES):
            found[name] = (home / "out" / name).stat().st_size / 1e6
    return found


def main() -> None:
    """Measure one count, in a process of its own: then its memory is its own."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    for name, value in measure(parser.parse_args().count).items():
        sys.stdout.write(f"{name:>28}: {value:10.1f}\n")


if __name__ == "__main__":
    main()
