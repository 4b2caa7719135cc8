"""Somebody who looks at the page in a real browser, and says what they do and see in the words of a visitor."""

from __future__ import annotations

import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser

WIDE, NARROW = (1280, 860), (360, 740)
# A browser that talks to nobody but the page.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)


class Visitor:
    """One open page. Every look waits until what it looks for is there, and fails if it does not come."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.troubles: list[str] = []
        self.asked: list[str] = []
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", lambda entry: self.troubles.append(entry.text) if entry.type == "error" else None)
        page.on("request", lambda request: self.asked.append(request.url))

    async def open(self, url: str) -> None:
        await self.page.goto(url)
        await expect(self.page.locator("body[data-ready]")).to_be_visible()

    # -- what there is -------------------------------------------------------------------------------------------

    def phone(self, account: str) -> Locator:
        return self.page.locator(f'.phone[data-account="{account}"]')

    def messages(self, account: str) -> Locator:
        return self.phone(account).locator(".message")

    def button(self, account: str, label: str) -> Locator:
        """Find the newest button with this label on somebody's screen."""
        return self.phone(account).locator(".keys").get_by_role("button", name=label, exact=True).last

    # -- what a visitor does -------------------------------------------------------------------------------------

    async def write(self, account: str, text: str) -> None:
        field = self.phone(account).locator(".composer input")
        await field.fill(text)
        await field.press("Enter")

    async def press(self, account: str, label: str) -> None:
        await self.button(account, label).click()

    async def turn_to(self, account: str, name: str) -> None:
        """Choose a face on the strip of a narrow screen."""
        await self.page.locator("#tabs").get_by_role("button", name=name).click()
        await expect(self.phone(account)).to_be_visible()

    async def speak(self, account: str, language: str) -> None:
        """Choose a language with the switch on a phone."""
        await self.phone(account).locator(f'header .switch [data-language="{language}"]').click()

    async def move_clock(self, minutes: int) -> None:
        await self.page.locator(f'#jumps [data-minutes="{minutes}"]').click()

    # -- what a visitor sees -------------------------------------------------------------------------------------

    async def sees(self, account: str, text: str) -> Locator:
        found = self.messages(account).filter(has_text=text).last
        await expect(found).to_be_visible()
        return found

    async def scrolls_sideways(self) -> bool:
        wider: bool = await self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        return wider

    async def focus(self) -> str:
        """Tell the words of whatever the keyboard stands on."""
        words: str = await self.page.evaluate(
            "document.activeElement.innerText || document.activeElement.getAttribute('aria-label') || ''"
        )
        return words

    async def picture(self, path: Path) -> None:
        await self.page.screenshot(path=path)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Start the system's own Chromium."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed: the page can't be tried in a browser")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield chromium
        finally:
            await chromium.close()


@asynccontextmanager
async def visitor(
    chromium: Browser,
    url: str,
    size: tuple[int, int] = WIDE,
    colours: Literal["light", "dark"] = "light",
    language: str = "en",
) -> AsyncIterator[Visitor]:
    """Open the page on a screen of `size`, in a browser that prefers these colours and this language."""
    context = await chromium.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=colours,
        locale=language,
        reduced_motion="reduce",
    )
    try:
        someone = Visitor(await context.new_page())
        await someone.open(url)
        yield someone
        assert someone.troubles == []
        assert all(address.startswith((url, "data:")) for address in someone.asked)
    finally:
        await context.close()
