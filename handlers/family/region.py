"""The roll-call of a region: two moderators open it, everybody with ties there is asked once, and only counts show."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial

from bot.domain import places
from bot.domain.conversation import Attachment, Choice, Lane, Line, On, Outgoing, Page, Place, Span, Value
from bot.domain.people import HOME, quiet_until
from bot.domain.refusals import AskedNow, NoCircle, Outdated
from bot.domain.region import AT_ONCE, HOURS, SHOWN_EVERY, Board, Cell, bars, board, rounded
from bot.domain.roles import Role
from bot.i18n import _, pgettext
from handlers import desk
from handlers.ask import Ask, back, button, expect
from handlers.family import alarm
from handlers.home import HELP, SAFE, which_place, with_menu
from storage import audit, circles, jobs, outbox, people, regions, roles, ties
from storage.database import Tx
from storage.jobs import Done, Job
from storage.proposals import Proposal
from storage.regions import Rollcall

KIND = "region"
HOUR = timedelta(hours=1)


def topic(which: int) -> str:
    """What the boards of one roll-call are about."""
    return f"region:{which}"


# -- proposing -----------------------------------------------------------------------------------------------------


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """The roll-calls that are open, and the way to a new one."""
    desk.moderator(ask, tx)
    rows = [
        [button(pgettext("button-wide", "📊 {place}", place=Place(one.place)), "region.board", one.id)]
        for one in regions.under_way(tx)
    ]
    return ask.reply(
        _("Roll-calls: a district is asked how its people are. You see counts and no names."),
        *rows,
        [button(pgettext("button", "➕ Ask a district"), "region.new")],
        [back("desk")],
    )


def new(ask: Ask, tx: Tx) -> Outgoing:
    """Ask which district."""
    desk.moderator(ask, tx)
    expect(ask, tx, "region.place")
    return ask.reply(_("Which district shall be asked? Write the beginning of its name."), [back("region")])


def searched(ask: Ask, tx: Tx) -> Outgoing:
    """Words of a place were written: offer what is found."""
    desk.moderator(ask, tx)
    return which_place(ask, back("region"), "region.hours")


def hours(ask: Ask, tx: Tx) -> Outgoing:
    """Ask how long answers are counted."""
    desk.moderator(ask, tx)
    place = _place(ask)
    people.end_dialogue(tx, ask.person.id)
    rows = ([button(pgettext("button", "{span}", span=Span(n * HOUR)), "region.look", place, n)] for n in HOURS)
    return ask.reply(_("How long shall answers be counted?"), *rows, [back("region")])


def _place(ask: Ask) -> str:
    place = ask.args[0] if ask.args else ""
    if not places.exists(place):
        raise Outdated
    return place


def _hours(ask: Ask) -> int:
    n = ask.number(1)
    if n not in HOURS:
        raise Outdated
    return n


def question(place: str) -> Page:
    """What everybody is asked."""
    return Page(
        (
            _("People with ties to this place are asked how they are: {place}.", place=Place(place)),
            _("Are you well?"),
            _("Your circles read your answer as always. Those who ask see only numbers."),
        )
    )


def _what(tx: Tx, place: str, length: int) -> list[Line | str]:
    """Exactly what will be asked, how many about, and for how long."""
    return [
        _("This is asked:"),
        "",
        *question(place).lines,
        "",
        _("People who are asked, about: {count}", count=_count(rounded(ties.count(tx, places.within(place))))),
        _("Answers are counted for {span}.", span=Span(length * HOUR)),
    ]


def _count(n: int | None) -> Value:
    return pgettext("noun", "few") if n is None else f"{n}+"


def look(ask: Ask, tx: Tx) -> Outgoing:
    """Show what is about to be proposed."""
    desk.moderator(ask, tx)
    place, length = _place(ask), _hours(ask)
    lines = [*_what(tx, place, length), "", _("Another moderator must agree before anybody is asked.")]
    return ask.reply(
        Page(tuple(lines)), [button(pgettext("button", "📣 Propose it"), "region.put", place, length)], [back("region")]
    )


def put(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Propose a roll-call."""
    by = desk.moderator(ask, tx)
    place, length = _place(ask), _hours(ask)
    _is_free(tx, place)
    title = pgettext("button-wide", "📣 Roll-call: {place}", place=Place(place))
    _one, letters = desk.propose(ask, tx, by, KIND, title, body={"place": place, "hours": length})
    if not letters:
        return [ask.reply(_("There is no other moderator yet who could agree."), [back("desk")])]
    return [ask.reply(_("Proposed. It begins when another moderator agrees."), [back("desk")]), *letters]


def _is_free(tx: Tx, place: str) -> None:
    if any(one.place == place for one in regions.under_way(tx)):
        raise AskedNow


def see(ask: Ask, tx: Tx) -> Outgoing:
    """Show the second moderator exactly what will be asked."""
    by = desk.moderator(ask, tx)
    one = desk.proposed(ask, tx, by, KIND, ask.number())
    return desk.show(ask, tx, by, one, _what(tx, *_told(one)), button(desk.YES, "region.yes", one.id))


