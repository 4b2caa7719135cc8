"""What a handler is given, and how it answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias

from bot.domain.conversation import Attached, Attachment, Choice, Line, Outgoing, Sender, Text
from bot.domain.people import Person
from bot.domain.refusals import Empty, Outdated, TooLong
from bot.i18n import clean, pgettext
from storage import people
from storage.database import Tx

DIALOGUE_LIFE = timedelta(hours=24)
LARGEST = 1 << 63  # what a database can keep as a number

Answer: TypeAlias = "Outgoing | Iterable[Outgoing] | None"
Rows: TypeAlias = "tuple[tuple[Choice, ...], ...]"


@dataclass(frozen=True, slots=True)
class Ask:
    """One wish of one person, understood: who, when, with which words or button.

    `sender` is the account they wrote from, `address` our row of it; `spoke` tells that they wrote a message there, and
    did not only press. `args` are the arguments of the button's code,
    `on` the message that held the button, `data` what an open dialogue has gathered so far. `attached` is what they
    sent besides words. `said_at` is when the person said it, as far as the platform tells. `link(payload)` is the
    address that opens a chat with the bot where this person met it; `elsewhere` names other platforms and the bot's
    account on each.
    `linked_at` is when this account was linked to an older one of theirs, for the first days; `sees_at` until when it
    is shown nothing of their circles.
    """

    person: Person
    now: datetime
    said_at: datetime
    address: int
    sender: Sender
    link: Callable[[str], str]
    words: str = ""
    spoke: bool = False
    attached: Attached | None = None
    args: tuple[str, ...] = ()
    on: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    linked_at: datetime | None = None
    sees_at: datetime | None = None
    elsewhere: tuple[tuple[str, str], ...] = ()

    @property
    def unseeing(self) -> bool:
        """Whether this account was linked so lately that no name and no news of the circles is shown here."""
        return self.sees_at is not None and self.sees_at > self.now

    @property
    def platform(self) -> str:
        """The platform they wrote on."""
        return self.sender.platform

    def reply(self, text: Text, *rows: Iterable[Choice], **more: Any) -> Outgoing:  # noqa: ANN401 - Outgoing's fields
        """Answer the person: in place of the message whose button they pressed, otherwise as a new message."""
        choices = tuple(tuple(row) for row in rows if row)
        return Outgoing(self.person.id, text, choices=choices, edits=self.on, at=self.address, **more)

    def anew(self, text: Text, *rows: Iterable[Choice], **more: Any) -> Outgoing:  # noqa: ANN401 - Outgoing's fields
        """Answer the person with a new message, and leave the pressed one as it is."""
        choices = tuple(tuple(row) for row in rows if row)
        return Outgoing(self.person.id, text, choices=choices, at=self.address, **more)

    def number(self, index: int = 0) -> int:
        """The button's argument as an id. Raises Outdated if it is none: a changed app can send any code."""
        try:
            number = int(self.args[index], 36)
        except (IndexError, ValueError):
            raise Outdated from None
        if not 0 <= number < LARGEST:
            raise Outdated
        return number

    def text(self, most: int) -> str:
        """What was typed, cleaned, on one line: lines of their own could imitate the bot's. Raises Empty or TooLong."""
        words = " ".join(clean(self.words).split())
        if not words:
            raise Empty
        if len(words) > most:
            raise TooLong(most)
        return words

    def lines(self, most: int) -> str:
        """What was typed, cleaned, with its paragraphs. Only for texts that two people read first. See `text`."""
        words = re.sub(r"\n{3,}", "\n\n", "\n".join(" ".join(line.split()) for line in clean(self.words).split("\n")))
        words = words.strip("\n")
        if not words:
            raise Empty
        if len(words) > most:
            raise TooLong(most)
        return words


Handler: TypeAlias = "Callable[[Ask, Tx], Answer]"


def button(label: Line, verb: str, *args: int | str) -> Choice:
    """A button whose code is ``verb:argument:…``; ids are written in base 36 so that two fit into 64 bytes."""
    return Choice(label, ":".join((verb, *(base36(arg) if isinstance(arg, int) else arg for arg in args))))


@lru_cache(maxsize=64)  # the buttons of one message name the same things
def base36(number: int) -> str:
    """A number from 0 up in the shortest digits that every platform carries."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits or "0"


def back(verb: str = "home", *args: int | str) -> Choice:
    """The way back."""
    return button(pgettext("button", "⬅️ Back"), verb, *args)


def expect(ask: Ask, tx: Tx, what: str, **data: int | str) -> None:
    """The next words of this person answer the question `what` (a key of the router's WORDS)."""
    expect_for(ask, tx, DIALOGUE_LIFE, what, **data)


def expect_for(ask: Ask, tx: Tx, lasts: timedelta, what: str, **data: int | str) -> None:
    """The same, for as long as it is told."""
    form = json.dumps({"what": what, **data}, ensure_ascii=False)
    people.keep_dialogue(tx, ask.person.id, form, ask.now + lasts)


def file(name: str, data: bytes) -> Attachment:
    """A file to be sent."""
    return Attachment("file", name, data)


def picture(name: str, text: str) -> Attachment:
    """A picture to be photographed by another phone: a QR code of `text`."""
    return Attachment("qr", name, text.encode())
