"""People who sign a petition through the Telegram emulator: whole conversations, with buttons, words and clean-up.

    python -m benchmarks.signing against 1000 --minutes 0       everybody as fast as 40 connections carry it
    python -m benchmarks.signing against 30000 --minutes 10     they come within ten minutes

Each opens the letter from a link, answers whether the state can reach somebody close, chooses one of the four modes,
writes what it needs, looks, signs, and waits until the bot has tidied up. The emulator keeps no limits here: under the
documented 30 messages a second the messages of 30,000 conversations alone would take hours, whatever the bot does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks import community, letters, machine, storm
from benchmarks.contest import ROOT, Contest, Contestant, Figure, Measured, module
from benchmarks.petitions import open_letter
from benchmarks.server import Server
from benchmarks.webhook import CONNECTIONS, PATH, SECRET, _free_port
from bot.app import App
from bot.platforms.telegram import Telegram, Webhook
from handlers.ask import base36
from storage import envelope, petitions
from tests.telegram.emulator import SECRET_HEADER

ORGANISERS = 2
NUMBER = "petition"  # the file in which the bot says which petition it is
HELD = "held"  # the file that says of how many signatures the bot has held
PATIENCE = 900.0  # seconds for one answer: it is the bot that is slow then, not lost
SIGNED = re.compile(r"([\d,\s\u00a0\u202f.]+)(?:people have|person has) signed")

Message = dict[str, Any]


async def bot(home: Path, url: str, token: str, port: int, people: int) -> None:
    """The whole program behind a webhook, with a petition that can be signed, and people it knows."""
    async with community.opened(home) as storage, Telegram(token, base_url=url) as telegram:
        await storm.populate(storage, people + ORGANISERS + 1, [], telegram.bot)
        key = envelope.public_text(envelope.make().public)
        which = await storage.write(partial(open_letter, key=key))
        await asyncio.to_thread((home / NUMBER).write_text, base36(which), "ascii")
        app = App(storage, [(telegram, letters.UNBOUND)], {})
        door = Webhook(f"http://127.0.0.1:{port}{PATH}", SECRET, port=port, path=PATH)
        running = asyncio.ensure_future(app.run(telegram.serve(app.receive, door)))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
        with suppress(asyncio.CancelledError):
            await running
        one = await storage.read(partial(petitions.find, which=which))
        assert one is not None  # noqa: S101 - it was made above
        await asyncio.to_thread((home / HELD).write_text, str(one.held), "ascii")


class Crowd(Server):
    """The emulator, whose people read what is sent to them, and press."""

    def __init__(self) -> None:
        super().__init__("calm", None, 1)
        self.inbox: dict[int, asyncio.Queue[Message]] = {}
        self.posting = asyncio.Semaphore(CONNECTIONS)
        self.address = ""
        self.session: aiohttp.ClientSession | None = None
        self.number = 0

    async def _method(self, request: Any, name: str) -> Any:  # noqa: ANN401 - aiohttp's
        return await super(Server, self)._method(request, name)  # the long way: messages are kept, to be deleted

    def _sent(self, method: str, parameters: Message, *more: Any) -> Message:  # noqa: ANN401
        message = super()._sent(method, parameters, *more)
        box = self.inbox.get(message["chat"]["id"])
        if box is not None:
            box.put_nowait(message)
        return message

    def standing(self, chat: int, after: int) -> int:
        """How many messages stand in a chat behind one of them."""
        return sum(number > after for number in self._messages.get(chat, {}))

    async def write(self, chat: int, words: str) -> None:
        """Somebody writes; their message stands in the chat."""
        self._next_message += 1
        who = self._chat(chat)
        said = {"message_id": self._next_message, "date": self._now(), "chat": who, "from": self._who(chat)}
        message = {**said, "text": words}
        if words.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(words.split(maxsplit=1)[0])}]
        self._messages.setdefault(chat, {})[self._next_message] = message
        await self._put({"message": message})

    async def press(self, chat: int, message: Message, code: str) -> None:
        """Somebody presses a button of a message."""
        query = f"{chat}{self.number}"
        self._queries[query] = self.clock()
        pressed = {"id": query, "from": self._who(chat), "chat_instance": f"c{chat}", "data": code, "message": message}
        await self._put({"callback_query": pressed})

    def _who(self, chat: int) -> Message:
        return {"id": chat, "is_bot": False, "first_name": "Somebody", "language_code": "en"}

    async def _put(self, update: Message) -> None:
        self.number += 1
        numbered = {"update_id": self.number, **update}  # before the wait: others count on meanwhile
        if self.session is None:
            raise RuntimeError
        async with self.posting, self.session.post(self.address, json=numbered) as response:
            if response.status != 200:  # noqa: PLR2004
                raise RuntimeError(response.status)
            await self.performed(await response.read())


@dataclass(slots=True)
class Seen:
    """What people saw: seconds from each press to its answer, from the last one to a clean chat, and what was left."""

    answers: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    cleaned: list[float] = field(default_factory=list)
    left: int = 0
    done: int = 0


class Person:
    """One conversation."""

    def __init__(self, crowd: Crowd, number: int, seen: Seen) -> None:
        self._crowd = crowd
        self._chat = community.FIRST + number
        self._number = number
        self._seen = seen
        self._box = crowd.inbox[self._chat] = asyncio.Queue()
        self._at = 0.0

    async def _reads(self, begin: str, end: str = "") -> tuple[Message, str]:
        """The next message with a button whose code begins and ends so, and that code."""
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await self._box.get()
                for row in message.get("reply_markup", {}).get("inline_keyboard", ()):
                    for one in row:
                        code = one.get("callback_data", "")
                        if code.startswith(begin) and code.endswith(end):
                            self._seen.answers.append(time.perf_counter() - self._at)
                            return message, code

    async def _presses(self, begin: str, end: str = "") -> Message:
        message, code = await self._reads(begin, end)
        self._at = time.perf_counter()
        await self._crowd.press(self._chat, message, code)
        return message

    async def _says(self, words: str) -> None:
        self._at = time.perf_counter()
        await self._crowd.write(self._chat, words)

    async def signs(self, letter: str) -> None:
        """The whole way."""
        await self._says(f"/start p{letter}")
        after = (await self._presses("petition.sign:"))["message_id"]
        await self._presses("petition.mode:", "yes" if self._number % 2 else "no")
        mode = ("counted", "recipient", "initials", "public")[self._number % 4]
        await self._presses("petition.as:", mode)
        if mode != "counted":
            await self._reads("petition.stop")
            await self._says(f"Somebody {_word(self._number)}")
        if mode == "initials":
            await self._presses("petition.country:")
        await self._presses("petition.signed:")
        signed = self._at
        async with asyncio.timeout(PATIENCE):
            await self._box.get()
            self._seen.last.append(time.perf_counter() - signed)
            line = await self._box.get()  # “I have tidied up here”
            while self._crowd.standing(self._chat, after) > 1 and time.perf_counter() < signed + PATIENCE:  # noqa: ASYNC110
                await asyncio.sleep(0.5)
        self._seen.cleaned.append(time.perf_counter() - signed)
        self._seen.left += self._crowd.standing(self._chat, after) > 1
        self._seen.done += 1
        if line["message_id"] <= after:
            raise RuntimeError("the chat was not tidied up")

    async def counts(self, letter: str) -> int:
        """Read how many have signed."""
        await self._says(f"/start p{letter}")
        message, _code = await self._reads("petition.sign:")
        found = SIGNED.search(message["text"])
        return int(re.sub(r"\D", "", found[1])) if found else -1


def _word(number: int) -> str:
    """A name in letters."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number)).capitalize()


