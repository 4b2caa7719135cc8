"""Whom a circle names to learn hard news first; and who does what was theirs to do when they leave."""

from __future__ import annotations

from datetime import datetime

from bot.domain.conversation import Lane, Line, Outgoing, Page
from bot.domain.hard import (
    OVER,
    READERS,
    SURE,
    Phase,
)
from bot.domain.people import Person
from bot.domain.refusals import Outdated
from bot.i18n import _, pgettext
from handlers import words
from handlers.ask import Answer, Ask, back, button
from handlers.family import matters
from handlers.home import with_menu
from storage import circles
from storage import hard as cases
from storage.circles import Circle
from storage.database import Tx

RATHER_NOT = pgettext("button", "I would rather not")


def named_line(tx: Tx, one: Circle, inside: list[Person]) -> Line:
    """Who learns hard news first, for the circle's screen."""
    named = set(cases.bearers(tx, one.id))
    chosen = [p for p in inside if p.id in named]
    return (
        _("Learn hard news first: {people}.", people=words.names(chosen))
        if chosen
        else _("Nobody is named yet who learns hard news first.")
    )


def bearers(ask: Ask, tx: Tx) -> Outgoing:
    """Who learns hard news first in a circle, what that means, and what waits to be read."""
    one = circles.one_of(tx, ask.person.id, ask.number())
    if one is None:
        raise Outdated
    return _bearers(ask, tx, one)


def _bearers(ask: Ask, tx: Tx, one: Circle, *notice: Line) -> Outgoing:
    inside = circles.members(tx, [one.id])[one.id]
    me, named = ask.person.id, set(cases.bearers(tx, one.id))
    rows = [
        [button(pgettext("button", "Something to read"), "hard.again", case.id)]
        for case in cases.inside(tx, one.id)
        if case.phase not in OVER and matters.takes_part(tx, case, me)
    ]
    if one.keeper == me:
        if len(named) < READERS:
            rows.append([button(pgettext("button", "➕ Name somebody"), "hard.name", one.id)])
        rows += [
            [button(pgettext("button-wide", "➖ {name}", name=words.name_of(p)), "hard.release", one.id, p.id)]
            for p in inside
            if p.id in named
        ]
    elif me in named:
        rows.append([button(RATHER_NOT, "hard.decline", one.id)])
    return ask.reply(
        Page(
            (
                *notice,
                _(
                    "When the hardest comes about somebody of “{circle}”, an arrest or a death, only two people can "
                    "read it here first. They check it, and somebody calls the family: nobody learns it from a "
                    "screen.",
                    circle=one.name,
                ),
                named_line(tx, one, inside),
            )
        ),
        *rows,
        [back("circle", one.id)],
    )


def _kept(ask: Ask, tx: Tx) -> tuple[Circle, list[Person]]:
    one = circles.one_of(tx, ask.person.id, ask.number())
    if one is None or one.keeper != ask.person.id:
        raise Outdated
    return one, circles.members(tx, [one.id])[one.id]


def name(ask: Ask, tx: Tx) -> Outgoing:
    """Choose whom to name."""
    one, inside = _kept(ask, tx)
    named = cases.bearers(tx, one.id)
    rows = (
        [button(pgettext("button-wide", "{name}", name=words.name_of(p)), "hard.named", one.id, p.id)]
        for p in inside
        if p.id not in named
    )
    return ask.reply(
        _("Who shall it be? Choose somebody calm, whom the family trusts and who can be reached."),
        *rows,
        [back("hard.bearers", one.id)],
    )


