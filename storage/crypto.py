"""Sealing and blind indexes: what a stolen copy of the database can't read.

The community has one key (payvand.key); every purpose has a key of its own, derived with HKDF-SHA256 (RFC 5869). A
sealed value is ``version (1 byte) | nonce (12) | AES-256-GCM(padded text)``, bound to its table and column by the
additional data, so that a value moved to another column is refused. Lengths are padded to a few sizes. A blind index is
the first 16 bytes of an HMAC-SHA256: equal values meet, nothing else can be read from it without the key.
"""

from __future__ import annotations

import hmac
import os
from bisect import bisect_left
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from storage.notes import Online
    from storage.signing import Signer

VERSION = 1
NONCE = 12
SIZES = (
    48,
    112,
    240,
    496,
    1008,
    4080,
)  # padded plaintext lengths; above the last, the next multiple of it


COMPILED = 1000  # statements that are remembered: all there are


class Tampered(Exception):  # noqa: N818
    """A sealed value does not open: another key, another column, or somebody changed it. Carries no value."""


class Keys:
    """The keys of one community, derived from its one secret (payvand.key). Its repr shows nothing.

    `dice(n)` gives n random bytes for nonces. `signer` is what bulletins are signed with, if there is one: it is made
    from files of its own, not from that secret; so is `petitions`, which signs what their logs say. `public` is the
    community's public key, "" if it has none.
    """

    __slots__ = ("_blind", "_dice", "_root", "_seal", "dialects", "petitions", "public", "signer")

    def __init__(self, root: bytes, *, dice: Callable[[int], bytes] = os.urandom) -> None:
        self._root = root
        self._dice = dice
        self._seal = AESGCM(self.derive("seal"))
        self._blind: dict[str, bytes] = {}
        self.signer: Signer | None = None
        self.petitions: Online | None = None
        self.public = ""
        self.dialects: dict[str, sa.Dialect] = {}  # see `share`

    def __repr__(self) -> str:
        return "Keys(…)"

    def derive(self, purpose: str, length: int = 32) -> bytes:
        """A key for one purpose, `length` bytes."""
        info = f"payvand/{VERSION}/{purpose}".encode()
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(self._root)

    def seal(self, place: bytes, plain: bytes) -> bytes:
        """Seal `plain` so that it opens only at `place` (``b"table.column"``)."""
        nonce = self._dice(NONCE)
        return bytes((VERSION,)) + nonce + self._seal.encrypt(nonce, _pad(plain), place)

    def open(self, place: bytes, sealed: bytes) -> bytes:
        """The plain bytes. Raises Tampered."""
        if len(sealed) < 1 + NONCE + 16 or sealed[0] != VERSION:
            raise Tampered
        try:
            padded = self._seal.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], place)
        except InvalidTag:
            raise Tampered from None
        return padded[4 : 4 + int.from_bytes(padded[:4], "big")]

    def blind(self, context: str, value: str) -> bytes:
        """16 bytes that are the same for the same value in the same context, and say nothing else."""
        key = self._blind.get(context)
        if key is None:
            key = self._blind[context] = self.derive(f"blind/{context}")
        return hmac.digest(key, value.encode(), "sha256")[:16]


def _pad(plain: bytes) -> bytes:
    length = len(plain) + 4
    size = SIZES[bisect_left(SIZES, length)] if length <= SIZES[-1] else -(-length // SIZES[-1]) * SIZES[-1]
    return len(plain).to_bytes(4, "big") + plain + bytes(size - length)


def attach(dialect: sa.Dialect, keys: Keys) -> None:
    """Give an engine's dialect the keys its Sealed and Blind columns use."""
    dialect.payvand_keys = keys  # type: ignore[attr-defined]


def share(engine: sa.Engine, keys: Keys) -> None:
    """Attach the keys, and let all engines that use them for one kind of database compile each statement once.

    SQLAlchemy needs a millisecond or two for a statement that an engine has not seen, and remembers it by its dialect.
    """
    known = keys.dialects.get(engine.name)
    if known is None or known.server_version_info is None:  # it has not met its database yet
        known = keys.dialects[engine.name] = engine.dialect
        attach(known, keys)
        known.payvand_compiled = sa.util.LRUCache(COMPILED)  # type: ignore[attr-defined]
    engine.dialect = known
    engine.update_execution_options(compiled_cache=known.payvand_compiled)  # type: ignore[attr-defined]


class Sealed(sa.types.TypeDecorator[Any]):
    """A column of text (or bytes) that is sealed at rest. `place` is its ``table.column``."""

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, place: str, *, binary: bool = False) -> None:
        super().__init__()
        self.place = place
        self.binary = binary

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> bytes | None:
        if value is None:
            return None
        plain = value if self.binary else value.encode()
        sealed: bytes = dialect.payvand_keys.seal(self.place.encode(), plain)  # type: ignore[attr-defined]
        return sealed

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        plain = dialect.payvand_keys.open(self.place.encode(), bytes(value))  # type: ignore[attr-defined]
        return plain if self.binary else plain.decode()


class Blind(sa.types.TypeDecorator[Any]):
    """A column that can only be compared: given text (compared or stored) becomes its blind index."""

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> bytes | None:
        if value is None or isinstance(value, bytes):
            return value
        blind: bytes = dialect.payvand_keys.blind(self.context, value)  # type: ignore[attr-defined]
        return blind

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> bytes | None:
        del dialect
        return None if value is None else bytes(value)
