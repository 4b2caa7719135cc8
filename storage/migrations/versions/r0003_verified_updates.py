"""Verified updates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # ids, and instants in milliseconds since 1970


def upgrade() -> None:
    """From the schema before to this one."""
    op.create_table(
        "indexed",
        sa.Column("word", sa.LargeBinary(), nullable=False),
        sa.Column("entry", Big, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("word", "entry", name=op.f("pk_indexed")),
        sqlite_strict=True,
    )
    op.create_table(
        "shingle",
        sa.Column("hash", Big, autoincrement=False, nullable=False),
        sa.Column("entry", Big, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("hash", "entry", name=op.f("pk_shingle")),
        sqlite_strict=True,
    )
    op.create_table(
        "vouching",
        sa.Column("entry", Big, autoincrement=False, nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_vouching")),
        sqlite_strict=True,
    )
    op.create_table(
        "bulletin",
        sa.Column("number", Big, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", Big, nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("exercise", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("replaced_by", Big, nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=True),
        sa.Column("author_id", Big, nullable=True),
        sa.Column("reviewer_id", Big, nullable=True),
        sa.Column("published_at", Big, nullable=False),
        sa.Column("unreviewed_until", Big, nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_bulletin_author_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["person.id"], name=op.f("fk_bulletin_reviewer_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_bulletin")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("bulletin", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bulletin_about"), ["about"], unique=False)
        batch_op.create_index(batch_op.f("ix_bulletin_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_bulletin_published_at"), ["published_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_bulletin_reviewer_id"), ["reviewer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_bulletin_unreviewed_until"), ["unreviewed_until"], unique=False)

    op.create_table(
        "draft",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("author_id", Big, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed_at", Big, nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_draft_author_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draft_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_draft_changed_at"), ["changed_at"], unique=False)

    op.create_table(
        "edition",
        sa.Column("entry", Big, autoincrement=False, nullable=False),
        sa.Column("number", Big, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.ForeignKeyConstraint(["number"], ["bulletin.number"], name=op.f("fk_edition_number")),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_edition")),
        sa.UniqueConstraint("number", "language", "version", name=op.f("uq_edition_number_language_version")),
        sqlite_strict=True,
    )
