"""Hard news is read and checked by two, told to the family by the voice of one, and corrected if it was not so."""

from __future__ import annotations

from datetime import datetime

from bot.domain.checkin import Hard
from bot.domain.conversation import Ago, Choice, Lane, Line, Outgoing, Page, Span
from bot.domain.hard import (
    COVERED_AFTER,
    OVER,
    REFUSED_KEPT,
    REPLACED_AFTER,
    SURE,
    Case,
    Grade,
    Phase,
    Reader,
    Word,
    approvals,
    grade_of,
    may_be_told,
    next_reminder,
)
from bot.domain.people import Person
from bot.domain.refusals import Outdated
from bot.i18n import _, ngettext, pgettext
from handlers import words
from handlers.ask import Ask, back, button
from handlers.family import matters
from handlers.family.matters import Matter
from handlers.home import with_menu
from storage import hard as cases
from storage import outbox, relatives
from storage.database import Tx

MOST_NAMED = 12  # names in one line; the others are counted
CANT_SAY = "none"

I_CALL = pgettext("button-wide", "📞 I will call the family")
SOMEBODY_ELSE = pgettext("button-wide", "👤 Somebody else calls")
I_CANT = pgettext("button", "✖️ I can't")
NOT_TRUE = pgettext("button", "↩️ It was not true")
MY_PEOPLE = button(pgettext("button", "👥 My people"), "people")


# -- reading and checking ------------------------------------------------------------------------------------------


