"""A signature: what a person declares, in which of four modes, what of it stands where, and what the log keeps of it.

The log holds a commitment: it says nothing without its opening, and with it nothing else could have been meant. The
opening is sealed to the organisers' key; the running bot can't read it again.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from hashlib import sha256
from typing import Final

from bot.domain.people import read_name

SALT: Final = 32  # random bytes of an opening
TAG: Final = 16  # bytes of the fingerprint of a receipt's secret
LONGEST_NAME: Final = 120
LONGEST_ADDRESS: Final = 240
# What the bot seals under a petition has one length, that of the longest that can be declared there: nobody sees how
# long a name is, or that there is none. An address counts only where an addressee requires one.
_WIDEST: Final = 4  # bytes of a character
_FRAME: Final = 3 + SALT + TAG + 7 * 2  # and of what stands around the texts
_SHORT: Final = 32  # and of the version, the mode and two codes of countries

_VERSION: Final = 1
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)


class Mode(Enum):
    """What a person lets stand where."""

    PUBLIC = "public"  # the name, for everybody to read
    RECIPIENT = "recipient"  # the name, only in what the recipient gets
    INITIALS = "initials"  # initials and the country
    COUNTED = "counted"  # nothing but one more in the count


class Item(Enum):
    """What a signer can be asked for."""

    NAME = "name"
    COUNTRY = "country"  # of residence, as two letters
    NATIONALITY = "nationality"  # as two letters
    ADDRESS = "address"


class Document(Enum):
    """Where a signature can stand."""

    RECORD = "record"  # what everybody can read
    PACKET = "packet"  # what a recipient gets


# What may be asked for in a mode at all.
ASKED: Final = {
    Mode.PUBLIC: frozenset(Item),
    Mode.RECIPIENT: frozenset(Item),
    Mode.INITIALS: frozenset({Item.NAME, Item.COUNTRY}),  # of the name, only the initials are kept
    Mode.COUNTED: frozenset[Item](),
}


@dataclass(frozen=True, slots=True)
class Declared:
    """What somebody declares with a signature. Only what the mode allows is there; its repr shows the mode alone."""

    mode: Mode
    name: str = field(default="", repr=False)
    country: str = field(default="", repr=False)
    nationality: str = field(default="", repr=False)
    address: str = field(default="", repr=False)

    @property
    def given(self) -> frozenset[Item]:
        """What of the items is there."""
        return frozenset(item for item in Item if getattr(self, item.value))


def asked(mode: Mode, required: Collection[Item]) -> tuple[Item, ...]:
    """What a signer is asked for in a mode, if the addressees require `required`: no more than that, in this order."""
    always = {Mode.PUBLIC: {Item.NAME}, Mode.RECIPIENT: {Item.NAME}, Mode.INITIALS: {Item.NAME, Item.COUNTRY}}
    wanted = always.get(mode, set()) | set(required)
    return tuple(item for item in Item if item in wanted & ASKED[mode])


def declared(
    mode: Mode, *, name: str = "", country: str = "", nationality: str = "", address: str = ""
) -> Declared | None:
    """What is kept of what somebody wrote, cleaned; None if something in it can't be used or the mode needs it."""
    kept = Declared(
        mode,
        _name(name) if name else "",
        country.strip().upper(),
        nationality.strip().upper(),
        _line(address, LONGEST_ADDRESS) if address else "",
    )
    if (name and not kept.name) or (address and not kept.address) or not kept.given <= ASKED[mode]:
        return None
    if any(code and not _COUNTRY.fullmatch(code) for code in (kept.country, kept.nationality)):
        return None
    if not set(asked(mode, ())) <= kept.given:
        return None
    return replace(kept, name=initials(kept.name)) if mode is Mode.INITIALS else kept


def _line(text: str, longest: int) -> str:
    """One line of visible characters, or nothing: no signs that turn the direction, and none that can't be seen."""
    if len(text) > 4 * longest:
        return ""
    kept = (
        sign for sign in unicodedata.normalize("NFC", text) if sign.isspace() or unicodedata.category(sign)[0] != "C"
    )
    one = " ".join("".join(kept).split())
    return one if len(one) <= longest else ""


def _name(text: str) -> str:
    return read_name(_line(text, LONGEST_NAME)) or ""


def initials(name: str) -> str:
    """The first letters of the first three words: “Г. М.”."""
    first = (next((sign for sign in word if sign.isalpha()), "") for word in name.split())
    return " ".join(f"{sign.upper()}." for sign in first if sign)[:8].rstrip()


