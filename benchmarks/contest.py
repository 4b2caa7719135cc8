"""Contestants run in turn, each time in a process of its own; medians, spread and ratios are printed as one table."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
RIVALS = ROOT / ".venv-benchmarks" / "bin" / "python"
PATIENCE = 300.0

Measured = dict[str, float]


@dataclass(frozen=True, slots=True)
class Figure:
    """A column: the key in what a contestant measured, its heading, its decimals.

    `ratio` adds how the contestant stands to the first one: n times as much.
    """

    key: str
    title: str
    decimals: int = 1
    ratio: bool = False


@dataclass(frozen=True, slots=True)
class Contestant:
    """A row: a command that prints one JSON object, or a function that returns one."""

    title: str
    command: tuple[str, ...] | Callable[[], Measured]


@dataclass(frozen=True, slots=True)
class Contest:
    """A table. `at_once` contestants run at the same time: more than one, for those that mostly wait."""

    title: str
    contestants: tuple[Contestant, ...]
    figures: tuple[Figure, ...]
    aim: str = ""
    at_once: int = 1
    upright: bool = False  # one contestant, its figures one under the other
    patience: float = PATIENCE  # seconds for one run
    watched: bool = False  # its progress is shown as it goes


@dataclass(slots=True)
class Result:
    """What was measured: for each contestant each run."""

    contest: Contest
    runs: dict[str, list[Measured]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """A program of ours."""
    return (sys.executable, "-m", name, *arguments)


def _measure(one: Contestant, patience: float, *, watched: bool = False) -> Measured | str:
    if callable(one.command):
        return one.command()
    if not Path(one.command[0]).exists():
        return "not installed: make bench"
    try:
        done = subprocess.run(  # noqa: S603 - our own programs
            one.command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=None if watched else subprocess.PIPE,
            text=True,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"not done in {patience:.0f} s"
    try:
        measured: Measured = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        last = ((done.stderr or "").strip().splitlines() or ["it said nothing"])[-1]
        return f"stopped ({done.returncode}): {last}"
    return measured


def hold(contest: Contest, repeat: int) -> Result:
    """Let everybody run `repeat` times, in turn and in changing order."""
    result = Result(contest)
    measure = partial(_measure, patience=contest.patience, watched=contest.watched)
    for turn in range(repeat):
        order = [*contest.contestants[turn % len(contest.contestants) :], *contest.contestants]
        order = list(dict.fromkeys(order))
        with ThreadPoolExecutor(contest.at_once) as pool:
            for one, measured in zip(order, pool.map(measure, order), strict=True):
                if isinstance(measured, str):
                    result.failed[one.title] = measured
                else:
                    result.runs.setdefault(one.title, []).append(measured)
    return result


# -- tables ------------------------------------------------------------------------------------------------------------


def _number(value: float, decimals: int) -> str:
    return f"{value:,.{decimals}f}"


def _cell(runs: list[Measured], figure: Figure) -> str:
    values = [run[figure.key] for run in runs if figure.key in run]
    if not values:
        return "–"
    middle = _number(median(values), figure.decimals)
    if len(values) == 1:
        return middle
    low, high = (_number(value, figure.decimals) for value in (min(values), max(values)))
    return middle if low == high else f"{middle} ({low}–{high})"


def _ratio(runs: list[Measured], first: list[Measured], figure: Figure) -> str:
    values, base = ([run[figure.key] for run in some if figure.key in run] for some in (runs, first))
    if not values or not base or not median(base):
        return "–"
    return f"{median(values) / median(base):.2f}"


def rows(result: Result) -> list[list[str]]:
    """The table's cells, headings first."""
    contest = result.contest
    runs: Mapping[str, list[Measured]] = result.runs
    if contest.upright:
        only = contest.contestants[0]
        found = runs.get(only.title, [])
        return [
            ["", only.title],
            *(
                [figure.title, _cell(found, figure)]
                for figure in contest.figures
                if any(figure.key in r for r in found)
            ),
        ]
    heads = [""]
    for figure in contest.figures:
        heads += [figure.title, "ratio"] if figure.ratio else [figure.title]
    table = [heads]
    for one in contest.contestants:
        if one.title not in runs:
            table.append([one.title, result.failed.get(one.title, "no result"), *[""] * (len(heads) - 2)])
            continue
        cells = [one.title]
        for figure in contest.figures:
            cells.append(_cell(runs[one.title], figure))
            if figure.ratio:
                cells.append(_ratio(runs[one.title], runs.get(contest.contestants[0].title, []), figure))
        table.append(cells)
    return table


def shown(result: Result) -> str:
    """The table in Markdown, aligned so that it reads well in a terminal too."""
    table = rows(result)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [
        "| "
        + " | ".join(cell.rjust(w) if n else cell.ljust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True)))
        + " |"
        for row in (table[0], rule, *table[1:])
    ]
    title = f"### {result.contest.title}\n"
    aim = f"\nAim: {result.contest.aim}.\n" if result.contest.aim else ""
    return "\n".join((title, *lines, aim))
