"""The stores that the tests of this room run on."""

from __future__ import annotations

from tests.storage.servers import engine, keys, postgres, server, storage

__all__ = ["engine", "keys", "postgres", "server", "storage"]
