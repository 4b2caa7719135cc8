"""What the tests of the desk do: a recording in place of the delivery, moderators who write, and readers who do not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import pytest

from bot.domain.bulletin import Bulletin
from bot.domain.conversation import Outgoing
from handlers.updates import broadcast
from storage.database import Tx
from tests.stage import Actor

READERS = {"tg": 700, "ru": 200, "en": 100}


@dataclass
class Sent:
    """What was handed to the delivery."""

    begun: list[tuple[Bulletin, int | None]] = field(default_factory=list)
    translated: list[tuple[int, str]] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)


def record(patch: pytest.MonkeyPatch) -> Sent:
    """Put a recording in the place of the delivery."""
    sent = Sent()

    def begin(tx: Tx, one: Bulletin, now: datetime, by: int | None) -> list[Outgoing]:
        del tx, now
        sent.begun.append((one, by))
        return []

    def translated(tx: Tx, one: Bulletin, language: str, now: datetime) -> list[Outgoing]:
        del tx, now
        sent.translated.append((one.number, language))
        return []

    def confirmed(tx: Tx, one: Bulletin, now: datetime) -> list[Outgoing]:
        del tx, now
        sent.confirmed.append(one.number)
        return []

    def planned(tx: Tx, one: Bulletin, now: datetime) -> dict[str, int]:
        del tx, one, now
        return dict(READERS)

    for name, fake in (("begin", begin), ("translated", translated), ("confirmed", confirmed), ("planned", planned)):
        patch.setattr(broadcast, name, fake)
    return sent


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """The delivery, recorded."""
    return record(monkeypatch)


async def writes(author: Actor, title: str = "The road is open", claim: str = "Cars pass since noon.") -> None:
    """A moderator writes a draft, question by question."""
    await author.says("/desk")
    await author.presses("Drafts")
    await author.presses("A new one")
    await author.says("Хорог")
    await author.presses("Khorog")
    await author.presses("Roads")
    await author.presses("News")
    await author.says(title)
    await author.says(claim)
    await author.presses("confirmed")
    await author.presses("A source")
    await author.says("A driver")
    await author.presses("saw it themselves")
    await author.says("3 days ago")
    await author.presses("No more claims")
    await author.says("Whether lorries may pass.")
    await author.presses("It is real")


async def proposes(author: Actor) -> None:
    """They propose the draft that stands before them."""
    await author.presses("Propose it")
    await author.presses("I have thought of all this")
    await author.presses("Propose it")


async def opens(reviewer: Actor, title: str = "The road is open") -> None:
    """Another one looks at it."""
    await reviewer.says("/desk")
    await reviewer.presses(f"Publish: {title}")


async def publishes(author: Actor, reviewer: Actor, title: str = "The road is open") -> None:
    """Two publish a bulletin."""
    await writes(author, title)
    await proposes(author)
    await opens(reviewer, title)
    await reviewer.presses("Publish it")
