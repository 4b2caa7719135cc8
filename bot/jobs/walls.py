"""A process of its own, with little memory and little time, for what reads files that strangers made.

A file that breaks the library that reads it breaks nothing else. This file is the beginning of that process too, and
therefore imports nothing of the house; neither does the script that runs in it.
"""

from __future__ import annotations

import resource
import runpy
import subprocess
import sys
from contextlib import suppress
from pathlib import Path


def run(script: str, data: bytes, *args: str, memory: int, seconds: int, patience: float) -> tuple[int, bytes]:
    """Give `data` to a script: how it ended, and what it wrote. Raises TimeoutExpired of ``subprocess``.

    It may use `memory` bytes and `seconds` of a core, is ended after `patience` seconds in all, and writes no file.
    """
    child = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-I", "-B", __file__, script, str(memory), str(seconds), *args],
        input=data,
        capture_output=True,
        timeout=patience,
        env={},
        check=False,
    )
    return child.returncode, child.stdout


def _main() -> None:
    script, memory, seconds, *args = sys.argv[1:]
    with suppress(OSError):  # if the machine has too little memory, this process goes first
        Path("/proc/self/oom_score_adj").write_text("900", "ascii")
    for which, most in (
        (resource.RLIMIT_AS, int(memory)),
        (resource.RLIMIT_CPU, int(seconds)),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(OSError, ValueError):  # where that is forbidden, sizes are counted and the clock runs anyway
            _soft, hard = resource.getrlimit(which)
            allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(which, (allowed, allowed))
    sys.argv = [script, *args]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    _main()
