"""`payvand demo` and `payvand console`: the fictional community on a page and in a terminal, with its story."""

from __future__ import annotations

import asyncio
import webbrowser
from contextlib import AsyncExitStack

from bot import acting, story, village
from bot.platforms.playground.server import Playground, Tell
from bot.village import CAST, VIEWS, Village


class Community:
    """The community of the playground, running; it can begin anew, as the story does each time it is played."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._running: asyncio.Task[None] | None = None
        self.pace = acting.PACE

    async def open(self) -> Village:
        """Build it and let it run."""
        built = await village.build(self._stack)
        self._running = asyncio.create_task(built.app.run(), name="village")
        return built

    async def close(self) -> None:
        """End it, and leave nothing of it."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        await self._stack.aclose()

    async def play(self, playground: Playground, tell: Tell, view: str) -> None:
        """Play the story of a view: in a community where nothing has happened yet."""
        await self.close()
        built = await self.open()
        playground.move_in(built.memory, built.clock)
        await acting.play(built, tell, self.pace, story.STORIES[view])


async def demo(port: int = 0, *, open_browser: bool = True) -> None:
    """Open the playground and serve it until interrupted."""
    async with AsyncExitStack() as stack:
        community = Community()
        stack.push_async_callback(community.close)
        built = await community.open()
        playground = Playground(built.memory, built.clock, CAST, community, VIEWS)
        address = await playground.serve(port)
        stack.push_async_callback(playground.close)
        print(f"The playground is open at {address}\nEverybody in it is invented. Stop it with Ctrl+C.")  # noqa: T201
        if open_browser:
            await asyncio.to_thread(webbrowser.open, address)
        await asyncio.Event().wait()


async def console() -> None:
    """The same community in the terminal."""
    from bot.platforms.console import Console, typed  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        built = await village.build(stack)
        talk = Console(built.memory, built.clock, CAST)
        await built.app.run(talk.run(typed(0)))
