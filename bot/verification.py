"""`payvand verify`: whether files are the community's bulletins. Offline, from the files and its public key alone.

Beside each file lies its signature (FILE.minisig), and beside it, or one directory above, the certificate of the online
key with its own (`bulletins.certificate`; older ones as `certificates/N.certificate`). The stock program agrees::

    minisign -V -P <the community's public key> -m bulletins.certificate
    minisign -V -P <the key that stands in the certificate> -m bulletin-7-tg.txt
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from bot.domain import bulletin
from bot.domain.bulletin import Header
from storage import signing
from storage.signing import NotCertified

CERTIFICATE: Final = f"{signing.PURPOSE}.certificate"
_OLDER: Final = "*.certificate"
MOST: Final = 500  # certificates that are looked at: more than forty years of them


class NotOurs(Exception):  # noqa: N818 - an operator reads the sentence, not the class
    """A file is not a good bulletin. The message says which and why."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """A certificate and its signature: two files' contents."""

    text: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """A bulletin's file, its signature, and what it is called in sentences."""

    name: str
    file: bytes
    signature: bytes


def check(proofs: Sequence[Proof], certificates: Sequence[Certificates], root: str, now: datetime) -> list[Header]:
    """What the files say of themselves, if each is good under one of the certificates. Raises NotOurs."""
    heads = [_one(one, certificates, root, now) for one in proofs]
    _chained(proofs, heads)
    return heads


def _one(one: Proof, certificates: Sequence[Certificates], root: str, now: datetime) -> Header:
    try:
        text = one.file.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    read = bulletin.read_file(text)
    if read is None:
        message = f"{one.name} is NOT a bulletin: its header is missing or damaged. Don't trust it."
        raise NotOurs(message)
    head, _text = read
    if head.published_at > now:
        message = f"{one.name} says that it was published on {head.published_at:%Y-%m-%d}, which has not come yet."
        raise NotOurs(message)
    keys = [key for each in certificates if (key := _certified(each, root, head.published_at)) is not None]
    if not keys:
        message = (
            f"{one.name} can't be trusted: the certificate is not signed by the community's root key, or was not valid "
            f"on {head.published_at:%Y-%m-%d}. If it was published under another one, name that with --certificate."
        )
        raise NotOurs(message)
    if not any(signing.is_signed(one.file, one.signature, key) for key in keys):
        message = f"{one.name} is NOT signed by the key that the community certified. Don't trust it."
        raise NotOurs(message)
    if signing.comment_of(one.signature) != bulletin.comment(head):
        message = f"{one.name} and its signature speak of different bulletins. Don't trust it."
        raise NotOurs(message)
    return head


def _certified(one: Certificates, root: str, at: datetime) -> str | None:
    """The online key that a certificate vouches for, if it did so at that instant."""
    try:
        found = signing.read_certificate(one.text, one.signature, root, at)
    except NotCertified:
        return None
    return found.key if found.purpose == signing.PURPOSE else None


def _chained(proofs: Sequence[Proof], heads: Sequence[Header]) -> None:
    """Each file that follows another one in the chain must hold its digest, and come no earlier."""
    order = sorted(range(len(heads)), key=lambda n: heads[n].entry)
    for one, two in pairwise(order):
        before, after = heads[one], heads[two]
        names = f"{proofs[one].name} and {proofs[two].name}"
        if before.entry == after.entry and proofs[one].file != proofs[two].file:
            message = f"{names} claim the same place in the chain. One of them is false: ask the community."
            raise NotOurs(message)
        follows = after.entry == before.entry + 1
        if follows and after.previous != bulletin.digest(proofs[one].file.decode("utf-8")):
            message = f"{names} don't belong to one chain: something was put between them or taken out."
            raise NotOurs(message)
        if after.published_at < before.published_at or before.community != after.community:
            message = f"{names} are not in the order in which one community published them."
            raise NotOurs(message)
    first = heads[order[0]] if order else None
    if first is not None and (first.entry == 1) != (first.previous == bulletin.BEGINNING):
        message = f"{proofs[order[0]].name} is NOT where the chain begins, or says falsely that it is."
        raise NotOurs(message)


def parted(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The bulletins among the files, and the pictures and PDFs. Raises NotOurs if there is no bulletin among them."""
    papers: list[Path] = []
    for one in files:
        try:
            with one.open("rb") as file:
                if file.read(5).startswith((b"%PDF-", b"\xff\xd8")):
                    papers.append(one)
        except OSError:
            continue  # the sentence for it comes when it is read
    if papers and len(papers) == len(files):
        message = f"{papers[0]} belongs to a bulletin or to none: name the bulletin's signed file as well."
        raise NotOurs(message)
    return [one for one in files if one not in papers], papers


def belonging(paper: Path, heads: Sequence[Header]) -> str:
    """To which of these good bulletins a picture or PDF belongs, in a line. Raises NotOurs if to none."""
    found = hashlib.sha256(paper.read_bytes()).hexdigest()
    for head in heads:
        if found in {head.picture, head.document}:
            return f"{paper}: good. It belongs to No. {head.number} of {head.community}, exactly as it was published."
    message = (
        f"{paper} belongs to NONE of these bulletins: it was changed, or never went out with them. Don't trust it."
    )
    raise NotOurs(message)


def read(files: Sequence[Path], certificate: Path | None) -> tuple[list[Proof], list[Certificates]]:
    """The files, with what must lie beside them. Raises NotOurs if something is missing."""
    kept = [certificate] if certificate is not None else _beside(files)
    try:
        proofs = [Proof(str(one), one.read_bytes(), _signature(one).read_bytes()) for one in files]
        return proofs, [Certificates(one.read_bytes(), _signature(one).read_bytes()) for one in kept]
    except OSError as error:
        message = (
            f"{error.filename} can't be read. Beside each file must lie its .minisig, and the certificate with its own."
        )
        raise NotOurs(message) from None


def _beside(files: Sequence[Path]) -> list[Path]:
    """The certificates that lie beside the files, or one directory above, as `payvand publish` puts them."""
    places = dict.fromkeys(place for one in files for place in (one.parent, one.parent / ".."))
    every = [path for place in places for path in (place / CERTIFICATE, *sorted(place.glob(f"certificates/{_OLDER}")))]
    found = [path for path in every if path.is_file()]
    return found[:MOST] or [files[0].with_name(CERTIFICATE)]


def _signature(of: Path) -> Path:
    return of.with_name(f"{of.name}.minisig")


def told(proof: Proof, head: Header) -> str:
    """What a good file is, in a line for whoever asked."""
    said = f"{proof.name}: good. No. {head.number} ({head.language}) of {head.community}"
    said += f", {head.published_at:%Y-%m-%d %H:%M} UTC"
    said += ", EXERCISE" if head.exercise else ""
    said += "" if head.reviewed else ", NOT YET REVIEWED when it was signed"
    if head.about is not None:
        said += f", {head.kind.value} of No. {head.about}"
    return said + "."
