"""What Telegram says, in the words of the house, and nothing that it says can do harm."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
import telegram as ptb
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.conversation import (
    Attached,
    Blocked,
    Changed,
    Incoming,
    Moved,
    Posted,
    Pressed,
    Said,
    Sender,
    Started,
    Unblocked,
)
from bot.platforms.telegram.translation import WANTED, Me, incoming, pressed_query
from tests.telegram.emulator import Clock, Emulator
from tests.telegram.facts import Facts

ME = Me("5550001", "PayvandBot")
NOW = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
ZARINA, GROUP, CHANNEL = 7001, -500, -1_001_234_567_890
FACTS = Facts()


async def told(emulator: Emulator) -> list[dict[str, Any]]:
    """The updates as they come over the wire."""
    _, answer = await emulator._answer("getUpdates", {})  # noqa: SLF001 - the server's own answer
    updates: list[dict[str, Any]] = json.loads(json.dumps(answer["result"]))
    return updates


async def heard(emulator: Emulator) -> list[Incoming | None]:
    return [incoming(update, ME, NOW) for update in await told(emulator)]


async def only(emulator: Emulator) -> Incoming:
    (one,) = await heard(emulator)
    assert one is not None
    return one


# -- a person ----------------------------------------------------------------------------------------------------------


async def test_forwarded_words_are_marked_as_somebody_elses(emulator: Emulator) -> None:
    origin = {"type": "hidden_user", "sender_user_name": "Somebody", "date": 1_700_000_000}
    await emulator.say(7001, "I am safe", thread={"forward_origin": origin})
    assert (await only(emulator)).heard == Said("I am safe", forwarded=True)


async def test_words_under_something_forwarded_are_marked_as_somebody_elses(emulator: Emulator) -> None:
    await emulator.attach(ZARINA, "photo", caption="I am safe")
    await emulator.attach(ZARINA, "document", caption="I need help")
    for update in await told(emulator):
        own = incoming(update, ME, NOW)
        assert own is not None
        assert not getattr(own.heard, "forwarded", True)
        update["message"]["forward_origin"] = {"type": "user", "date": 1_700_000_000}
        one = incoming(update, ME, NOW)
        assert one is not None
        assert isinstance(one.heard, Attached)
        assert isinstance(own.heard, Attached)
        assert one.heard == replace(own.heard, forwarded=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/outlet 123 456 789 012", Posted("/outlet 123 456 789 012")),
        ("/outlet@PayvandBot 123", Posted("/outlet 123")),
        ("/outlet@OtherBot 123", None),
        ("Good morning", None),
        ("@PayvandBot hello", None),
        ("", None),
    ],
)
async def test_of_a_channel_only_commands_are_heard(emulator: Emulator, text: str, expected: Posted | None) -> None:
    emulator.channel(CHANNEL)
    await emulator.post(CHANNEL, text)
    (one,) = await heard(emulator)
    assert (None if one is None else one.heard) == expected
    assert one is None or (one.group and one.sender == Sender("telegram", "5550001", str(CHANNEL)))


async def test_what_a_channel_s_post_says_in_its_discussion_group_is_not_heard(emulator: Emulator) -> None:
    emulator.group(GROUP)
    copied = {"is_automatic_forward": True, "sender_chat": {"id": CHANNEL, "type": "channel", "title": "A channel"}}
    await emulator.say(777_000, "/outlet 123 456 789 012", chat=GROUP, thread=copied)
    assert await heard(emulator) == [None]


async def test_what_was_forwarded_into_a_channel_is_not_heard(emulator: Emulator) -> None:
    emulator.channel(CHANNEL)
    origin = {"type": "hidden_user", "sender_user_name": "Somebody", "date": 1_700_000_000}
    await emulator.post(CHANNEL, "/outlet 123 456 789 012", forward_origin=origin)
    assert await heard(emulator) == [None]


@pytest.mark.parametrize(
    ("mime", "kind"), [("image/jpeg", "photo"), ("image/png", "photo"), ("image/svg+xml", "document"), ("", "document")]
)
async def test_a_picture_that_was_sent_as_a_file_is_a_picture(emulator: Emulator, mime: str, kind: str) -> None:
    await emulator.attach(ZARINA, "document", mime=mime)
    got = (await only(emulator)).heard
    assert isinstance(got, Attached)
    assert got.kind == kind


@pytest.mark.parametrize(("name", "kept"), [("petition-1.relay", "petition-1.relay"), ("Zarina's diary.pdf", "")])
async def test_a_file_keeps_its_name_only_if_it_may_be_ours(emulator: Emulator, name: str, kept: str) -> None:
    await emulator.attach(ZARINA, "document", name=name)
    got = (await only(emulator)).heard
    assert isinstance(got, Attached)
    assert got.name == kept


async def test_words_come_as_they_were_typed(emulator: Emulator, clock: Clock) -> None:
    emulator.user(ZARINA, language="tg")
    message = await emulator.say(ZARINA, "  I am safe \n")
    one = await only(emulator)
    assert one.heard == Said("  I am safe \n")
    assert one.sender == Sender("telegram", "5550001", str(ZARINA))
    assert (one.hint, one.message, one.group) == ("tg", str(message), False)
    assert one.at == datetime.fromtimestamp(int(clock()), UTC)
    assert one.id.isdigit()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/start", Started()),
        ("/start  ", Started()),
        ("/START abc", Started("abc")),
        ("/start inv_A-9", Started("inv_A-9")),
        ("/start@PayvandBot inv_A-9", Started("inv_A-9")),
        ("/start two words", Started("two")),
        ("/start " + "x" * 65, Started()),
        ("/start <b>", Started()),
        ("/started", Said("/started")),
        ("/safe", Said("/safe")),
        ("/safe@payvandbot with my sister", Said("/safe with my sister")),
        ("/safe@OtherBot", Said("/safe@OtherBot")),
        ("say /safe@PayvandBot", Said("say /safe@PayvandBot")),
        ("/", Said("/")),
        ("\x00 \ud83d", Said("\ufffd \ufffd")),
    ],
)
def test_commands_are_read(text: str, expected: object) -> None:
    update = {"update_id": 1, "message": {"chat": {"id": ZARINA, "type": "private"}, "text": text}}
    one = incoming(update, ME, NOW)
    assert one is not None
    assert one.heard == expected
    assert one.at == NOW


def test_of_changed_words_in_a_private_chat_the_new_ones_are_heard() -> None:
    def heard(chat: str = "private", **held: Any) -> object:  # noqa: ANN401
        message = {"chat": {"id": ZARINA, "type": chat}, "message_id": 5, "date": 1, "edit_date": 1_700_000_000, **held}
        one = incoming({"update_id": 1, "edited_message": message}, ME, NOW)
        assert one is None or (one.at, one.message) == (datetime.fromtimestamp(1_700_000_000, UTC), "")
        return one and one.heard

    assert "edited_message" in WANTED
    assert heard(text="I need help") == Changed("I need help")
    assert heard(photo=[{"file_id": "f"}], caption="I need help") == Changed("I need help")
    others: list[dict[str, Any]] = [
        {"chat": "group", "text": "/sos"},
        {"forward_origin": {"type": "user"}, "text": "I need help"},
        {"text": "/start 123"},
        {"photo": [{"file_id": "f"}]},
        {"location": {"latitude": 1, "longitude": 1}},
    ]
    assert [heard(**one) for one in others] == [None] * len(others)


@pytest.mark.parametrize("kind", ["photo", "document", "voice", "sticker"])
async def test_a_file_is_a_reference_and_its_caption(emulator: Emulator, kind: str) -> None:
    await emulator.attach(ZARINA, kind, caption="my papers")
    said = (await only(emulator)).heard
    assert isinstance(said, Attached)
    assert (said.kind, said.caption) == (kind, "my papers")
    assert said.reference.startswith("file")


@pytest.mark.parametrize("kind", ["location", "contact"])
async def test_places_and_phone_numbers_are_never_read(emulator: Emulator, kind: str) -> None:
    await emulator.attach(ZARINA, kind)
    one = await only(emulator)
    assert one.heard == Attached(kind)


async def test_a_press_brings_its_code_and_its_message(emulator: Emulator) -> None:
    emulator.user(ZARINA, language="ru", started=True)
    query = await emulator.tap(ZARINA, 77, "safe:12", old=True)
    (update,) = await told(emulator)
    one = incoming(update, ME, NOW)
    assert one is not None
    assert one.heard == Pressed("safe:12", "77")
    assert (one.sender.account, one.hint, one.at) == (str(ZARINA), "ru", NOW)
    assert pressed_query(update) == query


async def test_blocking_and_unblocking_are_heard(emulator: Emulator) -> None:
    emulator.user(ZARINA)
    await emulator.block(ZARINA)
    await emulator.unblock(ZARINA)
    assert [one.heard for one in await heard(emulator) if one] == [Blocked(), Unblocked()]


async def test_an_edited_message_is_heard_as_a_change(emulator: Emulator) -> None:
    message = await emulator.say(ZARINA, "I am safe")
    await emulator.edit(ZARINA, message, "I am not")
    first, second = await heard(emulator)
    assert first is not None
    assert second is not None
    assert second.heard == Changed("I am not")


# -- a group -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/help", Said("/help")),
        ("/help@PayvandBot now", Said("/help now")),
        ("/help@OtherBot", None),
        ("hello @payvandbot, are you there?", Said("hello @payvandbot, are you there?")),
        ("hello @PayvandBotany", None),
        ("mail me@PayvandBot", None),
        ("hello everybody", None),
    ],
)
async def test_in_a_group_only_what_is_addressed_to_the_bot_is_heard(
    emulator: Emulator, text: str, expected: object
) -> None:
    emulator.group(GROUP)
    await emulator.say(ZARINA, text, chat=GROUP)
    (one,) = await heard(emulator)
    assert (one.heard if one else None) == expected
    if one:
        assert (one.group, one.sender.account) == (True, str(GROUP))


async def test_being_added_to_a_group_and_removed_is_heard(emulator: Emulator) -> None:
    emulator.group(GROUP)
    await emulator.add_bot(GROUP, ZARINA)
    await emulator.remove_bot(GROUP, ZARINA)
    ones = [one for one in await heard(emulator) if one]
    assert [one.heard for one in ones] == [Unblocked(), Said(""), Blocked()]
    assert all(one.group and one.sender.account == str(GROUP) for one in ones)


async def test_a_group_that_moves_says_where_to(emulator: Emulator) -> None:
    emulator.group(GROUP)
    new = await emulator.migrate(GROUP, ZARINA)
    (one,) = [one for one in await heard(emulator) if one]
    assert one.heard == Moved(str(new))
    assert one.sender.account == str(GROUP)


def test_an_administrator_behind_the_group_s_name_is_heard_and_other_bots_are_not() -> None:
    bot = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    chat = {"id": GROUP, "type": "group", "title": "A group"}
    hidden = {"message_id": 1, "date": 1, "chat": chat, "from": bot, "sender_chat": chat, "text": "/help"}
    machine = {"message_id": 1, "date": 1, "chat": chat, "from": bot, "text": "/help"}
    assert incoming({"update_id": 1, "message": hidden}, ME, NOW)
    assert incoming({"update_id": 1, "message": machine}, ME, NOW) is None


# -- what is not for us, and what is not even an update ----------------------------------------------------------------


@pytest.mark.parametrize(
    "update",
    [
        {},
        {"update_id": 1},
        {"update_id": True, "message": {"chat": {"id": 1, "type": "private"}, "text": "x"}},
        {"update_id": 2**64, "message": {"chat": {"id": 1, "type": "private"}, "text": "x"}},
        {"update_id": 1, "message": {"chat": {"id": "1", "type": "private"}, "text": "x"}},
        {"update_id": 1, "message": {"chat": {"id": -100, "type": "channel"}, "text": "x"}},
        {"update_id": 1, "message": {"chat": {"id": 1, "type": ["private"]}, "text": "x"}},
        {"update_id": 1, "message": {"chat": {"id": 1, "type": "private"}, "pinned_message": {"message_id": 1}}},
        {"update_id": 1, "callback_query": {"id": "1", "data": "x", "inline_message_id": "y"}},
        {"update_id": 1, "callback_query": {"id": "1", "message": {"chat": {"id": 1, "type": "private"}}}},
        {"update_id": 1, "my_chat_member": {"chat": {"id": 1, "type": "private"}, "new_chat_member": {"status": "?"}}},
        {"update_id": 1, "poll": {"id": "1"}},
    ],
)
def test_what_is_not_for_us_is_nothing(update: object) -> None:
    assert incoming(update, ME, NOW) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
WORDS = st.text(max_size=30) | st.sampled_from(
    [
        "private",
        "group",
        "supergroup",
        "kicked",
        "member",
        "/start x",
        "/safe@PayvandBot",
        "@PayvandBot",
        "\ud800",
        "\x00",
    ]
)
NUMBERS = st.integers(-(2**63), 2**64) | st.sampled_from([0, 1, -1, ZARINA, 5550001, 2**31, 10**18])


@cache
def shaped(kind: str, depth: int) -> st.SearchStrategy[Any]:
    """Values that the description allows for a type, and sometimes anything at all."""
    if kind.startswith("["):
        return st.lists(shaped(kind[1:-1], depth), max_size=2)
    plain: dict[str, st.SearchStrategy[Any]] = {
        "Integer": NUMBERS,
        "Float": st.floats(allow_nan=False),
        "Boolean": st.booleans(),
        "True": st.just(value=True),
        "String": WORDS,
        "InputFile": WORDS,
    }
    if kind in plain:
        return plain[kind]
    if depth <= 0:
        return st.just({})
    union = FACTS.union(kind)
    if union is not None:
        return st.sampled_from(union).flatmap(lambda member: shaped(member, depth))
    fields = FACTS.fields(kind)
    values = {name: one_of(field.types, depth - 1) for name, field in fields.items()}
    required = {name: value for name, value in values.items() if fields[name].required}
    optional = {name: value for name, value in values.items() if not fields[name].required}
    # The fields that we read come often; the two hundred that we don't come by ones and twos.
    names = sorted(optional, key=lambda name: name not in READ)
    few = st.sets(st.sampled_from(names), max_size=4) if names else st.just(set())
    return few.flatmap(lambda some: st.fixed_dictionaries(required | {name: optional[name] for name in sorted(some)}))


READ = {
    "message",
    "channel_post",
    "callback_query",
    "my_chat_member",
    "chat",
    "from",
    "text",
    "data",
    "photo",
    "new_chat_members",
}


def one_of(kinds: tuple[str, ...], depth: int) -> st.SearchStrategy[Any]:
    def later(kind: str) -> st.SearchStrategy[Any]:
        return st.deferred(lambda: shaped(kind, depth))

    return st.one_of([later(kind) for kind in kinds]) | JSON


def sound(one: Incoming | None) -> None:
    """What every database can keep and every handler can read."""
    if one is None:
        return
    told = json.dumps([one.id, one.sender.account, one.hint, one.message, repr(one.heard)])
    told.encode()
    assert -(2**63) <= int(one.sender.account) < 2**63
    assert int(one.id) < 2**63
    assert one.at.tzinfo is UTC
    for text in (getattr(one.heard, name, "") for name in ("text", "code", "payload", "caption", "reference")):
        text.encode()
        assert "\x00" not in text


@settings(max_examples=100, deadline=None)
@given(shaped("Update", 4))
def test_no_update_of_the_right_shape_raises(update: object) -> None:
    sound(incoming(update, ME, NOW))
    pressed_query(update)


@settings(max_examples=200, deadline=None)
@given(JSON | st.fixed_dictionaries({"update_id": NUMBERS, "message": JSON, "callback_query": JSON}))
def test_no_json_at_all_raises(update: object) -> None:
    sound(incoming(update, ME, NOW))
    pressed_query(update)


PERSON = {"id": ZARINA, "is_bot": False, "first_name": "Somebody", "language_code": "tg"}
PRIVATE = {"id": ZARINA, "type": "private", "first_name": "Somebody"}
GROUPED = {"id": GROUP, "type": "group", "title": "A group"}
GOOD: list[dict[str, Any]] = [
    {"message": {"message_id": 1, "date": 1, "chat": PRIVATE, "from": PERSON, "text": "/start x"}},
    {"message": {"message_id": 1, "date": 1, "chat": PRIVATE, "from": PERSON, "photo": [{"file_id": "a"}]}},
    {"message": {"message_id": 1, "date": 1, "chat": PRIVATE, "from": PERSON, "voice": {"file_id": "a"}}},
    {"message": {"message_id": 1, "date": 1, "chat": GROUPED, "from": PERSON, "text": "hello @PayvandBot"}},
    {"message": {"message_id": 1, "date": 1, "chat": GROUPED, "from": PERSON, "migrate_to_chat_id": -1}},
    {"message": {"chat": GROUPED, "from": PERSON, "new_chat_members": [{"id": 5550001, "is_bot": True}]}},
    {"message": {"chat": GROUPED, "from": PERSON, "sender_chat": GROUPED, "text": "/help"}},
    {"callback_query": {"id": "1", "from": PERSON, "message": {"message_id": 1, "chat": PRIVATE}, "data": "x"}},
    {"my_chat_member": {"chat": PRIVATE, "from": PERSON, "date": 1, "new_chat_member": {"status": "kicked"}}},
    {"my_chat_member": {"chat": GROUPED, "from": PERSON, "new_chat_member": {"status": "restricted", "is_member": 0}}},
]


def paths(value: object, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON value."""
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [(*here, key) for key, _ in inner] + [path for key, one in inner for path in paths(one, (*here, key))]


