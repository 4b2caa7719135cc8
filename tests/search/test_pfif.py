"""PFIF: what the format's other implementations write is read, what is written is read again, and no file does harm."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import pfif
from bot.domain.pfif import NOTE, PERSON, Person, Trouble, Unreadable, Version

AT = "2026-11-20T08:00:00Z"
PROPER = {
    "sex": "female",
    "date_of_birth": "1990-05",
    "age": "35-37",
    "status": "believed_alive",
    "author_made_contact": "false",
    "source_date": AT,
    "entry_date": AT,
    "expiry_date": "2027-01-01T00:00:00Z",
    "person_record_id": "shelter.example/p.1",
    "full_name": "Гулнора Назарова",
    "given_name": "Гулнора",
    "family_name": "Назарова",
    "description": "A grey coat.\nTwo children with her.",
}


def every(names: tuple[str, ...]) -> dict[str, str]:
    """A record with every field of the format."""
    return {name: PROPER.get(name, f"{name} & <{name}>") for name in names}


WHOLE = Person(every(PERSON), (every(NOTE),))


def document(inside: str, version: str = "1.4") -> bytes:
    return f'<?xml version="1.0"?><p:pfif xmlns:p="http://zesty.ca/pfif/{version}">{inside}</p:pfif>'.encode()


def person(which: str = "a.example/1", name: str = "Ҷамшед Ёров", more: str = "") -> str:
    return (
        f"<p:person><p:person_record_id>{which}</p:person_record_id><p:source_date>{AT}</p:source_date>"
        f"<p:full_name>{name}</p:full_name>{more}</p:person>"
    )


def test_every_field_comes_back_as_it_was_written() -> None:
    reading = pfif.read(pfif.write([WHOLE]))
    assert reading.people == (WHOLE,)
    assert not reading.refused


def test_the_fields_stand_in_the_order_of_the_format() -> None:
    written = pfif.write([WHOLE]).decode()
    tags = re.findall(r"<pfif:(\w+)>", written)
    assert tags == ["person", *PERSON, "note", *NOTE]


def test_the_older_version_has_its_own_words_and_only_those() -> None:
    written = pfif.write([WHOLE], Version.V1_2).decode()
    assert 'xmlns:pfif="http://zesty.ca/pfif/1.2"' in written
    tags = set(re.findall(r"<pfif:(\w+)", written))
    assert {"first_name", "last_name", "found", "other", "status", "linked_person_record_id"} <= tags
    assert not tags & {"full_name", "given_name", "family_name", "expiry_date", "alternate_names", "description"}
    again = pfif.read(written.encode()).people[0]
    assert again.names == ("Гулнора Назарова",)
    assert again.fields["description"] == WHOLE.fields["description"]


def test_the_older_version_needs_two_names_and_gets_them_from_one() -> None:
    assert pfif.split("Ёров Ҷамшед Каримович") == ("Ҷамшед Каримович", "Ёров")
    assert pfif.split("Ҷамшед Карим") == ("Ҷамшед", "Карим")
    assert pfif.split("Гулнора") == ("Гулнора", "")
    one = Person({"person_record_id": "a.example/1", "source_date": AT, "full_name": "Гулнора"})
    assert b"<pfif:last_name></pfif:last_name>" in pfif.write([one], Version.V1_2)


def test_old_names_of_fields_are_understood() -> None:
    inside = (
        "<p:person><p:person_record_id>a.example/1</p:person_record_id><p:first_name>JAMSHED</p:first_name>"
        "<p:last_name>YOROV</p:last_name><p:home_zip>736000</p:home_zip>"
        "<p:other>eyes: brown\ndescription: tall</p:other>"
        "<p:note><p:note_record_id>a.example/n</p:note_record_id><p:found>true</p:found></p:note></p:person>"
    )
    (one,) = pfif.read(document(inside, "1.1")).people
    assert one.names == ("JAMSHED YOROV",)
    assert one.fields["home_postal_code"] == "736000"
    assert one.fields["description"] == "eyes: brown\ndescription: tall"
    assert one.notes[0]["author_made_contact"] == "true"


def test_notes_beside_people_belong_to_them() -> None:
    note = (
        "<p:note><p:note_record_id>a.example/n</p:note_record_id><p:person_record_id>a.example/1</p:person_record_id>"
        f"<p:status>believed_dead</p:status><p:source_date>{AT}</p:source_date></p:note>"
    )
    (one,) = pfif.read(document(person() + note)).people
    assert one.status == "believed_dead"
    assert one.hard


def test_the_newest_note_says_how_somebody_is() -> None:
    old = {"status": "believed_missing", "source_date": "2026-11-01T00:00:00Z"}
    new = {"status": "believed_alive", "source_date": AT}
    assert Person({}, (new, old, {"text": "?", "source_date": "2026-12-01T00:00:00Z"})).status == "believed_alive"


def test_what_has_no_day_is_older_and_of_two_of_one_moment_alive_is_not_the_newer() -> None:
    undated, dated = {"status": "believed_alive"}, {"status": "believed_missing", "source_date": AT}
    assert Person({}, (dated, undated)).newest("status") == ("believed_missing", pfif.date(AT))
    assert Person({}, (undated,)).newest("status") == ("believed_alive", None)
    for notes in ((dated, {**undated, "source_date": AT}), ({**undated, "source_date": AT}, dated)):
        assert Person({}, notes).status == "believed_missing"


def test_the_last_place_is_that_of_the_newest_note_and_not_of_the_last() -> None:
    new = {"last_known_location": "new", "source_date": AT}
    old = {"last_known_location": "old", "source_date": "2025-01-01T00:00:00Z"}
    assert Person({}, (new, old)).newest("last_known_location") == ("new", pfif.date(AT))


ALIVE = {
    "status": "believed_alive",
    "source_date": "2025-01-01T00:00:00Z",
    "last_known_location": "School 1",
    "text": "x",
}


@pytest.mark.parametrize("loose", [False, True])
@pytest.mark.parametrize(
    ("note", "why", "hard"),
    [
        ({"source_date": "2026-03-01", "status": "believed_dead", "text": "x"}, Trouble.BAD_DATE, True),
        ({"source_date": AT, "status": "believed_dead", "text": "x " * 2500}, Trouble.TOO_LONG, True),
        ({"source_date": "2026-03-01", "text": "He has died."}, Trouble.BAD_DATE, True),
        ({"source_date": "2026-03-01", "status": "believed_missing", "text": "x"}, Trouble.BAD_DATE, False),
        ({"source_date": AT, "status": "gone", "text": "x"}, Trouble.NO_STATUS, False),
    ],
)
def test_a_note_that_can_not_be_read_lets_no_older_alive_stand(
    note: dict[str, str], why: Trouble, *, hard: bool, loose: bool
) -> None:
    said = "".join(f"<p:{name}>{words}</p:{name}>" for name, words in note.items())
    alive = "".join(f"<p:{name}>{words}</p:{name}>" for name, words in ALIVE.items())
    which = "<p:person_record_id>a.example/1</p:person_record_id>"
    notes = f"<p:note>{which}{alive}</p:note>\n<p:note>{which}{said}</p:note>"
    inside = person() + notes if loose else person(more=notes)
    reading = pfif.read(document(inside))
    (one,) = reading.people
    assert reading.refused == ((2, why),)
    assert (one.status, one.hard, one.newest("last_known_location")) == ("", hard, ("", None))


def test_of_more_notes_than_are_kept_nobody_knows_which_is_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pfif, "MOST_NOTES", 1)
    note = "<p:note><p:person_record_id>a.example/1</p:person_record_id><p:status>believed_alive</p:status></p:note>"
    for inside in (person(more=note * 2), person() + note * 2):
        (one,) = pfif.read(document(inside)).people
        assert one.status == ""


def test_a_record_that_stands_there_twice_with_another_status_says_none() -> None:
    first, second = (
        f"<p:note><p:status>{status}</p:status></p:note>" for status in ("believed_alive", "believed_dead")
    )
    (one,) = pfif.read(document(person(more=first) + person(more=second))).people
    assert (one.status, one.hard) == ("", True)


def test_a_death_is_seen_at_the_end_of_a_long_text_too() -> None:
    for before in range(330, 420):
        assert Person({}, ({"text": "x" * before + " he died."},)).hard, before


def test_a_place_can_be_hard_news() -> None:
    assert Person({}, ({"status": "believed_alive", "last_known_location": "СИЗО № 1"},)).hard


@pytest.mark.parametrize(
    "words",
    [
        "Pay for release: +992 900 000 000",
        "t.me/release_him",
        "t.me",
        "wa.me",
        "telegram @release",
        "release.example.org",
        "тел. 90-00",
        "９００００",
        "①②③④",
        "pay＠me",
        "сайт.рф",
        "C:\\x",
    ],
)
def test_by_what_somebody_could_be_reached_is_known(words: str) -> None:
    assert pfif.reaches(words)


@pytest.mark.parametrize(
    "words", ["Школа 1", "г. Хоруғ", "ш.Хоруғ", "School No. 123", "St. Khorog", "Хоруғ, Бар-Хоруғ"]
)
def test_a_place_is_a_place(words: str) -> None:
    assert not pfif.reaches(words)


def test_a_birth_year_comes_from_a_date_or_from_an_age_on_a_day() -> None:
    assert Person({"date_of_birth": "1984-02-03"}).born() == 1984  # noqa: PLR2004
    assert Person({"age": "30-40", "source_date": AT}).born() == 1991  # noqa: PLR2004
    assert Person({"age": "35"}).born() is None


def test_what_is_over_leaves_nothing_of_a_person() -> None:
    left = pfif.stub(WHOLE)
    written = pfif.write([left])
    assert "Назарова" not in written.decode()
    (again,) = pfif.read(written).people
    assert again.stub
    assert again.id == "shelter.example/p.1"


def test_a_record_that_is_not_taken_is_named_by_its_line() -> None:
    inside = "\n".join(
        (
            "",
            person(),
            person(),  # 3: twice
            person("no id"),
            person("a.example/2", " \u202e "),  # 5: a name of marks alone
            person("a.example/3", "x" * 201),
            person("a.example/4", more="<p:entry_date>yesterday</p:entry_date>"),
            person("a.example/5", more=f"<p:description>{'x' * 5000}</p:description>"),
            person("a.example/6"),
        )
    )
    reading = pfif.read(document(inside))
    assert [one.id for one in reading.people] == ["a.example/1", "a.example/6"]
    assert reading.refused == (
        (3, Trouble.TWICE),
        (4, Trouble.NO_ID),
        (5, Trouble.NO_NAME),
        (6, Trouble.TOO_LONG),
        (7, Trouble.BAD_DATE),
        (8, Trouble.TOO_LONG),
    )


def test_no_more_is_taken_than_was_asked_for() -> None:
    reading = pfif.read(document("".join(person(f"a.example/{n}") for n in range(5))), most=3)
    assert len(reading.people) == 3  # noqa: PLR2004
    assert {why for _line, why in reading.refused} == {Trouble.TOO_MANY}


def test_a_value_that_is_none_says_nothing() -> None:
    more = (
        "<p:age>very old</p:age><p:sex>&lt;b&gt;</p:sex><p:date_of_birth>٣٤٥٦</p:date_of_birth><p:unknown>x</p:unknown>"
    )
    (one,) = pfif.read(document(person(more=more))).people
    assert set(one.fields) == {"person_record_id", "source_date", "full_name"}


def test_marks_that_turn_the_direction_are_taken_out() -> None:
    (one,) = pfif.read(document(person(name="\u202eҶамшед\u2069 Ёров\u200f"))).people
    assert one.names == ("Ҷамшед Ёров",)


BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
HARMFUL = {
    "a bomb of entities": f'<!DOCTYPE p [<!ENTITY a0 "x">{BOMB}]><p>&a9;</p>',
    "a file of the machine": '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>&x;</p>',
    "an entity of parameters": '<!DOCTYPE p [<!ENTITY % x SYSTEM "http://127.0.0.1:1/"> %x;]><p/>',
    "an empty declaration": '<!DOCTYPE p><p:pfif xmlns:p="http://zesty.ca/pfif/1.4"/>',
    "depth": '<p:pfif xmlns:p="http://zesty.ca/pfif/1.4">' + "<p:person>" * 10_000,
    "another format": "<rss><channel/></rss>",
    "another version": '<p:pfif xmlns:p="http://zesty.ca/pfif/9"/>',
    "no namespace": "<pfif><person/></pfif>",
    "nothing": "",
    "words": "Ҷамшед Ёров, 1984",
    "half of it": document(person()).decode()[:-20],
    "an encoding that nobody knows": '<?xml version="1.0" encoding="klingon"?><p/>',
    "an entity that is none": document("&x;").decode(),
}


@pytest.mark.parametrize("what", HARMFUL)
def test_what_could_do_harm_is_not_read(what: str) -> None:
    with pytest.raises(Unreadable) as told:
        pfif.read(HARMFUL[what].encode())
    assert "Ҷамшед" not in str(told.value)  # the sentence holds nothing of the file


def test_a_file_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pfif, "LARGEST", 100)
    with pytest.raises(Unreadable):
        pfif.read(document(person()))


def test_one_value_without_an_end_fills_no_memory() -> None:
    (one,) = pfif.read(document(person() + f"<p:person><p:other>{'x' * 3_000_000}</p:other></p:person>")).people
    assert one.id == "a.example/1"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_files_with_bytes_changed_are_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(pfif.write([WHOLE]))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=8))
    try:
        reading = pfif.read(bytes(whole))
    except Unreadable:
        return
    pfif.read(pfif.write(reading.people))


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(PERSON), st.text(max_size=30), max_size=6))
def test_whatever_somebody_is_called_is_written_as_xml(said: dict[str, str]) -> None:
    for version in Version:
        pfif.read(pfif.write([Person(said | {"person_record_id": "a.example/1", "full_name": "N"})], version))


def test_dates_are_dates() -> None:
    assert pfif.date(AT) == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert pfif.dated(datetime(2026, 11, 20, 8, tzinfo=UTC)) == AT
    assert pfif.date("2026-13-01T00:00:00Z") is None
    assert pfif.date("٢٠٢٦-11-01T00:00:00Z") is None
