"""A picture or a PDF that somebody has sent, as readers get it: its pixels anew, and nothing hidden beside them.

The pages of a PDF become pictures, too. So no name, form, script, file inside, layer or word under a black bar goes on.

Whatever the file brings is opened by a process of its own (``walls``). This file is that process too, and therefore
imports nothing of the house there.
"""

from __future__ import annotations

import io
import math
import subprocess
import sys
import warnings
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import Image

LARGEST: Final = 20_000_000  # bytes: as much as Telegram hands to a bot
SIDE: Final = 1280  # pixels of the longer side, as it goes out
WEIGHT: Final = 400_000  # bytes, as it goes out: it must arrive where the network is weak
MOST_PIXELS: Final = 40_000_000
FORMATS: Final = ("JPEG", "PNG", "WEBP")
MEMORY: Final = 1 << 29  # bytes
SECONDS: Final = 15  # of a core
PATIENCE: Final = 25  # seconds in all: a program that is to stop is given thirty
_STEPS: Final = ((1, 85), (1, 70), (1, 55), (0.75, 60), (0.5, 60), (0.5, 40), (0.25, 40))  # of its side, and how fine

PAGES: Final = 10  # of a PDF
PAGE: Final = 1754  # pixels of a page's longer side: A4 at 150 to the inch
PAGES_WEIGHT: Final = 1_200_000  # bytes of a PDF, as it goes out
COLOURS: Final = 32  # words on paper need no more, and without a colour half of them
ALIKE: Final = 1.5  # of 255, on an average: so much may a page of few colours differ from itself
HUE: Final = 12  # of 255: what differs less is grey
_PAGE_STEPS: Final = ((1, 50), (0.75, 45), (0.75, 25))  # of its side, and how fine: what is smaller nobody can read

NO_PICTURE, TOO_LARGE, MOVING, BROKEN = "no picture", "too large", "moving", "broken"
TOO_HEAVY, LOCKED, TOO_LONG = "too heavy", "locked", "too long"
_CODES: Final = {NO_PICTURE: 3, TOO_LARGE: 4, MOVING: 5, BROKEN: 6, TOO_HEAVY: 7, LOCKED: 8, TOO_LONG: 9}


