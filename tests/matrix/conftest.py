"""What every test of Matrix may ask for: a crowd, on the server that all of them share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.matrix.crowd import Crowd
from tests.matrix.synapse import Synapse


@pytest.fixture
async def crowd(synapse: Synapse) -> AsyncIterator[Crowd]:
    """Nobody yet; see `tests.matrix.crowd`."""
    async with Crowd(synapse) as people:
        yield people