def read(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Show it to somebody who may read it, in place of the letter that said nothing."""
    matter = matters.part_of(ask, tx)
    if matters.checks(tx, matter, ask.person.id, ask.now):
        cases.note_read(tx, matter.case, ask.person.id)
    return _show(ask, tx, matter.case.id)


def again(ask: Ask, tx: Tx) -> Outgoing:
    """Something to be read is looked for in the circle's screen: a letter that says nothing, once more."""
    matter = matters.part_of(ask, tx)
    return ask.anew(matters.STILL, matters.read_it(matter.case.id), topic=matters.topic(matter.case.id))


def cover(ask: Ask, tx: Tx) -> Outgoing:
    """Cover it up again, before somebody looks."""
    matter = matters.part_of(ask, tx)
    _uncover(ask, tx, matter.case.id)
    return _covering(ask, matter.case)


def _uncover(ask: Ask, tx: Tx, which: int) -> None:
    """Something else comes into the message of the press; cover up what was shown in other messages."""
    outbox.overtake(tx, matters.topic(which), ask.now, person=ask.person.id, edits=ask.on)


def _covering(ask: Ask, case: Case, due_at: datetime | None = None) -> Outgoing:
    return Outgoing(
        ask.person.id,
        matters.COVERED,
        choices=(matters.read_it(case.id),),
        topic=matters.topic(case.id),
        edits=ask.on,
        edit=not ask.on,  # where a choice was typed, the newest message of this topic is the one that shows it
        silent=True,
        at=ask.address,
        due_at=due_at,
    )


def _show(ask: Ask, tx: Tx, which: int, *notice: Line) -> list[Outgoing]:
    """What this person may see of it now, to be covered up again after a while."""
    matter = matters.by_number(tx, which)
    if matter is None:
        raise Outdated
    me = ask.person.id
    _uncover(ask, tx, which)
    calls = matter.case.accepted == me and matter.case.phase in SURE
    if calls:
        lines, rows = _to_be_told(tx, matter)
    elif matters.checks(tx, matter, me, ask.now):
        lines, rows = _to_be_checked(tx, matter, me)
    else:
        lines, rows = _asked_to_call(matter)
    rows.append([button(pgettext("button", "🙈 Cover it up"), "hard.cover", which)])
    page = Page((*notice, *([""] if notice else []), *lines))
    return [ask.reply(page, *rows, topic=matters.topic(which)), _covering(ask, matter.case, ask.now + COVERED_AFTER)]


def _to_be_checked(tx: Tx, matter: Matter, me: int) -> tuple[list[Line | str], list[list[Choice]]]:
    case, inside = matter.case, me in matter.inside
    lines: list[Line | str] = [
        matters.about(tx, case),
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
        rows += _ends(case)
    return lines, rows


def _ends(case: Case) -> list[list[Choice]]:
    rows = [[button(NOT_TRUE, "hard.wrong", case.id)]]
    if case.what is Hard.DETAINED:
        rows.append([button(pgettext("button", "🕊 They are free"), "hard.free", case.id)])
    return rows


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
        return _("Confirmed by {name}. Source: {source}.", name=name, source=matters.graded(one.grade))
    return _("No answer yet from {name}.", name=name)


def _where_it_is(matter: Matter, me: int) -> list[Line]:
    """How far it is, for one of the two."""
    case = matter.case
    mine = next((one for one in matter.readers if one.person == me), None)
    lines = []
    if mine is not None and mine.grade is not None and not mine.refused:
        lines.append(_("You have confirmed it. Source: {source}.", source=matters.graded(mine.grade)))
    if not matter.said:
        lines.append(_("Whoever told it has taken it back."))
    if case.phase is Phase.CHECKING and matter.confirmed and case.accepted is None and me in matter.inside:
        lines.append(_("It is confirmed. Now somebody must call the family."))
    if case.phase is Phase.CHECKING and case.accepted == me and not matter.confirmed:
        lines.append(_("Please call only when both of you have confirmed it."))
    lines.append(_phase(case.phase))
    name = matter.name(case.caller) if me in matter.inside else None
    if name is not None and case.phase not in OVER:
        lines.append(
            _("Calls the family: {name}.", name=name)
            if case.accepted is not None
            else _("Asked to call the family: {name}.", name=name)
        )
    return lines


def _phase(phase: Phase) -> Line:
    match phase:
        case Phase.CHECKING:
            return _("I write it to nobody else. Please speak about it only by voice.")
        case Phase.REFUSED:
            return _("It is not certain, so nobody is told. It is erased after {span}.", span=Span(REFUSED_KEPT))
        case Phase.TELLING:
            return _("It is being told by voice now.")
        case Phase.TOLD:
            return _("Everybody in the circle has been told by voice.")
        case Phase.WRONG:
            return _("It was not so. Everybody who had been told knows that.")
        case Phase.FREE:
            return _("It is over. Everybody who had been told knows that.")


def _checking(ask: Ask, tx: Tx) -> Matter:
    """The case, if this person checks it and may still answer. Raises Outdated."""
    matter = matters.part_of(ask, tx)
    me = ask.person.id
    waits = matter.case.phase in {Phase.CHECKING, Phase.REFUSED}
    if not waits or me in matter.tellers or not matters.checks(tx, matter, me, ask.now):
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
        topic=matters.topic(which),
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
        letters = matters.letters(
            tx, matter, [one.person for one in matter.readers if one.person != ask.person.id], matters.NEW, ask.now
        )
        calmly = _(
            "What you told about {name} could not be confirmed. Nobody was told.", name=matters.subject(tx, matter.case)
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
    matter = matters.by_number(tx, which)
    if matter is None or matter.case.phase is not Phase.CHECKING or not matter.confirmed:
        return []
    case = matter.case
    near = [who for who in matter.near if who != me]
    grade = grade_of(approvals(matter.readers, matter.tellers))
    if grade is not None and case.accepted is not None and may_be_told(case, matter.readers, matter.tellers):
        cases.confirm(tx, case, grade, now)
        knowing = [one.person for one in approvals(matter.readers, matter.tellers) if one.person in matter.inside]
        cases.mark(tx, case, [*knowing, case.accepted])
        return matters.letters(tx, matter, [*near, *([case.accepted] if case.accepted != me else [])], matters.NEW, now)
    if matter.near:
        return matters.letters(tx, matter, near, matters.NEW, now)
    return matters.ask_somebody(tx, matter, now) if case.caller is None else []


# -- who calls the family ------------------------------------------------------------------------------------------


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
    matter = matters.part_of(ask, tx)
    if ask.person.id not in matter.inside or matter.case.phase not in {Phase.CHECKING, *SURE}:
        raise Outdated
    if matter.case.accepted not in {None, ask.person.id}:
        raise Outdated
    return matter


def call(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Somebody will call the family."""
    matter = _choosing(ask, tx)
    cases.let_call(tx, matter.case, ask.person.id, agreed=True)
    if matter.case.phase in SURE:
        cases.mark(tx, matter.case, [ask.person.id])
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
        topic=matters.topic(case.id),
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
    cases.let_call(tx, matter.case, whom.id, agreed=False)
    done = _(
        "Asked: {name}. Please call them first, so that your voice comes before my question.",
        name=words.name_of(whom),
    )
    letters = matters.letters(tx, matter, [whom.id], matters.ASKED, ask.now)
    if matters.checks(tx, matter, ask.person.id, ask.now):
        return [*_show(ask, tx, matter.case.id, done), *letters]
    _uncover(ask, tx, matter.case.id)
    return [with_menu(ask, done), *letters]


def pass_on(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Whoever was asked can't do it, or can't go on."""
    matter = matters.part_of(ask, tx)
    case, me = matter.case, ask.person.id
    if case.caller != me:
        raise Outdated
    cases.let_call(tx, case, None, agreed=False)
    line = _("Thank you for saying so.")
    others = [who for who in matter.near if who != me]
    if me in matter.near:
        return [*_show(ask, tx, case.id, line), *matters.letters(tx, matter, others, matters.NEW, ask.now)]
    _uncover(ask, tx, case.id)
    letters = (
        matters.letters(tx, matter, others, matters.NEW, ask.now)
        if others
        else matters.ask_somebody(tx, matter, ask.now, but=me)
    )
    return [with_menu(ask, line), *letters]


# -- telling the family --------------------------------------------------------------------------------------------


def _to_be_told(tx: Tx, matter: Matter) -> tuple[list[Line | str], list[list[Choice]]]:
    """What whoever calls the family sees: who knows, and who does not yet."""
    case = matter.case
    lines: list[Line | str] = [
        matters.about(tx, case),
        _("Source: {source}.", source=matters.graded(case.grade)),
    ]
    if not matter.said:
        lines.append(_("Whoever told it has taken it back."))
    everybody = matters.belonging(tx, case.circle)
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
    rows += _ends(case)
    if wait:
        rows.append([button(I_CANT, "hard.pass", case.id)])
    return lines, rows


def _who_knows(tx: Tx, matter: Matter) -> tuple[list[int], list[int]]:
    """Who of the circle has been told, and who not yet."""
    done = cases.told(tx, matter.case)
    everybody = [who for who in matters.belonging(tx, matter.case.circle) if who != matter.case.person]
    return [who for who in everybody if who in done], [who for who in everybody if who not in done]


def _telling(ask: Ask, tx: Tx) -> tuple[Matter, Person]:
    """The case and one who does not know yet, if this person calls the family. Raises Outdated."""
    matter = matters.part_of(ask, tx)
    who = ask.number(1)
    if matter.case.accepted != ask.person.id or matter.case.phase not in SURE or who not in _who_knows(tx, matter)[1]:
        raise Outdated
    return matter, matters.belonging(tx, matter.case.circle)[who]


def tell(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Ask before somebody can see it: a finger slips easily."""
    matter, person = _telling(ask, tx)
    which = matter.case.id
    _uncover(ask, tx, which)
    reply = ask.reply(
        _("Have you told {name} yourself, by voice or in person?", name=words.name_of(person)),
        [button(pgettext("button", "✔️ Yes, by voice"), "hard.told", which, person.id)],
        [back("hard.read", which)],
        topic=matters.topic(which),
    )
    return [reply, _covering(ask, matter.case, ask.now + COVERED_AFTER)]


def marked(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Somebody was told by voice."""
    matter, person = _telling(ask, tx)
    cases.mark(tx, matter.case, [person.id])
    if not _who_knows(tx, matter)[1]:
        cases.enter(tx, matter.case, Phase.TOLD, ask.now)
    return _show(ask, tx, matter.case.id)


# -- it was not so -------------------------------------------------------------------------------------------------


def _ending(ask: Ask, tx: Tx) -> Matter:
    """The case, if this person may say that it is over: one is enough for that. Raises Outdated."""
    matter = matters.part_of(ask, tx)
    me = ask.person.id
    if matter.case.phase not in SURE or not (matters.checks(tx, matter, me, ask.now) or matter.case.accepted == me):
        raise Outdated
    return matter


def wrong(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Ask before everybody who was told learns that it was not so."""
    matter = _ending(ask, tx)
    question = ngettext(
        "Shall {n} person who was told learn at once that it was not true?",
        "Shall {n} people who were told learn at once that it was not true?",
        n=len(cases.told(tx, matter.case)),
    )
    return _sure(ask, tx, matter, question, "hard.wrong.yes")


def free(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Ask before everybody who was told learns that somebody who was held is free."""
    matter = _ending(ask, tx)
    question = ngettext(
        "Shall {n} person who was told learn that {name} is free?",
        "Shall {n} people who were told learn that {name} is free?",
        n=len(cases.told(tx, matter.case)),
        name=matters.subject(tx, matter.case),
    )
    return _sure(ask, tx, matter, question, "hard.free.yes")


def _sure(ask: Ask, tx: Tx, matter: Matter, question: Line, verb: str) -> list[Outgoing]:
    which = matter.case.id
    _uncover(ask, tx, which)
    reply = ask.reply(
        question,
        [button(pgettext("button", "✔️ Yes, tell them"), verb, which)],
        [back("hard.read", which)],
        topic=matters.topic(which),
    )
    return [reply, _covering(ask, matter.case, ask.now + COVERED_AFTER)]


def wronged(ask: Ask, tx: Tx) -> list[Outgoing]:
    """It was not so: exactly those who were told learn it, at once and with a sound."""
    matter = _ending(ask, tx)
    by, name = matter.name(ask.person.id), matters.subject(tx, matter.case)
    first = (
        _("<b>What you were told about {name} was wrong.</b> {by} says so.", name=name, by=by)
        if by is not None
        else _("<b>What you were told about {name} was wrong.</b> Those who had checked it say so.", name=name)
    )
    text = Page((first, _("Please say so to everybody to whom you have told it.")))
    return _over(ask, tx, matter, Phase.WRONG, text, _("Everybody who had been told learns now that it was not true."))


def freed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Somebody who was held is free: exactly those who were told learn it."""
    matter = _ending(ask, tx)
    if matter.case.what is not Hard.DETAINED:
        raise Outdated
    by, name = matter.name(ask.person.id), matters.subject(tx, matter.case)
    first = (
        _("<b>{name} is free.</b> {by} says so.", name=name, by=by)
        if by is not None
        else _("<b>{name} is free.</b> Those who had checked it say so.", name=name)
    )
    text = Page((first, _("Please say so to everybody to whom you have told it.")))
    return _over(ask, tx, matter, Phase.FREE, text, _("Everybody who had been told learns it now."))


def _over(  # noqa: PLR0913, PLR0917 - what is over, in which words, for whom
    ask: Ask, tx: Tx, matter: Matter, phase: Phase, text: Page, done: Line
) -> list[Outgoing]:
    case, me = matter.case, ask.person.id
    told_people = cases.told(tx, case)
    cases.enter(tx, case, phase, ask.now)
    whom = sorted(told_people - {me, case.person})
    letters = [Outgoing(who, text, lane=Lane.CORRECTION, choices=((MY_PEOPLE,),)) for who in whom]
    rest = [one.person for one in matter.readers if one.person not in told_people and one.person != me]
    letters += matters.letters(tx, matter, rest, matters.NEW, ask.now)
    offline = [p for p in relatives.inside(tx, [case.circle])[case.circle] if p.id in told_people]
    notice = [done]
    if offline and me in matter.inside:
        notice.append(_("Please call those who are not here: {people}.", people=words.names(offline)))
    if matters.checks(tx, matter, me, ask.now):
        return [*_show(ask, tx, case.id, *notice), *letters]
    _uncover(ask, tx, case.id)
    return [with_menu(ask, Page(tuple(notice))), *letters]


# -- as time passes ------------------------------------------------------------------------------------------------


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """Remind whoever is waited for; and let somebody else read it for who has not even opened it."""
    letters: list[Outgoing] = []
    for case in cases.due(tx, now):
        cases.remind(tx, case, next_reminder(case.opened_at, now))
        letters += _reminded(tx, case, now)
    return letters


def _reminded(tx: Tx, case: Case, now: datetime) -> list[Outgoing]:
    matter = matters.around(tx, case)
    caller = [case.caller] if case.caller is not None else []
    if case.phase is Phase.TELLING:
        return matters.letters(tx, matter, caller or matter.near, matters.STILL, now)
    if case.phase is not Phase.CHECKING:
        return []
    if matter.confirmed:
        return matters.letters(tx, matter, caller or matter.near, matters.STILL, now) or matters.ask_somebody(
            tx, matter, now
        )
    letters = []
    if now >= case.opened_at + REPLACED_AFTER:
        letters += _replaced(tx, matter, now)
    letters += matters.give(tx, case, now)
    silent = [one.person for one in cases.readers(tx, case) if not one.answered and one.person not in matter.tellers]
    letters += matters.letters(
        tx, matter, [who for who in silent if who not in {one.to for one in letters}], matters.STILL, now
    )
    return letters + (matters.name_two(tx, matter) if matters.lacks(tx, case) else [])


def _replaced(tx: Tx, matter: Matter, now: datetime) -> list[Outgoing]:
    letters = []
    for one in matter.readers:
        if one.opened or one.answered or one.person in matter.tellers:
            continue
        have = {other.person for other in cases.readers(tx, matter.case)} - matter.tellers
        chosen = [
            who for who in matters.drawn(tx, matter, have - {one.person}, now, but=one.person) if who not in have
        ][:1]
        if chosen:
            outbox.withdraw(tx, matters.topic(matter.case.id), Lane.CORRECTION, now, person=one.person)
            cases.take(tx, matter.case, one.person)
            cases.give(tx, matter.case, chosen[0])
            letters += matters.letters(tx, matter, chosen, matters.WAITS, now)
    return letters
