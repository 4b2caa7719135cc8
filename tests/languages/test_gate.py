"""No sentence reaches a reader unread by the gate; and each check of the gate is shown a fault that it must find."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from babel.messages.catalog import Catalog

from bot import i18n
from bot.domain.conversation import Ago, Line, Listed, On, Place, Span, Value
from locales import gate, review, strings

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 21, 14, 5, 9, tzinfo=UTC)


@cache
def sentences() -> Catalog:
    return strings.extract()


# -- the catalogues as they are ------------------------------------------------------------------------------------


def listed(faults: list[gate.Fault]) -> str:
    return "\n".join(map(str, faults))


def test_the_catalogues_hold_the_sentences_of_the_code_and_no_others() -> None:
    faults = list(gate.drift_faults())
    assert not faults, listed(faults)


def test_every_sentence_of_the_code_is_literal_and_stands_in_the_catalogues() -> None:
    faults = list(gate.code_faults())
    assert not faults, listed(faults)


def test_the_english_sentences_pass_the_gate() -> None:
    faults = list(gate.sentence_faults(sentences()))
    assert not faults, listed(faults)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_sentence_is_translated_and_every_translation_passes_the_gate(language: str) -> None:
    path = i18n.catalogue_path(language)
    faults = [*gate.header_faults(language, path), *gate.translation_faults(language, strings.read(path, language))]
    assert not faults, listed(faults)


def test_english_says_exactly_what_the_code_says() -> None:
    for message in strings.read(i18n.catalogue_path("en"), "en"):
        assert strings.forms(message.id) == strings.forms(message.string) or not message.id


# -- every sentence, spoken ----------------------------------------------------------------------------------------

NASTY = "<b>&\u202e{x}</b> \u04e2\u04ef" + 60 * "Ш"
SAMPLES: tuple[Value, ...] = (
    NASTY,
    NASTY.replace(" ", "\n"),
    1_000_021,
    Listed((NASTY, NASTY, NASTY)),
    Ago(NOW - timedelta(hours=21)),
    On(NOW - timedelta(days=1), "Asia/Dushanbe"),
    Span(timedelta(hours=72)),
    Place("khorugh"),
)


LONGEST_MESSAGE = 4096  # characters that Telegram takes


class TelegramHTML(HTMLParser):
    """Read markup as strictly as Telegram does: its own tags only, closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a tag."""
        assert tag in i18n.ALLOWED_TAGS
        assert [name for name, _value in attrs] == (["href"] if tag == "a" else [])
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that was opened last."""
        assert self.open.pop() == tag

    def handle_entityref(self, name: str) -> None:
        """Know only the four entities that Telegram knows."""
        assert name in {"amp", "lt", "gt", "quot"}

    def handle_data(self, data: str) -> None:
        """Find no bare sign in the text."""
        assert not set("<>&{}") & set(data) or data == "{x}"


def is_telegram_html(markup: str) -> bool:
    """Tell whether Telegram would take it."""
    parser = TelegramHTML()
    try:
        parser.feed(markup.replace("{x}", ""))
        parser.close()
    except (AssertionError, IndexError):
        return False
    return not parser.open


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_sentence_can_be_spoken_and_sent_whatever_its_values_are(language: str) -> None:
    for message in sentences():
        ids = strings.forms(message.id)
        for sample in SAMPLES if message.id else ():
            for n in (0, 1, 2, 5, 21):
                values: dict[str, Value] = dict.fromkeys(i18n.template(ids[-1]).holes, sample)
                line = Line(ids[0], message.context or "", ids[1] if len(ids) > 1 else "", values | {"n": n})
                spoken = i18n.speak(line, language, NOW)
                assert is_telegram_html(spoken), (language, line.msgid)
                assert len(i18n.plain(spoken)) <= LONGEST_MESSAGE, (language, line.msgid)
                assert "\u202e" not in spoken


@pytest.mark.parametrize("markup", ["<b>x", "x</b>", "<b><i>x</b></i>", "<p>x</p>", '<b class="a">x</b>', "&nbsp;"])
def test_the_reader_of_telegram_html_refuses_what_telegram_refuses(markup: str) -> None:
    assert not is_telegram_html(markup)
    assert is_telegram_html('<b>x</b> <a href="https://example.org">y</a> &amp; z')


