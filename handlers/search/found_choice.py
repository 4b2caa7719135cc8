"""Being found is a choice: who may look for me, or for a person of my circle who is not online, and what they learn."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from bot.domain import knock as rules
from bot.domain.conversation import Ago, Choice, Line, Outgoing, Page, Value
from bot.domain.knock import QUESTIONS, Case, Kind, Known, May, Says
from bot.domain.people import Person
from bot.domain.refusals import Empty, Enough, Outdated
from bot.i18n import _, pgettext
from handlers.ask import Ask, back, button, expect
from handlers.search import finding, passing
from handlers.search.finding import (
    CONTACT,
    NAME,
    STANDS,
    TYPED,
    described,
    own_words,
    read_names,
    read_places,
    read_year,
)
from handlers.words import name_of
from storage import circles, hard, knocks, lists, people, relatives, search
from storage.circles import Circle
from storage.database import Tx
from storage.knocks import Candidate, Knock
from storage.search import Held

STEPS: Final = ("names", "born", "places", "question", "answer")


@dataclass(frozen=True, slots=True)
class Whom:
    """Somebody for whom the person may choose: themselves, or a person of a circle that they keep."""

    person: Person
    circle: Circle | None

    @property
    def kind(self) -> Kind:
        """What their record is."""
        return Kind.MEMBER if self.circle is None else Kind.RELATIVE


def _every(ask: Ask, tx: Tx) -> list[Whom]:
    kept = {one.id: one for one in circles.circles_of(tx, ask.person.id) if one.keeper == ask.person.id}
    inside = relatives.inside(tx, list(kept))
    theirs = [Whom(person, one) for which, one in kept.items() for person in inside[which]]
    return [Whom(ask.person, None), *theirs]


def _whom(ask: Ask, tx: Tx, who: int) -> Whom:
    """Raises Outdated for anybody else."""
    found = next((one for one in _every(ask, tx) if one.person.id == who), None)
    if found is None:
        raise Outdated
    return found


# -- the choice ----------------------------------------------------------------------------------------------------


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """For whom one may choose, and what was chosen."""
    rows = []
    waiting = 0
    for one in _every(ask, tx):
        record = search.held_of(tx, one.person.id)
        sign = "🚪" if record is not None else "🔒"
        label = pgettext("button-wide", "{sign} {name}", sign=sign, name=_called(ask, one))
        rows.append([button(label, "found.of", one.person.id)])
        if record is not None:
            waiting += len(knocks.cases_at(tx, [record.id], finding.HELD_OPEN))
    return ask.reply(
        Page(
            (
                *finding.told(ask),
                _("<b>🚪 Who may look for us</b>"),
                _("If you choose nothing, nobody can find you or the people of your circles here."),
                _("🔒 nobody may look; 🚪 you have let somebody look. In a circle, whoever keeps it chooses."),
            )
        ),
        *rows,
        [back("knock")],
    )


def _called(ask: Ask, one: Whom) -> Value:
    return pgettext("noun", "Me") if one.person.id == ask.person.id else name_of(one.person)


def _looked_for(ask: Ask, one: Whom) -> Line:
    if one.person.id == ask.person.id:
        return _("<b>Somebody looks for you</b>")
    return _("<b>Somebody looks for {name}</b>", name=name_of(one.person))


def _not_found(ask: Ask, one: Whom) -> Line:
    if one.person.id == ask.person.id:
        return _("Nobody can find you here now.")
    return _("Nobody can find {name} here now.", name=name_of(one.person))


def may_name(one: May) -> Line:
    """Who may look, in a few words."""
    match one:
        case May.NOBODY:
            return pgettext("noun", "nobody")
        case May.KIN:
            return pgettext("noun", "kin who answer my question")
        case May.ANYONE:
            return pgettext("noun", "anybody here who also knows year or place")


def show(ask: Ask, tx: Tx) -> Outgoing:
    """What was chosen for one person, and who has looked for them."""
    return _show(ask, tx, _whom(ask, tx, ask.number()))


def _show(ask: Ask, tx: Tx, one: Whom, first: Iterable[Line] = ()) -> Outgoing:
    who = one.person.id
    record = search.held_of(tx, who)
    may = May.NOBODY if record is None else record.may
    lines: list[Line | str] = [
        *first,
        _("<b>{name}</b>", name=_called(ask, one)),
        _("Who may look: {who}.", who=may_name(may)),
    ]
    rows: list[list[Choice]] = []
    if record is not None:
        lines += described(record.known)
        if record.question:
            lines.append(_("Your question: {question}", question=finding.question(record.question)))
        for case in knocks.cases_at(tx, [record.id], finding.HELD_OPEN):
            label = pgettext("button-wide", "💬 Somebody looks, {ago}", ago=Ago(case.since))
            rows.append([button(label, "found.case", case.id)])
    else:
        lines.append(
            _(
                "Whoever may look never sees this. You read their words first, and only what you release reaches them, "
                "step by step."
            )
        )
    rows += [
        [button(_choice(two), "found.may", who, int(two))]
        for two in (May.KIN, May.ANYONE, May.NOBODY)
        if two is not may
    ]
    if record is not None:
        rows.append([button(pgettext("button", "✏️ Change what is known"), "found.may", who, int(may))])
        rows.append(passing.choice(tx, passing.RECORD, who))
    return ask.reply(Page(tuple(lines)), *rows, [back("found")], clean_after=STANDS)


def _choice(one: May) -> Line:
    match one:
        case May.KIN:
            return pgettext("button-wide", "🔑 Kin who answer my question")
        case May.ANYONE:
            return pgettext("button-wide", "👥 Anybody of my community")
        case May.NOBODY:
            return pgettext("button", "🔒 Nobody")


def may(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Choose who may look: then it is asked by what. Nobody: the record is erased."""
    one, choice = _whom(ask, tx, ask.number()), ask.number(1)
    if choice not in set(May):
        raise Outdated
    if choice == May.NOBODY:
        record = search.held_of(tx, one.person.id)
        letters = [] if record is None else list(finding.leaves(tx, [record.id], ask.now))
        search.erase_of(tx, one.person.id)
        return [_show(ask, tx, one, [_not_found(ask, one)]), *letters]
    others = (each.person.id for each in _every(ask, tx) if each.person.id != one.person.id)
    if sum(search.held_of(tx, who) is not None for who in others) >= rules.MOST_RECORDS:
        raise Enough(rules.MOST_RECORDS)
    return [_ask(ask, tx, {"who": one.person.id, "may": choice}, "names")]


