"""What this server can't read: signatures sealed to the organisers' key, of which only the public half is here.

HPKE (RFC 9180), base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. A sealed record is ``version (1 byte)
| number of the key (4) | encapsulated key (32) | ciphertext``, bound to its petition. The private half is made, kept
and used on an organiser's own machine (`bot.organiser`): in a file under a passphrase (age), or in parts (SLIP-39) of
which some are enough.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Final

import shamir_mnemonic
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from storage import guard

VERSION: Final = 1
MOST_PARTS: Final = 16  # SLIP-39 allows no more

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_HEAD: Final = 5  # bytes before what HPKE made
_SIZE: Final = 32
_PUBLIC: Final = "PVO1"  # what a public key begins with, as text
_SECRET: Final = "PVOSECRET1"  # noqa: S105 - what a secret one begins with
_KEY: Final = re.compile(r"PVO1([A-Za-z0-9_-]{48})", re.ASCII)
_KEPT: Final = re.compile(r"^PVOSECRET1([A-Za-z0-9_-]{48})$", re.ASCII | re.MULTILINE)


class Unopened(Exception):  # noqa: N818 - an organiser reads the sentence, not the class
    """A key or a sealed record does not open. The message says what to do; it never holds a secret or a name."""


# -- sealing -----------------------------------------------------------------------------------------------------------


def read_public(text: str) -> bytes | None:
    """The public key in what somebody pasted; None if it is none, or a letter of it is wrong."""
    found = _KEY.fullmatch(text.strip())
    return None if found is None else _checked(found[1])


def public_text(public: bytes) -> str:
    """A public key in one word that can be pasted."""
    return _PUBLIC + _with_check(public)


def fingerprint(public: bytes) -> str:
    """A public key in a form to be read aloud: five groups of four signs."""
    digest = sha256(b"payvand organiser key\n" + public).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, 20, 4))


def seal(public: bytes, petition: str, plain: bytes) -> bytes:
    """Seal `plain` so that only the private half of `public` opens it, and only as a record of this petition."""
    head, key = _read(public)
    return head + _SUITE.encrypt(plain, key, _info(petition))


@lru_cache(maxsize=64)  # of open petitions: nobody's secret
def _read(public: bytes) -> tuple[bytes, X25519PublicKey]:
    return _head(public), X25519PublicKey.from_public_bytes(public)


def _head(public: bytes) -> bytes:
    return bytes((VERSION,)) + sha256(public).digest()[:4]


def _info(petition: str) -> bytes:
    return b"payvand signature 1\n" + petition.encode()


# -- opening, on an organiser's machine --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrganiserKey:
    """The organisers' key. Its repr shows the public half only."""

    secret: bytes = field(repr=False)

    @property
    def public(self) -> bytes:
        """The half that everybody may know."""
        return X25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw()

    def open(self, petition: str, sealed: bytes) -> bytes:
        """What was sealed. Raises Unopened."""
        return Opener(self).open(petition, sealed)


class Opener:
    """Opens many records with one key. Its repr shows nothing."""

    __slots__ = ("_head", "_private")

    def __init__(self, key: OrganiserKey) -> None:
        self._private = X25519PrivateKey.from_private_bytes(key.secret)
        self._head = _head(key.public)

    def __repr__(self) -> str:
        return "Opener(…)"

    def open(self, petition: str, sealed: bytes) -> bytes:
        """What was sealed as a record of this petition. Raises Unopened."""
        if sealed[:_HEAD] != self._head:
            raise Unopened("This record was sealed to another key.")
        try:
            return _SUITE.decrypt(sealed[_HEAD:], self._private, _info(petition))
        except (InvalidTag, ValueError):
            raise Unopened("This record was changed, or belongs to another petition.") from None


def make() -> OrganiserKey:
    """A fresh key."""
    return OrganiserKey(X25519PrivateKey.generate().private_bytes_raw())


def guarded(key: OrganiserKey, passphrase: str, *, work: int = guard.WORK) -> bytes:
    """The content of a key's file: opened by its passphrase, also with the `age` program."""
    text = f"# payvand organiser key\n# public half: {public_text(key.public)}\n{_SECRET}{_with_check(key.secret)}\n"
    return guard.guarded(text.encode(), passphrase, work=work)


def unguarded(content: bytes, passphrase: str) -> OrganiserKey:
    """The key in a file. Raises Unopened on a wrong passphrase, and on what is no such file."""
    try:
        text = guard.unguarded(content, passphrase).decode("ascii")
    except (guard.WrongPassphrase, ValueError):
        raise Unopened("This is not an organisers' key, or not its passphrase.") from None
    found = _KEPT.search(text)
    secret = None if found is None else _checked(found[1])
    if secret is None:
        raise Unopened("This file opens, but it holds no organisers' key.")
    return OrganiserKey(secret)


# -- in parts ----------------------------------------------------------------------------------------------------------


def parts(key: OrganiserKey, enough: int, among: int) -> list[str]:
    """The key in `among` parts of 33 words, of which any `enough` make it again. Raises ValueError."""
    if not 1 < enough <= among <= MOST_PARTS:
        raise ValueError("at least two parts must be needed, and there can be sixteen at the most")
    (made,) = shamir_mnemonic.generate_mnemonics(1, [(enough, among)], key.secret)
    return list(made)


def joined(words: Sequence[str]) -> OrganiserKey:
    """The key that its parts make. Raises Unopened if they are too few, are wrong, or don't belong together."""
    try:
        secret = shamir_mnemonic.combine_mnemonics([" ".join(one.lower().split()) for one in words])
    except (shamir_mnemonic.MnemonicError, ValueError) as error:
        raise Unopened(f"These parts don't make a key: {error}") from None
    if len(secret) != _SIZE:
        raise Unopened("These parts are of something else than an organisers' key.")
    return OrganiserKey(secret)


def _with_check(value: bytes) -> str:
    return base64.urlsafe_b64encode(value + sha256(value).digest()[:4]).decode("ascii")


def _checked(text: str) -> bytes | None:
    value = base64.urlsafe_b64decode(text)
    return value[:_SIZE] if _with_check(value[:_SIZE]) == text else None
