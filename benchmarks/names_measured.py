"""The same questions to whoever finds names: how often the right record is among the first, and at what cost."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from benchmarks import machine, made_names

SHOWN = 10  # candidates that a human looks at


class Finder(Protocol):
    """Whoever finds names. A score may have any unit; more is more alike."""

    def build(self, records: list[str]) -> None:
        """Take in all records."""

    def find(self, name: str) -> list[tuple[float, int]]:
        """The best records with their scores."""

    def score(self, one: str, two: str) -> float:
        """How alike two names are."""


def measured(finder: Finder, arguments: Sequence[str]) -> dict[str, float]:
    """Ask everything. Arguments: how many records, how many questions, and perhaps a folder of real names."""
    count, questions = int(arguments[0]), int(arguments[1])
    folder = Path(arguments[2]) if len(arguments) > 2 else None  # noqa: PLR2004
    town = made_names.read(folder, count, questions) if folder else made_names.made(count, questions)
    before = time.process_time()
    finder.build(town.records)
    built = time.process_time() - before
    waits: list[float] = []
    ranks: dict[str, list[float]] = {}
    for question in town.questions:
        before = time.process_time()
        found = finder.find(question.name)
        waits.append(time.process_time() - before)
        rank = _rank(found, question.meant, town.records)
        for group in ("all", *question.done):
            ranks.setdefault(group, []).append(rank)
    result = {
        "built": built,
        "ms": sum(waits) / len(waits) * 1000,
        "p95": machine.percentile(waits, 95) * 1000,
        "rss": machine.greatest_memory(),
        "first": _share(ranks["all"], 1),
        "ten": _share(ranks["all"], SHOWN),
        **{f"ten {group}": _share(some, SHOWN) for group, some in ranks.items()},
    }
    return {**result, **_pairs(finder, town.pairs)}


def _rank(found: list[tuple[float, int]], meant: int, records: list[str]) -> float:
    """Where the record stands; among equals in the middle. A namesake is as good: nobody could tell them apart."""
    mine = [score for score, number in found if number == meant or records[number] == records[meant]]
    if not mine:
        return float("inf")
    better = sum(score > mine[0] + 1e-9 for score, _ in found)
    equal = sum(abs(score - mine[0]) <= 1e-9 and records[number] != records[meant] for score, number in found)  # noqa: PLR2004
    return 1 + better + equal / 2


def _share(ranks: Sequence[float], most: int) -> float:
    return sum(rank <= most for rank in ranks) / len(ranks)


def _pairs(finder: Finder, pairs: Sequence[tuple[str, str, str]]) -> dict[str, float]:
    """F1 of “is this the same name?” with the best threshold of one half, measured on the other."""
    before = time.process_time()
    scored = [(finder.score(one, two), what) for one, two, what in pairs]
    each = (time.process_time() - before) / len(scored)
    threshold = max((_f1(scored[::2], score), score) for score, _ in scored[: len(scored) : 7])[1]
    brothers = [score for score, what in scored[1::2] if what == "brother"]
    return {
        "us": each * 1e6,
        "f1": _f1(scored[1::2], threshold),
        "brothers": sum(score >= threshold for score in brothers) / max(1, len(brothers)),
    }


def _f1(scored: Sequence[tuple[float, str]], threshold: float) -> float:
    right = sum(score >= threshold and what == "same" for score, what in scored)
    wrong = sum((score >= threshold) != (what == "same") for score, what in scored)
    return 2 * right / (2 * right + wrong) if right else 0.0
