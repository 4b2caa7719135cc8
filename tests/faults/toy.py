"""A tiny bot, right or wrong on purpose: it shows that the storm of kills sees what it must see.

    python -m tests.faults.toy PORT DIRECTORY HOW

It takes numbers from the outside over a socket, keeps them, and writes two letters about each. HOW is "right", or one
of the mistakes a bot can make: it "acknowledges first" (before it commits), "notes first" (before it delivered), or
"notes late" (long after).
"""

from __future__ import annotations

import signal
import socket
import sqlite3
import sys
from pathlib import Path
from typing import Final

READERS: Final = ("mother", "brother")
BATCH: Final = 10
LATE: Final = 200


class Toy:
    """The whole bot."""

    def __init__(self, port: int, directory: Path, how: str) -> None:
        self._how = how
        self._uncommitted: list[int] = []
        self._unnoted: list[tuple[int, str]] = []
        self._wire = socket.create_connection(("127.0.0.1", port)).makefile("rw", encoding="ascii", newline="\n")
        self._file = sqlite3.connect(directory / "toy.db", isolation_level=None)
        for statement in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = OFF",  # kill -9 leaves the page cache alone
            "CREATE TABLE IF NOT EXISTS told (number INTEGER PRIMARY KEY)",
            "CREATE TABLE IF NOT EXISTS letter (number INTEGER, reader TEXT, sent INTEGER DEFAULT 0)",
        ):
            self._file.execute(statement)

    def _say(self, words: str) -> str:
        self._wire.write(words + "\n")
        self._wire.flush()
        return self._wire.readline().strip()

    def take(self) -> None:
        """Take some numbers and promise to keep them."""
        numbers = [int(word) for word in self._say(f"take {BATCH}").split()]
        if self._how == "acknowledges first":
            if numbers:
                self._say(f"acknowledge {numbers[-1]}")
            self._uncommitted += numbers
            if len(self._uncommitted) >= LATE or not numbers:
                self._keep(self._uncommitted)
                self._uncommitted = []
        elif numbers:
            self._keep(numbers)
            self._say(f"acknowledge {numbers[-1]}")

    def _keep(self, numbers: list[int]) -> None:
        self._file.execute("BEGIN IMMEDIATE")
        for number in numbers:
            if self._file.execute("INSERT OR IGNORE INTO told VALUES (?)", (number,)).rowcount:
                self._file.executemany(
                    "INSERT INTO letter (number, reader) VALUES (?, ?)", [(number, reader) for reader in READERS]
                )
        self._file.execute("COMMIT")

    def send(self) -> bool:
        """Deliver some of what is waiting, and note what was delivered; False if nothing was waiting."""
        waiting = self._file.execute(
            "SELECT number, reader FROM letter WHERE sent = 0 ORDER BY number, reader LIMIT ? OFFSET ?",
            (BATCH, len(self._unnoted)),
        ).fetchall()
        if self._how == "notes first":
            self._note(waiting)
        for number, reader in waiting:
            self._say(f"deliver {number} {reader}")
        if self._how == "notes late":
            self._unnoted += waiting
            if len(self._unnoted) >= LATE:
                self._note(self._unnoted)
                self._unnoted = []
        elif self._how != "notes first":
            self._note(waiting)
        return bool(waiting)

    def _note(self, letters: list[tuple[int, str]]) -> None:
        self._file.execute("BEGIN IMMEDIATE")
        self._file.executemany("UPDATE letter SET sent = 1 WHERE number = ? AND reader = ?", letters)
        self._file.execute("COMMIT")


def main() -> None:
    """Run until it is asked to stop."""
    port, directory, how = sys.argv[1:]
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    toy = Toy(int(port), Path(directory), how)
    while not asked:
        toy.take()
        while toy.send() and not asked:
            pass


if __name__ == "__main__":
    main()
