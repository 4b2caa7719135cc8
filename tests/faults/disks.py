"""The disks that a power cut could have left behind, rebuilt from the record that powercut.c makes of a process.

What was synced is there. What was not may be there or not, write by write, in any combination; one write may be torn
at 512-byte sectors; a file's new length may be there without its bytes. A name that was made, changed or removed may
be so or not, unless its directory was synced afterwards. This is harsher than real disks and file systems are, except
in one thing: of two writes to the same place, the older never lands over the newer (the page cache forbids it).
The -shm file is dropped: SQLite writes it through a map and rebuilds it after a crash.

A disk depends on nothing but the record, the place of the cut and the seed, so that a failing one can be built again.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from pathlib import Path, PurePosixPath
from typing import Final

SECTOR: Final = 512

# -- the record ----------------------------------------------------------------------------------------------------


class Kind(IntEnum):
    """What a record says; the numbers are those of powercut.c."""

    OPENED = 1
    WRITTEN = 2
    TRUNCATED = 3
    SYNC_BEGAN = 4
    SYNC_ENDED = 5
    RENAMED = 6
    UNLINKED = 7
    LINKED = 8
    DIRECTORY_MADE = 9
    DIRECTORY_REMOVED = 10
    UNSEEN = 11
    MARKED = 12
    EXTENDED = 13


class Opening(IntFlag):
    """How a file was opened."""

    CREATED = 1
    EMPTIED = 2
    DIRECTORY = 4


_HEADER: Final = struct.Struct("<IBBHQQII")
_MAGIC: Final = 0x54554350


class Unrecorded(Exception):  # noqa: N818 - a state of affairs
    """Something happened to the files that the record cannot tell, so that nothing built from it would be true."""


@dataclass(frozen=True, slots=True)
class Event:
    """One record. `file` is an inode, `number` an offset, a size, a sync's token or a mark's number."""

    kind: Kind
    flag: int
    file: int
    number: int
    first: memoryview
    second: memoryview

    def path(self) -> str:
        """Give `first` as a path."""
        return os.fsdecode(bytes(self.first))

    def other_path(self) -> str:
        """Give `second` as a path."""
        return os.fsdecode(bytes(self.second))


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that was promised to the outside at this point of the record: ``Mark("acknowledged", 17)``."""

    kind: str
    number: int


class Marker:
    """Puts marks into a record, from the recorded process or from any other one.

    A mark stands behind everything whose completion its writer could know of, because the recorder appends before it
    lets the program go on.
    """

    def __init__(self, log: Path) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def mark(self, number: int, kind: str = "acknowledged") -> None:
        """Say that `number` is promised from now on."""
        word = kind.encode()
        record = _HEADER.pack(_MAGIC, Kind.MARKED, 0, 0, 0, number, len(word), 0) + word
        if os.write(self._log, record) != len(record):
            message = "a mark could not be written whole"
            raise Unrecorded(message)

    def close(self) -> None:
        """Let go of the record."""
        os.close(self._log)


def read(log: Path) -> list[Event]:
    """Read a record. Its last entry may be torn (the process was killed) and is then left out."""
    view = memoryview(log.read_bytes())
    events: list[Event] = []
    at = 0
    while at + _HEADER.size <= len(view):
        magic, kind, flag, _, file, number, first, second = _HEADER.unpack_from(view, at)
        if magic != _MAGIC:
            message = f"the record is damaged at {at}"
            raise Unrecorded(message)
        body = at + _HEADER.size
        end = body + first + second
        if end > len(view):
            break
        events.append(Event(Kind(kind), flag, file, number, view[body : body + first], view[body + first : end]))
        at = end
    return events


def without_syncs(events: Iterable[Event]) -> list[Event]:
    """Give the record as a disk would make it that says “synced” and syncs nothing."""
    return [event for event in events if event.kind is not Kind.SYNC_ENDED]


def compile_recorder(into: Path) -> Path:
    """Build powercut.c with the system's compiler; returns the library to preload."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        message = "no C compiler is installed"
        raise FileNotFoundError(message)
    library = into / "powercut.so"
    source = Path(__file__).with_name("powercut.c")
    flags = ("-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread")
    subprocess.run([compiler, *flags, "-o", str(library), str(source), "-ldl"], check=True)
    return library


def environment(recorder: Path, below: Path, log: Path) -> dict[str, str]:
    """Give the variables under which a process is recorded: what happens below `below` goes to `log`."""
    return {"LD_PRELOAD": str(recorder), "POWERCUT_BELOW": os.path.realpath(below), "POWERCUT_LOG": str(log)}


# -- the disk, as the record goes on -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Write:
    offset: int
    data: memoryview


@dataclass(frozen=True, slots=True)
class _Resize:
    """A truncation, or (`grow`) an extension that never shortens."""

    size: int
    grow: bool = False


@dataclass(slots=True)
class _File:
    """A file's bytes that are surely on the disk, and what was done to it since."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[_Write | _Resize] = field(default_factory=list)
    settled: int = 0  # how many changes are in `durable`, since the beginning


