"""The community's word: an offline root key, the online keys it certifies for a month, and whether a word is good.

All three are minisign's formats, so that anybody checks them with the `minisign` program and without us::

    minisign -V -P <the community's public key> -m bulletins.certificate

A certificate is a short text, signed by the root key. The root key is kept off the server; only its public half stays.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import minisign

PURPOSE: Final = "bulletins"  # of the online key
LIFE: Final = timedelta(days=30)  # of a certificate: a stolen online key is worth a month at the most
# Scrypt of the root key's passphrase takes 256 MiB: minisign's own gigabyte stops a small server.
OPSLIMIT: Final = 8_388_608
MEMLIMIT: Final = 268_435_456

_HEAD: Final = "payvand certificate 1"
_STAMP: Final = "%Y-%m-%dT%H:%M:%SZ"
_TEXT: Final = re.compile(
    r"payvand certificate 1\npurpose: (?P<purpose>[a-z]{1,32})\nkey: (?P<key>RW[A-Za-z0-9+/]{54})\n"
    r"valid from: (?P<since>[0-9TZ:-]{20})\nvalid until: (?P<until>[0-9TZ:-]{20})\n"
)
_CONSONANTS: Final = "bdfghklmnprstvz"
_VOWELS: Final = "aeiou"


class NotCertified(Exception):  # noqa: N818 - an operator reads the sentence, not the class
    """A key or a certificate is not good. The message says why and what to do; it never holds a secret."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A key pair as two files' contents. Its repr shows the public half only."""

    secret: bytes
    public: str

    def __repr__(self) -> str:
        return f"Pair(public={self.public!r})"


@dataclass(frozen=True, slots=True)
class Certificate:
    """An online key that the community's root key vouches for, for one purpose, from `since` until `until`."""

    purpose: str
    key: str
    since: datetime
    until: datetime

    def text(self) -> bytes:
        """The words that are signed."""
        return (
            f"{_HEAD}\npurpose: {self.purpose}\nkey: {self.key}\n"
            f"valid from: {self.since:{_STAMP}}\nvalid until: {self.until:{_STAMP}}\n"
        ).encode()


def make_pair(passphrase: str = "", *, comment: str = "", opslimit: int = OPSLIMIT, memlimit: int = MEMLIMIT) -> Pair:
    """A fresh key pair; the secret half is sealed with `passphrase` unless that is empty."""
    pair = minisign.KeyPair.generate()
    public = pair.public_key.to_base64().decode()
    if comment:
        pair.secret_key.untrusted_comment = comment
    if passphrase:
        pair.secret_key.encrypt(passphrase, opslimit=opslimit, memlimit=memlimit)
    return Pair(bytes(pair.secret_key) + b"\n", public)


def certify(root: bytes, passphrase: str, key: str, purpose: str, now: datetime) -> tuple[bytes, bytes]:
    """A certificate for the online public key `key`, and its signature: two files' contents.

    Raises NotCertified on a wrong passphrase or a file that is no key.
    """
    try:
        secret = minisign.SecretKey.from_bytes(root)
        if secret.is_encrypted():
            secret.decrypt(passphrase)
    except minisign.Error:
        message = "This is not the root key, or not its passphrase. Try again with the file that `payvand init` made."
        raise NotCertified(message) from None
    since = now.astimezone(UTC).replace(microsecond=0)
    certificate = Certificate(purpose, key, since, since + LIFE)
    comment = f"payvand certificate, {purpose}, until {certificate.until:{_STAMP}}"
    signature = secret.sign(certificate.text(), trusted_comment=comment, untrusted_comment="signature of the root key")
    secret.wipe()
    return certificate.text(), bytes(signature) + b"\n"


def read_certificate(text: bytes, signature: bytes, root: str, now: datetime | None) -> Certificate:
    """The certificate, if the community's public key `root` signed it and it is valid at `now`. Raises NotCertified.

    Without `now` it may be one of any time: whoever asks compares that.
    """
    try:
        minisign.PublicKey.from_base64(root).verify(text, minisign.Signature.from_bytes(signature))
    except minisign.Error:
        message = "The online key's certificate is not signed by the community's root key. Run `payvand certify`."
        raise NotCertified(message) from None
    found = _TEXT.fullmatch(text.decode("ascii", "replace"))
    if found is None:
        message = "The online key's certificate belongs to another version of this program. Run `payvand certify`."
        raise NotCertified(message)
    certificate = Certificate(found["purpose"], found["key"], _instant(found["since"]), _instant(found["until"]))
    if now is not None and not certificate.since <= now < certificate.until:
        message = (
            f"The online key's certificate is valid from {certificate.since:%Y-%m-%d} until "
            f"{certificate.until:%Y-%m-%d}. Run `payvand certify` where the root key is kept."
        )
        raise NotCertified(message)
    return certificate


