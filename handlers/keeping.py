"""How long a circle keeps news: its keeper chooses, and is asked now and then about the last news of long ago."""

from __future__ import annotations

from datetime import datetime

from bot.domain.checkin import KEEPING
from bot.domain.conversation import Ago, Lane, Line, Outgoing, Page
from bot.domain.refusals import Outdated
from bot.i18n import _, ngettext, npgettext, pgettext
from handlers import words
from handlers.ask import Ask, back, button
from handlers.home import with_menu
from storage import circles, retention
from storage.circles import Circle
from storage.database import Tx
from storage.retention import Old

MOST_NAMED = 10


def _kept(ask: Ask, tx: Tx) -> Circle:
    one = circles.one_of(tx, ask.person.id, ask.number())
    if one is None or one.keeper != ask.person.id:
        raise Outdated
    return one


def keeping(ask: Ask, tx: Tx) -> Outgoing:
    """Show how long news stays, and let the keeper choose."""
    one = _kept(ask, tx)
    days = retention.keeps(tx, one.id)
    rows = (
        [button(npgettext("button", "{n} day", "{n} days", n=many), "keeping.set", one.id, many)] for many in KEEPING
    )
    return ask.reply(
        Page(
            (
                ngettext(
                    "In “{circle}” old news is erased after {n} day.",
                    "In “{circle}” old news is erased after {n} days.",
                    n=days,
                    circle=one.name,
                ),
                _("The last news of each person stays until there is newer news."),
                _("How long shall older news stay?"),
            )
        ),
        *rows,
        [back("circle", one.id)],
    )


def chosen(ask: Ask, tx: Tx) -> Outgoing:
    """The keeper has chosen."""
    one, days = _kept(ask, tx), ask.number(1)
    if days not in KEEPING:
        raise Outdated
    retention.keep(tx, one.id, days)
    return keeping(ask, tx)


def ask_keepers(tx: Tx, now: datetime) -> list[Outgoing]:
    """Ask the keepers of circles that hold last news of long ago whether it shall stay."""
    return [_question(one) for one in retention.old(tx, now)]


def _question(one: Old) -> Outgoing:
    lines: list[Line | str] = [_("“{circle}” still keeps the last news of long ago:", circle=one.name)]
    lines += [_("{name}: {ago}", name=words.called(name), ago=Ago(at)) for name, at in one.people[:MOST_NAMED]]
    rest = len(one.people) - MOST_NAMED
    if rest > 0:
        lines.append(ngettext("and {n} other", "and {n} others", n=rest))
    lines.append(_("Shall it stay? If you do nothing, it stays."))
    return Outgoing(
        one.keeper,
        Page(tuple(lines)),
        choices=(
            (button(pgettext("button", "🕰 It stays"), "keeping.stay", one.circle),),
            (button(pgettext("button", "🗑 Erase it"), "keeping.go", one.circle),),
        ),
        lane=Lane.CHECKIN,
        silent=True,
        circle=one.circle,
    )


def stay(ask: Ask, tx: Tx) -> Outgoing:
    """It stays."""
    _kept(ask, tx)
    return with_menu(ask, _("It stays. I will ask again in three months."))


def let_go(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The last news of long ago is erased; everybody in the circle learns it."""
    one = _kept(ask, tx)
    n = retention.let_go(tx, one.id, ask.now)
    line = _("The last news of long ago was erased in “{circle}”.", circle=one.name)
    inside = circles.members(tx, [one.id])[one.id]
    others = [
        Outgoing(p.id, line, lane=Lane.CHECKIN, silent=True, circle=one.id) for p in inside if p.id != ask.person.id
    ]
    return [with_menu(ask, line), *(others if n else ())]
