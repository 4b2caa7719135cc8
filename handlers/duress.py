"""Duress: a second phrase that looks like “all is well”, tells two trustees, and from then on shows a picture only.

Whoever is under duress goes on being answered. Their handlers run as ever, but on the picture of what the account
could show when the phrase was written, inside a savepoint that is undone: nothing they do is done, except that a call
for help goes out, and nothing that has happened since is shown. Letters to others are hollow, letters from others are
withheld (`storage.outbox`). The handlers themselves know nothing of it: the dispatch and the rounds come by here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.domain.conversation import Ago, Choice, Lane, Line, Outgoing, Page
from bot.domain.duress import Duress, read_phrase
from bot.domain.folding import LONGEST, fold
from bot.domain.people import Person
from bot.domain.refusals import NotAPhrase, Outdated, SamePhrase
from bot.i18n import _, pgettext
from handlers import privacy, start
from handlers.ask import Ask, Handler, back, button, expect
from handlers.family import alarm, checkin, region, rollcall, spoken, telling
from handlers.home import with_menu
from handlers.words import name_of, names
from storage import checkins, deeds, jobs, outbox, people, petition_talks, petitions, pictures, readers, trustees
from storage import duress as kept
from storage.database import Tx
from storage.duress import Meant, Own
from storage.jobs import File, Job
from storage.pictures import Picture

T = TypeVar("T")

NEEDED = 2  # trustees, before the phrases can be set
STANDS = timedelta(days=1)  # how long a trustee's letter stands in their chat
PROMPT_STANDS = timedelta(minutes=10)
SETTING = frozenset({"own.first", "own.second"})


@dataclass(frozen=True, slots=True)
class Way:
    """How a message is answered: a wish is understood, what may not be is refused (and counted), a handler runs."""

    understood: Callable[[Ask], tuple[Ask, Handler]]
    refused: Callable[[Ask, Handler], Outgoing | None]
    run: Callable[[Ask, Handler], list[Outgoing]]

    def answers(self, ask: Ask) -> list[Outgoing]:
        """What anybody is answered."""
        wish, handler = self.understood(ask)
        refused = self.refused(wish, handler)
        return self.run(wish, handler) if refused is None else [refused]


# -- the way of one message ----------------------------------------------------------------------------------------


def answers(tx: Tx, ask: Ask, own: Own, text: str | None, way: Way) -> list[Outgoing]:
    """Answer somebody who has phrases of their own. `text` is what they wrote, if it was words."""
    setting = ask.data.get("what") in SETTING  # there even an old phrase is only an answer
    said = None if setting or text is None or len(text) > LONGEST else kept.meant(tx, ask.person.id, own, fold(text))
    told = own.duress
    if told is not None and told.is_over(_reachable(tx, told), ask.now):
        kept.end(tx, ask.person.id)
        told = None
    if told is not None:
        return _under_duress(tx, ask, told, None if said is None else (said, text or ""), way)
    return way.answers(ask) if said is None else _first(tx, replace(ask, words=text or ""), said, way)


def _first(tx: Tx, ask: Ask, said: Meant, way: Way) -> list[Outgoing]:
    """One of the two phrases: the same work and as many letters for either, and only then one of them undoes it."""
    who, forced = ask.person.id, said is Meant.FORCED
    people.end_dialogue(tx, who)
    refused = way.refused(ask, alarm.safe)
    if refused is not None:
        return [refused]
    with tx.savepoint():
        letters = way.run(ask, alarm.safe)
        picture = pictures.take(tx, who, ask.now)
        if forced:
            tx.undo()
        else:
            tx.stay()
    chosen = trustees.of(tx, who)
    told = Duress(ask.now, kept.newest_letter(tx), tuple(one.id for one in chosen))
    kept.begin(tx, who, told, picture, forced=forced)
    said_on = _silenced if forced else _answered
    return _with_trustees(ask, said_on(letters, who, ask.address), chosen, forced=forced)


def _answered(letters: Sequence[Outgoing], who: int, where: int) -> list[Outgoing]:
    """What answers the person where they wrote is sent whatever happens."""
    return [replace(one, own=True) if _answers(one, who, where) else one for one in letters]


def _answers(one: Outgoing, who: int, where: int) -> bool:
    if one.to_group:  # to one address, whoever writes from there
        return one.to == where
    return one.to == who and one.at in {None, where}


def _silenced(letters: Sequence[Outgoing], who: int, where: int) -> list[Outgoing]:
    """The person is answered; whatever would go to others is hollow."""
    return [one if one.own else replace(one, hollow=True) for one in _answered(letters, who, where)]


def _with_trustees(ask: Ask, letters: list[Outgoing], chosen: Sequence[Person], *, forced: bool) -> list[Outgoing]:
    """In place of the news that a trustee would have read goes what they must know; who reads none gets as many."""
    waiting = {one.id: one for one in chosen}
    found = []
    for one in letters:
        if one.to in waiting and one.lane is Lane.CHECKIN and not one.topic:
            trustee = waiting.pop(one.to)
            found.append(_secret(ask, trustee, chosen, one) if forced else one)
        else:
            found.append(one)
    for trustee in waiting.values():
        plain = Outgoing(trustee.id, letters[0].text, lane=Lane.CHECKIN, about=ask.person.id, hollow=True)
        found.append(_secret(ask, trustee, chosen, plain) if forced else plain)
    return found


def _under_duress(tx: Tx, ask: Ask, told: Duress, said: tuple[Meant, str] | None, way: Way) -> list[Outgoing]:
    """Everything that an account under duress says, until its trustees have lifted it."""
    who = ask.person.id
    before = kept.picture_of(tx, who)

    def look() -> tuple[Ask, Handler, list[Outgoing]]:
        shown = replace(ask, person=people.find(tx, who) or ask.person)
        if said is None:
            wish, handler = way.understood(shown)
        else:
            people.end_dialogue(tx, who)
            wish, handler = replace(shown, words=said[1]), alarm.safe
        later = handler in OUTSIDE | CALLS or way.refused(wish, handler) is not None  # that is counted below, for real
        return wish, handler, [] if later else way.run(wish, handler)

    (wish, handler, letters), after = _within(tx, who, told, before, look)
    refused = way.refused(wish, handler)
    if refused is not None:
        return _answered([refused], who, ask.address)
    if handler in OUTSIDE:
        return _outside(tx, ask, told, way.run(replace(wish, person=ask.person), handler), handler)
    real: list[Outgoing] = []
    if handler in CALLS:
        real, new_ids = _for_real(tx, replace(wish, person=ask.person), handler, way)
        make, tx.new_id = tx.new_id, _again(new_ids, tx.new_id)
        letters, after = _within(tx, who, told, before, lambda: way.run(wish, handler))
        tx.new_id = make
    kept.go_on(tx, who, told, after)
    if real:
        warned = _warnings(tx, ask, told) if any(one.choices for one in real) else []
        return [*_answered([one for one in letters if one.to == who], who, ask.address), *real, *warned]
    silenced = _silenced(letters, who, ask.address)
    chosen = [found for one in told.trustees if (found := people.find(tx, one)) is not None]
    return silenced if said is None else _with_trustees(ask, silenced, chosen, forced=said[0] is Meant.FORCED)


def _within(tx: Tx, who: int, told: Duress, before: Picture, work: Callable[[], T]) -> tuple[T, Picture]:
    """Do something in the picture: what it gives, and the picture afterwards.

    What a dialogue waits for stays, and so does which bulletins they read and which petitions they follow, which are
    public and go on coming; and what is to be cleaned from the chat is cleaned as anybody's is. Letters that an
    organiser writes, and that nobody else reads yet, are in no picture and stay: the next button would be of a letter
    that never was. What is done to petitions that others see is noted, and done anew at each look.
    """
    with tx.savepoint():
        pictures.show(tx, who, before, told.since)
        known = [deeds.unpacked(row[0]) for row in before.get(pictures.NOTED, {}).values()]
        deeds.redo(tx, known)
        found, noted = _noting(tx, work)
        after = pictures.take(tx, who, told.since)
        dialogue, begun, reading = people.dialogue_of(tx, who), jobs.of(tx, who), readers.of(tx, who)
        talks, cleaning = petition_talks.of(tx, who), outbox.to_be_cleaned(tx, who)
        unopened, followed = petitions.unopened(tx, who), petitions.following(tx, who)
        tx.undo()
    done = deeds.joined(known, deeds.stay(tx, noted))
    after[pictures.NOTED] = {(place,): (deeds.packed(one),) for place, one in enumerate(done)}
    if dialogue is None:
        people.end_dialogue(tx, who)
    else:
        people.keep_dialogue(tx, who, *dialogue)
    petition_talks.put(tx, talks)
    petitions.put_unopened(tx, who, unopened)
    petitions.follow_only(tx, who, followed)
    before_it = outbox.to_be_cleaned(tx, who)
    outbox.clean_at(tx, {which: at for which, at in cleaning.items() if before_it.get(which) != at})
    if reading is None:
        readers.stop(tx, who)
    elif reading != readers.of(tx, who):
        readers.keep(tx, who, reading)
    waiting = {job.id for job in jobs.of(tx, who)} if begun else set()
    for job in begun:
        if job.id not in waiting:
            jobs.put(tx, who, job.address, job.kind, job.body, job.at)
    return found, after


def _noting(tx: Tx, work: Callable[[], T]) -> tuple[T, list[deeds.Noted]]:
    """Do something; what of it was done to petitions that others see is done anew at the next look."""
    noted: list[deeds.Noted] = []
    tx.noted = noted
    try:
        return work(), noted
    finally:
        tx.noted = None


def _for_real(tx: Tx, ask: Ask, handler: Handler, way: Way) -> tuple[list[Outgoing], list[int]]:
    """A call for help, and what belongs to it, is never muted: the letters to others, and the numbers it was given."""
    given: list[int] = []
    make = tx.new_id

    def note() -> int:
        given.append(make())
        return given[-1]

    tx.new_id = note
    with tx.savepoint():
        letters = [one for one in way.run(ask, handler) if one.to != ask.person.id]
        if not any(one.lane is Lane.DANGER for one in letters):  # no call: then it is news like any other
            tx.undo()
            letters = []
    tx.new_id = make
    return letters, given


def _again(given: list[int], make: Callable[[], int]) -> Callable[[], int]:
    """The same numbers once more, so that a button of the picture means the call that went out."""
    left = iter(given)
    return lambda: next(left, None) or make()


def _outside(tx: Tx, ask: Ask, told: Duress, letters: list[Outgoing], handler: Handler) -> list[Outgoing]:
    """What concerns only the account's own chat is done as ever; its trustees learn if everything was erased."""
    answered = _answered(letters, ask.person.id, ask.address)
    if handler is not privacy.forgotten:
        return answered
    text = Page(
        (
            _("Everything that I knew of {name} was erased from their own account.", name=name_of(ask.person)),
            _("Before that, the words that mean “I am being forced” were written there: {ago}.", ago=Ago(told.since)),
            _("I don't know how they are."),
        )
    )
    return [*answered, *(Outgoing(one, text, lane=Lane.CHECKIN) for one in told.trustees if people.find(tx, one))]


