"""Each thing that can happen to a letter on its way to Telegram, and what the outbox is told about it."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from markupsafe import Markup

from bot.domain.conversation import Attachment, Sender
from bot.domain.region import Board
from bot.jobs.boards import draw
from bot.outbox.courier import (
    Button,
    Closed,
    Courier,
    Gone,
    NotSent,
    Parcel,
    Receipt,
    Refused,
    Relocated,
    Throttled,
    Unknown,
    Unreachable,
)
from bot.platforms.telegram import Telegram
from tests.telegram.emulator import TOKEN, Clock, Emulator
from tests.telegram.facts import length
from tests.telegram.limits import Gate, Limits

ZARINA = 7001
KEY = "letter-1"


@pytest.fixture(autouse=True)
def _people(emulator: Emulator) -> None:
    emulator.user(ZARINA, language="tg", started=True)


def parcel(text: str = "Zarina is <b>safe</b>.", *, to: int = ZARINA, **rest: object) -> Parcel:
    address = Sender("telegram", "5550001", str(to))
    return Parcel(address, KEY, Markup(text), **rest)  # type: ignore[arg-type] # noqa: S704 - the test's own words


def test_an_account_is_a_courier(telegram: Telegram) -> None:
    courier: Courier = telegram
    assert (courier.platform, courier.bot) == ("telegram", "5550001")


async def test_a_letter_arrives_with_its_markup_and_buttons(telegram: Telegram, emulator: Emulator) -> None:
    buttons = ((Button("I have seen it", code="seen:12"),), (Button("A page", link="https://example.org/page"),))
    receipt = await telegram.deliver(parcel("<b>Help</b> &amp; &#39;care&#39;", buttons=buttons, silent=True))
    (message,) = emulator.chat(ZARINA)
    assert receipt == Receipt(str(message["message_id"]))
    assert message["text"] == "Help & 'care'"
    assert message["entities"] == [{"type": "bold", "offset": 0, "length": 4}]
    assert message["reply_markup"]["inline_keyboard"] == [
        [{"text": "I have seen it", "callback_data": "seen:12"}],
        [{"text": "A page", "url": "https://example.org/page"}],
    ]
    request = emulator.wire[-1].parameters
    assert request["link_preview_options"] == {"is_disabled": True}
    assert (request["disable_notification"], request["protect_content"]) == (True, False)


async def test_a_letter_rings_unless_it_is_silent(telegram: Telegram, emulator: Emulator) -> None:
    await telegram.deliver(parcel())
    assert not emulator.sent[0].silent


async def test_a_message_is_changed_in_place(telegram: Telegram, emulator: Emulator) -> None:
    first = await telegram.deliver(parcel("One", buttons=((Button("Yes", code="yes"),),)))
    assert await telegram.deliver(parcel("Two", edit=first.message)) == Receipt(first.message, edited=True)
    (message,) = emulator.chat(ZARINA)
    assert message["text"] == "Two"
    assert "reply_markup" not in message


async def test_an_edit_that_changes_nothing_has_succeeded(telegram: Telegram, emulator: Emulator) -> None:
    first = await telegram.deliver(parcel("One"))
    assert (await telegram.deliver(parcel("One", edit=first.message))).edited
    assert emulator.refusals[400] == 1


@pytest.mark.parametrize("edit", ["424242", "not-a-number", "3+4"])
async def test_a_message_that_is_gone_can_not_be_changed(telegram: Telegram, edit: str) -> None:
    with pytest.raises(Gone):
        await telegram.deliver(parcel(edit=edit))


async def test_what_is_no_longer_one_message_of_words_is_sent_anew(telegram: Telegram, emulator: Emulator) -> None:
    first = await telegram.deliver(parcel("One"))
    with pytest.raises(Gone):
        await telegram.deliver(parcel("word " * 2000, edit=first.message))
    with pytest.raises(Gone):
        await telegram.deliver(parcel(edit=first.message, attachment=Attachment("file", "a.json", b"{}")))
    picture = await telegram.deliver(parcel(attachment=Attachment("qr", "invite.png", b"https://example.org")))
    with pytest.raises(Gone):
        await telegram.deliver(parcel("Words", edit=picture.message))
    theirs = await emulator.say(ZARINA, "mine")
    with pytest.raises(Gone):
        await telegram.deliver(parcel("Words", edit=str(theirs)))


async def test_a_file_goes_with_its_words_and_buttons(telegram: Telegram, emulator: Emulator) -> None:
    copy = Attachment("file", "my-data.json", b'{"name": "x"}')
    await telegram.deliver(parcel("Your <i>copy</i>", attachment=copy, buttons=((Button("OK", code="ok"),),)))
    (message,) = emulator.chat(ZARINA)
    assert message["caption"] == "Your copy"
    assert message["document"]["file_name"] == "my-data.json"
    assert emulator.files[message["document"]["file_id"]].data == copy.data
    assert message["reply_markup"]


async def test_an_invitation_is_drawn_as_a_picture(telegram: Telegram, emulator: Emulator) -> None:
    await telegram.deliver(parcel("Scan me", attachment=Attachment("qr", "invite.png", b"https://t.me/x?start=abc")))
    (message,) = emulator.chat(ZARINA)
    picture = emulator.files[message["photo"][0]["file_id"]]
    assert picture.name == "invite.png"
    assert picture.data.startswith(b"\x89PNG")
    assert message["photo"][0]["width"] == message["photo"][0]["height"] > 200  # noqa: PLR2004 - big enough to scan


async def test_a_picture_is_shown_and_not_only_offered(telegram: Telegram, emulator: Emulator) -> None:
    board = Attachment("picture", "board.png", draw(Board(120, None, 40)))
    await telegram.deliver(parcel("Counts", attachment=board))
    (message,) = emulator.chat(ZARINA)
    assert emulator.files[message["photo"][0]["file_id"]].data == board.data
    assert message["caption"] == "Counts"


async def test_words_too_long_for_a_caption_go_before_the_file(telegram: Telegram, emulator: Emulator) -> None:
    receipt = await telegram.deliver(parcel("word " * 300, attachment=Attachment("file", "a.txt", b"a")))
    words, file = emulator.chat(ZARINA)
    assert words["text"] == ("word " * 300).strip()
    assert "caption" not in file
    assert receipt.message == f"{words['message_id']}+{file['message_id']}"


async def test_a_long_letter_becomes_several_messages_with_the_buttons_last(
    telegram: Telegram, emulator: Emulator
) -> None:
    lines = "\n".join(f"<b>Line {number}</b> \U0001f54a and some words" for number in range(400))
    receipt = await telegram.deliver(parcel(lines, buttons=((Button("OK", code="ok"),),)))
    messages = emulator.chat(ZARINA)
    assert len(messages) > 1
    assert all(length(message["text"]) <= 4096 for message in messages)  # noqa: PLR2004 - Telegram's limit
    assert "\n".join(message["text"] for message in messages).count("Line ") == 400  # noqa: PLR2004
    assert [("reply_markup" in message) for message in messages] == [False] * (len(messages) - 1) + [True]
    assert await telegram.delete(parcel().address, (receipt.message,))
    assert emulator.chat(ZARINA) == []


async def test_a_long_letter_goes_on_where_it_was_stopped(telegram: Telegram, emulator: Emulator) -> None:
    text = "\n".join(f"Line {number} and some words" for number in range(400))
    emulator.limit(chat_every=1.0)
    with pytest.raises(Throttled):
        await telegram.deliver(parcel(text))
    assert len(emulator.chat(ZARINA)) == 1
    emulator.limit()
    receipt = await telegram.deliver(parcel(text))
    assert len(receipt.message.split("+")) == len(emulator.chat(ZARINA))
    assert "\n".join(emulator.shown(ZARINA)) == text


# -- refusals ----------------------------------------------------------------------------------------------------------


async def test_no_connection_means_surely_not_sent(telegram: Telegram, emulator: Emulator) -> None:
    await emulator.pause()
    with pytest.raises(NotSent) as caught:
        await telegram.deliver(parcel())
    assert type(caught.value) is NotSent
    await emulator.resume()
    await telegram.deliver(parcel())
    assert len(emulator.sent) == 1


async def test_a_failed_tls_handshake_means_surely_not_sent(emulator: Emulator) -> None:
    async with Telegram(emulator.token, base_url=emulator.url.replace("http:", "https:")) as lost:
        with pytest.raises(NotSent) as caught:
            await lost.deliver(parcel())
    assert type(caught.value) is NotSent
    assert emulator.sent == []


async def test_a_full_pool_means_surely_not_sent(emulator: Emulator, clock: Clock) -> None:
    from bot.platforms.telegram import Patience  # noqa: PLC0415 - this test only

    patience = Patience(connect=0.2, answer=5.0)
    emulator.fault("stall", "sendMessage", accept=True, seconds=1.0)
    async with Telegram(emulator.token, base_url=emulator.url, patience=patience, connections=1, clock=clock) as narrow:
        first = asyncio.create_task(narrow.deliver(parcel()))
        await emulator.until(lambda: len(emulator.sent) == 1)
        with pytest.raises(NotSent):
            await narrow.deliver(parcel())
        first.cancel()
    assert len(emulator.sent) == 1


async def test_a_429_tells_how_long_to_wait(telegram: Telegram, emulator: Emulator) -> None:
    emulator.fault("json", "sendMessage", code=429, parameters={"retry_after": 37})
    with pytest.raises(Throttled) as caught:
        await telegram.deliver(parcel())
    assert caught.value.wait == timedelta(seconds=37)
    assert emulator.sent == []


async def test_one_refused_chat_never_silences_the_others_but_two_mean_the_whole_account(
    telegram: Telegram, emulator: Emulator, clock: Clock
) -> None:
    emulator.user(7009, started=True)

    async def refused(to: int) -> Throttled:
        emulator.fault("json", "sendMessage", code=429, parameters={"retry_after": 6})
        with pytest.raises(Throttled) as caught:
            await telegram.deliver(parcel(to=to))
        return caught.value

    for _ in range(3):  # somebody who makes the bot write to them too often
        assert not (await refused(ZARINA)).everywhere
        clock.advance(1.2)
    assert (await refused(7009)).everywhere
    clock.advance(60)
    assert not (await refused(ZARINA)).everywhere


async def test_a_429_from_a_proxy_without_a_word_still_means_wait(telegram: Telegram, emulator: Emulator) -> None:
    emulator.fault("html", "sendMessage", code=429)
    with pytest.raises(Throttled) as caught:
        await telegram.deliver(parcel())
    assert caught.value.wait > timedelta(0)


async def test_a_429_for_one_chat_leaves_the_others_alone(telegram: Telegram, emulator: Emulator, clock: Clock) -> None:
    emulator.limit(chat_every=1.0)
    await telegram.deliver(parcel())
    with pytest.raises(Throttled) as caught:
        await telegram.deliver(parcel())
    assert not caught.value.everywhere
    clock.advance(1.1)
    await telegram.deliver(parcel())


async def test_a_group_has_a_budget_of_its_own(telegram: Telegram, emulator: Emulator, clock: Clock) -> None:
    group = emulator.group(-500)
    emulator.limit(group_per_minute=20)
    for _ in range(20):
        await telegram.deliver(parcel(to=group))
        clock.advance(2)
    with pytest.raises(Throttled) as caught:
        await telegram.deliver(parcel(to=group))
    assert not caught.value.everywhere
    await telegram.deliver(parcel())


async def test_a_group_that_moved_is_relocated(telegram: Telegram, emulator: Emulator) -> None:
    group = emulator.group(-500)
    new = await emulator.migrate(group, ZARINA)
    with pytest.raises(Relocated) as caught:
        await telegram.deliver(parcel(to=group))
    assert caught.value.account == str(new)
    await telegram.deliver(parcel(to=new))


async def test_who_blocked_the_bot_is_unreachable(telegram: Telegram, emulator: Emulator) -> None:
    await emulator.block(ZARINA)
    with pytest.raises(Unreachable):
        await telegram.deliver(parcel())
    await emulator.unblock(ZARINA)
    await telegram.deliver(parcel())


async def test_a_deleted_account_is_unreachable(telegram: Telegram, emulator: Emulator) -> None:
    await emulator.deactivate(ZARINA)
    with pytest.raises(Unreachable):
        await telegram.deliver(parcel())


@pytest.mark.parametrize(
    "description", ["chat not found", "PEER_ID_INVALID", "not enough rights to send text messages to the chat"]
)
async def test_a_chat_that_can_not_be_written_to_is_unreachable(
    telegram: Telegram, emulator: Emulator, description: str
) -> None:
    emulator.fault("json", "sendMessage", code=400, description=f"Bad Request: {description}")
    with pytest.raises(Unreachable):
        await telegram.deliver(parcel())


async def test_an_account_of_another_kind_is_unreachable(telegram: Telegram) -> None:
    with pytest.raises(Unreachable):
        await telegram.deliver(Parcel(Sender("telegram", "5550001", "@zarina:example.org"), KEY, Markup("x")))


async def test_a_group_that_removed_the_bot_is_unreachable(telegram: Telegram, emulator: Emulator) -> None:
    group = emulator.group(-500)
    await emulator.remove_bot(group, ZARINA)
    with pytest.raises(Unreachable):
        await telegram.deliver(parcel(to=group))


@pytest.mark.parametrize("text", ["<blink>x</blink>", "  ", "<b>open"])
async def test_a_malformed_letter_is_refused_for_good(telegram: Telegram, text: str) -> None:
    with pytest.raises(Refused):
        await telegram.deliver(parcel(text))


@pytest.mark.parametrize("code", [409, 413])
async def test_any_other_refusal_is_for_good(telegram: Telegram, emulator: Emulator, code: int) -> None:
    emulator.fault("json", "sendMessage", code=code)
    with pytest.raises(Refused):
        await telegram.deliver(parcel())


@pytest.mark.parametrize("code", [401, 404])
async def test_a_refused_token_closes_the_account(telegram: Telegram, emulator: Emulator, code: int) -> None:
    emulator.fault("json", "sendMessage", code=code)
    with pytest.raises(Closed):
        await telegram.deliver(parcel())


async def test_another_bot_token_closes_the_account(emulator: Emulator) -> None:
    async with Telegram(TOKEN[:-1] + "1", base_url=emulator.url) as stranger:
        with pytest.raises(Closed):
            await stranger.deliver(parcel())


# -- unknown -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "arrived"),
    [
        ({"kind": "reset"}, False),
        ({"kind": "drop"}, False),
        ({"kind": "lost"}, True),
        ({"kind": "half"}, True),
        ({"kind": "stall", "accept": False, "seconds": 1.0}, False),
        ({"kind": "stall", "accept": True, "seconds": 1.0}, True),
        ({"kind": "html", "code": 502}, False),
        ({"kind": "html", "code": 404}, False),
        ({"kind": "html", "code": 302}, False),
        ({"kind": "json", "code": 500}, False),
        ({"kind": "json", "code": 503}, False),
        ({"kind": "junk", "body": ""}, False),
        ({"kind": "junk", "body": "[]"}, False),
        ({"kind": "junk", "body": '{"ok": true}'}, False),
        ({"kind": "junk", "body": '{"ok": false}'}, False),
        ({"kind": "junk", "body": '{"ok": true, "result": true}'}, False),
        ({"kind": "junk", "body": '{"ok": true, "result": {"message_id": "1"}}'}, False),
        ({"kind": "junk", "body": '{"ok": true, "result": {"message_id": true}}'}, False),
        ({"kind": "junk", "body": "[" * 100_000}, False),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else "",
)
async def test_a_lost_answer_is_never_called_a_failure(
    telegram: Telegram, emulator: Emulator, fault: dict[str, object], *, arrived: bool
) -> None:
    """The client can't tell the messages that arrived from those that did not, so it must not pretend."""
    emulator.fault(method="sendMessage", **fault)  # type: ignore[arg-type]
    with pytest.raises(Unknown):
        await telegram.deliver(parcel())
    assert len(emulator.sent) == arrived


