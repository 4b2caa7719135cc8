"""A community whose every piece of news has a number, so that what was told can be compared with what arrived.

`founded` makes what an operator has: settings, keys, a token and a database, with people who have met the bot already
(a storm of kills has no use for hundreds of first contacts). `World` is everything outside the bot: a Telegram whose
people tell their news one after the other, and which writes down what it handed out, what was confirmed and what it
was given to deliver. The world is never killed, so its `History` is the truth.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from aiohttp import web

from bot import i18n
from bot.domain.checkin import State
from bot.domain.conversation import Line, Page, Sender, Text
from bot.i18n import _
from handlers import words
from storage import circles, inspection, keys, people, schema, sqlite
from storage.crypto import Keys
from storage.database import Tx
from storage.outbox import State as LetterState
from tests.faults.killing import Acknowledged, Delivered, History, Letter, Program, Sent
from tests.telegram.emulator import TOKEN, Emulator, Fault

ROOT: Final = Path(__file__).parents[2]
BOT: Final = TOKEN.partition(":")[0]
KEY: Final = bytes(range(32))
FIRST: Final = 7_000_001  # the account of the first person
CIRCLE: Final = 4  # people in each circle
BLOCK: Final = 40  # people who tell their news at the same time
OWED: Final = 300  # letters that may be owed at any moment: more than the outbox has under way at once
SETTINGS: Final = """
community = "Canaries"
data = "data"
key_file = "secrets/payvand.key"

[telegram]
token_file = "secrets/telegram.token"
api = "{api}"

[telegram.pace]
per_second = {pace}
per_chat = 0
"""

# The kinds of news, each by its own sentence: whoever tells each of them once tells four numbers.
KINDS: Final = (State.SAFE, State.HURT, State.MOVED, State.HELP)
_MSGIDS: Final = {words.said("", state).msgid: kind for kind, state in enumerate(KINDS)}
_UNANSWERED: Final = frozenset({"lost", "half"})


@dataclass(frozen=True, slots=True)
class Community:
    """So many people, in circles of `CIRCLE`; each of them has news of every kind, and each piece has a number.

    Neighbours tell their first news, then their second: a block of people after the other, so that news of several
    people is on its way to a circle at the same time.
    """

    size: int

    def __post_init__(self) -> None:
        """Only whole blocks."""
        assert self.size % BLOCK == 0

    @property
    def numbers(self) -> range:
        """All the news there will be."""
        return range(len(KINDS) * self.size)

    def teller(self, number: int) -> int:
        """Give the person, from 0, who tells a number."""
        return number // (len(KINDS) * BLOCK) * BLOCK + number % BLOCK

    def kind(self, number: int) -> int:
        """Give the kind, an index of `KINDS`, of a number."""
        return number // BLOCK % len(KINDS)

    def readers(self, number: int) -> list[int]:
        """Give the people who must hear of a number: the teller's circle."""
        teller = self.teller(number)
        start = teller - teller % CIRCLE
        return [one for one in range(start, min(start + CIRCLE, self.size)) if one != teller]

    def due(self, number: int) -> list[Letter]:
        """Give the letters of a number: the circle's, and the answer to the teller (a call for help has another)."""
        answer = [] if KINDS[self.kind(number)] is State.HELP else [self.teller(number)]
        return [Letter(number, account(one)) for one in (*self.readers(number), *answer)]

    def number_of(self, name: str, kind: int) -> int:
        """Give the number of a person's news."""
        block, person = divmod(int(name[1:]), BLOCK)
        return (block * len(KINDS) + kind) * BLOCK + person

    def numbers_in(self, text: Text) -> list[int]:
        """Give the numbers that a letter tells of, before it is spoken."""
        lines = text.lines if isinstance(text, Page) else (text,)
        said = [line for line in lines if isinstance(line, Line) and line.msgid in _MSGIDS]
        return [self.number_of(str(line.values["name"]), _MSGIDS[line.msgid]) for line in said]

    def sentences(self) -> dict[str, int]:
        """Give each sentence, as a reader of any language reads it, with its number."""
        return {
            spoken(words.said(name_of(self.teller(number)), KINDS[self.kind(number)]), language): number
            for number in self.numbers
            for language in i18n.LANGUAGES
        }


def account(person: int) -> str:
    """Give a person's account."""
    return str(FIRST + person)


def name_of(person: int) -> str:
    """Give the name that a person has told."""
    return f"P{person:05d}"


def spoken(line: Line, language: str) -> str:
    """Say a line as it is read on a screen."""
    return i18n.plain(i18n.speak(line, language, datetime(2026, 1, 1, tzinfo=UTC)))


