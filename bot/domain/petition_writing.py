"""Writing a letter part by part: which texts it needs in each language, and every change as a new value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from bot.domain import petition
from bot.domain.addressees import ADDRESSEES, Element
from bot.domain.petition import FOR, LANGUAGES, LONGEST_DEMAND, Letter, Organisation, Part

TO: Final = "to-"
NEVER: Final = date(1970, 1, 1)  # of a letter whose deadline was not chosen yet
LONGEST_ELEMENT: Final = 1500
MOST_GOAL: Final = 10_000_000
LENGTHS: Final = {part.key: part.longest for part in Part}
_WRITTEN: Final = re.compile(r"\s*(\d{1,2})[./](\d{1,2})[./](\d{4})\s*|\s*(\d{4})-(\d{2})-(\d{2})\s*", re.ASCII)


def blank() -> Letter:
    """A letter of which nothing is written yet."""
    return Letter(petition="", version=0, key="", addressees=(), goal=0, closes=NEVER)


# -- texts -------------------------------------------------------------------------------------------------------------


def elements(letter: Letter) -> tuple[Element, ...]:
    """What its addressees want besides its text, each once: those that are in our directory, too."""
    known = (ADDRESSEES[code] for code in letter.addressees if code in ADDRESSEES)
    wanted = {one for addressee in known for one in addressee.rules.elements}
    return tuple(one for one in Element if one in wanted)


def keys(letter: Letter) -> tuple[str, ...]:
    """Every text that a letter needs in each language: its parts, what is asked of each addressee, and the elements."""
    return (
        *(part.key for part in Part),
        *(TO + code for code in letter.addressees),
        *(FOR + one.value for one in elements(letter)),
    )


def longest(key: str) -> int:
    """How many characters a text may have."""
    return LENGTHS.get(key) or (LONGEST_DEMAND if key.startswith(TO) else LONGEST_ELEMENT)


def text_of(letter: Letter, language: str, key: str) -> str:
    """A text of a letter; "" if it is not written yet."""
    if key.startswith(TO):
        return letter.demands.get((language, key.removeprefix(TO)), "")
    return letter.texts.get((language, key), "")


def with_text(letter: Letter, language: str, key: str, text: str) -> Letter:
    """A letter with a text."""
    if key.startswith(TO):
        return replace(letter, demands={**letter.demands, (language, key.removeprefix(TO)): text})
    return replace(letter, texts={**letter.texts, (language, key): text})


def missing(letter: Letter, language: str) -> tuple[str, ...]:
    """Which texts it lacks in a language, in their order."""
    return tuple(key for key in keys(letter) if not text_of(letter, language, key).strip())


def next_question(letter: Letter, language: str) -> tuple[str, str] | None:  # noqa: PLR0911 - one question after another
    """What is to be asked next of whoever writes it first in `language`: what, and in which language; None: nothing."""
    parts = {part.key for part in Part}
    lacking = missing(letter, language)
    if lacking and lacking[0] in parts:
        return lacking[0], language
    if not letter.sources:
        return "source", ""
    if not letter.addressees:
        return "addressees", ""
    if lacking:
        return lacking[0], language
    if letter.goal <= 0:
        return "goal", ""
    if letter.closes == NEVER:
        return "closes", ""
    if not letter.key:
        return "key", ""
    others = ((one, missing(letter, one)) for one in LANGUAGES if one != language)
    return next(((keys_[0], one) for one, keys_ in others if keys_), None)


def original(letter: Letter, language: str, key: str) -> tuple[str, str]:
    """A text in another language that has it, and which; "" and "" if none has."""
    found = ((text_of(letter, one, key), one) for one in LANGUAGES if one != language)
    return next(((text, one) for text, one in found if text.strip()), ("", ""))


# -- addressees --------------------------------------------------------------------------------------------------------


def kinds() -> tuple[str, ...]:
    """The kinds of addressees in the directory, in its order."""
    return tuple(dict.fromkeys(one.kind for one in ADDRESSEES.values()))


def with_addressee(letter: Letter, code: str) -> Letter:
    """A letter that goes to one addressee more."""
    return replace(letter, addressees=(*(one for one in letter.addressees if one != code), code))


def without_addressee(letter: Letter, code: str) -> Letter:
    """A letter that goes to one addressee less: what was asked of it goes, and what only it wanted besides."""
    kept = replace(letter, addressees=tuple(one for one in letter.addressees if one != code))
    wanted = {FOR + one.value for one in elements(kept)}
    return replace(
        kept,
        demands={key: text for key, text in kept.demands.items() if key[1] != code},
        texts={key: text for key, text in kept.texts.items() if not key[1].startswith(FOR) or key[1] in wanted},
    )


def standing(letter: Letter, sponsors: Iterable[str], organisations: Iterable[str]) -> Letter:
    """A letter with those under it who have said that they stand there."""
    return replace(
        letter,
        sponsors=tuple(sponsors),
        organisations=tuple(Organisation(name, confirmed=True) for name in organisations),
    )


# -- numbers and days --------------------------------------------------------------------------------------------------


def read_goal(text: str) -> int | None:
    """A number of people as somebody writes it: “10 000”, “5,000”, “3 people”; None if it is none."""
    digits = re.sub(r"[\s.,'’_]|[^\W\d]", "", text)
    if not digits.isascii() or not digits.isdigit() or len(digits) > len(str(MOST_GOAL)):
        return None
    return goal if 0 < (goal := int(digits)) <= MOST_GOAL else None


def read_day(text: str) -> date | None:
    """A day to come, such as 14.05.2027 or 2027-05-14; None if it is none."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    day, month, year, iso_year, iso_month, iso_day = found.groups()
    try:
        return date(int(year or iso_year), int(month or iso_month), int(day or iso_day))
    except ValueError:
        return None


def may_close(day: date, today: date) -> bool:
    """Whether a letter can be open until then."""
    return today < day <= today + petition.LONGEST_OPEN


def days(n: int) -> timedelta:
    """So many days."""
    return timedelta(days=n)
