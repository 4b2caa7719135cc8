"""What was made of a petition for its addressees and what became of it; and how far news of it has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from bot.domain import petition as rules
from bot.domain import petition_log
from bot.domain.addressees import ADDRESSEES
from bot.domain.people import Person
from bot.domain.petition import DELIVERY, Delivery, Event, Sent, State
from bot.domain.petition_log import Strike, Withdraw
from storage import petition_logs, petitions
from storage.database import Tx
from storage.petitions import Petition
from storage.prepared import ONE, Prepared, at_most
from storage.schema import (
    petition,
    petition_checkpoint,
    petition_entry,
    petition_nullifier,
    petition_packet,
    petition_signature,
    petition_sponsor,
    petition_version,
)

EXPORT: Final = "petition.export"  # slow work: what organisers get
FILES: Final = "petition.files"  # what everybody may have
CHART: Final = "petition.chart"
WAYS: Final = ("form", "email", "post", "hand")  # how a packet is handed over


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet, or a supplement to the one that it `corrects`."""

    petition: int
    number: int
    addressee: str
    version: int
    digest: bytes
    covers: int
    corrects: int | None
    state: Delivery
    sealed_at: datetime
    sent_at: datetime | None
    sent_by: str | None
    sent_as: int | None
    reference: str | None
    acknowledged_at: datetime | None
    due_at: datetime | None
    answered_at: datetime | None
    answer: str | None

    @property
    def sent(self) -> Sent:
        """As the rules see it."""
        return Sent(
            self.number, self.addressee, self.covers, self.state, self.corrects, self.sent_at, answer_days(self)
        )

    def can(self, event: Event) -> bool:
        """Whether this can happen to it now."""
        return (self.state, event) in DELIVERY


def answer_days(one: Packet) -> int | None:
    """The time that the addressee's rules give for an answer. Nobody answers a supplement."""
    known = ADDRESSEES.get(one.addressee)
    return None if known is None or one.corrects is not None else known.rules.answer_days


def _packet(row: Any) -> Packet:
    return Packet(
        row.petition_id,
        row.number,
        row.addressee,
        row.version,
        bytes(row.digest),
        row.covers,
        row.corrects,
        Delivery(row.state),
        row.sealed_at,
        row.sent_at,
        row.sent_by,
        row.sent_as,
        row.reference,
        row.acknowledged_at,
        row.due_at,
        row.answered_at,
        row.answer,
    )


def stand_still(tx: Tx) -> None:
    """Let everything that is read from here on be of one moment. To be called before anything is read."""
    if tx.connection.dialect.name == "postgresql" and tx.reading:
        tx.execute(_STILL)


_STILL = sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


# -- packets -----------------------------------------------------------------------------------------------------------


def of(tx: Tx, which: int) -> list[Packet]:
    """Every packet of a petition, the first one first."""
    query = sa.select(petition_packet).where(petition_packet.c.petition_id == which)
    return [_packet(row) for row in tx.execute(query.order_by(petition_packet.c.number))]


def find(tx: Tx, which: int, number: int) -> Packet | None:
    """One of them."""
    mine = (petition_packet.c.petition_id == which) & (petition_packet.c.number == number)
    row = tx.execute(sa.select(petition_packet).where(mine)).first()
    return None if row is None else _packet(row)


def record(  # noqa: PLR0913, PLR0917 - what is known of a packet
    tx: Tx,
    one: Petition,
    addressee: str,
    version: int,
    digest: bytes,
    covers: int,
    now: datetime,
    *,
    corrects: int | None = None,
) -> int:
    """A packet was made: it goes into the log before it is handed over, and the withdrawal period begins anew.

    Its number. Of a supplement no period begins.
    """
    number = len(of(tx, one.id)) + 1
    petition_logs.append(tx, one.id, petition_log.Packet(number, now.date(), addressee, digest))
    row = {
        "petition_id": one.id,
        "number": number,
        "addressee": addressee,
        "version": version,
        "digest": digest,
        "covers": covers,
        "corrects": corrects,
        "state": Delivery.SEALED.value,
        "sealed_at": now,
    }
    tx.execute(petition_packet.insert(), row)
    if corrects is None:
        petitions.packed_now(tx, one.id, now)
    has_news(tx, one.id)
    tx.note("record", one.id, addressee, version, digest, covers, now, corrects)
    return number


def send(tx: Tx, one: Packet, way: str, right: int, now: datetime) -> bool:
    """It was handed over, in one of the `WAYS`, by the holder of a right. False if that can't be (any more)."""
    days = answer_days(one)
    due = None if days is None else now + days * rules.DAY
    return _step(tx, one, Event.SEND, sent_at=now, sent_by=way, sent_as=right, due_at=due)


