"""The search for canaries finds them in every form, and finds nothing where nothing is."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import sqlite3
import struct
from typing import TYPE_CHECKING

import pytest

from tests.faults import canary
from tests.faults.canary import Search, TooShort

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DICE = random.Random(1)
WORDS = canary.words(6, DICE)
IDS = canary.numbers(4, DICE)
TAJIK, LATIN, PHONE = WORDS[:3]


TEXT_LEAKS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16, big end first": lambda text: text.encode("utf-16-be"),
    "small letters": lambda text: text.lower().encode(),
    "capitals": lambda text: text.upper().encode(),
    "hex": lambda text: text.encode().hex().encode(),
    "capital hex": lambda text: text.encode().hex().upper().encode(),
    "JSON": lambda text: json.dumps({"name": text}).encode(),
    "JSON without escapes": lambda text: json.dumps({"name": text}, ensure_ascii=False).encode(),
    "a printed tuple": lambda text: repr((text, 1)).encode(),
    "printed bytes": lambda text: repr(text.encode()).encode(),
    "base64, first": lambda text: base64.b64encode(text.encode() + b"more"),
    "base64, second": lambda text: base64.b64encode(b"x" + text.encode() + b"more"),
    "base64, third": lambda text: base64.b64encode(b"xx" + text.encode()),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(b"?" + text.encode()),
    "a digest without a key": lambda text: hashlib.sha256(text.encode()).digest(),
    "a printed digest without a key": lambda text: (
        hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest().encode()
    ),
}

NUMBER_LEAKS: dict[str, Callable[[int], bytes]] = {
    "decimal": lambda number: str(number).encode(),
    "decimal in UTF-16": lambda number: str(number).encode("utf-16"),
    "hex": lambda number: hex(number).encode(),
    "8 bytes": lambda number: struct.pack(">q", number),
    "8 bytes, little end first": lambda number: struct.pack("<q", number),
    "8 bytes in base64": lambda number: base64.b64encode(b"id" + struct.pack(">q", number)),
    "8 bytes in hex": lambda number: struct.pack(">q", number).hex().encode(),
    "a digest without a key": lambda number: hashlib.sha256(str(number).encode()).digest(),
    "base64 of the decimal": lambda number: base64.b64encode(f"chat={number}&".encode()),
}


def amid(leak: bytes, seed: int = 2) -> bytes:
    """Put bytes among many random ones."""
    dice = random.Random(seed)
    return dice.randbytes(dice.randrange(5000)) + leak + dice.randbytes(dice.randrange(5000))


@pytest.mark.parametrize("leak", TEXT_LEAKS)
@pytest.mark.parametrize("text", WORDS[:3], ids=["Tajik", "Latin", "phone"])
def test_a_word_is_found_in_each_form(leak: str, text: str) -> None:
    assert canary.found(Search(WORDS, IDS).in_bytes(amid(TEXT_LEAKS[leak](text)), "here")) == {text}


@pytest.mark.parametrize("leak", NUMBER_LEAKS)
def test_an_id_is_found_in_each_form(leak: str) -> None:
    assert canary.found(Search(WORDS, IDS).in_bytes(amid(NUMBER_LEAKS[leak](IDS[0])), "here")) == {str(IDS[0])}


@pytest.mark.parametrize(("number", "width"), [(5_000_000_001, 5), (-1_001_234_567_891, 6)])
def test_a_shorter_id_is_found_in_numbers_of_every_width(number: int, width: int) -> None:
    search = Search([], [number])
    for bytes_wide in range(width, 9):
        for order in ("big", "little"):
            leak = number.to_bytes(bytes_wide, "big" if order == "big" else "little", signed=True)
            assert canary.found(search.in_bytes(leak, "here")) == {str(number)}


def test_nothing_is_found_where_nothing_is() -> None:
    assert Search(WORDS, IDS).in_bytes(random.Random(3).randbytes(200_000), "here") == []
    other = canary.words(3, random.Random(4))
    assert Search(WORDS, IDS).in_bytes(" ".join(other).encode(), "here") == []


def test_a_canary_that_chance_could_show_is_refused() -> None:
    with pytest.raises(TooShort):
        Search(["Ali"])
    with pytest.raises(TooShort):
        Search([], [77])
    with pytest.raises(TooShort):
        Search([], [5_000_000_001]).in_bytes(bytes(100_000_000), "here")


def test_a_plain_database_shows_every_canary_even_after_it_was_deleted(tmp_path: Path) -> None:
    file = sqlite3.connect(tmp_path / "plain.db", isolation_level=None)
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("CREATE TABLE people (id INTEGER, name TEXT)")
    names = WORDS[: len(IDS)]
    file.executemany("INSERT INTO people VALUES (?, ?)", list(zip(IDS, names, strict=True)))
    file.execute("DELETE FROM people WHERE name = ?", (names[0],))
    hits = Search(WORDS, IDS).in_files([tmp_path])
    file.close()
    assert canary.found(hits) == {*names, *map(str, IDS)}
    assert any(hit.where.endswith("-wal") for hit in hits)


def test_names_of_files_are_searched_too(tmp_path: Path) -> None:
    (tmp_path / f"backup-{LATIN}.age").write_bytes(b"sealed")
    assert canary.found(Search(WORDS).in_files([tmp_path])) == {LATIN}
