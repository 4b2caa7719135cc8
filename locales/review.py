"""One page with every sentence in all languages, side by side, for whoever reads the translations over."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from bot.i18n import LANGUAGE_NAMES, LANGUAGES, SOURCE_LANGUAGE, catalogue_path
from locales import strings
from locales.gate import LIMITS, all_faults

if TYPE_CHECKING:
    from babel.messages.catalog import Message

_STYLE: Final = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #8886; padding: .4rem .6rem; text-align: left; vertical-align: top; width: 30%; }
th:first-child, td:first-child { width: 10%; font-size: .8rem; overflow-wrap: anywhere; }
td { white-space: pre-line; }
.unread { border-left: .3rem solid #d90; }
.missing { background: #d003; }
.note { display: block; font-size: .8rem; opacity: .75; }
:root { color-scheme: light dark; }
"""


def page() -> str:
    """Draw the page: a table of sentences, each translation marked that no native speaker has read yet."""
    template = strings.extract()
    catalogues = {language: strings.read(catalogue_path(language), language) for language in LANGUAGES}
    others = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]
    rows: list[str] = []
    unread = dict.fromkeys(others, 0)
    for message in template:
        if not message.id:
            continue
        cells = [_about(message), f"<td lang=en>{_forms(strings.forms(message.id))}</td>"]
        for language in others:
            known = catalogues[language].get(strings.forms(message.id)[0], message.context)
            unread[language] += known is None or strings.NATIVE_READ not in known.user_comments
            cells.append(_translation(language, known))
        rows.append("<tr>" + "".join(cells) + "</tr>")
    counts = ", ".join(f"{LANGUAGE_NAMES[one]}: {unread[one]}" for one in others)
    faults = "".join(f"<li>{escape(str(fault))}</li>" for fault in all_faults())
    heads = "".join(f"<th>{LANGUAGE_NAMES[one]}</th>" for one in (SOURCE_LANGUAGE, *others))
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Payvand: the sentences</title><style>{_STYLE}</style>"
        f"<h1>The sentences of Payvand</h1><p>{len(rows)} sentences. Not yet read by a native speaker: {counts}; "
        f"these have a bar at their left.</p><h2>What the gate finds</h2><ul>{faults or '<li>nothing</li>'}</ul>"
        f"<table><thead><tr><th>where</th>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></html>\n"
    )


def _about(message: Message) -> str:
    context = message.context or ""
    limit = f" (at most {LIMITS[context]})" if context in LIMITS else ""
    files = ", ".join(sorted({file for file, _line in message.locations}))
    notes = "".join(f"<span class=note>{escape(note)}</span>" for note in message.auto_comments)
    return f"<td>{escape(context)}{limit}<span class=note>{escape(files)}</span>{notes}</td>"


def _translation(language: str, message: Message | None) -> str:
    if message is None or not strings.is_translated(message):
        return f'<td lang={language} class="missing unread">not translated</td>'
    notes = [note for note in message.user_comments if note not in (strings.NATIVE_READ, strings.SAME_AS_SOURCE)]
    marked = "" if strings.NATIVE_READ in message.user_comments else " class=unread"
    shown = "".join(f"<span class=note>{escape(note)}</span>" for note in notes)
    return f"<td lang={language}{marked}>{_forms(strings.forms(message.string))}{shown}</td>"


def _forms(forms: tuple[str, ...]) -> str:
    return "\n".join(map(escape, forms))
