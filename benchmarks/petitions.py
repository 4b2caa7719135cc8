"""What a petition costs as it grows: the log beside pymerkle, sealing, and what organisers and outsiders wait for."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from pymerkle import InmemoryTree, verify_inclusion

from benchmarks import community, machine, storm
from benchmarks.contest import Contest, Contestant, Figure, Measured, module
from bot import dossier, packet
from bot.domain import merkle, petition, petition_log, signature
from bot.domain.checkpoint import Checkpoint, Proof
from bot.domain.merkle import Tree
from bot.domain.petition import Deed, Letter, Who
from bot.domain.petition_log import Entry, Sign
from bot.domain.signature import Declared, Mode, Opening
from storage import envelope, notes, petition_logs, petitions, signatures, signing
from storage.database import Storage, Tx
from storage.notes import Signer

ORIGIN = "nur.example/petition/7f3a"
BEGUN = datetime(2026, 11, 1, 12, tzinfo=UTC)
PROOFS = 200  # of each kind
AT_ONCE = 256  # people who sign at the same time
MODES = (
    Declared(Mode.PUBLIC, "Гулнора Мирзоева", "DE"),
    Declared(Mode.RECIPIENT, "Daler Karimov", "RU"),
    Declared(Mode.INITIALS, "Г. М.", "TJ"),
    Declared(Mode.COUNTED),
)


def _lines(count: int) -> list[bytes]:
    dice = random.Random(count)
    return [petition_log.line_of(Sign(1, BEGUN.date(), dice.randbytes(32))).encode() for _ in range(count)]


def _each(work: Callable[[int], object], places: list[int]) -> float:
    """Processor time of one piece of work, in microseconds."""
    with machine.spending() as spent:
        for place in places:
            work(place)
    return spent.cpu / len(places) * 1e6


def log_of_ours(count: int) -> Measured:
    """The tree of `bot.domain.merkle`."""
    lines = _lines(count)
    tree = Tree()
    with machine.spending() as growing:
        for line in lines:
            tree.add(line)
    places = random.Random(1).sample(range(count), PROOFS)
    proofs = {place: tree.inclusion(place) for place in places}
    root = tree.root()
    signer = Signer(signing.make_pair().secret)
    note = signer.sign(Checkpoint(ORIGIN, count, root), BEGUN)
    return {
        "append": growing.cpu / count * 1e6,
        "root": _each(lambda _place: tree.root(), places),
        "prove": _each(tree.inclusion, places),
        "verify": _each(
            lambda place: merkle.is_included(merkle.leaf(lines[place]), place, count, proofs[place], root), places
        ),
        "checkpoint": _each(lambda _place: signer.sign(Checkpoint(ORIGIN, count, tree.root()), BEGUN), places),
        "receipt": len(str(Proof(places[0], tuple(proofs[places[0]]), note)).encode()),
    }


def log_of_pymerkle(count: int) -> Measured:
    """The same with pymerkle's tree in memory."""
    lines = _lines(count)
    tree = InmemoryTree(algorithm="sha256")
    with machine.spending() as growing:
        for line in lines:
            tree.append(line)
    places = random.Random(1).sample(range(count), PROOFS)
    proofs = {place: tree.prove_inclusion(place + 1) for place in places}
    root = tree.get_state()
    if root != Tree(lines).root():
        raise RuntimeError("the roots differ")
    return {
        "append": growing.cpu / count * 1e6,
        "root": _each(lambda _place: tree.get_state(), places),
        "prove": _each(lambda place: tree.prove_inclusion(place + 1), places),
        "verify": _each(lambda place: verify_inclusion(tree.get_leaf(place + 1), root, proofs[place]), places),
    }


