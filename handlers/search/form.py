"""What whoever looks and whoever lets somebody be found are both asked: the same, so that the answers meet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bot.domain import knock as rules
from bot.domain.conversation import Choice, Line
from bot.domain.knock import Known
from bot.domain.knock_words import AGED, UNKNOWN
from bot.domain.people import read_name
from bot.domain.refusals import Empty, Enough, NotAName, NotAYear, NotFound, TooLong
from bot.i18n import _, pgettext
from handlers.ask import Ask, button
from storage import outbox
from storage.database import Tx

NAME, PLACE, YEAR = 60, 60, 40  # characters
TYPED: Final = timedelta(hours=1)  # that a question waits and what was typed stands: an answer of kin opens a record
GOES = _("What you write for this I delete from the chat after an hour.")
LEFT_OUT = pgettext("button", "➡️ Leave it out")

_YOUNGEST, _OLDEST = 1900, 130  # a birth year, an age
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")


def asked(step: str) -> list[Line]:
    """The question about the year or the places."""
    if step == "born":
        return [_("In which year were they born? If you don't know, about how old are they?")]
    return [
        _("Which village or district are they from?"),
        _("If they were last somewhere else, write that on a second line."),
    ]


def cleans(ask: Ask, tx: Tx) -> None:
    """What was typed just now goes from the chat by itself: no name and no answer is read on a phone taken later."""
    if ask.spoke:
        outbox.clean_last(tx, ask.address, ask.now + TYPED)


def is_unknown(typed: str) -> bool:
    """Whether these words only say that one does not know."""
    return UNKNOWN.fullmatch(" ".join(typed.split()).strip(" .!?…")) is not None


def read_names(typed: str) -> list[str]:
    """Names, one on each line; what stands in brackets is another. Raises NotAName, TooLong or Enough."""
    lines = _lines(typed, r"[\n;/()]", NAME)
    found = [read_name(line.replace(",", " ")) for line in lines]
    if not found or None in found:
        raise NotAName
    if len(found) > rules.MOST_NAMES:
        raise Enough(rules.MOST_NAMES)
    return [name for name in found if name is not None]


def read_places(typed: str) -> list[str]:
    """Places, one on each line, in anybody's words. Raises Empty, NotFound, TooLong or Enough."""
    lines = _lines(typed, r"[\n;]", PLACE)
    if not lines:
        raise Empty
    found = [one for one in map(read_name, lines) if one]
    if not found:
        raise NotFound
    if len(found) > rules.MOST_PLACES:
        raise Enough(rules.MOST_PLACES)
    return found


def _lines(typed: str, apart: str, most: int) -> list[str]:
    lines = [line for part in re.split(apart, typed) if (line := " ".join(part.split()).strip(" .,!?…"))]
    if any(len(line) > most for line in lines):
        raise TooLong(most)
    return lines


@dataclass(frozen=True, slots=True)
class Either:
    """Two digits, which may be a birth year or an age."""

    born: int
    age: int


def read_year(typed: str, now: datetime) -> int | Either:
    """A birth year, from a year, a day or an age: of two years the first. Raises NotAYear."""
    years = [year for one in _YEAR.findall(typed) if _YOUNGEST <= (year := int(one)) <= now.year]
    if years:
        return years[0]
    numbers = re.findall(r"\d+", typed)
    if len(numbers) != 1 or int(numbers[0]) >= _OLDEST:
        raise NotAYear
    age = int(numbers[0])
    if len(numbers[0]) != 2 or AGED.search(typed):  # noqa: PLR2004 - the last two digits of a year
        return now.year - age
    century = now.year // 100 * 100
    return Either(century + age if century + age <= now.year else century - 100 + age, age)


def either(one: Either, verb: str, now: datetime) -> Iterator[list[Choice]]:
    """Which of the two it is, as buttons."""
    yield [button(pgettext("button", "Born in {year}", year=one.born), verb, one.born)]
    yield [button(pgettext("button", "Age: {n}", n=one.age), verb, now.year - one.age)]


def chosen_year(ask: Ask, number: int) -> int:
    """A year that came by a button. Raises NotAYear."""
    if not ask.now.year - _OLDEST < number <= ask.now.year:
        raise NotAYear
    return number


# -- what a dialogue gathers ---------------------------------------------------------------------------------------


def packed(what: Any) -> str:  # noqa: ANN401 - lists and tables of words
    """Several words as a dialogue keeps them: in one string."""
    return json.dumps(what, ensure_ascii=False)


def gathered(known: Known) -> dict[str, Any]:
    """What is known of somebody already, as the answers to the questions."""
    data: dict[str, Any] = {"names": packed(known.names), "places": packed(known.places)}
    return data | ({"born": known.born} if known.born else {})


def known(data: dict[str, Any]) -> Known:
    """What the answers say of somebody."""
    names, places = json.loads(data["names"]), json.loads(data.get("places", "[]"))
    return Known(tuple(names), data.get("born") or None, tuple(places))


def gather(ask: Ask, data: dict[str, Any], step: str) -> Either | None:
    """Put what was typed for the names, the year or the places into `data`.

    Two digits that may be a year or an age are given back, to be asked about. Raises a Refusal for what can't be read.
    """
    match step:
        case "born" | "places" if is_unknown(ask.words):
            data.pop(step, None)
        case "names":
            data["names"] = packed(read_names(ask.words))
        case "places":
            data["places"] = packed(read_places(ask.words))
        case "born":
            born = read_year(ask.text(YEAR), ask.now)
            if isinstance(born, Either):
                return born
            data["born"] = born
    return None
