"""The lines of lists that come in: who they are about, what they say of them and of which day, and what is cut out."""

from __future__ import annotations

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
