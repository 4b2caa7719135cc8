"""A bulletin: what is known, how surely and from whom; the file of it that is signed; and what became of it later."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum, IntEnum
from typing import Any, Final

UNREVIEWED_LIFE: Final = timedelta(hours=6)  # then what one person published alone is withdrawn, unless confirmed
LONGEST: Final = 3500  # characters of a bulletin in one language: every platform shows it in one message
BEGINNING: Final = "0" * 64  # stands for the digest of the file before the first one
HEAD: Final = "payvand bulletin 1"
_STAMP: Final = "%Y-%m-%dT%H:%M:%SZ"


class Topic(Enum):
    """What a bulletin is about. Readers choose by it."""

    SAFETY = "safety"
    NETWORK = "network"
    ROADS = "roads"
    DETENTIONS = "detentions"
    HEALTH = "health"
    PAPERS = "papers"
    OTHER = "other"


class Urgency(IntEnum):
    """How soon readers should know."""

    CALM = 0
    NEWS = 1
    URGENT = 2


class Status(Enum):
    """How sure a claim is."""

    CONFIRMED = "confirmed"
    PROBABLE = "probable"
    DISPUTED = "disputed"
    UNCONFIRMED = "unconfirmed"
    REFUTED = "refuted"
    UNVERIFIABLE = "unverifiable"


class Grade(Enum):
    """How near a source is to what it tells."""

    FIRST_HAND = "first-hand"
    DOCUMENT = "document"
    OFFICIAL = "official"
    MEDIA = "media"
    SECOND_HAND = "second-hand"
    UNKNOWN = "unknown"


class Kind(Enum):
    """What a bulletin does."""

    NEWS = "news"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"


class State(Enum):
    """What became of a bulletin."""

    CURRENT = "current"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


# -- a draft -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """Where a claim is from. What the source is called in public is a text of each wording."""

    grade: Grade
    on: date | None = None  # when it said so


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that somebody gives; who that is, is a text of each wording."""

    number: str
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement, in no language."""

    status: Status
    sources: tuple[Source, ...] = ()
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything of a bulletin that is the same in each language, and its texts in each language that has them.

    `texts` maps a language to its texts by their `keys`. `language` is the one it was written in first.
    """

    kind: Kind = Kind.NEWS
    about: int | None = None  # the number of the bulletin that it corrects or withdraws
    language: str = "en"
    place: str = ""  # a code of the kept list; "" is everywhere
    topic: Topic = Topic.OTHER
    urgency: Urgency = Urgency.NEWS
    exercise: bool = False
    claims: tuple[Claim, ...] = ()
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def keys(self) -> tuple[str, ...]:
        """The names of the texts that a wording needs, in the order in which they are asked for."""
        return tuple(self._keys())

    def _keys(self) -> Iterator[str]:
        yield "title"
        for n, claim in enumerate(self.claims):
            yield f"claim.{n}"
            yield from (f"claim.{n}.source.{m}" for m in range(len(claim.sources)))
            yield from (f"claim.{n}.figure.{m}" for m in range(len(claim.figures)))
        first = self.texts.get(self.language, {})
        if "unknown" in first:
            yield "unknown"
        if self.kind is not Kind.NEWS:
            yield "changed"

    def speaks(self, language: str) -> bool:
        """Whether it has every text in this language."""
        texts = self.texts.get(language, {})
        return all(texts.get(key) for key in self.keys())

    def languages(self) -> tuple[str, ...]:
        """The languages it is complete in."""
        return tuple(one for one in self.texts if self.speaks(one))


def to_json(draft: Draft) -> dict[str, Any]:
    """A draft as plain values."""

    def on(day: date | None) -> str | None:
        return None if day is None else day.isoformat()

    return {
        "kind": draft.kind.value,
        "about": draft.about,
        "language": draft.language,
        "place": draft.place,
        "topic": draft.topic.value,
        "urgency": draft.urgency.value,
        "exercise": draft.exercise,
        "claims": [
            {
                "status": claim.status.value,
                "sources": [[one.grade.value, on(one.on)] for one in claim.sources],
                "figures": [[one.number, on(one.on)] for one in claim.figures],
            }
            for claim in draft.claims
        ],
        "texts": {language: dict(texts) for language, texts in draft.texts.items()},
    }


def from_json(packed: Mapping[str, Any]) -> Draft:
    """The draft that `to_json` packed."""

    def on(day: str | None) -> date | None:
        return date.fromisoformat(day) if day else None

    return Draft(
        Kind(packed["kind"]),
        packed["about"],
        packed["language"],
        packed["place"],
        Topic(packed["topic"]),
        Urgency(packed["urgency"]),
        packed["exercise"],
        tuple(
            Claim(
                Status(one["status"]),
                tuple(Source(Grade(grade), on(day)) for grade, day in one["sources"]),
                tuple(Figure(number, on(day)) for number, day in one["figures"]),
            )
            for one in packed["claims"]
        ),
        packed["texts"],
    )


