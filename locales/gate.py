"""The gate of the languages: what is checked of every sentence and its translations before anybody may read them."""

from __future__ import annotations

import ast
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.i18n import (
    LANGUAGES,
    PLURAL_FORMS,
    SOURCE_LANGUAGE,
    CatalogueError,
    catalogue_path,
    read_catalogue,
    tags,
    template,
)
from locales import strings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from babel.messages.catalog import Catalog, Message

LIMITS: Final[Mapping[str, int]] = {
    "button": 24,
    "button-wide": 40,
    "command-description": 60,
    "toast": 200,
    "bot-name": 64,
    "bot-short": 120,
    "bot-about": 512,
    "status": 60,
    "noun": 60,
    "topic": 24,
    "heading": 60,
    "verb": 60,
    "ago": 60,
    "span": 60,
    "date": 60,
    "month": 20,
    "list": 60,
    "playground": 40,
    "console": 60,
}
"""The contexts there are, and how many characters a sentence in each may have, its holes not counted."""

PLAIN_CONTEXTS: Final = frozenset(LIMITS)  # labels and fragments: no tags
MESSAGE_LIMIT: Final = 3000  # characters of a whole sentence; a message of several must fit 4,096

# The words of safety, fixed: whoever changes one of these must change it here too, on purpose.
GLOSSARY: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("button", "I am safe"): ("Ман дар амонам", "Я в безопасности"),
    ("button", "✅ I am safe"): ("✅ Ман дар амонам", "✅ Я в безопасности"),
    ("button", "I need help"): ("Ба ман кумак лозим", "Мне нужна помощь"),
    ("button", "🆘 I need help"): ("🆘 Ба ман кумак лозим", "🆘 Мне нужна помощь"),
}

_FORBIDDEN: Final[Mapping[str, re.Pattern[str]]] = {
    # A legal code, a disabled person, “thou”, and spellings that the decrees of 2011 and 2021 have left behind; and
    # words that also mean an official, the security service and to detain.
    "tg": re.compile(
        r"\b(кодекс\w*|маъюб\w*|ту|туро|кӯмак\w*|мӯҳлат\w*|сӯҳбат\w*|огоҳӣҳо\w*|маъмур\w*|амният\w*|боздоред)\b",
        re.IGNORECASE,
    ),
    "ru": re.compile(r"\b(ты|тебя|тебе|тобой|твой|твоя|твоё|твои)\b", re.IGNORECASE),
    "en": re.compile(r"\b(please wait while)\b", re.IGNORECASE),
}
# Letters of the language beside those every Russian keyboard has, and letters that it does not have.
_FOREIGN: Final[Mapping[str, re.Pattern[str]]] = {
    "tg": re.compile("[цщыьЦЩЫЬїќўњљѓіЇЌЎЊЉЃІәүұөһ]"),
    "ru": re.compile("[ғӣқӯҳҷҒӢҚӮҲҶїќўњљѓіЇЌЎЊЉЃІ]"),
    "en": re.compile("[\u0400-\u052f]"),
}
_MIXED = re.compile(r"[^\W\d_]*(?:[A-Za-z][\u0400-\u052f]|[\u0400-\u052f][A-Za-z])[^\W\d_]*")
_HOLE = re.compile(r"\{[a-z][a-z0-9_]*\}")
_GLUED_HOLE = re.compile(r"[^\W\d_]\{|\}[^\W\d_]")
_EMOJI = re.compile(
    "[\u00a9\u00ae\u2139\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff]",
)
_INVISIBLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0e\ufeff]",
)
_FINAL = re.compile(r"[.!?…:]*$")
_WRONG_QUOTES = re.compile('["“”„‘]')
_SHORTEST_WITHOUT_CONTEXT: Final = 12  # characters: a word or two without a full stop means many things


@dataclass(frozen=True, slots=True)
class Fault:
    """Something a reader must not meet: which check found it, where, and what."""

    check: str
    where: str
    what: str

    def __str__(self) -> str:
        """Say it on one line."""
        return f"{self.check}: {self.where}: {self.what}"


# -- the sentences themselves --------------------------------------------------------------------------------------


def sentence_faults(catalogue: Catalog) -> Iterator[Fault]:
    """Check the English sentences: contexts, holes, tags, lengths."""
    for message in _messages(catalogue):
        where = _where("en", message)
        context = message.context or ""
        if context and context not in LIMITS:
            yield Fault("context", where, f"the context {context!r} is not on the list")
        for text in strings.forms(message.id):
            if not context and len(text) < _SHORTEST_WITHOUT_CONTEXT and not (_HOLE.search(text) or _final(text)):
                yield Fault("context", where, "a short sentence needs a context")
            try:
                template(text)
            except ValueError as error:
                yield Fault("holes", where, str(error))
                continue
            yield from _form_faults("en", message, text, text, where)


# -- translations --------------------------------------------------------------------------------------------------


