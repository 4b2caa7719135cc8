"""Sentences are made without a language and spoken late, safely, in the language of whoever reads them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from bot import i18n
from bot.domain.conversation import Ago, Choice, Line, Listed, On, Page, Place, Span
from bot.i18n import _, label, ngettext, npgettext, pgettext, plain, speak

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 21, 14, 5, 9, tzinfo=UTC)


def said(value: object, language: str = "en") -> str:
    """Speak one value alone."""
    return str(speak(Line("{value}", values={"value": value}), language, NOW))  # type: ignore[dict-item]


def spoken(value: object, language: str) -> str:
    """Speak a value as part of a sentence that exists in the catalogue of `language`."""
    line = Line("{first} and {last}", "list", values={"first": "", "last": value})  # type: ignore[dict-item]
    joint = {"en": " and ", "tg": " ва ", "ru": " и "}[language]
    return str(speak(line, language, NOW)).removeprefix(joint)


# -- making --------------------------------------------------------------------------------------------------------


def test_a_sentence_with_a_forgotten_value_is_refused_where_it_is_made() -> None:
    with pytest.raises(TypeError):
        _("{name} is safe.")
    with pytest.raises(TypeError):
        _("{name} is safe.", name="Ali", place="Khorog")
    assert _("{name} is safe.", name="Ali").values == {"name": "Ali"}


@pytest.mark.parametrize("hole", ["{name.__class__}", "{name[0]}", "{name!r}", "{name:>9}", "{0}", "{}", "{name", "}"])
def test_a_sentence_holds_only_plain_holes(hole: str) -> None:
    with pytest.raises(ValueError, match="holes"):
        _("Hello " + hole, name="Ali")


def test_the_plain_form_of_a_number_may_leave_the_number_out() -> None:
    line = ngettext("One person answered.", "{n} people answered.", n=1)
    assert speak(line, "en", NOW) == "One person answered."
    assert speak(ngettext("One person answered.", "{n} people answered.", n=5), "en", NOW) == "5 people answered."


# -- values --------------------------------------------------------------------------------------------------------


def test_what_a_person_typed_is_escaped_once_and_is_never_a_template() -> None:
    assert said("<b>&{name}") == "&lt;b&gt;&amp;{name}"
    # A value can't buy its way past the escaping by being markup already.
    assert said(Markup("<b>x</b>")) == "&lt;b&gt;x&lt;/b&gt;"


def test_invisible_characters_of_a_name_are_taken_out() -> None:
    assert said("A\u202eli\u200b\u2066\ufeff\x00\x1b") == "Ali"
    assert said("one\r\ntwo\u2028three") == "one\ntwo\nthree"
    assert said("broken \ud83d half") == "broken  half"
    assert said("ғӣқӯҳҷ 👍") == "ғӣқӯҳҷ 👍"


@settings(deadline=None)
@given(st.text())
def test_any_text_can_be_said_and_sent(text: str) -> None:
    markup = speak(Line("{value}", values={"value": text}), "en", NOW)
    markup.encode()
    assert "<" not in markup
    assert plain(markup) == i18n.clean(text)


def test_large_numbers_are_grouped_and_years_are_not() -> None:
    assert [said(n) for n in (0, 2026, 9999, 10_000, 1_234_567)] == ["0", "2026", "9999", "10,000", "1,234,567"]
    assert spoken(1_234_567, "ru") == "1\u00a0234\u00a0567"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["", "a", "a and b", "a, b and c"]),
        ("ru", ["", "a", "a и b", "a, b и c"]),
        ("tg", ["", "a", "a ва b", "a, b ва c"]),
    ],
)
def test_things_are_listed_the_way_the_language_lists_them(language: str, expected: list[str]) -> None:
    lists = [Listed(()), Listed(("a",)), Listed(("a", "b")), Listed(("a", "b", "c"))]
    assert [spoken(one, language) for one in lists] == expected


def test_a_line_in_a_line_is_spoken_in_the_same_language() -> None:
    assert spoken(pgettext("ago", "just now"), "ru") == "только что"
    assert spoken(Place("khorugh"), "tg") == "Хоруғ"
    assert spoken(Place("khorugh"), "ru") == "Хорог"


def test_pages_keep_their_empty_lines_and_escape_what_is_not_a_sentence() -> None:
    page = Page((pgettext("ago", "just now"), "", "<i>"))
    assert speak(page, "ru", NOW) == "только что\n\n&lt;i&gt;"


# -- time ----------------------------------------------------------------------------------------------------------

AGES = [
    (timedelta(seconds=59), "just now", "только что", "ҳозир"),
    (timedelta(minutes=1), "1 minute ago", "1 минуту назад", "1 дақиқа пеш"),
    (timedelta(minutes=22), "22 minutes ago", "22 минуты назад", "22 дақиқа пеш"),
    (timedelta(hours=3), "3 hours ago", "3 часа назад", "3 соат пеш"),
    (timedelta(hours=21), "21 hours ago", "21 час назад", "21 соат пеш"),
    (timedelta(hours=47, minutes=59), "47 hours ago", "47 часов назад", "47 соат пеш"),
    (timedelta(days=5), "5 days ago", "5 дней назад", "5 рӯз пеш"),
    (timedelta(days=20), "2 weeks ago", "2 недели назад", "2 ҳафта пеш"),
    (timedelta(days=200), "6 months ago", "6 месяцев назад", "6 моҳ пеш"),
    (timedelta(days=800), "2 years ago", "2 года назад", "2 сол пеш"),
    (-timedelta(hours=3), "in 3 hours", "через 3 часа", "пас аз 3 соат"),
    (-timedelta(minutes=1), "in 1 minute", "через 1 минуту", "пас аз 1 дақиқа"),
    (-timedelta(days=3), "in 3 days", "через 3 дня", "пас аз 3 рӯз"),
    (-timedelta(days=30), "in 4 weeks", "через 4 недели", "пас аз 4 ҳафта"),
    (-timedelta(days=100), "in 3 months", "через 3 месяца", "пас аз 3 моҳ"),
    (-timedelta(days=3650), "in 10 years", "через 10 лет", "пас аз 10 сол"),
]


@pytest.mark.parametrize(("age", "en", "ru", "tg"), AGES)
def test_the_age_of_news_is_never_rounded_up(age: timedelta, en: str, ru: str, tg: str) -> None:
    value = Ago(NOW - age)
    assert [spoken(value, language) for language in ("en", "ru", "tg")] == [en, ru, tg]


def test_the_usual_library_would_round_21_hours_to_a_day() -> None:
    """The control: why ages are not left to the library."""
    from babel.dates import format_timedelta  # noqa: PLC0415

    assert format_timedelta(timedelta(hours=21), locale="en") == "1 day"


@pytest.mark.parametrize(
    ("length", "en", "ru", "tg"),
    [
        (timedelta(hours=72), "72 hours", "72 часа", "72 соат"),
        (timedelta(days=7), "7 days", "7 дней", "7 рӯз"),
        (timedelta(minutes=10), "10 minutes", "10 минут", "10 дақиқа"),
        (timedelta(minutes=90), "1 hour 30 minutes", "1 час 30 минут", "1 соат 30 дақиқа"),
        (timedelta(seconds=1), "1 second", "1 секунда", "1 сония"),
        (timedelta(0), "0 seconds", "0 секунд", "0 сония"),
        (timedelta(days=14, hours=1, minutes=3), "14 days 1 hour", "14 дней 1 час", "14 рӯз 1 соат"),
    ],
)
def test_a_length_of_time_is_said_in_its_largest_units(length: timedelta, en: str, ru: str, tg: str) -> None:
    assert [spoken(Span(length), language) for language in ("en", "ru", "tg")] == [en, ru, tg]


def test_dates_use_a_24_hour_clock_and_say_the_date_beside_today() -> None:
    at = On(NOW)
    assert spoken(at, "en") == "today, 21 March 2026, 14:05 UTC"
    assert spoken(at, "ru") == "сегодня, 21 марта 2026 года, 14:05 UTC"
    assert spoken(at, "tg") == "имрӯз, 21 марти соли 2026, соати 14:05 UTC"
    before = On(NOW - timedelta(days=1), "Asia/Dushanbe")
    assert spoken(before, "tg") == "дирӯз, 20 марти соли 2026, соати 19:05"
    assert spoken(On(NOW + timedelta(days=1), "Asia/Dushanbe"), "ru") == "завтра, 22 марта 2026 года, 19:05"
    assert spoken(On(datetime(2021, 6, 30, 9, 0, tzinfo=UTC)), "tg") == "30 июни соли 2021, соати 09:00 UTC"


def test_a_zone_nobody_knows_is_spoken_in_utc() -> None:
    assert said(On(NOW, "Nowhere/../etc")) == "today, 21 March 2026, 14:05 UTC"


@settings(deadline=None)
@given(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)), st.sampled_from(i18n.LANGUAGES))  # noqa: DTZ001
def test_any_moment_can_be_said(at: datetime, language: str) -> None:
    assert spoken(Ago(at), language)
    assert spoken(On(at, "Asia/Dushanbe"), language)


# -- the languages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "expected"),
    [(0, "часов"), (1, "час"), (2, "часа"), (5, "часов"), (11, "часов"), (12, "часов"), (21, "час"), (112, "часов")],
)
def test_russian_numbers_take_their_three_forms(n: int, expected: str) -> None:
    assert speak(npgettext("span", "{n} hour", "{n} hours", n=n), "ru", NOW) == f"{n} {expected}"


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_plural_rule_in_python_is_the_one_in_the_header(language: str) -> None:
    from gettext import c2py  # noqa: PLC0415

    in_header = c2py(i18n.PLURAL_FORMS[language].split("plural=")[1].rstrip(";"))
    in_python = i18n._FORM_OF[language]  # noqa: SLF001 - the rule itself is what is tested
    assert [in_python(n) for n in range(1000)] == [int(in_header(n)) for n in range(1000)]


def test_plain_text_keeps_the_address_of_a_link() -> None:
    assert plain(Markup('<b>Read</b> <a href="https://example.org/?a=1&amp;b=2">this</a> &lt;3')) == (
        "Read this (https://example.org/?a=1&b=2) <3"
    )


def test_a_label_is_plain_text_on_one_line() -> None:
    assert label(Line("{value}", values={"value": "A & B\nC"}), "en", NOW) == "A & B C"


def test_the_first_question_is_asked_in_every_language_at_once() -> None:
    assert i18n.in_every_language(pgettext("ago", "just now"), NOW) == "ҳозир · только что · just now"


@pytest.mark.parametrize(
    ("hints", "language"),
    [
        ("tg tg-TJ tg_TJ tgk TJ tajik tajik-x tojiki tg-Cyrl", "tg"),
        ("ru ru-TJ RU uk be kk ky uz-Cyrl tk hy az", "ru"),
        ("en en-GB EN_us english", "en"),
        ("fa prs ps de pl it it-IT zz 12 - tatar-cyrill", ""),
    ],
)
def test_a_hint_only_preselects_what_it_surely_tells(hints: str, language: str) -> None:
    assert {i18n.guess(hint) for hint in hints.split(" ")} == {language}
    assert i18n.guess("") == ""


@settings(deadline=None)
@given(st.text())
def test_any_hint_can_be_read(hint: str) -> None:
    assert i18n.guess(hint) in {*i18n.LANGUAGES, ""}


# -- catalogues ----------------------------------------------------------------------------------------------------

HEADER = """msgid ""
msgstr ""
"Language: tg\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