def lets(ask: Ask) -> bool:
    """Whether somebody is let look: that nobody may is never too often."""
    return ask.args[1:2] != (str(int(May.NOBODY)),)


def _ask(ask: Ask, tx: Tx, data: dict[str, Any], step: str) -> Outgoing:
    expect(ask, tx, "found", **{**data, "step": step})
    rows: list[list[Choice]] = []
    match step:
        case "names":
            lines = [
                _("By which name do their kin look? Write first name and surname, in any letters."),
                _("Other spellings, a maiden name or a nickname go on further lines."),
                finding.GOES,
            ]
        case "born" | "places":
            lines = finding.asked(step)
        case "question":
            lines = [
                _("Choose what only kin know. Whoever looks answers without seeing which you chose."),
                _("Whoever answers wrongly learns nothing, and you are not disturbed."),
            ]
            rows = [[button(finding.question_label(one), "found.about", one)] for one in QUESTIONS]
        case _:
            lines = [
                finding.question(str(data["about"])),
                _("One name or word, in any letters. I keep only a mark of it, and show it to nobody."),
            ]
    if step in {"born", "places"}:
        rows = [[button(pgettext("button", "➡️ Leave it out"), "found.skip")]]
    return ask.reply(Page(tuple(lines)), *rows, [back("found.of", int(data["who"]))], clean_after=TYPED)


def _data(ask: Ask) -> dict[str, Any]:
    if ask.data.get("what") != "found":
        raise Outdated
    return {name: value for name, value in ask.data.items() if name not in {"what", "step"}}


