"""What one Matrix device must remember (keys, sessions, its place in the news), in one file that is encrypted whole.

matrix-nio's own store leaves user ids, device ids and display names in the clear; here it is opened through SQLCipher
with a raw key of its own. In the same file lie two small tables of ours: events that could not be read yet, and when a
room's key was last of use. Losing the file loses no person's data: the bot then becomes a new device.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from nio.crypto import GroupSessionStore, InboundGroupSession
from nio.store import SqliteStore
from peewee import DatabaseError, OperationalError, PeeweeException  # type: ignore[import-untyped]
from playhouse.sqlcipher_ext import SqlCipherDatabase

from bot.platforms.matrix.shapes import Errand, Task

KEY_BYTES: Final = 32
HELD_FOR: Final = timedelta(days=14)
UNUSED_FOR: Final = timedelta(days=90)  # Element makes a new room key each week; 13 of them may have been delayed

_FILE: Final = "matrix.db"
_LOCK: Final = "matrix.lock"
_SECONDS_A_DAY: Final = 86_400
_HELD_PER_ROOM: Final = 500
_HELD: Final = 20_000
_SESSIONS_IN_MEMORY: Final = 1_000
OLM_SESSIONS_A_DEVICE: Final = 8

_HELD_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS held (event TEXT PRIMARY KEY, room TEXT NOT NULL, session TEXT NOT NULL, "
    "json TEXT NOT NULL, at INTEGER NOT NULL) STRICT"
)
_ERRAND_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS errands (task TEXT NOT NULL, room TEXT NOT NULL, who TEXT NOT NULL, event TEXT "
    "NOT NULL, direct INTEGER NOT NULL, at REAL NOT NULL, UNIQUE (task, room, who, event)) STRICT"
)
_OURS: Final = (
    _HELD_TABLE,
    "CREATE INDEX IF NOT EXISTS held_by_session ON held (room, session)",
    _ERRAND_TABLE,
    "CREATE TABLE IF NOT EXISTS used (session TEXT PRIMARY KEY, day INTEGER NOT NULL) STRICT",
)


class StoreError(Exception):
    """The store can't be used; the sentence tells the operator what to do."""


class InUse(StoreError):  # noqa: N818 - it names what happened
    """Another process holds the store."""

    def __init__(self) -> None:
        super().__init__(
            "Another copy of the bot is using this Matrix device. Two at once would spoil its encryption for good: "
            "stop the other one, or give this one a data directory and a Matrix account of its own."
        )


class WrongKey(StoreError):  # noqa: N818 - it names what happened
    """The file does not open with this key."""

    def __init__(self) -> None:
        super().__init__(
            f"{_FILE} can't be read: it was made with another key, or it is damaged. Put the right key back; or, if it "
            f"is lost, remove {_FILE} and the files beside it whose names begin like it: the bot then logs in as a new "
            "device with the same identity, and only messages that it had not read yet must be written again."
        )


class StoreFailed(StoreError):  # noqa: N818 - it names what happened
    """Reading or writing failed, as on a full disk. It may go better later."""

    def __init__(self) -> None:
        super().__init__("The store of the Matrix device can't be read or written: look at the disk.")


@dataclass(frozen=True, slots=True)
class Held:
    """An event that could not be read yet: its raw JSON, and when it was sent (seconds since 1970)."""

    event: str
    room: str
    session: str
    json: Mapping[str, Any]
    at: int


class Lock:
    """The right to be this device, held by at most one process at a time; it ends with the process."""

    def __init__(self, directory: Path) -> None:
        self._path: Final = directory / _LOCK
        self._file: int | None = None

    def take(self) -> None:
        """Take it, or raise `InUse`."""
        if self._file is not None:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            raise InUse from None
        self._file = file

    def release(self) -> None:
        """Let go of it."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def exists(directory: Path) -> bool:
    """Whether there is a store."""
    return (directory / _FILE).exists()


def remove(directory: Path) -> None:
    """Delete the store with all its parts. Whoever calls this holds the lock and has closed the store."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        (directory / f"{_FILE}{suffix}").unlink(missing_ok=True)


