"""The words of a petition: its letter in pages that fit on every platform, its facts, and what its parts are called."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from bot import i18n
from bot.domain import petition_writing as writing
from bot.domain.addressees import ADDRESSEES, Addressee, Contact, Element
from bot.domain.conversation import Line, Listed, Page, Value
from bot.domain.petition import FOR, LANGUAGES, Lack, Letter, Part, Refusal, State
from bot.domain.petition_writing import TO
from bot.i18n import LANGUAGE_NAMES, _, language_button, ngettext, pgettext
from storage import envelope

NEWS: Final = _("There is news of something that you follow. Look when you are alone.")
STANDS: Final = timedelta(hours=47)  # a letter in a chat: who opens the phone later does not find it
FULL: Final = 3400  # signs of a page: with its heading it fits into one message
SHORT: Final = 60


def short(text: str, most: int = SHORT) -> str:
    """The beginning of a text, for a list or a button."""
    one = " ".join(text.split())
    return one if len(one) <= most else one[: most - 1].rstrip() + "…"


def title_of(letter: Letter, language: str) -> str:
    """The title in a language, or in the first that has one; "" if there is none yet."""
    said = (letter.texts.get((one, Part.TITLE.key), "") for one in (language, *LANGUAGES))
    return next((one for one in said if one), "")


def titled(letter: Letter, language: str) -> Value:
    """What a letter is called in a list."""
    return short(title_of(letter, language)) or pgettext("noun", "without a title")


def spoken_in(letter: Letter, language: str) -> str:
    """The language in which a reader gets a letter: their own, or the first that it has."""
    return language if language in letter.languages or not letter.languages else letter.languages[0]


# -- what things are called --------------------------------------------------------------------------------------------


def part_name(key: str, language: str) -> Value:
    """What a text of a letter is called."""
    if key.startswith(TO):
        return addressee_name(key.removeprefix(TO), language)
    if key.startswith(FOR):
        return element_name(Element(key.removeprefix(FOR)))
    return {
        Part.TITLE.key: pgettext("noun", "the title"),
        Part.LETTER.key: pgettext("noun", "the letter"),
        Part.BACKGROUND.key: pgettext("noun", "the background"),
    }[key]


def part_label(key: str, language: str) -> Value:
    """The same, short enough for a button."""
    if key.startswith(TO):
        return short(addressee_name(key.removeprefix(TO), language), 48)
    if key.startswith(FOR):
        return element_label(Element(key.removeprefix(FOR)))
    return part_name(key, language)


def element_label(one: Element) -> Line:  # noqa: PLR0911 - one element, one word
    """What an addressee wants besides the text, in a word or two."""
    match one:
        case Element.VICTIM:
            return pgettext("noun", "whom it is about")
        case Element.DATE:
            return pgettext("noun", "when")
        case Element.PLACE:
            return pgettext("noun", "where")
        case Element.ACTOR:
            return pgettext("noun", "who did it")
        case Element.STEPS:
            return pgettext("noun", "what was tried")
        case Element.SOURCE:
            return pgettext("noun", "who writes")
        case Element.CIRCUMSTANCES:
            return pgettext("noun", "what happened")
        case Element.REPRESENTATIVE:
            return pgettext("noun", "who speaks for us")


def addressee_name(code: str, language: str) -> str:
    """What an institution is called in a language; its code, if it is not in the directory any more."""
    one = ADDRESSEES.get(code)
    return code if one is None else one.names.get(language, one.names["en"])


def element_name(one: Element) -> Line:  # noqa: PLR0911 - one element, one sentence
    """What an addressee wants besides the text."""
    match one:
        case Element.VICTIM:
            return _("Whom it is about, with the full name. Only if they or their family have agreed.")
        case Element.DATE:
            return _("When it happened.")
        case Element.PLACE:
            return _("Where it happened, or where the person was seen last.")
        case Element.ACTOR:
            return _("Who is believed to have done it.")
        case Element.STEPS:
            return _("What has been tried already to find the person or to undo it.")
        case Element.SOURCE:
            return _("Who writes: name and address of somebody outside the country.")
        case Element.CIRCUMSTANCES:
            return _("What happened, in detail.")
        case Element.REPRESENTATIVE:
            return _("Who speaks for the signers: name, nationality and permanent address.")


def kind_name(kind: str) -> Line:
    """What a kind of institutions is called."""
    match kind:
        case "un":
            return pgettext("noun", "United Nations")
        case "osce":
            return pgettext("noun", "OSCE")
        case "eu":
            return pgettext("noun", "European Union")
        case "icrc":
            return pgettext("noun", "Red Cross")
        case _:
            return pgettext("noun", "Offices of states")


def state_name(state: State) -> Line:  # noqa: PLR0911 - one state, one word
    """How far a version of a letter is."""
    match state:
        case State.DRAFT:
            return pgettext("status", "being written")
        case State.REVIEW:
            return pgettext("status", "waits for a second person")
        case State.REFUSED:
            return pgettext("status", "refused")
        case State.OPEN:
            return pgettext("status", "open for signing")
        case State.SUPERSEDED:
            return pgettext("status", "replaced by a newer version")
        case State.CLOSING:
            return pgettext("status", "closed for signing")
        case State.CLOSED:
            return pgettext("status", "over")
        case State.ANONYMOUS:
            return pgettext("status", "over, without personal parts")
        case State.DROPPED:
            return pgettext("status", "thrown away")


def refusal_name(why: Refusal) -> Line:  # noqa: PLR0911 - one reason, one sentence
    """Why a letter is refused."""
    match why:
        case Refusal.ENDANGERS:
            return pgettext("button-wide", "Somebody in reach could be found")
        case Refusal.VIOLENCE:
            return pgettext("button-wide", "It calls for violence or hatred")
        case Refusal.UNSOURCED:
            return pgettext("button-wide", "A statement has no source")
        case Refusal.ADDRESSEE:
            return pgettext("button-wide", "The addressee can't do this")
        case Refusal.UNCLEAR:
            return pgettext("button-wide", "It is not clear what is asked")
        case Refusal.TRANSLATION:
            return pgettext("button-wide", "The languages say different things")
        case Refusal.SAME:
            return pgettext("button-wide", "There is such a petition already")
        case Refusal.UNLAWFUL:
            return pgettext("button-wide", "Publishing it would be a crime")


def lack_line(lack: Lack, where: str, language: str) -> Line:  # noqa: C901, PLR0911 - one lack, one sentence
    """What a letter lacks, and where."""
    tongue, _space, key = where.partition(" ")
    name = LANGUAGE_NAMES.get(tongue, tongue)
    match lack:
        case Lack.LANGUAGE:
            return _("• {language_name}: no title yet", language_name=name)
        case Lack.TEXT:
            return _("• {language_name}: not written yet: {part}", language_name=name, part=part_name(key, language))
        case Lack.DEMAND:
            return _(
                "• {language_name}: not written yet: what is asked of {addressee}",
                language_name=name,
                addressee=addressee_name(key, language),
            )
        case Lack.LENGTH if tongue == "source":
            return _("• Source {number} is too long.", number=key)
        case Lack.LENGTH:
            named = part_name(key if key in writing.LENGTHS else TO + key, language)
            return _("• {language_name}: too long: {part}", language_name=name, part=named)
        case Lack.ADDRESSEE:
            return _("• It needs at least one addressee, and eight at the most.")
        case Lack.SOURCE:
            return _("• It needs at least one source, and twenty at the most.")
        case Lack.GOAL:
            return _("• How many signatures are the goal?")
        case Lack.DEADLINE:
            return _("• Until when can it be signed? At the most for a year.")
        case Lack.SPONSOR:
            return _("• Somebody must stand under it with their name, and have said so.")
        case Lack.KEY:
            return _("• The organisers' public key.")


# -- the letter --------------------------------------------------------------------------------------------------------


def pieces(text: str, most: int = FULL) -> Iterator[str]:
    """A long text in pieces that fit into a message: parted between paragraphs, or lines, or words."""
    left = text
    while _signs(left) > most:
        window = left[:most]
        while _signs(window) > most:
            window = window[:-1]
        at = next((found for mark in ("\n\n", "\n", " ") if (found := window.rfind(mark)) > most // 2), len(window))
        yield left[:at].rstrip()
        left = left[at:].lstrip()
    if left:
        yield left


def _signs(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def letter_pages(letter: Letter, language: str) -> list[Page]:
    """The letter itself, as everybody reads it: its title and its text."""
    tongue = spoken_in(letter, language)
    text = [*pieces(letter.texts.get((tongue, Part.LETTER.key), ""))] or [""]
    first = Page((_("<b>{title}</b>", title=title_of(letter, tongue)), "", *text[0].split("\n")))
    return [first, *(Page((*more.split("\n"),)) for more in text[1:])]


def asked_pages(letter: Letter, language: str) -> list[Page]:
    """What is asked of whom, with what an addressee wants to know besides."""
    tongue = spoken_in(letter, language)
    lines: list[Line | str] = []
    for code in letter.addressees:
        lines += [
            _("<b>What we ask of: {addressee}</b>", addressee=addressee_name(code, language)),
            *letter.demands.get((tongue, code), "").split("\n"),
            "",
        ]
    for one in writing.elements(letter):
        text = letter.texts.get((tongue, FOR + one.value), "")
        if text:
            lines += [_("<b>{what}</b>", what=element_name(one)), *text.split("\n"), ""]
    return list(_paged(lines))


def background_pages(letter: Letter, language: str) -> list[Page]:
    """The background, and its numbered sources."""
    tongue = spoken_in(letter, language)
    lines: list[Line | str] = [_("<b>Background</b>")]
    lines += letter.texts.get((tongue, Part.BACKGROUND.key), "").split("\n")
    lines += ["", _("<b>Sources</b>")]
    lines += [_("{number}. {source}", number=n, source=source) for n, source in enumerate(letter.sources, 1)]
    return list(_paged(lines))


def _paged(lines: list[Line | str]) -> Iterator[Page]:
    """Lines on as many pages as they need."""
    page: list[Line | str] = []
    used = 0
    for line in lines:
        for part in pieces(line) or [""] if isinstance(line, str) else [line]:
            length = _length(part)
            if page and used + length > FULL:
                yield Page(tuple(page))
                page, used = [], 0
            page.append(part)
            used += length
        if line == "":
            page.append("")
            used += 1
    while page and page[-1] == "":
        page.pop()
    if page:
        yield Page(tuple(page))


def _length(line: Line | str) -> int:
    if isinstance(line, str):
        return _signs(line) + 1
    said = sum(_length(value) for value in line.values.values() if isinstance(value, str | Line))
    return 2 * len(line.msgid) + said + 1  # a translation may be longer


def names_lines(letter: Letter) -> list[Line]:
    """Who stands under it."""
    lines = []
    if letter.sponsors:
        lines.append(_("Sponsors: {names}", names=Listed(letter.sponsors)))
    confirmed = tuple(one.name for one in letter.organisations if one.confirmed)
    if confirmed:
        lines.append(_("Organisations that sign with us: {names}", names=Listed(confirmed)))
    return lines


def addressees_line(letter: Letter, language: str) -> Line:
    """Who gets it."""
    names = Listed(tuple(addressee_name(code, language) for code in letter.addressees))
    return _("To: {addressees}", addressees=names)


def closes_line(day: date) -> Line:
    """Until when it can be signed."""
    return _("It can be signed until {day}.", day=i18n.day(day))


def key_lines(letter: Letter) -> list[Line]:
    """The organisers' key, in groups that can be read aloud."""
    public = envelope.read_public(letter.key)
    if public is None:
        return []
    return [
        _("Names are locked with the organisers' key. Here nobody can open them. Its number:"),
        _("<code>{fingerprint}</code>", fingerprint=envelope.fingerprint(public)),
    ]


