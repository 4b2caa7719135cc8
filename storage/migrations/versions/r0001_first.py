"""First."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # ids, and instants in milliseconds since 1970


def upgrade() -> None:
    """From the schema before to this one."""
    op.create_table(
        "accident",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_accident")),
        sqlite_strict=True,
    )
    op.create_table(
        "device",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("bot", sa.Text(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("seeds", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "bot", name=op.f("pk_device")),
        sqlite_strict=True,
    )
    op.create_table(
        "fact",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_fact")),
        sqlite_strict=True,
    )
    op.create_table(
        "inbox",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("bot", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.PrimaryKeyConstraint("platform", "bot", "id", name=op.f("pk_inbox")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_inbox_at"), "inbox", ["at"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", Big, nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("zone", sa.LargeBinary(), nullable=True),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_until", sa.Integer(), nullable=True),
        sa.Column("met_on", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_table(
        "succession",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("bot", sa.Text(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.PrimaryKeyConstraint("platform", "bot", name=op.f("pk_succession")),
        sqlite_strict=True,
    )
    op.create_table(
        "throttle",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("until", Big, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttle")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_throttle_until"), "throttle", ["until"], unique=False)
    op.create_table(
        "address",
        sa.Column("id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=True),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("bot", sa.Text(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("reach", sa.LargeBinary(), nullable=False),
        sa.Column("unreachable_at", Big, nullable=True),
        sa.Column("answered_at", Big, nullable=True),
        sa.Column("preferred", sa.Integer(), server_default="0", nullable=False),
        sa.Column("linked_at", Big, nullable=True),
        sa.Column("sees_at", Big, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_address_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address")),
        sa.UniqueConstraint("platform", "bot", "account", name=op.f("uq_address_platform_bot_account")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_address_person_id"), "address", ["person_id"], unique=False)
    op.create_table(
        "card",
        sa.Column("person_id", Big, nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", Big, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_card_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_card")),
        sa.UniqueConstraint("words", name=op.f("uq_card_words")),
        sqlite_strict=True,
    )
    op.create_table(
        "circle",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("keeper_id", Big, nullable=False),
        sa.ForeignKeyConstraint(["keeper_id"], ["person.id"], name=op.f("fk_circle_keeper_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circle")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_circle_keeper_id"), "circle", ["keeper_id"], unique=False)
    op.create_table(
        "dialogue",
        sa.Column("person_id", Big, nullable=False),
        sa.Column("form", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Big, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_dialogue_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_dialogue")),
        sqlite_strict=True,
    )
    op.create_table(
        "news",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("teller_id", Big, nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("place", sa.LargeBinary(), nullable=True),
        sa.Column("true_at", Big, nullable=False),
        sa.Column("told_at", Big, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_news_person_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["teller_id"], ["person.id"], name=op.f("fk_news_teller_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_news_person_id"), "news", ["person_id"], unique=False)
    op.create_index(op.f("ix_news_teller_id"), "news", ["teller_id"], unique=False)
    op.create_index(op.f("ix_news_told_at"), "news", ["told_at"], unique=False)
    op.create_table(
        "alarm",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("news_id", Big, nullable=False),
        sa.Column("opened_at", Big, nullable=False),
        sa.Column("repeat_at", Big, nullable=True),
        sa.Column("closed_at", Big, nullable=True),
        sa.Column("shown", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["news_id"], ["news.id"], name=op.f("fk_alarm_news_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_alarm_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_alarm_closed_at"), "alarm", ["closed_at"], unique=False)
    op.create_index(op.f("ix_alarm_news_id"), "alarm", ["news_id"], unique=False)
    op.create_index(op.f("ix_alarm_person_id"), "alarm", ["person_id"], unique=False)
    op.create_table(
        "ask",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("asker_id", Big, nullable=False),
        sa.Column("circle_id", Big, nullable=False),
        sa.Column("asked_at", Big, nullable=False),
        sa.ForeignKeyConstraint(["asker_id"], ["person.id"], name=op.f("fk_ask_asker_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_ask_circle_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ask")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_ask_asked_at"), "ask", ["asked_at"], unique=False)
    op.create_index(op.f("ix_ask_asker_id"), "ask", ["asker_id"], unique=False)
    op.create_index(op.f("ix_ask_circle_id"), "ask", ["circle_id"], unique=False)
    op.create_table(
        "comeback",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("address_id", Big, nullable=False),
        sa.Column("asked_at", Big, nullable=False),
        sa.Column("confirmed_at", Big, nullable=True),
        sa.Column("due_at", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["address_id"], ["address.id"], name=op.f("fk_comeback_address_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_comeback_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comeback")),
        sa.UniqueConstraint("address_id", name=op.f("uq_comeback_address_id")),
        sa.UniqueConstraint("person_id", name=op.f("uq_comeback_person_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_comeback_due_at"), "comeback", ["due_at"], unique=False)
    op.create_table(
        "invite",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("circle_id", Big, nullable=False),
        sa.Column("inviter_id", Big, nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("expires_at", Big, nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_invite_circle_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["inviter_id"], ["person.id"], name=op.f("fk_invite_inviter_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invite")),
        sa.UniqueConstraint("code", name=op.f("uq_invite_code")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_invite_circle_id"), "invite", ["circle_id"], unique=False)
    op.create_index(op.f("ix_invite_expires_at"), "invite", ["expires_at"], unique=False)
    op.create_index(op.f("ix_invite_inviter_id"), "invite", ["inviter_id"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("address_id", Big, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_job_address_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_job_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_job_address_id"), "job", ["address_id"], unique=False)
    op.create_index(op.f("ix_job_person_id"), "job", ["person_id"], unique=False)
    op.create_table(
        "letter",
        sa.Column("id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=True),
        sa.Column("address_id", Big, nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("attachment", sa.LargeBinary(), nullable=True),
        sa.Column("topic", sa.Text(), server_default="", nullable=False),
        sa.Column("about_id", Big, nullable=True),
        sa.Column("circle_id", Big, nullable=True),
        sa.Column("turn", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("again", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent_as", Big, nullable=True),
        sa.Column("copies", Big, nullable=True),
        sa.Column("due_at", Big, nullable=False),
        sa.Column("expires_at", Big, nullable=False),
        sa.Column("ended_at", Big, nullable=True),
        sa.ForeignKeyConstraint(["about_id"], ["person.id"], name=op.f("fk_letter_about_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_letter_address_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_letter_circle_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_letter_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_letter_about_id"), "letter", ["about_id"], unique=False)
    op.create_index(op.f("ix_letter_address_id_lane_state"), "letter", ["address_id", "lane", "state"], unique=False)
    op.create_index(op.f("ix_letter_circle_id"), "letter", ["circle_id"], unique=False)
    op.create_index(op.f("ix_letter_copies"), "letter", ["copies"], unique=False)
    op.create_index(op.f("ix_letter_ended_at"), "letter", ["ended_at"], unique=False)
    op.create_index(op.f("ix_letter_person_id"), "letter", ["person_id"], unique=False)
    op.create_index(
        op.f("ix_letter_route_state_lane_turn_id"), "letter", ["route", "state", "lane", "turn", "id"], unique=False
    )
    op.create_index(op.f("ix_letter_topic"), "letter", ["topic"], unique=False)
    op.create_table(
        "link",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("address_id", Big, nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("claimant_id", Big, nullable=True),
        sa.Column("claimed_at", Big, nullable=True),
        sa.Column("expires_at", Big, nullable=False),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_link_address_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["claimant_id"], ["address.id"], name=op.f("fk_link_claimant_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_link_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("code", name=op.f("uq_link_code")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_link_address_id"), "link", ["address_id"], unique=False)
    op.create_index(op.f("ix_link_claimant_id"), "link", ["claimant_id"], unique=False)
    op.create_index(op.f("ix_link_expires_at"), "link", ["expires_at"], unique=False)
    op.create_index(op.f("ix_link_person_id"), "link", ["person_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("circle_id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("tells", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_membership_circle_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("circle_id", "person_id", name=op.f("pk_membership")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_membership_person_id"), "membership", ["person_id"], unique=False)
    op.create_table(
        "menu",
        sa.Column("id", Big, nullable=False),
        sa.Column("address_id", Big, nullable=False),
        sa.Column("letter", Big, nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("choices", sa.LargeBinary(), nullable=False),
        sa.Column("reply", sa.Integer(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=True),
        sa.Column("at", Big, nullable=False),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_menu_address_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_menu")),
        sa.UniqueConstraint("letter", name=op.f("uq_menu_letter")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_menu_address_id"), "menu", ["address_id"], unique=False)
    op.create_index(op.f("ix_menu_at"), "menu", ["at"], unique=False)
    op.create_table(
        "message",
        sa.Column("id", Big, nullable=False),
        sa.Column("address_id", Big, nullable=False),
        sa.Column("topic", sa.Text(), server_default="", nullable=False),
        sa.Column("platform_id", sa.LargeBinary(), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.Column("due_at", Big, nullable=True),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_message_address_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_message_address_id_topic"), "message", ["address_id", "topic"], unique=False)
    op.create_index(op.f("ix_message_at"), "message", ["at"], unique=False)
    op.create_index(op.f("ix_message_due_at"), "message", ["due_at"], unique=False)
    op.create_table(
        "newcomer",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("circle_id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("inviter_id", Big, nullable=False),
        sa.Column("expires_at", Big, nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_newcomer_circle_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["inviter_id"], ["person.id"], name=op.f("fk_newcomer_inviter_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_newcomer_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_newcomer")),
        sa.UniqueConstraint("circle_id", "person_id", name=op.f("uq_newcomer_circle_id_person_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_newcomer_expires_at"), "newcomer", ["expires_at"], unique=False)
    op.create_index(op.f("ix_newcomer_inviter_id"), "newcomer", ["inviter_id"], unique=False)
    op.create_index(op.f("ix_newcomer_person_id"), "newcomer", ["person_id"], unique=False)
    op.create_table(
        "standing",
        sa.Column("circle_id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("news_id", Big, nullable=False),
        sa.Column("true_at", Big, nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_standing_circle_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["news_id"], ["news.id"], name=op.f("fk_standing_news_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_standing_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("circle_id", "person_id", name=op.f("pk_standing")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_standing_news_id"), "standing", ["news_id"], unique=False)
    op.create_index(op.f("ix_standing_person_id"), "standing", ["person_id"], unique=False)
    op.create_table(
        "telling",
        sa.Column("news_id", Big, nullable=False),
        sa.Column("circle_id", Big, nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_telling_circle_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["news_id"], ["news.id"], name=op.f("fk_telling_news_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("news_id", "circle_id", name=op.f("pk_telling")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_telling_circle_id"), "telling", ["circle_id"], unique=False)
    op.create_table(
        "alarm_reader",
        sa.Column("alarm_id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("circle_id", Big, nullable=False),
        sa.Column("seen_at", Big, nullable=True),
        sa.Column("caring_at", Big, nullable=True),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarm.id"], name=op.f("fk_alarm_reader_alarm_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circle.id"], name=op.f("fk_alarm_reader_circle_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_alarm_reader_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alarm_id", "person_id", name=op.f("pk_alarm_reader")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_alarm_reader_circle_id"), "alarm_reader", ["circle_id"], unique=False)
    op.create_index(op.f("ix_alarm_reader_person_id"), "alarm_reader", ["person_id"], unique=False)
    op.create_table(
        "ask_reader",
        sa.Column("ask_id", Big, nullable=False),
        sa.Column("person_id", Big, nullable=False),
        sa.Column("answered_at", Big, nullable=True),
        sa.ForeignKeyConstraint(["ask_id"], ["ask.id"], name=op.f("fk_ask_reader_ask_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ask_reader_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("ask_id", "person_id", name=op.f("pk_ask_reader")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_ask_reader_person_id"), "ask_reader", ["person_id"], unique=False)
