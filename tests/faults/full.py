"""Three ways to run out of room, each of which can be ended again: a full file system, a file-size limit, a page limit.

Only the first needs a right to mount; the other two work for everybody. They fail differently on purpose: ENOSPC,
EFBIG, and SQLITE_FULL from inside SQLite.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class Room(Protocol):
    """Room for files, which can be taken and given back."""

    async def take(self, left: int) -> None:
        """Leave room for about `left` more bytes."""

    async def give(self) -> None:
        """Give back all the room there is."""


@dataclass(slots=True)
class FileSystem:
    """A small file system of its own at `directory`, filled with ballast."""

    directory: Path

    async def take(self, left: int) -> None:
        """Fill the file system up to `left` bytes."""
        while (ballast := self._free() - left) > 0:
            with self._ballast.open("ab") as file:
                try:
                    os.posix_fallocate(file.fileno(), file.tell(), ballast)
                except OSError as error:  # somebody else has written meanwhile: look again
                    if error.errno != errno.ENOSPC:
                        raise

    def _free(self) -> int:
        status = os.statvfs(self.directory)
        return status.f_bavail * status.f_frsize

    async def give(self) -> None:
        """Throw the ballast out."""
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.directory / "ballast"


@dataclass(slots=True)
class SizeLimit:
    """No file of this process may grow beyond a size (RLIMIT_FSIZE; Python ignores its signal, so writes fail)."""

    directory: Path
    before: tuple[int, int] = field(default_factory=lambda: resource.getrlimit(resource.RLIMIT_FSIZE))

    async def take(self, left: int) -> None:
        """Let the largest file below the directory grow by `left` bytes, and no file become larger than that."""
        largest = max((path.stat().st_size for path in self.directory.rglob("*") if path.is_file()), default=0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest + left, self.before[1]))

    async def give(self) -> None:
        """Lift the limit."""
        resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


@dataclass(slots=True)
class PageLimit:
    """SQLite itself refuses more pages. `pragma` runs a PRAGMA on the writing connection and returns its number."""

    pragma: Callable[[str], Awaitable[int]]

    async def take(self, left: int) -> None:
        """Let the database grow by `left` bytes."""
        pages = await self.pragma("page_count") + left // await self.pragma("page_size")
        await self.pragma(f"max_page_count = {pages}")

    async def give(self) -> None:
        """Lift the limit."""
        await self.pragma("max_page_count = 1073741823")


@contextmanager
def small_file_system(directory: Path, size: int) -> Iterator[FileSystem | None]:
    """Mount `size` bytes of memory at an empty directory; None where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"size={size},mode=0700".encode()
    allowed = libc.mount(b"tmpfs", os.fsencode(directory), b"tmpfs", 0, options) == 0
    try:
        yield FileSystem(directory) if allowed else None
    finally:
        if allowed and libc.umount2(os.fsencode(directory), 2) != 0:  # 2: detach, even if something is still open
            raise OSError(ctypes.get_errno(), "umount", str(directory))


@contextmanager
def size_limit(directory: Path) -> Iterator[SizeLimit]:
    """Lift the limit in any case when done."""
    limit = SizeLimit(directory)
    try:
        yield limit
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit.before)
