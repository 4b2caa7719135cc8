"""The emulator behaves like the server that it stands for; a fake that is kinder than life hides defects."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
import telegram as ptb

from bot.platforms.telegram.wire import AiohttpRequest, Answered, SilentBot
from tests.telegram.emulator import TOKEN, Clock, Emulator
from tests.telegram.remote import emulator_process

ZARINA = 7001


@pytest.fixture
async def wire(emulator: Emulator) -> AsyncIterator[AiohttpRequest]:
    async with AiohttpRequest(emulator.token, base_url=emulator.url) as one:
        yield one


async def test_all_three_encodings_are_understood(emulator: Emulator) -> None:
    emulator.user(ZARINA, started=True)
    address = f"{emulator.url}/bot{emulator.token}/sendMessage"
    markup = {"inline_keyboard": [[{"text": "OK", "callback_data": "ok"}]]}
    form = {"chat_id": str(ZARINA), "text": "x", "reply_markup": json.dumps(markup)}
    multipart = aiohttp.FormData(form, default_to_multipart=True)
    async with aiohttp.ClientSession() as session:
        for body in (
            {"data": form},
            {"data": multipart},
            {"json": form},
            {"json": {"chat_id": ZARINA, "text": "x", "reply_markup": markup}},
            {"params": form},
        ):
            async with session.post(address, **body) as response:
                assert response.status == 200  # noqa: PLR2004
    messages = emulator.chat(ZARINA)
    assert len(messages) == 5  # noqa: PLR2004
    assert all(message["reply_markup"] == markup for message in messages)


async def test_its_answers_are_read_by_another_decoder(emulator: Emulator, wire: AiohttpRequest) -> None:
    emulator.user(ZARINA, started=True)
    bot = SilentBot(wire)
    me = await bot.get_me()
    assert (me.id, me.username, me.is_bot) == (5550001, "PayvandBot", True)
    message = await bot.send_message(ZARINA, "<b>x</b>", parse_mode="HTML")
    assert message.entities[0].type == "bold"
    assert message.chat.type == "private"
    document = await bot.send_document(ZARINA, b"hello", filename="a.txt")
    assert document.document
    file = await bot.get_file(document.document.file_id)
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{emulator.url}/file/bot{emulator.token}{file.file_path}") as response,
    ):
        assert await response.read() == b"hello"
    edited = await bot.edit_message_text("y", ZARINA, message.message_id)
    assert isinstance(edited, ptb.Message)
    assert edited.edit_date
    caption = await bot.edit_message_caption(ZARINA, document.message_id, caption="c")
    assert isinstance(caption, ptb.Message)
    assert caption.caption == "c"
    markup = ptb.InlineKeyboardMarkup([[ptb.InlineKeyboardButton("OK", callback_data="ok")]])
    await bot.edit_message_reply_markup(ZARINA, message.message_id, reply_markup=markup)
    assert await bot.delete_message(ZARINA, message.message_id)
    info = await bot.get_webhook_info()
    assert info.pending_update_count == 0


async def test_a_wrong_request_is_written_down(clock: Clock) -> None:
    async with Emulator(clock=clock) as emulator, AiohttpRequest(TOKEN, base_url=emulator.url) as wire:
        emulator.user(ZARINA, started=True)
        await wire.ask("sendMessage", {"chat_id": ZARINA, "text": "x", "colour": "red"})
        with pytest.raises(Answered):
            await wire.ask("sendMassage", {})
        assert [problem.split(":")[0] for problem in emulator.problems] == ["sendMessage.colour", "sendMassage"]


async def test_updates_come_again_until_they_are_confirmed(emulator: Emulator, wire: AiohttpRequest) -> None:
    for number in range(3):
        await emulator.say(ZARINA, f"{number}")
    first = await wire.ask("getUpdates", {})
    assert isinstance(first, list)
    assert await wire.ask("getUpdates", {"limit": 2}) == first[:2]
    assert await wire.ask("getUpdates", {"offset": first[1]["update_id"]}) == first[1:]
    assert await wire.ask("getUpdates", {"offset": -1}) == first[2:]
    assert await wire.ask("getUpdates", {"offset": first[2]["update_id"] + 1}) == []
    assert emulator.confirmed == 3  # noqa: PLR2004


async def test_a_long_poll_waits_for_news(emulator: Emulator, wire: AiohttpRequest) -> None:
    poll = asyncio.ensure_future(wire.ask("getUpdates", {"timeout": 20}, answer=30))
    await emulator.until(lambda: emulator.methods["getUpdates"] == 1)
    await emulator.say(ZARINA, "hello")
    result = await poll
    assert isinstance(result, list)
    assert result[0]["message"]["text"] == "hello"


async def test_of_two_pollers_the_older_is_sent_away(emulator: Emulator, wire: AiohttpRequest) -> None:
    poll = asyncio.ensure_future(wire.ask("getUpdates", {"timeout": 20}, answer=30))
    await emulator.until(lambda: emulator.methods["getUpdates"] == 1)
    assert await wire.ask("getUpdates", {}) == []
    with pytest.raises(Answered) as caught:
        await poll
    assert caught.value.status == 409  # noqa: PLR2004


async def test_what_is_pending_survives_a_webhook_and_is_dropped_only_on_request(
    emulator: Emulator, wire: AiohttpRequest
) -> None:
    await emulator.say(ZARINA, "hello")
    await wire.ask("setWebhook", {"url": "http://127.0.0.1:9/"})
    with pytest.raises(Answered):
        await wire.ask("getUpdates", {})
    await wire.ask("deleteWebhook", {})
    assert emulator.pending == 1
    await wire.ask("deleteWebhook", {"drop_pending_updates": True})
    assert emulator.pending == 0


async def test_only_wanted_kinds_of_update_are_kept(emulator: Emulator, wire: AiohttpRequest) -> None:
    await wire.ask("getUpdates", {"allowed_updates": ["my_chat_member"]})
    await emulator.say(ZARINA, "hello")
    await emulator.block(ZARINA)
    assert (emulator.pending, emulator.skipped) == (1, 1)


async def test_a_stranger_can_not_be_written_to(emulator: Emulator, wire: AiohttpRequest) -> None:
    emulator.user(ZARINA)
    with pytest.raises(Answered) as caught:
        await wire.ask("sendMessage", {"chat_id": ZARINA, "text": "x"})
    assert caught.value.status == 403  # noqa: PLR2004
    await emulator.start(ZARINA)
    await wire.ask("sendMessage", {"chat_id": ZARINA, "text": "x"})


async def test_only_a_button_that_is_there_can_be_pressed(emulator: Emulator, wire: AiohttpRequest) -> None:
    emulator.user(ZARINA, started=True)
    markup = {"inline_keyboard": [[{"text": "OK", "callback_data": "ok"}]]}
    message = await wire.ask("sendMessage", {"chat_id": ZARINA, "text": "x", "reply_markup": markup})
    assert isinstance(message, dict)
    await emulator.tap(ZARINA, message["message_id"], "ok")
    with pytest.raises(AssertionError):
        await emulator.tap(ZARINA, message["message_id"], "no")


async def test_the_limits_are_kept_over_the_given_clock(emulator: Emulator, wire: AiohttpRequest, clock: Clock) -> None:
    people = emulator.people(1, 40)
    emulator.limit(per_second=30, chat_every=1.0)

    async def sends(person: int) -> bool:
        try:
            await wire.ask("sendMessage", {"chat_id": person, "text": "x"})
        except Answered as error:
            return error.retry_after != 1
        return True

    assert sum([await sends(person) for person in people]) == 30  # noqa: PLR2004
    clock.advance(1)
    assert await sends(1)
    assert not await sends(1)
    assert emulator.max_in_a_second() == 30  # noqa: PLR2004
    assert emulator.stats()["too_many"] == 11  # noqa: PLR2004


async def test_it_runs_as_a_process_of_its_own() -> None:
    async with emulator_process("--latency", "1", "--jitter", "1", "--limits") as remote:
        await remote.do("user", user=ZARINA, language="tg")
        await remote.do("start", user=ZARINA, payload="inv")
        async with AiohttpRequest(remote.token, base_url=remote.url) as wire:
            updates = await wire.ask("getUpdates", {})
            assert isinstance(updates, list)
            assert updates[0]["message"]["text"] == "/start inv"
            await wire.ask("sendMessage", {"chat_id": ZARINA, "text": "welcome"})
        assert await remote.do("hears", chat=ZARINA) == ["welcome"]
        stats = await remote.do("stats")
        assert (stats["sent"], stats["problems"]) == (1, [])
        sent = await remote.do("sent")
        assert sent[0]["text"] == "welcome"
        await remote.do("fault", kind="json", method="sendMessage", code=500)
        with pytest.raises(AssertionError):
            await remote.do("tap", user=ZARINA, message=1, code="x")
        with pytest.raises(AssertionError):
            await remote.do("clock")
