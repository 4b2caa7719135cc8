"""The storm of kills and its oracles see what they must see, shown on a toy bot that is right or wrong on purpose."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults import count, killing, toy
from tests.faults.killing import (
    Acknowledged,
    Delivered,
    Happening,
    History,
    Killed,
    Letter,
    Misbehaved,
    Program,
    Sent,
    Started,
    Storm,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

ROOT = Path(__file__).parents[2]


def due(number: int) -> Iterable[Letter]:
    """Give the letters that a number makes due: both readers hear of it."""
    return [Letter(number, reader) for reader in toy.READERS]


@dataclass(slots=True)
class Outside:
    """The toy's world: hands out numbers, takes acknowledgements and letters. It is never killed."""

    history: History = field(default_factory=History)
    port: int = 0
    offset: int = 0
    connections: set[asyncio.Task[None]] = field(default_factory=set)
    calmed: bool = False
    refused: int = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Outside]:
        """Listen while the context lasts."""
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await self.drained()
            await server.wait_closed()

    async def drained(self) -> None:
        """Wait until every connection has ended and was read to its end."""
        while self.connections:
            await asyncio.wait(self.connections)

    def calm(self) -> None:
        """Hand out no more numbers."""
        self.calmed = True

    def bored(self) -> bool:
        """Tell whether the toy has come back for numbers often enough to have sent everything it would send."""
        return self.refused > toy.LATE

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.connections.add(task)
        try:
            while line := await reader.readline():
                if line.endswith(b"\n"):
                    writer.write(self._answer(line.decode().split()).encode() + b"\n")
                    await writer.drain()
        except ConnectionError:
            pass  # killed between asking and hearing
        finally:
            self.connections.discard(task)
            writer.close()

    def _answer(self, words: list[str]) -> str:
        match words:
            case ["take", _] if self.calmed:
                self.refused += 1
                self.history.look_again()
                return ""
            case ["take", most]:
                numbers = range(self.offset + 1, self.offset + 1 + int(most))
                for number in numbers:
                    self.history.add(Sent(number))
                return " ".join(map(str, numbers))
            case ["acknowledge", last]:
                for number in range(self.offset + 1, int(last) + 1):
                    self.history.add(Acknowledged(number))
                self.offset = max(self.offset, int(last))
            case ["deliver", number, reader]:
                self.history.add(Delivered(Letter(int(number), reader)))
        return "yes"


async def stormed(tmp_path: Path, how: str, kills: int) -> tuple[list[Happening], set[int]]:
    """Kill the toy again and again; what the outside saw, and what the toy still has in the end."""
    async with Outside().open() as outside:
        command = (sys.executable, "-m", "tests.faults.toy", str(outside.port), str(tmp_path), how)
        program = Program(command, tmp_path / "output", {"PYTHONPATH": str(ROOT)})
        await Storm(kills=kills, seed=1, patience=20).rage(
            program, outside.history, calm=outside.calm, settled=outside.bored, drained=outside.drained
        )
    file = sqlite3.connect(tmp_path / "toy.db")
    kept = {number for (number,) in file.execute("SELECT number FROM told")}
    file.close()
    return outside.history.happenings, kept


async def test_a_bot_that_commits_before_it_promises_survives_the_storm(tmp_path: Path) -> None:
    happenings, kept = await stormed(tmp_path, "right", count(60))
    assert len(killing.acknowledged(happenings)) > 10 * count(60)
    assert killing.lost(happenings, kept) == set()
    assert killing.missing(happenings, due) == set()
    assert killing.invented(happenings, due) == set()
    assert killing.repeats(happenings, toy.BATCH).outside == ()
    assert killing.disordered(happenings, lambda letter: letter.number) == set()


async def test_a_bot_that_promises_before_it_commits_is_caught(tmp_path: Path) -> None:
    happenings, kept = await stormed(tmp_path, "acknowledges first", 15)
    assert killing.lost(happenings, kept)
    assert killing.missing(happenings, due)


async def test_a_bot_that_notes_a_letter_before_it_is_sent_is_caught(tmp_path: Path) -> None:
    happenings, kept = await stormed(tmp_path, "notes first", 15)
    assert killing.lost(happenings, kept) == set()
    assert killing.missing(happenings, due)


async def test_a_bot_that_notes_letters_too_late_is_caught(tmp_path: Path) -> None:
    happenings, kept = await stormed(tmp_path, "notes late", 15)
    assert killing.lost(happenings, kept) == set()
    assert killing.missing(happenings, due) == set()
    assert killing.repeats(happenings, toy.BATCH).outside
    assert killing.repeats(happenings, toy.LATE + toy.BATCH).outside == ()


async def rage(tmp_path: Path, source: str, *, kills: int, patience: float = 20, waking: float = 0.5) -> None:
    """Send a storm over a program that has nothing to do with anybody."""
    program = Program((sys.executable, "-c", source), tmp_path / "output")
    outside = Outside()
    await Storm(kills=kills, seed=1, early=1_000_000, patience=patience, waking=waking).rage(
        program, outside.history, calm=outside.calm, settled=lambda: True, drained=outside.drained
    )


