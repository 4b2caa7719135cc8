"""A petition that travels: its letter goes to other communities, and what each of them counts comes back.

Both are files. In each stands a *statement*: a checkpoint of its community's log (`bot.domain.checkpoint`) with
further lines under it, all of them signed together. The home's statement travels with the letter; another community's
comes back with proofs that its log only grew. No number is added to another one's in silence: whoever counted it is
said beside it, because nobody else can check it.

    payvand relay 1

    == certificate                       the key that signed, vouched for by the community's public key
    == vouching
    == statement
    nur.example/petition/7f3a            whose log it is, how long, and the root over it
    812
    …
    payvand relay 1
    community RW… Nur                    who says it: public key and name
    petition nur.example/petition/7f3a   the log of the petition's home, and the home's public key
    home RW…
    letter 1 <digest>                    which letter, as it stands in the home's log
    count 3 640 120                      the how-manieth statement; of people somebody vouches for; of others
    == letter                            only from its home
    == grown 500                         only from others: that the first 500 entries are what they were
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from typing import Final

from bot.domain import checkpoint, merkle, petition
from bot.domain import petition_writing as writing
from bot.domain.addressees import Element
from bot.domain.checkpoint import Checkpoint, Note, decoded
from bot.domain.petition import Letter

LONGEST: Final = 512 * 1024  # bytes of a file: a reader stops there
LONGEST_NAME: Final = 60
MOST_GROWN: Final = 64  # older statements of which a file proves that the log only grew
CLOCKS: Final = timedelta(minutes=10)  # so far two communities' clocks may be apart

_HEAD: Final = "payvand relay 1"
_PARTS: Final = ("certificate", "vouching", "statement", "letter")
_MARK: Final = "== "
_GROWN: Final = "grown "
_KEY: Final = r"RW[A-Za-z0-9+/]{54}"
_COUNT: Final = r"(?:0|[1-9]\d{0,8})"
_NUMBER: Final = re.compile(r"[1-9]\d{0,17}", re.ASCII)
_TEXT: Final = re.compile(
    rf"{_HEAD}\ncommunity (?P<key>{_KEY}) (?P<name>[^\n]+)\npetition (?P<petition>[^\s+]{{1,200}})\n"
    rf"home (?P<home>{_KEY})\nletter (?P<version>[1-9]\d{{0,3}}) (?P<digest>[A-Za-z0-9+/]{{43}}=)\n"
    rf"count (?P<sequence>[1-9]\d{{0,8}}) (?P<verified>{_COUNT}) (?P<unverified>{_COUNT})\n",
    re.ASCII,
)


# -- what is said ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statement:
    """What a community says of a letter: how long its own log is, and how many signatures in it count.

    `key` is its public key, `home` that of the petition's home; `petition` is the origin of the home's log, `digest`
    the letter's as it stands there. `sequence` grows with each statement.
    """

    log: Checkpoint
    key: str
    name: str
    petition: str
    home: str
    version: int
    digest: bytes
    sequence: int
    verified: int
    unverified: int

    @property
    def count(self) -> int:
        """How many signatures count in this community."""
        return self.verified + self.unverified

    @property
    def is_home(self) -> bool:
        """Whether the petition's own home says it."""
        return self.key == self.home

    @property
    def more(self) -> str:
        """The lines under the checkpoint's own."""
        return (
            f"{_HEAD}\ncommunity {self.key} {self.name}\npetition {self.petition}\nhome {self.home}\n"
            f"letter {self.version} {_encoded(self.digest)}\n"
            f"count {self.sequence} {self.verified} {self.unverified}\n"
        )

    @property
    def text(self) -> str:
        """The words that are signed."""
        return self.log.text + self.more


def read_statement(text: str) -> Statement | None:
    """What a note's text says; None if it is no statement. There is one way to write one."""
    log = checkpoint.read_checkpoint(text)
    if log is None or not text.startswith(log.text):
        return None
    found = _TEXT.fullmatch(text[len(log.text) :])
    if found is None or name_of(found["name"]) != found["name"]:
        return None
    digest = decoded(found["digest"])
    if digest is None:
        return None
    said = Statement(
        log=log,
        key=found["key"],
        name=found["name"],
        petition=found["petition"],
        home=found["home"],
        version=int(found["version"]),
        digest=digest,
        sequence=int(found["sequence"]),
        verified=int(found["verified"]),
        unverified=int(found["unverified"]),
    )
    return said if said.text == text else None


