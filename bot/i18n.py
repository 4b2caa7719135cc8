"""The languages: sentences are made here without a language, and spoken late, in the language of whoever reads them.

A handler writes ``_("{name} is safe.", name=name)`` and gets a Line. When the letter is delivered, `speak` looks the
sentence up in the reader's catalogue, and puts the values in: cleaned of invisible characters, escaped once, never
read as a template. There is no current language anywhere in the process.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import structlog
from babel.messages.pofile import PoFileError, read_po
from markupsafe import Markup, escape

from bot.domain import places
from bot.domain.conversation import Ago, Choice, Line, Listed, On, Page, Place, Span, Text, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

LANGUAGES: Final = ("tg", "ru", "en")
# Each language by its own name, for the picker: these words are the same whoever reads them.
LANGUAGE_NAMES: Final[Mapping[str, str]] = {"tg": "Тоҷикӣ", "ru": "Русский", "en": "English"}
SOURCE_LANGUAGE: Final = "en"  # the language of the msgids

CATALOGUES: Final = Path(__file__).resolve().parent.parent / "locales"

# The tools contradict each other about Tajik plurals, so the header is fixed here and every catalogue is held to it.
PLURAL_FORMS: Final[Mapping[str, str]] = {
    "tg": "nplurals=2; plural=(n != 1);",
    "ru": ("nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"),
    "en": "nplurals=2; plural=(n != 1);",
}

Rows: TypeAlias = "tuple[tuple[Choice, ...], ...]"

log = structlog.get_logger(__name__)


class CatalogueError(Exception):
    """A catalogue can't be used. The message is for the operator and names the file."""


# -- making lines --------------------------------------------------------------------------------------------------


def _(msgid: str, /, **values: Value) -> Line:
    """Make a sentence. `values` must be exactly the ``{holes}`` of `msgid`; otherwise TypeError."""
    _check_holes(msgid, "", values)
    return Line(msgid, values=values)


def pgettext(context: str, msgid: str, /, **values: Value) -> Line:
    """Make a sentence that has a context: required on short strings, which mean many things (``"button"``)."""
    _check_holes(msgid, "", values)
    return Line(msgid, context, values=values)


def ngettext(one: str, many: str, /, *, n: int, **values: Value) -> Line:
    """Make a sentence whose words depend on the number `n`. The hole ``{n}`` may be left out of either form."""
    values["n"] = n
    _check_holes(one, many, values)
    return Line(one, plural=many, values=values)


def npgettext(context: str, one: str, many: str, /, *, n: int, **values: Value) -> Line:
    """Make a sentence with a context whose words depend on the number `n`."""
    values["n"] = n
    _check_holes(one, many, values)
    return Line(one, context, many, values)


def language_button(language: str) -> Line:
    """Make the label of a language in the picker: its own name, whoever reads it."""
    return pgettext("button", "{language_name}", language_name=LANGUAGE_NAMES[language])


def _check_holes(msgid: str, plural: str, values: Mapping[str, Value]) -> None:
    if _holes(msgid, plural) | {"n"} != values.keys() | {"n"}:
        message = f"values do not fit the holes of {msgid!r}"
        raise TypeError(message)


@lru_cache(maxsize=4096)
def _holes(msgid: str, plural: str) -> frozenset[str]:
    return frozenset(template(msgid).holes + template(plural).holes)


# -- catalogues ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence cut at its holes: ``literals[0] holes[0] literals[1] holes[1] … literals[-1]``."""

    literals: tuple[str, ...]
    holes: tuple[str, ...]


_HOLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_TAG = re.compile(r"</?[a-z]+(?: href=\"[^\"<>{}]*\")?>")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|#\d{1,5});")
ALLOWED_TAGS: Final = frozenset({"b", "i", "u", "s", "code", "pre", "a"})


def template(text: str) -> Template:
    """Cut a sentence at its plain ``{name}`` holes. Anything else in braces, and any stray markup: ValueError."""
    pieces = _HOLE.split(text)
    literals = tuple(pieces[::2])
    for literal in literals:
        if "{" in literal or "}" in literal:
            message = f"only plain {{name}} holes are allowed: {text!r}"
            raise ValueError(message)
    if "<" in text or ">" in text or "&" in text:
        _check_markup(text)
    return Template(literals, tuple(pieces[1::2]))


