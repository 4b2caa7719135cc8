"""“I need help”: it goes out at once, is answered by name, is repeated once, and is closed for everyone who got it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.alarm import (
    NOTICES,
    OPEN_FOR,
    REPEAT_AFTER,
    Alarm,
    Reader,
    can_call_again,
    needs_repeat,
)
from bot.domain.checkin import HEARSAY, NOTE_LENGTH, News, State, when_true
from bot.domain.conversation import Ago, Choice, Lane, Line, Outgoing, Page, Value
from bot.domain.people import Person
from bot.domain.refusals import NoCircle, Outdated, Over
from bot.i18n import _, clean, ngettext, pgettext
from handlers import words
from handlers.ask import Ask, back, button, expect
from handlers.family import asking, checkin
from handlers.home import HELP, with_menu
from storage import checkins, circles, outbox, people
from storage.database import Tx
from storage.outbox import State as Letter

SEEN = pgettext("button", "👁 I have seen it")
CARING = pgettext("button-wide", "🤝 I am taking care of it")
SAFE_NOW = pgettext("button", "✅ I am safe now")
SAFE_AGAIN = pgettext("button-wide", "✅ They are safe now")
MOST_NAMED = 15  # names in one line; the others are counted


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
    if already is not None and not can_call_again(already, ask.now):
        more = _beside(ask)
        letters = _added(ask, tx, already, more) if more else []
        return [_view(tx, already, ask.now, ask=ask), *letters]  # a second tap on the same need
    told = circles.told_by(tx, ask.person.id)
    if not told:
        return [_whom_to_call(ask, tx)]
    replaced = [] if already is None else _replaced(tx, already, ask.now)  # an old call must never swallow a new one
    me = ask.person
    news = News(tx.new_id(), me.id, me.id, State.HELP, when_true(ask.said_at, ask.now), ask.now, note=_beside(ask))
    checkins.add(tx, news, told)
    hearers = checkin.hearers(tx, told, me.id)
    alarm = Alarm(tx.new_id(), me.id, news.id, ask.now, ask.now + REPEAT_AFTER)
    checkins.open_alarm(tx, alarm, [(who, which) for who, (_p, which) in hearers.items()])
    readers = checkins.readers_of(tx, alarm.id)
    text = _letter(me, me, news, readers)
    letters = [_to_reader(alarm, who, text, circle=which) for who, (_p, which) in hearers.items()]
    view = _view(tx, alarm, ask.now, ask=ask, readers=readers)
    return [view, *letters, *replaced, *asking.answered(tx, ask, told)]


def _beside(ask: Ask) -> str:
    """What stands behind `/sos`: the details of the call, as far as a note goes. No call is refused for its length."""
    words = " ".join(clean(ask.words).split())
    return words.partition(" ")[2][:NOTE_LENGTH].rstrip() if words.startswith(("/", "!")) else ""


def call_for(  # noqa: PLR0913 - a call has this many parts
    ask: Ask, tx: Tx, whom: Person, news: News, told: list[int], *, known: bool = True
) -> list[Outgoing]:
    """Call for help for somebody else: the same call, whose end and details are the teller's. `news` is stored.

    Whom it is about does not get it: they know, or somebody else holds their phone. A caller who is not `known` to
    those who are called stays unnamed, and is shown nothing of them.
    """
    me = ask.person
    replaced = []
    for older in checkins.open_alarms_for(tx, me.id):  # a second word of the same need takes the place of the first
        if older.about == whom.id:
            replaced += _replaced(tx, older, ask.now)
    hearers = checkin.hearers(tx, told, me.id)
    hearers.pop(whom.id, None)
    alarm = Alarm(tx.new_id(), me.id, news.id, ask.now, ask.now + REPEAT_AFTER, about=whom.id)
    checkins.open_alarm(tx, alarm, [(who, which) for who, (_p, which) in hearers.items()])
    readers = checkins.readers_of(tx, alarm.id)
    text = _letter(whom, me if known else Person(me.id), news, readers)
    letters = [_to_reader(alarm, who, text, circle=which) for who, (_p, which) in hearers.items()]
    view = [_view(tx, alarm, ask.now, ask=ask, readers=readers)] if known else []
    return [*view, *letters, *replaced]


def _whom_to_call(ask: Ask, tx: Tx) -> Outgoing:
    """No circle hears this person yet: in danger one tap must be enough all the same. Raises NoCircle."""
    mine = circles.circles_of(tx, ask.person.id)
    if not mine:
        raise NoCircle
    rows = ([button(_call(one.name, number, ask), "help.in", one.id)] for number, one in enumerate(mine, 1))
    return ask.reply(_("Whom shall I call for help?"), *rows, [back()])


def _call(circle: str, number: int, ask: Ask) -> Line:
    if ask.unseeing:  # linked a short while ago: even the names of the circles are not shown here
        return pgettext("button-wide", "🆘 Call circle {number}", number=number)
    return pgettext("button-wide", "🆘 Call “{circle}”", circle=circle)


def call_in(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Call a circle that has not heard this person until now."""
    one = circles.one_of(tx, ask.person.id, ask.number())
    if one is None:
        raise Outdated
    circles.set_telling(tx, one.id, ask.person.id, tells=True)
    return call(ask, tx)


