"""What a human sees of two records beside each other."""

from __future__ import annotations

import pytest

from bot.domain.names.verdict import Field, Line, Record, Verdict, compare, whereabouts, years


def _verdicts(one: Record, two: Record) -> dict[Field, Verdict]:
    return {line.field: line.verdict for line in compare(one, two).lines}


def test_two_records_of_one_person_agree_part_by_part() -> None:
    seen = compare(Record("Djamched Iorov", 1984, "Хорог"), Record("Ҷамшед Ёров", 1985, "Khorugh"))
    assert seen.lines == (
        Line(Field.NAME, "djamched", "ҷамшед", Verdict.MATCH),
        Line(Field.SURNAME, "iorov", "ёров", Verdict.MATCH),
        Line(Field.BORN, "1984", "1985", Verdict.NEAR),
        Line(Field.PLACE, "Хорог", "Khorugh", Verdict.MATCH),
    )
    assert seen.conflicts == ()
    assert seen.odds > 0


def test_what_one_side_does_not_know_is_blank_and_no_conflict() -> None:
    seen = compare(Record("Ёров Ҷамшед Каримович", 1984), Record("Ёров Ҷамшед", place="Рушон"))
    assert {line.field: line.verdict for line in seen.lines} == {
        Field.NAME: Verdict.MATCH,
        Field.SURNAME: Verdict.MATCH,
        Field.FATHER: Verdict.BLANK,
        Field.BORN: Verdict.BLANK,
        Field.PLACE: Verdict.BLANK,
    }
    assert seen.conflicts == ()


def test_a_brother_is_told_by_his_name() -> None:
    seen = compare(Record("Назаров Фирӯз Алиевич", 1984), Record("Назаров Далер Алиевич", 1984))
    assert [line.field for line in seen.conflicts] == [Field.NAME]
    assert seen.conflicts[0].mine == "фирӯз"
    assert seen.conflicts[0].theirs == "далер"


def test_an_initial_is_near_and_never_a_match() -> None:
    assert _verdicts(Record("Худойдодов Ш."), Record("Худойдодов Шариф"))[Field.NAME] is Verdict.NEAR


def test_a_namesake_is_told_only_by_year_and_place() -> None:
    asked = Record("Ҷамшед Ёров", 1984, "Хоруғ")
    same, namesake = Record("Ҷамшед Ёров", 1984, "Хоруғ"), Record("Ҷамшед Ёров", 1961, "Хуҷанд")
    assert compare(asked, same).odds > compare(asked, namesake).odds
    assert {line.field for line in compare(asked, namesake).conflicts} == {Field.BORN, Field.PLACE}


@pytest.mark.parametrize(
    ("one", "two", "verdict"),
    [
        (1984, 1984, Verdict.MATCH),
        (1984, 1986, Verdict.NEAR),
        (1984, 1987, Verdict.MISMATCH),
        (None, 1984, Verdict.BLANK),
        (None, None, Verdict.BLANK),
    ],
)
def test_years(one: int | None, two: int | None, verdict: Verdict) -> None:
    assert years(one, two) is years(two, one) is verdict


@pytest.mark.parametrize(
    ("one", "two", "verdict"),
    [
        ("Хоруғ", "Khorog", Verdict.MATCH),
        ("Ленинабад", "Хуҷанд", Verdict.MATCH),  # a town that was renamed
        ("Курган-Тюбе", "بختر", Verdict.MATCH),
        ("Орджоникидзеабад", "Ваҳдат", Verdict.MATCH),
        ("Дюшамбе", "Душанбе", Verdict.MATCH),
        ("Рушон", "ВМКБ", Verdict.NEAR),  # a district and its province
        ("Рушон", "Ванҷ", Verdict.MISMATCH),
        ("Деҳаи Сафедсанг", "Dehai Safedsang", Verdict.MATCH),  # a village that is on no list
        ("Сафедсанг", "Хуҷанд", Verdict.BLANK),
        ("", "Хуҷанд", Verdict.BLANK),
        ("...", "Хуҷанд", Verdict.BLANK),
    ],
)
def test_places(one: str, two: str, verdict: Verdict) -> None:
    assert whereabouts(one, two) is whereabouts(two, one) is verdict
