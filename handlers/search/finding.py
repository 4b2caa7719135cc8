"""What the features of the search share: sentences about a search, and letters that do not say what they are about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from bot.domain import knock as rules
from bot.domain.conversation import Choice, Lane, Line, Listed, Outgoing, Page
from bot.domain.hard_words import is_hard
from bot.domain.knock import Case, Kind, Known, Says, released
from bot.domain.names import Record, compare
from bot.domain.names.verdict import Field, Verdict
from bot.domain.people import quiet_until
from bot.domain.refusals import NotPassedOn
from bot.i18n import _, pgettext
from handlers import desk
from handlers.ask import Ask, button
from storage import circles, knocks, lists, people, relatives, search
from storage.database import Tx
from storage.knocks import Candidate, Knock
from storage.search import Held

# What may stand on a lock screen.
NEW = _("There is something new for you. Open it where no stranger sees the screen.")
OPEN = pgettext("button", "👁 Open it")
TWO = _("Two different people? Then I don't bring you together again for more than a year.")
YES_TWO = pgettext("button", "🚫 Yes, two people")
WAITING = _("💬 stands where something waits for you.")
WORDS, CONTACT = 300, 300  # characters
STANDS = timedelta(hours=24)  # in the chat: what only this person should read
HELD_OPEN = (Case.HOLDER, Case.OPEN)
HANDED = "handed"  # in what a closed case keeps: whoever answered is not who answers now, and reads nothing of it


def relation_name(code: str) -> Line:
    """What the person who is looked for is to whoever looks."""
    match code:
        case "child":
            return pgettext("noun", "my child")
        case "parent":
            return pgettext("noun", "my father or mother")
        case "sibling":
            return pgettext("noun", "my brother or sister")
        case "spouse":
            return pgettext("noun", "my husband or wife")
        case "kin":
            return pgettext("noun", "another relative")
        case _:
            return pgettext("noun", "a friend or neighbour")


def question(code: str) -> Line:
    """A question that only kin can answer."""
    match code:
        case "grandmother":
            return _("What is the name of their mother’s mother?")
        case "nickname":
            return _("What are they called at home?")
        case "teacher":
            return _("Who was their first teacher?")
        case "friend":
            return _("Who was their best friend in childhood?")
        case _:
            return _("What was an animal of the family called?")


def question_label(code: str) -> Line:
    """The same on a button."""
    match code:
        case "grandmother":
            return pgettext("button", "Their mother’s mother")
        case "nickname":
            return pgettext("button", "Their name at home")
        case "teacher":
            return pgettext("button", "Their first teacher")
        case "friend":
            return pgettext("button", "A childhood friend")
        case _:
            return pgettext("button", "An animal of theirs")


def described(known: Known) -> list[Line | str]:
    """Somebody as they are known: names, year, places."""
    lines: list[Line | str] = [_("Names: {names}", names=Listed(known.names))]
    if known.born is not None:
        lines.append(_("Born: {year}", year=known.born))
    if known.places:
        lines.append(_("Places: {places}", places=Listed(known.places)))
    return lines


def field_name(one: Field) -> Line:
    """What is compared."""
    match one:
        case Field.NAME:
            return pgettext("noun", "name")
        case Field.SURNAME:
            return pgettext("noun", "surname")
        case Field.FATHER:
            return pgettext("noun", "father’s name")
        case Field.BORN:
            return pgettext("noun", "birth year")
        case Field.PLACE:
            return pgettext("noun", "place")


def compared(asked: Known, known: Known) -> list[Line | str]:
    """Two records beside each other, for a human: what agrees, what is near, what contradicts, what one side lacks."""
    pairs = [(mine, theirs) for mine in asked.names for theirs in known.names]
    if not pairs:
        return []
    best = max(
        (compare(Record(mine, asked.born), Record(theirs, known.born)) for mine, theirs in pairs),
        key=lambda one: one.odds,
    )
    lines: list[Line | str] = [
        _signed(line.field, line.mine, line.theirs, line.verdict)
        for line in best.lines
        if line.field is not Field.PLACE
    ]
    place = search.place_of(asked, known)
    return [*lines, _signed(Field.PLACE, ", ".join(asked.places), ", ".join(known.places), place)]


def _signed(field: Field, mine: str, theirs: str, verdict: Verdict) -> Line:
    sign = {Verdict.MATCH: "🟢", Verdict.NEAR: "🟡", Verdict.MISMATCH: "🔴", Verdict.BLANK: "⚪"}[verdict]
    said = (field_name(field), mine or "–", theirs or "–")
    return _("{sign} {field}: {mine} · {theirs}", sign=sign, field=said[0], mine=said[1], theirs=said[2])


# -- words ---------------------------------------------------------------------------------------------------------


def own_words(ask: Ask, most: int) -> str:
    """Words that somebody else will read. Raises NotPassedOn where they speak of a death or a detention."""
    said = ask.text(most)
    if is_hard(said):
        raise NotPassedOn
    return said


def invites(level: int, before: str) -> Page:
    """What to write to the other side, and what was written to it before."""
    if level == Says.CONTACT:
        line = _(
            "How can they reach you? Write what you want to give: a number, an account, or the code of an invitation. "
            "They read it once they have given theirs."
        )
    else:
        line = _("Write to them. They read it as soon as they have written, too.")
    return Page((line, _("This takes the place of what you wrote: {words}", words=before)) if before else (line,))


# -- letters -------------------------------------------------------------------------------------------------------


def holder_of(tx: Tx, one: Held) -> int | None:
    """Who answers for a record: the member themselves, or whoever keeps the circle of a relative."""
    if one.person is None:
        return None
    if one.kind is Kind.MEMBER:
        return one.person
    which = relatives.circle(tx, one.person)
    return None if which is None else circles.keeper_of(tx, which)


def to_holder(tx: Tx, case: Candidate, now: datetime) -> list[Outgoing]:
    """A word to whoever answers for the record of a case, which says nothing."""
    one = search.held(tx, case.sought)
    who = None if one is None else holder_of(tx, one)
    return [] if who is None else _letter(tx, case.id, "holder", who, button(OPEN, "found.case", case.id), now)


def to_seeker(tx: Tx, case: Candidate, now: datetime) -> list[Outgoing]:
    """A word to whoever looks, which says nothing."""
    one = knocks.find(tx, case.knock)
    return [] if one is None else _letter(tx, case.id, "seeker", one.person, button(OPEN, "knock.case", case.id), now)


def _letter(  # noqa: PLR0913, PLR0917 - a letter is what it is
    tx: Tx, which: int, side: str, who: int, choice: Choice, now: datetime
) -> list[Outgoing]:
    """One letter, unless one that was not opened stands in the chat still."""
    case = knocks.case(tx, which)
    assert case is not None  # noqa: S101 - whoever calls this has it
    last, _times = _unopened(case, side)
    if last is not None and last + desk.STANDS > now:
        return []
    knocks.change(tx, which, messages={**case.messages, side: f"{now.isoformat()} 0"})
    return [hint(tx, who, now, choice)]


def _unopened(case: Candidate, side: str) -> tuple[datetime | None, int]:
    """When the last letter about this went to a side that has not opened it, and how often it was repeated."""
    at, _space, times = case.messages.get(side, "").partition(" ")
    return (datetime.fromisoformat(at), int(times)) if at else (None, 0)


def waits(case: Candidate, side: str) -> bool:
    """Whether a side has not opened what is new in a case."""
    return side in case.messages


def read(tx: Tx, case: Candidate, side: str) -> None:
    """A side has opened a case."""
    if waits(case, side):
        knocks.change(tx, case.id, messages={key: said for key, said in case.messages.items() if key != side})


def again(tx: Tx, one: Knock, now: datetime) -> Iterator[Outgoing]:
    """A letter goes from the chat by itself, and a phone may be off for days: what was not opened is said again."""
    for case in knocks.cases_of(tx, one.id):
        for side in ("seeker", "holder") if case.state in HELD_OPEN else ():
            last, times = _unopened(case, side)
            if last is None or times >= len(rules.REPEATED) or now < last + rules.REPEATED[times]:
                continue
            yield from (to_seeker if side == "seeker" else to_holder)(tx, case, now)
            fresh = knocks.case(tx, case.id)
            assert fresh is not None  # noqa: S101 - it is there a line above
            knocks.change(tx, case.id, messages={**fresh.messages, side: f"{now.isoformat()} {times + 1}"})


def hint(tx: Tx, who: int, now: datetime, choice: Choice) -> Outgoing:
    """A letter that nobody learns anything from who looks over a shoulder."""
    found = people.find(tx, who)
    silent = found is not None and quiet_until(found, now) is not None
    return Outgoing(who, NEW, choices=((choice,),), lane=Lane.CHECKIN, silent=silent, clean_after=desk.STANDS)


def key(side: str, level: int) -> str:
    """Under which name a case keeps what a side has written."""
    return f"{side}.contact" if level == Says.CONTACT else f"{side}.words"


def exchanged(case: Candidate, mine: str) -> list[Line | str]:
    """What both sides have written to each other, as far as one of them may read it, and what to do to read more."""
    said, both = case.messages, opened(case)
    theirs = "holder" if mine == "seeker" else "seeker"
    going_on = case.state in HELD_OPEN
    lines: list[Line | str] = []
    if words := said.get(key(theirs, Says.MESSAGE)):
        if both >= Says.MESSAGE:
            lines.append(_("They write: {words}", words=words))
        elif going_on:
            lines.append(_("They have written to you. Write to them (✍️), and you read it."))
    if words := said.get(key(theirs, Says.CONTACT)):
        if both >= Says.CONTACT:
            lines.append(_("How to reach them: {words}", words=words))
        elif going_on:
            lines.append(_("They have left a way to reach them. Leave yours (📞), and you read it."))
    if words := said.get(key(mine, Says.MESSAGE)):
        lines.append(_("You wrote: {words}", words=words))
    if words := said.get(key(mine, Says.CONTACT)):
        lines.append(_("How they can reach you: {words}", words=words))
    return lines


def kept(case: Candidate, level: Says) -> Line:
    """What becomes of the words that somebody has just written."""
    if opened(case) >= level:
        return _("Kept. They can read it now.")
    return _("Kept. They read it as soon as they give the same.")


def opened(case: Candidate) -> Says:
    """What both sides of a case have released."""
    return released(case.seeker_says, case.holder_says)


def told(ask: Ask) -> list[Line]:
    """What a letter that says nothing was about: read once its button is pressed, and never on a lock screen."""
    match ask.args[:1]:
        case ("answered",):
            return [_("A search that you answered is over. Nothing more is asked of you. Thank you.")]
        case ("parted",):
            return [_("Whoever looked says that it is somebody else. Nothing more is asked of you. Thank you.")]
        case ("left",):
            return [_("Whoever had answered your search can't be reached here any more. Your search goes on.")]
        case ("other",):
            return [_("Whoever had answered your search says now that it is somebody else. Your search goes on.")]
        case ("over",):
            return [_("A search of yours is over, and erased. You can begin it anew.")]
        case _:
            return []


def ends(tx: Tx, which: Knock, now: datetime) -> Iterator[Outgoing]:
    """A search is over: whoever had answered it is told so gently. Call it before it is erased."""
    for case in knocks.cases_of(tx, which.id):
        one = search.held(tx, case.sought) if case.state is Case.OPEN else None
        who = None if one is None else holder_of(tx, one)
        if who is not None:
            yield hint(tx, who, now, button(OPEN, "found", "answered"))


def leaves(tx: Tx, records: Iterable[int], now: datetime) -> Iterator[Outgoing]:
    """Records go: whoever had learnt something from them is told that nothing more comes. Call it before they go."""
    for case in knocks.cases_at(tx, records, [Case.OPEN]):
        which = knocks.find(tx, case.knock)
        if which is not None:
            yield hint(tx, which.person, now, button(OPEN, "knock", "left"))


def removes(tx: Tx, who: int, now: datetime) -> list[Outgoing]:
    """Somebody of a circle who is not online is removed, or has come themselves. Call it before they go."""
    record = search.held_of(tx, who)
    return [] if record is None else list(leaves(tx, [record.id], now))


def ends_circle(tx: Tx, which: int, now: datetime) -> list[Outgoing]:
    """The last member leaves a circle, and it goes with those who are not online. Call it before they leave."""
    return [letter for one in relatives.inside(tx, [which])[which] for letter in removes(tx, one.id, now)]


def hands_over(tx: Tx, which: int, to: int, now: datetime) -> list[Outgoing]:
    """Somebody else keeps a circle from now on, and answers for those in it who are not online.

    What whoever looks wrote to the one before was for them: it goes, and both begin anew. The new one is asked.
    """
    letters: list[Outgoing] = []
    asked = False
    for one in relatives.inside(tx, [which])[which]:
        record = search.held_of(tx, one.id)
        if record is None:
            continue
        letters += leaves(tx, [record.id], now)
        lists.withdraw(tx, lists.Whose(record=record.id))  # whoever answers from now on has not said yes
        for case in knocks.cases_at(tx, [record.id], HELD_OPEN):
            blank = {"holder": f"{now.isoformat()} 0"}
            knocks.change(
                tx, case.id, state=Case.HOLDER, seeker_says=Says.ALIVE, holder_says=Says.NOTHING, messages=blank
            )
            asked = True
        for case in knocks.cases_at(tx, [record.id], [Case.CLOSED]):  # whoever looked goes on reading their answer
            theirs = {key: said for key, said in case.messages.items() if not key.startswith("seeker")}
            knocks.change(tx, case.id, messages={**theirs, HANDED: "1"})
    return [*letters, *([hint(tx, to, now, button(OPEN, "found"))] if asked else [])]


def forgets(tx: Tx, who: int, now: datetime) -> list[Outgoing]:
    """Somebody has themselves forgotten: whoever had answered them, or was answered by them, is told gently."""
    letters = [letter for one in knocks.of(tx, who) for letter in ends(tx, one, now)]
    record = search.held_of(tx, who)
    if record is not None:
        letters += leaves(tx, [record.id], now)
    return letters
