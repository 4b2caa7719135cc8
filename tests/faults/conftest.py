"""What the fault tests share: the recorder, built once, and a place for what they have counted."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.faults import disks
from tests.telegram import emulator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNTED = "counted"
PATIENCE = 120.0  # seconds: on a machine that is busy with something else, too


@pytest.fixture(scope="session")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that records what a process does to its files."""
    if not (shutil.which("gcc") or shutil.which("cc")):
        pytest.skip("no C compiler is installed: the recorder of power cuts cannot be built")
    return disks.compile_recorder(tmp_path_factory.mktemp("recorder"))


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait longer for what a bot does than tests do that run nothing else."""
    monkeypatch.setattr(emulator, "PATIENCE", PATIENCE)


@pytest.fixture
def counted(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Notes what a test has counted, to be read at the end of the run and written down in docs/proof.md."""
    return lambda figures: request.node.user_properties.append((COUNTED, figures))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was counted."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    figures = [(report.nodeid, said) for report in reports for name, said in report.user_properties if name == COUNTED]
    if figures:
        terminalreporter.section("what the fault tests counted")
        for test, said in figures:
            terminalreporter.write_line(f"{test.rpartition('::')[2]}\n    {said}")
