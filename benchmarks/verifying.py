"""How long “is this text yours?” takes among many bulletins, beside holding the text against each of them.

    PYTHONPATH=. .venv/bin/python -m benchmarks.verifying [bulletins] [questions]

Ours is the look-up in the database and the alignment; difflib (its quick ratio) and rapidfuzz, if installed, go through
all texts in memory, and tell only a likeness: no changed word.
"""

from __future__ import annotations

import asyncio
import importlib
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from bot.domain import verifying
from bot.domain.bulletin import Draft
from bot.domain.verifying import Likeness
from storage import bulletins, copies
from storage.crypto import Keys
from storage.database import Tx
from storage.signing import Signer, throwaway_signer
from storage.sqlite import open_file

NOW = datetime(2026, 3, 21, tzinfo=UTC)
WORDS, LENGTH, BATCH = 8000, 90, 250
LAST = "To check a copy, forward it to me."


def texts(count: int, dice: random.Random) -> list[str]:
    """Bulletins of made-up words, a few of which are frequent, as in any language."""
    syllables = [a + b for a in "bdfghklmnprstv" for b in "aeiou"]
    words = ["".join(dice.choices(syllables, k=dice.randint(2, 4))) for _n in range(WORDS)]
    weights = [1 / (n + 5) for n in range(WORDS)]
    return [
        f"No. {n} of the town\n{' '.join(dice.choices(words, weights, k=LENGTH))} {dice.randint(1, 500)}\n{LAST}"
        for n in range(1, count + 1)
    ]


def publish(tx: Tx, by: Signer, some: Sequence[str]) -> None:
    """Publish some texts."""
    for text in some:
        bulletins.publish(tx, by, Draft(), {"en": text}, NOW, author=None, reviewer=None)


def look(tx: Tx, text: str) -> tuple[int, Likeness]:
    """What the bot does for one question."""
    words = verifying.read(text)
    near = bulletins.by_entries(tx, copies.candidates(tx, words))
    held = [(verifying.compare(verifying.read(one.text), words), one.number) for one in near]
    best = min(held, key=lambda pair: (pair[0].rank, -pair[1]))
    return best[1], best[0].likeness


def spoken(name: str, took: list[float], right: int, count: int) -> str:
    """One line of the table."""
    p95 = quantiles(took, n=20)[-1] if len(took) > 1 else took[0]
    return f"{name:<22} p50 {median(took) * 1000:>9.1f} ms   p95 {p95 * 1000:>9.1f} ms   right {right}/{count}"


def through_all(known: list[str], asked: list[tuple[int, str]], near: Callable[[str, str], float], name: str) -> str:
    """Hold each question against every text."""
    took, right = [], 0
    for number, text in asked:
        begun = time.perf_counter()
        best = max(range(len(known)), key=lambda n: near(known[n], text))
        took.append(time.perf_counter() - begun)
        right += best + 1 == number
    return spoken(name, took, right, len(asked))


async def main(count: int, questions: int) -> None:
    """Fill a database, and ask."""
    dice = random.Random(5)
    known, by = texts(count, dice), throwaway_signer("Benchmark", NOW)
    asked = []
    for number in dice.sample(range(1, count + 1), questions):
        words = known[number - 1].split(" ")
        words[dice.randrange(20, 60)] = "changed"
        asked.append((number, " ".join(words)))
    with tempfile.TemporaryDirectory() as there:
        storage = await open_file(Path(there) / "benchmark.db", Keys(bytes(32)))
        begun = time.perf_counter()
        for n in range(0, count, BATCH):
            await storage.write(partial(publish, by=by, some=known[n : n + BATCH]))
        print(f"{count} bulletins published and put into the index in {time.perf_counter() - begun:.0f} s")
        took, right = [], 0
        for number, text in asked:
            begun = time.perf_counter()
            found = await storage.read(partial(look, text=text))
            took.append(time.perf_counter() - begun)
            right += found == (number, Likeness.ALTERED)
        print(spoken("payvand", took, right, questions))
        await storage.close()
    few = asked[: max(1, questions // 20)]
    print(
        through_all(known, few, lambda a, b: SequenceMatcher(None, a, b, autojunk=False).quick_ratio(), "difflib, all")
    )
    try:
        fuzz = importlib.import_module("rapidfuzz.fuzz")
    except ImportError:
        print("rapidfuzz is not installed: not compared")
    else:
        print(through_all(known, few, fuzz.ratio, "rapidfuzz, all"))


if __name__ == "__main__":
    asyncio.run(main(*(int(one) for one in (*sys.argv[1:3], "10000", "100")[:2])))
