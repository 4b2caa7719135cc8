"""What every test has: no way out of this machine, both stores, a stage, and a table at the end of what did not run."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# No test measures the machine: neither an example nor the making of it has a time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

pytest_plugins = [
    "tests.house.loopback",
    "tests.house.report",
    "tests.storage.servers",
    "tests.matrix.synapse",
    "tests.stage",
]