# -- what stands where -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of a document. Its repr shows nothing of it."""

    mode: Mode
    name: str = field(default="", repr=False)
    country: str = field(default="", repr=False)
    nationality: str = field(default="", repr=False)
    address: str = field(default="", repr=False)


def shown(
    one: Declared, document: Document, required: Collection[Item] = (), *, is_feared: bool = False
) -> Shown | None:
    """What of a signature stands in a document; None if it is only counted there.

    `required` is what the addressee of a packet requires: what somebody gave for another addressee does not go there.
    A recipient that people have to fear (`is_feared`) gets no name but the public ones.
    """
    is_open = document is Document.RECORD or is_feared
    if one.mode is Mode.COUNTED or (one.mode is Mode.RECIPIENT and is_open):
        return None
    if one.mode is Mode.INITIALS or is_open:
        return Shown(one.mode, one.name, one.country)
    return Shown(
        one.mode,
        one.name,
        one.country,
        one.nationality if Item.NATIONALITY in required else "",
        one.address if Item.ADDRESS in required else "",
    )


# -- what the log keeps ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opening:
    """What a commitment was made of. `petition` and `version` say what was signed; `tag` is of the receipt's secret."""

    petition: str
    version: int
    declared: Declared
    salt: bytes = field(repr=False)
    tag: bytes = field(repr=False)

    def commitment(self) -> bytes:
        """The 32 bytes that stand in the log: they say nothing to anybody without the salt."""
        return self.written()[0]

    def packed(self, *, addressed: bool = False) -> bytes:
        """As bytes to be sealed: see `written`."""
        return self.written(addressed=addressed)[1]

    def written(self, *, addressed: bool = False) -> tuple[bytes, bytes]:
        """Both: what stands in the log, and what is sealed, as many bytes for each signature under a petition.

        `addressed`: people are asked where they live; a declared address makes it longer in any case.
        """
        said = self.tag + self._texts()
        commitment = hmac.digest(self.salt, b"payvand signature 1\n" + said, "sha256")
        content = self.salt + said
        size = _FRAME + len(self.petition.encode()) + _SHORT + _WIDEST * LONGEST_NAME
        if addressed or self.declared.address:
            size += _WIDEST * LONGEST_ADDRESS
        head = bytes((_VERSION,)) + len(content).to_bytes(2, "big")
        return commitment, head + content + bytes(size - len(head) - len(content))

    def _texts(self) -> bytes:
        one = self.declared
        texts = (self.petition, str(self.version), one.mode.value, one.name, one.country, one.nationality, one.address)
        return b"".join([_counted(text.encode()) for text in texts])


def _counted(value: bytes) -> bytes:
    return len(value).to_bytes(2, "big") + value


def unpacked(data: bytes) -> Opening | None:
    """The opening in what `packed` has made; None if there is none."""
    length = int.from_bytes(data[1:3], "big")
    content = data[3 : 3 + length]
    if data[:1] != bytes((_VERSION,)) or len(content) != length or length < SALT + TAG:
        return None
    try:
        texts = [part.decode() for part in _parts(content[SALT + TAG :])]
        petition, version, mode, name, country, nationality, address = texts
        what = Declared(Mode(mode), name, country, nationality, address)
        return Opening(petition, int(version), what, content[:SALT], content[SALT : SALT + TAG])
    except ValueError:  # also what is no UTF-8, and another number of parts
        return None


def _parts(data: bytes) -> Iterator[bytes]:
    while data:
        length = int.from_bytes(data[:2], "big")
        if len(data) < 2 + length:
            raise ValueError("it ends too early")
        yield data[2 : 2 + length]
        data = data[2 + length :]


# -- one person, one signature -----------------------------------------------------------------------------------------


def nullifier(key: bytes, platform: str, account: str) -> bytes:
    """16 bytes that are the same for the same account under one petition, and say nothing without the petition's key.

    `key` is 32 random bytes of this petition alone. Once it is destroyed nobody can ask whether an account has signed.
    """
    return hmac.digest(key, _counted(b"account") + _counted(platform.encode()) + account.encode(), "sha256")[:16]


def secret_of(key: bytes, mark: bytes) -> bytes:
    """The secret of the receipt for the signature with the nullifier `mark`.

    It is not kept, and can be made again until the petition's key is destroyed. Then only who holds the receipt has it.
    """
    return hmac.digest(key, _counted(b"receipt") + mark, "sha256")


def tag_of(secret: bytes) -> bytes:
    """What the log and the organisers know of a receipt's secret: enough to recognise it, too little to make it."""
    return sha256(b"payvand receipt 1\n" + secret).digest()[:TAG]
