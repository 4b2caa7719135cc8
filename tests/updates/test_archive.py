"""What was published stays readable: by day, district, topic and words, with what became of it, and as signed files."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from bot import verification
from bot.domain.bulletin import Kind, Topic
from bot.verification import Certificates, Proof
from storage import bulletins, copies
from storage.database import Tx
from storage.schema import shingle
from storage.signing import throwaway_signer
from tests.stage import Actor, Stage
from tests.storage.servers import SIGNER
from tests.updates.printing import ENGLISH, RUSSIAN, TAJIK, correct, publish


@pytest.fixture
async def reader(stage: Stage) -> Actor:
    """Somebody who reads English."""
    maria = stage.actor("maria")
    await maria.settles_in("Maria")
    return maria


async def test_an_empty_archive_says_so(reader: Actor) -> None:
    await reader.says("/bulletins")
    assert "There is nothing here yet." in reader.last
    await reader.presses("Month")
    assert "Which month?" in reader.last


async def test_the_newest_stand_first_and_older_ones_behind_a_button(stage: Stage, reader: Actor) -> None:
    for _n in range(7):
        await publish(stage)
    await reader.says("/bulletins")
    assert [one for one in reader.buttons if one.startswith("No.")] == [f"No. {n}" for n in (7, 6, 5, 4, 3)]
    shown = len(reader.messages)
    await reader.presses("Older")
    assert len(reader.messages) == shown  # changed in place
    assert [one for one in reader.buttons if one.startswith("No.")] == ["No. 2", "No. 1"]
    await reader.presses("No. 2")
    assert ENGLISH in reader.last


async def test_it_is_found_by_district_topic_and_month(stage: Stage, reader: Actor) -> None:
    await publish(stage)
    await stage.pass_time(timedelta(days=40), timedelta(days=10))
    later = throwaway_signer("Pamir Bridge", stage.now())
    assert later.until > stage.now()
    await reader.says("/bulletins")
    await reader.presses("District")
    await reader.says("Хорог")
    await reader.presses("Khorog")
    assert "Published about Khorog" in reader.last
    assert "No. 1" in reader.last
    await reader.presses("Topic")
    await reader.presses("Health")
    assert "There is nothing here yet." in reader.last
    await reader.presses("Topic")
    await reader.presses("Roads")
    assert "The road Khorog – Rushan is open" in reader.last
    await reader.presses("Month")
    await reader.presses("03.2026")
    assert "No. 1" in reader.last


async def test_a_shelf_of_districts_holds_each_of_its_districts(stage: Stage) -> None:
    await publish(stage, topic=Topic.HEALTH)
    assert await stage.storage.read(partial(copies.search, most=5, place="gbao")) == [1]
    assert await stage.storage.read(partial(copies.search, most=5, place="sughd")) == []


@pytest.mark.parametrize(
    "words",
    [
        "дороги",
        "дорога Рушан",
        "doroga",
        "солдаты",
        "роҳ",
        "рохи Хоруг",
        "сарбозон",
        "беморхона",
        "soldier",
        "ROADS open",
        "12500",
    ],
)
async def test_words_are_found_in_three_languages_and_any_keyboard(stage: Stage, reader: Actor, words: str) -> None:
    await publish(stage)
    await correct(stage, 1)
    await reader.says("/bulletins")
    await reader.presses("Words")
    await reader.says(words)
    assert f"Published with the words “{words}”" in reader.last
    assert "No. 1," in reader.last
    assert "No. 2," not in reader.last


async def test_what_no_text_holds_is_not_found_and_pages_of_a_search_go_on(stage: Stage, reader: Actor) -> None:
    for _n in range(6):
        await publish(stage)
    await reader.says("/bulletins")
    await reader.presses("Words")
    await reader.says("верблюд")
    assert "There is nothing here yet." in reader.last
    await reader.says("🙂🙂")
    await reader.says("soldiers")
    await reader.presses("Older")
    assert "No. 1," in reader.last
    await reader.says("I am safe")  # a search takes nobody's words away
    assert "Published with" not in reader.last


async def test_old_versions_stay_readable_with_their_history(stage: Stage, reader: Actor) -> None:
    await publish(stage)
    await correct(stage, 1)
    await correct(stage, 2, kind=Kind.WITHDRAWAL)
    await reader.says("/bulletins")
    await reader.presses("No. 1")
    assert "No. 1 was corrected by No. 2," in reader.last
    assert "No. 2 was withdrawn by No. 3," in reader.last
    assert ENGLISH in reader.last
    await reader.presses("Read No. 3")
    await reader.presses("Before: No. 2")
    await reader.presses("Before: No. 1")
    await reader.presses("Тоҷикӣ")
    assert TAJIK in reader.last


async def test_a_missing_language_is_said_and_never_silently_another(stage: Stage, reader: Actor) -> None:
    await publish(stage, {"ru": RUSSIAN})
    await reader.says("/bulletins")
    assert "not yet translated" in reader.last
    await reader.presses("No. 1")
    assert "No. 1 is not yet translated into your language." in reader.last
    assert RUSSIAN not in reader.last
    await reader.presses("Русский")
    assert RUSSIAN in reader.last


async def test_the_signed_file_comes_with_all_that_proves_it(stage: Stage, reader: Actor) -> None:
    await publish(stage)
    await stage.storage.write(
        lambda tx: bulletins.publish(
            tx,
            throwaway_signer("Pamir Bridge", stage.now()),
            bulletins.draft_of(tx, 1),
            {"en": "Signed by the next online key"},
            stage.now(),
            author=None,
            reviewer=None,
        )
    )
    await reader.says("/bulletins")
    await reader.presses("No. 1")
    await reader.presses("The signed file")
    sent = {one.attachment.name: one.attachment.data for one in reader.messages if one.attachment is not None}
    assert list(sent) == [
        "bulletin-1-en.txt",
        "bulletin-1-en.txt.minisig",
        "bulletins.certificate",
        "bulletins.certificate.minisig",
    ]
    file, signature, certificate, vouching = sent.values()
    proofs = [Proof("it", file, signature)]
    head = verification.check(proofs, [Certificates(certificate, vouching)], SIGNER.root, stage.now())[0]
    assert (head.number, head.language) == (1, "en")
    assert sent["bulletin-1-en.txt"].decode().endswith(ENGLISH + "\n")


async def test_what_every_text_says_does_not_slow_the_look_up(stage: Stage) -> None:
    for n in range(copies.COMMON + 10):
        await publish(stage, {"en": f"Number {n} differs from all the others here. To check a copy, forward it to me."})

    def most(tx: Tx) -> int:
        count = sa.func.count()
        query = sa.select(count).select_from(shingle).group_by(shingle.c.hash).order_by(count.desc()).limit(1)
        found: int = tx.execute(query).scalar_one()
        return found

    assert await stage.storage.read(most) == copies.COMMON
