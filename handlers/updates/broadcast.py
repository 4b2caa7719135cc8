"""A bulletin on its way to its readers: who gets which words, how far it has come, and what can be done about it.

A run is a row and a cursor. As time passes, `advance` gives the outbox a few seconds' worth of letters and notes what
became of those before; so memory and the letters' table stay flat, a pause works at once, and whatever is more urgent
overtakes by its lane. Whoever must wait (quiet hours, the digest) waits as a delivery without a letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from bot import i18n
from bot.domain.bulletin import Bulletin, Edition, Kind, Urgency
from bot.domain.bulletin import State as Become
from bot.domain.conversation import Choice, Lane, Line, Outgoing, Page, Span, Text
from bot.domain.people import quiet_until, zone_of
from bot.domain.picture import is_pdf
from bot.domain.refusals import Outdated
from bot.domain.roles import Role
from bot.i18n import _, ngettext, pgettext
from handlers import desk
from handlers.ask import Ask, back, button
from storage import audit, broadcasts, bulletins, outbox, outlets, readers, roles
from storage.broadcasts import Broadcast, Delivery, Outcome, Run, State, topic
from storage.database import Tx
from storage.readers import Reader

AT_ONCE: Final = 200  # readers looked at in one step, and at least so many:
AT_LEAST: Final = 20
SHOWN_EVERY: Final = timedelta(seconds=10)
SOON: Final = timedelta(seconds=4)
LANDS: Final = timedelta(seconds=2)  # when to look again at what is in the air
MARKED_AGAIN: Final = 2000  # letters of unknown outcome that go again on one word
IN_DIGEST: Final = 20
BAR: Final = 10
ROOM: Final = 200  # letters that may wait on a route of which nobody has said how quick it is
DAY: Final = timedelta(days=1)


# -- what other rooms call -----------------------------------------------------------------------------------------


def begin(tx: Tx, one: Bulletin, now: datetime, by: int | None) -> list[Outgoing]:
    """Let a published bulletin go out. `by` is who published it (none: the bot itself); they are shown how far it is.

    News goes to whoever subscribed to it; a correction or a withdrawal to exactly those who got, or asked about, what
    it replaces, and what they got is changed in place.
    """
    old = _replaced(tx, one)
    if old:
        told = [run for number in old if (run := broadcasts.telling(tx, number)) is not None]
        total = max((run.counts[Outcome.DELIVERED] + run.counts[Outcome.UNKNOWN] for run in told), default=0)
        gone = broadcasts.forgotten(tx, old[0])
        _stop(tx, old, now)
    else:
        total, gone = sum(readers.count(tx, one.place, one.topic).values()), 0
    broadcasts.begin(tx, one.number, Run.TELL, now, by=by, total=total, gone=gone)
    for number in old:
        broadcasts.begin(tx, number, Run.MARK, now)
    _post_outlets(tx, one, old, now)
    return [] if by is None else [desk.quietly(tx, by, desk.WAITS, now, button(desk.LOOK, "cast.look", one.number))]


def translated(tx: Tx, one: Bulletin, language: str, now: datetime) -> list[Outgoing]:
    """A bulletin has a language more: those who were told “not yet translated” get it now."""
    run = broadcasts.telling(tx, one.number)
    if run is None or run.state is State.CANCELLED or one.state is not Become.CURRENT:
        return []
    broadcasts.begin(tx, one.number, Run.LANGUAGE, now, language=language)
    _reopen(tx, run)
    words = _Words(tx, one)
    for posted in outlets.postings(tx, [one.number]):
        found = outlets.find(tx, posted.outlet)
        if not posted.language and found is not None and found.language == language:
            _post_outlet(tx, words, found, now)
    return []


def confirmed(tx: Tx, one: Bulletin, now: datetime) -> list[Outgoing]:
    """A second person has confirmed what one published alone: what readers got is changed in place, silently."""
    run = broadcasts.telling(tx, one.number)
    if run is not None:
        broadcasts.begin(tx, one.number, Run.MARK, now)
        if run.state is not State.CANCELLED:
            _reopen(tx, run)
    return []


def planned(tx: Tx, one: Bulletin, now: datetime) -> dict[str, int]:
    """To how many readers it would go, by their language: for the preview. Takes a moment, however many there are."""
    del now
    old = _replaced(tx, one)
    return broadcasts.had(tx, old) if old else readers.count(tx, one.place, one.topic)


def _replaced(tx: Tx, one: Bulletin) -> list[int]:
    """The numbers of every earlier version of what a correction or a withdrawal is about, the newest first."""
    if one.kind is Kind.NEWS or one.about is None:
        return []
    return list(bulletins.versions(tx, one.about))


def _stop(tx: Tx, numbers: Sequence[int], now: datetime) -> None:
    """What is no longer so goes out no further: nothing that waits, was put off, or is to be changed."""
    for run in broadcasts.under_way(tx):
        if run.number in numbers:
            if run.run is Run.TELL:
                broadcasts.note(tx, run.id, state=State.CANCELLED.value, fed=1)
            else:
                broadcasts.end(tx, run.id, State.CANCELLED, now)
    for number in numbers:
        broadcasts.withdraw(tx, number, now)


def _reopen(tx: Tx, run: Broadcast) -> None:
    """A run that had ended goes on."""
    if run.ended_at is not None:
        broadcasts.note(tx, run.id, state=State.RUNNING.value, ended_at=None)


# -- the words -----------------------------------------------------------------------------------------------------


class _Words:
    """What is said of one bulletin, made once for each language."""

    def __init__(self, tx: Tx, one: Bulletin) -> None:
        self.bulletin = one
        self.editions: Mapping[str, Edition] = bulletins.editions(tx, one.number)
        self._beginning = broadcasts.picture_begins(tx, one.number)
        self._made: dict[str, tuple[Page, tuple[tuple[Choice, ...], ...]]] = {}

    def language(self, wanted: str) -> str:
        """The language in which somebody reads it; "" if it has none that they have chosen."""
        return wanted if wanted in self.editions else ""

    def of(self, language: str) -> tuple[Page, tuple[tuple[Choice, ...], ...]]:
        """The text in a language, with what is to be known of it by now; for "" that there is none yet."""
        if language not in self._made:
            self._made[language] = (Page((*self._mark(), *self._lines(language))), self._rows(language))
        return self._made[language]

    def _mark(self) -> list[Line | str]:
        number = self.bulletin.replaced_by
        match self.bulletin.state:
            case Become.CORRECTED if number is not None:
                return [_("✏️ Corrected by No. {number}.", number=number), ""]
            case Become.WITHDRAWN if number is not None:
                return [_("🚫 Withdrawn by No. {number}.", number=number), ""]
            case _:
                return []

    def _lines(self, language: str) -> list[Line | str]:
        if language:
            return list(self.editions[language].text.split("\n"))
        return [
            _("📰 No. {number} is not yet translated into your language.", number=self.bulletin.number),
            _("You will get it when it is. It can be read already in:"),
        ]

    def _rows(self, language: str) -> tuple[tuple[Choice, ...], ...]:
        number = self.bulletin.number
        if not language:
            return tuple(
                (button(i18n.language_button(other), "bulletin.read", number, other),) for other in self.editions
            )
        if self._beginning:
            pdf, picture = pgettext("button", "📄 Show the PDF"), pgettext("button", "🖼 Show the picture")
            return ((button(pdf if is_pdf(self._beginning) else picture, "bulletin.picture", number),),)
        return ()

    def title(self, language: str) -> list[Line | str]:
        """Its first lines, for a digest."""
        if not language:
            return [*self._mark(), self._lines("")[0]]
        lines = [line for line in self.editions[language].text.split("\n") if line.strip()]
        return [*self._mark(), *lines[:2]]


def shown(tx: Tx, one: Bulletin, language: str) -> tuple[Page, tuple[tuple[Choice, ...], ...]] | None:
    """A bulletin in a language as it is shown now; None if it has no such language."""
    words = _Words(tx, one)
    return words.of(language) if language in words.editions else None


# -- as time passes ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Room:
    """How many letters each route may still be given in this step."""

    tx: Tx
    most: Mapping[str, int]
    left: dict[str, int] = field(default_factory=dict)

    def take(self, route: str) -> bool:
        """Whether there is room for one more; then it is taken."""
        if route not in self.left:
            self.left[route] = broadcasts.room(self.tx, route, self.most.get(route, ROOM))
        if self.left[route] <= 0:
            return False
        self.left[route] -= 1
        return True

    def full(self) -> bool:
        """Whether no known route has room."""
        self._look()
        return bool(self.left) and all(left <= 0 for left in self.left.values())

    def some(self) -> int:
        """How many readers to look at: not many more than can be written to, or the rest would only be put off."""
        self._look()
        if not self.most:
            return AT_ONCE
        return min(AT_ONCE, max(AT_LEAST, sum(max(0, self.left[route]) for route in self.most)))

    def _look(self) -> None:
        for route in self.most:
            if route not in self.left:
                self.left[route] = broadcasts.room(self.tx, route, self.most[route])


def advance(tx: Tx, now: datetime, most: Mapping[str, int] | None = None) -> bool:
    """Bring every run a step further. `most` letters may wait on a route at once. Whether more could be done now."""
    runs = broadcasts.under_way(tx)
    if not runs:
        return False
    room = _Room(tx, most or {})
    known: dict[int, Bulletin] = {}
    for run in runs:
        if run.number not in known and (one := bulletins.find(tx, run.number)) is not None:
            known[run.number] = one
    more = False
    # corrections first; and a translation before the run that will carry it
    order = {Run.LANGUAGE: 0, Run.TELL: 1, Run.MARK: 2}
    for run in sorted(runs, key=lambda each: (known[each.number].kind is Kind.NEWS, order[each.run], each.id)):
        one = known[run.number]
        match run.run:
            case Run.TELL:
                needed = any(each.number == run.number and each.id != run.id for each in runs)
                more |= _tell(tx, run, one, now, room, needed=needed)
            case Run.LANGUAGE:
                more |= _offer_language(tx, run, now)
            case Run.MARK:
                more |= _mark(tx, run, one, now, room)
    return more


def _tell(  # noqa: PLR0913 - a step has this many parts
    tx: Tx, run: Broadcast, one: Bulletin, now: datetime, room: _Room, *, needed: bool
) -> bool:
    """One step of bringing a bulletin to its readers, and of noting what became of it. `needed`: another run does."""
    settled = broadcasts.settle(tx, run.number, now, withdrawn=run.state is State.CANCELLED)
    more = settled == broadcasts.SETTLED
    if run.state is State.RUNNING:
        words = _Words(tx, one)
        old = _replaced(tx, one)
        _look_at_held(tx, run, words, old, now, room)
        if not room.full():
            more |= _send_due(tx, run, words, now, room)
        if not run.fed and not room.full():
            _feed(tx, run, words, old, now, room)
            more = True
    found = broadcasts.find(tx, run.id)
    if found is None:
        return False
    open_still = (Outcome.WAITING, Outcome.LATER, Outcome.HELD)
    if found.fed and not needed and not broadcasts.undecided(tx, run.number, *open_still):
        broadcasts.end(tx, run.id, State.CANCELLED if found.state is State.CANCELLED else State.DONE, now)
        found = replace(found, ended_at=now)
    if found.by is not None and (found.shown_at is None or found.ended_at or now - found.shown_at >= SHOWN_EVERY):
        outbox.post(tx, _show(tx, found, now), now)
    return more and not room.full()


def _feed(  # noqa: PLR0913, PLR0917 - a step has this many parts
    tx: Tx, run: Broadcast, words: _Words, old: Sequence[int], now: datetime, room: _Room
) -> None:
    """Look at the next people behind the cursor."""
    some = room.some()
    if old:
        part = broadcasts.concerned(tx, old, run.reached, some)
    else:
        part = readers.next_part(tx, words.bulletin.place, run.reached, some)
    last = len(part) < some
    within = [who for who in part if who <= run.highest]
    listed = {known.person for known in broadcasts.of_people(tx, [run.number], within)}
    new = [who for who in within if who not in listed]
    if old:
        got, perhaps = _who_got(tx, run, old, new, now)
        rows = [_row(run.number, who, Outcome.HELD, now + LANDS) for who in perhaps]
        broadcasts.enlist(tx, rows)
        broadcasts.count(tx, run.number, {}, told=len(rows))
        to = readers.whoever(tx, got)
    else:
        to = readers.among(tx, new, words.bulletin.topic)
    _deliver(tx, words, to, {}, now, room)
    values: dict[str, int] = {"reached": part[-1]} if part else {}
    if last or len(within) < len(part):
        values["fed"] = 1
    broadcasts.note(tx, run.id, **values)


def _who_got(
    tx: Tx, run: Broadcast, old: Sequence[int], people: Sequence[int], now: datetime
) -> tuple[list[int], list[int]]:
    """Of these people: who has got any earlier version, and of whom that is still in the air.

    What has come back from the air meanwhile, and waits to be tried again, is taken back for good.
    """
    asked = broadcasts.asked_by(tx, old, people, run.started_at)
    found: dict[int, list[Delivery]] = {}
    for one in broadcasts.of_people(tx, old, people):
        found.setdefault(one.person, []).append(one)
    waits = [one for each in found.values() for one in each if _waits(one)]
    for number in old:
        mine = [one for one in waits if one.number == number]
        broadcasts.put(tx, [(one, Outcome.WITHDRAWN, None) for one in broadcasts.take(tx, mine, now)])
    got, perhaps = [], []
    for who in people:
        said = [one.got for one in found.get(who, ())]
        if who in asked or True in said:
            got.append(who)
        elif None in said:
            perhaps.append(who)
    return got, perhaps


def _waits(one: Delivery) -> bool:
    return one.outcome is Outcome.WAITING and one.letter_state is outbox.State.WAITING


def _look_at_held(  # noqa: PLR0913, PLR0917 - a step has this many parts
    tx: Tx, run: Broadcast, words: _Words, old: Sequence[int], now: datetime, room: _Room
) -> None:
    """Look again at those to whom an earlier version was in the air, and at whom the cursor has missed."""
    held = {one.person: one for one in broadcasts.due(tx, run.number, Outcome.HELD, now, AT_ONCE)}
    if not held:
        return
    if old:
        got, perhaps = _who_got(tx, run, old, list(held), now)
        to = readers.whoever(tx, got)
    else:
        perhaps = []
        to = readers.among(tx, readers.of_place(tx, words.bulletin.place, list(held)), words.bulletin.topic)
    broadcasts.put(tx, [(held[who], Outcome.HELD, now + LANDS) for who in perhaps])
    concerned = {*perhaps, *(reader.person.id for reader in to)}
    broadcasts.remove(tx, [one for who, one in held.items() if who not in concerned])
    _deliver(tx, words, to, held, now, room)


def _row(number: int, who: int, outcome: Outcome, at: datetime | None, *, digest: bool = False) -> dict[str, object]:
    return {
        "number": number,
        "person_id": who,
        "outcome": outcome.value,
        "letter": None,
        "language": "",
        "digest": int(digest),
        "look_at": at,
    }


def _when(one: Bulletin, reader: Reader, now: datetime, *, digests: bool) -> tuple[datetime | None, bool]:
    """When somebody is told (none: now), and whether that is in their digest."""
    quiet = quiet_until(reader.person, now)
    if digests and one.kind is Kind.NEWS and one.urgency < reader.urgency:
        return _next_digest(reader, now), True
    if one.urgency is Urgency.URGENT and reader.breaks:
        return None, False
    return quiet, False


def _next_digest(reader: Reader, now: datetime) -> datetime:
    local = now.astimezone(zone_of(reader.person))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + timedelta(minutes=reader.digest_at)
    return (at if at > local else at + DAY).astimezone(now.tzinfo)


def _deliver(  # noqa: PLR0913, PLR0917 - a step has this many parts
    tx: Tx, words: _Words, to: Sequence[Reader], listed: Mapping[int, Delivery], now: datetime, room: _Room
) -> None:
    """Write to these people now, or put them off. `listed` are those of them who are on the list already."""
    one = words.bulletin
    lane = Lane.BULLETIN if one.kind is Kind.NEWS else Lane.CORRECTION
    where = broadcasts.routes(tx, [reader.person.id for reader in to])
    letters: list[Outgoing] = []
    spoken: dict[int, str] = {}
    new: list[dict[str, object]] = []
    put: list[tuple[Delivery, Outcome, datetime | None]] = []
    digests: list[int] = []

    def later(who: int, outcome: Outcome, at: datetime | None, *, digest: bool = False) -> None:
        if who in listed:
            put.append((listed[who], outcome, at))
            if digest:
                digests.append(who)
        else:
            new.append(_row(one.number, who, outcome, at, digest=digest))

    for reader in to:
        who = reader.person.id
        at, digest = _when(one, reader, now, digests=who not in listed or listed[who].outcome is Outcome.HELD)
        if at is not None:
            later(who, Outcome.LATER, at, digest=digest)
        elif who not in where:
            later(who, Outcome.UNREACHABLE, None)
        elif not room.take(where[who]):
            later(who, Outcome.LATER, now + SOON)
        else:
            spoken[who] = words.language(reader.person.language)
            text, rows = words.of(spoken[who])
            letters.append(Outgoing(who, text, choices=rows, lane=lane, topic=topic(one.number), own=True))
    people, _groups = broadcasts.post(tx, letters, now)
    for who in spoken:
        later(who, Outcome.WAITING if who in people else Outcome.UNREACHABLE, now + broadcasts.LOOKED_AGAIN)
    broadcasts.enlist(tx, new)
    broadcasts.put(tx, put)
    broadcasts.in_digests(tx, one.number, digests)
    broadcasts.count(
        tx, one.number, {Outcome.UNREACHABLE: sum(row["outcome"] == Outcome.UNREACHABLE for row in new)}, told=len(new)
    )
    broadcasts.sent(
        tx,
        [
            {
                "which": one.number,
                "who": who,
                "by": number,
                "spoken": spoken[who],
                "together": None,
                "at": now + broadcasts.LOOKED_AGAIN,
            }
            for who, number in people.items()
        ],
    )


def _send_due(tx: Tx, run: Broadcast, words: _Words, now: datetime, room: _Room) -> bool:
    """Send what was put off and is due, some at a time. Whether there may be more."""
    some = room.some()
    found = broadcasts.due(tx, run.number, Outcome.LATER, now, some)
    if not found:
        return False
    single = {one.person: one for one in found if not one.digest}
    _deliver(tx, words, readers.whoever(tx, list(single)), single, now, room)
    _send_digests(tx, [one.person for one in found if one.digest], now, room)
    return len(found) == some


def _send_digests(tx: Tx, people: Sequence[int], now: datetime, room: _Room) -> None:
    """What is not urgent to somebody, in one message: the titles, each with the way to the whole."""
    waiting = broadcasts.for_digest(tx, people, now)
    where = broadcasts.routes(tx, list(waiting))
    known: dict[int, _Words] = {}
    letters: list[Outgoing] = []
    sent: list[tuple[Delivery, str, int]] = []
    put: list[tuple[Delivery, Outcome, datetime | None]] = []
    for reader in readers.whoever(tx, list(waiting)):
        who = reader.person.id
        mine = [one for one in waiting[who] if _goes(tx, one.number)][:IN_DIGEST]
        quiet = quiet_until(reader.person, now)
        if quiet is not None or who not in where or not room.take(where[who]):
            at = quiet or now + SOON
            put += [(one, Outcome.LATER if who in where else Outcome.UNREACHABLE, at) for one in waiting[who]]
            continue
        put += [(one, Outcome.LATER, now + SOON) for one in waiting[who] if one not in mine]
        if not mine:
            continue
        which = tx.new_id()
        spoken = [(one, _words(tx, known, one.number).language(reader.person.language)) for one in mine]
        text, rows = _digest(tx, known, [(one.number, language) for one, language in spoken])
        letters.append(Outgoing(who, text, choices=rows, lane=Lane.DIGEST, topic=f"digest:{which}", own=True))
        sent += [(one, language, which) for one, language in spoken]
    posted, _groups = broadcasts.post(tx, letters, now)
    broadcasts.put(tx, put)
    broadcasts.sent(
        tx,
        [
            {
                "which": one.number,
                "who": one.person,
                "by": posted[one.person],
                "spoken": language,
                "together": which,
                "at": now + broadcasts.LOOKED_AGAIN,
            }
            for one, language, which in sent
            if one.person in posted
        ],
    )


def _goes(tx: Tx, number: int) -> bool:
    run = broadcasts.telling(tx, number)
    return run is not None and run.state is State.RUNNING


def _words(tx: Tx, known: dict[int, _Words], number: int) -> _Words:
    if number not in known:
        one = bulletins.find(tx, number)
        if one is None:
            raise LookupError(number)
        known[number] = _Words(tx, one)
    return known[number]


def _digest(
    tx: Tx, known: dict[int, _Words], items: Sequence[tuple[int, str]]
) -> tuple[Page, tuple[tuple[Choice, ...], ...]]:
    lines: list[Line | str] = [_("<b>📰 News of the day</b>")]
    rows: list[tuple[Choice, ...]] = []
    for number, language in items:
        words = _words(tx, known, number)
        lines += ["", *words.title(language)]
        for other in [language] if language else list(words.editions):
            label = pgettext("button", "📰 No. {number}", number=number)
            if not language:
                label = pgettext(
                    "button-wide", "📰 No. {number}: {language}", number=number, language=i18n.LANGUAGE_NAMES[other]
                )
            rows.append((button(label, "bulletin.read", number, other),))
    return Page(tuple(lines)), tuple(rows)


# -- in one more language, and changed in place --------------------------------------------------------------------


def _offer_language(tx: Tx, run: Broadcast, now: datetime) -> bool:
    """One step of bringing a translation to those who wait for it."""
    part = [who for who in broadcasts.concerned(tx, [run.number], run.reached, AT_ONCE) if who <= run.highest]
    speak = {one.person.id for one in readers.whoever(tx, part) if one.person.language == run.language}
    reached = run.reached
    anew: list[Delivery] = []
    found = {one.person: one for one in broadcasts.of_people(tx, [run.number], part)}
    for who in part:
        one = found.get(who)
        if one is not None and who in speak and not one.language:
            if _waits(one):
                broadcasts.take(tx, [one], now)
                anew.append(one)
            elif one.got is None:  # in the air: looked at again when it has landed
                broadcasts.anew(tx, anew, now)
                broadcasts.note(tx, run.id, reached=reached)
                return False
            elif one.got:
                anew.append(one)
        reached = who
    broadcasts.anew(tx, anew, now)
    broadcasts.note(tx, run.id, reached=reached)
    if len(part) < AT_ONCE:
        broadcasts.end(tx, run.id, State.DONE, now)
        return False
    return True


def _mark(tx: Tx, run: Broadcast, one: Bulletin, now: datetime, room: _Room) -> bool:
    """One step of changing in place what stands in the chats of those who got a bulletin."""
    if one.replaced_by is not None:
        correction = broadcasts.telling(tx, one.replaced_by)
        if correction is not None and (not correction.fed or broadcasts.undecided(tx, correction.number, Outcome.HELD)):
            return False  # first the correction itself
    words = _Words(tx, one)
    part = [who for who in broadcasts.concerned(tx, [run.number], run.reached, AT_ONCE) if who <= run.highest]
    found = {each.person: each for each in broadcasts.of_people(tx, [run.number], part)}
    opened = broadcasts.opened_in(tx, run.number, part)
    stands = broadcasts.standing(tx, topic(run.number), part)
    where = broadcasts.routes(tx, part)
    known = {one.number: words}
    letters: list[Outgoing] = []
    reached = run.reached
    whole = True
    for who in part:
        each = found.get(who)
        if each is not None and one.state is Become.CURRENT and _waits(each):  # old words: made anew instead
            broadcasts.anew(tx, broadcasts.take(tx, [each], now), now)
        elif each is not None and each.outcome is Outcome.WAITING and each.got is None:
            whole = False
            break
        elif who in stands or (each is not None and each.digest_of is not None):
            if who in where and not room.take(where[who]):
                whole = False
                break
            letters += _edits(tx, words, known, each, who, opened.get(who, ""), stands)
        reached = who
    outbox.post(tx, letters, now)
    broadcasts.note(tx, run.id, reached=reached)
    if whole and len(part) < AT_ONCE:
        broadcasts.end(tx, run.id, State.DONE, now)
        if not any((other.number, other.run) == (run.number, Run.MARK) for other in broadcasts.under_way(tx)):
            outbox.post(tx, _mark_outlets(tx, words), now)
        return False
    return whole


def _edits(  # noqa: PLR0913, PLR0917 - what stands, and in which words
    tx: Tx,
    words: _Words,
    known: dict[int, _Words],
    each: Delivery | None,
    who: int,
    opened: str,
    stands: set[int],
) -> Iterable[Outgoing]:
    change = partial(Outgoing, who, lane=Lane.BULLETIN, edit=True, only=True, silent=True, own=True)
    if who in stands:
        language = opened or (each.language if each is not None else "")
        text, rows = words.of(words.language(language))
        yield change(text=text, choices=rows, topic=topic(words.bulletin.number))
    if each is not None and each.digest_of is not None:
        items = [(one.number, one.language) for one in broadcasts.in_digest(tx, who, each.digest_of)]
        text, rows = _digest(tx, known, items)
        yield change(text=text, choices=rows, topic=f"digest:{each.digest_of}")


# -- outlets -------------------------------------------------------------------------------------------------------


def _post_outlets(tx: Tx, one: Bulletin, old: Sequence[int], now: datetime) -> None:
    """Post a bulletin where it belongs: news where it is wanted, a correction where what it corrects was posted."""
    words = _Words(tx, one)
    if not old:
        for place in outlets.every(tx):
            if place.takes(one):
                _post_outlet(tx, words, place, now)
        return
    posted = outlets.postings(tx, old)
    outlets.take_back(tx, [each for each in posted if each.waits], now)
    for which in dict.fromkeys(each.outlet for each in posted if not each.waits and not each.failed):
        found = outlets.find(tx, which)
        if found is not None:
            _post_outlet(tx, words, found, now)


def _post_outlet(tx: Tx, words: _Words, place: outlets.Outlet, now: datetime) -> None:
    one = words.bulletin
    language = words.language(place.language)
    lane = Lane.BULLETIN if one.kind is Kind.NEWS else Lane.CORRECTION
    text: Text = words.of(language)[0] if language else _group_word(one)
    letter = Outgoing(place.address, text, lane=lane, topic=topic(one.number), to_group=True)
    _people, groups = broadcasts.post(tx, [letter], now)
    outlets.note(tx, one.number, place.id, groups[place.address], language)


def _group_word(one: Bulletin) -> Page:
    line = _("📰 No. {number} is not yet translated into the language of this group.", number=one.number)
    return Page((line,))


def _mark_outlets(tx: Tx, words: _Words) -> list[Outgoing]:
    one = words.bulletin
    return [
        Outgoing(
            each.address,
            words.of(each.language)[0],
            lane=Lane.BULLETIN,
            topic=topic(one.number),
            edit=True,
            only=True,
            silent=True,
            to_group=True,
        )
        for each in outlets.postings(tx, [one.number])
        if words.language(each.language)
    ]


# -- how far it is -------------------------------------------------------------------------------------------------


def _board(number: int) -> str:
    return f"broadcast:{number}"


def _show(tx: Tx, run: Broadcast, now: datetime) -> list[Outgoing]:
    """Change the message of whoever looks at it in place, if it would say something else."""
    broadcasts.note(tx, run.id, shown=run.decided, shown_at=now)
    if run.by is None or (run.decided == run.shown and run.ended_at is None):
        return []
    outbox.withdraw(tx, _board(run.number), Lane.CHECKIN, now, person=run.by)
    text, rows = _progress(run, now)
    more = {"edit": True, "only": True, "silent": True, "clean_after": desk.STANDS}
    return [Outgoing(run.by, text, choices=rows, lane=Lane.CHECKIN, topic=_board(run.number), **more)]  # type: ignore[arg-type]


def _progress(run: Broadcast, now: datetime) -> tuple[Page, tuple[tuple[Choice, ...], ...]]:
    """How far a bulletin is, with a bar, and what can be done about it."""
    done, total = run.decided, max(run.told, run.total if not run.fed else 0)
    number = run.number
    filled = BAR if run.ended_at is not None else BAR * done // max(total, 1)
    lines: list[Line | str] = [
        _("📡 No. {number} goes out.", number=number)
        if run.ended_at is None
        else _("📡 No. {number} has gone out.", number=number),
        "█" * filled + "░" * (BAR - filled),
    ]
    if run.ended_at is not None:
        return _finished(run, lines)
    lines.append(_("{done} of {total}", done=done, total=total))
    left = _time_left(run, done, total, now)
    if run.state is State.PAUSED:
        lines.append(_("⏸ Paused."))
    elif left is not None:
        lines.append(_("About {span} left.", span=Span(left)))
    rows: list[tuple[Choice, ...]] = []
    if run.state is State.PAUSED:
        rows.append((button(pgettext("button", "▶️ Go on"), "cast.resume", number),))
    elif run.state is State.RUNNING:
        rows.append((button(pgettext("button", "⏸ Pause"), "cast.pause", number),))
    if run.state is not State.CANCELLED:
        rows.append((button(pgettext("button", "🛑 Cancel it"), "cast.cancel", number),))
    rows.append((back("desk"),))
    return Page(tuple(lines)), tuple(rows)


def _time_left(run: Broadcast, done: int, total: int, now: datetime) -> timedelta | None:
    """By how quick it was since it was last shown."""
    if run.shown_at is None or done <= run.shown or now <= run.shown_at:
        return None
    left = (now - run.shown_at) * (total - done) / (done - run.shown)
    return max(timedelta(minutes=1), left)


def _finished(run: Broadcast, lines: list[Line | str]) -> tuple[Page, tuple[tuple[Choice, ...], ...]]:
    counts = run.counts
    total = run.told + run.gone
    lines.append(_("{reached} of {total} reached.", reached=counts[Outcome.DELIVERED], total=total))
    reasons = (
        (counts[Outcome.UNREACHABLE], _("They have blocked me: {count}", count=counts[Outcome.UNREACHABLE])),
        (run.gone, _("They are no longer here: {count}", count=run.gone)),
        (counts[Outcome.UNKNOWN], _("Perhaps reached: {count}", count=counts[Outcome.UNKNOWN])),
        (counts[Outcome.EXPIRED], _("Too late for them: {count}", count=counts[Outcome.EXPIRED])),
        (counts[Outcome.REFUSED], _("Refused by the messenger: {count}", count=counts[Outcome.REFUSED])),
        (counts[Outcome.WITHDRAWN], _("Taken back before they got it: {count}", count=counts[Outcome.WITHDRAWN])),
    )
    lines += [line for n, line in reasons if n]
    rows: list[tuple[Choice, ...]] = []
    if counts[Outcome.UNKNOWN] and run.state is not State.CANCELLED:
        rows.append((button(pgettext("button", "🔁 Send the unknown again"), "cast.again", run.number),))
    rows.append((back("desk"),))
    return Page(tuple(lines)), tuple(rows)


# -- what moderators do about it -----------------------------------------------------------------------------------


def _run(ask: Ask, tx: Tx) -> Broadcast:
    run = broadcasts.telling(tx, ask.number())
    if run is None:
        raise Outdated
    return run


def overview(ask: Ask, tx: Tx) -> Outgoing:
    """The bulletins that are on their way."""
    desk.moderator(ask, tx)
    runs = [run for run in broadcasts.under_way(tx) if run.run is Run.TELL]
    rows = ([button(pgettext("button", "📡 No. {number}", number=run.number), "cast.look", run.number)] for run in runs)
    if not runs:
        return ask.reply(_("No bulletin is on its way now."), [back("desk")])
    return ask.reply(_("These bulletins are on their way:"), *rows, [back("desk")])


def look(ask: Ask, tx: Tx) -> Outgoing:
    """How far one is; from now on it is shown to whoever looked last."""
    by = desk.moderator(ask, tx)
    run = _run(ask, tx)
    if run.ended_at is None:
        broadcasts.note(tx, run.id, by_id=by.person)
    return _answer(ask, run)


def _answer(ask: Ask, run: Broadcast) -> Outgoing:
    text, rows = _progress(run, ask.now)
    return ask.reply(text, *rows, topic=_board(run.number), clean_after=desk.STANDS)


def pause(ask: Ask, tx: Tx) -> Outgoing:
    """Nothing more leaves until somebody lets it go on: not even what waits in the outbox already."""
    by = desk.moderator(ask, tx)
    run = _run(ask, tx)
    if run.ended_at is not None or run.state is not State.RUNNING:
        raise Outdated
    broadcasts.note(tx, run.id, state=State.PAUSED.value)
    broadcasts.put(tx, [(one, Outcome.LATER, ask.now) for one in broadcasts.take_back(tx, run.number, ask.now)])
    audit.note(tx, by.person, "paused: bulletin", ask.now)
    return _answer(ask, _run(ask, tx))


def resume(ask: Ask, tx: Tx) -> Outgoing:
    """Let it go on."""
    by = desk.moderator(ask, tx)
    run = _run(ask, tx)
    if run.state is not State.PAUSED:
        raise Outdated
    broadcasts.note(tx, run.id, state=State.RUNNING.value, shown=run.decided, shown_at=ask.now)
    audit.note(tx, by.person, "resumed: bulletin", ask.now)
    return _answer(ask, _run(ask, tx))


def cancel(ask: Ask, tx: Tx) -> Outgoing:
    """Ask before it is cancelled."""
    desk.moderator(ask, tx)
    run = _run(ask, tx)
    if run.ended_at is not None or run.state is State.CANCELLED:
        raise Outdated
    text = ngettext(
        "Cancel it? {n} reader has been written to and keeps it; nobody else gets it. If it is wrong, correct it too.",
        "Cancel it? {n} readers have been written to and keep it; nobody else gets it. If it is wrong, correct it too.",
        n=run.decided,
    )
    yes = button(pgettext("button", "🛑 Yes, cancel it"), "cast.cancelled", run.number)
    return ask.anew(text, [yes], [back("cast")])


def cancelled(ask: Ask, tx: Tx) -> list[Outgoing]:
    """Nobody else gets it; the other moderators learn that, for it can't be gone on with."""
    by = desk.moderator(ask, tx)
    run = _run(ask, tx)
    if run.ended_at is not None or run.state is State.CANCELLED:
        raise Outdated
    _stop(tx, [run.number], ask.now)
    audit.note(tx, by.person, "cancelled: bulletin", ask.now)
    others = [held.person for held in roles.holders(tx, Role.MODERATOR, ask.now) if held.person != by.person]
    told = [desk.quietly(tx, who, desk.WAITS, ask.now) for who in others]
    return [ask.reply(_("Cancelled. Nobody else gets it."), [back("cast")]), *told]


def again(ask: Ask, tx: Tx) -> Outgoing:
    """Send again what may have arrived or not, marked as a repeat."""
    by = desk.moderator(ask, tx)
    run = _run(ask, tx)
    one = bulletins.find(tx, run.number)
    if one is None or one.state is not Become.CURRENT or run.state is State.CANCELLED:
        raise Outdated
    n = broadcasts.send_again(tx, run.number, ask.now, MARKED_AGAIN)
    if not n:
        raise Outdated
    _reopen(tx, run)
    broadcasts.note(tx, run.id, by_id=by.person)
    audit.note(tx, by.person, "sent again: bulletin", ask.now)
    return _answer(ask, _run(ask, tx))
