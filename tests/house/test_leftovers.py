"""A run of the tests that was killed leaves nothing behind for long, and nobody who lives loses anything."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.house import leftovers

if TYPE_CHECKING:
    from pathlib import Path

# whoever runs the tests in the background of a shell has let them, and their children, ignore SIGQUIT
WAITING = "import signal, sys; signal.signal(signal.SIGQUIT, signal.SIG_DFL); print(flush=True); sys.stdin.read()"


def test_what_a_dead_run_has_left_ends_and_what_lives_stays(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead, alive = (tmp_path / f"payvand-pg-{pid}-abc" for pid in (gone.pid, os.getpid()))
    other = tmp_path / "payvand-other"
    for place in (dead, alive, other):
        place.mkdir()
    ends, stays = (
        subprocess.Popen(
            [sys.executable, "-c", WAITING, str(place / "data")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for place in (dead, alive)
    )
    with ends, stays:
        for one in (ends, stays):
            assert one.stdout is not None
            one.stdout.readline()
        assert leftovers.clear(tmp_path) == {dead}
        assert ends.wait() == -signal.SIGQUIT
        assert stays.poll() is None
        stays.kill()
    assert not dead.exists()
    assert alive.exists()
    assert other.exists()


def test_a_place_is_named_for_whoever_makes_it() -> None:
    place = leftovers.make_place("pg")
    assert place.is_dir()
    assert place.name.startswith(f"payvand-pg-{os.getpid()}-")
    shutil.rmtree(place)
