"""Anything at all may come from a homeserver: whatever it is, it is dropped or heard, and nothing falls."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import vodozemac
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nio.crypto import Olm

from bot.platforms.matrix import wire
from bot.platforms.matrix.client import HardenedClient
from bot.platforms.matrix.machine import Forged, Machine, NoKey, calm
from bot.platforms.matrix.store import EncryptedStore
from tests.matrix.crowd import MEGOLM, OLM

BOT = "@bot:example.org"
ROOM = "!room"
LOOK = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

_NAMES = st.sampled_from(
    [
        *("events", "state", "timeline", "content", "type", "sender", "event_id", "state_key", "origin_server_ts"),
        *("membership", "unsigned", "prev_content", "redacts", "limited", "prev_batch", "algorithm", "ciphertext"),
        *("session_id", "sender_key", "body", "keys", "signatures", "device_keys", "one_time_keys", "failures", "code"),
        *(
            "join",
            "invite",
            "leave",
            "rooms",
            "to_device",
            "account_data",
            "device_lists",
            "changed",
            "left",
            "user_id",
        ),
        *("device_one_time_keys_count", "device_unused_fallback_key_types", "invite_state", "m.direct", "device_id"),
        *(BOT, ROOM, "@zarina:example.org", "DEVICE", "ed25519:DEVICE", "curve25519:DEVICE", "signed_curve25519:AA"),
    ]
)
_WORDS = st.sampled_from(
    [
        *("", "x", "m.room.encrypted", "m.room.member", "m.room.message", "m.room.encryption", "m.room_key.withheld"),
        *(MEGOLM, OLM, BOT, ROOM, "join", "leave", "@zarina:example.org", "DEVICE", "A" * 43, "A" * 44, "m.direct"),
        *("\x00", "\ud800", "\u202e"),
    ]
)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | _WORDS
JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES | _WORDS, inner, max_size=5),
    max_leaves=25,
)
EVENT = st.fixed_dictionaries(
    {},
    optional={
        "type": _WORDS | JSON,
        "sender": _WORDS | JSON,
        "event_id": _WORDS | JSON,
        "state_key": _WORDS | JSON,
        "content": st.dictionaries(_NAMES, _LEAVES | JSON, max_size=5) | JSON,
        "origin_server_ts": st.integers() | JSON,
    },
)
EVENTS = st.fixed_dictionaries({}, optional={"events": st.lists(EVENT | JSON, max_size=4) | JSON, "limited": JSON})
PLACE = st.dictionaries(st.just(ROOM) | _WORDS, st.fixed_dictionaries({}, optional={
    "state": EVENTS | JSON, "timeline": EVENTS | JSON, "invite_state": EVENTS | JSON}) | JSON, max_size=2)  # fmt: skip
SYNC = st.fixed_dictionaries(
    {"next_batch": st.just("next")},
    optional={
        "rooms": st.fixed_dictionaries(
            {}, optional={"join": PLACE | JSON, "invite": PLACE | JSON, "leave": PLACE | JSON}
        )
        | JSON,
        "to_device": EVENTS | JSON,
        "account_data": EVENTS | JSON,
        "device_lists": JSON,
        "device_one_time_keys_count": JSON,
        "device_unused_fallback_key_types": JSON,
    },
)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with tempfile.TemporaryDirectory() as directory:
        store = EncryptedStore(BOT, "BOT", Path(directory), bytes(32))
        yield Machine(BOT, "BOT", store, lambda: 1e9)
        store.close()


@LOOK
@given(message=EVENT | JSON)
def test_no_message_to_the_device_falls(message: Any, machine: Machine) -> None:  # noqa: ANN401 - it is JSON
    machine.hear(message)
    if isinstance(message, dict):
        curve = machine.account.identity_keys["curve25519"]
        content = {"algorithm": OLM, "sender_key": message.get("sender"), "ciphertext": {curve: message}}
        machine.hear({"type": "m.room.encrypted", "sender": "@zarina:example.org", "content": content})


@LOOK
@given(answer=JSON, devices=st.dictionaries(_NAMES, JSON, max_size=3))
def test_no_answer_about_devices_falls(answer: Any, devices: Any, machine: Machine) -> None:  # noqa: ANN401 - it is JSON
    known = {"device_keys": {"@zarina:example.org": devices}}
    wanted = {"@zarina:example.org": dict.fromkeys(devices, "signed_curve25519")}
    for told in (
        known,
        {"one_time_keys": {"@zarina:example.org": devices}},
        *([answer] if isinstance(answer, dict) else []),
    ):
        machine.know(["@zarina:example.org"], told)
        machine.claimed(wanted, told)
        machine.count(told)
        machine.uploaded(told)
    assert all(isinstance(one.curve25519, str) for one in machine.device_store)


@LOOK
@given(content=st.dictionaries(_NAMES, JSON, max_size=5))
def test_no_sealed_event_falls_other_than_as_announced(content: Any, machine: Machine) -> None:  # noqa: ANN401 - it is JSON
    event = {"event_id": "$x", "sender": "@zarina:example.org", "content": content}
    try:
        machine.read(ROOM, event)
    except (NoKey, Forged, ValueError):
        return


@settings(LOOK, max_examples=60)
@given(
    news=SYNC, page=st.fixed_dictionaries({"chunk": st.lists(EVENT | JSON, max_size=3)}, optional={"end": JSON}) | JSON
)
def test_no_sync_falls_and_the_next_one_is_heard(news: Any, page: Any, opened: HardenedClient) -> None:  # noqa: ANN401 - it is JSON
    """No part of the client is replaced but the wire: what it says is made up."""
    said: list[Any] = [news]

    async def ask(_method: str, path: str, *_more: object, **_named: object) -> dict[str, Any]:
        if path.endswith("/messages"):
            return page if isinstance(page, dict) else {}
        return json.loads(json.dumps(said[0])) if path.endswith("/sync") else {}

    async def run() -> None:
        for place in ("", "before"):
            opened._position = place  # noqa: SLF001
            batch = await opened.sync()
            for event in batch.events:
                assert isinstance(event.json["content"], dict)
        await opened.keep(batch)
        good = {
            "type": "m.room.message",
            "sender": "@zarina:example.org",
            "event_id": "$good",
            "content": {"body": "x"},
        }
        said[0] = {"next_batch": "after", "rooms": {"join": {ROOM: {"timeline": {"events": [good]}}}}}
        assert [event.id for event in (await opened.sync()).events] == ["$good"]

    opened.wire.ask = ask  # type: ignore[method-assign, assignment]
    asyncio.run(run())


@pytest.fixture(scope="module")
def opened() -> Iterator[HardenedClient]:
    """A client as after its login."""
    with tempfile.TemporaryDirectory() as directory:
        client = HardenedClient("http://127.0.0.1:9", BOT, directory=Path(directory), key=bytes(32))
        client._open("BOT")  # noqa: SLF001
        yield client
        client._shut()  # noqa: SLF001


def test_a_panic_of_the_library_is_an_ordinary_error_for_us(machine: Machine) -> None:
    panics = "A" * 44  # 33 bytes, one too many
    signed = {"signatures": {BOT: {"ed25519:X": "A" * 86}}}
    with pytest.raises(BaseException, match="slice length") as fall:
        Olm.verify_json(machine, dict(signed), panics, BOT, "X")
    assert not isinstance(fall.value, Exception)  # the control: `except Exception` does not hold it
    assert machine.verify_json(dict(signed), panics, BOT, "X") is False
    with pytest.raises(ValueError, match="panicked"), calm():
        vodozemac.Ed25519PublicKey.from_base64(panics)
    with pytest.raises(KeyboardInterrupt), calm():
        raise KeyboardInterrupt


def test_errors_say_nothing_of_what_they_are_about() -> None:
    told = '{"errcode": "M_FORBIDDEN", "error": "@zarina:example.org is not in !room"}'
    error = wire._refusal(403, told.encode(), "")  # noqa: SLF001
    assert str(error) == "the homeserver answered 403 M_FORBIDDEN"
    odd = wire._refusal(403, b'{"errcode": "@zarina:example.org"}', "")  # noqa: SLF001
    assert str(odd) == "the homeserver answered 403"
