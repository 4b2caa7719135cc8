"""The card of spoken codes: lines of three words, each with a sign. Nothing on it says whose it is or what for."""

from __future__ import annotations

import json
from typing import Final

from fpdf import FPDF

from bot.jobs.cards import blank
from storage.jobs import Done, Job

LEFT, TOP, WIDTH, HEIGHT = 20, 20, 105, 148  # millimetres on the page: a quarter of it, to be cut out
EDGE: Final = 6
SIGN: Final = 8  # the column of the signs
LARGEST, SMALLEST = 15, 8  # points


def do(job: Job) -> Done:
    """What a job on a card of codes finds: the drawn page."""
    return Done("", draw([tuple(row) for row in json.loads(job.body)["rows"]]))


def draw(rows: list[tuple[str, ...]]) -> bytes:
    """A page with a frame to be cut out, in it a line for each row: a sign and its words. A PDF file."""
    with blank() as page:
        page.set_draw_color(170)
        page.set_line_width(0.2)
        page.rect(LEFT, TOP, WIDTH, HEIGHT)
        column = (WIDTH - 2 * EDGE - SIGN) / 3
        _largest_that_fits(page, rows, column - 2)
        height = (HEIGHT - 2 * EDGE) / len(rows)
        for number, (sign, *words) in enumerate(rows):
            top = TOP + EDGE + number * height
            if number:
                page.set_draw_color(220)
                page.line(LEFT + EDGE, top, LEFT + WIDTH - EDGE, top)
            _sign(page, sign, LEFT + EDGE + 2.5, top + height / 2)
            for place, word in enumerate(words):
                page.set_xy(LEFT + EDGE + SIGN + place * column, top)
                page.cell(column, height, word)
        return bytes(page.output())


def _largest_that_fits(page: FPDF, rows: list[tuple[str, ...]], width: float) -> None:
    """Set the size of the letters, so that the longest word has room."""
    for size in range(LARGEST, SMALLEST - 1, -1):
        page.set_font("card", size=size)
        if all(page.get_string_width(word) <= width for _sign, *words in rows for word in words):
            return


def _sign(page: FPDF, sign: str, x: float, y: float) -> None:
    """A sign around a point, as a drawing: no font is asked for it, and no text of the file tells it."""
    half = 1.7
    page.set_draw_color(0)
    page.set_line_width(0.4)
    match sign:
        case "○":
            page.ellipse(x - half, y - half, 2 * half, 2 * half)
        case "△":
            page.polygon([(x - half, y + half), (x + half, y + half), (x, y - half)])
        case "□":
            page.rect(x - half, y - half, 2 * half, 2 * half)
        case "✚":
            page.set_line_width(1)
            page.line(x - half, y, x + half, y)
            page.line(x, y - half, x, y + half)
        case _:
            raise ValueError("an unknown sign")
    page.set_line_width(0.2)
