"""“News”: which bulletins somebody wants to read and when, and a bulletin opened by its number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from bot.domain import places
from bot.domain.bulletin import Bulletin, Topic, Urgency
from bot.domain.conversation import Attachment, Choice, Line, Listed, Outgoing, Page, Place
from bot.domain.picture import is_pdf
from bot.domain.refusals import Outdated, TooManyDistricts
from bot.i18n import _, language_button, pgettext
from handlers import desk
from handlers.ask import Ask, back, button, expect
from handlers.home import which_place
from handlers.updates import broadcast, wording
from handlers.updates.verify import following, read_button, standing
from handlers.words import topic_name
from storage import broadcasts, bulletins, copies, people, readers, ties
from storage.database import Tx
from storage.readers import Reading

MOST: Final = 12  # districts of one reader
HOURS: Final = (7, 9, 12, 15, 18, 20, 22)  # when a digest may come
HOUR: Final = 60  # minutes
HOW: Final = button(pgettext("button-wide", "🔑 How to check it yourself"), "key")


def urgency_name(urgency: Urgency) -> Line:
    """What is sent at once, from this urgency on."""
    match urgency:
        case Urgency.CALM:
            return _("At once: everything.")
        case Urgency.NEWS:
            return _("At once: news and what is urgent. The rest comes once a day.")
        case Urgency.URGENT:
            return _("At once: only what is urgent. The rest comes once a day.")


# -- the subscription ----------------------------------------------------------------------------------------------


def news(ask: Ask, tx: Tx) -> Outgoing:
    """What somebody reads, with the ways to change it; nobody reads anything without having asked."""
    one = readers.of(tx, ask.person.id)
    further = [
        [button(pgettext("button-wide", "🔎 Is this text yours?"), "verify")],
        [button(pgettext("button", "❓ Is this true?"), "rumour")],
        [button(pgettext("button-wide", "🗂 What was published"), "bulletins")],
        [button(pgettext("button-wide", "☎️ Write to the moderators"), "hotline")],
    ]
    if one is None:
        return ask.reply(
            Page(
                (
                    _("<b>📰 News</b>"),
                    _("Moderators check news, and two of them must agree before it goes out. You get none yet."),
                )
            ),
            [button(pgettext("button-wide", "📰 All important news"), "news.all")],
            [button(pgettext("button-wide", "⚙️ Choose what I want"), "news.choose")],
            *further,
            [back("more")],
        )
    return ask.reply(
        Page(tuple(_told(one))),
        [
            button(pgettext("button", "📍 Districts"), "news.places"),
            button(pgettext("button", "🏷 Topics"), "news.topics"),
        ],
        [button(pgettext("button", "⏱ How soon"), "news.soon"), button(pgettext("button", "🕕 Hour"), "news.hours")],
        [_breaks(one)],
        *further,
        [button(pgettext("button", "🔕 No more news"), "news.stop")],
        [back("more")],
    )


def _told(one: Reading) -> Iterable[Line | str]:
    yield _("<b>📰 News that you get</b>")
    if one.places:
        yield _("📍 Districts: {places}", places=Listed(tuple(Place(place) for place in one.places)))
    else:
        yield _("📍 Districts: everywhere")
    if one.topics:
        yield _("🏷 Topics: {topics}", topics=Listed(tuple(topic_name(each) for each in Topic if each in one.topics)))
    else:
        yield _("🏷 Topics: all")
    yield urgency_name(one.urgency)
    if one.urgency is not Urgency.CALM:
        yield _("🕕 What comes once a day comes at {time}.", time=_time(one.digest_at))
    if one.breaks:
        yield _("🌙 What is urgent comes even in your quiet hours.")
    else:
        yield _("🌙 Nothing comes in your quiet hours.")
    yield ""
    yield _("If something turns out wrong, I write to everybody who got it.")


def _time(minutes: int) -> str:
    return f"{minutes // HOUR:02d}:{minutes % HOUR:02d}"


def _breaks(one: Reading) -> Choice:
    if one.breaks:
        return button(pgettext("button-wide", "🌙 Keep my quiet hours always"), "news.quiet", 0)
    return button(pgettext("button-wide", "🚨 Wake me for what is urgent"), "news.quiet", 1)


def everything(ask: Ask, tx: Tx) -> Outgoing:
    """One tap: all important news."""
    if readers.of(tx, ask.person.id) is None:
        readers.keep(tx, ask.person.id, Reading())
    return news(ask, tx)


def choose(ask: Ask, tx: Tx) -> Outgoing:
    """Begin with the districts; what is not chosen stays as the default has it."""
    everything(ask, tx)
    return districts(ask, tx)


def stop(ask: Ask, tx: Tx) -> Outgoing:
    """One tap: no more news. What was put off is dropped too; a correction of what they got still comes."""
    readers.stop(tx, ask.person.id)
    broadcasts.drop_news(tx, ask.person.id)
    return ask.reply(
        _("You get no more news. Only if something that you got turns out wrong, I write once more."),
        [button(pgettext("button-wide", "📰 All important news"), "news.all")],
        [back("more")],
    )


def _mine(ask: Ask, tx: Tx) -> Reading:
    one = readers.of(tx, ask.person.id)
    if one is None:
        raise Outdated
    return one


# -- districts -----------------------------------------------------------------------------------------------------


def districts(ask: Ask, tx: Tx) -> Outgoing:
    """The districts of which somebody reads."""
    one = _mine(ask, tx)
    rows: list[list[Choice]] = []
    if len(one.places) < MOST:
        rows.append([button(pgettext("button", "➕ A district"), "news.place.find")])
    mine = [tie.place for tie in ties.of(tx, ask.person.id)]
    if mine and not set(mine) <= set(one.places):
        rows.append([button(pgettext("button", "📍 My districts"), "news.ties")])
    rows += [
        [button(pgettext("button-wide", "✖️ {place}", place=Place(place)), "news.place.drop", place)]
        for place in one.places
    ]
    return ask.reply(
        _("Of which districts do you want news? What concerns everybody you get in any case. Without one: everywhere."),
        *rows,
        [back("news")],
    )


def find_place(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for a district by search."""
    _mine(ask, tx)
    expect(ask, tx, "news.place")
    return ask.reply(_("Write the beginning of the district or city."), [back("news.places")])


