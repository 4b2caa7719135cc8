"""PFIF, the format in which shelters, hospitals and search services pass on lists of people.

Read are 1.1 to 1.4, written 1.4 and 1.2; here everything is called as in 1.4. A file comes from strangers: it may be
huge, nested, or say what entities stand for, so that a few bytes become gigabytes. None of that is read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final
from xml.parsers import expat  # no DTD is read: see _Reader
from xml.sax.saxutils import escape

from bot.domain.hard_words import is_hard
from bot.domain.listing_words import REACHES
from bot.domain.names import parse
from bot.domain.names.parts import Kind

LARGEST: Final = 50 << 20  # bytes of a file
MOST: Final = 100_000  # records of a file
LONGEST: Final = 4000  # characters of one value
LONGEST_NAME: Final = 200
MOST_NOTES: Final = 200  # of one person
AHEAD: Final = timedelta(days=1)  # of now: where the day begins earlier. What is dated later has no day that is known
LONGEST_WORDS: Final = 60  # characters of a few words that belong together
_LOOKED_AT: Final = 400  # characters that are searched for hard words at once
_DEEPEST: Final = 6
_CHUNK: Final = 1 << 16
_STEM: Final = "http://zesty.ca/pfif/"

# In the order in which 1.4 has them.
PERSON: Final = (
    *("person_record_id", "entry_date", "expiry_date", "author_name", "author_email", "author_phone", "source_name"),
    *("source_date", "source_url", "full_name", "given_name", "family_name", "alternate_names", "description", "sex"),
    *("date_of_birth", "age", "home_street", "home_neighborhood", "home_city", "home_state", "home_postal_code"),
    *("home_country", "photo_url", "profile_urls"),
)
NOTE: Final = (
    *("note_record_id", "person_record_id", "linked_person_record_id", "entry_date", "author_name", "author_email"),
    *("author_phone", "source_date", "author_made_contact", "status", "email_of_found_person"),
    *("phone_of_found_person", "last_known_location", "text", "photo_url"),
)
STUB: Final = ("person_record_id", "entry_date", "expiry_date", "source_date")  # what stays of a record that is over
_OLD: Final = {  # what earlier versions call it
    "home_zip": "home_postal_code",
    "first_name": "given_name",
    "last_name": "family_name",
    "found": "author_made_contact",
    "other": "description",
}
_NEW: Final = {new: old for old, new in _OLD.items() if old != "home_zip"}
_NOT_IN_1_2: Final = {
    "person": {"expiry_date", "full_name", "alternate_names", "profile_urls"},
    "note": {"photo_url"},
}
_MUST_1_2: Final = {"first_name", "last_name"}
_MUST_1_4: Final = {"person": {"source_date", "full_name"}, "note": {"author_name", "source_date", "text"}}
_LABEL: Final = "description:"  # how 1.2 and 1.3 have a description among what is “other”

_ID: Final = re.compile(r"[a-z0-9](?:[-.a-z0-9]{0,252}[a-z0-9])?/\S.{0,200}", re.IGNORECASE)
_DATE: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?Z", re.ASCII)
_FORMS: Final = {  # a value that is not of this form says nothing
    "sex": re.compile(r"female|male|other"),
    "date_of_birth": re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", re.ASCII),
    "age": re.compile(r"\d{1,3}(?:-\d{1,3})?", re.ASCII),
    "status": re.compile(r"information_sought|is_note_author|believed_(?:alive|missing|dead)"),
    "author_made_contact": re.compile(r"true|false"),
}
_DATES: Final = ("source_date", "entry_date", "expiry_date")
_DIGITS: Final = 4
# Neither allowed in XML nor visible: controls, halves of characters, marks that turn the direction.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


class Version(Enum):
    """What can be written: the newest one, and the one that older services read."""

    V1_2 = "1.2"
    V1_4 = "1.4"


class Trouble(Enum):
    """Why a record, or a line of a table, is not taken."""

    NO_ID = "no record id"
    NO_NAME = "no name"
    TOO_LONG = "too long"
    BAD_DATE = "a date that is none"
    TWICE = "the same record id twice"
    TOO_MANY = "too many records"
    FORMULA = "a formula"
    BROKEN = "a line that is no row"
    NO_STATUS = "a status that is none"


class Unreadable(Exception):  # noqa: N818 - whoever sent the file reads the sentence
    """A file that is not taken at all. The message says why, and holds nothing of the file."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person as a list has them, and what was noted about them: the names of fields in 1.4, and their words.

    `doubtful`: something that was noted could not be read, so that nobody knows what the newest note says.
    """

    fields: Mapping[str, str]
    notes: tuple[Mapping[str, str], ...] = ()
    doubtful: bool = False

    @property
    def id(self) -> str:
        """What the record is called wherever it goes."""
        return self.fields["person_record_id"]

    @property
    def names(self) -> tuple[str, ...]:
        """Every name, the full one first; none if only a stub is left of the record."""
        both = " ".join(filter(None, (self.fields.get("given_name"), self.fields.get("family_name"))))
        full = self.fields.get("full_name", "").splitlines() or [both]
        return tuple(dict.fromkeys(filter(None, (*full, *self.fields.get("alternate_names", "").splitlines()))))

    @property
    def stub(self) -> bool:
        """Whether the record is over: nothing of the person is in it any more."""
        return not self.names and "expiry_date" in self.fields

    @property
    def status(self) -> str:
        """What the newest note that says so says of the person."""
        return self.newest("status")[0]

    def newest(self, field_: str) -> tuple[str, datetime | None]:
        """What the newest note that fills a field in says there, and when that was true, if it tells.

        A note without a day is older than all others, and of two of one moment “alive” is not the newer. "" if no note
        fills it in, or if that is doubtful.
        """
        said = [
            (_moment(note), note.get("status") != "believed_alive", note[field_])
            for note in self.notes
            if note.get(field_)
        ]
        if self.doubtful or not said:
            return "", None
        when, _worse, words = max(said)
        return words, None if when == _NEVER else when

    @property
    def hard(self) -> bool:
        """Whether the list speaks of a death or an arrest: that is told by a voice, and never by a message."""
        said = [self.fields.get("description", "")]
        said += [note.get(name, "") for note in self.notes for name in ("text", "last_known_location")]
        return any(note.get("status") == "believed_dead" for note in self.notes) or any(map(_is_hard, said))

    def born(self) -> int | None:
        """The birth year: as written, or from an age and the day on which it was true; of a range the middle."""
        if year := self.fields.get("date_of_birth", ""):
            return int(year[:4])
        age, at = self.fields.get("age", ""), date(self.fields.get("source_date", ""))
        if not age or at is None:
            return None
        ages = [int(one) for one in age.split("-")]
        return at.year - sum(ages) // len(ages)

    def place(self) -> str:
        """The smallest place at home that is said."""
        order = ("home_neighborhood", "home_city", "home_state")
        return next((self.fields[name] for name in order if self.fields.get(name)), "")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds: its people, and for every line on which something was not taken, why."""

    people: tuple[Person, ...]
    refused: tuple[tuple[int, Trouble], ...] = ()


