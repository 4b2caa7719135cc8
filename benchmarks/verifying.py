"""How long “is this text yours?” takes among many bulletins, beside holding the text against each of them.

Ours is the look-up in the database, the reading of what it finds and the alignment, which shows the changed words.
difflib (its quick ratio) goes through all texts in memory; SQLite's full-text search (in memory, too) ranks them.
Neither shows what was changed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.contest import Contest, Contestant, Figure, module
from benchmarks.rivals.nearest import altered, measured, texts
from bot.domain import verifying
from bot.domain.bulletin import Draft
from bot.domain.verifying import Likeness
from storage import bulletins, copies
from storage.crypto import Keys
from storage.database import Tx
from storage.signing import Signer, throwaway_signer
from storage.sqlite import open_file

NOW = datetime(2026, 3, 21, tzinfo=UTC)
BATCH = 250
RIVAL = "benchmarks.rivals.nearest"


def contest(*, quick: bool) -> Contest:
    """Find which of so many bulletins a copy is of, and what was changed in it."""
    count, questions, few = (1_000, 100, 5) if quick else (10_000, 200, 10)
    return Contest(
        f"Is this text yours? A copy with one changed word, among {count:,} bulletins",
        (
            Contestant("Payvand", module("benchmarks.verifying", str(count), str(questions))),
            Contestant("difflib, all texts", module(RIVAL, "difflib", str(count), str(few))),
            Contestant("SQLite FTS5, ranked", module(RIVAL, "fts5", str(count), str(questions))),
        ),
        (
            Figure("p50", "ms, median", 1, ratio=True),
            Figure("p95", "ms, p95"),
            Figure("right", "found, %", 0),
            Figure("shown", "changed word shown, %", 0),
        ),
    )


def _publish(tx: Tx, by: Signer, some: Sequence[str]) -> None:
    for text in some:
        bulletins.publish(tx, by, Draft(), {"en": text}, NOW, author=None, reviewer=None)


def _look(tx: Tx, text: str) -> tuple[int, bool]:
    """What the bot does for one question: which bulletin it is of, and whether just the changed word is shown."""
    words = verifying.read(text)
    near = bulletins.by_entries(tx, copies.candidates(tx, words))
    held = [(verifying.compare(verifying.read(one.text), words), one.number) for one in near]
    found, number = min(held, key=lambda pair: (pair[0].rank, -pair[1]))
    return number, found.likeness is Likeness.ALTERED and [one.theirs for one in found.changes] == ["changed"]


async def main(count: int, questions: int) -> None:
    """Fill a database, and ask."""
    known, by = texts(count), throwaway_signer("Benchmark", NOW)
    with tempfile.TemporaryDirectory() as there:
        storage = await open_file(Path(there) / "benchmark.db", Keys(bytes(32)))
        for n in range(0, count, BATCH):
            await storage.write(partial(_publish, by=by, some=known[n : n + BATCH]))
        took, right, shown = [], 0, 0
        for number, text in altered(known, questions):
            begun = time.perf_counter()
            found, plain = await storage.read(partial(_look, text=text))
            took.append(time.perf_counter() - begun)
            right += found == number
            shown += plain
        await storage.close()
    print(json.dumps({**measured(took, right), "shown": 100 * shown / questions}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