@pytest.mark.parametrize("body", ['{"ok": true, "result": true}', '{"ok": true, "result": {"message_id": 1}}', "{"])
async def test_a_lost_answer_about_a_file_is_never_called_a_failure(
    telegram: Telegram, emulator: Emulator, body: str
) -> None:
    emulator.fault("junk", "sendDocument", body=body)
    with pytest.raises(Unknown):
        await telegram.deliver(parcel(attachment=Attachment("file", "a.txt", b"a")))


async def test_nothing_is_sent_twice_behind_the_outbox_s_back(telegram: Telegram, emulator: Emulator) -> None:
    emulator.fault("lost", "sendMessage", count=1)
    with pytest.raises(Unknown):
        await telegram.deliver(parcel())
    assert [one.method for one in emulator.wire].count("sendMessage") == 1


# -- cleaning, courtesies, profile -------------------------------------------------------------------------------------


async def test_many_messages_are_deleted_a_hundred_at_a_time(telegram: Telegram, emulator: Emulator) -> None:
    ids = tuple([str(await emulator.say(ZARINA, "x")) for _ in range(205)])
    assert await telegram.delete(parcel().address, ids)
    assert emulator.chat(ZARINA) == []
    assert emulator.methods["deleteMessages"] == 3  # noqa: PLR2004 - 100 + 100 + 5


