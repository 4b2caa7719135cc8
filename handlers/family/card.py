"""A card of words for somebody who loses an account: with it, and with a circle member's word, they come back."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from bot.domain.card import DELAY, make_words, read_words
from bot.domain.conversation import Ago, Attachment, Lane, Outgoing, Page, Span
from bot.domain.refusals import NoCircle, Outdated, Refusal
from bot.i18n import _, pgettext
from handlers.ask import Ask, back, button, expect
from handlers.home import menu, with_menu
from handlers.link import unite
from handlers.words import called, messenger, name_of
from storage import audit, cards, circles, inbox, jobs, links, people, roles
from storage.database import Tx
from storage.jobs import Done, Job

STANDS = timedelta(minutes=30)  # in the chat: long enough to print it or to write the words down
ASKED = 50  # members at the most who are asked
A_DAY = timedelta(days=1)
TRIES = 3  # a day, with one card


# -- making --------------------------------------------------------------------------------------------------------


def card(ask: Ask, tx: Tx) -> Outgoing:
    """Say what the card is for."""
    made_at = cards.made_at(tx, ask.person.id)
    there = [_("You have a card, made {ago}. A new one takes its place.", ago=Ago(made_at))] if made_at else []
    return ask.reply(
        Page(
            (
                _(
                    "If you lose this account, six words bring you back from a new one: your circles, and your name "
                    "there. Keep them on paper, where nobody looks for them. The card says neither what it is for nor "
                    "whose it is."
                ),
                _(
                    "The words alone open nothing. Somebody of your circles must say that they have spoken with you, "
                    "and then {span} must pass in which this account can stop it.",
                    span=Span(DELAY),
                ),
                *there,
            )
        ),
        [button(pgettext("button", "🗝 Make the card"), "card.make")],
        [back("privacy")],
    )


def make(ask: Ask, tx: Tx) -> Outgoing:
    """Have a card made: that is slow work."""
    if not circles.circles_of(tx, ask.person.id):
        raise NoCircle
    words = " ".join(make_words(ask.person.language, secrets.randbelow))
    jobs.put(tx, ask.person.id, ask.address, cards.MAKE, words, ask.now)
    return ask.anew(_("Your card is being made. It comes in a moment."))


def made(tx: Tx, job: Job, done: Done, now: datetime) -> list[Outgoing]:
    """The card was drawn: it goes to where it was asked for, and older ones no longer work."""
    if not jobs.done(tx, job.id) or people.find(tx, job.person) is None:
        return []
    cards.keep(tx, job.person, done.hashed, now)
    return [
        Outgoing(
            job.person,
            _("Your card. Print it, or write the six words on paper. I delete it here in {span}.", span=Span(STANDS)),
            choices=((back("privacy"),),),
            attachment=Attachment("file", "card.pdf", done.drawn),
            clean_after=STANDS,
            at=job.address,
        )
    ]


# -- using ---------------------------------------------------------------------------------------------------------


def use(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for the words of a card."""
    expect(ask, tx, "card")
    return ask.reply(
        _(
            "Write the six words of your card, in their order. If you have no card, ask somebody of your circle to "
            "invite you again."
        ),
        [back()],
    )


def used(ask: Ask, tx: Tx) -> Outgoing:
    """Words were written. Looking them up is slow work, and the answer is always the same."""
    words = read_words(ask.words)
    people.end_dialogue(tx, ask.person.id)
    jobs.put(tx, ask.person.id, ask.address, cards.LOOK, words, ask.now)
    return ask.reply(
        _(
            "Thank you. If the words are right, somebody of your circles is asked now whether they have spoken with "
            "you. Call one of them. After their yes it takes {span}, and then I write to you here.",
            span=Span(DELAY),
        ),
        *menu(),
    )


def looked_up(tx: Tx, job: Job, done: Done, now: datetime) -> list[Outgoing]:
    """If there is a card with these words, its circles are asked; otherwise nobody learns anything."""
    if not jobs.done(tx, job.id):
        return []
    who = cards.owner(tx, done.hashed)
    if who is None or who == job.person:
        return []
    if inbox.use(tx, f"comeback/{who}", A_DAY, now) > TRIES:  # whoever has found a card can't flood a circle with it
        return []
    found = cards.ask(tx, who, job.address, now)
    if found is None:
        return []
    notice = Outgoing(
        who,
        _(
            "Somebody has written the words of your card at a new account: {messenger}. Your circles are asked now "
            "whether they have spoken with you. If that was not you, stop it.",
            messenger=messenger(found.platform),
        ),
        choices=((button(pgettext("button", "🛑 Stop it"), "card.stop", found.id),),),
        lane=Lane.DANGER,
    )
    return [*_ask_circles(tx, found), notice]


def _asked(tx: Tx, found: cards.Comeback) -> list[int]:
    """Whoever may say that they have spoken with them: everybody in their circles, but not whoever has the card."""
    mine = [one.id for one in circles.circles_of(tx, found.person)]
    inside = {p.id for there in circles.members(tx, mine).values() for p in there}
    return sorted(inside - {found.person, found.newcomer})[:ASKED]


