"""One schema for SQLite and PostgreSQL. `storage/README.md` says of each column why it is there and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage.crypto import Blind, Sealed

HEAD = "0005"  # the newest migration; a database beyond it belongs to a newer program

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Instant(sa.types.TypeDecorator[Any]):
    """An aware datetime, kept as whole milliseconds since 1970 in UTC."""

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        return dialect.type_descriptor(sa.Integer() if dialect.name == "sqlite" else sa.BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        del dialect
        return None if value is None else (value - EPOCH) // _MILLISECOND

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:
        del dialect
        return None if value is None else EPOCH + timedelta(milliseconds=value)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _table(name: str, *parts: Any, **options: Any) -> sa.Table:
    return sa.Table(name, metadata, *parts, sqlite_strict=True, **options)


def _to(column: str, *, nullable: bool = False, primary_key: bool = False) -> Any:
    """A reference that goes when what it refers to goes."""
    name = column.partition(".")[0] + "_id"
    return sa.Column(
        name,
        Id,
        sa.ForeignKey(column, ondelete="CASCADE"),
        nullable=nullable,
        primary_key=primary_key,
    )


def _few(kept: str, *columns: str) -> sa.Index:
    """An index of the few rows in which something is so: what is looked for often must not read everybody."""
    return sa.Index(None, *columns, sqlite_where=sa.text(kept), postgresql_where=sa.text(kept))


def _who(name: str, *, nullable: bool = False, primary_key: bool = False) -> Any:
    return sa.Column(
        name,
        Id,
        sa.ForeignKey("person.id", ondelete="CASCADE"),
        nullable=nullable,
        primary_key=primary_key,
    )


# -- people --------------------------------------------------------------------------------------------------------

person = _table(
    "person",
    sa.Column("id", Id, primary_key=True),
    sa.Column("language", sa.Text),
    sa.Column("name", Sealed("person.name")),
    sa.Column("zone", Sealed("person.zone")),
    sa.Column("quiet_from", sa.Integer),  # minutes after local midnight
    sa.Column("quiet_until", sa.Integer),
    sa.Column("met_on", sa.Integer, nullable=False),  # days since 1970: no finer
    _few("language IS NULL", "met_on"),
    sqlite_autoincrement=True,  # an id is never used again, so a late letter can't reach a stranger
)

address = _table(
    "address",
    sa.Column("id", Id, primary_key=True),
    _who("person_id", nullable=True),  # none: a group
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("bot", sa.Text, nullable=False),
    sa.Column("account", Blind("address.account"), nullable=False),
    sa.Column("reach", Sealed("address.reach"), nullable=False),
    sa.Column("unreachable_at", Instant),
    sa.Column("answered_at", Instant),  # groups: when the one answer was given
    sa.Column("preferred", sa.Integer, nullable=False, server_default="0"),  # 1: news goes here first
    sa.Column("linked_at", Instant),  # since when it is one of several; none: it was the first, or is long since
    sa.Column("sees_at", Instant),  # from when circle news is shown here; none: always
    sa.UniqueConstraint("platform", "bot", "account"),
    sa.Index(None, "person_id"),
    _few("linked_at IS NOT NULL", "linked_at"),
    _few("sees_at IS NOT NULL", "sees_at"),
    sqlite_autoincrement=True,
)

dialogue = _table(
    "dialogue",
    _who("person_id", primary_key=True),
    sa.Column("form", Sealed("dialogue.form"), nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index(None, "expires_at"),
)

link = _table(
    "link",  # a code by which a person's second account is to be recognised
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _who("person_id"),
    _to("address.id"),  # where the code was made, and is confirmed
    sa.Column("code", Blind("link.code"), nullable=False, unique=True),
    sa.Column("claimant_id", Id, sa.ForeignKey("address.id", ondelete="CASCADE")),  # the address that typed it
    sa.Column("claimed_at", Instant),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index(None, "person_id"),
    sa.Index(None, "address_id"),
    sa.Index(None, "claimant_id"),
    sa.Index(None, "expires_at"),
)

card = _table(
    "card",  # the words by which somebody who has lost their account is recognised, with a circle member's word
    _who("person_id", primary_key=True),
    sa.Column("words", Blind("card.words"), nullable=False, unique=True),  # of a slow hash of them
    sa.Column("made_at", Instant, nullable=False),
)

comeback = _table(
    "comeback",  # somebody typed a card's words at a new address
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _who("person_id"),  # as whom they want to go on
    _to("address.id"),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("confirmed_at", Instant),  # when a member of their circles said yes
    sa.Column("due_at", Instant, nullable=False),  # when it is dropped; once confirmed: when it is done
    sa.UniqueConstraint("person_id"),
    sa.UniqueConstraint("address_id"),
    sa.Index(None, "due_at"),
)

job = _table(
    "job",  # slow work, done outside any transaction; its result comes back through one
    sa.Column("id", Id, primary_key=True),
    _who("person_id"),
    _to("address.id"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", Sealed("job.body"), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "person_id"),
    sa.Index(None, "address_id"),
    sqlite_autoincrement=True,
)

succession = _table(
    "succession",  # which account of ours took the place of which
    sa.Column("platform", sa.Text, primary_key=True),
    sa.Column("bot", sa.Text, primary_key=True),
    sa.Column("successor", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

# -- circles -------------------------------------------------------------------------------------------------------

circle = _table(
    "circle",
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("name", Sealed("circle.name"), nullable=False),
    _who("keeper_id"),
    sa.Column("keeps_days", sa.Integer, nullable=False, server_default="30"),  # how long replaced news stays
    sa.Column("asked_at", Instant),  # when the keeper was last asked whether old last news shall stay
    sa.Index(None, "keeper_id"),
)

membership = _table(
    "membership",
    _to("circle.id", primary_key=True),
    _who("person_id", primary_key=True),
    sa.Column("tells", sa.Integer, nullable=False, server_default="1"),  # 1: their news goes to this circle
    sa.Index(None, "person_id"),
)

relative = _table(
    "relative",  # a person of a circle who does not use the bot: others tell news of them
    _who("person_id", primary_key=True),
    _to("circle.id"),
    sa.Index(None, "circle_id"),
)

invite = _table(
    "invite",
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("code", Blind("invite.code"), nullable=False, unique=True),
    _to("circle.id"),
    _who("inviter_id"),
    sa.Column("uses_left", sa.Integer, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index(None, "circle_id"),
    sa.Index(None, "inviter_id"),
    sa.Index(None, "expires_at"),
)

newcomer = _table(
    "newcomer",
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _to("circle.id"),
    _who("person_id"),
    _who("inviter_id"),
    sa.Column("expires_at", Instant, nullable=False),
    sa.UniqueConstraint("circle_id", "person_id"),
    sa.Index(None, "person_id"),
    sa.Index(None, "inviter_id"),
    sa.Index(None, "expires_at"),
)

# -- news ----------------------------------------------------------------------------------------------------------

news = _table(
    "news",
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _who("person_id"),
    # forgotten with whoever told it; the news itself is about somebody else, and stays
    sa.Column("teller_id", Id, sa.ForeignKey("person.id", ondelete="SET NULL")),
    sa.Column("how", Sealed("news.how")),  # how the teller knows it; none: it is about themselves
    sa.Column("state", Sealed("news.state"), nullable=False),
    sa.Column("note", Sealed("news.note")),
    sa.Column("place", Sealed("news.place")),
    sa.Column("true_at", Instant, nullable=False),
    sa.Column("told_at", Instant, nullable=False),
    sa.Index(None, "person_id"),
    sa.Index(None, "teller_id"),
    sa.Index(None, "told_at"),
)

telling = _table(
    "telling",  # which circles were told which news
    _to("news.id", primary_key=True),
    _to("circle.id", primary_key=True),
    sa.Index(None, "circle_id"),
)

standing = _table(
    "standing",  # the newest truth about a person that a circle was told
    _to("circle.id", primary_key=True),
    _who("person_id", primary_key=True),
    _to("news.id"),
    sa.Column("true_at", Instant, nullable=False),
    sa.Index(None, "person_id"),
    sa.Index(None, "news_id"),
    sa.Index(None, "true_at"),
)

alarm = _table(
    "alarm",
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _who("person_id"),  # who called
    _who("about_id", nullable=True),  # for whom; none: for themselves
    _to("news.id", nullable=True),  # none: it is not a call but a deadline that passed in silence
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("repeat_at", Instant),  # none: repeated already, or somebody pressed
    sa.Column("closed_at", Instant),
    sa.Column("shown", sa.Text, nullable=False, server_default=""),  # the counts the caller was last shown
    sa.Index(None, "person_id"),
    sa.Index(None, "about_id"),
    sa.Index(None, "news_id"),
    sa.Index(None, "closed_at"),
)

alarm_reader = _table(
    "alarm_reader",
    _to("alarm.id", primary_key=True),
    _who("person_id", primary_key=True),
    _to("circle.id"),
    sa.Column("seen_at", Instant),
    sa.Column("caring_at", Instant),
    sa.Index(None, "person_id"),
    sa.Index(None, "circle_id"),
)

ask = _table(
    "ask",
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _who("asker_id"),
    _to("circle.id"),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Index(None, "asker_id"),
    sa.Index(None, "circle_id"),
    sa.Index(None, "asked_at"),
)

ask_reader = _table(
    "ask_reader",
    _to("ask.id", primary_key=True),
    _who("person_id", primary_key=True),
    sa.Column("answered_at", Instant),
    sa.Index(None, "person_id"),
)

# -- duress --------------------------------------------------------------------------------------------------------

duress = _table(
    "duress",  # the two phrases of somebody, of which one only seems to say that all is well, and what it has begun
    _who("person_id", primary_key=True),
    sa.Column("free", Blind("duress.phrase"), nullable=False),
    sa.Column("forced", Blind("duress.phrase"), nullable=False),
    sa.Column("mark", Sealed("duress.mark")),  # written whichever phrase was said, so that it gives nothing away
    sa.Column("picture", Sealed("duress.picture", binary=True)),  # what the account shows meanwhile; else as many zeros
)

# -- people to tell, and deadlines -----------------------------------------------------------------------------------

trustee = _table(
    "trustee",  # whom a person wants to be told if they are in trouble
    _who("person_id", primary_key=True),
    _who("trustee_id", primary_key=True),
    sa.Index(None, "trustee_id"),
)

deadline = _table(
    "deadline",  # until when somebody has said that they will tell how they are
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _who("person_id"),
    sa.Column("rhythm", Sealed("deadline.rhythm"), nullable=False),
    sa.Column("zone", Sealed("deadline.zone"), nullable=False),
    sa.Column("note", Sealed("deadline.note")),  # their words for those who are told
    sa.Column("grace", sa.Integer, nullable=False),  # minutes
    sa.Column("pauses", sa.Integer, nullable=False),  # 1: a declared outage keeps the circle from being told
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("look_at", Instant, nullable=False),  # when to look again
    sa.Column("stage", sa.Integer, nullable=False),
    sa.Column("stage_at", Instant),
    sa.Column("resumed_at", Instant),  # when the last outage that held it ended
    sa.Column("held", sa.Integer, nullable=False),  # 1: an outage holds it now
    sa.Column("alarm_id", Id, sa.ForeignKey("alarm.id", ondelete="SET NULL")),
    sa.Index(None, "person_id"),
    sa.Index(None, "look_at"),
    sa.Index(None, "alarm_id"),
)

# -- spoken codes --------------------------------------------------------------------------------------------------

spoken_card = _table(
    "spoken_card",  # a printed card of one-time codes, by which others learn how a person is
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _who("person_id"),  # of whom its codes tell
    _to("circle.id"),  # who learns it
    # whoever made it may be forgotten: the paper is in somebody else's hands, and goes on working
    sa.Column("maker_id", Id, sa.ForeignKey("person.id", ondelete="SET NULL")),
    sa.Column("made_at", Instant),  # none: not drawn yet
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index(None, "person_id", "circle_id"),
    sa.Index(None, "circle_id"),
    sa.Index(None, "maker_id"),
    sa.Index(None, "expires_at"),
)

spoken_code = _table(
    "spoken_code",  # one line of such a card; gone once it was used
    sa.Column("id", Id, primary_key=True),
    _to("spoken_card.id"),
    sa.Column("words", Blind("spoken_code.words"), nullable=False, unique=True),  # in their order
    # no two codes share two words in the same places, or are the same words in another order
    sa.Column("first_two", Blind("spoken_code.first_two"), nullable=False, unique=True),
    sa.Column("outer_two", Blind("spoken_code.outer_two"), nullable=False, unique=True),
    sa.Column("last_two", Blind("spoken_code.last_two"), nullable=False, unique=True),
    sa.Column("anyhow", Blind("spoken_code.anyhow"), nullable=False, unique=True),
    sa.Column("kind", Sealed("spoken_code.kind"), nullable=False),
    sa.Index(None, "spoken_card_id"),
)

# -- death and detention -------------------------------------------------------------------------------------------

bearer = _table(
    "bearer",  # whom a circle has named to read hard news first
    _to("circle.id", primary_key=True),
    _who("person_id", primary_key=True),
    sa.Index(None, "person_id"),
)

hard = _table(
    "hard",  # news of a death or a detention in one circle
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _who("person_id"),  # about whom
    _to("circle.id"),
    sa.Column("what", Sealed("hard.what"), nullable=False),
    sa.Column("phase", Sealed("hard.phase"), nullable=False),
    sa.Column("grade", Sealed("hard.grade")),  # how sure it was when it was confirmed
    sa.Column("true_at", Instant, nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    # who tells the family; without them somebody else has to
    sa.Column("caller_id", Id, sa.ForeignKey("person.id", ondelete="SET NULL")),
    sa.Column("agreed", sa.Integer, nullable=False, server_default="0"),  # 1: they have said yes; 0: they are asked
    sa.Column("due_at", Instant),  # when whoever is waited for is reminded; none: nobody is
    sa.Column("ends_at", Instant),  # none: as long as its circle keeps the last news of people
    sa.Index(None, "person_id"),
    sa.Index(None, "circle_id"),
    sa.Index(None, "caller_id"),
    sa.Index(None, "due_at"),
    sa.Index(None, "ends_at"),
)

hard_word = _table(
    "hard_word",  # what one person said of it
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _to("hard.id"),
    # forgotten with whoever told it; what they told is about somebody else, and stays
    sa.Column("teller_id", Id, sa.ForeignKey("person.id", ondelete="SET NULL")),
    sa.Column("how", Sealed("hard_word.how"), nullable=False),
    sa.Column("note", Sealed("hard_word.note")),
    sa.Column("true_at", Instant, nullable=False),
    sa.Column("told_at", Instant, nullable=False),
    sa.Index(None, "hard_id"),
    sa.Index(None, "teller_id"),
)

hard_reader = _table(
    "hard_reader",  # one of the two who check it
    _to("hard.id", primary_key=True),
    _who("person_id", primary_key=True),
    sa.Column("opened", sa.Integer, nullable=False, server_default="0"),  # 1: they have looked at it
    sa.Column("answer", Sealed("hard_reader.answer")),  # how sure it is, or that it is not; none: not answered yet
    sa.Index(None, "person_id"),
)

hard_told = _table(
    "hard_told",  # who has been told by voice, and may see it
    _to("hard.id", primary_key=True),
    _who("person_id", primary_key=True),
    sa.Index(None, "person_id"),
)

# -- rights, and whatever needs two people ---------------------------------------------------------------------------

role = _table(
    "role",  # a right that somebody holds for a while
    sa.Column("id", Id, primary_key=True),  # what it is called among stewards: “moderator 3”
    _who("person_id"),
    sa.Column("role", Blind("role.role"), nullable=False),
    sa.Column("given_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("asked_at", Instant),  # when the person was asked whether they want to keep it
    sa.UniqueConstraint("person_id", "role"),
    sa.Index(None, "role"),
    sa.Index(None, "expires_at"),
    sqlite_autoincrement=True,  # a number is never given to somebody else
)

candidacy = _table(
    "candidacy",  # a code by which somebody who shall get a right is named: nobody can list people
    _who("person_id", primary_key=True),
    sa.Column("code", Blind("candidacy.code"), nullable=False, unique=True),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index(None, "expires_at"),
)

proposal = _table(
    "proposal",  # what one holder of a right wants, and another one must agree to
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("kind", Blind("proposal.kind"), nullable=False),
    sa.Column("role", Blind("proposal.role"), nullable=False),  # which right the two need
    _who("proposer_id"),
    sa.Column("body", Sealed("proposal.body"), nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index(None, "proposer_id"),
    sa.Index(None, "role"),
    sa.Index(None, "expires_at"),
)

proposal_barred = _table(
    "proposal_barred",  # who must not be the second: whom it concerns, or who had the first word before
    _to("proposal.id", primary_key=True),
    _who("person_id", primary_key=True),
    sa.Index(None, "person_id"),
)

audit = _table(
    "audit",  # what was done with a right
    sa.Column("id", Id, primary_key=True),
    # forgotten with the person; what was done stays
    sa.Column("person_id", Id, sa.ForeignKey("person.id", ondelete="SET NULL")),
    sa.Column("about_id", Id, sa.ForeignKey("person.id", ondelete="SET NULL")),
    sa.Column("deed", Sealed("audit.deed"), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "person_id"),
    sa.Index(None, "about_id"),
    sa.Index(None, "at"),
    sqlite_autoincrement=True,
)

# -- districts -----------------------------------------------------------------------------------------------------

tie = _table(
    "tie",  # a district where somebody lives, or where their people are
    _who("person_id", primary_key=True),
    sa.Column("place", Blind("tie.place"), primary_key=True),
    sa.Column("name", Sealed("tie.name"), nullable=False),  # the same, to be shown
    sa.Column("lives", sa.Integer, nullable=False),  # 1: they live there themselves
    sa.Index(None, "place", "person_id"),
)

# -- outages -------------------------------------------------------------------------------------------------------

outage = _table(
    "outage",  # that a district has no network, as two moderators have declared
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("place", Sealed("outage.place"), nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("asked", sa.Integer, nullable=False, server_default="0"),  # 1: the moderators were asked to renew it
    sa.Column("phase", sa.Integer, nullable=False, server_default="0"),
    sa.Column("reached", Id, nullable=False, server_default="0"),  # up to which person the phase has come
    sa.Index(None, "ended_at"),
)

outage_by = _table(
    "outage_by",  # who declared it, or renewed it last
    _to("outage.id", primary_key=True),
    _who("person_id", primary_key=True),
    sa.Index(None, "person_id"),
)

outage_overruled = _table(
    "outage_overruled",  # for whom it shall not count
    _to("outage.id", primary_key=True),
    _who("person_id", primary_key=True),
    sa.Index(None, "person_id"),
)

# -- roll-calls of a region ----------------------------------------------------------------------------------------

rollcall = _table(
    "rollcall",  # everybody with ties to a district is asked how they are
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("place", Sealed("rollcall.place"), nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("closes_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("reached", Id, nullable=False, server_default="0"),  # up to which person they are on the list
    sa.Column("highest", Id, nullable=False),  # who came later is not asked
    sa.Column("listed", sa.Integer, nullable=False, server_default="0"),  # 1: everybody is on the list
    sa.Column("looked_at", Instant, nullable=False),  # up to which news the answers are counted
    sa.Column("shown", sa.Text, nullable=False, server_default=""),  # what the board last showed, rounded as it was
    sa.Column("shown_at", Instant),
    sa.Index(None, "ended_at"),
)

rollcall_reader = _table(
    "rollcall_reader",
    _to("rollcall.id", primary_key=True),
    _who("person_id", primary_key=True),
    sa.Column("due_at", Instant, nullable=False),  # when to ask: later in quiet hours
    sa.Column("asked_at", Instant),
    sa.Column("answer", Blind("rollcall_reader.answer")),
    sa.Column("told_at", Instant),
    # the news that was the answer; none: it was told to nobody, or is taken back
    sa.Column("news_id", Id, sa.ForeignKey("news.id", ondelete="SET NULL")),
    sa.Column("alone", sa.Integer, nullable=False, server_default="0"),  # 1: no circle heard the answer
    sa.Index(None, "rollcall_id", "asked_at", "due_at"),
    sa.Index(None, "person_id"),
    sa.Index(None, "news_id"),
)

rollcall_watcher = _table(
    "rollcall_watcher",  # a moderator before whom the board stands
    _to("rollcall.id", primary_key=True),
    _who("person_id", primary_key=True),
    sa.Index(None, "person_id"),
)

# -- news of many --------------------------------------------------------------------------------------------------

report = _table(
    "report",  # news of many, told at once: for as long as it can be taken back, and its questions wait
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _who("person_id"),  # who told it
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index(None, "person_id"),
    sa.Index(None, "expires_at"),
)

report_line = _table(
    "report_line",  # a line that was told, or one that is not clear yet
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _to("report.id"),
    sa.Column("number", sa.Integer, nullable=False),  # which line of what was written
    _to("news.id", nullable=True),  # what was told
    _to("hard_word.id", nullable=True),  # or told with more care; none of both: it waits for an answer
    sa.Column("body", Sealed("report_line.body")),  # what was written and what is clear of it; none: it was told
    sa.Index(None, "report_id"),
    sa.Index(None, "news_id"),
    sa.Index(None, "hard_word_id"),
)

# -- bulletins -----------------------------------------------------------------------------------------------------

draft = _table(
    "draft",  # a bulletin that is being written
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    # whoever wrote it may be forgotten; what they had offered for translation waits for somebody else
    sa.Column("author_id", Id, sa.ForeignKey("person.id", ondelete="SET NULL")),
    sa.Column("body", Sealed("draft.body"), nullable=False),
    sa.Column("picture", Sealed("draft.picture", binary=True)),  # as it goes out: pixels and nothing else
    sa.Column("fetching", Sealed("draft.fetching")),  # what the platform calls a picture that is still to be fetched
    sa.Column("fetch_at", Instant),  # when that is tried next
    sa.Column("state", sa.Integer, nullable=False, server_default="0"),  # 1: offered to translators
    sa.Column("warned_at", Instant),  # that its author was told that it will be dropped
    sa.Column("changed_at", Instant, nullable=False),
    sa.Index(None, "author_id"),
    sa.Index(None, "changed_at"),
    sa.Index(None, "fetch_at"),
)

bulletin = _table(
    "bulletin",  # published: everybody may read it
    sa.Column("number", Id, primary_key=True, autoincrement=False),  # 1, 2, 3, …: without a gap
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("about", Id),  # the number of the bulletin it corrects or withdraws
    sa.Column("place", sa.Text, nullable=False),  # a code of the kept list; "": everywhere
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("urgency", sa.Integer, nullable=False),
    sa.Column("exercise", sa.Integer, nullable=False, server_default="0"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("replaced_by", Id),
    sa.Column("body", sa.Text, nullable=False),  # its claims, their grades and texts: what other formats are made of
    sa.Column("picture", sa.LargeBinary),  # a JPEG; its digest stands in the signed files
    # who wrote it and who agreed; forgotten with them
    sa.Column("author_id", Id, sa.ForeignKey("person.id", ondelete="SET NULL")),
    sa.Column("reviewer_id", Id, sa.ForeignKey("person.id", ondelete="SET NULL")),
    sa.Column("published_at", Instant, nullable=False),
    sa.Column("unreviewed_until", Instant),  # none: two people have seen it
    sa.Column("alone", sa.Integer, nullable=False, server_default="0"),  # one person published it, in an emergency
    sa.Index(None, "about"),
    sa.Index(None, "author_id"),
    sa.Index(None, "reviewer_id"),
    sa.Index(None, "published_at"),
    sa.Index(None, "unreviewed_until"),
)

edition = _table(
    "edition",  # a bulletin in one language, as it was signed
    sa.Column("entry", Id, primary_key=True, autoincrement=False),  # its place in the chain: 1, 2, 3, …
    sa.Column("number", Id, sa.ForeignKey("bulletin.number"), nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.UniqueConstraint("number", "language", "version"),
)

translating = _table(
    "translating",  # who is translating a draft into a language just now
    _to("draft.id", primary_key=True),
    sa.Column("language", sa.Text, primary_key=True),
    _who("person_id"),
    sa.Column("until", Instant, nullable=False),
    sa.Index(None, "person_id"),
)

vouched = _table(
    "vouched",  # who invited somebody, or gave them a right: the two never publish together
    _who("person_id", primary_key=True),
    _who("voucher_id", primary_key=True),
    sa.Index(None, "voucher_id"),
)

# -- who reads bulletins, and what they got ------------------------------------------------------------------------

reader = _table(
    "reader",  # somebody who has asked for bulletins
    _who("person_id", primary_key=True),
    sa.Column("topics", sa.Integer, nullable=False, server_default="0"),  # a bit for each; 0: all
    sa.Column("urgency", sa.Integer, nullable=False),  # from which on they are told at once
    sa.Column("breaks", sa.Integer, nullable=False, server_default="0"),  # 1: what is urgent breaks quiet hours
    sa.Column("digest_at", sa.Integer, nullable=False),  # minutes after local midnight: when the rest comes
)

reader_place = _table(
    "reader_place",  # a district of which somebody reads; "": all of them
    _who("person_id", primary_key=True),
    sa.Column("place", Blind("reader_place.place"), primary_key=True),
    sa.Column("name", Sealed("reader_place.name"), nullable=False),  # the same, to be shown
    sa.Index(None, "place", "person_id"),
)

broadcast = _table(
    "broadcast",  # a bulletin on its way: to its readers, in one more language, or over what they got
    sa.Column("id", Id, primary_key=True),
    sa.Column("number", Id, nullable=False),  # of the bulletin
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False, server_default=""),  # the one that has come
    sa.Column("state", sa.Integer, nullable=False, server_default="0"),
    sa.Column("reached", Id, nullable=False, server_default="0"),  # up to which person
    sa.Column("highest", Id, nullable=False),  # who came later is not told
    sa.Column("fed", sa.Integer, nullable=False, server_default="0"),  # 1: everybody has been looked at
    # who published it and sees how far it is; forgotten with them
    sa.Column("by_id", Id, sa.ForeignKey("person.id", ondelete="SET NULL")),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("total", sa.Integer, nullable=False, server_default="0"),  # to how many it was to go
    sa.Column("told", sa.Integer, nullable=False, server_default="0"),  # how many are on the list by now
    sa.Column("delivered", sa.Integer, nullable=False, server_default="0"),
    sa.Column("unknown", sa.Integer, nullable=False, server_default="0"),
    sa.Column("unreachable", sa.Integer, nullable=False, server_default="0"),
    sa.Column("expired", sa.Integer, nullable=False, server_default="0"),
    sa.Column("refused", sa.Integer, nullable=False, server_default="0"),
    sa.Column("withdrawn", sa.Integer, nullable=False, server_default="0"),
    sa.Column("gone", sa.Integer, nullable=False, server_default="0"),  # who got what it corrects and is forgotten
    sa.Column("shown", sa.Integer, nullable=False, server_default="0"),  # how many were done when it was last shown
    sa.Column("shown_at", Instant),
    sa.Index(None, "number"),
    sa.Index(None, "ended_at"),
    sa.Index(None, "by_id"),
    sqlite_autoincrement=True,
)

delivery = _table(
    "delivery",  # one bulletin and one reader
    sa.Column("number", Id, primary_key=True, autoincrement=False),
    _who("person_id", primary_key=True),
    sa.Column("outcome", sa.Integer, nullable=False),
    sa.Column("letter", Id),  # which is erased two weeks after it ended
    sa.Column("language", sa.Text, nullable=False, server_default=""),  # "": they were told that there is none yet
    sa.Column("had", sa.Integer, nullable=False, server_default="0"),  # 1: something of it has, or may have, arrived
    sa.Column("digest", sa.Integer, nullable=False, server_default="0"),  # 1: it goes in the daily digest
    sa.Column("digest_of", Id),  # in which digest it went
    sa.Column("look_at", Instant),  # when it is to be sent, or looked at again
    sa.Index(None, "number", "outcome", "look_at"),
    sa.Index(None, "person_id"),
)

asked = _table(
    "asked",  # somebody has asked about a bulletin, or has opened it, without its having been sent to them
    sa.Column("number", Id, primary_key=True, autoincrement=False),
    _who("person_id", primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("language", sa.Text, nullable=False, server_default=""),  # in which they opened it; "": they did not
    sa.Index(None, "person_id"),
)

outlet = _table(
    "outlet",  # a group or a room where bulletins are posted
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column(
        "address_id", Id, sa.ForeignKey("address.id", ondelete="CASCADE"), unique=True
    ),  # none yet: it has no code
    sa.Column("code", Blind("outlet.code"), unique=True),  # to be posted there, once
    sa.Column("language", sa.Text, nullable=False, server_default=""),  # "": not chosen yet, and nothing is posted
    sa.Column("place", sa.Text, nullable=False, server_default=""),
    sa.Column("topics", sa.Integer, nullable=False, server_default="0"),
    # the moderator who made the code; the outlet stays when they go
    sa.Column("by_id", Id, sa.ForeignKey("person.id", ondelete="SET NULL")),
    sa.Column("expires_at", Instant),  # of the code
    sa.Index(None, "by_id"),
    sa.Index(None, "expires_at"),
)

posting = _table(
    "posting",  # one bulletin in one outlet
    sa.Column("number", Id, primary_key=True, autoincrement=False),
    _to("outlet.id", primary_key=True),
    sa.Column("letter", Id, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Index(None, "outlet_id"),
)

# -- what others publish ---------------------------------------------------------------------------------------------

feed = _table(
    "feed",  # that moderators read
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("title", Sealed("feed.title"), nullable=False),
    sa.Column("address", Sealed("feed.address"), nullable=False),
    sa.Column("etag", Sealed("feed.etag")),
    sa.Column("modified", Sealed("feed.modified")),
    sa.Column("added_at", Instant, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("looked_at", Instant),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("trouble", sa.Text),
    sa.Index(None, "due_at"),
)

feed_item = _table(
    "feed_item",  # one thing that a feed has brought
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _to("feed.id"),
    sa.Column("key", Blind("feed_item.key"), nullable=False, unique=True),
    sa.Column("title", Sealed("feed_item.title")),  # none, like the link: two weeks are over
    sa.Column("link", Sealed("feed_item.link")),
    sa.Column("at", Instant),
    sa.Column("found_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
    sa.Index(None, "feed_id"),
    sa.Index(None, "found_at"),
)

# -- rumours -------------------------------------------------------------------------------------------------------

rumour = _table(
    "rumour",  # a question “is this true?”, whoever asks it
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("topic", Sealed("rumour.topic"), nullable=False),
    sa.Column("danger", sa.Integer, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("due_at", Instant),  # until when the askers were promised a word; none: there is a verdict
    sa.Column("extended", sa.Integer, nullable=False, server_default="0"),  # 1: once more, with a word to the askers
    sa.Column("form", Sealed("rumour.form")),  # the verdict that moderators are writing
    sa.Column("verdict", Sealed("rumour.verdict")),  # as it was published; none: there is none yet
    sa.Column("decided_at", Instant),
    sa.Column("version", sa.Integer, nullable=False, server_default="0"),  # how many words the askers were to be told
    sa.Column("telling", sa.Integer, nullable=False, server_default="0"),  # 1: some of them were not told it yet
    sa.Index(None, "due_at"),
    sa.Index(None, "decided_at"),
    sa.Index(None, "telling"),
)

rumour_token = _table(
    "rumour_token",  # by what it is recognised when it is asked again
    _to("rumour.id", primary_key=True),
    sa.Column("kind", sa.Integer, primary_key=True),
    sa.Column("token", Blind("rumour_token.token"), primary_key=True),
    sa.Index(None, "token"),
)

rumour_asker = _table(
    "rumour_asker",  # who is to be told the verdict, and its corrections
    _to("rumour.id", primary_key=True),
    _who("person_id", primary_key=True),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("words", Sealed("rumour_asker.words")),  # of the first few, for the moderators; gone with the verdict
    sa.Column("told", sa.Integer, nullable=False, server_default="0"),  # up to which version
    sa.Column("answered", sa.Integer, nullable=False, server_default="0"),  # 1: they were told a verdict
    sa.Column("missing", sa.Integer, nullable=False, server_default="0"),  # 1: it was not in their language yet
    sa.Index(None, "person_id"),
    sa.Index(None, "rumour_id", "told"),
)

# -- the line to the moderators ------------------------------------------------------------------------------------

line_case = _table(
    "line_case",  # what a member and the moderators write to each other, until one of them ends it
    sa.Column("id", Id, primary_key=True, autoincrement=False),  # the case number: random, with a check digit
    _who("person_id"),  # whose it is: never read where a moderator looks
    sa.Column("address_id", Id, sa.ForeignKey("address.id", ondelete="SET NULL")),  # where they wrote last
    sa.Column("danger", sa.Integer, nullable=False),
    sa.Column("begun_at", Instant, nullable=False),
    sa.Column("said_at", Instant, nullable=False),  # the newest word of either side
    sa.Column("words", sa.Integer, nullable=False, server_default="0"),  # how many were ever said
    sa.Column("unanswered", sa.Integer, nullable=False, server_default="0"),  # how many of them wait for an answer
    sa.Column("waits_at", Instant),  # since when; none: everything is answered
    sa.Column("nudge_at", Instant),  # when the moderators are told that it still waits
    sa.Column("told", sa.Integer, nullable=False, server_default="0"),  # 1: so is the member
    sa.Column("answered_at", Instant),  # when the first answer came
    sa.Column("owner_id", Id, sa.ForeignKey("person.id", ondelete="SET NULL")),  # the moderator who has taken it
    sa.Column("owner_voice", sa.Integer, nullable=False, server_default="0"),  # and what they are called in it
    sa.Column("acted_at", Instant),  # the newest deed of theirs
    sa.Column("voices", sa.Integer, nullable=False, server_default="0"),  # how many moderators have ever taken it
    sa.Column("warned_at", Instant),  # when both were told that it ends because nobody says anything
    sa.Column("closed_at", Instant),
    sa.Index(None, "person_id"),
    sa.Index(None, "address_id"),
    sa.Index(None, "owner_id"),
    sa.Index(None, "closed_at"),
    sa.Index(None, "nudge_at"),
    sa.Index(None, "answered_at"),
    sa.Index(None, "said_at"),
)

line_voice = _table(
    "line_voice",  # a moderator in a case: “moderator 2”
    _to("line_case.id", primary_key=True),
    _who("person_id", primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("draft", Sealed("line_voice.draft")),  # an answer that was written and not sent yet
    sa.Index(None, "person_id"),
)

line_word = _table(
    "line_word",  # something that was said in a case
    _to("line_case.id", primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("voice", sa.Integer, nullable=False),  # 0: the member
    sa.Column("at", Instant, nullable=False),
    sa.Column("words", Sealed("line_word.words"), nullable=False),
)

# -- petitions -----------------------------------------------------------------------------------------------------

petition = _table(
    "petition",  # everybody may read it once it was opened
    sa.Column("id", Id, primary_key=True, autoincrement=False),  # random: its number in buttons
    sa.Column("origin", sa.Text, nullable=False, unique=True),  # of its log: “community/petition/number”
    # the organiser who writes it; forgotten with them
    sa.Column("author_id", Id, sa.ForeignKey("person.id", ondelete="SET NULL")),
    sa.Column("state", sa.Text, nullable=False),  # of the newest version that was opened, or of the draft
    sa.Column("key", Sealed("petition.key", binary=True)),  # nullifiers are made with it; none: it is destroyed
    sa.Column("period", sa.Integer, nullable=False),  # days after the last packet for which an account can withdraw
    sa.Column("size", Id, nullable=False, server_default="0"),  # entries in the log
    sa.Column(
        "verified", Id, nullable=False, server_default="0"
    ),  # signatures that count, of people somebody vouches for
    sa.Column("unverified", Id, nullable=False, server_default="0"),  # and of others
    sa.Column(
        "held", Id, nullable=False, server_default="0"
    ),  # in the log, but an organiser has not let them count yet
    sa.Column("vouched", Id),  # those somebody vouches for, in full tens, as it was said last; none: not yet
    sa.Column("vouched_of", Id, nullable=False, server_default="0"),  # of how many that was said...
    sa.Column("vouched_at", Instant),  # ...and when
    sa.Column("day", sa.Integer, nullable=False, server_default="0"),  # of the log's end: it never goes back
    sa.Column("opened_at", Instant),
    sa.Column("closes_at", Instant),
    sa.Column("closed_at", Instant),
    sa.Column("packed_at", Instant),  # the last packet
    sa.Column("forget_at", Instant),  # when the key is to be destroyed
    sa.Column("told", Id, nullable=False, server_default="0"),  # the milestone that followers were told last
    sa.Column("telling", Id),  # the follower up to whom the newest news was told; none: everybody was told
    sa.Index(None, "author_id"),
    sa.Index(None, "state"),
    sa.Index(None, "closes_at"),
    sa.Index(None, "forget_at"),
    sa.Index(None, "telling"),
)

petition_version = _table(
    "petition_version",  # a version of its letter
    _to("petition.id", primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("body", Sealed("petition_version.body"), nullable=False),  # what it says, in each language, and for whom
    sa.Column("digest", sa.LargeBinary),  # of its file, once it was offered: what a reviewer agrees to
    sa.Column("organisers", sa.LargeBinary),  # the public key to which its signatures are sealed, once it was opened
    sa.Column("refusal", sa.Text),  # one of the fixed reasons
    sa.Column("reviewer_id", Id, sa.ForeignKey("person.id", ondelete="SET NULL")),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("warned_at", Instant),  # when its author was told that it will be dropped
    sa.Column("opened_at", Instant),
    sa.Index(None, "reviewer_id"),
    sa.Index(None, "state"),
)

petition_sponsor = _table(
    "petition_sponsor",  # who is asked to stand under a petition with their name, or for an organisation
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _to("petition.id"),
    sa.Column("code", Blind("petition_sponsor.code"), unique=True),  # with which they confirm it, once
    _who("person_id", nullable=True),  # who has confirmed it
    sa.Column("name", Sealed("petition_sponsor.name"), nullable=False),
    sa.Column("organisation", sa.Integer, nullable=False, server_default="0"),  # 1: the name of an organisation
    sa.Column("confirmed_at", Instant),
    sa.Column("digest", sa.LargeBinary),  # of the text to which they have said yes; another one asks them again
    sa.Column("expires_at", Instant),  # of the code
    sa.Index(None, "petition_id"),
    sa.Index(None, "person_id"),
    sa.Index(None, "expires_at"),
)

petition_entry = _table(
    "petition_entry",  # a line of the log: nothing is ever taken from it
    _to("petition.id", primary_key=True),
    sa.Column("place", Id, primary_key=True, autoincrement=False),  # 0, 1, 2, …
    sa.Column("line", sa.Text, nullable=False),
)

petition_node = _table(
    "petition_node",  # a full node of the tree over the log
    _to("petition.id", primary_key=True),
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("place", Id, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
)

petition_checkpoint = _table(
    "petition_checkpoint",  # a signed state of the log, as it was published
    _to("petition.id", primary_key=True),
    sa.Column("size", Id, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
)

petition_certificate = _table(
    "petition_certificate",  # of the online keys that signed checkpoints: old ones are checked after a renewal, too
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("text", sa.LargeBinary, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
)

petition_signature = _table(
    "petition_signature",  # one that counts, or is held: never whose it is
    _to("petition.id", primary_key=True),
    sa.Column("place", Id, primary_key=True, autoincrement=False),  # in the log
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("day", sa.Integer, nullable=False),  # days since 1970: no finer
    sa.Column("tag", sa.LargeBinary),  # by which a receipt is recognised; none: anonymised
    sa.Column("record", sa.LargeBinary),  # the opening, sealed to the organisers: nobody here can read it
    sa.Column("country", Sealed("petition_signature.country")),  # for counts of countries; none: not said
    sa.Column("public_name", Sealed("petition_signature.public_name")),  # that the signer wants to be read by everybody
    sa.Column("verified", sa.Integer, nullable=False),  # 1: somebody in the community vouches for the signer
    sa.Column(
        "wave", Blind("petition_signature.wave")
    ),  # which branch of invitations in which hours: for the fraud view
    sa.Column("held_at", Instant),  # it does not count until an organiser lets it
    sa.Index(None, "petition_id", "tag"),
    sa.Index(None, "petition_id", "held_at"),
    sa.Index(None, "petition_id", "wave"),
    _few("public_name IS NOT NULL", "petition_id", "place"),
)

petition_nullifier = _table(
    "petition_nullifier",  # that an account has signed, for whoever has the petition's key
    _to("petition.id", primary_key=True),
    sa.Column("mark", sa.LargeBinary, primary_key=True),
    sa.Column("place", Id, nullable=False),  # of the signature
    sa.Index(None, "petition_id", "place"),  # to strike it
)

petition_packet = _table(
    "petition_packet",  # what was made for an addressee, and what became of it
    _to("petition.id", primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("addressee", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("covers", Id, nullable=False),  # how long the log was
    sa.Column("corrects", sa.Integer),  # the packet that it supplements
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("sealed_at", Instant, nullable=False),
    sa.Column("sent_at", Instant),
    sa.Column("sent_by", sa.Text),  # one of the fixed ways
    sa.Column("sent_as", sa.Integer),  # the number of the organiser's right
    sa.Column("reference", Sealed("petition_packet.reference")),  # that the addressee gave it
    sa.Column("acknowledged_at", Instant),
    sa.Column("due_at", Instant),  # when an answer is to be expected
    sa.Column("answered_at", Instant),
    sa.Column("answer", Sealed("petition_packet.answer")),  # in a few words
    sa.Index(None, "due_at"),
)

petition_follower = _table(
    "petition_follower",  # who asked to be told how it goes on: offered to everybody who reads it
    _to("petition.id", primary_key=True),
    _who("person_id", primary_key=True),
    sa.Column("since", sa.Integer, nullable=False),  # days since 1970
    sa.Index(None, "person_id"),
)

petition_talk = _table(
    "petition_talk",  # a conversation about signing, to go from its chat: not about what, nor what came of it
    _to("address.id", primary_key=True),
    sa.Column("after", Id, nullable=False),  # the number of the last message before it
    sa.Column("last", Id),  # of its own last one, once it is over
    sa.Column("due_at", Instant, nullable=False),  # when it is over; then, when it must be gone
    sa.Index(None, "due_at"),
)

petition_relay = _table(
    "petition_relay",  # another community's petition that we collect for, or another community that collects for ours
    _to("petition.id", primary_key=True),
    sa.Column("community", sa.Text, primary_key=True),  # its public key
    sa.Column("version", sa.Integer, primary_key=True),  # of the letter, as its home counts them
    sa.Column("at", Instant, nullable=False),  # when they signed what is in `file`
    sa.Column("file", sa.Text, nullable=False),  # the newest that they have signed: with the letter, or their count
    sa.Column("given", sa.Text),  # the newest count of ours that was made for them
    sa.Index(None, "community"),
)

# -- people whom nobody reaches ------------------------------------------------------------------------------------

sought = _table(
    "sought",  # somebody who can be found: a member, somebody's relative, a line of a list, or a decoy
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Integer, nullable=False),
    _who("person_id", nullable=True),  # the member who it is, or a relative, for whom the circle answers
    sa.Column("record", Sealed("sought.record", binary=True), nullable=False),  # names, year, places: padded
    sa.Column("knock", sa.Integer, nullable=False),  # who may: nobody, kin who answer, anyone of the community
    sa.Column("question", Sealed("sought.question")),  # which of the questions on the list
    sa.Column("answer", Blind("sought.answer")),  # folded, with the record's number: nobody reads it
    sa.Column("source", Sealed("sought.source")),  # of a list
    sa.Column("consent", sa.Integer, nullable=False, server_default="0"),  # 1: a line that may be passed on
    sa.Column("touched_at", Instant),  # a decoy
    sa.Column("since", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("bits", sa.Integer),  # to how many its keys are cut in the index; none: it waits to go there
    sa.Index(None, "person_id"),
    sa.Index(None, "expires_at"),
    sa.Index(None, "kind", "id"),
    sa.Index(None, "bits"),
)

sought_list = _table(
    "sought_list",  # the blind index: equality and nothing else
    sa.Column(
        "mac", Id, primary_key=True, autoincrement=False
    ),  # of a pair of parts of a name, cut: no order of arrival
    sa.Column("records", sa.LargeBinary, nullable=False),  # whose, under a keystream; some are nobody's
)

knock = _table(
    "knock",  # somebody looks for somebody
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _who("person_id"),  # who looks
    sa.Column("form", Sealed("knock.form", binary=True), nullable=False),  # whom, in their words
    sa.Column("state", sa.Integer, nullable=False),
    sa.Column("search_at", Instant),  # when it is to be looked up, again
    sa.Column("district", Blind("knock.district")),  # for the desk
    sa.Column("danger", sa.Integer, nullable=False, server_default="0"),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("remind_at", Instant),  # when its maker is asked whether they still look
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index(None, "person_id"),
    sa.Index(None, "search_at"),
    sa.Index(None, "remind_at"),
    sa.Index(None, "expires_at"),
)

candidate = _table(
    "candidate",  # a knock and somebody who may be the one
    sa.Column("id", Id, primary_key=True, autoincrement=False),  # the case number: random
    _to("knock.id"),
    _to("sought.id"),
    sa.Column("score", sa.Integer, nullable=False),  # of the names, in hundredths
    sa.Column("proved", sa.Integer, nullable=False, server_default="0"),  # 1: the answer was right
    sa.Column("state", sa.Integer, nullable=False),
    sa.Column("seeker_says", sa.Integer, nullable=False, server_default="0"),  # how much they release
    sa.Column("holder_says", sa.Integer, nullable=False, server_default="0"),
    sa.Column("message", Sealed("candidate.message")),  # of either side to the other, until both have released it
    sa.Column("since", Instant, nullable=False),
    sa.Column("taken_id", Id, sa.ForeignKey("person.id", ondelete="SET NULL")),  # the moderator who works on it
    sa.Column("taken_until", Instant),
    sa.Column("first_id", Id, sa.ForeignKey("person.id", ondelete="SET NULL")),  # who of two has spoken
    sa.Column("first_says", sa.Integer, nullable=False, server_default="0"),  # 1: they may be the same; 2: they are not
    sa.Column("ended_at", Instant),
    sa.UniqueConstraint("knock_id", "sought_id"),
    sa.Index(None, "sought_id"),
    sa.Index(None, "state", "since"),
    sa.Index(None, "taken_id"),
    sa.Index(None, "first_id"),
    sa.Index(None, "ended_at"),
)

candidate_note = _table(
    "candidate_note",  # what a moderator wrote about a case
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _to("candidate.id"),
    sa.Column("words", Sealed("candidate_note.words"), nullable=False),
    sa.Column("by", sa.Integer, nullable=False),  # the number of a right
    sa.Column("at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index(None, "candidate_id"),
    sa.Index(None, "expires_at"),
)

listed = _table(
    "listed",  # what a shelter's or a hospital's list says of somebody
    _to("sought.id", primary_key=True),
    sa.Column("trace", Blind("listed.trace"), nullable=False, unique=True),  # of the source and the record's id there
    sa.Column("source", Blind("listed.source"), nullable=False),
    sa.Column("body", Sealed("listed.body", binary=True), nullable=False),  # padded
    sa.Index(None, "source"),
)

passing = _table(
    "passing",  # somebody has said yes: their record, or their search, may stand in a list for others until a day
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _to("sought.id", nullable=True),  # of these two one
    _to("knock.id", nullable=True),
    sa.Column("recipient", Sealed("passing.recipient"), nullable=False),  # to whom the list goes, as they read it
    sa.Column("given_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index(None, "sought_id", unique=True),
    sa.Index(None, "knock_id", unique=True),
    sa.Index(None, "expires_at"),
)

exported = _table(
    "exported",  # a record that was passed on: whoever has it is told when it is over
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("sought_id", Id, sa.ForeignKey("sought.id", ondelete="SET NULL")),  # of a list
    sa.Column("passing_id", Id, sa.ForeignKey("passing.id", ondelete="SET NULL")),  # of somebody who said yes
    sa.Column("record", Sealed("exported.record"), nullable=False),  # what it is called there
    sa.Column("at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Index(None, "sought_id", unique=True),
    sa.Index(None, "passing_id", unique=True),
    sa.Index(None, "ended_at"),
)

not_same = _table(
    "not_same",  # that two are not the same person, remembered by traces alone
    sa.Column("seeker", Blind("not_same.seeker"), primary_key=True),  # who looks: apart, as accounts may be linked
    sa.Column("pair", Blind("not_same.pair"), primary_key=True),  # the name and the record
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index(None, "expires_at"),
)

sought_former = _table(
    "sought_former",  # a record that became part of another as two accounts are one person's
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    _to("sought.id"),  # the one that stays
    sa.Column("former", Sealed("sought_former.former"), nullable=False),  # the number of the one that went
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index(None, "sought_id"),
    sa.Index(None, "expires_at"),
)

knock_quota = _table(
    "knock_quota",  # how much was looked for lately, by a person or by a branch of invitations
    sa.Column("scope", Blind("knock_quota.scope"), primary_key=True),
    sa.Column("about", Blind("knock_quota.about"), primary_key=True),  # of answers: about which record
    sa.Column("used", sa.Integer, nullable=False),
    sa.Column("wait_until", Instant),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index(None, "expires_at"),
)

# -- copies of bulletins: how they are recognised, found and proved -------------------------------------------------

shingle = _table(
    "shingle",  # three folded words in a row of a published text
    sa.Column("hash", Id, primary_key=True, autoincrement=False),
    sa.Column("entry", Id, primary_key=True, autoincrement=False),  # of the chain, from which nothing is ever taken
)

archive_word = _table(
    "archive_word",  # a folded word of a published text
    sa.Column("word", sa.LargeBinary, primary_key=True),  # as bytes: their order is the same in every database
    sa.Column("entry", Id, primary_key=True, autoincrement=False),  # of the chain, from which nothing is ever taken
)

certificate = _table(
    "certificate",  # of the online key that signed the chain from an entry on: a file, and the root key's signature
    sa.Column("entry", Id, primary_key=True, autoincrement=False),
    sa.Column("text", sa.LargeBinary, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
)

# -- in and out ----------------------------------------------------------------------------------------------------

inbox = _table(
    "inbox",
    sa.Column("platform", sa.Text, primary_key=True),
    sa.Column("bot", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "at"),
)

accident = _table(
    "accident",
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("message", Sealed("accident.message"), nullable=False),
)

throttle = _table(
    "throttle",
    sa.Column("key", Blind("throttle.key"), primary_key=True),
    sa.Column("used", sa.Integer, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Index(None, "until"),
)

letter = _table(
    "letter",
    sa.Column("id", Id, primary_key=True),
    _who("person_id", nullable=True),  # none: to a group's address
    _to("address.id"),  # the address being tried
    sa.Column("route", sa.Text, nullable=False),  # "platform/bot": which courier takes it
    sa.Column("lane", sa.Integer, nullable=False),
    sa.Column("state", sa.Integer, nullable=False, server_default="0"),
    sa.Column("body", Sealed("letter.body"), nullable=False),
    sa.Column("attachment", Sealed("letter.attachment", binary=True)),
    sa.Column("topic", sa.Text, nullable=False, server_default=""),
    _who("about_id", nullable=True),  # whose news it tells: it goes when they are forgotten
    _to("circle.id", nullable=True),  # in which circle they are told it: it waits no longer than both are in it
    sa.Column("turn", sa.Integer, nullable=False, server_default="0"),  # how often its teller called in the last hour
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("again", sa.Integer, nullable=False, server_default="0"),  # 1: perhaps delivered before
    sa.Column("sent_as", Id),  # by which letter's number it left: those that left together share one
    sa.Column("copies", Id),  # the same number for the copies of one letter to a person's several addresses
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Index(None, "route", "state", "lane", "turn", "id"),
    sa.Index(None, "route", "state", "due_at"),
    sa.Index(None, "state", "expires_at"),
    sa.Index(None, "address_id", "lane", "state"),
    sa.Index(None, "person_id"),
    sa.Index(None, "topic"),
    sa.Index(None, "about_id"),
    sa.Index(None, "circle_id"),
    sa.Index(None, "copies"),
    sa.Index(None, "ended_at"),
    sqlite_autoincrement=True,
)

message = _table(
    "message",  # stands in a chat, and may still be changed in place or cleaned away
    sa.Column("id", Id, primary_key=True),
    _to("address.id"),
    sa.Column("topic", sa.Text, nullable=False, server_default=""),
    sa.Column("platform_id", Sealed("message.platform_id"), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("due_at", Instant),  # when to clean it away; none: only if the person asks
    sa.Index(None, "address_id", "topic"),
    sa.Index(None, "at"),
    sa.Index(None, "due_at"),
    sqlite_autoincrement=True,
)

menu = _table(
    "menu",  # a numbered list of choices in a chat without buttons
    sa.Column("id", Id, primary_key=True),
    _to("address.id"),
    sa.Column("letter", Id, nullable=False, unique=True),  # the letter that showed it, which may be gone by now
    sa.Column("first", sa.Integer, nullable=False),  # the number of its first choice
    sa.Column("choices", Sealed("menu.choices"), nullable=False),
    sa.Column("reply", sa.Integer, nullable=False),  # 1: it answered the person, and ends the answer before
    sa.Column("message", Sealed("menu.message")),  # the platform's id; none: not shown yet
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "address_id"),
    sa.Index(None, "at"),
    sqlite_autoincrement=True,
)

device = _table(
    "device",  # how a bot account proves itself to its platform, where that is more than a token in a file
    sa.Column("platform", sa.Text, primary_key=True),
    sa.Column("bot", sa.Text, primary_key=True),
    sa.Column("name", Sealed("device.name"), nullable=False),
    sa.Column("token", Sealed("device.token"), nullable=False),
    sa.Column("seeds", Sealed("device.seeds", binary=True), nullable=False),
)

fact = _table(
    "fact",  # what the program must remember about itself
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
