"""The hardened client on a real server: what it hears, says and remembers, and what nobody can do to it."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import nio
import pytest
from nio.crypto import OutboundGroupSession

from bot.platforms.matrix import wire
from bot.platforms.matrix.client import HardenedClient
from bot.platforms.matrix.machine import Forged, Machine, NoKey
from bot.platforms.matrix.shapes import How, Invite
from bot.platforms.matrix.store import EncryptedStore, Held, InUse, StoreFailed
from bot.platforms.matrix.wire import Wire, decoded, parts
from tests.matrix.bare import Bare, read, say, turn
from tests.matrix.crowd import ENCRYPTED, MEGOLM, OLM, Content, Crowd, Neighbour
from tests.matrix.devices import Device, hear, listen, meet, until_in, words
from tests.matrix.line import Line
from tests.matrix.synapse import Refused, Synapse

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "m.room.message"


def text(body: str) -> Content:
    return {"msgtype": "m.text", "body": body}


@pytest.fixture
async def line(synapse: Synapse) -> Any:  # noqa: ANN401 - a fixture of pytest's
    async with Line(synapse.url) as one:
        yield one


# -- hearing and saying ------------------------------------------------------------------------------------------------


async def test_what_is_written_before_the_bot_has_come_is_heard_from_the_invitation_on(
    device: Device, crowd: Crowd
) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        room = await zarina.makes_room(encrypted=False)
        await zarina.says("long before the bot was asked in")
        await zarina.api("POST", f"/rooms/{room}/invite", {"user_id": bot.user})
        await zarina.says("I need help")
        batch = await bot.sync(5)
        assert batch.invites == (Invite(room, zarina.user, direct=False, encrypted=False),)
        await bot.keep(batch)
        with pytest.raises(wire.NotFound):
            await bot.send(room, TEXT, text("welcome"), "early")  # we are not there yet
        await bot.join(room)
        batch = await bot.sync(5)
        assert batch.entered == (room,)
        assert words(batch.events) == ["I need help"]
        await bot.keep(batch)
        await bot.send(room, TEXT, text("welcome"), "welcome")
        await zarina.until(lambda: zarina.screen == "welcome")


async def test_a_resend_with_the_same_transaction_is_one_message_also_after_a_restart(
    device: Device, crowd: Crowd, line: Line
) -> None:
    zarina = await crowd.neighbour("zarina")
    device.url = line.url
    async with device.client() as bot:
        room = await meet(bot, zarina)
        line.swallow("/send/")
        with pytest.raises(wire.Unknown):
            await bot.send(room, TEXT, text("they are safe"), "letter 1")
        line.mend()
    async with device.client() as bot:
        first = await bot.send(room, TEXT, text("they are safe"), "letter 1")
        assert first == await bot.send(room, TEXT, text("they are safe"), "letter 1")
        await zarina.until(lambda: zarina.screen)
        assert [one.body for one in zarina.messages] == ["they are safe"]
        assert zarina.unreadable == []


async def test_many_letters_at_once_share_the_key_once_and_arrive_whole(
    device: Device, crowd: Crowd, line: Line
) -> None:
    zarina = await crowd.neighbour("zarina")
    device.url = line.url
    async with device.client() as bot:
        room = await meet(bot, zarina)
        line.asked.clear()
        said = [f"{number}" for number in range(8)]
        await asyncio.gather(*(bot.send(room, TEXT, text(one), one) for one in said))
        await zarina.until(lambda: len(zarina.messages) == len(said))
        assert sorted(one.body for one in zarina.messages) == said
        assert zarina.unreadable == []
        assert sum("sendToDevice" in path for path in line.asked) == 1


async def test_edits_reactions_and_redactions_reach_the_reader(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        room = await meet(bot, zarina)
        first = await bot.send(room, TEXT, text("one"), "one")
        second = await bot.send(room, TEXT, text("two"), "two")
        change = {**text("* uno"), "m.new_content": text("uno")}
        change["m.relates_to"] = {"rel_type": "m.replace", "event_id": first}
        await bot.send(room, TEXT, change, "change")
        await bot.react(room, first, "1️⃣", "sign")
        assert await bot.stands(room, second)
        await bot.redact(room, second, "redaction")
        assert not await bot.stands(room, second)
        with pytest.raises(wire.NotFound):
            await bot.stands(room, "$nothing")
        await bot.typing(room)
        await bot.typing(room, 0)
        await zarina.until(lambda: zarina.screen == "uno")
        assert [one.content["m.relates_to"]["key"] for one in zarina.events if one.kind == "m.reaction"] == ["1️⃣"]
        assert zarina.in_clear == []
        await zarina.deletes(await zarina.says("not meant for you"))
        event = await zarina.reacts(first, "👍")
        await bot.keep(await bot.sync(5))
        page = await bot.events(room)
        assert page[-1].id == event
        assert page[-2].redacts
        assert page[-1].json["content"]["m.relates_to"]["event_id"] == first


@pytest.mark.parametrize("encrypt", [True, False])
async def test_a_file_arrives_as_it_was_sent(encrypt: bool, device: Device) -> None:  # noqa: FBT001
    async with device.client() as bot:
        data = bytes(range(256)) * 50
        content = await bot.upload(data, "image/png", "card.png", encrypt=encrypt)
        assert ("file" in content, "url" in content) == (encrypt, not encrypt)
        assert content["info"] == {"mimetype": "image/png", "size": len(data)}
        assert await bot.download(content, len(data)) == data
        with pytest.raises(wire.Refused):
            await bot.download(content, len(data) - 1)
        address = content["file"]["url"] if encrypt else content["url"]
        stored = await bot.download({"url": address}, len(data))
        assert (stored == data) is not encrypt  # the server sees it only in the clear case
        for broken in ({}, {"url": "https://example.org/x"}, {"url": 7}, {"url": "mxc://localhost/a/../b"}):
            with pytest.raises(wire.Refused):
                await bot.download(broken, 10)
    if encrypt:
        async with device.client() as bot:
            content["file"]["hashes"] = {"sha256": "wrong"}
            with pytest.raises(wire.Refused):
                await bot.download(content, len(data))


async def test_we_begin_an_encrypted_chat_and_it_is_marked_as_direct(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        await bot.call_ourselves("Payvand")
        room = await bot.create_direct(zarina.user)
        await until_in(bot, room)
        assert bot.rooms()[room].encrypted
        assert bot.rooms()[room].invited == {zarina.user}
        assert bot.rooms()[room].created_by == bot.user
        assert list(bot.direct_rooms()) == [zarina.user]
        await bot.send(room, TEXT, text("somebody is looking for you"), "one")
        await zarina.joins(room)
        await zarina.until(lambda: zarina.screen == "somebody is looking for you")
        assert zarina.in_clear == []
    async with device.client() as bot:
        assert bot.direct_rooms() == {zarina.user: [room]}
        await bot.mark_direct(zarina.user, room)  # it is already
        assert zarina.user in bot.rooms()[room].members


async def test_who_comes_later_reads_from_then_on_and_who_goes_reads_no_more(device: Device, crowd: Crowd) -> None:
    zarina, rustam = await crowd.neighbour("zarina"), await crowd.friend("rustam")
    async with device.client() as bot:
        room = await meet(bot, zarina)
        await bot.send(room, TEXT, text("one"), "one")
        before = bot.machine.outbound_group_sessions[room].id
        await zarina.api("POST", f"/rooms/{room}/invite", {"user_id": rustam.user})
        await rustam.joins(room)
        for _ in range(3):
            await bot.keep(await bot.sync(1))
        await bot.send(room, TEXT, text("two"), "two")
        assert bot.machine.outbound_group_sessions[room].id == before  # nobody is gone: the key goes on
        await rustam.until(lambda: "two" in rustam.screen)
        assert "one" not in rustam.screen
        await rustam.leaves(room)
        for _ in range(2):
            await bot.keep(await bot.sync(1))
        await bot.send(room, TEXT, text("three"), "three")
        assert bot.machine.outbound_group_sessions[room].id != before
        await zarina.until(lambda: "three" in zarina.screen)
        assert zarina.unreadable == []


async def test_a_room_in_which_nobody_could_read_it_hears_nothing(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        room = await meet(bot, zarina)
        await zarina.api("POST", "/logout", {})
        for _ in range(2):
            await bot.keep(await bot.sync(1))
        with pytest.raises(wire.Unread):
            await bot.send(room, TEXT, text("one"), "one")


async def test_being_taken_out_of_a_room_is_told_with_the_last_words(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        chat = {"preset": "private_chat", "invite": [bot.user]}
        room = (await zarina.api("POST", "/createRoom", chat))["room_id"]
        await bot.join(room)
        await until_in(bot, room)
        await zarina.api("PUT", f"/rooms/{room}/send/{TEXT}/1", text("goodbye"))
        await zarina.api("POST", f"/rooms/{room}/ban", {"user_id": bot.user})
        batch = await bot.sync(5)
        (gone,) = batch.departures
        assert (gone.room, gone.by, gone.banned) == (room, zarina.user, True)
        assert words(batch.events) == ["goodbye"]
        assert room not in bot.rooms()
        await bot.keep(batch)
        with pytest.raises(wire.NotFound):
            await bot.send(room, TEXT, text("wait"), "wait")
        with pytest.raises(wire.Forbidden):
            await bot.react(room, "$event", "x", "x")
        room = await zarina.invites(bot.user)
        await bot.leave(room)
        assert room not in bot.rooms()


# -- what can't be read yet --------------------------------------------------------------------------------------------


class Post:
    """Holds back what is sent to the device, as a slow server would, and hands it over later."""

    def __init__(self) -> None:
        self.held: list[Content] = []

    def keeps(self, _path: str, answer: Any) -> Any:  # noqa: ANN401 - it is JSON
        self.held += answer.get("to_device", {}).pop("events", [])
        return answer

    def gives(self, path: str, answer: Any) -> Any:  # noqa: ANN401 - it is JSON
        if path.endswith("/sync"):
            events, self.held = self.held, []
            answer.setdefault("to_device", {}).setdefault("events", []).extend(events)
        return answer


@pytest.mark.parametrize("restart", [False, True])
async def test_what_could_not_be_read_is_read_when_its_key_comes_once(
    restart: bool,  # noqa: FBT001
    device: Device,
    crowd: Crowd,
    line: Line,
) -> None:
    zarina = await crowd.neighbour("zarina")
    device.url = line.url
    post = Post()
    async with device.client() as bot:
        await meet(bot, zarina)
        line.change = post.keeps
        event = await zarina.says("I need help")
        batch = await listen(bot)
        assert [one.id for one in batch.undecryptable] == [event]
        assert batch.undecryptable[0].sender == zarina.user
        assert words(batch.events) == []
        assert bot.is_held(event)
        assert bot.health().undecryptable == 1
        line.change = post.gives
        if not restart:
            batch = await bot.sync(2)
            assert words(batch.events) == ["I need help"]
            again = await bot.sync()  # it was not kept: it comes again
            assert [(one.id, one.late, one.verified) for one in again.events] == [(event, True, True)]
            await bot.keep(again)
    if restart:
        async with device.client(synced=False) as bot:
            assert bot.is_held(event)
            batch = await bot.sync()
            assert [(one.id, one.late) for one in batch.events] == [(event, True)]
            await bot.keep(batch)
    async with device.client(synced=False) as bot:
        assert not bot.is_held(event)
        await zarina.says("second")
        assert await hear(bot) == ["second"]


async def test_a_key_that_is_withheld_is_counted_by_its_reason(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        for code in ("m.unverified", "m.unverified", "anything else", None, 7):
            content = {"algorithm": MEGOLM, "code": code}
            await zarina.slips(bot.user, bot.machine.device_id, "m.room_key.withheld", content)
        await bot.keep(await bot.sync(2))
        assert bot.health().withheld == {"m.unverified": 2, "unknown": 3}


# -- hostile events ----------------------------------------------------------------------------------------------------


def nested(depth: int) -> Content:
    inner: Content = {}
    for _ in range(depth):
        inner = {"a": inner}
    return {**text("deep"), "b": inner}


PLAIN: list[tuple[str, Content]] = [
    (TEXT, {}),
    (TEXT, {"body": 7, "msgtype": ["m.text"], "m.relates_to": [1]}),
    (TEXT, {"m.relates_to": {"rel_type": {}, "event_id": 7}, "m.new_content": "x"}),
    (TEXT, nested(100)),
    ("m.reaction", {"m.relates_to": "yes"}),
    ("m.room.redaction", {"redacts": {"a": 1}}),
    ("m.room.encrypted", {"algorithm": 7}),
    ("m.room.encrypted", {"algorithm": MEGOLM, "session_id": 7, "ciphertext": [], "sender_key": {}}),
    ("m.room.encrypted", {"algorithm": MEGOLM, "session_id": "\u0000", "ciphertext": "%%%"}),
    ("m.room.encrypted", {"algorithm": OLM, "ciphertext": {"x": {"type": 0, "body": "x"}}, "sender_key": "x"}),
    ("org.matrix.msc3381.poll.response", {"org.matrix.msc3381.poll.response": 1}),
    ("any.thing", {"x" * 1000: None}),
]


async def test_no_event_of_a_room_stops_what_comes_after_it(device: Device, crowd: Crowd) -> None:
    zarina, stranger = await crowd.neighbour("zarina"), await crowd.neighbour("stranger")
    async with device.client() as bot:
        await meet(bot, zarina)
        room = await meet(bot, stranger)
        for number, (kind, content) in enumerate(PLAIN):
            await slipped(stranger, f"/rooms/{room}/send/{kind}/p{number}", content)
        for kind, key, content in (
            ("m.room.member", stranger.user, {"membership": "join", "displayname": {"a": 1}, "avatar_url": 7}),
            ("m.room.name", "", {"name": ["x"]}),
            ("m.room.topic", "", {"topic": {"x": 1}}),
            ("m.room.encryption", "", {"algorithm": ["x"], "rotation_period_ms": "soon"}),
            ("m.room.pinned_events", "", {"pinned": "x"}),
            ("m.room.canonical_alias", "x", {"alias": 7}),
        ):
            await slipped(stranger, f"/rooms/{room}/state/{kind}/{key}", content)
        await zarina.says("I am safe")
        heard = await listen(bot)
        while "I am safe" not in words(heard.events):
            heard = await listen(bot)
        await zarina.says("and well")
        assert await hear(bot) == ["and well"]
        assert bot.rooms()[room].encrypted
        await bot.send(room, TEXT, text("still here"), "one")
        await stranger.until(lambda: stranger.screen == "still here")


async def slipped(person: Neighbour, path: str, content: Content) -> None:
    """Send what can be sent: a few kinds of nonsense are stopped by this server, but not by every other."""
    with suppress(Refused):
        await person.api("PUT", path, content)


MESSAGES: list[tuple[str, Content]] = [
    (ENCRYPTED, {"algorithm": OLM}),
    (ENCRYPTED, {"algorithm": OLM, "sender_key": 7, "ciphertext": 7}),
    (ENCRYPTED, {"algorithm": OLM, "sender_key": "x", "ciphertext": {"CURVE": 7}}),
    (ENCRYPTED, {"algorithm": OLM, "sender_key": "x", "ciphertext": {"CURVE": {"type": [], "body": 7}}}),
    (ENCRYPTED, {"algorithm": OLM, "sender_key": "x", "ciphertext": {"CURVE": {"type": 0, "body": ""}}}),
    (ENCRYPTED, {"algorithm": OLM, "sender_key": "x", "ciphertext": {"CURVE": {"type": 1, "body": "AAAA"}}}),
    (ENCRYPTED, {"algorithm": MEGOLM, "session_id": "x"}),
    ("m.room_key", {"algorithm": MEGOLM, "room_id": "!x", "session_id": "x", "session_key": "x"}),
    ("m.forwarded_room_key", {"algorithm": MEGOLM}),
    ("m.room_key_request", {"action": "request", "body": {}, "request_id": "x", "requesting_device_id": "x"}),
    ("m.key.verification.start", {"from_device": "x", "method": "m.sas.v1", "transaction_id": "x"}),
    ("m.key.verification.key", {"key": 7}),
    ("m.secret.request", {}),
    ("any.thing", nested(100)),
]


async def test_no_message_to_the_device_stops_what_comes_after_it(device: Device, crowd: Crowd) -> None:
    zarina, stranger = await crowd.neighbour("zarina"), await crowd.neighbour("stranger")
    async with device.client() as bot:
        await meet(bot, zarina)
        curve = bot.machine.account.identity_keys["curve25519"]
        for kind, content in MESSAGES:
            ours = json.loads(json.dumps(content).replace("CURVE", curve))
            await stranger.slips(bot.user, bot.machine.device_id, kind, ours)
        await zarina.says("I am safe")
        assert await hear(bot) == ["I am safe"]
        assert bot.machine.outgoing_to_device_messages == []


PAYLOADS: list[bytes] = [
    b"\xff\xfe",
    b"",
    b"7",
    b"[]",
    b"{}",
    b'{"type": 7, "content": {}}',
    b'{"type": "m.room.message", "content": 7}',
    b"[" * 20_000,
    b'{"a":' * 3_000 + b"1" + b"}" * 3_000,
]


@pytest.mark.parametrize("payload", [PAYLOADS[0], PAYLOADS[7]], ids=["no UTF-8", "too deep"])
async def test_the_control_of_sealed_mischief_the_bare_client_falls(
    payload: bytes, crowd: Crowd, synapse: Synapse, tmp_path: Path
) -> None:
    stranger = await crowd.neighbour("stranger")
    bare = Bare(synapse, tmp_path / "bare")
    async with bare.client() as control:
        room = await stranger.invites(bare.user)
        await control.join(room)
        await turn(control)
        await seal(stranger, payload)
        with pytest.raises((UnicodeDecodeError, RecursionError)):
            await turn(control)


async def test_nothing_that_is_sealed_stops_what_comes_after_it(device: Device, crowd: Crowd) -> None:
    stranger = await crowd.neighbour("stranger")
    async with device.client() as bot:
        room = await meet(bot, stranger)
        for payload in PAYLOADS:
            await seal(stranger, payload)
        await seal(stranger, json.dumps({"type": TEXT, "content": nested(70), "room_id": room}).encode())
        await stranger.says("a proper one")
        assert await hear(bot, enough=2) == ["a beginning", "a proper one"]
        assert bot.health().malformed == len(PAYLOADS) + 1


async def seal(person: Neighbour, payload: bytes, **replaced: str) -> None:
    """Send any bytes as an encrypted event."""
    outbound = person._out.get(person.room)  # noqa: SLF001 - the crowd has no words for mischief
    if outbound is None:
        await person.says("a beginning")
        outbound = person._out[person.room]  # noqa: SLF001
    assert outbound.session is not None
    sealed = outbound.session.encrypt(payload).to_base64()
    content = {"algorithm": MEGOLM, "sender_key": person.curve, "device_id": person.device}
    content |= {"session_id": outbound.session.session_id, "ciphertext": sealed, **replaced}
    await person.sends(ENCRYPTED, content, encrypted=False)


async def test_an_app_that_no_longer_says_its_device_is_heard(
    device: Device, crowd: Crowd, synapse: Synapse, tmp_path: Path
) -> None:
    zarina, rustam = await crowd.neighbour("zarina"), await crowd.neighbour("rustam")
    bare = Bare(synapse, tmp_path / "bare")
    async with bare.client() as control:
        await control.join(await rustam.invites(bare.user))
        await turn(control)
        await rustam.says("the old way")
        await modern(rustam, "the new way")
        assert read(await turn(control)) == ["the old way"]  # the control: the other is no event for it
    async with device.client() as bot:
        await meet(bot, zarina)
        await zarina.says("the old way")
        await modern(zarina, "the new way")
        batch = await listen(bot, enough=2)
        assert words(batch.events) == ["the old way", "the new way"]
        assert all(one.verified for one in batch.events)


async def modern(person: Neighbour, body: str) -> None:
    """Say something as the specification wants it: without the sender's key and device."""
    outbound = person._out[person.room]  # noqa: SLF001
    assert outbound.session is not None
    payload = json.dumps({"type": TEXT, "content": text(body), "room_id": person.room}).encode()
    content = {"algorithm": MEGOLM, "session_id": outbound.session.session_id}
    content["ciphertext"] = outbound.session.encrypt(payload).to_base64()
    await person.sends(ENCRYPTED, content, encrypted=False)


