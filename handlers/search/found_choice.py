"""Being found is a choice: who may look for me, or for a person of my circle who is not online, and what they learn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bot.domain import knock as rules
from bot.domain.conversation import Ago, Choice, Line, Listed, Outgoing, Page, Value
from bot.domain.knock import QUESTIONS, Case, Kind, May, Says
from bot.domain.people import Person
from bot.domain.refusals import Empty, Enough, Outdated, Refusal, SearchOver
from bot.i18n import _, pgettext
from handlers.ask import Ask, back, button, expect_for
from handlers.refused import line_of
from handlers.search import finding, form, passing
from handlers.search.finding import CONTACT, STANDS, described, own_words
from handlers.search.form import TYPED, Either
from handlers.words import name_of
from storage import circles, hard, knocks, lists, people, relatives, search
from storage.circles import Circle
from storage.database import Tx
from storage.knocks import Candidate, Knock
from storage.search import Held

STEPS: Final = ("names", "born", "places", "question", "answer")
SURE = 1  # the argument of a button that was asked about


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
    new = False
    for one in _every(ask, tx):
        record = search.held_of(tx, one.person.id)
        sign = "🚪" if record is not None else "🔒"
        if record is not None and any(_waits(case) for case in knocks.cases_at(tx, [record.id], finding.HELD_OPEN)):
            sign, new = "💬", True
        label = pgettext("button-wide", "{sign} {name}", sign=sign, name=_called(ask, one))
        rows.append([button(label, "found.of", one.person.id)])
    return ask.reply(
        Page(
            (
                *finding.told(ask),
                _("<b>🚪 Who may look for us</b>"),
                _("If you choose nothing, nobody can find you or the people of your circles here."),
                _("🔒 nobody may look; 🚪 you have let somebody look. In a circle, whoever keeps it chooses."),
                *([finding.WAITING] if new else []),
            )
        ),
        *rows,
        [back("knock")],
        clean_after=STANDS,
    )


def _waits(case: Candidate) -> bool:
    """Whether whoever answers for a record has something to do or to read in a case."""
    return case.holder_says is Says.NOTHING or finding.waits(case, "holder")


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
        every = knocks.cases_at(tx, [record.id], (*finding.HELD_OPEN, Case.CLOSED))
        shown = [case for case in every if case.state is not Case.CLOSED or _stays(case)]
        rows += [[button(_case_label(case), "found.case", case.id)] for case in shown]
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
        rows.append([button(pgettext("button", "✏️ Change what is known"), "found.change", who)])
        rows.append(passing.choice(tx, passing.RECORD, who))
    return ask.reply(Page(tuple(lines)), *rows, [back("found")], clean_after=STANDS)


def _stays(case: Candidate) -> bool:
    """Whether what was released in a closed case stays readable for whoever answers for the record now."""
    return bool(case.holder_says) and finding.HANDED not in case.messages


def _case_label(case: Candidate) -> Line:
    if case.state is Case.CLOSED:
        return pgettext("button-wide", "🤝 Found, {ago}", ago=Ago(case.ended_at or case.since))
    if _waits(case):
        return pgettext("button-wide", "💬 Somebody looks, {ago}", ago=Ago(case.since))
    return pgettext("button-wide", "✅ You answered, {ago}", ago=Ago(case.since))


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
        if record is not None and ask.args[2:] != (str(SURE),):
            return [
                ask.reply(
                    _("Nobody may look any more? Then what is known, and every answer, is erased."),
                    [button(pgettext("button", "🔒 Yes, nobody"), "found.may", one.person.id, choice, SURE)],
                    [back("found.of", one.person.id)],
                )
            ]
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


def change(ask: Ask, tx: Tx) -> Outgoing:
    """Which part of what is known is to be said anew."""
    one = _whom(ask, tx, ask.number())
    record = search.held_of(tx, one.person.id)
    if record is None:
        raise Outdated
    who = one.person.id
    question = [button(pgettext("button", "✏️ Question"), "found.fix", who, "question")]
    return ask.reply(
        Page((*described(record.known), _("What shall I change?"))),
        [button(pgettext("button", "✏️ Name"), "found.fix", who, "names")],
        [button(pgettext("button", "✏️ Year"), "found.fix", who, "born")],
        [button(pgettext("button", "✏️ Place"), "found.fix", who, "places")],
        question if record.may is May.KIN else [],
        [back("found.of", who)],
        clean_after=STANDS,
    )


def fix(ask: Ask, tx: Tx) -> Outgoing:
    """Say one part of what is known anew; everything else stays as it is."""
    one, step = _whom(ask, tx, ask.number()), ask.args[1] if len(ask.args) > 1 else ""
    record = search.held_of(tx, one.person.id)
    if record is None or step not in STEPS[:-1] or (step == "question" and record.may is not May.KIN):
        raise Outdated
    data = {"who": one.person.id, "may": int(record.may), "fix": 1}
    return _ask(ask, tx, data | form.gathered(record.known), step)


def _ask(ask: Ask, tx: Tx, data: dict[str, Any], step: str, first: Iterable[Line] = ()) -> Outgoing:
    expect_for(ask, tx, TYPED, "found", **{**data, "step": step})
    rows: list[list[Choice]] = []
    match step:
        case "names":
            lines = [
                _("By which name do their kin look? Write first name and surname, in any letters."),
                _("Other spellings, a maiden name or a nickname go on further lines."),
                form.GOES,
            ]
        case "born" | "places":
            lines = form.asked(step)
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
        rows = [[button(form.LEFT_OUT, "found.skip")]]
    return ask.reply(Page((*first, *lines)), *rows, [_way_back(data, step)], clean_after=TYPED)


def _way_back(data: dict[str, Any], step: str) -> Choice:
    if step == STEPS[0] or ("fix" in data and step != "answer"):
        return back("found.change" if "fix" in data else "found.of", int(data["who"]))
    return back("found.back")


def _data(ask: Ask) -> dict[str, Any]:
    if ask.data.get("what") != "found":
        raise Outdated
    return {name: value for name, value in ask.data.items() if name not in {"what", "step"}}


def written(ask: Ask, tx: Tx) -> Outgoing:
    """What somebody is known by was written, or the answer. What can't be read is asked once more, with its reason."""
    data, step = _data(ask), str(ask.data["step"])
    try:
        match step:
            case "names" | "born" | "places":
                if (year := form.gather(ask, data, step)) is not None:
                    return _either(ask, tx, data, year)
            case "answer":
                data["answer"] = rules.folded(ask.text(form.NAME))
                if not data["answer"]:
                    raise Empty
            case _:
                return _ask(ask, tx, data, step)
    except Refusal as refusal:
        return _ask(ask, tx, data, step, [line_of(refusal)])
    return _next(ask, tx, data, step)


