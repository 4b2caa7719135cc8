"""Whatever happens to a petition, in whatever order and however often: the log says what is true, and keeps its rules.

Each seed is a history of people who sign, sign again, withdraw and link their accounts, of new versions and packets, of
the end of the petition's key, and of withdrawals by receipt after it. Beside it runs a model that knows only who signed
and who took it back. PAYVAND_PROOF=full runs 20,000 of them.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from bot.domain import merkle, petition, petition_log, signature
from bot.domain.merkle import Tree
from bot.domain.petition import Course, Signed, State, Way
from bot.domain.petition_log import Entry, Letter, Mark, Packet, Reason, Sign, Strike, Withdraw
from bot.domain.signature import Declared, Document, Mode, Opening

HISTORIES = 20_000 if os.environ.get("PAYVAND_PROOF") == "full" else 1_000
ORIGIN = "nur.example/petition/1"
PEOPLE = [f"account {n}" for n in range(8)]
DAY = timedelta(days=1)


@dataclass
class History:
    """The server's rows (entries, whose nullifier is where, receipts' tags) and the truth (who signed, and how)."""

    dice: random.Random
    now: datetime = datetime(2026, 11, 1, 12, tzinfo=UTC)
    course: Course = field(default_factory=lambda: Course(State.OPEN))
    entries: list[Entry] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    at: dict[bytes, int] = field(default_factory=dict)  # nullifier: place
    tags: dict[int, bytes] = field(default_factory=dict)
    openings: dict[int, Opening] = field(default_factory=dict)
    receipts: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    linked: dict[str, str] = field(default_factory=dict)
    truth: dict[int, tuple[str, int]] = field(default_factory=dict)  # place: who signed which version

    def __post_init__(self) -> None:
        self.key: bytes | None = self.dice.randbytes(32)
        self.entries.append(Letter(1, self.today, self.dice.randbytes(32)))

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def version(self) -> int:
        return sum(isinstance(entry, Letter) for entry in self.entries)

    def mark(self, account: str) -> bytes:
        assert self.key is not None
        return signature.nullifier(self.key, "telegram", account)

    def places(self, account: str) -> list[int]:
        """Where this person's signatures that count stand, by any of their accounts."""
        accounts = {account, *(b for a, b in self.linked.items() if a == account)}
        accounts |= {a for a, b in self.linked.items() if b == account}
        return [self.at[mark] for one in accounts if (mark := self.mark(one)) in self.at]

    def sign(self, account: str) -> None:
        if not self.course.can_be_signed or self.key is None or self.places(account):
            return  # the same sentence as the first time, and nothing else
        mark = self.mark(account)
        secret = signature.secret_of(self.key, mark)
        mode = self.dice.choice(list(Mode))
        names = {Mode.COUNTED: "", Mode.INITIALS: "A."}
        who = Declared(mode, names.get(mode, account), "DE")
        opening = Opening(ORIGIN, self.version, who, self.dice.randbytes(32), signature.tag_of(secret))
        place = len(self.entries)
        self.entries.append(Sign(self.version, self.today, opening.commitment()))
        self.at[mark], self.tags[place], self.openings[place] = place, opening.tag, opening
        self.truth[place] = (account, self.version)
        if self.dice.random() < 0.5:  # noqa: PLR2004 - half of them ask for a receipt
            self.receipts[account] = (place, secret)

    def withdraw(self, account: str) -> None:
        if petition.withdrawal(self.course) is not Way.ACCOUNT or self.key is None:
            return
        for place in self.places(account):
            self.end(Withdraw(self.today, place))

    def withdraw_by_receipt(self, account: str) -> None:
        place, secret = self.receipts.get(account, (-1, b""))
        if petition.withdrawal(self.course) is Way.RECEIPT and self.tags.get(place) == signature.tag_of(secret):
            self.end(Withdraw(self.today, place))

    def end(self, entry: Withdraw | Strike) -> None:
        self.entries.append(entry)
        del self.tags[entry.place], self.truth[entry.place], self.openings[entry.place]
        self.at = {mark: place for mark, place in self.at.items() if place != entry.place}

    def link(self, one: str, other: str) -> None:
        if one == other or self.key is None or {one, other} & {*self.linked, *self.linked.values()}:
            return
        first, second = self.at.get(self.mark(one)), self.at.get(self.mark(other))
        struck = petition.to_strike(
            None if first is None else Signed(first), None if second is None else Signed(second)
        )
        if struck is not None:
            self.end(Strike(self.today, struck, Reason.DOUBLE))
        self.linked[one] = other

    def publish(self) -> None:
        self.marks.append(Mark(len(self.entries), self.now))
        self.now += self.dice.randrange(1, 3) * DAY

    def pack(self) -> None:
        number = sum(isinstance(entry, Packet) for entry in self.entries) + 1
        self.entries.append(Packet(number, self.today, "icrc", self.dice.randbytes(32)))
        self.course = Course(self.course.state, self.course.closed_at, self.now)

    def move_on(self) -> None:
        if self.course.state is State.OPEN and len(self.entries) > 20:  # noqa: PLR2004 - not at once
            self.course = Course(State.CLOSING, self.now, self.course.packed_at)
        elif self.course.state is State.OPEN:
            self.entries.append(Letter(self.version + 1, self.today, self.dice.randbytes(32)))
        elif self.course.key_is_due(self.now):
            self.key, self.at = None, {}
            self.course = Course(State.CLOSED, self.course.closed_at, self.course.packed_at)
        else:
            self.now += 10 * DAY

    def step(self) -> None:
        who = self.dice.choice(PEOPLE)
        what = self.dice.random()
        if what < 0.45:  # noqa: PLR2004 - what people mostly do
            self.sign(who)
        elif what < 0.6:  # noqa: PLR2004
            self.withdraw(who)
        elif what < 0.7:  # noqa: PLR2004
            self.withdraw_by_receipt(who)
        elif what < 0.75:  # noqa: PLR2004
            self.link(who, self.dice.choice(PEOPLE))
        elif what < 0.85:  # noqa: PLR2004
            self.publish()
        elif what < 0.9:  # noqa: PLR2004
            self.pack()
        else:
            self.move_on()


