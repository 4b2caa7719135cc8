"""A writer to be recorded and killed: two rows in each transaction, and a mark when they are acknowledged.

    python -m tests.faults.writing DIRECTORY LOG SYNCHRONOUS COMMITS SEED

It opens the file, writes, closes it cleanly, opens it again, writes, and kills itself.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher  # type: ignore[import-untyped]

from tests.faults.disks import Marker

KEY = bytes(range(32)).hex()


def connect(path: Path, synchronous: str = "FULL") -> Any:  # noqa: ANN401 - the library has no types
    """Open the encrypted file the way the product does."""
    connection = sqlcipher.connect(str(path), isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{KEY}'\"")
    for pragma in (
        "journal_mode = WAL",
        f"synchronous = {synchronous}",
        "foreign_keys = ON",
        "secure_delete = ON",
        "trusted_schema = OFF",
        "cell_size_check = ON",
        "busy_timeout = 5000",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


def write(directory: Path, marker: Marker, synchronous: str, commits: range, seed: int) -> Any:  # noqa: ANN401
    """Commit that many times and mark each number once it is durable, as far as the database says."""
    dice = random.Random(seed)
    connection = connect(directory / "payvand.db", synchronous)
    connection.execute("PRAGMA wal_autocheckpoint = 100")
    connection.execute("CREATE TABLE IF NOT EXISTS told (n INTEGER PRIMARY KEY, words BLOB NOT NULL) STRICT")
    connection.execute("CREATE TABLE IF NOT EXISTS letters (n INTEGER PRIMARY KEY, words BLOB NOT NULL) STRICT")
    connection.execute("CREATE TABLE IF NOT EXISTS passing (n INTEGER PRIMARY KEY, words BLOB NOT NULL) STRICT")
    number = commits.start * 10
    for _ in commits:
        told = range(number, number + dice.randint(1, 8))
        number = told.stop
        connection.execute("BEGIN IMMEDIATE")
        for each in told:
            connection.execute("INSERT INTO told VALUES (?, ?)", (each, dice.randbytes(200)))
            connection.execute("INSERT INTO letters VALUES (?, ?)", (each, dice.randbytes(300)))
            connection.execute("INSERT INTO passing VALUES (?, ?)", (each, dice.randbytes(3000)))
        connection.execute("DELETE FROM passing WHERE n < ?", (number - 60,))
        connection.execute("UPDATE letters SET words = ? WHERE n = ?", (dice.randbytes(400), dice.randrange(number)))
        connection.execute("COMMIT")
        for each in told:
            marker.mark(each)
    return connection


def main() -> None:
    """Write, close, write, die."""
    directory, log, synchronous, commits, seed = sys.argv[1:]
    half = int(commits) // 2
    marker = Marker(Path(log))
    write(Path(directory), marker, synchronous, range(half), int(seed)).close()
    write(Path(directory), marker, synchronous, range(half, 2 * half), int(seed) + 1)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
