"""Two phrases of one's own: one says that all is well, the other only seems to; and when what follows is over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.folding import LONGEST, words
from bot.domain.phrases import Intent, understand

MOST_WORDS = 8
ALONE_AFTER = timedelta(days=30)  # when one trustee's word is enough, or none's where none is left


def read_phrase(text: str) -> str | None:
    """The folded phrase in what was typed; None if it could be taken for something else.

    It has one to eight words, one of them longer than a sign, and means nothing to the bot but perhaps “I am safe”.
    """
    said = words(text)
    if not 0 < len(said) <= MOST_WORDS or len(text) > LONGEST or text.lstrip()[:1] in {"/", "!"}:
        return None
    phrase = " ".join(said)
    if not any(sign.isalpha() for sign in phrase) or len(phrase) < 3:  # noqa: PLR2004 - a digit picks a choice
        return None
    return phrase if understand(text, asked=False) in {None, Intent.SAFE} else None


@dataclass(frozen=True, slots=True)
class Duress:
    """An account in somebody else's hands: since when, who was told, and who of them has spoken with the person since.

    `after` is the number of the newest letter at that instant: what was said before still stands.
    """

    since: datetime
    after: int
    trustees: tuple[int, ...] = ()
    lifted: tuple[int, ...] = ()

    def lift(self, trustee: int) -> Duress:
        """One more trustee has spoken with the person freely."""
        return self if trustee in self.lifted else replace(self, lifted=(*self.lifted, trustee))

    def missing(self, reachable: Collection[int]) -> list[int]:
        """The trustees whose word is still missing. Who is not `reachable` (forgotten, say) is waited for by nobody."""
        return [one for one in self.trustees if one in reachable and one not in self.lifted]

    def is_over(self, reachable: Collection[int], now: datetime) -> bool:
        """Whether every trustee who is left has lifted it. After thirty days one is enough, or that none is left."""
        if now - self.since >= ALONE_AFTER:
            return bool(self.lifted) or not any(one in reachable for one in self.trustees)
        return bool(self.lifted) and not self.missing(reachable)
