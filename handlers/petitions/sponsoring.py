"""Standing under a petition with one's name, or for an organisation: with a code that an organiser has read out."""

from __future__ import annotations

from bot.domain.circle import read_code
from bot.domain.conversation import Line, Outgoing, Page
from bot.domain.people import read_name
from bot.domain.petition import Letter
from bot.domain.refusals import Changed, Misread, NoSuchCode, NotAName, Outdated
from bot.i18n import _, pgettext
from handlers.ask import Ask, back, button, expect
from handlers.petitions import drafting, wording
from handlers.petitions.wording import STANDS
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
    pages, goes_to = _read(ask, newest.letter)
    text = newest.letter.text_digest().hex()
    if one.organisation:
        expect(ask, tx, "petition.stand", code=digits, text=text)
        asked = _(
            "You are asked to say that <b>{name}</b> stands under this letter. Everybody will read that. Your own name "
            "stands nowhere. Say yes only if you may speak for it.",
            name=one.name,
        )
        yes = [button(pgettext("button", "✅ Yes, it does"), "petition.stand", one.id)]
    else:
        expect(ask, tx, "petition.name", code=digits, text=text)
        asked = _(
            "You are asked to stand under this letter with your name. Everybody will read it, for ever; also those who "
            "could harm relatives of yours whom they can reach. If you want that, write the name as it shall stand "
            "there."
        )
        yes = []
    no = [button(pgettext("button", "Not now"), "petitions")]
    return [*pages, ask.anew(Page((*goes_to, asked)), yes, no, clean_after=STANDS)]


def _read(ask: Ask, letter: Letter) -> tuple[list[Outgoing], list[Line]]:
    """All that they would stand under, in their language; and whom it reaches."""
    language = ask.person.language
    pages = [
        *wording.letter_pages(letter, language),
        *wording.asked_pages(letter, language),
        *wording.background_pages(letter, language),
    ]
    goes_to = [wording.addressees_line(letter, language)] if letter.addressees else []
    return [ask.anew(page, clean_after=STANDS) for page in pages], goes_to


def named(ask: Ask, tx: Tx) -> Outgoing:
    """The name was written: ask once more."""
    one = _asked(ask, tx, str(ask.data["code"]))
    name = read_name(ask.text(NAME))
    if name is None:
        raise NotAName
    expect(ask, tx, "petition.name", code=str(ask.data["code"]), text=str(ask.data["text"]), name=name)
    return ask.reply(
        _("So it will stand under the letter, for everybody to read: <b>{name}</b>", name=name),
        [button(pgettext("button", "✅ Yes, put it there"), "petition.stand", one.id)],
        [button(pgettext("button", "Not now"), "petitions")],
        clean_after=STANDS,
    )


def stand(ask: Ask, tx: Tx) -> list[Outgoing]:
    """They say yes to the text that they have read. Raises Changed if it is another one by now."""
    if ask.data.get("what") not in {"petition.name", "petition.stand"}:
        raise Outdated
    digits = str(ask.data["code"])
    one = _asked(ask, tx, digits)
    name = one.name if one.organisation else str(ask.data.get("name", ""))
    text = _text(tx, one.petition)
    if one.id != ask.number() or not name:
        raise Outdated
    if ask.data.get("text") != text.hex():
        raise Changed
    if not sponsors.confirm(tx, one, digits, ask.person.id, name, text, ask.now):
        raise Outdated
    audit.note(tx, ask.person.id, "confirmed: sponsor", ask.now)
    done = ask.reply(
        _("Done. The letter is read by a second person before anybody can sign it."), [back("petitions")],
        clean_after=STANDS,
    )  # fmt: skip
    return [done, *drafting.tell_author(ask, tx, one.petition)]


def _text(tx: Tx, which: int) -> bytes:
    """The digest of what they would stand under now. Raises Outdated."""
    newest = petitions.newest(tx, which)
    if newest is None:
        raise Outdated
    return newest.letter.text_digest()


# -- once more -----------------------------------------------------------------------------------------------------


def _mine(ask: Ask, tx: Tx) -> Sponsor:
    """Where whoever presses stands. Raises Outdated."""
    one = sponsors.find(tx, ask.number())
    if one is None or one.person != ask.person.id or not one.confirmed:
        raise Outdated
    return one


def renew(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The text was changed since they said yes: they read it anew, and are asked again."""
    one = _mine(ask, tx)
    newest = petitions.newest(tx, one.petition)
    if newest is None:
        raise Outdated
    pages, goes_to = _read(ask, newest.letter)
    asked = _(
        "This letter was changed. You have said that <b>{name}</b> stands under it; that was another text. Shall it "
        "stand under this one?",
        name=one.name,
    )
    yes = [
        button(
            pgettext("button", "✅ Yes, it does"), "petition.renewed", one.id, newest.letter.text_digest().hex()[:32]
        )
    ]
    no = [button(pgettext("button", "Not now"), "petitions")]
    return [*pages, ask.anew(Page((*goes_to, asked)), yes, no, clean_after=STANDS)]


def renewed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """They say yes to the new text as well. Raises Changed if it is yet another one."""
    one = _mine(ask, tx)
    text = _text(tx, one.petition)
    if ask.args[1:2] != (text.hex()[:32],):
        raise Changed
    sponsors.renew(tx, one, text, ask.now)
    audit.note(tx, ask.person.id, "confirmed: sponsor", ask.now)
    done = ask.reply(
        _("Done. The letter is read by a second person before anybody can sign it."), [back("petitions")],
        clean_after=STANDS,
    )  # fmt: skip
    return [done, *drafting.tell_author(ask, tx, one.petition)]
