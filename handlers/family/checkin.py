"""“I am safe” and other news: told with one tap to the chosen circles, detailed or taken back afterwards."""

from __future__ import annotations

from datetime import timedelta

from bot.domain import places
from bot.domain.checkin import NOTE_LENGTH, News, State, when_true
from bot.domain.conversation import Lane, Line, Outgoing, Page, Place, Span, Value
from bot.domain.hard_words import is_hard
from bot.domain.people import Person, quiet_until
from bot.domain.refusals import ByVoice, Muted, NoCircle, Outdated
from bot.i18n import _, ngettext, pgettext
from handlers import words
from handlers.ask import Answer, Ask, back, button, expect
from handlers.family import asking
from handlers.home import HELP, which_place, with_menu
from storage import checkins, circles, outbox, people
from storage.database import Tx

TAKEN_BACK = timedelta(days=7)  # news of somebody else can be taken back for so long
MOST_NAMED = 10
A_MINUTE = 29 * 60  # messages that leave through one account of the bot where its platform limits it, as Telegram does
WORTH_SAYING = 2  # minutes of waiting that somebody is told of


def safe(ask: Ask, tx: Tx) -> list[Outgoing]:
    """One tap: I am safe."""
    return tell(ask, tx, State.SAFE)


def hurt(ask: Ask, tx: Tx) -> list[Outgoing]:
    """One tap: I am hurt."""
    return tell(ask, tx, State.HURT)


def moved(ask: Ask, tx: Tx) -> list[Outgoing]:
    """One tap: I had to leave my home."""
    return tell(ask, tx, State.MOVED)


def other(ask: Ask, tx: Tx) -> Outgoing:
    """Show the news that is neither “safe” nor a call for help."""
    del tx
    return ask.reply(
        _("What shall I tell your circles?"),
        [button(pgettext("button", "🤕 I am hurt"), "hurt")],
        [button(pgettext("button", "🏠 I had to leave home"), "moved")],
        [button(pgettext("button", "📝 Something else"), "else")],
        [button(HELP, "help")],
        [back()],
    )