def count_lines(goal: int, count: int, vouched: int | None) -> list[Line]:
    """How many have signed, exactly; and for how many somebody vouches, as far as it is said."""
    return [
        ngettext(
            "<b>{n} person has signed.</b> The goal is {goal}.",
            "<b>{n} people have signed.</b> The goal is {goal}.",
            n=count,
            goal=goal,
        ),
        *vouched_lines(vouched),
    ]


def vouched_lines(vouched: int | None) -> list[Line]:
    """For how many somebody vouches, in full tens and a while ago, if for ten at all.

    Never of which kind the newest signature is.
    """
    if not vouched:
        return []
    return [
        _(
            "Somebody in the community vouches for {vouched} of them or more: counted once a day at the most, in full "
            "tens.",
            vouched=vouched,
        )
    ]


# -- read before it is agreed to ---------------------------------------------------------------------------------------


def as_read(letter: Letter, now: datetime) -> Iterator[Page]:
    """The letter in each of its languages, word for word as its readers get it."""
    for language in letter.languages:
        pages = [*letter_pages(letter, language), *asked_pages(letter, language), *background_pages(letter, language)]
        yield Page((language_button(language),))
        for page in pages:
            yield Page(tuple(i18n.plain(i18n.speak(page, language, now)).split("\n")))


