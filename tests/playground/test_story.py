"""The story of the playground: it plays to its end, again and again, and each phone shows what the story promises."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from bot import i18n, story, village
from bot.app import present
from bot.demo import Community
from bot.domain.conversation import Line
from bot.i18n import _
from bot.platforms.playground.server import Playground
from tests.playground.visitor import browser, visitor

pytestmark = pytest.mark.slow


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
        language = story.LANGUAGE[who]
        assert _said(_("I have tidied up here. What would you like to do?"), language) in reached[who]
    assert "3 нафар имзо кардаанд." in ended["gulnora"]


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
        patience, story.PATIENCE = story.PATIENCE, 0.2  # type: ignore[misc]
        try:
            with pytest.raises(LookupError):
                await story.presses("daler", "nothing")(story.Play(built))
        finally:
            story.PATIENCE = patience  # type: ignore[misc]
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
