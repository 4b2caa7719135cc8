"""What the board of a roll-call shows: never a number by which a few people could be counted."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import places
from bot.domain.checkin import State
from bot.domain.region import BAR, FEW, Board, Cell, bars, board, cell_of, rounded
from bot.jobs.boards import draw

COUNTS = st.fixed_dictionaries({cell: st.integers(0, 60) | st.integers(0, 200_000) for cell in Cell})


def candidates(shown: Board, cell: int) -> set[int]:
    """Every count under ten that whoever sees this board must think possible for one cell, whatever the others are."""
    return {n for n in range(FEW) if rounded(n) == shown.cells[cell]}


@given(COUNTS)
def test_a_cell_that_says_few_could_hold_any_number_under_ten(counts: Mapping[Cell, int]) -> None:
    shown = board(counts)
    for place, cell in enumerate(Cell):
        if counts[cell] < FEW:
            assert shown.cells[place] is None
            assert candidates(shown, place) == set(range(FEW))
            for n in range(FEW):
                other = board({**counts, cell: n})
                assert other == shown
                assert bars(other) == bars(shown)
        else:
            assert candidates(shown, place) == set()


@given(COUNTS, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_also_with_all_three_together_no_small_number_can_be_subtracted(
    counts: Mapping[Cell, int], one: int, two: int, three: int
) -> None:
    """Whatever stands within the tens changes nothing on the board, so neither a sum nor a difference tells it."""
    moved = {cell: counts[cell] - counts[cell] % 10 + by for cell, by in zip(Cell, (one, two, three), strict=True)}
    assert board(moved) == board(counts)


def test_control_exact_numbers_with_a_total_would_tell() -> None:
    exact = {Cell.WELL: 37, Cell.HELP: 3, Cell.SILENT: 60}
    total = sum(exact.values())
    assert total - exact[Cell.WELL] - exact[Cell.SILENT] == exact[Cell.HELP]
    shown = board(exact)
    assert shown.cells == (30, None, 60)
    possible = {
        total - well - silent for well in range(30, 40) for silent in range(60, 70) if 0 <= total - well - silent < FEW
    }
    assert possible == set(range(FEW)), "even whoever knew the total could not say"


@given(COUNTS)
def test_bars_are_as_long_as_what_may_be_shown(counts: Mapping[Cell, int]) -> None:
    for cell, bar in zip(board(counts).cells, bars(board(counts)), strict=True):
        assert (bar == "░") is (cell is None)
        assert 1 <= len(bar) <= BAR


@pytest.mark.parametrize("help_needed", [0, 1, 9])
def test_the_picture_of_none_of_one_and_of_nine_is_the_same(help_needed: int) -> None:
    few = draw(board({Cell.WELL: 120, Cell.HELP: 5, Cell.SILENT: 40}))
    assert draw(board({Cell.WELL: 129, Cell.HELP: help_needed, Cell.SILENT: 41})) == few
    assert draw(board({Cell.WELL: 120, Cell.HELP: 10, Cell.SILENT: 40})) != few, "the control"
    assert few.startswith(b"\x89PNG\r\n\x1a\n")


def test_who_is_hurt_may_need_help() -> None:
    assert {state for state in State if cell_of(state) is Cell.HELP} == {State.HELP, State.HURT}


def test_a_region_is_asked_with_all_its_districts() -> None:
    inside = places.within("gbao")
    assert inside[0] == "gbao"
    assert "khorugh" in inside
    assert len(inside) == len(set(inside))
    assert places.within("khorugh") == ("khorugh",)
