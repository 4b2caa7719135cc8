"""Long safe text cut into messages: at line ends where it can be, with every tag closed and opened again at a cut."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

_PIECE = re.compile(r"<(?P<close>/?)(?P<tag>[a-z]+)[^>]*>|&(?:#x?[0-9a-fA-F]+|[A-Za-z]+);|.", re.DOTALL)
_ASTRAL: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class _Letter:
    """One character as it is written in the markup, what it looks like, its length, and the tags it stands in."""

    written: str
    seen: str
    units: int
    inside: tuple[str, ...]


def units(text: Markup) -> int:
    """Length as platforms count it: UTF-16 code units of what is seen, markup not counted."""
    return sum(letter.units for letter in _letters(text))


def pages(text: Markup, limit: int) -> list[Markup]:
    """Cut `text` into parts of at most `limit` units. Space at a cut is dropped; a short text comes back whole."""
    # UTF-16 counts an astral character twice, but never more than its markup's own length
    if 2 * len(text) <= limit or len(text.encode("utf-16-le", "surrogatepass")) <= 2 * limit:
        return [text]
    letters = _letters(text)
    parts: list[Markup] = []
    while letters:
        end = _cut(letters, limit)
        part, letters = _trimmed(letters[:end]), letters[end:]
        if part:
            parts.append(_written(part))
    return parts or [text]


def _letters(text: Markup) -> list[_Letter]:
    letters: list[_Letter] = []
    inside: tuple[str, ...] = ()
    for piece in _PIECE.finditer(str(text)):
        written = piece[0]
        if piece["tag"] is None:
            seen = html.unescape(written)
            letters.append(_Letter(written, seen, sum(2 if ord(one) > _ASTRAL else 1 for one in seen), inside))
        elif piece["close"]:
            inside = inside[:-1]
        else:
            inside = (*inside, written)
    return letters


def _cut(letters: list[_Letter], limit: int) -> int:
    """Where the first part ends: after the last line, else the last word, else the last character that fits."""
    room, fits = limit, 0
    for letter in letters:
        if letter.units > room:
            break
        room -= letter.units
        fits += 1
    if fits == len(letters):
        return fits
    fits = max(fits, 1)  # a limit below one character would never end
    for gap in ("\n", " "):
        for index in range(fits, 0, -1):
            if letters[index].seen == gap:
                return index
    return fits


def _trimmed(letters: list[_Letter]) -> list[_Letter]:
    start, end = 0, len(letters)
    while start < end and letters[start].seen.isspace():
        start += 1
    while end > start and letters[end - 1].seen.isspace():
        end -= 1
    return letters[start:end]


def _written(letters: list[_Letter]) -> Markup:
    out: list[str] = []
    inside: tuple[str, ...] = ()
    for letter in letters:
        inside = _step(out, inside, letter.inside)
        out.append(letter.written)
    _step(out, inside, ())
    return Markup("".join(out))  # noqa: S704 - rebuilt from safe markup, tag by tag


def _step(out: list[str], now: tuple[str, ...], then: tuple[str, ...]) -> tuple[str, ...]:
    """Close what ends here and open what begins."""
    shared = 0
    while shared < min(len(now), len(then)) and now[shared] == then[shared]:
        shared += 1
    out.extend(f"</{re.split(r'[ >]', tag[1:], maxsplit=1)[0]}>" for tag in reversed(now[shared:]))
    out.extend(then[shared:])
    return then
