"""Encrypted rooms on a real Matrix server: letters out, commands answered, memory, and back after a kill.

Beside Payvand (real outbox, database and router, each letter stored and noted) a bot as the examples of matrix-nio
write it, which stores nothing. Both are in the same four hundred rooms of the same people, two hundred of them
encrypted, and each run's letters are decrypted and counted by those they were sent to.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import broadcast, letters, machine
from benchmarks.contest import ROOT, Contest, Contestant, Figure, Measured, module
from benchmarks.obeying import AT_ONCE, obey
from benchmarks.server import serving
from benchmarks.starting import found
from bot import i18n, settings
from bot import serving as house
from bot.app import App
from bot.domain.conversation import Sender
from bot.outbox.pace import Limits
from bot.platforms.matrix import Matrix
from storage import broadcasts, people, readers
from storage.database import Tx
from storage.readers import Reading
from tests.matrix.crowd import Crowd, Neighbour
from tests.matrix.synapse import Account, Synapse

PATIENCE = 900.0  # seconds for a bot to come into all its rooms
WARM = 3  # rounds of letters after the first one
SPEAKERS = 10
TALKS = 6  # commands of each of them
LIMITS = Limits(None, 0.0, None, AT_ONCE, 0.0)
COMMAND = "/start"
PUBLISHED = "No. "  # in a bulletin, and in no letter
SAID = "From Person 0 in person"  # in each letter, and in nothing else


class Bot:
    """One contestant: an account, where it keeps things, its rooms, and how its two programs are started."""

    def __init__(self, title: str, account: Account, home: Path) -> None:
        self.title = title
        self.account = account
        self.home = home
        self.rooms: list[str] = []
        self.obeying: tuple[str, ...] = ()
        self.publishing: tuple[str, ...] = ()
        self.living: tuple[str, ...] = ()
        self.told = 0


class Town:
    """A homeserver, people who live there, and both bots in all of their rooms."""

    def __init__(self, synapse: Synapse, crowd: Crowd, runner: asyncio.Runner, home: Path, size: int) -> None:
        self.synapse = synapse
        self.crowd = crowd
        self.runner = runner
        self.home = home
        self.size = size
        self.encrypted: list[Neighbour] = []
        self.plain: list[Neighbour] = []
        self.bots = [Bot(title, synapse.register("bot"), home / title.split()[0]) for title in TITLES]

    @property
    def people(self) -> list[Neighbour]:
        """Everybody, those with encrypted rooms first."""
        return [*self.encrypted, *self.plain]

    async def move_in(self) -> None:
        """Let everybody make a room with each bot."""
        self.encrypted = await self.crowd.neighbours(self.size)
        self.plain = await self.crowd.neighbours(self.size)
        door = asyncio.Semaphore(AT_ONCE)
        for bot in self.bots:

            async def one(person: Neighbour, bot: Bot = bot) -> str:
                async with door:
                    return await person.invites(bot.account.user, encrypted=person in self.encrypted)

            bot.rooms = await asyncio.gather(*(one(person) for person in self.people))
            bot.home.mkdir()
            listed = {"all": len(bot.rooms), "encrypted": bot.rooms[: self.size]}
            (bot.home / "rooms.json").write_text(json.dumps(listed), "utf-8")
            (bot.home / "people.json").write_text(json.dumps([person.user for person in self.people]), "utf-8")

    def visits(self, bot: Bot, number: int) -> Neighbour:
        """A person, in their room with a bot."""
        person = self.people[number]
        person.room, person.partners = bot.rooms[number], [bot.account.user]
        return person

    # -- letters -------------------------------------------------------------------------------------------------------

    def sends(self, bot: Bot) -> Measured:
        """A bot's letters to everybody with an encrypted room: the first ones after its start, and later ones."""
        with obedient(bot) as ask:
            ask("")
            server = machine.cpu_of(self.synapse.pid)
            rounds = [ask(f"{self.size}\n") for _ in range(1 + WARM)]
            server = machine.cpu_of(self.synapse.pid) - server
        bot.told += len(rounds)
        first, later = rounds[0], rounds[1:]
        lost, unreadable = self.runner.run(self._count(bot))
        return {
            "first_rate": first["rate"],
            "first_cpu": first["cpu_ms"],
            "rate": sum(one["rate"] for one in later) / WARM,
            "cpu_ms": sum(one["cpu_ms"] for one in later) / WARM,
            "server_ms": server / self.size / len(rounds) * 1000,
            "lost": lost,
            "unreadable": unreadable,
        }

    async def _count(self, bot: Bot) -> tuple[float, float]:
        await asyncio.gather(*(one.hears() for one in self.encrypted))
        lost = unreadable = 0
        for person in self.encrypted:
            said = sum(SAID in event.body for event in person.messages if event.sender == bot.account.user)
            lost += bot.told - said
            unreadable += len(person.unreadable)
        return lost, unreadable

    # -- bulletins -----------------------------------------------------------------------------------------------------

    def publishes(self, bot: Bot) -> Measured:
        """A bulletin to everybody with an encrypted chat: fed, claimed, sent, and noted for each reader."""
        with obedient(bot, bot.publishing) as ask:
            ask("")
            server = machine.cpu_of(self.synapse.pid)
            found = ask(f"{self.size}\n")
            server = machine.cpu_of(self.synapse.pid) - server
        self.runner.run(self._hear_all())
        got = [sum(PUBLISHED in event.body for event in person.messages) for person in self.encrypted]
        return {
            "rate": found["rate"],
            "hours": 10_000 / found["rate"] / 3600,
            "cpu_ms": found["cpu_ms"],
            "server_ms": server / self.size * 1000,
            "lost": got.count(0),
            "twice": sum(count > 1 for count in got),
        }

    async def _hear_all(self) -> None:
        await asyncio.gather(*(one.hears() for one in self.encrypted))

    # -- commands ------------------------------------------------------------------------------------------------------

    def talks(self, bot: Bot) -> Measured:
        """From a person's command to its answer on their screen, one after the other, each in an encrypted room."""
        with obedient(bot) as ask:
            ask("")
            waits = self.runner.run(self._talk(bot))
        return {
            "p50_ms": machine.percentile(waits, 50) * 1000,
            "p95_ms": machine.percentile(waits, 95) * 1000,
            "most_ms": max(waits) * 1000,
        }

    async def _talk(self, bot: Bot) -> list[float]:
        waits = []
        for turn in range(TALKS + 1):
            for number in range(min(SPEAKERS, self.size)):
                person = self.visits(bot, number)
                await person.hears()
                begun, before = time.perf_counter(), len(person.messages)
                await person.says(COMMAND)
                await person.until(partial(_more, person, before))
                if turn:  # the first answer after a start carries a new key
                    waits.append(time.perf_counter() - begun)
        return waits

    # -- memory and coming back ----------------------------------------------------------------------------------------

    def comes_back(self, bot: Bot) -> Measured:
        """Start a bot that was killed, with a command waiting for it; when that is answered, how much it holds."""
        person = self.visits(bot, 0)
        self.runner.run(person.hears())
        before = len(person.messages)
        self.runner.run(person.says(COMMAND))
        begun = time.perf_counter()
        with subprocess.Popen(bot.living, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603
            try:
                self.runner.run(person.until(partial(_more, person, before), 60))
                answered = time.perf_counter() - begun
                self.runner.run(person.hears(2))
                present, most = machine.memory_of(process.pid)
            finally:
                process.kill()
        return {"seconds": answered, "rss": present, "peak": most}


TITLES = ("Payvand", "matrix-nio, bare")


def _more(person: Neighbour, before: int) -> bool:
    return len(person.messages) > before


@contextmanager
def obedient(bot: Bot, program: tuple[str, ...] = ()) -> Iterator[Callable[[str], Measured]]:
    """Run a bot's obeying (or another) program; what is given makes it do something and waits for what it tells."""
    log = (bot.home / "log").open("ab")
    with (
        log,
        subprocess.Popen(  # noqa: S603 - our own programs
            program or bot.obeying, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):

        def ask(line: str) -> Measured:
            if process.stdin is None or process.stdout is None:
                raise RuntimeError
            process.stdin.write(line)
            process.stdin.flush()
            watch = threading.Timer(PATIENCE, process.kill)
            watch.start()
            try:
                while line := process.stdout.readline():
                    if line.startswith("{"):  # what it logs comes the same way
                        told: Measured = json.loads(line)
                        return told
            finally:
                watch.cancel()
            raise RuntimeError((bot.home / "log").read_text("utf-8")[-2000:])

        try:
            yield ask
        finally:
            process.kill()


@contextmanager
def town(*, quick: bool) -> Iterator[Town]:
    """Everything but the bots, on the other core."""
    size = 20 if quick else 200
    everywhere = os.sched_getaffinity(0)
    with ExitStack() as stack:
        machine.pin(machine.other_core())
        stack.callback(os.sched_setaffinity, 0, everywhere)
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        synapse = stack.enter_context(Synapse())
        runner = stack.enter_context(asyncio.Runner())
        outside = AsyncExitStack()
        stack.callback(lambda: runner.run(outside.aclose()))
        crowd = runner.run(outside.enter_async_context(Crowd(synapse)))
        remote = runner.run(outside.enter_async_context(serving("calm")))
        made = Town(synapse, crowd, runner, home, size)
        runner.run(made.move_in())
        ours, nio = made.bots
        written = _found(ours, synapse.url, remote.url, remote.token)
        ours.obeying = module("benchmarks.matrix", str(written), str(ours.home))
        ours.publishing = (*ours.obeying, "bulletins")
        ours.living = module("bot", "--settings", str(written), "run")
        access = (synapse.url, nio.account.user, nio.account.password, str(nio.home))
        nio.obeying = module("benchmarks.rivals.nio_bot", *access, str(nio.home / "rooms.json"))
        nio.living = module("tests.matrix.vanilla", *access)
        yield made


def _found(bot: Bot, homeserver: str, api: str, token: str) -> Path:
    """A community with both platforms on."""
    written = found(bot.home, api, token)
    password = bot.home / "password"
    password.touch(0o600)
    password.write_text(bot.account.password, "utf-8")
    part = f'\n[matrix]\nhomeserver = "{homeserver}"\nuser = "{bot.account.user}"\npassword_file = "{password}"\n'
    with written.open("a", encoding="utf-8") as file:
        file.write(part)
    return written


def contests(made: Town) -> Iterator[Contest]:
    """What `python -m benchmarks matrix` measures."""

    def all_of(measure: Callable[[Bot], Measured]) -> tuple[Contestant, ...]:
        return tuple(Contestant(bot.title, partial(measure, bot)) for bot in made.bots)

    yield Contest(
        title=f"Matrix: letters to {made.size} encrypted rooms, {AT_ONCE} in the air, one homeserver on one core",
        contestants=all_of(made.sends),
        figures=(
            Figure("first_rate", "first/s", 1, ratio=True),
            Figure("first_cpu", "CPU ms", 1),
            Figure("rate", "later/s", 1, ratio=True),
            Figure("cpu_ms", "CPU ms each", 2, ratio=True),
            Figure("server_ms", "homeserver's CPU ms", 1),
            Figure("lost", "lost", 0),
            Figure("unreadable", "unreadable", 0),
        ),
    )
    yield Contest(
        title=f"Matrix: a bulletin to {made.size} readers in encrypted chats, one homeserver on one core",
        contestants=(Contestant(TITLES[0], partial(made.publishes, made.bots[0])),),
        figures=(
            Figure("rate", "readers/s", 1),
            Figure("hours", "hours for 10,000", 2),
            Figure("cpu_ms", "CPU ms each", 2),
            Figure("server_ms", "homeserver's CPU ms", 1),
            Figure("lost", "lost", 0),
            Figure("twice", "twice", 0),
        ),
    )
    yield Contest(
        title="Matrix: from a command in an encrypted room to its answer, decrypted",
        contestants=all_of(made.talks),
        figures=(
            Figure("p50_ms", "p50 ms", 0, ratio=True),
            Figure("p95_ms", "p95 ms", 0, ratio=True),
            Figure("most_ms", "longest ms", 0),
        ),
    )
    yield Contest(
        title=f"Matrix: killed and started again with {2 * made.size} rooms (Payvand with Telegram on, too)",
        contestants=all_of(made.comes_back),
        figures=(
            Figure("seconds", "s to the answer", 2, ratio=True),
            Figure("rss", "MiB", 0, ratio=True),
            Figure("peak", "MiB at most", 0),
        ),
    )


# -- the bot that is measured ------------------------------------------------------------------------------------------


def _meet_all(tx: Tx, bot: str, users: list[str]) -> None:
    now = datetime.now(UTC)
    for number, user in enumerate(users):
        met = people.meet(tx, Sender("matrix", bot, user), now)
        if met.person is not None:
            people.change(tx, met.person.id, language="en", name=f"Person {number}")


def _subscribe(tx: Tx, bot: str, users: list[str]) -> None:
    for user in users:
        met = people.meet(tx, Sender("matrix", bot, user), datetime.now(UTC))
        if met.person is not None:
            readers.keep(tx, met.person.id, Reading())


async def ours(written: Path, home: Path, *, bulletins: bool = False) -> None:
    """Payvand with Matrix alone: letters, or a bulletin, are posted in its database and leave through its outbox."""
    i18n.open_catalogues()
    chosen = settings.load(written)
    if chosen.matrix is None:
        raise RuntimeError
    users: list[str] = json.loads((home / "people.json").read_text("utf-8"))
    encrypted = len(users) // 2
    async with AsyncExitStack() as stack:
        storage, keys = await house.open_storage(chosen)
        stack.push_async_callback(storage.close)
        account = await house._matrix(chosen, chosen.matrix, storage, keys, stack)  # noqa: SLF001
        await storage.write(partial(_meet_all, bot=account.courier.bot, users=users))
        app = App(storage, [(account.courier, LIMITS)], {account.key: account.link})
        living = asyncio.create_task(app.run(account.listen(app)))
        route = f"matrix/{account.courier.bot}"
        client: Any = account.courier
        if not isinstance(client, Matrix):
            raise TypeError

        async def all_sent() -> bool:
            return not await letters.left(storage, route)

        async def settled() -> bool:
            with suppress(RuntimeError):
                inside = len(client.client.rooms()) >= len(users) and not client.client.errands()
                return inside and await all_sent()
            return False

        async def publish(count: int) -> None:
            del count  # everybody in an encrypted chat reads it
            await storage.write(partial(broadcast.publish, now=datetime.now(UTC)))
            while await storage.read(broadcasts.under_way) or not await all_sent():  # noqa: ASYNC110 - as below
                await asyncio.sleep(0.1)

        async def send(count: int) -> None:
            await letters.post(storage, min(count, encrypted))
            while not await all_sent():  # noqa: ASYNC110 - rows have no event
                await asyncio.sleep(0.1)

        if bulletins:
            await storage.write(partial(_subscribe, bot=account.courier.bot, users=users[:encrypted]))
        await obey(settled, publish if bulletins else send, living)


if __name__ == "__main__":
    machine.pin(machine.bot_core())
    asyncio.run(ours(Path(sys.argv[1]), Path(sys.argv[2]), bulletins=sys.argv[3:] == ["bulletins"]))
