"""News of somebody who is not online, told by whoever has it: of whom, how it is known, what, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.checkin import HEARSAY, NOTE_LENGTH, How, News, State, contradicts, on_day
from bot.domain.conversation import Choice, Lane, Line, Outgoing, Page, Value
from bot.domain.hard_words import is_hard
from bot.domain.people import Person, quiet_until, zone_of
from bot.domain.refusals import ByVoice, NoCircle, Outdated
from bot.i18n import _, ngettext, pgettext
from handlers import words
from handlers.ask import Answer, Ask, back, button, expect
from handlers.family import alarm, checkin, hard
from handlers.family.checkin import MOST_NAMED
from storage import checkins, circles, people, relatives
from storage.circles import Circle
from storage.database import Tx

WAYS = (How.SAW, How.HEARD, How.MESSAGE, How.TOLD, How.LIST)
OF_MANY = pgettext("button", "📋 News of many")
STATES = (State.SAFE, State.HELP, State.HURT, State.MOVED, State.OTHER)
DAYS = (None, 0, 1, 2, 3, 7, 30)  # ago; None: at this moment
NOW = 0  # of them
EARLIER = "e"  # behind a way of knowing: it is asked since when
RECENT = 5  # people whom the first screen offers before the circles


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody of whom news can be told, in one circle: a relative without the bot, or a member."""

    person: Person
    circle: int
    member: bool


def subjects(ask: Ask, tx: Tx) -> list[Subject]:
    """Everybody in the circles of whoever asks, but themselves; who is in two of them stands there twice."""
    mine = [one.id for one in circles.circles_of(tx, ask.person.id)]
    kin, members = relatives.inside(tx, mine), circles.members(tx, mine)
    found = [Subject(one, which, member=False) for which in mine for one in kin[which]]
    found += [Subject(one, which, member=True) for which in mine for one in members[which] if one.id != ask.person.id]
    return found


def about(  # noqa: PLR0913, PLR0917 - news has this many parts
    ask: Ask,
    tx: Tx,
    person: Person,
    told: list[int],
    state: State,
    how: How,
    true_at: datetime,
    note: str = "",
    which: int | None = None,
) -> list[Outgoing]:
    """Store news of somebody else and tell it to these circles. That they need help is a call for help.

    `which` is the id that the news shall have, for whoever must find it again.
    Gives the letters to the circles and, for a call, the teller's view of it. Who tells it is named only to those who
    share a circle of these with them: a code may be heard by anybody.
    """
    news = News(which or tx.new_id(), person.id, ask.person.id, state, true_at, ask.now, note, how=how)
    checkins.add(tx, news, told)
    mine = {one.id for one in circles.circles_of(tx, ask.person.id)}
    if state is State.HELP:
        return alarm.call_for(ask, tx, person, news, told, known=bool(mine & set(told)))
    name, me, nobody = words.name_of(person), words.name_of(ask.person), words.called("")
    named = words.letter(name, news, me)
    nameless = words.letter(name, news, nobody)
    near = checkin.hearers(tx, sorted(mine & set(told)), ask.person.id)
    ended = alarm.answered_by(tx, news, me, near, ask.now) if state is State.SAFE else []
    knows = {one.to for one in ended}
    letters = [
        Outgoing(
            one.id,
            named if which in mine else nameless,
            lane=Lane.CHECKIN,
            silent=quiet_until(one, ask.now) is not None,
            about=person.id,
            circle=which,
        )
        for one, which in checkin.hearers(tx, told, ask.person.id).values()
        if one.id not in knows
    ]
    return [*ended, *letters]


def known(tx: Tx, which: int, members: Iterable[Person], now: datetime) -> dict[int, list[Line]]:
    """Under each person whom others tell of in a circle: who tells it, how they know it, and who says otherwise."""
    stands = checkins.known_in(tx, which)
    said = checkins.told_of(tx, which, now - checkins.SUPERSEDED_KEPT)
    names = {one.id: words.name_of(one) for one in members}
    found: dict[int, list[Line]] = {}
    for who, latest in stands.items():
        lines = [] if latest.how is How.SELF else [words.provenance(_teller(names, latest), latest)]
        others: dict[int | None, News] = {}
        for other in said.get(who, ()):
            if other.id != latest.id and contradicts(other, latest):
                others.setdefault(other.teller, other)  # of each teller only their newest word
        lines += [words.otherwise(_teller(names, other), other) for other in others.values()]
        if lines:
            found[who] = lines
    return found


def _teller(names: dict[int, Value], news: News) -> Value:
    return names.get(news.teller or 0) or words.called("")


# -- of whom -------------------------------------------------------------------------------------------------------


