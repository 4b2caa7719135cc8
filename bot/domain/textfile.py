"""A file that somebody has sent to be checked: its text, whatever program wrote it, or why there is none to be read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

LARGEST: Final = 100_000  # bytes: the largest bulletin is a tenth of it, also where each letter takes four
_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),  # before the shorter mark that it begins with
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_OLD: Final = ("cp1251", "koi8-r", "cp866")
_PICTURES: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_OFTEN: Final = frozenset("оеаинтсрвлкмдпуяығӣқ ")  # what Russian and Tajik are mostly made of
_ODD: Final = 100  # of so many characters one may be none that belongs into a text


class Unread(Enum):
    """Why a file's text can't be told."""

    TOO_LARGE = "too large"
    EMPTY = "empty"
    PICTURE = "picture"
    PDF = "pdf"
    SHEET = "sheet"  # the PDF that the bot itself makes of its public key
    OTHER = "other"
    GONE = "gone"  # the platform does not have it any more
    LATER = "later"  # it can't be reached just now


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file of words. `text` has plain line ends and no mark before it; `exact` tells whether nothing had to go."""

    text: str
    exact: bool


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF that is no sheet of ours, by its SHA-256: it may belong to a bulletin."""

    digest: str


Got: TypeAlias = TextFile | Paper | Unread


def read(data: bytes) -> Got:
    """The text of a file."""
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return Unread.PDF
    if len(data) > LARGEST:
        return Unread.TOO_LARGE
    if data.startswith(_PICTURES) or data[8:12] == b"WEBP":
        return Unread.PICTURE
    found = _decoded(data) if data.strip(b"\x00 \t\r\n") else ""
    if found is None:
        return Unread.OTHER
    text = found.replace("\r\n", "\n").replace("\r", "\n")
    return TextFile(text, text.encode("utf-8", "replace") == data) if text.strip() else Unread.EMPTY


def _decoded(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _sensible(_as(data[len(mark) :], encoding))
    if b"\x00" in data[:2000]:  # two bytes for each letter, and no mark before them
        return _likeliest(_as(data, one) for one in ("utf-16-le", "utf-16-be"))
    return _sensible(_as(data, "utf-8")) or _likeliest(_as(data, one) for one in _OLD)


def _as(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _sensible(text: str | None) -> str | None:
    """A text, if hardly anything in it is none."""
    return None if text is None or len(_CONTROL.findall(text)) * _ODD > len(text) else text


def _likeliest(texts: Iterable[str | None]) -> str | None:
    """The reading with most of the letters that words are made of: at least a third of it."""
    sensible = [one for one in texts if _sensible(one)]
    best = max((one for one in sensible if one), key=_usual, default=None)
    return best if best is not None and _usual(best) * 3 > len(best) else None


def _usual(text: str) -> int:
    return sum(one in _OFTEN or (one.isascii() and one.isalpha()) for one in text)
