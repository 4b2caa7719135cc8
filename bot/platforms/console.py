"""The fictional community in a terminal: choose a person, type their words, press a button by its number."""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import threading
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from bot.i18n import _, label, pgettext, plain
from bot.platforms.memory import payload_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from bot.domain.conversation import Line
    from bot.platforms.memory import Change, Clock, MemoryPlatform, Message, Persona

_JUMP: Final = re.compile(r":\+(\d{1,4}) ?([mhd])")
_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}

HELP: Final = (
    _("Type what the person says. Type a number to press the button with that number."),
    _(":1, :2, :3 … take the phone of another person. :look shows its screen again."),
    _(":start opens the chat; with the link of an invitation after it, it opens that invitation."),
    _(":+10m, :+1h, :+7d move the clock forward. :say 5 says “5” and presses nothing. :quit ends."),
)


class Console:
    """A `cast` who talk to the bot through `memory`, in the time of `clock`, written line by line to `write`.

    The frame is in `language`; the messages are in the language of each person. A button keeps its number as long as
    it stands on the screen and no other gets it later, so that a message arriving meanwhile never changes what a
    number presses.
    """

    def __init__(
        self,
        memory: MemoryPlatform,
        clock: Clock,
        cast: Sequence[Persona],
        write: Callable[[str], object] = print,
        *,
        language: str = "en",
    ) -> None:
        self._memory = memory
        self._clock = clock
        self._cast = tuple(cast)
        self._numbers = {persona.account: n for n, persona in enumerate(self._cast, 1)}
        self._write = write
        self._language = language
        self._who = self._cast[0]
        self._keys: dict[str, dict[int, tuple[str, str]]] = {}
        self._counted: dict[str, int] = {}

    async def run(self, lines: AsyncIterator[str]) -> None:
        """Do what the lines say until they end or one says ``:quit``. Never waits for an answer of the bot."""
        for persona in self._cast:
            self._keys[persona.account] = {}
            self._counted[persona.account] = 0
        leave = self._memory.watch(self._changed)
        try:
            self._help()
            self._take(1)
            async for line in lines:
                if line.strip() == ":quit":
                    break
                await self._obey(line.rstrip("\r\n"))
        finally:
            leave()

    # -- what was typed ------------------------------------------------------------------------------------------

    async def _obey(self, line: str) -> None:
        words = line.strip()
        key = self._keys[self._who.account].get(int(words)) if words.isdecimal() and len(words) < 6 else None  # noqa: PLR2004
        if key is not None:
            await self._memory.press(self._who.account, *key)
        elif words.startswith(":"):
            await self._command(words)
        elif words:
            await self._memory.say(self._who.account, line)

    async def _command(self, words: str) -> None:
        name, _space, rest = words.partition(" ")
        jump = _JUMP.fullmatch(words)
        if name[1:].isdecimal() and 0 < int(name[1:]) <= len(self._cast):
            self._take(int(name[1:]))
        elif jump is not None:
            self._clock.advance(int(jump[1]) * _UNITS[jump[2]])
            self._say(pgettext("console", "It is {time} now.", time=self._time()))
        elif name == ":look":
            self._look()
        elif name == ":start":
            await self._memory.start(self._who.account, payload_of(rest) or rest.strip())
        elif name == ":say" and rest:
            await self._memory.say(self._who.account, rest)
        else:
            self._help()

    # -- what is shown -------------------------------------------------------------------------------------------

    def _say(self, line: Line) -> None:
        self._write(f"* {self._spoken(line)}")

    def _spoken(self, line: Line | str) -> str:
        return line if isinstance(line, str) else label(line, self._language, self._clock.now())

    def _help(self) -> None:
        for line in HELP:
            self._say(line)

    def _take(self, number: int) -> None:
        self._who = self._cast[number - 1]
        self._write("")
        self._say(
            pgettext("console", "In your hand: the phone of {name}. {time}", name=self._name(number), time=self._time())
        )
        self._look()

    def _name(self, number: int) -> str:
        return f"{number} {self._spoken(self._cast[number - 1].name)}"

    def _time(self) -> str:
        return self._clock.now().astimezone(ZoneInfo(self._who.zone)).strftime("%d.%m.%Y %H:%M")

    def _look(self) -> None:
        for message in self._memory.chat(self._who.account):
            self._show(message, "")

    def _changed(self, change: Change) -> None:
        message = change.message
        if message.account not in self._numbers or not message.from_bot:
            return
        if change.kind == "deleted":
            self._forget(message)
            self._write(f"[{self._name(self._numbers[message.account])}] ({self._spoken(_DELETED)})")
        else:
            self._show(message, self._name(self._numbers[message.account]))

    def _show(self, message: Message, name: str) -> None:
        marks = [message.at.astimezone(ZoneInfo(self._cast[self._numbers[message.account] - 1].zone)).strftime("%H:%M")]
        if message.edited:
            marks.append(self._spoken(_EDITED))
        if message.silent:
            marks.append(self._spoken(_QUIET))
        head = ", ".join(marks)
        self._write(f"[{name}] {head}" if name else f"[{head}]" + ("" if message.from_bot else " >"))
        if message.attachment is not None and message.attachment.kind == "qr":
            self._indent(f"[{self._spoken(_PICTURE)}] {message.attachment.data.decode()}")
        elif message.attachment is not None:
            self._indent(f"[{message.attachment.name}]")
        self._indent(plain(message.text))
        self._number(message)

    def _indent(self, text: str) -> None:
        for line in text.split("\n"):
            # A terminal obeys control characters: nobody's words may hold any.
            self._write("    " + "".join(sign if sign.isprintable() else "\ufffd" for sign in line))

    def _number(self, message: Message) -> None:
        keys = self._keys[message.account]
        known = {key: number for number, key in keys.items()}
        self._forget(message)
        for row in message.buttons:
            shown: list[str] = []
            for button in row:
                if button.link:
                    shown.append(f"({button.label}: {button.link})")
                    continue
                key = (message.id, button.code)
                number = known.get(key) or self._next_number(message.account)
                keys[number] = key
                shown.append(f"({number}) {button.label}")
            self._indent("   ".join(shown))

    def _next_number(self, account: str) -> int:
        self._counted[account] += 1
        return self._counted[account]

    def _forget(self, message: Message) -> None:
        keys = self._keys[message.account]
        for number in [number for number, (name, _code) in keys.items() if name == message.id]:
            del keys[number]


_DELETED: Final = pgettext("console", "a message was deleted")
_EDITED: Final = pgettext("playground", "edited")
_QUIET: Final = pgettext("playground", "without sound")
_PICTURE: Final = pgettext("playground", "QR code")


async def typed(descriptor: int) -> AsyncIterator[str]:
    """Give the lines typed into a file descriptor until it ends, without ever holding up the loop.

    A thread reads the descriptor itself, not ``sys.stdin``: a thread that waits inside sys.stdin holds its lock, and
    Python dies of that at the end.
    """
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        rest = ""
        with suppress(OSError, RuntimeError):  # the terminal went away, or the loop is closed already
            while data := os.read(descriptor, 4096):
                *whole, rest = (rest + decoder.decode(data)).split("\n")
                for line in whole:
                    loop.call_soon_threadsafe(lines.put_nowait, line)
            if rest:
                loop.call_soon_threadsafe(lines.put_nowait, rest)
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, daemon=True, name="payvand-console").start()
    while (line := await lines.get()) is not None:
        yield line