def faults_of(one: History) -> list[str]:
    """What is not as it must be."""
    tally = petition_log.replay(one.entries, one.marks)
    found = []
    if tally.count != len(one.truth):
        found.append("the count is not the truth")
    if {place for place, version in enumerate(tally.live) if version} != set(one.truth):
        found.append("another signature counts")
    if any(tally.live[place] != version for place, (_who, version) in one.truth.items()):
        found.append("a signature moved to another version")
    if len({who for who, _version in one.truth.values()}) != len(one.truth):
        found.append("somebody counts twice")
    for place, opening in one.openings.items():
        entry = one.entries[place]
        if not isinstance(entry, Sign) or opening.commitment() != entry.commitment:
            found.append("a record is not of its entry")
        record = signature.shown(opening.declared, Document.RECORD)
        if opening.declared.mode is not Mode.PUBLIC and record is not None and "account" in record.name:
            found.append("a name is public that must not be")
    return found


def lived(seed: int) -> History:
    one = History(random.Random(seed))
    for _ in range(60):
        one.step()
    one.publish()
    return one


def test_in_every_history_the_log_says_what_is_true() -> None:
    ends = set()
    for seed in range(HISTORIES):
        one = lived(seed)
        assert faults_of(one) == [], seed
        ends.add(one.course.state)
    assert ends == {State.OPEN, State.CLOSING, State.CLOSED}  # all of it was really there


def test_every_history_can_be_proved_from_any_checkpoint_to_the_last() -> None:
    for seed in range(0, HISTORIES, 20):
        one = lived(seed)
        tree = Tree(petition_log.line_of(entry).encode() for entry in one.entries)
        for mark in one.marks:
            proof = tree.consistency(mark.size)
            assert merkle.is_consistent(mark.size, len(tree), proof, tree.root(mark.size), tree.root())


def test_a_server_that_forgets_to_strike_the_second_signature_is_found() -> None:
    caught = 0
    for seed in range(200):
        one = lived(seed)
        if one.key is None or len(one.truth) < 2:  # noqa: PLR2004 - two to be one person's
            continue
        first, second = sorted(one.truth)[:2]
        one.truth[second] = one.truth[first]  # they were one person all the time
        caught += "somebody counts twice" in faults_of(one)
    assert caught


def test_a_server_that_loses_a_withdrawal_is_found() -> None:
    caught = 0
    for seed in range(200):
        one = lived(seed)
        if one.entries and isinstance(one.entries[-1], Withdraw):
            one.entries.pop()
            one.marks.clear()  # nobody kept a checkpoint of it
            caught += bool(faults_of(one))
    assert caught
