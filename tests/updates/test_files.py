"""A file that somebody sends: ours and current, corrected, withdrawn, altered, never sent, or nothing to be read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.domain import textfile
from bot.domain.bulletin import Edition, Kind
from bot.domain.conversation import Attached
from bot.jobs import posters
from bot.outbox.courier import CourierError, NoFile, NotSent, TooBig, Unknown
from storage import bulletins, copies, signing
from storage.database import Tx
from storage.schema import asked, job
from tests.stage import Actor, Stage
from tests.updates.printing import ENGLISH, correct, publish

OURS = "This is our signed file of No. 1"
ALTERED = "This was altered. It resembles our No. 1"
NEVER = "We have never sent this text."
BAD = "This signature belongs to nothing that we have published."


async def sends(stage: Stage, actor: Actor, data: bytes, *, kind: str = "document", caption: str = "") -> str:
    """Send a file. The answer."""
    reference = f"f{len(actor.memory.files)}"
    actor.memory.files[reference] = data
    await actor.memory.hear(actor.account, Attached(kind, reference, caption))
    await stage.settle()
    return actor.last


@pytest.fixture
async def reader(stage: Stage) -> Actor:
    """Somebody who reads English, after one bulletin was published in three languages."""
    maria = stage.actor("maria")
    await maria.settles_in("Maria")
    await publish(stage)
    return maria


async def edition(stage: Stage, language: str = "en", number: int = 1) -> Edition:
    found = await stage.storage.read(lambda tx: bulletins.editions(tx, number))
    return found[language]


async def certificate(stage: Stage) -> tuple[bytes, bytes]:
    found = await stage.storage.read(copies.certificates)
    return found[-1][1], found[-1][2]


def waiting(tx: Tx) -> int:
    return len(tx.execute(job.select()).all())


# -- words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["tg", "ru", "en"])
async def test_the_file_itself_is_known_with_its_signature(stage: Stage, reader: Actor, language: str) -> None:
    one = await edition(stage, language)
    said = await sends(stage, reader, one.file.encode())
    assert OURS in said
    assert "nothing in it was changed" in said
    assert "Our signature under it is good." in said
    assert "No. 1 is current." in said
    assert "stored it in another way" not in said
    await reader.presses("Read No. 1")
    assert one.text in reader.last


@pytest.mark.parametrize(
    "stored",
    [
        lambda file: file.encode("utf-8-sig"),
        lambda file: file.replace("\n", "\r\n").encode(),
        lambda file: file.encode("utf-16"),
        lambda file: file.replace("\n", "\r\n").encode("utf-16-le"),
        lambda file: b"\xef\xbb\xbf" + file.replace("\n", "\r\n").encode(),
    ],
)
async def test_what_a_program_made_of_its_bytes_is_said_and_is_no_change(
    stage: Stage, reader: Actor, stored: Callable[[str], bytes]
) -> None:
    one = await edition(stage, "tg")
    said = await sends(stage, reader, stored(one.file))
    assert OURS in said
    assert "stored it in another way" in said


async def test_a_file_of_what_was_corrected_or_withdrawn_says_by_what(stage: Stage, reader: Actor) -> None:
    one = await edition(stage)
    await stage.pass_time(timedelta(hours=1))
    await correct(stage, 1)
    said = await sends(stage, reader, one.file.encode())
    assert OURS in said
    assert "No. 1 was corrected by No. 2," in said
    assert "No. 1 is current" not in said
    await correct(stage, 2, kind=Kind.WITHDRAWAL)
    said = await sends(stage, reader, one.file.encode())
    assert "No. 2 was withdrawn by No. 3" in said


async def test_changed_words_of_a_file_are_shown(stage: Stage, reader: Actor) -> None:
    one = await edition(stage)
    said = await sends(stage, reader, one.file.replace("18 soldiers", "13 soldiers").encode())
    assert ALTERED in said
    assert "We said “18” → the copy says “13”" in said
    assert OURS not in said
    assert "signature" not in said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("number: 1\n", "number: 2\n"),
        ("reviewed: yes", "reviewed: no"),
        ("exercise: no", "exercise: yes"),
        ("urgency: news", "urgency: urgent"),
        ("entry: 3\n", "entry: 1\n"),
        ("entry: 3\n", "entry: 999999999\n"),
        ("entry: 3\n", ""),
        ("place: khorugh", "place: khorugh\nplaces: everywhere"),
    ],
)
async def test_a_changed_line_above_the_words_is_shown(stage: Stage, reader: Actor, old: str, new: str) -> None:
    one = await edition(stage)
    assert one.entry == 3, "what the examples change"  # noqa: PLR2004
    said = await sends(stage, reader, one.file.replace(old, new, 1).encode())
    assert "This is not our file of No. 1: above the words, this was changed:" in said
    assert (new.strip() or old.strip()).split("\n")[-1] in said
    assert "These are our words" not in said
    assert OURS not in said


async def test_what_is_changed_above_and_below_is_shown_both(stage: Stage, reader: Actor) -> None:
    one = await edition(stage)
    changed = one.file.replace("place: khorugh", "place: rushon").replace("18 soldiers", "81 soldiers")
    said = await sends(stage, reader, changed.encode())
    assert "place: rushon" in said
    assert "the copy says “81”" in said


async def test_a_plain_copy_in_a_file_is_known_like_a_forwarded_one(stage: Stage, reader: Actor) -> None:
    assert "These are our words: No. 1" in await sends(stage, reader, ENGLISH.encode())
    assert "a part of our No. 1" in await sends(stage, reader, ENGLISH.split("\n")[2].encode())
    assert ALTERED in await sends(stage, reader, (ENGLISH + "\nEverybody go to the square at six.").encode("utf-16"))


async def test_a_copy_in_an_old_alphabet_is_known(stage: Stage, reader: Actor) -> None:
    one = await edition(stage, "ru")
    for encoding in ("cp1251", "koi8-r"):
        assert "No. 1" in await sends(stage, reader, one.text.encode(encoding, "ignore"))


async def test_another_text_was_never_sent(stage: Stage, reader: Actor) -> None:
    said = await sends(stage, reader, b"Tomorrow all men of the town shall come to the square with their papers.")
    assert NEVER in said
    assert "Our moderators never write to you first" in said
    forged = (await edition(stage)).file.partition("\n\n")[0] + "\n\nAll men shall come to the square at six today.\n"
    assert NEVER in await sends(stage, reader, forged.encode())


# -- signatures ----------------------------------------------------------------------------------------------------


async def test_a_signature_alone_says_of_what_it_is(stage: Stage, reader: Actor) -> None:
    one = await edition(stage, "ru")
    for data in (one.signature.encode(), one.signature.replace("\n", "\r\n").encode("utf-8-sig")):
        said = await sends(stage, reader, data)
        assert "our good signature of No. 1 (Русский)" in said
        assert "Send me the text file as well" in said
        assert "No. 1 is current." in said
    await correct(stage, 1)
    assert "No. 1 was corrected by No. 2" in await sends(stage, reader, one.signature.encode())


async def test_a_signature_that_somebody_made_or_changed_is_bad(stage: Stage, reader: Actor) -> None:
    one, other = await edition(stage, "ru"), await edition(stage, "tg")
    stranger = signing.throwaway_signer("Payvand", stage.now())
    comment = signing.comment_of(one.signature.encode())
    lines = one.signature.split("\n")
    forged = [
        stranger.sign(one.file.encode(), comment),
        one.signature.replace(", entry 2", ", entry 1").encode(),  # says that it is of another file
        "\n".join([lines[0], other.signature.split("\n")[1], *lines[2:]]).encode(),
        "\n".join(lines[:2]).encode(),
        b"untrusted comment:",
        b"untrusted comment: x\nRW\ntrusted comment: payvand bulletin 1 ru, entry 2, now\nRW\n",
        b"untrusted comment: x\n" + b"A" * 90_000,
        stranger.vouching,
    ]
    assert "entry 2" in comment
    for data in forged:
        assert BAD in await sends(stage, reader, data)


async def test_the_certificate_and_its_signature_are_known(stage: Stage, reader: Actor) -> None:
    text, signature = await certificate(stage)
    assert "This is our certificate." in await sends(stage, reader, text)
    assert "good signature of our certificate" in await sends(stage, reader, signature)
    await reader.presses("How to check it yourself")
    assert "Our public key:" in reader.last
    stranger = signing.throwaway_signer("Payvand", stage.now())
    assert "our certificate" not in await sends(stage, reader, stranger.certificate)


# -- what is no text ------------------------------------------------------------------------------------------------


async def test_the_sheet_with_the_key_is_known_by_its_bytes_and_no_other_pdf(stage: Stage, reader: Actor) -> None:
    key = await stage.storage.read(bulletins.public_key)
    sheet = posters.draw(key)
    said = await sends(stage, reader, sheet)
    assert "This is the sheet with our public key, exactly as I make it." in said
    assert key in said
    other = posters.draw(signing.make_pair().public)
    for data in (other, sheet + b" ", b"%PDF-1.7 CANARY"):
        said = await sends(stage, reader, data)
        assert "I can't tell whether this PDF is ours" in said
        assert "exactly as I make it" not in said
        assert key in said, "to be compared with what the PDF shows"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "There is nothing in this file."),
        (b"PK\x03\x04" + bytes(range(256)) * 9, "this is another kind of file"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "this is another kind of file"),
        (b"a " * textfile.LARGEST, "too large to be one of ours"),
        (b"a " * 2_000_000, "too large to be one of ours"),
        (b"five words are too few", "too short to tell"),
    ],
)
async def test_what_can_t_be_read_is_said_kindly(stage: Stage, reader: Actor, data: bytes, sentence: str) -> None:
    assert sentence in await sends(stage, reader, data)
    assert await stage.storage.read(waiting) == 0


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (NoFile(), "I could not get this file. Please send it once more."),
        (TooBig(), "too large to be one of ours"),
    ],
)
async def test_a_file_that_the_platform_does_not_give_is_said(
    stage: Stage, reader: Actor, fault: CourierError, sentence: str
) -> None:
    reader.memory.fail(fault, "file/f0")
    assert sentence in await sends(stage, reader, ENGLISH.encode())


async def test_while_the_platform_can_t_be_reached_it_is_tried_again_and_then_given_up(
    stage: Stage, reader: Actor
) -> None:
    before = len(reader.messages)
    reader.memory.fail(NotSent(), "file/f0")
    reader.memory.fail(Unknown(), "file/f0")
    await sends(stage, reader, ENGLISH.encode())
    assert len(reader.messages) == before
    await stage.pass_time(timedelta(minutes=2))
    assert "These are our words: No. 1" in reader.last
    reader.memory.fail(NotSent(), "file/f1", times=60)
    await sends(stage, reader, ENGLISH.encode())
    for _n in range(9):
        await stage.pass_time(timedelta(minutes=10), timedelta(minutes=1))
    assert "I could not get this file. Please send it once more." in reader.last
    assert await stage.storage.read(waiting) == 0


# -- around it ------------------------------------------------------------------------------------------------------


async def test_strangers_and_members_are_answered_the_same(stage: Stage, reader: Actor) -> None:
    stranger = stage.actor("stranger")
    await stranger.starts()
    await stranger.presses("English")  # no name, no circle
    one = await edition(stage)
    for data in (
        one.file.encode(),
        one.signature.encode(),
        one.file.replace("18", "19").encode(),
        b"%PDF-1.7",
        b"",
        b"Tomorrow all men of the town shall come to the square with their papers.",
    ):
        assert await sends(stage, reader, data) == await sends(stage, stranger, data)


async def test_a_file_is_looked_at_also_when_the_question_was_asked_before(stage: Stage, reader: Actor) -> None:
    await reader.says("/verify")
    one = await edition(stage)
    assert OURS in await sends(stage, reader, one.file.encode(), caption="is this yours? I got it from a neighbour")


async def test_words_that_are_waited_for_are_still_waited_for_after_a_file(stage: Stage, reader: Actor) -> None:
    await reader.says("/circles")
    await stage.in_code(reader, "circle.make")
    assert "I can read only words." in await sends(stage, reader, ENGLISH.encode())
    await reader.says("Family")
    assert reader.sees("Family")
    assert await stage.storage.read(waiting) == 0


async def test_a_call_for_help_under_a_file_is_a_call(stage: Stage, reader: Actor) -> None:
    said = await sends(stage, reader, ENGLISH.encode(), caption="I need help")
    assert "Nobody would hear you yet." in said, "she has no circle"
    assert await stage.storage.read(waiting) == 0


async def test_a_picture_asks_for_its_words_as_before(stage: Stage, reader: Actor) -> None:
    await reader.says("/verify")
    assert "Type the words that stand there" in await sends(stage, reader, b"\x89PNG", kind="photo")


async def test_who_sends_very_many_files_is_asked_to_wait(stage: Stage, reader: Actor) -> None:
    for _n in range(20):
        await sends(stage, reader, b"x")
    assert "too short" in reader.last
    assert "too short" not in await sends(stage, reader, b"x")


async def test_who_sent_a_file_of_ours_gets_its_correction(stage: Stage, reader: Actor) -> None:
    await sends(stage, reader, (await edition(stage)).file.encode())
    assert await stage.storage.read(lambda tx: len(tx.execute(asked.select()).all())) == 1
