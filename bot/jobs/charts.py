"""The growth of a petition as a picture: a line that climbs towards the goal, with days and digits and no word."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from storage.jobs import Done

FONT: Final = Path(__file__).with_name("NotoSans.ttf")  # of Noto Sans (SIL Open Font License)
WIDTH, HEIGHT = 900, 520  # pixels
LEFT, RIGHT, TOP, BOTTOM = 50, 850, 90, 440
PAPER, INK, PALE, LINE, GOAL = "#ffffff", "#1b1b1b", "#d9e6f5", "#1565c0", "#2e7d32"


def do(found: Done) -> Done:
    """What was found of a petition, with the picture of it; without one while nobody has signed."""
    if not found.hashed:
        return found
    said = json.loads(found.hashed)
    days = [(date.fromisoformat(day), many) for day, many in said["days"]]
    return Done(found.hashed, draw(days, said["goal"])) if days else Done("")


def draw(days: Sequence[tuple[date, int]], goal: int) -> bytes:
    """A PNG of how many had signed by which day. `days` are in their order; there is at least one."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(picture)
    big, small = (ImageFont.truetype(str(FONT), size) for size in (44, 26))
    points = [(days[0][0], 0)]
    for day, many in days:
        points.append((day, points[-1][1] + many))
    total = points[-1][1]
    top = max(goal, total, 1)
    span = max(1, (days[-1][0] - days[0][0]).days)

    def place(day: date, many: int) -> tuple[int, int]:
        across = 1 if len(days) == 1 and many else (day - days[0][0]).days / span
        return int(LEFT + (RIGHT - LEFT) * across), int(BOTTOM - (BOTTOM - TOP) * many / top)

    line = [place(day, many) for day, many in points]
    pen.polygon([*line, (line[-1][0], BOTTOM), (line[0][0], BOTTOM)], fill=PALE)
    pen.line((LEFT, BOTTOM, RIGHT, BOTTOM), fill=INK, width=2)
    pen.line(line, fill=LINE, width=6, joint="curve")
    _goal(pen, place(days[0][0], goal)[1], goal, small)
    pen.text((LEFT, 16), f"{total:,}".replace(",", " "), INK, big)
    pen.text((LEFT, BOTTOM + 16), f"{days[0][0]:%d.%m.%Y}", INK, small)
    pen.text((RIGHT, BOTTOM + 16), f"{days[-1][0]:%d.%m.%Y}", INK, small, anchor="ra")
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _goal(pen: ImageDraw.ImageDraw, height: int, goal: int, font: ImageFont.FreeTypeFont) -> None:
    """A dashed line with a small flag."""
    for x in range(LEFT, RIGHT, 24):
        pen.line((x, height, x + 12, height), fill=GOAL, width=3)
    pen.polygon((RIGHT - 12, height - 34, RIGHT + 14, height - 26, RIGHT - 12, height - 18), fill=GOAL)
    pen.line((RIGHT - 12, height - 34, RIGHT - 12, height), fill=GOAL, width=3)
    pen.text((RIGHT - 24, height - 36), f"{goal:,}".replace(",", " "), GOAL, font, anchor="ra")