def sealing(count: int) -> Measured:
    """A signature from the person's words to its entry and its sealed record, and back on an organiser's machine."""
    key = envelope.make()
    opener = envelope.Opener(key)
    dice = random.Random(2)
    nullifier_key = dice.randbytes(32)
    tree = Tree()

    def sign(number: int) -> bytes:
        mark = signature.nullifier(nullifier_key, "telegram", str(number))
        tag = signature.tag_of(signature.secret_of(nullifier_key, mark))
        opening = Opening(ORIGIN, 1, MODES[number % 4], dice.randbytes(32), tag)
        tree.add(petition_log.line_of(Sign(1, BEGUN.date(), opening.commitment())).encode())
        return envelope.seal(key.public, ORIGIN, opening.packed())

    with machine.spending() as signing_it:
        records = [sign(number) for number in range(count)]
    with machine.spending() as opening_it:
        for record in records:
            found = signature.unpacked(opener.open(ORIGIN, record))
            if found is None:
                raise RuntimeError("a record did not open")
            found.commitment()
    return {
        "sign": signing_it.cpu / count * 1e6,
        "rate": count / signing_it.cpu,
        "open": opening_it.cpu / count * 1e6,
        "bytes": len(records[0]),
    }


def growth(count: int) -> Measured:
    """A whole petition of `count` signatures: its files, an outsider's check, an organiser's packet."""
    key, root, online = envelope.make(), signing.make_pair(), signing.make_pair()
    signer = Signer(online.secret)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "export"
        home.mkdir()
        text, vouching = signing.certify(root.secret, "", online.public, notes.PURPOSE, BEGUN)
        (home / "petitions.certificate").write_bytes(text)
        (home / "petitions.certificate.minisig").write_bytes(vouching)
        letter = _letter(envelope.public_text(key.public))
        dossier.write_letter(home, letter)
        roots = merkle.Roots()
        dossier.write_entries(home, _entries(count, letter, roots, key.public, home))
        dossier.write_checkpoint(home, signer.sign(Checkpoint(ORIGIN, len(roots), roots.root()), BEGUN))
        now = BEGUN + timedelta(days=1)
        begun = time.process_time()
        checked = dossier.check(home, root.public, now)
        outsider = time.process_time() - begun
        begun = time.process_time()
        made = packet.make(packet.Wish(home, "icrc", home.parent / "out", root.public, now), key)
        organiser = time.process_time() - begun
        if (checked.tally.count, made.counted.total) != (count, count):
            raise RuntimeError("the count is not the truth")
        sizes = {file.name: file.stat().st_size / (1 << 20) for file in (*home.iterdir(), *made.where.iterdir())}
        return {
            "check": outsider,
            "packet": organiser,
            "public": sizes[dossier.ENTRIES],
            "records": sizes[dossier.RECORDS],
            "csv": sizes[packet.TABLE],
            "pdf": sizes[packet.PAGES],
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / machine.KIB,
        }