def tell(ask: Ask, tx: Tx) -> Outgoing:
    """Ask of whom there is news: the circle first, if there are several."""
    mine = circles.circles_of(tx, ask.person.id)
    if not mine:
        raise NoCircle
    if len(mine) == 1:
        return _whom(ask, tx, mine[0])
    rows = ([button(pgettext("button-wide", "{circle}", circle=one.name), "tell.in", one.id)] for one in mine)
    recent, names = _recent(ask, tx, mine), _("In which circle are they?")
    if recent:
        names = _("Of whom do you have news? If the name is not here, choose their circle.")
    return ask.reply(names, *recent, *rows, [button(OF_MANY, "roll")], [back()])


def _recent(ask: Ask, tx: Tx, mine: list[Circle]) -> list[list[Choice]]:
    """Whom this person told news of most recently, in each circle that they share."""
    circle = {one.id: one.name for one in mine}
    here: dict[int, list[Subject]] = {}
    for one in subjects(ask, tx):
        here.setdefault(one.person.id, []).append(one)
    found = [each for who in checkins.told_of_lately(tx, ask.person.id, RECENT) for each in here.get(who, ())]
    return [
        [
            button(
                pgettext("button-wide", "{name} – {circle}", name=words.name_of(one.person), circle=circle[one.circle]),
                "who",
                one.circle,
                one.person.id,
            )
        ]
        for one in found[:RECENT]
    ]


def tell_in(ask: Ask, tx: Tx) -> Outgoing:
    """Ask of whom in one circle."""
    return _whom(ask, tx, circle_of(ask, tx))


def circle_of(ask: Ask, tx: Tx) -> Circle:
    """The circle in a button, if the person is in it. Raises Outdated."""
    one = circles.one_of(tx, ask.person.id, ask.number())
    if one is None:
        raise Outdated
    return one


def _whom(ask: Ask, tx: Tx, one: Circle) -> Outgoing:
    here = [each for each in subjects(ask, tx) if each.circle == one.id]
    lately = checkins.told_of_lately(tx, ask.person.id, len(here))
    here.sort(key=lambda each: lately.index(each.person.id) if each.person.id in lately else len(lately))
    rows = (
        [button(pgettext("button-wide", "{name}", name=words.name_of(each.person)), "who", one.id, each.person.id)]
        for each in here
    )
    return ask.reply(
        _("Of whom do you have news?"),
        *rows,
        [button(pgettext("button", "➕ Somebody else"), "kin.add", one.id)],
        [button(pgettext("button", "☎️ I heard a code"), "code.hear")],
        [button(OF_MANY, "roll")],
        [back("people")],
    )


def subject(ask: Ask, tx: Tx) -> Subject:
    """Whom a button is about. Raises Outdated if they are in no circle of the person any more."""
    which, who = ask.number(0), ask.number(1)
    found = next((one for one in subjects(ask, tx) if (one.circle, one.person.id) == (which, who)), None)
    if found is None:
        raise Outdated
    return found


# -- one question after the other ----------------------------------------------------------------------------------


def how(ask: Ask, tx: Tx) -> Outgoing:
    """Ask how the news is known: that stands beside it for everybody who reads it."""
    whom = subject(ask, tx)
    return ask.reply(
        _("How do you know how {name} is?", name=words.name_of(whom.person)),
        *ways(whom),
        [back("who", whom.circle, whom.person.id)],
    )


def ways(whom: Subject) -> list[list[Choice]]:
    """The ways of knowing how somebody is, to choose from."""
    labels = {
        How.SAW: pgettext("button-wide", "👁 I saw them"),
        How.HEARD: pgettext("button-wide", "👂 I heard their voice"),
        How.MESSAGE: pgettext("button-wide", "✉️ They wrote to me"),
        How.TOLD: pgettext("button-wide", "🗣 Somebody told me"),
        How.LIST: pgettext("button-wide", "📋 I read it in a list"),
    }
    return [[button(labels[way], "tell.how", whom.circle, whom.person.id, way.value)] for way in WAYS]


def _way(ask: Ask) -> How:
    try:
        chosen = How(ask.args[2])
    except (IndexError, ValueError):
        raise Outdated from None
    if chosen not in WAYS:
        raise Outdated
    return chosen


