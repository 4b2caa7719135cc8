"""Who is not online."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # ids, and instants in milliseconds since 1970


def upgrade() -> None:
    """From the schema before to this one."""
    op.create_table(
        "outage",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("place", sa.LargeBinary(), nullable=False),
        sa.Column("since", Big, nullable=False),
        sa.Column("until", Big, nullable=False),
        sa.Column("ended_at", Big, nullable=True),
        sa.Column("asked", sa.Integer(), server_default="0", nullable=False),
        sa.Column("phase", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reached", Big, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("outage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outage_ended_at"), ["ended_at"], unique=False)

    op.create_table(
        "rollcall",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("place", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", Big, nullable=False),
        sa.Column("closes_at", Big, nullable=False),
        sa.Column("ended_at", Big, nullable=True),
        sa.Column("reached", Big, server_default="0", nullable=False),
        sa.Column("highest", Big, nullable=False),
        sa.Column("listed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("looked_at", Big, nullable=False),
        sa.Column("shown", sa.Text(), server_default="", nullable=False),
        sa.Column("shown_at", Big, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollcall")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("rollcall", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rollcall_ended_at"), ["ended_at"], unique=False)

    op.create_table(
        "audit",
        sa.Column("id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=True),
        sa.Column("about_id", Big, nullable=True),
        sa.Column("deed", sa.LargeBinary(), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.ForeignKeyConstraint(["about_id"], ["person.id"], name=op.f("fk_audit_about_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_audit_person_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_about_id"), ["about_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_person_id"), ["person_id"], unique=False)

    op.create_table(
        "candidacy",
        sa.Column("person_id", Big, nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Big, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_candidacy_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_candidacy")),
        sa.UniqueConstraint("code", name=op.f("uq_candidacy_code")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("candidacy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_candidacy_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "duress",
        sa.Column("person_id", Big, nullable=False),
        sa.Column("free", sa.LargeBinary(), nullable=False),
        sa.Column("forced", sa.LargeBinary(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=True),
        sa.Column("picture", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_duress_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_duress")),
        sqlite_strict=True,
    )
    op.create_table(
        "outage_by",
        sa.Column("outage_id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_outage_by_outage_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_outage_by_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("outage_id", "person_id", name=op.f("pk_outage_by")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("outage_by", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outage_by_person_id"), ["person_id"], unique=False)

    op.create_table(
        "outage_overruled",
        sa.Column("outage_id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["outage_id"], ["outage.id"], name=op.f("fk_outage_overruled_outage_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_outage_overruled_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("outage_id", "person_id", name=op.f("pk_outage_overruled")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("outage_overruled", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outage_overruled_person_id"), ["person_id"], unique=False)

    op.create_table(
        "proposal",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("kind", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.LargeBinary(), nullable=False),
        sa.Column("proposer_id", Big, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", Big, nullable=False),
        sa.Column("expires_at", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["proposer_id"], ["person.id"], name=op.f("fk_proposal_proposer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proposal_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_proposal_proposer_id"), ["proposer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_proposal_role"), ["role"], unique=False)

    op.create_table(
        "report",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("expires_at", Big, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_report_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_person_id"), ["person_id"], unique=False)

    op.create_table(
        "role",
        sa.Column("id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("role", sa.LargeBinary(), nullable=False),
        sa.Column("given_at", Big, nullable=False),
        sa.Column("expires_at", Big, nullable=False),
        sa.Column("asked_at", Big, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_role_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("person_id", "role", name=op.f("uq_role_person_id_role")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    with op.batch_alter_table("role", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_role_role"), ["role"], unique=False)

    op.create_table(
        "rollcall_watcher",
        sa.Column("rollcall_id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_rollcall_watcher_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["rollcall_id"], ["rollcall.id"], name=op.f("fk_rollcall_watcher_rollcall_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rollcall_id", "person_id", name=op.f("pk_rollcall_watcher")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("rollcall_watcher", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rollcall_watcher_person_id"), ["person_id"], unique=False)

    op.create_table(
        "tie",
        sa.Column("person_id", Big, nullable=False),
        sa.Column("place", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("lives", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_tie_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "place", name=op.f("pk_tie")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("tie", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tie_place_person_id"), ["place", "person_id"], unique=False)

    op.create_table(
        "trustee",
        sa.Column("person_id", Big, nullable=False),
        sa.Column("trustee_id", Big, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_trustee_person_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["trustee_id"], ["person.id"], name=op.f("fk_trustee_trustee_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "trustee_id", name=op.f("pk_trustee")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("trustee", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trustee_trustee_id"), ["trustee_id"], unique=False)

    op.create_table(
        "bearer",
        sa.Column("circle_id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_bearer_circle_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_bearer_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("circle_id", "person_id", name=op.f("pk_bearer")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("bearer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bearer_person_id"), ["person_id"], unique=False)

    op.create_table(
        "hard",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("circle_id", Big, nullable=False),
        sa.Column("what", sa.LargeBinary(), nullable=False),
        sa.Column("phase", sa.LargeBinary(), nullable=False),
        sa.Column("grade", sa.LargeBinary(), nullable=True),
        sa.Column("true_at", Big, nullable=False),
        sa.Column("opened_at", Big, nullable=False),
        sa.Column("caller_id", Big, nullable=True),
        sa.Column("agreed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", Big, nullable=True),
        sa.Column("ends_at", Big, nullable=True),
        sa.ForeignKeyConstraint(["caller_id"], ["person.id"], name=op.f("fk_hard_caller_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_hard_circle_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_hard_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hard")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("hard", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hard_caller_id"), ["caller_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_hard_circle_id"), ["circle_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_hard_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_hard_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_hard_person_id"), ["person_id"], unique=False)

    op.create_table(
        "proposal_barred",
        sa.Column("proposal_id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_proposal_barred_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_barred_proposal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("proposal_id", "person_id", name=op.f("pk_proposal_barred")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("proposal_barred", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proposal_barred_person_id"), ["person_id"], unique=False)

    op.create_table(
        "relative",
        sa.Column("person_id", Big, nullable=False),
        sa.Column("circle_id", Big, nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_relative_circle_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_relative_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_relative")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("relative", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_relative_circle_id"), ["circle_id"], unique=False)

    op.create_table(
        "rollcall_reader",
        sa.Column("rollcall_id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("due_at", Big, nullable=False),
        sa.Column("asked_at", Big, nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("told_at", Big, nullable=True),
        sa.Column("news_id", Big, nullable=True),
        sa.Column("alone", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["news_id"], ["news.id"], name=op.f("fk_rollcall_reader_news_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_rollcall_reader_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["rollcall_id"], ["rollcall.id"], name=op.f("fk_rollcall_reader_rollcall_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rollcall_id", "person_id", name=op.f("pk_rollcall_reader")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("rollcall_reader", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rollcall_reader_news_id"), ["news_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rollcall_reader_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_rollcall_reader_rollcall_id_asked_at_due_at"),
            ["rollcall_id", "asked_at", "due_at"],
            unique=False,
        )

    op.create_table(
        "spoken_card",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("circle_id", Big, nullable=False),
        sa.Column("maker_id", Big, nullable=True),
        sa.Column("made_at", Big, nullable=True),
        sa.Column("expires_at", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circle.id"], name=op.f("fk_spoken_card_circle_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["maker_id"], ["person.id"], name=op.f("fk_spoken_card_maker_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_spoken_card_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spoken_card")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("spoken_card", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spoken_card_circle_id"), ["circle_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_spoken_card_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_spoken_card_maker_id"), ["maker_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_spoken_card_person_id_circle_id"), ["person_id", "circle_id"], unique=False
        )

    op.create_table(
        "deadline",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("rhythm", sa.LargeBinary(), nullable=False),
        sa.Column("zone", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("grace", sa.Integer(), nullable=False),
        sa.Column("pauses", sa.Integer(), nullable=False),
        sa.Column("made_at", Big, nullable=False),
        sa.Column("due_at", Big, nullable=False),
        sa.Column("look_at", Big, nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("stage_at", Big, nullable=True),
        sa.Column("resumed_at", Big, nullable=True),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("alarm_id", Big, nullable=True),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarm.id"], name=op.f("fk_deadline_alarm_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_deadline_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("deadline", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deadline_alarm_id"), ["alarm_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_deadline_look_at"), ["look_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_deadline_person_id"), ["person_id"], unique=False)

    op.create_table(
        "hard_reader",
        sa.Column("hard_id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("opened", sa.Integer(), server_default="0", nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["hard_id"], ["hard.id"], name=op.f("fk_hard_reader_hard_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_hard_reader_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hard_id", "person_id", name=op.f("pk_hard_reader")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("hard_reader", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hard_reader_person_id"), ["person_id"], unique=False)

    op.create_table(
        "hard_told",
        sa.Column("hard_id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.ForeignKeyConstraint(["hard_id"], ["hard.id"], name=op.f("fk_hard_told_hard_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_hard_told_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hard_id", "person_id", name=op.f("pk_hard_told")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("hard_told", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hard_told_person_id"), ["person_id"], unique=False)

    op.create_table(
        "hard_word",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("hard_id", Big, nullable=False),
        sa.Column("teller_id", Big, nullable=True),
        sa.Column("how", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("true_at", Big, nullable=False),
        sa.Column("told_at", Big, nullable=False),
        sa.ForeignKeyConstraint(["hard_id"], ["hard.id"], name=op.f("fk_hard_word_hard_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["teller_id"], ["person.id"], name=op.f("fk_hard_word_teller_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hard_word")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("hard_word", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hard_word_hard_id"), ["hard_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_hard_word_teller_id"), ["teller_id"], unique=False)

    op.create_table(
        "spoken_code",
        sa.Column("id", Big, nullable=False),
        sa.Column("spoken_card_id", Big, nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("first_two", sa.LargeBinary(), nullable=False),
        sa.Column("outer_two", sa.LargeBinary(), nullable=False),
        sa.Column("last_two", sa.LargeBinary(), nullable=False),
        sa.Column("anyhow", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["spoken_card_id"], ["spoken_card.id"], name=op.f("fk_spoken_code_spoken_card_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spoken_code")),
        sa.UniqueConstraint("anyhow", name=op.f("uq_spoken_code_anyhow")),
        sa.UniqueConstraint("first_two", name=op.f("uq_spoken_code_first_two")),
        sa.UniqueConstraint("last_two", name=op.f("uq_spoken_code_last_two")),
        sa.UniqueConstraint("outer_two", name=op.f("uq_spoken_code_outer_two")),
        sa.UniqueConstraint("words", name=op.f("uq_spoken_code_words")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("spoken_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spoken_code_spoken_card_id"), ["spoken_card_id"], unique=False)

    op.create_table(
        "report_line",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("report_id", Big, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("news_id", Big, nullable=True),
        sa.Column("hard_word_id", Big, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["hard_word_id"], ["hard_word.id"], name=op.f("fk_report_line_hard_word_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["news_id"], ["news.id"], name=op.f("fk_report_line_news_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_report_line_report_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_line")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("report_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_line_hard_word_id"), ["hard_word_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_line_news_id"), ["news_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_line_report_id"), ["report_id"], unique=False)

    with op.batch_alter_table("alarm", table_kwargs={"sqlite_strict": True}) as batch_op:
        batch_op.add_column(sa.Column("about_id", Big, nullable=True))
        batch_op.alter_column("news_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.create_index(batch_op.f("ix_alarm_about_id"), ["about_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_alarm_about_id"), "person", ["about_id"], ["id"], ondelete="CASCADE")

    with op.batch_alter_table("circle", table_kwargs={"sqlite_strict": True}) as batch_op:
        batch_op.add_column(sa.Column("keeps_days", sa.Integer(), server_default="30", nullable=False))
        batch_op.add_column(sa.Column("asked_at", Big, nullable=True))

    with op.batch_alter_table("letter", table_kwargs={"sqlite_strict": True, "sqlite_autoincrement": True}) as batch_op:
        batch_op.create_index(batch_op.f("ix_letter_route_state_due_at"), ["route", "state", "due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_letter_state_expires_at"), ["state", "expires_at"], unique=False)

    with op.batch_alter_table("news", table_kwargs={"sqlite_strict": True}) as batch_op:
        batch_op.add_column(sa.Column("how", sa.LargeBinary(), nullable=True))
        batch_op.alter_column("teller_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.drop_constraint(batch_op.f("fk_news_teller_id"), type_="foreignkey")
        batch_op.create_foreign_key(
            batch_op.f("fk_news_teller_id"), "person", ["teller_id"], ["id"], ondelete="SET NULL"
        )

    with op.batch_alter_table("standing", table_kwargs={"sqlite_strict": True}) as batch_op:
        batch_op.create_index(batch_op.f("ix_standing_true_at"), ["true_at"], unique=False)
