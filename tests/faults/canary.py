"""Looks for canaries in stolen files: made-up names, ids and words, in every form in which a program may leave them.

A canary is put into a scenario where a person's name, account or message would be. A copy of everything that lies on
the disk (database, log, backup, records) is then searched for it: as text in several encodings, escaped, in hex, in
base64 at all three alignments, ids also as numbers of every width in both byte orders, and unkeyed hashes of both
(whoever has a list of guesses reads them like the plain text).
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

SHORTEST: Final = 5  # bytes: anything shorter is found in random bytes too
SURE: Final = 1e-4  # the odds of a hit by chance that are accepted in one search


@dataclass(frozen=True, slots=True)
class Hit:
    """A canary that lies in the open: where, which, and in which form."""

    where: str
    offset: int
    canary: str
    form: str


class TooShort(ValueError):  # noqa: N818 - a state of affairs
    """A canary would be found by chance: give it more letters or digits."""


def words(count: int, dice: random.Random) -> list[str]:
    """Make up words that occur nowhere else: Cyrillic with Tajik letters, Latin, and phone numbers, in turn."""
    tajik = "".join(map(chr, (*range(0x430, 0x450), 0x493, 0x4E3, 0x49B, 0x4EF, 0x4B3, 0x4B7)))
    latin = "abcdefghijklmnopqrstuvwxyz"
    made: list[str] = []
    for index in range(count):
        if index % 3 == 2:  # noqa: PLR2004
            made.append("+992" + "".join(dice.choices("0123456789", k=9)))
        else:
            made.append("".join(dice.choices((tajik, latin)[index % 3], k=10)).capitalize())
    return made


def numbers(count: int, dice: random.Random) -> list[int]:
    """Make up account ids of 52 bits, the widest that Telegram gives."""
    return [dice.randrange(1 << 51, 1 << 52) for _ in range(count)]


def _base64(plain: bytes) -> Iterator[bytes]:
    """What base64 of any text shows of `plain` inside it: the characters that depend on nothing else."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + plain)
        # 8 bits of a neighbour spoil two characters, 16 bits three
        start = (0, 2, 3)[before]
        length = (before + len(plain)) * 8 // 6
        yield encoded[start:length]


def _encodings(what: str, plain: bytes) -> Iterator[tuple[str, bytes]]:
    yield what, plain
    yield f"{what} in hex", plain.hex().encode()
    yield f"{what} in capital hex", plain.hex().upper().encode()
    yield f"{what} in hex as UTF-16", plain.hex().encode("utf-16-le")
    for part in _base64(plain):
        yield f"{what} in base64", part
        yield f"{what} in base64 for addresses", part.replace(b"+", b"-").replace(b"/", b"_")
    yield f"{what} as Python prints it", repr(plain)[2:-1].encode()


RARE: Final = ("utf-32-le", "koi8-r")  # searched as they are, not encoded again


def _hashes(plain: bytes) -> Iterator[tuple[str, bytes]]:
    for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
        digest = hashlib.new(name, plain, usedforsecurity=False).digest()[:16]
        yield f"its unkeyed {name}", digest
        yield f"its unkeyed {name} in hex", digest.hex().encode()
        yield f"its unkeyed {name} in base64", base64.b64encode(digest)[:20]


def forms_of_text(text: str) -> dict[bytes, str]:
    """Give every form of a text, each with its name. Raises TooShort."""
    found: dict[bytes, str] = {}
    spellings = {
        "as it is": text,
        "in small letters": text.lower(),
        "in capitals": text.upper(),
        "folded": text.casefold(),
        "decomposed": unicodedata.normalize("NFD", text),
        "in JSON": json.dumps(text)[1:-1],
        "in an address": quote(text),
        "in HTML": "".join(f"&#{ord(letter)};" for letter in text),
    }
    for spelling, spelt in spellings.items():
        for charset in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "cp1251", "koi8-r"):
            try:
                plain = spelt.encode(charset)
            except UnicodeEncodeError:
                continue
            again = _encodings(f"{spelling}, {charset}", plain)
            for name, form in [next(again)] if charset in RARE else again:
                found.setdefault(form, name)
    for name, form in _hashes(text.encode()):
        found.setdefault(form, name)
    return _long_enough(found, text)


def forms_of_number(number: int) -> dict[bytes, str]:
    """Give every form of an id, each with its name. Raises TooShort.

    The narrowest width that holds it is enough: wider numbers in either byte order contain it.
    """
    found: dict[bytes, str] = {}
    decimal = str(number)
    for charset in ("utf-8", "utf-16-le", "utf-16-be"):
        for name, form in _encodings(f"decimal, {charset}", decimal.encode(charset)):
            found.setdefault(form, name)
    width = next(width for width in (4, 5, 6, 7, 8) if -(1 << 8 * width - 1) <= number < 1 << 8 * width)
    for order in ("big", "little"):
        binary = (number % (1 << 8 * width)).to_bytes(width, "big" if order == "big" else "little")
        for name, form in _encodings(f"{width} bytes, {order} end first", binary):
            found.setdefault(form, name)
    found.setdefault(f"{number:x}".encode(), "in hex")
    found.setdefault(f"{number:X}".encode(), "in capital hex")
    for name, form in (*_hashes(decimal.encode()), *_hashes(number.to_bytes(8, "big", signed=True))):
        found.setdefault(form, name)
    return _long_enough(found, decimal)


def _long_enough(forms: Mapping[bytes, str], canary: str) -> dict[bytes, str]:
    short = [name for form, name in forms.items() if len(form) < SHORTEST]
    if short:
        message = f"{canary!r} is too short to be found for sure: {short[0]}"
        raise TooShort(message)
    return dict(forms)


class Search:
    """Looks for many canaries at once: one pass over the bytes, whatever their number."""

    def __init__(self, texts: Iterable[str], numbers: Iterable[int] = ()) -> None:
        """Take the canaries. Raises TooShort."""
        self._forms: dict[bytes, tuple[str, str]] = {}
        for text in texts:
            self._forms.update((form, (text, name)) for form, name in forms_of_text(text).items())
        for number in numbers:
            self._forms.update((form, (str(number), name)) for form, name in forms_of_number(number).items())
        self._by_start: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for form in self._forms:
            self._by_start[form[:SHORTEST]].append(form)

    def odds(self, size: int) -> float:
        """How many hits random bytes of that size are expected to show."""
        return float(sum(size / 256 ** len(form) for form in self._forms))

    def in_bytes(self, content: bytes | memoryview, where: str) -> list[Hit]:
        """Find every canary in some bytes. Raises TooShort if so many bytes may show one by chance."""
        whole = bytes(content)
        if self.odds(len(whole)) > SURE:
            message = f"{len(whole)} bytes are too many for canaries so short"
            raise TooShort(message)
        starts = self._by_start
        hits: list[Hit] = []
        for offset in range(len(whole) - SHORTEST + 1):
            if (start := whole[offset : offset + SHORTEST]) in starts:
                hits += [
                    Hit(where, offset, *self._forms[form]) for form in starts[start] if whole.startswith(form, offset)
                ]
        return hits

    def in_files(self, paths: Iterable[Path]) -> list[Hit]:
        """Find every canary in files, and in files below directories, and in their names."""
        hits: list[Hit] = []
        for path in paths:
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                hits += self.in_bytes(file.name.encode(), f"the name of {file}")
                if file.is_file():
                    hits += self.in_bytes(file.read_bytes(), str(file))
        return hits


def found(hits: Sequence[Hit]) -> set[str]:
    """Give the canaries that were found, each once."""
    return {hit.canary for hit in hits}
