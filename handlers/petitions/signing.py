"""Signing a petition: a question, a mode, a look at exactly what will stand where, and a yes.

Whatever comes of it is answered alike: a second signature reads what the first one read, and so does somebody under
duress, whose signature is none. The conversation is then deleted on both sides, and one line stays that says nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from bot import countries
from bot.domain import addressees, stuffing
from bot.domain.addressees import ADDRESSEES
from bot.domain.conversation import Choice, Line, Listed, Outgoing, Page, Span, Value
from bot.domain.petition import Letter, Part
from bot.domain.refusals import Empty, NoCountry, NotAName, Outdated, TooLong
from bot.domain.signature import (
    LONGEST_ADDRESS,
    LONGEST_NAME,
    Declared,
    Document,
    Item,
    Mode,
    Shown,
    asked,
    declared,
    shown,
)
from bot.domain.stuffing import Signer
from bot.i18n import _, pgettext
from handlers.ask import Ask, Rows, back, button
from handlers.home import menu
from handlers.refused import line_of
from handlers.words import messenger, seen_by
from storage import inbox, people, petition_talks, petitions, signatures, vouchers
from storage.database import Tx
from storage.petition_talks import Talk
from storage.petitions import Petition, Version

FORM: Final = "petition.sign"
STANDS: Final = timedelta(minutes=30)  # without a word: then it was left
LAST_STANDS: Final = timedelta(seconds=15)  # what is said last, before all of it goes
OFFERED: Final = 6  # countries that typed words may mean
MODES: Final = (Mode.COUNTED, Mode.INITIALS, Mode.RECIPIENT, Mode.PUBLIC)  # the safest first


# -- the conversation --------------------------------------------------------------------------------------------------


def found_open(tx: Tx, which: int) -> tuple[Petition, Version]:
    """A petition that can be signed now, and the version that is signed. Raises Outdated."""
    one = petitions.find(tx, which)
    newest = petitions.newest(tx, which, opened=True) if one is not None else None
    if one is None or newest is None or not one.course.can_be_signed or newest.organisers is None:
        raise Outdated
    return one, newest


def say(ask: Ask, tx: Tx, text: Line | Page, *rows: Iterable[Choice], **more: Any) -> Outgoing:  # noqa: ANN401
    """A step of a conversation that is deleted afterwards: a message of its own, so that nothing of it stays."""
    petition_talks.go_on(tx, ask.address, ask.now + STANDS, spoke=ask.spoke)
    return ask.anew(text, *rows, **{"clean_after": petition_talks.SOON, **more})


def over(ask: Ask, tx: Tx, text: Line | Page) -> Outgoing:
    """The last word of it: read for some seconds, then everything goes."""
    people.end_dialogue(tx, ask.person.id)
    petition_talks.go_on(tx, ask.address, ask.now + LAST_STANDS, spoke=ask.spoke)
    return ask.anew(text, clean_after=LAST_STANDS)


def stop(ask: Ask, tx: Tx) -> Outgoing:
    """Somebody does not want to, after all."""
    return over(ask, tx, _("Stopped. I delete this conversation here now."))


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """Conversations that are over, or were left, go from their chats; whoever's did not is told so."""
    letters: list[Outgoing] = []
    for one in petition_talks.due(tx, now):
        if one.last is None:
            petition_talks.clean(tx, one, now)
            letters += _told(one, _("I have tidied up here. What would you like to do?"), menu())
            continue
        if petition_talks.stands(tx, one, now):
            line = _(
                "I could not delete everything above in this chat. Please delete it yourself: the whole chat, on both "
                "sides if the app asks."
            )
            letters += _told(one, line)
        petition_talks.drop(tx, one.address)
    return letters


def _told(one: Talk, line: Line, rows: Rows = ()) -> Iterator[Outgoing]:
    if one.person is not None:
        yield Outgoing(one.person, line, choices=rows, at=one.address, own=True)


def keep(ask: Ask, tx: Tx, what: str, **data: str | int) -> None:
    """What was said so far, as long as the conversation goes on."""
    people.keep_dialogue(tx, ask.person.id, json.dumps({"what": what, **data}, ensure_ascii=False), ask.now + STANDS)