def _told(one: Proposal) -> tuple[str, int]:
    return str(one.body["place"]), int(one.body["hours"])


def agreed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The second moderator agrees: it begins, and the board stands before them; the first opens it by a button."""
    by = desk.moderator(ask, tx)
    one = desk.second(ask, tx, by, KIND, ask.number())
    place, length = _told(one)
    _is_free(tx, place)
    which = regions.begin(tx, place, ask.now, ask.now + length * HOUR)
    found = regions.find(tx, which)
    assert found is not None  # noqa: S101 - it began a moment ago
    text, rows = _board(tx, found)
    regions.watch(tx, which, by.person)
    first = desk.quietly(tx, one.proposer, desk.WAITS, ask.now, button(desk.LOOK, "region.board", which))
    return [ask.reply(text, *rows, topic=topic(which), clean_after=desk.STANDS), first]


# -- asking, as time passes ----------------------------------------------------------------------------------------


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """For every open roll-call: list and ask the next people, count what was told, and keep the boards true."""
    letters: list[Outgoing] = []
    for one in regions.under_way(tx):
        regions.count_news(tx, one, now)
        if now >= one.closes_at:
            letters += _end(tx, one, now)
            continue
        if not one.listed:
            _list(tx, one, now)
        letters += _ask(tx, one, now)
        if one.shown_at is None or now - one.shown_at >= SHOWN_EVERY:
            letters += _changed(tx, one, now)
    return letters


def _list(tx: Tx, one: Rollcall, now: datetime) -> None:
    """Put the next part of the people on the list: never a whole community at once."""
    part = regions.next_part(tx, one, AT_ONCE)
    lately = regions.asked_lately(tx, part, one.id, now) if part else set()
    regions.enlist(tx, one, [(who, now) for who in part if who not in lately], reached=part[-1] if part else None)


def _ask(tx: Tx, one: Rollcall, now: datetime) -> list[Outgoing]:
    """Ask those whose turn it is, in the last of the lanes: no reply and no alarm waits for a question of this kind."""
    letters: list[Outgoing] = []
    text, rows = question(one.place), _answers(one.id)
    asked: list[int] = []
    for person in regions.due(tx, one.id, now, AT_ONCE):
        later = quiet_until(person, now)
        if later is not None:
            regions.put_off(tx, one.id, person.id, later)
            continue
        asked.append(person.id)
        letters.append(Outgoing(person.id, text, choices=rows, lane=Lane.DIGEST, expires_at=one.closes_at))
    if asked:
        regions.note_asked(tx, one.id, asked, now)
    return letters


def _answers(which: int) -> tuple[tuple[Choice, ...], ...]:
    return (
        (button(SAFE, "region.safe", which),),
        (button(HELP, "region.help", which),),
        (button(pgettext("button-wide", "🗣 I have news of somebody else"), "tell"),),
        (button(pgettext("button", "Not now"), "region.later", which),),
    )


# -- answering -----------------------------------------------------------------------------------------------------


def safe(ask: Ask, tx: Tx) -> list[Outgoing]:
    """“I am safe”: news to one's own circles as always; without a circle only the count learns it."""
    if circles.told_by(tx, ask.person.id):
        return alarm.safe(ask, tx)
    if not regions.answer(tx, ask.number(), ask.person.id, Cell.WELL, ask.now):
        raise NoCircle
    return [
        ask.reply(
            Page(
                (
                    _("Thank you. Your answer is counted, without your name."),
                    _("No circle hears you, so nobody else learns from me that you are well."),
                )
            ),
            *_no_circle(),
        )
    ]


def _no_circle() -> tuple[list[Choice], ...]:
    return (
        [button(pgettext("button", "⭕ Make a circle"), "circle.make")],
        [button(pgettext("button", "🔑 I have an invitation"), "join")],
        [back()],
    )


def help_needed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """“I need help”: a call to one's own circles. Without a circle it is said plainly that nobody is called."""
    if circles.told_by(tx, ask.person.id):
        return alarm.call(ask, tx)
    counted = regions.answer(tx, ask.number(), ask.person.id, Cell.HELP, ask.now)
    if circles.circles_of(tx, ask.person.id):
        return alarm.call(ask, tx)  # it asks which of them to call
    if not counted:
        raise NoCircle
    return [
        ask.reply(
            Page(
                (
                    _("<b>Nobody comes because of this.</b> You are in no circle, so I can call nobody for you."),
                    _("I have only counted, without your name, that one more person needs help."),
                    _("Please phone somebody who can come to you, or call to a neighbour."),
                    _("When you can: make a circle and invite your people. Then one tap calls them all."),
                )
            ),
            *_no_circle(),
        )
    ]


def later(ask: Ask, tx: Tx) -> Outgoing:
    """Not now: nobody is pressed, and nothing is counted."""
    del tx
    return with_menu(ask, _("All right. You can say at any time how you are."))


# -- the board -----------------------------------------------------------------------------------------------------