def finished(tx: Tx, job: Job, work: Callable[[], list[Outgoing]]) -> list[Outgoing]:
    """Slow work is done: for somebody under duress its result stands in the picture only."""
    own = kept.of(tx, job.person)
    if own is None or own.duress is None:
        return work()
    letters, after = _within(tx, job.person, own.duress, kept.picture_of(tx, job.person), work)
    if not jobs.done(tx, job.id):
        return []
    kept.go_on(tx, job.person, own.duress, after)
    return _silenced(letters, job.person, job.address)


def looked_at(tx: Tx, one: File, work: Callable[[], list[Outgoing]]) -> list[Outgoing]:
    """A file was looked at: what is said of it is public, so that only the letter's way differs under duress."""
    own = kept.of(tx, one.person)
    letters = work()
    return letters if own is None or own.duress is None else _silenced(letters, one.person, one.address)


def watch(tx: Tx, now: datetime) -> list[Outgoing]:
    """Whoever calls for help under duress sees whom it has reached, but not who has answered."""
    letters: list[Outgoing] = []
    for call, _shown in checkins.open_alarms(tx):
        own = kept.of(tx, call.person)
        if own is None or own.duress is None:
            continue
        before = kept.picture_of(tx, call.person)
        found, after = _within(tx, call.person, own.duress, before, lambda: alarm.watch(tx, now))
        mine = [replace(one, own=True) for one in found if one.to == call.person]
        if mine:
            kept.go_on(tx, call.person, own.duress, after)
        letters += mine
    return letters


