"""The lines of lists that come in: who they are about, what they say of them and of which day, and what is cut out."""

from __future__ import annotations

import textwrap
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import lists as files
from bot.domain import pfif
from bot.domain.knock import Case, Kind, Known
from storage import lists, schema, search
from storage.lists import Told
from tests.search.test_desk import case, state, takes
from tests.search.test_desk import people as at_the_desk
from tests.search.test_knock import cases, kept, people, soon, tries
from tests.search.test_walk import Phone
from tests.search.walk import looks
from tests.stage import Actor, Stage
from tests.storage.servers import ONE_ENGINE

pytestmark = ONE_ENGINE
HEAD = "id;ФИО;Год рождения;Район;Состояние\n"
BROTHER = "1;Ёров Ҷамшед;1984;Хоруғ;пропал"
NEW = "something new for you"
DAY = timedelta(days=1)


async def comes_in(stage: Stage, rows: str, head: str = HEAD) -> files.Done:
    """An operator takes in a table."""
    wish = files.Wish((head + rows + "\n").encode(), "Shelter 5", stage.now())
    return await files.take(stage.storage, wish, files.read(wish))


async def agree(*moderators: Actor) -> None:
    """Each takes the first case, and says that the two may be one person."""
    for one in moderators:
        await takes(one)
        await one.presses("May be the same")


async def line(stage: Stage) -> Told:
    """What is kept of the only line."""

    def only(tx: object) -> Told:
        (record,) = search.of_kind(tx, Kind.LIST)  # type: ignore[arg-type]
        told = lists.of(tx, record.id)  # type: ignore[arg-type]
        assert told is not None
        return told

    return await stage.storage.read(only)


# -- who a line is about -------------------------------------------------------------------------------------------


async def test_an_id_that_is_given_to_somebody_else_tells_nobody_another_persons_fate(stage: Stage) -> None:
    anna, bahrom, _chaman, seeker, _holder = await at_the_desk(stage)
    phone = Phone(seeker)
    await comes_in(stage, BROTHER)
    await looks(phone, "Djamched Iorov", "1984", "Khorog", "Oysha")
    await soon(stage)
    await agree(anna, bahrom)
    await seeker.presses("Open it")
    assert "others look for them" in seeker.last
    done = await comes_in(stage, "1;Назарова Гулнора;1990;Рушан;жива")
    assert (done.new, done.again, done.over) == (1, 0, 1)
    assert await cases(stage) == []
    await stage.pass_time(timedelta(minutes=2))
    await phone.reads(NEW)
    await phone.chooses("Open it")
    await phone.reads("can't be reached here any more")
    await phone.says("/search")
    await phone.chooses("Djamched")
    assert not any("An answer" in label for label in seeker.buttons)


@pytest.mark.parametrize(
    "row", ["1;Ёров Ҷалол;1984;Хоруғ;жив", "1;Ёров Ҷамшед;1961;Хоруғ;жив", "1;Ёров Ҷамшед;1984;Хуҷанд;жив"]
)
async def test_what_the_first_of_two_has_said_is_not_for_whoever_stands_there_now(stage: Stage, row: str) -> None:
    anna, _bahrom, _chaman, seeker, _holder = await at_the_desk(stage)
    await comes_in(stage, BROTHER)
    await looks(Phone(seeker), "Djamched Iorov", "1984", "Khorog", "Oysha")
    await soon(stage)
    await agree(anna)
    await comes_in(stage, row)
    assert await cases(stage) == []


@pytest.mark.parametrize("row", ["1;ЁРОВ ҶАМШЕД;1984;хоруғ;жив", "1;Ёров Ҷамшед;1985;Хоруғ;жив"])
async def test_the_same_person_on_the_next_list_stays_who_was_compared(stage: Stage, row: str) -> None:
    anna, bahrom, _chaman, seeker, _holder = await at_the_desk(stage)
    await comes_in(stage, BROTHER)
    await looks(Phone(seeker), "Djamched Iorov", "1984", "Khorog", "Oysha")
    await soon(stage)
    await agree(anna)
    done = await comes_in(stage, row)
    assert (done.new, done.again, done.over) == (0, 1, 0)
    await agree(bahrom)
    assert await cases(stage) == [Case.OPEN]
    (record,) = await stage.storage.read(lambda tx: search.of_kind(tx, Kind.LIST))
    assert record.known.names == ("Ёров Ҷамшед",)


