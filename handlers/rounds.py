"""What happens because time passes: calls repeated, counts kept true, and everything dropped whose time is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.domain.conversation import Outgoing
from bot.domain.picture import Trouble
from bot.domain.textfile import Got
from handlers import desk, duress, home, keeping
from handlers.family import alarm, card, checking, outage, overdue, region, spoken
from handlers.petitions import card as petition_card
from handlers.petitions import course as petition_course
from handlers.petitions import fraud as petition_fraud
from handlers.petitions import packets as petition_packets
from handlers.petitions import progress as petition_progress
from handlers.petitions import relay as petition_relay
from handlers.petitions import reviewing as petition_reviewing
from handlers.petitions import signing as petition_signing
from handlers.search import looking_up, match_desk
from handlers.search.looking_up import Found
from handlers.updates import archive, broadcast, document, drafting, hotline, picturing, reviewing, rumour
from storage import (
    audit,
    broadcasts,
    bulletins,
    cards,
    checkins,
    circles,
    codes,
    deadlines,
    drafts,
    feeds,
    inbox,
    jobs,
    ledger,
    links,
    outbox,
    outlets,
    people,
    proposals,
    regions,
    relays,
    reports,
    retention,
    roles,
    rumours,
    search,
    sponsors,
)
from storage import hard as cases
from storage import hotline as lines
from storage.database import Tx
from storage.drafts import Fetch
from storage.jobs import Done, File, Job

_WORK = {
    cards.MAKE: card.made,
    cards.LOOK: card.looked_up,
    codes.DRAW: spoken.made,
    regions.PICTURE: region.drawn,
    bulletins.SHEET: archive.drawn,
    ledger.EXPORT: petition_packets.exported,
    ledger.FILES: petition_progress.filed,
    ledger.CHART: petition_progress.drawn,
    relays.CARD: petition_card.drawn,
    relays.FETCH: petition_relay.came,
}


def often(tx: Tx, now: datetime) -> None:
    """Every few seconds: open calls for help."""
    outbox.post(tx, [*alarm.watch(tx, now), *duress.watch(tx, now)], now)


def waiting(tx: Tx, now: datetime) -> None:
    """As often, but on its own, so that neither can suffer from the other: deadlines."""
    outbox.post(tx, overdue.watch(tx, now), now)


def asking(tx: Tx, now: datetime) -> None:
    """As often, but on its own, so that no call for help can suffer from it: whom a roll-call asks next."""
    outbox.post(tx, region.watch(tx, now), now)


def answering(tx: Tx, now: datetime) -> None:
    """As often, and on its own as well: whoever asked about a rumour is told what was found out."""
    outbox.post(tx, rumour.watch(tx, now), now)


def tidying(tx: Tx, now: datetime) -> None:
    """As often, and on its own as well: conversations about signing go from their chats."""
    outbox.post(tx, petition_signing.watch(tx, now), now)


def to_search(tx: Tx, now: datetime) -> bool:
    """As often, and on its own: whether searches are due, at times that say nothing about what they find."""
    return looking_up.is_due(tx, now)


def comparing(tx: Tx, now: datetime) -> list[Found]:
    """The searches that are due are compared with everybody who may be found. It writes nothing."""
    return looking_up.look(tx, now)


def searching(tx: Tx, found: Iterable[Found], now: datetime) -> None:
    """What came of comparing them is kept."""
    outbox.post(tx, looking_up.watch(tx, found, now), now)


def broadcasting(tx: Tx, now: datetime, most: Mapping[str, int] | None = None) -> bool:
    """As often, or more often while bulletins go out, and on its own: a step of each. Whether more can be done now.

    `most` is how many letters of bulletins may wait on each route.
    """
    return broadcast.advance(tx, now, most)


def seldom(tx: Tx, now: datetime) -> None:
    """Every minute: expiry."""
    inbox.expire(tx, now)
    outbox.expire(tx, now)
    circles.expire(tx, now)
    checkins.expire(tx, now)
    deadlines.astray(tx, now)
    outbox.post(tx, outage.watch(tx, now), now)
    cases.expire(tx, now)
    outbox.post(tx, checking.watch(tx, now), now)
    retention.sweep(tx, now)
    outbox.post(tx, keeping.ask_keepers(tx, now), now)
    outbox.post(tx, card.come_back(tx, now), now)
    links.expire(tx, now)
    cards.expire(tx, now)
    codes.expire(tx, now)
    jobs.expire(tx, now)
    reports.expire(tx, now)
    people.expire(tx, now)
    outbox.post(tx, desk.watch(tx, now), now)
    roles.expire(tx, now)
    proposals.expire(tx, now)
    regions.expire(tx, now)
    outbox.post(tx, [*reviewing.watch(tx, now), *drafting.watch(tx, now)], now)
    drafts.expire(tx, now)
    outlets.expire(tx, now)
    broadcasts.expire(tx, now)
    feeds.expire(tx, now)
    rumours.expire(tx, now)
    sponsors.expire(tx, now)
    outbox.post(tx, hotline.watch(tx, now), now)
    outbox.post(tx, match_desk.watch(tx, now), now)
    lines.expire(tx, now)
    petition_fraud.forget(tx, now)
    outbox.post(tx, [*petition_reviewing.watch(tx, now), *petition_course.watch(tx, now)], now)
    outbox.post(tx, looking_up.remind(tx, now), now)
    search.renew(tx)
    audit.expire(tx, now)


def finish(tx: Tx, job: Job, done: Done, now: datetime) -> None:
    """Write what slow work has found."""
    outbox.post(tx, duress.finished(tx, job, lambda: list(_WORK[job.kind](tx, job, done, now))), now)


def pictured(tx: Tx, fetch: Fetch, got: bytes | Trouble, now: datetime) -> None:
    """Write what came of fetching a picture."""
    outbox.post(tx, picturing.fetched(tx, fetch, got, now), now)


def looked_at(tx: Tx, one: File, got: Got, now: datetime) -> None:
    """Write what a file was that somebody wants looked at."""
    outbox.post(tx, duress.looked_at(tx, one, lambda: document.looked_at(tx, one, got, now)), now)


def give_up(tx: Tx, job: Job, code: str, now: datetime) -> None:
    """Slow work met a defect: drop it, and tell whoever waits for it a number."""
    if jobs.done(tx, job.id):
        outbox.post(tx, [Outgoing(job.person, home.defect(code), choices=home.menu(), at=job.address, own=True)], now)