async def _stored(home: Path, count: int) -> Measured:
    """People who sign at once, each in a transaction of its own, durable before it is answered."""
    key, dice = envelope.make(), random.Random(4)
    online = notes.throwaway("Nur", BEGUN)
    async with community.opened(home) as storage:
        await storm.populate(storage, count + 2, [])
        which = await storage.write(partial(open_letter, key=envelope.public_text(key.public)))

        def sign(tx: Tx, number: int) -> None:
            one = petitions.find(tx, which)
            if one is None:
                raise RuntimeError("the petition is gone")
            who = signatures.accounts(tx, number + 1)
            what = MODES[number % 4]
            if not signatures.sign(tx, one, who, what, BEGUN, verified=number % 3 == 0, country=what.country, wave="1"):
                raise RuntimeError("a signature was not taken")

        waits: list[float] = []
        show = machine.progress("signed", count)

        async def keep_signing(numbers: Iterator[int]) -> None:
            for number in numbers:
                if number % AT_ONCE == 0:
                    show(number)
                begun = time.perf_counter()
                await storage.write(partial(sign, number=number))
                waits.append(time.perf_counter() - begun)

        numbers = iter(range(count))
        begun = time.perf_counter()
        with machine.spending() as spent:
            await asyncio.gather(*(keep_signing(numbers) for _ in range(AT_ONCE)))
        took = time.perf_counter() - begun
        show(count)
        one = await storage.read(partial(petitions.find, which=which))
        if one is None or one.count != count:
            raise RuntimeError("the count is not the truth")
        places = dice.sample(range(1, count + 1), PROOFS)
        return {
            "durable": count / took,
            "spent": spent.cpu / count * 1e6,
            "wait": sorted(waits)[len(waits) * 99 // 100] * 1e3,
            "checkpoint": await _timed(storage, lambda tx, _: petition_logs.sign(tx, which, online, BEGUN), places),
            "proof": await _timed(storage, lambda tx, at: petition_logs.proof(tx, which, at, count + 1), places),
            "count": await _timed(storage, lambda tx, _: petitions.find(tx, which), places),
            "versions": await _timed(storage, lambda tx, _: signatures.counts(tx, which), places[:3]),
            "size": await asyncio.to_thread(_size, home),
            "memory": machine.greatest_memory(),
        }


def _size(home: Path) -> float:
    return sum(file.stat().st_size for file in home.glob("*.db*")) / (1 << 20)


def _at(tx: Tx, work: Callable[[Tx, int], object], place: int) -> object:
    return work(tx, place)


async def _timed(storage: Storage, work: Callable[[Tx, int], object], places: list[int]) -> float:
    """How long one takes, in milliseconds: the one in the middle."""
    took = []
    for place in places:
        begun = time.perf_counter()
        await storage.read(partial(_at, work=work, place=place))
        took.append(time.perf_counter() - begun)
    return sorted(took)[len(took) // 2] * 1e3


def open_letter(tx: Tx, key: str) -> int:
    """A petition of the people 1 and 2 that can be signed, and its number."""
    made = petitions.create(tx, 1, _letter(key), BEGUN)
    for deed, by in ((Deed.OFFER, Who.AUTHOR), (Deed.OPEN, Who.REVIEWER)):
        version = petitions.newest(tx, made.id)
        if version is None or petitions.take_step(tx, version, deed, by, BEGUN, reviewer=2) is None:
            raise RuntimeError("it was not opened")
    return made.id


_PLAIN = (
    "CREATE TABLE signature (petition INTEGER, account TEXT, mode TEXT, name TEXT, country TEXT, at TEXT,"
    " PRIMARY KEY (petition, account))"
)


def plain(count: int) -> Measured:
    """What most would write: a plain file with the names in it, who has signed beside them, a commit for each.

    Nothing is encrypted, sealed or proven: whoever takes the file has the list.
    """
    waits: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        file = sqlite3.connect(Path(home) / "plain.db", isolation_level=None)
        for line in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", _PLAIN):
            file.execute(line)
        show = machine.progress("signed", count)
        with machine.spending() as spent:
            for number in range(count):
                if number % AT_ONCE == 0:
                    show(number)
                begun, what = time.perf_counter(), MODES[number % 4]
                row = (1, str(number), what.mode.value, what.name, what.country, BEGUN.isoformat())
                file.execute("INSERT OR IGNORE INTO signature VALUES (?, ?, ?, ?, ?, ?)", row)
                waits.append(time.perf_counter() - begun)
        show(count)
        begun = time.perf_counter()
        if file.execute("SELECT count(*) FROM signature WHERE petition = 1").fetchone() != (count,):
            raise RuntimeError("the count is not the truth")
        took = time.perf_counter() - begun
        file.close()
        return {
            "durable": count / spent.wall,
            "spent": spent.cpu / count * 1e6,
            "wait": machine.percentile(waits, 99) * 1e3,
            "count": took * 1e3,
            "size": _size(Path(home)),
            "memory": machine.greatest_memory(),
        }


def storing(count: int) -> Measured:
    """The same in the store: line, nodes, sealed record, nullifier and counts of each signature."""
    with tempfile.TemporaryDirectory() as home:
        return asyncio.run(_stored(Path(home), count))


def _letter(key: str) -> Letter:
    return Letter(
        petition=ORIGIN,
        version=1,
        key=key,
        addressees=("icrc",),
        goal=1,
        closes=(BEGUN + timedelta(days=60)).date(),
        texts={(one, part.key): "A text." for one in petition.LANGUAGES for part in petition.Part},
        demands={(one, "icrc"): "A demand." for one in petition.LANGUAGES},
        sources=("https://example.org",),
        sponsors=("Somebody",),
    )


def _entries(count: int, letter: Letter, roots: merkle.Roots, public: bytes, home: Path) -> Iterator[Entry]:
    """The log, and the records beside it as they are made."""
    dice = random.Random(3)

    def kept(entry: Entry) -> Entry:
        roots.add(petition_log.line_of(entry).encode())
        return entry

    yield kept(petition_log.Letter(1, BEGUN.date(), letter.digest()))
    with (home / dossier.RECORDS).open("w", encoding="ascii") as file:
        for number in range(count):
            opening = Opening(ORIGIN, 1, MODES[number % 4], dice.randbytes(32), dice.randbytes(16))
            sealed = envelope.seal(public, ORIGIN, opening.packed())
            file.write(dossier.record_line(number + 1, sealed))
            yield kept(Sign(1, BEGUN.date(), opening.commitment()))


# -- contests ----------------------------------------------------------------------------------------------------------


def log(*, quick: bool) -> Contest:
    """What `python -m benchmarks petitions` measures first."""
    sizes = (10_000,) if quick else (10_000, 100_000)
    return Contest(
        title="The log of a petition in memory (CPU µs)",
        contestants=(
            *(
                Contestant(f"{who}, {size:,} entries", module("benchmarks.petitions", what, str(size)))
                for size in sizes
                for who, what in (("Payvand", "ours"), ("pymerkle 5", "pymerkle"))
            ),
        ),
        figures=(
            Figure("append", "an entry more", 1, ratio=True),
            Figure("root", "the root", 1),
            Figure("prove", "a proof", 1),
            Figure("verify", "checking it", 1),
            Figure("checkpoint", "a signed checkpoint", 0),
            Figure("receipt", "a receipt, bytes", 0),
        ),
    )


def seals(*, quick: bool) -> Contest:
    """One signature, without the database."""
    return Contest(
        title="A signature without the database: entry, commitment, nullifier and sealed record (one core)",
        contestants=(Contestant("Payvand", module("benchmarks.petitions", "sealing", "2000" if quick else "20000")),),
        figures=(
            Figure("sign", "made, CPU µs", 0),
            Figure("rate", "made in a second", 0),
            Figure("open", "opened and compared, CPU µs", 0),
            Figure("bytes", "sealed record, bytes", 0),
        ),
        upright=True,
    )


def stores(*, quick: bool, sizes: Sequence[int] = ()) -> Contest:
    """Signatures in the store."""
    sizes = sizes or ((2_000,) if quick else (10_000,))
    return Contest(
        title=f"Signatures in the store, {AT_ONCE} people signing at once (SQLite, durable, one core)",
        aim="2,000 in a second",
        contestants=tuple(
            Contestant(f"{who}, {size:,} signatures", module("benchmarks.petitions", what, str(size)))
            for size in sizes
            for who, what in (("Payvand", "storing"), ("a plain table of names, a commit each", "plain"))
        ),
        figures=(
            Figure("durable", "in a second", 0, ratio=True),
            Figure("spent", "CPU µs each", 0, ratio=True),
            Figure("wait", "99 of 100 wait at most, ms", 1),
            Figure("checkpoint", "a checkpoint, ms", 2),
            Figure("proof", "a proof, ms", 2),
            Figure("count", "the count, ms", 2),
            Figure("versions", "counts by version, ms", 1),
            Figure("size", "the file, MiB", 1),
            Figure("memory", "memory at most, MiB", 0),
        ),
        watched=True,
        patience=7200.0,
    )


def growing(*, quick: bool, sizes: Sequence[int] = ()) -> Contest:
    """Whole petitions."""
    sizes = sizes or ((1_000,) if quick else (1_000, 10_000))
    return Contest(
        title="A whole petition as it grows (CPU seconds and MiB)",
        contestants=tuple(
            Contestant(f"{size:,} signatures", module("benchmarks.petitions", "growth", str(size))) for size in sizes
        ),
        figures=(
            Figure("check", "an outsider's check, s", 1, ratio=True),
            Figure("packet", "a packet, s", 1, ratio=True),
            Figure("public", "the log, MiB", 1),
            Figure("records", "sealed, MiB", 1),
            Figure("csv", "table, MiB", 1),
            Figure("pdf", "pages, MiB", 2),
            Figure("memory", "memory at most, MiB", 0),
        ),
        patience=7200.0,
    )


WORK = {
    "ours": log_of_ours,
    "pymerkle": log_of_pymerkle,
    "sealing": sealing,
    "storing": storing,
    "plain": plain,
    "growth": growth,
}


def main() -> None:
    """One measurement, as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=tuple(WORK))
    parser.add_argument("count", type=int)
    wish = parser.parse_args()
    machine.pin(machine.bot_core())
    print(json.dumps(WORK[wish.what](wish.count)))


if __name__ == "__main__":
    main()