# -- what the operator has ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """The directory of a community: settings, secrets, and the data below it."""

    directory: Path

    @property
    def settings(self) -> Path:
        """The settings' file."""
        return self.directory / "payvand.toml"

    @property
    def data(self) -> Path:
        """Where the database is."""
        return self.directory / "data"

    @property
    def database(self) -> Path:
        """The database."""
        return self.data / "payvand.db"

    @property
    def output(self) -> Path:
        """What the bot prints."""
        return self.directory / "output"

    def program(self, *ways: str, environment: Mapping[str, str] | None = None) -> Program:
        """``payvand run``; or, with `ways`, the same with something changed (see `tests.faults.running`)."""
        return self.command("run", *ways, environment=environment)

    def command(self, name: str, *ways: str, environment: Mapping[str, str] | None = None) -> Program:
        """Give any other command of ``payvand``, in the same way."""
        module = ("tests.faults.running", *ways, "--") if ways else ("bot",)
        surroundings = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", **(environment or {})}
        whole = (sys.executable, "-m", *module, "--settings", str(self.settings), name)
        return Program(whole, self.output, surroundings)

    def peek(self, work: Callable[[Tx], Any]) -> Any:  # noqa: ANN401 - whatever the work returns
        """Look into the database of a dead bot, as it was left: into a copy, so that the next start finds it so."""
        copy = self.directory / "peeked"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for file in self.data.glob("payvand.db*"):
            if not file.name.endswith(("-shm", ".lock")):
                shutil.copy(file, copy)
        with inspection.look(copy / "payvand.db", Keys(KEY)) as tx:
            return work(tx)


async def founded(
    directory: Path, api: str, community: Community | None = None, *, pace: int = 1000, more: str = ""
) -> Place:
    """Make the community's directory, with people in it who have met the bot already.

    `pace` is how many messages a second the bot may send, `more` is added to the settings. Without a `community`
    nobody has met it, and there is no database yet.
    """
    place = Place(directory)
    secrets = directory / "secrets"
    secrets.mkdir()
    place.data.mkdir(exist_ok=True)
    keys.write(secrets / "payvand.key", KEY)
    token = secrets / "telegram.token"
    token.touch(0o600)
    token.write_text(TOKEN)
    place.settings.write_text(SETTINGS.format(api=api, pace=pace) + more)
    if community is not None:
        storage = await sqlite.open_file(place.database, Keys(KEY))
        await storage.write(partial(_move_in, community=community, now=datetime.now(UTC)))
        await storage.close()
    return place


