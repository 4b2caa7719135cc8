"""The whole way of a bulletin through three people's messengers, whichever they are: what a community does in a week.

Two moderators draft, translate, review, publish and correct; a reader passes a changed copy on, and is shown the words.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

import sqlalchemy as sa

from bot import i18n
from bot.domain.conversation import Line
from bot.domain.roles import Role
from bot.i18n import _, pgettext
from storage import roles, signing
from storage.crypto import Keys
from storage.database import Storage, Tx
from storage.schema import person

TITLE, OURS, BLOCKED = "The road to Rushon.", "Cars pass, lorries do not.", "Nobody can pass."
WHY = "The bridge has fallen."
RUSSIAN = {
    TITLE: "Дорога в Рушан.",
    OURS: "Легковые машины проезжают, грузовые никогда.",
    "Two drivers": "Два водителя",
    BLOCKED: "Никто не может проехать.",
    WHY: "Обрушился мост.",
}
WORD, CHANGED = "никогда", "свободно"


class Hand(Protocol):
    """Somebody with a messenger. Every look waits for the newest message of the bot, and fails if it does not come."""

    async def settles_in(self, name: str, language: str) -> None:
        """Meet the bot."""

    async def says(self, words: str) -> None:
        """Write words."""

    async def chooses(self, label: str) -> None:
        """Take the choice whose label contains these words, once the newest message offers it."""

    async def reads(self, *words: str) -> str:
        """Wait until the newest message contains all these words. The whole message."""

    async def sees(self, words: str) -> None:
        """Wait until these words stand anywhere."""

    async def passes_on(self, text: str) -> None:
        """Give the bot somebody else's words to be checked."""


def with_signer() -> Keys:
    """Keys of a community that can sign bulletins."""
    keys = Keys(bytes(32))
    keys.signer = signing.throwaway_signer("Payvand", datetime.now(UTC))
    return keys


async def walk(nigora: Hand, rustam: Hand, maria: Hand, storage: Storage) -> None:
    """Walk the whole way."""
    await nigora.settles_in("Nigora", "en")
    await rustam.settles_in("Rustam", "en")
    await storage.write(_give_rights)
    await maria.settles_in("Мария", "ru")
    await _subscribes(maria)
    await _drafts(nigora)
    await nigora.chooses("Ask for translations")
    await _translates(rustam, TITLE, OURS, "Two drivers")
    await _publish(nigora, rustam)
    received = await maria.reads("№ 1", RUSSIAN[TITLE], RUSSIAN[OURS])
    await maria.passes_on(received.replace(WORD, CHANGED))
    await maria.reads(WORD, CHANGED)
    await _corrects(nigora)
    await _translates(rustam, BLOCKED, WHY)
    await _publish(nigora, rustam)
    await maria.reads("№ 2", RUSSIAN[WHY], RUSSIAN[BLOCKED])
    await maria.sees(_russian(_("✏️ Corrected by No. {number}.", number=2)))
    await nigora.reads("Something new waits for you.")
    await nigora.chooses("Look")
    await nigora.reads("No. 2 has gone out.", "1 of 1 reached.")


def _russian(line: Line) -> str:
    return i18n.label(line, "ru", datetime.now(UTC))


def _give_rights(tx: Tx) -> None:
    """As the operator's command does."""
    for who in tx.execute(sa.select(person.c.id)).scalars().all():
        roles.give(tx, who, Role.MODERATOR, datetime.now(UTC))


async def _subscribes(reader: Hand) -> None:
    await reader.says("/start")
    for label in (
        pgettext("button", "☰ More"),
        pgettext("button", "📰 News"),
        pgettext("button-wide", "📰 All important news"),
    ):
        await reader.chooses(_russian(label))
    await reader.reads(_russian(_("If something turns out wrong, I write to everybody who got it.")))


async def _drafts(author: Hand) -> None:
    await author.says("/desk")
    await author.chooses("Drafts")
    await author.chooses("A new one")
    await author.reads("Which district is it about?")
    await author.says("Rushon")
    for label in ("Rushon", "Roads", "News"):
        await author.chooses(label)
    await author.reads("The title")
    await author.says(TITLE)
    await author.reads("One thing that is said")
    await author.says(OURS)
    await author.chooses("confirmed")
    await author.chooses("A source")
    await author.reads("called in public")
    await author.says("Two drivers")
    for label in ("saw it themselves", "Today", "No more claims", "Leave it out", "It is real"):
        await author.chooses(label)


async def _translates(translator: Hand, *texts: str) -> None:
    await translator.reads("Something new waits for you.")
    await translator.chooses("Look")
    await translator.chooses("Русский")
    for text in texts:
        await translator.reads("Write this in the language", text)
        await translator.says(RUSSIAN[text])
    await translator.reads("Done. Thank you.")


async def _publish(author: Hand, reviewer: Hand) -> None:
    await author.reads("Something new waits for you.")
    for label in ("Drafts", "The road to", "Propose it", "I have thought of all this", "Propose it"):
        await author.chooses(label)
    await reviewer.reads("Something new waits for you.")
    for label in ("Look", "Publish: The road to", "Publish it"):
        await reviewer.chooses(label)
    await reviewer.reads("Published: No.")


async def _corrects(author: Hand) -> None:
    await author.says("/desk")
    for label in ("Published", "No. 1", "Correct"):
        await author.chooses(label)
    await author.reads("What changed?")
    await author.says(WHY)
    await author.chooses("Change it")
    await author.chooses("Cars pass")
    await author.chooses("Other words")
    await author.reads("Write this claim in other words.")
    await author.says(BLOCKED)
    await author.reads(BLOCKED, "Two drivers")
    await author.chooses("Back")
    await author.chooses("Ask for translations")
