"""Schema changes, one file each, run by Alembic on the writer's own keyed connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool
from sqlcipher3 import dbapi2

from storage import crypto, schema
from storage.crypto import Keys


def bring_up_sqlite(connection: Any, path: Path, keys: Keys) -> None:
    """Make or migrate the schema on a DB-API connection."""
    del path
    engine = sa.create_engine(
        "sqlite://", module=dbapi2, creator=lambda: connection, poolclass=StaticPool
    )
    crypto.attach(engine.dialect, keys)
    with engine.connect() as c:
        schema.metadata.create_all(c)
        c.commit()
