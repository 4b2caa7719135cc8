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
    people, _refused = read("name,status\nA,не жив\nB,зинда нест\nC,жива\nD,был жив и умер\nE,ранен\nF,жив/пропал\n")
    dead, alive, missing = "believed_dead", "believed_alive", "believed_missing"
    assert [status for *_rest, status in people] == [dead, dead, alive, dead, "", missing]


@pytest.mark.parametrize(
    "cell",
    [
        "неизвестно; жив ли",
        "неизвестно жив ли",
        "unknown if alive",
        "alive?",
        "жив (?)",
        "жив...",
        "~жив",
        "брат жив",
        "был жив 2 мая",
        "жив 2.5.2026",
        "скорее всего жив",
        "шояд зинда",
        "alive / not known",
        "жив" + " " * 500 + "ли",
        "ҷустуҷӯ: пропал?",
    ],
)
def test_a_status_is_the_whole_cell_or_none(cell: str) -> None:
    (one,) = listing.read(f'name,status\nA,"{cell}"\n'.encode(), AT).people
    assert one.status == ""
    assert not one.hard


@pytest.mark.parametrize(
    "cell", ["жив", "Жива.", "ALIVE", " жив, здоров ", "жив и здоров", "жив-здоров", "зинда ва саломат"]
)
def test_a_cell_may_say_it_with_several_known_words(cell: str) -> None:
    (one,) = listing.read(f'name,status\nA,"{cell}"\n'.encode(), AT).people
    assert one.status == "believed_alive"


@pytest.mark.parametrize(
    "text", ["не жив", "жив/умер", "был жив, 2 мая умер", "нет в живых", "ранен; " * 60 + "потом умер"]
)
def test_of_a_death_its_word_is_enough_wherever_it_stands(text: str) -> None:
    (one,) = listing.read(f'name,status\nA,"{text}"\n'.encode(), AT).people
    assert one.hard
    assert one.status != "believed_alive"


def test_a_row_that_stands_there_twice_with_another_status_says_none() -> None:
    one, two = listing.read("name,status\nA,жив\nA,умер\nB,жива\nB,пропала\n".encode(), AT).people
    assert (one.status, one.hard) == ("", True)
    assert (two.status, two.hard) == ("", False)


def test_addresses_and_telephone_numbers_are_no_place() -> None:
    for heading in ("Адрес", "address", "Нишонӣ", "Адрес проживания", "Место жительства (адрес)", "Телефони шаҳр"):
        (one,) = listing.read(f"name,{heading}\nA,ул. Ленина 5\n".encode(), AT).people
        assert one.place() == "", heading
    known = {word for said in HEADINGS.values() for word in listing._groups(said)}  # noqa: SLF001
    assert known.isdisjoint(listing._NEVER)  # noqa: SLF001


def test_the_same_row_has_the_same_id_on_the_next_list() -> None:
    one = listing.read("name,born,status\nҶамшед Ёров,1984,зинда\n".encode(), AT).people[0]
    two = listing.read("born;name;status\n1984; Ҷамшед  Ёров;бедарак\n".encode(), AT).people[0]
    assert one.id == two.id


def test_a_row_says_itself_when_it_was_true() -> None:
    days = ("2026-11-01", "1.11.2026", "01/11/2026", "1-11-2026", "2026-11-01 14:30", "2026-11-01T14:30:00")
    rows = "".join(f"P{at},{day},жив\n" for at, day in enumerate(days))
    people = listing.read(f"name,date,status\n{rows}".encode(), AT).people
    assert {one.fields["source_date"] for one in people} == {"2026-11-01T00:00:00Z"}
    assert {one.newest("status") for one in people} == {("believed_alive", datetime(2026, 11, 1, tzinfo=UTC))}


def test_a_row_without_a_day_has_none() -> None:
    for one in listing.read("name,date,status,age\nA,,жив,40\nB,–,жив,40\n".encode(), AT).people:
        assert "source_date" not in one.fields
        assert one.newest("status") == ("believed_alive", None)
        assert one.born() == 1986  # noqa: PLR2004


@pytest.mark.parametrize("day", ["yesterday", "1.11.26", "11/25/2026", "46327", "31.2.2026", "2026-11-01x", "1.1.2062"])
def test_a_day_that_can_not_be_read_is_told_by_its_line(day: str) -> None:
    people, refused = read(f"name,date,status\nA,1.11.2026,жив\nB,{day},жив\n")
    assert [names for names, *_rest in people] == [("A",)]
    assert refused == {3: Trouble.BAD_DATE}
