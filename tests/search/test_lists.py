"""`payvand import-list` and `export-list`: what comes in, what goes out, and what an operator reads of either."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from bot import __main__ as command
from bot import founding, lists
from bot.domain import pfif
from bot.domain.conversation import Sender
from bot.domain.knock import Kind, Known, May
from storage import lists as kept
from storage import people, search
from storage.database import Storage, Tx
from storage.schema import exported, listed
from tests.operator.inside import looked
from tests.storage.servers import ONE_ENGINE

CHEAP = {"opslimit": 32768, "memlimit": 1 << 20}
NOW = datetime(2026, 3, 21, 9, tzinfo=UTC)
DAY = timedelta(days=1)
LIST = (
    "ФИО;Год рождения;Район;Состояние;Телефон\n"
    "Ёров Джамшед;1984;Хорог;жив;+992900000000\n"
    "Назарова Гулнора;1990;Рушан;;\n"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A community whose bot is stopped."""
    monkeypatch.chdir(tmp_path)
    plan = founding.Plan(
        settings=tmp_path / "payvand.toml",
        community="Нур",
        data=tmp_path / "var",
        token=SecretStr("7000000001:AAH-canary-canary-canary-canary-0001"),
        recipients=(),
        root_key=tmp_path / "stick" / "root.key",
        passphrase=SecretStr("a phrase on paper"),
        made_up=False,
    )
    founding.found(plan, founding.Silence(), datetime.now(UTC), **CHEAP)
    (tmp_path / "list.csv").write_text(LIST, "utf-8")
    return tmp_path


def takes(*more: str, file: str = "list.csv") -> int:
    return command.main(["import-list", file, "--source", "Shelter 5", *more])


def records(tx: Tx) -> list[search.Held]:
    return search.of_kind(tx, Kind.LIST)