async def test_a_message_older_than_two_days_stays_and_it_is_said(
    telegram: Telegram, emulator: Emulator, clock: Clock
) -> None:
    first = await telegram.deliver(parcel())
    clock.advance(48 * 3600 + 1)
    assert not await telegram.delete(parcel().address, (first.message,))
    assert len(emulator.chat(ZARINA)) == 1


@pytest.mark.parametrize("messages", [("not-an-id",), ("1", "x")])
async def test_deleting_what_has_no_number_is_not_called_done(telegram: Telegram, messages: tuple[str, ...]) -> None:
    assert not await telegram.delete(parcel().address, messages)


async def test_deleting_raises_nothing_else(telegram: Telegram, emulator: Emulator) -> None:
    emulator.fault("lost", "deleteMessages")
    assert not await telegram.delete(parcel().address, ("1",))
    assert not await telegram.delete(Sender("telegram", "5550001", "x"), ("1",))
    await emulator.pause()
    assert not await telegram.delete(parcel().address, ("1",))


async def test_deleting_tells_how_long_to_wait(telegram: Telegram, emulator: Emulator) -> None:
    emulator.fault("json", "deleteMessages", code=429, parameters={"retry_after": 37})
    with pytest.raises(Throttled) as caught:
        await telegram.delete(parcel().address, ("1",))
    assert caught.value.wait >= timedelta(seconds=37)


