"""A picture for a bulletin: fetched, made of its pixels anew, seen by both who agree, and read by whoever asks."""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from PIL import Image

from bot.domain import bulletin as shapes
from bot.domain.conversation import Attached
from bot.jobs import pictures
from bot.outbox.courier import NoFile, NotSent, Unknown
from handlers.updates import wording
from storage import bulletins, drafts
from tests.family.looking import button as button_of
from tests.family.looking import forge, id_of, press
from tests.family.test_desk import moderators
from tests.stage import Actor, Stage
from tests.updates.casting import subscribes
from tests.updates.desk import opens, proposes, publishes, writes

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OUTDATED = "This button is no longer in use. Please choose again:"
CANARY = b"CANARY"


def photo(size: tuple[int, int] = (640, 480), *, turned: int = 1, format: str = "JPEG", **more: Any) -> bytes:  # noqa: A002, ANN401
    """A picture with everything that a phone hides in one: where, when, with what; and more behind its end."""
    image = Image.new("RGB", size, "green")
    image.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    exif = Image.Exif()
    exif[0x010F] = "CANARY-phone"
    exif[0x0112] = turned
    exif[0x9286] = "CANARY-comment"
    exif.get_ifd(0x8825).update({1: "N", 2: (37.0, 29.0, 13.0), 3: "E", 4: (71.0, 33.0, 7.0), 29: "2026:03:24"})
    hidden: dict[str, Any] = {"exif": exif, "icc_profile": b"CANARY-profile", "xmp": b"<x:xmpmeta>CANARY</x:xmpmeta>"}
    if format == "JPEG":
        hidden["comment"] = b"CANARY-comment"
    if format == "PNG":
        hidden = {"exif": exif}
    file = io.BytesIO()
    image.save(file, format, **hidden, **more)
    return file.getvalue() + b"CANARY behind the end"


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def place_in(data: bytes) -> dict[int, Any]:
    """The position that stands in a picture."""
    return dict(opened(data).getexif().get_ifd(0x8825))


# -- nothing but pixels --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_position_goes_in_and_none_comes_out(format: str) -> None:  # noqa: A002
    data = photo(format=format)
    assert place_in(data)[2] == (37.0, 29.0, 13.0), "the control: it stands in the original"
    assert CANARY in data
    made = pictures.clean(data)
    assert place_in(made) == {}
    assert dict(opened(made).getexif()) == {}
    assert CANARY not in made
    assert set(opened(made).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert opened(made).size == (640, 480)


def test_the_segments_of_what_goes_out_are_those_that_a_picture_needs() -> None:
    made = pictures.clean(photo())
    at, found = 2, []
    while made[at + 1] != 0xDA:  # noqa: PLR2004 - where the pixels begin
        found.append(made[at + 1])
        at += 2 + int.from_bytes(made[at + 2 : at + 4], "big")
    assert set(found) <= {0xE0, 0xDB, 0xC0, 0xC2, 0xC4}, "no place for EXIF, profiles and comments"
    assert made.endswith(b"\xff\xd9")


def test_a_picture_stands_as_the_phone_was_held_though_nothing_says_so_any_more() -> None:
    made = opened(pictures.clean(photo(turned=6)))
    assert made.size == (480, 640)
    red, _green, _blue = made.getpixel((400, 40))  # type: ignore[misc]
    assert red > 200  # noqa: PLR2004 - the corner that was at the upper left


def test_what_is_large_goes_out_small_and_light() -> None:
    noise = io.BytesIO()
    Image.effect_noise((3000, 4000), 90).convert("RGB").save(noise, "JPEG", quality=95)
    made = pictures.clean(noise.getvalue())
    assert max(opened(made).size) == pictures.SIDE
    assert len(made) <= pictures.WEIGHT


def moving(format: str) -> bytes:  # noqa: A002
    file = io.BytesIO()
    others = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    Image.new("RGB", (40, 40)).save(file, format, save_all=True, append_images=others)
    return file.getvalue()


def still(format: str, size: tuple[int, int] = (40, 40), mode: str = "RGB") -> bytes:  # noqa: A002
    file = io.BytesIO()
    Image.new(mode, size).save(file, format)
    return file.getvalue()


def bomb() -> bytes:
    """900 million pixels in a few kilobytes."""
    return still("PNG", (30_000, 30_000), "1")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: b"", pictures.NO_PICTURE),
        (lambda: b"%PDF-1.7\n" + photo(), pictures.BROKEN),
        (lambda: b"PK\x03\x04" + photo(), pictures.NO_PICTURE),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", pictures.NO_PICTURE),
        (lambda: still("GIF"), pictures.NO_PICTURE),
        (lambda: still("TIFF"), pictures.NO_PICTURE),
        (lambda: still("BMP"), pictures.NO_PICTURE),
        (lambda: moving("PNG"), pictures.MOVING),
        (lambda: moving("WEBP"), pictures.MOVING),
        (bomb, pictures.TOO_LARGE),
        (lambda: b"\xff" * (pictures.LARGEST + 1), pictures.TOO_LARGE),
        (lambda: photo()[:3000], pictures.BROKEN),
        (lambda: still("PNG", (400, 400))[:200], pictures.BROKEN),
        (lambda: photo()[:600] + b"\x00" * 2000, pictures.BROKEN),
    ],
)
def test_what_can_t_go_out_is_called_by_its_name(make: Callable[[], bytes], why: str) -> None:
    with pytest.raises(pictures.BadPicture) as caught:
        pictures.clean(make())
    assert caught.value.why == why


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "I;16"])
def test_every_kind_of_pixel_comes_out_as_the_same_kind(mode: str) -> None:
    made = opened(pictures.clean(still("PNG", (30, 20), mode)))
    assert (made.mode, made.size, made.format) == ("RGB", (30, 20), "JPEG")


