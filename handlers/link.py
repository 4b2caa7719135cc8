"""Several accounts of one person: a code made on one is typed on the other, and confirmed on the first."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from bot import i18n
from bot.domain.circle import MOST_CIRCLES, make_code, read_code, spaced
from bot.domain.conversation import Ago, Choice, Lane, Line, Listed, Outgoing, Page, Span, Value
from bot.domain.folding import fold
from bot.domain.link import CODE_LIFE, SHOWN, UNSEEN
from bot.domain.people import Person
from bot.domain.refusals import LastAccount, Misread, NameTaken, Outdated, TooManyCircles, TooNew, TwoCalls
from bot.i18n import _, ngettext, pgettext
from handlers.ask import Ask, back, button, expect
from handlers.home import menu, with_menu
from handlers.words import messenger
from storage import checkins, circles, duress, links, merging, people, signatures
from storage.database import Tx
from storage.people import Address


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """The accounts of a person, and what can be done about them."""
    mine = people.addresses(tx, ask.person.id)
    first = _first(mine)
    lines: list[Line | str] = [_("<b>Your accounts here</b>")]
    rows: list[list[Choice]] = []
    for number, one in enumerate(mine, 1):
        lines.append(_said(ask, one, number, several=len(mine) > 1, first=one is first))
        label = messenger(one.sender.platform)
        if len(mine) > 1:
            parts = [button(pgettext("button", "✂️ {number}. Unlink", number=number), "link.cut", one.id)]
            if one is not first:
                parts.insert(0, button(pgettext("button", "🔔 {messenger}", messenger=label), "link.news", one.id))
            rows.append(parts)
    lines += [
        "",
        _(
            "If you use me on two messengers, you can link both accounts: then they are one person, with the same "
            "circles. News comes to the one you choose, calls for help come to both."
        ),
    ]
    return ask.reply(
        Page(tuple(lines)),
        [button(pgettext("button", "🔢 Make a code"), "link.make")],
        [button(pgettext("button", "⌨️ I have a code"), "link.type")],
        *rows,
        [back("more")],
    )


def _first(mine: list[Address]) -> Address | None:
    """Where news goes: as the outbox decides it."""
    return next(iter(sorted(mine, key=lambda one: (not one.reachable, not one.preferred, one.id))), None)


def _said(ask: Ask, one: Address, number: int, *, several: bool, first: bool) -> Line:
    facts: list[Value] = []
    if one.id == ask.address:
        facts.append(pgettext("status", "this one"))
    if first and several:
        facts.append(pgettext("status", "news comes here"))
    if not one.reachable:
        facts.append(pgettext("status", "can't be reached"))
    if one.linked_at is not None:
        facts.append(pgettext("status", "linked {ago}", ago=Ago(one.linked_at)))
    name = messenger(one.sender.platform)
    if not facts:
        return _("{number}. {messenger}", number=number, messenger=name)
    return _("{number}. {messenger}: {facts}", number=number, messenger=name, facts=Listed(tuple(facts)))


# -- linking -------------------------------------------------------------------------------------------------------


def make(ask: Ask, tx: Tx) -> Outgoing:
    """Make a code, to be typed at the other account."""
    code = make_code(secrets.randbelow)
    links.make(tx, ask.person.id, ask.address, code, ask.now)
    return ask.anew(
        Page(
            (
                _("Write this code to me from your other account:"),
                _("<code>{code}</code>", code=spaced(code)),
                _(
                    "It works once, for {span}. Then I ask you here whether it was you. Tell it to nobody: whoever "
                    "uses it becomes you.",
                    span=Span(CODE_LIFE),
                ),
            )
        ),
        [back("link")],
        clean_after=CODE_LIFE,
    )


def type_it(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for a code that was made at the other account; whoever has circles here is warned first."""
    mine = circles.circles_of(tx, ask.person.id)
    if mine and not ask.args:
        return ask.reply(
            Page(
                (
                    ngettext(
                        "You are in {n} circle here. The other account will be in it as you are, with its name.",
                        "You are in {n} circles here. The other account will be in them as you are, with its name.",
                        n=len(mine),
                    ),
                    _(
                        "This can't be taken apart again. If somebody asked you to do it, stop here: whoever holds the "
                        "other account will see everything and speak as you."
                    ),
                )
            ),
            [button(pgettext("button-wide", "🔗 The other account is my own"), "link.type", "own")],
            [back()],
        )
    expect(ask, tx, "link")
    return ask.reply(
        Page(
            (
                _("At your other account: ☰, ⚙️, 🔗, then make a code. Write its twelve digits here."),
                _(
                    "Only if the other account is your own! Whoever holds it will see your circles and speak as you. "
                    "Nobody who helps you needs such a code from you."
                ),
            )
        ),
        [back()],
    )


