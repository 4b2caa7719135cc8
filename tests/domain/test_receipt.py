"""A receipt's own part: it says no more than was asked for, and what was not packed is none."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import petition_log, receipt, signature
from bot.domain.petition_log import Letter, Sign
from bot.domain.receipt import Receipt
from bot.domain.signature import Declared, Mode, Opening

DAY = date(2026, 11, 28)
SECRET = b"\5" * 32
OPENING = Opening("p", 1, Declared(Mode.RECIPIENT, "Canary", "DE"), b"\1" * 32, signature.tag_of(SECRET))
ENTRY = Sign(1, DAY, OPENING.commitment())


@pytest.mark.parametrize(
    "one", [Receipt(ENTRY), Receipt(ENTRY, SECRET), Receipt(ENTRY, None, OPENING), Receipt(ENTRY, SECRET, OPENING)]
)
def test_what_was_packed_is_unpacked_and_holds(one: Receipt) -> None:
    assert receipt.unpacked(one.packed()) == one
    assert one.holds
    assert "anary" not in repr(one)
    assert "\\x05" not in repr(one)


def test_the_least_receipt_says_neither_a_name_nor_a_mode_nor_a_secret() -> None:
    assert Receipt(ENTRY).packed() == f"payvand receipt 1\n{petition_log.line_of(ENTRY)}\n".encode()


def test_what_does_not_belong_to_the_entry_does_not_hold() -> None:
    other = Opening("p", 1, Declared(Mode.PUBLIC, "Canary", "DE"), b"\1" * 32, signature.tag_of(SECRET))
    assert not Receipt(ENTRY, None, other).holds
    assert not Receipt(ENTRY, b"\6" * 32, OPENING).holds
    assert not Receipt(Sign(2, DAY, ENTRY.commitment), None, OPENING).holds


@given(st.binary(max_size=300))
def test_nonsense_is_none(data: bytes) -> None:
    assert receipt.unpacked(data) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"receipt 1", b"receipt 2"),
        (b"sign 1", b"sign 01"),
        (b"secret", b"secrets"),
        (b"opening ", b"opening !"),
        (b"opening ", b"opening"),
        (b"secret ", b"secret AAAA"),
    ],
)
def test_what_was_changed_is_none_or_says_something_else(before: bytes, after: bytes) -> None:
    good = Receipt(ENTRY, SECRET, OPENING)
    changed = receipt.unpacked(good.packed().replace(before, after))
    assert changed is None or not changed.holds


def test_a_receipt_is_of_a_signature_and_of_no_other_entry() -> None:
    letter = petition_log.line_of(Letter(1, DAY, b"\1" * 32)).encode()
    assert receipt.unpacked(b"payvand receipt 1\n" + letter + b"\n") is None
