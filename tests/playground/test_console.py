"""The terminal carries the same conversation as the page: plain lines in, plain lines out."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest
from markupsafe import Markup

from bot.domain.conversation import Attachment, Incoming, Pressed, Said, Started
from bot.outbox.courier import Button, Parcel
from bot.platforms.console import Console, typed
from bot.platforms.memory import MemoryPlatform, Persona, deep_link

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Sequence

CAST = (Persona("gulnora", "Gulnora", "tg", zone="Asia/Dushanbe"), Persona("daler", "Daler", "ru"))


class Terminal:
    """A console, what was typed into it, and what stands on it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 21, 9, tzinfo=UTC)
        self.heard: list[Incoming] = []
        self.written: list[str] = []
        self.letters = count()
        self.memory = MemoryPlatform(self.now)
        self.memory.connect(self.receive)
        self.console = Console(self.memory, self, CAST, self.written.append)

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by

    async def receive(self, incoming: Sequence[Incoming]) -> None:
        self.heard.extend(incoming)
        for one in incoming:
            if one.heard == Said("menu"):
                await self.arrives(one.sender.account, "What now?", ("Safe", "safe"), ("More", "more"))
            elif one.heard == Pressed("safe", one.heard.on if isinstance(one.heard, Pressed) else ""):
                await self.arrives("daler", "<b>Gulnora</b> is safe &amp; sound", silent=True)

    async def arrives(
        self,
        account: str,
        text: str,
        *buttons: tuple[str, str],
        edit: str = "",
        silent: bool = False,
        attachment: Attachment | None = None,
    ) -> str:
        parcel = Parcel(
            self.memory.address(account),
            f"letter-{next(self.letters)}",
            Markup(text),  # noqa: S704 - the test writes it
            buttons=tuple((Button(label, code),) for label, code in buttons),
            edit=edit,
            silent=silent,
            attachment=attachment,
        )
        return (await self.memory.deliver(parcel)).message

    async def types(self, *lines: str | Awaitable[object]) -> str:
        """Type the lines (and let other things happen between them), and read what was written since."""
        before = len(self.written)

        async def feed() -> AsyncIterator[str]:
            for line in lines:
                if isinstance(line, str):
                    yield line
                else:
                    await line

        await self.console.run(feed())
        return "\n".join(self.written[before:])

    @property
    def last_heard(self) -> object:
        return self.heard[-1].heard


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


async def test_what_is_typed_is_said_by_the_person_whose_phone_is_held(terminal: Terminal) -> None:
    await terminal.types("hello", ":2", "good evening", "   ")
    assert [(one.sender.account, one.heard) for one in terminal.heard] == [
        ("gulnora", Said("hello")),
        ("daler", Said("good evening")),
    ]


async def test_a_number_presses_the_button_and_the_news_appears_at_the_other(terminal: Terminal) -> None:
    shown = await terminal.types("menu", "1")
    assert "    (1) Safe" in shown
    assert "[2 Daler] 09:00, without sound" in shown
    assert "    Gulnora is safe & sound" in shown
    assert isinstance(terminal.last_heard, Pressed)


async def test_a_number_without_a_button_is_words_and_say_makes_any_number_words(terminal: Terminal) -> None:
    await terminal.types("7")
    assert terminal.last_heard == Said("7")
    await terminal.types("menu", ":say 1")
    assert terminal.last_heard == Said("1")


async def test_a_number_never_presses_a_button_that_came_later(terminal: Terminal) -> None:
    # The first message of hers is her own word, the second the bot's answer.
    shown = await terminal.types("menu", terminal.arrives("gulnora", "Done", edit="2"), "menu", "1")
    assert "    (1) Safe" in shown
    assert "    (3) Safe" in shown
    assert terminal.last_heard == Said("1")


