"""Letters reach people on a real homeserver, once each, and every no becomes what the outbox can do about it."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from markupsafe import Markup

from bot.domain.conversation import Attachment, Sender
from bot.domain.region import Board
from bot.jobs.boards import HEIGHT, WIDTH, draw
from bot.outbox.courier import (
    Button,
    Closed,
    Gone,
    NotSent,
    Parcel,
    Refused,
    Throttled,
    Unknown,
    Unreachable,
)
from bot.platforms.matrix import wire
from bot.platforms.matrix.client import HardenedClient
from bot.platforms.matrix.courier import MatrixCourier
from bot.platforms.matrix.news import Rooms
from bot.platforms.matrix.shapes import Errand, Task
from tests.matrix.crowd import PATIENCE, Crowd, Neighbour
from tests.matrix.devices import Device, meet, until_in
from tests.matrix.synapse import FOREIGN_LIMITS, Synapse

ROWS = ((Button("I am safe", "safe"), Button("Help", "help")), (Button("⬅️ Back", "home"),))
MINUTE = timedelta(minutes=1)
POWERLESS = "private_chat"  # there whoever is invited may not redact what others say


def desk(client: HardenedClient, *, reactions: bool = False) -> MatrixCourier:
    return MatrixCourier(client, client.user, Rooms(client, client.user), reactions=reactions, dice=random.Random(7))


def letter(  # noqa: PLR0913 - a letter has this many sides
    client: HardenedClient,
    to: str,
    words: str = "Daler is <b>safe</b>.",
    *,
    key: str = "matrix/1",
    edit: str = "",
    buttons: tuple[tuple[Button, ...], ...] = (),
    attachment: Attachment | None = None,
    silent: bool = False,
) -> Parcel:
    address = Sender("matrix", client.user, to)
    text = Markup(words)  # noqa: S704 - the test's own words
    return Parcel(address, key, text, buttons, edit=edit, attachment=attachment, silent=silent)


@asynccontextmanager
async def syncing(client: HardenedClient) -> AsyncIterator[None]:
    """Let the bot hear in the background, as it does while it delivers."""

    async def hear() -> None:
        while True:
            with suppress(wire.MatrixError):
                await client.keep(await client.sync(1))

    task = asyncio.create_task(hear())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def stranger_to(bot: HardenedClient, person: Neighbour, **body: object) -> str:
    """A room of a person's own making with the bot in it; its id."""
    made = await person.api("POST", "/createRoom", {"invite": [bot.user], "is_direct": True, **body})
    room: str = made["room_id"]
    person.partners = [bot.user]
    await bot.join(room)
    await until_in(bot, room)
    return room


# -- delivered ---------------------------------------------------------------------------------------------------------


async def test_a_letter_is_read_decrypted_and_a_second_attempt_is_the_same_message(
    device: Device, crowd: Crowd
) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        await meet(bot, zarina)
        receipt = await desk(bot).deliver(letter(bot, zarina.user))
    async with device.client() as bot:  # a crash came in between: nothing in memory tells that it was sent
        assert await desk(bot).deliver(letter(bot, zarina.user)) == receipt
        other = await desk(bot).deliver(letter(bot, zarina.user, key="matrix/2"))
    assert other != receipt
    await zarina.until(lambda: len(zarina.messages) >= 2)  # noqa: PLR2004
    (first, _second) = zarina.messages
    assert (first.id, first.body, first.encrypted) == (receipt.message, "Daler is safe.", True)
    assert first.content["formatted_body"] == "Daler is <b>safe</b>."


