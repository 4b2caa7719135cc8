"""What everybody may read of a petition as a plain page: no script, three languages, counts, and what became of it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from bot import i18n
from bot.domain import checkpoint
from bot.domain.conversation import On
from bot.domain.petition import LANGUAGES, Letter, Part
from bot.i18n import LANGUAGE_NAMES, _, ngettext
from handlers.petitions import steps as petition_steps
from handlers.petitions.wording import addressee_name, state_name, title_of, vouched_lines

if TYPE_CHECKING:
    from bot.domain.checkpoint import Note
    from bot.domain.conversation import Line
    from storage.ledger import Packet
    from storage.petitions import Petition

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STYLE: Final = Markup(
    "body{font:1rem/1.5 sans-serif;max-width:44rem;margin:1rem auto;padding:0 1rem;overflow-wrap:anywhere}"
    "pre,p.text{white-space:pre-wrap}nav a{margin-right:1rem}"
)
_HEAD: Final = (
    '<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
)


@dataclass(slots=True)
class Counted:
    """What the published log says, as everybody can count it."""

    signed: int = 0
    withdrawn: int = 0
    struck: int = 0

    @property
    def total(self) -> int:
        """Those that stand."""
        return self.signed - self.withdrawn - self.struck


@dataclass(frozen=True, slots=True)
class Shown:
    """A petition as it is published: where, its newest letter, and what came of it. Nobody who signed is in here."""

    name: str
    letter: Letter
    petition: Petition
    counted: Counted
    packets: tuple[Packet, ...]
    note: Note
    files: tuple[str, ...]
    others: tuple[Line | str, ...] = ()  # what other communities count, one by one


def _said(line: Line | str, language: str) -> str:
    return line if isinstance(line, str) else i18n.label(line, language, _EPOCH)


def _list(items: Iterable[object]) -> Markup:
    return Markup("<ul>\n{0}</ul>\n").format(Markup("").join(Markup("<li>{0}</li>\n").format(one) for one in items))


def _paragraph(lines: Iterable[str]) -> Markup:
    return Markup("<p>{0}</p>\n").format(Markup("<br>\n").join(lines))


def _link(href: str, label: str) -> Markup:
    return Markup('<a href="{0}">{1}</a>').format(href, label)


def _whole(language: str, title: str, body: Markup) -> str:
    return str(Markup(_HEAD).format(language=language, title=title, style=_STYLE, body=body))  # noqa: S704 - our own


# -- one petition ------------------------------------------------------------------------------------------------------


def page(shown: Shown, community: str, root: str, now: datetime) -> str:
    """The page of one petition. It holds nothing that is not public."""
    ways = Markup("").join(
        Markup('<a href="#{0}" lang="{0}">{1}</a>').format(one, LANGUAGE_NAMES[one]) for one in LANGUAGES
    )
    sections = Markup("").join(_section(shown, root, now, one) for one in LANGUAGES)
    body = Markup("<p>{0}</p>\n<nav>{1}</nav>\n{2}").format(community, ways, sections)
    return _whole(LANGUAGES[0], title_of(shown.letter, LANGUAGES[0]), body)


def _section(shown: Shown, root: str, now: datetime, language: str) -> Markup:
    letter = shown.letter
    asked = (
        Markup('<h4>{0}</h4>\n<p class="text">{1}</p>\n').format(
            addressee_name(code, language), letter.demands.get((language, code), "")
        )
        for code in letter.addressees
    )
    steps = (
        Markup("<br>\n").join(_said(line, language) for line in petition_steps.steps(one, language))
        for one in shown.packets
    )
    return Markup(
        '<section id="{language}" lang="{language}">\n<h2>{title}</h2>\n{counts}{others}<p class="text">{text}</p>\n'
        '<h3>{asks}</h3>\n{asked}<h3>{background_head}</h3>\n<p class="text">{background}</p>\n<ol>\n{sources}</ol>\n'
        "<h3>{course}</h3>\n{ledger}<h3>{check}</h3>\n<p>{how}</p>\n<pre>{command}</pre>\n{files}</section>\n"
    ).format(
        language=language,
        title=title_of(letter, language),
        counts=_list(_said(line, language) for line in _counts(shown, now)),
        others=_paragraph(_said(line, language) for line in shown.others) if shown.others else "",
        text=letter.texts.get((language, Part.LETTER.key), ""),
        asks=_said(_("What is asked of whom"), language),
        asked=Markup("").join(asked),
        background_head=_said(_("Background and sources"), language),
        background=letter.texts.get((language, Part.BACKGROUND.key), ""),
        sources=Markup("").join(Markup("<li>{0}</li>\n").format(one) for one in letter.sources),
        course=_said(_("What became of it"), language),
        ledger=_list(steps) if shown.packets else _said(_("Nothing was handed over yet."), language),
        check=_said(_("How to check the count"), language),
        how=_said(
            _(
                "Save these files into one directory and run the command there. It needs no network. Compare the "
                "public key with the one on a printed sheet or in a channel's description."
            ),
            language,
        ),
        command=f"payvand verify . --public-key {root}",
        files=_list(_link(name, name) for name in shown.files),
    )


def _counts(shown: Shown, now: datetime) -> Sequence[Line]:
    one, counted = shown.petition, shown.counted
    said = checkpoint.read_checkpoint(shown.note.text)
    root = "" if said is None else base64.b64encode(said.root).decode("ascii")
    return [
        ngettext(
            "{n} signature stands in the log that is published here; the goal is {goal}.",
            "{n} signatures stand in the log that is published here; the goal is {goal}.",
            n=counted.total,
            goal=shown.letter.goal,
        ),
        _(
            "Signed: {signed}. Taken back: {withdrawn}. Struck: {struck}.",
            signed=counted.signed,
            withdrawn=counted.withdrawn,
            struck=counted.struck,
        ),
        _(
            "On {when} the server counted {count} that count; {held} were held.",
            when=On(now),
            count=one.count,
            held=one.held,
        ),
        *vouched_lines(one.vouched),
        _("State: {state}.", state=state_name(one.state)),
        _("The log has {size} entries. Its root: {root}", size=0 if said is None else said.size, root=root),
    ]


# -- all of them -------------------------------------------------------------------------------------------------------


def overview(shown: Sequence[Shown], community: str) -> str:
    """The page that leads to each of them."""
    rows = (
        _link(f"{one.name}/index.html", " · ".join(dict.fromkeys(title_of(one.letter, each) for each in LANGUAGES)))
        for one in shown
    )
    body = Markup("<h1>{0}</h1>\n{1}").format(community, _list(rows))
    return _whole(LANGUAGES[0], community, body)
