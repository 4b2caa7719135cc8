"""People, their addresses, and the half-finished dialogues they have with the bot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.conversation import Sender
from bot.domain.people import Person
from storage import drafts, knocks, matches, outbox, petitions, search
from storage.database import Tx
from storage.duress import Own, opened
from storage.prepared import Prepared
from storage.schema import EPOCH, address, deadline, dialogue, duress, letter, message, person, relative, succession

DAY = timedelta(days=1)
STRANGERS_KEPT = timedelta(days=7)  # who wrote once and never chose a language


@dataclass(frozen=True, slots=True)
class Met:
    """Who wrote: the person (None for a group) and the address they wrote from; `back` if it was unreachable.

    `moved` if they write for the first time to the account that took the place of an older one. `own` if they have two
    phrases of their own. `awaited` if a deadline of theirs waits for a word.
    """

    person: Person | None
    address: int
    new: bool = False
    answered: bool = False
    dialogue: str | None = None
    back: bool = False
    moved: bool = False
    linked_at: datetime | None = None
    sees_at: datetime | None = None
    own: Own | None = None
    awaited: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """Where a person is reached. `linked_at` while it is one that was linked in the last days, else None."""

    id: int
    sender: Sender
    reachable: bool
    preferred: bool
    linked_at: datetime | None
    sees_at: datetime | None


_COLUMNS = (
    person.c.id,
    person.c.language,
    person.c.name,
    person.c.zone,
    person.c.quiet_from,
    person.c.quiet_until,
)
_BY_ACCOUNT = Prepared(
    sa.select(
        address.c.id.label("address"),
        address.c.unreachable_at,
        address.c.answered_at,
        address.c.linked_at,
        address.c.sees_at,
        dialogue.c.form,
        dialogue.c.expires_at,
        duress.c.free,
        duress.c.forced,
        duress.c.mark,
        sa.exists().where(deadline.c.person_id == address.c.person_id).label("awaited"),
        *_COLUMNS,
    )
    .select_from(
        address.outerjoin(person)
        .outerjoin(dialogue, dialogue.c.person_id == person.c.id)
        .outerjoin(duress, duress.c.person_id == person.c.id)
    )
    .where(
        address.c.platform == sa.bindparam("platform"),
        address.c.bot == sa.bindparam("bot"),
        address.c.account == sa.bindparam("account"),
    )
)
_MET = Prepared(sa.select(person.c.met_on).where(person.c.id == sa.bindparam("who")))
_BY_ID = Prepared(sa.select(*_COLUMNS).where(person.c.id == sa.bindparam("who")))


def _person(row: sa.Row[tuple[object, ...]]) -> Person:
    return Person(
        row.id,
        row.language or "",
        row.name or "",
        row.zone or "",
        row.quiet_from,
        row.quiet_until,
    )


_BEFORE = Prepared(
    sa.select(address.c.id)
    .where(
        address.c.platform == sa.bindparam("platform"),
        address.c.bot.in_(
            sa.select(succession.c.bot).where(
                succession.c.platform == sa.bindparam("platform"), succession.c.successor == sa.bindparam("bot")
            )
        ),
        address.c.account == sa.bindparam("account"),
        address.c.person_id.is_not(None),
    )
    .order_by(address.c.id)
)


def _recognise(tx: Tx, sender: Sender, key: dict[str, str]) -> int | None:
    """The address of somebody who writes to a successor for the first time, moved to it; None for a stranger."""
    whom = {"platform": sender.platform, "bot": sender.bot, "account": key["account"]}
    where: int | None = tx.execute(_BEFORE, whom).scalar()
    if where is None:
        return None
    tx.execute(address.update().where(address.c.id == where).values(bot=sender.bot, reach=sender.account))
    tx.execute(message.delete().where(message.c.address_id == where))  # they stand in another chat
    outbox.move(tx, where, where, outbox.route_of(sender.platform, sender.bot))
    return where


def meet(tx: Tx, sender: Sender, now: datetime, *, group: bool = False) -> Met:
    """The person behind an address; a stranger becomes a person now. Any word from an address makes it reachable."""
    key = _key(sender)
    row = tx.execute(_BY_ACCOUNT, key).first()
    moved = row is None and not group and _recognise(tx, sender, key) is not None
    if moved:
        row = tx.execute(_BY_ACCOUNT, key).first()
    if row is None:
        who = None if group else new(tx, now)
        values = {"person_id": who, **key, "reach": sender.account}
        where = tx.execute(_NEW_ADDRESS, values).scalar_one()
        return Met(None if who is None else Person(who), where, new=True)
    if row.unreachable_at is not None:
        reachable(tx, row.address)
    if row.id is None and not group and row.answered_at is None:  # forgotten a moment ago, and here again
        who = new(tx, now)
        tx.execute(address.update().where(address.c.id == row.address).values(person_id=who))
        return Met(Person(who), row.address, new=True)
    return Met(
        None if row.id is None else _person(row),
        row.address,
        answered=row.answered_at is not None,
        dialogue=row.form if row.expires_at is not None and row.expires_at > now else None,
        back=moved or row.unreachable_at is not None,
        moved=moved,
        linked_at=row.linked_at,
        sees_at=row.sees_at,
        own=opened(row.free, row.forced, row.mark),
        awaited=bool(row.awaited),
    )


_NEW = Prepared(person.insert().returning(person.c.id))
_NEW_ADDRESS = Prepared(address.insert().returning(address.c.id))


def new(tx: Tx, now: datetime) -> int:
    """A person of whom nothing is known yet. Their id."""
    met_on = (now - EPOCH) // DAY
    who: int = tx.execute(_NEW, {"met_on": met_on}).scalar_one()
    return who


def _key(sender: Sender) -> dict[str, str]:
    return {
        "platform": sender.platform,
        "bot": sender.bot,
        "account": f"{sender.platform}/{sender.account}",
    }


def answered(tx: Tx, where: int, now: datetime) -> None:
    """Note that a group had its one answer."""
    tx.execute(address.update().where(address.c.id == where).values(answered_at=now))


def reachable(tx: Tx, where: int) -> None:
    """Take the Unreachable mark off an address."""
    tx.execute(address.update().where(address.c.id == where).values(unreachable_at=None))


def unreachable(tx: Tx, where: int, now: datetime) -> None:
    """Mark an address as one where nothing arrives until a word comes from it."""
    tx.execute(address.update().where(address.c.id == where).values(unreachable_at=now))


def move(tx: Tx, where: int, account: str, platform: str) -> None:
    """Give an address the new account id that the platform gave it; if that address is known already, drop the old."""
    known = tx.execute(sa.select(address.c.id).where(address.c.account == f"{platform}/{account}")).scalar()
    if known is not None and known != where:
        tx.execute(address.delete().where(address.c.id == where))
        return
    tx.execute(address.update().where(address.c.id == where).values(account=f"{platform}/{account}", reach=account))


def find(tx: Tx, who: int) -> Person | None:
    """A person by id."""
    row = tx.execute(_BY_ID, {"who": who}).first()
    return None if row is None else _person(row)


def known_for(tx: Tx, who: int, now: datetime) -> int:
    """For how many days somebody has been known here."""
    met_on = tx.execute(_MET, {"who": who}).scalar()
    return 0 if met_on is None else max(0, (now - EPOCH) // DAY - met_on)


def change(tx: Tx, who: int, **values: str | int | None) -> None:
    """Set language, name, zone, quiet_from or quiet_until of a person."""
    tx.execute(person.update().where(person.c.id == who).values(**values))


_ADDRESSES = Prepared(sa.select(address).where(address.c.person_id == sa.bindparam("who")).order_by(address.c.id))


def addresses(tx: Tx, who: int) -> list[Address]:
    """Every address of a person, the oldest first."""
    return [
        Address(
            row.id,
            Sender(row.platform, row.bot, row.reach),
            row.unreachable_at is None,
            bool(row.preferred),
            row.linked_at,
            row.sees_at,
        )
        for row in tx.execute(_ADDRESSES, {"who": who})
    ]


def forget(tx: Tx, who: int) -> None:
    """Erase a person and everything that hangs on them, but leave their addresses for one farewell.

    `expire` erases an address once the farewell has left. Circles they kept must have been handed over before.
    """
    knocks.forget(tx, who)
    tx.execute(address.update().where(address.c.person_id == who).values(person_id=None, linked_at=None, sees_at=None))
    search.erase_of(tx, who)
    matches.release_of(tx, [who])
    drafts.forget_author(tx, who)
    petitions.forget_author(tx, who)
    tx.execute(person.delete().where(person.c.id == who))


_EXPIRE_DIALOGUES = Prepared(dialogue.delete().where(dialogue.c.expires_at <= sa.bindparam("now")))
_EXPIRE_STRANGERS = Prepared(
    person.delete().where(
        person.c.language.is_(None),
        person.c.met_on < sa.bindparam("day"),
        ~sa.exists().where(relative.c.person_id == person.c.id),
    )
)
_EXPIRE_ADDRESSES = Prepared(
    address.delete().where(
        address.c.person_id.is_(None),
        address.c.answered_at.is_(None),
        ~sa.exists().where(letter.c.address_id == address.c.id, letter.c.ended_at.is_(None)),
        ~sa.exists().where(message.c.address_id == address.c.id, message.c.due_at.is_not(None)),
    )
)


def expire(tx: Tx, now: datetime) -> None:
    """Drop dialogues that were left, and addresses of people who are forgotten, once their farewell has left."""
    tx.execute(_EXPIRE_DIALOGUES, {"now": now})
    tx.execute(_EXPIRE_STRANGERS, {"day": (now - STRANGERS_KEPT - EPOCH) // DAY})
    tx.execute(_EXPIRE_ADDRESSES)


# -- dialogues -----------------------------------------------------------------------------------------------------


def _keep(insert: Any) -> Any:
    made = insert(dialogue)
    kept = {"form": made.excluded.form, "expires_at": made.excluded.expires_at}
    return made.on_conflict_do_update(index_elements=["person_id"], set_=kept)


_KEEP_DIALOGUE = Prepared(_keep)


def keep_dialogue(tx: Tx, who: int, form: str, expires_at: datetime) -> None:
    """Store (or replace) a person's open dialogue."""
    tx.execute(_KEEP_DIALOGUE, {"person_id": who, "form": form, "expires_at": expires_at})


_DIALOGUE = Prepared(
    sa.select(dialogue.c.form, dialogue.c.expires_at).where(dialogue.c.person_id == sa.bindparam("who"))
)


def dialogue_of(tx: Tx, who: int) -> tuple[str, datetime] | None:
    """A person's open dialogue, and when it is dropped."""
    row = tx.execute(_DIALOGUE, {"who": who}).first()
    return None if row is None else (row.form, row.expires_at)


_END_DIALOGUE = Prepared(dialogue.delete().where(dialogue.c.person_id == sa.bindparam("who")))


def end_dialogue(tx: Tx, who: int) -> None:
    """Drop a person's open dialogue, if any."""
    tx.execute(_END_DIALOGUE, {"who": who})