class BadPicture(Exception):  # noqa: N818 - it names what was sent
    """What was sent can't go out. `why` is one of the words above."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def clean(data: bytes) -> bytes:
    """As it goes out: a JPEG, or a PDF of such pages, made of the pixels alone.

    Raises BadPicture. Takes up to 25 seconds.
    """
    from bot.jobs import walls  # noqa: PLC0415 - not in the process of its own

    if len(data) > LARGEST:
        raise BadPicture(TOO_LARGE)
    try:
        code, made = walls.run(__file__, data, memory=MEMORY, seconds=SECONDS, patience=PATIENCE)
    except subprocess.TimeoutExpired:
        raise BadPicture(BROKEN) from None
    if code == 0 and made.startswith((b"\xff\xd8", b"%PDF-")):
        return made
    raise BadPicture(next((why for why, known in _CODES.items() if known == code), BROKEN))


def remade(data: bytes) -> bytes:
    """The same without walls around it: for the process of its own. Raises BadPicture, or anything at all."""
    return _paper(data) if data[:1024].lstrip().startswith(b"%PDF-") else _picture(data)


def _picture(data: bytes) -> bytes:
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415 - only the process of its own needs it

    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        raise BadPicture(NO_PICTURE) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadPicture(TOO_LARGE) from None
    if image.width * image.height > MOST_PIXELS:
        raise BadPicture(TOO_LARGE)
    if getattr(image, "n_frames", 1) > 1:
        raise BadPicture(MOVING)
    image.draft("RGB", (SIDE, SIDE))  # a JPEG of many pixels is made small while it is read
    image.load()
    small = image.convert("RGBA") if image.mode in {"P", "1"} else image
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    turned = ImageOps.exif_transpose(small)  # how the camera was held stands beside the pixels, too
    see_through = turned.convert("RGBA")
    pixels = Image.new("RGB", see_through.size, "white")  # a new one: it has never heard of what the other one holds
    pixels.paste(see_through, mask=see_through.getchannel("A"))
    return _light(pixels)


def _light(pixels: Image.Image) -> bytes:
    """A JPEG that is light enough."""
    for part, quality in _STEPS:
        size = max(1, round(pixels.width * part)), max(1, round(pixels.height * part))
        file = io.BytesIO()
        (pixels if part == 1 else pixels.resize(size)).save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() <= WEIGHT:
            break
    return file.getvalue()


# -- pages ---------------------------------------------------------------------------------------------------------


def _paper(data: bytes) -> bytes:
    """A PDF of the same pages, each one picture."""
    import pypdfium2 as pdfium  # noqa: PLC0415 - only the process of its own needs it

    try:
        paper = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        raise BadPicture(LOCKED if error.err_code == pdfium.raw.FPDF_ERR_PASSWORD else BROKEN) from None
    paper.init_forms()  # what was filled in belongs to what is seen; there is nothing here that runs a script
    count = len(paper)
    if not count:
        raise BadPicture(BROKEN)
    if count > PAGES:
        raise BadPicture(TOO_LONG)
    for part, quality in _PAGE_STEPS:
        made, left = [], PAGES_WEIGHT
        for number in range(count):
            page = paper[number]
            width, height = page.get_size()
            scale = PAGE * part / max(width, height)
            if not (math.isfinite(scale) and min(width, height) * scale >= 1):
                raise BadPicture(BROKEN)
            seen = page.render(scale=scale).to_pil().convert("RGB")
            page.close()
            made.append((width, height, *_drawn(seen, quality)))
            left -= len(made[-1][-1])
            if left < 0:
                break
        else:
            return _bound(made)
    raise BadPicture(TOO_HEAVY)


def _drawn(seen: Image.Image, quality: int) -> tuple[str, bytes]:
    """What a PDF says of a picture, and its bytes: of few colours, if that is the same to the eye and lighter."""
    from PIL import Image, ImageChops, ImageStat  # noqa: PLC0415 - as above

    red, green, blue = seen.split()
    hues = [ImageChops.difference(red, green).getextrema(), ImageChops.difference(red, blue).getextrema()]
    grey = all(most <= HUE for _least, most in hues)  # type: ignore[operator]
    whole = seen.convert("L") if grey else seen
    if grey:
        few, colours = whole.point([value // 17 for value in range(8, 264)]), bytes(n // 3 * 17 for n in range(48))
        back = few.point([min(255, value * 17) for value in range(256)])
        apart = ImageStat.Stat(ImageChops.difference(whole, back)).mean
    else:
        few = whole.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        colours = bytes((few.getpalette() or [])[: 3 * COLOURS])
        apart = ImageStat.Stat(ImageChops.difference(seen, few.convert("RGB"))).mean
    fine = io.BytesIO()
    whole.save(fine, "JPEG", quality=quality, optimize=True)
    packed = zlib.compress(few.tobytes())
    size = f"/Width {seen.width} /Height {seen.height} /BitsPerComponent 8"
    if max(apart) <= ALIKE and len(packed) < len(fine.getvalue()):
        table = f"[/Indexed /DeviceRGB {len(colours) // 3 - 1} <{colours.hex()}>]"
        return f"{size} /ColorSpace {table} /Filter /FlateDecode", packed
    return f"{size} /ColorSpace /Device{'Gray' if grey else 'RGB'} /Filter /DCTDecode", fine.getvalue()


def _bound(pages: list[tuple[float, float, str, bytes]]) -> bytes:
    """A PDF that holds pictures and nothing else: no title, no date, no number of its own."""
    things: list[bytes] = []
    kids = " ".join(f"{3 + 3 * n} 0 R" for n in range(len(pages)))
    things += [b"<</Type /Catalog /Pages 2 0 R>>", f"<</Type /Pages /Count {len(pages)} /Kids [{kids}]>>".encode()]
    for n, (width, height, said, drawn) in enumerate(pages):
        draw = f"{width:.2f} 0 0 {height:.2f} 0 0 cm /P Do".encode()
        things += [
            f"<</Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.2f} {height:.2f}] "
            f"/Resources <</XObject <</P {5 + 3 * n} 0 R>>>> /Contents {4 + 3 * n} 0 R>>".encode(),
            b"<</Length %d>>\nstream\n%b\nendstream" % (len(draw), draw),
            b"<</Type /XObject /Subtype /Image %b /Length %d>>\nstream\n%b\nendstream"
            % (said.encode(), len(drawn), drawn),
        ]
    file, starts = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for n, thing in enumerate(things, 1):
        starts.append(len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (n, thing)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    size, at = len(things) + 1, len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<</Size %d /Root 1 0 R>>\n" % (size, table, size)
    file += b"startxref\n%d\n%%%%EOF\n" % at
    return bytes(file)


# -- the process of its own ----------------------------------------------------------------------------------------


def _main() -> int:
    try:
        made = remade(sys.stdin.buffer.read())
    except BadPicture as bad:
        return _CODES[bad.why]
    except Exception:  # noqa: BLE001 - whatever a file does to the library: it is no picture that can go out
        return _CODES[BROKEN]
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    raise SystemExit(_main())
