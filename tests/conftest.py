"""What every test has: no way out of this machine, both stores, a stage, and a table at the end of what did not run."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bot import i18n
from tests.faults import is_tried

# No test measures the machine: neither an example nor the making of it has a time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

pytest_plugins = [
    "tests.house.leftovers",
    "tests.house.loopback",
    "tests.house.report",
    "tests.storage.servers",
    "tests.storage.quick_schema",
    "tests.matrix.synapse",
    "tests.stage",
]


# Conversations, which say what the rules do. All of them run on SQLite; on PostgreSQL every fourth one, always the
# same, and all with PAYVAND_PROOF=full. What the stores themselves do is tried on both, in tests/storage.
TALKS = ("tests/family/", "tests/updates/")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long: at the end no worker is left alone with it."""
    spared = [item for item in items if _is_spared(item)]
    config.hook.pytest_deselected(items=spared)
    left = set(spared)
    items[:] = sorted(
        (item for item in items if item not in left), key=lambda item: item.get_closest_marker("slow") is None
    )


def _is_spared(item: pytest.Item) -> bool:
    engine = (
        item.callspec.params.get("engine") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None
    )
    return engine == "postgres" and item.nodeid.startswith(TALKS) and not is_tried(item.nodeid)


# A catalogue is read once for all tests, and again when its file has changed: reading both takes a tenth of a second.
_read = i18n.read_catalogue


@lru_cache(maxsize=32)
def _read_once(path: Path, language: str, _written: int) -> i18n.Catalogue:
    return _read(path, language)


def _read_catalogue(path: Path, language: str) -> i18n.Catalogue:
    return _read_once(path, language, path.stat().st_mtime_ns if path.exists() else 0)


i18n.read_catalogue = _read_catalogue
