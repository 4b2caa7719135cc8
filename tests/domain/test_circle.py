"""Invitation codes: every slip of a finger or an ear is found by arithmetic, before anything is looked up."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.circle import DIGITS, make_code, read_code, spaced

codes = st.integers(0, 10 ** (DIGITS - 1) - 1).map(lambda number: make_code(lambda _most: number))


@given(codes)
def test_a_code_is_read_back_as_it_was_given(code: str) -> None:
    assert len(code) == DIGITS
    for typed in (code, spaced(code), "-".join(code), f"  {code}\n", spaced(code).replace(" ", "\u00a0")):
        assert read_code(typed) == code


@given(codes)
def test_every_single_wrong_digit_is_found(code: str) -> None:
    for at in range(DIGITS):
        for digit in "0123456789":
            if digit != code[at]:
                assert read_code(code[:at] + digit + code[at + 1 :]) is None


@given(codes)
def test_every_swap_of_neighbours_is_found(code: str) -> None:
    for at in range(DIGITS - 1):
        swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
        if swapped != code:
            assert read_code(swapped) is None


def test_a_weaker_check_digit_would_not_find_them() -> None:
    """The control: with the sum of the digits, which many codes use, no swap at all is found."""
    code = make_code(lambda _most: 12_345_678_901)
    total = sum(map(int, code[:-1])) % 10
    swapped = code[1] + code[0] + code[2:-1]
    assert swapped != code[:-1]
    assert sum(map(int, swapped)) % 10 == total


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_code_or_none(text: str) -> None:
    code = read_code(text)
    assert code is None or (code.isascii() and code.isdigit() and len(code) == DIGITS)


@pytest.mark.parametrize("typed", ["", "000", "O" * 12, "1" * 13, "١٢٣", "12345678901a", "+12345678901"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert read_code(typed) is None


def test_digits_of_any_script_are_digits() -> None:
    code = make_code(lambda _most: 98_765_432_109)
    arabic = code.translate({ord(str(n)): chr(0x0660 + n) for n in range(10)})
    assert read_code(arabic) == code


def test_one_guess_in_ten_is_well_formed_and_no_more() -> None:
    dice = random.Random(7)
    guesses = [f"{dice.randrange(10**DIGITS):012}" for _ in range(20_000)]
    share = sum(read_code(guess) is not None for guess in guesses) / len(guesses)
    assert 0.09 < share < 0.11  # noqa: PLR2004


def test_codes_are_spread_over_all_digits() -> None:
    dice = random.Random(7)
    digits = Counter("".join(make_code(dice.randrange) for _ in range(2_000)))
    assert min(digits.values()) > 0.9 * max(digits.values())
