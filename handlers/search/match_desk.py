"""The matching desk: whether whom somebody looks for and somebody who can be found are one person.

Moderators see case numbers, the parts of names, years and places, and what agrees and what does not: never an account,
a circle, or who looks. There is nothing to search in here. Whoever opens a case works on it alone for a few hours,
opens no more than so many a day, and every opening is written down. Nothing is told to anybody before two have agreed
who stand far enough from each other, and more than the names agrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.domain import knock as knocking
from bot.domain import matching as rules
from bot.domain import places
from bot.domain.conversation import Ago, Choice, Line, Outgoing, Page, Place, Span
from bot.domain.hotline import spelled
from bot.domain.knock import Case, Kind, Known, Says
from bot.domain.names import Record, compare
from bot.domain.names.verdict import Field, Verdict
from bot.domain.names.verdict import Line as Compared
from bot.domain.people import HOME
from bot.domain.refusals import NotAName, Outdated, TooOften
from bot.domain.roles import Moderator, Role
from bot.i18n import _, day, ngettext, pgettext
from handlers import desk
from handlers.ask import Ask, back, button, expect
from handlers.search import finding, listing
from storage import audit, circles, inbox, knocks, lists, matches, outbox, people, relatives, roles, search, vouchers
from storage.database import Tx
from storage.matches import Note, Open, Opinion

SHOWN = 8  # cases on one screen
NOTES_SHOWN = 3  # of a case, the newest
STANDS = timedelta(hours=1)  # what a case says, in a moderator's chat
FARTHEST = 1 << 20
DAY = timedelta(days=1)
EXPORT, RECIPIENT = "export", "recipient"  # the kinds of proposals: to pass records on, and who gets them


# -- who may see what ----------------------------------------------------------------------------------------------


def _far(tx: Tx, who: int) -> set[int]:
    """Everybody too near to a moderator: of their circles, and those who let them in or whom they let in."""
    mine = [one.id for one in circles.circles_of(tx, who)]
    inside = (*circles.members(tx, mine).values(), *relatives.inside(tx, mine).values())
    return {who, *vouchers.near(tx, who), *(person.id for there in inside for person in there)}


def _case(ask: Ask, tx: Tx, which: int) -> tuple[Moderator, Open]:
    """A case that this moderator may know of. Raises Outdated, as for one that never was."""
    by = desk.moderator(ask, tx)
    one = matches.find(tx, which, by.person, _far(tx, by.person), ask.now)
    if one is None:
        raise Outdated
    return by, one


def _own(ask: Ask, tx: Tx, which: int) -> tuple[Moderator, Open]:
    """A case that this moderator works on just now. Raises Outdated."""
    by, one = _case(ask, tx, which)
    if one.owner != by.person or one.is_free(ask.now):
        raise Outdated
    return by, one


# -- the queue -----------------------------------------------------------------------------------------------------


class At(NamedTuple):
    """Where in the queue somebody is: how many cases come before, and of which district all are ("": of any)."""

    skip: int = 0
    where: str = ""

    @property
    def args(self) -> tuple[int | str, ...]:
        """What of it stands in a button."""
        return (self.skip, self.where) if self.where else (self.skip,) if self.skip else ()

    @property
    def districts(self) -> tuple[str, ...]:
        """Of which districts the cases are; none: of any."""
        return (self.where, *places.within(self.where)) if self.where else ()


def _at(ask: Ask, index: int) -> At:
    """Where in the queue a button leads to, or back to: its arguments from this one on. Raises Outdated."""
    skip = min(ask.number(index), FARTHEST) if len(ask.args) > index else 0
    where = ask.args[index + 1] if len(ask.args) > index + 1 else ""
    return At(skip, where if places.exists(where) else "")


def queue(ask: Ask, tx: Tx) -> Outgoing:
    """The open cases, without anything of their words: one's own, then the most endangered, then the oldest."""
    by = desk.moderator(ask, tx)
    inbox.reset(tx, _unread(by.person))
    at, far = _at(ask, 0), _far(tx, by.person)
    waiting = matches.count(tx, by.person, far, ask.now, districts=at.districts)
    at = at._replace(skip=min(at.skip, max(waiting - 1, 0) // SHOWN * SHOWN))  # some may have gone meanwhile
    found = matches.waiting(tx, by.person, far, ask.now, SHOWN, districts=at.districts, skip=at.skip)
    lines: list[Line | str] = [
        _("People looked for: are two records one person? You see case numbers, never who looks."),
        _("Open a case only to work on it. Each opening is written down, and there is a limit a day."),
    ]
    if at.where:
        lines.append(_("Only: {place}", place=Place(at.where)))
    lines.append(_("Cases for you here: {n}", n=waiting) if waiting else _("No case waits here for you."))
    rows = [[button(_label(one, by.person, ask.now), "matches.one", one.number, *at.args)] for one in found]
    further = At(at.skip + SHOWN, at.where)
    return ask.reply(
        Page(tuple(lines)),
        *rows,
        [button(pgettext("button", "⬇️ More"), "matches", *further.args)] if further.skip < waiting else [],
        [button(pgettext("button", "📍 A district"), "matches.where")],
        [button(pgettext("button", "📤 Pass records on"), "export")],
        [back("desk")],
        clean_after=desk.STANDS,
    )


def _label(one: Open, who: int, now: datetime) -> Line:
    sign = "🔴" if one.urgent else "⚪"
    case = spelled(one.number)
    if one.owner == who and not one.is_free(now):
        return pgettext("button-wide", "{sign} {case}: yours", sign=sign, case=case)
    if one.first is not None:
        return pgettext("button-wide", "{sign} {case}: a second look, {ago}", sign=sign, case=case, ago=Ago(one.since))
    return pgettext("button-wide", "{sign} {case}: {ago}", sign=sign, case=case, ago=Ago(one.since))


def districts(ask: Ask, tx: Tx) -> Outgoing:
    """Choose whose cases are shown: of one region or one district."""
    desk.moderator(ask, tx)
    region = ask.args[0] if ask.args and ask.args[0] in places.REGIONS else ""
    shown = places.in_region(region) if region else tuple(one for one in places.REGIONS if places.exists(one))
    rows: list[list[Choice]] = []
    if region and places.exists(region):
        rows.append([button(pgettext("button-wide", "{place}", place=Place(region)), "matches", 0, region)])
    for code in shown:
        if code == region:
            continue
        verb = ("matches", 0, code) if region else ("matches.where", code)
        rows.append([button(pgettext("button-wide", "{place}", place=Place(code)), *verb)])
    every = [button(pgettext("button", "🌍 All of them"), "matches")]
    return ask.reply(_("Which cases do you want to see?"), *rows, every, [back("matches")])


# -- a case --------------------------------------------------------------------------------------------------------


def look(ask: Ask, tx: Tx) -> Outgoing:
    """A case: as a whole to whoever works on it; to others how long it waits, and the way to take it."""
    by, one = _case(ask, tx, ask.number())
    return _look(ask, tx, by, one, _at(ask, 1))


def next_one(ask: Ask, tx: Tx) -> Outgoing:
    """The first case of the queue."""
    by = desk.moderator(ask, tx)
    at = _at(ask, 0)
    found = matches.waiting(tx, by.person, _far(tx, by.person), ask.now, 1, districts=at.districts)
    return _look(ask, tx, by, found[0], at) if found else queue(ask, tx)


def _look(ask: Ask, tx: Tx, by: Moderator, one: Open, at: At) -> Outgoing:
    if not one.is_free(ask.now):
        return _shown(ask, tx, one, at) if one.owner == by.person else _is_taken(ask, at)
    lines: list[Line | str] = [
        _("<b>Comparison {case}</b>", case=spelled(one.number)),
        _("It has waited since {when}.", when=_day(one.since)),
    ]
    if one.urgent:
        lines.append(_("Whoever is looked for may be in danger."))
    if one.first is not None:
        lines.append(_("Another moderator has looked at it. You would be the second."))
    take_it = button(pgettext("button", "🙋 Take it"), "matches.take", one.number, *at.args)
    return ask.reply(Page(tuple(lines)), [take_it], [back("matches", *at.args)], clean_after=desk.STANDS)


def _day(at: datetime) -> Line:
    return day(at.astimezone(ZoneInfo(HOME)).date())


def _is_taken(ask: Ask, at: At) -> Outgoing:
    return ask.reply(_("Another moderator has just taken it."), [_to_queue(at)])


def _to_queue(at: At) -> Choice:
    return button(pgettext("button", "🔎 People looked for"), "matches", *at.args)


def take(ask: Ask, tx: Tx) -> Outgoing:
    """Take a case, and see what is compared. Raises TooOften. Of two who take it at once, one does."""
    by, one = _case(ask, tx, ask.number())
    at = _at(ask, 1)
    if one.owner != by.person or one.is_free(ask.now):
        working = len(matches.taken_by(tx, by.person, ask.now))
        if working >= rules.AT_ONCE:
            text = ngettext(
                "You work on {n} case. Finish it or hand it over.",
                "You work on {n} cases. Finish one or hand it over.",
                n=working,
            )
            return ask.reply(text, [_to_queue(at)])
        if not matches.take(tx, one.number, by.person, ask.now, ask.now + rules.TAKEN_FOR):
            return _is_taken(ask, at)
        key = f"matches/{by.person}"
        if inbox.use(tx, key, DAY, ask.now) > rules.A_DAY:
            raise TooOften(inbox.remaining(tx, key, ask.now))
        audit.note(tx, by.person, "opened: a case of the search", ask.now)
    return _shown(ask, tx, _own(ask, tx, one.number)[1], at)


def _lines(tx: Tx, one: Open) -> Sequence[Compared]:
    """What is compared, part by part. Raises Outdated if one of the two is gone."""
    return _beside(*_both(tx, one))


def _both(tx: Tx, one: Open) -> tuple[Known, Known]:
    """Whom somebody looks for, and who can be found. Raises Outdated if one of the two is gone."""
    asked, held = knocks.find(tx, one.knock), search.held(tx, one.sought)
    if asked is None or held is None:
        raise Outdated
    return asked.form.known, held.known


def _beside(asked: Known, known: Known) -> Sequence[Compared]:
    """The two names that are most alike, part by part, then year and place."""
    pairs = [(mine, theirs) for mine in asked.names for theirs in known.names]
    if not pairs:
        raise Outdated
    both = (compare(Record(mine, asked.born), Record(theirs, known.born)) for mine, theirs in pairs)
    best = max(both, key=lambda one: one.odds)
    at = Compared(Field.PLACE, ", ".join(asked.places), ", ".join(known.places), search.place_of(asked, known))
    return [*(line for line in best.lines if line.field is not Field.PLACE), at]


def _signed(one: Compared) -> Line:
    sign = {Verdict.MATCH: "🟢", Verdict.NEAR: "🟡", Verdict.MISMATCH: "🔴", Verdict.BLANK: "⚪"}[one.verdict]
    field, mine, theirs = finding.field_name(one.field), one.mine or "–", one.theirs or "–"
    return _("{sign} {field}: {mine} · {theirs}", sign=sign, field=field, mine=mine, theirs=theirs)


def _shown(ask: Ask, tx: Tx, one: Open, at: At, first: Iterable[Line] = ()) -> Outgoing:
    compared = _lines(tx, one)
    enough = rules.is_enough(compared, proved=one.proved)
    lines: list[Line | str] = [
        *first,
        _("<b>Comparison {case}</b>", case=spelled(one.number)),
        _("Looked for · known:"),
        *map(_signed, compared),
    ]
    if one.proved:
        lines.append(_("🟢 What only kin know was answered rightly."))
    told = lists.of(tx, one.sought) if one.kind is Kind.LIST else None
    if told is not None:
        lines.append(_("Known from a list: {source}. Day: {day}.", source=told.source, day=listing.day(told.at)))
        if told.hard:
            lines.append(_("⚫ The list speaks of something that only a voice may tell."))
    if one.first is not None:
        lines.append(
            _("Another moderator has looked at it before you. What they said is not shown, so that you judge.")
        )
    if not enough:
        lines.append(_("Only the names agree. That is never enough to ask or tell anybody."))
    written = matches.notes(tx, one.number, ask.now)
    lines += _noted(written[-NOTES_SHOWN:])
    until = one.until or ask.now
    lines += [
        "",
        _("It is yours for {span}. Then others can take it.", span=Span(until - ask.now)),
        _(
            "These words go from the chat after {span}. As long as it is yours, you can open it again.",
            span=Span(STANDS),
        ),
        _("Never write to anybody about it, and copy nothing."),
    ]
    here = (one.number, *at.args)
    same = [button(pgettext("button", "🟢 May be the same"), "matches.same", *here)] if enough else []
    earlier = [button(pgettext("button", "🗒 All notes"), "matches.notes", *here)] if len(written) > NOTES_SHOWN else []
    return ask.anew(
        Page(tuple(lines)),
        same,
        [button(pgettext("button", "🚫 Not the same person"), "matches.other", *here)],
        [button(pgettext("button", "🤷 Can't tell"), "matches.unsure", *here)],
        [button(pgettext("button", "✍️ Add a note"), "matches.note", *here)],
        earlier,
        [button(pgettext("button", "🤲 Hand it over"), "matches.hand", *here)],
        [back("matches", *at.args)],
        clean_after=STANDS,
    )


def _noted(notes: Sequence[Note]) -> Iterable[Line | str]:
    for one in notes:
        yield _("Note of moderator {number}, {ago}: {words}", number=one.by, ago=Ago(one.at), words=one.words)


def notes(ask: Ask, tx: Tx) -> Outgoing:
    """Everything that was noted about a case."""
    _by, one = _own(ask, tx, ask.number())
    return ask.anew(
        Page(tuple(_noted(matches.notes(tx, one.number, ask.now)))),
        [back("matches.one", one.number, *_at(ask, 1).args)],
        clean_after=STANDS,
    )


def hand(ask: Ask, tx: Tx) -> Outgoing:
    """Let others take a case."""
    _by, one = _own(ask, tx, ask.number())
    matches.release(tx, one.number)
    return ask.reply(_("Handed over. Another moderator can take it now."), [back("matches", *_at(ask, 1).args)])


def note(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for a note about a case."""
    _by, one = _own(ask, tx, ask.number())
    return _ask_note(ask, tx, one, _at(ask, 1), outbox.newest_message(tx, ask.address))


def _ask_note(  # noqa: PLR0913, PLR0917 - of which case, and what to come back to
    ask: Ask, tx: Tx, one: Open, at: At, after: int, first: Iterable[Line] = ()
) -> Outgoing:
    """The question for a note; what is said in the chat after the message numbered `after` goes once it is kept."""
    expect(ask, tx, "matches.note", case=one.number, after=after, **at._asdict())
    asked = _(
        "Comparison {case}: write what whoever takes it next should know. No names of people, no numbers. It is "
        "erased after {span}.",
        case=spelled(one.number),
        span=Span(rules.NOTES_KEPT),
    )
    return ask.anew(Page((*first, asked)), [back("matches.one", one.number, *at.args)], clean_after=STANDS)


def noted(ask: Ask, tx: Tx) -> Outgoing:
    """A note was written. If it says who somebody is, or how to reach them, it is not kept, and asked for once more."""
    by, one = _own(ask, tx, int(ask.data["case"]))
    at = At(int(ask.data.get("skip", 0)), str(ask.data.get("where", "")))
    after = int(ask.data["after"])
    words = ask.text(rules.LONGEST_NOTE)
    outbox.clean_after(tx, ask.address, after, ask.now + STANDS)
    if rules.tells_who(words, [name for known in _both(tx, one) for name in known.names]):
        refused = _(
            "This was not kept: a note holds no name, no number, no account and no link. Please leave them out."
        )
        return _ask_note(ask, tx, one, at, after, [refused])
    people.end_dialogue(tx, ask.person.id)
    matches.note(tx, one.number, words, by.held.number, ask.now, ask.now + rules.NOTES_KEPT)
    return _shown(ask, tx, one, at, [_("Noted.")])


# -- what two say --------------------------------------------------------------------------------------------------


def same(ask: Ask, tx: Tx) -> list[Outgoing]:
    """They may be one person. The first says so; after the second, whoever answers for the record is asked."""
    by, one = _own(ask, tx, ask.number())
    if not rules.is_enough(_lines(tx, one), proved=one.proved):
        raise Outdated
    audit.note(tx, by.person, "said: may be the same", ask.now)
    if one.opinion is not Opinion.SAME:
        return _first(ask, tx, by, one, Opinion.SAME)
    if one.kind is Kind.LIST:  # nobody holds it: the list itself is what answers
        decided = matches.decide(tx, one.number, Case.OPEN, ask.now, holder_says=int(Says.ALIVE))
        text = _("Agreed. Whoever looks is told what the list says.")
    else:
        decided = matches.decide(tx, one.number, Case.HOLDER, ask.now)
        text = _("Agreed. Whoever answers for the record is asked, and decides what is told.")
    if not decided:
        raise Outdated
    case = knocks.case(tx, one.number)
    assert case is not None  # noqa: S101 - it was decided a moment ago
    letters = finding.to_seeker(tx, case, ask.now) if one.kind is Kind.LIST else finding.to_holder(tx, case, ask.now)
    return [_kept(ask, tx, by, text), *letters]


def other(ask: Ask, tx: Tx) -> list[Outgoing]:
    """They are two people. One moderator is enough where something speaks against it, else two must say so."""
    by, one = _own(ask, tx, ask.number())
    audit.note(tx, by.person, "said: not the same person", ask.now)
    if one.opinion is not Opinion.OTHER and not rules.conflicts(_lines(tx, one)):
        return _first(ask, tx, by, one, Opinion.OTHER)
    asked = knocks.find(tx, one.knock)
    if asked is None or not matches.decide(tx, one.number, Case.NOT_SAME, ask.now):
        raise Outdated
    knocks.are_two(tx, asked, one.sought, ask.now + knocking.TWO_PEOPLE)
    text = _("Kept: these two are not the same person. They are not put beside each other again.")
    return [_kept(ask, tx, by, text)]


def unsure(ask: Ask, tx: Tx) -> Outgoing:
    """They can't tell. The case is put aside for them, and after a second one for all, until more becomes known."""
    by, one = _own(ask, tx, ask.number())
    audit.note(tx, by.person, "said: can't tell", ask.now)
    matches.leave(tx, one.number, by.person)
    return _kept(ask, tx, by, _("Put aside. It comes back to you only if something else becomes known."))


def _first(ask: Ask, tx: Tx, by: Moderator, one: Open, opinion: Opinion) -> list[Outgoing]:
    """Keep what the first of two says. If two have said the opposite, both words are dropped, and others look first."""
    if one.first is None:
        matches.opine(tx, one.number, by.person, opinion)
        text = _("Kept. Nothing happens before another moderator, who has not seen what you said, says the same.")
    else:
        matches.disagree(tx, one.number, [one.first, by.person], ask.now + rules.DISAGREED)
        text = _("Another moderator sees it differently. So nothing happens, and others look at it anew.")
    return [_kept(ask, tx, by, text)]


def _kept(ask: Ask, tx: Tx, by: Moderator, text: Line) -> Outgoing:
    """What somebody has said of a case is kept: the way to the next one, and back."""
    at = _at(ask, 1)
    more = matches.waiting(tx, by.person, _far(tx, by.person), ask.now, 1, districts=at.districts)
    on = [button(pgettext("button", "➡️ Next one"), "matches.next", *at.args)] if more else []
    return ask.reply(text, [*on, back("matches", *at.args)])


# -- passing records on --------------------------------------------------------------------------------------------


def export(ask: Ask, tx: Tx) -> Outgoing:
    """What passing records on means, and the way to propose it."""
    desk.moderator(ask, tx)
    return ask.reply(
        Page(
            (
                _("Records can be passed on to services that look for people, as a file."),
                *_what_goes(tx, ask.now),
                _("If two moderators agree, whoever runs the machine can write the file once. It never comes here."),
            )
        ),
        [button(pgettext("button", "📤 Propose it"), "export.put")],
        [button(pgettext("button", "✍️ Say who gets it"), "recipient")],
        [back("matches")],
    )


def _what_goes(tx: Tx, now: datetime) -> Iterable[Line | str]:
    to = lists.recipient(tx)
    if to:
        yield _("The list goes to: {to}", to=to)
    else:
        yield _("Nobody is named yet who gets the list. So no member is asked, and only lines of lists can go along.")
    yield _("Only those go along whose people have agreed, with a day on which each record ends.")
    if not lists.passable(tx, now):
        yield _("There is none now.")


def propose(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Propose an export."""
    by = desk.moderator(ask, tx)
    title = pgettext("button-wide", "📤 Pass records on")
    _one, letters = desk.propose(
        ask, tx, by, EXPORT, title, body={"to": lists.recipient(tx)}, barred=vouchers.near(tx, by.person)
    )
    if not letters:
        return [ask.reply(_("There is no other moderator who could agree."), [back("matches")])]
    return [ask.reply(_("Proposed. It happens when another moderator agrees."), [back("desk")]), *letters]


def see(ask: Ask, tx: Tx) -> Outgoing:
    """The second moderator sees what would be passed on."""
    by = desk.moderator(ask, tx)
    one = desk.proposed(ask, tx, by, EXPORT, ask.number())
    lines = [_("Pass records on to services that look for people, once."), *_what_goes(tx, ask.now)]
    return desk.show(ask, tx, by, one, lines, button(desk.YES, "export.yes", one.id))


def agreed(ask: Ask, tx: Tx) -> Outgoing:
    """Two have agreed: the operator may write the file."""
    by = desk.moderator(ask, tx)
    one = desk.second(ask, tx, by, EXPORT, ask.number())
    if one.body.get("to", "") != lists.recipient(tx):  # it was proposed for somebody else
        raise Outdated
    lists.agree(tx, ask.now)
    return ask.reply(
        _("Agreed. Whoever runs the machine can write the file within {span}.", span=Span(lists.AGREED_FOR)),
        [back("desk")],
    )


def recipient(ask: Ask, tx: Tx) -> Outgoing:
    """Ask who gets the list."""
    desk.moderator(ask, tx)
    expect(ask, tx, "recipient")
    return ask.reply(
        Page(
            (
                _("Who gets the list? Write it as people know it, with the country. Members read these words."),
                _("If another one is named, every yes that was said for the one before counts no more."),
            )
        ),
        [back("export")],
    )


def recipient_written(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Propose who gets the list."""
    by = desk.moderator(ask, tx)
    said = knocking.recipient(ask.text(knocking.LONGEST_RECIPIENT))
    if not said:
        raise NotAName
    people.end_dialogue(tx, ask.person.id)
    title = pgettext("button-wide", "📤 Who gets the list")
    _one, letters = desk.propose(ask, tx, by, RECIPIENT, title, body={"to": said}, barred=vouchers.near(tx, by.person))
    if not letters:
        return [ask.reply(_("There is no other moderator who could agree."), [back("matches")])]
    return [ask.reply(_("Proposed. It happens when another moderator agrees."), [back("desk")]), *letters]


def recipient_seen(ask: Ask, tx: Tx) -> Outgoing:
    """The second moderator sees who would get the list."""
    by = desk.moderator(ask, tx)
    one = desk.proposed(ask, tx, by, RECIPIENT, ask.number())
    lines = [
        _("The list of those who agree would go to: {to}", to=str(one.body["to"])),
        _("If another one is named, every yes that was said for the one before counts no more."),
        _("Agree only if you know who reads it there, and who could force them to show it."),
    ]
    return desk.show(ask, tx, by, one, lines, button(desk.YES, "recipient.yes", one.id))


def recipient_agreed(ask: Ask, tx: Tx) -> Outgoing:
    """Two have agreed who gets the list: from now on members are asked."""
    by = desk.moderator(ask, tx)
    one = desk.second(ask, tx, by, RECIPIENT, ask.number())
    lists.name_recipient(tx, str(one.body["to"]))
    return ask.reply(
        _("Agreed. Whoever can be found, or looks for somebody, is asked on their own screen; nobody is written to."),
        [back("desk")],
    )


# -- as time passes ------------------------------------------------------------------------------------------------


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """Whoever is no moderator any more works on nothing; the others are told once a day while a case waits for them.

    Nobody is told again while they have not looked and the letter before still stands in their chat.
    """
    holders = {held.person for held in roles.holders(tx, Role.MODERATOR, now)}
    left = matches.workers(tx) - holders
    if left:
        matches.release_of(tx, left)
    look_on = button(desk.LOOK, "matches")
    return [desk.quietly(tx, who, desk.WAITS, now, look_on) for who in sorted(holders) if _is_told(tx, who, now)]


def _is_told(tx: Tx, who: int, now: datetime) -> bool:
    """Whether a moderator is to be told now that a case waits that they may take. It counts as told."""
    told, unread = f"matches.told/{who}", _unread(who)
    if inbox.uses(tx, told, now) or inbox.uses(tx, unread, now) or not matches.any_free(tx, who, _far(tx, who), now):
        return False
    inbox.use(tx, told, rules.TELLING, now)
    inbox.use(tx, unread, desk.STANDS, now)
    return True


def _unread(who: int) -> str:
    """The key that counts as long as a letter stands and its reader has not looked."""
    return f"matches.unread/{who}"