# -- setting the phrases -------------------------------------------------------------------------------------------


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """What the two phrases are for, and whether they are set; for a trustee, whose account waits for their word."""
    own = kept.of(tx, ask.person.id)
    chosen = trustees.of(tx, ask.person.id)
    lines: list[Line | str] = [
        _("<b>My own words</b>"),
        _("In place of the button you can say in your own words that all is well."),
        _(
            "A second phrase is for when somebody forces you. Whoever watches reads the same answer, but your circle "
            "is told nothing, and two people whom you trust learn of it."
        ),
        _("Until both have spoken with you, this account shows nothing new, and what it does has no effect."),
    ]
    rows: list[list[Choice]] = []
    if own is not None:
        lines += ["", _("Your two phrases are set. I can't show them.")]
    if len(chosen) < NEEDED:
        lines += ["", _("First choose two people whom you trust.")]
        rows.append([button(pgettext("button-wide", "🤝 Choose two people"), "trust")])
    else:
        label = (
            pgettext("button-wide", "✍️ Choose my two phrases")
            if own is None
            else pgettext("button-wide", "✍️ Choose new phrases")
        )
        rows.append([button(label, "own.set")])
    for one in _waiting(tx, ask, None if own is None else own.duress):
        lines += ["", _("{name} may be forced. Your word is still missing.", name=name_of(one))]
        rows.append([_lift(one.id)])
    return ask.reply(Page(tuple(lines)), *rows, [back("privacy")])