def written(ask: Ask, tx: Tx) -> Outgoing:
    """What somebody is known by was written, or the answer."""
    data, step = _data(ask), str(ask.data["step"])
    match step:
        case "names":
            data["names"] = json.dumps(read_names(ask.words), ensure_ascii=False)
        case "born":
            data["born"] = read_year(ask.text(40), ask.now)
        case "places":
            data["places"] = json.dumps(read_places(ask.words), ensure_ascii=False)
        case "answer":
            data["answer"] = rules.folded(ask.text(NAME))
            if not data["answer"]:
                raise Empty
        case _:
            return _ask(ask, tx, data, step)
    return _next(ask, tx, data, step)


def skip(ask: Ask, tx: Tx) -> Outgoing:
    """Leave the year or the places out."""
    data, step = _data(ask), str(ask.data["step"])
    if step not in {"born", "places"}:
        raise Outdated
    return _next(ask, tx, data, step)


def about(ask: Ask, tx: Tx) -> Outgoing:
    """Choose the question."""
    data, code = _data(ask), ask.args[0] if ask.args else ""
    if code not in QUESTIONS or ask.data["step"] not in {"question", "answer"}:
        raise Outdated
    return _ask(ask, tx, {**data, "about": code}, "answer")


def _next(ask: Ask, tx: Tx, data: dict[str, Any], step: str) -> Outgoing:
    last = "answer" if data["may"] == May.KIN else "places"
    if step != last:
        return _ask(ask, tx, data, STEPS[STEPS.index(step) + 1])
    one = _whom(ask, tx, int(data["who"]))
    people.end_dialogue(tx, ask.person.id)
    known = Known(
        tuple(json.loads(data["names"])), data.get("born") or None, tuple(json.loads(data.get("places", "[]")))
    )
    question, answer = str(data.get("about", "")), str(data.get("answer", ""))
    record = search.held_of(tx, one.person.id)
    if record is None:
        search.put(
            tx,
            one.kind,
            known,
            ask.now,
            person=one.person.id,
            may=May(data["may"]),
            question=question,
            answer=answer,
        )
    else:
        if record.known != known:  # a yes to a list was for what stood there
            lists.withdraw(tx, lists.Whose(record=record.id))
        search.replace(tx, record.id, known)
        search.allow(tx, record.id, May(data["may"]), question, answer)
    return _show(ask, tx, one, [_("Kept. Whoever looks is never told of it.")])


# -- who has looked ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Matter:
    """A case that one may answer."""

    case: Candidate
    knock: Knock
    record: Held
    whom: Whom


def _matter(ask: Ask, tx: Tx, which: int) -> Matter:
    """Raises Outdated for a case of somebody else, one that is over, and one that never was."""
    case = knocks.case(tx, which)
    if case is None or case.state not in finding.HELD_OPEN:
        raise Outdated
    record, knock = search.held(tx, case.sought), knocks.find(tx, case.knock)
    if record is None or knock is None or record.person is None:
        raise Outdated
    return Matter(case, knock, record, _whom(ask, tx, record.person))


def card(ask: Ask, tx: Tx) -> Outgoing:
    """Who looks, in which words; what agrees, what does not; and what to answer."""
    return _card(ask, tx, _matter(ask, tx, ask.number()))


def _card(ask: Ask, tx: Tx, one: Matter, first: Iterable[Line] = ()) -> Outgoing:
    form, case = one.knock.form, one.case
    lines: list[Line | str] = [
        *first,
        _looked_for(ask, one.whom),
        *described(form.known),
        _("They are: {relation}", relation=finding.relation_name(form.relation)),
    ]
    if form.words:
        lines.append(_("Their words: {words}", words=form.words))
    if case.proved:
        lines.append(_("🔑 They answered your question rightly."))
    lines += ["", _("Theirs · yours"), *finding.compared(form.known, one.record.known), ""]
    both = finding.opened(case)
    for says, key, label in (
        (Says.MESSAGE, "words", _("They write: {words}", words=case.messages.get("seeker.words", ""))),
        (Says.CONTACT, "contact", _("How to reach them: {words}", words=case.messages.get("seeker.contact", ""))),
    ):
        if both >= says and case.messages.get(f"seeker.{key}"):
            lines.append(label)
    if case.seeker_says > max(both, Says.ALIVE):
        lines.append(_("They would tell you more as soon as you tell as much yourself."))
    quiet = _is_quiet(ask, tx, one)
    if quiet:
        lines.append(
            _(
                "What you know of {name} is told only by voice. You can give a way to reach you.",
                name=_called(ask, one.whom),
            )
        )
    lines.append(_("Whoever looks may be somebody who means harm. If you are not sure, wait, and ask your circle."))
    return ask.anew(
        Page(tuple(lines)), *_answers(case, quiet=quiet), [back("found.of", one.whom.person.id)], clean_after=STANDS
    )


