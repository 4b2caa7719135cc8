"""What Matrix says, in the words of the house, and the words of the house as Matrix shows them."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from PIL import Image

from bot import i18n
from bot.domain.conversation import Attached, Changed, Incoming, Reacted, Said, Sender, Started
from bot.domain.region import Board
from bot.jobs.boards import HEIGHT, WIDTH, draw
from bot.outbox.courier import Button, Parcel
from bot.platforms.matrix import translation
from bot.platforms.matrix.translation import (
    LARGEST,
    Place,
    change,
    contents,
    incoming,
    keycap,
    referred,
    sides_of,
    size,
)

ME = "@bot:example.org"
ZARINA = "@zarina:example.org"
NOW = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
DIRECT = Place("!direct:example.org", ZARINA)
GROUP = Place("!group:example.org")
ADDRESS = Sender("matrix", ME, ZARINA)


def event(content: object, kind: str = "m.room.message", sender: str = ZARINA, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    at = int(NOW.timestamp() * 1000) - 5000
    return {
        "event_id": "$said",
        "type": kind,
        "sender": sender,
        "origin_server_ts": at,
        "content": content,
        **more,
    }


def text(body: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"msgtype": "m.text", "body": body, **more}


def changed(words: str) -> dict[str, Any]:
    relation = {"rel_type": "m.replace", "event_id": "$first"}
    return text(f"* {words}", **{"m.new_content": text(words), "m.relates_to": relation})


def heard(content: object, kind: str = "m.room.message", place: Place = DIRECT) -> object:
    one = incoming(event(content, kind), place, ME, NOW)
    return one.heard if one else None


# -- a person ----------------------------------------------------------------------------------------------------------


def test_words_come_as_they_were_typed() -> None:
    assert incoming(event(text("  I am safe \n")), DIRECT, ME, NOW) == Incoming(
        id="$said",
        sender=ADDRESS,
        at=NOW - timedelta(seconds=5),
        heard=Said("  I am safe \n", lists=True),
        message="$said",
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("/start", Started()),
        ("!start", Started()),
        ("!START  abc", Started("abc")),
        ("/start inv_A-9 and more", Started("inv_A-9")),
        ("/start <b>", Started()),
        ("!start@bot:example.org inv", Started("inv")),
        ("/started", Said("/started", lists=True)),
        ("!safe", Said("!safe", lists=True)),
        ("I am safe", Said("I am safe", lists=True)),
        ("\x00 \ud83d", Said("\ufffd \ufffd", lists=True)),
        (" \n ", None),
    ],
)
def test_commands_are_read(words: str, expected: object) -> None:
    assert heard(text(words)) == expected


def test_what_a_person_does_is_words_too() -> None:
    assert heard({"msgtype": "m.emote", "body": "is safe"}) == Said("is safe", lists=True)


def test_an_answer_names_its_message_and_does_not_repeat_it() -> None:
    relation = {"m.in_reply_to": {"event_id": "$menu"}}
    quoted = f"> <{ME}> 1. I am safe\n> 2. Help\n\n2"
    assert heard(text(quoted, **{"m.relates_to": relation})) == Said("2", lists=True, on="$menu")
    assert heard(text("2", **{"m.relates_to": relation})) == Said("2", lists=True, on="$menu")
    assert heard(text("> 2\n\nso it is")) == Said("> 2\n\nso it is", lists=True), "a quotation of one's own stays"


def test_in_a_thread_only_a_real_answer_names_its_message() -> None:
    thread = {"rel_type": "m.thread", "event_id": "$root", "m.in_reply_to": {"event_id": "$last"}}
    assert heard(text("2", **{"m.relates_to": {**thread, "is_falling_back": True}})) == Said("2", lists=True)
    assert heard(text("2", **{"m.relates_to": {**thread, "is_falling_back": False}})) == Said(
        "2", lists=True, on="$last"
    )


def test_a_sign_under_a_message_is_heard_with_its_message() -> None:
    relation = {"rel_type": "m.annotation", "event_id": "$menu", "key": "2\ufe0f\u20e3"}
    assert heard({"m.relates_to": relation}, "m.reaction") == Reacted("2\ufe0f\u20e3", "$menu")
    assert heard({"m.relates_to": {**relation, "key": " "}}, "m.reaction") is None
    assert heard({"m.relates_to": {**relation, "key": "x" * 1000}}, "m.reaction") is None
    assert heard({"m.relates_to": {**relation, "rel_type": "m.reference"}}, "m.reaction") is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"msgtype": "m.image", "body": "cat.png", "url": "mxc://x/1"}, Attached("photo", "mxc://x/1")),
        (
            {"msgtype": "m.image", "body": "our cat", "filename": "cat.png", "file": {"url": "mxc://x/2"}},
            Attached("photo", '{"url":"mxc://x/2","key":{"k":""},"iv":"","hashes":{"sha256":""}}', "our cat"),
        ),
        ({"msgtype": "m.file", "body": "a.pdf", "filename": "a.pdf", "url": "mxc://x/3"}, Attached("document", "mxc://x/3")),
        (
            {"msgtype": "m.file", "body": "p.relay", "file": {"url": "mxc://x/8"}},
            Attached("document", '{"url":"mxc://x/8","key":{"k":""},"iv":"","hashes":{"sha256":""}}', "", "p.relay"),
        ),
        (
            {"msgtype": "m.file", "body": "a.png", "url": "mxc://x/7", "info": {"mimetype": "image/png"}},
            Attached("photo", "mxc://x/7"),
        ),
        (
            {"msgtype": "m.file", "body": "bulletin-7-tg.txt", "file": {"url": "mxc://x/8"}},
            Attached("document", '{"url":"mxc://x/8","key":{"k":""},"iv":"","hashes":{"sha256":""}}'),
        ),
        ({"msgtype": "m.video", "body": "v", "url": 7}, Attached("video")),
        ({"msgtype": "m.audio", "body": "a", "url": "mxc://x/4"}, Attached("audio", "mxc://x/4")),
        (
            {"msgtype": "m.audio", "body": "a", "url": "mxc://x/5", "org.matrix.msc3245.voice": {}},
            Attached("voice", "mxc://x/5"),
        ),
    ],
)  # fmt: skip
def test_a_file_is_a_reference_and_its_caption(content: dict[str, Any], expected: Attached) -> None:
    assert heard(content) == expected


def test_a_reference_leads_back_to_the_file_and_what_opens_it() -> None:
    file = {"url": "mxc://x/2", "key": {"k": "secret"}, "iv": "iv", "hashes": {"sha256": "h"}}
    noise = {"v": "v2", "mimetype": "image/jpeg"}
    got = heard({"msgtype": "m.image", "body": "cat", "file": {**file, **noise}, "info": {"thumbnail_file": file}})
    assert isinstance(got, Attached)
    assert referred(got.reference) == {"file": file}
    assert referred("mxc://x/1") == {"url": "mxc://x/1"}
    assert referred("{broken") == {}


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_sides_of_a_picture_are_read_from_its_bytes(kind: str, progressive: bool) -> None:  # noqa: FBT001
    file = io.BytesIO()
    Image.new("RGB", (123, 45)).save(file, kind, progressive=progressive, comment=b"\xff\xc0" * 20)
    assert sides_of(file.getvalue()) == (123, 45)
    for broken in (b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8" + b"\xff\xe0\x00\x00" * 3, b"\xff\xd8nothing at all"):
        assert sides_of(broken) == (1, 1)


def test_places_polls_and_calls_are_never_read() -> None:
    assert heard({"msgtype": "m.location", "body": "home", "geo_uri": "geo:38.5,68.8"}) == Attached("location")
    assert heard({"question": {"body": "secret"}}, "org.matrix.msc3381.poll.start") == Attached("poll")
    assert heard({"body": "dog", "url": "mxc://x/6"}, "m.sticker") == Attached("sticker")
    assert heard({"call_id": "7"}, "m.call.invite") == Attached("call")


@pytest.mark.parametrize(
    "content",
    [
        {"msgtype": "m.notice", "body": "I am safe"},
        {"msgtype": "m.server_notice", "body": "I am safe"},
        {"msgtype": "m.key.verification.request", "body": "I am safe", "to": ME},
        {"msgtype": "org.example.new", "body": "I am safe"},
        {"body": "I am safe"},
        {},
        [],
        None,
    ],
)
def test_what_bots_servers_and_apps_say_is_no_persons_word(content: object) -> None:
    assert heard(content) is None


@pytest.mark.parametrize(
    "kind", ["m.room.redaction", "m.room.encrypted", "m.room.topic", "m.call.hangup", "m.poll.response", "x", "", 7]
)
def test_other_events_are_not_heard(kind: Any) -> None:  # noqa: ANN401
    assert heard(text("I am safe"), kind) is None


def test_a_changed_message_is_not_heard_again() -> None:
    content = changed("I am not")
    one = incoming(event(content), DIRECT, ME, NOW)
    assert one is not None
    assert (one.heard, one.id, one.message) == (Changed("I am not"), "$said", "")
    assert heard(content, place=GROUP) is None
    assert heard({**content, "m.new_content": {"msgtype": "m.image", "body": "cat.png"}}) is None
    assert translation.changed_event(event(content)) == "$first"


def test_the_changed_form_of_what_could_not_be_read_is_heard() -> None:
    one = incoming(event(changed("I am safe")), DIRECT, ME, NOW, {"$first"})
    assert one is not None
    assert one.heard == Said("I am safe", lists=True)
    first = incoming({**event(text("I am sfae")), "event_id": "$first"}, DIRECT, ME, NOW, late=True)
    assert first is not None
    assert first.id == one.id, "should its key come later, the first form is nothing new"
    assert first.message == "$first"


def test_only_the_other_one_is_heard_in_a_direct_chat() -> None:
    assert incoming(event(text("I am safe"), sender=ME), DIRECT, ME, NOW) is None
    assert incoming(event(text("I am safe"), sender="@gone:example.org"), DIRECT, ME, NOW) is None


def test_state_is_no_word() -> None:
    assert incoming(event(text("I am safe"), state_key=""), DIRECT, ME, NOW) is None


def test_nobody_writes_in_the_future() -> None:
    for stamp in (10**18, -5, 0, True, "soon", None, 253_402_300_799_000):
        one = incoming({**event(text("I am safe")), "origin_server_ts": stamp}, DIRECT, ME, NOW)
        assert one is not None
        assert one.at == NOW


# -- a room with more people -------------------------------------------------------------------------------------------


def test_in_a_room_only_words_that_call_the_bot_are_heard() -> None:
    assert heard(text("I am safe"), place=GROUP) is None
    assert heard({"msgtype": "m.image", "body": ME}, place=GROUP) is None
    called = text("payvand: hello", **{"m.mentions": {"user_ids": [ME]}})
    one = incoming(event(called), GROUP, ME, NOW)
    assert one is not None
    assert (one.heard, one.sender.account, one.group) == (Said("payvand: hello", lists=True), GROUP.room, True)
    assert heard(text(f"{ME} hello"), place=GROUP) == Said(f"{ME} hello", lists=True)
    assert heard(text("/start abc", **{"m.mentions": {"user_ids": [ME]}}), place=GROUP) == Said("")


def test_in_a_room_a_file_that_another_community_s_bot_has_made_is_heard_and_no_other_one() -> None:
    file = {"msgtype": "m.file", "body": "p.relay", "url": "mxc://x/1"}
    assert heard(file, place=GROUP) == Attached("document", "mxc://x/1", "", "p.relay")
    assert heard({**file, "body": "p.pdf"}, place=GROUP) is None


# -- anything ----------------------------------------------------------------------------------------------------------

_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["m.room.message", "m.text", "m.replace", "m.thread", "$x", ZARINA, ME, "join", "m.annotation"])
)
_KEYS = st.sampled_from(
    [
        "type", "content", "sender", "event_id", "origin_server_ts", "state_key", "msgtype", "body", "m.relates_to",
        "m.new_content", "rel_type", "key", "m.in_reply_to", "m.mentions", "user_ids", "url", "file", "filename",
        "unsigned", "prev_content", "membership",
    ]
)  # fmt: skip
_JSON = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=6))


@settings(max_examples=400, deadline=None)
@given(content=_JSON, kind=_JSON, whole=_JSON, direct=st.booleans())
def test_nothing_that_anybody_sends_raises(content: object, kind: object, whole: object, direct: bool) -> None:  # noqa: FBT001
    place = DIRECT if direct else GROUP
    shaped = {**event(content), "type": kind, "unsigned": whole}
    for one in (shaped, event(content), event(content, "m.reaction"), whole):
        said = incoming(one, place, ME, NOW, {"$x"})
        assert said is None or said.sender.account in (ZARINA, GROUP.room)
        translation.changed_event(one)
        translation.membership(one, ZARINA)
        translation.written_at(one, NOW)


# -- said --------------------------------------------------------------------------------------------------------------

ROWS = (
    (Button("I am safe", "safe"), Button("Help", "help")),
    (Button("The page", link="https://example.org/?a=1&b=2"),),
    (Button("⬅️ Back", "home"),),
)


def parcel(words: str | Markup, **more: Any) -> Parcel:  # noqa: ANN401
    return Parcel(ADDRESS, "matrix/1", Markup(words), **more)  # noqa: S704 - the test's own words


def test_plain_words_have_one_form_and_ring_for_nobody() -> None:
    assert contents(parcel("Zarina is safe &amp; well."), NOW) == [
        {"msgtype": "m.text", "body": "Zarina is safe & well.", "m.mentions": {}}
    ]


def test_marked_words_have_two_forms() -> None:
    (one,) = contents(parcel('<b>Zarina</b>\nis <a href="https://x.org">safe</a>\n<pre>a\nb</pre>'), NOW)
    assert one["body"] == "Zarina\nis safe (https://x.org)\na\nb"
    assert one["format"] == "org.matrix.custom.html"
    assert one["formatted_body"] == '<b>Zarina</b><br>is <a href="https://x.org">safe</a><br><pre>a\nb</pre>'


def test_silent_words_are_a_notice() -> None:
    (one,) = contents(parcel("Good evening", silent=True), NOW)
    assert one["msgtype"] == "m.notice"


def test_choices_are_a_numbered_list_and_links_have_no_number() -> None:
    (one,) = contents(parcel("How are you?", buttons=ROWS, first=4), NOW)
    assert one["body"] == ("How are you?\n\n4. I am safe\n5. Help\nThe page (https://example.org/?a=1&b=2)\n6. ⬅️ Back")
    assert '<br><a href="https://example.org/?a=1&amp;b=2">The page</a><br>6. ⬅️ Back' in one["formatted_body"]


def test_a_label_is_never_markup() -> None:
    (one,) = contents(parcel("Who?", buttons=((Button("<b>Daler</b> & co", "x"),),)), NOW)
    assert one["body"].endswith("1. <b>Daler</b> & co")
    assert "formatted_body" not in one or "<b>" not in one["formatted_body"]


@pytest.mark.parametrize(("language", "words"), [("en", "write the number"), ("ru", "номер"), ("tg", "рақам")])
def test_how_to_choose_is_said_in_the_readers_language(language: str, words: str) -> None:
    (one,) = contents(parcel("?", buttons=ROWS, language=language), NOW, hint=True)
    assert words in one["body"].splitlines()[-1]


def test_whoever_has_no_language_yet_reads_how_to_choose_in_all() -> None:
    picker = (tuple(Button(name, f"speak:{code}") for code, name in i18n.LANGUAGE_NAMES.items()),)
    (one,) = contents(parcel("?", buttons=picker), NOW, hint=True)
    assert len(one["body"].split("\n\n")[-1].splitlines()) == len(i18n.LANGUAGES)


def test_links_alone_need_no_hint() -> None:
    links = ((Button("The page", link="https://example.org/"),),)
    assert contents(parcel("?", buttons=links), NOW, hint=True) == contents(parcel("?", buttons=links), NOW)


@pytest.mark.parametrize(("language", "words"), [("en", "not encrypted"), ("ru", "не зашифрован"), ("tg", "рамз")])
def test_a_chat_that_is_not_encrypted_is_called_so(language: str, words: str) -> None:
    (one,) = contents(parcel("Welcome", language=language), NOW, plain_room=True)
    assert words in one["body"]
    assert words not in contents(parcel("Welcome", language=language), NOW)[0]["body"]


def test_words_that_do_not_fit_are_several_messages_and_the_choices_come_last() -> None:
    line = "Ӯ ба мо гуфт, ки ҳама дар амонанд & солиманд. "
    long = Markup("<b>{}</b>").format(line * 300)
    made = contents(parcel(long, buttons=ROWS), NOW, hint=True)
    assert len(made) > 1
    assert all(size(one) <= LARGEST for one in made)
    assert "".join("".join(one["body"].split()) for one in made).startswith("".join((line * 300).split()))
    assert "6" not in made[0]["body"]
    assert "3. ⬅️ Back" in made[-1]["body"]


@settings(max_examples=60, deadline=None)
@given(
    words=st.text(st.sampled_from("аӣ\U0001f54a&<\n "), max_size=6000),
    count=st.integers(0, 99),
    label=st.text(st.sampled_from("рӯ\U0001f54a& "), min_size=1, max_size=200),
)
def test_no_message_is_ever_larger_than_matrix_carries(words: str, count: int, label: str) -> None:
    rows = tuple((Button(label, "x"),) for _ in range(count))
    for one in contents(parcel(Markup("<i>{}</i>").format(words), buttons=rows), NOW, hint=True, plain_room=True):
        whole = change(one, "$" + "x" * 43)
        assert size(one) <= LARGEST
        # what is encrypted is JSON in ASCII; base64 makes 4 bytes of 3, and the envelope is small
        assert len(json.dumps(one)) * 4 // 3 + 2_000 < 65_536  # noqa: PLR2004
        assert re.sub(r"<[^>]*>", "", whole["body"])


def test_a_change_carries_the_new_words_and_a_fallback() -> None:
    (one,) = contents(parcel("<b>safe</b>"), NOW)
    whole = change(one, "$first")
    assert whole["m.new_content"] == one
    assert (whole["body"], whole["formatted_body"]) == ("* safe", "* <b>safe</b>")
    assert whole["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$first"}
    assert "m.relates_to" not in one


def test_a_sign_to_tap_is_a_number_and_tells_nothing_else() -> None:
    assert [keycap(n) for n in (1, 9, 10)] == ["1\ufe0f\u20e3", "9\ufe0f\u20e3", "\U0001f51f"]


def test_a_file_says_what_it_is() -> None:
    plain = translation.file_content({"url": "mxc://x/1"}, "copy.zip", 7)
    assert (plain["msgtype"], plain["info"]["size"], plain["url"]) == ("m.file", 7, "mxc://x/1")
    shown = translation.file_content({"file": {"url": "mxc://x/1"}}, "qr.png", 7, sides=(200, 200))
    assert (shown["msgtype"], shown["info"]["w"], shown["info"]["mimetype"]) == ("m.image", 200, "image/png")
    assert "url" not in shown
    assert translation.sides_of(draw(Board(None, None, None))) == (WIDTH, HEIGHT)
