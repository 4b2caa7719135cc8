"""The rules of a petition that travels: what a home takes from another community, whatever comes in whatever order."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest

from bot.domain import petition, relay
from bot.domain.checkpoint import Checkpoint, Note, Signature
from bot.domain.merkle import Tree
from bot.domain.petition import Letter, Organisation
from bot.domain.relay import Home, Known, Parcel, Statement, Trouble
from tests.faults import count

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OURS, THEIRS, THIRD = ("RW" + one * 54 for one in "abc")
ORIGIN = "nur.example/petition/7f3a"

LETTER = Letter(
    petition=ORIGIN,
    version=1,
    key="age1key",
    addressees=("icrc",),
    goal=100,
    closes=date(2027, 1, 1),
    texts={
        (language, part.key): f"{part.key} {language}: Ғӣқӯҳҷ\nMore."
        for language in petition.LANGUAGES
        for part in petition.Part
    },
    demands={(language, "icrc"): f"Demand {language}" for language in petition.LANGUAGES},
    sources=("https://example.org/report",),
    sponsors=("Sponsora",),
)
HOME = Home(OURS, ORIGIN, {1: LETTER.digest()})


def statement(tree: Tree, count: int, sequence: int = 1, **more: object) -> Statement:
    said = Statement(
        log=Checkpoint("other.example/petition/1", len(tree), tree.root()),
        key=THEIRS,
        name="Дигарон",
        petition=ORIGIN,
        home=OURS,
        version=1,
        digest=LETTER.digest(),
        sequence=sequence,
        verified=count,
        unverified=0,
    )
    return replace(said, **more)  # type: ignore[arg-type]


def parcel(said: Statement, tree: Tree | None = None, *sizes: int, letter: Letter | None = None) -> Parcel:
    note = Note(said.text, (Signature(said.log.origin, b"four", b"signature"),))
    grown = {size: tuple(tree.consistency(size)) for size in sizes} if tree is not None else {}
    return Parcel("certificate\n", "vouching\n", note, said, letter, grown or None)


def grown(size: int) -> Tree:
    tree = Tree()
    for number in range(size):
        tree.add(b"%d" % number)
    return tree


# -- adding up -----------------------------------------------------------------------------------------------------


def test_what_is_said_of_two_versions_is_never_in_one_sum() -> None:
    tree = grown(99)
    first, second = statement(tree, 30), statement(tree, 40, version=2)
    third = statement(tree, 5, key=THIRD, version=2)
    one, two = relay.by_version({1: 100, 2: 7}, [second, third, first])
    assert (one.version, one.here, one.others, one.together) == (1, 100, (first,), 130)
    assert (two.version, two.here, two.others, two.together) == (2, 7, (second, third), 52)


def test_each_statement_stands_in_exactly_one_sum() -> None:
    dice, tree = random.Random(9), grown(9)
    for _ in range(200):
        said = [
            statement(tree, dice.randrange(8), key=key, version=version)
            for key in (THEIRS, THIRD)
            for version in range(1, 5)
            if dice.random() < 0.6  # noqa: PLR2004
        ]
        here = {version: dice.randrange(9) for version in range(1, dice.randint(2, 5))}
        parts = relay.by_version(here, dice.sample(said, len(said)))
        assert all(other.version == part.version for part in parts for other in part.others)
        assert sorted(id(other) for part in parts for other in part.others) == sorted(map(id, said))
        assert sum(part.together for part in parts) == sum(here.values()) + sum(one.count for one in said)


# -- files ---------------------------------------------------------------------------------------------------------


def test_what_is_written_is_read() -> None:
    tree = grown(9)
    for one in (
        parcel(statement(tree, 8)),
        parcel(statement(tree, 8), tree, 1, 4, 8),
        parcel(statement(tree, 8, key=OURS, log=Checkpoint(ORIGIN, 9, tree.root())), letter=LETTER),
    ):
        assert relay.read(str(one)) == one


@pytest.mark.parametrize("cut", [1, 2, 30, 200])
def test_what_was_cut_is_no_file(cut: int) -> None:
    tree = grown(9)
    for one in (parcel(statement(tree, 8), tree, 4), parcel(statement(tree, 8), letter=LETTER)):
        text = str(one)
        assert relay.read(text) is not None, "the control"
        assert relay.read(text[:-cut]) is None
        assert relay.read(text[cut:]) is None


def test_any_letter_of_a_file_that_is_changed_changes_what_is_signed_or_makes_it_no_file() -> None:
    tree = grown(9)
    one = parcel(statement(tree, 8), tree, 4, letter=LETTER)
    text, dice = str(one), random.Random(6)
    for _ in range(count(3000)):
        at = dice.randrange(len(text))
        other = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
        found = relay.read(other)
        assert found is None or (found != one and str(found) == other)


@pytest.mark.parametrize(
    "name", ["a\u202eb", "a\nb", " a", "a  b", "a" * 61, "a\u200bb", "\u2067x"], ids=lambda one: ascii(one)[:20]
)
def test_a_name_that_could_look_otherwise_is_none(name: str) -> None:
    tree = grown(9)
    assert relay.read_statement(statement(tree, 8).text) is not None, "the control"
    assert relay.read_statement(statement(tree, 8, name=name).text) is None
    cleaned = relay.name_of(name)
    assert relay.read_statement(statement(tree, 8, name=cleaned).text) is not None


def test_a_name_is_never_empty() -> None:
    assert relay.name_of(" \u202e\n") == "?"


@pytest.mark.parametrize(
    "text", ["", "payvand relay 1", "payvand relay 1\n\n", "payvand relay 1\n\n== end\n", "\0" * 99]
)
def test_what_is_no_file_is_none(text: str) -> None:
    assert relay.read(text) is None


def test_a_huge_file_is_none() -> None:
    assert relay.read("payvand relay 1\n\n" + "== letter\n" * relay.LONGEST) is None


# -- what is taken -------------------------------------------------------------------------------------------------


def test_a_first_statement_is_taken_and_a_later_one_with_a_proof() -> None:
    tree = grown(9)
    first = statement(tree, 8)
    assert relay.accept(HOME, None, parcel(first), NOW) is None
    later = grown(20)
    second = parcel(statement(later, 15, 2), later, 9)
    assert relay.accept(HOME, Known(first, NOW), second, NOW + HOUR) is None


def forked(tree: Tree) -> Tree:
    other = Tree()
    for number in range(len(tree)):
        other.add(b"%d" % (number + 1))
    return other


TREE, LATER = grown(9), grown(20)
KNOWN = Known(statement(TREE, 8), NOW)
FORKED = forked(LATER)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda: parcel(statement(LATER, 15, 2, key=OURS), LATER, 9), Trouble.OWN),
        (lambda: parcel(statement(LATER, 15, 2, home=THIRD), LATER, 9), Trouble.FOREIGN),
        (lambda: parcel(statement(LATER, 15, 2, petition="nur.example/petition/8"), LATER, 9), Trouble.FOREIGN),
        (lambda: parcel(statement(LATER, 15, 2, version=2), LATER, 9), Trouble.LETTER),
        (lambda: parcel(statement(LATER, 15, 2, digest=b"7" * 32), LATER, 9), Trouble.LETTER),
        (
            lambda: parcel(statement(LATER, 15, 2, log=Checkpoint(ORIGIN, 20, LATER.root())), LATER, 9),
            Trouble.COPIED,
        ),
        (lambda: parcel(statement(LATER, 20, 2), LATER, 9), Trouble.COUNT),
        (lambda: parcel(statement(LATER, 10, 2, unverified=10), LATER, 9), Trouble.COUNT),
        (lambda: parcel(statement(LATER, 15, 1), LATER, 9), Trouble.OLD),
        (lambda: parcel(statement(TREE, 8, 1), TREE), Trouble.OLD),
        (lambda: parcel(statement(grown(5), 4, 2)), Trouble.OLD),
        (
            lambda: parcel(
                statement(LATER, 15, 2, log=Checkpoint("other.example/petition/2", 20, LATER.root())), LATER, 9
            ),
            Trouble.ANOTHER_LOG,
        ),
        (lambda: parcel(statement(LATER, 15, 2), LATER, 8), Trouble.GAP),
        (lambda: parcel(statement(LATER, 15, 2)), Trouble.GAP),
        (lambda: parcel(statement(FORKED, 15, 2), FORKED, 9), Trouble.CHANGED),
        (lambda: parcel(statement(forked(TREE), 8, 2)), Trouble.CHANGED),
    ],
)
def test_what_is_not_taken_is_called_by_its_name(made: Callable[[], Parcel], why: Trouble) -> None:
    control = parcel(statement(LATER, 15, 2), LATER, 9)
    assert relay.accept(HOME, KNOWN, control, NOW + HOUR) is None
    assert relay.accept(HOME, KNOWN, made(), NOW + HOUR) is why


def test_what_was_held_and_is_let_go_needs_no_new_entry() -> None:
    assert relay.accept(HOME, KNOWN, parcel(statement(TREE, 7, 2), TREE), NOW + HOUR) is None


def test_what_was_signed_before_what_is_known_is_old() -> None:
    assert relay.accept(HOME, KNOWN, parcel(statement(LATER, 15, 2), LATER, 9), NOW - HOUR) is Trouble.OLD


def test_one_community_s_log_is_not_counted_again_in_another_one_s_name() -> None:
    home = replace(HOME, others=(statement(TREE, 8),))
    copied = parcel(statement(TREE, 8, key=THIRD, log=Checkpoint("third.example/petition/1", 9, TREE.root())))
    assert relay.accept(home, None, copied, NOW) is Trouble.COPIED
    assert relay.accept(home, None, parcel(statement(LATER, 8, key=THIRD)), NOW) is Trouble.COPIED
    own = parcel(statement(LATER, 8, key=THIRD, log=Checkpoint("third.example/petition/1", 20, LATER.root())))
    assert relay.accept(home, None, own, NOW) is None, "the control"


# -- whatever comes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(count(400)))
def test_whatever_comes_in_whatever_order_what_is_known_only_grows(seed: int) -> None:
    """A community gives statements; a network loses, repeats and delays them; a liar makes others of them.

    Each that is taken is later than all before it, and belongs to the one true log; the newest is taken in the end.
    """
    dice = random.Random(seed)
    tree, liar = Tree(), Tree()
    tree.add(b"letter")
    liar.add(b"letter")
    sizes: list[int] = []
    sent: list[tuple[Parcel, datetime]] = []
    true: set[tuple[int, bytes]] = set()
    known: Known | None = None
    now = NOW
    for step in range(30):
        now += HOUR
        for number in range(dice.randrange(4)):
            tree.add(b"%d %d" % (step, number))
            liar.add(sha256(b"%d %d" % (step, number)).digest())
        said = statement(tree, dice.randrange(len(tree)), len(sizes) + 1)
        true.add((said.log.size, said.log.root))
        sent.append((parcel(said, tree, *{*sizes[-relay.MOST_GROWN :]}), now))
        sizes.append(len(tree))
        lie = dice.choice(
            [
                replace(said, log=Checkpoint(said.log.origin, len(liar), liar.root())),
                replace(said, verified=len(tree) + dice.randrange(9)),
                replace(said, home=THIRD),
                replace(said, digest=b"9" * 32),
                replace(said, sequence=10_000, log=Checkpoint(said.log.origin, len(tree) + 1, liar.root())),
            ]
        )
        arriving = [*dice.sample(sent, min(len(sent), dice.randrange(3)))]
        if known is not None and known.said.log.size > 1:  # before they part, the liar's log is as true as the other
            arriving.append((parcel(lie, liar, *range(1, len(liar))), now))
        dice.shuffle(arriving)
        for one, at in arriving:
            if relay.accept(HOME, known, one, at) is not None:
                continue
            assert (one.said.log.size, one.said.log.root) in true
            assert one.said.count < one.said.log.size
            if known is not None:
                assert one.said.sequence > known.said.sequence
                assert one.said.log.size >= known.said.log.size
                assert at >= known.at
            known = Known(one.said, at)
            assert relay.accept(HOME, known, one, at) is Trouble.OLD, "never twice"
    tree.add(b"the last")
    last = parcel(statement(tree, 1, len(sizes) + 1), tree, *{*sizes[-relay.MOST_GROWN :]})
    assert relay.accept(HOME, known, last, now) is None


# -- taking a letter over --------------------------------------------------------------------------------------------


def travelling(letter: Letter = LETTER, **more: object) -> Parcel:
    tree = grown(9)
    said = statement(tree, 8, key=OURS, log=Checkpoint(ORIGIN, 9, tree.root()), digest=letter.digest())
    return parcel(replace(said, **more), letter=letter)  # type: ignore[arg-type]


def test_a_letter_is_taken_over_as_it_is() -> None:
    assert relay.welcome(travelling(), THEIRS, NOW) is None
    ours = replace(LETTER, petition="other.example/petition/1", version=3)
    assert relay.as_home_has_it(ours, ORIGIN, 1).digest() == LETTER.digest()
    assert ours.digest() != LETTER.digest()


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda: travelling(key=THEIRS, home=THEIRS), Trouble.OWN),
        (lambda: travelling(key=THIRD), Trouble.FOREIGN),
        (lambda: travelling(log=Checkpoint("else.example/petition/1", 9, TREE.root())), Trouble.FOREIGN),
        (lambda: replace(travelling(), letter=None), Trouble.FOREIGN),
        (lambda: replace(travelling(), letter=replace(LETTER, goal=101)), Trouble.LETTER),
        (lambda: travelling(version=2), Trouble.LETTER),
        (lambda: travelling(verified=9), Trouble.COUNT),
        (lambda: travelling(replace(LETTER, closes=NOW.date())), Trouble.OVER),
        (lambda: travelling(replace(LETTER, sources=())), Trouble.INCOMPLETE),
        (lambda: travelling(replace(LETTER, goal=10**4000)), Trouble.INCOMPLETE),
        (lambda: travelling(replace(LETTER, sponsors=("S" * 9000,))), Trouble.INCOMPLETE),
        (
            lambda: travelling(replace(LETTER, organisations=(Organisation("One", confirmed=True),) * 99)),
            Trouble.INCOMPLETE,
        ),
        (
            lambda: travelling(replace(LETTER, texts={**LETTER.texts} | {("ru", "for-date"): "x" * 9000})),
            Trouble.INCOMPLETE,
        ),
        (
            lambda: travelling(replace(LETTER, texts={**LETTER.texts} | {("ru", "hidden"): "Nobody sees it."})),
            Trouble.INCOMPLETE,
        ),
        (
            lambda: travelling(replace(LETTER, demands={**LETTER.demands} | {("ru", "un-wgad"): "Else."})),
            Trouble.INCOMPLETE,
        ),
    ],
)
def test_a_letter_that_is_not_taken_over(made: Callable[[], Parcel], why: Trouble) -> None:
    assert relay.welcome(made(), THEIRS, NOW) is why