def _answers(case: Candidate, *, quiet: bool) -> list[list[Choice]]:
    rows: list[list[Choice]] = []
    if case.holder_says < Says.ALIVE and not quiet:
        rows.append(
            [button(pgettext("button-wide", "✅ Yes: alive, and known to us"), "found.yes", case.id, int(Says.ALIVE))]
        )
    if not quiet:
        rows.append(
            [button(pgettext("button-wide", "✍️ Yes, and I write to them"), "found.yes", case.id, int(Says.MESSAGE))]
        )
    rows.append(
        [button(pgettext("button-wide", "📞 Yes, and how to reach me"), "found.yes", case.id, int(Says.CONTACT))]
    )
    rows.append([button(pgettext("button", "🚫 Not the same person"), "found.no", case.id)])
    return rows


def _is_quiet(ask: Ask, tx: Tx, one: Matter) -> bool:
    """Whether there is news of them that is told only by voice."""
    circle = one.whom.circle
    return circle is not None and one.whom.person.id in hard.known_to(tx, circle.id, ask.person.id)


def yes(ask: Ask, tx: Tx) -> Outgoing | list[Outgoing]:
    """It is them: release so much."""
    one, level = _matter(ask, tx, ask.number()), ask.number(1)
    if level not in {Says.ALIVE, Says.MESSAGE, Says.CONTACT} or (_is_quiet(ask, tx, one) and level != Says.CONTACT):
        raise Outdated
    if level == Says.ALIVE:
        return _released(ask, tx, one, Says.ALIVE, {})
    expect(ask, tx, "found.say", case=one.case.id, level=level)
    text = (
        _(
            "How can they reach you? Write what you want to give: a number, an account, or the code of an invitation. "
            "They read it once they have given theirs."
        )
        if level == Says.CONTACT
        else _("Write to them. They read it once they have written to you, or when they write.")
    )
    return ask.reply(text, [back("found.case", one.case.id)], clean_after=TYPED)


def said(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Words for whoever looks were written."""
    one, level = _matter(ask, tx, int(ask.data["case"])), Says(int(ask.data["level"]))
    words = own_words(ask, CONTACT)
    people.end_dialogue(tx, ask.person.id)
    key = "holder.contact" if level is Says.CONTACT else "holder.words"
    return _released(ask, tx, one, level, {key: words})


def _released(ask: Ask, tx: Tx, one: Matter, level: Says, words: dict[str, str]) -> list[Outgoing]:
    more = max(one.case.holder_says, level)
    messages = {**one.case.messages, **words, **({"quiet": "1"} if _is_quiet(ask, tx, one) else {})}
    knocks.change(tx, one.case.id, state=Case.OPEN, holder_says=more, messages=messages)
    changed = _matter(ask, tx, one.case.id)
    return [
        _card(ask, tx, changed, [_("Whoever looks learns so much now, and nothing else.")]),
        *finding.to_seeker(tx, changed.case, ask.now),
    ]


def no(ask: Ask, tx: Tx) -> list[Outgoing]:
    """It is somebody else: remembered. Whoever looks learns nothing, unless they had been told that it is them."""
    one = _matter(ask, tx, ask.number())
    knocks.are_two(tx, one.knock, one.record.id, ask.now + rules.TWO_PEOPLE)
    knocks.change(tx, one.case.id, state=Case.NOT_SAME, ended_at=ask.now)
    letters = []
    if one.case.state is Case.OPEN:
        letters.append(finding.hint(tx, one.knock.person, ask.now, button(finding.OPEN, "knock", "other")))
    return [_show(ask, tx, one.whom, [_("I remember that. Whoever looks is told nothing.")]), *letters]
