"""What a receipt holds besides its proof: which entry it is of, and, if the signer asked for it, what else.

A receipt is a tlog-proof (`bot.domain.checkpoint`); this is its `extra` part. On a phone that is searched a receipt is
evidence against its holder. So it is given on request only, and the least of it is the rule: the entry alone. The
secret lets its holder take the signature back when nobody else can any more. The opening shows what was signed.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Final

from bot.domain import petition_log, signature
from bot.domain.checkpoint import decoded
from bot.domain.petition_log import Sign
from bot.domain.signature import Opening

_HEAD: Final = "payvand receipt 1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The entry of a signature, and what else its holder has. Its repr shows no secret."""

    entry: Sign
    secret: bytes | None = field(default=None, repr=False)
    opening: Opening | None = field(default=None, repr=False)

    def packed(self) -> bytes:
        """As the extra part of a proof."""
        lines = [_HEAD, petition_log.line_of(self.entry)]
        if self.secret is not None:
            lines.append(f"secret {_encoded(self.secret)}")
        if self.opening is not None:
            lines.append(f"opening {_encoded(self.opening.packed())}")
        return ("\n".join(lines) + "\n").encode()

    @property
    def holds(self) -> bool:
        """Whether what it says besides the entry is what the entry was made of."""
        if self.opening is None:
            return True
        fits = self.opening.commitment() == self.entry.commitment and self.opening.version == self.entry.version
        return fits and (self.secret is None or signature.tag_of(self.secret) == self.opening.tag)


def unpacked(extra: bytes) -> Receipt | None:
    """What `packed` has made; None if it is something else."""
    try:
        head, line, *rest = extra.decode("ascii").removesuffix("\n").split("\n")
        entry = petition_log.read_line(line)
        held = dict(one.split(" ", 1) for one in rest)
    except ValueError:
        return None
    values = {key: found for key, value in held.items() if (found := decoded(value)) is not None}
    if values.keys() != held.keys():
        return None
    if head != _HEAD or not isinstance(entry, Sign) or not held.keys() <= {"secret", "opening"}:
        return None
    opening = signature.unpacked(values["opening"]) if "opening" in values else None
    if "opening" in values and opening is None:
        return None
    return Receipt(entry, values.get("secret"), opening)


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
