"""Looking for somebody nobody reaches. Whoever looks reads the same, whether or not somebody can be found."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from bot.domain import knock as rules
from bot.domain import places
from bot.domain.conversation import Ago, Choice, Line, On, Outgoing, Page
from bot.domain.hotline import danger
from bot.domain.knock import QUESTIONS, RELATIONS, Case, Looking, Says
from bot.domain.people import HOME
from bot.domain.refusals import Empty, Enough, Outdated, Refusal, SearchOver
from bot.i18n import _, pgettext
from handlers.ask import Ask, back, button, expect_for
from handlers.refused import line_of
from handlers.search import finding, form, listing, looking_up, passing
from handlers.search.finding import CONTACT, STANDS, WORDS, described, own_words
from handlers.search.form import TYPED, Either
from storage import knocks, lists, people, search
from storage.database import Tx
from storage.knocks import Candidate, Form, Knock

STEPS: Final = ("names", "born", "places", "relation", "proof", "words", "look")
SKIPPED: Final = frozenset({"born", "places", "words"})
SURE = 1  # the argument of a button that was asked about


# -- one's own searches --------------------------------------------------------------------------------------------


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """What a search is, and one's own."""
    mine = [(one, _answers(tx, one)) for one in knocks.of(tx, ask.person.id)]
    new = {one.id for one, cases in mine if any(finding.waits(case, "seeker") for case in cases)}
    rows = []
    for one, _cases in mine:
        sign = "💬" if one.id in new else "🔎"
        label = pgettext("button-wide", "{sign} {name}", sign=sign, name=one.form.known.names[0])
        rows.append([button(label, "knock.one", one.id)])
    return ask.reply(
        Page(
            (
                *finding.told(ask),
                _("<b>🔎 Look for somebody</b>"),
                _("You say what you know of them. I compare it with people who want to be found by their kin."),
                _(
                    "Nothing is listed anywhere. Only who answers for the one you look for may read your words, if "
                    "more than the name agrees; and you learn only what they release."
                ),
                _("In danger don't wait for an answer: call for help."),
                *([finding.WAITING] if new else []),
            )
        ),
        [button(pgettext("button", "🔎 Look for somebody"), "knock.new")],
        *rows,
        [button(pgettext("button-wide", "🚪 Who may look for us"), "found")],
        [back("more")],
        clean_after=STANDS,
    )


def _answers(tx: Tx, one: Knock) -> list[Candidate]:
    """The cases of a search that somebody has answered: open ones, or of a search that is found, what was released."""
    here = Case.CLOSED if one.state is Looking.FOUND else Case.OPEN
    return [case for case in knocks.cases_of(tx, one.id) if case.state is here and case.holder_says]


def _mine(ask: Ask, tx: Tx) -> Knock:
    """One's own search. Raises SearchOver for one that is over, as for one that never was."""
    one = knocks.find(tx, ask.number())
    if one is None or one.person != ask.person.id:
        raise SearchOver
    return one


def show(ask: Ask, tx: Tx) -> Outgoing:
    """One's own search: one's own words, and nothing about whether anybody was found. Answers have letters."""
    one = _mine(ask, tx)
    answered = _answers(tx, one)
    found = one.state is Looking.FOUND
    rows = [
        [button(pgettext("button-wide", "💬 An answer, {ago}", ago=Ago(case.since)), "knock.case", case.id)]
        for case in answered
    ]
    if not found:
        rows += [
            [] if answered else [button(pgettext("button", "✏️ Change it"), "knock.change", one.id)],
            [button(pgettext("button", "🔁 Look longer"), "knock.renew", one.id)],
            passing.choice(tx, passing.SEARCH, one.id),
        ]
    until = (
        [_("Found. It is erased on {when}.", when=On(one.expires_at, HOME))]
        if found
        else [
            _("You have looked since {when}.", when=On(one.made_at, HOME)),
            _("It is erased on {when}, unless you look longer.", when=On(one.expires_at, HOME)),
        ]
    )
    return ask.reply(
        Page((*_said(one.form), "", *until)),
        *rows,
        [button(pgettext("button", "🗑 Erase it"), "knock.end", one.id)],
        [back("knock")],
        clean_after=STANDS,
    )


