"""“My people”: each circle at a glance: who, which state, how old; the oldest news first."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.domain.conversation import Choice, Line, Outgoing, Page
from bot.domain.refusals import NoCircle, Outdated
from bot.i18n import _, npgettext, pgettext
from handlers import words
from handlers.ask import Ask, back, button
from handlers.family import matters, outage, telling
from storage import checkins, circles, relatives
from storage import hard as cases
from storage.circles import Circle
from storage.database import Tx

AT_ONCE = 25  # people on one board: with the longest names and states they still fit into one message
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def people(ask: Ask, tx: Tx) -> Outgoing:
    """All circles at a glance, or the choice of one where there are too many people."""
    mine = circles.circles_of(tx, ask.person.id)
    if not mine:
        raise NoCircle
    if sum(one.size for one in mine) > AT_ONCE and len(mine) > 1:
        rows = ([button(pgettext("button-wide", "{circle}", circle=one.name), "people.in", one.id)] for one in mine)
        return ask.reply(_("Which circle?"), *rows, [back()])
    return _board(ask, tx, mine)


def people_in(ask: Ask, tx: Tx) -> Outgoing:
    """One circle at a glance; a large one in several parts, of which the button says where to go on."""
    one = circles.one_of(tx, ask.person.id, ask.number())
    if one is None:
        raise Outdated
    return _board(ask, tx, [one], ask.number(1) if len(ask.args) > 1 else 0)


def _board(ask: Ask, tx: Tx, mine: list[Circle], begin: int = 0) -> Outgoing:
    offline, overrule = outage.shown_to(tx, ask.person.id, ask.now)
    lines: list[Line | str] = ["", *offline]
    more: list[Choice] = []
    every = [one.id for one in mine]
    inside, kin = circles.members(tx, every), relatives.inside(tx, every)
    for one in mine:
        known = checkins.known_in(tx, one.id)
        sources = telling.known(tx, one.id, inside[one.id], ask.now)
        others = [p for p in (*inside[one.id], *kin[one.id]) if p.id != ask.person.id]
        others.sort(key=lambda p: known[p.id].true_at if p.id in known else NEVER)
        lines += ["", _("<b>{circle}</b>", circle=one.name)]
        shown = others[begin : begin + AT_ONCE]
        told = cases.known_to(tx, one.id, ask.person.id)
        for p in shown:
            name, news = words.name_of(p), known.get(p.id)
            if p.id in told:
                lines += matters.standing(name, told[p.id], news, ask.person.id)
            else:
                lines += [words.standing(name, news, ask.now), *sources.get(p.id, ())]
        if not others:
            lines.append(_("Nobody else is here yet."))
        rest = len(others) - begin - len(shown)
        if rest > 0:
            label = npgettext("button", "➡️ {n} more", "➡️ {n} more", n=rest)
            more = [button(label, "people.in", one.id, begin + AT_ONCE)]
    return ask.reply(
        Page(tuple(lines[2:] if not offline else lines[1:])),
        more,
        *([one] for one in overrule),
        [button(pgettext("button", "🗣 News of somebody"), "tell")],
        [button(pgettext("button", "💬 How are you?"), "ask")],
        [button(pgettext("button", "🔄 Look again"), "people"), back()],
    )
