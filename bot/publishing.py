"""`payvand publish`: what the community has published, as files in a directory that a web server or a friend serves.

Each file is replaced whole, and what refers to others is written after them: a reader finds the old state or the new
one, and never a link to nothing. `SHA256SUMS` is written last. It is also how a directory of ours is known, and what
may be taken away from it again: nothing else in there is touched.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import structlog

from bot import exporting
from bot.checkup import database_of
from bot.jobs import formats
from bot.jobs.formats import CERTIFICATE, SUMS, Beside, Published, Volume
from storage import bulletins, copies, inspection, keys
from storage.crypto import Keys
from storage.database import StorageFault, Tx

if TYPE_CHECKING:
    from bot.settings import Settings
    from storage.database import Storage

log = structlog.get_logger(__name__)

Proofs: TypeAlias = list[tuple[int, bytes, bytes]]

PART: Final = 50  # bulletins read at once: no reply waits for a whole archive
PETITIONS: Final = "petitions"  # the directory of petitions, each in one of its own
LOOK_AGAIN: Final = 5.0  # seconds between two looks whether something was published
_NAME: Final = re.compile(r"(?:files/|cap/|claims/|certificates/)?[A-Za-z0-9][A-Za-z0-9.-]{0,80}")
_SUM: Final = re.compile(rf"[0-9a-f]{{64}}  ({_NAME.pattern})")


class PublishFault(Exception):  # noqa: N818 - an operator reads the sentence, not the class
    """The files can't be written. The message says why and what to do."""


def part_of(tx: Tx, before: int | None = None) -> list[Published]:
    """Some of what was published, the newest first, beginning below the number `before`."""
    return [
        Published(one, bulletins.draft_of(tx, one.number), tuple(bulletins.every_edition(tx, one.number)))
        for one in bulletins.newest(tx, PART, before=before)
    ]


def _everything(tx: Tx) -> tuple[list[Published], Proofs]:
    if inspection.schema_of(tx) != inspection.KNOWN:
        message = "The database belongs to another version of this program. See `payvand check`."
        raise PublishFault(message)
    found = part_of(tx)
    while found and found[-1].bulletin.number > 1:
        more = part_of(tx, found[-1].bulletin.number)
        if not more:
            break
        found += more
    return found, copies.certificates(tx)


def publish(settings: Settings, directory: Path) -> tuple[int, int]:
    """Write everything into `directory`, also beside the running bot: how many bulletins and petitions.

    Raises PublishFault.
    """
    root = Keys(keys.read(settings.key_file))
    place = database_of(settings)
    found, proofs = inspection.read(place, root, _everything)
    volume = _volume(settings, found, proofs)
    for name, one in missing(directory, formats.beside(volume)).items():
        picture = inspection.read(place, root, partial(bulletins.picture_of, number=one.number))
        put(directory / name, picture or b"")
    write(directory, formats.documents(volume), formats.beside(volume))
    return len(found), inspection.read(place, root, partial(_petitions, settings=settings, directory=directory))


def _petitions(tx: Tx, settings: Settings, directory: Path) -> int:
    """Bring the petitions beside the bulletins up to date; how many there are. Raises PublishFault."""
    now = datetime.now(UTC)
    try:
        return exporting.publish(tx, directory / PETITIONS, settings.community, settings.public_key or "", now)
    except OSError as error:
        raise _unwritable(directory, error) from None


def _volume(settings: Settings, found: list[Published], proofs: Proofs) -> Volume:
    """`found` has the newest first, `proofs` every certificate, the newest last.

    The certificate at hand is the newest: it may be there before anything is signed under it. Without one it is the
    newest under which something was signed.
    """
    kept = settings.data / "keys" / CERTIFICATE
    try:
        proof = kept.read_bytes(), kept.with_name(kept.name + ".minisig").read_bytes()
    except OSError:
        proof = proofs[-1][1:] if proofs else (b"", b"")
    older = tuple(one for one in proofs if one[1] != proof[0])
    bound = tuple(found[::-1])
    return Volume(settings.community, settings.public_key, bound, *proof, settings.bulletins.address, older)


# -- writing -------------------------------------------------------------------------------------------------------