def typed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A code was written. The answer is the same whether or not it opens anything."""
    code = read_code(ask.words)
    if code is None:
        raise Misread
    people.end_dialogue(tx, ask.person.id)
    answer = ask.reply(
        _(
            "Thank you. If the code is right and not too old, I ask you at your other account now. If nothing comes "
            "there, make a new code."
        ),
        *menu(),
    )
    found = links.claim(tx, code, ask.person.id, ask.address, ask.now)
    if found is None:
        return [answer]
    question = Outgoing(
        found.maker,
        Page(
            (
                _(
                    "Your code was used by an account: {messenger}, {ago}. Is that account yours?",
                    messenger=messenger(found.platform),
                    ago=Ago(found.claimed_at),
                ),
                _("If you say yes, it sees your circles and speaks as you."),
            )
        ),
        choices=(
            (button(pgettext("button", "✅ Yes, it is mine"), "link.yes", found.id),),
            (button(pgettext("button", "✖️ No"), "link.no", found.id),),
        ),
        at=found.made_at,
    )
    return [answer, question]


def no(ask: Ask, tx: Tx) -> Outgoing:
    """It was not them: nothing is linked."""
    links.drop(tx, _claim(ask, tx).id)
    return with_menu(ask, _("Nothing was linked. The code no longer works."))


def _claim(ask: Ask, tx: Tx) -> links.Claim:
    found = links.claimed(tx, ask.number(), ask.person.id, ask.address, ask.now)
    if found is None:
        raise Outdated
    return found


def yes(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Both accounts are one person from now on, whose name and language are those of the one that confirms."""
    found = _claim(ask, tx)
    other = people.find(tx, found.claimant)
    if other is None:
        raise Outdated
    renamed = unite(tx, other, ask.person, ask.now, unseen=True)
    here, there = messenger(ask.platform), messenger(found.platform)
    return [
        ask.reply(
            Page(
                (
                    _("Linked: {messenger}. Your circles are the same at both accounts now.", messenger=there),
                    _(
                        "For {span} both accounts show this under the main menu. If it was not you: ☰, ⚙️, 🔗, then "
                        "unlink it.",
                        span=Span(SHOWN),
                    ),
                )
            ),
            [button(pgettext("button", "🔗 My accounts"), "link")],
            [back()],
        ),
        Outgoing(
            ask.person.id,
            Page(
                (
                    _("This account is linked with the other one now: {messenger}.", messenger=here),
                    _(
                        "What your circles say is shown here in {span}: so nobody who might have taken this account "
                        "reads it at once. You can already say here how you are, and call for help.",
                        span=Span(UNSEEN),
                    ),
                )
            ),
            choices=menu(),
            at=found.claimed_from,
        ),
        *renamed,
    ]


