"""How fast it is, beside what else there is: ``python -m benchmarks`` for everything, or name parts.

python -m benchmarks checkin letters      only these parts
python -m benchmarks --quick              a first look, in a few minutes
python -m benchmarks --repeat 5           more repetitions (3)
python -m benchmarks --out FILE           write the tables to a file too
python -m benchmarks petitions --sizes 10000 100000 1000000 --people 30000 --minutes 10     the large runs, for hours
python -m benchmarks --record             write them into docs/performance.md, in place of the last ones
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks import (
    broadcast,
    checkin,
    letters,
    limits,
    looking,
    machine,
    matrix,
    names,
    petition_exports,
    petitions,
    signing,
    speaking,
    starting,
    storm,
    verifying,
    webhook,
)
from benchmarks.contest import ROOT, Contest, hold, shown

PAPER = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def _checkin(*, quick: bool) -> Iterator[Contest]:
    yield checkin.contest(quick=quick)
    yield checkin.breakdown(quick=quick)


def _webhook(*, quick: bool) -> Iterator[Contest]:
    yield webhook.stored(quick=quick)
    yield webhook.replied(quick=quick)


def _letters(*, quick: bool) -> Iterator[Contest]:
    yield letters.contest(quick=quick)


def _limits(*, quick: bool) -> Iterator[Contest]:
    yield from limits.contests(quick=quick)


def _broadcast(*, quick: bool) -> Iterator[Contest]:
    yield from broadcast.contests(quick=quick)


def _storm(*, quick: bool) -> Iterator[Contest]:
    yield storm.costs(quick=quick)
    yield storm.storms(quick=quick)
    yield storm.real(quick=quick)


def _verifying(*, quick: bool) -> Iterator[Contest]:
    yield verifying.contest(quick=quick)


def _starting(*, quick: bool) -> Iterator[Contest]:
    yield starting.contest(quick=quick)


def _speaking(*, quick: bool) -> Iterator[Contest]:
    yield speaking.contest(quick=quick)


def _matrix(*, quick: bool) -> Iterator[Contest]:
    with matrix.town(quick=quick) as made:
        yield from matrix.contests(made)


def _petitions(*, quick: bool, sizes: Sequence[int] = (), people: int = 0, minutes: float = 0.0) -> Iterator[Contest]:
    yield petitions.log(quick=quick)
    yield petitions.seals(quick=quick)
    yield petitions.stores(quick=quick, sizes=sizes)
    yield petitions.growing(quick=quick, sizes=sizes)
    yield petition_exports.contest(quick=quick, sizes=sizes)
    yield signing.contest(people or (40 if quick else 300), minutes)


def _names(*, quick: bool) -> Iterator[Contest]:
    yield names.contest(quick=quick)
    yield names.leaks(quick=quick)


def _looking(*, quick: bool) -> Iterator[Contest]:
    yield looking.contest(quick=quick)


PARTS = {
    "checkin": _checkin,
    "webhook": _webhook,
    "letters": _letters,
    "limits": _limits,
    "broadcast": _broadcast,
    "storm": _storm,
    "verifying": _verifying,
    "starting": _starting,
    "speaking": _speaking,
    "matrix": _matrix,
    "petitions": _petitions,
    "names": _names,
    "looking": _looking,
}


def _machine() -> str:
    return (
        f"{datetime.now(UTC):%d %B %Y %H:%M} UTC; {len(machine.cores())} cores, load {machine.load()}; "
        f"a million additions take {machine.pulse() * 1000:.0f} ms; Python {platform.python_version()}"
    )


def main() -> int:
    """Hold every contest that was asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="How fast it is, beside what else there is."
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of: {', '.join(PARTS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="short runs, for a first look")
    parser.add_argument("--repeat", type=int, default=3, help="repetitions of each measurement (default: 3)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[], metavar="N", help="signatures in one petition")
    parser.add_argument("--people", type=int, default=0, help="who sign a petition through the emulator")
    parser.add_argument("--minutes", type=float, default=0.0, help="within which they come (default: all at once)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the tables there too")
    parser.add_argument("--record", action="store_true", help="write the tables into docs/performance.md")
    wish = parser.parse_args()
    unknown = set(wish.parts) - PARTS.keys()
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    large = partial(_petitions, sizes=wish.sizes, people=wish.people, minutes=wish.minutes)
    parts: dict[str, Callable[..., Iterator[Contest]]] = {**PARTS, "petitions": large}
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        print(text, flush=True)

    say(f"Machine: {_machine()}.\n")
    say(f"Medians of {wish.repeat} interleaved runs, each in a process of its own (least-most).\n")
    failed = False
    for name in wish.parts or PARTS:
        for contest in parts[name](quick=wish.quick):
            result = hold(contest, wish.repeat)
            failed |= bool(result.failed)
            say(shown(result))
        if name == "starting":
            say(starting.heaviest() + "\n")
    say(f"Machine at the end: {_machine()}.")
    if wish.record:
        before, _begin, rest = PAPER.read_text("utf-8").partition(BEGIN)
        _old, _end, after = rest.partition(END)
        figures = "\n".join(said)
        PAPER.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}", "utf-8")
    if wish.out is not None:
        wish.out.write_text("\n".join(said) + "\n", "utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