# -- a seeded fault for each check ---------------------------------------------------------------------------------

HELLO = "Hello, {name}, and welcome."
SOUND = [
    ("tg", "", HELLO, "Салом, {name}, хуш омадед."),
    ("ru", "", HELLO, "Здравствуйте, {name}, рады видеть."),
    ("tg", "button", "⬅️ Back", "⬅️ Бозгашт"),
    ("ru", "", "Write to <b>us</b> about it!", "Напишите <b>нам</b> об этом!"),
    ("tg", "", ("{n} person signed it.", "{n} people signed it."), ("{n} нафар кард.", "{n} нафар карданд.")),
    ("tg", "", ("One person signed it.", "{n} people signed it."), ("Як нафар кард.", "{n} нафар карданд.")),
    (
        "ru",
        "",
        ("One person signed it.", "{n} people signed it."),
        ("Подпись: {n}.", "Подписи: {n}.", "Подписей: {n}."),
    ),
    ("tg", "button", "✅ I am safe", "✅ Ман дар амонам"),
    ("tg", "", "The word is “hello” here.", "Калима «салом» аст."),
    ("tg", "", "Send it by Telegram and SMS.", "Бо Telegram ва SMS-и нав фиристед."),
]


def faults_of(language: str, context: str, source: object, text: object, *comments: str) -> set[str]:
    catalogue = Catalog(language, fuzzy=False)
    catalogue.add(source, text, context=context or None, user_comments=comments)  # type: ignore[arg-type]
    return {fault.check for fault in gate.translation_faults(language, catalogue)}


@pytest.mark.parametrize(("language", "context", "source", "text"), SOUND)
def test_a_sound_translation_passes(language: str, context: str, source: object, text: object) -> None:
    assert faults_of(language, context, source, text) == set()


SEEDED = [
    ("complete", "tg", "", HELLO, ""),
    ("complete", "tg", "", ("{n} person signed it.", "{n} people signed it."), ("{n} нафар кард.", "")),
    ("complete", "ru", "", ("{n} person signed.", "{n} people signed."), ("Подписи: {n}.", "Подписи: {n}.")),
    ("holes", "tg", "", HELLO, "Салом, {nom}, хуш омадед."),
    ("holes", "tg", "", HELLO, "Салом, хуш омадед."),
    ("holes", "tg", "", HELLO, "Салом, {name}, {name}, хуш омадед."),
    ("holes", "tg", "", HELLO, "Салом, {name, хуш омадед."),
    ("holes", "tg", "", HELLO, "Салом, {name.__class__}, хуш омадед."),
    ("holes", "tg", "", HELLO, "Салом, {name!r:>99999999}, хуш омадед."),
    ("holes", "tg", "", "Nothing to fill in here.", "Салом {name.__class__.__mro__}."),
    ("holes", "tg", "", HELLO, "Салом, {name}и азиз, хуш омадед."),
    ("holes", "tg", "", ("{n} person signed it.", "{n} people signed it."), ("{n} нафар кард.", "Нафарон карданд.")),
    # In Russian the first form also serves 21 and 31: there the number can't be left out.
    ("holes", "ru", "", ("One signed it.", "{n} signed it."), ("Один голос.", "{n} голоса.", "{n} голосов.")),
    ("tags", "ru", "", "Write to <b>us</b> about it!", "Напишите нам об этом!"),
    ("tags", "ru", "", "Write to <b>us</b> about it!", "Напишите <i>нам</i> об этом!"),
    ("tags", "tg", "button", "<b>Back</b>", "<b>Бозгашт</b>"),
    ("shape", "tg", "button", "⬅️ Back", "Бозгашт"),
    ("shape", "tg", "button", "⬅️ Back", "➡️ Бозгашт"),
    ("shape", "tg", "", "One line here.\nAnother line here.", "Як сатр. Сатри дигар."),
    ("shape", "tg", "", HELLO, "Салом, {name}, хуш омадед. "),
    ("shape", "tg", "", HELLO, "Салом, {name}, хуш омадед?"),
    ("shape", "tg", "", HELLO, "Салом, {name},  хуш омадед."),
    ("same", "tg", "", "Telegram messenger", "Telegram messenger"),
    ("length", "tg", "button", "⬅️ Back", "⬅️ Бозгашт ба саҳифаи пешина"),
    ("letters", "tg", "", HELLO, "Салом, {name}, хуш омадеӣ.".replace("ӣ", "и\u0304")),
    ("letters", "tg", "", HELLO, "Салом, {name}, хуш\u200bомадед."),
    ("letters", "tg", "", HELLO, "Салом, {name}, хуш омадед \u202eва."),
    ("letters", "tg", "", HELLO, "Салом, {name}, тољикон омадед."),
    ("letters", "tg", "", HELLO, "Салом, {name}, петиция омад."),
    ("letters", "ru", "", HELLO, "Здравствуйте, {name}, ҷон."),
    ("letters", "tg", "", HELLO, "Cалом, {name}, хуш омадед."),  # a Latin C
    ("letters", "ru", "", HELLO, "Здравствуйте, {name}, “рады” вам."),
    ("words", "tg", "", HELLO, "Кодекс, {name}, ворид кунед."),
    ("words", "tg", "", HELLO, "Ту, {name}, хуш омадӣ."),
    ("words", "tg", "", HELLO, "Ба {name} кӯмак кунед."),
    ("words", "tg", "", HELLO, "Ба {name} огоҳӣҳо омад."),
    ("words", "ru", "", HELLO, "А ты, {name}, рад."),
    ("glossary", "tg", "button", "✅ I am safe", "✅ Ман бехатарам"),
    ("glossary", "ru", "button", "🆘 I need help", "🆘 Помогите"),
]


