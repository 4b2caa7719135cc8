"""Death and detention: two people read it first, somebody calls the family, and nobody learns it from a letter.

No letter from here says what has happened. Its words stand only in the answer to a press of “Read it”, and only for
the two who check it and for whoever has agreed to call the family; and on the board of those who were told by voice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.checkin import NOTE_LENGTH, Hard, How, News, on_day
from bot.domain.conversation import Ago, Choice, Lane, Line, Outgoing, Page, Span, Value
from bot.domain.hard import (
    APPROVALS,
    COVERED_AFTER,
    MOST_TOLD,
    READERS,
    REFUSED_KEPT,
    REPLACED_AFTER,
    SURE,
    Case,
    Grade,
    Known,
    Phase,
    Reader,
    Word,
    approvals,
    draw,
    grade_of,
    may_be_told,
    next_reminder,
)
from bot.domain.people import Person, quiet_until, zone_of
from bot.domain.refusals import Outdated, TooOften
from bot.domain.roles import Role
from bot.i18n import _, ngettext, pgettext
from handlers import words
from handlers.ask import Answer, Ask, back, button, expect
from handlers.home import with_menu
from storage import circles, inbox, outbox, people, relatives, roles
from storage import hard as cases
from storage.circles import Circle
from storage.database import Tx

VERY_BAD = pgettext("button", "Very bad news")
DAY = timedelta(days=1)
DAYS = (0, 1, 2, 3, 7, 30)  # ago
MOST_NAMED = 12  # names in one line; the others are counted
CANT_SAY = "none"

I_CALL = pgettext("button-wide", "📞 I will call the family")
SOMEBODY_ELSE = pgettext("button-wide", "👤 Somebody else calls")
I_CANT = pgettext("button", "✖️ I can't")
NOT_TRUE = pgettext("button", "↩️ It was not true")
RATHER_NOT = pgettext("button", "I would rather not")
NAME_THEM = pgettext("button", "🕯 Name them")
MY_PEOPLE = button(pgettext("button", "👥 My people"), "people")

# What may stand on a lock screen, and tells nothing to whoever looks over a shoulder.
_WAITS = _("There is something that only you and one other can read. Open it when you are alone.")
_STILL = _("Something that only you and one other can read still waits for you. Open it when you are alone.")
_NEW = _("There is something new in what only few of you can read. Open it when you are alone.")
_ASKED = _("Something is asked of you that needs a quiet moment. Open it when you are alone.")
_COVERED = _("It is covered up. Open it when you are alone.")


@dataclass(frozen=True, slots=True)
class Matter:
    """A case with everybody who has to do with it. `inside` are the members of its circle."""

    case: Case
    circle: Circle
    inside: dict[int, Person]
    readers: list[Reader]
    said: list[Word]

    @property
    def tellers(self) -> set[int]:
        """Who has told it."""
        return {word.teller for word in self.said if word.teller is not None}

    @property
    def near(self) -> list[int]:
        """Those who check it and are in the circle: they know who belongs to it."""
        return [one.person for one in self.readers if one.person in self.inside]

    @property
    def confirmed(self) -> bool:
        """Whether two have confirmed it."""
        return len(approvals(self.readers, self.tellers)) >= APPROVALS

    def name(self, who: int | None) -> Value | None:
        """What a member of the circle is called; None for anybody else."""
        return words.name_of(self.inside[who]) if who in self.inside else None


def _matter(tx: Tx, which: int) -> Matter | None:
    case = cases.by_id(tx, which)
    return None if case is None else _around(tx, case)


def _around(tx: Tx, case: Case) -> Matter:
    inside = {p.id: p for p in circles.members(tx, [case.circle])[case.circle]}
    circle = circles.one_of(tx, next(iter(inside)), case.circle)
    assert circle is not None  # noqa: S101 - a circle without members is gone, and the case with it
    return Matter(case, circle, inside, cases.readers(tx, case), cases.words_of(tx, case))


def _mine(ask: Ask, tx: Tx) -> Matter:
    """What the button means, if this person is one of the two, or is asked to call the family. Raises Outdated."""
    matter = _matter(tx, ask.number())
    me = ask.person.id
    if matter is None or me == matter.case.person or me in cases.lost(tx, matter.case.circle):
        raise Outdated
    calls = matter.case.caller == me and me in matter.inside and matter.case.phase in {Phase.CHECKING, *SURE}
    if not calls and not _checks(tx, matter, me, ask.now):
        raise Outdated
    return matter


def _checks(tx: Tx, matter: Matter, who: int, now: datetime) -> bool:
    """Whether somebody is one of the two, and still what they were chosen as."""
    if who not in {one.person for one in matter.readers}:
        return False
    return who in matter.inside or roles.held(tx, who, Role.MODERATOR, now) is not None


def _subject(tx: Tx, case: Case) -> Value:
    found = people.find(tx, case.person)
    return words.called(found.name if found else "")


# -- the words for it ----------------------------------------------------------------------------------------------


def _what(what: Hard) -> Line:
    match what:
        case Hard.DETAINED:
            return pgettext("status", "detained")
        case Hard.DEAD:
            return pgettext("status", "died")


def _about(tx: Tx, case: Case) -> Line:
    name, told_what = _subject(tx, case), _what(case.what)
    if case.phase in SURE:
        return _("About <b>{name}</b>: {what}.", name=name, what=told_what)
    return _("Told about <b>{name}</b>: {what}.", name=name, what=told_what)


def _grade(grade: Grade | None) -> Line:
    match grade:
        case Grade.DOCUMENT:
            return pgettext("status", "a document or an authority")
        case Grade.SEEN:
            return pgettext("status", "seen by whoever told it")
        case Grade.SEVERAL:
            return pgettext("status", "several people, each for themselves")
        case Grade.HEARSAY:
            return pgettext("status", "one person, who has it from others")
        case None:
            return pgettext("status", "not known")


def standing(name: Value, known: Known, news: News | None, viewer: int) -> list[Line]:
    """How it stands on the board of somebody who was told by voice, beside what was said later, if anything was."""
    what, ago, source = _what(known.what), Ago(known.true_at), _grade(known.grade)
    if known.caller is None or known.caller == viewer:
        line = _("{name}: {what}, {ago}. Source: {source}.", name=name, what=what, ago=ago, source=source)
    else:
        line = _(
            "{name}: {what}, {ago}. You know it from {caller}. Source: {source}.",
            name=name,
            what=what,
            ago=ago,
            caller=words.called(known.caller_name),
            source=source,
        )
    if news is None or news.true_at <= known.true_at:
        return [line]
    return [
        line,
        _(
            "Said later of {name}: {state}, {ago}.",
            name=name,
            state=words.state_name(news.state),
            ago=Ago(news.true_at),
        ),
    ]


# -- letters: none of them says what has happened ------------------------------------------------------------------


def topic(which: int) -> str:
    """What everything is about that concerns one case."""
    return f"hard:{which}"


def _read_it(which: int) -> tuple[Choice, ...]:
    return (button(pgettext("button", "Read it"), "hard.read", which),)


def _to(tx: Tx, matter: Matter, who: int, line: Line, now: datetime) -> Outgoing:
    """A letter that only says that there is something. Where somebody is held every hour counts: it rings at night."""
    found = people.find(tx, who)
    sleeps = found is not None and quiet_until(found, now) is not None
    return Outgoing(
        who,
        line,
        choices=(_read_it(matter.case.id),),
        lane=Lane.CORRECTION,
        topic=topic(matter.case.id),
        silent=sleeps and matter.case.what is Hard.DEAD,
        circle=matter.case.circle if who in matter.inside else None,
    )


def _each(tx: Tx, matter: Matter, whom: list[int], line: Line, now: datetime) -> list[Outgoing]:
    return [_to(tx, matter, who, line, now) for who in dict.fromkeys(whom) if who != matter.case.person]


def _give(tx: Tx, case: Case, now: datetime, *, but: int | None = None) -> list[Outgoing]:
    """Let two people read it, as far as there are any: the named, or else people whom the community trusts."""
    matter = _around(tx, case)
    chosen = _drawn(tx, matter, {one.person for one in matter.readers} - matter.tellers, now, but=but)
    for who in chosen:
        cases.give(tx, case, who)
    return _each(tx, matter, chosen, _WAITS, now)


def _drawn(tx: Tx, matter: Matter, have: set[int], now: datetime, *, but: int | None = None) -> list[int]:
    named = [who for who in cases.bearers(tx, matter.case.circle) if who in matter.inside]
    load = cases.busy(tx)
    trusted = [one.person for one in roles.holders(tx, Role.MODERATOR, now)]
    trusted.sort(key=lambda who: (who in matter.inside, load.get(who, 0)))  # rather strangers to the family
    keeper = matter.circle.keeper
    cut_off = {who for who in (*named, keeper, *trusted) if not any(one.reachable for one in people.addresses(tx, who))}
    never = matter.tellers | cases.lost(tx, matter.case.circle) | cut_off | {matter.case.person}
    never |= {but} if but is not None else set()
    return draw(named, keeper, trusted, have=have, never=never)


def _lacks(tx: Tx, case: Case) -> bool:
    """Whether too few people can read it yet."""
    return len({one.person for one in cases.readers(tx, case)} - cases.tellers(tx, case)) < READERS


def _name_two(matter: Matter) -> list[Outgoing]:
    """Ask the keeper to name people: all that can be done while nobody is there who may read it."""
    keeper = matter.circle.keeper
    if keeper == matter.case.person or keeper in matter.tellers:
        return []
    text = _(
        "“{circle}” has not yet named two people who learn hard news first. Please name them now: something waits.",
        circle=matter.circle.name,
    )
    return [
        Outgoing(
            keeper,
            text,
            choices=((button(NAME_THEM, "hard.bearers", matter.case.circle),),),
            lane=Lane.CORRECTION,
            circle=matter.case.circle,
        )
    ]


# -- telling -------------------------------------------------------------------------------------------------------


def say(ask: Ask, tx: Tx) -> Outgoing:
    """Ask what was learned about somebody of a circle; how it is known has been asked before."""
    one, person = _of_mine(ask, tx)
    at = (one.id, person.id, _way(ask).value)
    text = _(
        "What have you learned about {name}? I write it to nobody. Only the two people who are named for this can "
        "read it, and somebody calls the family.",
        name=words.name_of(person),
    )
    return ask.reply(
        text,
        [button(pgettext("button", "⚫ Detained"), "hard.what", *at, Hard.DETAINED.value)],
        [button(pgettext("button", "⚫ Died"), "hard.what", *at, Hard.DEAD.value)],
        [back("tell.how", *at)],
    )


def _of_mine(ask: Ask, tx: Tx) -> tuple[Circle, Person]:
    one = circles.one_of(tx, ask.person.id, ask.number())
    person = None if one is None else _belonging(tx, one.id).get(ask.number(1))
    if one is None or person is None or person.id == ask.person.id:
        raise Outdated
    return one, person


def _belonging(tx: Tx, which: int) -> dict[int, Person]:
    """Everybody of a circle: its members, and their relatives who are not online."""
    return {p.id: p for p in (*circles.members(tx, [which])[which], *relatives.inside(tx, [which])[which])}


def _way(ask: Ask) -> How:
    try:
        return How(ask.args[2])
    except (IndexError, ValueError):
        raise Outdated from None


def _told_what(ask: Ask) -> Hard:
    try:
        return Hard(ask.args[3])
    except (IndexError, ValueError):
        raise Outdated from None


def what(ask: Ask, tx: Tx) -> Outgoing:
    """Ask when it was."""
    one, person = _of_mine(ask, tx)
    at = (one.id, person.id, _way(ask).value)
    labels = (
        pgettext("button", "Today"),
        pgettext("button", "Yesterday"),
        pgettext("button", "2 days ago"),
        pgettext("button", "3 days ago"),
        pgettext("button", "A week ago"),
        pgettext("button", "A month ago"),
    )
    made = [button(label, "hard.when", *at, _told_what(ask).value, number) for number, label in enumerate(labels)]
    text = _("When was that? The day is enough.")
    return ask.reply(text, made[:2], made[2:4], made[4:], [back("hard.say", *at)])


def when(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Everything is known: it is told."""
    one, person = _of_mine(ask, tx)
    number = ask.number(4)
    if number >= len(DAYS):
        raise Outdated
    true_at = on_day(DAYS[number], ask.now, zone_of(ask.person))
    return told(ask, tx, person, one.id, _told_what(ask), _way(ask), true_at)