def _rollcall(ask: Ask, tx: Tx) -> Rollcall:
    one = regions.find(tx, ask.number())
    if one is None:
        raise Outdated
    return one


def show(ask: Ask, tx: Tx) -> Outgoing:
    """Put the board before a moderator; it is kept true in place."""
    by = desk.moderator(ask, tx)
    one = _rollcall(ask, tx)
    if one.open:
        regions.watch(tx, one.id, by.person)
    text, rows = _board(tx, one)
    return ask.reply(text, *rows, topic=topic(one.id), clean_after=desk.STANDS)


def _board(tx: Tx, one: Rollcall) -> tuple[Page, tuple[tuple[Choice, ...], ...]]:
    shown = board(regions.counts(tx, one.id))
    well, in_need, silent = bars(shown)
    lines: list[Line | str] = [
        _("<b>Roll-call: {place}</b>", place=Place(one.place)),
        _("✅ {bar} well: {count}", bar=well, count=_count(shown.well)),
        _("🆘 {bar} need help: {count}", bar=in_need, count=_count(shown.help)),
        _("⏳ {bar} no answer yet: {count}", bar=silent, count=_count(shown.silent)),
        "",
        _("Counts are full tens. “Few” is anything under ten, so that nobody can be picked out."),
    ]
    picture = (button(pgettext("button", "🖼 As a picture"), "region.picture", one.id),)
    if not one.open:
        return Page((*lines, _("This roll-call is over."))), (picture, (back("region"),))
    lines.append(_("Answers are counted until {when}.", when=On(one.closes_at, HOME)))
    stop = (button(pgettext("button", "🛑 End it"), "region.close", one.id),)
    return Page(tuple(lines)), (picture, stop, (back("region.away", one.id),))


def _changed(tx: Tx, one: Rollcall, now: datetime) -> list[Outgoing]:
    """The boards that stand somewhere, if they would show something else now."""
    shown = json.dumps(board(regions.counts(tx, one.id)).cells)
    regions.note_shown(tx, one.id, shown, now)
    return [] if shown == one.shown else _edits(tx, one, now)


def _edits(tx: Tx, one: Rollcall, now: datetime) -> list[Outgoing]:
    """Change the board in place before every moderator who still is one. What has not left yet is overtaken."""
    still = {held.person for held in roles.holders(tx, Role.MODERATOR, now)}
    outbox.withdraw(tx, topic(one.id), Lane.BULLETIN, now)
    text, rows = _board(tx, one)
    letter = partial(Outgoing, text=text, choices=rows, lane=Lane.BULLETIN, topic=topic(one.id), edit=True, silent=True)
    return [letter(who, clean_after=desk.STANDS) for who in regions.watchers(tx, one.id) if who in still]


def away(ask: Ask, tx: Tx) -> Outgoing:
    """Leave the board: it is no longer changed in place."""
    by = desk.moderator(ask, tx)
    regions.unwatch(tx, ask.number(), by.person)
    return overview(ask, tx)


def picture(ask: Ask, tx: Tx) -> None:
    """Have the board drawn: that is slow work. Only what may be shown goes there."""
    desk.moderator(ask, tx)
    one = _rollcall(ask, tx)
    shown: Board = board(regions.counts(tx, one.id))
    jobs.put(tx, ask.person.id, ask.address, regions.PICTURE, json.dumps(shown.cells), ask.now)


def drawn(tx: Tx, job: Job, done: Done, now: datetime) -> list[Outgoing]:
    """The board was drawn: it goes to whoever asked for it, if they are still a moderator."""
    if not jobs.done(tx, job.id) or roles.held(tx, job.person, Role.MODERATOR, now) is None:
        return []
    text = _("✅ well, 🆘 need help, ⏳ no answer yet. I delete this picture here in two days.")
    attached = Attachment("picture", "board.png", done.drawn)
    return [Outgoing(job.person, text, attachment=attached, clean_after=desk.STANDS, at=job.address)]


# -- ending --------------------------------------------------------------------------------------------------------


def close(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before a roll-call is ended."""
    desk.moderator(ask, tx)
    one = _rollcall(ask, tx)
    if not one.open:
        raise Outdated
    return ask.anew(
        _("End this roll-call now? Whoever was not asked yet is not asked any more. {place}", place=Place(one.place)),
        [button(pgettext("button", "🛑 Yes, end it"), "region.closed", one.id)],
        [back("region")],
    )


def closed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A moderator ends a roll-call before its time."""
    by = desk.moderator(ask, tx)
    one = _rollcall(ask, tx)
    if not one.open:
        raise Outdated
    audit.note(tx, by.person, "ended: region", ask.now)
    return [ask.reply(_("Ended. In a week I forget who was asked."), [back("region")]), *_end(tx, one, ask.now)]


def _end(tx: Tx, one: Rollcall, now: datetime) -> list[Outgoing]:
    regions.end(tx, one.id, now)
    over = regions.find(tx, one.id)
    return _edits(tx, over, now) if over is not None else []
