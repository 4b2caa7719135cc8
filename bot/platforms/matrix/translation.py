"""What Matrix says, in the words of the house, and what the house says, as the content of Matrix events: both pure.

Events are read as plain JSON and nothing in them is taken on trust: whatever is malformed, unknown or not for us
becomes None, so that no event can stop the loop that carries it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from markupsafe import Markup

from bot import i18n
from bot.domain.conversation import OURS, Attached, Changed, Heard, Incoming, Line, Reacted, Said, Sender, Started
from bot.i18n import _
from bot.outbox.courier import Button, Parcel
from bot.platforms.pages import pages

PLATFORM: Final = "matrix"

MESSAGE: Final = "m.room.message"
REACTION: Final = "m.reaction"
MEMBER: Final = "m.room.member"

# Events that are not words; their text, place or tune is never read. Polls still come under their unstable name.
_THINGS: Final[Mapping[str, str]] = {
    "m.sticker": "sticker",
    "m.poll.start": "poll",
    "org.matrix.msc3381.poll.start": "poll",
    "m.beacon_info": "location",
    "org.matrix.msc3672.beacon_info": "location",
    "m.call.invite": "call",
}
_FILES: Final[Mapping[str, str]] = {
    "m.image": "photo",
    "m.file": "document",
    "m.audio": "audio",
    "m.video": "video",
    "m.location": "location",
}
_PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})  # of files that are pictures, too
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # the markers of a JPEG's frame
_WORDS: Final = frozenset({"m.text", "m.emote"})  # m.notice is what bots say, and no bot may set another one off
_VOICE: Final = ("m.voice", "org.matrix.msc3245.voice")

_START = re.compile(r"\s*[/!]start(?:@\S+)?(?:\s+(?P<rest>.*))?", re.IGNORECASE | re.DOTALL)
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_FALLBACK = re.compile(r"(?:> ?[^\n]*\n)+\n?")
_BROKEN = re.compile("[\x00\ud800-\udfff]")
_LONGEST_ID: Final = 255
_LONGEST_SIGN: Final = 128
_LATEST: Final = 253_402_300_799_000  # the last second of the year 9999, in milliseconds

# -- heard -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """What must be known of a room to understand what is written there.

    `person` is the other one in a direct chat, "" in a room with more people.
    """

    room: str
    person: str = ""


def address(me: str, place: Place) -> Sender:
    """The address of a chat: in a direct one the person's account, whichever room it is in; else the room."""
    return Sender(PLATFORM, me, place.person or place.room)


def incoming(  # noqa: PLR0913 - an event is understood from this many sides
    event: object, place: Place, me: str, now: datetime, unread: Collection[str] = (), *, late: bool = False
) -> Incoming | None:
    """Translate one event of a room, or return None for what is not ours to hear. Never raises.

    A changed message (``m.replace``) is heard as `Changed`: its first form has been acted on, and news that were told,
    or a choice that was taken, are not untold by a change; whoever wants another thing says so anew. Only if the first
    form could not be read (`unread` holds the ids of such events) the changed one is heard in its place.

    The person may have been told that an event could not be read, and so it is known by its id. Words that come for it
    later, by its key (`late`) or as its changed form, have an id of their own: whichever comes first is heard, once.
    """
    fields = _object(event)
    name, by = _name(fields.get("event_id")), _name(fields.get("sender"))
    if not name or not by or by == me or (place.person and by != place.person):
        return None
    kind = fields.get("type")
    if not isinstance(kind, str) or ("state_key" in fields and kind not in _THINGS):
        return None
    content = _object(fields.get("content"))
    changes = changed_event(fields) if kind == MESSAGE else ""
    again = bool(changes) and changes not in unread
    if changes:
        content = _object(content.get("m.new_content"))
        name = name if again else changes
    heard = _again(_heard(kind, content)) if again else _heard(kind, content)
    if not place.person:
        heard = _for_us(heard, content, me)
    if heard is None:
        return None
    return Incoming(
        id=f"{name}/read" if late or (changes and not again) else name,
        sender=address(me, place),
        at=written_at(fields, now),
        heard=heard,
        message="" if again else name,
        group=not place.person,
    )