def what(ask: Ask, tx: Tx) -> Outgoing:
    """Ask what the news is. What is known at first hand is of this moment, unless they say that it is older."""
    whom, way = subject(ask, tx), _way(ask)
    name, older = words.name_of(whom.person), ask.args[3:] == (EARLIER,)
    now = way not in HEARSAY and not older
    labels = {
        State.SAFE: pgettext("button", "✅ Safe"),
        State.HELP: pgettext("button", "🆘 Needs help"),
        State.HURT: pgettext("button", "🤕 Hurt"),
        State.MOVED: pgettext("button", "🏠 Had to leave home"),
        State.OTHER: pgettext("button", "📝 Something else"),
    }
    at = (whom.circle, whom.person.id, way.value)
    rows = [
        [
            button(labels[state], "tell.when", *at, state.value, NOW)
            if now and state is not State.HELP
            else button(labels[state], "tell.what", *at, state.value)
        ]
        for state in STATES
    ]
    lines = [_("How was {name} then?", name=name) if older else _("How is {name}?", name=name)]
    if now:
        lines = [_("How is {name} now?", name=name), _("If what you know is older, press “Earlier” first.")]
        rows.append([button(pgettext("button", "🕘 Earlier"), "tell.how", *at, EARLIER)])
    return ask.reply(
        Page(tuple(lines)),
        *rows,
        [button(hard.VERY_BAD, "hard.say", *at)],
        [back("who", whom.circle, whom.person.id)],
    )


def _state(ask: Ask) -> State:
    try:
        return State(ask.args[3])
    except (IndexError, ValueError):
        raise Outdated from None


def when(ask: Ask, tx: Tx) -> Answer:
    """Ask since when it is so; a need for help goes out at once."""
    whom, way, state = subject(ask, tx), _way(ask), _state(ask)
    if state is State.HELP:
        return about(ask, tx, whom.person, [whom.circle], state, way, ask.now)
    labels = (
        pgettext("button", "Just now"),
        pgettext("button", "Today"),
        pgettext("button", "Yesterday"),
        pgettext("button", "2 days ago"),
        pgettext("button", "3 days ago"),
        pgettext("button", "A week ago"),
        pgettext("button", "A month ago"),
    )
    at = (whom.circle, whom.person.id, way.value, state.value)
    made = [button(label, "tell.when", *at, number) for number, label in enumerate(labels)]
    rows = [made[:1], made[1:3], made[3:5], made[5:]]
    text = _("When was that? The day is enough.")
    before = back("tell.how", whom.circle, whom.person.id, way.value, *(() if way in HEARSAY else (EARLIER,)))
    return ask.reply(text, *rows, [before])


def told(ask: Ask, tx: Tx) -> Answer:
    """Everything is known: it is told, or for other news its words are asked for."""
    whom, way, state, number = subject(ask, tx), _way(ask), _state(ask), ask.number(4)
    if number >= len(DAYS) or state is State.HELP:
        raise Outdated
    days = DAYS[number]
    true_at = ask.now if days is None else on_day(days, ask.now, zone_of(ask.person))
    if state is State.OTHER:
        at = {"circle": whom.circle, "who": whom.person.id, "how": way.value, "at": true_at.isoformat()}
        expect(ask, tx, "tell.else", **at)
        return ask.reply(
            _("Write the news of {name} in a few words.", name=words.name_of(whom.person)),
            [back("tell.of", whom.circle, whom.person.id)],
        )
    return _tell(ask, tx, whom, state, way, true_at)


def said(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The words of other news were written."""
    which, who = int(ask.data["circle"]), int(ask.data["who"])
    whom = next((one for one in subjects(ask, tx) if (one.circle, one.person.id) == (which, who)), None)
    if whom is None:
        raise Outdated
    note = ask.text(NOTE_LENGTH)
    if is_hard(note):
        raise ByVoice
    people.end_dialogue(tx, ask.person.id)
    at = datetime.fromisoformat(str(ask.data["at"]))
    return _tell(ask, tx, whom, State.OTHER, How(ask.data["how"]), at, note)


def _tell(  # noqa: PLR0913, PLR0917 - news has this many parts
    ask: Ask, tx: Tx, whom: Subject, state: State, way: How, true_at: datetime, note: str = ""
) -> list[Outgoing]:
    letters = about(ask, tx, whom.person, [whom.circle], state, way, true_at, note)
    news = checkins.newest_by(tx, ask.person.id, whom.person.id)
    if news is None:
        raise Outdated
    heard_by = [p for p in circles.members(tx, [whom.circle])[whom.circle] if p.id != ask.person.id]
    name = words.name_of(whom.person)
    lines: list[Line | str] = [words.told(name, state), *words.details(news), words.source(_me(ask), news)]
    if heard_by:
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
    rows: list[list[Choice]] = [
        [
            button(pgettext("button", "✏️ Add a note"), "note", news.id),
            button(pgettext("button", "📍 Add the place"), "place", news.id),
        ],
        [button(pgettext("button", "↩️ Take it back"), "undo", news.id)],
        [button(pgettext("button", "🗣 News of somebody"), "tell")],
        [back()],
    ]
    return [ask.reply(Page(tuple(lines)), *rows), *letters]


def _me(ask: Ask) -> Value:
    return words.name_of(ask.person)
