"""Check-ins with a deadline: set, put off and stopped. What follows when one passes is in `overdue.py`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.domain.checkin import NOTE_LENGTH
from bot.domain.conversation import Choice, Line, On, Outgoing, Page, Span, Value
from bot.domain.deadline import (
    EVERY,
    GRACES,
    HOURS,
    MOST,
    SOONEST,
    Deadline,
    Kind,
    Rhythm,
    at_local,
    first_look,
    next_due,
    postponed,
    read_rhythm,
    read_time,
    second_grace,
)
from bot.domain.people import HOME, Person
from bot.domain.phrases import number_in
from bot.domain.refusals import (
    Muted,
    NoCircle,
    NotATime,
    Outdated,
    PostponedEnough,
    TimeOver,
    TooManyDeadlines,
)
from bot.i18n import _, ngettext, npgettext, pgettext
from handlers import home, words
from handlers.ask import Ask, back, base36, button, expect
from handlers.family import checkin, overdue, trustee
from handlers.home import with_menu
from handlers.start import ZONES, clock
from storage import circles, deadlines, people, trustees
from storage.database import Tx

MINUTE = timedelta(minutes=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = (6, 7, 8, 9, 12, 15, 18, 19, 20, 21, 22, 23)
BY_CLOCK = frozenset({"d", "w", "o"})  # the rhythms for which a time of day is asked
DAYS = (0, 1, 2, 3, 4, 5, 6, 7, 10, 14)  # ahead


# -- what there is -------------------------------------------------------------------------------------------------


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """A person's deadlines, and what they are for."""
    mine = deadlines.of(tx, ask.person.id)
    lines: list[Line | str] = [
        _("<b>Regular check-in</b>"),
        _("You say until when you will tell that you are well. If the time passes in silence, I tell your people."),
    ]
    if mine:
        lines.append(_("Choose one:"))
    new = [button(pgettext("button", "➕ New check-in"), "late.new", 0)]
    return ask.reply(Page(tuple(lines)), *([_open(one)] for one in mine), new, [back("ready")])


def _open(one: Deadline) -> Choice:
    when = On(one.due_at, one.zone or HOME)
    return button(pgettext("button-wide", "⏰ {when}", when=when), "late.one", one.id)


def _mine(ask: Ask, tx: Tx, which: int | None = None) -> Deadline:
    one = deadlines.one_of(tx, ask.person.id, ask.number() if which is None else which)
    if one is None:
        raise Outdated
    return one


def show(ask: Ask, tx: Tx) -> Outgoing:
    """One deadline: what will happen, and when."""
    return _page(ask, tx, _mine(ask, tx), [])


def _page(ask: Ask, tx: Tx, one: Deadline, before: list[Line | str]) -> Outgoing:
    lines: list[Line | str] = [*before, *_plan(tx, ask.person, one)]
    if one.note:
        lines.append(_("Your words for those whom I tell: {note}", note=one.note))
    rows = [
        [button(overdue.LATER, "late.later", one.id), button(pgettext("button", "⏹ Stop"), "late.stop", one.id)],
        [
            button(pgettext("button", "✏️ My words"), "late.note", one.id),
            button(pgettext("button", "🔁 Change"), "late.new", one.id),
        ],
    ]
    if not trustees.of(tx, ask.person.id):
        rows.append([button(home.TELL, "trust")])
    return ask.reply(Page(tuple(lines)), *rows, [back("late")])


def _plan(tx: Tx, person: Person, one: Deadline) -> list[Line]:
    """What was agreed, step by step, in words."""
    zone = one.zone or HOME
    hearers = checkin.hearers(tx, circles.told_by(tx, person.id), person.id)
    chosen = trustees.of(tx, person.id)
    second = Span(second_grace(one.grace))
    lines = [_rhythm(one.rhythm, one.due_at, zone)]
    if one.rhythm.kind is not Kind.ONCE:
        lines.append(_("The next time: {when}.", when=On(one.due_at, zone)))
    if one.rhythm.kind is Kind.EVERY and person.quiet_from is not None:
        lines.append(_("In your quiet hours I do not wait: the time is over when they end."))
    lines.append(_("1. I remind you shortly before."))
    lines.append(_("2. When the time is over, I ask you aloud, on each of your accounts."))
    lines.append(
        ngettext(
            "3. If I hear nothing for {span} more, I tell your circles: {n} person.",
            "3. If I hear nothing for {span} more, I tell your circles: {n} people.",
            n=len(hearers),
            span=Span(one.grace),
        )
    )
    if chosen:
        lines.append(_("4. Then, after {span}: {people}.", span=second, people=words.names(chosen)))
    if one.pauses:
        lines.append(_("If your district is declared offline, I tell nobody until the network is back."))
    else:
        lines.append(_("If your district is declared offline, I tell them all the same, and say that it is offline."))
    lines.append(_("Any news of yours ends it, from any of your accounts. “Later 3” puts it off by three hours."))
    return lines


