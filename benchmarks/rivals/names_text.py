"""What most people would write to find a name: romanise it, and let a library compare every record in clear text."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Callable

import jellyfish
from anyascii import anyascii
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler
from unidecode import unidecode

from benchmarks import machine, names_measured
from benchmarks.names_measured import Finder


def _sorted(name: str, romanise: Callable[[str], str]) -> str:
    return " ".join(sorted(romanise(name).lower().replace(".", " ").replace("'", "").split()))


class _All:
    """Compare with every record."""

    def __init__(self, scorer: Callable[..., float], romanise: Callable[[str], str]) -> None:
        self._scorer, self._romanise = scorer, romanise

    def build(self, records: list[str]) -> None:
        self._records = [_sorted(record, self._romanise) for record in records]

    def find(self, name: str) -> list[tuple[float, int]]:
        found = process.extract(
            _sorted(name, self._romanise), self._records, scorer=self._scorer, processor=None, limit=50
        )
        return [(float(score), number) for _record, score, number in found]

    def score(self, one: str, two: str) -> float:
        return float(self._scorer(_sorted(one, self._romanise), _sorted(two, self._romanise)))


class _Metaphone:
    """An index of each word's metaphone code, and token_sort among those that share most codes."""

    def build(self, records: list[str]) -> None:
        self._records = records
        self._with: dict[str, list[int]] = defaultdict(list)
        for number, record in enumerate(records):
            for code in self._codes(record):
                self._with[code].append(number)

    def find(self, name: str) -> list[tuple[float, int]]:
        votes: Counter[int] = Counter()
        for code in self._codes(name):
            holders = self._with.get(code, [])
            for number in holders:
                votes[number] += 1 + int(1000 / len(holders))
        return sorted(((self.score(name, self._records[one]), one) for one, _ in votes.most_common(150)), reverse=True)

    def score(self, one: str, two: str) -> float:
        mine, theirs = self._codes(one), self._codes(two)
        same = len(mine & theirs) / max(1, len(mine | theirs))
        return same + float(fuzz.ratio(_sorted(one, anyascii), _sorted(two, anyascii))) / 1000

    @staticmethod
    def _codes(name: str) -> set[str]:
        return {jellyfish.metaphone(word) for word in anyascii(name).replace(".", " ").split()}


class _Trigrams:
    """TF-IDF of trigrams and their cosine, as a full-text engine has it."""

    def build(self, records: list[str]) -> None:
        counted = [self._grams(record) for record in records]
        spread = Counter(gram for grams in counted for gram in grams)
        self._idf = {gram: math.log(len(records) / count) + 1 for gram, count in spread.items()}
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, grams in enumerate(counted):
            norm = math.sqrt(sum((count * self._idf[gram]) ** 2 for gram, count in grams.items())) or 1.0
            for gram, count in grams.items():
                self._postings[gram].append((number, count * self._idf[gram] / norm))

    def find(self, name: str) -> list[tuple[float, int]]:
        scores: dict[int, float] = defaultdict(float)
        for gram, count in self._grams(name).items():
            weight = count * self._idf.get(gram, 0.0)
            for number, theirs in self._postings.get(gram, ()):
                scores[number] += weight * theirs
        return sorted(((score, number) for number, score in scores.items()), reverse=True)[:50]

    def score(self, one: str, two: str) -> float:
        mine, theirs = self._grams(one), self._grams(two)
        dot = sum(count * theirs[gram] for gram, count in mine.items())
        norm = math.sqrt(sum(n * n for n in mine.values()) * sum(n * n for n in theirs.values()))
        return dot / norm if norm else 0.0

    @staticmethod
    def _grams(name: str) -> Counter[str]:
        text = f" {_sorted(name, anyascii)} "
        return Counter(text[at : at + 3] for at in range(len(text) - 2))


FINDERS: dict[str, Callable[[], Finder]] = {
    "token_sort": lambda: _All(fuzz.token_sort_ratio, anyascii),
    "wratio": lambda: _All(fuzz.WRatio, anyascii),
    "jaro": lambda: _All(JaroWinkler.similarity, unidecode),
    "metaphone": _Metaphone,
    "trigrams": _Trigrams,
}

machine.pin(machine.bot_core())
json.dump(names_measured.measured(FINDERS[sys.argv[1]](), sys.argv[2:]), sys.stdout)
