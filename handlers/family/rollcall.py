"""A roll-call: one line for each person, told at once to each circle by itself; only what is not clear is asked about.

Whoever walked to the one telephone of a village has little time. So every clear line is told before anything is asked,
and what is not clear waits for three days, one question after the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from bot.domain.checkin import Hard, How, News, State, on_day, strength, when_true
from bot.domain.conversation import Choice, Line, Listed, Outgoing, Page
from bot.domain.hard_words import is_hard
from bot.domain.likeness import Fit, Known, Names
from bot.domain.people import Person, read_name, zone_of
from bot.domain.refusals import Empty, NoCircle, Outdated, TooLong, TooManyLines, TooOften
from bot.domain.rollcall import LONGEST, MOST_LINES, Entry, Why, looks_like, of_whom, read
from bot.i18n import _, ngettext, pgettext
from handlers import words
from handlers.ask import Answer, Ask, back, base36, button, expect
from handlers.family import alarm, checkin, hard, relative, telling
from handlers.home import with_menu
from storage import checkins, circles, people, reports
from storage.database import Tx
from storage.reports import Waiting

MOST_NAMED: Final = 40  # names in one line of a summary; the others are counted
MOST_CIRCLES: Final = 4  # offered to put somebody new into
AT_ONCE: Final = 12  # lines on one page
DAYS: Final = (0, 1, 2, 3, 7, 30)  # ago
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Part:
    """What is clear of one line: of whom, what, how it is known and when it was true; and what was written.

    It is complete once `who`, `state`, `how` and `at` are there and it need not be `split`. `said` is when the line was
    written. `urgent` may be a need for help, and `grave` a death or an arrest.
    """

    text: str
    name: str
    said: str
    who: tuple[int, ...] = ()
    state: str = ""
    how: str = ""
    at: str = ""
    note: str = ""
    split: bool = False
    unsure: bool = False
    twofold: bool = False
    urgent: bool = False
    grave: bool = False

    @property
    def what(self) -> State | Hard | None:
        """The state, or what is told with more care."""
        if not self.state:
            return None
        return Hard(self.state) if self.state in {one.value for one in Hard} else State(self.state)

    @property
    def lacks(self) -> str:
        """What must be asked next, or ""."""
        if self.split:
            return "split"
        return next((name for name in ("who", "state", "at", "how") if not getattr(self, name)), "")

    def completed(self) -> Part:
        """A need for help waits for no answer about the day and the source."""
        if self.state != State.HELP.value:
            return self
        return replace(self, at=self.at or self.said, how=self.how or How.TOLD.value)

    @property
    def body(self) -> str:
        """As it is stored."""
        return json.dumps(asdict(self), ensure_ascii=False)


def _part(body: str) -> Part:
    data: dict[str, Any] = json.loads(body)
    return Part(**{**data, "who": tuple(data["who"])})


class Company:
    """Everybody in the circles of whoever tells: by number, with the circles they share."""

    def __init__(self, ask: Ask, tx: Tx) -> None:
        self.circles = {one.id: one.name for one in circles.circles_of(tx, ask.person.id)}
        if not self.circles:
            raise NoCircle
        self.people: dict[int, Person] = {}
        self.shared: dict[int, list[int]] = {}
        for one in telling.subjects(ask, tx):
            self.people[one.person.id] = one.person
            self.shared.setdefault(one.person.id, []).append(one.circle)
        me = ask.person
        self.me = me.id
        self.names = Names(Known(one.id, one.name) for one in (*self.people.values(), me) if one.name)

    def meant(self, fit: Fit) -> tuple[int, ...]:
        """The one who is surely meant, if it is not whoever tells."""
        return (fit.one,) if fit.one in self.people and fit.one is not None else ()


# -- writing -------------------------------------------------------------------------------------------------------


def begin(ask: Ask, tx: Tx) -> Outgoing:
    """Say how a roll-call is written, and wait for it."""
    if not circles.circles_of(tx, ask.person.id):
        raise NoCircle
    expect(ask, tx, "rollcall")
    return ask.reply(
        Page(
            (
                _("Write one line for each person: the name, how they are, how you know it, and the day. Like this:"),
                "",
                _("Gulnora – safe – I saw her – 14 May\nKarim – hurt – I was told – yesterday\nMadina – needs help"),
                "",
                _("All lines can stand in one message. Each circle reads only of its own people."),
            )
        ),
        [back("people")],
    )


def recognised(ask: Ask, tx: Tx) -> bool:
    """Whether words nobody asked for are a roll-call: they read as one, and name somebody of the person's circles."""
    said = when_true(ask.said_at, ask.now)
    today = said.astimezone(zone_of(ask.person)).date()
    if not looks_like(ask.words, today):
        return False
    try:
        company = Company(ask, tx)
    except NoCircle:
        return False
    fits = (of_whom(one, company.names)[1] for one in read(ask.words, today))
    return any(who in company.people for fit in fits for who in fit.sure)