def what_stays(ask: Ask) -> Iterator[Line | str]:
    """Before anything is asked: what of this conversation is deleted, and what the platform keeps."""
    yield seen_by(ask.platform)
    yield _(
        "When we are done, or if you say nothing for {span}, I delete this conversation here on both sides. What "
        "{messenger} keeps, or shows in notifications, I can't delete.",
        span=Span(STANDS),
        messenger=messenger(ask.platform),
    )


# -- first tap: a question ---------------------------------------------------------------------------------------------


def begin(ask: Ask, tx: Tx) -> Outgoing:
    """Ask about those who could be punished, and say what the question means."""
    one, version = found_open(tx, ask.number())
    return say(
        ask,
        tx,
        Page(
            (
                _("<b>Before you sign</b>"),
                *([title] if (title := title_of(version.letter, ask.person.language)) else []),
                "",
                *what_stays(ask),
                "",
                _(
                    "Relatives of people who signed letters have been questioned and punished. A name that somebody "
                    "has seen can't be called back, and I can't protect anybody. If in doubt, let yourself only be "
                    "counted: that helps, too."
                ),
                "",
                _(
                    "<b>Is there somebody close to you whom the state can reach: at home, at work, at school, at the "
                    "border?</b>"
                ),
                _("I don't keep your answer."),
            )
        ),
        [button(pgettext("button", "Yes, or I don't know"), "petition.mode", one.id, "yes")],
        [button(pgettext("button", "No, nobody"), "petition.mode", one.id, "no")],
        [stopping()],
    )


def stopping() -> Choice:
    """The way out."""
    return button(pgettext("button", "✖️ Stop, delete this"), "petition.stop")


def title_of(letter: Letter, language: str) -> str:
    """What a letter is called."""
    titles = (letter.texts.get((one, Part.TITLE.key), "") for one in (language, *letter.languages))
    return next((title for title in titles if title), "")


# -- second tap: the mode ----------------------------------------------------------------------------------------------


def mode_name(mode: Mode) -> Line:
    """A mode in a few words."""
    match mode:
        case Mode.PUBLIC:
            return pgettext("button-wide", "📣 My name, for everybody")
        case Mode.RECIPIENT:
            return pgettext("button-wide", "✉️ My name, for the addressee only")
        case Mode.INITIALS:
            return pgettext("button-wide", "🔤 Initials and country")
        case Mode.COUNTED:
            return pgettext("button-wide", "🔢 Only count me")


def _meaning(mode: Mode) -> Line:
    match mode:
        case Mode.PUBLIC:
            return _("📣 <b>For everybody</b>: your name can be read by all, for ever.")
        case Mode.RECIPIENT:
            return _(
                "✉️ <b>For the addressee only</b>: your name is sealed at once. I can't read it again; the organisers "
                "open it for the addressee. Whoever gets the letter there can read it and pass it on."
            )
        case Mode.INITIALS:
            return _("🔤 <b>Initials and country</b>: “G. M., DE”. Whoever knows you may still recognise you.")
        case Mode.COUNTED:
            return _("🔢 <b>Only counted</b>: one more in the number, and nothing about you.")


def modes(ask: Ask, tx: Tx) -> Outgoing:
    """The four ways to sign."""
    one, _version = found_open(tx, ask.number())
    has_relatives = ask.args[1:2] != ("no",)
    advice = _("If somebody close to you can be reached, I advise: only count me.") if has_relatives else None
    return say(
        ask,
        tx,
        Page((_("<b>What may stand where?</b>"), *map(_meaning, MODES), *([advice] if advice is not None else []))),
        *([button(mode_name(mode), "petition.as", one.id, mode.value)] for mode in MODES),
        [stopping()],
    )


def chosen(ask: Ask, tx: Tx) -> Outgoing:
    """A mode was chosen: ask for what it needs, or show what will stand where."""
    one, version = found_open(tx, ask.number())
    try:
        mode = Mode(ask.args[1])
    except (IndexError, ValueError):
        raise Outdated from None
    return _next(ask, tx, {"id": one.id, "version": version.number, "mode": mode.value}, (one, version))


def _next(ask: Ask, tx: Tx, data: dict[str, Any], found: tuple[Petition, Version] | None = None) -> Outgoing:
    """The next question, or the look at everything; `found` is what is signed, if it was looked for already."""
    one, version = found or _meant(tx, data)
    mode = Mode(data["mode"])
    missing = [item for item in asked(mode, addressees.required(version.letter.addressees)) if item.value not in data]
    if not missing:
        return _look(ask, tx, one, version, data)
    keep(ask, tx, FORM, **{**data, "item": missing[0].value})
    return say(ask, tx, _question(missing[0], mode), *_offers(ask, missing[0]), [stopping()])


