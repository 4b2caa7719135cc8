"""Looking for somebody nobody reaches. Whoever looks reads the same, whether or not somebody can be found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bot.domain import knock as rules
from bot.domain import places
from bot.domain.conversation import Ago, Line, On, Outgoing, Page
from bot.domain.knock import QUESTIONS, RELATIONS, Case, Kind, Known, Looking, Says
from bot.domain.people import HOME
from bot.domain.refusals import Empty, Enough, Outdated
from bot.domain.roles import Role
from bot.i18n import _, ngettext, pgettext
from handlers import desk
from handlers.ask import Ask, back, button, expect
from handlers.search import finding, listing, passing
from handlers.search.finding import (
    CONTACT,
    NAME,
    STANDS,
    TYPED,
    WORDS,
    described,
    own_words,
    read_names,
    read_places,
    read_year,
)
from storage import audit, knocks, lists, matches, people, roles, search, vouchers
from storage.database import Tx
from storage.knocks import Candidate, Form, Knock
from storage.search import Held, Hit

STEPS: Final = ("names", "born", "places", "relation", "proof", "words", "look")
SKIPPED: Final = frozenset({"born", "places", "words"})
AT_ONCE = 5  # knocks that one round looks up


# -- one's own searches --------------------------------------------------------------------------------------------


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """What a search is, and one's own."""
    mine = knocks.of(tx, ask.person.id)
    rows = [
        [button(pgettext("button-wide", "🔎 {name}", name=one.form.known.names[0]), "knock.one", one.id)]
        for one in mine
    ]
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
            )
        ),
        [button(pgettext("button", "🔎 Look for somebody"), "knock.new")],
        *rows,
        [button(pgettext("button-wide", "🚪 Who may look for us"), "found")],
        [back("more")],
    )


def _mine(ask: Ask, tx: Tx) -> Knock:
    one = knocks.find(tx, ask.number())
    if one is None or one.person != ask.person.id:
        raise Outdated
    return one


def show(ask: Ask, tx: Tx) -> Outgoing:
    """One's own search: one's own words, and nothing about whether anybody was found. Answers have letters."""
    one = _mine(ask, tx)
    answered = [case for case in knocks.cases_of(tx, one.id) if case.state is Case.OPEN]
    rows = [
        [button(pgettext("button-wide", "💬 An answer, {ago}", ago=Ago(case.since)), "knock.case", case.id)]
        for case in answered
    ]
    looking = (
        [] if one.state is Looking.FOUND else [button(pgettext("button", "🔁 Go on looking"), "knock.renew", one.id)]
    )
    return ask.reply(
        Page(
            (
                *_said(one.form),
                "",
                _("You have looked since {when}.", when=On(one.made_at, HOME)),
                _("It is erased on {when}, unless you go on.", when=On(one.expires_at, HOME)),
            )
        ),
        *rows,
        looking,
        [] if one.state is Looking.FOUND else passing.choice(tx, passing.SEARCH, one.id),
        [button(pgettext("button", "🗑 Erase it"), "knock.end", one.id)],
        [back("knock")],
        clean_after=STANDS,
    )


def _said(form: Form) -> Iterator[Line | str]:
    yield from described(form.known)
    yield _("They are: {relation}", relation=finding.relation_name(form.relation))
    if form.answers:
        yield _("What only kin know: answered.")
    if form.words:
        yield _("Your words: {words}", words=form.words)


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


def _data(ask: Ask) -> dict[str, Any]:
    """What the form has gathered. Raises Outdated if it is over."""
    if ask.data.get("what") != "knock":
        raise Outdated
    return {name: value for name, value in ask.data.items() if name not in {"what", "step"}}


def _ask(ask: Ask, tx: Tx, data: dict[str, Any], step: str) -> Outgoing:
    """Ask the question of a step; what was gathered waits in the dialogue."""
    expect(ask, tx, "knock", **{**data, "step": step})
    rows: list[list[Any]] = []
    match step:
        case "names":
            lines = [
                _("What is the name of the one you look for?"),
                _("Write it as you know it, in any letters. Other spellings and nicknames go on further lines."),
                finding.GOES,
            ]
        case "born" | "places":
            lines = finding.asked(step)
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
        case "words":
            lines = [
                _("A few words for whoever may know them: who you are to them, and what they would recognise you by."),
                _("Leave out addresses and numbers. You can give them later, when you know who reads them."),
            ]
        case _:
            return _look(ask, data)
    if step in SKIPPED:
        rows.append([button(pgettext("button", "➡️ Leave it out"), "knock.skip")])
    return ask.reply(Page(tuple(lines)), *rows, [back("knock")], clean_after=TYPED)


