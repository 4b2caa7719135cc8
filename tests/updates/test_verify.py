"""Is this text yours? Copied, cropped, re-wrapped and typed texts are known; every changed word is shown."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.domain.bulletin import Kind
from bot.domain.conversation import Attached, Said
from storage.database import Tx
from storage.schema import alarm
from tests.family.looking import forge
from tests.stage import Actor, Stage
from tests.updates.printing import ENGLISH, RUSSIAN, TEXTS, correct, publish

OURS = "These are our words: No. 1"
PART = "This is a part of our No. 1"
ALTERED = "This was altered. It resembles our No. 1"
NEVER = "We have never sent this text."


async def forwards(stage: Stage, actor: Actor, text: str) -> str:
    """Forward a text. The answer."""
    await actor.memory.hear(actor.account, Said(text, forwarded=True))
    await stage.settle()
    return actor.last


@pytest.fixture
async def reader(stage: Stage) -> Actor:
    """Somebody who reads English, after one bulletin was published in three languages."""
    maria = stage.actor("maria")
    await maria.settles_in("Maria")
    await publish(stage)
    return maria


@pytest.mark.parametrize("language", list(TEXTS))
async def test_a_true_copy_is_known_in_each_language(stage: Stage, reader: Actor, language: str) -> None:
    said = await forwards(stage, reader, TEXTS[language])
    assert OURS in said
    assert "No. 1 is current." in said
    await reader.presses("Read No. 1")
    assert TEXTS[language] in reader.last


@pytest.mark.parametrize("language", list(TEXTS))
async def test_line_breaks_quotes_emoji_and_invisible_marks_are_nothing(
    stage: Stage, reader: Actor, language: str
) -> None:
    text = TEXTS[language].replace("\n", "  ").replace("📰 ", "").replace(" – ", " ").replace("12 500", "12500")
    said = await forwards(stage, reader, "»" + "\u200b".join(text))
    assert OURS in said
    assert "spelled" not in said


async def test_a_cropped_copy_is_called_a_part(stage: Stage, reader: Actor) -> None:
    said = await forwards(stage, reader, RUSSIAN.split("\n")[2])
    assert PART in said
    assert "What was left out may change what it means." in said


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("18 солдат", "13 солдат", "We said “18” → the copy says “13”"),
        ("18 солдат", "180 солдат", "We said “18” → the copy says “180”"),
        ("12 500", "12 5О0 0", "the copy says"),
        ("18 солдат", "\u202e18\u202c солдат", "We said “18” → the copy says “81”"),
        ("открыта", "закрыта", "We said “открыта” → the copy says “закрыта”"),
        ("Подтверждено", "Не подтверждено", "Added: “Не”"),
        ("Что неизвестно: ", "", "Left out: “Что неизвестно”"),
    ],
)
async def test_a_changed_word_is_shown(stage: Stage, reader: Actor, old: str, new: str, shown: str) -> None:
    said = await forwards(stage, reader, RUSSIAN.replace(old, new, 1))
    assert ALTERED in said
    assert shown in said


async def test_an_added_sentence_is_shown(stage: Stage, reader: Actor) -> None:
    said = await forwards(stage, reader, RUSSIAN + "\nВсем выйти на площадь сегодня в шесть.")
    assert ALTERED in said
    assert "Added: “Всем выйти на площадь сегодня в шесть”" in said


async def test_letters_and_digits_that_look_alike_neither_hide_nor_make_a_change(stage: Stage, reader: Actor) -> None:
    alike = RUSSIAN.replace("солдат", "cолдaт").replace("дороге", "д0роге").replace("больница", "Бoльницa")
    said = await forwards(stage, reader, alike)
    assert OURS in said
    assert "spelled" not in said
    assert "“18” → the copy says “1О8”" in await forwards(stage, reader, RUSSIAN.replace("18", "1О8", 1))
    assert "the copy says “12 ЗОО”" in await forwards(stage, reader, RUSSIAN.replace("12 500", "12 ЗОО", 1))


async def test_a_text_typed_from_a_screenshot_is_known_and_its_slips_are_shown(stage: Stage, reader: Actor) -> None:
    typed = (
        "doroga horog rushan otkryta chto izvestno 18 soldat i 12 500 zhiteley byli na doroge podtverzhdeno 21 marta"
    )
    await reader.says("/verify")
    await reader.says(typed)
    assert PART in reader.last
    slips = RUSSIAN.replace("жителей", "жтелей").replace("были", "били")
    said = await forwards(stage, reader, slips)
    assert OURS in said
    assert "Some words are spelled otherwise. Look whether they mean the same:" in said
    assert "“жителей” → the copy says “жтелей”" in said
    assert "“были” → the copy says “били”" in said


async def test_no_single_changed_digit_ever_passes(stage: Stage, reader: Actor) -> None:
    dice = random.Random(5)
    places = [n for n, one in enumerate(ENGLISH) if one.isdecimal()]
    for at in places:
        other = dice.choice([one for one in "0123456789" if one != ENGLISH[at]])
        assert ALTERED in await forwards(stage, reader, ENGLISH[:at] + other + ENGLISH[at + 1 :])


async def test_what_was_never_sent_is_said_calmly(stage: Stage, reader: Actor) -> None:
    said = await forwards(stage, reader, "Tomorrow all men of the town shall come to the square with their papers.")
    assert NEVER in said
    assert "Our moderators never write to you first" in said


async def test_a_few_words_are_too_short_to_tell(stage: Stage, reader: Actor) -> None:
    assert "too short to tell" in await forwards(stage, reader, "18 солдат и 12 500 жителей")


async def test_a_forwarded_call_for_help_is_no_call(stage: Stage, reader: Actor) -> None:
    for text in ("I need help", "SOS", "/sos", "/verify", "I need help. I need help. I need help. I need help now."):
        await forwards(stage, reader, text)
    calls = await stage.storage.read(_count)
    assert calls == 0
    await reader.says("/verify")
    await reader.says("I need help")
    assert "Stopped" not in reader.last
    assert "too short" not in reader.last  # one's own words are a call, also while a text is waited for


def _count(tx: Tx) -> int:
    count: int = tx.execute(sa.select(sa.func.count()).select_from(alarm)).scalar_one()
    return count


async def test_a_copy_of_what_was_corrected_says_by_what(stage: Stage, reader: Actor) -> None:
    await stage.pass_time(timedelta(hours=1))
    await correct(stage, 1)
    said = await forwards(stage, reader, RUSSIAN)
    assert OURS in said
    assert "No. 1 was corrected by No. 2," in said
    assert "No. 1 is current" not in said
    await reader.presses("Read No. 2")
    assert "Мост закрыт" in reader.last
    await correct(stage, 2, kind=Kind.WITHDRAWAL)
    said = await forwards(stage, reader, RUSSIAN)
    assert "No. 2 was withdrawn by No. 3" in said


async def test_what_nobody_reviewed_and_exercises_are_named(stage: Stage, reader: Actor) -> None:
    texts = {
        "en": "📰 No. 2\nThe water is clean\nThe water of the old well was tested today and is clean enough to drink."
    }
    await publish(stage, texts, exercise=True, until=stage.now() + timedelta(hours=6))
    said = await forwards(stage, reader, texts["en"])
    assert "not yet reviewed" in said
    assert "part of an exercise" in said


async def test_words_behind_the_command_are_checked_however_long(reader: Actor) -> None:
    await reader.says(f"/verify {RUSSIAN} {'и ' * 10}")
    assert ALTERED in reader.last
    await reader.says(f"/verify {ENGLISH}")
    assert OURS in reader.last
    await reader.says(ENGLISH)  # also when nobody asked for it
    assert OURS in reader.last


async def test_for_a_picture_its_words_are_asked(stage: Stage, reader: Actor) -> None:
    await reader.says("/verify")
    await reader.memory.hear(reader.account, Attached("photo", "ref"))
    await stage.settle()
    assert "Type the words that stand there" in reader.last
    await reader.says(RUSSIAN.split("\n")[2])
    assert PART in reader.last


async def test_a_dialogue_still_waits_after_a_forwarded_text(stage: Stage, reader: Actor) -> None:
    await reader.says("/circles")
    await stage.in_code(reader, "circle.make")
    await forwards(stage, reader, RUSSIAN)
    await reader.says("Family")
    assert reader.sees("Family")


async def test_garbage_does_no_harm(stage: Stage, reader: Actor) -> None:
    dice = random.Random(7)
    for code in (
        "archive.one",
        "archive.one:zz:ru",
        "archive.one:1:xx",
        "archive.list:m:2026-13",
        "archive.list:w:-",
        "archive.list:t:x",
        "archive.list:p:nowhere:1",
        "archive.file:1",
        "archive.list:n:-:🙂",
    ):
        await forge(stage, reader, code)
    for _n in range(20):
        text = "".join(dice.choice(RUSSIAN + "\u202e\u200f<>&{}%'-0Оo") for _m in range(400))
        assert ALTERED not in await forwards(stage, reader, text)
    await forwards(stage, reader, "а " * 2000 + RUSSIAN)
    await forwards(stage, reader, "<b>{number}</b> & " + RUSSIAN)
    assert "Added: “b number b”" in reader.last
