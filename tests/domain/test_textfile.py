"""Files of words, whatever wrote them; and everything else that somebody may send."""

from __future__ import annotations

import codecs
import random

import pytest

from bot.domain import textfile
from bot.domain.textfile import TextFile, Unread

TAJIK = "Роҳи Хоруғ – Рӯшон кушода аст\nМаълум аст: 18 сарбоз ва 12 500 сокин дар роҳ буданд.\n"
RUSSIAN = "Дорога Хорог - Рушан открыта\nЧто известно: 18 солдат и 12 500 жителей были на дороге.\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251", "koi8-r", "cp866"]
)
def test_words_are_read_in_any_encoding(encoding: str) -> None:
    for text in (RUSSIAN, TAJIK):
        try:
            data = text.encode(encoding)
        except UnicodeEncodeError:  # an old alphabet has no Tajik letters
            continue
        got = textfile.read(data)
        assert isinstance(got, TextFile)
        assert got.text == text
        assert got.exact == (encoding == "utf-8")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_of_other_machines_are_nothing_but_known(end: str) -> None:
    got = textfile.read(TAJIK.replace("\n", end).encode())
    assert got == TextFile(TAJIK, exact=False)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", Unread.EMPTY),
        (b"\xef\xbb\xbf", Unread.EMPTY),
        (codecs.BOM_UTF16_LE, Unread.EMPTY),
        (b"\x00" * 1000, Unread.EMPTY),
        (b" \r\n\t" * 40, Unread.EMPTY),
        (b"%PDF-1.7\n" + b"x" * 200_000, Unread.PDF),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 50, Unread.PICTURE),
        (b"\xff\xd8\xff\xe0" + b"x" * 50, Unread.PICTURE),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", Unread.PICTURE),
        (b"PK\x03\x04" + bytes(range(256)) * 20, Unread.OTHER),
        (b"\x7fELF" + bytes(range(256)) * 20, Unread.OTHER),
        (random.Random(1).randbytes(5000), Unread.OTHER),
        (b"\xff\xfe\x00\xd8" * 90, Unread.OTHER),  # half letters
        (b"a" * (textfile.LARGEST + 1), Unread.TOO_LARGE),
    ],
)
def test_what_is_no_text_is_called_by_its_name(data: bytes, why: Unread) -> None:
    assert textfile.read(data) is why


def test_no_bytes_at_all_break_it() -> None:
    dice = random.Random(7)
    for length in range(0, 400, 3):
        textfile.read(dice.randbytes(length))
        textfile.read(b"\xff\xfe" + dice.randbytes(length))
