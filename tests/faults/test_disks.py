"""The recorder misses nothing a process does to its files, and the rebuilt disks keep what was synced and only that."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults import disks
from tests.faults.disks import Cut, Disk, Event, Kind, Mark, Marker, Opening, Unrecorded

if TYPE_CHECKING:
    from collections.abc import Sequence

EVERYTHING_A_PROGRAM_CAN_DO = """
import os, shutil, subprocess, sys, threading
from pathlib import Path
here = Path(sys.argv[1])
(here / "plain").write_bytes(b"a" * 70_000)
with open(here / "appended", "ab", buffering=0) as file:
    file.write(b"one"); file.write(b"two")
with open(here / "appended", "ab", buffering=0) as file:
    file.write(b"three")
kept = os.open(here / "kept", os.O_RDWR | os.O_CREAT, 0o600)
subprocess.run(["true"], close_fds=True, check=True)
os.pwrite(kept, b"after a child closed everything", 10)
os.writev(kept, [b"start", b"", b" of it"])
os.pwritev(kept, [b"x" * 10, b"y" * 10], 100)
os.ftruncate(kept, 115)
os.posix_fallocate(kept, 0, 300)
twin = os.dup(kept)
os.pwrite(twin, b"by its twin", 200)
os.dup2(twin, 600)
os.pwrite(600, b"by its triplet", 250)
os.fsync(600)
os.close(twin); os.close(600)
shutil.copyfile(here / "plain", here / "copied")
os.copy_file_range(os.open(here / "plain", os.O_RDONLY), os.open(here / "ranged", os.O_WRONLY | os.O_CREAT), 5000)
os.truncate(here / "copied", 60_000)
os.chdir(here)
os.mkdir("inner")
Path("inner/relative").write_text("relative")
os.replace("inner/relative", "inner/renamed")
os.link("inner/renamed", "linked")
inner = os.open("inner", os.O_RDONLY)
at = os.open("at", os.O_CREAT | os.O_WRONLY, dir_fd=inner)
os.write(at, b"in a directory by its descriptor")
os.fdatasync(at)
os.fsync(inner)
os.rename("at", "moved", src_dir_fd=inner)
Path("doomed").write_text("doomed")
os.unlink("doomed")
Path("doomed").write_text("doomed, but another")
os.mkdir("empty")
os.rmdir("empty")
open("plain", "r+b").write(b"changed in place")
open("copied", "wb").close()
Path("some-shm").write_text("rebuilt")
def many(name):
    with open(name, "ab", buffering=0) as file, open("together", "ab", buffering=0) as together:
        for number in range(300):
            file.write(b"%d" % number)
            together.write(name.encode())
            os.fsync(file.fileno())
