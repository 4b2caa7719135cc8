"""What stands on a printed page: the text of a PDF file of ours, as somebody would read it off the paper."""

from __future__ import annotations

import re
import zlib

_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_SAID = re.compile(rb"\(((?:\\.|[^\\()])*)\) Tj", re.DOTALL)
_LETTER = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]{4})>")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def streams(pdf: bytes) -> list[bytes]:
    """The parts of the file, unpacked."""
    found = []
    for match in _STREAM.finditer(pdf):
        rest = pdf[match.end() :]
        try:
            found.append(zlib.decompressobj().decompress(rest))
        except zlib.error:  # it was not packed
            found.append(rest[: rest.index(b"endstream")])
    return found


def texts(pdf: bytes) -> list[str]:
    """Each piece of text on the page, in the order it was written."""
    parts = streams(pdf)
    letters = {
        code: chr(int(sign, 16)) for part in parts if b"begincmap" in part for code, sign in _LETTER.findall(part)
    }
    said = [piece for part in parts if b" Tj" in part for piece in _SAID.findall(part)]
    return [_read(_ESCAPED.sub(lambda found: _PLAIN.get(found[1], found[1]), piece), letters) for piece in said]


def _read(piece: bytes, letters: dict[bytes, str]) -> str:
    return "".join(letters[piece[i : i + 2].hex().upper().encode()] for i in range(0, len(piece), 2))
