"""The tree over a log's entries as RFC 9162 (section 2.1) has it: roots, proofs, and whether a proof holds.

A node has a level and a place: level 0 are the leaves, and ``(level, place)`` is the root over the ``2**level`` leaves
from ``place * 2**level`` on. Only full nodes are kept, fewer than two for each leaf, and none of them ever changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final, TypeAlias

SIZE: Final = 32  # bytes of a hash
EMPTY: Final = sha256(b"").digest()  # the root over nothing

Node: TypeAlias = tuple[int, int, bytes]  # level, place, hash
Find: TypeAlias = Callable[[int, int], bytes]  # gives the hash of a full node by its level and place


def leaf(entry: bytes) -> bytes:
    """The hash of an entry."""
    return sha256(b"\0" + entry).digest()


def parent(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two others."""
    return sha256(b"\1" + left + right).digest()


# -- growing --------------------------------------------------------------------------------------------------------


def grown(size: int, hashed: bytes, find: Find) -> Iterator[Node]:
    """The full nodes that come to be when a leaf is added to a log of `size` entries: the leaf first."""
    level, place = 0, size
    yield level, place, hashed
    while place & 1:
        hashed = parent(find(level, place - 1), hashed)
        level, place = level + 1, place >> 1
        yield level, place, hashed


def peaks(size: int) -> list[tuple[int, int]]:
    """The full nodes that a log of `size` entries consists of, from the left: each its level and place."""
    return [(level, (size >> level) - 1) for level in range(size.bit_length() - 1, -1, -1) if size >> level & 1]


def root(size: int, find: Find) -> bytes:
    """The root over the first `size` entries."""
    return _joined([find(*peak) for peak in peaks(size)])


class Roots:
    """The root over entries as they come: it holds one hash for each level, however many there are."""

    __slots__ = ("_held", "_size")

    def __init__(self) -> None:
        self._held: list[tuple[int, bytes]] = []  # level and hash, the greatest first
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, entry: bytes) -> None:
        """The next entry."""
        level, hashed = 0, leaf(entry)
        while self._held and self._held[-1][0] == level:
            hashed = parent(self._held.pop()[1], hashed)
            level += 1
        self._held.append((level, hashed))
        self._size += 1

    def root(self) -> bytes:
        """The root over those that have come."""
        return _joined([hashed for _level, hashed in self._held])


def root_of(entries: Iterable[bytes]) -> tuple[int, bytes]:
    """How many entries there are, and the root over them."""
    roots = Roots()
    for entry in entries:
        roots.add(entry)
    return len(roots), roots.root()


def _joined(hashes: list[bytes]) -> bytes:
    if not hashes:
        return EMPTY
    found = hashes.pop()
    while hashes:
        found = parent(hashes.pop(), found)
    return found


# -- proving --------------------------------------------------------------------------------------------------------


def inclusion(place: int, size: int, find: Find) -> list[bytes]:
    """The proof that the entry at `place` is among the first `size`, from its sibling up. Raises ValueError."""
    if not 0 <= place < size:
        raise ValueError("the log does not reach so far")
    return list(_path(place, 0, size, find))


def consistency(old: int, new: int, find: Find) -> list[bytes]:
    """The proof that the first `old` of `new` entries are what they were. Raises ValueError."""
    if not 0 < old <= new:
        raise ValueError("an older log is not longer, and has entries")
    return [] if old == new else list(_older(old, 0, new, find, whole=True))


def _path(place: int, begin: int, end: int, find: Find) -> Iterator[bytes]:
    if end - begin == 1:
        return
    middle = begin + _split(end - begin)
    if place < middle:
        yield from _path(place, begin, middle, find)
        yield _over(middle, end, find)
    else:
        yield from _path(place, middle, end, find)
        yield _over(begin, middle, find)


def _older(old: int, begin: int, end: int, find: Find, *, whole: bool) -> Iterator[bytes]:
    if old == end:
        if not whole:
            yield _over(begin, end, find)
        return
    middle = begin + _split(end - begin)
    if old <= middle:
        yield from _older(old, begin, middle, find, whole=whole)
        yield _over(middle, end, find)
    else:
        yield from _older(old, middle, end, find, whole=False)
        yield _over(begin, middle, find)


def _split(count: int) -> int:
    """The greatest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _over(begin: int, end: int, find: Find) -> bytes:
    """The root over the entries from `begin` (which a full node begins with) to `end`."""
    return _joined([find(level, (begin >> level) + place) for level, place in peaks(end - begin)])


# -- checking -------------------------------------------------------------------------------------------------------


def is_included(hashed: bytes, place: int, size: int, proof: Sequence[bytes], claimed: bytes) -> bool:
    """Whether a proof shows a leaf's hash at `place` of the log of `size` entries whose root is `claimed`."""
    if not 0 <= place < size or any(len(one) != SIZE for one in (hashed, claimed, *proof)):
        return False
    node, last = place, size - 1
    for one in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            hashed = parent(one, hashed)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            hashed = parent(hashed, one)
        node, last = node >> 1, last >> 1
    return last == 0 and hashed == claimed


def is_consistent(old: int, new: int, proof: Sequence[bytes], before: bytes, now: bytes) -> bool:
    """Whether a proof shows that the log of `old` entries with the root `before` is how the log of `new` began."""
    if not 0 < old <= new or any(len(one) != SIZE for one in (before, now, *proof)):
        return False
    if old == new:
        return not proof and before == now
    steps = list(proof)
    if old & (old - 1) == 0:
        steps.insert(0, before)
    if not steps:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = steps[0]
    for one in steps[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = parent(one, first), parent(one, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = parent(second, one)
        node, last = node >> 1, last >> 1
    return last == 0 and first == before and second == now


class Tree:
    """A tree in memory, which grows entry by entry."""

    __slots__ = ("_levels",)

    def __init__(self, entries: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for entry in entries:
            self.add(entry)

    def __len__(self) -> int:
        return len(self._levels[0])

    def add(self, entry: bytes) -> int:
        """Add an entry and say where it stands."""
        place = len(self)
        for level, _place, hashed in grown(place, leaf(entry), self.find):
            if level == len(self._levels):
                self._levels.append([])
            self._levels[level].append(hashed)
        return place

    def find(self, level: int, place: int) -> bytes:
        """The hash of a full node."""
        return self._levels[level][place]

    def root(self, size: int | None = None) -> bytes:
        """The root over all entries, or over the first `size`."""
        return root(len(self) if size is None else size, self.find)

    def inclusion(self, place: int, size: int | None = None) -> list[bytes]:
        """As `inclusion`, by default over all entries."""
        return inclusion(place, len(self) if size is None else size, self.find)

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """As `consistency`, by default up to all entries."""
        return consistency(old, len(self) if new is None else new, self.find)