def searched(ask: Ask, tx: Tx) -> Outgoing:
    """Words of a place were written: offer what is found."""
    del tx
    return which_place(ask, back("news.places"), "news.place")


def add_place(ask: Ask, tx: Tx) -> Outgoing:
    """A district more."""
    one = _mine(ask, tx)
    place = ask.args[0] if ask.args else ""
    if not places.exists(place):
        raise Outdated
    people.end_dialogue(tx, ask.person.id)
    _keep_places(ask, tx, one, (*one.places, place))
    return districts(ask, tx)


def from_ties(ask: Ask, tx: Tx) -> Outgoing:
    """The districts where they live or have people."""
    one = _mine(ask, tx)
    _keep_places(ask, tx, one, (*one.places, *(tie.place for tie in ties.of(tx, ask.person.id))))
    return districts(ask, tx)


def _keep_places(ask: Ask, tx: Tx, one: Reading, chosen: tuple[str, ...]) -> None:
    wanted = tuple(dict.fromkeys(chosen))
    if len(wanted) > MOST:
        raise TooManyDistricts(MOST)
    readers.keep(tx, ask.person.id, replace(one, places=wanted))


def drop_place(ask: Ask, tx: Tx) -> Outgoing:
    """A district less."""
    one = _mine(ask, tx)
    gone = ask.args[0] if ask.args else ""
    readers.keep(tx, ask.person.id, replace(one, places=tuple(place for place in one.places if place != gone)))
    return districts(ask, tx)


# -- topics, urgency, hours ----------------------------------------------------------------------------------------


def topics(ask: Ask, tx: Tx) -> Outgoing:
    """The topics of which somebody reads."""
    return _topics(ask, _mine(ask, tx))


def _topics(ask: Ask, one: Reading) -> Outgoing:
    rows = []
    for topic in Topic:
        name = topic_name(topic)
        label = (
            pgettext("button", "✅ {topic}", topic=name)
            if topic in one.topics
            else pgettext("button", "▫️ {topic}", topic=name)
        )
        rows.append([button(label, "news.topic", topic.value)])
    return ask.reply(_("Which topics? Without one: all."), *rows, [back("news")])


def topic(ask: Ask, tx: Tx) -> Outgoing:
    """A topic more or less."""
    one = _mine(ask, tx)
    try:
        which = Topic(ask.args[0] if ask.args else "")
    except ValueError:
        raise Outdated from None
    chosen = replace(one, topics=one.topics ^ {which})
    if len(chosen.topics) == len(Topic):
        chosen = replace(one, topics=frozenset())
    readers.keep(tx, ask.person.id, chosen)
    return _topics(ask, chosen)


def soon(ask: Ask, tx: Tx) -> Outgoing:
    """Ask what is to come at once."""
    _mine(ask, tx)
    rows = (
        [button(label, "news.from", urgency.value)]
        for urgency, label in (
            (Urgency.CALM, pgettext("button", "Everything at once")),
            (Urgency.NEWS, pgettext("button", "News at once")),
            (Urgency.URGENT, pgettext("button", "Only the urgent")),
        )
    )
    return ask.reply(_("What shall I send at once? The rest comes together, once a day."), *rows, [back("news")])


