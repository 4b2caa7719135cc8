"""A small file under a passphrase, in the format of age (age-encryption.org/v1, scrypt), so that `age -d` opens it too.

Written here and not left to a library, because what we have chooses how slow a guess is by how busy the machine is at
that moment, and refuses a file that a faster machine has made. A key that is opened years later depends on neither.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
import textwrap
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

WORK: Final = 18  # scrypt's cost as a power of two: 256 MiB and about a second
MOST_WORK: Final = 22  # four gigabytes: a file that wants more is not of ours, nor of the age program
LONGEST: Final = 64 * 1024  # bytes of the content: one piece of the format

_BEGIN: Final = "-----BEGIN AGE ENCRYPTED FILE-----"
_END: Final = "-----END AGE ENCRYPTED FILE-----"
_VERSION: Final = b"age-encryption.org/v1"
_HEADER: Final = re.compile(
    rb"(age-encryption\.org/v1\n-> scrypt ([A-Za-z0-9+/]{22}) ([1-9]\d?)\n([A-Za-z0-9+/]{43})\n---)"
    rb" ([A-Za-z0-9+/]{43})\n"
)
_FIRST: Final = bytes(12)  # the nonce of what is sealed once under its key
_LAST: Final = bytes(11) + b"\1"  # of the first piece, which is the last one as well


class WrongPassphrase(Exception):  # noqa: N818
    """It does not open: another passphrase, or no such file. Carries no value."""


def guarded(content: bytes, passphrase: str, *, work: int = WORK) -> bytes:
    """A file that its passphrase opens. Raises ValueError if the content is too long."""
    if len(content) > LONGEST:
        raise ValueError("only small files are guarded like this")
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    wrapped = ChaCha20Poly1305(_slow(passphrase, salt, work)).encrypt(_FIRST, file_key, None)
    header = _VERSION + b"\n-> scrypt %b %d\n%b\n---" % (_short(salt), work, _short(wrapped))
    payload = ChaCha20Poly1305(_derived(file_key, nonce, b"payload")).encrypt(_LAST, content, None)
    file = header + b" " + _short(_mac(file_key, header)) + b"\n" + nonce + payload
    lines = textwrap.wrap(base64.b64encode(file).decode("ascii"), 64)
    return "\n".join([_BEGIN, *lines, _END, ""]).encode()


def unguarded(file: bytes, passphrase: str) -> bytes:
    """The content of a file. Raises WrongPassphrase."""
    try:
        text = file.decode("ascii").strip()
        armor = "".join(text.removeprefix(_BEGIN).removesuffix(_END).split())
        raw = base64.b64decode(armor, validate=True)
    except ValueError:
        raise WrongPassphrase from None
    found = _HEADER.match(raw)
    if found is None or int(found[3]) > MOST_WORK or base64.b64encode(raw).decode("ascii") != armor:
        raise WrongPassphrase
    rest = raw[found.end() :]
    try:
        key = _slow(passphrase, _long(found[2]), int(found[3]))
        file_key = ChaCha20Poly1305(key).decrypt(_FIRST, _long(found[4]), None)
        if not hmac.compare_digest(found[5], _short(_mac(file_key, found[1]))):
            raise WrongPassphrase
        return ChaCha20Poly1305(_derived(file_key, rest[:16], b"payload")).decrypt(_LAST, rest[16:], None)
    except (InvalidTag, ValueError):
        raise WrongPassphrase from None


def _slow(passphrase: str, salt: bytes, work: int) -> bytes:
    return Scrypt(salt=_VERSION + b"/scrypt" + salt, length=32, n=1 << work, r=8, p=1).derive(passphrase.encode())


def _derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt or None, info).derive(key)


def _mac(file_key: bytes, header: bytes) -> bytes:
    return hmac.digest(_derived(file_key, b"", b"header"), header, "sha256")


def _short(value: bytes) -> bytes:
    return base64.b64encode(value).rstrip(b"=")


def _long(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4))
