"""Two persons turn out to be one: everything of the one that goes becomes the other's, and nothing is counted twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage import (
    audit,
    broadcasts,
    bulletins,
    drafts,
    duress,
    hard,
    hotline,
    knocks,
    matches,
    outages,
    outbox,
    outlets,
    petitions,
    proposals,
    readers,
    regions,
    relatives,
    roles,
    rumours,
    search,
    signatures,
    sponsors,
    ties,
    vouchers,
)
from storage.database import Tx
from storage.schema import (
    address,
    alarm,
    alarm_reader,
    ask,
    ask_reader,
    card,
    circle,
    comeback,
    deadline,
    dialogue,
    invite,
    job,
    letter,
    link,
    membership,
    newcomer,
    news,
    person,
    report,
    spoken_card,
    standing,
    trustee,
)


def merge(tx: Tx, gone: int, kept: int, now: datetime) -> list[int]:
    """Make everything of `gone` part of `kept`, whose name and language stay. The addresses that came with it.

    Circles are united, news is kept, an open call goes on. What waits at the addresses that come moves to the others,
    as `links.begin` must be called for them first if they are not to see it.
    """
    came = list(tx.execute(sa.select(address.c.id).where(address.c.person_id == gone)).scalars())
    signatures.unite(tx, gone, kept, now)  # as long as it can be told whose accounts they are
    _circles(tx, gone, kept)
    _news(tx, gone, kept)
    _calls(tx, gone, kept)
    _questions(tx, gone, kept)
    hard.unite(tx, gone, kept)
    _letters(tx, gone, kept)
    _trustees(tx, gone, kept)
    tx.execute(deadline.update().where(deadline.c.person_id == gone).values(person_id=kept))
    _rights(tx, gone, kept)
    ties.unite(tx, gone, kept)
    outages.unite(tx, gone, kept)
    regions.unite(tx, gone, kept)
    bulletins.unite(tx, gone, kept)
    drafts.unite(tx, gone, kept)
    vouchers.unite(tx, gone, kept)
    readers.unite(tx, gone, kept)
    broadcasts.unite(tx, gone, kept, now)
    outlets.unite(tx, gone, kept)
    rumours.unite(tx, gone, kept)
    hotline.unite(tx, gone, kept)
    sponsors.unite(tx, gone, kept)
    petitions.unite(tx, gone, kept)
    knocks.unite(tx, gone, kept)
    search.unite(tx, gone, kept, now)
    matches.unite(tx, gone, kept)
    tx.execute(dialogue.delete().where(dialogue.c.person_id == gone))
    tx.execute(link.delete().where((link.c.person_id == gone) | link.c.claimant_id.in_(came)))
    tx.execute(comeback.delete().where((comeback.c.person_id == gone) | comeback.c.address_id.in_(came)))
    tx.execute(job.update().where(job.c.person_id == gone).values(person_id=kept))
    tx.execute(report.update().where(report.c.person_id == gone).values(person_id=kept))
    has_card = sa.exists().where(card.c.person_id == kept)
    tx.execute(card.update().where(card.c.person_id == gone, ~has_card.correlate(None)).values(person_id=kept))
    tx.execute(spoken_card.update().where(spoken_card.c.person_id == gone).values(person_id=kept))
    tx.execute(spoken_card.update().where(spoken_card.c.maker_id == gone).values(maker_id=kept))
    tx.execute(address.update().where(address.c.person_id == gone).values(person_id=kept))
    for where in came:
        outbox.leave(tx, where, now, replies=False)
    _self(tx, gone, kept)
    duress.renamed(tx, gone, kept)  # phrases are bound to the one who goes, and go with them
    tx.execute(person.delete().where(person.c.id == gone))
    return came


def arrive(tx: Tx, relative: int, member: int) -> None:
    """A relative of a circle turns out to be one of its members: the news of both are the member's.

    What the keeper let the relative be found by goes, and what was said of it: the member chooses for themselves, and a
    keeper who has said of whoever looks that they mean somebody else has said so of the relative alone.
    """
    _news(tx, relative, member)
    ties.unite(tx, relative, member)
    tx.execute(alarm.update().where(alarm.c.about_id == relative).values(about_id=member))
    tx.execute(letter.update().where(letter.c.about_id == relative).values(about_id=member))
    tx.execute(spoken_card.update().where(spoken_card.c.person_id == relative).values(person_id=member))
    hard.unite(tx, relative, member)
    relatives.remove(tx, relative)


def _self(tx: Tx, gone: int, kept: int) -> None:
    """What the one that stays has not told, the other may have."""
    columns = (person.c.language, person.c.name, person.c.zone, person.c.quiet_from, person.c.quiet_until)
    query = sa.select(person.c.id, person.c.met_on, *columns).where(person.c.id.in_([gone, kept]))
    rows = {row.id: row for row in tx.execute(query)}
    old, own = rows[gone], rows[kept]
    values: dict[str, Any] = {"met_on": min(old.met_on, own.met_on)}
    for name in ("language", "name", "zone"):
        if not getattr(own, name):
            values[name] = getattr(old, name)
    if own.quiet_from is None:
        values |= {"quiet_from": old.quiet_from, "quiet_until": old.quiet_until}
    tx.execute(person.update().where(person.c.id == kept).values(**values))


def _circles(tx: Tx, gone: int, kept: int) -> None:
    tx.execute(circle.update().where(circle.c.keeper_id == gone).values(keeper_id=kept))
    tells: dict[int, int] = {}
    for row in tx.execute(sa.select(membership).where(membership.c.person_id.in_([gone, kept]))):
        tells[row.circle_id] = max(tells.get(row.circle_id, 0), row.tells)
    tx.execute(membership.delete().where(membership.c.person_id.in_([gone, kept])))
    if tells:
        rows = [{"circle_id": which, "person_id": kept, "tells": flag} for which, flag in tells.items()]
        tx.execute(membership.insert(), rows)
    tx.execute(invite.update().where(invite.c.inviter_id == gone).values(inviter_id=kept))
    # who waits at a door behind which they are already, or which they themselves keep, waits no longer
    theirs = newcomer.c.person_id.in_([gone, kept])
    inside = newcomer.c.circle_id.in_(list(tells))
    tx.execute(newcomer.delete().where(theirs & (inside | newcomer.c.inviter_id.in_([gone, kept]))))
    waits = sa.select(newcomer.c.circle_id).where(newcomer.c.person_id == kept)
    tx.execute(newcomer.delete().where(newcomer.c.person_id == gone, newcomer.c.circle_id.in_(waits)))
    tx.execute(newcomer.update().where(newcomer.c.person_id == gone).values(person_id=kept))
    tx.execute(newcomer.update().where(newcomer.c.inviter_id == gone).values(inviter_id=kept))


def _news(tx: Tx, gone: int, kept: int) -> None:
    """What each circle knows of them is the newest of both."""
    tx.execute(news.update().where(news.c.person_id == gone).values(person_id=kept))
    tx.execute(news.update().where(news.c.teller_id == gone).values(teller_id=kept))
    newest: dict[int, Any] = {}
    both = sa.select(standing).where(standing.c.person_id.in_([gone, kept])).order_by(standing.c.true_at)
    for row in tx.execute(both):
        newest[row.circle_id] = row
    tx.execute(standing.delete().where(standing.c.person_id.in_([gone, kept])))
    rows = [
        {"circle_id": row.circle_id, "person_id": kept, "news_id": row.news_id, "true_at": row.true_at}
        for row in newest.values()
    ]
    if rows:
        tx.execute(standing.insert(), rows)


def _calls(tx: Tx, gone: int, kept: int) -> None:
    """Who has seen a call with either of two accounts has seen it; nobody reads their own."""
    tx.execute(alarm.update().where(alarm.c.person_id == gone).values(person_id=kept))
    tx.execute(alarm.update().where(alarm.c.about_id == gone).values(about_id=kept))
    # a call that one account made for the other is the person's own, unless they have one already
    alone = sa.exists().where(alarm.c.person_id == kept, alarm.c.about_id.is_(None), alarm.c.closed_at.is_(None))
    for_self = (alarm.c.person_id == kept) & (alarm.c.about_id == kept)
    if tx.execute(sa.select(alarm.c.id).where(for_self)).first() is not None:
        has_own = tx.execute(sa.select(alone)).scalar()
        own = alarm.delete().where(for_self) if has_own else alarm.update().where(for_self).values(about_id=None)
        tx.execute(own)
    pressed: dict[int, dict[str, Any]] = {}
    both = alarm_reader.c.person_id.in_([gone, kept])
    query = sa.select(alarm_reader, alarm.c.person_id.label("caller")).join(alarm).where(both)
    for row in tx.execute(query.order_by(alarm_reader.c.person_id == kept)).all():
        if row.caller == kept:
            continue
        before = pressed.get(row.alarm_id, {})
        pressed[row.alarm_id] = {
            "alarm_id": row.alarm_id,
            "person_id": kept,
            "circle_id": row.circle_id,
            "seen_at": _first(before.get("seen_at"), row.seen_at),
            "caring_at": _first(before.get("caring_at"), row.caring_at),
        }
    tx.execute(alarm_reader.delete().where(both))
    if pressed:
        tx.execute(alarm_reader.insert(), list(pressed.values()))


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)


def _questions(tx: Tx, gone: int, kept: int) -> None:
    tx.execute(ask.update().where(ask.c.asker_id == gone).values(asker_id=kept))
    answered: dict[int, dict[str, Any]] = {}
    both = ask_reader.c.person_id.in_([gone, kept])
    for row in tx.execute(sa.select(ask_reader, ask.c.asker_id).join(ask).where(both)).all():
        if row.asker_id == kept:
            continue
        at = _first(answered.get(row.ask_id, {}).get("answered_at"), row.answered_at)
        answered[row.ask_id] = {"ask_id": row.ask_id, "person_id": kept, "answered_at": at}
    tx.execute(ask_reader.delete().where(both))
    if answered:
        tx.execute(ask_reader.insert(), list(answered.values()))


def _trustees(tx: Tx, gone: int, kept: int) -> None:
    """The one that stays has chosen, or the other one's choice is theirs; nobody is their own trustee."""
    both = trustee.c.person_id.in_([gone, kept]) | trustee.c.trustee_id.in_([gone, kept])
    pairs = [tuple(row) for row in tx.execute(sa.select(trustee).where(both))]
    chose = gone if all(who != kept for who, _whom in pairs) else kept
    joined = {
        (kept if who in {gone, kept} else who, kept if whom in {gone, kept} else whom)
        for who, whom in pairs
        if who not in {gone, kept} or who == chose
    }
    tx.execute(trustee.delete().where(both))
    rows = [{"person_id": who, "trustee_id": whom} for who, whom in sorted(joined) if who != whom]
    if rows:
        tx.execute(trustee.insert(), rows)


def _rights(tx: Tx, gone: int, kept: int) -> None:
    """Nobody can be the second person to what they proposed with their other account."""
    roles.unite(tx, gone, kept)
    proposals.unite(tx, gone, kept)
    audit.unite(tx, gone, kept)


def _letters(tx: Tx, gone: int, kept: int) -> None:
    """Nobody is told their own news by their other account."""
    tx.execute(letter.update().where(letter.c.person_id == gone).values(person_id=kept))
    tx.execute(letter.update().where(letter.c.about_id == gone).values(about_id=kept))
    own = (letter.c.person_id == kept) & (letter.c.about_id == kept)
    tx.execute(letter.delete().where(own, letter.c.state == outbox.State.WAITING.value))
