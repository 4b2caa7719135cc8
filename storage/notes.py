"""Signing what a log says of itself, and checking who signed it: Ed25519 under the notes of `bot.domain.checkpoint`.

The key is an online key of the community in minisign's format, certified by the root key for the purpose `petitions`
and for nothing else. It signs each checkpoint twice: plainly, and with the time when it did.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import minisign
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bot.domain import checkpoint
from bot.domain.checkpoint import COSIGNATURE, ED25519, Checkpoint, Key, Note, Signature
from storage import signing
from storage.signing import NotCertified, Pair

PURPOSE: Final = "petitions"  # of the online key

_STAMP: Final = 8  # bytes of the time before a signature that has one
# Where the bytes of an Ed25519 key begin in minisign's files: the kind and the number stand before a public one, and
# before a secret one also how it would be sealed, with what salt and how slowly.
_PUBLIC: Final = 2 + 8
_SECRET: Final = 3 * 2 + 32 + 2 * 8 + 8


class Signer:
    """Signs the checkpoints of one community. Its repr shows no key."""

    __slots__ = ("_private", "public")

    def __init__(self, secret: bytes) -> None:
        """`secret` is the content of an online (not sealed) key's file. Raises NotCertified."""
        try:
            kept = minisign.SecretKey.from_bytes(secret)
            sealed = kept.is_encrypted()
        except minisign.Error:
            sealed = True
        if sealed:
            message = "The online key's file holds no key. Make a new one with `payvand certify`."
            raise NotCertified(message)
        raw = base64.b64decode(bytes(kept).splitlines()[1])
        self._private = Ed25519PrivateKey.from_private_bytes(raw[_SECRET : _SECRET + 32])
        self.public = self._private.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return "Signer(…)"

    def sign(self, one: Checkpoint, now: datetime, more: str = "") -> Note:
        """The checkpoint as a note, signed plainly and with the time. `more` are further lines under its own."""
        plain, timed = keys(one.origin, self.public)
        at, text = checkpoint.seconds(now), one.text + more
        signed = self._private.sign(text.encode())
        cosigned = self._private.sign(checkpoint.dated(text, at).encode())
        return Note(
            text,
            (
                Signature(plain.name, plain.number, signed),
                Signature(timed.name, timed.number, at.to_bytes(_STAMP, "big") + cosigned),
            ),
        )


@dataclass(frozen=True, slots=True)
class Online:
    """What the running bot signs checkpoints with. Its repr shows no key.

    `community` is its name, `root` its public key; `certificate` and `vouching` (its signature) prove the online key.
    """

    community: str
    root: str
    certificate: bytes
    vouching: bytes
    until: datetime
    signer: Signer


def open_online(kept: Path, community: str, root: str, now: datetime) -> Online:
    """The online key for petitions whose files lie in the directory `kept`. Raises NotCertified, with what to do."""
    certificate, vouching, secret, until = signing.open_online(kept, PURPOSE, root, now)
    return Online(community, root, certificate, vouching, until, Signer(secret))


def throwaway(community: str, now: datetime, root: Pair | None = None) -> Online:
    """One whose root key (`root`, or a fresh one) nobody keeps: for the playground and for tests."""
    root, online = root or signing.make_pair(), signing.make_pair()
    text, vouching = signing.certify(root.secret, "", online.public, PURPOSE, now)
    return Online(community, root.public, text, vouching, now + signing.LIFE, Signer(online.secret))


def keys(origin: str, public: bytes) -> tuple[Key, Key]:
    """As what the log's key stands under its checkpoints: plainly, and with the time."""
    return Key(origin, ED25519, public), Key(origin, COSIGNATURE, public)


def signed_at(note: Note, public: bytes) -> datetime | None:
    """When the key that signs a log signed this checkpoint of it; None unless both signatures are there and hold."""
    said = checkpoint.read_checkpoint(note.text)
    if said is None:
        return None
    plain, timed = keys(said.origin, public)
    stamped = timed.of(note)
    if len(stamped) != 1 or not is_signed(note, plain) or not is_signed(note, timed):
        return None
    try:
        return checkpoint.instant(int.from_bytes(stamped[0][:_STAMP], "big"))
    except (OverflowError, ValueError, OSError):
        return None


def is_signed(note: Note, key: Key) -> bool:
    """Whether a key signed a note. If one of several signatures in its name is false, it did not."""
    found = key.of(note)
    return bool(found) and all(_holds(note.text, one, key) for one in found)


def public_key(text: str) -> bytes | None:
    """The 32 bytes of a public key as a certificate holds it; None if it is none."""
    try:
        minisign.PublicKey.from_base64(text)
        return base64.b64decode(text)[_PUBLIC:]
    except (minisign.Error, ValueError):
        return None


def _holds(text: str, value: bytes, key: Key) -> bool:
    if key.kind == COSIGNATURE:
        text, value = checkpoint.dated(text, int.from_bytes(value[:_STAMP], "big")), value[_STAMP:]
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(value, text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True
