"""What organisers see of signatures that may be made up: numbers and waves, never a name; and what they do about it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

from bot.domain.conversation import Choice, Line, On, Outgoing, Page
from bot.domain.petition_log import Reason
from bot.domain.refusals import Outdated
from bot.domain.stuffing import KEPT, SMALLEST
from bot.i18n import _, ngettext, pgettext
from handlers import desk
from handlers.ask import Ask, back, button
from handlers.petitions.wording import vouched_lines
from storage import audit, inbox, petitions, signatures
from storage.database import Tx
from storage.petitions import Petition
from storage.signatures import Wave

SHOWN: Final = 6  # waves on one screen
STANDS: Final = timedelta(hours=1)
A_DAY: Final = timedelta(days=1)


def _mine(ask: Ask, tx: Tx) -> Petition:
    """The organiser's own petition. Somebody else's is answered like one that never was. Raises Outdated."""
    by = desk.organiser(ask, tx)  # whose right was taken keeps the petition's buttons in their chat
    one = petitions.find(tx, ask.number())
    if one is None or one.author != by.person or one.opened_at is None:
        raise Outdated
    return one


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """How many count, how many are held, and what came together."""
    return _shown(ask, tx, _mine(ask, tx))


def _shown(ask: Ask, tx: Tx, one: Petition) -> Outgoing:
    waves = signatures.waves(tx, one.id, SMALLEST, SHOWN)
    lines: list[Line | str] = [
        _("<b>Are these signatures real?</b>"),
        _("Nobody here sees who has signed, and you don't either. You see numbers, and what came together."),
        "",
        ngettext("{n} signature counts now.", "{n} signatures count now.", n=one.count),
        *vouched_lines(one.vouched),
        ngettext(
            "{n} signature is held: it stands in the log and does not count yet.",
            "{n} signatures are held: they stand in the log and don't count yet.",
            n=one.held,
        ),
        _("Before a packet is made, each held one must be let or struck. What you strike, everybody sees in the log."),
        "",
        *(_said(number, wave) for number, wave in enumerate(waves, 1)),
    ]
    if not waves:
        lines.append(_("Nothing came together in great numbers."))
    rows = [_wave_buttons(one.id, number, wave) for number, wave in enumerate(waves, 1)]
    if one.held:
        rows.append(
            [
                button(pgettext("button", "✅ Let all that are held"), "petition.let", one.id),
                button(pgettext("button", "🗑 Strike them"), "petition.strike", one.id),
            ]
        )
    return ask.reply(Page(tuple(lines)), *rows, [back("petition", one.id)], clean_after=STANDS)


def _said(number: int, wave: Wave) -> Line:
    first = On(datetime.combine(wave.first, time(12), UTC))
    return _(
        "{number}. {when}: {counting} count, {held} are held.",
        number=number,
        when=first,
        counting=wave.counting,
        held=wave.held,
    )


def _wave_buttons(which: int, number: int, wave: Wave) -> list[Choice]:
    row = []
    if wave.counting:
        row.append(button(pgettext("button", "✋ Hold {number}", number=number), "petition.hold", which, wave.code))
    if wave.held:
        row.append(button(pgettext("button", "✅ Let {number}", number=number), "petition.let", which, wave.code))
    return row


def hold(ask: Ask, tx: Tx) -> Outgoing:
    """What came together does not count for now."""
    one = _mine(ask, tx)
    some = signatures.of_wave(tx, one.id, _code(ask), held=False)
    signatures.hold(tx, one.id, some, ask.now)
    audit.note(tx, ask.person.id, "held signatures of a petition", ask.now)
    return _shown(ask, tx, _mine(ask, tx))


def let(ask: Ask, tx: Tx) -> Outgoing:
    """Signatures that are held count: those of a wave, or all."""
    one = _mine(ask, tx)
    one_wave = len(ask.args) > 1
    some = signatures.of_wave(tx, one.id, _code(ask), held=True) if one_wave else signatures.held(tx, one.id)
    signatures.release(tx, one.id, some)
    audit.note(tx, ask.person.id, "let held signatures of a petition count", ask.now)
    return _shown(ask, tx, _mine(ask, tx))


def _code(ask: Ask) -> str:
    code = ask.args[1] if len(ask.args) > 1 else ""
    if len(code) != 2 * signatures.SHORT:
        raise Outdated
    return code


def strike(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before signatures are struck."""
    one = _mine(ask, tx)
    return ask.reply(
        ngettext(
            "Strike {n} held signature for good? The public log will say: struck as false. Its sealed name is erased. "
            "Whoever gave it can't sign again.",
            "Strike {n} held signatures for good? The public log will say: struck as false. Their sealed names are "
            "erased. Whoever gave them can't sign again.",
            n=one.held,
        ),
        [button(pgettext("button", "🗑 Yes, strike them"), "petition.struck", one.id)],
        [back("petition.fraud", one.id)],
    )


def struck(ask: Ask, tx: Tx) -> Outgoing:
    """They are struck: each is an entry in the log."""
    one = _mine(ask, tx)
    signatures.strike_all(tx, one.id, signatures.held(tx, one.id), Reason.FALSE, ask.now)
    audit.note(tx, ask.person.id, "struck held signatures of a petition", ask.now)
    return _shown(ask, tx, _mine(ask, tx))


def forget(tx: Tx, now: datetime) -> None:
    """Of small waves of days ago nothing is known any more: looked at once a day."""
    for one in petitions.with_living_key(tx):
        if inbox.use(tx, f"petition.waves/{one.id}", A_DAY, now) > 1:  # it goes through all of them
            continue
        signatures.forget_waves(tx, one.id, now - timedelta(days=KEPT), SMALLEST)
