"""A picture or a PDF for a draft: sent by its author, fetched and made anew, and shown as it goes out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from bot.domain.conversation import Choice, Line, Outgoing, Page
from bot.domain.picture import GIVEN_UP, MOST_PAGES, Trouble, is_pdf, pause
from bot.domain.refusals import Outdated
from bot.i18n import _, pgettext
from handlers import desk
from handlers.ask import Ask, back, base36, button, expect
from handlers.updates import drafting, wording
from storage import audit, drafts, people
from storage.database import Tx
from storage.drafts import Fetch, Kept

LONGEST: Final = 4000  # characters of what a platform calls a file
_REFUSED: Final[Mapping[Trouble, Line]] = {
    Trouble.NO_PICTURE: _("Only pictures and PDF files can be added. If it is a picture, send it as a photo."),
    Trouble.TOO_LARGE: _("This is too large for me. A picture becomes smaller when you send it as a photo."),
    Trouble.TOO_HEAVY: _("This PDF is too heavy for weak networks. Send fewer pages, or those without pictures."),
    Trouble.MOVING: _("This picture moves. Only pictures that stand still can be added."),
    Trouble.LOCKED: _("This PDF asks for a password. Save it without one and send it again."),
    Trouble.TOO_LONG: _("This PDF has more than {n} pages. Send only the pages that matter.", n=MOST_PAGES),
    Trouble.BROKEN: _("I can't open this file: something is missing in it. Send it once more, or another one."),
    Trouble.GONE: _("I could not get this file. Please send it once more."),
    Trouble.LATER: _("I could not get this file. Please send it once more."),
}
_KINDS: Final = frozenset({"photo", "document"})


def picture(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The picture or PDF of a draft as it goes out, and the ways to another one or none."""
    one = drafting.mine(ask, tx)
    data = drafts.picture_of(tx, one.id)
    if drafts.fetching(tx, one.id) is not None:
        return [ask.reply(_coming(), [_off(one)], [back("draft.one", one.id)])]
    _wait(ask, tx, one)
    if not data:
        return [ask.reply(_please(), [back("draft.one", one.id)])]
    rows = [[_off(one)], [back("draft.one", one.id)]]
    return [_shown(ask.person.id, ask.address, data), ask.anew(_please(data), *rows)]


def _wait(ask: Ask, tx: Tx, one: Kept) -> None:
    expect(ask, tx, "draft.picture", draft=base36(one.id))


def _please(before: bytes = b"") -> Page:
    if not before:
        first = _("Send me a picture or a PDF.")
    elif is_pdf(before):
        first = _("This is the PDF. Send another one, or a picture, if you want that in its place.")
    else:
        first = _("This is the picture. Send another one, or a PDF, if you want that in its place.")
    lines = (
        first,
        "",
        _("I take out what is hidden in the file: place, time, device. What it shows stays, and can say who took it."),
        _("The pages of a PDF (at most {n}) become pictures. Nobody can copy their words then.", n=MOST_PAGES),
        _("No moving pictures, no voice messages, no other files."),
    )
    return Page(lines)


def _coming() -> Line:
    return _("I am fetching it. Then I show it to you exactly as it would go out.")


def _off(one: Kept) -> Choice:
    return button(pgettext("button", "✖️ Take it off"), "draft.bare", one.id)


def _shown(to: int, at: int | None, data: bytes) -> Outgoing:
    text = (
        _("The PDF, exactly as readers would get it.")
        if is_pdf(data)
        else _("The picture, exactly as readers would see it.")
    )
    return Outgoing(to, text, attachment=wording.attached(data), at=at, clean_after=desk.STANDS)


def sent(ask: Ask, tx: Tx) -> Outgoing:
    """Something that is not words was sent for a draft: if it may be a picture or a PDF, it will be fetched."""
    one = _meant(ask, tx)
    thing = ask.attached
    if thing is None or thing.kind not in _KINDS or not thing.reference or len(thing.reference) > LONGEST:
        return ask.reply(_REFUSED[Trouble.NO_PICTURE], [back("draft.one", one.id)])
    people.end_dialogue(tx, ask.person.id)
    drafting.keep(ask, tx, one)
    fetch = Fetch(one.id, ask.sender.platform, ask.sender.bot, ask.address, thing.reference, ask.now)
    drafts.fetch(tx, fetch, ask.now)
    return ask.reply(_coming(), [back("draft.one", one.id)])


def _meant(ask: Ask, tx: Tx) -> Kept:
    by = desk.moderator(ask, tx)
    one = drafts.find(tx, int(str(ask.data["draft"]), 36))
    if one is None or one.of is not None or not one.is_for(by.person):
        raise Outdated
    return one


def typed(ask: Ask, tx: Tx) -> Outgoing:
    """Words came where a picture or a PDF was expected. It is still waited for."""
    one = _meant(ask, tx)
    return ask.reply(_please(), [back("draft.one", one.id)])


def bare(ask: Ask, tx: Tx) -> Outgoing:
    """Nothing goes with the draft."""
    one = drafting.mine(ask, tx)
    drafting.keep(ask, tx, one)
    drafts.put_picture(tx, one.id, b"")
    return drafting.show(ask, tx, one)


# -- as time passes ------------------------------------------------------------------------------------------------


def fetched(tx: Tx, fetch: Fetch, got: bytes | Trouble, now: datetime) -> list[Outgoing]:
    """What goes with a draft came, or it did not: its author is told. Nothing if they want another one by now."""
    one = drafts.find(tx, fetch.draft)
    if one is None or drafts.fetching(tx, fetch.draft) != fetch:
        return []
    if got is Trouble.LATER and now - fetch.since < GIVEN_UP:
        again = Fetch(
            fetch.draft, fetch.platform, fetch.bot, fetch.address, fetch.reference, fetch.since, fetch.tries + 1
        )
        drafts.fetch(tx, again, now + pause(fetch.tries))
        return []
    rows: tuple[tuple[Choice, ...], ...] = ((button(pgettext("button", "📝 The draft"), "draft.one", one.id),),)
    if isinstance(got, Trouble):
        drafts.stop_fetching(tx, one.id)
        text, another = _REFUSED[got], button(pgettext("button", "🖼 Another one"), "draft.picture", one.id)
        letters = [Outgoing(one.author, text, choices=((another,), *rows), at=fetch.address)] if one.author else []
    else:
        drafts.put_picture(tx, one.id, got)
        audit.note(tx, one.author, "added: picture", now)
        text = (
            _("Look at each page slowly: a name, a number, a stamp, a mark, the wording can tell whose copy it was.")
            if is_pdf(got)
            else _(
                "Look at it slowly: a face, a sign, a reflection, the place where somebody stood can lead to a person."
            )
        )
        letters = (
            [
                _shown(one.author, fetch.address, got),
                Outgoing(one.author, text, choices=((_off(one),), *rows), at=fetch.address, clean_after=desk.STANDS),
            ]
            if one.author
            else []
        )
    return letters