async def test_nobody_can_say_again_under_their_own_name_what_somebody_else_has_said(
    device: Device, crowd: Crowd, synapse: Synapse, tmp_path: Path
) -> None:
    """In a room of several anybody may copy an event that they can't write themselves."""
    zarina, mallory = await crowd.neighbour("zarina"), await crowd.neighbour("mallory")
    bare = Bare(synapse, tmp_path / "bare")
    async with bare.client() as control:
        room = await zarina.makes_room(bare.user, mallory.user)
        await control.join(room)
        await mallory.joins(room)
        await turn(control)
        await zarina.says("yes")
        await turn(control)
    await copied(mallory, room)
    async with bare.client() as control:  # it forgets at each start what it has seen
        news = await turn(control, sync_filter={"room": {"timeline": {"limit": 1}}})
        assert read(news) == ["yes"]  # the control
    async with device.client() as bot:
        room = await zarina.makes_room(bot.user, mallory.user)
        zarina.rotates()
        await bot.join(room)
        await mallory.joins(room)
        await until_in(bot, room)
        await zarina.says("yes")
        assert await hear(bot) == ["yes"]
    await copied(mallory, room)
    async with device.client(synced=False) as bot:
        batch = await bot.sync(2)
        assert words(batch.events) == []
        assert bot.health().forged == 1


