"""Words by which whoever fills in a form says that a number is an age, or that they do not know."""

from __future__ import annotations

import re
from typing import Final

AGED: Final = re.compile(
    r"\b(?:лет|года|возраст|около|примерно|сола?\b|синн|тақрибан|years?|old|aged?|about|around)", re.IGNORECASE
)
UNKNOWN: Final = re.compile(
    r"(?:я )?(?:не знаю|незнаю|не помню)|намедон(?:ам|ем)|дар ёд надорам|"
    r"(?:i )?(?:do not|don['’]?t) (?:know|remember)",
    re.IGNORECASE,
)