async def test_a_second_yes_is_for_the_same_words_as_the_first(stage: Stage) -> None:
    anna, bahrom, chaman, _seeker, _holder = await at_the_desk(stage)
    zebo, karim = await people(stage, "Zebo", "Karim")
    await kept(karim)
    await tries(zebo, "Fotima")
    await soon(stage)
    await agree(anna)
    await takes(bahrom)
    await karim.says("/search")
    await karim.chooses("Who may look for us")
    await karim.chooses("Ҷамшед")
    await karim.chooses("Anybody of my community")
    for words in ("Джамшед Йоров", "1984", "Хоруғ"):
        await karim.says(words)
    await bahrom.presses("May be the same")
    assert "no longer in use" in bahrom.last, "it stood under other words"
    await agree(chaman)
    assert await cases(stage) == [Case.DESK]
    await agree(bahrom)
    assert await cases(stage) == [Case.HOLDER]


async def test_what_was_said_stands_if_the_same_words_are_given_again(stage: Stage) -> None:
    anna, bahrom, _chaman, seeker, holder = await at_the_desk(stage)
    number = await case(stage, seeker, Known(("Ҷамшед Ёров",), 1985, ("Khorugh",)), holder)
    await agree(anna)

    def again(tx: object) -> None:
        which = tx.execute(sa.select(schema.sought.c.id)).scalar_one()  # type: ignore[attr-defined]
        search.replace(tx, which, Known(("Ҷамшед Ёров",), 1985, ("Khorugh",)))  # type: ignore[arg-type]

    await stage.storage.write(again)
    await agree(bahrom)
    assert await state(stage, number) is Case.HOLDER


async def test_an_id_that_is_given_to_somebody_else_stands_once_in_what_goes_out(stage: Stage, tmp_path: Path) -> None:
    async def goes_out(rows: str) -> list[tuple[str, ...]]:
        wish = files.Wish((HEAD + rows).encode(), "Shelter 5", stage.now(), consent=True)
        await files.take(stage.storage, wish, files.read(wish))
        await stage.storage.write(partial(lists.agree, now=stage.now()))
        where = tmp_path / "out.xml"
        where.unlink(missing_ok=True)
        await files.write(stage.storage, files.Export(where, "nur.example.org", "Нур", stage.now()))
        return [one.names for one in pfif.read(where.read_bytes()).people]

    assert await goes_out("shelter.example/1;Ёров Ҷамшед;1984;;") == [("Ёров Ҷамшед",)]
    assert await goes_out("shelter.example/1;Назарова Гулнора;1990;;") == [("Назарова Гулнора",)]


# -- what a line says, and of which day ----------------------------------------------------------------------------


async def reads_what_it_says(stage: Stage, rows: str, head: str = HEAD) -> Actor:
    """Whoever looks for somebody of the only line, with what it says before them."""
    anna, bahrom, _chaman, seeker, _holder = await at_the_desk(stage)
    await comes_in(stage, rows, head)
    await looks(Phone(seeker), "Djamched Iorov", "1984", "Khorog", "Oysha")
    await soon(stage)
    await takes(anna)
    await anna.presses("May be the same")
    await takes(bahrom)
    assert "Known from a list: Shelter 5." in bahrom.last
    await bahrom.presses("May be the same")
    await seeker.presses("Open it")
    return seeker


@pytest.mark.parametrize("cell", ["неизвестно, жив ли", "alive?", "брат жив", "был жив 2 мая"])
async def test_nobody_is_said_to_be_alive_of_whom_a_list_does_not_say_it(stage: Stage, cell: str) -> None:
    seeker = await reads_what_it_says(stage, f'1;Ёров Ҷамшед;1984;Хоруғ;"{cell}"')
    assert "alive" not in seeker.last
    assert "Day: not known." in seeker.last


async def test_what_a_list_says_without_a_day_gets_none_from_us(stage: Stage) -> None:
    seeker = await reads_what_it_says(stage, "1;Ёров Ҷамшед;1984;Хоруғ;жив")
    assert "The list: Shelter 5. Day: not known." in seeker.last
    assert "It says: alive. Day: not known." in seeker.last