def catalogue(tmp_path: Path, body: str, header: str = HEADER) -> i18n.Catalogue:
    path = tmp_path / "bot.po"
    path.write_text(header + body, encoding="utf-8")
    return i18n.read_catalogue(path, "tg")


def test_a_sound_catalogue_is_read_without_its_fuzzy_entries(tmp_path: Path) -> None:
    body = 'msgid "Hello {name}."\nmsgstr "Салом {name}."\n\n#, fuzzy\nmsgid "Bye {name}."\nmsgstr "Хайр {name}."\n'
    assert list(catalogue(tmp_path, body)) == [("", "Hello {name}.")]


@pytest.mark.parametrize(
    ("body", "header"),
    [
        ("", HEADER.replace("(n != 1)", "(n > 1)")),
        ("", HEADER.replace("Language: tg", "Language: ru")),
        ('msgid "unfinished\n', HEADER),
        ('msgid "Hello {name}."\nmsgstr "Салом {nom}."\n', HEADER),
        ('msgid "Hello {name}."\nmsgstr "Салом."\n', HEADER),
        ('msgid "Hello {name}."\nmsgstr "Салом {name.x}."\n', HEADER),
        ('msgid "Hello."\nmsgstr "Салом {name}."\n', HEADER),
        ('msgid "Hello."\nmsgstr "<script>Салом</script>."\n', HEADER),
        ('msgid "Hello."\nmsgstr "<b>Салом</b>."\n', HEADER),
        ('msgid "<b>Hello</b>."\nmsgstr "<b>Салом."\n', HEADER),
        ('msgid "{n} a"\nmsgid_plural "{n} b"\nmsgstr[0] "{n}"\nmsgstr[1] "{x}"\n', HEADER),
    ],
)
def test_the_bot_does_not_start_on_a_catalogue_that_could_do_harm(tmp_path: Path, body: str, header: str) -> None:
    with pytest.raises(i18n.CatalogueError, match=r"bot\.po"):
        catalogue(tmp_path, body, header)


