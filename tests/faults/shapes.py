"""Updates as Telegram sends them, and as it never would: shaped by the Bot API's own description, or any JSON at all."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from bot import i18n
from bot.domain.circle import make_code
from handlers.router import BUTTONS, WORDS
from tests.telegram.facts import FACTS, Facts

PEOPLE: Final = (7001, 7002, 7003)  # few, so that dialogues go on from one update to the next
GROUPS: Final = (-100, -1001234567890)
STRANGE: Final = (0, -1, 2**31, 2**52, 2**63 - 1, 2**63, -(2**63), 10**30)
CODE: Final = make_code(lambda most: most // 2)
"""A code that reads well and opens nothing."""
