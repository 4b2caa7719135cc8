"""The story of the playground: it plays to its end, again and again, and each phone shows what the story promises."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from bot import acting, i18n, story, village
from bot.app import present
from bot.demo import Community
from bot.domain.conversation import Line
from bot.i18n import _
from bot.platforms.playground.server import Playground
from bot.village import Village
from handlers.search import knock
from storage import lists
from tests.playground.visitor import NARROW, browser, visitor

pytestmark = pytest.mark.slow
SHOTS = os.environ.get("PAYVAND_SHOTS", "")  # a directory: what the phones show is kept there, to be looked at


@asynccontextmanager
async def played() -> AsyncIterator[tuple[Community, Playground]]:
    """A community without a page, in which stories are played as quickly as the bot answers."""
    i18n.open_catalogues(strict=False)
    community = Community()
    community.pace = 0.0
    built = await community.open()
    try:
        yield community, Playground(built.memory, built.clock, village.CAST, community, village.VIEWS)
    finally:
        await community.close()


async def test_the_stories_play_to_their_end_and_begin_anew_and_the_desk_corrects_what_somebody_copied_wrongly() -> (
    None
):
    shown: dict[str, list[dict[str, str]]] = {}
    async with played() as (community, playground):
        for view, scenes in story.STORIES.items():
            told: list[int] = []
            screens: list[dict[str, str]] = []

            def tell(_caption: Line, number: int, _of: int) -> None:
                told.append(number)  # noqa: B023 - the story is over before the next one begins
                screens.append(_screens(playground))  # noqa: B023

            await community.play(playground, tell, view)
            assert told == list(range(1, len(scenes) + 1))
            screens.append(_screens(playground))
            shown[view] = screens
    drafted, translated, published, answered, _corrected, done = shown["desk"][1:]
    assert _said(story.OURS, "tg") in drafted["nigora"]
    assert _said(story.OURS, "en") in translated["rustam"]
    assert "📰 No. 3" in published["maria"]
    assert _said(story.OURS, "en") in published["maria"]
    # What the bot answered Gulnora names the two words; whatever it says besides is its own affair.
    answer = answered["gulnora"].rpartition(_said(story.UNKNOWN, "tg"))[2]
    for word in ("не", "ҳам"):
        assert re.search(rf"\b{word}\b", answer)
    assert _said(story.WHY, "tg") in done["gulnora"], "she has asked about it"
    assert _said(story.WHY, "en") in done["maria"], "she has got it"
    assert done["maria"].index("✏️ Corrected by No. 4.") < done["maria"].index("📰 No. 3")
    assert _said(story.WHY, "ru") not in done["daler"], "he has heard nothing of it"

    *_before, counted, reached, ended = shown["petitions"]
    for screens_then in (counted, reached, ended):
        assert _said(story.LETTER, "tg") in screens_then["nigora"], "what is public stays on the organisers' phones"
    for who in ("gulnora", "daler", "rustam", "maria"):
        language = acting.LANGUAGE[who]
        assert _said(_("I have tidied up here. What would you like to do?"), language) in reached[who]
    assert "3 нафар имзо кардаанд." in ended["gulnora"]

    *_tried, asked, found = shown["search"]
    new = partial(_said, story.SOMETHING_NEW)
    assert new("tg") in asked["gulnora"]
    for screens_then in (asked, found):
        assert new("ru") not in screens_then["daler"], "whoever holds a namesake is asked nothing"
        assert new("tg") not in screens_then["nigora"], "and whoever guesses learns nothing"
    assert "Djamched" not in found["daler"]
    assert _said(story.NEWS_OF_HIM, "tg") in found["rustam"]
    for who in ("rustam", "nigora"):
        fixed = _said(knock._answer(present()), acting.LANGUAGE[who])[-40:]  # noqa: SLF001 - all but its day
        assert asked[who].count(fixed) == 1, "whoever finds and whoever guesses reads the same sentence"


def _screens(playground: Playground) -> dict[str, str]:
    memory = playground._memory  # noqa: SLF001 - the page's phones, without a page
    return {
        one.account: "\n\n".join(i18n.plain(each.text) for each in memory.chat(one.account)) for one in village.CAST
    }


def _said(line: Line, language: str) -> str:
    return i18n.label(line, language, present())


async def test_a_visitor_plays_the_story_with_one_press_and_can_stop_it() -> None:
    async with AsyncExitStack() as stack:
        community = Community()
        community.pace = 0.02
        stack.push_async_callback(community.close)
        built = await community.open()
        playground = Playground(built.memory, built.clock, village.CAST, community, village.VIEWS)
        url = await playground.serve()
        stack.push_async_callback(playground.close)
        chromium = await stack.enter_async_context(browser())
        page = await stack.enter_async_context(visitor(chromium, url))
        await page.page.locator('#views [data-view="desk"]').click()
        await page.page.locator("#play").click()
        await page.page.locator("#scene").wait_for(state="visible")
        await page.page.locator("#intro").wait_for(state="visible", timeout=60_000)  # it has come to its end
        await page.page.locator("#play").click()
        await page.page.locator("#scene").wait_for(state="visible")
        await page.page.locator("#play").click()
        await page.page.locator("#intro").wait_for(state="visible")


def test_every_scene_says_what_happens_in_each_language() -> None:
    captions: list[Line] = [scene.caption for scenes in story.STORIES.values() for scene in scenes]
    assert len({caption.msgid for caption in captions}) == len(captions)


async def test_a_story_whose_people_find_no_button_ends_with_a_word_and_not_with_silence() -> None:
    """The control: a press of what is not there."""
    i18n.open_catalogues(strict=False)
    async with AsyncExitStack() as stack:
        built = await village.build(stack)
        running = asyncio.create_task(built.app.run())
        patience, acting.PATIENCE = acting.PATIENCE, 0.2  # type: ignore[misc]
        try:
            with pytest.raises(LookupError):
                await acting.presses("daler", "nothing")(acting.Play(built))
        finally:
            acting.PATIENCE = patience  # type: ignore[misc]
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


class Remembering(Community):
    """A community whose newest village can be asked for: each story begins with a new one."""

    village: Village

    async def open(self) -> Village:
        self.village = await super().open()
        return self.village


async def test_the_search_is_read_on_a_phone_of_360_pixels() -> None:
    """To its end, in three languages: no screen is wider than the phone, and no label is cut."""
    async with AsyncExitStack() as stack:
        community = Remembering()
        community.pace = 0.0
        stack.push_async_callback(community.close)
        built = await community.open()
        playground = Playground(built.memory, built.clock, village.CAST, community, village.VIEWS)
        url = await playground.serve()
        stack.push_async_callback(playground.close)
        chromium = await stack.enter_async_context(browser())
        await community.play(playground, lambda *_scene: None, "search")
        built = community.village
        await built.app.storage.write(partial(lists.name_recipient, to="Red Cross, Switzerland"))
        page = await stack.enter_async_context(visitor(chromium, url, NARROW))
        await page.page.locator('#views [data-view="search"]').click()
        for place, who in enumerate(village.VIEWS["search"], 1):
            await page.page.locator("#tabs button:visible").nth(place - 1).click()
            await page.phone(who).wait_for(state="visible")
            if who == "gulnora":  # the question whether he may stand in a list for others
                opens = (acting.picks(who, "found"), acting.picks_named(who, "found.of", story.JAMSHED))
                for deed in (acting.writes(who, "/search"), *opens, acting.picks(who, "pass")):
                    await deed(acting.Play(built))
                asked = _("In it stands exactly this:")
                await acting.is_told(who, asked)(acting.Play(built))
            assert not await page.scrolls_sideways()
            cut = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.innerText)"
            assert await page.phone(who).locator(".message, .keys button").evaluate_all(cut) == []
            if SHOTS:
                await page.picture(Path(SHOTS) / f"search-{who}.png")
