"""Neither the token nor anybody's words come out of the wire: not in logs, not in exceptions, not in a repr."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable

import aiohttp
import pytest
import structlog
import telegram as ptb
from markupsafe import Markup
from telegram.request import HTTPXRequest

from bot.domain.conversation import Attachment, Sender
from bot.outbox.courier import Parcel
from bot.platforms.telegram import Patience, Telegram, Webhook
from tests.telegram.emulator import TOKEN, Emulator
from tests.telegram.test_intake import free_port

ZARINA = 7001
SECRET = TOKEN.partition(":")[2]
WORDS = "Zarina-is-in-the-cellar"
PATIENCE = Patience(connect=5.0, answer=0.2)
PARCEL = Parcel(Sender("telegram", "5550001", str(ZARINA)), "k", Markup(WORDS))  # noqa: S704 - the test's own words
CODES = (400, 401, 403, 404, 409, 413, 429, 500)
STOPPING = (401, 404, 409)
FAULTS: list[dict[str, object]] = [
    {"kind": "reset"},
    {"kind": "drop"},
    {"kind": "lost"},
    {"kind": "half"},
    {"kind": "stall", "accept": True, "seconds": 1.0},
    {"kind": "html"},
    {"kind": "junk", "body": f'{{"ok": true, "result": "{WORDS}'},
    {"kind": "junk", "body": f'{{"ok": true, "result": {{"text": "{WORDS}"}}}}'},
    *(dict[str, object](kind="json", code=code, description=f"Bad: {WORDS}") for code in CODES),
]


def heard(caplog: pytest.LogCaptureFixture, entries: list[str]) -> str:
    return "\n".join([*(record.getMessage() + str(record.exc_info) for record in caplog.records), *entries])


def whole(error: BaseException) -> str:
    """An exception with all that led to it, also what is hidden, and the variables on the way (but not the test's)."""
    parts = [repr(error), str(error), repr(error.args)]
    step = error.__traceback__
    while step is not None:
        if "/tests/" not in step.tb_frame.f_code.co_filename:
            parts.append(repr(step.tb_frame.f_locals))
        step = step.tb_next
    return "\n".join([*parts, *(whole(other) for other in (error.__cause__, error.__context__) if other is not None)])


async def failure(work: Awaitable[object]) -> str:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
        return whole(error)
    return ""


def bare(error: BaseException) -> str:
    """What an ordinary log line or traceback would show."""
    return "".join(traceback.format_exception(error)) + repr(error)


async def test_no_failure_of_a_letter_shows_the_token_or_the_words(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    emulator.user(ZARINA, started=True)
    told: list[str] = []
    shown: list[str] = []
    letter = Parcel(PARCEL.address, "k", PARCEL.text, attachment=Attachment("file", "x.txt", WORDS.encode()))
    with structlog.testing.capture_logs() as entries:
        async with Telegram(TOKEN, base_url=emulator.url, patience=PATIENCE) as telegram:
            for fault in FAULTS:
                for parcel in (PARCEL, letter):
                    emulator.fault(**fault)  # type: ignore[arg-type]
                    try:
                        await telegram.deliver(parcel)
                    except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
                        told.append(whole(error))
                        shown.append(bare(error))
            await telegram.deliver(PARCEL)
            told += [repr(telegram), repr(telegram.courier), repr(telegram.intake), str(vars(telegram.courier))]
            await emulator.pause()
            told.append(await failure(telegram.deliver(PARCEL)))
        told.append(await failure(telegram.deliver(PARCEL)))
    assert len(shown) == 2 * len(FAULTS)
    logged = heard(caplog, [str(entry) for entry in entries])
    assert entries
    assert SECRET not in "\n".join(told)
    assert SECRET not in logged
    assert WORDS not in logged
    assert WORDS not in "\n".join(shown)


async def test_no_failure_to_connect_shows_the_token() -> None:
    patience = Patience(connect=0.05, answer=0.05)
    for address in ("http://127.0.0.1:9", "https://127.0.0.1:9", "no://where"):
        async with Telegram(TOKEN, base_url=address, patience=patience) as telegram:
            told = await failure(telegram.deliver(PARCEL))
        assert told
        assert SECRET not in told


async def test_no_way_of_listening_shows_the_token_the_secret_or_the_words(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hidden = "secret-of-the-webhook"
    port = free_port()
    hook = Webhook(f"http://127.0.0.1:{port}/telegram", hidden, port=port)
    told = [repr(hook)]
    done = asyncio.Event()

    full = asyncio.Event()

    async def receive(_: object) -> None:
        await asyncio.sleep(0)
        if not full.is_set():
            full.set()
            msg = "no room"
            raise OSError(msg)
        done.set()

    async def nap(_: float) -> None:
        await asyncio.sleep(0)

    with structlog.testing.capture_logs() as entries:
        async with Telegram(TOKEN, base_url=emulator.url, patience=PATIENCE, hold=0, sleep=nap) as telegram:
            for fault in FAULTS:
                emulator.fault(method="getUpdates", **fault)  # type: ignore[arg-type]
            await emulator.say(ZARINA, WORDS)
            told += [await failure(telegram.poll(receive)) for _ in STOPPING]
            polling = asyncio.ensure_future(telegram.poll(receive))
            await done.wait()
            polling.cancel()
            await asyncio.wait([polling])
            assert emulator.faults == []
            serving = asyncio.ensure_future(telegram.serve(receive, hook))
            await emulator.say(ZARINA, WORDS)
            await emulator.until(lambda: emulator.pending == 0)
            serving.cancel()
            await asyncio.wait([serving])
    logged = heard(caplog, [str(entry) for entry in entries])
    assert done.is_set()
    assert entries
    assert not [canary for canary in (SECRET, hidden, WORDS) if canary in logged]
    assert not [canary for canary in (SECRET, hidden) if canary in "\n".join(told)]


# -- controls: the same libraries, used as they come, do show it ------------------------------------------------------


async def test_the_stock_bot_shows_its_token_and_people_s_words(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    emulator.user(ZARINA, started=True)
    stock = ptb.Bot(TOKEN, base_url=f"{emulator.url}/bot", request=HTTPXRequest(), get_updates_request=HTTPXRequest())
    async with stock:
        await stock.send_message(ZARINA, WORDS)
    assert SECRET in repr(stock)
    logged = heard(caplog, [])
    assert SECRET in logged
    assert WORDS in logged


async def test_a_stock_session_names_the_whole_address_when_it_fails() -> None:
    timeout = aiohttp.ClientTimeout(connect=0.05)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=1)) as session:
        told = await failure(session.get(f"no://where/bot{TOKEN}/getMe"))
    assert SECRET in told
