"""When a search is looked up, what comes of it, and when it ends. Whoever looks learns nothing of it here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from bot.domain import knock as rules
from bot.domain.conversation import Outgoing
from bot.domain.knock import Case, Kind, Looking
from bot.domain.roles import Role
from handlers import desk
from handlers.ask import button
from handlers.search import finding
from storage import audit, knocks, lists, matches, roles, search, vouchers
from storage.database import Tx
from storage.knocks import Candidate, Knock
from storage.search import Held, Hit

AT_ONCE = 2  # searches that one round looks up: each may open 150 records


def first(tx: Tx, who: int, now: datetime) -> datetime:
    """When a search that somebody makes now is looked up: by lot, and later the more they have looked for."""
    return now + rules.FIRST + _lot(tx, rules.SPREAD) + waits(tx, who, now)


def _lot(tx: Tx, within: timedelta) -> timedelta:
    return timedelta(seconds=tx.new_id() % int(within.total_seconds()))


def waits(tx: Tx, who: int, now: datetime) -> timedelta:
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


@dataclass(frozen=True, slots=True)
class Found:
    """A search that is due, and the records that are most like it."""

    which: Knock
    hits: list[Hit]


def is_due(tx: Tx, now: datetime) -> bool:
    """Whether a search is to be looked up now. What came since the last one goes into the index together, and first."""
    return bool(knocks.due(tx, now, 1)) and search.index(tx) < search.BATCH


def look(tx: Tx, now: datetime) -> list[Found]:
    """Compare what is due. It writes nothing, so that nothing waits for it, neither a call for help nor a watch."""
    return [Found(one, _likely(tx, one, now)) for one in knocks.due(tx, now, AT_ONCE)]


def _likely(tx: Tx, one: Knock, now: datetime) -> list[Hit]:
    """The likeliest records: what was compared already makes room for others, unless it waits at the desk."""
    compared = {case.sought for case in knocks.cases_of(tx, one.id) if case.state is not Case.DESK}
    # once those that are likeliest were looked at, others behind them come up day after day
    dice = Random(tx.new_id()) if now - one.made_at > rules.AGAIN else None  # noqa: S311 - no secret
    return search.candidates(tx, one.form.known, search.RANKED, without=compared, dice=dice)


def watch(tx: Tx, found: Iterable[Found], now: datetime) -> list[Outgoing]:
    """Keep what `look` has found. Whether anybody was found changes nothing for whoever looks.

    A search that was changed or erased meanwhile is left out: if it is still there, it is still due.
    """
    letters: list[Outgoing] = []
    for one in found:
        if knocks.find(tx, one.which.id) == one.which:
            letters += [*_looked_up(tx, one.which, one.hits, now), *finding.again(tx, one.which, now)]
            knocks.search_again(tx, one.which.id, now + rules.AGAIN + _lot(tx, rules.SPREAD))
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


def _looked_up(tx: Tx, one: Knock, hits: Iterable[Hit], now: datetime) -> list[Outgoing]:
    letters: list[Outgoing] = []
    cases = {case.sought: case for case in knocks.cases_of(tx, one.id)}
    waiting = [record for record, case in cases.items() if case.state is Case.DESK]
    left = Counter({Case.DESK: rules.MOST_CASES - len(waiting), Case.HOLDER: rules.MOST_CASES})
    room = _Room(left, Counter(_holder(tx, search.held(tx, record)) for record in waiting))
    for hit in hits:
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
    if record is None or record.known != hit.known or holder == one.person:
        return  # gone or changed meanwhile, or one's own
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
    case = None if number is None else knocks.case(tx, number)
    if case is not None and state is Case.HOLDER:
        yield from finding.to_holder(tx, case, now)


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
