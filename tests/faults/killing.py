"""Kill -9 at random moments, and the outside's record of what was promised and what arrived.

The program under test runs as a process of its own. Everything it promises (an update it acknowledges) and everything
it sends (a letter it delivers) is seen by the outside, an emulator in the test's process, which writes it into a
`History`. The outside is never killed, so its history is the truth; the oracles below read it.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.faults import FULL

# -- what the outside saw ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Letter:
    """The message that tells `reader` about `number` (a check-in, a call for help, a broadcast's item)."""

    number: int
    reader: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The outside handed `number` to the program (each time anew, if it had to do it again)."""

    number: int


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The program promised to keep `number`: the offset passed it, or the webhook answered 200."""

    number: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """The outside accepted a letter. `answered` is False if it then dropped the answer on purpose."""

    letter: Letter
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Started:
    """The program was started."""


@dataclass(frozen=True, slots=True)
class Killed:
    """The program was killed, and everything it had sent before was taken in."""


Happening = Sent | Acknowledged | Delivered | Started | Killed


class History:
    """What happened, in the order in which the outside saw it. Belongs to one event loop."""

    def __init__(self) -> None:
        self.happenings: list[Happening] = []
        self._grew = asyncio.Event()

    def add(self, happening: Happening) -> None:
        """Write down one happening, before anybody is told that it happened."""
        self.happenings.append(happening)
        self._grew.set()

    def look_again(self) -> None:
        """Let whoever waits for a condition look at it again, although nothing happened that is worth a line."""
        self._grew.set()

    async def reaches(self, length: int) -> None:
        """Wait until that many happenings are written down."""
        while len(self.happenings) < length:
            self._grew.clear()
            await self._grew.wait()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds, looking at it again after each happening."""
        while not condition():
            self._grew.clear()
            await self._grew.wait()


# -- the oracles ---------------------------------------------------------------------------------------------------


def acknowledged(happenings: Iterable[Happening]) -> set[int]:
    """What the program promised to keep."""
    return {each.number for each in happenings if isinstance(each, Acknowledged)}


def copies(happenings: Iterable[Happening]) -> Counter[Letter]:
    """How often each letter was delivered."""
    return Counter(each.letter for each in happenings if isinstance(each, Delivered))


def lost(happenings: Iterable[Happening], kept: Iterable[int]) -> set[int]:
    """What was promised and is not among what the program still has."""
    return acknowledged(happenings) - set(kept)


def missing(happenings: Sequence[Happening], due: Callable[[int], Iterable[Letter]]) -> set[Letter]:
    """Letters that are due for something acknowledged, and that nobody ever got."""
    arrived = copies(happenings)
    return {letter for number in acknowledged(happenings) for letter in due(number) if not arrived[letter]}


def invented(happenings: Sequence[Happening], due: Callable[[int], Iterable[Letter]]) -> set[Letter]:
    """Letters that arrived although nothing that was sent made them due: wrong reader, or wrong news."""
    sent = {each.number for each in happenings if isinstance(each, Sent)}
    return set(copies(happenings)) - {letter for number in sent for letter in due(number)}


@dataclass(frozen=True, slots=True)
class Repeats:
    """Letters that arrived once more: `inside` what a kill or a dropped answer excuses, and `outside` of it."""

    inside: tuple[Letter, ...]
    outside: tuple[Letter, ...]


def repeats(happenings: Sequence[Happening], window: int) -> Repeats:
    """Sort the repeated letters by whether they are excused.

    A repeat is excused if the answer to the copy before was dropped, or if the program was killed when that copy was
    among the last `window` deliveries: so many may be delivered and not yet durably noted as delivered.
    """
    inside: list[Letter] = []
    outside: list[Letter] = []
    delivered = 0
    kills: list[int] = []  # how many deliveries there were at each kill
    last: dict[Letter, tuple[int, bool]] = {}
    for each in happenings:
        if isinstance(each, Killed):
            kills.append(delivered)
        elif isinstance(each, Delivered):
            if each.letter in last:
                before, answered = last[each.letter]
                next_kill = next((kill for kill in kills if kill > before), None)
                excused = not answered or (next_kill is not None and next_kill - before <= window)
                (inside if excused else outside).append(each.letter)
            last[each.letter] = (delivered, each.answered)
            delivered += 1
    return Repeats(tuple(inside), tuple(outside))


def repeats_per_kill(happenings: Sequence[Happening]) -> float:
    """How many letters arrived once more, per kill."""
    kills = sum(isinstance(each, Killed) for each in happenings)
    again = sum(count - 1 for count in copies(happenings).values())
    return again / kills if kills else 0.0


def disordered(happenings: Iterable[Happening], order: Callable[[Letter], int]) -> set[str]:
    """Readers to whom a first copy came after the first copy of something that should have come later."""
    newest: defaultdict[str, int] = defaultdict(lambda: -1)
    seen: set[Letter] = set()
    found: set[str] = set()
    for each in happenings:
        if isinstance(each, Delivered) and each.letter not in seen:
            seen.add(each.letter)
            if order(each.letter) < newest[each.letter.reader]:
                found.add(each.letter.reader)
            newest[each.letter.reader] = max(newest[each.letter.reader], order(each.letter))
    return found


# -- the storm -----------------------------------------------------------------------------------------------------


class Misbehaved(Exception):  # noqa: N818 - a state of affairs
    """The program ended by itself, got stuck, or did not stop when asked. Holds the end of what it printed."""


@dataclass(frozen=True, slots=True)
class Program:
    """How to start the process under test. What it prints is added to `output`."""

    command: tuple[str, ...]
    output: Path
    environment: Mapping[str, str] | None = None

    async def start(self) -> asyncio.subprocess.Process:
        """Start it once."""
        with self.output.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *self.command, env=self.environment, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output
            )

    def misbehaved(self, how: str) -> Misbehaved:
        """Say what went wrong, with the last words of the program."""
        return Misbehaved(f"{how}\n{self.output.read_text(errors='replace')[-2000:]}")


@dataclass(frozen=True, slots=True)
class Storm:
    """How to kill.

    `busy` bounds how many happenings (from its start) the program is given before it is killed, so that it is killed
    under load on a slow machine too; a moment of up to `wobble` seconds is added, so that the kill also lands between
    happenings. One start in `early` is killed while it is still starting, at most `starting` seconds into it.
    `patience` is how many seconds without any happening count as stuck: long in a full proof, which may be run beside
    much else. `waking` is how many seconds the last start may take until the program could be asked to stop.
    """

    kills: int
    seed: int
    busy: tuple[int, int] = (1, 200)
    wobble: float = 0.005
    early: int = 10
    starting: float = 0.5
    patience: float = 900.0 if FULL else 120.0
    waking: float = 60.0

    async def rage(
        self,
        program: Program,
        history: History,
        *,
        calm: Callable[[], None],
        settled: Callable[[], bool],
        drained: Callable[[], Awaitable[None]],
    ) -> None:
        """Start and kill, `kills` times; then let it run until all is `settled`, and stop it (SIGTERM, exit code 0).

        `calm` ends the load when the last start is over. `drained` waits until the outside has taken in everything
        that a dead process had sent. Raises Misbehaved.
        """
        dice = random.Random(self.seed)
        for _ in range(self.kills):
            process = await program.start()
            history.add(Started())
            await self._doom(process, program, history, dice)
            process.kill()
            ended = await process.wait()
            if ended != -signal.SIGKILL:
                raise program.misbehaved(f"it ended by itself with {ended}")
            await drained()
            history.add(Killed())
        await self._finish(program, history, calm, settled)

    async def _doom(
        self, process: asyncio.subprocess.Process, program: Program, history: History, dice: random.Random
    ) -> None:
        """Wait for the moment to kill."""
        if dice.randrange(self.early) == 0:
            await asyncio.sleep(dice.uniform(0, self.starting))
            return
        enough = len(history.happenings) + dice.randint(*self.busy)
        await self._while_alive(history.reaches(enough), process, program, history)
        await asyncio.sleep(dice.uniform(0, self.wobble))

    async def _finish(
        self, program: Program, history: History, calm: Callable[[], None], settled: Callable[[], bool]
    ) -> None:
        process = await program.start()
        history.add(Started())
        # else a slow start would be taken for the quiet at the end, and be asked to stop before it can hear that
        await self._woken(process)
        calm()
        await self._while_alive(history.until(settled), process, program, history)
        process.terminate()
        try:
            ended = await asyncio.wait_for(process.wait(), self.patience)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise program.misbehaved("it did not stop when asked") from None
        if ended != 0:
            raise program.misbehaved(f"asked to stop, it ended with {ended}")

    async def _woken(self, process: asyncio.subprocess.Process) -> None:
        """Wait until a program has started so far that it handles SIGTERM, has ended, or takes too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.waking):
                while process.returncode is None and not _handles(process.pid, signal.SIGTERM):  # noqa: ASYNC110 - no event
                    await asyncio.sleep(0.02)

    async def _while_alive(
        self, goal: Awaitable[None], process: asyncio.subprocess.Process, program: Program, history: History
    ) -> None:
        """Wait for a goal as long as the program lives and something happens."""
        reaching = asyncio.ensure_future(goal)
        dying = asyncio.ensure_future(process.wait())
        try:
            while not reaching.done():
                length = len(history.happenings)
                await asyncio.wait((reaching, dying), timeout=self.patience, return_when=asyncio.FIRST_COMPLETED)
                if reaching.done():
                    break
                if dying.done():
                    raise program.misbehaved(f"it ended by itself with {dying.result()}")
                if len(history.happenings) == length:
                    process.kill()
                    await process.wait()
                    raise program.misbehaved(f"nothing happened for {self.patience} seconds")
            reaching.result()
        finally:
            for task in (reaching, dying):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


def _handles(process: int, which: signal.Signals) -> bool:
    """Whether a process has a handler for a signal (Linux)."""
    try:
        said = Path(f"/proc/{process}/status").read_text("ascii", errors="replace")
    except OSError:  # it is gone
        return False
    caught = next(line.split()[1] for line in said.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (which - 1) & 1)