def something_else(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for the words of other news."""
    told_circles(ask, tx)
    expect(ask, tx, "else")
    return ask.reply(_("Write your news in a few words. It goes to your circles at once."), [back()])


def something_told(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The words of other news were written."""
    note = _text(ask)
    people.end_dialogue(tx, ask.person.id)
    return tell(ask, tx, State.OTHER, note=note)


def _text(ask: Ask) -> str:
    """The words that were written. Raises ByVoice where they speak of a death or a detention."""
    written = ask.text(NOTE_LENGTH)
    if is_hard(written):
        raise ByVoice
    return written


def told_circles(ask: Ask, tx: Tx) -> list[int]:
    """The circles that hear this person's news. Raises NoCircle or Muted if there is none."""
    told = circles.told_by(tx, ask.person.id)
    if not told:
        raise Muted if circles.circles_of(tx, ask.person.id) else NoCircle
    return told


def hearers(tx: Tx, told: list[int], but: int) -> dict[int, tuple[Person, int]]:
    """Whoever hears news told to these circles, once each: the person and one circle they hear it in."""
    found: dict[int, tuple[Person, int]] = {}
    for which, inside in circles.members(tx, told).items():
        for one in inside:
            if one.id != but:
                found.setdefault(one.id, (one, which))
    return found


def tell(ask: Ask, tx: Tx, state: State, *, note: str = "", told: list[int] | None = None) -> list[Outgoing]:
    """Store news about oneself and tell everybody in the chosen circles, or in those of `told`."""
    told = told_circles(ask, tx) if told is None else told
    me = ask.person
    news = News(tx.new_id(), me.id, me.id, state, when_true(ask.said_at, ask.now), ask.now, note)
    checkins.add(tx, news, told)
    heard_by = hearers(tx, told, me.id)
    said = words.letter(words.name_of(me), news)
    letters = [
        Outgoing(
            one.id, said, lane=Lane.CHECKIN, silent=quiet_until(one, ask.now) is not None, about=me.id, circle=which
        )
        for one, which in heard_by.values()
    ]
    return [
        confirmation(ask, news, [one for one, _which in heard_by.values()], wait(ask, tx)),
        *letters,
        *asking.answered(tx, ask, told),
    ]


def wait(ask: Ask, tx: Tx) -> timedelta | None:
    """How long it takes about until everybody has read what is told now, in whole minutes; None if it goes at once."""
    before = outbox.queue(tx, outbox.route_of(ask.sender.platform, ask.sender.bot), ask.now)
    minutes = round(before / A_MINUTE)
    return timedelta(minutes=minutes) if minutes >= WORTH_SAYING else None


def confirmation(ask: Ask, news: News, heard_by: list[Person], waits: timedelta | None = None) -> Outgoing:
    """What was told and to whom, with what can be added to it or taken back; and if it `waits`, for how long."""
    lines: list[Line | str] = [words.said(words.name_of(ask.person), news.state), *words.details(news)]
    if heard_by and ask.unseeing:
        lines.append(ngettext("Told to {n} person.", "Told to {n} people.", n=len(heard_by)))
    elif heard_by:
        lines.append(
            ngettext(
                "Told to {n} person: {people}.",
                "Told to {n} people: {people}.",
                n=len(heard_by),
                people=words.some([words.name_of(one) for one in heard_by], MOST_NAMED),
            )
        )
    else:
        lines.append(_("Your circle is still empty: invite somebody, so that they can read it."))
    if heard_by and waits is not None:
        lines.append(_("Many people write now. Everybody can read it in about {span}.", span=Span(waits)))
    rows = [
        [
            button(pgettext("button", "✏️ Add a note"), "note", news.id),
            button(pgettext("button", "📍 Add the place"), "place", news.id),
        ],
        [button(pgettext("button", "↩️ Take it back"), "undo", news.id)],
        [back()],
    ]
    if news.state is State.HURT:
        rows.insert(0, [button(HELP, "help")])
    return ask.reply(Page(tuple(lines)), *rows)


def undo(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Take the last news back: everybody who got it is told, and knows again what they knew before.

    A call for help is not news to be taken back: it is closed where it stands. The correction goes in the lane of the
    news, so that it never arrives before what it corrects.
    """
    news = _told_here(ask, tx, ask.number())
    own = news.person == ask.person.id
    over = news.told_at != checkins.last_told_at(tx, ask.person.id) if own else ask.now - news.told_at > TAKEN_BACK
    if news.state is State.HELP or over:
        raise Outdated
    return [with_menu(ask, _("Taken back. Everybody who got it is told.")), *taken_back(ask, tx, news)]


def taken_back(ask: Ask, tx: Tx, news: News) -> list[Outgoing]:
    """Take news back that this person told: the letters to everybody who got it.

    Only those read by whom who are in a circle with them that was told: they may have left, or only typed a code.
    """
    own = news.person == ask.person.id
    told, mine = checkins.circles_told(tx, news.id), _circles_of_both(ask, tx, news)
    checkins.retract(tx, news)
    name, person = words.name_of(ask.person), _subject(tx, ask, news)
    text = _("{name} has taken the last news back. What you knew before stands again.", name=name)
    if not own:
        text = _(
            "Correction: the news of {person} was taken back by {name}. What you knew before stands again.",
            person=person,
            name=name,
        )
    nameless = _("Correction: the news of {person} was taken back. What you knew before stands again.", person=person)
    near = hearers(tx, mine, ask.person.id)
    return [
        Outgoing(who, text if who in near else nameless, lane=Lane.CHECKIN, about=news.person)
        for who in hearers(tx, told, ask.person.id)
    ]


def _circles_of_both(ask: Ask, tx: Tx, news: News) -> list[int]:
    """The circles that were told this news, as far as this person is in them still."""
    mine = {one.id for one in circles.circles_of(tx, ask.person.id)}
    return [which for which in checkins.circles_told(tx, news.id) if which in mine]


def _subject(tx: Tx, ask: Ask, news: News) -> Value:
    """The name of whom news is about."""
    about = ask.person if news.person == ask.person.id else people.find(tx, news.person)
    return words.called(about.name if about else "")


def _told(ask: Ask, tx: Tx, which: int) -> News:
    news = checkins.news_by(tx, which, ask.person.id)
    if news is None:
        raise Outdated
    return news


def _told_here(ask: Ask, tx: Tx, which: int) -> News:
    """The same, if this person is still in a circle that was told it: nobody speaks to one that they have left."""
    news = _told(ask, tx, which)
    if not _circles_of_both(ask, tx, news):
        raise Outdated
    return news


# -- details -------------------------------------------------------------------------------------------------------


def note(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for a note to news that was told."""
    news = _told_here(ask, tx, ask.number())
    expect(ask, tx, "note", news=news.id)
    return ask.anew(_("Write your note in a few words. It goes to everybody who got the news."), [back()])


def noted(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The note was written: it follows the news."""
    news = _told_here(ask, tx, int(ask.data["news"]))
    written = _text(ask)
    people.end_dialogue(tx, ask.person.id)
    checkins.detail(tx, news.id, note=written)
    if news.person == ask.person.id:
        return _follow(ask, tx, news, _("{name} adds: {note}", name=words.name_of(ask.person), note=written))
    line = _(
        "{name} adds to the news of {person}: {note}",
        name=words.name_of(ask.person),
        person=_subject(tx, ask, news),
        note=written,
    )
    return _follow(ask, tx, news, line)


def place(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for a place by search: a district or a city, never coordinates."""
    news = _told_here(ask, tx, ask.number())
    expect(ask, tx, "place", news=news.id)
    return ask.anew(_("Write the beginning of your district or city. I never ask for an exact position."), [back()])


def place_searched(ask: Ask, tx: Tx) -> Answer:
    """Words of a place were written: offer what is found."""
    news = _told_here(ask, tx, int(ask.data["news"]))
    return which_place(ask, back(), "placed", news.id)


def placed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A place was chosen: it follows the news."""
    news = _told_here(ask, tx, ask.number())
    code = ask.args[1] if len(ask.args) > 1 else ""
    if not places.exists(code):
        raise Outdated
    people.end_dialogue(tx, ask.person.id)
    checkins.detail(tx, news.id, place=code)
    return _follow(
        ask, tx, news, _("{name} is in this place: {place}", name=_subject(tx, ask, news), place=Place(code))
    )


def _follow(ask: Ask, tx: Tx, news: News, line: Line) -> list[Outgoing]:
    heard_by = hearers(tx, _circles_of_both(ask, tx, news), ask.person.id)
    lane = Lane.CHECKIN
    if news.state is State.HELP:  # where somebody in danger is, only those learn who got the call
        lane = Lane.DANGER
        called = checkins.called_by(tx, news.id)
        heard_by = {who: found for who, found in heard_by.items() if who in called}
    letters = [
        Outgoing(
            one.id,
            line,
            lane=lane,
            silent=lane is Lane.CHECKIN and quiet_until(one, ask.now) is not None,
            about=news.person,
            circle=which,
        )
        for one, which in heard_by.values()
    ]
    return [with_menu(ask, _("Sent after your news.")), *letters]
