"""Taking a signature back, and receipts. Whoever asks reads the same, whether or not they have signed."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from typing import Final

from bot.domain import checkpoint, petition, receipt
from bot.domain.conversation import Choice, Line, On, Outgoing, Page, Span
from bot.domain.people import HOME
from bot.domain.petition import Way
from bot.domain.receipt import Receipt
from bot.domain.refusals import NoReceipt, Outdated
from bot.i18n import _, pgettext
from handlers.ask import Ask, back, button, file
from handlers.petitions.signing import keep, over, say, stopping, title_of, what_stays
from handlers.refused import line_of
from storage import duress, petition_logs, petitions, signatures
from storage.database import Tx
from storage.petitions import Petition
from storage.schema import EPOCH

FORM: Final = "petition.receipt"
RECEIPT_STANDS: Final = timedelta(minutes=10)
GIVEN_FOR: Final = 1  # day after the signature, until whose end a receipt is given
LONGEST: Final = 8_000  # characters of a receipt that is pasted
SECRET: Final = 32


def _found(ask: Ask, tx: Tx) -> tuple[Petition, str]:
    """A petition that was opened, and its title. Raises Outdated."""
    one = petitions.find(tx, ask.number())
    newest = None if one is None else petitions.newest(tx, one.id, opened=True)
    if one is None or newest is None:
        raise Outdated
    return one, title_of(newest.letter, ask.person.language)


# -- withdrawing -------------------------------------------------------------------------------------------------------


def begin(ask: Ask, tx: Tx) -> Outgoing:
    """How a signature can be taken back now. Everybody is shown this."""
    one, title = _found(ask, tx)
    way = petition.withdrawal(one.course)
    lines: list[Line | str] = [_("<b>Withdrawing a signature</b>"), *([title] if title else []), ""]
    rows: list[list[Choice]] = []
    if way is Way.ACCOUNT:
        lines += [
            _(
                "If a signature of yours stands under this letter, it no longer counts then, and its sealed name is "
                "erased."
            ),
            _(
                "An addressee who has got it already is told in a supplement that one signature less counts, not "
                "whose. Letters that were printed can't be taken back."
            ),
        ]
        rows.append([button(pgettext("button", "↩️ Withdraw"), "petition.withdrawn", one.id)])
    elif way is Way.RECEIPT:
        lines.append(
            _(
                "The key by which I could find a signature again is destroyed: nobody can ask any more who has signed. "
                "Only with the receipt it can be withdrawn."
            )
        )
    else:
        lines.append(_("Nothing personal of this petition is kept any more. There is nothing left to withdraw."))
        return ask.reply(Page(tuple(lines)), [back("petition", one.id)])
    if one.forget_at is not None:
        lines.append(_("Without a receipt it is possible until {when}.", when=On(one.forget_at, HOME)))
    rows.append([button(pgettext("button", "🧾 I have a receipt"), "petition.by", one.id)])
    if way is Way.ACCOUNT:
        rows.append([button(pgettext("button", "🧾 About receipts"), "petition.receipt", one.id)])
    return say(ask, tx, Page((*lines, "", *what_stays(ask))), *rows, [stopping()])


def withdrawn(ask: Ask, tx: Tx) -> Outgoing:
    """Take it back, if there is one. The answer is the same if there was none."""
    one, _title = _found(ask, tx)
    if petition.withdrawal(one.course) is not Way.ACCOUNT:
        raise Outdated
    signatures.withdraw(tx, one, signatures.accounts(tx, ask.person.id), ask.now)
    return over(ask, tx, _gone())


def _gone() -> Line:
    return _(
        "If there was such a signature, it no longer counts. Now I delete this conversation here, and leave one line."
    )


def by_receipt(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for a receipt."""
    one, _title = _found(ask, tx)
    if petition.withdrawal(one.course) is Way.NONE:
        raise Outdated
    keep(ask, tx, FORM, id=one.id)
    return say(
        ask,
        tx,
        _("Open the file of the receipt, copy all that stands in it, and send it here as one message."),
        [stopping()],
    )


