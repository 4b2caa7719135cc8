"""The one port of the outbox: what a platform must be able to deliver, and the three ways in which it can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, runtime_checkable

from markupsafe import Markup

from bot.domain.conversation import Attachment, Sender


@dataclass(frozen=True, slots=True)
class Button:
    """A choice already spoken in the reader's language. Exactly one of `code` and `link` is set."""

    label: str
    code: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A letter made ready for one address.

    `text` is safe markup (only ``<b> <i> <u> <s> <code> <pre> <a href>`` and newlines); ``bot.i18n.plain`` makes the
    fallback. `key` is the same on every attempt at the same letter, so that a platform with idempotent sending
    delivers it once. `edit` is the platform's id of a message to be changed in place ("" to send a new one). `first`
    is the number of the first choice, where choices are shown as a numbered list; those with a link have no number.
    """

    address: Sender
    key: str
    text: Markup
    buttons: tuple[tuple[Button, ...], ...] = ()
    edit: str = ""
    silent: bool = False
    attachment: Attachment | None = None
    language: str = "en"
    first: int = 1


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform took it. `message` is its id there; `edited` tells whether a message was changed in place."""

    message: str
    edited: bool = False


class CourierError(Exception):
    """A delivery that did not succeed. Carries no text, name or address."""


class NotSent(CourierError):  # noqa: N818 - named for what the outbox can do about it
    """Surely not sent (no connection was made, or the platform said so): try again later."""


class Throttled(NotSent):
    """Surely not sent: the platform asks for a pause of `wait`.

    `everywhere` tells whether the pause binds the whole bot account or this one address.
    """

    def __init__(self, wait: timedelta, *, everywhere: bool = True) -> None:
        super().__init__()
        self.wait = wait
        self.everywhere = everywhere


class Gone(NotSent):
    """The message that was to be changed in place is gone or too old: send a new one."""


class Unreachable(CourierError):  # noqa: N818
    """Refused for good at this address: blocked, deleted, unknown. Try the person's next address."""


class Relocated(NotSent):
    """The address has a new account id on the platform: rewrite it and try again."""

    def __init__(self, account: str) -> None:
        super().__init__()
        self.account = account


class Refused(CourierError):  # noqa: N818
    """Refused for good because of what it is (malformed, too long). Trying again is useless; an operator must look."""


class Closed(CourierError):  # noqa: N818
    """The bot account itself is refused (token revoked). Nothing can be sent; stop and tell the operator."""


class Unknown(CourierError):  # noqa: N818
    """Bytes went out and no answer came back: perhaps delivered, perhaps not. The lane's rule decides."""


class NoFile(CourierError):  # noqa: N818
    """The platform does not have this file any more, or will not give it to us. Trying again is useless."""


class TooBig(CourierError):  # noqa: N818
    """The file is larger than was asked for, or larger than the platform hands over."""


@runtime_checkable
class Fetches(Protocol):
    """A platform that hands over the bytes of what people have sent."""

    async def fetch(self, reference: str, limit: int) -> bytes:
        """The bytes behind the reference of an ``Attached``, at most `limit` of them.

        Raises NoFile or TooBig; any other CourierError means: try again later.
        """


class Courier(Protocol):
    """What `bot.app` plugs in for each bot account."""

    @property
    def platform(self) -> str:
        """The platform's name, as in ``Sender.platform``."""

    @property
    def bot(self) -> str:
        """The bot account, as in ``Sender.bot``."""

    @property
    def idempotent(self) -> bool:
        """Whether a second delivery with the same ``Parcel.key`` is one message for the reader (Matrix: yes)."""

    @property
    def lists(self) -> bool:
        """Whether choices are shown as a numbered list, to be picked by typing (Matrix: yes)."""

    async def deliver(self, parcel: Parcel) -> Receipt:
        """Deliver one parcel. Raises a CourierError; anything else is a defect."""

    async def delete(self, address: Sender, messages: tuple[str, ...]) -> bool:
        """Delete messages (ours or the person's) from a chat; False if the platform did not do it.

        Raises Throttled, and nothing else: what goes on asking would keep back calls for help as well.
        """

    async def typing(self, address: Sender) -> None:
        """Show that an answer is on its way, where the platform can. A courtesy: it never raises."""

    async def describe(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        """Set name, descriptions and command menu per language, where the platform has such things."""
