"""A petition whose organiser lost the right, or was forgotten: two others decide who looks after it from now on.

Whoever takes it over can do what its organiser could: close it, hold, export, write a later version. They get neither a
name nor a key: what is sealed opens with the organisers' key alone, which no server has.
"""

from __future__ import annotations

from bot.domain.conversation import Line, Outgoing, Page
from bot.domain.refusals import Near, Outdated, Own
from bot.i18n import _, pgettext
from handlers import desk
from handlers.ask import Ask, back, button
from handlers.petitions import wording
from storage import audit, petitions, proposals, vouchers
from storage.database import Tx
from storage.petitions import Petition, Version

KIND = "orphan"  # of a proposal to look after one


def _nobodys(ask: Ask, tx: Tx, which: int) -> tuple[Petition, Version]:
    """A petition that nobody looks after, and its newest version. Raises Outdated."""
    found, newest = petitions.find(tx, which), petitions.newest(tx, which)
    if found is None or newest is None or not petitions.is_orphaned(tx, which, ask.now):
        raise Outdated
    return found, newest


def _lines(ask: Ask, one: Petition, newest: Version) -> list[Line | str]:
    return [
        _("<b>{title}</b>", title=wording.titled(newest.letter, ask.person.language)),
        *wording.count_lines(newest.letter.goal, one.count, one.vouched),
        "",
        _("Nobody looks after it any more."),
        _("Whoever looks after it can close it, hold signatures, write down packets, and write a later version."),
        _("They get no name, and no key: what is locked only the organisers' key opens, and it is not here."),
    ]


def look(ask: Ask, tx: Tx) -> Outgoing:
    """What it means to look after it."""
    desk.organiser(ask, tx)
    one, newest = _nobodys(ask, tx, ask.number())
    return ask.reply(
        Page((*_lines(ask, one, newest), _("Another organiser must agree, who is not close to you."))),
        [button(pgettext("button", "🤝 Look after it"), "petition.adopted", one.id)],
        [back("petition.mine")],
        clean_after=desk.STANDS,
    )


def adopt(ask: Ask, tx: Tx) -> list[Outgoing]:
    """One organiser wants to look after it: another one must agree."""
    by = desk.organiser(ask, tx)
    one, newest = _nobodys(ask, tx, ask.number())
    title = pgettext("button-wide", "🤝 Hand over: {title}", title=wording.titled(newest.letter, ask.person.language))
    barred = vouchers.near(tx, by.person) | ({one.author} if one.author is not None else set())
    body = {"petition": one.id, "before": one.author}
    made, letters = desk.propose(ask, tx, by, KIND, title, body=body, barred=barred)
    if not letters:
        proposals.withdraw(tx, made, by.person)
        alone = _("There is no other organiser who could agree: whom you have invited, or who invited you, can't.")
        return [ask.reply(alone, [back("petition.mine")], clean_after=desk.STANDS)]
    return [ask.reply(_("Proposed. It happens when another organiser agrees."), [back("desk")]), *letters]


def see(ask: Ask, tx: Tx) -> Outgoing:
    """The second organiser sees which petition, and what it means."""
    by = desk.organiser(ask, tx)
    one = desk.proposed(ask, tx, by, KIND, ask.number())
    found, newest = _nobodys(ask, tx, int(one.body["petition"]))
    return desk.show(ask, tx, by, one, _lines(ask, found, newest), button(desk.YES, "orphan.yes", one.id))


def agreed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The second organiser agrees. Raises Own or Near, and Outdated if somebody looks after it by now."""
    by = desk.organiser(ask, tx)
    one = desk.proposed(ask, tx, by, KIND, ask.number())
    found, _newest = _nobodys(ask, tx, int(one.body["petition"]))
    if one.proposer == by.person:
        raise Own
    if one.proposer in vouchers.near(tx, by.person):
        raise Near
    desk.second(ask, tx, by, KIND, one.id)
    if not petitions.hand_over(tx, found.id, one.body["before"], one.proposer):
        raise Outdated
    audit.note(tx, by.person, "handed over: petition", ask.now, about=one.proposer)
    look_at = button(desk.LOOK, "petition.one", found.id)
    done = ask.reply(_("Agreed. They look after it from now on."), [back("desk")], clean_after=desk.STANDS)
    return [done, desk.quietly(tx, one.proposer, desk.WAITS, ask.now, look_at)]