def translation_faults(language: str, catalogue: Catalog) -> Iterator[Fault]:
    """Check every translation of a catalogue against its sentence."""
    for message in _messages(catalogue):
        where = _where(language, message)
        sources, translations = strings.forms(message.id), strings.forms(message.string)
        if message.fuzzy or not all(translations):
            yield Fault("complete", where, "not translated")
            continue
        yield from _glossary_faults(language, message, where)
        if len(sources) == 1 or len(translations) != int(PLURAL_FORMS[language][len("nplurals=")]):
            pairs = [(sources[0], translations[0])] if len(sources) == len(translations) == 1 else []
            if not pairs:
                yield Fault("complete", where, "a wrong number of plural forms")
        else:
            # Form 0 stands for the English singular only where it serves the number 1 alone: not in Russian (21, 31 …).
            first = sources[1] if language == "ru" else sources[0]
            pairs = [(first if index == 0 else sources[1], text) for index, text in enumerate(translations)]
        for source, text in pairs:
            yield from _form_faults(language, message, source, text, where)


def _form_faults(language: str, message: Message, source: str, text: str, where: str) -> Iterator[Fault]:
    for check, find in _CHECKS.items():
        for what in find(language, message, source, text):
            yield Fault(check, where, what)


def _holes(_language: str, _message: Message, source: str, text: str) -> Iterator[str]:
    try:
        if sorted(template(text).holes) != sorted(template(source).holes):
            yield f"the holes differ from {source!r}"
    except ValueError as error:
        yield str(error)
    if _GLUED_HOLE.search(text):
        yield "a letter is glued to a hole"


def _tags(_language: str, message: Message, source: str, text: str) -> Iterator[str]:
    if tags(text) != tags(source):
        yield f"the tags differ from {source!r}"
    if tags(text) and message.context in PLAIN_CONTEXTS:
        yield "a label has no tags"


def _shape(_language: str, message: Message, source: str, text: str) -> Iterator[str]:
    if _EMOJI.findall(text) != _EMOJI.findall(source):
        yield "the emoji differ"
    if text.count("\n") != source.count("\n"):
        yield "the number of lines differs"
    if text != text.strip() or "  " in text:
        yield "spaces at an edge or doubled"
    ends, source_ends = _final(text), _final(source)
    # A dot may end an abbreviation of a date.
    if ends != source_ends and message.context != "date":
        yield f"it ends in {ends!r}, the sentence in {source_ends!r}"


def _final(text: str) -> str:
    found = _FINAL.search(re.sub(r"(</[a-z]+>|[»\")])+$", "", text))
    return found[0] if found else ""


def _same(language: str, message: Message, source: str, text: str) -> Iterator[str]:
    if language != SOURCE_LANGUAGE and text == source and strings.SAME_AS_SOURCE not in message.user_comments:
        yield f"the same as the English (add the comment {strings.SAME_AS_SOURCE!r} if that is right)"


def _length(_language: str, message: Message, _source: str, text: str) -> Iterator[str]:
    limit = LIMITS.get(message.context or "", MESSAGE_LIMIT)
    length = len(_HOLE.sub("", text))
    if length > limit:
        yield f"{length} characters of {limit}"


def _letters(language: str, _message: Message, _source: str, text: str) -> Iterator[str]:
    if unicodedata.normalize("NFC", text) != text:
        yield "not NFC"
    if _INVISIBLE.search(text):
        yield "an invisible character"
    words = _HOLE.sub(" ", re.sub("<[^<>]*>", " ", text))
    if foreign := _FOREIGN[language].search(words):
        yield f"the letter {foreign[0]!r} does not belong to the language"
    if mixed := _MIXED.search(words):
        yield f"{mixed[0]!r} mixes two alphabets"
    if language != SOURCE_LANGUAGE and _WRONG_QUOTES.search(words):
        yield "quotes are «…»"


def _words(language: str, _message: Message, _source: str, text: str) -> Iterator[str]:
    if found := _FORBIDDEN[language].search(text):
        yield f"{found[0]!r} is not used here"


_CHECKS: Final[Mapping[str, Callable[[str, Message, str, str], Iterator[str]]]] = {
    "holes": _holes,
    "tags": _tags,
    "shape": _shape,
    "same": _same,
    "length": _length,
    "letters": _letters,
    "words": _words,
}


def _glossary_faults(language: str, message: Message, where: str) -> Iterator[Fault]:
    fixed = GLOSSARY.get((message.context or "", strings.forms(message.id)[0]))
    if fixed is None or language == SOURCE_LANGUAGE:
        return
    wanted = fixed[("tg", "ru").index(language)]
    if message.string != wanted:
        yield Fault("glossary", where, f"must be {wanted!r}")


# -- catalogues against the code -----------------------------------------------------------------------------------