def _replaced(tx: Tx, alarm: Alarm, now: datetime) -> list[Outgoing]:
    """A new call takes the place of this one: wherever it stands it loses its buttons, without a sound."""
    states = outbox.states_of(tx, topic(alarm.id), Lane.DANGER)
    outbox.withdraw(tx, topic(alarm.id), Lane.DANGER, now)
    checkins.close_alarm(tx, alarm.id, now)
    closed = replace(alarm, closed_at=now, repeat_at=None)
    stands = [who for who, state in states.items() if state is Letter.DELIVERED]
    return [_change(closed, who, Page((_("A newer call has taken the place of this one."),))) for who in stands]


def _to_reader(alarm: Alarm, who: int, text: Page, *, edit: bool = False, circle: int | None = None) -> Outgoing:
    choices = ((button(SEEN, "seen", alarm.id),), (button(CARING, "caring", alarm.id),)) if alarm.open else ()
    where = topic(alarm.id)
    return Outgoing(
        who, text, choices=choices, lane=Lane.DANGER, topic=where, edit=edit, about=alarm.subject, circle=circle
    )


def _change(alarm: Alarm, who: int, text: Page, circle: int | None = None) -> Outgoing:
    """The call as it stands at a reader, changed in place without a sound: not if they leave its circle meanwhile."""
    return replace(_to_reader(alarm, who, text, edit=True, circle=circle), lane=Lane.REPLY, silent=True)


def _letter(whom: Person, caller: Person, news: News, readers: list[Reader], *, again: bool = False) -> Page:
    name = words.name_of(whom)
    own = whom.id == caller.id
    lines: list[Line | str] = [words.said(name, State.HELP) if own else words.told(name, State.HELP)]
    if again:
        lines.append(_("Nobody takes care of it yet."))
    lines += [*words.details(news), words.source(words.name_of(caller), news)]
    lines += roster(readers)
    return Page(tuple(lines))


def roster(readers: list[Reader]) -> list[Line]:
    """Who takes care of it, and who has seen it."""
    caring = [words.called(r.name) for r in readers if r.caring_at is not None]
    seen = [words.called(r.name) for r in readers if r.seen_at is not None and r.caring_at is None]
    lines = [_("🤝 Taking care: {name}", name=words.some(caring, MOST_NAMED))] if caring else []
    return lines + ([_("👁 Seen: {name}", name=words.some(seen, MOST_NAMED))] if seen else [])


def _reached(tx: Tx, alarm: Alarm, readers: list[Reader]) -> list[Reader]:
    """The readers with what became of the letters to them."""
    states = outbox.states_of(tx, topic(alarm.id), Lane.DANGER)

    def reached(reader: Reader) -> bool | None:
        state = states.get(reader.person)
        if reader.answered or state is Letter.DELIVERED:
            return True
        return None if state in (Letter.WAITING, Letter.FLYING) else False

    return [replace(reader, reached=reached(reader)) for reader in readers]