def date(words: str) -> datetime | None:
    """An instant as PFIF has it; None if it is none."""
    read = _DATE.fullmatch(words)
    try:
        return None if read is None else datetime(*map(int, read.groups()), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return None


_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def _moment(note: Mapping[str, str]) -> datetime:
    return date(note.get("source_date", "")) or _NEVER


def _is_hard(text: str) -> bool:
    """The same as `is_hard`, for texts that are longer than what is looked at at once."""
    return any(is_hard(text[at : at + _LOOKED_AT]) for at in range(0, len(text), _LOOKED_AT - LONGEST_WORDS))


def dated(at: datetime) -> str:
    """How PFIF writes an instant."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def clean(words: str) -> str:
    """Words without what nobody sees, and without spaces around."""
    return _UNSEEN.sub("", words).strip()


def reaches(words: str) -> bool:
    """Whether words seem to hold a telephone number, an address or a link: through those families are blackmailed."""
    plain = unicodedata.normalize("NFKC", words).casefold()
    return sum(map(str.isdigit, plain)) >= _DIGITS or REACHES.search(plain) is not None


# -- reading -------------------------------------------------------------------------------------------------------


def read(data: bytes, most: int = MOST) -> Reading:
    """The people of a file. Raises Unreadable."""
    if len(data) > LARGEST:
        raise Unreadable("The file is too large.")
    reader = _Reader(most)
    try:
        for start in range(0, max(len(data), 1), _CHUNK):
            chunk = data[start : start + _CHUNK]
            reader.parser.Parse(chunk, start + _CHUNK >= len(data))
    except (expat.ExpatError, LookupError, ValueError):  # no XML, or an encoding that nobody knows
        at = reader.parser.CurrentLineNumber
        raise Unreadable(f"The file is no PFIF: it can't be read from line {at} on.") from None
    return reader.reading()


@dataclass(slots=True)
class _Open:
    """A person or a note that is being read."""

    line: int
    fields: dict[str, str] = field(default_factory=dict)
    notes: list[Mapping[str, str]] = field(default_factory=list)
    trouble: Trouble | None = None
    doubtful: bool = False


class _Reader:
    """Fills in people while the parser goes along. What it holds never grows beyond what is kept of a file."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._path: list[str] = []
        self._version = ""
        self._person: _Open | None = None
        self._note: _Open | None = None
        self._words: list[str] = []
        self._length = 0
        self._people: dict[str, Person] = {}
        self._loose: list[Mapping[str, str]] = []  # notes beside the people they are about
        self._doubtful: set[str] = set()  # whom such a note is about that could not be read
        self._refused: list[tuple[int, Trouble]] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._said

    def _doctype(self, *_about: object) -> None:
        raise Unreadable("The file says what its words stand for (a DTD). Such files are not read.")

    def _start(self, tag: str, _attributes: object) -> None:
        space, _, name = tag.rpartition(" ")
        if not self._path:
            self._version = space.removeprefix(_STEM)
            if name != "pfif" or space != _STEM + self._version or self._version not in {"1.1", "1.2", "1.3", "1.4"}:
                raise Unreadable("The file is no PFIF of version 1.1, 1.2, 1.3 or 1.4.")
        self._path.append(name if space == _STEM + self._version else "")
        if len(self._path) > _DEEPEST:
            raise Unreadable("The file is nested deeper than PFIF is.")
        line = self.parser.CurrentLineNumber
        if self._path == ["pfif", "person"]:
            self._person = _Open(line)
        elif self._path in (["pfif", "note"], ["pfif", "person", "note"]):
            self._note = _Open(line)
        self._words, self._length = [], 0

    def _said(self, words: str) -> None:
        one = self._note or self._person
        self._length += len(words)
        if one is not None and self._length > LONGEST:
            one.trouble = one.trouble or Trouble.TOO_LONG
        else:
            self._words.append(words)

    def _end(self, _tag: str) -> None:
        name = self._path[-1]
        parent = self._path[-2] if len(self._path) > 1 else ""
        if self._note is not None and name == "note" and parent != "note":
            self._end_note(self._note)
            self._note = None
        elif self._person is not None and self._path == ["pfif", "person"]:
            self._end_person(self._person)
            self._person = None
        elif (one := self._note or self._person) is not None and parent in {"person", "note"}:
            self._field(one, _OLD.get(name, name), PERSON if parent == "person" else NOTE)
        self._path.pop()
        self._words, self._length = [], 0

    def _field(self, one: _Open, name: str, known: tuple[str, ...]) -> None:
        value = clean("".join(self._words))
        if not value or name not in known or name in one.fields:
            return
        if name in _DATES and date(value) is None:
            one.trouble = one.trouble or Trouble.BAD_DATE
        elif name.endswith("_name") and len(value) > LONGEST_NAME:
            one.trouble = one.trouble or Trouble.TOO_LONG
        elif name not in _FORMS or _FORMS[name].fullmatch(value):
            one.fields[name] = _described(value) if name == "description" else value
        elif name == "status":
            one.trouble = one.trouble or Trouble.NO_STATUS

    def _end_note(self, note: _Open) -> None:
        """Of a note that can't be read whole, what can be is kept: it may be the one that speaks of a death."""
        there = self._loose if self._person is None else self._person.notes
        if len(there) >= (self._most if self._person is None else MOST_NOTES):
            note.trouble = Trouble.TOO_MANY
        else:
            there.append(note.fields)
        if note.trouble is not None:
            self._refuse(note.line, note.trouble)
            if self._person is None:
                self._doubtful.add(note.fields.get("person_record_id", ""))
            else:
                self._person.doubtful = True

    def _end_person(self, one: _Open) -> None:
        person = Person(one.fields, tuple(one.notes), one.doubtful)
        which = one.fields.get("person_record_id", "")
        trouble = one.trouble
        if trouble is None and not _ID.fullmatch(which):
            trouble = Trouble.NO_ID
        elif trouble is None and not person.names and not person.stub:
            trouble = Trouble.NO_NAME
        elif trouble is None and which in self._people:
            trouble = Trouble.TWICE
        elif trouble is None and len(self._people) >= self._most:
            trouble = Trouble.TOO_MANY
        if trouble is None:
            self._people[which] = person
        else:
            self._refuse(one.line, trouble)
            if trouble is Trouble.TWICE:
                self._people[which] = both(self._people[which], person)

    def _refuse(self, line: int, trouble: Trouble) -> None:
        self._refused.append((line, trouble))

    def reading(self) -> Reading:
        about: dict[str, list[Mapping[str, str]]] = {}
        for note in self._loose:
            about.setdefault(note.get("person_record_id", ""), []).append(note)
        people = (
            Person(
                one.fields,
                (*one.notes, *about.get(which, ())[:MOST_NOTES]),
                one.doubtful or which in self._doubtful or len(about.get(which, ())) > MOST_NOTES,
            )
            for which, one in self._people.items()
        )
        return Reading(tuple(people), tuple(self._refused))


def both(first: Person, second: Person) -> Person:
    """The first of two that have one id. If the other says something else of them, nobody knows which is so."""
    if first.status == second.status and first.hard == second.hard:
        return first
    notes = (*first.notes, *({"status": "believed_dead"} for _ in range(second.hard and not first.hard)))
    return Person(first.fields, notes, doubtful=True)


def _described(other: str) -> str:
    """The description, if it is all that stands under “other”."""
    lines = other.splitlines()
    if not lines or not lines[0].startswith(_LABEL) or any(re.match(r"\S+:", line) for line in lines[1:]):
        return other
    return "\n".join(line.strip() for line in (lines[0].removeprefix(_LABEL), *lines[1:])).strip()


# -- writing -------------------------------------------------------------------------------------------------------


def stub(one: Person) -> Person:
    """What is passed on of a record that is over: that it is, and nothing of the person."""
    return Person({name: one.fields[name] for name in STUB if name in one.fields})


def write(people: Iterable[Person], version: Version = Version.V1_4) -> bytes:
    """A file of people. What the version has no place for is left out: 1.2 knows no day on which a record ends."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<pfif:pfif xmlns:pfif="{_STEM}{version.value}">']
    for one in people:
        lines.append("  <pfif:person>")
        lines += _fields(one.fields, "person", version, "    ")
        for note in one.notes:
            lines.append("    <pfif:note>")
            lines += _fields(note, "note", version, "      ")
            lines.append("    </pfif:note>")
        lines.append("  </pfif:person>")
    lines.append("</pfif:pfif>")
    return ("\n".join(lines) + "\n").encode()


def _fields(said: Mapping[str, str], kind: str, version: Version, indent: str) -> Iterator[str]:
    old = version is Version.V1_2
    said = _older(said) if old and kind == "person" else said
    order = NOTE if kind == "note" else sorted(PERSON, key="description".__eq__) if old else PERSON  # “other” is last
    for new in order:
        if old and new in _NOT_IN_1_2[kind]:
            continue
        name = _NEW.get(new, new) if old else new
        value = clean(said.get(new, ""))
        if value or (name in _MUST_1_2 if old and kind == "person" else new in _MUST_1_4[kind]):
            yield f"{indent}<pfif:{name}>{escape(value)}</pfif:{name}>"


def _older(said: Mapping[str, str]) -> Mapping[str, str]:
    """A person as 1.2 has it: no full name, and the description as one line among others."""
    older = dict(said)
    if not said.get("given_name") and not said.get("family_name"):
        older["given_name"], older["family_name"] = split(said.get("full_name", ""))
    if words := said.get("description", ""):
        older["description"] = "\n".join((_LABEL, *(f"    {line}" for line in words.splitlines())))
    return older


def split(full: str) -> tuple[str, str]:
    """A full name as given names and family name: by what its parts look like, and else by its last word."""
    said = full.splitlines()[0].split() if full.strip() else []
    families = {part.written for part in parse(" ".join(said)).parts if part.kind is Kind.SURNAME}
    family = [word for word in said if word.casefold() in families] or said[1:][-1:]
    return " ".join(word for word in said if word not in family), " ".join(family)
