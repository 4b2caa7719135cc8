"""The desk on Telegram: two moderators and a reader, over real HTTP to the emulator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.platforms.telegram import Telegram
from storage.sqlite import open_file
from tests.telegram import test_family
from tests.telegram.emulator import Emulator
from tests.telegram.test_family import account, while_running
from tests.updates.walk import walk, with_signer

__all__ = ["account"]  # a fixture
NIGORA, RUSTAM, MARIA = 7001, 7002, 7003


class Phone(test_family.Phone):
    """Somebody's Telegram, who looks only at the newest message."""

    async def chooses(self, label: str) -> None:
        await self._until(lambda: self._choice(label) is not None)
        found = self._choice(label)
        assert found is not None
        await self.emulator.tap(self.user, *found)

    async def reads(self, *words: str) -> str:  # type: ignore[override]
        await self._until(lambda: all(each in self._text() for each in words))
        return self._text()

    async def sees(self, words: str) -> None:
        await super().reads(words)

    async def passes_on(self, text: str) -> None:
        origin = {"type": "hidden_user", "sender_user_name": "Somebody", "date": 1}
        await self.emulator.say(self.user, text, thread={"forward_origin": origin})

    async def _until(self, come: Callable[[], bool]) -> None:
        try:
            await self.emulator.until(come)
        except TimeoutError:
            raise LookupError(self._text()) from None

    def _text(self) -> str:
        return (self.emulator.shown(self.user) or [""])[-1]

    def _newest(self) -> dict[str, Any]:
        return [each for each in self.emulator.chat(self.user) if each["from"]["is_bot"]][-1]

    def _choice(self, label: str) -> tuple[int, str] | None:
        message = self._newest()
        for row in message.get("reply_markup", {}).get("inline_keyboard", []):
            for button in row:
                if label in button["text"]:
                    return message["message_id"], button["callback_data"]
        return None


@pytest.mark.slow
async def test_two_moderators_publish_and_correct_and_a_changed_copy_is_found(
    emulator: Emulator, tmp_path: Path, account: Telegram
) -> None:
    store = await open_file(tmp_path / "payvand.db", with_signer())
    nigora, rustam, maria = (Phone(emulator, user) for user in (NIGORA, RUSTAM, MARIA))
    try:
        await while_running(store, account, lambda: walk(nigora, rustam, maria, store))
    finally:
        await store.close()
    assert emulator.stats()["refusals"] == {}