async def against(people: int, minutes: float, show: Callable[[int], None]) -> Measured:
    """Let so many people sign, within so many minutes, or as fast as the connections carry it."""
    dice, seen = random.Random(5), Seen()
    with tempfile.TemporaryDirectory() as folder:
        async with Crowd() as crowd, aiohttp.ClientSession(headers={SECRET_HEADER: SECRET}) as crowd.session:
            crowd.people(community.FIRST, people + ORGANISERS + 2)
            port = _free_port()
            crowd.address = f"http://127.0.0.1:{port}{PATH}"
            command = module("benchmarks.signing", "bot", folder, crowd.url, crowd.token, str(port), str(people))
            process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
            try:
                async with asyncio.timeout(600):
                    while "setWebhook" not in crowd.first:  # noqa: ASYNC110 - another process
                        await asyncio.sleep(0.2)
                await asyncio.sleep(1)
                letter = (Path(folder) / NUMBER).read_text("ascii")
                numbers = range(ORGANISERS + 1, people + ORGANISERS + 1)
                cpu, begun = machine.cpu_of(process.pid), time.perf_counter()

                async def comes(number: int) -> None:
                    await asyncio.sleep(dice.uniform(0, 60 * minutes))
                    await Person(crowd, number, seen).signs(letter)

                async def tell() -> None:
                    while True:
                        show(seen.done)
                        await asyncio.sleep(1)

                telling = asyncio.create_task(tell())
                try:
                    async with asyncio.TaskGroup() as group:
                        for number in numbers:
                            group.create_task(comes(number))
                finally:
                    telling.cancel()
                show(seen.done)
                took, spent = time.perf_counter() - begun, machine.cpu_of(process.pid) - cpu
                reader = next(n for n in range(people + ORGANISERS + 1, 0, -1) if n % 3 == _ENGLISH)
                count = await Person(crowd, reader, Seen()).counts(letter)
                rss = machine.memory_of(process.pid)[1]
                process.terminate()
                await process.wait()
                held = int((Path(folder) / HELD).read_text("ascii"))
            finally:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
    return {
        "people": people,
        "held": held,  # so many of people nobody has let in, within an hour: they wait for the organiser
        "lost": people - count - held,
        "rate": people / took,
        "cpu_ms": spent / people * 1000,
        **{f"answer_p{p}": machine.percentile(seen.answers, p) * 1000 for p in (50, 95, 99)},
        "signed_p95": machine.percentile(seen.last, 95) * 1000,
        "cleaned_p95": machine.percentile(seen.cleaned, 95),
        "left": seen.left,
        "messages": len(crowd.sent) / people,
        "rss": rss,
        "took": took,
    }