def _view(  # noqa: PLR0913 - one view, whoever asks for it
    tx: Tx,
    alarm: Alarm,
    now: datetime,
    *,
    ask: Ask | None = None,
    readers: list[Reader] | None = None,
    edit: bool = False,
) -> Outgoing:
    """The caller's view: how many were reached, who was not, who pressed what."""
    everybody = _reached(tx, alarm, checkins.readers_of(tx, alarm.id) if readers is None else readers)
    unseeing = ask is not None and ask.unseeing
    lines: list[Line | str] = [_("Your call for help: {ago}.", ago=Ago(alarm.opened_at))]
    if alarm.about is not None:
        whom = people.find(tx, alarm.about)
        name = words.called(whom.name if whom else "")
        lines = [_("Your call for help for {name}: {ago}.", name=name, ago=Ago(alarm.opened_at))]
    if not everybody:
        lines.append(_("Your circle is still empty: nobody can read this. Call somebody if you can."))
    elif readers is not None:  # posted in this same transaction: nothing has left yet
        lines.append(ngettext("It is on its way to {n} person.", "It is on its way to {n} people.", n=len(readers)))
    else:
        n = sum(r.reached is True for r in everybody)
        lines.append(_("Reached so far: {n} of {all}.", n=n, all=len(everybody)))
        missed = [words.called(r.name) for r in everybody if r.reached is False]
        if missed and not unseeing:
            lines.append(_("Not reached: {name}", name=words.some(missed, MOST_NAMED)))
        if len(missed) == len(everybody):
            lines.append(_("Nobody could be reached here. If you can, call somebody."))
    lines += [] if unseeing else roster(everybody)
    choices: tuple[tuple[Choice, ...], ...] = ()
    if alarm.open:
        choices = (
            (button(pgettext("button", "✏️ Add details"), "call.note", alarm.id),),
            *(((button(pgettext("button", "📍 Add the place"), "place", alarm.news),),) if alarm.news else ()),
            (button(SAFE_NOW if alarm.about is None else SAFE_AGAIN, "call.safe", alarm.id),),
            (button(pgettext("button", "↩️ It was a mistake"), "call.mistake", alarm.id),),
        )
        if everybody and alarm.about is None and can_call_again(alarm, now):
            choices += ((button(pgettext("button", "🆘 Call once more"), "help"),),)
        choices += ((back(),),)
    checkins.note_shown(tx, alarm.id, _fingerprint(everybody) if readers is None else _fingerprint(readers))
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
    if alarm is None:
        raise Outdated
    if not alarm.open:
        raise Over
    before = sum(r.answered for r in checkins.readers_of(tx, alarm.id))
    if not checkins.press(tx, alarm.id, ask.person.id, ask.now, caring=caring):
        return []
    if caring:
        checkins.note_repeated(tx, alarm.id)
    letters = _everybody_sees(tx, alarm, ask.now)
    name = words.name_of(ask.person)
    news = _("{name} is taking care of it.", name=name) if caring else _("{name} has seen your call.", name=name)
    # without a sound: the caller may be hiding, and a false relative must not be able to make their phone ring
    notice = [Outgoing(alarm.person, news, lane=Lane.DANGER, silent=True)] if caring or before < NOTICES else []
    return [*(notice if _is_known(tx, alarm) else ()), *letters]


def _everybody_sees(tx: Tx, alarm: Alarm, now: datetime) -> list[Outgoing]:
    """Change the call in place wherever it stands, so that it shows who pressed what."""
    told = _told(tx, alarm)
    if told is None:
        return []
    whom, caller, news = told
    readers = checkins.readers_of(tx, alarm.id)
    states = outbox.states_of(tx, topic(alarm.id), Lane.DANGER)
    stands = [one for one in readers if states.get(one.person) is Letter.DELIVERED]
    where = _circles(tx, alarm)
    changes = [
        _change(alarm, one.person, _letter(whom, caller, news, _near(readers, one.person, where)), one.circle or None)
        for one in stands
    ]
    return [*changes, *([_view(tx, alarm, now, edit=True)] if _is_known(tx, alarm) else ())]


def _near(readers: list[Reader], who: int, where: dict[int, set[int]]) -> list[Reader]:
    """The readers whom somebody may see: themselves, and who is in a circle with them that was called."""
    mine = where.get(who, set())
    return [r for r in readers if r.person == who or mine & where.get(r.person, set())]


def _told(tx: Tx, alarm: Alarm) -> tuple[Person, Person, News] | None:
    """Who needs help, who called, and with which news; None if one of them is gone."""
    news = None if alarm.news is None else checkins.news_by(tx, alarm.news, alarm.person)
    whom, caller = people.find(tx, alarm.subject), people.find(tx, alarm.person)
    if news is None or whom is None or caller is None:
        return None
    return whom, caller if _is_known(tx, alarm) else Person(caller.id), news


