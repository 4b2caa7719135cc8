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
    with op.batch_alter_table("petition", schema=None) as batch_op:
        batch_op.add_column(sa.Column("vouched", Big, nullable=True))
        batch_op.add_column(sa.Column("vouched_of", Big, server_default="0", nullable=False))
        batch_op.add_column(sa.Column("vouched_at", Big, nullable=True))

    with op.batch_alter_table("petition_sponsor", schema=None) as batch_op:
        batch_op.add_column(sa.Column("digest", sa.LargeBinary(), nullable=True))

    with op.batch_alter_table("petition_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("warned_at", Big, nullable=True))
