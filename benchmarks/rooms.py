"""A sampler of our own: which room of the house the time is spent in, seen a thousand times a second."""

from __future__ import annotations

import signal
import time
from collections import defaultdict
from types import FrameType, TracebackType
from typing import Self

EVERY = 0.001  # seconds

# The first rule that any frame fits, from the innermost outwards, names the room: (part of the path, function or "").
# SQLite's own work shows as the frame that called it, since C has no frames of its own.
RULES: tuple[tuple[str, str, str], ...] = (
    ("sqlalchemy/engine/default.py", "do_commit", "commit with fsync"),
    ("storage/crypto.py", "", "sealing and blind indexes"),
    ("sqlalchemy/engine/default.py", "do_execute", "SQLite statements"),
    ("sqlalchemy/engine/default.py", "do_executemany", "SQLite statements"),
    ("sqlalchemy/sql/type_api.py", "", "values in, rows out"),
    ("storage/schema.py", "", "values in, rows out"),
    ("storage/prepared.py", "run", "SQLite statements"),
    ("storage/prepared.py", "", "values in, rows out"),
    ("storage/database.py", "savepoint", "savepoints"),
    ("json/", "", "packing letters"),
    ("bot/i18n.py", "to_json", "packing letters"),
    ("bot/i18n.py", "rows_to_json", "packing letters"),
    ("storage/outbox.py", "_pack", "packing letters"),
    ("sqlalchemy/", "", "SQLAlchemy around the statements"),
    ("storage/", "", "storage's own Python"),
    ("bot/domain/", "", "handlers and rules"),
    ("bot/i18n.py", "", "handlers and rules"),
    ("handlers/dispatch.py", "", "router"),
    ("handlers/", "", "handlers and rules"),
)
REST = "the rest"
ROOMS = (*dict.fromkeys(room for _path, _function, room in RULES), REST)


def room_of(frame: FrameType | None) -> str:
    """The room that this moment belongs to."""
    while frame is not None:
        path = frame.f_code.co_filename
        for part, function, room in RULES:
            if part in path and (not function or frame.f_code.co_name == function):
                return room
        frame = frame.f_back
    return REST


class Sampler:
    """Interrupts the main thread on a timer; each sample counts for the time since the last one.

    A signal waits until a call into C returns, so a long call is one late sample with all of its time: hence the
    weights. `rooms` holds seconds, and "total".
    """

    def __init__(self) -> None:
        self.rooms: defaultdict[str, float] = defaultdict(float)
        self._last = 0.0

    def __enter__(self) -> Self:
        signal.signal(signal.SIGALRM, self._look)
        self._last = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, EVERY, EVERY)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def _look(self, _number: int, frame: FrameType | None) -> None:
        now = time.perf_counter()
        self.rooms[room_of(frame)] += now - self._last
        self.rooms["total"] += now - self._last
        self._last = time.perf_counter()