def name_of(text: str) -> str:
    """A community's name as it can stand in a statement: one line, nothing that can't be seen, and not long."""
    seen = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(seen.split())[:LONGEST_NAME].rstrip() or "?"


def fingerprint(key: str) -> str:
    """A community's public key in a form to be read aloud: five groups of four signs."""
    digest = sha256(f"payvand community key\n{key}".encode()).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, 20, 4))


def as_home_has_it(letter: Letter, origin: str, version: int) -> Letter:
    """A letter that was taken over, as it stands at its home. Whose log it is for is the only thing that differs."""
    return replace(letter, petition=origin, version=version)


# -- what is added up --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Subtotal:
    """Who counts what for one version of a letter: so many here, and what others say of the same version."""

    version: int
    here: int
    others: tuple[Statement, ...] = ()

    @property
    def together(self) -> int:
        """The sum for this version. There is none over versions."""
        return self.here + sum(one.count for one in self.others)


def by_version(here: Mapping[int, int], others: Iterable[Statement]) -> list[Subtotal]:
    """What is counted for each version of a letter, the first one first; `here` has our own counts.

    Another community has a log of its own for each version, so somebody there may have signed two of them. Two
    versions are therefore never added up.
    """
    said = sorted(others, key=lambda one: one.key)
    versions = sorted({*here, *(one.version for one in said)})
    return [Subtotal(each, here.get(each, 0), tuple(one for one in said if one.version == each)) for each in versions]


