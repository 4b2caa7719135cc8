"""The page in a real browser: what is done on one phone appears on the others, whatever it is seen and typed with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import expect

from bot.domain.conversation import Attachment, Pressed, Said, Started
from bot.domain.region import Board
from bot.jobs.boards import HEIGHT, WIDTH, draw
from bot.platforms.memory import deep_link
from bot.platforms.playground.server import Playground
from tests.playground.village import CAST, Village
from tests.playground.visitor import NARROW, Visitor, browser, visitor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as running:
        yield running


@pytest.fixture
def village() -> Village:
    return Village()


@pytest_asyncio.fixture(loop_scope="module")
async def url(village: Village) -> AsyncIterator[str]:
    playground = Playground(village.memory, village, CAST)
    yield await playground.serve()
    await playground.close()


@pytest_asyncio.fixture(loop_scope="module")
async def someone(chromium: Browser, url: str) -> AsyncIterator[Visitor]:
    async with visitor(chromium, url) as looking:
        yield looking


async def test_words_are_answered_and_a_button_changes_the_message_and_reaches_the_others(someone: Visitor) -> None:
    await someone.write("gulnora", "hello")
    await someone.sees("gulnora", "You said hello")
    await someone.press("gulnora", "Safe")
    changed = await someone.sees("gulnora", "Everybody knows")
    await expect(changed).to_contain_text("edited")
    await expect(someone.messages("gulnora").filter(has_text="You said hello")).to_have_count(0)
    for other in ("daler", "maria", "anna"):
        await someone.sees(other, "News: safe")
    await expect(await someone.sees("maria", "News")).to_contain_text("without sound")
    await expect(await someone.sees("daler", "News")).not_to_contain_text("without sound")


async def test_markup_is_shown_and_words_that_look_like_markup_stay_words(someone: Visitor) -> None:
    trap = "<img src=x onerror=alert(1)><b>not bold</b>"
    await someone.write("gulnora", trap)
    answer = await someone.sees("gulnora", "You said " + trap)
    await expect(answer.locator("b")).to_have_count(1)
    await expect(someone.page.locator("img")).to_have_count(0)


async def test_the_browser_itself_would_refuse_markup_in_the_page(someone: Visitor) -> None:
    refused = await someone.page.evaluate(
        "() => { try { document.body.innerHTML = '<b>x</b>'; return ''; } catch (error) { return error.name; } }"
    )
    assert refused == "TypeError"
    someone.troubles.clear()  # the browser tells of its refusal in its console


async def test_a_newcomer_starts_the_bot_with_a_button(village: Village, someone: Visitor) -> None:
    await someone.phone("anna").get_by_role("button", name="Start").click()
    await someone.sees("anna", "Welcome, whoever you are")
    assert len(village.heard) == 1


async def test_an_invitation_shows_its_picture_and_opens_on_a_chosen_phone(someone: Visitor) -> None:
    await someone.write("maria", "/invite")
    message = await someone.sees("maria", "Take this")
    picture = message.locator("img")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.complete && image.naturalWidth > 50")
    await message.get_by_role("button", name=deep_link("c-7f3a")).click()
    await expect(someone.page.get_by_role("dialog")).to_be_visible()
    await someone.page.get_by_role("dialog").get_by_role("button", name="Anna").click()
    await someone.sees("anna", "Welcome, c-7f3a")


async def test_a_picture_of_our_own_is_shown_as_it_is(village: Village, someone: Visitor) -> None:
    board = Attachment("picture", "board.png", draw(Board(120, None, 40)))
    await village.tell("maria", "Counts", attachment=board)
    picture = (await someone.sees("maria", "Counts")).locator("img")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.naturalWidth") == WIDTH
    shape = await picture.evaluate("image => image.clientWidth / image.clientHeight")
    assert abs(shape - WIDTH / HEIGHT) < 0.05  # noqa: PLR2004 - not squeezed


async def test_a_file_can_be_saved(someone: Visitor) -> None:
    await someone.write("maria", "/copy")
    message = await someone.sees("maria", "All of it")
    async with someone.page.expect_download() as saving:
        await message.get_by_role("link", name="copy.json").click()
    saved = await saving.value
    assert saved.suggested_filename == "copy.json"
    assert (await saved.path()).read_text() == '{"a": 1}'


async def test_a_deleted_message_leaves_only_its_place(village: Village, someone: Visitor) -> None:
    name = await village.tell("maria", "a secret")
    await someone.sees("maria", "a secret")
    await village.memory.delete(village.memory.address("maria"), (name,))
    await expect(someone.phone("maria").locator(".gone")).to_be_visible()
    await expect(someone.phone("maria")).not_to_contain_text("a secret")
    await expect(someone.messages("maria")).to_have_count(0)


async def test_the_switch_on_a_phone_changes_the_language_the_way_a_person_would(someone: Visitor) -> None:
    await someone.speak("daler", "tg")
    await someone.sees("daler", "Chosen")
    chosen = someone.phone("daler").locator('header .switch [aria-pressed="true"]')
    await expect(chosen).to_have_attribute("data-language", "tg")
    await expect(someone.phone("daler")).to_have_attribute("lang", "tg")


async def test_the_page_speaks_three_languages(someone: Visitor) -> None:
    for language in ("ru", "tg", "en"):
        await someone.page.locator(f'#page-language [data-language="{language}"]').click()
        await expect(someone.page.locator("html")).to_have_attribute("lang", language)
    await expect(someone.page.get_by_text("Everybody here is invented")).to_be_visible()


async def test_the_clock_moves_on_every_phone_in_its_own_zone(someone: Visitor) -> None:
    # 01:30 UTC is 06:30 in Khorog.
    await expect(someone.page.locator("#now")).to_have_text("21.03.202606:30")
    for minutes, now in ((1, "06:31"), (10, "06:41"), (60, "07:41")):
        await someone.move_clock(minutes)
        await expect(someone.page.locator("#now")).to_contain_text(now)
    await someone.move_clock(24 * 60)
    await someone.move_clock(7 * 24 * 60)
    await expect(someone.page.locator("#now")).to_have_text("29.03.202607:41")
    # On that night Berlin has moved its clocks to summer time.
    await expect(someone.phone("maria").locator(".local")).to_have_text("04:41")


async def test_the_lock_screen_shows_the_first_line_and_the_voice_reader_hears_it(
    village: Village, someone: Visitor
) -> None:
    await village.tell("daler", "The first line\nand what follows", silent=True)
    lock = someone.phone("daler").locator(".lock")
    await expect(lock.locator(".first")).to_have_text("The first line")
    await expect(lock.locator(".mute")).to_be_visible()
    await expect(someone.page.locator('[aria-live="polite"]')).to_have_text("Daler: The first line")


async def test_everything_can_be_done_with_the_keyboard_alone(village: Village, someone: Visitor) -> None:
    keyboard = someone.page.keyboard
    await keyboard.press("Tab")
    assert await someone.focus() == "Go to the phones"
    await keyboard.press("Enter")
    for _ in range(5):  # the three languages of the first phone, its conversation, and the button in it
        await keyboard.press("Tab")
    await expect(someone.phone("gulnora").locator(".nothing button")).to_be_focused()
    await keyboard.press("Enter")
    await someone.sees("gulnora", "Welcome, whoever you are")
    # Nobody falls off the page when a message takes the place of a button.
    await expect(someone.phone("gulnora").locator("input")).to_be_focused()
    await keyboard.press("Shift+Tab")
    assert await someone.focus() == "Safe"
    await keyboard.press("Enter")
    await someone.sees("gulnora", "Everybody knows")
    assert await someone.focus() == "Again"
    outline = await someone.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    await keyboard.press("Tab")
    await keyboard.type("typed by hand")
    await keyboard.press("Enter")
    await someone.sees("gulnora", "You said typed by hand")
    assert [one.heard for one in village.heard] == [Started(), Pressed("safe", "2"), Said("typed by hand")]


async def test_a_narrow_screen_shows_one_phone_at_a_time_and_never_scrolls_sideways(
    village: Village, chromium: Browser, url: str, tmp_path: Path
) -> None:
    await village.tell("gulnora", "unbroken" * 60, ("a label that is much longer than anybody would like", "x"))
    async with visitor(chromium, url, NARROW) as narrow:
        await expect(narrow.phone("gulnora")).to_be_visible()
        await expect(narrow.phone("daler")).to_be_hidden()
        assert not await narrow.scrolls_sideways()
        await village.tell("daler", "psst")
        await expect(narrow.page.locator("#tabs .unread")).to_contain_text("Daler")
        await narrow.turn_to("daler", "Daler")
        await expect(narrow.phone("gulnora")).to_be_hidden()
        await expect(narrow.page.locator("#tabs .unread")).to_have_count(0)
        await narrow.write("daler", "/invite")
        await narrow.sees("daler", "Take this")
        assert not await narrow.scrolls_sideways()
        await narrow.picture(tmp_path / "narrow.png")


async def test_a_switch_shows_the_phones_of_another_view_and_is_remembered(village: Village, chromium: Browser) -> None:
    views = {"family": ("gulnora", "daler"), "desk": ("maria", "gulnora")}
    playground = Playground(village.memory, village, CAST, views=views)
    url = await playground.serve()
    async with visitor(chromium, url, NARROW) as someone:
        desk = someone.page.locator('#views [data-view="desk"]')
        await expect(desk).to_have_attribute("aria-pressed", "false")
        await village.tell("gulnora", "the same phone in both")
        await someone.sees("gulnora", "the same phone in both")  # else it may come when she is looked at no more
        await desk.click()
        await expect(desk).to_be_focused()
        await expect(someone.phone("maria")).to_be_visible()
        await expect(someone.page.locator("#tabs button")).to_have_text(["MMaria", "GGulnora"])
        await village.tell("daler", "nobody looks at this phone")
        await someone.turn_to("gulnora", "Gulnora")
        await someone.sees("gulnora", "the same phone in both")
        assert not await someone.scrolls_sideways()
        await someone.page.reload()
        await expect(someone.phone("maria")).to_be_visible()
        await someone.page.locator('#views [data-view="family"]').click()
        await expect(someone.phone("gulnora")).to_be_visible()
        await someone.turn_to("daler", "Daler")
        await someone.sees("daler", "nobody looks at this phone")
    await playground.close()


async def test_a_message_is_forwarded_with_other_words_from_the_phone_that_is_chosen(
    village: Village, someone: Visitor
) -> None:
    await village.tell("maria", "The road is open.\nSo they say.")
    await village.tell("maria", "A question", ("Yes", "yes"))
    await expect(someone.phone("maria").locator(".onward")).to_have_count(1)
    await someone.phone("maria").locator(".onward").click()
    field = someone.page.locator("#pass-text")
    await expect(field).to_have_value("The road is open.\nSo they say.")
    await field.fill("The road is <b>closed</b>.\nSo they say.")
    await someone.page.locator('#pass-list [data-account="daler"]').click()
    passed = await someone.sees("daler", "The road is <b>closed</b>.\nSo they say.")
    await expect(someone.messages("daler").filter(has_text="forwarded")).to_have_count(1)
    assert passed is not None
    assert village.heard[-1].heard == Said("The road is <b>closed</b>.\nSo they say.", forwarded=True)


async def test_dark_and_light_follow_the_system_until_somebody_chooses(chromium: Browser, url: str) -> None:
    async with visitor(chromium, url, colours="dark") as someone:
        background = "getComputedStyle(document.body).backgroundColor"
        assert await someone.page.evaluate(background) == "rgb(22, 19, 16)"
        await someone.page.get_by_role("button", name="Dark colours").click()
        assert await someone.page.evaluate(background) == "rgb(243, 237, 226)"
        await someone.page.reload()
        await expect(someone.page.locator("body[data-ready]")).to_be_visible()
        assert await someone.page.evaluate(background) == "rgb(243, 237, 226)"


@pytest.mark.parametrize("colours", ["light", "dark"])
async def test_all_words_stand_out_from_what_is_behind_them(
    village: Village, chromium: Browser, url: str, colours: str
) -> None:
    await village.memory.say("gulnora", "hello")
    await village.tell("gulnora", "silent", silent=True)
    async with visitor(chromium, url, colours="dark" if colours == "dark" else "light") as someone:
        weak = await someone.page.evaluate(CONTRAST)
        assert weak == []


async def test_faint_words_and_a_page_that_is_too_wide_would_be_noticed(someone: Visitor) -> None:
    await someone.page.evaluate("document.querySelector('.lead').style.color = '#c8bfb0'")
    await someone.page.evaluate("document.body.style.minWidth = '3000px'")
    assert [words for words, _ in await someone.page.evaluate(CONTRAST)] == [
        "One family, four phones, three languages.",
    ]
    assert await someone.scrolls_sideways()


async def test_the_page_finds_its_way_back_when_the_connection_is_lost(village: Village, chromium: Browser) -> None:
    playground = Playground(village.memory, village, CAST)
    url = await playground.serve()
    async with visitor(chromium, url) as someone:
        await someone.phone("gulnora").locator("input").fill("half a senten")
        for socket in tuple(playground._sockets):  # noqa: SLF001 - to pull the plug
            await socket.close()
        await expect(someone.page.locator("#notice")).to_be_visible()
        await village.tell("gulnora", "said meanwhile")
        await someone.sees("gulnora", "said meanwhile")
        await expect(someone.page.locator("#notice")).to_be_hidden()
        await expect(someone.phone("gulnora").locator("input")).to_have_value("half a senten")
    await playground.close()


# Words weaker than WCAG 2.2 AA against the nearest painted background: [words, ratio].
CONTRAST = """() => {
  const rgb = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility({ visibilityProperty: true }) || element.closest(".unseen, .skip")) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(rgb(style.color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) weak.push([element.textContent.trim(), Math.round(ratio * 100) / 100]);
  }
  return weak;
}"""