async def test_an_edited_message_keeps_the_numbers_of_its_buttons(terminal: Terminal) -> None:
    edit = terminal.arrives("gulnora", "What else?", ("Help", "help"), ("More", "more"), edit="2")
    shown = await terminal.types("menu", edit, "2")
    assert "[1 Gulnora] 14:00, edited" in shown
    assert "    (2) More" in shown
    assert "    (3) Help" in shown
    assert terminal.last_heard == Pressed("more", "2")


async def test_a_deleted_message_takes_its_buttons_with_it(terminal: Terminal) -> None:
    shown = await terminal.types("menu", terminal.memory.delete(terminal.memory.address("gulnora"), ("2",)), "1")
    assert "[1 Gulnora] (a message was deleted)" in shown
    assert terminal.last_heard == Said("1")


async def test_the_clock_moves_and_is_shown_in_the_time_of_the_person(terminal: Terminal) -> None:
    shown = await terminal.types(":+1h", ":+10m", ":+7d")
    assert terminal.now() == datetime(2026, 3, 28, 10, 10, tzinfo=UTC)
    assert "* It is 28.03.2026 15:10 now." in shown


async def test_an_invitation_opens_on_the_chosen_phone(terminal: Terminal) -> None:
    await terminal.types(":2", f":start {deep_link('c-7f3a')}")
    assert (terminal.heard[-1].sender.account, terminal.last_heard) == ("daler", Started("c-7f3a"))
    await terminal.types(":start c-9999")
    assert terminal.last_heard == Started("c-9999")
    await terminal.types(":start")
    assert terminal.last_heard == Started("")


async def test_quit_ends_and_nothing_after_it_is_done(terminal: Terminal) -> None:
    await terminal.types(":quit", "never said")
    assert terminal.heard == []
    before = len(terminal.written)
    await terminal.arrives("gulnora", "nobody looks any more")
    assert len(terminal.written) == before


async def test_an_unknown_command_shows_what_can_be_done(terminal: Terminal) -> None:
    usual = await terminal.types()
    shown = await terminal.types(":9", ":dance", ":+99999d")
    assert shown.count(":quit ends.") == usual.count(":quit ends.") + len((":9", ":dance", ":+99999d"))
    assert terminal.heard == []


async def test_look_shows_the_whole_screen_again_with_the_same_numbers(terminal: Terminal) -> None:
    await terminal.types("menu")
    taken = await terminal.types()  # taking a phone shows its screen once
    shown = await terminal.types(":look")
    assert shown == taken + taken[taken.index("[14:00] >") - 1 :]
    assert "    menu" in taken
    assert "    (1) Safe" in taken


async def test_a_picture_and_a_file_stand_as_words(terminal: Terminal) -> None:
    await terminal.arrives("gulnora", "Take it", attachment=Attachment("qr", "invitation", b"https://example.org"))
    await terminal.arrives("gulnora", "Keep it", attachment=Attachment("file", "copy.json", b"{}"))
    await terminal.arrives("gulnora", "Look", attachment=Attachment("picture", "board.png", b"\x89PNG"))
    shown = await terminal.types(":look")
    assert "    [board.png]" in shown
    assert "    [QR code] https://example.org" in shown
    assert "    [copy.json]" in shown


async def test_no_words_can_command_the_terminal(terminal: Terminal) -> None:
    await terminal.arrives("gulnora", "red \x1b[31m and a bell \x07")
    shown = await terminal.types(":look")
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "red \ufffd[31m" in shown


async def test_typed_lines_arrive_whole_and_end_with_the_terminal() -> None:
    reading, writing = os.pipe()
    try:
        sentence = "né là\nschön\r\nlast".encode()
        os.write(writing, sentence[:2])
        lines = typed(reading)
        first = asyncio.ensure_future(anext(lines))
        os.write(writing, sentence[2:])
        assert await first == "né là"
        os.close(writing)
        assert [line async for line in lines] == ["schön\r", "last"]
    finally:
        os.close(reading)
