"""The log of a petition: what was dropped, added, doubled, reordered or dated back is noticed; an honest log stands."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import merkle
from bot.domain.merkle import Tree
from bot.domain.petition_log import (
    Broken,
    Entry,
    Letter,
    Mark,
    Packet,
    Reason,
    Sign,
    Strike,
    Tally,
    Withdraw,
    line_of,
    read_line,
    replay,
)

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = date(2026, 11, 1)
HASHES = st.binary(min_size=32, max_size=32)
DAYS = st.dates()
NUMBERS = st.integers(0, 10**8)
ENTRIES = st.one_of(
    st.builds(Letter, NUMBERS, DAYS, HASHES),
    st.builds(Sign, NUMBERS, DAYS, HASHES),
    st.builds(Withdraw, DAYS, NUMBERS),
    st.builds(Strike, DAYS, NUMBERS, st.sampled_from(Reason)),
    st.builds(Packet, NUMBERS, DAYS, st.sampled_from(["un-wgad", "ep"]), HASHES),
)


@given(ENTRIES)
def test_every_entry_is_one_line_and_one_line_is_every_entry(entry: Entry) -> None:
    line = line_of(entry)
    assert "\n" not in line
    assert read_line(line) == entry


@given(st.one_of(st.text(max_size=80), ENTRIES.map(line_of)), st.integers(0, 80), st.characters())
def test_what_is_read_has_no_second_way_to_be_written(line: str, at: int, sign: str) -> None:
    for text in (line, line[:at] + sign + line[at:], line[:at] + line[at + 1 :]):
        entry = read_line(text)
        assert entry is None or line_of(entry) == text


def history(dice: random.Random, length: int) -> tuple[list[Entry], list[Mark]]:
    """What may really happen to a petition, with a checkpoint at the end of some days."""
    entries: list[Entry] = [Letter(1, DAY, dice.randbytes(32))]
    marks: list[Mark] = []
    versions = packets = 0
    live: list[int] = []
    day = DAY
    while len(entries) < length:
        what = dice.random()
        place = len(entries)
        if what < 0.1:  # noqa: PLR2004 - a tenth
            marks.append(Mark(place, datetime(day.year, day.month, day.day, 23, tzinfo=UTC)))
            day += timedelta(days=dice.randrange(1, 4))
        elif what < 0.13:  # noqa: PLR2004
            versions += 1
            entries.append(Letter(versions + 1, day, dice.randbytes(32)))
        elif what < 0.15:  # noqa: PLR2004
            packets += 1
            entries.append(Packet(packets, day, "un-wgad", dice.randbytes(32)))
        elif what < 0.25 and live:  # noqa: PLR2004
            gone = live.pop(dice.randrange(len(live)))
            reason = dice.choice(list(Reason))
            entries.append(Withdraw(day, gone) if dice.random() < 0.5 else Strike(day, gone, reason))  # noqa: PLR2004
        else:
            live.append(place)
            entries.append(Sign(versions + 1, day, dice.randbytes(32)))
    marks.append(Mark(len(entries), datetime(day.year, day.month, day.day, 23, tzinfo=UTC)))
    return entries, marks


def is_refused(entries: list[Entry], marks: list[Mark], roots: list[bytes]) -> bool:
    """Whether somebody who has the published checkpoints refuses a list of entries."""
    try:
        replay(entries, marks)
    except Broken:
        return True
    lines = [line_of(entry).encode() for entry in entries]
    return any(merkle.root_of(lines[: mark.size])[1] != root for mark, root in zip(marks, roots, strict=True))


def roots_of(entries: list[Entry], marks: list[Mark]) -> list[bytes]:
    tree = Tree(line_of(entry).encode() for entry in entries)
    return [tree.root(mark.size) for mark in marks]


def dropped(dice: random.Random, entries: list[Entry]) -> None:
    del entries[dice.randrange(len(entries))]


def added(dice: random.Random, entries: list[Entry]) -> None:
    place = dice.randrange(1, len(entries))
    before = entries[place - 1]
    version = sum(isinstance(one, Letter) for one in entries[:place])
    entries.insert(place, Sign(version, before.day, dice.randbytes(32)))


def doubled(dice: random.Random, entries: list[Entry]) -> None:
    place = dice.randrange(len(entries))
    entries.insert(dice.randrange(place, len(entries)), entries[place])


def reordered(dice: random.Random, entries: list[Entry]) -> None:
    one, two = dice.sample(range(len(entries)), 2)
    entries[one], entries[two] = entries[two], entries[one]


def dated_back(dice: random.Random, entries: list[Entry]) -> None:
    place = dice.choice([n for n, entry in enumerate(entries) if isinstance(entry, Sign)])
    entry = entries[place]
    assert isinstance(entry, Sign)
    entries[place] = Sign(entry.version, entry.day - timedelta(days=1), entry.commitment)


@pytest.mark.parametrize("deed", [dropped, added, doubled, reordered, dated_back])
def test_what_was_done_to_a_published_log_is_refused(
    deed: Callable[[random.Random, list[Entry]], None],
) -> None:
    dice = random.Random(deed.__name__)
    for _ in range(150):
        entries, marks = history(dice, 60)
        roots = roots_of(entries, marks)
        assert not is_refused(entries, marks, roots)  # the control
        false = list(entries)
        deed(dice, false)
        assert is_refused(false, marks, roots)


def test_a_signature_that_comes_late_can_not_be_dated_back_even_by_whoever_keeps_the_log() -> None:
    dice = random.Random(5)
    for _ in range(150):
        entries, marks = history(dice, 40)
        last = marks[-1]
        # the log's own keeper adds at the end, signs the new root, and claims a day before the last checkpoint
        late = Sign(sum(isinstance(one, Letter) for one in entries), last.at.date() - timedelta(days=1), b"\1" * 32)
        longer = [*marks, Mark(len(entries) + 1, last.at + timedelta(days=2))]
        with pytest.raises(Broken, match="before what stood there"):
            replay([*entries, late], longer)
        ahead = Sign(late.version, last.at.date() + timedelta(days=9), b"\1" * 32)
        with pytest.raises(Broken, match="after it was published"):
            replay([*entries, ahead], longer)
        honest = Sign(late.version, last.at.date() + timedelta(days=1), b"\1" * 32)
        assert replay([*entries, honest], longer).signed  # the control


def test_a_log_that_is_shorter_than_what_was_published_is_refused() -> None:
    entries, marks = history(random.Random(6), 30)
    with pytest.raises(Broken, match="30 entries were published"):
        replay(entries[:-1], marks)
    with pytest.raises(Broken, match="not in the order"):
        replay(entries, [*reversed(marks)])


C = [bytes((n,)) * 32 for n in range(9)]
BEGUN: list[Entry] = [Letter(1, DAY, C[0]), Sign(1, DAY, C[1])]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (Letter(1, DAY, C[2]), "does not follow"),
        (Letter(3, DAY, C[2]), "does not follow"),
        (Sign(1, DAY, C[1]), "there already"),
        (Sign(2, DAY, C[2]), "could not be signed"),
        (Sign(0, DAY, C[2]), "could not be signed"),
        (Withdraw(DAY, 0), "no signature"),
        (Withdraw(DAY, 2), "no signature"),
        (Withdraw(DAY, 99), "no signature"),
        (Strike(DAY, 0, Reason.FALSE), "no signature"),
        (Packet(2, DAY, "ep", C[2]), "does not follow"),
        (Sign(1, DAY - timedelta(days=1), C[2]), "before"),
    ],
)
def test_what_can_not_happen_is_refused_where_it_stands(entry: Entry, why: str) -> None:
    with pytest.raises(Broken, match=why) as found:
        replay([*BEGUN, entry])
    assert found.value.place == 2  # noqa: PLR2004 - the third


def test_a_signature_ends_once() -> None:
    for ends in (Withdraw(DAY, 1), Strike(DAY, 1, Reason.DOUBLE)):
        with pytest.raises(Broken, match="no signature"):
            replay([*BEGUN, Withdraw(DAY, 1), ends])


def test_an_older_version_can_not_be_signed_any_more_and_keeps_its_signatures() -> None:
    entries = [*BEGUN, Letter(2, DAY, C[3]), Sign(2, DAY, C[4]), Sign(2, DAY, C[5])]
    tally = replay(entries)
    assert (tally.count, tally.of(1), tally.of(2)) == (3, 1, 2)
    with pytest.raises(Broken, match="could not be signed"):
        replay([*entries, Sign(1, DAY, C[6])])


def test_the_count_is_what_was_signed_less_what_was_taken_back_and_struck() -> None:
    signs = [Sign(1, DAY, C[n]) for n in range(2, 6)]
    entries = [*BEGUN, *signs, Withdraw(DAY, 2), Strike(DAY, 3, Reason.FALSE), Packet(1, DAY, "ep", C[7])]
    tally = replay(entries)
    assert (tally.signed, tally.withdrawn, tally.struck[Reason.FALSE], tally.count) == (5, 1, 1, 3)
    assert list(tally.live) == [0, 1, 0, 0, 1, 1, 0, 0, 0]
    assert replay([]) == Tally()