# -- published -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A published bulletin, in no language. `unreviewed_until` is set while only one person has seen it."""

    number: int
    kind: Kind
    about: int | None
    place: str
    topic: Topic
    urgency: Urgency
    exercise: bool
    state: State
    replaced_by: int | None
    published_at: datetime
    unreviewed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Edition:
    """A bulletin in one language, as it was signed. `entry` is its place in the chain, `text` what readers read.

    A later version replaces an earlier one of the same number and language: that it was reviewed meanwhile.
    """

    entry: int
    number: int
    language: str
    version: int
    text: str
    file: str
    signature: str
    at: datetime

    @property
    def digest(self) -> str:
        """What the next file in the chain holds of this one."""
        return digest(self.file)

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"bulletin-{self.number}-{self.language}" + (f"-{self.version}" if self.version > 1 else "") + ".txt"


def digest(file: str) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    return hashlib.sha256(file.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Header:
    """What stands above the text in a signed file.

    `picture` or `document` is the SHA-256 of the picture or the PDF that belongs to it.
    """

    community: str
    number: int
    language: str
    version: int
    entry: int
    previous: str
    kind: Kind
    about: int | None
    published_at: datetime
    reviewed: bool
    exercise: bool
    place: str
    topic: Topic
    urgency: Urgency
    picture: str = ""
    document: str = ""


def make_file(head: Header, text: str) -> str:
    """The file that is signed: a header that machines read, an empty line, and the text as people read it."""
    lines = [
        HEAD,
        f"community: {' '.join(head.community.split())}",
        f"number: {head.number}",
        f"language: {head.language}",
        f"version: {head.version}",
        f"entry: {head.entry}",
        f"previous: {head.previous}",
        f"kind: {head.kind.value}",
        f"about: {head.about or '-'}",
        f"published: {head.published_at.astimezone(UTC):{_STAMP}}",
        f"reviewed: {'yes' if head.reviewed else 'no'}",
        f"exercise: {'yes' if head.exercise else 'no'}",
        f"place: {head.place or '-'}",
        f"topic: {head.topic.value}",
        f"urgency: {head.urgency.name.lower()}",
        *([f"picture: {head.picture}"] if head.picture else []),
        *([f"document: {head.document}"] if head.document else []),
    ]
    return "\n".join(lines) + "\n\n" + text.strip("\n") + "\n"


_FILE: Final = re.compile(
    re.escape(HEAD)
    + r"\ncommunity: (?P<community>[^\n]*)\nnumber: (?P<number>[1-9]\d{0,8})\nlanguage: (?P<language>[a-z]{2})\n"
    r"version: (?P<version>[1-9]\d{0,3})\nentry: (?P<entry>[1-9]\d{0,8})\nprevious: (?P<previous>[0-9a-f]{64})\n"
    r"kind: (?P<kind>news|correction|withdrawal)\nabout: (?P<about>-|[1-9]\d{0,8})\n"
    r"published: (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\n"
    r"reviewed: (?P<reviewed>yes|no)\nexercise: (?P<exercise>yes|no)\n"
    r"place: (?P<place>-|[a-z0-9-]{1,40})\ntopic: (?P<topic>[a-z]{1,20})\nurgency: (?P<urgency>calm|news|urgent)\n"
    r"(?:picture: (?P<picture>[0-9a-f]{64})\n)?(?:document: (?P<document>[0-9a-f]{64})\n)?\n"
    r"(?P<text>.*)\n",
    re.DOTALL | re.ASCII,
)


def read_file(file: str) -> tuple[Header, str] | None:
    """The header and the text of a signed file; None if it is no such file."""
    found = _FILE.fullmatch(file)
    if found is None:
        return None
    try:
        head = Header(
            found["community"],
            int(found["number"]),
            found["language"],
            int(found["version"]),
            int(found["entry"]),
            found["previous"],
            Kind(found["kind"]),
            None if found["about"] == "-" else int(found["about"]),
            datetime.strptime(found["at"], _STAMP).replace(tzinfo=UTC),
            found["reviewed"] == "yes",
            found["exercise"] == "yes",
            "" if found["place"] == "-" else found["place"],
            Topic(found["topic"]),
            Urgency[found["urgency"].upper()],
            found["picture"] or "",
            found["document"] or "",
        )
    except ValueError:
        return None
    return head, found["text"]


def comment(head: Header) -> str:
    """The trusted comment of a file's signature: what the `minisign` program shows of it."""
    reviewed = "" if head.reviewed else ", not yet reviewed"
    drill = ", EXERCISE" if head.exercise else ""
    day = f"{head.published_at.astimezone(UTC):{_STAMP}}"
    return f"payvand bulletin {head.number} {head.language}, entry {head.entry}, {day}{reviewed}{drill}"