async def test_a_program_that_ends_by_itself_is_not_taken_for_a_survivor(tmp_path: Path) -> None:
    with pytest.raises(Misbehaved, match="ended by itself with 1\nI can not go on"):
        await rage(tmp_path, "import sys; sys.exit('I can not go on')", kills=1)


async def test_a_program_that_does_nothing_is_not_taken_for_a_survivor(tmp_path: Path) -> None:
    with pytest.raises(Misbehaved, match="nothing happened"):
        await rage(tmp_path, "import signal; signal.pause()", kills=1, patience=0.3)


async def test_a_program_that_dies_of_being_asked_to_stop_is_not_taken_for_a_survivor(tmp_path: Path) -> None:
    with pytest.raises(Misbehaved, match="asked to stop, it ended with -15"):
        await rage(tmp_path, "import signal; signal.pause()", kills=0)


async def test_a_program_that_takes_long_to_start_is_asked_to_stop_when_it_can_hear(tmp_path: Path) -> None:
    late = (
        "import signal, sys, time; time.sleep(1); signal.signal(signal.SIGTERM, lambda *_: sys.exit()); signal.pause()"
    )
    await rage(tmp_path, late, kills=0, waking=60)


# -- the oracles, on histories made by hand ------------------------------------------------------------------------

MOTHER, BROTHER = (Letter(1, reader) for reader in toy.READERS)
OTHERS = [Letter(number, "mother") for number in range(2, 9)]


def test_what_was_promised_and_is_gone_is_lost() -> None:
    happenings: list[Happening] = [Sent(1), Sent(2), Acknowledged(1), Killed(), Started(), Acknowledged(2)]
    assert killing.lost(happenings, {2}) == {1}
    assert killing.lost(happenings, {1, 2, 3}) == set()


def test_what_was_only_sent_may_be_gone() -> None:
    assert killing.lost([Sent(1), Killed()], set()) == set()


def test_a_letter_that_reached_one_reader_is_missing_at_the_other() -> None:
    happenings: list[Happening] = [Sent(1), Acknowledged(1), Delivered(MOTHER)]
    assert killing.missing(happenings, due) == {BROTHER}
    assert killing.missing([*happenings, Delivered(BROTHER)], due) == set()


def test_a_letter_to_a_stranger_is_invented() -> None:
    stranger = Letter(1, "stranger")
    assert killing.invented([Sent(1), Delivered(MOTHER), Delivered(stranger)], due) == {stranger}
    assert killing.invented([Delivered(MOTHER)], due) == {MOTHER}


def test_a_repeat_without_a_kill_has_no_excuse() -> None:
    found = killing.repeats([Delivered(MOTHER), Delivered(MOTHER)], 20)
    assert found == killing.Repeats((), (MOTHER,))


def test_a_repeat_after_a_kill_is_excused_once() -> None:
    once: list[Happening] = [Delivered(MOTHER), Killed(), Delivered(MOTHER)]
    assert killing.repeats(once, 1) == killing.Repeats((MOTHER,), ())
    assert killing.repeats([*once, Delivered(MOTHER)], 20) == killing.Repeats((MOTHER,), (MOTHER,))
    assert killing.repeats([*once, Killed(), Delivered(MOTHER)], 1) == killing.Repeats((MOTHER, MOTHER), ())
    assert killing.repeats_per_kill(once) == 1


def test_a_repeat_of_a_letter_long_before_the_kill_has_no_excuse() -> None:
    happenings: list[Happening] = [Delivered(MOTHER), *map(Delivered, OTHERS), Killed(), Delivered(MOTHER)]
    assert killing.repeats(happenings, 8) == killing.Repeats((MOTHER,), ())
    assert killing.repeats(happenings, 7) == killing.Repeats((), (MOTHER,))


def test_the_next_kill_after_a_delivery_is_the_one_that_can_excuse_its_repeat() -> None:
    happenings: list[Happening] = [Delivered(MOTHER), Killed(), *map(Delivered, OTHERS), Killed(), Delivered(MOTHER)]
    assert killing.repeats(happenings, 1) == killing.Repeats((MOTHER,), ())


def test_a_repeat_after_a_dropped_answer_is_excused() -> None:
    happenings: list[Happening] = [Delivered(MOTHER, answered=False), Delivered(MOTHER)]
    assert killing.repeats(happenings, 0) == killing.Repeats((MOTHER,), ())


def test_news_that_overtakes_older_news_is_seen() -> None:
    happenings: list[Happening] = [
        Delivered(Letter(2, "mother")),
        Delivered(Letter(1, "brother")),
        Delivered(Letter(1, "mother")),
    ]
    assert killing.disordered(happenings, lambda letter: letter.number) == {"mother"}
    repeated: list[Happening] = [
        Delivered(Letter(1, "mother")),
        Delivered(Letter(2, "mother")),
        Delivered(Letter(1, "mother")),
    ]
    assert killing.disordered(repeated, lambda letter: letter.number) == set()