def test_a_list_comes_in_and_is_found_by_other_spellings(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert takes("--expires", "30") == 0
    told = capsys.readouterr()
    assert told.out == "2 records are new, 0 were replaced, 0 are over and erased.\n"
    assert "Ёров" not in told.out + told.err
    two, one = sorted(looked(home, records), key=lambda held: held.known.names)
    assert one.known == Known(("Назарова Гулнора",), 1990, ("Рушан",))
    assert two.source == "Shelter 5"
    assert not two.consent
    assert two.expires_at is not None
    assert timedelta(days=29) < two.expires_at - datetime.now(UTC) <= timedelta(days=30)
    hits = looked(home, partial(search.candidates, asked=Known(("Djamched Iorov",), 1984)))
    assert hits[0].record == two.id
    assert not any(b"992900000000" in file.read_bytes() for file in (home / "var").rglob("*") if file.is_file())


def test_the_same_list_again_replaces_and_the_whole_one_erases(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert takes() == 0
    before = {held.id for held in looked(home, records)}
    assert takes() == 0
    assert "0 records are new, 2 were replaced, 0 are over" in capsys.readouterr().out
    assert {held.id for held in looked(home, records)} == before
    (home / "list.csv").write_text(LIST.rpartition("Назарова")[0], "utf-8")
    assert takes() == 0
    assert {held.id for held in looked(home, records)} == before, "a shelter's next list may be only the new ones"
    assert takes("--whole") == 0
    assert "1 is over and erased" in capsys.readouterr().out
    assert len(looked(home, records)) == 1


def test_one_is_not_said_to_be_many() -> None:
    assert lists.told(lists.Done(1, 1, 1, [(4, pfif.Trouble.FORMULA)])).splitlines() == [
        "1 record is new, 1 was replaced, 1 is over and erased.",
        "1 line was not taken:",
        "  1 × a formula: line 4",
    ]
    assert lists.told(lists.Done(1), try_only=True) == "1 record can be taken in. Nothing was changed."
    twice = [(4, pfif.Trouble.FORMULA), (9, pfif.Trouble.FORMULA)]
    assert lists.told(lists.Done(2, refused=twice)).endswith("2 lines were not taken:\n  2 × a formula: lines 4, 9")


def test_another_source_says_what_it_says_beside_it(home: Path) -> None:
    assert takes() == 0
    assert command.main(["import-list", "list.csv", "--source", "Hospital", "--whole"]) == 0
    assert len(looked(home, records)) == 4  # noqa: PLR2004


def test_what_is_not_taken_is_told_by_line_numbers_and_never_by_names(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = LIST + "=HYPERLINK(1);;;;\n;1980;;;\nЁров Джамшед;1984;Хорог;;\n"
    (home / "list.csv").write_text(rows, "utf-8")
    assert takes("--check") == 0
    told = capsys.readouterr().out
    assert told.startswith("2 records can be taken in. Nothing was changed.\n3 lines were not taken:")
    for line in ("1 × a formula: line 4", "1 × no name: line 5", "1 × the same record id twice: line 6"):
        assert line in told
    assert "Ёров" not in told
    assert looked(home, records) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must name the columns"),
        ('<!DOCTYPE p [<!ENTITY a "b">]><p>&a;</p>', "Such files are not read"),
        ("<html></html>", "The file is no PFIF"),
        ("Ёров Джамшед;1984", "must name the columns"),
    ],
)
def test_a_file_that_is_no_list_changes_nothing(
    home: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    (home / "list.csv").write_text(text, "utf-8")
    assert takes() == 1
    assert words in capsys.readouterr().err
    assert looked(home, records) == []


@pytest.mark.parametrize("more", [["--expires", "0"], ["--expires", "4000"], ["--source", ""], ["--source", "x" * 100]])
def test_a_list_needs_a_source_and_an_end(home: Path, more: list[str]) -> None:
    assert takes(*more) == command.MISUSED
    assert looked(home, records) == []


def test_pfif_says_itself_when_a_record_ends_and_that_it_is_over(home: Path) -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + 3 * DAY
    one = pfif.Person(
        {
            "person_record_id": "shelter.example/p1",
            "source_date": pfif.dated(soon - 9 * DAY),
            "expiry_date": pfif.dated(soon),
            "full_name": "Ҷамшед Ёров",
            "home_street": "Lenin 5",
            "author_phone": "+992",
        },
        ({"status": "believed_dead", "source_date": pfif.dated(soon - 8 * DAY), "last_known_location": "Школа 1"},),
    )
    (home / "list.xml").write_bytes(pfif.write([one]))
    assert takes(file="list.xml") == 0
    (held,) = looked(home, records)
    assert held.expires_at == soon
    line = looked(home, partial(kept.of, which=held.id))
    assert line is not None
    assert line.hard
    assert (line.place, line.id) == ("Школа 1", "shelter.example/p1")
    (home / "list.xml").write_bytes(pfif.write([pfif.stub(one)]))
    assert takes(file="list.xml") == 0
    assert looked(home, records) == []
    assert looked(home, lambda tx: tx.execute(sa.select(listed)).all()) == []


def test_an_export_waits_for_two_moderators_and_overwrites_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert takes("--consent") == 0
    give = ["export-list", "out.xml", "--domain", "nur.example.org"]
    assert command.main(give) == command.MISUSED
    assert "Two moderators must agree first" in capsys.readouterr().err
    assert not (home / "out.xml").exists()
    looked(home, partial(kept.agree, now=datetime.now(UTC)))
    (home / "out.xml").write_text("mine")
    assert command.main(give) == command.MISUSED
    assert (home / "out.xml").read_text() == "mine"
    (home / "out.xml").unlink()
    assert command.main(["export-list", "out.xml", "--domain", "no domain"]) == command.MISUSED
    assert command.main(give) == 0
    assert "2 records, and 0 that are over" in capsys.readouterr().out
    assert (home / "out.xml").stat().st_mode & 0o77 == 0
    assert command.main(["export-list", "again.xml", "--domain", "nur.example.org"]) == command.MISUSED


# -- what goes out -------------------------------------------------------------------------------------------------


async def hold(storage: Storage) -> dict[str, int]:
    """Records of every kind, with and without consent or an end."""

    def work(tx: Tx) -> dict[str, int]:
        made: dict[str, int] = {}
        kept.name_recipient(tx, "Red Cross")
        for name, consent, ends, kind in (
            ("Агреедов Один", True, NOW + 30 * DAY, Kind.MEMBER),
            ("Беззгодаев Два", False, NOW + 30 * DAY, Kind.MEMBER),
            ("Вечнов Три", True, None, Kind.MEMBER),
            ("Давнов Четыре", True, NOW - DAY, Kind.MEMBER),
            ("Приманкин Пять", True, NOW + 30 * DAY, Kind.DECOY),
        ):
            person = None
            if kind is Kind.MEMBER:
                met = people.meet(tx, Sender("memory", "1", name), NOW)
                person = met.person.id if met.person else None
            known = Known((name, "Other Spelling"), 1980, ("Хорог",))
            which = search.put(tx, kind, known, NOW, person=person, may=May.KIN, consent=consent)
            made[name.split()[0]] = which
            if consent and ends is not None and kind is Kind.MEMBER:
                kept.say_yes(tx, kept.Whose(record=which), "Red Cross", NOW, ends)
        return made

    return await storage.write(work)


async def written(storage: Storage, where: Path, now: datetime, version: str = "1.4") -> pfif.Reading:
    await storage.write(partial(kept.agree, now=now))
    where.unlink(missing_ok=True)
    await lists.write(storage, lists.Export(where, "nur.example.org", "Нур", now, version))
    return pfif.read(where.read_bytes())


async def test_only_who_agreed_goes_out_with_a_day_on_which_it_ends(storage: Storage, tmp_path: Path) -> None:
    made = await hold(storage)
    reading = await written(storage, tmp_path / "out.xml", NOW)
    (one,) = reading.people
    assert one.names == ("Агреедов Один", "Other Spelling")
    assert one.fields["expiry_date"] == "2026-04-20T00:00:00Z"
    assert one.id.startswith("nur.example.org/")
    assert str(made["Агреедов"]) not in one.id
    again = await written(storage, tmp_path / "out.xml", NOW + DAY)
    assert again.people[0].id == one.id, "the same record has the same name in every export"


@pytest.mark.parametrize("what", ["expired", "erased", "withdrawn"])
async def test_what_may_no_more_goes_out_as_a_stub(storage: Storage, tmp_path: Path, what: str) -> None:
    made = await hold(storage)
    which = made["Агреедов"]
    (one,) = (await written(storage, tmp_path / "out.xml", NOW)).people
    later = NOW + (31 * DAY if what == "expired" else DAY)
    if what == "erased":
        await storage.write(partial(search.erase, which=[which]))
    elif what == "withdrawn":
        await storage.write(partial(kept.withdraw, whose=kept.Whose(record=which)))
    for now in (later, later + DAY):
        (over,) = (await written(storage, tmp_path / "out.xml", now)).people
        assert over.stub
        assert over.id == one.id
        assert "Агреедов" not in (tmp_path / "out.xml").read_text("utf-8")
    old = await written(storage, tmp_path / "out.xml", later + 2 * DAY, "1.2")
    assert old.people == ()
    assert (await written(storage, tmp_path / "out.xml", later + 100 * DAY)).people == ()
    assert await storage.read(lambda tx: tx.execute(sa.select(exported)).all()) == []


async def test_what_was_pressed_goes_out_with_its_day_alone(storage: Storage, tmp_path: Path) -> None:
    """Whoever has the list can't find out by the traffic of a phone who said yes."""
    await hold(storage)
    pressed = NOW + timedelta(hours=3, minutes=7, seconds=40)
    for _again in range(2):
        text = ""
        for version in ("1.4", "1.2"):
            await written(storage, tmp_path / "out.xml", pressed, version)
            text += (tmp_path / "out.xml").read_text("utf-8").replace(pfif.dated(pressed), "")
        assert "source_date>2026-03-21T00:00:00Z<" in text
        assert set(re.findall(r"T(\d\d:\d\d:\d\d)Z", text)) == {"00:00:00"}
        await storage.write(lambda tx: kept.name_recipient(tx, "Somebody else"))  # then all that is left are stubs


class Killed(Exception):  # noqa: N818 - it is no error of anybody
    """The machine goes off."""


@ONE_ENGINE
@pytest.mark.parametrize("where", ["the file is made", "it is written", "it is renamed", "it is noted"])
async def test_an_export_that_is_cut_short_counts_as_none(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def kill(*_about: object) -> None:
        raise Killed

    await hold(storage)
    await storage.write(partial(kept.agree, now=NOW))
    asked = lists.Export(tmp_path / "out.xml", "nur.example.org", "Нур", NOW)
    module, name = {
        "the file is made": (pfif, "write"),
        "it is written": (os, "fsync"),
        "it is renamed": (lists, "sync_directory"),
        "it is noted": (kept, "passed_on"),
    }[where]
    with monkeypatch.context() as there:
        there.setattr(module, name, kill)
        with pytest.raises(Killed):
            await lists.write(storage, asked)
    assert await storage.read(lambda tx: tx.execute(sa.select(exported)).all()) == [], "nobody reads that it went out"
    if where in {"it is renamed", "it is noted"}:
        assert len(pfif.read(asked.file.read_bytes()).people) == 1, "what is there is whole"
        asked.file.unlink()
    assert not asked.file.exists()
    assert "1 record, and 0 that are over" in await lists.write(storage, asked), "the agreement still stands"
    assert [file.name for file in tmp_path.glob("out.xml*")] == ["out.xml"]
    assert asked.file.stat().st_mode & 0o777 == 0o600  # noqa: PLR2004
    asked.file.unlink()
    with pytest.raises(lists.ListFault, match="Two moderators must agree first"):
        await lists.write(storage, asked)


@ONE_ENGINE
async def test_a_list_in_many_parts_shows_how_far_it_is(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "BATCH", 7)
    rows = "name,born\n" + "".join(f"Name{at} Fam{at}ov,{1950 + at % 50}\n" for at in range(40))
    wish = lists.Wish(rows.encode(), "Shelter", NOW)
    seen: list[tuple[int, int]] = []
    done = await lists.take(storage, wish, lists.read(wish), lambda at, total: seen.append((at, total)))
    assert done.new == 40  # noqa: PLR2004
    assert seen == [(at, 80) for at in range(1, 81)], "each is kept, and then findable"
    assert len(await storage.read(partial(search.of_kind, kind=Kind.LIST))) == 40  # noqa: PLR2004
