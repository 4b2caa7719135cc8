"""Each defect of matrix-nio 0.26's own client, shown on the bare client and survived by ours, on a real server.

Every test has two halves: the control, in which the bare client fails, and ours. A control that does not fail any more
tells that upstream has cured the defect: then look whether our own way is still needed.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import nio
import pytest
import vodozemac

from bot.platforms.matrix import client as clients
from bot.platforms.matrix import wire
from tests.matrix.bare import Bare, read, say, turn
from tests.matrix.crowd import CLIENT, ENCRYPTED, MEGOLM, OLM, Content, Crowd, Neighbour
from tests.matrix.devices import Device, hear, listen, meet, words
from tests.matrix.line import Line
from tests.matrix.synapse import Synapse

TEXT = "m.room.message"
TOO_LONG = "A" * 44  # 33 bytes


def text(words_: str) -> Content:
    return {"msgtype": "m.text", "body": words_}


@pytest.fixture
async def line(synapse: Synapse) -> Any:  # noqa: ANN401 - a fixture of pytest's
    async with Line(synapse.url) as one:
        yield one


@pytest.fixture
def bare(synapse: Synapse, tmp_path: Path) -> Bare:
    return Bare(synapse, tmp_path / "bare")


async def meet_bare(client: nio.AsyncClient, person: Neighbour, *, encrypted: bool = True) -> str:
    """Let a person invite the bare client to a direct chat, and it come."""
    room = await person.invites(client.user_id, encrypted=encrypted)
    await client.join(room)
    await turn(client)
    return room


async def identity(person: Neighbour, user: str, device: str) -> str:
    """The identity key of somebody's device."""
    keys = (await person.devices_of(user))[device]["keys"]
    return str(keys[f"curve25519:{device}"])


# -- 5.1, 5.2: one message to the device -------------------------------------------------------------------------------


async def bad_base64(person: Neighbour, curve: str) -> Content:
    return {"algorithm": OLM, "sender_key": person.curve, "ciphertext": {curve: {"type": 0, "body": "!!! no base64"}}}


async def unknown_one_time_key(person: Neighbour, curve: str) -> Content:
    nobodys = vodozemac.Curve25519SecretKey().public_key()
    session = person.account.create_outbound_session(vodozemac.Curve25519PublicKey.from_base64(curve), nobodys)
    _, sealed = session.encrypt(b"{}").to_parts()
    body = base64.b64encode(sealed).decode().rstrip("=")
    return {"algorithm": OLM, "sender_key": person.curve, "ciphertext": {curve: {"type": 0, "body": body}}}


@pytest.mark.parametrize(
    ("mischief", "fall"),
    [(bad_base64, vodozemac.DecodeException), (unknown_one_time_key, vodozemac.SessionCreationException)],
)
async def test_no_message_to_the_device_stops_the_loop(
    mischief: Callable[[Neighbour, str], Awaitable[Content]],
    fall: type[Exception],
    device: Device,
    bare: Bare,
    crowd: Crowd,
) -> None:
    stranger, zarina = await crowd.neighbour("stranger"), await crowd.neighbour("zarina")
    async with bare.client() as control:
        curve = await identity(stranger, bare.user, control.device_id)
        await stranger.slips(bare.user, control.device_id, ENCRYPTED, await mischief(stranger, curve))
        with pytest.raises(fall):
            await control.sync(timeout=0)
    async with device.client() as bot:
        await meet(bot, zarina)
        name = bot.machine.device_id
        await stranger.slips(
            bot.user, name, ENCRYPTED, await mischief(stranger, await identity(stranger, bot.user, name))
        )
        await zarina.says("I am safe")
        assert await hear(bot) == ["I am safe"]
        assert bot.health().malformed == 1


# -- 5.3: malformed keys -----------------------------------------------------------------------------------------------