def _after(step: str) -> str:
    return STEPS[STEPS.index(step) + 1]


def written(ask: Ask, tx: Tx) -> Outgoing:
    """Words for the form, or for an answer."""
    data, step = _data(ask), str(ask.data["step"])
    match step:
        case "names":
            data["names"] = json.dumps(read_names(ask.words), ensure_ascii=False)
        case "born":
            data["born"] = read_year(ask.text(40), ask.now)
        case "places":
            data["places"] = json.dumps(read_places(ask.words), ensure_ascii=False)
        case "words":
            data["words"] = own_words(ask, WORDS)
        case "answer":
            answer = rules.folded(ask.text(NAME))
            if not answer:
                raise Empty
            given = json.loads(data.get("answers", "{}"))
            about = str(data.pop("about"))
            data["answers"] = json.dumps({**given, about: answer}, ensure_ascii=False)
            return _ask(ask, tx, data, "proof")
        case _:
            return _ask(ask, tx, data, step)
    return _ask(ask, tx, data, _after(step))


def skip(ask: Ask, tx: Tx) -> Outgoing:
    """Leave a question out, or end the questions that only kin can answer."""
    data, step = _data(ask), str(ask.data["step"])
    if step not in SKIPPED | {"proof", "answer"}:
        raise Outdated
    data.pop("about", None)
    return _ask(ask, tx, data, _after("proof" if step == "answer" else step))


def relation(ask: Ask, tx: Tx) -> Outgoing:
    """What they are to whoever looks."""
    data, code = _data(ask), ask.args[0] if ask.args else ""
    if code not in RELATIONS or ask.data["step"] != "relation":
        raise Outdated
    return _ask(ask, tx, {**data, "relation": code}, "proof")


def about(ask: Ask, tx: Tx) -> Outgoing:
    """Choose a question that only kin can answer."""
    data, code = _data(ask), ask.args[0] if ask.args else ""
    if code not in QUESTIONS or ask.data["step"] not in {"proof", "answer"}:
        raise Outdated
    expect(ask, tx, "knock", **{**data, "about": code, "step": "answer"})
    return ask.reply(
        Page((finding.question(code), _("One name or word is enough, in any letters."))),
        [button(pgettext("button", "➡️ Leave it out"), "knock.skip")],
        clean_after=TYPED,
    )


def _form(data: dict[str, Any]) -> Form:
    known = Known(
        tuple(json.loads(data["names"])), data.get("born") or None, tuple(json.loads(data.get("places", "[]")))
    )
    return Form(known, data.get("relation", "friend"), data.get("words", ""), json.loads(data.get("answers", "{}")))


def _look(ask: Ask, data: dict[str, Any]) -> Outgoing:
    """Everything at one glance, before it is sent."""
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
        [button(pgettext("button", "↩️ From the beginning"), "knock.new")],
        [back("knock")],
        clean_after=STANDS,
    )


def put(ask: Ask, tx: Tx) -> Outgoing:
    """Keep a search. The answer is the same sentence for everybody, and nothing is looked up now."""
    data = _data(ask)
    if ask.data["step"] != "look":
        raise Outdated
    form = _form(data)
    people.end_dialogue(tx, ask.person.id)
    until = ask.now + rules.LIFE
    found = [one for place in form.known.places for one in places.search(place, 1)]
    knocks.add(
        tx,
        ask.person.id,
        form,
        ask.now,
        search_at=ask.now + rules.FIRST + _lot(tx, rules.SPREAD) + _waits(tx, ask.person.id, ask.now),
        remind_at=until - rules.REMINDED,
        expires_at=until,
        district=found[0] if found else "",
    )
    return ask.reply(_answer(until), [back("knock")], clean_after=STANDS)


def _answer(until: datetime) -> Line:
    return _(
        "I keep it, and look again and again until {when}. Whether or not somebody is found, you see nothing else "
        "here: so nobody can find out by trying who is known to us. If somebody answers, I write to you.",
        when=On(until, HOME),
    )


def _lot(tx: Tx, within: timedelta) -> timedelta:
    return timedelta(seconds=tx.new_id() % int(within.total_seconds()))


def _waits(tx: Tx, who: int, now: datetime) -> timedelta:
    """How much later than others this is looked up, by what the person and their branch of invitations have used."""
    knocks.comes_back(tx, who)
    waits = {
        kind: rules.wait(kind, knocks.counted(tx, scope, now, rules.FREE[kind])) for kind, scope in _scopes(tx, who)
    }
    longest = max(waits.values())
    return longest if waits["person"] else min(longest, rules.FOR_OTHERS)


