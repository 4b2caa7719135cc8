"""A PDF for a bulletin: its pages drawn anew, the same path as a picture, and known again by whoever is sent it."""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pypdfium2
import pytest
from fpdf import FPDF
from fpdf.enums import AccessPermission
from PIL import Image

from bot.domain import bulletin as shapes
from bot.domain.conversation import Attached
from bot.domain.picture import MOST_PAGES, Trouble, is_pdf
from bot.jobs import pictures
from storage import bulletins
from tests.family.test_desk import moderators
from tests.stage import Actor, Stage
from tests.updates.casting import subscribes
from tests.updates.desk import opens, proposes, writes
from tests.updates.test_pictures import CANARY, photo, sends

MINUTE = timedelta(minutes=1)


def paper(pages: int = 1, *, owner: str = "", user: str = "") -> bytes:
    """A PDF with what programs hide in one: who, with what, a file inside, a note, words under a black bar, a photo."""
    made = FPDF()
    made.set_author("CANARY-author")
    made.set_title("CANARY-title")
    made.set_producer("CANARY-program")
    made.set_xmp_metadata("<rdf:RDF><dc:creator>CANARY-xmp</dc:creator></rdf:RDF>")
    for number in range(pages):
        made.add_page()
        made.set_font("helvetica", size=14)
        made.text(20, 20, f"The road is open. {number}")
        made.text(20, 40, "CANARY-name")
        made.set_fill_color(0)
        made.rect(15, 30, 100, 15, "F")
    made.text_annotation(30, 60, "CANARY-note", title="CANARY-somebody")
    made.embed_file(bytes=b"CANARY-file", basename="CANARY.txt")
    made.image(io.BytesIO(photo((40, 30))), x=20, y=80)
    if owner:
        made.set_encryption(owner, user, permissions=AccessPermission.none())
    made.set_compression(False)
    return bytes(made.output())


def raw(*things: bytes) -> bytes:
    """A PDF of these objects, the first of which is its catalogue."""
    file, starts = bytearray(b"%PDF-1.7\n"), []
    for number, thing in enumerate(things, 1):
        starts.append(len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (number, thing)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    at, size = len(file), len(things) + 1
    file += b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        *(size, table, size, at),
    )
    return bytes(file)


def lively() -> bytes:
    """It runs a script when it is opened, has a filled-in field, and its black bar is a note laid over the words."""
    ink = b"<</Type /XObject /Subtype /Form /BBox [0 0 100 50] /Length %d>>\nstream\n%b\nendstream"
    red, black = b"1 0 0 rg 0 0 100 50 re f", b"0 g 0 0 100 50 re f"
    return raw(
        b"<</Type /Catalog /Pages 2 0 R /OpenAction <</S /JavaScript /JS (app.alert('CANARY'))>> "
        b"/AcroForm <</Fields [4 0 R]>>>>",
        b"<</Type /Pages /Count 1 /Kids [3 0 R]>>",
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Annots [4 0 R 5 0 R] "
        b"/AA <</O <</S /URI /URI (https://canary.example/CANARY)>>>>>>",
        b"<</Type /Annot /Subtype /Widget /FT /Tx /T (CANARY) /V (CANARY) /F 4 /Rect [0 0 100 50] /AP <</N 6 0 R>>>>",
        b"<</Type /Annot /Subtype /Square /T (CANARY) /Contents (CANARY) /F 4 /Rect [0 150 100 200] /AP <</N 7 0 R>>>>",
        ink % (len(red), red),
        ink % (len(black), black),
    )


def sized(width: float, height: float) -> bytes:
    return raw(
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Count 1 /Kids [3 0 R]>>",
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 %f %f]>>" % (width, height),
    )


def noisy(pages: int) -> bytes:
    made = FPDF()
    for _number in range(pages):
        made.add_page()
        noise = [Image.effect_noise((900, 1200), 120) for _colour in range(3)]
        made.image(Image.merge("RGB", noise), x=5, y=5, w=200)
    return bytes(made.output())


def drawn(data: bytes, page: int = 0) -> Image.Image:
    """A page as somebody sees it: a point is a pixel."""
    seen: Image.Image = pypdfium2.PdfDocument(data)[page].render().to_pil()
    return seen.convert("RGB")


# -- nothing but pixels --------------------------------------------------------------------------------------------


def test_everything_hidden_goes_in_and_nothing_of_it_comes_out() -> None:
    data = paper(2)
    for what in (b"CANARY-author", b"CANARY-xmp", b"CANARY-somebody", b"CANARY-name", b"CANARY-phone"):
        assert what in data, "the control: it stands in the original"
    made = pictures.clean(data)
    assert CANARY not in made
    back = pypdfium2.PdfDocument(made)
    assert back.get_metadata_dict(skip_empty=True) == {}
    assert back.count_attachments() == 0
    assert [tuple(map(round, page.get_size())) for page in back] == [(595, 842)] * 2
    assert [page.get_textpage().get_text_bounded() for page in back] == ["", ""], "also no words under a bar"
    assert "CANARY" in pypdfium2.PdfDocument(data)[0].get_textpage().get_text_bounded(), "the control"
    assert min(drawn(made).crop((100, 100, 250, 110)).convert("L").getextrema()) == 0, "the bar is there"
    assert made == pictures.clean(data), "the same bytes: no date, no number drawn by lot"