def tags(text: str) -> list[str]:
    """List the tags of a sentence, sorted."""
    return sorted(_TAG.findall(text))


def _check_markup(text: str) -> None:
    bare = _ENTITY.sub("", _TAG.sub("", text))
    if "<" in bare or ">" in bare or "&" in bare:
        message = f"stray markup (write &lt; &gt; &amp;): {text!r}"
        raise ValueError(message)
    open_tags: list[str] = []
    for tag in _TAG.findall(text):
        name = tag.strip("</>").split(" ")[0]
        if name not in ALLOWED_TAGS or (tag.startswith("</") and (not open_tags or open_tags.pop() != name)):
            message = f"a tag that is not allowed or not nested: {text!r}"
            raise ValueError(message)
        if not tag.startswith("</"):
            open_tags.append(name)
    if open_tags:
        message = f"a tag is not closed: {text!r}"
        raise ValueError(message)


Catalogue: TypeAlias = "dict[tuple[str, str], tuple[Template, ...]]"


def read_catalogue(path: Path, language: str) -> Catalogue:
    """Read one .po file: (context, msgid) to one template per plural form. Fuzzy and empty entries are left out.

    Raises CatalogueError when the file can't be read, its headers are not the ones set here, or a translation has
    other holes or tags than its sentence: a translation comes from outside and must not be able to do harm.
    """
    try:
        with path.open("rb") as file:
            po = read_po(file, ignore_obsolete=True, abort_invalid=True)
    except (OSError, PoFileError, ValueError) as error:
        message = f"The catalogue {path} can't be read: {error}. Restore the file from the release."
        raise CatalogueError(message) from error
    expected = PLURAL_FORMS[language]
    if _squeezed(po.plural_forms) != _squeezed(expected) or str(po.locale) != language:
        message = f'The catalogue {path} must have the headers "Language: {language}" and "Plural-Forms: {expected}".'
        raise CatalogueError(message)
    catalogue: Catalogue = {}
    forms_of_plural = int(expected[len("nplurals=")])
    for entry in po:
        ids, strings = _as_tuple(entry.id), _as_tuple(entry.string)
        if not ids[0] or entry.fuzzy or not all(strings):
            continue
        try:
            forms = tuple(template(string) for string in strings)
            _check_translation(ids, strings, forms)
        except ValueError as error:
            message = f"The catalogue {path} holds a translation that is not safe to use: {error}. Correct it."
            raise CatalogueError(message) from error
        if len(forms) != (forms_of_plural if len(ids) > 1 else 1):
            message = f"The catalogue {path} has a wrong number of plural forms for {ids[0]!r}. Correct it."
            raise CatalogueError(message)
        catalogue[entry.context or "", ids[0]] = forms
    return catalogue


def _check_translation(ids: tuple[str, ...], strings: tuple[str, ...], forms: tuple[Template, ...]) -> None:
    allowed = {hole for one in ids for hole in template(one).holes}
    wanted = set(template(ids[-1]).holes) - {"n"}
    for string, form in zip(strings, forms, strict=True):
        if not wanted <= set(form.holes) <= allowed | ({"n"} if len(ids) > 1 else set()):
            message = f"other holes than in {ids[0]!r}"
            raise ValueError(message)
        if tags(string) != tags(ids[-1]):
            message = f"other tags than in {ids[0]!r}"
            raise ValueError(message)


def _as_tuple(text: object) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)  # type: ignore[arg-type]


def _squeezed(text: str) -> str:
    return re.sub(r"[\s();]", "", text)


def _russian(n: int) -> int:
    if n % 10 == 1 and n % 100 != 11:  # noqa: PLR2004 - the numbers of the grammar
        return 0
    return 1 if 2 <= n % 10 <= 4 and not 10 <= n % 100 < 20 else 2  # noqa: PLR2004


def _one_or_many(n: int) -> int:
    return int(n != 1)


