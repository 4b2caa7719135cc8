"""“I need help”: it goes out at once, is answered by name, is repeated once, and is closed for everyone who got it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.alarm import OPEN_FOR, REPEAT_AFTER, Alarm, Reader, needs_repeat
from bot.domain.checkin import NOTE_LENGTH, News, State, when_true
from bot.domain.conversation import Ago, Choice, Lane, Line, Outgoing, Page, Value
from bot.domain.refusals import Outdated
from bot.i18n import _, ngettext, pgettext
from handlers import asking, checkin, words
from handlers.ask import Ask, back, button, expect
from handlers.home import with_menu
from storage import checkins, circles, outbox, people
from storage.database import Tx
from storage.outbox import State as Letter

SEEN = pgettext("button", "👁 I have seen it")
CARING = pgettext("button-wide", "🤝 I am taking care of it")


def topic(which: int) -> str:
    """What the letters of one call for help are about."""
    return f"alarm:{which}"


def caller_topic(which: int) -> str:
    """The caller's own view of their call."""
    return f"call:{which}"


# -- calling -------------------------------------------------------------------------------------------------------


def call(ask: Ask, tx: Tx) -> list[Outgoing]:
    """One tap: it goes out now; details can follow."""
    already = checkins.open_alarm_of(tx, ask.person.id)
    if already is not None and ask.now - already.opened_at < REPEAT_AFTER:
        return [_view(tx, already, ask=ask)]  # a second tap on the same need
    if already is not None:  # an older call that nobody closed must never swallow a new one
        checkins.close_alarm(tx, already.id, ask.now)
    told = checkin.told_circles(ask, tx)
    me = ask.person
    news = News(tx.new_id(), me.id, me.id, State.HELP, when_true(ask.said_at, ask.now), ask.now)
    checkins.add(tx, news, told)
    hearers = checkin.hearers(tx, told, me.id)
    alarm = Alarm(tx.new_id(), me.id, news.id, ask.now, ask.now + REPEAT_AFTER)
    checkins.open_alarm(tx, alarm, [(who, which) for who, (_p, which) in hearers.items()])
    readers = checkins.readers_of(tx, alarm.id)
    text = _letter(words.name_of(me), news, readers)
    letters = [_to_reader(alarm, who, text) for who in hearers]
    return [_view(tx, alarm, ask=ask, readers=readers), *letters, *asking.answered(tx, ask, told)]


def _to_reader(alarm: Alarm, who: int, text: Page, *, edit: bool = False) -> Outgoing:
    choices = ((button(SEEN, "seen", alarm.id),), (button(CARING, "caring", alarm.id),)) if alarm.open else ()
    return Outgoing(who, text, choices=choices, lane=Lane.DANGER, topic=topic(alarm.id), edit=edit)


def _letter(name: Value, news: News, readers: list[Reader], *, again: bool = False) -> Page:
    lines: list[Line | str] = [words.said(name, State.HELP)]
    if again:
        lines.append(_("Nobody has answered yet."))
    lines += [*words.details(news), words.source(name, news)]
    lines += _roster(readers)
    return Page(tuple(lines))


def _roster(readers: list[Reader]) -> list[Line]:
    caring = [words.called(r.name) for r in readers if r.caring_at is not None]
    seen = [words.called(r.name) for r in readers if r.seen_at is not None and r.caring_at is None]
    lines = [_("🤝 Taking care: {name}", name=name) for name in caring]
    return lines + [_("👁 Seen: {name}", name=name) for name in seen]


def _reached(tx: Tx, alarm: Alarm, readers: list[Reader]) -> list[Reader]:
    """The readers with what became of the letters to them."""
    states = outbox.states_of(tx, topic(alarm.id), Lane.DANGER)

    def reached(reader: Reader) -> bool | None:
        state = states.get(reader.person)
        if reader.answered or state is Letter.DELIVERED:
            return True
        return None if state in (Letter.WAITING, Letter.FLYING) else False

    return [replace(reader, reached=reached(reader)) for reader in readers]