def test_a_pdf_that_goes_out_holds_only_these_words() -> None:
    made = pictures.clean(paper())
    names = {word for line in made.split(b"\n") if line.startswith(b"<<") for word in line.split() if word[:1] == b"/"}
    assert names <= {
        *(b"/Pages", b"/Count", b"/Kids", b"/Parent", b"/MediaBox", b"/Resources", b"/XObject", b"/P", b"/Contents"),
        *(b"/Subtype", b"/Image", b"/Width", b"/Height", b"/BitsPerComponent", b"/ColorSpace", b"/Filter", b"/Length"),
        *(b"/FlateDecode", b"/DCTDecode", b"/DeviceRGB", b"/DeviceGray", b"/Catalog", b"/Page", b"/Type", b"/Root"),
    }


def test_what_was_filled_in_or_laid_over_is_seen_and_no_script_goes_on() -> None:
    made = pictures.clean(lively())
    assert CANARY not in made
    assert b"JavaScript" not in made
    page = drawn(made)
    red, green, blue = page.getpixel((50, 175))  # type: ignore[misc]
    assert red - max(green, blue) > 150, "the field as it was filled in"  # noqa: PLR2004
    assert max(page.getpixel((50, 25))) < 40, "a bar that is a note hides what is under it"  # type: ignore[arg-type] # noqa: PLR2004
    assert min(page.getpixel((150, 100))) > 250  # type: ignore[arg-type] # noqa: PLR2004


def test_what_is_long_or_wide_keeps_its_shape_and_stays_light() -> None:
    made = pictures.clean(paper(MOST_PAGES))
    assert len(pypdfium2.PdfDocument(made)) == MOST_PAGES
    assert len(made) < pictures.PAGES_WEIGHT + 10_000
    for size in ((50, 10), (14_000, 300)):
        assert pypdfium2.PdfDocument(pictures.clean(sized(*size)))[0].get_size() == size


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: paper(owner="o", user="u"), pictures.LOCKED),
        (lambda: paper(MOST_PAGES + 1), pictures.TOO_LONG),
        (lambda: noisy(6), pictures.TOO_HEAVY),
        (lambda: b"%PDF-1.7\n", pictures.BROKEN),
        (lambda: paper()[: 40 * 10], pictures.BROKEN),
        (lambda: sized(100_000, 0.001), pictures.BROKEN),
        (lambda: raw(b"<</Type /Catalog /Pages 2 0 R>>", b"<</Type /Pages /Count 0 /Kids []>>"), pictures.BROKEN),
        (lambda: raw(b"<</Type /Catalog /Pages 2 0 R>>", b"<</Type /Pages /Count 9 /Kids [2 0 R]>>"), pictures.BROKEN),
        (lambda: b"%PDF-" + b"9" * pictures.LARGEST, pictures.TOO_LARGE),
    ],
)
def test_what_can_t_go_out_is_called_by_its_name(make: Callable[[], bytes], why: str) -> None:
    with pytest.raises(pictures.BadPicture) as caught:
        pictures.clean(make())
    assert caught.value.why == why
    assert Trouble(why)


def test_one_that_only_asks_not_to_be_printed_goes_out() -> None:
    assert is_pdf(pictures.clean(paper(owner="o")))


def test_whoever_breaks_the_process_that_reads_breaks_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(pictures.BadPicture) as caught:
        pictures.clean(paper())
    assert caught.value.why == pictures.BROKEN


def test_as_many_pages_are_said_as_are_taken() -> None:
    assert pictures.PAGES == MOST_PAGES


# -- at the desk ---------------------------------------------------------------------------------------------------


async def papered(stage: Stage, actor: Actor, data: bytes | None = None, *, reference: str = "d1") -> None:
    """Add a PDF to the draft that stands before them."""
    await actor.presses("Picture or PDF")
    await sends(stage, actor, paper() if data is None else data, kind="document", reference=reference)


def seen(actor: Actor) -> list[bytes]:
    return [one.attachment.data for one in actor.messages if one.attachment is not None]


async def goes_out(stage: Stage, anna: Actor, bahrom: Actor) -> bytes:
    """A bulletin with a PDF is written, agreed to and published; gives the PDF that the second one saw."""
    await writes(anna)
    await papered(stage, anna)
    await anna.presses("The draft")
    await proposes(anna)
    await opens(bahrom)
    (made,) = seen(bahrom)
    await bahrom.presses("Publish it")
    await stage.pass_time(MINUTE)
    return made