def _either(ask: Ask, tx: Tx, data: dict[str, Any], year: Either) -> Outgoing:
    expect_for(ask, tx, TYPED, "found", **{**data, "step": "born"})
    rows = form.either(year, "found.born", ask.now)
    return ask.reply(form.asked("born")[0], *rows, [_way_back(data, "born")], clean_after=TYPED)


def born(ask: Ask, tx: Tx) -> Outgoing:
    """Whether two digits were a year or an age."""
    data = _data(ask)
    if ask.data["step"] != "born":
        raise Outdated
    return _next(ask, tx, {**data, "born": form.chosen_year(ask, ask.number())}, "born")


def skip(ask: Ask, tx: Tx) -> Outgoing:
    """Leave the year or the places out."""
    data, step = _data(ask), str(ask.data["step"])
    if step not in {"born", "places"}:
        raise Outdated
    data.pop(step, None)
    return _next(ask, tx, data, step)


def step_back(ask: Ask, tx: Tx) -> Outgoing:
    """The question before this one."""
    data, step = _data(ask), str(ask.data["step"])
    return _ask(ask, tx, data, STEPS[max(STEPS.index(step) - 1, 0)])


def about(ask: Ask, tx: Tx) -> Outgoing:
    """Choose the question."""
    data, code = _data(ask), ask.args[0] if ask.args else ""
    if code not in QUESTIONS or ask.data["step"] not in {"question", "answer"}:
        raise Outdated
    return _ask(ask, tx, {**data, "about": code}, "answer")


def _next(ask: Ask, tx: Tx, data: dict[str, Any], step: str) -> Outgoing:
    last = "answer" if data["may"] == May.KIN else "places"
    if step != last and not ("fix" in data and step in {"names", "born", "places"}):
        return _ask(ask, tx, data, STEPS[STEPS.index(step) + 1])
    return _keep(ask, tx, data)


def _keep(ask: Ask, tx: Tx, data: dict[str, Any]) -> Outgoing:
    """Everything is said: the record is made, or changed by what was said anew."""
    one = _whom(ask, tx, int(data["who"]))
    people.end_dialogue(tx, ask.person.id)
    known = form.known(data)
    may, question, answer = May(data["may"]), str(data.get("about", "")), str(data.get("answer", ""))
    record = search.held_of(tx, one.person.id)
    if record is None:
        search.put(tx, one.kind, known, ask.now, person=one.person.id, may=may, question=question, answer=answer)
    else:
        if record.known != known:  # a yes to a list was for what stood there
            lists.withdraw(tx, lists.Whose(record=record.id))
            search.replace(tx, record.id, known)
        if question or "fix" not in data:
            search.allow(tx, record.id, may, question, answer)
    return _show(ask, tx, one, [_("Kept. Whoever looks is never told of it.")])


# -- who has looked ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Matter:
    """A case that one may answer."""

    case: Candidate
    knock: Knock
    record: Held
    whom: Whom


