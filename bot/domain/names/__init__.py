"""Whether two names may be one: across scripts, spellings, order and short forms. A small library, and nothing else.

`score` says how much speaks for it, `keys` and `near` find candidates by equality alone, `compare` shows a human why.
"""

from bot.domain.names.blind import VERSION, bands, keys, near, padded
from bot.domain.names.parts import Name, parse
from bot.domain.names.scoring import Asker, score
from bot.domain.names.verdict import Comparison, Record, compare

__all__ = [
    "VERSION",
    "Asker",
    "Comparison",
    "Name",
    "Record",
    "bands",
    "compare",
    "keys",
    "near",
    "padded",
    "parse",
    "score",
]
