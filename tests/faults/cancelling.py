"""Cancel a task at its first await, at its second, at its third … until it gets through; see what is left each time.

A task can be cancelled whenever it waits: by a timeout, a shutdown, a client that hung up. Two moments matter at each
wait: while what it waits for is still under way, and after that has happened but before the task was told. The second
is where a result is there and nobody takes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")

LIMIT: Final = 10_000  # more suspensions than anything of ours has: whoever reaches it never ends


class Moment(Enum):
    """When the cancellation comes."""

    WAITING = auto()  # while what is awaited is under way
    ANSWERED = auto()  # when it has happened, and the task was not told yet


class Ending(Enum):
    """What became of the task."""

    CANCELLED = auto()
    RAISED = auto()
    RETURNED = auto()


@dataclass(frozen=True, slots=True)
class Attempt(Generic[T]):
    """One run that was cancelled at its `suspension`-th wait (counted from 1), at that moment.

    `asked` is False for the last run of a moment, which ended before it came to that wait. `result` is there if it
    returned, `error` if it raised something else than the cancellation.
    """

    suspension: int
    moment: Moment
    asked: bool
    ending: Ending
    result: T | None = None
    error: BaseException | None = None


class _Counted(Coroutine[Any, Any, T]):
    """A coroutine that asks for its own task's cancellation at one of its suspensions."""

    def __init__(self, inner: Coroutine[Any, Any, T], suspension: int, moment: Moment) -> None:
        self._inner = inner
        self._left = suspension
        self._moment = moment
        self.asked = False

    def send(self, value: Any) -> Any:  # noqa: ANN401 - as typing.Coroutine has it
        return self._suspended(self._inner.send(value))

    def throw(self, *error: Any) -> Any:  # noqa: ANN401
        return self._suspended(self._inner.throw(*error))

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, T]:
        return self._inner.__await__()

    def _suspended(self, waits_for: Any) -> Any:  # noqa: ANN401
        """The task is about to wait. What it waits for is a future, or None for one turn of the loop."""
        self._left -= 1
        if self._left == 0:
            task = asyncio.current_task()
            assert task is not None
            self.asked = True
            if self._moment is Moment.WAITING:
                task.cancel()  # takes effect as soon as the task has begun to wait
            elif waits_for is None:
                task.get_loop().call_soon(task.cancel)  # before the task's own next step, which is not queued yet
            else:
                waits_for.add_done_callback(lambda _: task.cancel())  # before the task's own callback, added later
        return waits_for


async def _attempt(make: Callable[[], Coroutine[Any, Any, T]], suspension: int, moment: Moment) -> Attempt[T]:
    counted = _Counted(make(), suspension, moment)
    task = asyncio.ensure_future(asyncio.get_running_loop().create_task(counted))
    await asyncio.wait((task,))
    if task.cancelled():
        return Attempt(suspension, moment, counted.asked, Ending.CANCELLED)
    error = task.exception()
    if error is not None:
        return Attempt(suspension, moment, counted.asked, Ending.RAISED, error=error)
    return Attempt(suspension, moment, counted.asked, Ending.RETURNED, result=task.result())


async def at_every_await(
    make: Callable[[], Coroutine[Any, Any, T]],
    check: Callable[[Attempt[T]], Awaitable[None]] | None = None,
    *,
    moments: tuple[Moment, ...] = tuple(Moment),
) -> list[Attempt[T]]:
    """Run what `make` makes again and again, cancelling it one wait later each time, until it gets through.

    `check` looks at what is left after each run, before the next begins. Returns all the runs; for each moment the
    last one was not cancelled (`asked` is False). Raises RuntimeError if it never gets through.
    """
    attempts: list[Attempt[T]] = []
    for moment in moments:
        for suspension in range(1, LIMIT + 1):
            attempt = await _attempt(make, suspension, moment)
            attempts.append(attempt)
            if check is not None:
                await check(attempt)
            if not attempt.asked:
                break
        else:
            message = f"still waiting after {LIMIT} awaits"
            raise RuntimeError(message)
    return attempts