def named(ask: Ask, tx: Tx) -> Answer:
    """Name somebody. What has waited for them can be read now."""
    one, inside = _kept(ask, tx)
    person = next((p for p in inside if p.id == ask.number(1)), None)
    already = cases.bearers(tx, one.id)
    if person is None or (person.id not in already and len(already) >= READERS):
        raise Outdated
    cases.name(tx, one.id, person.id)
    letters: list[Outgoing] = []
    if person.id != ask.person.id and person.id not in already:
        text = Page(
            (
                _("“{circle}” has named you as one of two people who learn hard news first.", circle=one.name),
                _(
                    "It can be about an arrest or a death. You check it, and see to it that somebody calls the family. "
                    "Nobody reads it before you two."
                ),
            )
        )
        choices = (
            (button(pgettext("button", "Good"), "home"),),
            (button(RATHER_NOT, "hard.decline", one.id),),
        )
        letters.append(
            Outgoing(person.id, text, choices=choices, lane=Lane.CORRECTION, topic=f"bearer:{one.id}", circle=one.id)
        )
    for case in cases.inside(tx, one.id):
        if case.phase is Phase.CHECKING:
            letters += matters.give(tx, case, ask.now)
    return [_bearers(ask, tx, one), *letters]


def release(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The keeper names somebody no longer."""
    one, inside = _kept(ask, tx)
    person = next((p for p in inside if p.id == ask.number(1)), None)
    if person is None or not cases.unname(tx, one.id, person.id):
        raise Outdated
    letters = []
    if person.id != ask.person.id:
        text = _("You are no longer one of the two people of “{circle}” who learn hard news first.", circle=one.name)
        letters.append(Outgoing(person.id, text, lane=Lane.CHECKIN, silent=True, circle=one.id))
    return [_bearers(ask, tx, one), *letters]


def decline(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Somebody who was named would rather not."""
    one = circles.one_of(tx, ask.person.id, ask.number())
    if one is None or not cases.unname(tx, one.id, ask.person.id):
        raise Outdated
    answer = with_menu(ask, _("Thank you for saying so. I ask for somebody else."))
    return [answer, *_place_is_free(one, ask.person)]


def _place_is_free(one: Circle, who: Person) -> list[Outgoing]:
    if one.keeper == who.id:
        return []
    text = _(
        "One of the two people of “{circle}” who learn hard news first is to be named anew: {name} no longer does it.",
        circle=one.name,
        name=words.name_of(who),
    )
    choices = ((button(matters.NAME_THEM, "hard.bearers", one.id),),)
    return [Outgoing(one.keeper, text, choices=choices, lane=Lane.CHECKIN, circle=one.id)]


# -- leaving, coming, being forgotten ------------------------------------------------------------------------------


def parts(tx: Tx, one: Circle, who: Person, now: datetime) -> list[Outgoing]:
    """Somebody is about to leave a circle, or to be removed: others are asked to do what was theirs to do."""
    letters = _place_is_free(one, who) if who.id in cases.bearers(tx, one.id) else []
    concerned = [case for case in cases.inside(tx, one.id) if matters.takes_part(tx, case, who.id)]
    cases.part(tx, one.id, who.id)
    for before in concerned:
        case = cases.by_id(tx, before.id)
        if case is None:
            continue
        if case.phase is Phase.CHECKING:
            letters += matters.give(tx, case, now, but=who.id)
        if before.caller == who.id:
            matter = matters.around(tx, case)
            near = [reader for reader in matter.near if reader != who.id]
            letters += (
                matters.letters(tx, matter, near, matters.NEW, now)
                if near
                else matters.ask_somebody(tx, matter, now, but=who.id)
            )
    return letters


def comes(tx: Tx, which: int, who: Person, now: datetime) -> list[Outgoing]:
    """Somebody new is in a circle: whoever told the others by voice is asked to tell them as well."""
    letters = []
    for case in cases.inside(tx, which):
        if case.phase in SURE and case.accepted is not None and case.person != who.id:
            matter = matters.around(tx, case)
            line = _(
                "There is something that {name} does not know yet. Open it when you are alone.", name=words.name_of(who)
            )
            letters += matters.letters(tx, matter, [case.accepted], line, now)
            if case.phase is Phase.TOLD:
                cases.enter(tx, case, Phase.TELLING, now)
    return letters
