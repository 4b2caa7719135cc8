"""The pages that an addressee is handed: the letter in each of its languages, how many signed, and who of them and how.

The font has Latin, Greek and Cyrillic letters of all languages. A name in another script is not guessed at on paper:
its line points to the table, which holds every name as it was written.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

import segno
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from bot.domain.addressees import Addressee, Element
from bot.domain.conversation import Line
from bot.domain.petition import FOR, Letter, Part
from bot.domain.signature import Mode, Shown
from bot.i18n import LANGUAGES, SOURCE_LANGUAGE, _, ngettext, pgettext, plain, speak
from bot.jobs import cards

FONT: Final = cards.FONT.with_name("NotoSansWide.ttf")  # of Noto Sans (SIL Open Font License), with more letters
MOST_LINES: Final = 10_000  # of the annex; what is longer is in the table alone, and the pages hold its digest

_EDGE: Final = 20  # millimetres
_QR: Final = 55
_ROW: Final = 5
_UNKNOWN: Final = "¤"  # stands for a letter that the font does not have

_ELEMENTS: Final[Mapping[Element, Line]] = {
    Element.VICTIM: pgettext("heading", "Whom it is about"),
    Element.DATE: pgettext("heading", "When it happened"),
    Element.PLACE: pgettext("heading", "Where it happened"),
    Element.ACTOR: pgettext("heading", "Who is believed to have done it"),
    Element.STEPS: pgettext("heading", "What has been tried"),
    Element.SOURCE: pgettext("heading", "Who writes this"),
    Element.CIRCUMSTANCES: pgettext("heading", "What happened"),
    Element.REPRESENTATIVE: pgettext("heading", "Who speaks for the signers"),
}

_HOW: Final = _(
    "Each signature is an entry of a public log. The square holds the state of that log, signed by the community: "
    "how many entries there are, and a digest over all of them. Whoever has the published files can count again."
)


@dataclass(frozen=True, slots=True)
class Pages:
    """What stands on them. `annex` is None if there are too many lines; `table` is a file's name and digest."""

    letter: Letter
    to: Addressee
    listed: Mapping[Mode, int]
    only_counted: int
    annex: Sequence[tuple[int, Shown]] | None
    table: tuple[str, str]
    checkpoint: str
    at: datetime

    @property
    def total(self) -> int:
        """All signatures."""
        return self.only_counted + sum(self.listed.values())

    @property
    def languages(self) -> list[str]:
        """Those of the letter, the addressee's own first."""
        read = [one for one in self.to.rules.languages or (SOURCE_LANGUAGE,) if one in self.letter.languages]
        return [*read, *(one for one in self.letter.languages if one not in read)]


