"""What did not run is told at the end, and where everything must run it is a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.house.sources import HOUSE

if TYPE_CHECKING:
    from pathlib import Path

SKIPPING = """
import pytest

def test_one():
    pytest.skip("no bridge is built")

@pytest.mark.skipif(True, reason="no boat is here")
def test_two():
    pass

@pytest.fixture
def ford():
    pytest.skip("no bridge is built")

def test_three(ford):
    pass

def test_four():
    pass
"""
ABSENT = 'import pytest\npytest.importorskip("absent_library_of_nobody")\n'


def report(home: Path, *, required: bool, absent: bool = True) -> subprocess.CompletedProcess[str]:
    (home / "test_skipping.py").write_text(SKIPPING)
    if absent:
        (home / "test_absent.py").write_text(ABSENT)
    (home / "pytest.ini").write_text("[pytest]\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.house.report", "-p", "no:cacheprovider", str(home)],
        cwd=HOUSE,
        env={**os.environ, "PAYVAND_REQUIRE_ALL": str(int(required))},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_table_says_what_did_not_run_and_why(tmp_path: Path) -> None:
    done = report(tmp_path, required=False)
    assert done.returncode == 0
    table = done.stdout.partition("what did not run, and why")[2]
    assert "2  test_skipping.py: no bridge is built" in table
    assert "1  test_skipping.py: no boat is here" in table
    assert "absent_library_of_nobody" in table
    assert "1 passed, 4 skipped" in done.stdout.splitlines()[-1]


def test_where_everything_must_run_a_skipped_test_is_a_failure(tmp_path: Path) -> None:
    done = report(tmp_path, required=True, absent=False)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "did not run: no bridge is built" in done.stdout
    assert "did not run: no boat is here" in done.stdout
    assert "skipped" not in done.stdout.splitlines()[-1]


def test_where_everything_must_run_a_skipped_file_is_a_failure(tmp_path: Path) -> None:
    done = report(tmp_path, required=True)
    assert done.returncode == pytest.ExitCode.INTERRUPTED  # of the collection: nothing runs
    assert "did not run: could not import 'absent_library_of_nobody'" in done.stdout