# The same rules as PLURAL_FORMS, in Python: a catalogue brings text, never code.
_FORM_OF: Final[Mapping[str, Callable[[int], int]]] = {"tg": _one_or_many, "ru": _russian, "en": _one_or_many}


class _Catalogues:
    """What was read from disk, and what to do about a sentence that is not there."""

    def __init__(self) -> None:
        self.strict = False
        self.read: dict[str, Catalogue] = {}
        self.missed: set[tuple[str, str, str]] = set()

    def templates(self, line: Line, language: str) -> tuple[str, tuple[Template, ...]]:
        """Find the templates of a sentence, and the language they are in."""
        if not self.read:
            self.read = {one: read_catalogue(catalogue_path(one), one) for one in LANGUAGES if one != SOURCE_LANGUAGE}
        if language != SOURCE_LANGUAGE:
            found = self.read.get(language, {}).get((line.context, line.msgid))
            if found is not None:
                return language, found
            self.miss(line, language)
        return SOURCE_LANGUAGE, _source_templates(line.msgid, line.plural)

    def miss(self, line: Line, language: str) -> None:
        missed = (language, line.context, line.msgid)
        if self.strict:
            raise LookupError(missed)
        if missed not in self.missed:
            self.missed.add(missed)
            log.warning("message.missing", language=language, context=line.context, msgid=line.msgid)


@lru_cache(maxsize=4096)
def _source_templates(msgid: str, plural: str) -> tuple[Template, ...]:
    return (template(msgid), template(plural)) if plural else (template(msgid),)


_catalogues = _Catalogues()


def catalogue_path(language: str) -> Path:
    """Tell where the catalogue of a language lies."""
    return CATALOGUES / language / "LC_MESSAGES" / "bot.po"


def open_catalogues(*, strict: bool = False) -> None:
    """Read every catalogue now, so that a fault stops the start. Raises CatalogueError.

    With `strict` a sentence without translation raises LookupError when it is spoken (for tests); otherwise it is
    logged once and said in English.
    """
    _catalogues.read = {one: read_catalogue(catalogue_path(one), one) for one in LANGUAGES if one != SOURCE_LANGUAGE}
    _catalogues.strict = strict


# -- speaking ------------------------------------------------------------------------------------------------------


def speak(text: Text, language: str, now: datetime) -> Markup:
    """Say a Line or a Page in a language. `now` is the moment of delivery, from which ages are counted.

    The result is safe markup with ``<b> <i> <u> <s> <code> <pre> <a href>`` and newlines only.
    """
    if isinstance(text, Page):
        return Markup("\n".join(_value(line, language, now) for line in text.lines))  # noqa: S704 - escaped in _value
    return Markup(_line(text, language, now))  # noqa: S704 - escaped in _value


def label(line: Line, language: str, now: datetime) -> str:
    """Say a button's label: plain text on one line."""
    return _plain(_line(line, language, now)).replace("\n", " ")


def in_every_language(line: Line, now: datetime) -> str:
    """Say a sentence in all languages, one after the other: for whoever has not chosen yet. Plain text."""
    return " · ".join(dict.fromkeys(plain(speak(line, language, now)) for language in LANGUAGES))


_LINK = re.compile(r'<a href="([^"]*)">(.*?)</a>', re.DOTALL)
_ANY_TAG = re.compile(r"<[^<>]*>")


def plain(markup: Markup) -> str:
    """Take the markup off, for bodies that can't show it. A link keeps its address in brackets."""
    return _plain(str(markup))


def _plain(text: str) -> str:
    if "<" in text:
        text = _LINK.sub(lambda link: link[2] if link[1] == link[2] else f"{link[2]} ({link[1]})", text)
        text = _ANY_TAG.sub("", text)
    return unescape(text) if "&" in text else text


def _line(line: Line, language: str, now: datetime) -> str:
    spoken, templates = _catalogues.templates(line, language)
    chosen = templates[0]
    if len(templates) > 1:
        n = line.values["n"]
        if not isinstance(n, int):
            message = f"the value n of {line.msgid!r} must be a number"
            raise TypeError(message)
        chosen = templates[_FORM_OF[spoken](abs(n))]
    if not chosen.holes:
        return chosen.literals[0]
    values = line.values
    parts = [chosen.literals[0]]
    for hole, literal in zip(chosen.holes, chosen.literals[1:], strict=True):
        parts.append(_value(values[hole], spoken, now))
        parts.append(literal)
    return "".join(parts)