def _matter(ask: Ask, tx: Tx, which: int, *, reads: bool = False) -> Matter:
    """Raises SearchOver for a case of somebody else, one that is over, and one that never was.

    `reads`: what was released stays readable for a while when the search is found.
    """
    case = knocks.case(tx, which)
    if case is None or not (case.state in finding.HELD_OPEN or (reads and case.state is Case.CLOSED and _stays(case))):
        raise SearchOver
    record, knock = search.held(tx, case.sought), knocks.find(tx, case.knock)
    if record is None or knock is None:
        raise SearchOver
    whom = next((one for one in _every(ask, tx) if one.person.id == record.person), None)
    if whom is None:
        raise SearchOver
    return Matter(case, knock, record, whom)


def card(ask: Ask, tx: Tx) -> Outgoing:
    """Who looks, in which words; what agrees, what does not; and what to answer."""
    one = _matter(ask, tx, ask.number(), reads=True)
    finding.read(tx, one.case, "holder")
    return _card(ask, tx, one)


def _card(ask: Ask, tx: Tx, one: Matter) -> Outgoing:
    asked, case, quiet = one.knock.form, one.case, _is_quiet(ask, tx, one)
    lines: list[Line | str] = [
        _looked_for(ask, one.whom),
        _("They write the name so: {names}", names=Listed(asked.known.names)),
        _("Whoever looks says: “{relation}”.", relation=finding.relation_name(asked.relation)),
    ]
    if asked.words:
        lines.append(_("Their words: {words}", words=asked.words))
    if case.proved:
        lines.append(_("🔑 They answered your question rightly."))
    lines += [
        "",
        _("Theirs · yours"),
        *finding.compared(asked.known, one.record.known),
        "",
        *finding.exchanged(case, "holder"),
    ]
    if quiet:
        lines.append(
            _(
                "What you know of {name} is told only by voice. You can give a way to reach you.",
                name=_called(ask, one.whom),
            )
        )
        if at := case.messages.get("alive.at"):
            lines.append(_("What they read was said {ago}.", ago=Ago(datetime.fromisoformat(at))))
    lines.append(_("Whoever looks may be somebody who means harm. If you are not sure, wait, and ask your circle."))
    rows = [] if case.state is Case.CLOSED else _answers(case, quiet=quiet)
    return ask.anew(Page(tuple(lines)), *rows, [back("found.of", one.whom.person.id)], clean_after=STANDS)


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
    return _say(ask, tx, one.case, level)


def _say(ask: Ask, tx: Tx, case: Candidate, level: int, first: Iterable[Line] = ()) -> Outgoing:
    expect_for(ask, tx, TYPED, "found.say", case=case.id, level=level)
    asked = finding.invites(level, case.messages.get(finding.key("holder", level), ""))
    return ask.reply(Page((*first, *asked.lines)), [back("found.case", case.id)], clean_after=TYPED)


def said(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Words for whoever looks were written."""
    one, level = _matter(ask, tx, int(ask.data["case"])), Says(int(ask.data["level"]))
    try:
        words = own_words(ask, CONTACT)
    except Refusal as refusal:
        return [_say(ask, tx, one.case, level, [line_of(refusal)])]
    people.end_dialogue(tx, ask.person.id)
    return _released(ask, tx, one, level, {finding.key("holder", level): words})


def _released(ask: Ask, tx: Tx, one: Matter, level: Says, words: dict[str, str]) -> list[Outgoing]:
    quiet = _is_quiet(ask, tx, one)
    messages = {**one.case.messages, **words, **({"quiet": "1"} if quiet else {"alive.at": ask.now.isoformat()})}
    more = max(one.case.holder_says, level)
    knocks.change(tx, one.case.id, state=Case.OPEN, holder_says=more, messages=messages)
    changed = _matter(ask, tx, one.case.id).case
    kept = (
        _("Whoever looks learns so much now, and nothing else.")
        if level == Says.ALIVE
        else finding.kept(changed, level)
    )
    return [
        ask.anew(kept, [button(pgettext("button", "👁 Look at it"), "found.case", changed.id)], [back("found")]),
        *finding.to_seeker(tx, changed, ask.now),
    ]


def no(ask: Ask, tx: Tx) -> list[Outgoing]:
    """It is somebody else: asked once, then remembered. Whoever looks learns it only if they had been answered."""
    one = _matter(ask, tx, ask.number())
    if ask.args[1:] != (str(SURE),):
        return [
            ask.reply(
                finding.TWO,
                [button(finding.YES_TWO, "found.no", one.case.id, SURE)],
                [back("found.case", one.case.id)],
            )
        ]
    knocks.are_two(tx, one.knock, one.record.id, ask.now + rules.TWO_PEOPLE)
    knocks.change(tx, one.case.id, state=Case.NOT_SAME, ended_at=ask.now)
    letters = []
    if one.case.state is Case.OPEN:
        letters.append(finding.hint(tx, one.knock.person, ask.now, button(finding.OPEN, "knock", "other")))
    return [_show(ask, tx, one.whom, [_("I remember that. Whoever looks is told nothing.")]), *letters]
