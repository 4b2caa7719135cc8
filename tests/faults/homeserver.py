"""People on a real Matrix server who tell their news again and again, and write down whatever reaches them.

A plan says what a person writes and whom that must reach; `World` lets everybody follow it, encrypted, beside a bot
that is killed meanwhile. The people and their server are never killed, so the world's `History` is the truth.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import aiohttp
import sqlalchemy as sa

from bot import i18n
from bot.domain.checkin import State
from bot.domain.conversation import Sender
from handlers import words
from storage import circles, keys, people, schema, sqlite
from storage.crypto import Keys
from storage.database import Tx
from storage.outbox import State as LetterState
from tests.faults.community import CIRCLE, KEY, Place, name_of, spoken
from tests.faults.killing import Acknowledged, Delivered, History, Letter, Program, Sent, acknowledged
from tests.matrix.crowd import Event, Neighbour
from tests.matrix.synapse import Account
from tests.matrix.vanilla import HEARD

DEPTH: Final = 2  # pieces of news that one person may have under way
GIVEN_UP: Final = 10.0  # seconds after which a person no longer waits for an answer before telling more
AWAY: Final = 60.0  # seconds that a person goes on trying to reach a server that is away: it may start no slower
PAUSE: Final = 0.2  # seconds between two tries
LOOK: Final = 2.0  # seconds that a person waits for news before thinking of telling some
SETTINGS: Final = """
community = "Canaries"
data = "data"
key_file = "secrets/payvand.key"