def _waiting(tx: Tx, ask: Ask, held: Duress | None) -> list[Person]:
    """Who is under duress and waits for this trustee's word; `held` themselves, they see only who was so before."""
    found = []
    for one in trustees.for_whom(tx, ask.person.id):
        own = kept.of(tx, one.id)
        told = None if own is None else own.duress
        if told is not None and ask.person.id in told.missing([ask.person.id]):
            found += [one] if held is None or told.since < held.since else []
    return found


def choose(ask: Ask, tx: Tx) -> Outgoing:
    """Ask for the first phrase."""
    if len(trustees.of(tx, ask.person.id)) < NEEDED:
        return overview(ask, tx)
    expect(ask, tx, "own.first", after=outbox.newest_message(tx, ask.address))
    return _prompt(
        ask,
        _(
            "Write the words with which you want to say that all is well: one to eight words. I delete them "
            "here at once."
        ),
    )


def _prompt(ask: Ask, line: Line) -> Outgoing:
    return ask.anew(line, [back("own")], clean_after=PROMPT_STANDS)


def first(ask: Ask, tx: Tx) -> Outgoing:
    """The first phrase was written: ask for the second."""
    free = _phrase(ask, tx)
    outbox.clean_after(tx, ask.address, int(ask.data["after"]), ask.now)
    expect(ask, tx, "own.second", after=ask.data["after"], free=free.hex())
    return _prompt(
        ask,
        _(
            "Now write the words for when you are forced. They must be others, and sound as harmless. I "
            "delete them, too."
        ),
    )


def second(ask: Ask, tx: Tx) -> Outgoing:
    """Both are there: they are kept so that they can only be compared, and the chat forgets them."""
    free, forced = bytes.fromhex(ask.data["free"]), _phrase(ask, tx)
    if free == forced:
        raise SamePhrase
    kept.keep(tx, ask.person.id, free, forced)
    people.end_dialogue(tx, ask.person.id)
    outbox.clean_after(tx, ask.address, int(ask.data["after"]), ask.now)
    return with_menu(
        replace(ask, on=""),
        _("Your two phrases are set. Write the first one now and then, so that it is nothing unusual."),
    )


def _phrase(ask: Ask, tx: Tx) -> bytes:
    phrase = read_phrase(ask.words)
    if phrase is None:
        raise NotAPhrase
    return kept.blind(tx, ask.person.id, phrase)


# -- the trustees --------------------------------------------------------------------------------------------------


def _lift(who: int) -> Choice:
    return button(pgettext("button-wide", "✅ I have spoken with them"), "own.lift", who)


