"""The real bot in a real browser: what a newcomer sees after `make demo`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import pytest

from bot import i18n, village
from bot.domain.conversation import Line
from bot.platforms.playground.server import Playground
from handlers import home, start
from handlers.family import alarm, circle
from tests.playground.visitor import Visitor, browser, visitor

pytestmark = pytest.mark.slow


@asynccontextmanager
async def opened(size: tuple[int, int] = (1280, 860)) -> AsyncIterator[tuple[village.Village, Visitor]]:
    """The playground with its community, running, and somebody who looks at it."""
    async with AsyncExitStack() as stack:
        built = await village.build(stack)
        playground = Playground(built.memory, built.clock, village.CAST)
        url = await playground.serve()
        stack.push_async_callback(playground.close)
        running = asyncio.create_task(built.app.run())
        chromium = await stack.enter_async_context(browser())
        someone = await stack.enter_async_context(visitor(chromium, url, size))
        try:
            yield built, someone
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def said(line: Line, language: str) -> str:
    """A sentence as a phone in this language shows it."""
    return i18n.label(line, language, datetime.now(UTC))


async def test_a_check_in_crosses_three_languages_and_a_call_for_help_is_answered() -> None:
    async with opened() as (_built, page):
        await page.press("gulnora", said(home.SAFE, "tg"))
        await page.sees("daler", "я в безопасности")
        await page.sees("maria", "I am safe.")
        await page.press("maria", said(home.HELP, "en"))
        await page.sees("gulnora", "ба ман кумак лозим")
        await page.press("daler", said(alarm.CARING, "ru"))
        await page.sees("maria", "is taking care of it.")
        await page.press("maria", "✅ I am safe now")
        await page.sees("gulnora", "ман акнун дар амонам")


async def test_a_call_that_nobody_answers_is_repeated_when_the_clock_moves() -> None:
    async with opened() as (_built, page):
        await page.press("maria", said(home.HELP, "en"))
        await page.sees("daler", "нужна помощь")
        await page.move_clock(10)
        await page.sees("maria", "Nobody has answered in ten minutes.")
        await page.sees("daler", "Пока этим никто не занимается")


async def test_a_newcomer_is_invited_by_a_link_and_let_in() -> None:
    async with opened() as (built, page):
        await page.write("maria", "/circles")
        await page.sees("maria", "Your circles.")
        await page.phone("maria").locator(".keys").get_by_role("button").filter(has_text="(3)").last.click()
        await page.press("maria", "➕ Invite somebody")
        message = await page.sees("maria", "Invitation to")
        code = (await message.inner_text()).split("start=")[1].split()[0]
        await built.memory.start("safar", code)
        await page.press("safar", "Тоҷикӣ")
        await page.sees("safar", "/privacy")
        await page.write("safar", "Сафар")
        await page.press("safar", said(start.use(code).label, "tg"))
        await page.press("maria", "✅ Let in")
        await page.press("safar", said(circle.TRUST, "tg"))
        await page.sees("safar", said(home.SAFE, "tg"))
        await page.sees("daler", "Сафар")