def _again(heard: Heard | None) -> Changed | None:
    text = heard.text if isinstance(heard, Said) else heard.caption if isinstance(heard, Attached) else ""
    return Changed(text) if text else None


def _heard(kind: str, content: Mapping[str, object]) -> Heard | None:
    if kind == REACTION:
        return _reacted(content)
    if kind in _THINGS:
        return Attached(_THINGS[kind])
    return _message(content) if kind == MESSAGE else None


def _message(content: Mapping[str, object]) -> Heard | None:
    msgtype = _text(content.get("msgtype"))
    if msgtype in _FILES:
        return _attached(msgtype, content)
    relation = _object(content.get("m.relates_to"))
    return _said(_text(content.get("body")), _answered(relation)) if msgtype in _WORDS else None


def _said(text: str, on: str) -> Heard | None:
    if on:
        text = _FALLBACK.sub("", text, count=1) if text.startswith(">") else text
    if not text.strip():
        return None
    start = _START.fullmatch(text)
    if start is not None:
        words = (start["rest"] or "").split(maxsplit=1)
        return Started(words[0] if words and _PAYLOAD.fullmatch(words[0]) else "")
    return Said(text, lists=True, on=on)


def _answered(relation: Mapping[str, object]) -> str:
    """The message that words answer. Inside a thread most apps name one that nobody chose, and say so."""
    if relation.get("rel_type") == "m.thread" and relation.get("is_falling_back") is True:
        return ""
    return _name(_object(relation.get("m.in_reply_to")).get("event_id"))


def _reacted(content: Mapping[str, object]) -> Reacted | None:
    relation = _object(content.get("m.relates_to"))
    sign, on = _text(relation.get("key")), _name(relation.get("event_id"))
    if relation.get("rel_type") != "m.annotation" or not on or not sign.strip() or len(sign) > _LONGEST_SIGN:
        return None
    return Reacted(sign, on)


def _attached(msgtype: str, content: Mapping[str, object]) -> Attached:
    kind = _FILES[msgtype]
    if kind == "audio" and any(voice in content for voice in _VOICE):
        kind = "voice"
    if kind == "location":
        return Attached(kind)
    body, name = _text(content.get("body")), _text(content.get("filename"))
    caption = body if name and body != name else ""  # without a name of its own, `body` is the file's name
    if kind == "document" and _object(content.get("info")).get("mimetype") in _PICTURES:
        kind = "photo"
    ours = name or body if kind == "document" and (name or body).endswith(OURS) else ""
    return Attached(kind, _reference(content) if kind in {"photo", "document"} else _address(content), caption, ours)


def _address(content: Mapping[str, object]) -> str:
    return _text(content.get("url")) or _text(_object(content.get("file")).get("url"))


def _reference(content: Mapping[str, object]) -> str:
    """By what the bytes can be fetched later: the address alone, or (encrypted) what opens them as well."""
    file = _object(content.get("file"))
    if not file:
        return _text(content.get("url"))
    key, hashes = _object(file.get("key")), _object(file.get("hashes"))
    opens = {
        "url": _text(file.get("url")),
        "key": {"k": _text(key.get("k"))},
        "iv": _text(file.get("iv")),
        "hashes": {"sha256": _text(hashes.get("sha256"))},
    }
    return json.dumps(opens, separators=(",", ":"))


def referred(reference: str) -> dict[str, Any]:
    """The part of an event's content that a reference was made of."""
    if not reference.startswith("{"):
        return {"url": reference}
    try:
        return {"file": json.loads(reference)}
    except ValueError:
        return {}