def told(  # noqa: PLR0913, PLR0917 - what is told has this many parts
    ask: Ask, tx: Tx, person: Person, circle: int, what: Hard, how: How, true_at: datetime, note: str = ""
) -> list[Outgoing]:
    """Take what somebody tells, from whatever source. Nobody is told it but the two who check it.

    Gives the answer to the teller, and letters that say only that there is something to be read. Raises Outdated where
    the person is not of that circle, and TooOften.
    """
    if person.id == ask.person.id or person.id not in _belonging(tx, circle):
        raise Outdated
    key = f"hard/{ask.sender.platform}/{ask.sender.bot}/{ask.sender.account}"
    if inbox.use(tx, key, DAY, ask.now) > MOST_TOLD:
        raise TooOften(inbox.remaining(tx, key, ask.now))
    case = cases.standing(tx, circle, person.id, what)
    word = Word(tx.new_id(), ask.person.id, how, min(true_at, ask.now), ask.now, note)
    if case is None:
        case = Case(tx.new_id(), person.id, circle, what, Phase.CHECKING, word.true_at, ask.now)
        cases.begin(tx, case)
        cases.say(tx, case, word)
        letters = _give(tx, case, ask.now)
        letters += _name_two(_around(tx, case)) if _lacks(tx, case) else []
    else:
        heard_before = ask.person.id in cases.tellers(tx, case)
        cases.say(tx, case, word)
        letters = [] if heard_before else _once_more(tx, case, ask.now)
    return [_noted(ask, tx, case, word, person), *letters]


