"""What a log says of itself, in the text formats of C2SP: signed note, tlog-checkpoint, tlog-proof, tlog-cosignature.

A checkpoint is a note: three lines (whose log it is, how many entries, the root over them), and signatures under them.
A proof is an entry's place, the hashes beside its path, and a checkpoint. Only texts are made and read here; who signs
and who checks a signature is `storage.notes`. What can't be read is None: it comes from outside.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from bot.domain import merkle

LONGEST: Final = 64 * 1024  # characters of a note or a proof: a reader stops there
SIGNATURES: Final = 64  # under one note
ED25519: Final = 1  # kinds of signature, as the format numbers them
COSIGNATURE: Final = 4  # Ed25519 with the time when it was made

_PROOF: Final = "c2sp.org/tlog-proof@v1"
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_NAME: Final = re.compile(r"[^\s+]+")
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Signature:
    """One line under a note. `key` is the number of the key (4 bytes), `value` what it made."""

    name: str
    key: bytes
    value: bytes

    def __str__(self) -> str:
        return f"— {self.name} {_encoded(self.key + self.value)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends with a newline, and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"


def read_note(text: str) -> Note | None:
    """A signed note; None if it is none."""
    body, gap, rest = text.rpartition("\n\n")
    if not gap or len(text) > LONGEST or not rest.endswith("\n") or _has_controls(text):
        return None
    lines = rest.split("\n")[:-1]
    signatures = [_read_signature(line) for line in lines[:SIGNATURES]]
    if not 0 < len(lines) <= SIGNATURES or not body:
        return None
    found = tuple(one for one in signatures if one is not None)
    return Note(body + "\n", found) if len(found) == len(lines) else None


def _read_signature(line: str) -> Signature | None:
    mark, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    value = decoded(encoded)
    if mark != "—" or not _NAME.fullmatch(name) or value is None or len(value) <= 4:  # noqa: PLR2004 - the key's number
        return None
    return Signature(name, value[:4], value[4:])


# -- keys --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Key:
    """A public key that signs notes: its name, its kind of signature, and its 32 bytes."""

    name: str
    kind: int
    public: bytes

    @property
    def number(self) -> bytes:
        """The four bytes by which a signature says whose it is."""
        return sha256(self.name.encode() + b"\n" + bytes((self.kind,)) + self.public).digest()[:4]

    def __str__(self) -> str:
        """As programs that check notes want it: name, number, and key in one word."""
        return f"{self.name}+{self.number.hex()}+{_encoded(bytes((self.kind,)) + self.public)}"

    def of(self, note: Note) -> list[bytes]:
        """What this key is said to have made under a note."""
        return [one.value for one in note.signatures if one.name == self.name and one.key == self.number]


def dated(text: str, at: int) -> str:
    """The words that a signature with a time is made of: `at` counts seconds."""
    return f"cosignature/v1\ntime {at}\n{text}"


# -- checkpoints -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How long the log `origin` was, and the root over its entries."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The words that are signed."""
        return f"{self.origin}\n{self.size}\n{_encoded(self.root)}\n"


def read_checkpoint(text: str) -> Checkpoint | None:
    """What a note's text says; None if it is no checkpoint. Further lines are allowed, and mean nothing to us."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):  # noqa: PLR2004 - three lines and the end
        return None
    root = decoded(lines[2])
    if not _NUMBER.fullmatch(lines[1]) or root is None or len(root) != merkle.SIZE:
        return None
    return Checkpoint(lines[0], int(lines[1]), root)


# -- proofs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proof:
    """That the entry at `place` stands in the log of a checkpoint. `extra` came with it and proves nothing."""

    place: int
    path: tuple[bytes, ...]
    note: Note
    extra: bytes | None = None

    def __str__(self) -> str:
        """The file of it."""
        extra = "" if self.extra is None else f"extra {_encoded(self.extra)}\n"
        path = "".join(f"{_encoded(one)}\n" for one in self.path)
        return f"{_PROOF}\n{extra}index {self.place}\n{path}\n{self.note}"

    def holds(self, entry: bytes) -> bool:
        """Whether it shows that `entry` stands in the log. Who signed the checkpoint is another question."""
        found = read_checkpoint(self.note.text)
        return found is not None and merkle.is_included(
            merkle.leaf(entry), self.place, found.size, self.path, found.root
        )


def read_proof(text: str) -> Proof | None:
    """A proof from its file; None if it is none."""
    head, gap, signed = text.partition("\n\n")
    note = read_note(signed)
    lines = head.split("\n")
    if len(text) > LONGEST or not gap or note is None or lines.pop(0) != _PROOF or not lines:
        return None
    extra = None
    if lines[0].startswith("extra "):
        extra = decoded(lines.pop(0).removeprefix("extra "))
        if extra is None or not lines:
            return None
    word, _, place = lines.pop(0).partition(" ")
    path = [decoded(line) for line in lines]
    hashes = tuple(one for one in path if one is not None and len(one) == merkle.SIZE)
    if word != "index" or not _NUMBER.fullmatch(place) or len(hashes) != len(path):
        return None
    return Proof(int(place), hashes, note, extra)


def seconds(at: datetime) -> int:
    """A time as notes count it."""
    return int(at.timestamp())


def instant(at: int) -> datetime:
    """A time that a note has counted."""
    return datetime.fromtimestamp(at, UTC)


def _has_controls(text: str) -> bool:
    return any(sign < " " and sign != "\n" for sign in text)


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def decoded(text: str) -> bytes | None:
    """The bytes in base64; None if that is none, or is not how it is written: one content has one text."""
    found = base64.b64decode(text) if _BASE64.fullmatch(text) else None
    return None if found is None or base64.b64encode(found).decode("ascii") != text else found