def _for_us(heard: Heard | None, content: Mapping[str, object], me: str) -> Heard | None:
    """In a room with more people only words that call the bot by its name are for it, and files made by such a bot."""
    if isinstance(heard, Started):
        return Said("") if _called(content, me) else None
    if isinstance(heard, Attached) and heard.name:
        return heard  # another community's bot has put it there
    return heard if isinstance(heard, Said) and _called(content, me) else None


def _called(content: Mapping[str, object], me: str) -> bool:
    called = _object(content.get("m.mentions")).get("user_ids")
    return (isinstance(called, list) and me in called) or me in _text(content.get("body"))


def changed_event(event: object) -> str:
    """The event that is changed by this one, or ""."""
    relation = _object(_object(_object(event).get("content")).get("m.relates_to"))
    return _name(relation.get("event_id")) if relation.get("rel_type") == "m.replace" else ""


def membership(event: object, account: str) -> str:
    """What a membership event makes of `account` ("join", "invite", "leave", "ban", "knock"), "" if it is none."""
    fields = _object(event)
    if fields.get("type") != MEMBER or fields.get("state_key") != account:
        return ""
    now = _object(fields.get("content")).get("membership")
    return now if isinstance(now, str) else ""


def written_at(event: object, now: datetime) -> datetime:
    """When an event was sent, as its server says; never later than `now`."""
    at = _object(event).get("origin_server_ts")
    if not isinstance(at, int) or isinstance(at, bool) or not 0 < at <= _LATEST:
        return now
    return min(now, datetime.fromtimestamp(at / 1000, UTC))


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _name(value: object) -> str:
    """An id, if it is one that any database can keep."""
    usable = isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isprintable() and " " not in value
    return str(value) if usable else ""


def _text(value: object) -> str:
    """Text that any database can keep: half a surrogate pair and NUL are refused by UTF-8 and by PostgreSQL."""
    return _BROKEN.sub("\ufffd", value) if isinstance(value, str) else ""


# -- said --------------------------------------------------------------------------------------------------------------

# An event may have 65,536 bytes. Encryption adds a third and its envelope, and its JSON writes a Cyrillic letter in six
# bytes, twice: as plain words and as formatted ones.
LARGEST: Final = 40_000
_PAGE: Final = 2_500
_SHORTEST_PAGE: Final = 50

_BREAK = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)

PICTURE_TYPE: Final = "image/png"
JPEG_TYPE: Final = "image/jpeg"
FILE_TYPE: Final = "application/octet-stream"
PDF_TYPE: Final = "application/pdf"


def contents(parcel: Parcel, now: datetime, *, hint: bool = False, plain_room: bool = False) -> list[dict[str, Any]]:
    """The words of a parcel and its numbered choices, as one content of an ``m.room.message`` or several.

    `hint` adds how to choose, `plain_room` that this chat is not encrypted. No content is larger than `LARGEST`.
    """
    text = parcel.text
    if parcel.buttons:
        listed = Markup("\n").join(_lines(parcel.buttons, parcel.first))
        text = Markup("{}\n\n{}").format(text, listed) if text.strip() else listed
        if hint and any(button.code for row in parcel.buttons for button in row):
            text = Markup("{}\n\n{}").format(text, _hint(parcel, now))
    if plain_room:
        text = Markup("{}\n\n{}").format(text, _unencrypted(parcel, now))
    kind = "m.notice" if parcel.silent else "m.text"
    limit = _PAGE
    while True:
        made = [_content(page, kind) for page in pages(text, limit)]
        if limit <= _SHORTEST_PAGE or all(size(content) <= LARGEST for content in made):
            return made
        limit //= 2


def change(content: Mapping[str, Any], event: str) -> dict[str, Any]:
    """A content that puts another in the place of an event's."""
    fallback = {**content, "body": f"* {content['body']}"}
    if "formatted_body" in content:
        fallback["formatted_body"] = f"* {content['formatted_body']}"
    return {
        **fallback,
        "m.new_content": dict(content),
        "m.relates_to": {"rel_type": "m.replace", "event_id": event},
    }