def test_a_picture_that_is_also_another_file_is_only_a_picture_afterwards() -> None:
    script = b"<script>CANARY</script>PK\x05\x06" + b"\x00" * 18
    made = pictures.clean(photo() + script)
    assert CANARY not in made
    assert b"PK\x05\x06" not in made


def test_whoever_breaks_the_process_that_reads_breaks_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(pictures.BadPicture) as caught:
        pictures.clean(photo())
    assert caught.value.why == pictures.BROKEN


def test_the_process_that_reads_has_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a ninth of it no picture can be opened: so the limit holds."""
    assert pictures.clean(photo((3000, 3000))), "the control"
    monkeypatch.setattr(pictures, "MEMORY", 60_000_000)
    with pytest.raises(pictures.BadPicture) as caught:
        pictures.clean(photo((3000, 3000)))
    assert caught.value.why == pictures.BROKEN


# -- at the desk ---------------------------------------------------------------------------------------------------


async def sends(stage: Stage, actor: Actor, data: bytes, *, kind: str = "photo", reference: str = "p1") -> None:
    stage.memory.files[reference] = data
    await stage.memory.hear(actor.account, Attached(kind, reference))
    await stage.settle()


async def pictured(stage: Stage, actor: Actor, data: bytes | None = None) -> None:
    """Add a picture to the draft that stands before them."""
    await actor.presses("🖼 Picture")
    assert "Send me a picture or a PDF." in actor.last
    await sends(stage, actor, photo() if data is None else data)


def seen(actor: Actor) -> list[bytes]:
    """The pictures that stand on a screen."""
    return [one.attachment.data for one in actor.messages if one.attachment is not None]


async def test_a_picture_goes_with_a_bulletin_and_both_have_seen_exactly_that(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    reader = stage.actor("reader")
    await reader.settles_in("Reader")
    await subscribes(stage, reader)
    await writes(anna)
    await pictured(stage, anna)
    assert "a reflection" in anna.last
    (made,) = seen(anna)
    assert made.startswith(b"\xff\xd8")
    assert CANARY not in made
    await anna.presses("The draft")
    assert "A picture belongs to it." in anna.last
    await proposes(anna)
    assert "Does the picture show who took it" in anna.screen
    await opens(bahrom)
    assert seen(bahrom) == [made]
    assert "Does the picture show who took it" in bahrom.last
    await bahrom.presses("Publish it")
    assert "Published: No. 1." in bahrom.last
    await stage.pass_time(MINUTE)
    await reader.presses("Show the picture")
    assert seen(reader) == [made], "readers see just that, to the byte"
    edition = (await stage.storage.read(partial(bulletins.editions, number=1)))["en"]
    head = shapes.read_file(edition.file)
    assert head is not None
    assert head[0].picture == hashlib.sha256(made).hexdigest(), "it stands in what was signed"


async def test_without_a_picture_there_is_no_button_and_no_line(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    reader = stage.actor("reader")
    await reader.settles_in("Reader")
    await subscribes(stage, reader)
    await publishes(anna, bahrom)
    await stage.pass_time(MINUTE)
    assert "No. 1" in reader.last
    assert "🖼 Show the picture" not in reader.buttons
    assert "picture" not in bahrom.screen
    edition = (await stage.storage.read(partial(bulletins.editions, number=1)))["en"]
    assert "\npicture:" not in edition.file


async def test_another_picture_is_another_bulletin_for_whoever_agreed(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await writes(anna)
    await pictured(stage, anna)
    await anna.presses("The draft")
    await proposes(anna)
    await opens(bahrom)
    yes = button_of(bahrom, "bulletin.yes")

    async def swap(data: bytes) -> None:
        (one,) = await stage.storage.read(partial(drafts.of, author=await id_of(stage, anna), most=9))
        await stage.storage.write(partial(drafts.put_picture, which=one.id, picture=data))

    (made,) = seen(bahrom)
    for other in (b"", made + b"x"):
        await swap(other)
        await press(stage, bahrom, yes)
        assert "has changed" in bahrom.last
        assert await stage.storage.read(partial(bulletins.find, number=1)) is None
    await swap(made)
    await press(stage, bahrom, yes)
    assert "Published: No. 1." in bahrom.screen, "the control"


def test_the_seal_knows_texts_and_picture_apart() -> None:
    seals = {
        wording.seal({"en": "a"}),
        wording.seal({"en": "a"}, b"p"),
        wording.seal({"en": "ap"}),
        wording.seal({"en": "a"}, b"q"),
        wording.seal({"ru": "a"}, b"p"),
    }
    assert len(seals) == 5  # noqa: PLR2004


async def test_it_is_taken_off_and_a_proposal_is_taken_back(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await writes(anna)
    await pictured(stage, anna)
    await anna.presses("The draft")
    await proposes(anna)
    await opens(bahrom)
    yes = button_of(bahrom, "bulletin.yes")
    await anna.says("/desk")
    await anna.presses("Drafts")
    await anna.presses("The road is open")
    await anna.presses("🖼 Picture")
    await anna.presses("Take it off")
    assert "A picture belongs to it." not in anna.last
    await press(stage, bahrom, yes)
    assert bahrom.last == OUTDATED
    await proposes(anna)
    await opens(bahrom)
    await bahrom.presses("Publish it")
    assert await stage.storage.read(partial(bulletins.picture_of, number=1)) is None


async def test_one_alone_publishes_it_and_the_second_sees_it_before_confirming(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await writes(anna)
    await pictured(stage, anna)
    (made,) = seen(anna)
    await anna.presses("The draft")
    await anna.presses("⋯ More")
    await anna.presses("Publish now, alone")
    await anna.presses("I have thought of all this")
    await anna.presses("Yes, publish it now")
    await bahrom.presses("Look")
    assert seen(bahrom) == [made]
    await bahrom.presses("Confirm it")
    editions = await stage.storage.read(partial(bulletins.every_edition, number=1))
    heads = [shapes.read_file(one.file) for one in editions]
    assert [head is not None and head[0].picture for head in heads] == [hashlib.sha256(made).hexdigest()] * 2


async def test_a_correction_begins_with_the_picture_of_what_it_corrects(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await writes(anna)
    await pictured(stage, anna)
    (made,) = seen(anna)
    await anna.presses("The draft")
    await proposes(anna)
    await opens(bahrom)
    await bahrom.presses("Publish it")
    await anna.says("/desk")
    await anna.presses("Published")
    await anna.presses("No. 1")
    await anna.presses("Correct")
    await anna.says("Lorries may pass.")
    assert "A picture belongs to it." in anna.last
    await proposes(anna)
    await opens(bahrom)
    await bahrom.presses("Publish it")
    assert await stage.storage.read(partial(bulletins.picture_of, number=2)) == made


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04", "Only pictures and PDF files can be added."),
        (moving("PNG"), "This picture moves."),
        (bomb(), "This is too large for me."),
        (photo()[:2000], "I can't open this file"),
    ],
)
async def test_what_can_t_go_out_is_refused_kindly_and_another_one_may_be_sent(
    stage: Stage, data: bytes, said: str
) -> None:
    (anna,) = await moderators(stage, "Anna")
    await writes(anna)
    await pictured(stage, anna, data)
    assert said in anna.last
    assert seen(anna) == []
    await anna.presses("Another one")
    await sends(stage, anna, photo(), reference="p2")
    assert len(seen(anna)) == 1


@pytest.mark.parametrize("kind", ["video", "voice", "sticker", "location", "animation", "contact"])
async def test_other_files_are_refused_without_being_fetched_and_a_picture_is_still_waited_for(
    stage: Stage, kind: str
) -> None:
    (anna,) = await moderators(stage, "Anna")
    await writes(anna)
    await anna.presses("🖼 Picture")
    await sends(stage, anna, photo(), kind=kind, reference="other")
    assert "Only pictures and PDF files can be added." in anna.last
    await anna.says("here it is")
    assert "Send me a picture or a PDF." in anna.last
    await sends(stage, anna, photo())
    assert len(seen(anna)) == 1


async def test_a_call_for_help_under_a_picture_is_a_call_for_help(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await writes(anna)
    await anna.presses("🖼 Picture")
    await stage.memory.hear(anna.account, Attached("photo", "p1", "I need help"))
    await stage.settle()
    assert "fetching" not in anna.screen
    assert "circle" in anna.last


async def test_it_is_fetched_again_until_it_comes_also_by_a_program_that_starts_anew(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await writes(anna)
    await anna.presses("🖼 Picture")
    stage.memory.fail(NotSent(), "file/p1", times=3)
    stage.memory.fail(Unknown(), "file/p1")
    await sends(stage, anna, photo())
    assert "I am fetching it." in anna.last
    await anna.says("/desk")
    await anna.presses("Drafts")
    await anna.presses("The road is open")
    assert "What goes with it is being fetched." in anna.last
    await anna.presses("Propose it")
    assert "What goes with it is still being fetched." in anna.last, "nothing goes out that nobody has seen"
    stage.app = stage.open()
    await stage.pass_time(HOUR)
    assert len(seen(anna)) == 1


async def test_it_is_given_up_after_a_day_and_said(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await writes(anna)
    await anna.presses("🖼 Picture")
    stage.memory.fail(NotSent(), "file/p1", times=1000)
    await sends(stage, anna, photo())
    await stage.pass_time(timedelta(hours=23))
    assert "I could not get this file." not in anna.screen
    await stage.pass_time(timedelta(hours=2))
    assert "I could not get this file." in anna.last


async def test_what_the_platform_lost_is_said_at_once(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await writes(anna)
    await anna.presses("🖼 Picture")
    stage.memory.fail(NoFile(), "file/p1")
    await sends(stage, anna, photo())
    assert "I could not get this file." in anna.last


async def test_the_last_one_that_was_sent_counts(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await writes(anna)
    await anna.presses("🖼 Picture")
    stage.memory.fail(NotSent(), "file/p1")
    await sends(stage, anna, photo())
    await stage.pass_time(timedelta(seconds=1))
    await anna.presses("Back")
    await anna.presses("🖼 Picture")
    await anna.presses("Take it off")
    await anna.presses("🖼 Picture")
    await sends(stage, anna, photo((100, 50)), reference="p2")
    await stage.pass_time(HOUR)
    assert [opened(one).size for one in seen(anna)] == [(100, 50)]


async def test_a_draft_that_is_thrown_away_fetches_nothing(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await writes(anna)
    await anna.presses("🖼 Picture")
    stage.memory.fail(NotSent(), "file/p1")
    await sends(stage, anna, photo())
    await anna.presses("Back")
    await anna.presses("⋯ More")
    await anna.presses("Throw it away")
    await anna.presses("Yes, throw it away")
    await stage.pass_time(HOUR)
    assert seen(anna) == []


@pytest.mark.parametrize("verb", ["draft.picture", "draft.bare"])
async def test_nobody_else_comes_near_it(stage: Stage, verb: str) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    await writes(anna)
    await pictured(stage, anna)
    await anna.presses("The draft")
    code = button_of(anna, "draft.picture")[1].replace("draft.picture", verb)
    for which in (code, f"{verb}:zzz", verb, f"{verb}:"):
        await forge(stage, bahrom, which)
        assert bahrom.last == OUTDATED
    assert seen(bahrom) == []


async def test_what_is_to_be_fetched_is_sealed(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await writes(anna)
    await anna.presses("🖼 Picture")
    stage.memory.fail(NotSent(), "file/CANARYREFERENCE")
    await sends(stage, anna, photo(), reference="CANARYREFERENCE")

    def raw(tx: Any) -> bytes:  # noqa: ANN401
        found: bytes = tx.connection.exec_driver_sql("SELECT fetching FROM draft").scalar_one()
        return bytes(found)

    assert b"CANARY" not in await stage.storage.read(raw)