def _scopes(tx: Tx, who: int) -> Iterator[tuple[str, str]]:
    """The quotas that one search uses: always three, so that it costs everybody the same."""
    branch = vouchers.first_of(tx, who) or 0  # nobody's guest: all of those share one
    stem = vouchers.first_of(tx, branch) or 0  # and so do the guests of whoever is nobody's guest
    yield "person", f"person/{who}"
    yield "branch", f"branch/{branch}"
    yield "stem", f"stem/{stem}"


# -- an answer -----------------------------------------------------------------------------------------------------


def _my_case(ask: Ask, tx: Tx) -> tuple[Candidate, Knock]:
    """A case that a holder has answered, if the search is one's own. Raises Outdated, as for one that never was."""
    case = knocks.case(tx, ask.number())
    one = None if case is None else knocks.find(tx, case.knock)
    if case is None or one is None or one.person != ask.person.id or case.state is not Case.OPEN:
        raise Outdated
    return case, one


def answer(ask: Ask, tx: Tx) -> Outgoing:
    """What the other side has released, as far as one has released as much oneself."""
    case, one = _my_case(ask, tx)
    told = lists.of(tx, case.sought)
    return _show_case(ask, case, one) if told is None else listing.shown(ask, case, one, told)


def _show_case(ask: Ask, case: Candidate, one: Knock, first: Iterable[Line] = ()) -> Outgoing:
    name = one.form.known.names[0]
    both = finding.opened(case)
    lines: list[Line | str] = [*first]
    if case.messages.get("quiet"):
        lines.append(_("Somebody who knows {name} has answered, and would speak with you.", name=name))
    else:
        lines.append(_("Somebody who knows {name} has answered: alive, and known to us.", name=name))
    for says, key, label in (
        (Says.MESSAGE, "words", _("They write: {words}", words=case.messages.get("holder.words", ""))),
        (Says.CONTACT, "contact", _("How to reach them: {words}", words=case.messages.get("holder.contact", ""))),
    ):
        if both >= says and case.messages.get(f"holder.{key}"):
            lines.append(label)
    if case.holder_says > both:
        lines.append(_("They would tell you more as soon as you tell as much yourself."))
    lines.append(_("Nobody has checked who they are. Ask for something that only they can know."))
    return ask.anew(
        Page(tuple(lines)),
        [button(pgettext("button", "✍️ Write to them"), "knock.say", case.id, int(Says.MESSAGE))],
        [button(pgettext("button", "📞 How to reach me"), "knock.say", case.id, int(Says.CONTACT))],
        [button(pgettext("button", "✅ Found. Close it"), "knock.found", case.id)],
        [button(pgettext("button", "🚫 It is somebody else"), "knock.no", case.id)],
        [back("knock")],
        clean_after=STANDS,
    )