def acknowledge(tx: Tx, one: Packet, reference: str, now: datetime) -> bool:
    """The addressee says that it has come, perhaps under a number of its own. False if that can't be."""
    return _step(tx, one, Event.ACKNOWLEDGE, acknowledged_at=now, reference=reference or None)


def answer(tx: Tx, one: Packet, words: str, now: datetime) -> bool:
    """The addressee has answered, in a few words. False if that can't be."""
    return _step(tx, one, Event.ANSWER, answered_at=now, answer=words or None)


_OVERDUE = Prepared(
    sa.select(petition_packet)
    .where(
        petition_packet.c.due_at <= sa.bindparam("now"),
        petition_packet.c.state.in_([Delivery.SENT.value, Delivery.ACKNOWLEDGED.value]),
    )
    .order_by(petition_packet.c.due_at)
    .limit(at_most(50))
)


def overdue(tx: Tx, now: datetime) -> list[Packet]:
    """The packets that no answer has come to in time: from now on they are so, and each is named once."""
    found = [_packet(row) for row in tx.execute(_OVERDUE, {"now": now})]
    return [one for one in found if one.sent.is_late(now) and _step(tx, one, Event.LATE)]


def _step(tx: Tx, one: Packet, event: Event, **values: Any) -> bool:
    then = DELIVERY.get((one.state, event))
    if then is None:
        return False
    mine = (petition_packet.c.petition_id == one.petition) & (petition_packet.c.number == one.number)
    still = petition_packet.c.state == one.state.value
    done = tx.execute(petition_packet.update().where(mine, still).values(state=then.value, **values)).rowcount == 1
    if done:
        has_news(tx, one.petition)
        tx.note("packet", one.petition, one.number, event.value, values)
    return done


def redo(tx: Tx, one: Packet, event: Event, values: dict[str, Any]) -> bool:
    """A step once more, as it was noted."""
    return _step(tx, one, event, **values)


# -- what ended after a packet was made --------------------------------------------------------------------------------

_ENDS = petition_entry.c.line.like("withdraw %") | petition_entry.c.line.like("strike %")


def _ended(tx: Tx, which: int, since: int, before: int) -> list[int]:
    """Where signatures stand that ended at `since` or later, those that are smaller than `before`."""
    mine = (petition_entry.c.petition_id == which) & (petition_entry.c.place >= since) & _ENDS
    lines = tx.execute(sa.select(petition_entry.c.line).where(mine)).scalars()
    entries = (petition_log.read_line(line) for line in lines)
    return sorted(one.place for one in entries if isinstance(one, Withdraw | Strike) and one.place < before)


def owed(tx: Tx, one: Packet, all_of: list[Packet]) -> int:
    """How many signatures of a packet that was sent have ended, and no supplement says so."""
    if one.corrects is not None or one.state is Delivery.SEALED:
        return 0
    told = max((each.covers for each in all_of if each.corrects == one.number), default=one.covers)
    return len(_ended(tx, one.petition, told, one.covers))


def to_strike(tx: Tx, one: Packet) -> list[int]:
    """The entries before a packet that its recipient has to strike: what `payvand packet --supplement` prints."""
    begins = petition_entry.c.line.like(f"packet {one.number} %")
    mine = (petition_entry.c.petition_id == one.petition) & begins & (petition_entry.c.place >= one.covers)
    place = tx.execute(sa.select(petition_entry.c.place).where(mine)).scalar()
    return [] if place is None else _ended(tx, one.petition, 0, place)


# -- news --------------------------------------------------------------------------------------------------------------


def has_news(tx: Tx, which: int) -> None:
    """Whoever follows a petition is to be told that something has happened."""
    tx.execute(petition.update().where(petition.c.id == which).values(telling=0))


_TO_TELL = Prepared(
    sa.select(petition.c.id, petition.c.telling)
    .where(petition.c.telling.is_not(None))
    .order_by(petition.c.telling)
    .limit(ONE)
)


def next_to_tell(tx: Tx, most: int) -> tuple[int, list[Person]] | None:
    """The next followers of a petition who are to be told; they count as told. None if nobody is."""
    row = tx.execute(_TO_TELL).first()
    if row is None:
        return None
    found = petitions.followers(tx, row.id, row.telling, most)
    reached = found[-1].id if len(found) == most else None
    tx.execute(petition.update().where(petition.c.id == row.id).values(telling=reached))
    return row.id, found


