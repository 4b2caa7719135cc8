"""The community's public key, where people look for it: in the bot, on a sheet, on the bot's own pages."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from datetime import timedelta

import pytest

from bot import i18n
from bot.jobs import posters
from bot.jobs.cards import FONT
from handlers.profile import profile
from storage import bulletins
from tests.stage import BEGIN, Actor, Stage
from tests.storage.servers import SIGNER
from tests.updates.printing import publish

KEY = SIGNER.root
LONGEST = 512


@pytest.fixture
async def reader(stage: Stage) -> Actor:
    maria = stage.actor("maria")
    await maria.settles_in("Maria")
    return maria


async def test_the_page_shows_the_key_two_commands_and_where_to_compare_it(stage: Stage, reader: Actor) -> None:
    await publish(stage)
    await reader.says("/bulletins")
    await reader.presses("How to check it yourself")
    assert f"minisign -V -P {KEY} -m bulletins.certificate" in reader.last
    assert f"payvand verify bulletin-7-en.txt --public-key {KEY}" in reader.last
    assert reader.last.splitlines()[2] == KEY, "on a line of its own"
    assert "Compare the key" in reader.last


async def test_it_is_reached_from_the_signed_file_as_well(stage: Stage, reader: Actor) -> None:
    await publish(stage)
    await reader.says("/bulletins")
    await reader.presses("No. 1")
    await reader.presses("The signed file")
    await reader.presses("How to check it yourself")
    assert KEY in reader.last


async def test_the_sheet_comes_as_a_file_and_is_cleaned_away(stage: Stage, reader: Actor) -> None:
    await reader.says("/bulletins")
    await reader.presses("How to check it yourself")
    await reader.presses("A sheet to print")
    (sheet,) = [one.attachment for one in reader.messages if one.attachment is not None]
    assert (sheet.name, sheet.data) == ("key.pdf", posters.draw(KEY))
    await stage.pass_time(timedelta(days=3))
    assert [one for one in reader.messages if one.attachment is not None] == []


async def test_without_a_key_it_is_said_so(reader: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulletins, "public_key", lambda _tx: "")
    await reader.says("/bulletins")
    await reader.presses("How to check it yourself")
    assert "no public key yet" in reader.last
    assert "A sheet to print" not in str(reader.buttons)


def drawn(page: bytes) -> str:
    """What a page's own streams hold."""
    parts = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", page, re.DOTALL)
    said = []
    for part in parts:
        try:
            said.append(zlib.decompress(part).decode("latin-1"))
        except zlib.error:
            continue
    return "\n".join(said)


def test_the_sheet_is_one_page_with_all_the_sentences_and_tells_no_day(catalogues: None) -> None:
    del catalogues
    page = posters.draw(KEY)
    assert len(re.findall(rb"/Type /Page\b(?!s)", page)) == 1
    assert page == posters.draw(KEY), "the same bytes, whenever it is drawn"
    assert b"20000101" in page
    assert re.findall(rb"D:(\d{8})", page) == [b"20000101"] * len(re.findall(rb"D:(\d{8})", page))
    heights = [float(found) for found in re.findall(r"BT [\d.]+ ([\d.]+) Td", drawn(page))]
    assert len(heights) >= 2 + 3 * 3, "the key, and three sentences in three languages"
    assert min(heights) > 28, "nothing runs over the lower edge"  # noqa: PLR2004 - points: a centimetre


@pytest.fixture
def catalogues() -> None:
    i18n.open_catalogues(strict=False)


def test_every_letter_of_the_sheet_is_in_its_font(catalogues: None) -> None:
    del catalogues
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - comes with the library that draws pages

    with TTFont(FONT) as font:
        known = set(font.getBestCmap())
    for language in i18n.LANGUAGES:
        for line in posters.sentences():
            said = i18n.plain(i18n.speak(line, language, BEGIN))
            missing = Counter(letter for letter in said if ord(letter) not in known)
            assert not missing, language


def test_the_bot_says_its_key_of_itself_within_the_limit(catalogues: None) -> None:
    del catalogues
    said = profile(BEGIN, KEY)
    for language in ("", *i18n.LANGUAGES):
        about = said[language]["description"]
        assert about.endswith(KEY)
        assert len(about) <= LONGEST
        assert KEY not in said[language]["short"]
    assert all(KEY not in texts["description"] for texts in profile(BEGIN).values()), "without a key nothing is added"
    assert profile(BEGIN)["en"]["description"] in said["en"]["description"]
