"""Outage mode: two moderators declare a district offline; silence there then means no harm, and is not forgotten.

Nobody can mute an alarm by it for long or against somebody's will: it lapses unless two others renew it, and whoever it
concerns can say that it shall not count for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain import places
from bot.domain.checkin import State
from bot.domain.conversation import Ago, Choice, Lane, Line, Outgoing, Page, Place, Span
from bot.domain.outage import LAPSES_AFTER, SINCE, Outage, may_renew
from bot.domain.people import quiet_until
from bot.domain.refusals import Outdated, Own
from bot.domain.roles import Role
from bot.i18n import _, ngettext, npgettext, pgettext
from handlers import desk, words
from handlers.ask import Ask, back, button, expect
from handlers.family import alarm, checkin
from handlers.home import HELP, which_place
from storage import checkins, circles, deadlines, outages, people, roles
from storage.database import Tx
from storage.outages import Phase

HOUR = timedelta(hours=1)
KIND = "outage"  # of a proposal
A_MINUTE = 200  # people who are told in one round, which comes every minute
APART = timedelta(milliseconds=300)  # between two of them
MOST_NAMED = 15


# -- what moderators do --------------------------------------------------------------------------------------------


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """The outages that count now, for a moderator."""
    desk.moderator(ask, tx)
    every = outages.in_force(tx, ask.now)
    lines: list[Line | str] = [_("<b>Districts without network</b>")]
    lines += [_line(one, ask.now) for one in every] or [_("None is declared now.")]
    rows = (
        [button(pgettext("button-wide", "📴 {place}", place=Place(one.place)), "outage.one", one.id)] for one in every
    )
    new = [button(pgettext("button", "➕ Declare one"), "outage.new")]
    return ask.reply(Page(tuple(lines)), *rows, new, [back("desk")], clean_after=desk.STANDS)


def _line(one: Outage, now: datetime) -> Line:
    return _(
        "{place}: the network went down {ago}. This lapses in {span}.",
        place=Place(one.place),
        ago=Ago(one.since),
        span=Span(max(one.until - now, timedelta(minutes=1))),
    )


def show(ask: Ask, tx: Tx) -> Outgoing:
    """One of them: renew it, or end it."""
    desk.moderator(ask, tx)
    one = _one(ask, tx)
    return ask.reply(
        _line(one, ask.now),
        [button(pgettext("button", "⏳ Renew it"), "outage.renew", one.id)],
        [button(pgettext("button", "✅ The network is back"), "outage.end", one.id)],
        [back("outage")],
        clean_after=desk.STANDS,
    )


def _one(ask: Ask, tx: Tx, which: int | None = None) -> Outage:
    one = outages.find(tx, ask.number() if which is None else which, ask.now)
    if one is None:
        raise Outdated
    return one


def new(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for the district."""
    desk.moderator(ask, tx)
    expect(ask, tx, "outage.place")
    return ask.reply(_("Which district has no network? Write the beginning of its name."), [back("outage")])


def searched(ask: Ask, tx: Tx) -> Outgoing:
    """Words of a district were written."""
    desk.moderator(ask, tx)
    return which_place(ask, back("outage"), "outage.since")


def _place(ask: Ask, tx: Tx) -> str:
    """The district in a button. Raises Outdated if there is none, or if it is declared offline already."""
    code = ask.args[0] if ask.args else ""
    if not places.exists(code) or any(one.place == code for one in outages.in_force(tx, ask.now)):
        raise Outdated
    return code


def since(ask: Ask, tx: Tx) -> Outgoing:
    """Ask since when."""
    desk.moderator(ask, tx)
    code = _place(ask, tx)
    people.end_dialogue(tx, ask.person.id)
    made = [button(_hours(hours), "outage.put", code, hours) for hours in SINCE]
    rows = [made[n : n + 2] for n in range(0, len(made), 2)]
    return ask.reply(_("When did the network go down? {place}", place=Place(code)), *rows, [back("outage")])


def _hours(hours: int) -> Line:
    if hours == 0:
        return pgettext("button", "Just now")
    return npgettext("button", "{n} hour ago", "{n} hours ago", n=hours)