async def second_device(server: Synapse, person: Neighbour, **wrong: str) -> str:
    """Give a person another device, some of whose keys are no keys: `signing`, `curve` or `once`. Its id."""
    login = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": person.user},
        "password": person.user[1:].partition(":")[0],
    }
    made = server.request("POST", f"{CLIENT}/login", login)
    account = vodozemac.Account()
    account.generate_one_time_keys(1)
    ((name, once),) = account.one_time_keys.items()
    signing = account.ed25519_key.to_base64()
    device: Content = {"user_id": person.user, "device_id": made["device_id"], "algorithms": [OLM, MEGOLM]}
    device["keys"] = {
        f"ed25519:{made['device_id']}": wrong.get("signing", signing),
        f"curve25519:{made['device_id']}": wrong.get("curve", account.curve25519_key.to_base64()),
    }

    def signed(thing: Content) -> Content:
        words_ = json.dumps(thing, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        signature = account.sign(words_).to_base64()
        return {**thing, "signatures": {person.user: {f"ed25519:{made['device_id']}": signature}}}

    keys = {f"signed_curve25519:{name}": signed({"key": wrong.get("once", once.to_base64())})}
    body = {"device_keys": signed(device), "one_time_keys": keys}
    server.request("POST", f"{CLIENT}/keys/upload", body, made["access_token"])
    return str(made["device_id"])


@pytest.mark.parametrize(
    ("wrong", "key"),
    [("signing", "no key"), ("signing", TOO_LONG), ("curve", "no key"), ("once", "no key")],
    ids=["signing", "panic", "curve", "once"],
)
async def test_keys_that_are_none_harm_only_the_device_that_has_them(  # noqa: PLR0913, PLR0917 - fixtures
    wrong: str, key: str, device: Device, bare: Bare, crowd: Crowd, synapse: Synapse
) -> None:
    stranger, zarina = await crowd.neighbour("stranger"), await crowd.neighbour("zarina")
    await second_device(synapse, stranger, **{wrong: key})
    await second_device(synapse, zarina, **{wrong: key})
    async with bare.client() as control:
        # A panic of the library's Rust part is no Exception: it ends every task on its way.
        with pytest.raises(BaseException, match=r"(?i)key|base64|symbol|byte|length"):  # noqa: PT012 - wherever it falls
            room = await meet_bare(control, stranger)
            await say(control, room, "are you there?")
    async with device.client() as bot:
        room = await meet(bot, zarina)
        await bot.send(room, TEXT, text("we hear you"), "one")
        await zarina.until(lambda: zarina.screen == "we hear you")
        await zarina.says("I am safe")
        assert await hear(bot) == ["I am safe"]


# -- 5.4: the place in the news ----------------------------------------------------------------------------------------


async def test_a_crash_while_news_are_handled_loses_none(
    device: Device, crowd: Crowd, synapse: Synapse, tmp_path: Path
) -> None:
    bare = Bare(synapse, tmp_path / "bare", store_sync_tokens=True)
    zarina, rustam = await crowd.neighbour("zarina"), await crowd.neighbour("rustam")

    async def crash(*_: object) -> None:
        raise MemoryError

    async with bare.client() as control:
        await meet_bare(control, zarina)
        await zarina.says("I need help")
        control.add_event_callback(crash, nio.RoomMessageText)
        with pytest.raises(MemoryError):
            await control.sync(timeout=0)
    async with bare.client() as control:
        assert read(await turn(control)) == []  # the control: nobody will ever read it
    async with device.client() as bot:
        await meet(bot, rustam)
        await rustam.says("I need help")
        batch = await bot.sync(5)
        assert words(batch.events) == ["I need help"]
        assert words((await bot.sync()).events) == ["I need help"]  # nothing was kept, so it comes again
    async with device.client(synced=False) as bot:
        assert await hear(bot) == ["I need help"]
    async with device.client(synced=False) as bot:
        assert words((await bot.sync()).events) == []


# -- 5.5, 5.6: one-time keys -------------------------------------------------------------------------------------------


async def test_used_up_one_time_keys_are_bridged_by_the_fallback_key_and_made_anew(
    device: Device, bare: Bare, crowd: Crowd
) -> None:
    thief = await crowd.neighbour("thief")

    async def steal(user: str, name: str) -> None:
        async def some(number: int) -> None:
            for _ in range(number):
                await thief.takes_key(user, name)

        await asyncio.gather(*(some(5) for _ in range(10)))

    async with bare.client() as control:
        name = control.device_id
    await steal(bare.user, name)
    assert await thief.takes_key(bare.user, name) == {}  # the control: no fallback key (5.6)...
    async with bare.client() as control:
        await turn(control)
        assert await thief.takes_key(bare.user, name) == {}  # ...and no new ones, ever (5.5)

    async with device.client() as bot:
        name = bot.machine.device_id
    await steal(bot.user, name)
    (bridge,) = (await thief.takes_key(bot.user, name)).values()
    assert bridge["fallback"] is True
    async with device.client() as bot:
        await bot.sync()
        assert bot.health().one_time_keys == bot.machine.account.max_one_time_keys
        (fresh,) = (await thief.takes_key(bot.user, name)).values()
        assert "fallback" not in fresh
        before = bridge["key"]
    await steal(bot.user, name)
    (bridge,) = (await thief.takes_key(bot.user, name)).values()
    assert bridge["fallback"] is True
    assert bridge["key"] != before  # a fallback key that was used is replaced


# -- 5.7: a crash after an upload --------------------------------------------------------------------------------------


async def test_a_crash_after_an_upload_leaves_keys_that_can_still_be_uploaded(
    device: Device, bare: Bare, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = await crowd.neighbour("thief")

    def crash(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(nio.crypto.Olm, "handle_response", crash)
        with pytest.raises(MemoryError):
            async with bare.client():
                pass
    async with bare.client() as control:
        await control.sync(timeout=0)
        answer = await control.keys_upload()
        assert isinstance(answer, nio.KeysUploadError)  # the control
        assert "already exists" in answer.message

    with monkeypatch.context() as patch:
        patch.setattr("bot.platforms.matrix.machine.Machine.uploaded", crash)
        with pytest.raises(MemoryError):
            async with device.client():
                pass
    # The crash came before anybody could keep the login: as after a kill, a new device is made.
    async with device.client() as bot:
        name = bot.machine.device_id
        machine = bot.machine
        machine.uploaded_key_count = 0
        with monkeypatch.context() as patch:
            patch.setattr("bot.platforms.matrix.machine.Machine.uploaded", crash)
            with pytest.raises(MemoryError):
                await bot.sync()
    async with device.client() as bot:
        assert bot.machine.device_id == name
        bot.machine.uploaded_key_count = 0
        await bot.sync()
        assert bot.machine.uploaded_key_count
        assert await thief.takes_key(bot.user, name)


async def test_a_store_that_came_back_from_a_copy_gives_up_the_names_of_keys_that_others_have(
    device: Device, crowd: Crowd
) -> None:
    async with device.client():
        pass
    copy = (device.directory / "matrix.db").read_bytes()
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        bot.machine.uploaded_key_count = 0
        await bot.sync()  # new keys, of which the copy knows nothing
    (device.directory / "matrix.db").write_bytes(copy)
    async with device.client() as bot:
        for _ in range(3):
            bot.machine.uploaded_key_count = 0
            await bot.sync()
        await meet(bot, zarina)
        for number in range(4):  # the first may need a key that the copy never had
            await zarina.says(f"{number}")
            zarina.rotates()
            await bot.keep(await bot.sync(1))
            await zarina.hears()
        await zarina.says("I am safe")
        assert "I am safe" in words((await listen(bot)).events)


# -- 5.8, 5.9: sharing a room key --------------------------------------------------------------------------------------


async def test_a_failed_claim_of_keys_never_locks_a_room(
    device: Device, crowd: Crowd, synapse: Synapse, line: Line, tmp_path: Path
) -> None:
    bare = Bare(synapse, tmp_path / "bare", line.url)
    zarina, rustam = await crowd.neighbour("zarina"), await crowd.neighbour("rustam")
    async with bare.client() as control:
        room = await meet_bare(control, zarina)
        line.refuse("keys/claim")
        with pytest.raises(aiohttp.ClientConnectionError):
            await say(control, room, "one")
        line.mend()
        with pytest.raises(TimeoutError):  # the control: locked for good
            async with asyncio.timeout(2):
                await say(control, room, "two")
    async with through(device, line) as bot:
        room = await meet(bot, rustam)
        line.refuse("keys/claim")
        with pytest.raises(wire.Unsent):
            await bot.send(room, TEXT, text("one"), "one")
        line.mend()
        await bot.send(room, TEXT, text("two"), "two")
        await rustam.until(lambda: rustam.screen == "two")


async def test_nothing_is_said_that_nobody_can_read_because_its_key_did_not_arrive(
    device: Device, crowd: Crowd, synapse: Synapse, line: Line, tmp_path: Path
) -> None:
    bare = Bare(synapse, tmp_path / "bare", line.url)
    zarina, rustam = await crowd.neighbour("zarina"), await crowd.neighbour("rustam")
    async with bare.client() as control:
        room = await meet_bare(control, zarina)
        line.answer("sendToDevice", 500, {"errcode": "M_UNKNOWN"})
        assert isinstance(await say(control, room, "one"), nio.RoomSendResponse)
        line.mend()
        await zarina.until(lambda: zarina.unreadable)  # the control: said, and unreadable
    async with through(device, line) as bot:
        room = await meet(bot, rustam)
        for trouble in (500, 429):
            line.answer("sendToDevice", trouble, {"errcode": "M_UNKNOWN"})
            with pytest.raises(wire.MatrixError):
                await bot.send(room, TEXT, text("one"), "one")
        line.mend()
        await bot.send(room, TEXT, text("one"), "one")
        await rustam.until(lambda: rustam.screen == "one")
        assert rustam.unreadable == []


def through(device: Device, line: Line) -> Any:  # noqa: ANN401 - a context manager
    """The bot, its requests over the line."""
    device.url = line.url
    return device.client()


# -- 5.10: more than a timeline holds ----------------------------------------------------------------------------------


async def test_everything_said_while_we_were_away_is_heard_in_order(
    device: Device, bare: Bare, crowd: Crowd, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarina, rustam = await crowd.neighbour("zarina"), await crowd.neighbour("rustam")
    async with bare.client() as control:
        await meet_bare(control, zarina)
        place = control.next_batch
    async with through(device, line) as bot:
        await meet(bot, rustam)
    monkeypatch.setattr(clients, "_PAGE", 7)
    monkeypatch.setattr(clients, "_FILTER", clients._FILTER.replace('"limit": 100', '"limit": 7'))  # noqa: SLF001
    said = [f"{number}" for number in range(25)]
    for number, words_ in enumerate(said):
        if number == len(said) // 2:
            zarina.rotates()
            rustam.rotates()
        await zarina.says(words_)
        await rustam.says(words_)
    async with bare.client() as control:
        heard = read(await turn(control, since=place))
        assert heard == said[-len(heard) :]
        assert len(heard) < len(said)  # the control: the first ones are lost
    async with device.client(synced=False) as bot:
        line.refuse("/messages")
        with pytest.raises(wire.MatrixError):
            await bot.sync()
        line.mend()
        batch = await bot.sync()
        assert words(batch.events) == said
        assert batch.gaps == ()
        assert words((await bot.sync()).events) == said
        monkeypatch.setattr(clients, "_PAGES", 1)
        batch = await bot.sync()
        assert batch.gaps == (rustam.room,)  # too much to fetch: it is said, and the newest are there
        assert words(batch.events) == said[-14:]


# -- 5.11: a token that is not taken any more --------------------------------------------------------------------------


async def test_a_revoked_token_is_told_once_and_the_loop_does_not_spin(
    device: Device, bare: Bare, synapse: Synapse
) -> None:
    errors = 0
    async with bare.client() as control:
        synapse.request("POST", f"{CLIENT}/logout", {}, control.access_token)

        async def count(_error: nio.SyncError) -> None:
            nonlocal errors
            errors += 1
            if errors == 20:  # noqa: PLR2004 - enough to see that it never stops
                control.stop_sync_forever()

        control.add_response_callback(count, nio.SyncError)
        async with asyncio.timeout(30):
            await control.sync_forever(timeout=30_000)
        assert errors == 20  # noqa: PLR2004 - the control: as fast as it can
    async with device.client() as bot:
        assert device.kept is not None
        synapse.request("POST", f"{CLIENT}/logout", {}, device.kept.token)
        with pytest.raises(wire.TokenRevoked) as told:
            await bot.sync(30)
        assert not told.value.soft
        with pytest.raises(wire.TokenRevoked):
            await bot.join("!room")


# -- 5.12: never in the clear ------------------------------------------------------------------------------------------


def forgetful(_path: str, answer: Any) -> Any:  # noqa: ANN401 - it is JSON
    """A sync that never says that a room is encrypted."""
    for room in answer.get("rooms", {}).get("join", {}).values():
        for part in ("state", "timeline"):
            events = room.get(part, {}).get("events", [])
            room.setdefault(part, {})["events"] = [one for one in events if one["type"] != "m.room.encryption"]
    return answer


async def test_nothing_goes_out_in_the_clear_because_our_memory_lacks_something(
    device: Device, crowd: Crowd, synapse: Synapse, line: Line, tmp_path: Path
) -> None:
    bare = Bare(synapse, tmp_path / "bare", line.url)
    zarina, rustam = await crowd.neighbour("zarina"), await crowd.neighbour("rustam")
    line.change = forgetful
    async with bare.client() as control:
        room = await meet_bare(control, zarina)
        await say(control, room, "a secret")
        await zarina.until(lambda: zarina.in_clear)  # the control
    async with through(device, line) as bot:
        room = await meet(bot, rustam)
        assert not bot.rooms()[room].encrypted
        line.answer("m.room.encryption", 500, {})
        with pytest.raises(wire.Unsent):
            await bot.send(room, TEXT, text("a secret"), "one")
        line.mend()
        await bot.send(room, TEXT, text("a secret"), "one")
        await rustam.until(lambda: rustam.screen == "a secret")
        assert rustam.in_clear == []
    async with device.client(synced=False) as bot:
        line.change = forgetful
        line.answer("m.room.encryption", 404, {"errcode": "M_NOT_FOUND"})  # a server that lies later
        await bot.keep(await bot.sync())
        await bot.send(room, TEXT, text("another"), "two")
        await rustam.until(lambda: "another" in rustam.screen)
        assert rustam.in_clear == []


async def test_a_room_that_is_not_encrypted_is_asked_for_once(device: Device, crowd: Crowd, line: Line) -> None:
    zarina = await crowd.neighbour("zarina")
    async with through(device, line) as bot:
        room = await meet(bot, zarina, encrypted=False)
        for number in range(3):
            await bot.send(room, TEXT, text(f"{number}"), f"{number}")
        await zarina.until(lambda: len(zarina.in_clear) == len(range(3)))
        assert sum("m.room.encryption" in path for path in line.asked) == 1
        await zarina.api("PUT", f"/rooms/{room}/state/m.room.encryption/", {"algorithm": MEGOLM})
        await bot.keep(await bot.sync(5))
        await bot.send(room, TEXT, text("now a secret"), "secret")
        await zarina.until(lambda: zarina.last == "now a secret")
        assert len(zarina.in_clear) == len(range(3))