class EncryptedStore(SqliteStore):  # type: ignore[misc] # nio carries no types
    """The store of one device, for nio's encryption machine and for us.

    `key` is 32 bytes, used as they are. Every commit is on the disk when it returns. Raises `WrongKey`.
    """

    def __init__(self, user: str, device: str, directory: Path, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            msg = f"the store's key must be {KEY_BYTES} bytes"
            raise ValueError(msg)
        self._key = key
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made by us, so that nobody else may read it from its first byte on; SQLite's other files take after it.
        os.close(os.open(directory / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._days: dict[str, int] = {}
        try:
            # The pickles inside are encrypted once more by nio; the file's own key serves, under another derivation.
            super().__init__(user, device, str(directory), pickle_key=key.hex(), database_name=_FILE)
            for statement in _OURS:
                self.database.execute_sql(statement)
        except DatabaseError as error:
            with suppress(PeeweeException, AttributeError):
                self.database.close()
            trouble = StoreFailed() if isinstance(error, OperationalError) else WrongKey()
            raise trouble from None

    def __repr__(self) -> str:
        """Nothing that is secret."""
        return "EncryptedStore()"

    def _create_database(self) -> SqlCipherDatabase:
        return SqlCipherDatabase(
            self.database_path,
            passphrase=f"x'{self._key.hex()}'",  # taken as the key itself: no derivation, no salt
            pragmas={
                "journal_mode": "wal",
                "synchronous": "full",
                "foreign_keys": 1,
                "secure_delete": 1,
                "trusted_schema": 0,
                "cell_size_check": 1,
                "busy_timeout": 5_000,
            },
        )

    def close(self) -> None:
        """Close the file, its log folded in."""
        with suppress(PeeweeException):
            self.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        self.database.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Everything written inside is one commit. Nothing may be awaited inside. Raises `StoreFailed`."""
        try:
            with self.database.atomic():
                yield
        except PeeweeException:
            raise StoreFailed from None

    # -- the place in the news -----------------------------------------------------------------------------------------

    def position(self) -> str:
        """Up to where the news are handled; "" before the first time."""
        return str(self.load_sync_token() or "")

    def settle(self, position: str, read: Iterable[str], errands: Iterable[Errand]) -> None:
        """Remember that everything up to `position` is handled, and so are the held events `read`; note `errands`."""
        with self.together():
            self.save_sync_token(position)
            for event in read:
                self.database.execute_sql("DELETE FROM held WHERE event = ?", (event,))
            for errand in errands:
                self.add_errand(errand)

    # -- what is to be done --------------------------------------------------------------------------------------------

    def errands(self) -> list[Errand]:
        """All of them, the oldest first."""
        with self.together():
            rows = self.database.execute_sql("SELECT task, room, who, at, event, direct FROM errands ORDER BY rowid")
            return [
                Errand(Task(task), room, who, datetime.fromtimestamp(at, UTC), event, bool(direct))
                for task, room, who, at, event, direct in rows.fetchall()
            ]

    def add_errand(self, errand: Errand) -> None:
        """Note one; the same one is noted once, with its latest time."""
        name = (errand.task.value, errand.room, errand.who, errand.event)
        with self.together():
            self.database.execute_sql(
                "INSERT OR REPLACE INTO errands (task, room, who, event, direct, at) VALUES (?, ?, ?, ?, ?, ?)",
                (*name, int(errand.direct), errand.at.timestamp()),
            )

    def drop_errand(self, errand: Errand) -> None:
        """Forget one that is done."""
        with self.together():
            self.database.execute_sql(
                "DELETE FROM errands WHERE (task, room, who, event) = (?, ?, ?, ?)",
                (errand.task.value, errand.room, errand.who, errand.event),
            )

    # -- events that could not be read yet -----------------------------------------------------------------------------

    def hold(self, held: Held) -> None:
        """Keep an event until its key comes. Beyond a bound (a stranger may send very many) the oldest go."""
        text = json.dumps(held.json)
        values = (held.event, held.room, held.session, text, held.at)
        self.database.execute_sql("INSERT OR IGNORE INTO held VALUES (?, ?, ?, ?, ?)", values)
        for where, most in (("WHERE room = ?", _HELD_PER_ROOM), ("", _HELD)):
            self.database.execute_sql(
                f"DELETE FROM held WHERE rowid IN (SELECT rowid FROM held {where} ORDER BY at DESC, rowid DESC "  # noqa: S608 - of constants
                f"LIMIT -1 OFFSET {most})",
                (held.room,) if where else (),
            )

    def waiting(self) -> set[tuple[str, str]]:
        """The room keys (room, session) that held events wait for."""
        rows = self.database.execute_sql("SELECT DISTINCT room, session FROM held").fetchall()
        return {(room, session) for room, session in rows}

    def held(self, room: str, session: str) -> list[Held]:
        """The events that wait for one room key, oldest first."""
        rows = self.database.execute_sql(
            "SELECT event, room, session, json, at FROM held WHERE room = ? AND session = ? ORDER BY at, rowid",
            (room, session),
        ).fetchall()
        return [Held(event, room, session, json.loads(text), at) for event, room, session, text, at in rows]

    def is_held(self, event: str) -> bool:
        """Whether an event waits for its key."""
        with self.together():
            return self.database.execute_sql("SELECT 1 FROM held WHERE event = ?", (event,)).fetchone() is not None

    def count_held(self) -> int:
        """How many events wait."""
        with self.together():
            return int(self.database.execute_sql("SELECT count(*) FROM held").fetchone()[0])

    # -- room keys -----------------------------------------------------------------------------------------------------

    def load_inbound_group_sessions(self) -> LazySessions:
        """Room keys are read when they are needed: nio reads all of them at every start."""
        return LazySessions(self)

    def room_key(self, session: str) -> InboundGroupSession | None:
        """One room key by its id."""
        row = self.database.execute_sql(
            "SELECT m.session, m.fp_key, m.sender_key, m.room_id FROM megolminboundsessions m "
            "JOIN accounts a ON a.id = m.account_id WHERE m.session_id = ? AND a.user_id = ? AND a.device_id = ?",
            (session, self.user_id, self.device_id),
        ).fetchone()
        if row is None:
            return None
        pickle, signing, sender, room = row
        raw = pickle if isinstance(pickle, bytes) else str(pickle).encode()
        chain = self.database.execute_sql("SELECT sender_key FROM forwardedchains WHERE session_id = ?", (session,))
        forwarded = [one for (one,) in chain.fetchall()]
        return InboundGroupSession.from_pickle(raw, signing, sender, room, self.pickle_key, forwarded)

    def used(self, session: str, now: float) -> None:
        """Remember (to the day) that a room key came or was of use."""
        day = int(now) // _SECONDS_A_DAY
        if self._days.get(session) != day:
            self._days[session] = day
            self.database.execute_sql("INSERT OR REPLACE INTO used VALUES (?, ?)", (session, day))

    # -- forgetting ----------------------------------------------------------------------------------------------------

    def prune(self, now: float) -> None:
        """Forget what nobody needs any more: nio never does.

        Events held for 14 days; room keys that have been of no use for 90 days; all but the latest Olm sessions with
        each device (a sender uses the newest one that it knows).
        """
        day = int(now) // _SECONDS_A_DAY
        run = self.database.execute_sql
        with self.together():
            run("DELETE FROM held WHERE at < ?", (int(now - HELD_FOR.total_seconds()),))
            run("INSERT OR IGNORE INTO used SELECT session_id, ? FROM megolminboundsessions", (day,))
            run("DELETE FROM used WHERE day < ?", (day - UNUSED_FOR.days,))
            run("DELETE FROM megolminboundsessions WHERE session_id NOT IN (SELECT session FROM used)")
            run("DELETE FROM used WHERE session NOT IN (SELECT session_id FROM megolminboundsessions)")
            run(
                "DELETE FROM olmsessions WHERE session_id IN (SELECT session_id FROM (SELECT session_id, row_number() "
                "OVER (PARTITION BY account_id, sender_key ORDER BY last_usage_date DESC) AS place FROM olmsessions) "
                "WHERE place > ?)",
                (OLM_SESSIONS_A_DEVICE,),
            )
        self._days.clear()


class LazySessions(GroupSessionStore):  # type: ignore[misc] # nio carries no types
    """Room keys, read from the store when they are asked for; those used lately stay in memory."""

    def __init__(self, store: EncryptedStore) -> None:
        self._store = store
        self._near: OrderedDict[str, InboundGroupSession] = OrderedDict()
        self._entries: defaultdict[str, Any] = defaultdict(dict)  # nio's own shelf stays empty

    def __iter__(self) -> Iterator[InboundGroupSession]:
        """Those in memory."""
        return iter(tuple(self._near.values()))

    def add(self, session: InboundGroupSession) -> bool:
        """Take one that is about to be stored."""
        self._near[session.id] = session
        self._near.move_to_end(session.id)
        if len(self._near) > _SESSIONS_IN_MEMORY:
            self._near.popitem(last=False)
        return True

    def find(self, session_id: str) -> InboundGroupSession | None:
        """The one with this id, whoever made it and for whichever room."""
        found = self._near.get(session_id)
        if found is None:
            found = self._store.room_key(session_id)
            if found is not None:
                self.add(found)
        else:
            self._near.move_to_end(session_id)
        return found

    def get(self, room_id: str, sender_key: str, session_id: str) -> InboundGroupSession | None:
        """The one with this id if it belongs to this room and this sender."""
        found = self.find(session_id)
        return found if found is not None and (found.room_id, found.sender_key) == (room_id, sender_key) else None
