"""A list of people as a table: what shelters and hospitals send, with a line of headings in anybody's words."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from bot.domain.folding import words
from bot.domain.listing_words import BETWEEN, HEADINGS, NEVER, SEX, STATUS
from bot.domain.pfif import (
    AHEAD,
    LARGEST,
    LONGEST,
    LONGEST_NAME,
    LONGEST_WORDS,
    MOST,
    Person,
    Reading,
    Trouble,
    Unreadable,
    both,
    clean,
    dated,
)

_CELLS: Final = 100
_TELLING: Final = 24  # characters of the id of a row that has none
_FORMULA: Final = re.compile(r"[=+@]")
_YEAR: Final = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)", re.ASCII)
_TIME: Final = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?"
_DAY: Final = (
    re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})" + _TIME, re.ASCII),
    re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})" + _TIME, re.ASCII),
)
_PLAIN: Final = re.compile(r"[\w ,;/-]*[.!]?")
_AGE: Final = re.compile(r"\d{1,3}(?:-\d{1,3})?", re.ASCII)


def read(data: bytes, at: datetime, most: int = MOST) -> Reading:
    """The people of a table with columns divided by commas, semicolons or tabs. Raises Unreadable.

    `at` is now: no row is of a later day, and from it ages are counted in rows that say no day.
    """
    if len(data) > LARGEST:
        raise Unreadable("The file is too large.")
    text = _decoded(data)
    rows = _rows(text)
    try:
        first = next(rows)[1]
    except StopIteration:
        first = None
    columns = _columns(first or [])
    if not {"full_name", "given_name", "family_name"} & set(columns.values()):
        raise Unreadable(
            "The first line must name the columns, and one of them must be the name: such as “name, born, place”."
        )
    people: dict[str, Person] = {}
    refused: list[tuple[int, Trouble]] = []
    for line, row in rows:
        got = Trouble.BROKEN if row is None or len(row) > _CELLS else _person(row, columns, at)
        if isinstance(got, Person) and got.id in people:
            people[got.id] = both(people[got.id], got)
            got = Trouble.TWICE
        elif isinstance(got, Person) and len(people) >= most:
            got = Trouble.TOO_MANY
        if isinstance(got, Person):
            people[got.id] = got
        elif got is not None:
            refused.append((line, got))
    return Reading(tuple(people.values()), tuple(refused))


def _decoded(data: bytes) -> str:
    """Text as spreadsheets write it: UTF-8, UTF-16 with its mark, or what Russian ones take for granted."""
    coding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return data.decode(coding)
    except UnicodeDecodeError:
        return data.decode("cp1251", "replace")


def _rows(text: str) -> Iterator[tuple[int, list[str] | None]]:
    """The line on which each row begins, and its cells; None where there is no row to be made of it."""
    lines = text.splitlines(keepends=True)
    head = lines[0] if lines else ""
    reader = csv.reader(lines, delimiter=max(",;\t", key=head.count))
    while True:
        begins = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield begins, None
        else:
            yield begins, row


def _groups(said: str) -> frozenset[str]:
    return frozenset(" ".join(words(one)) for one in said.split(";"))


_BY_HEADING: Final = {heading: name for name, said in HEADINGS.items() for heading in _groups(said)}
_BY_STATUS: Final = {word: name for name, said in STATUS.items() for word in _groups(said)}
_DEAD: Final = tuple(word for word, name in _BY_STATUS.items() if name == "believed_dead")
_NEVER: Final = _groups(NEVER)
_BY_SEX: Final = {word: name for name, said in SEX.items() for word in _groups(said)}


def _columns(headings: list[str]) -> dict[int, str]:
    """Which column says what. A heading of several words may also hold one that is known."""
    found: dict[int, str] = {}
    for at, heading in enumerate(headings[:_CELLS]):
        said = words(clean(heading.replace("_", " "))[:LONGEST_NAME])
        if not _NEVER.isdisjoint(said):
            continue
        whole = _BY_HEADING.get(" ".join(said))
        name = whole or next((_BY_HEADING[word] for word in said if word in _BY_HEADING), None)
        if name is not None and name not in found.values():
            found[at] = name
    return found


def _person(row: list[str], columns: Mapping[int, str], at: datetime) -> Person | Trouble | None:
    """What a row says; None if it is empty."""
    said = {name: clean(row[where]) for where, name in columns.items() if where < len(row)}
    said = {name: value for name, value in said.items() if value}
    if not said:
        return None
    name = _name(said)
    if (trouble := _trouble(name, said)) is not None:
        return trouble
    day = _dated(said.get("source_date", ""), at)
    if isinstance(day, Trouble):
        return day
    fields = {"full_name": name}
    if day:
        fields["source_date"] = day
    if "home_city" in said:
        fields["home_city"] = said["home_city"][:LONGEST_NAME]
    if born := _YEAR.search(said.get("date_of_birth", "")):
        fields["date_of_birth"] = born[1]
    if _AGE.fullmatch(said.get("age", "")):
        fields["age"] = said["age"]
    if sex := _BY_SEX.get(" ".join(words(said.get("sex", "")))):
        fields["sex"] = sex
    fields["person_record_id"] = said.get("person_record_id") or _told_apart(fields)
    if not day and (counted := Person({"source_date": dated(at)} | fields).born()) is not None:
        fields["date_of_birth"] = str(counted)
    return Person(fields, _notes(said.get("status", ""), day))


def _name(said: Mapping[str, str]) -> str:
    """The name in one piece: a column that is only “name” may hold all of it, or only the given one."""
    parts = ("full_name", "family_name", "given_name", "father")
    return " ".join(" ".join(said[part] for part in parts if part in said).split())


def _trouble(name: str, said: Mapping[str, str]) -> Trouble | None:
    if len(name) > LONGEST_NAME or any(len(value) > LONGEST for value in said.values()):
        return Trouble.TOO_LONG
    if any(_FORMULA.match(value) for value in (name, *said.values())):
        return Trouble.FORMULA
    return None if any(letter.isalpha() for letter in name) else Trouble.NO_NAME


def _notes(cell: str, at: str) -> tuple[Mapping[str, str], ...]:
    """What a cell says of somebody, of the day of its row."""
    if not cell:
        return ()
    said = {"text": cell, "status": _status(cell), "source_date": at}
    return ({name: value for name, value in said.items() if value},)


def _status(cell: str) -> str:
    """The status, if a cell says nothing else: “unknown if alive” and “his brother is alive” do not say “alive”.

    Of a death its word is enough, wherever it stands. Never the better of two.
    """
    said = " ".join(cell.split())
    folded = f" {' '.join(words(said))} "
    if any(f" {word} " in folded for word in _DEAD):
        return "believed_dead"
    if len(said) > LONGEST_WORDS or not _PLAIN.fullmatch(said):
        return ""
    found = {_BY_STATUS.get(" ".join(words(part)), "") for part in BETWEEN.split(said)}
    return next((name for name in ("", "believed_missing", "believed_alive") if name in found), "")


def _dated(cell: str, at: datetime) -> str | Trouble:
    """The day of a row, as PFIF writes it; "" if it says none."""
    if not any(map(str.isalnum, cell)):
        return ""
    day = _day(cell)
    return Trouble.BAD_DATE if day is None or day > at + AHEAD else dated(day)


def _day(words_: str) -> datetime | None:
    for form, order in zip(_DAY, ((1, 2, 3), (3, 2, 1)), strict=True):
        if read_ := form.fullmatch(words_):
            try:
                return datetime(*(int(read_[part]) for part in order), tzinfo=UTC)  # type: ignore[arg-type, misc]
            except ValueError:
                return None
    return None


def _told_apart(fields: Mapping[str, str]) -> str:
    """An id for a row that has none: the same for the same person on the next list."""
    said = (fields["full_name"].casefold(), fields.get("date_of_birth", ""), fields.get("home_city", "").casefold())
    return "row/" + sha256("\n".join(said).encode()).hexdigest()[:_TELLING]