def _rhythm(rhythm: Rhythm, due_at: datetime, zone: str) -> Line:
    time = clock(rhythm.minute)
    match rhythm.kind:
        case Kind.ONCE:
            return _("I wait for your word once, until: {when}.", when=On(due_at, zone))
        case Kind.EVERY:
            return ngettext(
                "After each word of yours I wait {n} hour for the next one.",
                "After each word of yours I wait {n} hours for the next one.",
                n=rhythm.hours,
            )
        case Kind.DAILY:
            return _("I wait for your word every day until {time} ({zone}).", time=time, zone=_place(zone))
        case Kind.WEEKLY:
            return _(
                "I wait for your word every week: {day} until {time} ({zone}).",
                day=_weekdays()[rhythm.weekday],
                time=time,
                zone=_place(zone),
            )


def _place(zone: str) -> Value:
    return next((where for name, where in ZONES if name == zone), zone)


def _weekdays() -> tuple[Line, ...]:
    return (
        pgettext("noun", "Monday"),
        pgettext("noun", "Tuesday"),
        pgettext("noun", "Wednesday"),
        pgettext("noun", "Thursday"),
        pgettext("noun", "Friday"),
        pgettext("noun", "Saturday"),
        pgettext("noun", "Sunday"),
    )


# -- setting one: one question after the other ---------------------------------------------------------------------
#
# What was answered so far stands in the buttons: first the deadline that the new one replaces (or 0), then the rhythm.


def new(ask: Ask, tx: Tx) -> Outgoing:
    """Ask how often."""
    old = _replaces(ask, tx)
    if not old and len(deadlines.of(tx, ask.person.id)) >= MOST:
        raise TooManyDeadlines(MOST)
    _somebody_hears(ask, tx)
    hours = [
        button(npgettext("button", "Every {n} hour", "Every {n} hours", n=n), "late.kind", old, f"e{n}") for n in EVERY
    ]
    return ask.reply(
        _("How often shall I wait for your word?"),
        [button(pgettext("button", "Every day"), "late.kind", old, "d")],
        [button(pgettext("button", "Every week"), "late.kind", old, "w")],
        [button(pgettext("button", "Once, for a journey"), "late.kind", old, "o")],
        hours[:2],
        hours[2:4],
        hours[4:],
        [back("late.one", old) if old else back("late")],
    )


def _replaces(ask: Ask, tx: Tx) -> int:
    old = ask.number()
    if old:
        _mine(ask, tx, old)
    return old


def _somebody_hears(ask: Ask, tx: Tx) -> None:
    if not circles.told_by(tx, ask.person.id) and not trustees.of(tx, ask.person.id):
        raise Muted if circles.circles_of(tx, ask.person.id) else NoCircle


def _arg(ask: Ask, index: int) -> str:
    if len(ask.args) <= index:
        raise Outdated
    return ask.args[index]


def kind(ask: Ask, tx: Tx) -> Outgoing:
    """The rhythm was chosen: by which clock, if that is not known; then what time."""
    old, chosen = _replaces(ask, tx), _arg(ask, 1)
    if chosen.startswith("e"):
        return _grace(ask, old, chosen)
    if chosen not in BY_CLOCK:
        raise Outdated
    if ask.person.zone:
        return _day_or_time(ask, tx, old, chosen)
    rows = (
        [
            button(
                pgettext("button-wide", "{time} – {zone}", time=clock(_minute_of(ask.now, zone)), zone=where),
                "late.zone",
                old,
                chosen,
                number,
            )
        ]
        for number, (zone, where) in enumerate(ZONES)
    )
    return ask.reply(_("What does your clock show now?"), *rows, [back("late.new", old)])


