"""Which of the published texts a copy may be of: found by the numbers of a few words in a row, never by reading all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from bot.domain import verifying
from bot.domain.bulletin import Edition
from bot.domain.verifying import Word
from storage.database import Tx
from storage.schema import copy_shingle, edition

MOST: Final = 12  # texts that are compared with a copy word by word
AT_ONCE: Final = 300  # numbers asked for in one statement


def index(tx: Tx, made: Edition) -> None:
    """A text was published: let copies of it be found."""
    rows = [{"hash": number, "entry": made.entry} for number in verifying.runs(verifying.words(made.text))]
    if rows:
        tx.execute(copy_shingle.insert(), rows)


def candidates(tx: Tx, copy: Sequence[Word]) -> list[tuple[int, str]]:
    """The number and the text of what a copy may be of, the likeliest first."""
    numbers = verifying.runs(copy)
    found: Counter[int] = Counter()
    for n in range(0, len(numbers), AT_ONCE):
        among = copy_shingle.c.hash.in_(numbers[n : n + AT_ONCE])
        count = sa.func.count().label("count")
        query = sa.select(copy_shingle.c.entry, count).where(among).group_by(copy_shingle.c.entry)
        found.update({row.entry: row[1] for row in tx.execute(query)})
    likeliest = sorted(found, key=lambda entry: (found[entry], entry), reverse=True)[:MOST]
    rows = tx.execute(
        sa.select(edition.c.entry, edition.c.number, edition.c.text).where(edition.c.entry.in_(likeliest))
    )
    texts = {row.entry: (row.number, row.text) for row in rows}
    return [texts[entry] for entry in likeliest]
