"""How a room of features says what leads to its handlers, and what holds for each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from bot.domain.circle import read_code
from bot.domain.phrases import Intent
from handlers.ask import Ask, Handler

LEAVING = frozenset({Intent.CANCEL, Intent.BACK})
URGENT = LEAVING | {Intent.HELP, Intent.HELP_OR_MANUAL}
EVERYTHING = frozenset(Intent)

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Limit:
    """How often one account may do something; `counts` tells which tries count.

    Counted outside the handler's savepoint, and per account: neither a refusal nor being forgotten gives new tries.
    """

    of: str
    most: int
    counts: Callable[[Ask], bool] = lambda _ask: True
    within: timedelta = timedelta(hours=1)


def guesses(ask: Ask) -> bool:
    """Whether these words try a code. A misread digit is found by arithmetic, and costs nobody a try."""
    return read_code(ask.words) is not None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open question that waits for words, and who takes them.

    `understood` are the phrases that are heard all the same. A number or a place is no phrase, so there it is
    `EVERYTHING`; other answers are anybody's own words, and “Omon” is also a name: there only what must never be
    overlooked. `name`: “Madad” may be one, so one word that cries for help asks first. `others`: the words may be
    somebody else's, passed on. `beside`: a file that is to be checked can't have been sent for this.
    """

    handler: Handler
    understood: frozenset[Intent] = URGENT
    name: bool = False
    others: bool = False
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Routes:
    """All the ways into one room. A button's code begins with its verb, an open dialogue with what it waits for.

    `urgent` are the verbs that are heard even from whoever floods us.
    `fleeting`: what was typed for these does not stay in the chat.
    `unseeing`: what can be done at once from an account that was linked a short while ago. Nothing of it shows a name
    or news of the circles; everything else waits, because the account may be in a thief's hands.
    `older`: what only the older account may do in the first days; otherwise a thief with the new one could shut the
    owner out.
    `staying`: a dialogue goes on after these.
    """

    buttons: Mapping[str, Handler]
    phrases: Mapping[Intent, Handler] = field(default_factory=dict)
    words: Mapping[str, Waiting] = field(default_factory=dict)
    limits: Mapping[Handler, Limit] = field(default_factory=dict)
    urgent: frozenset[str] = frozenset()
    fleeting: frozenset[Handler] = frozenset()
    unseeing: frozenset[Handler] = frozenset()
    older: frozenset[Handler] = frozenset()
    staying: frozenset[Handler] = frozenset()


def joined(*tables: Mapping[_Key, _Value]) -> dict[_Key, _Value]:
    """One table of several. Raises ValueError where two say something about the same."""
    whole: dict[_Key, _Value] = {}
    for table in tables:
        if twice := whole.keys() & table.keys():
            raise ValueError(f"routed twice: {sorted(map(str, twice))}")
        whole |= table
    return whole