def _minute_of(now: datetime, zone: str) -> int:
    midnight = at_local(0, 0, zone, now)
    return (now - midnight) // MINUTE % (24 * 60)


def zone(ask: Ask, tx: Tx) -> Outgoing:
    """The person's clock is known."""
    old, chosen, number = _replaces(ask, tx), _arg(ask, 1), ask.number(2)
    if number >= len(ZONES) or chosen not in BY_CLOCK:
        raise Outdated
    people.change(tx, ask.person.id, zone=ZONES[number][0])
    return _day_or_time(ask, tx, old, chosen)


def _day_or_time(ask: Ask, tx: Tx, old: int, chosen: str) -> Outgoing:
    if chosen == "d":
        return _time(ask, tx, old, "d")
    if chosen == "w":
        rows = [[button(_wide(day), "late.day", old, f"w{n}")] for n, day in enumerate(_weekdays())]
        return ask.reply(_("On which day?"), *rows, [back("late.new", old)])
    made = [button(_ahead(n), "late.day", old, f"o{n}") for n in DAYS]
    rows = [made[n : n + 2] for n in range(0, len(made), 2)]
    return ask.reply(_("On which day do you want to be back, or tell how you are?"), *rows, [back("late.new", old)])


def _wide(day: Line) -> Line:
    return pgettext("button-wide", "{day}", day=day)


def _ahead(days: int) -> Line:
    if days == 0:
        return pgettext("button", "Today")
    if days == 1:
        return pgettext("button", "Tomorrow")
    return npgettext("button", "In {n} day", "In {n} days", n=days)


def day(ask: Ask, tx: Tx) -> Outgoing:
    """The day was chosen."""
    old, chosen = _replaces(ask, tx), _arg(ask, 1)
    if chosen[:1] not in {"w", "o"} or not chosen[1:].isdecimal():
        raise Outdated
    return _time(ask, tx, old, chosen)


def _time(ask: Ask, tx: Tx, old: int, chosen: str) -> Outgoing:
    expect(ask, tx, "late.time", old=old, chosen=chosen)
    made = [button(pgettext("button", "{time}", time=clock(h * 60)), "late.time", old, chosen, h * 60) for h in TIMES]
    return ask.reply(
        _("Until what time? Press it, or write it, for example 18:30."),
        *(made[n : n + 4] for n in range(0, len(made), 4)),
        [back("late.new", old)],
    )


def time(ask: Ask, tx: Tx) -> Outgoing:
    """The time was pressed."""
    return _timed(ask, tx, _replaces(ask, tx), _arg(ask, 1), ask.number(2))


def time_typed(ask: Ask, tx: Tx) -> Outgoing:
    """The time was written."""
    minute = read_time(ask.text(20))
    if minute is None:
        raise NotATime
    return _timed(ask, tx, int(ask.data["old"]), str(ask.data["chosen"]), minute)


