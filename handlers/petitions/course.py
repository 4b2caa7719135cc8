"""A petition as time passes: it closes, its log is signed and shown, its key and its names go, followers hear of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain import checkpoint, milestones
from bot.domain.conversation import Choice, Lane, Line, Outgoing, Page
from bot.domain.people import quiet_until
from bot.domain.petition import ANONYMOUS_AFTER, State, Who
from bot.i18n import _, pgettext
from handlers import desk
from handlers.ask import button
from handlers.petitions import steps, wording
from storage import bulletins, ledger, outlets, petition_logs, petitions
from storage.database import Tx
from storage.petitions import Petition

AT_ONCE: Final = 500  # followers who are told in one round
SIGNED_EVERY: Final = timedelta(days=1)  # while the log grows
SIGNED_AT_MOST: Final = timedelta(hours=1)  # also where bulletins go out one after the other


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """Everything that is due."""
    letters: list[Outgoing] = []
    for one in petitions.to_close(tx, now):
        if petitions.close(tx, one.id, Who.TIME, now):
            letters += _to_organiser(tx, one, now)
    for one in petitions.to_forget(tx, now):
        petitions.forget_key(tx, one.id, now)
    for which in ledger.to_anonymise(tx, now - ANONYMOUS_AFTER):
        if petitions.anonymise(tx, which, now):
            ledger.forget_people(tx, which)
    ledger.sweep(tx)
    for packet in ledger.overdue(tx, now):
        found = petitions.find(tx, packet.petition)
        if found is not None:
            letters += _to_organiser(tx, found, now)
    letters += _sign_logs(tx, now)
    ledger.vouch(tx, now)
    _climb(tx)
    letters += _tell(tx, now)
    return letters


def _to_organiser(tx: Tx, one: Petition, now: datetime) -> Iterator[Outgoing]:
    """A word to whoever looks after it, if anybody does, which does not say what it is about."""
    if one.author is not None:
        look = button(desk.LOOK, "petition.packets", one.id)
        word = desk.quietly(tx, one.author, desk.WAITS, now, look, topic=f"petition:{one.id}")
        yield replace(word, own=True)  # that a day has come is no secret, also under duress


# -- the log -------------------------------------------------------------------------------------------------------


def _sign_logs(tx: Tx, now: datetime) -> list[Outgoing]:
    """Sign each log that has grown, once a day and whenever a bulletin has gone out; groups get it, too."""
    by = petition_logs.signer(tx, now)
    grown = ledger.grown(tx) if by is not None else []
    if by is None or not grown:
        return []
    newest = bulletins.newest(tx, 1)
    published = newest[0].published_at if newest else None
    signed = []
    for one, last in grown:
        if last is None or _is_due(last, published, now):
            signed.append((one, petition_logs.make_checkpoint(tx, one.id, by, now)))
    shown = [(one, said) for one, note in signed if (said := checkpoint.read_checkpoint(note.text)) is not None]
    open_ones = [(one, said) for one, said in shown if one.state in {State.OPEN, State.CLOSING}]
    return list(_posted(tx, open_ones)) if open_ones else []


def _is_due(last: datetime, published: datetime | None, now: datetime) -> bool:
    if now - last >= SIGNED_EVERY:
        return True
    return published is not None and published > last and now - last >= SIGNED_AT_MOST


def _posted(tx: Tx, signed: list[tuple[Petition, checkpoint.Checkpoint]]) -> Iterator[Outgoing]:
    """The states of all logs in one message, in each group and channel where bulletins of every topic are posted."""
    for place in outlets.every(tx):
        if not place.language or place.topics:
            continue
        lines: list[Line | str] = [_("<b>State of the petitions</b>")]
        for one, said in signed:
            letter = petitions.newest(tx, one.id, opened=True)
            if letter is not None:
                lines += ["", _("<b>{title}</b>", title=wording.titled(letter.letter, place.language))]
                lines.append(steps.state_line(said))
                lines.append(_("Root: <code>{root}</code>", root=said.text.splitlines()[2]))
        lines += ["", _("Keep this. With it everybody can check later that nothing was taken out or dated back.")]
        yield Outgoing(place.address, Page(tuple(lines)), lane=Lane.PETITION, topic="petition:logs", to_group=True)


# -- news ----------------------------------------------------------------------------------------------------------


def _climb(tx: Tx) -> None:
    """Note the milestones that were reached: each is told once."""
    for one in ledger.climbed(tx):
        newest = petitions.newest(tx, one.id, opened=True)
        goal = 0 if newest is None else newest.letter.goal
        mark = milestones.reached(one.told, one.count, goal)
        if mark:
            ledger.told(tx, one.id, mark)


def _tell(tx: Tx, now: datetime) -> Iterator[Outgoing]:
    """Some of those who follow a petition with news: who was told is noted in the same transaction."""
    left = AT_ONCE
    while left > 0 and (found := ledger.next_to_tell(tx, left)) is not None:
        which, people = found
        left -= max(1, len(people))
        rows: tuple[tuple[Choice, ...], ...] = ((button(pgettext("button", "🗂 Look"), "petition.progress", which),),)
        for person in people:
            yield Outgoing(
                person.id,
                wording.NEWS,
                choices=rows,
                lane=Lane.PETITION,
                topic=f"petition:{which}:news",
                due_at=quiet_until(person, now),
                clean_after=desk.STANDS,
                own=True,  # it is public: whoever is under duress goes on getting it
            )
