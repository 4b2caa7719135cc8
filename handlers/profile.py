"""What the bot says of itself on a platform's own pages: name, descriptions, and the menu of commands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from bot.domain.conversation import Line
from bot.i18n import LANGUAGES, SOURCE_LANGUAGE, label, pgettext

# TRANSLATORS: nothing here may say more than a stranger who holds the phone may read.
PROFILE: Final[Mapping[str, Line]] = {
    "name": pgettext("bot-name", "Payvand"),
    "short": pgettext("bot-short", "For families who want to know that their people are well."),
    "description": pgettext(
        "bot-about",
        "Payvand means a bond. Say “I am safe” once, and your family reads it, each person in their own language. "
        "Your circles are visible to nobody else. Free, without advertising.",
    ),
    "/safe": pgettext("command-description", "I am safe"),
    "/sos": pgettext("command-description", "I need help"),
    "/people": pgettext("command-description", "My people: the last news of everybody"),
    "/ask": pgettext("command-description", "Ask the others how they are"),
    "/code": pgettext("command-description", "I heard a code of a card"),
    "/rollcall": pgettext("command-description", "News of many people at once"),
    "/circles": pgettext("command-description", "My circles and invitations"),
    "/bulletins": pgettext("command-description", "What was published"),
    "/search": pgettext("command-description", "Look for somebody"),
    "/verify": pgettext("command-description", "Is this text yours?"),
    "/language": pgettext("command-description", "Change the language"),
    "/privacy": pgettext("command-description", "What is kept; a copy; forget me"),
    "/help": pgettext("command-description", "How it works"),
}


def profile(now: datetime, key: str = "") -> dict[str, dict[str, str]]:
    """Every sentence per language; "" is for everybody else. The community's public key, if it has one, is added."""
    said = {one: {name: label(line, one, now) for name, line in PROFILE.items()} for one in LANGUAGES}
    if key:
        line = pgettext("bot-about", "Our public key, to check our bulletins: {key}", key=key)
        for one, texts in said.items():
            texts["description"] += f"\n\n{label(line, one, now)}"
    return {"": said[SOURCE_LANGUAGE], **said}
