"""“My districts”: where somebody lives and where their people are, so that a district can be asked and warned."""

from __future__ import annotations

from bot.domain import places
from bot.domain.conversation import Choice, Line, Outgoing, Page, Place
from bot.domain.people import Person
from bot.domain.refusals import Outdated, TooManyDistricts
from bot.i18n import _, pgettext
from handlers.ask import Ask, back, button, expect
from handlers.home import which_place
from handlers.words import name_of
from storage import circles, people, relatives, ties
from storage.database import Tx

MOST = 12  # districts of one person
SELF = 0  # instead of a relative's number


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """The districts that somebody has told, with the ways to change them."""
    return _shown(ask, tx, SELF)


def _shown(ask: Ask, tx: Tx, whose: int) -> Outgoing:
    """The districts of the person themselves, or of a relative of theirs who does not use the bot."""
    who = _subject(ask, tx, whose)
    told = ties.of(tx, who.id)
    if whose:
        lines: list[Line | str] = [_("<b>{name}</b> lives here:", name=name_of(who))]
    elif told:
        lines = [_("<b>Your districts</b>")]
    else:
        lines = [
            _(
                "If something happens in a district, I can ask everybody who lives or has people there how they are. "
                "I tell nobody which districts you have chosen. Only if the network fails where you live, your circles "
                "learn that."
            ),
            "",
        ]
    lines += [_place_of(one) for one in told]
    if not told:
        lines.append(_("No district yet."))
    rows: list[list[Choice]] = []
    if len(told) < MOST:
        rows.append(
            [button(pgettext("button", "🏠 I live in …"), "tie.find", 1, whose)] if not whose else [_find(whose)]
        )
        if not whose:
            rows.append([button(pgettext("button", "👪 My people are in …"), "tie.find", 0, whose)])
    rows += [
        [button(pgettext("button-wide", "✖️ {place}", place=Place(one.place)), "tie.drop", whose, one.place)]
        for one in told
    ]
    if not whose and _relatives(ask, tx):
        rows.append([button(pgettext("button", "👤 A relative"), "tie.of")])
    return ask.reply(Page(tuple(lines)), *rows, [back("ties") if whose else back("ready")])


def _find(whose: int) -> Choice:
    return button(pgettext("button", "🏠 They live in …"), "tie.find", 1, whose)


def _place_of(one: ties.Tie) -> Line:
    if one.lives:
        return _("🏠 {place}: lives here", place=Place(one.place))
    return _("👪 {place}: has people here", place=Place(one.place))


def _relatives(ask: Ask, tx: Tx) -> list[Person]:
    mine = [one.id for one in circles.circles_of(tx, ask.person.id)]
    return [person for inside in relatives.inside(tx, mine).values() for person in inside]


def _subject(ask: Ask, tx: Tx, whose: int) -> Person:
    if whose == SELF:
        return ask.person
    found = people.find(tx, whose)
    if found is None or relatives.circle_of(tx, whose, ask.person.id) is None:
        raise Outdated
    return found


def whose(ask: Ask, tx: Tx) -> Outgoing:
    """Choose a relative who does not use the bot."""
    near = _relatives(ask, tx)
    rows = ([button(pgettext("button-wide", "{name}", name=name_of(one)), "ties.of", one.id)] for one in near)
    return ask.reply(_("Whose district?"), *rows, [back("ties")])


def overview_of(ask: Ask, tx: Tx) -> Outgoing:
    """The districts of a relative who does not use the bot."""
    return _shown(ask, tx, ask.number())


def find(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for a district by search."""
    lives, whose_it_is = ask.number(0), ask.number(1)
    who = _subject(ask, tx, whose_it_is)
    _room_for_one(tx, who.id)
    expect(ask, tx, "tie", lives=int(bool(lives)), whose=whose_it_is)
    return ask.reply(
        _("Write the beginning of the district or city. I never ask for an exact position."), [_back_to(whose_it_is)]
    )


def _back_to(whose_it_is: int) -> Choice:
    return back("ties.of", whose_it_is) if whose_it_is else back("ties")


def _room_for_one(tx: Tx, who: int) -> None:
    if len(ties.of(tx, who)) >= MOST:
        raise TooManyDistricts(MOST)


def searched(ask: Ask, tx: Tx) -> Outgoing:
    """Words of a place were written: offer what is found."""
    del tx
    lives, whose_it_is = int(ask.data["lives"]), int(ask.data["whose"])
    return which_place(ask, _back_to(whose_it_is), "tie.say", lives, whose_it_is)


def say(ask: Ask, tx: Tx) -> Outgoing:
    """A district was chosen."""
    lives, whose_it_is = ask.number(0), ask.number(1)
    place = ask.args[2] if len(ask.args) > 2 else ""  # noqa: PLR2004 - the third argument
    who = _subject(ask, tx, whose_it_is)
    if not places.exists(place):
        raise Outdated
    _room_for_one(tx, who.id)
    people.end_dialogue(tx, ask.person.id)
    ties.say(tx, who.id, place, lives=bool(lives or whose_it_is))
    return _shown(ask, tx, whose_it_is)


def drop(ask: Ask, tx: Tx) -> Outgoing:
    """A district is no longer theirs."""
    whose_it_is = ask.number(0)
    who = _subject(ask, tx, whose_it_is)
    ties.drop(tx, who.id, ask.args[1] if len(ask.args) > 1 else "")
    return _shown(ask, tx, whose_it_is)