def drift_faults(root: Path = strings.ROOT) -> Iterator[Fault]:
    """Check that the .pot and every .po hold the sentences of the code: no more, no fewer, written the same way."""
    found = strings.extract(root)
    current, committed = _keys(found), _keys(strings.read(strings.template_path(), SOURCE_LANGUAGE))
    for key in sorted(current ^ committed):
        yield Fault("drift", "bot.pot", f"{'missing' if key in current else 'no longer in the code'}: {key}")
    for language in LANGUAGES:
        for key in sorted(committed ^ _keys(strings.read(catalogue_path(language), language))):
            yield Fault("drift", f"bot.po {language}", f"{'missing' if key in committed else 'obsolete'}: {key}")
    if strings.template_path().read_bytes() != strings.written(found):
        yield Fault("drift", "bot.pot", "is not what the code says; run python -m locales update")
    for language in LANGUAGES:
        path = catalogue_path(language)
        again = strings.merged(found, strings.read(path, language), language)
        if path.read_bytes() != strings.written(again, language):
            yield Fault("drift", f"bot.po {language}", "is not written the usual way; run python -m locales update")


def header_faults(language: str, path: Path) -> Iterator[Fault]:
    """Check that the bot itself would accept a catalogue: headers, syntax, harmless translations."""
    try:
        read_catalogue(path, language)
    except CatalogueError as error:
        yield Fault("catalogue", language, str(error))
    if re.search(rb"^#~", path.read_bytes(), re.MULTILINE):
        yield Fault("complete", language, "holds obsolete entries")


def all_faults() -> list[Fault]:
    """Run the whole gate over the catalogues and the code."""
    faults = [*drift_faults(), *code_faults(), *sentence_faults(strings.extract())]
    for language in LANGUAGES:
        path = catalogue_path(language)
        faults += header_faults(language, path)
        faults += translation_faults(language, strings.read(path, language))
    return faults


def _keys(catalogue: Catalog) -> set[tuple[str, ...]]:
    return {(message.context or "", *strings.forms(message.id)) for message in _messages(catalogue)}


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _where(language: str, message: Message) -> str:
    return f"{language} [{message.context or ''}] {strings.forms(message.id)[0]!r}"


# -- the code ------------------------------------------------------------------------------------------------------

MAKERS: Final[Mapping[str, int]] = {"_": 1, "pgettext": 2, "ngettext": 2, "npgettext": 3}
"""The functions that make lines, and how many of their arguments are text for the catalogue."""

# Where letters of other alphabets are data: what people type, what places are called, and the names of the languages.
CYRILLIC_ALLOWED: Final = frozenset(
    {
        "bot/domain/addressee_list.py",
        "bot/domain/hard_words.py",
        "bot/domain/hotline_words.py",
        "bot/domain/knock_words.py",
        "bot/domain/listing_words.py",
        "bot/domain/knock.py",
        "bot/domain/names/letters.py",
        "bot/domain/names/name_words.py",
        "bot/domain/names/sounds.py",
        "bot/domain/phrase_lists.py",
        "bot/domain/rollcall_words.py",
        "bot/domain/rumour_words.py",
        "bot/domain/textfile.py",
        "bot/domain/word_lists.py",
        "bot/domain/place_list.py",
        "bot/domain/places.py",
        "bot/domain/folding.py",
        "bot/domain/verifying.py",
        "bot/i18n.py",
    },
)
# (a line of a comparison of names is another kind of line)
_LINES_MADE_IN: Final = frozenset({"bot/i18n.py", "bot/domain/conversation.py", "bot/domain/names/verdict.py"})
_CYRILLIC = re.compile("[\u0400-\u052f]")


def code_faults(root: Path = strings.ROOT) -> Iterator[Fault]:
    """Check the code: sentences are literal, and no sentence stands outside the catalogues."""
    for room in strings.ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            where = path.relative_to(root).as_posix()
            yield from source_faults(where, path.read_text(encoding="utf-8"))


def source_faults(where: str, source: str) -> Iterator[Fault]:
    """Check the text of one file of code."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _call_faults(where, node)
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in prose:
            continue
        if where not in CYRILLIC_ALLOWED and _CYRILLIC.search(node.value):
            yield Fault("cyrillic", f"{where}:{node.lineno}", "a sentence outside the catalogues")


def _call_faults(where: str, call: ast.Call) -> Iterator[Fault]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    at = f"{where}:{call.lineno}"
    if name == "Line" and where not in _LINES_MADE_IN:
        yield Fault("literal", at, "a Line is made by _() and its sisters")
    wanted = MAKERS.get(name)
    if wanted is None:
        return
    texts = call.args[:wanted]
    if len(texts) < wanted or not all(isinstance(text, ast.Constant) and isinstance(text.value, str) for text in texts):
        yield Fault("literal", at, f"the texts of {name}() must be literal strings")
    if any(keyword.arg is None for keyword in call.keywords) or len(call.args) > wanted:
        yield Fault("literal", at, f"the values of {name}() must be named one by one")
