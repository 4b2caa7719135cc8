"""Petitions and search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # ids, and instants in milliseconds since 1970


def upgrade() -> None:
    """From the schema before to this one."""
    op.create_table(
        "knock_quota",
        sa.Column("scope", sa.LargeBinary(), nullable=False),
        sa.Column("about", sa.LargeBinary(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("wait_until", Big, nullable=True),
        sa.Column("expires_at", Big, nullable=False),
        sa.PrimaryKeyConstraint("scope", "about", name=op.f("pk_knock_quota")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("knock_quota", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_knock_quota_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "not_same",
        sa.Column("seeker", sa.LargeBinary(), nullable=False),
        sa.Column("pair", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Big, nullable=False),
        sa.PrimaryKeyConstraint("seeker", "pair", name=op.f("pk_not_same")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("not_same", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_not_same_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "petition_certificate",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_petition_certificate")),
        sqlite_strict=True,
    )
    op.create_table(
        "sought_key",
        sa.Column("mac", Big, autoincrement=False, nullable=False),
        sa.Column("record", Big, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("mac", "record", name=op.f("pk_sought_key")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "knock",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("form", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("search_at", Big, nullable=True),
        sa.Column("district", sa.LargeBinary(), nullable=True),
        sa.Column("danger", sa.Integer(), server_default="0", nullable=False),
        sa.Column("made_at", Big, nullable=False),
        sa.Column("remind_at", Big, nullable=True),
        sa.Column("expires_at", Big, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_knock_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knock")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("knock", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_knock_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_knock_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_knock_remind_at"), ["remind_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_knock_search_at"), ["search_at"], unique=False)

    op.create_table(
        "petition",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("author_id", Big, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("size", Big, server_default="0", nullable=False),
        sa.Column("verified", Big, server_default="0", nullable=False),
        sa.Column("unverified", Big, server_default="0", nullable=False),
        sa.Column("held", Big, server_default="0", nullable=False),
        sa.Column("day", sa.Integer(), server_default="0", nullable=False),
        sa.Column("opened_at", Big, nullable=True),
        sa.Column("closes_at", Big, nullable=True),
        sa.Column("closed_at", Big, nullable=True),
        sa.Column("packed_at", Big, nullable=True),
        sa.Column("forget_at", Big, nullable=True),
        sa.Column("told", Big, server_default="0", nullable=False),
        sa.Column("telling", Big, nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_petition_author_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition")),
        sa.UniqueConstraint("origin", name=op.f("uq_petition_origin")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("petition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_petition_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_petition_closes_at"), ["closes_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_petition_forget_at"), ["forget_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_petition_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_petition_telling"), ["telling"], unique=False)

    op.create_table(
        "sought",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("person_id", Big, nullable=True),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("knock", sa.Integer(), nullable=False),
        sa.Column("question", sa.LargeBinary(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("source", sa.LargeBinary(), nullable=True),
        sa.Column("consent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("touched_at", Big, nullable=True),
        sa.Column("since", Big, nullable=False),
        sa.Column("expires_at", Big, nullable=True),
        sa.Column("bits", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sought_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sought")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("sought", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sought_bits"), ["bits"], unique=False)
        batch_op.create_index(batch_op.f("ix_sought_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sought_kind_id"), ["kind", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sought_person_id"), ["person_id"], unique=False)

    op.create_table(
        "candidate",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("knock_id", Big, nullable=False),
        sa.Column("sought_id", Big, nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("proved", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("seeker_says", sa.Integer(), server_default="0", nullable=False),
        sa.Column("holder_says", sa.Integer(), server_default="0", nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=True),
        sa.Column("since", Big, nullable=False),
        sa.Column("taken_id", Big, nullable=True),
        sa.Column("taken_until", Big, nullable=True),
        sa.Column("first_id", Big, nullable=True),
        sa.Column("first_says", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ended_at", Big, nullable=True),
        sa.ForeignKeyConstraint(["first_id"], ["person.id"], name=op.f("fk_candidate_first_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["knock_id"], ["knock.id"], name=op.f("fk_candidate_knock_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["sought_id"], ["sought.id"], name=op.f("fk_candidate_sought_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["taken_id"], ["person.id"], name=op.f("fk_candidate_taken_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate")),
        sa.UniqueConstraint("knock_id", "sought_id", name=op.f("uq_candidate_knock_id_sought_id")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("candidate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_candidate_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_candidate_first_id"), ["first_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_candidate_sought_id"), ["sought_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_candidate_state_since"), ["state", "since"], unique=False)
        batch_op.create_index(batch_op.f("ix_candidate_taken_id"), ["taken_id"], unique=False)

    op.create_table(
        "exported",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("sought_id", Big, nullable=True),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.Column("ended_at", Big, nullable=True),
        sa.ForeignKeyConstraint(["sought_id"], ["sought.id"], name=op.f("fk_exported_sought_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exported")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("exported", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exported_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_exported_sought_id"), ["sought_id"], unique=True)

    op.create_table(
        "listed",
        sa.Column("sought_id", Big, nullable=False),
        sa.Column("trace", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["sought_id"], ["sought.id"], name=op.f("fk_listed_sought_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("sought_id", name=op.f("pk_listed")),
        sa.UniqueConstraint("trace", name=op.f("uq_listed_trace")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("listed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_listed_source"), ["source"], unique=False)

    op.create_table(
        "petition_checkpoint",
        sa.Column("petition_id", Big, nullable=False),
        sa.Column("size", Big, autoincrement=False, nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_petition_checkpoint_petition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("petition_id", "size", name=op.f("pk_petition_checkpoint")),
        sqlite_strict=True,
    )
    op.create_table(
        "petition_entry",
        sa.Column("petition_id", Big, nullable=False),
        sa.Column("place", Big, autoincrement=False, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_petition_entry_petition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("petition_id", "place", name=op.f("pk_petition_entry")),
        sqlite_strict=True,
    )
    op.create_table(
        "petition_follower",
        sa.Column("petition_id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_petition_follower_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_petition_follower_petition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("petition_id", "person_id", name=op.f("pk_petition_follower")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("petition_follower", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_petition_follower_person_id"), ["person_id"], unique=False)

    op.create_table(
        "petition_node",
        sa.Column("petition_id", Big, nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", Big, autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_petition_node_petition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("petition_id", "level", "place", name=op.f("pk_petition_node")),
        sqlite_strict=True,
    )
    op.create_table(
        "petition_nullifier",
        sa.Column("petition_id", Big, nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("place", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_petition_nullifier_petition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("petition_id", "mark", name=op.f("pk_petition_nullifier")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("petition_nullifier", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_petition_nullifier_petition_id_place"), ["petition_id", "place"], unique=False
        )

    op.create_table(
        "petition_packet",
        sa.Column("petition_id", Big, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("addressee", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("covers", Big, nullable=False),
        sa.Column("corrects", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sealed_at", Big, nullable=False),
        sa.Column("sent_at", Big, nullable=True),
        sa.Column("sent_by", sa.Text(), nullable=True),
        sa.Column("sent_as", sa.Integer(), nullable=True),
        sa.Column("reference", sa.LargeBinary(), nullable=True),
        sa.Column("acknowledged_at", Big, nullable=True),
        sa.Column("due_at", Big, nullable=True),
        sa.Column("answered_at", Big, nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_petition_packet_petition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("petition_id", "number", name=op.f("pk_petition_packet")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("petition_packet", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_petition_packet_due_at"), ["due_at"], unique=False)

    op.create_table(
        "petition_relay",
        sa.Column("petition_id", Big, nullable=False),
        sa.Column("community", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("given", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_petition_relay_petition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("petition_id", "community", "version", name=op.f("pk_petition_relay")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("petition_relay", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_petition_relay_community"), ["community"], unique=False)

    op.create_table(
        "petition_signature",
        sa.Column("petition_id", Big, nullable=False),
        sa.Column("place", Big, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=True),
        sa.Column("record", sa.LargeBinary(), nullable=True),
        sa.Column("country", sa.LargeBinary(), nullable=True),
        sa.Column("public_name", sa.LargeBinary(), nullable=True),
        sa.Column("verified", sa.Integer(), nullable=False),
        sa.Column("wave", sa.LargeBinary(), nullable=True),
        sa.Column("held_at", Big, nullable=True),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_petition_signature_petition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("petition_id", "place", name=op.f("pk_petition_signature")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("petition_signature", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_petition_signature_petition_id_held_at"), ["petition_id", "held_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_petition_signature_petition_id_tag"), ["petition_id", "tag"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_petition_signature_petition_id_wave"), ["petition_id", "wave"], unique=False
        )

    op.create_table(
        "petition_sponsor",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("petition_id", Big, nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=True),
        sa.Column("person_id", Big, nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("organisation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("confirmed_at", Big, nullable=True),
        sa.Column("expires_at", Big, nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_petition_sponsor_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_petition_sponsor_petition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition_sponsor")),
        sa.UniqueConstraint("code", name=op.f("uq_petition_sponsor_code")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("petition_sponsor", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_petition_sponsor_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_petition_sponsor_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_petition_sponsor_petition_id"), ["petition_id"], unique=False)

    op.create_table(
        "petition_talk",
        sa.Column("address_id", Big, nullable=False),
        sa.Column("after", Big, nullable=False),
        sa.Column("last", Big, nullable=True),
        sa.Column("due_at", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["address_id"], ["address.id"], name=op.f("fk_petition_talk_address_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("address_id", name=op.f("pk_petition_talk")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("petition_talk", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_petition_talk_due_at"), ["due_at"], unique=False)

    op.create_table(
        "petition_version",
        sa.Column("petition_id", Big, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("organisers", sa.LargeBinary(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("reviewer_id", Big, nullable=True),
        sa.Column("changed_at", Big, nullable=False),
        sa.Column("opened_at", Big, nullable=True),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_petition_version_petition_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["person.id"], name=op.f("fk_petition_version_reviewer_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("petition_id", "version", name=op.f("pk_petition_version")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("petition_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_petition_version_reviewer_id"), ["reviewer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_petition_version_state"), ["state"], unique=False)

    op.create_table(
        "candidate_note",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("candidate_id", Big, nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.Column("expires_at", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidate.id"], name=op.f("fk_candidate_note_candidate_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate_note")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("candidate_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_candidate_note_candidate_id"), ["candidate_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_candidate_note_expires_at"), ["expires_at"], unique=False)

    with op.batch_alter_table("address", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_address_linked_at"),
            ["linked_at"],
            unique=False,
            sqlite_where=sa.text("linked_at IS NOT NULL"),
            postgresql_where=sa.text("linked_at IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_address_sees_at"),
            ["sees_at"],
            unique=False,
            sqlite_where=sa.text("sees_at IS NOT NULL"),
            postgresql_where=sa.text("sees_at IS NOT NULL"),
        )

    with op.batch_alter_table("dialogue", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dialogue_expires_at"), ["expires_at"], unique=False)

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_person_met_on"),
            ["met_on"],
            unique=False,
            sqlite_where=sa.text("language IS NULL"),
            postgresql_where=sa.text("language IS NULL"),
        )
