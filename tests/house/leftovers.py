"""A plugin: places in this machine's memory for a run of the tests, and an end of what a killed run has left there."""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

# what lies there takes no disk's time: what a disk does to it is tried elsewhere (tests/faults)
MEMORY = next((place for place in ("/dev/shm",) if os.access(place, os.W_OK)), tempfile.gettempdir())  # noqa: S108
_NAMED = re.compile(r"payvand-[a-z]+-(\d+)-")


def make_place(what: str) -> Path:
    """A new directory for `what` (small letters), named for this process, which removes it."""
    return Path(tempfile.mkdtemp(prefix=f"payvand-{what}-{os.getpid()}-", dir=MEMORY))


def pytest_sessionstart() -> None:
    """Begin with what runs before this one have left."""
    clear(Path(MEMORY))


def clear(where: Path) -> set[Path]:
    """End the servers and remove the directories below `where` whose makers are no more. What was removed."""
    left = {place for place in where.glob("payvand-*") if (made := _NAMED.match(place.name)) and _is_gone(int(made[1]))}
    for place in left:
        for server in _servers(place):
            with suppress(ProcessLookupError):
                os.kill(server, signal.SIGQUIT)  # PostgreSQL ends at once, with its children
        shutil.rmtree(place, ignore_errors=True)
    return left


def _is_gone(process: int) -> bool:
    return not Path(f"/proc/{process}").exists() and Path("/proc/self").exists()


def _servers(place: Path) -> set[int]:
    """The processes that were started with something in a directory."""
    inside, found = os.fsencode(f"{place}/"), set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            if any(word.startswith(inside) for word in (process / "cmdline").read_bytes().split(b"\0")):
                found.add(int(process.name))
    return found
