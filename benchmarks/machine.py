"""The machine under the benchmarks: which core a program runs on, what it used, and how busy everybody else was."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KIB = 1024
MIB = 1 << 20
CORES = "BENCHMARK_CORES"


def cores() -> list[int]:
    """The cores there are for us; one if the system can't say. Whoever is started by us knows what we knew."""
    if CORES not in os.environ:
        found = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
        os.environ[CORES] = ",".join(map(str, found))
    return [int(core) for core in os.environ[CORES].split(",")]


def pin(core: int) -> None:
    """Keep this process, and the threads it will start, on one core; nothing where the system can't do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def bot_core() -> int:
    """The core of what is measured."""
    return cores()[0]


def other_core() -> int:
    """The core of everything around it: servers, clients. The same one, if there is only one."""
    return cores()[-1]


def load() -> str:
    """How busy the machine is, as the system counts it over one, five and fifteen minutes."""
    return " ".join(f"{one:.1f}" for one in os.getloadavg())


def pulse() -> float:
    """Seconds of processor time that a million additions take now: how fast this machine is while others use it."""
    begun = time.thread_time()
    total = 0
    for number in range(1_000_000):
        total += number
    return time.thread_time() - begun


def memory_of(pid: int) -> tuple[float, float]:
    """Present and greatest resident memory of a process, in MiB (Linux)."""
    fields = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines() if ":" in line
    )
    present, most = (int(fields[name].split()[0]) / KIB for name in ("VmRSS", "VmHWM"))
    return present, most


def cpu_of(pid: int) -> float:
    """Seconds of processor time that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def read_by_us() -> int:
    """Bytes that this process has read so far, from files and from the system's cache of them (Linux)."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text("utf-8").splitlines())
    return int(fields["rchar"])


def greatest_memory() -> float:
    """The greatest resident memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB


@dataclass(slots=True)
class Spent:
    """Seconds that passed, and seconds of processor time that this process (all its threads) used meanwhile."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def spending() -> Iterator[Spent]:
    """Measure what happens inside."""
    spent = Spent()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield spent
    finally:
        spent.wall, spent.cpu = time.perf_counter() - wall, time.process_time() - cpu


def progress(what: str, total: int) -> Callable[[int], None]:
    """Shows on stderr how far something long is, and how long it will take; a line now and then where nobody looks."""
    begun = told = time.monotonic()
    watched = sys.stderr.isatty()

    def show(done: int) -> None:
        nonlocal told
        now = time.monotonic()
        if done < total and now < told + (1 if watched else 30):
            return
        told = now
        left = f"{(now - begun) / done * (total - done):.0f} s left" if done else "just begun"
        bar = "#" * (30 * done // total)
        begin, end = ("\r", "\n" if done == total else "") if watched else ("", "\n")
        print(f"{begin}[{bar:<30}] {done:,}/{total:,} {what}, {left}   ", end=end, file=sys.stderr, flush=True)

    return show


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which that share of `values` lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0
