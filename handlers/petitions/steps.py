"""The words for what becomes of a petition: its packets, step by step, and the state of its log."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.checkpoint import Checkpoint
from bot.domain.conversation import Line, On
from bot.domain.petition import Delivery
from bot.i18n import _, pgettext
from handlers.petitions.wording import addressee_name
from storage.ledger import Packet

PLACES = 4  # signs in a group of a short code


def short_code(root: bytes) -> str:
    """The beginning of a root, to be read over the telephone."""
    text = root.hex()[: 4 * PLACES]
    return " ".join(text[at : at + PLACES] for at in range(0, len(text), PLACES))


def state_line(said: Checkpoint) -> Line:
    """How long the log is, and by what somebody knows it again."""
    return _(
        "The log has {size} entries. Its short code: <code>{code}</code>", size=said.size, code=short_code(said.root)
    )


def way_name(way: str) -> Line:
    """How a packet was handed over."""
    match way:
        case "form":
            return pgettext("button", "📝 By their form")
        case "email":
            return pgettext("button", "✉️ By e-mail")
        case "post":
            return pgettext("button", "📮 By post")
        case _:
            return pgettext("button", "🤝 By hand")


def _way(way: str | None) -> Line:
    match way:
        case "form":
            return pgettext("noun", "by their form")
        case "email":
            return pgettext("noun", "by e-mail")
        case "post":
            return pgettext("noun", "by post")
        case _:
            return pgettext("noun", "by hand")


def title_of(one: Packet, language: str) -> Line:
    """What a packet is called."""
    name = addressee_name(one.addressee, language)
    if one.corrects is not None:
        return _("Supplement {number} to packet {packet}, for: {addressee}", number=one.number, packet=one.corrects,
                 addressee=name)  # fmt: skip
    return _("Packet {number}, for: {addressee}", number=one.number, addressee=name)


def steps(one: Packet, language: str) -> Iterator[Line]:
    """A packet, and each step of it with its day."""
    yield title_of(one, language)
    yield _("• Made and sealed: {when}", when=On(one.sealed_at))
    if one.sent_at is not None:
        if one.sent_as is None:
            yield _("• Sent {way}: {when}", way=_way(one.sent_by), when=On(one.sent_at))
        else:
            yield _(
                "• Sent {way} by organiser {number}: {when}",
                way=_way(one.sent_by),
                number=one.sent_as,
                when=On(one.sent_at),
            )
    if one.acknowledged_at is not None:
        yield _("• They say that it has come: {when}", when=On(one.acknowledged_at))
    if one.reference:
        yield _("• Their number for it: {reference}", reference=one.reference)
    if one.due_at is not None and one.state is not Delivery.ANSWERED:
        if one.state is Delivery.OVERDUE:
            yield _("• ⌛ There is no answer. It was due: {when}", when=On(one.due_at))
        else:
            yield _("• An answer is due: {when}", when=On(one.due_at))
    if one.answered_at is not None:
        yield _("• Answered: {when}", when=On(one.answered_at))
    if one.answer:
        yield _("• In short: {answer}", answer=one.answer)