def _move_in(tx: Tx, community: Community, now: datetime) -> None:
    circle = 0
    for person in range(community.size):
        met = people.meet(tx, Sender("telegram", BOT, account(person)), now).person
        assert met is not None
        language = i18n.LANGUAGES[person % len(i18n.LANGUAGES)]
        people.change(tx, met.id, language=language, name=name_of(person))
        if person % CIRCLE == 0:
            circle = circles.make(tx, f"Circle {person}", met.id)
        else:
            circles.join(tx, circle, met.id)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a database holds: numbers whose news is there, letters under way, and letters that ended undelivered."""

    numbers: frozenset[int]
    waiting: frozenset[Letter]
    flying: frozenset[Letter]
    failed: int


def kept(tx: Tx, community: Community) -> Kept:
    """Read everything that matters, unsealing it."""
    told = sa.select(schema.person.c.name, schema.news.c.state).join(
        schema.person, schema.news.c.person_id == schema.person.c.id
    )
    numbers = frozenset(community.number_of(row.name, KINDS.index(State(row.state))) for row in tx.execute(told))
    ended_badly = sa.select(sa.func.count()).where(schema.letter.c.state > LetterState.DELIVERED.value)
    failed: int = tx.execute(ended_badly).scalar_one()
    return Kept(numbers, _letters(tx, community, LetterState.WAITING), flying(tx, community), failed)


def flying(tx: Tx, community: Community) -> frozenset[Letter]:
    """Read which letters are on their way: claimed, and not noted as delivered."""
    return _letters(tx, community, LetterState.FLYING)


def _letters(tx: Tx, community: Community, state: LetterState) -> frozenset[Letter]:
    rows = tx.execute(
        sa.select(schema.letter.c.body, schema.address.c.reach)
        .join(schema.address)
        .where(schema.letter.c.state == state.value)
    )
    return frozenset(
        Letter(number, row.reach)
        for row in rows
        for number in community.numbers_in(i18n.from_json(json.loads(row.body)["t"]))
    )


# -- what is outside of the bot -------------------------------------------------------------------------------------


class World(Emulator):
    """A Telegram whose people tell the numbers of a community in order, and which writes everything down.

    `on_mark(kind, number)` is told of what is confirmed ("acknowledged") and of each letter that arrived ("delivered",
    see `World.delivery`), before the bot hears of it. At most `batch` updates are handed out at once. `loud` are
    copies beyond the first that were not marked as one that may come twice: nobody may ever get one.
    """

    def __init__(
        self,
        community: Community,
        *,
        on_mark: Callable[[str, int], None] | None = None,
        batch: int = 100,
        **options: Any,  # noqa: ANN401 - the emulator's own
    ) -> None:
        super().__init__(strict=False, **options)
        self.community = community
        self.history = History()
        self.loud: list[Letter] = []
        self.until_number = len(community.numbers)
        self._batch = batch
        self._on_mark = on_mark or (lambda _kind, _number: None)
        self._sentences = community.sentences()
        self._repeats = {
            spoken(_("<i>(This message may reach you twice.)</i>"), language) for language in i18n.LANGUAGES
        }
        self._next = 0
        self._number_of: dict[int, int] = {}
        self._owed = 0
        self._arrived: set[Letter] = set()
        self._plainly: set[Letter] = set()
        self._fate: Fault | None = None
        self._busy = 0
        for person in range(community.size):
            self.user(int(account(person)), started=True)

    # -- the people -------------------------------------------------------------------------------------------------

    def calm(self) -> None:
        """End the load and the bad weather."""
        self.until_number = self._next
        self.storm()
        self.mischief()

    async def _tell_on(self) -> None:
        """Let people tell their news until enough is to be done."""
        while self._owed < OWED and self._next < self.until_number:
            number = self._next
            self._next += 1
            self._owed += len(self.community.due(number))
            self._number_of[self._next_update] = number
            await self._tell(int(account(self.community.teller(number))), KINDS[self.community.kind(number)])

    async def _tell(self, who: int, state: State) -> None:
        match state:
            case State.SAFE:
                await self.say(who, "/safe")
            case State.HELP:
                await self.say(who, "/sos")
            case _:
                await self.tap(who, self._menu(who, state.value), state.value)

    def _menu(self, who: int, code: str) -> int:
        """Put a message of the bot's with one button on a screen, as if it had been there."""
        self._next_message += 1
        button = {"text": code, "callback_data": code}
        self._messages.setdefault(who, {})[self._next_message] = {
            "message_id": self._next_message,
            "date": self._now(),
            "chat": self._chat(who),
            "from": self._me,
            "text": "What shall I tell your circles?",
            "reply_markup": {"inline_keyboard": [[button]]},
        }
        return self._next_message

    # -- what is written down ---------------------------------------------------------------------------------------

    async def _get_updates(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        for update in self._pending:
            if update["update_id"] < parameters.get("offset", 0):
                self._acknowledged(self._number_of[update["update_id"]])
        await self._tell_on()
        batch = await super()._get_updates({**parameters, "limit": self._batch})
        for update in batch:
            self.history.add(Sent(self._number_of[update["update_id"]]))
        self.history.look_again()
        return batch

    async def _answer(self, method: str, parameters: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        answer = await super()._answer(method, parameters)
        await self._tell_on()
        return answer

    def _acknowledged(self, number: int) -> None:
        self._on_mark("acknowledged", number)
        self.history.add(Acknowledged(number))

    def _due(self, method: str, chat: int | None) -> Fault | None:
        self._fate = super()._due(method, chat)
        return self._fate

    def _sent(self, method: str, parameters: dict[str, Any], held: dict[str, Any], *more: Any) -> dict[str, Any]:  # noqa: ANN401
        message = super()._sent(method, parameters, held, *more)
        self._delivered(message, edited=False)
        return message

    def _edited(self, method: str, parameters: dict[str, Any], message: dict[str, Any], *more: Any) -> dict[str, Any]:  # noqa: ANN401
        after = super()._edited(method, parameters, message, *more)
        self._delivered(after, edited=True)
        return after

    def _delivered(self, message: Mapping[str, Any], *, edited: bool) -> None:
        reader = str(message["chat"]["id"])
        lines = message["text"].split("\n")
        marked = edited or not self._repeats.isdisjoint(lines)
        answered = self._fate is None or self._fate.kind not in _UNANSWERED
        for number in (self._sentences[line] for line in lines if line in self._sentences):
            letter = Letter(number, reader)
            self._owed -= letter not in self._arrived
            self._arrived.add(letter)
            if not marked and letter in self._plainly:
                self.loud.append(letter)
            if not marked:
                self._plainly.add(letter)
            self._on_mark("delivered", self.delivery(letter))
            self.history.add(Delivered(letter, answered))

    def delivery(self, letter: Letter) -> int:
        """Give the number that marks the delivery of a letter."""
        return letter.number * self.community.size + int(letter.reader) - FIRST

    async def _method(self, request: web.BaseRequest, name: str) -> web.StreamResponse:
        self._busy += 1
        try:
            return await super()._method(request, name)
        except ConnectionResetError:  # killed before the request was whole
            return web.Response()
        finally:
            self._busy -= 1

    # -- the end of a life ------------------------------------------------------------------------------------------

    async def drained(self) -> None:
        """Wait until everything that a dead bot had sent was taken in."""
        # Connections are accepted in their order: when ours was served, every earlier one is known.
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        await reader.read()
        writer.close()
        assert self._server is not None
        while self._server.connections or self._busy:
            self._poller += 1  # whoever waited for news is dead
            async with self._changed:
                self._changed.notify_all()
            await asyncio.sleep(0.001)

    async def quiet(self, seconds: float) -> None:
        """Return when nothing was pending and nobody has asked for anything for so long: nothing more will come."""
        asked = -1
        while asked != self.methods.total() or self._pending:
            asked = self.methods.total()
            await asyncio.sleep(seconds)
