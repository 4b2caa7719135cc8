"""Death and detention are told: to the two who check it, from whatever source, and to nobody else.

No letter says what has happened. Its words stand only in the answer to a press of “Read it”, for the two who check it
and for whoever has agreed to call the family (`checking`), and on the board of those who were told by voice.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.checkin import NOTE_LENGTH, Hard, How, on_day
from bot.domain.conversation import Outgoing, Page
from bot.domain.hard import (
    MOST_TOLD,
    SURE,
    Case,
    Phase,
    Word,
)
from bot.domain.people import Person, zone_of
from bot.domain.refusals import Outdated, TooOften
from bot.i18n import _, pgettext
from handlers import words
from handlers.ask import Ask, back, button, expect
from handlers.family import matters
from handlers.home import with_menu
from storage import circles, inbox, people
from storage import hard as cases
from storage.circles import Circle
from storage.database import Tx

VERY_BAD = pgettext("button", "Very bad news")
LABELS = {
    Hard.DETAINED: pgettext("button", "⚫ Detained"),
    Hard.DEAD: pgettext("button", "⚫ Died"),
}
DAY = timedelta(days=1)
DAYS = (0, 1, 2, 3, 7, 30)  # ago


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
        *([button(label, "hard.what", *at, what.value)] for what, label in LABELS.items()),
        [back("tell.how", *at)],
    )


def _of_mine(ask: Ask, tx: Tx) -> tuple[Circle, Person]:
    one = circles.one_of(tx, ask.person.id, ask.number())
    person = None if one is None else matters.belonging(tx, one.id).get(ask.number(1))
    if one is None or person is None or person.id == ask.person.id:
        raise Outdated
    return one, person


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
    ask: Ask,
    tx: Tx,
    person: Person,
    circle: int,
    what: Hard,
    how: How,
    true_at: datetime,
    note: str = "",
    which: int | None = None,
) -> list[Outgoing]:
    """Take what somebody tells, from whatever source. Nobody is told it but the two who check it.

    `which` is the id that the word shall have, for whoever must find it again. Gives the answer to the teller, and
    letters that say only that there is something to be read. Raises Outdated where the person is not of that circle,
    and TooOften.
    """
    if person.id == ask.person.id or person.id not in matters.belonging(tx, circle):
        raise Outdated
    key = f"hard/{ask.sender.platform}/{ask.sender.bot}/{ask.sender.account}"
    if inbox.use(tx, key, DAY, ask.now) > MOST_TOLD:
        raise TooOften(inbox.remaining(tx, key, ask.now))
    case = cases.standing(tx, circle, person.id, what)
    word = Word(which or tx.new_id(), ask.person.id, how, min(true_at, ask.now), ask.now, note)
    if case is None:
        case = Case(tx.new_id(), person.id, circle, what, Phase.CHECKING, word.true_at, ask.now)
        cases.begin(tx, case)
        cases.say(tx, case, word)
        letters = matters.give(tx, case, ask.now)
        letters += matters.name_two(tx, matters.around(tx, case)) if matters.lacks(tx, case) else []
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
    before = matters.around(tx, case)
    again = matters.letters(tx, before, [one.person for one in before.readers], matters.NEW, now)
    return [*again, *matters.give(tx, case, now)]


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
    if one is not None and matters.lacks(tx, case):  # of a circle that is not theirs a teller learns nothing
        lines.append(
            _(
                "“{circle}” has named too few people for this. I keep it, and they can read it as soon as they are "
                "named. Please speak yourself, by voice, with somebody of the family.",
                circle=one.name,
            )
        )
        if one.keeper == ask.person.id:
            rows.insert(0, [button(matters.NAME_THEM, "hard.bearers", one.id)])
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
    matter = matters.around(tx, case)
    open_still = case.phase in {Phase.CHECKING, Phase.TELLING}
    whom = [one.person for one in matter.readers if one.person != ask.person.id] if open_still else []
    return [
        with_menu(ask, _("Added. Only those who check it can read it.")),
        *matters.letters(tx, matter, whom, matters.NEW, ask.now),
    ]


def undo(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Whoever told it takes it back."""
    letters = taken_back(ask, tx, ask.number())
    if letters is None:
        raise Outdated
    return [with_menu(ask, _("Taken back. Whoever could read it is told so.")), *letters]


def whom(tx: Tx, which: int, teller: int) -> int | None:
    """Of whom a word is, if this person told it."""
    found = cases.word_by(tx, which, teller)
    return None if found is None else found[0].person


def taken_back(ask: Ask, tx: Tx, which: int) -> list[Outgoing] | None:
    """Erase what this person told: the letters to whoever could read it. None if they told nothing such."""
    found = cases.word_by(tx, which, ask.person.id)
    if found is None:
        return None
    case, word = found
    cases.unsay(tx, word.id)
    matter = matters.around(tx, case)
    if matter.said or case.phase in SURE:
        whom = [one.person for one in matter.readers] if case.phase in {Phase.CHECKING, *SURE} else []
        return matters.letters(tx, matter, whom, matters.NEW, ask.now)
    return matters.end(tx, matter, _("What only few of you could read was taken back by whoever told it."), ask.now)