@dataclass(slots=True)
class _Directory:
    """The bindings of names that are not surely on the disk yet. None: the name was removed."""

    pending: list[dict[str, _Node | None]] = field(default_factory=list)
    settled: int = 0


class _Folder:
    """Stands for a directory as something a name is bound to."""


_FOLDER: Final = _Folder()
_Node = _File | _Folder


def _apply(content: bytearray, change: _Write | _Resize) -> None:
    if isinstance(change, _Write):
        if len(content) < change.offset:
            content.extend(bytes(change.offset - len(content)))
        content[change.offset : change.offset + len(change.data)] = change.data
    elif len(content) < change.size:
        content.extend(bytes(change.size - len(content)))
    elif not change.grow:
        del content[change.size :]


class _Disk:
    """Everything the record has told so far."""

    def __init__(self, below: str, before: Mapping[str, bytes]) -> None:
        self.below = below
        self.durable: dict[str, _Node] = {}
        for name, content in before.items():
            path = f"{below}/{name}"
            self.durable[path] = _File(bytearray(content))
            for parent in PurePosixPath(name).parents:
                if parent != PurePosixPath():
                    self.durable[f"{below}/{parent}"] = _FOLDER
        self.live: dict[str, _Node] = dict(self.durable)
        self.inodes: dict[int, _File] = {}
        self.folders: dict[int, str] = {}
        self.directories: dict[str, _Directory] = {}
        self.syncing: dict[int, list[tuple[_File | _Directory, int]]] = {}
        self.marks: list[Mark] = []

    def _bind(self, bindings: dict[str, _Node | None], *, where: str) -> None:
        """Change names, to become durable with the directory of `where`."""
        for path, node in bindings.items():
            if node is None:
                self.live.pop(path, None)
            else:
                self.live[path] = node
        self.directories.setdefault(str(PurePosixPath(where).parent), _Directory()).pending.append(bindings)

    def _known(self, path: str) -> _Node:
        if path not in self.live:
            message = f"{path} was never seen to be made"
            raise Unrecorded(message)
        return self.live[path]

    def _open(self, event: Event) -> None:
        path = event.path()
        if event.flag & Opening.DIRECTORY:
            self.folders[event.file] = path
            return
        if event.flag & Opening.CREATED:
            self._bind({path: _File()}, where=path)
        node = self._known(path)
        if not isinstance(node, _File):
            message = f"{path} was a directory"
            raise Unrecorded(message)
        self.inodes[event.file] = node
        if event.flag & Opening.EMPTIED and not event.flag & Opening.CREATED:
            node.pending.append(_Resize(0))

    def _begin_sync(self, event: Event) -> None:
        covered: list[_File | _Directory]
        if event.file == 0:
            files = {id(node): node for node in (*self.live.values(), *self.inodes.values()) if isinstance(node, _File)}
            covered = [*files.values(), *self.directories.values()]
        elif event.file in self.folders:
            covered = [self.directories.setdefault(self.folders[event.file], _Directory())]
        else:
            covered = [self.inodes[event.file]]
        self.syncing[event.number] = [(each, each.settled + len(each.pending)) for each in covered]

    def _end_sync(self, event: Event) -> None:
        for each, until in self.syncing.pop(event.number, ()):
            ready = max(0, until - each.settled)
            if isinstance(each, _File):
                for change in each.pending[:ready]:
                    _apply(each.durable, change)
            else:
                for bindings in each.pending[:ready]:
                    _rebind(self.durable, bindings)
            del each.pending[:ready]
            each.settled += ready

    def go_on(self, event: Event) -> None:  # noqa: C901, PLR0912 - one case per kind of record
        """Take one more record into account."""
        match event.kind:
            case Kind.MARKED:
                self.marks.append(Mark(bytes(event.first).decode(), event.number))
            case Kind.OPENED:
                self._open(event)
            case Kind.WRITTEN:
                self.inodes[event.file].pending.append(_Write(event.number, event.first))
            case Kind.TRUNCATED:
                self.inodes[event.file].pending.append(_Resize(event.number))
            case Kind.EXTENDED:
                self.inodes[event.file].pending.append(_Resize(event.number, grow=True))
            case Kind.SYNC_BEGAN:
                self._begin_sync(event)
            case Kind.SYNC_ENDED:
                self._end_sync(event)
            case Kind.UNLINKED | Kind.DIRECTORY_REMOVED:
                self._known(event.path())
                self._bind({event.path(): None}, where=event.path())
            case Kind.RENAMED:
                node = self._known(event.path())
                if isinstance(node, _Folder):
                    message = "a directory was renamed"
                    raise Unrecorded(message)
                self._bind({event.path(): None, event.other_path(): node}, where=event.other_path())
            case Kind.LINKED:
                self._bind({event.other_path(): self._known(event.path())}, where=event.other_path())
            case Kind.DIRECTORY_MADE:
                self._bind({event.path(): _FOLDER}, where=event.path())
            case Kind.UNSEEN:
                raise Unrecorded(event.path())

    def relative(self, names: Mapping[str, _Node]) -> dict[str, _File]:
        """Give the files that can be reached by these names, without what SQLite rebuilds."""
        found: dict[str, _File] = {}
        for path, node in names.items():
            inner = PurePosixPath(path).relative_to(self.below)
            parents = [str(self.below / parent) for parent in inner.parents if parent != PurePosixPath()]
            if isinstance(node, _File) and all(names.get(parent) is _FOLDER for parent in parents):
                found[str(inner)] = node
        return {name: node for name, node in found.items() if not name.endswith("-shm")}


