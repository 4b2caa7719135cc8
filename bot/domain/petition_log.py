"""The log of a petition: one line for each thing that happened to it, and the rules that every reader can check.

    letter 1 2026-11-28 <digest>          a version of the letter; it can't be changed any more
    sign 1 2026-11-28 <commitment>        somebody signed that version
    withdraw 2026-11-29 17                whoever signed at place 17 took it back
    strike 2026-11-29 18 double           it does not count, and why
    packet 1 2026-12-01 un-wgad <digest>  what was handed to an addressee

Nothing names a person. A line is the entry of the tree (`bot.domain.merkle`), without its newline.
"""

from __future__ import annotations

import base64
import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from itertools import pairwise
from typing import Final, TypeAlias

LONGEST: Final = 200  # characters of a line


class Reason(Enum):
    """Why a signature was struck by somebody else than its signer."""

    DOUBLE = "double"  # two accounts turned out to be one person's
    FALSE = "false"  # made to swell the count


@dataclass(frozen=True, slots=True)
class Letter:
    """A version of the letter: from now on it is what people sign."""

    version: int
    day: date
    digest: bytes


@dataclass(frozen=True, slots=True)
class Sign:
    """Somebody signed a version."""

    version: int
    day: date
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The signer at `place` took the signature back."""

    day: date
    place: int


@dataclass(frozen=True, slots=True)
class Strike:
    """The signature at `place` does not count."""

    day: date
    place: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Packet:
    """What was made for an addressee, by the digest of its contents."""

    number: int
    day: date
    addressee: str
    digest: bytes


Entry: TypeAlias = Letter | Sign | Withdraw | Strike | Packet

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER: Final = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)
_HASH: Final = re.compile(r"[A-Za-z0-9+/]{43}=", re.ASCII)
_CODE: Final = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)


def line_of(entry: Entry) -> str:
    """The line of an entry, without a newline."""
    match entry:
        case Letter(version, day, digest):
            return f"letter {version} {day} {_encoded(digest)}"
        case Sign(version, day, commitment):
            return f"sign {version} {day} {_encoded(commitment)}"
        case Withdraw(day, place):
            return f"withdraw {day} {place}"
        case Strike(day, place, reason):
            return f"strike {day} {place} {reason.value}"
        case Packet(number, day, addressee, digest):
            return f"packet {number} {day} {addressee} {_encoded(digest)}"


def read_line(text: str) -> Entry | None:  # noqa: PLR0911 - one kind, one answer
    """The entry in a line; None if it is none. There is one way to write an entry, so two readers read the same."""
    try:
        match text.split(" ") if len(text) <= LONGEST else ():
            case "letter", version, day, digest:
                return Letter(_number(version), _day(day), _hash(digest))
            case "sign", version, day, commitment:
                return Sign(_number(version), _day(day), _hash(commitment))
            case "withdraw", day, place:
                return Withdraw(_day(day), _number(place))
            case "strike", day, place, reason:
                return Strike(_day(day), _number(place), Reason(reason))
            case "packet", number, day, addressee, digest:
                if not _CODE.fullmatch(addressee):
                    return None
                return Packet(_number(number), _day(day), addressee, _hash(digest))
    except ValueError:
        pass
    return None


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError("no number")
    return int(text)


def _day(text: str) -> date:
    if not _DAY.fullmatch(text):
        raise ValueError("no day")
    return date.fromisoformat(text)


def _hash(text: str) -> bytes:
    if not _HASH.fullmatch(text) or _encoded(found := base64.b64decode(text)) != text:
        raise ValueError("no hash")
    return found


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


# -- the rules ---------------------------------------------------------------------------------------------------------


class Broken(Exception):  # noqa: N818 - a sentence for whoever checks
    """The log does not keep its rules. `place` is the entry where that shows; the message says what is wrong."""

    def __init__(self, place: int, what: str) -> None:
        super().__init__(f"Entry {place}: {what}")
        self.place = place


@dataclass(frozen=True, slots=True)
class Mark:
    """How long the log was at a time: a checkpoint that was published then."""

    size: int
    at: datetime


@dataclass(slots=True)
class Tally:
    """What the log says, counted: `live` has a version for each place whose signature counts, else 0."""

    live: array[int] = field(default_factory=lambda: array("H"))
    letters: dict[int, Letter] = field(default_factory=dict)
    packets: list[Packet] = field(default_factory=list)
    signed: int = 0
    withdrawn: int = 0
    struck: dict[Reason, int] = field(default_factory=lambda: dict.fromkeys(Reason, 0))

    @property
    def count(self) -> int:
        """The signatures that count."""
        return self.signed - self.withdrawn - sum(self.struck.values())

    def of(self, version: int) -> int:
        """The signatures that count for one version of the letter."""
        return self.live.count(version)


def replay(entries: Iterable[Entry], marks: Sequence[Mark] = ()) -> Tally:
    """What the log says, if it keeps its rules. Raises Broken.

    `marks` are the checkpoints that were published, the shortest first. An entry behind one of them can't claim an
    earlier day than that one's, and an entry before it no later day: so nobody can date a signature back, or ahead.
    """
    tally = Tally()
    seen: set[bytes] = set()
    _in_order(marks)
    steps = [*marks]
    before: date = date.min
    for place, entry in enumerate(entries):
        while steps and steps[0].size <= place:
            before = max(before, steps.pop(0).at.date())
        if entry.day < before:
            raise Broken(place, f"it is dated {entry.day}, before what stood there already.")
        if steps and entry.day > steps[0].at.date():
            raise Broken(place, f"it is dated {entry.day}, after it was published.")
        before = entry.day
        _count(tally, seen, place, entry)
    if marks and marks[-1].size > len(tally.live):
        raise Broken(len(tally.live), f"it is missing: {marks[-1].size} entries were published.")
    return tally


def _in_order(marks: Sequence[Mark]) -> None:
    for one, two in pairwise(marks):
        if two.size < one.size or two.at < one.at:
            raise Broken(two.size, "the checkpoints are not in the order in which they were published.")


def _count(tally: Tally, seen: set[bytes], place: int, entry: Entry) -> None:
    lives = 0
    match entry:
        case Letter(version):
            if version != len(tally.letters) + 1:
                raise Broken(place, f"version {version} of the letter does not follow the one before.")
            tally.letters[version] = entry
        case Sign(version, _, commitment):
            if version != len(tally.letters):
                raise Broken(place, f"it signs version {version}, which could not be signed then.")
            if commitment in seen:
                raise Broken(place, "this signature was there already.")
            seen.add(commitment)
            tally.signed += 1
            lives = version
        case Withdraw(_, at):
            _end(tally, place, at)
            tally.withdrawn += 1
        case Strike(_, at, reason):
            _end(tally, place, at)
            tally.struck[reason] += 1
        case Packet(number):
            if number != len(tally.packets) + 1:
                raise Broken(place, f"packet {number} does not follow the one before.")
            tally.packets.append(entry)
    tally.live.append(lives)


def _end(tally: Tally, place: int, at: int) -> None:
    if at >= place or not tally.live[at]:
        raise Broken(place, f"at {at} there is no signature that counts.")
    tally.live[at] = 0
