"""Whatever happens to a petition in the store, in whatever order: count, log, roots and records are the truth.

Each seed is a history of accounts that sign, sign again, withdraw, turn out to be one person's, are held, let and
struck; of later versions, packets, checkpoints, the end of the key, and receipts after it. Beside it runs a model that
knows only who signed what. PAYVAND_PROOF=full runs 20,000 of them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from bot.domain import checkpoint, merkle, petition_log, signature
from bot.domain.petition import Delivery, State, Way, Who, withdrawal
from bot.domain.petition_log import Entry, Mark, Reason, Sign, Tally
from bot.domain.signature import Declared, Mode
from storage import envelope, ledger, notes, petition_logs, petitions, signatures
from storage.database import Storage, Tx
from storage.petitions import Petition
from storage.schema import address, metadata, person, petition, petition_entry, petition_packet, petition_signature
from storage.signatures import Given
from tests.petitions.signing import letter, opened, pass_on
from tests.storage.servers import ONE_ENGINE

HISTORIES = 20_000 if os.environ.get("PAYVAND_PROOF") == "full" else 40
STEPS = 50
PEOPLE = range(10, 18)
DAY = timedelta(days=1)
BEGUN = datetime(2026, 11, 1, 12, tzinfo=UTC)
KEY = envelope.make()
OPENER = envelope.Opener(KEY)
ONLINE = notes.throwaway("Nur", BEGUN)


class Undone(Exception):  # noqa: N818
    """The history is over: nothing of it stays in the store."""


@dataclass(frozen=True)
class Made:
    """A packet, or a supplement to another one: where it stands in the log, and how much of that it covers."""

    place: int
    covers: int
    corrects: int | None
    digest: bytes


@dataclass
class Truth:
    """What really happened: by place who signed, which version, in which mode, and whether it is held."""

    who: dict[int, int] = field(default_factory=dict)
    version: dict[int, int] = field(default_factory=dict)
    verified: dict[int, bool] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)
    given: dict[int, Given] = field(default_factory=dict)
    struck: set[int] = field(default_factory=set)  # people who can't sign again
    ended: list[tuple[int, int]] = field(default_factory=list)  # where it is said, and which signature ended
    packets: list[Made] = field(default_factory=list)

    def end(self, place: int, said_at: int) -> None:
        del self.who[place], self.version[place], self.verified[place]
        self.held.discard(place)
        self.ended.append((said_at, place))


class History:
    """One petition in the store."""

    def __init__(self, tx: Tx, seed: int) -> None:
        self.tx, self.dice, self.now, self.truth = tx, random.Random(seed), BEGUN, Truth()
        tx.execute(person.insert(), [{"id": who, "met_on": 20000} for who in (1, 2, *PEOPLE)])
        rows: list[dict[str, object]] = [
            {
                "id": who,
                "person_id": who,
                "platform": "memory",
                "bot": "1",
                "account": f"memory/{who}",
                "reach": str(who),
            }
            for who in PEOPLE
        ]
        tx.execute(address.insert(), rows)
        self.people = list(PEOPLE)
        self.which = opened(tx, 1, 2, letter(KEY, self.now), self.now).id
        self.versions = 1
        self.marks: list[Mark] = []
        self.receipts: list[bytes] = []

    @property
    def one(self) -> Petition:
        found = petitions.find(self.tx, self.which)
        assert found is not None
        return found

    def of(self, who: int) -> list[signatures.Account]:
        return signatures.accounts(self.tx, who)

    def sign(self) -> None:
        who, mode = self.dice.choice(self.people), self.dice.choice(list(Mode))
        held, verified = self.dice.random() < 0.2, who % 2 == 0  # noqa: PLR2004 - a fifth of them
        name = {Mode.COUNTED: "", Mode.INITIALS: "C. N."}.get(mode, f"Canary {who}")
        what = Declared(mode, name, "DE" if mode is Mode.INITIALS else "")
        made = signatures.sign(
            self.tx, self.one, self.of(who), what, self.now, verified=verified, held=held, dice=self.dice.randbytes
        )
        has = who in self.truth.who.values() or who in self.truth.struck
        assert (made is not None) == (self.one.course.can_be_signed and not has)
        if made is not None:
            self.truth.who[made.place], self.truth.version[made.place] = who, self.versions
            self.truth.verified[made.place], self.truth.given[made.place] = verified, made
            if held:
                self.truth.held.add(made.place)
            if self.dice.random() < 0.5:  # noqa: PLR2004 - half of them
                self.receipts.append(made.secret)

    def withdraw(self) -> None:
        who = self.dice.choice(self.people)
        mine = [place for place, one in self.truth.who.items() if one == who]
        can = withdrawal(self.one.course) is Way.ACCOUNT
        assert signatures.withdraw(self.tx, self.one, self.of(who), self.now) == (len(mine) if can else 0)
        for place in mine if can else ():
            self.truth.end(place, self.one.size - 1)

    def withdraw_by_receipt(self) -> None:
        secret = self.dice.choice(self.receipts or [self.dice.randbytes(32)])
        of_it = [place for place in self.truth.who if self.truth.given[place].secret == secret]  # also a later one
        can = bool(of_it) and withdrawal(self.one.course) is not Way.NONE
        assert signatures.withdraw_by_receipt(self.tx, self.one, secret, self.now) == can
        if can:
            self.truth.end(of_it[0], self.one.size - 1)

    def link(self) -> None:
        if len(self.people) < 4:  # noqa: PLR2004 - some must be left
            return
        gone, kept = self.dice.sample(self.people, 2)
        signatures.unite(self.tx, gone, kept, self.now)
        self.tx.execute(address.update().where(address.c.person_id == gone).values(person_id=kept))
        both = sorted(place for place, who in self.truth.who.items() if who in {gone, kept})
        if self.one.key is not None:
            for place in both[1:]:
                self.truth.end(place, self.one.size - 1)
        for place in self.truth.who:
            if self.truth.who[place] == gone:
                self.truth.who[place] = kept
        if gone in self.truth.struck:
            self.truth.struck.add(kept)
        self.people.remove(gone)

    def hold(self) -> None:
        some = self.dice.sample(sorted(self.truth.who), min(2, len(self.truth.who)))
        assert signatures.hold(self.tx, self.which, some, self.now) == len(set(some) - self.truth.held)
        self.truth.held |= set(some)

    def let(self) -> None:
        some = signatures.held(self.tx, self.which, 2)
        assert signatures.release(self.tx, self.which, some) == len(some)
        self.truth.held -= set(some)

    def strike(self) -> None:
        for place in signatures.held(self.tx, self.which, 1):
            assert signatures.strike(self.tx, self.which, place, Reason.FALSE, self.now, keep_mark=True)
            self.truth.struck.add(self.truth.who[place])
            self.truth.end(place, self.one.size - 1)

    def publish(self) -> None:
        note = petition_logs.make_checkpoint(self.tx, self.which, ONLINE, self.now)
        said, at = checkpoint.read_checkpoint(note.text), notes.signed_at(note, ONLINE.signer.public)
        assert said is not None
        assert at is not None
        if not self.marks or said.size > self.marks[-1].size:
            self.marks.append(Mark(said.size, at))
        self.now += self.dice.choice((DAY, 2 * DAY, -DAY))  # a clock may go back

    def pack(self) -> None:
        """A packet of what the log was at some time, as its organiser may be slow; sent, or not yet."""
        size = self.one.size
        self._record(self.dice.randint(max(1, size - 6), size), None)
        if self.dice.random() < 0.7:  # noqa: PLR2004 - most of them
            made = ledger.find(self.tx, self.which, len(self.truth.packets))
            assert made is not None
            assert ledger.send(self.tx, made, "post", 1, self.now)

    def supplement(self) -> None:
        packets = [n for n, made in enumerate(self.truth.packets, 1) if made.corrects is None]
        if packets:
            self._record(self.one.size, self.dice.choice(packets))

    def _record(self, covers: int, corrects: int | None) -> None:
        digest, place = self.dice.randbytes(32), self.one.size
        number = ledger.record(self.tx, self.one, "icrc", self.versions, digest, covers, self.now, corrects=corrects)
        self.truth.packets.append(Made(place, covers, corrects, digest))
        assert number == len(self.truth.packets)

    def move_on(self) -> None:
        one = self.one
        if one.state is State.OPEN and one.size > 20:  # noqa: PLR2004 - not at once
            assert petitions.close(self.tx, self.which, Who.TIME, self.now)
        elif one.state is State.OPEN:
            assert petitions.begin_version(self.tx, self.which, letter(KEY, self.now), self.now) == self.versions + 1
            pass_on(self.tx, self.which, 2, self.now)
            self.versions += 1
        elif petitions.forget_key(self.tx, self.which, self.now):
            assert not petitions.erase_marks(self.tx, self.which)
        else:
            self.now += 20 * DAY

    def live(self, steps: int = STEPS) -> None:
        for _ in range(steps):
            doings: list[tuple[int, Callable[[], None]]] = [
                *((40, self.sign), (12, self.withdraw), (8, self.withdraw_by_receipt), (4, self.link), (5, self.hold)),
                *((5, self.let), (2, self.strike), (8, self.publish), (4, self.pack), (3, self.supplement)),
                (8, self.move_on),
            ]
            (done,) = self.dice.choices([do for _weight, do in doings], [weight for weight, _do in doings])
            done()

    def faults(self) -> list[str]:
        """What is not as it must be."""
        found, truth, one = [], self.truth, self.one
        entries = [entry for _place, entry in petition_logs.entries(self.tx, self.which)]
        tally = petition_log.replay(entries, self.marks)
        if {place for place, version in enumerate(tally.live) if version} != set(truth.who):
            found.append("another signature counts")
        if any(tally.live[place] != version for place, version in truth.version.items()):
            found.append("a signature moved to another version")
        if len(set(truth.who.values())) != len(truth.who) and one.key is not None:
            found.append("somebody counts twice")
        counting = set(truth.who) - truth.held
        verified = sum(truth.verified[place] for place in counting)
        if (one.verified, one.unverified, one.held) != (verified, len(counting) - verified, len(truth.held)):
            found.append("the count is not the truth")
        by_version = signatures.counts(self.tx, self.which)
        if sum(each.counting for each in by_version.values()) != one.count or one.count + one.held != tally.count:
            found.append("the counts differ")
        lines = [petition_log.line_of(entry).encode() for entry in entries]
        if petition_logs.root(self.tx, self.which) != merkle.root_of(lines)[1] or one.size != len(lines):
            found.append("the root is not that of the lines")
        return [*found, *self._records(entries), *self._shown(), *self._ledger(tally)]

    def _ledger(self, tally: Tally) -> Iterator[str]:
        """Whether each packet stands where it was written, and says exactly which signatures it must give up."""
        made, kept = self.truth.packets, ledger.of(self.tx, self.which)
        if [(one.number, one.digest) for one in tally.packets] != [(n, one.digest) for n, one in enumerate(made, 1)]:
            yield "the log has other packets"
        if [(one.number, one.covers, one.corrects, one.digest) for one in kept] != [
            (n, one.covers, one.corrects, one.digest) for n, one in enumerate(made, 1)
        ]:
            yield "the ledger has other packets"
        for packet, one in zip(kept, made, strict=False):
            if ledger.to_strike(self.tx, packet) != sorted(at for _said, at in self.truth.ended if at < one.place):
                yield "a supplement gives up other signatures"
            told = max((each.covers for each in made if each.corrects == packet.number), default=one.covers)
            owed = sum(said >= told and at < one.covers for said, at in self.truth.ended)
            sent = packet.state is not Delivery.SEALED and packet.corrects is None
            if ledger.owed(self.tx, packet, kept) != (owed if sent else 0):
                yield "another supplement is owed"

    def _records(self, entries: list[Entry]) -> Iterator[str]:
        """Whether the organisers would find exactly what was signed."""
        origin, records = self.one.origin, dict(signatures.records(self.tx, self.which))
        if set(records) != set(self.truth.who):
            yield "a record is missing, or one too many"
        for place, sealed in records.items():
            opening, entry = signature.unpacked(OPENER.open(origin, sealed)), entries[place]
            if not isinstance(entry, Sign) or opening is None or opening.commitment() != entry.commitment:
                yield "a record is not of its entry"
            elif opening != self.truth.given[place].opening:
                yield "a record is another one's"

    def _shown(self) -> Iterator[str]:
        """What everybody reads is what people chose, and no other name stands in any column of any table."""
        public = dict(signatures.public_names(self.tx, self.which, date.max, -1, 100))
        said = {place: self.truth.given[place].opening.declared for place in self.truth.who}
        counting = {place: what for place, what in said.items() if place not in self.truth.held}
        if public != {place: what.name for place, what in counting.items() if what.mode is Mode.PUBLIC}:
            yield "the public list is not what people chose"
        open_names = {what.name for what in said.values() if what.mode is Mode.PUBLIC}
        tables = [table for table in metadata.sorted_tables if table.name.startswith("petition")]
        everything = repr([[tuple(row) for row in self.tx.execute(table.select())] for table in tables])
        if any(what.name and what.name in everything for what in said.values() if what.name not in open_names):
            yield "a name stands where it must not"


async def lived(storage: Storage, seeds: range, spoil: Callable[[History], None] | None = None) -> dict[int, list[str]]:
    """What was found in each history; none of them stays in the store."""
    found: dict[int, list[str]] = {}

    def work(tx: Tx, seed: int) -> None:
        one = History(tx, seed)
        one.live()
        if spoil is not None:
            spoil(one)
        try:
            found[seed] = one.faults()
        except petition_log.Broken as error:
            found[seed] = [str(error)]
        raise Undone

    for seed in seeds:
        with pytest.raises(Undone):
            await storage.write(partial(work, seed=seed))
    return found


@ONE_ENGINE
async def test_in_every_history_the_store_says_what_is_true(storage: Storage) -> None:
    found = await lived(storage, range(HISTORIES))
    assert {seed: faults for seed, faults in found.items() if faults} == {}


def loses_a_line(one: History) -> None:
    """A server that drops a signature's entry and says nothing."""
    places = sorted(one.truth.who)
    if places:
        table = petition_signature
        one.tx.execute(table.delete().where(table.c.petition_id == one.which, table.c.place == places[0]))


