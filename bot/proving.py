"""`payvand verify`: whether files are bulletins of the community, unchanged and in their order. Needs no network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import minisign

from bot.domain.bulletin import Header, comment, digest, read_file
from storage import signing
from storage.signing import PURPOSE, NotCertified

CERTIFICATE = f"{PURPOSE}.certificate"


class NotOurs(Exception):  # noqa: N818 - an operator reads the sentence, not the class
    """A file is not to be trusted. The message says why."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A file and what is to prove it: four files' contents, and what the first is called in sentences."""

    name: str
    file: bytes
    signature: bytes
    certificate: bytes
    vouching: bytes


def prove(one: Proof, root: str, now: datetime) -> Header:
    """The header of a file that the community's online key signed while the root key vouched for it.

    Raises NotOurs or NotCertified.
    """
    found = None
    with suppress(UnicodeDecodeError):
        found = read_file(one.file.decode())
    if found is None:
        message = f"{one.name} is no bulletin, or somebody changed it. Don't trust it."
        raise NotOurs(message)
    head = found[0]
    if head.published_at > now:
        message = f"{one.name} says that it was published on {head.published_at:%Y-%m-%d}, which has not come yet."
        raise NotOurs(message)
    try:
        key = signing.read_certificate(one.certificate, one.vouching, root, head.published_at)
        said = minisign.Signature.from_bytes(one.signature).trusted_comment
    except NotCertified as error:
        message = f"{one.name}: {error}"
        raise NotOurs(message) from None
    except minisign.Error:
        message = f"The signature of {one.name} is none."
        raise NotOurs(message) from None
    if key.purpose != PURPOSE or not signing.is_signed(one.file, one.signature, key.key):
        message = f"{one.name} is NOT signed by a key that the community's root key certified. Don't trust it."
        raise NotOurs(message)
    if said != comment(head):
        message = f"The signature of {one.name} was made for something else. Don't trust it."
        raise NotOurs(message)
    return head


def in_order(heads: Sequence[tuple[str, Header, str]]) -> None:
    """Hold files against their chain: (name, header, digest), in the order given. Raises NotOurs.

    Files that follow each other must hold each other's digest; where some are left out, only their order can be held.
    """
    for (_before, first, of_first), (name, second, _of) in pairwise(heads):
        if second.entry <= first.entry:
            message = f"{name} is entry {second.entry} of the chain and stands behind entry {first.entry}."
            raise NotOurs(message)
        if second.entry == first.entry + 1 and second.previous != of_first:
            message = f"{name} does not follow the file before it: the chain is broken. Don't trust either."
            raise NotOurs(message)
        if second.published_at < first.published_at:
            message = f"{name} says that it is older than the file before it in the chain. Don't trust either."
            raise NotOurs(message)


def check(
    files: Sequence[Path],
    root: str,
    now: datetime,
    *,
    signature: Path | None = None,
    certificate: Path | None = None,
) -> Iterator[str]:
    """Check files by what lies beside them: a line about each, and one about all. Raises NotOurs."""
    if signature is not None and len(files) > 1:
        message = "--signature is of one file. Name one file, or let the signatures lie beside the files as .minisig."
        raise NotOurs(message)
    proofs = [_read(one, signature, certificate) for one in files]
    heads = [(one.name, prove(one, root, now), digest(one.file.decode())) for one in proofs]
    in_order(heads)
    for name, head, _digest in heads:
        marks = ("" if head.reviewed else " NOT YET REVIEWED.") + (" AN EXERCISE." if head.exercise else "")
        about = "" if head.about is None else f" about No. {head.about}"
        yield (
            f"GOOD: {name}. {head.community}, No. {head.number} in {head.language}, {head.kind.value}{about}, "
            f"published {head.published_at:%Y-%m-%d %H:%M} UTC, entry {head.entry}.{marks}"
        )
    gaps = sum(two.entry != one.entry + 1 for (_n, one, _d), (_m, two, _e) in pairwise(heads))
    if len(heads) > 1:
        yield f"Their order is good; {gaps} gaps in the chain." if gaps else "The chain is whole."
    yield "Whether something was corrected later, only the newest files or the bot can say."


def _read(file: Path, signature: Path | None, certificate: Path | None) -> Proof:
    certificate = certificate or file.with_name(CERTIFICATE)
    wanted = (
        file,
        signature or file.with_name(f"{file.name}.minisig"),
        certificate,
        certificate.with_name(f"{certificate.name}.minisig"),
    )
    try:
        return Proof(file.name, *(one.read_bytes() for one in wanted))
    except OSError:
        message = f"To check {file}, these must be there: {', '.join(one.name for one in wanted)}."
        raise NotOurs(message) from None
