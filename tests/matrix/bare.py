"""The control of the Matrix client's tests: matrix-nio's own client, one turn of its loop at a time.

When a control stops failing, upstream has cured that defect: our cure can then be looked at again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import nio
from nio.store import SqliteStore

from tests.matrix.synapse import Account, Synapse


class Bare:
    """A bare client's device: what stays of it between two starts."""

    def __init__(self, server: Synapse, directory: Path, url: str = "", **config: Any) -> None:  # noqa: ANN401 - nio's
        directory.mkdir(parents=True, exist_ok=True)
        self.account: Final[Account] = server.register("bare")
        self.directory: Final = directory
        self._url: Final = url or server.url
        self._config: Final = nio.AsyncClientConfig(
            store=SqliteStore, max_timeouts=0, max_limit_exceeded=0, request_timeout=20, **config
        )
        self._login: tuple[str, str] | None = None

    @property
    def user(self) -> str:
        """Its user id."""
        return self.account.user

    @asynccontextmanager
    async def client(self) -> AsyncIterator[nio.AsyncClient]:
        """The client, logged in, its keys on the server unless it was there before."""
        client = nio.AsyncClient(self._url, self.user, store_path=str(self.directory), config=self._config)
        try:
            if self._login is None:
                await client.login(self.account.password, device_name="Bare")
                self._login = (client.device_id, client.access_token)
                await turn(client)
            else:
                client.restore_login(self.user, *self._login)
            yield client
        finally:
            await client.close()
            if client.store is not None:
                client.store.database.close()


async def turn(client: nio.AsyncClient, **sync: Any) -> nio.SyncResponse:  # noqa: ANN401 - nio's
    """One turn of ``sync_forever``: a sync, then what the keys need. Raises what the library raises."""
    news = await client.sync(timeout=0, full_state=True, **sync)
    await client.send_to_device_messages()
    if client.should_upload_keys:
        await client.keys_upload()
    if client.should_query_keys:
        await client.keys_query()
    if client.should_claim_keys:
        await client.keys_claim(client.get_users_for_key_claiming())
    return news


async def say(client: nio.AsyncClient, room: str, text: str) -> object:
    """Write words in a room."""
    content = {"msgtype": "m.text", "body": text}
    return await client.room_send(room, "m.room.message", content, ignore_unverified_devices=True)


def read(news: nio.SyncResponse) -> list[str]:
    """The words that one sync brought."""
    timelines = (room.timeline.events for room in news.rooms.join.values())
    return [event.body for events in timelines for event in events if isinstance(event, nio.RoomMessageText)]
