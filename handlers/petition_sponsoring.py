"""Standing under a petition with one's name, or for an organisation: with a code that an organiser has read out."""

from __future__ import annotations

from bot.domain.circle import read_code
from bot.domain.conversation import Outgoing, Page
from bot.domain.people import read_name
from bot.domain.refusals import Misread, NoSuchCode, NotAName, Outdated
from bot.i18n import _, pgettext
from handlers import petition_drafting as drafting
from handlers import petition_wording as wording
from handlers.ask import Ask, back, button, expect
from handlers.petition_wording import STANDS
from storage import audit, people, petitions, sponsors
from storage.database import Tx
from storage.sponsors import Sponsor

NAME = 80  # signs of a name that stands under a letter


def code(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for the code that an organiser has read out."""
    expect(ask, tx, "petition.code")
    return ask.reply(
        _("Write the twelve digits that an organiser has read to you. They have asked you to stand under a letter."),
        [back("petitions")],
    )


def _asked(ask: Ask, tx: Tx, typed: str) -> Sponsor:
    found = sponsors.asked_by(tx, typed, ask.now)
    if found is None:
        raise NoSuchCode
    return found


def typed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A code was written: the letter as it is now, and what is asked."""
    digits = read_code(ask.words)
    if digits is None:
        raise Misread
    one = _asked(ask, tx, digits)
    newest = petitions.newest(tx, one.petition)
    if newest is None:
        raise NoSuchCode
    people.end_dialogue(tx, ask.person.id)
    pages = [ask.anew(page, clean_after=STANDS) for page in wording.letter_pages(newest.letter, ask.person.language)]
    goes_to = [wording.addressees_line(newest.letter, ask.person.language)] if newest.letter.addressees else []
    if one.organisation:
        expect(ask, tx, "petition.stand", code=digits)
        asked = _(
            "You are asked to say that <b>{name}</b> stands under this letter. Everybody will read that. Your own name "
            "stands nowhere. Say yes only if you may speak for it.",
            name=one.name,
        )
        yes = [button(pgettext("button", "✅ Yes, it does"), "petition.stand", one.id)]
    else:
        expect(ask, tx, "petition.name", code=digits)
        asked = _(
            "You are asked to stand under this letter with your name. Everybody will read it, for ever; also those who "
            "could harm relatives of yours whom they can reach. If you want that, write the name as it shall stand "
            "there."
        )
        yes = []
    no = [button(pgettext("button", "Not now"), "petitions")]
    return [*pages, ask.anew(Page((*goes_to, asked)), yes, no, clean_after=STANDS)]


def named(ask: Ask, tx: Tx) -> Outgoing:
    """The name was written: ask once more."""
    one = _asked(ask, tx, str(ask.data["code"]))
    name = read_name(ask.text(NAME))
    if name is None:
        raise NotAName
    expect(ask, tx, "petition.name", code=str(ask.data["code"]), name=name)
    return ask.reply(
        _("So it will stand under the letter, for everybody to read: <b>{name}</b>", name=name),
        [button(pgettext("button", "✅ Yes, put it there"), "petition.stand", one.id)],
        [button(pgettext("button", "Not now"), "petitions")],
        clean_after=STANDS,
    )


def stand(ask: Ask, tx: Tx) -> list[Outgoing]:
    """They say yes."""
    if ask.data.get("what") not in {"petition.name", "petition.stand"}:
        raise Outdated
    digits = str(ask.data["code"])
    one = _asked(ask, tx, digits)
    name = one.name if one.organisation else str(ask.data.get("name", ""))
    if one.id != ask.number() or not name or not sponsors.confirm(tx, one, digits, ask.person.id, name, ask.now):
        raise Outdated
    audit.note(tx, ask.person.id, "confirmed: sponsor", ask.now)
    done = ask.reply(
        _("Done. The letter is read by a second person before anybody can sign it."), [back("petitions")],
        clean_after=STANDS,
    )  # fmt: skip
    return [done, *drafting.tell_author(ask, tx, one.petition)]
