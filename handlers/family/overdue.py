"""What follows when a deadline passes in silence: the person is asked, then the circle is told, then two trustees."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.alarm import REPEAT_AFTER, Alarm, Reader, needs_repeat
from bot.domain.conversation import Ago, Choice, Lane, Line, On, Outgoing, Page, Place
from bot.domain.deadline import Deadline, Do, Stage, step
from bot.domain.outage import Outage
from bot.domain.people import HOME, Person, quiet_until
from bot.domain.refusals import Outdated, Over
from bot.i18n import _, ngettext, pgettext
from handlers import words
from handlers.ask import Ask, base36, button
from handlers.family import alarm, checkin
from handlers.home import HELP, SAFE
from storage import checkins, circles, deadlines, outages, outbox, people, trustees
from storage.database import Tx
from storage.deadlines import Silence
from storage.outbox import State as Letter

LATER = pgettext("button", "⏳ Later")


def topic(which: int) -> str:
    """What a person's own letters about a deadline are about."""
    return f"late:{which}"


# -- as time passes ------------------------------------------------------------------------------------------------


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """Every deadline that must be looked at, and every alarm that one has raised."""
    letters: list[Outgoing] = []
    for one in deadlines.due(tx, now):
        letters += _look(tx, one, now)
    for silence in deadlines.silences(tx):
        letters += _attend(tx, silence, now)
    return letters


def _look(tx: Tx, one: Deadline, now: datetime) -> list[Outgoing]:
    person = people.find(tx, one.person)
    if person is None:
        return []
    sign = deadlines.last_sign(tx, one.person, now)
    offline = outages.over(tx, person.id, now)
    told_at = None if sign is None else sign.true_at
    done = step(one, now, offline=offline is not None, sign=told_at, person=person)
    after, letters = done.deadline, []
    match done.do:
        case Do.REMIND:
            letters = [_reminder(person, after, now)]
        case Do.ASK | Do.ASK_AGAIN:
            letters = [_question(person, after)]
        case Do.HOLD if offline is not None:
            letters = _held(tx, person, after, offline, now)
        case Do.TELL_CIRCLE:
            after, letters = _tell_circle(tx, person, after, now)
        case Do.TELL_TRUSTEES:
            after, letters = _tell_trustees(tx, person, after, now)
        case Do.GO_ON | Do.END:
            letters = _met(tx, person, one, after, done.do, now)
    if done.do is Do.END:
        deadlines.drop(tx, one.id)
    else:
        deadlines.save(tx, replace(done, deadline=after))
    return letters


def _reminder(person: Person, one: Deadline, now: datetime) -> Outgoing:
    """What a person reads before the time is over. It goes when it is over."""
    return Outgoing(
        person.id,
        _("I wait for a word of yours until: {when}. How are you?", when=On(one.due_at, one.zone or HOME)),
        choices=_ways(one),
        lane=Lane.CHECKIN,
        topic=topic(one.id),
        silent=quiet_until(person, now) is not None,
        expires_at=one.due_at,
    )


def _ways(one: Deadline) -> tuple[tuple[Choice, ...], ...]:
    return (button(SAFE, "safe"),), (button(LATER, "late.later", one.id),), (button(HELP, "help"),)


def _question(person: Person, one: Deadline) -> Outgoing:
    """What a person reads when the time is over. Whom I tell is not said: the phone may be in other hands."""
    lines = (
        _("The time for your word is over: {ago}. Are you well?", ago=Ago(one.due_at)),
        _("If I hear nothing, I tell your people: {when}.", when=On(one.circle_at, one.zone or HOME)),
    )
    return Outgoing(person.id, Page(lines), choices=_ways(one), lane=Lane.DANGER, topic=topic(one.id))


def _held(tx: Tx, person: Person, one: Deadline, offline: Outage, now: datetime) -> list[Outgoing]:
    """An outage keeps the circle from being told: the trustees learn that, and that nothing else is known."""
    lines = (
        _("{name}: the agreed time has passed, {ago}.", name=words.name_of(person), ago=Ago(one.due_at)),
        _("{place}: the network went down {ago}.", place=Place(offline.place), ago=Ago(offline.since)),
        _("So silence is expected, and does not mean harm. I wait until the network is back, and ask again then."),
    )
    return [
        Outgoing(
            p.id,
            Page(lines),
            lane=Lane.CHECKIN,
            topic=topic(one.id),
            silent=quiet_until(p, now) is not None,
            about=person.id,
        )
        for p in trustees.of(tx, person.id)
    ]