@pytest.mark.parametrize(("check", "language", "context", "source", "text"), SEEDED)
def test_a_seeded_fault_is_found(check: str, language: str, context: str, source: object, text: object) -> None:
    assert check in faults_of(language, context, source, text)


def test_every_check_of_translations_has_a_seeded_fault() -> None:
    assert {check for check, *_rest in SEEDED} == {*gate._CHECKS, "complete", "glossary"}  # noqa: SLF001


def test_a_word_that_is_the_same_on_purpose_says_so() -> None:
    assert faults_of("tg", "", "Telegram messenger", "Telegram messenger", strings.SAME_AS_SOURCE) == set()


def test_a_fuzzy_translation_counts_as_none() -> None:
    catalogue = Catalog("tg", fuzzy=False)
    catalogue.add(HELLO, "Салом, {name}, хуш омадед.", flags=["fuzzy"])
    assert {fault.check for fault in gate.translation_faults("tg", catalogue)} == {"complete"}


@pytest.mark.parametrize(
    ("check", "context", "source"),
    [
        ("context", "", "Open"),
        ("context", "buton", "Open the letter"),
        ("holes", "", "Hello {name.first}, and welcome."),
        ("holes", "", "Hello <script>, and welcome."),
        ("length", "button", "A button that says far too much"),
        ("letters", "", "Hello, друг, and welcome."),
    ],
)
def test_a_faulty_english_sentence_is_found(check: str, context: str, source: str) -> None:
    catalogue = Catalog("en", fuzzy=False)
    catalogue.add(source, context=context or None)
    assert check in {fault.check for fault in gate.sentence_faults(catalogue)}


@pytest.mark.parametrize(
    ("check", "source"),
    [
        ("literal", '_(f"Hello {name}.")'),
        ("literal", '_("Hello " + name)'),
        ("literal", "_(text)"),
        ("literal", '_("Hello {}.".format(name))'),
        ("literal", '_("Hello %s." % name)'),
        ("literal", 'pgettext(context, "Hello")'),
        ("literal", 'ngettext("one", many, n=1)'),
        ("literal", 'npgettext("button", "one", n=1)'),
        ("literal", 'i18n._("Hello.", **values)'),
        ("literal", 'Line("Hello.")'),
        ("cyrillic", 'text = "Салом"'),
        ("cyrillic", 'text = f"Салом {name}"'),
    ],
)
def test_code_that_hides_a_sentence_from_the_catalogues_is_found(check: str, source: str) -> None:
    assert {fault.check for fault in gate.source_faults("handlers/start.py", source)} == {check}


