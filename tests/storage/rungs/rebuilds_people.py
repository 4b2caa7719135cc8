"""A migration that only tests know: SQLite must build the table of people anew, on which all others hang."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage import schema

revision = "trial"
down_revision = schema.HEAD


def upgrade() -> None:
    """Rebuild a parent with children, and one with children of its own."""
    keep = {"sqlite_strict": True, "sqlite_autoincrement": True}
    with op.batch_alter_table("person", table_kwargs=keep) as person:
        person.alter_column("met_on", existing_type=sa.Integer(), nullable=True)
        person.add_column(sa.Column("shade", sa.Text(), nullable=True))
    with op.batch_alter_table("circle", table_kwargs={"sqlite_strict": True}) as circle:
        circle.alter_column("name", existing_type=sa.LargeBinary(), nullable=True)
