"""The control: a bot as the examples of matrix-nio write it, which says “Heard: …” to whatever it hears.

    python -m tests.matrix.vanilla URL USER PASSWORD DIRECTORY

It logs in once, keeps its token and its keys in DIRECTORY, lets the library store where it is in the news
(``store_sync_tokens=True``), joins every room it is invited to, and runs until it is killed or asked to stop. When the
library falls over, it is started again.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Final

import nio

HEARD: Final = "Heard: "


async def logged_in(url: str, user: str, password: str, directory: Path) -> nio.AsyncClient:
    """A client of a device that is made once and then found again in the directory."""
    config = nio.AsyncClientConfig(store_sync_tokens=True, encryption_enabled=True)
    client = nio.AsyncClient(url, user, store_path=str(directory), config=config)
    proof = directory / "device.json"
    if proof.exists():
        client.restore_login(**json.loads(proof.read_text()))
        return client
    answer = await client.login(password, device_name="vanilla")
    if not isinstance(answer, nio.LoginResponse):
        raise SystemExit(str(answer))
    known = {"user_id": answer.user_id, "device_id": answer.device_id, "access_token": answer.access_token}
    proof.write_text(json.dumps(known))
    return client


async def say(client: nio.AsyncClient, room: str, text: str) -> None:
    """Write words in a room; what goes wrong is the library's to say."""
    content = {"msgtype": "m.text", "body": text}
    await client.room_send(room, "m.room.message", content, ignore_unverified_devices=True)


def listen(client: nio.AsyncClient) -> None:
    """Answer what is said and join where it is invited."""

    async def hear(room: nio.MatrixRoom, event: nio.RoomMessageText) -> None:
        if event.sender != client.user_id:
            await say(client, room.room_id, f"{HEARD}{event.body}")

    async def come(room: nio.MatrixRoom, _event: nio.InviteMemberEvent) -> None:
        await client.join(room.room_id)

    client.add_event_callback(hear, nio.RoomMessageText)
    client.add_event_callback(come, nio.InviteMemberEvent)


async def run(url: str, user: str, password: str, directory: Path) -> None:
    """Serve until SIGTERM; whatever stops it before, it is started again, as a service manager would."""
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    while not asked.is_set():
        client = await logged_in(url, user, password, directory)
        listen(client)
        serving = asyncio.create_task(client.sync_forever(timeout=30_000, full_state=True))
        stopping = asyncio.create_task(asked.wait())
        await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        serving.cancel()
        stopping.cancel()
        for ended in await asyncio.gather(serving, stopping, return_exceptions=True):
            print(repr(ended), flush=True)  # noqa: T201 - its log
        await client.close()
        await asyncio.sleep(1)


if __name__ == "__main__":
    _program, homeserver, who, word, place = sys.argv
    asyncio.run(run(homeserver, who, word, Path(place)))
