"""What every test has: no way out of this machine, both stores, a stage, and a table at the end of what did not run."""

from __future__ import annotations

pytest_plugins = [
    "tests.house.loopback",
    "tests.house.report",
    "tests.storage.servers",
    "tests.matrix.synapse",
    "tests.stage",
]
