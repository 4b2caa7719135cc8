"""Made-up bulletins, altered copies of them, and the usual ways to find which one a copy is of.

python -m benchmarks.rivals.nearest difflib|fts5 BULLETINS QUESTIONS
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import time
from difflib import SequenceMatcher
from statistics import median

WORDS, LENGTH = 8000, 90
LAST = "To check a copy, forward it to me."


def texts(count: int) -> list[str]:
    """Bulletins of made-up words, a few of which are frequent, as in any language."""
    dice = random.Random(5)
    syllables = [a + b for a in "bdfghklmnprstv" for b in "aeiou"]
    words = ["".join(dice.choices(syllables, k=dice.randint(2, 4))) for _n in range(WORDS)]
    weights = [1 / (n + 5) for n in range(WORDS)]
    return [
        f"No. {n} of the town\n{' '.join(dice.choices(words, weights, k=LENGTH))} {dice.randint(1, 500)}\n{LAST}"
        for n in range(1, count + 1)
    ]


def altered(known: list[str], questions: int) -> list[tuple[int, str]]:
    """The numbers of some of them, each with a copy in which one word is another."""
    dice = random.Random(6)
    asked = []
    for number in dice.sample(range(1, len(known) + 1), questions):
        words = known[number - 1].split(" ")
        words[dice.randrange(20, 60)] = "changed"
        asked.append((number, " ".join(words)))
    return asked


def measured(took: list[float], right: int) -> dict[str, float]:
    """What one contestant needed, in milliseconds, and how many of a hundred it found."""
    took = sorted(took)
    return {
        "p50": median(took) * 1000,
        "p95": took[int(len(took) * 0.95)] * 1000,
        "right": 100 * right / len(took),
    }


def by_difflib(known: list[str], text: str) -> int:
    """The number of the likest of all texts."""

    def near(n: int) -> float:
        return SequenceMatcher(None, known[n], text, autojunk=False).quick_ratio()

    return max(range(len(known)), key=near) + 1


def by_fts5(index: sqlite3.Connection, text: str) -> int:
    """The number of the text that SQLite's full-text search ranks first."""
    words = " OR ".join(f'"{word}"' for word in dict.fromkeys(text.split()))
    found = index.execute("SELECT rowid FROM bulletin WHERE bulletin MATCH ? ORDER BY rank LIMIT 1", (words,))
    return int(found.fetchone()[0])


def main(way: str, count: int, questions: int) -> None:
    """Find each copy."""
    known = texts(count)
    index = sqlite3.connect(":memory:")
    index.execute("CREATE VIRTUAL TABLE bulletin USING fts5(text)")
    index.executemany("INSERT INTO bulletin (rowid, text) VALUES (?, ?)", enumerate(known, 1))
    took, right = [], 0
    for number, text in altered(known, questions):
        begun = time.perf_counter()
        found = by_fts5(index, text) if way == "fts5" else by_difflib(known, text)
        took.append(time.perf_counter() - begun)
        right += found == number
    print(json.dumps(measured(took, right)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