_CLIMBED = Prepared(
    sa.select(petition.c.id)
    .where(petition.c.state == State.OPEN.value)
    .where(petition.c.verified + petition.c.unverified > petition.c.told)
)


def climbed(tx: Tx) -> list[Petition]:
    """The open petitions with more signatures than followers were told."""
    rows = list(tx.execute(_CLIMBED).scalars())
    return [one for which in rows if (one := petitions.find(tx, which)) is not None]


def told(tx: Tx, which: int, milestone: int) -> None:
    """A milestone is being told, and never again."""
    tx.execute(petition.update().where(petition.c.id == which).values(told=milestone, telling=0))


_LIVING: Final = (State.OPEN.value, State.CLOSING.value, State.CLOSED.value)
_SIGNED = petition.c.verified + petition.c.unverified
_VOUCH = Prepared(
    petition.update()
    .where(
        petition.c.state.in_(_LIVING),
        sa.func.abs(_SIGNED - petition.c.vouched_of) >= rules.TENS,
        petition.c.vouched_at.is_(None) | (petition.c.vouched_at <= sa.bindparam("before")),
    )
    .values(
        vouched=petition.c.verified - petition.c.verified % rules.TENS,
        vouched_of=_SIGNED,
        vouched_at=sa.bindparam("now", type_=petition.c.vouched_at.type),
    )
)


def vouch(tx: Tx, now: datetime) -> None:
    """Say anew for how many somebody vouches: in full tens, once a day, and only once ten more have signed or ended.

    Whoever watches the exact count learns of no signature of which kind it is.
    """
    tx.execute(_VOUCH, {"before": now - rules.DAY, "now": now})


# -- as time passes ----------------------------------------------------------------------------------------------------


_LAST = (
    sa.select(sa.func.max(petition_checkpoint.c.size))
    .where(petition_checkpoint.c.petition_id == petition.c.id)
    .scalar_subquery()
)
_GROWN = Prepared(
    sa.select(petition.c.id).where(petition.c.state.in_(_LIVING)).where(petition.c.size > sa.func.coalesce(_LAST, 0))
)


def grown(tx: Tx) -> list[tuple[Petition, datetime | None]]:
    """The petitions whose log has grown since its last checkpoint, each with when that was."""
    ids = list(tx.execute(_GROWN).scalars())
    found: list[tuple[Petition, datetime | None]] = []
    for which in ids:
        one = petitions.find(tx, which)
        newest = sa.select(petition_checkpoint.c.at).where(petition_checkpoint.c.petition_id == which)
        at = tx.execute(newest.order_by(petition_checkpoint.c.size.desc()).limit(1)).scalar()
        if one is not None:
            found.append((one, at))
    return found


_TO_ANONYMISE = Prepared(
    sa.select(petition_version.c.petition_id)
    .where(petition_version.c.state == State.CLOSED.value)
    .where(petition_version.c.changed_at <= sa.bindparam("before"))
    .limit(at_most(50))
)


def to_anonymise(tx: Tx, before: datetime) -> list[int]:
    """The petitions whose key was destroyed before then."""
    return list(tx.execute(_TO_ANONYMISE, {"before": before}).scalars())


def forget_people(tx: Tx, which: int) -> None:
    """Nobody can say any more who has sponsored or reviewed an anonymous petition, or by which right it was sent."""
    tx.execute(petition_sponsor.delete().where(petition_sponsor.c.petition_id == which))
    mine = petition_version.c.petition_id == which
    tx.execute(petition_version.update().where(mine).values(reviewer_id=None))
    sent = petition_packet.c.petition_id == which
    tx.execute(petition_packet.update().where(sent).values(sent_as=None))


_WITH_MARKS = Prepared(
    sa.select(petition.c.id)
    .where(petition.c.state.in_([State.CLOSED.value, State.ANONYMOUS.value]))
    .where(sa.exists().where(petition_nullifier.c.petition_id == petition.c.id))
    .limit(ONE)
)
_WITH_PERSONAL = Prepared(
    sa.select(petition.c.id)
    .where(petition.c.state == State.ANONYMOUS.value)
    .where(sa.exists().where(petition_signature.c.petition_id == petition.c.id, petition_signature.c.tag.is_not(None)))
    .limit(ONE)
)


def sweep(tx: Tx) -> None:
    """Erase some of what means nothing any more: nullifiers without their key, personal parts of what is anonymous."""
    for which in list(tx.execute(_WITH_MARKS).scalars()):
        petitions.erase_marks(tx, which)
    for which in list(tx.execute(_WITH_PERSONAL).scalars()):
        petitions.erase_personal(tx, which)