def _once_more(tx: Tx, case: Case, now: datetime) -> list[Outgoing]:
    """Somebody else tells the same: those who check it look again."""
    if case.phase is Phase.REFUSED:
        cases.ask_again(tx, case)
        cases.enter(tx, case, Phase.CHECKING, now)
    elif case.phase is not Phase.CHECKING:
        return []
    before = _around(tx, case)
    again = _each(tx, before, [one.person for one in before.readers], _NEW, now)
    return [*again, *_give(tx, case, now)]


def _noted(ask: Ask, tx: Tx, case: Case, word: Word, person: Person) -> Outgoing:
    lines = [
        _("Thank you. I have what you know about {name}.", name=words.name_of(person)),
        _(
            "Only two people can read it: whom the circle has named for this, or else people whom the community "
            "trusts. They check it, and somebody calls the family. Please tell nobody through me."
        ),
    ]
    rows = [
        [button(pgettext("button", "✏️ Add a note"), "hard.note", word.id)],
        [button(pgettext("button", "↩️ Take it back"), "hard.undo", word.id)],
        [back()],
    ]
    one = circles.one_of(tx, ask.person.id, case.circle)
    if one is not None and _lacks(tx, case):  # of a circle that is not theirs a teller learns nothing
        lines.append(
            _(
                "“{circle}” has named too few people for this. I keep it, and they can read it as soon as they are "
                "named. Please speak yourself, by voice, with somebody of the family.",
                circle=one.name,
            )
        )
        if one.keeper == ask.person.id:
            rows.insert(0, [button(NAME_THEM, "hard.bearers", one.id)])
    return ask.reply(Page(tuple(lines)), *rows)