@st.composite
def damaged(draw: st.DrawFn, good: dict[str, Any]) -> dict[str, Any]:
    """A good update with anything at all in one of its places."""
    update: dict[str, Any] = json.loads(json.dumps({"update_id": 1, **good}))
    *way, last = draw(st.sampled_from(paths(update)))
    place: Any = update
    for step in way:
        place = place[step]
    place[last] = draw(JSON | NUMBERS | WORDS)
    return update


@pytest.mark.parametrize("good", GOOD, ids=lambda good: next(iter(good)))
def test_a_good_update_with_anything_in_one_of_its_places_never_raises(good: dict[str, Any]) -> None:
    assert incoming({"update_id": 1, **good}, ME, NOW)

    @settings(max_examples=60, deadline=None)
    @given(damaged(good))
    def never_raises(update: object) -> None:
        sound(incoming(update, ME, NOW))
        pressed_query(update)

    never_raises()


def test_a_translator_that_trusts_what_it_reads_would_be_caught() -> None:
    """The control of the tests above."""

    @settings(max_examples=200, deadline=None, database=None, report_multiple_bugs=False)
    @given(damaged(GOOD[0]))
    def trusting(update: Any) -> None:  # noqa: ANN401 - anything at all
        assert update["message"]["chat"]["type"] in {"private"}  # noqa: FURB171 - a set, as a hasty hand would write

    with pytest.raises((TypeError, KeyError, AssertionError)):
        trusting()


