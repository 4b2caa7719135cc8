"""A process of its own, with little memory and little time, for what reads files that strangers made.

A file that breaks the library that reads it breaks nothing else. This file is the beginning of that process too, and
therefore imports nothing of the house; neither does the script that runs in it.
"""

from __future__ import annotations

import os
import resource
import runpy
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread, Timer

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000  # <linux/sched.h>
MOST = 1 << 23  # bytes that are read of what a script writes


def run(  # noqa: PLR0913 - each is a wall
    script: str, data: bytes, *args: str, memory: int, seconds: int, patience: float, most: int = MOST
) -> tuple[int, bytes]:
    """Give `data` to a script: how it ended, and what it wrote. Raises TimeoutExpired of ``subprocess``.

    It may use `memory` bytes and `seconds` of a core, is ended after `patience` seconds in all or once it has written
    more than `most` bytes, writes no file and starts nothing else. Where the system lets anybody have a network of
    their own, it has one that leads nowhere.
    """
    command = [sys.executable, "-I", "-B", __file__, script, str(memory), str(seconds), *args]
    child = subprocess.Popen(  # noqa: S603 - ourselves
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        close_fds=True,  # it has no descriptor of ours but these
        start_new_session=True,  # so that it is ended with whatever it may have started
    )
    is_late = Event()

    def late() -> None:
        is_late.set()
        _end(child)

    clock, giving = Timer(patience, late), Thread(target=_give, args=(child, data), daemon=True)
    with child:
        clock.start()
        giving.start()
        try:
            assert child.stdout is not None  # noqa: S101 - for the types: it is a pipe
            wrote = child.stdout.read(most + 1)
            if len(wrote) > most:
                _end(child)
            if hasattr(os, "waitid"):  # it has ended, and keeps its number until `wait`
                os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
            else:
                child.wait()
        finally:
            _end(child)
            clock.cancel()
            clock.join()
            giving.join()
    if is_late.is_set() and child.returncode == -signal.SIGKILL:
        raise subprocess.TimeoutExpired(command, patience)
    return child.returncode, wrote[:most]


def _give(child: subprocess.Popen[bytes], data: bytes) -> None:
    assert child.stdin is not None  # noqa: S101 - for the types: it is a pipe
    with suppress(OSError):  # it has ended, or closed its ears
        child.stdin.write(data)
    with suppress(OSError):
        child.stdin.close()


def _end(child: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):  # nobody of it is left
        os.killpg(child.pid, signal.SIGKILL)


def _main() -> None:
    script, memory, seconds, *args = sys.argv[1:]
    with suppress(OSError):  # if the machine has too little memory, this process goes first
        Path("/proc/self/oom_score_adj").write_text("900", "ascii")
    with suppress(OSError, AttributeError, ImportError, MemoryError):  # not every system lets everybody do so
        import ctypes  # noqa: PLC0415 - only this process needs it

        ctypes.CDLL(None).unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    for which, most in (
        (resource.RLIMIT_AS, int(memory)),
        (resource.RLIMIT_CPU, int(seconds)),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),  # for root it means nothing
    ):
        with suppress(OSError, ValueError):  # where that is forbidden, sizes are counted and the clock runs anyway
            _soft, hard = resource.getrlimit(which)
            allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(which, (allowed, allowed))
    sys.argv = [script, *args]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    _main()
