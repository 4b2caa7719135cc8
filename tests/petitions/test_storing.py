"""What is kept of petitions, their logs and their signatures, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import TypeVar

from bot.domain import checkpoint, merkle, petition_log, signature
from bot.domain.petition import Deed, State, Way, Who, withdrawal
from bot.domain.petition_log import Reason
from bot.domain.signature import Declared, Mode
from storage import envelope, ledger, notes, petition_logs, petitions, signatures
from storage.database import Storage, Tx
from storage.schema import person
from tests.petitions.signing import letter, opened, pass_on

T = TypeVar("T")
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
KEY = envelope.make()
NAMED = Declared(Mode.RECIPIENT, "Recipia Canary", "DE")


def a_petition(tx: Tx) -> int:
    """Two people, and a petition of theirs that can be signed."""
    tx.execute(person.insert(), [{"id": who, "met_on": 20000} for who in (1, 2)])
    return opened(tx, 1, 2, letter(KEY, NOW), NOW).id


def with_it(work: Callable[[Tx, petitions.Petition], T], which: int) -> Callable[[Tx], T]:
    """The work with the petition as it is now."""

    def done(tx: Tx) -> T:
        found = petitions.find(tx, which)
        assert found is not None
        return work(tx, found)

    return done


def signs(name: str, *, what: Declared = NAMED, held: bool = False, now: datetime = NOW) -> Callable[..., object]:
    """Somebody signs, by the name of their account."""
    return lambda tx, one: signatures.sign(tx, one, [("memory", name)], what, now, verified=name < "m", held=held)


async def test_a_letter_is_kept_as_it_is_and_opened_as_it_was_reviewed(storage: Storage) -> None:
    which = await storage.write(a_petition)
    one = await storage.read(lambda tx: petitions.newest(tx, which))
    assert one is not None
    assert (one.number, one.state, one.organisers) == (1, State.OPEN, KEY.public)
    assert one.digest == one.letter.digest()
    log = await storage.read(lambda tx: list(petition_logs.entries(tx, which)))
    assert log == [(0, petition_log.Letter(1, NOW.date(), one.letter.digest()))]
    assert not await storage.write(lambda tx: petitions.change(tx, which, 1, one.letter, NOW))


async def test_one_account_signs_once_and_takes_it_back(storage: Storage) -> None:
    which = await storage.write(a_petition)
    assert await storage.write(with_it(signs("amina"), which)) is not None
    assert await storage.write(with_it(signs("amina"), which)) is None
    assert await storage.write(with_it(signs("zafar"), which)) is not None
    one = await storage.read(lambda tx: petitions.find(tx, which))
    assert one is not None
    assert (one.size, one.verified, one.unverified) == (3, 1, 1)
    assert (
        await storage.write(with_it(lambda tx, p: signatures.withdraw(tx, p, [("memory", "amina")], NOW), which)) == 1
    )
    assert (
        await storage.write(with_it(lambda tx, p: signatures.withdraw(tx, p, [("memory", "amina")], NOW), which)) == 0
    )
    one = await storage.read(lambda tx: petitions.find(tx, which))
    assert one is not None
    assert (one.size, one.verified, one.unverified) == (4, 0, 1)
    assert await storage.read(lambda tx: len(list(signatures.records(tx, which)))) == 1


async def test_the_roots_and_proofs_are_those_of_the_lines(storage: Storage) -> None:
    which = await storage.write(a_petition)
    for number in range(10):
        await storage.write(with_it(signs(f"a{number}"), which))
    lines = [
        petition_log.line_of(entry).encode()
        for _place, entry in await storage.read(lambda tx: list(petition_logs.entries(tx, which)))
    ]
    tree = merkle.Tree(lines)
    assert await storage.read(lambda tx: petition_logs.root(tx, which)) == tree.root()
    for place in range(11):
        proof = await storage.read(partial(petition_logs.proof, which=which, place=place, length=11))
        assert merkle.is_included(merkle.leaf(lines[place]), place, 11, proof, tree.root())
    proof = await storage.read(lambda tx: petition_logs.consistency(tx, which, 5, 11))
    assert merkle.is_consistent(5, 11, proof, tree.root(5), tree.root())


async def test_a_checkpoint_is_signed_and_never_older_than_the_log(storage: Storage) -> None:
    which = await storage.write(a_petition)
    online = notes.throwaway("Nur", NOW)
    note = await storage.write(lambda tx: petition_logs.make_checkpoint(tx, which, online, NOW))
    again = await storage.write(lambda tx: petition_logs.make_checkpoint(tx, which, online, NOW + timedelta(days=1)))
    assert str(again) == str(note)
    said = checkpoint.read_checkpoint(note.text)
    assert said is not None
    assert said.size == 1
    early = NOW - timedelta(days=3)  # a clock that went back
    await storage.write(with_it(signs("amina", now=early), which))
    later = await storage.write(lambda tx: petition_logs.make_checkpoint(tx, which, online, early))
    at = notes.signed_at(later, online.signer.public)
    assert at is not None
    assert at >= NOW
    log = await storage.read(lambda tx: [entry for _place, entry in petition_logs.entries(tx, which)])
    assert log[-1].day == NOW.date()
    petition_log.replay(log, [petition_log.Mark(1, NOW), petition_log.Mark(2, at)])


async def test_a_held_signature_does_not_count_until_it_is_let(storage: Storage) -> None:
    which = await storage.write(a_petition)
    await storage.write(with_it(signs("amina", held=True), which))
    await storage.write(with_it(signs("zafar"), which))

    async def counts() -> tuple[int, int, int]:
        one = await storage.read(lambda tx: petitions.find(tx, which))
        assert one is not None
        by_version = await storage.read(lambda tx: signatures.counts(tx, which)[1])
        assert (by_version.verified, by_version.unverified, by_version.held) == (one.verified, one.unverified, one.held)
        return one.verified, one.unverified, one.held

    assert await counts() == (0, 1, 1)
    places = await storage.read(lambda tx: signatures.held(tx, which))
    assert await storage.write(lambda tx: signatures.release(tx, which, places)) == 1
    assert await storage.write(lambda tx: signatures.release(tx, which, places)) == 0
    assert await counts() == (1, 1, 0)
    assert await storage.write(lambda tx: signatures.hold(tx, which, [1, 2], NOW)) == len((1, 2))
    assert await counts() == (0, 0, 2)
    assert await storage.write(lambda tx: signatures.strike(tx, which, 1, Reason.FALSE, NOW))
    assert await counts() == (0, 0, 1)


async def test_a_later_version_leaves_signatures_where_they_were_given(storage: Storage) -> None:
    which = await storage.write(a_petition)
    await storage.write(with_it(signs("amina"), which))
    number = await storage.write(lambda tx: petitions.begin_version(tx, which, letter(KEY, NOW), NOW))
    assert number == 1 + 1
    await storage.write(partial(pass_on, which=which, reviewer=2, now=NOW))
    await storage.write(with_it(signs("zafar"), which))
    found = await storage.read(lambda tx: signatures.counts(tx, which))
    assert {version: one.counting for version, one in found.items()} == {1: 1, 2: 1}
    states = await storage.read(lambda tx: [one.state for one in petitions.versions(tx, which)])
    assert states == [State.SUPERSEDED, State.OPEN]


async def test_once_the_key_is_gone_only_a_receipt_takes_a_signature_back(storage: Storage) -> None:
    which = await storage.write(a_petition)
    given = await storage.write(with_it(signs("amina"), which))
    await storage.write(with_it(signs("zafar"), which))
    assert isinstance(given, signatures.Given)
    assert await storage.write(lambda tx: petitions.close(tx, which, Who.TIME, NOW))
    assert await storage.write(with_it(signs("late"), which)) is None
    assert not await storage.write(lambda tx: petitions.forget_key(tx, which, NOW + timedelta(days=29)))
    later = NOW + timedelta(days=30)
    assert [one.id for one in await storage.read(lambda tx: petitions.to_forget(tx, later))] == [which]
    assert await storage.write(lambda tx: petitions.forget_key(tx, which, later))
    assert not await storage.write(lambda tx: petitions.erase_marks(tx, which))
    one = await storage.read(lambda tx: petitions.find(tx, which))
    assert one is not None
    assert one.key is None
    assert withdrawal(one.course) is Way.RECEIPT
    assert (
        await storage.write(with_it(lambda tx, p: signatures.withdraw(tx, p, [("memory", "zafar")], later), which)) == 0
    )
    by_receipt = with_it(lambda tx, p: signatures.withdraw_by_receipt(tx, p, given.secret, later), which)
    assert await storage.write(by_receipt)
    assert not await storage.write(by_receipt)
    assert signature.tag_of(given.secret) == given.opening.tag
    assert await storage.write(lambda tx: petitions.anonymise(tx, which, later))
    assert not await storage.write(lambda tx: petitions.erase_personal(tx, which))
    assert await storage.read(lambda tx: list(signatures.records(tx, which))) == []


async def test_a_draft_is_refused_changed_and_dropped(storage: Storage) -> None:
    def work(tx: Tx) -> None:
        tx.execute(person.insert(), [{"id": who, "met_on": 20000} for who in (1, 2)])
        made = petitions.create(tx, 1, letter(KEY, NOW), NOW)
        for deed, by, then in (
            (Deed.OFFER, Who.AUTHOR, State.REVIEW),
            (Deed.REFUSE, Who.REVIEWER, State.REFUSED),
            (Deed.OPEN, Who.REVIEWER, None),
            (Deed.DROP, Who.AUTHOR, State.DROPPED),
        ):
            one = petitions.newest(tx, made.id)
            assert one is not None
            assert petitions.take_step(tx, one, deed, by, NOW, reviewer=2) is then
        assert petitions.find(tx, made.id) is None

    await storage.write(work)


async def test_of_which_kind_signatures_are_is_said_in_tens_and_only_after_ten_more(storage: Storage) -> None:
    """Whoever looks after each signature learns of none of which kind it is; a control says it at once."""

    def work(tx: Tx) -> tuple[list[int | None], list[int]]:
        which, now = a_petition(tx), NOW
        said: list[int | None] = []
        exact: list[int] = []
        for n in range(60):
            one = petitions.find(tx, which)
            assert one is not None
            signatures.sign(tx, one, [("memory", f"{n:04}")], Declared(Mode.COUNTED), now, verified=n % 3 == 0)
            now += timedelta(hours=5)
            ledger.vouch(tx, now)
            one = petitions.find(tx, which)
            assert one is not None
            said.append(one.vouched)
            exact.append(one.verified)
        return said, exact

    said, exact = await storage.write(work)
    changes = [n for n, (before, after) in enumerate(pairwise(said)) if before != after]
    assert said[:9] == [None] * 9
    assert said[-1] == exact[-1] // 10 * 10
    assert all(later - earlier >= 10 for earlier, later in pairwise(changes))  # noqa: PLR2004 - so many at least
    assert {one for one in said if one is not None} == {0, 10, 20}
    assert len(set(exact)) == exact[-1] - exact[0] + 1, "the control: each of them is seen"