# -- its file ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a file holds. Nothing of it is proven by standing there: see `storage.relays.proven`.

    `grown` has for the length of the log in an older statement the hashes that prove it.
    """

    certificate: str
    vouching: str
    note: Note
    said: Statement
    letter: Letter | None = None
    grown: Mapping[int, tuple[bytes, ...]] | None = None

    def __str__(self) -> str:
        """The file."""
        parts = [("certificate", self.certificate), ("vouching", self.vouching), ("statement", str(self.note))]
        if self.letter is not None:
            parts.append(("letter", petition.file_of(self.letter)))
        for size, hashes in sorted((self.grown or {}).items()):
            parts.append((f"{_GROWN}{size}", "".join(f"{_encoded(one)}\n" for one in hashes)))
        return f"{_HEAD}\n\n" + "".join(f"{_MARK}{head}\n{body}" for head, body in parts) + f"{_MARK}end\n"


def read(text: str) -> Parcel | None:
    """What a file says; None if it is none, was cut, or was not written as `str(Parcel)` does."""
    head, _, rest = text.partition("\n\n")
    if head != _HEAD or len(text) > LONGEST:
        return None
    try:
        parts = dict(_parted(rest))
        note = checkpoint.read_note(parts["statement"])
        said = None if note is None else read_statement(note.text)
        grown = {int(_sized(one)): _hashes(body) for one, body in parts.items() if one.startswith(_GROWN)}
        letter = petition.read_file(parts["letter"]) if "letter" in parts else None
        if note is None or said is None or len(grown) > MOST_GROWN:
            return None
        found = Parcel(parts["certificate"], parts["vouching"], note, said, letter, grown or None)
    except (KeyError, ValueError):
        return None
    return found if str(found) == text else None


def _parted(rest: str) -> Iterator[tuple[str, str]]:
    head, lines = "", list[str]()
    for line in rest.splitlines(keepends=True):
        if not line.startswith(_MARK):
            lines.append(line)
            continue
        if head:
            yield head, "".join(lines)
        head, lines = line.removeprefix(_MARK).removesuffix("\n"), []
    if head != "end" or lines:
        raise ValueError("it was cut")


def _sized(head: str) -> str:
    size = head.removeprefix(_GROWN)
    if not _NUMBER.fullmatch(size):
        raise ValueError("no number")
    return size


def _hashes(body: str) -> tuple[bytes, ...]:
    found = [decoded(line) for line in body.splitlines()]
    if None in found:
        raise ValueError("no hash")
    return tuple(one for one in found if one is not None)


# -- whether it is taken -----------------------------------------------------------------------------------------------


class Trouble(Enum):
    """Why a file is not taken. There are no other reasons."""

    BROKEN = "broken"  # no such file, or not the whole of it
    FORGED = "forged"  # not signed by a key for which the community's public key vouches
    AHEAD = "ahead"  # signed at a time that has not come yet
    FOREIGN = "foreign"  # of a petition whose home is another community
    LETTER = "letter"  # for a letter, or a version of one, that is not this one
    OWN = "own"  # the home's own word, come back by a detour
    COPIED = "copied"  # another community's log in a second one's name
    COUNT = "count"  # more signatures than the log has entries
    OLD = "old"  # as old as what is known already, or older: perhaps sent a second time
    ANOTHER_LOG = "another log"  # not the log that it showed before
    GAP = "gap"  # it does not prove that the log only grew since what is known
    CHANGED = "changed"  # its log is not how it was: something was dropped, added or put elsewhere
    OVER = "over"  # the letter's deadline has passed
    INCOMPLETE = "incomplete"  # the letter lacks what every letter must have


@dataclass(frozen=True, slots=True)
class Known:
    """The last statement that was taken from a community for a version of a letter, and when it was signed."""

    said: Statement
    at: datetime


@dataclass(frozen=True, slots=True)
class Home:
    """What the petition's home knows: its public key, its log's origin, each version of the letter by its digest.

    `others` are the last statements of other communities than the one that is asked about.
    """

    key: str
    petition: str
    letters: Mapping[int, bytes]
    others: Collection[Statement] = ()


def accept(home: Home, known: Known | None, parcel: Parcel, at: datetime) -> Trouble | None:
    """What speaks against taking another community's count; None if nothing does. `at`: when it was signed.

    Who signed it was checked before.
    """
    said = parcel.said
    return _not_ours(home, said) or _impossible(said) or (None if known is None else _not_later(known, parcel, at))


def _not_ours(home: Home, said: Statement) -> Trouble | None:
    if said.key == home.key:
        return Trouble.OWN
    if said.home != home.key or said.petition != home.petition:
        return Trouble.FOREIGN
    if home.letters.get(said.version) != said.digest:
        return Trouble.LETTER
    others = [one.log for one in home.others if one.key != said.key]
    if said.log.origin == home.petition or any(
        one.origin == said.log.origin or one.root == said.log.root for one in others
    ):
        return Trouble.COPIED
    return None


def _impossible(said: Statement) -> Trouble | None:
    """The first entry of a log is a letter, so a log holds fewer signatures than entries."""
    return Trouble.COUNT if said.count >= said.log.size else None


def _not_later(known: Known, parcel: Parcel, at: datetime) -> Trouble | None:
    before, said = known.said, parcel.said
    if said.log.origin != before.log.origin:
        return Trouble.ANOTHER_LOG
    if said.sequence <= before.sequence or said.log.size < before.log.size or at < known.at:
        return Trouble.OLD
    if said.log.size == before.log.size:  # what was held was let go, perhaps: that adds no entry
        return None if said.log.root == before.log.root else Trouble.CHANGED
    proof = (parcel.grown or {}).get(before.log.size)
    if proof is None:
        return Trouble.GAP
    whole = merkle.is_consistent(before.log.size, said.log.size, proof, before.log.root, said.log.root)
    return None if whole else Trouble.CHANGED


def welcome(parcel: Parcel, ours: str, now: datetime) -> Trouble | None:
    """What speaks against taking over another community's letter; None if nothing does. `ours`: our public key."""
    said, letter = parcel.said, parcel.letter
    if said.key == ours:
        return Trouble.OWN
    if letter is None or not said.is_home or said.log.origin != said.petition:
        return Trouble.FOREIGN
    if (letter.petition, letter.version, letter.digest()) != (said.petition, said.version, said.digest):
        return Trouble.LETTER
    if _impossible(said) is not None:
        return Trouble.COUNT
    if letter.closes <= now.date():
        return Trouble.OVER
    return Trouble.INCOMPLETE if petition.lacks(letter, now.date()) or not _fits(letter) else None


def _fits(letter: Letter) -> bool:
    """Whether whoever reads the letter here sees all of it, and no screen bursts: nobody has typed it in here."""
    parts = {part.key for part in petition.Part}
    besides = [text for (_language, key), text in letter.texts.items() if key not in parts]
    names = [*letter.sponsors, *(one.name for one in letter.organisations)]
    return (
        set(letter.languages) == set(petition.LANGUAGES)
        and {language for language, _ in (*letter.texts, *letter.demands)} <= set(petition.LANGUAGES)
        and {code for _, code in letter.demands} <= set(letter.addressees)
        and {key.removeprefix(petition.FOR) for _, key in letter.texts} - parts <= {one.value for one in Element}
        and all(len(text) <= writing.LONGEST_ELEMENT for text in besides)
        and letter.goal <= writing.MOST_GOAL
        and len(letter.organisations) <= petition.MOST_SPONSORS
        and all(len(name) <= petition.LONGEST_SIGNED for name in names)
    )


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