def _view(
    tx: Tx, alarm: Alarm, *, ask: Ask | None = None, readers: list[Reader] | None = None, edit: bool = False
) -> Outgoing:
    """The caller's view: how many were reached, who was not, who pressed what."""
    everybody = _reached(tx, alarm, checkins.readers_of(tx, alarm.id) if readers is None else readers)
    lines: list[Line | str] = [_("Your call for help: {ago}.", ago=Ago(alarm.opened_at))]
    if readers is not None:  # posted in this same transaction: nothing has left yet
        lines.append(ngettext("It is on its way to {n} person.", "It is on its way to {n} people.", n=len(readers)))
    else:
        n = sum(r.reached is True for r in everybody)
        lines.append(
            ngettext(
                "It has reached {n} of {all} person.", "It has reached {n} of {all} people.", n=n, all=len(everybody)
            )
        )
        lines += [_("Not reached: {name}", name=words.called(r.name)) for r in everybody if r.reached is False]
    if not everybody:
        lines.append(_("Your circle is still empty: nobody can read this. Call somebody if you can."))
    lines += _roster(everybody)
    choices: tuple[tuple[Choice, ...], ...] = ()
    if alarm.open:
        choices = (
            (button(pgettext("button", "✏️ Add details"), "call.note", alarm.id),),
            (button(pgettext("button", "📍 Add the place"), "place", alarm.news),),
            (button(pgettext("button", "✅ I am safe now"), "call.safe", alarm.id),),
            (button(pgettext("button", "↩️ It was a mistake"), "call.mistake", alarm.id),),
        )
    checkins.note_shown(tx, alarm.id, _fingerprint(everybody))
    text = Page(tuple(lines))
    if ask is not None:
        return ask.reply(text, *choices, topic=caller_topic(alarm.id), lane=Lane.DANGER)
    where = caller_topic(alarm.id)
    return Outgoing(alarm.person, text, choices=choices, lane=Lane.DANGER, topic=where, edit=edit, silent=edit)


def _fingerprint(readers: list[Reader]) -> str:
    counts = [sum(r.reached is how for r in readers) for how in (True, False)]
    return "/".join(map(str, counts))


# -- pressing ------------------------------------------------------------------------------------------------------


