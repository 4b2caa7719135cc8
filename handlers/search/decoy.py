"""Decoys: records of people who do not exist. Whoever tries names comes near one, and the stewards learn it."""

from __future__ import annotations

from bot.domain import knock as rules
from bot.domain.conversation import Ago, Line, Outgoing, Page
from bot.domain.knock import Kind
from bot.i18n import _, ngettext, pgettext
from handlers import desk
from handlers.ask import Ask, back, button
from storage import audit, search
from storage.database import Tx


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """How many records of nobody there are, and how many were touched; a steward makes more."""
    desk.steward(ask, tx)
    return _shown(ask, tx)


def _shown(ask: Ask, tx: Tx) -> Outgoing:
    every = search.of_kind(tx, Kind.DECOY)
    touched = sorted((one.touched_at for one in every if one.touched_at is not None), reverse=True)
    lines: list[Line | str] = [
        _("<b>🪤 Decoys</b>"),
        _("They are people who do not exist. Whoever tries names at random touches one, and I tell the stewards."),
        ngettext("There is {n} decoy.", "There are {n} decoys.", n=len(every)),
    ]
    if touched:
        lines.append(_("Touched: {n}, last {ago}.", n=len(touched), ago=Ago(touched[0])))
        lines.append(_("It may be chance: names repeat. Several within days are not."))
    more = [button(pgettext("button", "➕ Make some"), "decoy.make")] if len(every) < rules.MOST_DECOYS else []
    none = [button(pgettext("button", "🗑 Remove the touched"), "decoy.clear")] if touched else []
    return ask.reply(Page(tuple(lines)), more, none, [back("desk")], clean_after=desk.STANDS)


def make(ask: Ask, tx: Tx) -> Outgoing:
    """Make some."""
    by = desk.steward(ask, tx)
    if len(search.of_kind(tx, Kind.DECOY)) < rules.MOST_DECOYS:
        for _each in range(rules.DECOYS):
            search.put(tx, Kind.DECOY, rules.decoy(lambda most: tx.new_id() % most), ask.now)
        audit.note(tx, by.person, "decoys made", ask.now)
    return _shown(ask, tx)


def clear(ask: Ask, tx: Tx) -> Outgoing:
    """Remove those that were touched: they would say nothing any more."""
    by = desk.steward(ask, tx)
    search.erase(tx, [one.id for one in search.of_kind(tx, Kind.DECOY) if one.touched_at is not None])
    audit.note(tx, by.person, "decoys removed", ask.now)
    return _shown(ask, tx)