def counts_one_more(one: History) -> None:
    """A server that counts what nobody gave."""
    table = petition
    one.tx.execute(table.update().where(table.c.id == one.which).values(verified=table.c.verified + 1))


def changes_a_line(one: History) -> None:
    """A server that dates an entry back."""
    table = petition_entry
    entry = petition_log.Letter(1, BEGUN.date() - DAY, bytes(32))
    mine = (table.c.petition_id == one.which) & (table.c.place == 0)
    one.tx.execute(table.update().where(mine).values(line=petition_log.line_of(entry)))


def hides_an_end(one: History) -> None:
    """A server whose packet covers less than it did: what ended is told to nobody."""
    table = petition_packet
    one.tx.execute(table.update().where(table.c.petition_id == one.which).values(covers=0))


def loses_a_packet(one: History) -> None:
    """A server that has never made the first packet."""
    table = petition_packet
    one.tx.execute(table.delete().where(table.c.petition_id == one.which, table.c.number == 1))


def gives_up_another(one: History) -> None:
    """A server that says of a signature that it has ended, which has not."""
    one.truth.ended = [(said, at + 1) for said, at in one.truth.ended]


@ONE_ENGINE
async def test_most_histories_owe_somebody_a_supplement(storage: Storage) -> None:
    owing: list[int] = []

    def counted(one: History) -> None:
        packets = ledger.of(one.tx, one.which)
        owing.append(sum(ledger.owed(one.tx, packet, packets) for packet in packets))

    await lived(storage, range(20), counted)
    assert sum(map(bool, owing)) > 4, "else the histories prove little"  # noqa: PLR2004


@ONE_ENGINE
@pytest.mark.parametrize(
    "spoil", [loses_a_line, counts_one_more, changes_a_line, hides_an_end, loses_a_packet, gives_up_another]
)
async def test_a_server_that_cheats_is_found(storage: Storage, spoil: Callable[[History], None]) -> None:
    found = await lived(storage, range(5), spoil)
    assert sum(bool(faults) for faults in found.values()) >= 4  # noqa: PLR2004 - in one of them nobody may have signed
