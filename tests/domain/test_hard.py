"""Hard news: who is drawn to check it, when it may be told, and which words give it away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.checkin import Hard
from bot.domain.hard import (
    READERS,
    REMINDED_FOR,
    Case,
    Grade,
    Phase,
    Reader,
    approvals,
    draw,
    grade_of,
    may_be_told,
    next_reminder,
)
from bot.domain.hard_words import is_hard

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CASE = Case(1, 100, 1, Hard.DEAD, Phase.CHECKING, NOW, NOW)
CALLED = Case(1, 100, 1, Hard.DEAD, Phase.CHECKING, NOW, NOW, caller=5, agreed=True)

numbers = st.integers(0, 12)
sets = st.frozensets(numbers, max_size=6)
few = st.lists(numbers, max_size=2, unique=True)
many = st.lists(numbers, max_size=6, unique=True)
readers = st.lists(
    st.builds(Reader, numbers, st.booleans(), st.booleans(), st.none() | st.sampled_from(Grade)),
    max_size=4,
    unique_by=lambda one: one.person,
)


@given(few, numbers, many, sets, sets)
def test_no_more_than_two_are_drawn_and_nobody_who_must_not(
    named: list[int], keeper: int, others: list[int], have: frozenset[int], never: frozenset[int]
) -> None:
    drawn = draw(named, keeper, others, have=have, never=never)
    assert len(drawn) == len(set(drawn)) <= max(READERS - len(have), 0)
    assert not never & set(drawn)
    assert not have & set(drawn)
    assert set(drawn) <= {*named, keeper, *others}


@given(few, numbers, many, sets)
def test_nobody_who_was_not_named_reads_it_while_the_named_can(
    named: list[int], keeper: int, others: list[int], never: frozenset[int]
) -> None:
    drawn = draw(named, keeper, others, have=frozenset(), never=never)
    fit = [who for who in named if who not in never]
    assert drawn[: len(fit)] == fit
    if len(fit) == READERS:
        assert drawn == fit
    if not set(named) & never and keeper not in {*named, *others}:
        assert keeper not in drawn, "the keeper reads only in the place of somebody who was named"


@given(readers, sets)
def test_it_is_told_only_after_two_others_confirmed_it_with_a_source_and_somebody_calls(
    found: list[Reader], tellers: frozenset[int]
) -> None:
    assert not may_be_told(CASE, found, tellers), "nobody has agreed to call"
    yes = [one for one in found if one.grade is not None and not one.refused and one.person not in tellers]
    assert approvals(found, tellers) == yes
    assert may_be_told(CALLED, found, tellers) is (len(yes) >= READERS and not any(one.refused for one in found))


@given(readers, sets)
def test_taking_any_one_approval_away_stops_it(found: list[Reader], tellers: frozenset[int]) -> None:
    for two in combinations(approvals(found, tellers), READERS - 1):
        assert not may_be_told(CALLED, two, tellers)


@given(st.lists(st.sampled_from(Grade), min_size=1))
def test_it_is_as_sure_as_the_weakest_who_confirmed_it(grades: list[Grade]) -> None:
    order = list(Grade)
    found = grade_of(Reader(number, False, False, one) for number, one in enumerate(grades))  # noqa: FBT003
    assert found is not None
    assert order.index(found) == min(map(order.index, grades))


def test_the_grades_stand_from_the_weakest_to_the_strongest() -> None:
    assert list(Grade) == [Grade.HEARSAY, Grade.SEVERAL, Grade.SEEN, Grade.DOCUMENT]
    assert grade_of([]) is None


@given(st.integers(0, 60 * 24 * 60))
def test_a_reminder_lies_ahead_and_there_is_an_end_to_them(minutes: int) -> None:
    now = NOW + timedelta(minutes=minutes)
    due = next_reminder(NOW, now)
    assert (due is None) is (now >= NOW + REMINDED_FOR)
    assert due is None or due > now


HARD = """
Рустам умер
Рустам вафот кард
rustam vafot kardast
падарам даргузашт
его задержали вчера
дастгир карданд
брат в СИЗО
точикон кушта шуданд
Rustam was killed
my uncle passed away
бародарам дар зиндон аст
похороны завтра
городской морг № 2
ҷасадаш ёфт шуд
дар қабристони Сарой
he was buried in May
нашли трупы
"""
PLAIN = """
Я дома, всё хорошо
задержка рейса на час
мы умеренно устали
Мо дар хона ҳастем
куштӣ мебинем
мурғ ва мард
We are at home and have no light
марҳамат
труппа театра
она моргнула
қабри кӯҳна
"""


@pytest.mark.parametrize("text", HARD.strip().splitlines())
def test_these_words_give_it_away(text: str) -> None:
    assert is_hard(text)
    assert is_hard(f"Салом! {text.upper()}.")


@pytest.mark.parametrize("text", PLAIN.strip().splitlines())
def test_these_do_not(text: str) -> None:
    assert not is_hard(text)