def facts(letter: Letter, language: str) -> list[Line | str]:
    """What besides its texts everybody will read: for whom, by whom, how many, until when, locked with which key."""
    return [
        addressees_line(letter, language),
        *names_lines(letter),
        *count_lines(letter.goal, 0, None),
        closes_line(letter.closes),
        *key_lines(letter),
    ]


# -- the directory -----------------------------------------------------------------------------------------------------


def addressee_lines(one: Addressee, language: str) -> list[Line | str]:
    """What the directory says of an institution: honest about what nobody has looked up."""
    rules = one.rules
    lines: list[Line | str] = [_("<b>{addressee}</b>", addressee=one.names.get(language, one.names["en"]))]
    if rules.languages:
        lines.append(_("Languages that are read there: {languages}", languages=", ".join(rules.languages)))
    else:
        lines.append(_("Which languages are read there, is not known to us."))
    lines.append(_contact_line(one))
    if rules.answer_days is not None:
        lines.append(
            ngettext(
                "Its rules give {n} day for an answer.", "Its rules give {n} days for an answer.", n=rules.answer_days
            )
        )
    if rules.elements:
        lines += ["", _("It wants to know besides the letter:")]
        lines += [_("• {what}", what=element_name(each)) for each in Element if each in rules.elements]
    if not rules.takes_signatures:
        lines += ["", _("⚠️ It counts only signatures that are given on its own pages: no packet is made for it.")]
    if one.feared:
        lines += ["", _("⚠️ It belongs to the state that people fear. It gets no name that is not public.")]
    lines.append("")
    if one.checked is None:
        lines.append(_("Nobody has compared this with its own pages yet. Look there before you rely on it."))
    else:
        lines.append(_("Compared with its own pages: {day}", day=i18n.day(one.checked)))
    return lines


def _contact_line(one: Addressee) -> Line:
    match one.contact:
        case Contact.FORM:
            return _("A letter gets there by a form on its pages: {where}", where=one.where or "—")
        case Contact.EMAIL:
            return _("A letter gets there by e-mail: {where}", where=one.where or "—")
        case Contact.POST:
            return _("A letter gets there by post: {where}", where=one.where or "—")
        case Contact.NONE:
            return _("How a letter gets there, is not known to us.")
