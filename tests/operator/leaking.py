"""A program that says a canary through every way out there is; run by the tests of the logs, gated or not."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import threading
import warnings

import structlog

from bot import logs

CANARY = "Madina-Canary-7000000001"


class Leaky:
    """Something whose every representation is a canary."""

    def __repr__(self) -> str:
        return CANARY


def fail(person: str) -> None:
    """Raise with a canary in the message, in the locals, in the cause and in the notes."""
    local = f"{person} lives at {CANARY}"
    try:
        dict[str, str]()[local]
    except KeyError as error:
        failure = ValueError(f"no such person: {local}")
        failure.add_note(CANARY)
        raise failure from error


def through_our_own_calls() -> None:
    """Every method, every place in a call."""
    log = structlog.get_logger("bot.somewhere")
    for method in ("debug", "info", "warning", "error", "critical", "exception"):
        say = getattr(log, method)
        say(CANARY)
        say(f"person.{CANARY}")
        say("person.met", name=CANARY, person=CANARY, outcome=CANARY, error=CANARY, platform=CANARY)
        say("person.met", code=CANARY, version=CANARY, route=f"telegram/{CANARY}", bot=CANARY, where=CANARY)
        say("person.met", **{CANARY: 1, "event_": CANARY, "at": CANARY, "library": CANARY})
        say("person.met %s", CANARY)
        say("person.met", person=Leaky(), count=[CANARY], exc_info=ValueError(CANARY))
    log.bind(name=CANARY, text=CANARY).info("person.met")
    with contextlib.suppress(ValueError):
        try:
            fail(CANARY)
        except ValueError:
            log.exception("person.failed", person=5)
            raise
    log.error("group.failed", exc_info=ExceptionGroup(CANARY, [KeyError(CANARY), OSError(2, CANARY, CANARY)]))


def through_libraries() -> None:
    """What libraries say to their loggers, with arguments, in messages, as exceptions, under any name."""
    for name in ("telegram.Bot", "aiohttp.access", "aiosqlite", "sqlalchemy.engine", "asyncio", CANARY, "root"):
        log = logging.getLogger(name)
        log.setLevel(logging.DEBUG)
        log.warning("a request to %s", CANARY)
        log.error(CANARY, extra={"person": CANARY})
        log.log(35, "%(who)s", {"who": CANARY})
        log.error("broken %s %s", CANARY)  # noqa: PLE1206 - a library's slip prints the record, if it may
        try:
            fail(CANARY)
        except ValueError:
            log.exception("Task exception was never retrieved\nfuture: %s", CANARY)
    warnings.warn(CANARY, RuntimeWarning, stacklevel=1)


def through_the_last_words() -> None:
    """Threads, objects that die badly, tasks that nobody awaits."""
    thread = threading.Thread(target=fail, args=(CANARY,), name=CANARY)
    thread.start()
    thread.join()

    class Dying:
        def __del__(self) -> None:
            fail(CANARY)

    Dying()

    async def forget() -> None:
        async def task() -> None:
            fail(CANARY)

        forgotten = asyncio.create_task(task(), name=CANARY)
        await asyncio.wait([forgotten])
        del forgotten
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": CANARY, "exception": ValueError(CANARY), "person": CANARY})
        loop.call_soon(fail, CANARY)
        await asyncio.sleep(0)

    asyncio.run(forget(), debug=True)


if __name__ == "__main__":
    if "gated" in sys.argv:
        logs.start(level="debug", form="json" if "json" in sys.argv else "line")
    else:
        logging.basicConfig(level=logging.DEBUG)
    through_our_own_calls()
    through_libraries()
    through_the_last_words()
    print("said everything", flush=True)  # noqa: T201
    fail(CANARY)  # the last of all: an exception that nobody catches
