"""The files of a petition: what is published of it and what organisers get besides, and whether it all holds together.

In a directory, everything but the last is public:

    letter-1.txt                     each version of the letter
    entries.txt                      the log, one entry in a line
    <size>.checkpoint                the log's checkpoints, as they were published
    <anything>.certificate           the online keys that signed them; beside each its .minisig
    records.jsonl                    the sealed signatures by their place: only the organisers' key opens them

Nothing is believed for standing there: `check` starts from the community's public key and compares everything.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from bot.domain import checkpoint, merkle, petition, petition_log
from bot.domain.checkpoint import Checkpoint, Note
from bot.domain.petition import Letter
from bot.domain.petition_log import Broken, Entry, Mark, Tally
from storage import notes, signing
from storage.signing import NotCertified

ENTRIES: Final = "entries.txt"
RECORDS: Final = "records.jsonl"
LONGEST_LINE: Final = 16 * 1024
LONGEST_FILE: Final = 256 * 1024  # of a letter, a checkpoint, a certificate

Progress = Callable[[int, int], None]  # how many of how many

_NONE: Final[Mapping[str, Note]] = {}


class NotGood(Exception):  # noqa: N818 - whoever checks reads the sentence, not the class
    """The files don't hold together, or are not the community's. The message says which and why."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A checkpoint that one of the community's keys signed, and when."""

    said: Checkpoint
    note: Note
    at: datetime


@dataclass(frozen=True, slots=True)
class Checked:
    """A petition whose files hold together. `seen` are its checkpoints, the shortest first; `letters` its versions."""

    seen: tuple[Seen, ...]
    letters: tuple[Letter, ...]
    tally: Tally

    @property
    def last(self) -> Seen:
        """The newest checkpoint: it covers the whole log."""
        return self.seen[-1]


# -- writing -----------------------------------------------------------------------------------------------------------


def write_letter(to: Path, letter: Letter) -> None:
    """Put a version of the letter among the files."""
    _write(to / f"letter-{letter.version}.txt", petition.file_of(letter))


def write_checkpoint(to: Path, note: Note) -> None:
    """Put a checkpoint among the files. Raises ValueError."""
    said = checkpoint.read_checkpoint(note.text)
    if said is None:
        raise ValueError("this note is no checkpoint")
    _write(to / f"{said.size}.checkpoint", str(note))


def write_entries(to: Path, entries: Iterable[Entry]) -> None:
    """Write the log, entry by entry."""
    with (to / ENTRIES).open("w", encoding="ascii", newline="\n") as file:
        file.writelines(f"{petition_log.line_of(entry)}\n" for entry in entries)


def write_records(to: Path, records: Iterable[tuple[int, bytes]]) -> None:
    """Write the sealed signatures, each with its place in the log."""
    with (to / RECORDS).open("w", encoding="ascii", newline="\n") as file:
        file.writelines(record_line(place, sealed) for place, sealed in records)


def record_line(place: int, sealed: bytes) -> str:
    """A sealed signature as it stands in its file."""
    return json.dumps({"place": place, "sealed": base64.b64encode(sealed).decode("ascii")}) + "\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="\n")


# -- reading and checking ----------------------------------------------------------------------------------------------


def check(
    home: Path, root: str, now: datetime, *, known: Mapping[str, Note] = _NONE, progress: Progress | None = None
) -> Checked:
    """The petition in a directory, if everything in it is what the community published. Raises NotGood.

    `root` is the community's public key. `known` are checkpoints that somebody kept from earlier, by what to call them:
    the log must be the one that they saw.
    """
    online = _online_keys(home, root)
    found = {str(file): read_checkpoint(file) for file in sorted(home.glob("*.checkpoint"))}
    if not found:
        raise NotGood(f"{home} holds no checkpoint: nothing says how long the log is.")
    own = [_signed(name, note, online, now) for name, note in found.items()]
    kept = {name: _signed(name, note, online, now) for name, note in known.items()}
    covered = max(one.said.size for one in own)
    for name, one in kept.items():
        if one.said.size > covered:
            raise NotGood(
                f"{name} saw {one.said.size} entries, and {home} holds {covered}: its files are old, or were cut. "
                "Fetch them once more."
            )
    seen = sorted([*own, *kept.values()], key=lambda one: (one.said.size, one.at))
    if len({one.said.origin for one in seen}) != 1:
        raise NotGood(f"The checkpoints that are held against {home} are of different petitions.")
    tally = _replayed(home, seen, progress)
    return Checked(tuple(seen), tuple(_letters(home, seen[0].said.origin, tally)), tally)


def read_checkpoint(file: Path) -> Note:
    """A checkpoint's file; who signed it is another question. Raises NotGood."""
    note = checkpoint.read_note(small(file).decode("utf-8", "replace"))
    if note is None:
        raise NotGood(f"{file} is no checkpoint.")
    return note


def seen_in(home: Path, note: Note, root: str, now: datetime) -> Seen:
    """A checkpoint that came with a receipt, if a key signed it whose certificate lies in `home`. Raises NotGood."""
    return _signed("The receipt's checkpoint", note, _online_keys(home, root), now)