def _is_known(tx: Tx, alarm: Alarm) -> bool:
    """Whether whoever called is in a circle that was called. Who only typed a code learns nothing of who answers."""
    if alarm.about is None:
        return True
    inside = circles.members(tx, _circles_told(tx, alarm)).values()
    return any(one.id == alarm.person for members in inside for one in members)


def _circles(tx: Tx, alarm: Alarm) -> dict[int, set[int]]:
    """In which of the circles that were called each person is: one circle must not learn who is in another."""
    found: dict[int, set[int]] = {}
    for which, inside in circles.members(tx, _circles_told(tx, alarm)).items():
        for one in inside:
            found.setdefault(one.id, set()).add(which)
    return found


def _circles_told(tx: Tx, alarm: Alarm) -> list[int]:
    return [] if alarm.news is None else checkins.circles_told(tx, alarm.news)


# -- details -------------------------------------------------------------------------------------------------------


def note(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for details."""
    alarm = _mine(ask, tx)
    expect(ask, tx, "call.note", alarm=alarm.id)
    return ask.anew(_("Write what has happened and what you need. It goes out at once."), [back()])


def is_open(ask: Ask, tx: Tx) -> bool:
    """Whether the call is still open for which details were asked."""
    alarm = checkins.alarm_by(tx, int(ask.data["alarm"]), ask.person.id)
    return alarm is not None and alarm.open


def noted(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The details were written: they follow in the same lane."""
    alarm = checkins.alarm_by(tx, int(ask.data["alarm"]), ask.person.id)
    if alarm is None:
        raise Outdated
    if not alarm.open:
        raise Over
    written = ask.text(NOTE_LENGTH)
    people.end_dialogue(tx, ask.person.id)
    return [
        ask.anew(_("Sent."), [button(pgettext("button", "✏️ Add details"), "call.note", alarm.id)], [back()]),
        *_added(ask, tx, alarm, written),
    ]


def _added(ask: Ask, tx: Tx, alarm: Alarm, written: str) -> list[Outgoing]:
    """Details of a call, to those of its readers with whom the caller still shares the circle."""
    if alarm.news is not None:
        checkins.detail(tx, alarm.news, note=written)
    line = _("{name} adds: {note}", name=words.name_of(ask.person), note=written)
    mine = {one.id for one in circles.circles_of(tx, ask.person.id)}
    readers = [r for r in checkins.readers_of(tx, alarm.id) if r.circle in mine]
    return [Outgoing(r.person, line, lane=Lane.DANGER, about=ask.person.id, circle=r.circle) for r in readers]


def _mine(ask: Ask, tx: Tx) -> Alarm:
    alarm = checkins.alarm_by(tx, ask.number(), ask.person.id)
    if alarm is None:
        raise Outdated
    if not alarm.open:
        raise Over
    return alarm


# -- ending --------------------------------------------------------------------------------------------------------


def safe(ask: Ask, tx: Tx) -> list[Outgoing]:
    """“I am safe”: plain news, unless one's own call for help is open: then it is asked whether that is over.

    An old button pressed by mistake, or words (“alive”) of somebody who still needs help, must not end a call.
    """
    alarm = checkins.open_alarm_of(tx, ask.person.id)
    if alarm is None:
        return checkin.safe(ask, tx)
    text = _("Your call for help is open. Are you safe now? Then I tell everybody who got the call.")
    return [ask.anew(text, [button(SAFE_NOW, "call.safe", alarm.id)], [button(HELP, "help")])]


def safe_now(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The caller is safe: it closes the call, and is news for the circles."""
    alarm = _mine(ask, tx)
    if alarm.about is not None:
        return _safe_again(ask, tx, alarm, alarm.about)
    name = words.name_of(ask.person)
    end = _("<b>{name}</b>: I am safe now.", name=name)
    letters = _close(tx, alarm, end, ask.now)
    told = _circles_told(tx, alarm)
    news = News(tx.new_id(), ask.person.id, ask.person.id, State.SAFE, when_true(ask.said_at, ask.now), ask.now)
    checkins.add(tx, news, told)
    got = {letter.to for letter in letters}
    said = words.letter(name, news)
    hearers = checkin.hearers(tx, told, ask.person.id)
    rest = [Outgoing(who, said, lane=Lane.CHECKIN, about=ask.person.id) for who in hearers if who not in got]
    closed = with_menu(ask, _("Good. Everybody who got your call is told that you are safe now."))
    return [closed, *letters, *rest, *asking.answered(tx, ask, told)]


def _safe_again(ask: Ask, tx: Tx, alarm: Alarm, about: int) -> list[Outgoing]:
    """Whom somebody called for is safe, as the caller knows it: as they knew of the need, unless they say otherwise."""
    whom, told = people.find(tx, about), _circles_told(tx, alarm)
    before = None if alarm.news is None else checkins.news_by(tx, alarm.news, ask.person.id)
    if whom is None or before is None:
        raise Outdated
    name = words.name_of(whom)
    end = _("<b>{name}</b>: safe now, says {caller}.", name=name, caller=words.name_of(ask.person))
    letters = _close(tx, alarm, end, ask.now)
    at = when_true(ask.said_at, ask.now)
    news = News(tx.new_id(), about, ask.person.id, State.SAFE, at, ask.now, how=before.how)
    checkins.add(tx, news, told)
    got = {letter.to for letter in letters}
    text = words.letter(name, news, words.name_of(ask.person))
    hearers = checkin.hearers(tx, told, ask.person.id)
    rest = [Outgoing(who, text, lane=Lane.CHECKIN, about=about) for who in hearers if who not in got]
    return [with_menu(ask, _("Good. Everybody who got your call is told.")), *letters, *rest]


def answered_by(tx: Tx, news: News, teller: Value, near: Collection[int], now: datetime) -> list[Outgoing]:
    """Somebody tells that a person is safe for whom a call is open: it ends the teller's own call, and a nameless one.

    Another one's call they can't end: one false relative could silence it. Of a nameless one only those read who ended
    it that are `near`: in a circle with the teller that was told.
    """
    letters: list[Outgoing] = []
    whom = people.find(tx, news.person)
    if whom is None or news.how in HEARSAY:
        return letters
    for alarm in checkins.open_alarms_about(tx, news.person):
        if alarm.person == news.teller or not _is_known(tx, alarm):
            name, own = words.name_of(whom), alarm.person == news.teller and _is_known(tx, alarm)
            end = _("<b>{name}</b>: safe now, says {caller}.", name=name, caller=teller)
            nameless = _("<b>{name}</b>: safe now, says {caller}.", name=name, caller=words.called(""))
            far = set() if own else {one.person for one in checkins.readers_of(tx, alarm.id)} - {*near}
            letters += _close(tx, alarm, end, now, dict.fromkeys(far, nameless))
    return letters


def taken_back(tx: Tx, news: News, end: Line, now: datetime) -> list[Outgoing]:
    """Whoever told this news takes it back: the call for somebody else that rests on it is closed with this line."""
    calls = checkins.open_alarms_for(tx, news.teller or 0)
    return [letter for alarm in calls if alarm.news == news.id for letter in _close(tx, alarm, end, now)]


def mistake(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The call was a mistake: it is closed, and the circles know again what they knew before."""
    alarm = _mine(ask, tx)
    end = _("<b>{name}</b>: my call for help was a mistake.", name=words.name_of(ask.person))
    if alarm.about is not None:
        whom = people.find(tx, alarm.about)
        end = _(
            "{caller}: the call for help for {name} was a mistake.",
            caller=words.name_of(ask.person),
            name=words.called(whom.name if whom else ""),
        )
    letters = _close(tx, alarm, end, ask.now)
    told = None if alarm.news is None else checkins.news_by(tx, alarm.news, ask.person.id)
    if told is not None:
        checkins.retract(tx, told)
    return [with_menu(ask, _("Closed. Everybody who got your call is told that it was a mistake.")), *letters]


def end_call_of(tx: Tx, who: int, now: datetime) -> list[Outgoing]:
    """The caller wishes to be forgotten: whoever got the open call is told plainly that nobody knows more."""
    end = _(
        "Whoever called for help here has erased their data from Payvand. I do not know how they are. Please reach "
        "them another way."
    )
    own = checkins.open_alarm_of(tx, who)
    calls = [*([own] if own else []), *checkins.open_alarms_for(tx, who)]
    ended = [replace(one, about=None) for alarm in calls for one in _close(tx, alarm, end, now)]
    return [*ended, *end_calls_about(tx, who, now)]


def end_calls_about(tx: Tx, who: int, now: datetime) -> list[Outgoing]:
    """Somebody is erased for whom others have called: those, and whoever got the call, are told plainly."""
    end = _(
        "The person whom this call for help was about is erased in Payvand. I do not know how they are. Please reach "
        "them another way."
    )
    letters: list[Outgoing] = []
    for alarm in checkins.open_alarms_about(tx, who):
        if alarm.person != who and _is_known(tx, alarm):
            letters.append(Outgoing(alarm.person, end, lane=Lane.DANGER))
        letters += [replace(one, about=None) for one in _close(tx, alarm, end, now)]
    return letters


def still_open(tx: Tx, caller: int, which: int, line: Line) -> list[Outgoing]:
    """Somebody with an open call leaves a circle, or is removed: its readers there are told that the call stands."""
    alarm = checkins.open_alarm_of(tx, caller)
    if alarm is None:
        return []
    over = _("Their call for help is not closed.")
    readers = [r.person for r in checkins.readers_of(tx, alarm.id) if r.circle == which]
    return [Outgoing(who, Page((line, over)), lane=Lane.DANGER) for who in readers]


def _close(
    tx: Tx, alarm: Alarm, end: Line, now: datetime, otherwise: Mapping[int, Line] | None = None
) -> list[Outgoing]:
    """Close a call: what has not left is withdrawn; where it may have arrived, it is changed and the end is told.

    `otherwise` is what some readers are told in place of `end`.
    """
    states = outbox.states_of(tx, topic(alarm.id), Lane.DANGER)
    readers = {r.person for r in checkins.readers_of(tx, alarm.id)}  # who was removed meanwhile learns nothing more
    got = [who for who in outbox.perhaps_got(tx, topic(alarm.id), Lane.DANGER) if who in readers]
    outbox.withdraw(tx, topic(alarm.id), Lane.DANGER, now)
    checkins.close_alarm(tx, alarm.id, now)
    closed = replace(alarm, closed_at=now, repeat_at=None)
    ends = {who: (otherwise or {}).get(who, end) for who in got}
    over = _("This call is over.")
    changes = [_change(closed, who, Page((ends[who], over))) for who in got if states.get(who) is Letter.DELIVERED]
    return [*(Outgoing(who, ends[who], lane=Lane.DANGER, about=alarm.subject) for who in got), *changes]


# -- as time passes ------------------------------------------------------------------------------------------------


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """For every open call: repeat it once if nobody takes care of it, and keep the caller's counts true."""
    letters: list[Outgoing] = []
    for alarm, shown in checkins.open_alarms(tx):
        if now - alarm.opened_at > OPEN_FOR:
            checkins.close_alarm(tx, alarm.id, now)
            continue
        readers = checkins.readers_of(tx, alarm.id)
        if needs_repeat(alarm, readers, now):
            letters += _repeat(tx, alarm, readers, now)
            continue
        if not _is_known(tx, alarm):
            continue
        everybody = _reached(tx, alarm, readers)
        if _fingerprint(everybody) != shown:
            nobody = all(r.reached is False for r in everybody)
            letters.append(_view(tx, alarm, now, edit=not nobody))  # that nobody was reached must not be overlooked
    return letters


def _repeat(tx: Tx, alarm: Alarm, readers: list[Reader], now: datetime) -> list[Outgoing]:
    checkins.note_repeated(tx, alarm.id)
    told = _told(tx, alarm)
    if told is None:
        return []
    whom, caller, news = told
    silent = [r for r in readers if not r.answered]
    if len(silent) == len(readers):
        plainly = _("Nobody has answered in ten minutes. I have sent it once more. If you can, call somebody.")
    else:
        plainly = _(
            "For ten minutes nobody has said that they take care of it. I have sent it once more to those who have "
            "not answered. If you can, call somebody."
        )
    where = _circles(tx, alarm)
    letters = []
    for reader in silent:
        text = _letter(whom, caller, news, _near(readers, reader.person, where), again=True)
        letters.append(_to_reader(alarm, reader.person, text, circle=reader.circle))
    if _is_known(tx, alarm):
        letters += [Outgoing(alarm.person, plainly, lane=Lane.DANGER), _view(tx, alarm, now, edit=True)]
    return letters
