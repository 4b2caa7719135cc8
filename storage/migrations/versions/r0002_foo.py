"""Foo."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # ids, and instants in milliseconds since 1970


def upgrade() -> None:
    """From the schema before to this one."""
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.alter_column("topic", existing_type=sa.TEXT(), server_default="", existing_nullable=False)

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.alter_column("topic", existing_type=sa.TEXT(), server_default="", existing_nullable=False)