def from_urgency(ask: Ask, tx: Tx) -> Outgoing:
    """What comes at once was chosen."""
    one = _mine(ask, tx)
    try:
        urgency = Urgency(ask.number())
    except ValueError:
        raise Outdated from None
    readers.keep(tx, ask.person.id, replace(one, urgency=urgency))
    return news(ask, tx)


def hours(ask: Ask, tx: Tx) -> Outgoing:
    """Ask at which hour the digest shall come."""
    _mine(ask, tx)
    times = [button(pgettext("button", "{time}", time=_time(n * HOUR)), "news.hour", n) for n in HOURS]
    return ask.reply(
        _("At which hour, in your time, shall the news of the day come?"),
        *(times[n : n + 3] for n in range(0, len(times), 3)),
        [back("news")],
    )


def hour(ask: Ask, tx: Tx) -> Outgoing:
    """The hour was chosen."""
    one = _mine(ask, tx)
    n = ask.number()
    if n not in HOURS:
        raise Outdated
    readers.keep(tx, ask.person.id, replace(one, digest_at=n * HOUR))
    return news(ask, tx)


def quiet(ask: Ask, tx: Tx) -> Outgoing:
    """Whether what is urgent may break the quiet hours."""
    one = _mine(ask, tx)
    readers.keep(tx, ask.person.id, replace(one, breaks=ask.number() == 1))
    return news(ask, tx)


# -- one bulletin --------------------------------------------------------------------------------------------------


def _bulletin(ask: Ask, tx: Tx) -> Bulletin:
    one = bulletins.find(tx, ask.number())
    if one is None:
        raise Outdated
    return one


def read(ask: Ask, tx: Tx) -> Outgoing:
    """Open a bulletin in a language. Whoever has opened it is told if it turns out wrong."""
    one = _bulletin(ask, tx)
    editions = bulletins.editions(tx, one.number)
    language = ask.args[1] if len(ask.args) > 1 else ask.person.language
    found = broadcast.shown(tx, one, language)
    if found is None and len(ask.args) > 1:
        raise Outdated
    later = following(tx, one)
    ways: list[Iterable[Choice]] = [
        [read_button(newer.number, language) for newer in later[-1:]],
        [button(pgettext("button", "📖 Before: No. {number}", number=one.about), "bulletin.read", one.about)]
        if one.about is not None
        else [],
        [button(language_button(other), "bulletin.read", one.number, other) for other in editions if other != language],
    ]
    if found is None:
        line = _("No. {number} is not yet translated into your language. It can be read in:", number=one.number)
        return ask.anew(Page((line, *standing(one, later))), *ways, [back("bulletins")])
    broadcasts.note_asked(tx, one.number, ask.person.id, ask.now, language=language)
    text, rows = found
    if later:
        text = Page((*standing(one, later), "", *editions[language].text.split("\n")))
    file = button(pgettext("button", "📎 The signed file"), "bulletin.file", one.number, language)
    return ask.anew(text, *rows, *ways, [file], [back("bulletins")], topic=broadcasts.topic(one.number))


def file(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The signed file, its signature, and the certificate of the key: with them anybody checks it without us."""
    edition = bulletins.editions(tx, ask.number()).get(ask.args[1] if len(ask.args) > 1 else "")
    proof = None if edition is None else copies.certificate_of(tx, edition.entry)
    if edition is None or proof is None:
        raise Outdated
    files = {
        edition.name: edition.file.encode(),
        f"{edition.name}.minisig": edition.signature.encode(),
        "bulletins.certificate": proof[0],
        "bulletins.certificate.minisig": proof[1],
    }
    line = _("Check it on any computer with the program minisign or payvand, and with our public key.")
    sent = [ask.anew(Page((name,)), attachment=Attachment("file", name, data)) for name, data in files.items()]
    return [*sent, ask.anew(line, [HOW], [read_button(edition.number, edition.language)], [back("bulletins")])]


def picture(ask: Ask, tx: Tx) -> Outgoing:
    """Show the picture or the PDF that belongs to a bulletin."""
    one = _bulletin(ask, tx)
    data = bulletins.picture_of(tx, one.number)
    if data is None:
        raise Outdated
    text = (
        _("The PDF of No. {number}.", number=one.number)
        if is_pdf(data)
        else _("The picture of No. {number}.", number=one.number)
    )
    return ask.anew(text, attachment=wording.attached(data, f"bulletin-{one.number}"), clean_after=desk.STANDS)