def test_an_absent_catalogue_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(i18n.CatalogueError, match="Restore"):
        i18n.read_catalogue(tmp_path / "absent.po", "tg")


def test_a_missing_translation_is_said_in_english_and_noted_once() -> None:
    catalogues = i18n._Catalogues()  # noqa: SLF001 - a fresh one, so that the process's own stays as it is
    line = Line("Nobody ever translated this sentence.")
    for _time in range(2):
        assert catalogues.templates(line, "tg") == ("en", (i18n.template(line.msgid),))
    assert catalogues.missed == {("tg", "", line.msgid)}
    catalogues.strict = True
    with pytest.raises(LookupError):
        catalogues.templates(line, "tg")
    assert catalogues.templates(line, "en")[0] == "en"


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_catalogues_of_the_house_can_be_read(language: str) -> None:
    assert i18n.read_catalogue(i18n.catalogue_path(language), language)


# -- storing -------------------------------------------------------------------------------------------------------

TEXTS = st.text(max_size=20)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
VALUES = st.recursive(
    TEXTS
    | st.integers()
    | st.builds(Ago, MOMENTS)
    | st.builds(On, MOMENTS, st.sampled_from(["UTC", "Asia/Dushanbe"]))
    | st.builds(Span, st.timedeltas())
    | st.builds(Place, TEXTS),
    lambda inner: (
        st.builds(Listed, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Line, TEXTS, TEXTS, TEXTS, st.dictionaries(TEXTS, inner, max_size=3))
    ),
    max_leaves=8,
)
LINES = st.builds(Line, TEXTS, TEXTS, TEXTS, st.dictionaries(TEXTS, VALUES, max_size=3))
PAGES = st.builds(Page, st.lists(LINES | TEXTS, max_size=4).map(tuple))
ROWS = st.lists(st.lists(st.builds(Choice, LINES, TEXTS, TEXTS), max_size=3).map(tuple), max_size=3).map(tuple)


@settings(deadline=None)
@given(LINES | PAGES)
def test_what_will_be_said_later_comes_back_from_storage_as_it_was(text: Line | Page) -> None:
    stored = i18n.to_json(text)
    stored.encode()
    assert i18n.from_json(stored) == text


@settings(deadline=None, max_examples=50)
@given(ROWS)
def test_buttons_come_back_from_storage_as_they_were(rows: i18n.Rows) -> None:
    assert i18n.rows_from_json(i18n.rows_to_json(rows)) == rows


def test_a_stored_sentence_is_short() -> None:
    assert i18n.to_json(_("{name} is safe.", name="Али")) == '["line","{name} is safe.","","",{"name":"Али"}]'
    assert i18n.to_json(Page((pgettext("ago", "just now"), ""))) == '["page",["line","just now","ago"],""]'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["line", "page", "list", "ago", "on", "span", "place"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip


@settings(deadline=None)
@given(JSON.map(json.dumps) | st.text(max_size=30))
def test_anything_else_in_storage_is_refused_as_such(data: str) -> None:
    for read in (i18n.from_json, i18n.rows_from_json):
        try:
            read(data)
        except ValueError:
            continue
