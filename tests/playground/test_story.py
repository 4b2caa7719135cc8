"""The story of the playground: it plays to its end, again and again, and each phone shows what the story promises."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from bot import i18n, story, village
from bot.demo import Community
from bot.domain.conversation import Line
from bot.platforms.playground.server import Playground
from tests.playground.visitor import browser, visitor

pytestmark = pytest.mark.slow


async def test_the_story_plays_to_its_end_twice_and_begins_anew_each_time() -> None:
    i18n.open_catalogues(strict=False)
    community = Community()
    community.pace = 0.0
    built = await community.open()
    playground = Playground(built.memory, built.clock, village.CAST, community)
    told: list[int] = []
    try:
        for _time in range(2):
            told.clear()
            await community.play(playground, lambda _caption, number, _of: told.append(number))
            assert told == list(range(1, len(story.SCENES) + 1))
    finally:
        await community.close()


async def test_a_visitor_plays_the_story_with_one_press_and_can_stop_it() -> None:
    async with AsyncExitStack() as stack:
        community = Community()
        community.pace = 0.02
        stack.push_async_callback(community.close)
        built = await community.open()
        playground = Playground(built.memory, built.clock, village.CAST, community)
        url = await playground.serve()
        stack.push_async_callback(playground.close)
        chromium = await stack.enter_async_context(browser())
        page = await stack.enter_async_context(visitor(chromium, url))
        await page.page.locator("#play").click()
        await page.page.locator("#scene").wait_for(state="visible")
        await page.page.locator("#intro").wait_for(state="visible", timeout=60_000)  # it has come to its end
        await page.page.locator("#play").click()
        await page.page.locator("#scene").wait_for(state="visible")
        await page.page.locator("#play").click()
        await page.page.locator("#intro").wait_for(state="visible")


def test_every_scene_says_what_happens_in_each_language() -> None:
    captions: list[Line] = [scene.caption for scene in story.SCENES]
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
