"""What Telegram says, in the words of the house: a pure function from one update's JSON to one `Incoming`.

It reads plain JSON and takes nothing on trust: whatever is malformed, unknown or not for us becomes None, so that no
update can stop the loop that carries it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from bot.domain.conversation import (
    OURS,
    Attached,
    Blocked,
    Changed,
    Heard,
    Incoming,
    Moved,
    Posted,
    Pressed,
    Said,
    Sender,
    Started,
    Unblocked,
)

PLATFORM: Final = "telegram"

# The kinds of update that are asked for. my_chat_member is in Telegram's default set too, but what is asked for by
# name stays asked for when the default changes.
WANTED: Final = ("message", "edited_message", "channel_post", "callback_query", "my_chat_member")

_GROUPS: Final = frozenset({"group", "supergroup"})
_CHANNEL: Final = "channel"
_GONE: Final = frozenset({"kicked", "left"})
_HERE: Final = frozenset({"creator", "administrator", "member", "restricted"})
_BIRTHS: Final = ("group_chat_created", "supergroup_chat_created")
# What a message may hold besides words; the first that is there names it. Places and phone numbers are never read.
_FILES: Final = ("animation", "document", "audio", "voice", "video", "video_note", "sticker")
_PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})  # of files that are pictures, too
_THINGS: Final = ("contact", "location", "venue", "poll", "dice", "story", "checklist", "paid_media", "game")

_COMMAND = re.compile(r"/(?P<name>[A-Za-z0-9_]+)(?:@(?P<bot>[A-Za-z0-9_]+))?(?=\s|$)", re.ASCII)
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_BROKEN = re.compile("[\x00\ud800-\udfff]")
_LATEST: Final = 253_402_300_799  # the last second of the year 9999
_WIDEST: Final = 2**63


@dataclass(frozen=True, slots=True)
class Me:
    """The bot account as others see it: its number, and its name without the @ (empty if not known yet)."""

    id: str
    username: str = ""


def incoming(update: object, me: Me, now: datetime) -> Incoming | None:  # noqa: PLR0911 - one kind, one way
    """Translate one update, or return None for what is not ours to hear. Never raises.

    `now` stands in where Telegram gives no time of its own (a pressed button).
    """
    fields = _object(update)
    number = _whole(fields.get("update_id"))
    if number is None:
        return None
    if message := _object(fields.get("message")):
        return _message(str(number), message, me, now)
    if change := _object(fields.get("edited_message")):
        return _changed(str(number), change, me, now)
    if post := _object(fields.get("channel_post")):
        return _message(str(number), post, me, now)
    if query := _object(fields.get("callback_query")):
        return _pressed(str(number), query, me, now)
    if change := _object(fields.get("my_chat_member")):
        return _membership(str(number), change, me, now)
    return None


def pressed_query(update: object) -> str:
    """The id by which a pressed button is answered, or ""."""
    return _text(_object(_object(update).get("callback_query")).get("id"))


def _message(number: str, message: Mapping[str, object], me: Me, now: datetime) -> Incoming | None:
    chat = _object(message.get("chat"))
    author = _object(message.get("from"))
    kind = _text(chat.get("type"))
    account = _whole(chat.get("id"))
    if account is None:
        return None
    heard: Heard | None = None
    if kind == "private":
        heard = _private(message, me) if author.get("is_bot") is not True else None
    elif kind in _GROUPS:
        heard = _in_group(message, author, account, me)
    elif kind == _CHANNEL:
        heard = _in_channel(message, me)
    if heard is None:
        return None
    return Incoming(
        id=number,
        sender=Sender(PLATFORM, me.id, str(account)),
        at=_instant(message.get("date")) or now,
        heard=heard,
        hint=_text(author.get("language_code")),
        message=_number(message.get("message_id")),
        group=kind != "private",
    )


def _changed(number: str, message: Mapping[str, object], me: Me, now: datetime) -> Incoming | None:
    """Of what was changed in a private chat only the words. Telegram says so of some messages that nobody changed."""
    one = _message(number, message, me, now)
    if one is None or one.group or not isinstance(one.heard, Said | Attached) or one.heard.forwarded:
        return None
    text = one.heard.text if isinstance(one.heard, Said) else one.heard.caption
    at = _instant(message.get("edit_date")) or now
    return replace(one, heard=Changed(text), at=at, message="") if text else None


def _private(message: Mapping[str, object], me: Me) -> Heard | None:
    text = _text(message.get("text"))
    if not text:
        return _attached(message)
    if message.get("forward_origin") is not None:
        return Said(text, forwarded=True)
    command = _COMMAND.match(text)
    if command is None or not _ours(command, me):
        return Said(text)
    rest = text[command.end() :]
    if command["name"].lower() == "start":
        words = rest.split(maxsplit=1)
        return Started(words[0] if words and _PAYLOAD.fullmatch(words[0]) else "")
    return Said(f"/{command['name']}{rest}")


def _attached(message: Mapping[str, object]) -> Attached | None:
    thing = _thing(message)
    return thing if thing is None or message.get("forward_origin") is None else replace(thing, forwarded=True)


def _thing(message: Mapping[str, object]) -> Attached | None:
    caption = _text(message.get("caption"))
    photo = message.get("photo")
    if isinstance(photo, list) and photo:
        return Attached("photo", _text(_object(photo[-1]).get("file_id")), caption)
    held = _object(message.get("document"))
    if held.get("mime_type") in _PICTURES and "animation" not in message:
        return Attached("photo", _text(held.get("file_id")), caption)
    for kind in _FILES:
        if held := _object(message.get(kind)):
            name = _text(held.get("file_name")) if kind == "document" else ""
            return Attached(kind, _text(held.get("file_id")), caption, name if name.endswith(OURS) else "")
    for kind in _THINGS:
        if _object(message.get(kind)):
            return Attached(kind, "", caption)
    return None


def _in_group(message: Mapping[str, object], author: Mapping[str, object], group: int, me: Me) -> Heard | None:
    if (moved := _whole(message.get("migrate_to_chat_id"))) is not None:
        return Moved(str(moved))
    if any(message.get(birth) is True for birth in _BIRTHS) or _joined(message, me):
        return Said("")
    # An administrator who hides behind the group's own name writes through a bot of Telegram's.
    anonymous = _whole(_object(message.get("sender_chat")).get("id")) == group
    copied = message.get("is_automatic_forward") is True  # what stands in a channel comes to its discussion group
    if copied or (author.get("is_bot") is True and not anonymous):
        return None
    text = _text(message.get("text")) or _text(message.get("caption"))
    command = _COMMAND.match(text)
    if command is not None:
        return Said(f"/{command['name']}{text[command.end() :]}") if _ours(command, me) else None
    if me.username and re.search(rf"(?<![\w@])@{re.escape(me.username)}(?!\w)", text, re.IGNORECASE):
        return Said(text)
    return None


def _in_channel(message: Mapping[str, object], me: Me) -> Posted | None:
    """In a channel only commands are for us, and only those of whoever may post there come at all."""
    text = _text(message.get("text"))
    command = _COMMAND.match(text)
    if command is None or not _ours(command, me) or message.get("forward_origin") is not None:
        return None
    return Posted(f"/{command['name']}{text[command.end() :]}")


def _joined(message: Mapping[str, object], me: Me) -> bool:
    newcomers = message.get("new_chat_members")
    return isinstance(newcomers, list) and any(_number(_object(one).get("id")) == me.id for one in newcomers)


def _ours(command: re.Match[str], me: Me) -> bool:
    """Whether a command is for us: it names no bot, or this one; a name not known yet can't be compared."""
    named = command["bot"]
    return named is None or not me.username or named.lower() == me.username.lower()


