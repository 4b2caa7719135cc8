"""The board of a roll-call as a picture: three bars with their signs and digits, and no word in any language."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from bot.domain.region import FEW, Board
from storage.jobs import Done, Job

FONT: Final = Path(__file__).with_name("NotoSans.ttf")  # of Noto Sans (SIL Open Font License)
WIDTH, HEIGHT = 900, 480  # pixels
LEFT, RIGHT, ROW, BAR = 130, 660, 150, 74
PAPER, INK = "#ffffff", "#1b1b1b"
COLOURS: Final = ("#2e7d32", "#c62828", "#8a8f98")  # told apart by their signs too, for whoever sees no colours


def do(job: Job) -> Done:
    """What a job on a board finds."""
    return Done("", draw(Board(*json.loads(job.body))))


def draw(board: Board) -> bytes:
    """A PNG of what may be shown: nothing else reaches this room."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.truetype(str(FONT), 52)
    fullest = max((cell for cell in board.cells if cell is not None), default=FEW)
    for row, (cell, colour) in enumerate(zip(board.cells, COLOURS, strict=True)):
        middle = 90 + row * ROW
        _sign(pen, row, middle, colour)
        top, bottom = middle - BAR // 2, middle + BAR // 2
        if cell is None:  # the same for none and for nine
            pen.rectangle((LEFT, top, LEFT + 24, bottom), outline=colour, width=5)
        else:
            pen.rectangle((LEFT, top, LEFT + max(24, (RIGHT - LEFT) * cell // fullest), bottom), fill=colour)
        pen.text((RIGHT + 30, middle), f"< {FEW}" if cell is None else f"{cell}+", INK, font, anchor="lm")
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _sign(pen: ImageDraw.ImageDraw, row: int, middle: int, colour: str) -> None:
    """A hook for “well”, a cross for “needs help”, an empty ring for silence."""
    x = 62
    if row == 0:
        pen.line((x - 30, middle, x - 8, middle + 24, x + 32, middle - 26), fill=colour, width=14, joint="curve")
    elif row == 1:
        pen.rectangle((x - 9, middle - 32, x + 9, middle + 32), fill=colour)
        pen.rectangle((x - 32, middle - 9, x + 32, middle + 9), fill=colour)
    else:
        pen.ellipse((x - 30, middle - 30, x + 30, middle + 30), outline=colour, width=9)
