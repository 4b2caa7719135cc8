"""A sheet with the community's public key, for notice boards and channels: the key, a code to scan, three sentences."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Final

import segno

from bot import i18n
from bot.domain.conversation import Line
from bot.i18n import _
from bot.jobs.cards import blank
from storage.jobs import Done, Job

NO_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)  # none of the sentences tells one
WIDTH: Final = 170  # millimetres between the margins
EDGE: Final = 20
CODE: Final = 62


def sentences() -> tuple[Line, ...]:
    """What the sheet says, once in each language."""
    return (
        _("Our bulletins are signed. With this key anybody can check that one is ours and that nobody changed it."),
        _("Compare this key with the one that the bot shows. If they differ, trust neither, and ask people you know."),
        _("Our moderators never write to you first from their own accounts. Whoever does so is not one of us."),
    )


def do(job: Job) -> Done:
    """What a job on a sheet finds."""
    return Done("", draw(job.body))


def draw(key: str) -> bytes:
    """An A4 page: a PDF file, the same bytes for the same key."""
    with blank() as page:
        page.set_auto_page_break(auto=False)
        page.set_margins(EDGE, EDGE)
        image = io.BytesIO()
        segno.make_qr(key, error="m").save(image, kind="png", scale=10, border=4)
        page.image(image, x=(210 - CODE) / 2, y=EDGE, w=CODE, h=CODE)
        page.set_xy(EDGE, EDGE + CODE + 4)
        page.set_font("card", size=15)
        half = (len(key) + 1) // 2
        for part in (key[:half], key[half:]):
            page.set_x(EDGE)
            page.cell(WIDTH, 8, part, align="C")
            page.ln(8)
        page.set_draw_color(170)
        for language in i18n.LANGUAGES:
            page.ln(5)
            page.line(EDGE, page.get_y(), EDGE + WIDTH, page.get_y())
            page.ln(5)
            page.set_font("card", size=12)
            for line in sentences():
                page.set_x(EDGE)
                page.multi_cell(WIDTH, 6, i18n.plain(i18n.speak(line, language, NO_TIME)), align="L")
                page.ln(2)
        return bytes(page.output())
