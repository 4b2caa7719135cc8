"""``payvand run`` with Matrix and something done too early: what the tests on a Matrix server must notice.

python -m tests.faults.hasty WAY -- --settings FILE run
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from bot import __main__ as command
from bot.platforms.matrix.client import HardenedClient
from bot.platforms.matrix.errands import Receive
from bot.platforms.matrix.intake import Intake
from bot.platforms.matrix.shapes import Batch, Kept, Login

MEANWHILE: Final = 0.3  # seconds between what is done too early and what should have been first
LONG: Final = 1.0  # the same where a kill falls at random, so that some kill is sure to fall into it


def keeps_place_first() -> None:
    """Keep the place in the news before what was heard there is committed."""
    hand_over = Intake._hand_over  # noqa: SLF001 - this is the place where it goes wrong

    async def hasty(self: Intake, batch: Batch, receive: Receive) -> None:
        await self._client.keep(batch)
        await asyncio.sleep(LONG)
        await hand_over(self, batch, receive)

    Intake._hand_over = hasty  # type: ignore[method-assign]  # noqa: SLF001


def shows_keys_first() -> None:
    """Let everybody see a new device's keys before the device is remembered."""
    enter = HardenedClient.login_or_resume

    async def hasty(
        self: HardenedClient,
        kept: Kept | None,
        password: Callable[[], str],
        device_name: str,
        remember: Callable[[Kept], Awaitable[None]] | None = None,
    ) -> Login:
        login = await enter(self, kept, password, device_name)
        await asyncio.sleep(MEANWHILE)
        if remember is not None:
            await remember(login.kept)
        return login

    HardenedClient.login_or_resume = hasty  # type: ignore[method-assign]


WAYS: Final[Mapping[str, Callable[[], Any]]] = {
    "keeps-place-first": keeps_place_first,
    "shows-keys-first": shows_keys_first,
}


if __name__ == "__main__":
    _program, way, _dashes, *rest = sys.argv
    WAYS[way]()
    sys.exit(command.main(rest))
