"""What stands in a community's database, while the bot is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bot.settings import load
from storage import keys, sqlite
from storage.crypto import Keys
from storage.database import Tx

T = TypeVar("T")


def looked(home: Path, work: Callable[[Tx], T]) -> T:
    """Do `work` in the community that was founded in `home`, and give what it returns."""
    settings = load(home / "payvand.toml")

    async def look() -> T:
        storage = await sqlite.open_file(settings.database_file, Keys(keys.read(settings.key_file)))
        try:
            return await storage.write(work)
        finally:
            await storage.close()

    return asyncio.run(look())