def pasted(ask: Ask, tx: Tx) -> Outgoing:
    """A receipt was sent. Whether it was of a signature that still counted is not said."""
    one = petitions.find(tx, int(ask.data["id"]))
    if one is None:
        raise Outdated
    secret = secret_in(ask.words)
    if secret is None:
        keep(ask, tx, FORM, id=one.id)
        return say(ask, tx, line_of(NoReceipt()), [stopping()])
    signatures.withdraw_by_receipt(tx, one, secret, ask.now)
    return over(ask, tx, _gone())


def secret_in(text: str) -> bytes | None:
    """The secret of a receipt that was pasted whole, or by itself; None if there is none in it."""
    if len(text) > LONGEST:
        return None
    lines = "\n".join(line.strip() for line in text.replace("\r", "").strip().split("\n")) + "\n"
    proof = checkpoint.read_proof(lines)
    held = None if proof is None or proof.extra is None else receipt.unpacked(proof.extra)
    if held is not None:
        return held.secret
    try:
        secret = base64.b64decode(text.strip().removeprefix("secret").strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return secret if len(secret) == SECRET else None


# -- receipts ----------------------------------------------------------------------------------------------------------


def about_receipts(ask: Ask, tx: Tx) -> Outgoing:
    """What a receipt is, and what it does to whoever has it on their phone."""
    one, _title = _found(ask, tx)
    return say(
        ask,
        tx,
        Page(
            (
                _("<b>A receipt</b>"),
                _("It is a file that shows that an entry stands in the public log. It holds no name."),
                _(
                    "On a phone that is searched it is evidence against you. Ask for it only if you can keep it "
                    "somewhere else at once. I give it on the day of signing and the day after, and then to nobody: so "
                    "nobody who takes your phone later can ask for it."
                ),
                _("With the secret in it you, or whoever has the file, can withdraw when nobody else can any more."),
            )
        ),
        [button(pgettext("button", "🧾 The receipt"), "petition.give", one.id, "plain")],
        [button(pgettext("button-wide", "🗝 The receipt, with the secret"), "petition.give", one.id, "secret")],
        [stopping()],
    )


def give(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The receipt, if there is a signature that was given today or yesterday; the sentence is everybody's."""
    one, _title = _found(ask, tx)
    letters = [
        say(
            ask,
            tx,
            _(
                "If a signature of yours was given today or yesterday and counts, its receipt comes now. It stands "
                "here for {span}, then I delete it.",
                span=Span(RECEIPT_STANDS),
            ),
            [stopping()],
        )
    ]
    made = _receipt(ask, tx, one, with_secret=ask.args[1:2] == ("secret",))
    if made is not None:
        text = pgettext("noun", "A file")
        letters.append(ask.anew(text, attachment=file("log.tlog-proof", made), clean_after=RECEIPT_STANDS))
    return letters


def _receipt(ask: Ask, tx: Tx, one: Petition, *, with_secret: bool) -> bytes | None:
    by = petition_logs.signer(tx, ask.now)
    own = duress.of(tx, ask.person.id)
    if by is None or (own is not None and own.duress is not None):
        return None
    of = signatures.accounts(tx, ask.person.id)
    for place in signatures.places(tx, one, of):
        standing = signatures.standing(tx, one.id, place)
        entry = signatures.opened_entry(tx, one.id, place)
        if standing is None or entry is None or (ask.now - EPOCH).days - standing.day > GIVEN_FOR:
            continue
        secret = signatures.secret_for(tx, one, of, place) if with_secret else None
        note = petition_logs.sign(tx, one.id, by, ask.now)
        return str(petition_logs.receipt(tx, one.id, place, note, Receipt(entry, secret).packed())).encode()
    return None