def _value(value: Value, language: str, now: datetime) -> str:  # noqa: PLR0911 - one shape, one answer
    if isinstance(value, str):
        return str(escape(clean(value)))
    if isinstance(value, int):
        return _number(value, language)
    if isinstance(value, Line):
        return _line(value, language, now)
    if isinstance(value, Listed):
        return _listed([_value(item, language, now) for item in value.items], language)
    if isinstance(value, Ago):
        return _line(_ago(now - _aware(value.at)), language, now)
    if isinstance(value, On):
        return _line(_on(value, now), language, now)
    if isinstance(value, Span):
        return " ".join(_line(part, language, now) for part in _span(value.length))
    return str(escape(places.named(value.code, language)))


# Bidirectional controls, zero-width and other invisible characters, and control characters other than tab and newline:
# in a name they can turn a sentence around or hide a forged one. Lone surrogates could not be sent at all.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffc\U000e0000-\U000e0fff]",
)
_NEWLINES = re.compile("\r\n?|[\u2028\u2029\x85]")


def clean(text: str) -> str:
    """Take invisible and control characters out of a person's text; line breaks stay."""
    if text.isascii() and text.isprintable():
        return str(text)
    # str() because a Markup value would otherwise count as escaped already.
    return _INVISIBLE.sub("", _NEWLINES.sub("\n", str(text)))


_GROUPED_FROM: Final = 10_000  # a year stays 2026


def _number(n: int, language: str) -> str:
    if abs(n) < _GROUPED_FROM:
        return str(int(n))
    return f"{n:,}" if language == "en" else f"{n:,}".replace(",", "\u00a0")


