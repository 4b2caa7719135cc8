"""The words of a petition: everything has a name, long texts are parted, and numbers and days are read."""

from __future__ import annotations

from datetime import date

import pytest

from bot.domain import petition_writing as writing
from bot.domain.addressees import ADDRESSEES
from bot.domain.petition import Refusal, State
from handlers.petitions import wording as petition_wording


def test_every_state_part_and_reason_has_a_name() -> None:
    for one in State:
        assert petition_wording.state_name(one)
    for why in Refusal:
        assert petition_wording.refusal_name(why)


def test_a_text_is_parted_and_nothing_of_it_is_lost() -> None:
    text = "\n\n".join("word 🙂 " * n for n in (1, 400, 900, 2)) + "x" * 9000
    found = list(petition_wording.pieces(text))
    assert all(len(one.encode("utf-16-le")) // 2 <= petition_wording.FULL for one in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_only_numbers_of_people_and_days_to_come_are_read() -> None:
    for text, goal in (
        ("10 000", 10_000),
        ("5,000", 5_000),
        ("1", 1),
        ("0", None),
        ("-1", None),
        ("٣", None),
        ("3 имзо", 3),
        ("many", None),
    ):
        assert writing.read_goal(text) == goal, text
    for text, day in (("14.05.2027", date(2027, 5, 14)), ("2027-05-14", date(2027, 5, 14)), ("31.02.2027", None)):
        assert writing.read_day(text) == day, text


@pytest.mark.parametrize("code", sorted(ADDRESSEES))
def test_an_addressee_that_is_taken_out_leaves_nothing(code: str) -> None:
    letter = writing.with_addressee(writing.blank(), code)
    for key in writing.keys(letter):
        letter = writing.with_text(letter, "en", key, "words")
    assert writing.missing(letter, "en") == ()
    bare = writing.without_addressee(letter, code)
    assert (bare.addressees, bare.demands, sorted(bare.texts)) == (
        (),
        {},
        [("en", part) for part in ("background", "letter", "title")],
    )