def unite(tx: Tx, gone: Person, kept: Person, now: datetime, *, unseen: bool) -> list[Outgoing]:
    """Make two persons one, where nothing speaks against it; and tell the circles under which name from now on.

    With `unseen` the addresses that come are shown nothing of the circles for a while.

    Raises TwoCalls, TooManyCircles or NameTaken; Outdated if what goes is under duress, which would be the way out.
    """
    held = duress.of(tx, gone.id)
    if held is not None and held.duress is not None:
        raise Outdated
    if checkins.open_alarm_of(tx, gone.id) and checkins.open_alarm_of(tx, kept.id):
        raise TwoCalls
    before = {one.id for one in circles.circles_of(tx, kept.id)}
    came = {one.id for one in circles.circles_of(tx, gone.id)}
    if len(before | came) > MOST_CIRCLES:
        raise TooManyCircles(MOST_CIRCLES)
    near = {p.id: p for inside in circles.members(tx, sorted(came)).values() for p in inside}
    others = [p for p in near.values() if p.id not in {gone.id, kept.id}]
    if any(kept.name and fold(p.name) == fold(kept.name) for p in others):
        raise NameTaken
    if unseen:
        links.begin(tx, [one.id for one in people.addresses(tx, gone.id)], now)
    merging.merge(tx, gone.id, kept.id, now)
    return list(_renamed(gone, kept, others))


def _renamed(gone: Person, kept: Person, others: Iterable[Person]) -> Iterable[Outgoing]:
    if not gone.name or not kept.name or gone.name == kept.name:
        return
    now = _("{old} is now called {name}.", old=gone.name, name=kept.name)
    for one in others:
        yield Outgoing(one.id, now, lane=Lane.CHECKIN, silent=True, about=kept.id)


# -- choosing and parting ------------------------------------------------------------------------------------------


def _mine(ask: Ask, tx: Tx) -> tuple[Address, list[Address]]:
    """The account that is meant, and every one of the person. Raises Outdated."""
    mine = people.addresses(tx, ask.person.id)
    one = next((one for one in mine if one.id == ask.number()), None)
    if one is None or len(mine) == 1:
        raise Outdated
    return one, mine


def prefer(ask: Ask, tx: Tx) -> Outgoing:
    """News goes to this account first."""
    one, _all = _mine(ask, tx)
    links.prefer(tx, ask.person.id, one.id)
    return overview(ask, tx)


def _may_cut(ask: Ask, one: Address, mine: list[Address]) -> None:
    """The older account may unlink a new one at once; a new one only itself, so that no thief shuts the owner out."""
    if ask.linked_at is not None and one.id != ask.address:
        raise TooNew(max(ask.linked_at + SHOWN - ask.now, CODE_LIFE))
    if one.linked_at is None and all(other.linked_at is not None for other in mine if other.id != one.id):
        raise LastAccount


def cut(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before an account is unlinked."""
    one, mine = _mine(ask, tx)
    _may_cut(ask, one, mine)
    return ask.reply(
        _(
            "Unlink this account: {messenger}? It will no longer be you: it loses your circles, and I delete there "
            "what I wrote in the last 48 hours.",
            messenger=messenger(one.sender.platform),
        ),
        [button(pgettext("button", "✂️ Unlink"), "link.cut.yes", one.id)],
        [back("link")],
    )


def cut_off(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Unlink an account. Whoever writes from it afterwards is somebody new."""
    one, mine = _mine(ask, tx)
    _may_cut(ask, one, mine)
    people.end_dialogue(tx, ask.person.id)
    signatures.part(tx, ask.person.id, one.id)
    links.part(tx, ask.person.id, one.id, ask.now)
    line = _("This account is no longer linked. Whoever writes to me from here is somebody new to me.")
    # Spoken now: nobody will know the language any more when it is delivered.
    farewell = i18n.plain(i18n.speak(line, ask.person.language or i18n.SOURCE_LANGUAGE, ask.now))
    letters = [Outgoing(one.id, Page((farewell,)), to_group=True)]
    if one.id != ask.address:
        letters.append(with_menu(ask, _("Unlinked: {messenger}.", messenger=messenger(one.sender.platform))))
    return letters
