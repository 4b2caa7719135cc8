"""matrix-nio's own client, eight sends in flight, nothing stored but what it stores itself."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.obeying import AT_ONCE, obey
from tests.matrix.vanilla import listen, logged_in, say

WORDS = "Person 0: I am safe.\nFrom Person 0 in person, just now."


async def main(url: str, user: str, password: str, directory: Path, known: dict[str, Any]) -> None:
    """Say a line in each of the known rooms that are encrypted, as often as asked; meanwhile answer what is said."""
    client = await logged_in(url, user, password, directory)
    listen(client)
    syncing = asyncio.create_task(client.sync_forever(timeout=30_000, full_state=True))

    async def settled() -> bool:
        return len(client.rooms) >= known["all"] and not client.should_upload_keys

    async def send(count: int) -> None:
        waiting = iter(known["encrypted"][:count])

        async def one() -> None:
            for room in waiting:
                await say(client, room, WORDS)

        await asyncio.gather(*(one() for _ in range(AT_ONCE)))

    await obey(settled, send, syncing)


if __name__ == "__main__":
    machine.pin(machine.bot_core())
    _program, homeserver, who, word, place, listed = sys.argv
    asyncio.run(main(homeserver, who, word, Path(place), json.loads(Path(listed).read_text("utf-8"))))
