"""Runs the conversations of this directory, which people who do not program can read and write (see README.md)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.stage import Actor, Stage

HERE = Path(__file__).parent
SCRIPTS = sorted(path.stem for path in HERE.glob("*.md") if path.stem != "README")
PERSON = re.compile(r"(\w+) \((tg|ru|en)\)")
CODE = re.compile(r"\b\d{3} \d{3} \d{3} \d{3}\b")
STEP = timedelta(minutes=5)
STEPS = 60  # at the most: a day goes by in less than half-hours


class Script:
    """One conversation that is being held."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.people: dict[str, Actor] = {}

    async def run(self, text: str) -> None:
        """Hold it, line by line. Raises AssertionError with the line that is not so."""
        for number, raw in enumerate(text.splitlines(), 1):
            line = raw.strip()
            if line and line[0] not in "#>":
                try:
                    await self.do(line)
                except (AssertionError, LookupError) as error:
                    what = f"line {number}: {line}"
                    raise AssertionError(what, *error.args) from error

    async def do(self, line: str) -> None:
        """What one line says."""
        for pattern, act in LINES.items():
            match = re.fullmatch(pattern, line)
            if match is not None:
                await act(self, *match.groups())
                return
        raise LookupError("nobody understands this line")

    async def family(self, people: str) -> None:
        """People who know the bot."""
        languages = dict(PERSON.findall(people))
        for name, actor in zip(languages, await self.stage.family(*languages, languages=languages), strict=True):
            self.people[name] = actor
            await actor.says("/start")

    async def newcomer(self, name: str) -> None:
        """Somebody who does not."""
        self.people[name] = self.stage.actor(name.lower())

    async def second(self, name: str, other: str) -> None:
        """The same human being, on another messenger, who has not met the bot there."""
        self.people[other] = self.stage.actor(name.lower(), "matrix")

    async def writes_code(self, name: str, host: str) -> None:
        """The newest code of twelve digits that stands on somebody's screen."""
        await self.people[name].says(CODE.findall(self.people[host].screen)[-1])

    async def opens(self, name: str) -> None:
        """Press “Start”."""
        await self.people[name].starts()

    async def follows(self, name: str, host: str) -> None:
        """Open somebody's invitation."""
        await self.people[name].starts(self.stage.code_of(self.people[host]))

    async def writes(self, name: str, words: str) -> None:
        """Type words."""
        await self.people[name].says(words)

    async def presses(self, name: str, label: str) -> None:
        """Press a button."""
        await self.people[name].presses(label)

    async def reads(self, name: str, words: str) -> None:
        """The newest message."""
        last = self.people[name].last
        assert words in last, f"but reads: {last}"

    async def sees(self, name: str, words: str) -> None:
        """The whole screen."""
        assert self.people[name].sees(words), f"but sees: {self.people[name].screen}"

    async def sees_not(self, name: str, words: str) -> None:
        """The whole screen."""
        assert not self.people[name].sees(words)

    async def can_press(self, name: str, label: str) -> None:
        """The newest buttons."""
        buttons = self.people[name].buttons
        assert any(label in one for one in buttons), f"but can press: {buttons}"

    async def passes(self, number: str, unit: str) -> None:
        """Time."""
        length = timedelta(**{f"{unit.removesuffix('s')}s": int(number)})
        await self.stage.pass_time(length, max(min(length, STEP), length / STEPS))

    async def blocks(self, name: str) -> None:
        """Want no more messages."""
        await self.people[name].memory.block(self.people[name].account)


LINES: dict[str, Callable[..., Awaitable[None]]] = {
    r"There is a family: (.+)\.": Script.family,
    r"There is somebody new: (\w+)\.": Script.newcomer,
    r"(\w+) has another account: (\w+)\.": Script.second,
    r"(\w+) writes the code of (\w+)\.": Script.writes_code,
    r"(\w+) opens the chat\.": Script.opens,
    r"(\w+) opens the link of (\w+)\.": Script.follows,
    r"(\w+) writes: (.+)": Script.writes,
    r"(\w+) presses: (.+)": Script.presses,
    r"(\w+) reads: (.+)": Script.reads,
    r"(\w+) sees: (.+)": Script.sees,
    r"(\w+) does not see: (.+)": Script.sees_not,
    r"(\w+) can press: (.+)": Script.can_press,
    r"(\d+) (seconds?|minutes?|hours?|days?) pass\.": Script.passes,
    r"(\w+) blocks the bot\.": Script.blocks,
}


@pytest.mark.parametrize("script", SCRIPTS)
async def test_the_conversation_goes_as_it_is_written(both: Stage, script: str) -> None:
    await Script(both).run((HERE / f"{script}.md").read_text())


async def test_a_conversation_that_is_not_so_fails_at_its_line(stage: Stage) -> None:
    """The control."""
    text = "There is a family: Zarina (en), Daler (en).\nZarina presses: I am safe\nDaler reads: I am hurt."
    with pytest.raises(AssertionError, match="line 3: Daler reads: I am hurt"):
        await Script(stage).run(text)
    with pytest.raises(AssertionError, match="nobody understands this line"):
        await Script(stage).run("Zarina sings.")
