"""A petition's card as a picture, to be forwarded: its title, how many signed, and a code that leads to it."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import segno
from PIL import Image, ImageDraw, ImageFont

from storage.jobs import Done, Job

FONT: Final = Path(__file__).with_name("NotoSansWide.ttf")  # of Noto Sans (SIL Open Font License)
WIDTH, HEIGHT = 1080, 1080  # pixels: every platform shows a square whole
EDGE: Final = 70
CODE: Final = 400  # the square to be scanned
TITLE: Final = (64, 56, 48, 42, 36)  # how large its letters are: the largest that fits
ROOM: Final = 420  # for the title
PAPER, INK, QUIET, BAND = "#ffffff", "#1b1b1b", "#5f6368", "#0b6e4f"


@dataclass(frozen=True, slots=True)
class Card:
    """What stands on it, already spoken in a language. `count` is exact; `words` say what it counts."""

    title: str
    count: int
    words: str
    link: str

    def packed(self) -> str:
        """As the body of a job."""
        return json.dumps(asdict(self), ensure_ascii=False)


def do(job: Job) -> Done:
    """What a job on a card finds. The body may say more than what is drawn."""
    held = json.loads(job.body)
    return Done("", draw(Card(*(held[name] for name in ("title", "count", "words", "link")))))


def draw(card: Card) -> bytes:
    """A PNG: the same bytes for the same card."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, WIDTH, 22), fill=BAND)
    font, lines = _fitting(pen, "".join(one if one.isprintable() else " " for one in card.title))
    top = EDGE
    for line in lines:
        pen.text((EDGE, top), line, INK, font)
        top += _height(font)
    middle = HEIGHT - EDGE - CODE // 2
    number = f"{card.count:,}".replace(",", "\u00a0")
    pen.text((EDGE, middle - 20), number, BAND, _font(_size_of(pen, number)), anchor="ls")
    small = _font(38)
    top = middle + 10
    for line in _wrapped(pen, card.words, small, WIDTH - 3 * EDGE - CODE)[:4]:
        pen.text((EDGE, top), line, QUIET, small)
        top += _height(small)
    picture.paste(_code(card.link), (WIDTH - EDGE - CODE, HEIGHT - EDGE - CODE))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _code(link: str) -> Image.Image:
    """A square of the right size, whose dots are whole pixels."""
    code, file = segno.make_qr(link, error="m"), io.BytesIO()
    code.save(file, kind="png", scale=max(1, CODE // code.symbol_size(border=2)[0]), border=2)
    square, drawn = Image.new("RGB", (CODE, CODE), PAPER), Image.open(file)
    square.paste(drawn, ((CODE - drawn.width) // 2, (CODE - drawn.height) // 2))
    return square


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size)


def _height(font: ImageFont.FreeTypeFont) -> int:
    return round(font.size * 1.3)


def _size_of(pen: ImageDraw.ImageDraw, number: str) -> int:
    """How large a number's digits can be beside the code."""
    room = WIDTH - 3 * EDGE - CODE
    return next((size for size in (120, 100, 84, 70, 56) if pen.textlength(number, _font(size)) <= room), 44)


def _fitting(pen: ImageDraw.ImageDraw, title: str) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """The largest letters in which a title has room, and its lines; what has no room in the smallest is left off."""
    font, lines = _font(TITLE[-1]), list[str]()
    for size in TITLE:
        font = _font(size)
        lines = _wrapped(pen, title, font, WIDTH - 2 * EDGE)
        if len(lines) * _height(font) <= ROOM:
            return font, lines
    most = ROOM // _height(font)
    return font, [*lines[: most - 1], lines[most - 1].rstrip() + " …"]


def _wrapped(pen: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, room: int) -> list[str]:
    """A text in lines that fit; a word that is longer than a line is cut."""
    lines, line = list[str](), ""
    for word in text.split():
        rest = word
        while pen.textlength(rest, font) > room:
            if line:
                lines.append(line)
                line = ""
            cut = next(n for n in range(len(rest) - 1, 0, -1) if n == 1 or pen.textlength(rest[:n], font) <= room)
            lines.append(rest[:cut])
            rest = rest[cut:]
        longer = f"{line} {rest}".strip()
        if pen.textlength(longer, font) <= room:
            line = longer
        else:
            lines.append(line)
            line = rest
    return [*lines, line] if line else lines or [""]