def test_code_that_keeps_the_rules_passes() -> None:
    source = '"""Салом in prose is prose."""\n_("Hello, {name}.", name=name)\nngettext("one", "{n}", n=n)\n'
    assert not list(gate.source_faults("handlers/start.py", source))


# -- collecting ----------------------------------------------------------------------------------------------------


def house(tmp_path: Path, code: str) -> Path:
    (tmp_path / "handlers").mkdir(exist_ok=True)
    (tmp_path / "handlers" / "start.py").write_text(code, encoding="utf-8")
    return tmp_path


def test_sentences_are_collected_with_their_contexts_plurals_and_notes(tmp_path: Path) -> None:
    code = (
        "# TRANSLATORS: a greeting\n"
        '_("Hello, {name}.", name=name)\n'
        'pgettext("button", "Back")\n'
        'npgettext("span", "{n} hour", "{n} hours", n=n)\n'
        'other("not a sentence")\n'
    )
    found = {(message.context, message.id): message for message in strings.extract(house(tmp_path, code)) if message.id}
    assert set(found) == {
        (None, "Hello, {name}."),
        ("button", "Back"),
        ("span", ("{n} hour", "{n} hours")),
    }
    assert found[None, "Hello, {name}."].auto_comments == ["a greeting"]


def test_a_changed_sentence_loses_its_translation_and_an_unchanged_one_keeps_it(tmp_path: Path) -> None:
    old = Catalog("ru", fuzzy=False)
    old.add("Hello, all.", "Здравствуйте, все.", user_comments=[strings.NATIVE_READ])
    old.add("Good bye, all.", "До свидания.")
    template = strings.extract(house(tmp_path, '_("Hello, all.")\n_("Good bye, everybody.")\n'))
    new = strings.merged(template, old, "ru")
    assert new["Hello, all."].string == "Здравствуйте, все."
    assert new["Hello, all."].user_comments == [strings.NATIVE_READ]
    assert not strings.is_translated(new["Good bye, everybody."])
    assert new.get("Good bye, all.") is None


def test_a_catalogue_is_written_the_same_way_every_time(tmp_path: Path) -> None:
    template = strings.extract(house(tmp_path, '_("Second sentence.")\n_("First sentence.")\n'))
    data = strings.written(template)
    assert data == strings.written(template)
    assert b"POT-Creation-Date" not in data
    assert data.index(b"First") < data.index(b"Second")


def test_drift_between_code_and_catalogues_is_found(tmp_path: Path) -> None:
    faults = {fault.what for fault in gate.drift_faults(house(tmp_path, '_("A sentence nobody has collected.")\n'))}
    assert "missing: ('', 'A sentence nobody has collected.')" in faults
    assert any("no longer in the code" in fault for fault in faults)


@pytest.mark.parametrize(
    "header",
    ["nplurals=1; plural=0;", "nplurals=2; plural=(n > 1);", "nplurals=2; plural=n==1 ? 0 : __import__;"],
)
def test_a_wrong_plural_header_is_found(tmp_path: Path, header: str) -> None:
    path = tmp_path / "bot.po"
    text = i18n.catalogue_path("tg").read_text(encoding="utf-8")
    path.write_text(text.replace("nplurals=2; plural=(n != 1);", header), encoding="utf-8")
    assert {fault.check for fault in gate.header_faults("tg", path)} == {"catalogue"}
    path.write_text(text + '\n#~ msgid "x"\n#~ msgstr "y"\n', encoding="utf-8")
    assert {fault.check for fault in gate.header_faults("tg", path)} == {"complete"}


def test_the_review_page_shows_every_sentence_and_who_has_not_read_it() -> None:
    page = review.page()
    assert "Not yet read by a native speaker" in page
    assert page.count("<tr><td>") == sum(1 for message in sentences() if message.id)
    assert "<td lang=tg class=unread>✅ Ман дар амонам</td>" in page
    assert "&lt;b&gt;" in page  # tags are shown, not obeyed