def note(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for a note to what was told."""
    found = cases.word_by(tx, ask.number(), ask.person.id)
    if found is None:
        raise Outdated
    expect(ask, tx, "hard.note", word=found[1].id)
    return ask.anew(_("Write in a few words what you know. Only those who check it read it."), [back()])


def noted(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The note was written."""
    found = cases.word_by(tx, int(ask.data["word"]), ask.person.id)
    if found is None:
        raise Outdated
    case, word = found
    cases.note(tx, word.id, ask.text(NOTE_LENGTH))
    people.end_dialogue(tx, ask.person.id)
    matter = _around(tx, case)
    open_still = case.phase in {Phase.CHECKING, Phase.TELLING}
    whom = [one.person for one in matter.readers if one.person != ask.person.id] if open_still else []
    return [with_menu(ask, _("Added. Only those who check it can read it.")), *_each(tx, matter, whom, _NEW, ask.now)]


def undo(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Whoever told it takes it back."""
    found = cases.word_by(tx, ask.number(), ask.person.id)
    if found is None:
        raise Outdated
    case, word = found
    cases.unsay(tx, word.id)
    answer = with_menu(ask, _("Taken back. Whoever could read it is told so."))
    matter = _around(tx, case)
    if matter.said or case.phase in SURE:
        whom = [one.person for one in matter.readers] if case.phase in {Phase.CHECKING, *SURE} else []
        return [answer, *_each(tx, matter, whom, _NEW, ask.now)]
    return [
        answer,
        *_over(tx, matter, _("What only few of you could read was taken back by whoever told it."), ask.now),
    ]


def _over(tx: Tx, matter: Matter, line: Line, now: datetime) -> list[Outgoing]:
    """Erase a case: whoever may have got a letter of it is told why there is nothing to be read any more."""
    concerned = {one.person for one in matter.readers} | {matter.case.caller}
    got = [who for who in outbox.perhaps_got(tx, topic(matter.case.id), Lane.CORRECTION) if who in concerned]
    outbox.withdraw(tx, topic(matter.case.id), Lane.CORRECTION, now)
    cases.erase(tx, matter.case)
    return [Outgoing(who, line, lane=Lane.CORRECTION, silent=True) for who in got]


# -- reading and checking ------------------------------------------------------------------------------------------


def read(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Show it to somebody who may read it, in place of the letter that said nothing."""
    matter = _mine(ask, tx)
    if _checks(tx, matter, ask.person.id, ask.now):
        cases.note_read(tx, matter.case, ask.person.id, ask.now)
    return _show(ask, tx, matter.case.id)


def again(ask: Ask, tx: Tx) -> Outgoing:
    """Something to be read is looked for in the circle's screen: a letter that says nothing, once more."""
    matter = _mine(ask, tx)
    return ask.anew(_STILL, _read_it(matter.case.id), topic=topic(matter.case.id))


def cover(ask: Ask, tx: Tx) -> Outgoing:
    """Cover it up again, before somebody looks."""
    matter = _mine(ask, tx)
    _uncover(ask, tx, matter.case.id)
    return _covering(ask, matter.case)


def _uncover(ask: Ask, tx: Tx, which: int) -> None:
    """Let nothing be covered up any more that stands there no more."""
    outbox.withdraw(tx, topic(which), Lane.REPLY, ask.now, person=ask.person.id)


def _covering(ask: Ask, case: Case, due_at: datetime | None = None) -> Outgoing:
    return Outgoing(
        ask.person.id,
        _COVERED,
        choices=(_read_it(case.id),),
        topic=topic(case.id),
        edits=ask.on,
        edit=not ask.on,  # where a choice was typed, the newest message of this topic is the one that shows it
        silent=True,
        at=ask.address,
        due_at=due_at,
    )


def _show(ask: Ask, tx: Tx, which: int, *notice: Line) -> list[Outgoing]:
    """What this person may see of it now, to be covered up again after a while."""
    matter = _matter(tx, which)
    if matter is None:
        raise Outdated
    me = ask.person.id
    _uncover(ask, tx, which)
    calls = matter.case.accepted == me and matter.case.phase in SURE
    if calls:
        lines, rows = _to_be_told(tx, matter)
    elif _checks(tx, matter, me, ask.now):
        lines, rows = _to_be_checked(tx, matter, me)
    else:
        lines, rows = _asked_to_call(matter)
    rows.append([button(pgettext("button", "🙈 Cover it up"), "hard.cover", which)])
    page = Page((*notice, *([""] if notice else []), *lines))
    return [ask.reply(page, *rows, topic=topic(which)), _covering(ask, matter.case, ask.now + COVERED_AFTER)]


def _to_be_checked(tx: Tx, matter: Matter, me: int) -> tuple[list[Line | str], list[list[Choice]]]:
    case, inside = matter.case, me in matter.inside
    lines: list[Line | str] = [
        _about(tx, case),
        *(line for word in matter.said for line in _said(matter, word, named=inside)),
        "",
        *(_answer_of(matter, one, named=inside) for one in matter.readers if one.person != me),
        *_where_it_is(matter, me),
    ]
    rows: list[list[Choice]] = []
    if case.phase in {Phase.CHECKING, Phase.REFUSED}:
        if me in matter.tellers:
            lines.append(_("You have told it yourself: somebody else confirms it."))
        else:
            rows.append([button(pgettext("button", "✔️ I confirm it"), "hard.yes", case.id)])
            rows.append([button(pgettext("button-wide", "✖️ Not true, or not certain"), "hard.no", case.id)])
    if case.accepted == me and case.phase is Phase.CHECKING:
        rows.append([button(I_CANT, "hard.pass", case.id)])
    if inside and case.accepted is None and case.phase in {Phase.CHECKING, *SURE}:
        rows.append([button(I_CALL, "hard.call", case.id)])
        rows.append([button(SOMEBODY_ELSE, "hard.else", case.id)])
    if case.phase in SURE:
        rows.append([button(NOT_TRUE, "hard.wrong", case.id)])
    return lines, rows


def _said(matter: Matter, word: Word, *, named: bool) -> list[Line]:
    """What one person said. Whoever is not in the circle is not told who; and the circle learns of no other one."""
    how, ago = words.way(word.how), Ago(word.true_at)
    name = matter.name(word.teller)
    if name is None:
        line = _(
            "Somebody outside the circle: {how}. True {ago}, told {told}.", how=how, ago=ago, told=Ago(word.told_at)
        )
    elif named:
        line = _("{name}: {how}. True {ago}, told {told}.", name=name, how=how, ago=ago, told=Ago(word.told_at))
    else:
        line = _("Somebody of the circle: {how}. True {ago}, told {told}.", how=how, ago=ago, told=Ago(word.told_at))
    return [line, *([_("Note: {note}", note=word.note)] if word.note else [])]


def _answer_of(matter: Matter, one: Reader, *, named: bool) -> Line:
    name = matter.name(one.person) if named else None
    name = pgettext("noun", "the other one") if name is None else name
    if one.person in matter.tellers:
        return _("It was told by one of those who read it: {name}.", name=name)
    if one.refused:
        return _("Says that it is not true, or not certain: {name}.", name=name)
    if one.grade is not None:
        return _("Confirmed by {name}. Source: {source}.", name=name, source=_grade(one.grade))
    return _("No answer yet from {name}.", name=name)


def _where_it_is(matter: Matter, me: int) -> list[Line]:
    """How far it is, for one of the two."""
    case = matter.case
    mine = next((one for one in matter.readers if one.person == me), None)
    lines = []
    if mine is not None and mine.grade is not None and not mine.refused:
        lines.append(_("You have confirmed it. Source: {source}.", source=_grade(mine.grade)))
    if not matter.said:
        lines.append(_("Whoever told it has taken it back."))
    match case.phase:
        case Phase.CHECKING:
            if matter.confirmed and case.accepted is None and me in matter.inside:
                lines.append(_("It is confirmed. Now somebody must call the family."))
            lines.append(_("I write it to nobody else. Please speak about it only by voice."))
        case Phase.REFUSED:
            lines.append(_("It is not certain, so nobody is told. It is erased after {span}.", span=Span(REFUSED_KEPT)))
        case Phase.TOLD:
            lines.append(_("Everybody in the circle has been told by voice."))
        case Phase.WRONG:
            lines.append(_("It was not so. Everybody who had been told knows that."))
        case Phase.TELLING:
            lines.append(_("It is being told by voice now."))
    name = matter.name(case.caller) if me in matter.inside else None
    if name is not None and case.phase is not Phase.WRONG:
        lines.append(
            _("Calls the family: {name}.", name=name)
            if case.accepted is not None
            else _("Asked to call the family: {name}.", name=name)
        )
    return lines


def _checking(ask: Ask, tx: Tx) -> Matter:
    """The case, if this person checks it and may still answer. Raises Outdated."""
    matter = _mine(ask, tx)
    me = ask.person.id
    waits = matter.case.phase in {Phase.CHECKING, Phase.REFUSED}
    if not waits or me in matter.tellers or not _checks(tx, matter, me, ask.now):
        raise Outdated
    return matter


def yes(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Somebody confirms it: ask how well it is known."""
    matter = _checking(ask, tx)
    which = matter.case.id
    _uncover(ask, tx, which)
    answers = (
        (pgettext("button-wide", "📄 A document or an authority"), Grade.DOCUMENT.value),
        (pgettext("button-wide", "👁 Whoever told it saw it"), Grade.SEEN.value),
        (pgettext("button-wide", "👥 Several people, independently"), Grade.SEVERAL.value),
        (pgettext("button-wide", "🗣 One person, by hearsay"), Grade.HEARSAY.value),
        (pgettext("button-wide", "❔ I can't say"), CANT_SAY),
    )
    reply = ask.reply(
        _("How well is it known? Choose what fits best."),
        *([button(label, "hard.grade", which, code)] for label, code in answers),
        [back("hard.read", which)],
        topic=topic(which),
    )
    return [reply, _covering(ask, matter.case, ask.now + COVERED_AFTER)]


def grade(ask: Ask, tx: Tx) -> list[Outgoing]:
    """How well it is known: with that it is confirmed by this person."""
    matter = _checking(ask, tx)
    code = ask.args[1] if len(ask.args) > 1 else ""
    if code == CANT_SAY:
        line = _("Then it is not confirmed yet, and nobody is told. Ask by voice, and come back when you know more.")
        return _show(ask, tx, matter.case.id, line)
    try:
        known = Grade(code)
    except ValueError:
        raise Outdated from None
    cases.answer(tx, matter.case, ask.person.id, known)
    if matter.case.phase is Phase.REFUSED and not any(
        one.refused for one in matter.readers if one.person != ask.person.id
    ):
        cases.enter(tx, matter.case, Phase.CHECKING, ask.now)
    return _gone_on(ask, tx, matter.case.id)


def no(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Somebody says that it is not true, or not certain: then nobody is told."""
    matter = _checking(ask, tx)
    cases.answer(tx, matter.case, ask.person.id, None)
    letters: list[Outgoing] = []
    if matter.case.phase is Phase.CHECKING:
        cases.enter(tx, matter.case, Phase.REFUSED, ask.now)
        letters = _each(
            tx, matter, [one.person for one in matter.readers if one.person != ask.person.id], _NEW, ask.now
        )
        calmly = _(
            "What you told about {name} could not be confirmed. Nobody was told.", name=_subject(tx, matter.case)
        )
        letters += [
            Outgoing(who, calmly, lane=Lane.CORRECTION, silent=True, about=matter.case.person)
            for who in sorted(matter.tellers)
        ]
    return [*_show(ask, tx, matter.case.id, _("Noted. You can still change your answer.")), *letters]


def _gone_on(ask: Ask, tx: Tx, which: int, *notice: Line) -> list[Outgoing]:
    """Something was answered: go on as far as may be, and show how it stands."""
    letters = _advance(tx, which, ask.person.id, ask.now)
    return [*_show(ask, tx, which, *notice), *letters]


def _advance(tx: Tx, which: int, me: int, now: datetime) -> list[Outgoing]:
    matter = _matter(tx, which)
    if matter is None or matter.case.phase is not Phase.CHECKING or not matter.confirmed:
        return []
    case = matter.case
    near = [who for who in matter.near if who != me]
    grade = grade_of(approvals(matter.readers, matter.tellers))
    if grade is not None and case.accepted is not None and may_be_told(case, matter.readers, matter.tellers):
        cases.confirm(tx, case, grade, now)
        knowing = [one.person for one in approvals(matter.readers, matter.tellers) if one.person in matter.inside]
        cases.mark(tx, case, [*knowing, case.accepted], now)
        return _each(tx, matter, [*near, *([case.accepted] if case.accepted != me else [])], _NEW, now)
    if matter.near:
        return _each(tx, matter, near, _NEW, now)
    return _ask_somebody(tx, matter, now) if case.caller is None else []


# -- who calls the family ------------------------------------------------------------------------------------------


def _ask_somebody(tx: Tx, matter: Matter, now: datetime, *, but: int | None = None) -> list[Outgoing]:
    """Nobody of the circle has read it: ask whoever told it, who knows it already, or else the keeper, or a member."""
    case = matter.case
    never = cases.lost(tx, case.circle) | {case.person} | ({but} if but is not None else set())
    order = [*sorted(matter.tellers & matter.inside.keys()), matter.circle.keeper, *sorted(matter.inside)]
    for who in order:
        if who not in never and any(one.reachable for one in people.addresses(tx, who)):
            cases.let_call(tx, case, who, None)
            return _each(tx, matter, [who], _ASKED, now)
    return []


def _asked_to_call(matter: Matter) -> tuple[list[Line | str], list[list[Choice]]]:
    """What somebody reads who is asked to call, before they agree: not what has happened, nor to whom."""
    case = matter.case
    if case.accepted is not None:
        text = _("Thank you. Two people still check it. I write to you when it is time to call.")
        return [text], [[button(I_CANT, "hard.pass", case.id)]]
    lines: list[Line | str] = [
        _(
            "Very hard news about somebody of “{circle}” must be told to the family by voice.",
            circle=matter.circle.name,
        ),
        _(
            "Will you call them? It can be about somebody close to you: then let another do it. What has happened I "
            "show you only when you have said yes and two people have confirmed it."
        ),
    ]
    return lines, [
        [button(I_CALL, "hard.call", case.id)],
        [button(SOMEBODY_ELSE, "hard.else", case.id)],
        [button(I_CANT, "hard.pass", case.id)],
    ]


def _choosing(ask: Ask, tx: Tx) -> Matter:
    """The case, if this person may say who calls: one of the two in the circle, or who is asked. Raises Outdated."""
    matter = _mine(ask, tx)
    if ask.person.id not in matter.inside or matter.case.phase not in {Phase.CHECKING, *SURE}:
        raise Outdated
    if matter.case.accepted not in {None, ask.person.id}:
        raise Outdated
    return matter


def call(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Somebody will call the family."""
    matter = _choosing(ask, tx)
    cases.let_call(tx, matter.case, ask.person.id, ask.now)
    if matter.case.phase in SURE:
        cases.mark(tx, matter.case, [ask.person.id], ask.now)
    return _gone_on(ask, tx, matter.case.id)


def somebody_else(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Choose who shall be asked to call the family."""
    return _whom_to_ask(ask, _choosing(ask, tx), tx)


def _whom_to_ask(ask: Ask, matter: Matter, tx: Tx, *notice: Line) -> list[Outgoing]:
    case = matter.case
    _uncover(ask, tx, case.id)
    rows = [
        [button(pgettext("button-wide", "{name}", name=words.name_of(p)), "hard.ask", case.id, p.id)]
        for p in _candidates(tx, matter, ask.person.id)
    ]
    text = _(
        "Who shall call the family? Choose somebody calm. I only ask them: what has happened they should hear from a "
        "voice, and I show it to them when they have agreed."
    )
    reply = ask.reply(
        Page((*notice, text)),
        *rows,
        [button(pgettext("button", "🙈 Cover it up"), "hard.cover", case.id)],
        topic=topic(case.id),
    )
    return [reply, _covering(ask, case, ask.now + COVERED_AFTER)]


def _candidates(tx: Tx, matter: Matter, me: int) -> list[Person]:
    never = cases.lost(tx, matter.case.circle) | {matter.case.person, me}
    return [p for p in matter.inside.values() if p.id not in never]


def asked(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Ask somebody to call the family."""
    matter = _choosing(ask, tx)
    whom = next((p for p in _candidates(tx, matter, ask.person.id) if p.id == ask.number(1)), None)
    if whom is None:
        raise Outdated
    cases.let_call(tx, matter.case, whom.id, None)
    done = _(
        "Asked: {name}. Please call {name} first, so that your voice comes before my question.",
        name=words.name_of(whom),
    )
    letters = _each(tx, matter, [whom.id], _ASKED, ask.now)
    if _checks(tx, matter, ask.person.id, ask.now):
        return [*_show(ask, tx, matter.case.id, done), *letters]
    _uncover(ask, tx, matter.case.id)
    return [with_menu(ask, done), *letters]


def pass_on(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Whoever was asked can't do it, or can't go on."""
    matter = _mine(ask, tx)
    case, me = matter.case, ask.person.id
    if case.caller != me:
        raise Outdated
    cases.let_call(tx, case, None, None)
    line = _("Thank you for saying so.")
    others = [who for who in matter.near if who != me]
    if me in matter.near:
        return [*_show(ask, tx, case.id, line), *_each(tx, matter, others, _NEW, ask.now)]
    _uncover(ask, tx, case.id)
    letters = _each(tx, matter, others, _NEW, ask.now) if others else _ask_somebody(tx, matter, ask.now, but=me)
    return [with_menu(ask, line), *letters]


# -- telling the family --------------------------------------------------------------------------------------------


def _to_be_told(tx: Tx, matter: Matter) -> tuple[list[Line | str], list[list[Choice]]]:
    """What whoever calls the family sees: who knows, and who does not yet."""
    case = matter.case
    lines: list[Line | str] = [
        _about(tx, case),
        _("Source: {source}.", source=_grade(case.grade)),
    ]
    if not matter.said:
        lines.append(_("Whoever told it has taken it back."))
    everybody = _belonging(tx, case.circle)
    know, wait = _who_knows(tx, matter)
    if know:
        lines.append(
            _("They know it: {people}.", people=words.some([words.name_of(everybody[who]) for who in know], MOST_NAMED))
        )
    lines.append(
        _(
            "Call each of the others, or go there. Press a name only when you have told it by voice: from then on they "
            "can see it under “My people”. I write it to nobody."
        )
        if wait
        else _("Everybody in the circle knows it now. Thank you for doing this.")
    )
    rows = [
        [button(pgettext("button-wide", "{name}", name=words.name_of(everybody[who])), "hard.tell", case.id, who)]
        for who in wait
    ]
    rows.append([button(NOT_TRUE, "hard.wrong", case.id)])
    if wait:
        rows.append([button(I_CANT, "hard.pass", case.id)])
    return lines, rows


def _who_knows(tx: Tx, matter: Matter) -> tuple[list[int], list[int]]:
    """Who of the circle has been told, and who not yet."""
    done = cases.told(tx, matter.case)
    everybody = [who for who in _belonging(tx, matter.case.circle) if who != matter.case.person]
    return [who for who in everybody if who in done], [who for who in everybody if who not in done]


def _telling(ask: Ask, tx: Tx) -> tuple[Matter, Person]:
    """The case and one who does not know yet, if this person calls the family. Raises Outdated."""
    matter = _mine(ask, tx)
    who = ask.number(1)
    if matter.case.accepted != ask.person.id or matter.case.phase not in SURE or who not in _who_knows(tx, matter)[1]:
        raise Outdated
    return matter, _belonging(tx, matter.case.circle)[who]


def tell(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Ask before somebody can see it: a finger slips easily."""
    matter, person = _telling(ask, tx)
    which = matter.case.id
    _uncover(ask, tx, which)
    reply = ask.reply(
        _("Have you told {name} yourself, by voice or in person?", name=words.name_of(person)),
        [button(pgettext("button", "✔️ Yes, by voice"), "hard.told", which, person.id)],
        [back("hard.read", which)],
        topic=topic(which),
    )
    return [reply, _covering(ask, matter.case, ask.now + COVERED_AFTER)]


def marked(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Somebody was told by voice."""
    matter, person = _telling(ask, tx)
    cases.mark(tx, matter.case, [person.id], ask.now)
    if not _who_knows(tx, matter)[1]:
        cases.enter(tx, matter.case, Phase.TOLD, ask.now)
    return _show(ask, tx, matter.case.id)


# -- it was not so -------------------------------------------------------------------------------------------------


def _wronging(ask: Ask, tx: Tx) -> Matter:
    """The case, if this person may say that it was not so: one is enough for that. Raises Outdated."""
    matter = _mine(ask, tx)
    me = ask.person.id
    if matter.case.phase not in SURE or not (_checks(tx, matter, me, ask.now) or matter.case.accepted == me):
        raise Outdated
    return matter


def wrong(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Ask before everybody who was told learns that it was not so."""
    matter = _wronging(ask, tx)
    which = matter.case.id
    _uncover(ask, tx, which)
    count = len(cases.told(tx, matter.case))
    reply = ask.reply(
        ngettext(
            "Shall {n} person who was told learn at once that it was not true?",
            "Shall {n} people who were told learn at once that it was not true?",
            n=count,
        ),
        [button(pgettext("button", "✔️ Yes, tell them"), "hard.wrong.yes", which)],
        [back("hard.read", which)],
        topic=topic(which),
    )
    return [reply, _covering(ask, matter.case, ask.now + COVERED_AFTER)]


def wronged(ask: Ask, tx: Tx) -> list[Outgoing]:
    """It was not so: exactly those who were told learn it, at once and with a sound."""
    matter = _wronging(ask, tx)
    case, me = matter.case, ask.person.id
    told_people = cases.told(tx, case)
    cases.enter(tx, case, Phase.WRONG, ask.now)
    by = matter.name(me)
    name = _subject(tx, case)
    first = (
        _("<b>What you were told about {name} was wrong.</b> {by} says so.", name=name, by=by)
        if by is not None
        else _("<b>What you were told about {name} was wrong.</b> Those who had checked it say so.", name=name)
    )
    text = Page((first, _("Please say so to everybody to whom you have told it.")))
    whom = sorted(told_people - {me, case.person})
    letters = [Outgoing(who, text, lane=Lane.CORRECTION, choices=((MY_PEOPLE,),)) for who in whom]
    rest = [one.person for one in matter.readers if one.person not in told_people and one.person != me]
    letters += _each(tx, matter, rest, _NEW, ask.now)
    offline = [p for p in relatives.inside(tx, [case.circle])[case.circle] if p.id in told_people]
    notice = [_("Everybody who had been told learns now that it was not true.")]
    if offline and me in matter.inside:
        notice.append(_("Please call those who are not here: {people}.", people=words.names(offline)))
    if _checks(tx, matter, me, ask.now):
        return [*_show(ask, tx, case.id, *notice), *letters]
    _uncover(ask, tx, case.id)
    return [with_menu(ask, Page(tuple(notice))), *letters]


# -- whom a circle names -------------------------------------------------------------------------------------------


def named_line(tx: Tx, one: Circle, inside: list[Person]) -> Line:
    """Who learns hard news first, for the circle's screen."""
    named = set(cases.bearers(tx, one.id))
    chosen = [p for p in inside if p.id in named]
    return (
        _("Learn hard news first: {people}.", people=words.names(chosen))
        if chosen
        else _("Nobody is named yet who learns hard news first.")
    )


def bearers(ask: Ask, tx: Tx) -> Outgoing:
    """Who learns hard news first in a circle, what that means, and what waits to be read."""
    one = circles.one_of(tx, ask.person.id, ask.number())
    if one is None:
        raise Outdated
    return _bearers(ask, tx, one)


def _bearers(ask: Ask, tx: Tx, one: Circle, *notice: Line) -> Outgoing:
    inside = circles.members(tx, [one.id])[one.id]
    me, named = ask.person.id, set(cases.bearers(tx, one.id))
    rows = [
        [button(pgettext("button", "Something to read"), "hard.again", case.id)]
        for case in cases.inside(tx, one.id)
        if case.phase is not Phase.WRONG and _takes_part(tx, case, me)
    ]
    if one.keeper == me:
        if len(named) < READERS:
            rows.append([button(pgettext("button", "➕ Name somebody"), "hard.name", one.id)])
        rows += [
            [button(pgettext("button-wide", "➖ {name}", name=words.name_of(p)), "hard.release", one.id, p.id)]
            for p in inside
            if p.id in named
        ]
    elif me in named:
        rows.append([button(RATHER_NOT, "hard.decline", one.id)])
    return ask.reply(
        Page(
            (
                *notice,
                _(
                    "When the hardest comes about somebody of “{circle}”, an arrest or a death, only two people can "
                    "read it here first. They check it, and somebody calls the family: nobody learns it from a "
                    "screen.",
                    circle=one.name,
                ),
                named_line(tx, one, inside),
            )
        ),
        *rows,
        [back("circle", one.id)],
    )


def _takes_part(tx: Tx, case: Case, who: int) -> bool:
    return who != case.person and (case.caller == who or any(one.person == who for one in cases.readers(tx, case)))


def _kept(ask: Ask, tx: Tx) -> tuple[Circle, list[Person]]:
    one = circles.one_of(tx, ask.person.id, ask.number())
    if one is None or one.keeper != ask.person.id:
        raise Outdated
    return one, circles.members(tx, [one.id])[one.id]


def name(ask: Ask, tx: Tx) -> Outgoing:
    """Choose whom to name."""
    one, inside = _kept(ask, tx)
    named = cases.bearers(tx, one.id)
    rows = (
        [button(pgettext("button-wide", "{name}", name=words.name_of(p)), "hard.named", one.id, p.id)]
        for p in inside
        if p.id not in named
    )
    return ask.reply(
        _("Who shall it be? Choose somebody calm, whom the family trusts and who can be reached."),
        *rows,
        [back("hard.bearers", one.id)],
    )


def named(ask: Ask, tx: Tx) -> Answer:
    """Name somebody. What has waited for them can be read now."""
    one, inside = _kept(ask, tx)
    person = next((p for p in inside if p.id == ask.number(1)), None)
    already = cases.bearers(tx, one.id)
    if person is None or (person.id not in already and len(already) >= READERS):
        raise Outdated
    cases.name(tx, one.id, person.id)
    letters: list[Outgoing] = []
    if person.id != ask.person.id and person.id not in already:
        text = Page(
            (
                _("“{circle}” has named you as one of two people who learn hard news first.", circle=one.name),
                _(
                    "It can be about an arrest or a death. You check it, and see to it that somebody calls the family. "
                    "Nobody reads it before you two."
                ),
            )
        )
        choices = (
            (button(pgettext("button", "Good"), "home"),),
            (button(RATHER_NOT, "hard.decline", one.id),),
        )
        letters.append(
            Outgoing(person.id, text, choices=choices, lane=Lane.CORRECTION, topic=f"bearer:{one.id}", circle=one.id)
        )
    for case in cases.inside(tx, one.id):
        if case.phase is Phase.CHECKING:
            letters += _give(tx, case, ask.now)
    return [_bearers(ask, tx, one), *letters]


def release(ask: Ask, tx: Tx) -> list[Outgoing]:
    """The keeper names somebody no longer."""
    one, inside = _kept(ask, tx)
    person = next((p for p in inside if p.id == ask.number(1)), None)
    if person is None or not cases.unname(tx, one.id, person.id):
        raise Outdated
    letters = []
    if person.id != ask.person.id:
        text = _("You are no longer one of the two people of “{circle}” who learn hard news first.", circle=one.name)
        letters.append(Outgoing(person.id, text, lane=Lane.CHECKIN, silent=True, circle=one.id))
    return [_bearers(ask, tx, one), *letters]


def decline(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Somebody who was named would rather not."""
    one = circles.one_of(tx, ask.person.id, ask.number())
    if one is None or not cases.unname(tx, one.id, ask.person.id):
        raise Outdated
    answer = with_menu(ask, _("Thank you for saying so. I ask for somebody else."))
    return [answer, *_place_is_free(one, ask.person)]


def _place_is_free(one: Circle, who: Person) -> list[Outgoing]:
    if one.keeper == who.id:
        return []
    text = _(
        "One of the two people of “{circle}” who learn hard news first is to be named anew: {name} no longer does it.",
        circle=one.name,
        name=words.name_of(who),
    )
    choices = ((button(NAME_THEM, "hard.bearers", one.id),),)
    return [Outgoing(one.keeper, text, choices=choices, lane=Lane.CHECKIN, circle=one.id)]


# -- leaving, coming, being forgotten ------------------------------------------------------------------------------


def parts(tx: Tx, one: Circle, who: Person, now: datetime) -> list[Outgoing]:
    """Somebody is about to leave a circle, or to be removed: others are asked to do what was theirs to do."""
    letters = _place_is_free(one, who) if who.id in cases.bearers(tx, one.id) else []
    concerned = [case for case in cases.inside(tx, one.id) if _takes_part(tx, case, who.id)]
    cases.part(tx, one.id, who.id)
    for before in concerned:
        case = cases.by_id(tx, before.id)
        if case is None:
            continue
        if case.phase is Phase.CHECKING:
            letters += _give(tx, case, now, but=who.id)
        if before.caller == who.id:
            matter = _around(tx, case)
            near = [reader for reader in matter.near if reader != who.id]
            letters += _each(tx, matter, near, _NEW, now) if near else _ask_somebody(tx, matter, now, but=who.id)
    return letters


def comes(tx: Tx, which: int, who: Person, now: datetime) -> list[Outgoing]:
    """Somebody new is in a circle: whoever told the others by voice is asked to tell them as well."""
    letters = []
    for case in cases.inside(tx, which):
        if case.phase in SURE and case.accepted is not None and case.person != who.id:
            matter = _around(tx, case)
            line = _(
                "There is something that {name} does not know yet. Open it when you are alone.", name=words.name_of(who)
            )
            letters += _each(tx, matter, [case.accepted], line, now)
            if case.phase is Phase.TOLD:
                cases.enter(tx, case, Phase.TELLING, now)
    return letters


def forgets(tx: Tx, who: int, now: datetime) -> list[Outgoing]:
    """Somebody is about to be erased: what was told about them goes, and whoever could read it is told so."""
    line = _("What only few of you could read is erased: whoever it was about is no longer here.")
    return [letter for case in cases.about(tx, who) for letter in _over(tx, _around(tx, case), line, now)]


# -- as time passes ------------------------------------------------------------------------------------------------


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """Remind whoever is waited for; and let somebody else read it for who has not even opened it."""
    letters: list[Outgoing] = []
    for case in cases.due(tx, now):
        cases.remind(tx, case, next_reminder(case.opened_at, now))
        letters += _reminded(tx, case, now)
    return letters


def _reminded(tx: Tx, case: Case, now: datetime) -> list[Outgoing]:
    matter = _around(tx, case)
    caller = [case.caller] if case.caller is not None else []
    if case.phase is Phase.TELLING:
        return _each(tx, matter, caller or matter.near, _STILL, now)
    if case.phase is not Phase.CHECKING:
        return []
    if matter.confirmed:
        return _each(tx, matter, caller or matter.near, _STILL, now) or _ask_somebody(tx, matter, now)
    letters = []
    if now >= case.opened_at + REPLACED_AFTER:
        letters += _replaced(tx, matter, now)
    letters += _give(tx, case, now)
    silent = [one.person for one in cases.readers(tx, case) if not one.answered and one.person not in matter.tellers]
    letters += _each(tx, matter, [who for who in silent if who not in {one.to for one in letters}], _STILL, now)
    return letters + (_name_two(matter) if _lacks(tx, case) else [])


def _replaced(tx: Tx, matter: Matter, now: datetime) -> list[Outgoing]:
    letters = []
    for one in matter.readers:
        if one.read_at is not None or one.answered or one.person in matter.tellers:
            continue
        have = {other.person for other in cases.readers(tx, matter.case)} - matter.tellers
        chosen = [who for who in _drawn(tx, matter, have - {one.person}, now, but=one.person) if who not in have][:1]
        if chosen:
            outbox.withdraw(tx, topic(matter.case.id), Lane.CORRECTION, now, person=one.person)
            cases.take(tx, matter.case, one.person)
            cases.give(tx, matter.case, chosen[0])
            letters += _each(tx, matter, chosen, _WAITS, now)
    return letters