def _secret(ask: Ask, trustee: Person, chosen: Sequence[Person], instead: Outgoing) -> Outgoing:
    """What only a trustee learns, in the place of the letter that they would have got."""
    others = [one for one in chosen if one.id != trustee.id]
    together = (
        _("It ends when you and {people} have each spoken with them and have pressed the button.", people=names(others))
        if others
        else _("It ends when you have spoken with them and have pressed the button.")
    )
    return Outgoing(
        trustee.id,
        Page(
            (
                _("This is for you alone: {name} has trusted you with it.", name=name_of(ask.person)),
                _("Their account has written the words that mean “I am being forced”: {ago}.", ago=Ago(ask.now)),
                _(
                    "Do not write to that account about it, and do not speak of it in the circle. Find out "
                    "in another way how they are."
                ),
                _(
                    "The circle is told nothing. That account is shown nothing new any more, and what it "
                    "does has no effect."
                ),
                _(
                    "Only a call for help still goes out from it. It may be forced as well: go nowhere alone "
                    "because of it."
                ),
                together,
                _("I delete this message in a day. You find it again here: /privacy, then “My own words”."),
            )
        ),
        choices=((_lift(ask.person.id),),),
        lane=instead.lane,
        about=instead.about,
        circle=instead.circle,
        due_at=instead.due_at,
        clean_after=STANDS,
    )


def _warnings(tx: Tx, ask: Ask, told: Duress) -> list[Outgoing]:
    line = _(
        "A call for help came from the account of {name}, and has gone out to their circle. Perhaps they are being "
        "forced.",
        name=name_of(ask.person),
    )
    return [Outgoing(one, line, lane=Lane.DANGER) for one in told.trustees if people.find(tx, one)]


def _reachable(tx: Tx, told: Duress) -> list[int]:
    """The trustees who can still say something: they are not forgotten, and not under duress themselves."""
    return [one for one in told.trustees if people.find(tx, one) and not _is_under_duress(tx, one)]


def _is_under_duress(tx: Tx, who: int) -> bool:
    own = kept.of(tx, who)
    return own is not None and own.duress is not None


def _trusting(ask: Ask, tx: Tx) -> tuple[Person, Duress]:
    """Who is under duress, if the one who asks is a trustee of theirs. Raises Outdated."""
    own, person = kept.of(tx, ask.number()), people.find(tx, ask.number())
    if own is None or person is None or own.duress is None or ask.person.id not in own.duress.trustees:
        raise Outdated
    return person, own.duress


def lift(ask: Ask, tx: Tx) -> Outgoing:
    """Ask a trustee once more before their word counts."""
    person, _told = _trusting(ask, tx)
    return ask.anew(
        _(
            "Did you speak with {name} yourself, so that you knew the voice or the face, and was nobody with them? If "
            "you are not sure, wait.",
            name=name_of(person),
        ),
        [button(pgettext("button-wide", "✅ Yes, they can speak freely"), "own.lifted", person.id)],
        [back("own")],
        clean_after=STANDS,
    )


def lifted(ask: Ask, tx: Tx) -> list[Outgoing]:
    """A trustee has spoken with them. When everybody has, the account is again as any other; it is told nothing."""
    person, told = _trusting(ask, tx)
    told = told.lift(ask.person.id)
    reachable = _reachable(tx, told)
    others = [one for one in told.trustees if one != ask.person.id and people.find(tx, one)]
    if told.is_over(reachable, ask.now):
        kept.end(tx, person.id)
        over = _(
            "It is over: the account of {name} shows and does everything again. Ask them to choose new phrases.",
            name=name_of(person),
        )
        return [with_menu(ask, over), *(Outgoing(one, over, lane=Lane.CHECKIN, clean_after=STANDS) for one in others)]
    kept.lift(tx, person.id, told)
    missing = [found for one in told.missing(reachable) if (found := people.find(tx, one))]
    asked = _(
        "{trustee} has spoken with {name} freely. Your word is still missing.",
        trustee=name_of(ask.person),
        name=name_of(person),
    )
    return [
        with_menu(ask, _("Thank you. Now this word is still missing: {people}.", people=names(missing))),
        *(
            Outgoing(one.id, asked, choices=((_lift(person.id),),), lane=Lane.CHECKIN, clean_after=STANDS)
            for one in missing
        ),
    ]


# What concerns nobody but the account's own chat: done under duress as ever.
OUTSIDE: frozenset[Handler] = frozenset(
    {
        *(start.speak, start.quiet_at, start.quiet_zone, start.quiet_off),
        *(privacy.cleaned, privacy.forgotten, choose, first, second),
    }
)
# A call for help and its details: never muted. That it is over is not believed.
CALLS: frozenset[Handler] = frozenset(
    {
        *(alarm.call, alarm.call_in, alarm.noted, checkin.placed, telling.when),
        *(region.help_needed, spoken.heard, rollcall.heard, rollcall.state, rollcall.who, rollcall.everybody),
    }
)
