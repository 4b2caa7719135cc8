"""A picture for a draft: sent by its author, fetched and made anew beside everything else, and shown as it goes out."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bot.domain.conversation import Attachment, Choice, Line, Outgoing, Page
from bot.domain.picture import GIVEN_UP, Trouble, pause
from bot.domain.refusals import Outdated
from bot.i18n import _, pgettext
from handlers import desk, drafting
from handlers.ask import Ask, back, base36, button, expect
from storage import audit, drafts, people
from storage.database import Tx
from storage.drafts import Fetch, Kept

LONGEST: Final = 4000  # characters of what a platform calls a file


def picture(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The picture of a draft as it goes out, and the ways to another one or none."""
    one = drafting.mine(ask, tx)
    data = drafts.picture_of(tx, one.id)
    if drafts.fetching(tx, one.id) is not None:
        return [ask.reply(_coming(), [_off(one)], [back("draft.one", one.id)])]
    _wait(ask, tx, one)
    if not data:
        return [ask.reply(_please(), [back("draft.one", one.id)])]
    rows = [[_off(one)], [back("draft.one", one.id)]]
    return [_shown(ask.person.id, ask.address, data), ask.anew(_please(another=True), *rows)]


def _wait(ask: Ask, tx: Tx, one: Kept) -> None:
    expect(ask, tx, "draft.picture", draft=base36(one.id))


def _please(*, another: bool = False) -> Page:
    first = (
        _("This is the picture. Send another one if you want it in its place.") if another else _("Send me a picture.")
    )
    lines = (
        first,
        "",
        _("I take out what is hidden in the file: place, time, device. What it shows stays, and can say who took it."),
        _("Only still pictures: no videos, no voice messages, no other files."),
    )
    return Page(lines)


def _coming() -> Line:
    return _("I am fetching the picture. Then I show it to you exactly as it would go out.")


def _off(one: Kept) -> Choice:
    return button(pgettext("button", "✖️ Take it off"), "draft.bare", one.id)


def _shown(to: int, at: int | None, data: bytes) -> Outgoing:
    text = _("The picture, exactly as readers would see it.")
    return Outgoing(to, text, attachment=Attachment("picture", "picture.jpg", data), at=at, clean_after=desk.STANDS)


def sent(ask: Ask, tx: Tx) -> Outgoing:
    """Something that is not words was sent for a draft: if it is a picture, it will be fetched."""
    one = _meant(ask, tx)
    thing = ask.attached
    if thing is None or thing.kind != "photo" or not thing.reference or len(thing.reference) > LONGEST:
        return ask.reply(_refused(Trouble.NO_PICTURE), [back("draft.one", one.id)])
    people.end_dialogue(tx, ask.person.id)
    drafting.keep(ask, tx, one)
    fetch = Fetch(one.id, ask.sender.platform, ask.sender.bot, ask.address, thing.reference, ask.now)
    drafts.fetch(tx, fetch, ask.now)
    return ask.reply(_coming(), [back("draft.one", one.id)])


def _meant(ask: Ask, tx: Tx) -> Kept:
    by = desk.moderator(ask, tx)
    one = drafts.find(tx, int(str(ask.data["draft"]), 36))
    if one is None or one.author not in {None, by.person} or one.of is not None:
        raise Outdated
    return one


def typed(ask: Ask, tx: Tx) -> Outgoing:
    """Words came where a picture was expected. It is still waited for."""
    one = _meant(ask, tx)
    return ask.reply(_please(), [back("draft.one", one.id)])


def bare(ask: Ask, tx: Tx) -> Outgoing:
    """The draft has no picture."""
    one = drafting.mine(ask, tx)
    drafting.keep(ask, tx, one)
    drafts.put_picture(tx, one.id, b"")
    return drafting.show(ask, tx, one)


# -- as time passes ------------------------------------------------------------------------------------------------


def fetched(tx: Tx, fetch: Fetch, got: bytes | Trouble, now: datetime) -> list[Outgoing]:
    """A picture came, as it goes out, or it did not: its author is told. Nothing if they want another one by now."""
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
        text, another = _refused(got), button(pgettext("button", "🖼 Another picture"), "draft.picture", one.id)
        letters = [Outgoing(one.author, text, choices=((another,), *rows), at=fetch.address)] if one.author else []
    else:
        drafts.put_picture(tx, one.id, got)
        audit.note(tx, one.author, "added: picture", now)
        text = _(
            "Look at it slowly: a face, a sign, a reflection, the place where somebody stood can lead to a person."
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


def _refused(why: Trouble) -> Line:
    match why:
        case Trouble.NO_PICTURE:
            return _("Only pictures can be added. If this is one, send it as a photo and not as a file.")
        case Trouble.TOO_LARGE:
            return _("This picture is too large for me. Send it as a photo and not as a file: then it is made smaller.")
        case Trouble.MOVING:
            return _("This picture moves. Only pictures that stand still can be added.")
        case Trouble.BROKEN:
            return _("I can't open this picture: something is missing in the file. Send it once more, or another one.")
        case Trouble.GONE | Trouble.LATER:
            return _("I could not get the picture. Please send it once more.")