def _meant(tx: Tx, data: dict[str, Any]) -> tuple[Petition, Version]:
    """What is being signed; a letter that was replaced meanwhile must be read anew. Raises Outdated."""
    try:
        one, version = found_open(tx, int(data["id"]))
    except (KeyError, ValueError):
        raise Outdated from None
    if version.number != data["version"]:
        raise Outdated
    return one, version


def _question(item: Item, mode: Mode) -> Line:
    match item:
        case Item.NAME if mode is Mode.INITIALS:
            return _("Write your first and last name. I keep only the first letters.")
        case Item.NAME:
            return _("Write your first and last name as it shall stand there.")
        case Item.COUNTRY:
            return _("In which country do you live? Choose one, or write its name.")
        case Item.NATIONALITY:
            return _("Which nationality do you have? Choose one, or write the country's name.")
        case Item.ADDRESS:
            return _("Write your address as the addressee requires it: street, town, country.")


def _offers(ask: Ask, item: Item) -> Rows:
    match item:
        case Item.NAME if ask.person.name and not ask.unseeing:
            label = pgettext("button-wide", "Take “{name}”", name=ask.person.name)
            return ((button(label, "petition.name"),),)
        case Item.COUNTRY | Item.NATIONALITY:
            choices = [_country(code, ask.person.language) for code in countries.FIRST]
            return tuple(tuple(choices[at : at + 2]) for at in range(0, len(choices), 2))
        case _:
            return ()


def _country(code: str, language: str) -> Choice:
    label = pgettext("button-wide", "{country}", country=countries.named(code, language))
    return button(label, "petition.country", code)


def own_name(ask: Ask, tx: Tx) -> Outgoing:
    """The name under which the person is known here."""
    return written(replace(ask, words=ask.person.name), tx)


def country(ask: Ask, tx: Tx) -> Outgoing:
    """A country was chosen."""
    data = _form(ask)
    if not ask.args or data.get("item") not in {Item.COUNTRY.value, Item.NATIONALITY.value}:
        raise Outdated
    if not countries.meant(ask.args[0], 1):
        raise Outdated
    return _next(ask, tx, {**data, data["item"]: ask.args[0]})


def written(ask: Ask, tx: Tx) -> Outgoing:
    """Words that answer the question. What can't be used is asked for once more, and goes with the rest."""
    try:
        return _taken(ask, tx, _form(ask))
    except (Empty, TooLong, NotAName, NoCountry) as refusal:
        keep(ask, tx, FORM, **_form(ask))
        return say(ask, tx, line_of(refusal), [stopping()])


def _taken(ask: Ask, tx: Tx, data: dict[str, Any]) -> Outgoing:
    match data.get("item"):
        case Item.NAME.value:
            name = ask.text(LONGEST_NAME)
            if declared(Mode.PUBLIC, name=name) is None:
                raise NotAName
            return _next(ask, tx, {**data, "name": name})
        case (Item.COUNTRY.value | Item.NATIONALITY.value) as item:
            found = countries.meant(ask.text(LONGEST_NAME), OFFERED)
            if not found:
                raise NoCountry
            if len(found) == 1:
                return _next(ask, tx, {**data, item: found[0]})
            keep(ask, tx, FORM, **data)
            rows = ([_country(code, ask.person.language)] for code in found)
            return say(ask, tx, _("Which one?"), *rows, [stopping()])
        case Item.ADDRESS.value:
            return _next(ask, tx, {**data, "address": ask.text(LONGEST_ADDRESS)})
        case _:
            one, version = _meant(tx, data)
            return _look(ask, tx, one, version, data)


def _form(ask: Ask) -> dict[str, Any]:
    if ask.data.get("what") != FORM:
        raise Outdated
    return {key: value for key, value in ask.data.items() if key != "what"}


# -- third tap: yes ----------------------------------------------------------------------------------------------------