def _pressed(number: str, query: Mapping[str, object], me: Me, now: datetime) -> Incoming | None:
    message = _object(query.get("message"))
    chat = _object(message.get("chat"))
    account = _whole(chat.get("id"))
    kind = _text(chat.get("type"))
    code = _text(query.get("data"))
    if account is None or not code or (kind != "private" and kind not in _GROUPS):
        return None
    return Incoming(
        id=number,
        sender=Sender(PLATFORM, me.id, str(account)),
        at=now,
        heard=Pressed(code, _number(message.get("message_id"))),
        hint=_text(_object(query.get("from")).get("language_code")),
        group=kind != "private",
    )


def _membership(number: str, change: Mapping[str, object], me: Me, now: datetime) -> Incoming | None:
    chat = _object(change.get("chat"))
    account = _whole(chat.get("id"))
    kind = _text(chat.get("type"))
    member = _object(change.get("new_chat_member"))
    status = _text(member.get("status"))
    if account is None or (kind not in {"private", _CHANNEL} and kind not in _GROUPS):
        return None
    if status in _GONE or (status == "restricted" and member.get("is_member") is False):
        heard: Heard = Blocked()
    elif status in _HERE:
        heard = Unblocked()
    else:
        return None
    return Incoming(
        id=number,
        sender=Sender(PLATFORM, me.id, str(account)),
        at=_instant(change.get("date")) or now,
        heard=heard,
        hint=_text(_object(change.get("from")).get("language_code")),
        group=kind != "private",
    )


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _whole(value: object) -> int | None:
    """A whole number that any database can keep (JSON's true is not one)."""
    return value if isinstance(value, int) and not isinstance(value, bool) and -_WIDEST <= value < _WIDEST else None


def _number(value: object) -> str:
    whole = _whole(value)
    return "" if whole is None else str(whole)


def _text(value: object) -> str:
    """Text that any database can keep: half a surrogate pair and NUL are refused by UTF-8 and by PostgreSQL."""
    return _BROKEN.sub("\ufffd", value) if isinstance(value, str) else ""


def _instant(value: object) -> datetime | None:
    seconds = _whole(value)
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None and 0 < seconds <= _LATEST else None