def public_of(secret: bytes) -> str:
    """The public half of an online (not sealed) secret key. Raises NotCertified."""
    try:
        key = minisign.SecretKey.from_bytes(secret)
        public: bytes = minisign.PublicKey.from_secret_key(key).to_base64()
    except minisign.Error:
        message = "The online key's file holds no key. Make a new one with `payvand certify`."
        raise NotCertified(message) from None
    return public.decode()


def sign(secret: bytes, text: bytes, comment: str) -> bytes:
    """The signature of an online (not sealed) secret key under a text: a file's content. Raises NotCertified."""
    try:
        signature = minisign.SecretKey.from_bytes(secret).sign(
            text, trusted_comment=comment, untrusted_comment="signature of the community's online key"
        )
    except minisign.Error:
        message = "The online key's file holds no key. Make a new one with `payvand certify`."
        raise NotCertified(message) from None
    return bytes(signature) + b"\n"


def is_signed(text: bytes, signature: bytes, key: str) -> bool:
    """Whether this public key signed this text."""
    try:
        minisign.PublicKey.from_base64(key).verify(text, minisign.Signature.from_bytes(signature))
    except minisign.Error:
        return False
    return True


def comment_of(signature: bytes) -> str:
    """The trusted comment of a signature; "" if it is none. It is to be trusted only if the signature is good."""
    try:
        comment: str | None = minisign.Signature.from_bytes(signature).trusted_comment
    except minisign.Error:
        return ""
    return comment or ""


@dataclass(frozen=True, slots=True)
class Signer:
    """What the running bot signs bulletins with. Its repr shows no key.

    `community` is what stands in each file; `root` the community's public key, `certificate` and `vouching` (its
    signature) prove the online key. All of it is checked when it is made.
    """

    community: str
    root: str
    certificate: bytes
    vouching: bytes
    until: datetime
    secret: bytes = field(repr=False)

    def sign(self, text: bytes, comment: str) -> bytes:
        """The signature under a text: a file's content."""
        return sign(self.secret, text, comment)


def open_signer(kept: Path, community: str, root: str, now: datetime) -> Signer:
    """The signer whose files lie in the directory `kept`. Raises NotCertified, with what to do."""
    text, vouching, secret, until = open_online(kept, PURPOSE, root, now)
    return Signer(community, root, text, vouching, until, secret)


def open_online(kept: Path, purpose: str, root: str, now: datetime) -> tuple[bytes, bytes, bytes, datetime]:
    """The online key for a purpose: its certificate, the signature of that, its secret, and until when it is good.

    Raises NotCertified, with what to do.
    """
    certificate = kept / f"{purpose}.certificate"
    signature = certificate.with_name(certificate.name + ".minisig")
    try:
        files = certificate.read_bytes(), signature.read_bytes(), (kept / f"{purpose}.key").read_bytes()
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            wrong, cure = f"There is no {error.filename}.", "Make it where the root key is kept, and bring it here"
        else:
            wrong = f"{error.filename} can't be read ({error.strerror})."
            cure = f"Give it to the user who runs the bot (chown --reference={kept} {error.filename}), or make it again"
        message = f"{wrong} {cure}: payvand certify root.key {purpose}.key --purpose {purpose}"
        raise NotCertified(message) from None
    good = read_certificate(files[0], files[1], root, now)
    if public_of(files[2]) != good.key or good.purpose != purpose:
        message = "The certificate is for another key. Make it again with `payvand certify`."
        raise NotCertified(message)
    return *files, good.until


def throwaway_signer(community: str, now: datetime, root: Pair | None = None) -> Signer:
    """A signer whose root key (`root`, or a fresh one) nobody keeps: for the playground and for tests."""
    root, online = root or make_pair(), make_pair()
    text, signature = certify(root.secret, "", online.public, PURPOSE, now)
    return Signer(community, root.public, text, signature, now + LIFE, online.secret)


def passphrase(words: int = 7) -> str:
    """Words to be written on paper: pronounceable, about 12 bits each, so 7 of them are about 86 bits."""

    def syllable() -> str:
        return secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS)

    return "-".join(syllable() + syllable() for _ in range(words))


def write(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read. Raises FileExistsError: a key is never overwritten."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, content: bytes) -> None:
    """Put a file where perhaps an older one stands: whole, or not at all."""
    draft = path.with_name(path.name + ".part")
    draft.unlink(missing_ok=True)
    write(draft, content)
    draft.replace(path)


def _instant(text: str) -> datetime:
    return datetime.strptime(text, _STAMP).replace(tzinfo=UTC)