def file_content(
    uploaded: Mapping[str, Any], name: str, length: int, *, sides: tuple[int, int] | None = None, kind: str = ""
) -> dict[str, Any]:
    """A file that was uploaded (``{"url": …}`` or, encrypted, ``{"file": {…}}``), as the content of a message.

    `length` is its size in bytes; a picture to be shown has two `sides` of so many pixels, and a
    `kind` (MIME type) if it is no PNG.
    """
    info: dict[str, Any] = {"mimetype": kind or (PICTURE_TYPE if sides else FILE_TYPE), "size": length}
    if sides:
        info |= {"w": sides[0], "h": sides[1]}
    named = {"msgtype": "m.image" if sides else "m.file", "body": name, "filename": name}
    return {**uploaded, **named, "info": info, "m.mentions": {}}


def is_jpeg(picture: bytes) -> bool:
    """Whether a picture is a JPEG; ours are that or PNG."""
    return picture.startswith(b"\xff\xd8")


def sides_of(picture: bytes) -> tuple[int, int]:
    """The width and the height of a picture.

    In a PNG they stand at a fixed place of its first chunk (PNG 3, 11.2.1), in a JPEG in the header of its frame (ITU-T
    T.81, B.2.2), behind the segments before it.
    """
    if not is_jpeg(picture):
        return int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")
    at = 2
    while at + 9 <= len(picture) and picture[at] == 0xFF:  # noqa: PLR2004 - a marker
        if picture[at + 1] in _FRAMES:
            return int.from_bytes(picture[at + 7 : at + 9], "big"), int.from_bytes(picture[at + 5 : at + 7], "big")
        at += 2 + int.from_bytes(picture[at + 2 : at + 4], "big")
    return 1, 1


def keycap(number: int) -> str:
    """The sign of a number from 0 to 10, to be tapped under a list. Signs are never encrypted; these tell nothing."""
    return "\U0001f51f" if number == 10 else f"{number}\ufe0f\u20e3"  # noqa: PLR2004


def size(content: Mapping[str, Any]) -> int:
    """How large a content is before encryption, in bytes."""
    return len(json.dumps(content))


def _content(text: Markup, kind: str) -> dict[str, Any]:
    # An empty list of mentions keeps apps from finding their user's name in the words, and from ringing for it.
    content: dict[str, Any] = {"msgtype": kind, "body": i18n.plain(text), "m.mentions": {}}
    if "<" in text:
        content["format"] = "org.matrix.custom.html"
        content["formatted_body"] = "".join(
            part if part.startswith("<pre>") else part.replace("\n", "<br>") for part in _BREAK.split(str(text))
        )
    return content


def _lines(rows: Sequence[Sequence[Button]], first: int) -> list[Markup]:
    """One line for each choice. The numbers are words of the text: apps count lists of HTML in ways of their own."""
    lines, number = [], first
    for button in (button for row in rows for button in row):
        if button.link:
            lines.append(Markup('<a href="{}">{}</a>').format(button.link, button.label))
        else:
            lines.append(Markup("{}. {}").format(number, button.label))
            number += 1
    return lines


def _hint(parcel: Parcel, now: datetime) -> Markup:
    # TRANSLATORS: under a numbered list of choices, in a chat without buttons.
    return _spoken(_("<i>To choose, write the number.</i>"), parcel, now)


def _unencrypted(parcel: Parcel, now: datetime) -> Markup:
    line = _(
        "<i>This chat is not encrypted: whoever keeps the server can read it. You can turn encryption on in the "
        "settings of this chat.</i>"
    )
    return _spoken(line, parcel, now)


def _spoken(line: Line, parcel: Parcel, now: datetime) -> Markup:
    """A sentence of our own under a letter. Under the list of languages it is said in all of them."""
    labels = {button.label for row in parcel.buttons for button in row}
    languages = i18n.LANGUAGES if labels & set(i18n.LANGUAGE_NAMES.values()) else (parcel.language,)
    return Markup("\n").join(dict.fromkeys(i18n.speak(line, language, now) for language in languages))
