"""Settled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # ids, and instants in milliseconds since 1970


def upgrade() -> None:
    """From the schema before to this one."""
    op.create_table(
        "sought_list",
        sa.Column("mac", Big, autoincrement=False, nullable=False),
        sa.Column("records", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("mac", name=op.f("pk_sought_list")),
        sqlite_strict=True,
    )
    op.drop_table("sought_key")