def heard(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A roll-call was written. Every clear line is told now; then comes the first question."""
    text = ask.words
    if len(text) > LONGEST:
        raise TooLong(LONGEST)
    if sum(bool(line.strip()) for line in text.splitlines()) > MOST_LINES:
        raise TooManyLines(MOST_LINES)
    company = Company(ask, tx)
    said = when_true(ask.said_at, ask.now)
    entries = [of_whom(one, company.names) for one in read(text, said.astimezone(zone_of(ask.person)).date())]
    if not entries:
        raise Empty
    if not any(entry.speaks or fit.sure for entry, fit in entries):
        return [_not_read(ask)]
    if "line" in ask.data:
        reports.drop_of(tx, int(ask.data["line"]), ask.person.id)
    run = Run(ask, tx, company)
    for number, part in _united(
        [(one.line, _of(ask, one, fit, company, said)) for one, fit in entries if not one.nothing]
    ):
        run.take(number, part)
    run.nothing = [company.meant(fit) for entry, fit in entries if entry.nothing]
    run.unknown = [entry.name for entry, fit in entries if entry.nothing and not company.meant(fit)]
    waiting = reports.waiting(tx, ask.person.id, ask.now)
    answer = [run.summary(len(waiting)), *run.letters]
    return [*answer, _question(replace(ask, on=""), tx, company, waiting)] if waiting else answer


def _not_read(ask: Ask) -> Outgoing:
    return ask.reply(
        _("I could not read a name with news there. Please write it like this: Gulnora – safe – I saw her – 14 May"),
        [back()],
    )


def _of(ask: Ask, entry: Entry, fit: Fit, company: Company, said: datetime) -> Part:
    """What is clear of a line."""
    zone = zone_of(ask.person)
    at = said if entry.day is None else on_day((said.astimezone(zone).date() - entry.day).days, said, zone)
    speaks_of_death = isinstance(entry.state, State) and entry.state is not State.HELP and is_hard(entry.text)
    return Part(
        text=entry.text,
        name=entry.name,
        said=said.isoformat(),
        who=company.meant(fit),
        state="" if entry.state is None or speaks_of_death else entry.state.value,
        how="" if entry.how is None else entry.how.value,
        at="" if Why.WHEN in entry.why else at.isoformat(),
        note=entry.note,
        split=not entry.why.isdisjoint({Why.SEVERAL, Why.LONG}),
        unsure=Why.UNSURE in entry.why or speaks_of_death,
        twofold=Why.MIXED in entry.why,
        urgent=entry.urgent,
        grave=entry.grave or speaks_of_death,
    ).completed()


def _united(parts: Sequence[tuple[int, Part]]) -> list[tuple[int, Part]]:
    """One part for each person: lines that say the same are one, and those that say two things are asked about."""
    found: list[tuple[int, Part]] = []
    of: dict[tuple[int, ...], int] = {}
    for number, part in parts:
        if not part.who or not part.state or part.split:
            found.append((number, part))
        elif part.who in of:
            first, before = found[of[part.who]]
            found[of[part.who]] = first, _both(before, part)
        else:
            of[part.who] = len(found)
            found.append((number, part))
    return found


def _both(one: Part, other: Part) -> Part:
    """Two lines of one person: the later truth, known in the better way; or a question, if they differ."""
    text = one.text if one.text == other.text else f"{one.text} / {other.text}"
    grave = one.grave or other.grave
    urgent = one.urgent or other.urgent
    if one.state != other.state:
        same_day = one.at if one.at == other.at else ""
        return replace(one, text=text, state="", at=same_day, how="", note="", twofold=True, urgent=urgent, grave=grave)
    later = other if other.at > one.at else one
    hows = [way for way in (one.how, other.how) if way]
    how = max(hows, key=lambda way: strength(How(way)), default="")
    notes = dict.fromkeys(note for note in (one.note, other.note) if note)
    return replace(later, text=text, how=how, note=", ".join(notes))


# -- telling -------------------------------------------------------------------------------------------------------


class Run:
    """One roll-call as it is told: what went out, what was known already, and what waits."""

    def __init__(self, ask: Ask, tx: Tx, company: Company, which: int | None = None) -> None:
        self.ask, self.tx, self.company = replace(ask, on=""), tx, company
        self.letters: list[Outgoing] = []
        self.told: list[tuple[int, State]] = []
        self.grave: list[int] = []
        self.refused: list[int] = []
        self.already: list[int] = []
        self.nothing: list[tuple[int, ...]] = []
        self.unknown: list[str] = []
        self._which = which
        self._lately: dict[int, News] = {}
        for one in checkins.told_by(tx, ask.person.id, ask.now - DAY):
            before = self._lately.get(one.person)
            if before is None or one.told_at > before.told_at:
                self._lately[one.person] = one
        self._waiting = {_part(one.body).text for one in reports.waiting(tx, ask.person.id, ask.now)}

    @property
    def which(self) -> int:
        """The roll-call's id; it is begun with its first line."""
        if self._which is None:
            self._which = reports.begin(self.tx, self.ask.person.id, self.ask.now)
        return self._which

    def take(self, number: int, part: Part) -> None:
        """Tell a line if it is clear, and keep it if not."""
        if part.who and all(self._is_known(who, part) for who in part.who):
            self.already += part.who
        elif part.lacks:
            if part.text not in self._waiting:  # the same roll-call once more asks nothing once more
                reports.wait(self.tx, self.which, number, part.body)
        else:
            self.tell(number, part)

    def _is_known(self, who: int, part: Part) -> bool:
        """Whether this person has told the same of somebody within a day, and nothing else since."""
        news = self._lately.get(who)
        if news is None or part.state != news.state.value or part.note not in {"", news.note} or not part.at:
            return False
        zone = zone_of(self.ask.person)
        days = {at.astimezone(zone).date() for at in (news.true_at, datetime.fromisoformat(part.at))}
        return part.how in {"", news.how.value} and len(days) == 1

    def tell(self, number: int, part: Part) -> None:
        """Tell a clear line to every circle that its person shares with the teller, each by itself."""
        for who in part.who:
            whom, told = self.company.people[who], self.company.shared[who]
            at, how = datetime.fromisoformat(part.at), How(part.how)
            match part.what:
                case State() as state:
                    new = self.tx.new_id()
                    note = "" if is_hard(part.note) else part.note  # words of a death go into no letter
                    self.letters += telling.about(self.ask, self.tx, whom, told, state, how, at, note, new)
                    reports.tell(self.tx, self.which, number, news=new)
                    self.told.append((who, state))
                case Hard() as what:
                    self._tell_hard(number, whom, what, how, at, part.note)

    def _tell_hard(  # noqa: PLR0913, PLR0917 - it has this many parts
        self, number: int, whom: Person, what: Hard, how: How, at: datetime, note: str
    ) -> None:
        """A death or an arrest goes to those who check it, and is no news of the summary."""
        for which in self.company.shared[whom.id]:
            new = self.tx.new_id()
            try:
                self.letters += hard.told(self.ask, self.tx, whom, which, what, how, at, note, new)
            except TooOften:
                self.refused.append(whom.id)
                continue
            reports.tell(self.tx, self.which, number, word=new)
            self.grave.append(whom.id)

    def names(self, people: Iterable[int]) -> Listed:
        """What they are called, each once."""
        known = [self.company.people[who] for who in dict.fromkeys(people)]
        return words.some([words.name_of(one) for one in known], MOST_NAMED)

    def lines(self) -> list[Line | str]:
        """What was told, by state and by circle."""
        found: list[Line | str] = []
        if self.told:
            n = len(self.told)
            found.append(ngettext("News of {n} person is told.", "News of {n} people is told.", n=n))
        by_state = {one: [who for who, what in self.told if what is one] for one in State}
        found += [
            _("• {state}: {people}", state=words.state_name(one), people=self.names(people))
            for one, people in by_state.items()
            if people
        ]
        if self.grave:
            found.append(_("Taken up with care, and written to nobody: {people}", people=self.names(self.grave)))
        if self.refused:
            found.append(
                _(
                    "I can take no more such news from you today. Please speak with somebody of the family: {people}",
                    people=self.names(self.refused),
                )
            )
        if self.already:
            found.append(_("Told before, and not told again: {people}", people=self.names(self.already)))
        return found

    def summary(self, waiting: int) -> Outgoing:
        """What became of the roll-call, for whoever wrote it."""
        lines = self.lines()
        for which, name in self.company.circles.items():
            if n := sum(which in self.company.shared[who] for who, _state in self.told):
                lines.append(
                    ngettext("“{circle}” heard of {n} person.", "“{circle}” heard of {n} people.", n=n, circle=name)
                )
        missed = [words.name_of(self.company.people[who]) for whom in self.nothing for who in whom]
        missed += self.unknown
        if missed:
            lines.append(
                _("Where nobody knows anything, I tell nothing: {people}", people=words.some(missed, MOST_NAMED))
            )
        if waiting:
            lines.append(
                ngettext(
                    "{n} line is not clear. I ask you about it now.",
                    "{n} lines are not clear. I ask you about them one by one.",
                    n=waiting,
                )
            )
        return self.ask.anew(Page(tuple(lines)), *self._rows())

    def _rows(self) -> list[list[Choice]]:
        rows = [[back()]]
        if self._which is not None and (self.told or self.grave):
            rows.insert(0, [button(pgettext("button-wide", "✏️ A line is wrong"), "roll.lines", self.which)])
            rows.insert(1, [button(pgettext("button-wide", "↩️ Take all of it back"), "roll.back", self.which)])
        return rows


# -- asking --------------------------------------------------------------------------------------------------------


def following(ask: Ask, tx: Tx) -> Answer:
    """Go on with the questions."""
    waiting = reports.waiting(tx, ask.person.id, ask.now)
    if not waiting:
        return with_menu(ask, _("Every line of your list is clear."))
    return _question(ask, tx, Company(ask, tx), waiting)


def _question(
    ask: Ask, tx: Tx, company: Company, waiting: Sequence[Waiting], before: Iterable[Line | str] = ()
) -> Outgoing:
    """The next question: first what may be a need for help, then how many lines are known, then line by line."""
    parts = [(one, _valid(_part(one.body), company)) for one in waiting]
    sourceless = [(one, part) for one, part in parts if part.lacks == "how"]
    line, part = next(
        ((one, part) for one, part in parts if part.urgent and part.lacks != "how"),
        sourceless[0] if sourceless else parts[0],
    )
    head: list[Line | str] = [*before]
    if len(waiting) > 1:
        head.append(ngettext("{n} line is not clear yet.", "{n} lines are not clear yet.", n=len(waiting)))
    if head:
        head.append("")
    if part.lacks == "how":
        same = [(one, other) for one, other in sourceless if one.report == line.report]
        return _ask_how(ask, company, line.report, [other for _one, other in same], head)
    head.append(_("Line {number}: “{text}”", number=line.number, text=part.text))
    asked = {"split": _ask_split, "who": _ask_who, "state": _ask_state, "at": _ask_day}[part.lacks]
    text, rows = asked(ask, tx, company, line.id, part)
    return ask.reply(
        Page((*head, *text)),
        *rows,
        [button(pgettext("button-wide", "✏️ Write it again"), "roll.again", line.id)],
        [button(pgettext("button-wide", "✖️ Leave this line out"), "roll.out", line.id)],
        [back()],
    )


def _valid(part: Part, company: Company) -> Part:
    """A part without people who are in no shared circle any more."""
    return part if all(who in company.people for who in part.who) else replace(part, who=())


_Asked = tuple[list[Line | str], list[list[Choice]]]


def _ask_split(ask: Ask, tx: Tx, company: Company, line: int, part: Part) -> _Asked:
    del ask, tx, company, line, part
    return [_("It is too long, or it names more than one person. Please write a line for each.")], []


def _ask_who(ask: Ask, tx: Tx, company: Company, line: int, part: Part) -> _Asked:
    del tx
    fit = company.names.find(part.name)
    offered = [who for who in fit.sure or company.names.near(part.name) if who in company.people]
    rows = [[_person(company, who, line)] for who in offered]
    if len(fit.sure) > 1 and len(offered) == len(fit.sure) and _are_apart(company, offered):
        rows.append([button(pgettext("button-wide", "👥 All of them are one person"), "roll.all", line)])
        return [_("Several people have this name. Whom do you mean?")], rows
    if len(fit.sure) > 1:
        return [_("Several people have this name. Whom do you mean?")], rows
    if company.me in fit.sure:
        return [_("That is your own name. To say how you are yourself, press “I am safe” in the menu.")], rows
    name = read_name(part.name)
    if name is not None:
        rows += [
            [button(pgettext("button-wide", "➕ New in “{circle}”", circle=circle), "roll.add", line, which)]
            for which, circle in list(company.circles.items())[:MOST_CIRCLES]
        ]
    del ask
    return [_("I know nobody of this name in your circles. Whom do you mean?")], rows


def _are_apart(company: Company, people: Sequence[int]) -> bool:
    """Whether no two of these people are in one circle: only then they can be one person."""
    shared = [which for who in people for which in company.shared[who]]
    return len(shared) == len(set(shared))


def _person(company: Company, who: int, line: int) -> Choice:
    circle = Listed(tuple(company.circles[which] for which in company.shared[who]))
    label = pgettext("button-wide", "{name} ({circle})", name=words.name_of(company.people[who]), circle=circle)
    return button(label, "roll.who", line, who)


def _ask_state(ask: Ask, tx: Tx, company: Company, line: int, part: Part) -> _Asked:
    del ask, tx
    name = words.name_of(company.people[part.who[0]])
    why = _("It does not say how they are.")
    if part.unsure:
        why = _("I am not sure that I understand it.")
    elif part.twofold:
        why = _("It can be read in two ways.")
    rows = [[button(label, "roll.is", line, state.value)] for state, label in _STATES.items()]
    if part.grave:
        rows += [[button(label, "roll.is", line, what.value)] for what, label in hard.LABELS.items()]
    return [why, _("How is {name}?", name=name)], rows


_STATES: Final[Mapping[State, Line]] = {
    State.SAFE: pgettext("button", "✅ Safe"),
    State.HELP: pgettext("button", "🆘 Needs help"),
    State.HURT: pgettext("button", "🤕 Hurt"),
    State.MOVED: pgettext("button", "🏠 Had to leave home"),
}


def _ask_day(ask: Ask, tx: Tx, company: Company, line: int, part: Part) -> _Asked:
    del ask, tx, company, part
    labels = (
        pgettext("button", "Today"),
        pgettext("button", "Yesterday"),
        pgettext("button", "2 days ago"),
        pgettext("button", "3 days ago"),
        pgettext("button", "A week ago"),
        pgettext("button", "A month ago"),
    )
    made = [button(label, "roll.day", line, number) for number, label in enumerate(labels)]
    return [_("When was that? The day is enough.")], [made[:2], made[2:4], made[4:]]


def _ask_how(ask: Ask, company: Company, which: int, parts: Sequence[Part], head: Sequence[Line | str]) -> Outgoing:
    people = words.some([words.name_of(company.people[who]) for part in parts for who in part.who], MOST_NAMED)
    text = _("How do you know how they are? Your lines do not say it: {people}", people=people)
    rows = [[button(label, "roll.how", which, way.value)] for way, label in _WAYS.items()]
    return ask.reply(Page((*head, text)), *rows, [back()])


_WAYS: Final[Mapping[How, Line]] = {
    How.SAW: pgettext("button-wide", "👁 I saw them"),
    How.HEARD: pgettext("button-wide", "👂 I heard their voice"),
    How.MESSAGE: pgettext("button-wide", "✉️ They wrote to me"),
    How.TOLD: pgettext("button-wide", "🗣 Somebody told me"),
    How.LIST: pgettext("button-wide", "📋 I read it in a list"),
}


# -- answering -----------------------------------------------------------------------------------------------------


def _line(ask: Ask, tx: Tx) -> tuple[Waiting, Part]:
    """The waiting line of a button. Raises Outdated."""
    which = ask.number()
    line = next((one for one in reports.waiting(tx, ask.person.id, ask.now) if one.id == which), None)
    if line is None:
        raise Outdated
    return line, _part(line.body)


def _answered(ask: Ask, tx: Tx, line: Waiting, part: Part, company: Company | None = None) -> list[Outgoing]:
    """A line is clearer now: tell it if nothing is missing any more, and ask what comes next."""
    company = company or Company(ask, tx)
    part = part.completed()
    run = Run(ask, tx, company, line.report)
    if _valid(part, company).lacks:
        reports.change(tx, line.id, part.body)
    else:
        reports.drop(tx, line.id)
        run.take(line.number, part)
    return _next(ask, tx, company, run)


def _next(ask: Ask, tx: Tx, company: Company, run: Run) -> list[Outgoing]:
    waiting = reports.waiting(tx, ask.person.id, ask.now)
    lines = run.lines()
    if waiting and any(letter.to == ask.person.id for letter in run.letters):  # the question stands below a call
        return [ask.reply(Page(tuple(lines))), *run.letters, _question(replace(ask, on=""), tx, company, waiting)]
    if waiting:
        return [_question(ask, tx, company, waiting, lines), *run.letters]
    end = Page((*lines, _("Every line of your list is clear.")))
    rows = [[button(pgettext("button-wide", "✏️ A line is wrong"), "roll.lines", run.which)]]
    return [ask.reply(end, *rows, [back()]), *run.letters]


def who(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Whom a line means was chosen."""
    line, part = _line(ask, tx)
    company, chosen = Company(ask, tx), ask.number(1)
    if _valid(part, company).who or chosen not in company.people:
        raise Outdated
    return _answered(ask, tx, line, replace(part, who=(chosen,)), company)


def everybody(ask: Ask, tx: Tx) -> list[Outgoing]:
    """All who have the name are the same person, known in several circles."""
    line, part = _line(ask, tx)
    company = Company(ask, tx)
    same = tuple(one for one in company.names.find(part.name).sure if one in company.people)
    if _valid(part, company).who or len(same) < 2 or not _are_apart(company, same):  # noqa: PLR2004 - several
        raise Outdated
    return _answered(ask, tx, line, replace(part, who=same), company)


def added(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Somebody new was named: they are put into a circle, which learns it, and the line is told there."""
    line, part = _line(ask, tx)
    one = circles.one_of(tx, ask.person.id, ask.number(1))
    if one is None or _valid(part, Company(ask, tx)).who:
        raise Outdated
    new, letters = relative.join(ask, tx, one, part.name)
    return [*_answered(ask, tx, line, replace(part, who=(new,))), *letters]


def state(ask: Ask, tx: Tx) -> list[Outgoing]:
    """How somebody is was chosen."""
    line, part = _line(ask, tx)
    chosen = ask.args[1] if len(ask.args) > 1 else ""
    offered = {one.value for one in _STATES} | ({one.value for one in hard.LABELS} if part.grave else set())
    if part.state or not part.who or chosen not in offered:
        raise Outdated
    note = "" if part.unsure or part.twofold else part.note  # words that were not understood go to nobody
    return _answered(ask, tx, line, replace(part, state=chosen, note=note))


def day(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A day was chosen, counted from when the line was written."""
    line, part = _line(ask, tx)
    number = ask.number(1)
    if part.at or number >= len(DAYS):
        raise Outdated
    at = on_day(DAYS[number], datetime.fromisoformat(part.said), zone_of(ask.person))
    return _answered(ask, tx, line, replace(part, at=at.isoformat()))


def how(ask: Ask, tx: Tx) -> list[Outgoing]:
    """How all the lines are known that do not say it."""
    which = ask.number()
    try:
        way = How(ask.args[1])
    except (IndexError, ValueError):
        raise Outdated from None
    company = Company(ask, tx)
    waiting = reports.waiting(tx, ask.person.id, ask.now)
    parts = [(one, _part(one.body)) for one in waiting if one.report == which]
    sourceless = [(one, part) for one, part in parts if _valid(part, company).lacks == "how"]
    if way not in _WAYS or not sourceless:
        raise Outdated
    run = Run(ask, tx, company, which)
    for line, part in sourceless:
        reports.drop(tx, line.id)
        run.take(line.number, replace(part, how=way.value))
    return _next(ask, tx, company, run)


def again(ask: Ask, tx: Tx) -> Outgoing:
    """A line is written once more. It waits until that is there."""
    line, part = _line(ask, tx)
    expect(ask, tx, "rollcall", line=line.id)
    return ask.reply(
        Page(
            (
                _("You wrote: “{text}”", text=part.text),
                _("Please write it once more, for example: Gulnora – safe – I saw her – 14 May"),
            )
        ),
        [back("roll.next")],
    )


def left_out(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A line is not told."""
    line, _unclear = _line(ask, tx)
    company = Company(ask, tx)
    reports.drop(tx, line.id)
    return _next(ask, tx, company, Run(ask, tx, company, line.report))


# -- taking back ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """A line that was told: of whom, and with which news; None where it is told with more care."""

    line: reports.Told
    whom: Person
    news: News | None

    @property
    def what(self) -> Line:
        """What it says, as far as it may stand in a list."""
        return hard.VERY_BAD if self.news is None else words.state_name(self.news.state)


def _told(ask: Ask, tx: Tx, line: reports.Told) -> Told | None:
    """What became of a line; None if it was taken back or is of nobody any more."""
    news = None if line.news is None else checkins.news_by(tx, line.news, ask.person.id)
    who = hard.whom(tx, line.word, ask.person.id) if line.word is not None else None if news is None else news.person
    whom = None if who is None else people.find(tx, who)
    return None if whom is None else Told(line, whom, news)


def _one_told(ask: Ask, tx: Tx) -> Told:
    """The line of a button. Raises Outdated."""
    line = reports.told_line(tx, ask.number(), ask.person.id, ask.now)
    found = None if line is None else _told(ask, tx, line)
    if found is None:
        raise Outdated
    return found


def lines(ask: Ask, tx: Tx) -> Outgoing:
    """The lines that were told, to choose the one that is wrong."""
    which, first = ask.number(), ask.number(1) if len(ask.args) > 1 else 0
    every = reports.told(tx, which, ask.person.id, ask.now)
    if not every[first:]:
        raise Outdated
    found = [one for line in every[first : first + AT_ONCE] if (one := _told(ask, tx, line)) is not None]
    rows = [
        [
            button(
                pgettext("button-wide", "{name}: {state}", name=words.name_of(one.whom), state=one.what),
                "roll.line",
                one.line.id,
            )
        ]
        for one in found
    ]
    if len(every) > first + AT_ONCE:
        rows.append([button(pgettext("button", "➡️ More"), "roll.lines", which, first + AT_ONCE)])
    return ask.reply(_("Which line is wrong?"), *rows, [back()])


def line(ask: Ask, tx: Tx) -> Outgoing:
    """One line that was told."""
    one = _one_told(ask, tx)
    name = words.name_of(one.whom)
    said: list[Line | str] = [_("What you told of {name} is with those who check it.", name=name)]
    if one.news is not None:
        source = words.source(words.name_of(ask.person), one.news)
        said = [words.told(name, one.news.state), *words.details(one.news), source]
    return ask.reply(
        Page(tuple(said)),
        [button(pgettext("button-wide", "↩️ Take this line back"), "roll.line.back", one.line.id)],
        [button(pgettext("button-wide", "✏️ Take it back and write it again"), "roll.line.new", one.line.id)],
        [back("roll.lines", one.line.report)],
    )


def line_back(ask: Ask, tx: Tx) -> list[Outgoing]:
    """One line is taken back, and whoever got it is told."""
    one = _one_told(ask, tx)
    letters = _take_back(ask, tx, one)
    done = ask.reply(
        _("Taken back. Everybody who got it is told."),
        [button(pgettext("button-wide", "✏️ Another line is wrong"), "roll.lines", one.line.report)],
        [back()],
    )
    return [done, *letters]


def line_new(ask: Ask, tx: Tx) -> list[Outgoing]:
    """One line is taken back, and written again."""
    return [*_take_back(ask, tx, _one_told(ask, tx)), begin(ask, tx)]


def back_all(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before a whole roll-call is taken back."""
    which = ask.number()
    every = reports.told(tx, which, ask.person.id, ask.now)
    if not every:
        raise Outdated
    return ask.reply(
        ngettext(
            "Take back {n} line? Everybody who got it is told.",
            "Take back {n} lines? Everybody who got them is told.",
            n=len({line.number for line in every}),
        ),
        [button(pgettext("button-wide", "↩️ Yes, take all of it back"), "roll.back.yes", which)],
        [back()],
    )


def backed(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A whole roll-call is taken back, with the questions that wait."""
    which = ask.number()
    if not reports.is_of(tx, which, ask.person.id, ask.now):
        raise Outdated
    letters: list[Outgoing] = []
    for line in reports.told(tx, which, ask.person.id, ask.now):
        one = _told(ask, tx, line)
        letters += [] if one is None else _take_back(ask, tx, one)
    reports.erase(tx, which)
    return [with_menu(ask, _("All of it is taken back. Everybody who got it is told.")), *letters]


def _take_back(ask: Ask, tx: Tx, one: Told) -> list[Outgoing]:
    """The letters that correct what was told; a call for help is closed as a mistake."""
    reports.drop(tx, one.line.id)
    if one.news is None:
        return (one.line.word is not None and hard.taken_back(ask, tx, one.line.word)) or []
    if one.news.state is State.HELP:
        call = next((each for each in checkins.open_alarms_for(tx, ask.person.id) if each.news == one.news.id), None)
        if call is None:
            return []  # it is over, and everybody knows it
        _menu, *letters = alarm.mistake(replace(ask, args=(base36(call.id),)), tx)
        return letters
    return checkin.taken_back(ask, tx, one.news)