async def copied(person: Neighbour, room: str) -> None:
    """Send the last encrypted event of a room once more, as one's own."""
    page = await person.api("GET", f"/rooms/{room}/messages", dir="b", limit="20")
    last = next(one for one in page["chunk"] if one["type"] == ENCRYPTED)
    await person.api("PUT", f"/rooms/{room}/send/{ENCRYPTED}/copy", last["content"])


def test_a_key_reads_only_what_its_owner_said_in_its_room_and_once(tmp_path: Path) -> None:
    store = EncryptedStore("@bot:x", "BOT", tmp_path, bytes(32))
    machine = Machine("@bot:x", "BOT", store, lambda: 1e9)
    session = OutboundGroupSession()
    session.shared = True
    machine.create_group_session("c" * 43, "s" * 43, "!room", session.id, session.session_key)

    def event(name: str, room: str, *, body: str = "yes", sender: str = "@zarina:x") -> Content:
        payload = json.dumps({"type": TEXT, "content": text(body), "room_id": room})
        content = {"algorithm": MEGOLM, "session_id": session.id, "ciphertext": session.encrypt(payload)}
        return {"event_id": name, "sender": sender, "content": content}

    good = event("$one", "!room")
    assert machine.read("!room", good).content["body"] == "yes"
    assert not machine.read("!room", good).verified  # nobody knows yet whose key it is
    with pytest.raises(Forged):
        machine.read("!room", {**good, "event_id": "$two"})  # said again
    with pytest.raises(NoKey):
        machine.read("!other", event("$three", "!other"))  # a key for another room
    with pytest.raises(Forged):
        machine.read("!room", event("$four", "!other"))  # words for another room
    with pytest.raises(NoKey):
        machine.read("!room", {**good, "content": {**good["content"], "session_id": "unknown"}})
    store.close()


