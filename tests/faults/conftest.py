"""What the fault tests share: the recorder, built once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.faults import disks

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that records what a process does to its files."""
    if not (shutil.which("gcc") or shutil.which("cc")):
        pytest.skip("no C compiler is installed: the recorder of power cuts cannot be built")
    return disks.compile_recorder(tmp_path_factory.mktemp("recorder"))