def entries(home: Path) -> Iterator[tuple[bytes, Entry]]:
    """The log, each entry as it stands there and as it was read. Raises NotGood."""
    try:
        with (home / ENTRIES).open("rb") as file:
            for place, line in enumerate(_lines(file)):
                text = line[:-1].decode("ascii", "replace")
                entry = petition_log.read_line(text)
                if entry is None or line[-1:] != b"\n" or len(line) > petition_log.LONGEST:
                    raise NotGood(f"Entry {place} of {home / ENTRIES} can't be read. The file is damaged or false.")
                yield line[:-1], entry
    except OSError:
        raise NotGood(f"{home / ENTRIES} can't be read. It is the log, and must be there.") from None


def records(home: Path) -> Iterator[tuple[int, bytes]]:
    """The sealed signatures with their places. Raises NotGood."""
    try:
        with (home / RECORDS).open("rb") as file:
            for number, line in enumerate(_lines(file), 1):
                try:
                    held = json.loads(line)
                    place, sealed = held["place"], base64.b64decode(held["sealed"], validate=True)
                except (ValueError, KeyError, TypeError):
                    place, sealed = None, b""
                if not isinstance(place, int):
                    raise NotGood(f"Line {number} of {home / RECORDS} can't be read. Ask for the file once more.")
                yield place, sealed
    except OSError:
        message = f"{home / RECORDS} can't be read. Only the organisers' export holds it, not what is published."
        raise NotGood(message) from None


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file, none of them longer than anything that we write: what is longer comes in pieces."""
    return iter(lambda: file.readline(LONGEST_LINE), b"")


@dataclass(frozen=True, slots=True)
class _Online:
    """An online key of the community while its root key vouches for it."""

    public: bytes
    since: datetime
    until: datetime


def _online_keys(home: Path, root: str) -> list[_Online]:
    found = []
    for file in sorted(home.glob("*.certificate")):
        try:
            signature = small(file.with_name(file.name + ".minisig"))
            one = signing.read_certificate(small(file), signature, root, None)
        except NotCertified as error:
            raise NotGood(f"{file} is not good: {error}") from None
        public = notes.public_key(one.key)
        if one.purpose == notes.PURPOSE and public is not None:
            found.append(_Online(public, one.since, one.until))
    if not found:
        raise NotGood(f"{home} holds no certificate for petitions (*.certificate and its .minisig).")
    return found


def small(path: Path, most: int = LONGEST_FILE) -> bytes:
    """A file that can't be long. Raises NotGood."""
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError:
        raise NotGood(f"{path} can't be read.") from None
    if len(content) > most:
        raise NotGood(f"{path} is too long to be what it says.")
    return content


def _signed(name: str, note: Note, online: list[_Online], now: datetime) -> Seen:
    said = checkpoint.read_checkpoint(note.text)
    if said is None:
        raise NotGood(f"{name} is no checkpoint.")
    for key in online:
        at = notes.signed_at(note, key.public)
        if at is not None and key.since <= at < key.until:
            if at > now:
                raise NotGood(f"{name} says that it was signed on {at:%Y-%m-%d}, which has not come yet.")
            return Seen(said, note, at)
    raise NotGood(f"{name} is NOT signed by a key that the community certified for that time. Don't trust it.")


def _replayed(home: Path, seen: list[Seen], progress: Progress | None) -> Tally:
    """The log, if it keeps its rules, and is as long and has the roots that the checkpoints say."""
    total = seen[-1].said.size
    marks = [Mark(one.said.size, one.at) for one in seen]
    roots = merkle.Roots()

    def passed() -> Iterator[Entry]:
        waiting = list(seen)
        _compare(roots, waiting)
        for line, entry in entries(home):
            if len(roots) == total:
                raise NotGood(f"{home / ENTRIES} is longer than the newest checkpoint, which covers {total} entries.")
            yield entry
            roots.add(line)
            _compare(roots, waiting)
            if progress is not None:
                progress(len(roots), total)

    try:
        return petition_log.replay(passed(), marks)
    except Broken as error:
        raise NotGood(f"The log is false. {error}") from None


def _compare(roots: merkle.Roots, waiting: list[Seen]) -> None:
    while waiting and waiting[0].said.size == len(roots):
        one = waiting.pop(0)
        if one.said.root != roots.root():
            raise NotGood(
                f"The first {len(roots)} entries are NOT what was published on {one.at:%Y-%m-%d %H:%M} UTC: something "
                "was dropped, added, changed or put elsewhere."
            )


def _letters(home: Path, origin: str, tally: Tally) -> Iterator[Letter]:
    for version, entry in sorted(tally.letters.items()):
        file = home / f"letter-{version}.txt"
        letter = petition.read_file(small(file).decode("utf-8", "replace"))
        if letter is None or letter.digest() != entry.digest:
            raise NotGood(f"{file} is NOT the letter that people signed.")
        if letter.petition != origin or letter.version != version:
            raise NotGood(f"{file} is the letter of another petition or another version.")
        yield letter