def test_nobody_can_take_the_place_of_a_key_or_shorten_what_it_reads(tmp_path: Path) -> None:
    store = EncryptedStore("@bot:x", "BOT", tmp_path, bytes(32))
    machine = Machine("@bot:x", "BOT", store, lambda: 1e9)
    session = OutboundGroupSession()
    session.shared = True
    first = session.session_key
    sealed = session.encrypt("{}")
    late = session.session_key  # only from the second message on
    machine.create_group_session("owner", "owner", "!room", session.id, late)
    assert not reads(machine, session.id, sealed)
    machine.create_group_session("owner", "owner", "!room", session.id, first)  # a better one is taken
    assert reads(machine, session.id, sealed)
    machine.create_group_session("owner", "owner", "!room", session.id, late)
    machine.create_group_session("mallory", "mallory", "!elsewhere", session.id, late)
    for fresh in (machine, Machine("@bot:x", "BOT", store, lambda: 1e9)):
        assert reads(fresh, session.id, sealed)
        assert fresh.inbound_group_store.get("!room", "owner", session.id)
    store.close()


def reads(machine: Machine, session: str, sealed: str) -> bool:
    content = {"algorithm": MEGOLM, "session_id": session, "ciphertext": sealed}
    try:
        machine.read("!room", {"event_id": "$x", "sender": "@zarina:x", "content": content})
    except NoKey:
        return False
    except ValueError:
        return True  # read; that it is no event is another matter
    return True


