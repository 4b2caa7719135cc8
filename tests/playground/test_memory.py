"""The messenger in memory behaves like a messenger, and misbehaves like one when it is asked to."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from markupsafe import Markup

from bot.domain.conversation import Attached, Attachment, Blocked, Incoming, Pressed, Said, Started, Unblocked
from bot.outbox.courier import Button, Courier, Gone, NotSent, Parcel, Refused, Throttled, Unknown, Unreachable
from bot.platforms.memory import Change, MemoryPlatform, deep_link

if TYPE_CHECKING:
    from collections.abc import Sequence

NOON = datetime(2026, 3, 21, 12, tzinfo=UTC)


class Ear:
    """Hears what the platform reports."""

    def __init__(self) -> None:
        self.heard: list[Incoming] = []

    async def receive(self, incoming: Sequence[Incoming]) -> None:
        self.heard.extend(incoming)


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def memory(ear: Ear) -> MemoryPlatform:
    platform = MemoryPlatform(lambda: NOON)
    platform.connect(ear.receive)
    return platform


def parcel(  # noqa: PLR0913 - the fields of a parcel, each with an ordinary value
    memory: MemoryPlatform,
    key: str,
    text: str = "Hello",
    *,
    to: str = "gulnora",
    buttons: tuple[tuple[Button, ...], ...] = (),
    edit: str = "",
    attachment: Attachment | None = None,
) -> Parcel:
    return Parcel(memory.address(to), key, Markup(text), buttons=buttons, edit=edit, attachment=attachment)  # noqa: S704


async def test_it_is_a_courier_like_any_other(memory: MemoryPlatform) -> None:
    courier: Courier = memory
    assert (courier.platform, courier.bot) == ("memory", "1")
    await courier.describe({"en": {"name": "Payvand"}})
    assert memory.described["en"]["name"] == "Payvand"


async def test_what_people_do_is_reported_with_an_id_of_its_own(memory: MemoryPlatform, ear: Ear) -> None:
    memory.hints["gulnora"] = "tg"
    await memory.start("gulnora", "invite-1")
    await memory.say("gulnora", "  hello ")
    await memory.attach("gulnora", "photo", "file-1", "a picture")
    await memory.block("gulnora")
    await memory.unblock("gulnora")
    assert [one.heard for one in ear.heard] == [
        Started("invite-1"),
        Said("  hello "),
        Attached("photo", "file-1", "a picture"),
        Blocked(),
        Unblocked(),
    ]
    assert len({one.id for one in ear.heard}) == len(ear.heard)
    assert {one.hint for one in ear.heard} == {"tg"}
    assert {one.at for one in ear.heard} == {NOON}
    written = [message.id for message in memory.chat("gulnora")]
    assert [one.message for one in ear.heard] == [*written, "", ""]


async def test_the_words_of_a_person_can_never_become_markup(memory: MemoryPlatform) -> None:
    await memory.say("gulnora", "<b>bold</b> & more")
    assert memory.chat("gulnora")[0].text == "&lt;b&gt;bold&lt;/b&gt; &amp; more"


async def test_a_delivered_parcel_stands_on_one_screen_only(memory: MemoryPlatform) -> None:
    receipt = await memory.deliver(parcel(memory, "a"))
    assert memory.last("gulnora").id == receipt.message
    assert not receipt.edited
    assert memory.chat("daler") == ()
    with pytest.raises(LookupError):
        memory.last("daler")


async def test_a_pressed_button_says_which_message_held_it(memory: MemoryPlatform, ear: Ear) -> None:
    await memory.deliver(parcel(memory, "a", buttons=((Button("Safe", "safe"),),)))
    shown = memory.last("gulnora")
    await memory.press("gulnora", shown.id, "safe")
    assert ear.heard[-1].heard == Pressed("safe", shown.id)


async def test_a_button_that_is_not_there_can_only_be_pressed_on_a_stale_screen(
    memory: MemoryPlatform, ear: Ear
) -> None:
    await memory.deliver(parcel(memory, "a"))
    shown = memory.last("gulnora")
    with pytest.raises(LookupError):
        await memory.press("gulnora", shown.id, "safe")
    assert ear.heard == []
    await memory.press("gulnora", shown.id, "safe", stale=True)
    assert ear.heard[-1].heard == Pressed("safe", shown.id)


async def test_an_edit_changes_the_message_in_place(memory: MemoryPlatform) -> None:
    first = await memory.deliver(parcel(memory, "a", "One", buttons=((Button("Go", "go"),),)))
    await memory.deliver(parcel(memory, "b", "Two"))
    receipt = await memory.deliver(parcel(memory, "c", "One, changed", edit=first.message))
    assert receipt.edited
    assert [(message.text, message.edited) for message in memory.chat("gulnora")] == [
        ("One, changed", True),
        ("Two", False),
    ]
    assert memory.chat("gulnora")[0].choices == ()


async def test_a_message_that_is_gone_can_not_be_edited(memory: MemoryPlatform) -> None:
    receipt = await memory.deliver(parcel(memory, "a"))
    memory.remove("gulnora", receipt.message)
    own = await memory.say("gulnora", "mine")
    for edit in (receipt.message, own.message, "never-was"):
        with pytest.raises(Gone):
            await memory.deliver(parcel(memory, f"edit-{edit}", edit=edit))


async def test_deleting_takes_messages_of_both_sides_off_the_screen(memory: MemoryPlatform) -> None:
    receipt = await memory.deliver(parcel(memory, "a"))
    own = await memory.say("gulnora", "a secret")
    address = memory.address("gulnora")
    assert await memory.delete(address, (receipt.message, own.message))
    assert memory.chat("gulnora") == ()
    assert [message.deleted for message in memory.history("gulnora")] == [True, True]
    assert not await memory.delete(address, (own.message,))
    assert not await memory.delete(address, ("never-was",))


async def test_a_platform_may_refuse_to_delete(memory: MemoryPlatform) -> None:
    own = await memory.say("gulnora", "a secret")
    memory.deletes = False
    assert not await memory.delete(memory.address("gulnora"), (own.message,))
    assert len(memory.chat("gulnora")) == 1


async def test_the_same_key_is_delivered_once(memory: MemoryPlatform) -> None:
    assert await memory.deliver(parcel(memory, "a")) == await memory.deliver(parcel(memory, "a"))
    await memory.deliver(parcel(memory, "a", to="daler"))
    assert len(memory.chat("gulnora")) == len(memory.chat("daler")) == 1


async def test_without_idempotence_the_same_key_is_delivered_twice(memory: MemoryPlatform) -> None:
    memory.idempotent = False
    await memory.deliver(parcel(memory, "a"))
    await memory.deliver(parcel(memory, "a"))
    assert [message.id for message in memory.chat("gulnora")] == ["1", "2"]


async def test_who_blocked_the_bot_can_not_be_reached_until_unblocking(memory: MemoryPlatform, ear: Ear) -> None:
    await memory.block("gulnora", announce=False)
    with pytest.raises(Unreachable):
        await memory.deliver(parcel(memory, "a"))
    await memory.deliver(parcel(memory, "a", to="daler"))
    await memory.unblock("gulnora", announce=False)
    await memory.deliver(parcel(memory, "a"))
    assert len(memory.chat("gulnora")) == 1
    assert ear.heard == []


async def test_a_failure_meets_the_account_it_was_meant_for_and_then_ends(memory: MemoryPlatform) -> None:
    memory.fail(Throttled(timedelta(seconds=3), everywhere=False), "gulnora", times=2)
    await memory.deliver(parcel(memory, "a", to="daler"))
    for _ in range(2):
        with pytest.raises(Throttled) as caught:
            await memory.deliver(parcel(memory, "a"))
        assert caught.value.wait == timedelta(seconds=3)
    await memory.deliver(parcel(memory, "a"))
    assert len(memory.chat("gulnora")) == 1


async def test_a_failure_for_nobody_in_particular_meets_whoever_comes_first(memory: MemoryPlatform) -> None:
    memory.fail(NotSent())
    with pytest.raises(NotSent):
        await memory.deliver(parcel(memory, "a", to="daler"))
    await memory.deliver(parcel(memory, "a"))
    assert memory.chat("daler") == ()


async def test_a_lost_answer_leaves_the_message_on_the_screen(memory: MemoryPlatform) -> None:
    memory.fail(Unknown(), arrives=True)
    with pytest.raises(Unknown):
        await memory.deliver(parcel(memory, "a"))
    assert len(memory.chat("gulnora")) == 1
    receipt = await memory.deliver(parcel(memory, "a"))
    assert receipt.message == memory.last("gulnora").id
    assert len(memory.chat("gulnora")) == 1


async def test_a_slow_network_is_awaited_before_anything_arrives(memory: MemoryPlatform) -> None:
    gate = asyncio.Event()

    async def wait(_: Parcel) -> None:
        await gate.wait()

    memory.latency = wait
    sending = asyncio.create_task(memory.deliver(parcel(memory, "a")))
    await asyncio.sleep(0)
    assert memory.chat("gulnora") == ()
    gate.set()
    await sending
    assert len(memory.chat("gulnora")) == 1


@pytest.mark.parametrize(
    ("text", "buttons", "why"),
    [
        ("x" * 4097, (), "too long"),
        (" \n", (), "empty"),
        ("look <img src=x>", (), "unknown tag"),
        ('<a href="https://example.org" onclick="x">go</a>', (), "unknown tag"),
        ("Hello", ((Button("Go", "g" * 65),),), "a code is too long"),
        ("Hello", ((Button("Go"),),), "a button needs a code or a link"),
    ],
)
async def test_what_a_real_platform_would_refuse_is_refused_here_too(
    memory: MemoryPlatform, text: str, buttons: tuple[tuple[Button, ...], ...], why: str
) -> None:
    with pytest.raises(Refused):
        await memory.deliver(parcel(memory, "a", text, buttons=buttons))
    assert memory.refused == [why]
    assert memory.chat("gulnora") == ()


@pytest.mark.parametrize(
    "text", ["x" * 4096, "&lt;" * 4096, '<b>a</b> <a href="https://example.org/?a=1&amp;b=2">b</a>']
)
async def test_the_limits_count_what_a_reader_sees(memory: MemoryPlatform, text: str) -> None:
    await memory.deliver(parcel(memory, "a", text))
    assert memory.refused == []


async def test_under_a_picture_there_is_room_for_less(memory: MemoryPlatform) -> None:
    picture = Attachment("qr", "invitation", b"https://example.org")
    with pytest.raises(Refused):
        await memory.deliver(parcel(memory, "a", "x" * 1025, attachment=picture))
    await memory.deliver(parcel(memory, "a", "x" * 1024, attachment=picture))
    assert memory.last("gulnora").attachment == picture


async def test_an_update_can_be_reported_twice_with_the_same_id(memory: MemoryPlatform, ear: Ear) -> None:
    first = await memory.say("gulnora", "one")
    await memory.say("gulnora", "two")
    await memory.redeliver()
    await memory.redeliver(first)
    assert [one.id for one in ear.heard] == ["u1", "u2", "u2", "u1"]
    assert [message.id for message in memory.chat("gulnora")] == ["1", "2"]


async def test_whoever_watches_sees_each_change_until_they_leave(memory: MemoryPlatform) -> None:
    seen: asyncio.Queue[Change] = asyncio.Queue()
    leave = memory.watch(seen.put_nowait)
    receipt = await memory.deliver(parcel(memory, "a", "One"))
    await memory.deliver(parcel(memory, "b", "Two", edit=receipt.message))
    await memory.delete(memory.address("gulnora"), (receipt.message,))
    leave()
    leave()
    await memory.say("gulnora", "nobody looks")
    changes = [seen.get_nowait() for _ in range(seen.qsize())]
    assert [(change.kind, str(change.message.text)) for change in changes] == [
        ("new", "One"),
        ("edited", "Two"),
        ("deleted", "Two"),
    ]


async def test_speaking_while_nobody_listens_is_a_defect_and_says_so() -> None:
    with pytest.raises(RuntimeError, match="connect"):
        await MemoryPlatform(lambda: NOON).say("gulnora", "hello")


async def test_two_platforms_on_one_database_keep_their_ids_apart(ear: Ear) -> None:
    for series in ("", "b-"):
        platform = MemoryPlatform(lambda: NOON, series=series)
        platform.connect(ear.receive)
        await platform.say("gulnora", "hello")
    assert [(one.id, one.message) for one in ear.heard] == [("u1", "1"), ("b-u1", "b-1")]


def test_an_invitation_link_keeps_its_payload() -> None:
    assert deep_link("a b&c") == "https://payvand.invalid/?start=a%20b%26c"
