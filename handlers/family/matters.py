"""A death or a detention that was told: who may read it, in which words, and letters that say nothing of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.checkin import Hard, News
from bot.domain.conversation import Ago, Choice, Lane, Line, Outgoing, Value
from bot.domain.hard import (
    APPROVALS,
    READERS,
    SURE,
    Case,
    Grade,
    Known,
    Phase,
    Reader,
    Word,
    approvals,
    draw,
)
from bot.domain.people import Person, quiet_until
from bot.domain.refusals import Outdated
from bot.domain.roles import Role
from bot.i18n import _, pgettext
from handlers import words
from handlers.ask import Ask, button
from storage import circles, outbox, people, relatives, roles
from storage import hard as cases
from storage.circles import Circle
from storage.database import Tx

NAME_THEM = pgettext("button", "🕯 Name them")

# What may stand on a lock screen, and tells nothing to whoever looks over a shoulder.
WAITS = _("There is something that only you and one other can read. Open it when you are alone.")
STILL = _("Something that only you and one other can read still waits for you. Open it when you are alone.")
NEW = _("There is something new in what only few of you can read. Open it when you are alone.")
ASKED = _("Something is asked of you that needs a quiet moment. Open it when you are alone.")
COVERED = _("It is covered up. Open it when you are alone.")


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


def by_number(tx: Tx, which: int) -> Matter | None:
    """A case with everybody who has to do with it; None if there is none (any more)."""
    case = cases.by_id(tx, which)
    return None if case is None else around(tx, case)


def around(tx: Tx, case: Case) -> Matter:
    """A case with everybody who has to do with it."""
    inside = {p.id: p for p in circles.members(tx, [case.circle])[case.circle]}
    circle = circles.one_of(tx, next(iter(inside)), case.circle)
    assert circle is not None  # noqa: S101 - a circle without members is gone, and the case with it
    return Matter(case, circle, inside, cases.readers(tx, case), cases.words_of(tx, case))


def part_of(ask: Ask, tx: Tx) -> Matter:
    """What the button means, if this person is one of the two, or is asked to call the family. Raises Outdated."""
    matter = by_number(tx, ask.number())
    me = ask.person.id
    if matter is None or me == matter.case.person or me in cases.lost(tx, matter.case.circle):
        raise Outdated
    calls = matter.case.caller == me and me in matter.inside and matter.case.phase in {Phase.CHECKING, *SURE}
    if not calls and not checks(tx, matter, me, ask.now):
        raise Outdated
    return matter


def checks(tx: Tx, matter: Matter, who: int, now: datetime) -> bool:
    """Whether somebody is one of the two, and still what they were chosen as."""
    if who not in {one.person for one in matter.readers}:
        return False
    return who in matter.inside or roles.held(tx, who, Role.MODERATOR, now) is not None


def subject(tx: Tx, case: Case) -> Value:
    """The name of whom it is about."""
    found = people.find(tx, case.person)
    return words.called(found.name if found else "")


def belonging(tx: Tx, which: int) -> dict[int, Person]:
    """Everybody of a circle: its members, and their relatives who are not online."""
    return {p.id: p for p in (*circles.members(tx, [which])[which], *relatives.inside(tx, [which])[which])}


def takes_part(tx: Tx, case: Case, who: int) -> bool:
    """Whether somebody checks a case, or is asked to call the family."""
    return who != case.person and (case.caller == who or any(one.person == who for one in cases.readers(tx, case)))


# -- the words for it ----------------------------------------------------------------------------------------------


def _what(what: Hard) -> Line:
    match what:
        case Hard.DETAINED:
            return pgettext("status", "detained")
        case Hard.DEAD:
            return pgettext("status", "died")


def about(tx: Tx, case: Case) -> Line:
    """What has happened, and to whom: the one line that says it. Only `checking` shows it."""
    name, told_what = subject(tx, case), _what(case.what)
    if case.phase in SURE:
        return _("About <b>{name}</b>: {what}.", name=name, what=told_what)
    return _("Told about <b>{name}</b>: {what}.", name=name, what=told_what)


def graded(grade: Grade | None) -> Line:
    """How well a source can be leaned on."""
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
    what, ago, source = _what(known.what), Ago(known.true_at), graded(known.grade)
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
    return f"{outbox.HARD}:{which}"


def read_it(which: int) -> tuple[Choice, ...]:
    """The button under a letter that says nothing."""
    return (button(pgettext("button", "Read it"), "hard.read", which),)


def letter(tx: Tx, matter: Matter, who: int, line: Line, now: datetime) -> Outgoing:
    """A letter that only says that there is something. Where somebody is held every hour counts: it rings at night."""
    found = people.find(tx, who)
    sleeps = found is not None and quiet_until(found, now) is not None
    return Outgoing(
        who,
        line,
        choices=(read_it(matter.case.id),),
        lane=Lane.CORRECTION,
        topic=topic(matter.case.id),
        silent=sleeps and matter.case.what is Hard.DEAD,
        circle=matter.case.circle if who in matter.inside else None,
    )


def letters(tx: Tx, matter: Matter, whom: list[int], line: Line, now: datetime) -> list[Outgoing]:
    """A letter to each of them, but never to whom it is about."""
    return [letter(tx, matter, who, line, now) for who in dict.fromkeys(whom) if who != matter.case.person]


def give(tx: Tx, case: Case, now: datetime, *, but: int | None = None) -> list[Outgoing]:
    """Let two people read it, as far as there are any: the named, or else people whom the community trusts."""
    matter = around(tx, case)
    chosen = drawn(tx, matter, {one.person for one in matter.readers} - matter.tellers, now, but=but)
    for who in chosen:
        cases.give(tx, case, who)
    return letters(tx, matter, chosen, WAITS, now)


def drawn(tx: Tx, matter: Matter, have: set[int], now: datetime, *, but: int | None = None) -> list[int]:
    """Who is to read it beside those who have it."""
    named = [who for who in cases.bearers(tx, matter.case.circle) if who in matter.inside]
    load = cases.busy(tx)
    trusted = [one.person for one in roles.holders(tx, Role.MODERATOR, now)]
    trusted.sort(key=lambda who: (who in matter.inside, load.get(who, 0)))  # rather strangers to the family
    keeper = matter.circle.keeper
    cut_off = {who for who in (*named, keeper, *trusted) if not any(one.reachable for one in people.addresses(tx, who))}
    never = matter.tellers | cases.lost(tx, matter.case.circle) | cut_off | {matter.case.person}
    never |= {but} if but is not None else set()
    return draw(named, keeper, trusted, have=have, never=never)


def lacks(tx: Tx, case: Case) -> bool:
    """Whether too few people can read it yet."""
    return len({one.person for one in cases.readers(tx, case)} - cases.tellers(tx, case)) < READERS


def name_two(tx: Tx, matter: Matter) -> list[Outgoing]:
    """Ask the keeper to name people: all that can be done while nobody is there who may read it."""
    keeper = matter.circle.keeper
    if keeper in {matter.case.person, *matter.tellers, *cases.lost(tx, matter.case.circle)}:
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


def ask_somebody(tx: Tx, matter: Matter, now: datetime, *, but: int | None = None) -> list[Outgoing]:
    """Nobody of the circle has read it: ask whoever told it, who knows it already, or else the keeper, or a member."""
    case = matter.case
    never = cases.lost(tx, case.circle) | {case.person} | ({but} if but is not None else set())
    order = [*sorted(matter.tellers & matter.inside.keys()), matter.circle.keeper, *sorted(matter.inside)]
    for who in order:
        if who not in never and any(one.reachable for one in people.addresses(tx, who)):
            cases.let_call(tx, case, who, agreed=False)
            return letters(tx, matter, [who], ASKED, now)
    return []


def end(tx: Tx, matter: Matter, line: Line, now: datetime) -> list[Outgoing]:
    """Erase a case: whoever may have got a letter of it is told why there is nothing to be read any more."""
    concerned = {one.person for one in matter.readers} | {matter.case.caller}
    got = [who for who in outbox.perhaps_got(tx, topic(matter.case.id), Lane.CORRECTION) if who in concerned]
    outbox.withdraw(tx, topic(matter.case.id), Lane.CORRECTION, now)
    cases.erase(tx, matter.case)
    return [Outgoing(who, line, lane=Lane.CORRECTION, silent=True) for who in got]


def forgets(tx: Tx, who: int, now: datetime) -> list[Outgoing]:
    """Somebody is about to be erased: what was told about them goes, and whoever could read it is told so."""
    line = _("What only few of you could read is erased: whoever it was about is no longer here.")
    return [letter for case in cases.about(tx, who) for letter in end(tx, around(tx, case), line, now)]