threads = [threading.Thread(target=many, args=(f"thread{number}",)) for number in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
if os.fork() == 0:
    os.write(kept, b"by a child")
    os._exit(0)
os.wait()
Path("/".join(["..", "outside"])).write_text("not ours")
os.kill(os.getpid(), 9)
"""


def recorded(recorder: Path, tmp_path: Path, program: str) -> tuple[Path, list[Event], int]:
    """Run a program under the recorder, with an empty directory as its argument."""
    below, log = tmp_path / "data", tmp_path / "record"
    below.mkdir()
    settings = {**os.environ, **disks.environment(recorder, below, log)}
    ended = subprocess.run([sys.executable, "-c", program, str(below)], env=settings, check=False, timeout=60)
    return below, disks.read(log), ended.returncode


def test_the_record_tells_everything_a_program_did_even_when_it_was_killed(recorder: Path, tmp_path: Path) -> None:
    below, events, ended = recorded(recorder, tmp_path, EVERYTHING_A_PROGRAM_CAN_DO)
    assert ended == -signal.SIGKILL
    found = disks.undisturbed(events, below)
    assert found == disks.files_below(below)
    assert "inner/renamed" in found
    assert "some-shm" not in found


def test_a_record_with_one_write_missing_is_noticed(recorder: Path, tmp_path: Path) -> None:
    below, events, _ = recorded(recorder, tmp_path, EVERYTHING_A_PROGRAM_CAN_DO)
    last = max(index for index, event in enumerate(events) if event.kind is Kind.WRITTEN)
    assert disks.undisturbed([*events[:last], *events[last + 1 :]], below) != disks.files_below(below)


@pytest.mark.parametrize(
    "program",
    [
        "import mmap, os, sys; f = open(sys.argv[1] + '/f', 'w+b'); f.truncate(9); mmap.mmap(f.fileno(), 9)",
        "import os, sys; os.symlink('/etc', sys.argv[1] + '/link')",
        "import ctypes, sys; ctypes.CDLL(None).fopen((sys.argv[1] + '/f').encode(), b'w')",
    ],
    ids=["map", "symbolic link", "stream"],
)
def test_what_cannot_be_recorded_is_said_to_be_missing(recorder: Path, tmp_path: Path, program: str) -> None:
    below, events, _ = recorded(recorder, tmp_path, program)
    with pytest.raises(Unrecorded):
        disks.undisturbed(events, below)


def test_a_mark_stands_behind_the_sync_it_waited_for(recorder: Path, tmp_path: Path) -> None:
    log = tmp_path / "record"
    program = f"""
import os, sys
from pathlib import Path
sys.path.insert(0, {str(Path.cwd())!r})
from tests.faults.disks import Marker
marker = Marker(Path({str(log)!r}))
file = os.open(sys.argv[1] + "/f", os.O_WRONLY | os.O_CREAT)
os.write(file, b"word")
os.fsync(file)
marker.mark(7)
"""
    _, events, ended = recorded(recorder, tmp_path, program)
    assert ended == 0
    kinds = [event.kind for event in events]
    assert kinds == [Kind.OPENED, Kind.WRITTEN, Kind.SYNC_BEGAN, Kind.SYNC_ENDED, Kind.MARKED]


def test_a_torn_end_of_the_record_is_left_out(tmp_path: Path) -> None:
    log = tmp_path / "record"
    marker = Marker(log)
    marker.mark(1)
    marker.mark(2)
    marker.close()
    log.write_bytes(log.read_bytes()[:-3])
    assert [event.number for event in disks.read(log)] == [1]


# -- the disks, from records made by hand --------------------------------------------------------------------------

BELOW = "/nowhere/data"
FILE, FOLDER = 11, 12


def event(  # noqa: PLR0913 - a record has so many parts
    kind: Kind, *, file: int = FILE, number: int = 0, path: str = "", data: bytes = b"", to: str = "", flag: int = 0
) -> Event:
    """Make one record."""
    first = f"{BELOW}/{path}".encode() if path else data
    second = f"{BELOW}/{to}".encode() if to else b""
    return Event(kind, flag, file, number, memoryview(first), memoryview(second))


def written(data: bytes, offset: int = 0, file: int = FILE) -> Event:
    """Record a write."""
    return event(Kind.WRITTEN, file=file, number=offset, data=data)


def synced(file: int = FILE, token: int = 1) -> list[Event]:
    """Record a sync from its beginning to its end."""
    return [event(Kind.SYNC_BEGAN, file=file, number=token), event(Kind.SYNC_ENDED, file=file, number=token)]


def created(path: str = "f", file: int = FILE) -> Event:
    """Record that a file was made."""
    return event(Kind.OPENED, file=file, path=path, flag=Opening.CREATED)


FOLDER_OPENED = Event(Kind.OPENED, Opening.DIRECTORY, FOLDER, 0, memoryview(BELOW.encode()), memoryview(b""))
THERE = [created(), FOLDER_OPENED, *synced(FOLDER)]


def possible(events: Sequence[Event], tries: int = 300, at: int | None = None) -> list[Disk]:
    """Cut the power after the last record (or after `at`) with many seeds."""
    end = len(events) if at is None else at
    return list(disks.after(events, Path(BELOW), [Cut(end, seed) for seed in range(tries)]))


def test_what_was_synced_survives_every_cut() -> None:
    events = [*THERE, written(b"kept"), *synced(), written(b"LATER")]
    assert {disk.files["f"] for disk in possible(events[:-1])} == {b"kept"}
    assert {disk.files["f"] for disk in possible(events)} == {b"kept", b"LATER", b"kept\0"}


def test_a_sync_that_did_not_end_promises_nothing() -> None:
    events = [*THERE, written(b"word"), event(Kind.SYNC_BEGAN, number=1)]
    assert {disk.files["f"] for disk in possible(events)} >= {b"", b"word"}


def test_a_sync_covers_only_what_was_written_before_it_began() -> None:
    began, ended = synced()
    events = [*THERE, written(b"early"), began, written(b"late", 5), ended]
    found = {disk.files["f"] for disk in possible(events)}
    assert found == {b"early", b"earlylate", b"early\0\0\0\0"}


def test_unsynced_writes_arrive_in_any_combination() -> None:
    events = [*THERE, written(b"AAAA"), *synced(), written(b"1", 0), written(b"2", 1), written(b"3", 2)]
    found = {disk.files["f"] for disk in possible(events, 500)}
    assert len(found) == 8  # noqa: PLR2004 - every subset of three


def test_an_older_write_never_lands_over_a_newer_one() -> None:
    events = [*THERE, written(b"first"), written(b"newer"), *synced()]
    assert {disk.files["f"] for disk in possible(events)} == {b"newer"}


def test_a_write_can_be_torn_between_sectors_but_not_inside_one() -> None:
    events = [*THERE, written(bytes(4096)), *synced(), written(b"x" * 2000, 100)]
    contents = [disk.files["f"] for disk in possible(events)]
    edges = [100, 512, 1024, 1536, 2048, 2100]
    pieces = [{content[low:high] for content in contents} for low, high in itertools.pairwise(edges)]
    assert all(
        piece == {bytes(high - low), b"x" * (high - low)}
        for piece, low, high in zip(pieces, edges, edges[1:], strict=False)
    )
    assert any(b"x" in content and content.count(b"x") < 2000 for content in contents)  # noqa: PLR2004


def test_a_truncation_may_or_may_not_have_happened() -> None:
    events = [*THERE, written(b"words"), *synced(), event(Kind.TRUNCATED, number=2)]
    assert {disk.files["f"] for disk in possible(events)} == {b"words", b"wo"}


def test_a_synced_file_can_be_missing_until_its_directory_is_synced() -> None:
    unsure = [created(), written(b"word"), *synced(), FOLDER_OPENED]
    assert {disk.files.get("f") for disk in possible(unsure)} == {None, b"word"}
    sure = [*unsure, *synced(FOLDER, token=2)]
    assert {disk.files.get("f") for disk in possible(sure)} == {b"word"}


def test_a_removed_or_renamed_file_can_come_back_until_its_directory_is_synced() -> None:
    removed = [*THERE, written(b"word"), *synced(), event(Kind.UNLINKED, path="f")]
    assert {disk.files.get("f") for disk in possible(removed)} == {None, b"word"}
    assert {disk.files.get("f") for disk in possible([*removed, *synced(FOLDER, token=3)])} == {None}
    renamed = [*THERE, written(b"word"), *synced(), event(Kind.RENAMED, path="f", to="g")]
    assert {tuple(disk.files) for disk in possible(renamed)} == {("f",), ("g",)}
    assert {tuple(disk.files) for disk in possible([*renamed, *synced(FOLDER, token=3)])} == {("g",)}


def test_a_reused_inode_is_another_file() -> None:
    events = [*THERE, written(b"old"), *synced(), event(Kind.UNLINKED, path="f"), created("g"), written(b"new")]
    assert {disk.files.get("f") for disk in possible(events)} == {None, b"old"}
    assert b"old" not in {disk.files.get("g") for disk in possible(events)}


def test_the_map_that_sqlite_rebuilds_is_dropped() -> None:
    events = [created("f-shm"), FOLDER_OPENED, *synced(FOLDER), written(b"map"), *synced()]
    assert {tuple(disk.files) for disk in possible(events)} == {()}


def test_a_whole_sync_covers_every_file_and_every_name() -> None:
    events = [created(), created("g", file=13), written(b"word"), written(b"other", file=13), *synced(file=0)]
    assert {tuple(disk.files.items()) for disk in possible(events)} == {(("f", b"word"), ("g", b"other"))}


def test_files_from_before_the_record_are_durable() -> None:
    events = [event(Kind.OPENED, path="inner/f"), written(b"X", 1)]
    cuts = [Cut(2, seed) for seed in range(100)]
    found = disks.after(events, Path(BELOW), cuts, before={"inner/f": b"abc"})
    assert {disk.files["inner/f"] for disk in found} == {b"abc", b"aXc"}


def test_a_promise_counts_only_before_the_cut() -> None:
    events = [
        *THERE,
        event(Kind.MARKED, number=1, data=b"acknowledged"),
        event(Kind.MARKED, number=2, data=b"acknowledged"),
    ]
    (early,), (late,) = possible(events, 1, at=len(events) - 1), possible(events, 1)
    assert early.promised() == {1}
    assert late.promised() == {1, 2}
    assert late.marks == (Mark("acknowledged", 1), Mark("acknowledged", 2))


def test_the_same_seed_builds_the_same_disk() -> None:
    events = [*THERE, *(written(bytes([n]) * 700, n * 700) for n in range(1, 40))]
    assert [disk.files for disk in possible(events, 50)] == [disk.files for disk in possible(events, 50)]
    assert len({disk.files["f"] for disk in possible(events, 50)}) > 40  # noqa: PLR2004


def test_a_disk_that_lies_about_syncing_is_the_control() -> None:
    events = disks.without_syncs([*THERE, written(b"kept"), *synced()])
    assert {disk.files.get("f") for disk in possible(events)} >= {None, b"", b"kept"}