class _Paper(FPDF):
    """A4 with page numbers. It does not tell when it was made."""

    def __init__(self) -> None:
        super().__init__(format="A4")
        self.set_creation_date(cards.NO_DAY)
        self.add_font("letter", fname=FONT)
        self.set_margin(_EDGE)
        self.set_auto_page_break(auto=True, margin=_EDGE)
        self.set_font("letter", size=11)

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font("letter", size=8)
        self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="C")

    def heading(self, text: str) -> None:
        """A line over a part, never alone at the foot of a page."""
        if self.will_page_break(24):
            self.add_page()
        self.ln(3)
        self.set_font("letter", size=13)
        self.multi_cell(0, 7, printable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def text_of(self, text: str, size: int = 11) -> None:
        """Paragraphs."""
        self.set_font("letter", size=size)
        self.multi_cell(0, size * 0.5, printable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def draw(pages: Pages) -> bytes:
    """A PDF file. The same pages give the same bytes."""
    paper = _Paper()
    try:
        for language in pages.languages:
            _letter(paper, pages, language)
        if pages.annex:
            _annex(paper, pages.annex, " / ".join(_spoken(pgettext("heading", "Signatures"), pages)))
        return bytes(paper.output())
    finally:
        for font in paper.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()


def _letter(paper: _Paper, pages: Pages, language: str) -> None:
    letter = pages.letter

    def say(line: Line) -> str:
        return plain(speak(line, language if language in LANGUAGES else SOURCE_LANGUAGE, pages.at))

    paper.add_page()
    paper.text_of(say(_("To: {name}", name=pages.to.names.get(language, pages.to.names[SOURCE_LANGUAGE]))))
    paper.heading(letter.texts.get((language, Part.TITLE.key), ""))
    paper.text_of(letter.texts.get((language, Part.LETTER.key), ""))
    paper.heading(say(pgettext("heading", "What we ask of you")))
    paper.text_of(letter.demands.get((language, pages.to.code), ""))
    for element, head in _ELEMENTS.items():
        if element in pages.to.rules.elements and (text := letter.texts.get((language, FOR + element.value))):
            paper.heading(say(head))
            paper.text_of(text)
    paper.heading(say(pgettext("heading", "Background")))
    paper.text_of(letter.texts.get((language, Part.BACKGROUND.key), ""))
    paper.heading(say(pgettext("heading", "Sources")))
    paper.text_of("\n".join(f"{number}. {source}" for number, source in enumerate(letter.sources, 1)))
    for head, names in (
        (pgettext("heading", "Begun by"), list(letter.sponsors)),
        (pgettext("heading", "Organisations that sign"), [one.name for one in letter.organisations if one.confirmed]),
    ):
        if names:
            paper.heading(say(head))
            paper.text_of("\n".join(names))
    paper.heading(say(pgettext("heading", "Signatures")))
    paper.text_of("\n".join(say(line) for line in _counted(pages)))
    paper.heading(say(pgettext("heading", "How the count can be checked")))
    paper.text_of(say(_HOW))
    if paper.will_page_break(_QR + 25):
        paper.add_page()
    _square(paper, pages.checkpoint)
    paper.text_of(pages.checkpoint.partition("\n\n")[0], size=8)


def _counted(pages: Pages) -> Iterator[Line]:
    yield ngettext("{n} person signed this letter.", "{n} people signed this letter.", n=pages.total)
    named = pages.listed.get(Mode.PUBLIC, 0) + pages.listed.get(Mode.RECIPIENT, 0)
    yield ngettext("{n} of them is named here.", "{n} of them are named here.", n=named)
    short = pages.listed.get(Mode.INITIALS, 0)
    yield ngettext(
        "{n} of them stands here with initials and country.",
        "{n} of them stand here with initials and country.",
        n=short,
    )
    yield ngettext(
        "{n} of them is only counted, to protect relatives.",
        "{n} of them are only counted, to protect relatives.",
        n=pages.only_counted,
    )
    name, digest = pages.table
    if pages.annex is None:
        yield _("The lines stand in the file {name}. Its digest (SHA-256): {digest}", name=name, digest=digest)


def _square(paper: _Paper, content: str) -> None:
    """A QR code, as squares: no picture is put into the file."""
    rows = list(segno.make(content, error="m", micro=False).matrix)
    side = _QR / len(rows)
    left, top = paper.get_x(), paper.get_y() + 3
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            length = 1
            if row[x]:
                while x + length < len(row) and row[x + length]:
                    length += 1
                paper.rect(left + x * side, top + y * side, length * side, side, style="F")
            x += length
    paper.set_y(top + _QR + 3)


def _spoken(line: Line, pages: Pages) -> list[str]:
    """A sentence in each language of the letter that we speak."""
    return [plain(speak(line, language, pages.at)) for language in pages.languages if language in LANGUAGES]


def _annex(paper: _Paper, lines: Sequence[tuple[int, Shown]], head: str) -> None:
    """One line for each signature that stands in the packet: its entry in the log, and what its signer chose."""
    paper.add_page()
    paper.heading(head)
    paper.set_font("letter", size=9)
    width = paper.epw - 22
    for place, shown in lines:
        said = ", ".join(part for part in (shown.name, shown.country, shown.nationality, shown.address) if part)
        paper.cell(22, _ROW, str(place))
        paper.cell(width, _ROW, _within(paper, said, width), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _within(paper: _Paper, text: str, width: float) -> str:
    """A line that has room, and that the font can show; else a pointer to the table."""
    shown = " ".join(printable(text).split())
    if _UNKNOWN in shown:
        return "(CSV)"
    while paper.get_string_width(shown) > width - 2:
        shown = shown[: len(shown) * 9 // 10].rstrip() + "…"
    return shown


@cache
def _letters() -> frozenset[int]:
    font = _Paper()
    try:
        held = next(one for one in font.fonts.values() if isinstance(one, TTFFont))
        return frozenset(held.ttfont.getBestCmap())
    finally:
        for one in font.fonts.values():
            if isinstance(one, TTFFont):
                one.ttfont.close()


def printable(text: str) -> str:
    """A text with a sign in place of each letter that the font does not have, and no sign that turns the direction."""
    known = _letters()
    seen = (one for one in unicodedata.normalize("NFC", text) if one in "\n\t" or unicodedata.category(one)[0] != "C")
    return "".join(one if ord(one) in known or one == "\n" else " " if one == "\t" else _UNKNOWN for one in seen)