def _met(  # noqa: PLR0913, PLR0917 - what was, what is, and who
    tx: Tx, person: Person, one: Deadline, after: Deadline, do: Do, now: datetime
) -> list[Outgoing]:
    """There was a word: whoever got an alarm is told, and the person learns until when the next one is waited for."""
    outbox.withdraw(tx, topic(one.id), Lane.CHECKIN, now)
    outbox.withdraw(tx, topic(one.id), Lane.DANGER, now)
    if do is Do.END:
        line = _("⏰ Good. I no longer wait for a word of yours.")
    else:
        line = _("⏰ Good. I wait for your next word until: {when}.", when=On(after.due_at, after.zone or HOME))
    mine = Outgoing(person.id, line, lane=Lane.CHECKIN, topic=topic(one.id), silent=True)
    sign = deadlines.last_sign(tx, person.id, now)
    if one.alarm is None or sign is None:
        return [mine]
    hears = set(checkin.hearers(tx, checkins.circles_told(tx, sign.id), person.id))
    return [mine, *close(tx, one.alarm, person, words.said(words.name_of(person), sign.state), now, hears=hears)]


# -- the alarm -----------------------------------------------------------------------------------------------------


def _tell_circle(tx: Tx, person: Person, one: Deadline, now: datetime) -> tuple[Deadline, list[Outgoing]]:
    hearers = checkin.hearers(tx, circles.told_by(tx, person.id), person.id)
    which = deadlines.raise_alarm(tx, person.id, now, now + REPEAT_AFTER)
    one = replace(one, alarm=which)
    readers = [(who, where) for who, (_p, where) in hearers.items()]
    deadlines.tell(tx, which, readers, now + REPEAT_AFTER)
    letters = [_letter_to(tx, person, one, who, where, now) for who, where in readers]
    return one, [_view(person, len(readers)), *letters]


def _tell_trustees(tx: Tx, person: Person, one: Deadline, now: datetime) -> tuple[Deadline, list[Outgoing]]:
    chosen = {p.id for p in trustees.of(tx, person.id)}
    readers = [(who, min(where)) for who, where in deadlines.near(tx, person.id).items() if who in chosen]
    which = one.alarm
    if which is None:
        which = deadlines.raise_alarm(tx, person.id, now, now + REPEAT_AFTER)
        one = replace(one, alarm=which)
    deadlines.tell(tx, which, readers, now + REPEAT_AFTER)
    return one, [_letter_to(tx, person, one, who, where, now) for who, where in readers]


def _view(person: Person, n: int) -> Outgoing:
    """What the silent person reads: how many were told, and no name of any of them."""
    if n:
        line = ngettext(
            "I have heard nothing of you, and have told {n} person. If you are well, say so: I tell them.",
            "I have heard nothing of you, and have told {n} people. If you are well, say so: I tell them.",
            n=n,
        )
    else:
        line = _("I have heard nothing of you, but your news goes to nobody now. If you are in danger, call somebody.")
    choices = ((button(SAFE, "safe"),), (button(HELP, "help"),))
    return Outgoing(person.id, line, choices=choices, lane=Lane.DANGER, silent=True)


def _letter_to(  # noqa: PLR0913, PLR0917 - a letter has this many parts
    tx: Tx,
    person: Person,
    one: Deadline,
    who: int,
    where: int,
    now: datetime,
    readers: list[Reader] | None = None,
    *,
    again: bool = False,
    edit: bool = False,
) -> Outgoing:
    """The alarm as one of its readers reads it."""
    which = one.alarm or 0
    text = _letter(tx, person, one, where, now, readers or [], again=again)
    choices = ((button(alarm.SEEN, "late.seen", which),), (button(alarm.CARING, "late.caring", which),))
    return Outgoing(
        who,
        text,
        choices=choices,
        lane=Lane.REPLY if edit else Lane.DANGER,
        topic=alarm.topic(which),
        edit=edit,
        silent=edit,
        about=person.id,
        circle=where,
    )


def _letter(  # noqa: PLR0913, PLR0917 - a letter has this many parts
    tx: Tx, person: Person, one: Deadline, where: int, now: datetime, readers: list[Reader], *, again: bool
) -> Page:
    name = words.name_of(person)
    offline = outages.over(tx, person.id, now)
    lines: list[Line | str] = [_("⏰ <b>{name}</b>: no word by the agreed time.", name=name)]
    if offline is not None:
        lines = [
            _("❓ <b>{name}</b>: no word by the agreed time. Have you heard anything?", name=name),
            _("{place}: the network went down {ago}.", place=Place(offline.place), ago=Ago(offline.since)),
            _("Silence may mean only that."),
        ]
    if again:
        lines.append(_("Nobody takes care of it yet."))
    lines += [
        _("Agreed was: {when}. That is {ago}.", when=On(one.due_at, one.zone or HOME), ago=Ago(one.due_at)),
        _("What is known here:"),
        words.standing(name, checkins.known_of(tx, where, person.id), now),
    ]
    if one.note:
        lines.append(_("Words left for you: {note}", note=one.note))
    lines.append(_("Please try to reach {name} another way. If you can't, say here who takes care of it.", name=name))
    return Page((*lines, *alarm.roster(readers)))