def _listed(items: list[str], language: str) -> str:
    if len(items) < 2:  # noqa: PLR2004
        return "".join(items)
    # The items are spoken already, so they go into the sentence as they are.
    _spoken, (joined,) = _catalogues.templates(pgettext("list", "{first} and {last}", first="", last=""), language)
    parts = {"first": ", ".join(items[:-1]), "last": items[-1]}
    return joined.literals[0] + "".join(
        parts[hole] + literal for hole, literal in zip(joined.holes, joined.literals[1:], strict=True)
    )


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def _ago(age: timedelta) -> Line:
    """Round an age down to whole units: 21 hours are never “1 day”, and the first two days are counted in hours."""
    seconds = int(age.total_seconds())
    past, length = seconds >= 0, abs(seconds)
    if length < _MINUTE:
        # TRANSLATORS: when something happened: less than a minute ago.
        return pgettext("ago", "just now")
    if length < _HOUR:
        n = length // _MINUTE
        if past:
            return npgettext("ago", "{n} minute ago", "{n} minutes ago", n=n)
        return npgettext("ago", "in {n} minute", "in {n} minutes", n=n)
    if length < 2 * _DAY:
        n = length // _HOUR
        if past:
            return npgettext("ago", "{n} hour ago", "{n} hours ago", n=n)
        return npgettext("ago", "in {n} hour", "in {n} hours", n=n)
    return _long_ago(length // _DAY, past=past)


def _long_ago(days: int, *, past: bool) -> Line:  # noqa: PLR0911 - one unit, two answers
    if days < 14:  # noqa: PLR2004
        if past:
            return npgettext("ago", "{n} day ago", "{n} days ago", n=days)
        return npgettext("ago", "in {n} day", "in {n} days", n=days)
    if days < 60:  # noqa: PLR2004
        if past:
            return npgettext("ago", "{n} week ago", "{n} weeks ago", n=days // 7)
        return npgettext("ago", "in {n} week", "in {n} weeks", n=days // 7)
    if days < 730:  # noqa: PLR2004
        if past:
            return npgettext("ago", "{n} month ago", "{n} months ago", n=days // 30)
        return npgettext("ago", "in {n} month", "in {n} months", n=days // 30)
    if past:
        return npgettext("ago", "{n} year ago", "{n} years ago", n=days // 365)
    return npgettext("ago", "in {n} year", "in {n} years", n=days // 365)


def _span(length: timedelta) -> list[Line]:
    """Cut a length into its one or two largest units: “72 hours”, “1 hour 30 minutes”, “7 days”."""
    seconds = int(length.total_seconds())
    if seconds < _MINUTE:
        return [npgettext("span", "{n} second", "{n} seconds", n=seconds)]
    # People count the first three days in hours: “72 hours” is a promise everybody knows.
    days, rest = divmod(seconds, _DAY) if seconds > 3 * _DAY else (0, seconds)
    hours, rest = divmod(rest, _HOUR)
    minutes, seconds = divmod(rest, _MINUTE)
    parts: list[Line] = []
    if days:
        parts.append(npgettext("span", "{n} day", "{n} days", n=days))
    if hours:
        parts.append(npgettext("span", "{n} hour", "{n} hours", n=hours))
    if minutes:
        parts.append(npgettext("span", "{n} minute", "{n} minutes", n=minutes))
    if seconds:
        parts.append(npgettext("span", "{n} second", "{n} seconds", n=seconds))
    return parts[:2]


def _on(value: On, now: datetime) -> Line:
    """Make a date and a time in the value's zone. “today” never stands alone: it may be read tomorrow."""
    zone = _zone(value.zone)
    at = _aware(value.at).astimezone(zone)
    date = day(at.date())
    time = f"{at.hour:02}:{at.minute:02}"
    if zone.key == "UTC":
        time += " UTC"
    days = (at.date() - _aware(now).astimezone(zone).date()).days
    if days == 0:
        return pgettext("date", "today, {date}, {time}", date=date, time=time)
    if days == -1:
        return pgettext("date", "yesterday, {date}, {time}", date=date, time=time)
    if days == 1:
        return pgettext("date", "tomorrow, {date}, {time}", date=date, time=time)
    return pgettext("date", "{date}, {time}", date=date, time=time)


def day(on: date) -> Line:
    """Make a day that reads the same whenever it is read: “14 May 2026”."""
    return pgettext("date", "{day} {month} {year}", day=on.day, month=_month(on.month), year=on.year)


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # an unknown zone is a KeyError, an odd name either of the others
        return ZoneInfo("UTC")


@cache
def _month(number: int) -> Line:
    return (
        # TRANSLATORS: months, in the form they take after the day in a full date.
        pgettext("month", "January"),
        pgettext("month", "February"),
        pgettext("month", "March"),
        pgettext("month", "April"),
        pgettext("month", "May"),
        pgettext("month", "June"),
        pgettext("month", "July"),
        pgettext("month", "August"),
        pgettext("month", "September"),
        pgettext("month", "October"),
        pgettext("month", "November"),
        pgettext("month", "December"),
    )[number - 1]


# -- which language ------------------------------------------------------------------------------------------------

_SPEAK_TAJIK = ("tg", "tgk", "tj", "tajik", "tojik")
_READ_RUSSIAN = ("ru", "rus", "uk", "be", "kk", "ky", "uz", "tk", "tt", "ba", "hy", "ka", "az", "russian")
_READ_ENGLISH = ("en", "eng", "english")


def guess(hint: str) -> str:
    """Guess which language to put first in the picker from a platform's hint; "" if it tells nothing."""
    first = re.split(r"[-_]", hint.strip().lower(), maxsplit=1)[0]
    if first in _SPEAK_TAJIK or first.startswith(("tajik", "tojik")):
        return "tg"
    if first in _READ_RUSSIAN:
        return "ru"
    return "en" if first in _READ_ENGLISH else ""


# -- storing what will be spoken later -----------------------------------------------------------------------------


def to_json(text: Text) -> str:
    """Write a Line or a Page as compact JSON, to be spoken later."""
    return _dumped(_packed(text))


def from_json(data: str) -> Text:
    """Read what `to_json` wrote. Anything else: ValueError."""
    text = _unpacked(_loaded(data))
    if isinstance(text, Line | Page):
        return text
    message = "not a stored text"
    raise ValueError(message)


def rows_to_json(rows: Rows) -> str:
    """Write rows of buttons as compact JSON; no rows are an empty string."""
    if not rows:
        return ""
    return _dumped([[[_packed(one.label), one.code, one.link] for one in row] for row in rows])


def rows_from_json(data: str) -> Rows:
    """Read what `rows_to_json` wrote. Anything else: ValueError."""
    if not data:
        return ()
    try:
        return tuple(tuple(_choice(*one) for one in row) for row in _loaded(data))
    except TypeError as error:
        message = "not stored buttons"
        raise ValueError(message) from error


def _choice(packed: Any, code: Any, link: Any) -> Choice:  # noqa: ANN401 - parsed JSON
    line = _unpacked(packed)
    if isinstance(line, Line) and isinstance(code, str) and isinstance(link, str):
        return Choice(line, code, link)
    message = "not a stored button"
    raise ValueError(message)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _dumped(data: object) -> str:
    text = _encode(data)
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which a database would refuse
        return json.dumps(data, separators=(",", ":"))
    return text


def _loaded(data: str) -> Any:  # noqa: ANN401 - parsed JSON
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        message = "not JSON"
        raise ValueError(message) from error


def _packed(value: Value | Page) -> object:  # noqa: PLR0911 - one shape, one answer
    if isinstance(value, str | int):
        return value
    if isinstance(value, Line):
        packed: list[object] = [value.msgid, value.context, value.plural, _packed_values(value.values)]
        while packed and not packed[-1]:
            packed.pop()
        return ["line", *packed]
    if isinstance(value, Page):
        return ["page", *map(_packed, value.lines)]
    if isinstance(value, Listed):
        return ["list", *map(_packed, value.items)]
    if isinstance(value, Ago):
        return ["ago", value.at.isoformat()]
    if isinstance(value, On):
        return ["on", value.at.isoformat(), value.zone]
    if isinstance(value, Span):
        return ["span", value.length.days, value.length.seconds, value.length.microseconds]
    return ["place", value.code]


def _packed_values(values: Mapping[str, Value]) -> dict[str, object]:
    return {name: _packed(value) for name, value in values.items()}


def _unpacked(data: Any) -> Value | Page:  # noqa: ANN401 - parsed JSON
    if isinstance(data, str | int):
        return data
    try:
        kind, *rest = data
        return _SHAPES[kind](rest)
    except (LookupError, TypeError, AttributeError, ArithmeticError) as error:
        message = "not a stored shape"
        raise ValueError(message) from error


def _unpacked_line(rest: list[Any]) -> Line:
    absent: list[Any] = ["", "", "", {}]
    msgid, context, plural, values = rest + absent[len(rest) :]
    return Line(
        _string(msgid),
        _string(context),
        _string(plural),
        {name: _unpacked_value(value) for name, value in values.items()},
    )


def _string(data: Any) -> str:  # noqa: ANN401 - parsed JSON
    if isinstance(data, str):
        return data
    raise TypeError


def _unpacked_page(rest: list[Any]) -> Page:
    return Page(tuple(_spoken_line(_unpacked(line)) for line in rest))


def _spoken_line(line: Value | Page) -> Line | str:
    if isinstance(line, Line | str):
        return line
    message = "not a line of a page"
    raise ValueError(message)


def _unpacked_value(data: Any) -> Value:  # noqa: ANN401 - parsed JSON
    value = _unpacked(data)
    if isinstance(value, Page):
        message = "a page is not a value"
        raise ValueError(message)  # noqa: TRY004 - the data is wrong, not the type of an argument
    return value


def _unpacked_items(rest: Iterable[Any]) -> tuple[Value, ...]:
    return tuple(map(_unpacked_value, rest))


_SHAPES: Final[Mapping[str, Callable[[list[Any]], Value | Page]]] = {
    "line": _unpacked_line,
    "page": _unpacked_page,
    "list": lambda rest: Listed(_unpacked_items(rest)),
    "ago": lambda rest: Ago(datetime.fromisoformat(rest[0])),
    "on": lambda rest: On(datetime.fromisoformat(rest[0]), _string(rest[1])),
    "span": lambda rest: Span(timedelta(*rest)),
    "place": lambda rest: Place(_string(rest[0])),
}
