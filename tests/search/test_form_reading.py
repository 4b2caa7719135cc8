"""How what is typed into the form of a search is read: nothing is cut and nothing is guessed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.refusals import Enough, NotAName, NotAYear, NotFound, Refusal, TooLong
from handlers.search import form
from handlers.search.form import Either

NOW = datetime(2026, 3, 21, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "born"),
    [
        ("1984", 1984),
        ("14.05.1984", 1984),
        ("1984 или 1985", 1984),
        ("about 40", 1986),
        ("40 лет", 1986),
        ("84 сола", 1942),
        ("7", 2019),
        ("104", 1922),
        ("84", Either(1984, 84)),
        ("20", Either(2020, 20)),
        ("40", Either(1940, 40)),
        ("соли 84", Either(1984, 84)),
    ],
)
def test_a_year_is_read_from_a_day_or_an_age_and_two_digits_are_not_guessed(typed: str, born: int | Either) -> None:
    assert form.read_year(typed, NOW) == born


@pytest.mark.parametrize("typed", ["сорок", "1342", "2027", "12 13", "131", "9" * 30, ""])
def test_what_is_no_year_is_no_year(typed: str) -> None:
    with pytest.raises(NotAYear):
        form.read_year(typed, NOW)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("Ёров Ҷамшед (Ҷамик)", ["Ёров Ҷамшед", "Ҷамик"]),
        ("Jamshed / Djamched", ["Jamshed", "Djamched"]),
        ("Ёров, Ҷамшед", ["Ёров Ҷамшед"]),
        ("Ҷамшед.\n\n Jamik ", ["Ҷамшед", "Jamik"]),
    ],
)
def test_what_stands_in_brackets_is_another_name(typed: str, names: list[str]) -> None:
    assert form.read_names(typed) == names


@pytest.mark.parametrize(
    ("read", "typed", "refusal"),
    [
        (form.read_names, "()", NotAName),
        (form.read_names, "@jamshed", NotAName),
        (form.read_names, "x" * 61, TooLong),
        (form.read_names, "a\nb\nc\nd", Enough),
        (form.read_places, "https://x.tj", NotFound),
        (form.read_places, "Хоруғ\nВанҷ\nРӯшон", Enough),
    ],
)
def test_what_can_not_be_read_is_not_cut_and_not_guessed(read: object, typed: str, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        read(typed)  # type: ignore[operator]


@pytest.mark.parametrize("typed", ["не знаю", "Я не помню.", "Намедонам", "I don’t know", "don't know!"])
def test_not_to_know_is_an_answer(typed: str) -> None:
    assert form.is_unknown(typed)
    assert not form.is_unknown("Не знаю где, Хорог")