def seen(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A reader has seen the alarm."""
    return _pressed(ask, tx, caring=False)


def caring(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A reader takes care of it."""
    return _pressed(ask, tx, caring=True)


def _pressed(ask: Ask, tx: Tx, *, caring: bool) -> list[Outgoing]:
    silence = deadlines.silence_for(tx, ask.number(), ask.person.id)
    if silence is None:
        raise Outdated
    if not silence.open:
        raise Over
    if not checkins.press(tx, silence.id, ask.person.id, ask.now, caring=caring):
        return []
    if caring:
        checkins.note_repeated(tx, silence.id)
    return _everybody_sees(tx, silence, ask.now)


def _everybody_sees(tx: Tx, silence: Silence, now: datetime) -> list[Outgoing]:
    """Change the alarm in place wherever it stands. One circle does not learn who is in another."""
    found = _concerned(tx, silence)
    if found is None:
        return []
    person, one = found
    readers = checkins.readers_of(tx, silence.id)
    states = outbox.states_of(tx, alarm.topic(silence.id), Lane.DANGER)
    near = deadlines.near(tx, person.id)
    changes = []
    for reader in readers:
        if states.get(reader.person) is not Letter.DELIVERED:
            continue
        mine = near.get(reader.person, set())
        shown = [r for r in readers if r.answered and (r.person == reader.person or near.get(r.person, set()) & mine)]
        changes.append(_letter_to(tx, person, one, reader.person, reader.circle, now, shown, edit=True))
    return changes


def _concerned(tx: Tx, silence: Silence) -> tuple[Person, Deadline] | None:
    person, one = people.find(tx, silence.person), deadlines.by_alarm(tx, silence.id)
    return None if person is None or one is None else (person, one)


def _attend(tx: Tx, silence: Silence, now: datetime) -> list[Outgoing]:
    """Repeat an alarm once to whoever has not answered, and show it anew when others tell news of the person."""
    found = _concerned(tx, silence)
    if found is None:
        checkins.close_alarm(tx, silence.id, now)
        return []
    person, one = found
    readers = checkins.readers_of(tx, silence.id)
    call = Alarm(silence.id, silence.person, None, silence.opened_at, silence.repeat_at)
    if needs_repeat(call, readers, now):
        checkins.note_repeated(tx, silence.id)
        last = {p.id for p in trustees.of(tx, person.id)} if one.stage is Stage.TRUSTEES else None
        quiet = [r for r in readers if not r.answered and (last is None or r.person in last)]
        return [_letter_to(tx, person, one, r.person, r.circle, now, again=True) for r in quiet]
    latest = checkins.latest(tx, person.id)
    offline = outages.over(tx, person.id, now)
    shown = f"{base36(latest.id) if latest else ''}/{base36(offline.id) if offline else ''}"
    if shown == silence.shown:
        return []
    checkins.note_shown(tx, silence.id, shown)
    return _everybody_sees(tx, silence, now)


def close(  # noqa: PLR0913 - an end has this many parts
    tx: Tx, which: int, person: Person, end: Line, now: datetime, *, hears: set[int] | None = None
) -> list[Outgoing]:
    """End an alarm: what has not left is withdrawn; where it may have arrived, it is changed and the end is told.

    Whoever `hears` the same as news is not told it twice.
    """
    where = alarm.topic(which)
    states = outbox.states_of(tx, where, Lane.DANGER)
    readers = {r.person for r in checkins.readers_of(tx, which)}
    got = [who for who in outbox.perhaps_got(tx, where, Lane.DANGER) if who in readers]
    outbox.withdraw(tx, where, Lane.DANGER, now)
    checkins.close_alarm(tx, which, now)
    over = Page((end, _("This alarm is over.")))
    changes = [
        Outgoing(who, over, lane=Lane.REPLY, topic=where, edit=True, silent=True, about=person.id)
        for who in got
        if states.get(who) is Letter.DELIVERED
    ]
    ends = [Outgoing(who, end, lane=Lane.DANGER, about=person.id) for who in got if who not in (hears or ())]
    return [*ends, *changes]


def end_of(tx: Tx, person: Person, now: datetime) -> list[Outgoing]:
    """A person wishes to be forgotten: whoever got an alarm about them is told plainly that nobody knows more."""
    end = _(
        "Whoever was silent here has erased their data from Payvand. I do not know how they are. Please reach them "
        "another way."
    )
    letters: list[Outgoing] = []
    for one in deadlines.of(tx, person.id):
        if one.alarm is not None:
            letters += close(tx, one.alarm, person, end, now)
    return [replace(letter, about=None) for letter in letters]