# -- a second opinion --------------------------------------------------------------------------------------------------


def holds(theirs: object, ours: object) -> bool:
    """Whether everything of ours is in theirs, which adds its defaults."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return all(key in theirs and holds(theirs[key], value) for key, value in ours.items())
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(holds, theirs, ours))
    return theirs == ours


async def test_another_decoder_reads_the_same(emulator: Emulator) -> None:
    """python-telegram-bot's own types accept every update of the emulator and see what we see."""
    emulator.user(ZARINA, language="tg")
    emulator.group(GROUP)
    await emulator.start(ZARINA, "inv")
    await emulator.say(ZARINA, "I am safe")
    for kind in ("photo", "document", "voice", "sticker", "location", "contact"):
        await emulator.attach(ZARINA, kind)
    await emulator.tap(ZARINA, 5, "safe", old=True)
    await emulator.block(ZARINA)
    await emulator.say(ZARINA, "/help@PayvandBot", chat=GROUP)
    await emulator.add_bot(GROUP, ZARINA)
    await emulator.migrate(GROUP, ZARINA)
    updates = await told(emulator)
    assert len(updates) > 12  # noqa: PLR2004 - all of the above
    for update in updates:
        theirs = ptb.Update.de_json(update, None)
        assert holds(theirs.to_dict(), update)
        ours = incoming(update, ME, NOW)
        if ours is None:
            assert theirs.message
            assert theirs.message.migrate_from_chat_id
            continue
        assert theirs.effective_chat
        assert (ours.id, ours.sender.account) == (str(theirs.update_id), str(theirs.effective_chat.id))
        assert ours.group == (theirs.effective_chat.type != "private")
        if isinstance(ours.heard, Said) and ours.heard.text and not ours.group:
            assert theirs.message
            assert ours.heard.text == theirs.message.text
        if isinstance(ours.heard, Pressed):
            assert theirs.callback_query
            assert ours.heard.code == theirs.callback_query.data