def _ask_circles(tx: Tx, found: cards.Comeback) -> list[Outgoing]:
    person = people.find(tx, found.person)
    if person is None:
        return []
    text = Page(
        (
            _(
                "{name} has perhaps lost the account and wants to go on from a new one: {messenger}.",
                name=name_of(person),
                messenger=messenger(found.platform),
            ),
            _(
                "Have you spoken with them yourself, so that you knew the voice or the face? Only then say yes. "
                "Somebody may have found or taken what belongs to them."
            ),
        )
    )
    choices = (
        (button(pgettext("button-wide", "✅ Yes, I have spoken with them"), "card.yes", found.id),),
        (button(pgettext("button", "✖️ No, stop it"), "card.no", found.id),),
    )
    return [
        Outgoing(who, text, choices=choices, topic=_topic(found.id), about=found.person, expires_at=found.due_at)
        for who in _asked(tx, found)
    ]


def _topic(which: int) -> str:
    return f"comeback:{which}"


def _comeback(ask: Ask, tx: Tx) -> cards.Comeback:
    found = cards.by_id(tx, ask.number())
    if found is None or ask.person.id not in _asked(tx, found):
        raise Outdated
    return found


def yes(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A member has spoken with them: the delay begins, and the old address is told."""
    found = _comeback(ask, tx)
    if not cards.confirm(tx, found.id, ask.now):
        return [ask.reply(_("Somebody has said yes already."), [back()])]
    person = people.find(tx, found.person)
    name = called(person.name if person else "")
    notice = Outgoing(
        found.person,
        Page(
            (
                _(
                    "A new account wants to take the place of this one: {messenger}. It has the words of your card, "
                    "and {name} has said yes.",
                    messenger=messenger(found.platform),
                    name=name_of(ask.person),
                ),
                _("If that is not you, stop it now. Otherwise it happens in {span}.", span=Span(DELAY)),
            )
        ),
        choices=((button(pgettext("button", "🛑 Stop it"), "card.stop", found.id),),),
        lane=Lane.DANGER,
        topic=_topic(found.id),
    )
    thanks = _(
        "Thank you. In {span} {name} goes on from the new account, unless the old one stops it.",
        span=Span(DELAY),
        name=name,
    )
    return [ask.reply(thanks, [button(pgettext("button", "✖️ No, stop it"), "card.no", found.id)], [back()]), notice]


def no(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A member says that it is not them: it is over, and their old account learns of it."""
    found = _comeback(ask, tx)
    cards.stop(tx, found.id)
    told = _(
        "Somebody has the words of your card and tried to take your place from a new account: {messenger}. {name} has "
        "stopped it. Make a new card: the old one no longer works then.",
        messenger=messenger(found.platform),
        name=name_of(ask.person),
    )
    return [with_menu(ask, _("Stopped. Nothing happens.")), Outgoing(found.person, told, lane=Lane.DANGER)]


def stop(ask: Ask, tx: Tx) -> Outgoing:
    """The old account stops it. The card is in wrong hands, and works no more."""
    found = cards.by_id(tx, ask.number())
    if found is None or found.person != ask.person.id:
        raise Outdated
    cards.stop(tx, found.id)
    cards.drop(tx, ask.person.id)
    return with_menu(
        ask, _("Stopped. Your card no longer works, because somebody else has its words. You can make a new one.")
    )


# -- as time passes ------------------------------------------------------------------------------------------------


def come_back(tx: Tx, now: datetime) -> list[Outgoing]:
    """Whoever was confirmed, and was stopped by nobody: they go on from the new address, and the old ones go."""
    letters: list[Outgoing] = []
    for found in cards.due(tx, now):
        try:
            with tx.savepoint():
                letters += _back(tx, found, now)
        except Refusal:  # a second call for help, a name that is taken: it is tried again until it fits
            continue
    return letters


def _back(tx: Tx, found: cards.Comeback, now: datetime) -> list[Outgoing]:
    kept, gone = people.find(tx, found.person), people.find(tx, found.newcomer)
    cards.stop(tx, found.id)
    if kept is None or gone is None:
        return []
    old = people.addresses(tx, kept.id)
    renamed = unite(tx, gone, kept, now, unseen=False)
    cards.drop(tx, kept.id)
    ended = roles.take_all(tx, kept.id, now)  # words on paper and one voice bring a member back, and no right
    for held in ended:
        audit.note(tx, None, f"ended by a card: {held.role.value} {held.number}", now, about=kept.id)
    for one in old:
        links.part(tx, kept.id, one.id, now)
    welcome = Page(
        (
            _("Welcome back, {name}. Your circles are here again, and your old account is unlinked.", name=kept.name),
            _("Your card is used up. Make a new one: /privacy"),
            *([_("What you were asked to do here for others has ended. Ask for it again: /desk")] if ended else []),
        )
    )
    line = _("{name} goes on from a new account.", name=name_of(kept))
    mine = [one.id for one in circles.circles_of(tx, kept.id)]
    near = {p.id for inside in circles.members(tx, mine).values() for p in inside} - {kept.id}
    return [
        Outgoing(kept.id, welcome, choices=menu(), at=found.address, own=True),
        *renamed,
        *(Outgoing(who, line, lane=Lane.CHECKIN, silent=True, about=kept.id) for who in sorted(near)),
    ]
