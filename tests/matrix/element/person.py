"""A person with Element's own encryption, in a process of Node: the judge of whether the bot will be read.

    async with ElementPerson(synapse) as zarina:
        await zarina.invites(bot)
        await zarina.says("I am safe")
        await zarina.until(lambda: zarina.screen)
        assert zarina.warnings == {}

She keeps to the rule that Element calls “exclude insecure devices”: whoever's device is not signed by its owner gets no
key of hers, and what it says stays hidden. With `signed=False` she only sees a warning beside it.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import pytest

from tests.matrix.crowd import PATIENCE, Event, Reader
from tests.matrix.synapse import Refused, Synapse

if TYPE_CHECKING:
    from types import TracebackType

HOUSE: Final = Path(__file__).resolve().parents[3]
FOLDER: Final = HOUSE / ".element"
SCRIPT: Final = Path(__file__).with_name("element.mjs")
MISSING: Final = (
    "Element's encryption is not installed (make .element/locked, needs npm): whether it reads the bot was not tested"
)


def find_node() -> Path | None:
    """The Node that came with the lock, or else the system's."""
    if not (FOLDER / "locked").exists():
        return None
    brought = FOLDER / "node_modules" / ".bin" / "node"
    found = str(brought) if brought.exists() else shutil.which("node")
    return Path(found) if found else None


class ElementPerson(Reader):
    """A new account with cross-signing, as Element sets it up."""

    def __init__(self, server: Synapse, *, signed: bool = True) -> None:
        self._node: Final = find_node()
        if self._node is None:
            pytest.skip(MISSING)
        account = server.register("element")
        super().__init__(account.user)
        self.room = ""
        self.warnings: dict[str, tuple[str, str]] = {}  # event: colour of its shield, reason
        self.failures: dict[str, str] = {}  # event: why it can't be read
        self._start: Final = {"url": server.url, "user": account.name, "password": account.password, "signed": signed}
        self._numbers: Final = count(1)
        self._answers: Final[dict[int, asyncio.Future[dict[str, Any]]]] = {}
        self._changed: Final = asyncio.Condition()
        self._process: Process | None = None
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            str(self._node), str(SCRIPT), str(FOLDER), stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=2**24
        )
        self._listening = asyncio.create_task(self._listen(self._process))
        try:
            await self.asks("start", **self._start)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None or self._listening is None:
            return
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await asyncio.wait([self._listening], timeout=PATIENCE)

    async def asks(self, deed: str, **wish: object) -> dict[str, Any]:
        """Let the script do something; what it answers. Raises Refused, and TimeoutError."""
        assert self._process is not None
        assert self._process.stdin is not None
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"id": number, "do": deed, **wish}).encode() + b"\n")
        async with asyncio.timeout(PATIENCE * 2):
            answer = await self._answers[number]
        if "failed" in answer:
            raise Refused(answer["failed"])
        done: dict[str, Any] = answer["done"]
        return done

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def invites(self, bot: str) -> str:
        """Make an encrypted direct room with the bot; its id."""
        self.room = (await self.asks("invite", bot=bot))["room"]
        return self.room

    async def is_with(self, user: str, membership: str = "join") -> None:
        """Wait until somebody is in the room."""
        async with asyncio.timeout(PATIENCE):
            while (await self.asks("members", room=self.room)).get(user) != membership:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def says(self, text: str, *, on: str = "") -> str:
        """Write words, perhaps in answer to the event `on`; the event's id."""
        event: str = (await self.asks("say", room=self.room, text=text, on=on))["event"]
        return event

    async def reacts(self, event: str, sign: str) -> str:
        """Put a sign under a message."""
        own: str = (await self.asks("react", room=self.room, on=event, sign=sign))["event"]
        return own

    async def sees_signed(self, user: str) -> set[str]:
        """The devices of somebody that Element finds signed by their owner."""
        return set((await self.asks("signed", user=user))["devices"])

    async def sees_another(self, user: str, known: set[str]) -> None:
        """Wait until somebody has a signed device that is none of the known ones."""
        async with asyncio.timeout(PATIENCE):
            while not await self.sees_signed(user) - known:  # noqa: ASYNC110
                await asyncio.sleep(0.2)

    async def thinks_reset(self, user: str) -> bool:
        """Whether Element would warn that somebody's digital identity was reset."""
        return bool((await self.asks("trust", user=user))["changed"])

    async def until(self, condition: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Wait until something is so. Raises TimeoutError, with what was on the screen, after so many seconds."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(condition)
        except TimeoutError:
            told = f"on the screen:\n{self.screen}\nfailures: {self.failures}\nwarnings: {self.warnings}"
            raise TimeoutError(f"never so; {told}") from None

    # -- hearing -------------------------------------------------------------------------------------------------------

    async def _listen(self, process: Process) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        async for line in process.stdout:
            told = json.loads(line)
            if "read" in told:
                self._read(told["read"])
                async with self._changed:
                    self._changed.notify_all()
            elif told["id"] in self._answers:
                self._answers[told["id"]].set_result(told)
        words = (await process.stderr.read()).decode(errors="replace")[-2000:]
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(Refused(f"the script ended: {words}"))

    def _read(self, told: dict[str, Any]) -> None:
        event = told["id"]
        if told["failure"]:
            self.failures[event] = told["failure"]
            self.fail(event)
            return
        if self.failures.pop(event, None):  # its key came later
            self.unreadable.remove(event)
            self._seen.discard(event)
        if told["shield"] not in ("", "NONE"):
            self.warnings[event] = (told["shield"], told["reason"])
        content = {"body": told["body"]}
        self.note(Event(event, told["room"], told["sender"], told["kind"], content, told["encrypted"]))