async def test_typing_is_a_courtesy(telegram: Telegram, emulator: Emulator) -> None:
    await telegram.typing(parcel().address)
    assert emulator.typing == [ZARINA]
    await emulator.block(ZARINA)
    await telegram.typing(parcel().address)
    await telegram.typing(Sender("telegram", "5550001", "x"))


PROFILE = {
    "": {"name": "Payvand", "short": "Who is safe.", "description": "Families.", "/safe": "I am safe", "/help": "Help"},
    "ru": {"name": "Payvand RU", "short": "ru", "description": "ru ru", "/safe": "ru safe"},
    "tg": {"name": "Payvand TG", "short": "tg", "description": "tg tg", "/safe": "tg safe"},
}


async def test_the_profile_speaks_each_language(telegram: Telegram, emulator: Emulator) -> None:
    await telegram.describe(PROFILE)
    assert emulator.profile["tg"] == {
        "short_description": "tg",
        "description": "tg tg",
        "commands": [{"command": "safe", "description": "tg safe"}],
        "name": "Payvand TG",
    }
    assert [one["command"] for one in emulator.profile[""]["commands"]] == ["safe", "help"]


async def test_a_second_start_changes_nothing_in_the_profile(telegram: Telegram, emulator: Emulator) -> None:
    await telegram.describe(PROFILE)
    emulator.methods.clear()
    await telegram.describe(PROFILE)
    assert not [method for method in emulator.methods if method.startswith("set")]


