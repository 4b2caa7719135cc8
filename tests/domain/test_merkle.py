"""The tree over a log: beside two implementations that are not ours, and against everything that was altered."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree
from tlog_scales import tlog

from bot.domain import merkle
from bot.domain.merkle import Tree

SIZES = 130


def entries(count: int) -> list[bytes]:
    return [f"entry {n}".encode() for n in range(count)]


ENTRIES = entries(SIZES)


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree(entries(SIZES))


@pytest.fixture(scope="module")
def oracle() -> InmemoryTree:
    made = InmemoryTree(algorithm="sha256")
    for entry in entries(SIZES):
        made.append(entry)
    return made


def is_included_by_another(hashed: bytes, place: int, size: int, proof: list[bytes], root: bytes) -> bool:
    try:
        tlog.InclusionProof(place, size, list(proof)).check(hashed, root)
    except tlog.InclusionProofInvalid:
        return False
    return True


def is_consistent_by_another(old: int, new: int, proof: list[bytes], before: bytes, now: bytes) -> bool:
    try:
        tlog.ConsistencyProof(old, new, list(proof)).check(before, now)
    except tlog.ConsistencyProofInvalid:
        return False
    return True


def test_the_hashes_are_those_of_the_standard() -> None:
    assert merkle.EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.leaf(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert Tree().root() == merkle.EMPTY
    assert merkle.root_of([]) == (0, merkle.EMPTY)


def test_every_root_is_what_another_implementation_finds(tree: Tree, oracle: InmemoryTree) -> None:
    for size in range(1, SIZES + 1):
        assert tree.root(size) == oracle.get_state(size)
        assert merkle.root_of(entries(size)) == (size, tree.root(size))


def test_every_inclusion_is_proved_and_believed_by_another_implementation(tree: Tree) -> None:
    for size in range(1, SIZES + 1):
        for place in range(size):
            case = merkle.leaf(ENTRIES[place]), place, size, tree.inclusion(place, size), tree.root(size)
            assert merkle.is_included(*case)
            assert is_included_by_another(*case)


def test_every_history_is_proved_and_believed_by_another_implementation(tree: Tree) -> None:
    for new in range(1, SIZES + 1):
        for old in range(1, new + 1):
            case = old, new, tree.consistency(old, new), tree.root(old), tree.root(new)
            assert merkle.is_consistent(*case)
            assert is_consistent_by_another(*case)


def test_another_implementations_proofs_are_the_same(oracle: InmemoryTree, tree: Tree) -> None:
    for size in (1, 2, 7, 64, 65, SIZES):
        for place in range(0, size, 3):
            # pymerkle counts entries from one, and puts the entry's own hash before the proof
            assert oracle.prove_inclusion(place + 1, size).path[1:] == tree.inclusion(place, size)


def altered(dice: random.Random, proof: list[bytes]) -> list[bytes]:
    """A proof that is not the same: a bit, an order, one more, one less."""
    what = dice.randrange(4) if len(proof) > 1 else 2
    changed = list(proof)
    if what == 0:
        place = dice.randrange(len(changed))
        one = bytearray(changed[place])
        one[dice.randrange(merkle.SIZE)] ^= 1 << dice.randrange(8)
        changed[place] = bytes(one)
    elif what == 1:
        changed[0], changed[-1] = changed[-1], changed[0]
    elif what == 2:  # noqa: PLR2004 - the third way
        changed.insert(dice.randrange(len(changed) + 1), dice.randbytes(merkle.SIZE))
    else:
        del changed[dice.randrange(len(changed))]
    return changed


def test_no_altered_proof_is_believed(tree: Tree) -> None:
    dice = random.Random(9162)
    for _ in range(4000):
        size = dice.randrange(1, SIZES + 1)
        place = dice.randrange(size)
        hashed, proof, root = merkle.leaf(ENTRIES[place]), tree.inclusion(place, size), tree.root(size)
        forged = altered(dice, proof)
        assert forged == proof or not merkle.is_included(hashed, place, size, forged, root)
        assert not merkle.is_included(merkle.leaf(b"another"), place, size, proof, root)
        assert place == (other := dice.randrange(size)) or not merkle.is_included(hashed, other, size, proof, root)
        assert not merkle.is_included(hashed, place, size, proof, tree.root(size - 1))
        old = dice.randrange(1, size + 1)
        proof, before, now = tree.consistency(old, size), tree.root(old), tree.root(size)
        forged = altered(dice, proof)
        assert forged == proof or not merkle.is_consistent(old, size, forged, before, now)
        assert old == size or not merkle.is_consistent(old, size, proof, now, before)


@given(st.integers(0, 40), st.integers(0, 40), st.lists(st.binary(max_size=40), max_size=8), st.binary(max_size=40))
@settings(max_examples=300)
def test_nonsense_is_refused_and_never_raises(one: int, two: int, proof: list[bytes], claimed: bytes) -> None:
    assert not merkle.is_included(b"\0" * 32, one, two, proof, claimed)
    assert not merkle.is_consistent(one, two, proof, claimed, b"\0" * 32)


def test_what_is_not_there_can_not_be_proved(tree: Tree) -> None:
    for place, size in ((0, 0), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match="reach"):
            tree.inclusion(place, size)
    for old, new in ((0, 3), (4, 3)):
        with pytest.raises(ValueError, match="longer"):
            tree.consistency(old, new)


def test_a_kept_log_grows_by_the_nodes_that_are_new_and_needs_no_others() -> None:
    kept: dict[tuple[int, int], bytes] = {}
    for size, entry in enumerate(entries(SIZES)):
        for level, place, hashed in merkle.grown(size, merkle.leaf(entry), lambda *at: kept[at]):
            assert (level, place) not in kept  # no node ever changes
            kept[level, place] = hashed
    assert len(kept) < 2 * SIZES
    assert merkle.root(SIZES, lambda *at: kept[at]) == Tree(entries(SIZES)).root()


@pytest.mark.parametrize("fault", ["dropped", "added", "doubled", "swapped", "changed"])
def test_another_list_has_another_root(fault: str) -> None:
    dice = random.Random(fault)
    for size in (2, 3, 8, 65, 130):
        one, other = dice.sample(range(size), 2)
        false = entries(size)
        match fault:
            case "dropped":
                del false[one]
            case "added":
                false.insert(one, b"one more")
            case "doubled":
                false.insert(0, false[-1])
            case "swapped":
                false[one], false[other] = false[other], false[one]
            case _:
                false[one] += b"."
        honest = Tree(entries(size))
        assert merkle.root_of(false)[1] != honest.root()
        # and the log that goes on from the false list can't be shown to have begun as the honest one did
        later = Tree([*false, b"later", b"and later"])
        assert not merkle.is_consistent(size, len(later), later.consistency(size), honest.root(), later.root())
    control = Tree([*entries(5), b"later"])
    assert merkle.is_consistent(5, 6, control.consistency(5), Tree(entries(5)).root(), control.root())