# -- coming and going --------------------------------------------------------------------------------------------------


async def test_one_device_is_never_used_twice_at_once(device: Device) -> None:
    async with device.client():
        with pytest.raises(InUse, match="stop the other one"):
            async with device.client():
                pass
    async with device.client():
        pass


async def test_a_device_that_was_deleted_is_followed_by_a_new_one_that_hears(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        assert device.kept is not None
        before = device.kept
        await meet(bot, zarina)
        await bot.wire.ask("POST", "client/v3/logout", {})
        with pytest.raises(wire.TokenRevoked):
            await bot.sync(30)
    await zarina.hears()
    async with device.client(synced=False) as bot:
        assert device.login is not None
        assert device.login.how is How.ANEW
        assert device.kept.device != before.device
        assert device.kept.seeds == before.seeds
        batch = await bot.sync()
        assert batch.entered == (zarina.room,)  # all its rooms are new to a new device
        await bot.keep(batch)
        await zarina.hears()
        await zarina.says("are you there?")
        assert await hear(bot) == ["are you there?"]


async def test_a_soft_logout_keeps_the_device_and_its_keys(device: Device, crowd: Crowd, line: Line) -> None:
    zarina = await crowd.neighbour("zarina")
    device.url = line.url
    async with device.client() as bot:
        assert device.kept is not None
        before = device.kept
        await meet(bot, zarina)
        soft = {"errcode": "M_UNKNOWN_TOKEN", "soft_logout": True}
        line.answer("/sync", 401, soft)
        with pytest.raises(wire.TokenRevoked) as told:
            await bot.sync()
        assert told.value.soft
    line.answer("/whoami", 401, soft)
    line._answers.pop("/sync")  # noqa: SLF001
    async with device.client() as bot:
        assert device.login is not None
        assert device.login.how is How.RENEWED
        assert device.kept.device == before.device
        assert device.kept.token != before.token
        await zarina.says("I am safe")
        assert await hear(bot) == ["I am safe"]


async def test_a_wrong_password_is_told_in_a_sentence_without_it(device: Device) -> None:
    async with HardenedClient(device.url, device.user, directory=device.directory, key=device.key) as bot:
        with pytest.raises(wire.LoginRefused, match="Check its user id and password") as told:
            await bot.login_or_resume(None, lambda: "hunter2", "Payvand")
        assert "hunter2" not in str(told.value)


# -- the server is slow, strict, or gone -------------------------------------------------------------------------------


async def test_a_server_that_is_gone_and_comes_back_loses_nothing(tmp_path: Path, synapse: Synapse) -> None:
    async with Line(synapse.url) as line, Crowd(synapse) as crowd:
        device = Device(synapse, tmp_path / "matrix")
        device.url = line.url
        zarina = await crowd.neighbour("zarina")
        async with device.client() as bot:
            room = await meet(bot, zarina)
            line.refuse("/")
            await zarina.says("I need help")
            with pytest.raises(wire.Unknown):
                await bot.sync()
            with pytest.raises(wire.Unsent):
                await bot.send(room, TEXT, text("one"), "one")  # its keys could not be shared: surely not sent
            line.mend()
            assert await hear(bot) == ["I need help"]
            await bot.send(room, TEXT, text("one"), "one")
            await zarina.until(lambda: zarina.screen == "one")
    async with Wire("http://127.0.0.1:9") as nobody:
        with pytest.raises(wire.Unsent):
            await nobody.ask("GET", "client/versions")


async def test_a_full_disk_loses_no_key_that_came_meanwhile(device: Device, crowd: Crowd) -> None:
    zarina = await crowd.neighbour("zarina")
    async with device.client() as bot:
        room = await meet(bot, zarina)
        await zarina.says("I need help")
        bot.store.database.execute_sql("PRAGMA query_only = 1")
        for _ in range(2):
            with pytest.raises(StoreFailed):
                await bot.sync(2)
        bot.store.database.execute_sql("PRAGMA query_only = 0")
        assert await hear(bot) == ["I need help"]
        await bot.send(room, TEXT, text("we heard you"), "one")
        await zarina.until(lambda: zarina.screen == "we heard you")
    async with device.client(synced=False) as bot:  # the key is on the disk too
        assert bot.health().undecryptable == 0
        assert len(bot.store.database.execute_sql("SELECT 1 FROM megolminboundsessions").fetchall()) == 1


async def test_the_servers_pause_is_told_at_once_and_never_slept(
    device: Device, crowd: Crowd, line: Line, synapse: Synapse, tmp_path: Path
) -> None:
    zarina = await crowd.neighbour("zarina")
    bare = Bare(synapse, tmp_path / "bare", line.url)
    slow = {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 3_600_000}
    async with bare.client() as control:
        room = await zarina.invites(bare.user, encrypted=False)
        await control.join(room)
        await turn(control)
        line.answer("/send/", 429, slow)
        control.config = nio.AsyncClientConfig()  # as its examples have it
        with pytest.raises(TimeoutError):  # the control: asleep for an hour, and whoever awaits it too
            async with asyncio.timeout(1):
                await say(control, room, "one")
        line.mend()
    device.url = line.url
    async with device.client() as bot:
        room = await meet(bot, zarina)
        line.answer("/send", 429, slow)
        line.answer("/join", 429, {"errcode": "M_LIMIT_EXCEEDED"})
        with pytest.raises(wire.Throttled) as told:
            await bot.send(room, TEXT, text("one"), "one")
        assert told.value.wait == timedelta(hours=1)
        with pytest.raises(wire.Throttled):
            await bot.join("!another")


async def test_each_answer_is_sorted_by_what_it_tells_of_the_requests_fate(line: Line) -> None:
    async with Wire(line.url) as one:
        for status, body, expected in (
            (500, {"errcode": "M_UNKNOWN"}, wire.Unknown),
            (502, None, wire.Unknown),
            (408, {}, wire.Unknown),
            (302, {}, wire.Unknown),
            (200, [], wire.Unknown),
            (403, {"errcode": "M_FORBIDDEN"}, wire.Forbidden),
            (403, None, wire.Unknown),  # a wall in front of the server, not the server
            (404, {"errcode": "M_NOT_FOUND"}, wire.NotFound),
            (404, {"errcode": "M_UNRECOGNIZED"}, wire.Refused),
            (400, {"errcode": "M_BAD_JSON"}, wire.Refused),
            (413, {"errcode": "M_TOO_LARGE"}, wire.Refused),
            (400, {"errcode": {"a": 1}}, wire.Refused),
            (401, {"errcode": "M_UNKNOWN_TOKEN"}, wire.TokenRevoked),
            (401, {"flows": [{"stages": ["m.login.password", 7]}, 7], "session": "s"}, wire.Challenged),
            (429, {"retry_after_ms": "soon"}, wire.Throttled),
        ):
            line.mend()
            line.answer("/", status, body)
            with pytest.raises(expected) as told:
                await one.ask("GET", "client/versions")
            assert type(told.value) is expected
            assert told.value.__cause__ is None
            assert told.value.__context__ is None


def test_no_id_can_leave_its_place_in_a_path() -> None:
    assert parts("!a/../b?x#y", "$é") == "%21a%2F..%2Fb%3Fx%23y/%24%C3%A9"


def test_an_answer_that_is_nested_deeply_is_still_read() -> None:
    depth = sys.getrecursionlimit() * 2
    payload = b'{"a":' * depth + b"{}" + b"}" * depth
    with pytest.raises(RecursionError):
        json.loads(payload)
    before = sys.getrecursionlimit()
    assert decoded(payload) is not None
    assert decoded(b"[" * 1_000_000) is None
    assert decoded(b"[]") is None
    assert sys.getrecursionlimit() == before


def test_nothing_secret_is_in_what_we_print(tmp_path: Path) -> None:
    one = Wire("https://matrix.example.org")
    one.token = "a secret"  # noqa: S105
    held = EncryptedStore("@bot:x", "BOT", tmp_path, bytes(32))
    assert "secret" not in repr(one)
    assert "bot" not in repr(held)
    held.hold(Held("$x", "!x", "x", {}, 1))
    held.close()
    for wrong in ("matrix.example.org", "ftp://x", ""):
        with pytest.raises(ValueError, match="must look like"):
            Wire(wrong)


async def test_a_server_that_takes_a_message_and_goes_has_perhaps_taken_it() -> None:
    """A PUT is tried again by aiohttp itself, and that the second try finds nobody says nothing of the first."""
    taken: list[bytes] = []
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _time in range(2):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(re.findall(rb"Content-Length: (\d+)", head)[0])
            taken.append(await reader.readexactly(length))
            if len(taken) == 1:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
                await writer.drain()
        server.close()
        writer.transport.abort()
        gone.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with wire.Wire(address) as line:
        await line.ask("PUT", "client/v3/first", {"words": 1})
        with pytest.raises(wire.Unknown):
            await line.ask("PUT", "client/v3/second", {"words": 2})
        await gone.wait()
        assert [json.loads(one)["words"] for one in taken] == [1, 2]
        with pytest.raises(wire.Unsent):  # the control: now nothing leaves at all
            await line.ask("PUT", "client/v3/third", {"words": 3})
