"""A tiny application to try the page with: it answers with buttons, edits when one is pressed, and forgets nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot.domain.conversation import Attachment, Incoming, Pressed, Said, Started
from bot.outbox.courier import Button, Parcel
from bot.platforms.memory import MemoryPlatform, Persona, deep_link

if TYPE_CHECKING:
    from collections.abc import Sequence

CAST = (
    Persona("gulnora", "Gulnora", "tg", "Khorog", "Asia/Dushanbe"),
    Persona("daler", "Daler", "ru", "Moscow", "Europe/Moscow"),
    Persona("maria", "Maria", "en", "Berlin", "Europe/Berlin"),
    Persona("anna", "Anna", "", "New here", "UTC"),
)
DAWN = datetime(2026, 3, 21, 1, 30, tzinfo=UTC)


class Village:
    """A clock, a messenger in memory and an application that answers every word, all in one."""

    def __init__(self) -> None:
        self.at = DAWN
        self.letters = count()
        self.heard: list[Incoming] = []
        self.broken = False
        self.memory = MemoryPlatform(self.now)
        self.memory.connect(self.receive)

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by

    async def receive(self, incoming: Sequence[Incoming]) -> None:  # noqa: C901 - one case for each thing heard
        if self.broken:
            raise OSError
        for one in incoming:
            self.heard.append(one)
            account = one.sender.account
            match one.heard:
                case Said("/language"):
                    await self.tell(account, "Which one?", *((name, f"language:{name}") for name in ("tg", "ru", "en")))
                case Said("/invite"):
                    link = deep_link("c-7f3a")
                    await self.tell(
                        account, f"Take this: {link}", attachment=Attachment("qr", "invitation", link.encode())
                    )
                case Said("/copy"):
                    await self.tell(account, "All of it", attachment=Attachment("file", "copy.json", b'{"a": 1}'))
                case Said(text):
                    await self.tell(account, f"You said <b>{Markup.escape(text)}</b>", ("Safe", "safe"), ("Not", "not"))
                case Started(payload):
                    await self.tell(account, f"Welcome, {payload or 'whoever you are'}", ("Safe", "safe"))
                case Pressed("safe", message):
                    await self.tell(account, "Everybody knows", ("Again", "safe"), edit=message)
                    for other in CAST:
                        if other.account != account:
                            await self.tell(other.account, "News: <i>safe</i>", silent=other.account == "maria")
                case Pressed(code, message) if code.startswith("language:"):
                    await self.tell(account, "Chosen", edit=message, language=code.split(":")[1])

    async def tell(  # noqa: PLR0913 - what a message may have
        self,
        account: str,
        text: str,
        *buttons: tuple[str, str],
        edit: str = "",
        silent: bool = False,
        language: str = "en",
        attachment: Attachment | None = None,
    ) -> str:
        """Put a message on somebody's screen, and give its id."""
        parcel = Parcel(
            self.memory.address(account),
            f"letter-{next(self.letters)}",
            Markup(text),  # noqa: S704 - the village writes it itself
            buttons=tuple((Button(label, code),) for label, code in buttons),
            edit=edit,
            silent=silent,
            language=language,
            attachment=attachment,
        )
        return (await self.memory.deliver(parcel)).message