def _timed(ask: Ask, tx: Tx, old: int, chosen: str, minute: int) -> Outgoing:
    if not 0 <= minute < 24 * 60:
        raise Outdated
    if chosen.startswith("o"):
        due_at = at_local(_days(chosen[1:]), minute, ask.person.zone or HOME, ask.now)
        token = "o" + base36((due_at - EPOCH) // MINUTE)
    else:
        token = f"{chosen}.{minute}" if chosen.startswith("w") else f"{chosen}{minute}"
    _read(ask, token)
    people.end_dialogue(tx, ask.person.id)
    return _grace(ask, old, token)


def _days(text: str) -> int:
    if not text.isdecimal() or int(text) not in DAYS:
        raise Outdated
    return int(text)


def _read(ask: Ask, token: str) -> tuple[Rhythm, datetime]:
    """The rhythm in a button, and its first deadline. Raises Outdated, or TimeOver."""
    once = token.startswith("o")
    rhythm = read_rhythm("o" if once else token)
    if rhythm is None:
        raise Outdated
    if not once:
        return rhythm, next_due(rhythm, ask.person.zone or HOME, ask.now + SOONEST, ask.person)
    due_at = EPOCH + replace(ask, args=(token[1:],)).number() * MINUTE
    if due_at < ask.now + SOONEST:
        raise TimeOver
    return rhythm, due_at


def _grace(ask: Ask, old: int, token: str) -> Outgoing:
    _read(ask, token)
    rows = (
        [button(pgettext("button", "{span}", span=Span(one)), "late.grace", old, token, one // MINUTE)]
        for one in GRACES
    )
    return ask.reply(
        _("When the time is over, I first ask you. How long shall I then wait before I tell your circle?"),
        *rows,
        [back("late.new", old)],
    )


@dataclass(frozen=True, slots=True)
class Draft:
    """What was answered so far."""

    old: int
    token: str
    grace: timedelta

    @property
    def args(self) -> tuple[int | str, ...]:
        """The same as a button carries it."""
        return self.old, self.token, self.grace // MINUTE


def _draft(ask: Ask, tx: Tx) -> Draft:
    grace = ask.number(2) * MINUTE
    if grace not in GRACES:
        raise Outdated
    _read(ask, _arg(ask, 1))
    return Draft(_replaces(ask, tx), _arg(ask, 1), grace)


def grace(ask: Ask, tx: Tx) -> Outgoing:
    """How long to wait is known: whom to tell last, if nobody was chosen for that."""
    draft = _draft(ask, tx)
    if trustees.of(tx, ask.person.id) or not trustee.near(tx, ask.person.id):
        return _outage(ask, tx, draft)
    return _last(ask, tx, draft)


def _last(ask: Ask, tx: Tx, draft: Draft, begin: int = 0) -> Outgoing:
    args = [base36(arg) if isinstance(arg, int) else arg for arg in draft.args]
    return ask.reply(
        Page(
            (
                _("Whom shall I tell last, besides your circle? It is good to choose two people you trust."),
                _("Each of them learns that you chose them, and can say no."),
                trustee.told(trustees.of(tx, ask.person.id)),
            )
        ),
        *trustee.rows(tx, ask.person.id, begin, *args, verb="late.tell", more="late.tell.more"),
        [button(pgettext("button", "➡️ Go on"), "late.told", *draft.args)],
        [back("late.new", draft.old)],
    )


def last_more(ask: Ask, tx: Tx) -> Outgoing:
    """Further people of whom one may be told last."""
    return _last(ask, tx, _draft(ask, tx), ask.number(3))


def last(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Somebody to be told last was chosen, or taken off."""
    draft = _draft(ask, tx)
    letters = trustee.toggle(ask, tx, ask.number(3))
    return [_last(ask, tx, draft), *letters]


def told(ask: Ask, tx: Tx) -> Outgoing:
    """Whoever is to be told last was chosen."""
    return _outage(ask, tx, _draft(ask, tx))


def _outage(ask: Ask, tx: Tx, draft: Draft) -> Outgoing:
    wait = [button(pgettext("button-wide", "⏸ Wait until it is back"), "late.sure", *draft.args, 1)]
    tell = [button(pgettext("button-wide", "🔔 Tell them all the same"), "late.sure", *draft.args, 0)]
    chosen = bool(trustees.of(tx, ask.person.id))
    return ask.reply(
        Page(
            (
                _("If the network fails in your district, silence does not yet mean harm. What shall I do then?"),
                _("Sometimes a network is cut on purpose, before arrests. If you fear that, let me tell them."),
                _("If you are not sure, press the first."),
            )
        ),
        *([tell, wait] if chosen else [wait, tell]),
        [back("late.new", draft.old)],
    )


def sure(ask: Ask, tx: Tx) -> Outgoing:
    """Show all of it before it begins."""
    draft, one = _drafted(ask, tx)
    lines: list[Line | str] = [_("So this is agreed, if you begin it:"), "", *_plan(tx, ask.person, one)]
    begin_it = button(pgettext("button", "✅ Begin"), "late.begin", *draft.args, int(one.pauses))
    return ask.reply(Page(tuple(lines)), [begin_it], [back("late.new", draft.old)])


def _drafted(ask: Ask, tx: Tx) -> tuple[Draft, Deadline]:
    draft = _draft(ask, tx)
    rhythm, due_at = _read(ask, draft.token)
    where = ask.person.zone or HOME
    one = Deadline(tx.new_id(), ask.person.id, rhythm, where, ask.now, due_at, draft.grace, pauses=bool(ask.number(3)))
    return draft, one


def begin(ask: Ask, tx: Tx) -> list[Outgoing]:
    """It begins; what it replaces is over."""
    draft, one = _drafted(ask, tx)
    _somebody_hears(ask, tx)
    letters: list[Outgoing] = []
    if draft.old:
        old = _mine(ask, tx, draft.old)
        one = replace(one, note=old.note)
        letters = _drop(tx, ask.person, old, ask.now)
    elif len(deadlines.of(tx, ask.person.id)) >= MOST:
        raise TooManyDeadlines(MOST)
    first = first_look(one, ask.now)
    deadlines.add(tx, first)
    return [_page(ask, tx, first.deadline, [_("It has begun."), ""]), *letters]


# -- changing one --------------------------------------------------------------------------------------------------


def note(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for words for those who will be told."""
    one = _mine(ask, tx)
    expect(ask, tx, "late.note", deadline=one.id)
    return ask.reply(
        _("Write what those whom I tell should know: where you are going, whom they should call. Nobody reads it now."),
        [back("late.one", one.id)],
    )


def noted(ask: Ask, tx: Tx) -> Outgoing:
    """The words were written."""
    one = _mine(ask, tx, int(ask.data["deadline"]))
    written = ask.text(NOTE_LENGTH)
    people.end_dialogue(tx, ask.person.id)
    deadlines.note(tx, one.id, written)
    return _page(ask, tx, replace(one, note=written), [_("Saved."), ""])


def stop(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before it is stopped."""
    one = _mine(ask, tx)
    return ask.reply(
        _("Shall I stop waiting for your word? Then I tell nobody if you fall silent."),
        [button(pgettext("button", "⏹ Yes, stop"), "late.stopped", one.id)],
        [back("late.one", one.id)],
    )


def stopped(ask: Ask, tx: Tx) -> list[Outgoing]:
    """It is stopped."""
    letters = _drop(tx, ask.person, _mine(ask, tx), ask.now)
    return [with_menu(ask, _("Stopped. I no longer wait for your word.")), *letters]


def _drop(tx: Tx, person: Person, one: Deadline, now: datetime) -> list[Outgoing]:
    deadlines.drop(tx, one.id)
    end = _("{name} has ended this check-in. The alarm is over.", name=words.name_of(person))
    return [] if one.alarm is None else overdue.close(tx, one.alarm, person, end, now)


def later(ask: Ask, tx: Tx) -> Outgoing:
    """Ask by how much it shall be put off."""
    return _by_how_much(ask, _mine(ask, tx))


def _by_how_much(ask: Ask, one: Deadline) -> Outgoing:
    made = [
        button(npgettext("button", "{n} hour later", "{n} hours later", n=hours), "late.put", one.id, hours)
        for hours in HOURS
    ]
    return ask.reply(
        _("Now I wait until: {when}. By how much shall I put it off?", when=On(one.due_at, one.zone or HOME)),
        *(made[n : n + 2] for n in range(0, len(made), 2)),
        [back("late")],
    )


def put_off(ask: Ask, tx: Tx) -> list[Outgoing]:
    """It is put off, by a button."""
    return _put_off(ask, tx, _mine(ask, tx), ask.number(1))


def later_said(ask: Ask, tx: Tx) -> list[Outgoing]:
    """“Later”, or “later 3”: the next deadline is put off."""
    mine = deadlines.of(tx, ask.person.id)
    if not mine:
        return [home.not_understood(ask, tx)]
    hours = number_in(ask.words)
    return [_by_how_much(ask, mine[0])] if hours is None else _put_off(ask, tx, mine[0], hours)


def _put_off(ask: Ask, tx: Tx, one: Deadline, hours: int) -> list[Outgoing]:
    after = postponed(one, hours, ask.now) if hours <= HOURS[-1] else None
    if after is None:
        raise PostponedEnough
    deadlines.save(tx, first_look(after, ask.now))
    end = _("<b>{name}</b>: I need more time.", name=words.name_of(ask.person))
    letters = [] if one.alarm is None else overdue.close(tx, one.alarm, ask.person, end, ask.now)
    return [with_menu(ask, _("Put off. I wait until: {when}.", when=On(after.due_at, one.zone or HOME))), *letters]