def _said(one: Form) -> Iterator[Line | str]:
    yield from described(one.known)
    yield _("They are: {relation}", relation=finding.relation_name(one.relation))
    if one.answers:
        yield _("What only kin know: answered.")
    if one.words:
        yield _("Your words: {words}", words=one.words)


def renew(ask: Ask, tx: Tx) -> Outgoing:
    """Go on looking."""
    one = _mine(ask, tx)
    if one.state is Looking.FOUND:
        raise Outdated
    end = ask.now + rules.LIFE
    knocks.renew(tx, one.id, end - rules.REMINDED, end)
    return ask.reply(_("I go on looking until {when}.", when=On(end, HOME)), [back("knock")])


def end(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before a search is erased."""
    one = _mine(ask, tx)
    return ask.reply(
        _("Erase this search, with everything you wrote in it?"),
        [button(pgettext("button", "🗑 Yes, erase it"), "knock.ended", one.id)],
        [back("knock.one", one.id)],
    )


def ended(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Erase a search."""
    one = _mine(ask, tx)
    letters = list(finding.ends(tx, one, ask.now))
    knocks.erase(tx, one.id)
    return [ask.reply(_("It is erased."), [back("knock")]), *letters]


# -- the form, one question at a time ------------------------------------------------------------------------------


def new(ask: Ask, tx: Tx) -> Outgoing:
    """Begin a search."""
    if len(knocks.of(tx, ask.person.id)) >= rules.MOST_KNOCKS:
        raise Enough(rules.MOST_KNOCKS)
    return _ask(ask, tx, {}, "names")


def change(ask: Ask, tx: Tx) -> Outgoing:
    """Say something of a search anew: a search like any other then takes its place."""
    one = _mine(ask, tx)
    if one.state is Looking.FOUND or _answers(tx, one):
        raise Outdated
    said = one.form
    data = {"of": one.id, "relation": said.relation, "words": said.words, "answers": form.packed(dict(said.answers))}
    return _ask(ask, tx, data | form.gathered(said.known), "look")


def _data(ask: Ask) -> dict[str, Any]:
    """What the form has gathered. Raises Outdated if it is over."""
    if ask.data.get("what") != "knock":
        raise Outdated
    return {name: value for name, value in ask.data.items() if name not in {"what", "step"}}


def _ask(ask: Ask, tx: Tx, data: dict[str, Any], step: str, first: Iterable[Line] = ()) -> Outgoing:
    """Ask the question of a step; what was gathered waits in the dialogue."""
    expect_for(ask, tx, TYPED, "knock", **{**data, "step": step})
    rows: list[list[Choice]] = []
    match step:
        case "names":
            lines = [
                _("What is the name of the one you look for?"),
                _("Write it as you know it, in any letters. Other spellings and nicknames go on further lines."),
                form.GOES,
            ]
        case "born" | "places":
            lines = form.asked(step)
        case "relation":
            lines = [_("What are they to you?")]
            rows = [[button(finding.relation_name(one), "knock.is", one)] for one in RELATIONS]
        case "proof":
            lines = [
                _("What do only their kin know? Answer what you can; the more, the better."),
                _("Your answers are shown to nobody. I only compare them."),
            ]
            given = json.loads(data.get("answers", "{}"))
            rows = [[button(finding.question_label(one), "knock.about", one)] for one in QUESTIONS if one not in given]
            rows.append([button(pgettext("button", "➡️ Go on"), "knock.skip")])
        case "answer":
            lines = [finding.question(str(data["about"])), _("One name or word is enough, in any letters.")]
        case "words":
            lines = [
                _("A few words for whoever may know them: who you are to them, and what they would recognise you by."),
                _("Leave out addresses and numbers. You can give them later, when you know who reads them."),
            ]
        case _:
            return _look(ask, data)
    if step in SKIPPED | {"answer"}:
        rows.append([button(form.LEFT_OUT, "knock.skip")])
    way_back = back("knock") if step == STEPS[0] and "fix" not in data else back("knock.back")
    return ask.reply(Page((*first, *lines)), *rows, [way_back], clean_after=TYPED)


def _next(ask: Ask, tx: Tx, data: dict[str, Any], step: str) -> Outgoing:
    """The question behind this one, or the look at everything from where one came to correct something."""
    return _ask(ask, tx, data, "look" if data.pop("fix", None) else STEPS[STEPS.index(step) + 1])


def written(ask: Ask, tx: Tx) -> Outgoing:
    """Words for the form, or for an answer. What can't be read is asked once more, with its reason."""
    data, step = _data(ask), str(ask.data["step"])
    try:
        match step:
            case "names" | "born" | "places":
                if (year := form.gather(ask, data, step)) is not None:
                    return _either(ask, tx, data, year)
            case "words" if form.is_unknown(ask.words):
                data.pop("words", None)
            case "words":
                data["words"] = own_words(ask, WORDS)
            case "answer":
                answer = rules.folded(ask.text(form.NAME))
                if not answer:
                    raise Empty
                given = json.loads(data.get("answers", "{}"))
                data["answers"] = form.packed({**given, str(data.pop("about")): answer})
                return _ask(ask, tx, data, "proof")
            case _:
                return _ask(ask, tx, data, step)
    except Refusal as refusal:
        return _ask(ask, tx, data, step, [line_of(refusal)])
    return _next(ask, tx, data, step)


def _either(ask: Ask, tx: Tx, data: dict[str, Any], year: Either) -> Outgoing:
    expect_for(ask, tx, TYPED, "knock", **{**data, "step": "born"})
    return ask.reply(
        form.asked("born")[0], *form.either(year, "knock.born", ask.now), [back("knock.back")], clean_after=TYPED
    )


def born(ask: Ask, tx: Tx) -> Outgoing:
    """Whether two digits were a year or an age."""
    data = _data(ask)
    if ask.data["step"] != "born":
        raise Outdated
    return _next(ask, tx, {**data, "born": form.chosen_year(ask, ask.number())}, "born")


def skip(ask: Ask, tx: Tx) -> Outgoing:
    """Leave a question out, or end the questions that only kin can answer."""
    data, step = _data(ask), str(ask.data["step"])
    if step not in SKIPPED | {"proof", "answer"}:
        raise Outdated
    data.pop("about", None)
    if step == "answer":
        return _ask(ask, tx, data, "proof")
    if step in SKIPPED:
        data.pop(step, None)
    return _next(ask, tx, data, step)


def step_back(ask: Ask, tx: Tx) -> Outgoing:
    """The question before this one."""
    data, step = _data(ask), str(ask.data["step"])
    data.pop("about", None)
    if step == "answer":
        return _ask(ask, tx, data, "proof")
    if data.pop("fix", None) or step == "look":
        return _ask(ask, tx, data, "look")
    return _ask(ask, tx, data, STEPS[max(STEPS.index(step) - 1, 0)])


def fix(ask: Ask, tx: Tx) -> Outgoing:
    """Correct one answer, from the look at everything."""
    data, step = _data(ask), ask.args[0] if ask.args else ""
    if ask.data["step"] != "look" or step not in STEPS[:-1]:
        raise Outdated
    return _ask(ask, tx, {**data, "fix": 1}, step)


def relation(ask: Ask, tx: Tx) -> Outgoing:
    """What they are to whoever looks."""
    data, code = _data(ask), ask.args[0] if ask.args else ""
    if code not in RELATIONS or ask.data["step"] != "relation":
        raise Outdated
    return _next(ask, tx, {**data, "relation": code}, "relation")


def about(ask: Ask, tx: Tx) -> Outgoing:
    """Choose a question that only kin can answer."""
    data, code = _data(ask), ask.args[0] if ask.args else ""
    if code not in QUESTIONS or ask.data["step"] not in {"proof", "answer"}:
        raise Outdated
    return _ask(ask, tx, {**data, "about": code}, "answer")


def _form(data: dict[str, Any]) -> Form:
    answers = json.loads(data.get("answers", "{}"))
    return Form(form.known(data), data.get("relation", "friend"), data.get("words", ""), answers)


def _look(ask: Ask, data: dict[str, Any]) -> Outgoing:
    """Everything at one glance, before it is sent; each answer can be corrected."""
    return ask.reply(
        Page(
            (
                *_said(_form(data)),
                "",
                _(
                    "If somebody answers for this person and more than the name agrees, they read these words, and "
                    "neither your name nor your account. May I look?"
                ),
            )
        ),
        [button(pgettext("button", "🔎 Yes, look"), "knock.put")],
        [
            button(pgettext("button", "✏️ Name"), "knock.fix", "names"),
            button(pgettext("button", "✏️ Year"), "knock.fix", "born"),
        ],
        [
            button(pgettext("button", "✏️ Place"), "knock.fix", "places"),
            button(pgettext("button", "✏️ Relation"), "knock.fix", "relation"),
        ],
        [
            button(pgettext("button", "✏️ What kin know"), "knock.fix", "proof"),
            button(pgettext("button", "✏️ Words"), "knock.fix", "words"),
        ],
        [back("knock")],
        clean_after=STANDS,
    )


def put(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Keep a search. The answer is the same sentence for everybody, and nothing is looked up now."""
    data = _data(ask)
    if ask.data["step"] != "look":
        raise Outdated
    said = _form(data)
    people.end_dialogue(tx, ask.person.id)
    letters: list[Outgoing] = []
    before = knocks.find(tx, int(data.get("of", 0)))
    if before is not None and before.person == ask.person.id:
        letters += finding.ends(tx, before, ask.now)
        knocks.erase(tx, before.id)
    until = ask.now + rules.LIFE
    found = [one for place in said.known.places for one in places.search(place, 1)]
    knocks.add(
        tx,
        ask.person.id,
        said,
        ask.now,
        search_at=looking_up.first(tx, ask.person.id, ask.now),
        remind_at=until - rules.REMINDED,
        expires_at=until,
        district=found[0] if found else "",
        danger=danger(said.words),  # for the order at the desk; whoever looks is told nothing of it
    )
    return [ask.reply(_answer(until), [back("knock")], clean_after=STANDS), *letters]


def _answer(until: datetime) -> Line:
    return _(
        "I keep it, and look again and again until {when}. Whether or not somebody is found, you see nothing else "
        "here: so nobody can find out by trying who is known to us. If somebody answers, I write to you.",
        when=On(until, HOME),
    )


# -- an answer -----------------------------------------------------------------------------------------------------


def _my_case(ask: Ask, tx: Tx, which: int, *, reads: bool = False) -> tuple[Candidate, Knock]:
    """A case that a holder has answered, if the search is one's own. Raises SearchOver, as for one that never was.

    `reads`: what was released stays readable for a while when the search is found.
    """
    case = knocks.case(tx, which)
    one = None if case is None else knocks.find(tx, case.knock)
    if case is None or one is None or one.person != ask.person.id:
        raise SearchOver
    if not (case.state is Case.OPEN or (reads and case in _answers(tx, one))):
        raise SearchOver
    return case, one


def answer(ask: Ask, tx: Tx) -> Outgoing:
    """What the other side has released, as far as one has released as much oneself."""
    case, one = _my_case(ask, tx, ask.number(), reads=True)
    finding.read(tx, case, "seeker")
    told = lists.of(tx, case.sought)
    return _show_case(ask, case, one) if told is None else listing.shown(ask, case, one, told)


def _show_case(ask: Ask, case: Candidate, one: Knock, first: Iterable[Line] = ()) -> Outgoing:
    name, said = one.form.known.names[0], case.messages
    lines: list[Line | str] = [*first]
    if said.get("quiet"):
        lines.append(_("Somebody who knows {name} has answered, and would speak with you.", name=name))
    else:
        lines.append(_("Somebody who knows {name} has answered: alive, and known to us.", name=name))
        if at := said.get("alive.at"):
            lines.append(_("That was said {ago}.", ago=Ago(datetime.fromisoformat(at))))
    lines += finding.exchanged(case, "seeker")
    lines.append(_("Nobody has checked who they are. Ask for something that only they can know."))
    rows = []
    if case.state is Case.OPEN:
        rows = [
            [button(pgettext("button", "✍️ Write to them"), "knock.say", case.id, int(Says.MESSAGE))],
            [button(pgettext("button", "📞 How to reach me"), "knock.say", case.id, int(Says.CONTACT))],
            [button(pgettext("button", "✅ Found. Close it"), "knock.found", case.id)],
            [button(pgettext("button", "🚫 It is somebody else"), "knock.no", case.id)],
        ]
    return ask.anew(Page(tuple(lines)), *rows, [back("knock")], clean_after=STANDS)


def say(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for words to the other side, or for a way to be reached."""
    case, _one = _my_case(ask, tx, ask.number())
    level = ask.number(1)
    if level not in {Says.MESSAGE, Says.CONTACT}:
        raise Outdated
    return _say(ask, tx, case, level)


def _say(ask: Ask, tx: Tx, case: Candidate, level: int, first: Iterable[Line] = ()) -> Outgoing:
    expect_for(ask, tx, TYPED, "knock.say", case=case.id, level=level)
    asked = finding.invites(level, case.messages.get(finding.key("seeker", level), ""))
    return ask.reply(Page((*first, *asked.lines)), [back("knock.case", case.id)], clean_after=TYPED)


def said(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Words to the other side were written."""
    case, one = _my_case(ask, tx, int(ask.data["case"]))
    level = Says(int(ask.data["level"]))
    try:
        words = own_words(ask, CONTACT)
    except Refusal as refusal:
        return [_say(ask, tx, case, level, [line_of(refusal)])]
    people.end_dialogue(tx, ask.person.id)
    more = max(case.seeker_says, level)
    knocks.change(tx, case.id, seeker_says=more, messages={**case.messages, finding.key("seeker", level): words})
    changed = knocks.case(tx, case.id)
    assert changed is not None  # noqa: S101 - it was changed a moment ago
    return [
        _show_case(ask, changed, one, [finding.kept(changed, level)]),
        *finding.to_holder(tx, changed, ask.now),
    ]


def no(ask: Ask, tx: Tx) -> list[Outgoing]:
    """It is somebody else: asked once, then it is remembered, and the search goes on."""
    case, one = _my_case(ask, tx, ask.number())
    if ask.args[1:] != (str(SURE),):
        return [
            ask.reply(finding.TWO, [button(finding.YES_TWO, "knock.no", case.id, SURE)], [back("knock.case", case.id)])
        ]
    knocks.are_two(tx, one, case.sought, ask.now + rules.TWO_PEOPLE)
    knocks.change(tx, case.id, state=Case.NOT_SAME, ended_at=ask.now)
    held = search.held(tx, case.sought)
    who = None if held is None else finding.holder_of(tx, held)
    told = [] if who is None else [finding.hint(tx, who, ask.now, button(finding.OPEN, "found", "parted"))]
    return [ask.reply(_("I remember that, and go on looking."), [back("knock")]), *told]


def found(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Found: asked once, then the search closes on both sides. What was released stays readable for a while."""
    case, one = _my_case(ask, tx, ask.number())
    end = ask.now + rules.AFTERWARDS
    if ask.args[1:] != (str(SURE),):
        return [
            ask.anew(
                _(
                    "Then I look no further. What you have read here can be read until {when}; then everything about "
                    "it is erased.",
                    when=On(end, HOME),
                ),
                [button(pgettext("button", "✅ Yes, close it"), "knock.found", case.id, SURE)],
                [back("knock.case", case.id)],
                clean_after=STANDS,
            )
        ]
    letters = list(finding.ends(tx, one, ask.now))
    for other in knocks.cases_of(tx, one.id):
        knocks.change(tx, other.id, state=Case.CLOSED, ended_at=ask.now)
    knocks.found(tx, one.id)
    lists.withdraw(tx, lists.Whose(search=one.id))
    knocks.renew(tx, one.id, None, end)
    return [
        ask.reply(
            _(
                "Thank you for telling me. I look no further, and erase everything about it on {when}.",
                when=On(end, HOME),
            ),
            [back("knock.one", one.id)],
        ),
        *letters,
    ]