async def test_what_a_list_says_is_of_its_own_day(stage: Stage) -> None:
    head = "ФИО;Год рождения;Район;Состояние;Дата\n"
    seeker = await reads_what_it_says(stage, "Ёров Ҷамшед;1984;Хоруғ;жив;1.11.2025", head)
    assert "It says: alive. Day: 1 November 2025." in seeker.last


async def test_each_word_of_a_list_has_the_day_of_its_own_note(stage: Stage) -> None:
    fields = {"person_record_id": "s.example/1", "full_name": "Ҷамшед Ёров", "source_date": "2025-06-01T00:00:00Z"}
    notes = (
        {"status": "believed_alive", "source_date": "2025-05-01T00:00:00Z", "text": "x"},
        {"last_known_location": "School 2", "source_date": "2025-04-01T00:00:00Z", "text": "x"},
        {"last_known_location": "School 1", "source_date": "2025-03-01T00:00:00Z", "text": "x"},
    )
    wish = files.Wish(pfif.write([pfif.Person(fields, notes)]), "Shelter 5", stage.now())
    await files.take(stage.storage, wish, files.read(wish))
    told = await line(stage)
    assert (told.place, told.status) == ("School 2", "believed_alive")
    assert [at and at.month for at in (told.at, told.said_at, told.seen_at)] == [6, 5, 4]


async def test_a_day_that_has_not_come_is_no_day(stage: Stage) -> None:
    fields = {"person_record_id": "s.example/1", "full_name": "A", "source_date": "2062-01-01T00:00:00Z"}
    notes = ({"status": "believed_alive", "source_date": "2062-01-01T00:00:00Z", "text": "x"},)
    wish = files.Wish(pfif.write([pfif.Person(fields, notes)]), "Shelter 5", stage.now())
    await files.take(stage.storage, wish, files.read(wish))
    told = await line(stage)
    assert (told.at, told.said_at, told.status) == (None, None, "believed_alive")


async def test_of_a_list_that_came_in_with_an_older_version_no_day_is_known(stage: Stage) -> None:
    old = b'{"s":"Shelter 5","i":"1","a":"2026-03-21T00:00:00+00:00","t":"believed_alive","p":"School 1","h":false}'
    await comes_in(stage, BROTHER)
    await stage.storage.write(lambda tx: tx.execute(schema.listed.update().values(body=old.ljust(700))))
    assert await line(stage) == Told("Shelter 5", "1", None, "believed_alive", "School 1")


async def test_no_number_no_address_and_no_link_of_a_list_reaches_anybody(stage: Stage) -> None:
    fields = {"person_record_id": "s.example/1", "full_name": "A", "source_date": "2026-01-01T00:00:00Z"}
    fields["home_city"] = "Хоруғ, тел. 900 000 000"
    place = {"last_known_location": "Pay for release: +992 900 000 000, t.me/release_him"}
    note = {"status": "believed_alive", "source_date": "2026-01-01T00:00:00Z", "text": "x", **place}
    wish = files.Wish(pfif.write([pfif.Person(fields, (note,))]), "Shelter 5", stage.now())
    await files.take(stage.storage, wish, files.read(wish))
    assert (await line(stage)).place == ""
    (record,) = await stage.storage.read(lambda tx: search.of_kind(tx, Kind.LIST))
    assert record.known.places == ()


async def test_whoever_reads_hard_news_closes_nothing_and_keeps_the_list_before_them(stage: Stage) -> None:
    seeker = await reads_what_it_says(stage, "1;Ёров Ҷамшед;1984;Хоруғ;умер")
    assert "Have somebody with you" in seeker.last
    assert not any("Found" in label for label in seeker.buttons)
    page = seeker.last
    await seeker.presses("The moderators")
    assert "Write it in one message" in seeker.last
    assert page in seeker.screen, "the name of the list stays readable"


@pytest.mark.parametrize("status", ["жив", "умер"])
async def test_what_a_list_says_is_read_at_one_glance_on_a_phone(stage: Stage, status: str) -> None:
    head = "ФИО;Год рождения;Район;Состояние;Дата\n"
    seeker = await reads_what_it_says(stage, f"Ёров Ҷамшед;1984;Хоруғ;{status};1.11.2025", head)
    lines = [part for one in seeker.last.splitlines() for part in textwrap.wrap(one, 40)]
    assert len(lines) <= 12  # noqa: PLR2004