async def test_a_pdf_goes_with_a_bulletin_and_both_have_seen_exactly_that(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    reader = stage.actor("reader")
    await reader.settles_in("Reader")
    await subscribes(stage, reader)
    await writes(anna)
    await papered(stage, anna)
    assert "whose copy it was" in anna.last
    (made,) = seen(anna)
    assert is_pdf(made)
    assert CANARY not in made
    await anna.presses("The draft")
    assert "A PDF belongs to it." in anna.last
    await proposes(anna)
    assert "Could the PDF tell whose copy it was" in anna.screen
    await opens(bahrom)
    assert seen(bahrom) == [made]
    assert "Could the PDF tell whose copy it was" in bahrom.last
    await bahrom.presses("Publish it")
    await stage.pass_time(MINUTE)
    await reader.presses("📄 Show the PDF")
    assert seen(reader) == [made], "readers get just that, to the byte"
    assert "The PDF of No. 1." in reader.last
    head = shapes.read_file((await stage.storage.read(partial(bulletins.editions, number=1)))["en"].file)
    assert head is not None
    assert (head[0].picture, head[0].document) == ("", hashlib.sha256(made).hexdigest()), "it stands in what was signed"


async def test_a_picture_takes_the_place_of_a_pdf_and_the_other_way_round(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await writes(anna)
    await papered(stage, anna)
    await anna.presses("The draft")
    await anna.presses("Picture or PDF")
    assert "This is the PDF. Send another one, or a picture" in anna.last
    await sends(stage, anna, photo(), reference="p2")
    await anna.presses("The draft")
    assert "A picture belongs to it." in anna.last
    await papered(stage, anna, reference="d3")
    await anna.presses("Take it off")
    assert "belongs to it." not in anna.last


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (paper(owner="o", user="u"), "This PDF asks for a password."),
        (paper(MOST_PAGES + 1), "more than 10 pages"),
        (b"%PDF-1.7", "I can't open this file"),
        (b"words and words", "Only pictures and PDF files can be added."),
        (b"MZ\x90\x00", "Only pictures and PDF files can be added."),
        (b"", "Only pictures and PDF files can be added."),
    ],
)
async def test_what_can_t_go_out_is_refused_kindly_and_another_one_may_be_sent(
    stage: Stage, data: bytes, said: str
) -> None:
    (anna,) = await moderators(stage, "Anna")
    await writes(anna)
    await papered(stage, anna, data)
    assert said in anna.last
    assert seen(anna) == []
    await anna.presses("Another one")
    await sends(stage, anna, paper(), kind="document", reference="d2")
    assert len(seen(anna)) == 1


async def test_a_correction_begins_with_the_pdf_of_what_it_corrects(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    made = await goes_out(stage, anna, bahrom)
    await anna.says("/desk")
    await anna.presses("Published")
    await anna.presses("No. 1")
    await anna.presses("Correct")
    await anna.says("Lorries may pass.")
    assert "A PDF belongs to it." in anna.last
    await proposes(anna)
    await opens(bahrom)
    await bahrom.presses("Publish it")
    assert await stage.storage.read(partial(bulletins.picture_of, number=2)) == made


async def test_whoever_is_sent_the_pdf_learns_whether_it_is_ours_and_still_good(stage: Stage) -> None:
    anna, bahrom = await moderators(stage, "Anna", "Bahrom")
    reader = stage.actor("reader")
    await reader.settles_in("Reader", "ru")
    made = await goes_out(stage, anna, bahrom)
    await sends(stage, reader, made, kind="document", reference="copy")
    assert "Этот PDF относится к нашему № 1" in reader.last
    other = made.replace(b"%%EOF", b"%%EOG")
    await sends(stage, reader, other, kind="document", reference="other")
    assert "Я не могу сказать, наш ли это PDF" in reader.last, "the control: one letter is another"
    await anna.says("/desk")
    await anna.presses("Published")
    await anna.presses("No. 1")
    await anna.presses("Withdraw")
    await anna.says("It was not so.")
    await proposes(anna)
    await opens(bahrom)
    await bahrom.presses("Publish it")
    await sends(stage, reader, made, kind="document", reference="copy")
    assert "№ 1" in reader.last
    assert "отозва" in reader.last.lower()


async def test_it_is_kept_sealed_while_it_is_a_draft(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await writes(anna)
    await papered(stage, anna)
    kept = await stage.storage.read(
        lambda tx: bytes(tx.connection.exec_driver_sql("SELECT picture FROM draft").scalar_one())
    )
    assert b"%PDF" not in kept


async def test_a_call_for_help_under_a_pdf_is_a_call_for_help(stage: Stage) -> None:
    (anna,) = await moderators(stage, "Anna")
    await writes(anna)
    await anna.presses("Picture or PDF")
    await stage.memory.hear(anna.account, Attached("document", "d1", "I need help"))
    await stage.settle()
    assert "fetching" not in anna.screen
    assert "circle" in anna.last
