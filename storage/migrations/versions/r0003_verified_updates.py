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
        "archive_word",
        sa.Column("word", sa.LargeBinary(), nullable=False),
        sa.Column("entry", Big, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("word", "entry", name=op.f("pk_archive_word")),
        sqlite_strict=True,
    )
    op.create_table(
        "certificate",
        sa.Column("entry", Big, autoincrement=False, nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_certificate")),
        sqlite_strict=True,
    )
    op.create_table(
        "feed",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("etag", sa.LargeBinary(), nullable=True),
        sa.Column("modified", sa.LargeBinary(), nullable=True),
        sa.Column("added_at", Big, nullable=False),
        sa.Column("due_at", Big, nullable=False),
        sa.Column("looked_at", Big, nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("feed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feed_due_at"), ["due_at"], unique=False)

    op.create_table(
        "rumour",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("topic", sa.LargeBinary(), nullable=False),
        sa.Column("danger", sa.Integer(), nullable=False),
        sa.Column("asked_at", Big, nullable=False),
        sa.Column("due_at", Big, nullable=True),
        sa.Column("extended", sa.Integer(), server_default="0", nullable=False),
        sa.Column("form", sa.LargeBinary(), nullable=True),
        sa.Column("verdict", sa.LargeBinary(), nullable=True),
        sa.Column("decided_at", Big, nullable=True),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("telling", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rumour")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("rumour", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rumour_decided_at"), ["decided_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_rumour_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_rumour_telling"), ["telling"], unique=False)

    op.create_table(
        "shingle",
        sa.Column("hash", Big, autoincrement=False, nullable=False),
        sa.Column("entry", Big, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("hash", "entry", name=op.f("pk_shingle")),
        sqlite_strict=True,
    )
    op.create_table(
        "asked",
        sa.Column("number", Big, autoincrement=False, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_asked_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", "person_id", name=op.f("pk_asked")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("asked", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_asked_person_id"), ["person_id"], unique=False)

    op.create_table(
        "broadcast",
        sa.Column("id", Big, nullable=False),
        sa.Column("number", Big, nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reached", Big, server_default="0", nullable=False),
        sa.Column("highest", Big, nullable=False),
        sa.Column("fed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("by_id", Big, nullable=True),
        sa.Column("started_at", Big, nullable=False),
        sa.Column("ended_at", Big, nullable=True),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("told", sa.Integer(), server_default="0", nullable=False),
        sa.Column("delivered", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unknown", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unreachable", sa.Integer(), server_default="0", nullable=False),
        sa.Column("expired", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused", sa.Integer(), server_default="0", nullable=False),
        sa.Column("withdrawn", sa.Integer(), server_default="0", nullable=False),
        sa.Column("gone", sa.Integer(), server_default="0", nullable=False),
        sa.Column("shown", sa.Integer(), server_default="0", nullable=False),
        sa.Column("shown_at", Big, nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_broadcast_by_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    with op.batch_alter_table("broadcast", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_broadcast_by_id"), ["by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_broadcast_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_broadcast_number"), ["number"], unique=False)

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
        sa.Column("alone", sa.Integer(), server_default="0", nullable=False),
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
        "delivery",
        sa.Column("number", Big, autoincrement=False, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("outcome", sa.Integer(), nullable=False),
        sa.Column("letter", Big, nullable=True),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("had", sa.Integer(), server_default="0", nullable=False),
        sa.Column("digest", sa.Integer(), server_default="0", nullable=False),
        sa.Column("digest_of", Big, nullable=True),
        sa.Column("look_at", Big, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_delivery_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", "person_id", name=op.f("pk_delivery")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_delivery_number_outcome_look_at"), ["number", "outcome", "look_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_delivery_person_id"), ["person_id"], unique=False)

    op.create_table(
        "draft",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("author_id", Big, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=True),
        sa.Column("fetching", sa.LargeBinary(), nullable=True),
        sa.Column("fetch_at", Big, nullable=True),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("warned_at", Big, nullable=True),
        sa.Column("changed_at", Big, nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_draft_author_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draft_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_draft_changed_at"), ["changed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_draft_fetch_at"), ["fetch_at"], unique=False)

    op.create_table(
        "feed_item",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("feed_id", Big, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=True),
        sa.Column("link", sa.LargeBinary(), nullable=True),
        sa.Column("at", Big, nullable=True),
        sa.Column("found_at", Big, nullable=False),
        sa.Column("seen_at", Big, nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_feed_item_feed_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_item")),
        sa.UniqueConstraint("key", name=op.f("uq_feed_item_key")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("feed_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feed_item_feed_id"), ["feed_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_feed_item_found_at"), ["found_at"], unique=False)

    op.create_table(
        "reader",
        sa.Column("person_id", Big, nullable=False),
        sa.Column("topics", sa.Integer(), server_default="0", nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("breaks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("digest_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reader_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_reader")),
        sqlite_strict=True,
    )
    op.create_table(
        "reader_place",
        sa.Column("person_id", Big, nullable=False),
        sa.Column("place", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_reader_place_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "place", name=op.f("pk_reader_place")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("reader_place", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reader_place_place_person_id"), ["place", "person_id"], unique=False)

    op.create_table(
        "rumour_asker",
        sa.Column("rumour_id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("asked_at", Big, nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("told", sa.Integer(), server_default="0", nullable=False),
        sa.Column("answered", sa.Integer(), server_default="0", nullable=False),
        sa.Column("missing", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_rumour_asker_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["rumour_id"], ["rumour.id"], name=op.f("fk_rumour_asker_rumour_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rumour_id", "person_id", name=op.f("pk_rumour_asker")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("rumour_asker", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rumour_asker_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rumour_asker_rumour_id_told"), ["rumour_id", "told"], unique=False)

    op.create_table(
        "rumour_token",
        sa.Column("rumour_id", Big, nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rumour_id"], ["rumour.id"], name=op.f("fk_rumour_token_rumour_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rumour_id", "kind", "token", name=op.f("pk_rumour_token")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("rumour_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rumour_token_token"), ["token"], unique=False)

    op.create_table(
        "vouched",
        sa.Column("person_id", Big, nullable=False),
        sa.Column("voucher_id", Big, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_vouched_person_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["voucher_id"], ["person.id"], name=op.f("fk_vouched_voucher_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "voucher_id", name=op.f("pk_vouched")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("vouched", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vouched_voucher_id"), ["voucher_id"], unique=False)

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
    op.create_table(
        "line_case",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("address_id", Big, nullable=True),
        sa.Column("danger", sa.Integer(), nullable=False),
        sa.Column("begun_at", Big, nullable=False),
        sa.Column("said_at", Big, nullable=False),
        sa.Column("words", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unanswered", sa.Integer(), server_default="0", nullable=False),
        sa.Column("waits_at", Big, nullable=True),
        sa.Column("nudge_at", Big, nullable=True),
        sa.Column("told", sa.Integer(), server_default="0", nullable=False),
        sa.Column("answered_at", Big, nullable=True),
        sa.Column("owner_id", Big, nullable=True),
        sa.Column("owner_voice", sa.Integer(), server_default="0", nullable=False),
        sa.Column("acted_at", Big, nullable=True),
        sa.Column("voices", sa.Integer(), server_default="0", nullable=False),
        sa.Column("warned_at", Big, nullable=True),
        sa.Column("closed_at", Big, nullable=True),
        sa.ForeignKeyConstraint(
            ["address_id"], ["address.id"], name=op.f("fk_line_case_address_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_line_case_owner_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_line_case_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_case")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("line_case", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_line_case_address_id"), ["address_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_line_case_answered_at"), ["answered_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_line_case_closed_at"), ["closed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_line_case_nudge_at"), ["nudge_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_line_case_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_line_case_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_line_case_said_at"), ["said_at"], unique=False)

    op.create_table(
        "outlet",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("address_id", Big, nullable=True),
        sa.Column("code", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("topics", sa.Integer(), server_default="0", nullable=False),
        sa.Column("by_id", Big, nullable=True),
        sa.Column("expires_at", Big, nullable=True),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_outlet_address_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_outlet_by_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outlet")),
        sa.UniqueConstraint("address_id", name=op.f("uq_outlet_address_id")),
        sa.UniqueConstraint("code", name=op.f("uq_outlet_code")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("outlet", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outlet_by_id"), ["by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outlet_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "translating",
        sa.Column("draft_id", Big, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("until", Big, nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_translating_draft_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_translating_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("draft_id", "language", name=op.f("pk_translating")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("translating", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_translating_person_id"), ["person_id"], unique=False)

    op.create_table(
        "line_voice",
        sa.Column("line_case_id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("draft", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["line_case_id"], ["line_case.id"], name=op.f("fk_line_voice_line_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_line_voice_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("line_case_id", "person_id", name=op.f("pk_line_voice")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("line_voice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_line_voice_person_id"), ["person_id"], unique=False)

    op.create_table(
        "line_word",
        sa.Column("line_case_id", Big, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("voice", sa.Integer(), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_case_id"], ["line_case.id"], name=op.f("fk_line_word_line_case_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("line_case_id", "place", name=op.f("pk_line_word")),
        sqlite_strict=True,
    )
    op.create_table(
        "posting",
        sa.Column("number", Big, autoincrement=False, nullable=False),
        sa.Column("outlet_id", Big, nullable=False),
        sa.Column("letter", Big, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.id"], name=op.f("fk_posting_outlet_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", "outlet_id", name=op.f("pk_posting")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("posting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_posting_outlet_id"), ["outlet_id"], unique=False)
