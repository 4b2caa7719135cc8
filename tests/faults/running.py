"""``payvand run`` with something changed, usually for the worse: what the fault tests must notice.

    python -m tests.faults.running WAY [WAY …] -- --settings FILE run

A WAY is one of `WAYS`, or ``PRAGMA=value``, which is set on the database's connections instead of ours.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from sqlcipher3 import dbapi2

from bot import __main__ as command
from bot import app, logs
from bot.domain.conversation import Incoming
from bot.outbox.courier import Parcel
from bot.outbox.engine import Route
from handlers import home, router
from handlers.ask import Answer, Ask
from storage import crypto, outbox, sqlite
from storage.crypto import Keys
from storage.database import Tx
from storage.outbox import Delivered, Letter


def acknowledges_first() -> None:
    """Let Telegram forget updates before they are committed."""
    receive = app.App.receive
    held: set[asyncio.Task[None]] = set()

    async def promise(self: app.App, batch: Sequence[Incoming]) -> None:
        task = asyncio.create_task(receive(self, batch))
        held.add(task)
        await asyncio.sleep(0)

    app.App.receive = promise  # type: ignore[method-assign]


def notes_first() -> None:
    """Note letters as delivered before they are sent."""
    deliver = Route._deliver  # noqa: SLF001 - this is the place where it goes wrong

    async def note(self: Route, letter: Letter, slot: float) -> None:
        ended = [Delivered(which, letter.address, letter.topic, "") for which in (letter.id, *letter.merged)]
        await self._storage.write(partial(outbox.delivered, letters=ended, now=self._now()))
        await deliver(self, letter, slot)

    Route._deliver = note  # type: ignore[method-assign]  # noqa: SLF001


def repeats_silently() -> None:
    """After a crash, send letters again as if it were the first time."""
    parcel = Route.parcel

    def plain(self: Route, letter: Letter) -> Parcel:
        return parcel(self, replace(letter, again=False))

    Route.parcel = plain  # type: ignore[method-assign]


def meets_accidents() -> None:
    """Let the manual meet a defect whose exception holds everything it knows of the person."""

    def manual(ask: Ask, tx: Tx) -> Answer:
        del tx
        raise RuntimeError(ask.person.name, ask.words, ask.address)

    router.BUTTONS = {**router.BUTTONS, "manual": manual}
    router.PHRASES = {
        intent: manual if handler is home.manual else handler for intent, handler in router.PHRASES.items()
    }
    router.WORDS = dict(router.WORDS)


def plainly(path: Path, keys: Keys, *, query_only: bool = False) -> dbapi2.Connection:
    """Open a database as `storage.sqlite.connect` does, but leave the file itself unencrypted."""
    del keys
    connection: dbapi2.Connection = dbapi2.connect(str(path), isolation_level=None, check_same_thread=False)
    for pragma in (*sqlite.PRAGMAS, f"PRAGMA query_only = {int(query_only)}"):
        connection.execute(pragma)
    return connection


def tells_everything() -> None:
    """Keep a plain file, seal nothing, and let everybody write what they like into the log."""
    sqlite.connect = plainly
    crypto.Keys.seal = lambda _self, _place, plain: plain  # type: ignore[method-assign, assignment]
    crypto.Keys.open = lambda _self, _place, sealed: sealed  # type: ignore[method-assign, assignment]
    crypto.Keys.blind = lambda _self, _context, value: value.encode()  # type: ignore[method-assign, assignment]
    logs.start = lambda **_: logging.basicConfig(level=logging.DEBUG)


WAYS: Final[Mapping[str, Callable[[], None]]] = {
    "acknowledges-first": acknowledges_first,
    "notes-first": notes_first,
    "repeats-silently": repeats_silently,
    "meets-accidents": meets_accidents,
    "tells-everything": tells_everything,
}


def set_pragma(words: str) -> None:
    """Set a PRAGMA otherwise than ours, on every connection."""
    name, _, value = words.partition("=")
    others = [pragma for pragma in sqlite.PRAGMAS if name not in pragma]
    sqlite.PRAGMAS = (*others, f"PRAGMA {name} = {value}")  # type: ignore[assignment]


def main() -> int:
    """Change what is asked for, then run the command behind the dashes."""
    dashes = sys.argv.index("--")
    for way in sys.argv[1:dashes]:
        if "=" in way:
            set_pragma(way)
        else:
            WAYS[way]()
    return command.main(sys.argv[dashes + 1 :])


if __name__ == "__main__":
    sys.exit(main())
