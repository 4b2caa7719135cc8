"""After any power cut, everything that was acknowledged is there, whole; a storage that syncs less would lose it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults import count, disks, reopening

ROOT = Path(__file__).parents[2]
NUMBERS = 700

Recording = tuple[Path, Path]  # the watched directory, and the record


@pytest.fixture(scope="module")
def record(recorder: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Recording]:
    """Records a process that writes through our storage until it kills itself, once for each way of syncing."""
    made: dict[str, Recording] = {}

    def make(synchronous: str) -> Recording:
        if synchronous not in made:
            directory = tmp_path_factory.mktemp("recorded")
            below, log = directory / "data", directory / "record"
            below.mkdir()
            command = (sys.executable, "-m", "tests.faults.writing", str(below), str(log), synchronous, str(NUMBERS))
            settings = {**os.environ, "PYTHONPATH": str(ROOT), **disks.environment(recorder, below, log)}
            ended = subprocess.run(command, env=settings, check=False, timeout=100, capture_output=True)
            assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
            made[synchronous] = below, log
        return made[synchronous]

    return make


@pytest.fixture
def quiet_cipher(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """SQLCipher complains of every page it can't read, in thousands of lines, and here that is the point."""
    yield
    capfd.readouterr()


def test_the_recorder_sees_every_byte_that_the_storage_writes(record: Callable[[str], Recording]) -> None:
    below, log = record("ours")
    assert disks.undisturbed(disks.read(log), below) == disks.files_below(below)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_power_cut_loses_what_was_acknowledged(
    record: Callable[[str], Recording], counted: Callable[[str], None]
) -> None:
    verdict = reopening.judge(*record("ours"), count(2000), seed=1)
    counted(str(verdict))
    assert verdict.disks == count(2000)
    assert verdict.promised > NUMBERS / 4 * count(2000)
    assert (verdict.lost, verdict.half, verdict.unsound) == (0, 0, 0)


@pytest.mark.slow
def test_control_with_normal_syncing_power_cuts_lose_what_was_acknowledged(
    record: Callable[[str], Recording], counted: Callable[[str], None]
) -> None:
    verdict = reopening.judge(*record("NORMAL"), 60, seed=2)
    counted(str(verdict))
    assert verdict.lost > 0
    assert (verdict.half, verdict.unsound) == (0, 0)  # it forgets, but what it remembers is whole


@pytest.mark.slow
@pytest.mark.usefixtures("quiet_cipher")
def test_control_without_syncing_power_cuts_break_the_database(record: Callable[[str], Recording]) -> None:
    verdict = reopening.judge(*record("OFF"), 60, seed=3)
    assert verdict.lost > 0
    assert verdict.unsound > 0


@pytest.mark.slow
@pytest.mark.usefixtures("quiet_cipher")
def test_control_a_disk_that_only_says_it_synced_loses_what_was_acknowledged(
    record: Callable[[str], Recording],
) -> None:
    assert reopening.judge(*record("ours"), 60, seed=4, lying=True).lost > 0