async def test_words_that_do_not_fit_come_in_order_and_can_be_deleted_together(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        await meet(bot, zarina)
        courier = desk(bot)
        receipt = await courier.deliver(letter(bot, zarina.user, "Ҳама дар амонанд. " * 500, buttons=ROWS))
        await zarina.until(lambda: "3. ⬅️ Back" in zarina.screen)
        assert "+".join(one.id for one in zarina.messages) == receipt.message
        assert len(zarina.messages) > 1
        assert await courier.delete(Sender("matrix", bot.user, zarina.user), (receipt.message,))
    await zarina.until(lambda: not zarina.messages)


async def test_how_to_choose_is_said_in_the_first_two_lists_of_a_chat(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        await meet(bot, zarina)
        courier = desk(bot)
        for number in range(3):
            await courier.deliver(letter(bot, zarina.user, "How are you?", key=str(number), buttons=ROWS))
    await zarina.until(lambda: len(zarina.messages) == 3)  # noqa: PLR2004
    assert ["write the number" in one.body for one in zarina.messages] == [True, True, False]


async def test_what_must_not_wake_anybody_is_a_notice(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        await meet(bot, zarina)
        await desk(bot).deliver(letter(bot, zarina.user, silent=True))
    await zarina.until(lambda: zarina.messages)
    assert zarina.messages[0].content["msgtype"] == "m.notice"


@pytest.mark.parametrize("encrypted", [True, False])
async def test_files_and_pictures_are_as_secret_as_their_room(device: Device, crowd: Crowd, *, encrypted: bool) -> None:
    zarina = await crowd.neighbour("zarina")
    data = bytes(range(256)) * 40
    async with device.client() as bot:
        await meet(bot, zarina, encrypted=encrypted)
        courier = desk(bot)
        copy = letter(bot, zarina.user, "Your copy", attachment=Attachment("file", "copy.zip", data))
        receipt = await courier.deliver(copy)
        picture = Attachment("qr", "invitation.png", b"https://example.org/?start=1")
        await courier.deliver(letter(bot, zarina.user, "", key="matrix/2", attachment=picture))
        board = Attachment("picture", "board.png", draw(Board(120, None, 40)))
        await courier.deliver(letter(bot, zarina.user, "", key="matrix/3", attachment=board))
        await zarina.until(lambda: len(zarina.messages) == 4)  # noqa: PLR2004
        sent, words, shown, drawn = zarina.messages
        assert receipt.message == f"{sent.id}+{words.id}"
        assert ("file" in sent.content, "url" in sent.content) == (encrypted, not encrypted)
        assert await bot.download(sent.content, 20_000) == data
        png = await bot.download(shown.content, 20_000)
        assert await bot.download(drawn.content, 20_000) == board.data
    assert (sent.content["msgtype"], shown.content["msgtype"]) == ("m.file", "m.image")
    assert drawn.content["msgtype"] == "m.image"
    assert (drawn.content["info"]["w"], drawn.content["info"]["h"]) == (WIDTH, HEIGHT)
    assert (sent.body, words.body.splitlines()[0], shown.body) == ("copy.zip", "Your copy", "invitation.png")
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20]) == shown.content["info"]["w"]
    if encrypted:
        address = sent.content["file"]["url"].removeprefix("mxc://")
        raw = await zarina._http.get(  # noqa: SLF001 - bytes, not JSON
            f"{device.url}/_matrix/client/v1/media/download/{address}",
            headers={"Authorization": f"Bearer {zarina.token}"},
        )
        assert hashlib.sha256(await raw.read()).digest() != hashlib.sha256(data).digest(), "the server sees no file"


async def test_signs_to_tap_stand_only_under_short_lists_and_only_where_it_is_allowed(
    device: Device, crowd: Crowd
) -> None:
    zarina = await crowd.neighbour("zarina")
    many = tuple((Button(f"Choice {n}", str(n)),) for n in range(5))
    async with device.client() as bot:
        await meet(bot, zarina)
        await desk(bot).deliver(letter(bot, zarina.user, "one", key="1", buttons=ROWS))
        await desk(bot, reactions=True).deliver(letter(bot, zarina.user, "two", key="2", buttons=many))
        receipt = await desk(bot, reactions=True).deliver(letter(bot, zarina.user, "three", key="3", buttons=ROWS))
    await zarina.until(lambda: len([one for one in zarina.events if one.kind == "m.reaction"]) == 3)  # noqa: PLR2004
    signs = [one.content["m.relates_to"] for one in zarina.events if one.kind == "m.reaction"]
    assert [one["key"] for one in signs] == ["1\ufe0f\u20e3", "2\ufe0f\u20e3", "3\ufe0f\u20e3"]
    assert {one["event_id"] for one in signs} == {receipt.message}


# -- changed and deleted -----------------------------------------------------------------------------------------------


async def test_a_message_is_changed_in_place(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        await meet(bot, zarina)
        first = await desk(bot).deliver(letter(bot, zarina.user, "On the way"))
        changed = letter(bot, zarina.user, "<i>Arrived</i>", key="2", edit=first.message, buttons=ROWS)
        receipt = await desk(bot).deliver(changed)
        assert (receipt.message, receipt.edited) == (first.message, True)
        assert await desk(bot).deliver(changed) == receipt
    await zarina.until(lambda: zarina.messages and "Arrived" in zarina.last)
    (one,) = zarina.messages
    assert one.body == "Arrived\n\n1. I am safe\n2. Help\n3. ⬅️ Back"


async def test_what_can_not_be_changed_is_gone(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        await meet(bot, zarina)
        courier = desk(bot)
        first = await courier.deliver(letter(bot, zarina.user, "On the way"))
        for target in ("$nothing", f"{first.message}+$second", "77"):
            with pytest.raises(Gone):
                await courier.deliver(letter(bot, zarina.user, "Arrived", key="2", edit=target))
        with pytest.raises(Gone):
            await courier.deliver(letter(bot, zarina.user, "Арафа " * 1500, key="3", edit=first.message))
        assert await courier.delete(Sender("matrix", bot.user, zarina.user), (first.message,))
        with pytest.raises(Gone):
            await courier.deliver(letter(bot, zarina.user, "Arrived", key="4", edit=first.message))


async def test_a_message_in_an_older_chat_is_changed_there(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        old = await meet(bot, zarina)
        first = await desk(bot).deliver(letter(bot, zarina.user, "On the way"))
        new = await meet(bot, zarina)
        await bot.mark_direct(zarina.user, old)
        await bot.mark_direct(zarina.user, new)
        receipt = await desk(bot).deliver(letter(bot, zarina.user, "Arrived", key="2", edit=first.message))
        assert receipt.edited
        await desk(bot).deliver(letter(bot, zarina.user, "And here", key="3"))
    await zarina.until(lambda: "And here" in zarina.screen and "Arrived" in zarina.screen)
    assert {(one.room, one.body) for one in zarina.messages} == {(old, "Arrived"), (new, "And here")}


async def test_a_persons_own_message_is_deleted_only_where_they_gave_us_the_power(device: Device, crowd: Crowd) -> None:
    zarina, daler = await crowd.neighbour("zarina"), await crowd.neighbour("daler")
    async with device.client() as bot:
        room = await stranger_to(bot, daler, preset=POWERLESS)
        await meet(bot, zarina)
        hers, his = (
            await zarina.says("secret"),
            await daler.sends("m.room.message", {"msgtype": "m.text", "body": "x"}, room, encrypted=False),
        )
        courier = desk(bot)
        assert await courier.delete(Sender("matrix", bot.user, zarina.user), (hers,))
        assert not await courier.delete(Sender("matrix", bot.user, daler.user), (his,))
        assert not await courier.delete(Sender("matrix", bot.user, zarina.user), ("$nothing",))
        assert not await courier.delete(Sender("matrix", bot.user, "@nobody:localhost"), (hers,))


# -- whose room --------------------------------------------------------------------------------------------------------


async def test_whoever_left_is_unreachable_and_never_invited_again(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        room = await meet(bot, zarina)
        await bot.mark_direct(zarina.user, room)
        await zarina.leaves()
        async with syncing(bot):
            await zarina.hears()
            while zarina.user in bot.rooms()[room].members:  # noqa: ASYNC110 - the sync is somebody else's
                await asyncio.sleep(0.05)
            with pytest.raises(Unreachable):
                await desk(bot).deliver(letter(bot, zarina.user))
    await zarina.hears()
    assert [name for (_room, name), state in zarina.members.items() if state == "invite"] == []


async def test_whoever_bans_us_is_unreachable(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        room = await stranger_to(bot, zarina, preset=POWERLESS)
        await bot.mark_direct(zarina.user, room)
        await zarina.api("POST", f"/rooms/{room}/ban", {"user_id": bot.user})
        with pytest.raises(Unreachable):  # the ban was not heard yet
            await desk(bot).deliver(letter(bot, zarina.user))


async def test_somebody_whom_the_bot_never_met_is_invited_to_an_encrypted_chat(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot, syncing(bot):
        courier = desk(bot)
        first, second = await asyncio.gather(
            courier.deliver(letter(bot, zarina.user, "first")),
            courier.deliver(letter(bot, zarina.user, "second", key="matrix/2")),
        )
        await zarina.until(lambda: "invite" in zarina.members.values())
        ((room, _user),) = [key for key, state in zarina.members.items() if state == "invite" and key[1] == zarina.user]
        await zarina.joins(room)
        await zarina.until(lambda: len(zarina.messages) == 2)  # noqa: PLR2004
    assert [one.id for one in zarina.messages] == [first.message, second.message]
    assert zarina.in_clear == []
    assert zarina.unreadable == []


async def test_whoever_has_just_invited_the_bot_is_not_invited_to_another_chat(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        room = await zarina.invites(bot.user)
        batch = await bot.sync(2)
        await not_yet(bot, zarina)
        await bot.keep(batch, [Errand(Task.INVITE, room, zarina.user, datetime.now(UTC), direct=True)])
    async with device.client() as bot:  # a crash came in between, and the invitation is told only once
        await not_yet(bot, zarina)
        await bot.join(room)
        await not_yet(bot, zarina)
        await until_in(bot, room)
        await desk(bot).deliver(letter(bot, zarina.user))
    await zarina.until(lambda: zarina.messages)
    assert zarina.messages[0].room == room
    assert chats(zarina) == {room}


async def test_an_invitation_of_which_nothing_comes_keeps_no_letter_waiting(device: Device, crowd: Crowd) -> None:
    zarina, daler = await crowd.neighbour("zarina"), await crowd.neighbour("daler")
    async with device.client() as bot:
        await zarina.invites(bot.user)
        room = await daler.invites(bot.user)
        while not (bot.invited_by(zarina.user) and bot.invited_by(daler.user)):
            await bot.keep(await bot.sync(2))
        await not_yet(bot, daler)
        await bot.leave(room)
        async with syncing(bot):
            await desk(bot).deliver(letter(bot, daler.user))
            late = MatrixCourier(bot, bot.user, Rooms(bot, bot.user), now=lambda: datetime.now(UTC) + 5 * MINUTE)
            await late.deliver(letter(bot, zarina.user))
    for one in (zarina, daler):
        await one.until(lambda one=one: len(chats(one)) == 2)  # type: ignore[misc] # noqa: PLR2004


async def not_yet(bot: HardenedClient, person: Neighbour) -> None:
    """See that a letter waits."""
    with pytest.raises(NotSent):
        await desk(bot).deliver(letter(bot, person.user))


def chats(person: Neighbour) -> set[str]:
    """The rooms that somebody made or was invited to."""
    return {room for room, user in person.members if user == person.user}


async def test_a_chat_that_a_third_one_joins_is_no_longer_told_anything_personal(device: Device, crowd: Crowd) -> None:
    zarina, other = await crowd.neighbour("zarina"), await crowd.neighbour("other")
    async with device.client() as bot:
        room = await meet(bot, zarina)
        await zarina.api("POST", f"/rooms/{room}/invite", {"user_id": other.user})
        async with syncing(bot):
            while other.user not in bot.rooms()[room].invited:  # noqa: ASYNC110 - the sync is somebody else's
                await asyncio.sleep(0.05)
            await desk(bot).deliver(letter(bot, zarina.user))
            await zarina.until(lambda: any(r != room and s == "invite" for (r, _u), s in zarina.members.items()))
    assert zarina.messages == []


async def test_a_room_is_answered_as_a_room(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        room = await meet(bot, zarina, encrypted=False)
        await desk(bot).deliver(letter(bot, room, "Please write to me privately."))
        with pytest.raises(Unreachable):
            await desk(bot).deliver(letter(bot, "!elsewhere:localhost"))
        for nobody in ("zarina", "@zarina", "", "#room:localhost"):
            with pytest.raises(Unreachable):
                await desk(bot).deliver(letter(bot, nobody))
    await zarina.until(lambda: zarina.messages)


# -- refused -----------------------------------------------------------------------------------------------------------


async def test_too_fast_is_throttled_and_nobody_asks_again_before_the_time() -> None:
    with Synapse(extra={"rc_message": FOREIGN_LIMITS["rc_message"]}) as server:
        await check_throttled(server)


async def check_throttled(server: Synapse) -> None:
    async with Crowd(server) as crowd:
        zarina = await crowd.neighbour("zarina")
        server.lift_limits(zarina.user)
        device = Device(server, server.directory / "bot")
        async with device.client() as bot:
            await meet(bot, zarina)
            seconds = [1000.0]
            courier = MatrixCourier(
                bot, bot.user, Rooms(bot, bot.user), clock=lambda: seconds[0], dice=random.Random(7)
            )
            sent = 0

            async def as_many_as_it_takes() -> None:
                nonlocal sent
                for sent in range(20):
                    await courier.deliver(letter(bot, zarina.user, f"{sent}", key=f"{sent}"))

            with pytest.raises(Throttled) as refused:
                await as_many_as_it_takes()
            assert refused.value.everywhere
            assert timedelta(seconds=1) < refused.value.wait < timedelta(seconds=8)
            seconds[0] += 1
            before = bot.wire
            bot.__dict__["wire"] = None  # whoever asks now fails otherwise
            with pytest.raises(Throttled) as again:
                await courier.deliver(letter(bot, zarina.user, "again", key=f"{sent}"))
            bot.__dict__["wire"] = before
            assert again.value.wait < refused.value.wait
        await zarina.until(lambda: len(zarina.messages) == sent)


async def test_a_server_that_is_down_is_no_answer_and_a_revoked_token_no_end_before_it_is_known(crowd: Crowd) -> None:
    del crowd
    with Synapse() as server:
        async with Crowd(server) as people:
            zarina = await people.neighbour("zarina")
            device = Device(server, server.directory / "bot")
            async with device.client() as bot:
                await meet(bot, zarina)
                courier = desk(bot)
                await courier.deliver(letter(bot, zarina.user, "first"))
                server.stop()
                with pytest.raises((NotSent, Unknown)):  # perhaps it has left on the connection that was kept
                    await courier.deliver(letter(bot, zarina.user, key="2"))
                with pytest.raises(NotSent):
                    await courier.deliver(letter(bot, zarina.user, key="2"))
                assert not await courier.delete(Sender("matrix", bot.user, zarina.user), ("$x",))
                await courier.typing(Sender("matrix", bot.user, zarina.user))
                server.start()
                await courier.deliver(letter(bot, zarina.user, key="2"))
                server.request("POST", "/_matrix/client/v3/logout", {}, bot.wire.token)
                with pytest.raises(NotSent):
                    await courier.deliver(letter(bot, zarina.user, key="3"))
                courier.closed = True
                with pytest.raises(Closed):
                    await courier.deliver(letter(bot, zarina.user, key="3"))


async def test_a_letter_of_nothing_is_refused(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        await meet(bot, zarina)
        with pytest.raises(Refused):
            await desk(bot).deliver(letter(bot, zarina.user, " "))


# -- the account -------------------------------------------------------------------------------------------------------


async def test_the_bots_name_is_set_once(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        room = await meet(bot, zarina)
        for _ in range(2):
            await desk(bot).describe({"": {"name": "Payvand", "short": "…"}, "ru": {"name": "Пайванд"}})
        await desk(bot).describe({})
        named: list[object] = []
        async with asyncio.timeout(PATIENCE):
            while not named:  # the server tells rooms when it finds the time
                page = await zarina.api("GET", f"/rooms/{room}/messages", dir="b", limit="50")
                named = [one for one in page["chunk"] if one["content"].get("displayname") == "Payvand"]
        assert len(named) == 1