_ENGLISH = 2  # of `i18n.LANGUAGES`, as `storm.populate` gives them


def contest(people: int, minutes: float) -> Contest:
    """So many people."""
    return Contest(
        title=f"{people:,} people sign by the whole conversation, within {minutes:g} minutes (emulator, no limits)",
        aim="nobody is lost, every chat is clean",
        contestants=(
            Contestant("Payvand", module("benchmarks.signing", "against", str(people), "--minutes", str(minutes))),
        ),
        figures=(
            Figure("lost", "signatures lost", 0),
            Figure("held", "held for the organiser", 0),
            Figure("left", "chats not tidied up", 0),
            Figure("rate", "signatures/s", 1),
            Figure("cpu_ms", "CPU ms each, whole conversation", 1),
            Figure("messages", "messages to each", 1),
            Figure("answer_p50", "press to answer, p50 ms", 0),
            Figure("answer_p95", "p95 ms", 0),
            Figure("answer_p99", "p99 ms", 0),
            Figure("signed_p95", "“Sign” to thanks, p95 ms", 0),
            Figure("cleaned_p95", "“Sign” to a clean chat, p95 s (15 s are meant)", 1),
            Figure("took", "seconds in all", 0),
            Figure("rss", "memory at most, MiB", 0),
        ),
        upright=True,
        watched=True,
        patience=7200.0,
    )


def main() -> None:
    """One measurement, as JSON; or the bot that is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    what = parser.add_subparsers(dest="what", required=True)
    one = what.add_parser("against")
    one.add_argument("people", type=int)
    one.add_argument("--minutes", type=float, default=0.0)
    other = what.add_parser("bot")
    for name in ("home", "url", "token", "port", "people"):
        other.add_argument(name)
    wish = parser.parse_args(sys.argv[1:])
    if wish.what == "against":
        machine.pin(machine.other_core())
        shown = machine.progress("signed", wish.people)
        print(json.dumps(asyncio.run(against(wish.people, wish.minutes, shown))))
        return
    machine.pin(machine.bot_core())
    asyncio.run(bot(Path(wish.home), wish.url, wish.token, int(wish.port), int(wish.people)))


if __name__ == "__main__":
    main()
