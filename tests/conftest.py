"""What every test has: no way out of this machine, both stores, a stage, and a table at the end of what did not run."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bot import i18n

# No test measures the machine: neither an example nor the making of it has a time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

pytest_plugins = [
    "tests.house.leftovers",
    "tests.house.loopback",
    "tests.house.report",
    "tests.storage.servers",
    "tests.matrix.synapse",
    "tests.stage",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long: at the end no worker is left alone with it."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


# A catalogue is read once for all tests, and again when its file has changed: reading both takes a tenth of a second.
_read = i18n.read_catalogue


@lru_cache(maxsize=32)
def _read_once(path: Path, language: str, _written: int) -> i18n.Catalogue:
    return _read(path, language)


def _read_catalogue(path: Path, language: str) -> i18n.Catalogue:
    return _read_once(path, language, path.stat().st_mtime_ns if path.exists() else 0)


i18n.read_catalogue = _read_catalogue
