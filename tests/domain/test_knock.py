"""The rules of looking and being found."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from bot.domain import knock as rules
from bot.domain.knock import Case, Kind, May, Says
from bot.domain.names.verdict import Verdict


def test_waits_grow_and_have_an_end() -> None:
    waits = [rules.wait("person", used) for used in range(30)]
    assert waits[: rules.FREE["person"]] == [timedelta(0)] * rules.FREE["person"]
    assert waits == sorted(waits)
    assert waits[-1] == rules.LONGEST_WAIT


@pytest.mark.parametrize("typed", ["Ойша", "Oysha", " OISHA! ", "عایشه", "ойша."])
def test_an_answer_is_the_same_in_any_letters(typed: str) -> None:
    assert rules.folded(typed) == rules.folded("Oisha")


@pytest.mark.parametrize("typed", ["", "…", "😀", "<>"])
def test_what_says_nothing_is_no_answer(typed: str) -> None:
    assert rules.folded(typed) == ""


def test_names_alone_never_reach_a_holder() -> None:
    for kind in Kind:
        for may in May:
            goes = rules.goes_to(kind, may, proved=False, second=False)
            assert goes is not Case.HOLDER
            assert (goes is None) == (kind is Kind.DECOY or (kind is not Kind.LIST and may is May.NOBODY))


def test_the_answer_of_kin_opens_a_record_and_year_or_place_only_one_that_anybody_may_look_for() -> None:
    assert rules.goes_to(Kind.MEMBER, May.KIN, proved=True, second=False) is Case.HOLDER
    assert rules.goes_to(Kind.MEMBER, May.KIN, proved=False, second=True) is Case.DESK
    assert rules.goes_to(Kind.RELATIVE, May.ANYONE, proved=False, second=True) is Case.HOLDER
    assert rules.goes_to(Kind.LIST, May.NOBODY, proved=True, second=True) is Case.DESK


def test_what_contradicts_is_no_second_attribute() -> None:
    assert rules.is_second(Verdict.NEAR, Verdict.BLANK)
    assert not rules.is_second(Verdict.MATCH, Verdict.MISMATCH)
    assert not rules.is_second(Verdict.BLANK, Verdict.BLANK)


def test_either_learns_what_both_have_released() -> None:
    assert rules.released(Says.CONTACT, Says.ALIVE) is Says.ALIVE
    assert rules.released(Says.NOTHING, Says.CONTACT) is Says.NOTHING


def test_decoys_look_like_people() -> None:
    made = [rules.decoy(random.Random(seed).randrange) for seed in range(200)]
    assert len({one.names for one in made}) > 150  # noqa: PLR2004
    assert all(len(one.names[0].split()) == 2 and one.born and one.places for one in made)  # noqa: PLR2004
