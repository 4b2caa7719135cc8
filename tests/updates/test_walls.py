"""What a process may do that reads strangers' files: no more than read them, and say a little."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.jobs import walls

MEMORY = 1 << 28


def ran(
    where: Path, script: str, data: bytes = b"", *args: str, most: int = 1000, patience: float = 60
) -> tuple[int, bytes]:
    """How a script ended behind the walls, and what it wrote."""
    path = where / "script.py"
    path.write_text(script)
    return walls.run(str(path), data, *args, memory=MEMORY, seconds=20, patience=patience, most=most)


def test_what_it_is_given_and_what_it_writes_pass(tmp_path: Path) -> None:
    script = "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read()[::-1] + sys.argv[1].encode())"
    given = bytes(range(256)) * 1000
    assert ran(tmp_path, script, given, "!", most=1 << 20) == (0, given[::-1] + b"!")
    assert ran(tmp_path, "import sys; sys.exit(7)", given) == (7, b"")


@pytest.mark.parametrize("ends", [True, False])
def test_what_writes_without_end_is_ended_and_no_more_of_it_is_read(tmp_path: Path, ends: bool) -> None:  # noqa: FBT001
    script = "import sys\nsys.stdout.buffer.write(b'x' * 1001)\n" + ("" if ends else "while True: print('x' * 10_000)")
    code, wrote = ran(tmp_path, script, bytes(1 << 20))
    assert code != 0 or ends
    assert wrote == b"x" * 1000


def test_what_does_not_end_is_ended_with_whatever_it_has_started(tmp_path: Path) -> None:
    script = "import os, time\ntime.sleep(600)"
    with pytest.raises(subprocess.TimeoutExpired):
        ran(tmp_path, script, patience=1)
    with pytest.raises(subprocess.TimeoutExpired):
        ran(tmp_path, "import os, time\nos.close(1)\ntime.sleep(600)", bytes(1 << 20), patience=1)


def test_what_it_leaves_behind_holds_nothing_up(tmp_path: Path) -> None:
    """Root may start others all the same: they end with it, though they keep its words open."""
    script = (
        "import os, sys, time\n"
        "try:\n    child = os.fork()\n"
        "except OSError:\n    sys.exit(3)\n"
        "if child == 0:\n    time.sleep(600)\n"
        "print(child, flush=True)\nos.kill(os.getpid(), 9)"
    )
    try:
        code, wrote = ran(tmp_path, script, patience=3)
    except subprocess.TimeoutExpired:
        return  # the clock has ended both
    assert (code, wrote) == (3, b"") or code == -signal.SIGKILL


def test_nobody_but_root_may_start_anything_there(tmp_path: Path) -> None:
    script = "import resource, sys\nsys.exit(resource.getrlimit(resource.RLIMIT_NPROC) != (0, 0))"
    assert ran(tmp_path, script) == (0, b"")


def test_it_has_none_of_our_files(tmp_path: Path) -> None:
    ours = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(ours, True)  # noqa: FBT003 - its only argument
    script = f"import os\ntry:\n    os.fstat({ours})\n    print('open')\nexcept OSError:\n    print('closed')"
    try:
        assert ran(tmp_path, script) == (0, b"closed\n")
    finally:
        os.close(ours)


def test_where_anybody_may_have_a_network_of_their_own_it_reaches_nobody(tmp_path: Path) -> None:
    asked = "import ctypes, sys\nsys.exit(ctypes.CDLL(None).unshare(0x50000000))"
    may = subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 5)\nprint('reached')"
        code, wrote = ran(tmp_path, script)
    assert wrote == (b"" if may else b"reached\n")
    assert (code != 0) is may