async def test_a_language_that_the_server_refuses_is_passed_over(telegram: Telegram, emulator: Emulator) -> None:
    emulator.refused_languages.add("ru")
    await telegram.describe(PROFILE)
    assert "ru" not in emulator.profile
    assert emulator.profile["tg"]["name"] == "Payvand TG"


@pytest.mark.parametrize("fault", [{"kind": "json", "code": 429}, {"kind": "json", "code": 500}, {"kind": "lost"}])
async def test_a_throttled_profile_waits_for_the_next_start(
    telegram: Telegram, emulator: Emulator, fault: dict[str, object]
) -> None:
    emulator.fault(method="setMyName", **fault)  # type: ignore[arg-type]
    await telegram.describe(PROFILE)
    assert emulator.methods["setMyName"] == 1
    await telegram.describe(PROFILE)
    assert emulator.profile["tg"]["name"] == "Payvand TG"


def test_the_gate_refuses_what_comes_too_early_and_nothing_else() -> None:
    gate = Gate(Limits.documented())
    assert [gate.refuse(chat, 100.0) for chat in range(1, 32)] == [None] * 30 + [1]
    assert gate.refuse(1, 100.99) == 1
    assert gate.refuse(1, 101.0) is None


def test_a_chat_may_burst_as_far_as_it_is_allowed() -> None:
    gate = Gate(Limits(chat_every=1.0, chat_burst=3))
    assert [gate.refuse(1, 100.0) for _ in range(4)] == [None, None, None, 1]
    assert gate.refuse(1, 101.0) is None
    assert gate.refuse(1, 101.0) == 1


def test_a_penalty_starts_anew_for_who_does_not_wait() -> None:
    gate = Gate(Limits(chat_every=1.0, penalty=3.0))
    assert gate.refuse(1, 100.0) is None
    assert gate.refuse(1, 100.5) == 3  # noqa: PLR2004 - the penalty
    assert gate.refuse(1, 102.0) == 3  # noqa: PLR2004
    assert gate.refuse(1, 105.0) is None
    assert gate.refuse(2, 100.6) is None
