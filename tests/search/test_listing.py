"""Lists as tables: headings in anybody's words, and no row that does harm."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain import listing
from bot.domain.listing_words import HEADINGS, SEX, STATUS
from bot.domain.pfif import Trouble, Unreadable

AT = datetime(2026, 11, 28, tzinfo=UTC)


Row = tuple[tuple[str, ...], int | None, str, str]


def read(text: str, coding: str = "utf-8") -> tuple[list[Row], dict[int, Trouble]]:
    reading = listing.read(text.encode(coding), AT)
    people = [(one.names, one.born(), one.place(), one.status) for one in reading.people]
    return people, dict(reading.refused)


@pytest.mark.parametrize(
    "head",
    [
        "Name,Year of birth,Village,Status",
        "Ному насаб;Соли таваллуд;Деҳа;Вазъ",
        "ФИО\tГод рождения\tСело\tСостояние",
        "№,person_record_id,full_name,date of birth,city,state",
    ],
)
def test_columns_are_known_by_words_of_three_languages(head: str) -> None:
    comma = next(sign for sign in ",;\t" if sign in head)
    row = ["Ҷамшед Ёров", "1984", "Хоруғ", "жив"]
    row = ["1", "a.example/1", *row] if head.startswith("№") else row
    people, refused = read(f"{head}\n{comma.join(row)}\n")
    assert people == [(("Ҷамшед Ёров",), 1984, "Хоруғ", "believed_alive")]
    assert not refused


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_spreadsheets_write_in_several_codings(coding: str) -> None:
    assert read("Ном,Син\nҶамшед Ёров,40\n", coding)[0] == [(("Ҷамшед Ёров",), 1986, "", "")]


def test_a_russian_spreadsheet_of_old_is_read() -> None:
    (((name,), *_rest),) = read("Фамилия;Имя;Отчество\nЁров;Джамшед;Каримович\n", "cp1251")[0]
    assert set(name.split()) == {"Ёров", "Джамшед", "Каримович"}


def test_no_heading_stands_for_two_columns() -> None:
    for table in (HEADINGS, STATUS, SEX):
        every = [heading for said in table.values() for heading in listing._groups(said)]  # noqa: SLF001
        assert len(every) == len(set(every))


def test_lines_that_are_not_taken_are_counted_by_their_numbers() -> None:
    rows = (
        "name,born,place",
        "Ҷамшед Ёров,1984,Хоруғ",
        "=HYPERLINK(1),1984,Хоруғ",  # 3
        "Ҷамшед Ёров,1984,Хоруғ",  # 4
        ",1984,",  # 5
        "\u202e\u2066,,",  # 6: marks alone are an empty row
        "x" * 300,  # 7
        '"two\nlines",1990,+cmd',  # 8 and 9
        "a," * 200,  # 10
        "x" * 200_000,  # 11
        "Гулнора,,",  # 12
    )
    people, refused = read("\n".join(rows))
    assert [names for names, *_rest in people] == [("Ҷамшед Ёров",), ("Гулнора",)]
    assert refused == {
        3: Trouble.FORMULA,
        4: Trouble.TWICE,
        5: Trouble.NO_NAME,
        7: Trouble.TOO_LONG,
        8: Trouble.FORMULA,
        10: Trouble.BROKEN,
        11: Trouble.BROKEN,
    }


@pytest.mark.parametrize("text", ["", "\n\n", "Ҷамшед Ёров,1984", "a;b;c\n1;2;3", "\x00\x01\x02", "=1+1"])
def test_a_file_without_headings_is_not_guessed_at(text: str) -> None:
    with pytest.raises(Unreadable) as told:
        read(text)
    assert "Ҷамшед" not in str(told.value)


def test_the_worse_of_two_words_counts_and_not_alive_is_not_alive() -> None:
    people, _refused = read("name,status\nA,не жив\nB,зинда нест\nC,жива\nD,был жив и умер\nE,ранен\n")
    assert [status for *_rest, status in people] == ["", "", "believed_alive", "believed_dead", ""]


def test_the_same_row_has_the_same_id_on_the_next_list() -> None:
    one = listing.read("name,born,status\nҶамшед Ёров,1984,зинда\n".encode(), AT).people[0]
    two = listing.read("born;name;status\n1984; Ҷамшед  Ёров;бедарак\n".encode(), AT).people[0]
    assert one.id == two.id


def test_a_row_says_itself_when_it_was_true() -> None:
    one, two, three = listing.read(b"name,date\nA,2026-11-01\nB,1.11.2026\nC,yesterday\n", AT).people
    assert one.fields["source_date"] == two.fields["source_date"] == "2026-11-01T00:00:00Z"
    assert three.fields["source_date"] == "2026-11-28T00:00:00Z"