def put(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Everything is known: another moderator must agree."""
    by = desk.moderator(ask, tx)
    code, hours = _place(ask, tx), ask.number(1)
    if hours not in SINCE:
        raise Outdated
    at = ask.now - hours * HOUR
    title = pgettext("button-wide", "📴 Offline: {place}", place=Place(code))
    body = {"deed": "declare", "place": code, "since": at.isoformat()}
    _made, letters = desk.propose(ask, tx, by, KIND, title, body=body)
    return [_proposed(ask), *letters]


def _proposed(ask: Ask) -> Outgoing:
    return ask.reply(_("Proposed. It counts when another moderator agrees."), [back("outage")])


def renew(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Propose that an outage last longer: neither of those who spoke last can."""
    by, one = desk.moderator(ask, tx), _one(ask, tx)
    if by.person in one.by:
        raise Own
    title = pgettext("button-wide", "⏳ Still offline: {place}", place=Place(one.place))
    body = {"deed": "renew", "outage": one.id}
    _made, letters = desk.propose(ask, tx, by, KIND, title, body=body, barred=one.by)
    return [_proposed(ask), *letters]


def proposed(ask: Ask, tx: Tx) -> Outgoing:
    """Show what is proposed."""
    by = desk.moderator(ask, tx)
    waits = desk.proposed(ask, tx, by, KIND, ask.number())
    yes = button(desk.YES, "outage.yes", waits.id)
    if waits.body["deed"] == "renew":
        one = _one(ask, tx, int(waits.body["outage"]))
        return desk.show(ask, tx, by, waits, [_line(one, ask.now), _("Is it still offline? Ask somebody there.")], yes)
    lines = [
        _(
            "{place}: the network went down {ago}.",
            place=Place(waits.body["place"]),
            ago=Ago(datetime.fromisoformat(waits.body["since"])),
        ),
        _(
            "Then the alarms of those who have agreed to that wait there. It lapses after {span}.",
            span=Span(LAPSES_AFTER),
        ),
        _("Agree only if you know it yourself, not because somebody says so."),
    ]
    return desk.show(ask, tx, by, waits, lines, yes)


def agreed(ask: Ask, tx: Tx) -> Outgoing:
    """A second moderator agrees: it counts."""
    by = desk.moderator(ask, tx)
    waits = desk.second(ask, tx, by, KIND, ask.number())
    pair, until = frozenset({waits.proposer, by.person}), ask.now + LAPSES_AFTER
    if waits.body["deed"] == "renew":
        one = _one(ask, tx, int(waits.body["outage"]))
        if not may_renew(one, pair):
            raise Own
        outages.renew(tx, one.id, until, pair)
    else:
        code, at = str(waits.body["place"]), datetime.fromisoformat(waits.body["since"])
        if any(one.place == code for one in outages.in_force(tx, ask.now)):
            raise Outdated
        outages.declare(tx, Outage(tx.new_id(), code, at, until, by=pair))
        outages.look_again(tx, code, ask.now)
    return ask.reply(
        _("Done. It counts for {span}, unless two others renew it.", span=Span(LAPSES_AFTER)), [back("outage")]
    )


def end(ask: Ask, tx: Tx) -> Outgoing:
    """The network is back, says one moderator: that is enough, because alarms that go on harm less than mute ones."""
    desk.moderator(ask, tx)
    one = _one(ask, tx)
    outages.end(tx, one, ask.now)
    return ask.reply(_("Ended. People there are told part by part, and their alarms go on."), [back("outage")])


# -- what everybody sees -------------------------------------------------------------------------------------------


def shown_to(tx: Tx, who: int, now: datetime) -> tuple[list[Line | str], list[Choice]]:
    """The outages that concern a person, for the board, with the ways to overrule them."""
    lines: list[Line | str] = []
    choices: list[Choice] = []
    for one in outages.in_force(tx, now):
        if outages.concerns(tx, one, who):
            lines.append(_says(one))
            if outages.overruled(tx, one, who):
                lines.append(_("You have said that this does not count for your own alarms."))
            elif outages.lives_there(tx, one, who):
                choices.append(_overrule(one))
    return [*lines, ""] if lines else [], choices


def _says(one: Outage) -> Line:
    return _(
        "📴 {place}: the network went down {ago}. Silence from there is expected now, and does not mean harm.",
        place=Place(one.place),
        ago=Ago(one.since),
    )


def _overrule(one: Outage) -> Choice:
    return button(pgettext("button-wide", "🔔 My own alarms shall go on"), "outage.mine", one.id)


def mine(ask: Ask, tx: Tx) -> Outgoing:
    """Somebody whom an outage concerns says that it shall not count for them, or that it shall again."""
    one = _one(ask, tx)
    if not outages.concerns(tx, one, ask.person.id):
        raise Outdated
    on = not outages.overruled(tx, one, ask.person.id)
    outages.overrule(tx, one, ask.person.id, on=on)
    deadlines.look_now(tx, ask.person.id, ask.now)
    if on:
        text = _("This does not count for you. Your own alarms go on as if the network were there.")
        return ask.reply(
            text, [button(pgettext("button-wide", "⏸ It shall count for me too"), "outage.mine", one.id)], [back()]
        )
    return ask.reply(_("It counts for you as for the others."), [_overrule(one)], [back()])


def safe(ask: Ask, tx: Tx) -> list[Outgoing]:
    """One tap after an outage: everybody who hears me or has asked about me learns that I am safe.

    While one's own call for help is open, it is asked first whether that is over.
    """
    if checkins.open_alarm_of(tx, ask.person.id) is not None:
        return alarm.safe(ask, tx)
    asked = {circle for _who, circle in outages.asked_by(tx, ask.person.id, ask.now - timedelta(days=365))}
    told = sorted({*circles.told_by(tx, ask.person.id), *asked})
    if not told:
        return checkin.safe(ask, tx)
    return checkin.tell(ask, tx, State.SAFE, told=told)


# -- as time passes ------------------------------------------------------------------------------------------------


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """Every minute: what lapses, whom to ask whether it lasts, and the next people who must be told."""
    for one in outages.lapsed(tx, now):
        outages.end(tx, one, now)
    letters = _ask_moderators(tx, now) if outages.ending(tx, now) else []
    found = outages.part(tx, A_MINUTE)
    if found is not None:
        one, phase, whom = found
        letters += _told(tx, one, phase, whom, now)
    outages.expire(tx, now)
    return letters


def _ask_moderators(tx: Tx, now: datetime) -> list[Outgoing]:
    look = button(desk.LOOK, "outage")
    return [
        replace(desk.quietly(tx, held.person, desk.WAITS, now, look), silent=True)
        for held in roles.holders(tx, Role.MODERATOR, now)
    ]


def _told(tx: Tx, one: Outage, phase: Phase, whom: Iterable[int], now: datetime) -> list[Outgoing]:
    """What these people read, a little apart so that it stays within what the bot may send."""
    letters = []
    for number, who in enumerate(whom):
        begun = _began(tx, one, who) if phase is Phase.BEGAN else _ended(tx, one, who, now)
        person = people.find(tx, who)
        if begun is None or person is None:
            continue
        text, choices = begun
        due_at = quiet_until(person, now) or now + number * APART
        letters.append(
            Outgoing(who, text, choices=choices, lane=Lane.DIGEST, due_at=due_at, silent=phase is Phase.BEGAN)
        )
    return letters


Said = tuple[Page, tuple[tuple[Choice, ...], ...]]


def _began(tx: Tx, one: Outage, who: int) -> Said | None:
    """That silence is expected; None if it is over before they were told."""
    lines = [_says(one), _("I tell you when the network is declared back. You see it in “My people” too.")]
    if outages.lives_there(tx, one, who):
        lines.append(_("If you have agreed to it, your alarms wait. If you do not want that, press here."))
        return Page(tuple(lines)), ((_overrule(one),), (back(),))
    return Page(tuple(lines)), ((back("people"),),)


def _ended(tx: Tx, one: Outage, who: int, now: datetime) -> Said | None:
    """For whoever lives there: who looks for them; for the others that silence means something again."""
    if not outages.lives_there(tx, one, who):
        lines = [_("📶 {place}: the network is declared back, {ago}.", place=Place(one.place), ago=Ago(now))]
        lines.append(_("It can take a while until everybody there has answered."))
        return Page(tuple(lines)), ((back("people"),),)
    sign = deadlines.last_sign(tx, who, now)
    if sign is not None and sign.told_at >= (one.ended_at or now):
        return None  # they have told it already
    asked = {asker for asker, _circle in outages.asked_by(tx, who, one.since)}
    told = circles.members(tx, circles.told_by(tx, who))
    near = {p.id: p for inside in told.values() for p in inside if p.id != who}
    names = [words.name_of(p) for p in (near.get(each) or people.find(tx, each) for each in sorted(asked)) if p]
    lines = [_("📶 {place}: the network is declared back. How are you?", place=Place(one.place))]
    if names:
        lines.append(_("These people have asked about you: {people}.", people=words.some(names, MOST_NAMED)))
    rest = len(set(near) - asked)
    if rest:
        lines.append(
            ngettext(
                "{n} person in your circles waits for news of you.",
                "{n} people in your circles wait for news of you.",
                n=rest,
            )
        )
    if not names and not rest:
        return None
    return Page(tuple(lines)), (
        (button(pgettext("button-wide", "✅ Tell them all I am safe"), "outage.safe"),),
        (button(HELP, "help"),),
        (button(pgettext("button", "📝 Other news"), "other"),),
    )