def seen(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A reader has seen it."""
    return _pressed(ask, tx, caring=False)


def caring(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A reader takes care of it."""
    return _pressed(ask, tx, caring=True)


def _pressed(ask: Ask, tx: Tx, *, caring: bool) -> list[Outgoing]:
    alarm = checkins.alarm_for(tx, ask.number(), ask.person.id)
    if alarm is None or not alarm.open:
        raise Outdated
    if not checkins.press(tx, alarm.id, ask.person.id, ask.now, caring=caring):
        return []
    checkins.note_repeated(tx, alarm.id)
    letters = _everybody_sees(tx, alarm)
    name = words.name_of(ask.person)
    news = _("{name} is taking care of it.", name=name) if caring else _("{name} has seen your call.", name=name)
    return [Outgoing(alarm.person, news, lane=Lane.DANGER), *letters]


def _everybody_sees(tx: Tx, alarm: Alarm) -> list[Outgoing]:
    """Change the call in place wherever it stands, so that it shows who pressed what."""
    news = checkins.news_by(tx, alarm.news, alarm.person)
    caller = people.find(tx, alarm.person)
    if news is None or caller is None:
        return []
    readers = checkins.readers_of(tx, alarm.id)
    states = outbox.states_of(tx, topic(alarm.id), Lane.DANGER)
    stands = [r.person for r in readers if states.get(r.person) is Letter.DELIVERED]
    where = _circles(tx, alarm)
    pressed = [(r, where.get(r.person, set())) for r in readers if r.answered]
    changes = []
    for who in stands:
        near = [r for r, theirs in pressed if r.person == who or theirs & where.get(who, set())]
        text = _letter(words.name_of(caller), news, near)
        changes.append(replace(_to_reader(alarm, who, text, edit=True), lane=Lane.REPLY))
    return [*changes, _view(tx, alarm, edit=True)]


def _circles(tx: Tx, alarm: Alarm) -> dict[int, set[int]]:
    """In which of the circles that were called each person is: one circle must not learn who is in another."""
    found: dict[int, set[int]] = {}
    for which, inside in circles.members(tx, checkins.circles_told(tx, alarm.news)).items():
        for one in inside:
            found.setdefault(one.id, set()).add(which)
    return found


# -- details -------------------------------------------------------------------------------------------------------


def note(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for details."""
    alarm = _mine(ask, tx)
    expect(ask, tx, "call.note", alarm=alarm.id)
    return ask.anew(_("Write what has happened and what you need. It goes out at once."), [back()])


def noted(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The details were written: they follow in the same lane."""
    alarm = checkins.alarm_by(tx, int(ask.data["alarm"]), ask.person.id)
    if alarm is None or not alarm.open:
        raise Outdated
    written = ask.text(NOTE_LENGTH)
    people.end_dialogue(tx, ask.person.id)
    checkins.detail(tx, alarm.news, note=written)
    line = _("{name} adds: {note}", name=words.name_of(ask.person), note=written)
    readers = checkins.readers_of(tx, alarm.id)
    return [ask.anew(_("Sent.")), *(Outgoing(r.person, line, lane=Lane.DANGER) for r in readers)]


def _mine(ask: Ask, tx: Tx) -> Alarm:
    alarm = checkins.alarm_by(tx, ask.number(), ask.person.id)
    if alarm is None or not alarm.open:
        raise Outdated
    return alarm


# -- ending --------------------------------------------------------------------------------------------------------


def safe_now(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The caller is safe: it closes the call, and is news for the circles."""
    alarm = _mine(ask, tx)
    name = words.name_of(ask.person)
    end = _("<b>{name}</b>: I am safe now.", name=name)
    letters = _close(ask, tx, alarm, end)
    told = checkins.circles_told(tx, alarm.news)
    news = News(tx.new_id(), ask.person.id, ask.person.id, State.SAFE, when_true(ask.said_at, ask.now), ask.now)
    checkins.add(tx, news, told)
    got = {letter.to for letter in letters}
    said = words.letter(name, news)
    hearers = checkin.hearers(tx, told, ask.person.id)
    rest = [Outgoing(who, said, lane=Lane.CHECKIN) for who in hearers if who not in got]
    return [with_menu(ask, _("Good. Everybody who got your call is told that you are safe now.")), *letters, *rest]


def mistake(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The call was a mistake: it is closed, and the circles know again what they knew before."""
    alarm = _mine(ask, tx)
    end = _("<b>{name}</b>: my call for help was a mistake.", name=words.name_of(ask.person))
    letters = _close(ask, tx, alarm, end)
    told = checkins.news_by(tx, alarm.news, ask.person.id)
    if told is not None:
        checkins.retract(tx, told)
    return [with_menu(ask, _("Closed. Everybody who got your call is told that it was a mistake.")), *letters]


def _close(ask: Ask, tx: Tx, alarm: Alarm, end: Line) -> list[Outgoing]:
    """Close a call: what has not left is withdrawn; where it may have arrived, it is changed and the end is told."""
    outbox.withdraw(tx, topic(alarm.id), Lane.DANGER, ask.now)
    states = outbox.states_of(tx, topic(alarm.id), Lane.DANGER)
    checkins.close_alarm(tx, alarm.id, ask.now)
    closed = replace(alarm, closed_at=ask.now, repeat_at=None)
    got = [who for who, state in states.items() if state in (Letter.DELIVERED, Letter.FLYING, Letter.UNKNOWN)]
    over = Page((end, _("This call is over.")))
    stands = [who for who in got if states[who] is Letter.DELIVERED]
    changes = [replace(_to_reader(closed, who, over, edit=True), lane=Lane.REPLY, silent=True) for who in stands]
    return [*(Outgoing(who, end, lane=Lane.DANGER) for who in got), *changes]


# -- as time passes ------------------------------------------------------------------------------------------------


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """For every open call: repeat it once if nobody has pressed anything, and keep the caller's counts true."""
    letters: list[Outgoing] = []
    for alarm, shown in checkins.open_alarms(tx):
        if now - alarm.opened_at > OPEN_FOR:
            checkins.close_alarm(tx, alarm.id, now)
            continue
        readers = checkins.readers_of(tx, alarm.id)
        if needs_repeat(alarm, readers, now):
            letters += _repeat(tx, alarm, readers)
        elif _fingerprint(_reached(tx, alarm, readers)) != shown:
            letters.append(_view(tx, alarm, edit=True))
    return letters


def _repeat(tx: Tx, alarm: Alarm, readers: list[Reader]) -> list[Outgoing]:
    checkins.note_repeated(tx, alarm.id)
    news = checkins.news_by(tx, alarm.news, alarm.person)
    caller = people.find(tx, alarm.person)
    if news is None or caller is None:
        return []
    text = _letter(words.name_of(caller), news, readers, again=True)
    plainly = _("Nobody has answered in ten minutes. I have sent it once more. If you can, call somebody.")
    return [
        *(_to_reader(alarm, r.person, text) for r in readers),
        Outgoing(alarm.person, plainly, lane=Lane.DANGER),
        _view(tx, alarm, edit=True),
    ]
