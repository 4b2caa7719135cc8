"""Cards: the slow hash of their words, and the page that is printed. Nothing on it says whose it is or what for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from fpdf import FPDF
from fpdf.fonts import TTFFont

from bot.domain.card import read_words
from storage import cards
from storage.jobs import Done, Job

FONT: Final = Path(__file__).with_name("NotoSans.ttf")  # of Noto Sans (SIL Open Font License)
WIDTH, HEIGHT = 86, 54  # millimetres: as large as a card in a purse
NO_DAY: Final = datetime(2000, 1, 1, tzinfo=UTC)  # the file does not tell when it was made


def do(job: Job, salt: bytes) -> Done:
    """What a job on a card finds. Takes a tenth of a second or more."""
    if job.kind == cards.MAKE:
        return Done(cards.slowly(read_words(job.body), salt), draw(job.body.split()))
    return Done(cards.slowly(job.body, salt))


@contextmanager
def blank() -> Iterator[FPDF]:
    """An empty page with the font of the cards, whose file is closed whatever happens. It does not tell its day."""
    page = FPDF(format="A4")
    page.set_creation_date(NO_DAY)
    page.add_font("card", fname=FONT)
    try:
        page.add_page()
        yield page
    finally:
        for font in page.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()


def draw(words: list[str]) -> bytes:
    """A page with numbered words in a frame to be cut out: a PDF file."""
    with blank() as page:
        page.set_font("card", size=13)
        left, top = 20, 20
        page.set_draw_color(170)
        page.rect(left, top, WIDTH, HEIGHT)
        half = (len(words) + 1) // 2
        for index, word in enumerate(words):
            column, row = divmod(index, half)
            page.set_xy(left + 5 + column * WIDTH / 2, top + 7 + row * (HEIGHT - 10) / half)
            page.cell(WIDTH / 2 - 5, 10, f"{index + 1}. {word}")
        return bytes(page.output())
