"""The translators' bench: collect the sentences from the code and carry them into every catalogue."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from bot.i18n import CATALOGUES, LANGUAGE_NAMES, LANGUAGES, PLURAL_FORMS, SOURCE_LANGUAGE, catalogue_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOT: Final = CATALOGUES.parent
ROOMS: Final = ("bot", "handlers", "storage")
KEYWORDS: Final = {
    "_": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
COMMENT_TAG: Final = "TRANSLATORS:"
# A translator's comment that says: this sentence is the same in both languages on purpose.
SAME_AS_SOURCE: Final = "same-as-source"
# A translator's comment that says: a native speaker has read this wording and stands by it. Add it with your initials
# or without; a changed sentence loses it.
NATIVE_READ: Final = "native-read"
# A translator's comment that begins so says what to look at first.
DOUBT: Final = "doubt:"

_HEADER: Final = """\
# {title}
msgid ""
msgstr ""
"Project-Id-Version: Payvand\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
{plurals}
"""


def extract(root: Path = ROOT) -> Catalog:
    """Collect every sentence of the code below `root`, with the files it stands in and the notes for translators."""
    template = Catalog(charset="utf-8", fuzzy=False)
    for path in _sources(root):
        where = path.relative_to(root).as_posix()
        found = extract_from_file("python", path, KEYWORDS, [COMMENT_TAG], strip_comment_tags=True)
        for _lineno, msgid, comments, context in found:
            _add(template, msgid, context, where, comments)
    return template


def _sources(root: Path) -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((root / room).rglob("*.py"))


def _add(template: Catalog, msgid: str | tuple[str, ...], context: str | None, where: str, notes: list[str]) -> None:
    ids = (msgid,) if isinstance(msgid, str) else tuple(msgid)
    known = template.get(ids[0], context)
    if known is not None and known.pluralizable and len(ids) == 1:
        return  # the same sentence, once with a plural: one entry serves both
    template.add(ids[0] if len(ids) == 1 else ids, None, [(where, 0)], auto_comments=notes, context=context)


def read(path: Path, language: str) -> Catalog:
    """Read a catalogue as it lies on disk, fuzzy entries included; an absent file is an empty catalogue."""
    if not path.exists():
        return Catalog(language, charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, language, ignore_obsolete=True, abort_invalid=True)


def merged(template: Catalog, old: Catalog, language: str) -> Catalog:
    """Carry the translations of `old` into the sentences of `template`.

    A sentence that changed has no translation any more: with words of safety a stale translation is worse than none.
    """
    new = Catalog(language, charset="utf-8", fuzzy=False)
    for message in template:
        if not message.id:
            continue
        known = old.get(forms(message.id)[0], message.context)
        keep = known is not None and known.id == message.id and not known.fuzzy
        new.add(
            message.id,
            _source_forms(message) if language == SOURCE_LANGUAGE else (known.string if known and keep else None),
            message.locations,
            auto_comments=message.auto_comments,
            user_comments=known.user_comments if known is not None and keep else (),
            context=message.context,
        )
    return new


def _source_forms(message: Message) -> str | tuple[str, ...]:
    ids = forms(message.id)
    return ids if len(ids) > 1 else ids[0]


def written(catalogue: Catalog, language: str = "") -> bytes:
    """Write a catalogue as the text of a .po file (or of the .pot, without a language): no dates, always the same."""
    buffer = BytesIO()
    write_po(buffer, catalogue, omit_header=True, sort_output=True, include_lineno=False, ignore_obsolete=True)
    title = f"Payvand: {LANGUAGE_NAMES[language]}." if language else "Payvand: the sentences to translate."
    plurals = f'"Plural-Forms: {PLURAL_FORMS[language]}\\n"\n' if language else ""
    header = _HEADER.format(title=title, language=language, plurals=plurals)
    return header.encode() + buffer.getvalue().rstrip(b"\n") + b"\n"


def template_path() -> Path:
    """Tell where the sentences to translate lie."""
    return CATALOGUES / "bot.pot"


def update(root: Path = ROOT) -> dict[str, int]:
    """Collect the sentences again and write the .pot and every .po. Returns how many are untranslated, per language."""
    template = extract(root)
    _write(template_path(), written(template))
    missing: dict[str, int] = {}
    for language in LANGUAGES:
        path = catalogue_path(language)
        catalogue = merged(template, read(path, language), language)
        _write(path, written(catalogue, language))
        missing[language] = sum(1 for message in catalogue if message.id and not is_translated(message))
    return missing


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)


def is_translated(message: Message) -> bool:
    """Tell whether a message has all its forms."""
    return all(forms(message.string))


def forms(text: object) -> tuple[str, ...]:
    """Give the forms of a msgid or of its translation: one, or one for each plural form."""
    if isinstance(text, str):
        return (text,)
    return tuple(one or "" for one in text) if isinstance(text, (tuple, list)) else ("",)
