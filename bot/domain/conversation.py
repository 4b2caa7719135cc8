"""The shapes a conversation is made of: what was heard, and what is to be said, before any platform or language."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import TypeAlias

# -- heard ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sender:
    """Where a message came from: an account (or group) on a platform, as one bot account sees it.

    All three are the platform's own words as text: ``Sender("telegram", "5550001", "77001234")``.
    """

    platform: str
    bot: str
    account: str


@dataclass(frozen=True, slots=True)
class Said:
    """Words typed by a person, as they came (not trimmed, not folded), or somebody's words that they forwarded.

    `lists` tells that the platform shows choices as numbered lists, so that words may pick one; `on` is the platform's
    id of the message they answer, if they said which.
    """

    text: str
    forwarded: bool = False
    lists: bool = False
    on: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """A command in a channel, where people read and only its administrators write: it is heard, and never answered."""

    text: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button was pressed. `code` is the Choice's code; `on` is the platform's id of the message that held it."""

    code: str
    on: str = ""


@dataclass(frozen=True, slots=True)
class Reacted:
    """A sign (an emoji, or whatever a changed app sends) was put under the message `on`: it may pick a choice."""

    sign: str
    on: str


@dataclass(frozen=True, slots=True)
class Changed:
    """The person changed words that were heard before. What these did stands; only a cry for help is no change."""

    text: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The person wrote something that could not be decrypted, and perhaps never can be."""


@dataclass(frozen=True, slots=True)
class Started:
    """The person opened the chat, perhaps through a link that carried a payload (an invitation)."""

    payload: str = ""


OURS = ".relay"  # how the names of files end that one community's bot makes for another's


@dataclass(frozen=True, slots=True)
class Attached:
    """A file, picture, voice or anything else that is not words: a reference, never its bytes.

    `kind` is ``"photo"`` for every picture that stands still, also one that was sent as a file. The platform that gave
    the `reference` can fetch the bytes by it (see ``bot.outbox.courier.Fetches``). `name` is there only for a file that
    our own program may have made (`OURS`): other people's names of files are not taken in. Under what is `forwarded`
    stand somebody else's words.
    """

    kind: str
    reference: str = ""
    caption: str = ""
    name: str = ""
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class Blocked:
    """The account blocked the bot, or the group removed it."""


@dataclass(frozen=True, slots=True)
class Unblocked:
    """The account lets the bot write again."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A group changed its id on the platform."""

    to: str


Heard: TypeAlias = (
    Said | Posted | Pressed | Reacted | Changed | Unreadable | Started | Attached | Blocked | Unblocked | Moved
)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One update, translated.

    `id` is unique per bot account (a redelivery has the same id). `message` is the platform's id of the person's
    own message, so that it can be cleaned from the chat later. `hint` is what the platform says of the language: a
    hint for the order of the picker, never stored. In a group, `sender` is the group.
    """

    id: str
    sender: Sender
    at: datetime
    heard: Heard
    hint: str = ""
    message: str = ""
    group: bool = False


# -- to be said ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ago:
    """An instant to be spoken as its age when the letter is delivered: “3 hours ago”."""

    at: datetime


@dataclass(frozen=True, slots=True)
class On:
    """An instant to be spoken as a date and a time, in `zone` (an IANA name)."""

    at: datetime
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time to be spoken: “72 hours”."""

    length: timedelta


@dataclass(frozen=True, slots=True)
class Place:
    """A district or city of the kept list, by its code; spoken by its name in the reader's language."""

    code: str


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of the catalogue with its values, in no language yet. Made by ``bot.i18n._`` and its sisters.

    `msgid` is the English sentence, `context` a gettext context (required on short strings), `plural` the English
    plural, whose number is ``values["n"]``. Values are text, whole numbers, or shapes that are spoken in turn.
    Values are never templates: they are escaped once, when spoken.
    """

    msgid: str
    context: str = ""
    plural: str = ""
    values: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listed:
    """Several things to be joined the way the language joins them: “a, b and c”."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Lines one under the other. An empty string makes an empty line between two parts."""

    lines: tuple[Line | str, ...]


Value: TypeAlias = "str | int | Line | Listed | Ago | On | Span | Place"
Text: TypeAlias = "Line | Page"


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: what it says, and the code that comes back when it is pressed.

    `code` is at most 64 bytes of ASCII, ``verb`` or ``verb:argument`` or ``verb:argument:argument``. It never holds
    a label, a name or anything a person typed. `link` makes it a button that opens an address instead.
    """

    label: Line
    code: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file or a picture that goes with a message.

    `kind` is ``"file"`` (its bytes are in `data`), ``"picture"`` (the bytes of a PNG or JPEG, to be shown and not only
    offered) or ``"qr"`` (a picture drawn at delivery from the text in `data`).
    """

    kind: str
    name: str
    data: bytes


class Lane(IntEnum):
    """Which letters go first. A lower number overtakes; order is kept within one lane of one address."""

    DANGER = 0
    REPLY = 1
    CORRECTION = 2
    CHECKIN = 3
    BULLETIN = 4
    PETITION = 5
    DIGEST = 6


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Something to be said to one person (or to one address without a person, such as a group).

    `topic` names what the message is about; the newest message of a topic at an address can be changed in place by a
    later one with ``edit=True`` (if there is none, or it can't be changed any more, a new message is sent; with `only`
    nothing is).
    `edits` is the platform's id of a message to change in place: the one whose button was pressed.
    `about` is the person whose news it tells: while it waits, it is erased with them. `circle` is the circle in which
    it is told: while it waits, it is erased when the reader leaves.
    `at` is the address of theirs (our number of it) that it answers: a reply goes to where the question came from, and
    only there `edits` means a message. Without it, news goes to where they prefer it, and danger to each of their
    addresses.
    `clean_after` deletes the message from the chat that long after it was sent. A letter that could not be delivered
    by `expires_at` is given up.
    A `hollow` letter is paced, counted and ended like any other, and never sent. `own` answers what was said there, or
    says what is public: it is sent also where an account that is under duress is told nothing else.
    """

    to: int
    text: Text
    lane: Lane = Lane.REPLY
    choices: tuple[tuple[Choice, ...], ...] = ()
    topic: str = ""
    edit: bool = False
    only: bool = False
    edits: str = ""
    silent: bool = False
    attachment: Attachment | None = None
    due_at: datetime | None = None
    expires_at: datetime | None = None
    clean_after: timedelta | None = None
    to_group: bool = False
    about: int | None = None
    circle: int | None = None
    at: int | None = None
    hollow: bool = False
    own: bool = False
