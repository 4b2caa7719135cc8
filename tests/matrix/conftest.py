"""What every test of Matrix may ask for: a crowd, on the server that all of them share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.matrix.crowd import Crowd
from tests.matrix.devices import Device
from tests.matrix.synapse import Synapse


@pytest.fixture
async def crowd(synapse: Synapse) -> AsyncIterator[Crowd]:
    """Nobody yet; see `tests.matrix.crowd`."""
    async with Crowd(synapse) as people:
        yield people


@pytest.fixture
def device(synapse: Synapse, tmp_path: Path) -> Device:
    """The bot's device, which nobody has started yet; see `tests.matrix.devices`."""
    return Device(synapse, tmp_path / "matrix")
