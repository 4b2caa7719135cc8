"""Trustees: two people of one's circles who are told if one is in trouble; they know it, and can say no."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.conversation import Choice, Lane, Line, Outgoing, Page
from bot.domain.people import Person, quiet_until
from bot.domain.refusals import Alone, NoCircle, Outdated, TrusteesChosen
from bot.i18n import _, npgettext, pgettext
from handlers.ask import Ask, Rows, back, button
from handlers.home import TELL, with_menu
from handlers.words import name_of, names
from storage import circles, people, trustees
from storage.database import Tx
from storage.trustees import MOST, Pair

AT_ONCE = 20  # names on one page


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """Whom one has chosen, who else could be, and by whom one was chosen."""
    return _page(ask, tx, ask.number() if ask.args else 0)


def _page(ask: Ask, tx: Tx, begin: int = 0) -> Outgoing:
    chosen = trustees.of(tx, ask.person.id)
    mine = trustees.for_whom(tx, ask.person.id)
    if not mine and not near(tx, ask.person.id):
        raise Alone if circles.circles_of(tx, ask.person.id) else NoCircle
    lines: list[Line | str] = [
        _("<b>If you are in trouble</b>"),
        _("You can choose two people whom I tell then, also where your circle is told nothing."),
        _("Each of them learns that you chose them, and can say no."),
        told(chosen),
    ]
    if mine:
        lines += ["", _("You were chosen by: {people}.", people=names(mine))]
    refuse = (
        [button(pgettext("button-wide", "✖️ No longer for {name}", name=name_of(p)), "trust.no", p.id)] for p in mine
    )
    return ask.reply(Page(tuple(lines)), *rows(tx, ask.person.id, begin), *refuse, [back("ready")])


def told(chosen: Sequence[Person]) -> Line:
    """Whom somebody has chosen."""
    if chosen:
        return _("Chosen now: {people}.", people=names(chosen))
    return _("You have chosen nobody yet.")


def near(tx: Tx, who: int) -> list[Person]:
    """Everybody who is in a circle with this person, once each: of them trustees can be chosen."""
    mine = [one.id for one in circles.circles_of(tx, who)]
    inside = {p.id: p for there in circles.members(tx, mine).values() for p in there}
    return sorted((p for p in inside.values() if p.id != who and p.name), key=lambda p: (p.name, p.id))


def rows(tx: Tx, who: int, begin: int = 0, *args: str, verb: str = "trust.pick", more: str = "trust") -> Rows:
    """A button for each person who can be chosen; the chosen ones carry a mark. `more` is the verb of the next page."""
    chosen = {one.id for one in trustees.of(tx, who)}
    every = near(tx, who)
    found: list[tuple[Choice, ...]] = [
        (button(_mark(one, chosen=one.id in chosen), verb, *args, one.id),) for one in every[begin : begin + AT_ONCE]
    ]
    rest = len(every) - begin - AT_ONCE
    if rest > 0:
        found.append((button(npgettext("button", "➡️ {n} more", "➡️ {n} more", n=rest), more, *args, begin + AT_ONCE),))
    return tuple(found)


def _mark(one: Person, *, chosen: bool) -> Line:
    if chosen:
        return pgettext("button-wide", "✅ {name}", name=name_of(one))
    return pgettext("button-wide", "{name}", name=name_of(one))


def pick(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Choose somebody, or take them off."""
    letters = toggle(ask, tx, ask.number())
    return [_page(ask, tx), *letters]


def toggle(ask: Ask, tx: Tx, whom: int) -> list[Outgoing]:
    """Choose somebody, or take them off: the letters to them. Raises Outdated or TrusteesChosen."""
    found = next((one for one in near(tx, ask.person.id) if one.id == whom), None)
    if found is None:
        raise Outdated
    chosen = [one.id for one in trustees.of(tx, ask.person.id)]
    if whom in chosen:
        trustees.name(tx, ask.person.id, [one for one in chosen if one != whom])
        return []
    if len(chosen) >= MOST:
        raise TrusteesChosen
    trustees.name(tx, ask.person.id, [*chosen, whom])
    return [_chosen(ask, found)]


def _chosen(ask: Ask, whom: Person) -> Outgoing:
    """What somebody reads who was chosen: nothing that says of what, or that anything has happened."""
    name = name_of(ask.person)
    lines = (
        _("{name} has chosen you as one of two people to be told if they are ever in trouble.", name=name),
        _("Nothing has happened, and you need do nothing now. If you can't do this, say so."),
    )
    choices = ((button(pgettext("button", "✖️ I can't do this"), "trust.no", ask.person.id),),)
    silent = quiet_until(whom, ask.now) is not None
    return Outgoing(whom.id, Page(lines), choices=choices, lane=Lane.CHECKIN, silent=silent, about=ask.person.id)


def decline(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A trustee says no: the person who chose them is told, and can choose somebody else."""
    which = ask.number()
    if not trustees.decline(tx, which, ask.person.id):
        raise Outdated
    return [with_menu(ask, _("Good. They are told that you can't do this.")), _lost(which, ask.person)]


def _lost(who: int, whom: Person) -> Outgoing:
    lines = (
        _("{name} is no longer one of the people whom I tell if you are in trouble.", name=name_of(whom)),
        _("You can choose somebody else."),
    )
    choices = ((button(TELL, "trust"),), (back(),))
    return Outgoing(who, Page(lines), choices=choices, lane=Lane.CHECKIN)


def around(tx: Tx, who: int) -> list[Pair]:
    """Whom somebody chose and who chose them, before they leave a circle."""
    me = people.find(tx, who)
    if me is None:
        return []
    chosen = [Pair(me, one) for one in trustees.of(tx, who)]
    return chosen + [Pair(one, me) for one in trustees.for_whom(tx, who)]


def parted(tx: Tx, before: Sequence[Pair]) -> list[Outgoing]:
    """Somebody has left a circle: whoever has lost a trustee by that is told."""
    still = {who: {one.id for one in trustees.of(tx, who)} for who in {pair.person.id for pair in before}}
    return [_lost(pair.person.id, pair.trustee) for pair in before if pair.trustee.id not in still[pair.person.id]]
