"""From nothing, in Tajik, on a phone: a circle with one relative on line and one who is not, a card, and its code."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from bot import i18n
from bot.domain.checkin import State
from bot.village import Village
from handlers import words
from storage import jobs
from tests.playground.test_family import opened
from tests.playground.visitor import NARROW, Visitor

pytestmark = pytest.mark.slow

NEWCOMER, RELATIVE = "safar", "maria"


class Phones:
    """Two people who have never used the bot hold their phones; only what stands on the screens leads on."""

    def __init__(self, village: Village, page: Visitor) -> None:
        self.village = village
        self.page = page
        self.who = ""

    async def take(self, who: str) -> None:
        """Look at somebody's phone."""
        self.who = who
        await self.page.page.locator(f"#tabs button:nth-child({self._place(who)})").click()

    def _place(self, who: str) -> int:
        return 1 + [one for one, _name in self._tabs()].index(who)

    @staticmethod
    def _tabs() -> Iterator[tuple[str, str]]:
        from bot.village import CAST  # noqa: PLC0415 - the order of the faces on the page

        return ((one.account, str(one.name)) for one in CAST)

    async def press(self, code: str, last: str = "") -> None:
        """Press what the screen offers for this, as soon as it stands there."""
        label = ""
        for _try in range(100):
            offered = (
                button.label
                for message in reversed(self.village.memory.chat(self.who))
                for button in message.choices
                if f"{button.code}:".startswith(f"{code}:") and button.code.endswith(last)
            )
            label = next(offered, "")
            if label:
                break
            await self.page.page.wait_for_timeout(100)
        await self.page.press(self.who, label)

    async def write(self, text: str) -> None:
        await self.page.write(self.who, text)

    async def reads(self, text: str) -> None:
        await self.page.sees(self.who, text)


async def test_a_family_is_set_up_in_tajik_on_a_phone_and_a_code_brings_the_news() -> None:
    async with opened(NARROW) as (village, page):
        phones = Phones(village, page)
        await phones.take(NEWCOMER)
        await page.phone(NEWCOMER).locator(".nothing button").click()
        await phones.press("speak:tg")
        await phones.write("Сафар")
        await phones.press("circle.make")
        await phones.write("Хонавода")
        await phones.reads("Хонавода")
        # one relative on line
        await phones.press("invite")
        message = await page.sees(NEWCOMER, "start=")
        code = (await message.inner_text()).split("start=")[1].split()[0]
        await village.memory.start(RELATIVE, code)
        await phones.take(RELATIVE)
        await phones.press("join")
        await phones.take(NEWCOMER)
        await phones.press("door.open")
        await phones.take(RELATIVE)
        await phones.press("circle.hear")
        # and one who is not
        await phones.take(NEWCOMER)
        await phones.press("people")
        await phones.press("tell")
        await phones.press("kin.add")
        await phones.write("Бибӣ Сабо")
        await phones.reads("Бибӣ Сабо")
        # a card for her
        await phones.press("people")
        await phones.press("tell")
        await phones.press("who")
        await phones.press("code.of")
        await phones.press("code.new")
        await phones.press("code.make", ":tg")
        lines = await paper(village)
        await page.phone(NEWCOMER).locator("a.file").last.wait_for()
        # and a line of it, read out on the telephone to the relative abroad
        sign = next(sign for sign, *_words in lines if f"{sign} {said(village, State.MOVED)}" in screen(village))
        await phones.take(RELATIVE)
        await phones.write(next(" ".join(told) for each, *told in lines if each == sign))
        await phones.reads("had to leave home")
        await phones.take(NEWCOMER)
        await phones.reads("хонаро маҷбуран тарк")
        assert not await page.scrolls_sideways()


async def paper(village: Village) -> list[list[str]]:
    """The lines of the card while it is drawn: nothing but the paper keeps them."""
    job = None
    while job is None:
        job = await village.app.storage.read(jobs.first)
    lines: list[list[str]] = json.loads(job.body)["rows"]
    return lines


def said(village: Village, state: State) -> str:
    return i18n.label(words.state_name(state), "tg", village.clock.now())


def screen(village: Village) -> str:
    return "\n".join(i18n.plain(message.text) for message in village.memory.history(NEWCOMER))
