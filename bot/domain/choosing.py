"""Choices without buttons: which numbers a list of choices gets, and which choice typed words or a sign pick."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.conversation import Choice, Line
from bot.domain.folding import LONGEST, fold

IN_VIEW: Final = timedelta(minutes=30)  # so long somebody may still be about to answer a list
HIGHEST: Final = 99
SHORTEST: Final = 3  # letters of a label that are enough to pick it

Labels = Callable[[Line], Iterable[str]]

_KEYCAP = re.compile("([0-9])\ufe0f?\u20e3")
_TEN = "\U0001f51f"
_NUMBER = re.compile(r"[^\w\s+-]{0,2}\s{0,3}(\d{1,2})\s{0,3}[^\w\s+-]{0,2}")
_DECORATION = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\\s]")


@dataclass(frozen=True, slots=True)
class Menu:
    """A list of choices as it stands in a chat.

    `first` is the number of its first choice; `reply` tells whether it answered the person (then it takes the place of
    the answer before) or came by itself; `message` is the platform's id of it, "" while it is not known.
    """

    first: int
    choices: tuple[Choice, ...]
    reply: bool
    at: datetime
    message: str = ""

    @property
    def numbers(self) -> range:
        """The numbers that its choices have."""
        return range(self.first, self.first + len(self.choices))


class Unclear(Exception):  # noqa: N818 - a state of affairs
    """More than one choice fits the words."""


class Over(Exception):  # noqa: N818 - a state of affairs
    """The number belongs to no list that still stands."""


def numbered(rows: Iterable[Iterable[Choice]]) -> tuple[Choice, ...]:
    """The choices that get a number, in their order: all but links."""
    return tuple(choice for row in rows for choice in row if choice.code)


def first_number(menus: Sequence[Menu], count: int, now: datetime, *, reply: bool) -> int:
    """The number at which a new list of `count` choices begins; `menus` are those of its chat, the newest first.

    Somebody who is about to type “2” under one list must never pick from another one that arrived in that moment: as
    long as a list may still be in view, what comes by itself gets other numbers. An answer takes the place of the
    answer before it, which is over then, and may have its numbers.
    """
    taken: set[int] = set()
    answered = reply
    for menu in menus:
        if now - menu.at > IN_VIEW:
            break
        if not menu.reply or not answered:
            taken.update(menu.numbers)
        answered = answered or menu.reply
    for first in range(1, HIGHEST - count + 2):
        if taken.isdisjoint(range(first, first + count)):
            return first
    return 1  # more lists in half an hour than numbers: the newest has them


def picked(text: str, menus: Sequence[Menu], labels: Labels, *, on: str = "", words: bool = False) -> Choice | None:
    """The choice that typed words pick, or None if they are no pick; `menus` are those of the chat, the newest first.

    A number, a whole label, or the beginning of a label that no other label has. `labels` says a label in every
    language in which it may be typed; `on` is the message that the words answer; with `words` the person was asked for
    words of their own, and only a number that was offered or a whole label picks. Raises Over for a number that stands
    in no list any more, and Unclear.
    """
    standing = [menu for menu in menus if menu.message == on] if on else []
    standing = standing or list(menus)
    number = number_in(text)
    if number is not None:
        for menu in standing:
            if number in menu.numbers:
                return menu.choices[number - menu.first]
        if words or not menus:
            return None
        raise Over
    if not standing or not (said := fold(text)) or len(text) > LONGEST:
        return None
    whole = {
        choice.code: choice for menu in standing for choice in menu.choices if said in map(fold, labels(choice.label))
    }
    if len(whole) == 1 or (whole and _ordinary(standing, whole)):
        return next(iter(whole.values()))
    if whole:
        raise Unclear
    if words or len(said) < SHORTEST:
        return None
    begun = [c for c in standing[0].choices if any(fold(one).startswith(said) for one in labels(c.label))]
    if len(begun) > 1:
        raise Unclear
    return begun[0] if begun else None


def _ordinary(standing: Sequence[Menu], whole: dict[str, Choice]) -> bool:
    """Whether the newest list alone has this label, and the others are of answers that it took the place of."""
    newest = {choice.code for choice in standing[0].choices}
    older = [menu for menu in standing[1:] if not menu.reply and any(c.code in whole for c in menu.choices)]
    return next(iter(whole)) in newest and not older


def number_in(text: str) -> int | None:
    """The number that a whole text is: “2”, “2.”, “(2)”, “№ 2”, in any digits, or as a keycap."""
    plain = _KEYCAP.sub(r"\1", text[:LONGEST].strip()).replace(_TEN, "10")
    if found := _NUMBER.fullmatch(plain):
        return int("".join(str(unicodedata.digit(digit)) for digit in found[1]))
    return None


def signed(sign: str, menus: Sequence[Menu], labels: Labels, on: str) -> Choice | None:
    """The choice that a sign put under the message `on` picks, or None: a sign may mean anything.

    A keycap picks by its number, another sign picks the one choice whose label begins with it. Raises Over for a
    keycap under a list that stands no more.
    """
    under = next((menu for menu in menus if menu.message == on), None)
    number = number_in(sign)
    if under is None:
        if number is not None:
            raise Over
        return None
    if number is not None:
        return under.choices[number - under.first] if number in under.numbers else None
    bare = _DECORATION.sub("", sign[:LONGEST])
    if not bare or fold(bare):
        return None
    fitting = [c for c in under.choices if any(_DECORATION.sub("", one).startswith(bare) for one in labels(c.label))]
    return fitting[0] if len(fitting) == 1 else None