def say(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for words to the other side, or for a way to be reached."""
    case, _one = _my_case(ask, tx)
    level = ask.number(1)
    if level not in {Says.MESSAGE, Says.CONTACT}:
        raise Outdated
    expect(ask, tx, "knock.say", case=case.id, level=level)
    return ask.reply(_how(level), [back("knock.case", case.id)], clean_after=TYPED)


def _how(level: int) -> Line:
    if level == Says.CONTACT:
        return _(
            "How can they reach you? Write what you want to give: a number, an account, or the code of an invitation. "
            "They read it once they have given theirs."
        )
    return _("Write to them. They read it once they have written to you, or when they write.")


def said(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Words to the other side were written."""
    case = knocks.case(tx, int(ask.data["case"]))
    one = None if case is None else knocks.find(tx, case.knock)
    if case is None or one is None or one.person != ask.person.id or case.state is not Case.OPEN:
        raise Outdated
    level = Says(int(ask.data["level"]))
    words = own_words(ask, CONTACT)
    people.end_dialogue(tx, ask.person.id)
    key = "seeker.contact" if level is Says.CONTACT else "seeker.words"
    more = max(case.seeker_says, level)
    knocks.change(tx, case.id, seeker_says=more, messages={**case.messages, key: words})
    changed = knocks.case(tx, case.id)
    assert changed is not None  # noqa: S101 - it was changed a moment ago
    return [
        _show_case(ask, changed, one, [_("I keep it for them.")]),
        *finding.to_holder(tx, changed, ask.now),
    ]


def no(ask: Ask, tx: Tx) -> list[Outgoing]:
    """It is somebody else: it is remembered, and the search goes on."""
    case, one = _my_case(ask, tx)
    knocks.are_two(tx, one, case.sought, ask.now + rules.TWO_PEOPLE)
    knocks.change(tx, case.id, state=Case.NOT_SAME, ended_at=ask.now)
    held = search.held(tx, case.sought)
    who = None if held is None else finding.holder_of(tx, held)
    told = [] if who is None else [finding.hint(tx, who, ask.now, button(finding.OPEN, "found", "answered"))]
    return [ask.reply(_("I remember that, and go on looking."), [back("knock")]), *told]


def found(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Found: the search closes on both sides."""
    case, one = _my_case(ask, tx)
    letters = list(finding.ends(tx, one, ask.now))
    for other in knocks.cases_of(tx, one.id):
        knocks.change(tx, other.id, state=Case.CLOSED, ended_at=ask.now)
    knocks.found(tx, one.id)
    lists.withdraw(tx, lists.Whose(search=one.id))
    end = ask.now + rules.AFTERWARDS
    knocks.renew(tx, one.id, None, end)
    del case
    return [
        ask.reply(
            _(
                "Thank you for telling me. I look no further, and erase everything about it on {when}.",
                when=On(end, HOME),
            ),
            [back("knock")],
        ),
        *letters,
    ]


# -- as time passes ------------------------------------------------------------------------------------------------


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """Look up what is due. Whether anybody is found changes nothing for whoever looks."""
    due = knocks.due(tx, now, AT_ONCE)
    if not due or search.index(tx) == search.BATCH:  # what came since then goes into the index together, and first
        return []
    letters: list[Outgoing] = []
    for one in due:
        letters += _looked_up(tx, one, now)
        knocks.search_again(tx, one.id, now + rules.AGAIN + _lot(tx, rules.SPREAD))
    return letters


@dataclass(slots=True)
class _Room:
    """How many further cases one search may have, by where they go, and how many each holder has of those that wait."""

    left: Counter[Case]
    of: Counter[int | None]

    def holds(self, state: Case, holder: int | None) -> bool:
        return self.left[state] > 0 and (holder is None or self.of[holder] < rules.MOST_OF_ONE)

    def take(self, state: Case, holder: int | None) -> None:
        self.left[state] -= 1
        self.of[holder] += 1


def _looked_up(tx: Tx, one: Knock, now: datetime) -> list[Outgoing]:
    """Look a search up once: what was compared already makes room for others."""
    letters: list[Outgoing] = []
    cases = {case.sought: case for case in knocks.cases_of(tx, one.id)}
    waiting = [record for record, case in cases.items() if case.state is Case.DESK]
    left = Counter({Case.DESK: rules.MOST_CASES - len(waiting), Case.HOLDER: rules.MOST_CASES})
    room = _Room(left, Counter(_holder(tx, search.held(tx, record)) for record in waiting))
    for hit in search.candidates(tx, one.form.known, search.RANKED, without=cases.keys() - waiting):
        if hit.kind is Kind.DECOY:
            if hit.score >= rules.TOUCHED and search.touch(tx, hit.record, now):
                letters += _warned(tx, one.person, now)
        elif hit.score >= rules.LIKELY:
            letters += _compared(tx, one, hit, cases.get(hit.record), room, now)
    return letters


def _compared(  # noqa: PLR0913, PLR0917 - two who are compared, and what is known of both
    tx: Tx, one: Knock, hit: Hit, before: Candidate | None, room: _Room, now: datetime
) -> Iterator[Outgoing]:
    """A case of a search and a record, if there is room or kin have answered; one at the desk may move on."""
    record = search.held(tx, hit.record)
    holder = _holder(tx, record)
    if record is None or holder == one.person:
        return
    proved = _proved(tx, one, record, now, again=before is not None)
    state = rules.goes_to(record.kind, record.may, proved=proved, second=rules.is_second(hit.born, hit.place))
    number = None
    if before is not None:
        if state is Case.HOLDER and matches.decide(tx, before.id, state, now, proved=int(proved or before.proved)):
            number = before.id
    elif state is not None and (proved or room.holds(state, holder)):
        number = knocks.propose(tx, one, record.id, hit.score, proved=proved, state=state, now=now)
        if number is not None:
            room.take(state, holder)
    if number is not None and state is Case.HOLDER and holder is not None:
        yield finding.hint(tx, holder, now, button(finding.OPEN, "found.case", number))


def _holder(tx: Tx, record: Held | None) -> int | None:
    return None if record is None else finding.holder_of(tx, record)


def _proved(tx: Tx, one: Knock, record: Held, now: datetime, *, again: bool) -> bool:
    """Whether the answer to the record's question is right. After a few wrong ones nobody's answer is looked at.

    A search is one answer, however often it is looked up: `again`, once there is a case of it, else by a mark.
    """
    right = search.proves(tx, record.id, one.form.answers)
    if not record.question or record.question not in one.form.answers:
        return False
    scope, about = f"person/{one.person}", str(record.id)
    if knocks.used(tx, scope, now, about) >= rules.MOST_ANSWERS:
        return False
    mark = f"{about}/{one.id}"
    if not right and not again and not knocks.used(tx, scope, now, mark):
        knocks.use(tx, scope, now, rules.REMEMBERED, about=about)
        knocks.use(tx, scope, now, rules.REMEMBERED, about=mark)
    return right


def _warned(tx: Tx, who: int, now: datetime) -> Iterator[Outgoing]:
    """Somebody looked for a person who does not exist: the stewards are told, quietly, and can see by which branch."""
    audit.note(tx, None, "decoy touched", now, about=who)
    for steward in roles.holders(tx, Role.STEWARD, now):
        yield desk.quietly(tx, steward.person, desk.PRESSES, now)


def remind(tx: Tx, now: datetime) -> list[Outgoing]:
    """Every minute: whose search ends soon is asked whether they still look; what is over is erased."""
    letters = []
    for one in knocks.to_remind(tx, now, 100):
        letters.append(finding.hint(tx, one.person, now, button(finding.OPEN, "knock.one", one.id)))
        left = one.expires_at - (one.remind_at or now)
        until = now + left  # who is asked late has as long to answer
        again = max((before for before in (rules.REMINDED, *rules.REMINDED_AGAIN) if before < left), default=None)
        knocks.renew(tx, one.id, None if again is None else until - again, until)
    for one in knocks.over(tx, now, 100):
        letters += finding.ends(tx, one, now)
        knocks.erase(tx, one.id)
        if one.state is not Looking.FOUND:
            letters.append(finding.hint(tx, one.person, now, button(finding.OPEN, "knock", "over")))
    letters += finding.leaves(tx, [record.id for record in search.over(tx, now)], now)
    search.expire(tx, now)
    lists.expire(tx, now)
    knocks.sweep(tx, now)
    return letters


# -- decoys --------------------------------------------------------------------------------------------------------


def decoys(ask: Ask, tx: Tx) -> Outgoing:
    """How many records of nobody there are, and how many were touched; a steward makes more."""
    desk.steward(ask, tx)
    return _decoys(ask, tx)


def _decoys(ask: Ask, tx: Tx) -> Outgoing:
    every = search.of_kind(tx, Kind.DECOY)
    touched = sorted((one.touched_at for one in every if one.touched_at is not None), reverse=True)
    lines: list[Line | str] = [
        _("<b>🪤 Decoys</b>"),
        _("They are people who do not exist. Whoever tries names at random touches one, and I tell the stewards."),
        ngettext("There is {n} decoy.", "There are {n} decoys.", n=len(every)),
    ]
    if touched:
        lines.append(_("Touched: {n}, last {ago}.", n=len(touched), ago=Ago(touched[0])))
        lines.append(_("It may be chance: names repeat. Several within days are not."))
    more = [button(pgettext("button", "➕ Make some"), "decoy.make")] if len(every) < rules.MOST_DECOYS else []
    none = [button(pgettext("button", "🗑 Remove the touched"), "decoy.clear")] if touched else []
    return ask.reply(Page(tuple(lines)), more, none, [back("desk")], clean_after=desk.STANDS)


def make_decoys(ask: Ask, tx: Tx) -> Outgoing:
    """Make some."""
    by = desk.steward(ask, tx)
    if len(search.of_kind(tx, Kind.DECOY)) < rules.MOST_DECOYS:
        for _each in range(rules.DECOYS):
            search.put(tx, Kind.DECOY, rules.decoy(lambda most: tx.new_id() % most), ask.now)
        audit.note(tx, by.person, "decoys made", ask.now)
    return _decoys(ask, tx)


def clear_decoys(ask: Ask, tx: Tx) -> Outgoing:
    """Remove those that were touched: they would say nothing any more."""
    by = desk.steward(ask, tx)
    search.erase(tx, [one.id for one in search.of_kind(tx, Kind.DECOY) if one.touched_at is not None])
    audit.note(tx, by.person, "decoys removed", ask.now)
    return _decoys(ask, tx)