def _look(ask: Ask, tx: Tx, one: Petition, version: Version, data: dict[str, Any]) -> Outgoing:
    """Exactly what will stand in which document."""
    what = _declared(data)
    data = {key: value for key, value in data.items() if key != "item"}
    keep(ask, tx, FORM, **data)
    return say(
        ask,
        tx,
        Page(
            (
                _("<b>Please look once more</b>"),
                *([title] if (title := title_of(version.letter, ask.person.language)) else []),
                "",
                *stands(what, version.letter, ask.person.language),
                "",
                *_kept(what),
            )
        ),
        [button(pgettext("button", "✅ Sign"), "petition.signed", one.id)],
        [button(pgettext("button", "✍️ Choose again"), "petition.mode", one.id)],
        [stopping()],
    )


def _declared(data: dict[str, Any]) -> Declared:
    try:
        given = {item.value: str(data[item.value]) for item in Item if item.value in data}
        what = declared(Mode(data["mode"]), **given)
    except (KeyError, ValueError):
        raise Outdated from None
    if what is None:
        raise Outdated
    return what


def stands(what: Declared, letter: Letter, language: str) -> Iterator[Line | str]:
    """Which line of a signature stands in which document."""
    yield _("On the public list: {line}", line=_line(shown(what, Document.RECORD)))
    lines: dict[str, list[str]] = {}
    for code in letter.addressees:
        to = ADDRESSEES.get(code)
        if to is None:
            continue
        line = shown(what, Document.PACKET, to.rules.signer, is_feared=to.feared)
        said = to.names.get(language, to.names["en"])
        lines.setdefault("" if line is None else printed(line), []).append(said)
    for line_said, names in lines.items():
        value: Value = line_said or pgettext("noun", "nothing, you are only counted")
        yield _("In the letter to {addressees}: {line}", addressees=Listed(tuple(names)), line=value)


def printed(line: Shown) -> str:
    """A line of a document as it is printed there."""
    return ", ".join(part for part in (line.name, line.country, line.nationality, line.address) if part)


def _line(line: Shown | None) -> Value:
    return pgettext("noun", "nothing, you are only counted") if line is None else printed(line)


def _kept(what: Declared) -> Iterator[Line]:
    if what.mode is Mode.PUBLIC:
        yield _("What everybody may read can't be taken back from those who have read it.")
    yield _(
        "What you declare is sealed to the organisers, and I forget it. In the public log stands only that somebody "
        "signed today. You can withdraw."
    )


def signed(ask: Ask, tx: Tx) -> Outgoing:
    """Yes. Whether it was the first signature or another one, the answer is the same."""
    data = _form(ask)
    one, version = _meant(tx, data)
    if ask.number() != one.id or "item" in data:
        raise Outdated
    what = _declared(data)
    if not set(asked(what.mode, ())) <= what.given:
        raise Outdated
    who = Signer(vouchers.branch(tx, ask.person.id), people.known_for(tx, ask.person.id, ask.now))
    accounts = signatures.accounts(tx, ask.person.id)
    # Counted apart, with as much work: whoever presses again and again must not get others' signatures held.
    group = "again" if signatures.places(tx, one, accounts) else who.group
    so_far = inbox.use(tx, f"petition.wave/{one.id}/{group}", who.window, ask.now)
    signatures.sign(
        tx,
        one,
        accounts,
        what,
        ask.now,
        verified=who.verified,
        country=what.country,
        wave=stuffing.wave_of(who, ask.now),
        held=who.is_too_many(so_far),
        addressed=Item.ADDRESS in addressees.required(version.letter.addressees),
    )
    return over(
        ask,
        tx,
        _(
            "Thank you. Under this letter each person counts once, however often they sign. Now I delete this "
            "conversation here, and leave one line."
        ),
    )


# -- following ---------------------------------------------------------------------------------------------------------


def follow(ask: Ask, tx: Tx) -> Outgoing:
    """Whoever reads a petition may be told how it goes on; that says nothing about a signature."""
    one = petitions.find(tx, ask.number())
    if one is None or one.opened_at is None:
        raise Outdated
    petitions.follow(tx, one.id, ask.person.id, ask.now)
    return ask.reply(
        _(
            "I tell you how it goes on: new versions, milestones, what the addressees answer. Everybody who reads a "
            "petition can follow it; it says nothing about who has signed."
        ),
        [button(pgettext("button", "🔕 Don't follow any more"), "petition.unfollow", one.id)],
        [back("petition", one.id)],
    )


def unfollow(ask: Ask, tx: Tx) -> Outgoing:
    """They don't want to be told any more."""
    petitions.unfollow(tx, ask.number(), ask.person.id)
    return ask.reply(_("I don't tell you about it any more."), [back("petition", ask.number())])
