"""A picture that somebody has sent, as readers get it: its pixels anew, and nothing that was hidden beside them.

Whatever the file brings is opened by a process of its own, with little memory and little time: a file that breaks the
library that reads it breaks nothing else. This file is that process too, and therefore imports nothing of the house.
"""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import Image

LARGEST: Final = 20_000_000  # bytes: as much as Telegram hands to a bot
SIDE: Final = 1280  # pixels of the longer side, as it goes out
WEIGHT: Final = 400_000  # bytes, as it goes out: it must arrive where the network is weak
MOST_PIXELS: Final = 40_000_000
FORMATS: Final = ("JPEG", "PNG", "WEBP")
MEMORY: Final = 1 << 29  # bytes
SECONDS: Final = 8  # of a core
PATIENCE: Final = 25  # seconds in all: a program that is to stop is given thirty
_STEPS: Final = ((1, 85), (1, 70), (1, 55), (0.75, 60), (0.5, 60), (0.5, 40), (0.25, 40))  # of its side, and how fine

NO_PICTURE, TOO_LARGE, MOVING, BROKEN = "no picture", "too large", "moving", "broken"
_CODES: Final = {NO_PICTURE: 3, TOO_LARGE: 4, MOVING: 5, BROKEN: 6}


class BadPicture(Exception):  # noqa: N818 - it names what was sent
    """What was sent can't go out. `why` is one of the four words above."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def clean(data: bytes) -> bytes:
    """The picture as it goes out: a JPEG made of its pixels alone. Raises BadPicture. Takes up to 25 seconds."""
    if len(data) > LARGEST:
        raise BadPicture(TOO_LARGE)
    try:
        child = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-I", "-B", __file__],
            input=data,
            capture_output=True,
            timeout=PATIENCE,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BadPicture(BROKEN) from None
    if child.returncode == 0 and child.stdout.startswith(b"\xff\xd8"):
        return child.stdout
    raise BadPicture(next((why for why, code in _CODES.items() if code == child.returncode), BROKEN))


def remade(data: bytes) -> bytes:
    """The same without walls around it: for the process of its own. Raises BadPicture, or anything at all."""
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


def _main() -> int:
    with suppress(OSError):  # if the machine has too little memory, this process goes first
        Path("/proc/self/oom_score_adj").write_text("900", "ascii")
    for which, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(OSError, ValueError):  # where that is forbidden, the pixels are counted and the clock runs anyway
            _soft, hard = resource.getrlimit(which)
            allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(which, (allowed, allowed))
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