[matrix]
homeserver = "{url}"
user = "{user}"
password_file = "secrets/matrix.password"
per_second = 1000
"""


class Plan(Protocol):
    """What people tell. Number n is the (n // size)-th news of the person n % size."""

    @property
    def size(self) -> int:
        """Give how many people there are."""

    def text(self, number: int) -> str:
        """Give the words that tell a number."""

    def due(self, number: int) -> list[Letter]:
        """Give the letters of a number."""

    def numbers_in(self, reader: int, event: Event, told: Counter[tuple[int, int]]) -> list[int]:
        """Give the numbers that a message tells of; `told` counts (teller, reader) so far, and is counted on."""


@dataclass(frozen=True, slots=True)
class Circles:
    """Everybody is in a circle of `CIRCLE` and says “/safe”: it must reach the others there, and be confirmed.

    The letters of one teller to one reader are alike, so they are counted: the third one that arrives is the third
    piece of news.
    """

    size: int

    def text(self, number: int) -> str:
        """Say the same each time."""
        del number
        return "/safe"

    def due(self, number: int) -> list[Letter]:
        """Give the letters to the circle, and the confirmation."""
        teller = number % self.size
        start = teller - teller % CIRCLE
        return [Letter(number, name_of(one)) for one in range(start, start + CIRCLE)]

    def numbers_in(self, reader: int, event: Event, told: Counter[tuple[int, int]]) -> list[int]:
        """Count the sentences."""
        sentences = {sentence(teller, language_of(reader)): teller for teller in range(self.size)}
        found = []
        for teller in (sentences[line] for line in event.body.split("\n") if line in sentences):
            found.append(told[teller, reader] * self.size + teller)
            told[teller, reader] += 1
        return found


@dataclass(frozen=True, slots=True)
class Echo:
    """Everybody writes numbers, and a bot says each of them back."""

    size: int

    def text(self, number: int) -> str:
        """Write the number."""
        return str(number)

    def due(self, number: int) -> list[Letter]:
        """Give the answer."""
        return [Letter(number, name_of(number % self.size))]

    def numbers_in(self, reader: int, event: Event, told: Counter[tuple[int, int]]) -> list[int]:
        """Read the number."""
        del reader, told
        return [int(event.body.removeprefix(HEARD))]


def language_of(person: int) -> str:
    """Give the language that a person reads."""
    return i18n.LANGUAGES[person % len(i18n.LANGUAGES)]


def sentence(teller: int, language: str) -> str:
    """Give what reaches a reader of that language."""
    return spoken(words.said(name_of(teller), State.SAFE), language)


async def founded(directory: Path, url: str, bot: Account, neighbours: Sequence[Neighbour] = ()) -> Place:
    """Make what an operator has, with the neighbours in circles already."""
    place = Place(directory)
    secrets = directory / "secrets"
    secrets.mkdir(parents=True)
    place.data.mkdir()
    keys.write(secrets / "payvand.key", KEY)
    password = secrets / "matrix.password"
    password.touch(0o600)
    password.write_text(bot.password)
    place.settings.write_text(SETTINGS.format(url=url, user=bot.user))
    storage = await sqlite.open_file(place.database, Keys(KEY))
    await storage.write(partial(_move_in, bot=bot.user, neighbours=neighbours, now=datetime.now(UTC)))
    await storage.close()
    return place


def _move_in(tx: Tx, bot: str, neighbours: Sequence[Neighbour], now: datetime) -> None:
    circle = 0
    for number, one in enumerate(neighbours):
        met = people.meet(tx, Sender("matrix", bot, one.user), now).person
        assert met is not None
        people.change(tx, met.id, language=language_of(number), name=name_of(number))
        if number % CIRCLE == 0:
            circle = circles.make(tx, f"Circle {number}", met.id)
        else:
            circles.join(tx, circle, met.id)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a bot's database holds at the end."""

    news: int
    undelivered: int


def rows(tx: Tx) -> Rows:
    """Count."""
    news = sa.select(sa.func.count()).select_from(schema.news)
    other = sa.select(sa.func.count()).where(schema.letter.c.state != LetterState.DELIVERED.value)
    return Rows(tx.execute(news).scalar_one(), tx.execute(other).scalar_one())


class World:
    """Lets everybody tell while it is entered. `strange` holds messages of the bot that tell of nothing."""

    def __init__(self, neighbours: list[Neighbour], plan: Plan) -> None:
        self.neighbours: Final = neighbours
        self.plan: Final = plan
        self.history: Final = History()
        self.strange: Final[list[str]] = []
        self.quiet_since = 0.0
        self._calm = False
        self._told: Final[Counter[tuple[int, int]]] = Counter()  # (teller, reader)
        self._owed: Final[dict[int, set[Letter]]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._live(number)) for number in range(len(self.neighbours))]
        for task in self._tasks:
            task.add_done_callback(lambda _task: self.history.look_again())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def calm(self) -> None:
        """Let nobody tell anything new."""
        self._calm = True
        self.quiet_since = asyncio.get_running_loop().time()

    def settled(self, quiet: float) -> bool:
        """Tell whether everything has arrived, and nothing more for so many seconds. Raises what a person met."""
        for task in self._tasks:
            if task.done():
                task.result()
        return self._calm and not self._owed and asyncio.get_running_loop().time() - self.quiet_since > quiet

    def plight(self) -> str:
        """Say what has not arrived, and what is wrong with the people."""
        owed = Counter(
            (letter.reader, name_of(number % self.plan.size))
            for number, letters in self._owed.items()
            for letter in letters
        )
        lines = [f"{reader} lacks {times} letters about {teller}" for (reader, teller), times in owed.items()]
        for number, (one, task) in enumerate(zip(self.neighbours, self._tasks, strict=True)):
            chats = sorted(room for (room, user), state in one.members.items() if (user, state) == (one.user, "invite"))
            troubles = {"was invited to another chat": chats, "could not read": one.unreadable, "is gone": task.done()}
            lines += [f"{name_of(number)} {trouble}: {what}" for trouble, what in troubles.items() if what]
        return "\n".join([f"{len(acknowledged(self.history.happenings))} messages to the bot", *lines])

    async def drained(self) -> None:
        """Wait for nothing: what the dead had sent and the server takes in later is the same event for everybody."""

    async def _live(self, person: int) -> None:
        neighbour = self.neighbours[person]
        times, read = 0, 0
        loop, asked = asyncio.get_running_loop(), dict[int, float]()
        while True:
            lately = loop.time() - GIVEN_UP
            own = [number for number in self._owed if number % self.plan.size == person and asked[number] > lately]
            if not self._calm and len(own) < DEPTH:
                number = times * self.plan.size + person
                times += 1
                asked[number] = loop.time()
                self._owed[number] = set(self.plan.due(number))
                self.history.add(Sent(number))
                await _again(partial(neighbour.says, self.plan.text(number), key=f"number {number}"))
                self.history.add(Acknowledged(number))
            await _again(partial(neighbour.hears, LOOK))
            for event in neighbour.events[read:]:
                if event.kind == "m.room.message":
                    self._take(person, event)
            read = len(neighbour.events)
            self.history.look_again()

    def _take(self, reader: int, event: Event) -> None:
        numbers = self.plan.numbers_in(reader, event, self._told)
        if not numbers:
            self.strange.append(event.body)
        self.quiet_since = asyncio.get_running_loop().time()
        for number in numbers:
            letter = Letter(number, name_of(reader))
            self.history.add(Delivered(letter))
            waiting = self._owed.get(number, set())
            waiting.discard(letter)
            if not waiting:
                self._owed.pop(number, None)


@asynccontextmanager
async def serving(program: Program) -> AsyncIterator[None]:
    """Let a program live for as long as this is entered, and kill it then."""
    process = await program.start()
    try:
        yield
        if process.returncode is not None:
            raise program.misbehaved("it ended by itself")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _again(deed: Callable[[], Awaitable[object]]) -> None:
    """Do it, also when the server is away for a moment, or goes away amid its answer."""
    enough = asyncio.get_running_loop().time() + AWAY
    while True:
        try:
            await deed()
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
            if asyncio.get_running_loop().time() > enough:
                raise
            await asyncio.sleep(PAUSE)
        else:
            return