def missing(directory: Path, beside: Mapping[str, Beside]) -> dict[str, Beside]:
    """Those pictures and PDFs that are not yet in a directory of ours as they should be. Raises PublishFault."""
    try:
        _before(directory)
        return {name: one for name, one in beside.items() if _digest(directory / name) != one.digest}
    except OSError as error:
        raise _unwritable(directory, error) from None


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def _unwritable(directory: Path, error: OSError) -> PublishFault:
    return PublishFault(
        f"{directory} can't be written: {error.strerror}. Give it to the user who runs payvand, or make room."
    )


def put(path: Path, content: bytes) -> None:
    """Write one file whole, if it is another one. Raises PublishFault."""
    try:
        _put(path, content)
    except OSError as error:
        raise _unwritable(path.parent, error) from None


def write(directory: Path, documents: dict[str, bytes], beside: Iterable[str] = ()) -> None:
    """Bring a directory to this state, in which what is `beside` stays. Raises PublishFault, with what to do."""
    for name in documents:
        if not _NAME.fullmatch(name):
            message = f"{name!r} can't be the name of a published file."
            raise PublishFault(message)
    try:
        before = _before(directory)
        for name, content in documents.items():
            _put(directory / name, content)
        for name in sorted(before - documents.keys() - set(beside)):
            (directory / name).unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(directory, error) from None


def _before(directory: Path) -> set[str]:
    """What we wrote there before. Raises PublishFault if it is somebody else's directory."""
    directory.mkdir(parents=True, exist_ok=True)
    try:
        lines = (directory / SUMS).read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        if any(directory.iterdir()):
            message = f"{directory} holds other files. Name a directory that is empty or not there yet."
            raise PublishFault(message) from None
        (directory / SUMS).touch()  # from now on it is ours, also if the first time is interrupted
        return set()
    found = (_SUM.fullmatch(line) for line in lines)
    return {one[1] for one in found if one is not None}


def _put(path: Path, content: bytes) -> None:
    """Write one file whole, if it is another one."""
    try:
        if path.read_bytes() == content:
            return
    except FileNotFoundError:
        path.parent.mkdir(exist_ok=True)
    draft = path.with_name(path.name + ".part")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.chmod(0o644)  # to be published: anybody may read them
    draft.replace(path)


# -- beside the running bot ----------------------------------------------------------------------------------------


async def keep_published(settings: Settings, storage: Storage) -> None:
    """Keep the directory of the settings as it should be, for ever. A thread makes and writes the files."""
    directory = settings.bulletins.directory
    assert directory is not None  # noqa: S101 - whoever starts this has looked
    written: tuple[int, int] | None = None
    seen: list[tuple[str, ...]] = []
    while True:
        try:
            written = await _follow(settings, storage, directory, written)
            marks = await storage.read(exporting.marks)
            if marks != seen:
                await storage.read_long(partial(_petitions, settings=settings, directory=directory))
                seen = marks
        except (StorageFault, PublishFault, OSError) as error:
            log.warning("publishing.failed", error=error)
        await asyncio.sleep(LOOK_AGAIN)


async def _follow(
    settings: Settings, storage: Storage, directory: Path, written: tuple[int, int] | None
) -> tuple[int, int]:
    kept = settings.data / "keys" / CERTIFICATE
    renewed = kept.stat().st_mtime_ns if kept.is_file() else 0
    after = written[0] if written is not None and written[1] == renewed else None
    if after is not None and not await storage.read(partial(bulletins.chain, after=after, most=1)):
        return after, renewed
    found = await storage.read(part_of)
    while found and found[-1].bulletin.number > 1:
        more = await storage.read(partial(part_of, before=found[-1].bulletin.number))
        if not more:
            break
        found += more
    newest = max((edition.entry for one in found for edition in one.editions), default=0)
    proofs = await storage.read(copies.certificates)
    volume = _volume(settings, found, proofs)
    beside = formats.beside(volume)
    for name, one in (await asyncio.to_thread(missing, directory, beside)).items():
        picture = await storage.read(partial(bulletins.picture_of, number=one.number))
        await asyncio.to_thread(put, directory / name, picture or b"")
    await asyncio.to_thread(lambda: write(directory, formats.documents(volume), beside))
    log.info("publishing.done", count=len(found))
    return newest, renewed
