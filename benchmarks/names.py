"""Finding a name: the matcher behind a blind index of keyed hashes, beside libraries that read names in clear text.

python -m benchmarks names                          names made by rules, nobody's
python -m benchmarks.names FOLDER [RECORDS]         the same questions about real names that you have, and no table
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import os
import sqlite3
import sys
import tempfile
from collections import Counter
from heapq import nlargest
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks import machine, made_names, names_measured
from benchmarks.contest import RIVALS, Contest, Contestant, Figure, hold, module, shown
from bot.domain import names
from storage.search import ANYWAY, NEAR, OTHERS, RANKED, WORTH

RECORDS, QUESTIONS = 20_000, 300
TOO_LONG = 20_000  # a list longer than this says nothing
CACHE = 20_000  # KiB of the index that SQLite keeps


class Ours:
    """An index of keyed hashes, names encrypted: what storage does with the matcher, without its other duties."""

    def __init__(self, home: str) -> None:
        self._key = os.urandom(32)
        self._seal = AESGCM(os.urandom(32))
        self._file = Path(home) / "names.db"
        self._db = sqlite3.connect(self._file)
        self._db.execute(f"PRAGMA cache_size = -{CACHE}")
        self._db.execute("CREATE TABLE key (hash INTEGER, record INTEGER, PRIMARY KEY (hash, record)) WITHOUT ROWID")
        self._db.execute("CREATE TABLE record (id INTEGER PRIMARY KEY, name BLOB)")

    def _hash(self, key: str) -> int:
        return int.from_bytes(hmac.digest(self._key, key.encode(), hashlib.sha256)[:8], "big") >> 1

    def _sealed(self, name: str) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._seal.encrypt(nonce, name.encode().ljust(96), None)

    def build(self, records: list[str]) -> None:
        """Take in all records."""
        rows: list[tuple[int, int]] = []
        for number, record in enumerate(records):
            rows += [(self._hash(key), number) for key in names.keys(record)]
        rows.sort()
        with self._db:
            self._db.executemany("INSERT OR IGNORE INTO key VALUES (?, ?)", rows)
            self._db.executemany(
                "INSERT INTO record VALUES (?, ?)", ((n, self._sealed(r)) for n, r in enumerate(records))
            )
        self._count, self._rows = len(records), len(rows)

    def find(self, name: str) -> list[tuple[float, int]]:
        """The best records with their scores."""
        parsed = names.parse(name)
        lists: list[tuple[float, list[tuple[int]]]] = []
        for share, keys in ((1.0, names.keys(parsed)), (NEAR, names.near(parsed))):
            for key in keys:
                holders = self._db.execute(
                    "SELECT record FROM key WHERE hash = ? LIMIT ?", (self._hash(key), TOO_LONG)
                ).fetchall()
                if holders and len(holders) < TOO_LONG:
                    lists.append((share * math.log(1 + self._count / len(holders)), holders))
        votes: dict[int, float] = {}
        for weight, holders in sorted(lists, reverse=True):
            for (record,) in holders:
                votes[record] = votes[record] + weight * OTHERS if record in votes else weight
        asker, best = names.Asker(parsed), nlargest(RANKED, votes.items(), key=lambda one: one[1])
        least = best[0][1] * WORTH if best else 0.0
        opened = [record for at, (record, vote) in enumerate(best) if at < ANYWAY or vote >= least]
        return sorted(((asker.score(self._name(record)), record) for record in opened), reverse=True)

    def _name(self, record: int) -> str:
        (sealed,) = self._db.execute("SELECT name FROM record WHERE id = ?", (record,)).fetchone()
        return self._seal.decrypt(sealed[:12], sealed[12:], None).decode()

    def score(self, one: str, two: str) -> float:
        """How alike two names are."""
        return names.score(one, two)

    def size(self) -> dict[str, float]:
        """How large the index is."""
        self._db.execute("DROP TABLE record")
        self._db.execute("VACUUM")
        return {"mib": self._file.stat().st_size / 2**20, "rows": self._rows / self._count}


def ours(arguments: list[str]) -> dict[str, float]:
    """Everything measured of the matcher."""
    with tempfile.TemporaryDirectory() as home:
        finder = Ours(home)
        result = names_measured.measured(finder, arguments)
        return {**result, **finder.size()}


# -- what a stolen index tells -----------------------------------------------------------------------------------------


def exposed(count: int, folder: Path | None, *, pad: bool) -> dict[str, float]:
    """An attacker without the key ranks the lists by length and guesses names by the ranks in another town.

    The share of records of which at least one key is named right, and how many of the hundred longest lists are.
    """
    towns = [
        made_names.read(folder, count, 1, seed, dense=True) if folder else made_names.made(count, 1, seed)
        for seed in (4, 5)
    ]
    keyed = [[names.keys(record) for record in town.records] for town in towns]
    stolen, known = (Counter(key for keys in town for key in keys) for town in keyed)
    hidden = {key: hashlib.sha256(key.encode()).digest() for key in stolen}  # the order of equals tells nothing
    length = names.padded if pad else int
    ranked = sorted(stolen, key=lambda key: (-length(stolen[key]), hidden[key]))
    guessed = [key for key, _ in known.most_common()]
    right = {one for one, guess in zip(ranked, guessed, strict=False) if one == guess}
    return {
        "records": sum(not keys.isdisjoint(right) for keys in keyed[0]) / count * 100,
        "top": sum(one in right for one in ranked[:100]),
        "rows": sum(map(length, stolen.values())) / count,
    }


# -- the contests ------------------------------------------------------------------------------------------------------

TITLES = {
    "token_sort": "anyascii + token_sort (rapidfuzz)",
    "wratio": "anyascii + WRatio (rapidfuzz)",
    "jaro": "Unidecode + Jaro-Winkler (rapidfuzz)",
    "trigrams": "anyascii + TF-IDF of trigrams",
    "metaphone": "anyascii + metaphone (jellyfish) + ratio",
}


def contest(*, quick: bool, folder: str = "", records: int = RECORDS) -> Contest:
    """Who finds the right record, and who takes a brother for it."""
    size = (str(records // 10 if quick else records), str(QUESTIONS // 3 if quick else QUESTIONS))
    arguments = (*size, folder) if folder else size
    rivals = (
        Contestant(title, (str(RIVALS), "-m", "benchmarks.rivals.names_text", name, *arguments))
        for name, title in TITLES.items()
    )
    return Contest(
        title=f"Names: {size[1]} questions to {int(size[0]):,} records, one spelling each, one core",
        contestants=(
            Contestant("Payvand, blind index, names encrypted", module("benchmarks.names", "ours", *arguments)),
            *rivals,
        ),
        figures=(
            Figure("ten", "in the first 10", 3, ratio=True),
            Figure("first", "first", 3),
            Figure("ten slip", "in 10, one slip", 3),
            Figure("ten persian", "in 10, Perso-Arabic", 3),
            Figure("f1", "F1 of pairs", 3, ratio=True),
            Figure("brothers", "brothers taken for the same", 3),
            Figure("ms", "CPU ms", 2, ratio=True),
            Figure("p95", "p95", 1),
            Figure("us", "µs a pair", 0),
            Figure("mib", "index MiB", 1),
            Figure("rows", "rows a record", 1),
        ),
        patience=3600.0,
    )


def leaks(*, quick: bool) -> Contest:
    """What lengths of lists tell a thief who has no key."""
    size = str(RECORDS // 10 if quick else RECORDS)
    return Contest(
        title=f"What the lengths of {int(size):,} records' lists tell a thief without the key",
        contestants=tuple(
            Contestant(title, module("benchmarks.names", how, size))
            for how, title in (("bare", "lists as they are"), ("padded", "lists padded to powers of two"))
        ),
        figures=(
            Figure("records", "% of records with a key named", 2),
            Figure("top", "of the 100 longest lists named", 0),
            Figure("rows", "rows a record", 1),
        ),
        patience=3600.0,
    )


def main() -> None:
    """One measurement as JSON; or, with a folder of real names, everything about them."""
    machine.pin(machine.bot_core())
    what, *rest = sys.argv[1:]
    if what == "ours":
        json.dump(ours(rest), sys.stdout)
    elif what in {"bare", "padded"}:
        folder = Path(rest[1]) if len(rest) > 1 else None
        json.dump(exposed(int(rest[0]), folder, pad=what == "padded"), sys.stdout)
    else:
        records = int(rest[0]) if rest else RECORDS
        print(shown(hold(contest(quick=False, folder=what, records=records), 1)))


if __name__ == "__main__":
    main()
