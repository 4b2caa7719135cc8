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
    op.create_table(
        "passing",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("sought_id", Big, nullable=True),
        sa.Column("knock_id", Big, nullable=True),
        sa.Column("recipient", sa.LargeBinary(), nullable=False),
        sa.Column("given_at", Big, nullable=False),
        sa.Column("expires_at", Big, nullable=False),
        sa.ForeignKeyConstraint(["knock_id"], ["knock.id"], name=op.f("fk_passing_knock_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["sought_id"], ["sought.id"], name=op.f("fk_passing_sought_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passing")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("passing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passing_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_passing_knock_id"), ["knock_id"], unique=True)
        batch_op.create_index(batch_op.f("ix_passing_sought_id"), ["sought_id"], unique=True)

    op.create_table(
        "sought_former",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("sought_id", Big, nullable=False),
        sa.Column("former", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["sought_id"], ["sought.id"], name=op.f("fk_sought_former_sought_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sought_former")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("sought_former", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sought_former_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sought_former_sought_id"), ["sought_id"], unique=False)

    op.drop_table("sought_key")
    with op.batch_alter_table("exported", schema=None) as batch_op:
        batch_op.add_column(sa.Column("passing_id", Big, nullable=True))
        batch_op.create_index(batch_op.f("ix_exported_passing_id"), ["passing_id"], unique=True)
        batch_op.create_foreign_key(
            batch_op.f("fk_exported_passing_id"), "passing", ["passing_id"], ["id"], ondelete="SET NULL"
        )

    with op.batch_alter_table("petition", schema=None) as batch_op:
        batch_op.add_column(sa.Column("vouched", Big, nullable=True))
        batch_op.add_column(sa.Column("vouched_of", Big, server_default="0", nullable=False))
        batch_op.add_column(sa.Column("vouched_at", Big, nullable=True))

    with op.batch_alter_table("petition_signature", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_petition_signature_petition_id_place"),
            ["petition_id", "place"],
            unique=False,
            sqlite_where=sa.text("public_name IS NOT NULL"),
            postgresql_where=sa.text("public_name IS NOT NULL"),
        )

    with op.batch_alter_table("petition_sponsor", schema=None) as batch_op:
        batch_op.add_column(sa.Column("digest", sa.LargeBinary(), nullable=True))

    with op.batch_alter_table("petition_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("warned_at", Big, nullable=True))