def _rebind(names: dict[str, _Node], bindings: Mapping[str, _Node | None]) -> None:
    for path, node in bindings.items():
        if node is None:
            names.pop(path, None)
        else:
            names[path] = node


# -- the cut -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cut:
    """The power fails after the first `at` records; `seed` decides what of the rest reached the disk."""

    at: int
    seed: int


@dataclass(frozen=True, slots=True)
class Disk:
    """What is found when the power is back: each file's bytes, by its name below the directory; and the promises."""

    cut: Cut
    files: dict[str, bytes]
    marks: tuple[Mark, ...]

    def promised(self, kind: str = "acknowledged") -> set[int]:
        """Give the numbers that were marked as `kind` before the cut."""
        return {mark.number for mark in self.marks if mark.kind == kind}

    def put(self, into: Path) -> None:
        """Make it real below `into`, which is emptied first."""
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        for name, content in self.files.items():
            path = into / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o600)


def _survivors(
    changes: Sequence[_Write | _Resize], dice: random.Random, odds: float, torn: int
) -> Iterator[_Write | _Resize]:
    """What of one file's unsynced changes reached the disk, in their order; `torn` is the index of the torn one."""
    for index, change in enumerate(changes):
        if index == torn and isinstance(change, _Write):
            start, end = change.offset, change.offset + len(change.data)
            for sector in range(start - start % SECTOR, end, SECTOR):
                low, high = max(sector, start), min(sector + SECTOR, end)
                if dice.random() < 0.5:  # noqa: PLR2004 - heads or tails
                    yield _Write(low, change.data[low - start : high - start])
        elif dice.random() < odds:
            yield change
        elif isinstance(change, _Write) and dice.random() < 0.25:  # noqa: PLR2004 - the length came, the bytes did not
            yield _Resize(change.offset + len(change.data), grow=True)


def _cut(disk: _Disk, cut: Cut) -> Disk:
    dice = random.Random(f"{cut.at} {cut.seed}")
    # Mostly heads or tails for each write. Sometimes nearly all or nearly nothing arrives: with many writes pending,
    # fair coins alone would never show that.
    odds = 0.5 if dice.random() < 0.75 else dice.random()  # noqa: PLR2004
    names = dict(disk.durable)
    for _, directory in sorted(disk.directories.items()):
        for bindings in directory.pending:
            if dice.random() < odds:
                _rebind(names, bindings)
    files = sorted(disk.relative(names).items())
    waiting = [(name, index) for name, file in files for index in range(len(file.pending))]
    torn = dice.choice(waiting) if waiting and dice.random() < 0.5 else ("", -1)  # noqa: PLR2004
    found: dict[str, bytes] = {}
    for name, file in files:
        content = bytearray(file.durable)
        for change in _survivors(file.pending, dice, odds, torn[1] if name == torn[0] else -1):
            _apply(content, change)
        found[name] = bytes(content)
    return Disk(cut, found, tuple(disk.marks))


def after(
    events: Sequence[Event], below: Path, cuts: Iterable[Cut], *, before: Mapping[str, bytes] | None = None
) -> Iterator[Disk]:
    """Build the disk of each cut, in the order of the record.

    `before` holds the files that were there (and durable) when the record began. Raises Unrecorded if the record does
    not tell the whole truth.
    """
    disk = _Disk(os.path.realpath(below), before or {})
    done = 0
    for cut in sorted(cuts, key=lambda cut: (cut.at, cut.seed)):
        for event in events[done : cut.at]:
            disk.go_on(event)
        done = max(done, cut.at)
        yield _cut(disk, cut)


def undisturbed(events: Sequence[Event], below: Path, *, before: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """Give the files as they are without any cut: equal to the real ones, or the record is not the whole truth."""
    disk = _Disk(os.path.realpath(below), before or {})
    for event in events:
        disk.go_on(event)
    found: dict[str, bytes] = {}
    for name, file in disk.relative(disk.live).items():
        content = bytearray(file.durable)
        for change in file.pending:
            _apply(content, change)
        found[name] = bytes(content)
    return found


def files_below(directory: Path) -> dict[str, bytes]:
    """Read the real files below a directory, without what SQLite rebuilds."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }


def anywhere(length: int, cuts: int, seed: int) -> list[Cut]:
    """Choose so many cuts at random places of a record of `length` entries."""
    dice = random.Random(seed)
    return [Cut(dice.randint(0, length), number) for number in range(cuts)]


def bytes_written(events: Iterable[Event]) -> Iterator[memoryview]:
    """Give everything that was ever written below the directory, also what was deleted again."""
    return (event.first for event in events if event.kind is Kind.WRITTEN)
